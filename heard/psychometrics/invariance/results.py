"""Define the results of a test of measurement invariance, level by level."""

from __future__ import annotations

from dataclasses import dataclass

from heard.psychometrics.confirmatory.estimation import MaximumLikelihood
from heard.psychometrics.confirmatory.fit import Misfit, ModelFit, chi_square_p
from heard.psychometrics.confirmatory.ordinal import LeastSquares, ordinal_difference
from heard.results import Estimate, Labelled, Result, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class InvarianceRule:
    """When a level counts as holding; by default Chen's and COSMIN's limits.

    Attributes
    ----------
    fit_drop : float
        The comparative fit index may fall by this much from level to level.
    error_rise : float
        The error of approximation may rise by this much.
    good_fit, good_error, good_residual : float
        The configural model must reach one of these: a comparative fit index above, an
        error of approximation below, a standardised residual below.
    test_level : float or None
        Where given, a level is denied only if the difference test denies it too, at
        this chance of error: in small groups indices change by chance alone.

    References
    ----------
    Cheung & Rensvold (2002), Structural Equation Modeling 9(2), 233-255.
    Chen (2007), Structural Equation Modeling 14(3), 464-504.
    """

    fit_drop: float = 0.01
    error_rise: float = 0.015
    good_fit: float = 0.95
    good_error: float = 0.06
    good_residual: float = 0.08
    test_level: float | None = 0.05

    @property
    def words(self) -> str:
        """The rule in words."""
        test = (
            ""
            if self.test_level is None
            else f", or a difference test with p of {self.test_level:g} or more"
        )
        return (
            f"configural: comparative fit above {self.good_fit:g}, rmsea below "
            f"{self.good_error:g} or standardised residual below "
            f"{self.good_residual:g}; then comparative fit falling by at most "
            f"{self.fit_drop:g} and rmsea rising by at most {self.error_rise:g}{test}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualityTest(Labelled):
    """What freeing one item from one equality would win.

    Attributes
    ----------
    constrained : str
        What is constrained equal: loadings, intercepts or residuals.
    item, factor : str
        Of which item; of a loading on which factor, else empty.
    group : str
        The group or wave that would be set free.
    """

    constrained: str
    item: str
    factor: str
    group: str
    score_test: Result
    score_test_p: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDifference(Labelled):
    """How a factor's mean and variance in one group or wave differ from the first."""

    factor: str
    group: str
    latent_mean_difference: Result
    latent_variance: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class InvarianceLevel(Labelled):
    """One level: its fit, and what it lost against the level before.

    Attributes
    ----------
    verdict : tuple of str
        "holds", or "does not hold" and why.
    """

    level: str
    fit: ModelFit
    chi_square_difference: Result
    chi_square_difference_df: Result
    chi_square_difference_p: Result
    comparative_fit_change: Result
    rmsea_change: Result
    residual_change: Result
    equality_tests: tuple[EqualityTest, ...]
    verdict: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the level holds by the rule."""
        return self.verdict == ("holds",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementInvariance(Labelled):
    """Whether groups or waves can be compared, and at which level.

    Attributes
    ----------
    free : tuple of str
        What was set free beforehand (partial invariance), in words.
    missing_levels : tuple of str
        Levels that could not be fitted, and why.
    """

    levels: tuple[InvarianceLevel, ...]
    differences: tuple[FactorDifference, ...]
    rule: InvarianceRule
    free: tuple[str, ...]
    missing_levels: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether means of scores may be compared: every level up to scalar holds.

        Never where something was set free: then factor means may still be compared
        (`latent_means_comparable`), sums of items may not.
        """
        return self.latent_means_comparable and not self.free

    @property
    def latent_means_comparable(self) -> bool:
        """Whether means of factors may be compared."""
        reached = [level for level in self.levels if level.level != "strict"]
        lacking = [name for name in self.missing_levels if name[:6] != "strict"]
        whole = "scalar" in {level.level for level in reached} and not lacking
        return whole and all(level.holds for level in reached)

    @property
    def reason(self) -> str:
        """Why means may, or may not, be compared."""
        if self.comparable:
            return "scalar invariance holds: means of scores can be compared"
        if self.latent_means_comparable:
            return (
                "scalar invariance holds in part: factor means can be compared, sums "
                "of items cannot; set free: " + ", ".join(self.free)
            )
        failed = [
            f"{level.level} invariance {': '.join(level.verdict)}"
            for level in self.levels
            if level.level != "strict" and not level.holds
        ]
        return "; ".join([*failed, *self.missing_levels])

    def latent_means(self) -> tuple[FactorDifference, ...]:
        """Differences of factor means, if they may be compared; else none."""
        return self.differences if self.latent_means_comparable else ()


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
            found[term] = Estimate.of(
                term, after.estimate - before.estimate, n=after.n, method=words
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
    """Whether the model fits at all, so that equality constraints make sense."""
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
    """Whether a level fits acceptably, compared with the one before."""
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
