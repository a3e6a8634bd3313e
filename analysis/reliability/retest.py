"""Agreement of a score with itself: people who answered more than once in a wave.

Only the first two scored answers of a person count, in the order of the file. How far
apart they lie in time is not known here, so real change counts as disagreement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation.results import Composite, Estimate, Unavailable
from analysis.reliability.agreement import AgreementCells, agreement_cells
from analysis.reliability.change import retest_reliability

if TYPE_CHECKING:
    from analysis.foundation.results import Result

TERM = "retest_correlation"
MINIMUM_PAIRS = 4
"""Fisher's interval divides by the square root of the pairs less three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retest(Composite):
    """What a second answer tells of a score: agreement, and the error left in it."""

    retest_correlation: Result
    icc_a1: Result
    smallest_detectable_change_consistency: Result
    bias: Result
    lower_limit_of_agreement: Result
    upper_limit_of_agreement: Result
    cells: AgreementCells


def estimate_retest(scores: pd.Series, people: pd.Series, *, minimum: int) -> Retest:
    """Hold the first score of everybody who has two against the second.

    Parameters
    ----------
    scores, people : Series, shape (n_responses,)
        As of `retest_correlation`.
    minimum : int
        Fewest people that are counted in a cell of both scores.

    Returns
    -------
    Retest
        Every result is there; what cannot be estimated is `Unavailable`.
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
    """First and second score of whoever has two.

    Parameters
    ----------
    scores, people : Series, shape (n_responses,)
        As of `retest_correlation`.

    Returns
    -------
    DataFrame, shape (n_people, 2)
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
    """Correlate the first with the second score of whoever has two.

    Parameters
    ----------
    scores : Series, shape (n_responses,)
        One score a response, in order of time; NaN if not scored, and then left out.
    people : Series of str, shape (n_responses,)
        Who gave each response, indexed alike; empty if that is not known.

    Returns
    -------
    Estimate
        Pearson's r with Fisher's interval; n is the people with two scores.
    Unavailable
        Fewer than 4 people with two scores, or no differences between people.

    References
    ----------
    Fisher (1921), Metron 1, 3-32. Oracle: R cor.test, tests/reliability/test_retest.py.
    """
    from scipy.stats import pearsonr  # noqa: PLC0415 - heavy

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
    return Estimate(
        term=TERM,
        estimate=float(found.statistic),
        conf_low=float(interval.low),
        conf_high=float(interval.high),
        n=n,
        method="Pearson correlation of the first with the second score of people who "
        "answered more than once, in the order of the file; Fisher's interval",
    )
