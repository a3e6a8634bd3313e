"""Read TOML tables strictly: every error is kept, with its key."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from analysis.foundation.errors import DeclarationError
from heard.errors import unknown

T = TypeVar("T")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")

OLD_NAMES = {
    "anchor_slightly_better": "anchor_little",
    "minimum_answered": "least_answered",
    "minimum_ratings": "least_ratings",
    "minimum_reliability": "least_reliability",
    "multiverse": "other_choices",
    "retrospective": "then",
    "scored_if": "counts_if",
    "top_score": "top",
}
"""Names of keys and tables up to version 0.1, which version 0.2 reads with a notice."""


def parse_toml(text: str, *, where: str) -> dict[str, Any]:
    """Parse TOML, saying the line of a fault such as a key given twice.

    Raises
    ------
    DeclarationError
        The text is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(where, f"not valid TOML: {error}") from None


class Table:
    """One table of a declaration; remembers which keys were asked for.

    Parameters
    ----------
    values : mapping
        What the file holds.
    faults : list of str
        Every fault found is appended here, so that all are reported together.
    at : str
        Dotted path of this table in the file; empty at the top.
    """

    def __init__(self, values: Mapping[str, Any], faults: list[str], at: str = ""):
        self._values = values
        self._asked: set[str] = set()
        self.faults = faults
        self.at = at

    @property
    def values(self) -> Mapping[str, Any]:
        """What the file holds, for keys that may stand in one of two places."""
        return self._values

    def read(self, kind: type[T], /, **given: Any) -> T:
        """Read the whole table as a dataclass; any other key is a fault."""
        value = self.take(kind, **given)
        self.close()
        return value

    def take(self, kind: type[T], /, **given: Any) -> T:
        """Read a dataclass from the keys named like its fields.

        A field is read as its annotation says (`READERS`), is required unless it has a
        default, and is one of the texts that its metadata lists under ``known``. Where
        the file names it otherwise, the metadata hold its ``key``.

        Parameters
        ----------
        kind : type
            A dataclass, with annotations that are kept as text.
        **given
            Fields that are not read here: their values.
        """
        made: Any = kind
        values = {
            known.name: self._field(known)
            for known in dataclasses.fields(made)
            if known.name not in given
        }
        return kind(**given, **values)

    def optional(self, key: str, kind: type[T]) -> T | None:
        """Read a table inside this one as a dataclass; None if absent."""
        return self.table(key).read(kind) if self.has(key) else None

    def _field(self, known: dataclasses.Field[Any]) -> Any:
        made = known.default_factory
        default = known.default if made is dataclasses.MISSING else made()
        if default is dataclasses.MISSING:
            default = None
        key = known.metadata.get("key", known.name)
        if "known" in known.metadata:
            return self.choice(key, known.metadata["known"], default)
        return READERS[str(known.type)](self, key, default)

    def path(self, key: str) -> str:
        """The key as a reader of the file would look for it."""
        written = self._written(key)
        return f"{self.at}.{written}" if self.at else written

    def fault(self, key: str, message: str) -> None:
        """Keep a fault at a key."""
        self.faults.append(f"[{self.path(key)}] {message}")

    def has(self, key: str) -> bool:
        """Whether the file gives this key."""
        return self._ask(key) in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """A text; a fault if absent and there is no default."""
        return str(self._get(key, str, "a text", default, ""))

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of the known texts."""
        value = self.text(key, default)
        if value and value not in known:
            self.fault(key, unknown("value", value, known))
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        return bool(self._get(key, bool, "true or false", default, default))

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        return int(self._get(key, int, "a whole number", default, 0))

    def number(self, key: str, default: float | None = None) -> float:
        """A number, whole or not."""
        return float(self._get(key, (int, float), "a number", default, 0.0))

    def date(self, key: str) -> str:
        """A date as ISO text, or an empty text if not given."""
        value = self._get(key, dt.date, "a date such as 2026-01-31", "", "")
        return value.isoformat() if isinstance(value, dt.date) else str(value)

    def texts(self, key: str, default: Sequence[str] | None = ()) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self._get(key, (list, str), "a list of texts", default, ())
        listed = [value] if isinstance(value, str) else list(value)
        if not all(isinstance(entry, str) for entry in listed):
            self.fault(key, "must be a list of texts")
            return ()
        return tuple(listed)

    def lists_of_texts(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of texts, empty if absent."""
        value = self._get(key, list, "a list of lists of texts", (), ())
        if not all(
            isinstance(part, list) and all(isinstance(text, str) for text in part)
            for part in value
        ):
            self.fault(key, "must be a list of lists of texts")
            return ()
        return tuple(map(tuple, value))

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers, empty if absent."""
        value = self._get(key, list, "a list of numbers", (), ())
        if not all(_is_number(entry) for entry in value):
            self.fault(key, "must be a list of numbers")
            return ()
        return tuple(float(entry) for entry in value)

    def wholes(self, key: str, default: Sequence[int] = ()) -> tuple[int, ...]:
        """A list of whole numbers."""
        value = self._get(key, list, "a list of whole numbers", default, ())
        if not all(_is_number(entry) and isinstance(entry, int) for entry in value):
            self.fault(key, "must be a list of whole numbers")
            return tuple(default)
        return tuple(value)

    def pair(self, key: str) -> tuple[float, float]:
        """Two numbers, the lower first."""
        value = self._get(key, list, "a list of two numbers", None, [0.0, 0.0])
        if len(value) != 2 or not all(_is_number(end) for end in value):
            self.fault(key, "must be a list of two numbers")
            return (0.0, 0.0)
        if value[0] > value[1]:
            self.fault(key, "the lower number must come first")
        return (float(value[0]), float(value[1]))

    def table(self, key: str) -> Table:
        """A table inside this one, empty if absent."""
        value = self._get(key, dict, "a table", {}, {})
        return Table(value, self.faults, self.path(key))

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """The named tables inside a table, in the order of the file.

        The names become parts of file names, and of contrasts such as
        ``after - before``: only letters, digits, hyphens and underscores are taken.
        """
        inner = self.table(key)
        for name in inner.names():
            if not NAME.fullmatch(name):
                inner.fault(name, "a name takes letters, digits, '-' and '_' alone")
            yield name, inner.table(name)

    def list_of_tables(self, key: str) -> Iterator[Table]:
        """The tables of an array of tables, in the order of the file."""
        value = self._get(key, list, "an array of tables", [], [])
        for number, entry in enumerate(value, start=1):
            if isinstance(entry, dict):
                yield Table(entry, self.faults, f"{self.path(key)} {number}")
            else:
                self.fault(key, "must be an array of tables")

    def numbers_by_text(self, key: str) -> dict[str, float]:
        """A table of numbers."""
        inner = self.table(key)
        return {name: inner.number(name) for name in inner.names()}

    def texts_by_text(self, key: str) -> dict[str, str]:
        """A table of texts."""
        inner = self.table(key)
        return {name: inner.text(name) for name in inner.names()}

    def lists_by_text(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of texts."""
        inner = self.table(key)
        return {name: inner.texts(name) for name in inner.names()}

    def numbers_by_number(self, key: str) -> dict[float, float]:
        """A table of numbers, each under a number."""
        inner, found = self.table(key), {}
        for name in inner.names():
            try:
                found[float(name)] = inner.number(name)
            except ValueError:
                inner.fault(name, "must be a number")
        return found

    def values_by_text(self, key: str) -> dict[str, float | str | tuple[float, ...]]:
        """A table of numbers, texts and lists of numbers."""
        inner = self.table(key)
        found: dict[str, float | str | tuple[float, ...]] = {}
        for name in inner.names():
            value = inner.raw(name)
            if isinstance(value, str) or _is_number(value):
                found[name] = value
            elif isinstance(value, list) and all(_is_number(part) for part in value):
                found[name] = tuple(value)
            else:
                inner.fault(name, "must be a number, a list of numbers or a text")
        return found

    def raw(self, key: str) -> Any:
        """The value as it stands, for the few keys that take more than one form."""
        return self._values.get(self._ask(key))

    def names(self) -> list[str]:
        """The keys the file gives, in its order."""
        return list(self._values)

    def close(self) -> None:
        """Keep a fault for every key nobody asked for."""
        new_names = {OLD_NAMES[key]: key for key in self._asked & OLD_NAMES.keys()}
        for key in self._values:
            if key in self._asked:
                continue
            if key in new_names:
                self.fault(key, f"is the old name of '{new_names[key]}': keep one")
            else:
                self.fault(key, unknown("key", key, self._asked))

    def _written(self, key: str) -> str:
        """The name under which the file gives a key: its own, or its old one."""
        old = OLD_NAMES.get(key, key)
        return old if old in self._values and key not in self._values else key

    def _ask(self, key: str) -> str:
        """Note that a key was asked for; return the name the file gives it."""
        self._asked.add(key)
        written = self._written(key)
        if written != key and written not in self._asked:
            self._asked.add(written)
            warnings.warn(
                f"[{self.path(key)}] is now called '{key}'. The old name is read by "
                "this version and will be refused by the next: rename it.",
                FutureWarning,
                stacklevel=4,
            )
        return written

    def _get(self, key: str, kind: Any, named: str, default: Any, empty: Any) -> Any:
        written = self._ask(key)
        if written not in self._values:
            if default is None:
                self.fault(key, f"is missing; it must be {named}")
                return empty
            return default
        value = self._values[written]
        wrong_flag = isinstance(value, bool) and kind is not bool
        if wrong_flag or not isinstance(value, kind):
            self.fault(key, f"must be {named}")
            return empty
        return value


