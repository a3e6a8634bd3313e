"""Judge an effect against the smallest effect of interest.

"No difference was shown" is not "there is no difference": only an interval wholly
inside the bounds shows equivalence. Oracles: R emmeans, t.test and clubSandwich,
tests/oracles/values/judgement.json.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from heard.results import Composite, Described, Estimate, Result, Unavailable

# An interval counts as even-sided if its arms differ by less than this share.
UNEVEN = 1e-6
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertainEffect(Described):
    """An effect that was estimated, and how sure it is.

    - `term`: what it is called.
    - `effect`: in whatever unit, after minus before, treated minus control.
    - `standard_error`: over 0.
    - `degrees_of_freedom`: of the standard error; infinite where it is taken as known.
    - `n`: units it is based on.
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
        ratio = (self.effect - value) / self.standard_error
        return float(stats.t.sf(ratio, self.degrees_of_freedom))


def t_quantile(probability: float, degrees: float) -> float:
    """Quantile of t; of the normal distribution where degrees are infinite."""
    return float(stats.t.ppf(probability, degrees))


def uncertain_effect(
    result: Result, *, degrees_of_freedom: float | Result = math.inf
) -> UncertainEffect | Unavailable:
    """Read the standard error out of an even-sided 95 % interval.

    Parameters
    ----------
    result : Estimate or Unavailable
        A mean, difference or coefficient with a t or normal interval.
    degrees_of_freedom : float, Estimate or Unavailable
        Those behind the interval (n - 1, teams - 1, Satterthwaite's); infinite if it
        is a normal one. Wrong degrees give a wrong standard error; without any, the
        effect is as unavailable as they are.

    Returns
    -------
    UncertainEffect
        In the unit of the estimate.
    Unavailable
        No estimate, no interval, an interval of no width, or an uneven one (ratios,
        shares): its standard error is on another scale.
    """
    if isinstance(degrees_of_freedom, Unavailable):
        return degrees_of_freedom
    if isinstance(result, Unavailable):
        return result
    if isinstance(degrees_of_freedom, Estimate):
        degrees_of_freedom = degrees_of_freedom.estimate
    low, high, value = result.conf_low, result.conf_high, result.estimate
    reason = ""
    if low is None or high is None:
        reason = "the estimate has no interval, so no one knows how sure it is"
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


LARGER = "larger than the smallest effect that matters"
HARMFUL = "larger than the smallest effect that matters, in the unwanted direction"
TOO_SMALL = "too small to matter"
INCONCLUSIVE = "cannot tell"
RULE = (
    "larger: the 95 % interval lies wholly beyond the smallest effect of interest; "
    "too small: the 90 % interval lies wholly within it on both sides (two one-sided "
    "tests at .05)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivalenceVerdict(Composite):
    """Whether an effect matters, is too small to matter, or is inconclusive.

    - `verdict`: in words; empty where there is nothing to judge.
    - `effect`, `effect_90`: the effect with its 95 % interval, and with the 90 % one of
      the two tests.
    - `p_value_equivalence`: the larger p of the two one-sided tests that the effect
      lies within the bounds.
    - `p_value_larger`: one-sided p that the effect, in the wanted direction, exceeds
      the bound.
    - `p_value_harm`: the same in the unwanted direction.
    - `p_value_not_worse`: one-sided p that the effect is not worse than the unwanted
      bound: "no harm".
    """

    verdict: str
    effect: Result
    effect_90: Result
    p_value_equivalence: Result
    p_value_larger: Result
    p_value_harm: Result
    p_value_not_worse: Result


def equivalence_verdict(
    effect: UncertainEffect | Unavailable,
    *,
    smallest_effect: float,
    better: Literal["higher", "lower"] = "higher",
) -> EquivalenceVerdict:
    """Judge an effect against the smallest one that matters.

    Parameters
    ----------
    effect : UncertainEffect or Unavailable
        With its standard error and degrees of freedom; a cluster-robust one likewise.
    smallest_effect : float
        In the unit of the effect, over 0, declared before the data were seen; the
        bounds are this much either side of zero.
    better : {"higher", "lower"}
        Which direction is wanted.

    Returns
    -------
    EquivalenceVerdict
        Of two verdicts that hold at once (an interval within the bounds cannot lie
        beyond them) there is none.
        Unavailable: the effect is.

    Raises
    ------
    ValueError
        The smallest effect is not over 0, or the direction is unknown.

    References
    ----------
    Lakens, Scheel & Isager (2018), Advances in Methods and Practices in Psychological
    Science 1(2), 259-269; Schuirmann (1987), J. of Pharmacokinetics 15, 657-680.
    """
    if not (math.isfinite(smallest_effect) and smallest_effect > 0):
        raise ValueError("the smallest effect of interest must be over 0")
    if better not in {"higher", "lower"}:
        raise ValueError("better must be 'higher' or 'lower'")
    if isinstance(effect, Unavailable):
        return EquivalenceVerdict.unavailable(effect)
    p_values = _p_values(effect, smallest_effect, sign=1 if better == "higher" else -1)
    how = (
        f"{effect.term} against {smallest_effect:g} either side of zero, {better} "
        f"is better; {_error(effect)}; {RULE}"
    )
    return EquivalenceVerdict(
        verdict=_verdict(effect, smallest_effect, better),
        effect=_interval("effect", effect, 0.95, how),
        effect_90=_interval("effect_90", effect, 0.90, how),
        **{
            term: Estimate.of(
                term, value, n=effect.n, method=f"{how}; no interval: a p-value"
            )
            for term, value in p_values.items()
        },
    )


def _p_values(
    effect: UncertainEffect, smallest: float, *, sign: int
) -> dict[str, float]:
    above = {
        +1: effect.chance_above(smallest),
        -1: effect.chance_above(-smallest),
    }
    below = {
        # The t distribution is even: no 1 - p, which would lose the digits of small p.
        side: _mirrored(effect).chance_above(-side * smallest)
        for side in (1, -1)
    }
    wanted = above[1] if sign > 0 else below[-1]
    unwanted = below[-1] if sign > 0 else above[1]
    not_worse = above[-1] if sign > 0 else below[1]
    return {
        "p_value_equivalence": max(above[-1], below[1]),
        "p_value_larger": wanted,
        "p_value_harm": unwanted,
        "p_value_not_worse": not_worse,
    }


def _mirrored(effect: UncertainEffect) -> UncertainEffect:
    return UncertainEffect(
        term=effect.term,
        effect=-effect.effect,
        standard_error=effect.standard_error,
        degrees_of_freedom=effect.degrees_of_freedom,
        n=effect.n,
    )


def _verdict(effect: UncertainEffect, smallest: float, better: str) -> str:
    low, high = effect.limits(0.95)
    narrow_low, narrow_high = effect.limits(0.90)
    if low > smallest:
        return LARGER if better == "higher" else HARMFUL
    if high < -smallest:
        return HARMFUL if better == "higher" else LARGER
    if -smallest < narrow_low and narrow_high < smallest:
        return TOO_SMALL
    return INCONCLUSIVE


def _error(effect: UncertainEffect) -> str:
    degrees = effect.degrees_of_freedom
    if math.isinf(degrees):
        return "normal distribution"
    return f"t distribution with {degrees:.4g} degrees of freedom"


def _interval(term: str, effect: UncertainEffect, level: float, how: str) -> Estimate:
    low, high = effect.limits(level)
    return Estimate.of(
        term,
        effect.effect,
        (low, high),
        n=effect.n,
        method=f"{level:.0%} interval; {how}",
    )
