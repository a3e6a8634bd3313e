"""Responses under one identifier into the people they can be of.

An identifier that is unique within a site alone joins two people into one, and nobody
sees it later: their answers become one person's change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from analysis.declarations import Export


def shared_identifiers(rows: pd.DataFrame, told_apart_by: Sequence[str]) -> set[str]:
    """Identifiers under which stand responses that cannot all be one person's.

    Parameters
    ----------
    rows : DataFrame, one row a response
        ``participant``, empty where there is none, and the columns that tell apart;
        an empty or missing one tells nothing.
    """
    known = rows.loc[rows["participant"] != "", ["participant", *told_apart_by]]
    # A missing value is not counted, so that it contradicts nobody.
    values = known.replace("", None).groupby("participant").nunique()
    return set(values.index[(values > 1).any(axis="columns")])


def check_identifiers(frame: pd.DataFrame, export: Export) -> Iterator[str]:
    """Say which identifiers are several people's: by site, and by what never changes.

    Self-generated codes are not asked: two people may make the same, and linkage
    leaves them alone.
    """
    if export.linkage != "identifier":
        return
    stable = export.linkage_rule.stable if export.linkage_rule else ()
    for name in dict.fromkeys(("site", *stable)):
        if several := len(shared_identifiers(frame, [name])):
            yield (
                f"{export.file}: {several} participant identifiers stand for people "
                f"who differ in {name}. An identifier that is unique within a site, "
                "a study or a file alone needs the column of that beside it: add its "
                f"header to [surveys.{export.survey}.columns] participant"
            )
