"""Turn an executed notebook into one page that needs nothing but itself.

Prose and our own values go in; code, warnings and random identifiers stay out. The same
notebook gives the same bytes, and nothing on a page points outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from analysis.foundation import NotebookError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jinja2 import Environment
    from markdown_it import MarkdownIt

    from analysis.declarations import Study
    from analysis.publication.summary import FunderSummary

OUTSIDE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
"""An address that leaves the folder of the report."""

FEWEST_IN_CONTENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A document beside this one, and a line that says what it holds."""

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
        Name of the page, without an ending; its link is left out of `links`.
    links : sequence of Link
        Documents beside this one. Without any, only the index is named.

    Raises
    ------
    NotebookError
        A cell failed, or a picture has no text for those who cannot see it.
    """
    body = "\n".join(_cells_html(notebook, name or title))
    body, sections = _ordered(_numbered(body))
    index = Link(title="All documents of this study", href="index.html")
    beside = [link for link in links or (index,) if link.href != f"{name}.html"]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            banner=study.simulated and 'class="banner"' not in body,
            body=body,
            links=beside,
            sections=sections if len(sections) >= FEWEST_IN_CONTENTS else [],
            study=study,
            title=title,
        )
    )


def render_index(
    study: Study, entries: Sequence[Link], headline: FunderSummary | None = None
) -> str:
    """Render the page that names every document of a study."""
    return (
        _environment()
        .get_template("index.html.j2")
        .render(entries=entries, headline=headline, study=study, title=study.title)
    )


def render_template(name: str, **values: object) -> str:
    """Fill one of the room's templates; every value is escaped."""
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    import jinja2  # noqa: PLC0415 - needed for documents only

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
    from markdown_it import MarkdownIt  # noqa: PLC0415 - needed for documents only

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
    for tag, word in (("caption", "Table"), ("figcaption", "Figure")):
        body = re.sub(f"<{tag}>", _counter(tag, word), body)
    return body


def _counter(tag: str, word: str) -> Callable[[re.Match[str]], str]:
    count = iter(range(1, 10**6))
    return lambda _: f'<{tag}><span class="label">{word} {next(count)}.</span> '


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
