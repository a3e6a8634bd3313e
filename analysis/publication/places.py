"""What a finding is about, in words and in the order declared: term, wave, arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from analysis.foundation.terms import in_table
from analysis.publication.disclosure.control import Disclosed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding

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
    ("Kept", "responses_kept"),
)
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


def wave_text(study: Study, wave: str) -> str:
    """The title of a wave; a contrast ``after - before`` reads from before to after."""
    after, minus, before = wave.partition(" - ")
    if not minus:
        return study.wave_title(wave) if wave else "All waves"
    return f"{study.wave_title(before)} to {study.wave_title(after)}"


def arm_text(study: Study, arm: str) -> str:
    """The title of an arm, of a contrast of two, or of everyone together."""
    first, minus, second = arm.partition(" - ")
    if not minus:
        return study.arm_title(arm) if arm else EVERYONE
    return f"{study.arm_title(first)} minus {study.arm_title(second)}"


def day_text(date: str) -> str:
    """An ISO date as its day, month and year."""
    year, month, day = date.split("-")
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}"


def found(disclosed: Disclosed, **context: str) -> Finding | None:
    """The first finding of that place and term, if there is one."""
    return next(iter(disclosed.where(**context).findings), None)


def findings_of_outcome(disclosed: Disclosed, outcome: Outcome) -> Disclosed:
    """What was found of the score that an outcome is judged by, at its waves.

    Another outcome may be judged by the same score at other waves.
    """
    waves = {"", outcome.baseline, *outcome.follow_ups}
    waves |= {f"{name} - {outcome.baseline}" for name in outcome.follow_ups}
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


def waves_of(disclosed: Disclosed, study: Study, *, contrasts: bool) -> list[str]:
    """The waves, or the contrasts of waves, found here, in their order in time."""
    order = {name: str(place) for place, name in enumerate(study.wave_names())}
    names = {part.wave for part in disclosed.findings if part.wave}
    chosen = [name for name in names if (" - " in name) == contrasts]
    return sorted(
        chosen,
        key=lambda name: [
            order.get(part, part).rjust(9) for part in name.split(" - ")[::-1]
        ],
    )


def arms_of(disclosed: Disclosed, study: Study, *, contrasts: bool) -> list[str]:
    """Everyone, then the arms found here as declared; or the contrasts of arms."""
    present = dict.fromkeys(part.arm for part in disclosed.findings)
    if contrasts:
        return [name for name in present if " - " in name]
    return [n for n in ("", *(arm.name for arm in study.arms)) if n in present]


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
    """The smallest difference that matters in a finding's score, if declared."""
    place = (finding.survey, finding.instrument, finding.subscale)
    for outcome in study.outcomes:
        if (outcome.survey, outcome.instrument, outcome.subscale) == place:
            return outcome.smallest_effect
    return None


def column_text(study: Study, column: str) -> str:
    """A column of the export; ``instrument.item`` becomes the item's label."""
    name, _, item = column.partition(".")
    instrument = study.instruments.get(name)
    known = instrument is not None and item in {part.name for part in instrument.items}
    return instrument.item(item).label if instrument and known else column
