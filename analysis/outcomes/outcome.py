"""One declared outcome, from its baseline to one follow-up, into findings.

The planned estimate first, with all that is judged of it; then what each arm did by
itself, which compares nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.outcomes.judgement import Judged, worth_of
from analysis.outcomes.methods import OTHER_SCALE
from analysis.outcomes.outcome_scores import by_arm
from analysis.outcomes.question import Question, questions_of
from heard.effects.change import paired_change, unlinked_change
from heard.effects.clustered.intracluster import intracluster_correlation
from heard.effects.comparison import compare_arms, compare_arms_unlinked
from heard.effects.supplementary.partly_linked import unlinked_bounds
from heard.effects.supplementary.responders import responders, rise_and_fall
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import AnyGroup, Finding, Place
    from analysis.outcomes.judgement import Worth
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.results import Composite, Result

RAW = ("difference_in_change", "adjusted_mean_difference", "hedges_g_adjusted")
"""Of a comparison of arms: the planned estimate, and what belongs to another one."""


def outcome_findings(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    follow_up: str,
    *,
    links: pd.DataFrame | None,
    linkage_rule: str,
    comparability: Iterable[Finding],
    reliability: Iterable[Finding],
) -> Iterator[Finding]:
    """The planned estimate and its verdict, then each arm, to a follow-up.

    Parameters
    ----------
    scores_by_wave, study, links, linkage_rule, comparability, reliability
        As of `evaluate_outcomes`.
    """
    questions = questions_of(
        scores_by_wave, study, outcome, follow_up, links=links, rule=linkage_rule
    )
    judged = [
        Judged(question=question, worth=worth_of(question, comparability, reliability))
        for question in questions
    ]
    for one in judged:
        if not one.question.is_reported_before:
            yield from _placed(one.question, one.found())
    yield from _placed(judged[0].question.in_points, _arms_alone(judged[0]))


def _placed(
    question: Question, found: Iterable[tuple[Place, AnyGroup, Result | Composite]]
) -> Iterator[Finding]:
    for arm, group, result in found:
        in_points = isinstance(group, Group) and group.of == OTHER_SCALE
        yield from (question.in_points if in_points else question).place(
            result, wave=question.estimand.waves, arm=arm, group=group
        )


def _arms_alone(
    judged: Judged,
) -> Iterator[tuple[Place, AnyGroup, Result | Composite]]:
    """What is said of each arm, and of the arms' difference in standard deviations."""
    question = judged.question.in_points
    estimand = question.estimand
    if not estimand.baseline:
        return
    if question.of_linked:
        yield from _followed(question, judged.worth)
    else:
        yield from _answered(question)
    if judged.compares_arms:
        yield from ((estimand.place, "", part) for part in _standardised(question))
    if estimand.by_unit and estimand.follow_up == question.outcome.follow_ups[0]:
        before = question.answers[0]
        alike = intracluster_correlation(before.loc[before["cluster"] != ""])
        yield estimand.place, "", alike


def _followed(
    question: Question, worth: Worth
) -> Iterator[tuple[Place, AnyGroup, Result | Composite]]:
    """Change within people, arm by arm."""
    study, subscale = question.study, question.subscale
    compares = question.estimand.arms is not None
    for arm, among in by_arm(question.pairs, study):
        cluster = among["cluster"] if question.estimand.by_unit else None
        yield (
            arm,
            "",
            Estimate(
                term="participants_linked",
                estimate=float(len(among)),
                n=len(among),
                method="participants with a score at both waves",
            ),
        )
        change = paired_change(among["before"], among["after"], cluster=cluster)
        yield from _within(arm, change, compares=compares)
        # Without a reliability, nobody knows which changes are error.
        reliability, good = worth.estimate, question.estimand.good
        if reliability is not None and bool(arm) == compares:
            count = (
                rise_and_fall if good == "none" else partial(responders, better=good)
            )
            yield (
                arm,
                "",
                count(
                    among["before"],
                    among["after"],
                    reliability=reliability,
                    lowest=subscale.lowest,
                    highest=subscale.highest,
                    spread=question.spread,
                    cluster=cluster,
                ),
            )


def _answered(
    question: Question,
) -> Iterator[tuple[Place, AnyGroup, Result | Composite]]:
    """Change between waves of different people, arm by arm."""
    by_unit = question.estimand.by_unit
    befores, afters = (dict(by_arm(wave, question.study)) for wave in question.answers)
    for arm, among in befores.items():
        then = afters[arm]
        change = unlinked_change(
            among["score"],
            then["score"],
            cluster_before=among["cluster"] if by_unit else None,
            cluster_after=then["cluster"] if by_unit else None,
        )
        yield from _within(arm, change, compares=question.estimand.arms is not None)
        if not by_unit:
            bounds = unlinked_bounds(among["score"], then["score"])
            yield arm, "", bounds.mean_change_worst_case
            yield arm, "", bounds.mean_change_best_case


def _within(
    arm: str, change: Composite, *, compares: bool
) -> Iterator[tuple[Place, AnyGroup, Result]]:
    """An arm's own change; without a comparison that of all is the planned one."""
    planned = not compares and not arm
    for result in change.results():
        if not (planned and result.term == "mean_change"):
            yield arm, "", result


def _standardised(question: Question) -> Iterator[Result]:
    """The arms' difference in standard deviations, to compare with other studies."""
    arms = {"treated": question.compared.after, "control": question.compared.before}
    cluster = question.estimand.by_unit
    found: Composite
    if question.of_linked:
        found = compare_arms(question.pairs, **arms, cluster=cluster)
    else:
        before, after = question.answers
        found = compare_arms_unlinked(before, after, **arms, cluster=cluster)
    yield from (result for result in found.results() if result.term not in RAW)
