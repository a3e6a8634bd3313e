"""Calculate chi-square and fit indices of a model against its baseline.

In the baseline all items are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import optimize, special

from heard.models.complete_responses import Array
from heard.psychometrics.confirmatory.estimation import (
    MomentDerivatives,
    independent_derivatives,
    inverted,
    log_likelihood,
    moment_derivatives,
    observed_information,
    saturated_derivatives,
    scores,
)
from heard.results import Composite, Estimate, Result, Unavailable

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.estimation import MaximumLikelihood
    from heard.psychometrics.confirmatory.sample import Block, Sample

CLOSE = 0.05
"""The error of approximation that counts as close (Browne & Cudeck 1993)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit(Composite):
    """How well a model fits. What an estimator does not have is `Unavailable`."""

    chi_square: Result
    chi_square_df: Result
    chi_square_p: Result
    scaled_chi_square: Result
    scaled_chi_square_p: Result
    chi_square_scaling: Result
    comparative_fit_index: Result
    tucker_lewis_index: Result
    rmsea: Result
    rmsea_close_p: Result
    scaled_comparative_fit_index: Result
    scaled_tucker_lewis_index: Result
    scaled_rmsea: Result
    robust_comparative_fit_index: Result
    robust_tucker_lewis_index: Result
    robust_rmsea: Result
    standardised_root_mean_square_residual: Result
    log_likelihood: Result
    akaike_information: Result
    bayesian_information: Result


class Excess(NamedTuple):
    """Misfit beyond what chance brings, of a model and of its baseline."""

    model: float
    df: int
    baseline: float
    baseline_df: int

    @classmethod
    def plain(cls, model: Misfit, baseline: Misfit) -> Excess:
        """By the statistics as they are."""
        return cls(
            model.statistic - model.df,
            model.df,
            baseline.statistic - baseline.df,
            baseline.df,
        )

    @classmethod
    def scaled(cls, model: Misfit, baseline: Misfit) -> Excess:
        """By the scaled statistics."""
        return cls(
            model.scaled - model.df,
            model.df,
            baseline.scaled - baseline.df,
            baseline.df,
        )

    @classmethod
    def robust(cls, model: Misfit, baseline: Misfit) -> Excess:
        """By the robust distances."""
        return cls(
            model.distance - model.expected,
            model.df,
            baseline.distance - baseline.expected,
            baseline.df,
        )

    @property
    def comparative_fit(self) -> float | None:
        """Bentler's index; None where independent items would fit as well."""
        worst = max(self.model, self.baseline, 0.0)
        return 1 - max(self.model, 0.0) / worst if worst > 0 else None

    @property
    def tucker_lewis(self) -> float | None:
        """Tucker and Lewis's index; None without degrees of freedom."""
        if not self.df or not self.baseline_df or self.baseline <= 0:
            return None
        return 1 - (self.model / self.df) / (self.baseline / self.baseline_df)


def approximation_error(excess: float, df: int, n: int, blocks: int) -> float:
    """Root mean square error of approximation of a statistic `excess` over its df."""
    return float(np.sqrt(max(excess, 0.0) * blocks / (n * df)))


def approximation_limits(
    statistic: float, df: int, n: int, blocks: int, confidence: float
) -> tuple[float, float]:
    """Limits of the error of approximation, from noncentral chi-squares."""
    tails = (1 + confidence) / 2, (1 - confidence) / 2
    low, high = (_noncentrality(statistic, df, tail) for tail in tails)
    return (
        approximation_error(low, df, n, blocks),
        approximation_error(high, df, n, blocks),
    )


def _noncentrality(statistic: float, df: int, tail: float) -> float:
    """The noncentrality at which `statistic` is exceeded with chance 1 - `tail`."""

    def beyond(noncentrality: float) -> float:
        return float(special.chndtr(statistic, df, noncentrality)) - tail

    if beyond(0.0) <= 0:
        return 0.0
    most = max(statistic, 1.0)
    while beyond(most) > 0:
        most *= 2
    return float(optimize.brentq(beyond, 0.0, most, xtol=1e-12, rtol=1e-14))


def close_fit_p(statistic: float, df: int, n: int, blocks: int) -> float:
    """Chance of a larger statistic were the error of approximation 0.05."""
    return 1 - float(special.chndtr(statistic, df, n * df * CLOSE**2 / blocks))


