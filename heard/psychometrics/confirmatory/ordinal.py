"""Fit a factor model to ordered categories by diagonally weighted least squares.

Thresholds cut a latent response into categories; its scale is 1 in the first group and
free elsewhere once thresholds are constrained. Errors and the scaled and shifted test
(Asparouhov & Muthen 2010) use the full sampling covariance of the moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from heard.models.complete_responses import LISTWISE, Array
from heard.psychometrics.categories import (
    MISSING,
    CategorisedResponses,
    categorised_responses,
)
from heard.psychometrics.confirmatory.estimation import (
    Local,
    Matrices,
    followed,
    matrices,
    moment_derivatives,
    not_definite,
    search,
    slopes,
)
from heard.psychometrics.confirmatory.fit import (
    FitMaker,
    FitWords,
    Misfit,
    ModelFit,
    chi_square_p,
    fit_of,
)
from heard.psychometrics.confirmatory.specification import Kind
from heard.psychometrics.structure.polychoric import Ranks, polychoric_moments

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.specification import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """The matrices of one block, with the thresholds and scales of its items.

    `thresholds` has one row an item; past its last threshold a row holds zeros.
    """

    filled: Matrices
    thresholds: Any
    scales: Any


def latent(model: Model, parameters: Any, block: int, most: int) -> Latent:
    """Put the parameters into the matrices of one block of ordinal items.

    `most`: the largest number of thresholds of any item.
    """
    filled = matrices(model, parameters, block)
    items = len(model.items)
    thresholds = np.zeros((items, most), dtype=parameters.dtype)
    scales = np.ones(items, dtype=parameters.dtype)
    for kind, rows, columns, values, places in model.filling[block]:
        entries = np.where(places < 0, values, parameters[places])
        if kind == Kind.THRESHOLD:
            thresholds[rows, columns] = entries
        elif kind == Kind.SCALE:
            scales[rows] = entries
    common = filled.through @ filled.factor_covariance @ filled.through.T
    rest = filled.residual_covariance.copy()
    diagonal = np.arange(items)
    rest[diagonal, diagonal] = 1 / scales**2 - np.diagonal(common)
    return Latent(
        filled=Matrices(
            loadings=filled.loadings,
            regressions=filled.regressions,
            factor_covariance=filled.factor_covariance,
            residual_covariance=rest,
            intercepts=filled.intercepts,
            factor_means=filled.factor_means,
        ),
        thresholds=thresholds,
        scales=scales,
    )


def implied(found: Latent, cuts: tuple[int, ...]) -> Any:
    """Thresholds item by item, then correlations in the order of `pairs`."""
    mean, covariance = found.filled.mean, found.filled.covariance
    level = found.scales[:, None] * (found.thresholds - mean[:, None])
    correlation = covariance * np.outer(found.scales, found.scales)
    rows, columns = np.triu_indices(len(mean), 1)
    has_threshold = np.arange(level.shape[1]) < np.array(cuts)[:, None]
    return np.concatenate([level[has_threshold], correlation[rows, columns]])


def implied_slopes(
    model: Model, found: Latent, block: int, cuts: tuple[int, ...]
) -> Any:
    """How they move with each free cell, shape (n_moments, n_cells)."""
    cells = model.free_by_block[block]
    derivatives = moment_derivatives(model, found.filled, block)
    scales = found.scales
    mean, covariance = found.filled.mean, found.filled.covariance
    rows, columns = np.triu_indices(len(scales), 1)
    has_threshold = np.arange(found.thresholds.shape[1]) < np.array(cuts)[:, None]
    owner, rank = np.nonzero(has_threshold)
    by_level = -scales[owner] * derivatives.d[:, owner]
    by_pair = derivatives.u[:, rows] * derivatives.v[:, columns]
    by_pair = by_pair + derivatives.v[:, rows] * derivatives.u[:, columns]
    by_pair = by_pair * (scales[rows] * scales[columns])
    for place, cell in enumerate(cells):
        if cell.kind == Kind.THRESHOLD:
            by_level[place] = scales[owner] * (
                (owner == cell.row) & (rank == cell.column)
            )
        elif cell.kind == Kind.SCALE:
            own = owner == cell.row
            by_level[place] = own * (found.thresholds[owner, rank] - mean[owner])
            touched = (rows == cell.row) * scales[columns]
            touched = touched + (columns == cell.row) * scales[rows]
            by_pair[place] = covariance[rows, columns] * touched
    return np.concatenate([by_level, by_pair], axis=1).T


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalBlock:
    """Estimated moments of one group: thresholds, then correlations.

    `cuts`: thresholds of each item.
    `moments`, shape (n_moments,).
    `errors`, shape (n_moments, n_moments): their sampling covariance, with divisor n -
      1 as other programs take it.
    """

    n: int
    cuts: tuple[int, ...]
    moments: Array
    errors: Array

    @property
    def weights(self) -> Array:
        """One over each moment's sampling variance."""
        return np.asarray(1 / np.diag(self.errors))

    @property
    def correlations(self) -> Array:
        """The correlations alone, in the order of their pairs."""
        return self.moments[sum(self.cuts) :]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalSample:
    """All groups, or the `fault` that stands in the way."""

    blocks: tuple[OrdinalBlock, ...]
    n: int
    missing: str
    fault: str = ""


