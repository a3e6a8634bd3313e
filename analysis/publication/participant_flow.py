"""The participant flow of a survey at one wave, as boxes and arrows.

Received, left out by rule, kept: of everyone first, then of each arm. What was left out
in all is received less kept, and is shown where both are; a count that disclosure
control held back is said to be not shown, and never worked out from others.

Participants over the waves of a survey, as boxes and arrows.

Every wave with what was kept of it; beside a later wave, how many of its participants
have a score at the earlier one too; `losses` looks after what follows from both.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.boxes import (
    GAP,
    SECOND,
    Arrow,
    Box,
    Diagram,
    Line,
    box_of,
    branches,
    down,
    draw_boxes,
    side_by_side,
)
from analysis.publication.disclosure.control import LINKED, suppress_attrition_counts
from analysis.publication.figure import Point, make_figure
from analysis.publication.numbers import estimate_text
from analysis.publication.places import (
    FLOW,
    arm_text,
    arms_of,
    flow_count,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.table import SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Outcome, Study, Survey
    from analysis.foundation.findings import Contrast, Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure, Note

UNKNOWN = "Group not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The flow of everyone or of one arm, as far as it may be shown.

    Attributes
    ----------
    left_out : Finding or None
        Received less kept; None where one of them is not shown.
    rules : tuple of (str, Finding)
        The title of each rule that left out anybody, and its count.
    """

    title: str
    received: Finding | None
    kept: Finding | None
    left_out: Finding | None
    rules: tuple[tuple[str, Finding], ...] = ()

    def shown_rules(self) -> list[tuple[str, Finding]]:
        """Rules whose count is shown."""
        return [part for part in self.rules if part[1].estimate is not None]

    def suppressed_rules(self) -> list[str]:
        """Titles of the rules whose count is held back."""
        return [title for title, part in self.rules if part.estimate is None]

    def points(self, label: str) -> Iterator[Point]:
        """Everything counted, what is held back included."""
        named = (
            ("Received", self.received),
            ("Left out", self.left_out),
            *self.rules,
            ("Kept", self.kept),
        )
        for series, finding in named:
            if finding is not None:
                yield Point(label=label, series=series, finding=finding)


def flow_figures(disclosed: Disclosed, study: Study) -> Iterator[Figure | Note]:
    """The flow of every survey at every wave that is found here."""
    for survey in study.surveys:
        selected = disclosed.where(survey=survey.name)
        for wave in waves_of(selected, study, contrasts=False):
            if found(selected, wave=wave, term="responses_kept"):
                yield flow_figure(disclosed, study, survey=survey.name, wave=wave)


def flow_figure(
    disclosed: Disclosed, study: Study, *, survey: str, wave: str
) -> Figure | Note:
    """Received, left out and why, kept, and the same of each arm."""
    selected = disclosed.where(survey=survey, wave=wave)
    titles = {part.name: part.title for part in study.surveys}
    place = f"{titles[survey]}, {wave_text(study, wave)}"
    everyone = flow_of(selected.where(arm=""), place)
    arms = list(flows_of_arms(selected, study, everyone))
    diagram = _diagram(everyone, arms)
    points = [*everyone.points(place)]
    for flow in arms:
        points += flow.points(f"{place}: {flow.title}")
    return make_figure(
        f"participant-flow-{survey}-{wave}",
        f"{place}: responses received, left out by each rule, and kept.",
        " ".join([_words(everyone), *(_words(flow) for flow in arms)]),
        points,
        partial(draw_boxes, diagram=diagram),
        height=diagram.height,
        title=_finding(everyone),
    )


def flow_of(selected: Disclosed, title: str) -> Flow:
    """The flow of one arm at one wave."""
    received = found(selected, term="responses_received")
    kept = found(selected, term="responses_kept")
    named = [(name, rule) for name, rule in FLOW if not rule.startswith("responses")]
    counts = [(name, flow_count(selected, rule)) for name, rule in named]
    return Flow(
        title=title,
        received=received,
        kept=kept,
        left_out=_difference(received, kept),
        rules=tuple((name, finding) for name, finding in counts if finding),
    )


def flows_of_arms(selected: Disclosed, study: Study, everyone: Flow) -> Iterator[Flow]:
    """The flow of each arm found; then of those whose arm is not known, if any."""
    rest = everyone.kept
    for arm in arms_of(selected, study, contrasts=False):
        if arm and found(selected, arm=arm, term="responses_kept"):
            flow = flow_of(selected.where(arm=arm), arm_text(study, arm))
            rest = _difference(rest, flow.kept)
            yield flow
    # Smaller ones do not follow from what is shown: see `counts`.
    if rest is not everyone.kept and rest and rest.n:
        rest = dataclasses.replace(rest, term="responses_kept", group="arm not known")
        yield Flow(title=UNKNOWN, received=None, kept=rest, left_out=None)


def _difference(whole: Finding | None, part: Finding | None) -> Finding | None:
    """One count less another, where both are shown."""
    if whole is None or part is None or whole.n is None or part.n is None:
        return None
    left = whole.n - part.n
    return dataclasses.replace(
        whole,
        term="responses_left_out",
        estimate=float(left),
        n=left,
        method="the rest of two counts that are shown",
    )


