"""Results about one subscale into a table of evidence, rated by COSMIN's criteria.

Each property is rated by its point estimate: sufficient (+), insufficient (-) or
indeterminate (?). The rating is shown with where the interval lies, because a rating
that hangs on a threshold inside the interval may be overturned by the next sample.

Criteria: Prinsen et al. (2018), Quality of Life Research 27(5), 1147-1157, table 1, as
reprinted in PMC8928310, table 3. COSMIN's rules on sample size are not applied.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding, Group
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from heard.results import Result

SUFFICIENT, INSUFFICIENT, INDETERMINATE = "+", "-", "?"
RATING_WORDS = {
    SUFFICIENT: "sufficient",
    INSUFFICIENT: "insufficient",
    INDETERMINATE: "indeterminate",
}

MINIMUM_RELIABILITY = 0.70
REDUNDANT_ALPHA = 0.95
"""Terwee et al. (2007): above it, items say the same thing in other words."""
LARGEST_ITEM_BIAS = 0.02
"""McFadden's R squared of an item's difference between groups."""
FIT = {
    "comparative_fit_index": (0.95, True),
    "tucker_lewis_index": (0.95, True),
    "rmsea": (0.06, False),
    "standardised_root_mean_square_residual": (0.08, False),
}
"""Fit index → its threshold, and whether more is better; scaled ones have the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyEvidence:
    """One measurement property: its rating, why, and the result that decided.

    Attributes
    ----------
    measurement_property : str
        ``structural_validity``, ``internal_consistency``, ``reliability``,
        ``measurement_error`` or ``measurement_invariance``.
    rating : str
        ``+``, ``-`` or ``?``.
    interval : str
        Where the interval of the deciding result lies against its threshold.
    decisive : Result
        The result that decided, or the first absence.
    """

    measurement_property: str
    rating: str
    reason: str
    interval: str
    decisive: Result


def cosmin_table(
    *,
    fit: Sequence[Result] = (),
    cronbach_alpha: Result | None = None,
    reliability: Result | None = None,
    smallest_detectable_change: Result | None = None,
    minimal_important_change: float | None = None,
    item_bias: Sequence[Result] = (),
    invariance_verdict: tuple[bool, str] | None = None,
) -> tuple[PropertyEvidence, ...]:
    """Rate one subscale, in one wave and source, property by property.

    Parameters
    ----------
    fit : sequence of Result
        Of a confirmatory factor model, any of the terms of `FIT`, scaled or robust.
    cronbach_alpha : Result, optional
        Of a subscale taken to be one thing.
    reliability : Result, optional
        Between raters or over time: an intraclass correlation or a weighted kappa.
    smallest_detectable_change : Result, optional
        In points, for one person.
    minimal_important_change : float, optional
        In points; None where nobody has defined it.
    item_bias : sequence of Result
        McFadden's R squared of each item between groups.
    invariance_verdict : (bool, str), optional
        Whether means may be compared between groups or waves, and why.

    Returns
    -------
    tuple of PropertyEvidence
        Five, always; what was not analysed is indeterminate.
    """
    structure = _structural_validity(fit)
    return (
        structure,
        _internal_consistency(cronbach_alpha, structure),
        _reliability(reliability),
        _measurement_error(smallest_detectable_change, minimal_important_change),
        _invariance(item_bias, invariance_verdict),
    )


def cosmin_findings(
    properties: Iterable[PropertyEvidence], **place: str
) -> Iterator[Finding]:
    """A finding a property: the deciding number, in `group` what it is rated.

    Parameters
    ----------
    **place : str
        The tidy columns that say where.
    """
    for row in properties:
        (found,) = Finding.place(row.decisive, **place)
        known = found.estimate is not None
        why = "; ".join(filter(None, [row.reason, row.interval]))
        yield dataclasses.replace(
            found,
            group=Group(
                "rating", RATING_WORDS[row.rating], of=found.term if known else ""
            ),
            term=f"cosmin_{row.measurement_property}",
            method=why if known else "",
            reason="" if known else row.reason,
        )


def _structural_validity(fit: Sequence[Result]) -> PropertyEvidence:
    name = "structural_validity"
    known = [found for found in fit if isinstance(found, Estimate)]
    if not known:
        return _indeterminate(name, "no factor model was fitted", fit)
    met = [found for found in known if _meets(found)]
    deciding = met or known
    verdict = "one suffices" if met else "none is met"
    why = f"{', '.join(map(_fit_words, deciding))}; {verdict}"
    return _rated(name, bool(met), why, deciding[0], _criterion(deciding[0]))


def _criterion(found: Estimate) -> tuple[float, bool]:
    return FIT[_plain(found.term)]


