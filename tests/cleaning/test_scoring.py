"""Scores by the codebook: keys, points, gaps, and the ends of the range."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.cleaning import keyed_responses, score_responses, score_subscale
from analysis.declarations import Instrument
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
    gates = {item.counts_if for item in instrument.items}
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
    ]
    assert scores["seed_confidence.now"].tolist() == [7.0, 7.0]


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
