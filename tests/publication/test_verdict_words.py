"""The three sentences about a planned result: ten invented results, word for word."""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_age import reading_age

from analysis.foundation import refusals
from analysis.publication.verdict.facts import Arm, PlannedFacts
from analysis.publication.verdict.headline import headline, short_verdict
from analysis.publication.verdict.sentences import (
    DESIGN_WORDS,
    THREAT_WORDS,
    second_sentence,
    third_sentence,
)
from heard.effects.judgement.strength import DESIGNS, Design, Strength, Threat
from heard.effects.judgement.verdict import Good, VerdictCode, verdict

PILOT = Arm(title="Pilot", group="the pilot teams", name="the pilot")
COMPARISON = Arm(
    title="Comparison", group="the comparison teams", name="the comparison"
)


def rated(
    rating: int,
    *,
    taken: tuple[Threat, ...] = (),
    lowest: tuple[Any, ...] = ("design",),
) -> Strength:
    initial = rating + len(taken)
    columns = {"design": 5, "size": 5, "width": 5, "lost": 5} | dict.fromkeys(
        lowest, initial
    )
    return Strength(
        rating=rating,
        initial=initial,
        columns=columns,
        lowest=lowest,
        threats=taken,
        taken=taken,
    )


def facts(**changed: Any) -> PlannedFacts:
    """A planned result; without a code its interval decides."""
    given_facts: dict[str, Any] = {
        "outcome": "ratings",
        "scores": "ratings",
        "programme": "the training",
        "treated": PILOT,
        "control": COMPARISON,
        "lowest": 10,
        "highest": 50,
        "good": "higher",
        "baseline": "Before",
        "follow_up": "After",
        "summary": "difference_in_change",
        "smallest_effect": 2.0,
        "lost": 0.1,
    } | changed
    if "code" not in changed:
        given_facts["code"] = verdict(
            given_facts.get("low"),
            given_facts.get("high"),
            smallest_effect=given_facts["smallest_effect"],
            good=given_facts["good"],
        )
    return PlannedFacts(**given_facts)


def arms(*means: float) -> dict[str, Any]:
    before, after, other_before, other_after = means
    return {
        "treated": dataclasses.replace(PILOT, before=before, after=after),
        "control": dataclasses.replace(
            COMPARISON, before=other_before, after=other_after
        ),
    }


def result(estimate: float, low: float, high: float, **others: Any) -> dict[str, Any]:
    return {"estimate": estimate, "low": low, "high": high} | others


TEN: list[tuple[dict[str, Any], str]] = [
    (
        result(2.9, 2.1, 3.7, randomised=True, strength=rated(4)),
        "The training made ratings better, by enough to matter.",
    ),
    (
        result(1.6, 0.4, 2.8, strength=rated(3)),
        "The pilot teams probably did better than the comparison teams. We cannot tell "
        "if by enough to matter.",
    ),
    (
        result(-2.7, -4.6, -0.8, randomised=True, strength=rated(3)),
        "The training probably made ratings worse. We cannot tell if by enough to "
        "matter.",
    ),
    (
        result(0.2, -1.1, 1.5, randomised=True, strength=rated(4)),
        "The training made little or no difference to ratings.",
    ),
    (
        result(2.4, -3.1, 7.9, strength=rated(2)),
        "We cannot tell whether the pilot teams did better. The result fits anything "
        "from a loss that matters to a gain that matters.",
    ),
    (
        result(2.1, -0.1, 4.3, strength=rated(2)),
        "We cannot tell whether the pilot teams did better. The result fits anything "
        "from a small loss to a gain that matters.",
    ),
    (
        result(-0.3, -2.4, 1.8, strength=rated(3)),
        "The pilot teams probably did not do better by enough to matter. They may have "
        "done worse.",
    ),
    (
        result(1.8, 0.3, 3.3, strength=rated(2), agreeing=2, asked=5),
        "The pilot teams may have done better than the comparison teams. We cannot "
        "tell if by enough to matter. This depends on how it is analysed.",
    ),
    (
        result(
            3.1,
            2.2,
            4.0,
            summary="change",
            control=None,
            selected_on_score=True,
            strength=rated(1),
        ),
        "Ratings were higher after the training than before. This cannot show that the "
        "training did it: scores may have been rising anyway, and people picked for "
        "low scores tend to score higher next time.",
    ),
    (
        {
            "refusal": refusals.one_site_each("trust", programme="the training"),
            "unit": "site",
        },
        "This study cannot say whether the training worked. One trust had the training "
        "and one did not. Anything else that happened in either trust would look the "
        "same.",
    ),
]


