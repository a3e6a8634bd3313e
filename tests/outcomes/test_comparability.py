"""What follows from questions that changed meaning: nothing, a warning, no answer."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.cleaning.scoring import score_responses
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.comparability import judge_comparability
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.reliability.comparability import evaluate_comparability, item_weights
from analysis.storage.declared import read_study
from heard.effects.judgement.comparability import consequence_of_bias
from heard.models.random_streams import generator
from heard.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.declarations.study import Study

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
STUDY = dataclasses.replace(
    WHOLE,
    outcomes=tuple(
        dataclasses.replace(one, follow_ups=("after",))
        for one in WHOLE.outcomes
        if one.name == "care"
    ),
    groups=(),
)
ALONE = dataclasses.replace(
    STUDY,
    allocation=dataclasses.replace(STUDY.allocation, treated="", control=""),
    plan=None,
)
CARE = [f"care.{item.name}" for item in STUDY.instruments["care"].items]
WAVES, ARMS = Contrast("after", "before"), Contrast("pilot", "comparison")


# ------------------------------------------------------------------ the rule itself


def number(estimate: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(
        term="t", estimate=estimate, conf_low=low, conf_high=high, n=300, method="m"
    )


GAIN, OPEN = number(2.9, 2.1, 3.7), number(2.1, -0.1, 4.3)
NOTHING = Unavailable(term="t", reason="none")


@pytest.mark.parametrize(
    ("bias", "estimate", "state"),
    [
        # within a quarter of 2 points: not worth a word
        (number(0.2, -0.1, 0.5), GAIN, "passed"),
        (number(-0.2, -0.5, 0.1), GAIN, "passed"),
        # 2.1 to 3.7 less .8 is a gain still; less 2.2 leaves nobody sure of one
        (number(0.8, 0.2, 1.4), GAIN, "warned"),
        (number(2.2, 1.5, 2.9), GAIN, "refused"),
        # less -1 an open result becomes a gain
        (number(-1.0, -1.5, -0.5), OPEN, "refused"),
        (number(0.5, 0.2, 0.8), OPEN, "warned"),
        # wider than twice 2 points
        (number(0.5, -1.6, 2.6), OPEN, "not_tested"),
        (number(0.5, -1.5, 2.5), OPEN, "warned"),
        (number(0.5, None, None), GAIN, "not_tested"),
        (NOTHING, GAIN, "not_tested"),
        # nothing to overturn
        (number(2.2, 1.5, 2.9), NOTHING, "warned"),
        (number(2.2, 1.5, 2.9), number(2.9, None, None), "warned"),
    ],
)
def test_a_bias_is_held_against_the_verdict(
    bias: Result, estimate: Result, state: str
) -> None:
    found = consequence_of_bias(bias, estimate, smallest_effect=2.0, good="higher")
    assert found == state


def test_without_a_smallest_effect_a_bias_is_never_negligible() -> None:
    small = number(0.2, -0.1, 0.5)
    found = consequence_of_bias(small, GAIN, smallest_effect=None, good="higher")
    assert found == "warned"
    wide = number(0.5, -9.0, 10.0)
    found = consequence_of_bias(wide, GAIN, smallest_effect=None, good="higher")
    assert found == "warned"
    large = number(2.2, 1.5, 2.9)
    found = consequence_of_bias(large, GAIN, smallest_effect=None, good="higher")
    assert found == "refused"


def test_turning_the_scale_changes_nothing() -> None:
    draws = generator("turned bias")
    for _ in range(300):
        one, two = draws.normal(scale=2, size=2)
        half = abs(draws.normal(scale=1.5, size=2))
        bias = number(one, one - half[0], one + half[0])
        effect = number(two, two - half[1], two + half[1])
        turned = [
            number(-p.estimate, -high, -low)
            for p in (bias, effect)
            if (low := p.conf_low) is not None and (high := p.conf_high) is not None
        ]
        assert consequence_of_bias(
            bias, effect, smallest_effect=1.5, good="higher"
        ) == consequence_of_bias(*turned, smallest_effect=1.5, good="lower")


# ------------------------------------------------------------- from answers to verdict


def answers(wave: str, *, shift: dict[str, float], gain: float) -> pd.DataFrame:
    """Ratings by teams; afterwards the pilot's rose, and one question shifted."""
    draws = generator("comparability outcomes", wave)
    arms = {team.name: team.arm for team in STUDY.teams}
    team = np.repeat([*arms], 30)
    arm = np.array([arms[name] for name in team])
    later = wave == "after"
    heard = draws.normal(size=len(team)) + later * gain * (arm == "pilot")
    noise = 0.5 * draws.normal(size=(len(team), len(CARE)))
    shown = 3.0 + 0.6 * heard[:, None] + noise
    for name, by in shift.items():
        shown[arm == name, :2] += later * by
    # Not rounded: the bias is that of the model, and of nothing else.
    return pd.DataFrame(shown, columns=CARE).assign(
        participant="", staff_member="", arm=arm, site="", team=team, careless=False
    )


