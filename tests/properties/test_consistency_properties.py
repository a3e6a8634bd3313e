"""What must hold for every choice of gaps and limits, whatever the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_inter_item_correlation
from heard.psychometrics.consistency.omega import omega_total
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

pytestmark = pytest.mark.filterwarnings("error")

STEADY = settings(derandomize=True, deadline=None, max_examples=12)
STATISTICS: tuple[Callable[..., Result], ...] = (
    cronbach_alpha,
    omega_total,
    mean_inter_item_correlation,
)
# Both search for a maximum, which ends at 1e-8 of the slope.
SAME = 1e-6


@st.composite
def one_trait(draw: st.DrawFn) -> pd.DataFrame:
    """Items from 1 to 6 that follow one trait, at random strengths, some missing."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k = draw(st.integers(30, 60)), draw(st.integers(3, 5))
    raw = 3.5 + random.normal(size=(n, 1)) * random.uniform(0.7, 1.5, k)
    answers = np.clip(np.round(raw + random.normal(size=(n, k))), 1, 6)
    answers[random.random((n, k)) < draw(st.sampled_from([0.0, 0.05]))] = np.nan
    return pd.DataFrame(answers, columns=[f"item{i}" for i in range(k)])


def numbers(found: Result) -> list[float] | str:
    if not isinstance(found, Estimate):
        return found.reason[:20]
    return [
        found.estimate,
        found.conf_low if found.conf_low is not None else 9.0,
        found.conf_high if found.conf_high is not None else 9.0,
    ]


CHOICES = (
    {"interval": "adf"},
    {"missing": "pairwise", "interval": "adf"},
    {"missing": "fiml", "interval": "adf"},
    {"interval": "percentile", "replicates": 200},
)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("choice", CHOICES)
@given(responses=one_trait(), shift=st.integers(-9, 9), scale=st.sampled_from([0.1, 3]))
@STEADY
def test_units_and_the_order_of_items_say_nothing(
    statistic: Callable[..., Result],
    choice: dict[str, object],
    responses: pd.DataFrame,
    shift: int,
    scale: float,
) -> None:
    if statistic is omega_total and choice.get("missing") == "pairwise":
        return
    found = numbers(statistic(responses, **choice))
    moved = numbers(statistic(responses.iloc[:, ::-1] * scale + shift, **choice))
    if isinstance(found, str) or isinstance(moved, str):
        assert isinstance(found, str) == isinstance(moved, str)
        return
    assert moved == pytest.approx(found, abs=SAME)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("missing", ["listwise", "fiml"])
@given(responses=one_trait())
@STEADY
def test_wider_confidence_gives_wider_limits(
    statistic: Callable[..., Result], missing: str, responses: pd.DataFrame
) -> None:
    narrow, wide = (
        numbers(statistic(responses, missing=missing, interval="adf", confidence=of))
        for of in (0.8, 0.99)
    )
    if isinstance(narrow, str) or isinstance(wide, str):
        assert narrow == wide
        return
    assert wide[1] <= narrow[1] <= narrow[0] == wide[0] <= narrow[2] <= wide[2]
