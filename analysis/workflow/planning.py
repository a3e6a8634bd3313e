"""The steps of a study, planned from its declaration and the pages there are.

A wave more is a cleaning and a reliability step more; nothing else changes. A page
names what it reads (`analysis.workflow.pages`); nothing else says what makes it stale
or what it waits for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.linkage import waves_linked
from analysis.storage.declared import deviations_file, lock_file
from analysis.storage.folders import find_folders, links_file
from analysis.storage.key import key_fingerprint
from analysis.workflow.pages import PAGES, Page, page_of
from analysis.workflow.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from analysis.declarations.study import Study

GATES = ("comparability", "reliability")
"""Pages whose findings may refuse a score."""


def plan_steps(study: Study) -> tuple[Step, ...]:
    """Every step of a study, each after those it needs."""
    *pages, summary = (page for page in PAGES if page.applies(study))
    found_by = [step for page in pages for step in _steps(study, page)]
    steps = (*found_by, _findings(study, found_by), *_steps(study, summary))
    return (*steps, _index(study, [step for step in steps if page_of(step.kind)]))


def plan_design(study: Study) -> tuple[Step, ...]:
    """The step that looks ahead, where a design is declared; it needs no data."""
    return tuple(_steps_of("design", study))


def _steps_of(name: str, study: Study) -> Iterator[Step]:
    page = page_of(name)
    assert page is not None, "a page there is"
    if page.applies(study):
        yield from _steps(study, page)


def _steps(study: Study, page: Page) -> Iterator[Step]:
    """The steps of a page: one a wave, or one about all of them."""
    names = study.wave_names()
    for waves in [[name] for name in names] if page.each_wave else [names]:
        wave = waves[0] if page.each_wave else ""
        read = [READERS[each](study, waves) for each in page.reads]
        declared = study.narrowed(wave) if wave else study
        yield Step(
            name=f"{page.name}-{wave}" if wave else page.name,
            kind=page.name,
            title=f"{page.title}: {study.wave_title(wave)}" if wave else page.title,
            study=study.name,
            wave=wave,
            parameters={"study": study.name} | ({"wave": wave} if wave else {}),
            needs=tuple(dict.fromkeys(step for part in read for step in part.needs)),
            inputs={name: file for part in read for name, file in part.inputs.items()},
            declared=(declared if page.needs_data else study.before_data()).digest(),
            key=key_fingerprint() if page.uses_key else "",
        )


def _findings(study: Study, found_by: Iterable[Step]) -> Step:
    """What puts the findings of all pages together, with what they were made from."""
    names = tuple(step.name for step in found_by)
    places = ("findings/parts", "receipts")
    return Step(
        name="findings",
        kind="findings",
        title="Findings",
        study=study.name,
        needs=names,
        inputs=_reports(
            study, [f"{at}/{name}.json" for name in names for at in places]
        ),
        declared=study.digest(),
    )


def _index(study: Study, pages: Iterable[Step]) -> Step:
    """What makes the page that leads to all others."""
    names = [step.name for step in pages]
    findings = _all_findings(study, ())
    return Step(
        name="index",
        kind="index",
        title="All reports",
        study=study.name,
        needs=(*findings.needs, *names),
        inputs={
            **findings.inputs,
            **_reports(study, [f"{name}.html" for name in names]),
        },
        declared=study.digest(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Files that a page reads, and the steps that make them."""

    inputs: Mapping[str, Path] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


def _raw_exports(study: Study, waves: Sequence[str]) -> _Source:
    """The exports of these waves as received, with what explains them."""
    exports = [export for wave in waves for export in study.wave(wave).exports]
    files = [
        file
        for export in exports
        for file in (export.file, export.dictionary, export.names)
        if file
    ]
    return _Source(inputs=_raw(study, files))


def _responses(study: Study, waves: Sequence[str]) -> _Source:
    return _cleaned(study, waves, "responses")


def _scores(study: Study, waves: Sequence[str]) -> _Source:
    return _cleaned(study, waves, "scores")


def _linked_exports(study: Study, waves: Sequence[str]) -> _Source:
    """Responses and codes of the waves whose participants are linked."""
    inputs: dict[str, Path] = {}
    for survey, *pair in waves_linked(study):
        for wave in pair:
            inputs |= _processed(study, [f"{wave}/{survey}.responses.parquet"])
            if export := study.wave(wave).export(survey):
                inputs |= _raw(study, [export.file])
    return _Source(inputs=inputs, needs=_cleaning(waves))


def _rated_staff(study: Study, waves: Sequence[str]) -> _Source:
    """The responses that rate staff, and the list of staff where there is one."""
    rated = [
        wave.name
        for wave in study.waves
        if any(export.columns.staff_member for export in wave.exports)
    ]
    ratings = _responses(study, rated).inputs
    roster = _raw(study, [study.roster.file] if study.roster else [])
    return _Source(inputs={**roster, **ratings}, needs=_cleaning(waves))


def _links(study: Study, _: Sequence[str]) -> _Source:
    """Who was linked by a declared rule, where there is one."""
    if not list(_steps_of("linkage", study)):
        return _Source()
    file = links_file(study.name)
    return _Source(inputs={"linkage/links.parquet": file}, needs=("linkage",))


def _worth(study: Study, _: Sequence[str], pages: Sequence[str]) -> _Source:
    """What these pages found of the worth of scores."""
    names = [step.name for page in pages for step in _steps_of(page, study)]
    parts = [f"findings/parts/{name}.json" for name in names]
    return _Source(inputs=_reports(study, parts), needs=tuple(names))


def _lock(study: Study, _: Sequence[str]) -> _Source:
    """The lock of the plan, where there is one."""
    path = lock_file(study.name)
    return _Source(inputs={path.name: path} if study.lock is not None else {})


def _all_findings(study: Study, waves: Sequence[str]) -> _Source:
    """The findings of all steps, the lock, and the deviations from it."""
    inputs = {
        "findings.json": find_folders().reports / study.name / "findings/findings.json",
        "deviations.json": deviations_file(study.name),
        **_lock(study, waves).inputs,
    }
    return _Source(inputs=inputs, needs=("findings",))


READERS: Mapping[str, Callable[[Study, Sequence[str]], _Source]] = {
    "raw exports": _raw_exports,
    "responses": _responses,
    "scores": _scores,
    "linked exports": _linked_exports,
    "rated staff": _rated_staff,
    "links": _links,
    "gates": partial(_worth, pages=GATES),
    "reliability": partial(_worth, pages=("reliability",)),
    "lock": _lock,
    "all findings": _all_findings,
}


def _cleaned(study: Study, waves: Sequence[str], content: str) -> _Source:
    files = [
        f"{wave}/{export.survey}.{content}.parquet"
        for wave in waves
        for export in study.wave(wave).exports
    ]
    return _Source(inputs=_processed(study, files), needs=_cleaning(waves))


def _cleaning(waves: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"cleaning-{wave}" for wave in waves)


def _raw(study: Study, files: Iterable[str]) -> dict[str, Path]:
    return {file: find_folders().raw / study.folder / file for file in files}


def _processed(study: Study, files: Iterable[str]) -> dict[str, Path]:
    return {file: find_folders().processed / study.name / file for file in files}


def _reports(study: Study, files: Iterable[str]) -> dict[str, Path]:
    return {file: find_folders().reports / study.name / file for file in files}
