"""Staff by rank: the same numbers, nobody's label."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.dependability.staff import (
    StaffDependability,
    staff_by_rank,
    staff_dependability,
)
from heard.results import Estimate


@pytest.fixture
def found() -> StaffDependability:
    random = np.random.default_rng(8)
    staff = np.repeat(np.arange(12), np.arange(3, 15))
    means = random.normal(size=12) * 3
    ratings = pd.DataFrame(
        {
            "staff": [f"Label-{number}" for number in staff],
            "score": means[staff] + random.normal(size=len(staff)),
        }
    )
    made = staff_dependability(ratings, score="score", staff="staff")
    assert isinstance(made, StaffDependability)
    return made


def shrunken(found: StaffDependability) -> list[float]:
    means = [member.shrunken_mean for member in found.members]
    return [mean.estimate for mean in means if isinstance(mean, Estimate)]


def test_the_highest_mean_is_number_one(found: StaffDependability) -> None:
    ranked = staff_by_rank(found)
    assert [m.staff for m in ranked.members] == [f"{n}" for n in range(1, 13)]
    assert shrunken(ranked) == sorted(shrunken(found), reverse=True)


def test_every_line_stays_whole(found: StaffDependability) -> None:
    def lines(one: StaffDependability) -> set[tuple[object, ...]]:
        return {
            (m.publishable, m.observed_mean, m.shrunken_mean, m.own_reliability)
            for m in one.members
        }

    ranked = staff_by_rank(found)
    assert lines(ranked) == lines(found)
    assert ranked.share_publishable == found.share_publishable


def test_no_label_is_left(found: StaffDependability) -> None:
    ranked = staff_by_rank(found)
    assert "Label" in found.to_frame().to_csv()
    assert "Label" not in ranked.to_frame().to_csv()
    assert "Label" not in repr(ranked)


def test_last_digits_of_equal_means_number_nobody(found: StaffDependability) -> None:
    """Of two equal means the one of more ratings comes first."""
    first, second = found.members[3], found.members[4]
    mean = first.shrunken_mean
    assert isinstance(mean, Estimate)
    for noise in (-1e-15, 0.0, 1e-15):
        other = dataclasses.replace(mean, estimate=mean.estimate + noise)
        similarity = dataclasses.replace(second, shrunken_mean=other)
        pair = dataclasses.replace(found, members=(first, similarity))
        ranked = staff_by_rank(pair).members
        assert [one.observed_mean.n for one in ranked] == [14, 5]
