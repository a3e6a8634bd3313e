"""Which allocations of units were possible: all, within strata, or those on a list.

All are gone through where there are few; else 9,999 are drawn, the same in every run.
The real allocation comes first. Oracles: tests/oracles/values/unit_means.json, and
enumeration.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.errors import DataError
from heard.models.cluster_robust import Labels
from heard.models.random_streams import generator

MAXIMUM_ALLOCATIONS = 50_000
"""More than this are drawn, not gone through."""
N_DRAWS = 9_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """Allocations that were possible, each as likely as the next.

    - `rows`, shape (n_allocations, n_units): who was treated, or at which step each
      unit started; the real one first.
    - `complete`: whether these are all there are, or the real one and draws.
    - `possible`: how many there are.
    """

    rows: Labels
    complete: bool
    possible: int


def shuffled(values: Labels, *, strata: Labels | None = None, seed: str) -> Permitted:
    """Every way of giving units these values, within strata if there are any.

    `values`, shape (n_units,): who is treated, or at which step each starts, in fact.
    `strata`, shape (n_units,): within which values could have changed places.
    `seed`: names the draws, where there are too many ways to go through.
    """
    values = np.asarray(values)
    blocks = _blocks(np.zeros(len(values)) if strata is None else strata)
    possible = math.prod(_ways(values[block]) for block in blocks)
    if possible <= MAXIMUM_ALLOCATIONS:
        return _real_first(_every(values, blocks), values)
    random = generator("permitted allocations", seed)
    drawn = np.tile(values, (N_DRAWS, 1))
    for block in blocks:
        drawn[:, block] = random.permuted(drawn[:, block], axis=1)
    return Permitted(rows=np.vstack([values, drawn]), complete=False, possible=possible)


def listed(
    allocations: Sequence[Collection[str]], *, units: Sequence[str], treated: Labels
) -> Permitted:
    """Allocations as a list declares them, each the names of the treated units.

    `units`: names of all units that were allocated, in order.
    `treated`, shape (n_units,): who was treated in fact.

    Raises DataError: a name is no unit, one allocation treats another number of units,
      or the real allocation is not on the list.
    """
    names = pd.Index(units)
    strange = {name for chosen in allocations for name in chosen} - set(names)
    if strange:
        fault = f"{len(strange)} names on the list are no units of this comparison"
        raise DataError("allocations", fault)
    rows = np.array([names.isin(list(chosen)) for chosen in allocations], dtype=bool)
    rows = rows.reshape(len(allocations), len(names))
    treated = np.asarray(treated, dtype=bool)
    if (rows.sum(axis=1) != treated.sum()).any():
        raise DataError("allocations", "some treat more or fewer units than in fact")
    return _real_first(rows, treated)


def _real_first(rows: Labels, real: Labels) -> Permitted:
    same = np.flatnonzero((rows == real).all(axis=1))
    if not len(same):
        raise DataError("allocations", "the real allocation is not among them")
    ordered = np.vstack([rows[same[0]], np.delete(rows, same[0], axis=0)])
    return Permitted(rows=ordered, complete=True, possible=len(rows))


def _blocks(strata: Labels) -> list[Labels]:
    """Places of the units of each stratum."""
    codes = pd.factorize(np.asarray(strata))[0]
    return [np.flatnonzero(codes == code) for code in range(codes.max(initial=-1) + 1)]


def _ways(values: Labels) -> int:
    """In how many ways these values can stand."""
    counts = np.unique(values, return_counts=True)[1]
    ways = math.factorial(len(values))
    for count in counts:
        ways //= math.factorial(int(count))
    return ways


def _every(values: Labels, blocks: list[Labels]) -> Labels:
    """Every way, the blocks in all combinations."""
    found = np.empty((1, len(values)), dtype=values.dtype)
    for block in blocks:
        ways = _arrangements(values[block])
        repeated = np.repeat(found, len(ways), axis=0)
        repeated[:, block] = np.tile(ways, (len(found), 1))
        found = repeated
    return found


def _arrangements(values: Labels) -> Labels:
    """Every distinct order of the values, a row each."""
    kinds, counts = np.unique(values, return_counts=True)
    if len(kinds) != 2:
        return np.array(list(_arranged(list(kinds), list(map(int, counts)))))
    sets = np.array(list(itertools.combinations(range(len(values)), int(counts[1]))))
    found = np.full((len(sets), len(values)), kinds[0])
    np.put_along_axis(found, sets, kinds[1], axis=1)
    return found


def _arranged(kinds: list[int], counts: list[int]) -> Iterator[tuple[int, ...]]:
    """Every distinct sequence with so many of each kind."""
    if len(kinds) == 1:
        yield (kinds[0],) * counts[0]
        return
    for place, kind in enumerate(kinds):
        fewer = [*counts[:place], counts[place] - 1, *counts[place + 1 :]]
        left = [(one, count) for one, count in zip(kinds, fewer, strict=True) if count]
        for rest in _arranged([one for one, _ in left], [count for _, count in left]):
            yield (kind, *rest)
