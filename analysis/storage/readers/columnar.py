"""A Parquet file into a table: its values as texts."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet

from analysis.foundation import DataError
from analysis.storage.readers.table import RawTable, from_values, refuse_empty


def read_parquet(content: bytes, name: str) -> RawTable:
    """Read a Parquet file.

    Raises
    ------
    DataError
        Damaged, or another kind of file.
    """
    try:
        table = pa.parquet.read_table(io.BytesIO(content))
        # a damaged text shows only when it is looked at
        table.validate(full=True)
        # an index kept by another program is no column of the survey
        # and a whole number beside a blank must not become a float: it may be an id
        frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    except (pa.ArrowException, OSError, ValueError):
        raise DataError(
            name,
            "is not a Parquet file that can be read: it is damaged, or another kind of "
            "file under this name; export it again",
        ) from None
    cells = from_values(frame)
    refuse_empty(cells, name)
    return RawTable(cells=cells, encoding="Parquet", kind="Parquet")
