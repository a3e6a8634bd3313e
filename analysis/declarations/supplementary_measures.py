"""What is shown alongside an outcome's mean: best answers, retrospective test, anchor.

None of it decides a result, so a lock leaves it out: means and arms are compared as the
plan says, whatever is shown with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from analysis.declarations.instrument import Subscale
from analysis.declarations.linkage import is_linked, waves_linked
from analysis.declarations.study import Outcome, Study, SupplementaryMeasures
from heard.errors import unknown

MINIMUM_CATEGORIES = 3

MAXIMUM_CATEGORIES = 11


def check_supplementary(study: Study) -> Iterator[str]:
    """Every reason why the supplementary measures asked for cannot be estimated."""
    surveys = {survey.name: survey for survey in study.surveys}
    for outcome in study.outcomes:
        asked_survey = surveys.get(outcome.survey)
        if asked_survey is None or outcome.instrument not in asked_survey.instruments:
            continue  # reported elsewhere
        known = {s.name for s in study.instruments[outcome.instrument].subscales}
        if outcome.subscale in known:
            yield from _check_top(outcome, study)
            yield from _check_retrospective(outcome, study)
            yield from _check_anchor(outcome, study)


def _check_top(outcome: Outcome, study: Study) -> Iterator[str]:
    top, at = outcome.supplementary.top, f"outcomes.{outcome.name}.top_score"
    if top is None:
        return
    categories = ordered_categories(study, outcome)
    if not categories:
        yield (
            f"[{at}] needs a score of {MINIMUM_CATEGORIES} to {MAXIMUM_CATEGORIES} "
            "ordered "
            f"values, such as one question; '{outcome.subscale}' is none"
        )
    elif top not in categories[1:]:
        values_text = ", ".join(f"{value:g}" for value in categories[1:])
        yield f"[{at}] must be one of: {values_text}"


def _check_retrospective(outcome: Outcome, study: Study) -> Iterator[str]:
    then, at = outcome.supplementary.then, f"outcomes.{outcome.name}.retrospective"
    if not then:
        return
    instrument = study.instruments[outcome.instrument]
    subscales = {part.name: part for part in instrument.subscales}
    if then not in subscales or then == outcome.subscale:
        others = sorted(set(subscales) - {outcome.subscale})
        yield f"[{at}] {unknown('other subscale', then, others)}"
        return
    own, other = subscales[outcome.subscale], subscales[then]
    if (own.lowest, own.highest) != (other.lowest, other.highest):
        yield f"[{at}] '{then}' and '{own.name}' must have the same range"
    if not any(asks(study, outcome, wave, then) for wave in outcome.follow_ups):
        yield f"[{at}] no follow-up asks what '{then}' is made of"


def _check_anchor(outcome: Outcome, study: Study) -> Iterator[str]:
    supplementary, at = outcome.supplementary, f"outcomes.{outcome.name}"
    if not supplementary.anchor:
        if (
            supplementary.anchor_better
            or supplementary.anchor_little
            or supplementary.anchor_reliability
        ):
            yield f"[{at}.anchor] is missing; it names the attribute people answer by"
        return
    values, attributes = _values_of_anchor(outcome, study)
    if not values:
        fault = unknown("attribute with values", supplementary.anchor, attributes)
        yield f"[{at}.anchor] {fault}"
        return
    yield from _check_values(supplementary, values, at)
    if not any(
        is_linked(study, outcome.survey, outcome.baseline, wave)
        for wave in outcome.follow_ups
    ):
        yield f"[{at}.anchor] needs people who are linked between waves"
    reliability = supplementary.anchor_reliability
    if reliability is not None and not 0 < reliability <= 1:
        yield f"[{at}.anchor_reliability] must be over 0 and at most 1"


def _check_values(
    supplementary: SupplementaryMeasures, values: set[str], at: str
) -> Iterator[str]:
    if not supplementary.anchor_better or set(supplementary.anchor_better) >= values:
        yield (
            f"[{at}.anchor_better] must name some of its values, and not all: "
            f"{', '.join(sorted(values))}"
        )
    for name in supplementary.anchor_better:
        if name not in values:
            yield f"[{at}.anchor_better] {unknown('value', name, values)}"
    for name in supplementary.anchor_little:
        if name not in supplementary.anchor_better:
            yield (
                f"[{at}.anchor_slightly_better] "
                f"{unknown('value', name, supplementary.anchor_better)}: "
                "who got a little better got better"
            )


def _values_of_anchor(outcome: Outcome, study: Study) -> tuple[set[str], list[str]]:
    """Values of the anchor at any follow-up, and the attributes that could be one."""
    values: set[str] = set()
    attributes: list[str] = []
    for wave in outcome.follow_ups:
        if wave not in study.wave_names():
            continue
        export = study.wave(wave).export(outcome.survey)
        for each in export.attributes if export else ():
            if each.values and not each.separator:
                attributes.append(each.name)
                if each.name == outcome.supplementary.anchor:
                    values |= set(each.values.values())
    return values, attributes


def asks(study: Study, outcome: Outcome, wave: str, subscale: str) -> bool:
    """Whether a wave asked what a subscale of the outcome's instrument is made of."""
    if wave not in study.wave_names():
        return False
    export = study.wave(wave).export(outcome.survey)
    asked = study.asked(export).get(outcome.instrument) if export else None
    return asked is not None and subscale in {part.name for part in asked.subscales}


def ordered_categories(study: Study, outcome: Outcome) -> tuple[float, ...]:
    """Every value the score can have, from worst to best; none if it has many.

    Where neither end is the better one, a higher value counts as more.
    """
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    values = _values(study, outcome, subscale)
    if not MINIMUM_CATEGORIES <= len(values) <= MAXIMUM_CATEGORIES:
        return ()
    return values[::-1] if subscale.direction == "higher_is_worse" else values


def _values(study: Study, outcome: Outcome, subscale: Subscale) -> tuple[float, ...]:
    instrument = study.instruments[outcome.instrument]
    if subscale.parts or subscale.gates:
        return ()
    worths = instrument.categories(subscale.items)
    if subscale.method == "value":
        return worths
    # With gaps filled by a person's own mean, a sum has values in between.
    if subscale.method != "sum" or subscale.max_missing or not worths:
        return ()
    steps = {round(b - a, 9) for a, b in pairwise(worths)}
    if len(steps) != 1:
        return ()
    count, step = len(subscale.items), steps.pop()
    values = count * (len(worths) - 1) + 1
    return tuple(round(count * worths[0] + step * place, 9) for place in range(values))


def has_supplementary(study: Study) -> bool:
    """Whether there is anything to show alongside the means."""
    return bool(waves_linked(study)) or any(
        outcome.supplementary.then or ordered_categories(study, outcome)
        for outcome in study.outcomes
    )
