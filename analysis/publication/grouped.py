"""Findings about groups, taken apart: which group, which wave, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.disclosure import Disclosed
from analysis.publication.places import findings_of_outcome, found, wave_text, waves_of
from analysis.publication.tables.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.declarations.groups import Grouping
    from analysis.foundation import Finding

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
