"""An estimate with its interval into an effect whose error can be reckoned with.

Every judgement of this package starts from three numbers: the effect, its standard
error and the degrees of freedom of that error, however the error was made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Unavailable

if TYPE_CHECKING:
    from analysis.foundation.results import Result

# An interval counts as even-sided if its arms differ by less than this share.
UNEVEN = 1e-6
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertainEffect:
    """An effect that was estimated, and how sure it is.

    Attributes
    ----------
    term : str
        What it is called.
    effect : float
        In whatever unit, after minus before, treated minus control.
    standard_error : float
        Over 0.
    degrees_of_freedom : float
        Of the standard error; infinite where it is taken as known.
    n : int
        Units it rests on.
    """

    term: str
    effect: float
    standard_error: float
    degrees_of_freedom: float = math.inf
    n: int

    def __post_init__(self) -> None:
        """Refuse numbers no judgement can be made of."""
        if not (math.isfinite(self.effect) and math.isfinite(self.standard_error)):
            raise ValueError(f"{self.term}: effect or standard error is not finite")
        if self.standard_error <= 0 or not self.degrees_of_freedom > 0:
            raise ValueError(
                f"{self.term}: standard error and degrees of freedom must be over 0"
            )

    def limits(self, level: float = LEVEL) -> tuple[float, float]:
        """Limits of the interval of this coverage: t, or normal."""
        reach = t_quantile((1 + level) / 2, self.degrees_of_freedom)
        width = reach * self.standard_error
        return self.effect - width, self.effect + width

    def chance_above(self, value: float) -> float:
        """One-sided p of the effect being `value` or less."""
        from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

        ratio = (self.effect - value) / self.standard_error
        return float(stats.t.sf(ratio, self.degrees_of_freedom))


def t_quantile(probability: float, degrees: float) -> float:
    """Quantile of t; of the normal distribution where degrees are infinite."""
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    return float(stats.t.ppf(probability, degrees))


def uncertain_effect(
    result: Result, *, degrees_of_freedom: float = math.inf
) -> UncertainEffect | Unavailable:
    """Read the standard error out of an even-sided 95 % interval.

    Parameters
    ----------
    result : Estimate or Unavailable
        A mean, difference or coefficient with a t or normal interval.
    degrees_of_freedom : float
        Those behind the interval (n - 1, teams - 1, Satterthwaite's); infinite if it
        is a normal one. Wrong degrees give a wrong standard error.

    Returns
    -------
    UncertainEffect
        In the unit of the estimate.
    Unavailable
        No estimate, no interval, an interval of no width, or an uneven one (ratios,
        shares): its standard error is on another scale.
    """
    if isinstance(result, Unavailable):
        return result
    low, high, value = result.conf_low, result.conf_high, result.estimate
    reason = ""
    if low is None or high is None:
        reason = "the estimate has no interval, so nobody knows how sure it is"
    elif high <= low:
        reason = "the interval has no width"
    elif abs((high - value) - (value - low)) > UNEVEN * (high - low):
        reason = "the interval is uneven: its standard error is on another scale"
    if reason or low is None or high is None:
        return Unavailable(
            term=result.term, reason=reason, n=result.n, method=result.method
        )
    reach = t_quantile((1 + LEVEL) / 2, degrees_of_freedom)
    return UncertainEffect(
        term=result.term,
        effect=value,
        standard_error=(high - low) / (2 * reach),
        degrees_of_freedom=degrees_of_freedom,
        n=result.n,
    )
