"""Banned words are found where people read, with their place and what to write."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    sys.path.insert(0, str(ROOT / ".ci"))
    try:
        return importlib.import_module("words")
    finally:
        sys.path.pop(0)


words = load()


def found(root: Path) -> list[str]:
    """What the check says of a project in this folder."""
    hits = words.hits(words.passages(root), words.declared_words())
    return [hit.message(root) for hit in hits]


def planted(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("README.md", "# heard\n\nCounts are held\nback.\n", 3, "held back"),
        ("docs/how-to/a.md", "One line.\nReckoned by hand.\n", 2, "Reckoned"),
        ("studies/ward.toml", '# a\n# chosen by\n# lot\ntitle = "W"\n', 2, "by # lot"),
        ("analysis/publication/templates/page.j2", "<p>beside</p>", 1, "beside"),
        ("heard/a.py", '"""A sum.\n\nIt is told.\n"""\n', 3, "told"),
        ("heard/a.py", "def rung(n: int) -> int: ...\n", 1, "rung"),
        ("heard/a.py", "def level(*, held_equal: int) -> int: ...\n", 1, "held equal"),
        ("heard/a.py", "class HeldBack: ...\n", 1, "Held Back"),
        ("heard/a.py", "class A:\n    nought: int\n", 1, "nought"),
        ("analysis/beside.py", "", 1, "beside"),
    ],
)
def test_a_planted_word_is_found(
    tmp_path: Path, name: str, text: str, line: int, word: str
) -> None:
    planted(tmp_path, name, text)
    (message,) = found(tmp_path)
    where, _, advice = message.partition(". Write: ")
    assert where == f"{name}:{line}: '{word}'"
    assert advice


def test_a_planted_word_is_found_in_the_prose_of_a_notebook(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "source": ["beside = 1"]},
        {"cell_type": "markdown", "source": ["# Title\n", "What is told."]},
    ]
    planted(tmp_path, "notebooks/10.ipynb", json.dumps({"cells": cells}))
    (message,) = found(tmp_path)
    assert message.startswith("notebooks/10.ipynb, cell 2, line 2: 'told'. Write: ")


def test_what_is_not_read_by_users_is_not_looked_at(tmp_path: Path) -> None:
    planted(tmp_path, "tests/test_a.py", '"""It is told."""\n')
    planted(tmp_path, "heard/a.py", 'def f():\n    _held_back = "told"  # beside\n')
    planted(tmp_path, "docs/reference/api/a.md", "It is told.\n")
    planted(tmp_path, "studies/a.lock.toml", 'reason = "told"\n')
    assert not found(tmp_path)


def test_words_that_only_look_like_banned_ones_are_allowed(tmp_path: Path) -> None:
    planted(
        tmp_path, "README.md", "Besides, the total of a wave; tellers, a lottery.\n"
    )
    assert not found(tmp_path)


def test_the_history_in_the_changelog_is_exempt(tmp_path: Path) -> None:
    text = "# Changelog\n\n## [0.2.0]\n\n- {}\n\n## [0.1.0]\n\n- It is told.\n"
    planted(tmp_path, "CHANGELOG.md", text.format("It is shown."))
    assert not found(tmp_path)
    planted(tmp_path, "CHANGELOG.md", text.format("It is told."))
    (message,) = found(tmp_path)
    assert message.startswith("CHANGELOG.md:5: 'told'")


def test_every_banned_word_says_what_to_write_and_is_not_its_own_cure() -> None:
    declared = words.declared_words()
    assert len(declared) > 20
    for word in declared:
        assert word.write
        assert not word.pattern.search(word.write), word.write
