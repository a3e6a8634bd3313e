"""Responses into how many dimensions they have: Velicer's minimum average partial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Labelled, Result
from analysis.reliability.structure.item_correlations import item_correlations

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.reliability.complete import Array
    from analysis.reliability.structure.item_correlations import ItemCorrelations
    from analysis.reliability.structure.ordinal import Deletion

POWERS = {"average_squared_partial": 2, "average_fourth_power_partial": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Partialled(Labelled):
    """What the items still have in common once some components are taken out."""

    components: str
    average_squared_partial: Result
    average_fourth_power_partial: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumAveragePartial(Labelled):
    """How many components leave least, by squares (1976) and fourth powers (2000)."""

    components_by_squares: Result
    components_by_fourth_powers: Result
    steps: tuple[Partialled, ...]


def minimum_average_partial(
    responses: pd.DataFrame,
    *,
    categories: Sequence[float] | None = None,
    missing: Deletion = "listwise",
) -> MinimumAveragePartial:
    """Count the components after which items have least in common, two by two.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float, optional
        The answers the codebook allows: correlations are then polychoric.
    missing : {"listwise", "pairwise"}
        Pairwise with `categories` only.

    Returns
    -------
    MinimumAveragePartial
        Averages after 0, 1, ... k - 2 components. `Unavailable` with fewer than 3
        items, fewer than 3 participants, a constant item, or a matrix without an
        inverse.

    References
    ----------
    Velicer (1976), Psychometrika 41(3), 321-327.
    Velicer, Eaton & Fava (2000), in Problems and Solutions in Human Assessment, 41-71.
    """
    found = item_correlations(responses, categories, missing, items=3)
    reason = found.fault or found.singular
    averages = {} if reason else _averages(found.matrix)
    shown = range(max(len(found.names) - 1, 0))
    return MinimumAveragePartial(
        components_by_squares=_minimum(found, averages, reason, 2),
        components_by_fourth_powers=_minimum(found, averages, reason, 4),
        steps=tuple(
            Partialled(
                components=str(step),
                **{
                    term: _average(found, averages, reason, term, step)
                    for term in POWERS
                },
            )
            for step in shown
        ),
    )


def _averages(matrix: Array) -> dict[int, Array]:
    """The mean 2nd and 4th powers of partial correlations, by number of components."""
    k = len(matrix)
    values, vectors = np.linalg.eigh(matrix)
    loadings = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    left = np.array(
        [matrix - loadings[:, :m] @ loadings[:, :m].T for m in range(k - 1)]
    )
    size = np.sqrt(np.maximum(np.diagonal(left, axis1=1, axis2=2), 1e-30))
    partial = np.clip(left / (size[:, :, None] * size[:, None, :]), -1, 1)
    pairs = partial[:, *np.triu_indices(k, 1)]
    return {power: (pairs**power).mean(axis=1) for power in POWERS.values()}


def _minimum(
    found: ItemCorrelations, averages: dict[int, Array], reason: str, power: int
) -> Result:
    words = {2: "squares", 4: "fourth_powers"}[power]
    term = f"components_by_{words}"
    method = (
        "minimum average partial: the number of principal components at which the mean "
        f"of the partial correlations' {words.replace('_', ' ')} is least; {found.kind}"
        f"; no interval: a count; {found.basis}"
    )
    if reason:
        return found.unavailable(term, reason, method)
    minimum = float(np.argmin(averages[power]))
    return Estimate(term=term, estimate=minimum, n=found.n or 0, method=method)


def _average(
    found: ItemCorrelations,
    averages: dict[int, Array],
    reason: str,
    term: str,
    step: int,
) -> Result:
    power = POWERS[term]
    method = (
        f"mean over all pairs of the partial correlations to the power {power} after "
        f"{step} principal components; {found.kind}; no interval: it describes this "
        f"matrix; {found.basis}"
    )
    if reason:
        return found.unavailable(term, reason, method)
    average = float(averages[power][step])
    return Estimate(term=term, estimate=average, n=found.n or 0, method=method)
