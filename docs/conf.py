"""Sphinx builds the documentation from this: ``make docs``, or ``make check``."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [
    str(ROOT),
    str(DOCS),
]  # the working copy, and the modules of this folder

import api_pages  # noqa: E402
import project_pages  # noqa: E402

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]

project = PROJECT["name"]
author = PROJECT["authors"][0]["name"]
version = release = PROJECT["version"]
project_copyright = f"2026 {author}. MIT licence; see Dependencies and licences"
language = "en_GB"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["*.py"]
myst_heading_anchors = 4
show_warning_types = True
# Two modules may each have a class of the same name; its annotation is left unlinked.
suppress_warnings = ["ref.python"]

autosummary_generate = False  # api_pages writes the pages, a topic each
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_use_type_comments = False
numpydoc_show_class_members = False
python_maximum_signature_line_length = 72
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries = False  # each has its heading

html_theme = "pydata_sphinx_theme"
html_title = "heard"
html_static_path = ["static"]
html_css_files = ["heard.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": f"heard {version}"},
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "show_nav_level": 2,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars: dict[str, list[str]] = {"index": [], "tutorial": [], "glossary": []}


def write_pages(_: Sphinx) -> None:
    """Write the pages that are generated, before Sphinx looks for pages."""
    api_pages.write(DOCS / "reference" / "api")
    project_pages.write(DOCS / "project", root=ROOT)


def lead_links_inside(_: Sphinx, name: str, content: list[str]) -> None:
    """Let links to files outside ``docs/`` lead to their page of the site."""
    page = DOCS / f"{name}.md"
    if page.is_file() and page.parent != DOCS / "project":
        content[0] = project_pages.with_links_inside(content[0], page, root=ROOT)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the functions above."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", lead_links_inside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
