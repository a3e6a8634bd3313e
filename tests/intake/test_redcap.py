"""REDCap's long table: one event or form read, what is said once carried to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Project, shared_data
from received import codes, declared, mapped

from analysis.intake.responses import Responses, map_responses, read_exports
from analysis.intake.survey_tools import recognise_tool
from analysis.storage.readers import read_table
from analysis.storage.readers.table import RawTable
from heard.errors import DataError


def redcap(project: Project, file: str) -> Path:
    source = shared_data("redcap_export_fixtures") / file
    return project.receive("study", file, source.read_bytes())


DATA = "arm-single-longitudinal__data.csv"


def received(project: Project, file: str, item: str, more: str = "") -> RawTable:
    redcap(project, file)
    study = declared(item, more, file)
    return read_exports(study, "before").tables["staff"]


@pytest.mark.parametrize(
    "file",
    [
        "arm-single-longitudinal",
        "checkboxes-1",
        "decimal-comma",
        "longitudinal",
        "repeating-instruments",
        "survey",
    ],
)
def test_every_redcap_project_is_recognised(file: str) -> None:
    path = shared_data("redcap_export_fixtures") / f"{file}__data.csv"
    assert recognise_tool(read_table(path)) == "redcap"


def test_events_of_redcap_are_told_apart(project: Project) -> None:
    with pytest.raises(DataError) as caught:
        received(project, DATA, "weight")
    assert "holds rows of 3 kinds in redcap_event_name" in str(caught.value)
    assert '"dischage_arm_1"' in str(caught.value)
    table = received(project, DATA, "weight", 'event = "follow_up_arm_1"')
    assert list(table.cells["weight"]) == ["13", "23", "33"]
    with pytest.raises(DataError, match="Did you mean 'follow_up_arm_1'"):
        received(project, DATA, "weight", 'event = "followup_arm_1"')


def test_repeats_of_redcap_are_told_apart(project: Project) -> None:
    file = "repeating-instruments__data.csv"
    with pytest.raises(DataError, match=r'Declare instrument = …, one of "", "bp"'):
        received(project, file, "age")
    table = received(project, file, "bp_systolic", 'instrument = "bp"')
    assert list(table.cells["bp_systolic"]) == ["110", "111", "112", "114"]
    table = received(project, file, "age", 'instrument = ""')
    assert list(table.cells["age"]) == ["8.9", "9.6"]


def longitudinal(*rows: str) -> str:
    return "\n".join(["record_id,redcap_event_name,allocated,ward,q", *rows, ""])


TWO_EVENTS = longitudinal(
    "1,base_arm_1,A,Red,",
    "1,later_arm_1,,,3",
    "2,base_arm_1,B,Blue,",
    "2,later_arm_1,-99,,4",
    "3,later_arm_1,,,5",
)
ARMS = """missing_codes = ["-99"]
columns.arm = "allocated"
columns.team = "Ward"
tool = "redcap"
%s
[arms]
A.title = "First"
B.title = "Second"
[teams]
Red.title = "Red"
Blue.title = "Blue"
"""


def carried(project: Project, text: str, more: str) -> Responses:
    project.receive("study", "export.csv", text)
    study = declared("q", ARMS % more)
    (responses,) = map_responses(read_exports(study, "before"))
    return responses


def test_what_redcap_says_once_of_a_person_holds_at_every_event(
    project: Project,
) -> None:
    frame = carried(project, TWO_EVENTS, 'event = "later_arm_1"').frame
    assert list(frame["arm"]) == ["A", "B", ""]
    assert list(frame["team"]) == ["Red", "Blue", ""]
    table = read_exports(declared("q", ARMS % 'event = "later_arm_1"'), "before")
    reported = "'allocated' of 2 rows from the same people's other rows"
    assert reported in table.tables["staff"].remark


def test_nothing_is_carried_where_the_study_says_so(project: Project) -> None:
    more = 'event = "later_arm_1"\ncarried = ["ward"]'
    frame = carried(project, TWO_EVENTS, more).frame
    assert list(frame["arm"]) == ["", "", ""]
    assert list(frame["team"]) == ["Red", "Blue", ""]
    frame = carried(project, TWO_EVENTS, 'event = "later_arm_1"\ncarried = []').frame
    assert list(frame["team"]) == ["", "", ""]


def test_events_that_contradict_each_other_are_a_fault(project: Project) -> None:
    text = TWO_EVENTS.replace("2,later_arm_1,-99", "2,later_arm_1,A")
    with pytest.raises(DataError) as caught:
        carried(project, text, 'event = "later_arm_1"')
    reported = (
        "column 'allocated' says different things of 1 people at different events"
    )
    assert reported in str(caught.value)
    more = 'event = "later_arm_1"\ncarried = []'
    assert list(carried(project, text, more).frame["arm"]) == ["", "A", ""]
    text = text.replace("2,base_arm_1,B", "2,base_arm_1, a ")
    frame = carried(project, text, 'event = "later_arm_1"').frame
    assert list(frame["arm"]) == ["A", "A", ""], (
        "white space and capitals are no change"
    )


def test_a_contradiction_about_people_of_another_wave_is_none_here(
    project: Project,
) -> None:
    text = TWO_EVENTS + "9,base_arm_1,A,,\n9,other_arm_1,B,,\n"
    frame = carried(project, text, 'event = "later_arm_1"').frame
    assert list(frame["arm"]) == ["A", "B", ""]


def test_what_is_to_be_carried_must_be_there(project: Project) -> None:
    with pytest.raises(DataError, match="carried: unknown column 'wards'"):
        carried(project, TWO_EVENTS, 'event = "later_arm_1"\ncarried = ["wards"]')
    project.receive("study", "export.csv", "now\n3\n")
    with pytest.raises(DataError, match=r"carried = … is for REDCap; this is no "):
        read_exports(declared("now", 'carried = ["now"]'), "before")


def test_one_wave_may_be_an_event_of_each_arm(project: Project) -> None:
    text = longitudinal(
        "1,base_arm_1,A,,", "1,later_arm_1,,,3", "2,base_arm_2,B,,", "2,later_arm_2,,,4"
    )
    more = 'event = ["later_arm_1", "LATER_arm_2"]'
    responses = carried(project, text, more)
    assert list(responses.frame["arm"]) == ["A", "B"]
    assert codes(responses) == [3.0, 4.0]
    with pytest.raises(DataError, match=r"unknown event 'late_arm_2'\. Did you mean"):
        carried(project, text, 'event = ["later_arm_1", "late_arm_2"]')


def test_the_event_itself_may_name_the_arm(project: Project) -> None:
    text = longitudinal("1,base_arm_1,,,2", "1,later_arm_1,,,3", "2,later_arm_2,,,4")
    project.receive("study", "export.csv", text)
    more = """columns.arm = "redcap_event_name"
