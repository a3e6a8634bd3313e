"""Every function that takes responses takes them in any sound form, or refuses them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import heard.psychometrics
from heard.errors import DataError
from heard.models.complete_responses import read_responses
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.items.statistics import item_statistics
from heard.results import Estimate, Unavailable

FORMS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "array": lambda frame: frame.to_numpy(),
    "category": lambda frame: frame.astype("category"),
    "ordered": lambda frame: frame.apply(
        lambda column: pd.Categorical(column, categories=range(1, 6), ordered=True)
    ),
    "nullable whole": lambda frame: frame.astype("Int64"),
    "nullable": lambda frame: frame.astype("Float64"),
    "single": lambda frame: frame.astype("float32"),
}
REFUSED: dict[str, Any] = {
    "a list; give a data frame": [[1, 2], [3, 4]],
    "a dict; give a data frame": {"a": [1, 2]},
    "a Series; give a data frame": pd.Series([1.0, 2.0]),
    "an array of 1 dimensions; give a data frame": np.arange(3.0),
    "an array of 3 dimensions; give a data frame": np.zeros((2, 2, 2)),
}
MORE: dict[str, Any] = {
    "lowest": 1,
    "highest": 5,
    "categories": [1, 2, 3, 4, 5],
    "factors": 1,
    "groups": pd.Series(["a", "b"]),
    "participants": pd.Series(["a", "b"]),
    "waves": pd.Series(["a", "b"]),
    "clusters": None,
    "reverse_keyed": (),
    "parameters": None,
    "reliability": None,
    "higher_is_better": True,
    "least": 11,
    "rules": {},
    "across": "kept",
    "asked": None,
    "weights": {"item_1": 1.0, "item_2": 1.0, "item_3": 1.0},
}


def takers() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for name in heard.psychometrics.__all__:
        one = getattr(heard.psychometrics, name)
        if inspect.isfunction(one) and first_of(one) in {"responses", "pairs"}:
            found[name] = one
    return found


def first_of(function: Callable[..., Any]) -> str:
    return next(iter(inspect.signature(function).parameters))


def called(function: Callable[..., Any], responses: object) -> object:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    starred = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    needed = [
        one.name
        for one in parameters
        if one.default is inspect.Parameter.empty and one.kind not in starred
    ]
    return function(responses, **{name: MORE[name] for name in needed})


answers = st.lists(
    st.lists(st.sampled_from([1, 2, 3, 4, 5]), min_size=3, max_size=3),
    min_size=6,
    max_size=12,
).map(lambda rows: pd.DataFrame(rows, columns=["item_1", "item_2", "item_3"]))


@pytest.mark.parametrize("form", FORMS)
@given(frame=answers)
@settings(max_examples=10, deadline=None)
def test_the_form_of_the_answers_changes_no_number(
    frame: pd.DataFrame, form: str
) -> None:
    given_as = FORMS[form](frame)
    assert cronbach_alpha(given_as) == cronbach_alpha(frame)
    found = item_statistics(given_as, lowest=1, highest=5)
    assert found == item_statistics(frame, lowest=1, highest=5)


@given(frame=answers, gaps=st.sets(st.integers(0, 5), max_size=3))
@settings(max_examples=20, deadline=None)
def test_gaps_stay_gaps_in_ordered_categories(
    frame: pd.DataFrame, gaps: set[int]
) -> None:
    holed = frame.astype(float)
    holed.iloc[list(gaps), 0] = np.nan
    read = read_responses(FORMS["ordered"](holed))
    pd.testing.assert_frame_equal(read, holed)


@pytest.mark.parametrize("name", takers())
@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_table_is_refused_in_one_sentence(name: str, reason: str) -> None:
    with pytest.raises(DataError) as refused:
        called(takers()[name], REFUSED[reason])
    assert str(refused.value) == (
        f"{first_of(takers()[name])}: {reason}, or an array with a row a participant, "
        "a column an item"
    )


def test_reading_changes_no_frame() -> None:
    frame = pd.DataFrame({"a": pd.Categorical([1, 2, None])})
    read_responses(frame)
    assert frame["a"].dtype == "category"


def test_categories_that_are_words_are_no_numbers() -> None:
    frame = pd.DataFrame(
        {"a": [1, 2, 3], "b": pd.Categorical(["never", "often", "no"])}
    )
    absent = cronbach_alpha(frame)
    assert isinstance(absent, Unavailable)
    assert (
        absent.reason
        == "b does not hold numbers but categories that are text: give their codes"
    )
    assert "constant items" not in absent.method


def test_an_array_is_named_by_place() -> None:
    items = item_statistics(np.array([[1, 2], [2, 2], [3, 1]]), lowest=1, highest=3)
    assert [item.item for item in items] == ["item_1", "item_2"]
    assert isinstance(items[0].mean, Estimate)


@pytest.mark.parametrize(
    "function",
    [
        heard.psychometrics.fleiss_kappa,
        heard.psychometrics.intraclass_correlations,
        heard.psychometrics.variance_components,
        heard.psychometrics.nested_reliability,
        heard.psychometrics.staff_dependability,
        heard.psychometrics.sources_together,
    ],
)
def test_ratings_need_named_columns(function: Callable[..., Any]) -> None:
    more: dict[str, Any] = {
        "score": "score",
        "target": "who",
        "facets": ["who"],
        "staff": "who",
    }
    more |= {"source": "by", "categories": [1, 2], "group_size": "mean", "rater": "by"}
    wanted = {
        k: v for k, v in more.items() if k in inspect.signature(function).parameters
    }
    with pytest.raises(DataError, match="ratings: a ndarray; give a data frame"):
        function(np.zeros((3, 3)), **wanted)
