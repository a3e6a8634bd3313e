"""What a reliability figure is about: its findings, and the names around them.

The same drawing serves a study's disclosed findings and a result at hand: both become
a `Subject` first. A figure speaks of one wave, since its lines are already several.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.publication.places import wave_text, waves_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One scale at one wave.

    Attributes
    ----------
    place : str
        End of the files' names, so that no two figures of a page share one.
    title : str
        The scale, with its wave where there is one.
    findings : tuple of Finding
        Those that the figure is made of, in the order found.
    labels : mapping
        Item → its label; an item without one keeps its name.
    """

    place: str
    title: str
    findings: tuple[Finding, ...]
    labels: Mapping[str, str] = field(default_factory=dict)

    def of(self, *terms: str) -> list[Finding]:
        """The findings of these terms, in the order found."""
        return [finding for finding in self.findings if finding.term in terms]

    def item_text(self, finding: Finding) -> str:
        """The label of the item that a finding is about."""
        return self.labels.get(finding.item, finding.item)

    def with_findings(self, findings: Sequence[Finding]) -> Subject:
        """The same scale with other findings."""
        return dataclasses.replace(self, findings=tuple(findings))


def subject_of(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    terms: Sequence[str],
    wave: str = "",
) -> Subject:
    """A scale of a study, everyone together.

    Parameters
    ----------
    terms : sequence of str
        What the figure is made of.
    wave : str
        Which wave; empty for the first that any of the terms was found at.
    """
    declared = study.instruments[instrument]
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, arm=""
    )
    chosen = dataclasses.replace(
        selected,
        findings=tuple(part for part in selected.findings if part.term in terms),
    )
    waves = waves_of(chosen, study, contrasts=False)
    at = wave or (waves[0] if waves else "")
    title = declared.subscale(subscale).title
    return Subject(
        place="-".join(part for part in (survey, instrument, subscale, at) if part),
        title=f"{title}, {wave_text(study, at)}" if at else title,
        findings=chosen.where(wave=at).findings,
        labels={item.name: item.label for item in declared.items},
    )