@dataclass(frozen=True)
class LeastSquares:
    """A model fitted to ordinal moments; `fault` says why it is none."""

    model: Model
    sample: OrdinalSample
    parameters: Array
    fault: str = ""

    @cached_property
    def latents(self) -> tuple[Latent, ...]:
        """The matrices of every block, with thresholds and scales."""
        return tuple(
            _latent(self.model, self.sample, self.parameters, place)
            for place in range(len(self.sample.blocks))
        )

    @cached_property
    def filled(self) -> tuple[Matrices, ...]:
        """The matrices of every block."""
        return tuple(found.filled for found in self.latents)

    @cached_property
    def jacobian(self) -> Array:
        """Slopes of the moments of all blocks in the parameters."""
        return np.vstack(
            [
                implied_slopes(self.model, found, place, block.cuts)
                @ self.model.spread_by_block[place]
                for place, (found, block) in enumerate(
                    zip(self.latents, self.sample.blocks, strict=True)
                )
            ]
        )

    @cached_property
    def residuals(self) -> tuple[Array, ...]:
        """Moments found less moments implied, by block."""
        return tuple(
            block.moments - implied(found, block.cuts)
            for found, block in zip(self.latents, self.sample.blocks, strict=True)
        )

    @cached_property
    def statistic(self) -> float:
        """The weighted sum of squares that was made least."""
        blocks = zip(self.residuals, self.sample.blocks, strict=True)
        return float(
            sum(np.sum(block.weights * deviation**2) for deviation, block in blocks)
        )

    @cached_property
    def weights(self) -> Array:
        """Weights of the moments of all blocks."""
        return np.concatenate([block.weights for block in self.sample.blocks])

    @cached_property
    def errors(self) -> Array:
        """Sampling covariance of the moments of all blocks."""
        return _block_diagonal([block.errors for block in self.sample.blocks])

    @cached_property
    def inverse_curvature(self) -> Array:
        """One over the curvature of half the sum of squares."""
        weighted = self.weights[:, None] * self.jacobian
        return np.asarray(np.linalg.inv(self.jacobian.T @ weighted))

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the estimates, by the whole covariance of the moments."""
        pull = self.inverse_curvature @ (self.weights[:, None] * self.jacobian).T
        return np.asarray(pull @ self.errors @ pull.T)

    @cached_property
    def leverage(self) -> Array:
        """What makes residuals of the moments: identity less the projection."""
        pull = self.inverse_curvature @ (self.weights[:, None] * self.jacobian).T
        return np.eye(len(self.weights)) - self.jacobian @ pull

    @cached_property
    def traces(self) -> tuple[float, float]:
        """Trace of the statistic's matrix times the errors, and of its square."""
        both = (self.weights[:, None] * self.leverage) @ self.errors
        return float(np.trace(both)), float(np.sum(both * both.T))


def least_squares(model: Model, sample: OrdinalSample) -> LeastSquares:
    """Fit a model by diagonally weighted least squares.

    Returns: with a `fault` where the search did not end at a minimum, or the moments do
      not identify the parameters.
    """

    def slope(parameters: Any) -> Any:
        return _slope(model, sample, parameters)

    def value(parameters: Array) -> float:
        total = 0.0
        for place, block in enumerate(sample.blocks):
            found = _latent(model, sample, parameters, place)
            if (found.scales <= 0).any():
                return float(np.inf)
            deviation = block.moments - implied(found, block.cuts)
            total += float(np.sum(block.weights * deviation**2)) / 2
        return total if np.isfinite(total) else float(np.inf)

    def at(parameters: Array) -> Local:
        fitted = LeastSquares(model=model, sample=sample, parameters=parameters)
        weighted = fitted.weights[:, None] * fitted.jacobian
        deviation = np.concatenate(fitted.residuals)
        return Local(
            fitted.statistic / 2, -weighted.T @ deviation, weighted.T @ fitted.jacobian
        )

    found = search(at, value, model.start)
    fault = found.reason
    if not fault and not_definite(found.local.curvature):
        fault = "the model is not identified: the information is singular"
    parameters = found.parameters
    if not fault:
        curvature = slopes(slope, parameters)
        if not_definite(curvature):
            fault = "the sum of squares is not at a minimum where the search ended"
        else:
            parameters = followed(at, found, curvature)
    return LeastSquares(model=model, sample=sample, parameters=parameters, fault=fault)


def _latent(model: Model, sample: OrdinalSample, parameters: Any, place: int) -> Latent:
    return latent(model, parameters, place, max(sample.blocks[place].cuts))


def _slope(model: Model, sample: OrdinalSample, parameters: Any) -> Any:
    total = np.zeros(len(parameters), dtype=parameters.dtype)
    for place, block in enumerate(sample.blocks):
        found = _latent(model, sample, parameters, place)
        deviation = block.weights * (block.moments - implied(found, block.cuts))
        jacobian = implied_slopes(model, found, place, block.cuts)
        total -= (deviation @ jacobian) @ model.spread_by_block[place]
    return total


