"""One pass over many answers gives what item by item gives, and nothing less exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.consistency import item_sums
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.items.statistics import item_statistics
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

pytestmark = pytest.mark.filterwarnings("error")

# Both round; sums of one pass do not.
ROUNDING = 1e-12


def made(rows: int = 9000, items: int = 6, *, most: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(4)
    trait = random.normal(size=(rows, 1))
    raw = (trait + random.normal(size=(rows, items))) * most / 5 + most / 2
    answers = np.clip(np.rint(raw), 0, most)
    return pd.DataFrame(answers, columns=[f"item{item}" for item in range(items)])


def item_by_item(
    monkeypatch: pytest.MonkeyPatch, work: Callable[[], list[Result]]
) -> list[Result]:
    with monkeypatch.context() as patch:
        patch.setattr(item_sums, "MANY", 10**12)
        return work()


def everything(frame: pd.DataFrame, most: float) -> list[Result]:
    items = item_statistics(frame, lowest=0, highest=most)
    return [
        cronbach_alpha(frame),
        *(result for item in items for result in item.results()),
    ]


def assert_same(found: list[Result], expected: list[Result]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert type(one) is type(other)
        assert (one.term, one.n, one.method) == (other.term, other.n, other.method)
        if isinstance(one, Estimate) and isinstance(other, Estimate):
            assert one.estimate == pytest.approx(other.estimate, abs=ROUNDING)
            if other.conf_low is None or other.conf_high is None:
                assert one.conf_low is one.conf_high is None
                continue
            limits = [other.conf_low, other.conf_high]
            assert [one.conf_low, one.conf_high] == pytest.approx(limits, abs=ROUNDING)


FORMS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "int8": lambda frame: frame.astype("int8"),
    "int8 by column": lambda frame: pd.DataFrame(
        {name: frame[name].astype("int8") for name in frame}
    ),
    "mixed widths": lambda frame: frame.astype("int8").astype({"item2": "int64"}),
    "unsigned": lambda frame: frame.astype("uint16"),
    "float": lambda frame: frame,
    "gaps": lambda frame: frame.mask(
        np.random.default_rng(1).random(frame.shape) < 0.05
    ),
    "nullable": lambda frame: frame.astype("Int8"),
    "nullable gaps": lambda frame: frame.mask(
        np.random.default_rng(1).random(frame.shape) < 0.05
    ).astype("Int16"),
    "shifted": lambda frame: frame.astype("int16") - 3,
}
NARROW = {"int8", "int8 by column", "mixed widths", "nullable"}
"""Forms that hold no number over 127."""


@pytest.mark.parametrize(
    ("form", "most"),
    [
        (form, most)
        for most in (5, 100, 3000)
        for form in FORMS
        if most <= 127 or form not in NARROW
    ],
)
def test_one_pass_is_item_by_item(
    monkeypatch: pytest.MonkeyPatch, form: str, most: int
) -> None:
    frame = FORMS[form](made(most=most))
    assert item_sums.item_sums(frame) is not None
    expected = item_by_item(monkeypatch, lambda: everything(frame, most))
    assert_same(everything(frame, most), expected)


ODD: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "fractions": lambda frame: frame + 0.5,
    "immense": lambda frame: frame * 1e6,
    "infinite": lambda frame: frame.assign(item1=np.inf),
    "text": lambda frame: frame.assign(item1="x"),
    "namesakes": lambda frame: frame.set_axis(["a"] * 6, axis=1),
    "constant": lambda frame: frame.assign(item1=2),
    "unanswered": lambda frame: frame.assign(item1=np.nan),
    "outside": lambda frame: frame.where(frame != 5, 6),
    "twice": lambda frame: frame.assign(item1=frame["item0"]),
    "two items": lambda frame: pd.concat([frame.iloc[:, :2]] * 4, ignore_index=True),
    "all the same": lambda frame: frame.assign(
        **{f"item{item}": frame["item0"] for item in range(1, 6)}
    ),
    "true or false": lambda frame: frame > 2,
    "nobody complete": lambda frame: frame.mask(
        np.arange(6) == np.arange(len(frame))[:, None] % 6
    ),
}


@pytest.mark.parametrize("form", ODD)
def test_odd_answers_are_told_as_item_by_item(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    frame = ODD[form](made())
    expected = item_by_item(monkeypatch, lambda: everything(frame, 5))
    assert_same(everything(frame, 5), expected)


@pytest.mark.parametrize(
    "name", ["alpha_bfi_agree_listwise", "alpha_small_missing_listwise"]
)
def test_one_pass_gives_what_psych_gives(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(item_sums, "MANY", 0)
    stored = oracle_values(name)
    rows, values = oracle_rows(stored["data_file"]), stored["values"]
    assert item_sums.item_sums(rows) is not None
    alpha = cronbach_alpha(rows)
    assert alpha.estimate == pytest.approx(values["total"]["raw_alpha"], abs=1e-10)  # type: ignore[union-attr]
    found = item_statistics(rows, lowest=1, highest=6)
    for term, block, column in (
        ("mean", "item_stats", "mean"),
        ("standard_deviation", "item_stats", "sd"),
        ("item_rest_correlation", "item_stats", "r.drop"),
        ("cronbach_alpha_if_dropped", "alpha_drop", "raw_alpha"),
    ):
        assert [getattr(item, term).estimate for item in found] == pytest.approx(
            values[block][column], abs=1e-10
        )


@pytest.mark.parametrize("kind", ["int8", "Int8", "float64"])
def test_sums_are_exact(kind: str) -> None:
    frame = made(70_001, 7, most=100).astype(
        np.dtype(kind) if kind != "Int8" else pd.Int8Dtype()
    )
    answers = frame.to_numpy(dtype=float).astype(int).astype(object)
    sums = item_sums.item_sums(frame)
    assert sums is not None
    total, n = answers.sum(axis=1), len(answers)
    assert sums.n == n
    assert list(sums.answered.sums) == list(answers.sum(axis=0))
    assert sums.total == n * (total**2).sum() - total.sum() ** 2
    products = (answers * total[:, None]).sum(axis=0)
    expected = n * products - answers.sum(axis=0) * total.sum()
    assert list(sums.with_total) == list(expected)


def test_few_answers_are_not_worth_a_pass() -> None:
    assert item_sums.item_sums(made(100)) is None


def test_memory_stays_below_twice_the_answers() -> None:
    import tracemalloc  # noqa: PLC0415 - only here

    frame = made(200_000, 40).astype("int8")
    held = int(frame.memory_usage(index=False).sum())
    cronbach_alpha(frame.iloc[:2000])
    tracemalloc.start()
    try:
        cronbach_alpha(frame)
        item_statistics(frame, lowest=0, highest=5)
        assert tracemalloc.get_traced_memory()[1] < held
    finally:
        tracemalloc.stop()
