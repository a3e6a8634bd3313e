"""From cells to responses: right codes, named faults, and no identifier left."""

from __future__ import annotations

import math

import pytest
from conftest import Project

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.intake.responses import Responses, map_responses, read_exports
from analysis.storage.declared import read_instrument
from heard.errors import DataError

STUDY = """
title = "A study"
summary = "What was done."
[arms.pilot]
title = "Pilot teams"
[arms.other]
title = "Comparison"
[teams.red]
title = "Red team"
arm = "pilot"
answers = ["The Reds"]
[surveys.ratings]
title = "Ratings"
instruments = ["care"]
missing_codes = ["-99", "Prefer not to say"]
linkage = "self_generated_code"
items.care = "{item}"
[surveys.ratings.columns]
participant = ["letter", "day"]
team = "team"
consent = "consent"
[surveys.ratings.cleaning]
repeats = "last"
consent = ["Yes"]
[surveys.ratings.attributes.age]
column = "age"
lowest = 16
highest = 99
[waves.before]
ratings.file = "export.csv"
"""
ITEMS = [item.name for item in read_instrument("care").items]
HEADER = ["letter", "day", "team", "consent", "age", "e-mail", *ITEMS]


def study(more: str = "") -> Study:
    return parse_study(STUDY + more, name="study", read_instrument=read_instrument)


def row(*, first: str = "3", **cells: str) -> str:
    known = {"letter": "a", "day": "07", "team": "red", "consent": "yes", "age": "40"}
    known |= {"e-mail": "somebody@example.org"} | dict.fromkeys(ITEMS, "3")
    known |= {"at_ease": first} | cells
    return ",".join(known[name] for name in HEADER)


def mapped(project: Project, *rows: str, more: str = "") -> Responses:
    text = "\n".join([",".join(HEADER), *rows]) + "\n"
    project.receive("study", "export.csv", text)
    (responses,) = map_responses(read_exports(study(more), "before"))
    return responses


def first_item(responses: Responses) -> list[float]:
    return [float(code) for code in responses.frame["care.at_ease"]]


def test_text_and_numbers_become_codes_whatever_their_case(project: Project) -> None:
    responses = mapped(
        project, *(row(first=text) for text in ("Poor", " VERY  good ", "5", "2.0"))
    )
    assert first_item(responses) == [1.0, 4.0, 5.0, 2.0]


def test_missing_and_unscored_answers_are_emptied_and_counted(project: Project) -> None:
    texts = ("", "-99", "prefer not to say", "Does not apply")
    responses = mapped(project, *(row(first=text) for text in texts))
    assert all(math.isnan(code) for code in first_item(responses))
    assert responses.emptied == {("not applicable", "care.at_ease"): 1}


@pytest.mark.parametrize("text", ["6", "0", "2.5", "nan", "inf", "1e3", "splendid"])
def test_an_answer_that_fits_nothing_is_counted_never_quoted(
    project: Project, text: str
) -> None:
    with pytest.raises(DataError) as caught:
        mapped(project, row(), row(first=text), row(first=text))
    reported = str(caught.value)
    assert "column 'at_ease' has 2 answers of 3 that are not codes 1 to 5" in reported
    assert f"'{text}'" not in reported
    assert "somebody" not in reported


def test_numbers_declared_as_answers_take_the_place_of_codes(project: Project) -> None:
    more = "[surveys.ratings.answers.care]\n15 = 1\n16 = 2\n17 = 3\n18 = 4\n19 = 5\n"
    rows = [row(first="16", **dict.fromkeys(ITEMS[1:], "17"))]
    assert first_item(mapped(project, *rows, more=more)) == [2.0]
    with pytest.raises(DataError, match="'at_ease' has 1 answers of 1"):
        mapped(project, row(first="3", **dict.fromkeys(ITEMS[1:], "17")), more=more)


def test_people_get_pseudonyms_and_nothing_else_of_them_stays(project: Project) -> None:
    responses = mapped(project, row(), row(letter="A", day="07 "), row(letter="b"))
    people = list(responses.frame["participant"])
    assert people[0] == people[1] != people[2]
    assert all(len(person) == 24 for person in people)
    cells = responses.frame.astype(str).to_numpy().ravel().tolist()
    assert not any("example.org" in cell or cell in ("a", "A") for cell in cells)
    assert "e-mail" not in responses.frame.columns


def test_a_code_with_a_blank_element_is_no_code(project: Project) -> None:
    responses = mapped(project, row(letter=""), row(day=""))
    assert list(responses.frame["participant"]) == ["", ""]


