"""How many were invited, answered and scored, in studies of several shapes."""

from __future__ import annotations

import dataclasses

import pytest
from shaped_studies import Shape
from shapes import SHAPES

from analysis.foundation.findings import Group
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.verdict.reader import planned_facts
from analysis.publication.verdict.sentences import NO_RESPONSE_RATE, third_sentence


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
    assert [(part.n, part.estimate) for part in main] == [
        (150, pytest.approx(0.2)),
        (130, pytest.approx(1 / 13)),
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
