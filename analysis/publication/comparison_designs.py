"""What a notebook shows of comparisons over waves: outcome by outcome, then checks.

Findings of comparisons over waves, taken apart: which outcome, start and time.

What comparisons over waves come to, in sentences.

The rule that holds throughout: no sentence says more than the interval does, and what
could not be seen is said to be so.

Comparisons over waves into tables: by wave, by control, by dose, by departure.

How far those with the pilot lie from those without, before and since the start.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.foundation.findings import Group, names_in
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    folded,
    height_of,
    legend,
    mark,
    reaches,
)
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.places import (
    arm_text,
    found,
    of_score,
    plain_text,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, non_empty_parts
from analysis.publication.table import ABSENT, Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part

OVERALL = ("staggered_effect", "difference_in_differences")
"""The one number an outcome is told by: of a roll-out, else of arms."""


def compared_outcomes(
    disclosed: Disclosed, study: Study
) -> list[tuple[Outcome, Disclosed]]:
    """Every outcome that was compared over waves, and what was found of it."""
    pairs = ((one, of_score(disclosed, one)) for one in aimed_at(study))
    return [(one, here) for one, here in pairs if overall(here) is not None]


def aimed_at(study: Study) -> list[Outcome]:
    """The outcomes but for negative controls, which have a table of their own."""
    controls = study.plan.negative_controls if study.plan else ()
    return [one for one in study.outcome_of_each_score() if one.name not in controls]


def overall(here: Disclosed) -> Finding | None:
    """The one number of all waves and starts."""
    return next((part for t in OVERALL if (part := found(here, term=t))), None)


def starts_of(here: Disclosed, study: Study) -> list[str]:
    """The waves at which units started, in order of time; none of arms."""
    named = {
        part.group.value
        for part in here.where(term="difference_in_differences").findings
        if isinstance(part.group, Group)
    }
    return [wave for wave in study.wave_names() if wave in named]


def times_since(here: Disclosed) -> list[int]:
    """How many waves since the start there are effects for, in order."""
    groups = {part.group for part in here.where(term="event_time_effect").findings}
    return sorted(int(one.value) for one in groups if isinstance(one, Group))


def started_text(study: Study, wave: str) -> str:
    """Those that started at a wave, as the beginning of a line."""
    return f"Started at {wave_text(study, wave)}"


def since_text(steps: int) -> str:
    """How many waves since the start, in words; 0 is the first wave with the pilot."""
    if steps == 0:
        return "At the start"
    waves = "wave" if abs(steps) == 1 else "waves"
    return f"{abs(steps)} {waves} {'before' if steps < 0 else 'after'}"


USUAL = 0.05
"""A p below this is said to be more than chance easily brings."""


def compared_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What it comes to, in two sentences."""
    whole = overall(here)
    assert whole is not None, "asked of outcomes that were compared"
    words = f"{_gain_words(whole, study)} {_before_words(here)}".strip()
    return f"{outcome.title}. {words}"


def _gain_words(whole: Finding, study: Study) -> str:
    if whole.estimate is None:
        return f"What the pilot brought cannot be told: {whole.reason}."
    what = (
        f"{arm_text(study, whole.arm)}, all waves after together"
        if whole.arm
        else "Those with the pilot less those still without it, over all starts"
    )
    sentence = f"{what}: {estimate_text(whole)} points."
    if whole.conf_low is None or whole.conf_high is None:
        return f"{sentence} How sure that is cannot be told."
    if whole.conf_low <= 0 <= whole.conf_high:
        return f"{sentence} The interval includes zero, so no difference can be told."
    return f"{sentence} The interval leaves out zero."


def _before_words(here: Disclosed) -> str:
    """Whether courses were alike before: the most telling of the tests."""
    tests = here.where(term="pre_trend_p_value").findings
    done = [part for part in tests if part.estimate is not None]
    if not tests:
        return ""
    if not done:
        reason = tests[0].reason
        return f"{reason[:1].upper()}{reason[1:]}."
    least = min(done, key=lambda part: part.estimate or 0.0)
    p = p_words(least)
    of_several = f"the smallest of {len(done)} starts, " if len(done) > 1 else ""
    assert least.estimate is not None, "was done"
    if least.estimate * len(done) < USUAL:
        return (
            "Courses differed before the start by more than chance easily brings "
            f"({of_several}{p}), so this is not to be trusted."
        )
    return (
        f"Nothing shows that courses differed before the start ({of_several}{p}), "
        "which is no proof that they were alike."
    )


