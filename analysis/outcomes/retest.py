"""Scores of the same people at neighbouring waves: how far they agree.

Where there is a comparison group, or teams that have not begun yet, only these people
count: nobody trained them in between, so that a change is more likely error. Months
may lie between waves, and people do change: what is found is a lower limit. A shift
that all of them share does not count, as it is no error of measurement.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation.findings import Contrast, Finding
from analysis.outcomes.scores_over_waves import scores_over_waves, started_rows
from heard.psychometrics.retest import retest_reliability
from heard.results import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.study import Study
    from analysis.outcomes.scores_over_waves import OutcomeScores
    from heard.results import Result

TERMS = ("retest_icc", "retest_smallest_detectable_change")
EVERYONE = "everyone followed"
NOT_BEGUN = "people whose {unit} had not begun by the later wave"
COMPARISON = "the comparison group, whom the pilot did not reach"


def evaluate_retest(
    scores_by_wave: Mapping[str, Mapping[str, pd.DataFrame]],
    study: Study,
    *,
    links: pd.DataFrame | None = None,
) -> tuple[Finding, ...]:
    """Set every outcome's score against the same people's at the next wave.

    Parameters
    ----------
    scores_by_wave, links
        As of `evaluate_outcomes`.

    Returns
    -------
    tuple of Finding
        ``retest_icc`` and ``retest_smallest_detectable_change``, `wave` being the two
        waves and `arm` the comparison group; none where nobody is followed.
    """
    return tuple(
        finding
        for outcome in study.outcome_of_each_score()
        for waves, result in _retests(
            scores_over_waves(scores_by_wave, study, outcome, links=links), study
        )
        for finding in Finding.place(
            result,
            study=study.name,
            survey=outcome.survey,
            instrument=outcome.instrument,
            subscale=outcome.subscale,
            wave=waves,
            arm=retest_arm(study),
        )
    )


def retest_arm(study: Study) -> str:
    """The arm whose retest stands for everyone's; empty where there is none."""
    return "" if study.rollout else study.control


def _retests(
    outcome_scores: OutcomeScores, study: Study
) -> Iterator[tuple[Contrast, Result]]:
    if not outcome_scores.linked:
        return
    for earlier, later in pairwise(outcome_scores.waves):
        rows, whom = _left_alone(outcome_scores, study, later)
        for result in _retest(rows, earlier, later, whom):
            yield Contrast(later, earlier), result


def _left_alone(
    outcome_scores: OutcomeScores, study: Study, later: str
) -> tuple[pd.DataFrame, str]:
    """The rows of those whom the pilot did not reach by a wave, and who they are."""
    if study.rollout:
        rows = started_rows(outcome_scores, study, study.rollout)
        begun = outcome_scores.waves[: outcome_scores.waves.index(later) + 1]
        whom = NOT_BEGUN.format(unit=study.rollout.unit)
        return rows.loc[~rows["start"].isin(begun)], whom
    rows = outcome_scores.rows
    if study.control:
        return rows.loc[rows["arm"] == study.control], COMPARISON
    return rows, EVERYONE


def _retest(
    rows: pd.DataFrame, earlier: str, later: str, whom: str
) -> Iterator[Result]:
    if rows.empty:
        for term in TERMS:
            yield Unavailable(term=term, reason="the pilot had reached everyone")
        return
    scores = [
        rows.loc[rows["wave"] == wave].set_index("participant")["score"]
        for wave in (earlier, later)
    ]
    pairs = pd.concat(scores, axis="columns", join="inner", keys=[earlier, later])
    found = retest_reliability(pairs)
    results = (
        found.intraclass_correlations.icc_c1,
        found.smallest_detectable_change.smallest_detectable_change_consistency,
    )
    for term, result in zip(TERMS, results, strict=True):
        method = f"{result.method}; {whom}, by the same people's score at the next wave"
        yield dataclasses.replace(result, term=term, method=method)
