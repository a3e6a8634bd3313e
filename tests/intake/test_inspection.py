"""Undeclared exports: what is told of them is right, and quotes no cell."""

from __future__ import annotations

import tomllib

import pandas as pd
import pytest
from conftest import ROOT, shared_data
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.declarations.study_file import parse_study
from analysis.intake.draft import draft_study, group_surveys, inspect_export
from analysis.intake.inspection import (
    candidate_roles,
    chosen,
    inspect_columns,
    match_instruments,
    similarity,
)
from analysis.storage.declared import instrument_names, read_instrument
from analysis.storage.readers import read_table
from analysis.storage.readers.table import RawTable
from heard.errors import DataError

CARE = [item.name for item in read_instrument("care").items]


def table(columns: dict[str, list[str]], **facts: object) -> RawTable:
    cells = pd.DataFrame(columns, dtype=str)
    return RawTable(cells=cells, encoding="utf-8", **facts)  # type: ignore[arg-type]


def kind(header: str, cells: list[str]) -> str:
    (column,) = inspect_columns(table({header: cells}), "x.csv")
    return column.kind


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("q", ["", "NA", "n/a"], "blank"),
        ("q", ["1", "2.5", "NA"], "numbers"),
        ("q", ["Agree", "Disagree", "agree"], "answers"),
        ("when", ["2026-01-31", "31/1/2026", "2026-01-31 09:00"], "dates"),
        ("starttime", ["2026-01-31T09:00"], "dates"),
        ("comment", [f"words of person {n}" for n in range(60)], "free text"),
        ("q", ["x" * 200, "y" * 200], "free text"),
        ("Your name", ["Ada", "Ben"], "identifying"),
        ("RecipientEmail", ["", "x"], "identifying"),
        ("contact", ["a@example.org", "b@example.org"], "identifying"),
        ("seen from", ["10.0.0.1", "10.0.0.2"], "identifying"),
        ("Team name", ["Red", "Blue"], "answers"),
    ],
)
def test_columns_are_told_apart(header: str, cells: list[str], expected: str) -> None:
    assert kind(header, cells) == expected


def test_numbers_that_are_somebodys_own_are_not_told() -> None:
    few = {"answer": ["1", "5"] * 10, "age": [str(n) for n in range(20)]}
    shared, own = inspect_columns(table(few), "x.csv")
    assert shared.description() == "numbers from 1 to 5, 2 different in 20"
    assert own.description() == "numbers, 20 different in 20"
    (person,) = inspect_columns(table({"participant_id": ["417"] * 20}), "x.csv")
    assert "417" not in person.description()


def test_answers_in_the_first_row_are_not_taken_for_headers() -> None:
    with pytest.raises(DataError, match="2 of 3 headers are numbers"):
        inspect_columns(table({"4": ["3"], "5": ["2"], "Agree": ["x"]}), "x.csv")


def test_roles_are_proposed_by_the_words_of_headers() -> None:
    headers = ["record_id", "redcap_event_name", "Team", "trial arm", "StudyID", "Age"]
    columns = inspect_columns(table({name: ["a", "b"] for name in headers}), "x.csv")
    roles = {
        role: [c.header for c in found]
        for role, found in candidate_roles(columns).items()
    }
    assert roles["participant"] == ["record_id", "StudyID"]
    assert roles["wave"] == ["redcap_event_name"]
    assert roles["team"] == ["Team"]
    assert roles["arm"] == ["trial arm"]
    assert roles["attribute"] == ["Age"]


def test_headers_are_alike_whatever_joins_their_words() -> None:
    assert similarity("GainedConfidence", "gained-confidence") > 0.9
    assert similarity("Q1", "") == 0.0
    assert similarity("career_advancement", "Skills-Advance-Career") > 0.55
    assert similarity("team", "favourite colour") < 0.5


def best(columns: dict[str, list[str]], **facts: object) -> tuple[str, str, float]:
    seen = table(columns, **facts)
    instruments = [read_instrument(name) for name in instrument_names()]
    match = match_instruments(seen, inspect_columns(seen, "x.csv"), instruments)[0]
    return match.instrument.name, match.by, match.score


def test_an_instrument_is_found_by_the_names_of_its_items() -> None:
    columns = {f"Q7_{item}": ["1", "5", "Does not apply"] for item in CARE}
    assert best(columns) == ("care", "name", 1.0)


def test_an_instrument_is_found_by_the_words_of_its_questions() -> None:
    items = read_instrument("care").items
    columns = {f"V{n}x": ["1", "5"] for n in range(len(items))}
    labels = {f"V{n}x": item.label for n, item in enumerate(items)}
    name, by, score = best(columns, labels=labels)
    assert (name, by) == ("care", "words")
    assert score > 0.95


