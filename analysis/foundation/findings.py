"""A result with its place: which study, instrument, wave and arm it speaks of."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heard.results import Composite, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from heard.results import Labels, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One tidy row of the findings. An empty text means *does not apply*.

    A contrast is written with a minus, as in ``wave = "after - before"`` and
    ``arm = "pilot - comparison"``.
    """

    study: str
    survey: str = ""
    instrument: str = ""
    subscale: str = ""
    item: str = ""
    wave: str = ""
    arm: str = ""
    group: str = ""
    term: str
    estimate: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None
    n: int | None = None
    method: str = ""
    reason: str = ""

    @staticmethod
    def place(outcome: Result | Composite, **context: str) -> tuple[Finding, ...]:
        """Give every result inside `outcome` its place.

        What a composite says its results are about fills the columns that `context`
        leaves open: ``item`` is the item, all else (factor, dimension, category) joins
        in ``group``.

        Parameters
        ----------
        outcome : Estimate, Unavailable or Composite
            What was found.
        **context : str
            The tidy columns that say where: study, survey, instrument, wave, …
        """
        if not isinstance(outcome, Composite):
            return (_placed(outcome, context),)
        return tuple(
            _placed(result, {**_columns(labels), **context})
            for labels, result in outcome.labelled()
        )


TIDY_COLUMNS = tuple(field.name for field in dataclasses.fields(Finding))


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a frame with the tidy columns, in their fixed order."""
    import pandas as pd  # noqa: PLC0415 - findings travel where pandas is not needed

    return pd.DataFrame(
        [dataclasses.asdict(finding) for finding in findings], columns=[*TIDY_COLUMNS]
    )


def _columns(labels: Labels) -> dict[str, str]:
    others = [text for name, text in labels.items() if name != "item" and text]
    return {"item": labels.get("item", ""), "group": ", ".join(others)}


def _placed(result: Result, context: dict[str, Any]) -> Finding:
    if isinstance(result, Estimate):
        return Finding(
            **context,
            term=result.term,
            estimate=result.estimate,
            conf_low=result.conf_low,
            conf_high=result.conf_high,
            n=result.n,
            method=result.method,
        )
    return Finding(
        **context,
        term=result.term,
        n=result.n,
        method=result.method,
        reason=result.reason,
    )
