"""Phrases that several topics share: what an interval or a p-value shows, and lists.

No sentence says more than the interval does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figure import drawn_points, point_words
from analysis.publication.numbers import estimate_text, number_text, size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.figure import Point

SIGNIFICANT = 0.05
"""A p-value below it is called more than chance easily brings."""


def excludes_zero(finding: Finding) -> bool:
    """Whether there is an interval, and zero lies outside it."""
    low, high = finding.conf_low, finding.conf_high
    return low is not None and high is not None and (low > 0 or high < 0)


def excluding_zero_words(findings: Iterable[Finding], what: str) -> str:
    """Of how many findings the interval excludes zero."""
    tried = list(findings)
    clear = sum(map(excludes_zero, tried))
    return f"the interval of {clear} of {len(tried)} {what} leaves out zero"


def p_value(finding: Finding) -> float:
    """A p-value that is known."""
    assert finding.estimate is not None, "a p-value that is known"
    return finding.estimate


def p_words(finding: Finding) -> str:
    """A p-value as a sentence has it."""
    text = number_text(p_value(finding), "p_value")
    return f"p {text}" if text.startswith("under") else f"p = {text}"


def smallest_effect_words(effect: float | None, metric: str = "") -> str:
    """The smallest difference that matters, as a sentence; empty if none is declared.

    It begins with a space, to stand behind another sentence.
    """
    if not effect:
        return ""
    return f" The smallest that matters is {size_text(effect, metric)}."


def reason_of(finding: Finding | None, otherwise: str = "nothing was found") -> str:
    """Why there is no estimate."""
    return finding.reason if finding is not None else otherwise


def figure_words(
    words: str, points: Iterable[Point], effect: float | None = None
) -> str:
    """The text of a figure: its finding, then the numbers drawn."""
    drawn = drawn_points(points)
    if not drawn:
        return words
    smallest = smallest_effect_words(effect, drawn[0].finding.metric)
    return f"{words} {point_words(drawn)}{smallest}".strip()


def extremes_words(points: Sequence[Point]) -> str:
    """The lowest and the highest number drawn, each with its interval and place."""
    ends = (min(points, key=_value), max(points, key=_value))
    return " to ".join(
        f"{estimate_text(end.finding)} ({', '.join(filter(None, place))})"
        for end in ends
        for place in [(end.label, end.series)]
    )


def _value(point: Point) -> float:
    return point.value


def reached_words(findings: Iterable[Finding], study: Study, what: str) -> str:
    """In how many of several findings a reliability is what is asked, and how surely.

    A sentence from its verb on; empty where nothing was estimated.
    """
    line = study.asked_of_means
    limits = [
        (part.estimate, part.conf_low) for part in findings if part.estimate is not None
    ]
    if not limits:
        return ""
    met = sum(estimate >= line for estimate, _ in limits)
    sure = sum(low is not None and low >= line for _, low in limits)
    if len(limits) == 1:
        where = "with the whole" if sure else "but not with the whole"
        return (
            f"at least {number_text(line)}, {where} interval."
            if met
            else f"below {number_text(line)}."
        )
    if met == 0:
        return f"below {number_text(line)} in each of {len(limits)} {what}."
    surely = f"with the whole interval in {sure}"
    interval = surely if sure else "never with the whole interval"
    return f"at least {number_text(line)} in {met} of {len(limits)} {what}, {interval}."


def counted(number: int, one: str, several: str) -> str:
    """A number with what it counts: ``1 value is``, ``2 values are``."""
    return f"{number} {one if number == 1 else several}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names in a sentence: ``a, b and c``."""
    *others, final = names
    return f" {last} ".join(filter(None, [", ".join(others), final]))
