"""Supplementary measures of a study: by hand, linked, gated, and unavailable."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from asked import incomparable, one

from analysis.declarations.study import Allocation, SupplementaryMeasures
from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import Contrast
from analysis.outcomes.supplementary_measures import evaluate_supplementary
from analysis.storage.declared import read_study
from heard.effects.comparison import compare_arms_unlinked
from heard.effects.supplementary.linked_answers import ordinal_change
from heard.effects.supplementary.minimal_important_change import (
    minimal_important_change,
)
from heard.effects.supplementary.ordinal import compare_ordinal
from heard.effects.supplementary.partly_linked import overlapping_change
from heard.effects.supplementary.retrospective_pretest import retrospective_pretest
from heard.models.random_streams import generator

if TYPE_CHECKING:
    from analysis.declarations.study import Study

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
WAVE = Contrast("later", "before")
ARMS = Contrast("pilot", "comparison")
SCALE = (1.0, 2.0, 3.0, 4.0, 5.0)
EACH = 12


def narrowed(name: str, **more: Any) -> Study:
    """The study with one outcome, over two of its waves."""
    (outcome,) = (one for one in WHOLE.outcomes if one.name == name)
    supplementary = more.pop("supplementary", outcome.supplementary)
    kept = dataclasses.replace(
        outcome, follow_ups=("later",), supplementary=supplementary
    )
    return dataclasses.replace(WHOLE, outcomes=(kept,), **more)


def answers(study: Study, wave: str, column: str, high: int = 5) -> pd.DataFrame:
    """Everyone answers at both waves under one name; one person has no team."""
    draws = generator("beyond the mean tests", wave)
    teams = np.repeat([team.name for team in study.teams], EACH)
    arms = np.repeat([team.arm for team in study.teams], EACH)
    n = len(teams)
    later = 0.6 * (arms == "pilot") * (wave == "later")
    score = np.clip(np.round(draws.normal(0.6 * high + later, 1, n)), 1, high)
    return pd.DataFrame(
        {
            "participant": [f"p{place}" for place in range(n)],
            "team": ["", *teams[1:]],
            "arm": arms,
            "site": "",
            column: score,
        }
    )


def by_wave(study: Study, **more: Any) -> dict[str, dict[str, pd.DataFrame]]:
    (outcome,) = study.outcomes
    column = f"{outcome.instrument}.{outcome.subscale}"
    return {
        wave: {outcome.survey: answers(study, wave, column, **more)}
        for wave in study.wave_names()
    }


CARES = narrowed("cares")
CONFIDENCE = narrowed("confidence")


def numbers(found: Any) -> tuple[Any, ...]:
    names = ("estimate", "conf_low", "conf_high", "n")
    return tuple(getattr(found, name, None) for name in names)


def frame_of(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    kept = scores.rename(columns={column: "score", "team": "cluster"})
    return kept[["participant", "arm", "cluster", "score"]]


def test_answers_of_different_people_are_compared_at_each_wave_and_over_waves() -> None:
    scores = by_wave(CARES)
    found = evaluate_supplementary(scores, CARES)
    column = "seed_three_behaviours.cares"
    frames = {w: frame_of(scores[w]["ratings"], column) for w in ("before", "later")}
    for wave, frame in frames.items():
        hand = compare_ordinal(
            frame,
            treated="pilot",
            control="comparison",
            categories=SCALE,
            cluster="cluster",
        )
        for result in hand.results():
            reported = one(found, term=result.term, wave=wave, arm=ARMS)
            if result.term != "proportional_odds_p_value":
                assert numbers(reported) == numbers(result)
        # Shares are of all with a score; comparisons leave out who has no team.
        share = one(found, term="share_in_category", wave=wave, arm="pilot", group="5")
        pilot = frame.loc[frame["arm"] == "pilot", "score"]
        assert share.estimate == pytest.approx((pilot == 5).mean())
        assert share.n == len(pilot)
        best = one(found, term="share_at_best", wave=wave, arm="pilot")
        assert best.estimate == share.estimate
    # Beside the arms everyone would tell what is held back of one of them.
    assert "" not in {part.arm for part in found}
    pilots = [frame[frame["arm"] == "pilot"] for frame in frames.values()]
    known = [frame[frame["cluster"] != ""] for frame in pilots]
    before, after = ((frame["score"] == 5).mean() for frame in known)
    place = {"wave": WAVE, "arm": "pilot"}
    assert one(found, term="top_share_before", **place).estimate == before
    assert one(found, term="top_share_after", **place).estimate == after
    change = one(found, term="top_share_change", **place)
    assert change.estimate == pytest.approx(after - before)
    assert "after less before" in change.method
    assert (
        "treated" not in one(found, term="probability_of_better_answer", **place).method
    )


def test_what_the_pilot_added_to_top_answers_is_a_difference_in_change() -> None:
    study = narrowed("cares", supplementary=SupplementaryMeasures(top=4.0))
    scores = by_wave(study)
    found = evaluate_supplementary(scores, study)
    tops = []
    for wave in ("before", "later"):
        frame = frame_of(scores[wave]["ratings"], "seed_three_behaviours.cares")
        tops.append(frame.assign(score=(frame["score"] >= 4) * 1.0))
    hand = compare_arms_unlinked(
        *tops, treated="pilot", control="comparison", cluster=True
    ).difference_in_change
    reported = one(found, term="top_share_difference_in_change")
    assert numbers(reported) == numbers(hand)
    assert (reported.wave, reported.arm) == (WAVE, ARMS)
    share = one(found, term="top_share_after", arm="pilot")
    assert "best 2 categories" in share.method


def test_followed_people_are_told_as_pairs_beside_all_who_answered() -> None:
    scores = by_wave(CONFIDENCE, high=10)
    later = scores["later"]["staff"]
    later.loc[later.index % 4 == 0, "participant"] = ""
    found = evaluate_supplementary(scores, CONFIDENCE)
    waves = [
        frame_of(scores[w]["staff"], "seed_confidence.now").query("arm == 'pilot'")
        for w in ("before", "later")
    ]
    pairs = (
        waves[0]
        .set_index("participant")[["cluster", "score"]]
        .rename(columns={"score": "before"})
        .join(waves[1].set_index("participant")["score"].rename("after"), how="inner")
    )
    hand = ordinal_change(
        pairs, categories=tuple(map(float, range(11))), cluster="cluster"
    )
    for result in hand.results():
        reported = one(found, term=result.term, wave=WAVE, arm="pilot")
        assert numbers(reported) == numbers(result)
    linked = one(found, term="mean_change_linked", arm="pilot")
    rest = one(found, term="mean_change_unlinked", arm="pilot")
    everyone = one(found, term="mean_change_everybody", arm="pilot")
    # Who has no team is in no team's mean; here that person was not followed either.
    assert linked.n == len(pairs)
    assert everyone.n == len(waves[0]) + len(waves[1]) - 2
    assert rest.conf_low is not None
    assert rest.n == everyone.n - 2 * linked.n
    assert not [part for part in found if part.term == "pre_post_correlation"]


def test_without_teams_the_overlapping_samples_are_derricks() -> None:
    study = narrowed(
        "confidence",
        allocation=dataclasses.replace(WHOLE.allocation, unit="person"),
        supplementary=SupplementaryMeasures(),
    )
    scores = by_wave(study, high=10)
    later = scores["later"]["staff"]
    later.loc[later.index % 4 == 0, "participant"] = ""
    found = evaluate_supplementary(scores, study)
    arms = [
        frame_of(scores[w]["staff"], "seed_confidence.now")
        .query("arm == 'pilot'")
        .set_index("participant")["score"]
        for w in ("before", "later")
    ]
    hand = overlapping_change(*arms)
    for term in ("mean_change_linked", "mean_change_unlinked", "mean_change_everybody"):
        reported = one(found, term=term, arm="pilot")
        assert numbers(reported) == numbers(getattr(hand, term))


def has_retrospective(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    scores = by_wave(study, high=10)
    for wave in ("after", "later"):
        held = scores[wave]["staff"]
        draws = generator("beyond the mean tests", f"then {wave}")
        held["seed_confidence.then"] = np.clip(
            np.round(held["seed_confidence.now"] - draws.normal(1, 1, len(held))), 0, 10
        )
    return scores


def test_the_past_as_judged_afterwards_stands_beside_the_change() -> None:
    scores = has_retrospective(CONFIDENCE)
    found = evaluate_supplementary(scores, CONFIDENCE)
    before, later = (
        scores[w]["staff"].query("arm == 'pilot'").set_index("participant")
        for w in ("before", "later")
    )
    frame = pd.DataFrame(
        {
            "cluster": before["team"],
            "before": before["seed_confidence.now"],
            "then": later["seed_confidence.then"],
            "after": later["seed_confidence.now"],
        }
    )
    hand = retrospective_pretest(frame, cluster="cluster")
    for result in hand.results():
        reported = one(found, term=result.term, arm="pilot", group="then-test")
        assert numbers(reported)[:3] == numbers(result)[:3]


def test_unlinked_people_are_asked_for_the_past_alone() -> None:
    waves = tuple(
        dataclasses.replace(
            wave,
            exports=tuple(
                dataclasses.replace(export, linkage="none", linkage_rule=None)
                for export in wave.exports
            ),
        )
        for wave in WHOLE.waves
    )
    study = narrowed("confidence", waves=waves)
    found = evaluate_supplementary(has_retrospective(study), study)
    retrospective = one(found, term="then_test_change", arm="pilot")
    assert retrospective.estimate == pytest.approx(1, abs=0.6)
    assert "judged at the end" in retrospective.method
    assert not [part for part in found if part.term == "response_shift"]


def test_an_anchor_gives_the_smallest_change_of_both_arms() -> None:
    supplementary = SupplementaryMeasures(
        anchor="felt",
        anchor_better=("much", "little"),
        anchor_little=("little",),
        anchor_reliability=0.8,
    )
    study = narrowed("confidence", supplementary=supplementary)
    scores = by_wave(study, high=10)
    before, later = (scores[w]["staff"] for w in ("before", "later"))
    change = later["seed_confidence.now"] - before["seed_confidence.now"]
    noisy = change + generator("beyond the mean tests", "felt").normal(
        0, 0.7, len(change)
    )
    retrospective = np.select([noisy > 2, noisy > 0.2], ["much", "little"], "same")
    later["felt"] = ["", *retrospective[1:]]  # one did not say
    found = evaluate_supplementary(scores, study)
    reported = pd.Series(retrospective)[1:]
    hand = minimal_important_change(
        change[1:],
        reported.isin(["much", "little"]),
        seed="listening-pilot confidence later",
        little_improved=reported == "little",
        anchor_reliability=0.8,
        cluster=before["team"][1:],
    )
    for result in hand.results():
        placed = one(found, term=result.term)
        assert placed.estimate == pytest.approx(getattr(result, "estimate", None))
        assert placed.conf_low == pytest.approx(getattr(result, "conf_low", None))
        assert (placed.wave, placed.arm) == (WAVE, "")


def test_where_less_is_better_the_categories_turn_round() -> None:
    instrument = WHOLE.instruments["seed_three_behaviours"]
    turned = tuple(
        dataclasses.replace(part, direction="higher_is_worse")
        for part in instrument.subscales
    )
    instruments = {
        **WHOLE.instruments,
        "seed_three_behaviours": dataclasses.replace(instrument, subscales=turned),
    }
    study = narrowed("cares", instruments=instruments)
    scores = by_wave(study)
    here, there = (evaluate_supplementary(scores, each) for each in (CARES, study))
    place = {"term": "probability_of_better_answer", "wave": "later", "arm": ARMS}
    assert one(here, **place).estimate == pytest.approx(
        1 - one(there, **place).estimate  # type: ignore[operator]
    )
    best = {"wave": "later", "arm": "pilot"}
    assert (
        one(here, term="share_at_best", **best).estimate
        == one(there, term="share_at_worst", **best).estimate
    )


def test_a_refused_score_is_described_and_not_compared() -> None:
    scores = by_wave(CARES)
    verdict = incomparable(CARES, WAVE)
    found = evaluate_supplementary(scores, CARES, comparability=[verdict])
    change = one(found, term="top_share_change", arm="pilot")
    assert change.estimate is None
    assert "do not measure the same" in change.reason
    assert one(found, term="share_at_best", wave="later", arm="pilot").estimate
    with pytest.raises(DeclarationError, match="linkage rule"):
        evaluate_supplementary(scores, CARES, linkage_rule="exact")


def test_a_study_without_arms_is_told_of_everyone() -> None:
    study = narrowed("cares", arms=(), allocation=Allocation())
    scores = by_wave(study)
    for wave in scores.values():
        wave["ratings"]["arm"] = ""
    found = evaluate_supplementary(scores, study)
    assert {part.arm for part in found} == {""}
    chance = one(found, term="probability_of_better_answer")
    assert chance.wave == WAVE
    # Teams are declared, so they are what is counted.
    assert "summed within teams (Obuchowski)" in chance.method
    assert one(found, term="proportional_odds_p_value").estimate is None
    alone = dataclasses.replace(study, teams=())
    people = evaluate_supplementary(scores, alone)
    assert "Brunner" in one(people, term="probability_of_better_answer").method
    assert one(people, term="proportional_odds_p_value").estimate is not None


def test_nobody_and_nothing_ordered() -> None:
    scores = {
        wave: {"ratings": held["ratings"].iloc[:0]}
        for wave, held in by_wave(CARES).items()
    }
    found = evaluate_supplementary(scores, CARES)
    assert found
    assert all(part.estimate is None and part.reason for part in found)
    care = narrowed("care")
    reported = evaluate_supplementary(by_wave(care, high=50), care)
    assert {part.term for part in reported} == {"share_at_best", "share_at_worst"}
