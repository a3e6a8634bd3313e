"""See in which direction items run, and name those that run against the others.

The direction is the sign of an item's loading on the first principal axis, where its
correlation with the other items is no chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heard.models.complete_responses import Array

MINIMUM_PARTICIPANTS = 10
MINIMUM_ITEMS = 3
WEAKEST = 0.10
"""A correlation with the other items below this shows no direction."""
EVEN = 1e-6


def directions(correlations: Array) -> tuple[Array, Array]:
    """Loadings on the first principal axis, and correlations with the turned rest.

    `correlations`, shape (k, k).
    """
    values, vectors = np.linalg.eigh(correlations)
    loadings = vectors[:, -1] * np.sqrt(values[-1])
    turned = np.where(loadings < 0, -1.0, 1.0)
    both = correlations * np.outer(turned, turned)
    with_rest = both.sum(axis=1) - 1
    spread = both.sum() - 2 * both.sum(axis=1) + 1
    # a rest that does not vary goes with nothing
    rest = np.where(spread > 1e-9, with_rest / np.sqrt(np.maximum(spread, 1e-9)), 0.0)
    return loadings, np.asarray(turned * rest)


def least_correlation(n: int) -> float:
    """The correlation with the other items below which a direction is chance.

    Twice its standard error under no correlation, and never under `WEAKEST`.
    """
    return float(max(WEAKEST, 2 / np.sqrt(n)))


def opposed_items(correlations: Array, names: Sequence[str], n: int) -> str:
    """Which items run against most others, in words; empty if none clearly does.

    `correlations`, shape (k, k): of items taken to run one way.
    """
    k = len(names)
    if k < MINIMUM_ITEMS or n < MINIMUM_PARTICIPANTS:
        return ""
    if not np.isfinite(correlations).all():
        return ""
    loadings, rest = directions(correlations)
    clear = (np.abs(rest) >= least_correlation(n)) & (loadings * rest > 0)
    if not clear.any():
        return ""
    total = float(loadings.sum())
    # as many one way as the other: the first item's way, on every processor
    most = total if abs(total) > EVEN else float(loadings[clear][0])
    against = clear & (loadings * most < 0)
    if not against.any():
        return ""
    listed = ", ".join(np.array(list(names), dtype=object)[against])
    return (
        f"{int(against.sum())} of {k} items run against the others ({listed}): if they "
        "are reverse-worded, reverse them first"
    )
