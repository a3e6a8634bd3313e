"""What the coefficients do with gaps, odd columns, and data no model fits."""

from __future__ import annotations

import math
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import (
    mean_inter_item_correlation,
    spearman_brown,
)
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.scale import estimate_scale_reliability
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

    Statistic = Callable[[pd.DataFrame], Result]

pytestmark = pytest.mark.filterwarnings("error")

# Two programs, one formula: only rounding may differ.
ROUNDING = 1e-12
STATISTICS: tuple[Statistic, ...] = (
    cronbach_alpha,
    omega_total,
    mean_inter_item_correlation,
)


def with_correlations(matrix: list[list[float]], n: int = 50) -> pd.DataFrame:
    """Responses whose sample correlations are exactly those asked for."""
    random = np.random.default_rng(7)
    noise = random.normal(size=(n, len(matrix)))
    basis, _ = np.linalg.qr(noise - noise.mean(axis=0))
    values = basis @ np.linalg.cholesky(np.array(matrix)).T
    return pd.DataFrame(values, columns=[f"item{i}" for i in range(len(matrix))])


@pytest.fixture
def responses() -> pd.DataFrame:
    """Sixty participants, five items, no holes."""
    random = np.random.default_rng(11)
    trait = random.normal(3, 1, (60, 1))
    answers = np.clip(np.round(trait + random.normal(0, 0.9, (60, 5))), 1, 5)
    return pd.DataFrame(answers, columns=list("abcde"))


def test_alpha_is_that_of_pingouin_on_complete_data(responses: pd.DataFrame) -> None:
    import pingouin  # noqa: PLC0415 - slow to import, and only compared with here

    expected, limits = pingouin.cronbach_alpha(responses)
    found = cronbach_alpha(responses)
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(expected, abs=ROUNDING)
    # pingouin rounds the limits to three decimals.
    assert [found.conf_low, found.conf_high] == pytest.approx(list(limits), abs=5e-4)


def test_alpha_interval_uses_participants_left_after_deletion(
    responses: pd.DataFrame,
) -> None:
    with_gaps = responses.copy()
    with_gaps.iloc[:20, 0] = np.nan
    assert cronbach_alpha(with_gaps) == cronbach_alpha(responses.iloc[20:])


@pytest.mark.parametrize("statistic", STATISTICS)
def test_every_coefficient_deletes_listwise_and_reports_the_n_left(
    responses: pd.DataFrame, statistic: Statistic
) -> None:
    with_gaps = responses.copy()
    with_gaps.iloc[:4, 0] = np.nan
    with_gaps.iloc[2:9, 3] = np.nan
    assert statistic(with_gaps) == statistic(responses.iloc[9:])
    assert statistic(with_gaps).n == 51


def test_alpha_is_negative_when_items_disagree() -> None:
    found = cronbach_alpha(with_correlations([[1, -0.4], [-0.4, 1]]))
    assert isinstance(found, Estimate)
    # k / (k - 1) (1 - 2 / (2 + 2 r)) = 2 r / (1 + r) for two items of one variance.
    assert found.estimate == pytest.approx(-0.8 / 0.6, abs=ROUNDING)


def test_a_constant_item_counts_among_the_items_of_alpha(
    responses: pd.DataFrame,
) -> None:
    without = cronbach_alpha(responses)
    found = cronbach_alpha(responses.assign(flat=0.1))
    assert isinstance(without, Estimate)
    assert isinstance(found, Estimate)
    # Its variance is 0, so only k / (k - 1) changes: from 5/4 to 6/5.
    assert found.estimate == pytest.approx(without.estimate * 1.2 / 1.25, abs=ROUNDING)
    assert found.method.endswith("constant items counted: 1")


@pytest.mark.parametrize("statistic", [omega_total, mean_inter_item_correlation])
def test_constant_items_are_counted_and_named(
    responses: pd.DataFrame, statistic: Statistic
) -> None:
    absent = statistic(responses.assign(b=2, d=4))
    assert isinstance(absent, Unavailable)
    assert absent.reason == "2 of 5 items constant: b, d"
    assert absent.n == 60


def test_alpha_without_any_variance_is_unavailable() -> None:
    absent = cronbach_alpha(pd.DataFrame({"a": [3] * 9, "b": [4] * 9}))
    assert isinstance(absent, Unavailable)
    assert absent.reason == "no item varies among the participants left"


def test_items_that_cancel_have_no_alpha(responses: pd.DataFrame) -> None:
    absent = cronbach_alpha(
        pd.DataFrame({"a": responses["a"], "b": 6 - responses["a"]})
    )
    assert isinstance(absent, Unavailable)
    assert absent.reason == "the items cancel: their sum does not vary"


