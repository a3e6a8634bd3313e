"""What a notebook shows of groups: a sentence, a figure and a table an outcome.

Findings about groups, taken apart: which group, which wave, and what it comes to.

Groups into a table: where each stands, how far apart, and what the pilot added.

How far groups lie from the reference, before and after, as a forest.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.disclosure.control import Disclosed
from analysis.publication.drawings import draw_forest
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import height_of
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.places import findings_of_outcome, found, wave_text, waves_of
from analysis.publication.shown import Shown
from analysis.publication.table import ABSENT, Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Grouping, Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part

LEVELS = ("shrunken_mean", "group_mean")
ALONG_ORDER = {
    "slope_index_of_inequality": "most deprived end less the least, in points",
    "relative_index_of_inequality": "most deprived end over the least",
}
USUAL = 0.05
"""A p below this is said to be more than chance easily brings."""


def outcomes_by_group(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Grouping, Outcome, Disclosed]]:
    """Every grouping with every outcome it was compared in, and what was found."""
    for grouping in study.groups:
        for outcome in study.outcomes:
            of_score = findings_of_outcome(disclosed, outcome)
            selected = tuple(
                finding
                for finding in of_score.findings
                if finding.group.partition(": ")[0] == grouping.name
            )
            if selected and grouping.survey == outcome.survey:
                yield grouping, outcome, Disclosed(findings=selected)


def groups_in(selected: Disclosed, grouping: Grouping) -> list[str]:
    """The groups found, the reference first, then as they were found."""
    named = dict.fromkeys(
        finding.group.partition(": ")[2]
        for finding in selected.findings
        if finding.term in LEVELS
    )
    return sorted(filter(None, named), key=lambda name: name != grouping.reference)


def level(
    selected: Disclosed, grouping: Grouping, group: str, wave: str
) -> Finding | None:
    """A group's mean at a wave, drawn towards the others where that was done."""
    at = selected.where(group=f"{grouping.name}: {group}", wave=wave)
    return next((part for part in at.findings if part.term in LEVELS), None)


def gap(
    selected: Disclosed, grouping: Grouping, group: str, wave: str
) -> Finding | None:
    """How far a group lies from the reference at a wave."""
    return found(
        selected,
        term="gap_difference",
        wave=wave,
        group=contrast_label(grouping, group),
    )


def contrast_label(grouping: Grouping, group: str) -> str:
    """How a group less the reference is written."""
    return f"{grouping.name}: {group} - {grouping.reference}"


def capital(name: str) -> str:
    """A group's name as the beginning of a line."""
    return name[:1].upper() + name[1:]


def gap_waves(selected: Disclosed, study: Study) -> list[str]:
    """The waves at which gaps were found."""
    return waves_of(selected.where(term="gap_difference"), study, contrasts=False)


