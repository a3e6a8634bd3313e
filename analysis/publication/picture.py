"""Draw a figure as a picture; the same bytes every time.

Matplotlib and seaborn are slow to import, so this module is imported to draw.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.publication.house_style import (
    DOTS_PER_INCH,
    EDGES,
    INK,
    QUIET,
    WIDTH,
    ZONE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.publication.figure import Figure

STAMPS: Mapping[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Creator": None, "Date": None},
}
"""Kind of picture → what is not written into it, for its bytes to stay the same."""


@lru_cache(maxsize=64)
def picture(figure: Figure, kind: str) -> bytes:
    """Draw a figure; kept for a moment, since a file and a page want the same."""
    file = BytesIO()
    with drawing_style():
        layout = ConstrainedLayoutEngine(w_pad=EDGES[0], h_pad=EDGES[1])
        canvas = Canvas(figsize=(WIDTH, figure.height), layout=layout)
        FigureCanvasAgg(canvas)
        figure.draw(canvas.add_subplot())
        canvas.savefig(file, format=kind, dpi=DOTS_PER_INCH, metadata=STAMPS[kind])
    return file.getvalue()


@contextmanager
def drawing_style() -> Iterator[None]:
    """Seaborn's style for as long as a figure is made; nothing stays changed."""
    own = {
        "axes.edgecolor": QUIET,
        "axes.labelcolor": INK,
        "font.family": ["sans-serif"],
        "font.sans-serif": ["DejaVu Sans"],
        "grid.color": ZONE,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with ExitStack() as stack:
        stack.enter_context(mpl.rc_context())
        stack.enter_context(sns.plotting_context("notebook", font_scale=0.92))
        stack.enter_context(sns.axes_style("whitegrid", rc=own))
        # Seaborn leaves out what is no part of a style.
        mpl.rcParams["svg.hashsalt"] = "heard"
        mpl.rcParams["text.parse_math"] = False  # a label may hold a dollar sign
        yield
