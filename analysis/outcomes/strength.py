"""Findings that say how strong the evidence is, and why it is no stronger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding, Group
from heard.effects.judgement.strength import Strength, strength
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.foundation.findings import Contrast, Place
    from heard.effects.judgement.strength import StrengthFacts

METHOD = "the lowest column, less what threatens the answer, at most two"


def strength_findings(
    facts: StrengthFacts,
    *,
    study: str,
    survey: str,
    instrument: str,
    subscale: str,
    wave: Place,
    arm: Contrast | str,
    n_unit: str = "",
) -> Iterator[Finding]:
    """The rating with its columns and threats; nothing where there is no number.

    Parameters
    ----------
    facts : StrengthFacts
        Of the planned answer.
    study, survey, instrument, subscale, wave, arm : str or Contrast
        The place of the planned answer.
    n_unit : str
        What its n counts, where it is not people.
    """
    rated = strength(facts)
    if not isinstance(rated, Strength) or facts.people is None:
        return
    place = {
        "study": study,
        "survey": survey,
        "instrument": instrument,
        "subscale": subscale,
        "wave": wave,
        "arm": arm,
    }
    for term, group, value in _rows(facts, rated):
        estimate = Estimate.of(
            term, value, n=facts.people, n_unit=n_unit, method=METHOD
        )
        yield from Finding.place(estimate, **place, group=group)


def _rows(
    facts: StrengthFacts, rated: Strength
) -> Iterator[tuple[str, Group | str, int]]:
    about = {"design": facts.design, "size": facts.unit}
    yield "evidence_strength", "", rated.rating
    for name, score in rated.columns.items():
        of = about.get(name, "")
        yield "strength_column", Group("strength", value=name, of=of), score
    for threat in rated.threats:
        group = Group("strength", value=threat)
        yield "strength_threat", group, int(threat in rated.taken)
    checked = facts.comparability in {"passed", "failed"}
    state = "one_item" if facts.items == 1 and not checked else facts.comparability
    yield "comparability_checked", Group("strength", value=state), int(checked)
