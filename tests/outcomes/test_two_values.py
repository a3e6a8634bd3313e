"""Two-valued outcomes over teams: what cannot be compared, and what always holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from heard.effects.clustered.two_values import Model, standardised_shares
from heard.effects.judgement.equivalence import UncertainEffect
from heard.errors import DataError
from heard.models.random_intercept_logit import (
    RandomInterceptLogit,
    fit_random_intercept_logit,
)
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

MODELS: tuple[Model, ...] = ("exchangeable", "independence", "random_intercept")


def teams(
    seed: int = 1, size: int = 20, count: int = 8, shift: float = 0
) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    team = np.repeat(np.arange(count), size)
    treated = team % 2 == 0
    logit = -0.3 + shift * treated + 0.7 * random.normal(size=count)[team]
    score = (random.random(count * size) < special.expit(logit)).astype(float)
    return pd.DataFrame(
        {"cluster": team, "arm": np.where(treated, "new", "old"), "score": score}
    )


def shares(frame: pd.DataFrame, model: Model = "exchangeable") -> UncertainEffect:
    found = standardised_shares(frame, treated="new", control="old", model=model)
    effect = found.effect
    assert isinstance(effect, UncertainEffect)
    assert isinstance(found.share_treated, Estimate)
    assert isinstance(found.share_control, Estimate)
    difference = found.share_treated.estimate - found.share_control.estimate
    assert effect.effect == pytest.approx(difference)
    return effect


def reason(frame: pd.DataFrame, **asked: object) -> str:
    found = standardised_shares(frame, treated="new", control="old", **asked)  # type: ignore[arg-type]
    assert isinstance(found.effect, Unavailable)
    assert isinstance(found.share_difference, Unavailable)
    return found.share_difference.reason


def test_teams_of_one_size_without_covariates_give_the_shares_themselves() -> None:
    """Mancl and DeRouen's error is that of team shares, residuals over 1 - 1/k."""
    frame = teams()
    by_team = frame.groupby(["arm", "cluster"])["score"].mean()
    new, old = by_team["new"].to_numpy(), by_team["old"].to_numpy()
    for model in ("exchangeable", "independence"):
        effect = shares(frame, model)
        assert effect.effect == pytest.approx(new.mean() - old.mean())
        assert effect.degrees_of_freedom == 6
        # H is 1/k of a team's total: its residual is divided by 1 - 1/k.
        spread = sum(
            np.var(arm) / len(arm) / (1 - 1 / len(arm)) ** 2 for arm in (new, old)
        )
        assert effect.standard_error == pytest.approx(spread**0.5, rel=1e-6)


def test_the_random_intercept_integrates_the_likelihood() -> None:
    """Against a plain integral of every team's likelihood over its intercept."""
    frame = teams(count=6, size=8)
    design = np.column_stack([np.ones(48), frame["arm"] == "new"]).astype(float)
    fit = fit_random_intercept_logit(
        frame["score"].to_numpy(), design, frame["cluster"].to_numpy(), names=["a", "b"]
    )
    assert isinstance(fit, RandomInterceptLogit)
    grid = np.linspace(-9, 9, 20_001)
    total = 0.0
    for team, rows in frame.groupby("cluster"):
        logit = design[frame["cluster"] == team][0] @ fit.coefficients
        share = special.expit(logit + fit.spread * grid)
        yes, n = rows["score"].sum(), len(rows)
        height = share**yes * (1 - share) ** (n - yes) * stats.norm.pdf(grid)
        total += float(np.log(np.trapezoid(height, grid)))
    assert fit.log_likelihood == pytest.approx(total, abs=1e-7)


def test_alike_teams_give_the_logistic_model_without_a_spread() -> None:
    frame = teams(size=10)
    frame["score"] = np.tile([1, 0, 0, 1, 0, 1, 0, 0, 1, 0], 8).astype(float)
    frame.loc[frame["arm"] == "new", "score"] = np.tile(
        [1.0, 1, 1, 1, 0, 1, 0, 0, 1, 0], 4
    )
    found = standardised_shares(
        frame, treated="new", control="old", model="random_intercept"
    )
    assert isinstance(found.share_difference, Estimate)
    assert found.share_difference.estimate == pytest.approx(0.2, abs=1e-6)


def test_there_is_none_without_teams_values_or_overlap() -> None:
    frame = teams()
    assert "fewer than 3 teams" in reason(frame[frame["cluster"] < 5])
    assert "fewer than 3 teams" in reason(frame.iloc[:0])
    everyone = frame.assign(score=frame["score"].where(frame["arm"] == "old", 1.0))
    assert "everybody in an arm" in reason(everyone)
    assert "everybody in an arm" in reason(frame.assign(score=0.0))
    same = frame.assign(again=(frame["arm"] == "new").astype(float))
    assert "predict each other" in reason(same, covariates=["again"])
    for model in MODELS:
        given_away = frame.assign(answer=frame["score"])
        assert "no odds" in reason(given_away, covariates=["answer"], model=model)


def test_a_score_of_more_values_or_a_team_in_both_arms_is_an_error() -> None:
    frame = teams()
    with pytest.raises(DataError, match="3 values, not two"):
        reason(frame.assign(score=np.arange(len(frame)) % 3))
    with pytest.raises(DataError, match="1 teams are in both arms"):
        reason(frame.assign(arm=frame["arm"].where(frame.index > 0, "old")))
    with pytest.raises(DataError, match="score"):
        reason(frame.drop(columns="score"))


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), model=st.sampled_from(MODELS))
def test_turning_the_answers_turns_the_difference(seed: int, model: Model) -> None:
    frame = teams(seed=seed, count=12)
    turned = frame.assign(score=7 - 2 * frame["score"])
    first, second = shares(frame, model), shares(turned, model)
    assert second.effect == pytest.approx(-first.effect, abs=1e-6)
    assert second.standard_error == pytest.approx(first.standard_error, rel=1e-3)
