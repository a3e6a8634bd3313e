"""What alpha, omega and mean r do with gaps, clusters, draws, clashing options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import (
    mean_inter_item_correlation,
    pearson_correlation,
    spearman_brown,
)
from heard.psychometrics.consistency.omega import omega_total
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

    Statistic = Callable[..., Result]

pytestmark = pytest.mark.filterwarnings("error")

STATISTICS: tuple[Statistic, ...] = (
    cronbach_alpha,
    omega_total,
    mean_inter_item_correlation,
)
GAP_RULES = [
    (statistic, missing)
    for statistic in STATISTICS
    for missing in ("listwise", "pairwise", "fiml")
    # omega knows no pairwise covariances
    if not (statistic is omega_total and missing == "pairwise")
]
INTERVALS = ("adf", "bootstrap", "percentile", "cluster")


@pytest.fixture
def responses() -> pd.DataFrame:
    """A hundred and twenty participants of twelve clusters, five items, no holes."""
    random = np.random.default_rng(11)
    shared = np.repeat(random.normal(0, 0.7, 12), 10)[:, None]
    trait = 3 + shared + random.normal(0, 0.7, (120, 1))
    answers = np.clip(np.round(trait + random.normal(0, 0.9, (120, 5))), 1, 5)
    return pd.DataFrame(answers, columns=list("abcde"))


@pytest.fixture
def clusters() -> pd.Series:
    """Twelve clusters of ten."""
    return pd.Series(np.repeat([f"team {team}" for team in range(12)], 10))


def with_gaps(responses: pd.DataFrame) -> pd.DataFrame:
    """The same with a seventh of the answers gone."""
    random = np.random.default_rng(5)
    return responses.mask(random.random(responses.shape) < 0.15)


def limits(found: Result) -> tuple[float, float]:
    assert isinstance(found, Estimate), found
    assert found.conf_low is not None, found.method
    assert found.conf_high is not None
    assert found.conf_low < found.estimate < found.conf_high
    return found.conf_low, found.conf_high


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval_holds_the_estimate_and_says_what_it_is(
    responses: pd.DataFrame,
    clusters: pd.Series,
    statistic: Statistic,
    interval: str,
) -> None:
    given = {"clusters": clusters} if interval == "cluster" else {}
    found = statistic(responses, interval=interval, **given)
    plain = statistic(responses)
    assert isinstance(plain, Estimate)
    limits(found)
    assert found.estimate == pytest.approx(plain.estimate, abs=1e-12)  # type: ignore[union-attr]
    words = {
        "adf": "distribution-free (ADF)",
        "bootstrap": "BCa",
        "percentile": "percentile bootstrap interval, 2000 draws of participants",
        "cluster": "over 12 clusters",
    }
    assert words[interval] in found.method


@pytest.mark.parametrize("statistic", STATISTICS)
def test_resampled_and_distribution_free_limits_are_near_each_other(
    responses: pd.DataFrame, statistic: Statistic
) -> None:
    free = limits(statistic(responses, interval="adf"))
    drawn = limits(statistic(responses, interval="bootstrap"))
    assert drawn == pytest.approx(free, abs=0.03)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_clusters_of_one_are_participants(
    responses: pd.DataFrame, statistic: Statistic, missing: str
) -> None:
    alone = pd.Series(range(len(responses)))
    free = limits(statistic(responses, missing=missing, interval="adf"))
    each = limits(statistic(responses, missing=missing, clusters=alone))
    # t of 119 instead of the normal, 1.9801 / 1.9600
    assert each == pytest.approx(free, abs=0.003)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("interval", ["cluster", "percentile"])
def test_doubled_participants_are_no_news_where_they_are_one_cluster(
    responses: pd.DataFrame, statistic: Statistic, interval: str
) -> None:
    twice = pd.concat([responses, responses], ignore_index=True)
    whose = pd.Series(np.tile(range(len(responses)), 2))
    once = statistic(responses, interval=interval, clusters=whose.iloc[:120])
    found = statistic(twice, interval=interval, clusters=whose)
    # influences have the divisor n - 1, which doubles to a little more than half
    tolerance = 1e-3 if interval == "cluster" else 1e-8
    assert limits(found) == pytest.approx(limits(once), abs=tolerance)
    assert limits(statistic(twice, interval="adf"))[0] > limits(found)[0]


@pytest.mark.parametrize(("statistic", "missing"), GAP_RULES)
def test_the_order_of_participants_says_nothing(
    responses: pd.DataFrame, clusters: pd.Series, statistic: Statistic, missing: str
) -> None:
    rows = with_gaps(responses)
    found = statistic(rows, missing=missing, clusters=clusters)
    order = np.random.default_rng(2).permutation(len(rows))
    mixed = statistic(rows.iloc[order], missing=missing, clusters=clusters.iloc[order])
    assert limits(mixed) == pytest.approx(limits(found), abs=1e-6)


@pytest.mark.parametrize("statistic", [cronbach_alpha, mean_inter_item_correlation])
@pytest.mark.parametrize("missing", ["pairwise", "fiml"])
def test_without_gaps_every_rule_is_the_same(
    responses: pd.DataFrame, statistic: Statistic, missing: str
) -> None:
    plain = limits(statistic(responses, interval="adf"))
    found = limits(statistic(responses, interval="adf", missing=missing))
    assert found == pytest.approx(plain, abs=2e-3)


@pytest.mark.parametrize("statistic", [cronbach_alpha, mean_inter_item_correlation])
@pytest.mark.parametrize("missing", ["pairwise", "fiml"])
def test_influences_are_what_leaving_a_participant_out_does(
    responses: pd.DataFrame, statistic: Statistic, missing: str
) -> None:
    from heard.psychometrics.consistency.lower_bounds import lambda_3  # noqa: PLC0415
    from heard.psychometrics.consistency.sample import sample_for  # noqa: PLC0415

    rows = with_gaps(responses).dropna(how="all").reset_index(drop=True)
    sample = sample_for(rows, missing)  # type: ignore[arg-type]
    k = rows.shape[1]
    if statistic is cronbach_alpha:
        derivative = lambda_3(sample.covariance)[1]
    else:
        sample = sample.standardised()
        derivative = (1 - np.eye(k)) / (k * (k - 1))
    influences = sample.influences(derivative)
    whole = statistic(rows, missing=missing)
    n = len(rows)
    left_out = np.array(
        [
            (whole.estimate - statistic(rows.drop(index=row), missing=missing).estimate)  # type: ignore[union-attr]
            for row in range(0, n, 9)
        ]
    )
    # a jackknife differs from the derivative by a term in 1 / n
    assert left_out * n == pytest.approx(influences[::9], abs=0.15 * influences.std())


def test_pairwise_influences_know_that_means_differ_from_pair_to_pair() -> None:
    from heard.psychometrics.consistency.lower_bounds import lambda_3  # noqa: PLC0415
    from heard.psychometrics.consistency.sample import pairwise  # noqa: PLC0415

    random = np.random.default_rng(4)
    values = random.normal(size=(3000, 1)) + random.normal(size=(3000, 3))
    rows = pd.DataFrame(values, columns=list("abc"))
    rows["b"] = rows["b"].mask(rows["a"] < 0)
    rows["c"] = rows["c"].mask(rows["b"] > 1)
    sample = pairwise(rows)
    influences = sample.influences(lambda_3(sample.covariance)[1])
    alpha, places = lambda_3(sample.covariance)[0], range(0, 3000, 300)
    left_out = [
        alpha - lambda_3(pairwise(rows.drop(index=at)).covariance)[0] for at in places
    ]
    # with 3,000 participants the jackknife is the derivative to about a thousandth
    assert np.array(left_out) * 3000 == pytest.approx(
        influences[::300], abs=0.01 * influences.std()
    )


def test_participants_who_answered_nothing_take_no_part(
    responses: pd.DataFrame, clusters: pd.Series
) -> None:
    rows = with_gaps(responses)
    rows.iloc[7] = np.nan
    kept = rows.drop(index=7)
    for statistic in (cronbach_alpha, omega_total):
        found = statistic(rows, missing="fiml", clusters=clusters)
        expected = statistic(kept, missing="fiml", clusters=clusters.drop(index=7))
        assert limits(found) == pytest.approx(limits(expected), abs=1e-9)


def test_observed_denominator_counts_what_the_factor_does_not_explain(
    responses: pd.DataFrame,
) -> None:
    from heard.psychometrics.consistency.one_factor import (  # noqa: PLC0415
        OneFactor,
        fit_one_factor,
    )

    rows = responses.assign(b=responses["a"] * 0.3 + responses["b"] * 0.7)
    implied, observed = omega_total(rows), omega_total(rows, denominator="observed")
    fit = fit_one_factor(rows.corr().to_numpy(), tuple("abcde"))
    assert isinstance(fit, OneFactor)
    assert isinstance(implied, Estimate)
    assert isinstance(observed, Estimate)
    common = float(rows.std(ddof=0).to_numpy() @ fit.loadings) ** 2
    expected = common / float(rows.sum(axis=1).var(ddof=0))
    assert observed.estimate == pytest.approx(expected, abs=1e-9)
    assert abs(observed.estimate - implied.estimate) > 1e-3
    assert "observed variance of the sum" in observed.method
    for interval in ("delta", "adf", "bootstrap"):
        limits(omega_total(rows, denominator="observed", interval=interval))


def test_omega_derivatives_are_those_of_small_differences(
    responses: pd.DataFrame,
) -> None:
    from heard.psychometrics.consistency.one_factor import (  # noqa: PLC0415
        OneFactor,
        fit_one_factor,
    )

    def omega_of(matrix: Any) -> tuple[float, OneFactor]:
        spread = np.sqrt(np.diag(matrix))
        fit = fit_one_factor(matrix / np.outer(spread, spread), tuple("abcde"))
        assert isinstance(fit, OneFactor)
        return fit.omega(spread), fit.times(spread)

    matrix, step = responses.cov().to_numpy(), 1e-4
    derivative = omega_of(matrix)[1].omega_derivative(matrix, expected=False)
    for row, column in ((0, 0), (1, 1), (0, 2), (3, 4)):
        moved = np.zeros_like(matrix)
        moved[row, column] = moved[column, row] = step
        slope = (omega_of(matrix + moved)[0] - omega_of(matrix - moved)[0]) / (2 * step)
        expected = float(np.sum(derivative * moved)) / step
        assert slope == pytest.approx(expected, abs=1e-5)


def test_two_items_and_clusters(responses: pd.DataFrame, clusters: pd.Series) -> None:
    two = responses[["a", "b"]]
    mean = mean_inter_item_correlation(two, clusters=clusters)
    r = pearson_correlation(two["a"], two["b"], clusters=clusters)
    brown = spearman_brown(two, clusters=clusters)
    assert isinstance(r, Estimate)
    assert isinstance(brown, Estimate)
    assert limits(r) == limits(mean)
    assert r.method.startswith("Pearson's r; ")
    low, high = limits(r)
    assert limits(brown) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))
    plain = pearson_correlation(two["a"], two["b"])
    assert plain.estimate == pytest.approx(r.estimate)  # type: ignore[union-attr]
    assert limits(plain)[0] == pytest.approx(
        np.tanh(np.arctanh(r.estimate) - 1.959963984540054 / np.sqrt(117))
    )


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"interval": "wald"}, "interval is 'wald'; give one of"),
        ({"interval": "cluster"}, "give clusters"),
        ({"interval": "adf", "clusters": pd.Series([1] * 120)}, "knows no clusters"),
        ({"clusters": pd.Series([1] * 3)}, "clusters has 3 rows, responses 120"),
        ({"missing": "mean"}, "missing is 'mean'; give"),
        ({"missing": "fiml", "interval": "bootstrap"}, "needs missing='listwise'"),
        ({"interval": "bootstrap", "replicates": 10}, "replicates is 10"),
        ({"interval": "adf", "confidence": 95}, "confidence is 95"),
    ],
)
def test_options_that_clash_are_refused(
    responses: pd.DataFrame, statistic: Statistic, options: dict[str, Any], what: str
) -> None:
    with pytest.raises(ValueError, match=what.replace("(", r"\(")):
        statistic(responses, **options)


def test_options_of_one_coefficient_that_clash_are_refused(
    responses: pd.DataFrame,
) -> None:
    with pytest.raises(ValueError, match="for raw alpha"):
        cronbach_alpha(responses, kind="standardised", interval="feldt")
    with pytest.raises(ValueError, match="kind is 'odd'"):
        cronbach_alpha(responses, kind="odd")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="denominator is 'sum'"):
        omega_total(responses, denominator="sum")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="denominator is 'observed'"):
        omega_total(responses, denominator="observed", missing="fiml")


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("interval", ["cluster", "bootstrap", "percentile"])
def test_few_or_unknown_clusters_give_no_interval(
    responses: pd.DataFrame, statistic: Statistic, interval: str
) -> None:
    few = pd.Series(np.repeat(range(4), 30))
    found = statistic(responses, interval=interval, clusters=few)
    assert isinstance(found, Estimate)
    assert found.conf_low is None
    assert found.method.endswith("no interval: clusters 4; at least 5 needed")
    gap = pd.Series([None, *range(119)])
    found = statistic(responses, interval=interval, clusters=gap)
    assert found.method.endswith("no interval: 1 participants without a cluster")


BAD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "nobody": (lambda rows: rows.iloc[:0], ""),
    "one row": (lambda rows: rows.iloc[:1], ""),
    "one item": (lambda rows: rows[["a"]], "number of items 1"),
    "text": (lambda rows: rows.assign(b="x"), "b does not hold numbers"),
    "infinite": (lambda rows: rows.assign(b=np.inf), "infinite or immense"),
    "all missing": (lambda rows: rows.assign(b=np.nan), ""),
    "no columns": (lambda rows: rows[[]], ""),
    "all constant": (lambda rows: rows * 0, ""),
    "cancelling": (lambda rows: pd.DataFrame({"a": rows.a, "b": -rows.a}), ""),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize(
    ("statistic", "missing"),
    [rule for rule in GAP_RULES if rule[0] is not mean_inter_item_correlation],
)
def test_poor_data_are_told_not_crashed_on(
    responses: pd.DataFrame, statistic: Statistic, missing: str, kind: str
) -> None:
    change, reason = BAD[kind]
    found = statistic(change(responses), missing=missing, interval="adf")
    assert isinstance(found, Unavailable)
    assert reason in found.reason
    assert found.reason


@pytest.mark.parametrize("kind", [*BAD, "perfect"])
@pytest.mark.parametrize("interval", ["bootstrap", "adf"])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_poor_data_are_not_resampled(
    responses: pd.DataFrame, statistic: Statistic, interval: str, kind: str
) -> None:
    same = pd.DataFrame(dict.fromkeys("xyz", responses["a"]))
    rows = same if kind == "perfect" else BAD[kind][0](responses)
    found = statistic(rows, interval=interval)
    if isinstance(found, Estimate):
        assert found.conf_low is None
        assert "no interval" in found.method


@pytest.mark.parametrize("n", [4, 5, 6, 8])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_handful_of_participants_can_be_resampled_or_are_not(
    responses: pd.DataFrame, statistic: Statistic, n: int
) -> None:
    for start in range(0, 60, 10):
        rows = responses.iloc[start : start + n, :3]
        for interval in ("bootstrap", "percentile", "adf"):
            found = statistic(rows, interval=interval)
            if isinstance(found, Estimate) and found.conf_low is None:
                assert "no interval" in found.method


def test_a_constant_item_has_no_standardised_alpha(responses: pd.DataFrame) -> None:
    rows = responses.assign(c=2)
    found = cronbach_alpha(rows, kind="standardised")
    assert isinstance(found, Unavailable)
    assert found.reason == "1 items constant"
    assert isinstance(cronbach_alpha(rows, interval="adf"), Estimate)


def test_pairwise_covariances_may_contradict_each_other() -> None:
    nothing = np.nan
    rows = pd.DataFrame(
        {
            "a": [1, 2, 3, 4, 1, 2, 3, 4, nothing, nothing, nothing, nothing],
            "b": [1, 2, 3, 4, nothing, nothing, nothing, nothing, 9, 2, 3, -4],
            "c": [nothing, nothing, nothing, nothing, 1, 2, 3, 4, 9, 2, 3, -4],
        }
    )
    rows["c"] = rows["c"] * 3
    found = cronbach_alpha(rows, missing="pairwise")
    assert isinstance(found, Unavailable | Estimate)
    if isinstance(found, Estimate):
        assert found.estimate <= 1


def test_pairs_nobody_answered_both_of_are_counted(responses: pd.DataFrame) -> None:
    rows = responses[["a", "b", "c"]].copy()
    rows.loc[:59, "a"] = np.nan
    rows.loc[60:, "b"] = np.nan
    found = cronbach_alpha(rows, missing="pairwise")
    assert isinstance(found, Unavailable)
    assert found.reason == "1 pairs of items, or items, answered by fewer than 3"
