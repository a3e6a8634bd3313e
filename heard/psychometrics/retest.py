"""Estimate retest reliability and the change that exceeds measurement error.

Differences are second minus first. The smallest detectable change of a group is that of
one person over √n. The time between repeated answers is not known, so real change
counts as disagreement. Oracle: R, tests/oracles/values/retest_sai_XRAY.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats import pearsonr

from heard.models.complete_responses import (
    Array,
    Responses,
    complete_responses,
    read_responses,
)
from heard.models.stable_choice import sides
from heard.psychometrics.agreement.intraclass import (
    WIDTH,
    IntraclassCorrelations,
    intraclass_correlations,
)
from heard.psychometrics.agreement.ratings import AgreementCells, agreement_cells
from heard.psychometrics.agreement.two_occasions import (
    LimitsOfAgreement,
    concordance_correlation,
    limits_of_agreement,
)
from heard.results import Composite, Estimate, Result, Unavailable

KINDS = ("agreement", "consistency")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallestDetectableChange(Composite):
    """Error of one measurement, and the changes that exceed it, in points.

    ``agreement`` counts a shift of everyone between the two as error, ``consistency``
    does not.
    """

    standard_error_of_measurement_agreement: Result
    standard_error_of_measurement_consistency: Result
    smallest_detectable_change_agreement: Result
    smallest_detectable_change_consistency: Result
    smallest_detectable_change_of_group_agreement: Result
    smallest_detectable_change_of_group_consistency: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class RetestReliability(Composite):
    """What two measurements of stable people show of an instrument."""

    intraclass_correlations: IntraclassCorrelations
    concordance_correlation: Result
    limits_of_agreement: LimitsOfAgreement
    smallest_detectable_change: SmallestDetectableChange


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliableChange(Composite):
    """Who changed by more than error: never the share improved alone."""

    share_improved: Result
    share_unchanged: Result
    share_worsened: Result
    reliable_change_needed: Result


def retest_reliability(
    pairs: Responses, *, confidence: float = 0.95
) -> RetestReliability:
    """Estimate everything a retest shows.

    Parameters
    ----------
    pairs : DataFrame or ndarray, shape (n_participants, 2)
        First and second score of people who are taken not to have changed between them;
        who lacks one is left out.
    confidence : float
        Coverage of the intervals.
    """
    pairs = read_responses(pairs, "pairs")
    return RetestReliability(
        intraclass_correlations=_intraclass(pairs, confidence),
        concordance_correlation=concordance_correlation(pairs, confidence=confidence),
        limits_of_agreement=limits_of_agreement(pairs, confidence=confidence),
        smallest_detectable_change=smallest_detectable_change(
            pairs, confidence=confidence
        ),
    )


def smallest_detectable_change(
    pairs: Responses, *, confidence: float = 0.95
) -> SmallestDetectableChange:
    """Estimate the smallest change that measurement error does not explain.

    Parameters
    ----------
    pairs : DataFrame or ndarray, shape (n_participants, 2)
        First and second score of people who are taken not to have changed; who lacks
        one is left out.
    confidence : float
        Coverage of the chi-squared intervals, at least 0.5 and below 1.

    Returns
    -------
    SmallestDetectableChange
        In points. `Unavailable` with fewer than 3 people measured twice, or all scores
        equal.

    References
    ----------
    de Vet and others (2006), J. of Clinical Epidemiology 59(10), 1033-1039.
    """
    pairs = read_responses(pairs, "pairs")
    found = _intraclass(pairs, confidence)
    person = {
        f"{name}_{kind}": getattr(found, f"{name}_{kind}")
        for name in ("standard_error_of_measurement", "smallest_detectable_change")
        for kind in KINDS
    }
    group = {
        f"smallest_detectable_change_of_group_{kind}": _of_group(
            person[f"smallest_detectable_change_{kind}"], kind
        )
        for kind in KINDS
    }
    return SmallestDetectableChange(**person, **group)


def standard_error_of_measurement(
    scores: pd.Series,
    reliability: Result,
    *,
    term: str = "standard_error_of_measurement",
) -> Result:
    """Estimate the error of a score from its spread and a reliability coefficient.

    Parameters
    ----------
    scores : Series
        One score a participant; who has none is left out.
    reliability : Result
        Alpha, omega or a retest correlation of these scores.

    Returns
    -------
    Estimate
        In points: standard deviation (divisor n - 1) times √(1 - reliability). Limits
        are those of the reliability, with the standard deviation taken as known.
    Unavailable
        Fewer than 2 scores, no reliability, or a negative one.
    """
    method = (
        "standard deviation of the scores, divisor n - 1, times the root of 1 - "
        "reliability; interval that of the reliability, the spread taken as known; "
        f"reliability: {reliability.method}"
    )
    values = scores.to_numpy(dtype=float, na_value=np.nan)
    values = values[~np.isnan(values)]
    n = len(values)
    if n < 2:
        reason = f"number of scores {n}; at least 2 needed"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    if isinstance(reliability, Unavailable):
        return Unavailable(term=term, reason=reliability.reason, n=n, method=method)
    if reliability.estimate < 0:
        reason = "the reliability is negative: there is no error to speak of"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    spread = float(values.std(ddof=1))
    low, high = (
        None if limit is None else spread * max(1 - limit, 0.0) ** 0.5
        for limit in (reliability.conf_high, reliability.conf_low)
    )
    return Estimate.of(
        term,
        spread * max(1 - reliability.estimate, 0.0) ** 0.5,
        (low, high),
        n=n,
        method=method,
    )


def reliable_change_method(reliability: float) -> str:
    """Which change counts as reliable, in words."""
    return (
        "change beyond 1.96 √2 standard errors of measurement, the spread before "
        f"(divisor n - 1) and reliability {reliability:.3f}; people measured once left "
        "out"
    )


def reliable_change(
    pairs: Responses,
    *,
    reliability: float,
    higher_is_better: bool = True,
    spread: float | None = None,
    confidence: float = 0.95,
) -> ReliableChange:
    """Count who changed by more than measurement error (Jacobson and Truax).

    Parameters
    ----------
    pairs : DataFrame or ndarray, shape (n_participants, 2)
        Score before and after; who lacks one is left out.
    reliability : float
        Of one score, from 0 to 1; of a retest rather than of items, where there is one.
    higher_is_better : bool
        Which way is an improvement.
    spread : float, optional
        Standard deviation before, of everybody who began: then groups of people are
        counted by one threshold. By default that of these pairs.
    confidence : float
        Coverage of Wilson's intervals.

    Returns
    -------
    ReliableChange
        Three shares that add to 1, and the change needed, in points: 1.96 √2 times the
        standard deviation before times √(1 - reliability). `Unavailable` with fewer
        than 2 people measured twice or no variance before.

    References
    ----------
    Jacobson & Truax (1991), J. of Consulting and Clinical Psychology 59(1), 12-19.
    """
    pairs = read_responses(pairs, "pairs")
    if not 0 <= reliability < 1:
        raise ValueError(f"reliability is {reliability}; give one from 0 to below 1")
    method = reliable_change_method(reliability)
    complete = complete_responses(pairs)
    values, n = complete.values, len(complete.values)
    reason = complete.gap(items=2, participants=2)
    if not reason and np.ptp(values[:, 0]) == 0:
        reason = "the scores before do not vary"
    if reason:
        return ReliableChange.unavailable(reason, n=n, method=method)
    deviation = float(values[:, 0].std(ddof=1)) if spread is None else spread
    needed = WIDTH * 2**0.5 * deviation * (1 - reliability) ** 0.5
    change = (values[:, 1] - values[:, 0]) * (1 if higher_is_better else -1)
    beyond = np.where(sides(np.abs(change), needed) > 0, np.sign(change), 0.0)
    kinds = {
        "share_improved": beyond > 0,
        "share_unchanged": beyond == 0,
        "share_worsened": beyond < 0,
    }
    return ReliableChange(
        **{term: _share(term, who, method, confidence) for term, who in kinds.items()},
        reliable_change_needed=Estimate.of(
            "reliable_change_needed",
            needed,
            n=n,
            method=f"{method}; no interval: reliability and spread taken as known",
        ),
    )


def _share(term: str, who: Array, method: str, confidence: float) -> Estimate:
    found = stats.binomtest(int(who.sum()), len(who))
    limits = found.proportion_ci(confidence, method="wilson")
    share = float(who.mean())
    return Estimate.of(
        term,
        share,
        (min(float(limits.low), share), max(float(limits.high), share)),
        n=len(who),
        method=f"{method}; Wilson's interval",
    )


def _of_group(person: Result, kind: str) -> Result:
    """The same for the mean of as many people as were measured."""
    term = f"smallest_detectable_change_of_group_{kind}"
    if isinstance(person, Unavailable):
        return Unavailable(
            term=term, reason=person.reason, n=person.n, method=person.method
        )
    root = person.n**0.5
    return Estimate.of(
        term,
        person.estimate / root,
        (
            None if person.conf_low is None else person.conf_low / root,
            None if person.conf_high is None else person.conf_high / root,
        ),
        n=person.n,
        method=f"that of one person / √n: the mean of {person.n} people; "
        f"{person.method}",
    )


def _intraclass(pairs: pd.DataFrame, confidence: float) -> IntraclassCorrelations:
    """Occasions as raters."""
    occasions = [
        pd.DataFrame(
            {
                "target": np.arange(len(pairs)),
                "rater": place,
                "score": pairs.iloc[:, place].to_numpy(),
            }
        )
        for place in range(pairs.shape[1])
    ]
    return intraclass_correlations(
        pd.concat(occasions, ignore_index=True),
        missing="listwise",  # as all else here: people measured on every occasion
        confidence=confidence,
    )


TERM = "retest_correlation"
MINIMUM_PAIRS = 4
"""Fisher's interval divides by the square root of the pairs less three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retest(Composite):
    """What a second answer shows of a score: agreement, and the error left in it."""

    retest_correlation: Result
    icc_a1: Result
    smallest_detectable_change_consistency: Result
    bias: Result
    lower_limit_of_agreement: Result
    upper_limit_of_agreement: Result
    cells: AgreementCells


