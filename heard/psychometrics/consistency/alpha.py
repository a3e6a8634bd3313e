"""Estimate Cronbach's alpha and its interval.

Unless one is chosen, the interval follows the shape of the participants' sums: Feldt's,
or where they are skewed one that takes nothing for normal (`Shape`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import special

from heard.models.bootstrap import (
    REPLICATES,
    Draws,
    Interval,
    Moments,
    bootstrap_interval,
    interval_of,
    no_interval,
    percent,
    replicated,
    replicated_correlations,
)
from heard.models.complete_responses import (
    LISTWISE,
    NO_VARIANCE,
    PERFECT,
    Array,
    CompleteResponses,
    Responses,
    complete_responses,
    read_responses,
)
from heard.models.item_directions import opposed_items
from heard.models.skewed_scores import Shape
from heard.psychometrics.consistency.item_sums import item_sums
from heard.psychometrics.consistency.lower_bounds import lambda_3
from heard.psychometrics.consistency.sample import (
    Missing,
    Sample,
    sample_for,
    without_variance,
)
from heard.results import Estimate, Result, Unavailable

Choice: TypeAlias = Literal["adf", "bootstrap", "percentile", "cluster"]
RESAMPLED = ("bootstrap", "percentile")


def check_choice(
    interval: str | None,
    *,
    known: tuple[str, ...],
    clusters: pd.Series | None,
    missing: Missing,
    people: int,
) -> None:
    """Refuse options that do not go together."""
    if interval is not None and interval not in known:
        raise ValueError(f"interval is {interval!r}; give one of {', '.join(known)}")
    if interval == "cluster" and clusters is None:
        raise ValueError("interval is 'cluster'; give clusters")
    if clusters is not None:
        if interval not in {None, "cluster", *RESAMPLED}:
            raise ValueError(
                f"interval is {interval!r}, which knows no clusters; give 'cluster', "
                "'bootstrap' or 'percentile', or leave clusters out"
            )
        if len(clusters) != people:
            raise ValueError(
                f"clusters has {len(clusters)} rows, responses {people}; give one "
                "cluster a participant, by position"
            )
    if interval in RESAMPLED and missing != "listwise":
        raise ValueError(
            f"interval is {interval!r}, which needs missing='listwise'; for gaps give "
            "'adf' or 'cluster'"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The limits someone wants.

    `draws`: how many replicates, and the name of the draws.
    """

    interval: str
    clusters: pd.Series | None
    draws: tuple[int, str]
    confidence: float


def limits_of(
    estimate: float,
    derivative: Array,
    sample: Sample,
    wanted: Wanted,
    replicates: Callable[[Draws], Array],
    *,
    scale: Literal["plain", "log", "fisher"],
) -> Interval:
    """Limits by influence or by resampling.

    `derivative`, shape (k, k): of the estimate by the covariances of the sample.
    `replicates`: draws → the coefficient in every replicate.
    """
    kept, confidence = sample.kept(wanted.clusters), wanted.confidence
    influence = sample.influences(derivative)
    if wanted.interval not in RESAMPLED:
        return interval_of(
            estimate, influence, clusters=kept, confidence=confidence, scale=scale
        )
    number, seed = wanted.draws
    drawing = Draws(replicates=number, seed=seed, clusters=kept)
    if fault := drawing.fault():
        return no_interval(fault)
    return bootstrap_interval(
        estimate,
        replicates(drawing),
        drawing,
        influence=influence if wanted.interval == "bootstrap" else None,
        confidence=confidence,
    )


def with_limits(
    term: str, estimate: float, n: int, method: str, interval: Interval
) -> Estimate:
    """An estimate with its limits, and their words in its method."""
    return Estimate.of(
        term,
        estimate,
        (interval.low, interval.high),
        n=n,
        method=f"{method}; {interval.words}",
    )


AlphaInterval: TypeAlias = Literal["feldt", "adf", "bootstrap", "percentile", "cluster"]
Kind: TypeAlias = Literal["raw", "standardised"]
TERM = "cronbach_alpha"
WORDS = {
    "raw": "k/(k-1) (1 - sum of item variances / variance of the sum)",
    "standardised": "of items with variance 1",
}
TOO_NARROW = "with everyone who answered anything, too narrow where much is missing"
ENOUGH = 200
"""Participants from which on, of skewed sums, the distribution-free interval serves."""


