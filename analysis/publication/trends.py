"""Run charts and control charts: special-cause variation, wave by wave.

What a wave shows is marked by shape, so that no colour is needed.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from analysis.declarations.trends import charted_outcomes, improvement_of
from analysis.foundation.findings import Groups
from analysis.publication.figure import Note, Point, drawn_points, make_figure
from analysis.publication.house_style import (
    INK,
    QUIET,
    bare,
    colours,
    folded,
    height_of,
    legend_of,
)
from analysis.publication.numbers import interval_text, number_text
from analysis.publication.panels import Panel
from analysis.publication.places import (
    arm_text,
    direction_text,
    found,
    of_score,
    subscale_of,
    wave_text,
    waves_of,
)
from analysis.publication.shown import show
from analysis.publication.table import ABSENT, Footnotes
from analysis.publication.words import figure_words, reason_of
from heard.effects.trends.rules import BETTER, LIMIT_POINTS, in_words, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part, Shown
    from analysis.publication.table import Table
    from heard.effects.trends.rules import Verdict

VALUE = "chart_value"
VALUES = Panel(terms={VALUE: ""}, mark=("arm",), order=("arm", "wave"), contrasts=False)
SIGNALS = {"control_chart_signal": "range", "run_chart_signal": "run chart"}
"""Term → its chart; the stricter first: what it says of a wave counts."""
MEANINGS: dict[Verdict, str] = {
    "improvement": "special-cause variation towards the better end",
    "concern": "special-cause variation towards the worse end",
    "change": "special-cause variation",
    "wavering": "common-cause variation only",
}
DIRECTIONS: Mapping[Verdict, str] = {
    "improvement": "better end",
    "concern": "worse end",
    "change": "either end",
    "wavering": ABSENT,
}
LINES: Mapping[str, tuple[str, str, str]] = {
    "chart_centre": ("mean", "-", INK),
    "chart_median": ("median", "--", QUIET),
    "chart_lower_limit": ("usual range", ":", INK),
    "chart_upper_limit": ("usual range", ":", INK),
}
"""Term → what its line is called, how it is drawn, and in which ink."""
METHODS = {
    "chart_median": "Median",
    "runs": "Runs",
    "chart_lower_limit": "Usual range",
    "special_cause_points": "Rules of the usual range",
}
MARKS: Mapping[Verdict, tuple[str, int, int]] = {
    "wavering": ("o", 5, 0),
    "improvement": ("D", 8, 2),
    "concern": ("X", 10, 3),
    "change": ("s", 8, 1),
}
"""What a wave shows → shape, size, and place of its colour."""
MAXIMUM_LABELS = 8
NOTHING = (
    "No outcome was asked at enough waves to distinguish special-cause from "
    "common-cause variation."
)
NO_CAUSE_NOTE = (
    "A chart shows that something changed, not what changed it. Of many waves, one "
    "flagged by chance is to be expected: it is a question, not an answer."
)


def show_over_time(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome of many waves, arm by arm."""

    def parts() -> Iterator[Part]:
        for outcome in charted_outcomes(study):
            here = of_score(disclosed, outcome)
            if here.where(term=VALUE).findings:
                words = _words(here, study, outcome)
                yield Note(text=words)
                yield _figure(here, study, outcome, words)
                yield _table(here, study, outcome)

    return show(parts(), NOTHING, cautions=(NO_CAUSE_NOTE,))


def _arms(here: Disclosed, study: Study) -> list[str]:
    """The arms, as declared; one empty text where everyone is one series."""
    arms = [arm.name for arm in study.arms] or [""]
    return [arm for arm in arms if here.where(term=VALUE, arm=arm).findings]


def _waves(here: Disclosed, study: Study) -> list[str]:
    """The waves that asked for the score, in their order in time."""
    return waves_of(here.where(term=VALUE), study, contrasts=False)


def _estimates(here: Disclosed, arm: str, terms: Sequence[str]) -> list[float]:
    """The estimates of these terms in an arm; none unless all are known."""
    parts = [found(here, term=term, arm=arm) for term in terms]
    known = [part.estimate for part in parts if part and part.estimate is not None]
    return known if len(known) == len(terms) else []


def _signals(here: Disclosed, arm: str, wave: str) -> list[Finding]:
    """What breaks a rule at a wave, the stricter chart first."""
    at = here.where(arm=arm, wave=wave)
    signals = [signal for term in SIGNALS for signal in at.where(term=term).findings]
    return [signal for signal in signals if signal.estimate is not None]


