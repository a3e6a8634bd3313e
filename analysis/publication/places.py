"""What a finding is about, in words and in the order declared: term, wave, arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from analysis.declarations.estimand import metric_of, smallest_in_points
from analysis.foundation.findings import Contrast
from analysis.foundation.terms import in_table
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.numbers import size_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import AnyGroup, Finding, Place

EVERYONE = "Everyone"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""In English, whatever the machine's own language is."""

Columns: TypeAlias = tuple[tuple[str, str], ...]
"""Headings of a table, each with the term (or group) that stands below it."""
FLOW: Columns = (
    ("Received", "responses_received"),
    ("Answered", "responses_answered"),
    ("Preview or spam", "preview"),
    ("No consent", "no_consent"),
    ("Not finished", "not_finished"),
    ("Attention check failed", "attention_failed"),
    ("Too little answered", "too_little_answered"),
    ("Sent before begun", "dates_out_of_order"),
    ("Submission of several people", "submission_shared"),
    ("Repeated", "repeated"),
    ("Same answers as another", "identical_answers"),
    ("Printed total disagrees", "printed_total_disagrees"),
    ("Careless", "careless"),
    ("Used", "responses_used"),
)
SCORED_OR_LINKED = "Scored or linked"
"""What the n of an outcome counts: answers with a score, or people linked."""
FLAGS: Mapping[str, str] = {
    "longstring": "Equal answers in a row",
    "average_longstring": "Mean length of rows of equal answers",
    "intra_individual_variability": "Spread of a person's answers",
    "even_odd": "Even items against odd ones",
    "psychometric_synonyms": "Items that go together",
    "psychometric_antonyms": "Items that are opposites",
    "mahalanobis_p": "Distance from the usual answers",
    "share_missing": "Items not answered",
    "straight_lining": "Instruments answered with one code",
    "seconds_per_item": "Time taken",
    "careless": "As many flags as are needed",
}
"""What each index is about."""


def columns_of(table: str, **headings: str) -> Columns:
    """Headings and terms of a table's columns, as the register of terms has them.

    Parameters
    ----------
    **headings : str
        Term → another heading than its title.
    """
    return tuple(
        (headings.get(each.name, each.title), each.name) for each in in_table(table)
    )


def wave_text(study: Study, wave: Place) -> str:
    """The title of a wave; a contrast reads from before to after."""
    if isinstance(wave, Contrast):
        return f"{study.wave_title(wave.before)} to {study.wave_title(wave.after)}"
    return study.wave_title(wave) if wave else "All waves"


def arm_text(study: Study, arm: Place) -> str:
    """The title of an arm, of a contrast of two, or of everyone together."""
    if isinstance(arm, Contrast):
        return f"{study.arm_title(arm.after)} minus {study.arm_title(arm.before)}"
    return study.arm_title(arm) if arm else EVERYONE


def plain_text(name: str) -> str:
    """A name of a declaration as words."""
    return name.replace("_", " ")


def day_text(date: str) -> str:
    """An ISO date as its day, month and year."""
    year, month, day = date.split("-")
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}"


def found(disclosed: Disclosed, **context: AnyGroup | Contrast) -> Finding | None:
    """The first finding of that place and term, if there is one."""
    return next(iter(disclosed.where(**context).findings), None)


def arm_mean(of_arm: Disclosed, wave: str) -> Finding | None:
    """An arm's planned mean before or after, in whatever metric it was made."""
    kinds = ("arm_mean", "arm_share", "arm_probability")
    means = (found(of_arm, term=f"{kind}_{wave}") for kind in kinds)
    return next((one for one in means if one is not None), None)


def findings_of_outcome(disclosed: Disclosed, outcome: Outcome) -> Disclosed:
    """What was found of the score that an outcome is judged by, at its waves.

    Another outcome may be judged by the same score at other waves.
    """
    waves: set[Place] = {"", outcome.baseline, *outcome.follow_ups}
    waves |= {Contrast(name, outcome.baseline) for name in outcome.follow_ups}
    found = of_score(disclosed, outcome).findings
    return Disclosed(findings=tuple(part for part in found if part.wave in waves))


def of_score(disclosed: Disclosed, outcome: Outcome) -> Disclosed:
    """What was found at any wave of the score that an outcome is judged by."""
    return disclosed.where(
        survey=outcome.survey,
        instrument=outcome.instrument,
        subscale=outcome.subscale,
    )


