"""Estimate variance components of ratings, by REML or by mean squares.

Intervals are profile likelihood. Henderson's first method equates sums of squares to
their expectations: nothing is bounded, so a component may be negative. Oracles: lme4,
tests/oracles/README.md; formulas: docs/explanation/statistics-dependability.md.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import percent
from heard.models.complete_responses import Array, check_frame, column_fault, named
from heard.models.mixed.design import RandomTerm
from heard.models.mixed.model import MixedFit, fit_mixed_model
from heard.models.mixed.profile import (
    Bounds,
    VarianceConstraint,
    profile_interval,
    wald_interval,
)
from heard.results import Composite, Estimate, Labelled, Labels, Result, Unavailable

# Equations worse conditioned than this do not identify the components.
SINGULAR = 1e10


def moment_components(scores: Array, terms: Sequence[RandomTerm]) -> Array | None:
    """Solve for the variance of each term and, last, of the residual.

    `scores`, shape (n_ratings,): the ratings.
    `terms`: random intercepts, crossed or nested.
    Returns shape (n_terms + 1,), or None: None if the sums of squares do not separate
      the components apart.

    Henderson (1953), Biometrics 9(2), 226-252.
    Searle (1971), Linear Models, chapter 10.
    """
    n, centred = len(scores), scores - scores.mean()
    counts = [
        np.bincount(t.codes, minlength=len(t.levels)).astype(float) for t in terms
    ]
    squares = [
        float(np.sum(np.bincount(t.codes, centred, minlength=len(t.levels)) ** 2 / c))
        for t, c in zip(terms, counts, strict=True)
    ]
    # rows: each term's sums of squares, the mean's, the total; columns: each term's
    # variance, the residual's, the squared mean
    k = len(terms)
    expected = np.full((k + 2, k + 2), float(n))
    for a in range(k):
        for b in range(k):
            expected[a, b] = _shared(terms[a], terms[b], counts[a])
        expected[k, a] = float(np.sum(counts[a] ** 2)) / n
        expected[a, k] = len(terms[a].levels)
    expected[k, k] = 1.0
    sums = np.array([*squares, 0.0, float(centred @ centred)])
    if np.linalg.cond(expected / np.abs(expected).max(axis=0)) > SINGULAR:
        return None
    return np.asarray(np.linalg.solve(expected, sums))[: k + 1]


def _shared(one: RandomTerm, other: RandomTerm, counts: Array) -> float:
    """Sum over the groups of one term of the squared cell counts by its own count."""
    cells = one.codes * len(other.levels) + other.codes
    found, sizes = np.unique(cells, return_counts=True)
    return float(np.sum(sizes.astype(float) ** 2 / counts[found // len(other.levels)]))


# Spread of the scores, relative to their size, that a double takes for zero.
NO_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Scores and what groups them, rows with a gap left out.

    `scores`, shape (n_ratings,): the ratings that have a score and every label.
    `groups`, shape (n_ratings, n_facets): their labels.
    `left_out`: rows without a score or a label.
    `fault`: why nothing can be estimated; empty if something may be.
    """

    scores: Array
    groups: pd.DataFrame
    left_out: int
    fault: str = ""

    @property
    def missing_rule(self) -> str:
        """The missing rule in words, with the number of ratings it cost."""
        return (
            f"ratings without a score or a label left out: {self.left_out} of "
            f"{self.left_out + len(self.scores)}"
        )

    def term(self, effect: str) -> RandomTerm:
        """The random intercepts of one effect; ``a:b`` are the pairs of a and b."""
        return RandomTerm.of(effect, self.labels(effect))

    def labels(self, effect: str) -> pd.Series:
        """The group of every rating; text where an effect joins several facets."""
        first, *rest = facets_of(effect)
        found = self.groups[first]
        for facet in rest:
            found = found.astype(str) + ":" + self.groups[facet].astype(str)
        return found


def facets_of(effect: str) -> tuple[str, ...]:
    """The columns an effect joins."""
    return tuple(effect.split(":"))


def read_ratings(
    ratings: pd.DataFrame, score: str, effects: Sequence[str], *, least: int = 3
) -> Ratings:
    """Keep the ratings with a score and all labels; an empty label is none.

    `ratings`: one row a rating.
    `score`: the column of scores.
    `effects`: columns of labels, several joined by ``:``.
    `least`: fewest ratings that will do.
    Raises ValueError: A column that is not there: the known ones are listed.
    """
    check_frame(ratings, "ratings")
    facets = list(dict.fromkeys(f for effect in effects for f in facets_of(effect)))
    unknown = [name for name in (score, *facets) if name not in ratings.columns]
    if unknown:
        known = ", ".join(str(name) for name in ratings.columns)
        raise ValueError(f"no column {', '.join(unknown)}; there are {known}")
    doubled = [name for name in facets if list(ratings.columns).count(name) > 1]
    fault = column_fault(ratings, list(ratings.columns).index(score))
    if doubled:
        fault = f"several columns are named {', '.join(doubled)}"
    if fault:
        nothing = ratings.iloc[:0, :0]
        return Ratings(scores=np.empty(0), groups=nothing, left_out=0, fault=fault)
    scores = ratings[score].to_numpy(dtype=float, na_value=np.nan)
    groups = ratings[facets].apply(named)
    kept = ~np.isnan(scores) & groups.notna().all(axis=1).to_numpy()
    found = scores[kept]
    return Ratings(
        scores=found,
        groups=groups[kept].reset_index(drop=True),
        left_out=int((~kept).sum()),
        fault=_gap(found, least),
    )


