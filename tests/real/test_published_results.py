"""Published numbers, made again by the project's own functions, to the printed digit.

From rows: the short EQ (web volunteers), clubSandwich's vignette. From the numbers a
paper prints: effect sizes, standard errors and tests, through rows made to have exactly
these means, deviations and correlations, or straight from them.

What cannot be made again, and why:

- Modgill et al. 2014 (PMC4024210): alphas and standardised mean responses need the
  rows; the matched share is made again.
- Corker et al. 2013 (BJPsych 202, s58): its z is a test this project does not report;
  the difference of the two shares and its interval, which say the same, are made.
- Anti-stigma trends in England to 2015, 2019 and 2023 (PMC7292343, PMC6680221): changes
  adjusted by models of rows that are not public.
- Meta-analyses of contact (10.1016/j.cpr.2019.101749) and of Griffiths et al. (2014,
  PMC4102289): the trials' own effects are not printed beside them.
- Time to Change in primary care: 76 % and 92 %, and nobody says of how many.
- The Care Quality Commission's community survey 2014 to 2017: weighted shares, no n.
- The Carnegie survey in Wales: a count of people alone.
- The vignette's weighted models: the weights, states' people, are not in the rows kept.
- Making Data Count's chart rules: tests/outcomes/test_control_chart.py.
- An alpha of .79 of the JSPE in Johannesburg: needs the rows.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import shared_data
from oracle import oracle_rows
from scipy import stats

from analysis.cleaning.scoring import keyed_responses, score_responses
from analysis.storage.declared import read_instrument
from heard.effects.change import paired_change
from heard.effects.effect_sizes import (
    Contrast,
    cohen_d_z,
    difference_of_means,
    hedges_correction,
    hedges_g_av,
)
from heard.effects.judgement.equivalence import UncertainEffect, uncertain_effect
from heard.effects.shares import difference_of_shares, share
from heard.models.cluster_robust import ClusterRobustFit, cluster_robust_fit
from heard.models.random_streams import generator
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import pearson_correlation
from heard.psychometrics.dependability.components import VarianceComponents
from heard.psychometrics.dependability.decisions import (
    DecisionStudy,
    decision_study,
    raters_needed,
)
from heard.results import Estimate, Unavailable


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate)
    return result


def rows_with(
    mean: np.ndarray, covariance: np.ndarray, n: int, *, name: str
) -> np.ndarray:
    """Rows whose means and covariances (divisor n-1) are exactly these."""
    drawn = generator("published", name).standard_normal((n, len(mean)))
    drawn -= drawn.mean(axis=0)
    own = np.linalg.cholesky(np.cov(drawn, rowvar=False).reshape(len(mean), -1))
    whitened = np.linalg.solve(own, drawn.T).T
    made: np.ndarray = whitened @ np.linalg.cholesky(covariance).T + mean
    return made


def one_column(mean: float, deviation: float, n: int, *, name: str) -> np.ndarray:
    return rows_with(np.array([mean]), np.array([[deviation**2]]), n, name=name)[:, 0]


# ------------------------------------------------------------- the short EQ, from rows


@pytest.fixture(scope="module")
def eq_rows() -> pd.DataFrame:
    return pd.read_csv(shared_data("debruine_eq_short") / "eq_data.csv")


@pytest.fixture(scope="module")
def eq_scored(eq_rows: pd.DataFrame) -> pd.DataFrame:
    """Every completion with its score, and the moment it was begun."""
    answers = dict(read_instrument("eq22").answers)
    responses = pd.DataFrame(
        {
            f"eq22.{header.rstrip('R').lower()}": eq_rows[header].map(answers)
            for header in map(str, eq_rows)
            if header.startswith("Q")
        },
        dtype=float,
    )
    scores = score_responses(responses, [read_instrument("eq22")])
    began = pd.to_datetime(eq_rows["starttime"], utc=True)
    return eq_rows[["user_id", "sex"]].assign(
        began=began, score=scores["eq22.total"].to_numpy()
    )


def test_short_eq_describes_its_volunteers(eq_scored: pd.DataFrame) -> None:
    scores = eq_scored["score"].dropna()
    assert (len(eq_scored), len(scores)) == (7689, 6956)
    assert eq_scored["user_id"].nunique() == 7019
    assert scores.describe()[["mean", "std", "50%", "min", "max"]].tolist() == (
        pytest.approx([24.632116, 9.114525, 25, 0, 44], abs=5e-7)
    )
    for sex, n, mean, deviation in (
        ("female", 5072, 25.484621, 8.949306),
        ("male", 1862, 22.305585, 9.168057),
    ):
        found = eq_scored.loc[eq_scored["sex"] == sex, "score"].dropna()
        assert len(found) == n
        assert [found.mean(), found.std()] == pytest.approx([mean, deviation], abs=5e-7)


def test_short_eq_has_its_published_alpha(eq_rows: pd.DataFrame) -> None:
    eq = read_instrument("eq22")
    headers = [str(header) for header in eq_rows if str(header).startswith("Q")]
    names = [f"eq22.{header.rstrip('R').lower()}" for header in headers]
    texts = eq_rows[headers].set_axis(names, axis="columns")
    responses = texts.apply(lambda column: column.map(dict(eq.answers))).astype(float)
    found = estimate(cronbach_alpha(keyed_responses(responses, eq)))
    # .89461276253 in exact fractions; the list's last digit is one too many.
    assert found.estimate == pytest.approx(0.8946127625, abs=5e-11)
    assert found.conf_low == pytest.approx(0.891, abs=5e-4)
    assert found.conf_high == pytest.approx(0.898, abs=5e-4)
    # Agreement counted 1 to 4, without scoring both ways of disagreeing 0.
    agreement = {
        "strongly disagree": 1.0,
        "slightly disagree": 2.0,
        "slightly agree": 3.0,
        "strongly agree": 4.0,
    }
    plain = texts.apply(lambda column: column.map(agreement)).astype(float)
    turned = [n for n, header in zip(names, headers, strict=True) if header[-1] == "R"]
    plain[turned] = 5 - plain[turned]
    found = estimate(cronbach_alpha(plain))
    assert found.estimate == pytest.approx(0.8972411, abs=5e-8)


@pytest.mark.parametrize(
    ("days", "n", "value"), [(None, 254, 0.8639908), (14, 83, 0.8327678)]
)
def test_short_eq_agrees_with_itself_over_time(
    eq_scored: pd.DataFrame, days: int | None, n: int, value: float
) -> None:
    """First and second complete questionnaire of those who came back."""
    complete = eq_scored.dropna(subset="score")
    if days is not None:
        complete = complete.sort_values(["user_id", "began"], kind="stable")
    order = complete.groupby("user_id", sort=False).cumcount()
    first, second = (complete[order == place].set_index("user_id") for place in (0, 1))
    both = first.add_suffix("_first").join(second.add_suffix("_second"), how="inner")
    if days is not None:
        gap = both["began_second"] - both["began_first"]
        both = both[gap >= pd.Timedelta(days=days)]
    assert len(both) == n
    found = estimate(pearson_correlation(both["score_first"], both["score_second"]))
    assert found.estimate == pytest.approx(value, abs=5e-8)


# --------------------------------------------------------------- from printed numbers


@pytest.mark.parametrize(
    ("n", "change", "deviation", "t", "f", "size", "printed", "r"),
    [
        (236, -1.16, 4.60, -3.8740, 15.008, -0.2522, -0.251, 0.492),
        (143, -1.33, 3.74, -4.2525, 18.084, -0.3556, -0.356, 0.595),
    ],
)
def test_mental_health_first_aid_in_two_states(
    n: int,
    change: float,
    deviation: float,
    t: float,
    f: float,
    size: float,
    printed: float,
    r: float,
) -> None:
    """PMC7311230, table 3: the printed d is that of the changes, d_z."""
    before, after = {236: (4.79, 4.30), 143: (4.06, 4.24)}[n]
    shared = (before**2 + after**2 - deviation**2) / (2 * before * after)
    assert shared == pytest.approx(r, abs=5e-4)
    covariance = np.array(
        [[before**2, shared * before * after], [shared * before * after, after**2]]
    )
    rows = rows_with(np.array([0.0, change]), covariance, n, name=f"states {n}")
    columns = [pd.Series(column, index=range(n)) for column in rows.T]
    found = paired_change(*columns)
    d_z = estimate(found.cohen_d_z)
    assert d_z.estimate == pytest.approx(size, abs=5e-5)
    # Of means printed to two digits the third digit is not known.
    assert d_z.estimate == pytest.approx(printed, abs=2e-3)
    effect = uncertain_effect(found.mean_change, degrees_of_freedom=n - 1)
    assert isinstance(effect, UncertainEffect)
    ratio = effect.effect / effect.standard_error
    assert ratio == pytest.approx(t, abs=5e-5)
    assert ratio**2 == pytest.approx(f, abs=5e-4)
    straight = cohen_d_z(mean_change=change, sd_change=deviation, n=n)
    assert estimate(straight).conf_low == pytest.approx(d_z.conf_low, abs=1e-9)


def test_same_change_is_three_sizes() -> None:
    """Stuart (2016) on 24.56 (6.71) to 23.62 (6.93), r .73: .186 printed, not .52."""
    before, after, r, change, n = 6.71, 6.93, 0.73, 24.56 - 23.62, 500
    spread = math.sqrt(before**2 + after**2 - 2 * r * before * after)
    d_z = estimate(cohen_d_z(mean_change=change, sd_change=spread, n=n))
    assert d_z.estimate == pytest.approx(0.1874, abs=5e-5)
    assert d_z.estimate == pytest.approx(0.186, abs=2e-3)
    g_av = estimate(
        hedges_g_av(
            mean_change=change, sd_before=before, sd_after=after, correlation=r, n=n
        )
    )
    uncorrected = g_av.estimate / hedges_correction(n - 1)
    assert uncorrected == pytest.approx(0.1378, abs=5e-5)


def test_discrimination_in_two_years() -> None:
    """Corker et al. (2013): z -1.80 from the printed shares, so 0 is just inside."""
    first, second, n, m = 0.91, 0.88, 537, 1016
    pooled = (first * n + second * m) / (n + m)
    z = (second - first) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    assert z == pytest.approx(-1.80, abs=5e-3)
    found = estimate(
        difference_of_shares(
            (round(second * m), m), (round(first * n), n), term="d", method="2011"
        )
    )
    assert found.estimate == pytest.approx(-0.03, abs=1e-3)
    assert found.conf_low is not None
    assert found.conf_high is not None
    assert found.conf_low < 0 < found.conf_high < 0.01


def printed_interval(value: float, low: float, high: float) -> Estimate:
    return Estimate(
        term="printed",
        estimate=value,
        conf_low=low,
        conf_high=high,
        n=1,
        method="paper",
    )


def test_standard_errors_out_of_printed_intervals() -> None:
    """Corker et al. (2016, PMC6681145): mean difference, and log odds ratio."""
    effect = uncertain_effect(printed_interval(-13.55, -17.32, -9.78))
    assert isinstance(effect, UncertainEffect)
    assert effect.standard_error == pytest.approx(1.92, abs=5e-3)
    low, high = math.log(0.36), math.log(0.94)
    odds = uncertain_effect(printed_interval((low + high) / 2, low, high))
    assert isinstance(odds, UncertainEffect)
    assert odds.standard_error == pytest.approx(0.245, abs=5e-4)
    assert round(math.exp(odds.effect), 2) == 0.58
    # Its p is printed as .03.
    assert round(2 * (1 - odds.chance_above(0)), 2) == 0.03
    # On its own scale an odds ratio has arms of two lengths, and is refused.
    assert isinstance(uncertain_effect(printed_interval(0.58, 0.36, 0.94)), Unavailable)


def test_empathy_of_students_in_johannesburg() -> None:
    """t 2.51 printed; whole means and few digits allow 2.3 to 3.4."""

    def t_of(women: float, men: float) -> float:
        found = difference_of_means(
            one_column(women, 9.8, 95, name="women"),
            one_column(men, 12, 63, name="men"),
            scale=100,
            equal_variances=True,
        )
        assert isinstance(found, Contrast)
        return found.value / found.standard_error

    assert t_of(109, 104) == pytest.approx(2.868, abs=5e-4)
    assert t_of(108.5, 104.5) < 2.51 < t_of(109.5, 103.5)
    together = np.concatenate(
        [one_column(109, 9.8, 95, name="women"), one_column(104, 12, 63, name="men")]
    )
    assert together.mean() == pytest.approx(107, abs=0.5)
    assert together.std(ddof=1) == pytest.approx(10.9, abs=0.15)


def test_matched_share_of_a_programmes_evaluation() -> None:
    """Modgill et al. (2014): 803 of 1,523 were matched, 52.7 %."""
    found = estimate(share(803, 1523, term="matched", method="forms"))
    assert round(100 * found.estimate, 1) == 52.7
    # Wilson's limits by his formula (1927).
    z, p, n = stats.norm.ppf(0.975), 803 / 1523, 1523
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert found.conf_low == pytest.approx(centre - reach, abs=1e-12)
    assert found.conf_high == pytest.approx(centre + reach, abs=1e-12)


def rated(rho: float) -> VarianceComponents:
    """Variance between the rated, and between ratings, of a single rating's ICC."""
    nothing = Unavailable(term="mean", reason="not printed")
    return VarianceComponents(
        mean=nothing,
        components=(),
        variances={"clinician": rho, "residual": 1 - rho},
        fit=None,
        basis="published",
        interval="wald",
        n=1,
    )


