"""How many dimensions the items have: eigenvalues beside those of chance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.reliability.lines import draw_lines
from analysis.publication.figures.reliability.subject import subject_of
from analysis.publication.figures.style import height_of
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note
    from analysis.publication.figures.reliability.subject import Subject

SERIES = {
    "eigenvalue": "These items",
    "eigenvalue_by_chance_percentile": "Chance, upper percentile",
    "eigenvalue_by_chance_mean": "Chance, mean",
}
TERMS = (*SERIES, "dimensions_by_percentile")


def scree_figure(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    wave: str = "",
) -> Figure | Note:
    """Eigenvalues from the largest down, beside those of items without anything shared.

    A line above chance is a dimension that the items share.
    """
    place = {"survey": survey, "instrument": instrument, "subscale": subscale}
    return scree_drawn(subject_of(disclosed, study, **place, terms=TERMS, wave=wave))


def scree_drawn(subject: Subject) -> Figure | Note:
    """Three lines over the dimensions: found, and the two of chance."""
    points = [
        Point(label=part.group, series=title, finding=part)
        for term, title in SERIES.items()
        for part in subject.of(term)
    ]
    return make_figure(
        f"scree-{subject.place}",
        f"{subject.title}: eigenvalues beside those of chance (parallel analysis). "
        "Dimensions above the upper line of chance are shared by items.",
        _words(subject, drawn_points(points)),
        points,
        partial(draw_lines, across="Dimension", label="Eigenvalue"),
        height=height_of(6),
    )


def _words(subject: Subject, drawn: Sequence[Point]) -> str:
    counted = [f for f in subject.of("dimensions_by_percentile") if f.estimate]
    sentence = ""
    if counted and counted[0].estimate is not None:
        number = number_text(counted[0].estimate, counted[0].term)
        many = "dimension exceeds" if number == "1" else "dimensions exceed"
        sentence = f"{number} {many} chance. "
    pairs = {
        label: [number_text(p.value) for p in drawn if p.label == label][:2]
        for label in dict.fromkeys(point.label for point in drawn)
    }
    listed = "; ".join(
        f"dimension {label}: " + " against ".join(numbers)
        for label, numbers in pairs.items()
    )
    return f"{sentence}Eigenvalues, found against the upper percentile of chance: {listed}."
