"""Responses into one matrix of correlations, and draws of what it might have been.

Pearson's of complete participants, or, where the codebook's categories are given,
polychoric. Draws are bootstraps: of participants, or for polychoric correlations from
their own sampling covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Unavailable
from analysis.reliability.complete import LISTWISE, complete_responses
from analysis.reliability.consistency import SINGULAR
from analysis.reliability.structure.ordinal import ordinal_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.reliability.complete import Array
    from analysis.reliability.structure.ordinal import Deletion
    from analysis.reliability.structure.polychoric import PolychoricMoments

# Cells of weights times participants drawn at once.
CELLS_AT_ONCE = 4_000_000
# A resample in which an item keeps less of its variance than this is left out.
MINIMUM_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCorrelations:
    """The correlations of all items, or why there are none.

    Attributes
    ----------
    values : ndarray, shape (n_participants, n_items)
        Standardised responses behind Pearson correlations; no rows if polychoric.
    moments : PolychoricMoments or None
        What is behind polychoric correlations.
    matrix : ndarray, shape (n_items, n_items)
    kind, basis : str
        Of what sort, and of whom, for a result's `method`.
    fault : str
        What stands in the way; empty if nothing does.
    """

    names: tuple[str, ...]
    n: int | None
    values: Array
    moments: PolychoricMoments | None
    matrix: Array
    kind: str
    basis: str
    fault: str

    @property
    def singular(self) -> str:
        """Why the matrix has no inverse; empty if it has."""
        smallest = float(np.linalg.eigvalsh(self.matrix)[0])
        if smallest >= SINGULAR:
            return ""
        if smallest < -SINGULAR:
            return "the correlations fit no data: an eigenvalue is below zero"
        return "linearly dependent items: some are perfectly predicted by the others"

    @property
    def too_few(self) -> str:
        """Why participants do not outnumber items; empty if they do."""
        n, k = self.n or 0, len(self.names)
        if n > k:
            return ""
        return f"{n} participants for {k} items; more participants than items needed"

    def unavailable(self, term: str, reason: str, method: str) -> Unavailable:
        """The absence, with the n it was found at."""
        return Unavailable(term=term, reason=reason, n=self.n, method=method)

    def draws(self, count: int, random: np.random.Generator) -> Array:
        """Bootstrapped matrices, shape (at most `count`, n_items, n_items).

        Resamples in which an item is constant are left out.
        """
        if self.moments is not None:
            return _normal_draws(self.moments, count, random)
        return _resamples(self.values, count, random)

    @property
    def draw_words(self) -> str:
        """How `draws` come about, in words."""
        if self.moments is not None:
            return "draws of the correlations from their sampling covariance"
        return "bootstrap of participants"


def item_correlations(
    responses: pd.DataFrame,
    categories: Sequence[float] | None,
    missing: Deletion,
    *,
    items: int,
) -> ItemCorrelations:
    """Correlate all items.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses; NaN if unanswered.
    categories : sequence of float or None
        The answers the codebook allows, for polychoric correlations; None for Pearson.
    missing : {"listwise", "pairwise"}
        Pairwise for polychoric correlations only.
    items : int
        The fewest that suffice.
    """
    if categories is None:
        if missing != "listwise":
            raise ValueError(
                f"missing is {missing!r}; without categories it can be 'listwise' only"
            )
        return _pearson(responses, items)
    found = ordinal_items(responses, categories, missing, items=items)
    fault = found.fault or found.pair_fault
    moments = None if fault else found.moments
    return ItemCorrelations(
        names=found.names,
        n=None if found.n < 0 else found.n,
        values=np.empty((0, len(found.names))),
        moments=moments,
        matrix=np.empty((0, 0)) if moments is None else moments.correlations,
        kind="polychoric correlations",
        basis=found.basis,
        fault=fault,
    )


def _pearson(responses: pd.DataFrame, items: int) -> ItemCorrelations:
    complete = complete_responses(responses)
    fault = complete.gap(items=items) or complete.constant_fault
    standard = np.empty((0, len(complete.names)))
    if not fault:
        centred = complete.values - complete.values.mean(axis=0)
        standard = centred / np.sqrt((centred**2).mean(axis=0))
    n = len(complete.values)
    return ItemCorrelations(
        names=complete.names,
        n=None if complete.fault else n,
        values=standard,
        moments=None,
        matrix=standard.T @ standard / max(n, 1),
        kind="Pearson correlations",
        basis=LISTWISE,
        fault=fault,
    )


def _resamples(values: Array, count: int, random: np.random.Generator) -> Array:
    """Correlations of participants drawn anew: weights times products, in blocks."""
    n, k = values.shape
    upper = np.triu_indices(k)
    products = np.concatenate([values, values[:, upper[0]] * values[:, upper[1]]], 1)
    block = max(1, CELLS_AT_ONCE // n)
    parts = []
    for start in range(0, count, block):
        size = min(block, count - start)
        weights = random.multinomial(n, np.full(n, 1 / n), size=size)
        parts.append(weights @ products / n)
    sums = np.concatenate(parts)
    means = sums[:, :k]
    covariances = np.empty((count, k, k))
    covariances[:, upper[0], upper[1]] = sums[:, k:]
    covariances[:, upper[1], upper[0]] = sums[:, k:]
    covariances -= means[:, :, None] * means[:, None, :]
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    has_variance = (variances > MINIMUM_VARIANCE).all(axis=1)
    spread = np.sqrt(variances[has_variance])
    return np.asarray(
        covariances[has_variance] / (spread[:, :, None] * spread[:, None, :])
    )


def _normal_draws(
    moments: PolychoricMoments, count: int, random: np.random.Generator
) -> Array:
    """Draws on the scale of Fisher's z, so that none leaves -1 to 1."""
    pairs, rho = moments.pairs, moments.rho
    slope = 1 / (1 - rho**2)
    of_rho = moments.interval_covariance()[-len(rho) :, -len(rho) :]
    values, vectors = np.linalg.eigh(of_rho * np.outer(slope, slope))
    noise = random.standard_normal((count, len(rho)))
    noise_in_z = noise * np.sqrt(np.maximum(values, 0)) @ vectors.T
    k = len(moments.thresholds)
    drawn = np.tile(np.eye(k), (count, 1, 1))
    drawn[:, pairs[:, 0], pairs[:, 1]] = np.tanh(np.arctanh(rho) + noise_in_z)
    drawn[:, pairs[:, 1], pairs[:, 0]] = drawn[:, pairs[:, 0], pairs[:, 1]]
    return drawn
