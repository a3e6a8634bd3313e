"""The two answers an analysis can give: an estimate, or why there is none.

Every result is frozen, unrounded, and carries the n it rests on.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number, its 95 % interval, the n it rests on, and how it was made.

    Attributes
    ----------
    term : str
        Full name of the statistic, such as ``cronbach_alpha``.
    estimate : float
        Never NaN: what cannot be estimated is `Unavailable`.
    conf_low, conf_high : float or None
        Limits of the interval; None where the statistic has none (a count).
    n : int
        Units the estimate rests on.
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

    def to_frame(self) -> pd.DataFrame:
        """One tidy row."""
        return _frame([self])

    def _repr_html_(self) -> str:
        return _html([self])


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """No estimate, and why. Travels to the report instead of a silent NaN."""

    term: str
    reason: str
    n: int | None = None
    method: str = ""
    n_unit: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One tidy row without numbers."""
        return _frame([self])

    def _repr_html_(self) -> str:
        return _html([self])


Result: TypeAlias = Estimate | Unavailable
Labels: TypeAlias = dict[str, str]
"""What a result is about: such as item and factor → their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """Base of a frozen dataclass made of results, tuples of them, or composites."""

    def results(self) -> Iterator[Result]:
        """Every estimate and absence inside, in the order declared."""
        return (result for _, result in self.labelled())

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Every result with what it is about: the text fields of all it stands in."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        own = {name: text for name, text in fields.items() if isinstance(text, str)}
        for value in fields.values():
            for labels, result in _labelled_in(value):
                yield {**own, **labels}, result

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result."""
        return _frame(list(self.results()))

    def _repr_html_(self) -> str:
        return _html(list(self.results()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled(Composite):
    """A composite whose frame says, before each term, what the result is about."""

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; a label is empty where it does not apply."""
        pairs = list(self.labelled())
        frame = _frame([result for _, result in pairs])
        names = dict.fromkeys(name for labels, _ in pairs for name in labels)
        for place, name in enumerate(names):
            frame.insert(place, name, [labels.get(name, "") for labels, _ in pairs])
        return frame

    def _repr_html_(self) -> str:
        return _shown(self.to_frame())


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


def _frame(results: list[Result]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - results are made where pandas is not needed

    columns = ["term", "estimate", "conf_low", "conf_high", "n", "n_unit"]
    columns += ["method", "reason"]
    rows: list[dict[str, Any]] = [
        {name: getattr(result, name, None) for name in columns} for result in results
    ]
    return pd.DataFrame(rows, columns=columns)


def _html(results: list[Result]) -> str:
    return _shown(_frame(results))


def _shown(frame: pd.DataFrame) -> str:
    shown: str = frame.to_html(index=False, float_format="{:.4g}".format, na_rep="")
    return shown
