"""Outcomes against R, and against published examples.

Values: tests/oracles/values/outcomes.json, made by tests/oracles/scripts/outcomes.R
(t.test, lm, sandwich, effectsize; statpsych's formula in base R).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from heard.effects.change import paired_change, unlinked_change
from heard.effects.comparison import compare_arms, compare_arms_unlinked
from heard.effects.description import describe_scores
from heard.effects.effect_sizes import cohen_d_z, hedges_correction, hedges_g_av
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Composite, Result

HERE = Path(__file__).parent
VALUES: dict[str, Any] = json.loads((HERE / "values" / "outcomes.json").read_text())
SLEEP = pd.read_csv(HERE / "data" / "outcomes_sleep.csv", index_col="participant")
TEAMS = pd.read_csv(HERE / "data" / "outcomes_teams.csv", index_col="participant")
ARMS = {"treated": "pilot", "control": "comparison"}
WAVES = [
    TEAMS[["arm", "cluster", wave]].rename(columns={wave: "score"})
    for wave in ("before", "after")
]

CLOSED_FORM = 1e-10  # double arithmetic on both sides, JSON holds 15 digits
ROOT_FOUND = 1e-9  # uniroot on R's pt, whose noncentral series stops at 1e-12
OPTIMISED = 1e-6  # effectsize minimises |p - 0.025| with optim, which stops there
INVERTED = {"cohen_d_z", "hedges_g"}


def arms_unlinked(*, cluster: bool) -> Composite:
    return compare_arms_unlinked(
        WAVES[0], WAVES[1], treated="pilot", control="comparison", cluster=cluster
    )


# Called when a test asks, so that collecting tests computes nothing.
ANALYSES: dict[str, Callable[[], Composite]] = {
    "paired_sleep": lambda: paired_change(SLEEP["before"], SLEEP["after"]),
    "paired_teams": lambda: paired_change(TEAMS["before"], TEAMS["after"]),
    "paired_teams_clustered": lambda: paired_change(
        TEAMS["before"], TEAMS["after"], cluster=TEAMS["cluster"]
    ),
    "unlinked_sleep": lambda: unlinked_change(SLEEP["before"], SLEEP["after"]),
    "unlinked_teams": lambda: unlinked_change(TEAMS["before"], TEAMS["after"]),
    "unlinked_teams_clustered": lambda: unlinked_change(
        TEAMS["before"],
        TEAMS["after"],
        cluster_before=TEAMS["cluster"],
        cluster_after=TEAMS["cluster"],
    ),
    "arms_participants": lambda: compare_arms(TEAMS, **ARMS, cluster=False),
    "arms_clusters": lambda: compare_arms(TEAMS, **ARMS, cluster=True),
    "arms_unlinked_people": lambda: arms_unlinked(cluster=False),
    "arms_unlinked_clusters": lambda: arms_unlinked(cluster=True),
}
CASES = [
    (name, term)
    for name in ANALYSES
    for term in VALUES[name]
    if not term.endswith("_effectsize")
]


@cache
def found_in(name: str) -> Composite:
    return ANALYSES[name]()


def agrees(found: Result, value: dict[str, float], limits: float = CLOSED_FORM) -> None:
    assert isinstance(found, Estimate)
    assert found.n == value["n"]
    assert found.estimate == pytest.approx(value["estimate"], rel=CLOSED_FORM)
    assert found.conf_low == pytest.approx(value["conf_low"], rel=limits, abs=limits)
    assert found.conf_high == pytest.approx(value["conf_high"], rel=limits, abs=limits)


@pytest.mark.parametrize(("name", "term"), CASES)
def test_agrees_with_r(name: str, term: str) -> None:
    inverted = term in INVERTED and not name.startswith("arms")
    tolerance = ROOT_FOUND if inverted else CLOSED_FORM
    agrees(getattr(found_in(name), term), VALUES[name][term], tolerance)


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("paired_sleep", "cohen_d_z"),
        ("paired_teams", "cohen_d_z"),
        ("unlinked_sleep", "hedges_g"),
        ("unlinked_teams", "hedges_g"),
    ],
)
def test_noncentral_limits_agree_with_effectsize(name: str, term: str) -> None:
    value = VALUES[name][f"{term}_effectsize"]
    agrees(getattr(found_in(name), term), value, OPTIMISED)


def test_every_result_of_every_case_has_an_oracle() -> None:
    for name in ANALYSES:
        terms = {result.term for result in found_in(name).results()}
        without = terms - set(VALUES[name])
        assert without <= {"pre_post_correlation"}, name  # clustered: has no limits


def test_mean_over_teams_agrees_with_r() -> None:
    found = describe_scores(
        TEAMS["before"], lowest=0, highest=60, cluster=TEAMS["cluster"]
    )
    text = (HERE / "values" / "unit_means.json").read_text("utf-8")
    of_teams = json.loads(text)["mean_of_twelve"]
    limits = {f"conf_{end}": of_teams[end] for end in ("low", "high")}
    agrees(found.mean, {**of_teams, **limits})


@pytest.mark.parametrize("term", ["mean", "standard_deviation"])
def test_description_agrees_with_r(term: str) -> None:
    found = describe_scores(TEAMS["before"], lowest=0, highest=60)
    agrees(getattr(found, term), VALUES["description_teams_before"][term])


@pytest.mark.parametrize("count", [0, 20])
def test_shares_agree_with_wilson_in_r(count: int) -> None:
    scores = pd.Series([1.0] * count + [2.0] * (59 - count))
    found = describe_scores(scores, lowest=1, highest=3).share_lowest
    agrees(found, VALUES["description_teams_before"][f"wilson_{count}_of_59"])


def test_published_example_of_statpsych_to_its_printed_digits() -> None:
    # ci.stdmean.ps(.05, 110.4, 102.1, 15.3, 14.6, .75, 25), printed to 7 digits;
    # statpsych corrects by sqrt((n-2)/(n-1)), we by J, so only limits are comparable.
    found = hedges_g_av(
        mean_change=110.4 - 102.1, sd_before=14.6, sd_after=15.3, correlation=0.75, n=25
    )
    assert isinstance(found, Estimate)
    assert found.conf_low == pytest.approx(0.2394905, abs=5e-8)
    assert found.conf_high == pytest.approx(0.8705732, abs=5e-8)
    uncorrected = found.estimate / hedges_correction(24)
    assert uncorrected == pytest.approx(0.5550319, abs=5e-8)


def test_stuart_2016_has_two_effect_sizes_for_one_change() -> None:
    # Published: pre 24.56 (6.71), post 23.62 (6.93), r = .73, n not needed for d.
    spread = (6.71**2 + 6.93**2 - 2 * 0.73 * 6.71 * 6.93) ** 0.5
    d_z = cohen_d_z(mean_change=24.56 - 23.62, sd_change=spread, n=1000)
    g_av = hedges_g_av(
        mean_change=24.56 - 23.62,
        sd_before=6.71,
        sd_after=6.93,
        correlation=0.73,
        n=1000,
    )
    assert isinstance(d_z, Estimate)
    assert isinstance(g_av, Estimate)
    assert d_z.estimate == pytest.approx(0.1874, abs=5e-5)
    assert g_av.estimate / hedges_correction(999) == pytest.approx(0.1378, abs=5e-5)


@pytest.mark.parametrize(
    ("mean", "spread", "n", "ours", "published"),
    [(-1.16, 4.6, 236, -0.2522, -0.251), (-1.33, 3.74, 143, -0.3556, -0.356)],
    ids=["montana", "texas"],
)
def test_samhsa_2020_published_d_is_d_z(
    mean: float, spread: float, n: int, ours: float, published: float
) -> None:
    found = cohen_d_z(mean_change=mean, sd_change=spread, n=n)
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(ours, abs=5e-5)
    # The published change and SD are rounded to 0.01: d is known to about 0.0015.
    assert found.estimate == pytest.approx(published, abs=0.0015)
