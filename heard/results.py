"""The two results an analysis can have: an estimate, or the reason there is none.

Every result is frozen, unrounded, and carries the n it is based on. It prints as an
aligned table of at most a screen, shows as HTML in a notebook, and becomes a frame.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Self,
    SupportsFloat,
    TypeAlias,
    TypeVar,
    cast,
)

from heard.display import (
    Line,
    frame_html,
    interval,
    number,
    result_text,
    results_text,
    table_lines,
    title_of,
)

if TYPE_CHECKING:
    import pandas as pd

Limit: TypeAlias = SupportsFloat | None


class _Shown:
    """How a value prints: short as `repr`, a screen as `str`, a table in a notebook."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Keep the short `repr`, which a dataclass would replace by all its fields."""
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = cls._short  # type: ignore[assignment, method-assign]

    def _short(self) -> str:
        return f"<{type(self).__name__}>"

    def to_frame(self) -> pd.DataFrame:
        """Tidy rows."""
        raise NotImplementedError

    def _title(self) -> str:
        return title_of(type(self).__name__)

    def _repr_html_(self) -> str:
        return frame_html(self._title(), self.to_frame())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - IPython
        printer.text(self._short() if cycle else str(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(_Shown):
    """A number, its 95 % interval, the n it is based on, and how it was made.

    Attributes
    ----------
    term : str
        Full name of the statistic, such as ``cronbach_alpha``.
    estimate : float
        Never NaN: what cannot be estimated is `Unavailable`.
    conf_low, conf_high : float or None
        Limits of the interval; None if the statistic has none (a count).
    n : int
        Units the estimate is based on; `n_unit` says which.
    method : str
        Model, denominator, divisor, interval and missing rule, in words.
    n_unit : str
        What `n` counts, such as ``teams``; empty: participants.
    """

    term: str
    estimate: float
    conf_low: float | None = None
    conf_high: float | None = None
    n: int
    method: str
    n_unit: str = ""

    def __post_init__(self) -> None:
        """Refuse what no report may show: NaN, or an interval that misses."""
        numbers = [self.estimate, self.conf_low, self.conf_high]
        for value in numbers:
            assert value is None or math.isfinite(value), f"{self.term} is not finite"
        if self.conf_low is not None and self.conf_high is not None:
            assert self.conf_low <= self.conf_high, f"{self.term}: limits reversed"

    @classmethod
    def of(
        cls,
        term: str,
        estimate: SupportsFloat,
        limits: tuple[Limit, Limit] = (None, None),
        *,
        n: int,
        method: str,
        n_unit: str = "",
    ) -> Self:
        """Build an estimate from numbers of any kind, with the limits if it has any."""
        low, high = (None if limit is None else float(limit) for limit in limits)
        return cls(
            term=term,
            estimate=float(estimate),
            conf_low=low,
            conf_high=high,
            n=n,
            n_unit=n_unit,
            method=method,
        )

    def to_frame(self) -> pd.DataFrame:
        """One tidy row."""
        return _frame([self])

    def __str__(self) -> str:
        return result_text(title_of(self.term), _line({}, self))

    def _short(self) -> str:
        limits = ""
        if self.conf_low is not None or self.conf_high is not None:
            limits = f" [{self.conf_low}, {self.conf_high}]"
        return f"<Estimate {self.term} {self.estimate}{limits}, n = {self.n}>"

    def _title(self) -> str:
        return title_of(self.term)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable(_Shown):
    """No estimate, and why. It appears in the report instead of a silent NaN."""

    term: str
    reason: str
    n: int | None = None
    method: str = ""
    n_unit: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One tidy row without numbers."""
        return _frame([self])

    def __str__(self) -> str:
        return result_text(title_of(self.term), _line({}, self))

    def _short(self) -> str:
        return f"<Unavailable {self.term}: {self.reason}>"

    def _title(self) -> str:
        return title_of(self.term)


Result: TypeAlias = Estimate | Unavailable
Labels: TypeAlias = dict[str, str]
"""What a result is about: such as item and factor → their names."""


class _Several(_Shown):
    """What composites and sequences of results have in common."""

    __slots__ = ()

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Every result with what it is about."""
        raise NotImplementedError

    def results(self) -> Iterator[Result]:
        """Every estimate and absence inside, in the order declared."""
        return (result for _, result in self.labelled())

    def __str__(self) -> str:
        return results_text(self._title(), [_line(*pair) for pair in self.labelled()])

    def _short(self) -> str:
        return f"<{self._title()}: {sum(1 for _ in self.results())} results>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite(_Several):
    """Base of a frozen dataclass made of results, tuples of them, or composites."""

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Every result with what it is about: the text fields of all that holds it."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        own = {name: text for name, text in fields.items() if isinstance(text, str)}
        for labels, result in _labelled_in(tuple(fields.values())):
            yield {**own, **labels}, result

    @classmethod
    def unavailable(
        cls,
        reason: str | Unavailable,
        *,
        n: int | None = None,
        method: str = "",
        **known: Any,
    ) -> Self:
        """Give every result the same reason; tuples and texts not `known` are empty.

        An `Unavailable` given as the reason brings its own n and method.
        """
        if isinstance(reason, Unavailable):
            n, method, reason = reason.n, reason.method, reason.reason
        for field in dataclasses.fields(cls):
            if field.name not in known:
                kind = str(field.type)
                absent = Unavailable(term=field.name, reason=reason, n=n, method=method)
                empty = "" if kind == "str" else ()
                known[field.name] = absent if kind == "Result" else empty
        return cls(**known)

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result."""
        return _frame(list(self.results()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled(Composite):
    """A composite whose frame says, before each term, what the result is about."""

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; a label is empty where it does not apply."""
        return _labelled_frame(self.labelled())


Part_co = TypeVar("Part_co", bound="Composite | Result", covariant=True)


class Results(tuple[Part_co, ...], _Several):
    """Several results of one kind, in order: a tuple that prints as one table."""

    __slots__ = ()

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Every result with what it is about."""
        return _labelled_in(tuple(self))

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; a label is empty where it does not apply."""
        return _labelled_frame(self.labelled())

    def _title(self) -> str:
        kinds = {title_of(type(part).__name__) for part in self}
        return kinds.pop() if len(kinds) == 1 else "Results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described(_Shown):
    """Base of what is fitted, for other functions to read: fields that are no results.

    Arrays are shown by their shape, so that no participant's value is printed.
    """

    def to_frame(self) -> pd.DataFrame:
        """One row a field: its name and its value, or the shape of it."""
        return _table(self._rows(), ["field", "value"])

    def __str__(self) -> str:
        return "\n".join(
            [self._title(), *table_lines(["field", "value"], self._rows())]
        )

    def _rows(self) -> list[tuple[str, str]]:
        names = [field.name for field in dataclasses.fields(self)]
        return [(name, _described(getattr(self, name))) for name in names]


def _described(value: object) -> str:
    if hasattr(value, "shape"):
        return f"{type(value).__name__}, shape {value.shape}"
    if isinstance(value, tuple) and (
        len(value) > 6 or any(hasattr(part, "shape") for part in value)
    ):
        return f"{len(value)} values"
    return number(value) if isinstance(value, float) else str(value).split("\n")[0]


Found = TypeVar("Found")


def with_n(result: Result, n: int | None, unit: str) -> Result:
    """A result that rests on another count: of people, say, rather than of teams."""
    if isinstance(result, Unavailable):
        return dataclasses.replace(result, n=n, n_unit=unit)
    return dataclasses.replace(result, n=n or 0, n_unit=unit)


def counting(found: Found, unit: str) -> Found:
    """A result, a composite or a tuple of them, saying what every n in it counts."""
    if isinstance(found, Estimate | Unavailable):
        return cast("Found", dataclasses.replace(found, n_unit=unit))
    if isinstance(found, tuple):
        return cast("Found", tuple(counting(part, unit) for part in found))
    if isinstance(found, Composite):
        fields = {f.name: getattr(found, f.name) for f in dataclasses.fields(found)}
        parts = {name: counting(part, unit) for name, part in fields.items()}
        return dataclasses.replace(found, **parts)
    return found


def _labelled_in(value: object) -> Iterator[tuple[Labels, Result]]:
    if isinstance(value, Estimate | Unavailable):
        yield {}, value
    elif isinstance(value, Composite):
        yield from value.labelled()
    elif isinstance(value, tuple):
        for part in value:
            yield from _labelled_in(part)


def _line(labels: Labels, result: Result) -> Line:
    about = (labels, result.term, "" if result.n is None else str(result.n))
    if isinstance(result, Unavailable):
        return Line(*about, method=result.method, reason=result.reason)
    return Line(
        *about,
        method=result.method,
        estimate=number(result.estimate),
        interval=interval(result.conf_low, result.conf_high),
    )


def _frame(results: list[Result]) -> pd.DataFrame:
    columns = ["term", "estimate", "conf_low", "conf_high", "n", "n_unit"]
    columns += ["method", "reason"]
    rows = [[getattr(result, name, None) for name in columns] for result in results]
    return _table(rows, columns)


def _table(rows: Sequence[Sequence[Any]], columns: list[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - results are made where pandas is not needed

    return pd.DataFrame(rows, columns=columns)


def _labelled_frame(pairs: Iterable[tuple[Labels, Result]]) -> pd.DataFrame:
    listed = list(pairs)
    frame = _frame([result for _, result in listed])
    names = dict.fromkeys(name for labels, _ in listed for name in labels)
    for place, name in enumerate(names):
        frame.insert(place, name, [labels.get(name, "") for labels, _ in listed])
    return frame