def _verdict(
    here: Disclosed, study: Study, outcome: Outcome, arm: str, wave: str
) -> Verdict:
    """What a wave shows."""
    subscale = subscale_of(study, outcome)
    better = BETTER[improvement_of(subscale.direction)]
    signals = _signals(here, arm, wave)
    return verdict(int(signals[0].estimate or 0) if signals else 0, better)


def _words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What the charts show of every arm, in a sentence each."""
    sentences = [
        f"{arm_text(study, arm)}: {_arm_words(here, study, outcome, arm)}"
        for arm in _arms(here, study)
    ]
    return f"{outcome.title}. {' '.join(sentences)}"


def _arm_words(here: Disclosed, study: Study, outcome: Outcome, arm: str) -> str:
    median = found(here, term="chart_median", arm=arm)
    if median is None or median.estimate is None:
        return f"no chart can be drawn ({reason_of(median)})."
    waves = _waves(here, study)
    titles = [wave_text(study, wave) for wave in waves]
    verdicts = [_verdict(here, study, outcome, arm, wave) for wave in waves]
    parts = []
    for kind in ("improvement", "concern", "change"):
        chosen = [place for place, found in enumerate(verdicts) if found == kind]
        if chosen:
            shows = "shows" if len(chosen) == 1 else "show"
            names = in_words(_stretches(titles, chosen))
            parts.append(f"{names} {shows} {MEANINGS[kind]}")
    if runs := _runs_words(here, arm):
        parts.append(runs)
    if not parts:
        return "no wave shows more than common-cause variation."
    return f"{'; '.join(parts)}."


def _stretches(names: list[str], chosen: list[int]) -> tuple[str, ...]:
    """Names of the waves chosen; three in a row and more by their first and last."""
    texts: list[str] = []
    for _, run in groupby(enumerate(chosen), key=lambda pair: pair[1] - pair[0]):
        listed = [names[place] for _, place in run]
        texts += listed if len(listed) < 3 else [f"{listed[0]} to {listed[-1]}"]
    return tuple(texts)


def _runs_words(here: Disclosed, arm: str) -> str:
    """Whether there are fewer or more runs than chance brings."""
    known = _estimates(here, arm, ("runs", "fewest_runs", "most_runs"))
    if not known or known[1] <= known[0] <= known[2]:
        return ""
    runs, low, high = known
    what = "few" if runs < low else "many"
    return (
        f"the waves lie too {what} times on another side of the median than the wave "
        f"before ({runs:.0f} runs; chance brings {low:.0f} to {high:.0f})"
    )


def _trial_words(here: Disclosed, study: Study) -> str:
    """That limits rest on few waves; empty where they do not."""
    drawn = [
        len(drawn_points(VALUES.points(here.where(arm=arm), study)))
        for arm in _arms(here, study)
    ]
    minimum = min(filter(None, drawn), default=LIMIT_POINTS)
    if minimum >= LIMIT_POINTS:
        return ""
    return (
        f"The usual range rests on {minimum} waves, fewer than {LIMIT_POINTS}, and is "
        "on trial: where a score moved for good, its first waves stand out one way and "
        "its last ones the other."
    )


def _table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """Rows of an arm and a wave."""
    notes, arms = Footnotes(), _arms(here, study)
    rows = []
    for arm in arms:
        for wave in _waves(here, study):
            value = found(here, term=VALUE, arm=arm, wave=wave)
            rows.append(
                (
                    arm_text(study, arm),
                    wave_text(study, wave),
                    notes.people(value),
                    notes.cell(value, title="Mean"),
                    DIRECTIONS[_verdict(here, study, outcome, arm, wave)],
                    _rules(here, arm, wave),
                )
            )
    return notes.table(
        f"{outcome.title}, wave by wave",
        (
            "Who",
            "Wave",
            "n",
            "Mean",
            "Special cause, towards",
            "Strongest rule broken",
        ),
        rows,
        row_headings=2,
        also=filter(None, (_line_words(here, study, arm) for arm in arms)),
        methods=_methods(here, arms),
    )


def _rules(here: Disclosed, arm: str, wave: str) -> str:
    """The strongest rule broken: of the usual range, else of the run chart."""
    signals = _signals(here, arm, wave)
    if not signals:
        return ABSENT
    strongest = signals[0]
    assert isinstance(strongest.group, Groups), "a signal has the rules broken"
    # The chart first: a rule that begins with its number would be set as one.
    return f"{SIGNALS[strongest.term]}: {strongest.group.parts[0]}"


def _line_words(here: Disclosed, study: Study, arm: str) -> str:
    """Where an arm's waves usually lie; empty if no limits were found."""
    known = _estimates(here, arm, tuple(LINES))
    if not known:
        return ""
    centre, median, low, high = known
    return (
        f"{arm_text(study, arm)}: mean {number_text(centre)}, usual range "
        f"{interval_text(low, high)}, median {number_text(median)}."
    )


