"""Estimate how probable a relevant effect is, given a prior declared in advance.

The results under half and twice the prior's width are shown alongside. Normal prior,
normal or t likelihood, integrated numerically. Oracle: R integrate,
tests/oracles/values/judgement.json.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from heard.effects.description import Numbers
from heard.effects.judgement.equivalence import UncertainEffect
from heard.results import Composite, Estimate, Result, Unavailable

WIDTHS = {"as declared": 1.0, "half as wide": 0.5, "twice as wide": 2.0}
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
# Steps at which the two densities are cut into pieces, in their own units.
STEPS = np.array([0.0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 40])


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What was believed about an effect before the data, as a normal distribution.

    - `mean`, `standard_deviation`: in the unit of the effect. A mean of 0 and a spread
      of about the largest effect anybody expects is weakly informative.
    - `reason`: where it comes from, in words; printed in the method.
    """

    mean: float = 0.0
    standard_deviation: float
    reason: str

    def __post_init__(self) -> None:
        """Refuse a prior that is none."""
        numbers = (self.mean, self.standard_deviation)
        if not all(map(math.isfinite, numbers)) or self.standard_deviation <= 0:
            raise ValueError("a prior needs a finite mean and a spread over 0")
        if not self.reason.strip():
            raise ValueError("a prior needs a reason, in words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior(Composite):
    """What one prior and the data say together.

    - `prior`: as declared, half or twice as wide.
    - `posterior_mean`: with its central 95 % credible interval.
    - `probability_of_improvement`: that the effect lies in the wanted direction at all.
    - `probability_exceeds_smallest_effect`: that it exceeds the smallest one that
      matters, in the wanted direction.
    - `probability_too_small_to_matter`: that it lies within the smallest effect either
      side of zero.
    - `probability_of_harm`: that it exceeds the smallest effect in the unwanted
      direction.
    """

    prior: str
    posterior_mean: Result
    probability_of_improvement: Result
    probability_exceeds_smallest_effect: Result
    probability_too_small_to_matter: Result
    probability_of_harm: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesianCompanion(Composite):
    """The posterior under the declared prior, and under half and twice its width."""

    posteriors: tuple[Posterior, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Density:
    """The posterior density, unscaled, and the line cut into pieces for its integral.

    `effect`: its likelihood.
    `mean`, `spread`: of the prior.
    `cuts`, shape (n_pieces + 1,): dense about every peak; the mass outside them is
      below the precision of a float.
    `peak`: the highest log density.
    `masses`, shape (n_pieces,): integral over every piece.
    """

    effect: UncertainEffect
    mean: float
    spread: float
    cuts: Numbers
    peak: float
    masses: Numbers

    def share_below(self, value: float) -> float:
        """Share of the mass below a value, from 0 to 1."""
        piece = int(np.searchsorted(self.cuts, value)) - 1
        if piece < 0:
            return 0.0
        if piece >= len(self.masses):
            return 1.0
        edges = np.array([self.cuts[piece], value])
        below = float(self.masses[:piece].sum() + self.integral(edges).sum())
        return min(below / float(self.masses.sum()), 1.0)

    def average(self) -> float:
        """The mean."""
        return float(self.integral(self.cuts, power=1).sum() / self.masses.sum())

    def quantile(self, share: float) -> float:
        """The value below which this share of the mass lies."""
        sums = np.cumsum(self.masses) / self.masses.sum()
        piece = int(np.searchsorted(sums, share))
        low, high = self.cuts[piece : piece + 2]
        return float(
            brentq(lambda at: self.share_below(at) - share, low, high, rtol=1e-14)
        )

    def integral(self, edges: Numbers, *, power: int = 0) -> Numbers:
        """Integral over each piece of the density, times the effect to a power."""
        half = np.diff(edges)[:, None] / 2
        at = edges[:-1, None] + half * (1 + NODES)
        log = _log_density(self.effect, self.mean, self.spread, at)
        pieces: Numbers = (half * WEIGHTS * np.exp(log - self.peak) * at**power).sum(1)
        return pieces


def bayesian_companion(
    effect: UncertainEffect | Unavailable,
    *,
    prior: Prior,
    smallest_effect: float,
    better: Literal["higher", "lower"] = "higher",
) -> BayesianCompanion:
    """Say how probable it is that an effect helps, matters, or harms.

    Parameters
    ----------
    effect : UncertainEffect or Unavailable
        With its standard error and degrees of freedom.
    prior : Prior
        Declared before the data were seen.
    smallest_effect : float
        That matters, in the unit of the effect, over 0.
    better : {"higher", "lower"}
        Which direction is wanted.

    Returns
    -------
    BayesianCompanion
        Three posteriors; probabilities run from 0 to 1 and have no interval.
        Unavailable: the effect is.

    Raises
    ------
    ValueError
        The smallest effect is not over 0, or the direction is unknown.

    References
    ----------
    Spiegelhalter, Abrams & Myles (2004), Bayesian Approaches to Clinical Trials and
    Health-Care Evaluation, chapter 2; Kruschke (2021), Nature Human Behaviour 5, 1282.
    """
    if not (math.isfinite(smallest_effect) and smallest_effect > 0):
        raise ValueError("the smallest effect of interest must be over 0")
    if better not in {"higher", "lower"}:
        raise ValueError("better must be 'higher' or 'lower'")
    return BayesianCompanion(
        posteriors=tuple(
            _posterior(effect, prior, name, smallest_effect, better) for name in WIDTHS
        )
    )


def _posterior(
    effect: UncertainEffect | Unavailable,
    prior: Prior,
    name: str,
    smallest: float,
    better: str,
) -> Posterior:
    if isinstance(effect, Unavailable):
        return Posterior.unavailable(effect.reason, n=effect.n, prior=name)
    spread = prior.standard_deviation * WIDTHS[name]
    method = _method(effect, prior, spread)
    density = _density(effect, prior.mean, spread)
    return Posterior(
        prior=name,
        posterior_mean=Estimate.of(
            "posterior_mean",
            density.average(),
            (density.quantile(0.025), density.quantile(0.975)),
            n=effect.n,
            method=f"posterior mean; central 95 % credible interval; {method}",
        ),
        **{
            term: Estimate.of(
                term,
                value,
                n=effect.n,
                method=f"posterior probability, {better} is better, smallest effect "
                f"that matters {smallest:g}; no interval: a probability; {method}",
            )
            for term, value in _probabilities(density, smallest, better).items()
        },
    )


def _method(effect: UncertainEffect, prior: Prior, spread: float) -> str:
    degrees = effect.degrees_of_freedom
    likelihood = (
        f"t with {degrees:.4g} degrees of freedom"
        if math.isfinite(degrees)
        else "normal"
    )
    return (
        f"normal prior, mean {prior.mean:g} and standard deviation {spread:g} "
        f"({prior.reason}); {likelihood} likelihood of {effect.term}"
    )


def _density(effect: UncertainEffect, mean: float, spread: float) -> _Density:
    both = np.concatenate([-STEPS, STEPS])
    peaks = [
        (effect.effect, effect.standard_error),
        (mean, spread),
        *_peaks(effect, mean, spread),
    ]
    cuts = np.unique(np.concatenate([place + both * width for place, width in peaks]))
    peak = float(_log_density(effect, mean, spread, cuts).max())
    bare = _Density(
        effect=effect, mean=mean, spread=spread, cuts=cuts, peak=peak, masses=cuts
    )
    return dataclasses.replace(bare, masses=bare.integral(cuts))


def _log_density(
    effect: UncertainEffect, mean: float, spread: float, at: Numbers
) -> Numbers:
    """Logarithm of likelihood times prior, without their constants."""
    t = (effect.effect - at) / effect.standard_error
    degrees = effect.degrees_of_freedom
    likely = -(t**2) / 2
    if math.isfinite(degrees):
        likely = -(degrees + 1) / 2 * np.log1p(t**2 / degrees)
    log: Numbers = likely - ((at - mean) / spread) ** 2 / 2
    return log


def _peaks(
    effect: UncertainEffect, mean: float, spread: float
) -> list[tuple[float, float]]:
    """Where the posterior peaks, and how wide: a t likelihood can leave two peaks."""
    variance, prior = effect.standard_error**2, spread**2
    degrees, deviation = effect.degrees_of_freedom, effect.effect - mean
    if math.isinf(degrees):
        own = prior / (prior + variance)
        return [(mean + own * deviation, (own * variance) ** 0.5)]
    # The slope is zero where a cubic in the distance from the data is.
    loose = degrees * variance
    roots = np.roots(
        [1.0, -deviation, (degrees + 1) * prior + loose, -deviation * loose]
    )
    distances = roots.real[np.abs(roots.imag) <= 1e-6 * np.abs(roots).max()]
    slopes = (degrees + 1) * (loose - distances**2) / (loose + distances**2) ** 2
    bends = np.maximum(slopes + 1 / prior, 1e-6 / prior)
    widths = np.minimum(bends**-0.5, max(spread, effect.standard_error))
    places = effect.effect - distances
    return list(zip(places.tolist(), widths.tolist(), strict=True))


def _probabilities(density: _Density, smallest: float, better: str) -> dict[str, float]:
    shares = [density.share_below(at) for at in (-smallest, 0.0, smallest)]
    short, below, not_beyond = shares
    higher = better == "higher"
    return {
        "probability_of_improvement": 1 - below if higher else below,
        "probability_exceeds_smallest_effect": 1 - not_beyond if higher else short,
        "probability_too_small_to_matter": max(not_beyond - short, 0.0),
        "probability_of_harm": short if higher else 1 - not_beyond,
    }
