"""Results within results into one tidy frame, each row with the labels above it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.foundation.results import Composite, Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

ROW = ("term", "estimate", "conf_low", "conf_high", "n", "method", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled(Composite):
    """A composite whose text fields say what its results are about."""

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; a label is empty where it does not apply."""
        import pandas as pd  # noqa: PLC0415 - results are made where it is not needed

        rows = list(_rows(self, {}))
        labels = dict.fromkeys(name for row in rows for name in row if name not in ROW)
        named = [{**dict.fromkeys(labels, ""), **row} for row in rows]
        return pd.DataFrame(named, columns=[*labels, *ROW])

    def _repr_html_(self) -> str:
        shown: str = self.to_frame().to_html(
            index=False, float_format="{:.4g}".format, na_rep=""
        )
        return shown


def _rows(value: object, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if isinstance(value, Estimate | Unavailable):
        yield {**labels, **{name: getattr(value, name, None) for name in ROW}}
    elif isinstance(value, Composite):
        fields = {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
        }
        own = {name: text for name, text in fields.items() if isinstance(text, str)}
        for part in fields.values():
            yield from _rows(part, {**labels, **own})
    elif isinstance(value, tuple):
        for part in value:
            yield from _rows(part, labels)