def test_order_and_range_alone_prove_little() -> None:
    columns = {f"Q3_{n}": ["1", "5"] for n in range(1, 11)}
    name, by, score = best(columns)
    assert (name, by) == ("care", "order")
    assert score < 0.75
    seen = table(columns)
    care = [read_instrument("care")]
    assert not chosen(match_instruments(seen, inspect_columns(seen, "x.csv"), care))


def test_an_optional_item_is_found_where_it_was_asked_and_named_in_the_draft() -> None:
    confidence = [read_instrument("seed_confidence")]
    drafts = []
    for columns in ({"c_now": ["7"]}, {"c_now": ["7"], "c_then": ["5"]}):
        export = inspect_export(table(columns), "x.csv", confidence)
        drafts.append(draft_study("drafted", [[export]]))
    assert 'items.seed_confidence = "c_{item}"' in drafts[0]
    assert 'items.seed_confidence.now = "c_now"' in drafts[1]
    assert 'items.seed_confidence.then = "c_then"' in drafts[1]


def test_no_instrument_is_found_where_there_is_none() -> None:
    seen = table({"age": ["30"], "comment": ["words"]})
    instruments = [read_instrument(name) for name in instrument_names()]
    assert match_instruments(seen, inspect_columns(seen, "x.csv"), instruments) == []


SCALED = ["strongly agree", "slightly agree", "slightly disagree", "strongly disagree"]


def matched(name: str, columns: dict[str, list[str]]) -> list[tuple[str, bool]]:
    """Whether an instrument is proposed, by what, and whether it is written so."""
    seen = table(columns)
    found = match_instruments(seen, inspect_columns(seen, "x"), [read_instrument(name)])
    return [(match.by, match in chosen(found)) for match in found]


def test_names_any_form_may_have_need_as_many_columns_as_items() -> None:
    def columns(many: int) -> dict[str, list[str]]:
        return {f"Q{n:02d}": SCALED for n in range(1, many + 1)}

    assert matched("eq22", columns(22)) == [("words", True)]
    assert matched("eq22", columns(30)) == [("words", False)]


def test_an_instrument_whose_answers_do_not_fit_is_not_proposed() -> None:
    columns = {f"Q{n:02d}": ["red", "green", "blue"] for n in range(1, 23)}
    assert matched("eq22", columns) == []
    # its very own item names are worth a word all the same
    named = {item: ["red", "green", "blue"] for item in CARE}
    assert matched("care", named) == [("name", False)]


def inspected(*paths: str) -> list[object]:
    instruments = [read_instrument(name) for name in instrument_names()]
    return [inspect_export(read_table(ROOT / p), p, instruments) for p in paths]


def test_files_of_one_survey_are_its_waves() -> None:
    folder = "data/raw/listening-pilot"
    names = ("staff_before", "ratings_before", "staff_after", "ratings_after")
    exports = inspected(*(f"{folder}/{name}.csv" for name in names))
    surveys = group_surveys(exports)  # type: ignore[arg-type]
    assert [[e.file.rpartition("/")[2] for e in waves] for waves in surveys] == [
        ["staff_before.csv", "staff_after.csv"],
        ["ratings_before.csv", "ratings_after.csv"],
    ]
    text = draft_study("drafted", surveys)
    study = parse_study(text, name="drafted", read_instrument=read_instrument)
    assert [survey.instruments for survey in study.surveys] == [
        ("seed_culture", "seed_confidence"),
        ("care", "seed_three_behaviours"),
    ]
    assert study.wave_names() == ("wave_1", "wave_2")


def test_the_eq_short_export_is_matched_item_by_item() -> None:
    path = shared_data("debruine_eq_short") / "eq_data.csv"
    export = inspect_export(read_table(path), "eq.csv", [read_instrument("eq22")])
    (match,) = export.certain_matches
    assert match.items["q03"] == "Q03R"
    assert (len(match.items), match.fit) == (22, 1.0)


TEXT = st.text(max_size=12)


@given(
    headers=st.lists(TEXT, min_size=1, max_size=4, unique_by=str.strip),
    rows=st.lists(st.lists(TEXT, min_size=4, max_size=4), min_size=1, max_size=5),
)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_any_table_gives_a_draft_that_is_toml_and_holds_no_cell(
    headers: list[str], rows: list[list[str]]
) -> None:
    secret = "SECRETIVE"
    columns = {h: [f"{secret}{row[n]}" for row in rows] for n, h in enumerate(headers)}
    try:
        export = inspect_export(table(columns), "x.csv", [read_instrument("care")])
    except DataError:
        return
    text = draft_study("drafted", [[export]])
    tomllib.loads(text)
    assert secret not in text
