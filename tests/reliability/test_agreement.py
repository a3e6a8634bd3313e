"""What agreement and retest statistics do at the edges, and what never changes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.models.random_streams import generator
from heard.psychometrics.agreement.chance_corrected import (
    fleiss_kappa,
    gwet_agreement,
    krippendorff_alpha,
)
from heard.psychometrics.agreement.intraclass import (
    MeanSquares,
    intraclass_correlations,
)
from heard.psychometrics.agreement.ratings import weighted_kappa
from heard.psychometrics.agreement.skewed_ratings import _without_each
from heard.psychometrics.agreement.two_occasions import (
    concordance_correlation,
    limits_of_agreement,
)
from heard.psychometrics.agreement.within_group import within_group_agreement
from heard.psychometrics.reliability_over_waves import reliability_over_waves
from heard.psychometrics.retest import (
    reliable_change,
    retest_reliability,
    smallest_detectable_change,
    standard_error_of_measurement,
)
from heard.results import Composite, Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

SCALE = [1, 2, 3, 4, 5]


def long(table: Any) -> pd.DataFrame:
    wide = pd.DataFrame(table)
    return wide.reset_index(names="target").melt(
        "target", var_name="rater", value_name="score"
    )


def pairs(*rows: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["first", "second"], dtype=float)


def reasons(result: Result | Composite) -> set[str]:
    every = result.results() if isinstance(result, Composite) else [result]
    return {one.reason for one in every if isinstance(one, Unavailable)}


def simulated(n: int = 60, raters: int = 3) -> pd.DataFrame:
    draws = generator("agreement tests")
    truth = draws.normal(size=(n, 1))
    answers = np.rint(3 + truth + 0.7 * draws.normal(size=(n, raters)))
    return pd.DataFrame(np.clip(answers, 1, 5))


CATEGORICAL = (
    lambda ratings: krippendorff_alpha(ratings, categories=SCALE, level="ordinal"),
    lambda ratings: krippendorff_alpha(ratings, categories=SCALE, level="interval"),
    lambda ratings: fleiss_kappa(ratings, categories=SCALE, level="ordinal"),
    lambda ratings: gwet_agreement(ratings, categories=SCALE),
)


@pytest.mark.parametrize("estimate", CATEGORICAL)
def test_perfect_agreement_is_one_without_an_interval(estimate: Any) -> None:
    found = estimate(long([[1, 1], [3, 3], [5, 5], [2, 2]]))
    assert isinstance(found, Estimate)
    assert (found.estimate, found.conf_low) == (1.0, None)
    assert "agree perfectly" in found.method


@pytest.mark.parametrize("estimate", CATEGORICAL)
@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, np.nan], [np.nan, 2], [3, np.nan]], "two ratings or more 0"),
        ([[1, 2], [3, 9]], "1 ratings are none of the declared categories"),
        ([["a", "b"], ["c", "d"]], "does not hold numbers"),
    ],
)
def test_what_cannot_be_compared_says_why(
    estimate: Any, table: Any, message: str
) -> None:
    (reason,) = reasons(estimate(long(table)))
    assert message in reason


def test_one_category_leaves_no_chance_to_beat_but_gwet_sees_agreement() -> None:
    ratings = long([[2, 2], [2, 2], [2, 2]])
    for function in (krippendorff_alpha, fleiss_kappa):
        assert reasons(function(ratings, categories=SCALE)) == {
            "all ratings are in one category"
        }
    found = gwet_agreement(ratings, categories=SCALE)
    assert isinstance(found, Estimate)
    assert found.estimate == 1.0


def test_the_order_of_categories_is_the_declared_one_not_that_of_the_data() -> None:
    ratings = long(simulated())
    for level in ("nominal", "ordinal"):
        forward = krippendorff_alpha(ratings, categories=SCALE, level=level)
        backward = krippendorff_alpha(ratings, categories=SCALE[::-1], level=level)
        assert forward == backward


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown level"):
        fleiss_kappa(long(simulated()), categories=SCALE, level="cubic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown weights"):
        weighted_kappa(simulated(raters=2), categories=SCALE, weights="cubic")  # type: ignore[arg-type]


def test_two_ratings_of_one_rater_of_one_target_are_refused_and_counted() -> None:
    ratings = long(simulated())
    twice = pd.concat([ratings, ratings.head(2)])
    (reason,) = reasons(intraclass_correlations(twice))
    assert "2 ratings repeat" in reason


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1.0], [2.0], [3.0]], "number of raters 1; at least 2 needed"),
        ([[1, 2], [3, 4]], "rated by all 2 raters 2; at least 3 needed"),
        ([[3, 3], [3, 3], [3, 3]], "all ratings are equal"),
        ([[1, np.nan], [np.nan, 2], [1, 2]], "rated by all 2 raters 1"),
    ],
)
def test_correlations_need_raters_targets_and_variance(
    table: Any, message: str
) -> None:
    found = intraclass_correlations(long(table), missing="listwise")
    assert len(list(found.results())) == 10
    (reason,) = reasons(found)
    assert message in reason


def test_one_rater_a_target_has_no_correlation() -> None:
    ratings = pd.DataFrame(
        {"target": [1, 2, 3], "rater": [1, 2, 3], "score": [1, 2, 3]}
    )
    (reason,) = reasons(intraclass_correlations(ratings, missing="listwise"))
    assert reason == "targets rated by all 3 raters 0; at least 3 needed"
    (reason,) = reasons(intraclass_correlations(ratings))
    assert "overlap too little" in reason


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, np.nan], [np.nan, 2], [1, 2]], "4 ratings of 3 targets by 2 raters"),
        # every target has raters of its own: those of nested_reliability
        (np.where(np.kron(np.eye(4), [[1, 1]]), np.arange(8.0), np.nan), "overlap"),
        ([[1, np.nan], [3, 4]], "number of targets 2; at least 3 needed"),
        ([[3, 3], [3, np.nan], [3, 3]], "all ratings are equal"),
        ([[1, 1, np.nan], [2, 2, 2], [5, 5, 5], [np.nan, 4, 4]], "agree perfectly"),
        ([[1, 1, 9], [2, 2, 9], ["a", 3, 9], [1, 1, np.nan]], "does not hold numbers"),
    ],
)
def test_gaps_that_leave_nothing_to_tell_apart_say_so(table: Any, message: str) -> None:
    found = intraclass_correlations(long(table))
    assert len(list(found.results())) == 10
    (reason,) = reasons(found)
    assert message in reason


def test_gaps_use_every_rating_and_widen_the_interval() -> None:
    whole = simulated(80, 4).astype(float)
    with_gaps = whole.mask(generator("agreement gaps").random(whole.shape) < 0.3)
    complete, kept, left = (
        intraclass_correlations(long(table), missing=missing)  # type: ignore[arg-type]
        for table, missing in (
            (whole, "fiml"),
            (with_gaps, "fiml"),
            (with_gaps, "listwise"),
        )
    )
    for term in ("icc_1", "icc_a1", "icc_c1", "icc_ak"):
        widths = []
        for found in (complete, kept, left):
            one = getattr(found, term)
            assert one.conf_low < one.estimate < one.conf_high
            widths.append(one.conf_high - one.conf_low)
        assert widths == sorted(widths)
    assert (
        complete.icc_a1
        == intraclass_correlations(long(whole), missing="listwise").icc_a1
    )
    assert isinstance(kept.icc_a1, Estimate)
    assert "320" not in kept.icc_a1.method
    assert f"all {int(with_gaps.notna().sum().sum())} ratings" in kept.icc_a1.method


def test_a_negative_correlation_stays_negative_with_a_gap() -> None:
    table = np.array([[1, 2, 3], [3, 1, 2], [2, 3, 1], [1, 3, 2], [3, 2, 1.0]])
    complete = intraclass_correlations(long(table)).icc_c1
    table[4, 2] = np.nan
    found = intraclass_correlations(long(table)).icc_c1
    assert isinstance(complete, Estimate)
    assert isinstance(found, Estimate)
    assert complete.estimate == pytest.approx(-0.5)
    assert found.estimate == pytest.approx(-0.5, abs=0.1)
    assert "targets at zero, the boundary" in found.method
    assert "replaced by Henderson's moments" in found.method


@pytest.mark.parametrize("term", ["icc_1", "icc_a1", "icc_c1"])
def test_correlations_without_each_target_are_those_of_the_rest(term: str) -> None:
    values = np.random.default_rng(2).integers(0, 5, (9, 4)).astype(float)
    rest = [MeanSquares.of(np.delete(values, i, axis=0)).single(term) for i in range(9)]
    assert _without_each(values, term) == pytest.approx(rest, abs=1e-12)


def test_limits_of_floored_ratings_are_widened_and_warned_of() -> None:
    random = np.random.default_rng(3)
    both = random.normal(size=(80, 1)) + random.normal(size=(80, 3)) * 0.8
    even, floored = (
        np.searchsorted(cuts, both) for cuts in ([-1.5, 0, 1.5], [1.2, 1.8, 2.5])
    )
    plain, found = (
        intraclass_correlations(long(values)).icc_c1 for values in (even, floored)
    )
    assert isinstance(plain, Estimate)
    assert isinstance(found, Estimate)
    assert "jackknife" not in plain.method
    assert "widened by a jackknife of targets" in found.method
    assert "many the lowest: a floor" in found.method
    low, high = MeanSquares.of(floored.astype(float)).limits("icc_c1", 0.95)
    assert found.conf_low is not None
    assert found.conf_high is not None
    assert found.conf_low <= low
    assert found.conf_high >= high
    assert found.conf_high - found.conf_low > high - low


def test_an_unknown_rule_for_gaps_is_refused() -> None:
    with pytest.raises(ValueError, match="give 'fiml' or 'listwise'"):
        intraclass_correlations(long(simulated()), missing="pairwise")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "table",
    [
        [[1, 1], [2, 2], [5, 5]],  # perfect
        [[1, 2], [2, 3], [4, 5]],  # a constant shift
        [[1, 2], [1, 2], [1, 2]],  # raters differ, targets do not
        [[1, 2], [2, 1], [1, 2], [2, 1]],  # targets' means equal
        [[1, 3, 1], [2, 2, 3], [3, 1, 2], [3, 1, 2]],  # at the mean's pole
    ],
)
def test_edges_of_the_correlations_are_numbers_or_reasons(table: Any) -> None:
    found = intraclass_correlations(long(table))
    for one in found.results():
        if isinstance(one, Estimate):
            assert one.conf_low is not None or "no interval" in one.method
        else:
            assert one.reason


def test_perfect_consistency_with_a_shift_is_not_perfect_agreement() -> None:
    found = intraclass_correlations(long([[1, 3], [2, 4], [4, 6], [5, 7]]))
    assert isinstance(found.icc_c1, Estimate)
    assert isinstance(found.icc_a1, Estimate)
    assert found.icc_c1.estimate == 1.0
    assert found.icc_a1.estimate < 0.9


@pytest.mark.parametrize("function", [limits_of_agreement, concordance_correlation])
def test_two_occasions_need_people_and_numbers(function: Any) -> None:
    for frame, message in (
        (pairs((1, 2)), "people measured twice 1"),
        (pairs((1, 2))[["first"]], "1 measurements; exactly 2 needed"),
        (pd.DataFrame({"a": ["x"] * 5, "b": ["y"] * 5}), "does not hold numbers"),
    ):
        (reason,) = reasons(function(frame))
        assert message in reason


def test_equal_differences_have_limits_without_an_interval() -> None:
    found = limits_of_agreement(pairs((1, 2), (2, 3), (4, 5)))
    for one in found.results():
        assert isinstance(one, Estimate)
        assert one.conf_low is None
    assert reasons(concordance_correlation(pairs((1, 2), (1, 3), (1, 4), (1, 5)))) == {
        "a measurement does not vary"
    }


def test_the_shares_of_reliable_change_add_to_one_and_turn_with_the_scale() -> None:
    scores = simulated(raters=2).set_axis(["first", "second"], axis=1)
    up = reliable_change(scores, reliability=0.8)
    down = reliable_change(scores, reliability=0.8, higher_is_better=False)
    assert isinstance(up.share_improved, Estimate)
    assert isinstance(down.share_worsened, Estimate)
    assert up.share_improved.estimate == down.share_worsened.estimate
    shares = [up.share_improved, up.share_unchanged, up.share_worsened]
    assert sum(s.estimate for s in shares if isinstance(s, Estimate)) == 1
    with pytest.raises(ValueError, match="reliability is 1"):
        reliable_change(scores, reliability=1)


def test_error_of_measurement_follows_from_spread_and_reliability() -> None:
    scores = pd.Series([0.0, 10.0, 20.0, np.nan])
    alpha = Estimate(
        term="a", estimate=0.75, conf_low=0.64, conf_high=0.84, n=3, method="alpha"
    )
    found = standard_error_of_measurement(scores, alpha)
    assert isinstance(found, Estimate)
    assert (found.conf_low, found.estimate, found.conf_high) == pytest.approx((4, 5, 6))
    absent = Unavailable(term="a", reason="too few")
    assert reasons(standard_error_of_measurement(scores, absent)) == {"too few"}


def test_within_groups_everybody_alike_agrees_wholly_and_a_group_of_one_is_told() -> (
    None
):
    responses = pd.DataFrame({"a": [2, 2, 2, 1, 5, 3], "b": [4, 4, 4, 1, 5, 3]})
    groups = pd.Series(["alike"] * 3 + ["apart"] * 2 + ["alone"])
    found = within_group_agreement(responses, groups=groups, lowest=1, highest=5)
    similarity, alone, deviation = sorted(
        found.groups, key=lambda g: g.group == "apart"
    )
    if similarity.group == "alone":
        similarity, alone = alone, similarity
    assert isinstance(similarity.r_wg_j, Estimate)
    assert similarity.r_wg_j.estimate == 1
    assert isinstance(deviation.r_wg_j, Estimate)
    assert deviation.r_wg_j.estimate == 0
    assert "members who answered every item 1" in next(iter(reasons(alone)))
    assert set(found.to_frame()["group"]) == {"", "alike", "alone", "apart"}


def waves(cells: Any) -> dict[str, Any]:
    x = np.asarray(cells, dtype=float)
    n, k, m = x.shape
    return {
        "responses": pd.DataFrame(x.reshape(n * k, m)),
        "participants": pd.Series(np.repeat(np.arange(n), k)),
        "waves": pd.Series(np.tile(np.arange(k), n)),
    }


def test_reliability_over_waves_at_its_edges() -> None:
    draws = generator("waves")
    cells = draws.normal(size=(8, 3, 4))
    whole = waves(cells)
    assert not reasons(reliability_over_waves(**whole))
    twice = {name: pd.concat([part, part.head(1)]) for name, part in whole.items()}
    assert "1 rows repeat" in next(iter(reasons(reliability_over_waves(**twice))))
    assert "all answers are equal" in reasons(
        reliability_over_waves(**waves(np.ones((5, 2, 3))))
    )
    for shape in ((2, 3, 4), (8, 1, 4), (8, 3, 1)):
        few = reliability_over_waves(**waves(draws.normal(size=shape)))
        assert "at least 2, 2 and 3 needed" in next(iter(reasons(few)))


def test_nested_reliabilities_are_those_of_mean_squares_worked_out_cell_by_cell() -> (
    None
):
    draws = generator("nested")
    n, k, m = 7, 3, 4
    person, occasion = draws.normal(size=(n, 1, 1)), draws.normal(size=(n, k, 1))
    cells = 2 * person + occasion + 0.5 * draws.normal(size=(n, k, m))
    of_cell = [[sum(cells[p, w]) / m for w in range(k)] for p in range(n)]
    of_person = [sum(row) / k for row in of_cell]
    grand = sum(of_person) / n
    error = sum(
        (cells[p, w, i] - of_cell[p][w]) ** 2
        for p in range(n)
        for w in range(k)
        for i in range(m)
    ) / (n * k * (m - 1))
    within = (
        m
        * sum((of_cell[p][w] - of_person[p]) ** 2 for p in range(n) for w in range(k))
        / (n * (k - 1))
    )
    between = k * m * sum((mean - grand) ** 2 for mean in of_person) / (n - 1)
    moving, stable = (within - error) / m, (between - within) / (k * m)
    found = reliability_over_waves(**waves(cells))
    change, average = (
        found.reliability_of_change_nested,
        found.reliability_of_average_nested,
    )
    assert isinstance(change, Estimate)
    assert isinstance(average, Estimate)
    assert change.estimate == pytest.approx(moving / (moving + error / m), abs=1e-12)
    noise = (moving + error / m) / k
    assert average.estimate == pytest.approx(stable / (stable + noise), abs=1e-12)


def test_people_with_a_gap_are_left_out_whole() -> None:
    cells = generator("gap").normal(size=(9, 3, 4))
    with_gaps = waves(cells)
    with_gaps["responses"] = with_gaps["responses"].copy()
    with_gaps["responses"].iloc[0, 0] = np.nan
    assert reliability_over_waves(**with_gaps) == reliability_over_waves(
        **waves(cells[1:])
    )


@given(
    shift=st.integers(-3, 3),
    factor=st.sampled_from([0.5, 2.0]),
    seed=st.integers(0, 5),
)
def test_shift_scale_and_order_leave_correlations_alone(
    shift: int, factor: float, seed: int
) -> None:
    table = simulated()
    order = np.random.default_rng(seed).permutation(len(table))
    moved = (table.iloc[order].reset_index(drop=True) * factor + shift)[[2, 0, 1]]
    before, after = (intraclass_correlations(long(t)) for t in (table, moved))
    for term in ("icc_1", "icc_a1", "icc_c1", "icc_ak"):
        one, other = getattr(before, term), getattr(after, term)
        assert other.estimate == pytest.approx(one.estimate, abs=1e-12)
        assert other.conf_low == pytest.approx(one.conf_low, abs=1e-10)
    kappa = [
        fleiss_kappa(long(t), categories=SCALE) for t in (table, table.iloc[order])
    ]
    assert isinstance(kappa[0], Estimate)
    assert isinstance(kappa[1], Estimate)
    assert kappa[0].estimate == pytest.approx(kappa[1].estimate, abs=1e-12)


@given(st.integers(0, 20))
def test_estimates_lie_inside_their_limits(seed: int) -> None:
    draws = np.random.default_rng(seed)
    table = pd.DataFrame(draws.integers(1, 6, size=(12, 2)).astype(float))
    table = table.mask(draws.random(table.shape) < 0.1)
    found: list[Any] = [
        retest_reliability(table),
        smallest_detectable_change(table),
        weighted_kappa(table, categories=SCALE),
        krippendorff_alpha(long(table), categories=SCALE, level="ratio"),
    ]
    for result in found:
        every = result.results() if isinstance(result, Composite) else [result]
        for one in every:
            if isinstance(one, Estimate) and one.conf_low is not None:
                assert one.conf_high is not None
                assert one.conf_low <= one.estimate <= one.conf_high


def test_kappa_of_few_targets_has_limits_by_t() -> None:
    table = simulated(12, 2)
    log, wald = (
        weighted_kappa(table, categories=SCALE, interval=interval)
        for interval in ("log", "wald")
    )
    assert isinstance(log, Estimate)
    assert isinstance(wald, Estimate)
    assert log.conf_low is not None
    assert wald.conf_high is not None
    half = np.log((1 - log.conf_low) / (1 - log.estimate)) * (1 - log.estimate)
    # quantiles 2.201 of t with 11 degrees of freedom, 1.960 of the normal curve
    ratio = half / (wald.conf_high - wald.estimate)
    assert ratio == pytest.approx(2.200985 / 1.959964, rel=1e-6)
