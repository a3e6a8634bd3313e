"""Estimate difference in differences and an event study over waves.

An intercept for every cluster (or linked participant) and wave, and the effect in the
treated arm, which is causal only under parallel trends. With few clusters, joint tests
use Hotelling's T-squared with Satterthwaite-type degrees of freedom (AHT). Oracle: R
clubSandwich, tests/oracles/values/compared.json.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.description import as_floats, named, number_fault
from heard.errors import DataError, unknown
from heard.models.cluster_robust import (
    Array,
    ClusterRobustFit,
    Labels,
    cluster_robust_fit,
)
from heard.results import Composite, Estimate, Result, Unavailable

SINGULAR = 1e-10
TOO_FEW = (
    "too few clusters for a joint test of {count} contrasts; look at each by itself"
)


def joint_p_value(
    fit: ClusterRobustFit, names: Sequence[str], *, term: str, method: str
) -> Result:
    """Test that several coefficients of an unweighted CR2 fit are all zero.

    `fit`: unweighted, adjusted by CR2.
    `names`: columns of the fit.
    `term`, `method`: what the p is called, and what the fit is of.
    Estimate: the p; n counts rows.
    Unavailable: no contrast, clusters too few for that many contrasts, or contrasts
      that are based on each other.

    Tipton & Pustejovsky (2015), J. Educational and Behavioral Statistics 40(6),
    604-634; Pustejovsky & Tipton (2018).
    """
    assert fit.adjustment == "CR2", "made for CR2"
    assert not fit.weighted, "made for unweighted fits"
    count = len(names)
    if count == 0:
        return Unavailable(term=term, reason="nothing to test", n=fit.n, n_unit="rows")
    contrasts = np.array([[float(name == own) for own in fit.names] for name in names])
    covariance = contrasts @ fit.covariance @ contrasts.T
    if _dependent(covariance):
        reason = TOO_FEW.format(count=count)
        return Unavailable(
            term=term, reason=reason, n=fit.n, n_unit="rows", method=method
        )
    found = contrasts @ fit.coefficients
    size = float(found @ np.linalg.solve(covariance, found))
    spread = _total_variance(fit, contrasts)
    degrees = count * (count + 1) / spread if spread > 0 else 0.0
    below = degrees - count + 1
    if below <= 0:
        reason = TOO_FEW.format(count=count)
        return Unavailable(
            term=term, reason=reason, n=fit.n, n_unit="rows", method=method
        )
    return Estimate.of(
        term,
        stats.f.sf(below / (degrees * count) * size, count, below),
        n=fit.n,
        n_unit="rows",
        method=f"{method}; joint test of {count} contrasts, approximate Hotelling T^2 "
        f"with CR2 over {fit.n_clusters} clusters (AHT; F with {count} and {below:.1f} "
        "degrees of freedom); a probability has no interval",
    )


def _dependent(covariance: Array) -> bool:
    scale = np.sqrt(np.clip(np.diag(covariance), 0, None))
    if (scale == 0).any():
        return True
    values = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    return bool(values.min() < SINGULAR)


def _total_variance(fit: ClusterRobustFit, contrasts: Array) -> float:
    """Sum of the variances of the standardised covariance's elements."""
    products = _products(fit, contrasts @ fit.basis)
    expected = np.trace(products, axis1=2, axis2=3)
    values, vectors = np.linalg.eigh(expected)
    if values.min() <= SINGULAR * values.max():
        return 0.0
    root = (vectors / np.sqrt(values)) @ vectors.T
    products = _products(fit, root @ contrasts @ fit.basis)
    own = np.einsum("ssij->sij", products)
    same = float(np.einsum("sij,tij->", own, own))
    return same + float(np.einsum("stij,stji->", products, products))


def _products(fit: ClusterRobustFit, weights: Array) -> Array:
    """p_si'p_tj of contrasts s, t and clusters i, j: shape (s, t, i, j)."""
    seen = np.einsum("iab,sb->sia", fit.scores, weights)
    found = -np.einsum("sia,tja->stij", seen, seen)
    own = np.einsum("sa,iab,tb->sti", weights, fit.squares, weights)
    places = np.arange(fit.n_clusters)
    found[:, :, places, places] += own
    return np.asarray(found)


