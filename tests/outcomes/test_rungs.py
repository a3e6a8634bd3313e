"""An answer stands no higher than the analyses that could be done."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.foundation import Composite, Estimate, Result, Unavailable
from analysis.outcomes.rungs import ANALYSES, LADDER, evidence_rung

DONE = Estimate(term="mean_change", estimate=0.2, n=40, method="by hand")
NOT_DONE = Unavailable(term="mean_change", reason="fewer than 5 clusters")


def height(*names: str, drawn_by_lot: bool = False) -> float:
    found = evidence_rung(dict.fromkeys(names, DONE), drawn_by_lot=drawn_by_lot)
    assert isinstance(found.evidence_rung, Estimate)
    return found.evidence_rung.estimate


def test_each_rung_is_reached_by_its_own_analyses() -> None:
    for place, rung in enumerate(LADDER[:-1], start=1):
        assert height(*rung.needs) == place
    assert height("arm_comparison", drawn_by_lot=True) == len(LADDER)


def test_a_linked_change_without_tipping_point_stands_lower() -> None:
    bounds = ("unlinked_change", "correlation_bounds")
    assert height(*bounds, "paired_change") == 2
    assert height(*bounds, "paired_change", "tipping_point") == 3


def test_an_arm_claimed_as_allocated_must_be_declared_so() -> None:
    assert height("allocated_comparison") == 5


def test_nothing_done_is_unavailable_and_says_what_to_do() -> None:
    found = evidence_rung({})
    assert isinstance(found.evidence_rung, Unavailable)
    assert "asking, afterwards" in found.sentence
    assert len(found.kept_off) == len(LADDER)


def test_an_analysis_that_failed_gives_its_reason() -> None:
    found = evidence_rung({"then_test": DONE, "unlinked_change": NOT_DONE})
    assert found.kept_off[0][1].startswith("unlinked change: fewer than 5 clusters")
    assert "fewer than 5 clusters" in found.sentence
    assert "rung 1 of 7" in found.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Composite):
    parts: tuple[Result, ...]


def test_a_composite_counts_as_done_if_any_estimate_stands_in_it() -> None:
    some = evidence_rung({"then_test": Change(parts=(NOT_DONE, DONE))})
    assert isinstance(some.evidence_rung, Estimate)
    none = evidence_rung({"then_test": Change(parts=(NOT_DONE,))})
    assert isinstance(none.evidence_rung, Unavailable)
    assert "fewer than 5 clusters" in none.kept_off[0][1]
    empty = evidence_rung({"then_test": Change(parts=())})
    assert "nothing was estimated" in empty.kept_off[0][1]


def test_a_misspelt_analysis_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown analyses: tiping_point"):
        evidence_rung({"tiping_point": DONE})


@given(st.sets(st.sampled_from(ANALYSES)), st.sampled_from(ANALYSES))
def test_one_more_analysis_never_lowers_an_answer(names: set[str], more: str) -> None:
    def reached(chosen: set[str]) -> float:
        found = evidence_rung(dict.fromkeys(chosen, DONE), drawn_by_lot=True)
        result = found.evidence_rung
        return result.estimate if isinstance(result, Estimate) else 0.0

    assert reached(names | {more}) >= reached(names)


def test_what_was_not_asked_for_is_not_told_twice() -> None:
    asked = dict.fromkeys(("unlinked_change", "correlation_bounds"), DONE)
    assert evidence_rung(asked).lift.endswith("the tipping point for those who left.")
    failed = evidence_rung({**asked, "paired_change": NOT_DONE})
    assert "(paired change: fewer than 5 clusters; " in failed.lift
