"""The text of a codebook into an instrument: every fault told at once, at its key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.declarations.instrument import (
    STATUSES,
    Coding,
    Evidence,
    Fact,
    Instrument,
    Item,
    Subscale,
    Unscorable,
)
from analysis.declarations.instrument_checks import check_instrument, known_ends
from analysis.declarations.tables import Table, parse_toml
from analysis.foundation import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

METHODS = ("sum", "mean", "value", "separately", "all_highest", "lookup")
REPLACEMENTS = ("none", "person_mean")
DIRECTIONS = ("higher_is_better", "higher_is_worse", "higher_is_more", "mixed")
EVIDENCE = ("reliability", "dependability", "norms", "change")
NEEDED = ("responses", "keys", "wording")
"""Facts without which nothing at all can be scored."""
NAMED = {"missing": "missing answers"}
"""What a fact is called, where its key alone would not tell."""


def parse_instrument(text: str, *, where: str) -> Instrument:
    """Turn the text of a codebook into an instrument.

    Raises
    ------
    DeclarationError
        With every fault, each at its key.
    """
    faults: list[str] = []
    top = Table(parse_toml(text, where=where), faults)
    instrument = _instrument(top)
    top.close()
    faults.extend(check_instrument(instrument))
    if faults:
        raise DeclarationError(where, faults)
    return instrument


def _instrument(top: Table) -> Instrument:
    facts, background = list[Fact](), list[Fact]()
    items = tuple(_item(name, table, facts) for name, table in top.tables("items"))
    usual = _coding(top.table("responses"), "responses", facts)
    codings = {
        name: _coding(table, f"coding {name}", facts)
        for name, table in top.tables("codings")
    }
    scores = _Scores(items, usual, codings, top, facts)
    for name, table in top.tables("subscales"):
        scores.read(name, table)
    missing_rule = _described(top, facts)
    return Instrument(
        name=top.text("name"),
        title=top.text("title"),
        construct=top.text("construct"),
        respondent=top.text("respondent"),
        target=top.text("target", ""),
        direction=scores.direction,
        lowest=usual.lowest,
        highest=usual.highest,
        step=usual.step,
        answers=usual.answers,
        unscored=usual.unscored,
        points=usual.points,
        codings=codings,
        items=items,
        subscales=tuple(scores.made),
        unscorable=tuple(scores.unscorable),
        forbidden=top.texts_by_text("forbidden"),
        partition=top.texts("partition"),
        missing_rule=missing_rule,
        licence=_licence(top, background),
        citation=_citation(top, background),
        evidence=tuple(_evidence(top)),
        facts=tuple(facts),
        background=tuple(background),
        cautions=top.texts("cautions"),
        related=top.texts("related"),
    )


def _coding(table: Table, about: str, facts: list[Fact]) -> Coding:
    coding = Coding(
        lowest=table.number("lowest"),
        highest=table.number("highest"),
        step=table.number("step", 1.0),
        answers=table.numbers_by_text("answers"),
        unscored=table.texts("unscored"),
        points=table.numbers_by_text("points"),
    )
    _fact(about, table, facts)
    table.close()
    return coding


def _item(name: str, table: Table, facts: list[Fact]) -> Item:
    item = Item(
        name=name,
        label=table.text("label"),
        reverse_keyed=table.flag("reverse_keyed"),
        coding=table.text("coding", ""),
        counts_if=table.text("counts_if", ""),
        optional=table.flag("optional"),
    )
    if table.has("status"):
        _fact(f"item {name}", table, facts)
    table.close()
    return item


def _described(top: Table, facts: list[Fact]) -> str:
    """Take what is said about keys, items and gaps; the rule for gaps in words."""
    rule = ""
    for about in ("keys", "wording", "missing"):
        if top.has(about):
            table = top.table(about)
            _fact(NAMED.get(about, about), table, facts)
            if about == "missing":
                rule = table.text("rule")
            table.close()
    return rule


class _Scores:
    """The scores of a codebook as they are read, each after those it is made of."""

    def __init__(
        self,
        items: Sequence[Item],
        usual: Coding,
        codings: Mapping[str, Coding],
        top: Table,
        facts: list[Fact],
    ) -> None:
        self.items = {item.name: item for item in items}
        self.usual, self.codings, self.facts = usual, codings, facts
        self.direction = top.choice("direction", DIRECTIONS)
        self.lacking = "; ".join(_lacking(top))
        self.made: list[Subscale] = []
        self.unscorable: list[Unscorable] = []

    def read(self, name: str, table: Table) -> None:
        """Take one table of the file: a score, several, or one that cannot be made."""
        _fact(f"subscale {name}", table, self.facts)
        title = table.text("title")
        reason = self.lacking
        if self.facts[-1].status == "absent":
            reason = self.facts[-1].source
        if reason:
            for key in ("items", "of", "method", "range", "max_missing", "direction"):
                table.has(key)
            self.unscorable.append(Unscorable(name=name, title=title, reason=reason))
        elif table.text("method") == "separately":
            self.made.extend(self._one_by_one(table))
        elif table.has("of"):
            self.made.append(self._of_scores(name, title, table))
        else:
            self.made.append(self._of_items(name, title, table))
        table.close()

    def _of_items(self, name: str, title: str, table: Table) -> Subscale:
        gates = {item.counts_if for item in self.items.values() if item.counts_if}
        asked = [known for known in self.items if known not in gates]
        items = table.texts("items", asked)
        lowest, highest = table.pair("range")
        scored = [self.items[known] for known in items if known in self.items]
        counted = tuple(item.counts_if for item in scored)
        deciding = [self.items[name] for name in counted if name in self.items]
        return Subscale(
            name=name,
            title=title,
            items=items,
            method=table.choice("method", METHODS),
            lowest=lowest,
            highest=highest,
            item_ends=known_ends(scored, self.usual, self.codings),
            max_missing=_max_missing(table, len(items)),
            replace_missing=table.choice("replace_missing", REPLACEMENTS, "none"),
            rescaled=table.flag("rescaled"),
            gates=counted if any(counted) else (),
            gate_open=known_ends(deciding, self.usual, self.codings)[1],
            reflective=table.flag("reflective", default=True),
            direction=table.choice("direction", DIRECTIONS, self.direction),
        )

    def _of_scores(self, name: str, title: str, table: Table) -> Subscale:
        parts = table.texts("of")
        lowest, highest = table.pair("range")
        items = [i for part in self.made if part.name in parts for i in part.items]
        lookup = table.numbers_by_number("table")
        return Subscale(
            name=name,
            title=title,
            items=tuple(dict.fromkeys(items)),
            parts=parts,
            method=table.choice("method", METHODS),
            lowest=lowest,
            highest=highest,
            lookup=lookup,
            reflective=table.flag("reflective"),
            direction=table.choice("direction", DIRECTIONS, self.direction),
        )

    def _one_by_one(self, table: Table) -> Iterator[Subscale]:
        """A score an item, named as the item is: for items that have no total."""
        lowest, highest = table.pair("range")
        direction = table.choice("direction", DIRECTIONS, self.direction)
        for name in table.texts("items", tuple(self.items)):
            if name not in self.items:
                table.fault("items", f"items not declared: {name}")
                continue
            item = self.items[name]
            yield Subscale(
                name=name,
                title=item.label[:1].upper() + item.label[1:],
                items=(name,),
                method="value",
                lowest=lowest,
                highest=highest,
                item_ends=known_ends([item], self.usual, self.codings),
                reflective=False,
                direction=direction,
            )


def _lacking(top: Table) -> Iterator[str]:
    """What is absent without which no score at all can be made."""
    for about in NEEDED:
        table = top.table(about)
        if table.text("status", "") == "absent":
            yield f"the {about} are absent: {table.text('source', '')}"


def _max_missing(table: Table, count: int) -> int:
    """Most gaps allowed, given as a number or as the least share answered."""
    if not table.has("least_answered"):
        return table.whole("max_missing", 0)
    share = table.number("least_answered")
    if table.has("max_missing"):
        table.fault("least_answered", "and max_missing say the same thing: keep one")
    if not 0 < share <= 1:
        table.fault("least_answered", "must be a share above 0 and at most 1")
        return 0
    # 0.8 of 15 items is 12, whatever the last binary digit says.
    return count - math.ceil(share * count - 1e-9)


def _licence(top: Table, background: list[Fact]) -> str:
    if isinstance(top.raw("licence"), str) or not top.has("licence"):
        return top.text("licence")
    table = top.table("licence")
    _fact("licence", table, background)
    parts = [table.text("holder"), table.text("terms"), table.text("cost", "")]
    shipped = table.flag("may_ship_wording")
    parts.append("wording may be shipped" if shipped else "wording not shipped")
    table.close()
    return "; ".join(filter(None, parts))


def _citation(top: Table, background: list[Fact]) -> str:
    if isinstance(top.raw("citation"), str) or not top.has("citation"):
        return top.text("citation")
    table = top.table("citation")
    _fact("citation", table, background)
    doi = table.text("doi", "")
    text = table.text("text") + (f", doi {doi}" if doi else "")
    table.close()
    return text


def _evidence(top: Table) -> Iterator[Evidence]:
    for kind in EVIDENCE:
        for table in top.list_of_tables(kind):
            yield Evidence(
                kind=kind,
                values=table.values_by_text("values"),
                n=table.whole("n") if table.has("n") else None,
                population=table.text("population", ""),
                note=table.text("note", ""),
                status=table.choice("status", STATUSES),
                source=table.text("source"),
            )
            table.close()


def _fact(about: str, table: Table, facts: list[Fact]) -> None:
    status = table.choice("status", STATUSES)
    facts.append(Fact(about=about, status=status, source=table.text("source")))
