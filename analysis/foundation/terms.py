"""The term register: every quantity that may be published, declared once.

The rows stand in ``terms.toml`` next to this module. A term that is not there is an
error wherever it is looked up, so nothing is published, shown or suppressed by a rule
that nobody chose.

``python -m analysis.foundation.terms_reference`` makes the reference of the findings.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Any

from heard.errors import AnalysisError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REGISTER = "analysis/foundation/terms.toml"


class Rule(StrEnum):
    """When a number is suppressed, however it may be related to others."""

    THRESHOLD = "threshold"
    """Where its n is below the smallest group."""
    COUNT = "count"
    """Also where it is itself a count below the smallest group, zero included."""
    SHARE = "share"
    """Also where the people it is about, or all others, are fewer than that."""
    PART = "part"
    """The same of a count: of some of the n, and of all others."""
    SPREAD = "spread"
    """Also where it is zero, which would say what everybody answered."""
    ABOUT_NOBODY = "about nobody"
    """Never, where it stands without a survey: no answer went into it."""


class Format(StrEnum):
    """How a number is written."""

    PER_CENT = "per cent"
    P_VALUE = "p-value"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Of:
    """What a kind decides."""

    rule: Rule = Rule.THRESHOLD
    format: Format = Format.NUMBER
    decimals: int = 2


class Kind(StrEnum):
    """What a quantity is; see `rule`, `format` and `decimals` for what follows."""

    PEOPLE = "people"
    """A count of people, or of what they gave; its n is that count."""
    PART = "part"
    """A count of some of the n."""
    COUNT = "count"
    """A count of what is not people: teams, dimensions, waves."""
    SHARE = "share"
    """A share of the n."""
    PROPORTION = "proportion"
    """A share of something else than people: of links, of analyses."""
    SHARE_DIFFERENCE = "share_difference"
    MEAN = "mean"
    DIFFERENCE = "difference"
    """In units of the score: a change, a difference, an effect, a slope."""
    SPREAD = "spread"
    """Standard deviation of what people answered."""
    ERROR = "error"
    """An uncertainty in units of the score: of measurement, between sites."""
    STANDARDISED = "standardised"
    COEFFICIENT = "coefficient"
    """A correlation, reliability, loading or the like."""
    FIT = "fit"
    """An index of a model's fit, whose thresholds need three decimals."""
    RATIO = "ratio"
    P_VALUE = "p_value"
    PROBABILITY = "probability"
    STATISTIC = "statistic"
    """Chi-square, degrees of freedom that are no whole number."""
    CATEGORY = "category"
    """A verdict, level or sign, written as a number."""
    DESIGN = "design"
    """What a declared design would let a pilot see."""
    DESIGN_SHARE = "design_share"

    @property
    def rule(self) -> Rule:
        """Disclosure rule of the kind."""
        return _KINDS[self].rule

    @property
    def number_format(self) -> Format:
        """How numbers of the kind are written."""
        return _KINDS[self].format

    @property
    def decimals(self) -> int:
        """Decimals of numbers of the kind, if `format` leaves them open."""
        return _KINDS[self].decimals


_KINDS = {
    Kind.PEOPLE: _Of(rule=Rule.COUNT, decimals=0),
    Kind.PART: _Of(rule=Rule.PART, decimals=0),
    Kind.COUNT: _Of(decimals=0),
    Kind.SHARE: _Of(rule=Rule.SHARE, format=Format.PER_CENT, decimals=0),
    Kind.PROPORTION: _Of(format=Format.PER_CENT, decimals=0),
    Kind.SHARE_DIFFERENCE: _Of(format=Format.PER_CENT, decimals=0),
    Kind.MEAN: _Of(),
    Kind.DIFFERENCE: _Of(),
    Kind.SPREAD: _Of(rule=Rule.SPREAD),
    Kind.ERROR: _Of(),
    Kind.STANDARDISED: _Of(),
    Kind.COEFFICIENT: _Of(),
    Kind.FIT: _Of(decimals=3),
    Kind.RATIO: _Of(),
    Kind.P_VALUE: _Of(format=Format.P_VALUE, decimals=3),
    Kind.PROBABILITY: _Of(format=Format.PER_CENT, decimals=0),
    Kind.STATISTIC: _Of(),
    Kind.CATEGORY: _Of(),
    Kind.DESIGN: _Of(rule=Rule.ABOUT_NOBODY),
    Kind.DESIGN_SHARE: _Of(rule=Rule.ABOUT_NOBODY, format=Format.PER_CENT, decimals=0),
}


