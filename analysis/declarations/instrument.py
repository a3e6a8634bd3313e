"""An instrument as its codebook declares it: items, answers, keys, scores, sources.

Labels and keys only; the wording of copyrighted items is never kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from analysis.foundation.errors import DeclarationError
from heard.errors import unknown

STATUSES = ("verified", "computed", "project_defined", "unverified", "absent")
"""How far a fact was checked, the surest first; *absent* means that nobody knows it."""

Value: TypeAlias = float | str | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Where a part of the codebook comes from, and how far it was checked."""

    about: str
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What others found with the instrument; nothing is scored by it.

    Attributes
    ----------
    kind : str
        ``reliability``, ``dependability``, ``norms`` or ``change``.
    values : mapping
        Name of the statistic, or of the score → a number, a list or a few words.
    """

    kind: str
    values: Mapping[str, Value]
    n: int | None = None
    population: str = ""
    note: str = ""
    status: str = field(metadata={"known": STATUSES})
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How an item is answered: its codes, their labels and what they are worth.

    Attributes
    ----------
    lowest, highest, step : float
        Ends of the answer codes, and how far neighbours lie apart.
    answers : mapping
        Answer label → code, as printed on the form.
    unscored : tuple of str
        Answers that count as not answered, such as *does not apply*.
    points : mapping
        Keyed code → points where they differ (a 0/1/2 scoring); empty otherwise.
    """

    lowest: float
    highest: float
    step: float = 1.0
    answers: Mapping[str, float] = field(default_factory=dict)
    unscored: tuple[str, ...] = ()
    points: Mapping[str, float] = field(default_factory=dict)

    @property
    def lowest_points(self) -> float:
        """Least an item can add to a score."""
        return min(self.points.values()) if self.points else self.lowest

    @property
    def highest_points(self) -> float:
        """Most an item can add to a score."""
        return max(self.points.values()) if self.points else self.highest

    @property
    def ends(self) -> str:
        """Where the codes begin and end, in words."""
        steps = "" if self.step == 1 else f" in steps of {self.step:g}"
        return f"{self.lowest:g} to {self.highest:g}{steps}"

    def codes(self) -> tuple[float, ...]:
        """Every code there is."""
        steps = round((self.highest - self.lowest) / self.step)
        # Three steps of 0.1 are 0.3, not the float next to it.
        return tuple(
            round(self.lowest + self.step * number, 9) for number in range(steps + 1)
        )

    def worths(self) -> tuple[float, ...]:
        """Every number of points an answer can be worth, lowest first."""
        return tuple(sorted(set(self.points.values() if self.points else self.codes())))

    def takes(self, code: float) -> bool:
        """Whether a number is one of the codes."""
        if not self.lowest <= code <= self.highest:
            return False
        steps = (code - self.lowest) / self.step
        return abs(steps - round(steps)) < 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question, by its label.

    Attributes
    ----------
    coding : str
        Which of the instrument's codings it is answered in; empty for the usual one.
    scored_if : str
        An item that must have its highest answer for this one to count.
    optional : bool
        Asked at some waves alone, such as a look back after a training.
    """

    name: str
    label: str
    reverse_keyed: bool = False
    coding: str = ""
    scored_if: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscale:
    """A score made of items, or of other scores.

    Attributes
    ----------
    items : tuple of str
        What it is made of; for a score of scores, the items of all of them.
    parts : tuple of str
        The scores it is made of, where it is one of scores.
    method : str
        ``sum`` or ``mean`` of the points, ``value`` of a single item, ``all_highest``
        (1 if every item has its highest points, otherwise 0), or ``lookup``.
    lowest, highest : float
        Ends of the score's range.
    item_ends : tuple of float
        Least and most the items can be worth, on average.
    max_missing : int
        Most unanswered items with which the score is still made.
    replace_missing : str
        ``person_mean`` fills a gap with the mean of the participant's own answers.
    rescaled : bool
        Whether the mean is carried from the ends of the items onto the range.
    lookup : mapping
        Score of the part → this score.
    gates : tuple of str
        Item by item, the one that must be answered with ``gate_open``; empty if none.
    reflective : bool
        Whether the items are taken as signs of one thing, so that reliability applies.
    direction : str
        Which way is better; the instrument's, unless the codebook says otherwise.
    """

    name: str
    title: str
    items: tuple[str, ...]
    method: str
    lowest: float
    highest: float
    item_ends: tuple[float, float] = (0.0, 0.0)
    parts: tuple[str, ...] = ()
    max_missing: int = 0
    replace_missing: str = "none"
    rescaled: bool = False
    lookup: Mapping[float, float] = field(default_factory=dict)
    gates: tuple[str, ...] = ()
    gate_open: float = 1.0
    reflective: bool = True
    direction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscorable:
    """A score known by name, of which something needed to make it is absent."""

    name: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A questionnaire: what is asked, how it is answered and how it is scored.

    Attributes
    ----------
    target : str
        Whom or what the answers are about.
    lowest, highest, step, answers, unscored, points
        The coding of every item that does not name another; see `Coding`.
    codings : mapping
        Name → coding, for the items that are answered in another way.
    facts : tuple of Fact
        What scores rest on.
    background : tuple of Fact
        What no score rests on: licence and citation.
    forbidden : mapping
        Scores that must not be made → why.
    partition : tuple of str
        Scores that together hold every item once.
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
    target: str = ""
    step: float = 1.0
    answers: Mapping[str, float] = field(default_factory=dict)
    unscored: tuple[str, ...] = ()
    points: Mapping[str, float] = field(default_factory=dict)
    codings: Mapping[str, Coding] = field(default_factory=dict)
    unscorable: tuple[Unscorable, ...] = ()
    forbidden: Mapping[str, str] = field(default_factory=dict)
    partition: tuple[str, ...] = ()
    missing_rule: str = ""
    facts: tuple[Fact, ...] = ()
    background: tuple[Fact, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    licence: str = ""
    citation: str = ""
    cautions: tuple[str, ...] = ()
    related: tuple[str, ...] = ()

    @property
    def usual_coding(self) -> Coding:
        """How items are answered that name no other coding."""
        return Coding(
            lowest=self.lowest,
            highest=self.highest,
            step=self.step,
            answers=self.answers,
            unscored=self.unscored,
            points=self.points,
        )

    @property
    def lowest_points(self) -> float:
        """Least a usual item can add to a score."""
        return self.usual_coding.lowest_points

    @property
    def highest_points(self) -> float:
        """Most a usual item can add to a score."""
        return self.usual_coding.highest_points

    @property
    def unverified(self) -> tuple[Fact, ...]:
        """What scores rest on that was not checked against a source."""
        return tuple(fact for fact in self.facts if fact.status == "unverified")

    @property
    def project_defined(self) -> bool:
        """Whether the form is a project's own, not a validated instrument."""
        made = [fact for fact in self.facts if fact.about in ("responses", "keys")]
        return any(fact.status == "project_defined" for fact in made)

    @property
    def status(self) -> str:
        """The least sure status of all that scores rest on; absent if none is made."""
        if not self.subscales:
            return "absent"
        known = [fact.status for fact in self.facts if fact.status != "absent"]
        return max(known, key=STATUSES.index, default="unverified")

    def coding(self, item: str) -> Coding:
        """How an item is answered."""
        name = self.item(item).coding
        return self.codings[name] if name else self.usual_coding

    def codes_of(self, item: str) -> Instrument:
        """The instrument as if all of it were answered as this item is."""
        coding = self.coding(item)
        return dataclasses.replace(
            self,
            lowest=coding.lowest,
            highest=coding.highest,
            step=coding.step,
            answers=coding.answers,
            unscored=coding.unscored,
            points=coding.points,
        )

    def categories(self, items: Collection[str]) -> tuple[float, ...]:
        """What each of these items can be worth, keyed; none if they differ in it."""
        worths = {self.coding(item).worths() for item in items}
        return worths.pop() if len(worths) == 1 else ()

    def values_of(self, subscale: str, *, most: int) -> tuple[float, ...]:
        """Every value a score can take, lowest first; none where there are more.

        Parameters
        ----------
        most : int
            The largest number of values that is of interest.
        """
        score = self.subscale(subscale)
        if score.method == "all_highest":
            return (0.0, 1.0)
        if score.method == "lookup":
            found = {*score.lookup.values()}
        elif score.parts or score.gates or score.max_missing:
            return ()  # a mean of those answered takes more values than any would
        else:
            found = _sums([self.coding(name).worths() for name in score.items], most)
            if found:
                low, high = min(found), max(found)
                width = (score.highest - score.lowest) / (high - low)
                found = {score.lowest + (value - low) * width for value in found}
        return tuple(sorted(found)) if len(found) <= most else ()

    def asked(self, items: Collection[str]) -> Instrument:
        """The instrument where its optional items were asked only if named here.

        Scores that need an item which was not asked are not made. Others are as ever.
        """
        left_out = {i.name for i in self.items if i.optional and i.name not in items}
        if not left_out:
            return self
        made = [part for part in self.subscales if left_out.isdisjoint(part.items)]
        return dataclasses.replace(
            self,
            items=tuple(item for item in self.items if item.name not in left_out),
            subscales=tuple(made),
        )

    def takes(self, code: float) -> bool:
        """Whether a number is a code of any of the codings."""
        return any(
            coding.takes(code) for coding in (self.usual_coding, *self.codings.values())
        )

    def item(self, name: str) -> Item:
        """The item of that name."""
        return next(item for item in self.items if item.name == name)

    def subscale(self, name: str) -> Subscale:
        """The subscale of that name.

        Raises
        ------
        DeclarationError
            There is none, it must not be made, or it cannot be: with the reason.
        """
        for subscale in self.subscales:
            if subscale.name == name:
                return subscale
        raise DeclarationError(f"instruments/{self.name}.toml", self.refusal(name))

    def refusal(self, name: str) -> str:
        """Why there is no subscale of that name."""
        if name in self.forbidden:
            return f"'{name}' must not be scored: {self.forbidden[name]}"
        for subscale in self.unscorable:
            if subscale.name == name:
                return f"'{name}' cannot be scored: {subscale.reason}"
        return unknown("subscale", name, [part.name for part in self.subscales])


def _sums(worths: Collection[tuple[float, ...]], most: int) -> set[float]:
    """Every sum of one number of each; none where there are more than so many."""
    found = {0.0}
    for one in worths:
        found = {round(total + worth, 9) for total in found for worth in one}
        if len(found) > most:
            return set()
    return found
