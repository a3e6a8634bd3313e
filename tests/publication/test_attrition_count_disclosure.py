"""Counts of two steps that together show few dropouts are suppressed."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.foundation.findings import Contrast, Finding, Place
from analysis.publication.disclosure.control import (
    FEW_DROPOUTS,
    Disclosed,
    suppress_attrition_counts,
)


def count(term: str, wave: Place, n: int, arm: str = "", **place: Any) -> Finding:
    return Finding(
        study="s", survey="q", wave=wave, arm=arm, term=term, estimate=n, n=n, **place
    )


def study(
    before: dict[str, int], after: dict[str, int], linked: dict[str, int]
) -> tuple[Finding, ...]:
    return (
        *(count("responses_used", "before", n, arm) for arm, n in before.items()),
        *(count("responses_received", "after", n, a) for a, n in after.items()),
        *(count("responses_used", "after", n, arm) for arm, n in after.items()),
        *(
            count("participants_linked", Contrast("after", "before"), n, arm)
            for arm, n in linked.items()
        ),
        count("mean_change", Contrast("after", "before"), 97),
    )


def hidden(findings: tuple[Finding, ...]) -> set[tuple[str, Place, Place]]:
    safe = suppress_attrition_counts(Disclosed(findings=findings), smallest=11).findings
    assert len(safe) == len(findings)
    held = [part for part in safe if part.estimate is None]
    assert all(part.n is None and part.reason == FEW_DROPOUTS for part in held)
    return {(part.term, part.wave, part.arm) for part in held}


AFTER = {
    ("responses_received", "after", ""),
    ("responses_used", "after", ""),
    ("participants_linked", Contrast("after", "before"), ""),
}


@pytest.mark.parametrize(
    ("linked", "holds"), [(100, False), (99, True), (90, True), (89, False)]
)
def test_a_few_lost_are_not_told(linked: int, holds: bool) -> None:
    findings = study({"": 100}, {"": linked}, {"": linked})
    assert hidden(findings) == (AFTER if holds else set())


def test_a_few_who_are_new_are_not_told() -> None:
    assert hidden(study({"": 100}, {"": 63}, {"": 60})) == AFTER


def test_one_arm_that_lost_a_few_hides_the_arms_but_not_everyone() -> None:
    findings = study(
        {"": 100, "a": 52, "b": 48},
        {"": 85, "a": 49, "b": 36},
        {"": 85, "a": 49, "b": 36},
    )
    reported = hidden(findings)
    assert {arm for _, _, arm in reported} == {"a", "b"}
    assert {wave for _, wave, _ in reported} == {"after", Contrast("after", "before")}


def test_everyone_who_lost_a_few_hides_everything_of_the_later_wave() -> None:
    findings = study(
        {"": 100, "a": 52, "b": 48},
        {"": 97, "a": 52, "b": 45},
        {"": 97, "a": 52, "b": 45},
    )
    reported = hidden(findings)
    assert {arm for _, _, arm in reported} == {"", "a", "b"}
    assert "before" not in {wave for _, wave, _ in reported}
    assert "mean_change" not in {term for term, _, _ in reported}


def test_without_links_or_counts_nothing_changes() -> None:
    assert hidden(study({"": 100}, {"": 97}, {})) == set()
    assert hidden(study({}, {}, {"": 97})) == set()
    of_rule = count(
        "participants_linked", Contrast("after", "before"), 97, group="exact"
    )
    assert hidden((*study({"": 100}, {"": 97}, {}), of_rule)) == set()


def test_twice_is_once() -> None:
    findings = study({"": 100}, {"": 97}, {"": 97})
    once = suppress_attrition_counts(Disclosed(findings=findings), smallest=11)
    assert suppress_attrition_counts(once, smallest=11) == once
