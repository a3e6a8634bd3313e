"""Choices between calculated numbers that come out the same on every processor.

Processors add up in other orders, so that the last digits of a calculated number
differ. What is chosen by comparing such numbers (who is nearest, which comes first,
what counts as equal) would differ with them wherever numbers tie but for those digits.
The rule that holds throughout: numbers are compared as rounded to `DIGITS` significant
digits, and of those that are then equal the first in the order given is chosen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

DIGITS = 10
"""Significant digits compared: processors agree on about 13, real differences show."""


def rounded(*values: npt.ArrayLike, digits: int = DIGITS) -> tuple[Numbers, ...]:
    """Round arrays to be compared to one number of decimals.

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
    arrays = [np.asarray(one, dtype=float) for one in values]
    largest = max(
        (float(np.abs(one[np.isfinite(one)]).max(initial=0.0)) for one in arrays),
        default=0.0,
    )
    if largest == 0:
        return tuple(arrays)
    place = 10.0 ** np.clip(digits - 1 - np.floor(np.log10(largest)), -290, 290)
    return tuple(np.rint(one * place) / place for one in arrays)


def order(values: npt.ArrayLike, *, digits: int = DIGITS) -> Positions:
    """Positions from the smallest number to the largest along the last axis."""
    return np.argsort(rounded(values, digits=digits)[0], axis=-1, kind="stable")


def smallest(values: npt.ArrayLike, *, digits: int = DIGITS) -> Positions:
    """Position of the smallest number along the last axis."""
    return np.asarray(np.argmin(rounded(values, digits=digits)[0], axis=-1))


def largest(values: npt.ArrayLike, *, digits: int = DIGITS) -> Positions:
    """Position of the largest number along the last axis."""
    return np.asarray(np.argmax(rounded(values, digits=digits)[0], axis=-1))
