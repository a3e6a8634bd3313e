"""Estimate the reliability of n ratings, and how many are needed (D study).

Coefficients and numbers are ratios of variances, so intervals are profiles of the
ratio.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from heard.models.bootstrap import percent
from heard.models.mixed.profile import Bounds, VarianceConstraint
from heard.psychometrics.dependability.components import (
    INTERVALS,
    RESIDUAL,
    VarianceComponents,
    bounded,
    facets_of,
    share_of,
)
from heard.results import Composite, Labelled, Labels, Result, Unavailable

Numbers = Mapping[str, int | Sequence[int]]

RATINGS = "ratings"
Coefficient = Literal["dependability", "generalisability"]
TERMS = {
    "generalisability": "generalisability_coefficient",
    "dependability": "dependability_coefficient",
}
ERRORS = {
    "generalisability": "relative error: what changes the order of the rated",
    "dependability": "absolute error: all that moves a mean but the rated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPoint(Composite):
    """One design: how many of each facet, and what its means are worth."""

    numbers: dict[str, int] = field(hash=False)
    generalisability: Result
    dependability: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionStudy(Labelled):
    """The coefficients of every design asked about."""

    target: str
    points: tuple[DecisionPoint, ...]

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Each coefficient with the numbers of its design."""
        for point in self.points:
            numbers = {name: str(number) for name, number in point.numbers.items()}
            for result in point.results():
                yield numbers, result


def decision_study(
    components: VarianceComponents | Unavailable,
    *,
    target: str,
    numbers: Numbers,
    confidence: float = 0.95,
) -> DecisionStudy | Unavailable:
    """Say how dependable a mean over given numbers of raters, items or ratings is.

    Parameters
    ----------
    components : VarianceComponents
        From `variance_components`; an absence is handed on.
    target : str
        The facet whose members are distinguished, such as ``staff``.
    numbers : mapping
        For each other facet how many of it a mean is based on, one number or several:
        ``{"item": 6, "rater": [1, 3, 10]}``. ``ratings`` counts the ratings within each
        combination: ``{"ratings": [1, 5, 20]}`` where raters are nested. A facet not
        named counts 1. All combinations are computed.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DecisionStudy
        Unitless, from 0 to 1. All facets are random.
    Unavailable
        No components.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapters 4 and 5.
    """
    coverage = percent(confidence)
    if isinstance(components, Unavailable):
        return dataclasses.replace(components, term=TERMS["dependability"])
    counted = _counted(components, target, numbers)
    known: dict[tuple[float, ...], Bounds | None] = {}
    points = []
    for combination in itertools.product(*counted.values()):
        chosen = dict(zip(counted, combination, strict=True))
        found = {}
        for kind in TERMS:
            design = _Design.of(components, target, chosen, kind)
            found[kind] = design.coefficient(known, confidence, coverage)
        points.append(DecisionPoint(numbers=chosen, **found))
    return DecisionStudy(target=target, points=tuple(points))


def raters_needed(
    components: VarianceComponents | Unavailable,
    *,
    target: str,
    required: float,
    over: str = RATINGS,
    numbers: Mapping[str, int] | None = None,
    coefficient: Coefficient = "dependability",
    confidence: float = 0.95,
) -> Result:
    """Say how many raters make the mean as dependable as wished.

    Parameters
    ----------
    components : VarianceComponents
        From `variance_components`; an absence is handed on.
    target : str
        The facet whose members are distinguished.
    required : float
        The reliability wished for, above 0 and below 1.
    over : str
        What is counted: a facet, or ``ratings`` within each combination.
    numbers : mapping of str to int, optional
        How many of each other facet a mean is based on; 1 where not named.
    coefficient : {"dependability", "generalisability"}
        Absolute or relative error.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        Whole raters, rounded up, limits too; `method` has the number before rounding.
        No upper limit where a variance of zero between the rated cannot be ruled out.
    Unavailable
        No variance between the rated, or an error that no number of raters removes.

    References
    ----------
    Brennan (2001), Generalizability Theory.
    """
    term, coverage = "raters_needed", percent(confidence)
    if not 0 < required < 1 or coefficient not in TERMS:
        raise ValueError(
            f"wished {required}, coefficient {coefficient!r}; give a reliability "
            "between "
            f"0 and 1, and one of {', '.join(TERMS)}"
        )
    if isinstance(components, Unavailable):
        return dataclasses.replace(components, term=term)
    chosen = _counted(components, target, {**(numbers or {}), over: 1})
    singles = {name: int(values[0]) for name, values in chosen.items()}
    one = _Design.of(components, target, singles, coefficient)
    many = _Design.of(components, target, {**singles, over: 0}, coefficient)
    constraint = _inverse_number(one, many, required / (1 - required))
    variances = {k: v for k, v in components.variances.items() if k != RESIDUAL}
    inverse = constraint.number(variances, components.variances[RESIDUAL])
    method = (
        f"number of {over} for a {coefficient} of {required:g} "
        f"({ERRORS[coefficient]}); "
        f"{components.basis}; {coverage} interval: {INTERVALS[components.interval]}"
    )
    if inverse <= 0:
        reason = _unreachable(components, target, required)
        return Unavailable(term=term, reason=reason, n=components.n, method=method)
    limits = components.limits(constraint, confidence)
    turned = None if limits is None else (_needed(limits[1]), _needed(limits[0]))
    method += f"; before rounding up {1 / inverse:.2f}"
    return bounded(term, _needed(inverse), turned, components.n, method)


