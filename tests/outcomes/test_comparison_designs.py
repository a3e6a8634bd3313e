"""Comparisons over all waves of a study: by hand, by simulation, and what is refused.

The numbers themselves have their oracles in tests/oracles/test_compared_oracles.py;
here it is asked that the right rows reach them, and that n is that of the smaller side.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from asked import incomparable, one

from analysis.declarations.study import Allocation, Rollout, Study
from analysis.foundation.findings import Contrast, Group, names_in
from analysis.outcomes.comparison_designs import RolledOut, evaluate_comparisons
from analysis.outcomes.scores_over_waves import scores_over_waves
from analysis.storage.declared import read_study
from heard.effects.designs.difference_in_differences import (
    Comparison,
    difference_in_differences,
)
from heard.effects.designs.negative_controls import falsification_table
from heard.effects.designs.parallel_trends import trend_sensitivity
from heard.effects.designs.randomisation import placebo_comparison
from heard.effects.designs.staggered_adoption import staggered_effects
from heard.effects.designs.stepped_wedge import stepped_wedge, wedge_mixed_model
from heard.models.random_streams import generator

WHOLE = read_study("listening-pilot")
TEAMS = [team.name for team in WHOLE.teams]
WAVES = ("w1", "w2", "w3", "w4", "w5", "w6")
STARTS = dict(zip(TEAMS[:9], ["w3"] * 3 + ["w4"] * 3 + ["w5"] * 3, strict=True))
ARMS = Contrast("pilot", "comparison")


def study_of(*outcomes: str, waves: tuple[str, ...] = WAVES, **more: object) -> Study:
    """The study with some outcomes, compared over these waves."""
    first = WHOLE.waves[0]
    exports = {
        wave: [dataclasses.replace(e, wave=wave) for e in first.exports]
        for wave in waves
    }
    kept = [
        dataclasses.replace(one, baseline=waves[0], follow_ups=waves[1:])
        for one in WHOLE.outcomes
        if one.name in outcomes
    ]
    changes = {
        "waves": tuple(
            dataclasses.replace(first, name=wave, exports=tuple(exports[wave]))
            for wave in waves
        ),
        "outcomes": tuple(kept),
        "groups": (),
        "plan": None,
        **more,
    }
    return dataclasses.replace(WHOLE, **changes)  # type: ignore[arg-type]


def scores_of(
    study: Study, effect: float = 0.0, people: int = 14
) -> dict[str, dict[str, pd.DataFrame]]:
    """Scores of all waves: teams differ and drift, those started gain `effect`."""
    levels = generator("compared levels", study.name).normal(0, 1, len(TEAMS))
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for place, wave in enumerate(study.wave_names()):
        found[wave] = {}
        for survey in dict.fromkeys(outcome.survey for outcome in study.outcomes):
            draws = generator("compared tests", f"{survey} {wave}")
            at = np.repeat(np.arange(len(TEAMS)), people)
            frame = pd.DataFrame(
                {
                    "participant": [f"p{number}" for number in range(len(at))],
                    "team": np.array(TEAMS)[at],
                    "arm": np.array([team.arm for team in study.teams])[at],
                    "site": np.array([team.site for team in study.teams])[at],
                }
            )
            has = np.array([_has(study, team, place) for team in TEAMS], dtype=float)
            for outcome in study.outcomes:
                score = 30 + levels[at] + 0.3 * place + draws.normal(0, 2, len(at))
                score = score + effect * has[at]
                if outcome.survey == survey:
                    name = f"{outcome.instrument}.{outcome.subscale}"
                    frame[name] = score
            found[wave][survey] = frame
    return found


def _has(study: Study, team: str, place: int) -> bool:
    if study.rollout is None:
        return (
            place > 0 and next(t.arm for t in study.teams if t.name == team) == "pilot"
        )
    start = study.rollout.starts.get(team)
    return start is not None and study.wave_names().index(start) <= place


def rows_of(scores: dict[str, dict[str, pd.DataFrame]], study: Study) -> pd.DataFrame:
    """All waves of the first outcome below each other, by hand."""
    one = study.outcomes[0]
    rows = pd.concat(
        scores[wave][one.survey].assign(wave=wave) for wave in study.wave_names()
    )
    return rows.rename(
        columns={f"{one.instrument}.{one.subscale}": "score", "team": "cluster"}
    ).reset_index(drop=True)


def numbers(found: object) -> tuple[float | None, ...]:
    return tuple(
        getattr(found, name, None) for name in ("estimate", "conf_low", "conf_high")
    )


CARE = study_of("care")
CARE_ROLLED = study_of(
    "care",
    rollout=Rollout(unit="team", starts=STARTS),
    allocation=Allocation(unit="team"),
)


NOT_LINKED = "the answers of all waves, teams weighted by answers"


def test_arms_are_compared_over_all_waves_with_the_baseline_before() -> None:
    scores = scores_of(CARE, effect=3.0)
    found = evaluate_comparisons(scores, CARE)
    by_hand = difference_in_differences(
        rows_of(scores, CARE),
        Comparison(waves=WAVES, started="w2", treated="pilot", control="comparison"),
    )
    reported = one(found, term="difference_in_differences")
    assert numbers(reported) == numbers(by_hand.difference_in_differences)
    not_planned = Group("not_planned", NOT_LINKED)
    assert (reported.wave, reported.arm, reported.group) == ("", ARMS, not_planned)
    assert reported.estimate == pytest.approx(3, abs=1)
    for part in by_hand.by_wave:
        wave = Contrast(part.wave, "w1")
        effect = one(found, term="event_study_effect", wave=wave)
        assert numbers(effect) == numbers(part.event_study_effect)
        assert effect.n == 6 * 14
        assert effect.group == not_planned
    assert one(found, term="pre_trend_p_value").estimate is None


def test_two_waves_of_arms_are_left_to_the_outcomes() -> None:
    study = study_of("care", waves=("w1", "w2"))
    assert evaluate_comparisons(scores_of(study), study) == ()


def test_waves_before_the_baseline_show_whether_arms_moved_alike() -> None:
    later = dataclasses.replace(
        CARE.outcomes[0], baseline="w3", follow_ups=("w4", "w6")
    )
    study = dataclasses.replace(CARE, outcomes=(later,))
    scores = scores_of(study)
    found = evaluate_comparisons(scores, study)
    comparison = Comparison(
        waves=("w1", "w2", "w3", "w4", "w6"),
        started="w4",
        treated="pilot",
        control="comparison",
    )
    rows = rows_of(scores, study)
    by_hand = difference_in_differences(rows, comparison)
    p_value = one(found, term="pre_trend_p_value")
    assert p_value.estimate == by_hand.pre_trend_p_value.estimate  # type: ignore[union-attr]
    bounds = trend_sensitivity(rows, comparison).by_departure
    for bound in bounds:
        reported = one(
            found, term="trend_robust_effect", group=Group("departure", bound.departure)
        )
        assert numbers(reported) == numbers(bound.trend_robust_effect)
    assert not [part for part in found if "w5" in names_in(part.wave)]


def test_people_followed_count_in_the_team_they_were_first_seen_in() -> None:
    study = study_of("culture", waves=WAVES[:3])
    scores = scores_of(study, effect=1.0)
    as_it_was = evaluate_comparisons(scores, study)
    moved = scores["w3"]["staff"]
    moved.loc[:3, ["team", "arm"]] = [TEAMS[-1], "comparison"]
    assert evaluate_comparisons(scores, study) == as_it_was
    assert (
        "linked participant" in one(as_it_was, term="difference_in_differences").method
    )


def test_n_is_that_of_the_smaller_side_at_the_smaller_time() -> None:
    scores = scores_of(CARE)
    few = scores["w4"]["ratings"]
    scores["w4"]["ratings"] = few.loc[(few["arm"] == "pilot") | (few.index % 14 < 2)]
    found = evaluate_comparisons(scores, CARE)
    sides = {part.wave: part.n for part in found if part.term == "event_study_effect"}
    assert sides == {Contrast(f"w{k}", "w1"): 12 if k == 4 else 84 for k in range(2, 7)}


def test_each_start_stands_beside_those_that_never_had_the_pilot() -> None:
    scores = scores_of(CARE_ROLLED, effect=3.0)
    found = evaluate_comparisons(scores, CARE_ROLLED)
    rows = rows_of(scores, CARE_ROLLED)
    for start in ("w3", "w4", "w5"):
        here = rows["cluster"].map(STARTS).fillna("never")
        by_hand = difference_in_differences(
            rows.assign(arm=here),
            Comparison(waves=WAVES, started=start, treated=start, control="never"),
        )
        group = Group("start", start)
        reported = one(found, term="difference_in_differences", group=group)
        assert numbers(reported) == numbers(by_hand.difference_in_differences)
        before = one(found, term="pre_trend_p_value", group=group)
        if start != "w5":
            assert before.estimate == by_hand.pre_trend_p_value.estimate  # type: ignore[union-attr]
    assert all(part.arm == "" for part in found)


def test_where_all_start_the_last_serve_until_they_do() -> None:
    starts = STARTS | dict.fromkeys(TEAMS[9:], "w6")
    study = dataclasses.replace(
        CARE_ROLLED, rollout=Rollout(unit="team", starts=starts)
    )
    scores = scores_of(study, effect=3.0)
    found = evaluate_comparisons(scores, study)
    rows = rows_of(scores, study)
    here = rows["cluster"].map(starts)
    by_hand = difference_in_differences(
        rows.assign(arm=here),
        Comparison(waves=WAVES[:5], started="w3", treated="w3", control="w6"),
    )
    reported = one(found, term="difference_in_differences", group=Group("start", "w3"))
    assert numbers(reported) == numbers(by_hand.difference_in_differences)
    groups = {part.group for part in found if part.term == "difference_in_differences"}
    assert groups == {Group("start", wave) for wave in ("w3", "w4", "w5")}


def test_where_few_never_start_the_last_join_them_until_they_do() -> None:
    starts = STARTS | {TEAMS[9]: "w6", TEAMS[10]: "w6"}
    study = dataclasses.replace(
        CARE_ROLLED, rollout=Rollout(unit="team", starts=starts)
    )
    scores = scores_of(study, effect=3.0)
    found = evaluate_comparisons(scores, study)
    rows = rows_of(scores, study)
    here = rows["cluster"].map(starts).fillna("w6")
    by_hand = difference_in_differences(
        rows.assign(arm=here),
        Comparison(waves=WAVES[:5], started="w4", treated="w4", control="w6"),
    )
    reported = one(found, term="difference_in_differences", group=Group("start", "w4"))
    assert numbers(reported) == numbers(by_hand.difference_in_differences)


def test_a_roll_out_has_its_course_since_the_start_and_its_placebo() -> None:
    scores = scores_of(CARE_ROLLED, effect=3.0)
    found = evaluate_comparisons(scores, CARE_ROLLED)
    rows = rows_of(scores, CARE_ROLLED)
    rows = rows.assign(start=rows["cluster"].map(STARTS))
    staggered = staggered_effects(rows, waves=WAVES, seed="listening-pilot care")
    reported = one(found, term="staggered_effect")
    assert numbers(reported) == numbers(staggered.staggered_effect)
    assert reported.estimate == pytest.approx(3, abs=1)
    assert reported.n == min(14 * 27, 14 * 45)
    for part in staggered.by_event_time:
        group = Group("waves_since_start", part.waves_since_start)
        effect = one(found, term="event_time_effect", group=group)
        assert numbers(effect) == numbers(part.event_time_effect)
        assert effect.n is not None
        assert effect.n <= 14 * 9
    placebo = placebo_comparison(
        rows,
        treated=TEAMS[:9],
        before="w2",
        after="w6",
        unit="cluster",
        seed="listening-pilot care",
    )
    reported = one(found, term="placebo_p_value")
    assert reported.estimate == placebo.placebo_p_value.estimate  # type: ignore[union-attr]
    assert (reported.wave, reported.n) == (Contrast("w6", "w2"), 3 * 14)
    floor = one(found, term="placebo_smallest_possible_p_value").estimate
    assert floor == pytest.approx(1 / 220, rel=1e-12)


def test_orders_of_starting_are_tried_where_lots_were_drawn_alone() -> None:
    scores = scores_of(CARE_ROLLED, effect=3.0)
    chosen = one(evaluate_comparisons(scores, CARE_ROLLED), term="stepped_wedge_effect")
    assert "lots" in chosen.reason
    study = dataclasses.replace(
        CARE_ROLLED, allocation=Allocation(unit="team", randomised=True)
    )
    rows = rows_of(scores, study)
    rows = rows.assign(start=rows["cluster"].map(STARTS))
    by_hand = stepped_wedge(rows, waves=WAVES, seed="listening-pilot care")
    found = evaluate_comparisons(scores, study)
    reported = one(found, term="stepped_wedge_effect")
    assert numbers(reported) == numbers(by_hand.stepped_wedge_effect)


def other_effects(study: Study) -> tuple[pd.DataFrame, dict[str, object]]:
    """All rows by hand, and what other analyses of starting give, without their n."""
    scores = scores_of(study, effect=3.0)
    (outcome,) = study.outcomes
    rolled = RolledOut(
        study=study,
        outcome=outcome,
        outcome_scores=scores_over_waves(scores, study, outcome, links=None),
    )
    rows = rows_of(scores, study)
    found = dict(rolled.other_effects())
    planned, _ = rolled.effect_of_starting()
    assert {(one.n, one.n_unit) for one in found.values()} == {
        (planned.n, planned.n_unit)
    }
    return rows.assign(start=rows["cluster"].map(STARTS)), found  # type: ignore[return-value]


def test_other_analyses_of_chosen_starts_are_those_of_the_library() -> None:
    rows, found = other_effects(CARE_ROLLED)
    by_hand = staggered_effects(rows, waves=WAVES)
    never = staggered_effects(rows, waves=WAVES, compared_with="never")
    half, whole = (part.trend_robust_effect for part in by_hand.by_departure)
    expected = {
        "only against those that never start": never.staggered_effect,
        "every time since the start counted alike": by_hand.staggered_effect_over_times,
        "courses may part half as much as before": half,
        "courses may part as much as before": whole,
    }
    assert list(found) == list(expected)
    for name, result in expected.items():
        assert numbers(found[name]) == numbers(result), name


def test_other_analyses_of_a_drawn_order_are_those_of_the_library() -> None:
    study = dataclasses.replace(
        CARE_ROLLED, allocation=Allocation(unit="team", randomised=True)
    )
    rows, found = other_effects(study)
    first = rows.assign(start=rows["start"].where(rows["start"] <= "w4", None))
    expected = {
        "each start against those still waiting": staggered_effects(
            rows, waves=WAVES
        ).staggered_effect,
        "mixed model, teams may drift": wedge_mixed_model(rows, waves=WAVES),
        # Six of the twelve have started at the fourth wave.
        "only the waves until half had started": stepped_wedge(
            first, waves=WAVES[:4], seed="listening-pilot care"
        ).stepped_wedge_effect,
    }
    assert list(found) == list(expected)
    for name, result in expected.items():
        assert numbers(found[name]) == numbers(result), name


def test_a_start_between_two_waves_of_an_outcome_counts_from_the_next() -> None:
    later = dataclasses.replace(CARE_ROLLED.outcomes[0], follow_ups=("w2",))
    study = dataclasses.replace(CARE_ROLLED, outcomes=(later,))
    scores = scores_of(study, effect=3.0)
    for wave in ("w3", "w5"):
        scores[wave]["ratings"] = scores[wave]["ratings"].drop(columns="care.total")
    found = evaluate_comparisons(scores, study)
    groups = {part.group for part in found if part.term == "difference_in_differences"}
    assert groups == {Group("start", "w4"), Group("start", "w6")}


def test_sites_that_start_are_told_of_by_name_and_teams_are_not() -> None:
    scores = scores_of(CARE_ROLLED)
    found = evaluate_comparisons(scores, CARE_ROLLED)
    assert not [part for part in found if part.term.startswith("conformal")]
    site = WHOLE.sites[0].name
    study = dataclasses.replace(
        CARE_ROLLED, rollout=Rollout(unit="site", starts={site: "w3"})
    )
    # Eight organisations: of two alone nothing could be told.
    for surveys in scores.values():
        frame = surveys["ratings"]
        places = frame["team"].map(TEAMS.index) % 8
        frame["site"] = np.where(places == 0, site, "other " + places.astype(str))
    found = evaluate_comparisons(scores, study)
    reported = one(found, term="conformal_effect")
    assert (reported.group, reported.n) == (site, 2 * 14)
    assert one(found, term="placebo_smallest_possible_p_value").estimate == 1 / 8


def plan_with(*controls: str) -> object:
    assert WHOLE.plan is not None
    return dataclasses.replace(WHOLE.plan, negative_controls=controls)


def test_negative_controls_stand_beside_the_outcomes_by_the_same_model() -> None:
    study = study_of("care", "cares", "important", plan=plan_with("cares", "important"))
    scores = scores_of(study, effect=2.0)
    found = evaluate_comparisons(scores, study)
    rows = pd.concat(
        scores[wave]["ratings"].assign(wave=wave) for wave in WAVES
    ).rename(columns={"team": "cluster"})
    names = [f"{o.instrument}.{o.subscale}" for o in study.outcomes]
    by_hand = falsification_table(
        rows,
        Comparison(waves=WAVES, started="w2", treated="pilot", control="comparison"),
        outcomes=names[:1],
        negative_controls=names[1:],
    )
    for outcome, row in zip(study.outcomes, by_hand.by_outcome, strict=True):
        place = {"subscale": outcome.subscale, "group": row.role}
        effect = one(found, term="falsification_effect", **place)
        assert numbers(effect) == numbers(row.falsification_effect)
        assert effect.n == 84
        spread = one(found, term="falsification_standardised_effect", **place)
        assert numbers(spread) == numbers(row.falsification_standardised_effect)
    holm = [p for p in found if p.term == "falsification_holm_p_value"]
    assert [p.subscale for p in holm] == ["cares", "important"]
    smallest = one(found, term="smallest_negative_control_p_value")
    assert smallest.estimate == by_hand.smallest_negative_control_p_value.estimate  # type: ignore[union-attr]


def test_controls_of_a_roll_out_are_compared_as_it_is() -> None:
    study = dataclasses.replace(
        study_of("care", "cares", plan=plan_with("cares")), rollout=CARE_ROLLED.rollout
    )
    scores = scores_of(study, effect=2.0)
    found = evaluate_comparisons(scores, study)
    for role, subscale in (("outcome", "total"), ("negative_control", "cares")):
        effect = one(found, term="falsification_effect", group=role, subscale=subscale)
        whole = one(found, term="staggered_effect", subscale=subscale)
        assert numbers(effect) == numbers(whole)


def test_a_score_that_means_something_else_later_is_refused_where_it_counts() -> None:
    verdict = incomparable(CARE, Contrast("w4", "w1"))
    found = evaluate_comparisons(scores_of(CARE), CARE, comparability=(verdict,))
    refused = {part.wave for part in found if "do not measure" in part.reason}
    assert refused == {Contrast("w4", "w1"), ""}
    reported = one(found, term="event_study_effect", wave=Contrast("w3", "w1"))
    assert reported.estimate is not None


def test_controls_without_anything_to_compare_say_so() -> None:
    study = study_of(
        "care", "cares", plan=plan_with("cares"), allocation=Allocation(unit="person")
    )
    found = evaluate_comparisons(scores_of(study), study)
    assert {part.estimate for part in found} == {None}
    assert all(
        "nothing whose change" in part.reason
        for part in found
        if part.subscale == "cares"
    )


def test_one_team_with_the_pilot_gives_reasons_and_no_number() -> None:
    study = dataclasses.replace(
        CARE_ROLLED, rollout=Rollout(unit="team", starts={TEAMS[0]: "w3"})
    )
    found = evaluate_comparisons(scores_of(study), study)
    reported = one(found, term="difference_in_differences")
    assert reported.estimate is None
    assert reported.reason
    assert one(found, term="placebo_p_value").estimate is not None


def test_without_a_score_every_answer_is_a_reason() -> None:
    scores = scores_of(CARE)
    for surveys in scores.values():
        surveys["ratings"]["care.total"] = np.nan
    found = evaluate_comparisons(scores, CARE)
    assert found
    assert not [part for part in found if part.estimate is not None or not part.reason]
