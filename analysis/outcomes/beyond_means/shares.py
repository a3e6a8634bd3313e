"""Counts of people into shares and their differences, with intervals that fit.

The rule that holds throughout: an interval of a share stays within what a share can be
and has a width even where nobody, or everybody, is counted.
Oracle: R prop.test and the papers' formulas, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from analysis.foundation.results import Estimate, Result, Unavailable

NO_PEOPLE = "nobody to count"
NORMAL_QUANTILE = 1.959963984540054  # of a two-sided 95 % interval


def share(count: int, n: int, *, term: str, method: str) -> Result:
    """Estimate a share with Wilson's interval; Unavailable if there is nobody."""
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - heavy

    method = f"{method}; Wilson interval"
    if n == 0:
        return Unavailable(term=term, reason=NO_PEOPLE, n=n, method=method)
    low, high = proportion_confint(count, n, method="wilson")
    value = count / n
    return Estimate(
        term=term,
        estimate=value,
        conf_low=min(float(low), value),  # the limit is off by 1e-17 at 0 and 1
        conf_high=max(float(high), value),
        n=n,
        method=method,
    )


def difference_of_shares(
    first: tuple[int, int], second: tuple[int, int], *, term: str, method: str
) -> Result:
    """Estimate the first share less the second, of different people.

    Parameters
    ----------
    first, second : (int, int)
        Counted, of how many.
    term, method : str
        What it is called and what is counted.

    Returns
    -------
    Estimate
        Newcombe's interval (1998, Statistics in Medicine 17, 873-890, method 10).
    Unavailable
        Nobody on a side.
    """
    from statsmodels.stats.proportion import (  # noqa: PLC0415 - heavy
        confint_proportions_2indep,
    )

    n = first[1] + second[1]
    method = f"{method}; Newcombe interval from Wilson's"
    if min(first[1], second[1]) == 0:
        return Unavailable(term=term, reason=NO_PEOPLE, n=n, method=method)
    value = first[0] / first[1] - second[0] / second[1]
    low, high = confint_proportions_2indep(*first, *second, method="newcomb")
    return Estimate(
        term=term,
        estimate=value,
        conf_low=max(min(float(low), value), -1.0),
        conf_high=min(max(float(high), value), 1.0),
        n=n,
        method=method,
    )


def difference_of_paired_shares(
    up: int, down: int, n: int, *, term: str, method: str
) -> Result:
    """Estimate how many more people of `n` went up than down, as a share.

    Returns
    -------
    Estimate
        From -1 to 1. The interval is Agresti and Min's (2005, Statistics in Medicine
        24, 729-740): half a person added to each of the four cells.
    Unavailable
        Nobody.
    """
    method = f"{method}; Agresti-Min interval, half a person added to each cell"
    if n == 0:
        return Unavailable(term=term, reason=NO_PEOPLE, n=n, method=method)
    value, more = (up - down) / n, n + 2
    middle = (up - down) / more
    error = (((up + down + 1) / more - middle**2) / more) ** 0.5
    return Estimate(
        term=term,
        estimate=value,
        conf_low=max(min(middle - NORMAL_QUANTILE * error, value), -1.0),
        conf_high=min(max(middle + NORMAL_QUANTILE * error, value), 1.0),
        n=n,
        method=method,
    )
