"""Turn the cleaning rules of a survey, as its table declares them, into values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.survey import (
    CARELESS_ACTIONS,
    CARELESS_INDICES,
    OUT_OF_RANGE,
    PREVIEWS,
    REPEATS,
    Attention,
    CarelessRules,
    CleaningRules,
    PrintedTotal,
)

if TYPE_CHECKING:
    from analysis.declarations.tables import Table


def parse_cleaning(table: Table) -> CleaningRules:
    """The cleaning rules; a key that is misspelt is told when the table is closed."""
    return CleaningRules(
        previews=table.choice("previews", PREVIEWS, "leave_out"),
        consent=table.texts("consent"),
        finished=table.texts("finished"),
        least_answered=table.number("least_answered", 0.0),
        repeats=table.choice("repeats", REPEATS, "keep"),
        shared_submission=table.choice("shared_submission", REPEATS, "keep"),
        identical_answers=table.choice("identical_answers", REPEATS, "keep"),
        attention=tuple(_attention(part) for part in _one_or_more(table, "attention")),
        dates_in_order=table.flag("dates_in_order"),
        printed_totals=tuple(
            _printed_total(part) for part in _one_or_more(table, "printed_total")
        ),
        out_of_range=table.choice("out_of_range", OUT_OF_RANGE, "refuse"),
        careless=_careless(table.table("careless")) if table.has("careless") else None,
    )


def _one_or_more(table: Table, key: str) -> list[Table]:
    """One table, or an array of them."""
    if not table.has(key):
        return []
    is_one = isinstance(table.raw(key), dict)
    return [table.table(key)] if is_one else list(table.list_of_tables(key))


def _attention(table: Table) -> Attention:
    attention = Attention(column=table.text("column"), accepted=table.texts("accepted"))
    if not attention.accepted:
        table.fault("accepted", "must name the answers that pass")
    table.close()
    return attention


def _printed_total(table: Table) -> PrintedTotal:
    total = PrintedTotal(
        column=table.text("column"),
        score=table.text("score"),
        tolerance=table.number("tolerance", 0.005),
        action=table.choice("action", CARELESS_ACTIONS, "flag"),
    )
    table.close()
    return total


def _careless(table: Table) -> CarelessRules:
    rules = CarelessRules(
        cutoffs={
            name: table.number(name) for name in CARELESS_INDICES if table.has(name)
        },
        synonyms_above=table.number("synonyms_above", 0.60),
        antonyms_below=table.number("antonyms_below", -0.60),
        flags_needed=table.whole("flags_needed", 2),
        action=table.choice("action", CARELESS_ACTIONS, "flag"),
    )
    table.close()
    _check_careless(rules, table)
    return rules


def _check_careless(rules: CarelessRules, table: Table) -> None:
    declared = len(rules.cutoffs)
    if not declared:
        known = ", ".join(CARELESS_INDICES)
        table.fault("longstring", f"give at least one index its cut-off, of: {known}")
    elif not 1 <= rules.flags_needed <= declared:
        table.fault(
            "flags_needed",
            f"must be from 1 to {declared}, the number of indices declared",
        )
    for name in ("mahalanobis_p", "share_missing", "straight_lining"):
        if not 0 < rules.cutoffs.get(name, 1) <= 1:
            table.fault(name, "must be above 0 and at most 1")
    for name, value in (
        ("synonyms_above", rules.synonyms_above),
        ("antonyms_below", -rules.antonyms_below),
    ):
        if not 0 <= value < 1:
            table.fault(name, "must be a correlation on that side of 0")
