"""Two measurements of the same people into counts, where no person can be seen.

A Bland-Altman plot has a mark a person. Counts of people whose mean and difference lie
close together tell the same of all of them; cells of few people are left out.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Labelled, Result, Unavailable
from analysis.reliability.agreement.two_occasions import paired

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.complete import Array

PLAIN = (1.0, 2.0, 5.0, 10.0)
"""Widths of cells, times a power of ten: round, so that no edge is a person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementCell(Labelled):
    """How many people have a mean and a difference within these limits."""

    cell: str
    responses_in_cell: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementCells(Labelled):
    """Counts in cells, and how many people are in no cell that is told."""

    cells: tuple[AgreementCell, ...]
    responses_outside_cells: Result


def agreement_cells(
    pairs: pd.DataFrame, *, least: int, across: int = 6
) -> AgreementCells:
    """Count people by the mean and the difference of their two measurements.

    Parameters
    ----------
    pairs : DataFrame, shape (n_participants, 2)
        First and second measurement; who lacks one is left out.
    least : int
        Fewest people a cell is told of: a study's ``smallest_group_shown``.
    across : int
        About how many cells lie side by side, either way; the width is a round number.

    Returns
    -------
    AgreementCells
        People, by ``mean A to B, difference C to D``: from the first number to below
        the second, second measurement minus first. Where the people left over would be
        fewer than `least`, the smallest cells are left out too, so that no small count
        follows from the total. No cells, and `Unavailable`, with fewer than 3 people.

    Raises
    ------
    ValueError
        `least` or `across` below 1.

    References
    ----------
    Bland & Altman (1999), Statistical Methods in Medical Research 8(2), 135-160.
    """
    if least < 1 or across < 1:
        raise ValueError(f"least is {least}, across is {across}; give 1 or more")
    method = (
        f"people by mean and difference, second minus first; cells of fewer than "
        f"{least} left out; people measured once left out"
    )
    values, reason = paired(pairs)
    if reason:
        term, n = "responses_outside_cells", len(values)
        outside = Unavailable(term=term, reason=reason, n=n, method=method)
        return AgreementCells(cells=(), responses_outside_cells=outside)
    means, differences = values.mean(axis=1), values[:, 1] - values[:, 0]
    publishable_cells = _publishable(_counted(means, differences, across), least)
    return AgreementCells(
        cells=tuple(
            AgreementCell(
                cell=cell,
                responses_in_cell=Estimate(
                    term="responses_in_cell", estimate=float(n), n=n, method=method
                ),
            )
            for cell, n in publishable_cells.items()
        ),
        responses_outside_cells=Estimate(
            term="responses_outside_cells",
            estimate=float(len(values) - sum(publishable_cells.values())),
            n=len(values),
            method=method,
        ),
    )


def _counted(means: Array, differences: Array, across: int) -> dict[str, int]:
    """Cell → people in it, from the lowest mean, then from the lowest difference."""
    widths = _width(means, across), _width(differences, across)
    places = Counter(
        zip(_ranks(means, widths[0]), _ranks(differences, widths[1]), strict=True)
    )
    return {
        f"mean {_ends(mean, widths[0])}, difference {_ends(difference, widths[1])}": n
        for (mean, difference), n in sorted(places.items())
    }


def _publishable(counts: dict[str, int], least: int) -> dict[str, int]:
    """The cells that are told of: what is left over is nobody, or enough people."""
    publishable_cells = {cell: n for cell, n in counts.items() if n >= least}
    over = sum(counts.values()) - sum(publishable_cells.values())
    while publishable_cells and 0 < over < least:
        smallest = min(publishable_cells, key=lambda cell: publishable_cells[cell])
        over += publishable_cells.pop(smallest)
    return publishable_cells


def _width(values: Array, across: int) -> float:
    """The smallest round width with which no more cells than asked cover all."""
    whole = float(np.ptp(values)) / across
    if whole <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(whole))
    return next(width * power for width in PLAIN if width * power >= whole * (1 - 1e-9))


def _ranks(values: Array, width: float) -> list[int]:
    """Cells lie around the multiples of the width, so that zero is in the middle."""
    # a hair on the way down, or a difference of decimals falls below its own edge
    return [int(rank) for rank in np.floor(values / width + 0.5 + 1e-9)]


def _ends(rank: int, width: float) -> str:
    low, high = (rank - 0.5) * width, (rank + 0.5) * width
    return f"{_plain(low)} to {_plain(high)}"


def _plain(value: float) -> str:
    return f"{round(value, 9) + 0.0:g}"
