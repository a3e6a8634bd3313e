"""What a member of staff's mean is worth, and how many ratings it needs.

Asked wherever a survey says who was rated. Only staff in total are described: nothing
here is about any one of them. The n is the staff rated, so that little is said of few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.cleaning.scoring import keyed_responses, score_subscales
from analysis.foundation.findings import Finding
from heard.psychometrics.dependability.components import variance_components
from heard.psychometrics.dependability.decisions import (
    RATINGS,
    decision_study,
    raters_needed,
)
from heard.results import Unavailable, with_n

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.study import Study
    from heard.results import Result

FEW = 5
"""Ratings a mean is tried with where no list of staff says how many are asked for."""


def evaluate_staff_means(
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]], study: Study
) -> tuple[Finding, ...]:
    """Say how dependable means of staff are, of every score, wave by wave.

    Parameters
    ----------
    responses_by_wave : mapping
        Wave → survey → clean responses, one row a rating.

    Returns
    -------
    tuple of Finding
        ``dependability_coefficient`` of one rating and of as many as the list of
        staff asks for, the number in `group`; and ``raters_needed`` for the plan's
        ``minimum_reliability``, or 0.70.
    """
    return tuple(
        finding
        for wave, surveys in responses_by_wave.items()
        for survey, ratings in surveys.items()
        if (export := study.wave(wave).export(survey)) and export.columns.staff_member
        for instrument in study.asked(export).values()
        for name, scores in score_subscales(
            keyed_responses(ratings, instrument), instrument
        ).items()
        for group, result in _worth(scores, ratings["staff_member"], study)
        for finding in Finding.place(
            result,
            study=study.name,
            survey=survey,
            instrument=instrument.name,
            subscale=str(name),
            wave=wave,
            group=group,
        )
    )


def _worth(
    scores: pd.Series[float], staff: pd.Series[str], study: Study
) -> Iterator[tuple[str, Result]]:
    known = scores.notna() & (staff != "")
    ratings = _in_order(scores[known], staff[known])
    people = ratings["staff"].nunique()
    found = variance_components(ratings, score="score", facets=["staff"])
    declared = study.roster.least_ratings if study.roster else FEW
    numbers = tuple(sorted({1, declared}))
    points = decision_study(found, target="staff", numbers={RATINGS: numbers})
    if isinstance(points, Unavailable):
        for number in numbers:
            yield str(number), with_n(points, people, "staff")
    else:
        for point in points.points:
            number = point.numbers[RATINGS]
            yield str(number), with_n(point.dependability, people, "staff")
    needed = raters_needed(found, target="staff", required=study.asked_of_means)
    yield "", with_n(needed, people, "staff")


def _in_order(scores: pd.Series[float], staff: pd.Series[str]) -> pd.DataFrame:
    """Ratings in an order, and staff by numbers, that no pseudonym decides.

    Sums in another order differ in their last digit, and pseudonyms with each key.
    """
    rated = sorted(tuple(sorted(own)) for _, own in scores.groupby(staff))
    return pd.DataFrame(
        [(score, number) for number, own in enumerate(rated) for score in own],
        columns=["score", "staff"],
    )
