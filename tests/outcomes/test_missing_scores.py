"""Missing scores: counted, weighted, filled in and shifted, or a reason why not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.effects.missing_data.arm_effect import ArmModel, imputed_arm_difference
from heard.effects.missing_data.attrition import (
    attrition_table,
    completers_and_dropouts,
)
from heard.effects.missing_data.tipping_point import TippingPoint, tipping_point
from heard.effects.missing_data.weighting import (
    AttritionModel,
    ResponseWeights,
    attrition_model,
    complete_arm_difference,
    response_weights,
    weighted_arm_difference,
)
from heard.models.chained_equations import draw_model, matched
from heard.models.imputation import (
    Imputation,
    chain_mixing,
    imputation_diagnostics,
    impute,
)
from heard.models.imputation_pooling import PooledEstimate, pool
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

MODEL = ArmModel(outcome="after", treated="pack", reference="usual", cluster="team")
ADJUSTED = dataclasses.replace(MODEL, adjust=("before",))
SHIFTS = [-6.0, -3.0, -1.0, 0.0, 1.0]


def simulated(n_teams: int = 12, size: int = 30, *, seed: str = "missing") -> Any:
    """Everybody, with an effect of .5; and with gaps, more where `before` is high."""
    random = generator("test", seed)
    team = np.repeat(np.arange(n_teams), size)
    arm = team % 2
    shared = random.normal(0, 0.3, n_teams)[team]
    before = random.normal(0, 1, len(team)) + shared
    after = 0.7 * before + 0.5 * arm + shared + random.normal(0, 0.7, len(team))
    people = pd.DataFrame(
        {
            "arm": np.where(arm, "pack", "usual"),
            "team": team,
            "before": before,
            "grade": np.where(random.random(len(team)) < 0.4, "junior", "senior"),
            "after": after,
        }
    )
    chance = 1 / (1 + np.exp(1 - before * (0.5 + 1.5 * arm)))
    return people, people.assign(
        after=people["after"].mask(random.random(len(team)) < chance)
    )


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    with_gaps: pd.DataFrame = simulated()[1]
    return with_gaps


@pytest.fixture(scope="module")
def filled(people: pd.DataFrame) -> Imputation:
    return imputed(people)


@pytest.fixture(scope="module")
def strong(people: pd.DataFrame) -> pd.DataFrame:
    """The same people, and the treated arm a point better."""
    return people.assign(after=people["after"] + people["arm"].eq("pack"))


@pytest.fixture(scope="module")
def strong_filled(strong: pd.DataFrame) -> Imputation:
    return imputed(strong)


def imputed(people: pd.DataFrame, **options: Any) -> Imputation:
    how: dict[str, Any] = {
        "scores": ["before", "after"],
        "arm": "arm",
        "cluster": "team",
        "seed": "test",
    }
    found = impute(people, **how | options)
    assert isinstance(found, Imputation)
    return found


def estimate(result: Any) -> Estimate:
    assert isinstance(result, Estimate)
    return result


def limits(result: Any) -> tuple[float, float]:
    found = estimate(result)
    assert found.conf_low is not None
    assert found.conf_high is not None
    return found.conf_low, found.conf_high


def all_absent(composite: Composite) -> bool:
    return all(isinstance(result, Unavailable) for result in composite.results())


# --- who is there -----------------------------------------------------------------


def test_everybody_who_started_is_counted_at_every_wave() -> None:
    responses = pd.DataFrame(
        [
            ("a", 1, "pack", 3.0),
            ("a", 2, "pack", np.nan),
            ("b", 1, "pack", 2.0),
            ("b", 2, "pack", 2.0),
            ("c", 1, "usual", np.nan),
            ("c", 2, "usual", 4.0),
            ("d", 1, None, 4.0),
        ],
        columns=["participant", "wave", "arm", "score"],
    )
    table = attrition_table(responses, waves=["1", "2", "3"], reference="usual")
    counts = {
        (part.arm, part.wave): estimate(part.n_present).estimate
        for part in table.retention
    }
    assert counts == {
        ("pack", "1"): 2,
        ("usual", "1"): 0,
        ("pack", "2"): 1,
        ("usual", "2"): 1,
        ("pack", "3"): 0,
        ("usual", "3"): 0,
    }
    first = table.retention[0]
    assert estimate(first.share_present_difference).estimate == 1.0
    assert isinstance(table.retention[1].share_present_difference, Unavailable)


def test_nobody_and_no_reference_are_absences_not_crashes() -> None:
    empty = pd.DataFrame(columns=["participant", "wave", "arm", "score"])
    assert attrition_table(empty, waves=["1"], reference="usual").retention == ()
    one = pd.DataFrame(
        {"participant": ["a"], "wave": ["1"], "arm": ["p"], "score": [1.0]}
    )
    part = attrition_table(one, waves=["1"], reference="usual").retention[0]
    assert isinstance(part.share_present_difference, Unavailable)


def test_stayers_less_leavers_has_the_sign_of_those_who_stayed(
    people: pd.DataFrame,
) -> None:
    found = completers_and_dropouts(
        people, outcome="after", baseline=["before", "grade"], arm="arm"
    )
    whole = {(part.variable, part.arm): part.stayers_minus_leavers for part in found}
    assert len(whole) == 9  # one number and two grades, everybody and two arms
    assert limits(whole["before", "everybody"])[1] < 0  # the high ones left
    junior = estimate(whole["grade: junior", "pack"]).estimate
    assert junior == pytest.approx(-estimate(whole["grade: senior", "pack"]).estimate)
    grades = people[people["arm"].eq("pack")].assign(
        left=lambda rows: rows["after"].isna()
    )
    shares = grades["grade"].eq("junior").groupby(grades["left"]).mean()
    assert junior == pytest.approx(shares[False] - shares[True])


def test_comparing_leavers_where_nobody_left_says_so(people: pd.DataFrame) -> None:
    whole = people.dropna()
    found = completers_and_dropouts(
        whole, outcome="after", baseline=["before", "grade"]
    )
    assert all(all_absent(part) for part in found)


def odd(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(rows.index % 2 == 1, index=rows.index)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows.dropna(), "everyone stayed"),
        (lambda rows: rows.assign(after=np.nan), "everyone left"),
        (lambda rows: rows.assign(before=1.0), "never varies"),
        (lambda rows: rows.assign(before=rows["after"].isna() * 1.0), "always"),
        (lambda rows: rows.assign(team=rows["team"] % 4), "4 clusters"),
        (lambda rows: rows.iloc[:2], "everyone|no rows to spare|always"),
        (lambda rows: rows.assign(before=rows["after"].notna() & odd(rows)), "always"),
    ],
)
def test_leaving_that_cannot_be_modelled_says_why(
    people: pd.DataFrame, change: Any, reason: str
) -> None:
    found = attrition_model(
        change(people), outcome="after", predictors=["before"], cluster="team"
    )
    assert isinstance(found, Unavailable)
    assert any(part in found.reason for part in reason.split("|"))


def test_odds_over_one_mean_that_more_leave(people: pd.DataFrame) -> None:
    found = attrition_model(people, outcome="after", predictors=["before"], arm="arm")
    assert isinstance(found, AttritionModel)
    before = next(part for part in found.odds_ratios if part.predictor == "before")
    assert limits(before.odds_ratio)[0] > 1
    assert estimate(found.leavers_differ_by_arm).estimate < 0.05


# --- weights ----------------------------------------------------------------------


def test_weights_mend_the_balance_and_cost_people(people: pd.DataFrame) -> None:
    found = weights(people)
    before = next(part for part in found.summary.balance if part.predictor == "before")
    unweighted = abs(estimate(before.unweighted).estimate)
    assert abs(estimate(before.weighted).estimate) < unweighted / 2
    assert estimate(found.summary.effective_n).estimate < len(found.values)
    assert found.values.mean() == pytest.approx(1, abs=0.1)


def test_trimming_is_told(people: pd.DataFrame) -> None:
    whole, cut = weights(people, trim=1.0), weights(people, trim=0.9)
    assert estimate(whole.summary.n_trimmed).estimate == 0
    count = estimate(cut.summary.n_trimmed).estimate
    assert count == (whole.values > cut.values.max()).sum() > 0
    assert count > 0
    # A count in the words of a method would pass any control of what may be shown.
    assert "weights above their quantile" in cut.method
    assert str(len(cut.values)) not in cut.method


def test_weights_where_an_arm_lost_nobody_say_so(people: pd.DataFrame) -> None:
    kept = people[people["arm"].eq("usual") | people["after"].notna()]
    found = response_weights(
        kept, outcome="after", predictors=["before"], arm="arm", by_arm=True
    )
    assert isinstance(found, Unavailable)
    assert "everyone stayed" in found.reason


def weights(people: pd.DataFrame, **options: Any) -> ResponseWeights:
    how: dict[str, Any] = {"predictors": ["before"], "arm": "arm", "by_arm": True}
    found = response_weights(people, outcome="after", **how | options)
    assert isinstance(found, ResponseWeights)
    return found


# --- filling in -------------------------------------------------------------------


def test_leaving_out_is_biased_and_weighting_and_filling_in_are_not() -> None:
    """Missing at random given `before`: seen against the same people without gaps."""
    errors = []
    for turn in range(8):
        whole, with_gaps = simulated(20, 40, seed=f"recovery {turn}")
        right = estimate(complete_arm_difference(whole, MODEL)).estimate
        filled_in = imputed(with_gaps, arm_slopes=True, n_sets=10, seed=str(turn))
        found = [
            complete_arm_difference(with_gaps, MODEL),
            weighted_arm_difference(with_gaps, weights(with_gaps, trim=1.0), MODEL),
            imputed_arm_difference(with_gaps, filled_in, MODEL).effect,
        ]
        errors.append([estimate(part).estimate - right for part in found])
    left_out, weighted, filled_in = np.mean(errors, axis=0)
    assert left_out < -0.15
    assert abs(weighted) < 0.06
    assert abs(filled_in) < 0.04


def test_gaps_that_fall_by_chance_bias_nobody() -> None:
    errors = []
    for turn in range(6):
        whole, _ = simulated(12, 40, seed=f"by chance {turn}")
        gaps = generator("test", "gaps", str(turn)).random(len(whole)) < 0.3
        with_gaps = whole.assign(after=whole["after"].mask(gaps))
        right = estimate(complete_arm_difference(whole, MODEL)).estimate
        found = imputed_arm_difference(
            with_gaps, imputed(with_gaps, n_sets=10), MODEL
        ).effect
        errors.append(estimate(found).estimate - right)
    assert abs(np.mean(errors)) < 0.05


def test_filled_in_people_are_as_alike_in_teams_as_others() -> None:
    """With half of the scores gone, the spread of teams' means stays what it was."""
    random = generator("test", "alike")
    team = np.repeat(np.arange(40), 25)
    after = random.normal(0, 1, 40)[team] + random.normal(0, 1, len(team))
    people = pd.DataFrame({"team": team, "before": random.normal(size=len(team))})
    with_gaps = people.assign(
        after=np.where(random.random(len(team)) < 0.5, np.nan, after)
    )

    def spread(values: Any) -> float:
        return float(pd.Series(values).groupby(team).mean().var())

    by_team = imputed(with_gaps, arm=None, cluster="team")
    alone = imputed(with_gaps, arm=None, cluster=None)
    kept = np.mean([spread(values[:, 1]) for values in by_team.values])
    lost = np.mean([spread(values[:, 1]) for values in alone.values])
    assert kept == pytest.approx(spread(after), rel=0.15)
    assert lost < 0.5 * spread(after)