def _inverse_number(one: _Design, many: _Design, odds: float) -> VarianceConstraint:
    """What 1 / n must be: the error is that of many + (one less many) / n."""
    weights = {
        name: (
            odds * many.weights[name],
            odds * (one.weights[name] - many.weights[name]),
        )
        for name in one.weights
    }
    return VarianceConstraint(
        term=one.target,
        others=tuple((name, *w) for name, w in weights.items() if name != RESIDUAL),
        residual=weights[RESIDUAL],
    )


def _needed(inverse: float) -> float:
    """Whole raters; a hair above a whole number is rounding of the fit, not a rater."""
    if inverse <= 0:
        return math.inf
    return max(1.0, float(math.ceil(1 / inverse - 1e-9))) if inverse < math.inf else 1.0


def _unreachable(components: VarianceComponents, target: str, required: float) -> str:
    if components.variances[target] <= 0:
        return f"no variance between {target}: no number of raters can separate them"
    return (
        f"no number reaches {required:g}: some error does not shrink with it; raise "
        "the "
        "numbers of the other facets"
    )


def _counted(
    components: VarianceComponents, target: str, numbers: Numbers
) -> dict[str, tuple[int, ...]]:
    """The numbers of every facet but the target's, in the order of the design."""
    effects = [name for name in components.variances if name != RESIDUAL]
    if target not in effects:
        raise ValueError(f"no facet {target}; there are {', '.join(effects)}")
    facets = dict.fromkeys(f for effect in effects for f in facets_of(effect))
    others = [f for f in facets if f not in facets_of(target)]
    known = [*others, RATINGS]
    if unknown := [name for name in numbers if name not in known]:
        raise ValueError(f"no facet {', '.join(unknown)}; there are {', '.join(known)}")
    found: dict[str, tuple[int, ...]] = {}
    for name in known:
        given = numbers.get(name, 1)
        found[name] = (given,) if isinstance(given, int) else tuple(given)
        if not found[name] or min(found[name]) < 1:
            raise ValueError(f"number of {name}: give 1 or more")
    if RATINGS not in numbers and others:
        del found[RATINGS]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Design:
    """One design's error: the weight of every component in it."""

    components: VarianceComponents
    target: str
    kind: str
    numbers: dict[str, int]
    weights: dict[str, float]

    @classmethod
    def of(
        cls,
        components: VarianceComponents,
        target: str,
        numbers: dict[str, int],
        kind: str,
    ) -> _Design:
        """Divide each component by how many of its facets are averaged; 0: endless."""
        own = set(facets_of(target))
        weights = {}
        for effect in components.variances:
            if effect == target:
                continue
            facets = {*numbers} if effect == RESIDUAL else set(facets_of(effect))
            shares = [1 / numbers[f] if numbers[f] else 0.0 for f in facets - own]
            counts = effect == RESIDUAL or own <= facets or kind == "dependability"
            # what the target is nested in is neither the rated nor an error
            weights[effect] = math.prod(shares) * counts * (not facets <= own)
        return cls(
            components=components,
            target=target,
            kind=kind,
            numbers=numbers,
            weights=weights,
        )

    def coefficient(
        self,
        known: dict[tuple[float, ...], Bounds | None],
        confidence: float,
        coverage: str,
    ) -> Result:
        """The coefficient, its limits found once for all designs of one proportion."""
        variances, n = self.components.variances, self.components.n
        own = variances[self.target]
        error = sum(weight * variances[name] for name, weight in self.weights.items())
        of = ", ".join(f"{number} {name}" for name, number in self.numbers.items())
        method = (
            f"variance of {self.target} / (itself + {self.kind} error) of a mean over "
            f"{of}, all facets random; {ERRORS[self.kind]}; {self.components.basis}"
        )
        if own + error <= 0 or error <= 0:
            reason = "the components leave no error variance, or less than none"
            return Unavailable(term=TERMS[self.kind], reason=reason, n=n, method=method)
        if self.components.fit is not None:
            method += f"; {coverage} interval: {INTERVALS[self.components.interval]}"
        return bounded(
            TERMS[self.kind],
            own / (own + error),
            self._limits(known, confidence),
            n,
            method,
        )

    def _limits(
        self, known: dict[tuple[float, ...], Bounds | None], confidence: float
    ) -> Bounds | None:
        scale = self.weights[RESIDUAL]
        relative = {name: weight / scale for name, weight in self.weights.items()}
        key = tuple(round(weight, 12) for weight in relative.values())
        if key not in known:
            others = tuple(
                (name, 0.0, weight)
                for name, weight in relative.items()
                if name != RESIDUAL
            )
            constraint = VarianceConstraint(
                term=self.target, others=others, residual=(0.0, 1.0)
            )
            known[key] = self.components.limits(constraint, confidence)
        limits = known[key]
        if limits is None:
            return None
        return share_of(limits[0] / scale), share_of(limits[1] / scale)
