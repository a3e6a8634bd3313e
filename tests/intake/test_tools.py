"""Each survey tool's export is recognised and brought to one row a response."""

from __future__ import annotations

import contextlib
import json

import pandas as pd
import pytest
from conftest import Project
from hypothesis import given, settings
from hypothesis import strategies as st
from received import codes, declared, mapped, quoted

from analysis.cleaning.rules import clean_responses
from analysis.intake.responses import map_responses, read_exports
from analysis.intake.survey_tools import as_received, recognise_tool
from analysis.storage.readers.table import RawTable
from heard.errors import DataError

# ------------------------------------------------------------------------- Qualtrics

NAMES = [
    "StartDate",
    "EndDate",
    "Status",
    "Finished",
    "ResponseId",
    "DistributionChannel",
    "Q1",
]
QUESTIONS = ["Start Date", "End Date", "Response Type", "Finished", "Response ID"]
QUESTIONS += ["Distribution Channel", "How confident are you\nnow, at this moment?"]


def qualtrics(*answers: tuple[str, str, str, str], headers: int = 3) -> str:
    """Rows of (status, finished, channel, answer) as Qualtrics exports them."""
    ids = [json.dumps({"ImportId": name}) for name in NAMES]
    rows = [
        [
            "2026-01-01 10:00:00",
            "2026-01-01 10:09:00",
            status,
            finished,
            f"R_{number}",
            channel,
            answer,
        ]
        for number, (status, finished, channel, answer) in enumerate(answers)
    ]
    return quoted(*[NAMES, QUESTIONS, ids][:headers], *rows)


FINISHED = """columns.finished = "Finished"
cleaning.finished = ["True", "1"]"""
SEEN = ("IP Address", "True", "anonymous")


@pytest.mark.parametrize("headers", [1, 2, 3])
def test_headers_of_qualtrics_are_not_responses(project: Project, headers: int) -> None:
    text = qualtrics((*SEEN, "3"), (*SEEN, "4"), headers=headers)
    assert codes(mapped(project, text, "Q1")) == [3.0, 4.0]


def test_an_item_of_qualtrics_is_found_by_its_question(project: Project) -> None:
    text = qualtrics((*SEEN, "3"))
    for item in ("how confident are you  now", "How confident are you now, at this"):
        assert codes(mapped(project, text, item)) == [3.0]


def test_previews_spam_and_unfinished_rows_of_qualtrics_are_counted(
    project: Project,
) -> None:
    text = qualtrics(
        (*SEEN, "1"),
        ("Survey Preview", "True", "preview", "2"),
        ("Spam", "True", "anonymous", "3"),
        ("IP Address", "False", "anonymous", "4"),
        ("0", "1", "anonymous", "5"),
        ("1", "1", "anonymous", "6"),
        ("8", "1", "anonymous", "6"),
        ("9", "1", "anonymous", "6"),
        ("17", "1", "anonymous", "6"),
        ("40", "1", "anonymous", "6"),
        ("4", "1", "anonymous", "7"),
        ("16", "1", "anonymous", "8"),
        ("32", "1", "anonymous", "9"),
        ("132", "1", "anonymous", "9"),
        ("256", "1", "anonymous", "6"),
        ("Synthetic", "1", "anonymous", "6"),
        ("Survey Preview Spam", "1", "anonymous", "6"),
        ("Imported Spam", "1", "anonymous", "6"),
        ("Offline Survey Preview", "1", "anonymous", "6"),
        ("EX Offline", "1", "anonymous", "9"),
        ("0", "1", "preview", "6"),
    )
    responses = mapped(project, text, "Q1", FINISHED)
    cleaned = clean_responses(responses.frame, responses.export)
    assert cleaned.left_out == {"preview": 13, "not_finished": 1}
    kept = [1.0, 5.0, 7.0, 8.0, 9.0, 9.0, 9.0]
    assert list(cleaned.frame["seed_confidence.now"]) == kept
    assert "preview" not in cleaned.frame