def test_what_was_seen_stays_and_what_is_matched_was_seen(
    people: pd.DataFrame, filled: Imputation
) -> None:
    before = people.copy()
    seen = people["after"].notna().to_numpy()
    for frame in filled.completed(people):
        assert frame["after"].notna().all()
        assert frame.loc[seen, "after"].equals(people.loc[seen, "after"])
        assert frame.loc[~seen, "after"].isin(people["after"].dropna()).all()
    assert people.equals(before)


def test_the_same_name_gives_the_same_draws(people: pd.DataFrame) -> None:
    first, again = imputed(people), imputed(people)
    other = imputed(people, seed="other")
    assert np.array_equal(first.values, again.values)
    assert not np.array_equal(first.values, other.values)


def test_units_do_not_matter(people: pd.DataFrame) -> None:
    """A score in hundredths is filled in as the same people's score."""
    hundred = imputed(people.assign(after=people["after"] * 100 + 5000))
    plain = imputed(people)
    assert hundred.values[:, :, 1] == pytest.approx(
        plain.values[:, :, 1] * 100 + 5000, rel=1e-9
    )


def test_sums_kept_up_to_date_do_not_drift(people: pd.DataFrame) -> None:
    """After 60 iterations the draws are as good as after 10: nothing is singular."""
    long = imputed(people, n_iterations=60, arm_slopes=True)
    assert np.isfinite(long.values).all()
    late = long.values[:, long.filled_in("after"), 1].mean()
    assert late == pytest.approx(
        imputed(people, arm_slopes=True).values[:, long.filled_in("after"), 1].mean(),
        abs=0.1,
    )


