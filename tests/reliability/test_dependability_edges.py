"""Dependability at its edges: a reason in words, never a NaN, a warning or a crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.models.random_streams import generator
from heard.psychometrics.dependability.components import variance_components
from heard.psychometrics.dependability.decisions import decision_study, raters_needed
from heard.psychometrics.dependability.nested_reliability import nested_reliability
from heard.psychometrics.dependability.staff import staff_dependability
from heard.results import Composite, Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def ratings(scores: Any, staff: Any) -> pd.DataFrame:
    return pd.DataFrame({"staff": staff, "score": scores})


def simulated(staff: int = 30, each: int = 6, spread: float = 1.0) -> pd.DataFrame:
    draws = generator("dependability tests")
    true = np.repeat(spread * draws.normal(size=staff), each)
    names = np.repeat([f"s{place}" for place in range(staff)], each)
    return ratings(true + draws.normal(size=staff * each), names)


def components(frame: pd.DataFrame) -> Any:
    return variance_components(frame, score="score", facets=["staff"])


@pytest.mark.parametrize(
    "frame",
    [
        ratings([], []),
        ratings([1.0], ["a"]),
        ratings([1.0, 2.0, 3.0], ["a", "a", "a"]),
        ratings([1.0, 2.0, 3.0], ["a", "b", "c"]),
        ratings([3.0] * 6, ["a", "b"] * 3),
        ratings(["x"] * 6, ["a", "b"] * 3),
        ratings([np.nan] * 6, ["a", "b"] * 3),
        ratings([np.inf, 1.0, 2.0, 3.0], ["a", "a", "b", "b"]),
    ],
)
def test_what_cannot_be_split_says_why(frame: pd.DataFrame) -> None:
    found = components(frame)
    assert isinstance(found, Unavailable)
    assert found.reason
    study = decision_study(found, target="staff", numbers={"ratings": [1, 5]})
    assert isinstance(study, Unavailable)
    needed = raters_needed(found, target="staff", required=0.7)
    assert isinstance(needed, Unavailable)
    for result in (
        nested_reliability(frame, score="score", target="staff"),
        staff_dependability(frame, score="score", staff="staff"),
    ):
        parts = result.results() if isinstance(result, Composite) else [result]
        assert all(isinstance(part, Unavailable) and part.reason for part in parts)


def test_every_estimate_lies_inside_its_limits() -> None:
    found = components(simulated())
    study = decision_study(found, target="staff", numbers={"ratings": [1, 5, 20]})
    assert isinstance(study, Composite)
    for part in (*found.results(), *study.results()):
        if isinstance(part, Estimate) and part.conf_low is not None:
            assert part.conf_high is not None
            assert part.conf_low <= part.estimate <= part.conf_high


def test_more_raters_make_a_mean_more_dependable() -> None:
    found = components(simulated())
    study: Any = decision_study(found, target="staff", numbers={"ratings": [1, 5, 20]})
    values = [point.dependability.estimate for point in study.points]
    assert values == sorted(values)
    few, many = (raters_needed(found, target="staff", required=w) for w in (0.6, 0.9))
    assert isinstance(few, Estimate)
    assert isinstance(many, Estimate)
    assert few.estimate < many.estimate


def test_staff_who_do_not_differ_need_endlessly_many_raters() -> None:
    found = components(simulated(spread=0.0, staff=40))
    needed = raters_needed(found, target="staff", required=0.8)
    if isinstance(needed, Unavailable):
        assert needed.reason
    else:
        assert needed.estimate > 10


def test_shift_and_scale_leave_dependability_alone() -> None:
    frame = simulated()
    moved = frame.assign(score=10 + 3 * frame["score"])
    one, other = (
        decision_study(components(each), target="staff", numbers={"ratings": [5]})
        for each in (frame, moved)
    )
    assert isinstance(one, Composite)
    assert isinstance(other, Composite)
    for first, second in zip(one.results(), other.results(), strict=True):
        assert isinstance(first, Estimate)
        assert isinstance(second, Estimate)
        assert second.estimate == pytest.approx(first.estimate, rel=1e-6)
