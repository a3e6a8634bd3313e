"""A level of evidence is no higher than the analyses that could be done."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from analysis.outcomes.evidence_level import ANALYSES, EVIDENCE_LEVELS, evidence_level
from hypothesis import given
from hypothesis import strategies as st

from heard.results import Composite, Estimate, Result, Unavailable

DONE = Estimate(term="mean_change", estimate=0.2, n=40, method="by hand")
NOT_DONE = Unavailable(term="mean_change", reason="fewer than 5 clusters")


def height(*names: str, randomised: bool = False) -> float:
    found = evidence_level(dict.fromkeys(names, DONE), randomised=randomised)
    assert isinstance(found.evidence_level, Estimate)
    return found.evidence_level.estimate


def test_each_rung_is_reached_by_its_own_analyses() -> None:
    for place, level in enumerate(EVIDENCE_LEVELS[:-1], start=1):
        assert height(*level.needs) == place
    assert height("arm_comparison", randomised=True) == len(EVIDENCE_LEVELS)


def test_a_linked_change_without_tipping_point_stands_lower() -> None:
    bounds = ("unlinked_change", "correlation_bounds")
    assert height(*bounds, "paired_change") == 2
    assert height(*bounds, "paired_change", "tipping_point") == 3


def test_an_arm_claimed_as_allocated_must_be_declared_so() -> None:
    assert height("allocated_comparison") == 5


def test_nothing_done_is_unavailable_and_says_what_to_do() -> None:
    found = evidence_level({})
    assert isinstance(found.evidence_level, Unavailable)
    assert "asking, afterwards" in found.sentence
    assert len(found.unmet) == len(EVIDENCE_LEVELS)


def test_an_analysis_that_failed_gives_its_reason() -> None:
    found = evidence_level({"then_test": DONE, "unlinked_change": NOT_DONE})
    assert found.unmet[0][1].startswith("unlinked change: fewer than 5 clusters")
    assert "fewer than 5 clusters" in found.sentence
    assert "rung 1 of 7" in found.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Composite):
    parts: tuple[Result, ...]


def test_a_composite_counts_as_done_if_any_estimate_stands_in_it() -> None:
    some = evidence_level({"then_test": Change(parts=(NOT_DONE, DONE))})
    assert isinstance(some.evidence_level, Estimate)
    none = evidence_level({"then_test": Change(parts=(NOT_DONE,))})
    assert isinstance(none.evidence_level, Unavailable)
    assert "fewer than 5 clusters" in none.unmet[0][1]
    empty = evidence_level({"then_test": Change(parts=())})
    assert "nothing was estimated" in empty.unmet[0][1]


def test_a_misspelt_analysis_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown analyses: tiping_point"):
        evidence_level({"tiping_point": DONE})


@given(st.sets(st.sampled_from(ANALYSES)), st.sampled_from(ANALYSES))
def test_one_more_analysis_never_lowers_an_answer(names: set[str], more: str) -> None:
    def reached(chosen: set[str]) -> float:
        found = evidence_level(dict.fromkeys(chosen, DONE), randomised=True)
        result = found.evidence_level
        return result.estimate if isinstance(result, Estimate) else 0.0

    assert reached(names | {more}) >= reached(names)


def test_what_was_not_asked_for_is_not_told_twice() -> None:
    asked = dict.fromkeys(("unlinked_change", "correlation_bounds"), DONE)
    assert evidence_level(asked).lift.endswith("the tipping point for those who left.")
    failed = evidence_level({**asked, "paired_change": NOT_DONE})
    assert "(paired change: fewer than 5 clusters; " in failed.lift
