"""The demonstration study: its files are what the simulator writes, and recover truth.

Recovery is judged by Monte-Carlo error: the mean of an estimate over independent
simulations must lie within `STANDARD_ERRORS` of its own standard errors of the truth.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

from analysis.foundation import DeclarationError

ROOT = Path(__file__).parents[2]
DEMONSTRATION = ROOT / "studies" / "demonstration"
sys.path.insert(0, str(DEMONSTRATION))

from expected import true_alpha, true_effect, true_mean, true_values  # noqa: E402
from flow import expected_flow, expected_flows, linkable  # noqa: E402
from simulate import RAW, simulate, simulate_exports  # noqa: E402
from truth import TrueOutcome, Truth, parse_truth, read_truth, subscale  # noqa: E402

if TYPE_CHECKING:
    from analysis.declarations import Outcome

SIMULATIONS = 30
# With 29 degrees of freedom a t beyond 4 is seen once in 2,500 times, and about 50
# comparisons are made, on fixed seeds.
STANDARD_ERRORS = 4.0
TEAMS_TIMES = 10
LARGEST_FILE = 200_000

TRUTH = read_truth()
FOLDER = RAW / TRUTH.study.folder
OUTCOMES = TRUTH.study.outcomes


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return simulate_exports(TRUTH, TRUTH.study.name)


@pytest.fixture(scope="module")
def simulations() -> list[dict[str, pd.DataFrame]]:
    truth = with_more_teams(TRUTH)
    return [simulate(truth, f"recovery {number}") for number in range(SIMULATIONS)]


def with_more_teams(truth: Truth) -> Truth:
    """With 12 teams the teams' own differences hide the truth; with 120 hardly."""
    teams = tuple(
        dataclasses.replace(team, name=f"{team.name} {copy}")
        for copy in range(TEAMS_TIMES)
        for team in truth.study.teams
    )
    return dataclasses.replace(
        truth, study=dataclasses.replace(truth.study, teams=teams)
    )


def keyed(frame: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    instrument = TRUTH.study.instruments[outcome.instrument]
    ends = instrument.lowest + instrument.highest
    answers = {}
    for item in subscale(TRUTH.study, outcome).items:
        codes = frame[f"{instrument.name}.{item}"].astype(float)
        is_reversed = instrument.item(item).reverse_keyed
        answers[item] = ends - codes if is_reversed else codes
    return pd.DataFrame(answers)


def mean_score(
    frames: dict[str, pd.DataFrame], outcome: Outcome, wave: str, arm: str
) -> float:
    frame = frames[f"{outcome.survey}_{wave}"]
    answers = keyed(frame[frame["arm"] == arm], outcome)
    summed = subscale(TRUTH.study, outcome).method == "sum"
    scores = answers.sum(axis=1) if summed else answers.mean(axis=1)
    return float(scores.mean())


def assert_recovers(values: list[float], truth: float) -> None:
    standard_error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - truth) < STANDARD_ERRORS * standard_error


# ------------------------------------------------------------------ the files


def test_committed_files_are_a_fresh_simulation_byte_for_byte(
    files: dict[str, bytes],
) -> None:
    committed = {path.name: path.read_bytes() for path in FOLDER.glob("*.csv")}
    assert sorted(committed) == sorted(files)
    # Compared file by file: a diff of whole files would take pytest minutes.
    assert [name for name in files if committed[name] != files[name]] == []


def test_files_stay_small_enough_for_a_repository(files: dict[str, bytes]) -> None:
    assert max(map(len, files.values())) < LARGEST_FILE


def test_readme_tells_the_truth_and_the_counts(files: dict[str, bytes]) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert true_values(TRUTH) in text
    assert expected_flows(TRUTH, files) in text


def test_files_are_saved_in_three_encodings(files: dict[str, bytes]) -> None:
    assert files["staff_before.csv"].startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        files["staff_after.csv"].decode("utf-8")
    assert "It\N{RIGHT SINGLE QUOTATION MARK}s" in files["staff_later.csv"].decode()


