"""Mokken's scalability: how far items order people as one scale would.

A coefficient is the covariance of two items over the largest covariance their own
distributions allow; for an item and for the scale both are summed over pairs first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Labelled, Result
from analysis.reliability.complete import LISTWISE, complete_responses
from analysis.reliability.item_response.item_steps import largest_parts

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.complete import Array, CompleteResponses

MODEL = (
    "covariance over the largest the items' distributions allow (Mokken 1971); "
    f"divisors cancel; standard error by the delta method (Kuijpers 2013); {LISTWISE}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScalability(Labelled):
    """Two items, and how well they order people alike."""

    item: str
    other_item: str
    scalability: Result
    standard_error: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScalability(Labelled):
    """One item, and how well it orders people as the others do."""

    item: str
    scalability: Result
    standard_error: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MokkenScalability(Composite):
    """The scale, its items and their pairs."""

    scalability: Result
    standard_error: Result
    items: tuple[ItemScalability, ...]
    pairs: tuple[PairScalability, ...]

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; the items are empty where it is about the scale."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only needed here

        frame = Composite.to_frame(self)
        labels = [("", "")] * 2
        labels += [(one.item, "") for one in self.items for _ in range(2)]
        labels += [(one.item, one.other_item) for one in self.pairs for _ in range(2)]
        place = pd.DataFrame(labels, columns=["item", "other_item"])
        return pd.concat([place, frame], axis=1)


def mokken_scalability(
    responses: pd.DataFrame, *, confidence: float = 0.95
) -> MokkenScalability:
    """Scalability of a scale (H), of its items (Hi) and of their pairs (Hij).

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item; NaN if unanswered. All items on one
        response scale; an item that runs against the others gives negative
        coefficients.
    confidence : float
        Coverage the intervals aim at.

    Returns
    -------
    MokkenScalability
        Every coefficient with an interval and a standard error. `Unavailable` with
        fewer than two items or three participants who answered all, with columns that
        are not numbers, and with a constant item (only the pairs it belongs to, its own
        coefficient, and the sums it would enter).

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Mokken (1971); standard errors Kuijpers, van der Ark & Croon (2013), ties in the
    order of item steps averaged; limits on the scale of log(1 - H), so that none
    passes 1 (Koopman, Zijlstra & van der Ark 2020).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1")
    complete = complete_responses(responses)
    scale = _Scale.of(complete, confidence)
    names = complete.names
    k = len(names)
    upper = np.triu(np.ones((k, k), dtype=bool), 1)
    scalability, standard_error = scale.coefficient("scalability", upper)
    items = []
    for place, name in enumerate(names):
        chosen = np.zeros((k, k), dtype=bool)
        chosen[place] = np.arange(k) != place
        value, error = scale.coefficient("item_scalability", chosen)
        items.append(
            ItemScalability(item=name, scalability=value, standard_error=error)
        )
    pairs = []
    for first, second in np.argwhere(upper):
        chosen = np.zeros((k, k), dtype=bool)
        chosen[first, second] = True
        value, error = scale.coefficient("pair_scalability", chosen)
        pairs.append(
            PairScalability(
                item=names[first],
                other_item=names[second],
                scalability=value,
                standard_error=error,
            )
        )
    return MokkenScalability(
        scalability=scalability,
        standard_error=standard_error,
        items=tuple(items),
        pairs=tuple(pairs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Each pair's covariance, its largest possible, and what each person adds to both.

    Attributes
    ----------
    covariance, largest : ndarray, shape (n_items, n_items)
        Symmetric; the diagonal is not used.
    covariance_parts, largest_parts : ndarray, shape (n_items, n_items, n_participants)
        Influence of each participant, mean 0.
    """

    complete: CompleteResponses
    gap: str
    confidence: float
    covariance: Array
    largest: Array
    covariance_parts: Array
    largest_parts: Array

    @classmethod
    def of(cls, complete: CompleteResponses, confidence: float) -> _Scale:
        """Go over all pairs once; nothing to go over where there is a gap."""
        gap = complete.gap(items=2)
        k = len(complete.names)
        n = 0 if gap else len(complete.values)
        covariance, largest = np.zeros((k, k)), np.zeros((k, k))
        covariance_parts, most_parts = np.zeros((k, k, n)), np.zeros((k, k, n))
        # Unitless and near 1, so that nothing overflows; ratios do not change.
        spread = np.ptp(complete.values) if n else 0.0
        centred = (complete.values - complete.values[:1]) / spread if spread else None
        for i, j in np.argwhere(np.triu(np.ones((k, k)), 1)):
            if centred is None:
                break
            x = centred[:, i] - centred[:, i].mean()
            y = centred[:, j] - centred[:, j].mean()
            parts, most = x * y, largest_parts(x, y)
            for a, b in ((i, j), (j, i)):
                covariance[a, b] = parts.mean()
                largest[a, b] = (np.sort(x) * np.sort(y)).mean()
                covariance_parts[a, b] = parts - parts.mean()
                most_parts[a, b] = most - most.mean()
        return cls(
            complete=complete,
            gap=gap,
            confidence=confidence,
            covariance=covariance,
            largest=largest,
            covariance_parts=covariance_parts,
            largest_parts=most_parts,
        )

    def coefficient(
        self, term: str, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    ) -> tuple[Result, Result]:
        """One coefficient over the chosen pairs, and its standard error."""
        error_term = f"{term}_standard_error"
        names = np.array(self.complete.names, dtype=object)
        involved = names[chosen.any(axis=0) | chosen.any(axis=1)]
        constant = [name for name in self.complete.constant if name in involved]
        reason = self.gap
        if not reason and constant:
            reason = f"no variance in {', '.join(constant)}"
        if reason:
            return (
                self.complete.unavailable(term, reason, MODEL),
                self.complete.unavailable(error_term, reason, MODEL),
            )
        n = len(self.complete.values)
        most = self.largest[chosen].sum()
        # At perfect scalability rounding may take the ratio past 1.
        value = min(float(self.covariance[chosen].sum() / most), 1.0)
        covariance_part = self.covariance_parts[chosen].sum(axis=0)
        largest_part = self.largest_parts[chosen].sum(axis=0)
        influence = (covariance_part - value * largest_part) / most
        error = math.sqrt(float(influence @ influence)) / n
        low, high, limits_text = _limits(value, error, self.confidence)
        return (
            Estimate(
                term=term,
                estimate=value,
                conf_low=low,
                conf_high=high,
                n=n,
                method=f"{MODEL}; {limits_text}",
            ),
            Estimate(
                term=error_term,
                estimate=error,
                n=n,
                method=f"{MODEL}; no interval: it is itself a standard error",
            ),
        )


def _limits(
    value: float, error: float, confidence: float
) -> tuple[float | None, float | None, str]:
    """Limits symmetric on the scale of log(1 - H), and the words for them."""
    # Below this, the error is rounding: everybody is ordered alike.
    if 1 - value < 1e-12 or error < 1e-12:
        return None, None, "no interval: perfect or without any spread between people"
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error / (1 - value)
    # Beyond a factor of e^50 a limit says nothing, and would overflow.
    reach = min(reach, 50.0)
    low = 1 - (1 - value) * math.exp(reach)
    high = 1 - (1 - value) * math.exp(-reach)
    limits_text = f"{100 * confidence:g} % limits symmetric on log(1 - H)"
    return low, high, limits_text
