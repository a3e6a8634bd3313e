"""Report a fitted factor model: loadings, relations, reliability, HTMT.

Everything is a function of the parameters; its error follows by the delta method, with
derivatives exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from heard.models.complete_responses import Array
from heard.psychometrics.confirmatory.estimation import (
    Matrices,
    inverted,
    observed_information,
    saturated_derivatives,
    scores,
    slopes,
)
from heard.psychometrics.confirmatory.fit import ModelFit
from heard.psychometrics.confirmatory.results import (
    ConfirmatoryFactors,
    FactorLoading,
    FactorRelation,
    FactorReliability,
    ItemRemainder,
    ResidualRelation,
    SecondOrderLoading,
)
from heard.psychometrics.confirmatory.sample import Block
from heard.psychometrics.confirmatory.specification import Model, pattern_of
from heard.results import Result

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.results import Statements


def covariance_errors(block: Block) -> Array:
    """Sampling covariance of the saturated variances and covariances, robust."""
    items = len(block.mean)
    derivatives = saturated_derivatives(items, means=True)
    own = scores(block, block.mean, block.covariance, derivatives)
    bread = inverted(
        observed_information(block, block.mean, block.covariance, derivatives)
    )
    return np.asarray((bread @ (own.T @ own) @ bread)[items:, items:])


def heterotrait_ratio(
    covariance: Array, errors: Array, first: Sequence[int], second: Sequence[int]
) -> tuple[float, float]:
    """Ratio and standard error for two sets of items.

    `covariance`, shape (n_items, n_items).
    `errors`, shape (n_moments, n_moments): sampling covariance of its lower triangle,
      row by row.
    """
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    across, one, two = (
        _pair_weights(len(spread), left, right)
        for left, right in ((first, second), (first, first), (second, second))
    )
    size = np.abs(correlation)
    means = [float(np.sum(weights * size)) for weights in (across, one, two)]
    ratio = means[0] / np.sqrt(means[1] * means[2])
    pull = across / means[0] - one / (2 * means[1]) - two / (2 * means[2])
    # By each correlation, then by what correlations are made of.
    by_pair = ratio * np.sign(correlation) * pull
    slopes = by_pair / np.outer(spread, spread)
    diagonal_part = (by_pair + by_pair.T) * correlation
    np.fill_diagonal(slopes, -diagonal_part.sum(axis=1) / (2 * spread**2))
    steepness = slopes[np.tril_indices(len(spread))]
    variance = float(steepness @ errors @ steepness)
    return float(ratio), float(np.sqrt(max(variance, 0.0)))


def _pair_weights(items: int, first: Sequence[int], second: Sequence[int]) -> Array:
    """Weights, below the diagonal, that average over the pairs of two sets of items."""
    weights = np.zeros((items, items))
    for left in first:
        for right in second:
            if left != right:
                weights[max(left, right), min(left, right)] = 1
    return np.asarray(weights / weights.sum())


def comparable_sets(
    factors: Mapping[str, Sequence[str]], first: str, second: str
) -> bool:
    """Whether two factors have two items or more each, and share none."""
    one, two = set(factors[first]), set(factors[second])
    return len(one) > 1 and len(two) > 1 and not one & two


COMPOSITE = (
    "composite reliability (omega) of the sum of the factor's items: squared sum of "
    "its loadings times its variance / model-implied variance of the sum"
)
OF_SECOND_ORDER = (
    "share of the sum of all items that the second-order factor explains, / "
    "model-implied variance of the sum"
)
UNSEEN = (
    "reliability of the sum of the unseen numbers behind the categories, which is not "
    "that of the sum of the answers (categorical omega)"
)
EXTRACTED = (
    "average variance extracted: sum of squared loadings times the factor's variance / "
    "sum of the model-implied variances of its items"
)
RATIO = (
    "heterotrait-monotrait ratio: mean absolute correlation between the two factors' "
    "items / geometric mean of those within each"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account is given from; `block` is None where answers are ordinal."""

    model: Model
    factors: Mapping[str, Sequence[str]]
    second_order: Mapping[str, Sequence[str]]
    derived: Derived
    statements: Statements
    block: Block | None
    improper_items: tuple[str, ...]
    thresholds: Mapping[tuple[int, int], tuple[float, float]] = field(
        default_factory=dict
    )


def account_of(
    account: Account, fit: ModelFit, faults: tuple[str, ...]
) -> ConfirmatoryFactors:
    """Give the whole account of a fitted model."""
    return ConfirmatoryFactors(
        fit=fit,
        loadings=_loadings(account),
        second_order_loadings=_second_order(account),
        items=_items(account),
        relations=_relations(account),
        reliability=_reliability(account),
        residual_relations=_residual_relations(account),
        improper=faults,
    )


