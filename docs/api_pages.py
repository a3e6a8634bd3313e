"""The pages of the Python reference: a page for every topic of every public package.

What a package offers is its ``__all__``. A name's topic is the module or sub-package
that defines it, so a new module appears by itself as soon as its package offers a name
of it. The pages are written anew for every build and are not committed.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import ModuleType

LIBRARY = "heard"
BEFORE_THE_LIBRARY = ("analysis.reliability", "analysis.outcomes")
"""What is documented as long as there is no folder ``heard``."""
REST = "further"


class Topic(NamedTuple):
    """The public names of one module or sub-package, and where they are imported."""

    package: str
    name: str
    about: str
    offered: tuple[str, ...]

    @property
    def title(self) -> str:
        """The topic in words."""
        return self.name.replace("_", " ").capitalize()

    @property
    def page(self) -> str:
        """Name of the page, without its ending."""
        return f"{self.package}.{self.name}"


def public_packages(root: Path) -> list[str]:
    """Every package whose names a reader may import, by its dotted name."""
    if not (root / LIBRARY).is_dir():
        return list(BEFORE_THE_LIBRARY)
    library = importlib.import_module(LIBRARY)
    inside = pkgutil.iter_modules(library.__path__)
    names = [LIBRARY, *(f"{LIBRARY}.{m.name}" for m in inside)]
    return [name for name in names if offered_by(importlib.import_module(name))]


def offered_by(package: ModuleType) -> list[str]:
    """The names a package offers: its ``__all__``."""
    return sorted(getattr(package, "__all__", []), key=str.casefold)


def topics(package_name: str) -> list[Topic]:
    """Group the names of a package by the module that defines them.

    A name from elsewhere, and a constant, belong to the topic ``further``.
    """
    package = importlib.import_module(package_name)
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for name in offered_by(package):
        home = getattr(getattr(package, name), "__module__", package_name)
        grouped[topic_of(home, package_name)].append(name)
    return [
        Topic(package_name, topic, about(package_name, topic), tuple(names))
        for topic, names in sorted(grouped.items(), key=lambda x: (x[0] == REST, x[0]))
    ]


def topic_of(home: str, package_name: str) -> str:
    """The part of a dotted module name that follows its package."""
    inside = home.removeprefix(f"{package_name}.")
    return REST if inside == home else inside.partition(".")[0]


def about(package_name: str, topic: str = "") -> str:
    """What a package, or a topic of it, says of itself in one paragraph."""
    if topic == REST:
        return "Offered by this package too, and defined in another."
    module = importlib.import_module(".".join(filter(None, (package_name, topic))))
    return (inspect.getdoc(module) or "").partition("\n\n")[0]


def write(folder: Path, *, root: Path) -> None:
    """Write an index, a page for each package and one for each of its topics."""
    folder.mkdir(exist_ok=True, parents=True)
    found = {name: topics(name) for name in public_packages(root)}
    pages = {"index": index_lines(found)}
    for package, listed in found.items():
        pages[package] = package_lines(package, listed)
        pages |= {topic.page: page_lines(topic) for topic in listed}
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()
    for name, lines in pages.items():
        (folder / f"{name}.rst").write_text("\n".join(lines), encoding="utf-8")


def index_lines(found: dict[str, list[Topic]]) -> Iterator[str]:
    """The page that lists every package with its topics."""
    yield from titled("Statistics from Python", "=")
    yield "Every public name of each package, by topic. Import a name from its package:"
    yield ""
    yield from imports(next(topic for listed in found.values() for topic in listed))
    yield from toctree(found, ":maxdepth: 2")


def package_lines(package: str, listed: list[Topic]) -> Iterator[str]:
    """The page of one package: a table of names for each topic."""
    yield from titled(package, "=")
    yield about(package)
    yield ""
    yield from toctree((topic.page for topic in listed), ":hidden:")
    for topic in listed:
        yield from titled(topic.title, "-")
        yield from summary(topic)


def page_lines(topic: Topic) -> Iterator[str]:
    """The page of one topic: its names in a table, then each in full."""
    package = importlib.import_module(topic.package)
    yield from titled(topic.title, "=")
    yield topic.about
    yield ""
    yield from imports(topic)
    yield from summary(topic)
    for name in topic.offered:
        kind = directive(getattr(package, name))
        yield from titled(name, "-")
        yield f".. {kind}:: {name}"
        if kind == "autoclass":
            yield "   :members:"
        yield ""


def imports(topic: Topic) -> Iterator[str]:
    """How a name of a topic is imported."""
    yield ".. code-block:: python"
    yield ""
    yield f"   from {topic.package} import {topic.offered[0]}"
    yield ""


def directive(thing: object) -> str:
    """The directive that documents a class, a function or a constant."""
    if inspect.isclass(thing):
        return "autoclass"
    return "autofunction" if callable(thing) else "autodata"


def summary(topic: Topic) -> Iterator[str]:
    """A table of a topic's names, each with its first sentence."""
    yield f".. currentmodule:: {topic.package}"
    yield ""
    yield ".. autosummary::"
    yield "   :nosignatures:"
    yield ""
    yield from (f"   {name}" for name in topic.offered)
    yield ""


def toctree(pages: Iterable[str], option: str) -> Iterator[str]:
    """A table of contents of the pages below."""
    yield ".. toctree::"
    yield f"   {option}"
    yield ""
    yield from (f"   {page}" for page in pages)
    yield ""


def titled(text: str, line: str) -> Iterator[str]:
    """A heading."""
    yield text
    yield line * len(text)
    yield ""
