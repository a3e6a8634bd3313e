"""Groups compared in a study: by hand, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from asked import incomparable, one
from scipy import stats

from analysis.declarations.study import Allocation, Study
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.subgroups import evaluate_groups
from analysis.storage.declared import read_study
from heard.effects.subgroups.effects import effects_by_group, subgroup_gaps
from heard.effects.subgroups.inequality_indices import inequality_indices
from heard.effects.subgroups.shrinkage import shrunken_groups
from heard.models.random_streams import generator

WHOLE = read_study("listening-pilot")
CHANGE = Contrast("later", "before")
ARMS = Contrast("pilot", "comparison")
AGES = ("under 35", "35 to 54", "55 or over")
ROLES = ("nurse", "support worker", "therapist", "other role")


def narrowed(outcome: str, **more: object) -> Study:
    """The study with one outcome and the grouping of its survey."""
    (kept,) = (one for one in WHOLE.outcomes if one.name == outcome)
    groups = tuple(one for one in WHOLE.groups if one.survey == kept.survey)
    changes: dict[str, object] = {"outcomes": (kept,), "groups": groups, **more}
    return dataclasses.replace(WHOLE, **changes)  # type: ignore[arg-type]


CARE = narrowed("care")
CONFIDENCE = narrowed("confidence")


def answers(study: Study, wave: str, people: int = 20) -> pd.DataFrame:
    """Scores of a wave; everyone has a name, of use where waves are linked."""
    draws = generator("for whom tests", wave)
    (outcome,), (grouping,) = study.outcomes, study.groups
    names = AGES if grouping.name == "age" else ROLES
    teams = np.repeat([team.name for team in study.teams], people)
    frame = pd.DataFrame(
        {
            "participant": [f"p{place}" for place in range(len(teams))],
            "team": teams,
            "arm": np.repeat([team.arm for team in study.teams], people),
            "site": "",
            grouping.column: draws.choice(names, len(teams)),
        }
    )
    score = draws.normal(30, 5, len(teams))
    return frame.assign(**{f"{outcome.instrument}.{outcome.subscale}": score})


def by_wave(study: Study, people: int = 20) -> dict[str, dict[str, pd.DataFrame]]:
    survey = study.outcomes[0].survey
    return {wave: {survey: answers(study, wave, people)} for wave in study.wave_names()}


def frame_of(scores: pd.DataFrame, study: Study) -> pd.DataFrame:
    (outcome,), (grouping,) = study.outcomes, study.groups
    return pd.DataFrame(
        {
            "score": scores[f"{outcome.instrument}.{outcome.subscale}"],
            "group": scores[grouping.column],
            "cluster": scores["team"],
            "arm": scores["arm"],
        }
    )


def numbers(found: Finding) -> tuple[float | None, ...]:
    return found.estimate, found.conf_low, found.conf_high


def test_means_and_gaps_are_those_of_everyone_at_that_wave() -> None:
    scores = by_wave(CARE)
    found = evaluate_groups(scores, CARE)
    for wave in CARE.wave_names():
        frame = frame_of(scores[wave]["ratings"], CARE)
        for part in shrunken_groups(frame, cluster="cluster").groups:
            reported = one(
                found, wave=wave, group=Group("subgroup", part.group, of="age")
            )
            assert reported.term == "shrunken_mean"
            assert reported.n == (frame["group"] == part.group).sum()
            assert reported.estimate == part.shrunken_mean.estimate  # type: ignore[union-attr]
        gaps = subgroup_gaps(frame, reference="35 to 54", cluster="cluster")
        for gap in gaps.groups[1:]:
            place = {
                "wave": wave,
                "group": Group("subgroup", gap.group, "35 to 54", of="age"),
            }
            if wave == "after":
                groups = [part.group for part in found if part.wave == wave]
                assert not [g for g in groups if isinstance(g, Group) and g.reference]
                continue
            means = frame.groupby("group")["score"].mean()
            reported = one(found, **place)
            assert reported.estimate == pytest.approx(
                means[gap.group] - means["35 to 54"], rel=1e-10
            )
            assert numbers(reported)[1:] == (
                gap.gap_difference.conf_low,  # type: ignore[union-attr]
                gap.gap_difference.conf_high,  # type: ignore[union-attr]
            )


def test_of_different_people_what_was_added_is_a_difference_in_change() -> None:
    """Worked out cell by cell: team and group, weighing by who answered after."""
    scores = by_wave(CARE)
    found = evaluate_groups(scores, CARE)
    before, after = (frame_of(scores[w]["ratings"], CARE) for w in ("before", "later"))
    for group in AGES:
        means = {}
        for arm in ("pilot", "comparison"):
            total, people = 0.0, 0
            for team in before["cluster"].unique():
                cells = [
                    wave.loc[
                        (wave["cluster"] == team)
                        & (wave["group"] == group)
                        & (wave["arm"] == arm),
                        "score",
                    ]
                    for wave in (before, after)
                ]
                if len(cells[0]) and len(cells[1]):
                    gained = cells[1].mean() - cells[0].mean()
                    total += len(cells[1]) * gained
                    people += len(cells[1])
            means[arm] = total / people
        reported = one(
            found, wave=CHANGE, arm=ARMS, group=Group("subgroup", group, of="age")
        )
        assert reported.estimate == pytest.approx(
            means["pilot"] - means["comparison"], rel=1e-9
        )


def test_n_of_what_was_added_is_the_smallest_side_of_both_waves() -> None:
    scores = by_wave(CARE)
    earlier = scores["before"]["ratings"]
    gone = (earlier["age_band"] == "under 35") & (earlier["arm"] == "comparison")
    # One of each team is left, so that everybody after has a baseline.
    kept = earlier[gone].groupby("team").head(1).index
    scores["before"]["ratings"] = earlier[~gone | earlier.index.isin(kept)]
    found = evaluate_groups(scores, CARE)
    place = {"wave": CHANGE, "arm": ARMS}
    assert one(found, group=Group("subgroup", "under 35", of="age"), **place).n == 6
    assert (
        one(found, group=Group("subgroup", "under 35", "35 to 54", of="age"), **place).n
        == 6
    )
    assert one(found, group=Group("subgroup", of="age"), **place).n == 6
    others = one(found, group=Group("subgroup", "55 or over", of="age"), **place).n
    assert others is not None
    assert others > 6


def test_linked_people_change_by_themselves_and_keep_their_first_group() -> None:
    scores = by_wave(CONFIDENCE)
    found = evaluate_groups(scores, CONFIDENCE)
    before, after = (
        frame_of(scores[w]["staff"], CONFIDENCE) for w in ("before", "later")
    )
    change = before.assign(score=after["score"] - before["score"])
    expected = effects_by_group(
        change,
        treated="pilot",
        control="comparison",
        reference="nurse",
        score="score",
        before=None,
        cluster="cluster",
    )
    place = {"wave": CHANGE, "arm": ARMS}
    for part in expected.groups:
        reported = one(found, group=Group("subgroup", part.group, of="role"), **place)
        result = part.effect_in_group
        assert numbers(reported) == pytest.approx(
            (result.estimate, result.conf_low, result.conf_high),  # type: ignore[union-attr]
            rel=1e-12,
        )
        assert reported.n == result.n
    p = one(found, group=Group("subgroup", of="role"), **place)
    assert p.estimate == expected.interaction_p_value.estimate  # type: ignore[union-attr]


def test_where_people_were_allocated_it_is_adjusted_for_before() -> None:
    study = dataclasses.replace(
        CONFIDENCE, allocation=dataclasses.replace(CONFIDENCE.allocation, unit="person")
    )
    scores = by_wave(study)
    found = evaluate_groups(scores, study)
    before, after = (frame_of(scores[w]["staff"], study) for w in ("before", "later"))
    both = before.assign(before=before["score"], after=after["score"])
    expected = effects_by_group(
        both, treated="pilot", control="comparison", reference="nurse"
    )
    reported = one(found, wave=CHANGE, group=Group("subgroup", "nurse", of="role"))
    assert reported.estimate == expected.groups[0].effect_in_group.estimate  # type: ignore[union-attr]
    assert "adjusted for the score before" in reported.method


def test_different_people_without_teams_have_no_effect_a_group() -> None:
    study = dataclasses.replace(
        CARE, allocation=dataclasses.replace(CARE.allocation, unit="person")
    )
    found = evaluate_groups(by_wave(study), study)
    (reported,) = (part for part in found if part.wave == CHANGE)
    assert reported.estimate is None
    assert "nobody's group has a change" in reported.reason


def test_without_teams_a_gap_is_welchs() -> None:
    study = dataclasses.replace(
        CARE, allocation=dataclasses.replace(CARE.allocation, unit="person")
    )
    scores = by_wave(study)
    frame = frame_of(scores["before"]["ratings"], study)
    sides = [frame.loc[frame["group"] == g, "score"] for g in ("under 35", "35 to 54")]
    ends = stats.ttest_ind(*sides, equal_var=False).confidence_interval()
    reported = one(
        evaluate_groups(scores, study),
        wave="before",
        group=Group("subgroup", "under 35", "35 to 54", of="age"),
    )
    assert (reported.conf_low, reported.conf_high) == pytest.approx(
        (ends.low, ends.high)
    )


def test_without_arms_there_are_means_and_gaps_alone() -> None:
    study = dataclasses.replace(CARE, allocation=Allocation(unit="team"))
    found = evaluate_groups(by_wave(study), study)
    assert {part.term for part in found} == {"shrunken_mean", "gap_difference"}


def test_along_an_order_the_ends_are_compared() -> None:
    (age,) = CARE.groups
    study = narrowed(
        "care", groups=(dataclasses.replace(age, order=AGES, reference=AGES[0]),)
    )
    scores = by_wave(study)
    found = evaluate_groups(scores, study)
    frame = frame_of(scores["later"]["ratings"], study)
    lowest = study.instruments["care"].subscale("total").lowest
    expected = inequality_indices(
        frame, order=AGES, rank="group", cluster="cluster", lowest=lowest
    )
    for result in expected.results():
        reported = one(
            found, wave="later", term=result.term, group=Group("subgroup", of="age")
        )
        assert reported.estimate == result.estimate  # type: ignore[union-attr]
    order = [p.group for p in found if p.wave == "later" and p.term == "shrunken_mean"]
    assert order == [Group("subgroup", name, of="age") for name in AGES]


def test_who_is_in_no_group_or_no_team_is_counted_apart() -> None:
    scores = by_wave(CARE)
    wave = scores["before"]["ratings"]
    wave["age_band"] = wave["age_band"].where(wave.index >= 7)
    wave["team"] = wave["team"].where(wave.index < 237, "")
    found = evaluate_groups(scores, CARE)
    reported = one(found, wave="before", term="participants_without_group")
    assert (reported.estimate, reported.n) == (10.0, 10)
    assert reported.group == Group("subgroup", of="age")
    levels = (p for p in found if p.wave == "before" and p.term == "shrunken_mean")
    assert sum(p.n or 0 for p in levels) == len(wave) - 10


def test_two_groups_are_told_as_they_are() -> None:
    scores = by_wave(CARE)
    for wave in scores.values():
        frame = wave["ratings"]
        wave["ratings"] = frame[frame["age_band"] != "55 or over"]
    found = evaluate_groups(scores, CARE)
    reported = one(found, wave="before", group=Group("subgroup", "35 to 54", of="age"))
    frame = scores["before"]["ratings"]
    own = frame.loc[frame["age_band"] == "35 to 54", "care.total"].mean()
    assert reported.term == "group_mean"
    assert reported.estimate == pytest.approx(own)


def test_a_score_of_yes_or_no_is_refused() -> None:
    care = CARE.instruments["care"]
    (total,) = care.subscales
    yes_or_no = dataclasses.replace(total, method="all_highest")
    changed = dataclasses.replace(care, subscales=(yes_or_no,))
    study = dataclasses.replace(CARE, instruments={**CARE.instruments, "care": changed})
    (reported,) = evaluate_groups(by_wave(study), study)
    assert reported.estimate is reported.n is None
    assert "yes or no" in reported.reason


def test_nobody_of_any_group_gives_reasons_and_no_number() -> None:
    scores = by_wave(CARE)
    for wave in scores.values():
        wave["ratings"]["age_band"] = None
    found = evaluate_groups(scores, CARE)
    numbers_told = {part.term for part in found if part.estimate is not None}
    assert numbers_told == {"participants_without_group"}
    assert all(part.reason for part in found if part.estimate is None)


def test_what_the_outcomes_refuse_is_refused_here() -> None:
    verdict = incomparable(CARE, CHANGE)
    found = evaluate_groups(by_wave(CARE), CARE, comparability=[verdict])
    across = [part for part in found if part.wave == CHANGE]
    assert across
    assert all("do not measure the same" in part.reason for part in across)
    assert all(part.estimate is None for part in across)
    within = [part for part in found if part.wave != CHANGE]
    assert all(part.estimate is not None for part in within)


def test_the_order_of_rows_changes_nothing() -> None:
    scores = by_wave(CARE)
    turned = {w: {"ratings": s["ratings"].iloc[::-1]} for w, s in scores.items()}
    for first, second in zip(
        evaluate_groups(scores, CARE), evaluate_groups(turned, CARE), strict=True
    ):
        assert (first.term, first.group, first.n) == (
            second.term,
            second.group,
            second.n,
        )
        assert first.estimate == pytest.approx(second.estimate, rel=1e-9, abs=1e-12)
