"""Which counts of the participant flow to suppress, so that no small one follows.

Everything published about a flow is a sum of cells: responses of one arm that one rule
left out, or that were kept. Whoever reads it can add and subtract. A sum follows from
what is shown if it lies in the row space of the shown sums; as long as a small one
does, another count that it follows from is suppressed, of an arm before of everyone.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from analysis.foundation.findings import AnyGroup, Finding, Place

    Vector: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

TERMS = ("responses_left_out", "responses_received", "responses_used")
"""In the order in which counts are suppressed in preference to others."""
KEPT = "responses_used"
ANSWERED = "responses_answered"
OF_ANSWERS = (ANSWERED, "response_rate")
"""The number of answers, and what it follows from."""
UNKNOWN = "\x00"
"""Responses whose arm is not known: never published, and what is left of everyone."""
MAXIMUM_SUMMANDS = 10
FOLLOWS = 1e-8


def counts_to_suppress(findings: list[Finding], smallest: int) -> Iterator[int]:
    """Places of the counts to suppress."""
    flows: dict[tuple[str, Place], list[int]] = {}
    for place, finding in enumerate(findings):
        if finding.term in TERMS and finding.n is not None:
            flows.setdefault((finding.survey, finding.wave), []).append(place)
    for places in flows.values():
        of_everyone = [place for place in places if not findings[place].arm]
        suppressed = _suppress_until_safe(findings, of_everyone, smallest, set())
        suppressed = _suppress_until_safe(findings, places, smallest, suppressed)
        yield from sorted(suppressed)
        yield from _flags_to_suppress(findings, places, suppressed, smallest)
        yield from _answers_to_suppress(findings, places, suppressed, smallest)


def _suppress_until_safe(
    findings: list[Finding], places: list[int], smallest: int, suppressed: set[int]
) -> set[int]:
    """Suppress one count after the other until nothing small follows."""
    table = _Table({place: findings[place] for place in places})
    suppressed = suppressed | {p for p in places if (findings[p].n or 0) < smallest}
    sensitive = list(table.small_sums(smallest))
    while True:
        shown = [place for place in places if place not in suppressed]
        sums = np.array([table.sums[place] for place in shown])
        weights = _first_that_follows(sums, sensitive)
        if weights is None:
            return suppressed
        used = [p for p, w in zip(shown, weights, strict=True) if abs(w) > FOLLOWS]
        suppressed.add(min(used, key=lambda place: _suppression_cost(findings[place])))


def _suppression_cost(finding: Finding) -> tuple[bool, int, int]:
    return (not finding.arm, TERMS.index(finding.term), finding.n or 0)


def _first_that_follows(sums: Vector, sensitive: list[Vector]) -> Vector | None:
    """Weights that make the first of the sensitive sums that follows."""
    if not len(sums) or not sensitive:
        return None
    wanted = np.array(sensitive)
    weights = wanted @ np.linalg.pinv(sums)
    residual = np.abs(weights @ sums - wanted).max(axis=1)
    follows = np.flatnonzero(residual < FOLLOWS)
    return weights[follows[0]] if len(follows) else None


class _Table:
    """The cells of a flow, and every published count as a sum of them."""

    def __init__(self, counts: Mapping[int, Finding]) -> None:
        by_key = {
            (f.arm, "" if f.term == "responses_received" else f.group or f.term): f.n
            for f in counts.values()
        }
        self.arms = list(dict.fromkeys(arm for arm, _ in by_key if arm))
        self.parts = list(dict.fromkeys([*(p for _, p in by_key if p), KEPT]))
        everyone = {part: by_key.get(("", part)) or 0 for part in self.parts}
        cells = {
            (arm, part): by_key.get((arm, part)) or 0
            for arm in self.arms
            for part in self.parts
        }
        for part in self.parts:
            of_arms = sum(cells[arm, part] for arm in self.arms)
            cells[UNKNOWN, part] = max(everyone[part] - of_arms, 0)
        # Cells that are zero for certain would only hide what follows.
        if self.arms and not any(cells[UNKNOWN, part] for part in self.parts):
            cells = {key: n for key, n in cells.items() if key[0] != UNKNOWN}
        self.cells = list(cells)
        self.values = np.array(list(cells.values()), dtype=float)
        self.sums = {
            place: self._sum(
                f.arm, "" if f.term == "responses_received" else f.group or f.term
            )
            for place, f in counts.items()
        }

    def _sum(self, arm: Place, part: AnyGroup) -> Vector:
        """Which cells add up to a count; an empty text stands for all."""
        return np.array(
            [(not arm or a == arm) and (not part or p == part) for a, p in self.cells],
            dtype=float,
        )

    def small_sums(self, smallest: int) -> Iterator[Vector]:
        """Every sum along a line of the table that is small but not zero."""
        arms = list(dict.fromkeys(arm for arm, _ in self.cells))
        for arm in ("", *arms):
            yield from self._small([self._sum(arm, p) for p in self.parts], smallest)
        for part in ("", *self.parts):
            yield from self._small([self._sum(arm, part) for arm in arms], smallest)

    def _small(self, line: Iterable[Vector], smallest: int) -> Iterator[Vector]:
        """Sums of parts of a line; a zero in it hides nothing."""
        few = [part for part in line if part @ self.values < smallest]
        for size in _sizes(len(few)):
            for chosen in combinations(few, size):
                total: Vector = np.sum(chosen, axis=0)
                if 0 < total @ self.values < smallest:
                    yield total


def _sizes(parts: int) -> list[int]:
    """How many parts to add up: any number, or of very many, few or nearly all."""
    if parts <= MAXIMUM_SUMMANDS:
        return list(range(1, parts + 1))
    return [1, 2, parts - 1, parts]


def _flags_to_suppress(
    findings: list[Finding], places: list[int], suppressed: set[int], smallest: int
) -> Iterator[int]:
    """Counts of flags, where they would disclose a count that is suppressed.

    One index's flags may be the very responses that were left out; and the responses
    with enough flags, less those of one index, are those it did not flag.
    """
    survey_wave = (findings[places[0]].survey, findings[places[0]].wave)
    flags = {
        place: finding
        for place, finding in enumerate(findings)
        if finding.term == "responses_flagged"
        and (finding.survey, finding.wave) == survey_wave
        and finding.n is not None
    }
    if any(
        findings[place].group in ("careless", "printed_total_disagrees")
        for place in suppressed
    ):
        yield from flags
        return
    for place, finding in flags.items():
        if finding.group == "careless":
            residual = [
                abs((other.n or 0) - (finding.n or 0)) for other in flags.values()
            ]
            if any(0 < difference < smallest for difference in residual):
                yield place


def _answers_to_suppress(
    findings: list[Finding], places: list[int], suppressed: set[int], smallest: int
) -> Iterator[int]:
    """Numbers of answers, where a small or a suppressed count would follow from one.

    All of a survey and wave together: of everyone and of the arms each follows from
    the others.
    """
    first = findings[places[0]]
    here = {
        place: finding
        for place, finding in enumerate(findings)
        if finding.term in OF_ANSWERS
        and (finding.survey, finding.wave) == (first.survey, first.wave)
    }
    answers = {f.arm: f.n or 0 for f in here.values() if f.term == ANSWERED}
    rest = answers.get("", 0) - sum(n for arm, n in answers.items() if arm)
    safe = len(answers) < 2 or not 0 < rest < smallest
    for arm, n in answers.items():
        shown = [p for p in places if findings[p].arm == arm and p not in suppressed]
        hidden = any(findings[p].n and findings[p].arm == arm for p in suppressed)
        ends = [findings[p].n or 0 for p in shown if not findings[p].group]
        safe &= n >= smallest
        if hidden:
            safe &= n in ends
        else:
            safe &= not any(0 < abs(n - end) < smallest for end in ends)
    if not safe:
        yield from here
