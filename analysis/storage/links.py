"""Links between the participants of two waves: pairs of pseudonyms, kept as Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.declarations.linkage import declares_rule
from analysis.foundation import StaleError
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.declarations import Study


def links_file(study: str) -> Path:
    """Where the links of a study are kept."""
    return find_folders().processed / study / "links.parquet"


def write_links(study: Study, links: pd.DataFrame) -> None:
    """Keep the links of a study."""
    with whole_file(links_file(study.name)) as part:
        links.to_parquet(part, index=False)


def read_links(study: Study) -> pd.DataFrame | None:
    """The links of a study; None where it declares no rule, so that equality decides.

    Raises
    ------
    StaleError
        A rule is declared, and no link has been made yet.
    """
    if not declares_rule(study):
        return None
    path = links_file(study.name)
    if not path.exists():
        raise StaleError(
            study.name, f"not linked yet. Run: heard run {study.name} --only linkage"
        )
    return pd.read_parquet(path)
