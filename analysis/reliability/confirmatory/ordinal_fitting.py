"""A model fitted to ordinal moments into how well it fits.

The test is scaled and shifted so that its mean and variance are those of chi-square
(Asparouhov & Muthen 2010).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.fitting import FitWords, fit_of
from analysis.reliability.confirmatory.indices import FitMaker, ModelFit, chi_square_p
from analysis.reliability.confirmatory.misfit import Misfit

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.least_squares import (
        LeastSquares,
        OrdinalBlock,
        OrdinalSample,
    )

WORDS = FitWords(
    statistic="weighted sum of squares times n - 1; compare only scaled ones",
    scaled="scaled and shifted to the mean and variance of chi-square",
    robust="maximum-likelihood distance of the correlations (Savalei 2021)",
    residual="residuals of the correlations, diagonal included",
)


def shifted(df: int, traces: tuple[float, float]) -> tuple[float, float]:
    """Divisor and shift that give a statistic the mean and variance of chi-square."""
    first, second = traces
    if not df or second <= 0:
        return 1.0, 0.0
    scaling = float(np.sqrt(second / df))
    return scaling, float(df - np.sqrt(df * first**2 / second))


def ordinal_misfit(fitted: LeastSquares) -> Misfit:
    """How far a fitted model is from the ordinal moments."""
    df = len(fitted.weights) - len(fitted.parameters)
    scaling, shift = shifted(df, fitted.traces)
    distance, expected = _robust_distance(fitted)
    return Misfit(
        statistic=fitted.statistic,
        df=df,
        scaling=scaling,
        shift=shift,
        distance=distance,
        expected=expected,
    )


def ordinal_baseline(sample: OrdinalSample) -> Misfit:
    """How far independent items are, whose thresholds fit perfectly."""
    statistic, df, first, second, distance, expected = 0.0, 0, 0.0, 0.0, 0.0, 0.0
    for block in sample.blocks:
        found, start = block.correlations, sum(block.cuts)
        weights = block.weights[start:]
        errors = block.errors[start:, start:]
        both = weights[:, None] * errors
        statistic += float(np.sum(weights * found**2))
        df += len(found)
        first += float(np.trace(both))
        second += float(np.sum(both * both.T))
        matrix = correlation_matrix(found, len(block.cuts))
        distance -= block.n * float(np.linalg.slogdet(matrix)[1])
        expected += (block.n - 1) * float(np.trace(errors))
    scaling, shift = shifted(df, (first, second))
    return Misfit(
        statistic=statistic,
        df=df,
        scaling=scaling,
        shift=shift,
        distance=distance,
        expected=expected,
    )


def ordinal_fit(
    fitted: LeastSquares, misfit: Misfit, baseline: Misfit, method: str
) -> ModelFit:
    """Every index of a model fitted to ordinal moments."""
    sample = fitted.sample
    maker = FitMaker(
        n=sample.n,
        blocks=len(sample.blocks),
        method=method,
        weight=sample.n - len(sample.blocks),
    )
    residuals = [
        np.sqrt(2 * np.sum(deviation[sum(block.cuts) :] ** 2) / _triangle(block))
        for deviation, block in zip(fitted.residuals, sample.blocks, strict=True)
    ]
    weights = [block.n for block in sample.blocks]
    residual = float(np.average(residuals, weights=weights))
    return fit_of(misfit, baseline, maker, WORDS, residual=residual)


def _triangle(block: OrdinalBlock) -> int:
    """Twice the number of variances and covariances of the items."""
    return len(block.cuts) * (len(block.cuts) + 1)


def _robust_distance(fitted: LeastSquares) -> tuple[float, float]:
    """Distance of the correlations alone, and its mean were the model right.

    Only where thresholds are free to fit perfectly, as in one group and in the
    configural model; else not a number.
    """
    unfitted = max(
        float(np.abs(deviation[: sum(block.cuts)]).max())
        for deviation, block in zip(fitted.residuals, fitted.sample.blocks, strict=True)
    )
    if unfitted > 1e-6:
        return float("nan"), float("nan")
    distance, expected, start = 0.0, 0.0, 0
    leverage, errors = fitted.leverage, fitted.errors
    for place, block in enumerate(fitted.sample.blocks):
        implied = block.correlations - fitted.residuals[place][sum(block.cuts) :]
        items = len(block.cuts)
        ratio = np.linalg.solve(
            correlation_matrix(implied, items),
            correlation_matrix(block.correlations, items),
        )
        spread = np.trace(ratio) - np.linalg.slogdet(ratio)[1] - items
        distance += block.n * float(spread)
        stop = start + len(block.moments)
        rows = leverage[start + sum(block.cuts) : stop]
        scatter = rows @ errors @ rows.T
        weight = _correlation_information(correlation_matrix(implied, items))
        expected += (block.n - 1) * float(np.sum(weight * scatter))
        start = stop
    return distance, expected


def correlation_matrix(correlations: Array, items: int) -> Array:
    """Correlations in the order of their pairs, as a matrix."""
    matrix = np.eye(items)
    rows, columns = np.triu_indices(items, 1)
    matrix[rows, columns] = matrix[columns, rows] = correlations
    return matrix


def _correlation_information(correlation: Array) -> Array:
    """Information of one person about the correlations, normal, variances known."""
    inverse = np.linalg.inv(correlation)
    rows, columns = np.triu_indices(len(correlation), 1)
    straight = inverse[np.ix_(rows, rows)] * inverse[np.ix_(columns, columns)]
    crossed = inverse[np.ix_(rows, columns)] * inverse[np.ix_(columns, rows)]
    return np.asarray(straight + crossed)


def ordinal_difference(
    free: LeastSquares, constrained: LeastSquares
) -> tuple[float, int, float]:
    """Test what `constrained` holds equal beyond `free`: chi-square, df, p.

    Satorra (2000), with the constraints found from the slopes of both models, scaled
    and shifted.
    """
    pull = free.inverse_curvature @ (free.weights[:, None] * free.jacobian).T
    _, _, right = np.linalg.svd((pull @ constrained.jacobian).T)
    constraints = right[constrained.jacobian.shape[1] :]
    df = len(constraints)
    bread = constraints @ free.inverse_curvature @ constraints.T
    both = np.linalg.solve(bread, constraints @ free.covariance @ constraints.T)
    traces = float(np.trace(both)), float(np.sum(both * both.T))
    difference = constrained.statistic - free.statistic
    scaling, shift = shifted(df, traces)
    statistic = max(difference / scaling + shift, 0.0)
    return statistic, df, chi_square_p(statistic, df)
