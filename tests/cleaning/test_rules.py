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
from heard.errors import DataError

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
        ("responses_answered", ""): 2,
        ("responses_left_out", "no_consent"): 1,
        ("responses_left_out", "repeated"): 1,
        ("responses_used", ""): 1,
        ("cells_emptied", Group("rule_in_column", "a", of="why")): 2,
    }


def test_who_answered_is_counted_once_and_not_without_an_answer() -> None:
    """Of x two forms, of y none with an answer; two without a name are two people."""
    frame = responses(["x", "x", "y", "", "", ""], preview=[False] * 5 + [True])
    frame.loc[2, ["form.a", "form.b"]] = np.nan
    frame.loc[0, "form.a"] = np.nan
    frame = frame.assign(
        arm=["p", "p", "p", "c", "", "c"], finished=[False] + [True] * 5
    )
    cleaned = clean_responses(frame, export(repeats="last"))
    assert (cleaned.received, cleaned.answered) == (6, 3)
    assert {arm: flow.answered for arm, flow in cleaned.by_arm.items()} == {
        "p": 1,
        "c": 1,
    }


def test_of_one_person_every_rating_is_an_answer_where_several_stay() -> None:
    cleaned = clean_responses(responses(["x", "x", ""]), export())
    assert cleaned.answered == 3


INVITED = """
[allocation]
treated = "p"
control = "c"
[arms.p]
title = "P"
[arms.c]
title = "C"
"""


def invited(people: str) -> Study:
    text = STUDY.replace('"export.csv"', f'"export.csv"\nstaff.invited = {people}')
    return parse_study(text + INVITED, name="study", read_instrument=read_instrument)


def rates(people: str) -> dict[tuple[str, str], tuple[float | None, int | None]]:
    frame = responses([""] * 5, arm=["p", "p", "p", "c", ""])
    declared = invited(people)
    found = flow_findings([clean_responses(frame, export())], declared)
    return {
        (str(part.arm), part.term): (part.estimate, part.n)
        for part in found
        if part.term in ("people_invited", "response_rate")
    }


def test_the_response_rate_is_answered_over_invited_of_all_and_of_each_arm() -> None:
    assert rates("{ p = 4, c = 6 }") == {
        ("", "people_invited"): (10, 10),
        ("", "response_rate"): (0.5, 10),
        ("p", "people_invited"): (4, 4),
        ("p", "response_rate"): (0.75, 4),
        ("c", "people_invited"): (6, 6),
        ("c", "response_rate"): (pytest.approx(1 / 6), 6),
    }
    assert rates("5") == {
        ("", "people_invited"): (5, 5),
        ("", "response_rate"): (1.0, 5),
    }


def test_more_answers_than_people_invited_are_refused_by_arm() -> None:
    with pytest.raises(DataError) as refused:
        rates("{ p = 2, c = 9 }")
    assert "3 people of arm 'p' answered, but 2 were invited" in str(refused.value)
    assert "[waves.before.staff] invited" in str(refused.value)
    with pytest.raises(DataError, match="5 people answered, but 4 were invited"):
        rates("4")


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
    assert len(cleaned.frame) <= cleaned.answered <= len(people) or repeats == "keep"
    if repeats != "keep":
        known = cleaned.frame["participant"]
        assert not known[known != ""].duplicated().any()
