"""Choices between calculated numbers that come out the same on every processor.

Processors add up in other orders, so that the last digits of a calculated number
differ. What is chosen by comparing such numbers (who is nearest, which comes first,
what lies on a line) would differ with them wherever numbers are equal but for those
digits. The rule that holds throughout: numbers are compared to `DIGITS` significant
digits, and of those then equal the first in the order given is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Signs = npt.NDArray[np.int64]

DIGITS = 10
"""Significant digits compared: processors agree on about 13, real differences show."""


def rounded(*values: npt.ArrayLike, digits: int = DIGITS) -> tuple[Numbers, ...]:
    """Round arrays that are to be compared, all to one number of decimals.

    Digits are counted from the largest number of all arrays, because what was added up
    to a small number may have been as large.

    Parameters
    ----------
    *values : array_like
        Numbers on one scale, of any shapes. What is not finite stays as it is.

    Returns
    -------
    tuple of ndarray
        An array for each one given.
    """
    arrays, place = _with_place(values, digits)
    return tuple(np.asarray(np.rint(one * place) / place) for one in arrays)


def steps(*values: npt.ArrayLike, digits: int = DIGITS) -> tuple[Numbers, ...]:
    """The same in whole steps of the last digit: distances between them are exact."""
    arrays, place = _with_place(values, digits)
    return tuple(np.asarray(np.rint(one * place)) for one in arrays)


def _with_place(
    values: Sequence[npt.ArrayLike], digits: int
) -> tuple[list[Numbers], float]:
    """The arrays, and how many steps of the last digit make 1."""
    arrays = [np.asarray(one, dtype=float) for one in values]
    size = max(
        float(np.abs(one).max(initial=0.0, where=np.isfinite(one))) for one in arrays
    )
    first = np.floor(np.log10(size)) if size else 0.0
    return arrays, float(10.0 ** np.clip(digits - 1 - first, -290, 290))


def order(values: npt.ArrayLike, *, digits: int = DIGITS) -> Positions:
    """Positions from the smallest number to the largest, along the last axis."""
    return np.argsort(rounded(values, digits=digits)[0], axis=-1, kind="stable")


def smallest(values: npt.ArrayLike, *, digits: int = DIGITS) -> Positions:
    """Position of the smallest number along the last axis."""
    return np.asarray(np.argmin(rounded(values, digits=digits)[0], axis=-1))


def largest(values: npt.ArrayLike, *, digits: int = DIGITS) -> Positions:
    """Position of the largest number along the last axis."""
    return np.asarray(np.argmax(rounded(values, digits=digits)[0], axis=-1))


def sides(values: npt.ArrayLike, line: npt.ArrayLike, *, digits: int = DIGITS) -> Signs:
    """On which side of a line each number lies: 1 above, -1 below, 0 on it.

    On it lies what differs from it in later digits only: later than `digits` of the
    number itself, of the line, or of a usual number, whichever is largest.

    Parameters
    ----------
    values, line : array_like
        Finite numbers on one scale; shapes that fit each other.
    """
    one, other = np.asarray(values, dtype=float), np.asarray(line, dtype=float)
    deviation = one - other
    usual = float(np.median(np.abs(one))) if one.size else 0.0
    size = np.maximum(np.maximum(np.abs(one), np.abs(other)), usual)
    noise = size * 10.0**-digits
    return np.where(np.abs(deviation) <= noise, 0, np.sign(deviation)).astype(np.int64)


def upward(columns: npt.ArrayLike, *, digits: int = DIGITS) -> Numbers:
    """For each column, the 1 or -1 that turns it so that its sum is positive.

    A direction, such as a factor's, has no sign of its own. Where a column's sum is
    zero, its first number that is not zero becomes positive.

    Parameters
    ----------
    columns : array_like, shape (..., n_rows, n_columns)

    Returns
    -------
    ndarray, shape (..., n_columns)
    """
    entries = rounded(columns, digits=digits)[0]
    sums = rounded(np.sum(columns, axis=-2), entries, digits=digits)[0]
    first = np.take_along_axis(
        entries, np.argmax(entries != 0, axis=-2, keepdims=True), axis=-2
    )[..., 0, :]
    return np.where(np.where(sums == 0, first, sums) < 0, -1.0, 1.0)
