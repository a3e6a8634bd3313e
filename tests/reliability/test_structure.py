"""Correlations, dimensions and factors: worked examples, odd data, and options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from heard.psychometrics.categories import categorised_responses
from heard.psychometrics.structure.dimensions import (
    _compared,
    _Reporter,
    minimum_average_partial,
    parallel_analysis,
)
from heard.psychometrics.structure.exploratory import exploratory_factors
from heard.psychometrics.structure.extraction import _Surface, extract_factors, rotate
from heard.psychometrics.structure.hierarchical_omega import omega_hierarchical
from heard.psychometrics.structure.item_correlations import (
    DrawnIntervals,
    bartlett_sphericity,
    item_correlations,
    sampling_adequacy,
)
from heard.psychometrics.structure.ordinal_correlations import (
    ordinal_items,
    polychoric_correlations,
)
from heard.psychometrics.structure.ordinal_reliability import (
    _slope,
    _SumVariance,
    fit_one_ordinal_factor,
    omega_categorical,
    ordinal_alpha,
    ordinal_alpha_if_dropped,
    with_interval,
)
from heard.psychometrics.structure.polychoric import (
    BEYOND,
    bivariate_normal_cdf,
    polychoric_moments,
)
from heard.results import Composite, Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from heard.results import Result

    Statistic = Callable[[pd.DataFrame], Result | Composite]

pytestmark = pytest.mark.filterwarnings("error")

CODES = (1, 2, 3, 4, 5)
FEW = 120

STATISTICS: dict[str, Statistic] = {
    "polychoric": lambda rows: polychoric_correlations(rows, categories=CODES),
    "adequacy": sampling_adequacy,
    "ordinal adequacy": lambda rows: sampling_adequacy(
        rows, categories=CODES, missing="pairwise"
    ),
    "sphericity": bartlett_sphericity,
    "average partial": minimum_average_partial,
    "ordinal average partial": lambda rows: minimum_average_partial(
        rows, categories=CODES
    ),
    "parallel": lambda rows: parallel_analysis(rows, replicates=9),
    "parallel factors": lambda rows: parallel_analysis(
        rows, variant="factors", chance="permutation", replicates=9
    ),
    "ordinal parallel": lambda rows: parallel_analysis(
        rows, chance="permutation", replicates=3, categories=CODES
    ),
    "one factor": lambda rows: exploratory_factors(rows, factors=1, replicates=FEW),
    "two factors": lambda rows: exploratory_factors(
        rows, factors=2, extraction="ml", rotation="promax", replicates=FEW
    ),
    "ordinal factor": lambda rows: exploratory_factors(
        rows, factors=1, categories=CODES, missing="pairwise", replicates=FEW
    ),
    "hierarchical": lambda rows: omega_hierarchical(rows, factors=2, replicates=FEW),
    "one general": lambda rows: omega_hierarchical(
        rows, factors=1, extraction="ml", replicates=FEW
    ),
    "ordinal alpha": lambda rows: ordinal_alpha(rows, categories=CODES),
    "categorical omega": lambda rows: omega_categorical(rows, categories=CODES),
}


def one_trait(n: int = 60, items: int = 6, seed: int = 3) -> pd.DataFrame:
    """Items from 1 to 5 that follow one trait."""
    random = np.random.default_rng(seed)
    latent = random.normal(size=(n, 1)) + random.normal(size=(n, items))
    answers = np.clip(np.round(3 + latent), 1, 5)
    return pd.DataFrame(answers, columns=list("abcdefgh")[:items])


def awkward() -> Iterator[tuple[str, pd.DataFrame]]:
    """Frames of every kind that breaks statistics."""
    rows = one_trait()
    random = np.random.default_rng(5)
    for n in (0, 1, 2, 3, 5, 7):
        yield f"{n} rows", rows.head(n)
    for k in (0, 1, 2, 3):
        yield f"{k} items", rows.iloc[:, :k]
    yield "constant", rows.assign(a=3.0)
    yield "no one answered an item", rows.assign(a=np.nan)
    yield "text", rows.assign(a="x")
    yield "infinite", rows.assign(a=np.inf)
    yield "undeclared", rows.assign(a=9.0)
    yield "a copy", rows.assign(b=rows["a"])
    yield "a mirror", rows.assign(b=6 - rows["a"])
    yield "cancelling", rows.assign(b=6 - rows["a"])[["a", "b"]]
    yield "two categories", (rows > 3) + 1.0
    yield "nothing in common", pd.DataFrame(random.integers(1, 6, size=(40, 4)))
    yield "more items than people", pd.DataFrame(random.integers(1, 6, size=(12, 15)))
    yield "one name twice", rows.set_axis([*"aabcde"], axis=1)
    yield "gaps", rows.astype("Int64").mask(random.random(rows.shape) < 0.15)
    yield "empty", rows.iloc[:, :0].iloc[:0]


def results(found: Result | Composite) -> list[Result]:
    return list(found.results()) if isinstance(found, Composite) else [found]


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize(("kind", "rows"), list(awkward()))
def test_awkward_data_give_estimates_or_reasons(
    statistic: str, kind: str, rows: pd.DataFrame
) -> None:
    for result in results(STATISTICS[statistic](rows)):
        if isinstance(result, Unavailable):
            assert result.reason
            continue
        if result.conf_low is None or result.conf_high is None:
            assert "no interval: " in result.method, result
        else:
            assert result.conf_low <= result.estimate <= result.conf_high


@pytest.mark.parametrize(
    ("statistic", "kind", "reason"),
    [
        ("polychoric", "1 rows", "participants who answered any item 1; at least 3"),
        ("polychoric", "1 items", "number of items 1; at least 2 needed"),
        ("polychoric", "constant", "1 of 6 items constant: a"),
        ("polychoric", "no one answered an item", "no one answered a"),
        ("polychoric", "undeclared", "60 answers are none of the declared categories"),
        ("ordinal alpha", "a copy", "1 of 15 pairs of items: the polychoric"),
        ("ordinal alpha", "text", "a does not hold numbers but text"),
        ("categorical omega", "2 items", "number of items 2; at least 3 needed"),
        ("adequacy", "a copy", "linearly dependent items"),
        ("sphericity", "5 rows", "5 participants for 6 items; more participants"),
        ("average partial", "2 items", "number of items 2; at least 3 needed"),
        ("parallel", "5 rows", "5 participants for 6 items; more participants"),
        ("two factors", "3 items", "2 factors of 3 items: more than the correlations"),
        ("two factors", "a copy", "linearly dependent items"),
        ("hierarchical", "infinite", "a holds 60 infinite or immense values"),
        ("one factor", "more items than people", "12 participants for 15 items"),
    ],
)
def test_absence_says_why(statistic: str, kind: str, reason: str) -> None:
    found = results(STATISTICS[statistic](dict(awkward())[kind]))
    absent = [one for one in found if isinstance(one, Unavailable)]
    assert absent
    assert any(one.reason.startswith(reason) for one in absent), absent[-1].reason


def test_no_message_quotes_an_answer() -> None:
    rows = one_trait().assign(a=7731.0)
    for statistic in STATISTICS.values():
        for result in results(statistic(rows)):
            assert "7731" not in str(result)


@pytest.mark.parametrize("correlation", [-0.95, -0.3, 0.0, 0.4, 0.99])
def test_bivariate_normal_is_the_integral_of_its_density(correlation: float) -> None:
    for first, second in ((0.0, 0.0), (0.0, -1.1), (0.7, 0.7), (-2.0, 1.3), (3.0, 0.1)):

        def inner(x: float, to: float = second) -> float:
            spread = np.sqrt(1 - correlation**2)
            given = stats.norm.cdf((to - correlation * x) / spread)
            return float(stats.norm.pdf(x) * given)

        true, _ = integrate.quad(
            inner, -9, first, epsabs=1e-14, epsrel=1e-13, limit=400
        )
        found = bivariate_normal_cdf(
            np.array(first), np.array(second), np.array(correlation)
        )
        # Owen's T is right to machine precision; the integral to its own.
        assert float(found) == pytest.approx(true, abs=1e-12)


def test_beyond_stands_for_infinity() -> None:
    some = np.array([-1.2, 0.0, 0.6])
    found = bivariate_normal_cdf(some, np.array(BEYOND), np.array(0.6))
    np.testing.assert_allclose(found, stats.norm.cdf(some), atol=1e-16)


def test_tetrachoric_of_halves_is_the_sine_of_their_agreement() -> None:
    """Cut at the medians, rho = sin(pi/2 (agreeing share - disagreeing share))."""
    counts = (35, 15, 15, 35)
    table = pd.DataFrame(
        {"a": np.repeat([1, 1, 2, 2], counts), "b": np.repeat([1, 2, 1, 2], counts)}
    )
    pair = polychoric_correlations(table, categories=[1, 2]).pairs[0]
    assert isinstance(pair.polychoric_correlation, Estimate)
    assert pair.polychoric_correlation.estimate == pytest.approx(
        np.sin(np.pi / 2 * 0.4), abs=1e-12
    )
    assert pair.polychoric_correlation.n == 100


def test_thresholds_are_quantiles_and_their_limits_wilsons() -> None:
    rows = pd.DataFrame({"a": [1] * 20 + [2] * 30 + [3] * 50, "b": ([1, 2, 3, 2] * 25)})
    first = polychoric_correlations(rows, categories=[1, 2, 3]).thresholds[0].threshold
    assert isinstance(first, Estimate)
    limits = stats.binomtest(20, 100).proportion_ci(0.95, method="wilson")
    assert [first.estimate, first.conf_low, first.conf_high] == pytest.approx(
        [float(stats.norm.ppf(p)) for p in (0.2, limits.low, limits.high)], abs=1e-9
    )


def test_limits_of_a_correlation_are_symmetric_in_fishers_z() -> None:
    rows = one_trait(150, 2)
    items = ordinal_items(rows, CODES, "pairwise")
    assert items.moments is not None
    rho, error = items.moments.rho[0], items.moments.interval_errors[0]
    found = polychoric_correlations(rows, categories=CODES, confidence=0.9).pairs[0]
    assert isinstance(found.polychoric_correlation, Estimate)
    reach = 1.6448536269514722 * error / (1 - rho**2)
    assert [
        found.polychoric_correlation.conf_low,
        found.polychoric_correlation.conf_high,
    ] == pytest.approx(
        [np.tanh(np.arctanh(rho) - reach), np.tanh(np.arctanh(rho) + reach)]
    )


def test_resamples_are_correlations_of_the_people_drawn() -> None:
    rows = one_trait(40, 3)
    found = item_correlations(rows, None, "listwise", items=3)
    drawn = found.draws(5, np.random.default_rng(1))
    weights = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40), size=5)
    for matrix, weight in zip(drawn, weights, strict=True):
        people = np.repeat(rows.to_numpy(), weight, axis=0)
        np.testing.assert_allclose(matrix, np.corrcoef(people, rowvar=False), atol=1e-9)


def test_draws_of_polychorics_spread_as_their_errors_say() -> None:
    found = item_correlations(one_trait(300, 3), CODES, "pairwise", items=3)
    assert found.moments is not None
    drawn = found.draws(4000, np.random.default_rng(1))
    pairs = drawn[:, *np.triu_indices(3, 1)]
    expected = found.moments.interval_errors / (1 - found.moments.rho**2)
    # 4,000 draws know a standard deviation to 1.1 %.
    assert np.arctanh(pairs).std(axis=0) == pytest.approx(expected, rel=0.05)
    assert pairs.mean(axis=0) == pytest.approx(found.moments.rho, abs=0.01)


def test_only_eigenvalues_in_a_row_count() -> None:
    """A later one above chance does not bring back those before it."""
    nothing = np.zeros(3)
    reported = _Reporter(
        found=item_correlations(one_trait(50, 3), None, "listwise", items=3),
        method="m",
        reason="",
    )
    found = _compared(reported, np.array([2.0, 0.0, 1.0]), nothing, nothing + 0.5)
    assert isinstance(found.dimensions_by_percentile, Estimate)
    assert found.dimensions_by_percentile.estimate == 1


def test_a_category_nobody_chose_is_merged_and_told() -> None:
    rows = one_trait(200).replace({"a": {2.0: 3.0}})
    found = polychoric_correlations(rows, categories=CODES)
    assert [part.category for part in found.thresholds if part.item == "a"] == [*"345"]
    method = found.pairs[0].polychoric_correlation.method
    assert "categories merged: a: 2 with" in method


def test_pairwise_uses_all_who_answered_both() -> None:
    rows = one_trait(80)
    rows.loc[:9, "a"] = np.nan
    rows.loc[5:29, "b"] = np.nan
    found = polychoric_correlations(rows, categories=CODES)
    n = {(part.item, part.other_item): part for part in found.pairs}
    assert n["a", "b"].polychoric_correlation.n == 50
    assert n["a", "c"].polychoric_correlation.n == 70
    assert n["c", "d"].polychoric_correlation.n == 80
    listwise = polychoric_correlations(rows, categories=CODES, missing="listwise")
    assert {part.polychoric_correlation.n for part in listwise.pairs} == {50}
    assert (
        listwise.pairs
        == polychoric_correlations(
            rows.dropna(), categories=CODES, missing="listwise"
        ).pairs
    )


def test_who_answered_nothing_takes_no_part() -> None:
    rows = one_trait(80)
    more = pd.concat([rows, rows.head(7) * np.nan], ignore_index=True)
    assert polychoric_correlations(more, categories=CODES) == polychoric_correlations(
        rows, categories=CODES
    )


def test_influences_add_up_to_nothing_and_predict_a_participants_weight() -> None:
    """The sum of all influences is 0: the estimates solve their equations."""
    rows = one_trait(90, 4)
    found = categorised_responses(rows, CODES)
    moments = polychoric_moments(found.ranks, found.counts)
    total = moments.influence.rows(0, 90).sum(axis=0)
    assert np.abs(total).max() < 1e-8


def test_covariance_follows_the_bootstrap() -> None:
    random = np.random.default_rng(8)
    rows = one_trait(400, 3, seed=4).to_numpy()
    ranks, counts = (rows - 1).astype(np.int64), (5, 5, 5)
    own = polychoric_moments(ranks, counts)
    drawn = [
        polychoric_moments(ranks[random.integers(0, 400, 400)], counts).rho
        for _ in range(300)
    ]
    # 300 draws know a standard deviation to some 4 %.
    spread = np.std(drawn, axis=0)
    np.testing.assert_allclose(own.errors, spread, rtol=0.15)
    np.testing.assert_allclose(own.interval_errors, spread, rtol=0.15)


def test_expected_information_is_less_sure_in_small_samples() -> None:
    """Observed scores are too sure there; with many people the two agree."""
    ratios = {}
    for n in (60, 4000):
        found = ordinal_items(one_trait(n), CODES, "listwise")
        assert found.moments is not None
        ratios[n] = found.moments.interval_errors / found.moments.errors
    assert ratios[60].mean() > 1.03
    assert ratios[4000].mean() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("statistic", [ordinal_alpha, omega_categorical])
def test_intervals_of_ordinal_reliability_follow_the_bootstrap(
    statistic: Callable[..., Result],
) -> None:
    rows = one_trait(400, 4, seed=6)
    own = statistic(rows, categories=CODES)
    assert isinstance(own, Estimate)
    assert own.conf_low is not None
    assert own.conf_high is not None
    drawn = [
        statistic(rows.sample(400, replace=True, random_state=seed), categories=CODES)
        for seed in range(200)
    ]
    left = [1 - one.estimate for one in drawn if isinstance(one, Estimate)]
    spread = np.std(np.log(left))
    # 200 draws know a standard deviation to some 5 %.
    half = np.log((1 - own.conf_low) / (1 - own.conf_high)) / 2
    assert half / stats.norm.ppf(0.975) == pytest.approx(spread, rel=0.15)


def test_two_items_that_nobody_answered_both_have_a_reason() -> None:
    rows = one_trait(200, 3, seed=3).astype(float)
    rows.iloc[:100, 0] = np.nan
    rows.iloc[100:, 1] = np.nan
    found = polychoric_correlations(rows, categories=CODES)
    first, *others = [pair.polychoric_correlation for pair in found.pairs]
    assert isinstance(first, Unavailable)
    assert first.reason == "no one answered both items"
    assert all(isinstance(one, Estimate) for one in others)


def test_no_interval_where_categories_outnumber_people() -> None:
    four = Estimate(term="ordinal_alpha", estimate=0.5, n=5, method="told")
    found = with_interval(four, 0.1, 0.95, spent=5)
    assert found.conf_low is None
    assert "no interval: more than 5 participants needed" in found.method


def test_basic_intervals_mirror_the_draws_within_what_a_number_can_be() -> None:
    interval = DrawnIntervals(
        n=50, method="m", drawn="d", asked=101, usable=101, confidence=0.9
    )
    draws = np.linspace(0.0, 1.0, 101)
    loading = interval.result("loading", 0.6, draws)
    share = interval.result("communality", 0.6, draws)
    missed = interval.result("loading", 2.0, np.linspace(0.0, 1.0, 101))
    assert isinstance(loading, Estimate)
    assert isinstance(share, Estimate)
    assert isinstance(missed, Estimate)
    assert [loading.conf_low, loading.conf_high] == pytest.approx([0.25, 1.15])
    assert [share.conf_low, share.conf_high] == pytest.approx([0.25, 1.0])
    assert missed.conf_low == 2.0
    assert "widened to hold the estimate" in missed.method


def test_slopes_of_the_extraction_are_those_of_its_discrepancy() -> None:
    random = np.random.default_rng(0)
    matrix = np.asarray(np.corrcoef(random.normal(size=(40, 6)), rowvar=False))[None]
    unique = random.uniform(0.3, 0.9, size=(1, 6))
    for kind, there, back in (
        ("minres", np.asarray, np.asarray),
        ("ml", np.log, np.exp),
    ):

        def surface(at: np.ndarray, kind: Any = kind, back: Any = back) -> _Surface:
            return _Surface.at(matrix, back(at), 2, kind)

        place, moves = there(unique), 1e-5 * np.eye(6)
        slope = [
            (surface(place + d).value - surface(place - d).value)[0] / 2e-5
            for d in moves
        ]
        bend = [
            (surface(place + d).slope() - surface(place - d).slope())[0] / 2e-5
            for d in moves
        ]
        np.testing.assert_allclose(surface(place).slope()[0], slope, atol=1e-8)
        np.testing.assert_allclose(surface(place).curvature()[0], bend, atol=1e-7)


def test_known_loadings_are_found_again() -> None:
    loadings = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.7], [0, 0.6], [0, 0.5]])
    between = np.array([[1, 0.3], [0.3, 1]])
    implied = loadings @ between @ loadings.T
    np.fill_diagonal(implied, 1.0)
    for kind in ("minres", "ml"):
        found = extract_factors(implied[None], 2, kind)
        assert found.settled.all()
        assert found.discrepancy[0] == pytest.approx(0, abs=1e-14)
        turned = rotate(found.loadings, "oblimin")
        own = np.abs(turned.loadings[0])
        own = own if own[0, 0] > own[0, 1] else own[:, ::-1]
        # Oblimin with gamma 0 finds perfect simple structure where there is one.
        np.testing.assert_allclose(own, loadings, atol=1e-5)
        assert abs(turned.correlations[0, 0, 1]) == pytest.approx(0.3, abs=1e-5)


def test_rotation_keeps_what_the_factors_reproduce() -> None:
    rows = np.corrcoef(one_trait(200, 6).to_numpy(), rowvar=False)[None]
    found = extract_factors(rows, 2, "minres")
    whole = found.loadings @ found.loadings.transpose(0, 2, 1)
    for rotation in ("oblimin", "promax", "varimax", "none"):
        turned = rotate(found.loadings, rotation)
        again = (
            turned.loadings @ turned.correlations @ turned.loadings.transpose(0, 2, 1)
        )
        np.testing.assert_allclose(again, whole, atol=1e-12)
        np.testing.assert_allclose(
            np.diagonal(turned.correlations, axis1=1, axis2=2), 1.0, atol=1e-12
        )


def test_a_heywood_case_is_named() -> None:
    matrix = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]])
    found = exploratory_factors(with_correlations(matrix), factors=1, replicates=0)
    assert (
        "Heywood case, uniqueness held at 0.005: a" in found.loadings[0].loading.method
    )


def with_correlations(matrix: np.ndarray, n: int = 80) -> pd.DataFrame:
    """Responses whose sample correlations are nearly those asked for."""
    random = np.random.default_rng(7)
    noise = random.normal(size=(n, len(matrix)))
    basis, _ = np.linalg.qr(noise - noise.mean(axis=0))
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 1e-3))
    return pd.DataFrame(basis @ root.T, columns=list("abcdefgh")[: len(matrix)])


def test_bootstrap_intervals_know_which_factor_is_which() -> None:
    random = np.random.default_rng(2)
    group = np.repeat(random.normal(size=(300, 2)), 3, axis=1)
    rows = pd.DataFrame(group + random.normal(size=(300, 6)))
    found = exploratory_factors(rows, factors=2, replicates=300)
    for part in found.loadings:
        assert isinstance(part.loading, Estimate)
        assert part.loading.conf_low is not None
        assert part.loading.conf_high is not None
        # Swapped or turned factors would make them reach from -0.7 to 0.7.
        assert part.loading.conf_high - part.loading.conf_low < 0.45
    assert "300 of 300 draws usable" in found.loadings[0].loading.method


def test_the_same_name_gives_the_same_draws() -> None:
    rows = one_trait(100)
    once = omega_hierarchical(rows, factors=2, replicates=FEW)
    assert once == omega_hierarchical(rows, factors=2, replicates=FEW)
    assert once != omega_hierarchical(rows, factors=2, replicates=FEW, seed="other")
    first = parallel_analysis(rows, replicates=20)
    assert first == parallel_analysis(rows, replicates=20)
    assert first != parallel_analysis(rows, replicates=20, seed="other")


def test_too_few_draws_give_no_interval_and_say_so() -> None:
    found = omega_hierarchical(one_trait(), factors=2, replicates=50)
    assert isinstance(found.omega_hierarchical, Estimate)
    assert found.omega_hierarchical.conf_low is None
    assert "no interval: 50 of 50 draws" in found.omega_hierarchical.method


def test_omega_of_parallel_items_is_their_alpha_and_all_general() -> None:
    matrix = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    rows = with_correlations(matrix)
    found = omega_hierarchical(rows, factors=1, replicates=0)
    alpha = 4 / 3 * (1 - 4 / matrix.sum())
    for result in (found.omega_hierarchical, found.omega_total_schmid_leiman):
        assert isinstance(result, Estimate)
        assert result.estimate == pytest.approx(alpha, abs=1e-9)
    assert isinstance(found.explained_common_variance, Estimate)
    assert found.explained_common_variance.estimate == pytest.approx(1.0)


def test_slope_of_categorical_omega_is_that_of_its_formula() -> None:
    found = ordinal_items(one_trait(150, 4), CODES, "listwise")
    assert found.moments is not None
    moments = found.moments
    factor = fit_one_ordinal_factor(moments, found.names)
    common = _SumVariance.of(found, np.outer(factor.loadings, factor.loadings))
    whole = _SumVariance.of(found, moments.correlations)
    slope = _slope(found, common, whole, factor.loadings, factor.by_correlation)
    sizes = np.cumsum([len(cuts) for cuts in moments.thresholds])

    def omega(place: np.ndarray) -> float:
        *cuts, rho = np.split(place, sizes)
        moved = replace(moments, thresholds=tuple(cuts), rho=rho)
        items = replace(found, moments=moved)
        loadings = fit_one_ordinal_factor(moved, found.names).loadings
        shared = _SumVariance.of(items, np.outer(loadings, loadings))
        return shared.value / _SumVariance.of(items, moved.correlations).value

    at = np.concatenate([*moments.thresholds, moments.rho])
    moves = 1e-5 * np.eye(len(at))
    by_hand = [(omega(at + d) - omega(at - d)) / 2e-5 for d in moves]
    np.testing.assert_allclose(slope, by_hand, atol=1e-8)


def test_categorical_omega_counts_answers_by_their_numbers() -> None:
    rows = one_trait(200, 4)
    doubled = omega_categorical(2 * rows, categories=[2 * code for code in CODES])
    once = omega_categorical(rows, categories=CODES)
    assert isinstance(once, Estimate)
    assert isinstance(doubled, Estimate)
    assert doubled.estimate == pytest.approx(once.estimate, abs=1e-12)
    stretched = omega_categorical(rows.replace(5, 9), categories=[1, 2, 3, 4, 9])
    assert isinstance(stretched, Estimate)
    assert stretched.estimate != pytest.approx(once.estimate, abs=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        lambda rows: polychoric_correlations(rows, categories=[3]),
        lambda rows: polychoric_correlations(
            rows,
            categories=CODES,
            missing="fiml",  # type: ignore[arg-type]
        ),
        lambda rows: polychoric_correlations(rows, categories=CODES, confidence=95),
        lambda rows: sampling_adequacy(rows, missing="pairwise"),
        lambda rows: parallel_analysis(rows, variant="x"),  # type: ignore[arg-type]
        lambda rows: parallel_analysis(rows, chance="x"),  # type: ignore[arg-type]
        lambda rows: parallel_analysis(rows, percentile=95),
        lambda rows: parallel_analysis(rows, replicates=1),
        lambda rows: parallel_analysis(rows, categories=CODES),
        lambda rows: exploratory_factors(rows, factors=0),
        lambda rows: exploratory_factors(
            rows,
            factors=1,
            extraction="pa",  # type: ignore[arg-type]
        ),
        lambda rows: exploratory_factors(
            rows,
            factors=1,
            rotation="x",  # type: ignore[arg-type]
        ),
        lambda rows: omega_hierarchical(rows, confidence=0.2),
    ],
)
def test_options_that_are_none_are_refused(call: Callable[[pd.DataFrame], Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        call(one_trait())


def test_frames_say_what_each_row_is_about() -> None:
    rows = one_trait(100)
    frame = polychoric_correlations(rows, categories=CODES).to_frame()
    assert list(frame.columns[:4]) == ["item", "other_item", "category", "term"]
    assert len(frame) == 15 + 6 * 4 + 1
    found = exploratory_factors(rows, factors=2, replicates=0)
    assert list(found.to_frame().columns[:4]) == [
        "item", "factor", "other_factor", "term",
    ]  # fmt: skip
    assert "<table" in found._repr_html_()
    assert len(ordinal_alpha_if_dropped(rows, categories=CODES)) == 6
    parallel = parallel_analysis(rows, replicates=9).to_frame()
    assert list(parallel["dimension"][:3]) == ["", "", "1"]
