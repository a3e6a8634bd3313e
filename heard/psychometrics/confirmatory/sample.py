"""Group responses into the patterns of answered items that a likelihood needs.

The likelihood depends on those of one block and pattern only by their number, mean and
covariance (divisor n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.models.complete_responses import LISTWISE, Array, column_fault
from heard.psychometrics.missing_answers import estimate_moments

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.specification import Places

NO_SPREAD = 1e-12
SINGULAR = 1e-10
FIML = "full-information maximum likelihood: every answer there is"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pattern:
    """The people of one block who answered the same items; `people` are their rows."""

    people: Places
    answered: Array
    values: Array
    mean: Array
    covariance: Array

    @property
    def n(self) -> int:
        """How many people."""
        return len(self.values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One group of people, with its saturated moments (divisor n)."""

    patterns: tuple[Pattern, ...]
    mean: Array
    covariance: Array

    @property
    def n(self) -> int:
        """How many people."""
        return sum(pattern.n for pattern in self.patterns)

    @property
    def complete(self) -> bool:
        """Whether everyone answered every item."""
        return len(self.patterns) == 1 and bool(self.patterns[0].answered.all())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """All blocks, or the `fault` that stands in the way."""

    blocks: tuple[Block, ...]
    n: int
    missing: str
    fault: str = ""


def sample_of(
    responses: pd.DataFrame,
    *,
    missing: str,
    labels: Places | None = None,
    names: Sequence[str] = ("",),
) -> Sample:
    """Sort responses into blocks and patterns.

    `responses`, shape (n_participants, n_items): keyed responses; NaN if unanswered.
    `missing`, {"fiml", "listwise"}: who takes part: all who answered anything, or who
      answered every item.
    `labels`, shape (n_participants,): the block of each participant, -1 if unknown;
      None for one block.
    """
    words = FIML if missing == "fiml" else LISTWISE
    places = range(responses.shape[1])
    faults = [column_fault(responses, place) for place in places]
    if any(faults):
        reason = "; ".join(dict.fromkeys(filter(None, faults)))
        return Sample(blocks=(), n=0, missing=words, fault=reason)
    values = responses.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(values)
    kept = known.any(axis=1) if missing == "fiml" else known.all(axis=1)
    block_of = np.zeros(len(values), dtype=int) if labels is None else labels
    columns = [str(name) for name in responses.columns]
    blocks = []
    n = int(kept[block_of >= 0].sum())
    for place, name in enumerate(names):
        people = np.flatnonzero(kept & (block_of == place))
        block, reason = _block(values[people], people, columns)
        if block is None:
            where = f"{name}: " if name else ""
            return Sample(blocks=(), n=n, missing=words, fault=where + reason)
        blocks.append(block)
    return Sample(blocks=tuple(blocks), n=n, missing=words)


def _block(rows: Array, people: Places, names: list[str]) -> tuple[Block | None, str]:
    if len(rows) <= len(names):
        return None, f"{len(rows)} participants; more than {len(names)} needed"
    if reason := _flat(rows, names) or _never_together(rows, names):
        return None, reason
    patterns = _patterns(rows, people)
    if len(patterns) == 1 and patterns[0].answered.all():
        mean, covariance = patterns[0].mean, patterns[0].covariance
    else:
        moments = estimate_moments(pd.DataFrame(rows))
        if moments.reason:
            return None, moments.reason
        mean, covariance = moments.mean, moments.covariance
    spread = np.sqrt(np.diag(covariance))
    if np.linalg.eigvalsh(covariance / np.outer(spread, spread))[0] < SINGULAR:
        return None, "linearly dependent items: some are predicted by the others"
    return Block(patterns=patterns, mean=mean, covariance=covariance), ""


def _flat(rows: Array, names: list[str]) -> str:
    """The items that do not vary, in words; empty if all do."""
    answered = [bool(seen) for seen in np.any(~np.isnan(rows), axis=0)]
    silent = [name for name, seen in zip(names, answered, strict=True) if not seen]
    if silent:
        return f"no one answered {', '.join(silent)}"
    low, high = np.nanmin(rows, axis=0), np.nanmax(rows, axis=0)
    still = list(high - low <= NO_SPREAD * (1 + np.abs(high)))
    constant = [name for name, flat in zip(names, still, strict=True) if flat]
    if not constant:
        return ""
    found = ", ".join(constant)
    return f"{len(constant)} of {len(names)} items constant: {found}"


def _never_together(rows: Array, names: list[str]) -> str:
    """Pairs of items no two people answered both, in words; empty if there is none."""
    known = (~np.isnan(rows)).astype(float)
    never_together = np.argwhere(np.tril(known.T @ known < 2))
    pairs = [f"{names[two]} and {names[one]}" for one, two in never_together]
    if not pairs:
        return ""
    return f"fewer than 2 participants answered both {'; '.join(pairs[:5])}"


def _patterns(rows: Array, people: Places) -> tuple[Pattern, ...]:
    known = ~np.isnan(rows)
    if known.all():
        return (_pattern(known[0], rows, people),)
    packed = np.packbits(known, axis=1)
    _, first, of_row = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    of_row = of_row.ravel()
    return tuple(
        _pattern(known[first[kind]], rows[of_row == kind], people[of_row == kind])
        for kind in range(len(first))
    )


def _pattern(answered: Array, rows: Array, people: Places) -> Pattern:
    values = np.ascontiguousarray(rows[:, answered])
    mean = values.mean(axis=0)
    never_together = values - mean
    return Pattern(
        people=people,
        answered=answered,
        values=values,
        mean=mean,
        covariance=never_together.T @ never_together / len(values),
    )