def _gap(scores: Array, least: int) -> str:
    if len(scores) < least:
        return f"{len(scores)} ratings with a score and all labels; {least} needed"
    if np.ptp(scores) <= NO_VARIANCE * np.abs(scores).max():
        return "all ratings are the same: nothing varies"
    return ""


Estimator = Literal["reml", "ml", "moments"]
Interval = Literal["profile", "wald"]
RESIDUAL = "residual"
ESTIMATORS = {
    "reml": "restricted maximum likelihood (REML)",
    "ml": "maximum likelihood",
    "moments": "method of moments (Henderson 1; balanced: analysis of variance)",
}
INTERVALS = {
    "profile": "profile likelihood",
    "wald": "Wald on the log scale, delta method, observed information",
}


def crossed(*facets: str) -> tuple[str, ...]:
    """Every effect of facets crossed with one another, but the one of all of them.

    That of all facets is the residual, where each combination was rated once.
    """
    return tuple(
        ":".join(chosen)
        for size in range(1, len(facets))
        for chosen in itertools.combinations(facets, size)
    )


def nested(*facets: str) -> tuple[str, ...]:
    """The effects of facets each nested in the one before, widest first."""
    return tuple(":".join(facets[: place + 1]) for place in range(len(facets)))


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponent(Composite):
    """One effect: its variance, and its share of the variance of a single rating."""

    facet: str
    variance: Result
    share: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents(Labelled):
    """All components of a design, the residual last, and the mean rating.

    - `mean`: the mean rating, its groups weighted as the model says.
    - `components`: in the order of the facets given, then the residual.
    - `variances`: the same numbers by facet, for further computation.
    - `fit`: the fitted model; None where the method of moments was used.
    - `basis`: which ratings of what, in words.
    - `interval`, {"profile", "wald"}: how limits are found.
    """

    mean: Result
    components: tuple[VarianceComponent, ...]
    variances: dict[str, float] = field(repr=False, compare=False)
    fit: MixedFit | None = field(repr=False, compare=False)
    basis: str = field(repr=False)
    interval: Interval
    n: int

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """The mean, then each component with its facet."""
        yield {"facet": ""}, self.mean
        for component in self.components:
            for result in component.results():
                yield {"facet": component.facet}, result

    def limits(
        self, constraint: VarianceConstraint, confidence: float
    ) -> Bounds | None:
        """Limits of a number of this design; None where there is no likelihood."""
        if self.fit is None:
            return None
        if self.interval == "profile":
            return profile_interval(self.fit, constraint, confidence=confidence)
        return wald_interval(self.fit, constraint, confidence=confidence)


def variance_components(
    ratings: pd.DataFrame,
    *,
    score: str,
    facets: Sequence[str],
    estimator: Estimator = "reml",
    interval: Interval = "profile",
    confidence: float = 0.95,
) -> VarianceComponents | Unavailable:
    """Split the variance of ratings into what each facet contributes.

    Parameters
    ----------
    ratings : DataFrame, shape (n_ratings, n_columns)
        One row a rating; rows without a score or a label are left out.
    score : str
        The column of scores.
    facets : sequence of str
        The random effects: columns, or several joined by ``:`` for an interaction or
        a nested facet; `crossed` and `nested` write them. Clients in staff:
        ``["staff"]``.
    estimator : {"reml", "ml", "moments"}
        Moments need no iteration and give no intervals; components may be negative.
    interval : {"profile", "wald"}
        Profile likelihood; Wald is quicker for many thousands of ratings.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    VarianceComponents
        In squared units of the score, not negative but by moments. A component of zero
        is said to lie on the boundary.
    Unavailable
        Too few ratings, no variance, a facet with one level or with as many levels as
        ratings, scores that are not numbers, or no convergence.

    References
    ----------
    Brennan (2001), Generalizability Theory.
    Bates, Maechler, Bolker & Walker (2015), J. Statistical Software 67(1).
    """
    if estimator not in ESTIMATORS or interval not in INTERVALS or not facets:
        raise ValueError(
            f"estimator {estimator!r}, interval {interval!r}, {len(facets)} facets; "
            f"give one of {', '.join(ESTIMATORS)}; {', '.join(INTERVALS)}; some facets"
        )
    coverage, read = percent(confidence), read_ratings(ratings, score, facets)
    if read.fault:
        return _absent(read.fault, len(read.scores))
    terms = [read.term(facet) for facet in facets]
    fit = (
        fit_mixed_model(
            read.scores, terms, criterion="ml" if estimator == "ml" else "reml"
        )
        if estimator != "moments"
        else None
    )
    if isinstance(fit, Unavailable):
        return _absent(fit.reason, len(read.scores))
    counted = ", ".join(f"{len(t.levels)} {t.name}" for t in terms)
    basis = (
        f"{ESTIMATORS[estimator]}; {len(read.scores)} ratings ({counted}); "
        f"{read.missing_rule}"
    )
    if fit is None:
        return _by_moments(read, facets, basis, interval)
    return _by_likelihood(fit, basis, interval, (confidence, coverage))


