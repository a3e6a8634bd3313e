"""Responses into the complete ones: who answered every item, and what is lacking.

Deletion is listwise everywhere in this room, and the ``n`` left is what is reported.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from heard.results import Unavailable

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

# Beyond this, squares and their sums overflow.
LARGEST_ANSWER = 1e100
# Relative sizes under which a double no longer tells a number from zero.
NO_VARIANCE = 1e-12
PERFECT = 1e-9
SINGULAR = 1e-10
LISTWISE = "participants with any item unanswered deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteResponses:
    """The participants who answered every item, and what stands in the way.

    Attributes
    ----------
    names : tuple of str
        The items.
    values : ndarray, shape (n_complete, n_items)
        Their answers; no rows where `fault` is not empty.
    fault : str
        Why the columns cannot be read as numbers; empty if they can.
    unanswered : tuple of str
        Items nobody answered.
    """

    names: tuple[str, ...]
    values: Array
    fault: str
    unanswered: tuple[str, ...]

    def without(self, item: str) -> CompleteResponses:
        """Drop one item; the participants stay those complete on all items."""
        kept = [name != item for name in self.names]
        names = tuple(name for name in self.names if name != item)
        return dataclasses.replace(self, names=names, values=self.values[:, kept])

    @property
    def constant(self) -> tuple[str, ...]:
        """Items to which all complete participants gave one answer."""
        flat = (self.values == self.values[:1]).all(axis=0)
        return tuple(
            name for name, is_flat in zip(self.names, flat, strict=True) if is_flat
        )

    @property
    def constant_fault(self) -> str:
        """How many items are constant, in words; empty if none is."""
        if not self.constant:
            return ""
        return (
            f"{len(self.constant)} of {len(self.names)} items constant: "
            + ", ".join(self.constant)
        )

    def gap(self, *, items: int, participants: int = 3) -> str:
        """What the data lack; empty if they suffice."""
        n, k = self.values.shape
        if self.fault:
            return self.fault
        if k < items:
            return f"number of items {k}; at least {items} needed"
        if n >= participants:
            return ""
        nobody = f"; nobody answered {', '.join(self.unanswered)}" * bool(
            self.unanswered
        )
        return (
            f"participants who answered every item {n}; at least {participants} "
            f"needed{nobody}"
        )

    def unavailable(self, term: str, reason: str, method: str) -> Unavailable:
        """The absence, with the n it was found at."""
        n = None if self.fault else len(self.values)
        return Unavailable(term=term, reason=reason, n=n, method=method)


def complete_responses(responses: pd.DataFrame) -> CompleteResponses:
    """Delete the participants with any item unanswered."""
    names = tuple(str(name) for name in responses.columns)
    faults = [column_fault(responses, place) for place in range(len(names))]
    if any(faults):
        fault = "; ".join(dict.fromkeys(filter(None, faults)))
        nothing = np.empty((0, len(names)))
        return CompleteResponses(
            names=names, values=nothing, fault=fault, unanswered=()
        )
    answers = responses.to_numpy(dtype=float, na_value=np.nan)
    missing = np.isnan(answers)
    return CompleteResponses(
        names=names,
        values=answers[~missing.any(axis=1)],
        fault="",
        unanswered=tuple(np.array(names, dtype=object)[missing.all(axis=0)]),
    )


def column_fault(responses: pd.DataFrame, place: int) -> str:
    """Why one column cannot be read as numbers; empty if it can."""
    column, name = responses.iloc[:, place], str(responses.columns[place])
    namesakes = sum(str(other) == name for other in responses.columns)
    if namesakes > 1:
        return f"{namesakes} columns are named {name}"
    if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "c":
        return f"{name} does not hold numbers but {column.dtype}"
    if column.dtype.kind in "biu":
        return ""  # no whole number is that large
    answers = column.to_numpy(dtype=float, na_value=np.nan)
    endless = int(np.sum(np.abs(answers) > LARGEST_ANSWER))
    return f"{name} holds {endless} infinite or immense values" * bool(endless)
