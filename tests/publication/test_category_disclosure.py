"""Shares of ordered answers: no small count follows from what is shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.foundation.findings import AnyGroup, Contrast, Finding, Place
from analysis.publication.disclosure.control import SECONDARY_SUPPRESSION, disclose

PLACE = {
    "study": "s",
    "survey": "ratings",
    "instrument": "i",
    "subscale": "cares",
    "method": "made up",
}
SMALLEST = 11


def share(term: str, people: int, n: int, **place: Place) -> Finding:
    at: dict[str, Any] = {"wave": "before", "arm": "pilot", **PLACE, **place}
    return Finding(term=term, estimate=people / n, n=n, **at)


def cells(counts: list[int], **place: str) -> list[Finding]:
    n = sum(counts)
    return [
        share("share_in_category", people, n, group=str(value), **place)
        for value, people in enumerate(counts, start=1)
    ]


def shown(counts: list[int], *more: Finding) -> list[AnyGroup]:
    kept = disclose([*cells(counts), *more], smallest=SMALLEST).findings
    return [
        part.group
        for part in kept
        if part.term == "share_in_category" and part.estimate is not None
    ]


def test_answers_of_enough_people_are_all_shown() -> None:
    assert shown([11, 20, 60, 80, 40]) == ["1", "2", "3", "4", "5"]


def test_a_small_answer_takes_as_many_along_as_keep_it_hidden() -> None:
    """Beside n, mean and spread three hidden counts are three unknowns: four go."""
    assert shown([6, 20, 60, 80, 40]) == ["5"]
    assert shown([40, 80, 60, 20, 6]) == ["1"]
    # Both ends are told elsewhere: of five answers that leaves nothing to hide in.
    assert shown([20, 80, 6, 20, 60]) == []
    assert shown([20, 80, 6, 20, 60, 30, 30]) == ["1", "6", "7"]


def test_nobody_and_everybody_are_small_too() -> None:
    assert shown([0, 20, 60, 80, 40]) == ["5"]
    assert shown([0, 0, 0, 0, 100]) == []


def test_answers_too_few_to_hide_one_in_are_all_held_back() -> None:
    assert shown([6, 40, 60]) == []
    assert shown([6, 40, 60, 50]) == []


def test_top_answers_told_of_the_same_people_count_as_known() -> None:
    """The best two of seven, with the best, tell the second best."""
    counts = [6, 20, 30, 30, 30, 60, 80]
    assert shown(counts) == ["5", "6", "7"]
    top = share("top_share_treated", 140, 256, arm=Contrast("pilot", "comparison"))
    assert shown(counts, top) == ["5", "6", "7"]
    three = share("top_share_after", 200, 256, wave=Contrast("before", "earlier"))
    assert shown([6, 20, 30, 30, 60, 80, 30], three) == ["6", "7"]


def test_of_a_difference_neither_share_may_be_small() -> None:
    found = [
        share("top_share_treated", 5, 100, arm=Contrast("pilot", "comparison")),
        share("top_share_control", 50, 100, arm=Contrast("pilot", "comparison")),
        share("top_share_difference", -45, 100, arm=Contrast("pilot", "comparison")),
    ]
    kept = {part.term: part.estimate for part in disclose(found, smallest=11).findings}
    assert kept == {
        "top_share_treated": None,
        "top_share_control": 0.5,
        "top_share_difference": None,
    }
    fine = disclose(found[1:], smallest=11).findings
    assert [part.estimate for part in fine] == [0.5, -0.45]


def test_a_difference_in_change_follows_from_four_shares() -> None:
    waves = {"wave": Contrast("later", "before")}
    found = [
        share("top_share_before", 5, 100, **waves),
        share("top_share_after", 50, 100, **waves),
        share("top_share_change", 45, 100, **waves),
        share("top_share_before", 50, 100, **waves, arm="comparison"),
        share("top_share_change", 1, 100, **waves, arm="comparison"),
        share(
            "top_share_difference_in_change",
            1,
            100,
            **waves,
            arm=Contrast("pilot", "comparison"),
        ),
    ]
    kept = [part.estimate for part in disclose(found, smallest=11).findings]
    assert kept == [None, 0.5, None, 0.5, 0.01, None]


def test_why_there_is_no_difference_tells_nothing_of_small_shares() -> None:
    found = [
        share("top_share_treated", 0, 100, arm=Contrast("pilot", "comparison")),
        share("top_share_control", 0, 100, arm=Contrast("pilot", "comparison")),
        dataclasses.replace(
            share("top_share_difference", 0, 200, arm=Contrast("pilot", "comparison")),
            estimate=None,
            reason="teams do not differ in this share",
        ),
    ]
    last = disclose(found, smallest=11).findings[-1]
    assert (last.n, last.reason) == (None, SECONDARY_SUPPRESSION)


def test_better_same_and_worse_go_together() -> None:
    waves = {"wave": Contrast("later", "before")}
    found = [
        share("share_better", 50, 100, **waves),
        share("share_same", 8, 100, **waves),
        share("share_worse", 42, 100, **waves),
        share("net_share_better", 8, 100, **waves),
    ]
    assert all(p.estimate is None for p in disclose(found, smallest=11).findings)


@pytest.mark.parametrize("term", ["share_at_best", "share_at_worst"])
def test_few_at_an_end_are_not_told(term: str) -> None:
    few, enough = share(term, 10, 100), share(term, 11, 100)
    assert disclose([few], smallest=11).findings[0].estimate is None
    assert disclose([enough], smallest=11).findings[0].estimate == 0.11


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=9))
def test_no_small_count_is_fixed_by_what_is_shown(counts: list[int]) -> None:
    """Another table with the same shown numbers, n, mean and spread exists."""
    if sum(counts) < SMALLEST:
        return
    known = {int(str(group)) - 1 for group in shown(counts)}
    size = len(counts)
    values = np.arange(1.0, size + 1)
    reported = [np.ones(size), values, values**2]
    n = sum(counts)
    ends = [at for at in (0, size - 1) if SMALLEST <= counts[at] <= n - SMALLEST]
    reported += [np.eye(size)[at] for at in {*known, *ends}]
    free = np.linalg.svd(np.array(reported))[2][
        np.linalg.matrix_rank(np.array(reported)) :
    ]
    for at, people in enumerate(counts):
        assert at not in known or people >= SMALLEST
        if people < SMALLEST and known:
            assert np.abs(free[:, at]).max(initial=0.0) > 1e-9
