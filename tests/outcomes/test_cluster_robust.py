"""Cluster-robust fits: unbiased where the model says so, silent where nothing tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from heard.models.cluster_robust import (
    ClusterRobustFit,
    cluster_robust_fit,
    clustered_mean,
    dummies,
)
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

NAMES = ["one", "arm", "before"]


def simulated(sizes: list[int], *, seed: str = "robust") -> Any:
    random = generator("test", seed)
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    arm = (clusters % 2).astype(float)
    before = random.normal(size=len(clusters))
    outcome = 0.4 * arm + 0.5 * before + random.normal(size=len(clusters))
    design = np.column_stack([np.ones(len(clusters)), arm, before])
    return outcome, design, clusters


def fitted(*data: Any, **options: Any) -> ClusterRobustFit:
    found = cluster_robust_fit(*data, **{"names": NAMES, **options})
    assert isinstance(found, ClusterRobustFit)
    return found


@given(sizes=st.lists(st.integers(2, 12), min_size=5, max_size=12), seed=st.text())
@settings(max_examples=30, deadline=None)
def test_cr2_is_unbiased_where_rows_are_independent(
    sizes: list[int], seed: str
) -> None:
    """E(c'Vc) is what least squares has, to rounding: the definition of CR2."""
    fit = fitted(*simulated(sizes, seed=seed))
    assert fit.unrecovered_share("before") == pytest.approx(0, abs=1e-9)
    assert fit.unrecovered_share("arm") == pytest.approx(0, abs=1e-9)


@given(sizes=st.lists(st.integers(2, 12), min_size=5, max_size=12), seed=st.text())
@settings(max_examples=30, deadline=None)
def test_degrees_of_freedom_lie_between_one_and_the_clusters(
    sizes: list[int], seed: str
) -> None:
    fit = fitted(*simulated(sizes, seed=seed))
    for name in NAMES:
        assert 1 <= fit.degrees_of_freedom(name) <= len(sizes)


def test_equal_clusters_have_the_degrees_of_freedom_of_their_means() -> None:
    """Two arms of 5 equal clusters and nothing else: 8, as a t test of the means."""
    outcome, design, clusters = simulated([7] * 10)
    fit = fitted(outcome, design[:, :2], clusters, names=NAMES[:2])
    assert fit.degrees_of_freedom("arm") == pytest.approx(8, rel=1e-10)
    means = np.bincount(clusters, outcome) / 7
    spread = means[0::2].var(ddof=1) / 5 + means[1::2].var(ddof=1) / 5
    assert fit.standard_error("arm") == pytest.approx(spread**0.5, rel=1e-10)


def test_absorbed_groups_are_their_own_columns() -> None:
    outcome, design, clusters = simulated([4, 6, 3, 8, 5, 9, 4, 7])
    site = clusters // 2
    weights = generator("w").uniform(0.5, 2, len(outcome))
    absorbed = fitted(
        outcome, design[:, 1:], clusters, names=NAMES[1:], absorb=site, weights=weights
    )
    explicit = fitted(
        outcome,
        np.hstack([dummies(site), design[:, 1:]]),
        clusters,
        names=["a", "b", "c", "d", "arm", "before"],
        weights=weights,
    )
    for name in NAMES[1:]:
        assert absorbed.value(name) == pytest.approx(explicit.value(name), rel=1e-10)
        assert absorbed.standard_error(name) == pytest.approx(
            explicit.standard_error(name), rel=1e-10
        )
        assert absorbed.degrees_of_freedom(name) == pytest.approx(
            explicit.degrees_of_freedom(name), rel=1e-10
        )


def test_order_and_names_of_clusters_do_not_matter() -> None:
    outcome, design, clusters = simulated([4, 6, 3, 8, 5, 9])
    order = generator("order").permutation(len(outcome))
    named = np.array([f"team {9 - c}" for c in clusters])[order]
    plain = fitted(outcome, design, clusters)
    moved = fitted(outcome[order], design[order], named)
    assert moved.covariance == pytest.approx(plain.covariance, rel=1e-10)


def test_doubling_all_weights_changes_nothing() -> None:
    data = simulated([4, 6, 3, 8, 5, 9])
    weights = generator("w").uniform(0.5, 2, len(data[0]))
    once, twice = (fitted(*data, weights=weights * by) for by in (1, 2))
    assert once.covariance == pytest.approx(twice.covariance, rel=1e-10)
    assert once.degrees_of_freedom("arm") == pytest.approx(
        twice.degrees_of_freedom("arm"), rel=1e-10
    )


def test_equal_weights_are_none() -> None:
    data = simulated([4, 6, 3, 8, 5, 9])
    plain, weighted = fitted(*data), fitted(*data, weights=np.full(len(data[0]), 3.0))
    assert weighted.covariance == pytest.approx(plain.covariance, rel=1e-10)
    assert weighted.degrees_of_freedom("arm") == pytest.approx(
        plain.degrees_of_freedom("arm"), rel=1e-10
    )


def test_results_say_how_they_were_made() -> None:
    fit = fitted(*simulated([6] * 8))
    effect = fit.estimate("arm", term="effect")
    degrees = fit.degrees_result("arm", term="effect_degrees_of_freedom")
    assert isinstance(effect, Estimate)
    assert isinstance(degrees, Estimate)
    assert (effect.n, effect.n_unit) == (48, "rows")
    assert (degrees.n, degrees.n_unit) == (8, "clusters")
    for words in ("CR2", "8 clusters", "degrees of freedom"):
        assert words in effect.method


def test_other_adjustments_have_clusters_less_one_degrees() -> None:
    data = simulated([6] * 8)
    for adjustment in ("CR0", "CR1"):
        assert fitted(*data, adjustment=adjustment).degrees_of_freedom("arm") == 7


def test_an_effect_of_one_treated_cluster_has_no_interval() -> None:
    outcome, design, clusters = simulated([6] * 9)
    design[:, 1] = clusters == 4
    fit = fitted(outcome, design, clusters)
    for found in (
        fit.estimate("arm", term="effect"),
        fit.p_value("arm", term="p"),
        fit.degrees_result("arm", term="df"),
    ):
        assert isinstance(found, Unavailable)
        assert "placebo" in found.reason
    assert isinstance(fit.estimate("before", term="slope"), Estimate)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("four clusters", "4 clusters; at least 5"),
        ("missing", "missing or infinite"),
        ("no cluster", "rows without a cluster"),
        ("no group", "rows without a cluster or absorbed group"),
        ("constant", "fits every row exactly"),
        ("dependent", "predicted by the columns before: before"),
        ("absorbed", "predicted by the columns before: arm"),
        ("few rows", "no rows to spare"),
        ("zero column", "zero throughout"),
        ("zero weight", "weights must be positive"),
        ("nobody", "0 clusters"),
    ],
)
def test_what_cannot_be_fitted_says_why(change: str, reason: str) -> None:
    sizes = {"four clusters": [6] * 4, "few rows": [1] * 5, "nobody": []}
    outcome, design, clusters = simulated(sizes.get(change, [6] * 8))
    names, options = list(NAMES), dict[str, Any]()
    if change == "missing":
        outcome[3] = np.nan
    elif change == "no cluster":
        clusters = np.where(clusters == 3, None, clusters.astype(object))
    elif change == "no group":
        options = {"absorb": np.where(clusters == 3, np.nan, clusters // 2)}
    elif change == "constant":
        outcome[:] = 4.0
    elif change == "dependent":
        design[:, 2] = 1 - design[:, 1]
    elif change == "absorbed":
        design, names, options = design[:, 1:], names[1:], {"absorb": clusters}
    elif change == "few rows":
        design = np.column_stack([design, design[:, 2] ** 2, design[:, 2] ** 3])
        names += ["square", "cube"]
    elif change == "zero column":
        design[:, 1] = 0
    elif change == "zero weight":
        options = {"weights": (clusters > 1).astype(float)}
    found = cluster_robust_fit(outcome, design, clusters, names=names, **options)
    assert isinstance(found, Unavailable)
    assert reason in found.reason


# --- one group's mean -----------------------------------------------------------------


def answers(sizes: list[int]) -> tuple[pd.Series, pd.Series]:
    """Scores of people whose teams differ."""
    random = generator("test", "answers")
    team = np.repeat(np.arange(len(sizes)), sizes)
    score = random.normal(size=len(sizes))[team] + random.normal(size=len(team))
    return pd.Series(score), pd.Series([f"t{place}" for place in team])


def mean_of(*data: Any, **options: Any) -> Estimate:
    found = clustered_mean(*data, **options)
    assert isinstance(found, Estimate), found
    return found


def test_equal_clusters_make_the_t_test_of_their_means() -> None:
    scores, team = answers([5] * 6)
    found = mean_of(scores, team)
    means = scores.groupby(team).mean()
    low, high = stats.t.interval(0.95, 5, means.mean(), means.std() / 6**0.5)
    assert (found.estimate, found.conf_low, found.conf_high) == pytest.approx(
        (means.mean(), low, high), rel=1e-10
    )


def test_clusters_of_one_make_the_t_test_of_people() -> None:
    scores, _ = answers([3, 4, 5])
    names = pd.Series([f"p{place}" for place in range(12)])
    found = mean_of(scores, names)
    low, high = stats.t.interval(0.95, 11, scores.mean(), float(scores.std()) / 12**0.5)
    assert (found.conf_low, found.conf_high) == pytest.approx((low, high), rel=1e-10)


def test_people_without_a_team_stand_alone_and_gaps_are_left_out() -> None:
    scores, team = answers([4, 6, 3, 5, 4])
    lone = pd.Series([1.0, np.nan, 2.0])
    both = pd.concat([scores, lone], ignore_index=True)
    for empty in ("", None):
        teams = pd.concat([team, pd.Series([empty, "t0", empty])], ignore_index=True)
        named = pd.concat([team, pd.Series(["x", "t0", "y"])], ignore_index=True)
        found, expected = mean_of(both, teams), mean_of(both, named)
        assert found.n == 24
        assert found.conf_low == expected.conf_low
        assert "5 clusters" in found.method


def test_few_clusters_give_a_mean_without_limits_unless_asked() -> None:
    scores, team = answers([4, 6, 3, 5])
    found = mean_of(scores, team)
    assert (found.conf_low, found.conf_high) == (None, None)
    assert "under 5: no interval" in found.method
    asked = mean_of(scores, team, minimum_clusters=4)
    assert asked.estimate == pytest.approx(found.estimate)
    assert asked.conf_low is not None


def test_a_share_stays_between_its_bounds() -> None:
    _, team = answers([6] * 6)
    few = pd.Series(([1.0] + [0.0] * 5) * 2 + [0.0] * 24)
    assert mean_of(few, team).conf_low < 0  # type: ignore[operator]
    assert mean_of(few, team, bounds=(0, 1)).conf_low == 0


def test_nobody_and_everybody_alike_have_no_mean_to_limit() -> None:
    scores, team = answers([4, 6, 3, 5, 4])
    for same in (scores * np.nan, scores * 0 + 2):
        found = clustered_mean(same, team)
        assert isinstance(found, Unavailable)
        assert "all the same" in found.reason
