"""Participant flow as boxes and arrows: at one wave, and over the waves of a survey.

Received, answered, left out by rule, used: of everyone first, then of each arm. What
was left out in all is received less used, and is shown where both are; a count that
disclosure control suppressed is said to be not shown, and never worked out from others.

Over waves, every wave stands with what was used of it, and next to a later wave how
many of its participants are linked: have a score at the earlier one too.
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
from analysis.publication.shown import show
from analysis.publication.table import SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure, Note
    from analysis.publication.shown import Shown

UNKNOWN = "Group not known"
ONE_WAVE = "People were asked at one time only, so nobody could be followed."


def show_followed(disclosed: Disclosed, study: Study) -> Shown:
    """How many took part at each wave, and could be followed from an earlier one."""
    return show(followed_figures(disclosed, study), ONE_WAVE)


def count_text(finding: Finding | None) -> str:
    """A count, or that it is not shown."""
    return (estimate_text(finding) if finding else "") or SUPPRESSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The flow of everyone or of one arm, as far as it may be shown.

    Attributes
    ----------
    left_out : Finding or None
        Received less used; None where one of them is not shown.
    rules : tuple of (str, Finding)
        The title of each rule that left out anybody, and its count.
    """

    title: str
    received: Finding | None
    used: Finding | None
    answered: Finding | None = None
    left_out: Finding | None = None
    rules: tuple[tuple[str, Finding], ...] = ()

    def shown_rules(self) -> list[tuple[str, str]]:
        """Rules whose count is shown, each with its count."""
        shown = (part for part in self.rules if part[1].estimate is not None)
        return [(title, count_text(finding)) for title, finding in shown]

    def suppressed_rules(self) -> list[str]:
        """Titles of the rules whose count is suppressed."""
        return [title for title, part in self.rules if part.estimate is None]

    @property
    def none_left_out(self) -> bool:
        """Whether it is known that nobody was left out."""
        return self.left_out is not None and not self.left_out.n

    @property
    def fewer_used(self) -> bool:
        """Whether it is known that some who answered were not used."""
        if self.answered is None or self.used is None:
            return False
        return (self.answered.n or 0) > (self.used.n or 0)

    def points(self, label: str) -> Iterator[Point]:
        """Everything counted, what is suppressed included."""
        named = (
            ("Received", self.received),
            ("Answered", self.answered),
            ("Left out", self.left_out),
            *self.rules,
            ("Used", self.used),
        )
        for series, finding in named:
            if finding is not None:
                yield Point(label=label, series=series, finding=finding)

    def used_line(self) -> Line:
        """How many were used, as a line of a box."""
        return Line(text=f"Used: {count_text(self.used)}", bold=True)

    def came_lines(self) -> Iterator[Line]:
        """How many responses came, and answered anything, as lines of a box."""
        yield Line(text=f"Received: {count_text(self.received)}")
        if self.answered is not None:
            yield Line(text=f"Answered: {count_text(self.answered)}")


def flow_figures(disclosed: Disclosed, study: Study) -> Iterator[Figure | Note]:
    """The flow of every survey at every wave that is found here."""
    for survey in study.surveys:
        here = disclosed.where(survey=survey.name)
        for wave in _waves_used(here, study):
            yield flow_figure(disclosed, study, survey=survey.name, wave=wave)


def _waves_used(here: Disclosed, study: Study) -> list[str]:
    """The waves of which it was counted how many responses were used."""
    return waves_of(here.where(term="responses_used"), study, contrasts=False)


def flow_figure(
    disclosed: Disclosed, study: Study, *, survey: str, wave: str
) -> Figure | Note:
    """Received, left out and why, used, and the same of each arm."""
    here = disclosed.where(survey=survey, wave=wave)
    place = f"{study.survey(survey).title}, {wave_text(study, wave)}"
    everyone = _flow(here.where(arm=""), place)
    arms = list(_flows_of_arms(here, study, everyone))
    diagram = _flow_diagram(everyone, arms)
    points = [*everyone.points(place)]
    for flow in arms:
        points += flow.points(f"{place}: {flow.title}")
    return make_figure(
        f"participant-flow-{survey}-{wave}",
        f"{place}: responses received, answered, left out by each rule, and used.",
        " ".join(_flow_words(flow) for flow in (everyone, *arms)),
        points,
        partial(draw_boxes, diagram=diagram),
        height=diagram.height,
        title=_flow_title(everyone),
    )


def _flow(here: Disclosed, title: str) -> Flow:
    """The flow of one arm at one wave."""
    received = found(here, term="responses_received")
    used = found(here, term="responses_used")
    named = [(name, rule) for name, rule in FLOW if not rule.startswith("responses")]
    counts = [(name, flow_count(here, rule)) for name, rule in named]
    return Flow(
        title=title,
        received=received,
        answered=found(here, term="responses_answered"),
        used=used,
        left_out=_difference(received, used),
        rules=tuple((name, finding) for name, finding in counts if finding),
    )