def test_every_file_has_a_line_break_inside_a_cell(files: dict[str, bytes]) -> None:
    for content in files.values():
        assert b'"Ask Zebedee Quill' in content
        assert b'\nHe knows."' in content
        assert b"\r" not in content


def test_every_kind_of_mess_is_there(files: dict[str, bytes]) -> None:
    total: dict[str, int] = {}
    for wave in TRUTH.study.waves:
        for export in wave.exports:
            flow = expected_flow(files[export.file], export, TRUTH)
            total = {key: total.get(key, 0) + count for key, count in flow.items()}
    assert min(total.values()) > 0
    left_out = ("empty", "no consent", "unfinished", "hardly answered", "repeated")
    assert total["rows"] - sum(total[key] for key in left_out) == total["left"]


def test_about_six_in_ten_staff_can_be_linked(files: dict[str, bytes]) -> None:
    before, after = (
        TRUTH.study.wave(wave).export("staff") for wave in ("before", "after")
    )
    assert before is not None
    assert after is not None
    contents = files[before.file], files[after.file]
    linked = linkable(*contents, [before, after], TRUTH)
    left = expected_flow(contents[0], before, TRUTH)["left"]
    assert 0.55 < linked / left < 0.65


def test_nothing_looks_like_a_real_identifier(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        encoding = "windows-1252" if name == "staff_after.csv" else "utf-8"
        text = content.decode(encoding)
        assert set(re.findall(r"@([\w.-]+)", text)) <= {"example.org"}
        addresses = re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text)
        assert all(address.startswith("192.0.2.") for address in addresses)
        # Neither a telephone or NHS number nor a postcode.
        assert not re.search(r"\d(?:[ -]?\d){8}", re.sub(r"[\d/]+ \d\d:\d\d", "", text))
        assert not re.search(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b", text)


# ------------------------------------------------------------------ the truth


def test_study_says_that_it_is_simulated() -> None:
    assert TRUTH.study.simulated


def test_truth_is_read_strictly_and_every_fault_is_told() -> None:
    text = (DEMONSTRATION / "truth.toml").read_text(encoding="utf-8")
    broken = (
        text.replace("retention =", "retenton =")
        .replace("unfinished = 0.03", "unfinished = 3")
        .replace("difficulties = [0.0]", "difficulties = [0.0, 0.0]", 1)
        .replace("[-1.7, -0.9, -0.1, 1.1]", "[1.1, -0.9, -0.1, 1.1]")
        .replace("later = 0.36", "latr = 0.36")
    )
    with pytest.raises(DeclarationError) as caught:
        parse_truth(broken, TRUTH.study)
    told = str(caught.value)
    for key in (
        "panel.retention",
        "panel.retenton",
        "mess.rows.unfinished",
        "outcomes.cares.difficulties",
        "outcomes.culture.thresholds",
        "outcomes.important.effect.later",
        "outcomes.important.effect.latr",
    ):
        assert f"[{key}]" in told


def test_true_alpha_of_two_yes_no_items_is_that_of_the_bivariate_normal() -> None:
    loading, cut = 0.7, 0.4
    outcome = TrueOutcome(
        loadings=(loading, loading),
        difficulties=(0.0, 0.0),
        thresholds=(cut,),
        trend={},
        effect={},
    )
    both = multivariate_normal([0, 0], [[1, loading**2], [loading**2, 1]])
    share = norm.sf(cut)
    covariance = both.cdf([-cut, -cut]) - share**2
    correlation = covariance / (share * (1 - share))
    # multivariate_normal integrates numerically, to 1e-5 by default.
    assert true_alpha(outcome) == pytest.approx(
        2 * correlation / (1 + correlation), abs=1e-4
    )


# ------------------------------------------------------------------- recovery


def test_equal_names_give_equal_responses_and_others_do_not() -> None:
    first, again, other = (simulate(TRUTH, name) for name in ("a", "a", "b"))
    for key, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[key])
        assert not frame.equals(other[key])


