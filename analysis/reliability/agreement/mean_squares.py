"""Mean squares of targets, raters and error into correlations and their limits.

Complete ratings have mean squares of their own; ratings with gaps those that their
variance components would have had, in their effective numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Result

if TYPE_CHECKING:
    from analysis.reliability.complete import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """Mean squares of targets rated by the same raters, and their degrees of freedom.

    Attributes
    ----------
    targets, raters, error : float
        The mean squares.
    n, k : float
        How many ratings a rater and a target have; with gaps, effectively.
    targets_freedom, raters_freedom, error_freedom : float
        Degrees of freedom of each.
    """

    targets: float
    raters: float
    error: float
    n: float
    k: float
    targets_freedom: float
    raters_freedom: float
    error_freedom: float

    @classmethod
    def of(cls, values: Array) -> MeanSquares:
        """From a complete table of targets by raters."""
        n, k = values.shape
        centred = values - values.mean()
        target_means, rater_means = centred.mean(axis=1), centred.mean(axis=0)
        residual = centred - target_means[:, None] - rater_means
        return cls(
            targets=float(k * np.sum(target_means**2)) / (n - 1),
            raters=float(n * np.sum(rater_means**2)) / (k - 1),
            error=float(np.sum(residual**2)) / ((n - 1) * (k - 1)),
            n=n,
            k=k,
            targets_freedom=n - 1,
            raters_freedom=k - 1,
            error_freedom=(n - 1) * (k - 1),
        )

    @property
    def within(self) -> float:
        """Mean square of ratings around their target's mean."""
        return (self.raters + (self.n - 1) * self.error) / self.n

    def single(self, term: str) -> float:
        """The correlation of one rating; NaN if nothing varies."""
        n, k, t, e = self.n, self.k, self.targets, self.error
        above, below = {
            "icc_1": (t - self.within, t + (k - 1) * self.within),
            "icc_a1": (t - e, t + (k - 1) * e + k * (self.raters - e) / n),
            "icc_c1": (t - e, t + (k - 1) * e),
        }[term]
        return above / below if below > 0 else float("nan")

    def limits(self, term: str, confidence: float) -> tuple[float, float]:
        """Limits of the correlation of one rating (McGraw & Wong 1996, tables 7, 8)."""
        from scipy import special  # noqa: PLC0415 - heavy, and only needed here

        upper, between = (1 + confidence) / 2, self.targets_freedom
        n, k, t, e = self.n, self.k, self.targets, self.error
        if term == "icc_a1":
            freedom = self._agreement_freedom(self.single(term))
            high = float(special.fdtri(between, freedom, upper))
            low = float(special.fdtri(freedom, between, upper))
            spread = k * self.raters + (k * n - k - n) * e
            return (
                n * (t - high * e) / (high * spread + n * t),
                n * (low * t - e) / (spread + n * low * t),
            )
        if term == "icc_1":
            ratio, freedom = t / self.within, self.raters_freedom + self.error_freedom
        else:
            ratio, freedom = t / e, self.error_freedom
        high = float(special.fdtri(between, freedom, upper))
        low = float(special.fdtri(freedom, between, upper))
        return (
            (ratio / high - 1) / (ratio / high + k - 1),
            (ratio * low - 1) / (ratio * low + k - 1),
        )

    def _agreement_freedom(self, correlation: float) -> float:
        """Satterthwaite's degrees of freedom for absolute agreement."""
        n, k = self.n, self.k
        a = k * correlation * self.raters / self.error
        b = n * (1 + (k - 1) * correlation) - k * correlation
        return (a + b) ** 2 / (a**2 / self.raters_freedom + b**2 / self.error_freedom)


def root_of_mean_squares(
    parts: list[tuple[float, float, float]],
    factor: float,
    *,
    term: str,
    method: str,
    n: int,
    level: float,
) -> Result:
    """A multiple of the root of a weighted sum of mean squares, with its interval.

    Each part is weight, mean square and degrees of freedom. The limits of the sum are
    Graybill and Wang's, exact for a single mean square.
    """
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    weights, values, degrees = np.array(parts).T
    variance = float(weights @ values)
    estimate = factor * variance**0.5
    if variance <= 0:
        method += "; no interval: no error was seen"
        return Estimate(term=term, estimate=estimate, n=n, method=method)
    below = 1 - degrees / special.chdtri(degrees, (1 - level) / 2)
    above = degrees / special.chdtri(degrees, (1 + level) / 2) - 1
    low = variance - float(np.sqrt(np.sum((below * weights * values) ** 2)))
    high = variance + float(np.sqrt(np.sum((above * weights * values) ** 2)))
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=factor * max(low, 0.0) ** 0.5,
        conf_high=factor * high**0.5,
        n=n,
        method=method,
    )