@pytest.mark.parametrize(("changed", "words"), TEN, ids=range(1, 11))
def test_the_ten_invented_results_word_for_word(
    changed: dict[str, Any], words: str
) -> None:
    assert headline(facts(**changed)) == words


def test_numbers_of_the_invented_results() -> None:
    first = facts(**TEN[0][0] | arms(42.0, 45.8, 42.1, 43.0), units=24, people=610)
    assert second_sentence(first) == (
        "Pilot: 42.0 to 45.8. Comparison: 42.1 to 43.0 (10 to 50; higher is better). "
        "The pilot changed by 2.9 points more; likely range 2.1 to 3.7. 24 teams, 610 "
        "people."
    )
    third = facts(**TEN[2][0] | arms(43.1, 41.2, 42.8, 43.6))
    assert second_sentence(third) == (
        "Pilot: 43.1 to 41.2. Comparison: 42.8 to 43.6 (10 to 50; higher is better). "
        "The pilot's change was 2.7 points lower; likely range 0.8 to 4.6."
    )
    sixth = facts(**TEN[5][0] | arms(42.8, 45.6, 42.0, 42.7))
    assert second_sentence(sixth) == (
        "Pilot: 42.8 to 45.6. Comparison: 42.0 to 42.7 (10 to 50; higher is better). "
        "The pilot changed by 2.1 points more; likely range 0.1 less to 4.3 more."
    )
    fifth = second_sentence(facts(**TEN[4][0]))
    assert fifth.endswith("The likely range is 11 points wide, on a scale of 40.")
    seventh = second_sentence(facts(**TEN[6][0], at_best=0.48))
    assert seventh.endswith(
        "Almost half already gave the best score, so a gain could not show."
    )
    assert second_sentence(facts(**TEN[9][0])) == ""


def test_strength_of_the_invented_results() -> None:
    first = facts(
        randomised=True,
        design="randomised",
        strength=rated(4, lowest=("lost",)),
        lost=0.14,
        agreeing=5,
        asked=5,
        code="better_by_enough",
    )
    assert third_sentence(first) == (
        "Strength 4 of 5: chance decided which teams had it; held at 4 by 14% lost. "
        "5 of 5 other ways to analyse the same people agree."
    )
    second = facts(design="chosen_comparison", strength=rated(3), code="better")
    assert third_sentence(second) == (
        "Strength 3 of 5: comparison teams were chosen, not randomised."
    )
    assert third_sentence(facts(**TEN[9][0])) == ""


# ---------------------------------------------------------------- what A3 was about


@pytest.mark.parametrize(
    ("means", "estimate", "words"),
    [
        ((43.0, 42.4, 43.0, 41.1), 1.3, "The pilot's change was 1.3 points higher"),
        ((42.0, 43.0, 42.0, 44.0), -1.0, "The pilot's change was 1.0 points lower"),
        ((42.0, 44.0, 42.0, 41.0), 3.0, "The pilot changed by 3.0 points more"),
    ],
)
def test_a_difference_in_change_is_no_change_of_its_own(
    means: tuple[float, ...], estimate: float, words: str
) -> None:
    text = second_sentence(
        facts(**arms(*means), **result(estimate, estimate - 1, estimate + 1))
    )
    assert f"{words}; likely range" in text


def test_a_fall_is_a_gain_where_lower_is_better() -> None:
    lower = facts(
        **arms(23.3, 19.0, 24.0, 22.7),
        **result(-3.0, -5.4, -0.6),
        good="lower",
        strength=rated(3),
    )
    assert "did better" in headline(lower)
    assert "changed by 3.0 points more; likely range 0.6 to 5.4" in (
        second_sentence(lower)
    )
    assert "; lower is better" in second_sentence(lower)


