"""Estimate each staff member's mean with its reliability and limits.

Means are shrunk by their unreliability. Rows are labelled with the staff member and
never published; `staff_by_rank` removes the labels.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import percent
from heard.models.mixed.design import Array
from heard.models.mixed.model import (
    MixedFit,
    PredictedMeans,
    fit_mixed_model,
    predicted_means,
)
from heard.models.mixed.profile import VarianceConstraint, profile_interval
from heard.models.stable_choice import rounded
from heard.psychometrics.dependability.components import Ratings, read_ratings, share_of
from heard.results import Composite, Estimate, Labelled, Labels, Result, Unavailable

METHOD = "restricted maximum likelihood (REML)"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember(Composite):
    """What the ratings say of one staff member, and whether that is enough to show."""

    staff: str
    publishable: bool
    observed_mean: Result
    shrunken_mean: Result
    own_reliability: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDependability(Labelled):
    """One line a staff member, and how many of them are rated reliably enough."""

    members: tuple[StaffMember, ...]
    share_publishable: Result

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Each result with its staff member, the share over all first."""
        yield {"staff": "", "publishable": ""}, self.share_publishable
        for member in self.members:
            shown = "yes" if member.publishable else "no"
            for result in member.results():
                yield {"staff": member.staff, "publishable": shown}, result


