"""Rows of clusters into what each cluster adds to an error, corrected for its pull.

A cluster that pulls the fit towards itself has residuals too small; CR2 turns them back
by the inverse root of their covariance (Bell & McCaffrey 2002). Only sums over clusters
leave this module, so a contrast costs what the clusters cost, not what the rows cost.
Oracle: R clubSandwich, tests/oracles/values/clustered.json.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
# Names of clusters: text, numbers, whatever compares equal.
Labels: TypeAlias = np.ndarray[Any, Any]
Adjustment = Literal["CR0", "CR1", "CR2"]

# An eigenvalue of a cluster's residual covariance that counts as zero.
SINGULAR = 1e-10


def cluster_parts(
    orthonormal: Array,
    scales: Array,
    codes: Labels,
    residual: Array,
    *,
    adjustment: Adjustment,
    weighted: bool,
) -> dict[str, Array]:
    """What every cluster contributes: sums of residuals, and their working moments."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))[:-1]
    spread = (orthonormal * scales[:, None] ** 2).T @ orthonormal
    found: dict[str, list[Array]] = {
        name: [] for name in ("sums", "scores", "weighted_scores", "squares")
    }
    for rows in np.split(order, ends):
        own = orthonormal[rows]
        scaled = own * scales[rows, None]
        entering = scaled
        if adjustment == "CR2":
            entering = _adjusted(own, scaled, spread, weighted=weighted)
        found["sums"].append(residual[rows] @ entering)
        found["scores"].append(own.T @ entering)
        found["weighted_scores"].append(scaled.T @ entering)
        found["squares"].append(entering.T @ entering)
    return {name: np.stack(parts) for name, parts in found.items()}


def _adjusted(own: Array, scaled: Array, spread: Array, *, weighted: bool) -> Array:
    """A W Q of one cluster, A the inverse root of its residuals' covariance.

    That covariance is B = (I - H)_i (I - H)_i', H = Q(WQ)': the identity but for the
    few directions its columns span, so only those are turned. Directions without
    variation (a cluster's own fixed effect) count as nothing (pseudo-inverse).
    """
    if weighted:
        size = own.shape[1]
        spanning = np.hstack([own, scaled])
        centre = np.block(
            [[spread, -np.eye(size)], [-np.eye(size), np.zeros((size, size))]]
        )
    else:
        spanning, centre = own, -np.eye(own.shape[1])
    directions, sides = np.linalg.qr(spanning)
    projected = sides @ centre @ sides.T
    values, vectors = np.linalg.eigh(
        np.eye(len(projected)) + (projected + projected.T) / 2
    )
    kept = values > SINGULAR
    roots = np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)
    turned = directions @ vectors
    return np.asarray(scaled + turned @ ((roots - 1)[:, None] * (turned.T @ scaled)))


def coded(labels: Labels) -> tuple[Labels, int]:
    """Groups as whole numbers from 0, -1 where missing, and how many there are."""
    import pandas as pd  # noqa: PLC0415 - heavy, and only needed here

    codes, levels = pd.factorize(np.asarray(labels))
    return codes, len(levels)


def dummies(groups: Labels) -> Array:
    """One column a group, shape (n_rows, n_groups)."""
    codes, n_groups = coded(groups)
    return np.asarray(np.eye(n_groups)[codes])
