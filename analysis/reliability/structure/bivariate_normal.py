"""Two standard normal variables and their correlation into probabilities.

The distribution function stands on Owen's T, which scipy has to machine precision; it
takes arrays, so that every pair of items and every pair of thresholds is one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

# Stands for infinity: the normal distribution function is 1 here to the last digit.
BEYOND = 40.0
# Stands for zero, where Owen's T would divide by it.
NEARLY_ZERO = 1e-100


def normal_density(value: Array) -> Array:
    """The standard normal density."""
    return np.asarray(np.exp(-0.5 * value**2) / np.sqrt(2 * np.pi))


def bivariate_normal_cdf(first: Array, second: Array, correlation: Array) -> Array:
    """The chance that both variables lie below their limits.

    Parameters
    ----------
    first, second, correlation : ndarray
        Limits, finite (`BEYOND` stands for infinity), and correlations strictly between
        -1 and 1; broadcast against each other.

    References
    ----------
    Owen (1956), Annals of Mathematical Statistics 27(4), 1075-1090.
    """
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    first = np.where(first == 0, NEARLY_ZERO, first)
    second = np.where(second == 0, NEARLY_ZERO, second)
    spread = np.sqrt(1 - correlation**2)
    chance = (
        (special.ndtr(first) + special.ndtr(second)) / 2
        - special.owens_t(first, (second / first - correlation) / spread)
        - special.owens_t(second, (first / second - correlation) / spread)
        - np.where(np.sign(first) == np.sign(second), 0.0, 0.5)
    )
    return np.asarray(np.clip(chance, 0, 1))


def bivariate_normal_density(first: Array, second: Array, correlation: Array) -> Array:
    """The density, which is also how the distribution function grows with correlation.

    References
    ----------
    Plackett (1954), Biometrika 41(3/4), 351-360.
    """
    left = 1 - correlation**2
    distance = (first**2 - 2 * correlation * first * second + second**2) / left
    return np.asarray(np.exp(-0.5 * distance) / (2 * np.pi * np.sqrt(left)))
