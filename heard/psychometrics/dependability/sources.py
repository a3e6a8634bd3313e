"""Combine ratings of the same staff by users, peers and managers.

Each source has its own true score, rater variance and number of raters; only true
scores correlate. Staff means are fitted by restricted likelihood, and the spread within
contributes to the rater variance.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from heard.models.bootstrap import percent
from heard.models.mixed.design import Array, log_two_pi
from heard.models.mixed.likelihood import GAIN_FLOOR, GAIN_TOLERANCE, minimised
from heard.psychometrics.consistency.inter_item import pearson
from heard.psychometrics.dependability.components import Ratings, read_ratings
from heard.results import Composite, Estimate, Labelled, Labels, Result, Unavailable

STEP = 1e-5  # of a central difference of the analytic gradient
NEWTON_STEPS = 10
NEARLY_ONE = 0.9999
# A true standard deviation this small next to the raters' is on the boundary.
BOUNDARY = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMeans:
    """What the likelihood needs of the ratings.

    `counts`, shape (n_staff, n_sources): ratings of each staff member by each source, 0
      where there is none.
    `means`, shape (n_staff, n_sources): their means, 0 where there is none.
    `within`, shape (n_sources,): sums of squares of the ratings around those means.
    """

    counts: Array
    means: Array
    within: Array

    @property
    def n_sources(self) -> int:
        """How many sources there are."""
        return self.counts.shape[1]

    @property
    def size(self) -> int:
        """How many entries the triangular factor has."""
        return self.n_sources * (self.n_sources + 1) // 2

    def reordered(self, order: list[int]) -> SourceMeans:
        """The same with the sources in another order."""
        return SourceMeans(
            counts=self.counts[:, order],
            means=self.means[:, order],
            within=self.within[order],
        )

    def unpacked(self, parameters: Array) -> tuple[Array, Array]:
        """The triangular factor of the true covariance, and the raters' variances."""
        factor = np.zeros((self.n_sources, self.n_sources))
        factor[np.tril_indices(self.n_sources)] = parameters[: self.size]
        return factor, np.exp(parameters[self.size :])

    def start(self) -> Array:
        """Parameters to begin from: half a rater's standard deviation, uncorrelated."""
        rated = (self.counts > 0).sum(axis=0)
        freedom = np.maximum(self.counts.sum(axis=0) - rated, 1)
        variances = self.within / freedom
        factor = np.diag(np.sqrt(variances) / 2)
        return np.append(factor[np.tril_indices(self.n_sources)], np.log(variances))


