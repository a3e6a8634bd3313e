"""A fitted model into the account given of it: loadings, relations, reliability."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from analysis.reliability.confirmatory.heterotrait import (
    comparable_sets,
    covariance_errors,
    heterotrait_ratio,
)
from analysis.reliability.confirmatory.results import (
    ConfirmatoryFactors,
    FactorLoading,
    FactorRelation,
    FactorReliability,
    ItemRemainder,
    SecondOrderLoading,
)
from analysis.reliability.confirmatory.specification import pattern_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.foundation.results import Result
    from analysis.reliability.confirmatory.derived import Derived
    from analysis.reliability.confirmatory.indices import ModelFit
    from analysis.reliability.confirmatory.sample import Block
    from analysis.reliability.confirmatory.specification import Model
    from analysis.reliability.confirmatory.statements import Statements

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
        improper=faults,
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
        reason = f"Heywood case: residual variance below zero for {', '.join(improper_items)}"
        return account.statements.absent(term, reason, words)
    return account.statements.of(account.derived, term, column, words=words)