def estimate_retest(scores: pd.Series, people: pd.Series, *, minimum: int) -> Retest:
    """Hold the first score of everyone who has two against the second.

    `scores`, `people`, shape (n_responses,): as of `retest_correlation`.
    `minimum`: fewest people that are counted in a cell of both scores.
    Returns: every result is there; what cannot be estimated is `Unavailable`.
    """
    pairs = retest_pairs(scores, people)
    found = retest_reliability(pairs)
    change, limits = found.smallest_detectable_change, found.limits_of_agreement
    return Retest(
        retest_correlation=retest_correlation(scores, people),
        icc_a1=found.intraclass_correlations.icc_a1,
        smallest_detectable_change_consistency=change.smallest_detectable_change_consistency,
        bias=limits.bias,
        lower_limit_of_agreement=limits.lower_limit_of_agreement,
        upper_limit_of_agreement=limits.upper_limit_of_agreement,
        cells=agreement_cells(pairs, least=minimum),
    )


def retest_pairs(scores: pd.Series, people: pd.Series) -> pd.DataFrame:
    """First and second score of anyone who has two.

    `scores`, `people`, shape (n_responses,): as of `retest_correlation`.
    Returns shape (n_people, 2).
    """
    known = scores.notna() & (people != "")
    by_person = scores[known].astype(float).groupby(people[known], sort=False)
    place = by_person.cumcount()
    first, second = (
        scores[known][place == number].set_axis(people[known][place == number])
        for number in (0, 1)
    )
    return pd.DataFrame({"first": first, "second": second}).dropna().astype(float)


