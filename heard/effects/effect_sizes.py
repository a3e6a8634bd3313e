"""Estimate contrasts and standardised mean differences, named by standardiser.

One name, one formula; sizes of different names are never compared. J is Hedges' exact
small-sample correction. Oracles: R effectsize, t.test, lm and sandwich,
tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import chi2, nct, norm
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from heard.effects.description import Numbers, is_constant
from heard.models.bootstrap import REPLICATES, Draws, bootstrap_interval, replicated
from heard.models.complete_responses import NO_VARIANCE
from heard.models.skewed_scores import Shape
from heard.results import Estimate, Result, Unavailable

BOTH_SCORES = "participants with both scores only"
NO_SPREAD = "too few scores, or hardly any spread to standardise by"


def cohen_d_z(*, mean_change: float, sd_change: float, n: int) -> Result:
    """Standardise a mean change by the standard deviation of the changes.

    `mean_change`, `sd_change`: mean and standard deviation (divisor n-1) of after minus
      before.
    `n`: pairs.
    Estimate: unitless; the interval inverts the noncentral t distribution of the paired
      t.
    Unavailable: fewer than 3 pairs, or changes (almost) without spread.
    """
    method = (
        "mean change over the standard deviation of the changes (divisor n-1), no "
        "small-sample correction; noncentral t interval, which takes changes for "
        f"normal; {BOTH_SCORES}"
    )
    if n < 3 or not _can_divide(mean_change, by=sd_change):
        return Unavailable(term="cohen_d_z", reason=NO_SPREAD, n=n, method=method)
    value = mean_change / sd_change
    return _noncentral_estimate(
        value,
        unit=1 / n**0.5,
        degrees=n - 1,
        absent=Unavailable(term="cohen_d_z", reason=NO_SPREAD, n=n, method=method),
    )


def hedges_g_av(
    *,
    mean_change: float,
    sd_before: float,
    sd_after: float,
    correlation: float,
    n: int,
) -> Result:
    """Standardise a mean change by the average standard deviation of the two waves.

    Parameters
    ----------
    mean_change : float
        Mean of after minus before.
    sd_before, sd_after : float
        Standard deviations (divisor n-1) of the two scores.
    correlation : float
        Pearson correlation of the two scores.
    n : int
        Pairs.

    Returns
    -------
    Estimate
        Unitless, corrected by J with n-1 degrees of freedom. The interval is centred
        on the uncorrected value, as Bonett's is.
    Unavailable
        Fewer than 3 pairs, or a wave whose scores are all the same.

    References
    ----------
    Bonett (2008), Psychological Methods 13(2), 99-109; R statpsych ``ci.stdmean.ps``.
    """
    method = (
        "mean change over the root mean square of the two waves' standard deviations "
        "(divisor n-1), corrected by Hedges' exact J with n-1 degrees of freedom; "
        "Bonett (2008) normal interval around the uncorrected value, which takes "
        f"scores for normal and is too narrow for skewed ones; {BOTH_SCORES}"
    )
    if n < 3 or not _can_divide(mean_change, correlation, by=min(sd_before, sd_after)):
        return Unavailable(term="hedges_g_av", reason=NO_SPREAD, n=n, method=method)
    average = root_mean_square(sd_before, sd_after)
    first, second = (sd_before / average) ** 2, (sd_after / average) ** 2
    shared = correlation * np.sqrt(first * second)
    value, degrees = mean_change / average, n - 1
    of_spread = value**2 * (first**2 + second**2 + 2 * shared**2) / (8 * degrees)
    of_mean = max(first + second - 2 * shared, 0.0) / degrees
    reach = norm.ppf(0.975) * np.sqrt(of_spread + of_mean)
    return Estimate.of(
        "hedges_g_av",
        hedges_correction(degrees) * value,
        (value - reach, value + reach),
        n=n,
        method=method,
    )


def hedges_g_av_of_pairs(
    before: Numbers,
    after: Numbers,
    *,
    interval: Literal["bonett", "bootstrap"] | None = None,
    replicates: int = REPLICATES,
    seed: str = "hedges_g_av",
) -> Result:
    """Standardise a mean change as `hedges_g_av` does, from the scores themselves.

    Parameters
    ----------
    before, after : array_like, shape (n_people,)
        Scores of the same people, in the same order.
    interval : {"bonett", "bootstrap"}, optional
        Bonett's, or of resampled people (BCa), nowhere narrower than Bonett's. Unless
        chosen: resampled where either wave's scores have a skewness of 1 or more.
    replicates : int
        Draws of the resampled interval.
    seed : str
        Name of the draws.

    Returns
    -------
    Estimate, Unavailable
        As `hedges_g_av`.
    """
    spreads, change = (deviation(before), deviation(after)), after - before
    plain = hedges_g_av(
        mean_change=float(change.mean()) if len(change) else 0.0,
        sd_before=spreads[0],
        sd_after=spreads[1],
        correlation=float(np.corrcoef(before, after)[0, 1]) if min(spreads) else 0.0,
        n=len(before),
    )
    shapes = Shape.of(before), Shape.of(after)
    skewed = max(shapes, key=lambda shape: abs(shape.skewness))
    chosen = interval or ("bootstrap" if skewed.skewed else "bonett")
    if isinstance(plain, Unavailable):
        return plain
    if chosen == "bootstrap":
        draws = Draws(replicates=replicates, seed=seed)
        plain = _resampled(plain, before, after, draws)
    caution = f"; caution: {skewed.words}" * skewed.skewed
    return dataclasses.replace(plain, method=f"{plain.method}{caution}")


def _resampled(plain: Estimate, before: Numbers, after: Numbers, of: Draws) -> Estimate:
    """The same with limits of resampled people, nowhere narrower than before.

    People are drawn in the order of their scores, so that no other order moves a limit.
    """
    order = np.lexsort((after, before))
    before, after = before[order], after[order]
    n, change = len(before), after - before
    squares = ((before - before.mean()) ** 2 + (after - after.mean()) ** 2) / 2
    variance = float(squares.sum()) / (n - 1)
    value = float(change.mean()) / variance**0.5
    influence = (change - change.mean()) / variance**0.5
    influence = influence - value / (2 * variance) * (squares - squares.mean())

    def standardised(means: Numbers) -> Numbers:
        of_squares = means[:, 2] - (means[:, 0] ** 2 + means[:, 1] ** 2) / 2
        varies = of_squares > NO_VARIANCE * variance
        spread = np.sqrt(np.where(varies, of_squares * n / (n - 1), np.nan))
        return np.asarray((change.mean() + means[:, 1] - means[:, 0]) / spread)

    columns = np.column_stack([before - before.mean(), after - after.mean(), squares])
    limits = bootstrap_interval(
        value,
        replicated(columns, of, standardised),
        of,
        influence=influence,
        confidence=0.95,
    )
    method = f"{plain.method}; {limits.words}"
    if limits.low is None or limits.high is None:
        return dataclasses.replace(plain, method=method)
    assert plain.conf_low is not None
    assert plain.conf_high is not None
    return dataclasses.replace(
        plain,
        conf_low=min(limits.low, plain.conf_low),
        conf_high=max(limits.high, plain.conf_high),
        method=f"{method}, nowhere narrower than Bonett's",
    )


def hedges_g(first: Numbers, second: Numbers) -> Result:
    """Standardise the difference of two independent means by their pooled deviation.

    `first`, `second`: scores of different people; the difference is first minus second.
    Estimate: unitless; pingouin's d times J, with the noncentral t interval pingouin
      lacks.
    Unavailable: fewer than 2 scores on a side, or (almost) no spread.
    """
    from pingouin import (  # noqa: PLC0415 - imports matplotlib and seaborn
        compute_effsize,
    )

    n = len(first) + len(second)
    method = (
        "difference of means over the pooled standard deviation (divisor n-2), "
        "corrected by Hedges' exact J with n-2 degrees of freedom; noncentral t "
        "interval times J, which takes scores for normal and the two spreads as equal"
    )
    absent = Unavailable(term="hedges_g", reason=NO_SPREAD, n=n, method=method)
    if min(len(first), len(second)) < 2 or pooled_deviation(first, second) == 0:
        return absent
    correction = hedges_correction(n - 2)
    return _noncentral_estimate(
        float(compute_effsize(first, second, eftype="cohen")),
        unit=(1 / len(first) + 1 / len(second)) ** 0.5,
        degrees=n - 2,
        absent=absent,
        correction=correction,
    )


def hedges_correction(degrees: float) -> float:
    """Hedges' factor J, which takes the small-sample bias out of a standardised mean.

    The exact form, by gamma functions; 1 - 3/(4 df - 1) approximates it.

    Hedges (1981), Journal of Educational Statistics 6(2), 107-128.
    """
    if degrees <= 1:
        return 0.0
    halves = float(gammaln(degrees / 2) - gammaln((degrees - 1) / 2))
    return math.exp(halves) / math.sqrt(degrees / 2)


def noncentral_limits(
    value: float, *, unit: float, degrees: int
) -> tuple[float, float] | None:
    """Limits of a standardised mean whose t statistic is ``value / unit``.

    Own code: statsmodels has this as a private function only, good to 1e-6. None
    where t is over 10,000: there the distribution cannot be computed.
    """
    size = abs(value / unit)
    if size > 1e4:
        return None

    def surplus(centre: float, share: float) -> float:
        return float(nct.cdf(size, degrees, centre) - share)

    # Certain brackets: of the 2.5 %, half is left to the chi part of t, half to the
    # normal part.
    furthest = size * np.sqrt(chi2.ppf(0.9875, degrees) / degrees) + 2.25
    low = unit * brentq(surplus, -2.0, size, args=(0.975,), xtol=1e-13, rtol=1e-13)
    high = unit * brentq(surplus, size, furthest, args=(0.025,), xtol=1e-13, rtol=1e-13)
    return (-high, -low) if value < 0 else (low, high)


def deviation(values: Numbers, *, scale: float | None = None) -> float:
    """Standard deviation, divisor n-1; 0 where there is none but rounding noise."""
    if len(values) < 2 or is_constant(values, scale=scale):
        return 0.0
    return float(values.std(ddof=1))


def pooled_deviation(
    first: Numbers, second: Numbers, *, scale: float | None = None
) -> float:
    """Pooled standard deviation of two groups, divisor n-2; 0 if neither varies."""
    degrees = len(first) + len(second) - 2
    if degrees < 1:
        return 0.0
    of_first = (len(first) - 1) * deviation(first, scale=scale) ** 2
    of_second = (len(second) - 1) * deviation(second, scale=scale) ** 2
    return float(((of_first + of_second) / degrees) ** 0.5)


def root_mean_square(first: float, second: float) -> float:
    """Average of two standard deviations: the root of their mean square."""
    return float(np.hypot(first, second) / np.sqrt(2))


def scaled(
    result: Result, *, term: str, by: float, times: float, method: str
) -> Result:
    """Express a mean change and its limits in standard deviations.

    `result`: an absence stays one, with its reason.
    `term`, `method`: what the result is called now, and how it was made.
    `by`: the standardiser, taken as known; 0 gives Unavailable.
    `times`: A correction to multiply by.
    """
    if isinstance(result, Unavailable):
        return Unavailable(term=term, reason=result.reason, n=result.n, method=method)
    if by <= 0 or result.conf_low is None or result.conf_high is None:
        return Unavailable(term=term, reason=NO_SPREAD, n=result.n, method=method)
    factor = times / by
    return Estimate.of(
        term,
        result.estimate * factor,
        (result.conf_low * factor, result.conf_high * factor),
        n=result.n,
        method=method,
    )


def _can_divide(*numbers: float, by: float) -> bool:
    return bool(np.isfinite([*numbers, by]).all()) and by > 0


def _noncentral_estimate(
    value: float,
    *,
    unit: float,
    degrees: int,
    absent: Unavailable,
    correction: float = 1.0,
) -> Result:
    limits = noncentral_limits(value, unit=unit, degrees=degrees)
    if limits is None or absent.n is None:
        return absent
    return Estimate.of(
        absent.term,
        value * correction,
        (limits[0] * correction, limits[1] * correction),
        n=absent.n,
        method=absent.method,
    )


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

    `spread`: pooled standard deviation of the two arms' scores before, divisor size -
      2.
    `size`: participants it was computed from.
    `clustered`: whether they share clusters; its own uncertainty is then not known.
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
    return Estimate.of(
        term, contrast.value, (contrast.low, contrast.high), n=n, method=method
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
        f"participants), corrected by Hedges' exact J with n-2 degrees of freedom; "
        f"{how}"
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
    return Estimate.of(
        term,
        correction * value,
        (
            correction * (value - quantile * error),
            correction * (value + quantile * error),
        ),
        n=n,
        method=method,
    )
