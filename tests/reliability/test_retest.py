"""People who answered twice: who counts, in which order, and how sure it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Project, lines

from analysis.cleaning.flow import flow_findings
from analysis.cleaning.rules import clean_wave
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.findings import Finding
from analysis.intake.responses import map_responses, read_exports
from analysis.reliability.waves import evaluate_reliability
from analysis.storage.declared import read_instrument
from heard.psychometrics.retest import retest_correlation
from heard.results import Estimate, Unavailable

ATTITUDE = Path(__file__).parents[1] / "oracles" / "data" / "attitude.csv"


def twice(first: list[float], second: list[float]) -> tuple[pd.Series, pd.Series]:
    names = [f"p{number}" for number in range(len(first))]
    return pd.Series([*first, *second]), pd.Series([*names, *names])


def test_r_and_interval_are_those_of_r() -> None:
    """R 4.2.2: cor.test(attitude$rating, attitude$complaints)."""
    table = pd.read_csv(ATTITUDE)
    found = retest_correlation(*twice([*table["rating"]], [*table["complaints"]]))
    assert isinstance(found, Estimate)
    assert found.n == 30
    # Printed by R with 10 digits.
    assert (found.estimate, found.conf_low, found.conf_high) == pytest.approx(
        (0.8254175695, 0.6620127699, 0.9139138914), abs=5e-11
    )


def test_only_the_first_two_scores_of_a_known_person_count() -> None:
    scores, people = twice([1.0, 2, 3, 5, 4], [2.0, 2, 4, 5, 5])
    plain = retest_correlation(scores, people)
    more = pd.Series(["p0", "p9", "", ""])
    added = pd.Series([9.0, 3.0, 1.0, 1.0])
    assert plain == retest_correlation(
        pd.concat([scores, added], ignore_index=True),
        pd.concat([people, more], ignore_index=True),
    )
    # An answer that was not scored is passed over, not counted as the second.
    gap = pd.concat([pd.Series([np.nan]), scores], ignore_index=True)
    who = pd.concat([pd.Series(["p0"]), people], ignore_index=True)
    assert plain == retest_correlation(gap, who)


def test_the_order_of_people_does_not_matter_but_that_of_answers_does() -> None:
    scores, people = twice([1.0, 2, 3, 5, 4], [5.0, 2, 4, 5, 5])
    scores, people = (
        pd.concat([part, extra], ignore_index=True)
        for part, extra in ((scores, pd.Series([1.0])), (people, pd.Series(["p0"])))
    )
    backwards = scores[::-1], people[::-1]
    assert retest_correlation(scores, people) != retest_correlation(*backwards)
    shuffled = [3, 1, 4, 0, 2, 8, 6, 9, 5, 7, 10]
    other = retest_correlation(scores[shuffled], people[shuffled])
    assert isinstance(other, Estimate)
    assert other.estimate == pytest.approx(retest(scores, people), abs=1e-12)


def retest(scores: pd.Series, people: pd.Series) -> float:
    found = retest_correlation(scores, people)
    assert isinstance(found, Estimate)
    return found.estimate


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([], [], "fewer than 4 people"),
        ([1.0, 2, 3], [1.0, 2, 3], "fewer than 4 people"),
        ([1.0, 2, 3, 4], [2.0, 2, 2, 2], "every score is the same"),
    ],
)
def test_without_pairs_or_differences_there_is_none(
    first: list[float], second: list[float], reason: str
) -> None:
    found = retest_correlation(*twice(first, second))
    assert isinstance(found, Unavailable)
    assert reason in found.reason
    assert found.n == len(first)


STUDY = """
title = "A study"
summary = "What was done."
smallest_group_shown = 5
[surveys.web]
title = "Web form"
instruments = ["seed_confidence"]
columns.participant = "id"
items.seed_confidence = "{item}"
[waves.once]
web.file = "web.csv"
"""


def found_for(project: Project, people: int, again: int) -> dict[str, Finding]:
    """Findings where so many people answered, and so many of them once more."""
    rows = [[f"i{n}", n % 11] for n in range(people)]
    rows += [[f"i{n}", (n + 1) % 11] for n in range(again)]
    project.receive("study", "web.csv", lines([["id", "now"], *rows]))
    study: Study = parse_study(STUDY, name="study", read_instrument=read_instrument)
    (cleaned,) = clean_wave(map_responses(read_exports(study, "once")))
    reliable = evaluate_reliability({"web": cleaned.frame}, study, "once")
    return {f.term: f for f in (*flow_findings([cleaned], study), *reliable)}


def test_a_study_that_keeps_repeats_counts_people_and_tells_their_agreement(
    project: Project,
) -> None:
    found = found_for(project, 30, 8)
    assert found["responses_used"].estimate == 38
    assert found["participants_used"].estimate == 30
    assert found["retest_correlation"].n == 8


def test_a_few_who_answered_twice_do_not_follow_from_the_counts(
    project: Project,
) -> None:
    found = found_for(project, 30, 3)
    assert found["participants_used"].estimate is None
    assert "fewer than 5" in found["participants_used"].reason


def test_where_nobody_answered_twice_nothing_is_said_of_it(project: Project) -> None:
    found = found_for(project, 30, 0)
    assert found["participants_used"].estimate == 30
    assert "retest_correlation" not in found
