"""What a notebook shows of who is missing: counted, allowed for, and shifted.

Who was followed of those who started, as a table an outcome.

One difference with those lost left out, weighted for and filled in, as a forest.

How an effect changes as those lost of one arm are taken to lie further away.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.foundation.findings import names_in
from analysis.publication.drawings import draw_forest
from analysis.publication.figure import Note, Point, drawn_points, make_figure
from analysis.publication.house_style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    colours,
    height_of,
)
from analysis.publication.numbers import estimate_text, number_text, points_text
from analysis.publication.places import (
    arm_text,
    arms_of,
    findings_of_outcome,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, non_empty_parts
from analysis.publication.table import ABSENT, Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Contrast, Finding, Place
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure

FOLLOWED = "share_present"
APART = "share_present_difference"
BEFORE = "stayers_minus_leavers_standardised"
HEADINGS = (
    "Waves",
    "Group",
    "Started",
    "Followed",
    "Share followed",
    "Difference of shares",
    "Followed minus lost, before",
)
STANDARDISED = (
    "Followed minus lost, before: the score at the baseline of those followed less "
    "that of those lost, in standard deviations."
)


def attrition_table(disclosed: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a follow-up and arm: how many started and were followed, and who."""
    selected = findings_of_outcome(disclosed, outcome)
    notes, rows = Footnotes(), []
    for wave in waves_of(selected, study, contrasts=True):
        at = selected.where(wave=wave)
        for arm in arms_of(at, study, contrasts=False):
            share = found(at, term=FOLLOWED, arm=arm)
            difference = _difference(at, arm)
            rows.append(
                (
                    wave_text(study, wave),
                    arm_text(study, arm),
                    notes.people(share),
                    _counted(share),
                    notes.cell(share, title="Share followed"),
                    notes.cell(difference, title="Difference of shares"),
                    notes.cell(found(at, term=BEFORE, arm=arm), title=HEADINGS[-1]),
                )
            )
    return Table(
        caption=f"Who was followed: {outcome.title}",
        columns=HEADINGS,
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), STANDARDISED) if rows else (),
        methods=notes.methods(),
    )


def _counted(share: Finding | None) -> str:
    if share is None or share.estimate is None or share.n is None:
        return ABSENT
    return f"{round(share.estimate * share.n):,}"


def _difference(at: Disclosed, arm: Place) -> Finding | None:
    """The arm's share less that of the arm it is compared with."""
    differences = at.where(term=APART).findings
    mine = (part for part in differences if arm and names_in(part.arm)[0] == arm)
    return next(mine, None)


METHODS = {
    "complete_arm_difference": "Lost left out",
    "weighted_arm_difference": "Followed weighted",
    "imputed_arm_difference": "Lost filled in",
}
"""Term → how those lost are allowed for."""