def test_previews_are_kept_where_the_study_says_so(project: Project) -> None:
    text = qualtrics((*SEEN, "1"), ("Survey Preview", "True", "preview", "2"))
    responses = mapped(project, text, "Q1", 'cleaning.previews = "keep"')
    assert clean_responses(responses.frame, responses.export).left_out == {}


@pytest.mark.parametrize("header", ["Response Type", "status", "Status#1"])
def test_previews_are_seen_even_where_the_study_reads_their_column(
    project: Project, header: str
) -> None:
    text = qualtrics((*SEEN, "1"), ("Survey Preview", "True", "anonymous", "2"))
    if "#" in header:
        text = text.replace('"Finished"', '"Status"', 1)
    more = f'columns.finished = "{header}"\ncleaning.finished = ["*"]'
    responses = mapped(project, text, "Q1", more)
    cleaned = clean_responses(responses.frame, responses.export)
    assert cleaned.left_out == {"preview": 1}


def test_questions_in_another_language_are_no_response(project: Project) -> None:
    text = qualtrics((*SEEN, "3"), headers=2)
    for english, other in (
        ("Start Date", "Startdatum"),
        ("End Date", "Enddatum"),
        ("Response ID", "Antwort-ID"),
    ):
        text = text.replace(english, other)
    assert codes(mapped(project, text, "Q1")) == [3.0]


def test_each_of_two_columns_of_a_name_has_its_own_question(project: Project) -> None:
    names, questions = [*NAMES, "Q1"], [*QUESTIONS, "How much do you look forward?"]
    moments = ["2026-01-01 10:00:00"] * 2
    row = [*moments, "0", "1", "R_1", "anonymous", "3", "4"]
    text = quoted(names, questions, row)
    assert codes(mapped(project, text, "How confident are you now")) == [3.0]
    assert codes(mapped(project, text, "how much do you look")) == [4.0]


def test_one_of_two_columns_of_a_name_is_chosen_by_number(project: Project) -> None:
    text = "Q1,Q1,ResponseId,StartDate,EndDate\n3,4,R,2026-01-01,2026-01-01\n"
    with pytest.raises(DataError, match=r"stands 2 times; say which: 'Q1#1' or 'Q1#2'"):
        mapped(project, text, "Q1")
    assert codes(mapped(project, text, "Q1#2")) == [4.0]
    with pytest.raises(DataError, match="unknown column 'Q1#3'"):
        mapped(project, text, "Q1#3")


def test_headers_without_a_response_are_no_export(project: Project) -> None:
    with pytest.raises(DataError, match="holds headers and no responses"):
        mapped(project, qualtrics(), "Q1")


# ----------------------------------------------------------------------- other tools

MONKEY = [
    ["Respondent ID", "Collector ID", "IP Address", "How confident are you now?"],
    ["", "", "", "Response"],
]


def test_two_header_rows_of_surveymonkey_are_made_one(project: Project) -> None:
    headings = [[*MONKEY[0], "Tools used", ""], [*MONKEY[1], "Git", "R"]]
    rows = [["114", "4", "10.0.0.1", "7", "Git", ""], ["115", "4", "", "8", "", "R"]]
    text = quoted(*headings, *rows)
    more = "[surveys.staff.attributes.tools]\n"
    more += 'multi = { git = "Tools used [Git]", r = "Tools used [R]" }'
    responses = mapped(project, text, "How confident are you now?", more)
    assert codes(responses) == [7.0, 8.0]
    assert list(responses.frame["tools.git"]) == [True, False]
    assert list(responses.frame["tools.r"]) == [False, True]


def test_one_header_row_of_surveymonkey_is_enough(project: Project) -> None:
    text = quoted(MONKEY[0], ["114", "4", "10.0.0.1", "7"])
    assert codes(mapped(project, text, "How confident are you now?")) == [7.0]


