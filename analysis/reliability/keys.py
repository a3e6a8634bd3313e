"""A study's declared keys compared with its answers, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding
from heard.psychometrics.items.keys import check_keys

if TYPE_CHECKING:
    import pandas as pd

    from analysis.declarations.instrument import Instrument, Subscale
    from heard.psychometrics.items.keys import KeyAudit


def key_audit(
    responses: pd.DataFrame, instrument: Instrument, subscale: Subscale
) -> KeyAudit:
    """Compare the declared key of a subscale with the answers.

    Parameters
    ----------
    responses : DataFrame, one row a participant
        With a column ``instrument.item`` an item: codes as answered, never keyed.
    """
    columns = {f"{instrument.name}.{item}": item for item in subscale.items}
    answers = responses[[*columns]].rename(columns=columns)
    items = [instrument.item(name) for name in subscale.items]
    return check_keys(
        answers, reverse_keyed={item.name for item in items if item.reverse_keyed}
    )


def key_audit_findings(audit: KeyAudit, **place: str) -> tuple[Finding, ...]:
    """The audit as findings: two an item, its verdict in ``group``.

    Parameters
    ----------
    **place : str
        The tidy columns that say where: study, survey, instrument, subscale, wave, …
    """
    return tuple(
        finding
        for item in audit.items
        for finding in Finding.place(item, item=item.item, group=item.verdict, **place)
    )
