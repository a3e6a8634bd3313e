"""What a mean of a team is worth, before team means are used.

Asked wherever the responses of a survey name teams: whether a mean distinguishes
a team from others, and whether its members agree enough for a mean to speak for them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from heard.psychometrics.agreement.within_group import within_group_agreement
from heard.psychometrics.dependability.nested_reliability import nested_reliability
from heard.results import Estimate, Unavailable, with_n

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.instrument import Instrument, Subscale
    from heard.results import Result

TERMS = ("icc_1", "icc_2")
MINIMUM_TEAMS = 3
"""Of two teams, one difference is seen: nothing shows how teams vary."""


def names_teams(responses: pd.DataFrame) -> bool:
    """Whether the responses of a survey are of more than one team."""
    return len(set(responses["team"]) - {""}) > 1


def estimate_team_means(
    scores: pd.Series[float],
    keyed: pd.DataFrame,
    teams: pd.Series[str],
    instrument: Instrument,
    subscale: Subscale,
) -> Iterator[Result]:
    """Estimate how like each other members of a team are, and how far they agree.

    Parameters
    ----------
    scores, teams : Series, shape (n_responses,)
        The score of each response; its team, empty where it names none.
    keyed : DataFrame, shape (n_responses, n_items)
        Keyed answers to the instrument.

    Yields
    ------
    Result
        ``icc_1`` and ``icc_2`` by analysis of variance, ``clusters``; and
        ``mean_r_wg_j`` where the items are signs of one thing, answered in whole steps.
    """
    known = scores.notna() & (teams != "")
    people, count = int(known.sum()), teams[known].nunique()
    if count < MINIMUM_TEAMS:
        reason = f"{count} teams with a score; at least {MINIMUM_TEAMS} needed"
        for term in (*TERMS, "mean_r_wg_j"):
            yield Unavailable(term=term, reason=reason, n=people)
        return
    of_teams = pd.DataFrame({"score": scores[known], "teams": teams[known]})
    found = nested_reliability(of_teams, score="score", target="teams")
    for term in TERMS:
        if isinstance(found, Unavailable):
            yield Unavailable(term=term, reason=found.reason, n=found.n)
        else:
            yield getattr(found, term)
    yield Estimate(
        term="clusters", estimate=count, n=people, method="teams with a score"
    )
    steps = instrument.categories(subscale.items)
    if subscale.reflective and _is_whole(steps):
        items = keyed[list(subscale.items)]
        yield _agreement(items, teams, (steps[0], steps[-1]))


def _agreement(
    items: pd.DataFrame, teams: pd.Series[str], ends: tuple[float, float]
) -> Result:
    """Agreement within teams; its n is the people in them, not the teams."""
    found = within_group_agreement(
        items, groups=teams.where(teams != ""), lowest=ends[0], highest=ends[1]
    )
    members = [one.r_wg_j for one in found.groups]
    people = sum(one.n or 0 for one in members if isinstance(one, Estimate))
    return with_n(found.mean_r_wg_j, people, "")


def _is_whole(steps: tuple[float, ...]) -> bool:
    """Whether answers are a step of one apart, which agreement by chance assumes."""
    return len(steps) > 1 and all(b - a == 1 for a, b in pairwise(steps))
