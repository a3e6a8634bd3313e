"""The scalar level into how factors differ between groups or waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.statements import Statements
from analysis.reliability.invariance.results import FactorDifference

if TYPE_CHECKING:
    from analysis.foundation.results import Result
    from analysis.reliability.invariance.levels import Fitted

SCALES = {
    False: "in standard deviations of the factor in the first group or wave",
    True: "in units of the factor's first item",
}


def factor_differences(
    fitted: list[Fitted], n: int, confidence: float, method: str
) -> tuple[FactorDifference, ...]:
    """Means and variances of the factors against the first group or wave.

    Empty where the scalar level could not be fitted: without equal intercepts a
    difference of means says nothing of the factors.
    """
    scalar = next((one for one in fitted if one.level == "scalar"), None)
    if scalar is None:
        return ()
    estimate = scalar.estimate
    errors = np.sqrt(np.diag(estimate.covariance))
    statements = Statements(
        n=n,
        confidence=confidence,
        method=f"scalar invariance; {SCALES[scalar.plan.marker]}; {method}",
        errors="standard errors of the estimator",
    )

    def result(term: str, parameter: str) -> Result:
        if parameter not in estimate.model.places:
            return statements.absent(term, "it is fixed, to set the scale")
        place = estimate.model.places[parameter]
        value, error = float(estimate.parameters[place]), float(errors[place])
        return statements.wald(term, value, error)

    return tuple(
        FactorDifference(
            factor=factor,
            group=section.name,
            latent_mean_difference=result(
                "latent_mean_difference", f"mean {factor!r} @{section.name!r}"
            ),
            latent_variance=result(
                "latent_variance", f"variance {factor!r} @{section.name!r}"
            ),
        )
        for section in scalar.plan.sections[1:]
        for factor in scalar.plan.factors
    )
