"""What must hold for all ratings, whatever their scale, order and labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.psychometrics.dependability.components import (
    VarianceComponents,
    variance_components,
)
from heard.psychometrics.dependability.decisions import decision_study, raters_needed
from heard.psychometrics.dependability.nested_reliability import (
    NestedReliability,
    nested_reliability,
)
from heard.psychometrics.dependability.staff import staff_dependability
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

FEW = settings(derandomize=True, deadline=None, max_examples=12)
# The optimiser ends within 1e-6 of a standard error; the rest only rounds.
SAME = 1e-5


@st.composite
def rated(draw: st.DrawFn) -> pd.DataFrame:
    """Unbalanced ratings of staff by raters who rate several, some whole numbers."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    staff, raters = draw(st.integers(4, 12)), draw(st.integers(4, 8))
    n = draw(st.integers(40, 90))
    of, by = random.integers(0, staff, n), random.integers(0, raters, n)
    spread = draw(st.sampled_from([0.0, 0.5, 1.5]))
    score = random.normal(0, spread, staff)[of] + random.normal(0, 0.5, raters)[by]
    score = score + random.normal(size=n)
    if draw(st.booleans()):
        score = np.round(score)
    return pd.DataFrame({"staff": of, "rater": by, "score": score})


def split(ratings: pd.DataFrame, **options: object) -> VarianceComponents:
    found = variance_components(
        ratings,
        score="score",
        facets=["staff", "rater"],
        **{"interval": "wald", **options},  # type: ignore[arg-type]
    )
    assert isinstance(found, VarianceComponents)
    return found


@FEW
@given(rated(), st.sampled_from([-2.0, 0.1, 30.0]))
def test_scale_multiplies_variances_and_shift_leaves_them(
    ratings: pd.DataFrame, factor: float
) -> None:
    moved = ratings.assign(score=7 + factor * ratings["score"])
    for estimator in ("reml", "moments"):
        before = split(ratings, estimator=estimator).variances
        after = split(moved, estimator=estimator).variances
        total = sum(before.values())
        for facet, value in before.items():
            assert after[facet] / factor**2 == pytest.approx(
                value, rel=SAME, abs=SAME * total
            )


@FEW
@given(rated(), st.integers(0, 99))
def test_order_of_rows_and_facets_and_names_change_nothing(
    ratings: pd.DataFrame, seed: int
) -> None:
    shuffled = ratings.sample(frac=1, random_state=seed)
    renamed = shuffled.assign(staff="x" + (99 - shuffled["staff"]).astype(str))
    before = split(ratings).variances
    other = variance_components(
        renamed, score="score", facets=["rater", "staff"], interval="wald"
    )
    assert isinstance(other, VarianceComponents)
    total = sum(before.values())
    for facet, value in before.items():
        assert other.variances[facet] == pytest.approx(
            value, rel=SAME, abs=SAME * total
        )


@FEW
@given(rated())
def test_reml_has_no_worse_neighbour(ratings: pd.DataFrame) -> None:
    fit = split(ratings).fit
    assert fit is not None
    assert fit.converged
    assert all(value >= 0 for value in split(ratings).variances.values())


@FEW
@given(rated(), st.sampled_from([0.6, 0.8, 0.95]))
def test_coefficients_lie_between_0_and_1_and_dependability_below(
    ratings: pd.DataFrame, required: float
) -> None:
    found = split(ratings)
    study = decision_study(found, target="staff", numbers={"rater": [1, 7, 40]})
    assert not isinstance(study, Unavailable)
    for point in study.points:
        assert isinstance(point.generalisability, Estimate)
        assert isinstance(point.dependability, Estimate)
        assert 0 <= point.dependability.estimate <= point.generalisability.estimate <= 1
    needed = raters_needed(found, target="staff", required=required, over="rater")
    if isinstance(needed, Estimate):
        reached = decision_study(
            found, target="staff", numbers={"rater": int(needed.estimate)}
        )
        assert not isinstance(reached, Unavailable)
        point_reached = reached.points[0].dependability
        assert isinstance(point_reached, Estimate)
        assert point_reached.estimate >= required - 1e-9


@settings(derandomize=True, deadline=None, max_examples=6)
@given(rated())
def test_profile_limits_hold_their_estimate(ratings: pd.DataFrame) -> None:
    nested = nested_reliability(ratings, score="score", target="staff")
    results = [*split(ratings, interval="profile").results()]
    if isinstance(nested, NestedReliability):
        results += nested.results()
    for result in results:
        if isinstance(result, Estimate) and result.conf_low is not None:
            assert result.conf_low <= result.estimate
            assert result.conf_high is None or result.estimate <= result.conf_high


@FEW
@given(rated())
def test_every_staff_member_is_there_once(ratings: pd.DataFrame) -> None:
    found = staff_dependability(ratings, score="score", staff="staff", rater="rater")
    assert not isinstance(found, Unavailable)
    names = [member.staff for member in found.members]
    assert sorted(names) == sorted({str(label) for label in ratings["staff"]})
    for member in found.members:
        assert isinstance(member.own_reliability, Estimate)
        assert 0 <= member.own_reliability.estimate < 1


@FEW
@given(rated())
def test_twice_the_ratings_double_what_is_counted_as_error(
    ratings: pd.DataFrame,
) -> None:
    # one more identical copy of every rating: between-mean squares double, so do counts
    once = nested_reliability(ratings, score="score", target="staff")
    twice = nested_reliability(
        pd.concat([ratings, ratings]), score="score", target="staff"
    )
    if isinstance(once, NestedReliability) and isinstance(twice, NestedReliability):
        assert isinstance(once.mean_square_between, Estimate)
        assert isinstance(twice.mean_square_between, Estimate)
        assert twice.mean_square_between.estimate == pytest.approx(
            2 * once.mean_square_between.estimate, rel=1e-9, abs=1e-12
        )
