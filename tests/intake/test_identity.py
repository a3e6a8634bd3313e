"""An identifier that several people share is told, never taken for one person."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from conftest import Project, lines
from hypothesis import given
from hypothesis import strategies as st

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.intake.identity import identifiers, shared_identifiers
from analysis.intake.responses import map_responses, read_exports
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.storage.declared import read_instrument
from heard.errors import DataError

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
AT = 'linkage = "identifier"\n'
MISSING = {'linkage = "identifier"': 'linkage = "identifier"\nmissing_codes = ["-99"]'}
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
    reported = str(caught.value)
    assert "before.csv: 1 participant identifiers stand for people" in reported
    assert "differ in site" in reported
    assert "[surveys.staff.columns] participant" in reported
    assert "secret" not in reported


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


def read(*texts: str, **options: Any) -> list[str]:
    return list(identifiers(pd.DataFrame({"id": texts}, dtype=str), ["id"], **options))


@pytest.mark.parametrize(
    "texts",
    [
        ("7", "007", "7.0", "7,0", " 7", "\uff17"),
        ("AB12", "ab12", "AB 12", "A\u00a0B12", "AB12\u200b", "\ufeffab12"),
        ("ZO\u00cb", "zo\u00eb", "Zoe\u0308"),
        ("ab-1", "AB\u20131", "ab\u20111"),
        ("O'Hara", "o\u2019hara"),
        ("Strasse", "stra\u00dfe", "STRA\u1e9eE"),
        ("0", "000", "0.0"),
    ],
)
def test_what_does_not_matter_in_an_identifier(texts: tuple[str, ...]) -> None:
    assert len(set(read(*texts))) == 1
    assert len(set(read(*texts, as_written=True))) > 1


@pytest.mark.parametrize(
    "texts",
    [
        ("7", "70", "17", "7.5", "7,000", "7.00", "A7", "-7"),
        ("A7", "A07", "A70"),
        ("ab1", "ac1", "a1b"),
    ],
)
def test_what_matters_in_an_identifier(texts: tuple[str, ...]) -> None:
    assert len(set(read(*texts))) == len(texts)


def test_what_is_no_answer_names_nobody() -> None:
    texts = ["-99", "Prefer not to say", "prefer not to  say", "-", "?", " .", "n/a"]
    codes = ("-99", "Prefer not to say", "n/a")
    assert set(read(*texts, missing_codes=codes)) == {""}
    # 99 is no answer to an item, and may be a person.
    assert read("99", "0", missing_codes=("99", "0")) == ["99", "0"]
    both = pd.DataFrame({"mother": ["A", "-99", "A"], "day": ["1", "1", "-"]})
    found = identifiers(both, ["mother", "day"], missing_codes=["-99"])
    assert list(found != "") == [True, False, False]


@given(st.text(max_size=8))
def test_an_identifier_is_compared_once_and_for_all(text: str) -> None:
    (once,) = read(text)
    assert read(once) == [once]
    assert read(once.lower()) == [once]


def test_missing_codes_are_nobody_in_an_export(project: Project) -> None:
    rows = [["-99", "north", "F", "3"], ["-99", "south", "M", "4"]]
    declared = study(**MISSING)
    assert set(mapped(project, rows, declared)["participant"]) == {""}


def test_an_identifier_written_in_two_ways_is_refused_until_it_is_said(
    project: Project,
) -> None:
    rows = [["aB1", "north", "F", "3"], ["Ab1", "north", "F", "4"]]
    rows += [["01", "north", "F", "3"], ["1", "north", "F", "3"], ["", "", "", "1"]]
    with pytest.raises(DataError) as caught:
        mapped(project, rows, study())
    reported = str(caught.value)
    assert "2 participant identifiers are written in more than one way" in reported
    assert "aB1" not in reported
    for spelling, people in (("folded", 2), ("as_written", 4)):
        message = {AT: f'{AT}identifier_spelling = "{spelling}"\n'}
        frame = mapped(project, rows, study(**message))
        assert frame.loc[frame["participant"] != "", "participant"].nunique() == people


def test_spelling_must_be_the_same_at_every_wave() -> None:
    own = 'staff = { file = "after.csv", identifier_spelling = "as_written" }'
    with pytest.raises(DeclarationError, match="must be the same at every wave"):
        study(**{'staff.file = "after.csv"': own})


def test_a_number_that_counts_anew_in_every_study_is_refused(project: Project) -> None:
    """As in the state anxiety data of the R package psychTools: 399 ids, 28 studies."""
    rows = [[f"{n % 9}", "", "", "3"] for n in range(36)]
    with pytest.raises(DataError) as caught:
        mapped(project, rows, study())
    assert "36 of 36 responses share their participant identifier" in str(caught.value)
    some_twice = [[f"{n % 15}", "", "", "3"] for n in range(20)]
    mapped(project, some_twice, study())


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
