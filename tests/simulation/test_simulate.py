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

from analysis.foundation.errors import DeclarationError

ROOT = Path(__file__).parents[2]
DEMONSTRATION = ROOT / "studies" / "demonstration"
sys.path.insert(0, str(DEMONSTRATION))

from expected import (  # noqa: E402
    BEHAVIOURS,
    true_alpha,
    true_effect,
    true_mean,
    true_retrospective,
    true_share_highest,
    true_shares,
    true_values,
)
from flow import expected_flow, expected_flows, linkable  # noqa: E402
from people import people_tables  # noqa: E402
from remarks import _nhs_number  # noqa: E402
from simulate import RAW, simulate, simulate_exports  # noqa: E402
from truth import TrueOutcome, Truth, parse_truth, read_truth, subscale  # noqa: E402

if TYPE_CHECKING:
    from analysis.declarations.study import Outcome

# Telephone numbers kept free for drama; NHS numbers and postcodes kept free for tests.
NOBODYS = (
    r"(?:07700|\+44 7700) 900 ?\d{3}|020 7946 0\d{3}|01632960\d{3}",
    r"\b999 \d{3} \d{4}\b",
    r"(?i:\bZZ99 ?3WZ\b)",
)
SIMULATIONS = 30
# With 29 degrees of freedom a t beyond 4 is seen once in 2,500 times, and about 50
# comparisons are made, on fixed seeds.
STANDARD_ERRORS = 4.0
TEAMS_TIMES = 10
LARGEST_FILE = 200_000
ALL_FILES = 1_000_000

TRUTH = read_truth()
FOLDER = RAW / TRUTH.study.folder
OUTCOMES = TRUTH.study.outcomes
EXPORTS = [export.file for wave in TRUTH.study.waves for export in wave.exports]


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
    committed = {
        path.name: path.read_bytes()
        for path in FOLDER.iterdir()
        if path.suffix in (".csv", ".txt")
    }
    assert sorted(committed) == sorted(files)
    # Compared file by file: a diff of whole files would take pytest minutes.
    assert [name for name in files if committed[name] != files[name]] == []


def test_files_stay_small_enough_for_a_repository(files: dict[str, bytes]) -> None:
    assert max(map(len, files.values())) < LARGEST_FILE
    assert sum(map(len, files.values())) < ALL_FILES


def test_readme_tells_the_truth_and_the_counts(files: dict[str, bytes]) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert true_values(TRUTH) in text
    assert true_shares(TRUTH) in text
    assert expected_flows(TRUTH, files) in text
    frames = simulate(TRUTH, TRUTH.study.name)
    for table in people_tables(files, frames, TRUTH).split("\n\n"):
        assert table.strip() in text


def test_files_are_saved_in_three_encodings(files: dict[str, bytes]) -> None:
    assert files["staff_before.csv"].startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        files["staff_after.csv"].decode("utf-8")
    assert "It\N{RIGHT SINGLE QUOTATION MARK}s" in files["staff_later.csv"].decode()


def test_every_file_has_a_line_break_inside_a_cell(files: dict[str, bytes]) -> None:
    for content in (files[name] for name in EXPORTS):
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
        # Neither a telephone or NHS number nor a postcode, but those nobody has.
        left = re.sub(r"[\d/]+ \d\d:\d\d", "", text)
        for nobodys in NOBODYS:
            left = re.sub(nobodys, "", left)
        assert not re.search(r"\d(?:[ -]?\d){8}", left)
        assert not re.search(r"\b[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}\b", left)


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
        .replace("digits = 0.25", "digits = 25")
        .replace("Psychiatrist = 0.12", "Psychiatrist = 0.21")
        .replace('outcome = "confidence"', 'outcome = "confidense"')
    )
    with pytest.raises(DeclarationError) as caught:
        parse_truth(broken, TRUTH.study)
    reported = str(caught.value)
    for key in (
        "panel.retention",
        "panel.retenton",
        "mess.rows.unfinished",
        "outcomes.cares.difficulties",
        "outcomes.culture.thresholds",
        "outcomes.important.effect.later",
        "outcomes.important.effect.latr",
        "panel.slips.digits",
        "staff_list.rated_roles",
        "looking_back.then.outcome",
    ):
        assert f"[{key}]" in reported


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


