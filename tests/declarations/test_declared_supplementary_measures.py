"""Supplementary measures of a study file: read, refused, and never locked."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from planned import GOOD, lock_of, parsed

from analysis.declarations.linkage import is_linked
from analysis.declarations.plan_lock import deviations
from analysis.declarations.study import Study, SupplementaryMeasures
from analysis.declarations.supplementary_measures import (
    has_supplementary,
    ordered_categories,
)
from analysis.foundation.errors import DeclarationError

FOOD = 'title = "Confidence"\nsurvey = "staff"\n'
AGE = 'attributes.age = { column = "Age", lowest = 18, highest = 99 }\n'
FELT = (
    'attributes.felt = { column = "Felt", values = '
    '{ Better = "better", "A little" = "little", Same = "same" } }\n'
)


def declared(keys: str, *, retrospective: bool = True) -> str:
    """The planned study with keys for the outcome of confidence."""
    text = GOOD.replace(FOOD, f"{FOOD}{keys}\n")
    text = text.replace('"conf_{item}"', '{ now = "conf_now", then = "conf_then" }')
    return text.replace(AGE, AGE + FELT) if retrospective else text


def supplementary(keys: str) -> SupplementaryMeasures:
    return parsed(declared(keys)).outcomes[-1].supplementary


def refused(keys: str) -> str:
    with pytest.raises(DeclarationError) as caught:
        parsed(declared(keys))
    return str(caught.value)


def test_everything_is_read() -> None:
    keys = (
        'top_score = 8\nretrospective = "then"\nanchor = "felt"\n'
        'anchor_better = ["better", "little"]\nanchor_slightly_better = "little"\n'
        "anchor_reliability = 0.7"
    )
    assert supplementary(keys) == SupplementaryMeasures(
        top=8.0,
        then="then",
        anchor="felt",
        anchor_better=("better", "little"),
        anchor_little=("little",),
        anchor_reliability=0.7,
    )
    assert supplementary("") == SupplementaryMeasures()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("top_score = 0", "[outcomes.food.top_score] must be one of: 1, 2"),
        ("top_score = 7.5", "must be one of"),
        ('retrospective = "now"', "other subscale"),
        ('retrospective = "thn"', "other subscale"),
        ('anchor_better = ["better"]', "[outcomes.food.anchor] is missing"),
        ('anchor = "flt"\nanchor_better = ["better"]', "attribute with values"),
        ('anchor = "age"\nanchor_better = ["better"]', "attribute with values"),
        ('anchor = "felt"', "[outcomes.food.anchor_better] must name some"),
        ('anchor = "felt"\nanchor_better = ["best"]', "value"),
        (
            'anchor = "felt"\nanchor_better = ["better", "little", "same"]',
            "and not all",
        ),
        (
            'anchor = "felt"\nanchor_better = ["better"]\n'
            'anchor_slightly_better = ["same"]',
            "who got a little better got better",
        ),
        (
            'anchor = "felt"\nanchor_better = ["better"]\nanchor_reliability = 1.2',
            "[outcomes.food.anchor_reliability] must be over 0 and at most 1",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(keys: str, words: str) -> None:
    assert words in refused(keys)


def test_a_look_back_that_nobody_was_asked_for_is_refused() -> None:
    text = GOOD.replace(FOOD, f'{FOOD}retrospective = "then"\n')
    with pytest.raises(DeclarationError, match="no follow-up asks"):
        parsed(text)


def test_top_needs_few_ordered_values_and_an_anchor_needs_links() -> None:
    text = GOOD.replace('title = "Culture"\n', 'title = "Culture"\ntop_score = 4\n')
    with pytest.raises(DeclarationError, match="3 to 11 ordered values"):
        parsed(text)
    care = 'title = "Empathy"\nsurvey = "ratings"\n'
    unlinked = GOOD.replace(
        care, f'{care}anchor = "felt"\nanchor_better = "better"\n'
    ).replace("items.care =", f"{FELT}items.care =")
    with pytest.raises(DeclarationError, match="linked between waves"):
        parsed(unlinked)


def test_faults_elsewhere_are_told_there_alone() -> None:
    for old, new in (
        ('subscale = "now"', 'subscale = "noow"\ntop_score = 8'),
        (
            'subscale = "now"',
            'subscale = "now"\nfollow_ups = ["afer"]\nretrospective = "then"',
        ),
    ):
        with pytest.raises(DeclarationError):
            parsed(GOOD.replace(old, new))


def test_values_run_from_worst_to_best() -> None:
    study = parsed()
    care, culture, food = study.outcomes
    assert ordered_categories(study, food) == tuple(map(float, range(11)))
    assert ordered_categories(study, care) == ()
    assert ordered_categories(study, culture) == ()
    assert is_linked(study, food.survey, food.baseline, "after")
    assert not is_linked(study, care.survey, care.baseline, "after")
    assert not is_linked(study, food.survey, food.baseline, "never")


def test_a_sum_of_whole_answers_is_ordered_and_one_with_gaps_filled_is_not() -> None:
    study = parsed()
    instrument = study.instruments["seed_confidence"]

    def summed(**more: Any) -> Study:
        now = dataclasses.replace(
            instrument.subscales[0], items=("now", "then"), method="sum", **more
        )
        few = dataclasses.replace(instrument, subscales=(now,), lowest=1, highest=4)
        instruments = {**study.instruments, "seed_confidence": few}
        return dataclasses.replace(study, instruments=instruments)

    values = ordered_categories(summed(), study.outcomes[-1])
    assert values == (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    turned = ordered_categories(summed(direction="higher_is_worse"), study.outcomes[-1])
    assert turned == values[::-1]
    assert ordered_categories(summed(max_missing=1), study.outcomes[-1]) == ()


def test_what_stands_beside_is_no_part_of_a_lock() -> None:
    was = parsed(declared("", retrospective=False))
    now = parsed(declared('retrospective = "then"', retrospective=False))
    locked = dataclasses.replace(now, lock=lock_of(was))
    assert deviations(locked) == ()
    assert now.digest() != was.digest()


def test_a_study_may_have_nothing_beside_its_means() -> None:
    study = parsed()
    assert has_supplementary(study)
    care = dataclasses.replace(study, outcomes=study.outcomes[:1])
    assert not has_supplementary(care)
