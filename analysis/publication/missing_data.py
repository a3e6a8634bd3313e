"""Who is missing: counted, allowed for, and shifted until the answer changes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.estimand import smallest_in_points
from analysis.foundation.findings import names_in
from analysis.publication.figure import Note, drawn_points, make_figure
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
from analysis.publication.panels import Panel, forest
from analysis.publication.places import (
    arm_text,
    arms_of,
    findings_of_outcome,
    found,
    smallest_gain,
    subscale_of,
    wave_text,
    waves_of,
)
from analysis.publication.shown import show, show_tables
from analysis.publication.table import ABSENT, SUPPRESSED, Footnotes
from analysis.publication.words import listed, reason_of, smallest_effect_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding, Place
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure, Point
    from analysis.publication.shown import Shown
    from analysis.publication.table import Table

BASELINE = "Followed minus lost, before"
HEADINGS = (
    "Waves",
    "Group",
    "Started",
    "Followed",
    "Share followed",
    "Difference of shares",
    BASELINE,
)
STANDARDISED = (
    f"{BASELINE}: the score at the baseline of those followed less that of those lost, "
    "in standard deviations."
)
NO_ARMS = "There is no comparison group in this study, so no difference can change."
ALL_LINKED = "Every outcome is of linked people."
NO_PEOPLE = "Nobody could be followed from wave to wave."
METHODS = Panel(
    terms={
        "complete_arm_difference": "Lost left out",
        "weighted_arm_difference": "Followed weighted",
        "imputed_arm_difference": "Lost filled in",
    }
)
"""Each term by how dropouts are allowed for."""
SHIFTED = Panel(terms={"shifted_arm_difference": ""}, line=("group",), order=("term",))
TIPPING = "tipping_point_interval_zero"


def show_attrition(disclosed: Disclosed, study: Study) -> Shown:
    """Who was followed of those who started, and how they differed from dropouts."""
    tables = [_attrition_table(disclosed, study, each) for each in study.outcomes]
    return show_tables(tables, NO_PEOPLE)


def show_unlinked(disclosed: Disclosed, study: Study) -> Shown:
    """What is known, and what cannot be, of those missing at waves not linked."""
    parts: list[Note | Table] = []
    for outcome in study.outcomes:
        here = findings_of_outcome(disclosed, outcome).where(term="share_scored")
        if here.findings:
            parts.append(Note(text=_unlinked_words(here, study, outcome)))
            parts.append(_scored_table(here, study, outcome))
    return show_tables(parts, ALL_LINKED)


def _scored_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a wave and arm: invited, scored, and the share."""
    notes, rows = Footnotes(), []
    for wave in waves_of(here, study, contrasts=False):
        for arm in arms_of(here.where(wave=wave), study, contrasts=False):
            share = found(here, wave=wave, arm=arm)
            known = share is not None and share.estimate is not None
            unknown = share is not None and share.n_unit == "answers"
            rows.append(
                (
                    wave_text(study, wave),
                    arm_text(study, arm),
                    ABSENT if unknown else notes.people(share),
                    _followed_text(share) if known else notes.people(share),
                    notes.cell(share, title="Scored, of those invited"),
                )
            )
    return notes.table(
        f"Who has a score, of those invited: {outcome.title}",
        ("Wave", "Group", "Invited", "Scored", "Scored, of those invited"),
        rows,
        row_headings=2,
        optional=(2,),
    )


