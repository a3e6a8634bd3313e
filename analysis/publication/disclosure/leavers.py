"""Which numbers about who was followed to hold back, so that no few leavers are told.

A share followed, with its n, is a count of those lost. Of two arms one count follows
from everyone and the other, and from the difference of the shares; how those followed
differ from those lost speaks of the lost; and an effect among those followed has their
count for its n, which beside everybody's is the count of all who were lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.terms import Secondary, term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.foundation import Finding

SHARE = "share_present"


def dropouts_to_suppress(findings: list[Finding], smallest: int) -> Iterator[int]:
    """Places of the numbers to hold back.

    Where few of an arm were lost, or stayed, all that tells of the arms' losses goes;
    where few of all were lost, what counts those who stayed goes as well; and where few
    of an arm stayed, so does every comparison of arms, which would speak of them.
    """
    counts: dict[tuple[str, ...], dict[str, tuple[int, int]]] = {}
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


def _place(finding: Finding) -> tuple[str, ...]:
    return (
        finding.survey,
        finding.instrument,
        finding.subscale,
        finding.item,
        finding.wave,
    )
