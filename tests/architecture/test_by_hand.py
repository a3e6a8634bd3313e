"""The page on reliability by hand: it runs as written, and names every call."""

from __future__ import annotations

import re
from typing import Any

from conftest import ROOT

from analysis.publication.figure import Figure
from analysis.publication.reliability_figures.by_hand import figure_of
from heard import psychometrics

PAGE = (ROOT / "docs" / "how-to" / "reliability-by-hand.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_page_runs_and_every_figure_is_drawn() -> None:
    drawn: list[object] = []

    def kept(*outcomes: Any, **options: Any) -> object:
        drawn.append(figure_of(*outcomes, **options))
        return drawn[-1]

    first, *others = BLOCKS
    known: dict[str, Any] = {}
    exec(first, known)
    known["figure_of"] = kept
    for block in others:
        exec(block, known)
    assert len(drawn) == PAGE.count("\nfigure_of(") == 9
    for figure in drawn:
        assert isinstance(figure, Figure)
        assert figure.png()


def test_the_page_names_every_call() -> None:
    table = PAGE.partition("## Every call")[2]
    named = set(re.findall(r"`(\w+)`", table))
    calls = {name for name in psychometrics.__all__ if name.islower()}
    assert named == calls
