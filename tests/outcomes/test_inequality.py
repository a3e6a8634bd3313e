"""Groups compared: what must hold whatever the numbers, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.effects.subgroups.effects import effects_by_group, subgroup_gaps
from heard.effects.subgroups.inequality_indices import inequality_indices, ridits
from heard.effects.subgroups.shrinkage import (
    between_variance,
    intersectional_variation,
    restricted_likelihood,
    shrunken_groups,
)
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

ORDER = [1, 2, 3, 4, 5]


def people(count: int = 200, *, seed: str = "groups") -> pd.DataFrame:
    random = generator("test", seed)
    team = np.arange(count) % 10
    frame = pd.DataFrame(
        {
            "team": team,
            "arm": np.where(team % 2 == 0, "pilot", "comparison"),
            "group": random.choice(["a", "b", "c"], count, p=[0.6, 0.3, 0.1]),
            "quintile": random.choice(ORDER, count),
            "sex": random.choice(["f", "m"], count),
            "age": random.choice(["1", "2", "3"], count),
            "before": random.normal(5, 1, count),
        }
    )
    return frame.assign(score=frame["before"] + random.normal(0, 1, count))


def value(result: Result) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


def reasons(found: Composite) -> set[str]:
    return {part.reason for part in found.results() if isinstance(part, Unavailable)}


def test_a_comparison_has_the_n_of_its_smaller_side() -> None:
    """What hides small groups then hides their comparisons, and the differences too."""
    rows = people()
    sizes = rows["group"].value_counts()
    found = subgroup_gaps(rows, reference="a")
    for gap in found.groups[1:]:
        assert gap.gap_difference.n == gap.gap_ratio.n == sizes[gap.group]
        assert gap.group_mean.n == sizes[gap.group]
    assert found.widest_gap.n == sizes.min()


def test_gaps_by_hand() -> None:
    rows = pd.DataFrame({"group": list("aabb"), "score": [2.0, 4, 5, 7]})
    found = subgroup_gaps(rows, reference="a", lowest=1)
    assert [value(gap.group_mean) for gap in found.groups] == [3, 6]
    assert value(found.groups[1].gap_difference) == 3
    assert value(found.groups[1].gap_ratio) == pytest.approx(5 / 2)
    assert "reference group" in reasons(found).pop()


def test_the_widest_gap_may_lie_below() -> None:
    rows = pd.DataFrame({"group": list("aabbcc"), "score": [4.0, 6, 5, 7, 0, 2]})
    assert value(subgroup_gaps(rows, reference="a").widest_gap) == -4


@given(seed=st.text(), shift=st.floats(-50, 50), stretch=st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_gaps_and_shrunken_means_follow_the_units(
    seed: str, shift: float, stretch: float
) -> None:
    rows = people(seed=seed)
    moved = rows.assign(score=shift + stretch * rows["score"])
    before = subgroup_gaps(rows, reference="a", cluster="team").groups
    after = subgroup_gaps(moved, reference="a", cluster="team").groups
    for one, other in zip(before[1:], after[1:], strict=True):
        if isinstance(one.gap_difference, Estimate):
            assert value(other.gap_difference) == pytest.approx(
                stretch * value(one.gap_difference), abs=1e-9 * (50 + 10)
            )
    small, large = shrunken_groups(rows), shrunken_groups(moved)
    for mine, theirs in zip(small.groups, large.groups, strict=True):
        assert value(theirs.shrunken_mean) == pytest.approx(
            shift + stretch * value(mine.shrunken_mean), abs=1e-5
        )


def test_a_small_group_is_drawn_further_towards_all() -> None:
    random = generator("test", "shrink")
    sizes = {"a": 80, "b": 60, "c": 40, "d": 3}
    rows = pd.concat(
        [
            pd.DataFrame({"group": name, "score": place + random.normal(0, 1, size)})
            for place, (name, size) in enumerate(sizes.items())
        ]
    )
    weights = [
        value(group.weight_of_own_mean) for group in shrunken_groups(rows).groups
    ]
    assert weights == sorted(weights, reverse=True)
    own = rows.groupby("group")["score"].mean()
    found = shrunken_groups(rows)
    middle = value(found.mean_of_groups)
    for group in found.groups:
        ends = sorted([own[group.group], middle])
        assert ends[0] <= value(group.shrunken_mean) <= ends[1]


@given(seed=st.text(), deviation=st.floats(0, 2))
@settings(max_examples=30, deadline=None)
def test_the_variance_between_groups_maximises_its_likelihood(
    seed: str, deviation: float
) -> None:
    random = generator("reml", seed)
    errors = np.diag(random.uniform(0.01, 1, 6))
    means = random.normal(0, deviation, 6) + random.normal(0, np.sqrt(np.diag(errors)))
    best = between_variance(means, errors)
    top = restricted_likelihood(best, means, errors)[0]
    for other in np.linspace(0, 3 * best + 1, 40):
        assert restricted_likelihood(other, means, errors)[0] <= top + 1e-9


def test_groups_alike_are_all_drawn_together() -> None:
    rows = pd.DataFrame({"group": list("abc") * 4, "score": [1.0] * 6 + [2.0] * 6})
    found = shrunken_groups(rows)
    assert value(found.between_group_variance) == 0
    assert {round(value(g.shrunken_mean), 12) for g in found.groups} == {1.5}


def test_a_place_is_the_middle_of_a_ranks_share() -> None:
    """Shares .5 .3 .2: .25, .65, .9 (Mackenbach)."""
    ranks = pd.Series([1] * 5 + [2] * 3 + [3] * 2)
    assert sorted(set(ridits(ranks, [1, 2, 3], None))) == pytest.approx(
        [0.25, 0.65, 0.9]
    )
    shares: dict[object, float] = {1: 1.0, 2: 1.0, 3: 2.0}
    places = ridits(ranks, [3, 2, 1], shares)
    assert places[[0, 5, 9]] == pytest.approx([0.875, 0.625, 0.25])


def test_indices_of_a_straight_line_are_its_ends() -> None:
    ranks = np.repeat(ORDER, 40)
    places = ridits(pd.Series(ranks), ORDER, None)
    wobble = np.tile([0.1, -0.1], 100)
    rows = pd.DataFrame({"quintile": ranks, "score": 6 - 2 * places + wobble})
    found = inequality_indices(rows, order=ORDER)
    assert value(found.slope_index_of_inequality) == pytest.approx(-2, rel=1e-12)
    curve = rows.assign(score=np.exp(1 - 0.5 * places) * (1 + wobble))
    found = inequality_indices(curve, order=ORDER)
    assert value(found.relative_index_of_inequality) == pytest.approx(
        np.exp(-0.5), rel=1e-10
    )
    turned = inequality_indices(curve, order=ORDER[::-1])
    assert value(turned.relative_index_of_inequality) == pytest.approx(
        np.exp(0.5), rel=1e-10
    )


def test_effects_recover_what_was_put_in() -> None:
    rows = people(4_000)
    lift = np.where((rows["arm"] == "pilot") & (rows["group"] == "b"), 0.8, 0.0)
    found = effects_by_group(
        rows.assign(after=rows["score"] + lift),
        treated="pilot",
        control="comparison",
        reference="a",
    )
    for group, true in zip(found.groups, [0, 0.8, 0], strict=True):
        assert isinstance(group.effect_in_group, Estimate)
        assert group.effect_in_group.estimate == pytest.approx(true, abs=0.35)
    assert value(found.groups[1].effect_difference) == pytest.approx(0.8, abs=0.3)
    assert value(found.interaction_p_value) < 1e-6


def test_a_group_missing_an_arm_is_left_out_and_said() -> None:
    rows = people().assign(after=lambda frame: frame["score"])
    rows = rows[(rows["group"] != "c") | (rows["arm"] == "pilot")]
    found = effects_by_group(
        rows, treated="pilot", control="comparison", reference="a", cluster="team"
    )
    assert isinstance(found.groups[2].effect_in_group, Unavailable)
    assert found.groups[2].effect_in_group.n == 0
    assert value(found.interaction_p_value) >= 0


def test_a_group_with_one_in_an_arm_is_left_out() -> None:
    rows = people()
    alone = rows[(rows["group"] == "c") & (rows["arm"] == "pilot")].index[1:]
    found = effects_by_group(
        rows.drop(alone),
        treated="pilot",
        control="comparison",
        reference="a",
        score="score",
    )
    effect = found.groups[2].effect_in_group
    assert isinstance(effect, Unavailable)
    assert effect.n == 1
    assert "fewer than 2 participants in an arm" in effect.reason


def test_traits_that_only_add_up_explain_everything() -> None:
    rows = people(3_000)
    added = (rows["sex"] == "f") * 1.0 + (rows["age"] == "3") * 0.7
    found = intersectional_variation(
        rows.assign(score=added + rows["score"]), traits=["sex", "age"]
    )
    assert value(found.additive_share) > 0.9
    assert len(found.strata) == 6


EMPTY = people().iloc[:0]
ALL_MISSING = people().assign(score=np.nan)
ALIKE = people().assign(score=3.0)
FEW_TEAMS = people().assign(team=lambda frame: frame["team"] % 3)


@pytest.mark.parametrize("cluster", [None, "team"])
@pytest.mark.parametrize(
    "rows", [EMPTY, ALL_MISSING, ALIKE], ids=["empty", "missing", "alike"]
)
def test_nothing_to_compare_gives_reasons_and_no_numbers(
    rows: pd.DataFrame, cluster: str | None
) -> None:
    for found in everything(rows, cluster):
        for part in found.results():
            assert isinstance(part, Unavailable)
            assert part.reason


def everything(rows: pd.DataFrame, cluster: str | None) -> list[Composite]:
    arms: dict[str, Any] = {"treated": "pilot", "control": "comparison"}
    return [
        subgroup_gaps(rows, reference="a", cluster=cluster),
        shrunken_groups(rows, cluster=cluster),
        inequality_indices(rows, order=ORDER, cluster=cluster),
        effects_by_group(rows, reference="a", score="score", cluster=cluster, **arms),
        intersectional_variation(rows, traits=["sex", "age"]),
    ]


def test_too_few_clusters_are_said() -> None:
    for found in everything(FEW_TEAMS, "team")[:4]:
        assert all(isinstance(part, Unavailable) for part in found.results())
        assert any("3 clusters; at least 5" in reason for reason in reasons(found))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"order": [1, 2, 3, 4]}, "not in the declared order"),
        ({"order": [*ORDER, 5]}, "twice"),
        ({"order": ORDER, "population": {1: 1.0}}, "share of a rank"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(
    options: dict[str, Any], words: str
) -> None:
    found = inequality_indices(people(), **options)
    assert words in reasons(found).pop()


def test_two_ranks_make_no_line() -> None:
    rows = people()
    rows = rows[rows["quintile"] < 3]
    assert "2 ranks" in reasons(inequality_indices(rows, order=ORDER)).pop()


def test_scores_below_the_lowest_have_no_ratio() -> None:
    found = inequality_indices(people(), order=ORDER, lowest=5)
    assert isinstance(found.slope_index_of_inequality, Estimate)
    assert "below the lowest" in reasons(found).pop()
    rows = pd.DataFrame({"group": list("aabb"), "score": [-2.0, -4, 5, 7]})
    assert any("no ratio" in why for why in reasons(subgroup_gaps(rows, reference="a")))


@pytest.mark.parametrize("end", [1, 5])
def test_scores_at_one_end_only_have_no_ratio(end: int) -> None:
    rows = people()
    rows = rows.assign(score=(rows["quintile"] == end) * 1.0)
    found = inequality_indices(rows, order=ORDER, cluster="team")
    assert isinstance(found.slope_index_of_inequality, Estimate)
    assert "no ratio of the ends" in reasons(found).pop()


def test_a_group_of_one_has_a_shrunken_mean_but_no_interval_of_its_own() -> None:
    rows = pd.DataFrame(
        {"group": list("aaabbbcd"), "score": [1.0, 2, 3, 2, 3, 5, 9, 4]}
    )
    found = subgroup_gaps(rows, reference="a")
    assert any("fewer than 2 scores" in reason for reason in reasons(found))
    assert all(
        isinstance(group.shrunken_mean, Estimate)
        for group in shrunken_groups(rows).groups
    )


def test_a_reference_nobody_is_in_is_refused() -> None:
    assert "no one of the reference" in "".join(
        reasons(subgroup_gaps(people(), reference="z"))
    )


def test_two_groups_are_not_shrunk() -> None:
    rows = people()
    found = shrunken_groups(rows[rows["group"] != "c"])
    assert reasons(found) == {"2 groups; at least 3 needed to shrink them"}


def test_the_frame_is_not_changed() -> None:
    rows = people()
    before = rows.copy()
    everything(rows, "team")
    pd.testing.assert_frame_equal(rows, before)


def test_a_ratio_to_hardly_anything_is_refused_and_does_not_overflow() -> None:
    frame = pd.DataFrame(
        {
            "group": np.repeat(["a", "b"], 4),
            "score": [1.0, 2.0, 3.0, 4.0, -1.0, 1.0, -3.0, 3.001],
        }
    )
    (_, gap) = subgroup_gaps(frame, reference="a").groups
    assert isinstance(gap.gap_difference, Estimate)
    assert isinstance(gap.gap_ratio, Unavailable)
    assert "hardly above the lowest" in gap.gap_ratio.reason
