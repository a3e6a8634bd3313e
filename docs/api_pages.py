"""The pages of the Python reference: a page for every topic of every public package.

What a package offers is its ``__all__``; if it has none, what its modules define. A
name's topic is the module or sub-package that defines it, so a new module appears by
itself. The pages are written anew for every build and are not committed.
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
REST = "further"


class Topic(NamedTuple):
    """The public names of one module or sub-package, each as it is imported."""

    package: str
    name: str
    offered: tuple[str, ...]

    @property
    def title(self) -> str:
        """The topic in words."""
        return self.name.replace("_", " ").capitalize()

    @property
    def page(self) -> str:
        """Name of the page, without its ending."""
        return f"{self.package}.{self.name}"


def public_packages() -> list[str]:
    """Every package whose names a reader may import, by its dotted name."""
    inside = pkgutil.iter_modules(importlib.import_module(LIBRARY).__path__)
    return [LIBRARY, *(f"{LIBRARY}.{m.name}" for m in inside if m.ispkg)]


def topics(package_name: str) -> list[Topic]:
    """Group the names of a package by the module that defines them.

    A name from elsewhere, and a constant, belong to the topic ``further``.
    """
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for name, home in offered_by(package_name):
        grouped[topic_of(home, package_name)].append(name)
    return [
        Topic(package_name, topic, tuple(sorted(names, key=last)))
        for topic, names in sorted(grouped.items(), key=lambda x: (x[0] == REST, x[0]))
    ]


def offered_by(package_name: str) -> Iterator[tuple[str, str]]:
    """Each name a package offers, as it is imported, and the module that defines it."""
    package = importlib.import_module(package_name)
    for name in getattr(package, "__all__", []):
        home = getattr(getattr(package, name), "__module__", package_name)
        yield f"{package_name}.{name}", home
    if not hasattr(package, "__all__"):
        for module in modules_of(package):
            yield from ((f"{module}.{n}", module) for n in defined_in(module))


def modules_of(package: ModuleType) -> list[str]:
    """Every public module of a package without ``__all__``; of the library, its own."""
    walk = (
        pkgutil.iter_modules if package.__name__ == LIBRARY else pkgutil.walk_packages
    )
    found = walk(package.__path__, f"{package.__name__}.")
    return [m.name for m in found if not m.ispkg and "._" not in m.name]


def defined_in(module_name: str) -> list[str]:
    """Every public class and function that a module defines itself."""
    named = vars(importlib.import_module(module_name)).items()
    return [
        name
        for name, thing in named
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == module_name
    ]


def topic_of(home: str, package_name: str) -> str:
    """The part of a dotted module name that follows its package."""
    inside = home.removeprefix(f"{package_name}.")
    return REST if inside == home else inside.partition(".")[0]


def last(dotted: str) -> str:
    """The name itself, to sort and to show."""
    return dotted.rpartition(".")[2].casefold()


def about(package_name: str, topic: str = "") -> str:
    """What a package, or a topic of it, says of itself in one paragraph."""
    if topic == REST:
        return "Offered by this package too, and defined in another."
    module = importlib.import_module(".".join(filter(None, (package_name, topic))))
    return (inspect.getdoc(module) or "").partition("\n\n")[0]


def write(folder: Path) -> None:
    """Write an index, a page for each package and one for each of its topics."""
    folder.mkdir(exist_ok=True, parents=True)
    every = {name: topics(name) for name in public_packages()}
    found = {name: listed for name, listed in every.items() if listed}
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
    yield from titled(topic.title, "=")
    yield about(topic.package, topic.name)
    yield ""
    yield from imports(topic)
    yield from summary(topic)
    for dotted in topic.offered:
        home, _, name = dotted.rpartition(".")
        kind = directive(getattr(importlib.import_module(home), name))
        yield from titled(name, "-")
        yield f".. {kind}:: {dotted}"
        if kind == "autoclass":
            yield "   :members:"
        yield ""


def imports(topic: Topic) -> Iterator[str]:
    """How a name of a topic is imported."""
    home, _, name = topic.offered[0].rpartition(".")
    yield ".. code-block:: python"
    yield ""
    yield f"   from {home} import {name}"
    yield ""


def directive(thing: object) -> str:
    """The directive that documents a class, a function or a constant."""
    if inspect.isclass(thing):
        return "autoclass"
    return "autofunction" if callable(thing) else "autodata"


def summary(topic: Topic) -> Iterator[str]:
    """A table of a topic's names, each with its first sentence."""
    yield ".. autosummary::"
    yield "   :nosignatures:"
    yield ""
    yield from (f"   ~{name}" for name in topic.offered)
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
