"""Facts that the documentation states are generated: counts, lists and tables.

In a Markdown file, what stands between ``<!-- fact: NAME -->`` and ``<!-- end -->`` is
written by this program, in the middle of a sentence or as a block of its own.

    python3 .ci/facts.py             say which facts are out of date; 1 if any is
    python3 .ci/facts.py --write     bring them up to date
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import dependencies
import specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
DEMONSTRATION = "listening-pilot"
GENERATED = {"reference/api", "project"}
MARKED = re.compile(r"(<!-- fact: ([\w-]+) -->)(.*?)(<!-- end -->)", re.DOTALL)
WORDS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen", "twenty"),
)


# -------------------------------------------------------------------------- the facts


@cache
def steps() -> tuple[str, ...]:
    """Every step of the demonstration study, as ``heard status`` lists them."""
    command = [sys.executable, "-m", "analysis", "status", DEMONSTRATION]
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found = re.findall(r"^(?:fresh|stale) +(\S+)", answer.stdout, re.MULTILINE)
    assert found, f"`heard status` listed no step: {answer.stderr}"
    return tuple(found)


def count_of_steps() -> str:
    """How many steps the demonstration study has, in words."""
    return in_words(len(steps()))


def output_of_demo() -> str:
    """What the first run of the demonstration study prints."""
    names = steps()
    first = next(name for name in names if name.startswith("cleaning"))
    return "\n".join(
        [
            "```",
            f"✓ {first}  3.8 s",
            "  …",
            f"✓ {names[-1]}  0.1 s",
            "",
            f"{len(names)} steps run, 0 already fresh.",
            f"The report is at …/reports/{DEMONSTRATION}/index.html",
            "```",
        ]
    )


def open_studies() -> str:
    """How many declared studies are on real data, in words."""
    read = [tomllib.loads(text(p)) for p in (ROOT / "studies").glob("*.toml")]
    declared = [study for study in read if "waves" in study]
    return in_words(sum(not study.get("simulated") for study in declared))


def kinds_of_step() -> str:
    """Every kind of step that ``heard run --only`` takes."""
    sys.path.insert(0, str(ROOT))
    from analysis.workflow.pages import step_kinds  # noqa: PLC0415 - once the root is on the path

    return ", ".join(f"`{kind}`" for kind in step_kinds())


def old_names_of_keys() -> str:
    """Every renamed key of a study file or codebook, as a table."""
    sys.path.insert(0, str(ROOT))
    from analysis.declarations import toml_tables  # noqa: PLC0415 - once the root is on the path

    renamed = sorted(toml_tables.OLD_NAMES.items())
    rows = [f"| `{new}` | `{old}` |" for new, old in renamed]
    return "\n".join(["| key | old name |", "|---|---|", *rows])


def developer_commands() -> str:
    """Every command of start.py, as a table."""
    sys.path.insert(0, str(ROOT))
    import start  # noqa: PLC0415 - found once the root is on the path

    rows = [f"| `make {n}` | {c.line} |" for n, c in start.COMMANDS.items()]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def list_of_decisions() -> str:
    """Every decision by its heading."""
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    headings = [text(page).partition("\n")[0].removeprefix("# ") for page in pages]
    numbered = [heading.partition(". ") for heading in headings]
    return "\n".join(
        f"- {number}: [{title}]({page.name})"
        for page, (number, _, title) in zip(pages, numbered, strict=True)
    )


FACTS: Mapping[str, Callable[[], str]] = {
    "steps": count_of_steps,
    "output-of-demo": output_of_demo,
    "open-studies": open_studies,
    "kinds-of-step": kinds_of_step,
    "old-names": old_names_of_keys,
    "developer-commands": developer_commands,
    "decisions": list_of_decisions,
    "packages-to-run": dependencies.to_run,
    "packages-to-develop": dependencies.to_develop,
    "packages-to-install": dependencies.to_install,
    "copyleft": dependencies.copyleft,
    "count-to-run": dependencies.count_to_run,
    "examples-of-scoring": partial(specification.examples, "scoring"),
    "examples-of-cleaning": partial(specification.examples, "cleaning"),
    "examples-of-linkage": partial(specification.examples, "linkage"),
    "examples-of-disclosure": partial(specification.examples, "disclosure"),
}


# ------------------------------------------------------------------------ the machine


def with_facts(written: str, facts: Mapping[str, Callable[[], str]] = FACTS) -> str:
    """Put every fact of a text between its marks; an unknown one is a KeyError.

    A line that begins with a mark is HTML to every Markdown reader, so a block has
    empty lines about it and a fact in a sentence must not begin its line.
    """

    def renew(found: re.Match[str]) -> str:
        fact = facts[found[2]]()
        if "\n" in fact:
            return f"{found[1]}\n\n{fact}\n\n{found[4]}"
        begins_a_line = found.start() == 0 or written[found.start() - 1] == "\n"
        assert not begins_a_line, f"the fact {found[2]} must not begin its line"
        return found[1] + fact + found[4]

    return MARKED.sub(renew, written)


def pages(root: Path) -> Iterator[Path]:
    """Every page that may hold facts."""
    yield from sorted(root.glob("*.md"))
    docs = root / "docs"
    for path in sorted(docs.rglob("*.md")):
        folder = path.parent.relative_to(docs).as_posix()
        if folder not in GENERATED:
            yield path


def in_words(number: int) -> str:
    """A number in words up to twenty, in digits beyond."""
    return WORDS[number] if number < len(WORDS) else str(number)


def text(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Renew the facts, or say which are out of date."""
    stale = []
    used: set[str] = set()
    for path in pages(ROOT):
        before = text(path)
        used |= {found[2] for found in MARKED.finditer(before)}
        after = with_facts(before)
        if after != before:
            stale.append(path.relative_to(ROOT).as_posix())
            if "--write" in arguments:
                path.write_text(after, encoding="utf-8", newline="\n")
    unused = sorted(FACTS.keys() - used)
    if "--write" in arguments:
        print(f"facts: {', '.join(stale) or 'nothing'} rewritten")
        return 0
    for name in stale:
        print(f"facts: {name} is out of date; python3 start.py docs renews it")
    for name in unused:
        print(f"facts: no page states {name}")
    return 1 if stale or unused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