def twinned(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(twin=rows["before"])


def gone(rows: pd.DataFrame, where: Any) -> pd.DataFrame:
    return rows.assign(after=rows["after"].mask(where))


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        (lambda rows: rows.assign(team=rows["team"] % 4), {}, "4 clusters"),
        (lambda rows: rows.assign(after=np.nan), {}, "hardly any score"),
        (lambda rows: rows.assign(after=rows["after"] * 0 + 1), {}, "all the same"),
        (lambda rows: rows.assign(before=np.inf), {}, "infinite"),
        (twinned, {"scores": ["before", "twin", "after"]}, "predict each other"),
        (lambda rows: gone(rows, rows["arm"].eq("pack")), {}, "some arm"),
        (lambda rows: gone(rows, rows.index >= 6), {}, "too rarely"),
        (lambda rows: rows.assign(arm=None), {}, "no one has"),
        (lambda rows: rows, {"n_sets": 1}, "at least 2"),
    ],
)
def test_scores_that_cannot_be_filled_in_say_why(
    people: pd.DataFrame, change: Any, options: dict[str, Any], reason: str
) -> None:
    how = {"scores": ["before", "after"], "arm": "arm", "cluster": "team"}
    found = impute(change(people), seed="test", **how | options)
    assert isinstance(found, Unavailable)
    assert reason in found.reason