def _residual_relations(account: Account) -> tuple[ResidualRelation, ...]:
    """Of the pairs whose residuals may correlate, in the order declared."""
    items, statements, derived = (
        account.model.items,
        account.statements,
        account.derived,
    )
    return tuple(
        ResidualRelation(
            item=items[row],
            other_item=items[column],
            residual_covariance=statements.of(derived, "residual_covariance", place),
            residual_correlation=statements.of(derived, "residual_correlation", place),
        )
        for place, (row, column) in enumerate(account.model.residual_pairs)
    )


def _loadings(account: Account) -> tuple[FactorLoading, ...]:
    model, statements, derived = account.model, account.statements, account.derived
    return tuple(
        FactorLoading(
            item=model.items[row],
            factor=model.factors[column],
            loading=statements.of(derived, "loading", row, column),
            standardised_loading=statements.of(
                derived, "standardised_loading", row, column
            ),
        )
        for row, column in pattern_of(model.items, account.factors)
    )


def _second_order(account: Account) -> tuple[SecondOrderLoading, ...]:
    names, statements, derived = (
        account.model.factors,
        account.statements,
        account.derived,
    )
    found = []
    for above, named in account.second_order.items():
        for factor in named:
            place = names.index(factor), names.index(above)
            found.append(
                SecondOrderLoading(
                    factor=factor,
                    second_order_factor=above,
                    loading=statements.of(
                        derived, "second_order_loading", *place, term="loading"
                    ),
                    standardised_loading=statements.of(
                        derived,
                        "standardised_second_order_loading",
                        *place,
                        term="standardised_loading",
                    ),
                )
            )
    return tuple(found)


def _items(account: Account) -> tuple[ItemRemainder, ...]:
    statements, derived = account.statements, account.derived
    return tuple(
        ItemRemainder(
            item=item,
            residual_variance=statements.of(derived, "residual_variance", row),
            residual_share=statements.of(derived, "residual_share", row),
            intercept=statements.of(derived, "intercept", row)
            if account.model.means and account.block
            else None,
            thresholds=tuple(
                statements.wald(f"threshold_{rank + 1}", *found)
                for (owner, rank), found in account.thresholds.items()
                if owner == row
            ),
        )
        for row, item in enumerate(account.model.items)
    )


def _relations(account: Account) -> tuple[FactorRelation, ...]:
    names, statements, derived = (
        account.model.factors,
        account.statements,
        account.derived,
    )
    ratios = _ratios(account)
    found = []
    for one, two in combinations(range(len(names)), 2):
        of_second_order = names[one] in account.second_order
        if of_second_order or names[two] in account.second_order:
            continue
        found.append(
            FactorRelation(
                factor=names[one],
                other_factor=names[two],
                factor_covariance=statements.of(derived, "factor_covariance", two, one),
                factor_correlation=statements.of(
                    derived, "factor_correlation", two, one
                ),
                heterotrait_monotrait_ratio=ratios.get((names[one], names[two])),
            )
        )
    return tuple(found)


def _ratios(account: Account) -> dict[tuple[str, str], Result]:
    """The heterotrait-monotrait ratio of every pair of factors that has one."""
    pairs = [
        (one, two)
        for one, two in combinations(account.factors, 2)
        if comparable_sets(account.factors, one, two)
    ]
    if account.block is None or not pairs:
        return {}
    errors = covariance_errors(account.block)
    items = account.model.items
    places = {
        name: [items.index(item) for item in named]
        for name, named in account.factors.items()
    }
    return {
        (one, two): account.statements.wald(
            "heterotrait_monotrait_ratio",
            *heterotrait_ratio(
                account.block.covariance, errors, places[one], places[two]
            ),
            RATIO,
        )
        for one, two in pairs
    }


def _reliability(account: Account) -> tuple[FactorReliability, ...]:
    names, statements, derived = (
        account.model.factors,
        account.statements,
        account.derived,
    )
    found = []
    for column, name in enumerate(names):
        variance = statements.of(
            derived, "factor_covariance", column, column, term="factor_variance"
        )
        if name in account.second_order:
            whole = statements.of(
                derived,
                "share_of_sum",
                column,
                term="second_order_reliability",
                words=OF_SECOND_ORDER,
            )
            found.append(
                FactorReliability(
                    factor=name, factor_variance=variance, composite_reliability=whole
                )
            )
            continue
        found.append(
            FactorReliability(
                factor=name,
                factor_variance=variance,
                composite_reliability=_unless_improper(
                    account,
                    name,
                    "composite_reliability",
                    column,
                    COMPOSITE if account.block else f"{COMPOSITE}; {UNSEEN}",
                ),
                average_variance_extracted=_unless_improper(
                    account, name, "average_variance_extracted", column, EXTRACTED
                ),
            )
        )
    return tuple(found)


