"""Invariance that does not hold into what to free so that it holds in part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.reliability.invariance.measurement import measurement_invariance
from analysis.reliability.invariance.results import MeasurementInvariance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analysis.foundation.results import Unavailable
    from analysis.reliability.invariance.results import InvarianceLevel

# Items of a factor that must stay equal for its scale and level to be the same.
MINIMUM_EQUAL = 2
FREED_AT = {"metric": "loadings", "scalar": "intercepts"}


def partial_invariance(
    responses: pd.DataFrame,
    *,
    factors: Mapping[str, Sequence[str]],
    **asked: Any,
) -> MeasurementInvariance | Unavailable:
    """Free, one after the other, the equality most denied, until scalar holds.

    At the first level that does not hold, the item with the largest score test of that
    level's own kind (loadings, then intercepts) is set free and everything is fitted
    again; two items of every factor always stay equal. What is found so is a
    description of these data: tests of a model found by search are too kind to it.

    Parameters
    ----------
    responses, factors, **asked
        As of `measurement_invariance`, by maximum likelihood.

    Returns
    -------
    MeasurementInvariance
        With what was set free in `free`; it may still not hold.
    Unavailable
        As of `measurement_invariance`.
    """
    if asked.get("estimator") == "wlsmv":
        raise ValueError("score tests need maximum likelihood: estimator ml or mlr")
    free = {
        kind: list(named) for kind, named in (asked.pop("free", None) or {}).items()
    }
    while True:
        found = measurement_invariance(responses, factors=factors, free=free, **asked)
        if not isinstance(found, MeasurementInvariance):
            return found
        release = _next(found, factors, free)
        if release is None:
            return found
        kind, item = release
        free.setdefault(kind, []).append(item)


def _next(
    found: MeasurementInvariance,
    factors: Mapping[str, Sequence[str]],
    free: Mapping[str, Sequence[str]],
) -> tuple[str, str] | None:
    """What to free next; None where nothing has to be, or may be."""
    first_rejected = next((level for level in found.levels if not level.holds), None)
    if first_rejected is None or first_rejected.level not in FREED_AT:
        return None
    kind = FREED_AT[first_rejected.level]
    item = _worst_equality(first_rejected, kind, factors, free.get(kind, ()))
    return None if item is None else (kind, item)


def _worst_equality(
    level: InvarianceLevel,
    kind: str,
    factors: Mapping[str, Sequence[str]],
    freed: Sequence[str],
) -> str | None:
    """The item whose equality is denied most, of those that may be freed."""
    closed = {
        item
        for named in factors.values()
        for item in named
        if len(set(named) - set(freed)) <= MINIMUM_EQUAL
    }
    for test in level.equality_tests:
        if test.constrained == kind and test.item not in closed | set(freed):
            return test.item
    return None