def _block_diagonal(parts: list[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    size = sum(len(part) for part in parts)
    whole = np.zeros((size, size))
    start = 0
    for part in parts:
        stop = start + len(part)
        whole[start:stop, start:stop] = part
        start = stop
    return whole


PAIRWISE = "each correlation from the participants who answered both items"
SINGULAR = 1e-8


def ordinal_sample(
    responses: pd.DataFrame,
    categories: Sequence[float],
    *,
    missing: str,
    groups: pd.Series | None = None,
    names: Sequence[str] = ("",),
    waves: int = 1,
) -> OrdinalSample:
    """Estimate thresholds and polychoric correlations of every group.

    `responses`, shape (n_participants, n_items): keyed responses; NaN if unanswered.
    `categories`: the answers the codebook allows. One that is empty in a group is
      merged with its neighbour in all of them.
    `missing`, {"listwise", "pairwise"}.
    `groups`, shape (n_participants,): the group of each participant, one of `names`;
      no one without one.
    `waves`: how many waves stand side by side, as many columns each; their categories
      are merged alike.
    """
    answered = responses.notna().to_numpy(dtype=bool)
    enough = responses.shape[1] if missing == "listwise" else 1
    kept = np.flatnonzero(answered.sum(axis=1) >= enough)
    rows = responses.iloc[kept]
    items = [str(name) for name in responses.columns]
    members = None if groups is None else groups.iloc[kept].to_numpy()
    found = _categorised(rows, categories, members, waves)
    words = (LISTWISE if missing == "listwise" else PAIRWISE) + found.merged
    n = len(rows)
    if fault := found.fault or _one_category(found):
        n = 0 if found.fault else n
        return OrdinalSample(blocks=(), n=n, missing=words, fault=fault)
    ranks: Ranks = np.hstack(np.split(found.ranks, waves))
    counts = found.counts * waves
    blocks = []
    for name in names:
        own = ranks if members is None else ranks[members == name]
        block, reason = _block(own, counts, items)
        if block is None:
            where = f"{name}: " if name else ""
            return OrdinalSample(blocks=(), n=n, missing=words, fault=where + reason)
        blocks.append(block)
    return OrdinalSample(blocks=tuple(blocks), n=n, missing=words)


def _categorised(
    rows: pd.DataFrame, categories: Sequence[float], members: Any, waves: int
) -> CategorisedResponses:
    """Answers as ranks; waves one under the other, so that they are merged alike."""
    if waves == 1:
        groups = None if members is None else pd.Series(members)
        return categorised_responses(rows, categories, groups)
    size = rows.shape[1] // waves
    first = rows.columns[:size]
    parts = [
        rows.iloc[:, wave * size : (wave + 1) * size].set_axis(first, axis=1)
        for wave in range(waves)
    ]
    of_wave = pd.Series(np.repeat(np.arange(waves), len(rows)))
    return categorised_responses(
        pd.concat(parts, ignore_index=True), categories, of_wave
    )


def _one_category(found: CategorisedResponses) -> str:
    """The items that cannot vary, in words; empty if all can."""
    items = zip(found.names, found.counts, strict=True)
    constant = [name for name, count in items if count < 2]
    if not constant:
        return ""
    return (
        f"{len(constant)} of {len(found.names)} items have one category left: "
        + ", ".join(constant)
    )


def _block(
    ranks: Ranks, counts: tuple[int, ...], items: list[str]
) -> tuple[OrdinalBlock | None, str]:
    """Moments of one group, or why it has none."""
    if reason := _too_few(ranks, items):
        return None, reason
    moments = polychoric_moments(ranks, counts)
    faults = [fault for fault in moments.faults if fault]
    if faults:
        return None, f"{len(faults)} pairs of items: {faults[0]}"
    if np.linalg.eigvalsh(moments.correlations)[0] < SINGULAR:
        return None, "the polychoric correlations are no possible correlation matrix"
    errors = moments.covariance() * len(ranks) / (len(ranks) - 1)
    if (np.diag(errors) <= 0).any():
        return None, "a threshold or correlation has no sampling variance"
    return (
        OrdinalBlock(
            n=len(ranks),
            cuts=tuple(count - 1 for count in counts),
            moments=np.concatenate([*moments.thresholds, moments.rho]),
            errors=errors,
        ),
        "",
    )


def _too_few(ranks: Ranks, items: list[str]) -> str:
    """What the answers of one group lack; empty if they suffice."""
    if len(ranks) <= len(items):
        return f"{len(ranks)} participants; more than {len(items)} needed"
    known = (ranks != MISSING).astype(float)
    together = known.T @ known
    silent = [item for item, n in zip(items, np.diag(together), strict=True) if n == 0]
    if silent:
        return f"no one answered {', '.join(silent)}"
    never_together = np.argwhere(np.tril(together < 2))
    pairs = "; ".join(
        f"{items[two]} and {items[one]}" for one, two in never_together[:5]
    )
    return f"fewer than 2 participants answered both {pairs}" * bool(pairs)


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
    """Test the equality constraints of `constrained` over `free`: chi-square, df, p.

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
