"""Whether a scale is one thing: the right model by the codebook, an answer for all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from heard.models.random_streams import generator
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.psychometrics.scale import estimate_scale_structure
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

FIVE = (1.0, 2.0, 3.0, 4.0, 5.0)
EVERY = ("a", "b", "c", "d", "e", "f")


def answers(
    people: int = 400, *, dimensions: int = 1, highest: int = 5
) -> pd.DataFrame:
    draws = generator("scale structure tests", str(dimensions))
    things = draws.normal(size=(people, dimensions))
    signs = np.column_stack([things[:, place % dimensions] for place in range(6)])
    noisy = signs + 0.8 * draws.normal(size=signs.shape)
    ranks = np.clip(np.round(noisy * highest / 5 + (highest + 1) / 2), 1, highest)
    return pd.DataFrame(ranks, columns=[*EVERY])


def test_ordered_answers_get_the_ordered_model() -> None:
    items = answers()
    found = estimate_scale_structure(items, categories=FIVE)
    model = confirmatory_factors(
        items, factors={"scale": EVERY}, estimator="wlsmv", categories=FIVE
    )
    assert not isinstance(model, Unavailable)
    assert found.fit[0] == model.fit.scaled_comparative_fit_index
    assert found.loadings[0].standardised_loading == (
        model.loadings[0].standardised_loading
    )
    assert found.scalability == mokken_scalability(items).scalability


def test_many_categories_are_numbers() -> None:
    items = answers(highest=11)
    found = estimate_scale_structure(items, categories=tuple(range(1, 12)))
    assert isinstance(found.ordinal_alpha, Unavailable)
    assert "11 categories" in found.ordinal_alpha.reason
    assert found.fit[0].term == "robust_comparative_fit_index"
    assert isinstance(found.fit[0], Estimate)


def test_two_things_are_counted_and_fit_badly() -> None:
    one = estimate_scale_structure(answers(), categories=FIVE)
    two = estimate_scale_structure(answers(dimensions=2), categories=FIVE)
    for found, dimensions in ((one, 1), (two, 2)):
        assert isinstance(found.dimensions_by_percentile, Estimate)
        assert found.dimensions_by_percentile.estimate == dimensions
    assert isinstance(one.fit[0], Estimate)
    assert isinstance(two.fit[0], Estimate)
    assert two.fit[0].estimate < 0.8 < one.fit[0].estimate


@pytest.mark.parametrize(
    "items",
    [
        answers().iloc[:0],
        answers().iloc[:3],
        answers()[["a"]],
        answers()[["a", "b"]],
        answers().assign(a=3.0),
        answers().assign(a=np.nan),
    ],
)
def test_poor_data_give_a_reason(items: pd.DataFrame) -> None:
    found = estimate_scale_structure(items, categories=FIVE)
    assert isinstance(found.fit[0], Unavailable | Estimate)
    absent = [part for part in found.results() if isinstance(part, Unavailable)]
    assert all(part.reason for part in absent)


def test_items_that_differ_in_their_answers_are_numbers() -> None:
    found = estimate_scale_structure(answers(), categories=())
    assert isinstance(found.omega_categorical, Unavailable)
    assert found.omega_categorical.reason == "items differ in answers"
    assert isinstance(found.fit[0], Estimate)
