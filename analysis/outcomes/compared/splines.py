"""Doses into the two columns of a curve that is straight at its ends.

Harrell's restricted cubic spline with three knots: the dose itself, and one column that
bends it between the outer knots. Oracle: R Hmisc, rcspline.eval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.outcomes.clustered.bias_reduction import Array

QUANTILES = (0.1, 0.5, 0.9)


def three_knots(doses: Array) -> Array | None:
    """Knots at the 10th, 50th and 90th percentile, None where they coincide.

    Where so many had the smallest dose that they do, those above it place the knots.
    """
    for placing in (doses, doses[doses > doses.min()]):
        if placing.size:
            knots = np.quantile(placing, QUANTILES)
            if (np.diff(knots) > 0).all() and len(np.unique(doses)) > len(QUANTILES):
                return np.asarray(knots)
    return None


def bend(doses: Array, knots: Array) -> Array:
    """The bending column, shape (n_doses,), in units of the dose.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4.4.
    """
    first, middle, last = knots

    def beyond(knot: float) -> Array:
        return np.asarray(np.clip(doses - knot, 0, None) ** 3)

    turned = (
        beyond(first)
        - beyond(middle) * (last - first) / (last - middle)
        + beyond(last) * (middle - first) / (last - middle)
    )
    return np.asarray(turned / (last - first) ** 2)
