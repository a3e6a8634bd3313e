"""Judge whether scores are too skewed for normal theory, and bound their spread then.

One rule wherever an interval takes scores for normal: beyond a skewness of 1 it does
not hold. Where the figures come from: docs/explanation/statistics-consistency.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special, stats

from heard.models.complete_responses import Array

SKEWED: Final = 1.0
"""Skewness, either way, from which scores are not taken for normal."""
CROWDED: Final = 0.15
"""Share of people with the lowest or the highest score that is a floor or a ceiling
(Terwee et al. 2007, J. of Clinical Epidemiology 60(1), 34-42)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How far scores are from normal.

    `skewness`: third central moment over the cubed standard deviation, divisor n.
    `share_at_end`: of people at the lowest or the highest score there is, the larger.
    """

    skewness: float
    share_at_end: float

    @classmethod
    def of(cls, scores: Array) -> Shape:
        """Of one score a person."""
        different, counts = np.unique(scores, return_counts=True)
        return cls._of(different, counts.astype(float))

    @classmethod
    def of_counts(cls, counts: Mapping[float, int]) -> Shape:
        """Of how many people have each score."""
        scores = np.array(sorted(counts))
        return cls._of(scores, np.array([float(counts[score]) for score in scores]))

    @classmethod
    def _of(cls, scores: Array, counts: Array) -> Shape:
        """Of different scores, in order, and their counts."""
        if len(scores) < 2:
            return cls(skewness=0.0, share_at_end=1.0)
        shares = counts / counts.sum()
        centred = scores - shares @ scores
        spread = float(shares @ centred**2)
        return cls(
            skewness=float(shares @ centred**3) / spread**1.5 if spread > 0 else 0.0,
            share_at_end=float(max(shares[0], shares[-1])),
        )

    @property
    def skewed(self) -> bool:
        """Whether intervals that take scores for normal do not hold."""
        return abs(self.skewness) >= SKEWED

    @property
    def words(self) -> str:
        """What is unusual; empty if nothing is. No number: it describes people."""
        if not self.skewed:
            return ""
        end = "lowest: a floor" if self.skewness > 0 else "highest: a ceiling"
        crowded = f", many the {end}" if self.share_at_end >= CROWDED else ""
        return (
            f"scores skewed{crowded}; in small samples the interval holds the truth "
            "less often than it says"
        )


NORMAL: Final = Shape(skewness=0.0, share_at_end=0.0)
"""Of a coefficient whose interval does not depend on the shape."""


def deviation_limits(values: Array, *, confidence: float) -> tuple[float, float]:
    """Limits of a standard deviation for scores of any distribution.

    `values`: more than 4, not all the same.

    Bonett (2006), Computational Statistics & Data Analysis 50(3), 775-782.
    """
    n, quantile = len(values), float(special.ndtri((1 + confidence) / 2))
    middle = stats.trim_mean(values, 1 / (2 * (n - 4) ** 0.5))
    variance = float(values.var(ddof=1))
    fourth = n * float(np.sum((values - middle) ** 4)) / ((n - 1) * variance) ** 2
    small = n / (n - quantile)
    error = small * ((fourth - (n - 3) / n) / (n - 1)) ** 0.5
    low, high = (small * variance * np.exp(side * quantile * error) for side in (-1, 1))
    return float(low**0.5), float(high**0.5)
