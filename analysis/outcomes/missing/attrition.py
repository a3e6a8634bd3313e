"""Who is still there at each wave, in each arm, and how those who left differ.

The rule that holds throughout: everybody who ever had an arm counts as started; who has
no score at a wave is missing there, whatever the reason.
Oracles: R glm, Newcombe (1998), tests/oracles/values/missing.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.effect_sizes import hedges_g

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt


NEWCOMBE = (
    "difference of two shares, Newcombe's interval (1998, method 10) from Wilson's; "
    "people taken as independent; n counts everybody in both"
)
WILSON = (
    "people with a score over everybody who started in the arm; Wilson's interval; n "
    "counts everybody who started"
)
COUNTED = "people counted, so no interval; n counts everybody who started in the arm"
STANDARDISED_METHOD = "those who stayed less those who left; "


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Composite):
    """One arm at one wave."""

    arm: str
    wave: str
    n_present: Result
    share_present: Result
    share_present_difference: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class AttritionTable(Composite):
    """Every arm at every wave, each arm's share beside the reference's."""

    reference: str
    retention: tuple[Retention, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Composite):
    """How those who stayed differ from those who left, in one variable."""

    variable: str
    arm: str
    stayers_minus_leavers: Result


def attrition_table(
    responses: pd.DataFrame,
    *,
    waves: Sequence[str],
    reference: str,
    participant: str = "participant",
    wave: str = "wave",
    arm: str = "arm",
    score: str = "score",
) -> AttritionTable:
    """Count who has a score at each wave, by arm.

    Parameters
    ----------
    responses : DataFrame, one row a participant and wave
        A wave without a row is a wave missed. Rows without participant or arm are
        left out; somebody seen in two arms counts in the first.
    waves : sequence of str
        In their order; waves of the frame not named here are left out.
    reference : str
        The arm others are compared with at each wave.

    Returns
    -------
    AttritionTable
        Shares from 0 to 1; differences arm minus reference. A difference is
        Unavailable for the reference itself and where an arm is empty.
    """
    known = responses.dropna(subset=[participant, arm])
    arms = known.groupby(participant, sort=False)[arm].first()
    scored = known[known[score].notna()]
    names = [str(name) for name in sorted(arms.unique())]
    started = arms.astype(str).value_counts()
    present = {
        str(label): arms[rows[participant].unique()].astype(str).value_counts()
        for label, rows in scored.groupby(scored[wave].astype(str))
    }
    counts = {
        (name, label): int(present[label].get(name, 0)) if label in present else 0
        for label in map(str, waves)
        for name in names
    }
    base = (reference, int(started.get(reference, 0)))
    return AttritionTable(
        reference=reference,
        retention=tuple(
            _retention(
                (name, label),
                (count, int(started[name])),
                (counts.get((reference, label), 0), base[1]),
                is_reference=name == reference,
            )
            for (name, label), count in counts.items()
        ),
    )


def share_difference(
    first: tuple[int, int], second: tuple[int, int], *, term: str, method: str
) -> Result:
    """Difference of two independent shares with Newcombe's interval.

    Parameters
    ----------
    first, second : (int, int)
        Counted, and out of how many.

    Returns
    -------
    Estimate
        First minus second, from -1 to 1.
    Unavailable
        A side of nobody.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890.
    """
    from statsmodels.stats.proportion import (  # noqa: PLC0415 - heavy
        confint_proportions_2indep,
    )

    n = first[1] + second[1]
    if not (first[1] and second[1]):
        return Unavailable(
            term=term, reason="nobody to compare with", n=n, method=method
        )
    low, high = confint_proportions_2indep(*first, *second, method="newcomb")
    value = first[0] / first[1] - second[0] / second[1]
    # A limit that is the value itself may miss it by rounding.
    return Estimate(
        term=term,
        estimate=value,
        conf_low=min(float(low), value),
        conf_high=max(float(high), value),
        n=n,
        method=method,
    )


def completers_and_dropouts(
    people: pd.DataFrame,
    *,
    outcome: str,
    baseline: Sequence[str],
    arm: str | None = None,
) -> tuple[Difference, ...]:
    """Compare at the start those with an outcome and those without.

    Parameters
    ----------
    people : DataFrame, one row a participant
        `outcome` NaN for leavers.
    baseline : sequence of str
        Numbers are compared in standard deviations, categories level by level in
        shares; who lacks one is left out of its comparison.
    arm : str, optional
        Compare within each arm too.

    Returns
    -------
    tuple of Difference
        Unavailable where nobody, or one person, stayed or left, or all are the same.
    """
    groups = {"everybody": people}
    if arm is not None:
        groups |= {str(name): rows for name, rows in people.groupby(arm, sort=True)}
    found = []
    for label, rows in groups.items():
        for name in baseline:
            known = rows[rows[name].notna()]
            stayed = known[outcome].notna().to_numpy()
            for variable, result in _differences(known[name], stayed, people[name]):
                found.append(
                    Difference(
                        variable=variable, arm=label, stayers_minus_leavers=result
                    )
                )
    return tuple(found)


def _differences(
    values: pd.Series, stayed: npt.NDArray[np.bool_], everyone: pd.Series
) -> list[tuple[str, Result]]:
    name = str(values.name)
    if pd.api.types.is_numeric_dtype(values) and values.dtype != bool:
        numbers = values.to_numpy(dtype=float)
        result = hedges_g(numbers[stayed], numbers[~stayed])
        method = f"{STANDARDISED_METHOD}{result.method}"
        term = "stayers_minus_leavers_standardised"
        if isinstance(result, Unavailable):
            absent = Unavailable(
                term=term, reason=result.reason, n=result.n, method=method
            )
            return [(name, absent)]
        return [(name, _renamed(result, term, method))]
    found: list[tuple[str, Result]] = []
    for level in sorted(everyone.dropna().unique(), key=str):
        has = values.eq(level).to_numpy()
        result = share_difference(
            (int((has & stayed).sum()), int(stayed.sum())),
            (int((has & ~stayed).sum()), int((~stayed).sum())),
            term="stayers_minus_leavers_share",
            method=STANDARDISED_METHOD + NEWCOMBE,
        )
        found.append((f"{name}: {level}", result))
    return found


def _renamed(result: Estimate, term: str, method: str) -> Estimate:
    return Estimate(
        term=term,
        estimate=result.estimate,
        conf_low=result.conf_low,
        conf_high=result.conf_high,
        n=result.n,
        method=method,
    )


def _retention(
    labels: tuple[str, str],
    counted: tuple[int, int],
    compared: tuple[int, int],
    *,
    is_reference: bool,
) -> Retention:
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - heavy

    low, high = proportion_confint(*counted, method="wilson")
    share = counted[0] / counted[1]
    difference: Result = Unavailable(
        term="share_present_difference",
        reason="the arm others are compared with",
        n=counted[1],
        method=NEWCOMBE,
    )
    if not is_reference:
        difference = share_difference(
            counted, compared, term="share_present_difference", method=NEWCOMBE
        )
    return Retention(
        arm=labels[0],
        wave=labels[1],
        n_present=Estimate(
            term="n_present", estimate=float(counted[0]), n=counted[1], method=COUNTED
        ),
        share_present=Estimate(
            term="share_present",
            estimate=share,
            conf_low=min(float(low), share),
            conf_high=max(float(high), share),
            n=counted[1],
            method=WILSON,
        ),
        share_present_difference=difference,
    )
