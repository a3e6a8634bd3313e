"""Simulate the demonstration study: the declared truth into responses and raw files.

``python studies/demonstration/simulate.py [--out DIR]`` rewrites the raw files. Every
random number comes from a generator seeded by a name, so that equal names give equal
bytes everywhere, and a change in one survey leaves the other as it was.
"""  # noqa: INP001

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from expected import true_values
from export import CODE, write_export
from flow import expected_flows
from truth import STUDIES, read_truth, subscale

if TYPE_CHECKING:
    from truth import Array, TrueOutcome, TrueSurvey, Truth

    from analysis.declarations import Instrument
    from analysis.declarations.study import Survey
    from analysis.declarations.survey import Attribute

Round: TypeAlias = tuple[str, str, np.ndarray]

RAW = STUDIES.parent / "data" / "raw"
FIRST_LETTERS = np.array(list("ABCDEFGHJKLMNPRSTVW"))
LAST_LETTERS = np.array(list("DEHKLMNRSTXY"))
MOST_SIBLINGS = 4
# Most have served less long; nobody has served as long as the form allows.
LONGEST_SHARE = 0.7


def generator(*names: str) -> np.random.Generator:
    """A generator seeded by names: the same on every machine and in every process."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def simulate(truth: Truth, seed_name: str) -> dict[str, pd.DataFrame]:
    """Simulate every response as it was meant, before anything went wrong.

    Returns
    -------
    dict of str to DataFrame
        ``survey_wave`` → one row a response: site, team, arm and person (who answered,
        or the member of staff who is rated); the self-generated code of staff; the
        attributes; one column ``instrument.item`` of codes as ticked on the form.
    """
    frames = {}
    for survey in truth.study.surveys:
        responses = _responses(truth, survey, seed_name)
        for wave in truth.study.wave_names():
            at_wave = responses[responses["wave"] == wave]
            frames[f"{survey.name}_{wave}"] = at_wave.reset_index(drop=True)
    return frames


def simulate_exports(truth: Truth, seed_name: str) -> dict[str, bytes]:
    """Simulate the raw files of every survey and wave: file name → content."""
    frames = simulate(truth, seed_name)
    return {
        export.file: write_export(
            frames[f"{export.survey}_{wave.name}"],
            export,
            truth,
            generator(seed_name, "export", export.survey, wave.name),
        )
        for wave in truth.study.waves
        for export in wave.exports
    }


def _responses(truth: Truth, survey: Survey, seed_name: str) -> pd.DataFrame:
    """All responses to a survey, wave by wave."""
    export = next(e for w in truth.study.waves if (e := w.export(survey.name)))
    rng = generator(seed_name, survey.name)
    linked = export.linkage != "none"
    roster = _staff(truth, rng) if linked else _rated(truth, rng)
    teams = {team.name: team for team in truth.study.teams}
    roster = roster.assign(
        site=roster["team"].map(lambda name: teams[name].site),
        arm=roster["team"].map(lambda name: teams[name].arm),
    )
    if linked:
        roster = roster.join(_codes(roster, truth, rng))
    # Whose attribute it is: one person's at all waves, or the anonymous response's.
    owner = roster["person"] if linked else roster.index.to_series()
    attributes = {a.name: _attribute(a, owner, rng) for a in export.attributes}
    return roster.assign(**attributes).join(_answers(roster, truth, survey, rng))


def _staff(truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """Who of the staff answers when: some stay, new people take the places left."""
    fewest, most = truth.staff_per_team
    rounds: list[Round] = []
    known = 0
    for team in truth.study.teams:
        size = int(rng.integers(int(fewest), int(most) + 1))
        people = np.empty(0, dtype=int)
        for wave in truth.study.wave_names():
            stayed = people[rng.random(len(people)) < truth.retention]
            joined = size - len(stayed)
            people = np.concatenate([stayed, known + np.arange(joined)])
            known += joined
            rounds.append((wave, team.name, people))
    return _roster(rounds)


def _rated(truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """Which member of staff each rating is about; the same staff at every wave."""
    rounds: list[Round] = []
    for number, team in enumerate(truth.study.teams):
        first = number * truth.rated_staff_per_team
        staff = first + np.arange(truth.rated_staff_per_team)
        for wave in truth.study.wave_names():
            ratings = 1 + rng.poisson(truth.ratings_per_staff - 1, len(staff))
            rounds.append((wave, team.name, np.repeat(staff, ratings)))
    return _roster(rounds)


def _roster(rounds: list[Round]) -> pd.DataFrame:
    """One row a response, from the people of each wave and team."""
    waves, teams, people = zip(*rounds, strict=True)
    times = [len(group) for group in people]
    return pd.DataFrame(
        {
            "wave": np.repeat(waves, times),
            "team": np.repeat(teams, times),
            "person": np.concatenate(people),
        }
    )


def _codes(
    roster: pd.DataFrame, truth: Truth, rng: np.random.Generator
) -> pd.DataFrame:
    """Parts of the self-generated code; some count their siblings otherwise later."""
    people, _ = pd.factorize(roster["person"])
    count = people.max() + 1
    elements = pd.DataFrame(
        {
            "mother": rng.choice(FIRST_LETTERS, count),
            "day": [f"{day:02d}" for day in rng.integers(1, 32, count)],
            "town": rng.choice(LAST_LETTERS, count),
            "siblings": rng.integers(0, MOST_SIBLINGS + 1, count),
        }
    )
    codes = elements.iloc[people].set_index(roster.index)
    returns = roster.duplicated("person")
    differs = returns & (rng.random(len(roster)) >= truth.same_code)
    siblings = (codes["siblings"] + differs) % (MOST_SIBLINGS + 1)
    return codes.assign(siblings=siblings).loc[:, list(CODE)]


def _attribute(
    attribute: Attribute, owner: pd.Series, rng: np.random.Generator
) -> pd.Series:
    """A number or a category for each owner; no outcome depends on it."""
    owners, _ = pd.factorize(owner)
    count = owners.max() + 1
    if attribute.lowest is None or attribute.highest is None:
        kept = np.array(list(attribute.values.values()), dtype=object)
        drawn = kept[rng.integers(0, len(kept), count)]
    else:
        most = attribute.highest * LONGEST_SHARE
        low = attribute.lowest
        drawn = np.floor(rng.triangular(low, low, most, count)).astype(int)
    return pd.Series(drawn[owners], index=owner.index)


def _answers(
    roster: pd.DataFrame, truth: Truth, survey: Survey, rng: np.random.Generator
) -> pd.DataFrame:
    """Answers to all items of a survey, as ticked on the form."""
    outcomes = [o for o in truth.study.outcomes if o.survey == survey.name]
    latent = _latent(roster, truth.surveys[survey.name], len(outcomes), rng)
    columns: dict[str, Array] = {}
    for place, declared in enumerate(outcomes):
        true = truth.outcomes[declared.name]
        moved = latent[:, place] + _shifts(roster, truth, true)
        points = _points(true, moved, rng)
        instrument = truth.study.instruments[declared.instrument]
        for item, keyed in zip(
            subscale(truth.study, declared).items, points.T, strict=True
        ):
            columns[f"{instrument.name}.{item}"] = _ticked(instrument, item, keyed)
    return pd.DataFrame(columns, index=roster.index).astype(int)


def _latent(
    roster: pd.DataFrame, true: TrueSurvey, outcomes: int, rng: np.random.Generator
) -> Array:
    """Latent variables, one column an outcome: team + team at wave + person + rest."""
    parts = (
        (true.team_sd, roster["team"]),
        (true.team_wave_sd, roster["team"] + "/" + roster["wave"]),
        (true.person_sd, roster["person"]),
        (true.response_sd, roster.index.to_series()),
    )
    latent = np.zeros((len(roster), outcomes))
    for standard_deviation, labels in parts:
        groups, _ = pd.factorize(labels)
        common = rng.standard_normal((groups.max() + 1, 1))
        own = rng.standard_normal((groups.max() + 1, outcomes))
        mixed = np.sqrt(true.shared) * common + np.sqrt(1 - true.shared) * own
        latent += standard_deviation * mixed[groups]
    return latent


def _shifts(roster: pd.DataFrame, truth: Truth, true: TrueOutcome) -> Array:
    """What trend and pilot add to each response's latent variable."""
    treated = (roster["arm"] == truth.study.treated).to_numpy()
    shifts = np.zeros(len(roster))
    for wave in truth.study.wave_names():
        here = (roster["wave"] == wave).to_numpy()
        shifts[here & treated] = true.shift(wave, treated=True)
        shifts[here & ~treated] = true.shift(wave, treated=False)
    return shifts


def _points(true: TrueOutcome, latent: Array, rng: np.random.Generator) -> Array:
    """Keyed points above the lowest answer, response by item."""
    loadings = np.array(true.loadings)
    noise = rng.standard_normal((len(latent), len(loadings)))
    answers = latent[:, None] * loadings + np.sqrt(1 - loadings**2) * noise
    points: Array = (answers[:, :, None] > true.cuts()).sum(axis=2).astype(float)
    return points


def _ticked(instrument: Instrument, item: str, points: Array) -> Array:
    """The code on the form: counted from the highest where the item is reversed."""
    if instrument.item(item).reverse_keyed:
        return instrument.highest - points
    return instrument.lowest + points


def main() -> None:
    """Rewrite the raw files and print what is true and what should be found in them."""
    truth = read_truth()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RAW / truth.study.folder)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    files = simulate_exports(truth, truth.study.name)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sys.stdout.write(f"{true_values(truth)}\n{expected_flows(truth, files)}")


if __name__ == "__main__":
    main()
