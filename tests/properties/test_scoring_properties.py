"""What holds of every codebook's scores, whatever was answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cleaning.scoring import keyed_responses, score_responses
from analysis.declarations.instrument import Instrument
from analysis.reliability.keys import key_audit
from analysis.storage.declared import instrument_names, read_instrument

SCORED = [name for name in instrument_names() if read_instrument(name).subscales]


def answers(
    instrument: Instrument, seed: int, *, people: int, gaps: float
) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    columns = {}
    for item in instrument.items:
        codes = np.array(instrument.coding(item.name).codes())
        column = draw.choice(codes, size=people)
        column[draw.random(people) < gaps] = np.nan
        columns[f"{instrument.name}.{item.name}"] = column
    return pd.DataFrame(columns, dtype=float)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(SCORED),
    seed=st.integers(0, 2**32 - 1),
    gaps=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
)
def test_a_score_lies_in_its_range_or_is_missing(
    name: str, seed: int, gaps: float
) -> None:
    instrument = read_instrument(name)
    responses = answers(instrument, seed, people=30, gaps=gaps)
    scores = score_responses(responses, [instrument])
    assert list(scores) == [f"{name}.{part.name}" for part in instrument.subscales]
    for part in instrument.subscales:
        found = scores[f"{name}.{part.name}"]
        made = found.dropna()
        assert made.between(part.lowest - 1e-9, part.highest + 1e-9).all()
        unanswered = responses[[f"{name}.{item}" for item in part.items]].isna()
        if not part.parts and not part.gates:
            due = unanswered.sum(axis="columns") <= part.max_missing
            assert (found.notna() == due).all()
    if gaps == 1.0:
        assert scores.isna().all(axis=None)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(SCORED), seed=st.integers(0, 2**32 - 1))
def test_people_do_not_change_one_anothers_scores(name: str, seed: int) -> None:
    instrument = read_instrument(name)
    responses = answers(instrument, seed, people=12, gaps=0.1)
    order = np.random.default_rng(seed).permutation(12)
    whole = score_responses(responses, [instrument])
    shuffled = score_responses(responses.iloc[order], [instrument])
    pd.testing.assert_frame_equal(whole.iloc[order], shuffled)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(SCORED), seed=st.integers(0, 2**32 - 1))
def test_one_code_more_never_moves_a_score_against_its_key(
    name: str, seed: int
) -> None:
    instrument = read_instrument(name)
    gates = {item.scored_if for item in instrument.items}
    responses = answers(instrument, seed, people=8, gaps=0.0)
    before = score_responses(responses, [instrument])
    for item in instrument.items:
        if item.name in gates:
            continue
        coding, column = instrument.coding(item.name), f"{name}.{item.name}"
        better = responses.assign(**{column: coding.lowest})
        worth = keyed_responses(
            pd.concat([better, responses.assign(**{column: coding.highest})]),
            instrument,
        )[item.name]
        if worth.iloc[-1] > worth.iloc[0]:
            better = responses.assign(**{column: coding.highest})
        after = score_responses(better, [instrument])
        # Where a person had no score (nothing counted), there is nothing to move.
        moved = (after - before).dropna(how="all")
        assert (moved.fillna(0.0) >= -1e-9).all(axis=None)


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from([n for n in SCORED if len(read_instrument(n).items) > 3]),
    seed=st.integers(0, 2**32 - 1),
    people=st.integers(0, 40),
    gaps=st.sampled_from([0.0, 0.2, 1.0]),
)
def test_an_audit_of_anything_gives_every_item_a_verdict(
    name: str, seed: int, people: int, gaps: float
) -> None:
    instrument = read_instrument(name)
    responses = answers(instrument, seed, people=people, gaps=gaps)
    untouched = responses.copy()
    for part in instrument.subscales:
        audit = key_audit(responses, instrument, part)
        assert [item.item for item in audit.items] == list(part.items)
        assert all(item.verdict and item.reason for item in audit.items)
        assert audit.sentence.endswith(".")
        assert len(audit.to_frame()) == 2 * len(part.items)
    pd.testing.assert_frame_equal(responses, untouched)


@pytest.mark.parametrize("name", SCORED)
def test_a_claimed_partition_holds_every_item_once(name: str) -> None:
    instrument = read_instrument(name)
    gates = {item.scored_if for item in instrument.items}
    held = [i for part in instrument.partition for i in instrument.subscale(part).items]
    if instrument.partition:
        asked = {item.name for item in instrument.items} - gates
        assert sorted(held) == sorted(asked)