def _methods(here: Disclosed, arms: list[str]) -> tuple[str, ...]:
    """How the lines were made; the same words once."""
    lines = (
        (title, found(here, term=term, arm=arm))
        for arm in arms
        for term, title in METHODS.items()
    )
    return tuple(
        {
            f"{title}: {line.method_text}.": None
            for title, line in lines
            if line is not None and line.estimate is not None
        }
    )


def _figure(
    here: Disclosed, study: Study, outcome: Outcome, words: str
) -> Figure | Note:
    """The means of every wave, one panel an arm, with median, mean and usual range."""
    waves, arms = _waves(here, study), _arms(here, study)
    of_arms = [here.where(arm=arm) for arm in arms]
    values = [point for each in of_arms for point in VALUES.points(each, study)]
    lines = [
        Point(label=LINES[term][0], series=arm_text(study, part.arm), finding=part)
        for each in of_arms
        for term in LINES
        for part in each.where(term=term).findings
    ]
    shows = {
        (arm_text(study, arm), wave_text(study, wave)): _verdict(
            here, study, outcome, arm, wave
        )
        for arm in arms
        for wave in waves
    }
    trial = _trial_words(here, study)
    direction = direction_text(study.instruments[outcome.instrument])
    drawn = drawn_points(values)
    return make_figure(
        f"chart-{outcome.name}",
        f"{outcome.title}: mean of each wave, with the median, the mean and the usual "
        f"range. {direction} {trial}".strip(),
        f"{figure_words(words, values)} {trial if drawn else ''}".strip(),
        [*values, *(drawn_points(lines) if drawn else lines)],
        partial(
            draw_charts,
            waves=[wave_text(study, wave) for wave in waves],
            shows=shows,
            label="Mean score",
        ),
        height=height_of(1 + 4.2 * max(len(arms), 1)),
    )


def draw_charts(
    axes: Axes,
    points: Sequence[Point],
    *,
    waves: Sequence[str],
    shows: Mapping[tuple[str, str], Verdict],
    label: str,
) -> None:
    """One panel a series below the other, all with one scale."""
    series = list(dict.fromkeys(point.series for point in points))
    panels = [axes]
    if len(series) > 1:
        axes.set_axis_off()
        room = 1 / len(series)
        panels = [
            axes.inset_axes((0, 1 - (place + 1) * room, 1, 0.84 * room))
            for place in range(len(series))
        ]
    low = min(point.value for point in points)
    high = max(point.value for point in points)
    spare = 0.08 * (high - low) or 0.5
    named: dict[str, Artist] = {}
    for panel, name in zip(panels, series, strict=True):
        of_arm = [point for point in points if point.series == name]
        named |= _panel(panel, of_arm, waves, shows)
        panel.set_ylim(low - spare, high + spare)
        panel.set_ylabel(label)
        if len(series) > 1:
            panel.set_title(name, loc="left", fontsize="medium", color=INK)
        if panel is not panels[-1]:
            panel.set_xticklabels([])
    legend_of(axes, named, columns=2)


def _panel(
    panel: Axes,
    points: Sequence[Point],
    waves: Sequence[str],
    shows: Mapping[tuple[str, str], Verdict],
) -> dict[str, Artist]:
    """Lines and marks of one series; what the legend names."""
    named: dict[str, Artist] = {}
    values = [point for point in points if point.finding.term == VALUE]
    places = [waves.index(point.label) for point in values]
    panel.plot(places, [p.value for p in values], color=QUIET, linewidth=1.4, zorder=2)
    for point in points:
        if point.finding.term in LINES:
            name, style, ink = LINES[point.finding.term]
            named[name] = panel.axhline(
                point.value, color=ink, linewidth=1.2, linestyle=style, zorder=1
            )
    palette = colours(4)
    for kind, (shape, size, colour) in MARKS.items():
        chosen = [p for p in values if shows[p.series, p.label] == kind]
        if chosen:
            (named[MEANINGS[kind]],) = panel.plot(
                [waves.index(point.label) for point in chosen],
                [point.value for point in chosen],
                linestyle="none",
                marker=shape,
                markersize=size,
                color=INK if kind == "wavering" else palette[colour],
                zorder=3,
            )
    every = -(-len(waves) // MAXIMUM_LABELS)
    tick_labels = [folded(w, 8) if not n % every else "" for n, w in enumerate(waves)]
    panel.set_xticks(range(len(waves)), tick_labels, fontsize="small")
    panel.set_xlim(-0.5, len(waves) - 0.5)
    panel.grid(visible=False)
    bare(panel)
    return named
