"""Findings into disclosed findings: nothing about too few people leaves.

Primary suppression: a number that rests on fewer people than the study's smallest
group is held back with its n. So is a share that speaks of fewer people than that, or
of all but so few, and a spread of nothing, which would tell what everybody answered.
Numbers from which another one follows are held back with it: those of one contrast
together, those of everyone where one arm is small, and in the participant flow as many
counts as it takes until no small one follows from sums and differences (`counts`); of
groups as many as keep a small one from following (`groups`), of ordered answers too
(`categories`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.publication.disclosure.categories import unsafe_categories
from analysis.publication.disclosure.counts import unsafe_counts
from analysis.publication.disclosure.groups import GROUPED, unsafe_groups
from analysis.publication.disclosure.leavers import AMONG_FOLLOWED, unsafe_leavers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.foundation import Finding

EVERYBODY = "everybody gave the same answer, so the number would tell what each said"
WITHHELD = "held back, or a smaller number could be worked out from it"
SHARES = (
    "response_share",
    "share_at_best",
    "share_at_worst",
    "share_better",
    "share_highest",
    "share_highest_before",
    "share_improved",
    "share_in_category",
    "share_lowest",
    "share_lowest_before",
    "share_present",
    "share_same",
    "share_unchanged",
    "share_without_room_before",
    "share_worse",
    "share_worsened",
    "top_share_after",
    "top_share_before",
    "top_share_control",
    "top_share_treated",
)
"""Terms from which, with their n, follows how many people gave an answer.

How many gave none to an item is no secret: it says nothing of what anybody thinks.
"""
ADD_TO_ONE = (
    "net_share_better",
    "net_share_improved",
    "share_better",
    "share_improved",
    "share_same",
    "share_unchanged",
    "share_worse",
    "share_worsened",
)
"""Shares of which one follows from the others: shown together or not at all."""
COUNTED = (
    "cells_emptied",
    "responses_flagged",
    "responses_kept",
    "responses_left_out",
    "responses_received",
)
"""Counts of the cleaning, which `counts` beside this module looks after."""


ASSUMED = (
    "expected_design_effect",
    "expected_half_width",
    "expected_half_width_by_formula",
    "power",
    "power_by_formula",
)
"""Terms of a design: worked out before any answer, their n counts pilots or teams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """Findings in which what rests on too few people is held back, with a reason."""

    findings: tuple[Finding, ...]

    def where(self, **context: str) -> Disclosed:
        """Those findings whose tidy columns equal what is given."""
        wanted = context.items()
        kept = (
            finding
            for finding in self.findings
            if all(getattr(finding, name) == value for name, value in wanted)
        )
        return Disclosed(findings=tuple(kept))

    def held_back(self) -> int:
        """How many numbers were held back."""
        return sum(
            finding.n is None and finding.estimate is None for finding in self.findings
        )


def disclose(findings: Iterable[Finding], *, smallest: int) -> Disclosed:
    """Hold back what must not leave.

    Parameters
    ----------
    findings : iterable of Finding
        Everything found by one step.
    smallest : int
        Fewest people a number may rest on.
    """
    known = list(findings)
    held = [
        finding if _is_assumed(finding) else _held_back(finding, smallest)
        for finding in known
    ]
    for place in (
        *_constant(known),
        *_related(known, held, smallest),
        *_adding_to_one(known, held),
        *unsafe_counts(known, smallest),
        *unsafe_leavers(known, smallest),
    ):
        if held[place].estimate is not None:
            held[place] = _without_numbers(held[place], WITHHELD)
    for place in (
        *unsafe_groups(known, smallest),
        *unsafe_categories(known, smallest),
    ):
        # The n of what could not be estimated would tell how many are in a group; and
        # why there is no difference, that nobody gave an answer.
        if held[place].n is not None:
            held[place] = _without_numbers(held[place], WITHHELD)
    return Disclosed(findings=tuple(held))


def _is_assumed(finding: Finding) -> bool:
    """Whether a number was worked out of a design alone, about nobody's answers."""
    return finding.term in ASSUMED and not finding.survey


def _held_back(finding: Finding, smallest: int) -> Finding:
    few = f"fewer than {smallest} people"
    if finding.n is not None and finding.n < smallest:
        return _without_numbers(finding, few)
    if finding.estimate is None or finding.n is None:
        return finding
    if finding.term == "standard_deviation" and finding.estimate == 0:
        return _without_numbers(finding, EVERYBODY)
    if finding.term in SHARES:
        people = round(finding.estimate * finding.n)
        if people < smallest:
            return _without_numbers(finding, f"{few}, or nobody")
        if finding.n - people < smallest:
            return _without_numbers(finding, f"all but {few}, or everybody")
    return finding


def _without_numbers(finding: Finding, reason: str) -> Finding:
    # Where each person is a cluster of their own, the method counts people.
    told = "" if finding.term in AMONG_FOLLOWED else finding.method
    return dataclasses.replace(
        finding,
        estimate=None,
        conf_low=None,
        conf_high=None,
        n=None,
        method=told,
        reason=reason,
    )


def _constant(findings: list[Finding]) -> Iterator[int]:
    """Places of numbers about answers that are all the same: the mean is the answer."""
    constant = {
        (*_scale(finding), finding.wave, finding.arm)
        for finding in findings
        if finding.term == "standard_deviation" and finding.estimate == 0
    }
    for place, finding in enumerate(findings):
        if (*_scale(finding), finding.wave, finding.arm) in constant:
            yield place


def _adding_to_one(known: list[Finding], held: list[Finding]) -> Iterator[int]:
    """Places of shares beside one that is held back."""
    places = {
        place: (*_scale(finding), finding.wave, finding.arm)
        for place, finding in enumerate(known)
        if finding.term in ADD_TO_ONE
    }
    hidden = {
        here
        for place, here in places.items()
        if known[place].estimate is not None and held[place].estimate is None
    }
    yield from (place for place, here in places.items() if here in hidden)


def _related(known: list[Finding], held: list[Finding], smallest: int) -> Iterator[int]:
    """Places of numbers from which one about a small arm would follow.

    Of a contrast, the mean of one wave follows from the other and the change. Of two
    arms, one follows from the other and from everyone, or from their difference.
    """
    small: dict[tuple[str, ...], set[str]] = {}
    hidden: dict[tuple[str, ...], set[str]] = {}
    for before, after in zip(known, held, strict=True):
        if before.term in (*COUNTED, *GROUPED):
            continue
        here = (*_scale(before), before.wave)
        if before.n is not None and 0 < before.n < smallest:
            small.setdefault(here, set()).add(before.arm)
        if before.arm and before.estimate is not None and after.estimate is None:
            hidden.setdefault((*here, before.term), set()).add(before.arm)
    for place, finding in enumerate(known):
        if finding.term in (*COUNTED, *GROUPED):
            continue
        here = (*_scale(finding), finding.wave)
        arms = small.get(here, set())
        of_small_contrast = finding.arm in arms and " - " in finding.wave
        against_small_arm = bool(arms & set(finding.arm.split(" - ")) - {""})
        # Two arms held back keep each other: only their sum follows.
        lacks_one_arm = len(hidden.get((*here, finding.term), ())) == 1
        lacks_one_arm |= len(arms - {""}) == 1
        if (
            of_small_contrast
            or against_small_arm
            or (finding.arm == "" and lacks_one_arm)
        ):
            yield place


def _scale(finding: Finding) -> tuple[str, ...]:
    return (finding.survey, finding.instrument, finding.subscale, finding.item)
