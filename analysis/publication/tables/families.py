"""Outcomes tested together into a table: which p stands once all are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan import EXPLORATORY, PRIMARY
from analysis.publication.places import findings_of_outcome, found, term_title
from analysis.publication.tables.frame import Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

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
        waves = f"{''.join(outcome.follow_ups[:1])} - {outcome.baseline}"
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
        measure = unadjusted.method.partition(" ")[0]
        term = measure if measure in MEASURES else _first_measure(selected)
        effect = found(selected, term=term) if term else None
        adjusted = found(selected, term="adjusted_p_value")
        rows.append(
            (
                unadjusted.group.replace("_", " ").capitalize(),
                outcome.title,
                notes.cell(effect, title=term_title(term)),
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
    family = one[1].group
    return order.index(family) if family in order else len(order)


def _first_measure(selected: Disclosed) -> str:
    """What the page tells of an outcome whose p could not be had."""
    present = {finding.term for finding in selected.findings}
    return next((term for term in MEASURES if term in present), "")