def test_people_without_a_team_are_left_out_and_counted(people: pd.DataFrame) -> None:
    teamless = people.assign(team=people["team"].where(people.index >= 7))
    found = imputed(teamless)
    assert "7 without arm, cluster or covariate left out" in found.method
    assert all(len(frame) == len(people) - 7 for frame in found.completed(teamless))


def test_variances_drawn_are_those_of_the_people() -> None:
    """40 clusters of 25, variances 1 and .5; a 41st cluster has nobody to tell of it.

    Against the analysis of variance, within what 1,600 draws can miss by.
    """
    random = generator("test", "variances")
    codes = np.repeat(np.arange(40), 25)
    score = random.normal(0, 0.5**0.5, 40)[codes] + random.normal(size=1000)
    rows = np.column_stack([np.ones(1000), random.normal(size=1000), score])
    sums = np.array([rows[codes == code].sum(axis=0) for code in range(41)])
    between = residual = np.ones(200)
    drawn = []
    for _ in range(10):
        model = draw_model(
            np.repeat((rows.T @ rows)[None], 200, axis=0),
            np.repeat(sums[None], 200, axis=0),
            np.array([25.0] * 40 + [0.0]),
            residual=residual,
            between=between,
            random=random,
        )
        residual, between = model.residual, model.between
        drawn.append([residual.mean(), between.mean(), model.shifts[:, 40].var()])
    within, spread, unseen = np.mean(drawn[2:], axis=0)
    means = score.reshape(40, 25).mean(axis=1)
    inside = score.reshape(40, 25).var(axis=1, ddof=1).mean()
    expected = means.var(ddof=1) - inside / 25
    assert within == pytest.approx(inside, rel=0.05)
    assert spread == pytest.approx(expected * 40 / 37, rel=0.1)  # mean of the draws
    assert unseen == pytest.approx(spread, rel=0.15)


