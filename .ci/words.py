"""Find banned words in what people read: pages, docs, docstrings and public names.

    python3 .ci/words.py                say where each is and what to write; 1 if any
    python3 .ci/words.py --count        how many each folder has

The words are declared in ``words.toml``, next to this file. Of the changelog only the
sections from version 0.2.0 on are read: older ones are history.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
DECLARED = Path(__file__).with_suffix(".toml")
PAGES = ("*.md", "docs/**/*.md", "data/raw/README.md")
TEMPLATES = "analysis/publication/templates/*"
NOTEBOOKS = "notebooks/*.ipynb"
STUDIES = "studies/*.toml"
PACKAGES = ("heard", "analysis")
GENERATED = ("docs/reference/api/", "docs/project/")
HISTORY = "## [0.1.0]"
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Word(NamedTuple):
    """A banned word or phrase, what to write instead, and where it may stand."""

    pattern: re.Pattern[str]
    write: str
    exceptions: tuple[str, ...]


class Passage(NamedTuple):
    """A text that people read: its file, cell (0 of none) and first line."""

    path: Path
    line: int
    text: str
    cell: int = 0


class Hit(NamedTuple):
    """A banned word where it was found."""

    passage: Passage
    line: int
    found: str
    write: str

    def message(self, root: Path) -> str:
        """The place, the word and what to write."""
        where = self.passage.path.relative_to(root).as_posix()
        cell = self.passage.cell
        place = f", cell {cell}, line {self.line}" if cell else f":{self.line}"
        return f"{where}{place}: '{self.found}'. Write: {self.write}"


def declared_words(path: Path = DECLARED) -> tuple[Word, ...]:
    """Read the table of banned words."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Word(_pattern(entry["find"]), entry["write"], tuple(entry.get("except", ())))
        for entry in table["word"]
    )


def _pattern(find: str) -> re.Pattern[str]:
    """A whole word or phrase, which may run on after a line's end and its mark."""
    phrase = find.replace(" ", r"\s+(?:[#>*] *)?")
    return re.compile(rf"\b(?:{phrase})\b", re.IGNORECASE)


# ---------------------------------------------------------------- what people read


def passages(root: Path) -> Iterator[Passage]:
    """Every text the check reads, file by file."""
    for path in _files(root, PAGES):
        if not path.relative_to(root).as_posix().startswith(GENERATED):
            text = path.read_text(encoding="utf-8")
            recent = text.partition(HISTORY)[0] if path.name == "CHANGELOG.md" else text
            yield Passage(path, 1, recent)
    for path in _files(root, (TEMPLATES, STUDIES)):
        is_read = path.suffix != ".css" and not path.name.endswith(".lock.toml")
        if is_read:
            yield Passage(path, 1, path.read_text(encoding="utf-8"))
    for path in _files(root, (NOTEBOOKS,)):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells, start=1):
            if cell["cell_type"] == "markdown":
                yield Passage(path, 1, "".join(cell["source"]), number)
    for package in PACKAGES:
        for path in _files(root, (f"{package}/**/*.py",)):
            yield from _of_module(path)


def _files(root: Path, patterns: Sequence[str]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(path for path in root.glob(pattern) if path.is_file())


def _of_module(path: Path) -> Iterator[Passage]:
    """The docstrings and the public names of a module."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    for name in (path.stem, *_fields(module.body)):
        yield _name(path, 1, name)
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield Passage(path, node.lineno, str(node.value.value))
        elif isinstance(node, ast.stmt):
            for name in _public_names(node):
                yield _name(path, node.lineno, name)


def _public_names(node: ast.stmt) -> Iterator[str]:
    """What a statement names for others: a class, a function, its arguments, a field.

    A name that a function gives to a value of its own is named for nobody else.
    """
    if isinstance(node, ast.ClassDef):
        yield node.name
        yield from _fields(node.body)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
        given = node.args
        if not node.name.startswith("_"):
            every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
            yield from (argument.arg for argument in every)


def _fields(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that a module or a class gives to values."""
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _name(path: Path, line: int, name: str) -> Passage:
    """A name as the words it is made of; a private one as none."""
    words = "" if name.startswith("_") else CAMEL.sub("_", name).replace("_", " ")
    return Passage(path, line, words)


# ----------------------------------------------------------------------- the check


def hits(read: Iterator[Passage], words: Sequence[Word]) -> Iterator[Hit]:
    """Every banned word in the passages."""
    for passage in read:
        for word in words:
            for match in word.pattern.finditer(passage.text):
                if not _is_excepted(match, word):
                    above = passage.text.count("\n", 0, match.start())
                    found = " ".join(match[0].split())
                    yield Hit(passage, passage.line + above, found, word.write)


def _is_excepted(match: re.Match[str], word: Word) -> bool:
    around = match.string[max(0, match.start() - 60) : match.end() + 60]
    return any(exception in around for exception in word.exceptions)


def main(arguments: Sequence[str]) -> int:
    """Print every hit, or how many each folder has."""
    found = list(hits(passages(ROOT), declared_words()))
    if "--count" in arguments:
        folders = Counter(hit.passage.path.relative_to(ROOT).parts[0] for hit in found)
        for folder, number in sorted(folders.items()):
            print(f"{number:5} {folder}")
    else:
        for hit in found:
            print(hit.message(ROOT))
    print(f"words: {len(found) or 'no'} banned words")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
