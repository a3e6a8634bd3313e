"""The mixed model for repeated measures: against a plain one, and where none is."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from heard.effects.designs.repeated_measures import (
    RepeatedMeasuresEffects,
    repeated_measures_effect,
)
from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.judgement.simultaneous import simultaneous_effects
from heard.errors import DataError
from heard.models.cluster_robust import Array
from heard.models.mmrm import RepeatedMeasuresFit, fit_repeated_measures
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

WAVES = ("after", "later", "last")
STEP = 1e-3


def simulated(n: int = 24, seed: int = 3) -> tuple[Array, Array]:
    """Scores at three waves, some missing, and arm by wave."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(n, 3)) + random.normal(size=(n, 1))
    gone = random.random(n)
    scores[gone < 0.4, 2] = np.nan
    scores[gone < 0.2, 1] = np.nan
    design = np.zeros((n, 3, 6))
    for wave in range(3):
        design[:, wave, 2 * wave] = 1
        design[:, wave, 2 * wave + 1] = np.arange(n) % 2
    return scores, design


def fitted(scores: Array, design: Array) -> RepeatedMeasuresFit:
    names = [f"column {place}" for place in range(design.shape[2])]
    found = fit_repeated_measures(scores, design, names=names, waves=WAVES)
    assert isinstance(found, RepeatedMeasuresFit)
    return found


class Plain:
    """The same model written out with one covariance matrix of all rows."""

    def __init__(self, scores: Array, design: Array) -> None:
        self.seen = ~np.isnan(scores)
        self.y, self.x = scores[self.seen], design[self.seen]

    def spread(self, parameters: Array) -> Array:
        rows, columns = np.tril_indices(3)
        sigma = np.zeros((3, 3))
        sigma[rows, columns] = sigma[columns, rows] = parameters
        return np.asarray(block_diag(*(sigma[np.ix_(s, s)] for s in self.seen)))

    def covariance(self, parameters: Array) -> Array:
        inverse = np.linalg.inv(self.spread(parameters))
        return np.asarray(np.linalg.inv(self.x.T @ inverse @ self.x))

    def log_likelihood(self, parameters: Array) -> float:
        spread = self.spread(parameters)
        inverse = np.linalg.inv(spread)
        beta = self.covariance(parameters) @ self.x.T @ inverse @ self.y
        left = self.y - self.x @ beta
        parts = [spread, self.x.T @ inverse @ self.x]
        total = sum(np.linalg.slogdet(part)[1] for part in parts)
        free = len(self.y) - self.x.shape[1]
        return float(-(total + left @ inverse @ left + free * np.log(2 * np.pi)) / 2)

    def curvature(self, parameters: Array) -> Array:
        size = len(parameters)
        found = np.zeros((size, size))
        for i, j in itertools.product(range(size), repeat=2):
            one, other = STEP * np.eye(size)[i], STEP * np.eye(size)[j]
            found[i, j] = (
                self.log_likelihood(parameters + one + other)
                - self.log_likelihood(parameters + one - other)
                - self.log_likelihood(parameters - one + other)
                + self.log_likelihood(parameters - one - other)
            ) / (4 * STEP**2)
        return found

    def kenward_roger(self, parameters: Array) -> Array:
        """Written out with V_i, as in Kenward and Roger (1997), equations 4 and 5."""
        inverse, phi = (
            np.linalg.inv(self.spread(parameters)),
            self.covariance(parameters),
        )
        known = np.linalg.inv(-self.curvature(parameters))
        turned = [inverse @ self.spread(one) @ inverse for one in np.eye(6)]
        more = np.zeros_like(phi)
        for (i, a), (j, b) in itertools.product(enumerate(turned), repeat=2):
            q = self.x.T @ a @ self.spread(np.eye(6)[j]) @ inverse @ self.x
            p = (self.x.T @ a @ self.x) @ phi @ (self.x.T @ b @ self.x)
            more += known[i, j] * (q - p)
        return np.asarray(phi + 2 * phi @ more @ phi)


def parameters_of(fit: RepeatedMeasuresFit) -> Array:
    return np.asarray(fit.wave_covariance[np.tril_indices(3)])


