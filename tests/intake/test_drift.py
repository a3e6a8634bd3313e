"""A new wave's export compared with the last: every drift told, none applied."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.intake.draft import wave_table
from analysis.intake.drift import Comparison, compare_exports
from analysis.storage.declared import read_instrument
from analysis.storage.readers.table import RawTable

ITEMS = [item.name for item in read_instrument("care").items]
STUDY = """
title = "A study"
summary = "What was done."
[teams.red]
title = "Red team"
[surveys.ratings]
title = "Ratings"
instruments = ["care"]
items.care = "care_{item}"
columns.team = "Team"
columns.participant = ["letter", "day"]
attributes.age = { column = "Age", lowest = 16, highest = 99 }
[waves.before]
ratings.file = "before.csv"
"""
ADDED = '[waves.after]\ntitle = "After"\n[waves.after.ratings]\nfile = "after.csv"\n'
FIVE = ["1", "2", "3", "4", "5"]


def study(more: str = "") -> Study:
    return parse_study(STUDY + more, name="study", read_instrument=read_instrument)


def export(
    answers: list[str] = FIVE, renamed: dict[str, str] | None = None
) -> RawTable:
    renamed = renamed or {}
    names = ["Team", "letter", "day", "Age", "comment", *(f"care_{i}" for i in ITEMS)]
    columns = {
        renamed.get(name, name): answers if name.startswith("care_") else ["a"] * 5
        for name in names
        if renamed.get(name, name)
    }
    return RawTable(cells=pd.DataFrame(columns, dtype=str), encoding="utf-8")


def compared(now: RawTable, before: RawTable | None = None) -> Comparison:
    declared = study(ADDED)
    last, new = (wave.exports[0] for wave in declared.waves)
    before = before or export()
    return compare_exports(declared, last=last, new=new, before=before, now=now)


def reported(found: Comparison, kind: str) -> list[str]:
    return [drift.description for drift in found.drifts if drift.kind == kind]


def table_for(found: Comparison) -> str:
    return wave_table(study(), study(ADDED).waves[1].exports[0], found)


def test_the_same_export_has_no_drift() -> None:
    found = compared(export())
    assert found.drifts == ()
    assert table_for(found).split("\n")[-2:] == ['file = "after.csv"', ""]


def test_renamed_columns_are_proposed_with_their_likeness() -> None:
    names = {
        "Team": "Which team are you in",
        "care_at_ease": "Q1 At ease",
        "day": "Day",
    }
    found = compared(export(renamed=names))
    renamed = reported(found, "renamed")
    assert any(t.startswith("'Team' → 'Which team are you in'? like") for t in renamed)
    assert any(t.startswith("'care_at_ease' → 'Q1 At ease'? like") for t in renamed)
    assert len(renamed) == 2, "capitals alone are no change"
    parsed = study(table_for(found)).wave("after").exports[0]
    assert parsed.columns.items["care.at_ease"] == "Q1 At ease"
    assert parsed.columns.items[f"care.{ITEMS[1]}"] == f"care_{ITEMS[1]}"
    assert parsed.columns.team == "Which team are you in"


def test_missing_new_and_gone_columns_are_listed() -> None:
    found = compared(export(renamed={"Age": "", "comment": "Anything else?"}))
    assert reported(found, "missing") == ["'Age'"]
    assert reported(found, "new") == ["'Anything else?'"]
    assert reported(found, "gone") == ["'comment'"]
    assert "# attributes.age.column = …  # not found" in table_for(found)


@pytest.mark.parametrize(
    ("before", "now", "expected", "proposed"),
    [
        (
            ["Poor", "Good", "Fair", "Excellent", "Very good"],
            FIVE,
            "care: 5 different texts → numbers 1 to 5",
            {},
        ),
        (
            FIVE,
            ["0", "1", "2", "3", "4"],
            "care: numbers 1 to 5 → numbers 0 to 4",
            {"0": 1.0, "1": 2.0, "2": 3.0, "3": 4.0, "4": 5.0},
        ),
        (
            FIVE,
            ["1", "2", "15", "16", "17"],
            "care: numbers 1 to 5 → numbers 1 to 2, 15 to 17",
            {"1": 1.0, "2": 2.0, "15": 3.0, "16": 4.0, "17": 5.0},
        ),
        (FIVE, ["11", "11", "12", "13", "13"], "numbers 11 to 13", {}),
        (["15", *FIVE[1:]], ["15", *FIVE[1:]], "which are not all its codes", None),
    ],
)
def test_changed_coding_is_told_and_only_proposed(
    before: list[str],
    now: list[str],
    expected: str,
    proposed: dict[str, float] | None,
) -> None:
    found = compared(export(now), export(before))
    (drift,) = reported(found, "coding")
    assert expected in drift
    assert "Poor" not in drift
    if proposed is not None:
        assert found.recodings.get("care", {}) == proposed
    written = study(table_for(found)).wave("after").exports[0]
    assert written.answers == {}, "a recoding is never applied unasked"
    if proposed:
        uncommented = table_for(found).replace("# answers.", "answers.")
        again = study(uncommented).wave("after").exports[0]
        assert again.answers == {"care": proposed}


def test_codes_declared_for_the_survey_are_no_drift() -> None:
    own = "\n".join(f"{c} = {n}" for n, c in enumerate(range(15, 20), start=1))
    more = f"[surveys.ratings.answers.care]\n{own}\n"
    declared = parse_study(
        STUDY + more + ADDED, name="study", read_instrument=read_instrument
    )
    last, new = (wave.exports[0] for wave in declared.waves)
    coded = export([str(c) for c in range(15, 20)])
    found = compare_exports(declared, last=last, new=new, before=coded, now=coded)
    assert found.drifts == ()


def test_a_column_answered_otherwise_is_not_taken_for_an_item() -> None:
    columns = export(renamed={"care_at_ease": ""}).cells
    columns["care at ease"] = ["purple", "green", "red", "blue", "grey"]
    columns["ease, at: rated"] = FIVE
    found = compared(RawTable(cells=columns, encoding="utf-8"))
    assert found.found["items", "care.at_ease"] == "ease, at: rated"
