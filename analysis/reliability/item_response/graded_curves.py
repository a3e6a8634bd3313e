"""Slopes and intercepts into the chance of each answer along the trait (Samejima 1969).

P(answer >= c) = logistic(slope x trait + intercept of c); the trait is standard normal.
Items with fewer answers than the longest are padded with intercepts of minus infinity:
chance 0, and nobody ever gives such an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

# Rectangles over a smooth bell are exact to rounding at this width.
GRID = np.linspace(-6.0, 6.0, 121)
_DENSITY = np.exp(-(GRID**2) / 2)
WEIGHTS = _DENSITY / _DENSITY.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedParameters:
    """What was estimated, in built-in numbers, ready to score others with.

    Attributes
    ----------
    items : tuple of str
        The items, as the columns are named.
    categories : tuple of float
        The answers the codebook allows, lowest first.
    codes : tuple of tuple of float
        The answers of each item that somebody gave, lowest first.
    slopes : tuple of float
        One an item, on the logistic scale (no 1.7).
    intercepts : tuple of tuple of float
        One for each answer above the lowest, falling; the threshold on the trait is
        -intercept / slope.
    """

    items: tuple[str, ...]
    categories: tuple[float, ...]
    codes: tuple[tuple[float, ...], ...]
    slopes: tuple[float, ...]
    intercepts: tuple[tuple[float, ...], ...]

    def arrays(self) -> tuple[Array, Array]:
        """Slopes (n_items,) and padded intercepts (n_items, most thresholds)."""
        most = max(len(one) for one in self.intercepts)
        padded = np.full((len(self.items), most), -np.inf)
        for place, one in enumerate(self.intercepts):
            padded[place, : len(one)] = one
        return np.array(self.slopes), padded


@dataclass(frozen=True, slots=True)
class Curves:
    """Chances and their derivatives along the logit of each edge.

    Attributes
    ----------
    chance : ndarray, shape (n_items, n_answers, n_traits)
        Of each answer; 0 where padded.
    rise, fall : ndarray, same shape
        Derivative of log chance along the answer's lower edge, and minus that along
        its upper edge.
    bend : ndarray, shape (n_items, n_answers + 1, n_traits)
        Second derivative of the logistic function at every edge, outer ones included.
    """

    chance: Array
    rise: Array
    fall: Array
    bend: Array

    @property
    def log_chance(self) -> Array:
        """Shape (n_items, n_answers, n_traits); 0 where padded."""
        shown: Array = np.log(np.where(self.chance > 0, self.chance, 1.0))
        return shown


def curves(slopes: Array, intercepts: Array, traits: Array) -> Curves:
    """Chances of all answers to all items at each trait."""
    from scipy.special import expit  # noqa: PLC0415 - heavy, and only needed here

    items, steps = intercepts.shape
    edge = np.empty((items, steps + 2, len(traits)))
    edge[:, 0], edge[:, -1] = np.inf, -np.inf
    edge[:, 1:-1] = slopes[:, None, None] * traits + intercepts[:, :, None]
    above, below = expit(edge), expit(-edge)
    # On the side where both tails are thin, so that their difference keeps digits.
    chance = np.where(
        edge[:, 1:] > 0, below[:, 1:] - below[:, :-1], above[:, :-1] - above[:, 1:]
    )
    density = above * below
    divisor = np.where(chance > 0, chance, 1.0)
    return Curves(
        chance=chance,
        rise=density[:, :-1] / divisor,
        fall=density[:, 1:] / divisor,
        bend=density * (below - above),
    )


def item_information(slopes: Array, intercepts: Array, traits: Array) -> Array:
    """Fisher information of each item at each trait, shape (n_items, n_traits)."""
    found = curves(slopes, intercepts, traits)
    steepness = (found.rise - found.fall) ** 2
    shown: Array = slopes[:, None] ** 2 * (found.chance * steepness).sum(axis=1)
    return shown
