"""Responses into whether their correlations are worth factoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Labelled, Result
from analysis.reliability.structure.item_correlations import item_correlations

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.reliability.structure.ordinal import Deletion

ADEQUACY = "kaiser_meyer_olkin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAdequacy(Labelled):
    """How much of one item's correlations is not its alone with another item."""

    item: str
    kaiser_meyer_olkin: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingAdequacy(Labelled):
    """The Kaiser-Meyer-Olkin measure, overall and of each item."""

    kaiser_meyer_olkin: Result
    items: tuple[ItemAdequacy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sphericity(Labelled):
    """Bartlett's test that no two items correlate."""

    bartlett_chi_square: Result
    bartlett_df: Result
    bartlett_p: Result


def sampling_adequacy(
    responses: pd.DataFrame,
    *,
    categories: Sequence[float] | None = None,
    missing: Deletion = "listwise",
) -> SamplingAdequacy:
    """Measure how far correlations are shared by more than two items.

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
    SamplingAdequacy
        From 0 to 1. `Unavailable` with fewer than 2 items, fewer than 3 participants,
        a constant item, or a matrix without an inverse.

    References
    ----------
    Kaiser & Rice (1974), Educational and Psychological Measurement 34(1), 111-117.
    """
    found = item_correlations(responses, categories, missing, items=2)
    method = (
        "Kaiser-Meyer-Olkin: squared correlations / (squared correlations + squared "
        f"partial correlations given all other items); {found.kind}; no interval: it "
        f"describes this matrix; {found.basis}"
    )
    reason = found.fault or found.singular
    if not reason:
        off = found.matrix - np.eye(len(found.names))
        inverse = np.linalg.inv(found.matrix)
        size = np.sqrt(np.diag(inverse))
        partial = inverse / np.outer(size, size)
        np.fill_diagonal(partial, 0.0)
        shared, partial_squares = (off**2).sum(axis=0), (partial**2).sum(axis=0)
        if not (shared + partial_squares > 0).all():
            reason = "an item correlates with no other"

    def measure(common: float, unique: float) -> Result:
        share = float(common / (common + unique))
        return Estimate(term=ADEQUACY, estimate=share, n=found.n or 0, method=method)

    def absent() -> Result:
        return found.unavailable(ADEQUACY, reason, method)

    return SamplingAdequacy(
        kaiser_meyer_olkin=absent()
        if reason
        else measure(shared.sum(), partial_squares.sum()),
        items=tuple(
            ItemAdequacy(
                item=name,
                kaiser_meyer_olkin=absent()
                if reason
                else measure(shared[place], partial_squares[place]),
            )
            for place, name in enumerate(found.names)
        ),
    )


def bartlett_sphericity(responses: pd.DataFrame) -> Sphericity:
    """Test whether the items correlate at all.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.

    Returns
    -------
    Sphericity
        `Unavailable` with fewer than 2 items, no more complete participants than
        items, a constant item, or linearly dependent items.

    References
    ----------
    Bartlett (1951), Biometrika 38(3/4), 337-344.
    """
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    found = item_correlations(responses, None, "listwise", items=2)
    n, k = found.n or 0, len(found.names)
    method = (
        "Bartlett's test of sphericity: -(n - 1 - (2k + 5)/6) times the logarithm of "
        f"the determinant of the {found.kind}; no interval: a test; {found.basis}"
    )
    reason = found.fault or found.too_few or found.singular
    terms = ("bartlett_chi_square", "bartlett_df", "bartlett_p")
    if reason:
        return Sphericity(
            **{term: found.unavailable(term, reason, method) for term in terms}
        )
    _, logarithm = np.linalg.slogdet(found.matrix)
    df = k * (k - 1) / 2
    chi_square = max(0.0, -(n - 1 - (2 * k + 5) / 6) * float(logarithm))
    numbers = (chi_square, df, float(special.chdtrc(df, chi_square)))
    return Sphericity(
        **{
            term: Estimate(term=term, estimate=number, n=n, method=method)
            for term, number in zip(terms, numbers, strict=True)
        }
    )
