"""Fit the mixed model for repeated measures: one row a person, one column a wave.

Every wave has its own variance and every pair its own covariance. Gaps stay gaps: they
are taken as missing at random given what was answered. Kenward and Roger's covariance
is linear in those variances and uses the observed information, which stays right where
answers are missing. Oracle: R mmrm, tests/oracles/values/repeated_measures.json.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from scipy import linalg

from heard.models.cluster_robust import Array, Labels
from heard.results import Described, Unavailable

SmallSample = Literal["kenward_roger", "satterthwaite"]
STEPS = 200
HALVINGS = 40
# Twice what the likelihood can still rise at which the search ends.
SETTLED = 1e-16
# What may be left of it where rounding ends the search sooner.
NEARLY = 1e-8
# A column counts as predicted by those before it when less than this share is left.
DEPENDENT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedMeasuresFit(Described):
    """A mixed model for repeated measures, fitted by restricted likelihood.

    - `names`, `waves`: the fixed columns, and the waves in order.
    - `coefficients`, shape (n_names,): in units of the score.
    - `covariance`, shape (n_names, n_names): of the coefficients; Kenward and Roger's
      unless `small_sample` is ``satterthwaite``.
    - `wave_covariance`, shape (n_waves, n_waves): of a person's scores, given the fixed
      columns.
    - `log_likelihood`: restricted.
    - `n_people`, `n_rows`: people with a score, and their scores.
    - `small_sample`, {"kenward_roger", "satterthwaite"}: how few people are allowed
      for. Degrees of freedom of one contrast are the same under both.
    - `plain_covariance`, shape (n_names, n_names): the variances taken as known.
    - `slopes`, shape (n_variances, n_names, n_names): how that moves with each of them.
    - `variance_covariance`, shape (n_variances, n_variances): how well they are known.
    """

    names: tuple[str, ...]
    waves: tuple[str, ...]
    coefficients: Array = field(compare=False)
    covariance: Array = field(compare=False)
    wave_covariance: Array = field(compare=False)
    log_likelihood: float
    n_people: int
    n_rows: int
    small_sample: SmallSample
    plain_covariance: Array = field(repr=False, compare=False)
    slopes: Array = field(repr=False, compare=False)
    variance_covariance: Array = field(repr=False, compare=False)

    def value(self, contrast: Sequence[float]) -> float:
        """The contrast itself: the weighted sum of the coefficients."""
        return float(np.asarray(contrast, float) @ self.coefficients)

    def standard_error(self, contrast: Sequence[float]) -> float:
        """Standard error of a contrast."""
        weights = np.asarray(contrast, float)
        return math.sqrt(float(weights @ self.covariance @ weights))

    def degrees_of_freedom(self, contrast: Sequence[float]) -> float:
        """Degrees of freedom of a contrast.

        Kenward & Roger (1997), Biometrics 53(3), 983-997: for one contrast they are
        Satterthwaite's, 2 v^2 / var(v), v its variance with variances as known.
        """
        weights = np.asarray(contrast, float)
        variance = float(weights @ self.plain_covariance @ weights)
        slope = np.einsum("p,kpq,q->k", weights, self.slopes, weights)
        return 2 * variance**2 / float(slope @ self.variance_covariance @ slope)


def fit_repeated_measures(
    scores: Array,
    design: Array,
    *,
    names: Sequence[str],
    waves: Sequence[str],
    small_sample: SmallSample = "kenward_roger",
) -> RepeatedMeasuresFit | Unavailable:
    """Fit fixed columns and an unstructured covariance over waves.

    Parameters
    ----------
    scores : ndarray, shape (n_people, n_waves)
        NaN where a person has no score.
    design : ndarray, shape (n_people, n_waves, n_names)
        The fixed columns of every person at every wave; complete.
    names, waves : sequence of str
        Names of the columns and of the waves.
    small_sample : {"kenward_roger", "satterthwaite"}
        Whether standard errors are enlarged for the variances' being estimated.

    Returns
    -------
    RepeatedMeasuresFit
        Ask it for contrasts.
    Unavailable
        A column predicted by the others, no rows to spare, two waves that nobody
        answered both of, or a likelihood without a summit.

    References
    ----------
    Kenward & Roger (1997), Biometrics 53(3), 983-997; Kenward & Molenberghs (1998),
    Statistical Science 13(3), 236-247 (observed information).
    """
    answered = ~np.isnan(scores).all(axis=1)
    scores, design = scores[answered], design[answered]
    seen = ~np.isnan(scores)
    if fault := _fault(seen, design, names, waves):
        return Unavailable(term="repeated_measures", reason=fault, n=len(scores))
    basis, triangle = np.linalg.qr(design[seen])
    start = basis.T @ scores[seen]
    columns = np.zeros((*scores.shape, len(names)))
    columns[seen] = basis
    left = np.zeros(scores.shape)
    left[seen] = scores[seen] - basis @ start
    moments = _moments(left, columns, seen)
    summit = None
    if np.abs(left).max() > DEPENDENT * np.abs(scores[seen]).max():
        summit = _summit(moments, left, seen)
    if summit is None:
        reason = "the likelihood has no summit: scores vary too little, or too few stay"
        return Unavailable(term="repeated_measures", reason=reason, n=len(scores))
    at, derivatives = summit
    return _fitted(
        at,
        derivatives,
        start=start,
        triangle=triangle,
        names=tuple(names),
        waves=tuple(waves),
        counts=(len(scores), int(seen.sum())),
        small_sample=small_sample,
    )


def _fault(
    seen: Labels, design: Array, names: Sequence[str], waves: Sequence[str]
) -> str:
    if int(seen.sum()) <= design.shape[2]:
        return f"{seen.sum()} scores for {design.shape[2]} columns: none to spare"
    together = seen.T.astype(int) @ seen.astype(int)
    if not together.all():
        first, second = np.argwhere(together == 0)[0]
        return f"nobody has a score at both {waves[first]} and {waves[second]}"
    rows = design[seen]
    share = np.abs(np.diag(np.linalg.qr(rows)[1])) / np.maximum(
        np.linalg.norm(rows, axis=0), np.finfo(float).tiny
    )
    if np.any(share < DEPENDENT):
        alone = [name for name, part in zip(names, share, strict=True) if part < 1e-9]
        return f"columns that others predict: {', '.join(alone)}"
    return ""


class _Moments(NamedTuple):
    """Sums over the people of each pattern of answered waves.

    `seen`, shape (n_patterns, n_waves); `counts`, shape (n_patterns,).
    `xx`, `xy`, `yy`: products of columns and scores at two waves, gaps as zero.
    """

    seen: Labels
    counts: Array
    xx: Array
    xy: Array
    yy: Array

    @property
    def freedom(self) -> int:
        """Rows less columns."""
        return int(self.counts @ self.seen.sum(axis=1)) - self.xx.shape[-1]


def _moments(left: Array, columns: Array, seen: Labels) -> _Moments:
    patterns, codes = np.unique(seen, axis=0, return_inverse=True)
    parts = [(columns[codes == p], left[codes == p]) for p in range(len(patterns))]
    return _Moments(
        seen=patterns,
        counts=np.bincount(codes.ravel()).astype(float),
        xx=np.stack(
            [np.einsum("iap,ibq->abpq", x, x, optimize=True) for x, _ in parts]
        ),
        xy=np.stack([np.einsum("iap,ib->abp", x, y) for x, y in parts]),
        yy=np.stack([y.T @ y for _, y in parts]),
    )


class _State(NamedTuple):
    """The model at one covariance of the waves."""

    sigma: Array
    inverses: Array
    phi: Array
    beta: Array
    xr: Array
    rr: Array
    log_likelihood: float


def _state(moments: _Moments, sigma: Array) -> _State | None:
    """The best coefficients at this covariance; None where it is none."""
    try:
        np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        return None
    size = len(sigma)
    inverses, log_determinant = np.zeros((len(moments.counts), size, size)), 0.0
    for place, kept in enumerate(moments.seen):
        part = sigma[np.ix_(kept, kept)]
        inverses[place][np.ix_(kept, kept)] = np.linalg.inv(part)
        log_determinant += moments.counts[place] * np.linalg.slogdet(part)[1]
    information = np.einsum("sab,sabpq->pq", inverses, moments.xx)
    phi = np.linalg.inv(information)
    beta = phi @ np.einsum("sab,sabp->p", inverses, moments.xy)
    crossed = moments.xy @ beta
    fitted = moments.xx @ beta
    rr = moments.yy - crossed - crossed.transpose(0, 2, 1) + fitted @ beta
    squares = float((inverses * rr).sum())
    total = log_determinant + np.linalg.slogdet(information)[1] + squares
    return _State(
        sigma=sigma,
        inverses=inverses,
        phi=phi,
        beta=beta,
        xr=moments.xy - fitted,
        rr=rr,
        log_likelihood=-(total + moments.freedom * math.log(2 * math.pi)) / 2,
    )


class _Derivatives(NamedTuple):
    """Slopes in each variance and covariance of waves; Kenward and Roger's P, Q."""

    score: Array
    observed: Array
    expected: Array
    first: Array
    second: Array


