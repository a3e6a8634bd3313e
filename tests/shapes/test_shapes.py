"""Every shape of the decision table: its method, degrees, refusal and other methods."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from shaped_studies import Shape, Unit
from shapes import PERSON, SHAPES, TEAM, crowd, sites, teams

from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import Contrast, Group
from analysis.outcomes.comparison_designs import evaluate_comparisons
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.planned import planned_estimate
from analysis.publication.comparison_designs import show_compared
from analysis.publication.disclosure.control import disclose
from analysis.publication.judgement import show_answers
from analysis.publication.verdict.reader import planned_facts
from analysis.publication.verdict.sentences import second_sentence
from heard.effects.judgement.equivalence import UncertainEffect
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.foundation.findings import Finding

pytestmark = pytest.mark.filterwarnings("error")

BY_PEOPLE = "teams weighted by their people"
SETS = "every other set of teams"
EQUAL = "teams compared at equal scores before"
MIXED = "mixed model, teams may drift"
GEE = "people compared at equal answers before, estimating equations (GEE)"
GLMM = "people compared at equal answers before, teams as random levels (GLMM)"
POINTS = "mean score, in points"
ALL = "all who answered"
LINKED = "only those who could be linked"
OF_TEAMS = (BY_PEOPLE, SETS, EQUAL, MIXED)
AT_EQUAL = "people compared at equal scores before"
OF_ORDER = (
    "each start against those still waiting",
    "mixed model, teams may drift",
    "only the waves until half had started",
)
PROGRAMME = "the programme"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What the decision table says of a shape."""

    method: str
    degrees: float | None = None
    others: Sequence[str] = ()
    population: str = "linked"
    unit: str = "team"


ANSWERED: dict[str, Row] = {
    "linked_teams": Row(method="unit_means", degrees=10, others=(*OF_TEAMS, ALL)),
    # Bell and McCaffrey's degrees, by hand: (1/4 + 1/8)^2 / (1/(16*3) + 1/(64*7)).
    "unequal_teams": Row(
        method="unit_means",
        degrees=(1 / 4 + 1 / 8) ** 2 / (1 / 48 + 1 / 448),
        others=OF_TEAMS,
    ),
    "unlinked_teams": Row(
        method="unit_means",
        degrees=14,
        others=(BY_PEOPLE, SETS),
        population="answered",
    ),
    "partly_linked": Row(
        method="unit_means",
        degrees=10,
        others=(BY_PEOPLE, SETS, LINKED),
        population="answered",
    ),
    "three_sites_an_arm": Row(
        method="unit_means",
        degrees=4,
        others=("sites weighted by their people",),
        unit="site",
    ),
    "four_sites_an_arm": Row(
        method="unit_means",
        degrees=6,
        others=("sites weighted by their people", "every other set of sites"),
        unit="site",
    ),
    "two_of_twelve": Row(
        method="permutation", others=("teams like these, not these alone", ALL)
    ),
    # 12 teams less 3 sites less the arm.
    "within_sites": Row(
        method="unit_means",
        degrees=8,
        others=(BY_PEOPLE, SETS, EQUAL, "without strata"),
    ),
    "people_few_lost": Row(
        method="ancova", degrees=97, population="randomised", unit="person"
    ),
    "people_half_lost": Row(
        method="mmrm",
        others=("missing scores filled in 30 times", "only people with both scores"),
        population="randomised",
        unit="person",
    ),
    "people_chosen": Row(method="welch", others=(AT_EQUAL,), unit="person"),
    "post_only_three_arms": Row(method="welch", population="answered", unit="person"),
    "post_only_teams": Row(
        method="unit_means",
        degrees=8,
        others=(BY_PEOPLE, SETS),
        population="answered",
    ),
    "post_only_chosen": Row(method="welch", population="answered", unit="person"),
    "one_group_linked": Row(method="paired_t", degrees=47, unit="person"),
    "one_group_of_teams": Row(method="unit_means", degrees=7),
    "one_group_unlinked": Row(method="welch", population="answered", unit="person"),
    "wedge_in_sites": Row(method="wedge", others=OF_ORDER),
    "wedge_of_uneven_sites": Row(
        method="wedge",
        others=("one course over the waves for all sites", *OF_ORDER),
    ),
    "staggered": Row(
        method="staggered",
        others=(
            "only against those that never start",
            "every time since the start counted alike",
            "courses may part half as much as before",
            "courses may part as much as before",
        ),
    ),
    "teams_over_waves": Row(method="unit_means", degrees=10, others=OF_TEAMS),
    "one_group_six_waves": Row(method="paired_t", degrees=59, unit="person"),
    "neutral_scale": Row(method="paired_t", degrees=354, unit="person"),
    "two_values": Row(
        method="unit_means", degrees=10, others=(BY_PEOPLE, SETS, EQUAL, GEE, GLMM)
    ),
    "two_values_asked_once": Row(
        method="welch",
        others=("interval of two shares (Newcombe)",),
        population="answered",
        unit="person",
    ),
    "three_answers": Row(method="unit_means", degrees=10, others=(*OF_TEAMS, POINTS)),
    "few_movers": Row(method="unit_means", degrees=10, others=OF_TEAMS),
}
SAME_SITE = f"One site had {PROGRAMME} and one did not. Anything else that happened in "
SAME_SITE += "either site would look the same."
FEW = f"There were too few teams ({{}}) to tell {PROGRAMME} from the teams."
REFUSED = {
    "cannot_be_matched": "Too few answers could be matched, and teams are not known.",
    "five_sites": "Only 5 sites took part. With so few, a change in one site cannot be "
    f"separated from {PROGRAMME}.",
    "one_site_each": SAME_SITE,
    "sites_not_declared": SAME_SITE,
    "two_of_six": FEW.format("2 and 4"),
    "one_team_an_arm": FEW.format("1 and 1"),
    "two_teams_an_arm": FEW.format("2 and 2"),
    "few_people": "There were too few people with a score (10 and 10).",
    "strata_of_one_arm": f"No stratum had both: teams with {PROGRAMME} and teams "
    "without.",
    # Six treated teams in all, and two of the comparison's in a stratum with both.
    "one_stratum_of_both": FEW.format("4 and 2"),
    "one_group_few_teams": "Only 3 teams took part, too few to say how sure a change "
    "is.",
    "wedge_of_few_orders": "Too few orders of starting were possible to rule out "
    "chance.",
    "started_alone": "Too few teams started together, or were still waiting, to "
    "compare them.",
    "everybody_says_no": "Everybody in one of the groups gave the same answer.",
    "many_movers": "Too many people changed groups (40%).",
}
COMPARED = [
    name for name in ANSWERED if SHAPES[name].questions[0].estimand.arms is not None
]
ALIKE = {"intracluster_correlation", "intracluster_correlation_reml", "design_effect"}
"""How alike people of a unit are before: nothing of any difference."""
SUMMARIES = frozenset(
    {
        *("difference_in_change", "adjusted_difference", "difference_after"),
        *("start_effect", "change", "mean_change", "adjusted_mean_difference"),
    }
)
OF_MANY_WAVES = [
    name
    for name, shape in SHAPES.items()
    if len(shape.waves) > 2 and shape.questions[0].estimand.by_unit
]
OVER_WAVES = frozenset(
    {
        *("difference_in_differences", "event_study_effect"),
        *("staggered_effect", "stepped_wedge_effect", "placebo_effect"),
    }
)
"""What the page of comparison designs answers the same question by."""


