"""Find how much worse dropouts would have to be to change the conclusion.

Imputed outcomes are shifted by a number of points and the analysis repeated. The effect
is linear in the shift and its variance quadratic, so three fits a data set give the
whole curve exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from heard.effects.missing_data.arm_effect import EFFECT, ArmModel, Prepared, prepared
from heard.models.chained_equations import Numbers
from heard.models.imputation import Imputation
from heard.models.imputation_pooling import Pooling, interval, rubin_rules
from heard.results import Composite, Estimate, Result, Unavailable

NOTHING_IMPUTED = "no one's score was filled in there: no shift can change anything"
TOO_FEW_SHIFTS = "at least 2 different shifts needed, all finite"
CEASES = "ceases to hold"
NOT_ASKED = "no smallest effect of interest was named"
# Points between no shift and the furthest at which a crossing is looked for.
STEPS = 200
# Of the distance at no shift, what rounding may have left of a crossing.
NOISE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedEffect(Composite):
    """The effect if what was filled in lay so many scale points off."""

    shift: str
    effect: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingPoint(Composite):
    """The curve of shifted effects, and where it tips.

    - `outcome`, `shifted`: what was shifted, and in which arms.
    - `curve`: from the lowest shift to the highest.
    - `interval_zero`, `estimate_zero`: the shift nearest to none at which the interval
      begins or ceases to hold 0, or the effect is 0.
    - `interval_smallest_effect`, `estimate_smallest_effect`: the same for the smallest
      effect that matters.
    """

    outcome: str
    shifted: str
    curve: tuple[ShiftedEffect, ...]
    interval_zero: Result
    estimate_zero: Result
    interval_smallest_effect: Result
    estimate_smallest_effect: Result

    def sentence(self) -> str:
        """What would change the conclusion, in plain words."""
        found = self.interval_zero
        whose = f"the missing {self.outcome} scores of {self.shifted}"
        if isinstance(found, Unavailable):
            return f"Shifting {whose}: {found.reason}."
        side = "higher" if found.estimate > 0 else "lower"
        change = "no longer hold" if CEASES in found.method else "reach"
        return (
            f"If {whose} lay {abs(found.estimate):.2g} points {side} than those of "
            f"similar people who stayed, the interval of the effect would {change} 0."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftCurve:
    """The pooled effect as a function of the shift.

    `values`, shape (n_sets, 2): each set's effect: without a shift, and what a point of
      shift adds.
    `variances`, shape (n_sets, 3): its squared error: constant, linear and quadratic
      part.
    `degrees`: degrees of freedom of a set's interval; no shift changes them.
    `n`: people a set holds.
    `words`: how each set was fitted.
    """

    values: Numbers = field(repr=False)
    variances: Numbers = field(repr=False)
    degrees: float
    n: int
    words: str

    def at(self, shift: float) -> Pooling:
        """Rubin's rules at one shift."""
        squares = self.variances @ [1.0, shift, shift**2]
        return rubin_rules(
            (self.values @ [1.0, shift]).tolist(),
            np.sqrt(np.maximum(squares, 0.0)).tolist(),
            complete_degrees=self.degrees,
        )

    def effect(self, shift: float) -> Estimate:
        """The pooled effect with its 95 % interval at one shift."""
        pooled = self.at(shift)
        low, high = interval(pooled)
        return Estimate.of(
            "shifted_arm_difference",
            pooled.estimate,
            (low, high),
            n=self.n,
            method=self.words,
        )


def tipping_point(
    people: pd.DataFrame,
    imputation: Imputation,
    model: ArmModel,
    *,
    shifts: Sequence[float],
    shifted: Mapping[str, float] | None = None,
    smallest_effect: float | None = None,
) -> TippingPoint | Unavailable:
    """Shift what was filled in at the end, and see when the answer changes.

    Parameters
    ----------
    people : DataFrame, one row a participant
        The frame that was imputed.
    imputation : Imputation
        Its completed sets.
    model : ArmModel
        What is compared.
    shifts : sequence of float
        Scale points at which the curve is drawn; tipping points are sought between
        the lowest and the highest, or none.
    shifted : mapping of arm to float, optional
        How strongly each arm's dropouts are shifted: ``{"pack": 1}`` those of one arm
        only, ``{"pack": 1, "usual": 1}`` both alike. Default: the treated arm's.
    smallest_effect : float, optional
        Smallest effect of interest, in scale points, signed as the effect is.

    Returns
    -------
    TippingPoint
        Each tipping point is Unavailable where it lies beyond the shifts.
    Unavailable
        No one's outcome was filled in there, fewer than 2 shifts, or the effect cannot
        be estimated.

    References
    ----------
    Cro, Morris, Kenward & Carpenter (2020), Statistics in Medicine 39, 2815-2842.
    """
    points = sorted({float(shift) for shift in shifts})
    if len(points) < 2 or not np.isfinite(points).all():
        return _absent(TOO_FEW_SHIFTS, len(people))
    shift_by_arm = {model.treated: 1.0} if shifted is None else dict(shifted)
    reach = max(abs(points[0]), abs(points[-1]))
    curve = shift_curve(people, imputation, model, shifted=shift_by_arm, reach=reach)
    if isinstance(curve, Unavailable):
        return curve
    ends = (min(points[0], 0.0), max(points[-1], 0.0))
    small = smallest_effect
    return TippingPoint(
        outcome=model.outcome,
        shifted=" and ".join(name for name, size in shift_by_arm.items() if size),
        curve=tuple(
            ShiftedEffect(shift=f"{point:g}", effect=curve.effect(point))
            for point in points
        ),
        interval_zero=_reached(curve, ends, "tipping_point_interval_zero", 0.0),
        estimate_zero=_reached(curve, ends, "tipping_point_estimate_zero", 0.0),
        interval_smallest_effect=_reached(
            curve, ends, "tipping_point_interval_smallest_effect", small
        ),
        estimate_smallest_effect=_reached(
            curve, ends, "tipping_point_estimate_smallest_effect", small
        ),
    )


