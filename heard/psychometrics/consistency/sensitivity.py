"""Compare reliability coefficients under every cleaning rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from heard.models.complete_responses import Responses, read_responses
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_inter_item_correlation
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.consistency.sample import Mask
from heard.results import Estimate, Labelled, Result, Unavailable

ALL_RESPONSES = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedCoefficients(Labelled):
    """The coefficients of the participants one rule keeps."""

    rule: str
    kept: Result
    cronbach_alpha: Result
    omega_total: Result
    mean_inter_item_correlation: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningSensitivity(Labelled):
    """How much coefficients depend on who is removed.

    - `rules`: everyone first, then rule by rule.
    - `cronbach_alpha_range`, `omega_total_range`, `mean_inter_item_correlation_range`:
      the largest less the smallest estimate over the rules.
    """

    rules: tuple[CleanedCoefficients, ...]
    cronbach_alpha_range: Result
    omega_total_range: Result
    mean_inter_item_correlation_range: Result


def cleaning_sensitivity(
    responses: Responses,
    *,
    rules: Mapping[str, Sequence[bool] | pd.Series | Mask],
    clusters: pd.Series | None = None,
    confidence: float = 0.95,
) -> CleaningSensitivity:
    """Estimate alpha, omega and mean r after each cleaning rule, side by side.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses before cleaning; NaN if unanswered.
    rules : mapping
        Name of a rule → whether it keeps each participant, by position.
    clusters : Series, shape (n_participants,), optional
        Cluster of each participant, by position, whose answers depend on each other.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    CleaningSensitivity
        Under each rule the coefficients of those it keeps who answered every item, and
        over the rules the range of each coefficient. The samples overlap: that two
        intervals do says nothing about their difference.

    Raises
    ------
    ValueError
        A rule that does not say true or false of every participant.
    """
    responses = read_responses(responses)
    kept: dict[str, Mask] = {ALL_RESPONSES: np.ones(len(responses), dtype=bool)}
    for name, keep in rules.items():
        kept[name] = _mask(name, keep, len(responses))
    found = tuple(
        _under(name, responses, keep, clusters, confidence)
        for name, keep in kept.items()
    )
    return CleaningSensitivity(
        rules=found,
        cronbach_alpha_range=_range([rule.cronbach_alpha for rule in found]),
        omega_total_range=_range([rule.omega_total for rule in found]),
        mean_inter_item_correlation_range=_range(
            [rule.mean_inter_item_correlation for rule in found]
        ),
    )


def _mask(name: str, keep: Any, people: int) -> Mask:
    if name == ALL_RESPONSES:
        raise ValueError(f"a rule is named {name!r}, which is the first row; rename it")
    mask = np.asarray(keep)
    if mask.shape != (people,):
        raise ValueError(
            f"rule {name!r} has shape {mask.shape}; give one value for each of "
            f"{people} participants"
        )
    if mask.dtype == object and not pd.isna(mask).any():
        mask = mask.astype(bool) if set(mask) <= {True, False} else mask
    if mask.dtype != bool:
        raise ValueError(f"rule {name!r} holds {mask.dtype}; give true or false")
    return mask


def _under(
    rule: str,
    responses: pd.DataFrame,
    keep: Mask,
    clusters: pd.Series | None,
    confidence: float,
) -> CleanedCoefficients:
    places = np.flatnonzero(keep)
    rows = responses.iloc[places]
    of_rows = None if clusters is None else clusters.iloc[places]
    share = len(rows) / len(responses) if len(responses) else None
    method = "participants the rule keeps, of all; no interval: a count"
    kept: Result = Unavailable(term="share_kept", reason="no one", method=method)
    if share is not None:
        kept = Estimate.of("share_kept", share, n=len(responses), method=method)
    return CleanedCoefficients(
        rule=rule,
        kept=kept,
        cronbach_alpha=cronbach_alpha(rows, clusters=of_rows, confidence=confidence),
        omega_total=omega_total(rows, clusters=of_rows, confidence=confidence),
        mean_inter_item_correlation=mean_inter_item_correlation(
            rows,
            interval="adf" if clusters is None else "cluster",
            clusters=of_rows,
            confidence=confidence,
        ),
    )


def _range(results: list[Result]) -> Result:
    """The largest less the smallest estimate."""
    term = f"{results[0].term}_range"
    made = [result for result in results if isinstance(result, Estimate)]
    n_failed = len(results) - len(made)
    method = (
        f"largest less smallest estimate over {len(made)} rules, everyone among them; "
        "no interval: the samples overlap"
    )
    method += f"; {n_failed} rules without an estimate left out" * bool(n_failed)
    if len(made) < 2:
        reason = f"rules with an estimate {len(made)}; at least 2 needed"
        return Unavailable(term=term, reason=reason, method=method)
    numbers = [result.estimate for result in made]
    return Estimate.of(
        term,
        max(numbers) - min(numbers),
        n=max(result.n for result in made),
        method=method,
    )
