"""Several contrasts of one fit into one test that all of them are zero.

With few clusters the usual F test rejects far too often; here the reference is
Hotelling's T-squared with degrees of freedom that the design supports (AHT).
Oracle: R clubSandwich, Wald_test(test = "HTZ"), tests/oracles/values/compared.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.outcomes.clustered.bias_reduction import Array
    from analysis.outcomes.clustered.cluster_robust import ClusterRobustFit

SINGULAR = 1e-10
TOO_FEW = (
    "too few clusters for a joint test of {count} contrasts; look at each by itself"
)


def joint_p_value(
    fit: ClusterRobustFit, names: Sequence[str], *, term: str, method: str
) -> Result:
    """Test that several coefficients of an unweighted CR2 fit are all zero.

    Parameters
    ----------
    fit : ClusterRobustFit
        Unweighted, adjusted by CR2.
    names : sequence of str
        Columns of the fit.
    term, method : str
        What the p is called, and what the fit is of.

    Returns
    -------
    Estimate
        The p; n counts rows.
    Unavailable
        No contrast, clusters too few for that many contrasts, or contrasts that rest
        on each other.

    References
    ----------
    Tipton & Pustejovsky (2015), J. Educational and Behavioral Statistics 40(6),
    604-634; Pustejovsky & Tipton (2018).
    """
    assert fit.adjustment == "CR2", "made for CR2"
    assert not fit.weighted, "made for unweighted fits"
    count = len(names)
    if count == 0:
        return Unavailable(term=term, reason="nothing to test", n=fit.n)
    contrasts = np.array([[float(name == own) for own in fit.names] for name in names])
    covariance = contrasts @ fit.covariance @ contrasts.T
    if _dependent(covariance):
        reason = TOO_FEW.format(count=count)
        return Unavailable(term=term, reason=reason, n=fit.n, method=method)
    found = contrasts @ fit.coefficients
    size = float(found @ np.linalg.solve(covariance, found))
    spread = _total_variance(fit, contrasts)
    degrees = count * (count + 1) / spread if spread > 0 else 0.0
    below = degrees - count + 1
    if below <= 0:
        reason = TOO_FEW.format(count=count)
        return Unavailable(term=term, reason=reason, n=fit.n, method=method)
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    return Estimate(
        term=term,
        estimate=float(stats.f.sf(below / (degrees * count) * size, count, below)),
        n=fit.n,
        method=f"{method}; joint test of {count} contrasts, approximate Hotelling T^2 "
        f"with CR2 over {fit.n_clusters} clusters (AHT; F with {count} and {below:.1f} "
        "degrees of freedom); a probability has no interval",
    )


def _dependent(covariance: Array) -> bool:
    scale = np.sqrt(np.clip(np.diag(covariance), 0, None))
    if (scale == 0).any():
        return True
    values = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    return bool(values.min() < SINGULAR)


def _total_variance(fit: ClusterRobustFit, contrasts: Array) -> float:
    """Sum of the variances of the standardised covariance's elements."""
    products = _products(fit, contrasts @ fit.basis)
    expected = np.trace(products, axis1=2, axis2=3)
    values, vectors = np.linalg.eigh(expected)
    if values.min() <= SINGULAR * values.max():
        return 0.0
    root = (vectors / np.sqrt(values)) @ vectors.T
    products = _products(fit, root @ contrasts @ fit.basis)
    own = np.einsum("ssij->sij", products)
    same = float(np.einsum("sij,tij->", own, own))
    return same + float(np.einsum("stij,stji->", products, products))


def _products(fit: ClusterRobustFit, weights: Array) -> Array:
    """p_si'p_tj of contrasts s, t and clusters i, j: shape (s, t, i, j)."""
    seen = np.einsum("iab,sb->sia", fit.scores, weights)
    found = -np.einsum("sia,tja->stij", seen, seen)
    own = np.einsum("sa,iab,tb->sti", weights, fit.squares, weights)
    places = np.arange(fit.n_clusters)
    found[:, :, places, places] += own
    return np.asarray(found)
