"""Scores of two values and of few ordered answers, compared in their own metric.

The numbers expected are made here by counting and with scipy and statsmodels, from the
scores alone; with as many teams an arm HC2 is the pooled t test.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from shaped_studies import SURVEY, Shape
from shapes import BY_ORDER, SHAPES
from statsmodels.genmod.cov_struct import Exchangeable
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE

from analysis.declarations.estimand import good_of, smallest_in_points
from analysis.foundation.findings import Finding, Group
from analysis.foundation.refusals import same_answer
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.metric import Measure
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import questions_of
from heard.effects.judgement.equivalence import UncertainEffect
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from analysis.outcomes.question import Planned, Question

pytestmark = pytest.mark.filterwarnings("error")

Values = pd.Series


def waves(shape: Shape) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both waves of a shape, in one order of people."""
    before, after = (
        shape.scores[wave][SURVEY].set_index("participant").sort_index()
        for wave in ("before", "after")
    )
    return before, after


def by_ridits(answers: Values, reference: Values) -> Values:
    """The share of the reference below each answer, and half of its equals: counted."""
    others = reference.to_numpy()
    return answers.map(
        lambda own: (np.sum(others < own) + np.sum(others == own) / 2) / len(others)
    )


def compared(change: Values, rows: pd.DataFrame) -> tuple[float, float, float]:
    """Difference of the arms' means of team means, with the pooled t interval."""
    teams = change.groupby([rows["arm"], rows["team"]]).mean()
    found = stats.ttest_ind(teams["pilot"], teams["usual"], equal_var=True)
    low, high = found.confidence_interval(0.95)
    return float(teams["pilot"].mean() - teams["usual"].mean()), low, high


def numbers(planned: Planned) -> tuple[float, float, float]:
    result = planned.result
    assert isinstance(result, Estimate), result
    assert result.conf_low is not None
    assert result.conf_high is not None
    return result.estimate, result.conf_low, result.conf_high


def analysis(shape: Shape, part: str) -> Finding:
    """The other analysis whose name holds a word."""
    (found,) = (
        one
        for one in shape.findings
        if one.term == "sensitivity_effect"
        and isinstance(one.group, Group)
        and part in one.group.value
    )
    return found


def asked_again(shape: Shape, scores: dict[str, dict[str, pd.DataFrame]]) -> Question:
    """The main question of a shape, of other scores."""
    (outcome,) = shape.study.outcomes
    return questions_of(
        scores, shape.study, outcome, outcome.follow_ups[0], links=None
    )[0]


# ---------------------------------------------------------------------- two values


def test_a_score_of_two_values_is_compared_by_the_teams_shares() -> None:
    shape = SHAPES["two_values"]
    before, after = waves(shape)
    change = after[shape.column] - before[shape.column]
    assert shape.questions[0].estimand.metric == "share"
    assert numbers(shape.planned) == pytest.approx(compared(change, before), abs=1e-12)


def test_two_values_are_shares_whatever_their_codes_are() -> None:
    one_and_two = Measure(metric="share", highest=2.0)
    answers = one_and_two(pd.Series([1.0, 2.0, np.nan]))
    assert answers.tolist()[:2] == [0.0, 1.0]
    assert answers.isna().tolist() == [False, False, True]


def test_estimating_equations_give_the_difference_of_standardised_shares() -> None:
    shape = SHAPES["two_values"]
    before, after = waves(shape)
    first, later = before[shape.column].to_numpy(), after[shape.column].to_numpy()
    treated = (before["arm"] == "pilot").to_numpy(float)
    teams = before["team"].factorize()[0]
    order = np.argsort(teams, kind="stable")
    design = np.column_stack([np.ones(len(first)), treated, first])[order]
    fit = GEE(
        later[order],
        design,
        groups=teams[order],
        family=Binomial(),
        cov_struct=Exchangeable(),
    ).fit(ctol=1e-10, maxiter=200)
    shares = []
    for arm in (1.0, 0.0):
        as_if = design.copy()
        as_if[:, 1] = arm
        shares.append(float((1 / (1 + np.exp(-as_if @ fit.params))).mean()))
    found = analysis(shape, "GEE")
    assert found.estimate == pytest.approx(shares[0] - shares[1], abs=1e-8)
    assert found.metric == "share"
    assert "Mancl and DeRouen" in found.method
    assert "t with 10 degrees" in found.method
    assert "random intercept of teams" in analysis(shape, "GLMM").method


