"""How different dropouts must be to change a result, and when none could."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.effects.missing_data.attrition import dropout_tipping_point
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def change(mean: float, half: float | None) -> Estimate:
    ends = (None, None) if half is None else (mean - half, mean + half)
    return Estimate(
        term="mean_change",
        estimate=mean,
        conf_low=ends[0],
        conf_high=ends[1],
        n=40,
        method="by hand",
    )


def number(result: Result) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


def limits(
    mean: float, half: float, x: float, followed: int, started: int
) -> tuple[float, float]:
    """The interval of everybody's change, put together by hand."""
    share = followed / started
    everyone = share * mean + (1 - share) * x
    variance = (share * half / 1.96) ** 2
    variance += (mean - x) ** 2 * share * (1 - share) / started
    return everyone - 1.96 * variance**0.5, everyone + 1.96 * variance**0.5


@pytest.mark.parametrize("mean", [0.8, -0.8])
def test_the_interval_begins_to_hold_nil_at_what_is_found(mean: float) -> None:
    found = dropout_tipping_point(change(mean, 0.3), followed=120, started=200)
    x = number(found.leavers_change_interval_zero)
    low, high = limits(mean, 0.3, x, 120, 200)
    # The quantile by hand is 1.96.
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-4)
    assert number(found.leavers_change_zero) == pytest.approx(-mean * 1.5)


@given(
    mean=st.floats(0.1, 5),
    part=st.floats(0.05, 0.95),
    followed=st.integers(20, 500),
    lost=st.integers(5, 500),
)
def test_the_interval_tips_before_the_mean_does(
    mean: float, part: float, followed: int, lost: int
) -> None:
    found = dropout_tipping_point(
        change(mean, part * mean), followed=followed, started=followed + lost
    )
    zero = number(found.leavers_change_zero)
    assert zero < 0
    if isinstance(found.leavers_change_interval_zero, Estimate):
        tipped = found.leavers_change_interval_zero.estimate
        assert zero - 1e-9 * abs(zero) <= tipped < mean


def test_where_nothing_can_be_undone_the_reason_is_told() -> None:
    for given_change, lost, reason in (
        (Unavailable(term="mean_change", reason="nobody answered"), 10, "nobody answ"),
        (change(1.0, 0.2), 0, "no one dropped out"),
    ):
        found = dropout_tipping_point(given_change, followed=40, started=40 + lost)
        for result in found.results():
            assert isinstance(result, Unavailable)
            assert result.reason.startswith(reason)
    for half, reason in ((1.5, "holds nil as it is"), (None, "has no interval")):
        found = dropout_tipping_point(change(1.0, half), followed=40, started=50)
        assert number(found.leavers_change_zero) == pytest.approx(-4)
        assert isinstance(found.leavers_change_interval_zero, Unavailable)
        assert reason in found.leavers_change_interval_zero.reason
