"""Findings beside the mean, taken apart: what each comes to, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.places import arm_text, found, wave_text, waves_of
from analysis.publication.tables.numbers import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

TOO_MANY = 0.15
"""Share at an end above which it is commonly called a floor or a ceiling."""
ENDS = {
    "share_at_best": ("best", "a ceiling", "get better"),
    "share_at_worst": ("worst", "a floor", "get worse"),
}
SMALLEST_CHANGES = (
    "mic_predictive_reliability_adjusted",
    "mic_predictive_adjusted",
)
"""Terms of the change people call an improvement, the one to report first."""
RETROSPECTIVE = "then-test"


def outcome_words(selected: Disclosed, study: Study, outcome: Outcome) -> str:
    """What stands beside the mean of one outcome, as one text."""
    return " ".join(outcome_sentences(selected, study, outcome))


def outcome_sentences(
    selected: Disclosed, study: Study, outcome: Outcome
) -> tuple[str, ...]:
    """What stands beside the mean of one outcome, a sentence or two a matter.

    Parameters
    ----------
    selected : Disclosed
        What was found of it on this page.
    """
    sentences = [
        *_end_words(selected, study),
        _answer_words(selected, study),
        _followed_words(selected, study),
        _everyone_words(selected, study),
        _retrospective_words(selected, study),
        _anchor_words(selected, study, outcome),
    ]
    first, *others = [*filter(None, sentences)] or ["Nothing could be told."]
    return (f"{outcome.title}. {first}", *others)


def of_arms(
    selected: Disclosed, study: Study, term: str, wave: str, group: str = ""
) -> list[Finding]:
    """The estimates of a term at a wave, the arms in the order declared."""
    order = ["", *(arm.name for arm in study.arms)]
    drawn = [
        part
        for part in selected.where(term=term, wave=wave, group=group).findings
        if part.estimate is not None and part.arm in order
    ]
    return sorted(drawn, key=lambda part: order.index(part.arm))


def _end_words(selected: Disclosed, study: Study) -> Iterator[str]:
    for term, (end, name, moving) in ENDS.items():
        known = [
            part
            for part in selected.where(term=term).findings
            if part.estimate is not None
        ]
        most = max(known, key=_share, default=None)
        if most is None or _share(most) <= TOO_MANY:
            continue
        first = waves_of(selected.where(term=term), study, contrasts=False)[0]
        began = [_named(part, study) for part in of_arms(selected, study, term, first)]
        before = ""
        if began and most.wave != first:
            before = f"; at the wave “{wave_text(study, first)}” {_listed(began)}"
        yield (
            f"At the wave “{wave_text(study, most.wave)}” {_named(most, study)} had "
            f"the {end} score there is{before}. Over 15% is called {name}: nobody "
            f"there can be seen to {moving}."
        )


def _share(part: Finding) -> float:
    return part.estimate or 0.0


def _answer_words(selected: Disclosed, study: Study) -> str:
    """How probable a better answer is after, beside how probable it was before."""
    chances = selected.where(term="probability_of_better_answer")
    waves = waves_of(chances, study, contrasts=False)
    if not waves:
        return ""
    before = found(chances, wave=waves[0])
    after = found(chances, wave=waves[-1])
    if before is None or after is None:
        return ""
    arms = [study.arm_title(name) for name in after.arm.split(" - ")]
    if after.estimate is None:
        return (
            f"Whether “{arms[0]}” answers better than “{arms[1]}” cannot be told: "
            f"{after.reason}."
        )
    then = f"; before it was {estimate_text(before)}" if before.estimate else ""
    return (
        f"At the wave “{wave_text(study, waves[-1])}” the chance that somebody of "
        f"“{arms[0]}” answers better than somebody of “{arms[1]}” is "
        f"{estimate_text(after)}, where 50% is no difference{then}."
    )


def _followed_words(selected: Disclosed, study: Study) -> str:
    waves = waves_of(selected.where(term="share_better"), study, contrasts=True)
    if not waves:
        return ""
    sentences = []
    for better in of_arms(selected, study, "share_better", waves[-1]):
        worse = found(selected, term="share_worse", wave=waves[-1], arm=better.arm)
        if worse is not None and worse.estimate is not None:
            sentences.append(
                f"{number_text(better.estimate or 0.0, better.term)} answered better "
                f"and {number_text(worse.estimate, worse.term)} worse"
                f"{_of_arm(better, study)}"
            )
    if not sentences:
        return ""
    return f"Of those followed, {wave_text(study, waves[-1])}: {_listed(sentences)}."


def _everyone_words(selected: Disclosed, study: Study) -> str:
    waves = waves_of(
        selected.where(term="mean_change_everybody"), study, contrasts=True
    )
    if not waves:
        return ""
    sentences = []
    for whole in of_arms(selected, study, "mean_change_everybody", waves[-1]):
        linked = found(
            selected, term="mean_change_linked", wave=waves[-1], arm=whole.arm
        )
        if linked is not None and linked.estimate is not None:
            sentences.append(
                f"{estimate_text(linked)} and {estimate_text(whole)}"
                f"{_of_arm(whole, study)}"
            )
    if not sentences:
        return ""
    return (
        f"{wave_text(study, waves[-1])}, the change of those followed, and of all who "
        f"answered, in points: {_listed(sentences)}."
    )


def _retrospective_words(selected: Disclosed, study: Study) -> str:
    """How far the past looks otherwise afterwards; or the change as felt alone."""
    for term, words in (
        (
            "response_shift",
            "Judged afterwards, the state before lies this many points from what "
            "people said at the time",
        ),
        ("then_test_change", "Against the state before as judged afterwards, points"),
    ):
        waves = waves_of(
            selected.where(term=term, group=RETROSPECTIVE), study, contrasts=True
        )
        if not waves:
            continue
        sentences = [
            f"{estimate_text(part)}{_of_arm(part, study)}"
            for part in of_arms(selected, study, term, waves[-1], RETROSPECTIVE)
        ]
        if sentences:
            return (
                f"{words}, {wave_text(study, waves[-1])}: {_listed(sentences)}. What people "
                "remember is the lowest rung of evidence: it stands beside the change, "
                "never instead of it."
            )
    return ""


def _anchor_words(selected: Disclosed, study: Study, outcome: Outcome) -> str:
    waves = waves_of(selected.where(term=SMALLEST_CHANGES[-1]), study, contrasts=True)
    if not waves:
        return ""
    tried = [found(selected, term=term, wave=waves[-1]) for term in SMALLEST_CHANGES]
    known = [part for part in tried if part and part.estimate is not None]
    if not known:
        reason = next((p.reason for p in tried[::-1] if p and p.reason), "held back")
        return f"Which change people call an improvement cannot be told: {reason}."
    effect = outcome.smallest_effect
    declared = f"; declared to matter are {number_text(effect)}" if effect else ""
    return (
        f"A change of {estimate_text(known[0])} points is as likely among those who "
        f"say that things got better as among the rest{declared}."
    )


def _named(part: Finding, study: Study) -> str:
    value = number_text(part.estimate or 0.0, part.term)
    return f"{value}{_of_arm(part, study)}"


def _of_arm(part: Finding, study: Study) -> str:
    return f" ({arm_text(study, part.arm)})" if part.arm else ""


def _listed(parts: list[str]) -> str:
    return "; ".join(parts)
