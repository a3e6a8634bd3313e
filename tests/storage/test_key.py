"""The pseudonym key: made once, private, and never silently replaced."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analysis.foundation import AnalysisError
from analysis.storage.key import (
    VARIABLE,
    key_file,
    key_fingerprint,
    read_key,
    rotate_key,
)


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


def test_a_rotated_key_is_new_and_the_old_ones_are_kept_private() -> None:
    first = read_key()
    kept = rotate_key()
    second = read_key()
    again = rotate_key()
    assert len({first, second, read_key()}) == 3
    assert [path.name for path in (kept, again)] == [
        "pseudonym.1.key",
        "pseudonym.2.key",
    ]
    for path, key in ((kept, first), (again, second), (key_file(), read_key())):
        assert bytes.fromhex(path.read_text("ascii")) == key
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(list(key_file().parent.iterdir())) == 3, "nothing else is left behind"


def test_only_a_sound_key_is_rotated() -> None:
    with pytest.raises(AnalysisError, match="there is no pseudonym key yet"):
        rotate_key()
    assert not key_file().exists()
    read_key()
    key_file().write_text("zz", encoding="ascii")
    with pytest.raises(AnalysisError, match="is not a pseudonym key"):
        rotate_key()
    assert len(list(key_file().parent.iterdir())) == 1
