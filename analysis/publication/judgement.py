"""What a notebook shows of answers: whether they matter, and whether they hold.

Judged changes into tables: do they matter, who got better, how alike are teams.

Outcomes tested together into a table: which p stands once all are counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan import EXPLORATORY, PRIMARY
from analysis.foundation.findings import Contrast, Group
from analysis.foundation.terms import in_table
from analysis.foundation.terms import term as register_term
from analysis.publication.contrasts import methods_figure
from analysis.publication.figure import Figure, Note
from analysis.publication.numbers import number_text
from analysis.publication.places import (
    arm_text,
    findings_of_outcome,
    found,
    plain_text,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, non_empty_parts
from analysis.publication.sites import by_site, site_figure, site_table
from analysis.publication.table import ABSENT, Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.foundation.terms import Term
    from analysis.publication.disclosure.control import Disclosed

PRIOR = (
    "Chances are of the true effect, given the data and a prior that takes no effect "
    "for likeliest; the table of findings has them for a prior half and twice as wide."
)


def judgement_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome and follow-up: the effect against the smallest that matters."""
    notes, rows = Footnotes(), []
    chances = in_table("probabilities")
    for outcome, wave, selected in _outcomes(disclosed, study):
        effect = found(selected, term="effect")
        if effect is None:
            continue
        declared = selected.where(group="as declared")
        smallest = outcome.smallest_effect
        rows.append(
            (
                outcome.title,
                wave_text(study, wave),
                notes.cell(effect, title="Effect"),
                number_text(smallest) if smallest else ABSENT,
                str(effect.group) or "not judged",
                *_cells(declared, chances, notes),
                notes.people(effect),
            )
        )
    return _table(
        "Large enough to matter?",
        (
            "Outcome",
            "Waves",
            "Effect",
            "Smallest that matters",
            "Verdict",
            *(each.title for each in chances),
            "n",
        ),
        rows,
        notes,
        also=(PRIOR,) if any(found(disclosed, term=c.name) for c in chances) else (),
    )


def responder_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome, follow-up and arm: who changed by more than error."""
    notes, rows = Footnotes(), []
    responders = in_table("responders")
    for outcome, wave, selected in _outcomes(disclosed, study):
        for arm in dict.fromkeys(part.arm for part in selected.findings):
            of_arm = selected.where(arm=arm)
            counted = found(of_arm, term="reliable_change_needed")
            if counted:
                cells = _cells(of_arm, responders, notes)
                place = (outcome.title, wave_text(study, wave), arm_text(study, arm))
                rows.append((*place, notes.people(counted), *cells))
    titles = (each.title for each in responders)
    headings = ("Outcome", "Waves", "Group", "n", *titles)
    return _table("Who changed by more than error", headings, rows, notes)


def intracluster_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: how alike people of one team were before."""
    notes, rows, seen = Footnotes(), [], set()
    similarity = in_table("clustering")
    for outcome, _, selected in _outcomes(disclosed, study):
        counted = found(selected, term="intracluster_correlation")
        if counted and outcome.name not in seen:
            seen.add(outcome.name)
            cells = _cells(selected, similarity, notes)
            rows.append((outcome.title, notes.people(counted), *cells))
    headings = ("Outcome", "n", *(each.title for each in similarity))
    return _table("How alike people of one team are", headings, rows, notes)


def _outcomes(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Contrast, Disclosed]]:
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        for wave in waves_of(selected, study, contrasts=True):
            yield outcome, wave, selected.where(wave=wave)


def _cells(selected: Disclosed, columns: Iterable[Term], notes: Footnotes) -> list[str]:
    return [
        notes.cell(found(selected, term=each.name), title=each.title)
        for each in columns
    ]


def _table(
    caption: str,
    headings: tuple[str, ...],
    rows: list[tuple[str, ...]],
    notes: Footnotes,
    *,
    also: tuple[str, ...] = (),
) -> Table:
    # A column that says nothing of any outcome is left out.
    kept = [p for p in range(len(headings)) if {row[p] for row in rows} != {ABSENT}]
    return Table(
        caption=caption,
        columns=tuple(headings[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in rows),
        notes=(*notes.notes(), *also),
        methods=notes.methods(),
    )


HEADINGS = ("Family", "Outcome", "Effect", "p alone", "p in its family", "n")
MEASURES = ("difference_in_change", "adjusted_mean_difference", "mean_change")
HOW = (
    "A p in its family is the smallest level at which the outcome still stands once "
    "all that were asked with it are counted; a family that waits for the primary "
    "outcome is never surer than that one."
)


def tested_outcomes(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Finding, Disclosed]]:
    """Every outcome tested: its p alone, and what else was found at that place."""
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        waves = Contrast("".join(outcome.follow_ups[:1]), outcome.baseline)
        unadjusted = found(selected, term="p_value", wave=waves)
        if unadjusted is not None:
            yield outcome, unadjusted, selected.where(wave=waves, arm=unadjusted.arm)


