"""Estimate the difference between two arms at the end, with missing outcomes.

Complete cases, weighted or multiply imputed; least squares with cluster-robust errors
where there are clusters; treated minus reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from heard.models.chained_equations import Numbers
from heard.models.cluster_robust import Adjustment, ClusterRobustFit, cluster_robust_fit
from heard.models.imputation import Imputation
from heard.models.imputation_pooling import PooledEstimate, absent_pool, pool
from heard.models.linear import covariate_columns
from heard.results import Unavailable

EFFECT = "treated"
# Beyond it every person a cluster of their own costs a table of people by people, and
# the small-sample correction no longer shows.
MAXIMUM_SINGLE_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmModel:
    """What is compared with what, and adjusted for what.

    - `outcome`: score at the end.
    - `treated`, `reference`: the arms; the effect is treated minus reference.
    - `arm`: column of arms.
    - `adjust`: covariates: numbers enter as they are, categories as dummies.
    - `cluster`: column of what was allocated together; None takes people as
      independent.
    """

    outcome: str
    treated: str
    reference: str
    arm: str = "arm"
    adjust: tuple[str, ...] = ()
    cluster: str | None = None

    def rows(self, people: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Which rows can enter once they have an outcome: an array of bools."""
        asked = [*self.adjust, *([] if self.cluster is None else [self.cluster])]
        known = people[asked].notna().all(axis=1).to_numpy()
        both = people[self.arm].isin([self.treated, self.reference]).to_numpy()
        return np.asarray(known & both)

    def describe(self) -> str:
        """The model in words."""
        adjusted = f", adjusted for {', '.join(self.adjust)}" if self.adjust else ""
        single = "" if self.cluster else ", each person a cluster"
        arms = f"{self.treated} minus {self.reference}"
        return f"mean {self.outcome}, {arms}{adjusted}{single}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Rows of a frame as a design, without their outcome."""

    outcome: Numbers = field(repr=False)
    design: Numbers = field(repr=False)
    names: tuple[str, ...]
    clusters: npt.NDArray[np.intp] = field(repr=False)
    adjustment: Adjustment

    def fit(
        self, outcome: Numbers | None = None, weights: Numbers | None = None
    ) -> ClusterRobustFit | Unavailable:
        """Fit these rows, or these rows with another outcome."""
        return cluster_robust_fit(
            self.outcome if outcome is None else outcome,
            self.design,
            self.clusters,
            names=self.names,
            weights=weights,
            adjustment=self.adjustment,
        )


def prepared(people: pd.DataFrame, model: ArmModel) -> Prepared:
    """The design of rows that all can enter (see `ArmModel.rows`)."""
    treated = people[model.arm].eq(model.treated).to_numpy(dtype=float)
    columns, names = covariate_columns(people, model.adjust)
    if model.cluster is None:
        clusters = np.arange(len(people))
    else:
        clusters = pd.factorize(people[model.cluster])[0]
    single = model.cluster is None and len(people) > MAXIMUM_SINGLE_ROWS
    return Prepared(
        outcome=people[model.outcome].to_numpy(dtype=float, na_value=np.nan),
        design=np.column_stack([np.ones(len(people)), treated, columns]),
        names=("one", EFFECT, *names),
        clusters=clusters.astype(np.intp),
        adjustment="CR1" if single else "CR2",
    )


def imputed_arm_difference(
    people: pd.DataFrame, imputation: Imputation, model: ArmModel
) -> PooledEstimate:
    """Pool the difference between arms over completed data sets.

    Parameters
    ----------
    people : DataFrame, one row a participant
        The frame that was imputed.
    imputation : Imputation
        Its completed sets; covariates filled in there enter filled in.
    model : ArmModel
        What is compared.

    Returns
    -------
    PooledEstimate
        In units of the outcome; n counts people, filled in or not. Unavailable
        where a set cannot be fitted (under 5 clusters, an empty arm) or does not vary.
    """
    frames = [frame[model.rows(frame)] for frame in imputation.completed(people)]
    fits = [prepared(frame, model).fit() for frame in frames]
    return pool_fits(
        fits,
        n=len(frames[0]),
        term="imputed_arm_difference",
        method=f"{model.describe()}; {imputation.method}",
    )


def pool_fits(
    fits: Sequence[ClusterRobustFit | Unavailable], *, n: int, term: str, method: str
) -> PooledEstimate:
    """Pool the arms' difference of fits to completed data sets by Rubin's rules.

    `fits`: one a completed set; the first absence is that of the whole.
    `n`: people a set holds.
    """
    fitted = []
    for fit in fits:
        found = fit if isinstance(fit, Unavailable) else fit.estimate(EFFECT, term=term)
        if isinstance(found, Unavailable):
            return absent_pool(found.reason, n=n, term=term, method=method)
        assert isinstance(fit, ClusterRobustFit), "an absence was returned above"
        fitted.append(fit)
    return pool(
        [fit.value(EFFECT) for fit in fitted],
        [fit.standard_error(EFFECT) for fit in fitted],
        complete_degrees=[fit.degrees_of_freedom(EFFECT) for fit in fitted],
        n=n,
        term=term,
        method=f"{method}; {fitted[0].describe(missing='gaps filled in')}",
    )
