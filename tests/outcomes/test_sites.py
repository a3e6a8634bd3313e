"""Outcomes by site: each by its own people, and all together from three sites on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.declarations.study import Allocation, Site, Study
from analysis.foundation.findings import AnyGroup, Finding, Group
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.sites import SMALLEST
from analysis.publication.disclosure.control import disclose
from analysis.storage.declared import read_study
from heard.effects.comparison import compare_arms_unlinked
from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.judgement.pooling import pool_sites
from heard.models.random_streams import generator

pytestmark = pytest.mark.filterwarnings("error")

DEMONSTRATION = read_study("listening-pilot")
CARE = next(one for one in DEMONSTRATION.outcomes if one.name == "care")
WAVES = ("before", "after")
REPORTED = (
    "effect_at_site",
    "pooled_effect_cautious",
    "prediction_interval",
    "between_site_standard_deviation",
    "homogeneity_p_value",
    "pooled_without_site",
    "participants_without_site",
)


def study_of(sites: int, **more: object) -> Study:
    named = tuple(Site(name=f"s{n}", title=f"Trust {n}") for n in range(sites))
    care = dataclasses.replace(CARE, follow_ups=("after",))
    changed = {"sites": named, "outcomes": (care,), "plan": None, "lock": None, **more}
    return dataclasses.replace(DEMONSTRATION, **changed)  # type: ignore[arg-type]


def scores(sites: int, wave: str, *, size: int = 12, teams: int = 3) -> pd.DataFrame:
    rows = [
        {"site": f"s{site}", "arm": arm, "team": f"s{site} {arm} {team}"}
        for site in range(sites)
        for arm in ("pilot", "comparison")
        for team in range(teams)
        for _ in range(size)
    ]
    frame = pd.DataFrame(rows)
    draws = generator("site tests", wave).normal(size=(len(rows), 2))
    of_team = {
        name: float(generator("site tests", name).normal())
        for name in frame["team"].unique()
    }
    lift = np.where((frame["arm"] == "pilot") & (wave == "after"), 2.0, 0.0)
    own = generator("site tests", "own").normal(size=len(rows))
    score = 20 + 4 * draws[:, 0] + own + frame["team"].map(of_team) + lift
    frame["participant"] = [f"p{n}" for n in range(len(rows))]
    frame["care.total"] = score
    return frame


def found(study: Study, **frames: pd.DataFrame) -> list[Finding]:
    by_wave = {
        wave: {"ratings": frame, "staff": frame.iloc[:0]}
        for wave, frame in frames.items()
    }
    every = evaluate_outcomes(by_wave, study)
    return [part for part in every if part.term in REPORTED]


def of(findings: list[Finding], term: str, group: AnyGroup = "site") -> Finding:
    (one,) = [f for f in findings if f.term == term and f.group == group]
    return one


def test_a_site_says_what_its_own_people_say() -> None:
    study = study_of(2)
    frames = {wave: scores(2, wave) for wave in WAVES}
    reported = found(study, **frames)
    for site in ("s0", "s1"):
        here = [
            frame.loc[frame["site"] == site].rename(
                columns={"care.total": "score", "team": "cluster"}
            )
            for frame in frames.values()
        ]
        peer = compare_arms_unlinked(
            *here, treated="pilot", control="comparison", cluster=True
        ).difference_in_change
        own = of(reported, "effect_at_site", Group("site", site))
        assert (own.estimate, own.conf_low, own.conf_high) == pytest.approx(
            (peer.estimate, peer.conf_low, peer.conf_high),  # type: ignore[union-attr]
            rel=1e-10,
        )
        assert own.n == 36
        assert own.n_unit == SMALLEST
        assert "4 degrees of freedom" in own.method


def test_two_sites_are_not_pooled_and_it_is_said() -> None:
    reported = found(study_of(2), **{wave: scores(2, wave) for wave in WAVES})
    pooled = of(reported, "pooled_effect_cautious")
    assert pooled.estimate is None
    assert "under 3 sites" in pooled.reason
    terms = {part.term for part in reported}
    assert terms == {"effect_at_site", "pooled_effect_cautious"}


def test_four_sites_are_pooled_and_left_out_in_turn() -> None:
    reported = found(study_of(4), **{wave: scores(4, wave) for wave in WAVES})
    effects = {}
    for n in range(4):
        own = of(reported, "effect_at_site", Group("site", f"s{n}"))
        assert own.estimate is not None
        assert own.conf_high is not None
        error = (own.conf_high - own.estimate) / 2.7764451051977987  # t, 4 degrees
        effects[f"s{n}"] = UncertainEffect(
            term="x",
            effect=own.estimate,
            standard_error=error,
            degrees_of_freedom=4,
            n=1,
        )
    peer = pool_sites(effects)
    for term in ("pooled_effect_cautious", "prediction_interval"):
        one, other = of(reported, term), getattr(peer, term)
        assert (one.estimate, one.conf_low, one.conf_high) == pytest.approx(
            (other.estimate, other.conf_low, other.conf_high), rel=1e-8
        )
    assert sum(part.term == "pooled_without_site" for part in reported) == 4


def test_one_site_or_none_says_nothing() -> None:
    frames = {wave: scores(2, wave) for wave in WAVES}
    assert found(study_of(0), **frames) == []
    alone = {wave: frame.loc[frame["site"] == "s0"] for wave, frame in frames.items()}
    assert found(study_of(2), **alone) == []


def test_a_site_of_one_arm_is_named_with_the_reason() -> None:
    frames = {}
    for wave in WAVES:
        frame = scores(3, wave)
        lost = (frame["site"] == "s2") & (frame["arm"] == "comparison")
        frames[wave] = frame.loc[~lost]
    reported = found(study_of(3), **frames)
    own = of(reported, "effect_at_site", Group("site", "s2"))
    assert own.estimate is None
    assert "one arm only" in own.reason
    # It passes disclosure: that a site has one arm is no count of few.
    shown = [*disclose(reported, smallest=11).findings]
    assert "one arm only" in of(shown, "effect_at_site", Group("site", "s2")).reason


def test_sites_in_which_no_two_arms_stand_say_nothing() -> None:
    frames = {}
    for wave in WAVES:
        frame = scores(2, wave)
        arm = {"s0": "pilot", "s1": "comparison"}
        frames[wave] = frame.loc[frame["arm"] == frame["site"].map(arm)]
    assert found(study_of(2), **frames) == []


def test_too_few_teams_at_a_site_give_a_reason() -> None:
    reported = found(study_of(3), **{wave: scores(3, wave, teams=2) for wave in WAVES})
    for site in ("s0", "s1", "s2"):
        own = of(reported, "effect_at_site", Group("site", site))
        assert own.estimate is None
        assert "too few teams (2 and 2)" in own.reason
    shown = [*disclose(reported, smallest=11).findings]
    assert "under 3 sites" in of(shown, "pooled_effect_cautious").reason


def test_without_arms_a_site_tells_its_change() -> None:
    study = study_of(2, allocation=Allocation(), arms=())
    frames = {wave: scores(2, wave).assign(arm="") for wave in WAVES}
    reported = found(study, **frames)
    own = of(reported, "effect_at_site", Group("site", "s0"))
    change = (
        frames["after"].query("site == 's0'")["care.total"].mean()
        - frames["before"].query("site == 's0'")["care.total"].mean()
    )
    assert own.estimate == pytest.approx(change, rel=1e-12)
    assert own.arm == ""
    assert own.n == 72


def small(frames: dict[str, pd.DataFrame], site: str) -> dict[str, pd.DataFrame]:
    """The same with three people an arm and wave at one site."""
    return {
        wave: frame.loc[
            (frame["site"] != site) | ~frame.duplicated(["team"], keep="first")
        ]
        for wave, frame in frames.items()
    }


def test_n_is_that_of_the_smallest_side_alone() -> None:
    frames = {wave: scores(2, wave) for wave in WAVES}
    after = frames["after"]
    side = (after["site"] == "s1") & (after["arm"] == "pilot")
    frames["after"] = after.loc[~side | ~after.duplicated(["team"])]
    reported = found(study_of(2), **frames)
    assert of(reported, "effect_at_site", Group("site", "s1")).n == 3
    assert of(reported, "effect_at_site", Group("site", "s0")).n == 36


@pytest.mark.parametrize("sites", [2, 4])
def test_a_small_site_takes_another_along_and_all_that_is_made_of_it(
    sites: int,
) -> None:
    frames = small({wave: scores(sites, wave) for wave in WAVES}, "s1")
    reported = found(study_of(sites), **frames)
    assert of(reported, "effect_at_site", Group("site", "s1")).estimate is not None
    shown = [*disclose(reported, smallest=11).findings]
    hidden = {f.group for f in shown if f.term == "effect_at_site" and f.n is None}
    assert Group("site", "s1") in hidden
    assert len(hidden) == 2
    for part in shown:
        if part.term != "effect_at_site":
            assert part.estimate is None
            assert part.n is None


def test_few_people_without_a_site_hide_the_smallest_site() -> None:
    frames = {wave: scores(3, wave) for wave in WAVES}
    for wave, frame in frames.items():
        frames[wave] = frame.assign(site=frame["site"].where(frame.index >= 5, ""))
    reported = found(study_of(3), **frames)
    assert of(reported, "participants_without_site").estimate == 5
    shown = [*disclose(reported, smallest=11).findings]
    assert of(shown, "participants_without_site").estimate is None
    hidden = [f for f in shown if f.term == "effect_at_site" and f.estimate is None]
    assert len(hidden) == 1