def test_asked_once_the_planned_difference_is_that_of_two_shares() -> None:
    shape = SHAPES["two_values_asked_once"]
    rows = shape.scores["after"][SURVEY]
    shares = rows.groupby("arm")[shape.column].mean()
    estimate, low, high = numbers(shape.planned)
    assert estimate == pytest.approx(shares["pilot"] - shares["usual"], abs=1e-12)
    newcombe = analysis(shape, "Newcombe")
    assert newcombe.estimate == pytest.approx(estimate, abs=1e-12)
    assert newcombe.conf_low is not None
    assert -1 < newcombe.conf_low < estimate
    assert newcombe.conf_low == pytest.approx(low, abs=0.02)
    assert newcombe.conf_high == pytest.approx(high, abs=0.02)


def test_people_of_an_arm_who_all_answer_alike_are_not_compared() -> None:
    shape = SHAPES["two_values_asked_once"]
    rows = shape.scores["after"][SURVEY]
    alike = rows.assign(
        **{shape.column: rows[shape.column].where(rows["arm"] == "pilot", 0.0)}
    )
    planned = planned_estimate(asked_again(shape, {"after": {SURVEY: alike}}))
    assert isinstance(planned.result, Unavailable)
    assert planned.result.reason == same_answer()


def test_a_share_that_everybody_has_at_one_wave_alone_is_compared() -> None:
    shape = SHAPES["two_values"]
    before, after = waves(shape)
    nobody = before.assign(**{shape.column: 0.0}).reset_index()
    scores = {"before": {SURVEY: nobody}, "after": {SURVEY: after.reset_index()}}
    planned = planned_estimate(asked_again(shape, scores))
    expected = compared(after[shape.column], before)
    assert numbers(planned) == pytest.approx(expected, abs=1e-12)


def test_findings_of_a_share_say_what_they_are_in() -> None:
    shape = SHAPES["two_values"]
    by_term = {one.term: one for one in shape.findings}
    assert by_term["difference_in_change"].metric == "share"
    assert by_term["sensitivity_effect"].metric == "share"
    assert by_term["verdict"].metric == "share"
    assert by_term["verdict"].estimate == 0.1
    assert by_term["mean_change"].metric == ""
    assert {"arm_share_before", "arm_share_after"} <= {*by_term}
    assert not {"arm_mean_before", "arm_probability_before"} & {*by_term}


# ------------------------------------------------------------------ ordered answers


def test_ordered_answers_are_compared_by_the_teams_mean_ridits() -> None:
    shape = SHAPES["three_answers"]
    before, after = waves(shape)
    reference = before[shape.column]
    change = by_ridits(after[shape.column], reference) - by_ridits(reference, reference)
    assert numbers(shape.planned) == pytest.approx(compared(change, before), abs=1e-12)
    arms = {arm.arm: arm for arm in shape.planned.arms}
    places = by_ridits(after[shape.column], reference)
    teams = places.groupby([before["arm"], before["team"]]).mean()
    assert arms["pilot"].after == pytest.approx(teams["pilot"].mean(), abs=1e-12)


def test_everybody_before_is_their_own_reference_so_that_arms_average_a_half() -> None:
    arms = SHAPES["three_answers"].planned.arms
    befores = [arm.before for arm in arms]
    assert sum(one or 0.0 for one in befores) / 2 == pytest.approx(0.5, abs=1e-12)


def test_the_distance_between_answers_changes_nothing_but_the_mean_score() -> None:
    shape = SHAPES["three_answers"]
    stretched = {
        wave: {
            SURVEY: rows[SURVEY].assign(
                **{shape.column: rows[SURVEY][shape.column].replace({5.0: 9.0})}
            )
        }
        for wave, rows in shape.scores.items()
    }
    question = asked_again(shape, stretched)
    assert numbers(planned_estimate(question)) == pytest.approx(
        numbers(shape.planned), abs=1e-12
    )
    mean = planned_estimate(question.in_points).result
    assert isinstance(mean, Estimate)
    assert mean.estimate != pytest.approx(analysis(shape, "mean score").estimate)


