"""Lines of staff members into the same lines by rank, without anybody's label."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.foundation.results import Estimate

if TYPE_CHECKING:
    from analysis.reliability.dependability.staff import StaffDependability, StaffMember


def staff_by_rank(found: StaffDependability) -> StaffDependability:
    """Number the staff by their shrunken mean, the highest first.

    Parameters
    ----------
    found : StaffDependability
        Labelled with the staff: never published as it is.

    Returns
    -------
    StaffDependability
        The same results, the staff ``1``, ``2``, … in that order, the label nowhere.
        Staff with equal means are numbered by their ratings, the most first, and then
        by their own mean, so that the order of the labels does not show.
    """
    ranked = sorted(found.members, key=_place)
    return dataclasses.replace(
        found,
        members=tuple(
            dataclasses.replace(member, staff=f"{rank}")
            for rank, member in enumerate(ranked, start=1)
        ),
    )


def _place(member: StaffMember) -> tuple[float, int, float]:
    mean, own = member.shrunken_mean, member.observed_mean
    return (
        -mean.estimate if isinstance(mean, Estimate) else 0.0,
        -(own.n or 0),
        -own.estimate if isinstance(own, Estimate) else 0.0,
    )
