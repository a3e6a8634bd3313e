"""Strength of evidence: the ten shapes of the design, and what must never happen."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.effects.judgement.strength import (
    DESIGNS,
    RANDOMISED,
    Strength,
    StrengthFacts,
    certainty,
    strength,
)
from heard.results import Unavailable

SOUND: dict[str, Any] = {
    "design": "randomised",
    "unit": "team",
    "units": 12,
    "people": 240,
    "estimate": 2.9,
    "half_width": 1.6,
    "smallest_effect": 2.0,
    "lost": 0.05,
    "comparability": "passed",
    "reliability_low": 0.9,
    "items": 10,
    "plan": "locked",
    "family": "primary",
}
THREATS: dict[str, dict[str, Any]] = {
    "losses_differ": {"lost_treated": 0.16, "lost_control": 0.10},
    "baseline_gap": {"baseline_gap": -0.3},
    "comparability_failed": {"comparability": "failed"},
    "comparability_not_tested": {"comparability": "not_tested"},
    "low_reliability": {"reliability_low": 0.69},
    "one_item": {"items": 1, "reliability_low": None},
    "plan_after_data": {"plan": "locked_after_data"},
    "plan_changed": {"plan": "changed"},
    "no_plan": {"plan": "not_planned"},
    "secondary_outcome": {"family": "secondary", "tested": False},
    "exploratory_outcome": {"family": "exploratory"},
    "analyses_disagree": {"analyses_agreeing": 2, "analyses_asked": 5},
    "movers": {"movers": 0.11},
    "unit_inferred": {"unit_inferred": True},
}
HARMLESS: list[dict[str, Any]] = [
    {"lost_treated": 0.15, "lost_control": 0.10},
    {"baseline_gap": 0.25},
    {"baseline_gap": 0.05, "baseline_adjusted": False},
    {"comparability": "cannot_be_tested"},
    {"items": 1, "reliability_low": None, "retest": True},
    {"family": "secondary", "tested": True},
    {"analyses_agreeing": 5, "analyses_asked": 5},
    {"movers": 0.10},
    {"reliability_low": 0.70},
]


def facts(**changed: Any) -> StrengthFacts:
    return StrengthFacts(**(SOUND | changed))


def rated(**changed: Any) -> Strength:
    result = strength(facts(**changed))
    assert isinstance(result, Strength), result
    return result


# --- the ten shapes: facts, columns (design, size, width, lost), initial, rating -----
SHAPES: list[tuple[str, dict[str, Any], tuple[int, ...], int, int, tuple[str, ...]]] = [
    (
        "linked teams, chosen",
        {
            "design": "chosen_comparison",
            "units": 6,
            "half_width": 2.0,
            "lost": 0.28,
            "plan": "locked_after_data",
        },
        (3, 3, 5, 3),
        3,
        2,
        ("plan_after_data",),
    ),
    (
        "unlinked teams, randomised",
        {
            "units": 8,
            "half_width": 1.8,
            "lost": 0.35,
            "comparability": "not_tested",
        },
        (5, 4, 5, 2),
        2,
        1,
        ("comparability_not_tested",),
    ),
    (
        "two treated of twelve",
        {
            "design": "few_treated",
            "units": 2,
            "half_width": 3.2,
            "lost": 0.15,
            "baseline_gap": 0.3,
        },
        (2, 2, 3, 4),
        2,
        1,
        ("baseline_gap",),
    ),
    (
        "post-only, randomised people",
        {
            "unit": "person",
            "units": None,
            "people": 60,
            "half_width": 2.0,
            "lost": 0.04,
            "items": 1,
            "reliability_low": None,
        },
        (5, 4, 5, 5),
        4,
        3,
        ("one_item",),
    ),
    (
        "people randomised, many lost",
        {
            "unit": "person",
            "units": None,
            "people": 50,
            "half_width": 1.8,
            "lost": 0.48,
            "plan": "not_planned",
        },
        (5, 4, 5, 1),
        1,
        1,
        (),
    ),
    (
        "neutral scale, one group",
        {
            "design": "same_people",
            "unit": "person",
            "units": None,
            "people": 612,
            "smallest_effect": None,
            "lost": 0.42,
            "plan": "not_planned",
        },
        (1, 5, 3, 1),
        1,
        0,
        ("no_plan",),
    ),
    (
        "stepped wedge in sites",
        {
            "design": "randomised_wedge",
            "units": 8,
            "half_width": 1.2,
            "lost": 0.12,
            "analyses_agreeing": 3,
            "analyses_asked": 4,
        },
        (4, 4, 5, 4),
        4,
        3,
        ("analyses_disagree",),
    ),
    (
        "no comparison, unlinked",
        {"design": "different_people", "unit": "person", "units": None},
        (0, 5, 5, 5),
        0,
        0,
        (),
    ),
]


@pytest.mark.parametrize(
    ("changed", "columns", "initial", "rating", "taken"),
    [shape[1:] for shape in SHAPES],
    ids=[shape[0] for shape in SHAPES],
)
def test_the_shapes_of_the_table(
    changed: dict[str, Any],
    columns: tuple[int, ...],
    initial: int,
    rating: int,
    taken: tuple[str, ...],
) -> None:
    found = rated(**changed)
    assert tuple(found.columns.values()) == columns
    assert tuple(found.columns) == ("design", "size", "width", "lost")
    assert (found.initial, found.rating, found.taken) == (initial, rating, taken)


@pytest.mark.parametrize(
    "missing",
    [
        {"estimate": None, "half_width": None},
        {"estimate": math.nan},
        {"half_width": None},
        {"half_width": math.nan},
        {"people": None},
        {"people": 0},
    ],
)
@pytest.mark.parametrize("unit", ["site", "team"])
def test_without_a_number_there_is_no_rating(
    missing: dict[str, Any], unit: str
) -> None:
    """Two shapes of the table: two trusts an arm, and one team an arm."""
    result = strength(facts(unit=unit, units=2, **missing))
    assert isinstance(result, Unavailable)
    assert result.term == "evidence_strength"


@pytest.mark.parametrize("threat", THREATS)
def test_each_threat_takes_one(threat: str) -> None:
    found = rated(**THREATS[threat])
    assert (found.initial, found.rating) == (5, 4)
    assert found.taken == found.threats == (threat,)


@pytest.mark.parametrize("changed", HARMLESS)
def test_what_is_within_its_limit_is_no_threat(changed: dict[str, Any]) -> None:
    assert rated(**changed).threats == ()


def test_a_post_only_comparison_must_begin_closer() -> None:
    assert rated(baseline_gap=0.06).threats == ()
    apart = rated(baseline_gap=0.06, baseline_adjusted=False)
    assert apart.threats == ("baseline_gap",)


def test_three_threats_take_two() -> None:
    found = rated(movers=0.2, unit_inferred=True, plan="not_planned")
    assert found.threats == ("no_plan", "movers", "unit_inferred")
    assert found.taken == ("no_plan", "movers")
    assert found.rating == 3


SHARES = st.one_of(st.none(), st.floats(0, 1))
ANY_FACTS = st.fixed_dictionaries(
    {
        "design": st.sampled_from(list(DESIGNS)),
        "unit": st.sampled_from(["person", "team", "site"]),
        "units": st.floats(1, 40),
        "people": st.integers(1, 500),
        "half_width": st.floats(0.01, 9),
        "smallest_effect": st.one_of(st.none(), st.floats(0.1, 4)),
        "lost": SHARES,
        "tipping_out_of_range": st.booleans(),
    }
)


@given(changed=ANY_FACTS, named=st.sets(st.sampled_from(list(THREATS))))
def test_no_threat_raises_the_rating(changed: dict[str, Any], named: set[str]) -> None:
    before = rated(**changed)
    after = rated(
        **changed, **{key: v for name in named for key, v in THREATS[name].items()}
    )
    assert 0 <= before.rating - after.rating <= 2
    assert after.initial - after.rating == len(after.taken)
    assert after.initial == before.initial
    assert set(after.taken) <= set(after.threats)


@given(changed=ANY_FACTS, named=st.sets(st.sampled_from(list(THREATS))))
def test_no_rating_is_above_its_design_nor_below_1_where_randomised(
    changed: dict[str, Any], named: set[str]
) -> None:
    found = rated(
        **changed, **{key: v for name in named for key, v in THREATS[name].items()}
    )
    assert found.rating <= DESIGNS[changed["design"]]
    assert found.rating >= (1 if changed["design"] in RANDOMISED else 0)
    assert all(
        found.columns[name] == min(found.columns.values()) for name in found.lowest
    )


@pytest.mark.parametrize(
    ("lost", "score", "beyond"),
    [
        (0.0, 5, 5),
        (0.10, 5, 5),
        (0.20, 4, 4),
        (0.28, 3, 4),
        (0.40, 2, 3),
        (0.50, 1, 2),
        (0.51, 0, 1),
        (None, 3, 3),
    ],
)
def test_losses_score_one_more_where_they_could_not_change_the_verdict(
    lost: float | None, score: int, beyond: int
) -> None:
    assert rated(lost=lost).columns["lost"] == score
    assert rated(lost=lost, tipping_out_of_range=True).columns["lost"] == beyond


@pytest.mark.parametrize(
    ("units", "score"), [(10, 5), (9, 4), (7, 4), (6, 3), (5, 3), (4, 2), (1, 2)]
)
def test_size_by_units(units: int, score: int) -> None:
    assert rated(units=units).columns["size"] == score


@pytest.mark.parametrize(
    ("people", "score"), [(100, 5), (99, 4), (50, 4), (25, 3), (12, 2), (11, 1)]
)
def test_size_by_people(people: int, score: int) -> None:
    found = rated(unit="person", units=None, people=people)
    assert found.columns["size"] == score


@pytest.mark.parametrize(
    ("half_width", "d", "score"),
    [(2.0, 2.0, 5), (2.1, 2.0, 3), (4.0, 2.0, 3), (4.1, 2.0, 2), (9.0, None, 3)],
)
def test_width(half_width: float, d: float | None, score: int) -> None:
    found = rated(half_width=half_width, smallest_effect=d)
    assert found.columns["width"] == score


@pytest.mark.parametrize(
    ("rating", "words"),
    [
        (5, "plain"),
        (4, "plain"),
        (3, "probably"),
        (2, "may"),
        (1, "may"),
        (0, "too_weak"),
    ],
)
def test_the_rating_sets_how_sure_the_verb_is(rating: int, words: str) -> None:
    assert certainty(rating) == words


@pytest.mark.parametrize("rating", [-1, 6])
def test_no_verb_for_what_is_no_rating(rating: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 5"):
        certainty(rating)


@pytest.mark.parametrize(
    "changed",
    [
        {"design": "guess"},
        {"lost": 1.2},
        {"movers": -0.1},
        {"units": None},
        {"analyses_agreeing": 3, "analyses_asked": 2},
    ],
)
def test_facts_no_study_has_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown|between|needed|more"):
        facts(**changed)
