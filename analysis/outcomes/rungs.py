"""The analyses that could be done into how far an answer can be trusted, and why.

The rule that holds throughout: an answer stands on the highest rung of which every
analysis was asked for and could be done; each rung above says what kept the answer off
it, and what would have to be in place before the next pilot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.foundation.results import Composite, Estimate, Result, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

TERM = "evidence_rung"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of the ladder.

    Attributes
    ----------
    name : str
        Short name.
    needs : tuple of str
        Names of the analyses that must all have succeeded.
    stands_on : str
        What an answer on it rests on, in words that follow "This answer rests on".
    leaves_open : str
        What could still explain the answer away.
    reached_by : str
        What would bring an answer up to it.
    """

    name: str
    needs: tuple[str, ...]
    stands_on: str
    leaves_open: str
    reached_by: str


LADDER = (
    Rung(
        name="then_test",
        needs=("then_test",),
        stands_on="what people remember of how things were",
        leaves_open="memory bends towards what people think should have happened",
        reached_by="asking, afterwards, how things were before",
    ),
    Rung(
        name="unlinked_bounds",
        needs=("unlinked_change", "correlation_bounds"),
        stands_on="groups who answered before and after, not known to be the same "
        "people, with bounds for what that hides",
        leaves_open="other people may have answered, and things may have changed "
        "anyway",
        reached_by="the same questions before and after",
    ),
    Rung(
        name="linked_tipping_point",
        needs=("paired_change", "tipping_point"),
        stands_on="the same people before and after, with how much worse those who "
        "left would have to be to undo it",
        leaves_open="things may have changed anyway, without the pilot",
        reached_by="a code that links people's answers, and the tipping point for "
        "those who left",
    ),
    Rung(
        name="dose_within_site",
        needs=("dose_response", "negative_dose"),
        stands_on="people of one organisation who took more and less part, with a "
        "check that later attendance does not predict earlier scores",
        leaves_open="who took more part chose to",
        reached_by="a record of who attended what, and when",
    ),
    Rung(
        name="comparison_arm",
        needs=("arm_comparison",),
        stands_on="a comparison with teams who did not have it, not chosen by chance",
        leaves_open="the teams compared may have differed before, and may have been "
        "heading elsewhere",
        reached_by="teams without it who answer the same questions at the same times",
    ),
    Rung(
        name="placebo_comparison",
        needs=("placebo_comparison",),
        stands_on="a comparison with every other organisation, each taken in turn as "
        "if it had had the pilot",
        leaves_open="something else that happened only where the pilot was",
        reached_by="published scores of all other organisations, before and after",
    ),
    Rung(
        name="allocated_by_chance",
        needs=("allocated_comparison",),
        stands_on="a comparison of teams or people allocated by chance",
        leaves_open="who left, and whether it would be the same elsewhere",
        reached_by="drawing lots for who starts first",
    ),
)
"""From the lowest rung to the highest."""

ANALYSES = tuple(name for rung in LADDER for name in rung.needs)
NOT_ASKED = "not asked for"
METHOD = (
    f"the highest of {len(LADDER)} rungs of which every analysis was done, 1 the "
    "lowest; n counts the analyses done; a rank of designs, so no interval"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Composite):
    """The rung an answer stands on, and what would lift it.

    Attributes
    ----------
    evidence_rung : Estimate or Unavailable
        1 is the lowest.
    rung : Rung or None
        The one it stands on.
    kept_off : tuple of (str, str)
        Each rung above: its name, and what was lacking.
    """

    evidence_rung: Result
    rung: Rung | None = field(default=None)
    kept_off: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """The standing in plain words, for the report."""
        if self.rung is None:
            return f"No analysis could be done, so nothing can be said. {self.lift}"
        height = LADDER.index(self.rung) + 1
        return (
            f"This answer rests on {self.rung.stands_on} (rung {height} of "
            f"{len(LADDER)}). Still open: {self.rung.leaves_open}. {self.lift}"
        )

    @property
    def lift(self) -> str:
        """What would bring the answer one rung up, in plain words."""
        height = 0 if self.rung is None else LADDER.index(self.rung) + 1
        if height == len(LADDER):
            return "No design stands higher."
        above = LADDER[height]
        lacking = self.kept_off[0][1].split("; ")
        # That nothing of it was asked for says no more than what would bring it.
        if all(reason.endswith(NOT_ASKED) for reason in lacking):
            return f"One rung higher: {above.reached_by}."
        return f"One rung higher: {above.reached_by} ({'; '.join(lacking)})."


def evidence_rung(
    analyses: Mapping[str, Result | Composite], *, drawn_by_lot: bool = False
) -> Standing:
    """Place an answer on the ladder of evidence.

    Parameters
    ----------
    analyses : mapping of str to Estimate, Unavailable or Composite
        What was asked for, by name, of `ANALYSES`. A composite counts as done if any
        estimate stands in it. Names that are not asked for may be left out.
    drawn_by_lot : bool
        As the study declares it: an ``arm_comparison`` of arms allocated by chance is
        an ``allocated_comparison``, and a comparison claimed as such without lots is
        only an ``arm_comparison``.

    Returns
    -------
    Standing
        `evidence_rung` is Unavailable if no rung was reached.

    Raises
    ------
    ValueError
        An analysis that no rung knows: a misspelt name would lower the answer unseen.
    """
    if strange := sorted(set(analyses) - set(ANALYSES)):
        message = (
            f"unknown analyses: {', '.join(strange)}; known: {', '.join(ANALYSES)}"
        )
        raise ValueError(message)
    given = _by_allocation(analyses, chance=drawn_by_lot)
    lacking = {
        rung.name: _lacking(rung, given, drawn_by_lot=drawn_by_lot) for rung in LADDER
    }
    reached = [rung for rung in LADDER if not lacking[rung.name]]
    rung = reached[-1] if reached else None
    height = LADDER.index(rung) + 1 if rung else 0
    done = sum(not _missing(result) for result in analyses.values())
    return Standing(
        evidence_rung=_height(height, done=done),
        rung=rung,
        kept_off=tuple((above.name, lacking[above.name]) for above in LADDER[height:]),
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
    rung: Rung, analyses: Mapping[str, Result | Composite], *, drawn_by_lot: bool
) -> str:
    """What keeps an answer off a rung; empty if nothing does."""
    reasons = []
    for name in rung.needs:
        if name == "allocated_comparison" and not drawn_by_lot:
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