def judged(
    study: Study, *, shift: dict[str, float], gain: float
) -> tuple[list[Finding], list[Finding]]:
    """What follows from the meaning, and the outcomes found in view of it."""
    responses = {
        wave: {"ratings": answers(wave, shift=shift, gain=gain)}
        for wave in ("before", "after")
    }
    scores = {
        wave: {"ratings": score_responses(rows["ratings"], [study.instruments["care"]])}
        for wave, rows in responses.items()
    }
    meaning = evaluate_comparability(responses, study)
    follows = judge_comparability(meaning, scores, responses, study)
    meant = [*meaning, *follows]
    return meant, list(evaluate_outcomes(scores, study, comparability=meant))


def one(findings: list[Finding], term: str, **place: object) -> Finding:
    (found,) = (
        part
        for part in findings
        if part.term == term
        and all(getattr(part, name) == value for name, value in place.items())
    )
    return found


BOTH = {"pilot": 1.2, "comparison": 1.2}


def test_a_shift_alike_in_both_arms_leaves_the_comparison_as_it_is() -> None:
    meant, found = judged(STUDY, shift=BOTH, gain=1.0)
    follows = one(meant, "comparability_consequence", arm=ARMS)
    assert isinstance(follows.group, Group)
    assert follows.group.value in {"passed", "warned"}
    bias = one(meant, "score_bias", arm=ARMS)
    assert bias.conf_low is not None
    assert bias.conf_high is not None
    assert bias.conf_low < 0 < bias.conf_high
    for arm in ("pilot", "comparison"):
        assert one(meant, "score_bias", arm=arm).estimate == pytest.approx(2.4, abs=0.4)
    verdict = one(found, "verdict", arm=ARMS)
    assert str(verdict.group) == "better_by_enough"


def test_the_same_shift_without_a_comparison_is_bias_in_full_and_refused() -> None:
    """Both arms together, nobody compared: .6 · 10 · .5 of change, 2.4 of shift."""
    meant, found = judged(ALONE, shift=BOTH, gain=0.0)
    assert one(meant, "score_bias", arm="").estimate == pytest.approx(2.4, abs=0.4)
    follows = one(meant, "comparability_consequence", arm="")
    assert follows.group == Group("comparability", value="refused")
    verdict = one(found, "verdict")
    assert str(verdict.group) == "no_answer"
    assert verdict.reason == (
        "The questions may have meant different things before and after. That could "
        "account for the result."
    )
    changes = [part for part in found if part.term == "mean_change" and not part.arm]
    assert all(part.estimate is None for part in changes)


def test_a_verdict_that_the_bias_makes_is_refused() -> None:
    meant, found = judged(STUDY, shift={"pilot": 1.2}, gain=0.0)
    assert one(meant, "score_bias", arm=ARMS).estimate == pytest.approx(2.4, abs=0.4)
    follows = one(meant, "comparability_consequence", arm=ARMS)
    assert follows.group == Group("comparability", value="refused")
    assert str(one(found, "verdict", arm=ARMS).group) == "no_answer"
    refused = one(found, "difference_in_change", arm=ARMS, group="")
    assert refused.estimate is None
    assert "do not measure the same" in refused.reason


