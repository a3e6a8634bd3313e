"""Impute missing scores multiply, and check that the chains mixed.

A score is imputed from all other scores, arms and covariates with an intercept a team,
so that imputed scores are as similar within teams, and differ as much between arms, as
observed ones. Oracle: R mice, tests/oracles/values/missing.json.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from heard.models.chained_equations import (
    Chains,
    Layout,
    Numbers,
    Positions,
    run_chains,
)
from heard.models.random_streams import generator
from heard.results import Composite, Described, Estimate, Result, Unavailable

MINIMUM_CLUSTERS = 5
# Seen scores beyond the columns of a model: fewer leave its variance a guess.
SPARE_ROWS = 5
DEPENDENT = 1e-7
N_SETS = 20
N_ITERATIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputation(Described):
    """Completed data sets; rows are people's, so it is never a finding.

    - `scores`: the columns filled in.
    - `values`, shape (n_sets, n_rows, n_scores): every score: as seen, or as filled in
      for that set.
    - `missing`, shape (n_rows, n_scores): which were filled in.
    - `positions`, shape (n_rows,): which rows of the frame given.
    - `means`, `deviations`, shape (n_iterations, n_sets, n_scores): of what was filled
      in, after every iteration; 0 where nothing was missing.
    - `method`: how it was done, in words.
    """

    scores: tuple[str, ...]
    values: Numbers = field(repr=False, compare=False)
    missing: npt.NDArray[np.bool_] = field(repr=False, compare=False)
    positions: Positions = field(repr=False, compare=False)
    means: Numbers = field(repr=False, compare=False)
    deviations: Numbers = field(repr=False, compare=False)
    method: str

    @property
    def n_sets(self) -> int:
        """Completed data sets."""
        return len(self.values)

    def completed(self, people: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Each completed data set: the frame that was given, with the gaps filled."""
        rows = people.iloc[self.positions]
        for values in self.values:
            yield rows.assign(**dict(zip(self.scores, values.T, strict=True)))

    def filled_in(self, score: str) -> npt.NDArray[np.bool_]:
        """Which rows of the completed sets had no such score."""
        return np.asarray(self.missing[:, self.scores.index(score)])


def impute(
    people: pd.DataFrame,
    *,
    scores: Sequence[str],
    covariates: Sequence[str] = (),
    arm: str | None = None,
    cluster: str | None = None,
    arm_slopes: bool = False,
    match: bool = True,
    n_sets: int = N_SETS,
    n_iterations: int = N_ITERATIONS,
    seed: str,
) -> Imputation | Unavailable:
    """Fill in missing scores many times over, by chained equations.

    Parameters
    ----------
    people : DataFrame, one row a participant
        Waves side by side, so that each wave has its own difference between arms.
    scores : sequence of str
        Numeric columns; NaN where missing. All predict each other.
    covariates : sequence of str
        Other predictors, numbers or categories; rows without one are left out.
    arm, cluster : str, optional
        Columns; rows without one are left out. Clusters get a random intercept.
    arm_slopes : bool
        Whether scores may predict each other differently in each arm.
    match : bool
        Predictive mean matching (the score of one of the 5 people with the nearest
        predictions, which stays on the scale), or a draw from the normal distribution.
    n_sets, n_iterations : int
        Completed data sets, each the end of a chain of its own of that length.
    seed : str
        Names the draws.

    Returns
    -------
    Imputation
        Rows in the order given.
    Unavailable
        Fewer than 5 clusters, a score without spread or hardly ever seen, columns that
        predict each other, infinite scores, fewer than 2 sets.

    References
    ----------
    van Buuren (2018), Flexible Imputation of Missing Data, 2nd edition, 4.5 and 7.
    """
    named = [*covariates, *(name for name in (arm, cluster) if name is not None)]
    kept = np.flatnonzero(people[named].notna().all(axis=1).to_numpy())
    rows = people.iloc[kept]
    values = rows[list(scores)].to_numpy(dtype=float, na_value=np.nan)
    codes, n_clusters = _codes(rows, cluster)
    if fault := _fault(values, scores, n_clusters if cluster else None, n_sets=n_sets):
        return _absent(fault, len(rows))
    layout = Layout.of(
        values,
        fixed=_fixed(rows, [*covariates, *([] if arm is None else [arm])]),
        arms=_dummies(rows[arm]) if arm is not None and arm_slopes else None,
        codes=codes,
        n_clusters=n_clusters,
    )
    random = generator("imputation", seed)
    start = layout.started(n_sets, random)
    if fault := _unsolvable(layout, start[0], scores):
        return _absent(fault, len(rows))
    chains = run_chains(layout, start, n_iterations, match=match, random=random)
    how = _words(
        clustered=cluster is not None,
        by_arm=arm is not None,
        arm_slopes=arm_slopes,
        match=match,
        length=(n_sets, n_iterations),
    )
    return _imputation(
        chains, layout, scores, positions=kept, how=how + _left_out(people, kept)
    )


