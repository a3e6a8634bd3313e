"""What a notebook shows of other choices: a sentence, a figure and a table each.

Findings of other choices, taken apart: options, answers, and what they come to.

Other choices into a table and a sentence: what each option comes to.

Every combination of choices in one picture: answers above, their options below.

The one declared is told by shape, and its column by a line through both panels.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

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
    reaches,
)
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.places import findings_of_outcome, found
from analysis.publication.shown import Shown
from analysis.publication.table import ABSENT, Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import Container

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part

TERM = "specification_effect"
DIGITS = 9
"""Answers equal to so many digits are one: models may be the same by algebra."""


def multiverse_by_outcome(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Disclosed]]:
    """Every outcome with other choices, and what was found of it."""
    for outcome in multiverse_outcomes(study):
        selected = findings_of_outcome(disclosed, outcome)
        if selected.where(term=TERM).findings:
            yield outcome, selected


def options_in(finding: Finding) -> dict[str, str]:
    """Choice → option of a combination."""
    assert isinstance(finding.group, Groups), "a specification has its options"
    options = [part for part in finding.group.parts if isinstance(part, Group)]
    return {option.of: option.value for option in options}


def declared_options_of(study: Study, outcome: Outcome) -> dict[str, str]:
    """Choice → the option declared, of those that have others."""
    declared = declared_options(study, outcome)
    return {choice: declared[choice] for choice in options_of(study, outcome)}


def option_text(option: str) -> str:
    """An option as a reader sees it."""
    return option.replace("_", " ")


def answers_in(selected: Disclosed) -> list[Finding]:
    """The combinations that have an answer, the lowest first."""
    drawn = [part for part in selected.where(term=TERM).findings if not _absent(part)]
    return sorted(drawn, key=lambda part: (_rounded(part), str(part.group)))


def declared_answer(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Finding | None:
    """What the combination declared gave."""
    wanted = declared_options_of(study, outcome)
    every = selected.where(term=TERM).findings
    return next((part for part in every if options_in(part) == wanted), None)


def reasons_in(selected: Disclosed) -> Mapping[str, int]:
    """Why combinations have no answer, and how many each reason concerns."""
    counts: dict[str, int] = {}
    for part in selected.where(term=TERM).findings:
        if _absent(part):
            counts[part.reason] = counts.get(part.reason, 0) + 1
    return counts


def influences_in(selected: Disclosed) -> list[Finding]:
    """How far each choice moves the answer, the one that moves it most first."""
    influences = selected.where(term="choice_influence").findings
    known = [part for part in influences if part.estimate is not None]
    return sorted(known, key=lambda part: -(part.estimate or 0))


def _absent(finding: Finding) -> bool:
    return finding.estimate is None


def _rounded(finding: Finding) -> float:
    return float(f"{finding.estimate or 0.0:.{DIGITS}g}")


def specification_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """Rows of an option: how many answers, from where to where, what the choice moves.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    notes = Footnotes()
    answers = answers_in(here)
    declared = declared_options_of(study, outcome)
    every = [options_in(part) for part in here.where(term=TERM).findings]
    rows = []
    for choice, own in declared.items():
        influence = found(here, term="choice_influence", group=choice)
        for option in dict.fromkeys(options[choice] for options in every):
            of_option = [p for p in answers if options_in(p)[choice] == option]
            rows.append(
                (
                    choice.capitalize(),
                    _option(option, own),
                    f"{len(of_option)}",
                    *_ends(of_option),
                    notes.cell(influence, title="Moves the answer by")
                    if option == own
                    else ABSENT,
                )
            )
    return Table(
        caption=f"{outcome.title}: what each choice does to the answer",
        columns=("Choice", "Option", "Answers", "Lowest", "Highest", "Moves it by"),
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), *_without_answer(here)),
        methods=(*notes.methods(), *_methods(answers)),
    )


def _option(option: str, own: str) -> str:
    declared = option == own != AS_DECLARED
    return option_text(option) + " (declared)" * declared


def _ends(answers: Sequence[Finding]) -> tuple[str, str]:
    values = [part.estimate for part in answers if part.estimate is not None]
    if not values:
        return ABSENT, ABSENT
    return number_text(min(values)), number_text(max(values))


def _methods(answers: Sequence[Finding]) -> Iterator[str]:
    """How each model was reckoned, once."""
    seen: set[str] = set()
    for part in answers:
        model = option_text(options_in(part).get("model", "every combination"))
        if model not in seen:
            seen.add(model)
            yield f"{model.capitalize()}: {part.method_text}."


