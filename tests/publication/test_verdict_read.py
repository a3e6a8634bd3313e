"""The planned result read from findings: differently shaped studies."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from invented import study_of, with_suppressed
from planned_results import outcome_of, place_of, planned_result

from analysis.foundation import refusals
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.publication.disclosure.control import Disclosed, disclose
from analysis.publication.verdict.headline import headline
from analysis.publication.verdict.reader import SUPPRESSED, planned_facts
from analysis.publication.verdict.sentences import second_sentence, third_sentence

if TYPE_CHECKING:
    from analysis.declarations.study import Study
    from analysis.publication.verdict.facts import PlannedFacts

PILOT: dict[str, Any] = {
    "study_name": "listening-pilot",
    "limits": (-0.1, 4.3),
    "arms": ("pilot", "comparison"),
    "means": (42.8, 45.6, 42.0, 42.7),
    "units": (6, 6),
    "people": 1302,
    "n_unit": "answers",
    "facts": {
        "design": "chosen_comparison",
        "unit": "team",
        "units": 6,
        "plan": "locked_after_data",
    },
    "agreeing": 3,
    "asked": 5,
    "lost": 0.28,
}
BLUES: dict[str, Any] = {
    "study_name": "beat-the-blues",
    "limits": (-7.4, -0.6),
    "term": "adjusted_difference",
    "good": "lower",
    "arms": ("programme", "usual_care"),
    "means": (23.3, 14.7, 24.5, 19.5),
    "people": 97,
    "facts": {"design": "randomised", "unit": "person"},
}


def disclosed_result(study_name: str, outcome: str = "", **result: Any) -> Disclosed:
    """The findings of one result, as they leave disclosure control."""
    study = study_of(study_name)
    found = planned_result(study, outcome_of(study, outcome), **result)
    return disclose(found, smallest=study.smallest_group_shown)


def read(study: Study | None = None, **result: Any) -> PlannedFacts:
    disclosed = disclosed_result(**result)
    return one(disclosed, study or study_of(result["study_name"]), **result)


def one(disclosed: Disclosed, study: Study, **result: Any) -> PlannedFacts:
    outcome = outcome_of(study, result.get("outcome", ""))
    follow_up = result.get("follow_up") or outcome.follow_ups[0]
    (facts,) = planned_facts(disclosed, study, outcome, follow_up)
    return facts


def test_teams_that_were_chosen() -> None:
    facts = read(**PILOT)
    assert headline(facts) == (
        "We cannot tell whether the pilot teams did better. The result fits anything "
        "from a small loss to a gain that matters."
    )
    assert second_sentence(facts) == (
        "Pilot: 42.8 to 45.6. Comparison: 42.0 to 42.7 (10 to 50; higher is better). "
        "The pilot changed by 2.1 points more; likely range 0.1 less to 4.3 more. 12 "
        "teams, 1,302 answers."
    )
    assert third_sentence(facts) == (
        "Strength 2 of 5: comparison teams were chosen, not randomised; less 1: the "
        "plan was fixed after the data came. 3 of 5 other ways to analyse the same "
        "people agree."
    )
    assert facts.programme == "the training"


def test_people_who_were_randomised_where_lower_is_better() -> None:
    facts = read(**BLUES)
    assert headline(facts) == (
        "The programme probably made depression better. We cannot tell if by enough to "
        "matter."
    )
    assert second_sentence(facts) == (
        "Programme: 23.3 to 14.7. Usual care: 24.5 to 19.5 (0 to 63; lower is better). "
        "The programme group changed by 4.0 points more, allowing for where they "
        "began; likely range 0.6 to 7.4. 97 people."
    )
    assert third_sentence(facts) == (
        "Strength 3 of 5: chance decided which people had it; held at 3 by few people "
        "and unknown losses. We do not know how many did not answer."
    )


def test_a_neutral_scale_with_nobody_to_compare() -> None:
    name = "social-dominance"
    outcome = outcome_of(study_of(name))
    facts = read(
        study_name=name,
        limits=(0.1, 0.3),
        term="change",
        good="none",
        means=(2.1, 2.3),
        people=612,
        facts={"design": "same_people", "unit": "person"},
        lost=0.42,
    )
    before, after = (
        study_of(name).wave_title(wave)
        for wave in (outcome.baseline, outcome.follow_ups[0])
    )
    words = headline(facts)
    assert facts.good == "none"
    assert f"scores were higher at “{after}” than at “{before}”. " in words
    assert "Nobody said beforehand how much would matter." in words
    assert f"{before}: 2.10. {after}: 2.30" in second_sentence(facts)


def test_different_people_each_time_are_too_weak() -> None:
    facts = read(
        study_name="carpentries-impact",
        limits=(0.05, 0.29),
        term="change",
        means=(3.9, 4.1),
        people=536,
        n_unit="answers",
        facts={"design": "different_people", "unit": "person"},
    )
    assert headline(facts).startswith(
        "The evidence is too weak to say whether ratings of impact changed."
    )
    assert not facts.large_type


def test_a_rollout_says_what_it_rests_on() -> None:
    facts = read(
        study_name="listening-rollout",
        limits=(0.6, 1.8),
        term="start_effect",
        arms=("", ""),
        people=900,
        facts={"design": "staggered", "unit": "team", "units": 8},
        lost=0.1,
    )
    chosen = dataclasses.replace(facts, randomised=False)
    assert headline(chosen).startswith(
        "The teams that had started probably did better than the teams still waiting"
    )
    assert "only if all would have changed alike" in headline(chosen)


def test_people_asked_once() -> None:
    facts = read(
        **PILOT
        | {
            "term": "difference_after",
            "means": (45.6, 42.7),
            "limits": (0.2, 4.4),
            "facts": {"design": "chosen_asked_once", "unit": "person"},
        }
    )
    assert headline(facts).startswith(
        "After the training, the pilot group may have scored higher than the "
        "comparison group. We cannot tell if by enough to matter."
    )
    assert second_sentence(facts).startswith("Pilot: 45.6. Comparison: 42.7 (10 to 50")


def test_few_treated_teams_are_named() -> None:
    few = {"design": "few_treated", "unit": "team", "units": 2}
    facts = read(**PILOT | {"units": (2, 10), "facts": few})
    assert facts.few_units == 2
    assert "This is about these two teams only." in headline(facts)


def test_a_refusal_is_passed_on() -> None:
    why = refusals.too_few_units("team", 2, 2, programme="the training")
    facts = read(**PILOT | {"limits": None, "reason": why})
    assert headline(facts) == (
        "This study cannot say whether the training worked. There were too few teams "
        "(2 and 2) to tell the training from the teams."
    )
    assert second_sentence(facts) == third_sentence(facts) == ""


def test_a_suppressed_number_takes_the_verdict_with_it() -> None:
    disclosed = with_suppressed(
        disclosed_result(**PILOT), term="difference_in_change", group=""
    )
    facts = one(disclosed, study_of("listening-pilot"))
    assert facts.code == "no_answer"
    assert headline(facts).endswith(SUPPRESSED)


@pytest.mark.parametrize("smallest_effect", [2.0, None])
def test_a_verdict_about_few_people_does_not_leave(
    smallest_effect: float | None,
) -> None:
    study = study_of("listening-pilot")
    outcome = dataclasses.replace(outcome_of(study), smallest_effect=smallest_effect)
    few = PILOT | {"limits": (2.1, 3.7), "people": 10}
    del few["study_name"]
    found = disclose(
        planned_result(study, outcome, few.pop("limits"), **few), smallest=11
    )
    assert {str(part.group) for part in found.where(term="verdict").findings} == {
        "suppressed"
    }
    (facts,) = planned_facts(found, study, outcome, outcome.follow_ups[0])
    assert headline(facts).endswith(SUPPRESSED)
    assert second_sentence(facts) == ""


def test_a_number_with_a_label_is_not_the_planned_one() -> None:
    disclosed = disclosed_result(**PILOT)
    (planned,) = disclosed.where(term="difference_in_change").findings
    labelled = dataclasses.replace(
        planned, group=Group("subgroup", "young", of="age"), estimate=9.0
    )
    both = Disclosed(findings=(labelled, *disclosed.findings))
    assert one(both, study_of("listening-pilot")).estimate == planned.estimate


def test_without_a_verdict_there_is_nothing_to_read() -> None:
    study = study_of("listening-pilot")
    outcome = outcome_of(study)
    disclosed = disclosed_result(**PILOT)
    assert planned_facts(disclosed, study, outcome, outcome.follow_ups[0])
    without = tuple(part for part in disclosed.findings if part.term != "verdict")
    disclosed = Disclosed(findings=without)
    assert planned_facts(disclosed, study, outcome, outcome.follow_ups[0]) == ()


def test_each_follow_up_has_its_own() -> None:
    later = outcome_of(study_of("listening-pilot")).follow_ups[1]
    facts = read(**PILOT | {"follow_up": later, "limits": (2.1, 3.7)})
    assert facts.code == "better_by_enough"
    assert facts.follow_up == "Later"


def test_three_arms_have_a_result_each() -> None:
    one_arm = disclosed_result(**PILOT).findings
    other = disclosed_result(**PILOT | {"arms": ("film", "comparison")}).findings
    study = study_of("listening-pilot")
    outcome = outcome_of(study)
    both = planned_facts(
        Disclosed(findings=one_arm + other), study, outcome, outcome.follow_ups[0]
    )
    assert [facts.treated.group for facts in both] == [
        "the pilot teams",
        "the film teams",
    ]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"undone_at": 1.5, "limits": (2.1, 3.7)}, "if those who did not answer fared"),
        ({"limits": (2.1, 3.7)}, "This depends on how it is analysed."),
    ],
)
def test_endings_come_from_findings(extra: dict[str, Any], words: str) -> None:
    assert words in headline(read(**PILOT | extra))
    whole = {"agreeing": 5, "limits": (2.1, 3.7)}
    assert words not in headline(read(**PILOT | whole))


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"comparability": "not_tested"}, "We could not check that the questions"),
        ({"comparability": "cannot_be_tested"}, "We could not check that"),
        ({"comparability": "cannot_be_tested", "items": 1}, "One question cannot"),
        ({"comparability": "failed"}, ""),
        ({"comparability": "passed"}, ""),
    ],
)
def test_whether_questions_meant_the_same(about: dict[str, Any], words: str) -> None:
    text = headline(read(**PILOT | {"facts": PILOT["facts"] | about}))
    assert words in text
    assert bool(words) == ("both times" in text)


@pytest.mark.parametrize(
    ("state", "bias", "words"),
    [
        ("failed", 0.42, "of the pilot teams 0.4 points higher"),
        ("failed", None, "Some questions may have changed their meaning."),
        ("passed", 0.42, ""),
    ],
)
def test_a_bias_is_told_in_points_where_it_is_a_warning(
    state: str, bias: float | None, words: str
) -> None:
    found = disclosed_result(
        **PILOT | {"facts": PILOT["facts"] | {"comparability": state}}
    )
    (planned,) = (
        part
        for part in found.findings
        if part.term == "difference_in_change" and not part.group
    )
    biased = dataclasses.replace(planned, term="score_bias", estimate=bias)
    both = Disclosed(findings=(*found.findings, biased))
    text = headline(one(both, study_of("listening-pilot")))
    assert words in text
    assert ("changed their meaning" in text) == (state == "failed")
    assert ("That alone" in text) == (bias is not None and state == "failed")


def test_who_had_the_best_score_before_is_read_from_the_scores() -> None:
    study = study_of("listening-pilot")
    outcome = outcome_of(study)
    none = disclosed_result(**PILOT | {"limits": (-2.4, 1.8)})
    best = Finding(
        **place_of(study, outcome, outcome.baseline, ""),
        term="share_highest",
        estimate=0.48,
        n=300,
    )
    facts = one(Disclosed(findings=(*none.findings, best)), study)
    assert "Almost half already gave the best score" in second_sentence(facts)
    assert "already gave" not in second_sentence(one(none, study))


def test_a_short_title_is_used_where_it_is_declared() -> None:
    study = study_of("listening-pilot")
    outcome = dataclasses.replace(outcome_of(study), short_title="ratings")
    (facts,) = planned_facts(
        disclosed_result(**PILOT), study, outcome, outcome.follow_ups[0]
    )
    assert (facts.outcome, facts.scores) == ("ratings", "ratings")
    blues = read(**BLUES)
    assert (blues.outcome, blues.scores) == ("depression", "depression scores")


def test_strength_is_read_back_as_it_was_rated() -> None:
    facts = read(**PILOT)
    assert facts.strength is not None
    assert (facts.strength.initial, facts.strength.rating) == (3, 2)
    assert facts.strength.lowest == ("design", "size", "width", "lost")
    assert facts.strength.taken == ("plan_after_data",)


def test_a_threat_at_the_floor_lowers_nothing() -> None:
    floor = BLUES | {"lost": 0.48}
    floor["facts"] = floor["facts"] | {"plan": "not_planned"}
    facts = read(**floor)
    assert facts.strength is not None
    assert (facts.strength.rating, facts.strength.taken) == (1, ())
    assert facts.strength.threats == ("no_plan",)


def test_what_a_group_of_the_strength_is_written_as() -> None:
    assert str(Group("strength", value="design", of="randomised")) == (
        "design: randomised"
    )
    assert str(Group("strength", value="movers")) == "movers"
    assert str(Group("analysis", value="CR2", of="same people")) == "CR2: same people"
    assert str(Group("verdict", value="better")) == "better"


def test_movers_are_read() -> None:
    study = study_of("listening-pilot")
    outcome = outcome_of(study)
    moved = Finding(
        **place_of(
            study,
            outcome,
            Contrast(outcome.follow_ups[0], outcome.baseline),
            Contrast("pilot", "comparison"),
        ),
        term="share_in_both_arms",
        estimate=0.12,
        n=600,
    )
    disclosed = Disclosed(findings=(*disclosed_result(**PILOT).findings, moved))
    assert "12% were in both groups" in third_sentence(one(disclosed, study))