def test_an_adjusted_difference_says_so() -> None:
    adjusted = facts(
        **arms(42.0, 45.8, 42.4, 43.0),
        **result(2.9, 2.1, 3.7),
        summary="adjusted_difference",
    )
    assert "allowing for where they began; likely range" in second_sentence(adjusted)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04, "0.04"), (0.004, "0.004"), (0.0004, "0.0"), (0.0, "0.0"), (0.06, "0.1")],
)
def test_a_limit_that_is_not_zero_is_not_written_as_zero(
    value: float, text: str
) -> None:
    assert facts(code="better").points(value) == text


def test_a_narrow_score_has_two_decimals() -> None:
    narrow = facts(code="better", lowest=1, highest=5)
    assert narrow.points(0.35) == "0.35"
    assert narrow.points(0.004) == "0.004"


# ---------------------------------------------------------------- any facts at all

CODES: tuple[VerdictCode, ...] = get_args(VerdictCode)
SUMMARIES = (
    "difference_in_change",
    "adjusted_difference",
    "difference_after",
    "start_effect",
    "change",
)
LIMITS: dict[VerdictCode, tuple[float, float]] = {
    "better_by_enough": (2.1, 3.7),
    "worse_by_enough": (-3.7, -2.1),
    "little_or_none": (-1.1, 1.5),
    "better": (0.4, 2.8),
    "worse": (-2.8, -0.4),
    "no_important_gain": (-2.4, 1.8),
    "cannot_tell": (-0.1, 4.3),
}
GOODS: tuple[Good, ...] = get_args(Good)
RATINGS = ((True, 4), (True, 2), (False, 3), (False, 1), (False, 0))
UNSURE = re.compile(
    r"probably|may |cannot|too weak|were (higher|lower)|much the same|changed a little"
)


def any_facts() -> list[PlannedFacts]:
    """Every code, design, direction and rating together."""
    return [
        _of(code, summary, good, randomised=randomised, rating=rating, small=small)
        for code, summary, good in itertools.product(LIMITS, SUMMARIES, GOODS)
        for randomised, rating in (
            (True, 4),
            (True, 2),
            (False, 3),
            (False, 1),
            (False, 0),
        )
        for small in (False, True)
        if not (summary == "change" and randomised)
        and not (good == "none" and code == "no_important_gain")
    ]


def _of(
    code: VerdictCode,
    summary: str,
    good: Good,
    *,
    randomised: bool,
    rating: int,
    small: bool,
) -> PlannedFacts:
    low, high = (0.2, 1.5) if small and code == "little_or_none" else LIMITS[code]
    if good == "lower":
        low, high = -high, -low
    return facts(
        **result((low + high) / 2, low, high),
        code=code,
        summary=summary,
        good=good,
        randomised=randomised,
        strength=rated(rating),
        control=None if summary == "change" else COMPARISON,
    )


@pytest.mark.parametrize("good", GOODS)
def test_facts_are_those_of_their_code(good: Good) -> None:
    for each in any_facts():
        if each.good == good:
            found = verdict(each.low, each.high, smallest_effect=2.0, good=good)
            assert found == each.code


def test_a_neutral_scale_has_no_better() -> None:
    for each in any_facts():
        if each.good == "none":
            words = " ".join([headline(each), second_sentence(each)]).casefold()
            assert not re.search(r"better|worse|improve|gain|loss|worked", words), words


def test_no_cause_unless_randomised() -> None:
    for each in any_facts():
        if not each.randomised:
            words = headline(each)
            causal = r"[Tt]he training (\w+ )*(made|make|raised|lowered|changed)"
            assert not re.search(causal, words), words


def test_no_verb_without_a_hedge_under_4() -> None:
    for each in any_facts():
        assert each.strength is not None
        if each.strength.rating < 4:
            assert UNSURE.search(headline(each)), headline(each)


def test_without_a_comparison_nobody_did_better() -> None:
    for each in any_facts():
        if each.summary == "change":
            assert "did better" not in headline(each)
            assert "gain" not in headline(each)


