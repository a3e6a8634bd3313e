"""An export nobody has declared yet into what its columns seem to be, cells unseen.

Of a column only its header, its counts and the ends of its numbers are told. A text
somebody wrote never is.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation import DataError
from analysis.intake.answers import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.storage.readers import RawTable

BLANKS = {"": "", "na": "NA", "n/a": "N/A", "-99": "-99", "-9": "-9"}
"""Cells that stand for no answer wherever surveys are exported, as they are written."""
WORDED_BLANKS = {"prefer not to say": "Prefer not to say"}
MANY = 20
"""Different texts past which a column is no list of answers."""
LONG = 60
SHARED = 5
"""Answers a code needs on average before the ends of its column may be told."""
DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ t]\d{1,2}:\d{2}.*)?$")
MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
ADDRESS = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")
IDENTIFYING = (
    *("e-mail", "email", "mail", "phone", "telephone", "mobile", "address"),
    *("ip", "ipaddress", "postcode", "zip", "birth", "dob", "latitude", "longitude"),
    *("locationlatitude", "locationlongitude", "recipientemail", "surname", "nhs"),
    *("recipientfirstname", "recipientlastname", "externalreference"),
)
NAMED_THINGS = {"event", "team", "ward", "site", "trust", "hospital", "service", "unit"}
NAMED_THINGS |= {"instrument", "collector", "survey", "group", "arm", "field"}
ROLES: Mapping[str, tuple[str, ...]] = {
    "participant": ("participant", "subject", "person", "pseudonym", "uniqueid"),
    "wave": ("wave", "timepoint", "event", "visit", "round", "phase", "period"),
    "arm": ("arm", "group", "condition", "allocation", "treatment", "intervention"),
    "site": ("site", "trust", "hospital", "organisation", "organization", "clinic"),
    "team": ("team", "ward", "unit", "service", "department"),
    "staff_member": ("staff", "clinician", "therapist", "practitioner", "worker"),
    "consent": ("consent", "agree"),
    "finished": ("finished", "completed", "submitdate", "status"),
    "attribute": ("age", "sex", "gender", "ethnicity", "role", "years", "education"),
}
"""Part a column may play → words of its header or question that hint at it."""
OF_A_FORM = ("_complete", "_timestamp")
"""Ends of REDCap's columns about a form, whose names begin with the form's."""
IDS = ("id", "code", "number", "nr", "no")
PEOPLE = ("participant", "subject", "person", "respondent", "user", "record", "study")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of an export, as far as it may be told.

    Attributes
    ----------
    kind : str
        ``blank``, ``numbers``, ``dates``, ``answers``, ``free text`` or
        ``identifying``.
    answered, different : int
        Cells that hold something, and how many different ones.
    lowest, highest : float
        Ends of the numbers; NaN where they are not numbers.
    """

    header: str
    label: str
    kind: str
    answered: int
    different: int
    lowest: float = math.nan
    highest: float = math.nan

    def description(self) -> str:
        """What it holds, in words that quote no cell."""
        ends = ""
        # The ends of numbers few people share are somebody's own.
        shared = self.different <= MANY and self.answered >= SHARED * self.different
        if self.kind == "numbers" and shared and "participant" not in _roles(self):
            ends = f" from {self.lowest:g} to {self.highest:g}"
        return f"{self.kind}{ends}, {self.different} different in {self.answered}"


def inspect_columns(table: RawTable, file: str) -> tuple[Column, ...]:
    """What each column seems to be.

    Raises
    ------
    DataError
        The first row looks like answers rather than headers.
    """
    headers = [str(name) for name in table.cells.columns]
    numeric = sum(number(name) is not None for name in headers)
    if numeric * 2 > len(headers):
        raise DataError(
            file,
            f"{numeric} of {len(headers)} headers are numbers: the first row seems to "
            "hold answers. Export it with a row of headers",
        )
    return tuple(
        _column(header, label, table.cells.iloc[:, place])
        for place, (header, label) in enumerate(
            zip(headers, table.labels_in_order(), strict=True)
        )
    )


