"""Item bias: seen where it was put in, and absent where nothing can be said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2

from heard.models.ordinal_regression import _Design, empty_log_likelihood, ordinal_fit
from heard.psychometrics.item_response.item_bias import (
    ROUNDS,
    ItemBias,
    _Data,
    item_bias,
)
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

CATEGORIES = range(1, 6)


def biased(n: int = 400, shift: float = 2.5) -> tuple[pd.DataFrame, pd.Series]:
    """The first of five items is answered higher by group b."""
    random = np.random.default_rng(3)
    groups = pd.Series(np.where(np.arange(n) % 2, "b", "a"))
    latent = random.normal(size=(n, 1)) + random.normal(size=(n, 5))
    latent[:, 0] += shift * (groups == "b")
    rows = np.clip(np.round(latent) + 3, 1, 5)
    return pd.DataFrame(rows, columns=[f"q{i}" for i in range(5)]), groups


def number(result: object) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def numbers(one: ItemBias) -> list[float]:
    """All but the adjusted p, which hangs on how many items there are."""
    kept = one.to_frame().query("term != 'total_bias_p_adjusted'")
    return [float(value) for value in kept["estimate"]]


def test_the_item_that_was_shifted_is_found_and_purifying_clears_the_rest() -> None:
    responses, groups = biased()
    found = item_bias(responses, groups=groups, categories=CATEGORIES, purify=True)
    verdicts = [one.verdict for one in found]
    assert verdicts == ["to be looked at"] + ["negligible"] * 4
    assert "1 items left out of the total" in found[1].mcfadden_change.method
    assert number(found[0].group_log_odds) > 0
    assert number(found[0].standardised_mean_difference) > 0


def test_the_other_group_as_focal_turns_the_sign_only() -> None:
    responses, groups = biased()
    one = item_bias(responses, groups=groups, categories=CATEGORIES)[0]
    two = item_bias(responses, groups=groups, categories=CATEGORIES, focal="a")[0]
    assert number(two.group_log_odds) == pytest.approx(-number(one.group_log_odds))
    assert number(two.total_chi_square) == pytest.approx(number(one.total_chi_square))


def test_adjusted_p_is_never_below_p() -> None:
    responses, groups = biased(shift=0.3)
    for one in item_bias(responses, groups=groups, categories=CATEGORIES):
        assert number(one.total_p_adjusted) >= number(one.total_p)


def test_nobody_without_a_group_or_with_a_gap_is_counted() -> None:
    responses, groups = biased()
    groups[0] = None
    responses.iloc[1, 2] = np.nan
    found = item_bias(responses, groups=groups, categories=CATEGORIES)
    assert isinstance(found[0].total_p, Estimate)
    assert found[0].total_p.n == 398


def test_one_group_no_rows_one_item_and_text_say_why() -> None:
    responses, groups = biased()
    text = responses.assign(q1="x")
    for rows, labels, reason in [
        (responses, groups.where(groups == "a"), "groups with complete answers 1"),
        (responses[:0], groups[:0], "groups with complete answers 0"),
        (responses[["q0"]], groups, "number of items 1"),
        (responses[:4], groups[:4], "participants in the smaller group 2"),
        (text, groups, "q1 does not hold numbers"),
        (responses + 0.5, groups, "none of the declared categories"),
    ]:
        for one in item_bias(rows, groups=labels, categories=CATEGORIES):
            assert one.verdict == "unknown"
            for result in one.results():
                assert isinstance(result, Unavailable)
                assert reason in result.reason


def test_a_constant_item_is_absent_and_the_others_are_not() -> None:
    responses, groups = biased()
    found = item_bias(responses.assign(q4=2.0), groups=groups, categories=CATEGORIES)
    assert isinstance(found[4].total_p, Unavailable)
    assert "one category" in found[4].total_p.reason
    assert isinstance(found[0].total_p, Estimate)


def test_a_total_that_tells_the_answer_has_no_maximum() -> None:
    rows = pd.DataFrame({"q0": [1, 2, 3, 4] * 5, "q1": [1, 2, 3, 4] * 5}, dtype=float)
    groups = pd.Series(["a"] * 12 + ["b"] * 8)
    one = item_bias(rows, groups=groups, categories=[1, 2, 3, 4])[0]
    assert isinstance(one.total_p, Unavailable)
    assert "ordinal regression of q0" in one.total_p.reason


def test_a_programming_error_is_refused() -> None:
    responses, groups = biased()
    with pytest.raises(ValueError, match="none of the groups"):
        item_bias(responses, groups=groups, categories=CATEGORIES, focal="c")
    with pytest.raises(ValueError, match="entries for"):
        item_bias(responses, groups=groups[:3], categories=CATEGORIES)
    with pytest.raises(ValueError, match="between 0 and 1"):
        item_bias(responses, groups=groups, categories=CATEGORIES, confidence=0)


def test_purifying_is_asked_for() -> None:
    responses, groups = biased()
    found = item_bias(responses, groups=groups, categories=CATEGORIES)
    for one in found:
        assert "left out of the total" not in "".join(one.to_frame()["method"])


def test_a_purified_total_lacks_other_biased_items_and_keeps_its_own() -> None:
    responses, groups = biased()
    plain = item_bias(responses, groups=groups, categories=CATEGORIES)
    purified = item_bias(responses, groups=groups, categories=CATEGORIES, purify=True)
    assert numbers(purified[0]) == pytest.approx(numbers(plain[0]))
    rest = item_bias(responses.iloc[:, 1:], groups=groups, categories=CATEGORIES)
    for one, other in zip(purified[1:], rest, strict=True):
        assert numbers(one) == pytest.approx(numbers(other))
    assert "0 items left out" in purified[0].total_p.method
    assert "1 items left out" in purified[1].total_p.method


def test_where_all_items_are_biased_none_is_left_out() -> None:
    responses, groups = biased()
    two = responses[["q0", "q1"]]
    found = item_bias(two, groups=groups, categories=CATEGORIES, purify=True)
    assert [one.verdict for one in found] == ["to be looked at"] * 2
    assert isinstance(found[0].total_p, Estimate)
    assert "left out of the total" not in found[0].total_p.method


@pytest.mark.parametrize(
    ("lists", "rounds"),
    [
        # What was dropped -> what is dropped next; the last comes back or stays.
        ({(): (0,), (0,): (1,), (1,): (0,)}, 3),
        ({(): (0,), (0,): (0, 1), (0, 1): (0, 1, 2), (0, 1, 2): (0, 1, 2)}, 4),
        ({tuple(range(i)): tuple(range(i + 1)) for i in range(12)}, ROUNDS),
    ],
)
def test_purifying_ends_where_the_list_stays_or_comes_back(
    lists: dict[tuple[int, ...], tuple[int, ...]],
    rounds: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, ...]] = []
    true = _Data.one_item

    def one_item(
        data: _Data, place: int, dropped: np.ndarray, confidence: float
    ) -> ItemBias:
        left = tuple(int(i) for i in np.flatnonzero(dropped))
        if place == 0:
            asked.append(left)
        found = true(data, place, np.zeros_like(dropped), confidence)
        verdict = "to be looked at" if place in lists[left] else "negligible"
        return dataclasses.replace(found, verdict=verdict)

    monkeypatch.setattr(_Data, "one_item", one_item)
    random = np.random.default_rng(1)
    rows = pd.DataFrame(random.integers(1, 6, (80, 14)) * 1.0)
    groups = pd.Series(np.arange(80) % 2)
    item_bias(rows, groups=groups, categories=CATEGORIES, purify=True)
    assert len(asked) == rounds


def test_a_category_one_group_never_chose_is_merged_and_told() -> None:
    responses, groups = biased()
    responses["q2"] = responses["q2"].mask(
        (groups == "a") & (responses["q2"] == 5), 4.0
    )
    one = item_bias(responses, groups=groups, categories=CATEGORIES)[2]
    assert isinstance(one.total_p, Estimate)
    assert "q2: 5 with 4" in one.total_p.method


def test_three_groups_are_not_two() -> None:
    responses, _ = biased()
    groups = pd.Series(np.arange(400) % 3)
    found = item_bias(responses, groups=groups, categories=CATEGORIES)
    assert isinstance(found[0].total_p, Unavailable)
    assert "groups with complete answers 3" in found[0].total_p.reason
    assert found[0].total_p.n == 400


def test_the_focal_group_is_counted() -> None:
    responses, groups = biased()
    groups[:300] = "a"
    found = item_bias(responses, groups=groups, categories=CATEGORIES)
    assert "; 50 in the focal group" in found[0].total_p.method


def test_mantel_is_that_of_a_loop_over_totals_of_the_answers_themselves() -> None:
    random = np.random.default_rng(8)
    codes = np.array([1.0, 2.0, 10.0])
    rows = pd.DataFrame(codes[random.integers(0, 3, (90, 3))], columns=list("abc"))
    groups = pd.Series(np.arange(90) % 2)
    rows.loc[0] = 10.0  # somebody at a total that nobody of the other group has
    rows.loc[1:, "a"] = rows.loc[1:, "a"].where(rows.sum(axis=1) < 30, 1.0)
    one = item_bias(rows, groups=groups, categories=[1, 2, 10])[0]
    excess = variance = people = difference = focal = 0.0
    for _, stratum in rows.groupby(rows.sum(axis=1)):
        inside = stratum["a"][groups[stratum.index] == 1]
        outside = stratum["a"][groups[stratum.index] == 0]
        if inside.empty or outside.empty:
            continue
        excess += inside.sum() - len(inside) * stratum["a"].mean()
        share = len(inside) * len(outside) / len(stratum)
        variance += share * stratum["a"].var()
        people += len(stratum)
        focal += len(inside)
        difference += len(inside) * (inside.mean() - outside.mean())
    assert number(one.mantel_chi_square) == pytest.approx(excess**2 / variance)
    assert number(one.mantel_p) == pytest.approx(chi2.sf(excess**2 / variance, 1))
    assert number(one.standardised_mean_difference) == pytest.approx(difference / focal)
    assert isinstance(one.mantel_p, Estimate)
    assert one.mantel_p.n == people < 90


def test_groups_without_a_common_total_have_no_mantel() -> None:
    random = np.random.default_rng(2)
    groups = pd.Series(np.arange(60) % 2)
    low = random.integers(1, 3, (60, 2)) + 3 * groups.to_numpy()[:, None]
    rows = pd.DataFrame(low * 1.0, columns=["a", "b"])
    # The answers overlap though the totals do not: a third item tells them apart.
    rows = rows.assign(a=random.integers(1, 3, 60), c=groups * 20.0 + 1)
    found = item_bias(rows, groups=groups, categories=range(1, 22))
    result = found[0].mantel_chi_square
    assert isinstance(result, Unavailable)


def test_a_group_that_tells_the_answer_has_no_maximum() -> None:
    # Total and group together separate the answers of q0; the total alone does not.
    one = [(1, 1), (1, 2), (1, 3), (2, 3), (2, 4)] * 4
    two = [(1, 1), (2, 1), (2, 2), (2, 3)] * 4
    rows = pd.DataFrame([*one, *two], columns=["q0", "q1"], dtype=float)
    groups = pd.Series(["a"] * 20 + ["b"] * 16)
    found = item_bias(rows, groups=groups, categories=[1, 2, 3, 4])[0]
    assert isinstance(found.total_p, Unavailable)
    assert "separates the categories" in found.total_p.reason


def test_the_verdict_follows_mcfadden_at_two_hundredths() -> None:
    seen: set[tuple[bool, bool]] = set()
    between = False
    for shift in np.linspace(0.3, 1.5, 13):
        responses, groups = biased(shift=float(shift))
        for one in item_bias(responses, groups=groups, categories=CATEGORIES):
            change = number(one.mcfadden_change)
            assert one.verdict == (
                "to be looked at" if change >= 0.02 else "negligible"
            )
            seen.add((change >= 0.02, number(one.nagelkerke_change) >= 0.02))
            between |= 0.02 <= change < 0.05
    # The rule would be another with Nagelkerke's change, or a higher limit.
    assert (False, True) in seen
    assert between


def test_the_same_answers_in_both_groups_hold_no_bias() -> None:
    responses, _ = biased()
    groups = pd.Series(["a"] * 400 + ["b"] * 400)
    twice = pd.concat([responses, responses], ignore_index=True)
    for one in item_bias(twice, groups=groups, categories=CATEGORIES):
        assert 0 <= number(one.total_chi_square) < 1e-8
        assert number(one.group_log_odds) == pytest.approx(0, abs=1e-6)
        assert number(one.standardised_mean_difference) == pytest.approx(0, abs=1e-12)


def test_limits_are_as_wide_as_asked() -> None:
    responses, groups = biased()
    widths = {}
    for confidence in (0.5, 0.95):
        weight = item_bias(
            responses, groups=groups, categories=CATEGORIES, confidence=confidence
        )[0].group_log_odds
        assert isinstance(weight, Estimate)
        assert weight.conf_low is not None
        assert weight.conf_high is not None
        widths[confidence] = weight.conf_high - weight.conf_low
    assert widths[0.95] / widths[0.5] == pytest.approx(1.959964 / 0.674490, rel=1e-5)


def test_p_is_adjusted_over_the_items_that_have_one() -> None:
    responses, groups = biased(shift=0.3)
    found = item_bias(responses.assign(q4=2.0), groups=groups, categories=CATEGORIES)
    assert isinstance(found[0].total_p_adjusted, Estimate)
    assert "Benjamini-Hochberg over 4 items" in found[0].total_p_adjusted.method
    raw = np.array([number(one.total_p) for one in found[:4]])
    order = raw.argsort()
    by_hand = np.minimum.accumulate((raw[order] * 4 / np.arange(1, 5))[::-1])[::-1]
    reported = np.array([number(one.total_p_adjusted) for one in found[:4]])
    assert reported[order] == pytest.approx(np.minimum(by_hand, 1))


def test_rows_name_the_item() -> None:
    responses, groups = biased()
    one = item_bias(responses, groups=groups, categories=CATEGORIES)[3]
    assert set(one.to_frame()["item"]) == {"q3"}


def test_a_total_that_never_changes_matches_nobody() -> None:
    first = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0] * 8)
    rows = pd.DataFrame({"a": first, "b": 6 - first})
    groups = pd.Series([0] * 20 + [1] * 20)
    one = item_bias(rows, groups=groups, categories=CATEGORIES)[0]
    assert isinstance(one.total_p, Unavailable)
    assert "a covariate without variance" in one.total_p.reason


def test_a_steep_regression_is_climbed_without_overshooting() -> None:
    random = np.random.default_rng(5)
    covariate = random.normal(size=120)
    logit = 12 * covariate + random.logistic(size=120)
    ranks = np.searchsorted((-18.0, -1.0, 15.0), logit).astype(np.int64)
    fit = ordinal_fit(ranks, covariate[:, None])
    assert not fit.fault

    def minus(point: np.ndarray) -> float:
        edges = np.concatenate([[np.inf], point[0] - np.cumsum(np.exp(point[1:4]))])
        edges = np.append(edges, -np.inf)
        chance = expit(point[4] * covariate + edges[ranks]) - expit(
            point[4] * covariate + edges[ranks + 1]
        )
        return -float(np.log(np.maximum(chance, 1e-300)).sum())

    best = minimize(
        minus,
        [20.0, 0.0, 2.5, 2.5, 10.0],
        method="Nelder-Mead",
        tol=1e-10,
        options={"maxiter": 20_000, "maxfev": 20_000},
    )
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    assert fit.weights[0] == pytest.approx(best.x[4], rel=1e-3)


@pytest.mark.parametrize("noise", [0.0, 1e-9])
def test_covariates_that_follow_from_each_other_are_refused(noise: float) -> None:
    random = np.random.default_rng(6)
    covariate = random.normal(size=50)
    copy = 2 * covariate + noise * random.normal(size=50)
    ranks = (covariate + random.logistic(size=50) > 0).astype(np.int64)
    fit = ordinal_fit(ranks, np.column_stack([covariate, copy]))
    assert fit.fault == "covariates that follow from each other"


def test_thin_tails_keep_their_digits() -> None:
    covariates, ranks = np.zeros((3, 1)), np.array([0, 1, 2])
    design = _Design.of(ranks, covariates)
    for edges, exact in [
        # log of: both edges far up, and both far down; shares of e to the edges
        ([30.0, 31.0], [0.0, -30 + np.log1p(-np.exp(-1.0)), -31.0]),
        ([-31.0, -30.0], [-31.0, -30 + np.log1p(-np.exp(-1.0)), 0.0]),
    ]:
        value, gradient, _ = design.at(np.array([*edges, 0.0]))
        assert value == pytest.approx(sum(exact), rel=1e-12)
        assert np.isfinite(gradient).all()


def test_shares_of_categories_leave_out_who_is_not_there() -> None:
    ranks = np.array([0, 2, 2, 2])
    assert empty_log_likelihood(ranks) == pytest.approx(
        np.log(1 / 4) + 3 * np.log(3 / 4)
    )


def test_equal_totals_are_one_whatever_their_last_digits() -> None:
    """Sums of tenths differ in the order they were added up in."""
    responses, groups = biased()
    whole, tenths = (
        item_bias(rows, groups=groups, categories=[c / size for c in CATEGORIES])
        for rows, size in ((responses, 1), (responses / 10, 10))
    )
    for one, other in zip(whole, tenths, strict=True):
        chi_square = number(one.mantel_chi_square)
        assert number(other.mantel_chi_square) == pytest.approx(chi_square, rel=1e-9)