def of_contrast(shape: Shape, *terms: str) -> list[Finding]:
    """What is found of the main contrast, and of no arm alone."""
    place = shape.questions[0].estimand.place
    return [one for one in shape.findings if one.arm == place and one.term in terms]


def value(finding: Finding) -> str:
    assert isinstance(finding.group, Group), "asked of findings with a group"
    return finding.group.value


def test_every_shape_is_answered_or_refused() -> None:
    assert {*ANSWERED} | {*REFUSED} == {*SHAPES}
    assert not {*ANSWERED} & {*REFUSED}


@pytest.mark.parametrize("name", ANSWERED)
def test_the_design_decides_the_method_and_its_degrees(name: str) -> None:
    shape, row = SHAPES[name], ANSWERED[name]
    estimand = shape.questions[0].estimand
    assert (estimand.unit, estimand.population) == (row.unit, row.population)
    assert shape.planned.method == row.method
    assert isinstance(shape.planned.result, Estimate), shape.planned.result
    assert shape.planned.result.conf_low is not None
    if row.degrees is not None:
        assert isinstance(shape.planned.effect, UncertainEffect)
        assert shape.planned.effect.degrees_of_freedom == pytest.approx(
            row.degrees, rel=1e-9
        )


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_answered_is_refused_in_a_sentence(name: str) -> None:
    shape = SHAPES[name]
    result = shape.planned.result
    assert isinstance(result, Unavailable)
    assert result.reason == REFUSED[name]
    (published,) = of_contrast(shape, result.term)
    assert published.reason == REFUSED[name]
    assert [value(one) for one in of_contrast(shape, "verdict")] == ["no_answer"]