def test_the_likelihood_and_its_summit_are_those_of_the_plain_model() -> None:
    scores, design = simulated()
    fit, plain = fitted(scores, design), Plain(scores, design)
    at = parameters_of(fit)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood(at), abs=1e-9)
    for one in np.eye(6):
        slope = plain.log_likelihood(at + 1e-5 * one)
        slope -= plain.log_likelihood(at - 1e-5 * one)
        assert slope / 2e-5 == pytest.approx(0, abs=1e-5)


def test_kenward_rogers_covariance_is_that_written_out() -> None:
    scores, design = simulated()
    fit, plain = fitted(scores, design), Plain(scores, design)
    known = plain.kenward_roger(parameters_of(fit))
    # The curvature is differenced here (seen: 2e-5).
    assert fit.covariance == pytest.approx(known, rel=1e-3, abs=1e-6)
    assert (np.diag(fit.covariance) >= np.diag(fit.plain_covariance)).all()


def test_degrees_of_freedom_are_satterthwaites_by_differences() -> None:
    scores, design = simulated()
    fit, plain = fitted(scores, design), Plain(scores, design)
    at, contrast = parameters_of(fit), np.eye(6)[5]
    slope = [
        contrast
        @ (plain.covariance(at + STEP * one) - plain.covariance(at - STEP * one))
        @ contrast
        / (2 * STEP)
        for one in np.eye(6)
    ]
    variance = slope @ np.linalg.inv(-plain.curvature(at)) @ np.array(slope)
    known = 2 * (contrast @ plain.covariance(at) @ contrast) ** 2 / variance
    found = fit.degrees_of_freedom(list(contrast))
    assert found == pytest.approx(known, rel=1e-4)


def test_complete_scores_of_one_wave_give_ordinary_least_squares() -> None:
    scores, design = simulated()
    one, columns = scores[:, :1], design[:, :1, :2]
    found = fit_repeated_measures(one, columns, names=["a", "b"], waves=["after"])
    assert isinstance(found, RepeatedMeasuresFit)
    beta, (squares,), *_ = np.linalg.lstsq(columns[:, 0], one[:, 0], rcond=None)
    assert found.coefficients == pytest.approx(beta)
    assert found.wave_covariance[0, 0] == pytest.approx(squares / 22)
    assert found.degrees_of_freedom([0, 1]) == pytest.approx(22)
    assert found.covariance == pytest.approx(found.plain_covariance)


# --- arms -----------------------------------------------------------------------------


def people(scores: Array, before: Array | None = None) -> pd.DataFrame:
    """One row a person and wave; every other person is in the new arm."""
    frames = []
    waves = [(wave, scores[:, place]) for place, wave in enumerate(WAVES)]
    if before is not None:
        waves.insert(0, ("before", before))
    for wave, values in waves:
        n = len(values)
        arm = np.where(np.arange(n) % 2 == 0, "old", "new")
        frames.append(
            pd.DataFrame(
                {"participant": np.arange(n), "arm": arm, "wave": wave, "score": values}
            )
        )
    return pd.concat(frames, ignore_index=True)


def effects(
    frame: pd.DataFrame, covariates: tuple[str, ...] = ()
) -> RepeatedMeasuresEffects:
    baseline = "before" if "before" in set(frame["wave"]) else None
    return repeated_measures_effect(
        frame,
        treated="new",
        control="old",
        waves=WAVES,
        baseline=baseline,
        covariates=covariates,
    )


def test_adjusted_means_differ_by_the_effect() -> None:
    scores, _ = simulated()
    before = np.random.default_rng(1).normal(size=len(scores))
    for part in effects(people(scores, before)).follow_ups:
        means = (part.adjusted_mean_treated, part.adjusted_mean_control)
        treated, control = (m for m in means if isinstance(m, Estimate))
        assert isinstance(part.repeated_measures_effect, Estimate)
        difference = treated.estimate - control.estimate
        assert part.repeated_measures_effect.estimate == pytest.approx(difference)
        judged = part.effect
        assert isinstance(judged, UncertainEffect)
        assert judged.effect == pytest.approx(difference)
        low, high = judged.limits()
        assert part.repeated_measures_effect.conf_low == pytest.approx(low)
        assert part.repeated_measures_effect.conf_high == pytest.approx(high)


