"""Turn an executed notebook into one page that needs nothing but itself.

Prose and our own values go in; code, warnings and random identifiers stay out. The same
notebook gives the same bytes, and nothing on a page points outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from html.parser import HTMLParser
from itertools import count
from typing import TYPE_CHECKING, Any

import jinja2
from markdown_it import MarkdownIt

from analysis.foundation.errors import NotebookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analysis.declarations.study import Study
    from analysis.publication.summary.page import FunderSummary

OUTSIDE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
"""An address that leaves the folder of the report."""

ADDRESSES = {"action", "data", "href", "poster", "src", "srcset", "xlink:href"}
"""Attributes that hold an address."""

MINIMUM_IN_CONTENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another document of the report, and a line that says what it holds."""

    title: str
    href: str
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading of a page, for its list of contents."""

    title: str
    anchor: str


def render_notebook(
    notebook: Mapping[str, Any],
    *,
    study: Study,
    title: str,
    name: str = "",
    links: Sequence[Link] = (),
) -> str:
    """Render the prose and the outputs of an executed notebook as a page.

    Parameters
    ----------
    notebook : mapping
        Notebook format 4, as JSON.
    title : str
        The page's only heading of the first level; the notebook's own gives way.
    name : str
        Name of the page, without an ending.
    links : sequence of Link
        Documents, this one left out. Without any, only the index is named.

    Raises
    ------
    NotebookError
        A cell failed, or a picture has no text for those who cannot see it.
    """
    body = "".join(f"{part}\n" for part in _cells_html(notebook, name or title))
    if study.simulated:  # said once, at the top of the page
        body = re.sub(r'<p class="banner">.*?</p>\n?', "", body, flags=re.S)
    body, sections = _ordered(_numbered(body))
    index = Link(title="All documents of this study", href="index.html")
    supplementary = [link for link in links or (index,) if link.href != f"{name}.html"]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            body=body,
            links=supplementary,
            sections=sections if len(sections) >= MINIMUM_IN_CONTENTS else [],
            study=study,
            title=title,
        )
    )


def render_index(
    study: Study,
    entries: Sequence[Link],
    headline: FunderSummary | None = None,
    *,
    plan: Sequence[str] = (),
) -> str:
    """Render the page that names every document of a study.

    Parameters
    ----------
    plan : sequence of str
        Whether the analysis followed the locked plan, and each deviation.
    """
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            entries=entries,
            headline=headline,
            plan=plan,
            study=study,
            title=study.title,
        )
    )


def render_template(name: str, **values: object) -> str:
    """Fill one of the room's templates; every value is escaped."""
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("analysis.publication"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )


@cache
def _markdown() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"html": False}).disable("image")
    # A link that leaves the report stays as it was written, so nothing points outside.
    renderer.validateLink = lambda url: not OUTSIDE.match(url)  # type: ignore[method-assign]
    return renderer


def _cells_html(notebook: Mapping[str, Any], where: str) -> Iterator[str]:
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "markdown":
            yield _markdown().render(_text(cell["source"]))
        for output in cell.get("outputs", []):
            yield _output_html(output, f"{where}, cell {number}")


def _output_html(output: Mapping[str, Any], where: str) -> str:
    """One output: our own values as they are, plain text escaped, all else left out."""
    kind = output["output_type"]
    if kind == "error":
        raise NotebookError(where, f"failed with {output.get('ename', 'an error')}")
    if kind not in ("display_data", "execute_result"):
        return ""
    data = output.get("data", {})
    if "text/html" in data:
        return _text(data["text/html"])
    if any(name.startswith("image/") for name in data):
        raise NotebookError(where, "a picture without a text; show a Figure instead")
    if "text/plain" in data:
        return f"<pre>{escape(_text(data['text/plain']))}</pre>"
    return ""


