"""Sources together: users, peers and managers of the same staff."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows
from scipy import optimize

from heard.psychometrics.dependability.components import (
    read_ratings,
    variance_components,
)
from heard.psychometrics.dependability.sources import (
    SourcesTogether,
    _best,
    _means,
    deviance,
    fit_sources,
    sources_together,
)
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def ratings() -> pd.DataFrame:
    return oracle_rows("mixed_sources.csv")


def together(ratings: pd.DataFrame) -> SourcesTogether:
    found = sources_together(ratings, score="score", staff="staff", source="source")
    assert isinstance(found, SourcesTogether)
    return found


def test_correction_raises_the_correlation_and_says_what_it_is_of(
    ratings: pd.DataFrame,
) -> None:
    for pair in together(ratings).correlations:
        assert isinstance(pair.observed, Estimate)
        assert isinstance(pair.corrected, Estimate)
        assert abs(pair.observed.estimate) < abs(pair.corrected.estimate)
        assert pair.corrected.conf_low is not None
        assert pair.corrected.conf_high is not None
        # a factor whose sign is free would let every correlation be its opposite
        assert -0.6 < pair.corrected.conf_low <= pair.corrected.estimate
        assert pair.corrected.estimate <= pair.corrected.conf_high <= 1
        assert "staff rated by both" in pair.corrected.method


def test_weights_sum_to_one_and_beat_equal_ones(ratings: pd.DataFrame) -> None:
    found = together(ratings)
    weights = [
        s.weight.estimate for s in found.sources if isinstance(s.weight, Estimate)
    ]
    assert sum(weights) == pytest.approx(1)
    assert isinstance(found.best_weights, Estimate)
    assert isinstance(found.equal_weights, Estimate)
    assert found.best_weights.estimate >= found.equal_weights.estimate


def test_best_weights_are_those_a_search_finds() -> None:
    true = np.array([[0.2, 0.1], [0.1, 0.3]])
    error = np.array([0.5, 0.05])
    weights, squared = _best(true, error)

    def lost(first: float) -> float:
        chosen = np.array([first, 1 - first])
        shared = chosen @ true.sum(axis=1)
        spread = chosen @ (true + np.diag(error)) @ chosen
        return -float(shared**2 / spread / true.sum())

    found = optimize.minimize_scalar(lost, bounds=(0, 1), method="bounded")
    assert weights[0] == pytest.approx(found.x, abs=1e-5)
    assert squared == pytest.approx(-found.fun, abs=1e-9)


def test_gradient_is_that_of_the_deviance(ratings: pd.DataFrame) -> None:
    data, _ = _means(
        read_ratings(ratings, "score", ["staff", "source"]), "staff", "source"
    )
    at = data.start() + np.linspace(-0.1, 0.2, 9)
    numeric = [
        (deviance(data, at + step)[0] - deviance(data, at - step)[0]) / 2e-5
        for step in 1e-5 * np.eye(9)
    ]
    assert deviance(data, at)[1] == pytest.approx(np.array(numeric), rel=1e-5, abs=1e-5)


def test_one_source_alone_is_the_nested_design(ratings: pd.DataFrame) -> None:
    users = ratings[ratings["source"] == "users"]
    data, _ = _means(
        read_ratings(users, "score", ["staff", "source"]), "staff", "source"
    )
    alone = variance_components(users, score="score", facets=["staff"])
    fit = fit_sources(data)
    assert not isinstance(alone, Unavailable)
    assert fit.true[0, 0] == pytest.approx(alone.variances["staff"], rel=1e-5)
    assert fit.raters[0] == pytest.approx(alone.variances["residual"], rel=1e-5)
    assert alone.fit is not None
    assert -fit.deviance / 2 == pytest.approx(alone.fit.log_likelihood, abs=1e-7)


def test_order_of_sources_and_rows_changes_nothing(ratings: pd.DataFrame) -> None:
    renamed = ratings.replace({"source": {"users": "a users"}}).iloc[::-1]
    ours, theirs = together(ratings), together(renamed)
    for source in ours.sources:
        name = {"users": "a users"}.get(source.source, source.source)
        same = next(s for s in theirs.sources if s.source == name)
        assert isinstance(source.dependability, Estimate)
        assert isinstance(same.dependability, Estimate)
        assert source.dependability.estimate == pytest.approx(
            same.dependability.estimate, rel=1e-4
        )


def test_true_scores_that_are_one_have_no_wald_interval() -> None:
    draw = np.random.default_rng(3)
    staff = np.repeat(np.arange(12), 8)
    source = np.tile(np.repeat(["users", "peers"], 4), 12)
    score = np.linspace(1, 5, 12)[staff] + draw.normal(0, 1, len(staff))
    found = together(pd.DataFrame({"staff": staff, "source": source, "score": score}))
    corrected = found.correlations[0].corrected
    assert isinstance(corrected, Estimate)
    assert corrected.conf_high == 1
    assert isinstance(found.equal_weights, Estimate)
    if found.equal_weights.conf_low is None:
        assert "boundary" in found.equal_weights.method


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda r: r[r["source"] == "users"], "1 source; at least 2 needed"),
        (lambda r: r.drop_duplicates(["staff", "source"]), "one rating of each"),
        (lambda r: r[r["staff"] < "s04"], "staff in common; at least 4 needed"),
        (lambda r: r.assign(score=2.0), "the same"),
        (lambda r: r.iloc[:0], "0 ratings"),
    ],
)
def test_what_cannot_be_put_together_says_why(
    ratings: pd.DataFrame, keep: object, words: str
) -> None:
    assert callable(keep)
    found = sources_together(
        keep(ratings), score="score", staff="staff", source="source"
    )
    assert isinstance(found, Unavailable)
    assert words in found.reason


def test_frame_names_source_or_pair(ratings: pd.DataFrame) -> None:
    frame = together(ratings).to_frame()
    assert frame.columns[0] == "source"
    assert {"users", "managers and peers", "best weights"} <= set(frame["source"])