def test_a_cell_claims_no_more_than_the_headline() -> None:
    cells = {short_verdict(each): each for each in any_facts()}
    assert {"too weak to say", "higher, by enough to matter"} <= set(cells)
    for each in any_facts():
        cell, words = short_verdict(each), headline(each)
        assert (cell == "too weak to say") == words.startswith("The evidence is too")
        if not each.compared or each.post_only or each.good == "none":
            assert not re.match(r"(not )?(better|worse)", cell), cell


def test_words_of_all_facts_are_whole_sentences() -> None:
    for each in any_facts():
        for text in (headline(each), second_sentence(each)):
            assert re.fullmatch(r"[A-Z“].*\.", text), text
            assert not re.search(r"  |\.\.| \.|[{}]|None|nan", text), text


def test_only_a_gain_or_a_harm_stands_in_large_type() -> None:
    for each in any_facts():
        assert each.strength is not None
        expected = each.verdict_class in {"gain", "harm"} and each.strength.rating > 0
        assert each.large_type == expected
    assert not facts(code="no_answer").large_type


# ---------------------------------------------------------------- bound to its facts

BOUND: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"few_units": 2}, {"few_units": None}, "This is about these two teams only."),
    ({"few_units": 1}, {"few_units": None}, "This is about this team only."),
    (
        {"agreeing": 2, "asked": 5},
        {"agreeing": 5, "asked": 5},
        "This depends on how it is analysed.",
    ),
    (
        {"depends_on_dropouts": True},
        {"depends_on_dropouts": False},
        "It would not hold if those who did not answer fared worse.",
    ),
    (
        {"comparability": "not tested"},
        {"comparability": "checked"},
        "We could not check that the questions meant the same both times.",
    ),
    (
        {"comparability": "one item"},
        {"comparability": "checked"},
        "We could not check that the question meant the same both times. One question "
        "cannot be checked for this.",
    ),
    (
        {"comparability": "warned", "bias": -0.42},
        {"comparability": "checked", "bias": -0.42},
        "Some questions may have changed their meaning. That alone could make ratings "
        "of the pilot teams 0.4 points lower.",
    ),
    (
        {"smallest_effect": None, "code": "better"},
        {"smallest_effect": 2.0, "code": "better"},
        "Nobody said beforehand how much would matter.",
    ),
    (
        {"summary": "start_effect"},
        {"summary": "difference_in_change"},
        "This holds only if all would have changed alike without the training.",
    ),
]


@pytest.mark.parametrize(("there", "gone", "words"), BOUND)
def test_each_ending_of_the_headline_has_its_fact(
    there: dict[str, Any], gone: dict[str, Any], words: str
) -> None:
    sure = result(2.9, 2.1, 3.7, strength=rated(3))
    assert words in headline(facts(**sure | there))
    assert words not in headline(facts(**sure | gone))


def test_picked_for_low_scores_is_said_only_where_they_were() -> None:
    picked = facts(**TEN[8][0])
    words = headline(dataclasses.replace(picked, selected_on_score=False))
    assert words.endswith("scores may have been rising anyway.")


def test_waves_are_named_where_the_programme_is_not() -> None:
    unnamed = dataclasses.replace(facts(**TEN[8][0]), programme="")
    assert headline(unnamed).startswith(
        "Ratings were higher at “After” than at “Before”. This cannot show why. Scores "
        "may have been rising anyway"
    )


def test_each_number_has_its_fact() -> None:
    whole = facts(
        **arms(42.0, 45.8, 42.1, 43.0), **result(2.9, 2.1, 3.7), units=24, people=610
    )
    for gone, words in (
        ({"units": None}, "teams"),
        ({"people": None}, "people"),
        ({"low": None}, "likely range"),
        ({"treated": PILOT}, "42.0 to 45.8"),
        ({"control": COMPARISON}, "42.1 to 43.0"),
        ({"estimate": None}, "points"),
    ):
        assert words in second_sentence(whole)
        assert words not in second_sentence(dataclasses.replace(whole, **gone))


