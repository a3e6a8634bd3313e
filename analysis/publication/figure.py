"""What every figure is: a value that knows its numbers and its words.

A figure passes disclosure control before it is drawn, says how many values it could
not draw, and has a text for those who cannot see it that gives the finding.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from analysis.foundation.findings import findings_frame
from analysis.publication.numbers import estimate_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from analysis.foundation.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One number drawn: the category it stands at, its series, and the finding."""

    label: str
    series: str
    finding: Finding

    @property
    def value(self) -> float:
        """The estimate; points without one are never drawn."""
        assert self.finding.estimate is not None, "suppressed, not to be drawn"
        return self.finding.estimate

    @property
    def reach(self) -> tuple[float, float]:
        """How far the interval goes below and above the estimate."""
        low, high = self.finding.conf_low, self.finding.conf_high
        if low is None or high is None:
            return (0.0, 0.0)
        return (max(self.value - low, 0.0), max(high - self.value, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence where a table or a figure would stand, or next to it."""

    text: str
    kind: str = "note"

    def _repr_html_(self) -> str:
        return f'<p class="{escape(self.kind)}">{escape(self.text)}</p>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as a value.

    Attributes
    ----------
    name : str
        Name of its files, without an ending.
    alt_text : str
        The finding in words, for those who cannot see the figure.
    height : float
        In inches; every figure has the same width.
    drawing : callable
        Draws the points on axes; given its other values by `functools.partial`.
    title : str
        What the figure shows, in a sentence; before the caption.
    """

    name: str
    caption: str
    alt_text: str
    points: tuple[Point, ...]
    height: float
    drawing: Callable[[Axes, Sequence[Point]], None] = field(repr=False)
    title: str = ""

    def to_frame(self) -> pd.DataFrame:
        """The exact numbers drawn, one tidy row a point."""
        return findings_frame(point.finding for point in self.points)

    def draw(self, axes: Axes) -> None:
        """Draw on axes that are given."""
        self.drawing(axes, self.points)

    def png(self) -> bytes:
        """The picture as points; the same bytes every time."""
        return _drawn(self, "png")

    def svg(self) -> bytes:
        """The picture as lines, sharp at any size; the same bytes every time."""
        return _drawn(self, "svg")

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.svg()).decode("ascii")
        title = f"<strong>{escape(self.title)}</strong> " if self.title else ""
        return (
            f'<figure>\n<img alt="{escape(self.alt_text)}" '
            f'src="data:image/svg+xml;base64,{picture}">\n'
            f"<figcaption>{title}{escape(self.caption)}</figcaption>\n</figure>\n"
        )


def _drawn(figure: Figure, kind: str) -> bytes:
    from analysis.publication.picture import picture  # noqa: PLC0415 - seaborn is slow

    return picture(figure, kind)


def make_figure(
    name: str,
    caption: str,
    alt_text: str,
    points: Iterable[Point],
    drawing: Callable[[Axes, Sequence[Point]], None],
    *,
    height: float,
    title: str = "",
) -> Figure | Note:
    """The figure of what may be drawn; without any of it, a note that says why not."""
    given = list(points)
    drawn = drawn_points(given)
    lacking = [point.finding for point in given if point.finding.estimate is None]
    reasons = "; ".join(dict.fromkeys(part.reason for part in lacking if part.reason))
    if not drawn:
        why = reasons or "nothing was found to draw"
        return Note(text=f"No figure for “{caption}” because: {why.removesuffix('.')}.")
    suppressed_note = ""
    if lacking:
        values = "value is" if len(lacking) == 1 else "values are"
        suppressed_note = (
            f" {len(lacking)} {values} suppressed" + f" ({reasons})." * bool(reasons)
        )
    return Figure(
        name=name,
        caption=caption + suppressed_note,
        alt_text=alt_text + suppressed_note,
        points=tuple(drawn),
        height=height,
        drawing=drawing,
        title=title,
    )


def point_words(points: Sequence[Point]) -> str:
    """The numbers drawn, series by series."""
    parts = []
    for name in dict.fromkeys(point.series for point in points):
        listed = ", ".join(
            f"{estimate_text(point.finding)} at {point.label}"
            for point in points
            if point.series == name
        )
        parts.append(f"{name}: {listed}")
    return "; ".join(parts) + "."


def drawn_points(points: Iterable[Point]) -> list[Point]:
    """Points that have an estimate; the others are counted, not drawn."""
    return [point for point in points if point.finding.estimate is not None]
