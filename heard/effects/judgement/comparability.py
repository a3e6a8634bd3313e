"""What follows from questions that changed meaning: their bias against the verdict.

The bias is in points of the score, so it is compared with what matters there: the
smallest effect of interest, and the verdict that the interval gives.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from heard.effects.judgement.verdict import Good, verdict, verdict_class
from heard.results import Estimate, Result

Consequence: TypeAlias = Literal["passed", "warned", "refused", "not_tested"]

NEGLIGIBLE = 0.25
"""Bias, in smallest effects of interest, within which nothing need be said."""
TOO_WIDE = 2.0
"""Width of its interval, in smallest effects of interest, that shows nothing."""


def consequence_of_bias(
    bias: Result, estimate: Result, *, smallest_effect: float | None, good: Good
) -> Consequence:
    """What a bias of the score means for the verdict on an estimate.

    Parameters
    ----------
    bias : Estimate or Unavailable
        Of the estimate, in points of the score, with its 95 % interval.
    estimate : Estimate or Unavailable
        The one that is judged; where it has no interval there is no verdict to change.
    smallest_effect, good
        As of `verdict`.

    Returns
    -------
    {"passed", "warned", "refused", "not_tested"}
        The first that holds: without an interval of the bias ``not_tested``; its
        interval within a quarter of the smallest effect of interest ``passed``; the
        interval of the estimate, moved by the bias, of another class of verdict
        ``refused``; the interval of the bias wider than two smallest effects
        ``not_tested``; otherwise ``warned``.

    Raises
    ------
    ValueError
        As of `verdict`.
    """
    if (
        not isinstance(bias, Estimate)
        or bias.conf_low is None
        or bias.conf_high is None
    ):
        return "not_tested"
    reach = max(abs(bias.conf_low), abs(bias.conf_high))
    if smallest_effect is not None and reach <= NEGLIGIBLE * smallest_effect:
        return "passed"
    if _moves_class(bias, estimate, smallest_effect, good):
        return "refused"
    width = bias.conf_high - bias.conf_low
    if smallest_effect is not None and width > TOO_WIDE * smallest_effect:
        return "not_tested"
    return "warned"


def _moves_class(
    bias: Estimate, estimate: Result, smallest_effect: float | None, good: Good
) -> bool:
    if (
        not isinstance(estimate, Estimate)
        or estimate.conf_low is None
        or estimate.conf_high is None
    ):
        return False
    as_found, as_moved = (
        verdict_class(
            verdict(
                estimate.conf_low - moved,
                estimate.conf_high - moved,
                smallest_effect=smallest_effect,
                good=good,
            )
        )
        for moved in (0.0, bias.estimate)
    )
    return as_found != as_moved
