"""Disclosure: what rests on few people is held back, and what it follows from too."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.foundation.findings import Contrast, Finding, Place
from analysis.publication.disclosure.control import Disclosed, disclose

SMALLEST = 11
Cells: TypeAlias = frozenset[tuple[str, int]]


def found(term: str, n: int, *, estimate: float = 3.0, **context: Place) -> Finding:
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
    wave = Contrast("after", "before")
    rows = [
        found("mean_before", 5, wave=wave, arm="pilot"),
        found("mean_after", 100, wave=wave, arm="pilot"),
        found("mean_change", 105, wave=wave, arm="pilot"),
        found("mean_change", 90, wave=wave, arm="other"),
        found("mean_change", 195, wave=wave),
        found("difference_in_change", 195, wave=wave, arm=Contrast("pilot", "other")),
        found("mean_change", 200, wave=Contrast("later", "before"), arm="pilot"),
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
        ("responses_used", "", kept),
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


def arm_flow(cells: dict[str, list[int]], *, unknown: list[int]) -> list[Finding]:
    """A flow whose cells, by arm, are what each rule left out, and at last the kept."""
    parts = [*(f"rule {i}" for i in range(len(unknown) - 1)), ""]
    columns = {"": np.sum([*cells.values(), unknown], axis=0), **cells}
    place = {"survey": "staff", "wave": "before"}
    rows = []
    for arm, column in columns.items():
        rows.append(("responses_received", arm, "", int(sum(column))))
        for part, n in zip(parts, column, strict=True):
            term = "responses_left_out" if part else "responses_used"
            rows.append((term, arm, part, int(n)))
    return [
        found(term, n, estimate=float(n), arm=arm, group=group, **place)
        for term, arm, group, n in rows
    ]


def worked_out(shown: dict[Cells, int]) -> dict[Cells, int]:
    """All that an attacker gets who subtracts shown counts, again and again.

    A count is the set of cells it sums; a subset taken from a set leaves a set.
    """
    known = dict(shown)
    while True:
        new = {}
        for (one, n), (other, m) in itertools.permutations(known.items(), 2):
            if other < one:
                new[one - other] = n - m
        new = {cells: n for cells, n in new.items() if cells not in known}
        if not new or len(known) > 400:
            return known
        known |= dict(list(new.items())[:200])


@given(data=st.data(), rules=st.integers(1, 3), arms=st.integers(1, 3))
@settings(derandomize=True, deadline=None, max_examples=150)
def test_nothing_small_follows_from_everyone_and_the_arms(
    data: st.DataObject, rules: int, arms: int
) -> None:
    counts = st.lists(st.integers(0, 30), min_size=rules, max_size=rules)
    kept = st.integers(5, 90)
    cells = {f"arm {a}": [*data.draw(counts), data.draw(kept)] for a in range(arms)}
    none = st.just([0] * (rules + 1))
    unknown = data.draw(none | counts.map(lambda left: [*left, 40]))
    rows = arm_flow(cells, unknown=unknown)
    truth = {
        (arm, part): n
        for arm, column in {**cells, "unknown": unknown}.items()
        for part, n in enumerate(column)
    }
    shown: dict[Cells, int] = {}
    for row in disclose(rows, smallest=SMALLEST).findings:
        if row.n is None:
            continue
        number = rules if row.term == "responses_used" else str(row.group)[5:]
        wanted = frozenset(
            (arm, part)
            for arm, part in truth
            if row.arm in ("", arm)
            and (row.term == "responses_received" or part == int(number))
        )
        shown[wanted] = row.n
    for cells_of, n in worked_out(shown).items():
        in_a_line = 1 in (len({a for a, _ in cells_of}), len({p for _, p in cells_of}))
        assert sum(truth[cell] for cell in cells_of) == n
        assert not (in_a_line and 0 < n < SMALLEST)


def test_an_arm_does_not_follow_from_everyone_and_the_other() -> None:
    rows = arm_flow({"pilot": [20, 100], "other": [4, 90]}, unknown=[0, 0])
    kept = disclose(rows, smallest=SMALLEST)
    left = kept.where(term="responses_left_out").findings
    assert [(part.arm, part.n) for part in left] == [
        ("", 24),
        ("pilot", None),
        ("other", None),
    ]
    received = kept.where(term="responses_received").findings
    assert [part.n for part in received] == [214, None, None]


def test_what_everyone_shows_does_not_depend_on_the_arms() -> None:
    alone = flow(4, 30, 20)
    rows = [
        *alone,
        *(replace(part, arm="pilot", n=15, estimate=15.0) for part in alone),
    ]
    everyone = disclose(rows, smallest=SMALLEST).findings[: len(alone)]
    assert everyone == disclose(alone, smallest=SMALLEST).findings


def test_flags_are_held_back_with_the_careless_that_were_left_out() -> None:
    place: Any = {"survey": "staff", "wave": "before"}
    flags = [found("responses_flagged", 14, estimate=14.0, group="longstring", **place)]
    rows = [*flow(30, 4), *flags]
    rows[2] = replace(rows[2], group="careless")
    assert held(*rows)[-1]
    assert not held(*flow(30, 40), *flags)[-1]


def test_flagged_by_all_but_a_few_of_one_index() -> None:
    place: Any = {"survey": "staff", "wave": "before"}
    flags = [
        found("responses_flagged", 50, estimate=50.0, group="longstring", **place),
        found("responses_flagged", 70, estimate=70.0, group="even_odd", **place),
        found("responses_flagged", 45, estimate=45.0, group="careless", **place),
    ]
    assert held(*flow(30, 40), *flags)[-3:] == [False, False, True]


def test_nothing_is_held_back_without_need_and_order_is_kept() -> None:
    rows = (found("mean", 50), replace(found("mean", 50), wave="x"))
    disclosed = disclose(rows, smallest=SMALLEST)
    assert disclosed == Disclosed(findings=rows)
    assert disclosed.suppressed_count() == 0
    assert disclosed.where(wave="x").findings == rows[1:]


def test_a_small_share_takes_those_it_would_follow_from_with_it() -> None:
    """The difference of the arms is shown, so three shares would give the fourth."""
    waves = Contrast("after", "before")
    shares = [
        found(f"arm_share_{wave}", 100, estimate=estimate, wave=waves, arm=arm)
        for arm, wave, estimate in (
            ("pilot", "before", 0.3),
            ("pilot", "after", 0.4),
            ("usual", "before", 0.3),
            ("usual", "after", 0.05),
        )
    ]
    effect = found(
        "difference_in_change",
        200,
        estimate=0.35,
        wave=waves,
        arm=Contrast("pilot", "usual"),
    )
    elsewhere = replace(shares[0], subscale="other")
    assert held(*shares, effect, elsewhere) == [True] * 4 + [False, False]
    assert held(*shares[:3], effect) == [False] * 4
