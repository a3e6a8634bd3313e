"""One survey as exported at one wave: its file, columns, answers and cleaning rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations.linkage import LinkageRule

LINKAGES = ("none", "identifier", "self_generated_code")
REPEATS = ("keep", "first", "last", "none")
ENCODINGS = ("auto", "utf-8", "utf-16", "windows-1252")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Header of each column that is read; all others are left behind.

    Attributes
    ----------
    participant : tuple of str
        Headers that together name a participant; empty where answers are anonymous.
    staff_member : str or None
        Header of the member of staff a rating is about.
    items : mapping
        ``instrument.item`` → header.
    """

    participant: tuple[str, ...] = ()
    staff_member: str | None = None
    arm: str | None = None
    site: str | None = None
    team: str | None = None
    consent: str | None = None
    finished: str | None = None
    items: Mapping[str, str] = field(default_factory=dict)

    def wanted(self) -> tuple[str, ...]:
        """Every header that must be in the file."""
        single = (
            self.staff_member,
            self.arm,
            self.site,
            self.team,
            self.consent,
            self.finished,
        )
        named = [*self.participant, *(name for name in single if name)]
        return tuple(dict.fromkeys([*named, *self.items.values()]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Something asked of the participant beside the instruments, such as age.

    A number has ends; a category has values (answer in the file → name kept).
    What is neither inside the ends nor among the values is emptied and counted.
    """

    name: str
    column: str
    lowest: float | None = None
    highest: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningRules:
    """Why a response is left out. Nothing is dropped without a rule declared here.

    Attributes
    ----------
    consent, finished : tuple of str
        Answers that count as consent, or as a finished form.
    least_answered : float
        Share of the items that must be answered, 0 to 1.
    repeats : str
        Which of several responses of one participant stays: ``first``, ``last``,
        ``none`` of them, or all (``keep``).
    """

    consent: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    least_answered: float = 0.0
    repeats: str = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A survey's export at one wave, everything resolved.

    Attributes
    ----------
    answers : mapping
        Instrument → answer text → code, where the export differs from the codebook.
    missing_codes : tuple of str
        Cell texts that mean *not answered*, beside the empty cell.
    texts : mapping
        Name → header of a free text, kept without what names or reaches a person.
    names : str
        File of names that are taken out of free texts, one a line; empty if none.
    linkage_rule : LinkageRule or None
        When two codes are one participant's; None: when they are equal.
    """

    survey: str
    wave: str
    file: str
    instruments: tuple[str, ...]
    columns: Columns
    linkage: str = "none"
    linkage_rule: LinkageRule | None = None
    encoding: str = "auto"
    delimiter: str = ","
    answers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    missing_codes: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    names: str = ""
    cleaning: CleaningRules = field(default_factory=CleaningRules)

    def wanted_headers(self) -> tuple[str, ...]:
        """Every header that must be in the file, attributes included."""
        attributes = (attribute.column for attribute in self.attributes)
        wanted = [*self.columns.wanted(), *attributes, *self.texts.values()]
        return tuple(dict.fromkeys(wanted))
