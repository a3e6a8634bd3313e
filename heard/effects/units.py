"""People's scores as one row a unit (team, site): its means and how sure they are.

A unit counts once, whatever its size. Every function gives a frame indexed by unit with
``before``, ``after``, ``people`` (who the unit's numbers rest on) and
``sampling_variance`` (of the unit's change, or of its mean after if that is all there
is), and carries ``arm``, ``stratum`` and ``site`` along where they are known.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from heard.effects.description import as_floats, named
from heard.errors import DataError

CARRIED = ("arm", "stratum", "site")
WAVES = ("before", "after")


def linked_units(pairs: pd.DataFrame) -> pd.DataFrame:
    """Average the scores of linked people by unit.

    Parameters
    ----------
    pairs : DataFrame, one row a participant
        Columns ``cluster``, ``before`` and ``after``, and ``arm``, ``stratum`` or
        ``site`` if known. Rows lacking a score or a cluster are left out.

    Returns
    -------
    DataFrame, one row a unit
        ``people`` counts pairs. The sampling variance is that of people's changes,
        pooled over units, divided by ``people``; NaN if no unit has two people.

    Raises
    ------
    DataError
        A unit is in two arms, strata or sites.
    """
    rows = _rows(pairs, WAVES)
    rows = rows.assign(change=rows["after"] - rows["before"])
    grouped = rows.groupby("cluster", sort=False, observed=True)
    people = grouped.size()
    return _carried(rows).join(
        grouped[list(WAVES)]
        .mean()
        .assign(
            people=people, sampling_variance=_pooled_variance(rows, "change") / people
        )
    )


def unlinked_units(
    after: pd.DataFrame, before: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Average the scores of one wave, or of two that cannot be linked, by unit.

    Parameters
    ----------
    after, before : DataFrame, one row a person
        Columns ``cluster`` and ``score``, and ``arm``, ``stratum`` or ``site`` if
        known. Rows lacking a score or a cluster are left out.

    Returns
    -------
    DataFrame, one row a unit
        Units without answers at a given wave are left out. ``people`` counts answers,
        of both waves together. The sampling variance takes all people as different.

    Raises
    ------
    DataError
        A unit is in two arms, strata or sites.
    """
    waves = {"after": after} if before is None else {"before": before, "after": after}
    rows = {name: _rows(wave, ("score",)) for name, wave in waves.items()}
    parts = [
        _of_wave(wave).rename(columns={"score": name}) for name, wave in rows.items()
    ]
    both = parts[0] if before is None else _summed(*parts)
    return _carried(pd.concat(rows.values())).join(both, how="inner")


def units_of_units(units: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Average the numbers of units by what they belong to: teams by site.

    Parameters
    ----------
    units : DataFrame, one row a unit
        As `linked_units` gives it; each of its rows counts once.
    by : str
        The column to average by; it becomes the index.

    Returns
    -------
    DataFrame, one row a larger unit
    """
    grouped = units.groupby(by, sort=False, observed=True)
    counts = grouped.size()
    numbers = grouped[[name for name in WAVES if name in units]].mean()
    variance = grouped["sampling_variance"].sum(min_count=1) / counts**2
    rows = units.assign(cluster=units[by]).drop(columns=by).reset_index(drop=True)
    return _carried(rows).join(
        numbers.assign(people=grouped["people"].sum(), sampling_variance=variance)
    )


def _rows(frame: pd.DataFrame, scores: Sequence[str]) -> pd.DataFrame:
    """Rows with every score and a cluster, the scores as floats."""
    kept = [name for name in CARRIED if name in frame.columns]
    if missing := [n for n in ("cluster", *scores) if n not in frame.columns]:
        raise DataError("units", f"columns missing: {', '.join(missing)}")
    rows = frame[["cluster", *scores, *kept]].assign(
        cluster=named(frame["cluster"]),
        **{name: as_floats(frame[name]) for name in scores},
    )
    return rows.dropna(subset=["cluster", *scores])


def _of_wave(wave: pd.DataFrame) -> pd.DataFrame:
    grouped = wave.groupby("cluster", sort=False, observed=True)["score"]
    people = grouped.size()
    return (
        grouped.mean()
        .to_frame()
        .assign(
            people=people, sampling_variance=_pooled_variance(wave, "score") / people
        )
    )


def _summed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Units present at both waves; people and variances of the two added up."""
    repeated = ["people", "sampling_variance"]
    first, second = (
        wave.rename(columns={name: f"{name}_{which}" for name in repeated})
        for which, wave in (("before", before), ("after", after))
    )
    both = first.join(second, how="inner")
    totals = {name: both[f"{name}_before"] + both[f"{name}_after"] for name in repeated}
    return both[list(WAVES)].assign(**totals)


def _pooled_variance(rows: pd.DataFrame, column: str) -> float:
    """Variance within units, pooled (divisor people less units)."""
    means = rows.groupby("cluster", observed=True)[column].transform("mean")
    degrees = len(rows) - rows["cluster"].nunique()
    if degrees < 1:
        return float("nan")
    return float(((rows[column] - means) ** 2).sum()) / degrees


def _carried(rows: pd.DataFrame) -> pd.DataFrame:
    """Arm, stratum and site of each unit.

    Raises DataError: a unit has more than one; the message counts them and names none.
    """
    kept = [name for name in CARRIED if name in rows.columns]
    if not kept:
        return pd.DataFrame(index=pd.Index(rows["cluster"].unique(), name="cluster"))
    # An empty name is not known, so it is no other arm, stratum or site.
    known = rows[kept].where(rows[kept] != "").assign(cluster=rows["cluster"])
    grouped = known.groupby("cluster", sort=False, observed=True)
    for name in kept:
        several = int(grouped[name].nunique().gt(1).sum())
        if several:
            raise DataError("units", f"{several} units are in more than one {name}")
    return grouped[kept].first().fillna("")
