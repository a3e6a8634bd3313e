"""The pseudonym key: made once, private, and never silently replaced."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import Project

from analysis.storage.key import (
    VARIABLE,
    key_file,
    key_fingerprint,
    read_key,
    rotate_key,
)
from heard.errors import AnalysisError


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


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(mode: int) -> None:
    key = read_key()
    key_file().chmod(mode)
    for use in (read_key, key_fingerprint, rotate_key):
        with pytest.raises(
            AnalysisError, match=r"others .* may read .* chmod 600"
        ) as e:
            use()
        assert key.hex() not in str(e.value)
    key_file().chmod(0o600)
    assert read_key() == key


@pytest.mark.parametrize("weak", ["00" * 32, "0123456789abcdef" * 4, "ab" * 16, ""])
def test_a_key_that_nobody_drew_is_refused(weak: str) -> None:
    read_key()
    key_file().write_text(weak, encoding="ascii")
    with pytest.raises(AnalysisError, match="is not a pseudonym key"):
        read_key()


def test_a_key_in_the_project_or_among_its_data_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARD_HOME", str(project.folder / "home"))
    (project.folder / "home" / "studies").mkdir(parents=True)
    for folder in ("home", "home/data", "raw/study", "processed", "reports"):
        place = project.folder / folder / "pseudonym.key"
        monkeypatch.setenv(VARIABLE, str(place))
        with pytest.raises(AnalysisError, match="in the project or among its data"):
            read_key()
        assert not place.exists()
    supplementary = project.folder / "home-key" / "pseudonym.key"
    monkeypatch.setenv(VARIABLE, str(supplementary))
    assert read_key()


def test_a_place_that_depends_on_where_one_is_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "my.key")
    with pytest.raises(AnalysisError, match=r"my\.key.* is not a full path"):
        read_key()


def test_a_rotation_that_fails_leaves_the_key_and_nothing_half_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = read_key()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for owner, broken in ((Path, "replace"), (os, "fsync")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, broken, fail)
            with pytest.raises(AnalysisError, match="cannot be rotated: No space"):
                rotate_key()
        assert read_key() == key
    assert not list(key_file().parent.glob("*.part"))


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
