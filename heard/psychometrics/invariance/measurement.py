"""Test measurement invariance between groups or waves, full or partial.

Includes the differences in factors at the scalar level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from heard.models.complete_responses import Responses, read_responses
from heard.psychometrics.confirmatory.factors import HOW
from heard.psychometrics.confirmatory.ordinal import OrdinalSample, ordinal_sample
from heard.psychometrics.confirmatory.results import (
    Estimator,
    Identification,
    Missing,
    Statements,
    check_options,
)
from heard.psychometrics.confirmatory.sample import Sample, sample_of
from heard.psychometrics.confirmatory.specification import specification_fault
from heard.psychometrics.invariance.levels import (
    INTERCEPTS,
    LOADINGS,
    RESIDUALS,
    THRESHOLDS,
    Fitted,
    LevelSetup,
    ordinal_sections,
    sections_of,
)
from heard.psychometrics.invariance.results import (
    FactorDifference,
    InvarianceLevel,
    InvarianceRule,
    MeasurementInvariance,
)
from heard.results import Result, Unavailable

SCALES = {
    False: "in standard deviations of the factor in the first group or wave",
    True: "in units of the factor's first item",
}


def factor_differences(
    fitted: list[Fitted], n: int, confidence: float, method: str
) -> tuple[FactorDifference, ...]:
    """Means and variances of the factors against the first group or wave.

    Empty where the scalar level could not be fitted: without equal intercepts a
    difference of means says nothing of the factors.
    """
    scalar = next((one for one in fitted if one.level == "scalar"), None)
    if scalar is None:
        return ()
    estimate = scalar.estimate
    errors = np.sqrt(np.diag(estimate.covariance))
    statements = Statements(
        n=n,
        confidence=confidence,
        method=f"scalar invariance; {SCALES[scalar.plan.marker]}; {method}",
        errors="standard errors of the estimator",
    )

    def result(term: str, parameter: str) -> Result:
        if parameter not in estimate.model.places:
            return statements.absent(term, "it is fixed, to set the scale")
        place = estimate.model.places[parameter]
        value, error = float(estimate.parameters[place]), float(errors[place])
        return statements.wald(term, value, error)

    return tuple(
        FactorDifference(
            factor=factor,
            group=section.name,
            latent_mean_difference=result(
                "latent_mean_difference", f"mean {factor!r} @{section.name!r}"
            ),
            latent_variance=result(
                "latent_variance", f"variance {factor!r} @{section.name!r}"
            ),
        )
        for section in scalar.plan.sections[1:]
        for factor in scalar.plan.factors
    )


TERM = "measurement_invariance"


def measurement_invariance(
    responses: Responses,
    *,
    factors: Mapping[str, Sequence[str]],
    groups: pd.Series | None = None,
    waves: Mapping[str, Sequence[str]] | None = None,
    free: Mapping[str, Sequence[str]] | None = None,
    estimator: Estimator = "mlr",
    missing: Missing | None = None,
    categories: Sequence[float] | None = None,
    identification: Identification = "variance",
    rule: InvarianceRule | None = None,
    confidence: float = 0.95,
) -> MeasurementInvariance | Unavailable:
    """Test whether items measure the same in every group, or in every wave.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses; NaN if unanswered. For waves one row a participant, with the
        columns of all waves side by side.
    factors : mapping
        Factor → its items; for waves names of items, which `waves` finds columns for.
    groups : Series, shape (n_participants,), optional
        The group of each participant, aligned by position. Who has none takes no part.
        The first group (in order of its categories, else sorted) is the one others
        are set against.
    waves : mapping, optional
        Wave → its columns, in the order in which `factors` first names the items.
        Give either groups or waves.
    free : mapping, optional
        Partial invariance: loadings, intercepts, residuals or thresholds → the items
        not constrained in this respect.
    estimator, missing, categories, identification, confidence
        As of `confirmatory_factors`.
    rule : InvarianceRule, optional
        When a level counts as holding.

    Returns
    -------
    MeasurementInvariance
        Configural, metric, scalar and strict levels; for ordinal answers configural,
        thresholds, metric and scalar. `comparable` says whether means may be compared.
    Unavailable
        Fewer than two groups or waves, too few participants in one, or a configural
        model that cannot be fitted.

    Raises
    ------
    ValueError
        Options that do not go together, or names that are not there.

    References
    ----------
    Meredith (1993), Psychometrika 58(4), 525-543.
    Wu & Estabrook (2016), Psychometrika 81(4), 1014-1045.
    """
    ladder = ladder_of(
        responses,
        factors=factors,
        groups=groups,
        waves=waves,
        free=free,
        estimator=estimator,
        missing=missing,
        categories=categories,
        identification=identification,
        rule=rule,
        confidence=confidence,
    )
    if isinstance(ladder, Unavailable):
        return ladder
    return _account(ladder, confidence)


def ladder_of(
    responses: Responses,
    *,
    factors: Mapping[str, Sequence[str]],
    groups: pd.Series | None = None,
    waves: Mapping[str, Sequence[str]] | None = None,
    free: Mapping[str, Sequence[str]] | None = None,
    estimator: Estimator = "mlr",
    missing: Missing | None = None,
    categories: Sequence[float] | None = None,
    identification: Identification = "variance",
    rule: InvarianceRule | None = None,
    confidence: float = 0.95,
) -> LevelSetup | Unavailable:
    """The levels that `measurement_invariance` tests, before any is fitted."""
    responses = read_responses(responses)
    missing = check_options(estimator, missing, categories, identification, confidence)
    items = tuple(dict.fromkeys(i for named in factors.values() for i in named))
    responses = responses.set_axis([str(name) for name in responses.columns], axis=1)
    set_free = _set_free(free or {}, items, ordinal=estimator == "wlsmv")
    if (groups is None) == (waves is None):
        raise ValueError("give either groups or waves")
    names = _sections(responses, items, factors, groups, waves)
    method = _method(items, factors, names, estimator, by_waves=waves is not None)
    if len(names) < 2:
        kind = "groups" if waves is None else "waves"
        reason = f"number of {kind} {len(names)}; at least 2 needed"
        return Unavailable(term=TERM, reason=reason, method=method)
    sample = _sample(
        responses,
        items,
        groups=groups,
        waves=waves,
        names=names,
        missing=missing,
        categories=categories,
    )
    method = f"{method}; {sample.missing}"
    if fault := sample.fault or _two_categories(sample):
        return Unavailable(term=TERM, reason=fault, n=sample.n, method=method)
    size = len(items), len(factors)
    by_waves = waves is not None
    return LevelSetup(
        items=items,
        factors=factors,
        sections=sections_of(sample, names, *size, by_waves=by_waves)
        if isinstance(sample, Sample)
        else ordinal_sections(sample, names, *size, by_waves=by_waves),
        free=set_free,
        marker=identification == "marker",
        sample=sample,
        estimator=estimator,
        method=method,
        rule=rule or InvarianceRule(),
    )


def _account(
    ladder: LevelSetup, confidence: float
) -> MeasurementInvariance | Unavailable:
    """Fit every level and say what each lost against the one before."""
    fitted, faults = ladder.fit_levels()
    n, method = ladder.sample.n, ladder.method
    if not fitted or fitted[0].level != "configural":
        return Unavailable(term=TERM, reason=faults[0], n=n, method=method)
    return MeasurementInvariance(
        levels=tuple(
            ladder.account(one, before, n)
            for one, before in zip(fitted, [None, *fitted], strict=False)
        ),
        differences=factor_differences(fitted, n, confidence, method),
        rule=ladder.rule,
        free=tuple(
            f"{kind} of {', '.join(sorted(named))}"
            for kind, named in ladder.free.items()
            if named
        ),
        missing_levels=tuple(faults),
    )


def _set_free(
    free: Mapping[str, Sequence[str]], items: tuple[str, ...], *, ordinal: bool
) -> dict[str, frozenset[str]]:
    """The items set free, by what of them; refusing what is not there."""
    known = (LOADINGS, INTERCEPTS, THRESHOLDS if ordinal else RESIDUALS)
    for kind, named in free.items():
        if kind not in known:
            raise ValueError(f"free names {kind!r}; give {', '.join(known)}")
        if strange := sorted(set(named) - set(items)):
            raise ValueError(
                f"free {kind} of {', '.join(strange)}: not among the items"
            )
    return {kind: frozenset(named) for kind, named in free.items()}


def _sections(
    responses: pd.DataFrame,
    items: tuple[str, ...],
    factors: Mapping[str, Sequence[str]],
    groups: pd.Series | None,
    waves: Mapping[str, Sequence[str]] | None,
) -> tuple[str, ...]:
    """Names of the groups or waves, after a look at columns and lengths."""
    columns = list(responses.columns)
    if waves is None:
        assert groups is not None, "one of the two is given"
        if len(groups) != len(responses):
            raise ValueError("groups and responses differ in length")
        if fault := specification_fault(columns, factors, {}):
            raise ValueError(fault)
        return tuple(str(name) for name in _ordered(groups))
    if fault := specification_fault(items, factors, {}):
        raise ValueError(fault)
    for wave, named in waves.items():
        if len(named) != len(items) or len(set(named)) != len(named):
            raise ValueError(
                f"wave {wave} names {len(set(named))} columns; {len(items)} needed, "
                "one an item"
            )
        if strange := [name for name in named if name not in columns]:
            raise ValueError(f"{', '.join(strange)}: not among the columns")
    return tuple(str(wave) for wave in waves)


def _ordered(groups: pd.Series) -> list[object]:
    """The groups anybody is in: in the order of their categories, else sorted."""
    present = groups.dropna()
    if hasattr(present, "cat"):
        return list(present.cat.remove_unused_categories().cat.categories)
    return sorted(present.unique(), key=str)


def _sample(
    responses: pd.DataFrame,
    items: tuple[str, ...],
    *,
    groups: pd.Series | None,
    waves: Mapping[str, Sequence[str]] | None,
    names: tuple[str, ...],
    missing: Missing,
    categories: Sequence[float] | None,
) -> Sample | OrdinalSample:
    """The answers of all groups or waves, sorted for the estimator."""
    if waves is not None:
        wide = responses[[name for named in waves.values() for name in named]]
        if categories is None:
            return sample_of(wide, missing=missing)
        return ordinal_sample(wide, categories, missing=missing, waves=len(waves))
    assert groups is not None, "one of the two is given"
    member = groups.notna().to_numpy(dtype=bool)
    chosen, known = responses.loc[member, list(items)], groups[member].astype(str)
    if categories is None:
        places = {name: place for place, name in enumerate(names)}
        labels = np.array([places[name] for name in known], dtype=np.int64)
        return sample_of(chosen, missing=missing, labels=labels, names=names)
    return ordinal_sample(
        chosen, categories, missing=missing, groups=known, names=names
    )


def _two_categories(sample: Sample | OrdinalSample) -> str:
    """Why ordinal answers cannot be compared; empty if they can."""
    if isinstance(sample, Sample) or min(sample.blocks[0].cuts) > 1:
        return ""
    few = sum(cuts < 2 for cuts in sample.blocks[0].cuts)
    return (
        f"{few} items have two categories: one threshold cannot identify the level of "
        "an item from its scale; at least 3 categories needed"
    )


def _method(
    items: tuple[str, ...],
    factors: Mapping[str, Sequence[str]],
    names: tuple[str, ...],
    estimator: str,
    *,
    by_waves: bool,
) -> str:
    shape = "; ".join(f"{name} by {', '.join(of)}" for name, of in factors.items())
    kind = "waves, what items leave over correlated" if by_waves else "groups"
    return (
        f"factor model of {len(items)} items: {shape}; {len(names)} {kind}: "
        f"{', '.join(names)}; {HOW[estimator]}"
    )


# Items of a factor that must stay equal for its scale and level to be the same.
MINIMUM_EQUAL = 2
FREED_AT = {"metric": "loadings", "scalar": "intercepts"}


def partial_invariance(
    responses: Responses,
    *,
    factors: Mapping[str, Sequence[str]],
    **asked: Any,
) -> MeasurementInvariance | Unavailable:
    """Free, one after the other, the equality most denied, until scalar holds.

    At the first level that does not hold, the item with the largest score test of that
    level's own kind (loadings, then intercepts) is set free and everything is fitted
    again; two items of every factor always stay equal. What is found so is a
    description of these data: tests of a model found by search are too kind to it.

    Parameters
    ----------
    responses, factors, **asked
        As of `measurement_invariance`, by maximum likelihood.

    Returns
    -------
    MeasurementInvariance
        With what was set free in `free`; it may still not hold.
    Unavailable
        As of `measurement_invariance`.
    """
    responses = read_responses(responses)
    if asked.get("estimator") == "wlsmv":
        raise ValueError("score tests need maximum likelihood: estimator ml or mlr")
    free = {
        kind: list(named) for kind, named in (asked.pop("free", None) or {}).items()
    }
    while True:
        found = measurement_invariance(responses, factors=factors, free=free, **asked)
        if not isinstance(found, MeasurementInvariance):
            return found
        release = _next(found, factors, free)
        if release is None:
            return found
        kind, item = release
        free.setdefault(kind, []).append(item)


def _next(
    found: MeasurementInvariance,
    factors: Mapping[str, Sequence[str]],
    free: Mapping[str, Sequence[str]],
) -> tuple[str, str] | None:
    """What to free next; None where nothing has to be, or may be."""
    first_rejected = next((level for level in found.levels if not level.holds), None)
    if first_rejected is None or first_rejected.level not in FREED_AT:
        return None
    kind = FREED_AT[first_rejected.level]
    item = _worst_equality(first_rejected, kind, factors, free.get(kind, ()))
    return None if item is None else (kind, item)


def _worst_equality(
    level: InvarianceLevel,
    kind: str,
    factors: Mapping[str, Sequence[str]],
    freed: Sequence[str],
) -> str | None:
    """The item whose equality is denied most, of those that may be freed."""
    closed = {
        item
        for named in factors.values()
        for item in named
        if len(set(named) - set(freed)) <= MINIMUM_EQUAL
    }
    for test in level.equality_tests:
        if test.constrained == kind and test.item not in closed | set(freed):
            return test.item
    return None