def cronbach_alpha(
    responses: Responses,
    *,
    kind: Kind = "raw",
    interval: AlphaInterval | None = None,
    clusters: pd.Series | None = None,
    missing: Missing = "listwise",
    replicates: int = REPLICATES,
    seed: str = TERM,
    confidence: float = 0.95,
) -> Result:
    """Estimate Cronbach's alpha, with an interval that suits its answers.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    kind : {"raw", "standardised"}
        Of the items as they are, or of items with variance 1.
    interval : {"feldt", "adf", "bootstrap", "percentile", "cluster"}, optional
        Feldt's, which takes answers for normal and items for parallel; free of the
        distribution (ADF); resampled, corrected (BCa) or not; or allowing for clusters.
        Unless chosen: cluster where `clusters` is given; Feldt's for raw alpha of
        complete participants whose sums have a skewness below 1; beyond that resampled
        (BCa), nowhere narrower than Feldt's, and ADF from 200 participants on; ADF for
        the rest. `method` says which, and warns of skewed sums.
    clusters : Series, shape (n_participants,), optional
        Cluster of each participant, by position, whose answers depend on each other;
        resampling then draws whole clusters, and needs about 100 of them.
    missing : {"listwise", "pairwise", "fiml"}
        Delete participants with a gap, take each covariance from those who answered
        both items, or use every answer by maximum likelihood.
    replicates, seed : int, str
        Draws of a resampled interval, and their name.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, at most 1; negative when items disagree. A constant item counts among
        the items of raw alpha, with variance 0, and `method` says so.
    Unavailable
        Fewer than 2 items, fewer than 3 complete participants, no variance, or columns
        that are not numbers.

    Raises
    ------
    ValueError
        Options that do not go together.

    References
    ----------
    Cronbach (1951), Psychometrika 16(3), 297-334.
    Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11(1), 93-103.
    Maydeu-Olivares, Coffman & Hartmann (2007), Psychological Methods 12(2), 157-176.
    """
    responses = read_responses(responses)
    known = ("feldt", "adf", "bootstrap", "percentile", "cluster")
    check_choice(
        interval,
        known=known,
        clusters=clusters,
        missing=missing,
        people=len(responses),
    )
    chosen = interval or _suiting(kind, missing, clusters)
    if kind not in {"raw", "standardised"}:
        raise ValueError(f"kind is {kind!r}; give 'raw' or 'standardised'")
    if kind == "standardised" and chosen == "feldt":
        raise ValueError("interval is 'feldt', which is for raw alpha; give another")
    wanted = Wanted(
        interval=chosen,
        clusters=clusters,
        draws=(replicates, seed),
        confidence=confidence,
    )
    by_feldt = (kind, missing, chosen) == ("raw", "listwise", "feldt")
    if by_feldt and (found := _of_sums(responses, confidence)):
        return found
    complete = complete_responses(responses)
    shape = shape_of(complete)
    if by_feldt and interval is None and shape.skewed:
        result = _of_skewed(responses, complete, wanted)
    elif by_feldt:
        result = alpha_of(complete, TERM, confidence)
    else:
        result = _other(responses, kind, sample_for(responses, missing), wanted)
    return cautioned(result, cautions(complete, shape))


def shape_of(complete: CompleteResponses) -> Shape:
    """How far the sums of the complete participants are from normal."""
    return Shape.of(complete.values.sum(axis=1))


def _of_skewed(
    responses: pd.DataFrame, complete: CompleteResponses, wanted: Wanted
) -> Result:
    """Alpha of skewed sums, whose interval takes nothing for normal."""
    n, sample = len(complete.values), sample_for(responses, "listwise")
    for interval in ("adf",) if n >= ENOUGH else ("bootstrap", "adf"):
        suited = dataclasses.replace(wanted, interval=interval)
        found = _other(responses, "raw", sample, suited)
        if isinstance(found, Unavailable) or found.conf_low is not None:
            break
    if isinstance(found, Unavailable) or n >= ENOUGH:
        return found
    return widened(found, items=len(complete.names), confidence=wanted.confidence)