def test_true_share_of_all_highest_is_that_of_the_multivariate_normal() -> None:
    outcomes = [TRUTH.outcomes[name] for name in BEHAVIOURS]
    loadings = np.array([outcome.loadings[0] for outcome in outcomes])
    covariance = TRUTH.surveys["ratings"].shared * np.outer(loadings, loadings)
    np.fill_diagonal(covariance, 1.0)
    for wave, treated in (("before", False), ("after", True)):
        above = [
            o.loadings[0] * o.shift(wave, treated=treated) - o.cuts()[0, -1]
            for o in outcomes
        ]
        share = true_share_highest(TRUTH, BEHAVIOURS, wave, treated=treated)
        # The distribution function is integrated numerically, to 1e-5 by default.
        assert share == pytest.approx(
            multivariate_normal(np.zeros(3), covariance, seed=1).cdf(above), abs=1e-4
        )


def test_nhs_numbers_have_the_check_digit_of_their_nine() -> None:
    # The worked example of the NHS data dictionary: 943 476 5919.
    assert check_digit("943476591") == 9
    for number in (0, 1, 500_000, 999_999):
        digits = _nhs_number(number).replace(" ", "")
        assert digits.startswith("999")
        assert int(digits[-1]) == check_digit(digits[:9])


def check_digit(nine: str) -> int:
    rest = sum((10 - place) * int(digit) for place, digit in enumerate(nine)) % 11
    return (11 - rest) % 11


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


def test_slips_are_of_the_kinds_declared(
    simulations: list[dict[str, pd.DataFrame]],
) -> None:
    kinds: dict[str, list[float]] = {"letter": [], "digits": [], "two": []}
    for frames in simulations:
        first, then = frames["staff_before"], frames["staff_after"]
        both = first.merge(then, on="person", validate="one_to_one")
        off = pd.DataFrame(
            {
                part: both[f"{part}_x"] != both[f"{part}_y"]
                for part in ("mother", "day", "town", "siblings")
            }
        )
        off = off.loc[off.any(axis=1)]
        several = off.sum(axis=1) > 1
        letter = (off["mother"] | off["town"]) & ~several
        kinds["letter"].append(float(letter.mean()))
        kinds["digits"].append(float(off["day"].mean()))
        kinds["two"].append(float(several.mean()))
    for kind, shares in kinds.items():
        assert_recovers(shares, getattr(TRUTH.slips, kind))


@pytest.mark.parametrize("treated", [True, False])
@pytest.mark.parametrize("wave", ["after", "later"])
def test_the_look_back_is_the_true_one(
    wave: str, treated: bool, simulations: list[dict[str, pd.DataFrame]]
) -> None:
    arm = TRUTH.study.treated if treated else TRUTH.study.control
    means = []
    for frames in simulations:
        frame = frames[f"staff_{wave}"]
        answers = frame.loc[frame["arm"] == arm, "seed_confidence.then"]
        means.append(float(answers.mean()))
        assert "seed_confidence.then" not in frames["staff_before"]
    assert_recovers(means, true_retrospective(TRUTH, "then", wave, treated=treated))


@pytest.mark.parametrize("treated", [True, False])
def test_the_share_of_all_three_always_is_the_true_one(
    treated: bool, simulations: list[dict[str, pd.DataFrame]]
) -> None:
    arm = TRUTH.study.treated if treated else TRUTH.study.control
    names = [f"seed_three_behaviours.{name}" for name in BEHAVIOURS]
    shares = []
    for frames in simulations:
        frame = frames["ratings_after"]
        answers = frame.loc[frame["arm"] == arm, names]
        shares.append(float((answers == 5).all(axis=1).mean()))
    true = true_share_highest(TRUTH, BEHAVIOURS, "after", treated=treated)
    assert_recovers(shares, true)


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
