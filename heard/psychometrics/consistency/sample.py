"""Estimate covariances with missing answers, and each participant's influence.

Missing answers: listwise deletion, pairwise deletion, or full-information maximum
likelihood (fiml). Includes Little's test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from heard.models.complete_responses import (
    LISTWISE,
    NO_VARIANCE,
    Array,
    Responses,
    column_fault,
    complete_responses,
    read_responses,
)
from heard.psychometrics.confirmatory.estimation import (
    observed_information,
    saturated_derivatives,
    scores,
)
from heard.psychometrics.confirmatory.sample import Block, sample_of
from heard.psychometrics.missing_answers import MissingData, missing_data
from heard.results import Unavailable

Missing: TypeAlias = Literal["listwise", "pairwise", "fiml"]
Mask: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
PAIRWISE = "each covariance from the participants who answered both items"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Covariances of items, and how participants move what is made of them.

    `covariance`, shape (k, k): divisor n - 1; n by maximum likelihood.
    `n`: participants who take part.
    `people`, shape (n_participants,): which they are.
    `words`: the rule for gaps.
    `fault`: why there are no covariances; empty if there are.
    `influences`: derivative of a coefficient by the covariances → influence of everyone
      who takes part, shape (n,).
    """

    covariance: Array
    n: int
    people: Mask
    words: str
    fault: str
    influences: Callable[[Array], Array]

    def kept(self, clusters: pd.Series | None) -> pd.Series | None:
        """The clusters of those who take part."""
        if clusters is None:
            return None
        return clusters.iloc[np.flatnonzero(self.people)].reset_index(drop=True)

    def unavailable(self, term: str, reason: str, method: str) -> Unavailable:
        """The absence, with the n it was found at."""
        return Unavailable(term=term, reason=reason, n=self.n, method=method)

    def standardised(self) -> Sample:
        """The same of items with variance 1.

        Correlations are made from these covariances, so that with gaps they are not the
        correlations of those who answered both.
        """
        spread = np.sqrt(np.diag(self.covariance))
        outer = np.outer(spread, spread)
        correlation = self.covariance / outer

        def influences(derivative: Array) -> Array:
            through = np.diag(derivative @ correlation)
            return self.influences(derivative / outer - np.diag(through / spread**2))

        return Sample(
            covariance=correlation,
            n=self.n,
            people=self.people,
            words=self.words,
            fault=self.fault,
            influences=influences,
        )


def sample_for(responses: pd.DataFrame, missing: Missing) -> Sample:
    """Covariances under a rule for gaps."""
    makers = {"listwise": listwise, "pairwise": pairwise, "fiml": likelihood}
    if missing not in makers:
        raise ValueError(f"missing is {missing!r}; give one of {', '.join(makers)}")
    return makers[missing](responses)


def _nothing(derivative: Array) -> Array:
    return np.zeros(len(derivative))


def _absent(fault: str, n: int, words: str, people: Mask) -> Sample:
    return Sample(
        covariance=np.empty((0, 0)),
        n=n,
        people=people,
        words=words,
        fault=fault,
        influences=_nothing,
    )


def quadratic(deviations: Array, matrix: Array, derivative: Array) -> Array:
    """Influence of every row: d'Gd - tr(GS)."""
    own = np.einsum("ij,ij->i", deviations @ derivative, deviations)
    return np.asarray(own - np.sum(derivative * matrix))


def listwise(responses: pd.DataFrame) -> Sample:
    """Of the participants who answered every item."""
    complete = complete_responses(responses)
    people = responses.notna().all(axis=1).to_numpy()
    n = len(complete.values)
    if fault := complete.gap(items=2):
        return _absent(fault, n, LISTWISE, people)
    deviations = complete.values - complete.values.mean(axis=0)
    covariance = deviations.T @ deviations / (n - 1)
    return Sample(
        covariance=covariance,
        n=n,
        people=people,
        words=LISTWISE,
        fault="",
        influences=lambda derivative: quadratic(deviations, covariance, derivative),
    )