def _text(source: str | Sequence[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _numbered(body: str) -> str:
    """Tables and figures with their numbers, each kind from 1."""
    tables, figures = count(1), count(1)

    def table(match: re.Match[str]) -> str:
        label = f'<span class="label">Table {next(tables)}.</span>'
        # The inner box keeps in sight while a wide table is scrolled.
        return f'<caption><span class="kept">{label} {match[1]}</span></caption>'

    def figure(_: re.Match[str]) -> str:
        return f'<figcaption><span class="label">Figure {next(figures)}.</span> '

    body = re.sub(r"<caption>(.*?)</caption>", table, body, flags=re.S)
    return re.sub(r"<figcaption>", figure, body)


def _ordered(body: str) -> tuple[str, list[Section]]:
    """Headings below the page's title, none a level too deep, each with an anchor."""
    sections: list[Section] = []
    used: dict[str, int] = {}
    depth = 1

    def renewed(match: re.Match[str]) -> str:
        nonlocal depth
        given, inner = int(match[1]), match[2]
        if given == 1:
            return ""
        depth = min(given, depth + 1)
        words = re.sub(r"<[^>]*>", "", inner)
        slug = re.sub(r"\W+", "-", words.casefold()).strip("-") or "section"
        used[slug] = used.get(slug, 0) + 1
        anchor = slug if used[slug] == 1 else f"{slug}-{used[slug]}"
        if depth == 2:
            sections.append(Section(title=words, anchor=anchor))
        return f'<h{depth} id="{anchor}">{inner}</h{depth}>'

    return re.sub(r"<h([1-6])[^>]*>(.*?)</h\1>", renewed, body, flags=re.S), sections


def check_page(html: str) -> list[str]:
    """Every way in which a page shuts somebody out or points outside.

    Returns
    -------
    list of str
        A sentence a fault; empty if the page may be published.
    """
    checker = _Checker()
    checker.feed(html)
    checker.close()
    checker.check_whole()
    return checker.faults


class _Checker(HTMLParser):
    """Reads a page once and keeps each fault found on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._depth = 0
        self._tables = 0
        self._captions: list[str] = []
        self._texts: list[str] = []
        self._inside = ""
        self._words = ""
        self._anchors: set[str] = set()
        self._seen: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._seen[tag] = self._seen.get(tag, 0) + 1
        self._check_addresses(tag, values)
        if values.get("id") in self._anchors:
            self.faults.append(f"two elements have the id '{values['id']}'")
        self._anchors |= {values["id"]} if values.get("id") else set()
        if re.fullmatch("h[1-6]", tag):
            self._check_depth(int(tag[1]))
        if tag == "html" and not values.get("lang"):
            self.faults.append("the language of the page is not set")
        if tag == "img":
            self._described(tag, values.get("alt", ""))
        if tag == "svg" and "aria-hidden" not in values:
            self._described(tag, values.get("aria-label", ""))
        if tag == "th" and values.get("scope") not in ("col", "row"):
            self.faults.append(f"table {self._tables}: a heading has no scope")
        if tag == "table":
            self._tables += 1
            self._captions.append("")
        if tag == "figure":
            self._texts = []
        if tag in ("caption", "figcaption", "style", "title"):
            self._inside = tag
            self._words = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""
            self._close(tag, " ".join(self._words.split()))
        if tag == "table" and not self._captions[-1]:
            self.faults.append(f"table {self._tables} has no caption")

    def _close(self, tag: str, words: str) -> None:
        if tag == "caption" and self._captions:
            self._captions[-1] = words
        if tag == "figcaption":
            caption = re.sub(r"^Figure \d+\. ", "", words)
            if any(text and caption.endswith(text) for text in self._texts):
                self.faults.append(f"a picture's text repeats its caption: {caption}")
        if tag == "style" and re.search(r"@import|url\(\s*['\"]?(?!data:)", words):
            self.faults.append("the style sheet points outside the page")
        if tag == "title" and not words:
            self.faults.append("the page has no title")

    def _described(self, tag: str, text: str) -> None:
        if not text.strip():
            self.faults.append(
                f"a picture ({tag}) has no text for those who cannot see"
            )
        self._texts.append(text)

    def _check_depth(self, depth: int) -> None:
        if depth > self._depth + 1:
            self.faults.append(
                f"a heading of level {depth} follows level {self._depth}"
            )
        self._depth = depth

    def _check_addresses(self, tag: str, values: Mapping[str, str]) -> None:
        for name in ADDRESSES & values.keys():
            inside = tag == "img" and values[name].startswith("data:image/")
            if OUTSIDE.match(values[name]) and not inside:
                self.faults.append(f"{tag} points outside the report: {values[name]}")
        if "url(" in values.get("style", ""):
            self.faults.append(f"the style of {tag} points outside the page")

    def check_whole(self) -> None:
        """Keep the faults that show only when the whole page was read."""
        if self._seen.get("h1", 0) != 1:
            self.faults.append(
                f"the page has {self._seen.get('h1', 0)} titles, not one"
            )
        for tag in ("html", "title", "main"):
            if not self._seen.get(tag):
                self.faults.append(f"the page has no {tag}")
        for tag in ("script", "iframe", "link"):
            if self._seen.get(tag):
                self.faults.append(f"the page has a {tag}")
