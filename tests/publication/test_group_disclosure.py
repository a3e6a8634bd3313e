"""No small group is shown, and none can be worked out from the others."""

from __future__ import annotations

import itertools

import pytest

from analysis.foundation.findings import AnyGroup, Contrast, Finding, Group
from analysis.publication.disclosure.control import Disclosed, disclose

SMALLEST = 11


def age(value: str, reference: str = "") -> Group:
    return Group("subgroup", value, reference, of="age")


def number(term: str, group: AnyGroup, n: int, **more: object) -> Finding:
    place: dict[str, object] = {
        "study": "s",
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "wave": "before",
        "group": group,
        "term": term,
        "estimate": 3.5,
        "n": n,
        "method": "made up",
    }
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def findings(reference: str = "b", unknown: int = 0, **sizes: int) -> list[Finding]:
    """Everything that is found of groups at one wave."""
    found = [number("shrunken_mean", age(name), n) for name, n in sizes.items()]
    found += [
        number("gap_difference", age(name, reference), min(n, sizes[reference]))
        for name, n in sizes.items()
        if name != reference
    ]
    found.append(number("slope_index_of_inequality", "age", sum(sizes.values())))
    if unknown:
        found.append(number("participants_without_group", "age", unknown))
    return found


def shown(disclosed: Disclosed) -> set[tuple[str, AnyGroup]]:
    for part in disclosed.findings:
        assert (part.estimate is None) == (part.n is None), "n goes with the number"
    return {
        (part.term, part.group)
        for part in disclosed.findings
        if part.estimate is not None
    }


def groups_shown(found: list[Finding]) -> set[str]:
    groups = (
        group
        for term, group in shown(disclose(found, smallest=SMALLEST))
        if term == "shrunken_mean"
    )
    return {group.value for group in groups if isinstance(group, Group)}


def test_large_groups_are_all_shown() -> None:
    found = findings(a=40, b=50, c=60)
    assert len(shown(disclose(found, smallest=SMALLEST))) == len(found)


def test_beside_a_small_group_the_next_smallest_is_held_back() -> None:
    assert groups_shown(findings(a=5, b=50, c=30, d=60)) == {"b", "d"}


def test_groups_hidden_together_are_enough_people() -> None:
    """Two of 3 and 4: the seven of them would follow from everyone."""
    assert groups_shown(findings(a=3, b=50, c=4, d=60, e=20)) == {"b", "d"}
    assert groups_shown(findings(a=6, b=50, c=7, d=60, e=20)) == {"b", "d", "e"}


def test_who_is_in_no_group_is_a_group_never_shown() -> None:
    assert groups_shown(findings(unknown=3, a=40, b=50, c=60)) == {"b", "c"}
    assert groups_shown(findings(unknown=30, a=40, b=50, c=60)) == {"a", "b", "c"}
    assert groups_shown(findings(unknown=30, a=5, b=50, c=60)) == {"b", "c"}


def test_with_a_hidden_group_go_its_gaps_and_what_is_made_of_all() -> None:
    reported = shown(disclose(findings(a=5, b=50, c=30, d=60), smallest=SMALLEST))
    assert reported == {
        ("shrunken_mean", age("b")),
        ("shrunken_mean", age("d")),
        ("gap_difference", age("d", "b")),
    }


def test_a_hidden_reference_takes_every_gap_along() -> None:
    """The group's own mean less the gap would be the reference's."""
    reported = shown(disclose(findings(a=5, b=20, c=30, d=60), smallest=SMALLEST))
    assert reported == {("shrunken_mean", age("c")), ("shrunken_mean", age("d"))}


def test_a_group_whose_name_has_a_minus_is_known() -> None:
    found = [
        number("shrunken_mean", age(name), n)
        for name, n in (("18 - 34", 40), ("35 - 54", 50), ("55 +", 5), ("75 +", 45))
    ]
    found.append(number("gap_difference", age("75 +", "35 - 54"), 45))
    reported = shown(disclose(found, smallest=SMALLEST))
    assert reported == {
        ("shrunken_mean", age("35 - 54")),
        ("shrunken_mean", age("75 +")),
        ("gap_difference", age("75 +", "35 - 54")),
    }


def test_what_could_not_be_estimated_loses_its_n_too() -> None:
    found = [
        *findings(a=5, b=50, d=60),
        number("shrunken_mean", age("c"), 30, estimate=None, reason="no variation"),
    ]
    held = disclose(found, smallest=SMALLEST).where(group=age("c"))
    assert [part.n for part in held.findings] == [None]


@pytest.mark.parametrize("other", [{"wave": "after"}, {"subscale": "warmth"}])
def test_a_small_group_hides_none_of_another_wave_or_score(
    other: dict[str, object],
) -> None:
    found = findings(a=5, b=50, c=30)
    elsewhere = [
        number("shrunken_mean", age(name), n, **other)
        for name, n in (("a", 40), ("b", 50), ("c", 60))
    ]
    reported = disclose([*found, *elsewhere], smallest=SMALLEST).findings
    assert all(part.n for part in reported[len(found) :])
    assert [part.n for part in reported[:3]] == [None, 50, None]


def test_one_grouping_does_not_hide_another() -> None:
    found = [
        *findings(a=5, b=50, c=30),
        number("shrunken_mean", Group("subgroup", "nurse", of="role"), 40),
    ]
    assert disclose(found, smallest=SMALLEST).findings[-1].n == 40


def test_effects_are_held_back_by_their_smaller_side() -> None:
    place = {
        "wave": Contrast("after", "before"),
        "arm": Contrast("pilot", "comparison"),
    }
    sizes = {"a": 9, "b": 40, "c": 30, "d": 35}
    found = [
        number("effect_in_group", age(name), n, **place) for name, n in sizes.items()
    ]
    found += [
        number("effect_difference", age(name, "b"), min(n, 40), **place)
        for name, n in sizes.items()
        if name != "b"
    ]
    found.append(number("interaction_p_value", "age", 30, **place))
    assert shown(disclose(found, smallest=SMALLEST)) == {
        ("effect_in_group", age("b")),
        ("effect_in_group", age("d")),
        ("effect_difference", age("d", "b")),
    }


def test_whatever_the_sizes_what_is_hidden_is_several_and_enough() -> None:
    for unknown, *sizes in itertools.product((0, 4, 30), *[(0, 2, 6, 10, 11, 25)] * 3):
        named = dict(zip("abc", sizes, strict=True))
        visible = groups_shown(
            findings(unknown=unknown, a=named["a"], b=named["b"], c=named["c"])
        )
        hidden = [n for name, n in named.items() if n and name not in visible]
        hidden += [unknown] * bool(unknown)
        assert all(named[name] >= SMALLEST for name in visible)
        if visible and hidden:
            assert sum(hidden) >= SMALLEST, (unknown, sizes)
            assert len(hidden) > 1 or hidden == [30], (unknown, sizes)