def pairwise(responses: pd.DataFrame) -> Sample:
    """Each covariance from those who answered both items, divisor their n - 1."""
    names = [str(name) for name in responses.columns]
    people = responses.notna().any(axis=1).to_numpy()
    n = int(people.sum())
    faults = [column_fault(responses, place) for place in range(len(names))]
    fault = "; ".join(dict.fromkeys(filter(None, faults)))
    if not fault and len(names) < 2:
        fault = f"number of items {len(names)}; at least 2 needed"
    if fault:
        return _absent(fault, n, PAIRWISE, people)
    values = responses.to_numpy(dtype=float, na_value=np.nan)[people]
    known = ~np.isnan(values)
    mask = known.astype(float)
    counts = mask.T @ mask
    if (counts < 3).any():
        pairs = int(np.sum(np.triu(counts < 3)))
        fault = f"{pairs} pairs of items, or items, answered by fewer than 3"
        return _absent(fault, n, PAIRWISE, people)
    filled = np.where(known, values, 0.0)
    filled = np.where(known, filled - filled.sum(axis=0) / mask.sum(axis=0), 0.0)
    centre = filled.T @ mask / counts  # mean of the row's item, among the pair
    covariance = filled.T @ filled / counts - centre * centre.T
    moment = covariance.copy()
    covariance *= counts / (counts - 1)

    def influences(derivative: Array) -> Array:
        weights = derivative * n / counts
        own = np.einsum("ij,ij->i", filled @ weights, filled)
        own -= 2 * np.einsum("ij,ij->i", filled @ (weights * centre.T), mask)
        both = weights * (centre * centre.T - moment)
        return np.asarray(own + np.einsum("ij,ij->i", mask @ both, mask))

    return Sample(
        covariance=covariance,
        n=n,
        people=people,
        words=PAIRWISE,
        fault="",
        influences=influences,
    )


def likelihood(responses: pd.DataFrame) -> Sample:
    """Of full-information maximum likelihood, from every answer there is."""
    # imported late: factor models are much more than this
    known: Mask = responses.notna().to_numpy()
    people: Mask = np.asarray(known.any(axis=1))
    found = sample_of(responses, missing="fiml")
    k = responses.shape[1]
    fault = f"number of items {k}; at least 2 needed" if k < 2 else found.fault
    if fault:
        return _absent(fault, int(people.sum()), found.missing, people)
    block = found.blocks[0]
    back = order_of(known[people]).argsort(kind="stable")
    return Sample(
        covariance=block.covariance,
        n=found.n,
        people=people,
        words=found.missing,
        fault="",
        influences=lambda derivative: _saturated(block, derivative)[back],
    )


def order_of(known: Mask) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """The participants in the order in which patterns of answers hold them."""
    if known.all():
        return np.arange(len(known))
    _, pattern = np.unique(np.packbits(known, axis=1), axis=0, return_inverse=True)
    return pattern.ravel().argsort(kind="stable")


def _saturated(block: Block, derivative: Array) -> Array:
    """Influences by scores and observed information, in the order of the block."""
    k = len(block.mean)
    derivatives = saturated_derivatives(k, means=True)
    information = observed_information(block, block.mean, block.covariance, derivatives)
    rows, columns = np.tril_indices(k)
    slope = derivative[rows, columns] + derivative[columns, rows]
    slope = np.where(rows == columns, slope / 2, slope)
    weights = np.linalg.solve(information, np.concatenate([np.zeros(k), slope]))
    own = scores(block, block.mean, block.covariance, derivatives)
    return np.asarray(block.n * own @ weights)


def without_variance(covariance: Array) -> str:
    """Why a sum of items has no reliability; empty if it may have one."""
    variances = np.diag(covariance)
    if (variances <= 0).all():
        return "no item varies among the participants left"
    if covariance.sum() <= NO_VARIANCE * variances.sum():
        return "the items cancel: their sum does not vary"
    return ""


def missing_completely_at_random(responses: Responses) -> MissingData:
    """Test whether gaps depend on nothing, as deleting participants supposes.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.

    Returns
    -------
    MissingData
        The share of complete participants, and the chi-square, degrees of freedom and p
        of Little's test. A small p speaks against gaps that are completely random; a
        large one does not show that they are, least of all with few participants.
        `Unavailable` where all answered the same items, or columns are not numbers.

    References
    ----------
    Little (1988), Journal of the American Statistical Association 83, 1198-1202.
    """
    responses = read_responses(responses)
    faults = [column_fault(responses, place) for place in range(responses.shape[1])]
    fault = "; ".join(dict.fromkeys(filter(None, faults)))
    if not responses.shape[1]:
        fault = "number of items 0; at least 1 needed"
    if not fault:
        return missing_data(responses)
    return MissingData.unavailable(fault)
