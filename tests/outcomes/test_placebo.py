"""Placebo comparisons: exact by definition, and silent where nothing tells."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.effects.designs.randomisation import PlaceboComparison, placebo_comparison
from heard.errors import DataError
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def trusts(n: int, *, effect: float = 0.0, seed: str = "trusts") -> pd.DataFrame:
    """Means of n trusts at two waves, the first two raised by the effect."""
    random = generator("test", seed)
    before = random.normal(3, 0.5, n)
    after = before + 0.2 + random.normal(0, 0.3, n)
    after[:2] += effect
    names = [f"t{place:02d}" for place in range(n)]
    return pd.concat(
        pd.DataFrame({"site": names, "wave": wave, "score": score})
        for wave, score in (("2015", before), ("2016", after))
    )


def compared(frame: pd.DataFrame, **options: object) -> PlaceboComparison:
    given = {"treated": ["t00", "t01"], "before": "2015", "after": "2016", **options}
    return placebo_comparison(frame, **given)  # type: ignore[arg-type]


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def by_definition(
    change: np.ndarray, others: np.ndarray, count: int, value: float
) -> float:
    """p of an effect: every set of units takes the treated ones' place, refitted."""
    real = np.arange(len(change)) < count
    freed = change - value * real
    sizes = []
    for chosen in itertools.combinations(range(len(change)), count):
        mark = np.isin(np.arange(len(change)), chosen).astype(float)
        fit = np.linalg.lstsq(np.column_stack([mark, others]), freed, rcond=None)[0]
        left = mark - others @ np.linalg.lstsq(others, mark, rcond=None)[0]
        sizes.append(abs(fit[0]) * np.sqrt(left @ left))
    return float(np.mean(np.array(sizes) >= sizes[0] - 1e-9))


@pytest.mark.parametrize(
    ("n", "count", "adjusted"),
    [
        (5, 2, False),
        (6, 3, False),  # the mirror of the real split is as extreme as the real one
        (8, 4, False),
        (9, 2, False),
        (14, 2, False),
        (9, 2, True),
        (14, 3, True),
    ],
)
def test_p_and_interval_are_those_of_trying_every_set(
    n: int, count: int, adjusted: bool
) -> None:
    frame = trusts(n, effect=0.9)
    wide = frame.pivot_table(index="site", columns="wave", values="score")
    change = (wide["2016"] - wide["2015"]).to_numpy()
    others = np.ones((n, 1))
    if adjusted:
        others = np.column_stack([others, wide["2015"]])
    treated = [f"t{place:02d}" for place in range(count)]
    found = compared(frame, treated=treated, adjust_for_before=adjusted)
    p_value = estimate(found.placebo_p_value).estimate
    defined = by_definition(change, others, count, 0.0)
    assert p_value == pytest.approx(defined, abs=1e-12)
    floor = estimate(found.placebo_smallest_possible_p_value).estimate
    assert floor == by_definition(change, others, count, 1e6)
    effect = estimate(found.placebo_effect)
    if effect.conf_low is None or effect.conf_high is None:
        assert by_definition(change, others, count, 50.0) > 0.05
        return
    nudge = 1e-6
    for limit, outwards in ((effect.conf_low, -nudge), (effect.conf_high, nudge)):
        assert by_definition(change, others, count, limit - outwards) > 0.05
        assert by_definition(change, others, count, limit + outwards) <= 0.05


def test_hand_worked_gap_and_floor() -> None:
    """Five trusts: changes 1, 3 against 0, 0, 0; a gap of 2; 10 sets, none so far."""
    frame = pd.DataFrame(
        {
            "site": [*"abcde", *"abcde"],
            "wave": ["before"] * 5 + ["after"] * 5,
            "score": [1, 1, 1, 1, 1, 2, 4, 1, 1, 1],
        }
    )
    found = placebo_comparison(
        frame, treated=["a", "b"], before="before", after="after"
    )
    assert estimate(found.placebo_effect).estimate == pytest.approx(2.0, abs=1e-12)
    assert estimate(found.placebo_p_value).estimate == 0.1
    assert estimate(found.placebo_smallest_possible_p_value).estimate == 0.1
    assert estimate(found.placebo_effect).conf_low is None
    assert "cannot rule out" in found.placebo_effect.method


def test_one_of_nineteen_trusts_reaches_the_floor_and_no_limits() -> None:
    frame = trusts(20, effect=50.0)
    found = compared(frame[frame["site"] != "t01"], treated=["t00"])
    assert estimate(found.placebo_p_value).estimate == pytest.approx(1 / 19)
    assert estimate(found.placebo_effect).conf_low is None


