"""Outcomes tested together into a table: which p stands once all are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan import EXPLORATORY, PRIMARY
from analysis.publication.places import found, term_title, where_judged
from analysis.publication.tables.frame import Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

HEADS = ("Family", "Outcome", "Effect", "p alone", "p in its family", "n")
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
        here = where_judged(disclosed, outcome)
        waves = f"{''.join(outcome.follow_ups[:1])} - {outcome.baseline}"
        alone = found(here, term="p_value", wave=waves)
        if alone is not None:
            yield outcome, alone, here.where(wave=waves, arm=alone.arm)


def family_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: its effect, its p alone, and its p in its family."""
    notes, rows = Footnotes(), []
    tested = sorted(
        tested_outcomes(disclosed, study), key=lambda one: _order(one, study)
    )
    for outcome, alone, here in tested:
        measure = alone.method.partition(" ")[0]
        term = measure if measure in MEASURES else _first_measure(here)
        effect = found(here, term=term) if term else None
        adjusted = found(here, term="adjusted_p_value")
        rows.append(
            (
                alone.group.replace("_", " ").capitalize(),
                outcome.title,
                notes.cell(effect, title=term_title(term)),
                notes.cell(alone, title="p alone"),
                notes.cell(adjusted, title="p in its family"),
                notes.people(alone),
            )
        )
    return Table(
        caption="All outcomes together, at their first follow-up",
        columns=HEADS,
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


def _first_measure(here: Disclosed) -> str:
    """What the page tells of an outcome whose p could not be had."""
    present = {finding.term for finding in here.findings}
    return next((term for term in MEASURES if term in present), "")