def retest_correlation(scores: pd.Series, people: pd.Series) -> Result:
    """Correlate the first with the second score of anyone who has two.

    `scores`, shape (n_responses,): one score a response, in order of time; NaN if not
      scored, and then left out.
    `people`, shape (n_responses,): who gave each response, indexed alike; empty if that
      is not known.
    Estimate: Pearson's r with Fisher's interval; n is the people with two scores.
    Unavailable: fewer than 4 people with two scores, or no differences between people.

    Fisher (1921), Metron 1, 3-32. Oracle: R cor.test, tests/reliability/test_retest.py.
    """
    pairs = retest_pairs(scores, people)
    n = len(pairs)
    if n < MINIMUM_PAIRS:
        reason = f"fewer than {MINIMUM_PAIRS} people with two scores"
        return Unavailable(term=TERM, reason=reason, n=n)
    if pairs.nunique().min() < 2:
        reason = "every score is the same: nothing to correlate"
        return Unavailable(term=TERM, reason=reason, n=n)
    found = pearsonr(pairs["first"], pairs["second"])
    interval = found.confidence_interval()
    return Estimate.of(
        TERM,
        found.statistic,
        (interval.low, interval.high),
        n=n,
        method="Pearson correlation of the first with the second score of people who "
        "answered more than once, in the order of the file; Fisher's interval",
    )
