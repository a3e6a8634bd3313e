"""What figures have alike, declared once: which findings, and where each one stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.publication.disclosure.control import Disclosed
from analysis.publication.drawings import draw_forest
from analysis.publication.figure import Point, make_figure
from analysis.publication.house_style import height_of
from analysis.publication.numbers import PERCENTAGE_POINTS
from analysis.publication.places import arm_text, arms_of, places_of, wave_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding, Place
    from analysis.publication.figure import Figure, Note

Key: TypeAlias = Literal["arm", "term", "wave"]
Arms: TypeAlias = Literal["all", "arms", "first contrast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Which findings a figure shows, in which order, and what each is called.

    Attributes
    ----------
    terms : mapping
        Term → what its marks are called; empty where the term alone says nothing.
    line, mark : tuple of {"arm", "term", "wave", "group"}
        What a line of the figure, and a mark on it, is named by.
    order : tuple of {"arm", "term", "wave"}
        What the points are sorted by, the outermost first; else they stay as found.
    arms : {"all", "arms", "first contrast"}
        Everyone and each arm; each arm, or everyone where there is none; two compared.
    contrasts : bool
        Whether pairs of waves are shown, or waves.
    """

    terms: Mapping[str, str]
    line: tuple[str, ...] = ("wave",)
    mark: tuple[str, ...] = ("term",)
    order: tuple[Key, ...] = ("term", "wave")
    arms: Arms = "all"
    contrasts: bool = True

    def points(self, here: Disclosed, study: Study) -> list[Point]:
        """The points of this panel among the findings given."""
        chosen = self._chosen(here, study)
        ranks = self._ranks(chosen, study)
        placed = [
            part
            for part in chosen.findings
            if all(getattr(part, key) in ranks[key] for key in self.order)
        ]
        placed.sort(
            key=lambda part: [ranks[key][getattr(part, key)] for key in self.order]
        )
        return [
            Point(
                label=self._name(part, study, self.line),
                series=self._name(part, study, self.mark),
                finding=part,
            )
            for part in placed
        ]

    def _chosen(self, here: Disclosed, study: Study) -> Disclosed:
        of_terms = (part for part in here.findings if part.term in self.terms)
        chosen = Disclosed(findings=tuple(of_terms))
        if self.arms == "all":
            return chosen
        if self.arms == "first contrast":
            arms = arms_of(chosen, study, contrasts=True)[:1]
        else:
            arms = arms_of(chosen, study, contrasts=False)
            arms = [arm for arm in arms if arm] or arms
        of_arms = (part for part in chosen.findings if part.arm in arms)
        return Disclosed(findings=tuple(of_arms))

    def _ranks(self, chosen: Disclosed, study: Study) -> dict[Key, dict[Place, int]]:
        between = self.arms == "first contrast"
        keys: dict[Key, Sequence[Place]] = {
            "arm": arms_of(chosen, study, contrasts=between),
            "term": [*self.terms],
            "wave": places_of(chosen, study, contrasts=self.contrasts),
        }
        return {
            key: {name: place for place, name in enumerate(names)}
            for key, names in keys.items()
        }

    def _name(self, part: Finding, study: Study, keys: tuple[str, ...]) -> str:
        texts: dict[str, Callable[[], str]] = {
            "arm": lambda: arm_text(study, part.arm),
            "group": lambda: str(part.group),
            "term": lambda: self.terms[part.term],
            "wave": lambda: wave_text(study, part.wave),
        }
        return ", ".join(filter(None, (texts[key]() for key in keys)))


def forest(
    name: str,
    caption: str,
    alt_text: str,
    points: Sequence[Point],
    *,
    label: str,
    smallest_effect: float | None = None,
) -> Figure | Note:
    """Differences with their intervals, zero, and the zone too small to matter."""
    hundredths = any(point.finding.metric for point in points)
    drawing = partial(
        draw_forest,
        label=label,
        smallest_effect=smallest_effect,
        hundredths=hundredths,
    )
    return make_figure(
        name,
        caption,
        alt_text,
        points,
        drawing,
        height=lines_height(points),
    )


def lines_height(points: Sequence[Point]) -> float:
    """Inches that a figure of one line a label needs, with a mark a series."""
    lines = len({point.label for point in points})
    series = len({point.series for point in points})
    return height_of(max(lines, 1) * max(1.0, 0.4 + 0.35 * series))


def difference_label(points: Sequence[Point], what: str = "Difference") -> str:
    """What an axis of differences is in."""
    shares = any(point.finding.metric for point in points)
    return f"{what} in {PERCENTAGE_POINTS if shares else 'points'}"
