"""The multiverse of specifications: a sentence, a figure and a table an outcome.

The specification declared is marked by shape, and its column by a line through both
panels.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.multiverse import (
    AS_DECLARED,
    declared_options,
    multiverse_outcomes,
    options_of,
)
from analysis.foundation.findings import Group, Groups
from analysis.publication.figure import Note, Point, make_figure
from analysis.publication.house_style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    colours,
    legend_of,
    reaches,
)
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.places import (
    findings_of_outcome,
    found,
    plain_text,
    smallest_gain,
)
from analysis.publication.shown import show
from analysis.publication.table import ABSENT, Footnotes
from analysis.publication.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import Container

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part, Shown
    from analysis.publication.table import Table

TERM = "specification_effect"
DIGITS = 9
"""Answers equal to so many digits are one: models may be the same by algebra."""
SHARES = {
    "share_on_declared_side": "lie on the same side of zero as the declared one",
    "share_excluding_zero": "have an interval wholly on the better side",
    "share_beyond_smallest_effect": "reach the smallest difference that matters ({})",
}
CURVE = 3.0
ROW = 0.23
HEAD = 0.9
"""Inches: of the answers, of an option, and of legend and margins."""
DECLARED = "as declared"
OTHER = "otherwise"
NOTHING = "No outcome can be answered by other specifications than the one declared."
NO_PROBABILITY = (
    "All specifications rest on the same answers: how many agree shows how much the "
    "result depends on choices, and nothing of chance."
)


def show_multiverse(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome by every combination of declared choices."""

    def parts() -> Iterator[Part]:
        for outcome in multiverse_outcomes(study):
            here = findings_of_outcome(disclosed, outcome)
            if here.where(term=TERM).findings:
                words = _words(here, study, outcome)
                yield Note(text=words)
                yield _figure(here, study, outcome, words)
                yield _table(here, study, outcome)

    return show(parts(), NOTHING, cautions=(NO_PROBABILITY,))


def _options(finding: Finding) -> dict[str, str]:
    """Choice → option of a combination."""
    assert isinstance(finding.group, Groups), "a specification has its options"
    options = [part for part in finding.group.parts if isinstance(part, Group)]
    return {option.of: option.value for option in options}


def _declared(study: Study, outcome: Outcome) -> dict[str, str]:
    """Choice → the option declared, of those that have others."""
    declared = declared_options(study, outcome)
    return {choice: declared[choice] for choice in options_of(study, outcome)}


def _options_tried(
    here: Disclosed, study: Study, outcome: Outcome
) -> list[tuple[str, str]]:
    """Every choice with each of its options, in the order declared."""
    every = [_options(part) for part in here.where(term=TERM).findings]
    return [
        (choice, option)
        for choice in _declared(study, outcome)
        for option in dict.fromkeys(options[choice] for options in every)
    ]


def _answers(here: Disclosed) -> list[Finding]:
    """The combinations that have an answer, the lowest first."""
    every = here.where(term=TERM).findings
    known = [part for part in every if part.estimate is not None]
    return sorted(known, key=lambda part: (_rounded(part), str(part.group)))


def _rounded(finding: Finding) -> float:
    return float(f"{finding.estimate or 0.0:.{DIGITS}g}")


def _reasons(here: Disclosed) -> Mapping[str, int]:
    """Why combinations have no answer, and how many each reason concerns."""
    every = here.where(term=TERM).findings
    return Counter(part.reason for part in every if part.estimate is None)


