"""How an effect changes as those lost of one arm are taken to lie further away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    colours,
    height_of,
)
from analysis.publication.places import (
    arm_text,
    findings_of_outcome,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.tables import number_text, points_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

TERM = "shifted_arm_difference"
TIPS = "tipping_point_interval_zero"


def tipping_figures(
    disclosed: Disclosed, study: Study, outcome: Outcome
) -> Iterator[Figure | Note]:
    """A figure a follow-up: the effect against how far those lost are shifted."""
    selected = findings_of_outcome(disclosed, outcome)
    for number, wave in enumerate(waves_of(selected, study, contrasts=True), start=1):
        at = selected.where(wave=wave)
        tips = found(at, term=TIPS)
        if tips is None:
            continue
        points = [
            Point(label=finding.group, series="", finding=finding)
            for finding in at.where(term=TERM).findings
        ]
        subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
        treated, _, _ = tips.arm.partition(" - ")
        worse = subscale.direction == "higher_is_worse"
        smallest = outcome.smallest_effect
        caption = f"{outcome.title}, {wave_text(study, wave)}"
        yield make_figure(
            f"tipping-{outcome.name}-{number}",
            f"{caption}. {_sentence(at, study, outcome)}",
            f"{caption}: {_sentence(at, study, outcome)} {_ends(drawn_points(points))}",
            points,
            partial(
                draw_tipping,
                label=f"Points by which the lost of {arm_text(study, treated)} differ",
                tips=tips.estimate,
                smallest_effect=-smallest if smallest and worse else smallest,
            ),
            height=height_of(4.5),
        )


def draw_tipping(
    axes: Axes,
    points: Sequence[Point],
    *,
    label: str,
    tips: float | None,
    smallest_effect: float | None,
) -> None:
    """The effect and its interval against the shift, with what it is held against."""
    colour = colours(1)[0]
    shifts = [float(point.label) for point in points]
    low = [point.value - point.reach[0] for point in points]
    high = [point.value + point.reach[1] for point in points]
    axes.fill_between(shifts, low, high, color=ZONE, zorder=1, label="95% interval")
    axes.plot(shifts, [p.value for p in points], color=colour, zorder=3, label="effect")
    axes.axhline(0, color=INK, linewidth=1)
    if smallest_effect:
        axes.axhline(
            smallest_effect,
            color=QUIET,
            linewidth=1.2,
            linestyle=LINES[1],
            label="smallest effect that matters",
        )
    if tips is not None:
        axes.axvline(
            tips, color=INK, linewidth=1.2, linestyle=LINES[2], label="answer changes"
        )
    axes.set_xlim(min(shifts), max(shifts))
    axes.set_xlabel(label)
    axes.set_ylabel("Difference in points")
    axes.grid(visible=False, axis="x")
    bare(axes)
    axes.figure.legend(
        loc="outside upper center", ncols=2, frameon=False, fontsize="small"
    )


def _sentence(at: Disclosed, study: Study, outcome: Outcome) -> str:
    """What would change the answer, in plain words."""
    tips, now = found(at, term=TIPS), found(at, term=TERM, group="0")
    if tips is None or now is None or now.conf_low is None or now.conf_high is None:
        return "What would change the answer cannot be told."
    treated, _, control = tips.arm.partition(" - ")
    whose = f"the lost of the {study.arm_title(treated)} arm"
    unsure = now.conf_low <= 0 <= now.conf_high
    change = "a difference could be told" if unsure else "no difference could be told"
    if tips.estimate is None:
        reach = number_text(max(_shifts(at)), decimals=_decimals(at))
        still = "no difference" if unsure else "a difference"
        return (
            f"Even if {whose} lay {reach} points higher or lower than people like them "
            f"who were followed, {still} could be told from {study.arm_title(control)}."
        )
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    side = "higher" if tips.estimate > 0 else "lower"
    return (
        f"If {whose} lay {points_text(abs(tips.estimate), subscale)} points {side} "
        f"than people like them who were followed, {change} from "
        f"{study.arm_title(control)}; as it is, {'none' if unsure else 'one'} can."
    )


def _shifts(at: Disclosed) -> list[float]:
    return [float(finding.group) for finding in at.where(term=TERM).findings]


def _decimals(at: Disclosed) -> int:
    return 0 if all(shift.is_integer() for shift in _shifts(at)) else 1


def _ends(drawn: Sequence[Point]) -> str:
    """The effect at both ends of the line."""
    if not drawn:
        return ""
    ends = (drawn[0], drawn[-1])
    sentences = [
        f"{number_text(point.value)} at {number_text(float(point.label))} points"
        for point in ends
    ]
    return f"The effect goes from {sentences[0]} to {sentences[1]}."
