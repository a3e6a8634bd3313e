"""Test the change in a few treated units against all others, by randomisation.

Exact if every permitted set of units was equally likely to be treated; otherwise it
describes how extreme the treated are. Oracles: R, tests/oracles/values/compared.json,
and every allocation tried at every v.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.designs.difference_in_differences import complete_rows, score_fault
from heard.effects.designs.permitted import listed
from heard.effects.designs.permutation import permuted
from heard.effects.unit_means import in_mixed_strata
from heard.effects.units import unlinked_units
from heard.errors import DataError
from heard.results import Composite, Result, counting

TREATED_ONLY = (
    "one treated unit's change less what the comparison units predict, by full "
    "conformal prediction; right if it is exchangeable with them"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEffect(Composite):
    """One treated unit's gap, as a conformal prediction from the others sees it.

    - `unit`: its name.
    - `conformal_effect`, `conformal_p_value`: its change less the change foreseen for
      it; the interval holds its effect in 19 of 20 such units if it is exchangeable
      with the comparison.
    """

    unit: str
    conformal_effect: Result
    conformal_p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboComparison(Composite):
    """Treated units together against all sets of as many, and each by itself."""

    placebo_effect: Result
    placebo_p_value: Result
    placebo_smallest_possible_p_value: Result
    by_unit: tuple[UnitEffect, ...] = ()


def placebo_comparison(
    frame: pd.DataFrame,
    *,
    treated: Sequence[str],
    before: str,
    after: str,
    unit: str = "site",
    score: str = "score",
    adjust_for_before: bool = False,
    strata: str = "",
    pairs: str = "",
    permitted: Sequence[Collection[str]] | None = None,
    by_size: bool = False,
    seed: str = "placebo",
) -> PlaceboComparison:
    """Compare the change of treated units (trusts) with that of every other set.

    Parameters
    ----------
    frame : DataFrame, one row a participant (or a unit) and wave
        Columns ``wave``, the unit and the score; NaN where unanswered. Published
        figures of trusts will do: one row a trust and wave.
    treated : sequence of str
        Names of the treated units; all others in `frame` are comparisons.
    before, after : str
        The two waves. Units without a score at both are left out.
    unit, score : str
        Columns.
    adjust_for_before : bool
        Compare with what the unit's mean before predicts: sharper where those who
        began low rise anyway.
    strata, pairs : str
        Column of the stratum or pair within which units were allocated, if they were.
    permitted : sequence of collections of str, optional
        The treated units of every allocation that was possible.
    by_size : bool
        As of `permute_unit_means`: for few treated units smaller than the others.
    seed : str
        Names the draws, where there are too many sets to go through.

    Returns
    -------
    PlaceboComparison
        In score units; every unit counts once, whatever its size; n counts units. The
        p is no smaller than 1 over the number of sets: 50 trusts, 2 of them treated,
        1/1225. The interval takes the effect to be the same in all treated units.
        Unavailable: a treated unit without both waves, fewer than 3 comparison units,
        or no change differs from another. Each treated unit alone is compared where
        every set of units was possible.

    References
    ----------
    Conley & Taber (2011), Review of Economics and Statistics 93(1), 113-125; Abadie,
    Diamond & Hainmueller (2010), J. American Statistical Association 105(490), 493-505;
    Lei & Candes (2021), J. Royal Statistical Society B 83(5), 911-938.
    """
    if before == after:
        raise DataError("placebo", "the waves before and after are the same")
    if len(set(treated)) < len(treated):
        raise DataError("placebo", "a treated unit is named more than once")
    if strata and pairs:
        raise DataError("placebo", "strata and pairs both: name the finer")
    stratum = strata or pairs
    labels = ["wave", unit, *([stratum] if stratum else [])]
    rows = complete_rows(frame, scores=[score], labels=labels)
    rows = rows[rows["wave"].isin([before, after])]
    kept = {unit: "cluster", score: "score"}
    kept |= {stratum: "stratum"} if stratum else {}
    waves = [
        rows.loc[rows["wave"] == wave, list(kept)].rename(columns=kept)
        for wave in (after, before)
    ]
    units = unlinked_units(*waves)
    fault = score_fault(rows, [score])
    lacking = [name for name in treated if name not in units.index]
    if not fault and (lacking or not len(treated)):
        fault = f"{len(lacking)} of {len(treated)} treated units lack a wave"
    if fault:
        return _nothing(treated, fault, len(units))
    # The treated first, in the order given; the others in that of their names.
    others = units.index.difference(list(treated))
    units = units.loc[[*treated, *others]]
    units = units.assign(
        arm=units.index.isin(list(treated)), value=units["after"] - units["before"]
    )
    units = units[in_mixed_strata(units)] if stratum else units.assign(stratum="")
    return _compared(
        units,
        [str(name) for name in treated],
        permitted,
        adjusted=adjust_for_before,
        by_size=by_size,
        pairs=bool(pairs),
        seed=seed,
    )


def _compared(
    units: pd.DataFrame,
    treated: list[str],
    permitted: Sequence[Collection[str]] | None,
    *,
    adjusted: bool,
    by_size: bool,
    pairs: bool,
    seed: str,
) -> PlaceboComparison:
    if pairs and (units.groupby("stratum", observed=True).size() != 2).any():
        raise DataError("placebo", "a pair does not hold one treated and one other")
    given = ", given their means before" * adjusted
    real = units["arm"].to_numpy(dtype=bool)
    ways = None
    if permitted is not None:
        names = [str(name) for name in units.index]
        ways = listed(permitted, units=names, treated=real)
    together = permuted(
        units,
        real,
        ways,
        adjusted=adjusted,
        by_size=by_size,
        name="placebo",
        method=f"mean change of treated units less that of the others{given}",
        seed=seed,
    )
    together = counting(together, "units with both waves")
    free = permitted is None and set(units["stratum"]) == {""}
    return PlaceboComparison(
        placebo_effect=together.effect,
        placebo_p_value=together.p_value,
        placebo_smallest_possible_p_value=together.smallest_possible_p_value,
        by_unit=tuple(
            _unit_effect(units, name, place, adjusted=adjusted, seed=seed)
            for place, name in enumerate(treated)
            if free
        ),
    )


def _unit_effect(
    units: pd.DataFrame, name: str, place: int, *, adjusted: bool, seed: str
) -> UnitEffect:
    """One treated unit with the comparison alone."""
    own = units.iloc[[place, *np.flatnonzero(~units["arm"].to_numpy(dtype=bool))]]
    found = permuted(
        own,
        own["arm"].to_numpy(dtype=bool),
        None,
        adjusted=adjusted,
        by_size=False,
        name="conformal",
        method=TREATED_ONLY,
        seed=seed,
    )
    found = counting(found, "this unit and those compared with it")
    return UnitEffect(
        unit=name, conformal_effect=found.effect, conformal_p_value=found.p_value
    )


def _nothing(treated: Sequence[str], reason: str, n: int) -> PlaceboComparison:
    units = (UnitEffect.unavailable(reason, n=n, unit=str(name)) for name in treated)
    return PlaceboComparison.unavailable(reason, n=n, by_unit=tuple(units))
