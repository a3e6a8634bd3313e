"""Judgements against R: metafor, emmeans, clubSandwich, p.adjust, integrate.

Values: tests/oracles/values/judgement.json, made by tests/oracles/scripts/judgement.R.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from oracle import oracle_values

from heard.effects.judgement.bayes import Prior, bayesian_companion
from heard.effects.judgement.equivalence import UncertainEffect, equivalence_verdict
from heard.effects.judgement.multiplicity import Family, adjust_families
from heard.effects.judgement.pooling import pool_sites, shrink_teams
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from heard.results import Result

pytestmark = pytest.mark.filterwarnings("error")
VALUES = oracle_values("judgement")

# t and normal probabilities are closed forms.
CLOSED = 1e-10
# metafor was asked to stop at steps of 1e-12 (Fisher scoring) and 1e-13 (uniroot).
REML = 1e-8
PROFILE = 1e-8
# R integrate was asked for 1e-12; its quantiles come from uniroot.
INTEGRAL = 1e-9


def numbers(result: Result) -> list[float | None]:
    assert isinstance(result, Estimate), result
    return [result.estimate, result.conf_low, result.conf_high]


def effect_of(stored: dict[str, Any]) -> UncertainEffect:
    degrees = stored["degrees_of_freedom"]
    return UncertainEffect(
        term="mean_change",
        effect=stored["effect"],
        standard_error=stored["standard_error"],
        degrees_of_freedom=math.inf if degrees == "infinite" else degrees,
        n=stored.get("n", 50),
    )


def sites_of(stored: dict[str, Any]) -> dict[str, UncertainEffect]:
    pairs = zip(stored["effects"], stored["standard_errors"], strict=True)
    return {
        f"site-{i}": UncertainEffect(term="change", effect=b, standard_error=se, n=40)
        for i, (b, se) in enumerate(pairs)
    }


@pytest.mark.parametrize("case", VALUES["pooling"])
def test_pooling_is_metafors(case: str) -> None:
    stored = VALUES["pooling"][case]
    found = pool_sites(sites_of(stored), between=stored["method"])
    for term in ("pooled_effect", "pooled_effect_cautious", "prediction_interval"):
        assert numbers(getattr(found, term)) == pytest.approx(stored[term], rel=REML)
    for term in ("between_site_standard_deviation", "between_site_variance_share"):
        value, *limits = numbers(getattr(found, term))
        assert value == pytest.approx(stored[term][0], rel=REML, abs=1e-8)
        assert limits == pytest.approx(stored[term][1:], rel=PROFILE, abs=1e-8)
    p = found.homogeneity_p_value
    assert numbers(p)[0] == pytest.approx(stored["homogeneity_p_value"], rel=CLOSED)


@pytest.mark.parametrize("case", VALUES["common_effects"])
def test_a_common_effect_is_metafors_from_two_sites_on(case: str) -> None:
    stored = VALUES["common_effects"][case]
    found = pool_sites(sites_of(stored))
    common = found.common_effect
    assert isinstance(common, Estimate)
    assert (common.estimate, common.conf_low, common.conf_high) == pytest.approx(
        stored["common_effect"], rel=1e-9
    )
    assert isinstance(found.pooled_effect, Unavailable) == (case == "two")
    assert isinstance(found.prediction_interval, Unavailable) == (case == "two")


@pytest.mark.parametrize("case", VALUES["pooling"])
def test_shrunken_effects_are_metafors_blup(case: str) -> None:
    stored = VALUES["pooling"][case]
    found = shrink_teams(sites_of(stored), between=stored["method"])
    for team, row in zip(found.teams, stored["shrunken"], strict=True):
        guess, _, low, high = row
        assert numbers(team.shrunken_effect) == pytest.approx(
            [guess, low, high], rel=REML
        )


@pytest.mark.parametrize("stored", VALUES["equivalence"]["change"])
def test_two_one_sided_tests_are_those_of_t_test(stored: dict[str, Any]) -> None:
    found = equivalence_verdict(
        effect_of(stored), smallest_effect=stored["smallest_effect"]
    )
    for term in (
        "p_value_equivalence",
        "p_value_larger",
        "p_value_harm",
        "p_value_not_worse",
    ):
        result = getattr(found, term)
        assert numbers(result)[0] == pytest.approx(stored[term], rel=1e-8)
    assert numbers(found.effect_90)[1:] == pytest.approx(
        stored["effect_90"], rel=CLOSED
    )
    assert numbers(found.effect)[1:] == pytest.approx(stored["effect_95"], rel=CLOSED)


def test_equivalence_is_that_of_emmeans() -> None:
    stored = VALUES["equivalence"]["sleep"]
    pairs = zip(stored["smallest_effect"], stored["p_value_equivalence"], strict=True)
    for smallest, p in pairs:
        found = equivalence_verdict(effect_of(stored), smallest_effect=smallest)
        assert numbers(found.p_value_equivalence)[0] == pytest.approx(p, rel=CLOSED)


def test_equivalence_takes_a_cluster_robust_error() -> None:
    stored = VALUES["equivalence"]["cr2"]
    found = equivalence_verdict(
        effect_of(stored), smallest_effect=stored["smallest_effect"]
    )
    p = stored["p_value_equivalence"]
    assert numbers(found.p_value_equivalence)[0] == pytest.approx(p, rel=CLOSED)
    assert found.verdict == "cannot tell"


@pytest.mark.parametrize("adjustment", ["holm", "benjamini_hochberg"])
def test_adjusted_p_values_are_those_of_p_adjust(adjustment: Any) -> None:
    stored = VALUES["families"]
    p_values = {
        f"outcome-{i}": Estimate(term="p_value", estimate=p, n=9, method="t")
        for i, p in enumerate(stored["p_values"])
    }
    family = Family(name="all", outcomes=tuple(p_values), adjustment=adjustment)
    found = adjust_families(p_values, [family])
    adjusted = [numbers(one.adjusted_p_value)[0] for one in found.outcomes]
    assert adjusted == pytest.approx(stored[adjustment], rel=CLOSED)


@pytest.mark.parametrize("stored", VALUES["bayes"])
def test_posterior_is_that_of_numerical_integration(stored: dict[str, Any]) -> None:
    prior = Prior(
        mean=stored["prior_mean"],
        standard_deviation=stored["prior_standard_deviation"],
        reason="as in R",
    )
    found = bayesian_companion(
        effect_of(stored), prior=prior, smallest_effect=stored["smallest_effect"]
    ).posteriors[0]
    expected = [stored["posterior_mean"], *stored["limits"]]
    assert numbers(found.posterior_mean) == pytest.approx(expected, rel=INTEGRAL)
    terms = {
        "probability_of_improvement": "probability_above_zero",
        "probability_exceeds_smallest_effect": "probability_exceeds_smallest_effect",
        "probability_too_small_to_matter": "probability_too_small_to_matter",
        "probability_of_harm": "probability_harm",
    }
    for term, name in terms.items():
        value = numbers(getattr(found, term))[0]
        assert value == pytest.approx(stored[name], rel=INTEGRAL, abs=1e-11)
