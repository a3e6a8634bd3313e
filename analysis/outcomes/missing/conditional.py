"""One score given all others: drawn for every chain at once.

The rule that holds throughout: chains lie along the first axis, sums over rows are kept
up to date as scores change (only missing ones do), and a draw needs the sums alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
# Sweeps of coefficients, intercepts and variances before each draw of a score: the
# variance between clusters moves slowly, and a sweep costs little.
SWEEPS = 5
DONORS = 5
# A speck on the diagonal, as in mice, so that near-dependent columns can be solved.
RIDGE = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A score's model as drawn, one a chain.

    Attributes
    ----------
    expected, coefficients : ndarray, shape (n_chains, n_columns)
        The middle of the coefficients, and the ones drawn.
    expected_shifts, shifts : ndarray, shape (n_chains, n_clusters)
        The same of the clusters' intercepts.
    residual, between : ndarray, shape (n_chains,)
        Variance of people within clusters and of clusters, as drawn.
    """

    expected: Numbers
    coefficients: Numbers
    expected_shifts: Numbers
    shifts: Numbers
    residual: Numbers
    between: Numbers


def draw_model(
    products: Numbers,
    sums: Numbers,
    counts: Numbers,
    *,
    residual: Numbers,
    between: Numbers,
    random: np.random.Generator,
) -> Drawn:
    """Draw a linear model with an intercept a cluster, given sums over observed rows.

    Coefficients have a flat prior, the residual variance Jeffreys', the deviation
    between clusters a flat one (Gelman 2006). Without clusters (`sums` of none) the
    draw is exact.

    Parameters
    ----------
    products : ndarray, shape (n_chains, n_columns + 1, n_columns + 1)
        Cross products of the predictors and, last, the score.
    sums : ndarray, shape (n_chains, n_clusters, n_columns + 1)
        Sums by cluster of the same.
    counts : ndarray, shape (n_clusters,)
        Rows a cluster.
    residual, between : ndarray, shape (n_chains,)
        Variances drawn last time.
    """
    inner, cross = products[:, :-1, :-1], products[:, :-1, -1]
    square, n_rows = products[:, -1, -1], float(products[0, 0, 0])
    of_columns, of_score = sums[:, :, :-1], sums[:, :, -1]
    clustered = sums.shape[1] > 0
    for _ in range(SWEEPS if clustered else 1):
        # tau2 / (sigma2 + n tau2), a cluster
        shares = between[:, None] / (residual[:, None] + counts * between[:, None])
        weighted = of_columns * shares[:, :, None]
        left = inner - np.matmul(weighted.transpose(0, 2, 1), of_columns)
        right = cross - (weighted * of_score[:, :, None]).sum(axis=1)
        expected, root = _solved(left, right)
        if not clustered:
            degrees = n_rows - inner.shape[1]
            errors = square - (expected * right).sum(axis=1)
            residual = _variances(errors, degrees, random)
        coefficients = expected + residual[:, None] ** 0.5 * _whitened(root, random)
        expected_shifts = shares * (of_score - _times(of_columns, expected))
        middle = shares * (of_score - _times(of_columns, coefficients))
        spread = (shares * residual[:, None]) ** 0.5
        shifts = middle + spread * random.standard_normal(middle.shape)
        if clustered:
            left_over = of_score - _times(of_columns, coefficients)
            errors = (
                square
                - 2 * (coefficients * cross).sum(axis=1)
                + (coefficients * _times(inner, coefficients)).sum(axis=1)
                - 2 * (shifts * left_over).sum(axis=1)
                + (counts * shifts**2).sum(axis=1)
            )
            residual = _variances(errors, n_rows, random)
            between = _variances((shifts**2).sum(axis=1), sums.shape[1] - 1.0, random)
    return Drawn(
        expected=expected,
        coefficients=coefficients,
        expected_shifts=expected_shifts,
        shifts=shifts,
        residual=residual,
        between=between,
    )


def matched(donors: Numbers, wanted: Numbers, random: np.random.Generator) -> Positions:
    """For each row wanted, one of the 5 donors whose prediction is nearest.

    Parameters
    ----------
    donors : ndarray, shape (n_chains, n_donors)
        Predicted scores of those whose score was seen.
    wanted : ndarray, shape (n_chains, n_wanted)
        Predicted scores of those whose score is missing.

    Returns
    -------
    ndarray of int, shape (n_chains, n_wanted)
        The donors' positions.
    """
    n_donors = donors.shape[1]
    count = min(DONORS, n_donors)
    order = np.argsort(donors, axis=1)
    lined_up = np.take_along_axis(donors, order, axis=1)
    place = np.stack(
        [np.searchsorted(*pair) for pair in zip(lined_up, wanted, strict=True)]
    )
    # The nearest `count` of a sorted line are neighbours: slide their window up while
    # the donor it would take in is nearer than the one it would lose.
    start = np.clip(place - count, 0, n_donors - count)
    for _ in range(count):
        further = np.minimum(start + count, n_donors - 1)
        distance_above = np.take_along_axis(lined_up, further, axis=1) - wanted
        distance_below = wanted - np.take_along_axis(lined_up, start, axis=1)
        start += (start + count < n_donors) & (distance_above < distance_below)
    chosen = start + random.integers(0, count, wanted.shape)
    return np.asarray(np.take_along_axis(order, chosen, axis=1))


def _solved(left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """Solution and Cholesky factor, columns scaled to a diagonal of one."""
    scale = np.sqrt(np.maximum(np.einsum("cii->ci", left), np.finfo(float).tiny))
    scaled = left / (scale[:, :, None] * scale[:, None, :])
    scaled[:, range(left.shape[1]), range(left.shape[1])] = 1 + RIDGE
    lower = np.linalg.cholesky(scaled)
    inverse = np.linalg.inv(lower) / scale[:, None, :]
    return _times(inverse.transpose(0, 2, 1), _times(inverse, right)), inverse


def _whitened(inverse: Numbers, random: np.random.Generator) -> Numbers:
    return _times(inverse.transpose(0, 2, 1), random.standard_normal(inverse.shape[:2]))


def _variances(
    squares: Numbers, degrees: float, random: np.random.Generator
) -> Numbers:
    """Scaled inverse chi-square draws; a variance of zero stays a speck above it."""
    drawn = np.maximum(squares, 1e-12) / random.chisquare(degrees, len(squares))
    return np.asarray(np.maximum(drawn, 1e-12))


def _times(matrices: Numbers, vectors: Numbers) -> Numbers:
    return np.asarray(np.matmul(matrices, vectors[:, :, None])[:, :, 0])