def shift_curve(
    people: pd.DataFrame,
    imputation: Imputation,
    model: ArmModel,
    *,
    shifted: Mapping[str, float],
    reach: float,
) -> ShiftCurve | Unavailable:
    """Fit every set without a shift and at both ends: that is the whole curve.

    `shifted`: how strongly each arm's dropouts are shifted.
    `reach`: the furthest shift asked for; positive.
    """
    sets = []
    for frame in imputation.completed(people):
        kept = model.rows(frame)
        rows = frame[kept]
        strength = rows[model.arm].map(dict(shifted)).fillna(0.0).to_numpy(dtype=float)
        shift_weights = np.where(
            imputation.filled_in(model.outcome)[kept], strength, 0.0
        )
        if not shift_weights.any():
            return _absent(NOTHING_IMPUTED, len(rows))
        found = _one_set(prepared(rows, model), shift_weights, reach)
        if isinstance(found, str):
            return _absent(found, len(rows))
        sets.append(found)
    shift_by_arm = ", ".join(
        f"{name} by {size:g}" for name, size in shifted.items() if size
    )
    numbers = np.array(sets)
    return ShiftCurve(
        values=numbers[:, :2],
        variances=numbers[:, 2:5],
        degrees=float(numbers[:, 5].min()),
        n=len(rows),
        words=(
            f"{model.describe()}; {imputation.method}; then filled-in {model.outcome} "
            f"shifted a scale point at a time ({shift_by_arm}); least squares, "
            "cluster-robust, "
            "pooled by Rubin's rules with Barnard and Rubin's degrees of freedom"
        ),
    )


def _one_set(
    ready: Prepared, shift_weights: Numbers, reach: float
) -> list[float] | str:
    """Effect (2 parts), its squared error (3), degrees; or why there are none."""
    values, squares = [], []
    for shift in (-reach, 0.0, reach):
        fit = ready.fit(ready.outcome + shift * shift_weights)
        if isinstance(fit, Unavailable):
            return fit.reason
        if isinstance(shown := fit.estimate(EFFECT, term="effect"), Unavailable):
            return shown.reason
        values.append(fit.value(EFFECT))
        squares.append(fit.standard_error(EFFECT) ** 2)
        degrees = fit.degrees_of_freedom(EFFECT)
    return [
        values[1],
        (values[2] - values[0]) / (2 * reach),
        squares[1],
        (squares[2] - squares[0]) / (2 * reach),
        (squares[2] + squares[0] - 2 * squares[1]) / (2 * reach**2),
        degrees,
    ]


def _reached(
    curve: ShiftCurve, ends: tuple[float, float], term: str, target: float | None
) -> Result:
    """The shift nearest to none at which the effect, or a limit, is at the target."""
    if target is None:
        return Unavailable(term=term, reason=NOT_ASKED, n=curve.n)
    roots, what = _crossings(curve, ends, target, of_interval="interval" in term)
    if not roots:
        reason = (
            f"no shift from {ends[0]:g} to {ends[1]:g} points is one at which {what} "
            f"{target:g}"
        )
        return Unavailable(term=term, reason=reason, n=curve.n, method=curve.words)
    return Estimate.of(
        term,
        min(roots, key=abs),
        n=curve.n,
        method=f"shift nearest to none at which {what} {target:g}, in scale points; "
        f"{curve.words}; says when an interval changes, so it has none",
    )


def _crossings(
    curve: ShiftCurve, ends: tuple[float, float], target: float, *, of_interval: bool
) -> tuple[list[float], str]:
    """First crossings towards either end of what can cross, and what it is."""
    low, high = interval(curve.at(0.0))
    is_inside = low <= target <= high
    sides = [low > target, low <= target] if not is_inside else [True, True]
    bounds: list[Callable[[float], float]] = [
        lambda shift: interval(curve.at(shift))[0] - target,
        lambda shift: interval(curve.at(shift))[1] - target,
    ]
    what = f"the interval {CEASES if is_inside else 'begins to hold'}"
    if not of_interval:
        bounds = [lambda shift: curve.at(shift).estimate - target]
        sides, what = [True], "the effect is"
    return [
        root
        for bound, asked in zip(bounds, sides, strict=True)
        for end in ends
        if asked and end and (root := _crossing(bound, end)) is not None
    ], what


def _crossing(above: Callable[[float], float], end: float) -> float | None:
    """Where the sign first changes on the way from no shift to an end."""
    steps = np.linspace(0.0, end, STEPS + 1).tolist()
    start = above(0.0)
    if start == 0:
        return 0.0
    for before, after in pairwise(steps):
        reached = above(after)
        if abs(reached) <= NOISE * abs(start):
            return float(after)
        if start * reached < 0:
            return float(brentq(above, before, after, xtol=1e-12))
    return None


def _absent(reason: str, n: int) -> Unavailable:
    return Unavailable(term="tipping_point", reason=reason, n=n)
