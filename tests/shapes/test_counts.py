"""How many were invited, answered and scored, in studies of several shapes."""

from __future__ import annotations

import dataclasses

import pytest
from shaped_studies import Shape
from shapes import SHAPES

from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.missing_data import evaluate_missing, followed_scores
from analysis.publication.disclosure.control import Disclosed, disclose
from analysis.publication.missing_data import show_unlinked
from analysis.publication.verdict.reader import planned_facts
from analysis.publication.verdict.sentences import NO_RESPONSE_RATE, third_sentence
from heard.results import Estimate


def with_invited(name: str, *invited: str) -> Shape:
    """A shape whose waves say how many were invited."""
    return dataclasses.replace(SHAPES[name], invited=invited)


def lost(shape: Shape) -> tuple[float | None, int | None, float | None, set[str]]:
    """The share lost and its n, the column it gives, and all threats."""
    found = {part.term: part for part in shape.findings if part.term == "share_lost"}
    share = found.get("share_lost")
    column = Group("strength", value="lost")
    scores = [part.estimate for part in shape.findings if part.group == column]
    threats = {
        part.group.value
        for part in shape.findings
        if part.term == "strength_threat" and isinstance(part.group, Group)
    }
    if share is None:
        return None, None, scores[0], threats
    return share.estimate, share.n, scores[0], threats


def test_nobody_knows_how_many_did_not_answer_unless_it_is_declared() -> None:
    """120 an arm and wave have a score; unknown losses score 3."""
    assert lost(SHAPES["unlinked_teams"])[:3] == (None, None, 3)
    only_once = with_invited("unlinked_teams", "300")
    assert lost(only_once)[:3] == (None, None, 3)


@pytest.mark.parametrize(
    ("before", "after", "share", "n", "score", "apart"),
    [
        # 240 of 250, and of 300 afterwards: the worse wave counts
        ("250", "300", 0.2, 300, 4, False),
        ("500", "300", 0.52, 500, 0, False),
        (
            "{ usual = 125, pilot = 125 }",
            "{ usual = 150, pilot = 150 }",
            0.2,
            300,
            4,
            False,
        ),
        # .04 and .20 lost of the arms at one wave, alike at the other, which is worse
        (
            "{ usual = 125, pilot = 150 }",
            "{ usual = 200, pilot = 200 }",
            0.4,
            400,
            2,
            True,
        ),
        # of 125 and 131 invited .040 and .084 are lost: less than 5 points apart
        ("{ usual = 125, pilot = 131 }", "240", 16 / 256, 256, 5, False),
    ],
)
def test_those_invited_without_a_score_are_lost(
    before: str, after: str, share: float, n: int, score: int, apart: bool
) -> None:
    found = lost(with_invited("unlinked_teams", before, after))
    assert found[0] == pytest.approx(share)
    assert found[1:3] == (n, score)
    assert ("losses_differ" in found[3]) == apart


def test_of_people_asked_once_those_invited_are_who_began() -> None:
    """60 of each of three arms answered; the third is not in the contrast."""
    shape = with_invited(
        "post_only_three_arms", "{ usual = 70, film = 80, visit = 60 }"
    )
    main = [part for part in shape.findings if part.term == "share_lost"]
    assert [part.n for part in main] == [150, 130]
    assert [part.estimate for part in main] == [
        pytest.approx(0.2),
        pytest.approx(1 / 13),
    ]


def test_linked_people_are_lost_since_the_baseline_whoever_was_invited() -> None:
    known, unknown = (
        lost(shape)
        for shape in (
            with_invited("linked_teams", "400", "400"),
            SHAPES["linked_teams"],
        )
    )
    assert known == unknown
    assert unknown[0] == pytest.approx(0.28, abs=0.08)


def strength_of(shape: Shape) -> str:
    """What the page says of the evidence."""
    (outcome,) = shape.study.outcomes
    (facts,) = planned_facts(
        Disclosed(findings=shape.findings), shape.study, outcome, outcome.follow_ups[0]
    )
    return third_sentence(facts)


def test_the_headline_says_what_is_not_known_only_where_it_is_not() -> None:
    assert NO_RESPONSE_RATE in strength_of(SHAPES["unlinked_teams"])
    known = strength_of(with_invited("unlinked_teams", "500", "300"))
    assert NO_RESPONSE_RATE not in known
    assert "52% of those invited without a score" in known
    assert NO_RESPONSE_RATE in strength_of(with_invited("unlinked_teams", "300"))


# ------------------------------------------------------------ randomised people lost


def imputed(shape: Shape) -> tuple[Finding, ...]:
    """What is found with missing scores filled in, of the main contrast."""
    name = Group(
        "analysis", value="missing scores filled in 30 times", of="same people"
    )
    return tuple(part for part in shape.findings if part.group == name)


