"""Scores of all waves into who was followed, and whether the answer rests on who was.

The rule that holds throughout: everybody with a score at the baseline, an arm and,
where teams were allocated, a team has started; who has no linked score later is missing
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.outcomes.followed import Followed, column_of
from analysis.outcomes.gates import apply_gates, check_rule
from analysis.outcomes.outcome_scores import waves_of_outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.outcomes.outcome_scores import ScoresByWave


MINIMUM_SAME_ANSWER = 10
"""People who gave an answer about themselves; rarer answers are put together."""
OTHER = "other"


def evaluate_missing(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    linkage_rule: str = "",
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Tell who is missing of every linked outcome, and what it would take to matter.

    Parameters
    ----------
    scores_by_wave, links, linkage_rule, comparability, reliability
        As of `evaluate_outcomes`. A score that may not be compared is not compared
        here either; who was followed is told of it all the same.

    Returns
    -------
    tuple of Finding
        Shares followed, and how those differed at the baseline; where two arms are
        compared, their difference in three ways, and when missing scores would tip it;
        where none are, what change of those lost would undo that of those followed.

    Raises
    ------
    DeclarationError
        No link was made under that rule.
    DataError
        Linked participants who are mostly at another site: not the same people.
    """
    if linkage_rule:
        check_rule(linkage_rule, links, study)
    gates = tuple(comparability), tuple(reliability)
    found: list[Finding] = []
    for outcome in study.outcomes:
        waves = followed_scores(scores_by_wave, study, outcome, links, linkage_rule)
        if waves is None or not len(waves.people):
            continue
        found += waves.placed(waves.follow_up_shares())
        compared = study.treated and study.control
        judged = waves.compared() if compared else waves.dropout_tipping_points()
        found += apply_gates(waves.placed(judged), study, *gates)
    return tuple(found)


def followed_scores(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    links: pd.DataFrame | None,
    rule: str,
) -> Followed | None:
    """Everybody who started, waves side by side; None where no wave is linked."""
    score = f"{outcome.instrument}.{outcome.subscale}"
    people = pd.DataFrame()
    columns: dict[str, str] = {}
    baseline_attributes: dict[str, pd.Series[str]] = {}
    for follow_up in outcome.follow_ups:
        before, after, linked = waves_of_outcome(
            scores_by_wave, study, outcome, follow_up, links=links, rule=rule
        )
        if not linked:
            continue
        if not columns:
            first = column_of(outcome.baseline)
            start = before.loc[before[score].notna() & _known(before, study)]
            baseline_attributes = _baseline_attributes(start, study, outcome)
            people = start[["participant", "arm", "team"]].assign(
                **{first: start[score]}, **baseline_attributes
            )
        seen = after.loc[(after["participant"] != "") & after[score].notna()]
        later = seen.set_index("participant")[score]
        columns[follow_up] = column_of(follow_up)
        people[columns[follow_up]] = people["participant"].map(later)
    if not columns:
        return None
    people = people.drop(columns="participant").reset_index(drop=True)
    return Followed(
        people=people,
        columns=columns,
        study=study,
        outcome=outcome,
        baseline_attributes=tuple(baseline_attributes),
    )


def _known(people: pd.DataFrame, study: Study) -> pd.Series[bool]:
    """Who has an arm, if there are arms, and a team, if teams were allocated."""
    arms = [arm.name for arm in study.arms]
    known = people["arm"].isin(arms) | (not arms)
    return known & ((people["team"] != "") | (study.allocated_by != "team"))


def _baseline_attributes(
    start: pd.DataFrame, study: Study, outcome: Outcome
) -> dict[str, pd.Series[str]]:
    """What people said of themselves at the baseline, rare answers put together.

    Who did not say is with the rare ones, and those with the most common where they
    are few: nobody is left out, and no answer tells too few people apart.
    """
    export = study.wave(outcome.baseline).export(outcome.survey)
    baseline_attributes = {}
    for attribute in export.attributes if export else ():
        if attribute.name not in start.columns or not attribute.values:
            continue
        answers = start[attribute.name].fillna("").replace("", OTHER).astype(object)
        for instead in (OTHER, None):
            counts = answers.value_counts()
            rare = counts.index[counts < MINIMUM_SAME_ANSWER]
            common = counts.index[0] if len(counts) else OTHER
            answers = answers.where(~answers.isin(rare), instead or common)
        if len(set(answers)) > 1:
            baseline_attributes[attribute.name] = answers
    return baseline_attributes
