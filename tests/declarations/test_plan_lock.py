"""Locks: the same content the same hash, and every difference told in words."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import (
    GOOD,
    ORDERED,
    PLAN,
    STUDY,
    TWO_VALUES,
    changed,
    in_metric,
    lock_of,
    locked,
    parsed,
)

from analysis.declarations.plan import EXPLORATORY, Lock, Replaced, hash_of
from analysis.declarations.plan_lock import (
    NO_PLAN,
    deviations,
    differences,
    family_of,
    lock_text,
    lockable,
    parse_lock,
    run_deviations,
)
from analysis.declarations.study import Study
from analysis.foundation.errors import DeclarationError

WAVE = """
[waves.later]
title = "Later"
staff.file = "staff_3.csv"
ratings.file = "ratings_3.csv"
"""
HARM = """
[outcomes.harm]
title = "Harm"
survey = "staff"
instrument = "seed_culture"
subscale = "total"
"""
CULTURE = GOOD[GOOD.index("[outcomes.culture]") : GOOD.index("[outcomes.food]")]


def test_a_study_without_a_plan_cannot_be_locked() -> None:
    with pytest.raises(DeclarationError, match="declares no plan") as caught:
        lockable(parsed(STUDY))
    assert caught.value.where == "planned.toml"


def test_the_hash_is_that_of_the_sorted_canonical_form() -> None:
    """From `printf '{"a":[1.5,"x"],"b":{"c":true}}' | sha256sum`."""
    expected = "27056b1c5055c4e276359e63ba764a251ce7d06c35dcf1360e11ab89dbf2a642"
    held = {"b": {"c": True}, "a": [1.5, "x"]}
    assert hash_of(held) == expected
    assert hash_of(dict(reversed(held.items()))) == hash_of(held)


@pytest.mark.parametrize(
    "same",
    [
        "# a comment\n" + GOOD,
        changed('title = "Empathy"', 'title = "Empathy as it is rated"'),
        changed('staff.file = "staff_2.csv"', 'staff.file = "other.csv"'),
        changed("smallest_effect = 2\n", "smallest_effect = 2.0\n"),
        STUDY.replace("[outcomes.culture]", PLAN + "\n[outcomes.culture]"),
    ],
    ids=["comment", "title", "file", "spelling of a number", "order"],
)
def test_what_decides_nothing_is_not_locked(same: str) -> None:
    assert lock_of(parsed(same)).hash == lock_of(parsed()).hash
    assert deviations(locked(same)) == ()


@pytest.mark.parametrize(
    ("now", "reported"),
    [
        (
            changed("smallest_effect = 2\n", "smallest_effect = 3\n"),
            ["Outcome 'care': the smallest effect of interest was 2 when locked and is "
             "3 now."],
        ),
        (
            changed("smallest_effect = 0.2\n", ""),
            ["Outcome 'culture': the smallest effect of interest was 0.2 when locked "
             "and is not stated now."],
        ),
        (GOOD + HARM, [
            "The outcome 'harm' was added after the lock: it is exploratory."
        ]),
        (
            GOOD.replace(CULTURE, "").replace('families.culture = ["culture"]\n', ""),
            ["The outcome 'culture' was dropped.",
             "Plan: families.culture was 'culture' when locked and is not stated now."],
        ),
        (
            changed('rule = "one_element_off"', 'rule = "exact"'),
            ["At before, after: survey 'staff': the linkage rule was 'one_element_off' "
             "when locked and is not stated now."],
        ),
        (
            changed("minimum_answered = 0.5", "minimum_answered = 0.6"),
            ["At before, after: survey 'staff': the minimum share of items answered "
             "was 0.5 when locked and is 0.6 now."],
        ),
        (
            changed(
                'staff.file = "staff_2.csv"',
                'staff = { file = "staff_2.csv", cleaning.minimum_answered = 0 }',
            ),
            ["At after: survey 'staff': the minimum share of items answered was 0.5 "
             "when locked and is not stated now."],
        ),
        (
            changed('arm = "other" }', 'arm = "pilot" }'),
            ["Team 'blue': its arm was 'other' when locked and is 'pilot' now."],
        ),
        (
            changed("control =", "randomised = true\ncontrol ="),
            ["Design: whether allocation was randomised was not stated when locked and "
             "is true now."],
        ),
        (
            changed("[surveys.staff]", '[teams.green]\ntitle = "G"\n[surveys.staff]'),
            ["The team 'green' was added after the lock."],
        ),
        (
            changed("minimum_reliability = 0.7", "minimum_reliability = 0.6"),
            ["Plan: the minimum reliability was 0.7 when locked and is 0.6 now."],
        ),
        (GOOD.replace("[outcomes.care]", WAVE + "[outcomes.care]"), [
            "The wave 'later' was added after the lock.",
            "Outcome 'care': the waves compared with the baseline was 'after' when "
            "locked and is 'after', 'later' now.",
            "Outcome 'culture': the waves compared with the baseline was 'after' when "
            "locked and is 'after', 'later' now.",
            "Outcome 'food': the waves compared with the baseline was 'after' when "
            "locked and is 'after', 'later' now.",
        ]),
        (STUDY, [NO_PLAN]),
    ],
)  # fmt: skip
def test_every_deviation_is_told_in_words(now: str, reported: list[str]) -> None:
    study = locked(now)
    assert sorted(deviations(study)) == sorted(reported)
    if study.plan is not None and study.lock is not None:
        assert lock_of(study).hash != study.lock.hash


SITES = (
    GOOD.replace('"Red team", arm', '"Red team", site = "north", arm')
    .replace('"Blue team", arm', '"Blue team", site = "south", arm')
    .replace("[teams]", "[sites]\nnorth.title = 'N'\nsouth.title = 'S'\n[teams]")
)
DRAWN = changed("control =", 'randomised = true\nstrata = ["site"]\ncontrol =')


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (changed('unit = "team"\n', ""), GOOD),
        (DRAWN, DRAWN.replace("strata =", 'restricted = "strata"\nstrata =')),
    ],
    ids=["the unit that is inferred", "the restriction that strata bring"],
)
def test_a_default_that_is_stated_or_left_out_is_no_deviation(
    less: str, more: str
) -> None:
    for was, now in ((less, more), (more, less)):
        assert deviations(locked(now, was)) == ()


def test_a_unit_that_is_inferred_otherwise_is_a_deviation() -> None:
    now = SITES.replace('unit = "team"\n', "")
    assert deviations(locked(now, SITES)) == (
        "Design: allocated_by was 'team' when locked and is 'none' now.",
    )
    several = changed('control = "other"', 'control = "other"\nrestricted = "strata"')
    assert deviations(locked(several)) == (
        "Design: restricted was not stated when locked and is 'strata' now.",
    )


def test_what_is_added_in_one_direction_is_dropped_in_the_other() -> None:
    more = GOOD.replace("[outcomes.care]", WAVE + "[outcomes.care]")
    assert "The wave 'later' was dropped." in deviations(locked(GOOD, more))
    assert "The outcome 'harm' was dropped." in deviations(locked(GOOD, GOOD + HARM))


def test_a_survey_no_longer_held_at_a_wave_is_told_once() -> None:
    was = lockable(parsed())
    kept = {"ratings": was["waves"]["after"]["ratings"]}
    now = {**was, "waves": {**was["waves"], "after": kept}}
    assert list(differences(was, now)) == ["At after: survey 'staff' was dropped."]
    assert list(differences(now, was)) == [
        "At after: survey 'staff' was added after the lock."
    ]


def test_without_a_lock_nothing_deviates() -> None:
    assert deviations(parsed()) == ()


@pytest.mark.parametrize(
    ("given_rule", "reported"),
    [
        ("", 0),
        ("one_element_off", 0),
        ("exact", 1),
    ],
)
def test_another_linkage_rule_than_declared_is_told(
    given_rule: str, reported: int
) -> None:
    found = run_deviations(parsed(), linkage_rule=given_rule)
    assert len(found) == reported
    if reported:
        assert found[0] == (
            "Survey 'staff': responses were linked by the rule 'exact', and declared "
            "is 'one_element_off'."
        )


def test_an_identifier_is_linked_exactly_whatever_was_asked() -> None:
    text = changed('"self_generated_code"', '"identifier"')
    study = parsed(text.replace('linkage_rule = { rule = "one_element_off" }\n', ""))
    assert run_deviations(study, linkage_rule="one_element_off") == ()


def families(study: Study) -> dict[str, str]:
    return {part.name: family_of(part, study) for part in study.outcomes}


def test_the_locked_plan_says_what_an_outcome_is() -> None:
    same = {"care": "primary", "culture": "secondary", "food": "secondary"}
    assert families(parsed()) == same
    assert families(locked()) == same
    assert families(locked(GOOD + HARM)) == {**same, "harm": EXPLORATORY}


def test_a_switched_primary_outcome_stays_what_it_was_locked_as() -> None:
    now = changed('family = "primary"\n', "").replace(
        'title = "Culture"', 'title = "Culture"\nfamily = "primary"'
    )
    now = now.replace('primary = "care"', 'primary = "culture"')
    now = now.replace('families.culture = ["culture"]\n', "")
    study = locked(now)
    assert families(study)["care"] == "primary"
    assert families(study)["culture"] == "secondary"
    assert "Plan: the primary outcome was 'care' when locked and is 'culture' now." in (
        deviations(study)
    )


def test_another_score_under_the_same_name_is_exploratory() -> None:
    swapped = GOOD.replace(CULTURE, "") + HARM.replace("harm", "food")
    now = swapped.replace(
        GOOD[GOOD.index("[outcomes.food]") : GOOD.index(PLAN)], ""
    ).replace('families.culture = ["culture"]\n', "")
    assert families(locked(now))["food"] == EXPLORATORY


# ------------------------------------------------------------------ the file of a lock

REPLACED = Replaced(
    hash="ab",
    date="2026-01-02",
    version="0.0.9",
    arrived=("before",),
    reason='A "reason" with \\ and ü',
    changed=("One.", "Two."),
)


@pytest.mark.parametrize("replaced", [(), (REPLACED,), (REPLACED, REPLACED)])
def test_a_lock_is_read_as_it_was_written(replaced: tuple[Replaced, ...]) -> None:
    lock = dataclasses.replace(
        lock_of(parsed(), arrived=("before",)), replaced=replaced
    )
    assert parse_lock(lock_text(lock), where="a.lock.toml") == lock


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_any_content_is_read_as_it_was_written(held: dict[str, object]) -> None:
    lock = Lock(date="2026-01-31", version="0", arrived=(), locked=held)
    assert parse_lock(lock_text(lock), where="a.lock.toml") == lock


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ("smallest_effect = 2.0", "smallest_effect = 1.0", "was changed by hand"),
        ('hash = "', 'hash = "0', "was changed by hand"),
        ("version = ", "verson = ", "unknown key 'verson'. Did you mean 'version'?"),
        ("date = 2026-01-31\n", "date = soon\n", "not valid TOML"),
        ("[locked.design]", "[loked.design]", "unknown key 'loked'"),
    ],
)
def test_a_lock_changed_by_hand_is_refused(old: str, new: str, reported: str) -> None:
    text = lock_text(lock_of(parsed()))
    assert text.count(old) == 1
    with pytest.raises(DeclarationError) as caught:
        parse_lock(text.replace(old, new), where="a.lock.toml")
    assert reported in str(caught.value)
    assert caught.value.where == "a.lock.toml"


def test_a_lock_that_locks_nothing_is_refused() -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_lock("locked = 3\n", where="a.lock.toml")
    assert "[locked] must be a table" in str(caught.value)
    assert "[hash] is missing" in str(caught.value)


def test_a_lock_is_no_part_of_what_is_declared() -> None:
    assert locked().digest() == parsed().digest()
    for wave in parsed().wave_names():
        assert locked().narrowed(wave).lock is None


def test_to_compare_scores_in_another_metric_is_a_deviation() -> None:
    told = "Plan: what scores are compared in"
    for was, metric in ((TWO_VALUES, "points"), (ORDERED, "probability_of_better")):
        (deviation,) = deviations(locked(in_metric(was, metric), was))
        assert deviation.startswith(told)
        assert metric in deviation


def test_to_name_the_metric_that_a_score_has_anyway_is_none() -> None:
    for was, metric in ((GOOD, "points"), (TWO_VALUES, "share")):
        assert deviations(locked(in_metric(was, metric), was)) == ()
        assert deviations(locked(was, in_metric(was, metric))) == ()
