"""A result at hand into its figure, without a study: one line in a notebook.

Nothing is suppressed here: the figure is for whoever holds the responses. What others
get is made from disclosed findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding
from analysis.publication.figure import Note
from analysis.publication.reliability_figures.agreement import limits_figure
from analysis.publication.reliability_figures.dependability import (
    decision_figure,
    staff_figure,
)
from analysis.publication.reliability_figures.factors import (
    loading_figure,
    scree_figure,
)
from analysis.publication.reliability_figures.items import (
    information_figure,
    item_map_figure,
    response_figure,
)
from analysis.publication.reliability_figures.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.publication.figure import Figure
    from analysis.publication.reliability_figures.subject import ScaleFigure
    from heard.results import Composite, Result

DRAWN: Mapping[str, ScaleFigure] = {
    "response_share": response_figure,
    "eigenvalue": scree_figure,
    "loading": loading_figure,
    "dependability_coefficient": decision_figure,
    "shrunken_mean": staff_figure,
    "bias": limits_figure,
    "test_information": information_figure,
    "graded_threshold": item_map_figure,
    "item_rest_correlation": item_map_figure,
}
"""The term that says what a result is → its figure; the first found counts."""


def figure_of(
    *outcomes: Result | Composite,
    title: str = "These responses",
    labels: Mapping[str, str] | None = None,
) -> Figure | Note:
    """Draw a result.

    Parameters
    ----------
    *outcomes : Estimate, Unavailable or Composite
        What a statistic gave; several where they belong in one figure, such as the
        limits of agreement with the counts in cells.
    title : str
        What the caption calls the scale.
    labels : mapping, optional
        Item → what to call it.

    Returns
    -------
    Figure
        Its numbers by ``to_frame()``, its finding in words as ``alt_text``.
    Note
        Why there is none: nothing could be estimated, or nothing draws such a result.
    """
    found = [part for one in outcomes for part in Finding.place(one, study="")]
    subject = Subject(
        place="by-hand", title=title, findings=tuple(found), labels=labels or {}
    )
    present = {part.term for part in found}
    for term, drawn in DRAWN.items():
        if term in present:
            return drawn.of(subject)
    known = ", ".join(DRAWN)
    return Note(text=f"No figure for this result: it holds none of {known}.")
