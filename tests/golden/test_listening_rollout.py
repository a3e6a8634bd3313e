"""The study of a staggered start: key findings are known, and near the truth.

From its raw files to its outcomes, without pages; the whole of it runs by hand with
``heard run listening-rollout``.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from conftest import ROOT, Project, copy_study

from analysis.cleaning.rules import clean_wave
from analysis.cleaning.scoring import score_wave
from analysis.foundation.findings import Contrast
from analysis.intake.responses import map_responses, read_exports
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.storage.declared import read_study
from analysis.storage.rows import read_all_scores, write_processed

if TYPE_CHECKING:
    from analysis.foundation.findings import Finding

sys.path.insert(0, str(ROOT / "studies" / "rollout"))
from rollout_truth import read_truth

STUDY = "listening-rollout"
BEFORE, AFTER = "2024-04", "2024-10"
# Estimate and people; a change of numbers must show, and be said in the CHANGELOG.
GOLDEN = {
    "confidence": (1.19508477633, 157),
    "culture": (0.0144395968615, 162),
    "waiting": (0.230492424242, 159),
    "appropriate": (0.0265557359307, 159),
}


@pytest.fixture
def found(project: Project) -> dict[str, Finding]:
    """The difference in change of every outcome."""
    copy_study(project, STUDY)
    study = read_study(STUDY)
    for wave in study.wave_names():
        cleaned = clean_wave(map_responses(read_exports(study.narrowed(wave), wave)))
        write_processed(STUDY, wave, score_wave(cleaned, study.narrowed(wave)))
    # A score may be judged over other waves too.
    judged = [one for one in study.outcomes if one.baseline == BEFORE]
    outcomes = {(one.instrument, one.subscale): one.name for one in judged}
    return {
        outcomes[finding.instrument, finding.subscale]: finding
        for finding in evaluate_outcomes(read_all_scores(study), study)
        if finding.term == "difference_in_change"
        and finding.wave == Contrast(AFTER, BEFORE)
    }


def raw(wave: str) -> pd.DataFrame:
    """Staff who agreed, the last form of each, by staff number; by pandas alone."""
    frame = pd.read_csv(ROOT / "data" / "raw" / STUDY / f"staff_{wave}.csv")
    frame = frame[frame["I agree to take part"] == "Yes"]
    return frame.drop_duplicates("Staff number", keep="last").set_index("Staff number")


def test_key_findings_are_the_golden_ones(found: dict[str, Finding]) -> None:
    assert list(found) == list(GOLDEN)
    for name, (estimate, n) in GOLDEN.items():
        result = found[name]
        assert result.n == n
        assert result.estimate is not None
        assert math.isclose(result.estimate, estimate, rel_tol=1e-6)


def test_confidence_agrees_with_teams_counted_by_hand(
    found: dict[str, Finding],
) -> None:
    before, after = raw(BEFORE), raw(AFTER)
    change = (after["confidence_now"] - before["confidence_now"]).dropna()
    teams = change.groupby(before["Team"].loc[change.index]).mean()
    begins = {f"{t.name.capitalize()} team": t.begins for t in read_truth().teams}
    early = teams.index.map(begins).isin([3, 4])
    # The order was drawn within trusts, two early teams and two late ones in each:
    # within them the error is that of least squares.
    trust = {team.title: team.site for team in read_study(STUDY).teams}
    means = pd.DataFrame({"change": teams, "early": early.astype(float)})
    means = means.assign(trust=teams.index.map(trust))
    interval = smf.ols("change ~ early + trust", means).fit().conf_int().loc["early"]
    result = found["confidence"]
    expected = teams[early].mean() - teams[~early].mean()
    assert result.estimate == pytest.approx(expected, abs=1e-9)
    assert (result.conf_low, result.conf_high) == pytest.approx(
        tuple(interval), abs=1e-9
    )


def test_truth_lies_inside_the_intervals(found: dict[str, Finding]) -> None:
    truth = read_truth()
    culture = np.mean([truth.effect_on_culture[0], truth.effect_on_culture[1]])
    true = {
        "confidence": truth.effect_at(4, early=True) - truth.effect_at(4, early=False),
        "culture": float(culture),
        "waiting": truth.effect_on_waiting,
        "appropriate": truth.effect_on_appropriate,
    }
    for name, value in true.items():
        result = found[name]
        assert result.conf_low is not None
        assert result.conf_high is not None
        assert result.conf_low < value < result.conf_high
