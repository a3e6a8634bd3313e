"""Every kind of file gives the same table, or one clear fault, and stays as it was."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from conftest import shared_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.storage.readers import delimited, read_table
from heard.errors import DataError

ROWS = pd.DataFrame({"now": [3.0, 4.0, np.nan], "comment": [" café\nfine ", "", "x"]})
CELLS = [["3", "café\nfine"], ["4", ""], ["", "x"]]
PATIENT = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def written(folder: Path, kind: str, frame: pd.DataFrame = ROWS) -> Path:
    path = folder / f"export{kind}"
    match kind:
        case ".csv":
            frame.astype({"now": "Int64"}).to_csv(path, index=False)
        case ".xlsx":
            frame.to_excel(path, index=False)
        case ".sav":
            pyreadstat.write_sav(frame, path)
        case ".dta":
            pyreadstat.write_dta(frame, path)
        case ".parquet":
            frame.to_parquet(path, index=False)
    return path


KINDS = (".csv", ".xlsx", ".sav", ".dta", ".parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_cells(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, kind)
    before = path.read_bytes()
    table = read_table(path)
    assert list(table.cells.columns) == ["now", "comment"]
    assert table.cells.to_numpy().tolist() == CELLS
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"PK\x03\x04 not what it says \x00", b"\x00" * 99])
def test_a_broken_file_of_any_kind_is_one_clear_fault(
    tmp_path: Path, kind: str, content: bytes
) -> None:
    path = tmp_path / f"export{kind}"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(path)
    (fault,) = caught.value.faults
    assert "another kind of file" in fault or "is not text in" in fault
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", [".xlsx", ".sav", ".dta", ".parquet"])
def test_half_a_file_is_one_clear_fault(tmp_path: Path, kind: str) -> None:
    whole = written(tmp_path, kind).read_bytes()
    path = tmp_path / f"half{kind}"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged, or another kind of file"):
        read_table(path)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_or_missing_file_says_so(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DataError, match="not found in"):
        read_table(tmp_path / f"none{kind}")
    (tmp_path / f"empty{kind}").write_bytes(b"")
    with pytest.raises(DataError, match="is empty; export it again"):
        read_table(tmp_path / f"empty{kind}")
    (tmp_path / f"folder{kind}").mkdir()
    with pytest.raises(DataError, match="cannot be read in"):
        read_table(tmp_path / f"folder{kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_alone_is_no_export(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DataError, match="holds a header and no responses"):
        read_table(written(tmp_path, kind, ROWS.head(0)))


# ------------------------------------------------------------------- delimited text


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("a,b\n1,2\n", ""),
        ("a;b\n1;2\n", "delimiter found: semicolon"),
        ("a\tb\n1\t2\n", "delimiter found: tab"),
        ("a|b\n1|2\n", "delimiter found: bar"),
        ('"a; or so";"b, c"\n1;"2,5"\n', "delimiter found: semicolon"),
        ("a; x,b; y\n1; 1,2\n3,4; 4\n", ""),
    ],
)
def test_the_delimiter_is_found_and_said(
    tmp_path: Path, text: str, remark: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    table = read_table(path)
    assert table.cells.shape[1] == 2
    assert table.remark == remark


def test_a_declared_encoding_forgives_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("now\n3\n".encode("utf-8-sig"))
    assert list(read_table(path, encoding="utf-8").cells.columns) == ["now"]


def test_an_encoding_nothing_strict_reads_is_guessed_and_said(tmp_path: Path) -> None:
    words = "вопрос,ответ\n" + "как вы себя чувствуете,спасибо хорошо\n" * 20
    path = tmp_path / "export.csv"
    path.write_bytes(words.encode("utf-16-le"))
    table = read_table(path)
    assert table.cells.columns[0] == "вопрос"
    assert table.encoding.endswith("(guessed)")


def test_an_encoding_declared_by_name_is_used(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("a,b\nžena,1\n".encode("iso-8859-2"))
    assert read_table(path, encoding="iso-8859-2").cells.iloc[0, 0] == "žena"


cell = st.text(
    st.characters(codec="utf-8", exclude_characters='"\x00\r\n,;\t|'), max_size=6
)


@given(rows=st.lists(st.lists(cell, min_size=3, max_size=3), min_size=2, max_size=6))
@PATIENT
def test_the_fast_way_gives_what_the_careful_way_gives(
    tmp_path: Path, rows: list[list[str]]
) -> None:
    content = "\n".join(",".join(row) for row in [["a", " b", "c"], *rows]).encode()
    careful = read_or_fault(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LARGE", 0)
        fast = read_or_fault(content)
    assert fast == careful


def read_or_fault(content: bytes) -> object:
    try:
        table = delimited.read_delimited(content, "export.csv")
    except DataError as error:
        return str(error)
    return [list(table.cells.columns), table.cells.to_numpy().tolist(), table.encoding]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\r3,4\n",
        b"a,b\r\n1,2\r\n\r\n3,4\r\n",
        b"\na,b\n1,2\n",
        b'a,b\n"1",2\n',
        b"a,b\n1,2,3\n",
        b"a,b\n1,\xe9\n",
        b"a,b\n",
        b"\xef\xbb\xbfa,b\n1,2",
        "a,b\n\u00a01,\u20032\n".encode(),
        b"a\n1\n\n2\n",
    ],
)
def test_the_fast_way_leaves_the_unusual_to_the_careful_way(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    careful = read_or_fault(content)
    monkeypatch.setattr(delimited, "LARGE", 0)
    assert read_or_fault(content) == careful


@given(
    table=st.lists(
        st.lists(st.text(max_size=8), min_size=2, max_size=2), min_size=2, max_size=6
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252", "cp437"]),
    kind=st.sampled_from(KINDS),
    cut=st.integers(0, 40),
)
@PATIENT
def test_any_table_in_any_encoding_is_read_or_refused(
    tmp_path: Path, table: list[list[str]], encoding: str, kind: str, cut: int
) -> None:
    text = "\n".join('"{}";"{}"'.format(*row) for row in table)
    content = text.encode(encoding, errors="replace")[cut:]
    path = tmp_path / f"export{kind}"
    path.write_bytes(content)
    # Anything but a table or a fault of the data fails the test.
    with contextlib.suppress(DataError):
        assert read_table(path).cells.shape[1] >= 1
    assert path.read_bytes() == content


@given(
    kind=st.sampled_from([".xlsx", ".sav", ".dta", ".parquet"]),
    at=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
)
@PATIENT
def test_a_file_with_one_wrong_byte_is_read_or_refused(
    tmp_path: Path, kind: str, at: float, value: int
) -> None:
    path = tmp_path / f"whole{kind}"
    if not path.exists():
        written(tmp_path, kind).rename(path)
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] = value
    damaged = tmp_path / f"damaged{kind}"
    damaged.write_bytes(bytes(content))
    with contextlib.suppress(DataError):
        assert read_table(damaged).cells.shape[1] >= 0
    assert damaged.read_bytes() == bytes(content)


# ---------------------------------------------------------------------- spreadsheets


def sheets(path: Path, **named: list[list[object]]) -> Path:
    with pd.ExcelWriter(path) as writer:
        for name, rows in named.items():
            frame = pd.DataFrame(rows)
            frame.to_excel(writer, sheet_name=name, index=False, header=False)
    return path


def test_the_first_sheet_is_read_and_said_unless_another_is_declared(
    tmp_path: Path,
) -> None:
    path = sheets(tmp_path / "x.xlsx", Form=[["now"], [3]], Codes=[["now"], [9]])
    table = read_table(path)
    assert table.cells.to_numpy().tolist() == [["3"]]
    assert table.remark == "first of 2 sheets"
    assert read_table(path, sheet="Codes").cells.to_numpy().tolist() == [["9"]]
    with pytest.raises(DataError, match=r"unknown sheet 'Code'. Did you mean 'Codes'"):
        read_table(path, sheet="Code")


def test_cells_of_a_sheet_are_written_as_people_write_them(tmp_path: Path) -> None:
    row: list[object] = [4.0, 0.1 + 0.2, dt.datetime(2026, 1, 31), "  a ", True]
    row.append(dt.datetime(2026, 1, 31, 9, 5))
    path = sheets(tmp_path / "x.xlsx", Form=[list("abcdef"), row, [None] * 6])
    (cells,) = read_table(path).cells.to_numpy().tolist()
    assert cells == ["4", "0.3", "2026-01-31", "a", "TRUE", "2026-01-31 09:05:00"]


def test_cells_beyond_the_header_are_refused(tmp_path: Path) -> None:
    path = sheets(tmp_path / "x.xlsx", Form=[["Title", None], ["now", "x"], [3, 4]])
    with pytest.raises(DataError, match="2 of 2 rows hold cells beyond the header"):
        read_table(path)


# --------------------------------------------------------------------- SPSS and Stata


def test_labels_and_user_missing_values_of_spss_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.sav"
    pyreadstat.write_sav(
        pd.DataFrame({"q1": [1.0, 5.0, 9.0, 98.0, np.nan], "q2": [-9.0] * 5}),
        path,
        column_labels={"q1": "How are you?", "q2": ""},
        variable_value_labels={"q1": {1: "Poor", 5: "Excellent", 9: "Refused"}},
        missing_ranges={"q1": [9, {"lo": 97, "hi": 99}], "q2": [-9]},
    )
    table = read_table(path)
    assert list(table.cells["q1"]) == ["1", "5", "", "", ""]
    assert len(table.cells) == 5, "a person whose answers are all missing stays"
    assert table.emptied == {"q1": 2, "q2": 5}
    assert table.labels == {"q1": "How are you?"}
    assert table.value_labels["q1"]["5"] == "Excellent"


def test_letters_for_missing_of_stata_are_emptied_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.dta"
    pyreadstat.write_dta(
        pd.DataFrame({"q1": [1, "a", 2, "b"]}),
        path,
        missing_user_values={"q1": ["a", "b"]},
        variable_value_labels={"q1": {1: "Poor"}},
    )
    table = read_table(path)
    assert list(table.cells["q1"]) == ["1", "", "2", ""]
    assert table.emptied == {"q1": 2}
    assert table.value_labels == {"q1": {"1": "Poor"}}


@pytest.mark.parametrize(
    ("file", "rows", "emptied"),
    [
        ("missing_char", 2, {"mychar": 1}),
        ("missing_test", 2, {"var1": 1}),
        ("ordered_category", 4, {}),
        ("sample", 5, {}),
        ("sample_missing", 7, {"mynum": 2, "mylabl": 1, "myord": 2}),
        ("simple_alltypes", 6, {"x": 1, "z": 2}),
    ],
)
def test_real_spss_files(file: str, rows: int, emptied: dict[str, int]) -> None:
    table = read_table(shared_data("spss_sav_fixtures") / f"{file}.sav")
    assert (len(table.cells), table.emptied) == (rows, emptied)


def test_labels_dates_and_times_of_a_real_spss_file() -> None:
    table = read_table(shared_data("spss_sav_fixtures") / "sample.sav")
    first = ["a", "1.1", "2018-05-06", "2018-05-06 10:10:10", "1", "1", "10:10:10"]
    assert table.cells.iloc[0].tolist() == first
    assert table.value_labels["mylabl"] == {"1": "Male", "2": "Female"}
    assert table.labels["myord"] == "ordinal"


def test_the_carers_have_the_same_codes_as_spss_and_as_text() -> None:
    folder = shared_data("efc_carers_sav")
    spss, text = (read_table(folder / f) for f in ("efc.sav", "efc_codes.csv"))
    cope = [name for name in spss.cells.columns if "cop" in name]
    assert len(cope) == 9
    as_text = text.cells[cope].replace("NA", "")
    assert spss.cells[cope].equals(as_text)
    assert spss.labels["c82cop1"] == "do you feel you cope well as caregiver?"


SPSS_DAY = 86400
FROM_1582 = (dt.date(1900, 1, 1) - dt.date(1582, 10, 14)).days * SPSS_DAY


@pytest.mark.parametrize(
    "gone",
    [FROM_1582, {"lo": -np.inf, "hi": FROM_1582 + 1}, {"lo": FROM_1582, "hi": 1.1e10}],
)
def test_dates_and_times_that_spss_declares_missing_are_emptied(
    tmp_path: Path, gone: object
) -> None:
    path = tmp_path / "x.sav"
    days = [dt.date(2020, 1, 1), dt.date(1900, 1, 1), None]
    pyreadstat.write_sav(
        pd.DataFrame(
            {
                "day": days,
                "moment": pd.to_datetime(pd.Series(days)) + pd.Timedelta(seconds=1),
                "hour": [dt.time(1, 2), dt.time(9), None],
            }
        ),
        path,
        missing_ranges={"day": [gone], "moment": [FROM_1582 + 1], "hour": [9 * 3600]},
    )
    table = read_table(path)
    assert table.cells.to_numpy().tolist() == [
        ["2020-01-01", "2020-01-01 00:00:01", "01:02:00"],
        ["", "", ""],
        ["", "", ""],
    ]
    assert table.emptied == {"day": 1, "moment": 1, "hour": 1}


def test_numbers_of_stata_keep_the_digits_that_were_typed(tmp_path: Path) -> None:
    path = tmp_path / "x.dta"
    frame = pd.DataFrame({"a": [3.7, np.nan], "b": [3.7, 0.1 + 0.2]})
    frame.astype({"a": np.float32}).to_stata(path, write_index=False)
    assert read_table(path).cells.to_numpy().tolist() == [["3.7", "3.7"], ["", "0.3"]]


def test_a_declared_encoding_reads_a_spss_file_that_says_another(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.sav"
    pyreadstat.write_sav(pd.DataFrame({"word": ["café"]}), path)
    old = path.read_bytes().replace("é".encode(), b"\xe9 ")
    path.write_bytes(old)
    table = read_table(path, encoding="windows-1252")
    assert table.cells.to_numpy().tolist() == [["café"]]
    assert path.read_bytes() == old


def test_long_whole_numbers_stay_different_people(tmp_path: Path) -> None:
    longer = [2**60 + 1, 2**60 + 2, None]
    path = tmp_path / "x.parquet"
    pd.DataFrame({"id": pd.array(longer, dtype="Int64")}).to_parquet(path)
    found = read_table(path).cells["id"].tolist()
    assert found == [str(2**60 + 1), str(2**60 + 2), ""]
    ids = [2**53 - 1, 2**53 - 2, 10**15 + 1]
    wanted = [[str(number)] for number in ids]
    path = tmp_path / "x.sav"
    pyreadstat.write_sav(pd.DataFrame({"id": [float(n) for n in ids]}), path)
    assert read_table(path).cells.to_numpy().tolist() == wanted


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
def test_a_line_that_tells_the_delimiter_is_no_header(
    tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(first + "now;later\n3;4,5\n", encoding="utf-8")
    careful = read_table(path)
    assert careful.cells.to_dict("list") == {"now": ["3"], "later": ["4,5"]}
    monkeypatch.setattr(delimited, "LARGE", 0)
    assert read_table(path).cells.equals(careful.cells)


def test_a_second_row_of_headers_may_go_on_where_the_first_stops(
    tmp_path: Path,
) -> None:
    rows: list[list[object]] = [["Respondent ID", "Tools", None], [None, "Git", "R"]]
    path = sheets(tmp_path / "x.xlsx", Form=[*rows, [114, "Git", None]])
    table = read_table(path)
    assert list(table.cells.columns) == ["Respondent ID", "Tools", ""]
    assert table.cells.to_numpy().tolist()[1] == ["114", "Git", ""]
