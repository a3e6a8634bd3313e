"""Count in the raw files who can be linked, who was rated and what must be taken out.

A second, plain implementation, on purpose, as in ``flow.py``: tests compare the
pipeline with it. Who a code belongs to is known here, as in no real study.
"""  # noqa: INP001

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from flow import answered_rows, code_of, markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from truth import Truth

    Code: TypeAlias = tuple[str, ...]

ELEMENTS = ("mother", "day", "town", "siblings")
RULES = ("exact", "one_element_off")
KINDS = ("e-mail", "NHS number", "phone", "date", "postcode", "name")
# In the order in which they are taken out; what is gone is not counted twice.
PATTERNS = {
    "e-mail": r"[a-z]+\d+@example\.org",
    "NHS number": r"999 \d{3} \d{4}",
    "phone": r"07700 900\d{3}|\+44 7700 900 \d{3}|020 7946 0\d{3}|01632960\d{3}",
    "date": r"\d+[/.-]\d+[/.-](?:2025|25)",
    "postcode": r"(?i:ZZ99 ?3WZ)",
}


def people_behind(
    frames: Mapping[str, pd.DataFrame], wave: str
) -> dict[Code, set[int]]:
    """Code → whoever made it at a wave."""
    frame = frames[f"staff_{wave}"]
    made: dict[Code, set[int]] = defaultdict(set)
    codes = frame[list(ELEMENTS)].astype(str).map(str.casefold)
    for code, person in zip(
        codes.itertuples(index=False, name=None), frame["person"], strict=True
    ):
        made[code].add(int(person))
    return made


def expected_links(
    files: Mapping[str, bytes], truth: Truth, waves: tuple[str, str], rule: str
) -> list[tuple[Code, Code]]:
    """The links a rule should make between two waves: pairs of codes."""
    teams = [_teams_by_code(files, truth, wave) for wave in waves]
    single = [{c: t for c, t in each.items() if len(t) == 1} for each in teams]
    links = [(code, code) for code in single[0] if code in single[1]]
    if rule == "exact":
        return links
    linked_codes = {code for code, _ in links}
    left = [[code for code in each if code not in linked_codes] for each in single]
    near = [
        (one, other)
        for one, other in product(*left)
        if single[0][one] == single[1][other]
        and sum(a != b for a, b in zip(one, other, strict=True)) == 1
    ]
    times = Counter(code for pair in near for code in enumerate(pair))
    return links + [p for p in near if all(times[side] == 1 for side in enumerate(p))]


def false_links(
    links: list[tuple[Code, Code]],
    frames: Mapping[str, pd.DataFrame],
    waves: tuple[str, str],
) -> int:
    """How many of the links join two people."""
    before, after = (people_behind(frames, wave) for wave in waves)
    return sum(before[one].isdisjoint(after[other]) for one, other in links)


def _teams_by_code(
    files: Mapping[str, bytes], truth: Truth, wave: str
) -> dict[Code, set[str]]:
    export = truth.study.wave(wave).export("staff")
    assert export is not None, "staff are asked at every wave"
    names = {
        answer.casefold(): team.name
        for team in truth.study.teams
        for answer in team.answers
    }
    found: dict[Code, set[str]] = defaultdict(set)
    for row in answered_rows(files[export.file], export, truth):
        if code := code_of(row, export):
            found[code].add(names[row[str(export.columns.team)]])
    return found


def expected_coverage(
    files: Mapping[str, bytes], truth: Truth, wave: str
) -> dict[str, tuple[int, int, int]]:
    """Group of staff → how many there are, were rated, and were rated often enough."""
    export, roster = truth.study.wave(wave).export("ratings"), truth.study.roster
    assert export is not None, "staff are rated at every wave"
    assert roster is not None, "the study declares a list of staff"
    rows = answered_rows(files[export.file], export, truth)
    times = Counter(row[str(export.columns.staff_member)] for row in rows)
    listed = list(csv.DictReader(io.StringIO(files[roster.file].decode())))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in listed:
        if row[roster.regular_contact] not in roster.answers:
            continue
        rated = times[row[roster.staff_member].casefold()]
        for group in ("", f"role: {row[roster.role]}", f"team: {row[roster.team]}"):
            for place, triple in enumerate(
                (1, rated >= 1, rated >= roster.least_ratings)
            ):
                counts[group][place] += triple
    codes = {row[roster.staff_member].casefold() for row in listed}
    stray = sum(code not in codes for code in times)
    counts["not listed"] = [stray, stray, 0]
    return {
        group: (triple[0], triple[1], triple[2]) for group, triple in counts.items()
    }


def expected_scrubbed(
    files: Mapping[str, bytes], truth: Truth
) -> dict[str, Counter[str]]:
    """File → kind → how often it must be taken out of what people wrote."""
    return {
        export.file: sum(
            (
                named_in(row[header], truth)
                for header in export.texts.values()
                for row in csv.DictReader(
                    io.StringIO(
                        files[export.file].decode(
                            truth.written[export.survey][wave.name].encoding
                        ),
                        newline="",
                    )
                )
            ),
            Counter[str](),
        )
        for wave in truth.study.waves
        for export in wave.exports
        if export.texts
    }


def named_in(text: str, truth: Truth) -> Counter[str]:
    """Kind → how often it stands in a text."""
    counts = Counter[str]()
    for kind, pattern in PATTERNS.items():
        text, counts[kind] = re.subn(pattern, "", text)
    for name in (*truth.remarks.titled, *truth.remarks.listed()):
        for written in (name, name.upper()):
            counts["name"] += text.count(written)
            text = text.replace(written, "")
    return counts


def people_tables(
    files: Mapping[str, bytes], frames: Mapping[str, pd.DataFrame], truth: Truth
) -> str:
    """Links, coverage and what is taken out, as tables in Markdown."""
    return "\n".join(
        markdown(headings, list(rows))
        for headings, rows in (
            (["waves", "rule", "links", "of them false"], _links(files, frames, truth)),
            (
                ["wave", "staff in contact", "rated", "rated 5 times", "not listed"],
                _covered(files, truth),
            ),
            (["file", *KINDS], _scrubbed(files, truth)),
        )
    )


def _links(
    files: Mapping[str, bytes], frames: Mapping[str, pd.DataFrame], truth: Truth
) -> Iterator[list[object]]:
    first, *later = truth.study.wave_names()
    for wave in later:
        for rule in RULES:
            links = expected_links(files, truth, (first, wave), rule)
            false = false_links(links, frames, (first, wave))
            yield [f"{first} to {wave}", rule, len(links), false]


def _covered(files: Mapping[str, bytes], truth: Truth) -> Iterator[list[object]]:
    for wave in truth.study.wave_names():
        counts = expected_coverage(files, truth, wave)
        yield [wave, *counts[""], counts["not listed"][0]]


def _scrubbed(files: Mapping[str, bytes], truth: Truth) -> Iterator[list[object]]:
    for file, counts in expected_scrubbed(files, truth).items():
        yield [file, *(counts[kind] for kind in KINDS)]
