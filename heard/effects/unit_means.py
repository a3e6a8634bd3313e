"""Compare arms of allocated units (teams, sites), one number a unit.

The error is HC2's with Bell and McCaffrey's degrees of freedom: with as many units in
each arm this is the pooled t test, and unlike that it stays right with unequal numbers.
The means given are those whose difference is the estimate. Oracles: R t.test,
estimatr and clubSandwich, tests/oracles/values/unit_means.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from heard.effects.description import MINIMUM_CLUSTERS, Numbers, is_constant
from heard.effects.effect_sizes import NO_VARIATION, deviation, first_coefficient
from heard.effects.judgement.equivalence import UncertainEffect
from heard.errors import DataError
from heard.models.cluster_robust import cluster_robust_fit, dummies
from heard.results import Described, Estimate, Result, Unavailable

Summary: TypeAlias = Literal["change", "after", "adjusted"]
Effect: TypeAlias = UncertainEffect | Unavailable

MINIMUM_PER_ARM = 3
MINIMUM_DEGREES = 2.0
TERMS: dict[Summary, str] = {
    "change": "difference_in_change",
    "after": "difference_after",
    "adjusted": "adjusted_mean_difference",
}
WHAT: dict[Summary, str] = {
    "change": "difference of the arms' mean changes",
    "after": "difference of the arms' means after",
    "adjusted": "difference after, adjusted for the score before by least squares "
    "(ANCOVA, one slope)",
}
NO_STRATUM = "no stratum holds both arms"
NO_BASELINE_SPREAD = "scores before do not vary within the arms: they cannot adjust"
FEW_DEGREES = "fewer than 2 degrees of freedom: the numbers of {unit}s are too unequal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMeans(Described):
    """One arm: how many, and the means its part of the estimate is made of.

    - `arm`: its name.
    - `n_units`, `n_people`: that the means rest on.
    - `before`, `after`: means of the units' means, each unit once; with strata, at the
      same mix of strata in both arms. After is adjusted where the estimate is. None
      where there is none.
    """

    arm: str
    n_units: int
    n_people: int
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """After less before."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitComparison(Described):
    """Two arms of units compared.

    - `effect`: treated minus control, or why it is unknown; n counts people.
    - `treated`, `control`: the arms' numbers and means. Their difference in change
      (after, where that is the summary) is the effect.
    - `n_strata`, `n_strata_left_out`: strata compared within, 1 without any; and those
      that hold one arm alone, which show nothing.
    - `method`, `n_unit`: how it was made, and what n counts.
    """

    effect: Effect
    treated: ArmMeans
    control: ArmMeans
    n_strata: int
    n_strata_left_out: int
    method: str
    n_unit: str = ""

    @property
    def n_units(self) -> int:
        """Units of both arms."""
        return self.treated.n_units + self.control.n_units

    def result(self) -> Result:
        """The effect with its 95 % interval."""
        return as_result(self.effect, method=self.method, n_unit=self.n_unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange(Described):
    """One group of units without a comparison.

    - `effect`: the mean change, or why it has no interval; n counts people.
    - `group`: its numbers and means.
    - `method`, `n_unit`: how it was made, and what n counts.
    """

    effect: Effect
    group: ArmMeans
    method: str
    n_unit: str = ""

    def result(self) -> Result:
        """The mean change with its 95 % interval."""
        return as_result(self.effect, method=self.method, n_unit=self.n_unit)


def as_result(effect: Effect, *, method: str, n_unit: str = "") -> Result:
    """An effect with its 95 % interval, or its absence, as a result."""
    if isinstance(effect, Unavailable):
        return Unavailable(
            term=effect.term,
            reason=effect.reason,
            n=effect.n,
            n_unit=n_unit,
            method=method,
        )
    return Estimate.of(
        effect.term,
        effect.effect,
        effect.limits(),
        n=effect.n,
        n_unit=n_unit,
        method=method,
    )


def compare_unit_means(
    units: pd.DataFrame,
    *,
    treated: str,
    control: str,
    summary: Summary | None = None,
    term: str = "",
    unit: str = "team",
    n_unit: str = "",
    least: int = MINIMUM_PER_ARM,
) -> UnitComparison:
    """Compare two arms by the means of the units that were allocated.

    Parameters
    ----------
    units : DataFrame, one row a unit
        Columns ``arm``, ``after`` and ``people``; ``before`` if there was a wave
        before, ``stratum`` if units were allocated within strata. Units lacking a
        number, and other arms, are left out.
    treated, control : str
        The arms.
    summary : {"change", "after", "adjusted"}, optional
        After less before; after alone; or after, adjusted for before (ANCOVA). By
        default the change where there is a before.
    term : str
        What the effect is called; by default after the summary.
    unit : str
        What a unit is called in words, such as ``site``.
    n_unit : str
        What ``people`` counts; empty: participants.
    least : int
        Fewest units of an arm. Of 2 the interval holds, and is very wide; of 1 there
        is none.

    Returns
    -------
    UnitComparison
        Score units, treated minus control, each unit once. Its effect is Unavailable
        with fewer than 3 units in an arm, no stratum that holds both arms, fewer than
        2 degrees of freedom, or no variation.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28(2), 169-181; Imbens & Kolesar
    (2016), Review of Economics and Statistics 98(4), 701-712.
    """
    how = summary or ("change" if "before" in units.columns else "after")
    arms = treated, control
    rows = usable_units(units, arms, how)
    kept = rows[in_mixed_strata(rows)]
    term = term or TERMS[how]
    fault = _fault(rows, kept, arms, unit, least)
    effect: Effect = Unavailable(term=term, reason=fault, n=_people(rows))
    if not fault:
        effect = _effect(kept, treated, how, term=term, unit=unit, least=least)
    used = kept if isinstance(effect, UncertainEffect) else rows
    gap = effect.effect if isinstance(effect, UncertainEffect) else None
    means = arm_means(used, arms, how, gap)
    return UnitComparison(
        effect=effect,
        treated=means[0],
        control=means[1],
        n_strata=kept["stratum"].nunique(),
        n_strata_left_out=rows["stratum"].nunique() - kept["stratum"].nunique(),
        method=_method(kept, how, effect, unit),
        n_unit=n_unit,
    )


def mean_of_units(
    units: pd.DataFrame,
    *,
    summary: Literal["change", "after"] | None = None,
    term: str = "mean_change",
    unit: str = "team",
    n_unit: str = "",
) -> UnitChange:
    """Average the changes of one group's units, with a t interval on units less 1.

    Parameters
    ----------
    units : DataFrame, one row a unit
        As `compare_unit_means` takes it; no arm is needed.
    summary : {"change", "after"}, optional
        By default the change where there is a before.
    term, unit, n_unit : str
        As of `compare_unit_means`.

    Returns
    -------
    UnitChange
        Score units. Its effect is Unavailable under 5 units, or where all are alike.
    """
    how = summary or ("change" if "before" in units.columns else "after")
    rows = usable_units(units.assign(arm=""), ("",), how)
    values = unit_values(rows, how)
    n, count = _people(rows), len(rows)
    fault = ""
    if count < MINIMUM_CLUSTERS:
        fault = (
            f"fewer than {MINIMUM_CLUSTERS} {unit}s: no interval that respects "
            "clustering can be given"
        )
    elif is_constant(values, scale=_scale(rows)):
        fault = f"every {unit} has the same number: no interval can be given"
    effect: Effect = Unavailable(term=term, reason=fault, n=n)
    if not fault:
        effect = UncertainEffect(
            term=term,
            effect=float(values.mean()),
            standard_error=float(values.std(ddof=1)) / count**0.5,
            degrees_of_freedom=count - 1.0,
            n=n,
        )
    return UnitChange(
        effect=effect,
        group=plain_means(rows, ""),
        method=f"mean of {count} {unit}s' means, each {unit} once; t interval on "
        f"{unit}s",
        n_unit=n_unit,
    )


def usable_units(
    units: pd.DataFrame, arms: tuple[str, ...], how: Summary
) -> pd.DataFrame:
    """Units of these arms that lack nothing; stratum empty where none is given."""
    waves = ["after"] if how == "after" else ["before", "after"]
    wanted = ["arm", *waves, "people"]
    if missing := [name for name in wanted if name not in units.columns]:
        raise DataError("units", f"columns missing: {', '.join(missing)}")
    given = units if "stratum" in units.columns else units.assign(stratum="")
    optional = [n for n in ("before", "sampling_variance") if n in units.columns]
    rows = given[[*dict.fromkeys([*wanted, "stratum", *optional])]]
    rows = rows[rows["arm"].isin(arms)]
    return rows.dropna(subset=[*wanted, "stratum"]).astype(dict.fromkeys(waves, float))


def in_mixed_strata(rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether a unit's stratum holds more than one arm."""
    return rows.groupby("stratum", observed=True)["arm"].transform("nunique") > 1


def _fault(
    rows: pd.DataFrame,
    kept: pd.DataFrame,
    arms: tuple[str, str],
    unit: str,
    least: int,
) -> str:
    for among, where in ((rows, ""), (kept, ", of strata that hold both arms")):
        if among is kept and not len(kept):
            return NO_STRATUM
        if min(int((among["arm"] == arm).sum()) for arm in arms) < least:
            return too_few(unit, where)
    return ""


def too_few(unit: str, where: str = "") -> str:
    """Why so few units give no interval."""
    return (
        f"fewer than {MINIMUM_PER_ARM} {unit}s in an arm{where}: no interval that "
        f"respects {unit}s can be given"
    )


def _people(rows: pd.DataFrame) -> int:
    return int(rows["people"].sum())


def unit_values(rows: pd.DataFrame, how: Summary) -> Numbers:
    """The one number of each unit: its change, or its mean after."""
    after = rows["after"].to_numpy(dtype=float)
    if how == "change":
        return np.asarray(after - rows["before"].to_numpy(dtype=float))
    return np.asarray(after)


def _scale(rows: pd.DataFrame) -> float:
    waves = [name for name in ("before", "after") if name in rows.columns]
    return float(np.abs(rows[waves].to_numpy(dtype=float)).max(initial=0.0))


def _effect(
    rows: pd.DataFrame, treated: str, how: Summary, *, term: str, unit: str, least: int
) -> Effect:
    values, design = unit_values(rows, how), _design(rows, treated)
    if how == "adjusted":
        return _adjusted(rows, values, design, term=term, unit=unit)
    n = _people(rows)
    # Centred: the contrast is the same, and large scores lose no digits.
    centred = np.asarray(values - values.mean())
    if deviation(_left(centred, design), scale=_scale(rows)) == 0:
        return Unavailable(term=term, reason=NO_VARIATION, n=n)
    names = ["arm", *(f"stratum {place}" for place in range(design.shape[1] - 1))]
    # A unit a cluster: CR2 is HC2 then, and Satterthwaite's degrees Bell-McCaffrey's.
    fit = cluster_robust_fit(centred, design, np.arange(len(rows)), names=names)
    if isinstance(fit, Unavailable):
        return Unavailable(term=term, reason=fit.reason, n=n)
    # Of a unit alone in its arm nothing shows how far its number may vary.
    if isinstance(shown := fit.estimate("arm", term=term), Unavailable):
        return Unavailable(term=term, reason=shown.reason, n=n)
    degrees = fit.degrees_of_freedom("arm")
    if least >= MINIMUM_PER_ARM and degrees < MINIMUM_DEGREES:
        return Unavailable(term=term, reason=FEW_DEGREES.format(unit=unit), n=n)
    return UncertainEffect(
        term=term,
        effect=fit.value("arm"),
        standard_error=fit.standard_error("arm"),
        degrees_of_freedom=degrees,
        n=n,
    )


def _adjusted(
    rows: pd.DataFrame, values: Numbers, design: Numbers, *, term: str, unit: str
) -> Effect:
    """Regress the units' means after on arm, strata and the means before."""
    n, before = _people(rows), rows["before"].to_numpy(dtype=float)
    before = np.asarray(before - before.mean())
    if deviation(_left(before, design), scale=_scale(rows)) == 0:
        return Unavailable(term=term, reason=NO_BASELINE_SPREAD, n=n)
    whole = np.column_stack([design, before])
    degrees = float(len(rows) - whole.shape[1])
    if degrees < MINIMUM_DEGREES:
        return Unavailable(term=term, reason=FEW_DEGREES.format(unit=unit), n=n)
    found = first_coefficient(
        values - values.mean(), whole, scale=_scale(rows), covariance="nonrobust"
    )
    if isinstance(found, Unavailable):
        return Unavailable(term=term, reason=found.reason, n=n)
    return UncertainEffect(
        term=term,
        effect=found.value,
        standard_error=found.standard_error,
        degrees_of_freedom=degrees,
        n=n,
    )


def _left(values: Numbers, design: Numbers) -> Numbers:
    """What least squares on the design leaves of the values."""
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return np.asarray(values - fitted)


def plain_means(rows: pd.DataFrame, arm: str) -> ArmMeans:
    """An arm's means of its units' means, without regard to strata."""
    own = rows[rows["arm"] == arm]
    before, after = (
        float(own[wave].mean()) if wave in own.columns and len(own) else None
        for wave in ("before", "after")
    )
    return ArmMeans(
        arm=arm, n_units=len(own), n_people=_people(own), before=before, after=after
    )


def arm_means(
    rows: pd.DataFrame, arms: tuple[str, str], how: Summary, estimate: float | None
) -> tuple[ArmMeans, ArmMeans]:
    """Both arms' means; where there is an estimate, those whose difference it is."""
    plain = [plain_means(rows, arm) for arm in arms]
    if estimate is None:
        return plain[0], plain[1]
    gap = estimate if how == "adjusted" else _gap(rows, "after", arms[0])
    after = _margins(rows, "after", arms[0], gap)
    before = None
    if "before" in rows.columns:
        gap = _gap(rows, "before", arms[0])
        before = _margins(rows, "before", arms[0], gap)
    first, second = (
        ArmMeans(
            arm=means.arm,
            n_units=means.n_units,
            n_people=means.n_people,
            before=None if before is None else before[place],
            after=after[place],
        )
        for place, means in enumerate(plain)
    )
    return first, second


def _gap(rows: pd.DataFrame, wave: str, treated: str) -> float:
    """Difference of the arms at a wave, within strata."""
    values = rows[wave].to_numpy(dtype=float)
    values = np.asarray(values - values.mean())
    return float(np.linalg.lstsq(_design(rows, treated), values, rcond=None)[0][0])


def _margins(
    rows: pd.DataFrame, wave: str, treated: str, gap: float
) -> tuple[float, float]:
    """Both arms' means that far apart, at the mix of strata (and before) of all."""
    share = float((rows["arm"] == treated).mean())
    control = float(rows[wave].mean()) - gap * share
    return control + gap, control


def _design(rows: pd.DataFrame, treated: str) -> Numbers:
    """The arm, and a column a stratum."""
    arm = (rows["arm"] == treated).to_numpy(dtype=float)
    return np.column_stack([arm, dummies(rows["stratum"].to_numpy())])


def _method(rows: pd.DataFrame, how: Summary, effect: Effect, unit: str) -> str:
    n_strata = rows["stratum"].nunique()
    within = f", within {n_strata} strata by least squares" if n_strata > 1 else ""
    parts = [f"{WHAT[how]}{within}", f"{len(rows)} {unit}s' means, each {unit} once"]
    if isinstance(effect, UncertainEffect):
        degrees = f"{effect.degrees_of_freedom:.4g} degrees of freedom"
        parts.append(
            f"t interval with {degrees}"
            if how == "adjusted"
            else f"HC2 standard error, t interval with {degrees} (Bell and McCaffrey)"
        )
    return "; ".join(parts)
