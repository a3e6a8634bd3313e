"""Which groups benefited: in words, as a forest plot, and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.declarations.estimand import smallest_in_points
from analysis.foundation.findings import Contrast, Group
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.figure import Note, Point
from analysis.publication.numbers import estimate_text
from analysis.publication.panels import forest
from analysis.publication.places import (
    findings_of_outcome,
    found,
    places_of,
    plain_text,
    subscale_of,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, show
from analysis.publication.table import ABSENT, Footnotes
from analysis.publication.words import (
    SIGNIFICANT,
    excluding_zero_words,
    figure_words,
    p_value,
    p_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Grouping, Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part
    from analysis.publication.table import Table

LEVELS = ("shrunken_mean", "group_mean")
ALONG_ORDER = {
    "slope_index_of_inequality": "most deprived end less the least, in points",
    "relative_index_of_inequality": "most deprived end over the least",
}
BETTER = {
    "higher_is_better": " Right of zero is better than the reference.",
    "higher_is_worse": " Left of zero is better than the reference.",
}
NOTHING = "No groups were declared that answer for an outcome."
SAME_MEANING = (
    "Where it was not tested whether the questions mean the same to each group, a gap "
    "may be one of how people answer."
)
SHRUNKEN = (
    "Means are shrunken (partially pooled) towards each other as far as chance alone "
    "could part them, so groups that may be alike are shown alike; gaps are of the "
    "means as they are."
)
NOT_COMPARABLE = (
    "The questions do not mean the same to each group, so no gap between them is "
    "reported."
)
COMPARABLE = (
    "As far as a test can show, the questions mean the same to every group that is "
    "large enough for one."
)


def show_groups(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome, for the groups of every grouping."""
    parts: list[Part] = []
    untested = False
    for grouping, outcome, here in _outcomes_by_group(disclosed, study):
        verdicts = here.where(term="group_means_comparable").findings
        untested |= not any(part.estimate is not None for part in verdicts)
        words = _group_words(here, study, grouping, outcome)
        parts.append(Note(text=words))
        parts.append(_gap_figure(here, study, grouping, outcome, words))
        parts.append(_group_table(here, study, grouping, outcome))
    if parts and (confirmed := _confirmed(study)):
        parts.insert(0, Note(text=confirmed))
    return show(
        parts,
        NOTHING,
        cautions=(_exploratory(study), SAME_MEANING if untested else ""),
    )


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


def _outcomes_by_group(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Grouping, Outcome, Disclosed]]:
    """Every grouping with every outcome it was compared in, and what was found."""
    for grouping in study.groups:
        for outcome in study.outcomes:
            of_score = findings_of_outcome(disclosed, outcome)
            selected = tuple(
                finding
                for finding in of_score.findings
                if isinstance(finding.group, Group)
                and finding.group.of == grouping.name
            )
            if selected and grouping.survey == outcome.survey:
                yield grouping, outcome, Disclosed(findings=selected)


def _groups(here: Disclosed, grouping: Grouping) -> list[str]:
    """The groups found, the reference first, then as they were found."""
    named = dict.fromkeys(
        finding.group.value
        for finding in here.findings
        if finding.term in LEVELS and isinstance(finding.group, Group)
    )
    return sorted(filter(None, named), key=lambda name: name != grouping.reference)


def _of_group(
    here: Disclosed, grouping: Grouping, group: str, **context: Any
) -> Finding | None:
    return found(here, group=Group("subgroup", group, of=grouping.name), **context)


def _less_reference(
    here: Disclosed, grouping: Grouping, group: str, **context: Any
) -> Finding | None:
    """A group less the reference."""
    against = Group("subgroup", group, grouping.reference, of=grouping.name)
    return found(here, group=against, **context)


def _capital(name: str) -> str:
    """A group's name as the beginning of a line."""
    return name[:1].upper() + name[1:]


def _gap_waves(here: Disclosed, study: Study) -> list[str]:
    """The waves at which gaps were found."""
    return waves_of(here.where(term="gap_difference"), study, contrasts=False)


