"""An export of one item, read and mapped by a study of one survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.intake.responses import Responses, map_responses, read_exports
from analysis.storage.declared import read_instrument

if TYPE_CHECKING:
    from conftest import Project

STUDY = """
title = "A study"
summary = "What was done."
[surveys.staff]
title = "Staff survey"
instruments = ["seed_confidence"]
items.seed_confidence.now = "%s"
%s
[waves.before]
staff.file = "%s"
"""


def declared(item: str, more: str = "", file: str = "export.csv") -> Study:
    text = STUDY % (item, more, file)
    return parse_study(text, name="study", read_instrument=read_instrument)


def mapped(
    project: Project, text: str, item: str, more: str = "", file: str = "export.csv"
) -> Responses:
    path = project.receive("study", file, text)
    study = declared(item, more, file)
    (responses,) = map_responses(read_exports(study, "before"))
    assert path.read_text("utf-8") == text
    return responses


def codes(responses: Responses) -> list[float]:
    return [float(code) for code in responses.frame["seed_confidence.now"]]


def quoted(*rows: list[str]) -> str:
    return "".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n"
        for row in rows
    )