def _column(header: str, label: str, cells: pd.Series[str]) -> Column:
    counts = answered(cells)
    texts = list(counts)
    numbers = [n for n in map(number, texts) if n is not None]
    return Column(
        header=header,
        label=label,
        kind=_kind(header, label, texts, len(numbers), sum(counts.values())),
        answered=sum(counts.values()),
        different=len(texts),
        lowest=min(numbers) if numbers and len(numbers) == len(texts) else math.nan,
        highest=max(numbers) if numbers and len(numbers) == len(texts) else math.nan,
    )


def answered(cells: pd.Series[str], missing: Iterable[str] = ()) -> dict[str, int]:
    """Folded cell → how often, without the ones that stand for no answer."""
    blanks = {*BLANKS, *WORDED_BLANKS, *(fold(text) for text in missing)}
    found: dict[str, int] = {}
    for text, count in cells.value_counts().items():
        if (folded := fold(str(text))) not in blanks:
            found[folded] = found.get(folded, 0) + int(count)
    return found


def missing_texts(table: RawTable) -> list[str]:
    """Which usual signs of no answer the table holds, as they are written."""
    known = {**BLANKS, **WORDED_BLANKS}
    found: set[str] = set()
    for place in range(table.cells.shape[1]):
        found |= {fold(str(text)) for text in table.cells.iloc[:, place].unique()}
    return [written for folded, written in known.items() if folded in found - {""}]


def _kind(header: str, label: str, texts: list[str], numeric: int, total: int) -> str:
    if not texts:
        return "blank"
    if _names_people(header) or _share(texts, MAIL, ADDRESS) > 0.5:
        return "identifying"
    if numeric == len(texts):
        return "numbers"
    if _share(texts, DATE) > 0.9:
        return "dates"
    lengthy = sum(map(len, texts)) / len(texts) > LONG
    spread = len(texts) > MANY and len(texts) > total / 10
    if _names_people(label) and spread:
        return "identifying"
    return "free text" if lengthy or spread else "answers"


def _names_people(header: str) -> bool:
    header_words = set(words(header))
    of_a_person = "name" in header_words and not header_words & NAMED_THINGS
    return of_a_person or bool(header_words & set(IDENTIFYING))


def _share(texts: list[str], *patterns: re.Pattern[str]) -> float:
    fits = sum(any(pattern.match(text) for pattern in patterns) for text in texts)
    return fits / len(texts)


def candidate_roles(columns: Iterable[Column]) -> dict[str, list[Column]]:
    """Part → the columns that may play it, by the words of header and question."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        for role in _roles(column):
            found.setdefault(role, []).append(column)
    return found


def _roles(column: Column) -> Iterator[str]:
    if column.kind in {"blank", "free text"} or column.header.endswith(OF_A_FORM):
        return
    header_words = set(words(column.header))
    if len(column.label) <= LONG:
        header_words |= set(words(column.label))
    names_people = header_words & set(IDS) and (
        header_words & set(PEOPLE) or len(header_words) == 1
    )
    for role, hints in ROLES.items():
        if header_words & set(hints) or (role == "participant" and names_people):
            yield role


def words(text: str) -> list[str]:
    """The words of a header, and whole what it joins: unique, id and uniqueid."""
    joined = re.findall(r"[^\W\d_]+", text.casefold())
    return list(dict.fromkeys([*_parts(text), *joined]))


def _parts(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.findall(r"[^\W_]+", spaced.casefold())


def similarity(one: str, other: str) -> float:
    """How alike two headers or questions are, from 0 to 1, whatever joins the words.

    The letters in their order, the words in any order, or the one within the other:
    whichever tells most. A word found within a question is worth a little over half.
    """
    first, second = _parts(one), _parts(other)
    if not first or not second:
        return 0.0
    whole = difflib.SequenceMatcher(None, " ".join(first), " ".join(second)).ratio()
    few, many = sorted((first, second), key=len)
    by_word = sum(
        max(difflib.SequenceMatcher(None, word, w).ratio() for w in many)
        for word in few
    ) / len(many)
    within = 0.5 + 0.5 * len(few) / len(many) if set(few) <= set(many) else 0.0
    return max(whole, by_word, within)


def number(text: str) -> float | None:
    """The number a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
