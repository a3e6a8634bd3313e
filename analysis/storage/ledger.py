"""The ledger of a wave: which cells were changed, by rule and column, never what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.storage.folders import find_folders
from analysis.storage.whole_files import whole_file

if TYPE_CHECKING:
    import pandas as pd


def write_ledger(study: str, wave: str, ledger: pd.DataFrame) -> None:
    """Keep the ledger beside the rows it is about.

    Its counts have not passed disclosure control, and so stay where rows do.
    """
    path = find_folders().processed / study / wave / "ledger.json"
    records = ledger.to_dict(orient="records")
    text = json.dumps(records, indent=1, ensure_ascii=False) + "\n"
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