def p_words(finding: Finding) -> str:
    """A p as a sentence has it."""
    assert finding.estimate is not None, "a p that is known"
    text = number_text(finding.estimate, "p_value")
    return f"p {text}" if text.startswith("under") else f"p = {text}"


def falsified_words(disclosed: Disclosed) -> str:
    """Whether something moved that the pilot cannot move."""
    smallest = found(disclosed, term="smallest_negative_control_p_value")
    if smallest is None:
        return ""
    if smallest.estimate is None:
        return f"What the pilot cannot move could not be checked: {smallest.reason}."
    p = f"{p_words(smallest)}, corrected for their number"
    if smallest.estimate < USUAL:
        return (
            "Something moved that the pilot cannot have moved, by more than chance "
            f"easily brings ({p}): something else differed, and may explain the rest."
        )
    return (
        f"Nothing that the pilot cannot move did so by more than chance easily brings "
        f"({p}). A wide interval clears little."
    )


def dose_words(here: Disclosed, outcome: Outcome) -> str:
    """What a session more came with, and whether those who came differed before."""
    slope = found(here, term="dose_slope")
    if slope is None or slope.estimate is None:
        why = slope.reason if slope else "nothing was found"
        return f"{outcome.title}, by sessions attended. Cannot be told: {why}."
    words = f"One session more came with {estimate_text(slope)} points."
    check = found(here, term="future_dose_p_value")
    if check is None or check.estimate is None:
        why = check.reason if check else "not asked"
        after = f"Whether those who attended more differed before is not known: {why}."
    elif check.estimate < USUAL:
        after = (
            "But sessions still to come foretell the score before "
            f"({p_words(check)}): those who attended more differed to begin with, and "
            "this is not the sessions' doing alone."
        )
    else:
        after = (
            "Sessions still to come do not foretell the score before by more than "
            f"chance easily brings ({p_words(check)})."
        )
    return f"{outcome.title}, by sessions attended. {words} {after}"


HEADINGS = ("What", "n", "Points", "p")
SMALLER_SIDE = "n: answers of the smaller side at the smaller time."
FLOOR = "The least p that a placebo could have with so many units: {floor}."
DEPARTURES = ("0", "1", "2")
"""Those shown; those between stand in the findings."""
ROLES = {"outcome": "Outcome", "negative_control": "Cannot be moved"}
DOSES = (
    ("One session more, between people", "dose_slope", "dose_slope_p_value"),
    (
        "One session more, within people",
        "within_person_dose_slope",
        "within_person_dose_p_value",
    ),
    (
        "One session still to come, score before",
        "future_dose_slope",
        "future_dose_p_value",
    ),
)
"""What a line tells, its number, and its p."""


