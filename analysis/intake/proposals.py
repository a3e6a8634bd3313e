"""What was found out about exports into TOML for somebody to finish.

Whatever is not sure is a comment. What is written holds headers, never a cell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.intake.drift import declared_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations import Export, Study
    from analysis.intake.drift import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveDetails:
    """What is told of a new wave beside its file.

    Attributes
    ----------
    event : tuple of str
        REDCap's events, several where each arm has its own.
    """

    title: str = ""
    date: str = ""
    event: tuple[str, ...] = ()


NO_DETAILS = WaveDetails()


def wave_table(
    study: Study,
    new: Export,
    compared: Comparison | None,
    headings: WaveDetails = NO_DETAILS,
) -> str:
    """The table to add to a study's file for a new wave.

    Parameters
    ----------
    compared : Comparison or None
        None: no more than the file, enough to resolve what the survey declares.
    """
    at = f"waves.{new.wave}"
    lines = []
    if new.wave not in study.wave_names():
        lines += ["", f"[{at}]", f"title = {quoted(headings.title or new.wave)}"]
        lines += [f"date = {headings.date}"] if headings.date else []
    lines += ["", f"[{at}.{new.survey}]", f"file = {quoted(new.file)}"]
    if headings.event:
        first, *others = headings.event
        lines.append(f"event = {_list(headings.event) if others else quoted(first)}")
    if compared is not None:
        lines += _recodings_text(compared)
        lines += _overrides(new, compared)
    return "\n".join(lines) + "\n"


def _recodings_text(compared: Comparison) -> Iterator[str]:
    for name, codes in compared.recodings.items():
        pairs = ", ".join(f'"{code}" = {target:g}' for code, target in codes.items())
        yield "# Coded otherwise than the codebook. If the form has the answers in the"
        yield "# same order, take away the # of the next line; if not, correct it."
        yield f"# answers.{name} = {{ {pairs} }}"


def _overrides(new: Export, compared: Comparison) -> Iterator[str]:
    """Lines for every header the survey's own declaration does not give."""
    declared = dict(declared_headers(new))
    differs = {
        key for key, header in declared.items() if compared.found.get(key) != header
    }
    participant = [key for key in declared if key[:2] == ("columns", "participant")]
    if differs & set(participant):
        listed = [compared.found.get(key, declared[key]) for key in participant]
        yield from _line("columns.participant", listed, participant, compared)
    for key in declared:
        if key in differs and key[0] == "cleaning":
            yield from _of_a_rule(key, compared)
        elif key in differs and key[0] != "items" and key not in participant:
            name = ".".join(map(bare, key))
            yield from _line(name, compared.found.get(key, ""), [key], compared)
    for name in new.instruments:
        keys = [k for k in declared if k[0] == "items" and k[1].startswith(f"{name}.")]
        if differs & set(keys):
            # A table laid over a pattern takes its place, so every item is named.
            for key in keys:
                item = key[1].partition(".")[2]
                header = compared.found.get(key, "")
                line = f"items.{name}.{bare(item)}"
                yield from _line(line, header, [key], compared)


def _of_a_rule(key: tuple[str, ...], found: Comparison) -> Iterator[str]:
    """A rule may be one of several, so it is not written over but told."""
    now = quoted(found.found[key]) if key in found.found else "not found"
    yield f"# cleaning.{key[1]}: the column {quoted(key[2])} is now {now}."
    yield f"# If so, give cleaning.{key[1]} here anew, whole."


def _line(
    name: str, value: str | list[str], keys: list[tuple[str, ...]], found: Comparison
) -> Iterator[str]:
    remarks = [found.remarks[key] for key in keys if key in found.remarks]
    missing = [key for key in keys if key not in found.found]
    if missing:
        yield f"# {name} = …  # not found: name its header, or leave the survey out"
        return
    written = quoted(value) if isinstance(value, str) else _list(value)
    yield f"{name} = {written}" + (f"  # {remarks[0]}" if remarks else "")


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def bare(key: str) -> str:
    """A key as TOML writes it, quoted where it must be."""
    plain = all(sign.isascii() and (sign.isalnum() or sign in "_-") for sign in key)
    return key if plain and key else quoted(key)
