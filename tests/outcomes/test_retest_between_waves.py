"""The same people at neighbouring waves: who counts, and where nobody is followed."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.foundation.findings import Contrast, Finding
from analysis.outcomes.retest import evaluate_retest, retest_arm
from analysis.publication.disclosure.control import disclose
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.psychometrics.retest import retest_reliability
from heard.results import Estimate

if TYPE_CHECKING:
    from analysis.declarations.study import Study

pytestmark = pytest.mark.filterwarnings("error")

TRIAL = read_study("beat-the-blues")
ROLLOUT = read_study("listening-rollout")
PANEL = read_study("social-dominance")
PEOPLE = 60


def scores(study: Study, *, linked: bool = True) -> dict[str, dict[str, pd.DataFrame]]:
    """Everyone at every wave: a level of one's own, and an error at each wave."""
    draws = generator("retest between waves tests", study.name)
    arms = [arm.name for arm in study.arms] or [""]
    teams = [team.name for team in study.teams] or [""]
    arm_of = {team.name: team.arm for team in study.teams}
    team = [teams[one % len(teams)] for one in range(PEOPLE)]
    own = draws.normal(size=PEOPLE)
    survey = study.outcomes[0].survey
    by_wave = {}
    for shift, wave in enumerate(study.wave_names()):
        frame = pd.DataFrame(
            {
                "participant": [f"p{n}" if linked else "" for n in range(PEOPLE)],
                "team": team,
                "site": "",
                "arm": [
                    arm_of.get(name, arms[n % len(arms)]) for n, name in enumerate(team)
                ],
            }
        )
        for outcome in study.outcomes:
            frame[f"{outcome.instrument}.{outcome.subscale}"] = (
                shift + own + 0.5 * draws.normal(size=PEOPLE)
            )
        by_wave[wave] = {survey: frame}
    return by_wave


def found_in(study: Study, *, linked: bool = True) -> list[Finding]:
    return list(evaluate_retest(scores(study, linked=linked), study))


def of_term(found: list[Finding], term: str) -> dict[object, Finding]:
    return {part.wave: part for part in found if part.term == term}


def test_neighbouring_waves_of_the_comparison_group_are_compared() -> None:
    found = of_term(found_in(TRIAL), "retest_icc")
    waves = TRIAL.wave_names()
    assert list(found) == [
        Contrast(later, earlier) for earlier, later in pairwise(waves)
    ]
    assert {(part.arm, part.n) for part in found.values()} == {("usual_care", 30)}


def test_a_shift_that_all_share_is_no_error() -> None:
    """The consistency of the same pairs, and 1.96 standard deviations of change."""
    by_wave = scores(TRIAL)
    name = f"{TRIAL.outcomes[0].instrument}.{TRIAL.outcomes[0].subscale}"
    first, second = (by_wave[wave]["depression"] for wave in TRIAL.wave_names()[:2])
    control = (first["arm"] == "usual_care").to_numpy()
    pairs = np.column_stack([first[name], second[name]])[control]
    wanted = retest_reliability(pairs).intraclass_correlations.icc_c1
    assert isinstance(wanted, Estimate)
    found = found_in(TRIAL)
    place = Contrast(*TRIAL.wave_names()[1::-1])
    icc = of_term(found, "retest_icc")[place]
    assert icc.estimate == pytest.approx(wanted.estimate, abs=1e-12)
    change = of_term(found, "retest_smallest_detectable_change")[place]
    differences = pairs[:, 1] - pairs[:, 0]
    assert change.estimate == pytest.approx(1.96 * differences.std(ddof=1), abs=1e-9)


def test_in_a_rollout_only_teams_that_have_not_begun_count() -> None:
    found = of_term(found_in(ROLLOUT), "retest_icc")
    assert ROLLOUT.rollout is not None
    starts = list(ROLLOUT.rollout.starts.values())
    order = ROLLOUT.wave_names()
    teams = [ROLLOUT.teams[n % len(ROLLOUT.teams)].name for n in range(PEOPLE)]
    for waves, part in found.items():
        assert isinstance(waves, Contrast)
        begun = [
            team
            for team, start in ROLLOUT.rollout.starts.items()
            if order.index(start) <= order.index(waves.after)
        ]
        assert part.n == sum(team not in begun for team in teams)
        assert (part.arm, retest_arm(ROLLOUT)) == ("", "")
    assert min(starts) == "2024-07"
    assert {part.n for part in found.values()} > {PEOPLE}


def test_where_everyone_has_begun_that_is_said() -> None:
    assert ROLLOUT.rollout is not None
    starts = {team.name: "2024-07" for team in ROLLOUT.teams}
    rollout = dataclasses.replace(ROLLOUT.rollout, starts=starts)
    found = found_in(dataclasses.replace(ROLLOUT, rollout=rollout))
    late = [part for part in found if part.wave == Contrast("2024-07", "2024-04")]
    assert {part.reason for part in late} == {"the pilot had reached everyone"}


def test_without_a_comparison_everyone_followed_counts() -> None:
    found = of_term(found_in(PANEL), "retest_icc")
    assert {(part.arm, part.n) for part in found.values()} == {("", PEOPLE)}
    assert all("everyone followed" in part.method for part in found.values())


def test_nobody_followed_or_one_wave_has_no_retest() -> None:
    pilot = read_study("listening-pilot")
    ratings = tuple(one for one in pilot.outcomes if one.survey == "ratings")
    anonymous = dataclasses.replace(pilot, outcomes=ratings)
    assert not found_in(anonymous, linked=False)
    one = dataclasses.replace(
        PANEL,
        waves=PANEL.waves[:1],
        outcomes=tuple(dataclasses.replace(o, follow_ups=()) for o in PANEL.outcomes),
    )
    assert not found_in(one)


def test_few_people_are_not_shown() -> None:
    few = scores(TRIAL)
    for surveys in few.values():
        surveys["depression"] = surveys["depression"].iloc[:18]
    found = evaluate_retest(few, TRIAL)
    assert {part.n for part in found} == {9}
    shown = disclose(found, smallest=TRIAL.smallest_group_shown).findings
    assert all(part.estimate is None and part.n is None for part in shown)
