"""One step of a study: what it is, and what it depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.storage.folders import find_folders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS = (
    "design",
    "cleaning",
    "linkage",
    "reliability",
    "comparability",
    "outcomes",
    "beyond-the-mean",
    "missing",
    "for-whom",
    "compared",
    "over-time",
    "other-choices",
    "coverage",
    "findings",
    "funder-summary",
    "index",
)
"""Kinds of step, in the order they run."""

NOTEBOOKS = {
    "design": "05_design.ipynb",
    "cleaning": "10_cleaning.ipynb",
    "linkage": "15_linkage.ipynb",
    "reliability": "20_reliability.ipynb",
    "comparability": "25_comparability.ipynb",
    "outcomes": "30_outcomes.ipynb",
    "beyond-the-mean": "31_beyond_the_mean.ipynb",
    "missing": "33_who_is_missing.ipynb",
    "for-whom": "35_for_whom.ipynb",
    "compared": "36_compared_with_whom.ipynb",
    "over-time": "37_over_time.ipynb",
    "other-choices": "38_other_choices.ipynb",
    "coverage": "40_coverage.ipynb",
    "funder-summary": "90_funder_summary.ipynb",
}
"""Kind of step → its notebook; the other kinds are plain actions."""

READS_ROWS = (
    "cleaning",
    "linkage",
    "reliability",
    "comparability",
    "outcomes",
    "beyond-the-mean",
    "missing",
    "for-whom",
    "compared",
    "over-time",
    "other-choices",
    "coverage",
)
"""Kinds that are given the folders of row-level data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to run: a notebook with its parameters, or a plain action.

    Attributes
    ----------
    name : str
        Unique within the study; also the name of the page it makes.
    needs : tuple of str
        Steps that must be fresh before this one runs.
    inputs : mapping
        What a reader would call the file → the file.
    declared : str
        Digest of the part of the declaration the step depends on.
    key : str
        Fingerprint of the pseudonym key, where the step uses it.
    """

    name: str
    kind: str
    title: str
    study: str
    wave: str = ""
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    inputs: Mapping[str, Path] = field(default_factory=dict)
    declared: str = ""
    key: str = ""

    @property
    def notebook(self) -> Path | None:
        """The notebook's source, or None for a plain action."""
        if self.kind not in NOTEBOOKS:
            return None
        return find_folders().notebooks / NOTEBOOKS[self.kind]
