"""The graded response model: what it was made from comes back; else it says why not."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

import heard.psychometrics.item_response.graded_fit as searching
from heard.psychometrics.item_response.graded_fit import (
    GRID,
    WEIGHTS,
    GradedParameters,
    Patterns,
    _direction,
    _halve_until_rising,
    _settled,
    _solvable,
    curves,
    graded_fit,
    item_information,
)
from heard.psychometrics.item_response.graded_response import graded_response_model
from heard.psychometrics.item_response.graded_results import GradedResponseModel
from heard.psychometrics.item_response.graded_scores import (
    graded_information,
    graded_scores,
)
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

CATEGORIES = range(1, 5)
SLOPES = (0.8, 1.2, 1.6, 2.0, 2.5)
CUTS = (-1.5, 0.0, 1.2)
BY_HAND = GradedParameters(
    items=("p", "q"),
    categories=(0.0, 1.0),
    codes=((0.0, 1.0), (0.0, 1.0)),
    slopes=(1.0, 2.0),
    intercepts=((0.0,), (1.0,)),
)


def answers(n: int = 600, slope: float = SLOPES[0]) -> pd.DataFrame:
    """Five items of known weights; the first may be sharper."""
    slopes = (slope, *SLOPES[1:])
    random = np.random.default_rng(1)
    trait = random.normal(size=(n, 1))
    logit = np.array(slopes) * trait + random.logistic(size=(n, 5))
    places = [
        np.searchsorted(np.array(CUTS) * own, column)
        for own, column in zip(slopes, logit.T, strict=True)
    ]
    return pd.DataFrame(
        np.column_stack(places) + 1.0, columns=[f"q{i}" for i in range(5)]
    )


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def parameters(found: GradedResponseModel) -> GradedParameters:
    assert found.parameters is not None
    return found.parameters


def test_the_weights_it_was_made_with_lie_in_the_intervals() -> None:
    found = graded_response_model(
        answers(4000), categories=CATEGORIES, confidence=0.999
    )
    for item, slope in zip(found.items, SLOPES, strict=True):
        assert isinstance(item.slope, Estimate)
        assert item.slope.conf_low is not None
        assert item.slope.conf_high is not None
        assert item.slope.conf_low < slope < item.slope.conf_high
        assert [one.answer for one in item.thresholds] == [2, 3, 4]
        for one, cut in zip(item.thresholds, CUTS, strict=True):
            assert isinstance(one.threshold, Estimate)
            assert one.threshold.conf_low is not None
            assert one.threshold.conf_high is not None
            assert one.threshold.conf_low < cut < one.threshold.conf_high


def test_gradient_and_information_are_the_slopes_of_the_likelihood() -> None:
    ranks = answers(80).to_numpy(dtype=int) - 1
    ranks[:10, 2] = -1
    data = Patterns.of(ranks, (4,) * 5)
    point = np.tile([1.1, 1.4, 0.2, -1.0], (5, 1))
    now = data.at(point)
    size = int(data.free.sum())
    slopes, curvature = np.empty(size), np.empty((size, size))
    for place in range(size):
        move = 1e-5 * (np.arange(size) == place)
        up, down = (data.at(data.stepped(point, m)) for m in (move, -move))
        slopes[place] = (up.log_likelihood - down.log_likelihood) / 2e-5
        curvature[place] = (up.gradient - down.gradient)[data.free] / 2e-5
    assert now.gradient[data.free] == pytest.approx(slopes, abs=1e-5)
    assert data.information(point, now) == pytest.approx(-curvature, abs=1e-5)


def test_chances_of_two_answers_by_hand() -> None:
    slopes, intercepts = BY_HAND.arrays()
    found = curves(slopes, intercepts, np.array([0.0]))
    high = 1 / (1 + np.exp(-1.0))
    assert found.chance[:, :, 0] == pytest.approx(
        np.array([[0.5, 0.5], [1 - high, high]])
    )
    reported = graded_information(BY_HAND, [0.0])
    own = [0.25, 4 * high * (1 - high)]
    assert reported["information"].to_list() == pytest.approx([*own, sum(own)])
    assert reported["standard_error"].iloc[-1] == pytest.approx(sum(own) ** -0.5)


def test_scores_of_two_answers_by_hand() -> None:
    rows = pd.DataFrame({"p": [1.0, np.nan], "q": [0.0, np.nan]}, index=[7, 9])
    found = graded_scores(rows, BY_HAND)
    trait = np.linspace(-8, 8, 16001)
    joint = np.exp(-(trait**2) / 2) / (1 + np.exp(-trait)) / (1 + np.exp(2 * trait + 1))
    mean = joint @ trait / joint.sum()
    first = found.loc[7]
    assert first["expected_a_posteriori"] == pytest.approx(mean, abs=1e-7)
    spread = np.sqrt(joint @ (trait - mean) ** 2 / joint.sum())
    # The grid ends at 6.
    assert first["expected_a_posteriori_standard_error"] == pytest.approx(
        spread, abs=1e-6
    )
    assert first["maximum_a_posteriori"] == pytest.approx(
        trait[joint.argmax()], abs=1e-3
    )
    bend = np.gradient(np.gradient(np.log(joint), trait), trait)[joint.argmax()]
    assert first["maximum_a_posteriori_standard_error"] == pytest.approx(
        (-bend) ** -0.5, abs=1e-3
    )
    assert found.loc[9, "reason"] == "no item of the model answered"
    assert found["maximum_a_posteriori"].isna().to_list() == [False, True]
    assert found["answered"].to_list() == [2, 0]


def test_answers_against_the_order_of_the_items_fit_badly() -> None:
    odd = pd.DataFrame([[4, 4, 1, 1, 4], [3, 3, 3, 3, 3]], columns=answers(1).columns)
    model = graded_response_model(answers(), categories=CATEGORIES)
    fits = graded_scores(odd, parameters(model))["person_fit"]
    assert fits[0] < -2
    assert fits[1] > 0


def test_missing_answers_are_used_and_the_silent_are_not_counted() -> None:
    responses = answers()
    responses.iloc[:50, 0] = np.nan
    responses.iloc[50:60] = np.nan
    found = graded_response_model(responses, categories=CATEGORIES)
    assert isinstance(found.log_likelihood, Estimate)
    assert found.log_likelihood.n == 590
    assert "10 without any answer left out" in found.log_likelihood.method
    without = graded_response_model(responses[60:], categories=CATEGORIES)
    assert number(found.items[1].slope) != number(without.items[1].slope)


def test_reliabilities_agree_with_the_spread_of_the_true_trait() -> None:
    found = graded_response_model(answers(4000), categories=CATEGORIES)
    marginal = found.marginal_reliability
    assert isinstance(marginal, Estimate)
    assert marginal.conf_low is not None
    assert marginal.conf_high is not None
    assert marginal.conf_low < marginal.estimate < marginal.conf_high
    assert number(found.empirical_reliability) == pytest.approx(
        marginal.estimate, abs=0.03
    )


def test_an_empty_category_is_merged_and_told_and_scored_as_its_neighbour() -> None:
    responses = answers()
    responses["q0"] = responses["q0"].replace(1.0, 2.0)
    found = graded_response_model(responses, categories=CATEGORIES)
    assert [one.answer for one in found.items[0].thresholds] == [3, 4]
    assert "categories merged: q0: 1 with 2" in found.log_likelihood.method
    two, one = responses[:1].copy(), responses[:1].copy()
    two["q0"], one["q0"] = 2.0, 1.0
    weights = parameters(found)
    assert graded_scores(one, weights).equals(graded_scores(two, weights))


def test_an_item_of_one_answer_or_none_is_left_out_alone() -> None:
    responses = answers().assign(q1=2.0, q3=np.nan)
    found = graded_response_model(responses, categories=CATEGORIES)
    assert isinstance(found.log_likelihood, Estimate)
    assert "2 items of one answer left out" in found.log_likelihood.method
    for place in (1, 3):
        slope = found.items[place].slope
        assert isinstance(slope, Unavailable)
        assert "fewer than two answers" in slope.reason
    assert parameters(found).items == ("q0", "q2", "q4")


def test_an_item_against_the_others_has_a_falling_slope_and_says_so() -> None:
    responses = answers().assign(q1=lambda rows: 5 - rows["q1"])
    found = graded_response_model(responses, categories=CATEGORIES)
    assert number(found.items[1].slope) < 0
    assert isinstance(found.items[1].slope, Estimate)
    assert "runs against the others" in found.items[1].slope.method
    assert isinstance(found.items[0].slope, Estimate)
    assert "runs against" not in found.items[0].slope.method


def test_two_copies_of_one_item_have_no_slope() -> None:
    responses = answers().assign(q1=lambda rows: rows["q0"])
    found = graded_response_model(responses, categories=CATEGORIES)
    assert isinstance(found.log_likelihood, Unavailable)
    assert found.log_likelihood.reason == "the slope of q0, q1 grows without end"
    assert found.log_likelihood.n == 600


def test_a_slope_that_is_nearly_a_step_is_flagged() -> None:
    found = graded_response_model(answers(slope=7.0), categories=CATEGORIES)
    slopes = [item.slope for item in found.items]
    for slope in slopes:
        assert isinstance(slope, Estimate)
        assert ("slope beyond 5" in slope.method) == (slope.estimate > 5)
    assert [number(slope) > 5 for slope in slopes] == [True] + [False] * 4


@pytest.mark.parametrize(
    ("responses", "reason"),
    [
        (answers()[:0], "items with two answers given 0"),
        (answers()[:1], "items with two answers given 0"),
        (answers()[["q0"]], "items with two answers given 1"),
        (answers()[["q0", "q1"]], "items with two answers given 2"),
        (answers()[:12], "12 participants for 1"),
        (answers().assign(q1="x"), "q1 does not hold numbers"),
        (answers().assign(q1=np.inf), "q1 holds 600 infinite"),
        (answers() + 0.5, "none of the declared categories"),
        (answers() * np.nan, "items with two answers given 0"),
        (pd.DataFrame(index=range(9)), "items with two answers given 0"),
    ],
)
def test_what_cannot_be_fitted_says_why(responses: pd.DataFrame, reason: str) -> None:
    found = graded_response_model(responses, categories=CATEGORIES)
    assert found.parameters is None
    for result in found.results():
        assert isinstance(result, Unavailable)
        assert reason in result.reason
    assert len(found.to_frame()) == 5 + 2 * responses.shape[1]


def test_unrelated_items_give_no_error_but_a_result_either_way() -> None:
    random = np.random.default_rng(0)
    for seed in range(5):
        rows = pd.DataFrame(random.integers(1, 5, (60, 3)) * 1.0, columns=list("abc"))
        found = graded_response_model(rows, categories=CATEGORIES)
        assert isinstance(found.log_likelihood, Estimate | Unavailable), seed


def test_few_participants_a_weight_are_told() -> None:
    few = graded_response_model(answers(80), categories=CATEGORIES)
    many = graded_response_model(answers(100), categories=CATEGORIES)
    assert isinstance(few.log_likelihood, Estimate)
    assert isinstance(many.log_likelihood, Estimate)
    assert "80 participants for 20 weights are few" in few.log_likelihood.method
    assert "are few" not in many.log_likelihood.method


def test_rows_name_item_and_answer() -> None:
    found = graded_response_model(answers(), categories=CATEGORIES)
    table = found.to_frame()
    assert table.columns[:3].to_list() == ["item", "answer", "term"]
    row = table[(table["item"] == "q2") & (table["answer"] == 3)].iloc[0]
    assert row["estimate"] == number(found.items[2].thresholds[1].threshold)
    item = found.items[2].to_frame()
    assert item[item["answer"] == 3].iloc[0]["estimate"] == row["estimate"]
    assert len(found.items[2].thresholds[1].to_frame()) == 4
    assert "graded_slope" in found._repr_html_()


def test_scores_refuse_lacking_items_and_explain_wrong_answers() -> None:
    with pytest.raises(ValueError, match="lack the items q"):
        graded_scores(pd.DataFrame({"p": [1.0]}), BY_HAND)
    wrong = graded_scores(pd.DataFrame({"p": [1.0, 3.0], "q": [0.0, 1.0]}), BY_HAND)
    assert "1 answers are none of the declared" in wrong["reason"][0]
    assert wrong["expected_a_posteriori"].isna().all()
    nobody = graded_scores(pd.DataFrame({"p": [], "q": []}, dtype=float), BY_HAND)
    assert len(nobody) == 0


def test_an_item_that_tells_nothing_has_no_end_to_its_error() -> None:
    blunt = dataclasses.replace(BY_HAND, slopes=(0.0, 0.0))
    reported = graded_information(blunt, [0.0])
    assert np.isinf(reported["standard_error"]).all()


def test_a_confidence_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        graded_response_model(answers(), categories=CATEGORIES, confidence=1)


def test_limits_are_symmetric_on_their_scale_and_as_wide_as_asked() -> None:
    quartile, normal = 0.6744897501960817, 1.959963984540054
    for confidence, quantile in ((0.5, quartile), (0.95, normal)):
        found = graded_response_model(
            answers(), categories=CATEGORIES, confidence=confidence
        )
        slope, error = found.items[4].slope, found.items[4].slope_standard_error
        assert isinstance(slope, Estimate)
        assert slope.conf_low is not None
        assert slope.conf_high is not None
        width = np.arcsinh(slope.conf_high) - np.arcsinh(slope.conf_low)
        expected = 2 * quantile * number(error) / np.sqrt(1 + slope.estimate**2)
        assert width == pytest.approx(expected)
        first = found.items[0].thresholds[0]
        assert isinstance(first.threshold, Estimate)
        assert first.threshold.conf_high is not None
        reach = first.threshold.conf_high - first.threshold.estimate
        assert reach == pytest.approx(quantile * number(first.threshold_standard_error))
        one = found.marginal_reliability
        assert isinstance(one, Estimate)
        assert one.conf_low is not None
        assert one.conf_high is not None
        assert (1 - one.conf_low) * (1 - one.conf_high) == pytest.approx(
            (1 - one.estimate) ** 2
        )


def test_errors_of_thresholds_are_those_of_the_likelihood_in_thresholds() -> None:
    # The delta method against fresh samples of the weights.
    found = graded_response_model(answers(), categories=CATEGORIES)
    ranks = answers().to_numpy(dtype=int) - 1
    fit = graded_fit(ranks, (4,) * 5, tuple("abcde"))
    random = np.random.default_rng(1)
    drawn = random.multivariate_normal(fit.point[fit.free], fit.covariance, 40_000)
    one = found.items[0].thresholds[2]
    cut = -drawn[:, 3] / drawn[:, 0]
    lower, upper = np.quantile(cut, [0.1586553, 0.8413447])
    assert number(one.threshold_standard_error) == pytest.approx(
        (upper - lower) / 2, rel=0.03
    )


def test_error_of_the_reliability_is_that_of_drawn_weights() -> None:
    found = graded_response_model(answers(), categories=CATEGORIES, confidence=0.95)
    fit = graded_fit(answers().to_numpy(dtype=int) - 1, (4,) * 5, tuple("abcde"))
    random = np.random.default_rng(2)
    drawn = random.multivariate_normal(fit.point[fit.free], fit.covariance, 2000)
    reported = [
        item_information(one[:, 0], one[:, 1:], GRID).sum(axis=0)
        for one in drawn.reshape(-1, 5, 4)
    ]
    spread = np.std([WEIGHTS @ (one / (one + 1)) for one in reported])
    marginal = found.marginal_reliability
    assert isinstance(marginal, Estimate)
    assert marginal.conf_low is not None
    reach = np.log((1 - marginal.conf_low) / (1 - marginal.estimate))
    error = reach / 1.959964 * (1 - marginal.estimate)
    assert error == pytest.approx(spread, rel=0.06)


def patterns() -> tuple[Patterns, np.ndarray]:
    ranks = answers(300).to_numpy(dtype=int) - 1
    return Patterns.of(ranks, (4,) * 5), ranks


def test_as_many_participants_as_weights_are_too_few() -> None:
    rows = pd.DataFrame(
        {"a": [1.0, 1, 2, 2, 1, 2, 2], "b": [1.0, 2, 1, 2, 2, 2, 2]}
    ).assign(c=[1.0, 2, 2, 2, 1, 1, 1])
    six = graded_response_model(rows[:6], categories=[1, 2]).log_likelihood
    seven = graded_response_model(rows, categories=[1, 2]).log_likelihood
    assert "6 participants for 6 weights" in getattr(six, "reason", "")
    assert "participants for" not in getattr(seven, "reason", "")


def test_thresholds_that_cross_have_no_likelihood() -> None:
    data, _ = patterns()
    crossed = np.tile([1.0, 0.0, 0.5, -1.0], (5, 1))
    assert data.at(crossed).log_likelihood == -np.inf


def test_a_step_too_far_is_halved_until_the_likelihood_rises() -> None:
    data, _ = patterns()
    point = np.tile([1.0, 1.5, 0.0, -1.5], (5, 1))
    now = data.at(point)
    move = 1e-2 * now.gradient[data.free]
    size, following = _halve_until_rising(data, point, now, 100 * move)
    assert 0 < size < 1
    assert following.log_likelihood > now.log_likelihood
    assert _halve_until_rising(data, point, now, -move) == (0.0, now)


def test_a_point_short_of_the_maximum_is_no_fit() -> None:
    data, ranks = patterns()
    fit = graded_fit(ranks, (4,) * 5, tuple("abcde"))
    short = fit.point.copy()
    short[0, 0] += 0.01
    assert "no maximum found" in _settled(data, short, data.at(short)).fault
    assert not _settled(data, fit.point, data.at(fit.point)).fault


def test_the_mirror_image_of_a_maximum_is_turned_round() -> None:
    data, ranks = patterns()
    fit = graded_fit(ranks, (4,) * 5, tuple("abcde"))
    mirrored = fit.point.copy()
    mirrored[:, 0] *= -1
    found = _settled(data, mirrored, data.at(mirrored))
    assert found.point == pytest.approx(fit.point)
    upright = _settled(data, fit.point, data.at(fit.point))
    assert found.covariance == pytest.approx(upright.covariance)


def test_a_matrix_that_leads_downwards_or_nowhere_is_not_used() -> None:
    data, _ = patterns()
    now = data.at(np.tile([1.0, 1.5, 0.0, -1.5], (5, 1)))
    assert _solvable(-np.eye(20)) is None
    assert _solvable(np.eye(20)) is not None
    assert _direction(np.zeros((20, 20)), now, data) is None


def test_no_direction_and_no_rise_end_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, ranks = patterns()
    steps = []

    def stuck(*given: object) -> tuple[float, object]:
        steps.append(1)
        return 0.0, given[2]

    monkeypatch.setattr(searching, "_halve_until_rising", stuck)
    assert "no maximum found" in graded_fit(ranks, (4,) * 5, tuple("abcde")).fault
    assert len(steps) == 1
    monkeypatch.setattr(searching, "_direction", lambda *_: None)
    assert "identif" in graded_fit(ranks, (4,) * 5, tuple("abcde")).fault


def test_items_without_anything_in_common_have_no_slopes() -> None:
    every = pd.DataFrame(list(itertools.product([0.0, 1.0], repeat=3)) * 20)
    found = graded_response_model(every, categories=[0, 1])
    assert isinstance(found.log_likelihood, Unavailable)
    assert "the likelihood is flat" in found.log_likelihood.reason


def test_an_item_that_has_nothing_to_do_with_the_others_has_no_thresholds() -> None:
    responses = pd.concat([answers(200).assign(x=code) for code in (1.0, 2.0)])
    found = graded_response_model(responses, categories=CATEGORIES)
    slope, one = found.items[5].slope, found.items[5].thresholds[0]
    assert isinstance(slope, Estimate)
    assert slope.estimate == pytest.approx(0, abs=1e-6)
    for result in (one.threshold, one.threshold_standard_error):
        assert isinstance(result, Unavailable)
        assert "the slope is 0" in result.reason
    assert isinstance(one.intercept, Estimate)
    assert "the slope may be 0" in one.intercept.method


def test_only_a_slope_that_may_be_none_makes_thresholds_doubtful() -> None:
    for item in graded_response_model(answers(), categories=CATEGORIES).items:
        for result in item.results():
            assert isinstance(result, Estimate)
            assert "may be 0" not in result.method


def test_scores_with_a_gap_are_those_of_the_items_answered() -> None:
    weights = parameters(graded_response_model(answers(), categories=CATEGORIES))
    with_gaps = answers()[:20].assign(q1=np.nan)
    kept = [0, 2, 3, 4]
    fewer = dataclasses.replace(
        weights,
        items=tuple(weights.items[place] for place in kept),
        codes=tuple(weights.codes[place] for place in kept),
        slopes=tuple(weights.slopes[place] for place in kept),
        intercepts=tuple(weights.intercepts[place] for place in kept),
    )
    found, expected = graded_scores(with_gaps, weights), graded_scores(with_gaps, fewer)
    pd.testing.assert_frame_equal(found, expected)


def test_empirical_reliability_is_that_of_the_scores() -> None:
    found = graded_response_model(answers(60), categories=CATEGORIES)
    scores = graded_scores(answers(60), parameters(found))
    between = scores["expected_a_posteriori"].var()
    within = (scores["expected_a_posteriori_standard_error"] ** 2).mean()
    assert number(found.empirical_reliability) == pytest.approx(
        between / (between + within)
    )