def test_items_have_the_true_alpha(
    simulations: list[dict[str, pd.DataFrame]],
) -> None:
    scaled = [o for o in OUTCOMES if len(TRUTH.outcomes[o.name].loadings) > 1]
    assert [outcome.name for outcome in scaled] == ["care", "culture"]
    for outcome in scaled:
        alphas = []
        for frames in simulations:
            covariance = keyed(frames[f"{outcome.survey}_before"], outcome).cov()
            items = len(covariance)
            own = np.trace(covariance) / covariance.to_numpy().sum()
            alphas.append(float(items / (items - 1) * (1 - own)))
        assert_recovers(alphas, true_alpha(TRUTH.outcomes[outcome.name]))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.name)
def test_means_are_the_true_ones_in_each_arm_at_each_wave(
    outcome: Outcome, simulations: list[dict[str, pd.DataFrame]]
) -> None:
    for wave in TRUTH.study.wave_names():
        for arm in (TRUTH.study.treated, TRUTH.study.control):
            means = [mean_score(frames, outcome, wave, arm) for frames in simulations]
            treated = arm == TRUTH.study.treated
            assert_recovers(
                means, true_mean(TRUTH, outcome.name, wave, treated=treated)
            )


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.name)
@pytest.mark.parametrize("wave", ["after", "later"])
def test_difference_in_differences_is_the_true_effect(
    outcome: Outcome, wave: str, simulations: list[dict[str, pd.DataFrame]]
) -> None:
    study = TRUTH.study
    effects = []
    for frames in simulations:
        changes = [
            mean_score(frames, outcome, wave, arm)
            - mean_score(frames, outcome, outcome.baseline, arm)
            for arm in (study.treated, study.control)
        ]
        effects.append(changes[0] - changes[1])
    assert_recovers(effects, true_effect(TRUTH, outcome.name, wave))


def test_staff_return_with_the_same_code_as_often_as_declared(
    simulations: list[dict[str, pd.DataFrame]],
) -> None:
    code = ["mother", "day", "town", "siblings"]
    stayed, same = [], []
    for frames in simulations:
        before, after = frames["staff_before"], frames["staff_after"]
        both = before.merge(after, on="person", validate="one_to_one")
        stayed.append(len(both) / len(before))
        pairs = [both[f"{part}_x"] == both[f"{part}_y"] for part in code]
        same.append(float(np.logical_and.reduce(pairs).mean()))
    assert_recovers(stayed, TRUTH.retention)
    assert_recovers(same, TRUTH.same_code)


def test_people_of_one_team_are_hardly_alike(
    simulations: list[dict[str, pd.DataFrame]],
) -> None:
    """The score's intra-team correlation is below the latent one: items add noise."""
    survey = TRUTH.surveys["staff"]
    latent = survey.team_sd**2 + survey.team_wave_sd**2
    found = [one_way_icc(frames["staff_before"]) for frames in simulations]
    margin = STANDARD_ERRORS * np.std(found, ddof=1) / np.sqrt(SIMULATIONS)
    assert margin < np.mean(found) < latent + margin


def one_way_icc(frame: pd.DataFrame) -> float:
    """Intra-team correlation of confidence, from the one-way analysis of variance."""
    scores = [
        team["seed_confidence.now"].to_numpy(dtype=float)
        for _, team in frame.groupby("team")
    ]
    sizes = np.array([len(team) for team in scores])
    grand = np.concatenate(scores).mean()
    inside = sum(((team - team.mean()) ** 2).sum() for team in scores)
    outside = sum(len(team) * (team.mean() - grand) ** 2 for team in scores)
    within = inside / (sizes.sum() - len(sizes))
    typical = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    between = (outside / (len(sizes) - 1) - within) / typical
    return float(between / (between + within))
