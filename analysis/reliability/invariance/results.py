"""What a test of measurement invariance says, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Labelled

if TYPE_CHECKING:
    from analysis.foundation.results import Result
    from analysis.reliability.confirmatory.indices import ModelFit


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
        What is held equal: loadings, intercepts or residuals.
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
    """Whether groups or waves can be compared, and how far.

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
