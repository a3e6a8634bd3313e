"""Repeat the comparison on negative control outcomes, which should not change.

An "effect" on waiting times, or of sessions not yet attended on earlier scores, shows
that the arms differ in something else. Finding none proves little; the interval shows
what the check could have missed. Oracle: R clubSandwich,
tests/oracles/values/compared.json.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from heard.effects.designs.difference_in_differences import (
    Comparison,
    complete_rows,
    difference_in_differences,
    score_fault,
)
from heard.effects.effect_sizes import pooled_deviation
from heard.models.cluster_robust import cluster_robust_fit
from heard.results import Composite, Estimate, Result, Unavailable

NO_CONTROL = "no outcome named that the pilot cannot move"


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsificationRow(Composite):
    """One outcome's comparison, for the table of what moved and what must not.

    - `outcome`: column of the outcome.
    - `role`, {"outcome", "negative_control"}: whether the pilot could have moved it.
    - `falsification_effect`: difference in differences, in the outcome's units.
    - `falsification_standardised_effect`: in standard deviations before, to set
      outcomes side by side.
    - `falsification_p_value`: of no effect.
    - `falsification_holm_p_value`: corrected for the number of negative controls;
      outcomes have none.
    """

    outcome: str
    role: str
    falsification_effect: Result
    falsification_standardised_effect: Result
    falsification_p_value: Result
    falsification_holm_p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsificationTable(Composite):
    """Every outcome and negative control by the same model."""

    smallest_negative_control_p_value: Result
    by_outcome: tuple[FalsificationRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardisedEffect(Composite):
    """What the comparison of one outcome found.

    - `effect`, `p_value`: in the outcome's units, and of no effect.
    - `spread`: standard deviation before, pooled within arms; 0 where there is none.
    """

    effect: Result
    p_value: Result
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureDose(Composite):
    """Whether sessions attended later predict scores before."""

    future_dose_slope: Result
    future_dose_p_value: Result


def falsification_table(
    frame: pd.DataFrame,
    comparison: Comparison,
    *,
    outcomes: Sequence[str],
    negative_controls: Sequence[str],
) -> FalsificationTable:
    """Compare outcomes, and what the pilot cannot have moved, by the same model.

    Parameters
    ----------
    frame : DataFrame, one row a participant and wave
        As `difference_in_differences` takes it, a column for every outcome.
    comparison : Comparison
        Waves, arms and columns.
    outcomes, negative_controls : sequence of str
        Columns the pilot aims at, and columns it cannot reach (waiting,
        appropriateness). Name them in the plan, before seeing the data.

    Returns
    -------
    FalsificationTable
        ``smallest_negative_control_p_value`` is Holm's smallest: small if some control
        moved. Unavailable where the comparison is, or no control is named.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen (2010), Epidemiology 21(3), 383-388; Holm
    (1979), Scandinavian J. of Statistics 6(2), 65-70.
    """
    found = {
        name: estimate_effect(frame, comparison, score=name)
        for name in dict.fromkeys([*outcomes, *negative_controls])
    }
    return side_by_side(found, negative_controls=negative_controls)


def estimate_effect(
    frame: pd.DataFrame, comparison: Comparison, *, score: str
) -> StandardisedEffect:
    """What one outcome's comparison found, and its spread before within the arms.

    Parameters
    ----------
    frame, comparison, score
        As for `difference_in_differences`.
    """
    found = difference_in_differences(frame, comparison, score=score)
    rows = complete_rows(frame, scores=[score], labels=["wave", "arm"])
    rows = rows[rows["wave"].isin(comparison.before())]
    arms = [
        rows.loc[rows["arm"] == arm, score].to_numpy(dtype=float)
        for arm in (comparison.treated, comparison.control)
    ]
    enough = all(len(arm) > 1 for arm in arms)
    return StandardisedEffect(
        effect=found.difference_in_differences,
        p_value=found.difference_in_differences_p_value,
        spread=pooled_deviation(*arms) if enough else 0.0,
    )


def side_by_side(
    found: Mapping[str, StandardisedEffect], *, negative_controls: Sequence[str]
) -> FalsificationTable:
    """Show comparisons of several outcomes side by side, however they were made.

    Parameters
    ----------
    found : mapping of str to StandardisedEffect
        Outcome → what its comparison found.
    negative_controls : sequence of str
        Those that the pilot cannot have moved; all others are its outcomes.

    Returns
    -------
    FalsificationTable
        As of `falsification_table`.
    """
    corrected = _holm({name: found[name].p_value for name in negative_controls})
    return FalsificationTable(
        smallest_negative_control_p_value=_smallest(list(corrected.values())),
        by_outcome=tuple(
            _row(name, part, corrected.get(name)) for name, part in found.items()
        ),
    )


def future_dose(
    frame: pd.DataFrame,
    *,
    dose: str = "sessions",
    before: str = "before",
    cluster: str = "cluster",
) -> FutureDose:
    """Test whether future attendance predicts the score before.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        The score before, how many sessions were attended after it, and the cluster.
        Those who could not attend (the comparison arm) should not be among the rows.
    dose, before, cluster : str
        Columns.

    Returns
    -------
    FutureDose
        Score units for one session more, with a CR2 interval; n counts participants.
        Far from zero: the keen differed to begin with. Unavailable: fewer than 5
        clusters, equal attendance, or all scores are the same.
    """
    terms = "future_dose_slope", "future_dose_p_value"
    rows = complete_rows(frame, scores=[before, dose], labels=[cluster])
    fault = score_fault(rows, [before, dose])
    if not fault and rows[dose].nunique() < 2:
        fault = "everyone attended equally often: no dose to compare"
    if fault:
        slope, p_value = (Unavailable(term=t, reason=fault, n=len(rows)) for t in terms)
        return FutureDose(future_dose_slope=slope, future_dose_p_value=p_value)
    design = np.column_stack([np.ones(len(rows)), rows[dose].to_numpy(dtype=float)])
    fit = cluster_robust_fit(
        rows[before].to_numpy(dtype=float) - float(rows[before].mean()),
        design,
        rows[cluster].to_numpy(),
        names=["one", dose],
    )
    if isinstance(fit, Unavailable):
        slope, p_value = (dataclasses.replace(fit, term=term) for term in terms)
        return FutureDose(future_dose_slope=slope, future_dose_p_value=p_value)
    what = "score before for one session more attended after it"
    found = fit.estimate(dose, term=terms[0]), fit.p_value(dose, term=terms[1])
    with_method = [dataclasses.replace(r, method=f"{what}; {r.method}") for r in found]
    return FutureDose(
        future_dose_slope=with_method[0], future_dose_p_value=with_method[1]
    )


def _row(
    name: str, found: StandardisedEffect, corrected: Result | None
) -> FalsificationRow:
    effect = found.effect
    holm = corrected or Unavailable(
        term="falsification_holm_p_value",
        reason="an outcome of the pilot: not one of the negative controls",
        n=effect.n,
    )
    return FalsificationRow(
        outcome=name,
        role="outcome" if corrected is None else "negative_control",
        falsification_effect=dataclasses.replace(effect, term="falsification_effect"),
        falsification_standardised_effect=_standardised(effect, found.spread),
        falsification_p_value=dataclasses.replace(
            found.p_value, term="falsification_p_value"
        ),
        falsification_holm_p_value=holm,
    )


def _standardised(effect: Result, spread: float) -> Result:
    term = "falsification_standardised_effect"
    if isinstance(effect, Unavailable):
        return dataclasses.replace(effect, term=term)
    if spread == 0:
        reason = "scores before do not vary within the arms"
        return Unavailable(term=term, reason=reason, n=effect.n, n_unit=effect.n_unit)
    low, high = effect.conf_low, effect.conf_high
    return Estimate.of(
        term,
        effect.estimate / spread,
        (
            None if low is None else low / spread,
            None if high is None else high / spread,
        ),
        n=effect.n,
        n_unit=effect.n_unit,
        method=f"over the standard deviation before, pooled within arms, its own error "
        f"left out; {effect.method}",
    )


def _holm(p_values: dict[str, Result]) -> dict[str, Result]:
    """Holm's correction over the controls whose p is known."""
    term = "falsification_holm_p_value"
    known = {k: p for k, p in p_values.items() if isinstance(p, Estimate)}
    found: dict[str, Result] = {
        name: dataclasses.replace(result, term=term)
        for name, result in p_values.items()
        if isinstance(result, Unavailable)
    }
    if not known:
        return found
    corrected = multipletests([p.estimate for p in known.values()], method="holm")[1]
    for (name, result), value in zip(known.items(), corrected, strict=True):
        method = f"Holm's correction over {len(known)} negative controls; "
        found[name] = Estimate.of(
            term,
            value,
            n=result.n,
            n_unit=result.n_unit,
            method=method + result.method,
        )
    return found


def _smallest(corrected: list[Result]) -> Result:
    term = "smallest_negative_control_p_value"
    known = [result for result in corrected if isinstance(result, Estimate)]
    if not known:
        reason = NO_CONTROL
        if corrected and isinstance(corrected[0], Unavailable):
            reason = corrected[0].reason
        return Unavailable(term=term, reason=reason)
    least = min(known, key=lambda result: result.estimate)
    return dataclasses.replace(least, term=term)
