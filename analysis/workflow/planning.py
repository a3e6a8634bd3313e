"""The steps of a study, planned from its declaration.

A wave more is a cleaning and a reliability step more; nothing else changes.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.declarations.linkage import declares_rule, waves_linked
from analysis.declarations.multiverse import multiverse_outcomes
from analysis.declarations.supplementary_measures import has_supplementary
from analysis.declarations.trends import charted_outcomes
from analysis.storage.declared import deviations_file, lock_file
from analysis.storage.folders import find_folders, links_file
from analysis.storage.key import key_fingerprint
from analysis.workflow.steps import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export

MINIMUM_FOLLOW_UPS = 2
"""At one follow-up the outcomes tell all that arms can tell."""


def plan_steps(study: Study) -> tuple[Step, ...]:
    """Every step of a study, each after those it needs."""
    fingerprint = key_fingerprint()
    cleaning = tuple(_cleaning(study, wave, fingerprint) for wave in study.wave_names())
    reliability = tuple(_reliability(study, wave) for wave in study.wave_names())
    linkage = _linkage(study, fingerprint)
    comparability = _comparability(study)
    gate_inputs = (*comparability, *reliability)
    outcomes = _outcomes(study, linkage, gate_inputs)
    beyond = _supplementary_steps(study, outcomes)
    missing = _missing(study, outcomes)
    subgroup_steps = _subgroup_steps(study, linkage, gate_inputs)
    compared = _compared(study, linkage, gate_inputs)
    over_time = _over_time(study, gate_inputs)
    multiverse = _multiverse_steps(study, linkage, gate_inputs)
    coverage = _coverage(study, fingerprint)
    found_by = (
        *plan_design(study),
        *cleaning,
        *linkage,
        *reliability,
        *comparability,
        outcomes,
        *beyond,
        *missing,
        *subgroup_steps,
        *compared,
        *over_time,
        *multiverse,
        *coverage,
    )
    findings = _findings(study, found_by)
    summary = _funder_summary(study, findings)
    index = _index(study, (*found_by, summary))
    return (*found_by, findings, summary, index)


def plan_design(study: Study) -> tuple[Step, ...]:
    """The step that looks ahead, where a design is declared; it needs no data."""
    if study.design is None:
        return ()
    step = Step(
        name="design",
        kind="design",
        title="Before the pilot: what could it see?",
        study=study.name,
        parameters={"study": study.name},
        declared=study.before_data().digest(),
    )
    return (step,)


def _cleaning(study: Study, wave: str, fingerprint: str) -> Step:
    raw = find_folders().raw / study.folder
    exports = study.wave(wave).exports
    files = [
        file
        for export in exports
        for file in (export.file, export.dictionary, export.names)
        if file
    ]
    return Step(
        name=f"cleaning-{wave}",
        kind="cleaning",
        title=f"Cleaning: {study.wave_title(wave)}",
        study=study.name,
        wave=wave,
        parameters={"study": study.name, "wave": wave},
        inputs={file: raw / file for file in files},
        declared=study.narrowed(wave).digest(),
        key=fingerprint,
    )


def _reliability(study: Study, wave: str) -> Step:
    return Step(
        name=f"reliability-{wave}",
        kind="reliability",
        title=f"Reliability: {study.wave_title(wave)}",
        study=study.name,
        wave=wave,
        parameters={"study": study.name, "wave": wave},
        needs=(f"cleaning-{wave}",),
        inputs=_processed(study, wave, "responses"),
        declared=study.narrowed(wave).digest(),
    )


def _linkage(study: Study, fingerprint: str) -> tuple[Step, ...]:
    """The step that makes links by a declared rule; none where equality decides."""
    if not declares_rule(study):
        return ()
    raw = find_folders().raw / study.folder
    inputs: dict[str, Path] = {}
    for survey, *pair in waves_linked(study):
        for wave in pair:
            file = f"{survey}.responses.parquet"
            inputs[f"{wave}/{file}"] = _processed(study, wave, "responses")[
                f"{wave}/{file}"
            ]
            if export := study.wave(wave).export(survey):
                inputs[export.file] = raw / export.file
    title = "Linkage of waves"
    return (_across_waves(study, "linkage", title, inputs=inputs, key=fingerprint),)


def _comparability(study: Study) -> tuple[Step, ...]:
    """What asks whether scores mean the same at every wave, where that can be asked.

    It takes several waves, and a score whose items are signs of one thing.
    """
    scores = (
        score for named in study.instruments.values() for score in named.subscales
    )
    if len(study.wave_names()) < 2 or not any(score.reflective for score in scores):
        return ()
    inputs: dict[str, Path] = {}
    for wave in study.wave_names():
        inputs |= _processed(study, wave, "responses")
    title = "Do scores mean the same at every wave?"
    return (_across_waves(study, "comparability", title, inputs=inputs),)


def _outcomes(
    study: Study, linkage: tuple[Step, ...], gate_inputs: tuple[Step, ...]
) -> Step:
    """What judges the outcomes, given what the steps found that may refuse a score."""
    return _about_scores(study, "outcomes", "Outcomes", linkage, gate_inputs)


def _supplementary_steps(study: Study, outcomes: Step) -> tuple[Step, ...]:
    """What tells what means hide; none where nothing stands beside them."""
    if not has_supplementary(study):
        return ()
    return (
        _outcome_companion_steps(study, "beyond-the-mean", "Beyond the mean", outcomes),
    )


def _subgroup_steps(
    study: Study, linkage: tuple[Step, ...], gate_inputs: tuple[Step, ...]
) -> tuple[Step, ...]:
    """What compares groups; none where none are declared that answer for an outcome."""
    judged = {outcome.survey for outcome in study.outcomes}
    if not any(grouping.survey in judged for grouping in study.groups):
        return ()
    title = "For whom did it work?"
    step = _about_scores(study, "for-whom", title, linkage, gate_inputs)
    inputs = dict(step.inputs)
    for wave in study.wave_names():
        inputs |= _processed(study, wave, "responses")
    return (dataclasses.replace(step, inputs=inputs),)


def _compared(
    study: Study, linkage: tuple[Step, ...], gate_inputs: tuple[Step, ...]
) -> tuple[Step, ...]:
    """What sets those with the pilot beside those without, over all waves.

    Of arms of teams where there are enough waves for a course; else where a roll-out, a
    dose or what the pilot cannot move is declared.
    """
    teams = study.allocated_by == "team" and bool(study.treated and study.control)
    compares_arms = teams and any(
        len(one.follow_ups) >= MINIMUM_FOLLOW_UPS for one in study.outcomes
    )
    controls = study.plan is not None and bool(study.plan.negative_controls)
    declared = study.rollout or study.dose or controls
    if not study.outcomes or not (compares_arms or declared):
        return ()
    title = "Compared with whom?"
    return (_about_scores(study, "compared", title, linkage, gate_inputs),)


def _over_time(study: Study, gate_inputs: tuple[Step, ...]) -> tuple[Step, ...]:
    """What charts outcomes of many waves; who is who does not matter to it."""
    if not charted_outcomes(study):
        return ()
    title = "Wave by wave: what moved, and what only wavered?"
    inputs = _gate_inputs(study, (), gate_inputs)
    also = tuple(step.name for step in gate_inputs)
    return (_across_waves(study, "over-time", title, inputs=inputs, also=also),)


def _multiverse_steps(
    study: Study, linkage: tuple[Step, ...], gate_inputs: tuple[Step, ...]
) -> tuple[Step, ...]:
    """What answers by other choices; none where none are declared that suit."""
    if not multiverse_outcomes(study):
        return ()
    inputs = _gate_inputs(study, linkage, gate_inputs, content="responses")
    also = tuple(step.name for step in (*linkage, *gate_inputs))
    title = "Would other choices have answered otherwise?"
    return (_across_waves(study, "other-choices", title, inputs=inputs, also=also),)


def _about_scores(
    study: Study,
    kind: str,
    title: str,
    linkage: tuple[Step, ...],
    gate_inputs: tuple[Step, ...],
) -> Step:
    """A notebook about the scores of all waves that says whether a plan was kept to."""
    inputs = _gate_inputs(study, linkage, gate_inputs) | _lock(study)
    also = tuple(step.name for step in (*linkage, *gate_inputs))
    return _across_waves(study, kind, title, inputs=inputs, also=also)


def _gate_inputs(
    study: Study,
    linkage: tuple[Step, ...],
    gate_inputs: tuple[Step, ...],
    *,
    content: str = "scores",
) -> dict[str, Path]:
    """Scores (or responses) of all waves, links, and what was found of their worth."""
    inputs: dict[str, Path] = {}
    for wave in study.wave_names():
        inputs |= _processed(study, wave, content)
    if linkage:
        inputs["linkage/links.parquet"] = links_file(study.name)
    parts = find_folders().reports / study.name / "findings" / "parts"
    inputs |= {
        f"findings/parts/{step.name}.json": parts / f"{step.name}.json"
        for step in gate_inputs
    }
    return inputs


def _missing(study: Study, outcomes: Step) -> tuple[Step, ...]:
    """What asks who could not be followed, where an outcome is of people followed."""
    if not waves_linked(study):
        return ()
    title = "Who is missing, and does it matter?"
    return (_outcome_companion_steps(study, "missing", title, outcomes),)


def _outcome_companion_steps(
    study: Study, kind: str, title: str, outcomes: Step
) -> Step:
    """A notebook that reads what the outcomes read; of a plan it is told there."""
    lock = _lock(study)
    inputs = {name: path for name, path in outcomes.inputs.items() if name not in lock}
    step = _across_waves(study, kind, title, inputs=inputs)
    return dataclasses.replace(step, needs=outcomes.needs)


def _coverage(study: Study, fingerprint: str) -> tuple[Step, ...]:
    """The step that counts ratings against the list of staff, where there is one."""
    roster = study.roster
    if roster is None:
        return ()
    raw = find_folders().raw / study.folder
    waves = [wave.name for wave in study.waves if wave.export(roster.survey)]
    inputs = {roster.file: raw / roster.file}
    for wave in waves:
        inputs |= _processed(study, wave, "responses")
    title = "Who was rated"
    return (_across_waves(study, "coverage", title, inputs=inputs, key=fingerprint),)


def _across_waves(
    study: Study,
    kind: str,
    title: str,
    *,
    inputs: Mapping[str, Path],
    also: tuple[str, ...] = (),
    key: str = "",
) -> Step:
    """A notebook about all waves together, run once each of them is cleaned.

    Parameters
    ----------
    also : tuple of str
        Steps it needs beside the cleaning.
    """
    cleaned = (f"cleaning-{wave}" for wave in study.wave_names())
    return Step(
        name=kind,
        kind=kind,
        title=title,
        study=study.name,
        parameters={"study": study.name},
        needs=(*cleaned, *also),
        inputs=inputs,
        declared=study.digest(),
        key=key,
    )


def _findings(study: Study, found_by: tuple[Step, ...]) -> Step:
    reports = find_folders().reports / study.name
    files = [
        file
        for step in found_by
        for file in (
            Path("findings", "parts", f"{step.name}.json"),
            Path("receipts", f"{step.name}.json"),
        )
    ]
    return Step(
        name="findings",
        kind="findings",
        title="Findings",
        study=study.name,
        needs=tuple(step.name for step in found_by),
        inputs={file.as_posix(): reports / file for file in files},
        declared=study.digest(),
    )


def _funder_summary(study: Study, findings: Step) -> Step:
    folder = find_folders().reports / study.name / "findings"
    return Step(
        name="funder-summary",
        kind="funder-summary",
        title="Summary for funders and boards",
        study=study.name,
        parameters={"study": study.name},
        needs=(findings.name,),
        inputs={
            "findings.json": folder / "findings.json",
            "deviations.json": deviations_file(study.name),
            **_lock(study),
        },
        declared=study.digest(),
    )


def _index(study: Study, pages: tuple[Step, ...]) -> Step:
    folder = find_folders().reports / study.name
    return Step(
        name="index",
        kind="index",
        title="All reports",
        study=study.name,
        needs=("findings", *(step.name for step in pages)),
        inputs={
            "findings.json": folder / "findings" / "findings.json",
            "deviations.json": deviations_file(study.name),
            **_lock(study),
            **{f"{step.name}.html": folder / f"{step.name}.html" for step in pages},
        },
        declared=study.digest(),
    )


def _lock(study: Study) -> dict[str, Path]:
    """The lock of the plan, where there is one."""
    path = lock_file(study.name)
    return {path.name: path} if study.lock is not None else {}


def _processed(study: Study, wave: str, content: str) -> dict[str, Path]:
    folder = find_folders().processed / study.name / wave

    def file(export: Export) -> str:
        return f"{export.survey}.{content}.parquet"

    exports = study.wave(wave).exports
    return {f"{wave}/{file(export)}": folder / file(export) for export in exports}
