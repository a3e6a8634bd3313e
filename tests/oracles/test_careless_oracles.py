"""The careless indices are those of the R package careless; see README.md beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.careless import indices as careless
from heard.psychometrics.careless import indices as coherence
from heard.psychometrics.careless.compact_answers import Answers, compact_answers

pytestmark = pytest.mark.filterwarnings("error")

HERE = Path(__file__).parent
# Closed forms: R and numpy differ by rounding only (seen: 4e-13, of D² near 50).
CLOSED_FORM = 1e-9


class Oracle:
    """The values R gave, and the answers it gave them for."""

    def __init__(self, name: str) -> None:
        stored = json.loads((HERE / "values" / f"{name}.json").read_text("utf-8"))
        self.values: dict[str, Any] = stored["values"]
        self.responses = pd.read_csv(HERE / "data" / stored["data_file"])
        assert list(self.responses.columns) == stored["items"]
        assert len(self.responses) == stored["n_rows"]

    def of(self, name: str) -> np.ndarray[Any, Any]:
        listed = [np.nan if v is None else v for v in self.values[name]]
        return np.array(listed, dtype=float)


@pytest.fixture(params=["careless_bfi25", "careless_bfi25_missing"])
def oracle(request: pytest.FixtureRequest) -> Oracle:
    return Oracle(request.param)


@pytest.fixture(params=[1, 10], ids=["whole codes", "codes with fractions"])
def divisor(request: pytest.FixtureRequest) -> int:
    """Codes of 0.1 to 0.6 go the way of floats; only the spread is a tenth then."""
    return int(request.param)


@pytest.fixture
def answers(oracle: Oracle, divisor: int) -> Answers:
    made = compact_answers(oracle.responses / divisor)
    assert made.is_whole == (divisor == 1)
    return made


def scales(answers: Answers) -> list[tuple[str, ...]]:
    return [answers.items[start : start + 5] for start in range(0, 25, 5)]


def test_rows_of_equal_answers(oracle: Oracle, answers: Answers) -> None:
    assert np.array_equal(careless.longstring(answers).values, oracle.of("longstring"))
    found = careless.average_longstring(answers).values
    np.testing.assert_allclose(found, oracle.of("avgstr"), rtol=0, atol=CLOSED_FORM)


def test_variability(oracle: Oracle, answers: Answers, divisor: int) -> None:
    found = careless.intra_individual_variability(answers).values * divisor
    np.testing.assert_allclose(found, oracle.of("irv"), rtol=0, atol=CLOSED_FORM)


def test_distance(oracle: Oracle, answers: Answers) -> None:
    found = careless.mahalanobis(answers).values
    np.testing.assert_allclose(found, oracle.of("mahad_D2"), rtol=0, atol=CLOSED_FORM)


def test_even_and_odd(oracle: Oracle, answers: Answers) -> None:
    found = coherence.even_odd(answers, scales(answers)).values
    expected = oracle.of("evenodd")
    assert np.isnan(found).sum() <= 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSED_FORM)


def test_synonyms(oracle: Oracle, answers: Answers) -> None:
    found = coherence.psychometric_synonyms(answers, above=0.40).values
    expected = oracle.of("psychsyn_.40")
    assert not np.isnan(found).any()
    np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSED_FORM)


def test_one_pair_of_synonyms_is_none_as_in_r(oracle: Oracle, answers: Answers) -> None:
    found = coherence.psychometric_synonyms(answers, above=0.60)
    assert np.isnan(oracle.of("psychsyn_.60")).all()
    assert np.isnan(found.values).all()
    assert found.reason == "1 such pairs of items; at least 3 needed"


def test_antonyms(oracle: Oracle, answers: Answers) -> None:
    """Where R's correlation does not exist it swaps sides at random until one does."""
    found = coherence.psychometric_antonyms(answers, below=-0.40).values
    expected = oracle.of("psychant_.40")
    known = ~np.isnan(found)
    assert known.sum() > 150
    np.testing.assert_allclose(found[known], expected[known], rtol=0, atol=CLOSED_FORM)