def test_each_treated_trust_is_set_beside_the_comparison_alone() -> None:
    frame = trusts(30, effect=3.0)
    together = compared(frame)
    alone = compared(frame[frame["site"] != "t01"], treated=["t00"])
    first = together.by_unit[0]
    assert first.unit == "t00"
    assert estimate(first.conformal_effect).estimate == pytest.approx(
        estimate(alone.placebo_effect).estimate
    )
    assert estimate(first.conformal_p_value).estimate == pytest.approx(1 / 29)
    assert estimate(first.conformal_effect).conf_low is not None


def test_known_effect_lies_in_the_interval_as_often_as_promised() -> None:
    """200 pools of 12 trusts: exact, so 95 % but for chance (3.5 standard errors)."""
    held = []
    for place in range(200):
        found = compared(trusts(12, effect=0.5, seed=f"coverage {place}"))
        effect = estimate(found.placebo_effect)
        assert effect.conf_low is not None
        assert effect.conf_high is not None
        held.append(effect.conf_low <= 0.5 <= effect.conf_high)
    assert np.mean(held) == pytest.approx(63 / 66, abs=3.5 * np.sqrt(0.05 * 0.95 / 200))


def test_many_sets_are_drawn_and_the_same_again() -> None:
    frame = trusts(60, effect=1.0)
    treated = [f"t{place:02d}" for place in range(4)]
    first, again = (compared(frame, treated=treated) for _ in range(2))
    assert first == again
    assert "9999 allocations drawn of 487635" in first.placebo_p_value.method
    assert estimate(first.placebo_p_value).estimate >= 1e-4


@pytest.mark.parametrize(
    ("frame", "treated", "reason"),
    [
        (trusts(4), ["t00", "t01"], "at least 3 needed"),
        (trusts(9).assign(score=2.0), ["t00", "t01"], "nothing to compare"),
        (trusts(9).assign(score=np.nan), ["t00", "t01"], "no one has a score"),
        (trusts(9), ["t00", "elsewhere"], "1 of 2 treated units lack a wave"),
        (trusts(9), [], "0 of 0 treated units"),
        (trusts(9).query("wave == '2015'"), ["t00"], "treated units lack a wave"),
    ],
)
def test_absence_has_a_reason(
    frame: pd.DataFrame, treated: list[str], reason: str
) -> None:
    found = compared(frame, treated=treated)
    for result in found.results():
        assert isinstance(result, Unavailable)
        assert reason in result.reason


def test_adjusting_by_what_tells_the_treated_apart_is_refused() -> None:
    frame = trusts(9)
    before = frame["wave"] == "2015"
    frame.loc[before, "score"] = np.where(frame.loc[before, "site"] == "t00", 5.0, 2.0)
    found = compared(frame, treated=["t00"], adjust_for_before=True)
    assert isinstance(found.placebo_effect, Unavailable)
    frame.loc[before, "score"] = 2.0
    found = compared(frame, adjust_for_before=True)
    assert isinstance(found.placebo_effect, Unavailable)
    assert "do not differ" in found.placebo_effect.reason


def test_a_missing_column_or_one_wave_twice_is_an_error() -> None:
    with pytest.raises(DataError, match="unknown column 'trust'"):
        compared(trusts(9), unit="trust")
    with pytest.raises(DataError, match="the same"):
        compared(trusts(9), after="2015")
    with pytest.raises(DataError, match="more than once"):
        compared(trusts(9), treated=["t00", "t00"])


@given(
    shift=st.floats(-5, 5),
    stretch=st.floats(0.1, 10),
    level=st.floats(-20, 20),
    adjusted=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_the_interval_follows_the_effect_and_the_units(
    shift: float, stretch: float, level: float, adjusted: bool
) -> None:
    frame = trusts(12)
    raised = frame["site"].isin(["t00", "t01"]) & (frame["wave"] == "2016")
    moved = frame.assign(score=(frame["score"] + shift * raised) * stretch + level)
    first, second = (compared(f, adjust_for_before=adjusted) for f in (frame, moved))
    plain, found = estimate(first.placebo_effect), estimate(second.placebo_effect)
    for name in ("estimate", "conf_low", "conf_high"):
        expected = (getattr(plain, name) + shift) * stretch
        assert getattr(found, name) == pytest.approx(expected, rel=1e-7, abs=1e-7)
