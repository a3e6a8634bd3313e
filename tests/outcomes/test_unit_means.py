"""Units compared, each once: their means make the estimate, and few give none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.unit_means import (
    Summary,
    UnitComparison,
    compare_unit_means,
    mean_of_units,
)
from heard.effects.units import linked_units, units_of_units, unlinked_units
from heard.errors import DataError
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

SUMMARIES: tuple[Summary, ...] = ("change", "after", "adjusted")


def units(
    treated: int, control: int, *, stratum: str = "", seed: str = "units"
) -> pd.DataFrame:
    """Units of two arms, the treated first; `stratum` a letter each."""
    random, count = generator("test", seed), treated + control
    frame = pd.DataFrame(
        {
            "arm": ["pilot"] * treated + ["usual"] * control,
            "before": random.normal(40, 2, count),
            "people": random.integers(4, 40, count),
        }
    )
    frame["after"] = 8 + 0.8 * frame["before"] + random.normal(0, 2, count)
    return frame.assign(stratum=list(stratum)) if stratum else frame


def compared(frame: pd.DataFrame, **options: Any) -> UnitComparison:
    return compare_unit_means(frame, treated="pilot", control="usual", **options)


def known(effect: object) -> UncertainEffect:
    assert isinstance(effect, UncertainEffect), effect
    return effect


def reason(effect: object) -> str:
    assert isinstance(effect, Unavailable), effect
    return effect.reason


# --- the error and its degrees of freedom ---------------------------------------------


@given(sizes=st.tuples(st.integers(3, 9), st.integers(3, 9)), seed=st.text(max_size=4))
@settings(max_examples=30, deadline=None)
def test_without_strata_it_is_the_closed_form(
    sizes: tuple[int, int], seed: str
) -> None:
    """Variances of the arms apart, and Bell and McCaffrey's published df."""
    frame = units(*sizes, seed=seed)
    change = (frame["after"] - frame["before"]).to_numpy()
    first, second = change[: sizes[0]], change[sizes[0] :]
    k, m = sizes
    error = (first.var(ddof=1) / k + second.var(ddof=1) / m) ** 0.5
    degrees = (1 / k + 1 / m) ** 2 / (1 / (k**2 * (k - 1)) + 1 / (m**2 * (m - 1)))
    effect = known(compared(frame).effect)
    assert effect.effect == pytest.approx(first.mean() - second.mean(), abs=1e-10)
    assert effect.standard_error == pytest.approx(error, rel=1e-10)
    assert effect.degrees_of_freedom == pytest.approx(degrees, rel=1e-10)
    if k == m:
        pooled = stats.ttest_ind(first, second).confidence_interval()
        assert effect.limits() == pytest.approx((pooled.low, pooled.high), abs=1e-9)


def test_within_strata_it_is_the_hat_matrix() -> None:
    """Strata of 1 v 2 and 2 v 3: every term of the published formula written out."""
    frame = units(3, 5, stratum="abbaabbb")
    treated = (frame["arm"] == "pilot").to_numpy(float)
    second = (frame["stratum"] == "b").to_numpy(float)
    design = np.column_stack([treated, 1 - second, second])
    change = (frame["after"] - frame["before"]).to_numpy()
    inverse = np.linalg.inv(design.T @ design)
    left = np.eye(8) - design @ inverse @ design.T
    loading = (inverse @ design.T)[0]
    scaled = loading / np.sqrt(np.diag(left))
    error = np.sqrt(((scaled * (left @ change)) ** 2).sum())
    eigen = np.linalg.eigvalsh(scaled[:, None] * left * scaled)
    effect = known(compared(frame).effect)
    assert effect.effect == pytest.approx(loading @ change, rel=1e-10)
    assert effect.standard_error == pytest.approx(error, rel=1e-10)
    degrees = eigen.sum() ** 2 / (eigen**2).sum()
    assert effect.degrees_of_freedom == pytest.approx(degrees, rel=1e-10)


