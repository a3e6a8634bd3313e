"""Responses with gaps into patterns: who answered which items, and how many did.

People who answered the same items are one pattern, whatever they answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation import Estimate, Unavailable

if TYPE_CHECKING:
    import pandas as pd

    from analysis.cleaning.compact import Array
    from analysis.foundation import Result

COMPLETE = "complete"
OTHERS = "other patterns"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gaps:
    """Who answered what: each person's answers, and which pattern they make.

    Attributes
    ----------
    values : ndarray of float, shape (n_people, n_items)
        NaN where not answered.
    kinds : ndarray of bool, shape (n_patterns, n_items)
        The different patterns of answered items.
    of_person : ndarray of int, shape (n_people,)
        Which pattern each person has.
    """

    values: Array
    kinds: Array
    of_person: Array

    @property
    def counts(self) -> Array:
        """People of each pattern."""
        return np.bincount(self.of_person, minlength=len(self.kinds))

    def share_complete(self) -> Result:
        """Share of the people who answered every item."""
        term, method = "share_complete", "people who answered every item, of all"
        n = len(self.values)
        if not n:
            return Unavailable(term=term, reason="nobody", method=method)
        share = float(self.counts[self.kinds.all(axis=1)].sum()) / n
        return Estimate(term=term, estimate=share, n=n, method=method)

    def pattern_counts(self, names: list[str], *, smallest: int) -> dict[str, int]:
        """As `pattern_counts`, under the names given to the items."""
        counts = self.counts
        listed = [
            (_pattern_name(names, self.kinds[kind]), int(counts[kind]))
            for kind in np.flatnonzero(counts >= smallest)
        ]
        shown = dict(sorted(listed, key=lambda pair: (-pair[1], pair[0])))
        other_count = len(self.values) - sum(shown.values())
        # The complete ones follow from their share, so they hide nothing.
        hiding = [name for name in shown if name != COMPLETE]
        while 0 < other_count < smallest and hiding:
            other_count += shown.pop(hiding.pop())
        if 0 < other_count < smallest or not shown:
            return {}
        return {**shown, OTHERS: other_count} if other_count else shown


def gaps_of(responses: pd.DataFrame) -> Gaps:
    """Who answered what, from a column an item, NaN where not answered."""
    values = responses.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(values)
    # A bit an item: rows of a few bytes are sorted sooner than rows of truths.
    packed = np.ascontiguousarray(np.packbits(known.T, axis=0).T)
    if not packed.size:
        nobody = np.zeros(len(values), dtype=int)
        return Gaps(values=values, kinds=known[:1], of_person=nobody)
    as_text = packed.view(f"V{packed.shape[1]}").ravel()
    _, first, of_person = np.unique(as_text, return_index=True, return_inverse=True)
    return Gaps(values=values, kinds=known[first], of_person=of_person)


def pattern_counts(responses: pd.DataFrame, *, smallest: int) -> dict[str, int]:
    """People by the items they did not answer, largest first, small ones together.

    Patterns of fewer than `smallest` people are counted together, with the next larger
    one where together they are fewer still; where nothing is left apart, nothing is
    told.
    """
    names = [str(name) for name in responses.columns]
    return gaps_of(responses).pattern_counts(names, smallest=smallest)


def _pattern_name(names: list[str], answered: Array) -> str:
    lacking = [name for name, known in zip(names, answered, strict=True) if not known]
    if not lacking:
        return COMPLETE
    return "nothing" if len(lacking) == len(names) else "without " + ", ".join(lacking)
