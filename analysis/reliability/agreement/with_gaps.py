"""Ratings with gaps into the mean squares their variance components stand for.

The components are those of the mixed model by REML, from every rating there is. The
correlations are those of a plan in which every rater rates every target; the limits
count only the ratings that were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Unavailable
from analysis.reliability.agreement.mean_squares import MeanSquares

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

    Codes = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What varies between ratings.

    Attributes
    ----------
    planned : MeanSquares
        As if every rater had rated every target: what the correlations are made of.
    seen : MeanSquares
        Of the ratings there are: what their limits are made of.
    n, k : int
        How many targets and raters there are.
    boundary : str
        Which components were estimated at zero, in words; empty if none.
    """

    planned: MeanSquares
    seen: MeanSquares
    n: int
    k: int
    boundary: str = ""


def of_all_ratings(values: Array) -> Sources | str:
    """Estimate the components of targets, raters and error from all ratings.

    Parameters
    ----------
    values : ndarray, shape (n_targets, n_raters)
        NaN where a rater did not rate a target; no row or column without a rating.

    Returns
    -------
    Sources
        A component that REML puts at zero is said to lie on the boundary.
    str
        Why there are none: too few targets or raters, ratings that overlap too little,
        no variance, no convergence.
    """
    import pandas as pd  # noqa: PLC0415 - heavy, and only needed here

    from analysis.reliability.dependability.mixed import (  # noqa: PLC0415 - heavy
        RandomTerm,
        fit_mixed_model,
    )

    row, column = np.nonzero(~np.isnan(values))
    scores = values[row, column]
    freedom = (
        len(scores) - sum(values.shape) + _separate_parts(values.shape, row, column)
    )
    if reason := _lacking(values.shape, scores, freedom):
        return reason
    terms = [
        RandomTerm.of(name, pd.Series(labels))
        for name, labels in (("targets", row), ("raters", column))
    ]
    fit = fit_mixed_model(scores, terms)
    if isinstance(fit, Unavailable):
        return fit.reason
    zero = [name for name in ("targets", "raters") if fit.variance(name) == 0]
    variances = fit.variance("targets"), fit.variance("raters"), fit.residual_variance
    n, k = values.shape
    return Sources(
        planned=_mean_squares(variances, (n, k), (n, k), (n - 1) * (k - 1)),
        seen=_mean_squares(
            variances, (_typical(column, k), _typical(row, n)), (n, k), freedom
        ),
        n=n,
        k=k,
        boundary="".join(
            f"; variance of {name} estimated at zero, the boundary" for name in zero
        ),
    )


def _separate_parts(shape: tuple[int, ...], row: Codes, column: Codes) -> int:
    """Into how many parts the ratings fall that share neither target nor rater."""
    from scipy import sparse  # noqa: PLC0415 - heavy, and only needed here

    nodes = sum(shape)
    links = sparse.coo_array(
        (np.ones(len(row)), (row, shape[0] + column)), shape=(nodes, nodes)
    )
    parts: int = sparse.csgraph.connected_components(links, directed=False)[0]
    return parts


def _lacking(shape: tuple[int, ...], scores: Array, freedom: int) -> str:
    """What the ratings lack; empty if they suffice."""
    if shape[1] < 2:
        return f"number of raters {shape[1]}; at least 2 needed"
    if shape[0] < 3:
        return f"number of targets {shape[0]}; at least 3 needed"
    if freedom < 1:
        return (
            f"{len(scores)} ratings of {shape[0]} targets by {shape[1]} raters: raters "
            "overlap too little to tell targets, raters and error apart"
        )
    return "all ratings are equal" if np.ptp(scores) == 0 else ""


def _typical(codes: Codes, size: int) -> float:
    """The harmonic mean of how many ratings each has."""
    return size / float(np.sum(1 / np.bincount(codes, minlength=size)))


def _mean_squares(
    variances: tuple[float, float, float],
    ratings: tuple[float, float],
    numbers: tuple[int, int],
    error_freedom: float,
) -> MeanSquares:
    """What mean squares are expected of components and numbers of ratings."""
    targets, raters, error = variances
    return MeanSquares(
        targets=ratings[1] * targets + error,
        raters=ratings[0] * raters + error,
        error=error,
        n=ratings[0],
        k=ratings[1],
        targets_freedom=numbers[0] - 1,
        raters_freedom=numbers[1] - 1,
        error_freedom=error_freedom,
    )
