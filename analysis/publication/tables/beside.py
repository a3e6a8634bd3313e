"""What stands beside the mean of an outcome, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.places import arm_text, wave_text, waves_of
from analysis.publication.tables.frame import Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

TITLES = {
    "share_at_best": "With the best score there is",
    "share_at_worst": "With the worst score there is",
    "probability_of_better_answer": "Chance of a better answer",
    "proportional_odds_ratio": "Odds ratio of a better answer",
    "proportional_odds_p_value": "One odds ratio for all answers: p",
    "top_share_difference": "Top answers, difference",
    "top_share_difference_in_change": "Top answers, difference in change",
    "top_share_before": "Top answers before",
    "top_share_after": "Top answers after",
    "top_share_change": "Top answers, change",
    "share_better": "Answered better",
    "share_same": "Answered the same",
    "share_worse": "Answered worse",
    "net_share_better": "Better less worse",
    "mean_change_linked": "Change of those followed, points",
    "mean_change_unlinked": "Change of those who answered once, points",
    "mean_change_everybody": "Change of all who answered, points",
    "mean_then": "Before, judged afterwards: mean",
    "conventional_change": "After less before, of those who judged both",
    "then_test_change": "After less before as judged afterwards",
    "response_shift": "Before as judged afterwards, less before",
    "anchor_correlation": "Change with having got better: correlation",
    "mic_mean_change": "Mean change of those a little better",
    "mic_roc": "Change that best tells better from not",
    "mic_predictive": "Change as likely among better as not",
    "mic_predictive_adjusted": "The same, for how many got better",
    "mic_predictive_reliability_adjusted": "The same, for the anchor's reliability too",
}
"""Term → what it is called, in the order shown."""
CALLED = (
    "Over 15% at an end is commonly called a floor or a ceiling (Terwee and others, "
    "2007)."
)
CHANCE = (
    "A chance of a better answer is that one person, drawn at random, answers better "
    "than one of the others; the same answer counts half."
)


def beside_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a number: what it is, at which waves, of whom.

    Parameters
    ----------
    here : Disclosed
        What was found beside the mean of this outcome.
    """
    notes = Footnotes()
    rows = tuple(
        (
            TITLES[part.term],
            wave_text(study, part.wave),
            arm_text(study, part.arm),
            notes.people(part),
            notes.cell(part, title=TITLES[part.term]),
        )
        for part in _ordered(here, study)
    )
    said = {row[0] for row in rows}
    also = [CALLED] if TITLES["share_at_best"] in said else []
    also += [CHANCE] if TITLES["probability_of_better_answer"] in said else []
    return Table(
        caption=f"{outcome.title}: beside the mean",
        columns=("What", "Waves", "Group", "n", "Value"),
        rows=rows,
        row_headings=3,
        notes=(*notes.notes(), *also),
        methods=notes.methods(),
    )


def _ordered(here: Disclosed, study: Study) -> Iterator[Finding]:
    waves = [
        *waves_of(here, study, contrasts=False),
        *waves_of(here, study, contrasts=True),
    ]
    arms = ["", *(arm.name for arm in study.arms)]

    def place(part: Finding) -> tuple[int, int]:
        arm = arms.index(part.arm) if part.arm in arms else len(arms)
        return waves.index(part.wave), arm

    for term in TITLES:
        yield from sorted(here.where(term=term).findings, key=place)
