"""In whatever order participants stand, every number is the same.

Sums in another order differ in their last digits, as they do between processors. What
a search found where that let it stop would differ in far more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from heard.effects.supplementary.ordinal import compare_ordinal
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.dependability.components import variance_components
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.item_response.graded_response import graded_response_model
from heard.psychometrics.item_response.item_bias import item_bias
from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.psychometrics.structure.dimensions import minimum_average_partial
from heard.psychometrics.structure.exploratory import exploratory_factors
from heard.psychometrics.structure.hierarchical_omega import omega_hierarchical
from heard.psychometrics.structure.ordinal_reliability import omega_categorical
from heard.results import Composite, Estimate, Result, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

pytestmark = pytest.mark.filterwarnings("error")

CODES = (1, 2, 3, 4, 5)
ITEMS = list("abcdef")
TWO = {"first": ["a", "b", "c"], "second": ["d", "e", "f"]}


def people(n: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(5)
    traits = random.normal(size=(n, 2)) @ [[1.0, 0.4], [0.0, 0.9]]
    latent = np.repeat(traits, 3, axis=1) + random.normal(size=(n, 6))
    answers = np.clip(np.round(latent) + 3, 1, 5)
    frame = pd.DataFrame(answers, columns=ITEMS)
    group = np.where(np.arange(n) % 2, "one", "two")
    return frame.assign(group=group, team=np.arange(n) % 12)


def long(rows: pd.DataFrame) -> pd.DataFrame:
    """A row an answer."""
    ratings = rows[ITEMS].assign(person=rows.index)
    return ratings.melt(id_vars="person", var_name="item", value_name="score")


def _factors(rows: pd.DataFrame, **options: Any) -> Any:
    return exploratory_factors(rows[ITEMS], factors=2, replicates=0, **options)


CALLS: dict[str, Callable[[pd.DataFrame], Any]] = {
    **{
        f"factors, {extraction}, {rotation}": partial(
            _factors, extraction=extraction, rotation=rotation
        )
        for extraction in ("minres", "ml")
        for rotation in ("oblimin", "promax", "varimax")
    },
    "general factor": lambda rows: omega_hierarchical(
        rows[ITEMS], factors=2, replicates=0
    ),
    "average partial": lambda rows: minimum_average_partial(rows[ITEMS]),
    "one factor": lambda rows: omega_total(rows[ITEMS]),
    "one ordinal factor": lambda rows: omega_categorical(rows[ITEMS], categories=CODES),
    "confirmatory": lambda rows: confirmatory_factors(rows[ITEMS], factors=TWO),
    "confirmatory, gaps": lambda rows: confirmatory_factors(
        rows[ITEMS].mask(rows[ITEMS].to_numpy() + rows[["team"]].to_numpy() == 9),
        factors=TWO,
        missing="fiml",
    ),
    "confirmatory, ordinal": lambda rows: confirmatory_factors(
        rows[ITEMS], factors=TWO, estimator="wlsmv", categories=CODES
    ),
    "invariance": lambda rows: measurement_invariance(
        rows[ITEMS].assign(c=rows["c"] + 0.3 * rows["a"] * (rows["group"] == "two")),
        factors=TWO,
        groups=rows["group"],
    ),
    "graded response": lambda rows: graded_response_model(
        rows[ITEMS], categories=CODES
    ),
    "item bias": lambda rows: item_bias(
        rows[ITEMS], groups=rows["group"], categories=CODES
    ),
    "scalability": lambda rows: mokken_scalability(rows[ITEMS]),
    "components": lambda rows: variance_components(
        long(rows), score="score", facets=["person", "item"]
    ),
    "odds": lambda rows: compare_ordinal(
        rows.assign(score=rows["a"], arm=rows["group"], cluster=rows["team"]),
        treated="one",
        control="two",
        categories=CODES,
        cluster="cluster",
    ),
}


def numbers(found: Any) -> list[float]:
    """Every estimate and limit, in order."""
    parts: Iterable[Result | Composite] = found if isinstance(found, tuple) else [found]
    results = [
        result
        for part in parts
        for _, result in (
            part.labelled() if isinstance(part, Composite) else [("", part)]
        )
    ]
    assert any(isinstance(result, Estimate) for result in results), found
    return [
        float("nan") if value is None else float(value)
        for result in results
        for value in (
            (None,)
            if isinstance(result, Unavailable)
            else (result.estimate, result.conf_low, result.conf_high)
        )
    ]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_another_order_of_participants_moves_no_number(
    call: Callable[[pd.DataFrame], Any],
) -> None:
    rows = people()
    here = numbers(call(rows))
    for seed in (1, 2):
        other = numbers(call(rows.sample(frac=1, random_state=seed)))
        np.testing.assert_allclose(other, here, rtol=1e-9, atol=1e-11)
