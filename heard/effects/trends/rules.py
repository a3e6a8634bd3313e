"""What a point of a run chart or control chart shows, and the fewest waves for one."""

from __future__ import annotations

from typing import Literal, TypeAlias

MINIMUM_WAVES = 5
"""With fewer, no rule of a run chart can be broken."""
LIMIT_POINTS = 12
"""Waves that fix the limits of a control chart; with fewer they are on trial."""

Direction: TypeAlias = Literal["increase", "decrease", "neither"]
"""Which way is better."""

Verdict: TypeAlias = Literal["improvement", "concern", "change", "wavering"]
"""What a point shows: a change for the better, for the worse, neither; or nothing."""

BETTER: dict[Direction, int] = {"increase": 1, "decrease": -1, "neither": 0}
"""Which side of the centre is better; 0 where neither is."""


def verdict(side: int, better: int) -> Verdict:
    """What a signal on a side of the centre (1 above, -1 below, 0 none) means."""
    if side == 0:
        return "wavering"
    if better == 0:
        return "change"
    return "improvement" if side == better else "concern"


def in_words(names: tuple[str, ...]) -> str:
    """One, two and three."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
