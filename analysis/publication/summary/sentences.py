"""Turn the findings of a study into plain sentences for those who fund it.

Better and worse, never plus and minus; what is not known is said to be so; no word
of statistics.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.declarations.plan_lock import family_of
from analysis.foundation.findings import Contrast, names_in
from analysis.publication.disclosure.control import FEW_DROPOUTS
from analysis.publication.numbers import estimate_text, points_text
from analysis.publication.places import MONTHS, findings_of_outcome, found, wave_text
from analysis.publication.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Outcome, Study, Wave
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed

STRENGTH = {
    "drawn": "Good, with limits. It was decided at random who was in which of two "
    "groups, and the two groups were compared. Those who stopped answering may differ.",
    "compared": "Middling. The groups were compared over the same time, so a change "
    "that everybody went through is not counted. But the groups may have differed from "
    "the start.",
    "linked": "Weak. The same people were asked before and after. Nobody knows how "
    "they would have changed anyway.",
    "unlinked": "Very weak. The waves may hold different people, and there is nobody "
    "to compare them with. A change may have many causes.",
    "one wave": "None about change. People were asked at one time only, so nothing "
    "here can show that anything got better or worse.",
}
"""What the evidence can bear, by the design the main result rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MainResult:
    """The finding the study is judged by, and the design it rests on.

    Attributes
    ----------
    design : str
        ``compared``, ``linked`` or ``unlinked``.
    sign : int
        1 where a higher score is better, otherwise -1.
    """

    outcome: Outcome
    instrument: Instrument
    subscale: Subscale
    finding: Finding
    design: str

    @property
    def sign(self) -> int:
        """Turns a difference into a gain."""
        return -1 if self.subscale.direction == "higher_is_worse" else 1

    @property
    def gain(self) -> float:
        """The estimate, positive where things got better."""
        assert self.finding.estimate is not None, "suppressed, has no gain"
        return self.sign * self.finding.estimate

    @property
    def limits(self) -> tuple[float, float] | None:
        """The interval of the gain, the worse end first."""
        low, high = self.finding.conf_low, self.finding.conf_high
        if low is None or high is None:
            return None
        first, last = sorted((self.sign * low, self.sign * high))
        return first, last


def main_result(disclosed: Disclosed, study: Study) -> MainResult | None:
    """The primary outcome at its first follow-up, by the best design there is."""
    primary = (part for part in study.outcomes if family_of(part, study) == "primary")
    outcome = next(primary, None)
    if outcome is None or not outcome.follow_ups:
        return None
    instrument = study.instruments[outcome.instrument]
    selected = findings_of_outcome(disclosed, outcome).where(
        wave=Contrast(outcome.follow_ups[0], outcome.baseline),
    )
    finding, design = _best_finding(selected, study)
    if finding is None:
        return None
    return MainResult(
        outcome=outcome,
        instrument=instrument,
        subscale=instrument.subscale(outcome.subscale),
        finding=finding,
        design=design,
    )


def _best_finding(selected: Disclosed, study: Study) -> tuple[Finding | None, str]:
    terms = ["difference_in_change", "adjusted_difference"]
    planned = study.plan.summary_measure if study.plan else ""
    if planned == terms[1] or (not planned and study.allocated_by == "participant"):
        terms.reverse()
    elif planned and planned not in terms:
        terms = []
    between = selected.where(arm=Contrast(study.treated, study.control))
    for term in terms:
        if finding := found(between, term=term):
            return finding, "compared"
    arm = study.treated if study.arms else ""
    within = selected.where(arm=arm)
    change = found(within, term="mean_change") or found(selected, term="mean_change")
    linked = within.where(term="participants_linked").findings
    return change, "linked" if linked else "unlinked"


def result_sentences(
    result: MainResult | None, disclosed: Disclosed, study: Study
) -> Iterator[str]:
    """The main result, how sure it is, and whether it is large enough to matter."""
    if result is None:
        yield _without_result(study)
        return
    scale = result.subscale
    if result.finding.estimate is None:
        reason = result.finding.reason or "it is not shown"
        yield f"{result.outcome.title}: too little is known to say. Reason: {reason}."
        return
    yield _change_sentence(result, study)
    if result.limits:
        yield f"The true figure is likely to be {_between(result.limits, scale)}."
    yield _verdict(result)
    yield from _last_sentences(result, disclosed, study)


