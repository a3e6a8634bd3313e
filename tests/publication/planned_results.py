"""Hand-made findings of a planned result, as evaluators give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.foundation.findings import Contrast, Finding, Group, Place
from analysis.outcomes.strength import strength_results
from heard.effects.judgement.strength import StrengthFacts
from heard.effects.judgement.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Outcome, Study
    from heard.effects.judgement.verdict import Good

ROUNDED = {"method": "by hand"}


def outcome_of(study: Study, name: str = "") -> Outcome:
    """The outcome of that name, or the first."""
    return next(each for each in study.outcomes if name in ("", each.name))


def place_of(study: Study, outcome: Outcome, wave: Place, arm: Place) -> dict[str, Any]:
    return {
        "study": study.name,
        "survey": outcome.survey,
        "instrument": outcome.instrument,
        "subscale": outcome.subscale,
        "wave": wave,
        "arm": arm,
    }


def planned_result(
    study: Study,
    outcome: Outcome,
    limits: tuple[float, float] | None,
    *,
    term: str = "difference_in_change",
    good: Good = "higher",
    follow_up: str = "",
    arms: tuple[str, ...] = (),
    means: tuple[float, ...] = (),
    units: tuple[int, ...] = (),
    people: int = 610,
    n_unit: str = "",
    reason: str = "",
    facts: dict[str, Any] | None = None,
    agreeing: int = 0,
    asked: int = 0,
    lost: float | None = None,
    undone_at: float | None = None,
) -> Iterator[Finding]:
    """A planned result with all that goes with it; refused where there are no limits.

    `means` has, for each arm, the mean before and after; after only of people asked
    once.
    """
    wave = follow_up or outcome.follow_ups[0]
    over: Place = (
        wave if term == "difference_after" else Contrast(wave, outcome.baseline)
    )
    arm: Place = Contrast(*arms) if len(arms) == 2 else "".join(arms)
    place = place_of(study, outcome, over, arm)
    number: dict[str, Any] = {"n": people, "n_unit": n_unit, **ROUNDED}
    low, high = limits or (None, None)
    code = verdict(low, high, smallest_effect=outcome.smallest_effect, good=good)
    yield Finding(
        **place,
        term=term,
        estimate=(limits[0] + limits[1]) / 2 if limits else None,
        conf_low=low,
        conf_high=high,
        reason=reason,
        **(number if limits else {}),
    )
    yield Finding(
        **place,
        group=Group("verdict", value=code),
        term="verdict",
        estimate=outcome.smallest_effect,
        reason=reason,
        **(number if limits else {}),
    )
    for term_of, estimate in (
        ("analyses_agreeing", agreeing if asked else None),
        ("analyses_asked", asked or None),
        ("share_lost", lost),
        ("change_undone_at", undone_at),
    ):
        if estimate is not None:
            yield Finding(**place, term=term_of, estimate=float(estimate), **number)
    each = 2 if len(means) == 2 * len(arms or [""]) else 1
    for order, name in enumerate(arms or [""]):
        of_arm = place | {"arm": name}
        terms = ("arm_mean_before", "arm_mean_after")[-each:]
        for term_of, mean in zip(terms, means[each * order :], strict=False):
            yield Finding(**of_arm, term=term_of, estimate=mean, **number)
        for count in units[order : order + 1]:
            yield Finding(
                **of_arm, term="units_compared", estimate=float(count), **number
            )
    if limits:
        half = (limits[1] - limits[0]) / 2
        about: dict[str, Any] = {
            "people": people // 2,
            "estimate": 1.0,
            "half_width": half,
            "smallest_effect": outcome.smallest_effect,
            "lost": lost,
            "comparability": "passed",
            "items": 10,
            "plan": "locked",
            "family": "primary",
        } | (facts or {})
        rated = strength_results(StrengthFacts(**about), n=people, n_unit=n_unit)
        for group, part in rated:
            yield from Finding.place(part, **place, group=group)
