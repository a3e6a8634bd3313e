"""A result at hand into its figure, without a study: one line in a notebook.

Nothing is held back here: the figure is for whoever holds the responses. What others
get is made from disclosed findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding
from analysis.publication.figure import Note
from analysis.publication.reliability_figures import agreement as limits
from analysis.publication.reliability_figures import dependability as decisions
from analysis.publication.reliability_figures import dependability as staff
from analysis.publication.reliability_figures import factors as dimensions
from analysis.publication.reliability_figures import factors as loadings
from analysis.publication.reliability_figures import items as information
from analysis.publication.reliability_figures import items as item_map
from analysis.publication.reliability_figures import items as responses
from analysis.publication.reliability_figures.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analysis.publication.figure import Figure
    from heard.results import Composite, Result

DRAWN: Mapping[str, Callable[[Subject], Figure | Note]] = {
    "response_share": responses.responses_drawn,
    "eigenvalue": dimensions.scree_drawn,
    "loading": loadings.loadings_drawn,
    "dependability_coefficient": decisions.decisions_drawn,
    "shrunken_mean": staff.staff_drawn,
    "bias": limits.limits_drawn,
    "test_information": information.information_drawn,
    "graded_threshold": item_map.item_map_drawn,
    "item_rest_correlation": item_map.item_map_drawn,
}
"""The term that tells what a result is → its drawing; the first found counts."""


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
            return drawn(subject)
    known = ", ".join(DRAWN)
    return Note(text=f"No figure for this result: it holds none of {known}.")
