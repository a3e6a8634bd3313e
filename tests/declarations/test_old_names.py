"""Keys under their old names are read with a notice, and locks stay valid."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import pytest
from planned import GOOD, lock_of, parsed

from analysis.cli.application import report_notice
from analysis.declarations.plan_lock import deviations
from analysis.declarations.toml_tables import OLD_NAMES, Table
from analysis.foundation.errors import DeclarationError

ROOT = Path(__file__).resolve().parents[2]
OLD = GOOD.replace("minimum_reliability", "least_reliability").replace(
    "minimum_answered", "least_answered"
)


@pytest.mark.parametrize(("new", "old"), OLD_NAMES.items())
def test_an_old_name_is_read_with_one_notice(new: str, old: str) -> None:
    faults: list[str] = []
    table = Table({old: "given"}, faults, at="outcomes.care")
    with pytest.warns(FutureWarning) as notices:
        assert table.has(new)
    assert table.text(new) == "given"
    table.close()
    assert not faults
    assert [str(notice.message) for notice in notices] == [
        f"[outcomes.care.{old}] is now called '{new}'. The old name is read by this "
        "version and will be refused by the next: rename it."
    ]


def test_a_fault_names_the_key_as_the_file_writes_it() -> None:
    faults: list[str] = []
    with pytest.warns(FutureWarning):
        Table({"least_answered": "half"}, faults, at="cleaning").number(
            "minimum_answered"
        )
    assert faults == ["[cleaning.least_answered] must be a number"]


def test_both_names_at_once_are_refused() -> None:
    faults: list[str] = []
    table = Table({"top": 3.0, "top_score": 4.0}, faults)
    assert table.number("top_score") == 4
    table.close()
    assert faults == ["[top] is the old name of 'top_score': keep one"]


def test_the_shipped_studies_use_no_old_name() -> None:
    for path in sorted((ROOT / "studies").glob("*.toml")):
        if not path.name.endswith(".lock.toml"):
            lines = path.read_text("utf-8").splitlines()
            keys = {line.partition("=")[0].strip() for line in lines if "=" in line}
            assert not keys & set(OLD_NAMES.values()), path.name


def test_a_plan_locked_under_old_names_has_no_deviation() -> None:
    with pytest.warns(FutureWarning):
        lock = lock_of(parsed(OLD))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        now = dataclasses.replace(parsed(GOOD), lock=lock)
    assert lock.hash == lock_of(now).hash
    assert not deviations(now)


def test_the_lock_keeps_the_names_it_was_hashed_with() -> None:
    locked = lock_of(parsed(GOOD.replace("control =", "randomised = true\ncontrol =")))
    assert locked.locked["design"]["drawn_by_lot"] is True
    assert locked.locked["plan"]["gates"] == {"least_reliability": 0.7}


def test_an_unknown_key_is_still_refused() -> None:
    with pytest.raises(DeclarationError, match="unknown key"):
        parsed(GOOD.replace("minimum_answered", "fewest_answered"))


def test_the_command_line_states_a_notice_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_notice(FutureWarning("[then] is now called 'retrospective'."), FutureWarning)
    assert capsys.readouterr().err == (
        "Notice: [then] is now called 'retrospective'.\n"
    )