def _if_given(reader: Callable[..., Any]) -> Callable[..., Any]:
    """Read a key as the reader does; None if absent."""
    return lambda table, key, _: reader(table, key) if table.has(key) else None


def _alone(reader: Callable[..., Any]) -> Callable[..., Any]:
    """Read a key as the reader does, which knows what stands for an absent one."""
    return lambda table, key, _: reader(table, key)


READERS: Mapping[str, Callable[..., Any]] = {
    "str": Table.text,
    "str | None": _if_given(Table.text),
    "bool": lambda table, key, default: table.flag(key, default=bool(default)),
    "int": Table.whole,
    "int | None": _if_given(Table.whole),
    "float": Table.number,
    "float | None": _if_given(Table.number),
    "tuple[str, ...]": Table.texts,
    "tuple[str, ...] | None": _if_given(
        lambda table, key: table.texts(key, None),
    ),
    "tuple[int, ...]": Table.wholes,
    "tuple[float, ...]": _alone(Table.numbers),
    "tuple[tuple[str, ...], ...]": _alone(Table.lists_of_texts),
    "Mapping[str, str]": _alone(Table.texts_by_text),
    "Mapping[str, float]": _alone(Table.numbers_by_text),
    "Mapping[float, float]": _alone(Table.numbers_by_number),
    "Mapping[str, tuple[str, ...]]": _alone(Table.lists_by_text),
    "Mapping[str, Value]": _alone(Table.values_by_text),
}
"""Annotation of a field, as it is written → how its key is read."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
