"""What was done, who took part and who was compared, in plain sentences.

What is not known is said to be so; no word of statistics.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.publication.disclosure.control import FEW_DROPOUTS
from analysis.publication.numbers import estimate_text
from analysis.publication.places import MONTHS, found, wave_text
from analysis.publication.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Study, Survey, Wave
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed


NOT_INVITED = "How many people were invited is not recorded here."


def without_result(study: Study) -> str:
    """Why there is no main result."""
    if len(study.waves) == 1:
        return (
            "There is no main result. People were asked at one time only, so change "
            "was not measured in this study."
        )
    return "There is no main result: none was declared, or none could be worked out."


def done_sentences(study: Study) -> Iterator[str]:
    """What was done, where, and when."""
    yield study.summary
    if study.sites:
        yield f"Where: {listed([site.title for site in study.sites])}."
    dated = [wave_and_date(wave) for wave in study.waves]
    yield f"When people were asked: {listed(dated)}."


def participation_sentences(disclosed: Disclosed, study: Study) -> Iterator[str]:
    """How many were invited, answered, were used, and linked over time."""
    exports = [export for wave in study.waves for export in wave.exports]
    some_known = any(export.invited for export in exports)
    for survey in study.surveys:
        selected = disclosed.where(survey=survey.name, arm="")
        if some_known:
            yield from _invited_sentences(selected, study, survey)
        used = [
            (wave.title, text)
            for wave in study.waves
            if (text := _used_text(selected.where(wave=wave.name)))
        ]
        if used:
            of = (
                " of those who answered"
                if any(" of " in text for _, text in used)
                else ""
            )
            yield f"{survey.title}, used{of}: {_by_wave(used)}."
    yield from _linked_sentences(disclosed, study)
    yield from _rated_sentences(disclosed, study)
    if not some_known:
        yield NOT_INVITED


def _by_wave(parts: list[tuple[str, str]]) -> str:
    return "; ".join(f"{title}: {text}" for title, text in parts)


def _used_text(at_wave: Disclosed) -> str:
    """How many answers were used; of how many, where that is shown."""
    used = found(at_wave, term="responses_used")
    answered = found(at_wave, term="responses_answered")
    if used is None:
        return ""
    if used.reason == FEW_DROPOUTS:
        return "not shown"
    if used.estimate is None:
        return "too few to say"
    fewer = answered is not None and (answered.estimate or 0) >= used.estimate
    of = f" of {estimate_text(answered)}" if answered and fewer else ""
    return f"{estimate_text(used)}{of}"


def _invited_sentences(
    selected: Disclosed, study: Study, survey: Survey
) -> Iterator[str]:
    """How many of those invited answered, wave by wave; where nobody knows, that."""
    held = [wave for wave in study.waves if wave.export(survey.name)]
    known = [wave for wave in held if study.invited(survey.name, wave.name)]
    parts = []
    for wave in known:
        rate = found(selected, wave=wave.name, term="response_rate")
        answered = found(selected, wave=wave.name, term="responses_answered")
        if rate is None or answered is None:
            continue
        text = "not shown"
        if rate.estimate is not None and answered.estimate is not None:
            of = f"{estimate_text(answered)} of {rate.n:,}"
            text = f"{of} ({estimate_text(rate)})"
        parts.append((wave.title, text))
    if parts:
        yield f"{survey.title}, answered of those invited: {_by_wave(parts)}."
    if unknown := [wave.title for wave in held if wave not in known]:
        at = listed([f"“{title}”" for title in unknown])
        yield f"{survey.title}: how many were invited at {at} is not recorded here."


def _linked_sentences(disclosed: Disclosed, study: Study) -> Iterator[str]:
    if len(study.waves) < 2:
        return
    linked = disclosed.where(term="participants_linked", arm="", group="")
    for survey in study.surveys:
        finding = _most_linked(linked.where(survey=survey.name))
        if finding is None:
            yield f"{survey.title}: answers could not be linked from wave to wave."
        elif finding.reason == FEW_DROPOUTS:
            yield f"{survey.title}: how many people could be linked is not shown."
        elif finding.estimate is None:
            yield f"{survey.title}: too few people could be linked to say."
        else:
            waves = wave_text(study, finding.wave)
            count = estimate_text(finding)
            yield f"{survey.title}: {count} people were linked, {waves}."


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
        "": "Nobody decided who would be in which group.",
        "person": "Each person was put in one of the groups.",
        "team": "Whole teams were put in one of the groups.",
        "site": "Whole sites were put in one of the groups.",
    }
    if study.treated and study.control:
        yield f"The {treated} group compared with the {control} group."
        yield how[study.allocation.unit]
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
