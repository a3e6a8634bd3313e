"""Two groups' counts of ordered answers into one odds ratio, and whether one will do.

Oracle: R MASS polr and ordinal clm, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.outcomes.description import Numbers

TERMS = "proportional_odds_ratio", "proportional_odds_p_value"
MODEL = (
    "proportional-odds model (ordered logit, maximum likelihood), categories nobody "
    "used left out"
)
NORMAL_QUANTILE = 1.959963984540054  # of a two-sided 95 % interval
# Beyond e^12 the odds ratio is running off to infinity.
FARTHEST = 12.0


def proportional_odds(
    counts: Numbers, *, clustered: bool, fault: str
) -> tuple[Result, Result]:
    """Estimate the odds ratio of a higher answer, and check that it is one.

    Parameters
    ----------
    counts : ndarray, shape (2, n_categories)
        Answers of the treated, then of the control group, from worst to best.
    clustered : bool
        People share clusters: the ratio then stands without an interval.
    fault : str
        Why there is nothing to estimate; empty if there is.

    Returns
    -------
    tuple of two results
        The odds ratio, Wald's interval on the log scale; and the p-value of the same
        ratio at every cut, by the likelihood of the groups' own shares.
        Unavailable: one answer only, a group that answers all in one end, a fit that
        does not settle; for the check fewer than 3 categories in use, or clusters.
    """
    n = int(counts.sum())
    used = counts[:, counts.sum(axis=0) > 0]
    if not fault and _runs_off(used):
        fault = "no overlap: the odds ratio is without limit"
    fitted = None if fault else _fit(used)
    if fitted is None:
        reason = fault or "the model did not settle on an answer"
        ratio, check = (
            Unavailable(term=term, reason=reason, n=n, method=MODEL) for term in TERMS
        )
        return ratio, check
    slope, error, likelihood = fitted
    low, high = slope - NORMAL_QUANTILE * error, slope + NORMAL_QUANTILE * error
    interval = "Wald interval on the log scale"
    if clustered:
        interval = "no interval: people share teams, which the model takes as unrelated"
    return (
        Estimate(
            term=TERMS[0],
            estimate=float(np.exp(slope)),
            conf_low=None if clustered else float(np.exp(low)),
            conf_high=None if clustered else float(np.exp(high)),
            n=n,
            method=f"{MODEL}; odds of a higher answer, treated over control; "
            f"{interval}",
        ),
        _check(used, likelihood, n, clustered=clustered),
    )


def _check(used: Numbers, likelihood: float, n: int, *, clustered: bool) -> Result:
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    method = (
        "likelihood ratio of the groups' own shares against the proportional-odds "
        "model, chi-squared on categories in use - 2; no interval: a p-value"
    )
    reason = ""
    if used.shape[1] < 3:
        reason = "2 categories in use: there is one cut, and one odds ratio"
    elif clustered:
        reason = "people share teams: the check would take them as unrelated"
    if reason:
        return Unavailable(term=TERMS[1], reason=reason, n=n, method=method)
    shares = used / used.sum(axis=1, keepdims=True)
    logs = np.log(shares, where=used > 0, out=np.zeros_like(shares))
    surplus = max(2 * (float((used * logs).sum()) - likelihood), 0.0)
    return Estimate(
        term=TERMS[1],
        estimate=float(stats.chi2.sf(surplus, used.shape[1] - 2)),
        n=n,
        method=method,
    )


def _runs_off(used: Numbers) -> bool:
    """Whether one group lies wholly at or beyond all of the other."""
    ends = [np.flatnonzero(group)[[0, -1]] for group in used]
    (low, high), (other_low, other_high) = ends
    return bool(low >= other_high or other_low >= high)


def _fit(used: Numbers) -> tuple[float, float, float] | None:
    """Slope, its standard error and the log likelihood; None if it did not settle."""
    from statsmodels.miscmodels.ordinal_model import (  # noqa: PLC0415 - heavy
        OrderedModel,
    )

    answers = np.repeat(np.tile(np.arange(used.shape[1]), 2), used.ravel().astype(int))
    treated = np.repeat([1.0, 0.0], used.sum(axis=1).astype(int))[:, None]
    with warnings.catch_warnings():
        # What the optimiser complains of is looked at below.
        warnings.simplefilter("ignore")
        fit = OrderedModel(answers, treated, distr="logit").fit(
            method="bfgs", disp=False, maxiter=500, gtol=1e-8
        )
        slope, error = float(fit.params[0]), float(fit.bse[0])
    settled = np.isfinite([slope, error]).all() and abs(slope) < FARTHEST
    steep = np.abs(fit.model.score(fit.params)).max() > 1e-3
    return None if steep or not settled else (slope, error, float(fit.llf))