def staff_dependability(
    ratings: pd.DataFrame,
    *,
    score: str,
    staff: str,
    rater: str | None = None,
    least_reliability: float = 0.7,
    least_ratings: int = 1,
    confidence: float = 0.95,
) -> StaffDependability | Unavailable:
    """Estimate how reliable each staff member's own ratings are.

    Parameters
    ----------
    ratings : DataFrame, shape (n_ratings, n_columns)
        One row a rating; rows without a score or a label are left out.
    score, staff : str
        The columns of scores and of staff.
    rater : str, optional
        The column of raters, where one rater rates several staff; None where each
        rates one.
    least_reliability : float
        Own reliability from which a mean may be shown.
    least_ratings : int
        Fewest ratings from which a mean may be shown.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    StaffDependability
        Reliability n / (n + k), k the within variance by that between staff (with
        raters crossed: 1 - conditional / between variance); the mean shrunk towards
        that of all, with its interval. Sorted by the label of the staff.
    Unavailable
        Too few ratings or staff, one rating each, or no variance.

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance Components, chapter 7.
    """
    coverage = percent(confidence)
    effects = [staff] if rater is None else [staff, rater]
    read = read_ratings(ratings, score, effects)
    if read.fault:
        return Unavailable(
            term="own_reliability", reason=read.fault, n=len(read.scores)
        )
    fit = fit_mixed_model(read.scores, [read.term(effect) for effect in effects])
    if isinstance(fit, Unavailable):
        return Unavailable(term="own_reliability", reason=fit.reason, n=fit.n)
    lines = _Lines.of(fit, read, staff, (confidence, coverage))
    floors = (least_reliability, least_ratings)
    members = tuple(lines.member(place, floors) for place in range(len(lines.counts)))
    return StaffDependability(
        members=members, share_publishable=lines.share(members, floors)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """All that one line a staff member is made of."""

    predicted: PredictedMeans
    counts: Array
    observed: Array
    reliabilities: Array
    limits: Array | None
    fit: MixedFit
    basis: str
    coverage: tuple[float, str]

    @classmethod
    def of(
        cls, fit: MixedFit, read: Ratings, staff: str, coverage: tuple[float, str]
    ) -> _Lines:
        term = read.term(staff)
        counts = np.bincount(term.codes, minlength=len(term.levels)).astype(float)
        sums = np.bincount(term.codes, read.scores, minlength=len(term.levels))
        predicted, between = predicted_means(fit, staff), fit.variance(staff)
        simple = len(fit.random) == 1
        limits = None
        if simple:
            constraint = VarianceConstraint(term=staff, residual=(0.0, 1.0))
            ratios = profile_interval(fit, constraint, confidence=coverage[0])
            limits = np.array(
                [[share_of(n * ratio) for ratio in ratios] for n in counts]
            )
        reliable = (
            1 - predicted.conditional / between if between else np.zeros(len(counts))
        )
        return cls(
            predicted=predicted,
            counts=counts,
            observed=sums / counts,
            reliabilities=np.maximum(reliable, 0.0),
            limits=limits,
            fit=fit,
            basis=(
                f"{METHOD}; {fit.n} ratings of {len(counts)} {staff}; "
                f"{read.missing_rule}"
            ),
            coverage=coverage,
        )

    def member(self, place: int, floors: tuple[float, int]) -> StaffMember:
        """One staff member's line."""
        n, reliability = int(self.counts[place]), float(self.reliabilities[place])
        return StaffMember(
            staff=str(self.predicted.levels[place]),
            publishable=reliability >= floors[0] and n >= floors[1],
            observed_mean=Estimate.of(
                "observed_mean",
                self.observed[place],
                n=n,
                method="mean of the own ratings; no interval: see the shrunken mean",
            ),
            shrunken_mean=self._shrunken(place, n),
            own_reliability=self._reliability(place, n),
        )

    def _shrunken(self, place: int, n: int) -> Result:
        mean = float(self.predicted.means[place])
        method = f"overall mean plus best linear unbiased prediction; {self.basis}"
        if self.fit.singular:
            return Estimate.of(
                "shrunken_mean",
                mean,
                n=n,
                method=f"{method}; no interval: a variance is estimated at zero",
            )
        # with few staff a normal quantile falls short (92.6 % at 12 staff)
        degrees = len(self.counts) - 1
        quantile = float(stats.t.ppf((1 + self.coverage[0]) / 2, degrees))
        reach = quantile * math.sqrt(float(self.predicted.errors[place]))
        return Estimate.of(
            "shrunken_mean",
            mean,
            (mean - reach, mean + reach),
            n=n,
            method=f"{method}; {self.coverage[1]} interval: prediction error, mean and "
            "variances estimated (Kass & Steffey, first order), t with "
            f"{degrees} degrees of freedom (staff - 1)",
        )

    def _reliability(self, place: int, n: int) -> Result:
        method = f"n / (n + within variance / between variance); {self.basis}"
        if self.limits is None:
            method = (
                f"1 - conditional variance / between variance; {self.basis}; no "
                "interval: with crossed raters it has no closed form"
            )
            low = high = None
        else:
            low, high = map(float, self.limits[place])
            method += f"; {self.coverage[1]} interval: profile likelihood of the ratio"
        return Estimate.of(
            "own_reliability",
            self.reliabilities[place],
            (low, high),
            n=n,
            method=method,
        )

    def share(
        self, members: tuple[StaffMember, ...], floors: tuple[float, int]
    ) -> Result:
        """How many staff pass the floors."""
        passed = sum(member.publishable for member in members)
        return Estimate.of(
            "share_publishable",
            passed / len(members),
            n=len(members),
            method=f"staff with own reliability {floors[0]:g} or more and {floors[1]} "
            f"ratings or more; denominator: the {len(members)} staff rated; no "
            "interval: a count of these staff",
        )


def staff_by_rank(found: StaffDependability) -> StaffDependability:
    """Number the staff by their shrunken mean, the highest first.

    Parameters
    ----------
    found : StaffDependability
        Labelled with the staff: never published as it is.

    Returns
    -------
    StaffDependability
        The same results, the staff ``1``, ``2``, … in that order, the label nowhere.
        Staff with equal means are numbered by their ratings, the most first, and then
        by their own mean, so that the order of the labels does not show.
    """
    ranked = [found.members[place] for place in _order(found.members)]
    return dataclasses.replace(
        found,
        members=tuple(
            dataclasses.replace(member, staff=f"{rank}")
            for rank, member in enumerate(ranked, start=1)
        ),
    )


def _order(members: Sequence[StaffMember]) -> Sequence[int]:
    means, own = rounded(
        [_value(member.shrunken_mean) for member in members],
        [_value(member.observed_mean) for member in members],
    )
    ratings = [member.observed_mean.n or 0 for member in members]
    places = zip(-means, [-n for n in ratings], -own, strict=True)
    return [place for _, place in sorted(zip(places, range(len(members)), strict=True))]


def _value(result: Result) -> float:
    return result.estimate if isinstance(result, Estimate) else 0.0
