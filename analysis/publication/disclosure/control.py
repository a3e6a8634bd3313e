"""Findings into disclosed findings: nothing about too few people leaves.

Primary suppression follows the rule of each term in the register; a term that is not
there is refused. A number that rests on fewer people than the study's smallest group is
suppressed with its n. So is a share or a count of fewer people than that, or of all but
so few, and a spread of zero, which would show what everybody answered. In secondary
suppression, numbers from which another one follows go with it: those of one contrast
together, those of everyone where one arm is small, and in the participant flow as many
counts as it takes until no small one follows from sums and differences (`counts`); of
groups as many as keep a small one from following (`groups`), of ordered answers too
(`categories`).

Counts of two steps that would, side by side, identify a few people are suppressed.

How many were kept at a wave is a count of the cleaning; how many of them could be
followed is one of the outcomes. Each may be shown alone. Where both stand in one
report, their difference is how many were lost, or are new; where these are few, the
counts of the later wave are suppressed there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.findings import Contrast, Group, names_in
from analysis.foundation.terms import (
    GROUPED,
    Rule,
    Secondary,
    declared,
    in_families,
    term,
)
from analysis.publication.disclosure.categories import categories_to_suppress
from analysis.publication.disclosure.counts import counts_to_suppress
from analysis.publication.disclosure.groups import (
    dropouts_to_suppress,
    groups_to_suppress,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.foundation.findings import AnyGroup, Finding, Place

ONE_ANSWER = "everybody gave the same answer, so the number would show what each said"
SUPPRESSED_VERDICT = Group("verdict", value="suppressed")
SECONDARY_SUPPRESSION = "suppressed, or a smaller number could be worked out from it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """Findings in which what rests on too few people is suppressed, with a reason."""

    findings: tuple[Finding, ...]

    def where(self, **context: AnyGroup | Contrast) -> Disclosed:
        """Those findings whose tidy columns equal what is given."""
        wanted = context.items()
        kept = (
            finding
            for finding in self.findings
            if all(getattr(finding, name) == value for name, value in wanted)
        )
        return Disclosed(findings=tuple(kept))

    def suppressed_count(self) -> int:
        """How many numbers were suppressed."""
        return sum(
            finding.n is None and finding.estimate is None for finding in self.findings
        )


def disclose(findings: Iterable[Finding], *, smallest: int) -> Disclosed:
    """Suppress what must not be published.

    Parameters
    ----------
    findings : iterable of Finding
        Everything found by one step.
    smallest : int
        Fewest people a number may rest on.

    Raises
    ------
    UndeclaredTermError
        A term is not in the register, so that no rule is known for it.
    """
    known = list(findings)
    declared(finding.term for finding in known)
    suppressed = [
        finding if _is_assumed(finding) else _suppressed(finding, smallest)
        for finding in known
    ]
    for place in (
        *_constant(known),
        *_related(known, suppressed, smallest),
        *_following_shares(known, suppressed),
        *counts_to_suppress(known, smallest),
        *dropouts_to_suppress(known, smallest),
    ):
        if suppressed[place].estimate is not None:
            suppressed[place] = _without_numbers(
                suppressed[place], SECONDARY_SUPPRESSION
            )
    for place in (
        *groups_to_suppress(known, smallest),
        *categories_to_suppress(known, smallest),
    ):
        # The n of what could not be estimated would show how many are in a group; and
        # why there is no difference, that nobody gave an answer.
        if suppressed[place].n is not None:
            suppressed[place] = _without_numbers(
                suppressed[place], SECONDARY_SUPPRESSION
            )
    return Disclosed(findings=tuple(suppressed))


def _is_assumed(finding: Finding) -> bool:
    """Whether a number was worked out of a design alone, about nobody's answers."""
    return term(finding.term).rule is Rule.ABOUT_NOBODY and not finding.survey


def _suppressed(finding: Finding, smallest: int) -> Finding:
    few = f"fewer than {smallest} people"
    if finding.n is not None and finding.n < smallest:
        return _without_numbers(finding, few)
    if finding.estimate is None or finding.n is None:
        return finding
    rule = term(finding.term).rule
    if rule is Rule.SPREAD and finding.estimate == 0:
        return _without_numbers(finding, ONE_ANSWER)
    people = _people(finding.estimate, finding.n, rule)
    if people is not None and people < smallest:
        return _without_numbers(finding, f"{few}, or nobody")
    # Of a count the n is the count itself: there are no others.
    others = rule is not Rule.COUNT
    if people is not None and others and finding.n - people < smallest:
        return _without_numbers(finding, f"all but {few}, or everybody")
    return finding


def _people(estimate: float, n: int, rule: Rule) -> int | None:
    """How many people a number counts; None where it counts none."""
    if rule is Rule.SHARE:
        return round(estimate * n)
    return round(estimate) if rule in (Rule.COUNT, Rule.PART) else None


def _without_numbers(finding: Finding, reason: str) -> Finding:
    # Where each person is a cluster of their own, the method counts people.
    followed = term(finding.term).secondary is Secondary.FOLLOWED
    method = "" if followed else finding.method
    # A verdict would still say on which side of zero the number lies.
    group = finding.group
    if isinstance(group, Group) and group.kind == "verdict":
        group = SUPPRESSED_VERDICT
    return dataclasses.replace(
        finding,
        group=group,
        estimate=None,
        conf_low=None,
        conf_high=None,
        n=None,
        method=method,
        reason=reason,
    )


