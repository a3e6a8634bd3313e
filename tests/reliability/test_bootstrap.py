"""Draws are the same in any block, and replicates those of data really resampled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from heard.models.bootstrap import (
    Draws,
    bootstrap_interval,
    covariance_columns,
    covariances,
    drawn,
)
from heard.models.random_streams import generator
from heard.psychometrics.consistency.alpha import alpha_replicates, cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_replicates
from heard.psychometrics.consistency.omega import omega_replicates, omega_total
from heard.psychometrics.consistency.one_factor import (
    OneFactor,
    fit_one_factor,
    fit_replicates,
)

pytestmark = pytest.mark.filterwarnings("error")

# Matrix products of other shapes round otherwise.
ROUNDING = 1e-10
DRAWS = Draws(replicates=200, seed="test")


@pytest.fixture
def values() -> np.ndarray:
    """A hundred participants, four items of different spread."""
    random = np.random.default_rng(3)
    trait = random.normal(size=(100, 1))
    return (trait + random.normal(size=(100, 4))) * [1, 2, 3, 4] + 7


def resampled(values: np.ndarray, draws: Draws, whose: np.ndarray) -> list[np.ndarray]:
    """The rows themselves, drawn as often as counted, cluster by cluster."""
    random = generator("bootstrap", draws.seed)
    counts = drawn(random, draws.replicates, whose.max() + 1).astype(int)
    return [np.repeat(values, times[whose], axis=0) for times in counts]


@pytest.mark.parametrize("clustered", [False, True])
def test_replicates_are_those_of_resampled_rows(
    values: np.ndarray, *, clustered: bool
) -> None:
    whose = np.arange(100) // 5 if clustered else np.arange(100)
    clusters = pd.Series(whose) if clustered else None
    draws = Draws(replicates=200, seed="test", clusters=clusters)
    factor = fit_one_factor(np.corrcoef(values.T), tuple("abcd"))
    assert isinstance(factor, OneFactor)
    raw, standardised = (
        alpha_replicates(values, draws, k) for k in ("raw", "standardised")
    )
    mean = mean_replicates(values, draws)
    omega = omega_replicates(values, factor, draws)
    for place, rows in enumerate(resampled(values, draws, whose)[:40]):
        frame = pd.DataFrame(rows)
        expected = cronbach_alpha(frame)
        assert raw[place] == pytest.approx(expected.estimate, abs=ROUNDING)  # type: ignore[union-attr]
        r = np.corrcoef(rows.T)[np.triu_indices(4, 1)].mean()
        assert mean[place] == pytest.approx(r, abs=ROUNDING)
        assert standardised[place] == pytest.approx(4 * r / (1 + 3 * r), abs=ROUNDING)
        fitted = omega_total(frame)
        # the one-by-one optimiser stops at 1e-7
        assert omega[place] == pytest.approx(fitted.estimate, abs=1e-6)  # type: ignore[union-attr]


def test_draws_do_not_depend_on_the_size_of_blocks(values: np.ndarray) -> None:
    for block in (1, 7, 199, 1000):
        found = alpha_replicates(values, DRAWS, block=block)
        np.testing.assert_allclose(found, alpha_replicates(values, DRAWS), atol=1e-12)


def test_other_names_give_other_draws(values: np.ndarray) -> None:
    other = alpha_replicates(values, Draws(replicates=200, seed="other"))
    assert not np.allclose(other, alpha_replicates(values, DRAWS))


def test_every_unit_is_drawn_about_once_and_n_in_all() -> None:
    counts = drawn(generator("test"), 4000, 30)
    assert (counts.sum(axis=1) == 30).all()
    # a mean of 4,000 draws with variance 29 / 30: error 0.016
    assert counts.mean(axis=0) == pytest.approx(np.ones(30), abs=0.08)
    assert counts.var(axis=0) == pytest.approx(np.full(30, 29 / 30), abs=0.15)


def test_covariances_are_those_of_numpy(values: np.ndarray) -> None:
    means = covariance_columns(values).mean(axis=0)[None]
    expected = np.cov(values, rowvar=False, ddof=0)
    np.testing.assert_allclose(covariances(means, 4)[0], expected, atol=ROUNDING)


def test_corrected_limits_are_those_of_scipy(values: np.ndarray) -> None:
    from scipy import stats  # noqa: PLC0415 - slow to import, and only compared with

    draws = Draws(replicates=20_000, seed="mean")
    first = np.exp(values[:, 0] - 7)
    replicates = np.concatenate([*draws.means(first[:, None])])[:, 0]
    found = bootstrap_interval(
        first.mean(), replicates, draws, influence=first - first.mean(), confidence=0.95
    )
    peer = stats.bootstrap(
        (first,),
        np.mean,
        n_resamples=20_000,
        method="BCa",
        rng=np.random.default_rng(1),
    ).confidence_interval
    spread = first.std() / 10
    # limits of 20,000 draws vary by about 0.02 standard errors
    assert found.low == pytest.approx(peer.low, abs=0.08 * spread)
    assert found.high == pytest.approx(peer.high, abs=0.08 * spread)
    plain = bootstrap_interval(
        first.mean(), replicates, draws, influence=None, confidence=0.95
    )
    assert plain.low == pytest.approx(np.quantile(replicates, 0.025))


def test_a_replicate_as_large_as_the_estimate_counts_half() -> None:
    """Whatever its last digits."""
    draws = Draws(replicates=400, seed="ties")
    random = np.random.default_rng(1)
    plain = np.round(random.normal(size=400), 1)
    noise = 1e-16 * random.integers(-3, 4, 400)
    influence = random.normal(size=4)
    limits = [
        bootstrap_interval(0.3, kept, draws, influence=influence, confidence=0.9)
        for kept in (plain, plain + noise, plain - noise)
    ]
    assert [one.low for one in limits] == pytest.approx([limits[0].low] * 3)
    assert [one.high for one in limits] == pytest.approx([limits[0].high] * 3)


def test_replicates_without_a_value_are_told_and_too_many_give_no_limits() -> None:
    replicates = np.random.default_rng(1).normal(size=200)
    replicates[:10] = np.nan
    few = bootstrap_interval(0, replicates, DRAWS, influence=None, confidence=0.9)
    assert few.low is not None
    assert few.words.endswith("200 draws of participants, 10 without a value left out")
    replicates[:11] = np.nan
    many = bootstrap_interval(0, replicates, DRAWS, influence=None, confidence=0.9)
    assert many.words == "no interval: 11 of 200 replicates have no value"
    deviation = bootstrap_interval(
        99, replicates[20:], DRAWS, influence=None, confidence=0.9
    )
    assert deviation.low is None
    same = np.full(200, 0.5)
    still = bootstrap_interval(0.5, same, DRAWS, influence=None, confidence=0.9)
    assert still.words == "no interval: no participant moves the estimate"


def test_factors_of_many_matrices_are_those_of_one_at_a_time(
    values: np.ndarray,
) -> None:
    start = fit_one_factor(np.corrcoef(values.T), tuple("abcd"))
    assert isinstance(start, OneFactor)
    random = np.random.default_rng(8)
    matrices = np.array([np.corrcoef(random.choice(values, 60).T) for _ in range(30)])
    loadings, residuals = fit_replicates(matrices, start)
    for place, matrix in enumerate(matrices):
        alone = fit_one_factor(matrix, tuple("abcd"))
        if isinstance(alone, OneFactor):
            np.testing.assert_allclose(residuals[place], alone.residuals, atol=1e-5)
            assert abs(loadings[place].sum()) == pytest.approx(
                abs(alone.loadings.sum()), abs=1e-5
            )


def test_matrices_without_a_factor_have_none() -> None:
    start = OneFactor(loadings=np.full(3, 0.7), residuals=np.full(3, 0.51))
    flat = np.zeros((3, 3))
    wild = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    matrices = np.array([flat, wild, start.implied])
    loadings, _ = fit_replicates(matrices, start)
    assert np.isnan(loadings[0]).all()
    assert np.isnan(loadings[1]).all()
    np.testing.assert_allclose(loadings[2], start.loadings, atol=1e-9)
