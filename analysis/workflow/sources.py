"""What a page may read: the files, and the steps that must have made them.

A page names its sources (`analysis.workflow.pages`); nothing else says what makes it
stale or what it waits for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.declarations.linkage import waves_linked
from analysis.storage.declared import deviations_file, lock_file
from analysis.storage.folders import find_folders, links_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from analysis.declarations.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Files that a page reads, and the steps that make them."""

    inputs: Mapping[str, Path] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


def raw_exports(study: Study, waves: Iterable[str]) -> Source:
    """The exports of these waves as received, with what explains them."""
    exports = [export for wave in waves for export in study.wave(wave).exports]
    files = [
        file
        for export in exports
        for file in (export.file, export.dictionary, export.names)
        if file
    ]
    return Source(inputs=_raw(study, files))


def responses(study: Study, waves: Iterable[str]) -> Source:
    """The cleaned responses of these waves."""
    return _processed(study, waves, "responses")


def scores(study: Study, waves: Iterable[str]) -> Source:
    """The scores of these waves."""
    return _processed(study, waves, "scores")


def linked_exports(study: Study, waves: Iterable[str]) -> Source:
    """Responses and codes of the waves whose participants are linked."""
    inputs: dict[str, Path] = {}
    for survey, *pair in waves_linked(study):
        for wave in pair:
            file = f"{wave}/{survey}.responses.parquet"
            inputs[file] = find_folders().processed / study.name / file
            if export := study.wave(wave).export(survey):
                inputs |= _raw(study, [export.file])
    return Source(inputs=inputs, needs=_cleaned(waves))


def rated_staff(study: Study, waves: Iterable[str]) -> Source:
    """The responses that rate staff, and the list of staff where there is one."""
    rated = [
        wave.name
        for wave in study.waves
        if any(export.columns.staff_member for export in wave.exports)
    ]
    listed = _raw(study, [study.roster.file] if study.roster else [])
    ratings = _processed(study, rated, "responses").inputs
    return Source(inputs={**listed, **ratings}, needs=_cleaned(waves))


def links(study: Study) -> Source:
    """Who was linked by a declared rule."""
    return Source(
        inputs={"linkage/links.parquet": links_file(study.name)}, needs=("linkage",)
    )


def part_of(study: Study, step: str) -> Source:
    """What a step found."""
    file = f"findings/parts/{step}.json"
    return Source(
        inputs={file: find_folders().reports / study.name / file}, needs=(step,)
    )


def lock(study: Study, _: Iterable[str] = ()) -> Source:
    """The lock of the plan, where there is one."""
    path = lock_file(study.name)
    return Source(inputs={path.name: path} if study.lock is not None else {})


def all_findings(study: Study, _: Iterable[str] = ()) -> Source:
    """The findings of all steps, the lock, and the deviations from it."""
    file = find_folders().reports / study.name / "findings" / "findings.json"
    deviations = {"deviations.json": deviations_file(study.name)}
    return Source(
        inputs={"findings.json": file, **deviations, **lock(study).inputs},
        needs=("findings",),
    )


def _processed(study: Study, waves: Iterable[str], content: str) -> Source:
    names = list(waves)
    files = [
        f"{wave}/{export.survey}.{content}.parquet"
        for wave in names
        for export in study.wave(wave).exports
    ]
    folder = find_folders().processed / study.name
    return Source(inputs={file: folder / file for file in files}, needs=_cleaned(names))


def _cleaned(waves: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"cleaning-{wave}" for wave in waves)


def _raw(study: Study, files: Iterable[str]) -> dict[str, Path]:
    folder = find_folders().raw / study.folder
    return {file: folder / file for file in files}
