"""Those with the pilot compared with those without it, over waves: words and pages.

Difference in differences, event study and staggered adoption; then falsification,
sensitivity to violations of parallel trends, and dose-response.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.estimand import smallest_in_points
from analysis.foundation.findings import Group, names_in
from analysis.publication.drawings import AFTER, BEFORE, draw_events
from analysis.publication.figure import Note, Point, drawn_points, make_figure
from analysis.publication.house_style import height_of
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.places import (
    arm_text,
    found,
    of_score,
    plain_text,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, show, show_tables
from analysis.publication.table import ABSENT, Footnotes
from analysis.publication.words import (
    SIGNIFICANT,
    counted,
    excludes_zero,
    figure_words,
    listed,
    p_value,
    p_words,
    reason_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part
    from analysis.publication.table import Table

    Line: TypeAlias = tuple[str, Finding | None, Finding | None]
    """What a line of a table is about, its number, and its p-value."""

OVERALL = ("staggered_effect", "stepped_wedge_effect", "difference_in_differences")
"""The one number that sums an outcome up: as planned; else the first there is."""
BY_WAVE = "event_study_effect"
AS_PLANNED, NOT_PLANNED = "as planned", "not planned"
HEADINGS = ("What", "n", "Points", "p")
SMALLER_SIDE = "n: answers of the smaller side at the smaller time."
FLOOR = "The least p that a placebo could have with so many units: {floor}."
DEPARTURES = ("0", "1", "2")
"""Those shown; those between stand in the findings."""
ROLES = {"outcome": "Outcome", "negative_control": "Negative control"}
OVER_ALL_UNITS = {
    "One effect, by the order of starting": "stepped_wedge",
    "Compared with every other set of units": "placebo",
}
DOSES = {
    "One session more, between people": ("dose_slope", "dose_slope_p_value"),
    "One session more, within people": (
        "within_person_dose_slope",
        "within_person_dose_p_value",
    ),
    "One session still to come, score before": (
        "future_dose_slope",
        "future_dose_p_value",
    ),
}
NOTHING = "Nobody with the pilot could be compared over waves with somebody without it."
NOT_RANDOMISED = (
    "It was not randomised who had the pilot, or who began first. All here is right if "
    "those with it and those without would have moved alike (parallel trends); nobody "
    "can know that."
)
NO_CONTROLS = (
    "The plan names no negative control outcome, which the pilot should not change, so "
    "nothing could be checked this way."
)
AFTER_ALONE = (
    "groups were compared afterwards alone, so nobody knows how they moved before, or "
    "whether either changed"
)
NO_SENSITIVITY = "Sensitivity to violations of parallel trends could not be estimated."
NO_DOSE = "How much of the pilot each person had is not declared."


def show_compared(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome: a sentence, a figure and a table."""

    def parts() -> Iterator[Part]:
        for outcome, here in _compared(disclosed, study):
            words = _compared_words(here, study, outcome)
            yield Note(text=words)
            yield _event_figure(here, study, outcome, words)
            yield _compared_table(here, study, outcome)
        if alone := _after_alone(disclosed, study):
            titles = listed([outcome.title for outcome in alone])
            yield Note(text=f"{titles}: not compared here, as {AFTER_ALONE}.")

    cautions = () if study.randomised else (NOT_RANDOMISED,)
    return show(parts(), NOTHING, cautions=cautions)


def show_falsification(disclosed: Disclosed, study: Study) -> Shown:
    """The same comparison on what the pilot should not change."""
    shown = show_tables([_falsification_table(disclosed, study)], NO_CONTROLS)
    words = _falsification_words(disclosed)
    return Shown(parts=(Note(text=words), *shown.parts)) if words else shown


def show_sensitivity(disclosed: Disclosed, study: Study) -> Shown:
    """How far trends may part by themselves before an answer is undone."""
    breakdowns = [
        part
        for _, here in _compared(disclosed, study)
        for part in here.where(term="trend_breakdown_value").findings
    ]
    reasons = {part.reason for part in breakdowns}
    if not breakdowns and _after_alone(disclosed, study):
        return Shown(parts=(Note(text=f"It cannot be estimated: {AFTER_ALONE}."),))
    if len(reasons) == 1 and all(part.estimate is None for part in breakdowns):
        return Shown(parts=(Note(text=f"It cannot be estimated: {reasons.pop()}."),))
    return show_tables([_sensitivity_table(disclosed, study)], NO_SENSITIVITY)


