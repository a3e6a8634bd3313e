"""The pages that a study may have, on studies that asked people afterwards alone."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shaped_studies import SURVEY, Shape
from shapes import DRAWN, PERSON, QUARTERS, SHAPES, crowd, teams

from analysis.declarations.multiverse import combinations_of, declared_options
from analysis.outcomes.comparison_designs import evaluate_comparisons
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.missing_data import evaluate_missing
from analysis.outcomes.multiverse import Sample
from analysis.outcomes.subgroups import evaluate_groups
from analysis.outcomes.supplementary_measures import evaluate_supplementary
from analysis.outcomes.trends import evaluate_over_time
from analysis.publication.comparison_designs import (
    show_compared,
    show_dose,
    show_falsification,
    show_sensitivity,
)
from analysis.publication.disclosure.control import disclose
from analysis.publication.judgement import (
    show_answers,
    show_chances,
    show_methods,
    show_strength,
)
from analysis.publication.scores import show_comparison
from analysis.publication.subgroups import show_groups
from analysis.publication.supplementary_measures import show_supplementary
from analysis.publication.trends import show_over_time
from analysis.workflow.pages import page_of
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.shown import Shown

ATTRIBUTES = f"""
[surveys.{SURVEY}.attributes]
sessions = {{ column = "Sessions", lowest = 0, highest = 9 }}
[surveys.{SURVEY}.attributes.role]
column = "Role"
values = {{ Nurse = "nurse", Other = "other" }}
[groups.role]
title = "Role"
survey = "{SURVEY}"
column = "role"
reference = "nurse"
[dose]
survey = "{SURVEY}"
column = "sessions"
[multiverse]
minimum_answered = [1.0]
"""
MODELS = 'model = ["cluster_robust", "wild_bootstrap", "every_other_set_of_teams"]\n'
AFTERWARDS = 'smallest_effect = 2\nbaseline = ""\nfollow_ups = ["q2", "q3", "q4"]'
ONCE = dataclasses.replace(
    SHAPES["post_only_teams"],
    name="once_teams",
    units=teams(6, 6, people=20),
    outcome="smallest_effect = 2" + ATTRIBUTES + MODELS,
)
CHOSEN = dataclasses.replace(
    SHAPES["post_only_chosen"],
    name="once_chosen",
    outcome="smallest_effect = 2" + ATTRIBUTES,
)
OFTEN = Shape(
    name="often_people",
    units=crowd(120),
    waves=QUARTERS,
    allocation=PERSON + DRAWN,
    outcome=AFTERWARDS + ATTRIBUTES,
)
ALONE = [ONCE, CHOSEN, OFTEN]
alone = pytest.mark.parametrize("shape", ALONE, ids=lambda one: one.name)


def scores_of(shape: Shape) -> dict[str, dict[str, pd.DataFrame]]:
    """Scores of people who say their role and how many sessions they attended."""
    made = {}
    for wave, by_survey in shape.scores.items():
        rows = by_survey[SURVEY]
        place = np.arange(len(rows))
        own = {
            "role": np.where(place % 3, "nurse", "other"),
            "sessions": place % 5.0,
            "seed_three_behaviours.important": place % 4 + 1.0,
        }
        made[wave] = {SURVEY: rows.assign(**own)}
    return made


def words(
    shape: Shape,
    evaluate: Callable[..., tuple[Finding, ...]],
    *shows: Callable[[Disclosed, Study], Shown],
) -> str:
    """What a page says of a shape."""
    disclosed = disclose(evaluate(scores_of(shape), shape.study), smallest=11)
    shown = (show(disclosed, shape.study)._repr_html_() for show in shows)
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", " ".join(shown), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(text))


@alone
def test_outcomes_asked_afterwards_stand_in_every_table(shape: Shape) -> None:
    said = words(shape, evaluate_outcomes, show_answers, show_strength, show_chances)
    assert "No outcome was declared" not in said
    for table in ("Every outcome as planned", "How strong the evidence is"):
        assert f"{table} Outcome" in said
    assert "How likely it is that it helps Outcome" in said
    assert "change" not in words(shape, evaluate_outcomes, show_comparison).lower()
    assert "Difference after" in words(shape, evaluate_outcomes, show_comparison)


def test_other_methods_of_teams_asked_afterwards_are_drawn() -> None:
    said = words(ONCE, evaluate_outcomes, show_methods)
    assert "as planned, and by 2 other analyses" in said


@alone
def test_groups_are_compared_afterwards_and_nothing_was_added(shape: Shape) -> None:
    said = words(shape, evaluate_groups, show_groups)
    assert "Arms' difference" in said
    assert re.search(r"the arms lie further apart", said)
    assert "added" not in said
    assert "before" not in said.replace("asked before", "")


def test_an_effect_in_a_group_is_the_arms_difference_there() -> None:
    rows = scores_of(CHOSEN)["after"][SURVEY]
    means = rows.groupby(["role", "arm"])[CHOSEN.column].mean()
    expected = means["nurse", "pilot"] - means["nurse", "usual"]
    found = evaluate_groups(scores_of(CHOSEN), CHOSEN.study)
    effects = [one for one in found if one.term == "effect_in_group"]
    (own,) = [one for one in effects if one.group.value == "nurse"]  # type: ignore[union-attr]
    assert own.estimate == pytest.approx(expected, abs=1e-9)
    assert own.wave == "after"


@alone
def test_no_change_is_compared_where_nobody_was_asked_before(shape: Shape) -> None:
    said = words(shape, evaluate_comparisons, show_compared, show_sensitivity)
    reason = "groups were compared afterwards alone, so nobody knows how they moved"
    assert said.count(reason) == 2
    dose = words(shape, evaluate_comparisons, show_dose)
    assert "The dose-response is not known: people were asked afterwards alone" in dose
    assert "score before for" not in dose


def test_several_waves_afterwards_alone_make_no_page_of_compared_changes() -> None:
    page = page_of("comparison-designs")
    assert page is not None
    outcome = AFTERWARDS.replace("q4", "q6")
    plain = dataclasses.replace(OFTEN, units=teams(6, 6), outcome=outcome)
    plain = dataclasses.replace(plain, allocation='unit = "team"')
    assert not page.applies(plain.study)
    before = dataclasses.replace(plain, outcome="smallest_effect = 2")
    assert page.applies(before.study)


def test_a_negative_control_asked_afterwards_says_where_it_is_compared() -> None:
    control = f"""
