"""A fitted model and its baseline into the results that say how well it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.indices import (
    Excess,
    FitMaker,
    ModelFit,
    chi_square_p,
    close_fit_p,
    standardised_residual,
)

if TYPE_CHECKING:
    from analysis.foundation.results import Result
    from analysis.reliability.confirmatory.estimation import MaximumLikelihood
    from analysis.reliability.confirmatory.misfit import Misfit

NOT_ROBUST = "this estimator makes no correction; ask for a robust one"
NO_LIKELIHOOD = "least squares has no likelihood"
NO_SCALING = "no degrees of freedom, or a scaling factor that is not above zero"
AGAINST = "against independent items"


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
    as_if = "distance as if all had answered (Zhang & Savalei 2023)"
    words = FitWords(
        statistic="twice the log-likelihood lost",
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
        chi_square_df=maker.number("chi_square_df", df, "moments less parameters"),
        chi_square_p=maker.number("chi_square_p", p, "chance of a larger chi-square"),
        **_scaled_test(misfit, maker, words),
        comparative_fit_index=maker.number(
            "comparative_fit_index", plain.comparative_fit, AGAINST
        ),
        tucker_lewis_index=maker.number(
            "tucker_lewis_index", plain.tucker_lewis, AGAINST
        ),
        rmsea=maker.approximation("rmsea", misfit.statistic, 1.0, df, ""),
        rmsea_close_p=maker.number(
            "rmsea_close_p", close, "chance of a larger chi-square were rmsea 0.05"
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
