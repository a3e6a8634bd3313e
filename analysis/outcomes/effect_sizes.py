"""Turn a mean difference into a standardised one, named by its standardiser.

The rule that holds throughout: one name, one formula, and sizes of different names are
never compared. J is Hedges' small-sample correction 1 - 3/(4 df - 1).
Oracles: R effectsize, and statpsych's formula: tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable
from analysis.outcomes.description import Numbers, is_constant

BOTH_SCORES = "participants with both scores only"
NO_SPREAD = "too few scores, or hardly any spread to standardise by"


def cohen_d_z(*, mean_change: float, sd_change: float, n: int) -> Result:
    """Standardise a mean change by the standard deviation of the changes.

    Parameters
    ----------
    mean_change, sd_change : float
        Mean and standard deviation (divisor n-1) of after minus before.
    n : int
        Pairs.

    Returns
    -------
    Estimate
        Unitless; the interval inverts the noncentral t distribution of the paired t.
    Unavailable
        Fewer than 3 pairs, or changes (almost) without spread.
    """
    method = (
        "mean change over the standard deviation of the changes (divisor n-1), no "
        f"small-sample correction; exact noncentral t interval; {BOTH_SCORES}"
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
    from scipy.stats import norm  # noqa: PLC0415 - heavy

    method = (
        "mean change over the root mean square of the two waves' standard deviations "
        "(divisor n-1), corrected by J = 1 - 3/(4(n-1) - 1); Bonett (2008) normal "
        f"interval around the uncorrected value; {BOTH_SCORES}"
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
    return Estimate(
        term="hedges_g_av",
        estimate=float(hedges_correction(degrees) * value),
        conf_low=float(value - reach),
        conf_high=float(value + reach),
        n=n,
        method=method,
    )


def hedges_g(first: Numbers, second: Numbers) -> Result:
    """Standardise the difference of two independent means by their pooled deviation.

    Parameters
    ----------
    first, second : array
        Scores of different people; the difference is first minus second.

    Returns
    -------
    Estimate
        Unitless; pingouin's value, with the noncentral t interval pingouin lacks.
    Unavailable
        Fewer than 2 scores on a side, or (almost) no spread.
    """
    from pingouin import compute_effsize  # noqa: PLC0415 - heavy

    n = len(first) + len(second)
    method = (
        "difference of means over the pooled standard deviation (divisor n-2), "
        "corrected by J = 1 - 3/(4(n-2) - 1); noncentral t interval times J, which "
        "takes the two spreads as equal"
    )
    absent = Unavailable(term="hedges_g", reason=NO_SPREAD, n=n, method=method)
    if min(len(first), len(second)) < 2 or pooled_deviation(first, second) == 0:
        return absent
    correction = hedges_correction(n - 2)
    return _noncentral_estimate(
        float(compute_effsize(first, second, eftype="hedges")) / correction,
        unit=(1 / len(first) + 1 / len(second)) ** 0.5,
        degrees=n - 2,
        absent=absent,
        correction=correction,
    )


def hedges_correction(degrees: float) -> float:
    """Hedges' factor J, which takes the small-sample bias out of a standardised mean.

    An approximation good to 0.001 from 10 degrees of freedom on; pingouin uses it too.
    """
    return 1 - 3 / (4 * degrees - 1)


def noncentral_limits(
    value: float, *, unit: float, degrees: int
) -> tuple[float, float] | None:
    """Limits of a standardised mean whose t statistic is ``value / unit``.

    Own code: statsmodels has this as a private function only, good to 1e-6. None
    where t is over 10,000: there the distribution cannot be computed.
    """
    from scipy.optimize import brentq  # noqa: PLC0415 - heavy
    from scipy.stats import chi2, nct  # noqa: PLC0415 - heavy

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

    Parameters
    ----------
    result : Estimate or Unavailable
        An absence stays one, with its reason.
    term, method : str
        What the result is called now, and how it was made.
    by : float
        The standardiser, taken as known; 0 gives Unavailable.
    times : float
        A correction to multiply by.
    """
    if isinstance(result, Unavailable):
        return Unavailable(term=term, reason=result.reason, n=result.n, method=method)
    if by <= 0 or result.conf_low is None or result.conf_high is None:
        return Unavailable(term=term, reason=NO_SPREAD, n=result.n, method=method)
    factor = times / by
    return Estimate(
        term=term,
        estimate=result.estimate * factor,
        conf_low=result.conf_low * factor,
        conf_high=result.conf_high * factor,
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
    return Estimate(
        term=absent.term,
        estimate=float(value * correction),
        conf_low=float(limits[0] * correction),
        conf_high=float(limits[1] * correction),
        n=absent.n,
        method=absent.method,
    )