def cautions(complete: CompleteResponses, shape: Shape) -> tuple[str, ...]:
    """What a reader of a coefficient of these answers must know first."""
    varied = [name for name in complete.names if name not in complete.constant]
    if complete.fault or not len(complete.values):
        return ()
    places = [complete.names.index(name) for name in varied]
    opposed = ""
    if len(varied) > 1:
        correlations = np.asarray(np.corrcoef(complete.values[:, places], rowvar=False))
        opposed = opposed_items(correlations, varied, len(complete.values))
    return tuple(filter(None, (opposed, shape.words)))


def cautioned(found: Result, words: Iterable[str]) -> Result:
    """The same, its method warning of what is wrong with the answers."""
    if isinstance(found, Unavailable):
        return found
    method = "".join([found.method, *(f"; caution: {word}" for word in words)])
    return dataclasses.replace(found, method=method)


def widened(found: Estimate, *, items: int, confidence: float) -> Estimate:
    """The same alpha with limits nowhere narrower than Feldt's."""
    if found.conf_low is None or found.conf_high is None:
        return found
    alpha = np.array(found.estimate)
    low, high = feldt_limits(alpha, n=found.n, items=items, confidence=confidence)
    return dataclasses.replace(
        found,
        conf_low=min(found.conf_low, float(low)),
        conf_high=max(found.conf_high, float(high)),
        method=f"{found.method}, nowhere narrower than Feldt's",
    )


def _suiting(kind: Kind, missing: Missing, clusters: pd.Series | None) -> AlphaInterval:
    if clusters is not None:
        return "cluster"
    return "feldt" if (kind, missing) == ("raw", "listwise") else "adf"


def _of_sums(responses: pd.DataFrame, confidence: float) -> Estimate | None:
    """Raw alpha of many answers in one pass; None where something else is needed."""
    sums = item_sums(responses)
    if sums is None or sums.n < 3 or len(sums.names) < 2:
        return None
    variances, k = int(sums.scatter.sum()), len(sums.names)
    if sums.total <= NO_VARIANCE * variances or sums.shape.skewed:
        return None
    if (sums.with_total < sums.scatter).any():
        return None  # an item may run against the others
    alpha = k / (k - 1) * (1 - variances / sums.total)
    method = feldt_method(k, confidence, int(np.sum(sums.scatter == 0)))
    return feldt(alpha, n=sums.n, items=k, term=TERM, method=method, of=confidence)


def _other(
    responses: pd.DataFrame, kind: Kind, sample: Sample, wanted: Wanted
) -> Result:
    """Alpha from covariances, whatever they come from."""
    k, percentage = responses.shape[1], percent(wanted.confidence)
    method = f"Cronbach's alpha of {k} items: {WORDS[kind]}; {sample.words}"
    if reason := sample.fault or _unfit(sample.covariance, kind):
        return sample.unavailable(TERM, reason, method)
    if kind == "standardised":
        sample = sample.standardised()
    if reason := without_variance(sample.covariance):
        return sample.unavailable(TERM, reason, method)
    alpha, derivative = lambda_3(sample.covariance)
    if 1 - alpha < -PERFECT:
        reason = "the covariances contradict each other: alpha would pass 1"
        return sample.unavailable(TERM, reason, method)
    if wanted.interval == "feldt":
        method += f"; {percentage} Feldt interval {TOO_NARROW}"
        return feldt(
            alpha, n=sample.n, items=k, term=TERM, method=method, of=wanted.confidence
        )
    if 1 - alpha < PERFECT:
        method += "; no interval: the items agree perfectly"
        return Estimate(term=TERM, estimate=1.0, n=sample.n, method=method)

    def drawn(drawing: Draws) -> Array:
        return alpha_replicates(complete_responses(responses).values, drawing, kind)

    limits = limits_of(alpha, derivative, sample, wanted, drawn, scale="log")
    return with_limits(TERM, alpha, sample.n, method, limits)


def _unfit(covariance: Array, kind: Kind) -> str:
    flat = int(np.sum(np.diag(covariance) <= 0))
    return f"{flat} items constant" * bool(kind == "standardised" and flat)


