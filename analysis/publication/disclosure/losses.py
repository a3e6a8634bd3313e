"""Counts of two steps that would, side by side, tell of a few people: held back.

How many were kept at a wave is a count of the cleaning; how many of them could be
followed is one of the outcomes. Each may be shown alone. Where both stand in one
report, their difference is how many were lost, or are new; where these are few, the
counts of the later wave are held back there.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.publication.disclosure.control import Disclosed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.foundation import Finding

LINKED = "participants_linked"
FLOW = ("responses_received", "responses_left_out", "responses_kept")
FEW_DROPOUTS = "held back, or how few were not followed could be worked out"


def suppress_attrition_counts(disclosed: Disclosed, *, smallest: int) -> Disclosed:
    """Hold back, of each later wave, what would tell that a few were lost or are new.

    Parameters
    ----------
    disclosed : Disclosed
        Findings of several steps.
    smallest : int
        Fewest people a number may rest on.
    """
    hidden = _hidden(disclosed.findings, smallest)
    return Disclosed(
        findings=tuple(
            _suppressed(finding) if _place(finding) in hidden else finding
            for finding in disclosed.findings
        )
    )


def _hidden(findings: Iterable[Finding], smallest: int) -> set[tuple[str, str, str]]:
    """Survey, later wave and arm of the counts to hold back."""
    known = list(findings)
    kept = {
        (finding.survey, finding.wave, finding.arm): finding.n
        for finding in known
        if finding.term == "responses_kept" and finding.n is not None
    }
    arms: dict[tuple[str, str], set[str]] = {}
    few: dict[tuple[str, str], set[str]] = {}
    for finding in known:
        if finding.term == LINKED and not finding.group and finding.n is not None:
            later = (finding.survey, finding.wave.partition(" - ")[0])
            for wave in finding.wave.split(" - "):
                at_wave = kept.get((finding.survey, wave, finding.arm), finding.n)
                if 0 < at_wave - finding.n < smallest:
                    few.setdefault(later, set()).add(finding.arm)
    for survey, wave, arm in {_place(finding) for finding in known} - {("", "", "")}:
        arms.setdefault((survey, wave), set()).add(arm)
    # What is held back of one arm would follow from the others and everyone.
    return {
        (*later, arm)
        for later, found in few.items()
        for arm in arms[later]
        if arm or "" in found
    }


def _place(finding: Finding) -> tuple[str, str, str]:
    """Survey, wave (the later of two) and arm of a count; empty for other findings."""
    if finding.term in FLOW or (finding.term == LINKED and not finding.group):
        return (finding.survey, finding.wave.partition(" - ")[0], finding.arm)
    return ("", "", "")


def _suppressed(finding: Finding) -> Finding:
    if finding.estimate is None:
        return finding
    return dataclasses.replace(finding, estimate=None, n=None, reason=FEW_DROPOUTS)