[outcomes.waiting]
title = "Waiting"
survey = "{SURVEY}"
instrument = "seed_three_behaviours"
subscale = "important"
family = "secondary"
baseline = ""
follow_ups = ["q3"]
"""
    plan = 'summary_measure = "difference_after"\nnegative_controls = ["waiting"]'
    shape = dataclasses.replace(
        OFTEN,
        instrument="seed_three_behaviours",
        subscale="cares",
        cuts=(27, 30, 33, 36),
        lowest=1,
        outcome=AFTERWARDS + control,
        plan=plan,
    )
    said = words(shape, evaluate_comparisons, show_falsification)
    assert "asked afterwards alone" in said


@alone
def test_nobody_is_missing_where_nobody_was_followed(shape: Shape) -> None:
    found = evaluate_missing(scores_of(shape), shape.study)
    # How many gave a score is all that can be told of those who did not.
    assert {one.term for one in found} == {"share_scored"}


@alone
def test_ends_of_the_scale_are_shown_of_those_asked_afterwards(shape: Shape) -> None:
    found = evaluate_supplementary(scores_of(shape), shape.study)
    assert {one.wave for one in found} == {*shape.study.outcomes[0].follow_ups}
    assert "before" not in words(shape, evaluate_supplementary, show_supplementary)


def test_ordered_answers_asked_once_are_compared_with_no_before() -> None:
    ordered = dataclasses.replace(
        CHOSEN,
        instrument="seed_three_behaviours",
        subscale="cares",
        cuts=(27, 30, 33, 36),
        lowest=1,
        outcome="",
    )
    said = words(ordered, evaluate_supplementary, show_supplementary)
    assert "the chance that somebody of" in said
    assert "before it was" not in said


def test_a_chart_of_waves_asked_afterwards_alone_is_drawn() -> None:
    assert "usual range" in words(OFTEN, evaluate_over_time, show_over_time)


def test_other_analyses_afterwards_compare_scores_and_no_change() -> None:
    (outcome,) = ONCE.study.outcomes
    assert declared_options(ONCE.study, outcome)["model"] == "difference_after"
    assert len([*combinations_of(ONCE.study, outcome)]) == 8
    sample = Sample(
        study=ONCE.study,
        outcome=outcome,
        scores_by_wave=ONCE.scores,
        links=None,
        linkage="",
    )
    planned = ONCE.planned.result
    assert isinstance(planned, Estimate)
    for model in ("difference_after", "cluster_robust", "wild_bootstrap"):
        answer = sample.answer(model, "complete")
        assert isinstance(answer, Estimate), model
        # Teams are of one size, so that teams weigh as people do.
        assert answer.estimate == pytest.approx(planned.estimate, abs=1e-9)
        assert answer.conf_low is not None