def deviance(data: SourceMeans, parameters: Array) -> tuple[float, Array]:
    """Minus twice the restricted log likelihood, and its gradient.

    `data`: the means.
    `parameters`, shape (n_sources (n_sources + 1) / 2 + n_sources,): lower triangle of
      the factor row by row, then log variances of raters.
    """
    factor, raters = data.unpacked(parameters)
    there = data.counts > 0
    per_mean = np.where(there, 1 / np.where(there, data.counts, 1), 0.0)
    # a source that is not there gets variance 1 and no part in anything
    both = there[:, :, None] & there[:, None, :]
    covariances = np.where(both, factor @ factor.T, 0.0)
    sources = np.arange(data.n_sources)
    covariances[:, sources, sources] += np.where(there, raters * per_mean, 1.0)
    weights = np.where(both, np.linalg.inv(covariances), 0.0)
    precision = weights.sum(axis=0)
    known = np.linalg.inv(precision)
    centre = known @ np.einsum("gab,gb->a", weights, data.means)
    pulled = np.einsum("gab,gb->ga", weights, np.where(there, data.means - centre, 0.0))
    rated = there.sum(axis=0)
    freedom = data.counts.sum(axis=0) - rated
    value = np.linalg.slogdet(covariances)[1].sum() + np.linalg.slogdet(precision)[1]
    value += np.sum(pulled * np.where(there, data.means - centre, 0.0))
    value += np.sum(freedom * np.log(raters) + data.within / raters)
    value += np.sum(np.log(data.counts[there]))
    value += (data.counts.sum() - data.n_sources) * log_two_pi()
    slopes = weights - pulled[:, :, None] * pulled[:, None, :]
    slopes -= weights @ known @ weights
    by_factor = (2 * slopes.sum(axis=0) @ factor)[np.tril_indices(data.n_sources)]
    by_raters = np.einsum("gaa,ga->a", slopes, per_mean) * raters
    by_raters += freedom - data.within / raters
    return float(value), np.append(by_factor, by_raters)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFit:
    """The fitted covariance of true scores, and how sharply it is known.

    `parameters`: as `deviance` takes them.
    `true`, shape (n_sources, n_sources): covariance of the true scores.
    `raters`, shape (n_sources,): variance of raters around a true score.
    `deviance`: minus twice the restricted log likelihood.
    `hessian`: its second derivatives.
    `remaining_gain`: what another Newton step promises.
    """

    parameters: Array
    true: Array
    raters: Array
    deviance: float
    hessian: Array
    remaining_gain: float

    @property
    def converged(self) -> bool:
        """The gradient vanishes, and no direction of the Hessian bends down."""
        lowest = float(np.linalg.eigvalsh(self.hessian)[0])
        flat = -1e-4 * float(np.abs(np.diag(self.hessian)).max())
        return lowest > flat and abs(self.remaining_gain) < GAIN_TOLERANCE

    @property
    def on_boundary(self) -> bool:
        """A true variance of zero, or true scores that are one and the same."""
        scaled = self.true / np.sqrt(np.outer(self.raters, self.raters))
        return float(np.linalg.eigvalsh(scaled)[0]) < BOUNDARY**2


def fit_sources(data: SourceMeans) -> SourceFit:
    """Maximise the restricted likelihood, and check gradient and Hessian."""

    def objective(parameters: Array) -> tuple[float, Array]:
        return deviance(data, parameters)

    parameters = minimised(objective, data.start())[0]
    hessian = _hessian(objective, parameters)
    value, slope = objective(parameters)
    step = np.linalg.lstsq(hessian, slope, rcond=1e-8)[0]
    gain = float(slope @ step) / 2
    for _ in range(NEWTON_STEPS):
        if abs(gain) < GAIN_FLOOR:
            break
        nearer, bent = objective(parameters - step)
        if nearer > value + GAIN_TOLERANCE:
            break
        parameters, value = parameters - step, nearer
        step = np.linalg.lstsq(hessian, bent, rcond=1e-8)[0]
        gain = float(bent @ step) / 2
    factor, raters = data.unpacked(parameters)
    return SourceFit(
        parameters=parameters,
        true=factor @ factor.T,
        raters=raters,
        deviance=value,
        hessian=hessian,
        remaining_gain=gain,
    )


def _hessian(
    objective: Callable[[Array], tuple[float, Array]], parameters: Array
) -> Array:
    k = len(parameters)
    steps = STEP * np.eye(k)
    rows = [
        (objective(parameters + step)[1] - objective(parameters - step)[1]) / (2 * STEP)
        for step in steps
    ]
    found = np.array(rows)
    return (found + found.T) / 2


