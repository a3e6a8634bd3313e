"""Scalability within and between raters of one target: by hand, and where none is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.psychometrics.item_response.two_level import (
    TwoLevelScalability,
    two_level_scalability,
)
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def rated(targets: int = 12, raters: int = 6) -> tuple[pd.DataFrame, pd.Series]:
    """What targets are like, what raters think, and an item's own noise."""
    random = np.random.default_rng(4)
    target = np.repeat(random.normal(size=targets), raters)[:, None]
    latent = target + random.normal(size=(len(target), 1))
    latent = latent + random.normal(size=(len(target), 4))
    rows = np.clip(np.round(latent) + 3, 1, 5)
    return pd.DataFrame(rows, columns=list("abcd")), pd.Series(
        np.repeat(np.arange(targets), raters)
    )


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def absences(found: TwoLevelScalability) -> list[Unavailable]:
    return [one for one in found.results() if isinstance(one, Unavailable)]


def test_four_raters_of_two_targets_by_hand() -> None:
    # q0 passed by 3 of 4, q1 by 2: an error is q1 without q0. Expected: 1/4 * 2/4.
    responses = pd.DataFrame({"q0": [1.0, 1, 1, 0], "q1": [1.0, 0, 0, 1]})
    groups = pd.Series(["x", "x", "y", "y"])
    found = two_level_scalability(responses, groups=groups).scale
    expected = 1 / 4 * 2 / 4
    # Within: the last rater, one of four. Between: (y4 without q0, y3 without q1) no;
    # rater 3 has q0, rater 4 not: q1 of 4 with q0 of 3 is no error, q1 of 3 is not
    # passed. None of four pairs.
    assert number(found.within) == pytest.approx(1 - (1 / 4) / expected)
    assert number(found.between) == pytest.approx(1.0)
    assert isinstance(found.ratio, Unavailable)
    assert "no order within raters" in found.ratio.reason


def test_within_is_the_scalability_of_everybody() -> None:
    responses, groups = rated()
    found = two_level_scalability(responses, groups=groups)
    plain = mokken_scalability(responses)
    assert number(found.scale.within) == pytest.approx(number(plain.scalability))
    for one, other in zip(found.pairs, plain.pairs, strict=True):
        assert number(one.within) == pytest.approx(number(other.scalability))
    # One rater a target is a sample of raters, but for the divisor.
    alone = two_level_scalability(
        pd.concat([responses, responses[:2]]), groups=pd.Series([*range(72), 0, 1])
    )
    twice = mokken_scalability(pd.concat([responses, responses[:2]]))
    assert number(alone.scale.within_standard_error) == pytest.approx(
        number(twice.standard_error), rel=0.05
    )


def test_error_is_that_of_leaving_out_targets() -> None:
    responses, groups = rated(targets=60)
    found = two_level_scalability(responses, groups=groups).scale
    for kind in ("within", "between", "ratio"):
        left = [
            number(
                getattr(
                    two_level_scalability(
                        responses[groups != one], groups=groups[groups != one]
                    ).scale,
                    kind,
                )
            )
            for one in range(60)
        ]
        jackknife = np.sqrt(59 / 60 * np.sum((np.array(left) - np.mean(left)) ** 2))
        error = number(getattr(found, f"{kind}_standard_error"))
        assert error == pytest.approx(jackknife, rel=0.05)


def test_copies_of_a_rater_tell_no_more_than_one() -> None:
    responses, _ = rated()
    once = mokken_scalability(responses)
    many = two_level_scalability(
        pd.concat([responses] * 3), groups=pd.Series([*range(72)] * 3)
    )
    assert number(many.scale.within) == pytest.approx(number(once.scalability))
    assert number(many.scale.within_standard_error) == pytest.approx(
        number(once.standard_error) * np.sqrt(72 / 71)
    )
    assert number(many.scale.ratio) == pytest.approx(1.0)


def test_who_has_no_target_or_a_gap_is_left_out() -> None:
    responses, groups = rated()
    with_gaps, placed = responses.copy(), groups.astype(float)
    with_gaps.iloc[0, 1] = np.nan
    placed[1] = np.nan
    found = two_level_scalability(with_gaps, groups=placed)
    same = two_level_scalability(responses[2:], groups=groups[2:])
    assert found == same
    assert isinstance(found.scale.within, Estimate)
    assert found.scale.within.n == 70


