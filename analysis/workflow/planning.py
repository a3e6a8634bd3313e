"""The steps of a study, planned from its declaration and the pages there are.

A wave more is a cleaning and a reliability step more; nothing else changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.storage.folders import find_folders
from analysis.storage.key import key_fingerprint
from analysis.workflow import sources
from analysis.workflow.pages import PAGES, Page, page_of
from analysis.workflow.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analysis.declarations.study import Study
    from analysis.workflow.pages import Reads
    from analysis.workflow.sources import Source

FOUND_BY: Mapping[Reads, tuple[str, ...]] = {
    "gates": ("comparability", "reliability"),
    "reliability": ("reliability",),
}
"""What is read → the pages that find it; gates may refuse a score."""
READERS: Mapping[Reads, Callable[[Study, Iterable[str]], Source]] = {
    "raw exports": sources.raw_exports,
    "responses": sources.responses,
    "scores": sources.scores,
    "linked exports": sources.linked_exports,
    "rated staff": sources.rated_staff,
    "lock": sources.lock,
    "all findings": sources.all_findings,
}


def plan_steps(study: Study) -> tuple[Step, ...]:
    """Every step of a study, each after those it needs."""
    *pages, summary = (page for page in PAGES if page.applies(study))
    found_by = [step for page in pages for step in _steps(study, page)]
    steps = (*found_by, _findings(study, found_by), *_steps(study, summary))
    return (*steps, _index(study, [step for step in steps if page_of(step.kind)]))


def plan_design(study: Study) -> tuple[Step, ...]:
    """The step that looks ahead, where a design is declared; it needs no data."""
    design = page_of("design")
    assert design is not None, "a page there is"
    return tuple(_steps(study, design)) if design.applies(study) else ()


def _steps(study: Study, page: Page) -> Iterator[Step]:
    """The steps of a page: one a wave, or one about all of them."""
    names = study.wave_names()
    for waves in [[name] for name in names] if page.each_wave else [names]:
        wave = waves[0] if page.each_wave else ""
        read = [part for each in page.reads for part in _read(study, each, waves)]
        needs = (step for part in read for step in part.needs)
        yield Step(
            name=f"{page.name}-{wave}" if wave else page.name,
            kind=page.name,
            title=f"{page.title}: {study.wave_title(wave)}" if wave else page.title,
            study=study.name,
            wave=wave,
            parameters={"study": study.name} | ({"wave": wave} if wave else {}),
            needs=tuple(dict.fromkeys(needs)),
            inputs={name: file for part in read for name, file in part.inputs.items()},
            declared=_declared(study, page, wave).digest(),
            key=key_fingerprint() if page.uses_key else "",
        )


def _declared(study: Study, page: Page, wave: str) -> Study:
    """The part of the declaration that a page depends on."""
    if not page.needs_data:
        return study.before_data()
    return study.narrowed(wave) if wave else study


def _read(study: Study, reads: Reads, waves: Iterable[str]) -> Iterator[Source]:
    if reads == "links":
        linkage = page_of("linkage")
        if linkage is not None and linkage.applies(study):
            yield sources.links(study)
    elif reads in FOUND_BY:
        for name in FOUND_BY[reads]:
            gate = page_of(name)
            if gate is not None and gate.applies(study):
                for step in _steps(study, gate):
                    yield sources.part_of(study, step.name)
    else:
        yield READERS[reads](study, waves)


def _findings(study: Study, found_by: Iterable[Step]) -> Step:
    """What puts the findings of all pages together, with what they were made from."""
    names = tuple(step.name for step in found_by)
    folder = find_folders().reports / study.name
    files = [
        f"{place}/{name}.json"
        for name in names
        for place in ("findings/parts", "receipts")
    ]
    return Step(
        name="findings",
        kind="findings",
        title="Findings",
        study=study.name,
        needs=names,
        inputs={file: folder / file for file in files},
        declared=study.digest(),
    )


def _index(study: Study, pages: Iterable[Step]) -> Step:
    """What makes the page that leads to all others."""
    names = [step.name for step in pages]
    folder = find_folders().reports / study.name
    findings = sources.all_findings(study)
    return Step(
        name="index",
        kind="index",
        title="All reports",
        study=study.name,
        needs=(*findings.needs, *names),
        inputs={
            **findings.inputs,
            **{f"{name}.html": folder / f"{name}.html" for name in names},
        },
        declared=study.digest(),
    )
