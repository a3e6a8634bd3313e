"""Which limits a coefficient is given: the choice checked, then made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.foundation.results import Estimate
from analysis.reliability.bootstrap import Draws, bootstrap_interval
from analysis.reliability.influence import interval_of, no_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analysis.reliability.complete import Array
    from analysis.reliability.consistency.sample import Missing, Sample
    from analysis.reliability.influence import Interval

Choice: TypeAlias = Literal["adf", "bootstrap", "percentile", "cluster"]
RESAMPLED = ("bootstrap", "percentile")


def check_choice(
    interval: str | None,
    *,
    known: tuple[str, ...],
    clusters: pd.Series | None,
    missing: Missing,
    people: int,
) -> None:
    """Refuse options that do not go together."""
    if interval is not None and interval not in known:
        raise ValueError(f"interval is {interval!r}; give one of {', '.join(known)}")
    if interval == "cluster" and clusters is None:
        raise ValueError("interval is 'cluster'; give clusters")
    if clusters is not None:
        if interval not in {None, "cluster", *RESAMPLED}:
            raise ValueError(
                f"interval is {interval!r}, which knows no clusters; give 'cluster', "
                "'bootstrap' or 'percentile', or leave clusters out"
            )
        if len(clusters) != people:
            raise ValueError(
                f"clusters has {len(clusters)} rows, responses {people}; give one "
                "cluster a participant, by position"
            )
    if interval in RESAMPLED and missing != "listwise":
        raise ValueError(
            f"interval is {interval!r}, which needs missing='listwise'; for gaps give "
            "'adf' or 'cluster'"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The limits somebody wants.

    Attributes
    ----------
    draws : (int, str)
        How many replicates, and the name of the draws.
    """

    interval: str
    clusters: pd.Series | None
    draws: tuple[int, str]
    confidence: float


def limits_of(
    estimate: float,
    derivative: Array,
    sample: Sample,
    wanted: Wanted,
    replicates: Callable[[Draws], Array],
    *,
    scale: Literal["plain", "log", "fisher"],
) -> Interval:
    """Limits by influence or by resampling.

    Parameters
    ----------
    derivative : ndarray, shape (k, k)
        Of the estimate by the covariances of the sample.
    replicates : callable
        Draws → the coefficient in every replicate.
    """
    kept, confidence = sample.kept(wanted.clusters), wanted.confidence
    influence = sample.influences(derivative)
    if wanted.interval not in RESAMPLED:
        return interval_of(
            estimate, influence, clusters=kept, confidence=confidence, scale=scale
        )
    number, seed = wanted.draws
    drawing = Draws(replicates=number, seed=seed, clusters=kept)
    if fault := drawing.fault():
        return no_interval(fault)
    return bootstrap_interval(
        estimate,
        replicates(drawing),
        drawing,
        influence=influence if wanted.interval == "bootstrap" else None,
        confidence=confidence,
    )


def with_limits(
    term: str, estimate: float, n: int, method: str, interval: Interval
) -> Estimate:
    """An estimate with its limits, and their words in its method."""
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=interval.low,
        conf_high=interval.high,
        n=n,
        method=f"{method}; {interval.words}",
    )
