"""Numbers other programs gave, and the rows they were given; see oracles/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

ORACLES = Path(__file__).parent / "oracles"


def oracle_values(name: str) -> dict[str, Any]:
    """All that `oracles/values/<name>.json` holds."""
    stored: dict[str, Any] = json.loads(
        (ORACLES / "values" / f"{name}.json").read_text("utf-8")
    )
    return stored


def oracle_rows(data_file: str) -> pd.DataFrame:
    """The rows of `oracles/data/<data_file>`; an empty cell is a missing answer."""
    return pd.read_csv(ORACLES / "data" / data_file)


def matrix(stored: dict[str, Any]) -> pd.DataFrame:
    """A matrix as R wrote it: rows, cols, data."""
    return pd.DataFrame(stored["data"], index=stored["rows"], columns=stored["cols"])
