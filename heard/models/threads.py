"""Apply a function to many things in several threads, keeping their order.

NumPy and Arrow release the interpreter lock. Nothing is summed across threads, so
results do not depend on their number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(os.cpu_count() or 1, 4)
"""Each holds a block of answers: more would cost memory, and steps run side by side."""


def in_threads(function: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """What `function` makes of each thing, in their order.

    The first exception, in that order, is raised here.
    """
    listed = list(things)
    if len(listed) < 2 or THREADS < 2:
        return [function(thing) for thing in listed]
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(function, listed))