def compared_table(selected: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A line a number: all waves, wave by wave, by start, by placebo.

    Parameters
    ----------
    selected : Disclosed
        What was found of this outcome.
    """
    notes = Footnotes()
    lines = [
        *_of_rollout(selected),
        *_by_start(selected, study),
        *_by_unit(selected, study),
    ]
    rows = tuple(_row(what, number, p, notes) for what, number, p in lines)
    floor = found(selected, term="placebo_smallest_possible_p_value")
    description = (
        [FLOOR.format(floor=notes.cell(floor))] if floor and floor.estimate else []
    )
    return Table(
        caption=f"{outcome.title}: those with the pilot less those without",
        columns=HEADINGS,
        rows=rows,
        notes=(*notes.notes(), SMALLER_SIDE, *description),
        methods=notes.methods(),
    )


def _row(
    what: str, number: Finding | None, p_value: Finding | None, notes: Footnotes
) -> tuple[str, ...]:
    return (
        what,
        notes.people(number or p_value),
        notes.cell(number, title=what),
        notes.cell(p_value),
    )


def _of_rollout(
    selected: Disclosed,
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    whole = found(selected, term="staggered_effect")
    if whole is not None:
        p_value = found(selected, term="staggered_effect_p_value")
        yield "All starts, since the start", whole, p_value
    for steps in times_since(selected):
        group = Group("waves_since_start", f"{steps}")
        yield (
            since_text(steps),
            found(selected, term="event_time_effect", group=group),
            None,
        )
    for what, name in (
        ("One effect, by the order of starting", "stepped_wedge"),
        ("Beside every other set of units", "placebo"),
    ):
        number = found(selected, term=f"{name}_effect")
        if number is not None:
            yield what, number, found(selected, term=f"{name}_p_value")


def _by_start(
    selected: Disclosed, study: Study
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    starts = starts_of(selected, study)
    for start in starts or [""]:
        at = selected.where(group=Group("start", start) if start else "")
        first = f"{started_text(study, start)}: " if start else ""
        whole = found(at, term="difference_in_differences")
        if whole is None:
            continue
        p_value = found(at, term="difference_in_differences_p_value")
        yield f"{first}{'all' if first else 'All'} waves after", whole, p_value
        # Of several starts the course is told above, by waves since each.
        waves = waves_of(at.where(term="event_study_effect"), study, contrasts=True)
        for wave in waves if not starts else []:
            effect = found(at, term="event_study_effect", wave=wave)
            p_value = found(at, term="event_study_p_value", wave=wave)
            yield wave_text(study, wave), effect, p_value
        before = found(at, term="pre_trend_p_value")
        yield f"{first}{'alike' if first else 'Alike'} before?", None, before


def _by_unit(
    selected: Disclosed, study: Study
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    titles = {site.name: site.title for site in study.sites}
    for part in selected.where(term="conformal_effect").findings:
        p_value = found(selected, term="conformal_p_value", group=part.group)
        title = titles.get(str(part.group), str(part.group))
        yield f"{title}, beside those without", part, p_value


def falsification_table(disclosed: Disclosed, study: Study) -> Table:
    """A line an outcome: what moved, and what must not have."""
    notes, rows = Footnotes(), []
    for outcome in study.outcome_of_each_score():
        selected = of_score(disclosed, outcome)
        effect = found(selected, term="falsification_effect")
        if effect is None:
            continue
        rows.append(
            (
                outcome.title,
                ROLES[str(effect.group)],
                notes.people(effect),
                notes.cell(effect, title="Points"),
                notes.cell(found(selected, term="falsification_standardised_effect")),
                notes.cell(found(selected, term="falsification_p_value")),
                notes.cell(found(selected, term="falsification_holm_p_value")),
            )
        )
    return Table(
        caption="The same comparison on what the pilot cannot move",
        columns=(
            "Outcome",
            "Role",
            "n",
            "Points",
            "Standard deviations",
            "p",
            "p, corrected",
        ),
        rows=tuple(sorted(rows, key=lambda row: row[1] != ROLES["negative_control"])),
        row_headings=2,
        notes=notes.notes(),
        methods=notes.methods(),
    )


def dose_table(selected: Disclosed, outcome: Outcome) -> Table:
    """What sessions came with, between people and within, and ingredients."""
    notes = Footnotes()
    lines = [
        (what, found(selected, term=number), found(selected, term=p))
        for what, number, p in DOSES
    ]
    lines = [line for line in lines if line[1] is not None]
    curve = found(selected, term="dose_curve_p_value")
    if curve is not None and curve.estimate is not None:
        lines.append(("More than a straight line?", None, curve))
    for part in selected.where(term="ingredient_effect").findings:
        p_value = found(selected, term="ingredient_p_value", group=part.group)
        name = plain_text(str(part.group))
        lines.append((f"With {name}, less without", part, p_value))
    return Table(
        caption=f"{outcome.title}: by sessions attended",
        columns=HEADINGS,
        rows=tuple(_row(*line, notes) for line in lines),
        notes=notes.notes(),
        methods=notes.methods(),
    )


def sensitivity_table(disclosed: Disclosed, study: Study) -> Table:
    """How far courses may part by themselves before an answer is undone."""
    notes, rows = Footnotes(), []
    compared = compared_outcomes(disclosed, study)
    robust = {
        part.group.value
        for _, selected in compared
        for part in selected.where(term="trend_robust_effect").findings
        if isinstance(part.group, Group)
    }
    departures = [each for each in DEPARTURES if each in robust]
    for outcome, selected in compared:
        for breakdown in selected.where(term="trend_breakdown_value").findings:
            start = breakdown.group.value if isinstance(breakdown.group, Group) else ""
            cells = []
            for departure in departures:
                group = Group("departure", departure, of=start)
                effect = found(selected, term="trend_robust_effect", group=group)
                cells.append(notes.cell(effect, title="Effect"))
            breakdown_text = _breakdown_text(breakdown, notes)
            description = started_text(study, start) if start else ABSENT
            rows.append((outcome.title, description, breakdown_text, *cells))
    labels = [str(Group("departure", departure)) for departure in departures]
    columns = ("Outcome", "Start", "Undone at", *labels)
    kept = [
        p for p in range(len(columns)) if p != 1 or {r[1] for r in rows} != {ABSENT}
    ]
    return Table(
        caption="If courses part by themselves, by up to M times the most before",
        columns=tuple(columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in rows),
        row_headings=len(kept) - 1 - len(labels),
        notes=notes.notes(),
        methods=notes.methods(),
    )


def _breakdown_text(breakdown: Finding, notes: Footnotes) -> str:
    """From which departure on the answer is undone."""
    if breakdown.estimate is None:
        return notes.cell(breakdown)
    if breakdown.estimate == 0:
        return "unsure as it is"
    return f"M = {number_text(breakdown.estimate)}"


BEFORE, AFTER = "Before the start", "With the pilot"
MAXIMUM_UPRIGHT_LABELS = 5
"""Labels that stand beside each other; more are folded narrower."""


def event_figure(here: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    """The distance at every wave from that at the last one before the start.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    times = times_since(here)
    points, ticks = _since_start(here) if times else _by_wave(here, study)
    # Of a roll-out there are many places, so they are numbered.
    numbered = [number_text(place, decimals=0) for place in sorted({*times, -1})]
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    words = compared_words(here, study, outcome)
    drawn = drawn_points(points)
    earlier = any(point.series == BEFORE for point in drawn)
    should = " Before the start it should be about nought." if earlier else ""
    return make_figure(
        f"compared-{outcome.name}",
        f"{outcome.title}: those with the pilot less those without, against the last "
        f"wave before the start (the small mark), with 95% intervals.{should}",
        f"{words} {point_words(drawn)}{supplementary}" if drawn else words,
        points,
        partial(
            draw_events,
            ticks=ticks,
            texts=numbered if times else ticks,
            across="Waves since the start" if times else "",
            smallest_effect=effect,
        ),
        height=height_of(6),
    )


def dose_figure(here: Disclosed, outcome: Outcome) -> Figure | Note:
    """The score after a dose less that after the smallest, along the curve."""
    findings = here.where(term="dose_effect").findings
    points = [
        Point(label=part.group.value, series=AFTER, finding=part)
        for part in findings
        if isinstance(part.group, Group)
    ]
    group = findings[0].group if findings else ""
    reference = group.reference if isinstance(group, Group) else ""
    effect = outcome.smallest_effect
    words = dose_words(here, outcome)
    ticks = [reference, *(point.label for point in points)]
    drawn = drawn_points(points)
    return make_figure(
        f"dose-{outcome.name}",
        f"{outcome.title}: score after so many sessions, less that after {reference} "
        "(the small mark), of people with the same score before, with 95% intervals. "
        "Who attended more chose to.",
        f"{words} {point_words(drawn)}" if drawn else words,
        points,
        partial(
            draw_events,
            ticks=ticks,
            texts=ticks,
            across="Sessions attended",
            smallest_effect=effect,
        ),
        height=height_of(6),
    )


def _since_start(here: Disclosed) -> tuple[list[Point], list[str]]:
    """Of a roll-out, by waves since each one's start."""
    points = [
        Point(
            label=since_text(steps),
            series=BEFORE if steps < 0 else AFTER,
            finding=finding,
        )
        for steps in times_since(here)
        if (finding := _since(here, "event_time_effect", steps))
    ]
    steps = [*times_since(here), -1]
    return points, [since_text(each) for each in sorted(set(steps))]


def _since(here: Disclosed, term: str, steps: int) -> Finding | None:
    return found(here, term=term, group=Group("waves_since_start", f"{steps}"))


def _by_wave(here: Disclosed, study: Study) -> tuple[list[Point], list[str]]:
    """Of arms, by wave; the last one before the start is nought by definition."""
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


def draw_events(
    axes: Axes,
    points: Sequence[Point],
    *,
    ticks: Sequence[str],
    texts: Sequence[str],
    across: str,
    smallest_effect: float | None,
) -> None:
    """Differences upright along time or dose, with the zone too small to matter.

    A place without a point is what the others are set against: nought.

    Parameters
    ----------
    ticks : sequence of str
        The places along the line, as points are labelled.
    texts : sequence of str
        What is written at each.
    across : str
        What they are places of.
    """
    if smallest_effect is not None:
        _draw_zone(axes, smallest_effect)
    axes.axhline(0, color=INK, linewidth=1, zorder=1)
    shown = {point.label for point in points}
    against = [place for place, tick in enumerate(ticks) if tick not in shown]
    axes.plot(against, [0] * len(against), "|", markersize=14, color=INK)
    series = list(dict.fromkeys(point.series for point in points))
    for name in series:
        chosen = [point for point in points if point.series == name]
        # Hollow and dashed before, full and solid after: told apart in grey too.
        place = 1 if name == BEFORE else 0
        axes.errorbar(
            [ticks.index(point.label) for point in chosen],
            [point.value for point in chosen],
            yerr=reaches(chosen),
            **mark(place, 2),
            linestyle=LINES[place],
        )
    width = 14 if len(ticks) <= MAXIMUM_UPRIGHT_LABELS else 9
    axes.set_xticks(range(len(ticks)), [folded(text, width) for text in texts])
    axes.set_xlim(-0.5, len(ticks) - 0.5)
    furthest = [abs(point.value) + max(point.reach) for point in points]
    reach = 1.08 * max([*furthest, smallest_effect or 0.0])
    axes.set_ylim(-reach, reach)
    axes.set_ylabel("Points apart")
    axes.set_xlabel(across)
    axes.grid(visible=False, axis="x")
    bare(axes)
    legend(axes, series)


def _draw_zone(axes: Axes, smallest_effect: float) -> None:
    """What is too small to matter, upright."""
    axes.axhspan(-smallest_effect, smallest_effect, color=ZONE, zorder=0)
    for edge in (-smallest_effect, smallest_effect):
        axes.axhline(edge, color=QUIET, linewidth=1.2, linestyle="--", zorder=1)
    axes.set_title(
        "dashed: the smallest difference that matters", color=QUIET, fontsize="small"
    )


NOTHING = "Nobody with the pilot could be set beside somebody without it over waves."
CHOSEN = (
    "Lots did not decide who had the pilot, or who began first. All here is right if "
    "those with it and those without would have moved alike; nobody can know that."
)
NO_CONTROLS = (
    "The plan names no outcome that the pilot cannot move, so nothing could be checked "
    "this way."
)
NO_SENSITIVITY = "How far courses may part could not be reckoned."
NO_DOSE = "How much of the pilot each person had is not declared."


def show_compared(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome: a sentence, a figure and a table."""
    parts: list[Part] = []
    for outcome, selected in compared_outcomes(disclosed, study):
        parts.append(Note(text=compared_words(selected, study, outcome)))
        parts.append(event_figure(selected, study, outcome))
        parts.append(compared_table(selected, study, outcome))
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    caution = () if study.randomised else (Note(text=CHOSEN, kind="caution"),)
    return Shown(parts=(*caution, *parts))


def show_falsification(disclosed: Disclosed, study: Study) -> Shown:
    """The same comparison on what the pilot cannot move."""
    shown = non_empty_parts([falsification_table(disclosed, study)], NO_CONTROLS)
    words = falsified_words(disclosed)
    return Shown(parts=(Note(text=words), *shown.parts)) if words else shown


def show_sensitivity(disclosed: Disclosed, study: Study) -> Shown:
    """How far courses may part by themselves before an answer is undone."""
    of_all = [selected for _, selected in compared_outcomes(disclosed, study)]
    unavailable = [
        part
        for selected in of_all
        for part in selected.where(term="trend_breakdown_value").findings
    ]
    reasons = {part.reason for part in unavailable}
    if len(reasons) == 1 and all(part.estimate is None for part in unavailable):
        return Shown(parts=(Note(text=f"It cannot be told: {reasons.pop()}."),))
    return non_empty_parts([sensitivity_table(disclosed, study)], NO_SENSITIVITY)


def show_dose(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome by how much of the pilot people had."""
    parts: list[Part] = []
    for outcome in aimed_at(study):
        selected = of_score(disclosed, outcome)
        if selected.where(term="dose_slope").findings:
            parts.append(Note(text=dose_words(selected, outcome)))
            parts.append(dose_figure(selected, outcome))
            parts.append(dose_table(selected, outcome))
    return Shown(parts=tuple(parts) or (Note(text=NO_DOSE),))
