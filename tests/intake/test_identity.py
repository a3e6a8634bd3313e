"""An identifier that several people share is told, never taken for one person."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import Project, lines

from analysis.declarations import Study, parse_study
from analysis.foundation import DataError
from analysis.intake import map_responses, read_exports
from analysis.intake.identity import shared_identifiers
from analysis.outcomes import evaluate_outcomes
from analysis.storage.declared import read_instrument

STUDY = """
title = "A study"
summary = "What was done."
[sites.north]
title = "North"
[sites.south]
title = "South"
[surveys.staff]
title = "Staff"
instruments = ["seed_confidence"]
linkage = "identifier"
columns = { participant = "id", site = "trust" }
cleaning.repeats = "last"
items.seed_confidence = "{item}"
[surveys.staff.attributes.sex]
column = "sex"
values = { F = "f", M = "m" }
[waves.before]
staff.file = "before.csv"
[waves.after]
staff.file = "after.csv"
[outcomes.confidence]
title = "Confidence"
survey = "staff"
instrument = "seed_confidence"
subscale = "now"
"""
RULE = '[surveys.staff.linkage_rule]\nrule = "exact"\nstable = ["sex"]\n'


def study(more: str = "", **changed: str) -> Study:
    text = STUDY
    for old, new in changed.items():
        text = text.replace(old, new)
    return parse_study(text + more, name="study", read_instrument=read_instrument)


def mapped(project: Project, rows: list[list[str]], declared: Study) -> pd.DataFrame:
    project.receive(
        "study", "before.csv", lines([["id", "trust", "sex", "now"], *rows])
    )
    (responses,) = map_responses(read_exports(declared, "before"))
    return responses.frame


def test_the_same_number_in_two_sites_is_refused_and_not_quoted(
    project: Project,
) -> None:
    rows = [["secret1", "north", "F", "3"], ["secret1", "south", "F", "4"]]
    rows += [["2", "north", "F", "3"], ["2", "north", "F", "4"], ["", "south", "", "1"]]
    with pytest.raises(DataError) as caught:
        mapped(project, rows, study())
    told = str(caught.value)
    assert "before.csv: 1 participant identifiers stand for people" in told
    assert "differ in site" in told
    assert "[surveys.staff.columns] participant" in told
    assert "secret" not in told


def test_the_site_beside_the_number_tells_them_apart(project: Project) -> None:
    both = {'participant = "id"': 'participant = ["trust", "id"]'}
    rows = [["1", "north", "F", "3"], ["1", "south", "F", "4"]]
    assert mapped(project, rows, study(**both))["participant"].nunique() == 2


def test_people_who_differ_in_what_never_changes_are_refused(project: Project) -> None:
    rows = [["1", "north", "F", "3"], ["1", "", "M", "4"], ["2", "north", "", "4"]]
    mapped(project, rows, study())
    with pytest.raises(DataError, match=r"1 participant identifiers .* differ in sex"):
        mapped(project, rows, study(RULE))


def test_a_code_is_not_refused(project: Project) -> None:
    """Two people may make the same code; linkage counts it and leaves it alone."""
    rows = [["1", "north", "F", "3"], ["1", "south", "F", "4"]]
    mapped(project, rows, study(identifier="self_generated_code"))


def test_what_is_not_known_contradicts_nobody() -> None:
    rows = pd.DataFrame(
        {
            "participant": ["1", "1", "2", "2", "", ""],
            "site": ["north", "", "", "", "north", "south"],
            "born": [1980.0, float("nan"), 1980.0, 1981.0, 1.0, 2.0],
        }
    )
    assert shared_identifiers(rows, ["site"]) == set()
    assert shared_identifiers(rows, ["site", "born"]) == {"2"}


def scores(sites: list[str]) -> pd.DataFrame:
    size = range(len(sites))
    return pd.DataFrame(
        {
            "participant": [f"{number}" for number in size],
            "arm": "",
            "team": "",
            "site": sites,
            "seed_confidence.now": [float(number % 5) for number in size],
        }
    )


def test_an_identifier_given_anew_at_another_site_is_refused_across_waves() -> None:
    waves = {
        "before": {"staff": scores(["north"] * 20)},
        "after": {"staff": scores(["south"] * 12 + ["north"] * 8)},
    }
    with pytest.raises(DataError) as caught:
        evaluate_outcomes(waves, study())
    assert "12 of 20 linked participants are at another site" in str(caught.value)


def test_a_few_who_moved_to_another_site_are_no_fault() -> None:
    waves = {
        "before": {"staff": scores(["north"] * 20)},
        "after": {"staff": scores(["south"] * 2 + ["north"] * 18)},
    }
    found = evaluate_outcomes(waves, study())
    assert "participants_linked" in {finding.term for finding in found}