def test_a_form_of_limesurvey_is_finished_where_it_was_submitted(
    project: Project,
) -> None:
    text = quoted(
        ["id", "submitdate", "lastpage", "startlanguage", "G1[SQ001]"],
        ["1", "2026-01-01 10:00:00", "3", "en", "3"],
        ["2", "", "1", "en", "4"],
    )
    more = 'columns.finished = "submitdate"\ncleaning.finished = ["*"]'
    responses = mapped(project, text, "G1[SQ001]", more)
    assert list(responses.frame["finished"]) == [True, False]
    assert codes(responses) == [3.0, 4.0]


def table(headers: list[str], *rows: list[str], kind: str = "CSV") -> RawTable:
    cells = pd.DataFrame(list(rows), columns=headers, dtype=str)
    return RawTable(cells=cells, encoding="utf-8", kind=kind)


@pytest.mark.parametrize(
    ("headers", "tool"),
    [
        (["StartDate", "EndDate", "ResponseId"], "qualtrics"),
        (["record_id", "redcap_event_name"], "redcap"),
        (["Record ID", "Event Name", "Complete?"], "redcap"),
        (["id", "submitdate", "lastpage", "startlanguage", "seed"], "limesurvey"),
        (["Response ID", "Date submitted", "Last page"], "limesurvey"),
        (["id. Response ID", "submitdate. Date", "lastpage. Last"], "limesurvey"),
        (["ID", "Start time", "Completion time", "Email", "Name"], "microsoft_forms"),
        (["Id", "Start\u00a0time", "Completion time\n"], "microsoft_forms"),
        (["Timestamp", "Which team?"], "google_forms"),
        (["Zeitstempel", "Welches Team?"], "google_forms"),
        (["CARIMBO DE DATA/HORA", "Equipe"], "google_forms"),
        (["Respondent ID", "Collector ID", "Start Date"], "surveymonkey"),
        (["id", "age", "Q1"], "none"),
        (["Start time", "Timestamp"], "none"),
    ],
)
def test_tools_are_recognised(headers: list[str], tool: str) -> None:
    assert recognise_tool(table(headers, ["1"] * len(headers))) == tool


@pytest.mark.parametrize(
    ("cell", "tool"),
    [
        ("2020/10/30 3:08:44 PM GMT+1", "google_forms"),
        ("2022/03/22 8:53:03 fm CET", "google_forms"),
        ("2023/04/12 12:35:35 a. m. GMT-3", "google_forms"),
        ("2022-03-22 08:53:03", "none"),
        ("2022/03/22", "none"),
        ("", "none"),
    ],
)
def test_google_forms_shows_by_its_moments_in_any_language(
    cell: str, tool: str
) -> None:
    assert recognise_tool(table(["Tidspunkt", "Lag"], [cell, "x"])) == tool


@pytest.mark.parametrize(
    ("headers", "cells", "tool"),
    [
        (
            ["ID", "Begintijd", "Tijd van voltooien", "E-mail", "Naam"],
            ["1", "1/31/26 9:05:00", "1/31/26 9:07:00", "anonymous", ""],
            "microsoft_forms",
        ),
        (
            ["id", "first", "second", "Email"],
            ["1", "red", "2026-01-31 09:05:00", "x"],
            "none",
        ),
        (
            ["id", "first", "second"],
            ["1", "2026-01-31 9:05", "2026-01-31 9:07"],
            "none",
        ),
    ],
)
def test_microsoft_forms_shows_by_its_shape_in_any_language(
    headers: list[str], cells: list[str], tool: str
) -> None:
    assert recognise_tool(table(headers, cells)) == tool


def test_an_spss_file_is_spss_unless_a_tool_shows() -> None:
    assert recognise_tool(table(["q1"], ["1"], kind="SPSS")) == "spss"
    headers = ["StartDate", "EndDate", "ResponseId"]
    seen = table(headers, ["1", "2", "3"], kind="SPSS")
    assert recognise_tool(seen) == "qualtrics"
    assert as_received(seen, declared="spss", file="x.sav").tool == "spss"


