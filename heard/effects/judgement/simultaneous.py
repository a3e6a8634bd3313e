"""Judge several contrasts or follow-ups together: limits that all hold at once.

Bonferroni's limits with Holm's tests need nothing but the effects; the single step of
Dunnett and others uses their correlation and is a little narrower. Oracle: R multcomp
and p.adjust, tests/oracles/values/people.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

from heard.effects.judgement.equivalence import LEVEL, UncertainEffect, t_quantile
from heard.models.cluster_robust import Array
from heard.results import Composite, Estimate, Result, Unavailable

# Places of the integral over the spread, and what is left out at either end of it.
NODES = 24
TAIL = 1e-9
# Degrees of freedom from which t is the normal distribution to seven digits.
NORMAL = 1e7
HOW = {
    "bonferroni": "limits at 1 - .05/{m} each (Bonferroni), Holm's p; {m} tests",
    "single_step": "limits and p of the largest of {m} correlated t (single step), "
    "{df} degrees of freedom",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimultaneousEffect(Composite):
    """One of several effects, its limits holding together with the others'.

    - `contrast`: which, in words.
    - `simultaneous_effect`: with its limits.
    - `simultaneous_p_value`: to be set against .05 as it is.
    """

    contrast: str
    simultaneous_effect: Result
    simultaneous_p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SimultaneousEffects(Composite):
    """Every effect, in the order given."""

    effects: tuple[SimultaneousEffect, ...]


def simultaneous_effects(
    effects: Sequence[UncertainEffect | Unavailable],
    *,
    contrasts: Sequence[str],
    correlation: Array | None = None,
) -> SimultaneousEffects:
    """Widen the limits of several effects so that all hold at once in 95 %.

    Parameters
    ----------
    effects : sequence of UncertainEffect or Unavailable
        Contrasts of arms, or one contrast at several follow-ups. An absent one counts
        as a test all the same.
    contrasts : sequence of str
        What each is called.
    correlation : ndarray, shape (n_effects, n_effects), optional
        Of the estimates; with it and no absence, the single step with the smallest
        degrees of freedom. Without it Bonferroni's limits and Holm's p.

    Returns
    -------
    SimultaneousEffects
        Unavailable where the effect is.

    References
    ----------
    Holm (1979), Scandinavian J. of Statistics 6, 65-70; Dunnett (1955), J. American
    Statistical Association 50, 1096-1121; Hothorn, Bretz & Westfall (2008), Biometrical
    J. 50(3), 346-363.
    """
    if len(effects) != len(contrasts):
        raise ValueError("as many contrasts as effects are needed")
    known = [e for e in effects if isinstance(e, UncertainEffect)]
    if correlation is not None and len(known) == len(effects) > 1:
        degrees = min(effect.degrees_of_freedom for effect in known)
        reaches = [single_step_quantile(correlation, degrees)] * len(known)
        p_values = [single_step_p(_size(e), correlation, degrees) for e in known]
        how = HOW["single_step"].format(m=len(effects), df=f"{degrees:.4g}")
    else:
        share = (1 - LEVEL) / max(len(effects), 1)
        reaches = [t_quantile(1 - share / 2, e.degrees_of_freedom) for e in known]
        p_values = _holm(effects)
        how = HOW["bonferroni"].format(m=len(effects))
    limits = iter(zip(reaches, p_values, strict=True))
    return SimultaneousEffects(
        effects=tuple(
            SimultaneousEffect.unavailable(effect, contrast=name)
            if isinstance(effect, Unavailable)
            else _widened(effect, name, *next(limits), how)
            for effect, name in zip(effects, contrasts, strict=True)
        )
    )


def _size(effect: UncertainEffect) -> float:
    return abs(effect.effect) / effect.standard_error


def _holm(effects: Sequence[UncertainEffect | Unavailable]) -> list[float]:
    """Holm's p of those that are there; the others count as 1."""
    own = [
        2 * float(stats.t.sf(_size(effect), effect.degrees_of_freedom))
        if isinstance(effect, UncertainEffect)
        else 1.0
        for effect in effects
    ]
    adjusted = multipletests(own, method="holm")[1] if own else []
    return [
        float(p)
        for p, effect in zip(adjusted, effects, strict=True)
        if isinstance(effect, UncertainEffect)
    ]


def _widened(
    effect: UncertainEffect, contrast: str, reach: float, p_value: float, how: str
) -> SimultaneousEffect:
    width = reach * effect.standard_error
    method = f"{effect.term}, {contrast}; {how}"
    return SimultaneousEffect(
        contrast=contrast,
        simultaneous_effect=Estimate.of(
            "simultaneous_effect",
            effect.effect,
            (effect.effect - width, effect.effect + width),
            n=effect.n,
            method=method,
        ),
        simultaneous_p_value=Estimate.of(
            "simultaneous_p_value",
            p_value,
            n=effect.n,
            method=f"{method}; no interval: a p-value",
        ),
    )


def single_step_quantile(
    correlation: Array, degrees: float, level: float = LEVEL
) -> float:
    """The size that the largest of correlated t stays under with this probability."""
    low = t_quantile((1 + level) / 2, degrees)
    return float(
        optimize.brentq(
            lambda size: 1 - single_step_p(size, correlation, degrees) - level,
            low * 0.99,
            t_quantile(1 - (1 - level) / (2 * len(correlation)), degrees) * 1.01,
            xtol=1e-5,
        )
    )


def single_step_p(size: float, correlation: Array, degrees: float) -> float:
    """How probable it is that the largest of correlated t exceeds this size.

    Over the spread that t shares, the rest is a normal probability of a box.
    """
    places, weights = np.polynomial.legendre.leggauss(NODES)
    freedom = min(degrees, NORMAL)
    ends = stats.chi2.ppf([TAIL, 1 - TAIL], freedom) ** 0.5
    roots = ends[0] + (ends[1] - ends[0]) * (places + 1) / 2
    weights = weights * stats.chi.pdf(roots, freedom) * (ends[1] - ends[0]) / 2
    limits = np.outer(roots / freedom**0.5, np.full(len(correlation), size))
    within = [
        stats.multivariate_normal.cdf(
            box,
            cov=correlation,
            allow_singular=True,
            lower_limit=-box,
            # The same points each time, so that one question has one answer.
            rng=np.random.default_rng(1),
        )
        for box in limits
    ]
    return float(min(max(1 - weights @ within, 0.0), 1.0))