def _diagram(everyone: Flow, arms: list[Flow]) -> Diagram:
    opening = [Line(text=everyone.title, bold=True), Line(text=_received(everyone))]
    received = box_of(opening, left=0, top=0)
    boxes, arrows = [received], []
    below = received.bottom + GAP
    if lines := list(_left_out_lines(everyone)):
        left_out = box_of(lines, left=SECOND, top=received.bottom + GAP / 2)
        boxes.append(left_out)
        level = left_out.top + left_out.height / 2
        across = ((received.middle, level), (left_out.left, level))
        arrows.append(Arrow(corners=across))
        below = left_out.bottom + GAP / 2
    kept = box_of([_kept_line(everyone)], left=0, top=below, filled=True)
    boxes.append(kept)
    arrows.append(down(received, kept))
    if arms:
        contents = [list(_arm_lines(flow)) for flow in arms]
        split = side_by_side(contents, top=kept.bottom + GAP)
        boxes += split
        arrows += branches(kept, split)
    return Diagram(boxes=tuple(boxes), arrows=tuple(arrows))


def _arm_lines(flow: Flow) -> Iterator[Line]:
    yield Line(text=flow.title, bold=True)
    yield _kept_line(flow)
    if flow.received is None:
        return
    yield Line(text=_received(flow))
    if flow.left_out is None or flow.left_out.n:
        yield Line(text=f"Left out: {count_text(flow.left_out)}")
    for title, finding in flow.shown_rules():
        yield Line(text=f"{title}: {count_text(finding)}", listed=True)


def _left_out_lines(flow: Flow) -> Iterator[Line]:
    """How many were left out, by each rule whose count may be shown."""
    if not flow.rules and (flow.left_out is None or not flow.left_out.n):
        return
    yield Line(text=f"Left out: {count_text(flow.left_out)}", bold=True)
    for title, finding in flow.shown_rules():
        yield Line(text=f"{title}: {count_text(finding)}", listed=True)
    if suppressed := flow.suppressed_rules():
        yield Line(text=f"Number {SUPPRESSED}:")
        for title in suppressed:
            yield Line(text=title, listed=True)


def _received(flow: Flow) -> str:
    return f"Received: {count_text(flow.received)}"


def _kept_line(flow: Flow) -> Line:
    return Line(text=f"Kept: {count_text(flow.kept)}", bold=True)


def count_text(finding: Finding | None) -> str:
    """A count, or that it is not shown."""
    return (estimate_text(finding) if finding else "") or SUPPRESSED


def _finding(flow: Flow) -> str:
    """What the figure shows, in a sentence."""
    if flow.kept is None or flow.kept.estimate is None:
        return f"{flow.title}: how many responses were kept is not shown."
    if flow.left_out is None:
        return f"{flow.title}: {count_text(flow.kept)} responses were kept."
    if not flow.left_out.n:
        return f"{flow.title}: all {count_text(flow.kept)} responses were kept."
    of = f"{count_text(flow.kept)} of {count_text(flow.received)}"
    return f"{flow.title}: {of} responses were kept."


def _words(flow: Flow) -> str:
    """A flow in words, for those who cannot see it."""
    parts = [_count_words(flow.kept, "kept")]
    if flow.received is not None:
        left_out = _count_words(flow.left_out, "left out")
        why = [f"{title} {count_text(part)}" for title, part in flow.shown_rules()]
        if flow.left_out is None or flow.left_out.n:
            why += [f"{title} {SUPPRESSED}" for title in flow.suppressed_rules()]
        listed = f" ({', '.join(why)})" if why else ""
        parts = [_count_words(flow.received, "received"), left_out + listed, *parts]
    return f"{flow.title}: {'; '.join(parts)}."


def _count_words(finding: Finding | None, what: str) -> str:
    text = count_text(finding)
    return f"how many were {what} is {text}" if text == SUPPRESSED else f"{text} {what}"


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
    diagram = _followed_diagram(survey, waves)
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
        " ".join(_followed_words(wave) for wave in waves),
        points,
        partial(draw_boxes, diagram=diagram),
        height=diagram.height,
        title=_followed_finding(survey, waves),
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
        if contrast.after != wave:
            continue
        parts = (
            _of_outcome(selected, study, outcome, contrast)
            for outcome in study.outcomes
        )
        if counts := tuple(part for part in parts if part):
            yield wave_text(study, contrast.before), counts


def _of_outcome(
    selected: Disclosed, study: Study, outcome: Outcome, contrast: Contrast
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


def _followed_diagram(survey: Survey, waves: list[Wave]) -> Diagram:
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


def _followed_finding(survey: Survey, waves: list[Wave]) -> str:
    """How many were kept at the first and at the last wave."""
    first, last = waves[0], waves[-1]
    kept = [count_text(wave.everyone.kept) for wave in (first, last)]
    if SUPPRESSED in kept:
        return f"{survey.title}: responses kept at {len(waves)} waves."
    return (
        f"{survey.title}: {kept[0]} responses kept at {first.title}, "
        f"{kept[1]} at {last.title}."
    )


def _followed_words(wave: Wave) -> str:
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