def flow_count(here: Disclosed, term: str) -> Finding | None:
    """A count of the participant flow, by its term or by the rule that left out."""
    left_out = here.where(term="responses_left_out")
    return found(here, term=term) or found(left_out, group=term)


def surveyed(study: Study) -> Iterator[tuple[str, Instrument]]:
    """Every survey with each of its instruments, in the order declared."""
    for survey in study.surveys:
        for name in survey.instruments:
            yield survey.name, study.instruments[name]


@overload
def waves_of(
    disclosed: Disclosed, study: Study, *, contrasts: Literal[False]
) -> list[str]: ...
@overload
def waves_of(
    disclosed: Disclosed, study: Study, *, contrasts: Literal[True]
) -> list[Contrast]: ...
def waves_of(
    disclosed: Disclosed, study: Study, *, contrasts: bool
) -> list[str] | list[Contrast]:
    """The waves, or the contrasts of waves, found here, in their order in time."""
    order = {name: place for place, name in enumerate(study.wave_names())}
    present = {part.wave for part in disclosed.findings if part.wave}
    if contrasts:
        pairs = [wave for wave in present if isinstance(wave, Contrast)]
        return sorted(pairs, key=lambda pair: (order[pair.before], order[pair.after]))
    return sorted((w for w in present if isinstance(w, str)), key=order.__getitem__)


def places_of(
    disclosed: Disclosed, study: Study, *, contrasts: bool | None
) -> Sequence[Place]:
    """The waves found here, or the contrasts of waves, as is asked; None: both.

    Groups whose people were asked once are compared at that wave.
    """
    pairs = waves_of(disclosed, study, contrasts=True) if contrasts is not False else []
    if contrasts is None:
        return [*waves_of(disclosed, study, contrasts=False), *pairs]
    if pairs:
        return pairs
    return waves_of(disclosed, study, contrasts=False)


def arms_of(disclosed: Disclosed, study: Study, *, contrasts: bool) -> list[Place]:
    """Everyone, then the arms found here as declared; or the contrasts of arms."""
    present = dict.fromkeys(part.arm for part in disclosed.findings)
    if contrasts:
        return [arm for arm in present if isinstance(arm, Contrast)]
    return [n for n in ("", *(arm.name for arm in study.arms)) if n in present]


def subscale_of(study: Study, outcome: Outcome) -> Subscale:
    """The subscale whose score an outcome is judged by."""
    return study.instruments[outcome.instrument].subscale(outcome.subscale)


def smallest_gain(study: Study, outcome: Outcome) -> float | None:
    """The smallest effect that matters, below zero where a lower score is better."""
    effect = smallest_in_points(study, outcome)
    worse = subscale_of(study, outcome).direction == "higher_is_worse"
    return -effect if effect and worse else effect


def direction_text(instrument: Instrument) -> str:
    """Which way is better, as a sentence."""
    return {
        "higher_is_better": "A higher score is better.",
        "higher_is_worse": "A lower score is better.",
        "higher_is_more": "A higher score is more of it, not better or worse.",
        "mixed": "Which way is better differs from score to score.",
    }[instrument.direction]


def range_text(subscale: Subscale) -> str:
    """The ends of a score."""
    return f"{subscale.lowest:g} to {subscale.highest:g}"


def smallest_effect(study: Study, finding: Finding) -> float | None:
    """The smallest difference that matters in a finding's score and metric."""
    place = (finding.survey, finding.instrument, finding.subscale)
    for outcome in study.outcomes:
        if (outcome.survey, outcome.instrument, outcome.subscale) == place:
            if finding.metric:
                return outcome.smallest_effect
            return smallest_in_points(study, outcome)
    return None


def smallest_text(study: Study, outcome: Outcome) -> str:
    """The smallest effect of interest as it was declared; empty if none was."""
    effect = outcome.smallest_effect
    return "" if effect is None else size_text(effect, metric_of(study, outcome))


def column_text(study: Study, column: str) -> str:
    """A column of the export; ``instrument.item`` becomes the item's label."""
    name, _, item = column.partition(".")
    instrument = study.instruments.get(name)
    known = instrument is not None and item in {part.name for part in instrument.items}
    return instrument.item(item).label if instrument and known else column
