"""The analyses that could be done into how far an answer can be trusted, and why.

The rule that holds throughout: an answer has the highest level of evidence of which
every analysis was asked for and could be done. Each higher level states why it was not
reached, and what would have to be in place before the next pilot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heard.results import Composite, Estimate, Result, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

TERM = "evidence_rung"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLevel:
    """One step of the ladder.

    Attributes
    ----------
    name : str
        Short name.
    needs : tuple of str
        Names of the analyses that must all have succeeded.
    basis : str
        What an answer on it rests on, in words that follow "This answer rests on".
    limitation : str
        What could still explain the answer away.
    requirement : str
        What would bring an answer up to it.
    """

    name: str
    needs: tuple[str, ...]
    basis: str
    limitation: str
    requirement: str


EVIDENCE_LEVELS = (
    EvidenceLevel(
        name="then_test",
        needs=("then_test",),
        basis="what people remember of how things were",
        limitation="memory bends towards what people think should have happened",
        requirement="asking, afterwards, how things were before",
    ),
    EvidenceLevel(
        name="unlinked_bounds",
        needs=("unlinked_change", "correlation_bounds"),
        basis="groups who answered before and after, not known to be the same "
        "people, with bounds for what that hides",
        limitation="other people may have answered, and things may have changed anyway",
        requirement="the same questions before and after",
    ),
    EvidenceLevel(
        name="linked_tipping_point",
        needs=("paired_change", "tipping_point"),
        basis="the same people before and after, with how much worse those who "
        "left would have to be to undo it",
        limitation="things may have changed anyway, without the pilot",
        requirement="a code that links people's answers, and the tipping point for "
        "those who left",
    ),
    EvidenceLevel(
        name="dose_within_site",
        needs=("dose_response", "negative_dose"),
        basis="people of one organisation who took more and less part, with a "
        "check that later attendance does not predict earlier scores",
        limitation="who took more part chose to",
        requirement="a record of who attended what, and when",
    ),
    EvidenceLevel(
        name="comparison_arm",
        needs=("arm_comparison",),
        basis="a comparison with teams who did not have it, not chosen by chance",
        limitation="the teams compared may have differed before, and may have been "
        "heading elsewhere",
        requirement="teams without it who answer the same questions at the same times",
    ),
    EvidenceLevel(
        name="placebo_comparison",
        needs=("placebo_comparison",),
        basis="a comparison with every other organisation, each taken in turn as "
        "if it had had the pilot",
        limitation="something else that happened only where the pilot was",
        requirement="published scores of all other organisations, before and after",
    ),
    EvidenceLevel(
        name="allocated_by_chance",
        needs=("allocated_comparison",),
        basis="a comparison of teams or people allocated by chance",
        limitation="who left, and whether it would be the same elsewhere",
        requirement="drawing lots for who starts first",
    ),
)
"""From the lowest level to the highest."""

ANALYSES = tuple(name for level in EVIDENCE_LEVELS for name in level.needs)
NOT_ASKED = "not asked for"
METHOD = (
    f"the highest of {len(EVIDENCE_LEVELS)} rungs of which every analysis was done, 1 "
    "the "
    "lowest; n counts the analyses done; a rank of designs, so no interval"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRating(Composite):
    """The level of evidence of an answer, and what would raise it.

    Attributes
    ----------
    evidence_level : Estimate or Unavailable
        1 is the lowest.
    level : EvidenceLevel or None
        The one reached.
    unmet : tuple of (str, str)
        Each higher level: its name, and what was lacking.
    """

    evidence_level: Result
    level: EvidenceLevel | None = field(default=None)
    unmet: tuple[tuple[str, str], ...] = ()

    @property
    def standing(self) -> str:
        """What the answer rests on and what is still open, in plain words."""
        if self.level is None:
            return "No analysis could be done, so nothing can be said."
        height = EVIDENCE_LEVELS.index(self.level) + 1
        return (
            f"This answer rests on {self.level.basis} (rung {height} of "
            f"{len(EVIDENCE_LEVELS)}). Still open: {self.level.limitation}."
        )

    @property
    def sentence(self) -> str:
        """The standing, and what would lift it."""
        return f"{self.standing} {self.lift}"

    @property
    def lift(self) -> str:
        """What would raise the answer by one level of evidence, in plain words."""
        height = 0 if self.level is None else EVIDENCE_LEVELS.index(self.level) + 1
        if height == len(EVIDENCE_LEVELS):
            return "No design stands higher."
        above = EVIDENCE_LEVELS[height]
        lacking = self.unmet[0][1].split("; ")
        # That nothing of it was asked for says no more than what would bring it.
        if all(reason.endswith(NOT_ASKED) for reason in lacking):
            return f"One rung higher: {above.requirement}."
        return f"One rung higher: {above.requirement} ({'; '.join(lacking)})."


def evidence_level(
    analyses: Mapping[str, Result | Composite], *, randomised: bool = False
) -> EvidenceRating:
    """Place an answer on the ladder of evidence.

    Parameters
    ----------
    analyses : mapping of str to Estimate, Unavailable or Composite
        What was asked for, by name, of `ANALYSES`. A composite counts as done if any
        estimate stands in it. Names that are not asked for may be left out.
    randomised : bool
        As the study declares it: an ``arm_comparison`` of arms allocated by chance is
        an ``allocated_comparison``, and a comparison claimed as such without lots is
        only an ``arm_comparison``.

    Returns
    -------
    EvidenceRating
        `evidence_level` is Unavailable if no level was reached.

    Raises
    ------
    ValueError
        An analysis that no level uses: a misspelt name would silently lower the level.
    """
    if strange := sorted(set(analyses) - set(ANALYSES)):
        message = (
            f"unknown analyses: {', '.join(strange)}; known: {', '.join(ANALYSES)}"
        )
        raise ValueError(message)
    given = _by_allocation(analyses, chance=randomised)
    lacking = {
        level.name: _lacking(level, given, randomised=randomised)
        for level in EVIDENCE_LEVELS
    }
    reached = [level for level in EVIDENCE_LEVELS if not lacking[level.name]]
    level = reached[-1] if reached else None
    height = EVIDENCE_LEVELS.index(level) + 1 if level else 0
    done = sum(not _missing(result) for result in analyses.values())
    return EvidenceRating(
        evidence_level=_height(height, done=done),
        level=level,
        unmet=tuple(
            (above.name, lacking[above.name]) for above in EVIDENCE_LEVELS[height:]
        ),
    )


def _by_allocation(
    analyses: Mapping[str, Result | Composite], *, chance: bool
) -> dict[str, Result | Composite]:
    """Call a comparison of arms what the allocation makes it."""
    given = dict(analyses)
    compared = [
        given.pop(name)
        for name in ("allocated_comparison", "arm_comparison")
        if name in given
    ]
    if compared:
        best = next((one for one in compared if not _missing(one)), compared[0])
        given["arm_comparison"] = best
        if chance:
            given["allocated_comparison"] = best
    return given


def _lacking(
    level: EvidenceLevel,
    analyses: Mapping[str, Result | Composite],
    *,
    randomised: bool,
) -> str:
    """Why an answer does not reach a level of evidence; empty if it does."""
    reasons = []
    for name in level.needs:
        if name == "allocated_comparison" and not randomised:
            reasons.append("nothing was allocated by chance")
        elif name not in analyses:
            reasons.append(f"{name.replace('_', ' ')} {NOT_ASKED}")
        elif why := _missing(analyses[name]):
            reasons.append(f"{name.replace('_', ' ')}: {why}")
    return "; ".join(reasons)


def _missing(result: Result | Composite) -> str:
    """Why nothing was estimated; empty if something was."""
    if isinstance(result, Estimate):
        return ""
    if isinstance(result, Unavailable):
        return result.reason
    parts = list(result.results())
    if any(isinstance(part, Estimate) for part in parts):
        return ""
    reasons = [part.reason for part in parts if isinstance(part, Unavailable)]
    return reasons[0] if reasons else "nothing was estimated"


def _height(height: int, *, done: int) -> Result:
    if not height:
        reason = "no rung was reached: none had all its analyses done"
        return Unavailable(term=TERM, reason=reason, n=done, method=METHOD)
    return Estimate(term=TERM, estimate=float(height), n=done, method=METHOD)
