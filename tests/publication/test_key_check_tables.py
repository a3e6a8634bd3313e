"""The key check, as a reader sees it."""

from __future__ import annotations

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.findings import Finding
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.reliability import show_key_audit
from analysis.storage.declared import read_instrument

STUDY = """
title = "A study"
summary = "What was done."
[surveys.staff]
title = "Staff survey"
instruments = ["seed_culture"]
items.seed_culture = "{item}"
[waves.before]
title = "Before"
staff.file = "export.csv"
"""


def study() -> Study:
    return parse_study(STUDY, name="study", read_instrument=read_instrument)


def audited(item: str, correlation: float | None, verdict: str) -> Finding:
    return Finding(
        study="study",
        survey="staff",
        instrument="seed_culture",
        subscale="total",
        item=item,
        wave="before",
        group=verdict,
        term="item_rest_correlation_as_answered",
        estimate=correlation,
        n=None if correlation is None else 200,
        method="made up",
        reason="fewer than 11 people" if correlation is None else "",
    )


def test_every_item_has_its_key_and_its_verdict() -> None:
    found = Disclosed(
        findings=(
            audited("speak_up", 0.6, "agrees"),
            audited("concerns_ignored", 0.4, "recoded twice"),
        )
    )
    (table,) = show_key_audit(found, study()).tables
    assert table.caption.endswith("against the answers: Before")
    assert table.rows == (
        ("safe to speak up", "as asked", "0.60", "agrees"),
        ("concerns are ignored", "reverse-scored", "0.40", "recoded twice"),
    )
    assert table.notes[0].startswith("1 of 2 items do not plainly run")


def test_a_sound_key_is_said_to_be_so() -> None:
    found = Disclosed(findings=(audited("speak_up", 0.6, "agrees"),))
    (table,) = show_key_audit(found, study()).tables
    assert table.notes == ("All 1 items run as the key says.",)


def test_where_there_is_no_key_that_is_said() -> None:
    shown = show_key_audit(Disclosed(findings=()), study())
    assert not shown.tables
    assert "no score here has a key" in shown._repr_html_().lower()
