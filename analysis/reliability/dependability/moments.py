"""Ratings into variance components by equating sums of squares to what they expect.

Henderson's first method: for balanced designs the analysis of variance, for one nested
grouping its usual unbalanced form, and defined for any design whose effects are all
random. Nothing is iterated and nothing is bounded: a component may be negative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.reliability.dependability.mixed import RandomTerm
    from analysis.reliability.dependability.mixed.design import Array

# Equations worse conditioned than this do not tell the components apart.
SINGULAR = 1e10


def moment_components(scores: Array, terms: Sequence[RandomTerm]) -> Array | None:
    """Solve for the variance of each term and, last, of the residual.

    Parameters
    ----------
    scores : ndarray, shape (n_ratings,)
        The ratings.
    terms : sequence of RandomTerm
        Random intercepts, crossed or nested.

    Returns
    -------
    ndarray, shape (n_terms + 1,), or None
        None where the sums of squares do not tell the components apart.

    References
    ----------
    Henderson (1953), Biometrics 9(2), 226-252.
    Searle (1971), Linear Models, chapter 10.
    """
    n, centred = len(scores), scores - scores.mean()
    counts = [
        np.bincount(t.codes, minlength=len(t.levels)).astype(float) for t in terms
    ]
    squares = [
        float(np.sum(np.bincount(t.codes, centred, minlength=len(t.levels)) ** 2 / c))
        for t, c in zip(terms, counts, strict=True)
    ]
    # rows: each term's sums of squares, the mean's, the total; columns: each term's
    # variance, the residual's, the squared mean
    k = len(terms)
    expected = np.full((k + 2, k + 2), float(n))
    for a in range(k):
        for b in range(k):
            expected[a, b] = _shared(terms[a], terms[b], counts[a])
        expected[k, a] = float(np.sum(counts[a] ** 2)) / n
        expected[a, k] = len(terms[a].levels)
    expected[k, k] = 1.0
    sums = np.array([*squares, 0.0, float(centred @ centred)])
    if np.linalg.cond(expected / np.abs(expected).max(axis=0)) > SINGULAR:
        return None
    return np.asarray(np.linalg.solve(expected, sums))[: k + 1]


def _shared(one: RandomTerm, other: RandomTerm, counts: Array) -> float:
    """Sum over the groups of one term of the squared cell counts by its own count."""
    cells = one.codes * len(other.levels) + other.codes
    found, sizes = np.unique(cells, return_counts=True)
    return float(np.sum(sizes.astype(float) ** 2 / counts[found // len(other.levels)]))
