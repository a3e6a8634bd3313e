"""An outcome is judged by its planned interval, in the direction that is better."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.judgement import Judged, is_one_question, worth_of
from analysis.outcomes.question import questions_of
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.results import Estimate

if TYPE_CHECKING:
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Place

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
STUDY = dataclasses.replace(
    WHOLE,
    outcomes=tuple(
        dataclasses.replace(outcome, follow_ups=("after",))
        for outcome in WHOLE.outcomes
        if outcome.name in ("care", "culture")
    ),
    groups=(),
)
ARMS = Contrast("pilot", "comparison")
WAVES = Contrast("after", "before")


def scores(survey: str, wave: str, *, lift: float) -> pd.DataFrame:
    draws = generator("answers tests", survey, wave)
    arms = {team.name: team.arm for team in STUDY.teams}
    team = np.repeat([*arms], 12)
    frame = pd.DataFrame({"team": team, "arm": [arms[name] for name in team]})
    frame = frame.assign(
        participant=[f"{survey} {place}" for place in range(len(team))], site=""
    )
    person = generator("answers tests", survey).normal(size=len(team))
    for outcome in STUDY.outcomes:
        if outcome.survey == survey:
            scale = STUDY.instruments[outcome.instrument].subscale(outcome.subscale)
            middle, width = (
                (scale.lowest + scale.highest) / 2,
                scale.highest - scale.lowest,
            )
            treated = (frame["arm"] == "pilot").to_numpy(float)
            score = person + 0.5 * draws.normal(size=len(team)) + lift * treated
            # In points of a scale that is 40 wide; on others as large a share of it.
            frame[f"{outcome.instrument}.{outcome.subscale}"] = (
                middle + score * width / 40
            )
    return frame


def by_wave(lift: float) -> dict[str, dict[str, pd.DataFrame]]:
    return {
        wave: {
            survey: scores(survey, wave, lift=lift * (wave != "before"))
            for survey in ("staff", "ratings")
        }
        for wave in STUDY.wave_names()
    }


def evaluated(
    study: Study = STUDY, *, lift: float = 2.5, reliability: tuple[Finding, ...] = ()
) -> list[Finding]:
    found = evaluate_outcomes(by_wave(lift), study, reliability=reliability)
    return [part for part in found if part.wave == WAVES]


def of(found: list[Finding], term: str, instrument: str = "care") -> list[Finding]:
    return [p for p in found if p.term == term and p.instrument == instrument]


def verdict(study: Study = STUDY, *, lift: float = 2.5) -> Finding:
    (found,) = of(evaluated(study, lift=lift), "verdict")
    return found


def code(found: Finding) -> str:
    assert isinstance(found.group, Group)
    assert found.group.kind == "verdict"
    return found.group.value


def turned() -> Study:
    """The study where a lower score of empathy is a better one."""
    care = STUDY.instruments["care"]
    subscales = tuple(
        dataclasses.replace(part, direction="higher_is_worse")
        for part in care.subscales
    )
    low = dataclasses.replace(care, subscales=subscales)
    return dataclasses.replace(STUDY, instruments={**STUDY.instruments, "care": low})


def of_care(**changes: object) -> Study:
    def change(outcome: Outcome) -> Outcome:
        if outcome.name != "care":
            return outcome
        return dataclasses.replace(outcome, **changes)  # type: ignore[arg-type]

    return dataclasses.replace(STUDY, outcomes=tuple(map(change, STUDY.outcomes)))


@pytest.mark.parametrize(
    ("lift", "expected"),
    # The smallest effect that matters is 2; the interval reaches about .4 either way.
    [
        (3.5, "better_by_enough"),
        (0.0, "little_or_none"),
        (2.0, "better"),
        (-2.0, "worse"),
        (-3.5, "worse_by_enough"),
    ],
)
def test_the_planned_interval_is_judged_by_the_smallest_effect(
    lift: float, expected: str
) -> None:
    found = evaluated(lift=lift)
    (judged,) = of(found, "verdict")
    assert code(judged) == expected
    assert judged.estimate == 2
    assert judged.arm == ARMS
    (planned,) = (p for p in of(found, "difference_in_change") if p.arm == ARMS)
    assert planned.conf_low is not None
    assert planned.conf_high is not None
    bounds = {
        "better_by_enough": (2, np.inf),
        "little_or_none": (-2, 2),
        "better": (0, np.inf),
        "worse": (-np.inf, 0),
        "worse_by_enough": (-np.inf, -2),
    }
    low, high = bounds[expected]
    assert low < planned.conf_low < planned.conf_high < high


def test_without_a_smallest_effect_only_the_direction_is_judged() -> None:
    found = verdict(of_care(smallest_effect=None), lift=3.5)
    assert code(found) == "better"
    assert found.estimate is None
    assert "no smallest effect" in found.reason


def test_where_less_is_better_a_fall_is_wanted() -> None:
    assert code(verdict(turned(), lift=-3.5)) == "better_by_enough"
    assert code(verdict(turned(), lift=3.5)) == "worse_by_enough"


def test_people_allocated_are_judged_at_equal_scores_before() -> None:
    allocation = dataclasses.replace(STUDY.allocation, unit="person", randomised=True)
    (outcome,) = (one for one in STUDY.outcomes if one.name == "culture")
    study = dataclasses.replace(
        STUDY, allocation=allocation, outcomes=(outcome,), plan=None
    )
    found = evaluated(study, lift=8)
    (planned,) = (
        p for p in of(found, "adjusted_difference", "seed_culture") if p.arm == ARMS
    )
    waves = by_wave(8)
    first, second = (
        waves[wave]["staff"].set_index("participant") for wave in ("before", "after")
    )
    name = "seed_culture.total"
    frame = pd.DataFrame({"arm": first["arm"], "b": first[name], "a": second[name]})
    frame["treated"] = (frame["arm"] == "pilot").astype(float)
    fit = smf.ols("a ~ treated + b", frame).fit(cov_type="HC3", use_t=True)
    peer = (fit.params["treated"], *fit.conf_int().loc["treated"])
    own = (planned.estimate, planned.conf_low, planned.conf_high)
    assert own == pytest.approx(peer, rel=1e-9)  # the same least squares
    (judged,) = of(found, "verdict", "seed_culture")
    assert code(judged) == "better_by_enough"
    assert not of(found, "sensitivity_effect", "seed_culture")


def alpha(subscale: str, instrument: str) -> Finding:
    return Finding(
        study=STUDY.name,
        survey="staff",
        instrument=instrument,
        subscale=subscale,
        wave="before",
        term="cronbach_alpha",
        estimate=0.85,
        conf_low=0.8,
        conf_high=0.9,
        n=140,
        method="made up",
    )


def test_responders_are_counted_where_a_reliability_is_known() -> None:
    assert not [part for part in evaluated() if part.term == "share_improved"]
    found = [
        part
        for part in evaluated(reliability=(alpha("total", "seed_culture"),))
        if part.term in {"share_improved", "share_unchanged", "share_worsened"}
    ]
    assert {part.instrument for part in found} == {"seed_culture"}
    by_arm = {part.arm for part in found}
    assert by_arm == {"pilot", "comparison"}
    for arm in by_arm:
        shares = [part.estimate for part in found if part.arm == arm]
        assert sum(share or 0 for share in shares) == pytest.approx(1)


def test_findings_carry_the_verdict_and_the_other_analyses() -> None:
    found = evaluated()
    (effect,) = (p for p in of(found, "difference_in_change") if p.arm == ARMS)
    assert effect.estimate == pytest.approx(2.5, abs=0.3)
    others = of(found, "sensitivity_effect")
    assert {part.group for part in others} == {
        Group("analysis", name, of="same people")
        for name in ("teams weighted by their people", "every other set of teams")
    }
    asked, agreeing = (of(found, f"analyses_{what}") for what in ("asked", "agreeing"))
    assert [p.estimate for p in (*asked, *agreeing)] == [2, 2]


def test_what_is_refused_is_judged_with_its_reason() -> None:
    teams = [team for team in STUDY.teams if team.arm == "pilot"][1:]
    gone = {team.name for team in teams}
    few = {
        wave: {name: one[~one["team"].isin(gone)] for name, one in surveys.items()}
        for wave, surveys in by_wave(2.5).items()
    }
    found = [p for p in evaluate_outcomes(few, STUDY) if p.wave == WAVES]
    (effect,) = (p for p in of(found, "difference_in_change") if p.arm == ARMS)
    assert effect.estimate is None
    assert "too few teams (1 and 6)" in effect.reason
    (judged,) = of(found, "verdict")
    assert code(judged) == "no_answer"
    (strength,) = of(found, "evidence_strength")
    assert strength.estimate is None


@pytest.mark.parametrize(
    ("randomised", "design", "score"),
    [(False, "chosen_comparison", 3), (True, "randomised", 5)],
)
def test_the_design_column_says_how_the_arms_came_about(
    randomised: bool, design: str, score: int
) -> None:
    allocation = dataclasses.replace(STUDY.allocation, randomised=randomised)
    study = dataclasses.replace(STUDY, allocation=allocation)
    columns = of(evaluated(study), "strength_column")
    (found,) = (p for p in columns if p.group == Group("strength", "design", of=design))
    assert found.estimate == score
    assert found.arm == ARMS


def test_without_a_comparison_the_change_alone_is_judged() -> None:
    allocation = dataclasses.replace(STUDY.allocation, treated="", control="")
    study = dataclasses.replace(STUDY, allocation=allocation, plan=None)
    found = evaluated(study)
    assert not of(found, "difference_in_change")
    (change,) = (p for p in of(found, "change") if p.arm == "")
    waves = by_wave(2.5)
    means = [
        waves[wave]["ratings"].groupby("team")["care.total"].mean()
        for wave in ("before", "after")
    ]
    assert change.estimate == pytest.approx((means[1] - means[0]).mean(), rel=1e-9)
    (design,) = (
        p
        for p in of(found, "strength_column")
        if isinstance(p.group, Group) and p.group.value == "design"
    )
    assert design.estimate == 0  # different people, and no comparison


def judged_care(study: Study, *verdicts: Finding, score: str = "care.total") -> Judged:
    """The first outcome, asked of that score in place of its own."""
    instrument, subscale = score.split(".")
    asked = dataclasses.replace(
        study.outcomes[0], instrument=instrument, subscale=subscale
    )
    waves = {
        wave: {
            survey: one.rename(columns={"care.total": score})
            for survey, one in surveys.items()
        }
        for wave, surveys in by_wave(2.5).items()
    }
    (question,) = questions_of(waves, study, asked, "after", links=None)
    return Judged(question=question, worth=worth_of(question, verdicts, []))


def said(judged: Judged, term: str) -> list[tuple[object, float]]:
    return [
        (group, part.estimate)
        for _, group, part in judged.found()
        if isinstance(part, Estimate) and part.term == term
    ]


@pytest.mark.parametrize(
    ("score", "state", "threat"),
    [
        ("care.total", "not_tested", "comparability_not_tested"),
        ("seed_three_behaviours.cares", "one_item", "one_item"),
    ],
)
def test_a_subscale_of_one_item_is_one_question_whatever_else_was_asked(
    score: str, state: str, threat: str
) -> None:
    assert len(STUDY.instruments[score.split(".", maxsplit=1)[0]].items) > 1
    judged = judged_care(STUDY, score=score)
    assert said(judged, "comparability_checked") == [(Group("strength", state), 0)]
    threats = {group for group, _ in said(judged, "strength_threat")}
    assert Group("strength", threat) in threats


def follows(state: str, place: Place, bias: float = 0.3) -> list[Finding]:
    here: dict[str, Any] = {
        "study": STUDY.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "wave": WAVES,
        "arm": place,
        "n": 300,
    }
    consequence = Finding(
        term="comparability_consequence",
        estimate=float(state != "refused"),
        group=Group("comparability", value=state),
        **here,
    )
    return [consequence, Finding(term="score_bias", estimate=bias, **here)]


@pytest.mark.parametrize(
    ("state", "rated", "checked", "threat"),
    [
        ("passed", "passed", 1, None),
        ("warned", "failed", 1, "comparability_failed"),
        ("not_tested", "not_tested", 0, "comparability_not_tested"),
        ("cannot_be_tested", "cannot_be_tested", 0, None),
    ],
)
def test_what_follows_from_meaning_is_taken_into_the_rating(
    state: str, rated: str, checked: int, threat: str | None
) -> None:
    judged = judged_care(STUDY, *follows(state, Contrast("pilot", "comparison")))
    found = said(judged, "comparability_checked")
    assert found == [(Group("strength", rated), checked)]
    threats = {
        group.value
        for group, _ in said(judged, "strength_threat")
        if isinstance(group, Group) and group.value.startswith("comparability")
    }
    assert threats == ({threat} if threat else set())
    assert said(judged, "score_bias") == ([("", 0.3)] if state == "warned" else [])


def test_what_follows_for_another_contrast_is_no_matter_of_this_one() -> None:
    judged = judged_care(STUDY, *follows("passed", Contrast("film", "comparison")))
    found = said(judged, "comparability_checked")
    assert found == [(Group("strength", "not_tested"), 0)]


def test_a_total_that_came_as_one_number_is_no_single_question() -> None:
    one = STUDY.instruments["seed_confidence"].subscale("now")
    total = dataclasses.replace(one, highest=63.0)
    assert [is_one_question(scale) for scale in (one, total)] == [True, False]
