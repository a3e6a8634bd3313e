"""The wild cluster bootstrap keeps to its definition, and says where it cannot tell."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest

from heard.models.random_streams import generator
from heard.models.wild_bootstrap import WildBootstrap, wild_cluster_bootstrap
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def simulated(sizes: list[int], *, effect: float = 0.4, seed: str = "wild") -> Any:
    random = generator("test", seed)
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    arm = (clusters % 2).astype(float)
    before = random.normal(size=len(clusters))
    outcome = effect * arm + 0.5 * before + random.normal(size=len(clusters))
    outcome += random.normal(0, 0.5, len(sizes))[clusters]
    design = np.column_stack([np.ones(len(clusters)), arm, before])
    return outcome, design, clusters


def bootstrapped(*data: Any, **options: Any) -> WildBootstrap:
    given = {"names": ["one", "arm", "before"], "name": "arm", "seed": "t"}
    return wild_cluster_bootstrap(*data, **{**given, "term": "effect", **options})


def number(result: Any) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


def t_by_rows(
    outcome: np.ndarray, design: np.ndarray, clusters: np.ndarray, value: float
) -> float:
    """The t statistic as textbooks write it, row by row."""
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ outcome
    residual = outcome - design @ beta
    meat = np.zeros_like(inverse)
    for cluster in np.unique(clusters):
        score = design[clusters == cluster].T @ residual[clusters == cluster]
        meat += np.outer(score, score)
    return float((beta[1] - value) / np.sqrt((inverse @ meat @ inverse)[1, 1]))


def p_by_definition(
    data: Any, value: float, points: list[float], *, roots: np.ndarray | None = None
) -> float:
    """Every combination of points, every outcome refitted: no algebra shared.

    What is turned round of a cluster is what a fit to the others leaves of it; the
    real outcome is the one of which nothing, or everything, is turned round.
    """
    outcome, design, clusters = data
    if roots is not None:
        outcome, design = outcome * roots, design * roots[:, None]
    rest = design[:, [0, 2]]
    shifted = outcome - value * design[:, 1]
    fitted = rest @ np.linalg.lstsq(rest, shifted, rcond=None)[0]
    residual = np.empty(len(shifted))
    for cluster in np.unique(clusters):
        held = clusters == cluster
        others = np.linalg.lstsq(rest[~held], shifted[~held], rcond=None)[0]
        residual[held] = shifted[held] - rest[held] @ others
    real = abs(t_by_rows(outcome, design, clusters, value))
    beyond = []
    for drawn in itertools.product(points, repeat=len(np.unique(clusters))):
        again = fitted + value * design[:, 1] + np.array(drawn)[clusters] * residual
        size = abs(t_by_rows(again, design, clusters, value))
        itself = len(points) == 2 and abs(sum(drawn)) == len(drawn)
        beyond.append(itself or size >= real * (1 - 1e-9))
    return float(np.mean(beyond))


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_enumeration_is_every_outcome_refitted(seed: str) -> None:
    data = simulated([4, 7, 3, 9, 5, 6], seed=seed)
    found = bootstrapped(*data, multipliers="rademacher")
    # Counts of the same 64 combinations: equal, not close.
    assert number(found.p_value) == p_by_definition(data, 0.0, [-1.0, 1.0])


def test_weighted_enumeration_is_every_outcome_refitted() -> None:
    data = simulated([4, 7, 3, 9, 5, 6, 8])
    weights = generator("weights").uniform(0.2, 3, len(data[0]))
    found = bootstrapped(*data, multipliers="rademacher", weights=weights)
    assert number(found.p_value) == p_by_definition(
        data, 0.0, [-1.0, 1.0], roots=np.sqrt(weights)
    )


def test_six_points_agree_with_their_complete_enumeration() -> None:
    data = simulated([5, 3, 6, 4, 7], effect=1.5)
    points = [sign * root for root in np.sqrt([0.5, 1, 1.5]) for sign in (-1, 1)]
    exact = p_by_definition(data, 0.0, points)
    found = bootstrapped(*data, n_draws=99_999)
    # Four standard errors of a share of 99,999 draws.
    error = np.sqrt(exact * (1 - exact) / 99_999)
    assert number(found.p_value) == pytest.approx(exact, abs=4 * error)
    assert "Webb" in found.p_value.method


def test_two_signs_serve_from_six_clusters_on() -> None:
    for count, words in ((5, "Webb"), (6, "all 64"), (13, "all 8192"), (14, "9999")):
        found = bootstrapped(*simulated([4] * count))
        assert words in found.p_value.method


def test_interval_ends_where_the_test_begins_to_reject() -> None:
    data = simulated([4, 7, 3, 9, 5, 6, 8, 5])
    found = bootstrapped(*data, multipliers="rademacher").effect
    assert isinstance(found, Estimate)
    assert found.conf_low is not None
    assert found.conf_high is not None
    step = 1e-6 * (found.conf_high - found.conf_low)
    for limit, outwards in ((found.conf_low, -step), (found.conf_high, step)):
        assert p_by_definition(data, limit - outwards, [-1.0, 1.0]) > 0.05
        assert p_by_definition(data, limit + outwards, [-1.0, 1.0]) <= 0.05


def test_interval_excludes_zero_where_p_is_small_and_only_there() -> None:
    for seed in map(str, range(20)):
        found = bootstrapped(*simulated([6] * 14, seed=seed), n_draws=999)
        assert isinstance(found.effect, Estimate)
        assert found.effect.conf_low is not None
        assert found.effect.conf_high is not None
        inside = found.effect.conf_low <= 0 <= found.effect.conf_high
        assert inside == (number(found.p_value) > 0.05)


def test_effect_moves_with_the_outcomes_unit_and_shift() -> None:
    outcome, design, clusters = simulated([6] * 13)
    plain = bootstrapped(outcome, design, clusters).effect
    moved = bootstrapped(10 * outcome + 3 * design[:, 1], design, clusters).effect
    assert isinstance(plain, Estimate)
    assert isinstance(moved, Estimate)
    for part in ("estimate", "conf_low", "conf_high"):
        assert getattr(moved, part) == pytest.approx(
            10 * getattr(plain, part) + 3, rel=1e-8
        )


def test_absorbed_groups_are_their_own_columns() -> None:
    outcome, design, clusters = simulated([8] * 14)
    site = clusters // 4
    absorbed = bootstrapped(
        outcome, design[:, 1:], clusters, names=["arm", "before"], absorb=site
    )
    columns = np.hstack([np.eye(4)[site], design[:, 1:]])
    names = ["a", "b", "c", "d", "arm", "before"]
    explicit = bootstrapped(outcome, columns, clusters, names=names)
    assert number(absorbed.p_value) == number(explicit.p_value)
    assert absorbed.effect.n == explicit.effect.n
    assert number(absorbed.effect) == pytest.approx(number(explicit.effect), rel=1e-10)


def test_draws_come_from_the_seed() -> None:
    data = simulated([6] * 20)
    assert bootstrapped(*data) == bootstrapped(*data)
    assert bootstrapped(*data) != bootstrapped(*data, seed="other")


def test_five_thousand_rows_take_under_a_second() -> None:
    data = simulated([100] * 50)
    start = time.perf_counter()
    bootstrapped(*data)
    assert time.perf_counter() - start < 1.0


def test_five_clusters_of_two_signs_reject_nothing_and_say_so() -> None:
    found = bootstrapped(*simulated([9] * 5, effect=9), multipliers="rademacher")
    assert isinstance(found.effect, Estimate)
    assert found.effect.conf_low is None
    assert "placebo" in found.effect.method
    assert number(found.p_value) >= 2 / 2**5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("four clusters", "4 clusters; at least 5"),
        ("missing", "missing or infinite"),
        ("constant", "exactly"),
        ("dependent", "predicted by the columns before: before"),
        ("one treated", "placebo clusters"),
    ],
)
def test_what_cannot_be_tested_says_why(change: str, reason: str) -> None:
    outcome, design, clusters = simulated([6] * 8)
    if change == "four clusters":
        outcome, design, clusters = simulated([6] * 4)
    elif change == "missing":
        outcome[3] = np.nan
    elif change == "constant":
        outcome[:] = 4.0
    elif change == "dependent":
        design[:, 2] = 1 - design[:, 1]
    else:
        design[:, 1] = clusters == 2
    found = bootstrapped(outcome, design, clusters)
    assert isinstance(found.effect, Unavailable)
    assert isinstance(found.p_value, Unavailable)
    assert reason in found.effect.reason


def test_p_is_that_of_wildboottests_type_31() -> None:
    """Oracle: Python's wildboottest 0.3.2, bootstrap_type "31", all combinations."""
    data = simulated([4, 17, 3, 9, 25, 6, 12, 8, 14, 5], effect=0.5, seed="peer")
    # Counts of the same 1,024 combinations: equal, not close.
    assert number(bootstrapped(*data).p_value) == 300 / 1024
