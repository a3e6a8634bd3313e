"""Define the results and the options of a confirmatory factor model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from scipy import special

from heard.psychometrics.confirmatory.fit import ModelFit
from heard.results import Estimate, Labelled, Result, Unavailable

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.account import Derived


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLoading(Labelled):
    """Loading of one item on one factor."""

    item: str
    factor: str
    loading: Result
    standardised_loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOrderLoading(Labelled):
    """Loading of one factor on a second-order factor."""

    factor: str
    second_order_factor: str
    loading: Result
    standardised_loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRemainder(Labelled):
    """What is one item's own: the variance factors leave, its level, its thresholds."""

    item: str
    residual_variance: Result
    residual_share: Result
    intercept: Result | None = None
    thresholds: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualRelation(Labelled):
    """What two items share beyond their factors."""

    item: str
    other_item: str
    residual_covariance: Result
    residual_correlation: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRelation(Labelled):
    """How two factors go together."""

    factor: str
    other_factor: str
    factor_covariance: Result
    factor_correlation: Result
    heterotrait_monotrait_ratio: Result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorReliability(Labelled):
    """How well the items of one factor measure it."""

    factor: str
    factor_variance: Result
    composite_reliability: Result
    average_variance_extracted: Result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmatoryFactors(Labelled):
    """A fitted factor model.

    Attributes
    ----------
    improper : tuple of str
        Why the solution cannot describe people (a variance below zero); empty if it
        can. Every result's `method` repeats it.
    """

    fit: ModelFit
    loadings: tuple[FactorLoading, ...]
    second_order_loadings: tuple[SecondOrderLoading, ...]
    items: tuple[ItemRemainder, ...]
    relations: tuple[FactorRelation, ...]
    reliability: tuple[FactorReliability, ...]
    residual_relations: tuple[ResidualRelation, ...] = ()
    improper: tuple[str, ...] = ()


# A standard error under this share of its estimate is a fixed number's.
FIXED = 1e-12


def percent(confidence: float) -> str:
    """The coverage in words, refusing one no interval here is meant for."""
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence is {confidence}; give one from 0.5 to below 1")
    return f"{100 * confidence:g} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """Makes results of one block of a fitted model.

    Attributes
    ----------
    method : str
        Model, estimator and missing rule.
    errors : str
        What the standard errors are based on.
    """

    n: int
    confidence: float
    method: str
    errors: str

    def of(
        self, derived: Derived, name: str, *place: int, term: str = "", words: str = ""
    ) -> Result:
        """One derived number with its Wald interval."""
        value, error = derived.of(name, *place)
        return self.wald(term or name, value, error, words)

    def wald(self, term: str, value: float, error: float, words: str = "") -> Result:
        """A number and its standard error, as a result."""
        method = f"{words}; {self.method}" if words else self.method
        if not np.isfinite([value, error]).all():
            reason = "the estimated variances do not allow it"
            return Unavailable(term=term, reason=reason, n=self.n, method=method)
        if error <= FIXED * max(abs(value), 1.0):
            method += "; no interval: fixed, to set the scale"
            return Estimate(term=term, estimate=value, n=self.n, method=method)
        reach = float(special.ndtri((1 + self.confidence) / 2)) * error
        return Estimate.of(
            term,
            value,
            (value - reach, value + reach),
            n=self.n,
            method=f"{method}; {percent(self.confidence)} Wald interval, not "
            f"truncated, {self.errors}",
        )

    def absent(self, term: str, reason: str, words: str = "") -> Unavailable:
        """No number, and why."""
        method = f"{words}; {self.method}" if words else self.method
        return Unavailable(term=term, reason=reason, n=self.n, method=method)


Estimator: TypeAlias = Literal["ml", "mlr", "wlsmv"]
Missing: TypeAlias = Literal["fiml", "listwise", "pairwise"]
Identification: TypeAlias = Literal["variance", "marker"]


def check_options(
    estimator: str,
    missing: Missing | None,
    categories: Sequence[float] | None,
    identification: str,
    confidence: float,
) -> Missing:
    """Refuse options no data could mend; the rule for missing answers."""
    percent(confidence)
    for name, given, known in (
        ("estimator", estimator, get_args(Estimator)),
        ("missing", missing or "fiml", get_args(Missing)),
        ("identification", identification, get_args(Identification)),
    ):
        if given not in known:
            raise ValueError(f"{name} is {given!r}; give one of {', '.join(known)}")
    ordinal = estimator == "wlsmv"
    if ordinal != (categories is not None):
        raise ValueError("give categories with estimator 'wlsmv', and only then")
    if categories is not None and len(set(categories)) < 2:
        raise ValueError("categories must hold at least two different answers")
    known_rules = ("pairwise", "listwise") if ordinal else ("fiml", "listwise")
    rule: Missing = missing or ("pairwise" if ordinal else "fiml")
    if rule not in known_rules:
        raise ValueError(
            f"missing is {rule!r}; estimator {estimator!r} knows "
            + " and ".join(known_rules)
        )
    return rule