TWICE = "a participant appears more than once at a wave"
CHANGED_CLUSTER = "a participant is in more than one cluster"
STRADDLING = "a cluster is in both arms: clusters were not the unit of allocation"


def complete_rows(
    frame: pd.DataFrame, *, scores: Sequence[str], labels: Sequence[str]
) -> pd.DataFrame:
    """Copy the named columns, scores as floats, without the rows that lack one.

    Raises DataError: A column is missing, or a score is text.
    """
    for name in [*scores, *labels]:
        if name not in frame.columns:
            known = [str(column) for column in frame.columns]
            raise DataError("comparison", unknown("column", name, known))
    wanted = frame[[*labels, *scores]].assign(
        **{name: named(frame[name]) for name in labels},
        **{name: as_floats(frame[name]) for name in scores},
    )
    return wanted.dropna().reset_index(drop=True)


def score_fault(rows: pd.DataFrame, scores: Sequence[str]) -> str:
    """Say why nothing can be computed from these scores; empty if it can."""
    if rows.empty:
        return "no one has a score and all that the comparison needs"
    return number_fault(rows[list(scores)].to_numpy(dtype=float))


def link_fault(rows: pd.DataFrame, *, cluster: str) -> str:
    """Say what is wrong with linked participants; empty if nothing."""
    if rows.duplicated(["participant", "wave"]).any():
        return TWICE
    if rows.groupby("participant", observed=True)[cluster].nunique().max() > 1:
        return CHANGED_CLUSTER
    return ""


def arm_fault(
    rows: pd.DataFrame, *, cluster: str, waves: Sequence[str], arms: tuple[str, str]
) -> str:
    """Say what is wrong with two arms over waves; empty if nothing."""
    if rows.groupby(cluster, observed=True)["arm"].nunique().max() > 1:
        return STRADDLING
    sizes = rows.groupby(["wave", "arm"], observed=True).size()
    empty = [wave for wave in waves for arm in arms if sizes.get((wave, arm), 0) == 0]
    return f"an arm has no score at {empty[0]}" if empty else ""


def within(columns: Array, groups: Labels) -> Array:
    """Columns less their means by group: what absorbing group intercepts leaves.

    Where groups lie within clusters, CR2 of what is left is CR2 of the whole model
    (Pustejovsky & Tipton 2018, theorem 2), and thousands of groups cost nothing.
    """
    codes, levels = pd.factorize(groups)
    sizes = np.bincount(codes, minlength=len(levels)).astype(float)
    totals = np.zeros((len(levels), columns.shape[1]))
    np.add.at(totals, codes, columns)
    left = columns - (totals / sizes[:, None])[codes]
    # Rounding noise of a column constant within groups must count as nothing.
    noise = 1e-12 * np.abs(columns).max(axis=0, initial=0.0)
    return np.where(np.abs(left) <= noise, 0.0, left)


