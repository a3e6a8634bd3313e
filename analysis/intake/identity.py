"""Compare identifiers, and replace them by pseudonyms that cannot be reversed.

An identifier that is unique only within a site joins two people into one, and one that
is spelt differently at the next wave makes two people of one; neither shows later.
Pseudonyms are HMAC-SHA256 under a key kept outside the project. The study's name is
part of the message, so two studies cannot be joined on their pseudonyms.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

from analysis.intake.answers import by_text, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.declarations.survey import Export

NUMBER = re.compile(r"0*(\d+?)(?:[.,]0)?")
"""A whole number as a spreadsheet may have left it: 007, 7.0 or 7,0 for 7."""
HYPHENS = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc`\u00b4"), "'")
MAXIMUM_SHARED = 0.5
MINIMUM_N = 10
"""Responses with an identifier below which their share says nothing."""


def identifiers(
    cells: pd.DataFrame,
    headers: Sequence[str],
    *,
    missing_codes: Sequence[str] = (),
    as_written: bool = False,
) -> pd.Series[str]:
    """One text a row from the columns that identify; empty if any of them is blank.

    Letters' case, white space, kinds of hyphens, what cannot be seen, and the zeros
    before a whole number and after its point do not matter. Without a letter or digit
    a cell is blank.

    Parameters
    ----------
    missing_codes : sequence of str
        Texts that mean *not answered*. Whole numbers among them are none here: 99 may
        be no answer to an item, and somebody's number.
    as_written : bool
        Everything that can be seen matters.
    """
    if not headers:
        return pd.Series("", index=cells.index)
    missing_texts = {fold(code) for code in missing_codes if not code.isdecimal()}
    compared = _seen if as_written else _compared

    def element(text: str) -> str:
        informative = any(map(str.isalnum, text)) and fold(text) not in missing_texts
        return compared(text) if informative else ""

    joined, *others = (by_text(cells[header], element) for header in headers)
    for column in others:
        known = (joined != "") & (column != "")
        joined = (joined + "\x1e" + column).where(known, "")
    return joined


def row_identifiers(cells: pd.DataFrame, file: str) -> pd.Series[str]:
    """Where a response stands, which names a person where a row is one person.

    The file is part of it, so that nobody shares a name with an identifier that is a
    number, or with a row of another file.
    """
    places = [f"row {place} of {file}" for place in range(1, len(cells) + 1)]
    return pd.Series(places, index=cells.index, dtype=object)


def _seen(text: str) -> str:
    """A text without the signs that cannot be seen."""
    shown = (sign for sign in text if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFC", "".join(shown).strip())


def _compared(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _seen(text)).translate(HYPHENS | APOSTROPHES)
    # Small letters first, as some have two capitals; twice, as folding may compose.
    folded = unicodedata.normalize("NFKC", plain.casefold()).upper()
    joined = "".join(folded.split())
    number = NUMBER.fullmatch(joined)
    return number[1] if number else joined


def shared_identifiers(rows: pd.DataFrame, distinguished_by: Sequence[str]) -> set[str]:
    """Identifiers under which stand responses that cannot all be one person's.

    Parameters
    ----------
    rows : DataFrame, one row a response
        ``participant``, empty where there is none, and the columns that distinguish
        people; an empty or missing value distinguishes nobody.
    """
    known = rows.loc[rows["participant"] != "", ["participant", *distinguished_by]]
    # A missing value is not counted, so that it contradicts nobody.
    values = known.replace("", None).groupby("participant").nunique()
    return set(values.index[(values > 1).any(axis="columns")])


def check_identifiers(
    cells: pd.DataFrame, frame: pd.DataFrame, export: Export
) -> Iterator[str]:
    """Say which identifiers are several people's.

    By site, by what never changes, by how they are written, and by their number.
    Self-generated codes are not asked: two people may make the same, and linkage
    leaves them alone.
    """
    if export.linkage != "identifier":
        return
    stable = export.linkage_rule.stable if export.linkage_rule else ()
    for name in dict.fromkeys(("site", *stable)):
        if several := len(shared_identifiers(frame, [name])):
            yield (
                f"{export.file}: {several} participant identifiers stand for people "
                f"who differ in {name}. {_advice(export)}"
            )
    yield from _check_spelling(cells, export)
    yield from _check_shared(frame, export)


def _advice(export: Export) -> str:
    return (
        "An identifier that is unique within a site, a study or a file alone needs the "
        "column of that beside it: add its header to "
        f"[surveys.{export.survey}.columns] participant"
    )


def _check_spelling(cells: pd.DataFrame, export: Export) -> Iterator[str]:
    """Whether one wave writes an identifier in two ways: of one person, or of two."""
    if export.identifier_spelling != "check":
        return
    headers, missing_texts = export.columns.participant, export.missing_codes
    compared = identifiers(cells, headers, missing_codes=missing_texts)
    written = identifiers(cells, headers, missing_codes=missing_texts, as_written=True)
    spellings = written.groupby(compared).nunique().drop("", errors="ignore")
    if several := int((spellings > 1).sum()):
        yield (
            f"{export.file}: {several} participant identifiers are written in more "
            "than one way (capitals, spaces, leading zeros). Say whether those are "
            f"one person's: [surveys.{export.survey}] identifier_spelling = 'folded', "
            "or 'as_written' if not"
        )


def _check_shared(frame: pd.DataFrame, export: Export) -> Iterator[str]:
    """Whether so many share an identifier that it cannot be for sending twice."""
    known = frame.loc[frame["participant"] != "", "participant"]
    shared = int(known.duplicated(keep=False).sum())
    if len(known) >= MINIMUM_N and shared > MAXIMUM_SHARED * len(known):
        yield (
            f"{export.file}: {shared} of {len(known)} responses share their "
            f"participant identifier with another one. {_advice(export)}; or, where "
            "the file holds several waves, give each its own"
        )


HEX_DIGITS = 24
"""96 bits: two of a million people share a pseudonym with probability 6e-18."""


def pseudonyms(
    identifiers: pd.Series[str], *, key: bytes, study: str, kind: str
) -> pd.Series[str]:
    """Turn identifiers into pseudonyms.

    Parameters
    ----------
    identifiers : Series of str
        An empty text means that there is none, and stays empty.
    key : bytes
        The secret.
    study, kind : str
        Whose identifiers: a number used for a participant and for a member of staff
        gives two pseudonyms.
    """
    # Begun once: what all messages share is not hashed again for each of them.
    begun = hmac.new(key, f"{study}\x1f{kind}\x1f".encode(), hashlib.sha256)

    def pseudonym(identifier: str) -> str:
        if not identifier:
            return ""
        message = begun.copy()
        message.update(identifier.encode())
        return message.hexdigest()[:HEX_DIGITS]

    return by_text(identifiers, pseudonym)
