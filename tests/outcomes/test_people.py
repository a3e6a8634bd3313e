"""Arms of single people: what cannot be compared, and what holds for any scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.effects.designs.after_only import (
    adjusted_difference,
    difference_after,
    differences_after,
)
from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.judgement.simultaneous import (
    simultaneous_effects,
    single_step_quantile,
)
from heard.effects.supplementary.ordinal import compare_ordinal, ridits
from heard.errors import DataError
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def arms(**scores: Sequence[float]) -> pd.DataFrame:
    rows = [(arm, score) for arm, values in scores.items() for score in values]
    return pd.DataFrame(rows, columns=["arm", "score"])


# --- ridits ---------------------------------------------------------------------------


def test_ridits_by_hand() -> None:
    """Of ten before: three 1, four 2, two 3, one 4."""
    before = pd.Series([1] * 3 + [2] * 4 + [3] * 2 + [4])
    found = ridits(pd.Series([1, 2, 3, 4, 0, 5, np.nan], index=list("abcdefg")), before)
    assert found.tolist()[:6] == pytest.approx([0.15, 0.5, 0.8, 0.95, 0.0, 1.0])
    assert np.isnan(found["g"])


def test_ridits_need_a_reference() -> None:
    with pytest.raises(DataError, match="holds no answer"):
        ridits(pd.Series([1.0]), pd.Series([np.nan]))


ANSWERS = st.lists(st.integers(1, 4), min_size=2, max_size=30)


@settings(max_examples=25)
@given(first=ANSWERS, second=ANSWERS)
def test_a_mean_ridit_is_the_probability_of_a_better_answer(
    first: list[int], second: list[int]
) -> None:
    own, other = pd.Series(first, dtype=float), pd.Series(second, dtype=float)
    assert ridits(other, other).mean() == pytest.approx(0.5)
    found = compare_ordinal(
        arms(new=first, old=second),
        treated="new",
        control="old",
        categories=(1, 2, 3, 4),
    ).probability_of_better_answer
    if isinstance(found, Estimate):
        assert ridits(own, other).mean() == pytest.approx(found.estimate)


# --- difference after -----------------------------------------------------------------


def test_a_difference_by_hand() -> None:
    """Variances 1 and 4 of three each: error root(5/3), df (5/3)^2 / (1/18 + 16/18)."""
    found = difference_after(
        arms(new=[4, 5, 6], old=[1, 3, 5, np.nan], other=[9, 9]),
        treated="new",
        control="old",
    )
    assert isinstance(found, UncertainEffect)
    assert found.effect == pytest.approx(2)
    assert found.standard_error == pytest.approx((5 / 3) ** 0.5)
    assert found.degrees_of_freedom == pytest.approx((25 / 9) / (17 / 18))
    assert found.n == 6


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (arms(new=[1], old=[1, 2]), "fewer than 2 scores"),
        (arms(new=[1, 2]), "fewer than 2 scores"),
        (arms(new=[1, 1], old=[2, 2]), "no variation"),
    ],
)
def test_no_difference_without_spread(frame: pd.DataFrame, reason: str) -> None:
    found = difference_after(frame, treated="new", control="old")
    assert isinstance(found, Unavailable)
    assert reason in found.reason


def test_an_absent_arm_takes_only_its_own_contrasts() -> None:
    found = differences_after(
        arms(new=[1, 2, 4], old=[0, 2, 1]), contrasts=[("new", "old"), ("third", "old")]
    )
    assert isinstance(found.effects[0], UncertainEffect)
    assert isinstance(found.effects[1], Unavailable)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="score"):
        difference_after(pd.DataFrame({"arm": ["a"]}), treated="a", control="b")


# --- adjusted difference --------------------------------------------------------------


def people(n: int = 20) -> pd.DataFrame:
    random = np.random.default_rng(4)
    before = random.normal(size=n)
    arm = np.where(np.arange(n) % 2 == 0, "new", "old")
    score = 2 * before + (arm == "new") + 0.1 * random.normal(size=n)
    return pd.DataFrame({"arm": arm, "before": before, "score": score})


def test_a_shift_of_the_treated_is_found() -> None:
    frame = people()
    asked = {"treated": "new", "control": "old", "covariates": ["before"]}
    first = adjusted_difference(frame, **asked)  # type: ignore[arg-type]
    frame.loc[frame["arm"] == "new", "score"] += 3
    second = adjusted_difference(frame, **asked)  # type: ignore[arg-type]
    assert isinstance(first, UncertainEffect)
    assert isinstance(second, UncertainEffect)
    assert second.effect - first.effect == pytest.approx(3)
    assert second.standard_error == pytest.approx(first.standard_error)
    assert second.degrees_of_freedom == 17


def test_ordered_answers_of_teams_enter_as_their_ridits() -> None:
    random = np.random.default_rng(8)
    frame = people(120).assign(team=np.arange(120) // 2 % 10 * 2 + np.arange(120) % 2)
    answers = pd.Series(random.integers(1, 5, size=120).astype(float))
    frame["score"] = ridits(answers, answers[frame["arm"] == "old"])
    found = adjusted_difference(
        frame, treated="new", control="old", covariates=[], cluster="team"
    )
    assert isinstance(found, UncertainEffect)
    better = frame.loc[frame["arm"] == "new", "score"].mean() - 0.5
    assert found.effect == pytest.approx(better)
    assert found.degrees_of_freedom == pytest.approx(18)


def test_few_teams_have_no_interval() -> None:
    frame = people().assign(team=lambda rows: np.arange(len(rows)) % 4)
    found = adjusted_difference(
        frame, treated="new", control="old", covariates=[], cluster="team"
    )
    assert isinstance(found, Unavailable)
    assert "clusters" in found.reason


def test_a_covariate_that_is_the_arm_is_refused() -> None:
    frame = people().assign(same=lambda rows: (rows["arm"] == "new").astype(float))
    found = adjusted_difference(
        frame, treated="new", control="old", covariates=["same"]
    )
    assert isinstance(found, Unavailable)
    assert "predict each other" in found.reason


def test_one_person_in_an_arm_is_too_few() -> None:
    frame = people().iloc[[0, 1, 3, 5, 7]]
    found = adjusted_difference(
        frame, treated="new", control="old", covariates=["before"]
    )
    assert isinstance(found, Unavailable)
    assert found.reason == "fewer than 2 people in an arm"


# --- several together -----------------------------------------------------------------


def effect(size: float, degrees: float = 20) -> UncertainEffect:
    return UncertainEffect(
        term="effect", effect=size, standard_error=1, degrees_of_freedom=degrees, n=40
    )


def width(result: object) -> float:
    assert isinstance(result, Estimate)
    assert result.conf_low is not None
    assert result.conf_high is not None
    return result.conf_high - result.conf_low


def test_one_effect_alone_keeps_its_limits() -> None:
    found = simultaneous_effects([effect(2)], contrasts=["only"]).effects[0]
    assert width(found.simultaneous_effect) == pytest.approx(2 * 2.0859634, abs=1e-6)


def test_an_absence_still_counts_as_a_test() -> None:
    absent = Unavailable(term="effect", reason="nobody", n=0)
    found = simultaneous_effects([effect(2), absent], contrasts=["a", "b"]).effects
    alone = simultaneous_effects([effect(2)], contrasts=["a"]).effects
    assert width(found[0].simultaneous_effect) > width(alone[0].simultaneous_effect)
    p_values = [part[0].simultaneous_p_value for part in (found, alone)]
    twice, once = (p.estimate for p in p_values if isinstance(p, Estimate))
    assert twice == pytest.approx(2 * once)
    assert isinstance(found[1].simultaneous_effect, Unavailable)
    assert found[1].simultaneous_effect.reason == "nobody"


@settings(max_examples=6)
@given(rho=st.floats(0, 1), degrees=st.floats(3, 200))
def test_the_single_step_lies_between_one_test_and_bonferroni(
    rho: float, degrees: float
) -> None:
    quantile = single_step_quantile(np.array([[1, rho], [rho, 1]]), degrees)
    one = width(
        simultaneous_effects([effect(0, degrees)], contrasts=["a"])
        .effects[0]
        .simultaneous_effect
    )
    two = width(
        simultaneous_effects([effect(0, degrees)] * 2, contrasts=["a", "b"])
        .effects[0]
        .simultaneous_effect
    )
    assert one / 2 - 1e-3 <= quantile <= two / 2 + 1e-3


def test_names_and_effects_must_match() -> None:
    with pytest.raises(ValueError, match="as many contrasts"):
        simultaneous_effects([effect(1)], contrasts=[])