def _unlinked_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What nobody can know of those missing, and what is known."""
    everyone = here.where(arm="")
    sentences = []
    waves = [name for name in outcome.waves if everyone.where(wave=name).findings]
    if outcome.baseline and len(waves) > 1:
        first, *later = (wave_text(study, wave) for wave in waves)
        sentences.append(
            f"answers at {listed(later)} are not linked to those at {first}, so nobody "
            f"knows who of those at {first} answered again, or how those who did not "
            "would have answered."
        )
    shares = [
        (wave, share)
        for wave in waves
        if (share := found(everyone, wave=wave)) and share.n_unit != "answers"
    ]
    if shares:
        texts = [
            f"{wave_text(study, wave)}: {estimate_text(share) or SUPPRESSED}"
            for wave, share in shares
        ]
        sentences.append(f"Of those invited, so many have a score: {'; '.join(texts)}.")
    if missing := [name for name in waves if name not in dict(shares)]:
        at = listed([wave_text(study, wave) for wave in missing])
        sentences.append(
            f"How many were invited is not recorded for {at}, so nobody knows how many "
            "did not answer, or whether more of one group did not."
        )
    return f"{outcome.title}: {' '.join(sentences)}"


def show_missing_data_methods(disclosed: Disclosed, study: Study) -> Shown:
    """The arms' difference with dropouts left out, weighted for, and imputed."""
    figures = [
        _methods_figure(here, study, outcome)
        for outcome, here in _compared(disclosed, study)
    ]
    return show(figures, NO_ARMS)


def show_tipping(disclosed: Disclosed, study: Study) -> Shown:
    """How different the dropouts of one arm must be for the answer to change."""
    figures = [
        figure
        for outcome, here in _compared(disclosed, study)
        for figure in _tipping_figures(here, study, outcome)
    ]
    notes = [
        Note(text=_undone_words(here.where(wave=wave), outcome, wave_text(study, wave)))
        for outcome in study.outcomes
        for here in [findings_of_outcome(disclosed, outcome)]
        for wave in waves_of(
            here.where(term="leavers_change_zero"), study, contrasts=True
        )
    ]
    return show([*figures, *notes], NO_ARMS)


def _compared(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Disclosed]]:
    """Outcomes in which two arms of people who were followed are compared."""
    for outcome in study.outcomes:
        here = findings_of_outcome(disclosed, outcome)
        if here.where(term="imputed_arm_difference").findings:
            yield outcome, here


