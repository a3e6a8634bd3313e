"""Free texts into texts without what names or reaches a person, and counts of that.

Patterns know forms, not people: a name that is neither declared nor behind a title
stays. Rather too much is taken than too little.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

KINDS = ("e-mail", "link", "NHS number", "phone", "date", "postcode", "name")
"""What is taken out, in that order; each leaves its kind in square brackets."""

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
YEAR = r"(?:19|20)\d{2}"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
APART = r"[\s().\-\u2010-\u2015]"
PATTERNS = {
    "e-mail": r"\S+@\S+|\S+\s*[(\[]\s*at\s*[)\]]\s*\S+",
    "link": r"\b(?:https?|ftp)://\S+|\bwww\.\S+"
    r"|\b(?:[\w-]+\.)+(?:com|org|net|info|uk|eu|io)\b(?:/\S*)?",
    "NHS number": rf"(?<!\d)\d{{3}}{APART}?\d{{3}}{APART}?\d{{4}}(?!\d)",
    "phone": rf"(?<!\d)(?:(?:\+|00){APART}*44{APART}*(?:\(?0\)?)?|\(?0)"
    rf"(?:{APART}*\d){{9,10}}(?!\d)",
    "date": rf"(?<!\d)\d{{1,2}}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?(?:19|20)?\d{{2}}(?!\d)"
    rf"|(?<!\d){YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}}(?!\d)"
    rf"|\b{DAY}\s+(?:of\s+)?(?:{MONTHS})[a-z]*\.?,?\s+{YEAR}\b"
    rf"|\b(?:{MONTHS})[a-z]*\.?\s+{DAY},?\s+{YEAR}\b",
    "postcode": r"\b(?:gir\s?0aa|[a-z]{1,2}\d[a-z\d]?\s?\d[abd-hjlnp-uw-z]{2})\b",
}
TITLES = r"Mr|Mrs|Ms|Miss|Mx|Dr|Doctor|Prof|Professor|Sir|Dame|Rev|Nurse|Sister"
TITLED = re.compile(
    rf"\b(?i:{TITLES})\b\.?\s+[^\W\d_a-z][\w'\u2019-]*(?:\s+[^\W\d_a-z][\w'\u2019-]+)?"
)
HELD = re.compile(rf"\[(?:{'|'.join(map(re.escape, KINDS))})\]")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Scrubbed:
    """Texts without what names or reaches a person.

    Attributes
    ----------
    counts : mapping
        Kind → how many were taken out; kinds of which there was none are left out.
    """

    texts: pd.Series[str]
    counts: Mapping[str, int]

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a text."""
        return f"Scrubbed({len(self.texts)} texts)"


def scrub(texts: pd.Series[str], *, names: Iterable[str] = ()) -> Scrubbed:
    """Take out what names or reaches a person.

    Parameters
    ----------
    texts : Series of str
        Empty where nothing was written.
    names : iterable of str
        Names to take out wherever they stand as words, whatever their case, accents
        and spaces.
    """
    declared = _declared(names)
    counts: dict[str, int] = dict.fromkeys(KINDS, 0)
    scrubbed = texts.map(lambda text: _without(text, declared, counts))
    found = {kind: count for kind, count in counts.items() if count}
    return Scrubbed(texts=scrubbed, counts=found)


def _without(
    text: str, declared: re.Pattern[str] | None, counts: dict[str, int]
) -> str:
    for kind, pattern in COMPILED.items():
        fits = _is_nhs_number if kind == "NHS number" else None
        text = _replaced(text, _spans(pattern, text, fits), kind, counts)
    text = _replaced(text, _spans(TITLED, text), "name", counts)
    # What one name leaves may make a word of the next, so again until none is left.
    while spans := _declared_spans(declared, text):
        text = _replaced(text, spans, "name", counts)
    return text


def _declared_spans(
    declared: re.Pattern[str] | None, text: str
) -> list[tuple[int, int]]:
    if declared is None:
        return []
    folded, places = _folded(text)
    spans = _spans(declared, folded)
    return [(places[start], places[end - 1] + 1) for start, end in spans]


def _spans(
    pattern: re.Pattern[str], text: str, fits: Callable[[str], bool] | None = None
) -> list[tuple[int, int]]:
    """Where a pattern stands, outside what earlier kinds have left."""
    held = [found.span() for found in HELD.finditer(text)]
    return [
        found.span()
        for found in pattern.finditer(text)
        if (fits is None or fits(found.group()))
        and not any(start < found.end() and found.start() < end for start, end in held)
    ]


def _replaced(
    text: str, spans: list[tuple[int, int]], kind: str, counts: dict[str, int]
) -> str:
    counts[kind] += len(spans)
    for start, end in reversed(spans):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def _is_nhs_number(text: str) -> bool:
    """Whether ten digits end in the check digit of those before it."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    weighted = sum(
        weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)
    )
    # A remainder that asks for a check digit of ten is no number's.
    return (11 - weighted % 11) % 11 == digits[-1]


def _declared(names: Iterable[str]) -> re.Pattern[str] | None:
    """The names as words of a folded text, the longest first."""
    folded = {" ".join(_folded(name)[0].split()) for name in names}
    folded = {name for name in folded if any(letter.isalpha() for letter in name)}
    if not folded:
        return None
    ordered = sorted(folded, key=lambda name: (-len(name), name))
    words = "|".join(
        r"\s+".join(re.escape(word) for word in name.split()) for name in ordered
    )
    # An underscore or a digit beside a name does not make it another word.
    return re.compile(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])")


def _folded(text: str) -> tuple[str, list[int]]:
    """The text in small letters without accents, and where each letter stood."""
    letters, places = [], []
    for place, letter in enumerate(text):
        for part in unicodedata.normalize("NFKD", letter).casefold():
            if not unicodedata.combining(part):
                letters.append(part)
                places.append(place)
    return "".join(letters), places


COMPILED = {
    kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in PATTERNS.items()
}