@pytest.mark.parametrize(
    ("raters", "reliability", "rho", "for_70", "for_80"),
    [
        (40, 0.7, 0.0551, 40.0, 68.6),
        (38, 0.8, 0.0952, 22.2, 38.0),
        (15, 0.8, 0.2105, 8.75, 15.0),
        (20, 0.8, 0.1667, 11.67, 20.0),
        (50, 0.8, 0.0741, 29.2, 50.0),
    ],
)
def test_raters_of_the_care_measure(
    raters: int, reliability: float, rho: float, for_70: float, for_80: float
) -> None:
    """UK secondary care, Japan, Hong Kong (a range), UK primary care; rounded up."""
    odds = reliability / (1 - reliability) / raters
    single = odds / (1 + odds)
    assert single == pytest.approx(rho, abs=5e-5)
    found = decision_study(
        rated(single), target="clinician", numbers={"ratings": [1, raters]}
    )
    assert isinstance(found, DecisionStudy)
    alone, mean = (estimate(point.dependability) for point in found.points)
    assert alone.estimate == pytest.approx(single, abs=1e-12)
    assert mean.estimate == pytest.approx(reliability, abs=1e-12)
    for required, needed in ((0.7, for_70), (0.8, for_80)):
        result = estimate(
            raters_needed(rated(single), target="clinician", required=required)
        )
        reported = float(result.method.split("before rounding up ")[1].split(";")[0])
        assert reported == pytest.approx(needed, abs=0.05)
        assert result.estimate == math.ceil(round(reported, 6))


