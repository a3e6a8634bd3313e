"""Waves linked in part, of people in teams, into the change of the linked and of all.

The rule that holds throughout: a team's mean after less its mean before, each team
once; so who answered twice, and how alike a team is, are in what teams differ by.
Oracle: R t.test on the teams' means, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.foundation.results import Result, Unavailable
from analysis.outcomes.beyond_means.overlapping import OverlappingChange
from analysis.outcomes.change import paired_change, unlinked_change

if TYPE_CHECKING:
    import pandas as pd

NO_TEST = "people share teams: see the interval, which rests on teams"


def overlapping_change_of_teams(
    before: pd.DataFrame, after: pd.DataFrame
) -> OverlappingChange:
    """Estimate the change of everybody, in teams, where only some answered both waves.

    Parameters
    ----------
    before, after : DataFrame, one row a participant
        ``participant`` (empty if not linked), ``cluster``, ``score`` (none missing).

    Returns
    -------
    OverlappingChange
        As of `overlapping_change`, each change a mean of teams' changes with t on teams
        - 1. Unavailable: under 5 teams with such people at both waves, no spread.
    """
    linked = [
        wave.loc[wave["participant"] != ""].set_index("participant")
        for wave in (before, after)
    ]
    both = linked[0].index.intersection(linked[1].index)
    pairs = paired_change(
        linked[0]["score"], linked[1]["score"], cluster=linked[0]["cluster"]
    )
    once = [wave.loc[~wave["participant"].isin(both)] for wave in (before, after)]
    everyone = _change(before, after, "mean_change_everybody", "all who answered")
    return OverlappingChange(
        mean_change_linked=dataclasses.replace(
            pairs.mean_change, term="mean_change_linked"
        ),
        mean_change_unlinked=_change(
            once[0], once[1], "mean_change_unlinked", "people with one score only"
        ),
        mean_change_everybody=everyone,
        p_value_everybody=Unavailable(
            term="p_value_everybody", reason=NO_TEST, n=everyone.n
        ),
        pre_post_correlation=pairs.pre_post_correlation,
    )


def _change(before: pd.DataFrame, after: pd.DataFrame, term: str, who: str) -> Result:
    found = unlinked_change(
        before["score"],
        after["score"],
        cluster_before=before["cluster"],
        cluster_after=after["cluster"],
    ).mean_change
    method = f"{who}; {found.method}; n counts scores of both waves"
    return dataclasses.replace(found, term=term, method=method)
