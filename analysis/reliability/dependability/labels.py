"""Results with labels: rows that say which facet, design or person each is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Composite, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    Labels = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows(Composite):
    rows: tuple[Result, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled(Composite):
    """A composite whose results carry labels into the frame, before their term."""

    def labelled(self) -> Iterator[tuple[Labels, Result]]:
        """Every result with its labels, all rows with the same ones in one order."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result, its labels before the term."""
        pairs = list(self.labelled())
        frame = _Rows(rows=tuple(result for _, result in pairs)).to_frame()
        for place, name in enumerate(pairs[0][0] if pairs else ()):
            frame.insert(place, name, [labels[name] for labels, _ in pairs])
        return frame

    def _repr_html_(self) -> str:
        shown: str = self.to_frame().to_html(
            index=False, float_format="{:.4g}".format, na_rep=""
        )
        return shown
