"""Whether the chains that filled scores in have mixed, and what they filled in.

The rule that holds throughout: these describe the filling in, not the people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.outcomes.missing.conditional import Numbers
    from analysis.outcomes.missing.imputation import Imputation

MINIMUM_ITERATIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ImputedScore(Composite):
    """How one score was filled in."""

    score: str
    share_missing: Result
    filled_in_minus_seen: Result
    chain_mixing: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ImputationDiagnostics(Composite):
    """How every score with gaps was filled in."""

    scores: tuple[ImputedScore, ...]


def imputation_diagnostics(imputation: Imputation) -> ImputationDiagnostics:
    """Describe what was filled in, and whether chains agree.

    Returns
    -------
    ImputationDiagnostics
        One part a score with gaps. Mixing is Unavailable under 4 iterations, or where
        nothing filled in varied.

    References
    ----------
    Gelman & Rubin (1992), Statistical Science 7(4), 457-472.
    """
    gaps = imputation.missing.sum(axis=0)
    return ImputationDiagnostics(
        scores=tuple(
            _described(imputation, place, int(count))
            for place, count in enumerate(gaps)
            if count
        )
    )


def chain_mixing(means: Numbers) -> float | None:
    """Gelman and Rubin's potential scale reduction over the later half of chains.

    Parameters
    ----------
    means : ndarray, shape (n_iterations, n_chains)
        Something the chains draw again and again.

    Returns
    -------
    float or None
        Near 1 where chains have forgotten their starts; None if nothing varies.
    """
    later = means[len(means) // 2 :]
    length = len(later)
    within = float(later.var(axis=0, ddof=1).mean())
    between = float(later.mean(axis=0).var(ddof=1))
    if within <= 0:
        return None
    return float(np.sqrt((length - 1) / length + between / within))


def _described(imputation: Imputation, place: int, n_gaps: int) -> ImputedScore:
    n = len(imputation.missing)
    gaps = imputation.missing[:, place]
    values = imputation.values[:, :, place]
    seen = values[0, ~gaps]
    difference = (float(values[:, gaps].mean()) - float(seen.mean())) / float(
        seen.std(ddof=1)
    )
    words = f"{imputation.method}; describes the filling in, so no interval"
    return ImputedScore(
        score=imputation.scores[place],
        share_missing=Estimate(
            term="share_missing",
            estimate=n_gaps / n,
            n=n,
            method=f"people without the score over all people; {words}",
        ),
        filled_in_minus_seen=Estimate(
            term="filled_in_minus_seen",
            estimate=difference,
            n=n,
            method="mean filled in less mean seen, over the standard deviation "
            f"(divisor n-1) of those seen; {words}",
        ),
        chain_mixing=_mixing(imputation.means[:, :, place], n=n_gaps, words=words),
    )


def _mixing(means: Numbers, *, n: int, words: str) -> Result:
    method = (
        "Gelman and Rubin's potential scale reduction of the mean filled in, later "
        f"half of the iterations; over 1.2 ask for more iterations; n counts gaps; "
        f"{words}"
    )
    value = chain_mixing(means) if len(means) >= MINIMUM_ITERATIONS else None
    if value is None:
        reason = f"fewer than {MINIMUM_ITERATIONS} iterations, or nothing varied"
        return Unavailable(term="chain_mixing", reason=reason, n=n, method=method)
    return Estimate(term="chain_mixing", estimate=value, n=n, method=method)
