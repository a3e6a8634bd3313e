"""Which findings about groups to suppress, so that no small group follows.

A group's mean follows from everyone's and from those of all other groups. So where one
group is suppressed, a second one is, and more until those suppressed hold as many
people as a number may rest on. Who is in no group is a group that is never shown. Sites
are groups too.

Which numbers about attrition to suppress, so that no small number of dropouts follows.

A share followed, with its n, gives the count of dropouts. Of two arms one count follows
from everyone and the other, and from the difference of the shares. How those followed
differ from dropouts could identify the dropouts. An effect among those followed has
their count for its n, which with everybody's gives the count of all dropouts.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.foundation.terms import GROUPED, Secondary, term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.foundation.findings import AnyGroup, Finding, Place


@dataclass(slots=True)
class _Place:
    """All findings of one score, wave and grouping."""

    of_one: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    unknown: int = 0


def groups_to_suppress(findings: list[Finding], smallest: int) -> Iterator[int]:
    """Places of the numbers to suppress."""
    for place in _places(findings).values():
        sizes = {findings[p].group: findings[p].n or 0 for p in place.of_one}
        hidden = _hidden(sizes, place.unknown, smallest)
        if not hidden:
            continue
        shown = _naming(set(sizes) - hidden)
        yield from (p for p in place.of_one if findings[p].group in hidden)
        # What names no group, as an index, is made of all of them.
        yield from (p for p in place.others if findings[p].group not in shown)


def _places(findings: Iterable[Finding]) -> dict[tuple[Place, ...], _Place]:
    places: dict[tuple[Place, ...], _Place] = {}
    for number, found in enumerate(findings):
        family = term(found.term).secondary
        if family not in GROUPED:
            continue
        name = found.group.of if isinstance(found.group, Group) else str(found.group)
        score = (found.survey, found.instrument, found.subscale, found.item)
        if family in (Secondary.ONE_SITE, Secondary.ALL_SITES, Secondary.NO_SITE):
            # A grouping may be called site as well, and is of other numbers.
            name = "\x00site"
        place = places.setdefault((*score, found.wave, found.arm, name), _Place())
        if family in (Secondary.NO_GROUP, Secondary.NO_SITE):
            place.unknown = found.n or 0
        elif family in (Secondary.ONE_GROUP, Secondary.ONE_SITE):
            place.of_one.append(number)
        else:
            place.others.append(number)
    return places


def _hidden(sizes: dict[AnyGroup, int], unknown: int, smallest: int) -> set[AnyGroup]:
    """Groups to suppress: the small ones, and as many more as keep them hidden."""
    by_size = sorted((group for group in sizes if sizes[group]), key=sizes.__getitem__)
    hidden = [group for group in by_size if sizes[group] < smallest]
    if not hidden and not 0 < unknown < smallest:
        return set()
    # Each hidden first is small, so whatever adds up to enough has several parts.
    for group in by_size[len(hidden) :]:
        if sum(sizes[one] for one in hidden) + unknown >= smallest:
            break
        hidden.append(group)
    return set(hidden)


def _naming(groups: set[AnyGroup]) -> set[AnyGroup]:
    """The contrasts of any two of these."""
    known = [group for group in groups if isinstance(group, Group)]
    return {
        dataclasses.replace(first, reference=second.value)
        for first in known
        for second in known
    }


SHARE = "share_present"


def dropouts_to_suppress(findings: list[Finding], smallest: int) -> Iterator[int]:
    """Places of the numbers to suppress.

    Where few of an arm dropped out, or stayed, all that is about the arms' dropouts
    goes; where few of all dropped out, what counts those who stayed goes as well; and
    where few of an arm stayed, so does every comparison of arms, which could identify
    them.
    """
    counts: dict[tuple[Place, ...], dict[Place, tuple[int, int]]] = {}
    for finding in findings:
        if finding.term == SHARE and finding.estimate is not None and finding.n:
            present = round(finding.estimate * finding.n)
            by_arm = counts.setdefault(_place(finding), {})
            by_arm[finding.arm] = (present, finding.n - present)
    for place, finding in enumerate(findings):
        by_arm = counts.get(_place(finding), {})
        few = {arm for arm, sizes in by_arm.items() if min(sizes) < smallest}
        few_completers = {arm for arm, sizes in by_arm.items() if sizes[0] < smallest}
        family = term(finding.term).secondary
        if family is Secondary.LOST:
            hidden = finding.arm in few or bool(finding.arm and few - {""})
        elif family is Secondary.FOLLOWED:
            hidden = "" in few or bool(few_completers)
        else:
            hidden = bool(few_completers)
        if hidden:
            yield place


def _place(finding: Finding) -> tuple[Place, ...]:
    return (
        finding.survey,
        finding.instrument,
        finding.subscale,
        finding.item,
        finding.wave,
    )