def test_perfect_agreement_is_one_and_claims_no_interval(
    responses: pd.DataFrame,
) -> None:
    same = pd.DataFrame(dict.fromkeys("xyz", responses["a"]))
    found = cronbach_alpha(same)
    assert isinstance(found, Estimate)
    assert (found.estimate, found.conf_low) == (1.0, None)
    absent = omega_total(same)
    assert isinstance(absent, Unavailable)
    assert absent.reason.startswith("linearly dependent items")


def test_omega_of_three_items_has_its_closed_form() -> None:
    loadings, spread = np.array([0.8, 0.7, 0.6]), np.array([1.0, 2.0, 3.0])
    matrix = np.outer(loadings, loadings)
    np.fill_diagonal(matrix, 1)
    found = omega_total(with_correlations(matrix.tolist()) * spread)
    common = float(spread @ loadings) ** 2
    assert isinstance(found, Estimate)
    # Three items are just identified: only the optimiser's last digits may differ.
    assert found.estimate == pytest.approx(
        common / (common + float(spread**2 @ (1 - loadings**2))), abs=1e-9
    )


def test_omega_interval_may_pass_one_and_is_not_truncated() -> None:
    matrix = [[1, 0.95, 0.9], [0.95, 1, 0.92], [0.9, 0.92, 1]]
    found = omega_total(with_correlations(matrix, n=4))
    assert isinstance(found, Estimate)
    assert found.conf_low is not None
    assert found.conf_high is not None
    assert found.conf_low < found.estimate < 1 < found.conf_high
    assert "not truncated" in found.method


def test_heywood_case_is_unavailable_and_names_the_item() -> None:
    # The residual variance of item0 would be 1 - .9 * .9 / .7 = -.16.
    matrix = [[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]]
    absent = omega_total(with_correlations(matrix))
    assert isinstance(absent, Unavailable)
    assert absent.reason == (
        "Heywood case: residual variance at or below zero for item0"
    )
    assert absent.n == 50


def test_a_factor_the_data_do_not_identify_is_unavailable() -> None:
    absent = omega_total(with_correlations([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]))
    assert isinstance(absent, Unavailable)
    assert absent.reason == (
        "the data do not identify one factor: the likelihood is flat"
    )


def test_an_optimiser_that_stops_early_is_not_believed(
    responses: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_at_once(*given: object, **options: object) -> SimpleNamespace:
        return SimpleNamespace(x=given[1])

    monkeypatch.setattr(optimize, "minimize", stop_at_once)
    absent = omega_total(responses)
    assert isinstance(absent, Unavailable)
    assert absent.reason == "the likelihood of one factor did not reach a maximum"


@pytest.mark.parametrize(("n", "needed"), [(5, 6), (3, 6)])
def test_omega_needs_more_participants_than_items(
    responses: pd.DataFrame, n: int, needed: int
) -> None:
    absent = omega_total(responses.iloc[:n])
    assert isinstance(absent, Unavailable)
    assert absent.reason == (
        f"participants who answered every item {n}; at least {needed} needed"
    )


def test_omega_needs_three_items(responses: pd.DataFrame) -> None:
    absent = omega_total(responses[["a", "b"]])
    assert isinstance(absent, Unavailable)
    assert absent.reason == "number of items 2; at least 3 needed"


def test_mean_correlation_averages_pairs() -> None:
    matrix = [[1, 0.2, 0.3], [0.2, 1, 0.7], [0.3, 0.7, 1]]
    found = mean_inter_item_correlation(with_correlations(matrix))
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(0.4, abs=ROUNDING)
    assert "3 pairs" in found.method


def test_spearman_brown_steps_up_correlation_and_interval() -> None:
    found = spearman_brown(with_correlations([[1, 0.5], [0.5, 1]]))
    low, high = (math.tanh(math.atanh(0.5) + z) for z in (-reach(50), reach(50)))
    assert isinstance(found, Estimate)
    assert found.n == 50
    assert found.estimate == pytest.approx(2 / 3, abs=ROUNDING)
    assert found.conf_low == pytest.approx(2 * low / (1 + low), abs=ROUNDING)
    assert found.conf_high == pytest.approx(2 * high / (1 + high), abs=ROUNDING)


def reach(n: int) -> float:
    """Half the width of Fisher's z interval."""
    return 1.959963984540054 / math.sqrt(n - 3)


def test_spearman_brown_of_opposite_items_is_unavailable(
    responses: pd.DataFrame,
) -> None:
    absent = spearman_brown(pd.DataFrame({"a": responses["a"], "b": -responses["a"]}))
    assert isinstance(absent, Unavailable)
    assert absent.reason == "the two items disagree perfectly"


def test_spearman_brown_of_equal_items_is_one_without_interval(
    responses: pd.DataFrame,
) -> None:
    found = spearman_brown(pd.DataFrame({"a": responses["a"], "b": responses["a"]}))
    assert isinstance(found, Estimate)
    assert (found.estimate, found.conf_low) == (1.0, None)
    assert found.method.endswith("no interval: the correlation is perfect")


def test_three_participants_have_a_correlation_but_no_interval() -> None:
    found = spearman_brown(pd.DataFrame({"a": [1, 2, 3], "b": [1, 3, 2]}))
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(2 / 3, abs=ROUNDING)
    assert (found.conf_low, found.conf_high) == (None, None)
    assert found.method.endswith("no interval: n = 3, under 4")


@pytest.mark.parametrize("columns", [["a"], ["a", "b", "c"]])
def test_spearman_brown_is_for_two_items(
    responses: pd.DataFrame, columns: list[str]
) -> None:
    absent = spearman_brown(responses[columns])
    assert isinstance(absent, Unavailable)
    assert absent.reason == f"{len(columns)} items; exactly 2 needed"


@pytest.mark.parametrize("statistic", [*STATISTICS, spearman_brown])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frame: frame.assign(b="x"), "b does not hold numbers but text"),
        (lambda frame: frame.assign(b=1j), "b does not hold numbers but complex128"),
        (
            lambda frame: frame.assign(
                b=pd.Categorical(frame["b"].map("level {}".format))
            ),
            "b does not hold numbers but categories that are text: give their codes",
        ),
        (
            lambda frame: frame.assign(b=np.inf),
            "b holds 60 infinite or immense values",
        ),
        (lambda frame: frame.set_axis(["a", "a"], axis=1), "2 columns are named a"),
    ],
)
def test_columns_that_are_no_answers_are_named(
    responses: pd.DataFrame,
    statistic: Statistic,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    reason: str,
) -> None:
    absent = statistic(change(responses[["a", "b"]]))
    assert isinstance(absent, Unavailable)
    assert absent.reason == reason
    assert absent.n is None


