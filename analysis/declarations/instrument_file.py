"""Read an instrument from the TOML of its codebook; report every error with its key."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

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
from analysis.declarations.toml_tables import Table, parse_toml
from analysis.foundation.errors import DeclarationError


def check_instrument(instrument: Instrument) -> list[str]:
    """Every fault, as a sentence that names its key."""
    faults = [*_check_items(instrument)]
    faults.extend(_check_coding("responses", instrument.usual_coding))
    for name, coding in instrument.codings.items():
        faults.extend(_check_coding(f"codings.{name}", coding))
    if not faults:
        for place, subscale in enumerate(instrument.subscales):
            faults.extend(_check_subscale(subscale, instrument, place))
    return faults or [*_check_whole(instrument)]


def known_ends(
    items: Sequence[Item], usual: Coding, codings: Mapping[str, Coding]
) -> tuple[float, float]:
    """Least and most that items are worth, on average; zero if nothing is known."""
    used = [codings.get(item.coding, usual) for item in items]
    if not used:
        return (0.0, 0.0)
    return (
        math.fsum(coding.lowest_points for coding in used) / len(used),
        math.fsum(coding.highest_points for coding in used) / len(used),
    )


def _check_items(instrument: Instrument) -> Iterator[str]:
    known = {item.name for item in instrument.items}
    absent = any(
        f.about == "wording" and f.status == "absent" for f in instrument.facts
    )
    if not known and not absent:
        yield "[items] an instrument needs at least one item"
    for item in instrument.items:
        at = f"[items.{item.name}]"
        if item.coding and item.coding not in instrument.codings:
            yield f"{at} coding '{item.coding}' is not declared under [codings]"
        if item.scored_if and item.scored_if not in known:
            yield f"{at} scored_if names no item: {item.scored_if}"


def _check_coding(at: str, coding: Coding) -> Iterator[str]:
    if coding.lowest >= coding.highest:
        yield f"[{at}] lowest must be below highest"
        return
    steps = (coding.highest - coding.lowest) / coding.step if coding.step > 0 else 0.5
    if abs(steps - round(steps)) > 1e-9:
        yield f"[{at}.step] must lead from lowest to highest"
        return
    outside = [code for code in coding.answers.values() if not coding.takes(code)]
    if outside:
        yield f"[{at}.answers] {len(outside)} codes lie outside the range"
    worthless = {float(code) for code in coding.points} ^ set(coding.codes())
    if coding.points and worthless:
        listed = ", ".join(f"{code:g}" for code in sorted(worthless))
        yield f"[{at}.points] every code needs its points, and nothing else: {listed}"


def _check_subscale(
    subscale: Subscale, instrument: Instrument, place: int
) -> Iterator[str]:
    at = f"[subscales.{subscale.name}]"
    if reason := instrument.forbidden.get(subscale.name):
        yield f"{at} must not be scored: {reason}"
        return
    faults = [
        *(
            _check_parts(subscale, instrument.subscales[:place])
            if subscale.parts
            else _check_made_of(subscale, instrument)
        )
    ]
    if not faults:
        faults = [*_check_range(subscale, instrument)]
    yield from (f"{at} {fault}" for fault in faults)


def _check_made_of(subscale: Subscale, instrument: Instrument) -> Iterator[str]:
    known = {item.name: item for item in instrument.items}
    count = len(subscale.items)
    if unknown_items := [name for name in subscale.items if name not in known]:
        yield f"items not declared: {', '.join(unknown_items)}"
        return
    if not count:
        yield "needs at least one item"
        return
    if len(set(subscale.items)) != count:
        yield "an item is named twice"
        return
    if subscale.method == "value" and count != 1:
        yield f"method 'value' takes one item, not {count}"
    if subscale.method == "lookup":
        yield "method 'lookup' needs the score it converts, as of = \"NAME\""
    if not 0 <= subscale.max_missing < count:
        yield f"max_missing must be at least 0 and below {count}"
    if subscale.rescaled and subscale.method != "mean":
        yield "only a mean can be rescaled"
    yield from _check_gaps(subscale, instrument)


def _check_gaps(subscale: Subscale, instrument: Instrument) -> Iterator[str]:
    """Leaving an item out must not move the ends of the score."""
    if subscale.gates and subscale.method != "mean":
        yield "items that count only for some people make a mean, no other method"
    if "" in subscale.gates:
        yield "either all of its items count only for some people, or none does"
    if subscale.max_missing <= 0:
        return
    if subscale.method == "sum" and subscale.replace_missing == "none":
        yield "a sum with gaps needs replace_missing = 'person_mean'"
    if subscale.method == "all_highest":
        yield "method 'all_highest' takes no gaps"
    codings = [instrument.coding(name) for name in subscale.items]
    if len({(part.lowest_points, part.highest_points) for part in codings}) > 1:
        yield "takes gaps, but its items differ in what they are worth"


def _check_parts(subscale: Subscale, before: Sequence[Subscale]) -> Iterator[str]:
    made = {part.name: part for part in before}
    if unknown_items := [name for name in subscale.parts if name not in made]:
        yield f"of names no score declared before it: {', '.join(unknown_items)}"
        return
    if len(set(subscale.parts)) != len(subscale.parts):
        yield "a score is named twice"
    if subscale.method == "lookup":
        yield from _check_lookup(subscale, made[subscale.parts[0]])
    elif subscale.method not in ("sum", "mean"):
        yield f"scores are combined by sum, mean or lookup, not '{subscale.method}'"
    elif subscale.lookup:
        yield "a table belongs to method 'lookup'"


def _check_lookup(subscale: Subscale, raw: Subscale) -> Iterator[str]:
    if len(subscale.parts) != 1:
        yield "method 'lookup' converts one score"
    if raw.method != "sum" or raw.max_missing:
        yield f"method 'lookup' needs a sum without gaps; '{raw.name}' is none"
        return
    wanted = {float(code) for code in range(int(raw.lowest), int(raw.highest) + 1)}
    if missing := wanted ^ set(subscale.lookup):
        listed = ", ".join(f"{code:g}" for code in sorted(missing))
        yield f"table must hold every score of '{raw.name}' and no other: {listed}"
    ordered = [subscale.lookup[code] for code in sorted(subscale.lookup)]
    if any(low >= high for low, high in itertools.pairwise(ordered)):
        yield "table must rise from each score to the next"


def _check_range(subscale: Subscale, instrument: Instrument) -> Iterator[str]:
    ends = _ends(subscale, instrument)
    given = (subscale.lowest, subscale.highest)
    same = all(
        math.isclose(own, due, abs_tol=1e-9)
        for own, due in zip(given, ends, strict=True)
    )
    if not same:
        yield (
            f"range is [{given[0]:g}, {given[1]:g}] but the items "
            f"and the method give [{ends[0]:g}, {ends[1]:g}]"
        )
    if given[0] >= given[1]:
        yield "range must have its lower end below its higher"


def _ends(subscale: Subscale, instrument: Instrument) -> tuple[float, float]:
    """The ends of a score that follow from what it is made of."""
    if subscale.method == "all_highest":
        return (0.0, 1.0)
    if subscale.rescaled:
        return (subscale.lowest, subscale.highest)
    if subscale.method == "lookup":
        return (min(subscale.lookup.values()), max(subscale.lookup.values()))
    parts = [part for part in instrument.subscales if part.name in subscale.parts]
    low, high = subscale.item_ends
    count = len(subscale.items)
    if parts:
        count = len(parts)
        low = math.fsum(part.lowest for part in parts) / count
        high = math.fsum(part.highest for part in parts) / count
    times = count if subscale.method == "sum" else 1
    return (low * times, high * times)


def _check_whole(instrument: Instrument) -> Iterator[str]:
    """What holds of all scores together."""
    gates = {item.scored_if for item in instrument.items} - {""}
    asked = {item.name for item in instrument.items} - gates
    scored = {name for part in instrument.subscales for name in part.items}
    names = [part.name for part in instrument.subscales]
    names += [part.name for part in instrument.unscorable]
    if len(set(names)) != len(names):
        yield "[subscales] two scores have one name"
    if reason := instrument.forbidden.get("total"):
        for part in instrument.subscales:
            if len(asked) > 1 and asked <= set(part.items):
                at = f"[subscales.{part.name}]"
                yield f"{at} takes every item, and a total must not be made: {reason}"
    turned = {item.name for item in instrument.items if item.reverse_keyed}
    if not instrument.unscorable and (idle := sorted(turned - scored)):
        yield f"[items] reverse-keyed, but in no score: {', '.join(idle)}"
    if gates & scored:
        listed = ", ".join(sorted(gates & scored))
        yield f"[items] decides whether another counts, so cannot be scored: {listed}"
    yield from _check_partition(instrument, asked)


def _check_partition(instrument: Instrument, asked: set[str]) -> Iterator[str]:
    if not instrument.partition:
        return
    parts = {part.name: part.items for part in instrument.subscales}
    if unknown_items := [name for name in instrument.partition if name not in parts]:
        yield f"[partition] names no score: {', '.join(unknown_items)}"
        return
    part_items = [item for name in instrument.partition for item in parts[name]]
    twice = sorted({item for item in part_items if part_items.count(item) > 1})
    if twice:
        yield f"[partition] items held more than once: {', '.join(twice)}"
    if unused := sorted(asked - set(part_items)):
        yield f"[partition] items held by no score: {', '.join(unused)}"


METHODS = ("sum", "mean", "value", "separately", "all_highest", "lookup")
REPLACEMENTS = ("none", "person_mean")
DIRECTIONS = ("higher_is_better", "higher_is_worse", "higher_is_more", "mixed")
EVIDENCE = ("reliability", "dependability", "norms", "change")
NEEDED = ("responses", "keys", "wording")
"""Facts without which nothing at all can be scored."""
NAMED = {"missing": "missing answers"}
"""What a fact is called, where its key alone would not say."""
CODING = ("lowest", "highest", "step", "answers", "unscored", "points")
"""What the instrument keeps of the coding of its usual items."""


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
    return top.take(
        Instrument,
        direction=scores.direction,
        **{known: getattr(usual, known) for known in CODING},
        codings=codings,
        items=items,
        subscales=tuple(scores.made),
        unscorable=tuple(scores.unscorable),
        missing_rule=missing_rule,
        licence=_licence(top, background),
        citation=_citation(top, background),
        evidence=tuple(_evidence(top)),
        facts=tuple(facts),
        background=tuple(background),
    )


def _coding(table: Table, about: str, facts: list[Fact]) -> Coding:
    _fact(about, table, facts)
    return table.read(Coding)


def _item(name: str, table: Table, facts: list[Fact]) -> Item:
    if table.has("status"):
        _fact(f"item {name}", table, facts)
    return table.read(Item, name=name)


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
        gates = {item.scored_if for item in self.items.values() if item.scored_if}
        asked = [known for known in self.items if known not in gates]
        items = table.texts("items", asked)
        lowest, highest = table.pair("range")
        scored = [self.items[known] for known in items if known in self.items]
        counted = tuple(item.scored_if for item in scored)
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
    if not table.has("minimum_answered"):
        return table.whole("max_missing", 0)
    share = table.number("minimum_answered")
    if table.has("max_missing"):
        table.fault("minimum_answered", "and max_missing say the same thing: keep one")
    if not 0 < share <= 1:
        table.fault("minimum_answered", "must be a share above 0 and at most 1")
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
            yield table.read(Evidence, kind=kind)


def _fact(about: str, table: Table, facts: list[Fact]) -> None:
    status = table.choice("status", STATUSES)
    facts.append(Fact(about=about, status=status, source=table.text("source")))
