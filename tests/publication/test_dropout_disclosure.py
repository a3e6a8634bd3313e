"""Few dropouts, or few who stayed, follow from nothing shown."""

from __future__ import annotations

import pytest

from analysis.foundation.findings import Contrast, Finding, Place
from analysis.publication.disclosure.control import disclose

SMALLEST = 11
BOTH = Contrast("pilot", "comparison")
EFFECTS = ("complete_arm_difference", "weighted_arm_difference")
FILLED = ("imputed_arm_difference", "tipping_point_interval_zero")
ReportResult = set[tuple[str, Place]]


def found(term: str, value: float, n: int, arm: Place) -> Finding:
    return Finding(
        study="s",
        survey="q",
        instrument="i",
        subscale="total",
        wave=Contrast("after", "before"),
        arm=arm,
        term=term,
        estimate=value,
        n=n,
        method="m",
    )


def published(pilot: tuple[int, int], comparison: tuple[int, int]) -> ReportResult:
    """What is shown where so many of so many were followed in each arm."""
    everyone = (pilot[0] + comparison[0], pilot[1] + comparison[1])
    arms = {"": everyone, "pilot": pilot, "comparison": comparison}
    rows = [
        found(term, value, n, arm)
        for arm, (stayed, n) in arms.items()
        for term, value in (
            ("share_present", stayed / n),
            ("stayers_minus_leavers_standardised", 0.2),
        )
    ]
    deviation = pilot[0] / pilot[1] - comparison[0] / comparison[1]
    rows.append(found("share_present_difference", deviation, everyone[1], BOTH))
    rows += [found(term, 0.3, everyone[0], BOTH) for term in EFFECTS]
    rows += [found(term, 0.3, everyone[1], BOTH) for term in FILLED]
    disclosed = disclose(rows, smallest=SMALLEST)
    return {(f.term, f.arm) for f in disclosed.findings if f.estimate is not None}


def lost_told(shown: ReportResult) -> set[Place]:
    """Arms whose number lost, or whose lost people, what is shown tells."""
    terms = ("share_present", "stayers_minus_leavers_standardised")
    return {arm for term, arm in shown if term in terms}


def test_enough_stayed_and_were_lost() -> None:
    shown = published((39, 50), (30, 50))
    assert lost_told(shown) == {"", "pilot", "comparison"}
    assert ("share_present_difference", BOTH) in shown
    assert {term for term, _ in shown} >= {*EFFECTS, *FILLED}


@pytest.mark.parametrize("lost", [0, 1, 10])
def test_few_lost_of_one_arm_follow_from_nothing(lost: int) -> None:
    shown = published((50 - lost, 50), (30, 50))
    # The other arm and the difference would tell; so would everyone and the other.
    assert ("share_present", "") not in shown
    assert lost_told(shown) <= {""}
    assert ("share_present_difference", BOTH) not in shown
    # Their n tells how many were lost in all, which are enough.
    assert {term for term, _ in shown} >= {*EFFECTS, *FILLED}


def test_few_lost_of_all_are_not_told_by_the_n_of_those_who_stayed() -> None:
    shown = published((47, 50), (46, 50))
    assert shown == {(term, BOTH) for term in FILLED}


def test_what_is_held_back_of_those_followed_loses_the_method_that_counts_them() -> (
    None
):
    row = found("complete_arm_difference", 0.3, 8, BOTH)
    (kept,) = disclose([row], smallest=SMALLEST).findings
    assert (kept.estimate, kept.n, kept.method) == (None, None, "")


def test_eleven_lost_of_all_and_few_of_each_are_told_by_no_arm() -> None:
    shown = published((45, 50), (44, 50))
    assert lost_told(shown) <= {""}
    assert ("complete_arm_difference", BOTH) in shown


def test_few_who_stayed_are_not_spoken_of_at_all() -> None:
    shown = published((10, 50), (30, 50))
    assert shown <= {("stayers_minus_leavers_standardised", "")}
