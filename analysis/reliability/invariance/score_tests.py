"""A model with equalities into tests of each: which of them the answers deny."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.likelihood import (
    expected_information,
    moment_gradient,
    slope,
)
from analysis.reliability.confirmatory.moments import moment_derivatives

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.estimation import MaximumLikelihood
    from analysis.reliability.confirmatory.specification import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What freeing one cell from its equality would win.

    Attributes
    ----------
    parameter : str
        What all equal cells are named.
    cell : Cell
        The one set free.
    statistic : float
        Chi-square with one degree of freedom.
    """

    parameter: str
    cell: Cell
    statistic: float


def releases(fitted: MaximumLikelihood) -> tuple[Release, ...]:
    """Test every cell that shares its parameter, except the first that does.

    With two sections freeing either is the same; with more, each is set apart from all
    the others. Lagrange multiplier tests with expected information: how factors are
    scaled changes nothing. Which section comes first changes nothing for the kind a
    level adds; of loadings held beside intercepts it does, since a freed loading moves
    the item's mean except where the factor's mean is 0.
    """
    slopes, information = _by_cell(fitted)
    cells = [cell for block in fitted.model.free_by_block for cell in block]
    spread = np.vstack(fitted.model.spread_by_block)
    crossed = information @ spread
    whole = np.linalg.inv(spread.T @ crossed)
    holders = spread.sum(axis=0)
    seen: set[str] = set()
    found = []
    for place, cell in enumerate(cells):
        sharing = holders[fitted.model.places[cell.parameter]]
        if sharing > 2 or (sharing == 2 and cell.parameter in seen):
            left = information[place, place] - crossed[place] @ whole @ crossed[place]
            statistic = slopes[place] ** 2 / left if left > 0 else 0.0
            found.append(
                Release(parameter=cell.parameter, cell=cell, statistic=float(statistic))
            )
        seen.add(cell.parameter)
    return tuple(found)


def _by_cell(fitted: MaximumLikelihood) -> tuple[Array, Array]:
    """Slope and expected information of every free cell, were it a parameter."""
    slopes, informations = [], []
    for place, block in enumerate(fitted.sample.blocks):
        derivatives = moment_derivatives(fitted.model, fitted.filled[place], place)
        mean, covariance = fitted.means[place], fitted.covariances[place]
        slopes.append(slope(moment_gradient(block, mean, covariance), derivatives))
        informations.append(expected_information(block, covariance, derivatives))
    size = sum(len(part) for part in slopes)
    whole = np.zeros((size, size))
    start = 0
    for part in informations:
        stop = start + len(part)
        whole[start:stop, start:stop] = part
        start = stop
    return np.concatenate(slopes), whole
