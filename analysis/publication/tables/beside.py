"""What stands beside the mean of an outcome, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.places import arm_text, found, wave_text, waves_of
from analysis.publication.tables.frame import Footnotes, Table

if TYPE_CHECKING:
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
    "than one of the others, or later than earlier; the same answer counts half, and "
    "50% is no difference."
)
TOPS = ("top_share_before", "top_share_after")


def supplementary_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a number and wave, a column a group; with each number its n.

    Parameters
    ----------
    here : Disclosed
        What was found beside the mean of this outcome. A term of which nothing may be
        shown has no rows, and is told below the table with its reasons.
    """
    terms_found, lacking = _terms(here, outcome)
    of_terms = [part for part in here.findings if part.term in terms_found]
    groups = _groups(of_terms, study)
    notes, rows = Footnotes(), []
    for term in terms_found:
        at = here.where(term=term)
        waves = [
            *waves_of(at, study, contrasts=False),
            *waves_of(at, study, contrasts=True),
        ]
        for wave in waves:
            cells = [
                _cell(found(at, wave=wave, arm=arm), notes, TITLES[term])
                for arm in groups
            ]
            rows.append((TITLES[term], wave_text(study, wave), *cells))
    also = [CALLED] if "share_at_best" in terms_found else []
    also += [CHANCE] if "probability_of_better_answer" in terms_found else []
    return Table(
        caption=f"{outcome.title}: beside the mean",
        columns=("What", "Waves", *(_heading(study, arm) for arm in groups)),
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), *lacking, *also) if rows else (),
        methods=notes.methods(),
    )


def _terms(here: Disclosed, outcome: Outcome) -> tuple[list[str], list[str]]:
    """Terms to show, and a sentence for each of which nothing may be shown."""
    terms_found: list[str] = []
    lacking: dict[str, list[str]] = {}
    # Where the best score alone is a top one, its share stands there already.
    again = (
        outcome.supplementary.top is None
        and not here.where(term="share_better").findings
    )
    for term, title in TITLES.items():
        of_term = here.where(term=term).findings
        if not of_term or (again and term in TOPS):
            continue
        if any(part.estimate is not None for part in of_term):
            terms_found.append(term)
            continue
        reasons = dict.fromkeys(part.reason for part in of_term if part.reason)
        lacking.setdefault("; ".join(reasons), []).append(title)
    return terms_found, [
        f"Not shown ({w}): {'; '.join(t)}." for w, t in lacking.items()
    ]


def _groups(findings: list[Finding], study: Study) -> list[str]:
    """Everyone, then the arms as declared, then arms compared."""
    present = dict.fromkeys(part.arm for part in findings)
    known = ["", *(arm.name for arm in study.arms)]
    return [
        *(name for name in known if name in present),
        *(name for name in present if name not in known),
    ]


def _heading(study: Study, arm: str) -> str:
    first, against, second = arm.partition(" - ")
    if not against:
        return arm_text(study, arm)
    return f"{study.arm_title(first)} against {study.arm_title(second)}"


def _cell(part: Finding | None, notes: Footnotes, title: str) -> str:
    text = notes.cell(part, title=title)
    if part is None or part.estimate is None or part.n is None:
        return text
    return f"{text}, n {part.n:,}"
