"""Two waves of one outcome into the one number it is judged by, and its error.

Which number: the plan's summary measure, where it can be had; else what the page gives
first. The standard error is that behind the interval shown, its degrees of freedom too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.outcomes.outcome_scores import linked_pairs
from heard.effects.change import paired_change, unlinked_change
from heard.effects.comparison import compare_arms, compare_arms_unlinked
from heard.effects.judgement.equivalence import UncertainEffect, uncertain_effect
from heard.effects.unit_means import compare_unit_means
from heard.effects.units import linked_units, unlinked_units
from heard.results import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from analysis.declarations.study import Outcome, Study
    from heard.results import Unavailable

if TYPE_CHECKING:
    Effect = UncertainEffect | Unavailable

ADJUSTED = "adjusted_mean_difference"
IN_CHANGE = "difference_in_change"
CHANGE = "mean_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWaves:
    """Everyone with a score at a baseline and at a follow-up.

    Attributes
    ----------
    before, after : DataFrame, one row a participant
        ``participant`` (empty if not linked), ``arm``, ``cluster``, ``site`` and
        ``score``.
    linked : bool
        Whether equal names are the same people.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    linked: bool

    def at(self, site: str) -> TwoWaves:
        """Those of one site alone."""
        before, after = (
            wave.loc[wave["site"] == site] for wave in (self.before, self.after)
        )
        return TwoWaves(before=before, after=after, linked=self.linked)

    def pairs(self) -> pd.DataFrame:
        """Those linked, by their name: where they were before, both scores."""
        return linked_pairs(self.before, self.after)


def two_waves(
    before: pd.DataFrame, after: pd.DataFrame, outcome: Outcome, *, linked: bool
) -> TwoWaves:
    """Keep who has the outcome's score, and where they belong."""
    name = f"{outcome.instrument}.{outcome.subscale}"
    kept = (
        wave[["participant", "arm", "team", "site"]]
        .assign(score=wave[name])
        .dropna(subset="score")
        .rename(columns={"team": "cluster"})
        for wave in (before, after)
    )
    first, second = kept
    return TwoWaves(before=first, after=second, linked=linked)


def measure_of(study: Study, *, linked: bool) -> str:
    """The term by which outcomes are judged: what the plan says, if it can be had."""
    arms = bool(study.treated and study.control)
    planned = study.plan.summary_measure if study.plan else ""
    if planned == CHANGE or not arms:
        return CHANGE
    usual = IN_CHANGE if study.allocated_by == "team" else ADJUSTED
    return (planned or usual) if linked else IN_CHANGE


def measured(waves: TwoWaves, study: Study) -> Effect:
    """Estimate the measure, with the degrees of freedom behind its interval.

    Returns
    -------
    UncertainEffect
        In points; after minus before, treated minus control; ``n`` as of the measure.
    Unavailable
        As of `compare_arms` and `paired_change`.
    """
    term = measure_of(study, linked=waves.linked)
    if term == CHANGE:
        return _change(waves, by_team=study.allocated_by == "team")
    return _between(waves, study, term)


def _between(waves: TwoWaves, study: Study, term: str) -> Effect:
    arms = {"treated": study.treated, "control": study.control}
    by_team = study.allocated_by == "team"
    if waves.linked:
        pairs = waves.pairs()
        found = compare_arms(pairs, **arms, cluster=by_team)
        result = found.adjusted_mean_difference
        if term == IN_CHANGE:
            result = found.difference_in_change
        if by_team and isinstance(result, Estimate):
            of_arms = pairs.loc[pairs["arm"].isin(arms.values())]
            return _between_teams(linked_units(of_arms), arms, term)
        people = pairs.loc[pairs["arm"].isin(arms.values())].dropna(subset="after")
        degrees = float(len(people) - 3)
        if term == IN_CHANGE:
            change = people["after"] - people["before"]
            degrees = _welch(*(change[people["arm"] == arm] for arm in arms.values()))
        return uncertain_effect(result, degrees_of_freedom=max(degrees, 1.0))
    unlinked = compare_arms_unlinked(waves.before, waves.after, **arms, cluster=by_team)
    result = unlinked.difference_in_change
    before, after = (
        wave.loc[wave["arm"].isin(arms.values())]
        for wave in (waves.before, waves.after)
    )
    if by_team and isinstance(result, Estimate):
        return _between_teams(unlinked_units(after, before), arms, term)
    degrees = float(len(before) + len(after) - 4)
    return uncertain_effect(result, degrees_of_freedom=max(degrees, 1.0))


def _between_teams(units: pd.DataFrame, arms: dict[str, str], term: str) -> Effect:
    """The arms compared by their teams' means, with the error's own degrees."""
    return compare_unit_means(
        units,
        treated=arms["treated"],
        control=arms["control"],
        summary="change" if term == IN_CHANGE else "adjusted",
    ).effect


def _change(waves: TwoWaves, *, by_team: bool) -> Effect:
    if waves.linked:
        pairs = waves.pairs().dropna(subset=["before", "after"])
        cluster = pairs["cluster"] if by_team else None
        result = paired_change(
            pairs["before"], pairs["after"], cluster=cluster
        ).mean_change
        units = pairs["cluster"].replace("", None).nunique() if by_team else len(pairs)
        return uncertain_effect(result, degrees_of_freedom=max(units - 1.0, 1.0))
    scores = waves.before["score"], waves.after["score"]
    if not by_team:
        result = unlinked_change(*scores).mean_change
        return uncertain_effect(result, degrees_of_freedom=_welch(*scores))
    result = unlinked_change(
        *scores,
        cluster_before=waves.before["cluster"],
        cluster_after=waves.after["cluster"],
    ).mean_change
    teams = len(_in_both(waves.before, waves.after))
    return uncertain_effect(result, degrees_of_freedom=max(teams - 1.0, 1.0))


def _in_both(before: pd.DataFrame, after: pd.DataFrame) -> set[str]:
    """Teams with scores at both waves."""
    return (set(before["cluster"]) & set(after["cluster"])) - {""}


def _welch(first: pd.Series[float], second: pd.Series[float]) -> float:
    """Degrees of freedom of Welch and Satterthwaite; 1 where they cannot be had."""
    if min(len(first), len(second)) < 2:
        return 1.0
    parts = [scores.var(ddof=1) / len(scores) for scores in (first, second)]
    if not sum(parts) > 0:
        return 1.0
    below = parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(second) - 1)
    return float(sum(parts) ** 2 / below)
