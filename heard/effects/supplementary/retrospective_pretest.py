"""Compare before, retrospective pre-test (then-test) and after: response shift.

The shift also reflects memory and politeness, so the three are reported side by side
and none replaces another. Oracle: R t.test, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from heard.effects.description import Numbers, as_floats, mean_result, number_fault
from heard.effects.effect_sizes import cohen_d_z, deviation
from heard.errors import DataError
from heard.results import Composite, Result, Unavailable

Labels: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int_]]

ALL_THREE = "people with all three scores only"
SAME = "everyone, or every team, moved by the same amount: no interval can be given"
MINIMUM_CLUSTERS = 5
CONTRASTS = {
    "conventional_change": ("after", "before"),
    "then_test_change": ("after", "then"),
    "response_shift": ("then", "before"),
}
MEANING = {
    "conventional_change": "after minus before",
    "then_test_change": "after minus then, both judged at the end",
    "response_shift": "then minus before: the same past, judged twice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrospectivePretest(Composite):
    """Three means, the two changes they give, and the shift between these.

    - `mean_before`, `mean_then`, `mean_after`: of those with all three scores.
    - `conventional_change`, `then_test_change`: after less before, and after less then.
    - `response_shift`: then less before: conventional less then-test change.
    - `response_shift_d_z`: the shift over the standard deviation of people's shifts.
    """

    mean_before: Result
    mean_then: Result
    mean_after: Result
    conventional_change: Result
    then_test_change: Result
    response_shift: Result
    response_shift_d_z: Result


def retrospective_pretest(
    frame: pd.DataFrame,
    *,
    before: str = "before",
    then: str = "then",
    after: str = "after",
    cluster: str | None = None,
) -> RetrospectivePretest:
    """Compare the change people felt with the change in what they said.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Who lacks one of the three scores (or a cluster, if asked) is left out.
    before, then, after : str
        Columns of scores in one unit.
    cluster : str, optional
        Column of teams: means are then means of the teams' means, t on teams - 1.

    Returns
    -------
    RetrospectivePretest
        In score units; ``n`` counts people.
        Unavailable: fewer than 2 people, no spread, under 5 teams where asked.

    Raises
    ------
    DataError
        A column is missing.

    References
    ----------
    Howard (1980), Evaluation Review 4(1), 93-106.
    """
    columns = {"before": before, "then": then, "after": after}
    asked = [*columns.values(), *([cluster] if cluster else [])]
    if missing := [name for name in asked if name not in frame]:
        raise DataError("then-test", f"no column {', '.join(missing)}")
    kept = frame[asked].dropna()
    if cluster:
        kept = kept[kept[cluster] != ""]
    scores = {name: as_floats(kept[column]) for name, column in columns.items()}
    teams = kept[cluster].factorize()[0] if cluster else None
    fault = _fault(scores, teams)
    return RetrospectivePretest(
        **{
            f"mean_{name}": _mean(
                values, f"mean_{name}", name, scores=scores, teams=teams, fault=fault
            )
            for name, values in scores.items()
        },
        **{
            term: _mean(
                scores[later] - scores[earlier],
                term,
                MEANING[term],
                scores=scores,
                teams=teams,
                fault=fault,
            )
            for term, (later, earlier) in CONTRASTS.items()
        },
        response_shift_d_z=_size(scores, teams, fault),
    )


def _fault(scores: dict[str, Numbers], teams: Labels | None) -> str:
    if len(scores["before"]) < 2:
        return "fewer than 2 people have all three scores"
    if teams is not None and len(np.unique(teams)) < MINIMUM_CLUSTERS:
        return "fewer than 5 teams: no interval that respects clustering can be given"
    return next(filter(None, map(number_fault, scores.values())), "")


def _mean(
    values: Numbers,
    term: str,
    meaning: str,
    *,
    scores: dict[str, Numbers],
    teams: Labels | None,
    fault: str,
) -> Result:
    how = "mean over people, t on people - 1"
    if teams is not None:
        how = "mean of the teams' means, t on teams - 1"
    method, n = f"{meaning}; {how}; {ALL_THREE}", len(values)
    if fault:
        return Unavailable(term=term, reason=fault, n=n, method=method)
    if teams is not None:
        values = np.bincount(teams, weights=values) / np.bincount(teams)
    scale = max(float(np.abs(one).max()) for one in scores.values())
    return mean_result(
        values, term=term, n=n, method=method, scale=scale, if_constant=SAME
    )


def _size(scores: dict[str, Numbers], teams: Labels | None, fault: str) -> Result:
    term, n = "response_shift_d_z", len(scores["before"])
    if not fault and teams is not None:
        fault = "people share teams: its interval would take them as unrelated"
    if fault:
        return Unavailable(term=term, reason=fault, n=n)
    shift = scores["then"] - scores["before"]
    scale = max(float(np.abs(one).max()) for one in scores.values())
    found = cohen_d_z(
        mean_change=float(shift.mean()), sd_change=deviation(shift, scale=scale), n=n
    )
    return dataclasses.replace(found, term=term)