def _group_words(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> str:
    """What it comes to, in one sentence or two."""
    compared = [_gap_words(here, study, grouping), _effect_words(here, outcome)]
    words = [*filter(None, compared)] or ["Nothing could be compared."]
    title = f"{outcome.title}, by {grouping.title.lower()}."
    return " ".join(filter(None, [title, *words, _meaning_words(here)]))


def _gap_words(here: Disclosed, study: Study, grouping: Grouping) -> str:
    waves = _gap_waves(here, study)
    if not waves:
        return ""
    gaps = here.where(term="gap_difference", wave=waves[-1]).findings
    drawn = [part for part in gaps if part.estimate is not None]
    when = f"At the wave “{wave_text(study, waves[-1])}”"
    if not drawn:
        return f"{when} no group can be compared with {grouping.reference}."
    clear = excluding_zero_words(drawn, f"gaps to {grouping.reference}")
    return f"{when} {clear}."


def _effect_words(here: Disclosed, outcome: Outcome) -> str:
    """Whether the pilot added as much for each; nothing where no arms are compared.

    Asked afterwards alone, people may have differed before: nothing was added then.
    """
    differs = found(here, term="interaction_p_value")
    if differs is None:
        return ""
    if not outcome.baseline:
        return _afterwards_words(differs)
    if differs.estimate is None:
        return (
            "Whether the pilot added as much for each group is not known: "
            f"{differs.reason}."
        )
    if p_value(differs) < SIGNIFICANT:
        return (
            "What the pilot added differs between groups by more than chance easily "
            f"brings ({p_words(differs)})."
        )
    return (
        "Nothing shows that the pilot added more for one group than for another "
        f"({p_words(differs)}), which is no proof that it added as much."
    )


def _afterwards_words(differs: Finding) -> str:
    """Whether the arms lie as far apart in each group, asked afterwards alone."""
    if differs.estimate is None:
        return (
            "Whether the arms lie as far apart in each group is not known: "
            f"{differs.reason}."
        )
    if p_value(differs) < SIGNIFICANT:
        return (
            "Afterwards the arms lie further apart in one group than in another by "
            f"more than chance easily brings ({p_words(differs)}). Nobody was asked "
            "before, so they may have done so already."
        )
    return (
        "Nothing shows that the arms lie further apart afterwards in one group than in "
        f"another ({p_words(differs)}), which is no proof that they do not."
    )


def _meaning_words(here: Disclosed) -> str:
    """Whether the score means the same to the groups; empty if nobody asked."""
    verdict = found(here, term="group_means_comparable")
    if verdict is None:
        return ""
    if verdict.estimate is None:
        return f"Whether the score means the same to each group: {verdict.reason}."
    return COMPARABLE if verdict.estimate else NOT_COMPARABLE


def _group_table(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> Table:
    """Rows of a group, the reference first: means, then what the pilot added."""
    notes = Footnotes()
    shrunken = (SHRUNKEN,) if here.where(term="shrunken_mean").findings else ()
    return notes.table(
        f"{outcome.title}, by {grouping.title.lower()}",
        (grouping.title, "What", "n", "Points", f"Less {grouping.reference}"),
        (
            row
            for group in _groups(here, grouping)
            for row in _rows(here, study, grouping, group, notes)
        ),
        row_headings=2,
        also=(*shrunken, *_along_order(here, study)),
    )


def _rows(
    here: Disclosed, study: Study, grouping: Grouping, group: str, notes: Footnotes
) -> Iterator[tuple[str, ...]]:
    for wave in waves_of(here, study, contrasts=False):
        levels = (
            _of_group(here, grouping, group, wave=wave, term=term) for term in LEVELS
        )
        own = next(filter(None, levels), None)
        gap = _less_reference(here, grouping, group, wave=wave, term="gap_difference")
        yield (
            _capital(group),
            f"Mean, {wave_text(study, wave)}",
            notes.people(own),
            notes.cell(own, title="Mean"),
            notes.cell(gap, title="Mean less the reference's"),
        )
    effects = here.where(term="effect_in_group")
    for waves in places_of(effects, study, contrasts=None):
        what = "Pilot added" if isinstance(waves, Contrast) else "Arms' difference"
        at = here.where(wave=waves)
        own = _of_group(at, grouping, group, term="effect_in_group")
        less = _less_reference(at, grouping, group, term="effect_difference")
        yield (
            _capital(group),
            f"{what}, {wave_text(study, waves)}",
            notes.people(own),
            notes.cell(own, title=what),
            notes.cell(less, title=f"{what}, less in the reference group"),
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
            yield f"{_capital(plain_text(term))} ({words}): {'; '.join(sentences)}."


def _gap_figure(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome, words: str
) -> Figure | Note:
    """Each group's mean less the reference's: a line a group, a mark a wave."""
    points = [
        Point(label=_capital(group), series=wave_text(study, wave), finding=gap)
        for wave in _gap_waves(here, study)
        for group in _groups(here, grouping)
        if group != grouping.reference
        and (
            gap := _less_reference(
                here, grouping, group, wave=wave, term="gap_difference"
            )
        )
    ]
    subscale = subscale_of(study, outcome)
    return forest(
        f"gap-{grouping.name}-{outcome.name}",
        f"{outcome.title}: each group's mean less that of {grouping.reference}, with "
        f"95% intervals.{BETTER.get(subscale.direction, '')}",
        figure_words(words, points, smallest_in_points(study, outcome)),
        points,
        label=f"Points above {grouping.reference}",
        smallest_effect=smallest_in_points(study, outcome),
    )
