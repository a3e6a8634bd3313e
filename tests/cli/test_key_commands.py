"""What the commands about the key say: where it lies, and never what it is."""

from __future__ import annotations

from conftest import Project

from analysis.storage.key import key_file, key_fingerprint, read_key


def test_show_says_where_the_key_lies_and_makes_none(project: Project) -> None:
    shown = project.heard("key", "show")
    assert shown.returncode == 0
    assert "There is no key yet" in shown.stdout
    assert not key_file().exists()
    key = read_key()
    shown = project.heard("key", "show")
    assert str(key_file()) in shown.stdout
    assert key_fingerprint() in shown.stdout
    assert key.hex() not in shown.stdout


def test_rotate_says_where_the_old_key_is_and_what_runs_again(project: Project) -> None:
    before = read_key()
    was = key_fingerprint()
    rotated = project.heard("key", "rotate")
    assert rotated.returncode == 0
    assert "pseudonym.1.key" in rotated.stdout
    assert "cleaned again" in rotated.stdout
    assert key_fingerprint() != was
    assert before.hex() not in rotated.stdout
    assert read_key().hex() not in rotated.stdout


def test_rotate_without_a_key_is_a_fault(project: Project) -> None:
    refused = project.heard("key", "rotate")
    assert refused.returncode == 1
    assert "there is no pseudonym key yet" in refused.stderr
