"""Ordinal responses into alpha of the normal variables that may stand behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Labelled, Result
from analysis.reliability.influence import percent
from analysis.reliability.structure.ordinal import ordinal_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.reliability.complete import Array
    from analysis.reliability.structure.ordinal import Deletion, OrdinalItems
    from analysis.reliability.structure.pair_tables import Ranks

INTERVAL = (
    "interval by the delta method on the scale of log(1 - estimate), from the sampling "
    "covariance of thresholds and correlations (estimating equations, expected "
    "information), t, degrees of freedom n less an item's categories"
)
# An interval reaching farther on the logarithm's scale says nothing.
LARGEST_REACH = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlphaWithout(Labelled):
    """Ordinal alpha of all items but one."""

    item: str
    ordinal_alpha_if_dropped: Result


def ordinal_alpha(
    responses: pd.DataFrame,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> Result:
    """Estimate alpha from polychoric correlations.

    It speaks of the sum of the normal variables behind the answers, not of the sum of
    the answers: for that see `cronbach_alpha` and `omega_categorical`.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows.
    missing : {"pairwise", "listwise"}
        Whether a pair rests on all who answered both, or on who answered every item.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, below 1; negative when items disagree.
    Unavailable
        Fewer than 2 items, fewer than 3 participants, a constant item, a pair whose
        table does not bound its correlation, or items that cancel.

    References
    ----------
    Zumbo, Gadermann & Zeisser (2007), J. Modern Applied Statistical Methods 6, 21-29.
    """
    found = ordinal_items(responses, categories, missing)
    items = np.arange(len(found.names))
    return _alpha(found, items, "ordinal_alpha", confidence)


def ordinal_alpha_if_dropped(
    responses: pd.DataFrame,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> tuple[AlphaWithout, ...]:
    """Estimate ordinal alpha without each item in turn.

    Parameters and absence are those of `ordinal_alpha`, with at least 3 items; the
    participants stay those of all items.
    """
    found = ordinal_items(responses, categories, missing, items=3)
    every = np.arange(len(found.names))
    return tuple(
        AlphaWithout(
            item=name,
            ordinal_alpha_if_dropped=_alpha(
                found,
                np.delete(every, place),
                "ordinal_alpha_if_dropped",
                confidence,
            ),
        )
        for place, name in enumerate(found.names)
    )


def _alpha(found: OrdinalItems, kept: Ranks, term: str, confidence: float) -> Result:
    k = len(kept)
    method = (
        f"alpha of {k} items from polychoric correlations: k/(k-1) (1 - k / sum of the "
        f"correlation matrix); {percent(confidence)} {INTERVAL}; {found.basis}"
    )
    reason = found.fault or found.pair_fault
    if reason or found.moments is None:
        return found.unavailable(term, reason, method)
    moments = found.moments
    within = np.isin(moments.pairs, kept).all(axis=1)
    total = k + 2 * float(moments.rho[within].sum())
    if total <= 1e-9 * k:
        return found.unavailable(term, "the items cancel: no variance is left", method)
    alpha = k / (k - 1) * (1 - k / total)
    slope = np.where(within, 2 * k**2 / (k - 1) / total**2, 0.0)
    error = standard_error(
        moments.interval_covariance()[-len(slope) :, -len(slope) :], slope
    )
    estimate = Estimate(term=term, estimate=alpha, n=found.n, method=method)
    return with_interval(estimate, error, confidence, spent=max(found.counts))


def standard_error(covariance: Array, slope: Array) -> float:
    """The delta method's: covariance of what is moved, slope of what moves."""
    return float(np.sqrt(max(0.0, float(slope @ covariance @ slope))))


def with_interval(
    estimate: Estimate, error: float, confidence: float, *, spent: int
) -> Estimate:
    """Limits around a reliability, below 1, by its standard error.

    By t, and the variance over n - `spent` in place of n: every answer is set beside
    thresholds that come from the same answers, as many as the longest item has
    categories less one, and a correlation. With 100 people normal limits are too close.
    """
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    left, n = 1 - estimate.estimate, estimate.n or 0
    if n <= spent:
        words = f"; no interval: more than {spent} participants needed"
        return replace(estimate, method=estimate.method + words)
    error *= (n / (n - spent)) ** 0.5
    reach = float(special.stdtrit(n - spent, (1 + confidence) / 2)) * error / left
    if reach > LARGEST_REACH:
        words = "; no interval: the standard error has no bound"
        return replace(estimate, method=estimate.method + words)
    low, high = 1 - left * np.exp([reach, -reach])
    return replace(estimate, conf_low=float(low), conf_high=float(high))