def test_a_declared_tool_is_checked(project: Project) -> None:
    with pytest.raises(DataError) as caught:
        mapped(project, "now\n3\n", "now", 'tool = "qualtrics"')
    assert "is declared as Qualtrics but shows no sign of it" in str(caught.value)
    with pytest.raises(DataError, match="as REDCap but looks like Qualtrics"):
        mapped(project, qualtrics((*SEEN, "3")), "Q1", 'tool = "redcap"')
    assert codes(mapped(project, "now\n3\n", "now", 'tool = "none"')) == [3.0]


def test_who_ticked_nothing_of_columns_has_not_answered(project: Project) -> None:
    text = "now,a,b\n3,Git,\n3,,\n3,-99,-99\n"
    more = 'missing_codes = ["-99"]\n[surveys.staff.attributes.tools]\n'
    frame = mapped(project, text, "now", more + 'multi = { git = "a", r = "b" }').frame
    assert list(frame["tools.git"].isna()) == [False, True, True]
    assert list(frame["tools.r"].fillna(value=True)) == [False, True, True]


def test_who_was_never_shown_a_question_has_not_answered_it(project: Project) -> None:
    text = "now,a,b\n3,Y,N\n3,N/A,N/A\n3,Yes,N/A\n"
    more = "[surveys.staff.attributes.tools]\n"
    frame = mapped(project, text, "now", more + 'multi = { git = "a", r = "b" }').frame
    assert list(frame["tools.git"].isna()) == [False, True, False]
    assert list(frame["tools.git"].fillna(value=True)) == [True, True, True]
    assert list(frame["tools.r"].fillna(value=True)) == [False, True, False]


def test_a_choice_coded_no_is_not_ticked_whatever_its_code(project: Project) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    path = project.receive("study", "x.sav", b"")
    frame = pd.DataFrame({"now": [3.0] * 4, "a": [1.0, 2, 3, 1], "b": [2.0, 1, 3, 0]})
    words = {0: "Not quoted", 1: "Yes", 2: "No", 3: "Not asked"}
    pyreadstat.write_sav(frame, path, variable_value_labels={"a": words, "b": words})
    more = """missing_codes = ["not asked"]
[surveys.staff.attributes.tools]
multi = { git = "a", r = "b" }"""
    study = declared("now", more, "x.sav")
    (responses,) = map_responses(read_exports(study, "before"))
    found = [responses.frame[f"tools.{choice}"].tolist() for choice in ("git", "r")]
    assert found == [[True, False, pd.NA, True], [False, True, pd.NA, False]]


def test_times_and_totals_take_a_declared_decimal_comma(project: Project) -> None:
    more = """decimal = ","
columns.seconds = "took"
[surveys.staff.cleaning.printed_total]
column = "total"
score = "seed_confidence.now"
"""
    responses = mapped(project, 'now;took;total\n3;"61,5";"3,0"\n', "now", more)
    assert list(responses.frame["seconds"]) == [61.5]
    assert list(responses.frame["printed total: seed_confidence.now"]) == [3.0]
    assert responses.emptied == {}


@pytest.mark.parametrize(
    ("separator", "cell", "git", "lists"),
    [
        (";", "Git;R, the language", True, False),
        (", ", "Git, Lists, sheets, and the like", True, True),
        (";", "git ; Something else;", True, False),
        (";", "Something else", False, False),
        (", ", "", None, None),
        (", ", "-99", None, None),
    ],
)
def test_joined_choices_are_split_even_where_they_hold_the_separator(
    project: Project, separator: str, cell: str, git: bool | None, lists: bool | None
) -> None:
    more = f"""missing_codes = ["-99"]
[surveys.staff.attributes.tools]
column = "Which tools do you use?"
separator = "{separator}"
values = {{ Git = "git", "Lists, sheets, and the like" = "lists" }}"""
    text = quoted(["Timestamp", "now", "Which tools do you use?"], ["x", "3", cell])
    responses = mapped(project, text, "now", more)
    found = responses.frame[["tools.git", "tools.lists"]].iloc[0].tolist()
    assert [None if pd.isna(x) else bool(x) for x in found] == [git, lists]
    others = {("outside what is declared", "tools"): 1}
    assert responses.emptied == (others if "else" in cell or "language" in cell else {})