def alpha_replicates(
    values: Array, draws: Draws, kind: Kind = "raw", *, block: int = 0
) -> Array:
    """Alpha in every replicate; NaN where the sum does not vary.

    Raw alpha needs no covariances: the items, the squared sum and the summed squares.
    """
    k = values.shape[1]
    if kind == "standardised":

        def standardised(matrices: Array) -> Array:
            whole = matrices.sum(axis=(1, 2))
            whole = np.where(whole > NO_VARIANCE * k, whole, np.nan)
            return np.asarray(k / (k - 1) * (1 - k / whole))

        return replicated_correlations(values, draws, standardised, block=block)
    centred = values - values.mean(axis=0)
    total = centred.sum(axis=1)
    squares = np.einsum("ij,ij->i", centred, centred)
    columns = np.column_stack([centred, total**2, squares])

    def raw(means: Array) -> Array:
        centre = means[:, :k]
        of_sum = means[:, k] - centre.sum(axis=1) ** 2
        of_items = means[:, k + 1] - np.sum(centre**2, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = k / (k - 1) * (1 - of_items / of_sum)
        return np.where(of_sum > NO_VARIANCE * of_items, found, np.nan)

    return replicated(columns, draws, raw, block=block)


def alpha_of(complete: CompleteResponses, term: str, confidence: float) -> Result:
    """Alpha of responses already reduced to the complete participants."""
    n, k = complete.values.shape
    method = feldt_method(k, confidence, len(complete.constant))
    if reason := complete.gap(items=2) or _without_variance(complete):
        return complete.unavailable(term, reason, method)
    centred = complete.values - complete.values.mean(axis=0)
    alpha = k / (k - 1) * (1 - np.sum(centred**2) / np.sum(centred.sum(axis=1) ** 2))
    return feldt(float(alpha), n=n, items=k, term=term, method=method, of=confidence)


def alpha_of_skewed(
    complete: CompleteResponses, term: str, confidence: float, shape: Shape
) -> Result:
    """The same of skewed sums: distribution-free limits, nowhere narrower than Feldt's.

    `shape`: of the sums of the items these belong to.
    """
    plain = alpha_of(complete, term, confidence)
    if isinstance(plain, Unavailable) or plain.conf_low is None:
        return plain
    moments = Moments.of(complete, standardised=False)
    alpha, derivative = lambda_3(moments.matrix)
    limits = interval_of(
        alpha, moments.influence(derivative), clusters=None, confidence=confidence
    )
    method = f"Cronbach's alpha of {len(complete.names)} items: {WORDS['raw']}"
    found = with_limits(term, alpha, plain.n, f"{method}; {LISTWISE}", limits)
    items = len(complete.names)
    wide = widened(found, items=items, confidence=confidence)
    return cautioned(wide, [shape.words])


def feldt_method(items: int, confidence: float, constant: int) -> str:
    """What alpha with Feldt's interval is, in words."""
    counted = f"; constant items counted: {constant}" * bool(constant)
    return (
        f"Cronbach's alpha of {items} items: k/(k-1) (1 - sum of item variances / "
        f"observed variance of the sum), divisor n - 1; {percent(confidence)} Feldt "
        f"interval, F(n - 1, (n - 1)(k - 1)); {LISTWISE}{counted}"
    )


def feldt(
    alpha: float, *, n: int, items: int, term: str, method: str, of: float
) -> Estimate:
    """Alpha with Feldt's limits of a confidence."""
    if 1 - alpha < PERFECT:
        method += "; no interval: the items agree perfectly"
        return Estimate(term=term, estimate=1.0, n=n, method=method)
    low, high = feldt_limits(np.array(alpha), n=n, items=items, confidence=of)
    return Estimate.of(term, alpha, (low, high), n=n, method=method)


def feldt_limits(
    alpha: Array, *, n: int, items: int, confidence: float
) -> tuple[Array, Array]:
    """Feldt's limits of alphas of as many items and participants each."""
    tails = np.array([(1 + confidence) / 2, (1 - confidence) / 2])
    high, low = special.fdtri(n - 1, (n - 1) * (items - 1), tails)
    return 1 - (1 - alpha) * high, 1 - (1 - alpha) * low


def _without_variance(complete: CompleteResponses) -> str:
    if len(complete.constant) == len(complete.names):
        return "no item varies among the participants left"
    centred = complete.values - complete.values.mean(axis=0)
    if np.sum(centred.sum(axis=1) ** 2) <= NO_VARIANCE * np.sum(centred**2):
        return "the items cancel: their sum does not vary"
    return ""