def test_donors_are_the_nearest() -> None:
    random = generator("test", "donors")
    donors, wanted = random.normal(size=(3, 40)), random.normal(size=(3, 200)) * 2
    found = matched(donors, wanted, random)
    gaps = np.abs(donors[:, None, :] - wanted[:, :, None])
    taken = np.take_along_axis(gaps, found[:, :, None], axis=2)[:, :, 0]
    fifth = np.sort(gaps, axis=2)[:, :, 4]
    assert (taken <= fifth).all()
    assert np.isclose(taken, fifth).any()  # the fifth is among those taken


def test_the_last_digits_of_a_prediction_choose_no_donor() -> None:
    """Predictions of people alike, and halfway between donors, differ in rounding."""
    random = generator("test", "donors alike")
    donors = np.round(random.normal(size=(3, 60)), 1)
    wanted = np.round(random.normal(size=(3, 200)), 1) + 0.05
    found = [
        matched(
            donors + 1e-14 * random.normal(size=donors.shape),
            wanted + 1e-14 * random.normal(size=wanted.shape),
            generator("test", "the same draws"),
        )
        for _ in range(5)
    ]
    assert all((other == found[0]).all() for other in found)


def test_diagnostics_tell_chains_that_agree_from_those_that_do_not(
    filled: Imputation,
) -> None:
    (after,) = imputation_diagnostics(filled).scores
    assert after.score == "after"
    assert 0.8 < estimate(after.chain_mixing).estimate < 1.3
    assert estimate(after.share_missing).estimate == filled.filled_in("after").mean()
    assert estimate(after.filled_in_minus_seen).estimate > 0  # the high ones left
    deviation = generator("test", "mixing").normal(size=(10, 5)) + 10 * np.arange(5)
    assert (chain_mixing(deviation) or 0) > 5
    assert chain_mixing(np.ones((10, 5))) is None


# --- pooling ----------------------------------------------------------------------


def test_sets_that_agree_give_nearly_the_interval_of_one() -> None:
    pooled = pool([2.0] * 5, [0.3] * 5, complete_degrees=1e6, n=9, term="x", method="")
    effect = estimate(pooled.effect)
    assert effect.conf_low == pytest.approx(2 - 1.959964 * 0.3, abs=1e-5)
    assert estimate(pooled.monte_carlo_error).estimate == 0


def test_what_varies_between_sets_widens() -> None:
    options: dict[str, Any] = {
        "complete_degrees": 50.0,
        "n": 9,
        "term": "x",
        "method": "",
    }
    same = limits(pool([2.0, 2.0], [0.3, 0.3], **options).effect)
    deviation = limits(pool([1.5, 2.5], [0.3, 0.3], **options).effect)
    assert deviation[0] < same[0] < same[1] < deviation[1]


@pytest.mark.parametrize(
    ("values", "errors"), [([1.0], [0.1]), ([1, np.nan], [1, 1]), ([1, 2], [0, 1])]
)
def test_what_cannot_be_pooled_says_why(values: Any, errors: Any) -> None:
    found = pool(values, errors, complete_degrees=9, n=9, term="x", method="")
    assert all_absent(found)


def test_pooling_over_too_few_teams_says_so(people: pd.DataFrame) -> None:
    few = people.assign(team=people["team"] % 4)
    found = imputed_arm_difference(few, imputed(few, cluster=None), MODEL)
    assert isinstance(found, PooledEstimate)
    assert all_absent(found)
    assert isinstance(found.effect, Unavailable)
    assert "4 clusters" in found.effect.reason


def test_pooling_an_empty_arm_says_so(people: pd.DataFrame, filled: Imputation) -> None:
    model = ArmModel(outcome="after", treated="else", reference="usual", cluster="team")
    assert all_absent(imputed_arm_difference(people, filled, model))


# --- shifting ---------------------------------------------------------------------


@pytest.mark.parametrize("whom", [{"pack": 1.0}, {"pack": 1.0, "usual": -0.5}])
def test_the_curve_is_what_shifting_and_refitting_gives(
    strong: pd.DataFrame, strong_filled: Imputation, whom: dict[str, float]
) -> None:
    found = tipped(strong, strong_filled, shifted=whom)
    for part in found.curve:
        moved = strong["arm"].map(whom).fillna(0).to_numpy() * float(part.shift)
        values = strong_filled.values.copy()
        values[:, :, 1] += moved * strong_filled.filled_in("after")
        shifted = Imputation(
            scores=strong_filled.scores,
            values=values,
            missing=strong_filled.missing,
            positions=strong_filled.positions,
            means=strong_filled.means,
            deviations=strong_filled.deviations,
            method=strong_filled.method,
        )
        direct = estimate(imputed_arm_difference(strong, shifted, ADJUSTED).effect)
        curve = estimate(part.effect)
        assert [curve.estimate, curve.conf_low, curve.conf_high] == pytest.approx(
            [direct.estimate, direct.conf_low, direct.conf_high], rel=1e-9
        )