def test_follow_ups_are_judged_together_by_their_correlation() -> None:
    """Complete scores: effects correlate as the waves do, left over the arms."""
    scores = np.nan_to_num(simulated()[0])
    found = effects(people(scores))
    arm = np.arange(len(scores)) % 2
    left = scores - np.array([scores[arm == a].mean(axis=0) for a in (0, 1)])[arm]
    assert found.correlation == pytest.approx(np.corrcoef(left.T))
    together = simultaneous_effects(
        [part.effect for part in found.follow_ups],
        contrasts=WAVES,
        correlation=found.correlation,
    )
    for wide, part in zip(together.effects, found.follow_ups, strict=True):
        own = part.repeated_measures_effect
        assert isinstance(wide.simultaneous_effect, Estimate)
        assert isinstance(own, Estimate)
        assert wide.simultaneous_effect.estimate == pytest.approx(own.estimate)
        assert wide.simultaneous_effect.conf_low is not None
        assert own.conf_low is not None
        assert wide.simultaneous_effect.conf_low < own.conf_low


def test_adjusted_means_are_taken_at_the_means_of_everyone() -> None:
    """With complete scores their mean over both arms is that of the scores."""
    scores = np.nan_to_num(simulated()[0])
    before = np.random.default_rng(1).normal(7, 2, size=len(scores))
    frame = people(scores, before)
    frame["age"] = 40.0 + frame["participant"] % 7
    found = effects(frame, covariates=("age",)).follow_ups
    for place, part in enumerate(found):
        means = (part.adjusted_mean_treated, part.adjusted_mean_control)
        both = [mean.estimate for mean in means if isinstance(mean, Estimate)]
        assert np.mean(both) == pytest.approx(scores[:, place].mean())


def test_who_has_no_score_before_or_none_after_is_left_out_and_counted() -> None:
    scores, _ = simulated()
    before = np.random.default_rng(1).normal(size=len(scores))
    before[0], scores[1] = np.nan, np.nan
    found = effects(people(scores, before)).follow_ups[0].repeated_measures_effect
    assert found.n == 22
    assert "2 people without what the model needs left out" in found.method


def test_a_covariate_in_words_enters_as_dummies() -> None:
    scores, _ = simulated()
    frame = people(scores)
    kind = frame["participant"].map(lambda person: "abc"[person % 3])
    found = effects(frame.assign(kind=kind), covariates=("kind",))
    result = found.follow_ups[2].repeated_measures_effect
    assert isinstance(result, Estimate)
    assert "adjusted for kind: b, kind: c" in result.method


def absent(frame: pd.DataFrame) -> str:
    found = effects(frame).follow_ups[0].repeated_measures_effect
    assert isinstance(found, Unavailable)
    assert isinstance(effects(frame).follow_ups[0].effect, Unavailable)
    return found.reason


def test_there_is_none_without_scores_to_compare() -> None:
    scores, _ = simulated()
    alone = scores.copy()
    alone[3::2, 2] = np.nan
    assert "scores of an arm at last" in absent(people(alone))
    apart = scores.copy()
    apart[:12, 1:], apart[12:, 0] = np.nan, np.nan
    assert absent(people(apart)).startswith("nobody has a score at both")
    assert "summit" in absent(people(np.ones_like(scores)))
    assert "infinite" in absent(people(np.where(scores > 1.5, np.inf, scores)))
    assert "0 scores" in absent(people(scores).iloc[:0])


def test_a_person_has_one_arm_and_one_score_a_wave() -> None:
    frame = people(simulated()[0])
    with pytest.raises(DataError, match="answered a wave twice"):
        effects(pd.concat([frame, frame.iloc[:1]]))
    moved = frame.copy()
    moved.loc[0, "arm"] = "new"
    with pytest.raises(DataError, match="two values of arm"):
        effects(moved)
    with pytest.raises(DataError, match="score"):
        effects(frame.drop(columns="score"))


@settings(max_examples=15)
@given(
    shift=st.floats(-50, 50), scale=st.floats(0.01, 100), seed=st.integers(0, 10_000)
)
def test_another_unit_changes_the_effect_in_that_unit_only(
    shift: float, scale: float, seed: int
) -> None:
    scores, _ = simulated(seed=seed)
    first, second = (
        effects(people(values)).follow_ups[2].effect
        for values in (scores, shift + scale * scores)
    )
    if isinstance(first, UncertainEffect) and isinstance(second, UncertainEffect):
        assert second.effect == pytest.approx(scale * first.effect, rel=1e-5, abs=1e-7)
        error = scale * first.standard_error
        assert second.standard_error == pytest.approx(error, rel=1e-5)
    assert isinstance(first, UncertainEffect) == isinstance(second, UncertainEffect)