def _last_sentences(
    result: MainResult, disclosed: Disclosed, study: Study
) -> Iterator[str]:
    """What was left of the main result at the last follow-up, if there are several."""
    outcome = result.outcome
    if len(outcome.follow_ups) < 2:
        return
    last = outcome.follow_ups[-1]
    title = study.wave_title(last)
    finding = found(
        disclosed,
        survey=outcome.survey,
        instrument=outcome.instrument,
        subscale=outcome.subscale,
        wave=Contrast(last, outcome.baseline),
        arm=result.finding.arm,
        term=result.finding.term,
    )
    if finding is None or finding.estimate is None:
        yield f"At “{title}”, the last time: too little is known to say."
        return
    later = dataclasses.replace(result, finding=finding)
    size = f"{points_text(abs(later.gain), later.subscale)} points {_side(later.gain)}"
    if later.limits:
        size += f", likely {_between(later.limits, later.subscale)}"
    yield f"At “{title}”, the last time: {size}."


def _side(gain: float) -> str:
    return "better" if gain >= 0 else "worse"


def _without_result(study: Study) -> str:
    if len(study.waves) == 1:
        return (
            "There is no main result. People were asked at one time only, so change "
            "was not measured in this study."
        )
    return "There is no main result: none was declared, or none could be worked out."


def _change_sentence(result: MainResult, study: Study) -> str:
    size = points_text(abs(result.gain), result.subscale)
    after, before = names_in(result.finding.wave)
    waves = wave_text(study, result.finding.wave)
    treated, control = study.arm_title(study.treated), study.arm_title(study.control)
    more = "more" if result.gain >= 0 else "less"
    better = _side(result.gain)
    if result.finding.term == "adjusted_difference":
        return (
            f"{result.outcome.title}: at “{study.wave_title(after)}”, the {treated} "
            f"group did {size} points {better} than the {control} group, allowing for "
            f"where they began."
        )
    if result.design == "compared":
        return (
            f"{result.outcome.title}: from “{study.wave_title(before)}” to "
            f"“{study.wave_title(after)}”, the {treated} group improved by {size} "
            f"points {more} than the {control} group."
        )
    return f"{result.outcome.title}, {waves}: the score got {better} by {size} points."


def _between(limits: tuple[float, float], scale: Subscale) -> str:
    """An interval in better and worse."""
    low, high = (points_text(abs(limit), scale) for limit in limits)
    if limits[0] >= 0:
        return f"between {low} and {high} points better"
    if limits[1] <= 0:
        return f"between {high} and {low} points worse"
    return f"between {low} points worse and {high} points better"


def _verdict(result: MainResult) -> str:
    """Whether the gain is one that matters, from where its interval lies."""
    effect = result.outcome.smallest_effect
    if effect is None or result.limits is None:
        return "Nobody has said how large a change must be to matter."
    size = points_text(effect, result.subscale)
    weighed = _weighed(result.gain, result.limits, effect)
    return f"The smallest change that matters was set at {size} points. {weighed}"


def _weighed(gain: float, limits: tuple[float, float], effect: float) -> str:
    low, high = limits
    weights = (
        (low >= effect, "this is a gain that matters"),
        (high <= -effect, "things got worse, by enough to matter"),
        (-effect < low and high < effect, "any change is too small to matter"),
        (high < 0, "things got worse, perhaps by enough to matter"),
        (
            low > 0 and gain >= effect,
            "there was a gain, probably one that matters, but it may be less",
        ),
        (low > 0, "there was a gain, but it may be too small to matter"),
        (gain >= effect, "there may be a gain that matters, or none at all"),
        (high < effect, "there was no gain that matters, and things may be worse"),
    )
    reported_words = (words for holds, words in weights if holds)
    nothing = "we do not know whether anything changed that matters"
    return f"So {next(reported_words, nothing)}."


def strength_sentence(result: MainResult | None, study: Study) -> str:
    """How much the evidence can bear, in words."""
    if result is None:
        return STRENGTH["one wave" if len(study.waves) == 1 else "unlinked"]
    if result.design == "compared" and study.randomised:
        return STRENGTH["drawn"]
    return STRENGTH[result.design]


def done_sentences(study: Study) -> Iterator[str]:
    """What was done, where, and when."""
    yield study.summary
    if study.sites:
        yield f"Where: {listed([site.title for site in study.sites])}."
    dated = [wave_and_date(wave) for wave in study.waves]
    yield f"When people were asked: {listed(dated)}."