@pytest.mark.parametrize("name", REFUSED)
def test_where_there_is_no_answer_no_other_number_stands_in(name: str) -> None:
    shape = SHAPES[name]
    arms = shape.questions[0].estimand.arms
    numbers = [
        one.term
        for one in of_contrast(shape, *{one.term for one in shape.findings} - ALIKE)
        if one.conf_low is not None and arms is not None
    ]
    # Without a comparison the group's own change is described, and judged nowhere.
    assert not numbers
    assert not of_contrast(shape, "sensitivity_effect", "strength_column")


@pytest.mark.parametrize("name", ANSWERED)
def test_the_other_methods_are_those_of_the_table(name: str) -> None:
    found = of_contrast(SHAPES[name], "sensitivity_effect")
    assert [value(one) for one in found] == [*ANSWERED[name].others]


@pytest.mark.parametrize("name", ANSWERED)
def test_other_methods_count_the_same_people(name: str) -> None:
    shape = SHAPES[name]
    planned = shape.planned.result
    for one in of_contrast(shape, "sensitivity_effect"):
        assert isinstance(one.group, Group)
        if one.group.of == "same people":
            assert (one.n, one.n_unit) == (planned.n, planned.n_unit), value(one)
            assert one.estimate is not None, one.reason
        else:
            others = {ALL, LINKED, "only people with both scores"}
            assert value(one) in ({POINTS} if one.group.of == "other scale" else others)


@pytest.mark.parametrize("name", ANSWERED)
def test_one_number_answers_the_question(name: str) -> None:
    shape = SHAPES[name]
    place, waves = (
        shape.questions[0].estimand.place,
        shape.questions[0].estimand.waves,
    )
    unlabelled = [
        one
        for one in shape.findings
        if one.term in SUMMARIES
        and (one.arm, one.wave, one.group) == (place, waves, "")
    ]
    (only,) = unlabelled
    planned = shape.planned.result
    assert isinstance(planned, Estimate)
    assert (only.estimate, only.conf_low, only.conf_high) == (
        planned.estimate,
        planned.conf_low,
        planned.conf_high,
    )


@pytest.mark.parametrize("name", OF_MANY_WAVES)
def test_over_all_waves_every_other_answer_says_that_it_is_not_planned(
    name: str,
) -> None:
    shape = SHAPES[name]
    planned, found = (
        shape.planned.result,
        evaluate_comparisons(shape.scores, shape.study),
    )
    waves = shape.questions[0].estimand.waves
    starts = shape.questions[0].estimand.summary == "start_effect"
    for one in found:
        of_waves = one.wave in ("", waves) or one.term == "placebo_effect"
        if one.term not in OVER_WAVES or one.estimate is None or not of_waves:
            continue
        if one.group:
            assert isinstance(one.group, Group)
            assert one.group.kind in {"not_planned", "start"}, one
            continue
        assert isinstance(planned, Estimate)
        assert starts, one
        limits = one.estimate, one.conf_low, one.conf_high
        assert limits == (planned.estimate, planned.conf_low, planned.conf_high)


@pytest.mark.parametrize(
    ("name", "first", "planned"),
    [
        ("teams_over_waves", "All waves after, not planned", False),
        ("wedge_in_sites", "One effect, by the order of starting, as planned", True),
        ("staggered", "All starts, since the start, as planned", True),
    ],
)
def test_the_page_of_all_waves_names_what_is_planned_and_what_is_not(
    name: str, first: str, planned: bool
) -> None:
    shape = SHAPES[name]
    found = disclose(evaluate_comparisons(shape.scores, shape.study), smallest=5)
    shown = show_compared(found, shape.study)
    (table,) = shown.tables
    assert first in [row[0] for row in table.rows]
    answers = [row[0] for row in table.rows if row[0].endswith("as planned")]
    assert answers == ([first] if planned else [])
    words = shown._repr_html_()
    assert "Not planned: " in words
    result = shape.planned.result
    assert isinstance(result, Estimate)
    assert not planned or f"{result.estimate:.2f} (" in words
    assert ("points. As planned." in words) == planned


@pytest.mark.parametrize("name", ANSWERED)
def test_the_arms_differ_by_the_estimate(name: str) -> None:
    planned = SHAPES[name].planned
    assert isinstance(planned.result, Estimate)
    if planned.method in {"wedge", "staggered"}:
        assert planned.arms == ()
        return
    changes = [
        (arm.after or 0.0) - (arm.before or 0.0)  # afterwards alone: no before
        for arm in planned.arms
    ]
    shown = changes[0] - changes[1] if len(changes) == 2 else changes[0]
    assert shown == pytest.approx(planned.result.estimate, abs=1e-9)


