"""The items of an export into one table of codes, several columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.foundation.threads import in_threads
from analysis.intake.answers import item_codes
from analysis.intake.coding import coding_shifts
from analysis.intake.headers import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations import Export, Study
    from analysis.storage.readers import RawTable


def item_columns(
    table: RawTable,
    export: Export,
    study: Study,
    emptied: dict[str, int],
    faults: list[str],
) -> pd.DataFrame:
    """Codes of every item asked.

    Parameters
    ----------
    emptied, faults : dict, list
        What was emptied, by reason and column, and what fits nothing is added to these.

    Returns
    -------
    DataFrame, shape (n_responses, n_items)
        A column ``instrument.item`` an item, in the declared order; NaN if unanswered.
    """
    cells, asked = table.cells, export.columns.items
    # One array, filled in place: no answer is held twice.
    codes = np.empty((len(asked), len(cells)))

    def fill(place: int, column: str) -> tuple[Mapping[str, int], int]:
        name, _, item = column.partition(".")
        header = asked[column]
        instrument = study.instruments[name].codes_of(item)
        words = table.value_labels.get(header)
        found = item_codes(cells[header], instrument, export, words)
        codes[place] = found.values
        return found.emptied, found.unmapped

    misfits, strange = {}, []
    filled = in_threads(lambda numbered: fill(*numbered), enumerate(asked))
    for (column, header), (emptied_counts, unmapped) in zip(
        asked.items(), filled, strict=True
    ):
        for reason, count in emptied_counts.items():
            emptied[f"{reason}: {column}"] = count
        if declared := table.emptied.get(header):
            emptied[f"missing as the file declares: {column}"] = declared
        if unmapped:
            misfits[column] = unmapped
        if unmapped or emptied_counts.get("out of range"):
            strange.append(column)
    for column, unmapped in misfits.items():
        faults.append(_misfit(column, unmapped, len(cells), export, study))
    faults.extend(coding_shifts(cells, export, study, strange))
    return pd.DataFrame(codes.T, index=cells.index, columns=list(asked), copy=False)


def _misfit(column: str, unmapped: int, rows: int, export: Export, study: Study) -> str:
    """What is said of a column with answers that fit no code."""
    name, _, item = column.partition(".")
    instrument = study.instruments[name].codes_of(item)
    header = shortened(export.columns.items[column])
    known = ", ".join(f"'{text}'" for text in instrument.answers)
    labels = f", or {known}" if known else ""
    return (
        f"{export.file}: column '{header}' has {unmapped} "
        f"answers of {rows} that are not codes "
        f"{instrument.usual_coding.ends}{labels}. Declare others under "
        f"[surveys.{export.survey}.answers.{instrument.name}] or missing_codes"
    )
