"""The documentation is true: it names what the code has and links to what is there."""

from __future__ import annotations

import ast
import csv
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
import typer
from conftest import ROOT

from analysis.cli.application import command_line
from analysis.foundation import errors
from analysis.foundation.findings import TIDY_COLUMNS
from analysis.storage.folders import VARIABLES
from analysis.storage.key import VARIABLE as KEY_FILE
from analysis.workflow.receipts import VALUE_REASONS
from heard.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
KINDS = ("how-to", "explanation", "reference", "decisions")
GENERATED = (DOCS / "project", REFERENCE / "api")
WRITTEN = [p for p in sorted(DOCS.rglob("*.md")) if p.parent not in GENERATED]
PAGES = [
    *WRITTEN,
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "NOTICE.md",
]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
READERS = {
    "choice",
    "date",
    "flag",
    "has",
    "list_of_tables",
    "number",
    "numbers",
    "numbers_by_text",
    "optional_number",
    "optional_text",
    "pair",
    "raw",
    "table",
    "tables",
    "text",
    "texts",
    "texts_by_text",
    "whole",
    "wholes",
}
"""Methods of `analysis.declarations.toml_tables.Table` that take a key."""


def by_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def in_code(text: str) -> set[str]:
    """What stands between single backticks, a dotted path by its last part too."""
    found = set(INLINE.findall(text))
    return found | {code.rpartition(".")[2] for code in found}


def code_of(text: str) -> str:
    """Everything a reader might type: code blocks and what stands in backticks."""
    blocks = [found.group() for found in FENCED.finditer(text)]
    return "\n".join([*blocks, *INLINE.findall(FENCED.sub("", text))])


# ------------------------------------------------------------------- the command line


def commands() -> Mapping[str, set[str]]:
    """Command → its options, as the program itself declares them."""
    group = typer.main.get_command(command_line())
    found: dict[str, set[str]] = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        options = (part.opts for part in command.params if part.opts[0][0] == "-")
        found[name] = {"--help", *(name for names in options for name in names)}
    return found


def test_every_command_and_option_is_in_the_reference() -> None:
    sections = dict(
        re.findall(
            r"^## `heard ([\w-]+)`\n(.*?)(?=^## |\Z)",
            read(REFERENCE / "commands.md"),
            flags=re.MULTILINE | re.DOTALL,
        )
    )
    assert set(sections) == set(commands())
    for name, options in commands().items():
        named = set(re.findall(r"`(-[\w-]+)", sections[name]))
        assert named == options, name


@pytest.mark.parametrize("name", commands())
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"heard {name}" in code_of(read(ROOT / "README.md"))


def test_every_fault_and_its_exit_code_is_explained() -> None:
    text = read(DOCS / "how-to" / "when-something-goes-wrong.md")
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, AnalysisError):
            assert f"| {kind.exit_code} | `{kind.__name__}` |" in text


@pytest.mark.parametrize("name", [*VARIABLES.values(), KEY_FILE])
def test_every_variable_is_in_the_reference(name: str) -> None:
    assert f"| `{name}` |" in read(REFERENCE / "folders.md")


@pytest.mark.parametrize("reason", VALUE_REASONS.values())
def test_every_reason_to_be_stale_is_explained(reason: str) -> None:
    assert f"`{reason}`" in read(DOCS / "explanation" / "freshness.md")


# ----------------------------------------------------------------------- declarations


def accepted_keys(module: str) -> set[str]:
    """Every key that a module asks a table of a declaration for."""
    tree = ast.parse(read(ROOT / "analysis" / "declarations" / f"{module}.py"))
    keys = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr=reader), args=[ast.Constant(value=key), *_]
            ) if reader in READERS:
                keys.add(str(key))
            case ast.For(target=ast.Name(), iter=ast.Tuple(elts=listed)):
                keys |= {str(n.value) for n in listed if isinstance(n, ast.Constant)}
    return keys