def _without_answer(here: Disclosed) -> Iterator[str]:
    for reason, count in reasons_in(here).items():
        combinations = (
            "1 combination has" if count == 1 else f"{count} combinations have"
        )
        yield f"{combinations} no answer: {reason or 'held back'}."


def choice_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What all combinations come to, in a few sentences."""
    total = len(here.where(term=TERM).findings)
    answers = answers_in(here)
    if not answers:
        reasons = "; ".join(reason for reason in reasons_in(here) if reason)
        return f"{outcome.title}. No combination gave an answer: {reasons}."
    low, high = _ends(answers)
    sentences = [
        f"{outcome.title}. {len(answers)} of {total} combinations gave an answer, from "
        f"{low} to {high}{_declared_words(here, study, outcome)}."
    ]
    if shares := _share_words(here, outcome):
        sentences.append(f"Of these answers, {shares}.")
    if influence := influences_in(here):
        first = influence[0]
        by = number_text(first.estimate or 0)
        sentences.append(
            f"What moves the answer most is {first.group}, by {by} on average."
        )
    return " ".join(sentences)


def _declared_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    own = declared_answer(here, study, outcome)
    if own is None or own.estimate is None:
        return "; the combination declared gave none"
    return f"; the one declared gave {estimate_text(own)}"


def _share_words(here: Disclosed, outcome: Outcome) -> str:
    effect = outcome.smallest_effect
    matters = number_text(effect) if effect is not None else ""
    parts = []
    for term, words in (
        ("share_on_declared_side", "lie on the same side of zero as the declared one"),
        ("share_excluding_zero", "have an interval wholly on the better side"),
        (
            "share_beyond_smallest_effect",
            f"reach the smallest difference that matters ({matters})",
        ),
    ):
        share = found(here, term=term)
        if share is not None and share.estimate is not None:
            parts.append(f"{number_text(share.estimate, term)} {words}")
    return ", ".join(parts)


CURVE = 3.0
ROW = 0.23
HEAD = 0.9
"""Inches: of the answers, of an option, and of legend and margins."""
DECLARED = "as declared"
OTHER = "otherwise"


def specification_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """The answers of all combinations, the lowest first, with what each was made of.

    Parameters
    ----------
    selected : Disclosed
        What was found of this outcome.
    """
    declared = declared_options_of(study, outcome)
    points = [
        Point(
            label=str(part.group),
            series=DECLARED if options_in(part) == declared else OTHER,
            finding=part,
        )
        for part in answers_in(selected)
    ]
    every = [options_in(part) for part in selected.where(term=TERM).findings]
    rows = [
        (choice, option)
        for choice in declared
        for option in dict.fromkeys(options[choice] for options in every)
    ]
    words = choice_words(selected, study, outcome)
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    smallest = outcome.smallest_effect
    worse = subscale.direction == "higher_is_worse"
    if not points:
        return Note(text=f"No figure: {words}")
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
            smallest_effect=-smallest if smallest and worse else smallest,
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
    axes.figure.legend(
        cast("list[Artist]", list(named.values())),
        list(named),
        loc="outside upper center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )


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
            if options_in(point.finding)[choice] == option
        ]
        panel.plot(
            having, [place] * len(having), "s", color=INK, markersize=3, zorder=3
        )
    for column, point in enumerate(points):
        if point.series == DECLARED:
            panel.axvline(column, color=colours(4)[3], linewidth=1.2, zorder=1)
    panel.set_yticks(
        range(len(rows)),
        [f"{choice}: {option_text(option)}" for choice, option in rows],
        fontsize="x-small",
    )
    panel.set_ylim(len(rows) - 0.5, -0.5)


NOTHING = "No outcome can be answered by other choices than those declared."
NO_PROBABILITY = (
    "All combinations rest on the same answers: how many agree tells how much the "
    "answer hangs on choices, and nothing of chance."
)


def show_multiverse(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome by every combination of declared choices."""
    parts: list[Part] = []
    for outcome, here in multiverse_by_outcome(disclosed, study):
        parts.append(Note(text=choice_words(here, study, outcome)))
        parts.append(specification_figure(here, study, outcome))
        parts.append(specification_table(here, study, outcome))
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(parts=(Note(text=NO_PROBABILITY, kind="caution"), *parts))