def _flows_of_arms(here: Disclosed, study: Study, everyone: Flow) -> Iterator[Flow]:
    """The flow of each arm found; then of those whose arm is not known, if any."""
    rest = everyone.used
    for arm in arms_of(here, study, contrasts=False):
        if arm and found(here, arm=arm, term="responses_used"):
            flow = _flow(here.where(arm=arm), arm_text(study, arm))
            rest = _difference(rest, flow.used)
            yield flow
    # Smaller ones do not follow from what is shown: see `counts`.
    if rest is not everyone.used and rest and rest.n:
        rest = dataclasses.replace(rest, term="responses_used", group="arm not known")
        yield Flow(title=UNKNOWN, received=None, used=rest)


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


def _flow_diagram(everyone: Flow, arms: list[Flow]) -> Diagram:
    opening = [Line(text=everyone.title, bold=True), *everyone.came_lines()]
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
    used = box_of([everyone.used_line()], left=0, top=below, filled=True)
    boxes.append(used)
    arrows.append(down(received, used))
    if arms:
        contents = [list(_arm_lines(flow)) for flow in arms]
        split = side_by_side(contents, top=used.bottom + GAP)
        boxes += split
        arrows += branches(used, split)
    return Diagram(boxes=tuple(boxes), arrows=tuple(arrows))


def _arm_lines(flow: Flow) -> Iterator[Line]:
    yield Line(text=flow.title, bold=True)
    yield flow.used_line()
    if flow.received is None:
        return
    yield from flow.came_lines()
    if not flow.none_left_out:
        yield Line(text=f"Left out: {count_text(flow.left_out)}")
    for title, count in flow.shown_rules():
        yield Line(text=f"{title}: {count}", listed=True)


def _left_out_lines(flow: Flow) -> Iterator[Line]:
    """How many were left out, by each rule whose count may be shown."""
    if not flow.rules and (flow.left_out is None or not flow.left_out.n):
        return
    yield Line(text=f"Left out: {count_text(flow.left_out)}", bold=True)
    for title, count in flow.shown_rules():
        yield Line(text=f"{title}: {count}", listed=True)
    if suppressed := flow.suppressed_rules():
        yield Line(text=f"Number {SUPPRESSED}:")
        for title in suppressed:
            yield Line(text=title, listed=True)


def _flow_title(flow: Flow) -> str:
    """What the figure shows, in a sentence."""
    used, answered = count_text(flow.used), count_text(flow.answered)
    if used == SUPPRESSED:
        return f"{flow.title}: how many responses were used is not shown."
    if answered == SUPPRESSED or not flow.fewer_used:
        return f"{flow.title}: {used} responses were used."
    return f"{flow.title}: {used} of {answered} responses with an answer were used."


def _flow_words(flow: Flow) -> str:
    """A flow in words, for those who cannot see it."""
    parts = [_count_words(flow.used, "used")]
    if flow.received is not None:
        why = [f"{title} {count}" for title, count in flow.shown_rules()]
        if not flow.none_left_out:
            why += [f"{title} {SUPPRESSED}" for title in flow.suppressed_rules()]
        left_out = _count_words(flow.left_out, "left out") + _in_brackets(why)
        came = [_count_words(flow.received, "received")]
        if flow.answered is not None:
            came.append(_count_words(flow.answered, "answered"))
        parts = [*came, left_out, *parts]
    return f"{flow.title}: {'; '.join(parts)}."


def _count_words(finding: Finding | None, what: str) -> str:
    text = count_text(finding)
    return f"how many were {what} is {text}" if text == SUPPRESSED else f"{text} {what}"


