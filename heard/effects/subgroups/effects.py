"""Estimate the effect in each subgroup, and whether subgroups differ.

An interval that excludes zero in one group and not in another shows nothing; only the
interaction does. The n of a comparison is that of its smaller side. Oracles: R t.test,
clubSandwich and sandwich, tests/oracles/values/inequality.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.models.linear import LinearFit, least_squares, separate_means
from heard.results import Composite, Estimate, Result, Unavailable

COUNTED = "participants of the smallest arm of a group that it is based on"
SMALLEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectByGroup(Composite):
    """One group.

    - `group`: its name.
    - `effect_in_group`: difference of the arms within it, in points.
    - `effect_difference`: that less the effect in the reference group.
    """

    group: str
    effect_in_group: Result
    effect_difference: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectsByGroup(Composite):
    """Every group, and whether they differ.

    - `reference`: the group the others are compared with.
    - `interaction_p_value`: of no group's effect differing from the reference's.
    - `groups`: by name, the reference first.
    """

    reference: str
    interaction_p_value: Result
    groups: tuple[EffectByGroup, ...]


def effects_by_group(
    frame: pd.DataFrame,
    *,
    treated: str,
    control: str,
    reference: str,
    score: str = "after",
    before: str | None = "before",
    arm: str = "arm",
    group: str = "group",
    cluster: str | None = None,
) -> EffectsByGroup:
    """Compare arms within every group, and the effects between groups.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Rows of other arms, and rows lacking anything, are left out.
    treated, control : str
        The arms.
    reference : str
        The group others are compared with, declared beforehand.
    score, before : str
        The outcome, and the score before to adjust for (one slope), or None.
    arm, group : str
        The columns.
    cluster : str, optional
        What was sampled together; at least 5 of them.

    Returns
    -------
    EffectsByGroup
        Unavailable within: fewer than 2 of an arm in a group (that group is left out),
        fewer than 2 groups, fewer than 5 clusters, a group whose arm is one cluster.

    References
    ----------
    Altman & Bland (2003), BMJ 326, 219; Pustejovsky & Tipton (2018), J. Business &
    Economic Statistics 36(4), 672-683; Holm (1979), Scandinavian J. Statistics 6,
    65-70.
    """
    columns = [score, arm, group, *filter(None, [before, cluster])]
    kept = frame[columns].dropna()
    kept = kept[kept[arm].isin([treated, control])]
    labels = kept[group].astype(str)
    cells = [labels[kept[arm] == one].value_counts() for one in (treated, control)]
    every = sorted(labels.unique(), key=lambda name: (name != reference, name))
    sizes = {name: min(int(cell.get(name, 0)) for cell in cells) for name in every}
    used = [name for name in every if sizes[name] >= SMALLEST]
    kept = kept[labels.isin(used)]
    fit = _fit(kept, used, reference, arm=arm, treated=treated, score=score,
               before=before, group=group, cluster=cluster)  # fmt: skip
    groups = tuple(
        _group(fit, used, name, sizes, reference=reference) for name in every
    )
    return EffectsByGroup(
        reference=reference,
        interaction_p_value=_interaction(fit, used, sizes),
        groups=groups,
    )


def _fit(
    kept: pd.DataFrame,
    used: list[str],
    reference: str,
    *,
    arm: str,
    treated: str,
    score: str,
    before: str | None,
    group: str,
    cluster: str | None,
) -> LinearFit | Unavailable:
    """Effects of the used groups first, then their levels, then the slope."""
    if reference not in used or len(used) < 2:
        reason = (
            f"{len(used)} groups have {SMALLEST} participants in each arm, the "
            f"reference {'among' if reference in used else 'not among'} them; at least "
            "2 groups with the reference needed"
        )
        return Unavailable(term="", reason=reason, n=len(kept))
    outcome = kept[score].to_numpy(dtype=float)
    places = {name: place for place, name in enumerate(used)}
    own = np.eye(len(used))[kept[group].astype(str).map(places).to_numpy(dtype=int)]
    in_arm = (kept[arm] == treated).to_numpy(dtype=float)
    parts = [own * in_arm[:, None], own]
    names = [f"effect {name}" for name in used] + [f"level {name}" for name in used]
    if before is not None:
        earlier = kept[before].to_numpy(dtype=float)
        parts.append((earlier - earlier.mean())[:, None])
        names.append("before")
    design = np.hstack(parts)
    if not (np.isfinite(outcome).all() and np.isfinite(design).all()):
        return Unavailable(term="", reason="some scores are infinite", n=len(kept))
    clusters = kept[cluster] if cluster else None
    return least_squares(outcome, design, names=names, clusters=clusters)


def _group(
    fit: LinearFit | Unavailable,
    used: list[str],
    name: str,
    sizes: dict[str, int],
    *,
    reference: str,
) -> EffectByGroup:
    n = sizes[name]
    reason = fit.reason if isinstance(fit, Unavailable) else ""
    if name not in used:
        reason = f"fewer than {SMALLEST} participants in an arm of this group"
    if reason or isinstance(fit, Unavailable):
        return EffectByGroup(
            group=name,
            effect_in_group=Unavailable(term="effect_in_group", reason=reason, n=n),
            effect_difference=Unavailable(term="effect_difference", reason=reason, n=n),
        )
    own = _weights(fit, used.index(name))
    difference: Result = Unavailable(
        term="effect_difference", reason="this is the reference group", n=n
    )
    if name != reference:
        difference = fit.estimate(
            own - _weights(fit, used.index(reference)),
            term="effect_difference",
            n=min(n, sizes[reference]),
            counted=COUNTED,
        )
    effect = fit.estimate(own, term="effect_in_group", n=n, counted=COUNTED)
    return EffectByGroup(
        group=name, effect_in_group=effect, effect_difference=difference
    )


def _weights(fit: LinearFit, place: int) -> np.ndarray:
    weights: np.ndarray = np.eye(len(fit.coefficients))[place]
    return weights


def _interaction(
    fit: LinearFit | Unavailable, used: list[str], sizes: dict[str, int]
) -> Result:
    term = "interaction_p_value"
    n = min((sizes[name] for name in used), default=0)
    if isinstance(fit, Unavailable):
        return Unavailable(term=term, reason=fit.reason, n=n)
    contrasts = [
        _weights(fit, place) - _weights(fit, 0) for place in range(1, len(used))
    ]
    if why := next((why for one in contrasts if (why := fit.fault(one))), ""):
        return Unavailable(term=term, reason=why, n=n)
    smallest = min(fit.p_value(one) for one in contrasts)
    return Estimate.of(
        term,
        min(1.0, smallest * len(contrasts)),
        n=n,
        method=f"{fit.method}; smallest two-sided p of the {len(contrasts)} "
        "differences from the reference group's effect, times their number (Holm's "
        "first step); a probability has no interval",
        n_unit=COUNTED,
    )


SMALLER = "participants of the smaller side"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGap(Composite):
    """One group compared with the reference.

    - `group`: its name.
    - `group_mean`: its mean score.
    - `gap_difference`: its mean less that of the reference, in points.
    - `gap_ratio`: its mean over that of the reference, both above the lowest possible
      score.
    """

    group: str
    group_mean: Result
    gap_difference: Result
    gap_ratio: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGaps(Composite):
    """Every group compared with the reference, largest group first.

    - `reference`: the group the others are compared with.
    - `groups`: the reference first, without comparison.
    - `widest_gap`: the difference furthest from zero, as seen: never a test.
    """

    reference: str
    groups: tuple[GroupGap, ...]
    widest_gap: Result


def subgroup_gaps(
    frame: pd.DataFrame,
    *,
    score: str = "score",
    group: str = "group",
    reference: str,
    cluster: str | None = None,
    lowest: float = 0.0,
) -> GroupGaps:
    """Compare the mean of every group with a reference.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Rows without a score, group or cluster are left out.
    score : str
        A score, or a change.
    group, reference : str
        The column, and the group to compare with, declared beforehand.
    cluster : str, optional
        What was sampled together; at least 5 of them.
    lowest : float
        Lowest possible score, from which ratios count.

    Returns
    -------
    GroupGaps
        Unavailable within: a group of one, no variation, a reference no one is in,
        fewer than 5 clusters, a group in one cluster only.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35; Pustejovsky & Tipton (2018), J. Business &
    Economic Statistics 36(4), 672-683.
    """
    kept = frame[[score, group, *([cluster] if cluster else [])]].dropna()
    counts = kept[group].astype(str).value_counts(sort=False)
    names = sorted(
        counts.index, key=lambda name: (name != reference, -counts[name], name)
    )
    fit = group_fit(
        kept, names, score=score, group=group, cluster=cluster, lowest=lowest
    )
    if isinstance(fit, LinearFit) and reference not in names:
        fit = Unavailable(term="", reason="no one of the reference group has a score")
    sizes = np.array([counts[name] for name in names], dtype=int)
    gaps = tuple(
        _gap(fit, names, place, sizes, reference=reference, lowest=lowest)
        for place in range(len(names))
    )
    return GroupGaps(reference=reference, groups=gaps, widest_gap=_widest(gaps))


def group_fit(
    kept: pd.DataFrame,
    names: list[str],
    *,
    score: str,
    group: str,
    cluster: str | None,
    lowest: float = 0.0,
) -> LinearFit | Unavailable:
    """Means of groups above the lowest possible score, in the order of `names`.

    `kept`: complete.
    """
    if not len(kept):
        return Unavailable(term="", reason="no one has a score and a group", n=0)
    scores = kept[score].to_numpy(dtype=float) - lowest
    if not np.isfinite(scores).all():
        return Unavailable(term="", reason="some scores are infinite", n=len(kept))
    places = {name: place for place, name in enumerate(names)}
    codes = kept[group].astype(str).map(places).to_numpy(dtype=int)
    if cluster is None:
        counts = np.bincount(codes, minlength=len(names))
        return separate_means(scores, codes, counts=counts)
    design = np.eye(len(names))[codes]
    return least_squares(scores, design, names=names, clusters=kept[cluster])


def _gap(
    fit: LinearFit | Unavailable,
    names: list[str],
    place: int,
    sizes: np.ndarray,
    *,
    reference: str,
    lowest: float,
) -> GroupGap:
    name, n = names[place], int(sizes[place])
    terms = ("group_mean", "gap_difference", "gap_ratio")
    if isinstance(fit, Unavailable):
        absent = {
            term: Unavailable(term=term, reason=fit.reason, n=n) for term in terms
        }
        return GroupGap(group=name, **absent)
    own = np.eye(len(names))[place]
    mean = fit.estimate(
        own, term="group_mean", n=n, counted="participants of the group"
    )
    if name == reference:
        none = {
            term: Unavailable(term=term, reason="this is the reference group", n=n)
            for term in terms[1:]
        }
        return GroupGap(group=name, group_mean=_raised(mean, lowest), **none)
    other = np.eye(len(names))[names.index(reference)]
    smaller = min(n, int(sizes[names.index(reference)]))
    return GroupGap(
        group=name,
        group_mean=_raised(mean, lowest),
        gap_difference=fit.estimate(
            own - other, term="gap_difference", n=smaller, counted=SMALLER
        ),
        gap_ratio=fit.ratio(own, other, term="gap_ratio", n=smaller, counted=SMALLER),
    )


def _raised(mean: Result, lowest: float) -> Result:
    """The mean on the scale of the score again."""
    if isinstance(mean, Unavailable):
        return mean
    assert mean.conf_low is not None
    assert mean.conf_high is not None
    return Estimate.of(
        mean.term,
        mean.estimate + lowest,
        (mean.conf_low + lowest, mean.conf_high + lowest),
        n=mean.n,
        method=mean.method,
    )


def _widest(gaps: tuple[GroupGap, ...]) -> Result:
    found = [g.gap_difference for g in gaps if isinstance(g.gap_difference, Estimate)]
    if not found:
        return Unavailable(term="widest_gap", reason="no gap could be estimated", n=0)
    widest = max(found, key=lambda gap: abs(gap.estimate))
    return Estimate.of(
        "widest_gap",
        widest.estimate,
        n=min(gap.n for gap in found),
        method=f"the difference from the reference furthest from zero, of "
        f"{len(found)}; picked because it is the widest, so no interval",
        n_unit="participants of the smallest group compared",
    )
