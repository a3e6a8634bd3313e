"""Internal consistency of a subscale: keyed responses in, coefficients out.

Every coefficient takes keyed responses, deletes participants with any item unanswered,
and reports the ``n`` that remained. Oracles: R packages psych and lavaan, see
tests/oracles/README.md; formulas and choices: docs/explanation/statistics.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from analysis.foundation.results import Estimate, Unavailable

if TYPE_CHECKING:
    from analysis.foundation.results import Result

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

# Relative sizes under which a double no longer tells a number from zero.
NO_VARIANCE = 1e-12
PERFECT = 1e-9
SINGULAR = 1e-10
FLAT = 1e-8
# Residual variance, as a share of its item's variance: at the floor is Heywood's case.
RESIDUAL_FLOOR = 1e-6
# The largest scaled slope at which the likelihood counts as maximised.
CONVERGED = 1e-6
# Beyond this, squares and their sums overflow.
LARGEST_ANSWER = 1e100
LISTWISE = "participants with any item unanswered deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteResponses:
    """The participants who answered every item, and what stands in the way.

    Attributes
    ----------
    names : tuple of str
        The items.
    values : ndarray, shape (n_complete, n_items)
        Their answers; no rows where `fault` is not empty.
    fault : str
        Why the columns cannot be read as numbers; empty if they can.
    unanswered : tuple of str
        Items nobody answered.
    """

    names: tuple[str, ...]
    values: Array
    fault: str
    unanswered: tuple[str, ...]

    def without(self, item: str) -> CompleteResponses:
        """Drop one item; the participants stay those complete on all items."""
        kept = [name != item for name in self.names]
        names = tuple(name for name in self.names if name != item)
        return dataclasses.replace(self, names=names, values=self.values[:, kept])

    @property
    def constant(self) -> tuple[str, ...]:
        """Items to which all complete participants gave one answer."""
        flat = (self.values == self.values[:1]).all(axis=0)
        return tuple(
            name for name, is_flat in zip(self.names, flat, strict=True) if is_flat
        )

    @property
    def constant_fault(self) -> str:
        """How many items are constant, in words; empty if none is."""
        if not self.constant:
            return ""
        return (
            f"{len(self.constant)} of {len(self.names)} items constant: "
            + ", ".join(self.constant)
        )

    def gap(self, *, items: int, participants: int = 3) -> str:
        """What the data lack; empty if they suffice."""
        n, k = self.values.shape
        if self.fault:
            return self.fault
        if k < items:
            return f"number of items {k}; at least {items} needed"
        if n >= participants:
            return ""
        nobody = f"; nobody answered {', '.join(self.unanswered)}" * bool(
            self.unanswered
        )
        return (
            f"participants who answered every item {n}; at least {participants} "
            f"needed{nobody}"
        )

    def unavailable(self, term: str, reason: str, method: str) -> Unavailable:
        """The absence, with the n it was found at."""
        n = None if self.fault else len(self.values)
        return Unavailable(term=term, reason=reason, n=n, method=method)


def complete_responses(responses: pd.DataFrame) -> CompleteResponses:
    """Delete the participants with any item unanswered."""
    names = tuple(str(name) for name in responses.columns)
    faults = [column_fault(responses, place) for place in range(len(names))]
    if any(faults):
        fault = "; ".join(dict.fromkeys(filter(None, faults)))
        nothing = np.empty((0, len(names)))
        return CompleteResponses(
            names=names, values=nothing, fault=fault, unanswered=()
        )
    answers = responses.to_numpy(dtype=float, na_value=np.nan)
    missing = np.isnan(answers)
    return CompleteResponses(
        names=names,
        values=answers[~missing.any(axis=1)],
        fault="",
        unanswered=tuple(np.array(names, dtype=object)[missing.all(axis=0)]),
    )


def column_fault(responses: pd.DataFrame, place: int) -> str:
    """Why one column cannot be read as numbers; empty if it can."""
    column, name = responses.iloc[:, place], str(responses.columns[place])
    namesakes = sum(str(other) == name for other in responses.columns)
    if namesakes > 1:
        return f"{namesakes} columns are named {name}"
    if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "c":
        return f"{name} does not hold numbers but {column.dtype}"
    answers = column.to_numpy(dtype=float, na_value=np.nan)
    endless = int(np.sum(np.abs(answers) > LARGEST_ANSWER))
    return f"{name} holds {endless} infinite or immense values" * bool(endless)


def percent(confidence: float) -> str:
    """The coverage in words, refusing one no interval here is meant for."""
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence is {confidence}; give one from 0.5 to below 1")
    return f"{100 * confidence:g} %"


def cronbach_alpha(responses: pd.DataFrame, *, confidence: float = 0.95) -> Result:
    """Estimate Cronbach's alpha with Feldt's interval.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, at most 1; negative when items disagree. A constant item counts among
        the items, with variance 0, and `method` says so.
    Unavailable
        Fewer than 2 items, fewer than 3 complete participants, no variance, or columns
        that are not numbers.

    References
    ----------
    Cronbach (1951), Psychometrika 16(3), 297-334.
    Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11(1), 93-103.
    """
    complete = complete_responses(responses)
    return alpha_of(complete, term="cronbach_alpha", confidence=confidence)


def alpha_of(complete: CompleteResponses, *, term: str, confidence: float) -> Result:
    """Alpha of responses already reduced to the complete participants."""
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    n, k = complete.values.shape
    method = (
        f"Cronbach's alpha of {k} items: k/(k-1) (1 - sum of item variances / "
        f"observed variance of the sum), divisor n - 1; {percent(confidence)} Feldt "
        f"interval, F(n - 1, (n - 1)(k - 1)); {LISTWISE}{_constants_counted(complete)}"
    )
    if reason := complete.gap(items=2) or _without_variance(complete):
        return complete.unavailable(term, reason, method)
    centred = complete.values - complete.values.mean(axis=0)
    alpha = k / (k - 1) * (1 - np.sum(centred**2) / np.sum(centred.sum(axis=1) ** 2))
    if 1 - alpha < PERFECT:
        method += "; no interval: the items agree perfectly"
        return Estimate(term=term, estimate=1.0, n=n, method=method)
    tails = [(1 + confidence) / 2, (1 - confidence) / 2]
    limits = 1 - (1 - alpha) * stats.f.ppf(tails, n - 1, (n - 1) * (k - 1))
    return Estimate(
        term=term,
        estimate=float(alpha),
        conf_low=float(limits[0]),
        conf_high=float(limits[1]),
        n=n,
        method=method,
    )


def omega_total(responses: pd.DataFrame, *, confidence: float = 0.95) -> Result:
    """Estimate McDonald's omega total from one factor, with a delta-method interval.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, from 0 to 1. The limits are Wald's and may pass 0 or 1: nothing is
        truncated.
    Unavailable
        Fewer than 3 items, no more complete participants than items, a constant item,
        linearly dependent items, a residual variance at or below zero (Heywood), or a
        model the data do not identify.

    References
    ----------
    McDonald (1999), Test Theory: A Unified Treatment.
    Joreskog (1967), Psychometrika 32(4), 443-482.
    """
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    term, complete = "omega_total", complete_responses(responses)
    n, k = complete.values.shape
    method = (
        f"omega total of {k} items: one factor by maximum likelihood, squared sum of "
        "loadings / model-implied variance of the sum, covariances with divisor n; "
        f"{percent(confidence)} Wald interval, delta method, expected information, not "
        f"truncated; {LISTWISE}"
    )
    if reason := complete.gap(items=3, participants=k + 1) or _not_factorable(complete):
        return complete.unavailable(term, reason, method)
    fit = fit_one_factor(_correlations(complete), complete.names)
    if isinstance(fit, Unavailable):
        return complete.unavailable(term, fit.reason, method)
    omega = fit.omega(complete.values.std(axis=0))
    error = fit.omega_standard_error(complete.values.std(axis=0), n)
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    return Estimate(
        term=term,
        estimate=omega,
        conf_low=omega - reach,
        conf_high=omega + reach,
        n=n,
        method=method,
    )


def mean_inter_item_correlation(responses: pd.DataFrame) -> Result:
    """Average the correlations of all pairs of items.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.

    Returns
    -------
    Estimate
        Unitless, -1 to 1, without an interval.
    Unavailable
        Fewer than 2 items, fewer than 3 complete participants, or a constant item.
    """
    term, complete = "mean_inter_item_correlation", complete_responses(responses)
    n, k = complete.values.shape
    method = (
        f"mean Pearson correlation over the {k * (k - 1) // 2} pairs of {k} items; no "
        f"interval; {LISTWISE}"
    )
    if reason := complete.gap(items=2) or complete.constant_fault:
        return complete.unavailable(term, reason, method)
    pairs = _correlations(complete)[np.triu_indices(k, 1)]
    return Estimate(term=term, estimate=float(pairs.mean()), n=n, method=method)


def spearman_brown(responses: pd.DataFrame, *, confidence: float = 0.95) -> Result:
    """Estimate the reliability of the sum of two items, 2r / (1 + r).

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, 2)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, at most 1; negative when the items disagree.
    Unavailable
        Not exactly 2 items, fewer than 3 complete participants, a constant item, or a
        correlation of -1.

    References
    ----------
    Eisinga, te Grotenhuis & Pelzer (2013), Int. J. Public Health 58(4), 637-642.
    """
    term, complete = "spearman_brown", complete_responses(responses)
    method = (
        f"Spearman-Brown 2r / (1 + r) of 2 items; {percent(confidence)} interval by "
        f"Fisher's z of r; {LISTWISE}"
    )
    if len(complete.names) != 2 and not complete.fault:
        reason = f"{len(complete.names)} items; exactly 2 needed"
        return complete.unavailable(term, reason, method)
    if reason := complete.gap(items=2) or complete.constant_fault:
        return complete.unavailable(term, reason, method)
    pair = pearson(*complete.values.T, term=term, method=method, confidence=confidence)
    if pair.estimate == -1:
        return complete.unavailable(term, "the two items disagree perfectly", method)
    return dataclasses.replace(
        pair,
        estimate=_stepped_up(pair.estimate),
        conf_low=None if pair.conf_low is None else _stepped_up(pair.conf_low),
        conf_high=None if pair.conf_high is None else _stepped_up(pair.conf_high),
    )


def _stepped_up(correlation: float) -> float:
    return 2 * correlation / (1 + correlation)


def pearson(
    first: Array, second: Array, *, term: str, method: str, confidence: float
) -> Estimate:
    """Pearson correlation of two columns that vary, with Fisher's z interval."""
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    n = len(first)
    found = stats.pearsonr(first - first.mean(), second - second.mean())
    r = float(found.statistic)
    perfect = 1 - abs(r) < PERFECT
    if perfect or n < 4:
        why = "the correlation is perfect" if perfect else f"n = {n}, under 4"
        exact = float(np.sign(r)) if perfect else r
        return Estimate(
            term=term, estimate=exact, n=n, method=f"{method}; no interval: {why}"
        )
    limits = found.confidence_interval(confidence)
    return Estimate(
        term=term,
        estimate=r,
        conf_low=float(limits.low),
        conf_high=float(limits.high),
        n=n,
        method=method,
    )


