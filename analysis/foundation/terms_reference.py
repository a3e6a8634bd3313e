"""The reference of the findings' terms, made from their register.

    python -m analysis.foundation.terms_reference

Everything after the heading *Terms* of ``docs/reference/findings.md`` is written anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.foundation.terms import register, sections

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "findings.md"
HEADING = "## Terms\n"
OPENING = """
Made from the register of terms, `analysis/foundation/terms.toml`, by
`python -m analysis.foundation.terms_reference`. The kind of a term decides its decimals
and [when it is suppressed](../explanation/disclosure.md).
"""
EXCEPTIONS = """
### Exceptions to the rule of a kind

| term | rule | reason |
|---|---|---|
"""


def with_terms(page: str) -> str:
    """A page with the part after its heading *Terms* as the register has it."""
    before, heading, _ = page.partition(HEADING)
    assert heading, f"{PAGE.name} has no heading {HEADING.strip()}"
    return before + heading + OPENING + "".join(_sections()) + "".join(_exceptions())


def _sections() -> Iterator[str]:
    for section in sections():
        yield f"\n{section.heading}:\n\n"
        yield "| term | is | kind | n counts |\n|---|---|---|---|\n"
        for each in section.terms:
            kind = each.kind.replace("_", " ")
            line = each.line.replace("|", "\\|")
            name, *numbered = (f"`{name}`" for name in each.names())
            if numbered:
                name = f"{name}, {numbered[0]} … {numbered[-1]}"
            yield f"| {name} | {line} | {kind} | {each.n_counts} |\n"


def _exceptions() -> Iterator[str]:
    yield EXCEPTIONS
    for each in register().values():
        if each.exception:
            why = each.exception.reason
            yield f"| `{each.name}` | {each.exception.rule} | {why} |\n"


def main() -> None:
    """Write the page anew."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_terms(page), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
