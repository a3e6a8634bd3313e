"""Dimensions and factors: eigenvalues against those of chance, and loadings."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.drawings import draw_across
from analysis.publication.figure import Point, drawn_points, make_figure
from analysis.publication.house_style import height_of
from analysis.publication.numbers import number_text
from analysis.publication.reliability_figures.subject import draw_lines, scale_figure
from analysis.publication.words import extremes_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.foundation.findings import Finding
    from analysis.publication.figure import Figure, Note
    from analysis.publication.reliability_figures.subject import Subject

STANDARDISED = "standardised_loading"
"""A confirmatory model gives loadings in points and standardised; an exploratory one
gives the first only, which is standardised already."""


@scale_figure("loading", STANDARDISED)
def loading_figure(subject: Subject) -> Figure | Note:
    """Standardised loadings: of the confirmatory model where there is one."""
    confirmed = [part for part in subject.of(STANDARDISED) if part.item]
    if not confirmed:
        return exploratory_loading_figure.of(subject)
    return _loadings(subject, confirmed, "confirmatory")


@scale_figure("loading", STANDARDISED)
def exploratory_loading_figure(subject: Subject) -> Figure | Note:
    """Loadings of the exploratory model."""
    standardised = {(part.item, part.group) for part in subject.of(STANDARDISED)}
    chosen = [
        part
        for part in subject.of("loading")
        if part.item and (part.item, part.group) not in standardised
    ]
    return _loadings(subject, chosen, "exploratory")


def _loadings(subject: Subject, chosen: Sequence[Finding], kind: str) -> Figure | Note:
    """Loadings along the horizontal, one item a line, one mark a factor."""
    points = [
        Point(label=subject.item_text(p), series=_factor_text(p), finding=p)
        for p in sorted(chosen, key=lambda part: _order(chosen, part))
    ]
    items = len({point.label for point in points})
    factors = len({point.series for point in points})
    return make_figure(
        f"loadings-{kind}-{subject.place}",
        f"{subject.title}: standardised loadings of the {kind} factor model, with 95% "
        "intervals. Far from zero, either way: the item goes strongly with the factor.",
        _loading_words(drawn_points(points)),
        points,
        partial(draw_across, label="Standardised loading", zero=True),
        height=height_of(max(items, 1) * max(0.8, 0.4 + 0.35 * factors)),
    )


def _order(chosen: Sequence[Finding], part: Finding) -> tuple[int, int, float]:
    """By factor; items by the factor they go with most, the strongest first."""
    factors = list(dict.fromkeys(one.group for one in chosen))
    mine = [one for one in chosen if one.item == part.item]
    best = max(mine, key=lambda one: abs(one.estimate or 0.0))
    return (
        factors.index(part.group),
        factors.index(best.group),
        -abs(best.estimate or 0.0),
    )


def _factor_text(finding: Finding) -> str:
    name = str(finding.group)
    return f"Factor {name}" if name.isdigit() else name


def _loading_words(drawn: Sequence[Point]) -> str:
    """For each factor, from which loading to which its items run."""
    parts = []
    for name in dict.fromkeys(point.series for point in drawn):
        mine = [point for point in drawn if point.series == name]
        unnamed = [dataclasses.replace(point, series="") for point in mine]
        parts.append(f"{name}: loadings from {extremes_words(unnamed)}")
    return "; ".join(parts) + "." if parts else ""


SERIES = {
    "eigenvalue": "These items",
    "eigenvalue_by_chance_percentile": "Chance, upper percentile",
    "eigenvalue_by_chance_mean": "Chance, mean",
}


@scale_figure(*SERIES, "dimensions_by_percentile")
def scree_figure(subject: Subject) -> Figure | Note:
    """Three lines over the dimensions: found, and the two of chance."""
    points = [
        Point(label=str(part.group), series=title, finding=part)
        for term, title in SERIES.items()
        for part in subject.of(term)
    ]
    return make_figure(
        f"scree-{subject.place}",
        f"{subject.title}: eigenvalues compared with those of chance "
        "(parallel analysis). Dimensions above the upper line of chance are shared by "
        "items.",
        _dimensions_words(subject, drawn_points(points)),
        points,
        partial(draw_lines, across="Dimension", label="Eigenvalue"),
        height=height_of(6),
    )


def _dimensions_words(subject: Subject, drawn: Sequence[Point]) -> str:
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
    return (
        f"{sentence}Eigenvalues, found against the upper percentile of chance: "
        f"{listed}."
    )
