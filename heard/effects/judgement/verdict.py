"""Verdict on an effect: its 95 % interval against the smallest effect of interest.

The interval that is printed decides, so no reader sees it cross the bound next to a
verdict that says it does not. Every interval has exactly one verdict.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

Good: TypeAlias = Literal["higher", "lower", "none"]
"""Which direction is good; none, of a scale that is neither good nor bad."""
VerdictCode: TypeAlias = Literal[
    "no_answer",
    "better_by_enough",
    "worse_by_enough",
    "little_or_none",
    "better",
    "worse",
    "no_important_gain",
    "cannot_tell",
]
VerdictClass: TypeAlias = Literal["gain", "none", "open", "harm", "no_answer"]
Extent: TypeAlias = Literal[
    "important_loss",
    "small_loss",
    "loss",
    "no_difference",
    "gain",
    "small_gain",
    "important_gain",
]
"""How far a limit lies from zero; gain and loss alone where no bound was declared."""

CLASSES: dict[VerdictCode, VerdictClass] = {
    "no_answer": "no_answer",
    "better_by_enough": "gain",
    "better": "gain",
    "little_or_none": "none",
    "no_important_gain": "none",
    "cannot_tell": "open",
    "worse": "harm",
    "worse_by_enough": "harm",
}
"""Two analyses agree if their verdicts are of one class."""


def verdict(
    low: float | None, high: float | None, *, smallest_effect: float | None, good: Good
) -> VerdictCode:
    """Judge a 95 % interval against the smallest effect of interest.

    Parameters
    ----------
    low, high : float or None
        Unrounded limits of the 95 % interval, in units of the score; None where there
        is no interval, the estimate was refused, or none was meant to be judged.
    smallest_effect : float or None
        In units of the score, over 0; None if none was declared.
    good : {"higher", "lower", "none"}
        Which direction is good. With ``none`` "better" means that the score rose.

    Returns
    -------
    str
        The code of the first rule that holds, see the notes.

    Raises
    ------
    ValueError
        The limits are the wrong way round, the smallest effect is not over 0, or the
        direction is unknown.

    Notes
    -----
    With L and U the limits turned so that positive is good, and d the smallest effect:
    `better_by_enough` L >= d; `worse_by_enough` U <= -d; `little_or_none` -d < L and
    U < d; `better` 0 < L; `worse` U < 0; `no_important_gain` U < d (not without a good
    direction); otherwise `cannot_tell`. Without d only `better`, `worse` and
    `cannot_tell`. Without an interval `no_answer`.

    References
    ----------
    Lakens, Scheel & Isager (2018), Advances in Methods and Practices in Psychological
    Science 1(2), 259-269, on judging by bounds; here with the 95 % interval.
    """
    limits = _turned(low, high, good)
    _check_bound(smallest_effect)
    if limits is None:
        return "no_answer"
    if smallest_effect is None:
        return _without_bound(*limits)
    code = _with_bound(*limits, smallest_effect)
    return "cannot_tell" if good == "none" and code == "no_important_gain" else code


def verdict_class(code: VerdictCode) -> VerdictClass:
    """The class of a verdict: a gain, none, open or harm; by it analyses agree."""
    return CLASSES[code]


def limit_extents(
    low: float, high: float, *, smallest_effect: float | None, good: Good
) -> tuple[Extent, Extent]:
    """How far each limit lies from zero, the worse one first.

    Parameters
    ----------
    low, high, smallest_effect, good
        As of `verdict`.

    Returns
    -------
    tuple of str
        A code for each limit, from ``important_loss`` to ``important_gain``; ``loss``
        and ``gain`` where no smallest effect was declared.
    """
    limits = _turned(low, high, good)
    _check_bound(smallest_effect)
    if limits is None:
        raise ValueError("an interval without limits has no extent")
    first, last = (_extent(limit, smallest_effect) for limit in limits)
    return first, last


def _turned(
    low: float | None, high: float | None, good: Good
) -> tuple[float, float] | None:
    """The limits with good as positive; None if either is missing."""
    if good not in {"higher", "lower", "none"}:
        raise ValueError("good must be 'higher', 'lower' or 'none'")
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return None
    if low > high:
        raise ValueError("the limits are the wrong way round")
    return (-high, -low) if good == "lower" else (low, high)


def _check_bound(smallest_effect: float | None) -> None:
    if smallest_effect is None:
        return
    if not (math.isfinite(smallest_effect) and smallest_effect > 0):
        raise ValueError("the smallest effect of interest must be over 0")


def _without_bound(low: float, high: float) -> VerdictCode:
    if low > 0:
        return "better"
    return "worse" if high < 0 else "cannot_tell"


def _with_bound(low: float, high: float, smallest: float) -> VerdictCode:
    rules: tuple[tuple[bool, VerdictCode], ...] = (
        (low >= smallest, "better_by_enough"),
        (high <= -smallest, "worse_by_enough"),
        (-smallest < low and high < smallest, "little_or_none"),
        (low > 0, "better"),
        (high < 0, "worse"),
        (high < smallest, "no_important_gain"),
    )
    return next((code for holds, code in rules if holds), "cannot_tell")


def _extent(limit: float, smallest: float | None) -> Extent:
    if limit == 0:
        return "no_difference"
    if smallest is None:
        return "gain" if limit > 0 else "loss"
    if abs(limit) >= smallest:
        return "important_gain" if limit > 0 else "important_loss"
    return "small_gain" if limit > 0 else "small_loss"