def test_every_contrast_of_three_arms_is_judged_at_one_level() -> None:
    shape = SHAPES["post_only_three_arms"]
    places = [question.estimand.place for question in shape.questions]
    assert places == [Contrast("film", "usual"), Contrast("visit", "usual")]
    for question in shape.questions:
        planned = planned_estimate(question)
        assert isinstance(planned.effect, UncertainEffect)
        assert isinstance(planned.result, Estimate)
        limits = planned.result.conf_low, planned.result.conf_high
        assert limits == planned.effect.limits(0.975)
        assert "0.975 level" in planned.result.method


# --------------------------------------------------------------- asked afterwards


def test_a_survey_held_once_or_an_empty_baseline_compares_afterwards_alone() -> None:
    once, chosen = SHAPES["post_only_teams"], SHAPES["unlinked_teams"]
    declared = dataclasses.replace(chosen, outcome=chosen.outcome + '\nbaseline = ""')
    for shape in (once, declared):
        (outcome,) = shape.study.outcomes
        assert outcome.baseline == ""
        assert shape.questions[0].estimand.summary == "difference_after"
        assert shape.questions[0].estimand.waves == outcome.follow_ups[0]
    assert declared.study.outcomes[0].follow_ups == ("before", "after")


def test_nobody_is_compared_afterwards_where_there_is_one_group() -> None:
    group = SHAPES["one_group_unlinked"]
    held_once = dataclasses.replace(group, waves=("after",))
    assert held_once.study.outcomes[0].baseline == "after"
    said = wrongly("one_group_unlinked", "", outcome='baseline = ""')
    assert "groups are compared afterwards alone, and the study compares none" in said
    none = wrongly("unlinked_teams", TEAM, outcome='baseline = ""\nfollow_ups = []')
    assert "[outcomes.main.follow_ups] names no wave at which to compare" in none


@pytest.mark.parametrize(
    ("name", "measure"),
    [("post_only_teams", "difference_in_change"), ("linked_teams", "difference_after")],
)
def test_a_plan_and_its_primary_outcome_ask_the_same(name: str, measure: str) -> None:
    said = wrongly(name, TEAM, plan=f'summary_measure = "{measure}"')
    assert "'difference_after' is for a primary outcome that is compared" in said


# ------------------------------------------------------------------- the unit rule


def wrongly(shape: str, allocation: str, **changed: Any) -> str:
    """The error of a study file that declares so."""
    declared = dataclasses.replace(SHAPES[shape], allocation=allocation, **changed)
    with pytest.raises(DeclarationError) as refused:
        _ = declared.study
    return str(refused.value)


def test_a_unit_below_the_one_that_was_allocated_is_refused() -> None:
    said = wrongly("three_sites_an_arm", TEAM)
    assert "Every team of a site is in one arm, so sites, not teams, were" in said
    assert 'Set [allocation] unit = "site"' in said
    assert "so sites, not people" in wrongly("three_sites_an_arm", PERSON)


def test_people_of_teams_that_are_in_one_arm_were_not_allocated() -> None:
    said = wrongly("linked_teams", PERSON)
    assert "Every team is in one arm, so teams, not people, were compared" in said
    assert 'Set [allocation] unit = "team"' in said


@pytest.mark.parametrize(
    ("units", "unit"),
    [
        (teams(4, 4), "team"),
        (sites(4, 4), "site"),
        (tuple(Unit(name=f"t{n}") for n in range(6)), "person"),
        (crowd(60), "person"),
    ],
)
def test_a_unit_that_nobody_declared_is_found(
    units: tuple[Unit, ...], unit: str
) -> None:
    estimand = Shape(name="found", units=units).questions[0].estimand
    assert (estimand.unit, estimand.inferred) == (unit, True)


def test_a_unit_that_nobody_declared_threatens_the_evidence() -> None:
    found = of_contrast(Shape(name="found", units=teams(8, 8)), "strength_threat")
    assert "unit_inferred" in [value(one) for one in found]
    found = of_contrast(SHAPES["linked_teams"], "strength_threat")
    assert "unit_inferred" not in [value(one) for one in found]


# -------------------------------------------------------------------------- movers


def test_movers_count_where_they_were_first_seen_in_every_method() -> None:
    moved = SHAPES["few_movers"]
    stayed = dataclasses.replace(moved, moved=0.0)
    question = moved.questions[0]
    assert question.movers == pytest.approx(0.12, abs=0.01)
    # The scores are the same draws, so that only where people count could differ.
    assert moved.planned.result == stayed.planned.result
    everybody = dataclasses.replace(
        question, estimand=dataclasses.replace(question.estimand, population="answered")
    )
    own, other = planned_estimate(everybody).result, moved.planned.result
    assert isinstance(own, Estimate)
    assert isinstance(other, Estimate)
    assert own.estimate == pytest.approx(other.estimate, abs=1e-9)
    assert "movers" in [value(one) for one in of_contrast(moved, "strength_threat")]


