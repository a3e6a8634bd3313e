"""Who stays: each rule alone, their order, and that nothing else drops anyone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cleaning.flow import flow_findings
from analysis.cleaning.rules import clean_responses
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.declarations.survey import CleaningRules, Columns, Export
from analysis.foundation.findings import Group
from analysis.storage.declared import read_instrument

STUDY = """
title = "A study"
summary = "What was done."
[surveys.staff]
title = "Staff survey"
instruments = ["seed_confidence"]
items.seed_confidence = "{item}"
[waves.before]
staff.file = "export.csv"
"""


def export(**rules: object) -> Export:
    return Export(
        survey="staff",
        wave="before",
        file="export.csv",
        instruments=("form",),
        columns=Columns(items={"form.a": "a", "form.b": "b"}),
        cleaning=CleaningRules(**rules),  # type: ignore[arg-type]
    )


def responses(people: list[str], **columns: object) -> pd.DataFrame:
    known: dict[str, object] = {
        "participant": people,
        "consented": True,
        "finished": True,
        "form.a": 1.0,
        "form.b": 2.0,
    }
    return pd.DataFrame(known | columns)


def study() -> Study:
    return parse_study(STUDY, name="study", read_instrument=read_instrument)


def test_without_rules_everybody_stays() -> None:
    cleaned = clean_responses(responses(["x", "x", ""]), export())
    assert len(cleaned.frame) == cleaned.received == 3
    assert cleaned.left_out == {}


@pytest.mark.parametrize(
    ("repeats", "stay"),
    [
        ("keep", [1, 2, 3, 4, 5]),
        ("first", [1, 2, 4, 5]),
        ("last", [2, 3, 4, 5]),
        ("none", [2, 4, 5]),
    ],
)
def test_repeated_responses(repeats: str, stay: list[int]) -> None:
    frame = responses(["x", "y", "x", "", ""], number=[1, 2, 3, 4, 5])
    cleaned = clean_responses(frame, export(repeats=repeats))
    assert list(cleaned.frame["number"]) == stay


def test_too_little_answered() -> None:
    frame = responses(["x", "y", "z"], **{"form.a": [1, np.nan, np.nan]})
    frame.loc[2, "form.b"] = np.nan
    for share, kept in ((0.0, 3), (0.5, 2), (1.0, 1)):
        assert len(clean_responses(frame, export(least_answered=share)).frame) == kept


def test_the_first_rule_that_leaves_out_counts() -> None:
    frame = responses(
        ["x", "x", "y"], consented=[False, True, True], finished=[False, False, True]
    )
    cleaned = clean_responses(frame, export(repeats="last"))
    assert cleaned.left_out == {"no_consent": 1, "not_finished": 1}
    assert list(cleaned.frame["participant"]) == ["y"]


def test_columns_only_the_rules_needed_are_gone() -> None:
    cleaned = clean_responses(responses(["x"]), export())
    assert "consented" not in cleaned.frame
    assert "finished" not in cleaned.frame


def test_the_flow_adds_up() -> None:
    frame = responses(["x", "x", "y"], consented=[True, True, False])
    cleaned = clean_responses(frame, export(repeats="first"), emptied={("why", "a"): 2})
    counts = {
        (finding.term, finding.group): finding.n
        for finding in flow_findings([cleaned], study())
    }
    assert counts == {
        ("responses_received", ""): 3,
        ("responses_left_out", "no_consent"): 1,
        ("responses_left_out", "repeated"): 1,
        ("responses_kept", ""): 1,
        ("cells_emptied", Group("rule_in_column", "a", of="why")): 2,
    }


@given(
    people=st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=12),
    consents=st.lists(st.booleans(), min_size=12, max_size=12),
    repeats=st.sampled_from(["keep", "first", "last", "none"]),
)
@settings(derandomize=True, deadline=None)
def test_everybody_is_kept_or_left_out_by_one_rule(
    people: list[str], consents: list[bool], repeats: str
) -> None:
    frame = responses(people, consented=consents[: len(people)])
    frame = frame.astype({"consented": bool, "finished": bool, "participant": str})
    cleaned = clean_responses(frame, export(repeats=repeats))
    assert len(cleaned.frame) + sum(cleaned.left_out.values()) == len(people)
    if repeats != "keep":
        known = cleaned.frame["participant"]
        assert not known[known != ""].duplicated().any()
