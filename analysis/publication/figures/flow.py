"""The participant flow of a survey at one wave, as boxes and arrows.

Received, left out by rule, kept: of everyone first, then of each arm. What was left out
in all is received less kept, and is shown where both are; a count that disclosure
control held back is said to be not shown, and never worked out from others.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.boxes import (
    GAP,
    SECOND,
    Arrow,
    Diagram,
    Line,
    box_of,
    branches,
    down,
    draw_boxes,
    side_by_side,
)
from analysis.publication.figures.frame import Point, make_figure
from analysis.publication.places import (
    FLOW,
    arm_text,
    arms_of,
    flow_count,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.tables import SUPPRESSED, estimate_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

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
