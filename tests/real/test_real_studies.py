"""The real studies, each one command: the numbers known for them, in findings.json.

The data are not part of the project; see `conftest.shared_data`.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
import statsmodels.api as sm
from conftest import ROOT, SHARED, Project, shared_data

from analysis.cleaning.scoring import score_responses
from analysis.intake.responses import map_responses, read_exports
from analysis.storage.declared import read_study

Found = dict[tuple[str, str, str], dict[str, Any]]


def run(
    factory: pytest.TempPathFactory, study: str, folder: str
) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    """Findings about whole subscales: (subscale, wave, arm, term) → record."""
    shared_data(folder)
    project = Project(folder=factory.mktemp(study))
    text = (ROOT / "studies" / f"{study}.toml").read_text("utf-8")
    project.declare(study, text)
    finished = project.heard("run", study, "--raw", str(SHARED / "data"))
    assert finished.returncode == 0, finished.stderr
    path = project.reports / study / "findings" / "findings.json"
    records = json.loads(path.read_text("utf-8"))
    return {
        (r["subscale"], r["wave"], r["arm"], r["term"]): r
        for r in records
        if not r["item"] and not r["group"]
    }


@pytest.fixture(scope="module")
def carpentries(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    return run(tmp_path_factory, "carpentries-impact", "carpentries_training_waves")


@pytest.fixture(scope="module")
def eq_short(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    return run(tmp_path_factory, "eq-short", "debruine_eq_short")


@pytest.fixture(scope="module")
def beat_the_blues(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    return run(tmp_path_factory, "beat-the-blues", "hsaur3_beat_the_blues")


@pytest.mark.parametrize(
    ("wave", "received", "complete", "alpha"),
    [
        ("2017-10", 476, 404, 0.914),
        ("2020-03", 176, 132, 0.898),
        ("2020-12", 87, 84, 0.893),
    ],
)
def test_carpentries(
    carpentries: dict[tuple[str, str, str, str], dict[str, Any]],
    wave: str,
    received: int,
    complete: int,
    alpha: float,
) -> None:
    assert carpentries["", wave, "", "responses_received"]["n"] == received
    found = carpentries["total", wave, "", "cronbach_alpha"]
    assert found["n"] == complete
    # Known to three digits.
    assert found["estimate"] == pytest.approx(alpha, abs=5e-4)
    assert found["conf_low"] < found["estimate"] < found["conf_high"]


def test_carpentries_waves_are_not_linked(
    carpentries: dict[tuple[str, str, str, str], dict[str, Any]],
) -> None:
    terms = {term for _, _, _, term in carpentries}
    # Of all, compared with nobody, the change is the planned answer.
    assert "change" in terms
    assert "participants_linked" not in terms
    assert "cohen_d_z" not in terms


@pytest.mark.parametrize(
    ("term", "value", "tolerance"),
    # Recomputed from the rows and written to ten digits.
    [
        ("cronbach_alpha", 0.8946127626, 1e-10),
        ("mean", 24.632116, 5e-7),
        ("standard_deviation", 9.114525, 5e-7),
    ],
)
def test_eq_short(
    eq_short: dict[tuple[str, str, str, str], dict[str, Any]],
    term: str,
    value: float,
    tolerance: float,
) -> None:
    assert eq_short["", "2008-2017", "", "responses_received"]["n"] == 7689
    found = eq_short["total", "2008-2017", "", term]
    assert found["n"] == 6956
    assert found["estimate"] == pytest.approx(value, abs=tolerance)


def test_eq_short_shows_its_people_and_their_agreement(
    eq_short: dict[tuple[str, str, str, str], dict[str, Any]],
) -> None:
    assert eq_short["", "2008-2017", "", "participants_used"]["n"] == 7019
    found = eq_short["total", "2008-2017", "", "retest_correlation"]
    assert found["n"] == 254
    # Recomputed from the rows and written to seven digits.
    assert found["estimate"] == pytest.approx(0.8639908, abs=5e-8)


STARTED = {"usual_care": 48, "programme": 52}
FOLLOWED = {"usual_care": [45, 36, 29, 25], "programme": [52, 37, 29, 27]}
MONTHS = ("month_2", "month_3", "month_5", "month_8")


@pytest.mark.parametrize("arm", ["usual_care", "programme"])
def test_who_was_followed_in_beat_the_blues(
    beat_the_blues: dict[tuple[str, str, str, str], dict[str, Any]], arm: str
) -> None:
    """Counted in the published data; so few were lost at first that no share tells."""
    place = "total", "baseline", arm, "mean"
    assert beat_the_blues[place]["n"] == STARTED[arm]
    for month, followed in zip(MONTHS, FOLLOWED[arm], strict=True):
        waves = f"{month} - baseline"
        linked = beat_the_blues["total", waves, arm, "participants_linked"]
        assert linked["n"] == followed
        share = beat_the_blues["total", waves, arm, "share_present"]
        if month == "month_2":
            assert (share["estimate"], share["n"]) == (None, None)
        else:
            assert share["n"] == STARTED[arm]
            assert share["estimate"] * share["n"] == pytest.approx(followed, abs=1e-9)


def test_what_would_tip_the_answer_of_beat_the_blues(
    beat_the_blues: dict[tuple[str, str, str, str], dict[str, Any]],
) -> None:
    """Draws of what is filled in move it by a point or so: about 5.4 points lower."""
    place = "total", "month_8 - baseline", "programme - usual_care"
    tips = beat_the_blues[*place, "tipping_point_interval_zero"]
    assert tips["estimate"] == pytest.approx(-5.4, abs=2)
    filled = beat_the_blues[*place, "imputed_arm_difference"]
    assert filled["n"] == 100
    assert filled["conf_low"] < 0 < filled["conf_high"]
    assert beat_the_blues[*place, "complete_arm_difference"]["n"] == 52


def test_carers_coping_is_read_from_spss_and_agrees_with_its_key(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    found = run(tmp_path_factory, "efc-carers", "efc_carers_sav")
    alpha = found["total", "once", "", "cronbach_alpha"]
    assert alpha["n"] == 881
    # Without the reversals .459: tests/real/test_real_keys.py.
    assert alpha["estimate"] == pytest.approx(0.743, abs=5e-4)


def test_eq_short_counts_its_people_and_agrees_with_itself_over_time(
    project: Project,
) -> None:
    """7,019 people made the completions; those who came back scored much the same."""
    raw = shared_data("debruine_eq_short")
    text = (ROOT / "studies" / "eq-short.toml").read_text("utf-8")
    project.declare("eq-short", text)
    project.receive(
        "debruine_eq_short", "eq_data.csv", (raw / "eq_data.csv").read_bytes()
    )
    study = read_study("eq-short")
    (responses,) = map_responses(read_exports(study, "2008-2017"))
    items = responses.frame[list(responses.export.columns.items)]
    assert int(items.isna().any(axis="columns").sum()) == 733
    scores = score_responses(responses.frame, [study.instruments["eq22"]])
    assert scores["participant"].nunique() == 7019
    complete = scores.dropna(subset="eq22.total")
    people = complete.groupby("participant", sort=False)["eq22.total"]
    first, second = people.nth(0), people.nth(1)
    both = pd.DataFrame(
        {
            wave: scored.set_axis(complete.loc[scored.index, "participant"])
            for wave, scored in (("first", first), ("second", second))
        }
    ).dropna()
    assert len(both) == 254
    # Recomputed from the rows and written to seven digits.
    assert both["first"].corr(both["second"]) == pytest.approx(0.8639908, abs=5e-8)


@pytest.mark.parametrize(
    ("arm", "by_wave"),
    [("usual_care", (48, 45, 36, 29, 25)), ("programme", (52, 52, 37, 29, 27))],
)
def test_beat_the_blues_counts_who_answered(
    beat_the_blues: dict[tuple[str, str, str, str], dict[str, Any]],
    arm: str,
    by_wave: tuple[int, ...],
) -> None:
    waves = ("baseline", "month_2", "month_3", "month_5", "month_8")
    found = tuple(beat_the_blues["total", wave, arm, "mean"]["n"] for wave in waves)
    assert found == by_wave


def test_beat_the_blues_compares_everybody_seen_again_at_every_month(
    beat_the_blues: dict[tuple[str, str, str, str], dict[str, Any]],
) -> None:
    for month in MONTHS:
        place = ("total", f"{month} - baseline", "programme - usual_care")
        found = beat_the_blues[*place, "adjusted_difference"]
        # Of 100 who began, 97 answered again; later months take them all.
        assert found["n"] == sum(followed[0] for followed in FOLLOWED.values()) == 97
        # Lower is better, and every published analysis favours the programme.
        assert found["estimate"] < 0


def test_few_were_lost_at_first_from_beat_the_blues_so_those_seen_are_compared(
    beat_the_blues: dict[tuple[str, str, str, str], dict[str, Any]],
) -> None:
    """Least squares with HC3 on the published rows, by statsmodels."""
    rows = pd.read_csv(shared_data("hsaur3_beat_the_blues") / "BtheB.csv")
    seen = rows.dropna(subset=["bdi.pre", "bdi.2m"])
    treated = (seen["treatment"] == "BtheB").astype(float)
    columns = sm.add_constant(pd.DataFrame({"arm": treated, "before": seen["bdi.pre"]}))
    fit = sm.OLS(seen["bdi.2m"], columns).fit(cov_type="HC3", use_t=True)
    place = ("total", "month_2 - baseline", "programme - usual_care")
    found = beat_the_blues[*place, "adjusted_difference"]
    limits = (found["conf_low"], found["conf_high"])
    assert found["estimate"] == pytest.approx(fit.params["arm"], rel=1e-9)
    assert limits == pytest.approx(tuple(fit.conf_int().loc["arm"]), rel=1e-9)
