"""What must hold of correlations, dimensions and factors, whatever the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.psychometrics.structure.dimensions import minimum_average_partial
from heard.psychometrics.structure.exploratory import exploratory_factors
from heard.psychometrics.structure.hierarchical_omega import omega_hierarchical
from heard.psychometrics.structure.item_correlations import (
    bartlett_sphericity,
    sampling_adequacy,
)
from heard.psychometrics.structure.ordinal_correlations import polychoric_correlations
from heard.psychometrics.structure.ordinal_reliability import (
    omega_categorical,
    ordinal_alpha,
)
from heard.results import Composite, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

    Statistic = Callable[[pd.DataFrame], Result | Composite]

pytestmark = pytest.mark.filterwarnings("error")

FEW = settings(derandomize=True, deadline=None, max_examples=15)
CODES = (1, 2, 3, 4)
# Where the optimisers stop; the rest only rounds.
SAME = 1e-6

OVERALL: dict[str, Statistic] = {
    "ordinal alpha": lambda rows: ordinal_alpha(rows, categories=CODES),
    "categorical omega": lambda rows: omega_categorical(rows, categories=CODES),
    "adequacy": lambda rows: sampling_adequacy(rows).kaiser_meyer_olkin,
    "sphericity": bartlett_sphericity,
    "average partial": minimum_average_partial,
    "fit": lambda rows: exploratory_factors(rows, factors=1, replicates=0).fit,
    "general": lambda rows: (
        omega_hierarchical(rows, factors=2, replicates=0).omega_total_schmid_leiman
    ),
}
LINEAR = ("adequacy", "sphericity", "average partial", "fit", "general")


@st.composite
def one_trait(draw: st.DrawFn) -> pd.DataFrame:
    """Items from 1 to 4 that follow one trait, at random strengths, some missing."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k = draw(st.integers(60, 120)), draw(st.integers(5, 6))
    strength = random.uniform(0.5, 1.5, k)
    raw = 2.5 + random.normal(size=(n, 1)) * strength + random.normal(size=(n, k))
    answers = np.clip(np.round(raw), 1, 4)
    answers[random.random((n, k)) < draw(st.sampled_from([0.0, 0.04]))] = np.nan
    return pd.DataFrame(answers, columns=[f"item{i}" for i in range(k)])


def numbers(found: Result | Composite) -> list[float | str]:
    """Estimates and limits; for an absence its kind alone."""
    results = found.results() if isinstance(found, Composite) else [found]
    reported: list[float | str] = []
    for one in results:
        if isinstance(one, Estimate):
            reported += [one.estimate, one.conf_low or 0.0, one.conf_high or 0.0]
        else:
            reported += ["none"]
    return reported


def same(one: list[float | str], other: list[float | str]) -> None:
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        if isinstance(left, str) or isinstance(right, str):
            assert left == right
        else:
            assert left == pytest.approx(right, abs=SAME, rel=SAME)


@pytest.mark.parametrize("name", OVERALL)
@given(rows=one_trait(), seed=st.integers(0, 99))
@FEW
def test_order_of_people_and_items_does_not_matter(
    name: str, rows: pd.DataFrame, seed: int
) -> None:
    shuffled = rows.sample(frac=1, random_state=seed).sample(
        frac=1, axis=1, random_state=seed
    )
    same(numbers(OVERALL[name](rows)), numbers(OVERALL[name](shuffled)))


@pytest.mark.parametrize("name", LINEAR)
@given(rows=one_trait(), shift=st.integers(-50, 50), scale=st.sampled_from([0.5, 7]))
@FEW
def test_units_do_not_matter(
    name: str, rows: pd.DataFrame, shift: int, scale: float
) -> None:
    same(numbers(OVERALL[name](rows)), numbers(OVERALL[name](rows * scale + shift)))


@given(rows=one_trait())
@FEW
def test_an_item_turned_round_turns_its_correlations_round(rows: pd.DataFrame) -> None:
    turned = rows.assign(item0=5 - rows["item0"])
    before = polychoric_correlations(rows, categories=CODES).pairs
    after = polychoric_correlations(turned, categories=CODES).pairs
    for one, other in zip(before, after, strict=True):
        sign = -1 if one.item == "item0" else 1
        own, theirs = one.polychoric_correlation, other.polychoric_correlation
        assert isinstance(own, Estimate)
        assert isinstance(theirs, Estimate)
        assert own.estimate == pytest.approx(sign * theirs.estimate, abs=SAME)
    again = turned.assign(item0=5 - turned["item0"])
    assert polychoric_correlations(again, categories=CODES).pairs == before


@given(rows=one_trait())
@FEW
def test_everyone_twice_leaves_estimates_and_narrows_intervals(
    rows: pd.DataFrame,
) -> None:
    once = polychoric_correlations(rows, categories=CODES)
    twice = polychoric_correlations(pd.concat([rows, rows]), categories=CODES)
    for one, other in zip(once.pairs, twice.pairs, strict=True):
        own, more = one.polychoric_correlation, other.polychoric_correlation
        assert isinstance(own, Estimate)
        assert isinstance(more, Estimate)
        assert more.n == 2 * own.n
        assert more.estimate == pytest.approx(own.estimate, abs=SAME)
        widths = [
            float(np.ptp(np.arctanh(np.array([each.conf_low, each.conf_high], float))))
            for each in (own, more)
        ]
        assert widths[1] == pytest.approx(widths[0] / np.sqrt(2), rel=SAME)


@given(rows=one_trait())
@FEW
def test_names_of_categories_do_not_matter_to_correlations(rows: pd.DataFrame) -> None:
    renamed = rows.replace({1: -3, 2: 0, 3: 10, 4: 11})
    same(
        numbers(polychoric_correlations(rows, categories=CODES)),
        numbers(polychoric_correlations(renamed, categories=[-3, 0, 10, 11])),
    )
