"""An instrument as its codebook declares it: items, answers, keys, scores, sources.

Labels and keys only; the wording of copyrighted items is never kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.declarations.tables import Table, parse_toml
from analysis.foundation import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUSES = ("verified", "computed", "unverified", "project_defined")
METHODS = ("sum", "mean", "value")
REPLACEMENTS = ("none", "person_mean")
DIRECTIONS = ("higher_is_better", "higher_is_worse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Where a part of the codebook comes from, and how far it was checked."""

    about: str
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question, by its label."""

    name: str
    label: str
    reverse_keyed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscale:
    """A score made of items.

    Attributes
    ----------
    method : str
        ``sum`` or ``mean`` of the items' points, or ``value`` of a single item.
    lowest, highest : float
        Ends of the score's range.
    max_missing : int
        Most unanswered items with which the score is still made.
    replace_missing : str
        ``person_mean`` fills a gap with the mean of the participant's own answers.
    reflective : bool
        Whether the items are taken as signs of one thing, so that reliability applies.
    """

    name: str
    title: str
    items: tuple[str, ...]
    method: str
    lowest: float
    highest: float
    max_missing: int = 0
    replace_missing: str = "none"
    reflective: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A questionnaire: what is asked, how it is answered and how it is scored.

    Attributes
    ----------
    lowest, highest : float
        Ends of the answer codes.
    answers : mapping
        Answer label → code, as printed on the form.
    unscored : tuple of str
        Answers that count as not answered, such as *does not apply*.
    points : mapping
        Keyed code → points where they differ (a 0/1/2 scoring); empty otherwise.
    """

    name: str
    title: str
    construct: str
    respondent: str
    direction: str
    lowest: float
    highest: float
    items: tuple[Item, ...]
    subscales: tuple[Subscale, ...]
    answers: Mapping[str, float] = field(default_factory=dict)
    unscored: tuple[str, ...] = ()
    points: Mapping[str, float] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    licence: str = ""
    citation: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def lowest_points(self) -> float:
        """Least an item can add to a score."""
        return min(self.points.values()) if self.points else self.lowest

    @property
    def highest_points(self) -> float:
        """Most an item can add to a score."""
        return max(self.points.values()) if self.points else self.highest

    @property
    def unverified(self) -> tuple[Fact, ...]:
        """What the codebook itself says was not checked against a source."""
        return tuple(fact for fact in self.facts if fact.status == "unverified")

    @property
    def project_defined(self) -> bool:
        """Whether the form is a project's own, not a validated instrument."""
        return any(fact.status == "project_defined" for fact in self.facts)

    def item(self, name: str) -> Item:
        """The item of that name."""
        return next(item for item in self.items if item.name == name)

    def subscale(self, name: str) -> Subscale:
        """The subscale of that name."""
        return next(subscale for subscale in self.subscales if subscale.name == name)


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
    responses = top.table("responses")
    facts: list[Fact] = []
    items = tuple(_item(name, table) for name, table in top.tables("items"))
    _fact("responses", responses, facts)
    subscales = tuple(
        _subscale(name, table, items, facts) for name, table in top.tables("subscales")
    )
    for about in ("keys", "wording"):
        if top.has(about):
            table = top.table(about)
            _fact(about, table, facts)
            table.close()
    instrument = Instrument(
        name=top.text("name"),
        title=top.text("title"),
        construct=top.text("construct"),
        respondent=top.text("respondent"),
        direction=top.choice("direction", DIRECTIONS),
        lowest=responses.number("lowest"),
        highest=responses.number("highest"),
        answers=responses.numbers_by_text("answers"),
        unscored=responses.texts("unscored"),
        points=responses.numbers_by_text("points"),
        items=items,
        subscales=subscales,
        facts=tuple(facts),
        licence=top.text("licence"),
        citation=top.text("citation"),
        cautions=top.texts("cautions"),
    )
    responses.close()
    return instrument


def _item(name: str, table: Table) -> Item:
    item = Item(
        name=name,
        label=table.text("label"),
        reverse_keyed=table.flag("reverse_keyed"),
    )
    table.close()
    return item


def _subscale(
    name: str, table: Table, items: tuple[Item, ...], facts: list[Fact]
) -> Subscale:
    everything = tuple(item.name for item in items)
    lowest, highest = table.pair("range")
    subscale = Subscale(
        name=name,
        title=table.text("title"),
        items=table.texts("items", everything),
        method=table.choice("method", METHODS),
        lowest=lowest,
        highest=highest,
        max_missing=table.whole("max_missing", 0),
        replace_missing=table.choice("replace_missing", REPLACEMENTS, "none"),
        reflective=table.flag("reflective", default=True),
    )
    _fact(f"subscale {name}", table, facts)
    table.close()
    return subscale


def _fact(about: str, table: Table, facts: list[Fact]) -> None:
    status = table.choice("status", STATUSES)
    facts.append(Fact(about=about, status=status, source=table.text("source")))


def check_instrument(instrument: Instrument) -> list[str]:
    """Every way in which a codebook contradicts itself."""
    faults = []
    known = {item.name for item in instrument.items}
    if not known:
        faults.append("[items] an instrument needs at least one item")
    if instrument.lowest >= instrument.highest:
        faults.append("[responses] lowest must be below highest")
    outside = [
        label
        for label, code in instrument.answers.items()
        if not instrument.lowest <= code <= instrument.highest
    ]
    if outside:
        faults.append(f"[responses.answers] {len(outside)} codes lie outside the range")
    for subscale in instrument.subscales:
        faults.extend(_check_subscale(subscale, instrument, known))
    return faults


def _check_subscale(
    subscale: Subscale, instrument: Instrument, known: set[str]
) -> list[str]:
    at = f"[subscales.{subscale.name}]"
    strangers = [name for name in subscale.items if name not in known]
    if strangers:
        return [f"{at} items not declared: {', '.join(strangers)}"]
    if len(set(subscale.items)) != len(subscale.items):
        return [f"{at} an item is named twice"]
    count = len(subscale.items)
    faults = []
    if subscale.method == "value" and count != 1:
        faults.append(f"{at} method 'value' takes one item, not {count}")
    times = count if subscale.method == "sum" else 1
    ends = (instrument.lowest_points * times, instrument.highest_points * times)
    if ends != (subscale.lowest, subscale.highest):
        faults.append(
            f"{at} range is [{subscale.lowest:g}, {subscale.highest:g}] but the items "
            f"and the method give [{ends[0]:g}, {ends[1]:g}]"
        )
    if not 0 <= subscale.max_missing < count:
        faults.append(f"{at} max_missing must be at least 0 and below {count}")
    gaps_unfilled = subscale.max_missing > 0 and subscale.replace_missing == "none"
    if gaps_unfilled and subscale.method == "sum":
        faults.append(f"{at} a sum with gaps needs replace_missing = 'person_mean'")
    return faults
