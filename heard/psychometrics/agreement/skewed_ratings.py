"""Bound intraclass correlations of skewed ratings: leave out each target in turn.

The F intervals take ratings for normal. Raters stay the same, so a jackknife of targets
alone may be too narrow where other raters count too: it only ever widens F's limits.
"""

from __future__ import annotations

import numpy as np

from heard.models.bootstrap import interval_of
from heard.models.complete_responses import Array


def jackknife_limits(
    values: Array, term: str, estimate: float, *, confidence: float
) -> tuple[float, float] | None:
    """Limits of the correlation of one rating from targets left out one by one.

    `values`, shape (n_targets, n_raters): all of them rated, 4 targets or more.
    `term`: ``icc_1``, ``icc_a1`` or ``icc_c1``.
    `estimate`: from all targets.
    Returns: None where a target less leaves no variance.
    """
    without = _without_each(values, term)
    if estimate >= 1 or not np.isfinite(without).all():
        return None
    influence = (len(values) - 1) * (without.mean() - without)
    found = interval_of(estimate, influence, clusters=None, confidence=confidence)
    if found.low is None or found.high is None:
        return None
    return found.low, found.high


def _without_each(values: Array, term: str) -> Array:
    """The correlation without each target, shape (n_targets,)."""
    k, n = values.shape[1], len(values) - 1
    centred = values - values.mean(axis=0)
    level = values.mean(axis=0) - values.mean()
    # of the rest: means of raters, squares about them, squares of targets' sums
    means = -centred / n
    squares = (centred**2).sum() - (centred**2).sum(axis=1) - n * (means**2).sum(axis=1)
    sums = centred.sum(axis=1)
    of_sums = (sums**2).sum() - sums**2 - n * means.sum(axis=1) ** 2
    raters = means + level
    raters = raters - raters.mean(axis=1, keepdims=True)
    target = of_sums / k / (n - 1)
    error = (squares - of_sums / k) / ((n - 1) * (k - 1))
    rater = n * (raters**2).sum(axis=1) / (k - 1)
    within = (rater + (n - 1) * error) / n
    above, below = {
        "icc_1": (target - within, target + (k - 1) * within),
        "icc_a1": (target - error, target + (k - 1) * error + k * (rater - error) / n),
        "icc_c1": (target - error, target + (k - 1) * error),
    }[term]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 0, above / below, np.nan))
