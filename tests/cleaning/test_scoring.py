"""Scores by the codebook: keys, points, gaps, and the ends of the range."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from analysis.cleaning import scoring
from analysis.cleaning.scoring import keyed_responses, score_responses, score_subscale
from analysis.declarations.instrument import Coding, Instrument
from analysis.storage.declared import instrument_names, read_instrument


def answered(instrument: Instrument, code: float, people: int = 1) -> pd.DataFrame:
    columns = {f"{instrument.name}.{item.name}": code for item in instrument.items}
    return pd.DataFrame(columns, index=range(people), dtype=float)


def total(instrument: Instrument, responses: pd.DataFrame) -> float:
    keyed = keyed_responses(responses, instrument)
    return float(score_subscale(keyed, instrument.subscales[0]).iloc[0])


@pytest.mark.parametrize("name", instrument_names())
def test_the_ends_of_the_range_can_be_reached_and_not_passed(name: str) -> None:
    instrument = read_instrument(name)
    gates = {item.scored_if for item in instrument.items}
    codes = {
        item.name: instrument.coding(item.name).codes() for item in instrument.items
    }
    longest = max(map(len, codes.values()), default=0)
    # One row a code; a row past the last code of an item repeats that code.
    every = pd.DataFrame(
        {
            f"{name}.{i}": [c[min(n, len(c) - 1)] for n in range(longest)]
            for i, c in codes.items()
        },
        dtype=float,
    )
    worth = keyed_responses(every, instrument)
    for wanted in ("lowest", "highest"):
        # Answer every item in the direction that earns most, or least.
        rows = worth.idxmin() if wanted == "lowest" else worth.idxmax()
        best = {f"{name}.{i}": [every.loc[rows[i], f"{name}.{i}"]] for i in codes}
        best |= {f"{name}.{gate}": [1.0] for gate in gates if gate}
        scores = score_responses(pd.DataFrame(best), [instrument])
        for subscale in instrument.subscales:
            found = float(scores[f"{name}.{subscale.name}"].iloc[0])
            assert found == pytest.approx(getattr(subscale, wanted), abs=1e-12)


def test_eq_points_are_two_one_nought_nought_and_mirrored() -> None:
    eq = read_instrument("eq22")
    keyed = keyed_responses(
        pd.concat([answered(eq, code) for code in (1, 2, 3, 4)]), eq
    )
    assert keyed["q01"].tolist() == [2, 1, 0, 0]
    assert keyed["q03"].tolist() == [0, 0, 1, 2]


def test_points_of_codes_a_tenth_apart_turned_or_not() -> None:
    """0.1 + 0.7 - 0.3 is no code to the last bit, and is one all the same."""
    tenths = [place / 10 for place in range(1, 8)]
    coding = Coding(
        lowest=0.1,
        highest=0.7,
        step=0.1,
        points={f"{code}": place for place, code in enumerate(tenths)},
    )
    assert coding.codes() == tuple(tenths)
    assert all(coding.takes(code) for code in tenths)
    assert not any(coding.takes(code) for code in (0.0, 0.35, 0.8, math.nan))
    care = read_instrument("care")
    care = dataclasses.replace(
        care,
        codings={"tenths": coding},
        items=tuple(
            dataclasses.replace(item, coding="tenths", reverse_keyed=place == 0)
            for place, item in enumerate(care.items)
        ),
    )
    answers = pd.DataFrame({f"care.{item.name}": tenths for item in care.items})
    keyed = keyed_responses(answers, care)
    assert keyed.iloc[:, 0].tolist() == [6, 5, 4, 3, 2, 1, 0]
    assert keyed.iloc[:, 1].tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_care_fills_up_to_two_gaps_with_the_persons_own_mean() -> None:
    care = read_instrument("care")
    responses = answered(care, 4.0)
    responses["care.at_ease"] = 1.0
    assert total(care, responses) == 37.0
    responses[["care.positive", "care.explaining"]] = np.nan
    # 29 over 8 answered items, times 10.
    assert total(care, responses) == pytest.approx(36.25, abs=1e-12)
    responses["care.listening"] = np.nan
    assert np.isnan(total(care, responses))


def test_a_mean_is_of_the_answered_items() -> None:
    culture = read_instrument("seed_culture")
    responses = answered(culture, 5.0)
    responses["seed_culture.concerns_ignored"] = np.nan
    # Six items at 5 and one reverse-keyed item at 1, of seven answered.
    assert total(culture, responses) == pytest.approx(31 / 7, abs=1e-12)


def test_turning_a_key_twice_gives_the_responses_back() -> None:
    culture = read_instrument("seed_culture")
    codes = np.random.default_rng(1).integers(1, 6, size=(20, len(culture.items)))
    names = [f"seed_culture.{item.name}" for item in culture.items]
    responses = pd.DataFrame(codes, columns=names, dtype=float)
    once = keyed_responses(responses, culture)
    twice = keyed_responses(once.add_prefix("seed_culture."), culture)
    assert np.array_equal(twice.to_numpy(), responses.to_numpy())


def test_scores_keep_who_and_where_and_nothing_else() -> None:
    confidence = read_instrument("seed_confidence")
    responses = answered(confidence, 7.0, people=2).assign(
        participant=["x", "y"], arm="pilot", site="", team="red", age=30
    )
    scores = score_responses(responses, [confidence])
    assert list(scores.columns) == [
        "participant",
        "arm",
        "site",
        "team",
        "seed_confidence.now",
        "seed_confidence.then",
    ]
    assert scores["seed_confidence.now"].tolist() == [7.0, 7.0]


def test_how_many_are_scored_at_a_time_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    care = read_instrument("care")
    codes = np.random.default_rng(2).integers(1, 6, size=(20, len(care.items)))
    names = [f"care.{item.name}" for item in care.items]
    responses = pd.DataFrame(codes, columns=names, index=range(40, 60), dtype=float)
    responses = responses.mask(responses == 5).assign(
        participant=list("abcdefghij") * 2
    )
    at_once = score_responses(responses, [care])
    monkeypatch.setattr(scoring, "PEOPLE", 7)
    pd.testing.assert_frame_equal(score_responses(responses, [care]), at_once)


def test_nobody_at_all_gives_no_scores() -> None:
    care = read_instrument("care")
    assert len(score_responses(answered(care, 1.0, people=0), [care])) == 0


def test_a_subscale_of_some_items_uses_only_those() -> None:
    care = read_instrument("care")
    part = dataclasses.replace(
        care.subscales[0], items=("at_ease", "positive"), max_missing=0
    )
    responses = answered(care, 2.0)
    responses["care.listening"] = np.nan
    keyed = keyed_responses(responses, care)
    assert float(score_subscale(keyed, part).iloc[0]) == 4.0


# ------------------------------------------------- by hand, one kind of scoring each


def scored(name: str, **answers: float) -> dict[str, float]:
    """Scores of one person; items not named get the lowest code of theirs."""
    instrument = read_instrument(name)
    codes = {
        f"{name}.{item.name}": [instrument.coding(item.name).lowest]
        for item in instrument.items
    }
    codes |= {f"{name}.{item}": [code] for item, code in answers.items()}
    frame = score_responses(pd.DataFrame(codes, dtype=float), [instrument])
    return {str(c).partition(".")[2]: float(v) for c, v in frame.iloc[0].items()}


def numbered(first: int, *codes: float) -> dict[str, float]:
    return {f"q{first + place:02d}": code for place, code in enumerate(codes)}


def test_iri_turns_its_keyed_items_and_fills_one_gap_of_seven() -> None:
    # Perspective taking: 3 and 15 are turned, 4 - 1 = 3 and 4 - 0 = 4.
    answers = {"q03": 1, "q08": 2, "q11": 3, "q15": 0, "q21": 4, "q25": 1, "q28": 2}
    assert scored("iri", **answers)["perspective_taking"] == 3 + 2 + 3 + 4 + 4 + 1 + 2
    one_gap = scored("iri", **answers | {"q28": math.nan})
    assert one_gap["perspective_taking"] == pytest.approx(17 / 6 * 7, abs=1e-12)
    two = scored("iri", **answers | {"q28": math.nan, "q21": math.nan})
    assert math.isnan(two["perspective_taking"])
    assert list(two) == [
        "perspective_taking",
        "fantasy",
        "empathic_concern",
        "personal_distress",
    ]


def test_cbi_makes_a_mean_of_hundreds_from_half_the_items() -> None:
    answers = {"w1": 100, "w2": 75, "w3": 50, "w4": 25, "w5": 0, "w6": 0, "w7": 25}
    # The seventh is turned: 100 - 25 = 75.
    assert scored("cbi", **answers)["work"] == pytest.approx(325 / 7, abs=1e-12)
    gaps = dict.fromkeys(("w1", "w2", "w3"), math.nan)
    assert scored("cbi", **answers | gaps)["work"] == pytest.approx(25, abs=1e-12)
    gaps["w4"] = math.nan
    assert math.isnan(scored("cbi", **answers | gaps)["work"])


def test_cami_carries_five_points_to_a_hundred() -> None:
    found = scored("cami12", q01=1, q02=2, q04=5, q05=3, q06=4, q11=1, q03=4)
    # All six are turned: 5, 4, 1, 3, 2, 5 are worth 100, 75, 0, 50, 25, 100.
    assert found["prejudice_exclusion"] == pytest.approx(350 / 6, abs=1e-12)
    assert found["tolerance_support"] == pytest.approx(75 / 6, abs=1e-12)


def test_swemwbs_looks_its_metric_score_up() -> None:
    found = scored("swemwbs", **numbered(1, 3, 4, 2, 3, 3, 4, 2))
    assert (found["raw"], found["metric"]) == (21.0, 19.25)
    gap = scored("swemwbs", **numbered(1, 3, 4, math.nan, 3, 3, 4, 2))
    assert math.isnan(gap["raw"])
    assert math.isnan(gap["metric"])


def test_the_swemwbs_table_is_the_one_that_was_checked() -> None:
    table = read_instrument("swemwbs").subscale("metric").lookup
    assert len(table) == 29
    assert sum(table.values()) == pytest.approx(585.66, abs=1e-9)
    # A public project ships another table, that begins 7.00, 8.50, 9.51.
    assert (table[8], table[9], table[34]) == (9.51, 11.25, 32.55)


def test_qcae_sums_its_sums() -> None:
    found = scored("qcae", **numbered(1, *[2] * 31))
    # Items 1, 2, 17 and 29 are turned: 5 - 2 = 3.
    assert found["perspective_taking"] == 20
    assert found["online_simulation"] == 8 * 2 + 3
    assert found["cognitive"] == 39
    assert found["affective"] == 8 + 8 + (3 + 2 + 3 + 3)
    assert found["total"] == 39 + 27
    gap = scored("qcae", **numbered(1, *[2] * 31) | {"q15": math.nan})
    assert math.isnan(gap["cognitive"])
    assert math.isnan(gap["total"])
    assert gap["affective"] == 27


def test_nhs_themes_are_means_of_means_over_items_coded_in_two_ways() -> None:
    found = scored(
        "nhs_staff_survey",
        q15=1,
        q16a=1,
        q16b=0,
        q21=4,
        q6a=5,
        q25a=3,
    )
    # yes 10; discrimination yes 0, no 10; four of five is worth 7.5.
    assert found["diversity_equality"] == (10 + 0 + 10 + 7.5) / 4
    assert found["compassionate_culture"] == (10 + 5) / 5
    assert found["compassionate_and_inclusive"] == pytest.approx(
        (3 + 0 + 6.875 + 0) / 4, abs=1e-12
    )
    assert "morale" not in found


def test_all_three_behaviours_always_is_one_and_anything_else_is_not() -> None:
    name, score = "seed_three_behaviours", "all_three_always"
    best = scored(name, cares=5, important=5, not_know_best=5)
    near = scored(name, cares=5, important=5, not_know_best=4)
    gap = scored(name, cares=5, important=math.nan, not_know_best=5)
    assert (best[score], near[score]) == (1, 0)
    assert math.isnan(gap[score])
    # One gap leaves the behaviours that were answered as they are.
    assert gap["cares"] == 5


def test_collaborate_gives_all_or_nothing_and_a_mean_of_a_hundred() -> None:
    best = scored("collaborate", understood=9, listened=9, included=9)
    near = scored("collaborate", understood=9, listened=9, included=8)
    assert best == {"top_score": 1.0, "mean_0_100": 100.0}
    assert near["top_score"] == 0.0
    assert near["mean_0_100"] == pytest.approx(100 * 26 / 27, abs=1e-12)
    gap = scored("collaborate", understood=9, listened=math.nan, included=9)
    assert all(math.isnan(score) for score in gap.values())


def test_inspire_counts_only_what_the_person_finds_important() -> None:
    answers = {"q01": 4, "q02": 1, "q03": 0, "important01": 1, "important02": 1}
    # Two items count: (4 + 1) / 2 of 4.
    assert scored("inspire", **answers)["support"] == 62.5
    assert math.isnan(scored("inspire", **answers | {"q02": math.nan})["support"])
    # A gap in an item that does not count changes nothing.
    assert scored("inspire", **answers | {"q03": math.nan})["support"] == 62.5
    # Nobody knows whether an item counts if its question was left out.
    open_gate = answers | {"important03": math.nan}
    assert math.isnan(scored("inspire", **open_gate)["support"])
    # Nothing important: nothing to score.
    nothing = dict.fromkeys(("important01", "important02"), 0.0)
    assert math.isnan(scored("inspire", **answers | nothing)["support"])


def test_items_to_be_reported_one_by_one_are_scores_of_their_own() -> None:
    found = scored("seed_kindness_barriers", fear=4, cuts=math.nan)
    assert found["fear"] == 4
    assert math.isnan(found["cuts"])
    assert list(found) == [
        item.name for item in read_instrument("seed_kindness_barriers").items
    ]
    assert list(scored("cqc_cmh", time=5)) == ["listened", "time", "respect"]


def test_what_does_not_apply_leaves_the_denominator() -> None:
    gaps = dict.fromkeys((f"q{n:02d}" for n in range(3, 22)), math.nan)
    found = scored("disc12", q01=3, q02=0, **gaps)
    assert found["unfair_treatment"] == 1.5


def test_reported_contact_gets_no_score() -> None:
    found = scored("ribs", lived_with=1, would_live_with=5, would_friend=3)
    assert found == {"intended": 5 + 1 + 1 + 3}


def test_a_code_without_points_is_no_score() -> None:
    eq = read_instrument("eq22")
    responses = answered(eq, 2.0)
    responses["eq22.q01"] = 9.0
    keyed = keyed_responses(responses, eq)
    assert np.isnan(keyed["q01"].iloc[0])
    assert keyed["q02"].iloc[0] == 1


@pytest.mark.parametrize("name", ["star_p", "star_c", "has", "carnegie_kindness"])
def test_without_its_key_nothing_is_scored(name: str) -> None:
    instrument = read_instrument(name)
    responses = answered(instrument, 1.0).assign(participant=["x"])
    assert list(score_responses(responses, [instrument]).columns) == ["participant"]