LOADINGS = {
    "attitudes": (0.539, 0.325, 0.508, 0.469, 0.263, 0.446),
    "disclosure": (0.338, 0.573, 0.519, 0.461),
    "social_distance": (0.439, 0.382, 0.709, 0.591, 0.55),
}
FACTOR_CORRELATIONS = np.array(
    [[1, 0.526, 0.814], [0.526, 1, 0.388], [0.814, 0.388, 1]]
)


def test_loadings_of_the_oms_hc_come_back_and_give_their_omegas() -> None:
    """Van der Maas et al. (2018, PMC5788120), table 4; n 190."""
    names = {f: [f"{f}_{k}" for k in range(len(v))] for f, v in LOADINGS.items()}
    loadings = np.zeros((15, 3))
    place = 0
    for factor, values in enumerate(LOADINGS.values()):
        loadings[place : place + len(values), factor] = values
        place += len(values)
    implied = loadings @ FACTOR_CORRELATIONS @ loadings.T
    np.fill_diagonal(implied, 1)
    items = [name for part in names.values() for name in part]
    rows = rows_with(np.zeros(15), implied, 190, name="oms")
    found = confirmatory_factors(
        pd.DataFrame(rows, columns=items), factors=names, estimator="ml"
    )
    assert isinstance(found, ConfirmatoryFactors)
    seen = [estimate(each.standardised_loading).estimate for each in found.loadings]
    expected = [value for values in LOADINGS.values() for value in values]
    assert [round(value, 3) for value in seen] == expected
    between = [estimate(each.factor_correlation).estimate for each in found.relations]
    assert [round(value, 3) for value in between] == [0.526, 0.814, 0.388]
    for values, each in zip(LOADINGS.values(), found.reliability, strict=True):
        common = sum(values) ** 2
        own = sum(1 - value**2 for value in values)
        # Ours stops when the likelihood no longer moves.
        assert estimate(each.composite_reliability).estimate == pytest.approx(
            common / (common + own), abs=1e-4
        )


