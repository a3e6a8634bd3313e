"""Impute by chained equations, all chains in parallel.

Chains lie along the first axis. Cross products and cluster sums are computed once; a
draw changes, and updates the sums of, only the rows that lack the score.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from heard.models.stable_choice import steps

Numbers = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
# Sweeps of coefficients, intercepts and variances before each draw of a score: the
# variance between clusters moves slowly, and a sweep costs little.
SWEEPS = 5
DONORS = 5
# A speck on the diagonal, as in mice, so that near-dependent columns can be solved.
RIDGE = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A score's model as drawn, one a chain.

    `expected`, `coefficients`, shape (n_chains, n_columns): the middle of the
      coefficients, and the ones drawn.
    `expected_shifts`, `shifts`, shape (n_chains, n_clusters): the same of the clusters'
      intercepts.
    `residual`, `between`, shape (n_chains,): variance of people within clusters and of
      clusters, as drawn.
    """

    expected: Numbers
    coefficients: Numbers
    expected_shifts: Numbers
    shifts: Numbers
    residual: Numbers
    between: Numbers


def draw_model(
    products: Numbers,
    sums: Numbers,
    counts: Numbers,
    *,
    residual: Numbers,
    between: Numbers,
    random: np.random.Generator,
) -> Drawn:
    """Draw a linear model with an intercept a cluster, given sums over observed rows.

    Coefficients have a flat prior, the residual variance Jeffreys', the deviation
    between clusters a flat one (Gelman 2006). Without clusters (`sums` of none) the
    draw is exact.

    `products`, shape (n_chains, n_columns + 1, n_columns + 1): cross products of the
      predictors and, last, the score.
    `sums`, shape (n_chains, n_clusters, n_columns + 1): sums by cluster of the same.
    `counts`, shape (n_clusters,): rows a cluster.
    `residual`, `between`, shape (n_chains,): variances drawn last time.
    """
    inner, cross = products[:, :-1, :-1], products[:, :-1, -1]
    square, n_rows = products[:, -1, -1], float(products[0, 0, 0])
    of_columns, of_score = sums[:, :, :-1], sums[:, :, -1]
    clustered = sums.shape[1] > 0
    for _ in range(SWEEPS if clustered else 1):
        # tau2 / (sigma2 + n tau2), a cluster
        shares = between[:, None] / (residual[:, None] + counts * between[:, None])
        weighted = of_columns * shares[:, :, None]
        left = inner - np.matmul(weighted.transpose(0, 2, 1), of_columns)
        right = cross - (weighted * of_score[:, :, None]).sum(axis=1)
        expected, root = _solved(left, right)
        if not clustered:
            degrees = n_rows - inner.shape[1]
            errors = square - (expected * right).sum(axis=1)
            residual = _variances(errors, degrees, random)
        coefficients = expected + residual[:, None] ** 0.5 * _whitened(root, random)
        expected_shifts = shares * (of_score - _times(of_columns, expected))
        middle = shares * (of_score - _times(of_columns, coefficients))
        spread = (shares * residual[:, None]) ** 0.5
        shifts = middle + spread * random.standard_normal(middle.shape)
        if clustered:
            left_over = of_score - _times(of_columns, coefficients)
            errors = (
                square
                - 2 * (coefficients * cross).sum(axis=1)
                + (coefficients * _times(inner, coefficients)).sum(axis=1)
                - 2 * (shifts * left_over).sum(axis=1)
                + (counts * shifts**2).sum(axis=1)
            )
            residual = _variances(errors, n_rows, random)
            between = _variances((shifts**2).sum(axis=1), sums.shape[1] - 1.0, random)
    return Drawn(
        expected=expected,
        coefficients=coefficients,
        expected_shifts=expected_shifts,
        shifts=shifts,
        residual=residual,
        between=between,
    )


def matched(donors: Numbers, wanted: Numbers, random: np.random.Generator) -> Positions:
    """For each row wanted, one of the 5 donors whose prediction is nearest.

    Predictions are compared as rounded, and of donors predicted alike the first stand
    nearest, so that every processor finds the same ones.

    `donors`, shape (n_chains, n_donors): predicted scores of those whose score was
      seen.
    `wanted`, shape (n_chains, n_wanted): predicted scores of those whose score is
      missing.
    Returns shape (n_chains, n_wanted): the donors' positions.
    """
    n_donors = donors.shape[1]
    count = min(DONORS, n_donors)
    donors, wanted = steps(donors, wanted)
    lined = np.argsort(donors, axis=1, kind="stable")
    lined_up = np.take_along_axis(donors, lined, axis=1)
    place = np.stack(
        [np.searchsorted(*pair) for pair in zip(lined_up, wanted, strict=True)]
    )
    # The nearest `count` of a sorted line are neighbours: slide their window up while
    # the donor it would take in is nearer than the one it would lose.
    start = np.clip(place - count, 0, n_donors - count)
    for _ in range(count):
        further = np.minimum(start + count, n_donors - 1)
        distance_above = np.take_along_axis(lined_up, further, axis=1) - wanted
        distance_below = wanted - np.take_along_axis(lined_up, start, axis=1)
        start += (start + count < n_donors) & (distance_above < distance_below)
    chosen = start + random.integers(0, count, wanted.shape)
    return np.asarray(np.take_along_axis(lined, chosen, axis=1))


