"""Boxes and arrows: texts folded into boxes, and how they are drawn.

Everything is placed in inches from the top left, so that letters keep their size and
the figure grows with its texts; ink on white and one light grey, for any print.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from analysis.publication.house_style import EDGES, INK, WIDTH, ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.publication.figure import Point

Corner: TypeAlias = tuple[float, float]

ROOM = WIDTH - 2 * EDGES[0]
"""From the left edge to the right, in inches."""
GUTTER = 0.34
COLUMN = (ROOM - GUTTER) / 2
SECOND = COLUMN + GUTTER
"""Where the second of two columns begins."""
GAP = 0.34
"""Between boxes below each other: room for an arrow."""
LETTERS = 11.5
"""In points: a figure as narrow as a telephone still shows ten pixels of them."""
LINE = 0.205
PADDING = 0.1
INDENT = 0.14


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text in a box; a part of a list is indented."""

    text: str
    bold: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Folded lines in a frame.

    Attributes
    ----------
    left, top, width : float
        In inches; the height follows from the lines.
    filled : bool
        Grey, for what is carried on to the analysis.
    """

    left: float
    top: float
    width: float
    lines: tuple[Line, ...]
    filled: bool = False

    @property
    def height(self) -> float:
        """In inches."""
        return len(self.lines) * LINE + 2 * PADDING

    @property
    def bottom(self) -> float:
        """Where it ends, from the top of the figure."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Half way from its left to its right."""
        return self.left + self.width / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A line over corners, with a head at its end unless it only leads on."""

    corners: tuple[Corner, ...]
    head: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """Boxes and the arrows between them."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...] = ()

    @property
    def height(self) -> float:
        """Of the whole figure with its edges, in inches."""
        return max(box.bottom for box in self.boxes) + 2 * EDGES[1] + 0.02


def box_of(
    lines: Iterable[Line],
    *,
    left: float,
    top: float,
    width: float = COLUMN,
    filled: bool = False,
) -> Box:
    """A box whose lines are folded to its width; nothing is ever cut."""
    folded = tuple(part for line in lines for part in _folded_line(line, width))
    return Box(left=left, top=top, width=width, lines=folded, filled=filled)


def side_by_side(
    contents: Sequence[Sequence[Line]], *, top: float, filled: bool = False
) -> list[Box]:
    """Boxes in two columns, row by row; each row begins below the longest before."""
    boxes: list[Box] = []
    for first in range(0, len(contents), 2):
        row = [
            box_of(lines, left=left, top=top, filled=filled)
            for lines, left in zip(
                contents[first : first + 2], (0, SECOND), strict=False
            )
        ]
        boxes += row
        top = max(box.bottom for box in row) + GAP
    return boxes


def branches(above: Box, below: Sequence[Box]) -> Iterator[Arrow]:
    """Arrows from a box in the first column to boxes in two columns below it."""
    tops = list(dict.fromkeys(box.top for box in below))
    stem = (COLUMN + SECOND) / 2
    for place, top in enumerate(tops):
        level = top - 0.55 * GAP
        row = [box for box in below if box.top == top]
        if place == 0:
            yield Arrow(
                corners=((above.middle, above.bottom), (above.middle, level)),
                head=False,
            )
        ends = [box.middle for box in row] + ([stem] if len(tops) > 1 else [])
        yield Arrow(corners=((min(ends), level), (max(ends), level)), head=False)
        for box in row:
            yield Arrow(corners=((box.middle, level), (box.middle, box.top)))
    if len(tops) > 1:
        levels = (tops[0] - 0.55 * GAP, tops[-1] - 0.55 * GAP)
        yield Arrow(corners=tuple((stem, level) for level in levels), head=False)


def down(above: Box, below: Box) -> Arrow:
    """An arrow from one box to the next below it."""
    return Arrow(
        corners=((below.middle, above.bottom), (below.middle, below.top)),
    )


def draw_boxes(axes: Axes, _: Sequence[Point], *, diagram: Diagram) -> None:
    """Draw a diagram, in whose texts the points stand already."""
    axes.set_axis_off()
    axes.set_xlim(0, ROOM)
    axes.set_ylim(diagram.height - 2 * EDGES[1], 0)
    for arrow in diagram.arrows:
        _draw_arrow(axes, arrow)
    for box in diagram.boxes:
        axes.add_patch(
            Rectangle(
                (box.left, box.top),
                box.width,
                box.height,
                facecolor=ZONE if box.filled else "white",
                edgecolor=INK,
                linewidth=1.1,
                clip_on=False,
            )
        )
        for place, line in enumerate(box.lines):
            axes.text(
                box.left + PADDING + INDENT * line.listed,
                box.top + PADDING + (place + 0.5) * LINE,
                line.text,
                fontsize=LETTERS,
                fontweight="bold" if line.bold else "normal",
                va="center_baseline",
                in_layout=False,
            )


def _draw_arrow(axes: Axes, arrow: Arrow) -> None:
    across, depth = zip(*arrow.corners, strict=True)
    axes.plot(across, depth, color=INK, linewidth=1.1, clip_on=False, zorder=0.5)
    if arrow.head:
        axes.annotate(
            "",
            in_layout=False,
            xy=arrow.corners[-1],
            xytext=arrow.corners[-2],
            arrowprops={
                "arrowstyle": "-|>",
                "color": INK,
                "linewidth": 1.1,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def _folded_line(line: Line, width: float) -> Iterator[Line]:
    room = width - 2 * PADDING - INDENT * line.listed
    for text in _folded(line.text, room, bold=line.bold):
        yield Line(text=text, bold=line.bold, listed=line.listed)


def _folded(text: str, room: float, *, bold: bool) -> Iterator[str]:
    """The text in lines no longer than the room; a word too long is broken."""
    kept = ""
    for word in text.split():
        longer = f"{kept} {word}".strip()
        if length(longer, bold=bold) <= room:
            kept = longer
            continue
        if kept:
            yield kept
        kept = word
        while length(kept, bold=bold) > room:
            fits = next(
                size
                for size in range(len(kept) - 1, 0, -1)
                if size == 1 or length(kept[:size], bold=bold) <= room
            )
            yield kept[:fits]
            kept = kept[fits:]
    if kept:
        yield kept


@cache
def length(text: str, *, bold: bool) -> float:
    """How wide a text is when drawn, in inches."""
    letters = FontProperties(
        family="DejaVu Sans", size=LETTERS, weight="bold" if bold else "normal"
    )
    width, _, _ = text_to_path.get_text_width_height_descent(
        text, letters, ismath=False
    )
    return width / 72