def _constant(findings: list[Finding]) -> Iterator[int]:
    """Places of numbers about answers that are all the same: the mean is the answer."""
    constant = {
        (*_scale(finding), finding.wave, finding.arm)
        for finding in findings
        if term(finding.term).rule is Rule.SPREAD and finding.estimate == 0
    }
    for place, finding in enumerate(findings):
        if (*_scale(finding), finding.wave, finding.arm) in constant:
            yield place


def _following_shares(known: list[Finding], suppressed: list[Finding]) -> Iterator[int]:
    """Places of shares that follow from a share that is suppressed.

    Those of one arm that add to one; and those of all arms that are compared, whose
    difference is shown.
    """
    together = (Secondary.ADDS_TO_ONE, Secondary.COMPARED_SHARE)
    places = {
        place: (
            *_scale(finding),
            finding.wave,
            family,
            finding.arm if family is Secondary.ADDS_TO_ONE else "",
        )
        for place, finding in enumerate(known)
        if (family := term(finding.term).secondary) in together
    }
    hidden = {
        scale_at
        for place, scale_at in places.items()
        if known[place].estimate is not None and suppressed[place].estimate is None
    }
    yield from (place for place, scale_at in places.items() if scale_at in hidden)


def _related(
    known: list[Finding], suppressed: list[Finding], smallest: int
) -> Iterator[int]:
    """Places of numbers from which one about a small arm would follow.

    Of a contrast, the mean of one wave follows from the other and the change. Of two
    arms, one follows from the other and from everyone, or from their difference.
    """
    small: dict[tuple[Place, ...], set[Place]] = {}
    hidden: dict[tuple[Place, ...], set[Place]] = {}
    for before, after in zip(known, suppressed, strict=True):
        if in_families(before.term, Secondary.FLOW, *GROUPED):
            continue
        scale_at = (*_scale(before), before.wave)
        if before.n is not None and 0 < before.n < smallest:
            small.setdefault(scale_at, set()).add(before.arm)
        if before.arm and before.estimate is not None and after.estimate is None:
            hidden.setdefault((*scale_at, before.term), set()).add(before.arm)
    for place, finding in enumerate(known):
        if in_families(finding.term, Secondary.FLOW, *GROUPED):
            continue
        scale_at = (*_scale(finding), finding.wave)
        arms = small.get(scale_at, set())
        of_small_contrast = finding.arm in arms and isinstance(finding.wave, Contrast)
        against_small_arm = bool(arms & set(names_in(finding.arm)) - {""})
        # Two suppressed arms protect each other: only their sum follows.
        lacks_one_arm = len(hidden.get((*scale_at, finding.term), ())) == 1
        lacks_one_arm |= len(arms - {""}) == 1
        if (
            of_small_contrast
            or against_small_arm
            or (finding.arm == "" and lacks_one_arm)
        ):
            yield place


def _scale(finding: Finding) -> tuple[str, ...]:
    return (finding.survey, finding.instrument, finding.subscale, finding.item)


LINKED = "participants_linked"
FLOW = (
    "responses_received",
    "responses_answered",
    "response_rate",
    "responses_left_out",
    "responses_used",
)
FEW_DROPOUTS = "suppressed, or how few were not followed could be worked out"


def suppress_attrition_counts(disclosed: Disclosed, *, smallest: int) -> Disclosed:
    """Suppress, at each later wave, counts that show that few left or are new.

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
            _losses_suppressed(finding) if _place(finding) in hidden else finding
            for finding in disclosed.findings
        )
    )


def _hidden(findings: Iterable[Finding], smallest: int) -> set[tuple[str, str, Place]]:
    """Survey, later wave and arm of the counts to suppress."""
    known = list(findings)
    kept = {
        (finding.survey, finding.wave, finding.arm): finding.n
        for finding in known
        if finding.term == "responses_used" and finding.n is not None
    }
    arms: dict[tuple[str, str], set[Place]] = {}
    few: dict[tuple[str, str], set[Place]] = {}
    for finding in known:
        if finding.term == LINKED and not finding.group and finding.n is not None:
            later = (finding.survey, names_in(finding.wave)[0])
            for wave in names_in(finding.wave):
                at_wave = kept.get((finding.survey, wave, finding.arm), finding.n)
                if 0 < at_wave - finding.n < smallest:
                    few.setdefault(later, set()).add(finding.arm)
    for survey, wave, arm in {_place(finding) for finding in known} - {("", "", "")}:
        arms.setdefault((survey, wave), set()).add(arm)
    # What is suppressed of one arm would follow from the others and everyone.
    return {
        (*later, arm)
        for later, found in few.items()
        for arm in arms[later]
        if arm or "" in found
    }


def _place(finding: Finding) -> tuple[str, str, Place]:
    """Survey, wave (the later of two) and arm of a count; empty for other findings."""
    if finding.term in FLOW or (finding.term == LINKED and not finding.group):
        return (finding.survey, names_in(finding.wave)[0], finding.arm)
    return ("", "", "")


def _losses_suppressed(finding: Finding) -> Finding:
    if finding.estimate is None:
        return finding
    return dataclasses.replace(finding, estimate=None, n=None, reason=FEW_DROPOUTS)
