"""A fitted model and its baseline into the results that say how well it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.indices import (
    FitMaker,
    ModelFit,
    chi_square_p,
    close_fit_p,
    comparative_fit,
    robust_comparative_fit,
    robust_tucker_lewis,
    standardised_residual,
    tucker_lewis,
)

if TYPE_CHECKING:
    from analysis.foundation.results import Result
    from analysis.reliability.confirmatory.estimation import MaximumLikelihood
    from analysis.reliability.confirmatory.misfit import Misfit

NOT_ROBUST = "this estimator makes no correction; ask for a robust one"
SCALING = (
    "chi-square divided by the Yuan-Bentler scaling factor as Mplus takes it, with "
    "observed information"
)


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
    sample, df = fitted.sample, misfit.df
    n, blocks = sample.n, len(sample.blocks)
    maker = FitMaker(n=n, blocks=blocks, method=method)
    log_likelihood, free = fitted.log_likelihood, len(fitted.parameters)
    p = chi_square_p(misfit.statistic, df) if df else None
    close = close_fit_p(misfit.statistic, df, n, blocks) if df else None
    kept = "n, not n - 1"
    return ModelFit(
        chi_square=maker.number(
            "chi_square", misfit.statistic, "twice the log-likelihood lost"
        ),
        chi_square_df=maker.number("chi_square_df", df, "moments less parameters"),
        chi_square_p=maker.number("chi_square_p", p, "chance of a larger chi-square"),
        **_scaled(misfit, maker, robust=fitted.robust),
        comparative_fit_index=maker.number(
            "comparative_fit_index",
            comparative_fit(misfit, baseline),
            "against independent items",
        ),
        tucker_lewis_index=maker.number(
            "tucker_lewis_index",
            tucker_lewis(misfit, baseline),
            "against independent items",
        ),
        rmsea=maker.approximation("rmsea", misfit.statistic, 1.0, df, kept),
        rmsea_close_p=maker.number(
            "rmsea_close_p", close, "chance of a larger chi-square were rmsea 0.05"
        ),
        **_robust(misfit, baseline, maker, robust=fitted.robust),
        standardised_root_mean_square_residual=maker.number(
            "standardised_root_mean_square_residual",
            residual_of(fitted),
            "residuals over observed standard deviations, diagonal included"
            + (", means included" if fitted.model.means else ""),
        ),
        log_likelihood=maker.number("log_likelihood", log_likelihood, "of all answers"),
        akaike_information=maker.number(
            "akaike_information",
            2 * free - 2 * log_likelihood,
            f"{free} parameters",
        ),
        bayesian_information=maker.number(
            "bayesian_information",
            float(np.log(n)) * free - 2 * log_likelihood,
            f"{free} parameters",
        ),
    )


def _scaled(misfit: Misfit, maker: FitMaker, *, robust: bool) -> dict[str, Result]:
    terms = ("scaled_chi_square", "scaled_chi_square_p", "chi_square_scaling")
    if not robust:
        return {term: maker.absent(term, NOT_ROBUST) for term in terms}
    if not misfit.df or misfit.scaling <= 0:
        reason = "no degrees of freedom, or a scaling factor that is not above zero"
        return {term: maker.absent(term, reason) for term in terms}
    statistic = misfit.statistic / misfit.scaling
    values = (statistic, chi_square_p(statistic, misfit.df), misfit.scaling)
    return {
        term: maker.number(term, value, SCALING)
        for term, value in zip(terms, values, strict=True)
    }


def _robust(
    misfit: Misfit, baseline: Misfit, maker: FitMaker, *, robust: bool
) -> dict[str, Result]:
    """Indices for answers that are not normal, or not complete."""
    terms = (
        "robust_comparative_fit_index",
        "robust_tucker_lewis_index",
        "robust_rmsea",
    )
    df = misfit.df
    # A distance other than the statistic: some answers are missing.
    gaps = misfit.distance != misfit.statistic
    if not robust and not gaps:
        return {term: maker.absent(term, NOT_ROBUST) for term in terms}
    if not df or misfit.expected <= 0 or baseline.expected <= 0:
        reason = "no degrees of freedom, or a scaling factor that is not above zero"
        return {term: maker.absent(term, reason) for term in terms}
    words = (
        "distance to the saturated moments as if all had answered (Zhang & Savalei "
        "2023)"
        if gaps
        else "scaling factors put back (Brosseau-Liard & Savalei 2014)"
    )
    scale = misfit.expected / df
    return {
        terms[0]: maker.number(
            terms[0], robust_comparative_fit(misfit, baseline), words
        ),
        terms[1]: maker.number(terms[1], robust_tucker_lewis(misfit, baseline), words),
        terms[2]: maker.approximation(
            terms[2], misfit.distance / scale, scale, df, words
        ),
    }
