"""Disclosure: what rests on few people is held back, and what it follows from too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.foundation import Finding
from analysis.publication import Disclosed, disclose

SMALLEST = 11


def found(term: str, n: int, *, estimate: float = 3.0, **context: str) -> Finding:
    return Finding(study="s", term=term, n=n, estimate=estimate, method="m", **context)  # type: ignore[arg-type]


def held(*findings: Finding) -> list[bool]:
    disclosed = disclose(findings, smallest=SMALLEST)
    assert len(disclosed.findings) == len(findings)
    return [finding.estimate is None for finding in disclosed.findings]


@pytest.mark.parametrize(("n", "hidden"), [(10, True), (11, False), (1, True)])
def test_a_number_about_too_few_is_held_back_with_its_n(n: int, hidden: bool) -> None:
    (kept,) = disclose([found("mean", n)], smallest=SMALLEST).findings
    assert (kept.estimate is None, kept.n is None) == (hidden, hidden)
    assert bool(kept.reason) == hidden


@pytest.mark.parametrize(
    ("share", "hidden"),
    [
        (0.0, True),
        (0.1, True),
        (0.11, False),
        (0.5, False),
        (0.89, False),
        (0.9, True),
        (1.0, True),
    ],
)
def test_a_share_of_too_few_or_of_all_but_few(share: float, hidden: bool) -> None:
    assert held(found("share_highest", 100, estimate=share)) == [hidden]


def test_no_spread_would_tell_what_everybody_said() -> None:
    assert held(found("standard_deviation", 100, estimate=0.0)) == [True]
    assert held(found("standard_deviation", 100, estimate=0.1)) == [False]


def test_the_mean_of_answers_all_the_same_is_that_answer() -> None:
    rows = [
        found("mean", 20, estimate=5.0, item="a"),
        found("standard_deviation", 20, estimate=0.0, item="a"),
        found("mean", 20, estimate=4.0, item="b"),
    ]
    assert held(*rows) == [True, True, False]


def test_of_a_contrast_all_is_held_back_together() -> None:
    wave = "after - before"
    rows = [
        found("mean_before", 5, wave=wave, arm="pilot"),
        found("mean_after", 100, wave=wave, arm="pilot"),
        found("mean_change", 105, wave=wave, arm="pilot"),
        found("mean_change", 90, wave=wave, arm="other"),
        found("mean_change", 195, wave=wave),
        found("difference_in_change", 195, wave=wave, arm="pilot - other"),
        found("mean_change", 200, wave="later - before", arm="pilot"),
    ]
    assert held(*rows) == [True, True, True, False, True, True, False]


def test_everyone_is_held_back_where_one_arm_is_small() -> None:
    rows = [
        found("mean", 45, wave="after"),
        found("mean", 40, wave="after", arm="pilot"),
        found("mean", 5, wave="after", arm="other"),
        found("mean", 45, wave="before"),
        found("mean", 45, wave="after", subscale="another"),
    ]
    assert held(*rows) == [True, False, True, False, False]


def test_everyone_is_held_back_where_the_share_of_one_arm_is() -> None:
    rows = [
        found("share_lowest", 200, estimate=0.3, wave="after"),
        found("share_lowest", 100, estimate=0.55, wave="after", arm="pilot"),
        found("share_lowest", 100, estimate=0.05, wave="after", arm="other"),
    ]
    assert held(*rows) == [True, False, True]


def test_two_arms_held_back_keep_each_other() -> None:
    rows = [
        found("share_lowest", 200, estimate=0.1, wave="after"),
        found("share_lowest", 100, estimate=0.1, wave="after", arm="pilot"),
        found("share_lowest", 100, estimate=0.1, wave="after", arm="other"),
    ]
    assert held(*rows) == [False, True, True]


def flow(*left_out: int, received: int = 300) -> list[Finding]:
    kept = received - sum(left_out)
    counts = [
        ("responses_received", "", received),
        *(("responses_left_out", f"rule {i}", n) for i, n in enumerate(left_out)),
        ("responses_kept", "", kept),
    ]
    return [
        found(term, n, estimate=float(n), group=group, survey="staff", wave="before")
        for term, group, n in counts
    ]


def test_large_counts_of_a_flow_are_shown() -> None:
    assert held(*flow(20, 30)) == [False] * 4


def test_one_small_count_takes_the_next_smallest_along() -> None:
    assert held(*flow(4, 30, 20)) == [False, True, False, True, False]


def test_small_counts_that_add_up_to_few_take_the_number_received_along() -> None:
    assert held(*flow(4)) == [True, True, False]
    assert held(*flow(3, 4)) == [True, True, True, False]


@given(
    left_out=st.lists(st.integers(1, 40), max_size=5), received=st.integers(250, 400)
)
@settings(derandomize=True, deadline=None)
def test_no_small_count_follows_from_the_totals(
    left_out: list[int], received: int
) -> None:
    rows = flow(*left_out, received=received)
    disclosed = disclose(rows, smallest=SMALLEST).findings
    hidden = [
        before.n or 0
        for before, after in zip(rows, disclosed, strict=True)
        if after.n is None and before.term == "responses_left_out"
    ]
    total_follows = disclosed[0].n is not None
    if hidden and total_follows:
        assert len(hidden) > 1
        assert sum(hidden) >= SMALLEST
    assert all(n >= SMALLEST for n in left_out if n not in hidden)


def test_nothing_is_held_back_without_need_and_order_is_kept() -> None:
    rows = (found("mean", 50), replace(found("mean", 50), wave="x"))
    disclosed = disclose(rows, smallest=SMALLEST)
    assert disclosed == Disclosed(findings=rows)
    assert disclosed.held_back() == 0
    assert disclosed.where(wave="x").findings == rows[1:]
