"""The files of the project's root as pages of the site, and links that lead to them.

``CONTRIBUTING.md`` and its like lie where a hosting site looks for them. Here they are
copied into ``docs/project/``, which is not committed, with their links adapted.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "changelog",
    "SECURITY.md": "security",
    "NOTICE.md": "licences",
}
INDEX = """# Project

- [Contributing](contributing.md): where new code goes and what a review asks.
- [Changes](changelog.md): what each version adds, and which numbers changed.
- [Security](security.md): how to report a fault.
- [Dependencies and licences](licences.md): MIT, and what pingouin's GPL means.

```{toctree}
:hidden:

contributing
changelog
security
licences
```
"""
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def write(folder: Path, *, root: Path) -> None:
    """Write a page for each of the root's files that a reader may want."""
    folder.mkdir(exist_ok=True)
    (folder / "index.md").write_text(INDEX, encoding="utf-8")
    for name, page in PAGES.items():
        source = root / name
        text = with_links_inside(source.read_text(encoding="utf-8"), source, root=root)
        (folder / f"{page}.md").write_text(text, encoding="utf-8")


def with_links_inside(text: str, source: Path, *, root: Path) -> str:
    """Turn a file's links to other files into links within the site.

    A link to a file that has no page there becomes its text and the file's path.
    """

    def adapt(found: re.Match[str]) -> str:
        shown, target, anchor = found[1], found[2], found[3] or ""
        path = os.path.relpath(source.parent / target, root).replace(os.sep, "/")
        if path in PAGES:
            return f"[{shown}](/project/{PAGES[path]}.md{anchor})"
        if path.startswith("docs/"):
            return f"[{shown}](/{path.removeprefix('docs/')}{anchor})"
        return f"{shown} (`{path}`)"

    return LINK.sub(adapt, text)
