"""Items that run against the others are named wherever items are summed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_inter_item_correlation
from heard.psychometrics.consistency.lower_bounds import guttman_lambdas
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.items.keys import check_keys
from heard.psychometrics.structure.hierarchical_omega import omega_hierarchical
from heard.psychometrics.structure.ordinal_reliability import (
    omega_categorical,
    ordinal_alpha,
)
from heard.results import Estimate, Result, Unavailable

WARNING = "2 of 6 items run against the others (c, e): if they are reverse-worded"
STATISTICS: list[Callable[[pd.DataFrame], Result]] = [
    cronbach_alpha,
    lambda rows: cronbach_alpha(rows, kind="standardised"),
    lambda rows: cronbach_alpha(rows, missing="fiml"),
    omega_total,
    mean_inter_item_correlation,
    lambda rows: guttman_lambdas(rows).guttman_lambda_2,
    lambda rows: omega_hierarchical(rows, factors=2, replicates=0).omega_hierarchical,
    lambda rows: ordinal_alpha(rows, categories=range(5)),
    lambda rows: omega_categorical(rows, categories=range(5)),
]


def answers(n: int = 200) -> pd.DataFrame:
    random = np.random.default_rng(8)
    latent = 0.8 * random.normal(size=(n, 1)) + 0.6 * random.normal(size=(n, 6))
    return pd.DataFrame(
        np.searchsorted([-1.2, -0.4, 0.4, 1.2], latent), columns=list("abcdef")
    )


def reversed_two(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(c=4 - rows["c"], e=4 - rows["e"])


@pytest.mark.parametrize("statistic", STATISTICS)
def test_reverse_worded_items_are_warned_of_by_name(
    statistic: Callable[[pd.DataFrame], Result],
) -> None:
    plain, found = statistic(answers()), statistic(reversed_two(answers()))
    assert isinstance(plain, Estimate)
    assert isinstance(found, Estimate)
    assert "run against" not in plain.method
    assert WARNING in found.method


def test_many_answers_are_warned_of_too() -> None:
    found = cronbach_alpha(reversed_two(answers(10_000)))
    assert isinstance(found, Estimate)
    assert WARNING in found.method
    plain = cronbach_alpha(answers(10_000))
    assert isinstance(plain, Estimate)
    assert "caution" not in plain.method


def test_weak_items_of_one_direction_are_not_accused() -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        latent = 0.45 * random.normal(size=(100, 1)) + random.normal(size=(100, 5))
        found = mean_inter_item_correlation(pd.DataFrame(latent))
        assert isinstance(found, Estimate)
        assert "run against" not in found.method


def test_a_constant_item_does_not_hide_the_others() -> None:
    found = cronbach_alpha(reversed_two(answers()).assign(g=1))
    assert isinstance(found, Estimate)
    assert WARNING in found.method


def test_the_key_of_text_is_not_known_and_quotes_no_answer() -> None:
    rows = answers().astype(object)
    assert check_keys(rows, reverse_keyed=()) == check_keys(answers(), reverse_keyed=())
    found = check_keys(rows.assign(b="often"), reverse_keyed=())
    assert {item.verdict for item in found.items} == {"not known"}
    assert "b does not hold numbers but text" in found.sentence
    assert "often" not in found.sentence


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pd.Categorical(["no", "yes"] * 100), "categories that are text"),
        (["no", "yes"] * 100, "text"),
    ],
)
def test_text_is_named_as_text(column: Any, words: str) -> None:
    found = cronbach_alpha(answers().assign(c=column))
    assert isinstance(found, Unavailable)
    assert f"c does not hold numbers but {words}" in found.reason


def test_numbers_without_a_type_are_numbers() -> None:
    assert cronbach_alpha(answers().astype(object)) == cronbach_alpha(answers())