event = ["later_arm_1", "later_arm_2"]
[arms]
A = { title = "First", answers = ["later_arm_1"] }
B = { title = "Second", answers = ["later_arm_2"] }
"""
    (responses,) = map_responses(read_exports(declared("q", more), "before"))
    assert list(responses.frame["arm"]) == ["A", "B"]


def test_repeats_of_a_real_project_take_what_was_asked_once(project: Project) -> None:
    file = "repeating-instruments__data.csv"
    more = """instrument = "bp"
carried = ["sex"]
attributes.sex = { column = "sex", values = { 0 = "f", 1 = "m" } }"""
    redcap(project, file)
    whole = read_table(shared_data("redcap_export_fixtures") / file).cells
    once = whole.loc[whole["sex"] != ""].set_index("record_id")["sex"]
    wanted = whole.loc[whole["bp_systolic"] != "", "record_id"].map(once)
    (responses,) = map_responses(
        read_exports(declared("bp_complete", more, file), "before")
    )
    assert list(responses.frame["sex"]) == list(wanted.map({"0": "f", "1": "m"}))


def test_a_dictionary_says_which_field_names_the_record(project: Project) -> None:
    project.receive(
        "study",
        "words.csv",
        "Variable / Field Name,Field Label,"
        '"Choices, Calculations, OR Slider Labels"\nstaff_id,Who?,\n',
    )
    rows = ("x,1,base_arm_1,A,,", "y,2,later_arm_1,,,4", "z,1,later_arm_1,,,3")
    text = longitudinal(*rows).replace("record_id", "entered_by,staff_id")
    more = 'event = "later_arm_1"\n'
    assert list(carried(project, text, more).frame["arm"]) == ["", ""]
    frame = carried(project, text, more + 'dictionary = "words.csv"').frame
    assert list(frame["arm"]) == ["", "A"]


def test_filters_need_what_they_filter(project: Project) -> None:
    reported = "event = … is declared, but there is no redcap_event_name"
    with pytest.raises(DataError, match=reported):
        received(project, "checkboxes-1__data.csv", "record_id", 'event = "x"')
    project.receive("study", "export.csv", "now\n3\n")
    with pytest.raises(DataError, match=r"instrument = … is for REDCap; this is no "):
        read_exports(declared("now", 'instrument = "x"'), "before")


BOXES = """[surveys.staff.attributes.first]
multi = { one = "check_one___1", two = "check_one___2" }"""


def test_checkboxes_of_redcap_become_a_column_a_choice(project: Project) -> None:
    file = "checkboxes-1__data.csv"
    redcap(project, file)
    study = declared("form_1_complete", BOXES, file)
    (responses,) = map_responses(read_exports(study, "before"))
    assert list(responses.frame["first.one"]) == [True, False, True, False]
    assert list(responses.frame["first.two"]) == [False, False, True, False]


def test_the_data_dictionary_gives_the_words(project: Project) -> None:
    file = "checkboxes-1__data.csv"
    redcap(project, "checkboxes-1__dictionary.csv")
    more = 'dictionary = "checkboxes-1__dictionary.csv"'
    table = received(project, file, "form_1_complete", more)
    assert table.labels["check_one___3"] == "check one [three]"
    with pytest.raises(DataError, match="is not a REDCap data dictionary"):
        received(project, file, "form_1_complete", f'dictionary = "{file}"')


def test_answers_of_redcap_are_read_in_the_words_of_its_dictionary(
    project: Project,
) -> None:
    project.receive(
        "study",
        "words.csv",
        "Variable / Field Name,Field Label,"
        '"Choices, Calculations, OR Slider Labels"\n'
        'q,How?,"1, Not at all | 2, Completely, yes | 8, 8"\n',
    )
    text = "record_id,q,a_complete\n1,1,2\n2,2,2\n3,8,2\n"
    more = 'dictionary = "words.csv"\nanswers.seed_confidence = '
    more += '{ "not at all" = 0, "completely, yes" = 10 }'
    assert codes(mapped(project, text, "q", more)) == [0.0, 10.0, 8.0]


def test_a_decimal_comma_is_read_where_it_is_declared(project: Project) -> None:
    file = "decimal-comma__data.csv"
    more = "[surveys.staff.attributes]\n"
    more += 'height = { column = "height", lowest = 1, highest = 3 }'
    redcap(project, file)
    study = declared("demographics_complete", more, file)
    (responses,) = map_responses(read_exports(study, "before"))
    assert responses.frame["height"].isna().all()
    study = declared("demographics_complete", 'decimal = ","\n' + more, file)
    (responses,) = map_responses(read_exports(study, "before"))
    assert list(responses.frame["height"]) == [1.54, 1.84, 1.95, 1.61]
