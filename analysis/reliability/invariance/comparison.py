"""Two nested levels into what the stricter one lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.results import Estimate, Result, Unavailable
from analysis.reliability.confirmatory.indices import chi_square_p
from analysis.reliability.confirmatory.least_squares import LeastSquares
from analysis.reliability.confirmatory.ordinal_fitting import ordinal_difference

if TYPE_CHECKING:
    from analysis.reliability.confirmatory.estimation import MaximumLikelihood
    from analysis.reliability.confirmatory.indices import ModelFit
    from analysis.reliability.confirmatory.misfit import Misfit
    from analysis.reliability.invariance.results import InvarianceRule

TESTS = {
    "ml": "likelihood-ratio chi-square against the level before",
    "mlr": "scaled difference of chi-squares against the level before (Satorra & "
    "Bentler 2001)",
    "wlsmv": "difference of weighted sums of squares against the level before, scaled "
    "and shifted (Satorra 2000)",
}
# Which indices a rule is asked of: those made for the estimator.
KIND = {"ml": "", "mlr": "robust_", "wlsmv": "scaled_"}
DIFFERENCE_TERMS = (
    "chi_square_difference",
    "chi_square_difference_df",
    "chi_square_difference_p",
)
CHANGE_TERMS = ("comparative_fit_change", "rmsea_change", "residual_change")


def likelihood_difference(free: Misfit, constrained: Misfit) -> tuple[float, int] | str:
    """Chi-square and df of the difference, or why there is none."""
    df = constrained.df - free.df
    if df <= 0:
        return "the level before has as many parameters"
    scaling = (constrained.df * constrained.scaling - free.df * free.scaling) / df
    if scaling <= 0:
        return "the scaling factor of the difference is not above zero"
    return max((constrained.statistic - free.statistic) / scaling, 0.0), df


def difference(
    free: tuple[MaximumLikelihood | LeastSquares, Misfit],
    constrained: tuple[MaximumLikelihood | LeastSquares, Misfit],
    *,
    n: int,
    method: str,
    estimator: str,
) -> dict[str, Result]:
    """Chi-square, df and p of what the stricter level lost."""
    method = f"{TESTS[estimator]}; no interval: a test; {method}"
    one, two = free[0], constrained[0]
    found: tuple[float, int] | str
    if isinstance(one, LeastSquares) and isinstance(two, LeastSquares):
        found = ordinal_difference(one, two)[:2]
        if found[1] <= 0:
            found = "the level before has as many parameters"
    else:
        found = likelihood_difference(free[1], constrained[1])
    if isinstance(found, str):
        return {
            term: Unavailable(term=term, reason=found, n=n, method=method)
            for term in DIFFERENCE_TERMS
        }
    statistic, df = found
    values = (statistic, float(df), chi_square_p(statistic, df))
    return {
        term: Estimate(term=term, estimate=value, n=n, method=method)
        for term, value in zip(DIFFERENCE_TERMS, values, strict=True)
    }


def indices_of(fit: ModelFit, estimator: str) -> tuple[Result, Result, Result]:
    """The comparative fit, error of approximation and residual a rule is asked of."""
    kind = KIND[estimator]
    return (
        getattr(fit, f"{kind}comparative_fit_index"),
        getattr(fit, f"{kind}rmsea"),
        fit.standardised_root_mean_square_residual,
    )


def changes(
    free: ModelFit, constrained: ModelFit, *, estimator: str, method: str
) -> dict[str, Result]:
    """How the indices changed from the level before."""
    found: dict[str, Result] = {}
    pairs = zip(
        CHANGE_TERMS,
        indices_of(free, estimator),
        indices_of(constrained, estimator),
        strict=True,
    )
    for term, before, after in pairs:
        words = f"{after.term} less that of the level before; no interval; {method}"
        if isinstance(before, Estimate) and isinstance(after, Estimate):
            found[term] = Estimate(
                term=term,
                estimate=after.estimate - before.estimate,
                n=after.n,
                method=words,
            )
        else:
            lacking = before if isinstance(before, Unavailable) else after
            reason = getattr(lacking, "reason", "")
            found[term] = Unavailable(
                term=term, reason=reason, n=lacking.n, method=words
            )
    return found


def configural_verdict(
    fit: ModelFit, rule: InvarianceRule, estimator: str
) -> tuple[str, ...]:
    """Whether the model fits at all, so that there is something to hold equal."""
    index, error, residual = indices_of(fit, estimator)
    if isinstance(fit.chi_square_df, Estimate) and not fit.chi_square_df.estimate:
        return ("holds",)
    good = [
        isinstance(index, Estimate) and index.estimate > rule.good_fit,
        isinstance(error, Estimate) and error.estimate < rule.good_error,
        isinstance(residual, Estimate) and residual.estimate < rule.good_residual,
    ]
    if any(good):
        return ("holds",)
    return ("does not hold", "the factors do not fit the answers, equal or not")


def verdict(found: dict[str, Result], rule: InvarianceRule) -> tuple[str, ...]:
    """Whether a level holds against the one before."""
    fit, error = found["comparative_fit_change"], found["rmsea_change"]
    test = found["chi_square_difference_p"]
    if isinstance(fit, Unavailable):
        return ("does not hold", f"comparative fit is not known: {fit.reason}")
    faults = []
    if fit.estimate < -rule.fit_drop:
        faults.append(
            f"comparative fit falls by {-fit.estimate:.3f}, more than {rule.fit_drop:g}"
        )
    if isinstance(error, Estimate) and error.estimate > rule.error_rise:
        faults.append(
            f"rmsea rises by {error.estimate:.3f}, more than {rule.error_rise:g}"
        )
    level = rule.test_level
    if level is not None and isinstance(test, Estimate) and test.estimate >= level:
        faults = []
    return ("does not hold", *faults) if faults else ("holds",)