def test_four_targets_have_coefficients_but_no_interval() -> None:
    responses, groups = rated(targets=4)
    found = two_level_scalability(responses, groups=groups).scale
    assert isinstance(found.between, Estimate)
    assert found.between.conf_low is None
    assert "clusters 4; at least 5" in found.between.method
    assert isinstance(found.between_standard_error, Unavailable)


def test_limits_hold_the_estimate() -> None:
    responses, groups = rated()
    wide = two_level_scalability(responses, groups=groups, confidence=0.99)
    narrow = two_level_scalability(responses, groups=groups, confidence=0.9)
    for one, other in zip(wide.results(), narrow.results(), strict=True):
        if isinstance(one, Estimate) and one.conf_low is not None:
            assert isinstance(other, Estimate)
            assert other.conf_low is not None
            assert other.conf_high is not None
            assert one.conf_high is not None
            assert one.conf_low < other.conf_low < one.estimate
            assert one.estimate < other.conf_high < one.conf_high


def test_perfect_order_is_one_without_interval() -> None:
    steps = np.tile([0.0, 1.0, 2.0], 6)
    responses = pd.DataFrame({"a": steps, "b": steps})
    found = two_level_scalability(responses, groups=pd.Series(np.repeat(range(6), 3)))
    assert number(found.scale.within) == 1
    assert isinstance(found.scale.within, Estimate)
    assert found.scale.within.conf_low is None


def test_what_cannot_be_scaled_says_why() -> None:
    responses, groups = rated()
    single = pd.Series(range(len(responses)))
    for rows, labels, reason in [
        (responses[:0], groups[:0], "answered every item 0"),
        (responses[:1], groups[:1], "answered every item 1"),
        (responses[["a"]], groups, "number of items 1"),
        (responses, groups * 0, "targets 1; at least 2"),
        (responses, groups * np.nan, "answered every item 0"),
        (responses, single, "no target with two raters"),
        (responses.assign(b="x"), groups, "b does not hold numbers"),
        (responses.assign(b=np.inf), groups, "b holds 72 infinite"),
        (responses.assign(b=np.nan), groups, "no one answered b"),
    ]:
        found = two_level_scalability(rows, groups=labels)
        assert len(absences(found)) == len(list(found.results()))
        assert all(reason in one.reason for one in absences(found)), reason


def test_a_constant_item_takes_only_its_own_coefficients() -> None:
    responses, groups = rated()
    found = two_level_scalability(responses.assign(d=2.0), groups=groups)
    assert isinstance(found.scale.within, Unavailable)
    assert "no variance in d" in found.scale.within.reason
    assert isinstance(found.pairs[0].between, Estimate)


def test_rows_name_their_items() -> None:
    responses, groups = rated()
    found = two_level_scalability(responses, groups=groups)
    table = found.to_frame()
    assert len(table) == 6 * (1 + 4 + 6)
    row = table[(table["item"] == "b") & (table["other_item"] == "d")]
    assert row["estimate"].iloc[0] == number(found.pairs[4].within)


def test_a_programming_error_is_refused() -> None:
    responses, groups = rated()
    with pytest.raises(ValueError, match="entries for 72 raters"):
        two_level_scalability(responses, groups=groups[:3])
    with pytest.raises(ValueError, match=r"0\.5 to below 1"):
        two_level_scalability(responses, groups=groups, confidence=0.3)


def test_limits_between_are_symmetric_as_ratios_and_end_at_one() -> None:
    responses, groups = rated()
    found = two_level_scalability(responses, groups=groups).scale
    for one in (found.between, found.ratio):
        assert isinstance(one, Estimate)
        assert one.conf_low is not None
        assert one.conf_high is not None
        assert one.conf_low * one.conf_high == pytest.approx(one.estimate**2)
    within = found.within
    assert isinstance(within, Estimate)
    assert within.conf_low is not None
    assert within.conf_high is not None
    assert (1 - within.conf_low) * (1 - within.conf_high) == pytest.approx(
        (1 - within.estimate) ** 2
    )
    certain_matches = two_level_scalability(
        responses, groups=groups, confidence=0.9999
    ).scale
    assert isinstance(certain_matches.between, Estimate)
    assert certain_matches.between.conf_high == 1.0


def test_limits_of_nothing_between_are_symmetric_around_it() -> None:
    responses, groups = rated()
    order = np.random.default_rng(1).permutation(72)
    found = two_level_scalability(responses, groups=groups[order]).scale
    for one in (found.between, found.ratio):
        assert isinstance(one, Estimate)
        assert one.conf_low is not None
        assert one.conf_high is not None
        middle = (one.conf_low + one.conf_high) / 2
        assert middle == pytest.approx(one.estimate)