def test_those_who_have_no_code_are_not_one_person(project: Project) -> None:
    rows = [row(letter=text) for text in ("-99", "PREFER NOT TO SAY", "a")]
    people = list(mapped(project, *rows).frame["participant"])
    assert people[:2] == ["", ""]
    assert people[2]


def test_a_missing_code_of_digits_may_be_somebody(project: Project) -> None:
    whole = STUDY.replace('["-99", "Prefer', '["-99", "99", "Prefer')
    text = "\n".join([",".join(HEADER), row(day="99"), row(first="99")]) + "\n"
    project.receive("study", "export.csv", text)
    declared = parse_study(whole, name="study", read_instrument=read_instrument)
    (responses,) = map_responses(read_exports(declared, "before"))
    assert all(responses.frame["participant"])
    assert math.isnan(first_item(responses)[1])


def test_a_missing_code_is_no_team_and_no_consent(project: Project) -> None:
    whole = STUDY.replace('consent = ["Yes"]', 'consent = ["*"]')
    cells = ("no", "-99", "Prefer Not To Say", "")
    rows = [row(consent=cell, team="prefer not to say") for cell in cells]
    project.receive("study", "export.csv", "\n".join([",".join(HEADER), *rows]) + "\n")
    declared = parse_study(whole, name="study", read_instrument=read_instrument)
    (responses,) = map_responses(read_exports(declared, "before"))
    assert list(responses.frame["consented"]) == [True, False, False, False]
    assert list(responses.frame["team"]) == [""] * 4


def test_emptying_what_is_out_of_range_does_not_hide_a_shifted_export(
    project: Project,
) -> None:
    whole = STUDY.replace(
        'repeats = "last"', 'repeats = "last"\nout_of_range = "empty"'
    )
    declared = parse_study(whole, name="study", read_instrument=read_instrument)

    def received(*rows: str) -> Responses:
        text = "\n".join([",".join(HEADER), *rows]) + "\n"
        project.receive("study", "export.csv", text)
        (responses,) = map_responses(read_exports(declared, "before"))
        return responses

    shifted = [row(first="0"), row(first="4")]
    with pytest.raises(DataError) as caught:
        received(*shifted)
    assert "looks like an export coded one lower" in str(caught.value)
    assert "if the stray code means no answer" in str(caught.value)
    emptied = received(*shifted, row(first="5")).emptied
    assert emptied == {("out of range", "care.at_ease"): 1}


def test_arm_comes_through_the_team_and_blank_teams_stay_blank(
    project: Project,
) -> None:
    frame = mapped(project, row(team="the reds"), row(team="")).frame
    assert list(frame["team"]) == ["red", ""]
    assert list(frame["arm"]) == ["pilot", ""]


def test_an_undeclared_team_is_counted_not_quoted(project: Project) -> None:
    with pytest.raises(DataError) as caught:
        mapped(project, row(team="Blue team"), row())
    assert "names no declared team in 1 of 2 rows. Declared: red" in str(caught.value)
    assert "Blue" not in str(caught.value)


def test_an_impossible_number_is_emptied_and_counted(project: Project) -> None:
    responses = mapped(project, row(age="4"), row(age="old"), row(age=""), row())
    assert responses.emptied == {("outside what is declared", "age"): 2}
    assert list(responses.frame["age"].isna()) == [True, True, True, False]


def test_missing_columns_of_every_file_are_told_at_once(project: Project) -> None:
    header = ",".join(HEADER).replace("at_ease", "at-ease").replace("consent", "ok")
    project.receive("study", "export.csv", f"{header}\n{row()}\n")
    with pytest.raises(DataError) as caught:
        read_exports(study(), "before")
    assert len(caught.value.faults) == 2
    assert "unknown column 'at_ease'. Did you mean 'at-ease'?" in str(caught.value)


def test_a_wanted_column_that_stands_twice_is_refused(project: Project) -> None:
    text = ",".join([*HEADER, "at_ease"]) + "\n" + row() + ",4\n"
    project.receive("study", "export.csv", text)
    with pytest.raises(DataError, match="column 'at_ease' stands 2 times"):
        read_exports(study(), "before")


def test_the_same_person_has_another_pseudonym_in_another_study(
    project: Project,
) -> None:
    here = mapped(project, row()).frame["participant"][0]
    other = parse_study(STUDY, name="other", read_instrument=read_instrument)
    project.receive("other", "export.csv", ",".join(HEADER) + "\n" + row() + "\n")
    (there,) = map_responses(read_exports(other, "before"))
    assert there.frame["participant"][0] != here


SCALE = """
title = "A study"
summary = "What was done."
allow_unverified = true
[surveys.staff]
title = "Staff"
instruments = ["NAME"]
missing_codes = ["-99"]
items.NAME = "{item}"
[waves.before]
staff.file = "export.csv"
"""


