"""Whether scores mean the same to groups: found, refused, and not tested."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.foundation.findings import Finding
from analysis.outcomes import subgroups as group_meaning
from analysis.outcomes.subgroups import (
    FEW_GROUPS,
    NO_SCALE,
    ONE_ITEM,
    GroupMeaning,
    evaluate_groups,
)
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
BY_ROLE = next(one for one in STUDY.groups if one.name == "role")
BY_AGE = next(one for one in STUDY.groups if one.name == "age")
CULTURE = next(one for one in STUDY.outcomes if one.name == "culture")
CARES = next(one for one in STUDY.outcomes if one.name == "cares")
ITEMS = STUDY.instruments["seed_culture"].subscale("total").items


def answers(*, shift: float = 0.0, n: int = 150, others: int = 0) -> pd.DataFrame:
    """Codes of one factor; to therapists two of the items are easier or harder."""
    draws = generator("group meaning tests")
    role = np.repeat(["nurse", "therapist", "other role"], [n, n, others])
    factor = draws.normal(size=len(role))
    instrument = STUDY.instruments["seed_culture"]
    codes = sorted(instrument.categories(ITEMS))
    frame = pd.DataFrame({"role": role})
    for place, item in enumerate(ITEMS):
        latent = 0.8 * factor + 0.6 * draws.normal(size=len(role))
        if place < 2:
            latent = latent + shift * (role == "therapist")
        if instrument.item(item).reverse_keyed:
            latent = -latent
        cuts = np.linspace(-1.2, 1.2, len(codes) - 1)
        frame[f"seed_culture.{item}"] = np.array(codes)[np.searchsorted(cuts, latent)]
    return frame


def meaning(frame: pd.DataFrame) -> GroupMeaning:
    return group_meaning.group_meaning(
        {"before": {"staff": frame}}, STUDY, CULTURE, BY_ROLE
    )


def test_groups_that_answer_alike_may_be_compared() -> None:
    found = meaning(answers())
    assert isinstance(found.verdict, Estimate)
    assert found.verdict.estimate == 1
    assert found.verdict.n == 300
    assert found.gaps_refused == found.effects_refused == ""


def test_items_easier_for_one_group_refuse_gaps_and_leave_changes() -> None:
    found = meaning(answers(shift=0.8))
    assert isinstance(found.verdict, Estimate)
    assert found.verdict.estimate == 0
    assert "do not measure the same in every group: scalar" in found.gaps_refused
    assert found.effects_refused == ""


def test_items_that_weigh_otherwise_refuse_changes_too() -> None:
    # So easy that answers crowd at the end, and tell less of the factor.
    found = meaning(answers(shift=1.5))
    assert "metric invariance does not hold" in found.gaps_refused
    assert found.effects_refused == found.gaps_refused


def test_groups_too_small_for_a_model_take_no_part() -> None:
    found = meaning(answers(others=12))
    assert isinstance(found.verdict, Estimate)
    assert found.verdict.n == 300


@pytest.mark.parametrize("n", [0, 49])
def test_too_few_people_are_not_tested_and_refuse_nothing(n: int) -> None:
    found = meaning(answers(n=n))
    assert isinstance(found.verdict, Unavailable)
    assert found.verdict.reason == FEW_GROUPS
    assert found.gaps_refused == ""


def test_everybody_answering_alike_is_not_tested() -> None:
    frame = answers()
    frame[f"seed_culture.{ITEMS[0]}"] = 3
    found = meaning(frame)
    assert isinstance(found.verdict, Unavailable)
    assert found.gaps_refused == ""


def test_a_single_question_cannot_be_tested() -> None:
    found = group_meaning.group_meaning({}, STUDY, CARES, BY_AGE)
    assert isinstance(found.verdict, Unavailable)
    assert found.verdict.reason == ONE_ITEM


def test_a_score_that_is_no_scale_is_not_tested() -> None:
    culture = STUDY.instruments["seed_culture"]
    loose = dataclasses.replace(
        culture,
        subscales=tuple(
            dataclasses.replace(part, reflective=False) for part in culture.subscales
        ),
    )
    study = dataclasses.replace(
        STUDY, instruments={**STUDY.instruments, "seed_culture": loose}
    )
    found = group_meaning.group_meaning({}, study, CULTURE, BY_ROLE)
    assert isinstance(found.verdict, Unavailable)
    assert found.verdict.reason == NO_SCALE


def finding(term: str, estimate: float | None = 1.0, reason: str = "") -> Finding:
    return Finding(study="x", term=term, estimate=estimate, n=40, reason=reason)


def test_what_is_refused_hangs_on_what_it_compares() -> None:
    verdict = Estimate(term="group_means_comparable", estimate=0.0, n=40, method="m")
    scalar = GroupMeaning(verdict=verdict, gaps_refused="why")
    metric = dataclasses.replace(scalar, effects_refused="why")
    for term in ("gap_difference", "slope_index_of_inequality"):
        refused = scalar.reported(finding(term))
        assert (refused.estimate, refused.reason, refused.n) == (None, "why", 40)
    for term in ("effect_difference", "interaction_p_value"):
        assert scalar.reported(finding(term)).estimate == 1.0
        assert metric.reported(finding(term)).reason == "why"
    for term in ("shrunken_mean", "effect_in_group"):
        assert metric.reported(finding(term)).estimate == 1.0
    # A reason that stands already is kept.
    assert metric.reported(finding("gap_difference", None, "few")).reason == "few"


def test_the_verdict_is_told_and_refuses_in_the_whole_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = dataclasses.replace(STUDY, outcomes=(CULTURE,), groups=(BY_ROLE,))
    draws = generator("group meaning tests", "scores")
    teams = np.repeat([team.name for team in STUDY.teams], 10)
    scores = pd.DataFrame(
        {
            "participant": [f"p{n}" for n in range(len(teams))],
            "team": teams,
            "arm": np.repeat([team.arm for team in STUDY.teams], 10),
            "site": "",
            "role": draws.choice(["nurse", "therapist"], len(teams)),
            "seed_culture.total": draws.normal(3, 1, len(teams)),
        }
    )
    by_wave = {
        wave: {
            "staff": scores.assign(
                **{"seed_culture.total": draws.normal(3, 1, len(teams))}
            )
        }
        for wave in study.wave_names()
    }
    verdict = Estimate(term="group_means_comparable", estimate=0.0, n=120, method="m")
    monkeypatch.setattr(
        "analysis.outcomes.subgroups.group_meaning",
        lambda *_: GroupMeaning(verdict=verdict, gaps_refused="differs"),
    )
    without = evaluate_groups(by_wave, study)
    found = evaluate_groups(by_wave, study, responses_by_wave={})
    (first,) = [part for part in found if part.term == verdict.term]
    assert (first.wave, str(first.group), first.estimate) == ("before", "role", 0)
    assert len(found) == len(without) + 1
    gaps = [part for part in found if part.term == "gap_difference"]
    assert gaps
    assert {part.reason for part in gaps} == {"differs"}
    assert any(p.term == "effect_in_group" and p.estimate is not None for p in found)