def test_at_the_tipping_point_the_interval_is_at_zero(
    strong: pd.DataFrame, strong_filled: Imputation
) -> None:
    found = tipped(strong, strong_filled)
    point = estimate(found.interval_zero).estimate
    assert -6 < point < 0
    (there,) = [
        part
        for part in tipped(strong, strong_filled, shifts=[point, 0]).curve
        if part.shift != "0"
    ]
    assert estimate(there.effect).conf_low == pytest.approx(0, abs=1e-9)
    assert estimate(found.estimate_zero).estimate < point
    assert "lower than those of similar people who stayed" in found.sentence()


def test_the_smallest_effect_is_reached_before_zero(
    strong: pd.DataFrame, strong_filled: Imputation
) -> None:
    found = tipped(strong, strong_filled, smallest_effect=0.2)
    at_zero = estimate(found.estimate_zero).estimate
    assert at_zero < estimate(found.estimate_smallest_effect).estimate < 0


def test_shifts_that_change_nothing_say_so(
    strong: pd.DataFrame, strong_filled: Imputation
) -> None:
    near = tipped(strong, strong_filled, shifts=[-0.1, 0.1])
    assert isinstance(near.interval_zero, Unavailable)
    assert "no shift from -0.1 to 0.1 points" in near.sentence()


@pytest.mark.parametrize(
    "options", [{"shifts": [1.0]}, {"shifts": [0, np.inf]}, {"shifted": {"pack": 0.0}}]
)
def test_shifts_that_cannot_be_made_say_why(
    strong: pd.DataFrame, strong_filled: Imputation, options: dict[str, Any]
) -> None:
    how: dict[str, Any] = {"shifts": SHIFTS}
    found = tipping_point(strong, strong_filled, ADJUSTED, **how | options)
    assert isinstance(found, Unavailable)


def test_an_interval_that_holds_zero_is_shifted_until_it_does_not() -> None:
    with_gaps = simulated(8, 10, seed="nothing")[1]
    with_gaps = with_gaps.assign(
        after=with_gaps["after"] - 0.5 * with_gaps["arm"].eq("pack")
    )
    filled = imputed(with_gaps)
    found = tipped(with_gaps, filled, shifts=[-9, 9])
    point = estimate(found.interval_zero).estimate
    assert "would no longer hold 0" in found.sentence()
    # nowhere nearer, on either side
    shifts = [0, 0.99 * point, 1.01 * point, -0.99 * point]
    for part in tipped(with_gaps, filled, shifts=shifts).curve:
        low, high = limits(part.effect)
        held = low <= 0 <= high
        assert held == (abs(float(part.shift)) < abs(point))


def test_the_true_shift_gives_the_true_effect() -> None:
    """Leavers of one arm lie .6 lower than similar people who stayed."""
    errors = []
    for turn in range(8):
        whole, with_gaps = simulated(12, 40, seed=f"worse {turn}")
        left = with_gaps["after"].isna() & with_gaps["arm"].eq("pack")
        whole = whole.assign(after=whole["after"] - 0.6 * left)
        right = estimate(complete_arm_difference(whole, ADJUSTED)).estimate
        found = tipped(with_gaps, imputed(with_gaps, n_sets=10), shifts=[-0.6, 0.0])
        errors.append([estimate(p.effect).estimate - right for p in found.curve])
    shifted, unshifted = np.mean(errors, axis=0)
    assert abs(shifted) < 0.04
    assert unshifted > 0.15


def tipped(people: pd.DataFrame, filled: Imputation, **options: Any) -> TippingPoint:
    how: dict[str, Any] = {"shifts": SHIFTS}
    found = tipping_point(people, filled, ADJUSTED, **how | options)
    assert isinstance(found, TippingPoint)
    return found