def test_balanced_strata_have_units_less_strata_less_one() -> None:
    frame = units(6, 6, stratum="aabbccaabbcc")
    assert known(compared(frame).effect).degrees_of_freedom == pytest.approx(12 - 3 - 1)
    adjusted = known(compared(frame, summary="adjusted").effect)
    assert adjusted.degrees_of_freedom == 12 - 3 - 2
    plain = known(compared(units(6, 6), summary="adjusted").effect)
    assert plain.degrees_of_freedom == 12 - 3


# --- the means are those of the estimate ----------------------------------------------


@given(
    seed=st.text(max_size=4),
    summary=st.sampled_from(SUMMARIES),
    stratum=st.sampled_from(["", "abbccabbbccc", "aabbbabbbccc"]),
)
@settings(max_examples=40, deadline=None)
def test_the_arms_means_differ_by_the_estimate(
    seed: str, summary: Summary, stratum: str
) -> None:
    found = compared(units(5, 7, stratum=stratum, seed=seed), summary=summary)
    first, second = found.treated, found.control
    if summary == "change":
        assert first.change is not None
        assert second.change is not None
        gap = first.change - second.change
    else:
        assert first.after is not None
        assert second.after is not None
        gap = first.after - second.after
    assert gap == pytest.approx(known(found.effect).effect, abs=1e-9)


def test_without_strata_the_means_are_plain() -> None:
    frame = units(4, 6)
    found = compared(frame)
    means = frame.groupby("arm")[["before", "after"]].mean()
    for part, arm in ((found.treated, "pilot"), (found.control, "usual")):
        assert part.before == pytest.approx(means.loc[arm, "before"])
        assert part.after == pytest.approx(means.loc[arm, "after"])
    people = frame.groupby("arm")["people"].sum()
    assert (found.treated.n_units, found.control.n_units) == (4, 6)
    assert (found.treated.n_people, found.control.n_people) == (
        people["pilot"],
        people["usual"],
    )
    result = found.result()
    assert isinstance(result, Estimate)
    assert result.n == people.sum()
    assert "10 teams' means" in result.method


def test_strata_with_one_arm_drop_out_and_are_counted() -> None:
    frame = units(4, 5, stratum="abbcaabbd")
    found = compared(frame)
    kept = frame[~frame["stratum"].isin(["c", "d"])]
    assert found.effect == compared(kept).effect
    assert (found.n_strata, found.n_strata_left_out) == (2, 2)
    assert found.n_units == 7


# --- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (units(2, 9), "fewer than 3 teams in an arm"),
        (units(0, 9), "fewer than 3 teams in an arm"),
        (units(3, 3, stratum="aaabbb"), "no stratum holds both arms"),
        (units(4, 4, stratum="aabbaacc"), "of strata that hold both arms"),
        (units(4, 4).assign(before=1.0, after=2.0), "no variation"),
        (units(4, 4).assign(after=np.nan), "fewer than 3 teams in an arm"),
    ],
)
def test_absence_has_a_reason_and_keeps_the_arms(
    frame: pd.DataFrame, words: str
) -> None:
    found = compared(frame)
    assert words in reason(found.effect)
    assert isinstance(found.result(), Unavailable)
    alive = frame.dropna(subset="after")
    for part, arm in ((found.treated, "pilot"), (found.control, "usual")):
        own = alive[alive["arm"] == arm]
        assert part.n_units == len(own)
        expected = own["before"].mean() if len(own) else None
        assert part.before == pytest.approx(expected)


def test_units_too_unequal_for_two_degrees_of_freedom_are_refused() -> None:
    """One stratum of 1 v 40 next to two of 1 v 1: the lone units carry everything."""
    frame = units(3, 42, stratum="abc" + "a" * 40 + "bc")
    assert "degrees of freedom" in reason(compared(frame).effect)


def test_two_treated_units_have_an_interval_if_asked_and_one_never() -> None:
    two = known(compared(units(2, 10), least=1).effect)
    degrees = (1 / 2 + 1 / 10) ** 2 / (1 / 4 + 1 / (100 * 9))
    assert two.degrees_of_freedom == pytest.approx(degrees, rel=1e-10)
    frame = units(1, 11)
    assert isinstance(compared(frame, least=1).effect, Unavailable)