def _in_brackets(parts: Sequence[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Participants with a score at two waves.

    Attributes
    ----------
    before : str
        Title of the earlier wave.
    counts : tuple of (str, Finding)
        Of everyone, then of each arm.
    """

    title: str
    before: str
    counts: tuple[tuple[str, Finding], ...]

    def texts(self) -> tuple[str, list[tuple[str, str]]]:
        """The count of everyone, and that of each arm."""
        (_, everyone), *arms = self.counts
        return count_text(everyone), [(arm, count_text(part)) for arm, part in arms]

    def words(self) -> str:
        """The counts in a line."""
        everyone, arms = self.texts()
        listed = _in_brackets([f"{arm} {count}" for arm, count in arms])
        return f"linked to {self.before}, {self.title}: {everyone}{listed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A survey at one wave, and those of its participants who were followed."""

    everyone: Flow
    arms: tuple[Flow, ...]
    followed: tuple[Followed, ...]

    @property
    def title(self) -> str:
        """The title of the wave."""
        return self.everyone.title

    def points(self) -> Iterator[Point]:
        """Every count, what is suppressed included."""
        yield from self.everyone.points(self.title)
        for flow in self.arms:
            yield from flow.points(f"{self.title}: {flow.title}")
        for part in self.followed:
            for arm, finding in part.counts:
                label = f"{part.before} and {self.title}: {arm}"
                yield Point(label=label, series=part.title, finding=finding)

    def words(self) -> str:
        """The wave in words, for those who cannot see it."""
        arms = [f"{flow.title} {count_text(flow.used)}" for flow in self.arms]
        received = count_text(self.everyone.received)
        used = f"{count_text(self.everyone.used)}{_in_brackets(arms)}"
        came = [f"received {received}"]
        if self.everyone.answered is not None:
            came.append(f"answered {count_text(self.everyone.answered)}")
        sentences = [f"{self.title}: {', '.join(came)}, used {used}"]
        return "; ".join([*sentences, *(part.words() for part in self.followed)]) + "."

    def lines(self) -> Iterator[Line]:
        """What was received, answered and used."""
        yield Line(text=self.title, bold=True)
        yield from self.everyone.came_lines()
        yield self.everyone.used_line()
        for flow in self.arms:
            yield Line(text=f"{flow.title}: {count_text(flow.used)}", listed=True)

    def followed_lines(self) -> Iterator[Line]:
        """Who was followed from earlier waves."""
        before = ""
        for part in self.followed:
            if part.before != before:
                before = part.before
                yield Line(text=f"Linked to {before}", bold=True)
            everyone, arms = part.texts()
            yield Line(text=f"{part.title}: {everyone}")
            for arm, count in arms:
                yield Line(text=f"{arm}: {count}", listed=True)


def followed_figures(disclosed: Disclosed, study: Study) -> Iterator[Figure | Note]:
    """A figure of every survey that was held at several waves."""
    safe = suppress_attrition_counts(disclosed, smallest=study.smallest_group_shown)
    for survey in study.surveys:
        here = safe.where(survey=survey.name)
        waves = [_wave(here, study, name) for name in _waves_used(here, study)]
        if len(waves) > 1:
            yield _followed_figure(survey.name, survey.title, waves)


def _followed_figure(name: str, title: str, waves: list[Wave]) -> Figure | Note:
    diagram = _followed_diagram(title, waves)
    how = (
        ", and participants with a score at two waves."
        if any(wave.followed for wave in waves)
        else ". They are not linked: different people may have answered."
    )
    return make_figure(
        f"participants-over-waves-{name}",
        f"{title}: responses used at each wave{how}",
        " ".join(wave.words() for wave in waves),
        [point for wave in waves for point in wave.points()],
        partial(draw_boxes, diagram=diagram),
        height=diagram.height,
        title=_followed_title(title, waves),
    )


def _wave(here: Disclosed, study: Study, name: str) -> Wave:
    at_wave = here.where(wave=name)
    whole = _flow(at_wave.where(arm=""), wave_text(study, name))
    everyone = dataclasses.replace(whole, left_out=None, rules=())
    return Wave(
        everyone=everyone,
        arms=tuple(
            Flow(title=flow.title, received=None, used=flow.used)
            for flow in _flows_of_arms(at_wave, study, everyone)
        ),
        followed=tuple(_followed(here.where(term=LINKED, group=""), study, name)),
    )


def _followed(linked: Disclosed, study: Study, wave: str) -> Iterator[Followed]:
    """Those who were followed to a wave, by the earlier one and by outcome."""
    for contrast in waves_of(linked, study, contrasts=True):
        if contrast.after == wave:
            for outcome in study.outcomes:
                counts = _linked_counts(linked.where(wave=contrast), study, outcome)
                if counts:
                    yield Followed(
                        title=outcome.title,
                        before=wave_text(study, contrast.before),
                        counts=counts,
                    )


def _linked_counts(
    linked: Disclosed, study: Study, outcome: Outcome
) -> tuple[tuple[str, Finding], ...]:
    """Of everyone, then of each arm; none without that of everyone."""
    here = linked.where(instrument=outcome.instrument, subscale=outcome.subscale)
    arms = arms_of(here, study, contrasts=False)
    if "" not in arms:
        return ()
    return tuple(
        (arm_text(study, arm), here.where(arm=arm).findings[0]) for arm in arms
    )


def _followed_diagram(title: str, waves: list[Wave]) -> Diagram:
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    opening, top, above = [Line(text=title)], 0.0, None
    for wave in waves:
        box = box_of([*opening, *wave.lines()], left=0, top=top, filled=True)
        boxes.append(box)
        opening, lowest = [], box.bottom
        if wave.followed:
            right = box_of(wave.followed_lines(), left=SECOND, top=top)
            boxes.append(right)
            level = top + min(box.height, right.height) / 2
            ends = ((box.left + box.width, level), (SECOND, level))
            arrows += [down(above, box)] if above else []
            arrows.append(Arrow(corners=ends))
            lowest = max(lowest, right.bottom)
        top, above = lowest + GAP, box
    return Diagram(boxes=tuple(boxes), arrows=tuple(arrows))


def _followed_title(title: str, waves: list[Wave]) -> str:
    """How many were used at the first and at the last wave."""
    first, last = waves[0], waves[-1]
    used = [count_text(wave.everyone.used) for wave in (first, last)]
    if SUPPRESSED in used:
        return f"{title}: responses used at {len(waves)} waves."
    return (
        f"{title}: {used[0]} responses used at {first.title}, {used[1]} at "
        f"{last.title}."
    )
