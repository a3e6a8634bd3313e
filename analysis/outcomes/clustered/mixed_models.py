"""Scores of two and more waves into effects of an arm, people and teams as they differ.

The rule that holds throughout: everyone who answered at least once counts, under the
assumption that who is missing depends on nothing but what is in the model; intervals
are t with Satterthwaite's degrees of freedom. The likelihood is that of the reliability
room. Oracle: R lmerTest, tests/oracles/values/clustered.json.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable
from analysis.reliability.dependability.mixed import (
    MixedFit,
    RandomTerm,
    fit_mixed_model,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.outcomes.clustered.bias_reduction import Array
    from analysis.reliability.dependability.mixed.model import Criterion

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedEffects:
    """The fixed part of a mixed model, and what its groups leave over.

    Attributes
    ----------
    names : tuple of str
        The fixed columns.
    coefficients : ndarray, shape (n_names,)
        In units of the score for one unit of the column.
    covariance : ndarray, shape (n_names, n_names)
        Given the variances.
    n : int
        Rows.
    levels : tuple of (str, int)
        The random terms kept, and how many groups each has.
    left_out : int
        Rows without a score, a column or a group.
    fit : MixedFit
        All else: variances, effects, likelihood.
    """

    names: tuple[str, ...]
    coefficients: Array = field(compare=False)
    covariance: Array = field(compare=False)
    n: int
    levels: tuple[tuple[str, int], ...]
    left_out: int
    fit: MixedFit = field(repr=False, compare=False)

    def standard_error(self, contrast: Sequence[float] | str) -> float:
        """Standard error of a contrast, the variances taken as known."""
        weights = self._weights(contrast)
        return float(np.sqrt(weights @ self.covariance @ weights))

    def degrees_of_freedom(self, contrast: Sequence[float] | str) -> float:
        """Satterthwaite's, at most the rows to spare."""
        found = self.fit.satterthwaite_df(tuple(self._weights(contrast)))
        return min(found, float(self.n - len(self.names)))

    def estimate(self, contrast: Sequence[float] | str, *, term: str) -> Estimate:
        """The contrast with its 95 % t interval; n counts rows."""
        from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

        degrees = self.degrees_of_freedom(contrast)
        value = float(self._weights(contrast) @ self.coefficients)
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))
        reach *= self.standard_error(contrast)
        return Estimate(
            term=term,
            estimate=value,
            conf_low=value - reach,
            conf_high=value + reach,
            n=self.n,
            method=f"{self.method}; t interval with {degrees:.1f} degrees of freedom "
            "(Satterthwaite)",
        )

    def p_value(self, contrast: Sequence[float] | str, *, term: str) -> Estimate:
        """Two-sided p of the contrast being zero, by the same t."""
        from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

        degrees = self.degrees_of_freedom(contrast)
        value = float(self._weights(contrast) @ self.coefficients)
        size = abs(value) / self.standard_error(contrast)
        return Estimate(
            term=term,
            estimate=float(2 * stats.t.sf(size, degrees)),
            n=self.n,
            method=f"{self.method}; two-sided t test with {degrees:.1f} degrees of "
            "freedom (Satterthwaite); a probability has no interval",
        )

    def degrees_result(self, contrast: Sequence[float] | str, *, term: str) -> Estimate:
        """The degrees of freedom as a finding of their own."""
        return Estimate(
            term=term,
            estimate=self.degrees_of_freedom(contrast),
            n=self.n,
            method="degrees of freedom of the t interval (Satterthwaite's, at most "
            "rows less columns); n counts rows; no interval",
        )

    def variances(self) -> tuple[Result, ...]:
        """``<group>_variance`` of every random term, and ``residual_variance``."""
        named = [(term.name, term.variance, term.singular) for term in self.fit.random]
        named.append(("residual", self.fit.residual_variance, False))
        return tuple(
            Estimate(
                term=f"{name}_variance",
                estimate=value,
                n=self.n,
                method=f"{self.method}; in squared score units; "
                f"{'estimated as zero; ' * singular}no interval: it only sets the "
                "weights of the effects",
            )
            for name, value, singular in named
        )

    @property
    def method(self) -> str:
        """Model, estimator, missing rule and what n counts, in words."""
        groups = ", ".join(f"{many} {name}" for name, many in self.levels)
        how = "restricted " * (self.fit.criterion == "reml")
        nothing = [name for name in self.fit.singular if name]
        zero = f"; variance of {', '.join(nothing)} zero" if nothing else ""
        return (
            f"linear mixed model, random intercepts of {groups}{zero}; {how}maximum "
            f"likelihood; n counts rows (answers); {self.left_out} rows without score "
            "or label left out, as missing at random given the model"
        )

    def _weights(self, contrast: Sequence[float] | str) -> Array:
        if isinstance(contrast, str):
            contrast = [float(name == contrast) for name in self.names]
        return np.asarray(contrast, dtype=float)


def mixed_effects(
    frame: pd.DataFrame,
    *,
    score: str,
    columns: Sequence[str],
    groups: Sequence[str],
    criterion: Criterion = "reml",
) -> MixedEffects | Unavailable:
    """Fit random intercepts of groups and fixed columns.

    Parameters
    ----------
    frame : DataFrame, one row an answer
        Rows lacking the score, a column or a group are left out.
    score : str
        The outcome.
    columns : sequence of str
        Numeric fixed columns; an intercept is put before them.
    groups : sequence of str
        What groups the rows, such as team and person. A group that never holds two rows
        is left out: it is what the residual is.
    criterion : {"reml", "ml"}
        Restricted likelihood, unless models of different columns are compared.

    Returns
    -------
    MixedEffects
        Ask it for contrasts.
    Unavailable
        No group to speak of, columns that predict each other, nothing varies.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), J. Statistical Software 82(13).
    """
    kept = frame[[score, *columns, *groups]].dropna()
    left_out = len(frame) - len(kept)
    response = kept[score].to_numpy(dtype=float)
    if fault := _fault(response):
        return Unavailable(term="mixed_effects", reason=fault, n=len(kept))
    fixed = kept[list(columns)].astype(float)
    fixed.insert(0, "intercept", 1.0)
    terms = [
        RandomTerm.of(name, kept[name])
        for name in groups
        if kept[name].nunique() < len(kept)
    ]
    fit = fit_mixed_model(response, terms, fixed=fixed, criterion=criterion)
    if isinstance(fit, Unavailable):
        return Unavailable(term="mixed_effects", reason=fit.reason, n=len(kept))
    return MixedEffects(
        names=fit.names,
        coefficients=fit.coefficients,
        covariance=fit.coefficient_covariance,
        n=fit.n,
        levels=tuple((term.name, len(term.levels)) for term in terms),
        left_out=left_out,
        fit=fit,
    )


def _fault(response: Array) -> str:
    if not len(response):
        return "no row has a score, every column and every group"
    if not np.isfinite(response).all():
        return "some scores are infinite"
    if np.ptp(response) <= 1e-9 * float(np.abs(response).max()):
        return "all scores are the same: nothing varies"
    return ""