def show_dose(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome by how much of the pilot people had."""

    def parts() -> Iterator[Part]:
        for outcome in _outcomes_aimed_at(study):
            here = of_score(disclosed, outcome)
            if here.where(term="dose_slope").findings:
                words = _dose_words(here, outcome)
                yield Note(text=words)
                yield _dose_figure(here, study, outcome, words)
                yield _dose_table(here, outcome)

    return show(parts(), NO_DOSE)


def _compared(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Disclosed]]:
    """Every outcome that was compared over waves, and what was found of it."""
    for outcome in _outcomes_aimed_at(study):
        here = of_score(disclosed, outcome)
        if _overall(here) is not None:
            yield outcome, here


def _after_alone(disclosed: Disclosed, study: Study) -> list[Outcome]:
    """Outcomes that were asked afterwards alone, and so not compared over waves."""
    return [
        outcome
        for outcome in _outcomes_aimed_at(study)
        if not outcome.baseline and _overall(of_score(disclosed, outcome)) is None
    ]


def _outcomes_aimed_at(study: Study) -> list[Outcome]:
    """The outcomes but for negative controls, which have a table of their own."""
    controls = study.plan.negative_controls if study.plan else ()
    return [one for one in study.outcome_of_each_score() if one.name not in controls]


def _overall(here: Disclosed) -> Finding | None:
    """The one number of all waves and starts: the planned one, where it is here."""
    parts = [part for term in OVERALL if (part := found(here, term=term))]
    planned = (part for part in parts if not part.group)
    return next(planned, next(iter(parts), None))


def _status(part: Finding | None) -> str:
    """Whether a number is the planned one or another; empty of what is neither."""
    if part is None or part.term not in (*OVERALL, "placebo_effect", BY_WAVE):
        return ""
    if isinstance(part.group, Group):
        return NOT_PLANNED if part.group.kind == "not_planned" else ""
    return "" if part.term == BY_WAVE else AS_PLANNED


def _other_analyses(findings: Iterable[Finding]) -> list[str]:
    """What those that are not planned change, a sentence each."""
    labels = [str(part.group) for part in findings if _status(part) == NOT_PLANNED]
    return [f"{label.capitalize()}." for label in dict.fromkeys(labels)]


def _starts(here: Disclosed, study: Study) -> list[str]:
    """The waves at which units started, in order of time; none of arms."""
    named = {
        part.group.value
        for part in here.where(term="difference_in_differences").findings
        if isinstance(part.group, Group)
    }
    return [wave for wave in study.wave_names() if wave in named]


def _times(here: Disclosed) -> list[int]:
    """How many waves since the start there are effects for, in order."""
    groups = {part.group for part in here.where(term="event_time_effect").findings}
    return sorted(int(one.value) for one in groups if isinstance(one, Group))


def _at_time(here: Disclosed, steps: int) -> Finding | None:
    since = Group("waves_since_start", f"{steps}")
    return found(here, term="event_time_effect", group=since)


def _time_text(steps: int) -> str:
    """How many waves since the start, in words; 0 is the first wave with the pilot."""
    if steps == 0:
        return "At the start"
    side = "before" if steps < 0 else "after"
    return f"{counted(abs(steps), 'wave', 'waves')} {side}"


def _compared_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What it comes to, in two sentences."""
    words = (f"{outcome.title}.", _effect_words(here, study), _trend_words(here))
    return " ".join(filter(None, words))


def _effect_words(here: Disclosed, study: Study) -> str:
    whole = _overall(here)
    assert whole is not None, "asked of outcomes that were compared"
    if whole.estimate is None:
        return f"What the pilot brought is not known: {whole.reason}."
    what = (
        f"{arm_text(study, whole.arm)}, all waves after together"
        if whole.arm
        else "Those with the pilot less those still without it, over all starts"
    )
    planned = " ".join(_other_analyses([whole])) or f"{AS_PLANNED.capitalize()}."
    sentence = f"{what}: {estimate_text(whole)} points. {planned}"
    if whole.conf_low is None:
        return f"{sentence} How uncertain that is, is not known."
    if excludes_zero(whole):
        return f"{sentence} The interval leaves out zero."
    return f"{sentence} The interval includes zero, so no difference can be shown."


def _trend_words(here: Disclosed) -> str:
    """Whether trends were parallel before: the clearest of the tests."""
    tests = here.where(term="pre_trend_p_value").findings
    done = [part for part in tests if part.estimate is not None]
    if not tests:
        return ""
    if not done:
        reason = tests[0].reason
        return f"{reason[:1].upper()}{reason[1:]}."
    least = min(done, key=p_value)
    of_several = f"the smallest of {len(done)} starts, " if len(done) > 1 else ""
    p = f"{of_several}{p_words(least)}"
    if p_value(least) * len(done) < SIGNIFICANT:
        return (
            "Trends differed before the start by more than chance easily brings "
            f"({p}), so this is not to be trusted."
        )
    return (
        f"Nothing shows that trends differed before the start ({p}), which is no proof "
        "that they were parallel."
    )


def _falsification_words(disclosed: Disclosed) -> str:
    """Whether something changed that the pilot should not change."""
    smallest = found(disclosed, term="smallest_negative_control_p_value")
    if smallest is None:
        return ""
    if smallest.estimate is None:
        return f"The negative controls could not be checked: {smallest.reason}."
    p = f"{p_words(smallest)}, corrected for their number"
    if p_value(smallest) < SIGNIFICANT:
        return (
            "A negative control outcome, which the pilot should not change, changed by "
            f"more than chance easily brings ({p}): something else differed, and may "
            "explain the rest."
        )
    return (
        "No negative control outcome changed by more than chance easily brings "
        f"({p}). A wide interval clears little."
    )


def _dose_words(here: Disclosed, outcome: Outcome) -> str:
    """What a session more came with, and whether those who came differed before."""
    title = f"{outcome.title}, by sessions attended."
    slope = found(here, term="dose_slope")
    if slope is None or slope.estimate is None:
        return f"{title} The dose-response is not known: {reason_of(slope)}."
    words = f"{title} One session more came with {estimate_text(slope)} points."
    check = found(here, term="future_dose_p_value")
    if check is None or check.estimate is None:
        return (
            f"{words} Whether those who attended more differed before is not known: "
            f"{reason_of(check, 'not asked')}."
        )
    if p_value(check) < SIGNIFICANT:
        return (
            f"{words} But future sessions predict the score before "
            f"({p_words(check)}): those who attended more differed to begin with, and "
            "this is not the sessions' doing alone."
        )
    return (
        f"{words} Future sessions do not predict the score before by more than chance "
        f"easily brings ({p_words(check)})."
    )


def _compared_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A line a number: all waves, wave by wave, by start, by placebo."""
    notes = Footnotes()
    lines = (
        *_staggered_lines(here),
        *_start_lines(here, study),
        *_unit_lines(here, study),
    )
    floor = found(here, term="placebo_smallest_possible_p_value")
    least = notes.cell(floor) if floor and floor.estimate else ""
    return notes.table(
        f"{outcome.title}: those with the pilot less those without",
        HEADINGS,
        (_row(line, notes) for line in lines),
        also=(
            SMALLER_SIDE,
            *([FLOOR.format(floor=least)] if least else []),
            *_other_analyses(here.findings),
        ),
    )


def _row(line: Line, notes: Footnotes) -> tuple[str, ...]:
    what, number, p = line
    what = ", ".join(filter(None, (what, _status(number))))
    return (
        what,
        notes.people(number or p),
        notes.cell(number, title=what),
        notes.cell(p),
    )


def _staggered_lines(here: Disclosed) -> Iterator[Line]:
    whole = found(here, term="staggered_effect")
    if whole is not None:
        p = found(here, term="staggered_effect_p_value")
        yield "All starts, since the start", whole, p
    for steps in _times(here):
        yield _time_text(steps), _at_time(here, steps), None
    for what, name in OVER_ALL_UNITS.items():
        if number := found(here, term=f"{name}_effect"):
            yield what, number, found(here, term=f"{name}_p_value")


def _start_lines(here: Disclosed, study: Study) -> Iterator[Line]:
    starts = _starts(here, study)
    for start in starts or [""]:
        at = here.where(group=Group("start", start)) if start else here
        first = _start_text(study, start)
        whole = found(at, term="difference_in_differences")
        if whole is None:
            continue
        p = found(at, term="difference_in_differences_p_value")
        yield f"{first}: all waves after" if first else "All waves after", whole, p
        # Of several starts the trend stands above, by waves since each.
        waves = waves_of(at.where(term="event_study_effect"), study, contrasts=True)
        for wave in waves if not starts else []:
            effect = found(at, term="event_study_effect", wave=wave)
            p = found(at, term="event_study_p_value", wave=wave)
            yield wave_text(study, wave), effect, p
        before = found(at, term="pre_trend_p_value")
        yield f"{first}: alike before?" if first else "Alike before?", None, before


def _start_text(study: Study, start: str) -> str:
    """Those that started at a wave, as the beginning of a line; empty of arms."""
    return f"Started at {wave_text(study, start)}" if start else ""


def _unit_lines(here: Disclosed, study: Study) -> Iterator[Line]:
    titles = {site.name: site.title for site in study.sites}
    for part in here.where(term="conformal_effect").findings:
        title = titles.get(str(part.group), str(part.group))
        p = found(here, term="conformal_p_value", group=part.group)
        yield f"{title}, compared with those without", part, p


def _falsification_table(disclosed: Disclosed, study: Study) -> Table:
    """A line an outcome: the negative controls first."""
    notes, rows, labels = Footnotes(), [], list[str]()
    columns = (
        ("Points", "falsification_effect"),
        ("Standard deviations", "falsification_standardised_effect"),
        ("p", "falsification_p_value"),
        ("p, corrected", "falsification_holm_p_value"),
    )
    for outcome in study.outcome_of_each_score():
        here = of_score(disclosed, outcome)
        if effect := found(here, term="falsification_effect"):
            cells = notes.cells(here, columns)
            place = (outcome.title, ROLES[str(effect.group)])
            rows.append((*place, notes.people(effect), *cells))
            labels += _other_analyses(filter(None, [_overall(here)]))
    return notes.table(
        "The same comparison on negative control outcomes",
        ("Outcome", "Role", "n", *(title for title, _ in columns)),
        sorted(rows, key=lambda row: row[1] != ROLES["negative_control"]),
        row_headings=2,
        also=dict.fromkeys(labels),
    )


def _dose_table(here: Disclosed, outcome: Outcome) -> Table:
    """What sessions came with, between people and within, and ingredients."""
    notes = Footnotes()
    return notes.table(
        f"{outcome.title}: by sessions attended",
        HEADINGS,
        (_row(line, notes) for line in _dose_lines(here)),
    )


def _dose_lines(here: Disclosed) -> Iterator[Line]:
    for what, (number, p) in DOSES.items():
        if slope := found(here, term=number):
            yield what, slope, found(here, term=p)
    curve = found(here, term="dose_curve_p_value")
    if curve is not None and curve.estimate is not None:
        yield "More than a straight line?", None, curve
    for part in here.where(term="ingredient_effect").findings:
        p_of_part = found(here, term="ingredient_p_value", group=part.group)
        yield f"With {plain_text(str(part.group))}, less without", part, p_of_part


def _sensitivity_table(disclosed: Disclosed, study: Study) -> Table:
    """How far trends may part by themselves before an answer is undone."""
    compared = list(_compared(disclosed, study))
    tried = {
        part.group.value
        for _, here in compared
        for part in here.where(term="trend_robust_effect").findings
        if isinstance(part.group, Group)
    }
    departures = [each for each in DEPARTURES if each in tried]
    notes, rows = Footnotes(), []
    for outcome, here in compared:
        for breakdown in here.where(term="trend_breakdown_value").findings:
            start = breakdown.group.value if isinstance(breakdown.group, Group) else ""
            groups = (Group("departure", each, of=start) for each in departures)
            effects = (
                found(here, term="trend_robust_effect", group=each) for each in groups
            )
            cells = [notes.cell(effect, title="Effect") for effect in effects]
            place = (outcome.title, _start_text(study, start) or ABSENT)
            rows.append((*place, _breakdown_text(breakdown, notes), *cells))
    labels = (str(Group("departure", departure)) for departure in departures)
    return notes.table(
        "If trends part by themselves, by up to M times the most before",
        ("Outcome", "Start", "Undone at", *labels),
        rows,
        row_headings=2,
        optional=[1],
    )


def _breakdown_text(breakdown: Finding, notes: Footnotes) -> str:
    """From which departure on the answer is undone."""
    if breakdown.estimate is None:
        return notes.cell(breakdown)
    if breakdown.estimate == 0:
        return "unsure as it is"
    return f"M = {number_text(breakdown.estimate)}"


def _event_figure(
    here: Disclosed, study: Study, outcome: Outcome, words: str
) -> Figure | Note:
    """The distance at every wave from that at the last one before the start."""
    times = _times(here)
    points, ticks = _since_start(here) if times else _by_wave(here, study)
    # Of staggered starts there are many places, so they are numbered.
    numbered = [number_text(place, decimals=0) for place in sorted({*times, -1})]
    earlier = any(point.series == BEFORE for point in drawn_points(points))
    should = " Before the start it should be about zero." if earlier else ""
    labels = _other_analyses(point.finding for point in drawn_points(points))
    other = "".join(f" {label}" for label in labels)
    return make_figure(
        f"compared-{outcome.name}",
        f"{outcome.title}: those with the pilot less those without, against the last "
        f"wave before the start (the small mark), with 95% intervals.{should}{other}",
        figure_words(words, points, smallest_in_points(study, outcome)),
        points,
        partial(
            draw_events,
            ticks=ticks,
            texts=numbered if times else ticks,
            across="Waves since the start" if times else "",
            smallest_effect=smallest_in_points(study, outcome),
        ),
        height=height_of(6),
    )


def _since_start(here: Disclosed) -> tuple[list[Point], list[str]]:
    """Of staggered starts, by waves since each one's start."""
    times = _times(here)
    points = [
        Point(
            label=_time_text(steps),
            series=BEFORE if steps < 0 else AFTER,
            finding=finding,
        )
        for steps in times
        if (finding := _at_time(here, steps))
    ]
    return points, [_time_text(each) for each in sorted({*times, -1})]


def _by_wave(here: Disclosed, study: Study) -> tuple[list[Point], list[str]]:
    """Of arms, by wave; the last one before the start is zero by definition."""
    effects = here.where(term="event_study_effect")
    names = study.wave_names()
    points, base = [], ""
    for contrast in waves_of(effects, study, contrasts=True):
        wave, base = names_in(contrast)
        series = BEFORE if names.index(wave) < names.index(base) else AFTER
        points += [
            Point(label=wave_text(study, wave), series=series, finding=finding)
            for finding in effects.where(wave=contrast).findings
        ]
    shown = {point.label for point in points} | {wave_text(study, base)}
    titles = [wave_text(study, wave) for wave in names]
    ordered = sorted(points, key=lambda point: titles.index(point.label))
    return ordered, [title for title in titles if title in shown]


def _dose_figure(
    here: Disclosed, study: Study, outcome: Outcome, words: str
) -> Figure | Note:
    """The score after a dose less that after the smallest, along the curve."""
    doses = [
        (part, part.group)
        for part in here.where(term="dose_effect").findings
        if isinstance(part.group, Group)
    ]
    points = [Point(label=g.value, series=AFTER, finding=part) for part, g in doses]
    reference = doses[0][1].reference if doses else ""
    ticks = [reference, *(point.label for point in points)]
    return make_figure(
        f"dose-{outcome.name}",
        f"{outcome.title}: score after so many sessions, less that after {reference} "
        "(the small mark), of people with the same score before, with 95% intervals. "
        "Who attended more chose to.",
        figure_words(words, points),
        points,
        partial(
            draw_events,
            ticks=ticks,
            texts=ticks,
            across="Sessions attended",
            smallest_effect=smallest_in_points(study, outcome),
        ),
        height=height_of(6),
    )