def test_each_part_of_the_strength_has_its_fact() -> None:
    whole = facts(
        design="chosen_comparison",
        strength=rated(1, taken=("no_plan",), lowest=("lost",)),
        lost=0.35,
        agreeing=3,
        asked=4,
        losses_unknown=True,
        movers=0.12,
        code="better",
    )
    assert third_sentence(whole) == (
        "Strength 1 of 5: comparison teams were chosen, not randomised; held at 2 by "
        "35% lost; less 1: no plan was locked. 3 of 4 other ways to analyse the same "
        "people agree. We do not know how many did not answer. 12% were in both groups "
        "and count in their first."
    )
    for gone, words in (
        ({"strength": None}, "Strength"),
        ({"strength": rated(2, lowest=("lost",))}, "less 1"),
        ({"strength": rated(1)}, "held at"),
        ({"design": None}, "chosen"),
        ({"asked": 0}, "other ways"),
        ({"losses_unknown": False}, "did not answer"),
        ({"movers": None}, "both groups"),
    ):
        assert words not in third_sentence(dataclasses.replace(whole, **gone))


def test_every_design_and_threat_has_its_words() -> None:
    assert set(DESIGN_WORDS) == set(get_args(Design)) == set(DESIGNS)
    assert set(THREAT_WORDS) == set(get_args(Threat))


@given(
    means=st.tuples(*[st.floats(10, 50)] * 4),
    good=st.sampled_from(["higher", "lower", "none"]),
)
def test_printed_changes_differ_by_the_printed_estimate(
    means: tuple[float, ...], good: Good
) -> None:
    before, after, other_before, other_after = means
    estimate = (after - before) - (other_after - other_before)
    each = facts(
        **arms(*means), **result(estimate, estimate - 1, estimate + 1), good=good
    )
    text = second_sentence(each).replace("\N{MINUS SIGN}", "-")
    printed = [float(number) for number in re.findall(r"\d+\.\d+", text)]
    change = (printed[1] - printed[0]) - (printed[3] - printed[2])
    assert abs(change) == pytest.approx(printed[4], abs=0.25 + 1e-9)


# ---------------------------------------------------------------- how easily they read

LONGEST: dict[str, Any] = {
    "outcome": "staff confidence",
    "scores": "staff confidence scores",
    "units": 24,
    "people": 1610,
    "agreeing": 2,
    "asked": 5,
    "depends_on_dropouts": True,
    "comparability": "not tested",
    "selected_on_score": True,
    "few_units": 2,
    "at_best": 0.48,
}


def passage(each: PlannedFacts) -> str:
    return " ".join([headline(each), second_sentence(each), third_sentence(each)])


def test_the_result_can_be_read_at_11() -> None:
    """Of the passage: the formula is not made for one sentence with a long name."""
    numbers = arms(42.0, 45.8, 42.1, 43.0) | {"units": 24, "people": 610}
    for each, design in itertools.product(any_facts(), DESIGNS):
        shortest = dataclasses.replace(each, **numbers, design=design)
        for shown in (shortest, dataclasses.replace(shortest, **LONGEST)):
            words = passage(shown)
            assert reading_age(words) < 12, (reading_age(words), words)


def test_no_sentence_is_long() -> None:
    for each in any_facts():
        for sentence in re.split(
            r"[.:;] ", passage(dataclasses.replace(each, **LONGEST))
        ):
            assert len(sentence.split()) <= 25, sentence


@pytest.mark.parametrize("design", DESIGNS)
def test_strength_can_be_read_at_11(design: Design) -> None:
    for pair in itertools.combinations(THREAT_WORDS, 2):
        each = facts(
            code="better",
            design=design,
            strength=rated(0, taken=pair, lowest=("size", "lost")),
            losses_unknown=True,
            **{key: LONGEST[key] for key in ("agreeing", "asked")},
        )
        words = third_sentence(each)
        assert reading_age(words) < 12, (reading_age(words), words)


@pytest.mark.parametrize(
    "words",
    [
        refusals.too_few_units("team", 2, 2),
        refusals.one_site_each(),
        refusals.few_sites(4),
        refusals.no_site_with_both(),
        refusals.too_few_orders(),
        refusals.too_few_starting(),
        refusals.too_many_movers(0.28),
        refusals.could_not_match(),
        refusals.keys_turned("Shows interest"),
        refusals.comparability(),
        refusals.feasibility(),
        refusals.few_people(9, 30),
        refusals.few_units_of_one_group("team", 4),
        refusals.same_answer(),
    ],
)
def test_refusals_can_be_read_at_11(words: str) -> None:
    whole = headline(facts(code="no_answer", refusal=words))
    assert whole.endswith(words)
    assert reading_age(whole) < 12, (reading_age(whole), whole)


