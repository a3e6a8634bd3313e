"""Responses in ordered categories into the moments least squares is fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.categories import MISSING, categorised_responses
from analysis.reliability.complete import LISTWISE
from analysis.reliability.confirmatory.least_squares import OrdinalBlock, OrdinalSample
from analysis.reliability.structure import polychoric_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.reliability.complete import Array

PAIRWISE = "each correlation from the participants who answered both items"
SINGULAR = 1e-8


def ordinal_sample(
    responses: pd.DataFrame,
    categories: Sequence[float],
    *,
    missing: str,
    groups: pd.Series | None = None,
    names: Sequence[str] = ("",),
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
    """
    answered = responses.notna().to_numpy()
    kept = answered.all(axis=1) if missing == "listwise" else answered.any(axis=1)
    responses = responses[kept]
    members = None if groups is None else groups[kept]
    found = categorised_responses(responses, categories, members)
    words = (LISTWISE if missing == "listwise" else PAIRWISE) + found.merged
    if found.fault:
        return OrdinalSample(blocks=(), n=0, missing=words, fault=found.fault)
    n = len(found.ranks)
    items = [str(name) for name in responses.columns]
    if constant := [i for i, count in zip(items, found.counts, strict=True) if count < 2]:
        reason = (
            f"{len(constant)} of {len(items)} items have one category left: "
            + ", ".join(constant)
        )
        return OrdinalSample(blocks=(), n=n, missing=words, fault=reason)
    blocks = []
    for name in names:
        rows = found.ranks if members is None else found.ranks[(members == name).to_numpy()]
        block, reason = _block(rows, found.counts, items)
        if block is None:
            where = f"{name}: " if name else ""
            return OrdinalSample(blocks=(), n=n, missing=words, fault=where + reason)
        blocks.append(block)
    return OrdinalSample(blocks=tuple(blocks), n=n, missing=words)


def _block(
    ranks: Array, counts: tuple[int, ...], items: list[str]
) -> tuple[OrdinalBlock | None, str]:
    """Moments of one group, or why it has none."""
    if len(ranks) <= len(items):
        return None, f"{len(ranks)} participants; more than {len(items)} needed"
    silent = [
        item
        for item, unanswered in zip(items, (ranks == MISSING).all(axis=0), strict=True)
        if unanswered
    ]
    if silent:
        return None, f"nobody answered {', '.join(silent)}"
    moments = polychoric_moments(ranks.astype(np.int64), counts)
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
