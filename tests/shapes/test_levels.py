"""Several contrasts, and several follow-ups: the level each has, and what is said."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import TYPE_CHECKING

import pytest
from scipy import stats
from shaped_studies import Shape, Unit
from shapes import DRAWN, FILM, SHAPES, TEAM, THREE, teams

from analysis.declarations.plan import Lock
from analysis.declarations.plan_lock import deviations, lockable
from analysis.foundation.errors import DeclarationError
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import questions_of
from analysis.publication.disclosure.control import disclose
from analysis.publication.judgement import show_answers
from analysis.publication.summary.planned import planned_result
from heard.effects.judgement.equivalence import UncertainEffect
from heard.results import Estimate

if TYPE_CHECKING:
    from analysis.outcomes.question import Question
    from analysis.publication.summary.planned import ResultShown

WAVES = ("before", "after", "later")
CHANGE = 'summary_measure = "difference_in_change"\n'
SPENT = CHANGE + 'looks = "alpha_spending"\nlooks_information = [0.5, 1.0]\n'
THREE_WAVES = Shape(
    name="three_waves", units=teams(6, 6), allocation=TEAM + DRAWN, waves=WAVES
)
"""Teams gain 2 points at both follow-ups; `made_to_differ` says otherwise."""


def made_to_differ(shape: Shape, **added: float) -> Shape:
    """The same scores, the pilot's raised at a wave by so many points."""
    changed = dataclasses.replace(shape, effect=0.0)
    for wave, points in added.items():
        for rows in changed.scores[wave].values():
            treated = rows["arm"] == changed.arms[-1]
            rows.loc[treated, changed.column] += points
    return changed


def first_of(shape: Shape, follow_up: str) -> Question:
    (outcome,) = shape.study.outcomes
    return questions_of(shape.scores, shape.study, outcome, follow_up, links=None)[0]


def shown(shape: Shape) -> tuple[ResultShown, str]:
    """What the page for funders shows, and the words of the answers' section."""
    found = disclose(evaluate_outcomes(shape.scores, shape.study), smallest=11)
    result = planned_result(found, shape.study)
    assert result is not None
    text = re.sub(r"<[^>]+>", " ", show_answers(found, shape.study)._repr_html_())
    return result, re.sub(r"\s+", " ", html.unescape(text))


# ------------------------------------------------------------------- follow-ups


def test_a_later_wave_has_a_line_of_its_own_and_never_the_headline() -> None:
    shape = made_to_differ(THREE_WAVES, later=6.0)
    result, words = shown(shape)
    (main,) = result.headlines
    assert main.startswith("We cannot tell") or "little or no" in main or "not" in main
    (later,) = [one for one in result.sentences if one.startswith("At “Later”")]
    assert "better" in later
    assert later.endswith("This was not tested, as “After” showed no clear difference.")
    assert result.number == ""
    assert "which leaves “Later” untested, as “After” did not" in words
    assert "“After” alone gives the headline" in words


def test_the_headline_is_that_of_the_first_follow_up_alone() -> None:
    alone = dataclasses.replace(THREE_WAVES, waves=WAVES[:2])
    first = made_to_differ(alone, after=6.0)
    both = made_to_differ(THREE_WAVES, after=6.0, later=-6.0)
    for wave in WAVES[:2]:
        both.scores[wave].update(first.scores[wave])
    result, words = shown(both)
    assert result.headlines == shown(first)[0].headlines
    assert result.number
    (later,) = [one for one in result.sentences if one.startswith("At “Later”")]
    assert "worse" in later
    assert "not tested" not in later
    assert "untested" not in words


def test_one_follow_up_is_judged_once() -> None:
    _, words = shown(SHAPES["linked_teams"])
    assert "The interval is at 95%, as one comparison is judged once." in words


def test_spent_levels_are_those_of_the_boundary() -> None:
    shape = dataclasses.replace(THREE_WAVES, plan=SPENT)
    # O'Brien and Fleming's kind, halfway: 2.963 and 1.969 (Jennison and Turnbull; R's
    # mvtnorm in tests/oracles/values/looks.json).
    for follow_up, bound in (("after", 2.9626), ("later", 1.9686)):
        planned = planned_estimate(first_of(shape, follow_up))
        assert isinstance(planned.effect, UncertainEffect)
        assert isinstance(planned.result, Estimate)
        level = 1 - 2 * stats.norm.sf(bound)
        low, high = planned.effect.limits(level)
        assert planned.result.conf_low == pytest.approx(low, abs=2e-3)
        assert planned.result.conf_high == pytest.approx(high, abs=2e-3)


