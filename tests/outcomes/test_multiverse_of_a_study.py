"""Multiverse analysis of a study: the pages' own numbers, and what is hidden."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from asked import incomparable, one

from analysis.cleaning.scoring import score_survey
from analysis.declarations.multiverse import (
    combinations_of,
    declared_options,
    options_of,
)
from analysis.declarations.plan import Multiverse
from analysis.declarations.study import Allocation, Rollout, Study
from analysis.declarations.survey import CarelessRules
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.missing_data import evaluate_missing
from analysis.outcomes.multiverse import evaluate_multiverse, options_group
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import questions_of
from analysis.publication.disclosure.control import disclose
from analysis.publication.multiverse import show_multiverse
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
TERM = "specification_effect"
MODELS = (
    "difference_in_change",
    "adjusted_difference",
    "adjusted_by_people",
    "cluster_robust",
    "mixed_model",
)
EVERY = Multiverse(
    linkage=("exact",),
    missing=("weighted", "imputed"),
    model=MODELS,
    least_answered=(1.0,),
)


def narrowed(outcome: str, choices: Multiverse, **more: object) -> Study:
    (kept,) = (one for one in WHOLE.outcomes if one.name == outcome)
    changes: dict[str, object] = {
        "outcomes": (kept,),
        "groups": (),
        "roster": None,
        "multiverse": choices,
        **more,
    }
    return dataclasses.replace(WHOLE, **changes)  # type: ignore[arg-type]


CONFIDENCE = narrowed("confidence", EVERY)
CARE = narrowed("care", EVERY)
Rows = dict[str, dict[str, pd.DataFrame]]


def responses(
    study: Study, people: int = 14, gaps: float = 0.25, lost: float = 1 / 3
) -> Rows:
    """Everyone has a name; a quarter leave an item blank, a third are lost."""
    held: Rows = {}
    survey = study.outcomes[0].survey
    teams = np.repeat([team.name for team in study.teams], people)
    level = generator("other choices tests", "levels").normal(0, 1, len(teams))
    for place, wave in enumerate(study.wave_names()):
        export = study.wave(wave).export(survey)
        assert export is not None
        draws = generator("other choices tests", wave)
        arms = np.repeat([team.arm for team in study.teams], people)
        frame = pd.DataFrame(
            {
                "participant": [f"p{number}" for number in range(len(teams))],
                "arm": arms,
                "site": "",
                "team": teams,
                "role": draws.choice(["nurse", "therapist"], len(teams)),
                "age_band": "under 35",
            }
        )
        items = [*export.columns.items]
        for name in items:
            instrument = study.instruments[name.partition(".")[0]]
            middle = (instrument.lowest + instrument.highest) / 2
            raw = middle + level + draws.normal(0, 1, len(teams)) + (arms == "pilot")
            frame[name] = np.clip(np.round(raw), instrument.lowest, instrument.highest)
        # Left blank: what is no part of the outcome, so that cleaning alone is at work.
        blank = draws.random(len(teams)) < gaps
        frame.loc[blank, items[-1]] = np.nan
        gone = (draws.random(len(teams)) < lost) & (place > 0)
        held[wave] = {survey: frame.loc[~gone].reset_index(drop=True)}
    return held


def links_of(rows: Rows, study: Study, *, deviation: int = 30) -> pd.DataFrame:
    """Everybody is linked by one element off; the exact rule misses some."""
    survey, parts = study.outcomes[0].survey, []
    first, *later = study.wave_names()
    for wave in later:
        names = rows[wave][survey]["participant"]
        for rule, linked in (("one_element_off", names), ("exact", names[deviation:])):
            parts.append(
                pd.DataFrame(
                    {
                        "survey": survey,
                        "wave_before": first,
                        "wave_after": wave,
                        "rule": rule,
                        "before": linked,
                        "after": linked,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def scored(rows: Rows, study: Study) -> Rows:
    made: Rows = {}
    for wave, held in rows.items():
        made[wave] = {}
        for survey, frame in held.items():
            export = study.wave(wave).export(survey)
            assert export is not None
            made[wave][survey] = score_survey(frame, export, study)
    return made


def effects(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {str(part.group): part for part in findings if part.term == TERM}


def option(**chosen: str) -> str:
    full = {
        "linkage": "one_element_off",
        "cleaning": "as declared",
        "missing": "complete",
        "model": "difference_in_change",
        **chosen,
    }
    return "; ".join(f"{name}: {value}" for name, value in full.items())


def numbers(found: Finding) -> tuple[object, ...]:
    return found.estimate, found.conf_low, found.conf_high, found.n


ROWS = responses(CONFIDENCE)
LINKS = links_of(ROWS, CONFIDENCE)
FOUND = evaluate_multiverse(ROWS, CONFIDENCE, links=LINKS)
ARMS = {"wave": Contrast("after", "before"), "arm": Contrast("pilot", "comparison")}


@pytest.mark.parametrize("linkage", ["one_element_off", "exact"])
def test_numbers_are_those_of_the_outcomes_page(linkage: str) -> None:
    # Too few are linked exactly for the page to compare them unasked; the multiverse
    # keeps the population of the declared choices.
    assert CONFIDENCE.plan is not None
    plan = dataclasses.replace(CONFIDENCE.plan, population_rule="linked")
    study = dataclasses.replace(CONFIDENCE, plan=plan)
    page = evaluate_outcomes(
        scored(ROWS, CONFIDENCE), study, links=LINKS, linkage_rule=linkage
    )
    reported = effects(FOUND)
    on_page = {
        "difference_in_change": ("difference_in_change", ""),
        **{
            model: ("sensitivity_effect", Group("analysis", name, of="same people"))
            for model, name in (
                ("adjusted_difference", "teams compared at equal scores before"),
                ("cluster_robust", "teams weighted by their people"),
                ("mixed_model", "mixed model, teams may drift"),
            )
        },
    }
    for model, (term, group) in on_page.items():
        expected = one(page, **ARMS, term=term, group=group)
        assert expected.estimate is not None
        found = reported[option(linkage=linkage, model=model)]
        assert numbers(found)[:3] == numbers(expected)[:3]


@pytest.mark.parametrize("linkage", ["one_element_off", "exact"])
def test_numbers_are_those_of_who_is_missing(linkage: str) -> None:
    page = evaluate_missing(
        scored(ROWS, CONFIDENCE), CONFIDENCE, links=LINKS, linkage_rule=linkage
    )
    reported = effects(FOUND)
    for missing in ("complete", "weighted", "imputed"):
        expected = one(page, **ARMS, term=f"{missing}_arm_difference")
        assert expected.estimate is not None
        found = reported[
            option(linkage=linkage, missing=missing, model="adjusted_by_people")
        ]
        assert numbers(found) == numbers(expected)


def test_stricter_cleaning_is_the_same_page_with_fewer_responses() -> None:
    survey = CONFIDENCE.outcomes[0].survey
    complete: Rows = {}
    for wave, held in ROWS.items():
        export = CONFIDENCE.wave(wave).export(survey)
        assert export is not None
        answered = held[survey][[*export.columns.items]].notna().all(axis=1)
        complete[wave] = {survey: held[survey].loc[answered]}
    page = evaluate_outcomes(scored(complete, CONFIDENCE), CONFIDENCE, links=LINKS)
    expected = one(page, **ARMS, term="difference_in_change")
    found = effects(FOUND)[option(cleaning="100% answered")]
    assert numbers(found) == numbers(expected)
    assert found.n != effects(FOUND)[option()].n


def test_every_combination_is_there_once_and_summed_up() -> None:
    reported = effects(FOUND)
    made = [
        "; ".join(f"{name}: {value}" for name, value in options.items())
        for options in combinations_of(CONFIDENCE, CONFIDENCE.outcomes[0])
    ]
    assert list(reported) == made
    assert len(made) == 2 * 2 * 4 + 2 * 2 * 3
    values = np.array([part.estimate for part in reported.values()], dtype=float)
    own = reported[option()].estimate
    assert own is not None
    expected = {
        "specification_lowest": values.min(),
        "specification_median": np.median(values),
        "specification_highest": values.max(),
        "share_on_declared_side": (values * own > 0).mean(),
        "share_beyond_smallest_effect": (values >= 0.5).mean(),
        "declared_rank": (values < own - 1e-9).sum(),
    }
    minimum = min(part.n or 0 for part in reported.values())
    for term, value in expected.items():
        found = one(FOUND, term=term)
        assert found.estimate == pytest.approx(value, rel=1e-12), term
        assert found.n == minimum
        assert found.n_unit == "people of the smallest of all"
    moved = [part.group for part in FOUND if part.term == "choice_influence"]
    assert moved == ["linkage", "cleaning", "missing", "model"]


def test_a_sample_that_few_people_tell_apart_is_not_shown() -> None:
    found = effects(
        evaluate_multiverse(
            ROWS, CONFIDENCE, links=links_of(ROWS, CONFIDENCE, deviation=10)
        )
    )
    refused = found[option(linkage="exact")]
    assert refused.estimate is None
    assert refused.n is None
    assert "fewer than 11 people are in it and not in another" in refused.reason
    assert found[option()].estimate is not None
    # Nobody apart is nobody told of.
    same = effects(
        evaluate_multiverse(
            ROWS, CONFIDENCE, links=links_of(ROWS, CONFIDENCE, deviation=0)
        )
    )
    assert numbers(same[option(linkage="exact")]) == numbers(same[option()])


def test_few_left_out_by_cleaning_are_not_told_of() -> None:
    rows = responses(CONFIDENCE, gaps=0.01)
    found = effects(
        evaluate_multiverse(rows, CONFIDENCE, links=links_of(rows, CONFIDENCE))
    )
    assert found[option(cleaning="100% answered")].estimate is None
    assert found[option()].estimate is not None


def test_of_different_people_too_few_left_out_are_not_told_of() -> None:
    rows = responses(CARE, gaps=0.02)
    for held in rows.values():
        held["ratings"]["participant"] = ""
    found = effects(evaluate_multiverse(rows, CARE))
    reported = {name.partition(";")[0]: part.estimate for name, part in found.items()}
    assert reported["cleaning: 100% answered"] is None
    assert reported["cleaning: as declared"] is not None


def test_where_few_were_lost_nothing_is_weighted_or_filled_in() -> None:
    rows = responses(CONFIDENCE, lost=0.05)
    found = effects(
        evaluate_multiverse(rows, CONFIDENCE, links=links_of(rows, CONFIDENCE))
    )
    for missing in ("weighted", "imputed"):
        reported = found[option(missing=missing, model="adjusted_by_people")]
        assert reported.estimate is None
        assert "fewer than 11 people of a group were lost" in reported.reason
    assert found[option(model="adjusted_by_people")].estimate is not None


def test_few_people_are_no_answer_and_no_part_of_the_summaries() -> None:
    rows = responses(CONFIDENCE, people=1)
    found = evaluate_multiverse(
        rows, CONFIDENCE, links=links_of(rows, CONFIDENCE, deviation=0)
    )
    change = effects(found)[option()]
    assert change.estimate is None
    assert change.n is None
    assert change.reason == "fewer than 11 people"


def test_of_different_people_only_cleaning_and_model_are_choices() -> None:
    rows = responses(CARE)
    for held in rows.values():
        held["ratings"]["participant"] = ""
    found = evaluate_multiverse(rows, CARE)
    page = evaluate_outcomes(scored(rows, CARE), CARE)
    expected = one(page, **ARMS, term="difference_in_change")
    group = "cleaning: as declared; model: difference_in_change"
    assert numbers(effects(found)[group]) == numbers(expected)
    assert {name.partition("; ")[2] for name in effects(found)} == {
        f"model: {name}"
        for name in ("difference_in_change", "cluster_robust", "mixed_model")
    }


def test_without_arms_the_change_is_answered_otherwise() -> None:
    only = Multiverse(least_answered=(1.0,), linkage=("exact",))
    study = narrowed(
        "confidence",
        only,
        arms=(),
        allocation=Allocation(),
        plan=None,
    )
    found = evaluate_multiverse(ROWS, study, links=LINKS)
    page = evaluate_outcomes(scored(ROWS, study), study, links=LINKS)
    expected = one(page, wave=Contrast("after", "before"), term="change", arm="")
    group = "linkage: one_element_off; cleaning: as declared"
    assert numbers(effects(found)[group]) == numbers(expected)
    assert len(effects(found)) == 4


def test_where_people_were_randomised_the_adjusted_difference_is_the_declared() -> None:
    only = Multiverse(model=("difference_in_change",))
    people = dataclasses.replace(WHOLE.allocation, unit="person", randomised=True)
    study = narrowed("confidence", only, allocation=people, plan=None)
    found = evaluate_multiverse(ROWS, study, links=LINKS)
    page = evaluate_outcomes(scored(ROWS, study), study, links=LINKS)
    assert list(effects(found)) == [
        "model: adjusted_difference",
        "model: difference_in_change",
    ]
    answers = effects(found)
    planned = one(page, **ARMS, term="adjusted_difference")
    assert numbers(answers["model: adjusted_difference"]) == numbers(planned)
    changes = [
        one(page, wave=ARMS["wave"], arm=arm, term="mean_change").estimate
        for arm in ("pilot", "comparison")
    ]
    assert changes[0] is not None
    assert changes[1] is not None
    reported = answers["model: difference_in_change"].estimate
    assert reported == pytest.approx(changes[0] - changes[1], rel=1e-10)


def asked_of(population: str, method: str = "") -> Study:
    """The study with a plan for that population, and other choices of linkage."""
    assert WHOLE.plan is not None
    plan = dataclasses.replace(
        WHOLE.plan, population_rule=population, method=method or WHOLE.plan.method
    )
    models = ("difference_in_change", "adjusted_difference", "cluster_robust")
    other = Multiverse(linkage=("exact",), model=models, least_answered=(1.0,))
    return narrowed("confidence", other, plan=plan)


PEOPLE = Allocation(unit="person", treated="pilot", control="comparison")
PLANS = {
    "teams, linked": asked_of("linked"),
    "teams, all who answered": asked_of("answered"),
    "teams, permuted": asked_of("linked", "permutation"),
    "people chosen": narrowed(
        "confidence",
        Multiverse(linkage=("exact",), model=("adjusted_difference",)),
        allocation=PEOPLE,
        plan=None,
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_specification_declared_is_the_planned_estimate(name: str) -> None:
    study = PLANS[name]
    (outcome,) = study.outcomes
    question = questions_of(
        scored(ROWS, study), study, outcome, outcome.follow_ups[0], links=LINKS
    )[0]
    planned = planned_estimate(question).result
    assert isinstance(planned, Estimate), planned
    found = evaluate_multiverse(ROWS, study, links=LINKS)
    declared = declared_options(study, outcome)
    chosen = {choice: declared[choice] for choice in options_of(study, outcome)}
    own = effects(found)[str(options_group(chosen))]
    assert own == one(found, term=TERM, group=own.group), "there once"
    limits = planned.estimate, planned.conf_low, planned.conf_high, planned.n
    assert numbers(own) == limits
    (figure,) = show_multiverse(disclose(found, smallest=11), study).figures
    assert "; the one declared gave" in figure.alt_text


def test_linkage_varies_where_it_decides_who_is_compared() -> None:
    for population, varies in (("linked", True), ("answered", False)):
        found = effects(evaluate_multiverse(ROWS, asked_of(population), links=LINKS))
        robust = [name for name in found if name.endswith("model: cluster_robust")]
        rules = {name.partition(";")[0] for name in robust}
        assert ("linkage: exact" in rules) == varies, population
        if varies:
            counts = {found[name].n for name in robust if "as declared" in name}
            assert len(counts) == 2, "fewer people are linked exactly"


def test_an_effect_of_starting_has_no_other_choices() -> None:
    rollout = Rollout(unit="team", starts={WHOLE.teams[0].name: "after"})
    assert WHOLE.plan is not None
    plan = dataclasses.replace(WHOLE.plan, summary_measure="start_effect")
    study = narrowed("confidence", EVERY, plan=plan, rollout=rollout)
    assert evaluate_multiverse(ROWS, study, links=LINKS) == ()


def test_careless_responses_can_be_left_out_too() -> None:
    only = Multiverse(careless_left_out=True)
    study = marking_careless(narrowed("confidence", only))
    rows: Rows = {}
    for wave, held in ROWS.items():
        frame = held["staff"]
        rows[wave] = {"staff": frame.assign(careless=frame.index % 4 == 0)}
    found = evaluate_multiverse(rows, study, links=LINKS)
    kept = {
        wave: {"staff": held["staff"].loc[~held["staff"]["careless"]]}
        for wave, held in rows.items()
    }
    page = evaluate_outcomes(scored(kept, study), study, links=LINKS)
    reported = effects(found)["cleaning: careless left out"]
    assert numbers(reported) == numbers(one(page, **ARMS, term="difference_in_change"))


def marking_careless(study: Study) -> Study:
    waves = []
    for wave in study.waves:
        exports = tuple(
            dataclasses.replace(
                export,
                cleaning=dataclasses.replace(
                    export.cleaning, careless=CarelessRules(cutoffs={"longstring": 9})
                ),
            )
            for export in wave.exports
        )
        waves.append(dataclasses.replace(wave, exports=exports))
    return dataclasses.replace(study, waves=tuple(waves))


def test_a_score_that_may_not_be_compared_has_no_answer_by_any_choice() -> None:
    refusal = incomparable(CONFIDENCE, Contrast("after", "before"))
    few = narrowed("confidence", Multiverse(linkage=("exact",)))
    found = evaluate_multiverse(ROWS, few, links=LINKS, comparability=[refusal])
    assert found
    assert all(part.estimate is None for part in found)
    assert all("do not measure the same" in part.reason for part in found)


def test_nothing_is_done_where_nothing_is_declared() -> None:
    study = narrowed("confidence", EVERY, multiverse=None)
    empty: Mapping[str, Mapping[str, pd.DataFrame]] = {}
    assert evaluate_multiverse(empty, study) == ()
