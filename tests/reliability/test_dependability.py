"""Dependability: what each result promises, and what it does with poor data."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.dependability.components import (
    VarianceComponents,
    crossed,
    nested,
    variance_components,
)
from heard.psychometrics.dependability.decisions import (
    DecisionStudy,
    decision_study,
    raters_needed,
)
from heard.psychometrics.dependability.nested_reliability import (
    NestedReliability,
    nested_reliability,
)
from heard.psychometrics.dependability.staff import (
    StaffDependability,
    staff_dependability,
)
from heard.results import Composite, Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

STAFF, RATERS = 8, 5


@pytest.fixture
def ratings() -> pd.DataFrame:
    """Eight staff, the same five raters, each a little hard or soft."""
    draw = np.random.default_rng(4)
    staff = np.repeat(np.arange(STAFF), RATERS)
    rater = np.tile(np.arange(RATERS), STAFF)
    score = draw.normal(0, 1.2, STAFF)[staff] + draw.normal(0, 0.5, RATERS)[rater]
    return pd.DataFrame(
        {
            "staff": [f"s{code}" for code in staff],
            "rater": [f"r{code}" for code in rater],
            "score": 3 + score + draw.normal(0, 1, len(staff)),
        }
    )


def split(ratings: pd.DataFrame, *facets: str, **options: Any) -> VarianceComponents:
    found = variance_components(
        ratings, score="score", facets=facets or ("staff",), **options
    )
    assert isinstance(found, VarianceComponents)
    return found


def test_balanced_reml_is_the_analysis_of_variance(ratings: pd.DataFrame) -> None:
    # textbook one-way: (MSB - MSW) / k and MSW, worked with numpy's own variances
    table = ratings["score"].to_numpy().reshape(STAFF, RATERS)
    within = float(table.var(axis=1, ddof=1).mean())
    between = float(table.mean(axis=1).var(ddof=1)) - within / RATERS
    for estimator in ("reml", "moments"):
        found = split(ratings, estimator=estimator)
        assert found.variances["staff"] == pytest.approx(between, rel=1e-6)
        assert found.variances["residual"] == pytest.approx(within, rel=1e-6)


def test_effects_are_written_by_how_facets_stand() -> None:
    assert crossed("a", "b") == ("a", "b")
    assert crossed("a", "b", "c") == ("a", "b", "c", "a:b", "a:c", "b:c")
    assert nested("trust", "team") == ("trust", "trust:team")


def test_nested_labels_may_repeat_in_every_team(ratings: pd.DataFrame) -> None:
    twice = pd.concat(
        [ratings.assign(team="x"), ratings.assign(team="y", score=ratings["score"] + 1)]
    )
    once = twice.assign(staff=twice["team"] + twice["staff"])
    labels = split(twice, *nested("team", "staff")).variances
    unique = split(once, "team", "staff").variances
    assert list(labels.values()) == pytest.approx(list(unique.values()), rel=1e-9)


def test_frame_says_which_facet(ratings: pd.DataFrame) -> None:
    frame = split(ratings, "staff", "rater").to_frame()
    assert list(frame.columns[:3]) == ["facet", "term", "estimate"]
    assert list(frame["facet"].unique()) == ["", "staff", "rater", "residual"]
    assert "<table" in split(ratings)._repr_html_()


def test_limits_hold_their_estimate_and_share_adds_to_one(
    ratings: pd.DataFrame,
) -> None:
    found = split(ratings, "staff", "rater")
    for result in found.results():
        assert isinstance(result, Estimate)
        if result.conf_low is not None and result.conf_high is not None:
            assert result.conf_low <= result.estimate <= result.conf_high
        else:
            assert "no interval" in result.method or "no upper limit" in result.method
    shares = [part.share for part in found.components]
    one, rest = (part.share for part in split(ratings).components)
    assert isinstance(one, Estimate)
    assert isinstance(rest, Estimate)
    assert one.conf_low is not None
    assert rest.conf_high is not None
    assert rest.conf_high == pytest.approx(1 - one.conf_low)
    assert rest.conf_low is not None
    assert rest.conf_low <= rest.estimate <= rest.conf_high
    assert sum(s.estimate for s in shares if isinstance(s, Estimate)) == pytest.approx(
        1
    )


def test_wald_and_profile_agree_on_much_data(ratings: pd.DataFrame) -> None:
    draw = np.random.default_rng(1)
    codes = np.repeat(np.arange(400), 12)
    many = pd.DataFrame(
        {"staff": codes, "score": draw.normal(size=400)[codes] + draw.normal(size=4800)}
    )
    profile, wald = (
        split(many, interval=i).components[0].variance for i in ("profile", "wald")
    )
    assert isinstance(profile, Estimate)
    assert isinstance(wald, Estimate)
    assert profile.conf_low == pytest.approx(wald.conf_low, rel=0.01)
    assert profile.conf_high == pytest.approx(wald.conf_high, rel=0.01)


def test_confidence_widens_the_interval(ratings: pd.DataFrame) -> None:
    wide, narrow = (
        split(ratings, confidence=c).components[0].variance for c in (0.99, 0.8)
    )
    assert isinstance(wide, Estimate)
    assert isinstance(narrow, Estimate)
    assert wide.conf_low is not None
    assert narrow.conf_low is not None
    assert wide.conf_low < narrow.conf_low
    assert "99 % interval" in wide.method


def test_decision_follows_the_formula_and_grows_with_raters(
    ratings: pd.DataFrame,
) -> None:
    found = split(ratings, "staff", "rater")
    staff, rater, rest = found.variances.values()
    study = decision_study(found, target="staff", numbers={"rater": (1, 4, 9)})
    assert isinstance(study, DecisionStudy)
    for point, number in zip(study.points, (1, 4, 9), strict=True):
        assert isinstance(point.generalisability, Estimate)
        assert isinstance(point.dependability, Estimate)
        assert point.generalisability.estimate == pytest.approx(
            staff / (staff + rest / number)
        )
        assert point.dependability.estimate == pytest.approx(
            staff / (staff + (rater + rest) / number)
        )
    lows = [
        p.dependability.conf_low
        for p in study.points
        if isinstance(p.dependability, Estimate)
    ]
    assert lows == sorted(lows, key=lambda low: low or 0)
    assert list(study.to_frame().columns[:2]) == ["rater", "term"]


def test_what_the_target_is_nested_in_is_no_error(ratings: pd.DataFrame) -> None:
    first = ratings["staff"].isin(["s0", "s1", "s2"])
    teams = ratings.assign(team=first.map(str), score=ratings["score"] + 5 * first)
    found = split(teams, *nested("team", "staff"))
    study = decision_study(found, target="team:staff", numbers={"ratings": 5})
    assert isinstance(study, DecisionStudy)
    point = study.points[0].dependability
    assert found.variances["team"] > 1
    own, rest = found.variances["team:staff"], found.variances["residual"]
    assert isinstance(point, Estimate)
    assert point.estimate == pytest.approx(own / (own + rest / 5))


def test_raters_needed_reach_the_wish_and_one_fewer_does_not(
    ratings: pd.DataFrame,
) -> None:
    found = split(ratings)
    needed = raters_needed(found, target="staff", required=0.9)
    assert isinstance(needed, Estimate)
    number = int(needed.estimate)
    study = decision_study(
        found, target="staff", numbers={"ratings": (number - 1, number)}
    )
    assert isinstance(study, DecisionStudy)
    below, reached = (p.dependability for p in study.points)
    assert isinstance(below, Estimate)
    assert isinstance(reached, Estimate)
    assert below.estimate < 0.9 <= reached.estimate
    # limits are where the coefficient's own limits reach the wish
    assert needed.conf_high is not None
    assert needed.conf_low is not None
    ends = decision_study(
        found,
        target="staff",
        numbers={"ratings": [int(needed.conf_low), int(needed.conf_high)]},
    )
    assert isinstance(ends, DecisionStudy)
    first, last = (p.dependability for p in ends.points)
    assert isinstance(first, Estimate)
    assert isinstance(last, Estimate)
    assert first.conf_high is not None
    assert last.conf_low is not None
    assert first.conf_high >= 0.9 - 1e-6
    assert last.conf_low >= 0.9 - 1e-6


def test_error_that_raters_do_not_shrink_is_told(ratings: pd.DataFrame) -> None:
    two = pd.concat(
        [
            ratings.assign(item="i", score=ratings["score"]),
            ratings.assign(item="j", score=5 - 0.8 * ratings["score"]),
        ]
    )
    found = split(two, *crossed("staff", "rater", "item"), interval="wald")
    needed = raters_needed(found, target="staff", required=0.9, over="rater")
    assert isinstance(needed, Unavailable)
    assert "raters" in needed.reason or "number" in needed.reason


def test_own_reliability_counts_own_ratings(ratings: pd.DataFrame) -> None:
    fewer = ratings.drop(index=range(1, 5))  # s0 keeps a single rating
    found = staff_dependability(
        fewer, score="score", staff="staff", least_reliability=0.1, least_ratings=2
    )
    assert isinstance(found, StaffDependability)
    components = split(fewer).variances
    k = components["residual"] / components["staff"]
    for member in found.members:
        n = member.observed_mean.n
        assert isinstance(member.own_reliability, Estimate)
        assert member.own_reliability.estimate == pytest.approx(n / (n + k))  # type: ignore[operator]
        assert member.publishable == (member.staff != "s0")
    assert isinstance(found.share_publishable, Estimate)
    assert found.share_publishable.estimate == pytest.approx(7 / 8)


def test_shrunken_means_lie_between_own_and_overall(ratings: pd.DataFrame) -> None:
    found = staff_dependability(ratings, score="score", staff="staff")
    overall = split(ratings).mean
    assert isinstance(found, StaffDependability)
    assert isinstance(overall, Estimate)
    for member in found.members:
        assert isinstance(member.observed_mean, Estimate)
        assert isinstance(member.shrunken_mean, Estimate)
        ends = sorted([member.observed_mean.estimate, overall.estimate])
        assert ends[0] <= member.shrunken_mean.estimate <= ends[1]


def test_crossed_raters_are_taken_out_of_a_staff_member_mean() -> None:
    # twelve raters, six of them soft; the first staff member met the soft ones only
    draw = np.random.default_rng(2)
    staff, rater = (a.ravel() for a in np.meshgrid(range(STAFF), range(12)))
    score = (
        draw.normal(0, 1, STAFF)[staff] + 3 * (rater < 6) + draw.normal(0, 1, 8 * 12)
    )
    rows = pd.DataFrame({"staff": staff, "rater": rater, "score": score})
    met = rows[(rows["staff"] > 0) | (rows["rater"] < 6)]
    plain = staff_dependability(met, score="score", staff="staff")
    deviation = staff_dependability(met, score="score", staff="staff", rater="rater")
    full = staff_dependability(rows, score="score", staff="staff", rater="rater")
    means = []
    for found in (plain, deviation, full):
        assert isinstance(found, StaffDependability)
        first = found.members[0].shrunken_mean
        assert isinstance(first, Estimate)
        means.append(first.estimate)
    assert abs(means[1] - means[2]) < abs(means[0] - means[2]) / 2


def test_unequal_groups_have_two_sizes(ratings: pd.DataFrame) -> None:
    equal = nested_reliability(ratings, score="score", target="staff")
    assert isinstance(equal, NestedReliability)
    assert isinstance(equal.unbiased_group_size, Estimate)
    assert equal.unbiased_group_size.estimate == pytest.approx(RATERS)
    assert isinstance(equal.icc_1, Estimate)
    assert "exact" in equal.icc_1.method
    with_gaps = nested_reliability(ratings.iloc[3:], score="score", target="staff")
    assert isinstance(with_gaps, NestedReliability)
    assert isinstance(with_gaps.icc_1, Estimate)
    assert "approximate" in with_gaps.icc_1.method


def test_no_variance_between_staff_is_zero_with_an_upper_limit() -> None:
    # every staff member gets the same answers, so staff differ less than chance
    same = pd.DataFrame(
        {"staff": np.repeat(list("abcde"), 4), "score": np.tile([1.0, 2, 4, 5], 5)}
    )
    found = split(same)
    variance = found.components[0].variance
    assert isinstance(variance, Estimate)
    assert variance.estimate == variance.conf_low == 0
    assert variance.conf_high is not None
    assert "boundary" in variance.method
    needed = raters_needed(found, target="staff", required=0.7)
    assert isinstance(needed, Unavailable)
    assert "no variance between staff" in needed.reason
    staff = staff_dependability(same, score="score", staff="staff")
    assert isinstance(staff, StaffDependability)
    shrunken = staff.members[0].shrunken_mean
    assert isinstance(shrunken, Estimate)
    assert shrunken.conf_low is None
    assert "no interval" in shrunken.method
    assert split(same, estimator="moments").variances["staff"] < 0


Function = Callable[[pd.DataFrame], Composite | Estimate | Unavailable]
FUNCTIONS: dict[str, Function] = {
    "nested": lambda r: variance_components(r, score="score", facets=["staff"]),
    "crossed": lambda r: variance_components(
        r, score="score", facets=["staff", "rater"]
    ),
    "moments": lambda r: variance_components(
        r, score="score", facets=["staff", "rater"], estimator="moments"
    ),
    "icc": lambda r: nested_reliability(r, score="score", target="staff"),
    "staff": lambda r: staff_dependability(r, score="score", staff="staff"),
    "decision": lambda r: decision_study(
        variance_components(r, score="score", facets=["staff"]),
        target="staff",
        numbers={"ratings": 3},
    ),
    "needed": lambda r: raters_needed(
        variance_components(r, score="score", facets=["staff"]),
        target="staff",
        required=0.7,
    ),
}
POOR: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "no rows": (lambda r: r.iloc[:0], "0 ratings"),
    "one row": (lambda r: r.iloc[:1], "1 ratings"),
    "one staff member": (lambda r: r.iloc[:RATERS], "staff"),
    "one rating each": (lambda r: r.iloc[::RATERS], "staff"),
    "constant": (lambda r: r.assign(score=3.0), "the same"),
    "all missing": (lambda r: r.assign(score=np.nan), "0 ratings"),
    "infinite": (lambda r: r.assign(score=np.inf), "infinite"),
    "text": (lambda r: r.assign(score="3"), "does not hold numbers"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("poor", POOR)
def test_poor_data_give_a_reason(
    ratings: pd.DataFrame, function: str, poor: str
) -> None:
    spoil, words = POOR[poor]
    found = FUNCTIONS[function](spoil(ratings))
    assert isinstance(found, Unavailable)
    assert words in found.reason or "sums of squares" in found.reason
    assert "nan" not in found.reason


@pytest.mark.parametrize("function", [f for f in FUNCTIONS if f != "moments"])
def test_perfect_agreement_has_no_error_to_compare_with(
    ratings: pd.DataFrame, function: str
) -> None:
    perfect = ratings.assign(score=ratings["staff"].str[1:].astype(float))
    found = FUNCTIONS[function](perfect)
    assert isinstance(found, Unavailable)
    assert "agree perfectly" in found.reason


def test_nullable_scores_and_gaps_are_read(ratings: pd.DataFrame) -> None:
    rounded = ratings.assign(score=ratings["score"].round())
    gaps = rounded.assign(score=rounded["score"].astype("Int64"))
    gaps.loc[3, "score"] = pd.NA
    gaps["staff"] = gaps["staff"].astype("string")
    gaps.loc[9, "staff"] = pd.NA
    found = split(gaps)
    assert found.variances == split(rounded.drop(index=[3, 9])).variances
    assert "left out: 2 of 40" in found.basis


def test_a_facet_of_single_ratings_is_refused(ratings: pd.DataFrame) -> None:
    found = variance_components(ratings, score="score", facets=["staff", "staff:rater"])
    assert isinstance(found, Unavailable)
    assert "as many levels as there are rows" in found.reason


def test_wrong_options_are_refused(ratings: pd.DataFrame) -> None:
    found = split(ratings)
    with pytest.raises(
        ValueError, match="no column ward; there are staff, rater, score"
    ):
        variance_components(ratings, score="score", facets=["ward"])
    with pytest.raises(ValueError, match="estimator"):
        split(ratings, estimator="bayes")
    with pytest.raises(ValueError, match="confidence"):
        split(ratings, confidence=95)
    with pytest.raises(ValueError, match="no facet item"):
        decision_study(found, target="staff", numbers={"item": 3})
    with pytest.raises(ValueError, match="no facet team"):
        decision_study(found, target="team", numbers={})
    with pytest.raises(ValueError, match="give 1 or more"):
        decision_study(found, target="staff", numbers={"ratings": [0, 2]})
    with pytest.raises(ValueError, match="between 0 and 1"):
        raters_needed(found, target="staff", required=1.0)
    with pytest.raises(ValueError, match="group_size"):
        nested_reliability(ratings, score="score", target="staff", group_size="n")  # type: ignore[arg-type]


def test_no_label_or_score_stands_in_a_reason_or_method(ratings: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = split(ratings)
    for result in found.results():
        assert "s1" not in result.method
        assert "r1" not in result.method
