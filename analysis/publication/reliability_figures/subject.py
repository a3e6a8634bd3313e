"""What a reliability figure is about: its findings, and the names around them.

The same drawing serves a study's disclosed findings and a result at hand: both become
a `Subject` first. A figure is about one wave, since its lines are already several.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.publication.house_style import LINES, QUIET, bare, legend, mark
from analysis.publication.places import wave_text, waves_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure, Note, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One scale at one wave.

    Attributes
    ----------
    place : str
        End of the files' names, so that no two figures of a page share one.
    title : str
        The scale, with its wave where there is one.
    findings : tuple of Finding
        Those that the figure is made of, in the order found.
    labels : mapping
        Item → its label; an item without one keeps its name.
    """

    place: str
    title: str
    findings: tuple[Finding, ...]
    labels: Mapping[str, str] = field(default_factory=dict)

    def of(self, *terms: str) -> list[Finding]:
        """The findings of these terms, in the order found."""
        return [finding for finding in self.findings if finding.term in terms]

    def item_text(self, finding: Finding) -> str:
        """The label of the item that a finding is about."""
        return self.labels.get(finding.item, finding.item)

    def with_findings(self, findings: Sequence[Finding]) -> Subject:
        """The same scale with other findings."""
        return dataclasses.replace(self, findings=tuple(findings))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleFigure:
    """A figure of one scale at one wave; called with the findings of a study.

    Attributes
    ----------
    terms : tuple of str
        What it is made of.
    of : callable
        Draws a subject, whatever its findings come from.
    """

    terms: tuple[str, ...]
    of: Callable[[Subject], Figure | Note]

    def __call__(
        self,
        disclosed: Disclosed,
        study: Study,
        *,
        survey: str,
        instrument: str,
        subscale: str,
        wave: str = "",
    ) -> Figure | Note:
        """Draw a scale of a study, everyone together.

        Parameters
        ----------
        wave : str
            Which wave; empty for the first that any of the terms was found at.
        """
        declared = study.instruments[instrument]
        here = disclosed.where(
            survey=survey, instrument=instrument, subscale=subscale, arm=""
        )
        chosen = dataclasses.replace(
            here, findings=tuple(p for p in here.findings if p.term in self.terms)
        )
        waves = waves_of(chosen, study, contrasts=False)
        at = wave or (waves[0] if waves else "")
        title = declared.subscale(subscale).title
        return self.of(
            Subject(
                place="-".join(filter(None, (survey, instrument, subscale, at))),
                title=f"{title}, {wave_text(study, at)}" if at else title,
                findings=chosen.where(wave=at).findings,
                labels={item.name: item.label for item in declared.items},
            )
        )


def scale_figure(
    *terms: str,
) -> Callable[[Callable[[Subject], Figure | Note]], ScaleFigure]:
    """Declare that a function draws a figure made of these terms."""
    return lambda draw: ScaleFigure(terms=terms, of=draw)


MAXIMUM_MARKED = 25
"""Points of a line that can still be distinguished; a longer line has no marks."""


def draw_lines(
    axes: Axes,
    points: Sequence[Point],
    *,
    across: str,
    label: str,
    limits: tuple[float, float] | None = None,
) -> None:
    """One line a series over the numbers that the points' labels are."""
    series = list(dict.fromkeys(point.series for point in points))
    for place, name in enumerate(series):
        chosen = [point for point in points if point.series == name]
        draw_line(axes, chosen, place=place, count=len(series))
    axes.set_xlabel(across)
    axes.set_ylabel(label)
    whole = sorted({float(point.label) for point in points})
    if len(whole) <= 12 and all(number.is_integer() for number in whole):
        axes.set_xticks(whole, [f"{number:g}" for number in whole])
    if limits:
        axes.set_ylim(*limits)
    bare(axes)
    legend(axes, series)


def draw_line(axes: Axes, points: Sequence[Point], *, place: int, count: int) -> None:
    """One line, its band behind it; lines differ by mark and dashes too."""
    numbers = [float(point.label) for point in points]
    values = [point.value for point in points]
    look = mark(place, count)
    if len(points) > MAXIMUM_MARKED:
        look["marker"] = ""
    if any(max(point.reach) > 0 for point in points):
        low = [point.value - point.reach[0] for point in points]
        high = [point.value + point.reach[1] for point in points]
        axes.fill_between(numbers, low, high, color=look["color"], alpha=0.16, lw=0)
        for edge in (low, high):
            axes.plot(numbers, edge, color=QUIET, linewidth=0.7, linestyle=":")
    # as error bars without any reach, so that the legend finds every kind of line
    axes.errorbar(numbers, values, **look, linestyle=LINES[place % len(LINES)])
