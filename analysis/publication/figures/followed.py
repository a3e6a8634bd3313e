"""Participants over the waves of a survey, as boxes and arrows.

Every wave with what was kept of it; beside a later wave, how many of its participants
have a score at the earlier one too; `losses` looks after what follows from both.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.disclosure.losses import LINKED, suppress_attrition_counts
from analysis.publication.figures.boxes import (
    GAP,
    SECOND,
    Arrow,
    Box,
    Diagram,
    Line,
    box_of,
    down,
    draw_boxes,
)
from analysis.publication.figures.flow import Flow, count_text, flow_of, flows_of_arms
from analysis.publication.figures.frame import Point, make_figure
from analysis.publication.places import arm_text, arms_of, found, wave_text, waves_of
from analysis.publication.tables import SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.declarations.study import Survey
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Participants with a score at two waves: of everyone, then of each arm."""

    title: str
    counts: tuple[tuple[str, Finding], ...]

    def points(self, label: str) -> Iterator[Point]:
        """Every count, what is held back included."""
        for arm, finding in self.counts:
            yield Point(label=f"{label}: {arm}", series=self.title, finding=finding)

    def text(self) -> str:
        """The counts in a line."""
        (_, everyone), *arms = self.counts
        listed = ", ".join(f"{arm} {count_text(finding)}" for arm, finding in arms)
        return f"{self.title}: {count_text(everyone)}" + f" ({listed})" * bool(arms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A survey at one wave, and the waves its participants were followed from."""

    title: str
    everyone: Flow
    arms: tuple[Flow, ...]
    followed: tuple[tuple[str, tuple[Followed, ...]], ...]


def followed_figures(disclosed: Disclosed, study: Study) -> Iterator[Figure | Note]:
    """A figure of every survey that was held at several waves."""
    safe = suppress_attrition_counts(disclosed, smallest=study.smallest_group_shown)
    for survey in study.surveys:
        selected = safe.where(survey=survey.name)
        waves = [
            _wave(selected, study, name)
            for name in waves_of(selected, study, contrasts=False)
            if found(selected, wave=name, term="responses_kept")
        ]
        if len(waves) > 1:
            yield _figure(survey, waves)


def _figure(survey: Survey, waves: list[Wave]) -> Figure | Note:
    diagram = _diagram(survey, waves)
    linked = any(wave.followed for wave in waves)
    points = []
    for wave in waves:
        points += [*wave.everyone.points(wave.title)]
        for flow in wave.arms:
            points += flow.points(f"{wave.title}: {flow.title}")
        for before, counts in wave.followed:
            for part in counts:
                points += part.points(f"{before} and {wave.title}")
    caption = f"{survey.title}: responses kept at each wave"
    how = (
        ", and participants with a score at two waves."
        if linked
        else ". They are not linked: different people may have answered."
    )
    return make_figure(
        f"participants-over-waves-{survey.name}",
        caption + how,
        " ".join(_words(wave) for wave in waves),
        points,
        partial(draw_boxes, diagram=diagram),
        height=diagram.height,
        title=_finding(survey, waves),
    )


def _wave(selected: Disclosed, study: Study, name: str) -> Wave:
    at_wave = selected.where(wave=name)
    title = wave_text(study, name)
    everyone = flow_of(at_wave.where(arm=""), title)
    flows = flows_of_arms(at_wave, study, everyone)
    return Wave(
        title=title,
        everyone=dataclasses.replace(everyone, left_out=None, rules=()),
        arms=tuple(
            dataclasses.replace(flow, received=None, left_out=None, rules=())
            for flow in flows
        ),
        followed=tuple(_followed(selected, study, name)),
    )


def _followed(
    selected: Disclosed, study: Study, wave: str
) -> Iterator[tuple[str, tuple[Followed, ...]]]:
    """Each earlier wave with those who were followed from it."""
    for contrast in waves_of(selected.where(term=LINKED), study, contrasts=True):
        after, _, before = contrast.partition(" - ")
        if after != wave:
            continue
        parts = (
            _of_outcome(selected, study, outcome, contrast)
            for outcome in study.outcomes
        )
        if counts := tuple(part for part in parts if part):
            yield wave_text(study, before), counts


def _of_outcome(
    selected: Disclosed, study: Study, outcome: Outcome, contrast: str
) -> Followed | None:
    linked = selected.where(
        instrument=outcome.instrument,
        subscale=outcome.subscale,
        wave=contrast,
        term=LINKED,
        group="",
    )
    counts = {
        arm: finding
        for arm in arms_of(linked, study, contrasts=False)
        for finding in linked.where(arm=arm).findings[:1]
    }
    if "" not in counts:
        return None
    return Followed(
        title=outcome.title,
        counts=tuple(
            (arm_text(study, arm), finding) for arm, finding in counts.items()
        ),
    )


def _diagram(survey: Survey, waves: list[Wave]) -> Diagram:
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    top, above = 0.0, None
    for wave in waves:
        lines = (
            [*_wave_lines(survey, wave)]
            if above is None
            else [*_wave_lines(None, wave)]
        )
        box = box_of(lines, left=0, top=top, filled=True)
        boxes.append(box)
        if above is not None and wave.followed:
            arrows.append(down(above, box))
        lowest = box.bottom
        if wave.followed:
            supplementary = box_of(_followed_lines(wave), left=SECOND, top=top)
            boxes.append(supplementary)
            level = top + min(box.height, supplementary.height) / 2
            arrows.append(
                Arrow(corners=((box.left + box.width, level), (SECOND, level)))
            )
            lowest = max(lowest, supplementary.bottom)
        top, above = lowest + GAP, box
    return Diagram(boxes=tuple(boxes), arrows=tuple(arrows))


def _wave_lines(survey: Survey | None, wave: Wave) -> Iterator[Line]:
    if survey is not None:
        yield Line(text=survey.title)
    yield Line(text=wave.title, bold=True)
    yield Line(text=f"Received: {count_text(wave.everyone.received)}")
    yield Line(text=f"Kept: {count_text(wave.everyone.kept)}", bold=True)
    for flow in wave.arms:
        yield Line(text=f"{flow.title}: {count_text(flow.kept)}", listed=True)


def _followed_lines(wave: Wave) -> Iterator[Line]:
    for before, counts in wave.followed:
        yield Line(text=f"Also scored at {before}", bold=True)
        for part in counts:
            (_, everyone), *arms = part.counts
            yield Line(text=f"{part.title}: {count_text(everyone)}")
            for arm, finding in arms:
                yield Line(text=f"{arm}: {count_text(finding)}", listed=True)


def _finding(survey: Survey, waves: list[Wave]) -> str:
    """How many were kept at the first and at the last wave."""
    first, last = waves[0], waves[-1]
    kept = [count_text(wave.everyone.kept) for wave in (first, last)]
    if SUPPRESSED in kept:
        return f"{survey.title}: responses kept at {len(waves)} waves."
    return (
        f"{survey.title}: {kept[0]} responses kept at {first.title}, "
        f"{kept[1]} at {last.title}."
    )


def _words(wave: Wave) -> str:
    arms = ", ".join(f"{flow.title} {count_text(flow.kept)}" for flow in wave.arms)
    listed = f" ({arms})" if arms else ""
    sentences = [
        f"{wave.title}: received {count_text(wave.everyone.received)}, "
        f"kept {count_text(wave.everyone.kept)}{listed}"
    ]
    sentences += [
        f"with a score at {before} too, {part.text()}"
        for before, counts in wave.followed
        for part in counts
    ]
    return "; ".join(sentences) + "."