def _imputation(
    chains: Chains,
    layout: Layout,
    scores: Sequence[str],
    *,
    positions: Positions,
    how: str,
) -> Imputation:
    return Imputation(
        scores=tuple(scores),
        values=chains.values,
        missing=layout.missing,
        positions=positions,
        means=chains.means,
        deviations=chains.deviations,
        method=how,
    )


def _codes(rows: pd.DataFrame, cluster: str | None) -> tuple[Positions, int]:
    if cluster is None:
        return np.zeros(len(rows), dtype=np.intp), 0
    codes, names = pd.factorize(rows[cluster])
    return np.asarray(codes, dtype=np.intp), len(names)


def _fixed(rows: pd.DataFrame, columns: list[str]) -> Numbers:
    """An intercept, numbers as deviations from their mean, categories as dummies."""
    parts = [np.ones((len(rows), 1))]
    for name in columns:
        numeric = pd.api.types.is_numeric_dtype(rows[name])
        if numeric and not pd.api.types.is_bool_dtype(rows[name]):
            number = rows[name].to_numpy(dtype=float)[:, None]
            parts.append(number - number.mean(axis=0))
        else:
            parts.append(_dummies(rows[name]))
    return np.hstack(parts)


def _dummies(labels: pd.Series) -> Numbers:
    codes, names = pd.factorize(labels, sort=True)
    return np.asarray(codes[:, None] == np.arange(1, len(names)), dtype=float)


def _fault(
    values: Numbers,
    scores: Sequence[str],
    n_clusters: int | None,
    *,
    n_sets: int,
) -> str:
    if n_sets < 2:
        return f"{n_sets} completed data sets asked for; at least 2 needed"
    if not len(values):
        return "no one has an arm, a cluster and every covariate"
    if np.isinf(values).any():
        return "some scores are infinite"
    if n_clusters is not None and n_clusters < MINIMUM_CLUSTERS:
        return (
            f"{n_clusters} clusters; at least {MINIMUM_CLUSTERS} needed for how they "
            "differ: name the cluster among the covariates instead"
        )
    flat = [
        name
        for name, column in zip(scores, values.T, strict=True)
        if len(np.unique(column[~np.isnan(column)])) < 2
    ]
    return f"hardly any score, or all the same: {', '.join(flat)}" if flat else ""


def _unsolvable(layout: Layout, state: Numbers, scores: Sequence[str]) -> str:
    """What keeps a score's model from being solved, at the chain's start."""
    for place in layout.visited():
        seen = ~layout.missing[:, place]
        columns = state[seen][:, layout.predictors(place)]
        if len(columns) < columns.shape[1] + SPARE_ROWS:
            return (
                f"{scores[place]} was seen too rarely for a model of "
                f"{columns.shape[1]} columns: name fewer scores or covariates"
            )
        lengths = np.linalg.norm(columns, axis=0)
        if (lengths == 0).any():
            return f"no one of some arm or category has {scores[place]}"
        diagonal = np.diag(np.linalg.qr(columns / lengths, mode="r"))
        if (np.abs(diagonal) < DEPENDENT).any():
            return (
                f"the columns that predict {scores[place]} predict each other, or "
                "no one of some arm or category has it: leave out or merge"
            )
    return ""


