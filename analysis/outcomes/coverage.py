"""Ratings and the list of staff into coverage: whose listening was rated at all.

The whole staff in regular contact is counted, not a sample, so there is no interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding, Group
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from analysis.declarations.study import Study
    from heard.results import Result

POOLED = "smaller ones together"


def evaluate_coverage(
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]],
    roster: pd.DataFrame | None,
    study: Study,
) -> tuple[Finding, ...]:
    """Say what share of the staff in regular contact was rated, by role and team.

    Parameters
    ----------
    responses_by_wave : mapping
        Wave → survey → clean responses, one row a rating.
    roster : DataFrame, one row a member of staff
        ``staff_member``, ``role``, ``team``, ``regular_contact``; None if there is no
        list, and then no coverage.
    """
    declared = study.roster
    if roster is None or declared is None:
        return ()
    return tuple(
        finding
        for wave, surveys in responses_by_wave.items()
        if declared.survey in surveys
        for group, result in _wave(surveys[declared.survey], roster, study)
        for finding in Finding.place(
            result, study=study.name, survey=declared.survey, wave=wave, group=group
        )
    )


def _wave(
    ratings: pd.DataFrame, roster: pd.DataFrame, study: Study
) -> Iterator[tuple[str | Group, Result]]:
    assert study.roster is not None, "coverage needs a declared roster"
    rated = ratings.loc[ratings["staff_member"] != "", "staff_member"].value_counts()
    staff = roster.loc[roster["regular_contact"]]
    times = staff["staff_member"].map(rated).fillna(0).astype(int)
    least = study.roster.least_ratings
    yield from (("", result) for result in _covered(times, least))
    for kind in ("role", "team"):
        pooled = _pooled(staff[kind], study.smallest_group_shown)
        for name, among in times.groupby(pooled):
            for result in _covered(among, least):
                yield Group("subgroup", str(name), of=kind), result
    listed = rated.index.isin(set(roster["staff_member"]))
    yield (
        "",
        Estimate(
            term="rated_not_on_roster",
            estimate=float((~listed).sum()),
            n=len(rated),
            method="members of staff with a rating who are not on the roster, of the n "
            "with a rating",
        ),
    )


def _covered(times: pd.Series[int], least: int) -> Iterator[Result]:
    """Shares of some staff rated once at least, and often enough."""
    for term, often in (("share_rated_once", 1), ("share_rated_enough", least)):
        method = (
            f"staff in regular contact with at least {often} ratings, over the n in "
            "regular contact; everybody on the roster is counted, so no interval"
        )
        if times.empty:
            reason = "nobody on the roster is in regular contact"
            yield Unavailable(term=term, reason=reason, n=0, method=method)
            continue
        share = float((times >= often).mean())
        yield Estimate(term=term, estimate=share, n=len(times), method=method)


def _pooled(groups: pd.Series[str], smallest: int) -> pd.Series[str]:
    """Groups of too few together, so that none follows from the whole and the others.

    One small group alone is joined by the next smallest.
    """
    sizes = groups.value_counts(ascending=True, sort=True)
    together = sizes.index[sizes < smallest]
    n_together = int(sizes[together].sum())
    larger = sizes.index[sizes >= smallest]
    if 0 < n_together < smallest and len(larger):
        together = together.append(larger[:1])
    return groups.where(~groups.isin(together), POOLED)
