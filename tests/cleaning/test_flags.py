"""Careless indices become flags by declared cut-offs; flags alone drop nobody."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.cleaning.flow import flow_findings
from analysis.cleaning.rules import clean_responses
from analysis.declarations.instrument import Coding
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.declarations.survey import (
    CARELESS_INDICES,
    CarelessRules,
    CleaningRules,
    Columns,
    Export,
    PrintedTotal,
)
from analysis.storage.declared import read_instrument
from heard.models import threads
from heard.psychometrics.careless import indices as careless
from heard.psychometrics.careless import indices as coherence
from heard.psychometrics.careless.compact_answers import (
    BLOCK,
    compact_answers,
    reverse_scored,
)

pytestmark = pytest.mark.filterwarnings("error")

CARE = read_instrument("care")
ITEMS = [f"care.{item.name}" for item in CARE.items]
STUDY = """
title = "A study"
summary = "What was done."
[arms.pilot]
title = "Pilot"
[arms.other]
title = "Other"
[surveys.staff]
title = "Staff survey"
instruments = ["care"]
items.care = "{item}"
[waves.before]
staff.file = "export.csv"
"""


def study() -> Study:
    return parse_study(STUDY, name="study", read_instrument=read_instrument)


def export(**rules: object) -> Export:
    return Export(
        survey="staff",
        wave="before",
        file="export.csv",
        instruments=("care",),
        columns=Columns(items={name: name for name in ITEMS}),
        cleaning=CleaningRules(**rules),  # type: ignore[arg-type]
    )


def responses(codes: np.ndarray, **columns: object) -> pd.DataFrame:
    known: dict[str, object] = {"participant": "", "consented": True, "finished": True}
    answers = pd.DataFrame(codes, columns=ITEMS, dtype=float)
    return pd.DataFrame(known | columns, index=answers.index).join(answers)


def varied(people: int = 60) -> np.ndarray:
    return np.random.default_rng(3).integers(1, 6, size=(people, len(ITEMS)))


def clean(frame: pd.DataFrame, **rules: object):  # type: ignore[no-untyped-def]
    return clean_responses(frame, export(**rules), instruments={"care": CARE})


def test_without_a_rule_there_are_no_flags() -> None:
    cleaned = clean(responses(varied()))
    assert cleaned.flagged is None
    assert not {"flags", "careless"} & set(cleaned.frame.columns)


@pytest.mark.parametrize(("action", "kept"), [("flag", 60), ("leave_out", 59)])
def test_a_response_with_enough_flags_is_careless(action: str, kept: int) -> None:
    codes = varied()
    codes[7] = 3
    rules = CarelessRules(
        cutoffs={"longstring": 8.0, "intra_individual_variability": 0.1},
        flags_needed=2,
        action=action,
    )
    cleaned = clean(responses(codes), careless=rules)
    assert len(cleaned.frame) == kept
    assert cleaned.left_out == ({} if action == "flag" else {"careless": 1})
    assert cleaned.flagged.indices["longstring"].n == 1
    if action == "flag":
        assert cleaned.frame["careless"].sum() == 1
        flags = "longstring; intra_individual_variability"
        assert cleaned.frame["flags"].iloc[7] == flags
    assert (cleaned.frame["flags"] == "").sum() == 59


def test_one_flag_of_two_needed_is_kept_as_a_flag() -> None:
    codes = varied()
    codes[7, :9], codes[7, 9] = 1, 5
    rules = CarelessRules(
        cutoffs={"longstring": 8.0, "intra_individual_variability": 0.1},
        action="leave_out",
    )
    cleaned = clean(responses(codes), careless=rules)
    assert len(cleaned.frame) == 60
    assert list(cleaned.frame.query("flags != ''")["flags"]) == ["longstring"]


def test_every_index_that_may_be_declared_is_computed() -> None:
    rules = CarelessRules(cutoffs=dict.fromkeys(CARELESS_INDICES, 0.5))
    frame = responses(varied(200), seconds=100.0)
    cleaned = clean(frame, careless=rules)
    found = {f.group: f for f in flow_findings([cleaned], study()) if f.n is None}
    assert set(cleaned.flagged.indices) == set(CARELESS_INDICES)
    # One subscale, and items drawn at random: no halves and no pairs.
    expected = {"even_odd", "psychometric_synonyms", "psychometric_antonyms"}
    assert set(found) == expected
    assert found["even_odd"].reason == "1 subscales; at least 3 needed"


def test_flags_are_found_among_those_who_stayed() -> None:
    codes = varied()
    codes[:5] = 3
    rules = CarelessRules(cutoffs={"longstring": 8.0}, flags_needed=1)
    frame = responses(codes, consented=np.arange(60) >= 5)
    cleaned = clean(frame, careless=rules)
    assert cleaned.flagged.indices["longstring"].n == 0
    assert len(cleaned.frame) == 55


def test_a_printed_total_that_disagrees() -> None:
    codes = varied(4)
    totals = codes.sum(axis=1).astype(float)
    totals[1] += 1
    totals[2] = np.nan
    total = PrintedTotal(column="Total", score="care.total")
    frame = responses(codes, **{total.name: totals})
    cleaned = clean(frame, printed_totals=(total,))
    assert list(cleaned.frame["flags"]) == ["", "printed_total care.total", "", ""]
    assert total.name not in cleaned.frame
    dropped = PrintedTotal(column="Total", score="care.total", action="leave_out")
    cleaned = clean(frame, printed_totals=(dropped,))
    assert cleaned.left_out == {"printed_total_disagrees": 1}


def test_a_printed_total_is_held_against_the_score_as_it_is_made() -> None:
    """Also a score that is looked up: 21 raw points of this one print as 19.25."""
    wellbeing = read_instrument("swemwbs")
    names = [f"swemwbs.{item.name}" for item in wellbeing.items]
    total = PrintedTotal(column="Metric", score="swemwbs.metric")
    frame = pd.DataFrame(3.0, index=range(2), columns=names)
    frame = frame.assign(participant="", consented=True, finished=True)
    frame[total.name] = [19.25, 21.0]
    survey = dataclasses.replace(
        export(printed_totals=(total,)),
        columns=Columns(items={name: name for name in names}),
    )
    cleaned = clean_responses(frame, survey, instruments={"swemwbs": wellbeing})
    assert list(cleaned.frame["flags"]) == ["", "printed_total swemwbs.metric"]


def test_the_flow_of_each_arm_adds_up_to_that_of_everyone() -> None:
    arms = ["pilot"] * 30 + ["other"] * 20 + [""] * 10
    frame = responses(varied(), arm=arms, consented=np.arange(60) % 3 > 0)
    cleaned = clean(frame)
    counts = {(f.arm, f.term, f.group): f.n for f in flow_findings([cleaned], study())}
    assert counts == {
        ("", "responses_received", ""): 60,
        ("", "responses_answered", ""): 60,
        ("", "responses_left_out", "no_consent"): 20,
        ("", "responses_used", ""): 40,
        ("pilot", "responses_received", ""): 30,
        ("pilot", "responses_answered", ""): 30,
        ("pilot", "responses_left_out", "no_consent"): 10,
        ("pilot", "responses_used", ""): 20,
        ("other", "responses_received", ""): 20,
        ("other", "responses_answered", ""): 20,
        ("other", "responses_left_out", "no_consent"): 7,
        ("other", "responses_used", ""): 13,
    }


# ----------------------------------------------------------------- the edges of indices


def indices(answers: pd.DataFrame) -> dict[str, careless.IndexValues]:
    compact = compact_answers(answers)
    halves = [compact.items[start::3] for start in range(3)]
    found = [
        careless.longstring(compact),
        careless.average_longstring(compact),
        careless.intra_individual_variability(compact),
        careless.mahalanobis_p(compact),
        careless.share_missing(compact),
        careless.straight_lining(compact, halves),
        careless.seconds_per_item(np.full(len(answers), 60.0), compact),
        coherence.even_odd(compact, halves),
        coherence.psychometric_synonyms(compact, above=0.2),
        coherence.psychometric_antonyms(compact, below=-0.2),
    ]
    return {index.term: index for index in found}


def test_nobody_at_all() -> None:
    for index in indices(pd.DataFrame(columns=list("abcdef"), dtype=float)).values():
        assert len(index.values) == 0


def test_who_answered_nothing_has_no_value_but_all_missing() -> None:
    codes = varied().astype(float)
    codes[4] = np.nan
    for term, index in indices(pd.DataFrame(codes)).items():
        if term == "share_missing":
            assert index.values[4] == 1
        else:
            assert np.isnan(index.values[4])
            assert index.reason


def test_items_that_do_not_vary_have_no_distance() -> None:
    codes = varied()
    codes[:, 2] = 4
    distance = careless.mahalanobis(compact_answers(pd.DataFrame(codes)))
    assert distance.absent == len(codes)
    assert distance.reason == "an item follows from the others, or does not vary"


def test_a_gap_ends_a_row_of_equal_answers() -> None:
    codes = pd.DataFrame([[2, 2, np.nan, 2, 2, 2]], dtype=float)
    assert careless.longstring(compact_answers(codes)).values.tolist() == [3]


def test_straight_lining_counts_instruments_of_three_answers_or_more() -> None:
    codes = pd.DataFrame([[1, 1, 1, 2, 3, 4, 5, 5], [1, 1, np.nan, 2, 2, 2, 5, 5]])
    instruments = [["0", "1", "2"], ["3", "4", "5"], ["6", "7"]]
    found = careless.straight_lining(compact_answers(codes), instruments)
    assert found.values.tolist() == [0.5, 1.0]


def test_turning_round_keeps_gaps() -> None:
    answers = compact_answers(pd.DataFrame({"a": [1, 5, np.nan], "b": [1, 2, 3.0]}))
    assert reverse_scored(answers, {"a": 6}).codes.tolist() == [[5, 1, -128], [1, 2, 3]]


def test_turning_round_does_not_run_over_the_end_of_a_byte() -> None:
    answers = compact_answers(pd.DataFrame({"a": [-100.0, 3.0, np.nan]}))
    turned = reverse_scored(answers, {"a": 100})
    assert np.array_equal(turned.codes, [[200.0, 97.0, np.nan]], equal_nan=True)


def test_even_and_odd_items_turn_as_they_are_answered() -> None:
    """Each item by its own coding, as in the scores; a score made twice counts once."""
    care = dataclasses.replace(
        CARE,
        codings={"wide": Coding(lowest=0, highest=9)},
        items=tuple(
            dataclasses.replace(item, reverse_keyed=place == 1, coding="wide")
            for place, item in enumerate(CARE.items)
        ),
    )
    names = [item.name for item in care.items]
    thirds = [tuple(names[start : start + 3]) for start in (0, 3, 6)]
    parts = [
        dataclasses.replace(CARE.subscales[0], name=f"part{place}", items=items)
        for place, items in enumerate(thirds)
    ]
    twice = dataclasses.replace(parts[0], name="looked_up", parts=("part0",))
    care = dataclasses.replace(care, subscales=(*parts, twice))
    codes = np.random.default_rng(9).integers(0, 10, size=(60, len(names)))
    rules = CarelessRules(cutoffs={"even_odd": -0.9}, flags_needed=1)
    cleaned = clean_responses(
        responses(codes), export(careless=rules), instruments={"care": care}
    )
    keyed = codes.astype(float)
    keyed[:, 1] = 9 - keyed[:, 1]
    expected = coherence.even_odd(
        compact_answers(pd.DataFrame(keyed, columns=names)), thirds
    )
    assert cleaned.flagged is not None
    flagged = cleaned.flagged.flags.astype(str) == "even_odd"
    assert 10 < flagged.sum() < 50
    assert np.array_equal(flagged, expected.values >= -0.9)


def test_the_size_of_a_block_changes_nothing() -> None:
    people = BLOCK + 50
    codes = np.random.default_rng(5).integers(1, 6, size=(people, 9)).astype(float)
    codes[np.random.default_rng(6).random(codes.shape) < 0.1] = np.nan
    frame = pd.DataFrame(codes)
    whole = careless.intra_individual_variability(compact_answers(frame)).values
    parts = frame.std(axis="columns").to_numpy()
    np.testing.assert_allclose(whole, parts, rtol=0, atol=1e-12)
    longest = careless.longstring(compact_answers(frame)).values
    last = careless.longstring(compact_answers(frame.iloc[-60:])).values
    assert np.array_equal(longest[-60:], last)


@pytest.mark.parametrize("step", [1, 0.3], ids=["whole codes", "codes with fractions"])
def test_the_number_of_threads_changes_no_digit(
    step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(8)
    codes = random.integers(1, 6, size=(3 * BLOCK + 50, 9)).astype(float) * step
    codes[random.random(codes.shape) < 0.1] = np.nan
    found = {}
    for count in (1, 4):
        monkeypatch.setattr(threads, "THREADS", count)
        found[count] = {
            term: index.values.tobytes()
            for term, index in indices(pd.DataFrame(codes)).items()
        }
    assert found[1] == found[4]


CELLS = st.sampled_from([np.nan, 1.0, 2.0, 3.0, 4.5, -1e300, 1e300, np.inf, 127.0])


@given(
    codes=arrays.arrays(
        np.float64, st.tuples(st.integers(0, 12), st.integers(1, 8)), elements=CELLS
    )
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_answers_give_a_number_or_a_reason(codes: np.ndarray) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        for index in indices(pd.DataFrame(codes)).values():
            assert len(index.values) == len(codes)
            assert index.absent == 0 or index.reason
