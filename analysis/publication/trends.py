"""What a notebook shows of many waves: a sentence, a figure and a table an outcome.

Findings of charts, taken apart: which waves show what, in which arm, in words.

Charted waves into a table: mean, n, and which rules a wave breaks.

A score over many waves: its means, its usual range, and the waves that leave it.

What a wave shows is told by the shape of its mark, so that no colour is needed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.supplementary_measures import (
    charted_outcomes,
    improvement_of,
)
from analysis.foundation.findings import Groups
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import (
    INK,
    QUIET,
    bare,
    colours,
    folded,
    height_of,
)
from analysis.publication.numbers import interval_text, number_text
from analysis.publication.places import (
    arm_text,
    direction_text,
    found,
    of_score,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown
from analysis.publication.table import ABSENT, Footnotes, Table
from heard.effects.trends.rules import BETTER, LIMIT_POINTS, in_words, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part
    from heard.effects.trends.rules import Verdict

VALUE = "chart_value"
SIGNALS = ("control_chart_signal", "run_chart_signal")
"""The stricter chart first: what it says of a wave counts."""
MEANINGS: dict[Verdict, str] = {
    "improvement": "more than wavering, towards the better end",
    "concern": "more than wavering, towards the worse end",
    "change": "more than wavering",
    "wavering": "no more than the usual wavering",
}


def charts_found(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Disclosed]]:
    """Every outcome that was charted, and what was found of it."""
    for outcome in charted_outcomes(study):
        selected = of_score(disclosed, outcome)
        if selected.where(term=VALUE).findings:
            yield outcome, selected


def arms_charted(selected: Disclosed, study: Study) -> list[str]:
    """The arms, as declared; one empty text where everyone is one series."""
    arms = [arm.name for arm in study.arms] or [""]
    return [arm for arm in arms if selected.where(term=VALUE, arm=arm).findings]


def waves_charted(selected: Disclosed, study: Study) -> list[str]:
    """The waves that asked for the score, in their order in time."""
    return waves_of(selected.where(term=VALUE), study, contrasts=False)


def signals_at(selected: Disclosed, arm: str, wave: str) -> list[Finding]:
    """What breaks a rule at a wave, the stricter chart first."""
    at = selected.where(arm=arm, wave=wave)
    signals = [signal for term in SIGNALS for signal in at.where(term=term).findings]
    return [signal for signal in signals if signal.estimate is not None]


def verdict_at(
    selected: Disclosed, study: Study, outcome: Outcome, arm: str, wave: str
) -> Verdict:
    """What a wave shows."""
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    better = BETTER[improvement_of(subscale.direction)]
    signals = signals_at(selected, arm, wave)
    return verdict(int(signals[0].estimate or 0) if signals else 0, better)


def chart_words(selected: Disclosed, study: Study, outcome: Outcome) -> str:
    """What the charts show of every arm, in a sentence each."""
    sentences = [
        f"{arm_text(study, arm)}: {_arm_words(selected, study, outcome, arm)}"
        for arm in arms_charted(selected, study)
    ]
    return f"{outcome.title}. {' '.join(sentences)}"


def _arm_words(selected: Disclosed, study: Study, outcome: Outcome, arm: str) -> str:
    median = found(selected, term="chart_median", arm=arm)
    if median is None or median.estimate is None:
        why = median.reason if median is not None else "nothing was found"
        return f"no chart can be drawn ({why})."
    waves = waves_charted(selected, study)
    sentences = {w: verdict_at(selected, study, outcome, arm, w) for w in waves}
    parts = []
    for kind in ("improvement", "concern", "change"):
        chosen = [place for place, wave in enumerate(waves) if sentences[wave] == kind]
        if chosen:
            names = in_words(_stretches([wave_text(study, w) for w in waves], chosen))
            shows = "shows" if len(chosen) == 1 else "show"
            parts.append(f"{names} {shows} {MEANINGS[kind]}")
    if runs := _runs_words(selected, arm):
        parts.append(runs)
    if not parts:
        return "no wave shows more than the usual wavering."
    return f"{'; '.join(parts)}."


def _stretches(names: list[str], chosen: list[int]) -> tuple[str, ...]:
    """Names of the waves chosen; three in a row and more by their first and last."""
    parts: list[list[int]] = []
    for place in chosen:
        if parts and parts[-1][-1] == place - 1:
            parts[-1].append(place)
        else:
            parts.append([place])
    sentences: list[str] = []
    for part in parts:
        if len(part) < 3:
            sentences += [names[place] for place in part]
        else:
            sentences.append(f"{names[part[0]]} to {names[part[-1]]}")
    return tuple(sentences)


def _runs_words(selected: Disclosed, arm: str) -> str:
    """Whether there are fewer or more runs than chance brings."""
    numbers = [
        part.estimate
        for term in ("runs", "fewest_runs", "most_runs")
        if (part := found(selected, term=term, arm=arm)) and part.estimate is not None
    ]
    if len(numbers) < 3:
        return ""
    runs, low, high = numbers
    if low <= runs <= high:
        return ""
    what = "few" if runs < low else "many"
    return (
        f"the waves lie too {what} times on another side of the median than the wave "
        f"before ({runs:.0f} runs; chance brings {low:.0f} to {high:.0f})"
    )


def trial_words(selected: Disclosed, study: Study) -> str:
    """That limits rest on few waves; empty where they do not."""
    drawn = [
        sum(
            part.estimate is not None
            for part in selected.where(term=VALUE, arm=arm).findings
        )
        for arm in arms_charted(selected, study)
    ]
    minimum = min((count for count in drawn if count), default=LIMIT_POINTS)
    if minimum >= LIMIT_POINTS:
        return ""
    return (
        f"The usual range rests on {minimum} waves, fewer than {LIMIT_POINTS}, and is "
        "on trial: where a score moved for good, its first waves stand out one way and "
        "its last ones the other."
    )


CHARTS = {"control_chart_signal": "range", "run_chart_signal": "run chart"}
SHOWS: Mapping[Verdict, str] = {
    "improvement": "better end",
    "concern": "worse end",
    "change": "either end",
    "wavering": ABSENT,
}


def chart_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """Rows of an arm and a wave.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    notes = Footnotes()
    arms = arms_charted(here, study)
    rows = []
    for arm in arms:
        for wave in waves_charted(here, study):
            value = found(here, term=VALUE, arm=arm, wave=wave)
            kind = verdict_at(here, study, outcome, arm, wave)
            rows.append(
                (
                    arm_text(study, arm),
                    wave_text(study, wave),
                    notes.people(value),
                    notes.cell(value, title="Mean"),
                    SHOWS[kind],
                    _rules(here, arm, wave),
                )
            )
    lines = [_line_words(here, study, arm) for arm in arms]
    return Table(
        caption=f"{outcome.title}, wave by wave",
        columns=(
            "Who",
            "Wave",
            "n",
            "Mean",
            "More than wavering, towards",
            "Strongest rule broken",
        ),
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), *filter(None, lines)),
        methods=(*notes.methods(), *_methods(here, arms)),
    )


