"""Counts in cells: everybody counted once, nobody told of alone."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.foundation.findings import Finding
from analysis.publication.disclosure.control import disclose
from heard.psychometrics.agreement.ratings import AgreementCells, agreement_cells
from heard.results import Estimate, Unavailable

EDGES = re.compile(r"mean (\S+) to (\S+), difference (\S+) to (\S+)")


def pairs_of(*rows: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["first", "second"], dtype=float)


def counts(found: AgreementCells) -> dict[str, int]:
    return {one.cell: one.responses_in_cell.n or 0 for one in found.cells}


def outside(found: AgreementCells) -> float:
    result = found.responses_outside_cells
    assert isinstance(result, Estimate)
    return result.estimate


def test_people_are_counted_where_they_lie() -> None:
    # by hand: means 10, 10, 20, 20, 20; differences 0, 0, 0, 4, 4
    rows = [(10, 10), (10, 10), (20, 20), (18, 22), (18, 22)]
    found = agreement_cells(pairs_of(*rows), least=1, across=2)
    assert counts(found) == {
        "mean 7.5 to 12.5, difference -1 to 1": 2,
        "mean 17.5 to 22.5, difference -1 to 1": 1,
        "mean 17.5 to 22.5, difference 3 to 5": 2,
    }
    assert outside(found) == 0


def test_cells_of_few_are_left_out_and_counted() -> None:
    rows = [(1, 1)] * 12 + [(5, 5)] * 20 + [(5, 9)] * 6 + [(1, 5)] * 7
    found = agreement_cells(pairs_of(*rows), least=11, across=6)
    assert sorted(counts(found).values()) == [12, 20]
    assert outside(found) == 13
    assert found.responses_outside_cells.n == len(rows)


def test_a_single_small_cell_does_not_follow_from_the_total() -> None:
    rows = [(1, 1)] * 12 + [(5, 5)] * 20 + [(5, 9)] * 4
    found = agreement_cells(pairs_of(*rows), least=11, across=2)
    assert sorted(counts(found).values()) == [20]
    assert outside(found) == 16


def test_where_all_cells_are_small_none_is_told() -> None:
    found = agreement_cells(pairs_of((1, 1), (5, 5), (5, 9)), least=11)
    assert counts(found) == {}
    assert outside(found) == 3


def test_everybody_alike_stands_in_one_cell() -> None:
    found = agreement_cells(pairs_of(*[(4, 4)] * 15), least=11)
    assert counts(found) == {"mean 3.5 to 4.5, difference -0.5 to 0.5": 15}


@pytest.mark.parametrize(
    "pairs",
    [pairs_of(), pairs_of((1, 2), (2, 2)), pairs_of((1, np.nan), (2, 2), (3, 3))],
)
def test_too_few_people_give_no_cells(pairs: pd.DataFrame) -> None:
    found = agreement_cells(pairs, least=1)
    assert found.cells == ()
    assert isinstance(found.responses_outside_cells, Unavailable)


def test_three_measurements_are_no_pair() -> None:
    found = agreement_cells(pd.DataFrame(np.ones((20, 3))), least=1)
    assert isinstance(found.responses_outside_cells, Unavailable)
    assert "exactly 2" in found.responses_outside_cells.reason


@pytest.mark.parametrize("wrong", [{"least": 0}, {"least": 5, "across": 0}])
def test_options_that_mean_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="give 1 or more"):
        agreement_cells(pairs_of((1, 1)), **wrong)


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=80
    ),
    st.integers(1, 12),
    st.integers(1, 8),
    st.sampled_from([1.0, 0.1, 100.0]),
)
def test_every_person_is_in_one_cell_or_left_over(
    rows: list[tuple[int, int]], least: int, across: int, unit: float
) -> None:
    pairs = pairs_of(*rows) * unit
    found = agreement_cells(pairs, least=least, across=across)
    reported = counts(found)
    assert sum(reported.values()) + outside(found) == len(rows)
    assert all(n >= least for n in reported.values())
    assert outside(found) == 0 or outside(found) >= least or not reported
    means = pairs.mean(axis=1)
    differences = pairs["second"] - pairs["first"]
    hair = 1e-6 * unit
    for cell, n in reported.items():
        match = EDGES.fullmatch(cell)
        assert match
        left, right, low, high = map(float, match.groups())
        inside = (means >= left - hair) & (means < right - hair)
        inside &= (differences >= low - hair) & (differences < high - hair)
        assert inside.sum() == n


def test_as_findings_they_pass_disclosure_unchanged() -> None:
    rows = [(1, 1)] * 12 + [(5, 5)] * 20 + [(5, 9)] * 4
    found = agreement_cells(pairs_of(*rows), least=11, across=2)
    findings = Finding.place(found, study="x", subscale="total")
    assert {part.group for part in findings} == {"", *counts(found)}
    assert disclose(findings, smallest=11).findings == findings
