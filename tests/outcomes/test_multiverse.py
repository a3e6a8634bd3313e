"""The specification curve: every choice run and shown, the one that matters named."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.effects.multiverse import (
    SpecificationCurve,
    evaluate_specifications,
    specification_curve,
)
from heard.errors import DataError
from heard.results import Estimate, Result, Unavailable

GRID = {
    "linkage": ("strict", "one off"),
    "missing": ("complete", "imputed", "delta"),
    "model": ("t", "mixed"),
}
ADDS = {"one off": 0.1, "imputed": 0.3, "delta": -0.3, "mixed": 0.02}


def answer(options: Mapping[str, str]) -> Result:
    if options["missing"] == "delta" and options["model"] == "mixed":
        return Unavailable(term="mean_change", reason="singular design")
    value = 0.5 + sum(ADDS.get(option, 0) for option in options.values())
    return Estimate(
        term="mean_change",
        estimate=value,
        conf_low=value - 0.35,
        conf_high=value + 0.35,
        n=90,
        method="by hand",
    )


def curve(**options: object) -> SpecificationCurve:
    found = evaluate_specifications(GRID, answer)
    return specification_curve(found, choices=tuple(GRID), **options)  # type: ignore[arg-type]


def value(result: Result) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


def test_by_hand() -> None:
    """10 answers: .2 .3 | .5 .52 .6 .62 | .8 .82 .9 .92; two without."""
    found = curve(smallest_effect=0.55, declared=("strict", "complete", "t"))
    assert value(found.specification_lowest) == pytest.approx(0.2)
    assert value(found.specification_highest) == pytest.approx(0.92)
    assert value(found.specification_median) == pytest.approx((0.6 + 0.62) / 2)
    assert value(found.share_beyond_smallest_effect) == pytest.approx(0.6)
    assert value(found.share_excluding_zero) == pytest.approx(0.8)
    assert value(found.declared_rank) == 2
    assert [one.choice for one in found.influences] == ["missing", "linkage", "model"]
    moved = [value(one.choice_influence) for one in found.influences]
    # missing: .6 in two sets with delta, .3 in two without
    assert moved == pytest.approx([0.45, 0.1, 0.02])
    assert found.sentence == (
        "10 of 12 ways of doing the analysis gave an answer, from 0.20 to 0.92; 60% "
        "reached the smallest effect of interest. What moves it most is missing (by "
        "0.45)."
    )


def test_every_specification_is_shown_in_order_and_absent_ones_last() -> None:
    frame = curve().curve_frame()
    assert len(frame) == 12
    assert list(frame.columns[:3]) == list(GRID)
    assert frame["estimate"].iloc[:10].is_monotonic_increasing
    assert list(frame["reason"].iloc[10:]) == ["singular design"] * 2


def test_less_is_better_where_declared() -> None:
    found = curve(smallest_effect=0.1, improvement="decrease")
    assert value(found.share_beyond_smallest_effect) == 0
    assert value(found.share_excluding_zero) == 0


def test_an_error_of_ours_is_a_reason_and_a_fault_is_raised() -> None:
    def refuses(options: Mapping[str, str]) -> Result:
        raise DataError("wave", ["no column"])

    found = specification_curve(
        evaluate_specifications({"model": ("t",)}, refuses), choices=("model",)
    )
    assert "no column" in found.specifications[0].result.reason  # type: ignore[union-attr]
    assert found.sentence == "No specification gave an answer."
    assert all(isinstance(part, Unavailable) for part in found.results())

    def breaks(options: Mapping[str, str]) -> Result:
        raise KeyError("model")

    with pytest.raises(KeyError):
        evaluate_specifications({"model": ("t",)}, breaks)


def test_nothing_declared_is_said() -> None:
    found = curve(declared=("strict", "delta", "mixed"))
    assert isinstance(found.declared_rank, Unavailable)
    assert "declared gave no answer" in found.declared_rank.reason
    assert isinstance(found.share_beyond_smallest_effect, Unavailable)


def test_answers_without_intervals_exclude_nothing() -> None:
    one = Estimate(term="x", estimate=1.0, n=3, method="by hand")
    found = specification_curve({("a",): one}, choices=("model",))
    assert isinstance(found.share_excluding_zero, Unavailable)
    assert isinstance(found.influences[0].choice_influence, Unavailable)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")),
        st.floats(-5, 5),
        min_size=1,
    )
)
def test_the_curve_does_not_depend_on_the_order_given(
    values: dict[tuple[str, str], float],
) -> None:
    estimates: dict[tuple[str, ...], Result] = {
        options: Estimate(term="x", estimate=one, n=1, method="by hand")
        for options, one in values.items()
    }
    turned = dict(reversed(estimates.items()))
    found = specification_curve(estimates, choices=("one", "other"))
    assert found == specification_curve(turned, choices=("one", "other"))
    low, high = value(found.specification_lowest), value(found.specification_highest)
    assert low <= value(found.specification_median) <= high


def estimates(*values: float) -> dict[tuple[str, ...], Result]:
    return {
        (f"{place}",): Estimate(term="mean_change", estimate=value, n=20, method="")
        for place, value in enumerate(values)
    }


def test_share_on_the_side_of_the_one_declared() -> None:
    values = (-0.4, -0.1, 0.0, 0.2)
    for declared, share in (("0", 0.5), ("3", 0.25)):
        found = specification_curve(
            estimates(*values), choices=("model",), declared=(declared,)
        )
        assert value(found.share_on_declared_side) == share
    lacking: list[tuple[tuple[str, ...] | None, str]] = [
        (("2",), "exactly zero"),
        (("9",), "gave no answer"),
        (None, "no specification was declared"),
    ]
    for own, words in lacking:
        found = specification_curve(
            estimates(*values), choices=("model",), declared=own
        )
        assert isinstance(found.share_on_declared_side, Unavailable)
        assert words in found.share_on_declared_side.reason


def test_an_answer_that_differs_in_the_last_digits_is_not_lower() -> None:
    """Two models may be one by algebra; machines differ in how sums are rounded."""
    values = (0.3 - 1e-15, 0.3, 0.3 - 1e-6)
    found = specification_curve(estimates(*values), choices=("model",), declared=("1",))
    assert value(found.declared_rank) == 1


def test_equal_answers_stand_by_the_names_of_their_options() -> None:
    for values in ((0.1 + 0.2, 0.3, 0.2), (0.3, 0.1 + 0.2, 0.2)):
        found = specification_curve(estimates(*values), choices=("model",))
        assert [one.options for one in found.specifications] == [("2",), ("0",), ("1",)]