def _words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What all combinations come to, in a few sentences."""
    answers = _answers(here)
    if not answers:
        reasons = "; ".join(filter(None, _reasons(here)))
        return f"{outcome.title}. No combination gave an answer: {reasons}."
    total = len(here.where(term=TERM).findings)
    low, high = _ends(answers)
    sentences = [
        f"{outcome.title}. {len(answers)} of {total} combinations gave an answer, from "
        f"{low} to {high}{_declared_words(here, study, outcome)}."
    ]
    if shares := _share_words(here, outcome):
        sentences.append(f"Of these answers, {shares}.")
    influences = here.where(term="choice_influence").findings
    known = [part for part in influences if part.estimate is not None]
    if known:
        first = max(known, key=lambda part: part.estimate or 0)
        by = number_text(first.estimate or 0)
        sentences.append(
            f"What moves the answer most is {first.group}, by {by} on average."
        )
    return " ".join(sentences)


def _declared_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    wanted = _declared(study, outcome)
    every = here.where(term=TERM).findings
    own = next((part for part in every if _options(part) == wanted), None)
    if own is None or own.estimate is None:
        return "; the combination declared gave none"
    return f"; the one declared gave {estimate_text(own)}"


def _share_words(here: Disclosed, outcome: Outcome) -> str:
    matters = number_text(outcome.smallest_effect or 0.0)
    shares = ((found(here, term=term), words) for term, words in SHARES.items())
    return ", ".join(
        f"{number_text(share.estimate, share.term)} {words.format(matters)}"
        for share, words in shares
        if share is not None and share.estimate is not None
    )


def _table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """Rows of an option: how many answers, their range, and what the choice moves."""
    notes, answers = Footnotes(), _answers(here)
    declared = _declared(study, outcome)
    rows = []
    for choice, option in _options_tried(here, study, outcome):
        of_option = [part for part in answers if _options(part)[choice] == option]
        influence = found(here, term="choice_influence", group=choice)
        is_declared = option == declared[choice]
        named = is_declared and option != AS_DECLARED
        rows.append(
            (
                choice.capitalize(),
                plain_text(option) + " (declared)" * named,
                f"{len(of_option)}",
                *_ends(of_option),
                notes.cell(influence, title="Moves the answer by")
                if is_declared
                else ABSENT,
            )
        )
    return notes.table(
        f"{outcome.title}: what each choice does to the answer",
        ("Choice", "Option", "Answers", "Lowest", "Highest", "Moves it by"),
        rows,
        row_headings=2,
        also=(
            f"{counted(count, 'combination has', 'combinations have')} no answer: "
            f"{reason or 'suppressed'}."
            for reason, count in _reasons(here).items()
        ),
        methods=_model_methods(answers),
    )


def _ends(answers: Sequence[Finding]) -> tuple[str, str]:
    values = [part.estimate for part in answers if part.estimate is not None]
    if not values:
        return ABSENT, ABSENT
    return number_text(min(values)), number_text(max(values))


def _model_methods(answers: Sequence[Finding]) -> list[str]:
    """How each model was estimated, once."""
    methods: dict[str, str] = {}
    for part in answers:
        model = plain_text(_options(part).get("model", "every combination"))
        methods.setdefault(model, part.method_text)
    return [f"{model.capitalize()}: {text}." for model, text in methods.items()]


def _figure(
    here: Disclosed, study: Study, outcome: Outcome, words: str
) -> Figure | Note:
    """The answers of all combinations, the lowest first, with what each was made of."""
    declared = _declared(study, outcome)
    points = [
        Point(
            label=str(part.group),
            series=DECLARED if _options(part) == declared else OTHER,
            finding=part,
        )
        for part in _answers(here)
    ]
    if not points:
        return Note(text=f"No figure: {words}")
    rows = _options_tried(here, study, outcome)
    return make_figure(
        f"choices-{outcome.name}",
        f"{outcome.title}: the answer of every combination of choices, the lowest "
        "first, with 95% intervals; below, what each was made of.",
        words,
        points,
        partial(
            draw_specifications,
            rows=rows,
            label="Difference in points" if study.treated else "Change in points",
            smallest_effect=smallest_gain(study, outcome),
        ),
        height=HEAD + CURVE + ROW * len(rows),
    )


def draw_specifications(
    axes: Axes,
    points: Sequence[Point],
    *,
    rows: Sequence[tuple[str, str]],
    label: str,
    smallest_effect: float | None,
) -> None:
    """Two panels with one column a combination."""
    axes.set_axis_off()
    low = ROW * len(rows) / (CURVE + ROW * len(rows))
    curve = axes.inset_axes((0, low + 0.03, 1, 0.97 - low))
    matrix = axes.inset_axes((0, 0, 1, low))
    named = _curve(curve, points, smallest_effect)
    curve.set_ylabel(label)
    _matrix(matrix, points, rows)
    for panel in (curve, matrix):
        panel.set_xlim(-0.8, len(points) - 0.2)
        panel.set_xticks([])
        panel.grid(visible=False)
        bare(panel)
    legend_of(axes, named, columns=3)


def _curve(
    panel: Axes, points: Sequence[Point], smallest_effect: float | None
) -> dict[str, Artist | Container]:
    """The answers with their intervals; what the legend names."""
    named: dict[str, Artist | Container] = {}
    own = colours(4)[3]
    panel.axhline(0, color=INK, linewidth=1)
    if smallest_effect:
        named["smallest difference that matters"] = panel.axhline(
            smallest_effect, color=QUIET, linewidth=1.2, linestyle=LINES[1]
        )
    for series, shape, size, colour in (
        (OTHER, "o", 4, QUIET),
        (DECLARED, "D", 8, own),
    ):
        places = [n for n, point in enumerate(points) if point.series == series]
        if places:
            chosen = [points[place] for place in places]
            named[series] = panel.errorbar(
                places,
                [point.value for point in chosen],
                yerr=reaches(chosen),
                linestyle="none",
                marker=shape,
                markersize=size,
                color=colour,
                linewidth=1.2,
                zorder=3,
            )
    return named


def _matrix(
    panel: Axes, points: Sequence[Point], rows: Sequence[tuple[str, str]]
) -> None:
    """A mark where a combination has an option; choices apart by shade."""
    choices = list(dict.fromkeys(choice for choice, _ in rows))
    for place, (choice, option) in enumerate(rows):
        if choices.index(choice) % 2 == 0:
            panel.axhspan(place - 0.5, place + 0.5, color=ZONE, zorder=0)
        having = [
            n
            for n, point in enumerate(points)
            if _options(point.finding)[choice] == option
        ]
        panel.plot(
            having, [place] * len(having), "s", color=INK, markersize=3, zorder=3
        )
    for column, point in enumerate(points):
        if point.series == DECLARED:
            panel.axvline(column, color=colours(4)[3], linewidth=1.2, zorder=1)
    panel.set_yticks(
        range(len(rows)),
        [f"{choice}: {plain_text(option)}" for choice, option in rows],
        fontsize="x-small",
    )
    panel.set_ylim(len(rows) - 0.5, -0.5)