def missing_methods_figure(
    disclosed: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """The arms' difference after: one line a follow-up, one mark a way."""
    selected = findings_of_outcome(disclosed, outcome)
    points = [
        Point(label=wave_text(study, wave), series=method, finding=finding)
        for term, method in METHODS.items()
        for wave in waves_of(selected, study, contrasts=True)
        for finding in selected.where(wave=wave, term=term).findings
    ]
    drawn = drawn_points(points)
    arms = points[0].finding.arm if points else ""
    return make_figure(
        f"missing-{outcome.name}",
        f"{outcome.title}: difference after, {arm_text(study, arms)}, with those lost "
        "left out, weighted for and filled in, with 95% intervals.",
        _words(drawn, outcome),
        points,
        partial(
            draw_forest,
            label="Difference in points",
            smallest_effect=outcome.smallest_effect,
        ),
        height=height_of(1.5 * max(len({point.label for point in points}), 1)),
    )


def _words(drawn: Sequence[Point], outcome: Outcome) -> str:
    """The ways at each follow-up, and how far they lie apart."""
    parts = []
    for label in dict.fromkeys(point.label for point in drawn):
        at = [point for point in drawn if point.label == label]
        values_text = ", ".join(
            f"{p.series.lower()} {estimate_text(p.finding)}" for p in at
        )
        values = [point.value for point in at]
        range_text = number_text(max(values) - min(values))
        parts.append(f"{label}: {values_text}; at most {range_text} points apart")
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    return "; ".join(parts) + "." + supplementary


TERM = "shifted_arm_difference"
TIPS = "tipping_point_interval_zero"


def tipping_figures(
    disclosed: Disclosed, study: Study, outcome: Outcome
) -> Iterator[Figure | Note]:
    """A figure a follow-up: the effect against how far those lost are shifted."""
    selected = findings_of_outcome(disclosed, outcome)
    for number, wave in enumerate(waves_of(selected, study, contrasts=True), start=1):
        at = selected.where(wave=wave)
        tips = found(at, term=TIPS)
        if tips is None:
            continue
        points = [
            Point(label=str(finding.group), series="", finding=finding)
            for finding in at.where(term=TERM).findings
        ]
        subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
        treated = names_in(tips.arm)[0]
        worse = subscale.direction == "higher_is_worse"
        smallest = outcome.smallest_effect
        caption = f"{outcome.title}, {wave_text(study, wave)}"
        yield make_figure(
            f"tipping-{outcome.name}-{number}",
            f"{caption}. {_sentence(at, study, outcome)}",
            f"{caption}: {_sentence(at, study, outcome)} {_ends(drawn_points(points))}",
            points,
            partial(
                draw_tipping,
                label=f"Points by which the lost of {arm_text(study, treated)} differ",
                tips=tips.estimate,
                smallest_effect=-smallest if smallest and worse else smallest,
            ),
            height=height_of(4.5),
        )


def draw_tipping(
    axes: Axes,
    points: Sequence[Point],
    *,
    label: str,
    tips: float | None,
    smallest_effect: float | None,
) -> None:
    """The effect and its interval against the shift, with what it is held against."""
    colour = colours(1)[0]
    shifts = [float(point.label) for point in points]
    low = [point.value - point.reach[0] for point in points]
    high = [point.value + point.reach[1] for point in points]
    axes.fill_between(shifts, low, high, color=ZONE, zorder=1, label="95% interval")
    axes.plot(shifts, [p.value for p in points], color=colour, zorder=3, label="effect")
    axes.axhline(0, color=INK, linewidth=1)
    if smallest_effect:
        axes.axhline(
            smallest_effect,
            color=QUIET,
            linewidth=1.2,
            linestyle=LINES[1],
            label="smallest effect that matters",
        )
    if tips is not None:
        axes.axvline(
            tips, color=INK, linewidth=1.2, linestyle=LINES[2], label="answer changes"
        )
    axes.set_xlim(min(shifts), max(shifts))
    axes.set_xlabel(label)
    axes.set_ylabel("Difference in points")
    axes.grid(visible=False, axis="x")
    bare(axes)
    axes.figure.legend(
        loc="outside upper center", ncols=2, frameon=False, fontsize="small"
    )


def _sentence(at: Disclosed, study: Study, outcome: Outcome) -> str:
    """What would change the answer, in plain words."""
    tips, now = found(at, term=TIPS), found(at, term=TERM, group="0")
    if tips is None or now is None or now.conf_low is None or now.conf_high is None:
        return "What would change the answer cannot be told."
    treated, control = names_in(tips.arm)
    whose = f"the lost of the {study.arm_title(treated)} arm"
    unsure = now.conf_low <= 0 <= now.conf_high
    change = "a difference could be told" if unsure else "no difference could be told"
    if tips.estimate is None:
        reach = number_text(max(_shifts(at)), decimals=_decimals(at))
        still = "no difference" if unsure else "a difference"
        return (
            f"Even if {whose} lay {reach} points higher or lower than people like them "
            f"who were followed, {still} could be told from {study.arm_title(control)}."
        )
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    side = "higher" if tips.estimate > 0 else "lower"
    return (
        f"If {whose} lay {points_text(abs(tips.estimate), subscale)} points {side} "
        f"than people like them who were followed, {change} from "
        f"{study.arm_title(control)}; as it is, {'none' if unsure else 'one'} can."
    )


def _shifts(at: Disclosed) -> list[float]:
    return [float(str(finding.group)) for finding in at.where(term=TERM).findings]


def _decimals(at: Disclosed) -> int:
    return 0 if all(shift.is_integer() for shift in _shifts(at)) else 1


def _ends(drawn: Sequence[Point]) -> str:
    """The effect at both ends of the line."""
    if not drawn:
        return ""
    ends = (drawn[0], drawn[-1])
    sentences = [
        f"{number_text(point.value)} at {number_text(float(point.label))} points"
        for point in ends
    ]
    return f"The effect goes from {sentences[0]} to {sentences[1]}."


NO_ARMS = "There is no comparison group in this study, so no difference can change."
NO_PEOPLE = "Nobody could be followed from wave to wave."


def show_attrition(disclosed: Disclosed, study: Study) -> Shown:
    """Who was followed of those who started, and how they differed from the lost."""
    tables = [attrition_table(disclosed, study, each) for each in study.outcomes]
    return non_empty_parts([*tables], NO_PEOPLE)


def show_missing_data_methods(disclosed: Disclosed, study: Study) -> Shown:
    """The arms' difference with the lost left out, weighted for, and filled in."""
    figures = [
        missing_methods_figure(disclosed, study, outcome)
        for outcome in _compared(disclosed, study)
    ]
    return Shown(parts=tuple(figures) or (Note(text=NO_ARMS),))


def show_tipping(disclosed: Disclosed, study: Study) -> Shown:
    """How different the lost of one arm must be for the answer to change."""
    figures = [
        figure
        for outcome in _compared(disclosed, study)
        for figure in tipping_figures(disclosed, study, outcome)
    ]
    notes = [
        Note(text=_undone_words(selected, study, outcome, wave))
        for outcome in study.outcomes
        for selected in [findings_of_outcome(disclosed, outcome)]
        for wave in waves_of(
            selected.where(term="leavers_change_zero"), study, contrasts=True
        )
    ]
    return Shown(parts=(*figures, *notes) or (Note(text=NO_ARMS),))


def _undone_words(
    selected: Disclosed, study: Study, outcome: Outcome, wave: Contrast
) -> str:
    """What those lost would have to have done for nothing to be left of a change."""
    title = f"{outcome.title}, {wave_text(study, wave)}"
    zero = found(selected, term="leavers_change_zero", wave=wave)
    if zero is None or zero.estimate is None:
        return f"{title}: {zero.reason if zero else NO_PEOPLE}."
    dropouts_text = f"the {zero.n:,} not followed" if zero.n else "those not followed"
    points = number_text(zero.estimate)
    words = (
        f"{title}: had {dropouts_text} changed by {points} points on average, nothing "
        "would be "
        "left of the change"
    )
    limit = found(selected, term="leavers_change_interval_zero", wave=wave)
    if limit is None or limit.estimate is None:
        why = limit.reason if limit else NO_PEOPLE
        return f"{words}; when nobody could tell any more: {why}."
    points = number_text(limit.estimate)
    return f"{words}; by {points}, its interval would begin to hold zero."


def _compared(disclosed: Disclosed, study: Study) -> list[Outcome]:
    """Outcomes in which two arms of people who were followed are compared."""
    return [
        outcome
        for outcome in study.outcomes
        if findings_of_outcome(disclosed, outcome)
        .where(term="imputed_arm_difference")
        .findings
    ]
