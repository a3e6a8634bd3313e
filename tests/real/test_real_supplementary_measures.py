"""Judgements and change beyond the mean on real data: published numbers come out."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import shared_data

from heard.effects.judgement.equivalence import equivalence_verdict, uncertain_effect
from heard.effects.supplementary.linked_answers import ordinal_change
from heard.effects.supplementary.partly_linked import (
    overlapping_change,
    unlinked_bounds,
)
from heard.effects.supplementary.responders import responders
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.results import Estimate, Result

pytestmark = pytest.mark.filterwarnings("error")
PHQ = [f"PHQ{i}" for i in range(1, 10)]


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


@pytest.fixture(scope="module")
def waves() -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = shared_data("bggm_phq_gad_two_waves")
    first, second = (
        pd.read_csv(folder / f"depression_anxiety_t{wave}.csv")[PHQ] for wave in (1, 2)
    )
    return first, second


def test_depression_of_two_waves(waves: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    before, after = (wave.sum(axis=1) for wave in waves)
    assert before.mean() == pytest.approx(7.48, abs=0.005)
    assert after.mean() == pytest.approx(6.29, abs=0.005)
    linked = estimate(overlapping_change(before, after).mean_change_everybody)
    bounds = unlinked_bounds(before, after)
    worst = estimate(bounds.mean_change_worst_case)
    best = estimate(bounds.mean_change_best_case)
    assert linked.estimate == pytest.approx(worst.estimate)
    assert worst.conf_low < linked.conf_low < best.conf_low  # type: ignore[operator]
    verdict = equivalence_verdict(
        uncertain_effect(linked, degrees_of_freedom=len(before) - 1),
        smallest_effect=5,
        better="lower",
    )
    assert verdict.verdict == "too small to matter"


def test_who_responded_carries_the_doubt_about_reliability(
    waves: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    before, after = (wave.sum(axis=1) for wave in waves)
    found = responders(
        before,
        after,
        reliability=cronbach_alpha(waves[0]),
        lowest=0,
        highest=27,
        better="lower",
    )
    improved, worsened = found.share_improved, found.share_worsened
    assert estimate(improved).estimate > estimate(worsened).estimate
    # Most scores lie so low that nobody could see them improve by more than error.
    assert estimate(found.share_without_room_before).estimate > 0.3


def test_single_answers_of_five_waves() -> None:
    rows = pd.read_csv(shared_data("mpsychor_sdo_waves") / "sdowave.csv")
    found = ordinal_change(
        rows,
        categories=(7, 6, 5, 4, 3, 2, 1),
        before="I1.1996",
        after="I1.2000",
    )
    shares = [found.share_better, found.share_same, found.share_worse]
    assert sum(estimate(one).estimate for one in shares) == pytest.approx(1)
    both = rows[["I1.1996", "I1.2000"]].dropna()
    falls = float((both["I1.2000"] < both["I1.1996"]).mean())
    assert estimate(found.share_better).estimate == pytest.approx(falls)


def test_unlinked_waves_of_a_training() -> None:
    folder = shared_data("carpentries_training_waves")
    second = pd.read_csv(folder / "wave2_2020-03_longterm.csv")["recommendation_score"]
    third = pd.read_csv(folder / "wave3_2020-12_longterm.csv")["recommendation_score"]
    scores = [pd.to_numeric(wave, errors="coerce").dropna() for wave in (second, third)]
    found = unlinked_bounds(*scores)
    worst = estimate(found.mean_change_worst_case)
    assert worst.n == sum(map(len, scores))
    assert worst.estimate == pytest.approx(scores[1].mean() - scores[0].mean())
