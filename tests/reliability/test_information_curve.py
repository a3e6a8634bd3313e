"""Information along the trait as results."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.foundation.findings import Finding
from heard.psychometrics.item_response.graded_results import information_curve
from heard.results import Estimate, Unavailable


def information(*reported: float) -> pd.DataFrame:
    levels = [float(place) for place in range(len(reported))][::-1]
    whole = pd.DataFrame({"item": "", "trait": levels, "information": reported[::-1]})
    return pd.concat([whole.assign(item="one", information=9.0), whole])


def test_the_error_is_one_over_the_root_of_the_information() -> None:
    found = information_curve(information(4.0, 6.25), n=120)
    assert [level.trait for level in found.levels] == ["0", "1"]
    errors = [level.conditional_standard_error for level in found.levels]
    assert [e.estimate for e in errors if isinstance(e, Estimate)] == [
        pytest.approx(0.5, abs=1e-12),
        pytest.approx(0.4, abs=1e-12),
    ]
    reported = [level.test_information for level in found.levels]
    assert [t.estimate for t in reported if isinstance(t, Estimate)] == [4.0, 6.25]
    assert {result.n for result in found.results()} == {120}


def test_where_nothing_is_told_there_is_no_error() -> None:
    (level,) = information_curve(information(0.0), n=30).levels
    assert isinstance(level.conditional_standard_error, Unavailable)
    assert level.conditional_standard_error.n == 30


def test_the_level_stands_in_the_group_of_the_findings() -> None:
    placed = Finding.place(information_curve(information(4.0, 1.0), n=9), study="x")
    assert [(p.term, p.group) for p in placed] == [
        ("test_information", "0"),
        ("conditional_standard_error", "0"),
        ("test_information", "1"),
        ("conditional_standard_error", "1"),
    ]
