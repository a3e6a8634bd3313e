"""Plans: what is read, what is refused, and what a plan leaves as it was."""

from __future__ import annotations

import pytest
from planned import (
    GOOD,
    ORDERED,
    PLAN,
    STUDY,
    TWO_VALUES,
    changed,
    in_metric,
    parsed,
)

from analysis.declarations.estimand import metric_of
from analysis.foundation.errors import DeclarationError


def test_a_sound_plan_is_read() -> None:
    plan = parsed().plan
    assert plan is not None
    assert plan.primary == "care"
    assert plan.summary_measure == "difference_in_change"
    assert plan.intercurrent_events == {"leavers": "Left out."}
    assert plan.families == {"culture": ("culture",)}
    assert plan.negative_controls == ("food",)
    assert plan.gates.least_reliability == 0.7


def test_a_study_without_a_plan_is_sound_and_has_none() -> None:
    assert parsed(STUDY).plan is None


def test_what_is_optional_may_be_left_out() -> None:
    text = GOOD
    for line in PLAN.splitlines():
        if line.startswith(("cov", "sub", "neg", "fam", "gates")):
            text = text.replace(line + "\n", "")
    plan = parsed(text).plan
    assert plan is not None
    assert plan.families == {}
    assert plan.covariates == plan.subgroups == plan.negative_controls == ()
    assert plan.gates.least_reliability is None


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ("population =", "popullation =", "unknown key 'popullation'. Did you mean"),
        ('population = "Everyone asked."\n', "", "[plan.population] is missing"),
        ('"Everyone asked."', '" "', "[plan.population] is empty; say it in words"),
        ('"Everyone asked."', "3", "[plan.population] must be a text"),
        ('primary = "care"', 'primary = "cares"', "unknown outcome 'cares'. Did you"),
        ('primary = "care"', 'primary = "culture"', "by family it is: care"),
        (
            'title = "Culture"',
            'title = "Culture"\nfamily = "primary"',
            "exactly one outcome is primary, 'care'; by family it is: care, culture",
        ),
        ('family = "primary"', "", "by family it is: none"),
        ("smallest_effect = 2\n", "", "[outcomes.care.smallest_effect] is missing"),
        ('"difference_in_change"', '"odds"', "[plan.summary_measure] unknown value"),
        (
            '"difference_in_change"',
            '"adjusted_difference"',
            "the survey of the primary outcome declares no linkage",
        ),
        (
            'treated = "pilot"\ncontrol = "other"\n',
            "",
            "'difference_in_change' compares arms, and the study declares no treated",
        ),
        (
            'intercurrent_events.leavers = "Left out."\n',
            "",
            "[plan.intercurrent_events] is missing; say at least what is done with",
        ),
        (
            'families.culture = ["culture"]',
            'families.culture = ["cultur"]',
            "[plan.families.culture] unknown outcome 'cultur'",
        ),
        (
            'families.culture = ["culture"]',
            'families.culture = ["care"]',
            "[plan.families.culture] 'care' is the primary outcome",
        ),
        (
            'families.culture = ["culture"]',
            'families = { one = ["culture"], two = ["culture"] }',
            "[plan.families] 'culture' stands in more than one family, or twice",
        ),
        ('["food"]', '["fod"]', "[plan.negative_controls] unknown outcome 'fod'"),
        ('["food"]', '["care"]', "[plan.negative_controls] 'care' is the primary"),
        (
            '["score_before", "age"]',
            '["height"]',
            "[plan.covariates] unknown name 'height'",
        ),
        ('["site", "age"]', '["score_before"]', "[plan.subgroups] unknown name"),
        (
            "minimum_reliability = 0.7",
            "minimum_reliability = 70",
            "[plan.gates.minimum_reliability] must be over 0 and under 1",
        ),
        (
            "minimum_reliability = 0.7",
            "least_reliabilty = 0.7",
            "unknown key 'least_reliabilty'. Did you mean 'minimum_reliability'?",
        ),
    ],
)
def test_a_fault_is_told_at_its_key(old: str, new: str, reported: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parsed(changed(old, new))
    assert reported in str(caught.value)
    assert caught.value.exit_code == 10


def test_every_fault_is_told_at_once() -> None:
    text = changed('["food"]', '["fod"]').replace("= 0.7", "= 7")
    with pytest.raises(DeclarationError) as caught:
        parsed(text)
    assert len(caught.value.faults) == 2


def test_another_plan_leaves_the_cleaning_of_every_wave_fresh() -> None:
    study, without = parsed(), parsed(STUDY)
    assert study.digest() != without.digest()
    for wave in study.wave_names():
        assert study.narrowed(wave).digest() == without.narrowed(wave).digest()


# --------------------------------------------------------- what scores are compared in


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        (GOOD, "points"),
        (in_metric(GOOD, "points"), "points"),
        (TWO_VALUES, "share"),
        (in_metric(TWO_VALUES, "share"), "share"),
        (in_metric(TWO_VALUES, "points"), "points"),
        (ORDERED, "points"),
        (in_metric(ORDERED, "probability_of_better"), "probability_of_better"),
    ],
)
def test_the_score_decides_what_it_is_compared_in_unless_the_plan_says(
    text: str, metric: str
) -> None:
    study = parsed(text)
    by_name = {outcome.name: metric_of(study, outcome) for outcome in study.outcomes}
    # Culture is a mean of many answers, and has no other metric.
    assert by_name == {"care": metric, "culture": "points", "food": "points"}


@pytest.mark.parametrize(
    ("text", "metric", "reported"),
    [
        (
            GOOD,
            "share",
            "[plan.metric] 'share' is for a score of two values; care.total, of the "
            "primary outcome, is none. Choose points, or leave the key out",
        ),
        (
            GOOD,
            "probability_of_better",
            "[plan.metric] 'probability_of_better' is for a score of three or four "
            "ordered values; care.total",
        ),
        (ORDERED, "share", "Choose points or probability_of_better, or leave"),
        (TWO_VALUES, "probability_of_better", "Choose share or points, or leave"),
        (GOOD, "odds", "[plan.metric] unknown value 'odds'"),
    ],
)
def test_a_metric_that_the_score_does_not_allow_is_refused(
    text: str, metric: str, reported: str
) -> None:
    with pytest.raises(DeclarationError) as refused:
        parsed(in_metric(text, metric))
    assert reported in str(refused.value)


def test_a_metric_of_an_outcome_that_is_not_known_is_one_fault_less() -> None:
    wrong = in_metric(GOOD, "share").replace(
        'subscale = "total"', 'subscale = "all"', 1
    )
    with pytest.raises(DeclarationError) as refused:
        parsed(wrong)
    assert "[outcomes.care.subscale]" in str(refused.value)
    assert "[plan.metric]" not in str(refused.value)


@pytest.mark.parametrize("effect", ["10", "1", "0", "-0.1"])
def test_the_smallest_share_that_matters_is_under_the_whole(effect: str) -> None:
    for text in (TWO_VALUES, in_metric(ORDERED, "probability_of_better")):
        with pytest.raises(DeclarationError) as refused:
            parsed(
                text.replace("smallest_effect = 0.1\n", f"smallest_effect = {effect}\n")
            )
        assert "[outcomes.care.smallest_effect] must be over 0 and under 1" in str(
            refused.value
        )
    parsed(ORDERED.replace("smallest_effect = 0.1\n", "smallest_effect = 2\n"))
