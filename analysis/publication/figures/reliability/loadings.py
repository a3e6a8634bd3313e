"""What the factors of a model give to each item, with intervals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.publication.figures.drawings import draw_across
from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.reliability.subject import subject_of
from analysis.publication.figures.style import height_of
from analysis.publication.tables import estimate_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note
    from analysis.publication.figures.reliability.subject import Subject

Model: TypeAlias = Literal["exploratory", "confirmatory"]

STANDARDISED = "standardised_loading"
TERMS = ("loading", STANDARDISED)
"""A confirmatory model gives both, in points and standardised; an exploratory one
only the first, which is standardised already."""


def loading_figure(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    model: Model | None = None,
    wave: str = "",
) -> Figure | Note:
    """Standardised loadings of every item, one mark a factor.

    Parameters
    ----------
    model : {"exploratory", "confirmatory"}, optional
        Whose loadings; without it the confirmatory model's where there is one.
    """
    place = {"survey": survey, "instrument": instrument, "subscale": subscale}
    subject = subject_of(disclosed, study, **place, terms=TERMS, wave=wave)
    return loadings_drawn(subject, model)


def loadings_drawn(subject: Subject, model: Model | None = None) -> Figure | Note:
    """Loadings along the horizontal, one item a line."""
    confirmed = [part for part in subject.of(STANDARDISED) if part.item]
    kind = model or ("confirmatory" if confirmed else "exploratory")
    with_loading = {(part.item, part.group) for part in confirmed}
    chosen = (
        confirmed
        if kind == "confirmatory"
        else [
            part
            for part in subject.of("loading")
            if part.item and (part.item, part.group) not in with_loading
        ]
    )
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
        _words(drawn_points(points)),
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
    return f"Factor {finding.group}" if finding.group.isdigit() else finding.group


def _words(drawn: Sequence[Point]) -> str:
    """For each factor, from which loading to which its items run."""
    parts = []
    for name in dict.fromkeys(point.series for point in drawn):
        mine = sorted(
            (point for point in drawn if point.series == name),
            key=lambda point: point.value,
        )
        low, high = mine[0], mine[-1]
        parts.append(
            f"{name}: loadings from {estimate_text(low.finding)} ({low.label}) to "
            f"{estimate_text(high.finding)} ({high.label})"
        )
    return "; ".join(parts) + "." if parts else ""
