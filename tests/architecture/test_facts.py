"""Facts of the documentation are written by a program, and stale ones are found."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FACTS = {"count": lambda: "three", "list": lambda: "- one\n- two"}


def load(folder: str, name: str) -> ModuleType:
    """A module of a folder that is not a package."""
    sys.path.insert(0, str(ROOT / folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


facts = load(".ci", "facts")
dependencies = load(".ci", "dependencies")
project_pages = load("docs", "project_pages")
api_pages = load("docs", "api_pages")
site = load(".ci", "site_of_docs")


def test_a_stale_fact_is_renewed_within_its_sentence() -> None:
    stale = "It has <!-- fact: count -->two<!-- end --> parts."
    assert facts.with_facts(stale, FACTS) == (
        "It has <!-- fact: count -->three<!-- end --> parts."
    )


def test_a_block_has_empty_lines_about_it_and_is_stable() -> None:
    once = facts.with_facts("<!-- fact: list --><!-- end -->", FACTS)
    assert once == "<!-- fact: list -->\n\n- one\n- two\n\n<!-- end -->"
    assert facts.with_facts(once, FACTS) == once


def test_an_unknown_fact_is_a_fault() -> None:
    with pytest.raises(KeyError, match="colour"):
        facts.with_facts("a <!-- fact: colour --><!-- end -->", FACTS)


def test_a_fact_that_begins_its_line_is_a_fault() -> None:
    text = "We have\n<!-- fact: count --><!-- end --> parts."
    with pytest.raises(AssertionError, match="must not begin its line"):
        facts.with_facts(text, FACTS)


@pytest.mark.parametrize(("number", "words"), [(0, "no"), (19, "nineteen"), (21, "21")])
def test_small_numbers_are_words(number: int, words: str) -> None:
    assert facts.in_words(number) == words


def test_steps_are_those_that_the_command_lists() -> None:
    steps = facts.steps()
    assert steps[-1] == "index"
    assert "cleaning-before" in steps
    assert len(set(steps)) == len(steps)


def test_licences_come_from_the_packages_themselves() -> None:
    assert "GPL" in dependencies.licence("pingouin")
    assert "MIT" in dependencies.licence("typer")
    assert dependencies.licence("no-such-package") == ""


def test_pingouin_alone_brings_the_gpl() -> None:
    names = dependencies.locked(dependencies.RUN_LOCK)
    gpl = [name for name in names if "GPL" in dependencies.licence(name)]
    assert gpl == ["pingouin"], "NOTICE.md speaks of pingouin alone"


def test_links_out_of_the_documentation_lead_to_the_page_on_the_site() -> None:
    page = ROOT / "docs" / "explanation" / "privacy.md"
    text = "[a](../../SECURITY.md) [b](../../studies/x.toml) [c](cleaning.md#d)"
    assert project_pages.with_links_inside(text, page, root=ROOT) == (
        "[a](/project/security.md) b (`studies/x.toml`) [c](/explanation/cleaning.md#d)"
    )


def test_pictures_and_addresses_stay() -> None:
    text = "![p](docs/x.png) [w](https://example.org) [h](#here)"
    page = ROOT / "README.md"
    assert project_pages.with_links_inside(text, page, root=ROOT) == text


@pytest.fixture
def invented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library of one topic; its facade is still empty."""
    package = tmp_path / "invented_library"
    package.mkdir()
    (package / "__init__.py").write_text('"""An invented library."""\n')
    (package / "new_topic.py").write_text(
        '"""A new topic."""\n'
        "from math import sqrt\n"
        "def new_statistic():\n"
        '    """Estimate something."""\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(api_pages, "LIBRARY", package.name)
    yield package
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]


def written_for(library: Path) -> dict[str, str]:
    folder = library.parent / "api"
    api_pages.write(folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_name_appears_under_the_module_that_defines_it(invented: Path) -> None:
    (invented / "__init__.py").write_text(
        '"""An invented library."""\n'
        "from math import sqrt\n"
        "from invented_library.new_topic import new_statistic\n"
        '__all__ = ["new_statistic", "sqrt"]\n'
    )
    pages = written_for(invented)
    assert set(pages) == {
        "index.rst",
        "invented_library.rst",
        "invented_library.new_topic.rst",
        "invented_library.further.rst",
    }
    page = pages["invented_library.new_topic.rst"]
    assert ".. autofunction:: invented_library.new_statistic\n" in page
    assert "A new topic." in page


def test_without_a_facade_a_new_module_appears_all_the_same(invented: Path) -> None:
    pages = written_for(invented)
    page = pages["invented_library.new_topic.rst"]
    assert ".. autofunction:: invented_library.new_topic.new_statistic\n" in page
    assert not any("sqrt" in text for text in pages.values())


def test_a_page_whose_module_is_gone_is_removed(invented: Path) -> None:
    (invented.parent / "api").mkdir()
    (invented.parent / "api" / "invented_library.old_topic.rst").touch()
    assert "invented_library.old_topic.rst" not in written_for(invented)


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/x.js">',
        "<link rel=stylesheet href='//fonts.example.org/a.css'>",
        "body { background: url(https://example.org/x.png) }",
    ],
)
def test_a_page_that_loads_from_elsewhere_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.html").write_text(text)
    assert site.pages_that_load_from_elsewhere(tmp_path) == ["page.html"]


def test_a_link_that_is_only_followed_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<a href="https://example.org">there</a>')
    assert site.pages_that_load_from_elsewhere(tmp_path) == []
