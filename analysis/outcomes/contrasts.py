"""Turn two groups, or a regression, into a contrast and its two ways of being shown.

The rule that holds throughout: a contrast keeps its standard error, so that the same
numbers can be shown in score units and in standard deviations.
Oracles: R t.test, lm and sandwich, tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable
from analysis.outcomes.effect_sizes import (
    NO_SPREAD,
    deviation,
    hedges_correction,
    pooled_deviation,
)

if TYPE_CHECKING:
    from analysis.outcomes.description import Numbers

NO_VARIATION = "no variation within the groups: no interval can be given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A difference in score units, its interval and its standard error."""

    value: float
    low: float
    high: float
    standard_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardiser:
    """A pooled standard deviation before, and how well it is known.

    Attributes
    ----------
    spread : float
        Pooled standard deviation of the two arms' scores before, divisor size - 2.
    size : int
        Participants it was computed from.
    clustered : bool
        Whether they share clusters; its own uncertainty is then not known.
    """

    spread: float
    size: int
    clustered: bool


def difference_of_means(
    first: Numbers, second: Numbers, *, scale: float, equal_variances: bool
) -> Contrast | Unavailable:
    """Contrast two independent means, first minus second: pooled t, or Welch's.

    `scale` is the size of the scores the values come from, as in `is_constant`.
    """
    from statsmodels.stats.weightstats import (  # noqa: PLC0415 - heavy
        CompareMeans,
        DescrStatsW,
    )

    if min(len(first), len(second)) < 2:
        reason = "fewer than 2 scores on a side: no interval can be given"
        return Unavailable(term="", reason=reason)
    if pooled_deviation(first, second, scale=scale) == 0:
        return Unavailable(term="", reason=NO_VARIATION)
    both = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    low, high = both.tconfint_diff(usevar="pooled" if equal_variances else "unequal")
    error = both.std_meandiff_separatevar
    if equal_variances:
        error = both.std_meandiff_pooledvar
    return Contrast(
        value=float(both.d1.mean - both.d2.mean),
        low=float(low),
        high=float(high),
        standard_error=float(error),
    )


def first_coefficient(
    outcome: Numbers,
    design: Numbers,
    *,
    scale: float,
    covariance: Literal["nonrobust", "HC3"],
) -> Contrast | Unavailable:
    """Fit least squares; take the first column's coefficient with its t interval."""
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415 - heavy

    fit = OLS(outcome, design).fit(cov_type=covariance, use_t=True)
    if deviation(np.asarray(fit.resid), scale=scale) == 0:
        return Unavailable(term="", reason=NO_VARIATION)
    low, high = fit.conf_int()[0]
    return Contrast(
        value=float(fit.params[0]),
        low=float(low),
        high=float(high),
        standard_error=float(fit.bse[0]),
    )


def raw(contrast: Contrast | Unavailable, *, term: str, n: int, method: str) -> Result:
    """Show a contrast in score units."""
    if isinstance(contrast, Unavailable):
        return Unavailable(term=term, reason=contrast.reason, n=n, method=method)
    return Estimate(
        term=term,
        estimate=contrast.value,
        conf_low=contrast.low,
        conf_high=contrast.high,
        n=n,
        method=method,
    )


def standardised(
    contrast: Contrast | Unavailable,
    *,
    term: str,
    n: int,
    by: Standardiser,
    method: str,
) -> Result:
    """Show a contrast in standard deviations of the scores before.

    With participants the interval adds the uncertainty of the standard deviation
    (delta method). With clusters that is taken as known: its degrees of freedom lie
    somewhere between clusters and participants.
    """
    how = (
        "limits divided by the same standard deviation, which is taken as known"
        if by.clustered
        else "t interval by the delta method"
    )
    method = (
        f"{method}, over the arms' pooled standard deviation before (divisor n-2, n "
        f"participants), corrected by J = 1 - 3/(4(n-2) - 1); {how}"
    )
    if isinstance(contrast, Unavailable):
        return Unavailable(term=term, reason=contrast.reason, n=n, method=method)
    if by.spread <= 0:
        return Unavailable(term=term, reason=NO_SPREAD, n=n, method=method)
    correction, value = hedges_correction(by.size - 2), contrast.value / by.spread
    of_spread = 0.0 if by.clustered else value**2 / (2 * (by.size - 2))
    error = np.hypot(contrast.standard_error / by.spread, of_spread**0.5)
    # How many standard errors the limits lie away: the quantile of t behind them.
    quantile = (contrast.high - contrast.low) / (2 * contrast.standard_error)
    return Estimate(
        term=term,
        estimate=correction * value,
        conf_low=float(correction * (value - quantile * error)),
        conf_high=float(correction * (value + quantile * error)),
        n=n,
        method=method,
    )
