"""KR-20, percentage agreement, Kendall's W and the test of equal loadings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.agreement.simple_agreement import (
    kendall_concordance,
    percentage_agreement,
)
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.equal_loadings import tau_equivalence
from heard.psychometrics.consistency.yes_no_items import kuder_richardson_20
from heard.results import Estimate, Result, Unavailable


def known(result: Result) -> Estimate:
    assert isinstance(result, Estimate)
    return result


def long(values: Any) -> pd.DataFrame:
    table = np.asarray(values, dtype=float)
    row, column = np.nonzero(~np.isnan(table))
    return pd.DataFrame({"target": row, "rater": column, "score": table[row, column]})


def yes_no(n: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(2)
    latent = random.normal(size=(n, 1)) + random.normal(size=(n, 4))
    return pd.DataFrame(latent > 0).astype(int)


def test_kr_20_is_its_formula_and_alpha_by_name() -> None:
    rows = yes_no()
    p, total = rows.mean(), rows.sum(axis=1).var(ddof=0)
    formula = 4 / 3 * (1 - float((p * (1 - p)).sum()) / float(total))
    found, alpha = known(kuder_richardson_20(rows)), known(cronbach_alpha(rows))
    assert found.estimate == pytest.approx(formula, rel=1e-12)
    assert (found.conf_low, found.conf_high) == (alpha.conf_low, alpha.conf_high)
    assert found.term == "kuder_richardson_20"


def test_kr_20_needs_two_answers() -> None:
    found = kuder_richardson_20(yes_no().assign(d=range(60)))
    assert isinstance(found, Unavailable)
    assert "60 different answers; two needed" in found.reason
    empty = kuder_richardson_20(yes_no(0))
    assert isinstance(empty, Unavailable)
    assert empty.term == "kuder_richardson_20"


def test_percentage_agreement_of_two_raters_is_the_share_alike() -> None:
    values = [[1, 1], [2, 2], [3, 1], [2, 2], [1, np.nan]]
    found = known(percentage_agreement(long(values)))
    assert (found.estimate, found.n) == (0.75, 4)
    assert "Wilson" in found.method
    # Wilson (1927) of 3 in 4
    assert found.conf_low == pytest.approx(0.300642, abs=1e-6)
    assert found.conf_high == pytest.approx(0.954413, abs=1e-6)
    near = known(percentage_agreement(long(values), tolerance=2))
    assert near.estimate == 1
    assert near.conf_high == 1


def test_percentage_agreement_of_many_raters_counts_pairs() -> None:
    found = known(percentage_agreement(long([[1, 1, 2], [3, 3, 3], [1, 2, 3]])))
    assert found.estimate == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert found.conf_low is not None
    assert found.conf_low >= 0
    few = percentage_agreement(long([[1, 1], [2, np.nan]]))
    assert isinstance(few, Unavailable)


def test_a_blank_rater_is_no_rater() -> None:
    rows = long([[1, 1], [2, 2], [3, 1]]).astype({"rater": str})
    blank = rows.assign(rater=rows["rater"].replace("1", ""))
    assert isinstance(percentage_agreement(blank), Unavailable)


def test_kendalls_w_is_that_of_friedmans_test_in_r() -> None:
    stored = oracle_values("rank_agreement")
    rows = oracle_rows(stored["data_file"])[stored["items"]].dropna()
    found = kendall_concordance(long(rows))
    for term, name in (
        ("kendall_w", "w"),
        ("friedman_chi_square", "chi_square"),
        ("friedman_p_value", "p"),
    ):
        value = known(getattr(found, term)).estimate
        assert value == pytest.approx(stored["values"][name], rel=1e-12)


def test_the_same_order_by_all_is_one_and_no_order_has_no_w() -> None:
    same = kendall_concordance(long([[1, 10, 5], [2, 20, 6], [3, 30, 7]]))
    assert known(same.kendall_w).estimate == pytest.approx(1)
    for values in ([[1, 1], [1, 1], [1, 1]], [[1, 2], [2, 1]], [[1], [2], [3]]):
        assert isinstance(kendall_concordance(long(values)).kendall_w, Unavailable)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_equal_loadings_are_tested_as_lavaan_does(estimator: Any) -> None:
    stored = oracle_values("equal_loadings")
    rows = oracle_rows(stored["data_file"])[stored["items"]]
    found = tau_equivalence(rows, estimator=estimator)
    chi_square, df, p = stored["values"][estimator]
    assert known(found.tau_equivalence_chi_square).estimate == pytest.approx(
        chi_square, rel=1e-5
    )
    assert known(found.tau_equivalence_df).estimate == df
    assert known(found.tau_equivalence_p).estimate == pytest.approx(p, rel=1e-3)


def test_equal_items_are_not_told_apart() -> None:
    random = np.random.default_rng(5)
    rows = pd.DataFrame(random.normal(size=(300, 1)) + random.normal(size=(300, 5)))
    assert known(tau_equivalence(rows).tau_equivalence_p).estimate > 0.01
    gaps = rows.mask(random.random(rows.shape) < 0.1)
    assert known(tau_equivalence(gaps, missing="fiml").tau_equivalence_df).n == 300
    few = tau_equivalence(rows[[0, 1]]).tau_equivalence_p
    assert isinstance(few, Unavailable)
    assert "number of items 2" in few.reason
    with pytest.raises(ValueError, match="give 'ml' or 'mlr'"):
        tau_equivalence(rows, estimator="wls")  # type: ignore[arg-type]