def test_a_verdict_that_stands_is_warned_with_points_and_the_other_items() -> None:
    meant, found = judged(STUDY, shift={"pilot": 1.2}, gain=1.5)
    follows = one(meant, "comparability_consequence", arm=ARMS)
    assert follows.group == Group("comparability", value="warned")
    shifted = {part.item for part in meant if part.term == "item_score_bias"}
    assert shifted == {name.removeprefix("care.") for name in CARE[:2]}
    planned = one(found, "difference_in_change", arm=ARMS, group="").estimate
    other = one(meant, "estimate_on_invariant_items", arm=ARMS)
    bias = one(meant, "score_bias", arm=ARMS)
    assert planned is not None
    assert other.estimate is not None
    assert bias.estimate is not None
    # Eight items of ten tell the gain without the shift: .6 · 10 · 1.5.
    assert other.estimate == pytest.approx(9.0, abs=1.2)
    assert planned - bias.estimate == pytest.approx(other.estimate, abs=0.4)
    assert one(found, "score_bias", arm=ARMS).estimate == bias.estimate
    assert Group("strength", value="comparability_failed") in {
        part.group for part in found if part.term == "strength_threat"
    }


def test_what_means_the_same_is_passed() -> None:
    meant, found = judged(STUDY, shift={}, gain=1.0)
    follows = one(meant, "comparability_consequence", arm=ARMS)
    assert follows.group == Group("comparability", value="passed")
    assert not [part for part in meant if part.term == "item_score_bias"]
    assert not [part for part in found if part.term == "score_bias"]


def test_no_second_number_of_the_contrast_stands_without_a_label() -> None:
    meant, _ = judged(STUDY, shift={"pilot": 1.2}, gain=1.5)
    assert "difference_in_change" not in {part.term for part in meant}


# -------------------------------------------------------------------- points of a score


@pytest.mark.parametrize(
    ("name", "subscale", "weight"),
    [("care", "total", 1.0), ("seed_culture", "total", None)],
)
def test_points_of_an_item_are_those_of_the_scoring(
    name: str, subscale: str, weight: float | None
) -> None:
    """An oracle by scoring: one item one point higher, all else the same."""
    instrument = STUDY.instruments[name]
    scale = instrument.subscale(subscale)
    weights = item_weights(scale, instrument)
    assert set(weights) == set(scale.items)
    codes = {f"{name}.{item.name}": [2.0, 2.0] for item in instrument.items}
    item = scale.items[0]
    reverse = instrument.item(item).reverse_keyed
    codes[f"{name}.{item}"] = [2.0, 1.0] if reverse else [2.0, 3.0]
    scores = score_responses(pd.DataFrame(codes), [instrument])[f"{name}.{subscale}"]
    assert weights[item] == pytest.approx(scores[1] - scores[0])
    if weight is not None:
        assert weights[item] == weight


def test_a_score_that_is_no_sum_has_no_points_an_item() -> None:
    instrument = STUDY.instruments["seed_three_behaviours"]
    yes = next(one for one in instrument.subscales if one.method == "all_highest")
    assert item_weights(yes, instrument) == {}


def test_a_rescaled_mean_is_stretched_and_parts_share() -> None:
    instrument = STUDY.instruments["care"]
    total = instrument.subscale("total")
    stretched = dataclasses.replace(
        total, method="mean", rescaled=True, lowest=0.0, highest=100.0, item_ends=(1, 5)
    )
    assert set(item_weights(stretched, instrument).values()) == {2.5}
    mean = dataclasses.replace(total, name="mean", method="mean")
    whole = dataclasses.replace(
        total, name="whole", method="mean", parts=("total", "mean")
    )
    both = dataclasses.replace(instrument, subscales=(total, mean, whole))
    assert set(item_weights(whole, both).values()) == {(1.0 + 0.1) / 2}
