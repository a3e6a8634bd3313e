"""Coefficients under every cleaning rule, and the test that gaps are random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_inter_item_correlation
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.consistency.sample import missing_completely_at_random
from heard.psychometrics.consistency.sensitivity import cleaning_sensitivity
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def responses() -> pd.DataFrame:
    """A hundred careful participants, and ten who always give one answer."""
    random = np.random.default_rng(2)
    trait = random.normal(3, 1, (100, 1))
    careful = np.clip(np.round(trait + random.normal(0, 1, (100, 4))), 1, 5)
    same = np.repeat(random.integers(1, 6, (10, 1)), 4, axis=1)
    return pd.DataFrame(np.vstack([careful, same]), columns=list("abcd"))


@pytest.fixture
def careful() -> pd.Series:
    return pd.Series(np.arange(110) < 100)


def test_every_rule_gives_the_coefficients_of_those_it_keeps(
    responses: pd.DataFrame, careful: pd.Series
) -> None:
    found = cleaning_sensitivity(
        responses, rules={"careful": careful, "half": [True, False] * 55}
    )
    everyone, clean, half = found.rules
    assert [rule.rule for rule in found.rules] == ["everybody", "careful", "half"]
    assert everyone.cronbach_alpha == cronbach_alpha(responses)
    assert clean.cronbach_alpha == cronbach_alpha(responses.iloc[:100])
    assert clean.omega_total == omega_total(responses.iloc[:100])
    assert half.mean_inter_item_correlation == mean_inter_item_correlation(
        responses.iloc[::2], interval="adf"
    )
    assert clean.kept.estimate == pytest.approx(100 / 110)  # type: ignore[union-attr]
    alphas = [rule.cronbach_alpha.estimate for rule in found.rules]  # type: ignore[union-attr]
    assert found.cronbach_alpha_range.estimate == max(alphas) - min(alphas)  # type: ignore[union-attr]


def test_the_frame_names_the_rule_of_every_row(
    responses: pd.DataFrame, careful: pd.Series
) -> None:
    found = cleaning_sensitivity(responses, rules={"careful": careful})
    frame = found.to_frame()
    assert list(frame["rule"]) == ["everybody"] * 4 + ["careful"] * 4 + [""] * 3
    assert frame["term"].iloc[-1] == "mean_inter_item_correlation_range"
    assert "careful" in found._repr_html_()


def test_clusters_stay_with_their_participants(
    responses: pd.DataFrame, careful: pd.Series
) -> None:
    teams = pd.Series(np.arange(110) % 11)
    found = cleaning_sensitivity(responses, rules={"c": careful}, clusters=teams)
    kept = responses.iloc[:100]
    expected = omega_total(kept, clusters=teams.iloc[:100])
    assert found.rules[1].omega_total == expected


def test_a_rule_that_keeps_nobody_has_no_coefficients(responses: pd.DataFrame) -> None:
    found = cleaning_sensitivity(responses, rules={"none": np.zeros(110, dtype=bool)})
    assert isinstance(found.rules[1].cronbach_alpha, Unavailable)
    assert isinstance(found.cronbach_alpha_range, Unavailable)
    assert found.cronbach_alpha_range.reason == (
        "rules with an estimate 1; at least 2 needed"
    )
    nobody = cleaning_sensitivity(responses.iloc[:0], rules={})
    assert isinstance(nobody.rules[0].kept, Unavailable)


@pytest.mark.parametrize(
    ("keep", "what"),
    [
        ([True], r"rule 'odd' has shape \(1,\)"),
        ([1] * 110, "rule 'odd' holds int64; give true or false"),
        ([True, None] * 55, "rule 'odd' holds object"),
    ],
)
def test_rules_that_do_not_say_true_or_false_are_refused(
    responses: pd.DataFrame, keep: Any, what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        cleaning_sensitivity(responses, rules={"odd": keep})
    with pytest.raises(ValueError, match="which is the first row"):
        cleaning_sensitivity(responses, rules={"everybody": keep})


def test_a_nullable_rule_without_gaps_is_taken(
    responses: pd.DataFrame, careful: pd.Series
) -> None:
    plain = cleaning_sensitivity(responses, rules={"careful": careful})
    nullable = cleaning_sensitivity(
        responses, rules={"careful": careful.astype("boolean")}
    )
    assert nullable == plain


@pytest.mark.parametrize("name", ["missing_holzinger_missing", "missing_small"])
def test_littles_test_is_that_of_lavaan(name: str) -> None:
    stored = oracle_values(name)
    values = stored["values"]
    found = missing_completely_at_random(oracle_rows(stored["data_file"]))
    assert isinstance(found.little_mcar_chi_square, Estimate)
    # lavaan's moments stop at five digits
    assert found.little_mcar_chi_square.estimate == pytest.approx(
        values["little_d2"], abs=1e-3
    )
    assert found.little_mcar_p.estimate == pytest.approx(  # type: ignore[union-attr]
        values["little_p"], abs=1e-4
    )


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), "a does not hold numbers"),
        (pd.DataFrame({"a": [1.0, np.inf], "b": [1, 2]}), "infinite or immense"),
        (pd.DataFrame(index=range(3)), "number of items 0"),
        (pd.DataFrame({"a": [1, 2, 3], "b": [1, 3, 2]}), "all answered the same"),
        (pd.DataFrame({"a": [], "b": []}), ""),
        (pd.DataFrame({"a": [np.nan, 1.0], "b": [1.0, np.nan]}), ""),
    ],
)
def test_gaps_that_cannot_be_tested_are_told(rows: pd.DataFrame, reason: str) -> None:
    found = missing_completely_at_random(rows)
    assert isinstance(found.little_mcar_p, Unavailable)
    assert reason in found.little_mcar_p.reason
