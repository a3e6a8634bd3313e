"""Missing data of a study: by hand, linked, gated, and unavailable."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import STUDY, parsed

from analysis.declarations.study import Allocation, Study
from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import Contrast, Finding, Group, Place
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.missing_data import evaluate_missing
from heard.effects.missing_data.arm_effect import ArmModel
from heard.effects.missing_data.weighting import complete_arm_difference
from heard.models.random_streams import generator

pytestmark = pytest.mark.filterwarnings("error")

ROLES = 'attributes.role = { column = "Role", values = { N = "nurse", O = "porter" } }'
AGE = 'attributes.age = { column = "Age", lowest = 18, highest = 99 }'
PLANNED = parsed(STUDY.replace(AGE, ROLES))
CULTURE = tuple(part for part in PLANNED.outcomes if part.name in ("culture", "care"))
FREE = dataclasses.replace(
    PLANNED,
    allocation=dataclasses.replace(PLANNED.allocation, unit="person"),
    outcomes=CULTURE,
)
WAVES = Contrast("after", "before")
BOTH = Contrast("pilot", "other")
TEAMS = 8
EACH = 15


def people(wave: str) -> pd.DataFrame:
    """Eight teams of fifteen; later every third person of the pilot is gone."""
    draws = generator("missing evaluated", "staff")
    n = TEAMS * EACH
    before = draws.normal(3.0, 0.5, n)
    team = np.repeat([f"t{number}" for number in range(TEAMS)], EACH)
    frame = pd.DataFrame(
        {
            "participant": [f"p{number}" for number in range(n)],
            "team": team,
            "arm": np.where(np.arange(n) < n // 2, "pilot", "other"),
            "site": "",
            "seed_culture.total": before,
        }
    )
    if wave == "before":
        return frame
    after = 0.6 * before + draws.normal(1.3, 0.4, n) + 0.3 * (frame["arm"] == "pilot")
    frame["seed_culture.total"] = after
    pilot = frame["arm"] == "pilot"
    lost = (pilot & (frame.index % 3 == 0)) | (~pilot & (frame.index % 4 == 0))
    return frame.loc[~lost]


def ratings() -> pd.DataFrame:
    return pd.DataFrame(columns=["participant", "team", "arm", "site", "care.total"])


def scores(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    return {
        wave: {
            survey.name: people(wave) if survey.name == "staff" else ratings()
            for survey in study.surveys
        }
        for wave in study.wave_names()
    }


def by_place(found: tuple[Finding, ...], wave: Place = WAVES) -> dict[str, Finding]:
    return {
        f"{part.term} {part.arm} {part.group}".strip(): part
        for part in found
        if part.wave == wave and part.instrument == "seed_culture"
    }


@pytest.fixture(scope="module")
def reported() -> dict[str, Finding]:
    return by_place(evaluate_missing(scores(FREE), FREE))


def value(finding: Finding) -> float:
    assert finding.estimate is not None, finding.reason
    return finding.estimate


def test_who_was_followed_is_counted(reported: dict[str, Finding]) -> None:
    assert value(reported["share_present pilot"]) == pytest.approx(40 / 60)
    assert value(reported["share_present other"]) == pytest.approx(45 / 60)
    assert value(reported["share_present"]) == pytest.approx(85 / 120)
    deviation = reported[f"share_present_difference {BOTH}"]
    assert value(deviation) == pytest.approx(-5 / 60)
    assert deviation.n == 120


def test_three_ways_stand_beside_each_other(reported: dict[str, Finding]) -> None:
    frame = people("before").rename(columns={"seed_culture.total": "before"})
    later = people("after").set_index("participant")["seed_culture.total"]
    model = ArmModel(
        outcome="after", treated="pilot", reference="other", adjust=("before",)
    )
    by_hand = complete_arm_difference(
        frame.assign(after=frame["participant"].map(later)), model
    )
    complete = reported[f"complete_arm_difference {BOTH}"]
    assert complete.estimate == by_hand.estimate  # type: ignore[union-attr]
    assert complete.n == 85
    filled = reported[f"imputed_arm_difference {BOTH}"]
    assert filled.n == 120
    # Lost by their number alone, so that all ways answer alike.
    assert value(filled) == pytest.approx(value(complete), abs=0.1)
    weighted = reported[f"weighted_arm_difference {BOTH}"]
    assert value(weighted) == pytest.approx(value(complete), abs=0.05)


def test_the_line_of_shifts_runs_through_what_was_filled_in(
    reported: dict[str, Finding],
) -> None:
    filled = value(reported[f"imputed_arm_difference {BOTH}"])
    line = {
        float(str(part.group)): value(part)
        for part in reported.values()
        if part.term == "shifted_arm_difference"
    }
    assert line[0] == pytest.approx(filled)
    # A third of the pilot was filled in, so a point adds about a third.
    assert (line[1] - line[-1]) / 2 == pytest.approx(1 / 3, abs=0.02)
    tips = reported[f"tipping_point_interval_zero {BOTH}"]
    assert value(tips) < 0
    assert tips.conf_low is None


def test_teams_that_were_allocated_are_what_is_counted() -> None:
    study = dataclasses.replace(
        FREE, allocation=dataclasses.replace(FREE.allocation, unit="team")
    )
    reported = by_place(evaluate_missing(scores(study), study))
    assert "8 clusters" in reported[f"imputed_arm_difference {BOTH}"].method
    assert "random intercept" in reported[f"imputed_arm_difference {BOTH}"].method


def test_too_few_teams_give_a_reason() -> None:
    study = dataclasses.replace(
        FREE, allocation=dataclasses.replace(FREE.allocation, unit="team")
    )
    held = scores(study)
    for wave in held.values():
        wave["staff"] = wave["staff"].loc[wave["staff"]["team"].isin(["t0", "t7"])]
    reported = by_place(evaluate_missing(held, study))
    for term in ("complete", "weighted", "imputed"):
        finding = reported[f"{term}_arm_difference {BOTH}"]
        assert finding.estimate is None
        assert "2 clusters" in finding.reason
    assert "share_present pilot" in reported


def test_without_arms_it_is_told_what_of_the_lost_would_undo_a_change() -> None:
    study = dataclasses.replace(FREE, arms=(), allocation=Allocation())
    held = scores(study)
    for wave in held.values():
        wave["staff"] = wave["staff"].assign(arm="")
    reported = by_place(evaluate_missing(held, study))
    assert set(reported) == {
        "share_present",
        "stayers_minus_leavers_standardised",
        "leavers_change_zero",
        "leavers_change_interval_zero",
    }
    pairs = people("before").merge(people("after"), on="participant")
    changes = pairs["seed_culture.total_y"] - pairs["seed_culture.total_x"]
    # Teams are declared, so each counts once.
    change = changes.groupby(pairs["team_x"]).mean().mean()
    lost = TEAMS * EACH - len(pairs)
    undone = reported["leavers_change_zero"]
    assert value(undone) == pytest.approx(-change * len(pairs) / lost)
    assert undone.n == lost
    assert value(undone) < value(reported["leavers_change_interval_zero"]) < change
    design = Group("strength", "design", of="same_people")
    (column,) = (f for f in evaluate_outcomes(held, study) if f.group == design)
    assert (column.term, column.instrument) == ("strength_column", "seed_culture")


def test_nobody_lost_is_no_error() -> None:
    held = scores(FREE)
    held["after"]["staff"] = people("before")
    reported = by_place(evaluate_missing(held, FREE))
    assert value(reported["share_present"]) == 1
    tips = reported[f"tipping_point_interval_zero {BOTH}"]
    assert tips.estimate is None
    assert tips.reason


def test_who_has_no_code_counts_as_lost() -> None:
    held = scores(FREE)
    first = held["before"]["staff"]
    first.loc[first.index < 30, "participant"] = ""
    # Somebody later has none either: no more the same than anybody.
    later = held["after"]["staff"]
    held["after"]["staff"] = later.assign(
        participant=later["participant"].where(later.index != 1, "")
    )
    reported = by_place(evaluate_missing(held, FREE))
    # Twenty of them were followed under a name that is not known any more.
    assert value(reported["share_present pilot"]) == pytest.approx(20 / 60)


def test_links_decide_who_is_who_and_an_unknown_rule_is_refused() -> None:
    with pytest.raises(DeclarationError, match="linkage rule"):
        evaluate_missing(scores(FREE), FREE, linkage_rule="by_eye")


def test_a_score_that_means_something_else_is_counted_but_not_compared() -> None:
    verdict = Finding(
        study="planned",
        survey="staff",
        instrument="seed_culture",
        subscale="total",
        wave=WAVES,
        term="comparability_consequence",
        estimate=0.0,
        n=200,
        method="loadings differ; rule: r",
    )
    found = evaluate_missing(scores(FREE), FREE, comparability=[verdict])
    reported = by_place(found)
    for term in ("complete", "weighted", "imputed"):
        assert reported[f"{term}_arm_difference {BOTH}"].estimate is None
    assert reported["share_present pilot"].estimate is not None


def with_roles(common: int) -> dict[str, dict[str, pd.DataFrame]]:
    """The first so many are nurses, two did not say, and the others are porters."""
    held = scores(FREE)
    roles = np.where(np.arange(TEAMS * EACH) % 60 < common, "nurse", "porter")
    roles[[0, 1]] = ""
    held["before"]["staff"] = held["before"]["staff"].assign(role=roles)
    return held


def test_what_people_said_of_themselves_helps_to_fill_in_and_to_weigh() -> None:
    reported = by_place(evaluate_missing(with_roles(30), FREE))
    # The difference is adjusted for what the plan names, and there is no plan.
    for term in ("complete_arm_difference", "imputed_arm_difference"):
        assert "score before, each person" in reported[f"{term} {BOTH}"].method
    weighted = reported[f"weighted_arm_difference {BOTH}"].method
    assert "role: porter" in weighted
    # Two who did not say are too few to be told apart, and nobody is left out.
    assert "other" not in weighted.partition("logistic model")[2].partition(";")[0]
    assert reported[f"imputed_arm_difference {BOTH}"].n == TEAMS * EACH


def test_the_difference_is_adjusted_for_what_the_plan_names() -> None:
    plan = parsed().plan
    assert plan is not None
    plan = dataclasses.replace(plan, covariates=("score_before", "role"))
    study = dataclasses.replace(FREE, plan=plan)
    reported = by_place(evaluate_missing(with_roles(30), study))
    for term in ("complete", "weighted", "imputed"):
        method = reported[f"{term}_arm_difference {BOTH}"].method
        assert "adjusted for score before, role" in method


def test_an_answer_of_few_is_put_together_with_the_common_one() -> None:
    reported = by_place(evaluate_missing(with_roles(2), FREE))
    assert "role" not in reported[f"weighted_arm_difference {BOTH}"].method


def test_no_method_and_no_reason_counts_the_lost(reported: dict[str, Finding]) -> None:
    # 85 stayed, 35 were lost; of the pilot 40 and 20, of the others 45 and 15.
    # Whose n it is anyway, these name it, and lose their method where held back.
    own = ("complete_arm_difference", "weighted_arm_difference")
    for finding in (part for part in reported.values() if part.term not in own):
        words = (finding.method + finding.reason).replace("95 %", "").split()
        assert not {"85", "35", "40", "45", "15"} & {w.strip(".,;()") for w in words}