def correlation_interval(
    data: SourceMeans, fit: SourceFit, pair: tuple[int, int], *, confidence: float
) -> tuple[float, float]:
    """Profile-likelihood limits of the true correlation of two sources.

    `data`: the means.
    `fit`: their fit.
    `pair`: which two sources.
    `confidence`: coverage of the interval.
    Returns: from -1 to 1; an end that fits well enough is the limit.
    """
    # with the pair first, their correlation is one angle of the triangular factor
    order = [*pair, *(s for s in range(data.n_sources) if s not in pair)]
    turned = data.reordered(order)
    true = fit.true[np.ix_(order, order)]
    root = np.linalg.cholesky(true + 1e-9 * np.diag(np.diag(true)))
    parameters = np.append(root[np.tril_indices(len(root))], np.log(fit.raters[order]))
    begin = np.delete(parameters, 1)  # entries (0, 0), (1, 0), (1, 1), ...
    # their lengths stay positive: with both signs free, so is the correlation's
    begin[:2] = np.log([parameters[0], math.hypot(parameters[1], parameters[2])])
    centre = float(np.clip(true[0, 1] / math.sqrt(true[0, 0] * true[1, 1]), -1, 1))
    reach = float(stats.chi2.ppf(confidence, 1))

    def excess(correlation: float) -> float:
        left = math.sqrt(max(1 - correlation**2, 0.0))

        def objective(free: Array) -> tuple[float, Array]:
            first, second = np.exp(free[:2])
            pair_part = [first, correlation * second, left * second]
            value, slope = deviance(turned, np.append(pair_part, free[2:]))
            by_second = second * (correlation * slope[1] + left * slope[2])
            return value, np.concatenate([[first * slope[0], by_second], slope[3:]])

        found = minimised(objective, begin, slope=1e-3)[0]
        return objective(found)[0] - fit.deviance - reach

    ends = []
    for end in (-1.0, 1.0):
        inside = centre if abs(centre) < NEARLY_ONE else NEARLY_ONE * centre
        if abs(centre - end) < 1 - NEARLY_ONE or excess(end) <= 0:
            ends.append(end)
        elif excess(inside) >= 0:
            ends.append(centre)
        else:
            ends.append(float(optimize.brentq(excess, inside, end, xtol=1e-5)))
    return min(ends[0], centre), max(ends[1], centre)


