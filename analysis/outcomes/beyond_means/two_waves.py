"""Scores of two waves, some people in both, into a change and its error.

The rule that holds throughout: people in both waves make the change surer by twice the
covariance of their two scores. Oracle: R t.test at both ends (nobody and everybody in
both), Derrick's formulas between, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Estimate, Result, Unavailable
from analysis.outcomes.contrasts import NO_VARIATION
from analysis.outcomes.description import is_constant, number_fault

if TYPE_CHECKING:
    from analysis.outcomes.description import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWaves:
    """Two waves' scores, of which `pairs` people gave both."""

    before: Numbers
    after: Numbers
    pairs: int

    @property
    def change(self) -> float:
        """Mean after less mean before."""
        return float(self.after.mean() - self.before.mean())

    @property
    def n(self) -> int:
        """Scores of both waves together."""
        return len(self.before) + len(self.after)

    def error(self, correlation: float) -> float:
        """Standard error of the change; 0 where there is none but rounding noise."""
        counts = len(self.before), len(self.after)
        spreads = float(self.before.std(ddof=1)), float(self.after.std(ddof=1))
        squared_error = sum(s**2 / n for s, n in zip(spreads, counts, strict=True))
        shared = 2 * correlation * spreads[0] * spreads[1] * self.pairs
        variance = squared_error - shared / (counts[0] * counts[1])
        # What is left when all but rounding noise cancels is no error.
        return float(variance**0.5) if variance > 1e-12 * squared_error else 0.0

    def degrees(self) -> float:
        """Derrick's: from Welch's, if nobody is in both, to pairs - 1, if all are."""
        parts = [wave.var(ddof=1) / len(wave) for wave in (self.before, self.after)]
        spare = [len(wave) - 1 for wave in (self.before, self.after)]
        welch = sum(parts) ** 2 / sum(
            part**2 / n for part, n in zip(parts, spare, strict=True)
        )
        unlinked = self.n - 2 * self.pairs
        share = unlinked / (unlinked + 2 * self.pairs)
        return float((self.pairs - 1) + (welch - self.pairs + 1) * share)

    def change_result(self, term: str, correlation: float, method: str) -> Result:
        """The change with its t interval, if scores correlated so."""
        from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

        error = self.error(correlation)
        if error <= 0:
            return Unavailable(term=term, reason=NO_VARIATION, n=self.n, method=method)
        reach = float(stats.t.ppf(0.975, self.degrees())) * error
        return Estimate(
            term=term,
            estimate=self.change,
            conf_low=self.change - reach,
            conf_high=self.change + reach,
            n=self.n,
            method=f"{method}; t with {self.degrees():.4g} degrees of freedom",
        )


def waves_fault(before: Numbers, after: Numbers) -> str:
    """Say why two waves have no change with an error; empty if they have."""
    if min(len(before), len(after)) < 2:
        return "fewer than 2 scores in a wave"
    if fault := number_fault(before) or number_fault(after):
        return fault
    if is_constant(before) and is_constant(after):
        return NO_VARIATION
    return ""