def _words(
    *,
    clustered: bool,
    by_arm: bool,
    arm_slopes: bool,
    match: bool,
    length: tuple[int, int],
) -> str:
    same_answer = (
        "a random intercept a cluster" if clustered else "people taken as independent"
    )
    arms = "own level of each score in each arm" if by_arm else "no arms"
    slopes = ", own slopes too" if arm_slopes else ""
    drawn = "predictive mean matching (5 donors)" if match else "normal draws"
    return (
        f"multiple imputation by chained equations, {drawn}, {same_answer}, "
        f"{arms}{slopes}; "
        f"{length[0]} sets after {length[1]} iterations; missing at random given the "
        "scores seen, arm and covariates"
    )


def _left_out(people: pd.DataFrame, kept: Positions) -> str:
    n_excluded = len(people) - len(kept)
    return (
        f"; {n_excluded} without arm, cluster or covariate left out"
        if n_excluded
        else ""
    )


def _absent(reason: str, n: int) -> Unavailable:
    return Unavailable(term="imputation", reason=reason, n=n)


MINIMUM_ITERATIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ImputedScore(Composite):
    """How one score was filled in."""

    score: str
    share_missing: Result
    filled_in_minus_seen: Result
    chain_mixing: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ImputationDiagnostics(Composite):
    """How every score with gaps was filled in."""

    scores: tuple[ImputedScore, ...]


def imputation_diagnostics(imputation: Imputation) -> ImputationDiagnostics:
    """Describe what was filled in, and whether chains agree.

    Returns
    -------
    ImputationDiagnostics
        One part a score with gaps. Mixing is Unavailable under 4 iterations, or where
        nothing filled in varied.

    References
    ----------
    Gelman & Rubin (1992), Statistical Science 7(4), 457-472.
    """
    gaps = imputation.missing.sum(axis=0)
    return ImputationDiagnostics(
        scores=tuple(
            _described(imputation, place, int(count))
            for place, count in enumerate(gaps)
            if count
        )
    )


def chain_mixing(means: Numbers) -> float | None:
    """Gelman and Rubin's potential scale reduction over the later half of chains.

    `means`, shape (n_iterations, n_chains): something the chains draw again and again.
    Returns: near 1 where chains have forgotten their starts; None if nothing varies.
    """
    later = means[len(means) // 2 :]
    length = len(later)
    within = float(later.var(axis=0, ddof=1).mean())
    between = float(later.mean(axis=0).var(ddof=1))
    if within <= 0:
        return None
    return float(np.sqrt((length - 1) / length + between / within))


def _described(imputation: Imputation, place: int, n_gaps: int) -> ImputedScore:
    n = len(imputation.missing)
    gaps = imputation.missing[:, place]
    values = imputation.values[:, :, place]
    seen = values[0, ~gaps]
    difference = (float(values[:, gaps].mean()) - float(seen.mean())) / float(
        seen.std(ddof=1)
    )
    words = f"{imputation.method}; describes the filling in, so no interval"
    return ImputedScore(
        score=imputation.scores[place],
        share_missing=Estimate.of(
            "share_missing",
            n_gaps / n,
            n=n,
            method=f"people without the score over all people; {words}",
        ),
        filled_in_minus_seen=Estimate.of(
            "filled_in_minus_seen",
            difference,
            n=n,
            method="mean filled in less mean seen, over the standard deviation "
            f"(divisor n-1) of those seen; {words}",
        ),
        chain_mixing=_mixing(imputation.means[:, :, place], n=n_gaps, words=words),
    )


def _mixing(means: Numbers, *, n: int, words: str) -> Result:
    method = (
        "Gelman and Rubin's potential scale reduction of the mean filled in, later "
        f"half of the iterations; over 1.2 ask for more iterations; {words}"
    )
    value = chain_mixing(means) if len(means) >= MINIMUM_ITERATIONS else None
    if value is None:
        reason = f"fewer than {MINIMUM_ITERATIONS} iterations, or nothing varied"
        return Unavailable(
            term="chain_mixing", reason=reason, n=n, n_unit="gaps", method=method
        )
    return Estimate(
        term="chain_mixing", estimate=value, n=n, n_unit="gaps", method=method
    )