def _correlations(complete: CompleteResponses) -> Array:
    return np.asarray(np.corrcoef(complete.values, rowvar=False), dtype=np.float64)


def _constants_counted(complete: CompleteResponses) -> str:
    found = len(complete.constant)
    return f"; constant items counted: {found}" * bool(found)


def _without_variance(complete: CompleteResponses) -> str:
    if len(complete.constant) == len(complete.names):
        return "no item varies among the participants left"
    centred = complete.values - complete.values.mean(axis=0)
    if np.sum(centred.sum(axis=1) ** 2) <= NO_VARIANCE * np.sum(centred**2):
        return "the items cancel: their sum does not vary"
    return ""


def _not_factorable(complete: CompleteResponses) -> str:
    if complete.constant:
        return complete.constant_fault
    if np.linalg.eigvalsh(_correlations(complete))[0] < SINGULAR:
        return "linearly dependent items: some are perfectly predicted by the others"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneFactor:
    """Loadings and residual variances of items with variance 1 under one factor."""

    loadings: Array
    residuals: Array

    def omega(self, spread: Array) -> float:
        """Omega total of the items multiplied by their standard deviations."""
        common = (spread @ self.loadings) ** 2
        return float(common / (common + spread**2 @ self.residuals))

    def omega_standard_error(self, spread: Array, n: int) -> float:
        """Delta-method standard error of omega total from expected information."""
        shared, unique = spread @ self.loadings, spread**2 @ self.residuals
        slope = np.concatenate([2 * shared * unique * spread, -(shared**2) * spread**2])
        slope /= (shared**2 + unique) ** 2
        return float(np.sqrt(slope @ np.linalg.solve(n * self.information(), slope)))

    def gradient(self, correlation: Array) -> Array:
        """Slope of the discrepancy in the loadings, then in the residual variances."""
        excess = self._precision - self._precision @ correlation @ self._precision
        return np.concatenate([2 * excess @ self.loadings, np.diag(excess)])

    def information(self) -> Array:
        """Expected information of one participant about all parameters."""
        moves = self._moves @ self._precision
        return np.asarray(np.einsum("aij,bji->ab", moves, moves) / 2)

    def hessian(self, correlation: Array) -> Array:
        """Curvature of the discrepancy in all parameters."""
        k, moves, inverse = len(self.loadings), self._moves, self._precision
        observed = inverse @ correlation @ inverse
        curvature = 2 * np.einsum("aij,bji->ab", moves @ inverse, moves @ observed)
        curvature -= 2 * self.information()
        curvature[:k, :k] += 2 * (inverse - observed)
        return np.asarray(curvature)

    @property
    def _precision(self) -> Array:
        implied = np.outer(self.loadings, self.loadings) + np.diag(self.residuals)
        return np.asarray(np.linalg.inv(implied), dtype=np.float64)

    @property
    def _moves(self) -> Array:
        """How the implied matrix moves with each parameter, shape (2k, k, k)."""
        unit = np.eye(len(self.loadings))
        half = unit[:, :, None] * self.loadings
        by_loading = half + half.transpose(0, 2, 1)
        return np.concatenate([by_loading, unit[:, :, None] * unit[:, None, :]])