def _rules(here: Disclosed, arm: str, wave: str) -> str:
    """The strongest rule broken: of the usual range, else of the run chart."""
    signals = signals_at(here, arm, wave)
    if not signals:
        return ABSENT
    strongest = signals[0]
    assert isinstance(strongest.group, Groups), "a signal has the rules broken"
    # The chart first: a rule that begins with its number would be set as one.
    return f"{CHARTS[strongest.term]}: {strongest.group.parts[0]}"


def _line_words(here: Disclosed, study: Study, arm: str) -> str:
    """Where an arm's waves usually lie; empty if no limits were found."""
    lines = {
        term: found(here, term=term, arm=arm)
        for term in (
            "chart_centre",
            "chart_lower_limit",
            "chart_upper_limit",
            "chart_median",
        )
    }
    values = [
        part.estimate
        for part in lines.values()
        if part is not None and part.estimate is not None
    ]
    if len(values) < len(lines):
        return ""
    centre, low, high, median = values
    return (
        f"{arm_text(study, arm)}: mean {number_text(centre)}, usual range "
        f"{interval_text(low, high)}, median {number_text(median)}."
    )


def _methods(here: Disclosed, arms: list[str]) -> tuple[str, ...]:
    """How the lines were made; the same words once."""
    notes_text = []
    for arm in arms:
        for term, title in (
            ("chart_median", "Median"),
            ("runs", "Runs"),
            ("chart_lower_limit", "Usual range"),
            ("special_cause_points", "Rules of the usual range"),
        ):
            line = found(here, term=term, arm=arm)
            if line is not None and line.estimate is not None:
                notes_text.append(f"{title}: {line.method_text}.")
    return tuple(dict.fromkeys(notes_text))