# ------------------------------------------------------------- verdict and strength

COLUMNS = {  # design, size, width, lost
    # 28 % lost would be 3; the gain stands beyond what the plan allows for them.
    "linked_teams": (3, 3, 5, 4),
    "unlinked_teams": (5, 4, 5, 3),
    "two_of_twelve": (2, 2, 3, 4),
    "post_only_three_arms": (5, 4, 5, 3),
    "post_only_chosen": (1, 3, 3, 3),
    "people_half_lost": (5, 4, 5, 1),
    "neutral_scale": (1, 5, 3, 1),
    "wedge_in_sites": (4, 4, 5, 4),
    "staggered": (3, 4, 5, 5),
    "one_group_unlinked": (0, 4, 5, 3),
}
UNPLANNED, UNTESTED = "no_plan", "comparability_not_tested"
RATED = {
    "linked_teams": (1, {UNPLANNED, UNTESTED}),
    "people_half_lost": (1, {UNPLANNED}),
    "neutral_scale": (0, {UNPLANNED, UNTESTED, "secondary_outcome"}),
    "one_group_unlinked": (0, {UNPLANNED, UNTESTED}),
    "post_only_three_arms": (2, {UNPLANNED}),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_strength_has_the_columns_of_the_table(name: str) -> None:
    found = of_contrast(SHAPES[name], "strength_column")
    columns = {value(one): one.estimate for one in found}
    wanted = dict(zip(("design", "size", "width", "lost"), COLUMNS[name], strict=True))
    assert columns == wanted


@pytest.mark.parametrize("name", RATED)
def test_threats_come_from_what_happened(name: str) -> None:
    rating, threats = RATED[name]
    shape = SHAPES[name]
    assert {value(one) for one in of_contrast(shape, "strength_threat")} == threats
    assert [one.estimate for one in of_contrast(shape, "evidence_strength")] == [rating]


def test_a_scale_that_is_neither_good_nor_bad_promises_nothing() -> None:
    shape = SHAPES["neutral_scale"]
    assert shape.questions[0].estimand.good == "none"
    assert not of_contrast(shape, "chance_of_benefit", "chance_any_benefit")


def test_a_lower_score_that_is_better_is_judged_as_better() -> None:
    shape = SHAPES["people_few_lost"]
    assert isinstance(shape.planned.result, Estimate)
    assert shape.planned.result.estimate < 0
    assert [value(one) for one in of_contrast(shape, "verdict")] == ["better"]


# ------------------------------------------------------------- the page of outcomes


@pytest.mark.parametrize(
    ("name", "waves", "verdict_in_words"),
    [
        ("linked_teams", "Before to After", "better, perhaps not by enough to matter"),
        ("post_only_teams", "After", ""),
        ("post_only_three_arms", "After", "little or no difference"),
        # One effect of all waves: told once, not at every follow-up again.
        ("wedge_in_sites", "Q1 to Q6", "better, perhaps not by enough to matter"),
        ("one_group_linked", "Before to After", "too weak to say"),
        ("one_site_each", "Before to After", "no answer"),
    ],
)
def test_the_page_of_outcomes_has_a_row_a_contrast(
    name: str, waves: str, verdict_in_words: str
) -> None:
    shape = SHAPES[name]
    found = evaluate_outcomes(shape.scores, shape.study)
    (table,) = show_answers(disclose(found, smallest=11), shape.study).tables
    assert len(table.rows) == len(shape.questions)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["Waves"] == waves
    assert row["Verdict"].startswith(verdict_in_words)
    assert (row["Planned estimate"] == "not shown (a)") == (name in REFUSED)


def test_a_start_says_what_its_number_counts() -> None:
    shape = SHAPES["wedge_in_sites"]
    found = evaluate_outcomes(shape.scores, shape.study)
    (outcome,) = shape.study.outcomes
    disclosed = disclose(found, smallest=11)
    assert not planned_facts(disclosed, shape.study, outcome, outcome.follow_ups[1])
    (facts,) = planned_facts(disclosed, shape.study, outcome, outcome.follow_ups[0])
    assert (facts.baseline, facts.follow_up, facts.units) == ("Q1", "Q6", 16)
    words = second_sentence(facts)
    assert "The score runs from 10 to 50; higher is better." in words
    assert f"16 teams, {facts.people} answers of the smaller side." in words
