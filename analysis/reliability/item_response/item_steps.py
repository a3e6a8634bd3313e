"""Two items into the steps between their answers, and the order these steps are in.

An item step is passed by an answer at or above it; a Guttman error passes a rarer step
without the commoner one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.reliability.complete import Array


def largest_parts(x: Array, y: Array) -> Array:
    """What each person adds to the largest possible mean of x * y, shape (n,).

    That mean is the sum over steps a of x and b of y of min(P(x >= a), P(y >= b)), with
    steps as high as the gap below them; a person counts where the rarer step is
    passed. Equally rare steps count half each. The mean of what is returned is that
    largest mean; with x and y centred, how far each person moves it is the deviation.
    """
    steps_x, ranks_x = np.unique(x, return_inverse=True)
    steps_y, ranks_y = np.unique(y, return_inverse=True)
    passed_x = _passing(ranks_x, len(steps_x))
    passed_y = _passing(ranks_y, len(steps_y))
    # Counts, not shares: equality has to be exact.
    rarer = np.sign(passed_y[None, :] - passed_x[:, None])
    weight_x = (1 + rarer) / 2
    gap_x, gap_y = np.diff(steps_x), np.diff(steps_y)
    from_x = np.concatenate([[0.0], np.cumsum(gap_x * (weight_x @ gap_y))])
    from_y = np.concatenate([[0.0], np.cumsum(gap_y * (gap_x @ (1 - weight_x)))])
    # x and y were centred, but the sum over steps starts at their smallest values.
    shift = steps_y[0] * x + steps_x[0] * y - steps_x[0] * steps_y[0]
    parts: Array = from_x[ranks_x] + from_y[ranks_y] + shift
    return parts


def _passing(
    ranks: np.ndarray[tuple[int, ...], np.dtype[np.intp]], size: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """How many people pass each step, lowest first, shape (size - 1,)."""
    counts = np.bincount(ranks.ravel(), minlength=size)
    return counts[::-1].cumsum()[::-1][1:]