def answer_words(
    selected: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> str:
    """What it comes to, in one sentence or two."""
    words = [_gap_words(selected, study, grouping), _effect_words(selected)]
    summary = " ".join(filter(None, words)) or "Nothing could be compared."
    summary = " ".join(filter(None, [summary, meaning_words(selected)]))
    return f"{outcome.title}, by {grouping.title.lower()}. {summary}"


def meaning_words(selected: Disclosed) -> str:
    """Whether the score means the same to the groups; empty if nobody asked."""
    verdict = found(selected, term="group_means_comparable")
    if verdict is None:
        return ""
    if verdict.estimate is None:
        return f"Whether the score means the same to each group: {verdict.reason}."
    if verdict.estimate:
        return (
            "As far as a test can tell, the questions mean the same to every group "
            "that is large enough for one."
        )
    return (
        "The questions do not mean the same to each group, so no gap between them is "
        "told."
    )


def _gap_words(selected: Disclosed, study: Study, grouping: Grouping) -> str:
    waves = gap_waves(selected, study)
    if not waves:
        return ""
    gaps = selected.where(term="gap_difference", wave=waves[-1]).findings
    drawn = [part for part in gaps if part.estimate is not None]
    when = f"At the wave “{wave_text(study, waves[-1])}”"
    if not drawn:
        return f"{when} no group can be set beside {grouping.reference}."
    clear = sum(_leaves_out_zero(part) for part in drawn)
    return (
        f"{when} the interval of {clear} of {len(drawn)} gaps to "
        f"{grouping.reference} leaves out zero."
    )


def _effect_words(selected: Disclosed) -> str:
    """Whether the pilot added as much for each; nothing where no arms are compared."""
    differs = found(selected, term="interaction_p_value")
    if differs is None:
        return ""
    if differs.estimate is None:
        return (
            "Whether the pilot added as much for each group cannot be told: "
            f"{differs.reason}."
        )
    chance = number_text(differs.estimate, differs.term)
    p = f"p {chance}" if chance.startswith("under") else f"p = {chance}"
    if differs.estimate < USUAL:
        return (
            "What the pilot added differs between groups by more than chance easily "
            f"brings ({p})."
        )
    return (
        f"Nothing shows that the pilot added more for one group than for another ({p}),"
        " which is no proof that it added as much."
    )


def _leaves_out_zero(finding: Finding) -> bool:
    low, high = finding.conf_low, finding.conf_high
    return low is not None and high is not None and (low > 0 or high < 0)


ALIKE = (
    "Means are drawn towards each other as far as chance alone could part them, so "
    "groups that may be alike are shown alike; gaps are of the means as they are."
)


def group_table(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> Table:
    """Rows of a group, the reference first: a mean a wave, then what the pilot added.

    Parameters
    ----------
    here : Disclosed
        What was found of this grouping and outcome.
    """
    notes = Footnotes()
    rows = tuple(
        row
        for group in groups_in(here, grouping)
        for row in _rows(here, study, grouping, group, notes)
    )
    drawn = (ALIKE,) if here.where(term="shrunken_mean").findings else ()
    return Table(
        caption=f"{outcome.title}, by {grouping.title.lower()}",
        columns=(grouping.title, "What", "n", "Points", f"Less {grouping.reference}"),
        rows=rows,
        row_headings=2,
        notes=(*notes.notes(), *drawn, *_along_order(here, study)),
        methods=notes.methods(),
    )


def _rows(
    here: Disclosed, study: Study, grouping: Grouping, group: str, notes: Footnotes
) -> Iterator[tuple[str, ...]]:
    name = capital(group)
    for wave in waves_of(here, study, contrasts=False):
        own = level(here, grouping, group, wave)
        less = gap(here, grouping, group, wave)
        yield (
            name,
            f"Mean, {wave_text(study, wave)}",
            notes.people(own),
            notes.cell(own, title="Mean"),
            notes.cell(less, title="Mean less the reference's"),
        )
    for wave in waves_of(here.where(term="effect_in_group"), study, contrasts=True):
        at = here.where(wave=wave)
        own = found(at, term="effect_in_group", group=f"{grouping.name}: {group}")
        less = found(
            at, term="effect_difference", group=contrast_label(grouping, group)
        )
        yield (
            name,
            f"Pilot added, {wave_text(study, wave)}",
            notes.people(own),
            notes.cell(own, title="Pilot added"),
            notes.cell(less, title="Pilot added, less in the reference group"),
        )


def _along_order(here: Disclosed, study: Study) -> Iterator[str]:
    """The indices of inequality, where the groups have an order."""
    for term, words in ALONG_ORDER.items():
        sentences = [
            f"{wave_text(study, part.wave)} {estimate_text(part) or ABSENT}"
            + (f" ({part.reason})" if part.estimate is None else "")
            for part in here.where(term=term).findings
        ]
        if sentences:
            name = capital(term.replace("_", " "))
            yield f"{name} ({words}): {'; '.join(sentences)}."


BETTER = {
    "higher_is_better": "Right of zero is better than the reference.",
    "higher_is_worse": "Left of zero is better than the reference.",
}


def gap_figure(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> Figure | Note:
    """Every group's mean less that of the reference: one line a group, one mark a wave.

    Parameters
    ----------
    here : Disclosed
        What was found of this grouping and outcome.
    """
    groups = [one for one in groups_in(here, grouping) if one != grouping.reference]
    waves = gap_waves(here, study)
    points = [
        Point(label=capital(group), series=wave_text(study, wave), finding=finding)
        for wave in waves
        for group in groups
        if (finding := gap(here, grouping, group, wave)) is not None
    ]
    instrument = study.instruments[outcome.instrument]
    better_text = BETTER.get(instrument.subscale(outcome.subscale).direction, "")
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    words = answer_words(here, study, grouping, outcome)
    drawn = drawn_points(points)
    return make_figure(
        f"gap-{grouping.name}-{outcome.name}",
        f"{outcome.title}: each group's mean less that of {grouping.reference}, with "
        f"95% intervals. {better_text}".strip(),
        f"{words} {point_words(drawn)}{supplementary}" if drawn else words,
        points,
        partial(
            draw_forest,
            label=f"Points above {grouping.reference}",
            smallest_effect=effect,
        ),
        height=height_of(max(len(groups), 1) * (0.5 + 0.35 * len(waves))),
    )


NOTHING = "No groups were declared that answer for an outcome."
SAME_MEANING = (
    "Where it was not tested whether the questions mean the same to each group, a gap "
    "may be one of how people answer."
)


def show_groups(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome, for the groups of every grouping."""
    parts: list[Part] = []
    untested = False
    for grouping, outcome, here in outcomes_by_group(disclosed, study):
        verdicts = here.where(term="group_means_comparable").findings
        untested |= not any(part.estimate is not None for part in verdicts)
        table = group_table(here, study, grouping, outcome)
        parts.append(Note(text=answer_words(here, study, grouping, outcome)))
        parts.append(gap_figure(here, study, grouping, outcome))
        parts += [table] if table.rows else []
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    cautions = [_exploratory(study), SAME_MEANING if untested else ""]
    notes = [Note(text=text, kind="caution") for text in cautions if text]
    confirmed = _confirmed(study)
    notes += [Note(text=confirmed)] if confirmed else []
    return Shown(parts=(*notes, *parts))


def _confirmed(study: Study) -> str:
    """Which groupings the plan names; empty if none."""
    named = [one.title.lower() for one in study.groups if _is_planned(one, study)]
    if not named:
        return ""
    when = "locked" if study.lock is not None else "declared"
    return (
        f"Declared in advance: the plan, as {when}, names subgroups by "
        f"{' and '.join(named)}. What is found for these can confirm."
    )


def _exploratory(study: Study) -> str:
    """Which groupings the plan does not name; empty if it names them all."""
    named = [one.title.lower() for one in study.groups if not _is_planned(one, study)]
    if not named:
        return ""
    return (
        f"Exploratory: the plan names no subgroups by {' or '.join(named)}. What is "
        "found here is for another study to test."
    )


def _is_planned(grouping: Grouping, study: Study) -> bool:
    """Whether the plan names the grouping: the locked one, where there is a lock."""
    if study.lock is not None:
        return grouping.column in study.lock.locked.get("plan", {}).get("subgroups", ())
    return study.plan is not None and grouping.column in study.plan.subgroups