def test_scores_before_that_do_not_vary_cannot_adjust() -> None:
    flat = units(5, 5).assign(before=40.0)
    assert "cannot adjust" in reason(compared(flat, summary="adjusted").effect)
    assert isinstance(compared(flat).effect, UncertainEffect)


def test_a_unit_is_called_what_it_is() -> None:
    found = compared(units(2, 4), unit="site", term="gain", n_unit="answers")
    assert "fewer than 3 sites" in reason(found.effect)
    assert found.effect.term == "gain"
    assert found.result().n_unit == "answers"


def test_missing_columns_are_named() -> None:
    with pytest.raises(DataError, match="people"):
        compared(units(4, 4).drop(columns="people"))
    with pytest.raises(DataError, match="before"):
        compared(units(4, 4).drop(columns="before"), summary="adjusted")


def test_post_only_is_the_default_without_a_before() -> None:
    frame = units(4, 6)
    found = compared(frame.drop(columns="before"))
    assert found.effect == compared(frame, summary="after").effect
    assert found.treated.before is None
    assert found.treated.change is None


def test_one_group_needs_five_units_that_differ() -> None:
    frame = units(5, 0)
    assert known(mean_of_units(frame).effect).degrees_of_freedom == 4
    few = mean_of_units(frame.iloc[:4])
    assert "fewer than 5 teams" in reason(few.effect)
    assert few.group.change is not None
    alike = frame.assign(after=frame["before"] + 1)
    assert "same number" in reason(mean_of_units(alike).effect)


# --- people into units ----------------------------------------------------------------

PEOPLE = pd.DataFrame(
    {
        "cluster": [*"aaabbc", "", "d"],
        "arm": ["pilot"] * 5 + ["usual"] * 3,
        "before": [1.0, 2, 3, 5, 7, 4, 9, np.nan],
        "after": [2.0, 2, 5, 6, 9, 4, 9, 3],
    }
)


def test_linked_people_become_units() -> None:
    """Changes 1, 0, 2 | 1, 2 | 0: variance within (2 + .5) / 3."""
    found = linked_units(PEOPLE)
    assert list(found.index) == ["a", "b", "c"]
    assert list(found["people"]) == [3, 2, 1]
    assert list(found["before"]) == [2, 6, 4]
    assert list(found["after"]) == [3, 7.5, 4]
    assert list(found["arm"]) == ["pilot", "pilot", "usual"]
    pooled = 2.5 / 3
    expected = [pooled / 3, pooled / 2, pooled]
    assert found["sampling_variance"].to_numpy() == pytest.approx(expected)


def test_unlinked_answers_become_units_of_both_waves() -> None:
    waves = [
        PEOPLE[["cluster", "arm", wave]].rename(columns={wave: "score"})
        for wave in ("before", "after")
    ]
    found = unlinked_units(waves[1], waves[0])
    assert list(found.index) == ["a", "b", "c"]
    assert list(found["people"]) == [6, 4, 2]
    assert list(found["after"]) == [3, 7.5, 4]
    first, second = (2 + 2) / (6 - 3), (6 + 4.5) / (7 - 4)
    expected = [(first + second) / n for n in (3, 2, 1)]
    assert found["sampling_variance"].to_numpy() == pytest.approx(expected)
    alone = unlinked_units(waves[1])
    assert list(alone.index) == ["a", "b", "c", "d"]
    assert "before" not in alone


def test_units_of_units_count_each_once() -> None:
    teams = linked_units(PEOPLE.assign(site=list("xxxyyzzz")))
    sites = units_of_units(teams.assign(site=["x", "x", "y"]), by="site")
    assert list(sites["after"]) == [5.25, 4]
    assert list(sites["people"]) == [5, 1]
    variance = teams["sampling_variance"].to_numpy()
    assert sites["sampling_variance"].iloc[0] == pytest.approx(variance[:2].sum() / 4)


def test_a_unit_in_two_arms_is_an_error_that_names_none() -> None:
    mixed = PEOPLE.assign(arm=["pilot", "usual"] * 4)
    with pytest.raises(DataError, match="2 units are in more than one arm"):
        linked_units(mixed)
    with pytest.raises(DataError, match="columns missing: after"):
        linked_units(PEOPLE.drop(columns="after"))