def _basis(size: int) -> Array:
    """One symmetric matrix for each variance and covariance."""
    rows, columns = np.tril_indices(size)
    found = np.zeros((len(rows), size, size))
    found[np.arange(len(rows)), rows, columns] = 1.0
    found[np.arange(len(rows)), columns, rows] = 1.0
    return found


def _derivatives(moments: _Moments, at: _State) -> _Derivatives:
    basis = _basis(len(at.sigma))
    once = np.einsum(
        "sab,kbc,scd->skad", at.inverses, basis, at.inverses, optimize=True
    )
    twice = np.einsum("siab,jbc,scd->sijad", once, basis, at.inverses, optimize=True)
    twice = (twice + twice.transpose(0, 2, 1, 3, 4)) / 2
    first = -np.einsum("skab,sabpq->kpq", once, moments.xx, optimize=True)
    second = np.einsum("sijab,sabpq->ijpq", twice, moments.xx, optimize=True)
    traces = np.einsum("s,siab,jab->ij", moments.counts, once, basis, optimize=True)
    turned = at.phi @ first
    crossed = (
        traces
        - 2 * np.einsum("pq,ijqp->ij", at.phi, second)
        + np.einsum("ipq,jqp->ij", turned, turned)
    )
    leaning = np.einsum("skab,sabp->kp", once, at.xr, optimize=True)
    squares = np.einsum("sijab,sab->ij", twice, at.rr, optimize=True)
    squares -= leaning @ at.phi @ leaning.T
    plain = np.einsum("s,sab,kab->k", moments.counts, at.inverses, basis, optimize=True)
    plain += np.trace(turned, axis1=1, axis2=2)
    plain -= np.einsum("skab,sab->k", once, at.rr, optimize=True)
    return _Derivatives(
        score=-plain / 2,
        observed=squares - crossed / 2,
        expected=crossed / 2,
        first=first,
        second=second,
    )


