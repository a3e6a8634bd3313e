"""Groups compared give the numbers of R: t.test, clubSandwich, metafor, lme4."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values
from scipy import stats

from heard.effects.subgroups.effects import effects_by_group, subgroup_gaps
from heard.effects.subgroups.inequality_indices import inequality_indices
from heard.effects.subgroups.shrinkage import (
    averaged_errors,
    intersectional_variation,
    shrunken_given,
    shrunken_groups,
)
from heard.results import Estimate, Result

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("inequality")
# Closed forms: only rounding parts them (seen: 6e-14).
CLOSED = 1e-8
# Poisson regression and metafor's scoring, run to the last digits on both sides (seen:
# 6e-14).
SETTLED = 1e-8
# The optimisers of metafor's multivariate model and of lme4 stop at about six digits
# (seen: 8e-7).
OPTIMISED = 1e-4


@pytest.fixture(scope="module", name="rows")
def fixture_rows() -> pd.DataFrame:
    rows: pd.DataFrame = oracle_rows("inequality.csv")
    return rows


def numbers(result: Result) -> list[float]:
    assert isinstance(result, Estimate)
    assert result.conf_low is not None
    assert result.conf_high is not None
    return [result.estimate, result.conf_low, result.conf_high]


def stored(values: dict[str, Any]) -> list[float]:
    return [values["estimate"], values["low"], values["high"]]


@pytest.mark.parametrize(("key", "cluster"), [("welch", None), ("gaps", "team")])
def test_gaps_are_those_of_welch_and_clubsandwich(
    rows: pd.DataFrame, key: str, cluster: str | None
) -> None:
    found = subgroup_gaps(rows, score="after", reference="a", cluster=cluster)
    assert [gap.group for gap in found.groups] == ["a", "b", "c", "d"]
    for gap in found.groups[1:]:
        expected = VALUES[key][gap.group]
        assert numbers(gap.gap_difference) == pytest.approx(
            stored(expected), rel=CLOSED
        )
        assert isinstance(gap.gap_difference, Estimate)
        assert f"{expected['df']:.1f} degrees" in gap.gap_difference.method


def test_ratios_have_the_delta_method_on_clubsandwichs_covariance(
    rows: pd.DataFrame,
) -> None:
    found = subgroup_gaps(rows, score="after", reference="a", cluster="team")
    for gap in found.groups[1:]:
        assert numbers(gap.gap_ratio) == pytest.approx(
            stored(VALUES["ratios"][gap.group]), rel=CLOSED
        )


def test_shrunken_groups_are_those_of_metafor(rows: pd.DataFrame) -> None:
    expected = VALUES["simple"]
    found = shrunken_groups(rows, score="after")
    assert numbers(found.between_group_variance) == pytest.approx(
        [expected["tau2"], expected["tau2_low"], expected["tau2_high"]], rel=SETTLED
    )
    assert numbers(found.mean_of_groups) == pytest.approx(
        [expected["mu"], expected["mu_low"], expected["mu_high"]], rel=SETTLED
    )
    for place, group in enumerate(found.groups):
        assert numbers(group.shrunken_mean)[0] == pytest.approx(
            expected["blup"][place], rel=SETTLED
        )


def test_errors_given_the_variance_are_those_of_metafor(rows: pd.DataFrame) -> None:
    """metafor takes the variance between groups as known, with t of 3 degrees."""
    expected = VALUES["simple"]
    parts = rows.groupby("group")["after"]
    pooled = (parts.var() * (parts.size() - 1)).sum() / (len(rows) - 4)
    given = shrunken_given(
        parts.mean().to_numpy(),
        np.diag(pooled / parts.size().to_numpy()),
        expected["tau2"],
    )
    reach = stats.t.ppf(0.975, 3) * np.sqrt(given.variances)
    assert given.shrunken - reach == pytest.approx(expected["low"], rel=SETTLED)
    assert given.shrunken + reach == pytest.approx(expected["high"], rel=SETTLED)


def test_errors_averaged_over_the_variance_are_those_of_the_eight_schools() -> None:
    """Rubin (1981) by plain quadrature; two of the means as commonly sampled."""
    effects = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
    errors = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    covariance = np.diag(errors**2)
    spreads = np.arange(0.005, 250, 0.01)
    total = errors[:, None] ** 2 + spreads**2
    precision = (1 / total).sum(axis=0)
    middle = (effects[:, None] / total).sum(axis=0) / precision
    logs = -0.5 * (
        np.log(total).sum(axis=0)
        + np.log(precision)
        + ((effects[:, None] - middle) ** 2 / total).sum(axis=0)
    )
    weights = np.exp(logs - logs.max())
    kept = spreads**2 / total
    mean = middle + kept * (effects[:, None] - middle)
    variance = kept * errors[:, None] ** 2 + (1 - kept) ** 2 / precision
    expected = np.average(mean, axis=1, weights=weights)
    squares = variance + (mean - expected[:, None]) ** 2
    found = averaged_errors(effects, covariance, around=expected)
    # The grid of 200 points against 25,000.
    assert found == pytest.approx(
        np.sqrt(np.average(squares, axis=1, weights=weights)), rel=1e-3
    )
    assert expected[[0, 7]] == pytest.approx([11.4, 8.5], abs=0.3)


def test_shrunken_groups_of_teams_are_those_of_metafor_multivariate(
    rows: pd.DataFrame,
) -> None:
    expected = VALUES["full"]
    found = shrunken_groups(rows, score="after", cluster="team")
    assert isinstance(found.between_group_variance, Estimate)
    assert found.between_group_variance.estimate == pytest.approx(
        expected["tau2"], rel=OPTIMISED
    )
    assert numbers(found.mean_of_groups) == pytest.approx(
        [expected["mu"], expected["mu_low"], expected["mu_high"]], rel=OPTIMISED
    )


@pytest.mark.parametrize(("suffix", "cluster"), [("", None), ("_clustered", "team")])
def test_indices_of_inequality_are_those_of_sandwich_and_clubsandwich(
    rows: pd.DataFrame, suffix: str, cluster: str | None
) -> None:
    found = inequality_indices(
        rows, score="after", order=[1, 2, 3, 4, 5], cluster=cluster
    )
    slope = stored(VALUES["indices"][f"slope{suffix}"])
    assert numbers(found.slope_index_of_inequality) == pytest.approx(slope, rel=CLOSED)
    relative = stored(VALUES["indices"][f"relative{suffix}"])
    assert numbers(found.relative_index_of_inequality) == pytest.approx(
        [math.exp(part) for part in relative], rel=SETTLED
    )


@pytest.mark.parametrize(("suffix", "cluster"), [("_plain", None), ("", "team")])
def test_effects_by_group_are_those_of_sandwich_and_clubsandwich(
    rows: pd.DataFrame, suffix: str, cluster: str | None
) -> None:
    found = effects_by_group(
        rows, treated="pilot", control="comparison", reference="a", cluster=cluster
    )
    for group, effect in zip(
        found.groups, VALUES["effects"][f"effect{suffix}"], strict=True
    ):
        assert numbers(group.effect_in_group) == pytest.approx(
            stored(effect), rel=CLOSED
        )
    for group, difference in zip(
        found.groups[1:], VALUES["effects"][f"difference{suffix}"], strict=True
    ):
        assert numbers(group.effect_difference) == pytest.approx(
            stored(difference), rel=CLOSED
        )
    if cluster:
        assert isinstance(found.interaction_p_value, Estimate)
        assert found.interaction_p_value.estimate == pytest.approx(
            VALUES["effects"]["p"], rel=CLOSED
        )


def test_combinations_of_traits_are_those_of_lme4(rows: pd.DataFrame) -> None:
    found = intersectional_variation(rows, traits=["sex", "age"], score="after")
    expected = VALUES["traits"]
    assert isinstance(found.between_strata_share, Estimate)
    assert found.between_strata_share.estimate == pytest.approx(
        expected["share"], rel=OPTIMISED
    )
    assert isinstance(found.additive_share, Estimate)
    assert found.additive_share.estimate == pytest.approx(
        expected["additive"], rel=OPTIMISED
    )
