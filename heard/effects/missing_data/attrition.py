"""Describe attrition by wave and arm, and how dropouts differ.

Everyone who ever had an arm counts as started. Without a comparison group, those who
started are a mixture of completers and dropouts (pattern mixture), whose share followed
up has its own error. Oracles: R glm, Newcombe (1998),
tests/oracles/values/missing.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from heard.effects.effect_sizes import hedges_g
from heard.results import (
    Composite,
    Estimate,
    Result,
    Results,
    Unavailable,
    counting,
)

NEWCOMBE = (
    "difference of two shares, Newcombe's interval (1998, method 10) from Wilson's; "
    "people taken as independent"
)
WILSON = "people with a score over everyone who started in the arm; Wilson's interval"
STARTED = "everyone who started in the arm"
COUNTED = "people counted, so no interval"
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
    """Every arm at every wave, each arm's share compared with the reference's."""

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
        left out; someone seen in two arms counts in the first.
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

    `first`, `second`: counted, and out of how many.
    Estimate: first minus second, from -1 to 1.
    Unavailable: A side of no one.

    Newcombe (1998), Statistics in Medicine 17, 873-890.
    """
    n = first[1] + second[1]
    if not (first[1] and second[1]):
        return Unavailable(
            term=term, reason="no one to compare with", n=n, method=method
        )
    low, high = confint_proportions_2indep(*first, *second, method="newcomb")
    value = first[0] / first[1] - second[0] / second[1]
    # A limit that is the value itself may miss it by rounding.
    return Estimate.of(
        term,
        value,
        (min(float(low), value), max(float(high), value)),
        n=n,
        method=method,
    )


