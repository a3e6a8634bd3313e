"""What the declared truth comes to: alpha, means and the pilot's effect, in points.

Exact for the model of ``truth.toml``; nothing here is drawn at random.
"""  # noqa: INP001

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flow import markdown
from scipy.special import ndtr
from truth import subscale

if TYPE_CHECKING:
    from truth import TrueOutcome, Truth

QUADRATURE_NODES = 80


def true_alpha(outcome: TrueOutcome) -> float:
    """Cronbach's alpha of the keyed, discrete items where no shift applies.

    The covariance of two items is that of their expected answers given the latent
    variable, integrated over it by Gauss-Hermite quadrature.
    """
    nodes, raw_weights = np.polynomial.hermite_e.hermegauss(QUADRATURE_NODES)
    weights = raw_weights / raw_weights.sum()
    loadings = np.array(outcome.loadings)[:, None, None]
    distance = loadings * nodes - outcome.cuts()[:, :, None]
    above = ndtr(distance / np.sqrt(1 - loadings**2))
    expected = above.sum(axis=1)
    covariance = np.cov(expected, aweights=weights, ddof=0)
    steps = np.arange(1, above.shape[1] + 1)[:, None]
    # E[x^2] = sum of (2k - 1) P(x >= k), for x counted from 0.
    squares = ((2 * steps - 1) * above).sum(axis=1) @ weights
    variances = squares - (expected @ weights) ** 2
    total = covariance.sum() - np.trace(covariance) + variances.sum()
    items = len(variances)
    return float(items / (items - 1) * (1 - variances.sum() / total))


def true_mean(truth: Truth, name: str, wave: str, *, treated: bool) -> float:
    """Expected score of an outcome in an arm at a wave, in points, nothing missing."""
    declared = next(o for o in truth.study.outcomes if o.name == name)
    outcome = truth.outcomes[name]
    shift = outcome.shift(wave, treated=treated)
    moved = np.array(outcome.loadings)[:, None] * shift - outcome.cuts()
    keyed = truth.study.instruments[declared.instrument].lowest + ndtr(moved).sum(1)
    summed = subscale(truth.study, declared).method == "sum"
    return float(keyed.sum() if summed else keyed.mean())


def true_effect(truth: Truth, name: str, wave: str) -> float:
    """Difference between the arms that the pilot makes at a wave, in points.

    The arms are alike at the first wave, so this is the difference in differences too.
    """
    pilot, comparison = (
        true_mean(truth, name, wave, treated=treated) for treated in (True, False)
    )
    return pilot - comparison


def true_values(truth: Truth) -> str:
    """What is true of every outcome, as a table in Markdown."""
    waves = truth.study.wave_names()[1:]
    heads = ["outcome", "alpha", *(f"effect {wave}" for wave in waves)]
    rows = []
    for name, outcome in truth.outcomes.items():
        alpha = f"{true_alpha(outcome):.3f}" if len(outcome.loadings) > 1 else "-"
        effects = [f"{true_effect(truth, name, wave):.3f}" for wave in waves]
        rows.append([name, alpha, *effects])
    return markdown(heads, rows)
