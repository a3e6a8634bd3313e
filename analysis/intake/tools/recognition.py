"""A table into the name of the survey tool it came from, by what its headers show.

Nothing is asked of the cells but whether they stand where a tool puts its own words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.intake.answers import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.storage.readers import RawTable

TITLES = {
    "qualtrics": "Qualtrics",
    "redcap": "REDCap",
    "limesurvey": "LimeSurvey",
    "microsoft_forms": "Microsoft Forms",
    "google_forms": "Google Forms",
    "surveymonkey": "SurveyMonkey",
    "spss": "SPSS",
    "none": "no survey tool recognised",
}

QUALTRICS = ({"startdate", "enddate", "responseid"}, {"recordeddate", "responseid"})
REDCAP = {
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_survey_identifier",
    "redcap_data_access_group",
}
LIMESURVEY = ({"id", "submitdate", "lastpage"}, {"response id", "date submitted"})
MICROSOFT_FORMS = ["id", "start time", "completion time"]
MAIL = re.compile(r"mail|courriel|correo", re.IGNORECASE)
"""Microsoft's fourth column, in whatever language."""
MOMENT = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T,]+\d{1,2}[:.]\d{2}")
GOOGLE_FORMS = {
    *("timestamp", "zeitstempel", "horodateur", "marca temporal", "marca de temps"),
    *("carimbo de data/hora", "informazioni cronologiche", "tijdstempel"),
    *("tidstämpel", "tidsstempel", "tidsmerke", "aikaleima", "sygnatura czasowa"),
    *("časová značka", "časová pečiatka", "időbélyeg", "zaman damgası"),  # noqa: RUF001
    *("отметка времени", "позначка часу", "タイムスタンプ"),
}
"""The first header by the language of the form; seen in public scripts that read it."""
GOOGLE_MOMENT = re.compile(r"^\d{4}/\d\d/\d\d \d{1,2}:\d\d:\d\d .*\S$")
"""How the form's own download writes it, with the time zone, in every language:
``2020/10/30 3:08:44 PM GMT+1``, ``2022/03/22 8:53:03 fm CET``."""
SURVEYMONKEY = ({"respondent id", "collector id"}, {"respondent_id", "collector_id"})
REDCAP_STATES = {"", "0", "1", "2", "incomplete", "unverified", "complete"}
CHECKBOX = re.compile(r"^[a-z]\w*___\w+$")


def recognise_tool(table: RawTable) -> str:
    """The survey tool a table came from; ``none`` where nothing tells.

    Returns
    -------
    str
        One of `TITLES`.
    """
    headers = [fold(str(name)) for name in table.cells.columns]
    for tool, shows in SIGNS.items():
        if shows(headers, table):
            return tool
    return "spss" if table.kind == "SPSS" else "none"


def _shows_any(headers: list[str], signs: tuple[set[str], ...]) -> bool:
    return any(sign <= set(headers) for sign in signs)


def _is_qualtrics(headers: list[str], table: RawTable) -> bool:
    import_ids = (
        table.cells.iloc[1].str.contains("ImportId", regex=False).any()
        if len(table.cells) > 1
        else False
    )
    return bool(import_ids) or _shows_any(headers, QUALTRICS)


def _is_redcap(headers: list[str], table: RawTable) -> bool:
    if REDCAP & set(headers):
        return True
    first = headers[0] if headers else ""
    if first == "record id" and any(h.startswith("complete?") for h in headers):
        return True
    ends = [place for place, h in enumerate(headers) if h.endswith("_complete")]
    states = any(
        set(table.cells.iloc[:, place].map(fold).unique()) <= REDCAP_STATES
        for place in ends
    )
    return states and (
        first == "record_id" or any(CHECKBOX.match(name) for name in headers)
    )


def _is_limesurvey(headers: list[str], _: RawTable) -> bool:
    # with "code and text" the headers are "id. Response ID", "submitdate. …"
    codes = [name.partition(". ")[0] for name in headers]
    return _shows_any(headers, LIMESURVEY) or _shows_any(codes, LIMESURVEY)


def _is_microsoft_forms(headers: list[str], table: RawTable) -> bool:
    if headers[:3] == MICROSOFT_FORMS:
        return True
    # another language: an id, two moments and the address, in this order
    usual = headers[:1] == ["id"] and len(headers) > 3 and MAIL.search(headers[3])
    return bool(usual) and all(_holds(table, place, MOMENT) for place in (1, 2))


def _is_google_forms(headers: list[str], table: RawTable) -> bool:
    if not headers:
        return False
    return headers[0] in GOOGLE_FORMS or _holds(table, 0, GOOGLE_MOMENT)


def _holds(table: RawTable, place: int, form: re.Pattern[str]) -> bool:
    """Whether every cell of a column that holds anything has this form."""
    texts = set(table.cells.iloc[:, place].unique()) - {""}
    return bool(texts) and all(form.match(text) for text in texts)


def _is_surveymonkey(headers: list[str], _: RawTable) -> bool:
    return _shows_any(headers, SURVEYMONKEY)


SIGNS: dict[str, Callable[[list[str], RawTable], bool]] = {
    "qualtrics": _is_qualtrics,
    "redcap": _is_redcap,
    "limesurvey": _is_limesurvey,
    "surveymonkey": _is_surveymonkey,
    "microsoft_forms": _is_microsoft_forms,
    "google_forms": _is_google_forms,
}
