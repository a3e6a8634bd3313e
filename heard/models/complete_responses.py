"""Read responses, and keep the participants who answered every item.

Every function that takes responses reads them here, from a data frame or an array.
Deletion is listwise; the ``n`` left is reported.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from heard.errors import DataError
from heard.results import Unavailable

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Responses: TypeAlias = pd.DataFrame | np.ndarray[Any, Any]
"""A row a participant, a column an item; missing if unanswered."""

# Beyond this, squares and their sums overflow.
LARGEST_ANSWER = 1e100
# Relative sizes under which a double cannot distinguish a number from zero.
NO_VARIANCE = 1e-12
PERFECT = 1e-9
SINGULAR = 1e-10
LISTWISE = "participants with any item unanswered deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteResponses:
    """The participants who answered every item, and what stands in the way.

    `names`: the items.
    `values`, shape (n_complete, n_items): their answers; no rows where `fault` is not
      empty.
    `fault`: why the columns cannot be read as numbers; empty if they can.
    `unanswered`: items no one answered.
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
        if not len(self.values):
            return ()
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
        nobody = f"; no one answered {', '.join(self.unanswered)}" * bool(
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


def read_responses(responses: Responses, name: str = "responses") -> pd.DataFrame:
    """Read responses as a data frame whose ordered categories are numbers.

    `responses`, shape (n_participants, n_items): numbers, nullable numbers, booleans,
      objects or categories that are numbers. The columns of an array are named
      ``item_1``, ``item_2`` and so on.
    `name`: what the argument is called, for the message.
    Raises DataError: neither a data frame nor a two-dimensional array.
    """
    wanted = "give a data frame, or an array with a row a participant, a column an item"
    if isinstance(responses, np.ndarray):
        if responses.ndim != 2:
            raise DataError(name, f"an array of {responses.ndim} dimensions; {wanted}")
        items = [f"item_{place + 1}" for place in range(responses.shape[1])]
        return pd.DataFrame(responses, columns=items)
    if not isinstance(responses, pd.DataFrame):
        raise DataError(name, f"a {type(responses).__name__}; {wanted}")
    coded = [
        place
        for place in range(responses.shape[1])
        if _hides_numbers(responses.iloc[:, place])
    ]
    if coded:
        responses = responses.copy()
    for place in coded:
        responses.isetitem(place, responses.iloc[:, place].astype(float).to_numpy())
    return responses


def _hides_numbers(column: pd.Series) -> bool:
    """Whether categories, or a column of no type, are numbers throughout."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.api.types.is_numeric_dtype(column.dtype.categories.dtype)
    if column.dtype != object:
        return False
    return pd.api.types.is_numeric_dtype(column.dropna().infer_objects().dtype)


def named(labels: pd.Series) -> pd.Series:
    """Labels of groups, an empty one turned to missing: no one's team is not a team."""
    return labels.mask(labels == "")


def check_frame(frame: pd.DataFrame, name: str) -> None:
    """Refuse what has no named columns.

    Raises DataError: not a data frame.
    """
    if not isinstance(frame, pd.DataFrame):
        wanted = "give a data frame, a row a rating, with named columns"
        raise DataError(name, f"a {type(frame).__name__}; {wanted}")


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


def _kind_of(column: pd.Series) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "categories that are text: give their codes"
    text = column.dtype == object or pd.api.types.is_string_dtype(column.dtype)
    return "text" if text else str(column.dtype)


def column_fault(responses: pd.DataFrame, place: int) -> str:
    """Why one column cannot be read as numbers; empty if it can."""
    column, name = responses.iloc[:, place], str(responses.columns[place])
    namesakes = sum(str(other) == name for other in responses.columns)
    if namesakes > 1:
        return f"{namesakes} columns are named {name}"
    if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "c":
        return f"{name} does not hold numbers but {_kind_of(column)}"
    if column.dtype.kind in "biu":
        return ""  # no whole number is that large
    answers = column.to_numpy(dtype=float, na_value=np.nan)
    endless = int(np.sum(np.abs(answers) > LARGEST_ANSWER))
    return f"{name} holds {endless} infinite or immense values" * bool(endless)