def test_looks_that_share_the_chance_of_error_say_their_levels() -> None:
    shape = made_to_differ(dataclasses.replace(THREE_WAVES, plan=SPENT), later=6.0)
    result, words = shown(shape)
    assert "99.7% at “After” and 95.1% at “Later”" in words
    assert "the headline stays that of the first" in words
    assert result.level == "99.7%"
    (later,) = [one for one in result.sentences if one.startswith("At “Later”")]
    assert "better" in later
    assert "not tested" not in later


def test_an_outcome_that_is_not_primary_has_no_looks() -> None:
    shape = dataclasses.replace(THREE_WAVES, plan=SPENT)
    (outcome,) = shape.study.outcomes
    other = dataclasses.replace(outcome, name="other", family="secondary")
    (question,) = questions_of(shape.scores, shape.study, other, "after", links=None)
    assert question.level == 0.95


# -------------------------------------------------------------------- contrasts


def test_contrasts_that_hold_together_are_said_to() -> None:
    result, words = shown(SHAPES["post_only_three_arms"])
    assert "Each of the 2 intervals is at 97.5%" in words
    assert result.level == "97.5%"
    assert len(result.headlines) == 2


def test_contrasts_in_their_order_have_the_usual_level() -> None:
    shape = dataclasses.replace(
        SHAPES["post_only_three_arms"],
        plan='summary_measure = "difference_after"\ncontrasts_rule = "fixed_sequence"',
    )
    # The first contrast shows nothing: the second cannot be tested.
    for rows in shape.scores["after"].values():
        rows.loc[rows["arm"] == "visit", shape.column] += 6
    for question in shape.questions:
        planned = planned_estimate(question)
        assert isinstance(planned.effect, UncertainEffect)
        assert isinstance(planned.result, Estimate)
        assert planned.result.conf_low == planned.effect.limits(0.95)[0]
    result, words = shown(shape)
    assert "tested in the order declared" in words
    untested = "This was not tested, as the film group showed no clear difference."
    assert untested in result.sentences
    assert re.search(
        r": the visit group cannot be, as the film group showed none", words
    )


def test_a_permutation_keeps_the_level_of_several_contrasts() -> None:
    units = tuple(
        Unit(name=f"t{n}", arm=FILM[(n % 11 == 1) + 2 * (n % 11 == 2)], people=15)
        for n in range(22)
    )
    shape = Shape(
        name="two_of_many_twice", units=units, arms=FILM, allocation=TEAM + THREE
    )
    (question, _) = shape.questions
    planned = planned_estimate(question)
    assert planned.method == "permutation"
    assert isinstance(planned.result, Estimate)
    assert "values whose p is above .025" in planned.result.method
    usual = dataclasses.replace(
        question, estimand=dataclasses.replace(question.estimand, contrasts=1)
    )
    narrower = planned_estimate(usual).result
    assert isinstance(narrower, Estimate)
    assert planned.result.conf_low < narrower.conf_low  # type: ignore[operator]
    assert planned.result.conf_high > narrower.conf_high  # type: ignore[operator]


# ------------------------------------------------------------------ declarations


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        ('looks = "alpha_spending"', "must give a share for each of the primary"),
        ("looks_information = [0.5, 1.0]", "goes with looks = 'alpha_spending' alone"),
        (
            'looks = "alpha_spending"\nlooks_information = [0.6, 0.5]',
            "must rise from at least 0.1 to 1",
        ),
        (
            'looks = "alpha_spending"\nlooks_information = [0.05, 1]',
            "must rise from at least 0.1 to 1",
        ),
        ('contrasts_rule = "fixed_sequence"', "names fewer than two"),
        ('looks = "twice"', "looks"),
    ],
)
def test_a_plan_of_levels_that_cannot_be_is_refused(plan: str, fault: str) -> None:
    shape = dataclasses.replace(THREE_WAVES, plan=CHANGE + plan)
    with pytest.raises(DeclarationError, match=re.escape(fault)):
        _ = shape.study


def test_one_follow_up_shares_nothing() -> None:
    shape = dataclasses.replace(THREE_WAVES, waves=WAVES[:2], plan=SPENT)
    with pytest.raises(DeclarationError, match="and the primary outcome has 1"):
        _ = shape.study


def test_looks_are_locked_and_defaults_leave_old_locks_alone() -> None:
    usual = dataclasses.replace(THREE_WAVES, plan=CHANGE).study
    spent = dataclasses.replace(THREE_WAVES, plan=SPENT).study
    assert not {"looks", "contrasts_rule"} & {*lockable(usual)["plan"]}
    lock = Lock(date="2026-01-01", version="0", arrived=(), locked=lockable(usual))
    found = deviations(dataclasses.replace(spent, lock=lock))
    assert any("how follow-ups are judged" in one for one in found)
    assert not deviations(dataclasses.replace(usual, lock=lock))