def scale_fault(project: Project, name: str, rows: list[list[str]]) -> str:
    declared = parse_study(
        SCALE.replace("NAME", name), name="study", read_instrument=read_instrument
    )
    header = ",".join(item.name for item in read_instrument(name).items)
    text = "\n".join([header, *(",".join(row) for row in rows)]) + "\n"
    project.receive("study", "export.csv", text)
    with pytest.raises(DataError) as caught:
        map_responses(read_exports(declared, "before"))
    assert caught.value.exit_code == 11
    return str(caught.value)


@pytest.mark.parametrize(("name", "items"), [("iri", 28), ("teq", 16)])
def test_an_export_coded_one_higher_is_refused_and_said_to_be_so(
    project: Project, name: str, items: int
) -> None:
    rows = [[str(1 + (row + place) % 5) for place in range(items)] for row in range(9)]
    rows.append(["-99"] * items)
    reported = scale_fault(project, name, rows)
    assert (
        "all answers lie in 1 to 5, the codebook says 0 to 4: looks like an export "
        "coded one higher"
    ) in reported


def test_an_export_coded_lower_says_by_how_much(project: Project) -> None:
    reported = scale_fault(project, "jse_hp", [["-1", "5", *["2"] * 18], ["0"] * 20])
    assert "all answers lie in -1 to 5, the codebook says 1 to 7" in reported
    assert "coded 2 lower" in reported


def test_answers_that_no_shift_explains_get_no_guess(project: Project) -> None:
    reported = scale_fault(project, "teq", [["0"] * 16, ["5"] * 16])
    assert "looks like" not in reported
    assert "that are not codes 0 to 4" in reported


def test_codes_between_the_steps_are_no_codes(project: Project) -> None:
    reported = scale_fault(project, "cbi", [["50"] * 19, ["3"] * 19])
    assert (
        "column 'p1' has 1 answers of 2 that are not codes 0 to 100 in steps"
        in reported
    )
    assert "looks like" not in reported


def test_each_item_is_read_in_its_own_coding(project: Project) -> None:
    declared = parse_study(
        SCALE.replace("NAME", "ribs"), name="study", read_instrument=read_instrument
    )
    header = ",".join(item.name for item in read_instrument("ribs").items)
    text = f"{header}\nyes,no,Don't know,1,5,4,don't know,3\n"
    project.receive("study", "export.csv", text)
    (found,) = map_responses(read_exports(declared, "before"))
    answers = [float(found.frame[f"ribs.{name}"][0]) for name in header.split(",")]
    assert answers[:2] == [1.0, 0.0]
    assert math.isnan(answers[2])
    assert answers[3:] == [1.0, 5.0, 4.0, 3.0, 3.0]


TEXTS = """
[surveys.ratings.texts]
comment = "said"
"""


def commented(project: Project, *message: str, more: str = "") -> Responses:
    rows = [f"{row()},{text}" for text in message]
    text = "\n".join([",".join([*HEADER, "said"]), *rows]) + "\n"
    project.receive("study", "export.csv", text)
    whole = STUDY.replace('items.care = "{item}"', f'items.care = "{{item}}"\n{more}')
    declared = parse_study(whole + TEXTS, name="study", read_instrument=read_instrument)
    (responses,) = map_responses(read_exports(declared, "before"))
    return responses


def test_a_declared_text_is_kept_scrubbed_and_counted(project: Project) -> None:
    project.receive("study", "names.txt", "\ufeffZoë Ray\n\nBo\n")
    responses = commented(
        project,
        "zoe ray and BO: me@example.org",
        "-99",
        "fine",
        more='names = "names.txt"',
    )
    assert list(responses.frame["text.comment"]) == [
        "[name] and [name]: [e-mail]",
        "",
        "fine",
    ]
    assert responses.emptied == {
        ("e-mail taken out", "text.comment"): 1,
        ("name taken out", "text.comment"): 2,
    }


def test_a_text_that_is_not_declared_is_left_behind(project: Project) -> None:
    frame = mapped(project, row()).frame
    assert not [name for name in frame.columns if name.startswith("text.")]


@pytest.mark.parametrize(
    ("content", "reported"), [(None, "not found in"), (b"\xff\xfe\xff", "not UTF-8")]
)
def test_a_list_of_names_that_cannot_be_read_is_told(
    project: Project, content: bytes | None, reported: str
) -> None:
    if content is not None:
        project.receive("study", "names.txt", content)
    with pytest.raises(DataError) as caught:
        commented(project, "fine", more='names = "names.txt"')
    assert reported in str(caught.value)
    assert "names.txt" in str(caught.value)
