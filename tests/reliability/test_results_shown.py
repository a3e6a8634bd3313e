"""Every result of the library prints on a screen and shows as a captioned table."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pytest

import heard
import heard.effects
import heard.models
import heard.psychometrics
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.items.statistics import item_statistics
from heard.results import (
    Composite,
    Described,
    Estimate,
    Result,
    Results,
    Unavailable,
)

LINES = 40
COLUMNS = 100
MANY = 25
LONG = "a method that takes many words and says what was done with those who left " * 9


def every(kind: type) -> Iterator[type]:
    child: type
    for child in kind.__subclasses__():
        yield child
        yield from every(child)


def made_of(kind: type) -> list[type]:
    for module in pkgutil.walk_packages(heard.__path__, "heard."):
        importlib.import_module(module.name)
    own = {
        one.__name__: one for one in every(kind) if one.__module__ != "heard.results"
    }
    # classes with slots are made twice; the second, the module's own, is the last
    return [own[name] for name in sorted(own) if own[name].__module__[:6] == "heard."]


def estimate(place: int = 0) -> Estimate:
    return Estimate(
        term="a_term_with_a_long_name",
        estimate=-1234.56789 / (place + 1),
        conf_low=-2000.0,
        conf_high=123456.789,
        n=1000 + place,
        method=f"{place} {LONG}",
    )


def filled(hint: object) -> object:
    """The largest value a field of this type has in practice."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return filled(parts[0])
    if origin is tuple and parts[-1] is Ellipsis:
        return tuple(filled(parts[0]) for _ in range(MANY))
    if origin is tuple:
        return tuple(filled(part) for part in parts)
    if origin is Results:
        return Results(typing.cast("Composite", filled(parts[0])) for _ in range(MANY))
    if origin in {dict, Mapping}:
        return {"ratings": 2}
    if origin is typing.Literal:
        return parts[0]
    if hint in {Estimate, Unavailable}:
        return estimate()
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return instance(hint)
    simple = {str: LONG[:60], int: 11, float: 0.123456, bool: True}
    return simple.get(typing.cast("type", hint), np.zeros((50, 3)))


def instance(kind: type) -> object:
    hints = typing.get_type_hints(kind, include_extras=False)
    fields = dataclasses.fields(typing.cast("typing.Any", kind))
    return kind(**{one.name: filled(hints[one.name]) for one in fields if one.init})


def check_shown(value: object) -> None:
    lines = str(value).splitlines()
    assert 1 < len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    assert len(repr(value)) <= 300
    html = value._repr_html_()  # type: ignore[attr-defined]
    assert "<table" in html
    assert "<caption>" in html


@pytest.mark.parametrize("kind", made_of(Composite), ids=lambda kind: kind.__name__)
def test_a_composite_of_many_results_prints_on_a_screen(kind: type) -> None:
    check_shown(instance(kind))


@pytest.mark.parametrize("kind", made_of(Described), ids=lambda kind: kind.__name__)
def test_what_is_fitted_prints_on_a_screen(kind: type) -> None:
    check_shown(instance(kind))


def test_an_estimate_prints_its_numbers_its_n_and_its_method() -> None:
    found = Estimate(
        term="cronbach_alpha",
        estimate=0.757,
        conf_low=0.699,
        conf_high=0.806,
        n=200,
        method="alpha of 5 items",
    )
    assert str(found) == (
        "Cronbach alpha, n = 200\n  0.757 [0.699, 0.806]\n  Method: alpha of 5 items"
    )
    assert repr(found) == "<Estimate cronbach_alpha 0.757 [0.699, 0.806], n = 200>"
    check_shown(dataclasses.replace(found, method=LONG))


def test_an_absence_prints_its_reason() -> None:
    absent = Unavailable(term="cronbach_alpha", reason="no variance")
    assert str(absent) == "Cronbach alpha\n  unavailable: no variance"
    assert repr(absent) == "<Unavailable cronbach_alpha: no variance>"
    assert "no variance" in absent._repr_html_()


def test_what_does_not_fit_is_counted() -> None:
    found = item_statistics(answers(), lowest=1, highest=5)
    assert "… 22 more, use .to_frame()" in str(found)
    assert len(found.to_frame()) == 42
    assert list(found.to_frame()["item"][:7]) == ["a"] * 7


def test_results_of_one_kind_are_still_a_tuple() -> None:
    found = item_statistics(answers(), lowest=1, highest=5)
    first, *others = found
    assert found == (first, *others)
    assert found[0].item == "a"
    check_shown(found)


def test_a_factor_model_prints_on_a_screen() -> None:
    model = confirmatory_factors(answers(), factors={"F": list("abcdef")})
    check_shown(model)
    assert "33 more" in str(model)
    assert len(repr(model)) < 50


def test_text_in_a_caption_is_escaped() -> None:
    frame = answers().rename(columns={"a": "<b>"})
    (item, *_) = item_statistics(frame, lowest=1, highest=5)
    assert "<b>" not in item._repr_html_()


def answers() -> pd.DataFrame:
    random = np.random.default_rng(1)
    felt = random.normal(size=(200, 1))
    values = np.clip(np.round(3.4 + felt + random.normal(size=(200, 6))), 1, 5)
    return pd.DataFrame(values, columns=list("abcdef"))


def public() -> dict[str, typing.Any]:
    rooms = (heard.psychometrics, heard.effects, heard.models)
    names = [(room, name) for room in rooms for name in room.__all__]
    found = {name: getattr(room, name) for room, name in names}
    return {name: one for name, one in found.items() if inspect.isfunction(one)}


LABELS = {
    *("crossed", "nested"),
    *("verdict", "verdict_class", "limit_extents", "certainty", "ridits"),
    "consequence_of_bias",
}
"""They name effects, verdicts or words, or score answers; they are not results."""


@pytest.mark.parametrize("name", sorted(set(public()) - LABELS))
def test_every_public_function_returns_what_displays(name: str) -> None:
    returned = typing.get_type_hints(public()[name])["return"]
    kinds = (
        typing.get_args(returned)
        if isinstance(returned, types.UnionType)
        else [returned]
    )
    for kind in kinds:
        origin = typing.get_origin(kind) or kind
        if origin is dict:
            assert typing.get_args(kind)[1] == Result
        else:
            assert hasattr(origin, "_repr_html_"), f"{name} returns {kind}"
