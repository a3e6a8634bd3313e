"""Pool estimates of multiply imputed data sets by Rubin's rules.

Oracle: R mice, tests/oracles/values/missing.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from heard.results import Composite, Estimate, Result, Unavailable

MINIMUM_SETS = 2
TERMS = (
    "p_value",
    "degrees_of_freedom",
    "fraction_missing_information",
    "monte_carlo_error",
)
TOO_FEW = "fewer than 2 completed data sets: what was filled in has no error"
NO_ERROR = "an estimate or its error is missing or not positive: nothing to pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledEstimate(Composite):
    """One estimate from many completed data sets."""

    effect: Result
    p_value: Result
    degrees_of_freedom: Result
    fraction_missing_information: Result
    monte_carlo_error: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """Rubin's rules in numbers.

    `estimate`, `standard_error`, `degrees_of_freedom`: the pooled estimate, its total
      error, and Barnard and Rubin's degrees.
    `within`, `between`: mean of the squared errors; variance (divisor m-1) of the
      estimates.
    `increase`: share by which what is missing raises the variance, (1 + 1/m) between /
      within.
    `fraction`: fraction of missing information.
    `monte_carlo_error`: standard error of the estimate from the number of sets alone.
    """

    estimate: float
    standard_error: float
    degrees_of_freedom: float
    within: float
    between: float
    increase: float
    fraction: float
    monte_carlo_error: float


def rubin_rules(
    estimates: Sequence[float],
    standard_errors: Sequence[float],
    *,
    complete_degrees: float,
) -> Pooling:
    """Pool by Rubin's rules, with Barnard and Rubin's degrees of freedom.

    `estimates`, `standard_errors`: one a completed data set; m at least 2, errors
      positive.
    `complete_degrees`: degrees of freedom the interval would have had, had nothing been
      missing.

    Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Barnard & Rubin
    (1999), Biometrika 86(4), 948-955.
    """
    values = np.asarray(estimates, dtype=float)
    n_sets = len(values)
    within = float(np.mean(np.square(standard_errors)))
    between = float(values.var(ddof=1))
    total = within + (1 + 1 / n_sets) * between
    share = (1 + 1 / n_sets) * between / total
    increase = (1 + 1 / n_sets) * between / within
    observed = (
        (complete_degrees + 1) / (complete_degrees + 3) * complete_degrees * (1 - share)
    )
    # One over the degrees that the number of sets allows; 0 where sets agree.
    scarcity = share**2 / (n_sets - 1)
    degrees = observed / (1 + observed * scarcity)
    return Pooling(
        estimate=float(values.mean()),
        standard_error=total**0.5,
        degrees_of_freedom=degrees,
        within=within,
        between=between,
        increase=increase,
        fraction=(increase + 2 / (degrees + 3)) / (1 + increase),
        monte_carlo_error=(between / n_sets) ** 0.5,
    )


def pool(
    estimates: Sequence[float],
    standard_errors: Sequence[float],
    *,
    complete_degrees: Sequence[float] | float,
    n: int,
    term: str,
    method: str,
) -> PooledEstimate:
    """Pool the estimates of completed data sets into one with an honest interval.

    Parameters
    ----------
    estimates, standard_errors : sequence of float, length m
        One a completed data set.
    complete_degrees : float or sequence of float, length m
        Degrees of freedom of each set's own interval (CR2's); the smallest counts,
        because they differ only where filled-in values enter the design.
    n : int
        Units a set is based on.
    term : str
        Name of the pooled effect.
    method : str
        How each set's estimate was made.

    Returns
    -------
    PooledEstimate
        All of it Unavailable where there are fewer than 2 sets, or an error is
        missing or not positive.
    """
    how = (
        f"{method}; pooled over {len(estimates)} completed sets by Rubin's rules, t "
        "interval with Barnard and Rubin's degrees of freedom"
    )
    errors = np.asarray(standard_errors, dtype=float)
    degrees = np.asarray(complete_degrees, dtype=float)
    finite = all(np.isfinite(part).all() for part in (estimates, errors, degrees))
    finite = finite and bool((errors > 0).all()) and bool((degrees > 0).all())
    if len(estimates) < MINIMUM_SETS or not finite:
        reason = TOO_FEW if len(estimates) < MINIMUM_SETS else NO_ERROR
        return absent_pool(reason, n=n, term=term, method=how)
    pooled = rubin_rules(
        estimates,
        standard_errors,
        complete_degrees=float(degrees.min()),
    )
    return _described(pooled, n=n, n_sets=len(estimates), term=term, how=how)


def interval(pooled: Pooling) -> tuple[float, float]:
    """The 95 % interval of what was pooled."""
    reach = float(t.ppf(0.975, pooled.degrees_of_freedom)) * pooled.standard_error
    return pooled.estimate - reach, pooled.estimate + reach


def absent_pool(reason: str, *, n: int, term: str, method: str) -> PooledEstimate:
    """Nothing pooled, and why, for every number that would have been."""
    effect, *others = (
        Unavailable(term=name, reason=reason, n=n, method=method)
        for name in (term, *TERMS)
    )
    named = dict(zip(TERMS, others, strict=True))
    return PooledEstimate(effect=effect, **named)


def _described(
    pooled: Pooling, *, n: int, n_sets: int, term: str, how: str
) -> PooledEstimate:
    low, high = interval(pooled)
    size = abs(pooled.estimate) / pooled.standard_error
    values = {
        "p_value": float(2 * t.sf(size, pooled.degrees_of_freedom)),
        "degrees_of_freedom": pooled.degrees_of_freedom,
        "fraction_missing_information": pooled.fraction,
        "monte_carlo_error": pooled.monte_carlo_error,
    }
    methods = {
        "p_value": f"{how}; two-sided t test of no effect; a probability, no interval",
        "degrees_of_freedom": "Barnard and Rubin's, of the pooled t interval, at most "
        "those of the complete data; a property of the design and of what is missing, "
        "so no interval",
        "fraction_missing_information": "share of what the complete data would show "
        "that is missing: (r + 2/(df + 3))/(r + 1), r the rise in variance; an "
        f"estimate from {n_sets} sets, rough, without an interval",
        "monte_carlo_error": "standard error of the pooled effect due to the finite "
        "number of sets: root of the variance between sets over their number; no "
        "interval: itself an error",
    }
    parts = {
        name: Estimate(term=name, estimate=value, n=n, method=methods[name])
        for name, value in values.items()
    }
    return PooledEstimate(
        effect=Estimate.of(term, pooled.estimate, (low, high), n=n, method=how),
        **parts,
    )
