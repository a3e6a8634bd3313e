"""A score whose items changed their meaning is found, and its change is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.foundation.findings import Contrast, Finding, Place
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.reliability.comparability import evaluate_comparability
from analysis.storage.declared import read_study
from heard.models.random_streams import generator

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
CARE = [f"care.{item.name}" for item in STUDY.instruments["care"].items]
CONTRAST = Contrast("after", "before")


def responses(wave: str, people: int = 300) -> pd.DataFrame:
    draws = generator("comparability tests", wave)
    heard = draws.normal(size=(people, 1))
    noisy = 3.5 + heard + 0.7 * draws.normal(size=(people, len(CARE)))
    return placed(pd.DataFrame(np.clip(np.round(noisy), 1, 5), columns=CARE))


def placed(items: pd.DataFrame) -> pd.DataFrame:
    """Answers by teams, in turn."""
    teams = [STUDY.teams[row % len(STUDY.teams)] for row in range(len(items))]
    return items.assign(
        participant="",
        arm=[team.arm for team in teams],
        team=[team.name for team in teams],
        site="",
    )


def found(by_wave: dict[str, pd.DataFrame]) -> dict[tuple[str, Place], Finding]:
    surveys = {wave: {"ratings": items} for wave, items in by_wave.items()}
    findings = evaluate_comparability(surveys, STUDY)
    return {(part.term, part.wave): part for part in findings if not part.arm}


def test_waves_that_answer_alike_are_comparable() -> None:
    verdicts = found({wave: responses(wave) for wave in ("before", "after", "later")})
    for wave in (CONTRAST, Contrast("later", "before")):
        verdict = verdicts["means_comparable", wave]
        assert verdict.estimate == 1
        assert verdict.n == 600
        assert verdict.instrument == "care"


def test_an_item_judged_by_another_standard_is_not_comparable() -> None:
    later = responses("after")
    later[CARE[0]] = np.clip(later[CARE[0]] - 2, 1, 5)
    verdict = found({"before": responses("before"), "after": later})[
        "means_comparable", CONTRAST
    ]
    assert verdict.estimate == 0
    assert "scalar invariance does not hold" in verdict.method


def test_people_who_changed_are_still_comparable() -> None:
    draws = generator("comparability tests", "changed")
    heard = 0.5 + draws.normal(size=(300, 1))
    noisy = 3.5 + heard + 0.7 * draws.normal(size=(300, len(CARE)))
    later = placed(pd.DataFrame(np.clip(np.round(noisy), 0, 8), columns=CARE))
    verdict = found({"before": responses("before"), "after": later})[
        "means_comparable", CONTRAST
    ]
    assert verdict.estimate == 1


def test_too_few_people_are_not_tested() -> None:
    few = {wave: responses(wave, people=6) for wave in ("before", "after")}
    verdict = found(few)["means_comparable", CONTRAST]
    assert verdict.estimate is None
    assert verdict.reason


def test_one_wave_has_nothing_to_compare() -> None:
    assert not found({"before": responses("before")})


def scores(survey: str, wave: str) -> pd.DataFrame:
    draws = generator("comparability tests", survey, wave)
    teams = [team.name for team in STUDY.teams]
    arms = {team.name: team.arm for team in STUDY.teams}
    team = np.repeat(teams, 10)
    frame = pd.DataFrame(
        {"participant": "", "team": team, "arm": [arms[name] for name in team]}
    ).assign(site="")
    for outcome in STUDY.outcomes:
        if outcome.survey == survey:
            name = f"{outcome.instrument}.{outcome.subscale}"
            frame[name] = draws.normal(size=len(frame))
    return frame


@pytest.mark.parametrize(("verdict", "refused"), [(0.0, True), (1.0, False)])
def test_change_is_refused_where_the_score_means_something_else(
    verdict: float, refused: bool
) -> None:
    message = Finding(
        study=STUDY.name,
        survey="ratings",
        instrument="care",
        subscale="total",
        wave=CONTRAST,
        term="comparability_consequence",
        estimate=verdict,
        n=600,
        method="scalar invariance does not hold: fit falls",
    )
    by_wave = {
        wave: {survey: scores(survey, wave) for survey in ("staff", "ratings")}
        for wave in STUDY.wave_names()
    }
    findings = evaluate_outcomes(by_wave, STUDY, comparability=[message])
    care = [part for part in findings if part.instrument == "care"]
    change = [p for p in care if p.wave == CONTRAST and p.term == "mean_change"]
    others = [
        part
        for part in findings
        if (part.survey, part.term) == ("ratings", "mean_change") and part not in change
    ]
    assert change
    assert others
    assert all((part.estimate is None) == refused for part in change)
    assert all("fit falls" in part.reason for part in change if refused)
    assert all(part.estimate is not None for part in others)