def fit_one_factor(
    correlation: Array, names: tuple[str, ...]
) -> OneFactor | Unavailable:
    """Fit one factor by maximum likelihood, or say why there is no solution."""
    from scipy import optimize  # noqa: PLC0415 - heavy, and only needed here

    k = len(correlation)
    start = (1 - 0.5 / k) / np.diag(np.linalg.inv(correlation))
    found = optimize.minimize(
        _discrepancy,
        np.clip(start, RESIDUAL_FLOOR, 1.0),
        args=(correlation,),
        jac=_slope,
        method="L-BFGS-B",
        bounds=[(RESIDUAL_FLOOR, 1.0)] * k,
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000},
    )
    factor = OneFactor(loadings=_loadings(found.x, correlation), residuals=found.x)
    if reason := _unsound(factor, correlation, names):
        return Unavailable(term="one_factor", reason=reason)
    return factor


def _unsound(factor: OneFactor, correlation: Array, names: tuple[str, ...]) -> str:
    """Why a fitted factor is no solution; empty if it is one."""
    at_floor = factor.residuals <= 2 * RESIDUAL_FLOOR
    if at_floor.any():
        whose = ", ".join(np.array(names, dtype=object)[at_floor])
        return f"Heywood case: residual variance at or below zero for {whose}"
    scale = np.concatenate([np.ones(len(names)), factor.residuals])
    if np.abs(factor.gradient(correlation) * scale).max() > CONVERGED:
        return "the likelihood of one factor did not reach a maximum"
    for curvature in (factor.hessian(correlation), factor.information()):
        if np.linalg.eigvalsh(curvature)[0] < FLAT:
            return "the data do not identify one factor: the likelihood is flat"
    return ""


def _discrepancy(residuals: Array, correlation: Array) -> float:
    """Maximum-likelihood discrepancy at the best loadings for these residuals."""
    root = np.sqrt(residuals)
    others = np.linalg.eigvalsh(correlation / np.outer(root, root))[:-1]
    return float(np.sum(others - np.log(others) - 1))


def _slope(residuals: Array, correlation: Array) -> Array:
    loadings = _loadings(residuals, correlation)
    factor = OneFactor(loadings=loadings, residuals=residuals)
    return factor.gradient(correlation)[len(residuals) :]


def _loadings(residuals: Array, correlation: Array) -> Array:
    """The best loadings for given residual variances: Joreskog's closed form."""
    root = np.sqrt(residuals)
    values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
    return np.asarray(root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0)))
