"""What answers say about the trait under given weights: the expectation step.

Each different row of answers is worked out once, over one grid of the trait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.item_response.graded_curves import (
    GRID,
    WEIGHTS,
    Curves,
    curves,
)

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

    Ranks = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the answers say about the trait, under one set of weights.

    Attributes
    ----------
    posterior : ndarray, shape (n_patterns, n_grid)
    expected : ndarray, shape (n_items, n_answers, n_grid)
        People expected to give each answer at each trait.
    gradient : ndarray, shape (n_items, n_answers)
    complete : ndarray, shape (n_items, n_answers, n_answers)
        Information as if the traits were known.
    """

    log_likelihood: float
    posterior: Array
    expected: Array
    gradient: Array
    complete: Array
    curves: Curves
    scores: Array


@dataclass(frozen=True, slots=True)
class Patterns:
    """Different rows of answers, as indicators, and how many people gave each."""

    indicators: Array
    people: Array
    free: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

    @classmethod
    def of(cls, ranks: Ranks, counts: tuple[int, ...]) -> Patterns:
        """Count the different rows; `counts` is how many answers each item has."""
        rows, people = np.unique(ranks.astype(np.int16), axis=0, return_counts=True)
        answers = np.arange(max(counts))
        indicators = (rows[:, :, None] == answers).reshape(len(rows), -1)
        free = answers < np.array(counts)[:, None]
        return cls(indicators.astype(float), people.astype(float), free)

    def stepped(self, point: Array, move: Array) -> Array:
        """The weights after a step of those that are free."""
        new = point.copy()
        new[self.free] += move
        return new

    def at(self, point: Array) -> Expectation:
        """Expectation over the trait; a likelihood of 0 if thresholds cross."""
        found = curves(point[:, 0], point[:, 1:], GRID)
        items, answers, size = found.chance.shape
        crossed = (found.chance <= 0) & self.free[:, :, None]
        log_chance = found.log_chance.reshape(items * answers, size)
        joint = self.indicators @ log_chance + np.log(WEIGHTS)
        top = joint.max(axis=1, keepdims=True)
        posterior = np.exp(joint - top)
        total = posterior.sum(axis=1, keepdims=True)
        posterior /= total
        likelihood = float(self.people @ (top + np.log(total))[:, 0])
        expected = (self.indicators.T @ (posterior * self.people[:, None])).reshape(
            items, answers, size
        )
        scores = _scores(found)
        at_trait = expected.sum(axis=1, keepdims=True) * found.chance
        return Expectation(
            log_likelihood=-np.inf if crossed.any() else likelihood,
            posterior=posterior,
            expected=expected,
            gradient=np.einsum("kcq,kcqp->kp", expected, scores),
            complete=np.einsum(
                "kcqp,kcqr->kpr", scores * at_trait[..., None], scores, optimize=True
            ),
            curves=found,
            scores=scores,
        )

    def information(self, point: Array, now: Expectation) -> Array:
        """Observed information, shape (n_weights, n_weights)."""
        items, answers = point.shape
        hessian = np.zeros((items, answers, items, answers))
        for place, own in enumerate(_own_curvature(now)):
            hessian[place, :, place] = own
        between = np.zeros((items, items * answers, answers))
        for place in range(len(GRID)):
            half = (
                self.indicators
                * np.sqrt(now.posterior[:, place] * self.people)[:, None]
            )
            pairs = (half.T @ half).reshape(items, answers, items, answers)
            pairs[np.arange(items), :, np.arange(items)] = 0.0
            scores = now.scores[:, :, place]
            left = scores.transpose(0, 2, 1) @ pairs.reshape(items, answers, -1)
            left = left.reshape(items * answers, items, answers).transpose(1, 0, 2)
            between += left @ scores
        hessian += between.reshape(items, items, answers, answers).transpose(1, 2, 0, 3)
        own = self._own_scores(now).reshape(len(self.people), -1)
        flat = hessian.reshape(items * answers, -1)
        flat = flat - (own * self.people[:, None]).T @ own
        kept = self.free.ravel()
        shown: Array = -flat[np.ix_(kept, kept)]
        return (shown + shown.T) / 2

    def _own_scores(self, now: Expectation) -> Array:
        """Gradient of each row's log likelihood, (n_patterns, n_items, n_answers)."""
        items, answers, _, _ = now.scores.shape
        found = np.zeros((len(self.people), items, answers))
        for column in range(items * answers):
            given = self.indicators[:, column] > 0
            item, answer = divmod(column, answers)
            found[given, item] = now.posterior[given] @ now.scores[item, answer]
        return found


def _scores(found: Curves) -> Array:
    """Derivative of each log chance along slope and intercepts.

    Shape (n_items, n_answers, n_grid, n_answers).
    """
    items, answers, size = found.chance.shape
    scores = np.zeros((items, answers, size, answers))
    for answer in range(answers):
        if answer:
            scores[:, answer, :, answer] += found.rise[:, answer]
        if answer + 1 < answers:
            scores[:, answer, :, answer + 1] -= found.fall[:, answer]
    scores[..., 0] = GRID * (found.rise - found.fall)
    return scores


def _own_curvature(now: Expectation) -> Array:
    """Expected second derivatives of the chances over the chances, within items.

    Shape (n_items, n_answers, n_answers). The square of the score that second
    derivatives of logs lack here is the one joint counts of an item with itself add.
    """
    found = now.curves
    items, answers, _ = found.chance.shape
    share = now.expected / np.where(found.chance > 0, found.chance, 1.0)
    along = found.bend[:, 1:-1] * (share[:, 1:] - share[:, :-1])
    own = np.zeros((items, answers, answers))
    steps = np.arange(1, answers)
    own[:, steps, steps] = along.sum(axis=2)
    own[:, 0, 1:] = own[:, 1:, 0] = along @ GRID
    own[:, 0, 0] = along.sum(axis=1) @ GRID**2
    return own
