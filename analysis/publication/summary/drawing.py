"""The main result drawn: the estimate and its interval, with what would matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.documents import render_template

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 420.0


def drawn_result(
    estimate: float,
    limits: tuple[float, float],
    smallest_effect: float | None,
    *,
    number: str,
    words: str,
    ends: tuple[str, str],
    points: Callable[[float], str],
) -> str:
    """An SVG of an estimate with its interval, zero and the smallest effect.

    Parameters
    ----------
    estimate, limits : float
        Turned so that the better end is on the right.
    number : str
        What stands above the estimate; empty where the number must not stand out.
    words : str
        The result in words, for those who cannot see the drawing.
    ends : tuple of str
        What the left and the right end mean: ``worse``, ``better``.
    points : callable
        Writes points of the score.
    """
    low, high = limits
    reach = 1.12 * max(abs(low), abs(high), smallest_effect or 0.0, 1e-9)

    def across(value: float) -> float:
        return WIDTH / 2 * (1 + value / reach)

    zone = smallest_effect and (across(-smallest_effect), across(smallest_effect))
    return render_template(
        "headline.svg.j2",
        width=WIDTH,
        low=across(low),
        high=across(high),
        gain=across(estimate),
        zone=zone,
        smallest=points(smallest_effect) if smallest_effect else None,
        number=number,
        words=words,
        ends=ends,
    )
