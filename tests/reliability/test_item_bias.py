"""Item bias: seen where it was put in, and absent where nothing can be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.foundation.results import Estimate, Unavailable
from analysis.reliability.item_response import item_bias

pytestmark = pytest.mark.filterwarnings("error")

CATEGORIES = range(1, 6)


def biased(n: int = 400, shift: float = 2.5) -> tuple[pd.DataFrame, pd.Series]:
    """The first of five items is answered higher by group b."""
    random = np.random.default_rng(3)
    groups = pd.Series(np.where(np.arange(n) % 2, "b", "a"))
    latent = random.normal(size=(n, 1)) + random.normal(size=(n, 5))
    latent[:, 0] += shift * (groups == "b")
    rows = np.clip(np.round(latent) + 3, 1, 5)
    return pd.DataFrame(rows, columns=[f"q{i}" for i in range(5)]), groups


def number(result: object) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def test_the_item_that_was_shifted_is_found_and_purifying_clears_the_rest() -> None:
    responses, groups = biased()
    found = item_bias(responses, groups=groups, categories=CATEGORIES, purify=True)
    verdicts = [one.verdict for one in found]
    assert verdicts == ["to be looked at"] + ["negligible"] * 4
    assert "1 items left out of the total" in found[1].mcfadden_change.method
    assert number(found[0].group_log_odds) > 0
    assert number(found[0].standardised_mean_difference) > 0


def test_the_other_group_as_focal_turns_the_sign_only() -> None:
    responses, groups = biased()
    one = item_bias(responses, groups=groups, categories=CATEGORIES)[0]
    two = item_bias(responses, groups=groups, categories=CATEGORIES, focal="a")[0]
    assert number(two.group_log_odds) == pytest.approx(-number(one.group_log_odds))
    assert number(two.total_chi_square) == pytest.approx(number(one.total_chi_square))


def test_adjusted_p_is_never_below_p() -> None:
    responses, groups = biased(shift=0.3)
    for one in item_bias(responses, groups=groups, categories=CATEGORIES):
        assert number(one.total_p_adjusted) >= number(one.total_p)


def test_nobody_without_a_group_or_with_a_gap_is_counted() -> None:
    responses, groups = biased()
    groups[0] = None
    responses.iloc[1, 2] = np.nan
    found = item_bias(responses, groups=groups, categories=CATEGORIES)
    assert isinstance(found[0].total_p, Estimate)
    assert found[0].total_p.n == 398


def test_one_group_no_rows_one_item_and_text_say_why() -> None:
    responses, groups = biased()
    text = responses.assign(q1="x")
    for rows, labels, reason in [
        (responses, groups.where(groups == "a"), "groups with complete answers 1"),
        (responses[:0], groups[:0], "groups with complete answers 0"),
        (responses[["q0"]], groups, "number of items 1"),
        (responses[:4], groups[:4], "participants in the smaller group 2"),
        (text, groups, "q1 does not hold numbers"),
        (responses + 0.5, groups, "none of the declared categories"),
    ]:
        for one in item_bias(rows, groups=labels, categories=CATEGORIES):
            assert one.verdict == "unknown"
            for result in one.results():
                assert isinstance(result, Unavailable)
                assert reason in result.reason


def test_a_constant_item_is_absent_and_the_others_are_not() -> None:
    responses, groups = biased()
    found = item_bias(responses.assign(q4=2.0), groups=groups, categories=CATEGORIES)
    assert isinstance(found[4].total_p, Unavailable)
    assert "one category" in found[4].total_p.reason
    assert isinstance(found[0].total_p, Estimate)


def test_a_total_that_tells_the_answer_has_no_maximum() -> None:
    rows = pd.DataFrame({"q0": [1, 2, 3, 4] * 5, "q1": [1, 2, 3, 4] * 5}, dtype=float)
    groups = pd.Series(["a"] * 12 + ["b"] * 8)
    one = item_bias(rows, groups=groups, categories=[1, 2, 3, 4])[0]
    assert isinstance(one.total_p, Unavailable)
    assert "ordinal regression of q0" in one.total_p.reason


def test_a_programming_error_is_refused() -> None:
    responses, groups = biased()
    with pytest.raises(ValueError, match="none of the groups"):
        item_bias(responses, groups=groups, categories=CATEGORIES, focal="c")
    with pytest.raises(ValueError, match="entries for"):
        item_bias(responses, groups=groups[:3], categories=CATEGORIES)
    with pytest.raises(ValueError, match="between 0 and 1"):
        item_bias(responses, groups=groups, categories=CATEGORIES, confidence=0)
