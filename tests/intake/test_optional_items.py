"""An item asked at some waves alone, from the declaration to its score."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from conftest import Project, lines

from analysis.cleaning.flow import cleaning_findings
from analysis.cleaning.rules import clean_wave
from analysis.cleaning.scoring import score_wave
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.intake.responses import map_responses, read_exports
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.reliability.waves import evaluate_reliability
from analysis.storage.declared import read_instrument

STUDY = """
title = "A study"
summary = "What was done."
[surveys.staff]
title = "Staff"
instruments = ["seed_confidence"]
items.seed_confidence = "conf_{item}"
[waves.before]
staff.file = "before.csv"
[waves.after]
[waves.after.staff]
file = "after.csv"
items.seed_confidence = { now = "conf_now", then = "conf_then" }
"""


def study(more: str = "") -> Study:
    return parse_study(STUDY + more, name="study", read_instrument=read_instrument)


def received(project: Project) -> None:
    many = [[n % 11, (n * 3) % 11] for n in range(20)]
    project.receive(
        "study", "before.csv", lines([["conf_now"], *[m[:1] for m in many]])
    )
    project.receive("study", "after.csv", lines([["conf_now", "conf_then"], *many]))


def scores(declared: Study, wave: str) -> pd.DataFrame:
    cleaned = clean_wave(map_responses(read_exports(declared, wave)))
    return score_wave(cleaned, declared)["staff"][1]


def test_a_pattern_reads_what_is_always_asked_and_a_table_the_rest() -> None:
    items = [wave.exports[0].columns.items for wave in study().waves]
    assert items == [
        {"seed_confidence.now": "conf_now"},
        {"seed_confidence.now": "conf_now", "seed_confidence.then": "conf_then"},
    ]


@pytest.mark.parametrize("narrow", [True, False])
def test_a_wave_that_did_not_ask_has_no_such_score(
    project: Project, narrow: bool
) -> None:
    received(project)
    made = {}
    for wave in ("before", "after"):
        declared = study().narrowed(wave) if narrow else study()
        made[wave] = [n for n in map(str, scores(declared, wave)) if "." in n]
    assert made == {
        "before": ["seed_confidence.now"],
        "after": ["seed_confidence.now", "seed_confidence.then"],
    }


def test_what_was_not_asked_is_neither_a_gap_nor_described(project: Project) -> None:
    received(project)
    declared = study()
    cleaned = clean_wave(map_responses(read_exports(declared, "before")))
    gaps = {f.term: f.estimate for f in cleaning_findings(cleaned, declared)}
    assert gaps["share_complete"] == 1
    by_wave = {w: {"staff": scores(declared, w)} for w in declared.wave_names()}
    described = {
        (f.wave, f.subscale)
        for f in evaluate_outcomes(by_wave, declared)
        if f.term == "mean"
    }
    assert described == {("before", "now"), ("after", "now"), ("after", "then")}


def test_reliability_passes_over_what_was_not_asked(project: Project) -> None:
    received(project)
    declared = study()
    cleaned = clean_wave(map_responses(read_exports(declared, "before")))
    frames = {"staff": cleaned[0].frame}
    assert evaluate_reliability(frames, declared, "before") == ()


def test_an_outcome_needs_every_wave_it_compares() -> None:
    outcome = '[outcomes.x]\ntitle = "X"\nsurvey = "staff"\n'
    outcome += 'instrument = "seed_confidence"\nsubscale = "then"\n'
    with pytest.raises(DeclarationError) as caught:
        study(outcome)
    assert caught.value.faults == (
        "[outcomes.x.subscale] the wave 'before' did not ask what 'then' is made of",
    )


def test_two_surveys_of_a_wave_ask_the_same_items() -> None:
    more = '[surveys.other]\ntitle = "Other"\ninstruments = ["seed_confidence"]\n'
    more += 'items.seed_confidence = "{item}"\n[waves.after.other]\nfile = "o.csv"\n'
    with pytest.raises(DeclarationError, match="ask different items of"):
        study(more)


def test_a_score_that_needs_what_was_not_asked_is_not_made() -> None:
    care = read_instrument("care")
    optional = tuple(
        dataclasses.replace(item, optional=place == 0)
        for place, item in enumerate(care.items)
    )
    longer = dataclasses.replace(care, items=optional)
    assert longer.asked([]).subscales == ()
    assert longer.asked([care.items[0].name]) == longer
    assert care.asked([]) == care
