"""What stands beside a mean: answers as stacked bars, or changes and ends as marks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.beside_means import RETROSPECTIVE, TOO_MANY, outcome_words
from analysis.publication.figures.drawings import draw_forest
from analysis.publication.figures.frame import (
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.figures.stacks import NOT_SHOWN, draw_shares, draw_stacks
from analysis.publication.figures.style import height_of
from analysis.publication.places import arm_text, arms_of, wave_text, waves_of
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

CHANGES = {
    "mean_change_linked": "Followed",
    "mean_change_unlinked": "Answered once",
    "mean_change_everybody": "All who answered",
    "then_test_change": "Against before as judged afterwards",
}
"""Term → whose change it is, or against what."""
WORST_FIRST = "from the worst answer on the left to the best on the right"


def answers_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note | None:
    """Shares of answers before and after, arm by arm; None where little may be shown.

    Parameters
    ----------
    selected : Disclosed
        What was found beside the mean of this outcome.
    """
    cells = selected.where(term="share_in_category")
    bars = [
        (
            f"{arm_text(study, arm)}, {wave_text(study, wave)}"
            if arm
            else wave_text(study, wave),
            cells.where(wave=wave, arm=arm).findings,
        )
        for arm in arms_of(cells, study, contrasts=False)
        for wave in waves_of(cells, study, contrasts=False)
    ]
    # A bar of which nothing may be shown says nothing.
    if not bars or not all(
        any(part.estimate is not None for part in parts) for _, parts in bars
    ):
        return None
    points = [
        Point(label=bar, series=answer_text(study, outcome, part.group), finding=part)
        for bar, parts in bars
        for part in parts
    ]
    answers = list(dict.fromkeys(point.series for point in points))
    drawn = drawn_points(points)
    return make_figure(
        f"answers-{outcome.name}",
        f"{outcome.title}: shares of answers at each wave, {WORST_FIRST}; hatched: "
        f"answers {NOT_SHOWN}.",
        f"{outcome_words(selected, study, outcome)} Shares: {point_words(drawn)}",
        points,
        partial(draw_stacks, answers=answers, bars=[name for name, _ in bars]),
        height=height_of(len(bars) + 0.5),
    )


def supplementary_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """Changes of the followed and of all; where nobody is, shares at the best end."""
    if selected.where(term="mean_change_everybody").findings:
        return _changes_figure(selected, study, outcome)
    return _ends_figure(selected, study, outcome)


def _changes_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    points = [
        Point(
            label=f"{arm_text(study, arm)}, {wave_text(study, wave)}",
            series=who,
            finding=finding,
        )
        for term, who in CHANGES.items()
        for arm in arms_of(selected, study, contrasts=False)
        for wave in waves_of(selected, study, contrasts=True)
        for finding in selected.where(term=term, arm=arm, wave=wave).findings
        if finding.group in ("", RETROSPECTIVE)
    ]
    drawn = drawn_points(points)
    words = outcome_words(selected, study, outcome)
    rows = len({point.label for point in points})
    has_retrospective = any(point.finding.group == RETROSPECTIVE for point in points)
    then = ", and against the state before as judged afterwards" * has_retrospective
    return make_figure(
        f"changes-{outcome.name}",
        f"{outcome.title}: change of those followed, of those who answered once, and "
        f"of all who answered{then}, with 95% intervals.",
        f"{words} {point_words(drawn)}" if drawn else words,
        points,
        partial(
            draw_forest,
            label="Change in points",
            smallest_effect=outcome.smallest_effect,
        ),
        height=height_of(max(rows, 1) * 1.5),
    )


def _ends_figure(selected: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    points = [
        Point(
            label=wave_text(study, wave), series=arm_text(study, arm), finding=finding
        )
        for arm in arms_of(selected, study, contrasts=False)
        for wave in waves_of(selected, study, contrasts=False)
        for finding in selected.where(term="share_at_best", arm=arm, wave=wave).findings
    ]
    drawn = drawn_points(points)
    words = outcome_words(selected, study, outcome)
    return make_figure(
        f"ends-{outcome.name}",
        f"{outcome.title}: share with the best score there is, with 95% intervals; "
        f"dashed: {number_text(TOO_MANY, 'share_at_best')}, above which it is called a "
        "ceiling.",
        f"{words} {point_words(drawn)}" if drawn else words,
        points,
        partial(draw_shares, label="With the best score there is", reference=TOO_MANY),
        height=height_of(max(len({p.label for p in points}), 1)),
    )


def answer_text(study: Study, outcome: Outcome, value: str) -> str:
    """An answer with its label, where the codebook has one for that score."""
    instrument = study.instruments[outcome.instrument]
    subscale = instrument.subscale(outcome.subscale)
    if subscale.method != "value":
        return value
    (item,) = subscale.items
    coding = instrument.coding(item)
    if coding.points or instrument.item(item).reverse_keyed:
        return value
    answers = [*coding.answers.items()]
    # The first of several labels of a code stands on the form.
    labels = {f"{code:g}": label for label, code in reversed(answers)}
    return f"{value} {labels[value]}" if value in labels else value