def chi_square_p(statistic: float, df: float) -> float:
    """Chance of a larger chi-square."""
    return float(special.chdtrc(df, statistic))


def standardised_residual(
    observed: tuple[Array, Array], implied: tuple[Array, Array], *, means: bool
) -> float:
    """Root mean square residual of means and covariances of one block.

    All are divided by the *observed* standard deviations; the diagonal counts.
    """
    spread = np.sqrt(np.diag(observed[1]))
    residual_correlations = (observed[1] - implied[1]) / np.outer(spread, spread)
    squares = residual_correlations[np.tril_indices(len(spread))] ** 2
    if means:
        squares = np.append(squares, ((observed[0] - implied[0]) / spread) ** 2)
    return float(np.sqrt(squares.mean()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FitMaker:
    """Turns numbers into results that share their n and their words."""

    n: int
    blocks: int
    method: str
    weight: int = 0
    """What errors of approximation are divided by, where that is not n."""

    def number(self, term: str, value: float | None, words: str) -> Result:
        """A number without an interval; `Unavailable` where there is none."""
        method = "; ".join(filter(None, (words, self.method)))
        if value is None or not np.isfinite(value):
            reason = "no degrees of freedom, or uncorrelated items"
            return Unavailable(term=term, reason=reason, n=self.n, method=method)
        return Estimate.of(term, value, n=self.n, method=f"{method}; no interval")

    def absent(self, term: str, reason: str) -> Unavailable:
        """A number this estimator does not have."""
        return Unavailable(term=term, reason=reason, n=self.n, method=self.method)

    def approximation(
        self, term: str, statistic: float, scale: float, df: int, words: str
    ) -> Result:
        """An error of approximation with its 90 % interval.

        `statistic`: behaves as chi-square were the model right.
        `scale`: by what its noncentrality is multiplied back.
        """
        method = (
            f"{words}; 90 % interval, as is the custom, by noncentral chi-squares; "
            f"{self.method}"
        )
        if not df:
            return Unavailable(
                term=term, reason="no degrees of freedom", n=self.n, method=method
            )
        excess = statistic - df
        root = np.sqrt(scale)
        size = self.weight or self.n
        limits = approximation_limits(statistic, df, size, self.blocks, 0.90)
        estimate = root * approximation_error(excess, df, size, self.blocks)
        return Estimate.of(
            term,
            estimate,
            (min(root * limits[0], estimate), max(root * limits[1], estimate)),
            n=self.n,
            method=method,
        )


NOT_ROBUST = "this estimator is not robust; choose a robust one"
NO_LIKELIHOOD = "least squares has no likelihood"
NO_SCALING = "no degrees of freedom, or a scaling factor that is not above zero"
AGAINST = "relative to independent items"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitWords:
    """How an estimator's indices come about; empty where it has none of a kind."""

    statistic: str
    scaled: str
    robust: str
    residual: str


def residual_of(fitted: MaximumLikelihood) -> float:
    """Standardised root mean square residual, blocks weighted by their people."""
    blocks = fitted.sample.blocks
    residuals = [
        standardised_residual(
            (block.mean, block.covariance),
            (fitted.means[place], fitted.covariances[place]),
            means=fitted.model.means,
        )
        for place, block in enumerate(blocks)
    ]
    return float(np.average(residuals, weights=[block.n for block in blocks]))


def likelihood_fit(
    fitted: MaximumLikelihood, misfit: Misfit, baseline: Misfit, method: str
) -> ModelFit:
    """Every index of a model fitted by maximum likelihood."""
    sample = fitted.sample
    maker = FitMaker(n=sample.n, blocks=len(sample.blocks), method=method)
    gaps = misfit.distance != misfit.statistic
    put_back = "scaling factors put back (Brosseau-Liard & Savalei 2014)"
    as_if = "distance with complete answers (Zhang & Savalei 2023)"
    words = FitWords(
        statistic="twice the difference in log-likelihood",
        scaled="Yuan-Bentler scaling factor as Mplus takes it, observed information"
        if fitted.robust
        else "",
        robust=as_if if gaps else put_back * fitted.robust,
        residual="residuals over observed standard deviations, diagonal included"
        + ", means included" * fitted.model.means,
    )
    free, log_likelihood = len(fitted.parameters), fitted.log_likelihood
    penalties = {"akaike_information": 2.0, "bayesian_information": np.log(sample.n)}
    of_likelihood = {
        term: maker.number(
            term, penalty * free - 2 * log_likelihood, f"{free} parameters"
        )
        for term, penalty in penalties.items()
    }
    of_likelihood["log_likelihood"] = maker.number(
        "log_likelihood", log_likelihood, "of all answers"
    )
    return fit_of(
        misfit, baseline, maker, words, residual=residual_of(fitted), **of_likelihood
    )


def fit_of(
    misfit: Misfit,
    baseline: Misfit,
    maker: FitMaker,
    words: FitWords,
    *,
    residual: float,
    **of_likelihood: Result,
) -> ModelFit:
    """Every index; those of a likelihood are given, or absent."""
    df, size = misfit.df, maker.weight or maker.n
    plain = Excess.plain(misfit, baseline)
    p = chi_square_p(misfit.statistic, df) if df else None
    close = close_fit_p(misfit.statistic, df, size, maker.blocks) if df else None
    for term in ("log_likelihood", "akaike_information", "bayesian_information"):
        of_likelihood.setdefault(term, maker.absent(term, NO_LIKELIHOOD))
    return ModelFit(
        chi_square=maker.number("chi_square", misfit.statistic, words.statistic),
        chi_square_df=maker.number("chi_square_df", df, "moments minus parameters"),
        chi_square_p=maker.number(
            "chi_square_p", p, "probability of a larger chi-square"
        ),
        **_scaled_test(misfit, maker, words),
        comparative_fit_index=maker.number(
            "comparative_fit_index", plain.comparative_fit, AGAINST
        ),
        tucker_lewis_index=maker.number(
            "tucker_lewis_index", plain.tucker_lewis, AGAINST
        ),
        rmsea=maker.approximation("rmsea", misfit.statistic, 1.0, df, ""),
        rmsea_close_p=maker.number(
            "rmsea_close_p",
            close,
            "probability of a larger chi-square if rmsea were 0.05",
        ),
        **_scaled_indices(misfit, baseline, maker, words),
        **_robust_indices(misfit, baseline, maker, words),
        standardised_root_mean_square_residual=maker.number(
            "standardised_root_mean_square_residual", residual, words.residual
        ),
        **of_likelihood,
    )


def _scaled_test(misfit: Misfit, maker: FitMaker, words: FitWords) -> dict[str, Result]:
    terms = ("scaled_chi_square", "scaled_chi_square_p", "chi_square_scaling")
    if reason := _no_scaled(misfit, words):
        return {term: maker.absent(term, reason) for term in terms}
    values = (misfit.scaled, chi_square_p(misfit.scaled, misfit.df), misfit.scaling)
    return {
        term: maker.number(term, value, words.scaled)
        for term, value in zip(terms, values, strict=True)
    }


def _scaled_indices(
    misfit: Misfit, baseline: Misfit, maker: FitMaker, words: FitWords
) -> dict[str, Result]:
    """Indices from the scaled statistics of model and baseline."""
    terms = (
        "scaled_comparative_fit_index",
        "scaled_tucker_lewis_index",
        "scaled_rmsea",
    )
    if reason := _no_scaled(misfit, words) or _no_scaled(baseline, words):
        return {term: maker.absent(term, reason) for term in terms}
    excess = Excess.scaled(misfit, baseline)
    return {
        terms[0]: maker.number(terms[0], excess.comparative_fit, words.scaled),
        terms[1]: maker.number(terms[1], excess.tucker_lewis, words.scaled),
        terms[2]: maker.approximation(
            terms[2], misfit.scaled, 1.0, misfit.df, words.scaled
        ),
    }


def _robust_indices(
    misfit: Misfit, baseline: Misfit, maker: FitMaker, words: FitWords
) -> dict[str, Result]:
    """Indices that estimate what normal, complete answers would have given."""
    terms = (
        "robust_comparative_fit_index",
        "robust_tucker_lewis_index",
        "robust_rmsea",
    )
    if not words.robust:
        return {term: maker.absent(term, NOT_ROBUST) for term in terms}
    is_finite = np.isfinite(misfit.expected) and np.isfinite(baseline.expected)
    if not misfit.df or not is_finite or misfit.expected <= 0 or baseline.expected <= 0:
        return {term: maker.absent(term, NO_SCALING) for term in terms}
    excess = Excess.robust(misfit, baseline)
    scale = misfit.expected / misfit.df
    return {
        terms[0]: maker.number(terms[0], excess.comparative_fit, words.robust),
        terms[1]: maker.number(terms[1], excess.tucker_lewis, words.robust),
        terms[2]: maker.approximation(
            terms[2], misfit.distance / scale, scale, misfit.df, words.robust
        ),
    }


def _no_scaled(misfit: Misfit, words: FitWords) -> str:
    if not words.scaled:
        return NOT_ROBUST
    return "" if misfit.df and misfit.scaling > 0 else NO_SCALING


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """The misfit of a model.

    `statistic`: twice the log-likelihood ratio to the saturated model.
    `scaling`: what the statistic is divided by to behave as chi-square; 1 if not
      robust.
    `shift`: what is added then; 0 for maximum likelihood.
    `distance`, `expected`: A distance from the complete answers people would have
      given, times n, and what it would be on average were the model right. From these
      come the robust indices; statistic and scaling times df where answers are
      complete.
    """

    statistic: float
    df: int
    scaling: float
    distance: float
    expected: float
    shift: float = 0.0

    @property
    def scaled(self) -> float:
        """The statistic made to behave as chi-square."""
        return self.statistic / self.scaling + self.shift


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """What one block of either model is compared with, and how it moves."""

    block: Block
    mean: Array
    covariance: Array
    derivatives: MomentDerivatives
    spread: Array


def misfit_of(fitted: MaximumLikelihood) -> Misfit:
    """The misfit of a fitted model."""
    parts = [
        _Fitted(
            block=block,
            mean=fitted.means[place],
            covariance=fitted.covariances[place],
            derivatives=moment_derivatives(fitted.model, fitted.filled[place], place),
            spread=fitted.model.spread_by_block[place],
        )
        for place, block in enumerate(fitted.sample.blocks)
    ]
    trace_lost = 0.0
    if fitted.robust:
        crossed, information = fitted.crossed_scores, fitted.observed
        trace_lost = float(np.sum(inverted(information) * crossed))
    return _misfit(
        parts, trace_lost=trace_lost, means=fitted.model.means, robust=fitted.robust
    )


def baseline_misfit(sample: Sample, *, means: bool, robust: bool) -> Misfit:
    """The misfit of independent items."""
    parts, trace_lost = [], 0.0
    for place, block in enumerate(sample.blocks):
        mean, variance = _item_moments(block)
        derivatives = independent_derivatives(len(mean), means=means)
        size = len(derivatives.u)
        spread = np.zeros((size, size * len(sample.blocks)))
        spread[:, place * size : (place + 1) * size] = np.eye(size)
        covariance = np.diag(variance)
        if robust:
            own = scores(block, mean, covariance, derivatives)
            information = observed_information(block, mean, covariance, derivatives)
            trace_lost += float(np.sum(inverted(information) * (own.T @ own)))
        parts.append(
            _Fitted(
                block=block,
                mean=mean,
                covariance=covariance,
                derivatives=derivatives,
                spread=spread,
            )
        )
    return _misfit(parts, trace_lost=trace_lost, means=means, robust=robust)


def _item_moments(block: Block) -> tuple[Array, Array]:
    """Means and variances of the items, each from all who answered it."""
    items = len(block.mean)
    n, total, squares = np.zeros(items), np.zeros(items), np.zeros(items)
    for pattern in block.patterns:
        n[pattern.answered] += pattern.n
        total[pattern.answered] += pattern.n * pattern.mean
    mean = total / n
    for pattern in block.patterns:
        deviation = pattern.mean - mean[pattern.answered]
        spread = np.diag(pattern.covariance) + deviation**2
        squares[pattern.answered] += pattern.n * spread
    return mean, squares / n


def _misfit(
    parts: list[_Fitted], *, trace_lost: float, means: bool, robust: bool
) -> Misfit:
    items = len(parts[0].mean)
    moments = len(parts) * (items * (items + 1) // 2 + items * means)
    df = moments - parts[0].spread.shape[1]
    statistic = 2 * sum(
        log_likelihood(p.block, p.block.mean, p.block.covariance)
        - log_likelihood(p.block, p.mean, p.covariance)
        for p in parts
    )
    scaling = 1.0
    if robust and df:
        whole = sum(_saturated_trace(p.block, means=means) for p in parts)
        scaling = (whole - trace_lost) / df
    distance, expected = statistic, scaling * df
    if df and not all(p.block.complete for p in parts):
        distance = sum(p.block.n * _distance(p) for p in parts)
        expected = _expected_distance(parts, robust=robust)
    return Misfit(
        statistic=max(statistic, 0.0),
        df=df,
        scaling=scaling,
        distance=distance,
        expected=expected,
    )


def _saturated_trace(block: Block, *, means: bool) -> float:
    """Crossed scores times inverse information of the saturated model.

    In complete answers this is Mardia's kurtosis in other words.
    """
    items = len(block.mean)
    if block.complete:
        deviation = block.patterns[0].values - block.mean
        lengths = np.sum(
            deviation @ np.linalg.inv(block.covariance) * deviation, axis=1
        )
        return float(np.mean(lengths**2) / 2 + items * (means - 0.5))
    derivatives = saturated_derivatives(items, means=means)
    own = scores(block, block.mean, block.covariance, derivatives)
    information = observed_information(block, block.mean, block.covariance, derivatives)
    return float(np.sum(inverted(information) * (own.T @ own)))


def _distance(part: _Fitted) -> float:
    """Discrepancy of the saturated moments, as if everyone had answered all."""
    inverse = np.linalg.inv(part.covariance)
    ratio = inverse @ part.block.covariance
    deviation = part.block.mean - part.mean
    _, log_ratio = np.linalg.slogdet(ratio)
    spread = np.trace(ratio) - log_ratio - len(ratio)
    return float(spread + deviation @ inverse @ deviation)


def _expected_distance(parts: list[_Fitted], *, robust: bool) -> float:
    """What the distance would be on average were the model right.

    Zhang & Savalei (2023), Psychological Methods 28(2), 263-283, their versions 3
    (robust) and 6, with unstructured observed information.
    """
    incomplete, complete, gamma, jacobian = [], [], [], []
    for part in parts:
        block, items = part.block, len(part.mean)
        derivatives = saturated_derivatives(items, means=True)
        seen = observed_information(block, block.mean, block.covariance, derivatives)
        incomplete.append(seen)
        complete.append(block.n * _complete_information(block.covariance))
        inverse = inverted(seen)
        if robust:
            own = scores(block, block.mean, block.covariance, derivatives)
            inverse = inverse @ (own.T @ own) @ inverse
        gamma.append(inverse)
        jacobian.append(moment_slopes(part.derivatives) @ part.spread)
    information = sum(j.T @ w @ j for j, w in zip(jacobian, incomplete, strict=True))
    bread = inverted(np.asarray(information))
    crossed = sum(
        j.T @ w @ g @ w @ j for j, w, g in zip(jacobian, incomplete, gamma, strict=True)
    )
    total = 0.0
    for j, w, g, whole in zip(jacobian, incomplete, gamma, complete, strict=True):
        pull_back = j @ bread
        left = g - pull_back @ (j.T @ w @ g)
        left = left - (g @ w @ j) @ pull_back.T + pull_back @ crossed @ pull_back.T
        total += float(np.sum(whole * left))
    return total


def _complete_information(covariance: Array) -> Array:
    """Information of one person who answered every item, saturated model."""
    inverse = np.linalg.inv(covariance)
    derivatives = saturated_derivatives(len(covariance), means=True)
    crossed = derivatives.u @ inverse @ derivatives.v.T
    both = (derivatives.u @ inverse @ derivatives.u.T) * (
        derivatives.v @ inverse @ derivatives.v.T
    )
    return np.asarray(
        both + crossed * crossed.T + derivatives.d @ inverse @ derivatives.d.T
    )


def moment_slopes(derivatives: MomentDerivatives) -> Array:
    """Slopes of means, then variances and covariances, in every move."""
    rows, columns = np.tril_indices(derivatives.u.shape[1])
    spread = derivatives.u[:, rows] * derivatives.v[:, columns]
    spread = spread + derivatives.v[:, rows] * derivatives.u[:, columns]
    return np.asarray(np.hstack([derivatives.d, spread]).T)