def _absent(reason: str, n: int) -> Unavailable:
    return Unavailable(term="variance_component", reason=reason, n=n)


def _by_likelihood(
    fit: MixedFit, basis: str, interval: Interval, coverage: tuple[float, str]
) -> VarianceComponents:
    variances = {term.name: term.variance for term in fit.random}
    variances[RESIDUAL] = fit.residual_variance
    found = VarianceComponents(
        mean=_mean(fit, basis, *coverage),
        components=(),
        variances=variances,
        fit=fit,
        basis=basis,
        interval=interval,
        n=fit.n,
    )
    method = f"{basis}; {coverage[1]} interval: {INTERVALS[interval]}"
    parts = tuple(_component(found, facet, method, coverage[0]) for facet in variances)
    return dataclasses.replace(found, components=parts)


def _mean(fit: MixedFit, basis: str, confidence: float, coverage: str) -> Result:
    degrees = fit.satterthwaite_df([1.0])
    quantile = float(stats.t.ppf((1 + confidence) / 2, degrees))
    reach = quantile * math.sqrt(fit.coefficient_covariance[0, 0])
    mean = float(fit.coefficients[0])
    return Estimate.of(
        "mean_rating",
        mean,
        (mean - reach, mean + reach),
        n=fit.n,
        method=f"generalised least squares mean; {basis}; {coverage} interval: t with "
        f"{degrees:.1f} degrees of freedom (Satterthwaite)",
    )


def _component(
    found: VarianceComponents, facet: str, method: str, confidence: float
) -> VarianceComponent:
    """One facet's variance and share, with their limits."""
    variances = found.variances
    own, others = variances[facet], [name for name in variances if name != facet]
    total = sum(variances.values())
    if facet == RESIDUAL:
        constraint, rest = VarianceConstraint(term=""), None
    else:
        constraint = VarianceConstraint(term=facet, plain=1.0)
        weights = tuple((name, 0.0, 1.0) for name in others if name != RESIDUAL)
        rest = VarianceConstraint(term=facet, others=weights, residual=(0.0, 1.0))
    boundary = "; estimated at zero, the boundary" * (own == 0)
    share_term = "variance_share"
    share_method = f"share of the variance of one rating; {method}{boundary}"
    limits = found.limits(constraint, confidence)
    odds = None if rest is None else found.limits(rest, confidence)
    shares = None if odds is None else (share_of(odds[0]), share_of(odds[1]))
    if rest is None and len(others) == 1:
        # with one facet, the residual's share is what the facet's leaves
        ratio = VarianceConstraint(term=others[0], residual=(0.0, 1.0))
        odds = found.limits(ratio, confidence)
        shares = (
            None if odds is None else (1 - share_of(odds[1]), 1 - share_of(odds[0]))
        )
    return VarianceComponent(
        facet=facet,
        variance=bounded("variance_component", own, limits, found.n, method + boundary),
        share=bounded(share_term, own / total, shares, found.n, share_method),
    )


def share_of(odds: float) -> float:
    """From a ratio of variance to the rest, to its share of the whole."""
    return odds / (1 + odds) if math.isfinite(odds) else 1.0


def bounded(
    term: str, value: float, limits: Bounds | None, n: int, method: str
) -> Estimate:
    """An estimate with limits, or a method that says why it has none."""
    low, high = limits or (None, None)
    if limits is None:
        method += "; no interval: not computed for this number"
    elif high is not None and not math.isfinite(high):
        high, method = None, f"{method}; no upper limit: however large, it fits"
    return Estimate.of(term, value, (low, high), n=n, method=method)


def _by_moments(
    read: Ratings, facets: Sequence[str], basis: str, interval: Interval
) -> VarianceComponents | Unavailable:
    solved = moment_components(read.scores, [read.term(facet) for facet in facets])
    n = len(read.scores)
    if solved is None:
        return _absent("the sums of squares do not separate the facets", n)
    variances = dict(zip([*facets, RESIDUAL], map(float, solved), strict=True))
    total = sum(variances.values())
    method = (
        f"{basis}; negative components stand as they are; no interval: moments give "
        "none, REML does"
    )
    if total <= 0:
        return _absent("the components add to no variance", n)
    return VarianceComponents(
        mean=Estimate.of(
            "mean_rating",
            read.scores.mean(),
            n=n,
            method=f"mean of the ratings, unweighted; {method}",
        ),
        components=tuple(
            VarianceComponent(
                facet=facet,
                variance=Estimate.of("variance_component", value, n=n, method=method),
                share=Estimate.of("variance_share", value / total, n=n, method=method),
            )
            for facet, value in variances.items()
        ),
        variances=variances,
        fit=None,
        basis=basis,
        interval=interval,
        n=n,
    )