# ------------------------------------------------------------------------ from rows


@pytest.mark.parametrize(
    ("name", "value", "cr1", "cr2", "t", "degrees", "p"),
    [
        ("legal", 7.5877, 2.4413, 2.5131, 3.019, 24.58, 0.00583),
        ("beertaxa", 3.8187, 5.1424, 5.2650, 0.725, 5.77, 0.49663),
    ],
)
def test_drinking_age_and_beer_tax_as_clubsandwich_prints_them(
    name: str,
    value: float,
    cr1: float,
    cr2: float,
    t: float,
    degrees: float,
    p: float,
) -> None:
    rows = oracle_rows("clustered_mortality.csv")
    years = pd.get_dummies(rows["year"], dtype=float).iloc[:, 1:]
    columns = ["legal", "beertaxa"]

    def fitted(adjustment: str) -> ClusterRobustFit:
        fit = cluster_robust_fit(
            rows["mrate"].to_numpy(float),
            np.hstack([rows[columns].to_numpy(float), years]),
            rows["state"].to_numpy(),
            names=[*columns, *map(str, years.columns)],
            adjustment=adjustment,  # type: ignore[arg-type]
            absorb=rows["state"].to_numpy(),
        )
        assert isinstance(fit, ClusterRobustFit)
        return fit

    plain, fit = fitted("CR1"), fitted("CR2")
    found = fit.coefficients[columns.index(name)]
    assert round(found, 4) == value
    assert round(plain.standard_error(name), 4) == cr1
    assert round(fit.standard_error(name), 4) == cr2
    assert round(found / fit.standard_error(name), 3) == t
    assert round(fit.degrees_of_freedom(name), 2) == degrees
    assert round(estimate(fit.p_value(name, term="p")).estimate, 5) == p