def test_the_mean_score_stands_next_to_it_and_does_not_count() -> None:
    shape = SHAPES["three_answers"]
    before, after = waves(shape)
    found = analysis(shape, "mean score")
    expected = compared(after[shape.column] - before[shape.column], before)
    limits = (found.estimate, found.conf_low, found.conf_high)
    assert limits == pytest.approx(expected, abs=1e-12)
    assert isinstance(found.group, Group)
    assert (found.metric, found.group.of) == ("", "other scale")
    (counted,) = (one for one in shape.findings if one.term == "analyses_asked")
    same = [
        one
        for one in shape.findings
        if isinstance(one.group, Group) and one.group.of == "same people"
    ]
    assert counted.estimate == len(same) == 4


def test_where_a_lower_answer_is_better_a_better_one_is_still_more_likely() -> None:
    shape = SHAPES["three_answers"]
    instrument = shape.study.instruments["cqc_cmh"]
    turned = dataclasses.replace(
        instrument,
        subscales=tuple(
            dataclasses.replace(part, direction="higher_is_worse")
            for part in instrument.subscales
        ),
    )
    study = dataclasses.replace(shape.study, instruments={"cqc_cmh": turned})
    (outcome,) = study.outcomes
    question = questions_of(shape.scores, study, outcome, "after", links=None)[0]
    assert question.estimand.good == "higher"
    assert good_of(study, outcome) == question.in_points.estimand.good == "lower"
    estimate, low, high = numbers(planned_estimate(question))
    was = numbers(shape.planned)
    assert (estimate, low, high) == pytest.approx((-was[0], -was[2], -was[1]))


def test_asked_once_everybody_is_the_reference() -> None:
    shape = dataclasses.replace(
        SHAPES["three_answers"],
        waves=("after",),
        plan=BY_ORDER.replace("difference_in_change", "difference_after"),
    )
    rows = shape.scores["after"][SURVEY]
    places = by_ridits(rows[shape.column], rows[shape.column])
    assert numbers(shape.planned) == pytest.approx(compared(places, rows), abs=1e-12)


def test_what_each_arm_did_alone_stays_in_points() -> None:
    shape = SHAPES["three_answers"]
    before, after = waves(shape)
    change = after[shape.column] - before[shape.column]
    teams = change.groupby([before["arm"], before["team"]]).mean()
    for arm in ("pilot", "usual"):
        (own,) = (
            one for one in shape.findings if (one.term, one.arm) == ("mean_change", arm)
        )
        assert own.estimate == pytest.approx(teams[arm].mean(), abs=1e-12)
        assert own.metric == ""


def test_a_smallest_chance_is_no_number_of_points() -> None:
    study = SHAPES["three_answers"].study
    assert smallest_in_points(study, study.outcomes[0]) is None
    study = SHAPES["two_values"].study
    assert smallest_in_points(study, study.outcomes[0]) == 0.1


def test_the_chances_and_losses_of_a_ridit_are_those_of_its_own_interval() -> None:
    shape = SHAPES["three_answers"]
    effect = shape.planned.effect
    assert isinstance(effect, UncertainEffect)
    assert effect.degrees_of_freedom == pytest.approx(10)
    (verdict,) = (one for one in shape.findings if one.term == "verdict")
    assert isinstance(verdict.group, Group)
    assert verdict.estimate == 0.1
    assert effect.limits()[0] < 0.1 < effect.effect
    assert verdict.group.value == "better"


# ------------------------------------------------------------------ neutral scales


def test_on_a_scale_of_more_scores_rise_and_fall_and_nobody_improves() -> None:
    shape = SHAPES["neutral_scale"]
    (outcome,) = shape.study.outcomes
    alpha = Finding(
        study=shape.name,
        survey=SURVEY,
        instrument=outcome.instrument,
        subscale=outcome.subscale,
        wave="before",
        term="cronbach_alpha",
        estimate=0.85,
        conf_low=0.8,
        conf_high=0.9,
        n=600,
        method="made up",
    )
    found = evaluate_outcomes(shape.scores, shape.study, reliability=[alpha])
    shares = {
        one.term: one.estimate
        for one in found
        if one.term.startswith(("share_rose", "share_fell", "share_unchanged"))
    }
    assert {*shares} == {"share_rose", "share_unchanged", "share_fell"}
    assert sum(value or 0.0 for value in shares.values()) == pytest.approx(1)
    judging = ("share_improved", "share_worsened", "net_share_improved")
    assert not [one for one in found if one.term in judging]