def _summit(
    moments: _Moments, left: Array, seen: Labels
) -> tuple[_State, _Derivatives] | None:
    """Newton's steps, by expected information where the likelihood is not curved."""
    at = _state(moments, np.diag((left**2).sum(axis=0) / seen.sum(axis=0)))
    if at is None:
        return None
    rise = math.inf
    for _ in range(STEPS):
        slopes = _derivatives(moments, at)
        step = _step(slopes)
        if step is None:
            return None
        rise = float(slopes.score @ step)
        higher = _higher(moments, at, step) if rise > SETTLED else None
        if higher is None:
            break
        at = higher
    settled = rise < NEARLY and _is_positive(slopes.observed)
    return (at, slopes) if settled else None


def _step(slopes: _Derivatives) -> Array | None:
    for information in (slopes.observed, slopes.expected):
        if _is_positive(information):
            return np.asarray(linalg.solve(information, slopes.score, assume_a="pos"))
    return None


def _is_positive(matrix: Array) -> bool:
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if not np.isfinite(matrix).all() or not scale.all():
        return False
    return bool(np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0] > DEPENDENT)


def _higher(moments: _Moments, at: _State, step: Array) -> _State | None:
    """The first of ever shorter steps at which the likelihood is higher."""
    whole = np.einsum("k,kab->ab", step, _basis(len(at.sigma)))
    for halving in range(HALVINGS):
        found = _state(moments, at.sigma + whole / 2**halving)
        if found is not None and found.log_likelihood > at.log_likelihood:
            return found
    return None


def _fitted(
    at: _State,
    slopes: _Derivatives,
    *,
    start: Array,
    triangle: Array,
    names: tuple[str, ...],
    waves: tuple[str, ...],
    counts: tuple[int, int],
    small_sample: SmallSample,
) -> RepeatedMeasuresFit:
    back = np.linalg.inv(triangle)
    known = np.asarray(np.linalg.inv(slopes.observed), float)
    covariance = at.phi
    if small_sample == "kenward_roger":
        covariance = kenward_roger_covariance(
            at.phi, slopes.first, slopes.second, known
        )
    return RepeatedMeasuresFit(
        names=names,
        waves=waves,
        coefficients=back @ (start + at.beta),
        covariance=back @ covariance @ back.T,
        wave_covariance=at.sigma,
        log_likelihood=at.log_likelihood
        - float(np.log(np.abs(np.diag(triangle))).sum()),
        n_people=counts[0],
        n_rows=counts[1],
        small_sample=small_sample,
        plain_covariance=back @ at.phi @ back.T,
        slopes=-back @ (at.phi @ slopes.first @ at.phi) @ back.T,
        variance_covariance=known,
    )


def kenward_roger_covariance(
    phi: Array, first: Array, second: Array, known: Array
) -> Array:
    """Kenward and Roger's covariance where V is linear in its parameters.

    `phi`, shape (p, p): (X' V^-1 X)^-1.
    `first`, shape (k, p, p): P_i = -X' V^-1 V_i V^-1 X.
    `second`, shape (k, k, p, p): Q_ij = X' V^-1 V_i V^-1 V_j V^-1 X.
    `known`, shape (k, k): covariance of the parameters.
    """
    more = np.einsum("ij,ijpq->pq", known, second, optimize=True)
    more -= np.einsum("ij,ipq,qr,jrs->ps", known, first, phi, first, optimize=True)
    return np.asarray(phi + 2 * phi @ ((more + more.T) / 2) @ phi)
