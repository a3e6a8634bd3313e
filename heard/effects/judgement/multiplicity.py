"""Adjust p-values for the number of outcomes tested.

Families and their order are declared before the data are seen; an outcome that is not
declared is exploratory and keeps its own p-value. Oracle: R p.adjust,
tests/oracles/values/judgement.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from statsmodels.stats.multitest import multipletests

from heard.effects.description import Numbers
from heard.errors import DataError
from heard.results import Composite, Estimate, Result, Unavailable

Adjustment: TypeAlias = Literal["fixed_sequence", "holm", "benjamini_hochberg"]
EXPLORATORY = "exploratory"
METHODS = {"holm": "holm", "benjamini_hochberg": "fdr_bh"}  # statsmodels' names
WORDS = {
    "fixed_sequence": "tested in the declared order, each only if all before it hold",
    "holm": "Holm, the chance of any false finding in the family held",
    "benjamini_hochberg": "Benjamini-Hochberg, the expected share of false findings "
    "in the family held",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Outcomes that answer one question, declared in advance.

    - `name`: such as primary or secondary.
    - `outcomes`: in the order in which they count.
    - `adjustment`, {"fixed_sequence", "holm", "benjamini_hochberg"}: how many tests are
      allowed for.
    - `after`: the family this one waits for: it counts only if everything there holds.
      Empty if it waits for none.
    """

    name: str
    outcomes: tuple[str, ...]
    adjustment: Adjustment = "holm"
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedOutcome(Composite):
    """One outcome's p-value, alone and among its family.

    - `outcome`, `family`: their names; the family of an undeclared outcome is
      ``exploratory``.
    - `p_value`: as it came.
    - `adjusted_p_value`: to be set against the level declared; none for an exploratory
      outcome.
    """

    outcome: str
    family: str
    p_value: Result
    adjusted_p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedFamilies(Composite):
    """Every declared outcome in its order, then the exploratory ones."""

    outcomes: tuple[AdjustedOutcome, ...]


def adjust_families(
    p_values: Mapping[str, Result], families: Sequence[Family]
) -> AdjustedFamilies:
    """Adjust p-values within declared families, in their declared order.

    Parameters
    ----------
    p_values : mapping of str to Estimate or Unavailable
        Every tested outcome's p-value. A declared outcome without one still counts:
        as a p of 1, or the number of tests would depend on what could be computed.
    families : sequence of Family
        A family stands after the one it waits for.

    Returns
    -------
    AdjustedFamilies
        An adjusted p-value is the smallest level at which the outcome holds; that of a
        family that waits is never below the largest of the family it waits for.
        Unavailable: no p-value; an exploratory outcome.

    Raises
    ------
    DataError
        An outcome in two families, an empty or repeated family, an unknown adjustment
        or one that waits for a family not declared before it.
    ValueError
        A p-value outside 0 to 1.

    References
    ----------
    Holm (1979), Scandinavian J. of Statistics 6, 65-70; Benjamini & Hochberg (1995),
    J. of the Royal Statistical Society B 57, 289-300; Westfall & Krishen (2001), J. of
    Statistical Planning and Inference 99, 25-40 (serial gatekeeping).
    """
    if faults := family_faults(families):
        raise DataError("families", faults)
    found: list[AdjustedOutcome] = []
    floors: dict[str, float] = {"": 0.0}
    for family in families:
        numbers = np.array([_number(p_values.get(name)) for name in family.outcomes])
        adjusted = np.maximum(
            _adjusted(numbers, family.adjustment), floors[family.after]
        )
        floors[family.name] = float(adjusted.max())
        found += [
            _declared(name, family, p_values.get(name), float(p))
            for name, p in zip(family.outcomes, adjusted, strict=True)
        ]
    declared = {name for family in families for name in family.outcomes}
    found += [_exploratory(k, p) for k, p in p_values.items() if k not in declared]
    return AdjustedFamilies(outcomes=tuple(found))


def family_faults(families: Sequence[Family]) -> list[str]:
    """Everything wrong with the families as declared."""
    faults, seen, known = [], set[str](), set[str]()
    for family in families:
        where = f"family '{family.name}'"
        if not family.name or family.name in known or family.name == EXPLORATORY:
            faults.append(f"{where}: the name is empty, repeated or '{EXPLORATORY}'")
        if not family.outcomes:
            faults.append(f"{where}: no outcomes")
        if family.adjustment not in get_args(Adjustment):
            faults.append(
                f"{where}: unknown adjustment '{family.adjustment}'; known: "
                f"{', '.join(get_args(Adjustment))}"
            )
        if family.after and family.after not in known:
            faults.append(
                f"{where}: waits for '{family.after}', not declared before it"
            )
        for outcome in family.outcomes:
            if outcome in seen:
                faults.append(f"{where}: outcome '{outcome}' is declared twice")
            seen.add(outcome)
        known.add(family.name)
    return faults


def _adjusted(p: Numbers, how: Adjustment) -> Numbers:
    if how == "fixed_sequence":
        return np.maximum.accumulate(p)
    adjusted: Numbers = multipletests(p, method=METHODS[how])[1]
    return adjusted


def _number(result: Result | None) -> float:
    if result is None or isinstance(result, Unavailable):
        return 1.0
    if not 0 <= result.estimate <= 1:
        raise ValueError(f"{result.term} is not a p-value: it must lie from 0 to 1")
    return result.estimate


def _declared(
    outcome: str, family: Family, result: Result | None, adjusted: float
) -> AdjustedOutcome:
    tests = len(family.outcomes)
    waits = f"; only if all of '{family.after}' hold" if family.after else ""
    method = (
        f"family '{family.name}' of {tests}: {WORDS[family.adjustment]}{waits}; "
        "outcomes without a p-value count as 1; no interval: a p-value"
    )
    term = "adjusted_p_value"
    own = result or Unavailable(term="p_value", reason="declared, but not tested")
    of_family: Result = Unavailable(term=term, reason="no p-value to adjust", n=own.n)
    if isinstance(own, Estimate):
        of_family = Estimate(term=term, estimate=adjusted, n=own.n, method=method)
    return AdjustedOutcome(
        outcome=outcome, family=family.name, p_value=own, adjusted_p_value=of_family
    )


def _exploratory(outcome: str, result: Result) -> AdjustedOutcome:
    _number(result)
    reason = "exploratory: not declared in advance, so it can suggest but not confirm"
    return AdjustedOutcome(
        outcome=outcome,
        family=EXPLORATORY,
        p_value=result,
        adjusted_p_value=Unavailable(
            term="adjusted_p_value", reason=reason, n=result.n
        ),
    )
