"""Responses in ordered categories into the moments least squares is fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.reliability.categories import MISSING, categorised_responses
from analysis.reliability.complete import LISTWISE
from analysis.reliability.confirmatory.least_squares import OrdinalBlock, OrdinalSample
from analysis.reliability.structure import polychoric_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.reliability.categories import CategorisedResponses
    from analysis.reliability.structure.pair_tables import Ranks

PAIRWISE = "each correlation from the participants who answered both items"
SINGULAR = 1e-8


def ordinal_sample(
    responses: pd.DataFrame,
    categories: Sequence[float],
    *,
    missing: str,
    groups: pd.Series | None = None,
    names: Sequence[str] = ("",),
    waves: int = 1,
) -> OrdinalSample:
    """Estimate thresholds and polychoric correlations of every group.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows. One that is empty in a group is merged with
        its neighbour in all of them.
    missing : {"listwise", "pairwise"}
    groups : Series, shape (n_participants,), optional
        The group of each participant, one of `names`; nobody without one.
    waves : int
        How many waves stand side by side, as many columns each; their categories are
        merged alike.
    """
    answered = responses.notna().to_numpy(dtype=bool)
    enough = responses.shape[1] if missing == "listwise" else 1
    kept = np.flatnonzero(answered.sum(axis=1) >= enough)
    rows = responses.iloc[kept]
    items = [str(name) for name in responses.columns]
    members = None if groups is None else groups.iloc[kept].to_numpy()
    found = _categorised(rows, categories, members, waves)
    words = (LISTWISE if missing == "listwise" else PAIRWISE) + found.merged
    n = len(rows)
    if fault := found.fault or _one_category(found):
        n = 0 if found.fault else n
        return OrdinalSample(blocks=(), n=n, missing=words, fault=fault)
    ranks: Ranks = np.hstack(np.split(found.ranks, waves))
    counts = found.counts * waves
    blocks = []
    for name in names:
        own = ranks if members is None else ranks[members == name]
        block, reason = _block(own, counts, items)
        if block is None:
            where = f"{name}: " if name else ""
            return OrdinalSample(blocks=(), n=n, missing=words, fault=where + reason)
        blocks.append(block)
    return OrdinalSample(blocks=tuple(blocks), n=n, missing=words)


def _categorised(
    rows: pd.DataFrame, categories: Sequence[float], members: Any, waves: int
) -> CategorisedResponses:
    """Answers as ranks; waves one under the other, so that they are merged alike."""
    if waves == 1:
        groups = None if members is None else pd.Series(members)
        return categorised_responses(rows, categories, groups)
    size = rows.shape[1] // waves
    first = rows.columns[:size]
    parts = [
        rows.iloc[:, wave * size : (wave + 1) * size].set_axis(first, axis=1)
        for wave in range(waves)
    ]
    of_wave = pd.Series(np.repeat(np.arange(waves), len(rows)))
    return categorised_responses(
        pd.concat(parts, ignore_index=True), categories, of_wave
    )


def _one_category(found: CategorisedResponses) -> str:
    """The items that cannot vary, in words; empty if all can."""
    items = zip(found.names, found.counts, strict=True)
    constant = [name for name, count in items if count < 2]
    if not constant:
        return ""
    return (
        f"{len(constant)} of {len(found.names)} items have one category left: "
        + ", ".join(constant)
    )


def _block(
    ranks: Ranks, counts: tuple[int, ...], items: list[str]
) -> tuple[OrdinalBlock | None, str]:
    """Moments of one group, or why it has none."""
    if reason := _too_few(ranks, items):
        return None, reason
    moments = polychoric_moments(ranks, counts)
    faults = [fault for fault in moments.faults if fault]
    if faults:
        return None, f"{len(faults)} pairs of items: {faults[0]}"
    if np.linalg.eigvalsh(moments.correlations)[0] < SINGULAR:
        return None, "the polychoric correlations are no possible correlation matrix"
    errors = moments.covariance() * len(ranks) / (len(ranks) - 1)
    if (np.diag(errors) <= 0).any():
        return None, "a threshold or correlation has no sampling variance"
    return (
        OrdinalBlock(
            n=len(ranks),
            cuts=tuple(count - 1 for count in counts),
            moments=np.concatenate([*moments.thresholds, moments.rho]),
            errors=errors,
        ),
        "",
    )


def _too_few(ranks: Ranks, items: list[str]) -> str:
    """What the answers of one group lack; empty if they suffice."""
    if len(ranks) <= len(items):
        return f"{len(ranks)} participants; more than {len(items)} needed"
    known = (ranks != MISSING).astype(float)
    together = known.T @ known
    silent = [item for item, n in zip(items, np.diag(together), strict=True) if n == 0]
    if silent:
        return f"nobody answered {', '.join(silent)}"
    never_together = np.argwhere(np.tril(together < 2))
    pairs = "; ".join(
        f"{items[two]} and {items[one]}" for one, two in never_together[:5]
    )
    return f"fewer than 2 participants answered both {pairs}" * bool(pairs)
