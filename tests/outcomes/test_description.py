"""Descriptions: the n that remains, the ends of the range, and honest absence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from heard.effects.description import describe_scores
from heard.errors import DataError
from heard.results import Estimate, Unavailable

SCORES = pd.Series([1.0, 2, 2, 3, 5, 5, 5, np.nan])


def test_missing_scores_are_left_out_and_n_says_so() -> None:
    assert describe_scores(SCORES, lowest=1, highest=5) == describe_scores(
        SCORES.dropna(), lowest=1, highest=5
    )
    found = describe_scores(SCORES, lowest=1, highest=5)
    assert {result.n for result in found.results()} == {7}


def test_shares_count_the_ends_of_the_declared_range() -> None:
    found = describe_scores(SCORES, lowest=1, highest=5)
    assert isinstance(found.share_lowest, Estimate)
    assert isinstance(found.share_highest, Estimate)
    assert found.share_lowest.estimate == 1 / 7
    assert found.share_highest.estimate == 3 / 7


def test_a_mean_of_items_at_the_end_counts_in_spite_of_rounding() -> None:
    found = describe_scores(pd.Series([0.1 + 0.2, 0.2]), lowest=0, highest=0.3)
    assert isinstance(found.share_highest, Estimate)
    assert found.share_highest.estimate == 0.5


def test_integers_with_absent_values_are_scores_too() -> None:
    whole = pd.Series([1, 2, 2, 3, 5, 5, 5, None], dtype="Int64")
    assert describe_scores(whole, lowest=1, highest=5) == describe_scores(
        SCORES, lowest=1, highest=5
    )


@pytest.mark.parametrize(
    "scores", [[], [np.nan], [np.inf, 1, 2], [1e300, 1, 2]], ids=str
)
def test_nothing_is_said_of_no_scores_or_of_none_that_are_finite(
    scores: list[float],
) -> None:
    found = describe_scores(pd.Series(scores, dtype=float), lowest=0, highest=3)
    for result in found.results():
        assert isinstance(result, Unavailable)
        assert result.reason


@pytest.mark.parametrize("scores", [[3.0], [3.0, 3.0, 3.0]])
def test_without_spread_the_shares_still_stand(scores: list[float]) -> None:
    found = describe_scores(pd.Series(scores), lowest=0, highest=3)
    assert isinstance(found.mean, Unavailable)
    assert isinstance(found.standard_deviation, Unavailable)
    assert isinstance(found.share_highest, Estimate)
    assert found.share_highest.conf_high == 1
    assert found.share_highest.estimate == 1


def test_scores_outside_the_declared_range_have_no_shares() -> None:
    found = describe_scores(SCORES, lowest=1, highest=4)
    assert isinstance(found.share_lowest, Unavailable)
    assert isinstance(found.mean, Estimate)


def test_text_is_counted_and_not_quoted() -> None:
    with pytest.raises(DataError, match="1 of 2 scores") as raised:
        describe_scores(pd.Series(["a secret", 2], dtype=object), lowest=1, highest=5)
    assert "secret" not in str(raised.value)


def test_numbers_are_built_in_floats() -> None:
    for result in describe_scores(SCORES, lowest=1, highest=5).results():
        assert isinstance(result, Estimate)
        numbers = (result.estimate, result.conf_low, result.conf_high)
        assert {type(number) for number in numbers} == {float}


def test_under_five_teams_the_mean_has_no_interval() -> None:
    scores = pd.Series([1.0, 2.0, 3.0, 4.0, 2.0, 5.0])
    teams = pd.Series(["a", "a", "b", "b", "c", "d"])
    found = describe_scores(scores, lowest=1, highest=5, cluster=teams).mean
    assert isinstance(found, Estimate)
    assert found.conf_low is None
    assert found.conf_high is None
    assert "under 5" in found.method


def test_a_team_of_one_each_gives_the_interval_of_people() -> None:
    scores = pd.Series([1.0, 2.0, 3.0, 4.0, 2.0, 5.0])
    alone = pd.Series(list("abcdef"))
    plain = describe_scores(scores, lowest=1, highest=5).mean
    found = describe_scores(scores, lowest=1, highest=5, cluster=alone).mean
    assert isinstance(plain, Estimate)
    assert isinstance(found, Estimate)
    # The same sums in another order.
    assert found.conf_low == pytest.approx(plain.conf_low, rel=1e-12)
    assert found.conf_high == pytest.approx(plain.conf_high, rel=1e-12)


def test_people_without_a_team_count_as_a_team_each() -> None:
    scores = pd.Series([1.0, 2.0, 3.0, 4.0, 2.0, 5.0, np.nan])
    teams = pd.Series(["a", "b", "c", "d", "e", "", "f"])
    deviation = teams.replace("", "g")
    without, alone = (
        describe_scores(scores, lowest=1, highest=5, cluster=each).mean
        for each in (teams, deviation)
    )
    assert isinstance(without, Estimate)
    assert isinstance(alone, Estimate)
    assert without.n == alone.n == 6
    assert (without.conf_low, without.conf_high) == (alone.conf_low, alone.conf_high)


def test_a_score_of_yes_or_no_has_a_share_and_no_spread() -> None:
    """Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, score method."""
    answers = pd.Series([1.0] * 81 + [0.0] * 182)
    found = describe_scores(answers, lowest=0, highest=1, yes_or_no=True)
    assert isinstance(found.mean, Estimate)
    assert (found.mean.term, found.mean.n) == ("mean", 263)
    assert found.mean.estimate == 81 / 263
    # Printed with 4 digits.
    assert (found.mean.conf_low, found.mean.conf_high) == pytest.approx(
        (0.2553, 0.3662), abs=5e-5
    )
    assert isinstance(found.standard_deviation, Unavailable)
    assert "follows from its mean" in found.standard_deviation.reason
    nobody = describe_scores(answers * 0, lowest=0, highest=1, yes_or_no=True)
    assert isinstance(nobody.mean, Estimate)
    assert nobody.mean.conf_low == 0
    none = describe_scores(answers[:0], lowest=0, highest=1, yes_or_no=True)
    assert isinstance(none.mean, Unavailable)


def test_a_score_of_yes_or_no_allows_for_teams() -> None:
    answers = pd.Series([1.0, 0] * 30)
    teams = pd.Series([f"t{n // 10}" for n in range(60)])
    plain = describe_scores(answers, lowest=0, highest=1, cluster=teams)
    found = describe_scores(answers, lowest=0, highest=1, cluster=teams, yes_or_no=True)
    assert found.mean == plain.mean
