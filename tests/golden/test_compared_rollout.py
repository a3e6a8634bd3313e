"""The study of a staggered start, compared over all waves: the truth is found again."""

from __future__ import annotations

import sys

import pytest
from conftest import ROOT, Project, copy_study

from analysis.cleaning.rules import clean_wave
from analysis.cleaning.scoring import score_wave
from analysis.foundation.findings import Finding
from analysis.intake.responses import map_responses, read_exports
from analysis.outcomes.comparison_designs import evaluate_comparisons
from analysis.storage.declared import read_study

sys.path.insert(0, str(ROOT / "studies" / "rollout"))
from rollout_truth import read_truth

STUDY = "listening-rollout"


@pytest.fixture
def found(project: Project) -> tuple[Finding, ...]:
    """All comparisons of the study, from its raw files."""
    copy_study(project, STUDY)
    study = read_study(STUDY)
    scores = {}
    for wave in study.wave_names():
        narrowed = study.narrowed(wave)
        cleaned = clean_wave(map_responses(read_exports(narrowed, wave)))
        scores[wave] = {
            survey: scored
            for survey, (_, scored) in score_wave(cleaned, narrowed).items()
        }
    return evaluate_comparisons(scores, study)


def one(found: tuple[Finding, ...], subscale: str, **place: str) -> Finding:
    (finding,) = (
        part
        for part in found
        if part.subscale == subscale
        and all(str(getattr(part, name)) == value for name, value in place.items())
    )
    return finding


def holds(finding: Finding, truth: float) -> bool:
    assert finding.conf_low is not None
    assert finding.conf_high is not None
    return finding.conf_low <= truth <= finding.conf_high


def test_what_the_simulation_put_in_is_found_again(found: tuple[Finding, ...]) -> None:
    truth = read_truth()
    # By waves since the start: what all had, and what sessions and meetings added.
    for steps, base in enumerate(truth.effect):
        quarters = steps + 1
        sessions = truth.sessions_a_quarter * truth.attends * quarters
        met = sum(
            effect * (1 - (1 - truth.meets[name]) ** quarters)
            for name, effect in truth.ingredients.items()
        )
        group = f"{steps} waves since the start"
        reported = one(found, "now", term="event_time_effect", group=group)
        assert holds(reported, base + sessions * truth.effect_of_a_session + met)
    whole = one(found, "now", term="staggered_effect")
    assert whole.conf_low is not None
    assert whole.conf_low > 0
    for subscale in ("waiting", "appropriate"):
        control = {"term": "falsification_effect", "group": "negative_control"}
        assert holds(one(found, subscale, **control), 0.0)
    slope = one(found, "now", term="within_person_dose_slope")
    assert holds(slope, truth.effect_of_a_session)
    # The keen were more confident to begin with, and the check sees it.
    check = one(found, "now", term="future_dose_p_value")
    assert check.estimate is not None
    assert check.estimate < 0.01


def test_a_score_that_serves_two_outcomes_is_told_of_once(
    found: tuple[Finding, ...],
) -> None:
    """Over all waves there is one answer, whatever waves an outcome is judged at."""
    places = [
        (part.term, part.survey, part.subscale, part.wave, part.arm, part.group)
        for part in found
    ]
    assert len(places) == len(set(places))