# ------------------------------------------------------------- shares and chances

SHARES = {"metric": "share", "lowest": 0, "highest": 1, "smallest_effect": 0.1}
CHANCES = {
    "metric": "probability_of_better",
    "lowest": 0,
    "highest": 3,
    "smallest_effect": 0.1,
}
CHANCE = "(chance that an answer is better than one that anybody gave before; 50% is no"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            SHARES | arms(0.31, 0.45, 0.33, 0.39) | result(0.08, 0.01, 0.15),
            "Pilot: 31% to 45%. Comparison: 33% to 39% (higher is better). The pilot "
            "teams' share rose by 8 percentage points more; likely range 1 to 15.",
        ),
        (
            SHARES
            | arms(0.45, 0.31, 0.39, 0.33)
            | result(-0.08, -0.15, 0.004, good="lower"),
            "Pilot: 45% to 31%. Comparison: 39% to 33% (lower is better). The pilot "
            "teams' share fell by 8 percentage points more; likely range 0.4 less to "
            "15 more.",
        ),
        (
            # It rose by less: that is no rise by so many points more.
            SHARES | arms(0.31, 0.35, 0.33, 0.45) | result(-0.08, -0.15, -0.01),
            "The change in the pilot teams' share was 8 percentage points lower; "
            "likely range 1 to 15.",
        ),
        (
            SHARES
            | arms(0.0, 0.45, 0.0, 0.37)
            | result(0.08, 0.01, 0.15, summary="difference_after", baseline=""),
            "The pilot teams' share was 8 percentage points higher; likely range 1 to "
            "15.",
        ),
        (
            SHARES
            | result(0.08, 0.01, 0.15, summary="change", control=None)
            | {"treated": dataclasses.replace(PILOT, before=0.004, after=0.084)},
            "Before: under 1%. After: 8% (higher is better). The share was 8 "
            "percentage points higher; likely range 1 to 15.",
        ),
        (
            SHARES | result(0.08, 0.01, 0.15, summary="adjusted_difference"),
            "was 8 percentage points higher, allowing for where they began; likely",
        ),
        (
            CHANCES | arms(0.49, 0.61, 0.51, 0.53) | result(0.1, 0.03, 0.17),
            f"Pilot: 49% to 61%. Comparison: 51% to 53% {CHANCE} difference). The "
            "pilot teams' chance of a better answer rose by 10 percentage points more; "
            "likely range 3 to 17.",
        ),
        (
            CHANCES
            | arms(0.49, 0.61, 0.51, 0.53)
            | result(0.1, 0.03, 0.17, good="none"),
            "chance that an answer is higher than one that anybody gave before",
        ),
        (
            CHANCES
            | arms(0.0, 0.55, 0.0, 0.45)
            | result(0.1, 0.03, 0.17, summary="difference_after", baseline=""),
            "chance that an answer is better than another; 50% is no difference",
        ),
    ],
)
def test_a_share_or_a_chance_is_told_in_percentage_points(
    given: dict[str, Any], told: str
) -> None:
    said = second_sentence(facts(**given))
    assert told in said
    assert "0." not in said.replace("0.4 less", "")


@pytest.mark.parametrize("of", [SHARES, CHANCES])
def test_a_wide_range_of_shares_is_on_no_scale_of_points(of: dict[str, Any]) -> None:
    given = of | arms(0.31, 0.45, 0.33, 0.39) | result(0.08, -0.2, 0.36)
    said = second_sentence(facts(**given))
    assert "The likely range is 56 percentage points wide." in said
    assert "on a scale of" not in said


def test_half_who_say_yes_before_leave_the_other_half_room() -> None:
    given = result(0.08, -0.2, 0.36, at_best=0.5)
    no_room = "already gave the best score, so a gain could not show"
    assert no_room not in second_sentence(facts(**(SHARES | given)))
    assert no_room in second_sentence(facts(**(CHANCES | given)))
