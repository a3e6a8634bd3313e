"""Chained equations: every score's gaps drawn in turn, all chains side by side.

The rule that holds throughout: cross products and cluster sums of all rows are made
once; each draw changes the rows that miss the score, and only these are summed again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.outcomes.missing.conditional import (
    Drawn,
    Numbers,
    Positions,
    draw_model,
    matched,
)

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

    Attributes
    ----------
    given : ndarray, shape (n_rows, n_scores)
        Scores in their own units, NaN where missing.
    fixed : ndarray, shape (n_rows, n_fixed)
        Columns that never change, an intercept first.
    arms : ndarray, shape (n_rows, n_arms - 1)
        What each score is multiplied by for slopes of its own; no columns if none.
    codes : ndarray of int, shape (n_rows,)
        Clusters, counted from 0.
    n_clusters : int
        0 where people are taken as independent.
    missing : ndarray of bool, shape (n_rows, n_scores)
        Gaps.
    centres, scales : ndarray, shape (n_scores,)
        A state holds scores less their mean over their deviation.
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

    Parameters
    ----------
    state : ndarray, shape (n_chains, n_rows, n_columns)
        Where the chains start; changed in place.
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
