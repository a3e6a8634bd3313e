"""One step of a study: what it is, and what it depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.storage.folders import find_folders
from analysis.workflow.pages import page_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to run: a notebook with its parameters, or a plain action.

    Attributes
    ----------
    name : str
        Unique within the study; also the name of the page it makes.
    kind : str
        The name of its page, or of its action.
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
        page = page_of(self.kind)
        return find_folders().notebooks / page.notebook if page else None

    @property
    def reads_rows(self) -> bool:
        """Whether it is given the folders of row-level data."""
        page = page_of(self.kind)
        return page is not None and page.reads_rows
