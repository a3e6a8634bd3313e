"""Arms within groups into an effect for each group, and whether groups differ in it.

The rule that holds throughout: that one group's interval leaves out zero and another's
does not says nothing; only the difference of the two effects does.
Oracle: R clubSandwich and sandwich, tests/oracles/values/inequality.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.inequality.linear import LinearFit, least_squares

if TYPE_CHECKING:
    import pandas as pd

COUNTED = "participants of the smallest arm of a group that it rests on"
SMALLEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectByGroup(Composite):
    """One group.

    Attributes
    ----------
    group : str
        Its name.
    effect_in_group : Estimate or Unavailable
        Difference of the arms within it, in points.
    effect_difference : Estimate or Unavailable
        That less the effect in the reference group.
    """

    group: str
    effect_in_group: Result
    effect_difference: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectsByGroup(Composite):
    """Every group, and whether they differ.

    Attributes
    ----------
    reference : str
        The group the others are compared with.
    interaction_p_value : Estimate or Unavailable
        Of no group's effect differing from the reference's.
    groups : tuple of EffectByGroup
        By name, the reference first.
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
    return Estimate(
        term=term,
        estimate=min(1.0, smallest * len(contrasts)),
        n=n,
        method=f"{fit.method}; smallest two-sided p of the {len(contrasts)} "
        "differences from the reference group's effect, times their number (Holm's "
        f"first step); n counts {COUNTED}; a probability has no interval",
    )
