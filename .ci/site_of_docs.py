"""Build the documentation strictly: a broken link or a request to elsewhere fails.

    python3 .ci/site_of_docs.py     then open site/index.html

Every page is built anew, since Sphinx repeats no warning of a page it did not rebuild.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SITE = ROOT / "site"
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|embed)\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?//
    | <link\b[^>]*\bhref\s*=\s*["']?(?:https?:)?//
    | url\(\s*["']?(?:https?:)?//
    | @import\s+["'](?:https?:)?//""",
    re.VERBOSE | re.IGNORECASE,
)


def build() -> int:
    """Build every page; any warning is a failure, and all are shown."""
    options = ["--builder", "html", "--fail-on-warning", "--quiet", "--fresh-env"]
    kept = ["--doctree-dir", str(ROOT / ".cache" / "doctrees"), "--jobs", "auto"]
    command = [sys.executable, "-m", "sphinx", *options, *kept, str(DOCS), str(SITE)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def pages_that_load_from_elsewhere(site: Path) -> list[str]:
    """Every page and style sheet that would ask another host for something."""
    found = [*site.rglob("*.html"), *site.rglob("*.css")]
    return sorted(
        path.relative_to(site).as_posix()
        for path in found
        if LOADED.search(path.read_text(encoding="utf-8"))
    )


def main() -> int:
    """Build and check; 1 if anything is wrong."""
    if build():
        print("docs: Sphinx found the faults above")
        return 1
    loading = pages_that_load_from_elsewhere(SITE)
    for name in loading:
        print(f"docs: site/{name} loads something from another host")
    if not loading:
        print(f"docs: {SITE / 'index.html'}")
    return 1 if loading else 0


if __name__ == "__main__":
    sys.exit(main())
