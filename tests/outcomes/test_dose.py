"""Dose and ingredients: a known course is followed, and too little of it is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from heard.effects.designs.dose_response import (
    bend,
    dose_response,
    ingredient_contrasts,
    three_knots,
    within_person_dose,
)
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def attended(*, curved: bool = False, seed: str = "attended") -> pd.DataFrame:
    """200 people of 10 teams; a session gives .2, or ever less where curved."""
    random = generator("test", seed)
    before = random.normal(3, 0.6, 200)
    sessions = np.clip(random.poisson(3, 200), 0, 9)
    gained = 0.8 * np.sqrt(sessions) if curved else 0.2 * sessions
    lived = random.binomial(sessions, 0.5)
    noise = random.normal(0, 0.2, 200)
    return pd.DataFrame(
        {
            "participant": np.arange(200),
            "cluster": np.arange(200) % 10,
            "before": before,
            "sessions": sessions,
            "lived": lived,
            "film": sessions - lived,
            "after": 1 + 0.7 * before + gained + 0.3 * lived + noise,
        }
    )


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def holds(result: object, truth: float) -> bool:
    found = estimate(result)
    assert found.conf_low is not None
    assert found.conf_high is not None
    return found.conf_low <= truth <= found.conf_high


def test_a_straight_course_is_told_straight() -> None:
    frame = attended().assign(after=lambda f: f["after"] - 0.3 * f["lived"])
    found = dose_response(frame, at=[2, 5])
    assert holds(found.dose_slope, 0.2)
    assert estimate(found.dose_curve_p_value).estimate > 0.05
    assert [point.dose for point in found.by_dose] == ["2", "5"]
    assert holds(found.by_dose[0].dose_effect, 0.4)
    assert holds(found.by_dose[1].dose_effect, 1.0)


def test_a_course_that_flattens_is_seen_to() -> None:
    frame = attended(curved=True).assign(after=lambda f: f["after"] - 0.3 * f["lived"])
    found = dose_response(frame, at=[1, 4, 7])
    assert estimate(found.dose_curve_p_value).estimate < 0.001
    first, second, third = (estimate(p.dose_effect).estimate for p in found.by_dose)
    assert second - first > third - second


def test_doses_are_compared_with_the_reference_asked_for() -> None:
    frame = attended(curved=True)
    zero = dose_response(frame, at=[4, 7])
    four = dose_response(frame, at=[7], reference=4)
    first, second = (estimate(p.dose_effect).estimate for p in zero.by_dose)
    found = estimate(four.by_dose[0].dose_effect).estimate
    assert found == pytest.approx(second - first, rel=1e-8)


def test_what_cannot_bend_is_a_line() -> None:
    frame = attended().assign(sessions=lambda f: f["sessions"] % 3)
    found = dose_response(frame, at=[2])
    assert isinstance(found.dose_curve_p_value, Unavailable)
    slope = estimate(found.dose_slope).estimate
    effect = estimate(found.by_dose[0].dose_effect)
    assert effect.estimate == pytest.approx(2 * slope, rel=1e-10)
    assert "straight line" in effect.method


def test_a_dose_nobody_had_is_not_foretold() -> None:
    found = dose_response(attended(), at=[0, 40])
    reference, beyond = (point.dose_effect for point in found.by_dose)
    assert isinstance(reference, Unavailable)
    assert "reference" in reference.reason
    assert isinstance(beyond, Unavailable)
    assert "no one had" in beyond.reason


def test_knots_leave_out_those_without_a_dose_where_they_are_most() -> None:
    doses = np.array([0.0] * 80 + [1, 2, 3, 4, 5, 6, 7, 8, 9] * 2)
    knots = three_knots(doses)
    assert knots is not None
    assert knots == pytest.approx(np.quantile(doses[80:], [0.1, 0.5, 0.9]))
    assert three_knots(np.array([0.0, 1.0, 2.0] * 9)) is None
    assert three_knots(np.zeros(5)) is None


def test_the_bend_is_straight_beyond_the_outer_knots() -> None:
    beyond = bend(np.array([9.0, 10.0, 11.0]), np.array([1.0, 3.0, 8.0]))
    assert np.diff(beyond, 2) == pytest.approx([0.0], abs=1e-10)
    assert bend(np.array([0.0, 1.0]), np.array([1.0, 3.0, 8.0])) == pytest.approx(0)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (attended().assign(sessions=3), "same dose"),
        (attended().assign(after=np.nan), "no one has a score"),
        (attended().assign(cluster=1), "1 clusters"),
        (attended().assign(after=2.0), "fits every row exactly"),
        (attended().assign(before=2.0), "zero throughout"),
    ],
)
def test_dose_response_has_a_reason_for_its_absence(
    frame: pd.DataFrame, reason: str
) -> None:
    found = dose_response(frame, at=[2])
    for result in (found.dose_slope, found.by_dose[0].dose_effect):
        assert isinstance(result, Unavailable)
        assert reason in result.reason


def over_waves(seed: str = "within") -> pd.DataFrame:
    """Keen people are higher throughout; a session gives .15 to everybody."""
    random = generator("test", seed)
    keen = random.normal(0, 1, 120)
    total = np.zeros(120)
    waves = []
    for wave in ("w1", "w2", "w3"):
        if wave != "w1":
            total = total + random.poisson(np.exp(0.3 + 0.4 * keen))
        score = 3 + keen + 0.15 * total + random.normal(0, 0.2, 120)
        waves.append(
            pd.DataFrame(
                {
                    "participant": np.arange(120),
                    "cluster": np.arange(120) % 8,
                    "wave": wave,
                    "sessions": total,
                    "score": score,
                }
            )
        )
    return pd.concat(waves, ignore_index=True)


def test_within_people_keenness_does_not_count() -> None:
    found = within_person_dose(over_waves())
    assert holds(found.within_person_dose_slope, 0.15)
    last = over_waves().query("wave == 'w3'").rename(columns={"score": "after"})
    between = dose_response(last.assign(before=generator("x").normal(size=120)), at=[])
    assert not holds(between.dose_slope, 0.15)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (over_waves().query("wave == 'w1'"), "no one has a score"),
        (over_waves().assign(sessions=2.0), "no one's dose changes"),
        (over_waves().assign(cluster=lambda f: f.index % 7), "more than one cluster"),
        (over_waves().assign(participant=1), "more than once"),
        (over_waves().query("cluster < 4"), "4 clusters"),
        (
            over_waves().assign(sessions=lambda f: f["wave"].map({"w1": 0}).fillna(2)),
            "predicted by the columns before",
        ),
    ],
)
def test_within_person_dose_has_a_reason_for_its_absence(
    frame: pd.DataFrame, reason: str
) -> None:
    for result in within_person_dose(frame).results():
        assert isinstance(result, Unavailable)
        assert reason in result.reason


def test_ingredients_are_told_apart() -> None:
    frame = attended().assign(film=lambda f: np.minimum(f["sessions"], 2))
    found = ingredient_contrasts(frame, ingredients=["lived", "film"])
    lived, film = found.by_ingredient
    assert holds(lived.ingredient_effect, 0.3)
    assert holds(lived.ingredient_effect_given_others, 0.3)
    assert holds(film.ingredient_effect_given_others, 0.0)
    assert estimate(lived.ingredient_effect).n == (frame["sessions"] > 0).sum()


def test_ingredients_that_make_up_all_sessions_cannot_both_be_held() -> None:
    found = ingredient_contrasts(attended(), ingredients=["lived", "film"])
    for contrast in found.by_ingredient:
        assert isinstance(contrast.ingredient_effect, Estimate)
        other = contrast.ingredient_effect_given_others
        assert isinstance(other, Unavailable)
        assert "predicted" in other.reason


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (attended().assign(lived=0), "all sessions, or none"),
        (attended().assign(lived=lambda f: f["sessions"]), "all sessions, or none"),
        (attended().assign(lived=20), "more sessions with it"),
        (attended().assign(sessions=0), "no one has a score"),
        (attended().assign(cluster=1), "1 clusters"),
    ],
)
def test_ingredients_have_a_reason_for_their_absence(
    frame: pd.DataFrame, reason: str
) -> None:
    found = ingredient_contrasts(frame, ingredients=["lived"]).by_ingredient[0]
    assert isinstance(found.ingredient_effect, Unavailable)
    assert reason in found.ingredient_effect.reason
    assert isinstance(found.ingredient_effect_given_others, Unavailable)
    assert dataclasses.asdict(found)["ingredient"] == "lived"


def test_no_rows_at_all_are_nobody() -> None:
    found = [
        dose_response(attended().iloc[:0], at=[2]),
        within_person_dose(over_waves().iloc[:0]),
        ingredient_contrasts(attended().iloc[:0], ingredients=["lived"]),
    ]
    for composite in found:
        assert all(isinstance(result, Unavailable) for result in composite.results())