def completers_and_dropouts(
    people: pd.DataFrame,
    *,
    outcome: str,
    baseline: Sequence[str],
    arm: str | None = None,
) -> Results[Difference]:
    """Compare at the start those with an outcome and those without.

    Parameters
    ----------
    people : DataFrame, one row a participant
        `outcome` NaN for dropouts.
    baseline : sequence of str
        Numbers are compared in standard deviations, categories level by level in
        shares; who lacks one is left out of its comparison.
    arm : str, optional
        Compare within each arm too.

    Returns
    -------
    tuple of Difference
        Unavailable where no one, or one person, stayed or left, or all are the same.
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
    return Results(found)


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
    return Estimate.of(
        term,
        result.estimate,
        (result.conf_low, result.conf_high),
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
    low, high = proportion_confint(*counted, method="wilson")
    share = counted[0] / counted[1]
    difference: Result = Unavailable(
        term="share_present_difference",
        reason="the arm others are compared with",
        n=counted[1],
        n_unit="everyone in both",
        method=NEWCOMBE,
    )
    if not is_reference:
        difference = share_difference(
            counted, compared, term="share_present_difference", method=NEWCOMBE
        )
        difference = counting(difference, "everyone in both")
    return Retention(
        arm=labels[0],
        wave=labels[1],
        n_present=Estimate.of(
            "n_present", counted[0], n=counted[1], n_unit=STARTED, method=COUNTED
        ),
        share_present=Estimate.of(
            "share_present",
            share,
            (min(float(low), share), max(float(high), share)),
            n=counted[1],
            n_unit=STARTED,
            method=WILSON,
        ),
        share_present_difference=difference,
    )


TERMS = ("leavers_change_zero", "leavers_change_interval_zero")
NO_DROPOUTS = "no one dropped out"
QUANTILE = 1.959963984540054
METHOD = (
    "mean change of everyone who started = share followed times the change of those "
    "followed, and share of dropouts times theirs (pattern mixture); a limit, so no "
    "interval"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutTippingPoint(Composite):
    """Two mean changes of dropouts, in points.

    - `leavers_change_zero`: at which everyone's mean change is nil.
    - `leavers_change_interval_zero`: at which the interval of everyone's mean change
      begins to hold nil.
    """

    leavers_change_zero: Result
    leavers_change_interval_zero: Result


def dropout_tipping_point(
    change: Result, *, followed: int, started: int
) -> DropoutTippingPoint:
    """Find the changes of dropouts that would overturn that of completers.

    Parameters
    ----------
    change : Estimate or Unavailable
        Mean change of those followed, with its interval.
    followed, started : int
        Participants with both scores, and with the first.

    Returns
    -------
    DropoutTippingPoint
        Unavailable: no change was estimated, or no one dropped out. The second also: no
        interval, one that already includes 0, or no change of dropouts, however large,
        brings 0 into it.

    References
    ----------
    White, Carpenter & Horton (2018), Biometrics 74(4), 1422-1432 (mean score).
    """
    dropouts = started - followed
    if isinstance(change, Unavailable):
        return _absent(change.reason, dropouts)
    if dropouts <= 0:
        return _absent(NO_DROPOUTS, 0)
    share = followed / started
    zero = _tipping_change(TERMS[0], -share * change.estimate / (1 - share), dropouts)
    return DropoutTippingPoint(
        leavers_change_zero=zero,
        leavers_change_interval_zero=_interval_zero(change, share, started),
    )


def undone_at(
    effect: Result, *, share_lost: float | None, higher_is_better: bool
) -> Result:
    """Say how much worse dropouts must have fared for a gain to be in doubt.

    Parameters
    ----------
    effect : Estimate or Unavailable
        Of those who stayed, with its interval.
    share_lost : float or None
        Of those with the treatment, from 0 to 1; None: not known.
    higher_is_better : bool
        Which end of the interval is the worse one.

    Returns
    -------
    Estimate
        ``change_undone_at``, in score units, over 0: were dropouts so much worse off
        than those who stayed, the interval for all who began would reach no effect.
    Unavailable
        No interval, or one that reaches no effect already; nobody was lost.

    References
    ----------
    Rubin (1977), J. American Statistical Association 72, 538-543 (pattern mixtures).
    """
    term = "change_undone_at"
    worse = None
    if isinstance(effect, Estimate):
        worse = effect.conf_low
        if not higher_is_better and effect.conf_high is not None:
            worse = -effect.conf_high
    n = effect.n
    if worse is None or worse <= 0:
        reason = "the interval reaches no effect already"
        return Unavailable(term=term, reason=reason, n=n)
    if not share_lost or n is None:
        return Unavailable(term=term, reason="nobody was lost", n=n)
    return Estimate.of(
        term,
        worse / share_lost,
        n=n,
        method="worse end of the interval over the share lost: dropouts of the "
        "treated alone fare so much worse than those who stayed; no interval: a bound",
    )


def _interval_zero(change: Estimate, share: float, started: int) -> Result:
    """The first change of dropouts, away from completers', that tips.

    Where the mean of all, squared, equals its half interval squared: a square equation.
    """
    dropouts = round(started * (1 - share))
    low, high = change.conf_low, change.conf_high
    if low is None or high is None:
        reason = "the change has no interval"
        return Unavailable(term=TERMS[1], reason=reason, n=dropouts)
    if low <= 0 <= high:
        reason = "the interval holds nil as it is"
        return Unavailable(term=TERMS[1], reason=reason, n=dropouts)
    mean, half = change.estimate, (high - low) / 2
    # (share mean + (1 - share) x)^2 = share^2 half^2 + error of the share (mean - x)^2
    error = QUANTILE**2 * share * (1 - share) / started
    square = (1 - share) ** 2 - error
    linear = 2 * mean * (share * (1 - share) + error)
    constant = (share * mean) ** 2 - (share * half) ** 2 - error * mean**2
    roots = np.roots([square, linear, constant])
    away = [
        float(root.real)
        for root in roots
        if abs(root.imag) < 1e-12 and (root.real - mean) * mean < 0
    ]
    if not away:
        reason = "no change of dropouts, however large, brings 0 into the interval"
        return Unavailable(term=TERMS[1], reason=reason, n=dropouts)
    return _tipping_change(
        TERMS[1], min(away, key=lambda root: abs(root - mean)), dropouts
    )


def _tipping_change(term: str, value: float, dropouts: int) -> Estimate:
    return Estimate(
        term=term, estimate=value, n=dropouts, n_unit="dropouts", method=METHOD
    )


def _absent(reason: str, dropouts: int) -> DropoutTippingPoint:
    return DropoutTippingPoint.unavailable(reason, n=dropouts)