LINES: Mapping[str, tuple[str, str, str]] = {
    "chart_centre": ("mean", "-", INK),
    "chart_median": ("median", "--", QUIET),
    "chart_lower_limit": ("usual range", ":", INK),
    "chart_upper_limit": ("usual range", ":", INK),
}
"""Term → what its line is called, how it is drawn, and in which ink."""
MARKS: Mapping[Verdict, tuple[str, int, int]] = {
    "wavering": ("o", 5, 0),
    "improvement": ("D", 8, 2),
    "concern": ("X", 10, 3),
    "change": ("s", 8, 1),
}
"""What a wave shows → shape, size, and place of its colour."""
MAXIMUM_LABELS = 8


def chart_figure(here: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    """The means of every wave, one panel an arm, with median, mean and usual range.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    waves, arms = waves_charted(here, study), arms_charted(here, study)
    titles = [wave_text(study, wave) for wave in waves]
    values = [
        Point(
            label=wave_text(study, part.wave),
            series=arm_text(study, part.arm),
            finding=part,
        )
        for arm in arms
        for wave in waves
        for part in here.where(term=VALUE, arm=arm, wave=wave).findings
    ]
    lines = [
        Point(label=LINES[term][0], series=arm_text(study, arm), finding=part)
        for arm in arms
        for term in LINES
        for part in here.where(term=term, arm=arm).findings
    ]
    shows = {
        (arm_text(study, arm), wave_text(study, wave)): verdict_at(
            here, study, outcome, arm, wave
        )
        for arm in arms
        for wave in waves
    }
    instrument = study.instruments[outcome.instrument]
    words = chart_words(here, study, outcome)
    trial = trial_words(here, study)
    drawn = drawn_points(values)
    return make_figure(
        f"chart-{outcome.name}",
        f"{outcome.title}: mean of each wave, with the median, the mean and the usual "
        f"range. {direction_text(instrument)} {trial}".strip(),
        f"{words} {point_words(drawn)} {trial}".strip() if drawn else words,
        [*values, *(drawn_points(lines) if drawn else lines)],
        partial(draw_charts, waves=titles, shows=shows, label="Mean score"),
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
    axes.figure.legend(
        list(named.values()),
        list(named),
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize="small",
    )


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


NOTHING = "No outcome was asked at enough waves to tell a move from wavering."
NO_CAUSE_NOTE = (
    "A chart tells that something moved, not what moved it. Of many waves, one flagged "
    "by chance is to be expected: it is a question, not an answer."
)


def show_over_time(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome of many waves, arm by arm."""
    parts: list[Part] = []
    for outcome, here in charts_found(disclosed, study):
        parts.append(Note(text=chart_words(here, study, outcome)))
        parts.append(chart_figure(here, study, outcome))
        parts.append(chart_table(here, study, outcome))
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(parts=(Note(text=NO_CAUSE_NOTE, kind="caution"), *parts))