class Secondary(StrEnum):
    """Families in which a number is suppressed because others are."""

    NONE = ""
    FLOW = "flow"
    """Counts of the cleaning, which add up."""
    ADDS_TO_ONE = "adds_to_one"
    """Shares of which one follows from the others."""
    COMPARED_SHARE = "compared_share"
    """Shares of arms and waves: one follows from the others and their difference."""
    ONE_GROUP = "one_group"
    """About a single group; the n is that of the group."""
    ONE_SITE = "one_site"
    """The same of a site."""
    TWO_GROUPS = "two_groups"
    ALL_GROUPS = "all_groups"
    ALL_SITES = "all_sites"
    """Made of the effects at all sites, or at all but one."""
    NO_GROUP = "no_group"
    """How many are in no group."""
    NO_SITE = "no_site"
    LOST = "lost"
    """About people lost to follow-up between waves."""
    FOLLOWED = "followed"
    """Among those followed: the n counts them."""


GROUPED = (
    Secondary.ONE_GROUP,
    Secondary.ONE_SITE,
    Secondary.TWO_GROUPS,
    Secondary.ALL_GROUPS,
    Secondary.ALL_SITES,
    Secondary.NO_GROUP,
    Secondary.NO_SITE,
)
"""About groups, or sites, which are groups too."""

N_COUNTS = (
    "people",
    "responses",
    "answers",
    "people or answers",
    "people of the smaller side",
    "people of the smallest site",
    "people of the smallest combination",
    "people lost",
    "staff",
    "cells",
    "links",
    "teams",
    "simulated pilots",
)
"""What an n may count. *People or answers*: of waves not linked it is answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureException:
    """Another rule than the kind's, and why."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One published quantity.

    Attributes
    ----------
    name : str
        As in the column ``term`` of the findings.
    title : str
        As a heading.
    tables : tuple of str
        The pages' tables it is a column or a row of.
    usual : str
        What is commonly asked of it, such as ``above .95``; often empty.
    unit : str
        Empty where there is none.
    n_counts : str
        What its n counts.
    decimals : int
        Of the number as shown, where `format` leaves them open.
    made_of : tuple of str
        Of a difference of two shares, those two.
    numbered : int
        How many further terms are named so with a number: NAME_1, NAME_2, …
    line : str
        One plain sentence, for the reference.
    """

    name: str
    title: str
    kind: Kind
    tables: tuple[str, ...]
    usual: str
    unit: str
    n_counts: str
    decimals: int
    secondary: Secondary
    made_of: tuple[str, ...]
    numbered: int
    exception: DisclosureException | None
    line: str

    def names(self) -> tuple[str, ...]:
        """Its name, and those with a number."""
        numbers = range(1, self.numbered + 1)
        return (self.name, *(f"{self.name}_{number}" for number in numbers))

    @property
    def rule(self) -> Rule:
        """Its disclosure rule: the kind's, or that of the exception."""
        return self.exception.rule if self.exception else self.kind.rule

    @property
    def number_format(self) -> Format:
        """How it is written; decimals of its own make it a plain number."""
        own = self.decimals != self.kind.decimals
        return Format.NUMBER if own else self.kind.number_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Terms that stand under one heading of the reference."""

    name: str
    heading: str
    terms: tuple[Term, ...]


class UndeclaredTermError(AnalysisError):
    """A quantity that the register does not know: nobody chose its disclosure rule."""


def term(name: str) -> Term:
    """Look a term up.

    Raises
    ------
    UndeclaredTermError
        It is not in the register.
    """
    try:
        return register()[name]
    except KeyError:
        raise undeclared([name]) from None


def undeclared(names: Iterable[str]) -> UndeclaredTermError:
    """The error that names all terms not declared, and says what to do."""
    faults = [
        f"{unknown('term', name, register()).partition(' Known: ')[0]} Nothing "
        "undeclared is published: give it a row with its kind, which decides its "
        "disclosure rule"
        for name in names
    ]
    return UndeclaredTermError(REGISTER, faults)


def declared(names: Iterable[str]) -> None:
    """Refuse names that are not all declared.

    Raises
    ------
    UndeclaredTermError
        With every name that is not.
    """
    if missing := [name for name in dict.fromkeys(names) if name not in register()]:
        raise undeclared(missing)


def in_families(name: str, *families: Secondary) -> bool:
    """Whether a term is of one of these families of secondary suppression."""
    return term(name).secondary in families


@functools.cache
def in_table(name: str) -> tuple[Term, ...]:
    """The terms of one of the pages' tables, in the order of the register."""
    found = tuple(each for each in register().values() if name in each.tables)
    assert found, f"no term is in a table {name!r}"
    return found