def _unless_improper(
    account: Account, factor: str, term: str, column: int, words: str
) -> Result:
    """A coefficient of a factor, unless one of its items has a negative variance."""
    if improper_items := [
        i for i in account.factors[factor] if i in account.improper_items
    ]:
        listed = ", ".join(improper_items)
        reason = f"Heywood case: residual variance below zero for {listed}"
        return account.statements.absent(term, reason, words)
    return account.statements.of(account.derived, term, column, words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Named arrays of estimates, and arrays of the same shapes of standard errors."""

    values: dict[str, Array]
    errors: dict[str, Array]

    def of(self, name: str, *place: int) -> tuple[float, float]:
        """One estimate and its standard error."""
        return float(self.values[name][place]), float(self.errors[name][place])


def derived_of(
    fill: Callable[[Any], Matrices],
    parameters: Array,
    covariance: Array,
    pairs: Sequence[tuple[int, int]] = (),
) -> Derived:
    """Work out everything reported of one block.

    `fill`: parameters → the matrices of the block.
    `pairs`: items whose residuals correlate.
    """

    def flat(stepped: Any) -> Any:
        found = reported(fill(stepped), pairs)
        return np.concatenate([array.ravel() for array in found.values()])

    values = reported(fill(parameters), pairs)
    jacobian = slopes(flat, parameters)
    variances = np.sum(jacobian @ covariance * jacobian, axis=1)
    errors, start = {}, 0
    for name, array in values.items():
        part = variances[start : start + array.size]
        errors[name] = np.sqrt(np.maximum(part, 0)).reshape(array.shape)
        start += array.size
    return Derived(values=values, errors=errors)


def reported(filled: Matrices, pairs: Sequence[tuple[int, int]] = ()) -> dict[str, Any]:
    """Everything reported of one block, by name; real or complex."""
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    shared = filled.residual_covariance[rows, columns]
    own = np.prod(np.diagonal(filled.residual_covariance)[[rows, columns]], axis=0)
    among = filled.total_factor_covariance
    covariance = filled.covariance
    variance = np.diagonal(among)
    item_spread = np.sqrt(np.diagonal(covariance))
    spread = np.sqrt(np.where(variance == 0, 1, variance))
    standardised = filled.loadings * spread / item_spread[:, None]
    residual = np.diagonal(filled.residual_covariance)
    belongs = (filled.loadings != 0).astype(float)
    within = np.einsum("if,ij,jf->f", belongs, covariance, belongs)
    of_items = belongs.T @ np.diagonal(covariance)
    common = filled.loadings.sum(axis=0) ** 2 * variance
    squares = (filled.loadings**2).sum(axis=0) * variance
    through = (filled.loadings @ filled.resolved).sum(axis=0)
    return {
        "loading": filled.loadings,
        "standardised_loading": standardised,
        "residual_variance": residual,
        "residual_share": residual / np.diagonal(covariance),
        "residual_covariance": shared,
        "residual_correlation": shared / np.sqrt(np.where(own.real > 0, own, np.nan)),
        "intercept": filled.intercepts,
        "factor_mean": filled.factor_means,
        "factor_covariance": among,
        "factor_correlation": among / np.outer(spread, spread),
        "second_order_loading": filled.regressions,
        "standardised_second_order_loading": filled.regressions
        * spread
        / spread[:, None],
        "composite_reliability": common / np.where(within == 0, 1, within),
        "average_variance_extracted": squares / np.where(of_items == 0, 1, of_items),
        "share_of_sum": through**2
        * np.diagonal(filled.factor_covariance)
        / covariance.sum(),
    }


def improper(model: Model, filled: Matrices) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why a solution cannot describe people, and the items that are to blame.

    A negative variance, or factors that correlate beyond 1: Heywood's case.
    """
    residual = np.diagonal(filled.residual_covariance)
    improper_items = tuple(
        item for item, left in zip(model.items, residual, strict=True) if left < 0
    )
    faults = []
    if improper_items:
        faults.append(
            "Heywood case: the estimated residual variance is below zero for "
            + ", ".join(improper_items)
        )
    whole = filled.residual_covariance
    if not improper_items and np.linalg.eigvalsh(whole)[0] < 0:
        faults.append(
            "the estimated covariance of the residuals is impossible: residuals "
            "correlate beyond 1"
        )
    if np.linalg.eigvalsh(filled.factor_covariance)[0] < 0:
        faults.append(
            "the estimated covariance of the factors is impossible: a variance is "
            "below zero, or factors correlate beyond 1"
        )
    return tuple(faults), improper_items