def family_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: its effect, its p alone, and its p in its family."""
    notes, rows = Footnotes(), []
    tested = sorted(
        tested_outcomes(disclosed, study), key=lambda one: _order(one, study)
    )
    for outcome, unadjusted, selected in tested:
        term = _measure(unadjusted) or _first_measure(selected)
        effect = found(selected, term=term) if term else None
        adjusted = found(selected, term="adjusted_p_value")
        rows.append(
            (
                plain_text(str(unadjusted.group)).capitalize(),
                outcome.title,
                notes.cell(effect, title=register_term(term).title),
                notes.cell(unadjusted, title="p alone"),
                notes.cell(adjusted, title="p in its family"),
                notes.people(unadjusted),
            )
        )
    return Table(
        caption="All outcomes together, at their first follow-up",
        columns=HEADINGS,
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), HOW) if rows else (),
        methods=notes.methods(),
    )


def _order(one: tuple[Outcome, Finding, Disclosed], study: Study) -> int:
    """The primary outcome, the families as declared, then what is exploratory."""
    families = study.plan.families if study.plan else {}
    order = [PRIMARY, *families, EXPLORATORY]
    family = str(one[1].group)
    return order.index(family) if family in order else len(order)


def _measure(unadjusted: Finding) -> str:
    """The term whose p it is; empty where it could not be had."""
    return unadjusted.group.of if isinstance(unadjusted.group, Group) else ""


def _first_measure(selected: Disclosed) -> str:
    """What the page tells of an outcome whose p could not be had."""
    present = {finding.term for finding in selected.findings}
    return next((term for term in MEASURES if term in present), "")


NOT_TESTED = (
    "The plan has no rule by which several outcomes are tested together, so none is "
    "tested here: each stands with its interval, and of many intervals one may exclude "
    "no effect by chance alone."
)
ONE_SITE = "Fewer than two sites hold what is compared, so there is one answer."
USUAL = 0.05
"""A p below this is said to hold."""


def show_judgement(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome against the smallest effect that was declared to matter."""
    nothing = "No smallest effect that matters was declared, so nothing can be judged."
    return non_empty_parts([judgement_table(disclosed, study)], nothing)


def show_evidence_level(disclosed: Disclosed, study: Study) -> Shown:
    """How far each answer can be trusted by its design, and what would lift it."""
    titles: dict[str, dict[str, None]] = {}
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome).where(
            term="evidence_rung",
        )
        for finding in selected.findings:
            text = finding.method if finding.estimate is not None else finding.reason
            titles.setdefault(text, {})[outcome.title] = None
    notes = (
        Note(text=f"{_named(named, study)}. {text}", kind="summary")
        for text, named in titles.items()
    )
    return Shown(parts=tuple(notes) or (Note(text="No outcome was declared."),))


def _named(titles: Iterable[str], study: Study) -> str:
    named = list(titles)
    return "Every outcome" if len(named) == len(study.outcomes) else ", ".join(named)


def show_methods(disclosed: Disclosed, study: Study) -> Shown:
    """The same question reckoned in several ways, and how alike teams are."""
    estimated = {
        (part.survey, part.instrument, part.subscale)
        for part in disclosed.where(term="difference_in_change_by_way").findings
    }
    figures = [
        methods_figure(disclosed, study, outcome)
        for outcome in study.outcomes
        if (outcome.survey, outcome.instrument, outcome.subscale) in estimated
    ]
    if not figures:
        why = "Teams were not allocated to two groups, so there is one way to reckon."
        return Shown(parts=(Note(text=why),))
    similarity_table = intracluster_table(disclosed, study)
    return Shown(
        parts=(*figures, *([similarity_table] if similarity_table.rows else []))
    )


def show_responders(disclosed: Disclosed, study: Study) -> Shown:
    """Who got better, stayed and got worse, never the first alone."""
    nothing = "Nobody was followed from wave to wave, so nobody's own change is known."
    return non_empty_parts([responder_table(disclosed, study)], nothing)


def show_sites(disclosed: Disclosed, study: Study) -> Shown:
    """What was found at each site; from three sites on, over all of them too."""
    by_site_outcomes = [outcome for outcome, _, _ in by_site(disclosed, study)]
    if not by_site_outcomes:
        return Shown(parts=(Note(text=ONE_SITE),))
    drawn = (
        site_figure(disclosed, study, outcome)
        for outcome in study.outcomes
        if outcome in by_site_outcomes
    )
    # Why there is nothing to draw stands below the table.
    figures = [figure for figure in drawn if isinstance(figure, Figure)]
    return Shown(parts=(*figures, site_table(disclosed, study)))


def show_families(disclosed: Disclosed, study: Study) -> Shown:
    """Which outcomes still stand once all that was asked is counted."""
    table = family_table(disclosed, study)
    if not table.rows:
        return Shown(parts=(Note(text=NOT_TESTED),))
    adjusted = [
        part
        for _, _, selected in tested_outcomes(disclosed, study)
        for part in selected.where(term="adjusted_p_value").findings
        if part.estimate is not None
    ]
    significant = sum(
        part.estimate < USUAL for part in adjusted if part.estimate is not None
    )
    words = (
        f"{significant} of {len(adjusted)} outcomes still stand at a level of .05 "
        "once all "
        "that was asked with them is counted."
    )
    return Shown(parts=(Note(text=words, kind="summary"), table))
