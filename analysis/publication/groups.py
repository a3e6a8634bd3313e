"""What a notebook shows of groups: a sentence, a figure and a table an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import Note, gap_figure
from analysis.publication.grouped import answer_words, outcomes_by_group
from analysis.publication.shown import Shown
from analysis.publication.tables import group_table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.declarations.groups import Grouping
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.shown import Part

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
