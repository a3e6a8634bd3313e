"""Judgements: verdicts in words, sites pooled or not, families and posteriors."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.foundation.findings import Finding
from heard.effects.judgement.bayes import Prior, bayesian_companion
from heard.effects.judgement.equivalence import (
    UncertainEffect,
    equivalence_verdict,
    uncertain_effect,
)
from heard.effects.judgement.multiplicity import Family, adjust_families
from heard.effects.judgement.pooling import pool_sites, shrink_teams, variance_between
from heard.errors import DataError
from heard.results import Composite, Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")
ABSENT = Unavailable(term="mean_change", reason="nobody answered twice", n=0)
PRIOR = Prior(standard_deviation=1.0, reason="no programme moved a team further")


def effect(value: float, error: float, degrees: float = math.inf) -> UncertainEffect:
    return UncertainEffect(
        term="mean_change",
        effect=value,
        standard_error=error,
        degrees_of_freedom=degrees,
        n=60,
    )


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def absent(result: object) -> str:
    assert isinstance(result, Unavailable), result
    return result.reason


# --- effects --------------------------------------------------------------------
@given(
    value=st.floats(-50, 50),
    error=st.floats(0.01, 20),
    degrees=st.sampled_from([1.5, 4, 30, math.inf]),
)
def test_standard_error_is_read_back_from_an_interval(
    value: float, error: float, degrees: float
) -> None:
    low, high = effect(value, error, degrees).limits()
    shown = Estimate(
        term="x", estimate=value, conf_low=low, conf_high=high, n=5, method=""
    )
    found = uncertain_effect(shown, degrees_of_freedom=degrees)
    assert isinstance(found, UncertainEffect)
    assert found.standard_error == pytest.approx(error, rel=1e-9)


def test_intervals_no_error_can_be_read_from() -> None:
    shown = Estimate(term="x", estimate=1.0, conf_low=0.5, conf_high=3, n=5, method="")
    assert "uneven" in absent(uncertain_effect(shown))
    bare = dataclasses.replace(shown, conf_low=None, conf_high=None)
    assert "no interval" in absent(uncertain_effect(bare))
    point = dataclasses.replace(shown, conf_low=1.0, conf_high=1.0)
    assert "no width" in absent(uncertain_effect(point))
    assert uncertain_effect(ABSENT) is ABSENT


@pytest.mark.parametrize(
    "numbers", [(math.nan, 1.0, 5.0), (1.0, 0.0, 5.0), (1.0, 1.0, 0.0)]
)
def test_impossible_effects_are_refused(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="mean_change"):
        effect(*numbers)


# --- equivalence ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "error", "better", "verdict"),
    [
        (3.0, 0.5, "higher", "larger than the smallest effect that matters"),
        (-3.0, 0.5, "lower", "larger than the smallest effect that matters"),
        (0.1, 0.3, "higher", "too small to matter"),
        (1.2, 0.5, "higher", "cannot tell"),
        (0.0, 2.0, "higher", "cannot tell"),
        (
            -3.0,
            0.5,
            "higher",
            "larger than the smallest effect that matters, in the unwanted direction",
        ),
    ],
)
def test_verdict_in_words(
    value: float, error: float, better: str, verdict: str
) -> None:
    found = equivalence_verdict(effect(value, error), smallest_effect=1, better=better)  # type: ignore[arg-type]
    assert found.verdict == verdict


def test_too_small_needs_the_90_not_the_95_interval() -> None:
    # 1.645 errors fit within the bound, 1.96 do not.
    found = equivalence_verdict(effect(0.0, 1 / 1.8), smallest_effect=1)
    assert found.verdict == "too small to matter"
    assert estimate(found.p_value_equivalence).estimate < 0.05
    assert estimate(found.effect).conf_high > 1  # type: ignore[operator]


@given(value=st.floats(-5, 5), error=st.floats(0.05, 3), degrees=st.floats(2, 100))
def test_verdict_agrees_with_its_p_value_and_with_its_mirror(
    value: float, error: float, degrees: float
) -> None:
    found = equivalence_verdict(effect(value, error, degrees), smallest_effect=1)
    p = estimate(found.p_value_equivalence).estimate
    if abs(p - 0.05) > 1e-6:
        assert (found.verdict == "too small to matter") == (p < 0.05)
    mirror = equivalence_verdict(
        effect(-value, error, degrees), smallest_effect=1, better="lower"
    )
    assert mirror.verdict == found.verdict
    for term in ("p_value_larger", "p_value_harm", "p_value_not_worse"):
        here, there = getattr(found, term), getattr(mirror, term)
        assert here.estimate == pytest.approx(there.estimate, rel=1e-9, abs=1e-300)


def test_nothing_to_judge_and_no_bound_to_judge_by() -> None:
    found = equivalence_verdict(ABSENT, smallest_effect=1)
    assert not found.verdict
    assert {absent(result) for result in found.results()} == {ABSENT.reason}
    for bad in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="smallest effect"):
            equivalence_verdict(effect(1, 1), smallest_effect=bad)
    with pytest.raises(ValueError, match="better"):
        equivalence_verdict(effect(1, 1), smallest_effect=1, better="more")  # type: ignore[arg-type]


# --- pooling --------------------------------------------------------------------
def sites(*pairs: tuple[float, float]) -> dict[str, UncertainEffect | Unavailable]:
    return {f"site-{i}": effect(*pair) for i, pair in enumerate(pairs)}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_two_sites_are_shown_and_not_pooled(count: int) -> None:
    found = pool_sites(sites(*[(1.0, 0.5), (2.0, 0.4)][:count]) | {"closed": ABSENT})
    assert "under 3 sites" in absent(found.pooled_effect)
    assert "under 3 sites" in absent(found.prediction_interval)
    shown = [one for one in found.sites if isinstance(one.effect, Estimate)]
    assert len(shown) == count
    assert absent(found.sites[-1].effect) == ABSENT.reason


def test_sites_that_agree_have_no_variance_between_but_no_narrower_interval() -> None:
    found = pool_sites(sites((1.0, 0.5), (1.0, 0.5), (1.0, 0.5), (1.0, 0.5)))
    assert estimate(found.between_site_standard_deviation).estimate == 0
    assert estimate(found.pooled_effect).conf_low == pytest.approx(1.0)
    cautious = estimate(found.pooled_effect_cautious)
    assert cautious.conf_low == pytest.approx(1 - 3.182446305284263 * 0.25)
    assert estimate(found.homogeneity_p_value).estimate == 1


def test_each_site_is_left_out_once_where_three_remain() -> None:
    given_sites = sites((1.0, 0.5), (2.0, 0.4), (1.5, 0.6), (6.0, 0.3))
    found = pool_sites(given_sites)
    without_last = {k: v for k, v in given_sites.items() if k != "site-3"}
    again = estimate(pool_sites(without_last).pooled_effect_cautious)
    left_out = estimate(found.sites[3].pooled_without_site)
    assert (left_out.estimate, left_out.conf_low) == (again.estimate, again.conf_low)
    three = pool_sites(without_last)
    assert "under 3 sites" in absent(three.sites[0].pooled_without_site)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 3)), min_size=3, max_size=8),
    st.sampled_from(["REML", "PM"]),
)
def test_shift_and_scale_go_through_pooling(
    pairs: list[tuple[float, float]], how: str
) -> None:
    found = pool_sites(sites(*pairs), between=how)  # type: ignore[arg-type]
    moved = pool_sites(sites(*[(2 * b + 7, 2 * se) for b, se in pairs]), between=how)  # type: ignore[arg-type]
    here, there = estimate(found.pooled_effect), estimate(moved.pooled_effect)
    assert there.estimate == pytest.approx(2 * here.estimate + 7, rel=1e-5, abs=1e-5)
    ahead = estimate(found.prediction_interval)
    cautious = estimate(found.pooled_effect_cautious)
    assert ahead.conf_low <= cautious.conf_low  # type: ignore[operator]


def test_estimator_must_be_known() -> None:
    with pytest.raises(ValueError, match="REML, PM"):
        pool_sites({}, between="HE")  # type: ignore[arg-type]


def test_restricted_likelihood_finds_the_higher_of_two_peaks() -> None:
    # One exact site, many loose ones: the likelihood must be looked at everywhere.
    effects = np.array([0.0, 3.0, -3.0, 2.5, -2.5])
    variances = np.array([0.001, 9.0, 9.0, 9.0, 9.0])
    found = variance_between(effects, variances, "REML")
    grid = np.linspace(0, 30, 30001)

    def likelihood(t: float) -> float:
        w = 1 / (variances + t)
        mean = w @ effects / w.sum()
        squares = w @ (effects - mean) ** 2
        return float(np.log(w).sum() - np.log(w.sum()) - squares)

    best = max(grid, key=likelihood)
    assert found == pytest.approx(best, abs=2e-3)


# --- shrinkage ------------------------------------------------------------------
def test_small_teams_are_drawn_further_to_the_average() -> None:
    found = shrink_teams(sites((5.0, 0.3), (5.0, 3.0), (1.0, 0.3), (2.0, 0.4)))
    exact, loose = (estimate(team.shrunken_effect) for team in found.teams[:2])
    assert loose.estimate < exact.estimate < 5
    weights = [estimate(team.own_weight).estimate for team in found.teams]
    assert weights[1] < weights[3] < weights[0] < 1


def test_team_without_an_effect_stays_without() -> None:
    found = shrink_teams(sites((1, 1), (2, 1), (3, 1)) | {"closed": ABSENT})
    assert absent(found.teams[3].shrunken_effect) == ABSENT.reason
    few = shrink_teams(sites((1, 1), (2, 1)))
    assert "under 3 teams" in absent(few.teams[0].own_weight)


# --- families -------------------------------------------------------------------
def p_value(value: float) -> Estimate:
    return Estimate(term="p_value", estimate=value, n=50, method="t test")


P_VALUES = {
    "heard": p_value(0.01),
    "trust": p_value(0.03),
    "hope": p_value(0.02),
    "sleep": p_value(0.001),
    "mood": p_value(0.04),
}


def adjusted(families: list[Family]) -> dict[str, float]:
    found = adjust_families(P_VALUES, families)
    return {
        one.outcome: one.adjusted_p_value.estimate
        for one in found.outcomes
        if isinstance(one.adjusted_p_value, Estimate)
    }


def test_fixed_sequence_never_falls_worked_by_hand() -> None:
    order = ("heard", "trust", "hope", "sleep")
    found = adjusted([Family(name="a", outcomes=order, adjustment="fixed_sequence")])
    assert found == {"heard": 0.01, "trust": 0.03, "hope": 0.03, "sleep": 0.03}


def test_gate_passes_only_what_its_family_passes_worked_by_hand() -> None:
    families = [
        Family(name="primary", outcomes=("heard", "trust")),
        Family(name="secondary", outcomes=("hope", "sleep"), after="primary"),
    ]
    # Holm: heard 2 x .01, trust max(.02, .03); hope .02, sleep 2 x .001; gate .03.
    found = adjusted(families)
    assert found == pytest.approx(
        {"heard": 0.02, "trust": 0.03, "hope": 0.03, "sleep": 0.03}
    )


def test_declared_outcome_without_a_p_value_still_counts() -> None:
    found = adjusted([Family(name="a", outcomes=("heard", "lost", "mood"))])
    assert found == pytest.approx({"heard": 0.03, "mood": 0.08})
    absent_too = adjust_families(
        {"heard": p_value(0.01), "lost": ABSENT},
        [Family(name="a", outcomes=("heard", "lost"))],
    )
    assert estimate(absent_too.outcomes[0].adjusted_p_value).estimate == 0.02
    assert "no p-value" in absent(absent_too.outcomes[1].adjusted_p_value)


def test_untested_primary_outcome_keeps_the_gate_shut() -> None:
    families = [
        Family(name="primary", outcomes=("lost",), adjustment="fixed_sequence"),
        Family(name="secondary", outcomes=("heard",), after="primary"),
    ]
    assert adjusted(families) == {"heard": 1.0}


def test_undeclared_outcomes_are_exploratory() -> None:
    found = adjust_families(P_VALUES, [Family(name="a", outcomes=("heard",))])
    families = {one.outcome: one.family for one in found.outcomes}
    assert families["mood"] == "exploratory"
    mood = next(one for one in found.outcomes if one.outcome == "mood")
    assert "exploratory" in absent(mood.adjusted_p_value)
    assert estimate(mood.p_value).estimate == 0.04


def test_every_fault_of_the_families_is_listed() -> None:
    families = [
        Family(name="a", outcomes=("heard", "heard")),
        Family(name="a", outcomes=(), after="b"),
        Family(name="exploratory", outcomes=("x",), adjustment="none"),  # type: ignore[arg-type]
    ]
    with pytest.raises(DataError) as fault:
        adjust_families(P_VALUES, families)
    assert len(fault.value.faults) == 6
    with pytest.raises(ValueError, match="not a p-value"):
        adjust_families({"heard": p_value(1.2)}, [])


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusted_is_never_below_its_own(p: list[float]) -> None:
    p_values = {f"o{i}": p_value(value) for i, value in enumerate(p)}
    for how in ("fixed_sequence", "holm", "benjamini_hochberg"):
        family = Family(name="a", outcomes=tuple(p_values), adjustment=how)
        for one in adjust_families(p_values, [family]).outcomes:
            own = estimate(one.p_value).estimate
            assert own - 1e-12 <= estimate(one.adjusted_p_value).estimate <= 1


# --- bayes ----------------------------------------------------------------------
def test_posterior_of_normal_and_normal_is_the_closed_form() -> None:
    found = bayesian_companion(effect(0.6, 0.5), prior=PRIOR, smallest_effect=0.2)
    posterior = estimate(found.posteriors[0].posterior_mean)
    assert posterior.estimate == pytest.approx(0.6 * 4 / 5, rel=1e-12)
    assert posterior.conf_high == pytest.approx(
        0.48 + 1.959963984540054 * 0.2**0.5, rel=1e-10
    )
    assert [one.prior for one in found.posteriors] == [
        "as declared",
        "half as wide",
        "twice as wide",
    ]
    means = [estimate(one.posterior_mean).estimate for one in found.posteriors]
    assert means[1] < means[0] < means[2]


@settings(max_examples=50)
@given(
    value=st.floats(-8, 8),
    error=st.floats(0.02, 5),
    degrees=st.sampled_from([2.0, 6.5, 40.0, math.inf]),
    smallest=st.floats(0.01, 3),
)
def test_probabilities_add_up_and_turn_with_the_direction(
    value: float, error: float, degrees: float, smallest: float
) -> None:
    one = effect(value, error, degrees)
    found = bayesian_companion(one, prior=PRIOR, smallest_effect=smallest)
    turned = bayesian_companion(
        one, prior=PRIOR, smallest_effect=smallest, better="lower"
    )
    for here, there in zip(found.posteriors, turned.posteriors, strict=True):
        beyond = estimate(here.probability_exceeds_smallest_effect).estimate
        within = estimate(here.probability_too_small_to_matter).estimate
        harm = estimate(here.probability_of_harm).estimate
        assert beyond + within + harm == pytest.approx(1, abs=1e-9)
        assert estimate(there.probability_of_harm).estimate == beyond
        better = estimate(here.probability_of_improvement).estimate
        worse = estimate(there.probability_of_improvement).estimate
        assert better + worse == pytest.approx(1, abs=1e-9)


def test_far_apart_prior_and_data_meet_where_precision_puts_them() -> None:
    narrow = Prior(standard_deviation=0.01, reason="a test")
    found = bayesian_companion(effect(500, 0.01), prior=narrow, smallest_effect=1)
    assert estimate(found.posteriors[0].posterior_mean).estimate == pytest.approx(250)
    loose = bayesian_companion(effect(500, 0.01, 3), prior=narrow, smallest_effect=1)
    posterior = estimate(loose.posteriors[0].posterior_mean)
    # A t likelihood gives way to a normal prior: its tails are longer.
    assert posterior.estimate == pytest.approx(4 * 1e-4 / 500, rel=1e-3)


def test_no_effect_no_posterior_and_no_prior_without_a_reason() -> None:
    found = bayesian_companion(ABSENT, prior=PRIOR, smallest_effect=1)
    assert {absent(result) for result in found.results()} == {ABSENT.reason}
    with pytest.raises(ValueError, match="reason"):
        Prior(standard_deviation=1, reason=" ")
    with pytest.raises(ValueError, match="spread"):
        Prior(standard_deviation=0, reason="x")
    for bad in ({"smallest_effect": 0}, {"smallest_effect": 1, "better": "up"}):
        with pytest.raises(ValueError, match=r"smallest|better"):
            bayesian_companion(effect(1, 1), prior=PRIOR, **bad)


# --- all ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "found",
    [
        equivalence_verdict(effect(1, 1), smallest_effect=1),
        pool_sites(sites((1, 1), (2, 1), (3, 1))),
        shrink_teams(sites((1, 1), (2, 1), (3, 1))),
        adjust_families(P_VALUES, [Family(name="a", outcomes=("heard",))]),
        bayesian_companion(effect(1, 1), prior=PRIOR, smallest_effect=1),
    ],
)
def test_every_result_finds_its_place_and_says_how_it_was_made(
    found: Composite,
) -> None:
    assert len(found.to_frame()) == len(Finding.place(found, study="s"))
    for result in found.results():
        if isinstance(result, Estimate):
            assert result.method
            if result.conf_low is None and result.term != "p_value":
                assert "no interval" in result.method
