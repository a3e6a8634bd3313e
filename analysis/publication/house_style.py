"""How every figure looks: size, ink, marks, and lists that fold instead of being cut.

A series is marked by colour, marker and line, so that grey print and any colour
vision will do.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from analysis.publication.figure import Point

Colour: TypeAlias = tuple[float, float, float]

INK = "#1b1f24"
QUIET = "#59636e"
ZONE = "#e7eaee"
MARKERS = "osD^vPX"
LINES = ("-", "--", ":", "-.")
WIDTH = 5.4
"""Of every figure, in inches."""
EDGES = (0.14, 0.06)
"""Left free at the sides, and above and below, in inches."""
DOTS_PER_INCH = 150


def height_of(rows: float) -> float:
    """Inches that a figure of so many rows needs, its axis and legend included."""
    return 1.4 + 0.42 * rows


def reaches(points: Sequence[Point]) -> list[list[float]]:
    """How far the intervals go below, and above, as error bars are given."""
    return [[point.reach[0] for point in points], [point.reach[1] for point in points]]


def mark(place: int, count: int) -> dict[str, Any]:
    """How a series is marked, so that no two look alike without colour."""
    colour = colours(count)[place]
    return {
        "color": colour,
        "marker": MARKERS[place % len(MARKERS)],
        "markersize": 7,
        "markerfacecolor": colour if place % 2 == 0 else "white",
        "markeredgewidth": 1.6,
        "linewidth": 1.8,
        "capsize": 3,
        "zorder": 3,
    }


def colours(count: int) -> list[Colour]:
    """Colours that any colour vision can distinguish."""
    import seaborn as sns  # noqa: PLC0415 - slow to import

    return list(sns.color_palette("colorblind", count))


def fills(count: int) -> list[Colour]:
    """Fills from light to dark, in an order that stays in grey print."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import

    step = 0.85 / max(count - 1, 1)
    ramp = mpl.colormaps["cividis"]
    return [ramp(0.95 - step * place)[:3] for place in range(count)]


def ink_on(fill: Colour) -> str:
    """The colour of letters on a fill; a contrast of 4.5 or more with any of them."""
    return "black" if lightness(fill) > 0.179 else "white"


def lightness(colour: Colour) -> float:
    """Relative luminance, 0 to 1, as WCAG 2 defines it: what is left in grey."""
    linear = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
    )
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def shift(place: int, count: int, step: float) -> float:
    """How far a series stands aside, so that marks do not cover each other."""
    return (place - (count - 1) / 2) * step


def list_on_left(axes: Axes, labels: Sequence[str]) -> None:
    """Categories from the top down."""
    axes.set_yticks(range(len(labels)), [folded(label, 26) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    bare(axes)


def bare(axes: Axes) -> None:
    """No frame but the line below."""
    import seaborn as sns  # noqa: PLC0415 - slow to import

    sns.despine(ax=axes, left=True)


def legend(axes: Axes, series: Sequence[str]) -> None:
    """Name the series above the axes, where there is more than one."""
    if len(series) > 1:
        drawn = dict(zip(series, axes.containers, strict=False))
        legend_of(axes, drawn, columns=max(1, 66 // (max(map(len, series)) + 7)))


def legend_of(axes: Axes, named: Mapping[str, object], *, columns: int) -> None:
    """Name what is drawn above the axes."""
    axes.figure.legend(
        cast("list[Artist]", list(named.values())),
        list(named),
        loc="outside upper center",
        ncols=columns,
        frameon=False,
        fontsize="small",
    )


def folded(text: str, width: int) -> str:
    """A label in lines of so many letters."""
    return "\n".join(textwrap.wrap(text, width)) or text