@pytest.mark.parametrize(
    ("module", "page", "minimum"),
    [
        ("study_file", "study-file", 80),
        ("instrument_file", "instrument-file", 40),
        ("linkage", "study-file", 13),
        ("supplementary_measures", "study-file", 6),
        ("groups", "study-file", 5),
        ("rollout", "study-file", 6),
        ("multiverse", "study-file", 5),
        ("plan", "study-file", 15),
        ("design", "study-file", 11),
    ],
)
def test_every_key_of_a_declaration_is_in_the_reference(
    module: str, page: str, minimum: int
) -> None:
    keys = accepted_keys(module)
    assert len(keys) >= minimum, "keys are no longer found as this test looks for them"
    text = read(REFERENCE / f"{page}.md")
    # A named table stands as the heading of its section, such as [waves.NAME].
    named = in_code(text) | set(re.findall(r"\[(\w+)(?:\.NAME)?\]", text))
    assert not keys - named


# --------------------------------------------------------------------------- findings


def test_every_column_and_term_of_the_findings_is_in_the_reference() -> None:
    golden = ROOT / "tests" / "golden" / "listening-pilot.csv"
    with golden.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    terms = {row["term"] for row in rows}
    groups = {row["group"] for row in rows if row["term"] == "responses_left_out"}
    assert terms
    named = in_code(read(REFERENCE / "findings.md"))
    assert not {*terms, *groups, *TIDY_COLUMNS, "provenance"} - named


# -------------------------------------------------------------------- files and names


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in LINK.findall(FENCED.sub("", read(page))):
            if not re.match(r"[a-z]+:", target):
                yield page, target


@pytest.mark.parametrize(
    ("page", "target"),
    [pytest.param(*x, id=f"{by_path(x[0])}:{x[1]}") for x in links()],
)
def test_links_lead_somewhere(page: Path, target: str) -> None:
    file, _, anchor = target.partition("#")
    path = (page.parent / file).resolve() if file else page
    if path.parent in GENERATED:
        return  # written by `make docs`, which refuses a link that leads nowhere
    assert path.exists()
    assert path.is_relative_to(ROOT), "a link that leaves the project breaks elsewhere"
    if anchor:
        headings = re.findall(
            r"^#+ (.*)$", FENCED.sub("", read(path)), flags=re.MULTILINE
        )
        slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
        assert anchor in slugs


def linked_from(page: Path) -> set[Path]:
    found = (target.partition("#")[0] for origin, target in links() if origin == page)
    return {(page.parent / target).resolve() for target in found}


def test_home_page_leads_to_every_kind() -> None:
    kinds = {DOCS / kind / "index.md" for kind in KINDS}
    others = {DOCS / "tutorial.md", DOCS / "glossary.md"}
    assert kinds | others <= linked_from(DOCS / "index.md")
    assert {path.parent for path in WRITTEN} == {DOCS, *(DOCS / k for k in KINDS)}


@pytest.mark.parametrize("kind", KINDS)
def test_index_of_a_kind_names_every_page_of_it(kind: str) -> None:
    index = DOCS / kind / "index.md"
    pages = {path for path in WRITTEN if path.parent == DOCS / kind} - {index}
    assert pages
    assert pages <= linked_from(index)


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([\w ]+):", read(ROOT / "Makefile"), re.MULTILINE))
    known = {name for line in targets for name in line.split()}
    assert "demo" in known
    named = set(re.findall(r"\bmake ([a-z]+)", code_of(read(page))))
    assert not named - known


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_every_heard_command_named_exists(page: Path) -> None:
    named = set(
        re.findall(
            r"(?:^|[\s/`])heard ([a-z]+(?:-[a-z]+)*)", code_of(read(page)), re.MULTILINE
        )
    )
    assert not named - set(commands())


def test_every_dependency_and_no_other_has_its_reason() -> None:
    read_file = tomllib.loads(read(ROOT / "pyproject.toml"))
    listed = list(read_file["project"]["dependencies"])
    for extra in read_file["project"]["optional-dependencies"].values():
        listed += extra
    names = {re.split(r"[<>=~ ]", dependency)[0] for dependency in listed}
    assert set(read_file["tool"]["heard"]["why"]) == names


def test_decisions_are_numbered_as_they_were_taken() -> None:
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    numbers = [int(path.name[:4]) for path in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for number, path in zip(numbers, pages, strict=True):
        assert read(path).startswith(f"# {number}. ")