def participation_sentences(disclosed: Disclosed, study: Study) -> Iterator[str]:
    """How many answers came, stayed, and could be followed over time."""
    for survey in study.surveys:
        selected = disclosed.where(survey=survey.name, arm="")
        parts = []
        for wave in study.waves:
            kept = found(selected, wave=wave.name, term="responses_kept")
            received = found(selected, wave=wave.name, term="responses_received")
            if kept is None or received is None:
                continue
            if kept.reason == FEW_DROPOUTS:
                parts.append(f"{wave.title}: not shown")
            elif kept.estimate is None:
                parts.append(f"{wave.title}: too few to say")
            elif received.estimate is None:
                parts.append(f"{wave.title}: {estimate_text(kept)} and a few not used")
            else:
                of = f"{estimate_text(kept)} of {estimate_text(received)}"
                parts.append(f"{wave.title}: {of}")
        if parts:
            yield _answers_used(survey.title, parts)
    yield from _linked_sentences(disclosed, study)
    yield from _rated_sentences(disclosed, study)
    yield "How many people were invited is not recorded here."


def _answers_used(survey: str, parts: list[str]) -> str:
    """A survey's answers wave by wave; what is alike at all of them is said once."""
    few = " and a few not used"
    if all(part.endswith(few) for part in parts):
        reported_words = "; ".join(part.removesuffix(few) for part in parts)
        return f"{survey}, answers used, a few more were received: {reported_words}."
    return f"{survey}, answers used of those received: {'; '.join(parts)}."


def _linked_sentences(disclosed: Disclosed, study: Study) -> Iterator[str]:
    if len(study.waves) < 2:
        return
    linked = disclosed.where(term="participants_linked", arm="", group="")
    for survey in study.surveys:
        finding = _most_linked(linked.where(survey=survey.name))
        if finding is None:
            yield f"{survey.title}: answers could not be linked from wave to wave."
        elif finding.reason == FEW_DROPOUTS:
            yield f"{survey.title}: how many people could be followed is not shown."
        elif finding.estimate is None:
            yield f"{survey.title}: too few people could be followed to say."
        else:
            waves = wave_text(study, finding.wave)
            count = estimate_text(finding)
            yield f"{survey.title}: {count} people could be followed, {waves}."


def _most_linked(linked: Disclosed) -> Finding | None:
    """Of the first pair of waves, the score that most people have at both."""
    waves = next((finding.wave for finding in linked.findings), "")
    found_selected = linked.where(wave=waves).findings
    return max(found_selected, key=lambda finding: finding.estimate or 0, default=None)


def _rated_sentences(disclosed: Disclosed, study: Study) -> Iterator[str]:
    """How many of the staff were rated, where there is a list of them."""
    selected = disclosed.where(term="share_rated_once", group="")
    parts = []
    for wave in study.waves:
        finding = found(selected, wave=wave.name)
        if finding is not None and finding.estimate is None:
            parts.append(f"{wave.title}: too few to say")
        elif finding is not None:
            parts.append(f"{wave.title}: {estimate_text(finding)} of {finding.n:,}")
    if parts:
        reported_words = "; ".join(parts)
        yield (
            f"Staff in regular contact who were rated at least once: {reported_words}."
        )


def comparison_sentences(study: Study) -> Iterator[str]:
    """Compared with what."""
    treated, control = study.arm_title(study.treated), study.arm_title(study.control)
    how = {
        "none": "Nobody decided who would be in which group.",
        "participant": "Each person was put in one of the groups.",
        "team": "Whole teams were put in one of the groups.",
    }
    if study.treated and study.control:
        yield f"The {treated} group compared with the {control} group."
        yield how[study.allocated_by]
    else:
        yield "With nobody: there is no comparison group in this study."
    yield "No national or other outside figures are compared with these."


def _month(date: str) -> str:
    """An ISO date as its month and year."""
    year, month, _ = date.split("-")
    return f"{MONTHS[int(month) - 1]} {year}"


def wave_and_date(wave: Wave) -> str:
    """A wave with its month, unless the title has the year itself."""
    if not wave.date or re.search(r"\d{4}", wave.title):
        return wave.title
    return f"{wave.title} ({_month(wave.date)})"
