"""What item analysis does with answers, gaps and columns that cannot be analysed."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.items.statistics import item_statistics
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

# Two programs, one formula: only rounding may differ.
ROUNDING = 1e-12


@pytest.fixture
def responses() -> pd.DataFrame:
    """Forty participants, three items from 1 to 5, holes in each."""
    random = np.random.default_rng(20)
    trait = random.normal(3, 1, (40, 1))
    answers = np.clip(np.round(trait + random.normal(0, 0.8, (40, 3))), 1, 5)
    frame = pd.DataFrame(answers, columns=["heard", "believed", "asked"])
    frame.iloc[:5, 0] = np.nan
    frame.iloc[3:9, 1] = np.nan
    frame.iloc[39, 2] = np.nan
    return frame


def test_one_result_set_a_column_in_the_order_of_the_columns(
    responses: pd.DataFrame,
) -> None:
    found = item_statistics(responses, lowest=1, highest=5)
    assert [item.item for item in found] == ["heard", "believed", "asked"]


def test_terms_are_the_names_of_the_fields(responses: pd.DataFrame) -> None:
    item = item_statistics(responses, lowest=1, highest=5)[0]
    assert [result.term for result in item.results()] == [
        "mean",
        "standard_deviation",
        "share_missing",
        "share_lowest",
        "share_highest",
        "item_rest_correlation",
        "cronbach_alpha_if_dropped",
    ]


def test_frame_names_the_item_of_every_statistic(responses: pd.DataFrame) -> None:
    frame = item_statistics(responses, lowest=1, highest=5)[1].to_frame()
    assert list(frame["item"]) == ["believed"] * 7
    assert list(frame["term"])[:2] == ["mean", "standard_deviation"]


def test_mean_has_the_interval_of_the_one_sample_t_test(
    responses: pd.DataFrame,
) -> None:
    mean = item_statistics(responses, lowest=1, highest=5)[0].mean
    answers = responses["heard"].dropna()
    limits = stats.ttest_1samp(answers, 0).confidence_interval(0.95)
    assert isinstance(mean, Estimate)
    assert mean.n == 35
    assert mean.conf_low == pytest.approx(limits.low, abs=ROUNDING)
    assert mean.conf_high == pytest.approx(limits.high, abs=ROUNDING)


def test_sd_divides_by_n_minus_one() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4, np.nan], "b": [1, 1, 2, 2, 2]})
    sd = item_statistics(frame, lowest=1, highest=5)[0].standard_deviation
    assert isinstance(sd, Estimate)
    assert sd.estimate == pytest.approx(math.sqrt(5 / 3), abs=ROUNDING)
    assert sd.n == 4


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_shares_have_the_score_interval_newcombe_printed(
    count: int, n: int, low: float, high: float
) -> None:
    at_lowest = pd.DataFrame({"a": [1] * count + [2] * (n - count)})
    at_highest = pd.DataFrame({"a": [5] * count + [2] * (n - count)})
    missing = pd.DataFrame({"a": [np.nan] * count + [2] * (n - count)})
    shares = (
        item_statistics(at_lowest, lowest=1, highest=5)[0].share_lowest,
        item_statistics(at_highest, lowest=1, highest=5)[0].share_highest,
        item_statistics(missing, lowest=1, highest=5)[0].share_missing,
    )
    for share in shares:
        assert isinstance(share, Estimate)
        assert share.n == n
        assert share.estimate == count / n
        # Newcombe (1998), Statistics in Medicine 17, 857-872, table I: four decimals.
        assert share.conf_low == pytest.approx(low, abs=5e-5)
        assert share.conf_high == pytest.approx(high, abs=5e-5)


def test_floor_is_a_share_of_the_answers_and_not_of_the_participants() -> None:
    frame = pd.DataFrame({"a": [1, 1, 3, 5, np.nan, np.nan, np.nan, np.nan]})
    item = item_statistics(frame, lowest=1, highest=5)[0]
    assert isinstance(item.share_lowest, Estimate)
    assert item.share_lowest.estimate == 0.5
    assert isinstance(item.share_missing, Estimate)
    assert item.share_missing.estimate == 0.5
    assert item.share_missing.n == 8


def test_ends_come_from_the_codebook_and_not_from_the_answers() -> None:
    frame = pd.DataFrame({"a": [2, 3, 4, 4]})
    item = item_statistics(frame, lowest=1, highest=5)[0]
    assert isinstance(item.share_highest, Estimate)
    assert item.share_highest.estimate == 0


def test_answers_outside_the_scale_are_counted_and_not_quoted() -> None:
    frame = pd.DataFrame({"a": [1, 2, 99, 99]})
    item = item_statistics(frame, lowest=1, highest=5)[0]
    for share in (item.share_lowest, item.share_highest):
        assert isinstance(share, Unavailable)
        assert share.reason == "2 answers outside 1 to 5"


def test_item_rest_correlation_leaves_the_item_out_of_the_rest(
    responses: pd.DataFrame,
) -> None:
    found = item_statistics(responses, lowest=1, highest=5)[0].item_rest_correlation
    complete = responses.dropna()
    rest = complete["believed"] + complete["asked"]
    expected = float(np.corrcoef(complete["heard"], rest)[0, 1])
    reach = 1.959963984540054 / math.sqrt(len(complete) - 3)
    assert isinstance(found, Estimate)
    assert found.n == len(complete) == 30
    assert found.estimate == pytest.approx(expected, abs=ROUNDING)
    assert found.conf_low == pytest.approx(
        math.tanh(math.atanh(expected) - reach), abs=ROUNDING
    )
    assert found.conf_high == pytest.approx(
        math.tanh(math.atanh(expected) + reach), abs=ROUNDING
    )


def test_alpha_if_dropped_keeps_the_participants_complete_on_all_items(
    responses: pd.DataFrame,
) -> None:
    found = item_statistics(responses, lowest=1, highest=5)[0].cronbach_alpha_if_dropped
    expected = cronbach_alpha(responses.dropna()[["believed", "asked"]])
    assert isinstance(found, Estimate)
    assert isinstance(expected, Estimate)
    assert found.n == 30
    assert found.estimate == pytest.approx(expected.estimate, abs=ROUNDING)
    assert found.conf_low == pytest.approx(expected.conf_low, abs=ROUNDING)
    assert found.conf_high == pytest.approx(expected.conf_high, abs=ROUNDING)


def test_alpha_if_dropped_needs_two_items_that_stay(responses: pd.DataFrame) -> None:
    for item in item_statistics(responses[["heard", "asked"]], lowest=1, highest=5):
        absent = item.cronbach_alpha_if_dropped
        assert isinstance(absent, Unavailable)
        assert absent.reason == "number of items 2; at least 3 needed"


def test_a_single_item_has_no_rest(responses: pd.DataFrame) -> None:
    item = item_statistics(responses[["heard"]], lowest=1, highest=5)[0]
    assert isinstance(item.mean, Estimate)
    assert isinstance(item.item_rest_correlation, Unavailable)
    assert item.item_rest_correlation.reason == "number of items 1; at least 2 needed"


def test_a_constant_item_has_a_mean_without_interval_and_no_correlation(
    responses: pd.DataFrame,
) -> None:
    flat, other, _ = item_statistics(
        responses.dropna().assign(heard=0.1), lowest=0, highest=5
    )
    assert isinstance(flat.mean, Estimate)
    assert (flat.mean.estimate, flat.mean.conf_low) == (0.1, None)
    assert "no interval: all answers equal" in flat.mean.method
    assert isinstance(flat.standard_deviation, Estimate)
    assert flat.standard_deviation.estimate == 0
    assert isinstance(flat.item_rest_correlation, Unavailable)
    assert flat.item_rest_correlation.reason == "the item is constant"
    assert isinstance(other.item_rest_correlation, Estimate)


def test_items_that_cancel_leave_no_rest_to_correlate_with() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 5], "b": [1, 2, 4, 5], "c": [5, 4, 2, 1]})
    absent = item_statistics(frame, lowest=1, highest=5)[0].item_rest_correlation
    assert isinstance(absent, Unavailable)
    assert absent.reason == "the sum of the other items is constant"


def test_one_answer_has_a_mean_but_neither_interval_nor_spread() -> None:
    item = item_statistics(pd.DataFrame({"a": [3.0, np.nan]}), lowest=1, highest=5)[0]
    assert isinstance(item.mean, Estimate)
    assert (item.mean.estimate, item.mean.conf_low, item.mean.n) == (3.0, None, 1)
    assert isinstance(item.standard_deviation, Unavailable)
    assert item.standard_deviation.n == 1


def test_an_item_nobody_answered_is_wholly_missing(responses: pd.DataFrame) -> None:
    item, other, _ = item_statistics(
        responses.assign(heard=np.nan), lowest=1, highest=5
    )
    assert isinstance(item.mean, Unavailable)
    assert item.mean.n == 0
    assert isinstance(item.share_missing, Estimate)
    assert item.share_missing.estimate == 1
    assert isinstance(other.mean, Estimate)
    assert isinstance(other.item_rest_correlation, Unavailable)
    assert other.item_rest_correlation.reason.endswith("no one answered heard")


def test_no_participants_leave_nothing_to_describe(responses: pd.DataFrame) -> None:
    for item in item_statistics(responses.iloc[:0], lowest=1, highest=5):
        assert all(isinstance(result, Unavailable) for result in item.results())


def test_a_text_column_is_named_and_the_others_are_described(
    responses: pd.DataFrame,
) -> None:
    text, other, _ = item_statistics(
        responses.assign(heard="often"), lowest=1, highest=5
    )
    assert isinstance(text.mean, Unavailable)
    assert text.mean.reason == "heard does not hold numbers but text"
    assert isinstance(other.mean, Estimate)
    assert isinstance(other.item_rest_correlation, Unavailable)
    assert other.item_rest_correlation.reason == text.mean.reason


def test_infinite_answers_are_counted(responses: pd.DataFrame) -> None:
    responses.loc[[10, 11], "heard"] = [np.inf, -np.inf]
    item = item_statistics(responses, lowest=1, highest=5)[0]
    for result in item.results():
        assert isinstance(result, Unavailable)
        assert result.reason == "heard holds 2 infinite or immense values"
        assert result.n is None


def test_columns_of_one_name_are_refused_and_the_others_described(
    responses: pd.DataFrame,
) -> None:
    twice = responses.set_axis(["heard", "heard", "asked"], axis=1)
    first, second, other = item_statistics(twice, lowest=1, highest=5)
    for item in (first, second):
        assert isinstance(item.mean, Unavailable)
        assert item.mean.reason == "2 columns are named heard"
    assert isinstance(other.mean, Estimate)


def test_nullable_and_truth_value_columns_are_numbers(responses: pd.DataFrame) -> None:
    nullable = responses.astype("Int64")
    assert item_statistics(nullable, lowest=1, highest=5) == item_statistics(
        responses, lowest=1, highest=5
    )
    yes = item_statistics(pd.DataFrame({"a": [True, False]}), lowest=0, highest=1)[0]
    assert isinstance(yes.share_highest, Estimate)
    assert yes.share_highest.estimate == 0.5


def test_numbers_are_built_in_floats(responses: pd.DataFrame) -> None:
    for item in item_statistics(responses, lowest=1, highest=5):
        for result in item.results():
            assert isinstance(result, Estimate)
            numbers = (result.estimate, result.conf_low, result.conf_high)
            assert {type(number) for number in numbers} <= {float, type(None)}
            assert type(result.n) is int
