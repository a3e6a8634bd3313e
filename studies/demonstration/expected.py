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
    from collections.abc import Sequence

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
    shifted = np.array(outcome.loadings)[:, None] * shift - outcome.cuts()
    keyed = truth.study.instruments[declared.instrument].lowest + ndtr(shifted).sum(1)
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


def true_retrospective(truth: Truth, item: str, wave: str, *, treated: bool) -> float:
    """Expected answer to an item that judges afterwards how it was before."""
    back = truth.looking_back[item]
    outcome = truth.outcomes[back.outcome]
    declared = next(o for o in truth.study.outcomes if o.name == back.outcome)
    shift = back.recalibration.get(wave, 0.0) if treated else 0.0
    # Answered in the same way as the outcome's first item.
    shifted = outcome.loadings[0] * shift - outcome.cuts()[0]
    lowest = truth.study.instruments[declared.instrument].lowest
    return float(lowest + ndtr(shifted).sum())


def true_share_highest(
    truth: Truth, names: Sequence[str], wave: str, *, treated: bool
) -> float:
    """Share of people who give the highest answer to each of some single items.

    Given the one variable that their latent variables share, answers are independent;
    that variable is integrated over by Gauss-Hermite quadrature.
    """
    outcomes = [truth.outcomes[name] for name in names]
    surveys = {o.survey for o in truth.study.outcomes if o.name in names}
    shared = truth.surveys[surveys.pop()].shared
    nodes, raw_weights = np.polynomial.hermite_e.hermegauss(QUADRATURE_NODES)
    every = np.ones(len(nodes))
    for outcome in outcomes:
        loading = outcome.loadings[0]
        shift = loading * outcome.shift(wave, treated=treated)
        distance = shift - outcome.cuts()[0, -1] + np.sqrt(shared) * loading * nodes
        every *= ndtr(distance / np.sqrt(1 - shared * loading**2))
    return float(every @ (raw_weights / raw_weights.sum()))


BEHAVIOURS = ("cares", "important", "not_know_best")


def true_shares(truth: Truth) -> str:
    """All three behaviours, and the look back, by arm and wave, in Markdown."""
    rows = []
    for wave in truth.study.wave_names():
        row = [wave]
        for treated in (True, False):
            share = true_share_highest(truth, BEHAVIOURS, wave, treated=treated)
            row.append(f"{share:.3f}")
        for treated in (True, False):
            asked = wave != truth.study.wave_names()[0]
            back = true_retrospective(truth, "then", wave, treated=treated)
            row.append(f"{back:.2f}" if asked else "-")
        rows.append(row)
    headings = ["wave", "all three, pilot", "all three, comparison"]
    return markdown([*headings, "then, pilot", "then, comparison"], rows)


def true_values(truth: Truth) -> str:
    """What is true of every outcome, as a table in Markdown."""
    waves = truth.study.wave_names()[1:]
    headings = ["outcome", "alpha", *(f"effect {wave}" for wave in waves)]
    rows = []
    for name, outcome in truth.outcomes.items():
        alpha = f"{true_alpha(outcome):.3f}" if len(outcome.loadings) > 1 else "-"
        effects = [f"{true_effect(truth, name, wave):.3f}" for wave in waves]
        rows.append([name, alpha, *effects])
    return markdown(headings, rows)