# Staff whom two sources both rated, below which their correlation is not looked at.
MINIMUM_SHARED = 4
SLIGHT = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDependability(Composite):
    """One source: how much staff differ in its eyes, and how sharply it sees them."""

    source: str
    true_variance: Result
    rater_variance: Result
    dependability: Result
    weight: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCorrelation(Composite):
    """Agreement of two sources on the same staff, observed and corrected."""

    sources: str
    observed: Result
    corrected: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesTogether(Labelled):
    """Every source, every pair of them, and what they are worth as a composite."""

    sources: tuple[SourceDependability, ...]
    correlations: tuple[SourceCorrelation, ...]
    equal_weights: Result
    best_weights: Result

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Each result with its source or pair of sources."""
        for source in self.sources:
            for result in source.results():
                yield {"source": source.source}, result
        for pair in self.correlations:
            for result in pair.results():
                yield {"source": pair.sources}, result
        yield {"source": "equal weights"}, self.equal_weights
        yield {"source": "best weights"}, self.best_weights


def sources_together(
    ratings: pd.DataFrame,
    *,
    score: str,
    staff: str,
    source: str,
    confidence: float = 0.95,
) -> SourcesTogether | Unavailable:
    """Put ratings of the same staff by several sources together.

    Parameters
    ----------
    ratings : DataFrame, shape (n_ratings, n_columns)
        One row a rating by one rater; rows without a score or a label are left out.
    score, staff, source : str
        The columns of scores, of those rated and of who rated (users, peers, managers).
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    SourcesTogether
        Variances in squared units of the score; dependability of a mean over the
        harmonic mean of that source's raters; correlations of true scores; weights
        that sum to 1 and predict the mean of the true scores best. n counts staff.
    Unavailable
        Fewer than 2 sources, a source with one rating of each, two sources with fewer
        than 4 staff in common, no variance within a source, or no convergence.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapters 9 and 10.
    """
    coverage = percent(confidence)
    read = read_ratings(ratings, score, [staff, source])
    term = "source_dependability"
    if read.fault:
        return Unavailable(term=term, reason=read.fault, n=len(read.scores))
    data, names = _means(read, staff, source)
    if reason := _gap(data, names):
        return Unavailable(term=term, reason=reason, n=len(data.counts))
    fit = fit_sources(data)
    if not fit.converged:
        reason = "the likelihood has no proper summit: gradient or Hessian fails"
        return Unavailable(term=term, reason=reason, n=len(data.counts))
    basis = (
        f"REML of {len(names)} sources jointly, each with its own variance of raters; "
        f"{len(read.scores)} ratings of {len(data.counts)} {staff}; {read.missing_rule}"
    )
    return _Together(
        data=data,
        fit=fit,
        names=names,
        basis=basis,
        confidence=confidence,
        coverage=coverage,
    ).all()


def _means(read: Ratings, staff: str, source: str) -> tuple[SourceMeans, list[str]]:
    rated, sources = read.term(staff), read.term(source)
    shape = len(rated.levels), len(sources.levels)
    cells = rated.codes * shape[1] + sources.codes
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).astype(float)
    centred = read.scores - read.scores.mean()
    sums = np.bincount(cells, centred, minlength=len(counts))
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    within = np.bincount(
        sources.codes, (centred - means[cells]) ** 2, minlength=shape[1]
    )
    data = SourceMeans(
        counts=counts.reshape(shape),
        means=means.reshape(shape),
        within=within.astype(float),
    )
    return data, [str(level) for level in sources.levels]


def _gap(data: SourceMeans, names: list[str]) -> str:
    if len(names) < 2:
        return f"{len(names)} source; at least 2 needed"
    there = data.counts > 0
    for place, name in enumerate(names):
        if data.counts[:, place].sum() <= there[:, place].sum():
            return f"{name}: one rating of each, so raters and rated are confounded"
        if data.within[place] <= 0:
            return f"{name}: raters of one staff member never differ"
    for one, two in itertools.combinations(range(len(names)), 2):
        shared = int((there[:, one] & there[:, two]).sum())
        if shared < MINIMUM_SHARED:
            return (
                f"{names[one]} and {names[two]} rated {shared} staff in common; at "
                f"least {MINIMUM_SHARED} needed"
            )
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Together:
    """The fit, and what every result of it says about itself."""

    data: SourceMeans
    fit: SourceFit
    names: list[str]
    basis: str
    confidence: float
    coverage: str

    @property
    def typical(self) -> Array:
        """Raters a staff member has, as the harmonic mean where there are any."""
        there = self.data.counts > 0
        inverse = np.where(there, 1 / np.where(there, self.data.counts, 1), 0.0)
        return np.asarray(there.sum(axis=0) / inverse.sum(axis=0))

    def all(self) -> SourcesTogether:
        """Every result."""
        pairs = itertools.combinations(range(len(self.names)), 2)
        composite = "mean of the true scores of all sources, each worth the same"
        return SourcesTogether(
            sources=tuple(self._source(place) for place in range(len(self.names))),
            correlations=tuple(self._pair(pair) for pair in pairs),
            equal_weights=self._estimate(
                "composite_dependability",
                lambda true, raters: _equal(true, raters / self.typical),
                f"variance of the {composite} / that of the mean of the means",
                scale="logit",
            ),
            best_weights=self._estimate(
                "composite_dependability",
                lambda true, raters: _best(true, raters / self.typical)[1],
                f"squared correlation of the best weighted means with the {composite}",
                scale="logit",
            ),
        )

    def _source(self, place: int) -> SourceDependability:
        raters_per_mean = float(self.typical[place])
        return SourceDependability(
            source=self.names[place],
            true_variance=self._estimate(
                "true_variance",
                lambda true, _: float(true[place, place]),
                "variance between staff in the eyes of this source",
                scale="log",
            ),
            rater_variance=self._estimate(
                "rater_variance",
                lambda _, raters: float(raters[place]),
                "variance of this source's raters around one staff member",
                scale="log",
            ),
            dependability=self._estimate(
                "source_dependability",
                lambda true, raters: float(
                    true[place, place]
                    / (true[place, place] + raters[place] / raters_per_mean)
                ),
                f"of a mean over {raters_per_mean:.4g} raters, the harmonic mean",
                scale="logit",
            ),
            weight=self._estimate(
                "composite_weight",
                lambda true, raters: float(
                    _best(true, raters / self.typical)[0][place]
                ),
                "weight that predicts the mean of the true scores best; sum 1",
                scale="plain",
            ),
        )

    def _pair(self, pair: tuple[int, int]) -> SourceCorrelation:
        one, two = pair
        there = (self.data.counts[:, list(pair)] > 0).all(axis=1)
        means, shared = self.data.means[there], int(there.sum())
        variances = self.fit.true[one, one] * self.fit.true[two, two]
        term, names = "source_correlation_corrected", [self.names[p] for p in pair]
        method = (
            f"correlation of the true scores of {names[0]} and {names[1]}; "
            f"{self.basis}; {shared} staff rated by both; {self.coverage} interval: "
            "profile likelihood"
        )
        corrected: Result
        if min(self._ratio(one), self._ratio(two)) < 1e-6:
            reason = "a source shows no true variance between staff"
            corrected = Unavailable(term=term, reason=reason, n=shared, method=method)
        else:
            low, high = correlation_interval(
                self.data, self.fit, pair, confidence=self.confidence
            )
            found = float(
                np.clip(self.fit.true[one, two] / math.sqrt(variances), -1, 1)
            )
            corrected = Estimate.of(term, found, (low, high), n=shared, method=method)
        return SourceCorrelation(
            sources=" and ".join(names),
            observed=_observed(means[:, one], means[:, two], self.confidence),
            corrected=corrected,
        )

    def _ratio(self, place: int) -> float:
        return float(self.fit.true[place, place] / self.fit.raters[place])

    def _estimate(
        self,
        term: str,
        number: Callable[[Array, Array], float],
        what: str,
        *,
        scale: str,
    ) -> Result:
        """A function of the components, with a Wald interval on its own scale."""
        n, method = len(self.data.counts), f"{what}; {self.basis}"
        value = number(self.fit.true, self.fit.raters)
        if not math.isfinite(value):
            reason = "no source shows true variance between staff"
            return Unavailable(term=term, reason=reason, n=n, method=method)
        to, back = SCALES[scale]
        if self.fit.on_boundary or not math.isfinite(to(value)):
            method += "; no interval: the fit lies on the boundary of what is possible"
            return Estimate(term=term, estimate=value, n=n, method=method)

        def transformed(parameters: Array) -> float:
            factor, raters = self.data.unpacked(parameters)
            return to(number(factor @ factor.T, raters))

        at = self.fit.parameters
        steps = SLIGHT * np.eye(len(at))
        slope = np.array(
            [
                (transformed(at + step) - transformed(at - step)) / (2 * SLIGHT)
                for step in steps
            ]
        )
        spread = 2 * slope @ np.linalg.pinv(self.fit.hessian, hermitian=True) @ slope
        reach = float(stats.norm.ppf((1 + self.confidence) / 2)) * math.sqrt(spread)
        return Estimate.of(
            term,
            value,
            (back(to(value) - reach), back(to(value) + reach)),
            n=n,
            method=f"{method}; {self.coverage} interval: Wald, {scale} scale, delta "
            "method, observed information",
        )


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _logit(value: float) -> float:
    return math.log(value / (1 - value)) if 0 < value < 1 else math.inf


SCALES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "plain": (float, float),
    "log": (_log, math.exp),
    "logit": (_logit, lambda value: 1 / (1 + math.exp(-value))),
}


def _observed(one: Array, two: Array, confidence: float) -> Result:
    term = "source_correlation_observed"
    method = (
        "Pearson correlation of staff means, unweighted; "
        f"{percent(confidence)} interval by Fisher's z"
    )
    if np.ptp(one) == 0 or np.ptp(two) == 0:
        reason = "the means of a source do not vary"
        return Unavailable(term=term, reason=reason, n=len(one), method=method)
    return pearson(one, two, term=term, method=method, confidence=confidence)


def _equal(true: Array, error: Array) -> float:
    total = float(true.sum())
    return total / (total + float(error.sum()))


def _best(true: Array, error: Array) -> tuple[Array, float]:
    """Weights that sum to 1, and the squared correlation they reach."""
    shared = true.sum(axis=1)
    weights = np.linalg.solve(true + np.diag(error), shared)
    total, sum_of_weights = float(true.sum()), float(weights.sum())
    if total <= 0 or sum_of_weights == 0:
        return np.full(len(error), math.nan), math.nan
    return weights / sum_of_weights, float(shared @ weights) / total
