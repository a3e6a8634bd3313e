"""Intervals of skewed and floored answers do not take them for normal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_values
from scipy import stats

from heard.effects.description import describe_scores
from heard.models.skewed_scores import Shape, deviation_limits
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.item_sums import item_sums
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.items.statistics import item_statistics
from heard.results import Estimate, Result

EVEN = (0.1, 0.2, 0.4, 0.2, 0.1)
FLOORED = (0.79, 0.10, 0.06, 0.03, 0.02)
LOADINGS = np.array([0.6, 0.65, 0.7, 0.75, 0.8])


def answers(shares: tuple[float, ...], n: int, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    latent = random.normal(size=(n, 1)) * LOADINGS
    latent += random.normal(size=(n, 5)) * np.sqrt(1 - LOADINGS**2)
    cuts = stats.norm.ppf(np.cumsum(shares)[:-1])
    return pd.DataFrame(np.searchsorted(cuts, latent), columns=list("abcde"))


def known(result: Result) -> Estimate:
    assert isinstance(result, Estimate)
    return result


def limits(result: Result) -> tuple[float, float]:
    found = known(result)
    assert found.conf_low is not None
    assert found.conf_high is not None
    return found.conf_low, found.conf_high


@pytest.mark.parametrize(
    ("shares", "n", "words"),
    [
        (EVEN, 60, "95 % Feldt interval"),
        (EVEN, 400, "95 % Feldt interval"),
        (FLOORED, 60, "(BCa) bootstrap interval"),
        (FLOORED, 199, "(BCa) bootstrap interval"),
        (FLOORED, 200, "distribution-free (ADF) interval"),
        (FLOORED, 12_000, "distribution-free (ADF) interval"),
    ],
)
def test_the_interval_of_alpha_follows_the_skewness_and_n(
    shares: tuple[float, ...], n: int, words: str
) -> None:
    found = known(cronbach_alpha(answers(shares, n)))
    assert words in found.method
    floored = shares is FLOORED
    assert ("many the lowest: a floor" in found.method) == floored
    assert ("nowhere narrower than Feldt's" in found.method) == (floored and n < 200)


def test_limits_of_few_floored_answers_reach_as_far_as_feldts_and_the_bootstraps() -> (
    None
):
    rows = answers(FLOORED, 60)
    low, high = limits(cronbach_alpha(rows))
    others = [limits(cronbach_alpha(rows, interval=i)) for i in ("feldt", "bootstrap")]
    assert low == min(other[0] for other in others)
    assert high == max(other[1] for other in others)
    assert known(cronbach_alpha(rows)).estimate == pytest.approx(
        known(cronbach_alpha(rows, interval="feldt")).estimate, abs=1e-12
    )


def test_a_chosen_interval_is_kept_and_warned_of() -> None:
    found = known(cronbach_alpha(answers(FLOORED, 60), interval="feldt"))
    assert "Feldt interval" in found.method
    assert "caution: scores skewed, many the lowest: a floor" in found.method


def test_omega_of_skewed_answers_has_distribution_free_limits() -> None:
    rows = answers(FLOORED, 150)
    assert limits(omega_total(rows)) == limits(omega_total(rows, interval="adf"))
    assert "caution: scores skewed" in known(omega_total(rows)).method
    even = answers(EVEN, 150)
    assert limits(omega_total(even)) == limits(omega_total(even, interval="delta"))


@pytest.mark.parametrize("n", [150, 12_000])
def test_alpha_without_an_item_follows_the_rule_however_it_is_summed(n: int) -> None:
    for shares in (EVEN, FLOORED):
        for item in item_statistics(answers(shares, n), lowest=0, highest=4):
            method = known(item.cronbach_alpha_if_dropped).method
            assert ("ADF" in method) == (shares is FLOORED)
            assert ("caution" in method) == (shares is FLOORED)


def test_shape_is_scipys_skewness_and_does_not_depend_on_how_it_is_counted() -> None:
    rows = answers(FLOORED, 12_000)
    sums = rows.sum(axis=1).to_numpy(float)
    shape = Shape.of(sums)
    assert shape.skewness == pytest.approx(stats.skew(sums), rel=1e-12)
    assert shape.share_at_end == np.mean(sums == 0)
    counted = item_sums(rows)
    assert counted is not None
    assert counted.shape == shape


@pytest.mark.parametrize("values", [[], [3.0], [2.0, 2.0, 2.0]])
def test_what_does_not_vary_is_not_skewed(values: list[float]) -> None:
    assert not Shape.of(np.array(values)).skewed


def test_a_ceiling_is_named_as_one() -> None:
    scores = 4.0 - answers(FLOORED, 80).sum(axis=1).to_numpy(float)
    assert "many the highest: a ceiling" in Shape.of(scores).words


def test_bonetts_limits_are_those_of_his_formula() -> None:
    stored: dict[str, Any] = oracle_values("skewed_scores")["values"]
    found = deviation_limits(np.array(stored["scores"], float), confidence=0.95)
    assert found == pytest.approx(stored["deviation_limits"], rel=1e-12)


def test_the_spread_of_floored_scores_has_bonetts_limits() -> None:
    for shares in (EVEN, FLOORED):
        scores = answers(shares, 80).sum(axis=1)
        found = describe_scores(scores, lowest=0, highest=20)
        method = known(found.standard_deviation).method
        assert ("Bonett" in method) == (shares is FLOORED)
        assert ("caution: scores skewed" in known(found.mean).method) == (
            shares is FLOORED
        )