def _plain(term: str) -> str:
    return term.removeprefix("scaled_").removeprefix("robust_")


def _meets(found: Estimate) -> bool:
    threshold, more_is_better = _criterion(found)
    difference = found.estimate - threshold
    return difference > 0 if more_is_better else difference < 0


def _fit_words(found: Estimate) -> str:
    threshold, more_is_better = _criterion(found)
    direction = "above" if more_is_better else "below"
    name = _plain(found.term).replace("_", " ").replace("rmsea", "RMSEA")
    return f"{name} {'' if _meets(found) else 'not '}{direction} {threshold:.2f}"


def _internal_consistency(
    alpha: Result | None, structure: PropertyEvidence
) -> PropertyEvidence:
    name = "internal_consistency"
    if not isinstance(alpha, Estimate):
        return _indeterminate(name, "alpha was not estimated", (alpha,))
    criterion = (MINIMUM_RELIABILITY, True)
    if structure.rating != SUFFICIENT:
        why = "alpha speaks of one thing only where the structure is sufficient"
        return _rated(name, None, why, alpha, criterion)
    met = alpha.estimate >= MINIMUM_RELIABILITY
    why = f"alpha {'at least' if met else 'below'} {MINIMUM_RELIABILITY:.2f}"
    if alpha.estimate > REDUNDANT_ALPHA:
        why += f"; above {REDUNDANT_ALPHA:.2f}, so some items may be superfluous"
    return _rated(name, met, why, alpha, criterion)


def _reliability(found: Result | None) -> PropertyEvidence:
    name = "reliability"
    if not isinstance(found, Estimate):
        why = "no agreement over time or between raters was estimated"
        return _indeterminate(name, why, (found,))
    met = found.estimate >= MINIMUM_RELIABILITY
    why = f"{'at least' if met else 'below'} {MINIMUM_RELIABILITY:.2f}"
    return _rated(name, met, why, found, (MINIMUM_RELIABILITY, True))


def _measurement_error(
    change: Result | None, important: float | None
) -> PropertyEvidence:
    name = "measurement_error"
    if not isinstance(change, Estimate):
        why = "no smallest detectable change was estimated"
        return _indeterminate(name, why, (change,))
    if important is None:
        why = "no minimal important change is known to hold it against"
        return _rated(name, None, why, change, None)
    met = change.estimate < important
    side = "below" if met else "not below"
    why = f"smallest detectable change {side} the minimal important change"
    return _rated(name, met, why, change, (important, False))


def _invariance(
    item_bias: Sequence[Result], verdict: tuple[bool, str] | None
) -> PropertyEvidence:
    name = "measurement_invariance"
    known = [found for found in item_bias if isinstance(found, Estimate)]
    if not known and verdict is None:
        return _indeterminate(name, "no groups or waves were compared", item_bias)
    met, why = verdict or (True, "")
    if not known:
        return _rated(name, met, why, Unavailable(term=name, reason=why), None)
    biased = sum(found.estimate >= LARGEST_ITEM_BIAS for found in known)
    differing = f"{biased} of {len(known)} items differ between groups"
    why = "; ".join(filter(None, (why, differing)))
    worst = max(known, key=lambda found: found.estimate)
    return _rated(name, met and not biased, why, worst, (LARGEST_ITEM_BIAS, False))


def _indeterminate(
    name: str, why: str, found: Sequence[Result | None]
) -> PropertyEvidence:
    absent = next((result for result in found if result is not None), None)
    reasons = [why, getattr(absent, "reason", "")] if absent else [why]
    nothing = Unavailable(term=name, reason=why)
    return _rated(name, None, "; ".join(reasons), absent or nothing, None)


def _rated(
    name: str,
    met: bool | None,  # noqa: FBT001 - of three answers
    why: str,
    found: Result,
    criterion: tuple[float, bool] | None,
) -> PropertyEvidence:
    rating = {True: SUFFICIENT, False: INSUFFICIENT, None: INDETERMINATE}[met]
    return PropertyEvidence(
        measurement_property=name,
        rating=rating,
        reason=why,
        interval=_position(found, *criterion) if criterion else "no threshold",
        decisive=found,
    )


def _position(found: Result, threshold: float, more_is_better: bool) -> str:  # noqa: FBT001 - read from `FIT`
    """Where the interval lies against the threshold, in words."""
    low, high = getattr(found, "conf_low", None), getattr(found, "conf_high", None)
    if low is None or high is None:
        return "no interval"
    if low < threshold < high:
        return "the interval crosses the threshold"
    good = (low >= threshold) == more_is_better
    return f"the whole interval is on the {'good' if good else 'poor'} side"
