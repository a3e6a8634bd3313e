"""Simulate the study ``listening-rollout``: the declared truth into eight raw files.

``python studies/rollout/simulate_rollout.py [--out DIR]`` rewrites the raw files. Every
random number comes from a generator seeded by a name, so that equal names give equal
bytes everywhere.
"""  # noqa: INP001

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from rollout_truth import (
    INGREDIENTS,
    OUTCOMES,
    WAVES,
    Array,
    Truth,
    going_on,
    read_truth,
)

NAME = "listening-rollout"
ROOT = Path(__file__).parents[2]
MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in (1, 4, 7, 10)]
CULTURE_ITEMS = 8
REVERSED = (4, 8)
"""Items of culture that are worded the other way, counted from 1."""
AGREEMENT = [
    "Strongly disagree",
    "Disagree",
    "Neither agree nor disagree",
    "Agree",
    "Strongly agree",
]
QUALITY = ["Very poor", "Poor", "Fair", "Good", "Very good"]


def generator(*names: str) -> np.random.Generator:
    """A generator seeded by names: the same on every machine and in every process."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def simulate(truth: Truth, seed_name: str) -> pd.DataFrame:
    """Simulate everybody at every wave as they are, whether or not they answer.

    Returns
    -------
    DataFrame, shape (n_people * 8, ...)
        One row a person and wave (from 1): who, where, what they attended and met with,
        every item as a code of its codebook, and ``there`` and ``answers``.
    """
    people = _people(truth)
    rows = people.loc[people.index.repeat(WAVES)].reset_index(drop=True)
    rows["wave"] = np.tile(np.arange(1, WAVES + 1), len(people))
    rows["event_time"] = (rows["wave"] - rows["begins"]).where(rows["begins"] > 0, -99)
    stable_part = {
        name: _stable_part(rows, truth, name, seed_name) for name in OUTCOMES
    }
    rows = _doses(rows, truth, stable_part["confidence"], seed_name)
    points = {
        name: stable_part[name]
        + _without_pilot(rows, truth, name)
        + _effect(rows, truth, name)
        + _passing(rows, truth, name, seed_name)
        for name in OUTCOMES
    }
    rows = rows.assign(
        **_retrospective_items(rows, truth, points, stable_part, seed_name)
    )
    rows = rows.assign(**_answers(rows, truth, points, seed_name))
    rng = generator(seed_name, "who answers")
    left = rng.random((len(people), WAVES)) > truth.stays
    left[:, 0] = False
    return rows.assign(
        there=(~np.logical_or.accumulate(left, axis=1)).ravel(),
        answers=rng.random(len(rows)) < truth.answers,
    )


def _people(truth: Truth) -> pd.DataFrame:
    """One row a person; staff numbers tell nothing of the team."""
    teams = [team for team in truth.teams for _ in range(truth.people_per_team)]
    numbers = generator(NAME, "staff numbers").permutation(90_000)[: len(teams)]
    return pd.DataFrame(
        {
            "staff_number": 10_000 + numbers,
            "team": [team.name for team in teams],
            "site": [team.site for team in teams],
            "begins": [team.begins for team in teams],
            "fifth": [team.fifth for team in teams],
            "setting": [team.setting for team in teams],
        }
    )


def _stable_part(rows: pd.DataFrame, truth: Truth, name: str, seed_name: str) -> Array:
    """What a team and a person bring along, in points about 0."""
    rng, spread = generator(seed_name, name, "lasting"), truth.spread[name]
    teams, _ = pd.factorize(rows["team"])
    people = np.repeat(np.arange(len(rows) // WAVES), WAVES)
    of_team = spread["team"] * rng.standard_normal(teams.max() + 1)
    of_person = spread["person"] * rng.standard_normal(people.max() + 1)
    stable_part: Array = of_team[teams] + of_person[people]
    return stable_part


def _passing(rows: pd.DataFrame, truth: Truth, name: str, seed_name: str) -> Array:
    """What is of one wave: the team's quarter, and the person's day."""
    rng, spread = generator(seed_name, name, "passing"), truth.spread[name]
    quarters, _ = pd.factorize(rows["team"] + rows["wave"].astype(str))
    of_team = spread["team_wave"] * rng.standard_normal(quarters.max() + 1)
    passing: Array = of_team[quarters]
    return passing + spread["answer"] * rng.standard_normal(len(rows))


def _without_pilot(rows: pd.DataFrame, truth: Truth, name: str) -> Array:
    """Where it would stand without a pilot."""
    trend = np.array(truth.trend[name])[rows["wave"] - 1]
    place = rows["site"].map(truth.sites) + truth.by_fifth * (rows["fifth"] - 3)
    return np.array(truth.start[name] + trend + place, dtype=np.float64)


def _doses(
    rows: pd.DataFrame, truth: Truth, stable_part: Array, seed_name: str
) -> pd.DataFrame:
    """Sessions attended so far and next, and the ingredients met with so far."""
    rng = generator(seed_name, "doses")
    in_session_period = rows["event_time"].between(0, truth.quarters - 1).to_numpy()
    standardised = stable_part / np.hypot(
        truth.spread["confidence"]["team"], truth.spread["confidence"]["person"]
    )
    chance = np.clip(truth.attends + truth.attends_if_confident * standardised, 0, 1)
    attended = rng.binomial(truth.sessions_a_quarter, chance) * in_session_period
    quarterly = attended.reshape(-1, WAVES)
    following = np.roll(quarterly, -1, axis=1).astype(float)
    following[:, -1] = np.nan
    met = {
        name: np.logical_or.accumulate(
            (in_session_period & (rng.random(len(rows)) < truth.meets[name])).reshape(
                -1, WAVES
            ),
            axis=1,
        )
        .ravel()
        .astype(int)
        for name in INGREDIENTS
    }
    return rows.assign(
        sessions_attended=quarterly.cumsum(axis=1).ravel(),
        sessions_next=following.ravel(),
        **met,
    )


def _effect(rows: pd.DataFrame, truth: Truth, name: str) -> Array:
    """What the pilot adds; sessions that are still to come add nothing."""
    begun = (rows["event_time"] >= 0).to_numpy()
    if name in ("waiting", "appropriate"):
        points = getattr(truth, f"effect_on_{name}")
        return np.where(begun, points, 0.0)
    curve = truth.effect if name == "confidence" else truth.effect_on_culture
    effect = np.array([going_on(curve, time) for time in rows["event_time"]])
    if name == "confidence":
        effect = effect + truth.effect_of_a_session * rows["sessions_attended"]
        for ingredient, points in truth.ingredients.items():
            effect = effect + points * rows[ingredient]
        effect = effect * rows["site"].map(truth.effect_times)
    return np.array(effect, dtype=np.float64)


def _retrospective_items(
    rows: pd.DataFrame,
    truth: Truth,
    points: dict[str, Array],
    stable_part: dict[str, Array],
    seed_name: str,
) -> dict[str, np.ndarray]:
    """How the start is judged now, and whether things are better since."""
    rng, back = generator(seed_name, "looking back"), truth.looking_back
    begun = (rows["event_time"] >= 0).to_numpy()
    start = stable_part["confidence"] + _without_pilot(
        rows.assign(wave=1), truth, "confidence"
    )
    then = start + back.recalibration * begun
    then = then + back.answer * rng.standard_normal(len(rows))
    confidence = points["confidence"].reshape(-1, WAVES)
    change = (confidence - confidence[:, :1]).ravel()
    retrospective = truth.anchor.weight * change
    retrospective = retrospective + truth.anchor.answer * rng.standard_normal(len(rows))
    limit = truth.anchor.limit
    words = np.select(
        [retrospective > limit, retrospective < -limit], ["Better", "Worse"], "The same"
    )
    return {
        "confidence_then": _code(then, 0, 10),
        "felt_change": np.where(rows["wave"] > 1, words, ""),
    }


def _answers(
    rows: pd.DataFrame, truth: Truth, points: dict[str, Array], seed_name: str
) -> dict[str, Array]:
    """Every item as a code of its codebook."""
    rng = generator(seed_name, "culture items")
    answers = {
        "confidence_now": _code(points["confidence"], 0, 10),
        "access_waiting": _code(points["waiting"], 1, 5),
        "access_appropriate": _code(points["appropriate"], 1, 5),
    }
    own = truth.spread["culture_item"]["answer"]
    for number in range(1, CULTURE_ITEMS + 1):
        keyed = _code(points["culture"] + own * rng.standard_normal(len(rows)), 1, 5)
        ticked = 6 - keyed if number in REVERSED else keyed
        answers[f"culture_{number}"] = ticked
    return answers


def _code(points: Array, lowest: int, highest: int) -> Array:
    code: Array = np.clip(np.rint(points), lowest, highest)
    return code


def simulate_exports(truth: Truth, seed_name: str) -> dict[str, bytes]:
    """The raw files of every wave: file name → content."""
    rows = simulate(truth, seed_name)
    here = rows[rows["there"] & rows["answers"]]
    return {
        f"staff_{month}.csv": _export(
            here[here["wave"] == wave], truth, wave, generator(seed_name, month)
        )
        for wave, month in enumerate(MONTHS, start=1)
    }


def _export(
    rows: pd.DataFrame, truth: Truth, wave: int, rng: np.random.Generator
) -> bytes:
    """One wave as the survey tool writes it, in the order in which forms came in."""
    rows = rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)
    answers = _item_texts(rows, truth, wave)
    table = pd.DataFrame(
        {
            "Staff number": rows["staff_number"].astype(str),
            "Team": rows["team"].str.capitalize() + " team",
            "I agree to take part": "Yes",
            "Setting": rows["setting"].str.capitalize(),
            "Deprivation fifth of the area": rows["fifth"].astype(str),
            "Sessions attended so far": _whole(rows["sessions_attended"]),
            "Sessions attended until the next form": _whole(rows["sessions_next"]),
            **{name: _whole(rows[name]) for name in INGREDIENTS},
            "Compared with the first form": rows["felt_change"],
            **answers,
        }
    )
    items = list(answers)
    table[items] = table[items].mask(
        rng.random((len(table), len(items))) < truth.cell_blank, ""
    )
    refused = rng.random(len(table)) < truth.no_consent
    table.loc[refused, "I agree to take part"] = "No"
    table.loc[refused, items] = ""
    twice = table[(rng.random(len(table)) < truth.sent_twice) & ~refused]
    return pd.concat([table, twice]).to_csv(index=False, lineterminator="\n").encode()


def _item_texts(rows: pd.DataFrame, truth: Truth, wave: int) -> dict[str, pd.Series]:
    """Answers as the form words them; `then` where it was asked."""
    texts = {"confidence_now": _whole(rows["confidence_now"])}
    if wave >= truth.looking_back.first_wave:
        texts["confidence_then"] = _whole(rows["confidence_then"])
    for number in range(1, CULTURE_ITEMS + 1):
        name = f"culture_{number}"
        texts[name] = rows[name].map(lambda code: AGREEMENT[int(code) - 1])
    for name in ("access_waiting", "access_appropriate"):
        texts[name] = rows[name].map(lambda code: QUALITY[int(code) - 1])
    return texts


def _whole(numbers: pd.Series) -> pd.Series:
    return numbers.map(lambda number: "" if pd.isna(number) else f"{number:.0f}")


def main() -> None:
    """Rewrite the raw files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "raw" / NAME)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in simulate_exports(read_truth(), NAME).items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
