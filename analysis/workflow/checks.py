"""Check that a study's data fit its declaration, running nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation import DataError
from analysis.intake import map_responses, read_exports

if TYPE_CHECKING:
    from analysis.declarations import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCount:
    """What one export holds."""

    wave: str
    survey: str
    rows: int
    encoding: str
    tool: str = "none"
    remark: str = ""


def check_data(study: Study) -> tuple[ExportCount, ...]:
    """Read every export of every wave and fit it to the declaration.

    Raises
    ------
    DataError
        With the faults of all waves.
    """
    counts: list[ExportCount] = []
    faults: list[str] = []
    for wave in study.wave_names():
        try:
            received = read_exports(study, wave)
            map_responses(received)
        except DataError as error:
            faults.extend(f"wave {wave}: {fault}" for fault in error.faults)
            continue
        counts.extend(
            ExportCount(
                wave=wave,
                survey=survey,
                rows=len(table.cells),
                encoding=table.encoding,
                tool=table.tool,
                remark=table.remark,
            )
            for survey, table in received.tables.items()
        )
    if faults:
        raise DataError(study.name, faults)
    return tuple(counts)
