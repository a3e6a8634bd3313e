"""Which shares of ordered answers to suppress, so that no small one follows.

Whoever reads how many answered, their mean, their standard deviation and the share at
an end can add and subtract: of five answers the small one follows from the four others,
and from fewer. So every number shown of one arm at one wave is written as a sum over
its answers, and as long as a small count follows from the sums shown, another answer is
suppressed: the next one along the scale.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from analysis.foundation.findings import names_in
from analysis.foundation.terms import term

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.foundation.findings import Finding, Place

    Vector: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

IN_CATEGORY = "share_in_category"
FOLLOWS = 1e-8
MAXIMUM_SUMMANDS = 8


def categories_to_suppress(findings: list[Finding], smallest: int) -> Iterator[int]:
    """Places of the numbers to suppress."""
    cells: dict[tuple[Place, ...], list[int]] = {}
    for place, finding in enumerate(findings):
        if finding.term == IN_CATEGORY and finding.estimate is not None:
            key = (*_scale(finding), finding.wave, finding.arm)
            cells.setdefault(key, []).append(place)
    for key, places in cells.items():
        of_answers = [findings[place] for place in places]
        tops = _top_counts(findings, key, of_answers[0].n or 0)
        hidden = _hidden(of_answers, tops, smallest)
        yield from (place for n, place in enumerate(places) if n in hidden)
    yield from _differences(findings, smallest)


def _hidden(answers: Sequence[Finding], tops: set[int], smallest: int) -> set[int]:
    """Which of the answers of one arm at one wave to suppress."""
    n = answers[0].n or 0
    counts = np.array([_people(answer) for answer in answers])
    values = np.array([float(str(answer.group)) for answer in answers])
    hidden = {at for at, k in enumerate(counts) if min(k, n - k) < smallest}
    sensitive = _small_sums(counts, smallest)
    if not sensitive:
        return hidden
    ends = _ends_reported(values, counts, smallest)
    known = _known(values, counts, tops, ends)
    first = int(np.flatnonzero(counts < smallest)[0])
    while len(hidden) < len(counts):
        left = [at for at in range(len(counts)) if at not in hidden]
        shown = [_unit(at, len(counts)) for at in left]
        if not _any_follows([*known, *shown], sensitive):
            break
        # What is shown elsewhere hides nothing here: it goes last.
        hidden.add(min(left, key=lambda at: (at in ends, abs(at - first), counts[at])))
    return hidden


def _ends_reported(values: Vector, counts: Vector, smallest: int) -> set[int]:
    """The ends of the scale whose shares the page of the outcomes shows."""
    n = counts.sum()
    ends = (int(values.argmin()), int(values.argmax()))
    return {at for at in ends if smallest <= counts[at] <= n - smallest}


def _small_sums(counts: Vector, smallest: int) -> list[Vector]:
    """Every sum of small counts that is itself small."""
    few = [at for at, k in enumerate(counts) if k < smallest]
    return [
        np.sum([_unit(at, len(counts)) for at in chosen], axis=0)
        for size in range(1, min(len(few), MAXIMUM_SUMMANDS) + 1)
        for chosen in combinations(few, size)
        if counts[list(chosen)].sum() < smallest
    ]


def _known(
    values: Vector, counts: Vector, tops: set[int], ends: set[int]
) -> list[Vector]:
    """What else is shown: n, mean and spread, the ends, the top answers."""
    size = len(values)
    centred = (values - values.mean()) / max(np.ptp(values), 1.0)
    sums_known = [np.ones(size), centred, centred**2]
    sums_known += [_unit(at, size) for at in ends]
    # From whichever end: a top share counts answers from one of them on.
    for side in (values.argsort(), values.argsort()[::-1]):
        for upto in range(1, size):
            chosen = side[:upto]
            if int(counts[chosen].sum()) in tops:
                sums_known.append(np.isin(np.arange(size), chosen).astype(float))
    return sums_known


def _any_follows(sums: list[Vector], sensitive: list[Vector]) -> bool:
    table, wanted = np.array(sums), np.array(sensitive)
    residual = wanted @ np.linalg.pinv(table) @ table - wanted
    return bool((np.abs(residual).max(axis=1) < FOLLOWS).any())


def _top_counts(findings: list[Finding], key: tuple[Place, ...], n: int) -> set[int]:
    """Counts of top answers shown of the same people."""
    *scale, wave, arm = key
    counts = set()
    for finding in findings:
        if not finding.term.startswith("top_share_") or finding.estimate is None:
            continue
        same = _scale(finding) == tuple(scale) and finding.n == n
        if same and wave in names_in(finding.wave) and arm in names_in(finding.arm):
            counts.add(int(_people(finding)))
    return counts


def _differences(findings: list[Finding], smallest: int) -> Iterator[int]:
    """Differences of two shares of which one is small: it would follow."""
    small: set[tuple[Place, ...]] = set()
    for finding in findings:
        if finding.term.startswith("top_share_") and _is_small(finding, smallest):
            for arm in {finding.arm, *names_in(finding.arm)}:
                small.add((*_scale(finding), finding.wave, arm, finding.term))
    for place, finding in enumerate(findings):
        for share in term(finding.term).made_of:
            arms = {finding.arm, *names_in(finding.arm)}
            scale_at = (*_scale(finding), finding.wave)
            if any((*scale_at, arm, share) in small for arm in arms):
                yield place
                break


def _is_small(finding: Finding, smallest: int) -> bool:
    if finding.estimate is None or finding.n is None or term(finding.term).made_of:
        return False
    people = _people(finding)
    return min(people, finding.n - people) < smallest


def _people(finding: Finding) -> int:
    assert finding.estimate is not None, "only what was estimated is counted"
    return round(finding.estimate * (finding.n or 0))


def _unit(at: int, size: int) -> Vector:
    unit = np.zeros(size)
    unit[at] = 1.0
    return unit


def _scale(finding: Finding) -> tuple[str, ...]:
    return (finding.survey, finding.instrument, finding.subscale, finding.item)
