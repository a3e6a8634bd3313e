"""Test and estimate with few clusters by the restricted wild cluster bootstrap-t.

Residuals under the hypothesis, each cluster's from a fit without it (type S of
MacKinnon, Nielsen & Webb), are multiplied by a random number a cluster; the interval is
what the test does not reject. Every statistic is a ratio of forms in cluster sums.
Oracle: complete enumeration, tests/outcomes/test_wild_bootstrap.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from heard.models.cluster_robust import (
    SINGULAR,
    Array,
    ClusterRobustFit,
    Labels,
    cluster_robust_fit,
    coded,
    dummies,
)
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Result, Unavailable, counting

Multipliers: TypeAlias = Literal["auto", "rademacher", "webb"]

# Under this many clusters two signs cannot reach a p of .05: 2/2^5 is .0625. From here
# on all their combinations hold the level better than Webb's points do (simulations in
# docs/explanation/statistics-clustered.md).
FEW_CLUSTERS = 6
LEVEL = 0.05
# Equal statistics that rounding parts count as equal.
TIE = 1e-10
# Steps between the estimate and a rejected value, to find the outermost kept one.
GRID = 200
HALVINGS = 40
# Beyond this many standard errors an interval counts as having no limit.
SEARCH_LIMIT = 4096.0
SIX_POINTS: Array = np.sqrt(np.array([0.5, 1.0, 1.5, 0.5, 1.0, 1.5]))
SIX_POINTS[:3] *= -1


@dataclass(frozen=True, slots=True, kw_only=True)
class WildBootstrap(Composite):
    """A coefficient with the interval its test leaves, and the p of being zero."""

    effect: Result
    p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """One coefficient's sums by cluster, other columns removed.

    `effect`: the coefficient.
    `size`: x'x of all rows.
    `own`, `influence`, shape (n_clusters,): x'y and x'x of every cluster; of y and the
      second x what is left of them by a fit of the other columns without that cluster.
    `across`, shape (n_clusters, n_columns): x'Q: how a cluster's score sees the fitted
      columns.
    `outcome`, `column`, shape (n_clusters, n_columns): Q'y and Q'x, likewise.
    `spread`: sum of the squared scores of the real residuals.
    """

    effect: float
    size: float
    own: Array
    influence: Array
    across: Array
    outcome: Array
    column: Array
    spread: float

    @property
    def error(self) -> float:
        """Plain cluster-robust standard error (CR0), the unit of the search."""
        return float(np.sqrt(self.spread)) / self.size


def wild_cluster_bootstrap(
    outcome: Array,
    design: Array,
    clusters: Labels,
    *,
    names: Sequence[str],
    name: str,
    term: str,
    seed: str,
    weights: Array | None = None,
    absorb: Labels | None = None,
    multipliers: Multipliers = "auto",
    n_draws: int = 9999,
) -> WildBootstrap:
    """Test a coefficient and give its interval, where clusters are few.

    Parameters
    ----------
    outcome, design, clusters, names, weights, absorb
        As `cluster_robust_fit` takes them.
    name : str
        The column whose coefficient is asked for.
    term : str
        What the effect is called; its p is ``<term>_p_value``.
    seed : str
        Names the draws.
    multipliers : {"auto", "rademacher", "webb"}
        Two signs, all combinations where there are at most `n_draws`; or Webb's six
        points, which auto takes at 5 clusters, where signs cannot reach .05.
    n_draws : int
        Draws, if not all combinations are gone through.

    Returns
    -------
    WildBootstrap
        The effect is that of least squares. Its interval holds the values whose p is
        above .05; where the test rejects no value, however large, it has no limits and
        `method` says so. Unavailable: as for `cluster_robust_fit`.

    References
    ----------
    Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90(3), 414-427;
    Webb (2023), Canadian Journal of Economics 56(3), 839-858; MacKinnon, Nielsen & Webb
    (2023), Journal of Applied Econometrics 38(5), 671-694.
    """
    fit = cluster_robust_fit(
        outcome, design, clusters, names=names, weights=weights, absorb=absorb
    )
    if isinstance(fit, Unavailable):
        return _nothing(term, fit.reason, fit.n)
    sums = _sums(
        np.asarray(outcome, dtype=float),
        np.asarray(design, dtype=float).reshape(len(outcome), len(names)),
        clusters,
        place=list(names).index(name),
        roots=np.sqrt(np.ones(len(outcome)) if weights is None else weights),
        absorb=absorb,
    )
    if sums.spread <= 0 or isinstance(_plain(fit, name), Unavailable):
        plain = _plain(fit, name)
        reason = plain.reason if isinstance(plain, Unavailable) else ""
        return _nothing(term, reason or "no residual variation", fit.n)
    draws, drawn, share = _multipliers(len(sums.own), multipliers, n_draws, seed)
    probability = _probability(sums, draws, complete=share)
    return _results(sums, probability, fit, term=term, drawn=drawn)


def _plain(fit: ClusterRobustFit, name: str) -> Result:
    return fit.estimate(name, term=name)


def _nothing(term: str, reason: str, n: int | None) -> WildBootstrap:
    return WildBootstrap(
        effect=Unavailable(term=term, reason=reason, n=n),
        p_value=Unavailable(term=f"{term}_p_value", reason=reason, n=n),
    )


def _sums(
    outcome: Array,
    design: Array,
    clusters: Labels,
    *,
    place: int,
    roots: Array,
    absorb: Labels | None,
) -> _Sums:
    column = design[:, place] * roots
    others = np.delete(design, place, axis=1)
    if absorb is not None:
        others = np.hstack([dummies(absorb), others])
    basis = np.linalg.qr(others * roots[:, None])[0]
    left = outcome * roots
    for _ in range(2):  # the second time takes out what rounding left
        column = column - basis @ (basis.T @ column)
        left = left - basis @ (basis.T @ left)
    size = float(column @ column)
    effect = float(column @ left) / size
    codes, n_clusters = coded(clusters)
    freed_left, freed = _without_own_pull([left, column], basis, codes)
    basis = np.column_stack([basis, column / np.sqrt(size)])

    def by_cluster(values: Array) -> Array:
        total = np.zeros((n_clusters, *values.shape[1:]))
        np.add.at(total, codes, values)
        return total

    scores = by_cluster(column * (left - effect * column))
    return _Sums(
        effect=effect,
        size=size,
        own=by_cluster(column * freed_left),
        influence=by_cluster(column * freed),
        across=by_cluster(basis * column[:, None]),
        outcome=by_cluster(basis * freed_left[:, None]),
        column=by_cluster(basis * freed[:, None]),
        spread=float(scores @ scores),
    )


def _without_own_pull(
    residuals: Sequence[Array], basis: Array, codes: Labels
) -> list[Array]:
    """Residuals of each cluster from a fit of the basis to all other clusters.

    What only the cluster itself can show, such as its own fixed effect, is left as it
    is: no other cluster has a say in it.
    """
    freed = [residual.copy() for residual in residuals]
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        own = basis[rows]
        values, vectors = np.linalg.eigh(np.eye(own.shape[1]) - own.T @ own)
        kept = values > SINGULAR
        inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
        for residual, without in zip(residuals, freed, strict=True):
            without[rows] += own @ (inverse @ (own.T @ residual[rows]))
    return freed


def _multipliers(
    n_clusters: int, kind: Multipliers, n_draws: int, seed: str
) -> tuple[Array, str, bool]:
    """Draws, shape (n_draws, n_clusters); how they were made; whether they are all."""
    if kind == "auto":
        kind = "webb" if n_clusters < FEW_CLUSTERS else "rademacher"
    random = generator("wild cluster bootstrap", seed)
    if kind == "webb":
        drawn = f"{n_draws} draws of Webb's six points"
        places = random.integers(0, 6, (n_draws, n_clusters))
        return SIX_POINTS[places], drawn, False
    if 2**n_clusters <= n_draws:
        # All signs reverse-scored give the same size of t: half of them are enough.
        rest = np.array(list(itertools.product([1.0, -1.0], repeat=n_clusters - 1)))
        every: Array = np.ones((len(rest), n_clusters))
        every[:, 1:] = rest
        return every, f"all {2**n_clusters} combinations of two signs", True
    signs: Array = np.ones((n_draws, n_clusters))
    signs[random.integers(0, 2, signs.shape) == 0] = -1.0
    return signs, f"{n_draws} draws of two signs", False


def _probability(
    sums: _Sums, draws: Array, *, complete: bool
) -> Callable[[float], float]:
    """The two-sided p of a hypothesised coefficient, from forms computed once."""
    first = draws * sums.own - np.linalg.multi_dot([draws, sums.outcome, sums.across.T])
    second = draws * sums.influence - np.linalg.multi_dot(
        [draws, sums.column, sums.across.T]
    )
    square = np.einsum("ij,ij->i", first, first)
    mixed = np.einsum("ij,ij->i", first, second)
    influence = np.einsum("ij,ij->i", second, second)
    top, slope = draws @ sums.own, draws @ sums.influence

    def probability(value: float) -> float:
        spread = square - 2 * value * mixed + value**2 * influence
        drawn = (top - value * slope) ** 2 * sums.spread
        real = ((sums.effect - value) * sums.size) ** 2
        beyond = drawn >= real * spread * (1 - TIE)
        if complete:
            # The first combination turns nothing round: that is the real outcome.
            return (1 + int(beyond[1:].sum())) / len(draws)
        return (1 + int(beyond.sum())) / (1 + len(draws))

    return probability


def _limit(
    sums: _Sums, probability: Callable[[float], float], direction: int
) -> float | None:
    """The outermost value that is not rejected, None where none is rejected."""
    reach = 1.0
    while probability(sums.effect + direction * reach * sums.error) > LEVEL:
        reach *= 2
        if reach > SEARCH_LIMIT:
            return None
    # The p may rise again on the way out: the last kept step counts.
    steps = np.linspace(0.0, reach, GRID + 1)
    kept = [
        probability(sums.effect + direction * s * sums.error) > LEVEL for s in steps
    ]
    last = int(np.flatnonzero(kept).max())
    inside, outside = float(steps[last]), float(steps[last + 1])
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if probability(sums.effect + direction * middle * sums.error) > LEVEL:
            inside = middle
        else:
            outside = middle
    return sums.effect + direction * inside * sums.error


def _results(
    sums: _Sums,
    probability: Callable[[float], float],
    fit: ClusterRobustFit,
    *,
    term: str,
    drawn: str,
) -> WildBootstrap:
    method = (
        f"{'weighted ' * fit.weighted}least squares; restricted wild cluster "
        f"bootstrap-t over {fit.n_clusters} clusters, residuals of each from a fit "
        f"without it, {drawn}; complete rows only"
    )
    low, high = (_limit(sums, probability, direction) for direction in (-1, 1))
    how = "interval: the values whose p is above .05"
    if low is None or high is None:
        low = high = None
        how = (
            "no interval: these clusters cannot reject any value on one side, however "
            "far; use a comparison with placebo clusters"
        )
    found = WildBootstrap(
        effect=Estimate.of(
            term, sums.effect, (low, high), n=fit.n, method=f"{method}; {how}"
        ),
        p_value=Estimate.of(
            f"{term}_p_value",
            probability(0.0),
            n=fit.n,
            method=f"{method}; two-sided, ties counted as beyond; no interval",
        ),
    )
    return counting(found, "rows")
