"""The pseudonym key: made once, private, and never silently replaced."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analysis.foundation import AnalysisError
from analysis.storage.key import VARIABLE, key_file, key_fingerprint, read_key


def test_the_key_is_made_once_and_only_its_owner_may_read_it() -> None:
    first = read_key()
    assert read_key() == first
    assert len(first) == 32
    if os.name == "posix":
        assert stat.S_IMODE(key_file().stat().st_mode) == 0o600


def test_two_that_make_the_key_at_once_get_the_same() -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: read_key(), range(8)))
    assert len(keys) == 1


def test_a_damaged_key_is_refused_not_replaced() -> None:
    read_key()
    key_file().write_text("zz", encoding="ascii")
    with pytest.raises(AnalysisError, match="is not a pseudonym key"):
        read_key()
    assert key_file().read_text("ascii") == "zz"


def test_the_fingerprint_changes_with_the_key_and_does_not_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = key_fingerprint()
    assert one not in read_key().hex()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "other.key"))
    assert key_fingerprint() != one
