"""What means of teams and of staff are worth, and where that is asked at all."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.declarations.plan import Gates
from analysis.foundation.findings import Finding
from analysis.publication.disclosure.control import disclose
from analysis.reliability.staff_means import evaluate_staff_means
from analysis.reliability.team_means import estimate_team_means, names_teams
from analysis.reliability.waves import evaluate_reliability
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heard.results import Result

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
CARE = STUDY.instruments["care"]
TOTAL = CARE.subscale("total")
ITEMS = list(TOTAL.items)


def of_teams(
    scores: Sequence[float], teams: Sequence[str], keyed: pd.DataFrame | None = None
) -> dict[str, Result]:
    if keyed is None:
        keyed = pd.DataFrame(dict.fromkeys(ITEMS, scores), dtype=float)
    found = estimate_team_means(
        pd.Series(scores, dtype=float), keyed, pd.Series(teams), CARE, TOTAL
    )
    return {result.term: result for result in found}


def estimate(found: Result) -> Estimate:
    assert isinstance(found, Estimate), found
    return found


def test_likeness_of_teams_worked_out_by_hand() -> None:
    """Means 2, 4 and 6 of two each: mean squares 8 between and 2 within."""
    found = of_teams([1, 3, 3, 5, 5, 7, 9], [*"aabbcc", ""])
    assert estimate(found["icc_1"]).estimate == pytest.approx(0.6, abs=1e-12)
    assert estimate(found["icc_2"]).estimate == pytest.approx(0.75, abs=1e-12)
    assert estimate(found["clusters"]).estimate == 3
    assert {result.n for term, result in found.items() if "wg" not in term} == {6}


def test_teams_whose_means_differ_by_rounding_do_not_differ() -> None:
    found = of_teams([0.1, 0.2, 0.3, 0.3, 0.2, 0.1, 0.2, 0.1, 0.3], [*"aaabbbccc"])
    assert isinstance(found["icc_2"], Unavailable)
    assert found["icc_2"].reason == "no variance between groups"


@given(st.lists(st.integers(1, 5), min_size=12, max_size=12), st.integers(-3, 3))
def test_a_mean_of_as_many_members_is_spearman_brown_of_one(
    answers: list[int], shift: int
) -> None:
    teams = [*"aaabbbcccddd"]
    found = of_teams(answers, teams)
    moved = of_teams([answer + shift for answer in answers], teams)
    one, many = found["icc_1"], found["icc_2"]
    if isinstance(one, Unavailable) or isinstance(many, Unavailable):
        return  # all alike, between teams or within them
    stepped_up = many.estimate * (1 + 2 * one.estimate)
    assert stepped_up == pytest.approx(3 * one.estimate, abs=1e-9)
    assert estimate(moved["icc_1"]).estimate == pytest.approx(one.estimate, abs=1e-9)


def test_agreement_counts_those_with_every_answer_and_not_the_teams() -> None:
    keyed = pd.DataFrame(3.0, index=range(9), columns=ITEMS)
    keyed.loc[0:1, ITEMS[0]] = [2.0, 4.0]
    keyed.loc[8, ITEMS[1]] = np.nan
    found = of_teams([30.0, 31, 32, 33, 34, 35, 36, 37, 38], [*"aaabbbccc"], keyed)
    agreed = estimate(found["mean_r_wg_j"])
    assert (agreed.n, agreed.n_unit) == (8, "")
    assert agreed.estimate < 1
    assert agreed.conf_high == 1  # and never beyond


def test_of_two_teams_nothing_is_said() -> None:
    found = of_teams([1, 3, 3, 5], [*"aabb"])
    assert {result.term for result in found.values()} == {
        "icc_1",
        "icc_2",
        "mean_r_wg_j",
    }
    for result in found.values():
        assert isinstance(result, Unavailable)
        assert "2 teams with a score" in result.reason


def test_one_team_or_none_is_not_asked() -> None:
    assert names_teams(pd.DataFrame({"team": ["a", "b", ""]}))
    assert not names_teams(pd.DataFrame({"team": ["a", "a", ""]}))
    assert not names_teams(pd.DataFrame({"team": ["", ""]}))


def ratings(teams: Sequence[str], staff: int = 20, each: int = 6) -> pd.DataFrame:
    draws = generator("group means tests", "ratings")
    member = np.repeat(np.arange(staff), each)
    heard = draws.normal(size=staff)[member] + draws.normal(size=len(member))
    answers = 3 + heard[:, None] + 0.5 * draws.normal(size=(len(member), len(ITEMS)))
    codes = np.clip(np.round(answers), 1, 5)
    frame = pd.DataFrame(codes, columns=[f"care.{item}" for item in ITEMS])
    for item in STUDY.instruments["seed_three_behaviours"].items:
        frame[f"seed_three_behaviours.{item.name}"] = codes[:, 0]
    team = [teams[int(one) % len(teams)] for one in member]
    return frame.assign(
        participant="",
        arm="",
        site="",
        team=team,
        staff_member=[f"s{m}" for m in member],
    )


def found_in(responses: pd.DataFrame) -> list[Finding]:
    at_wave = STUDY.narrowed("before")
    return list(evaluate_reliability({"ratings": responses}, at_wave, "before"))


def test_a_wave_has_them_where_its_responses_name_teams() -> None:
    terms = {"icc_1", "icc_2", "mean_r_wg_j", "clusters"}
    named = found_in(ratings(["bugle", "cello", "harp", "lute"]))
    total = {f.term for f in named if (f.instrument, f.item) == ("care", "")}
    single = {f.term for f in named if f.subscale == "cares"}
    assert terms <= total
    assert single == terms - {"mean_r_wg_j"}  # a single item is not several agreeing
    assert {f.wave for f in named} == {"before"}
    assert not terms & {f.term for f in found_in(ratings([""]))}


def of_staff(responses: pd.DataFrame, line: float | None = None) -> list[Finding]:
    assert STUDY.plan is not None
    plan = dataclasses.replace(STUDY.plan, gates=Gates(least_reliability=line))
    study = dataclasses.replace(STUDY, plan=plan)
    return list(evaluate_staff_means({"before": {"ratings": responses}}, study))


def number(found: list[Finding], term: str, group: str = "") -> float:
    (value,) = (
        f.estimate
        for f in found
        if (f.instrument, f.term, f.group) == ("care", term, group)
    )
    assert value is not None
    return value


def test_a_mean_of_the_ratings_declared_is_stepped_up_from_one() -> None:
    found = of_staff(ratings(["bugle"]))
    one, five = (number(found, "dependability_coefficient", n) for n in ("1", "5"))
    assert five == pytest.approx(5 * one / (1 + 4 * one), abs=1e-9)
    needed = number(found, "raters_needed")
    assert needed - 1 < 0.7 / 0.3 * (1 - one) / one <= needed
    assert {(f.n, f.n_unit) for f in found} == {(20, "staff")}
    assert number(of_staff(ratings(["bugle"]), 0.9), "raters_needed") > needed


def test_another_key_moves_no_digit() -> None:
    """Pseudonyms change with the key, and with them the order of staff and rows."""
    given = ratings(["bugle"])
    names = [f"s{number:02d}" for number in np.random.default_rng(4).permutation(20)]
    renamed = given.assign(
        staff_member=given["staff_member"].map(lambda s: names[int(s[1:])])
    )
    another = renamed.sort_values("staff_member", ignore_index=True)
    found = [[f.estimate for f in of_staff(one)] for one in (given, another)]
    assert found[0] == found[1]


def test_nobody_is_shown_and_nothing_of_few_staff() -> None:
    found = of_staff(ratings(["bugle"], staff=6, each=30))
    assert {f.group for f in found} == {"1", "5", ""}
    shown = disclose(found, smallest=11).findings
    assert all(f.estimate is None and f.n is None for f in shown)


def test_a_survey_that_names_no_staff_is_not_asked() -> None:
    staff = pd.DataFrame({"staff_member": ["a"], "participant": [""]})
    assert evaluate_staff_means({"before": {"staff": staff}}, STUDY) == ()