def test_of_randomised_people_missing_scores_are_filled_in_too() -> None:
    """The planned model and multiple imputation assume alike, so they lie near."""
    shape = SHAPES["people_half_lost"]
    (found,) = imputed(shape)
    planned = shape.planned.result
    assert isinstance(planned, Estimate)
    assert found.estimate is not None
    error = (planned.conf_high - planned.conf_low) / 4  # type: ignore[operator]
    assert abs(found.estimate - planned.estimate) < error / 2
    assert found.n == planned.n
    assert "pooled over 30 completed sets by Rubin's rules" in found.method
    assert "Barnard and Rubin's degrees of freedom" in found.method
    arms = shape.questions[0].compared
    turned = Contrast(arms.before, arms.after)
    assert imputed_effect(shape, arms) == pytest.approx(found.estimate, abs=1e-12)
    assert imputed_effect(shape, turned) == pytest.approx(-found.estimate, abs=1e-9)


def imputed_effect(shape: Shape, arms: Contrast) -> float:
    """The effect of the arms as they are named, by the same draws."""
    (outcome,) = shape.study.outcomes
    followed = followed_scores(shape.scores, shape.study, outcome, None, "")
    assert followed is not None
    result = followed.difference_by_method(
        outcome.follow_ups[0], "imputed", arms=arms, draws=30
    )
    assert isinstance(result, Estimate)
    return result.estimate


@pytest.mark.parametrize("name", ["people_few_lost", "people_chosen", "linked_teams"])
def test_nothing_is_filled_in_where_few_were_lost_or_nobody_was_randomised(
    name: str,
) -> None:
    assert not imputed(SHAPES[name])


# ------------------------------------------------------------- the missing-data page


@pytest.mark.parametrize(
    ("name", "unit", "clusters"),
    [
        ("four_sites_an_arm", "site", {f"s{n}" for n in range(8)}),
        ("linked_teams", "team", {f"t{n}" for n in range(12)}),
        ("people_chosen", "person", {""}),
    ],
)
def test_the_missing_page_counts_the_units_of_the_question(
    name: str, unit: str, clusters: set[str]
) -> None:
    shape = SHAPES[name]
    (outcome,) = shape.study.outcomes
    followed = followed_scores(shape.scores, shape.study, outcome, None, "")
    assert followed is not None
    assert followed.unit == unit == shape.questions[0].estimand.unit
    assert set(followed.people["cluster"]) == clusters


def test_the_arms_difference_of_sites_has_the_error_of_sites() -> None:
    shape = SHAPES["four_sites_an_arm"]
    found = evaluate_missing(shape.scores, shape.study)
    (complete,) = [part for part in found if part.term == "complete_arm_difference"]
    assert "over 8 clusters" in complete.method


def unlinked(shape: Shape) -> dict[tuple[str, str], Finding]:
    found = evaluate_missing(shape.scores, shape.study)
    return {
        (str(part.wave), str(part.arm)): part
        for part in found
        if part.term == "share_scored"
    }


def missing_words(shape: Shape) -> str:
    found = evaluate_missing(shape.scores, shape.study)
    return show_unlinked(disclose(found, smallest=11), shape.study)._repr_html_()


def test_of_waves_that_are_not_linked_the_page_says_what_is_not_known() -> None:
    shape = SHAPES["unlinked_teams"]
    found = unlinked(shape)
    assert {(part.estimate, part.n) for part in found.values()} == {
        (None, 240),
        (None, 120),
    }
    words = missing_words(shape)
    assert "nobody knows who of those at Before answered again" in words
    assert "How many were invited is not recorded" in words
    assert "%" not in words


def test_of_waves_that_are_not_linked_the_page_says_how_many_did_not_answer() -> None:
    arms = "{ usual = 150, pilot = 200 }"
    shape = with_invited("unlinked_teams", arms, arms)
    found = unlinked(shape)
    assert found["after", "usual"].estimate == pytest.approx(0.8)
    assert found["after", ""].estimate == pytest.approx(240 / 350)
    words = missing_words(shape)
    assert "Before: 69%; After: 69%" in words
    assert "is not recorded" not in words


def test_of_linked_people_nothing_is_said_of_unlinked_waves() -> None:
    assert not unlinked(SHAPES["linked_teams"])
    assert "Every outcome is of linked people" in missing_words(SHAPES["linked_teams"])


def test_people_asked_once_have_no_wave_before_to_answer_at() -> None:
    shape = SHAPES["post_only_teams"]
    assert {wave for wave, _ in unlinked(shape)} == {"after"}
    words = missing_words(shape)
    assert "answered again" not in words
    assert "How many were invited is not recorded" in words