# --------------------------------------------------------------------------- headers


def test_a_beginning_that_fits_two_questions_is_refused(project: Project) -> None:
    text = "How confident now?,How confident later?\n3,4\n"
    with pytest.raises(DataError) as caught:
        mapped(project, text, "How confident")
    assert "fits 2 columns: 'How confident now?', 'How conf" in str(caught.value)
    assert codes(mapped(project, text, "how CONFIDENT n")) == [3.0]


def test_a_short_header_is_never_a_beginning(project: Project) -> None:
    with pytest.raises(DataError, match="unknown column 'Q1'"):
        mapped(project, "Q10,Q11\n3,4\n", "Q1")


def test_a_column_serves_two_declared_headers(project: Project) -> None:
    more = "[surveys.staff.attributes.again]\n"
    more += 'column = "HOW CONFIDENT ARE YOU"\nlowest = 0\nhighest = 9'
    text = "How confident are you now?\n3\n"
    responses = mapped(project, text, "How confident are you now?", more)
    assert list(responses.frame["again"]) == [3.0]
    assert codes(responses) == [3.0]


# ----------------------------------------------------------------- labels and missing


def test_words_of_spss_are_read_before_its_codes(project: Project) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    path = project.receive("study", "x.sav", b"")
    frame = pd.DataFrame({"q": [1.0, 2.0, 7.0, 98.0, 99.0], "sex": [1.0] * 5})
    words = {1: "Nothing", 2: "All", 98: "Refused"}
    pyreadstat.write_sav(
        frame,
        path,
        variable_value_labels={"q": words, "sex": {1: "Female"}},
        missing_ranges={"q": [99]},
    )
    more = """missing_codes = ["Refused"]
answers.seed_confidence = { nothing = 0, all = 10 }
attributes.sex = { column = "sex", values = { female = "women" } }"""
    study = declared("q", more, "x.sav")
    (responses,) = map_responses(read_exports(study, "before"))
    found = responses.frame["seed_confidence.now"]
    assert found.iloc[:3].tolist() == [0.0, 10.0, 7.0]
    assert found.iloc[3:].isna().all()
    assert list(responses.frame["sex"]) == ["women"] * 5
    column = "seed_confidence.now"
    assert responses.emptied == {("missing as the file declares", column): 1}


def test_what_came_in_says_the_tool_and_no_cell(project: Project) -> None:
    project.receive("study", "export.csv", qualtrics((*SEEN, "3")))
    shown = read_exports(declared("Q1"), "before")._repr_html_()
    assert "<td>Qualtrics</td>" in shown
    assert "R_0" not in shown


SIGNS = ["StartDate", "ResponseId", "EndDate", "record_id", "a_complete", "Timestamp"]
SIGNS += ["redcap_event_name", "Respondent ID", "Collector ID", "", "id", "submitdate"]


@given(
    names=st.lists(st.sampled_from(SIGNS) | st.text(max_size=8), min_size=1),
    cells=st.lists(
        st.text(max_size=8) | st.sampled_from(["ImportId", "2"]), max_size=9
    ),
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_headers_give_a_table_or_a_clear_fault(
    names: list[str], cells: list[str]
) -> None:
    rows = [[cell] * len(names) for cell in cells]
    # Anything but a table or a fault of the data fails the test.
    with contextlib.suppress(DataError):
        seen = as_received(table(names, *rows), declared="auto", file="export.csv")
        assert seen.cells.shape[1] == len(names)