@functools.cache
def register() -> Mapping[str, Term]:
    """Every term by its name, in the order of the reference."""
    return {
        name: each if name == each.name else dataclasses.replace(each, name=name)
        for section in sections()
        for each in section.terms
        for name in each.names()
    }


@functools.cache
def sections() -> tuple[Section, ...]:
    """The register as it is written down."""
    file = resources.files("analysis.foundation") / "terms.toml"
    return parse_register(file.read_text(encoding="utf-8"))


def parse_register(text: str) -> tuple[Section, ...]:
    """Sections and their terms from TOML.

    Raises
    ------
    AnalysisError
        With every fault: an unknown key, kind, rule or family, a name declared twice.
    """
    faults: list[str] = []
    found: list[Section] = []
    names: set[str] = set()
    for section, table in tomllib.loads(text).items():
        terms = []
        for name, row in table.items():
            if not isinstance(row, dict):
                continue
            if name in names:
                faults.append(f"{name} is declared twice")
            names.add(name)
            try:
                terms.append(_parsed(name, dict(row)))
            except (KeyError, ValueError) as error:
                faults.append(f"[{section}.{name}]: {error}")
        found.append(
            Section(name=section, heading=table["heading"], terms=tuple(terms))
        )
    for part in (part for section in found for part in section.terms):
        gone = [other for other in part.made_of if other not in names]
        faults += [
            f"{part.name} is made of {other}, which is no term" for other in gone
        ]
    if faults:
        raise AnalysisError(REGISTER, faults)
    return tuple(found)


def _parsed(name: str, row: dict[str, Any]) -> Term:
    kind = Kind(row.pop("kind"))
    exception = row.pop("exception", None)
    found = Term(
        name=name,
        title=row.pop("title", name.replace("_", " ").capitalize()),
        kind=kind,
        tables=tuple(row.pop("tables", ())),
        usual=row.pop("usual", ""),
        unit=row.pop("unit", ""),
        n_counts=row.pop("n", N_COUNTS[0]),
        decimals=row.pop("decimals", kind.decimals),
        secondary=Secondary(row.pop("secondary", "")),
        made_of=tuple(row.pop("made_of", ())),
        numbered=row.pop("numbered", 0),
        exception=None
        if exception is None
        else DisclosureException(
            rule=Rule(exception["rule"]), reason=exception["reason"]
        ),
        line=row.pop("line"),
    )
    if row:
        raise ValueError(f"unknown key {', '.join(row)}")
    if found.n_counts not in N_COUNTS:
        raise ValueError(f"n counts {found.n_counts!r}, which is not in N_COUNTS")
    if not found.line:
        raise ValueError("a line is needed")
    return found
