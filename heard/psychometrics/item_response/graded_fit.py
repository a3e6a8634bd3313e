"""Fit the graded response model by marginal maximum likelihood (Samejima 1969).

P(answer >= c) = logistic(slope x trait + intercept of c), with a standard normal trait.
Accelerated EM, then Newton's method with the observed information (Louis 1982). Each
distinct row of answers is evaluated once, on one grid; missing answers are excluded
from a participant's likelihood. Shorter items are padded with intercepts of minus
infinity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from heard.models.complete_responses import Array
from heard.models.stable_choice import upward
from heard.results import Described

# Rectangles over a smooth bell are exact to rounding at this width.
GRID = np.linspace(-6.0, 6.0, 121)
_DENSITY = np.exp(-(GRID**2) / 2)
WEIGHTS = _DENSITY / _DENSITY.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedParameters(Described):
    """What was estimated, in built-in numbers, ready to score others with.

    - `items`: the items, as the columns are named.
    - `categories`: the answers the codebook allows, lowest first.
    - `codes`: the answers of each item that someone gave, lowest first.
    - `slopes`: one an item, on the logistic scale (no 1.7).
    - `intercepts`: one for each answer above the lowest, falling; the threshold on the
      trait is -intercept / slope.
    """

    items: tuple[str, ...]
    categories: tuple[float, ...]
    codes: tuple[tuple[float, ...], ...]
    slopes: tuple[float, ...]
    intercepts: tuple[tuple[float, ...], ...]

    def arrays(self) -> tuple[Array, Array]:
        """Slopes (n_items,) and padded intercepts (n_items, most thresholds)."""
        most = max(len(one) for one in self.intercepts)
        padded = np.full((len(self.items), most), -np.inf)
        for place, one in enumerate(self.intercepts):
            padded[place, : len(one)] = one
        return np.array(self.slopes), padded


@dataclass(frozen=True, slots=True)
class Curves:
    """Chances and their derivatives along the logit of each edge.

    `chance`, shape (n_items, n_answers, n_traits): of each answer; 0 where padded.
    `rise`, `fall`, same shape: derivative of log chance along the answer's lower edge,
      and minus that along its upper edge.
    `bend`, shape (n_items, n_answers + 1, n_traits): second derivative of the logistic
      function at every edge, outer ones included.
    """

    chance: Array
    rise: Array
    fall: Array
    bend: Array

    @property
    def log_chance(self) -> Array:
        """Shape (n_items, n_answers, n_traits); 0 where padded."""
        shown: Array = np.log(np.where(self.chance > 0, self.chance, 1.0))
        return shown


def curves(slopes: Array, intercepts: Array, traits: Array) -> Curves:
    """Chances of all answers to all items at each trait."""
    items, steps = intercepts.shape
    edge = np.empty((items, steps + 2, len(traits)))
    edge[:, 0], edge[:, -1] = np.inf, -np.inf
    edge[:, 1:-1] = slopes[:, None, None] * traits + intercepts[:, :, None]
    above, below = expit(edge), expit(-edge)
    # On the side where both tails are thin, so that their difference keeps digits.
    chance = np.where(
        edge[:, 1:] > 0, below[:, 1:] - below[:, :-1], above[:, :-1] - above[:, 1:]
    )
    density = above * below
    divisor = np.where(chance > 0, chance, 1.0)
    return Curves(
        chance=chance,
        rise=density[:, :-1] / divisor,
        fall=density[:, 1:] / divisor,
        bend=density * (below - above),
    )


def item_information(slopes: Array, intercepts: Array, traits: Array) -> Array:
    """Fisher information of each item at each trait, shape (n_items, n_traits)."""
    found = curves(slopes, intercepts, traits)
    steepness = (found.rise - found.fall) ** 2
    shown: Array = slopes[:, None] ** 2 * (found.chance * steepness).sum(axis=1)
    return shown


Ranks = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the answers say about the trait, under one set of weights.

    `posterior`, shape (n_patterns, n_grid).
    `expected`, shape (n_items, n_answers, n_grid): people expected to give each answer
      at each trait.
    `gradient`, shape (n_items, n_answers).
    `complete`, shape (n_items, n_answers, n_answers): information as if the traits were
      known.
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


EM_STEPS = 12
STEPS = 500
# Past this slope an item is a step, and the grid too coarse for it.
STEEPEST = 15.0
# Distance to the maximum, in standard errors: taken as there, and taken as failed.
NEAR = 1e-6
FAR = 1e-3
# Share of the information on a weight that is none at all.
FLAT = 1e-6
# Steps after the search; each brings the gradient down by as much as it had left.
LAST_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedFit:
    """What was fitted, or why nothing was.

    `point`, shape (n_items, most_answers): slope, then intercepts, minus infinity where
      padded.
    `free`, same shape: which of them are weights.
    `covariance`, shape (n_weights, n_weights): inverse of the observed information, in
      the order of `point[free]`.
    `log_likelihood`: at the maximum.
    `fault`: why there is no fit; empty if there is.
    """

    point: Array
    free: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    covariance: Array
    log_likelihood: float
    fault: str = ""


def graded_fit(
    ranks: Ranks, counts: tuple[int, ...], names: tuple[str, ...]
) -> GradedFit:
    """Find the maximum, and make sure that it is one.

    `ranks`, shape (n_participants, n_items): answers from 0 up, each of them given by
      someone; -1 if unanswered.
    `counts`: how many answers each item has; at least 2.
    `names`: the items, for the words of a fault.
    """
    data = Patterns.of(ranks, counts)
    point = _start(ranks, counts)
    now = data.at(point)
    distance = np.inf
    # Newton's matrix is dear; it is kept while it brings the gradient down quickly.
    matrix: Array | None = None
    for step in range(STEPS):
        if matrix is None and step >= EM_STEPS:
            matrix = _solvable(data.information(point, now))
        move = _direction(matrix, now, data)
        if move is None:
            return _none(data, "the answers do not identify all slopes")
        before, distance = distance, _length(float(now.gradient[data.free] @ move))
        size, following = _halve_until_rising(data, point, now, move)
        # Without a rise we are there, or lost: the gradient at the end shows which.
        if size == 0 or (matrix is not None and distance < NEAR):
            break
        point, now = data.stepped(point, size * move), following
        if steep := _steep(point[:, 0], names):
            return _none(data, f"the slope of {steep} grows without end")
        if matrix is not None and distance > before / 4:
            matrix = None
    return _settled(data, point, now)


def _length(square: float) -> float:
    return float(np.sqrt(max(square, 0.0)))


def _steep(slopes: Array, names: tuple[str, ...]) -> str:
    pairs = zip(names, slopes, strict=True)
    return ", ".join(name for name, slope in pairs if abs(slope) > STEEPEST)


def _settled(data: Patterns, point: Array, now: Expectation) -> GradedFit:
    """The fit, if the gradient is flat and the likelihood curves down in every way."""
    information = data.information(point, now)
    # What is left of the information there would be, were the traits known.
    known = np.einsum("kpp->kp", now.complete)[data.free]
    scale = np.sqrt(np.maximum(known, 1e-300))
    if np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < FLAT:
        return _none(data, "the likelihood is flat: the slopes are not all identified")
    covariance = np.linalg.inv(information).astype(float)
    gradient = now.gradient[data.free]
    if gradient @ covariance @ gradient > FAR**2:
        return _none(data, f"no maximum found in {STEPS} steps")
    point, now = _followed(data, point, now, information)
    covariance = np.linalg.inv(data.information(point, now)).astype(float)
    # The trait has no direction of its own: most items shall rise with it.
    turn = np.ones(point.shape)
    turn[:, 0] = upward(point[:, :1])
    signs = turn[data.free]
    return GradedFit(
        point=point * turn,
        free=data.free,
        covariance=covariance * np.outer(signs, signs),
        log_likelihood=now.log_likelihood,
    )


def _followed(
    data: Patterns, point: Array, now: Expectation, information: Array
) -> tuple[Array, Expectation]:
    """The last steps to the maximum, by the information near it.

    Whether a search has come near enough, and whether the likelihood still rises, are
    decided by last digits that differ between processors; after these steps nothing is
    left of that. They are taken as long as they bring the gradient down.
    """
    for _ in range(LAST_STEPS):
        gradient = now.gradient[data.free]
        move = np.linalg.solve(information, gradient).astype(float)
        onward = data.stepped(point, move)
        following = data.at(onward)
        after = following.gradient[data.free]
        if not after @ np.linalg.solve(information, after) < gradient @ move:
            break
        point, now = onward, following
    return point, now


def _direction(matrix: Array | None, now: Expectation, data: Patterns) -> Array | None:
    """Newton's step, or one of EM's where there is no matrix; None if there is none."""
    gradient = now.gradient[data.free]
    # Padded weights get a 1 on the diagonal and a gradient of 0.
    padded = np.eye(data.free.shape[1]) * (~data.free)[:, None, :]
    try:
        if matrix is not None:
            return np.linalg.solve(matrix, gradient).astype(float)
        newton_step = np.linalg.solve(now.complete + padded, now.gradient[..., None])
    except np.linalg.LinAlgError:
        return None
    return newton_step[..., 0][data.free].astype(float)


def _halve_until_rising(
    data: Patterns, point: Array, now: Expectation, move: Array
) -> tuple[float, Expectation]:
    """Halve the step until the likelihood rises; a step of 0 where it never does."""
    size = 1.0
    while size > 1e-8:
        following = data.at(data.stepped(point, size * move))
        if following.log_likelihood > now.log_likelihood:
            return size, following
        size /= 2
    return 0.0, now


def _solvable(information: Array) -> Array | None:
    """The information, if Newton's step with it leads upwards."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    lowest = np.linalg.eigvalsh(information / np.outer(scale, scale))[0]
    return information if lowest > 1e-9 else None