def _attrition_table(disclosed: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a follow-up and arm: how many started and were followed, and who."""
    selected = findings_of_outcome(disclosed, outcome)
    notes, rows = Footnotes(), []
    for wave in waves_of(selected, study, contrasts=True):
        at = selected.where(wave=wave)
        for arm in arms_of(at, study, contrasts=False):
            share = found(at, term="share_present", arm=arm)
            baseline = found(at, term="stayers_minus_leavers_standardised", arm=arm)
            rows.append(
                (
                    wave_text(study, wave),
                    arm_text(study, arm),
                    notes.people(share),
                    _followed_text(share),
                    notes.cell(share, title="Share followed"),
                    notes.cell(_difference(at, arm), title="Difference of shares"),
                    notes.cell(baseline, title=BASELINE),
                )
            )
    return notes.table(
        f"Who was followed: {outcome.title}",
        HEADINGS,
        rows,
        row_headings=2,
        also=(STANDARDISED,),
    )


def _followed_text(share: Finding | None) -> str:
    if share is None or share.estimate is None or share.n is None:
        return ABSENT
    return f"{round(share.estimate * share.n):,}"


def _difference(at: Disclosed, arm: Place) -> Finding | None:
    """The arm's share less that of the arm it is compared with."""
    differences = at.where(term="share_present_difference").findings
    mine = (part for part in differences if arm and names_in(part.arm)[0] == arm)
    return next(mine, None)


def _methods_figure(here: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    """The arms' difference after: one line a follow-up, one mark a method."""
    points = METHODS.points(here, study)
    arms = points[0].finding.arm if points else ""
    return forest(
        f"missing-{outcome.name}",
        f"{outcome.title}: difference after, {arm_text(study, arms)}, with those lost "
        "left out, weighted for and filled in, with 95% intervals.",
        _method_words(drawn_points(points), smallest_in_points(study, outcome)),
        points,
        label="Difference in points",
        smallest_effect=smallest_in_points(study, outcome),
    )


def _method_words(drawn: Sequence[Point], smallest: float | None) -> str:
    """The methods at each follow-up, and how far they lie apart."""
    parts = []
    for label in dict.fromkeys(point.label for point in drawn):
        at = [point for point in drawn if point.label == label]
        listed = ", ".join(f"{p.series.lower()} {estimate_text(p.finding)}" for p in at)
        values = [point.value for point in at]
        apart = number_text(max(values) - min(values))
        gap = f"; at most {apart} points apart" if len(at) > 1 else "; no other shown"
        parts.append(f"{label}: {listed}{gap}")
    return f"{'; '.join(parts)}.{smallest_effect_words(smallest)}"


def _tipping_figures(
    here: Disclosed, study: Study, outcome: Outcome
) -> Iterator[Figure | Note]:
    """A figure a follow-up: the effect against how far dropouts are shifted."""
    for number, wave in enumerate(waves_of(here, study, contrasts=True), start=1):
        at = here.where(wave=wave)
        tips = found(at, term=TIPPING)
        if tips is None:
            continue
        points = SHIFTED.points(at, study)
        treated, _ = names_in(tips.arm)
        title = f"{outcome.title}, {wave_text(study, wave)}"
        words = _tipping_words(at, study, outcome)
        yield make_figure(
            f"tipping-{outcome.name}-{number}",
            f"{title}. {words}",
            f"{title}: {words} {_ends_words(drawn_points(points))}",
            points,
            partial(
                draw_tipping,
                label=f"Points by which the lost of {arm_text(study, treated)} differ",
                tips=tips.estimate,
                smallest_effect=smallest_gain(study, outcome),
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
    """The effect and its interval by shift, with zero and the smallest effect."""
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


def _tipping_words(at: Disclosed, study: Study, outcome: Outcome) -> str:
    """What would change the answer, in plain words."""
    (shifted,) = SHIFTED.terms
    tips, now = found(at, term=TIPPING), found(at, term=shifted, group="0")
    if tips is None or now is None or now.conf_low is None or now.conf_high is None:
        return "What would change the answer is not known."
    treated, control = map(study.arm_title, names_in(tips.arm))
    unsure = now.conf_low <= 0 <= now.conf_high
    if tips.estimate is None:
        shifts = [float(str(part.group)) for part in at.where(term=shifted).findings]
        whole = all(shift.is_integer() for shift in shifts)
        reach = number_text(max(shifts), decimals=0 if whole else 1)
        still = "no difference" if unsure else "a difference"
        return (
            f"Even if the lost of the {treated} arm lay {reach} points higher or lower "
            f"than people like them who were followed, {still} from {control} could be "
            "shown."
        )
    subscale = subscale_of(study, outcome)
    return (
        f"If the lost of the {treated} arm lay "
        f"{points_text(abs(tips.estimate), subscale)} points "
        f"{'higher' if tips.estimate > 0 else 'lower'} than people like them who were "
        f"followed, {'a' if unsure else 'no'} difference from {control} could be "
        f"shown; as it is, {'none' if unsure else 'one'} can."
    )


def _ends_words(drawn: Sequence[Point]) -> str:
    """The effect at both ends of the line."""
    if not drawn:
        return ""
    first, last = (
        f"{number_text(point.value)} at {number_text(float(point.label))} points"
        for point in (drawn[0], drawn[-1])
    )
    return f"The effect goes from {first} to {last}."


def _undone_words(at: Disclosed, outcome: Outcome, waves: str) -> str:
    """What change of dropouts would leave nothing of a change."""
    title = f"{outcome.title}, {waves}"
    zero = found(at, term="leavers_change_zero")
    if zero is None or zero.estimate is None:
        return f"{title}: {reason_of(zero, NO_PEOPLE)}."
    lost = f"the {zero.n:,} not followed" if zero.n else "those not followed"
    words = (
        f"{title}: had {lost} changed by {number_text(zero.estimate)} points on "
        "average, nothing would be left of the change"
    )
    limit = found(at, term="leavers_change_interval_zero")
    if limit is None or limit.estimate is None:
        why = reason_of(limit, NO_PEOPLE)
        return f"{words}; what would make it uncertain is not known: {why}."
    points = number_text(limit.estimate)
    return f"{words}; by {points}, its interval would begin to hold zero."
