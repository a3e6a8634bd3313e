"""Groups of a study's file: read strictly, every fault at its key."""

from __future__ import annotations

import pytest
from conftest import ROOT

from analysis.declarations.plan import hash_of
from analysis.declarations.plan_lock import lockable
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import read_instrument

TEXT = (ROOT / "studies" / "listening-pilot.toml").read_text("utf-8")
AGE = """
[groups.age]
title = "Age"
survey = "ratings"
column = "age_band"
reference = "35 to 54"
"""
NAMES = '["under 35", "35 to 54", "55 or over"]'


def parsed(text: str) -> Study:
    return parse_study(text, name="listening-pilot", read_instrument=read_instrument)


def with_age(table: str) -> Study:
    assert AGE in TEXT
    return parsed(TEXT.replace(AGE, table))


def test_groups_are_read_as_declared() -> None:
    age, role = parsed(TEXT).groups
    assert (age.name, age.title, age.survey) == ("age", "Age", "ratings")
    assert (age.column, age.reference, age.order) == ("age_band", "35 to 54", ())
    assert (role.survey, role.column, role.reference) == ("staff", "role", "nurse")


def test_along_an_order_the_first_rank_is_the_reference() -> None:
    old = 'reference = "35 to 54"'
    (age, _) = with_age(AGE.replace(old, f"order = {NAMES}")).groups
    assert age.order == ("under 35", "35 to 54", "55 or over")
    assert age.reference == "under 35"
    (age, _) = with_age(AGE + f"order = {NAMES}\n").groups
    assert age.reference == "35 to 54"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('title = "Age"\n', "", "[groups.age.title] is missing"),
        ('reference = "35 to 54"\n', "", "[groups.age.reference] is missing"),
        ('"35 to 54"', '"40"', "[groups.age.reference] unknown group '40'"),
        ('"ratings"', '"rating"', "[groups.age.survey] unknown survey 'rating'"),
        ('"age_band"', '"age"', "[groups.age.column] unknown attribute 'age'"),
        (
            'title = "Age"',
            'title = "Age"\nname = "Age"',
            "[groups.age.name] unknown key 'name'",
        ),
        ('reference = "35 to 54"', 'order = ["under 35", "35 to 54"]', "name every"),
        ('reference = "35 to 54"', f"order = {NAMES[:-1]}, 'under 35']", "name every"),
        (
            'survey = "ratings"\ncolumn = "age_band"\nreference = "35 to 54"',
            'survey = "staff"\ncolumn = "years_in_service"\nreference = "1"',
            "[groups.age.column] 'years_in_service' puts nobody into one group",
        ),
        (
            'survey = "ratings"\ncolumn = "age_band"\nreference = "35 to 54"',
            'survey = "staff"\ncolumn = "role"\nreference = "nurse"',
            "[groups.role.column] tells apart the same people as [groups.age]",
        ),
    ],
)
def test_a_fault_is_told_at_its_key(old: str, new: str, fault: str) -> None:
    assert old in AGE
    with pytest.raises(DeclarationError) as raised:
        with_age(AGE.replace(old, new))
    assert fault in str(raised.value)
    assert str(raised.value).count("[groups.") == 1 + ("same people" in fault)


def test_an_order_of_two_has_no_line() -> None:
    two = 'values = { "Under 35" = "under 35", "55 or over" = "55 or over" }'
    three = next(
        line
        for line in TEXT.splitlines()
        if line.startswith("values") and "Under 35" in line
    )
    order = 'order = ["under 35", "55 or over"]'
    text = TEXT.replace(three, two).replace('reference = "35 to 54"', order)
    with pytest.raises(DeclarationError, match="needs at least 3 groups"):
        parsed(text)


def test_groups_are_no_part_of_what_is_locked() -> None:
    with_groups, without = parsed(TEXT), with_age("")
    assert hash_of(lockable(with_groups)) == hash_of(lockable(without))


def test_another_grouping_leaves_cleaning_fresh() -> None:
    with_groups, without = parsed(TEXT), with_age("")
    assert with_groups.digest() != without.digest()
    assert with_groups.narrowed("after").digest() == without.narrowed("after").digest()