@pytest.mark.parametrize("statistic", [*STATISTICS, spearman_brown])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_participants_are_counted(
    responses: pd.DataFrame, statistic: Statistic, n: int
) -> None:
    columns = ["a", "b"] if statistic is spearman_brown else list("abc")
    absent = statistic(responses[columns].iloc[:n])
    assert isinstance(absent, Unavailable)
    assert absent.reason.startswith(f"participants who answered every item {n};")
    assert absent.n == n


@pytest.mark.parametrize("statistic", STATISTICS)
def test_an_item_nobody_answered_is_named(
    responses: pd.DataFrame, statistic: Statistic
) -> None:
    absent = statistic(responses.assign(c=np.nan))
    assert isinstance(absent, Unavailable)
    assert absent.reason.endswith("no one answered c")
    assert absent.n == 0


@pytest.mark.parametrize("statistic", [*STATISTICS, spearman_brown])
def test_a_frame_without_columns_is_unavailable(
    responses: pd.DataFrame, statistic: Statistic
) -> None:
    absent = statistic(responses[[]])
    assert isinstance(absent, Unavailable)
    assert "items" in absent.reason


@pytest.mark.parametrize("statistic", STATISTICS)
def test_nullable_whole_numbers_count_as_numbers(
    responses: pd.DataFrame, statistic: Statistic
) -> None:
    assert statistic(responses.astype("Int64")) == statistic(responses)


@pytest.mark.parametrize("confidence", [0.3, 1.0, 95])
def test_a_confidence_no_interval_has_is_refused(
    responses: pd.DataFrame, confidence: float
) -> None:
    with pytest.raises(ValueError, match=r"give one from 0\.5 to below 1"):
        cronbach_alpha(responses, confidence=confidence)


def test_a_wider_confidence_gives_a_wider_interval_and_says_so(
    responses: pd.DataFrame,
) -> None:
    for statistic in (cronbach_alpha, omega_total):
        narrow, wide = statistic(responses), statistic(responses, confidence=0.975)
        assert isinstance(narrow, Estimate)
        assert isinstance(wide, Estimate)
        assert wide.conf_low is not None
        assert narrow.conf_low is not None
        assert wide.conf_low < narrow.conf_low
        assert "97.5 %" in wide.method


def test_responses_are_left_as_they_were(responses: pd.DataFrame) -> None:
    before = responses.copy()
    estimate_scale_reliability(responses, lowest=1, highest=5)
    pd.testing.assert_frame_equal(responses, before)


def test_scale_reliability_is_the_same_results_together(
    responses: pd.DataFrame,
) -> None:
    together = estimate_scale_reliability(responses, lowest=1, highest=5)
    assert together.cronbach_alpha == cronbach_alpha(responses)
    assert together.omega_total == omega_total(responses)
    assert together.mean_inter_item_correlation == mean_inter_item_correlation(
        responses
    )
    frame = together.to_frame()
    assert len(frame) == len(list(together.results())) == 3 + 5 * 7
    assert list(frame["item"]) == [""] * 3 + [
        item for item in "abcde" for _ in range(7)
    ]


def test_importing_the_room_loads_no_heavy_library() -> None:
    heavy = "{'scipy', 'statsmodels', 'pingouin', 'matplotlib'}"
    code = f"import sys, analysis.reliability; print({heavy} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"
