"""Check the scoring key: whether each item runs in its declared direction.

The direction is the sign of an item's loading on the first principal axis and of its
correlation with the other items. A key that was forgotten or applied twice still gives
plausible scores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from heard.models.complete_responses import (
    Responses,
    complete_responses,
    read_responses,
)
from heard.models.item_directions import (
    MINIMUM_ITEMS,
    MINIMUM_PARTICIPANTS,
    WEAKEST,
    directions,
    least_correlation,
)
from heard.results import Composite, Estimate, Result, Unavailable

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

AGREES = "agrees"
NOT_RECODED = "not recoded"
RECODED_TWICE = "recoded twice"
WEAK = "weak item"
UNKNOWN = "not known"

Z_95 = 1.959963984540054
"""The normal quantile at 0.975."""
LISTWISE = "participants with any item unanswered deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAudit(Composite):
    """One item: what the key says of it, and what the answers say.

    `first_factor_loading`: of the item as answered; positive where the factor's high
      end is its high end.
    `item_rest_correlation`: of the item as answered with the other items, each turned
      as the factor says.
    `verdict`: ``agrees``, ``not recoded``, ``recoded twice``, ``weak item`` or ``not
      known``.
    """

    item: str
    reverse_keyed: bool
    verdict: str
    reason: str
    first_factor_loading: Result
    item_rest_correlation: Result

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a statistic, with the item, its key and the verdict."""
        frame = Composite.to_frame(self).rename(columns={"reason": "absent"})
        frame.insert(0, "item", self.item)
        frame.insert(1, "reverse_keyed", self.reverse_keyed)
        return frame.assign(verdict=self.verdict, reason=self.reason).drop(
            columns="absent"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAudit(Composite):
    """The key of one subscale against the answers to it."""

    items: tuple[ItemAudit, ...]
    sentence: str

    @property
    def agrees(self) -> bool:
        """Whether no item speaks against the key."""
        verdicts = {item.verdict for item in self.items}
        return not verdicts & {NOT_RECODED, RECODED_TWICE, UNKNOWN}

    def to_frame(self) -> pd.DataFrame:
        """Two tidy rows an item."""
        return pd.concat([item.to_frame() for item in self.items], ignore_index=True)


def check_keys(responses: Responses, *, reverse_keyed: Collection[str]) -> KeyAudit:
    """Compare the declared key of a subscale with the answers.

    Parameters
    ----------
    responses : DataFrame or ndarray, one row a participant, one column an item
        Codes as answered, never keyed.
    reverse_keyed : collection of str
        The items the key reverses.

    Returns
    -------
    KeyAudit
        Every item has its verdict; ``not known`` where too few answered every item, an
        item is constant, or a column holds no numbers.
    """
    responses = read_responses(responses)
    items = [str(name) for name in responses.columns]
    read = complete_responses(responses)
    complete = read.values
    declared = np.array([-1.0 if item in reverse_keyed else 1.0 for item in items])
    if reason := read.fault or _gap(complete, tuple(items)):
        audits = [
            _unknown(item, reason, reverse_keyed=item in reverse_keyed, n=len(complete))
            for item in items
        ]
    else:
        loadings, rest = _directions(complete, declared)
        audits = [
            _audited(item, *values, n=len(complete))
            for item, *values in zip(items, declared, loadings, rest, strict=True)
        ]
    return KeyAudit(items=tuple(audits), sentence=_sentence(audits))


def _gap(complete: Array, names: tuple[str, ...]) -> str:
    """Why the answers cannot show a direction; empty if they can."""
    n, k = complete.shape
    if k < MINIMUM_ITEMS:
        return f"number of items {k}; at least {MINIMUM_ITEMS} needed"
    if n < MINIMUM_PARTICIPANTS:
        return (
            f"participants who answered every item {n}; at least "
            f"{MINIMUM_PARTICIPANTS} needed"
        )
    flat = (complete == complete[:1]).all(axis=0)
    if flat.any():
        listed = ", ".join(np.array(names, dtype=object)[flat])
        return f"{int(flat.sum())} of {k} items constant: {listed}"
    return ""


def _directions(complete: Array, declared: Array) -> tuple[Array, Array]:
    """Loadings on the first factor and item-rest correlations, as answered."""
    loadings, rest = directions(np.asarray(np.corrcoef(complete, rowvar=False)))
    end = _orientation(loadings, np.asarray(np.abs(rest) >= WEAKEST, float), declared)
    return end * loadings, end * rest


def _orientation(loadings: Array, strong: Array, declared: Array) -> float:
    """Which end of the factor is the key's high end: 1, or -1 for the other.

    Most of the declared directions decide. Where all items run one way as answered
    although the key turns some, the answers came turned, and that way is up: a vote
    would be split, or lost, where half or more of the items are reverse-keyed.
    """
    signs = np.sign(loadings[strong.astype(bool)])
    one_direction = len(signs) and abs(signs.sum()) == len(signs)
    if one_direction and (declared > 0).any():
        return float(signs[0])
    votes = float((np.sign(loadings) * declared).sum())
    weighed = float((loadings * declared).sum())
    return -1.0 if (votes or weighed) < 0 else 1.0


def _audited(
    name: str, declared: float, loading: float, rest: float, *, n: int
) -> ItemAudit:
    verdict, reason = _verdict(declared, loading, rest, n)
    limits = _limits(rest, n)
    method = f"of the item as answered; {LISTWISE}"
    return ItemAudit(
        item=name,
        reverse_keyed=declared < 0,
        verdict=verdict,
        reason=reason,
        first_factor_loading=Estimate.of(
            "first_factor_loading",
            loading,
            n=n,
            method=f"first eigenvector of the correlation matrix, {method}",
        ),
        item_rest_correlation=Estimate.of(
            "item_rest_correlation_as_answered",
            rest,
            limits,
            n=n,
            method="with the other items, scored as the first factor implies; 95 % "
            f"interval by Fisher's z; {method}",
        ),
    )


def _limits(correlation: float, n: int) -> tuple[float | None, float | None]:
    """Fisher's interval; none for a correlation that is perfect."""
    if 1 - abs(correlation) < 1e-12:
        return (None, None)
    centre, reach = np.arctanh(correlation), Z_95 / np.sqrt(n - 3)
    return (float(np.tanh(centre - reach)), float(np.tanh(centre + reach)))


def _verdict(declared: float, loading: float, rest: float, n: int) -> tuple[str, str]:
    least = least_correlation(n)
    if abs(rest) < least or loading * rest < 0:
        return WEAK, (
            f"its correlation with the other items, {rest:.2f}, is too small to show "
            "its direction"
        )
    if loading * declared > 0:
        return AGREES, "the answers run the way the key says"
    if declared > 0:
        return NOT_RECODED, "runs against the others, and the key does not turn it"
    return RECODED_TWICE, "runs with the others before the key turns it"


def _unknown(item: str, reason: str, *, reverse_keyed: bool, n: int) -> ItemAudit:
    terms = ("first_factor_loading", "item_rest_correlation_as_answered")
    loading, rest = (Unavailable(term=term, reason=reason, n=n) for term in terms)
    return ItemAudit(
        item=item,
        reverse_keyed=reverse_keyed,
        verdict=UNKNOWN,
        reason=reason,
        first_factor_loading=loading,
        item_rest_correlation=rest,
    )


def _sentence(audits: list[ItemAudit]) -> str:
    """A summary of the verdicts, and what to look at first."""
    if audits and audits[0].verdict == UNKNOWN:
        return f"Whether the key is right cannot be determined: {audits[0].reason}."
    return " ".join(_sentences(audits))


def _sentences(audits: list[ItemAudit]) -> Iterator[str]:
    named = {
        verdict: [audit.item for audit in audits if audit.verdict == verdict]
        for verdict in (NOT_RECODED, RECODED_TWICE, WEAK)
    }
    wrong = len(named[NOT_RECODED]) + len(named[RECODED_TWICE])
    if wrong:
        yield f"{wrong} of {len(audits)} items speak against the key."
    else:
        yield f"No item of {len(audits)} speaks against the key."
    if items := named[NOT_RECODED]:
        yield f"Not recoded: {', '.join(items)}: a reversal looks forgotten."
    if items := named[RECODED_TWICE]:
        turned = sum(audit.reverse_keyed for audit in audits)
        every = len(items) == turned and turned > 1
        yield f"Recoded twice: {', '.join(items)}: " + (
            "the data look as if they came already reversed."
            if every
            else "already reversed in the data, or reversed by mistake in the key."
        )
    if items := named[WEAK]:
        yield f"Inconclusive: {', '.join(items)}."
