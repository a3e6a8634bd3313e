"""Remove from free texts what names or could identify a person, and count it.

Patterns of form are removed first, then the names that a survey lists; a name that is
neither listed nor preceded by a title or the like is not found. Patterns err on the
side of removing too much: a number that could be someone's is removed. A pattern of
open length starts only where none like it precedes, so that time grows linearly with
length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
YEAR = r"(?:19|20)\d{2}"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
NTH = r"\d{1,2}(?:st|nd|rd|th)"
NOT_A_MONTH = r"(?!may\b|mar\b|march\b)"
"""Words that are months too: *2 may be enough* holds no date."""
SEPARATORS = r"[\s().\-\u2010-\u2015]"
HOST = r"(?<![\w-])(?<![\w-]\.)(?:[\w-]+\.)+"
DOMAIN = r"(?:com|org|net|info|uk|eu|io|co|gov|edu|ie|app|scot|wales|cymru)"

FORMS = {
    "e-mail": r"(?<!\S)\S+@\S+|(?<![\w.+-])\w[\w.+-]*\s*@\s*\w[\w-]*\s*\.\s*\w+"
    r"|(?<!\S)\S+\s*[(\[]\s*at\s*[)\]]\s*\S+(?:\s*[(\[]\s*dot\s*[)\]]\s*\S+)*"
    r"|(?<![\w.+-])\w[\w.+-]*\s+at\s+\w[\w-]*(?:\s+dot\s+\w+)+",
    "link": r"\b(?:https?|ftp)://\S+|\bwww\.\S+"
    rf"|{HOST}{DOMAIN}\b(?:/\S*)?|{HOST}[a-z]{{2,}}/\S+"
    r"|(?<![\w@])@\w{2,}",
    "IP address": r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)"
    r"|(?<![\w:])[0-9a-f]{1,4}:(?:[0-9a-f]{0,4}:){2,6}[0-9a-f]{0,4}(?![\w:])",
    "coordinates": r"(?<![\w.])[ns]?\s?[-+\u2212]?\d{1,2}\.\d{3,}\s?\u00b0?\s?"
    r"[ns]?[,;\s]\s*[ew]?\s?[-+\u2212]?\d{1,3}\.\d{3,}(?:\s?\u00b0)?(?:\s?[ew]\b)?"
    r"|\d{1,3}\s?\u00b0\s?\d{1,2}\s?['\u2019\u2032](?:\s?[\d.]+\s?[\"\u201d\u2033])?"
    r"\s?(?:[nsew]\b)?|///\w+\.\w+\.\w+",
    "phone": rf"(?<!\d)(?:(?:\+|00){SEPARATORS}*44{SEPARATORS}*(?:\(?0\)?)?|\(?0)"
    rf"(?:{SEPARATORS}*\d){{9,10}}(?!\d)(?:\s*(?:ext(?:ension)?|x)\.?\s*\d{{1,6}}\b)?"
    rf"|(?<!\d)44{SEPARATORS}*(?:\(0\))?(?:{SEPARATORS}*\d){{10}}(?!\d)"
    rf"|(?:\+|(?<!\d)00){SEPARATORS}*[1-9](?:{SEPARATORS}*\d){{6,13}}(?!\d)",
    "NHS number": (
        rf"(?<!\d)\d{{3}}{SEPARATORS}{{0,2}}\d{{3}}{SEPARATORS}{{0,2}}\d{{4}}(?!\d)"
    ),
    "date": rf"(?<!\d)\d{{1,2}}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?(?:19|20)?\d{{2}}(?!\d)"
    rf"|(?<!\d){YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}}(?!\d)"
    rf"|(?<!\d){DAY}[\s./-]+(?:of\s+)?(?:{MONTHS})[a-z]*\.?[\s,./-]+['\u2019]?{YEAR}\b"
    rf"|(?<!\d){DAY}[\s./-]*(?:of\s+)?{MONTH}[\s,./-]*['\u2019]?\d{{2}}\b"
    rf"|\b(?:{MONTHS})[a-z]*\.?\s+{DAY},?\s+{YEAR}\b"
    rf"|(?<!\d){NTH}\s+(?:of\s+)?{MONTH}|(?<!\d)\d{{1,2}}\s+(?:of\s+)?{NOT_A_MONTH}{MONTH}"
    rf"|\b{MONTH}\s+{NTH}\b|\b{NOT_A_MONTH}{MONTH}\s+\d{{1,2}}(?!\d)"
    r"|\b(?:born|birthday|dob|d\.o\.b\.?|date\s+of\s+birth)\b[^\d\n]{0,20}?"
    rf"{YEAR}(?![\d./-]*\d)",
    "postcode": r"\b(?:gir\s?0aa"
    r"|[a-z]{1,2}\d[a-z\d]?[\s-]{0,3}\d[abd-hjlnp-uw-z]{2})\b",
    "number": r"(?<!\d)\d{6,}(?!\d)|(?<!\d)(?:\d{4}[\s-]){3}\d{4}(?!\d)"
    rf"|(?<!\d)\d{{3}}{SEPARATORS}\d{{3}}{SEPARATORS}\d{{4}}(?!\d)"
    # A mobile number that lost its zero.
    rf"|(?<!\d)7\d{{3}}{SEPARATORS}?\d{{3}}{SEPARATORS}?\d{{3}}(?!\d)"
    r"|\b[a-z]{2}\s?(?:\d{2}\s?){3}[a-d]\b",
}
"""Kind → its form, in the order in which they are taken out."""
NAME = "name"
KINDS = (*FORMS, NAME)
"""What is taken out; each leaves its kind in square brackets."""

SHORT_TITLES = r"Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Fr"
TITLES = (
    r"Miss|Doctor|Professor|Sir|Dame|Lord|Lady|Reverend|Father|Rabbi|Imam|Pastor"
    r"|Matron|Nurse|Sister"
)
ROLES = (
    r"therapist|counsellor|psychologist|psychiatrist|key\s?worker|co-?ordinator"
    r"|support worker|social worker|care worker|consultant|manager|receptionist"
    r"|advocate|GP|CPN|colleague|friend|husband|wife|partner|son|daughter|mum|mother|dad"
    r"|brother"
)
CAPITAL = r"[^\W\d_a-z]"
WRITTEN = rf"(?!I\b){CAPITAL}(?=[^\W\d_A-Z]|['\u2019])[\w'\u2019-]+"
"""A word with a capital and small letters: in *THE NURSE WAS KIND* there is no name."""
ANY_CAPITAL = rf"(?!I\b){CAPITAL}[\w'\u2019-]*"
PARTICLES = r"(?:(?:van|von|de|der|den|del|la|le|di|da|al|el|bin|ibn|ap|of|ter)\s+)*"
INITIALS = rf"(?:{CAPITAL}\.\s*)*"
AFTER_DR = (
    r"was|is|has|had|did|does|do|said|says|told|asked|gave|gives|came|saw|made|who|that"
    r"|and|or|but|if|as|at|in|on|of|to|for|from|with|about|when|then|there|here|again"
    r"|he|she|they|we|it|i|my|a|an|the|will|would|could|can|never|always|just|really"
    r"|only|also|not|no|so|listen\w*|appointments?|surger\w*|visits?|didn|doesn|wasn"
    r"|isn|wouldn|couldn|s"
)
NAMED = tuple(
    re.compile(form)
    for form in (
        rf"\b(?:(?i:{SHORT_TITLES})\b\.?\s*(?:(?i:{TITLES}|{SHORT_TITLES})\b\.?\s+)*"
        rf"{INITIALS}{PARTICLES}{ANY_CAPITAL}"
        rf"|(?i:{TITLES})\b\s+(?:(?i:{TITLES}|{SHORT_TITLES})\b\.?\s+)*"
        rf"{INITIALS}{PARTICLES}{WRITTEN})"
        rf"(?:\s+(?:{CAPITAL}\.\s*)*{PARTICLES}{WRITTEN}){{0,2}}",
        rf"\b(?:mr|mrs|ms)\b\.?\s+[^\W\d_][\w'\u2019-]+"
        rf"|\bdr\b\.?\s+(?!(?:{AFTER_DR})\b)[^\W\d_][\w'\u2019-]+",
        r"\b(?i:name\s+(?:is|was)|name['\u2019]s|named|called|(?:"
        rf"{ROLES}),?)\s+(?P<who>{WRITTEN}(?:\s+{PARTICLES}{WRITTEN})?)",
    )
)
"""Names by what stands before them: a title, or words that a name follows."""

TEN_DIGITS = rf"(?<!\d)\d(?:{SEPARATORS}{{0,2}}\d){{9}}(?!\d)"
"""An NHS number in other groups than is usual, which are looked for first."""
COMPILED = tuple(
    (kind, re.compile(form, re.IGNORECASE))
    for kind, usual in FORMS.items()
    for form in ((usual, TEN_DIGITS) if kind == "NHS number" else (usual,))
)
"""Kinds with their patterns, in the order in which they are taken out."""
PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(map(re.escape, KINDS))})\]")
"""What earlier kinds have left."""


def is_nhs_number(text: str) -> bool:
    """Whether ten digits end in the check digit of those before it."""
    digits = [int(letter) for letter in text if letter.isdecimal()]
    weighted = sum(
        weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)
    )
    # A remainder that asks for a check digit of ten is no number's.
    return (11 - weighted % 11) % 11 == digits[-1]


JOINED = r"[\s'`\u00b4\u02bc\u2018\u2019\u2010-\u2015-]*"
"""What may stand between the parts of a name, or not: O'Hara, O-Hara, OHara."""
NAMELESS = """
van von de der den del la le di da al el bin ibn ap of ter the and jr sr mr mrs ms miss
mx dr doctor prof professor sir dame lord lady rev nurse sister
"""
"""Words of a full name that name nobody by themselves."""
ORDINARY = """
april art august baker bank barker bell best bill black bond brown carter case chance
chase church cook cross daisy dale dawn day dean drew earl english faith field fish
flowers ford forest fox frank french gay gill glen good grace grant gray green grey guy
hall hand harmony head heath hill holly home hope house hunt iris ivy jack jade joy
june king lane law lily little long love marina mark marsh mason may miles mill miller
moon moor nick noble north olive page park pat pearl penny pope power price prince ray
read rich rob robin rose rowan ruby rush sage self sharp short skip smart south star
stone storm strong sue summer sunny sweet tanner taylor walker wall ward waters way west
white wild will wise wood worth young
"""
"""Words that are names too: as part of a full name they are one with a capital."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The listed names, as words of a folded text.

    Attributes
    ----------
    whole : pattern
        Names and parts of them, the longest first.
    capital : pattern
        Those that are ordinary words too, and count with a capital alone.
    """

    whole: re.Pattern[str] | None
    capital: re.Pattern[str] | None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the next of them stand, outside what other kinds have left."""
        if self.whole is None and self.capital is None:
            return []
        folded, places = _folded(text)
        for pattern, only_capital in ((self.whole, False), (self.capital, True)):
            found = [
                (places[start], _end(text, places[end - 1] + 1))
                for start, end in (_spans(pattern, folded) if pattern else ())
                if not only_capital or text[places[start]].isupper()
            ]
            if found:
                return found
        return []


def scrub(texts: pd.Series[str], *, names: Iterable[str] = ()) -> Scrubbed:
    """Take out what names or reaches a person.

    Parameters
    ----------
    texts : Series of str
        Empty where nothing was written.
    names : iterable of str
        Names to take out wherever they stand as words, whatever their case, accents
        and what joins their parts; of a full name each part too, an ordinary word
        (*Will* of *Will Smith*) where it has a capital.
    """
    listed = _listed(names)
    counts: dict[str, int] = dict.fromkeys(KINDS, 0)
    scrubbed = texts.map(lambda text: _without(text, listed, counts))
    found = {kind: count for kind, count in counts.items() if count}
    return Scrubbed(texts=scrubbed, counts=found)


def _without(text: str, listed: Names, counts: dict[str, int]) -> str:
    for kind, pattern in COMPILED:
        fits = is_nhs_number if kind == "NHS number" else None
        text = _replaced(text, _spans(pattern, text, fits), kind, counts)
    for named in NAMED:
        text = _replaced(text, _spans(named, text), NAME, counts)
    # What one name leaves may make a word of the next, so again until none is left.
    while spans := listed.spans(text):
        text = _replaced(text, spans, NAME, counts)
    return text


def _spans(
    pattern: re.Pattern[str], text: str, fits: Callable[[str], bool] | None = None
) -> list[tuple[int, int]]:
    """Where a pattern stands, outside what earlier kinds have left."""
    spans = [found.span() for found in PLACEHOLDER.finditer(text)]
    return [
        span
        for span in _found(pattern, text, fits)
        if not any(start < span[1] and span[0] < end for start, end in spans)
    ]


def _found(
    pattern: re.Pattern[str], text: str, fits: Callable[[str], bool] | None
) -> Iterator[tuple[int, int]]:
    place = 0
    while found := pattern.search(text, place):
        start, end = found.span("who" if "who" in pattern.groupindex else 0)
        if start >= 0 and (fits is None or fits(found.group())):
            yield start, end
            place = max(end, found.start() + 1)
        else:
            # What does not fit may hide the beginning of what does.
            place = found.start() + 1


def _replaced(
    text: str, spans: list[tuple[int, int]], kind: str, counts: dict[str, int]
) -> str:
    counts[kind] += len(spans)
    for start, end in reversed(spans):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def _listed(names: Iterable[str]) -> Names:
    whole: set[tuple[str, ...]] = set()
    capital: set[tuple[str, ...]] = set()
    nameless, ordinary = set(NAMELESS.split()), set(ORDINARY.split())
    for name in names:
        last, _, first = name.partition(",")
        parts = _parts(f"{first} {last}")
        whole |= {parts, _parts(name)}
        for part in parts if " " in name.strip() else ():
            if len(part) > 1 and part not in nameless:
                (capital if part in ordinary else whole).add((part,))
    return Names(whole=_as_words(whole), capital=_as_words(capital - whole))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W\d_]+", _folded(name)[0]))


def _as_words(names: Iterable[tuple[str, ...]]) -> re.Pattern[str] | None:
    known = sorted(set(names) - {()}, key=lambda name: (-len("".join(name)), name))
    if not known:
        return None
    words = "|".join(JOINED.join(map(re.escape, name)) for name in known)
    # An underscore or a digit next to a name does not make it another word.
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


def _end(text: str, place: int) -> int:
    """The end of a word with the accents that stand behind its last letter."""
    while place < len(text) and unicodedata.combining(text[place]):
        place += 1
    return place
