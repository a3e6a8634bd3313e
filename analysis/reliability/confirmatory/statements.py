"""Estimates and errors into results that share their n and their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.reliability.confirmatory.derived import Derived

# A standard error under this share of its estimate is a fixed number's.
FIXED = 1e-12


def percent(confidence: float) -> str:
    """The coverage in words, refusing one no interval here is meant for."""
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence is {confidence}; give one from 0.5 to below 1")
    return f"{100 * confidence:g} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """Makes results of one block of a fitted model.

    Attributes
    ----------
    method : str
        Model, estimator and missing rule.
    errors : str
        What the standard errors rest on.
    """

    n: int
    confidence: float
    method: str
    errors: str

    def of(
        self, derived: Derived, name: str, *place: int, term: str = "", words: str = ""
    ) -> Result:
        """One derived number with its Wald interval."""
        value, error = derived.of(name, *place)
        return self.wald(term or name, value, error, words)

    def wald(self, term: str, value: float, error: float, words: str = "") -> Result:
        """A number and its standard error, as a result."""
        from scipy import special  # noqa: PLC0415 - heavy, and only needed here

        method = f"{words}; {self.method}" if words else self.method
        if not np.isfinite([value, error]).all():
            reason = "the estimated variances do not allow it"
            return Unavailable(term=term, reason=reason, n=self.n, method=method)
        if error <= FIXED * max(abs(value), 1.0):
            method += "; no interval: fixed, to set the scale"
            return Estimate(term=term, estimate=value, n=self.n, method=method)
        reach = float(special.ndtri((1 + self.confidence) / 2)) * error
        return Estimate(
            term=term,
            estimate=value,
            conf_low=value - reach,
            conf_high=value + reach,
            n=self.n,
            method=f"{method}; {percent(self.confidence)} Wald interval, not "
            f"truncated, {self.errors}",
        )

    def absent(self, term: str, reason: str, words: str = "") -> Unavailable:
        """No number, and why."""
        method = f"{words}; {self.method}" if words else self.method
        return Unavailable(term=term, reason=reason, n=self.n, method=method)