def _start(ranks: Ranks, counts: tuple[int, ...]) -> Array:
    """Slopes from correlations with the mean of the others, intercepts from shares."""
    answered = ranks >= 0
    values = np.where(answered, ranks, np.nan)
    values = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)
    filled = np.where(answered, values, 0.0)
    point = np.full((len(counts), max(counts)), -np.inf)
    # The first direction shows items that run against the others.
    _, vectors = np.linalg.eigh(filled.T @ filled)
    scores = filled @ vectors[:, -1]
    scores /= scores.std()
    for place, count in enumerate(counts):
        given = answered[:, place]
        # Smaller than it is: an item is part of the direction it goes with.
        correlation = 0.9 * float(np.mean(filled[given, place] * scores[given]))
        correlation = min(max(correlation, -0.9), 0.9)
        slope = 1.7 * correlation / np.sqrt(1 - correlation**2)
        own = ranks[given, place]
        above = np.array([(own >= c).mean() for c in range(1, count)])
        point[place, 0] = slope
        point[place, 1:count] = np.log(above / (1 - above)) * np.sqrt(1 + slope**2 / 3)
    return point


def _none(data: Patterns, fault: str) -> GradedFit:
    nothing = np.empty((0, 0))
    return GradedFit(
        point=nothing,
        free=data.free,
        covariance=nothing,
        log_likelihood=0.0,
        fault=fault,
    )
