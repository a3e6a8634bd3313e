"""A question of scores drawn in a test, and findings that tests look for or give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.declarations.estimand import Estimand
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.question import Question
from analysis.storage.declared import read_study

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.declarations.study import Study

STUDY = read_study("listening-pilot")
OUTCOME = next(outcome for outcome in STUDY.outcomes if outcome.name == "culture")
ARMS = Contrast("pilot", "comparison")
ASKED: dict[str, Any] = {
    "score": "seed_culture.total",
    "baseline": "before",
    "follow_up": "after",
    "good": "higher",
    "arms": ARMS,
    "population": "answered",
    "unit": "team",
    "inferred": False,
    "summary": "difference_in_change",
    "smallest_effect": 0.5,
    "status": "not_planned",
}


def asked(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    linked: bool = False,
    **estimand: Any,
) -> Question:
    """The question of two waves of ``participant``, ``arm``, ``cluster``, ``score``.

    Parameters
    ----------
    linked : bool
        Whether equal names are the same people.
    **estimand
        Fields of an `Estimand` that are not the usual ones here.
    """
    return Question(
        study=STUDY,
        outcome=OUTCOME,
        estimand=Estimand(**{**ASKED, **estimand}),
        before=_placed(before),
        after=_placed(after),
        linked=linked,
        scores_by_wave={},
    )


def _placed(wave: pd.DataFrame) -> pd.DataFrame:
    usual = {"participant": "", "site": "", "stratum": ""}
    missing = {name: value for name, value in usual.items() if name not in wave}
    frame = wave.assign(**missing)
    return frame if "team" in frame else frame.assign(team=frame["cluster"])


def one(findings: Iterable[Finding], **place: object) -> Finding:
    """The only finding of that place."""
    (found,) = (
        part
        for part in findings
        if all(getattr(part, name) == value for name, value in place.items())
    )
    return found


def incomparable(study: Study, waves: Contrast) -> Finding:
    """What refuses the first outcome of a study: its score changed its meaning."""
    outcome = study.outcomes[0]
    return Finding(
        study=study.name,
        survey=outcome.survey,
        instrument=outcome.instrument,
        subscale=outcome.subscale,
        wave=waves,
        term="comparability_consequence",
        group=Group("comparability", value="refused"),
        estimate=0.0,
        n=100,
        method="loadings differ; rule: made up",
    )