def _solved(left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """Solution and Cholesky factor, columns scaled to a diagonal of one."""
    scale = np.sqrt(np.maximum(np.einsum("cii->ci", left), np.finfo(float).tiny))
    scaled = left / (scale[:, :, None] * scale[:, None, :])
    scaled[:, range(left.shape[1]), range(left.shape[1])] = 1 + RIDGE
    lower = np.linalg.cholesky(scaled)
    inverse = np.linalg.inv(lower) / scale[:, None, :]
    return _times(inverse.transpose(0, 2, 1), _times(inverse, right)), inverse


def _whitened(inverse: Numbers, random: np.random.Generator) -> Numbers:
    return _times(inverse.transpose(0, 2, 1), random.standard_normal(inverse.shape[:2]))


def _variances(
    squares: Numbers, degrees: float, random: np.random.Generator
) -> Numbers:
    """Scaled inverse chi-square draws; a variance of zero stays a speck above it."""
    drawn = np.maximum(squares, 1e-12) / random.chisquare(degrees, len(squares))
    return np.asarray(np.maximum(drawn, 1e-12))


def _times(matrices: Numbers, vectors: Numbers) -> Numbers:
    return np.asarray(np.matmul(matrices, vectors[:, :, None])[:, :, 0])


# Share of a score's variance that clusters are taken to hold before anything is drawn.
FIRST_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """Where the chains ended, and how they went; see `imputation.Imputation`."""

    values: Numbers
    means: Numbers
    deviations: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column of a chain's state holds what.

    `given`, shape (n_rows, n_scores): scores in their own units, NaN where missing.
    `fixed`, shape (n_rows, n_fixed): columns that never change, an intercept first.
    `arms`, shape (n_rows, n_arms - 1): what each score is multiplied by for slopes of
      its own; no columns if none.
    `codes`, shape (n_rows,): clusters, counted from 0.
    `n_clusters`: 0 where people are taken as independent.
    `missing`, shape (n_rows, n_scores): gaps.
    `centres`, `scales`, shape (n_scores,): A state holds scores less their mean over
      their deviation.
    """

    given: Numbers = field(repr=False)
    fixed: Numbers = field(repr=False)
    arms: Numbers = field(repr=False)
    codes: Positions = field(repr=False)
    n_clusters: int
    missing: npt.NDArray[np.bool_] = field(repr=False)
    centres: Numbers
    scales: Numbers

    @classmethod
    def of(
        cls,
        given: Numbers,
        *,
        fixed: Numbers,
        arms: Numbers | None,
        codes: Positions,
        n_clusters: int,
    ) -> Layout:
        """Lay out scores that each vary."""
        return cls(
            given=given,
            fixed=fixed,
            arms=np.empty((len(given), 0)) if arms is None else arms,
            codes=codes,
            n_clusters=n_clusters,
            missing=np.isnan(given),
            centres=np.nanmean(given, axis=0),
            scales=np.nanstd(given, axis=0),
        )

    @property
    def width(self) -> int:
        """Columns a score takes: itself, and itself times each arm."""
        return 1 + int(self.arms.shape[1])

    def visited(self) -> list[int]:
        """Scores with gaps, fewest gaps first."""
        gaps = self.missing.sum(axis=0)
        return [int(place) for place in np.argsort(gaps, kind="stable") if gaps[place]]

    def first(self, place: int) -> int:
        """The column of a score."""
        return int(self.fixed.shape[1]) + place * self.width

    def predictors(self, place: int) -> Positions:
        """The columns that predict a score: all but its own."""
        own = range(self.first(place), self.first(place) + self.width)
        total = self.fixed.shape[1] + self.given.shape[1] * self.width
        return np.setdiff1d(np.arange(total), own)

    def with_arms(self, scores: Numbers, rows: Positions) -> Numbers:
        """A score's columns, shape (n_chains, n_rows, width)."""
        parts = [scores[:, :, None], scores[:, :, None] * self.arms[rows]]
        return np.concatenate(parts, axis=2)

    def started(self, n_chains: int, random: np.random.Generator) -> Numbers:
        """States, shape (n_chains, n_rows, n_columns), gaps filled from those seen."""
        every = np.arange(len(self.given))
        parts = [np.broadcast_to(self.fixed, (n_chains, *self.fixed.shape))]
        for place, column in enumerate(((self.given - self.centres) / self.scales).T):
            scores = np.repeat(column[None], n_chains, axis=0)
            gaps = self.missing[:, place]
            size = (n_chains, int(gaps.sum()))
            scores[:, gaps] = random.choice(column[~gaps], size)
            parts.append(self.with_arms(scores, every))
        return np.concatenate(parts, axis=2)


def run_chains(
    layout: Layout,
    state: Numbers,
    n_iterations: int,
    *,
    match: bool,
    random: np.random.Generator,
) -> Chains:
    """Draw every score with gaps in turn, again and again.

    `state`, shape (n_chains, n_rows, n_columns): where the chains start; changed in
      place.
    """
    n_chains = len(state)
    values = np.repeat(layout.given[None], n_chains, axis=0)
    means = np.zeros((n_iterations, n_chains, layout.given.shape[1]))
    deviations = np.zeros_like(means)
    products = np.matmul(state.transpose(0, 2, 1), state)
    sums = _cluster_sums(layout, state, np.arange(state.shape[1]))
    variances = np.ones((2, layout.given.shape[1], n_chains))
    variances[1] = FIRST_SHARE
    visits = {place: _Visit.of(layout, place) for place in layout.visited()}
    for turn in range(n_iterations):
        for place, visit in visits.items():
            gaps = state[:, visit.gaps]
            removed = np.matmul(gaps.transpose(0, 2, 1), gaps)
            gap_sums = _cluster_sums(layout, gaps, visit.gaps)
            order = visit.columns
            drawn = draw_model(
                (products - removed)[:, order[:, None], order],
                (sums - gap_sums)[:, :, order],
                visit.counts,
                residual=variances[0, place],
                between=variances[1, place],
                random=random,
            )
            variances[0, place], variances[1, place] = drawn.residual, drawn.between
            scores, own = _filled(
                layout, state, gaps, visit, drawn, match=match, random=random
            )
            values[:, visit.gaps, place] = own
            means[turn, :, place] = own.mean(axis=1)
            deviations[turn, :, place] = own.std(axis=1)
            own_columns = visit.own
            gaps[:, :, own_columns] = layout.with_arms(scores, visit.gaps)
            state[:, visit.gaps, own_columns] = gaps[:, :, own_columns]
            gained = np.matmul(gaps[:, :, own_columns].transpose(0, 2, 1), gaps)
            products[:, own_columns] += gained - removed[:, own_columns]
            products[:, :, own_columns] = products[:, own_columns].transpose(0, 2, 1)
            sums += _cluster_sums(layout, gaps, visit.gaps) - gap_sums
    return Chains(values=values, means=means, deviations=deviations)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """What stays the same each time a score is drawn."""

    place: int
    gaps: Positions
    seen: Positions
    own: slice
    columns: Positions
    counts: Numbers

    @classmethod
    def of(cls, layout: Layout, place: int) -> _Visit:
        gaps = layout.missing[:, place]
        counts = np.bincount(layout.codes[~gaps], minlength=layout.n_clusters)
        return cls(
            place=place,
            gaps=np.flatnonzero(gaps),
            seen=np.flatnonzero(~gaps),
            own=slice(layout.first(place), layout.first(place) + layout.width),
            columns=np.append(layout.predictors(place), layout.first(place)),
            counts=counts[: layout.n_clusters].astype(float),
        )


def _filled(
    layout: Layout,
    state: Numbers,
    gaps: Numbers,
    visit: _Visit,
    drawn: Drawn,
    *,
    match: bool,
    random: np.random.Generator,
) -> tuple[Numbers, Numbers]:
    """Scores for the gaps: as the state holds them, and in their own units."""
    centre, scale = layout.centres[visit.place], layout.scales[visit.place]
    wanted = _predicted(
        gaps, drawn.coefficients, drawn.shifts, layout.codes[visit.gaps], visit
    )
    if not match:
        noise = random.standard_normal(wanted.shape)
        scores = wanted + drawn.residual[:, None] ** 0.5 * noise
        return scores, centre + scale * scores
    everyone = _predicted(
        state, drawn.expected, drawn.expected_shifts, layout.codes, visit
    )
    donors = matched(everyone[:, visit.seen], wanted, random)
    own = layout.given[visit.seen[donors], visit.place]
    return (own - centre) / scale, own


def _predicted(
    rows: Numbers,
    coefficients: Numbers,
    shifts: Numbers,
    codes: Positions,
    visit: _Visit,
) -> Numbers:
    whole = np.zeros((len(rows), rows.shape[2], 1))
    whole[:, visit.columns[:-1], 0] = coefficients
    expected = np.matmul(rows, whole)[:, :, 0]
    return np.asarray(expected + shifts[:, codes] if shifts.shape[1] else expected)


def _cluster_sums(layout: Layout, rows: Numbers, positions: Positions) -> Numbers:
    """Sums by cluster, shape (n_chains, n_clusters, n_columns)."""
    belongs = layout.codes[positions] == np.arange(layout.n_clusters)[:, None]
    return np.asarray(np.matmul(belongs.astype(float), rows))