def answered_twice(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of participants who answered at two waves or more: others show no change."""
    times = rows.groupby("participant", observed=True)["wave"].transform("size")
    return rows[times > 1].reset_index(drop=True)


ONE_WAVE_BEFORE = "one wave before the start: parallel trends before cannot be checked"
ASSUMES = "valid under parallel trends without the pilot"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStudyEffect(Composite):
    """The change in the difference of the arms since the last wave before.

    - `wave`: the wave.
    - `timing`, {"before", "after"}: before the start it should be about zero; after
      it, it is the effect.
    - `event_study_effect`, `event_study_p_value`: in score units, treated minus
      comparison.
    """

    wave: str
    timing: str
    event_study_effect: Result
    event_study_p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceInDifferences(Composite):
    """What the treated clusters gained over the comparison, wave by wave and in all."""

    difference_in_differences: Result
    difference_in_differences_p_value: Result
    difference_in_differences_degrees_of_freedom: Result
    pre_trend_p_value: Result
    by_wave: tuple[EventStudyEffect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared with what: waves in order, the arms, and the columns' names.

    - `waves`: in order; at least one before the start and one after.
    - `started`: the first wave after the start.
    - `treated`, `control`: the arms; rows of others are left out.
    - `cluster`: column of what was allocated (team, trust).
    - `linked`: whether ``participant`` links people across waves; then each is compared
      with themselves, and those with one answer are left out.
    """

    waves: Sequence[str]
    started: str
    treated: str
    control: str
    cluster: str = "cluster"
    linked: bool = False

    def before(self) -> list[str]:
        """Waves before the start."""
        return list(self.waves)[: list(self.waves).index(self.started)]

    def after(self) -> list[str]:
        """Waves from the start on."""
        return list(self.waves)[list(self.waves).index(self.started) :]


def difference_in_differences(
    frame: pd.DataFrame, comparison: Comparison, *, score: str = "score"
) -> DifferenceInDifferences:
    """Estimate what treated clusters gained over comparison clusters.

    Parameters
    ----------
    frame : DataFrame, one row a participant and wave
        Columns ``wave``, ``arm``, the score, the cluster, and ``participant`` if
        linked. NaN where unanswered, and then left out.
    comparison : Comparison
        Waves, arms and columns.
    score : str
        The outcome, in any units; 1 and 0 give differences of shares.

    Returns
    -------
    DifferenceInDifferences
        In score units. The overall number takes all answers before together and all
        after; ``by_wave`` compares each wave with the last before the start.
        ``pre_trend_p_value`` is small if trends differed before; a large one
        does not show that they were parallel. Unavailable: fewer than 5 clusters, one
        treated cluster only, an arm without a score at a wave, a cluster in both arms.

    References
    ----------
    Bertrand, Duflo & Mullainathan (2004), Quarterly J. of Economics 119(1), 249-275;
    Roth (2022), American Economic Review: Insights 4(3), 305-322.
    """
    rows = _rows(frame, comparison, score)
    how = _how(comparison)
    overall = _fit(rows, comparison, score, ["treated after"])
    events = event_study_fit(frame, comparison, score=score)
    after = ", ".join(comparison.after())
    what = f"treated minus comparison, {after} against {', '.join(comparison.before())}"
    effect, p_value, degrees = (
        _asked(overall, "treated after", f"difference_in_differences{kind}", kind)
        for kind in ("", "_p_value", "_degrees_of_freedom")
    )
    return DifferenceInDifferences(
        difference_in_differences=_with_method(effect, f"{what}; {how}"),
        difference_in_differences_p_value=_with_method(p_value, f"{what}; {how}"),
        difference_in_differences_degrees_of_freedom=_with_method(
            degrees, f"{what}; {how}"
        ),
        pre_trend_p_value=_pre_trend(events, comparison, how),
        by_wave=_by_wave(events, comparison, how),
    )


def event_study_fit(
    frame: pd.DataFrame, comparison: Comparison, *, score: str = "score"
) -> ClusterRobustFit | Unavailable:
    """Fit the arms' distance at every wave against the last one before the start.

    `frame`, `comparison`, `score`: as for `difference_in_differences`.
    Returns: columns named ``treated at <wave>`` and ``wave <wave>``, the last wave
      before left out.
    """
    rows = _rows(frame, comparison, score)
    base = comparison.before()[-1:]
    others = [wave for wave in comparison.waves if wave not in base]
    return _fit(rows, comparison, score, [f"treated at {wave}" for wave in others])


def _rows(frame: pd.DataFrame, comparison: Comparison, score: str) -> pd.DataFrame:
    if comparison.started not in comparison.waves:
        fault = unknown("wave", comparison.started, comparison.waves)
        raise DataError("comparison", fault)
    labels = ["wave", "arm", comparison.cluster]
    labels += ["participant"] if comparison.linked else []
    rows = complete_rows(frame, scores=[score], labels=labels)
    arms = [comparison.treated, comparison.control]
    rows = rows[rows["wave"].isin(list(comparison.waves)) & rows["arm"].isin(arms)]
    return answered_twice(rows) if comparison.linked else rows.reset_index(drop=True)


def _fault(rows: pd.DataFrame, comparison: Comparison, score: str) -> str:
    if not comparison.before():
        return "no wave before the start: nothing to compare the change with"
    if fault := score_fault(rows, [score]):
        return fault
    cluster = comparison.cluster
    arms = comparison.treated, comparison.control
    if fault := arm_fault(rows, cluster=cluster, waves=comparison.waves, arms=arms):
        return fault
    return link_fault(rows, cluster=cluster) if comparison.linked else ""


def _fit(
    rows: pd.DataFrame, comparison: Comparison, score: str, asked: list[str]
) -> ClusterRobustFit | Unavailable:
    if fault := _fault(rows, comparison, score):
        return Unavailable(term="", reason=fault, n=len(rows))
    treated = (rows["arm"] == comparison.treated).to_numpy(dtype=float)
    columns = {
        f"wave {wave}": (rows["wave"] == wave).to_numpy(dtype=float)
        for wave in comparison.waves
        if wave != comparison.before()[-1]
    }
    for name in asked:
        in_window = rows["wave"].isin(comparison.after())
        if name != "treated after":
            in_window = rows["wave"] == name.removeprefix("treated at ")
        columns[name] = treated * in_window.to_numpy(dtype=float)
    groups = rows["participant" if comparison.linked else comparison.cluster].to_numpy()
    outcome = rows[score].to_numpy(dtype=float)
    values = np.column_stack([outcome - outcome.mean(), *columns.values()])
    left = within(values, groups)
    return cluster_robust_fit(
        left[:, 0],
        left[:, 1:],
        rows[comparison.cluster].to_numpy(),
        names=list(columns),
    )


def _asked(
    fit: ClusterRobustFit | Unavailable, name: str, term: str, kind: str
) -> Result:
    if isinstance(fit, Unavailable):
        return dataclasses.replace(fit, term=term)
    asks = {
        "": fit.estimate,
        "_p_value": fit.p_value,
        "_degrees_of_freedom": fit.degrees_result,
    }
    return asks[kind](name, term=term)


def _with_method(result: Result, what: str) -> Result:
    method = "; ".join(part for part in (what, result.method) if part)
    return dataclasses.replace(result, method=method)


def _how(comparison: Comparison) -> str:
    who = "linked participant" if comparison.linked else "cluster"
    return f"an intercept for every {who} and wave; {ASSUMES}"


def _pre_trend(
    fit: ClusterRobustFit | Unavailable, comparison: Comparison, how: str
) -> Result:
    term, leads = "pre_trend_p_value", comparison.before()[:-1]
    if isinstance(fit, Unavailable):
        return dataclasses.replace(fit, term=term)
    if not leads:
        return Unavailable(term=term, reason=ONE_WAVE_BEFORE, n=fit.n, n_unit="rows")
    names = [f"treated at {wave}" for wave in leads]
    what = f"the arms' distance before the start did not change; {how}"
    return joint_p_value(fit, names, term=term, method=what)


def _by_wave(
    fit: ClusterRobustFit | Unavailable, comparison: Comparison, how: str
) -> tuple[EventStudyEffect, ...]:
    base = comparison.before()[-1:]
    found = []
    for wave in comparison.waves:
        if wave in base:
            continue
        what = f"treated minus comparison, {wave} against {''.join(base)}; {how}"
        name = f"treated at {wave}"
        effect, p_value = (
            _with_method(_asked(fit, name, f"event_study_{word}", kind), what)
            for word, kind in (("effect", ""), ("p_value", "_p_value"))
        )
        found.append(
            EventStudyEffect(
                wave=str(wave),
                timing="before" if wave in comparison.before() else "after",
                event_study_effect=effect,
                event_study_p_value=p_value,
            )
        )
    return tuple(found)
