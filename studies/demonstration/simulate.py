"""Simulate the demonstration study: the declared truth into responses and raw files.

``python studies/demonstration/simulate.py [--out DIR]`` rewrites the raw files. Every
random number comes from a generator seeded by a name, so that equal names give equal
bytes everywhere, and a change in one survey leaves the other as it was.
"""  # noqa: INP001

from __future__ import annotations

import argparse
import hashlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from expected import true_shares, true_values
from export import CODE, write_export
from flow import expected_flows
from lists import simulate_lists
from people import people_tables
from truth import STUDIES, read_truth, subscale

if TYPE_CHECKING:
    from truth import Array, RetrospectiveItem, TrueOutcome, TrueSurvey, Truth

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Survey
    from analysis.declarations.survey import Attribute

Round: TypeAlias = tuple[str, str, np.ndarray]

RAW = STUDIES.parent / "data" / "raw"
FIRST_LETTERS = np.array(list("ABCDEFGHJKLMNPRSTVW"))
LAST_LETTERS = np.array(list("DEHKLMNRSTXY"))
LAST_DAY = 31
MAXIMUM_SIBLINGS = 4
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
            at_wave = responses[responses["wave"] == wave].reset_index(drop=True)
            export = truth.study.wave(wave).export(survey.name)
            asked = export.columns.items if export else {}
            unasked = [n for n in truth.retrospective_items() if n not in asked]
            frames[f"{survey.name}_{wave}"] = at_wave.drop(
                columns=unasked, errors="ignore"
            )
    return frames


def simulate_exports(truth: Truth, seed_name: str) -> dict[str, bytes]:
    """Simulate the raw files of every survey and wave: file name → content."""
    frames = simulate(truth, seed_name)
    exports = {
        export.file: write_export(
            frames[f"{export.survey}_{wave.name}"],
            export,
            truth,
            partial(generator, seed_name, "export", export.survey, wave.name),
        )
        for wave in truth.study.waves
        for export in wave.exports
    }
    return exports | simulate_lists(truth, partial(generator, seed_name, "lists"))


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
        slips = generator(seed_name, survey.name, "slips")
        roster = roster.join(_codes(roster, truth, rng, slips))
    # Whose attribute it is: one person's at all waves, or the anonymous response's.
    owner = roster["person"] if linked else roster.index.to_series()
    attributes = {a.name: _attribute(a, owner, rng) for a in export.attributes}
    back = generator(seed_name, survey.name, "looking back")
    answers = _answers(roster, truth, survey, rng, back)
    return roster.assign(**attributes).join(answers)


def _staff(truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """Who of the staff answers when: some stay, new people take the places left."""
    minimum, most = truth.staff_per_team
    rounds: list[Round] = []
    known = 0
    for team in truth.study.teams:
        size = int(rng.integers(int(minimum), int(most) + 1))
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
    roster: pd.DataFrame,
    truth: Truth,
    rng: np.random.Generator,
    slips: np.random.Generator,
) -> pd.DataFrame:
    """Parts of the self-generated code; some make it otherwise later."""
    people, _ = pd.factorize(roster["person"])
    count = people.max() + 1
    elements = pd.DataFrame(
        {
            "mother": rng.choice(FIRST_LETTERS, count),
            "day": [f"{day:02d}" for day in rng.integers(1, LAST_DAY + 1, count)],
            "town": rng.choice(LAST_LETTERS, count),
            "siblings": rng.integers(0, MAXIMUM_SIBLINGS + 1, count),
        }
    )
    codes = elements.iloc[people].set_index(roster.index)
    returns = roster.duplicated("person")
    differs = returns & (rng.random(len(roster)) >= truth.same_code)
    siblings = (codes["siblings"] + differs) % (MAXIMUM_SIBLINGS + 1)
    slipped = codes.assign(siblings=siblings)
    return _slipped(codes, slipped, differs, truth, slips).loc[:, list(CODE)]


def _slipped(
    codes: pd.DataFrame,
    slipped: pd.DataFrame,
    differs: pd.Series[bool],
    truth: Truth,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Give some of those whose code differs another slip than that of the siblings."""
    shares = truth.slips
    limits = np.cumsum([shares.letter, shares.digits, shares.two])
    kind = np.searchsorted(limits, rng.random(len(codes)), side="right")
    in_letter = differs & ((kind == 0) | (kind == 2))
    in_digits = differs & (kind == 1)
    first = rng.random(len(codes)) < 0.5
    made = slipped.copy()
    for name, letters, chosen in (
        ("mother", FIRST_LETTERS, first),
        ("town", LAST_LETTERS, ~first),
    ):
        place = pd.Series(np.arange(len(letters)), index=letters)[codes[name]]
        shifted = rng.integers(1, len(letters), len(codes))
        another = letters[(place.to_numpy() + shifted) % len(letters)]
        made[name] = codes[name].mask(in_letter & chosen, another)
    made["day"] = codes["day"].mask(in_digits, codes["day"].map(_mistyped))
    single_change = in_digits | (differs & (kind == 0))
    made["siblings"] = slipped["siblings"].mask(single_change, codes["siblings"])
    return made


def _mistyped(day: str) -> str:
    """A day with its digits swapped, or, where that is no other day, one further."""
    swapped = day[::-1]
    if swapped != day and 1 <= int(swapped) <= LAST_DAY:
        return swapped
    return f"{int(day) % LAST_DAY + 1:02d}"


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
    roster: pd.DataFrame,
    truth: Truth,
    survey: Survey,
    rng: np.random.Generator,
    back: np.random.Generator,
) -> pd.DataFrame:
    """Answers to all items of a survey, as ticked on the form."""
    outcomes = [o for o in truth.study.outcomes if o.survey == survey.name]
    true_survey = truth.surveys[survey.name]
    latent, stable_part = _latent(roster, true_survey, len(outcomes), rng)
    columns: dict[str, Array] = {}
    for place, declared in enumerate(outcomes):
        true = truth.outcomes[declared.name]
        shifted = latent[:, place] + _shifts(roster, truth, true)
        points = _points(true, shifted, rng)
        instrument = truth.study.instruments[declared.instrument]
        for item, keyed in zip(
            subscale(truth.study, declared).items, points.T, strict=True
        ):
            columns[f"{instrument.name}.{item}"] = _ticked(instrument, item, keyed)
        for item, retrospective in truth.looking_back.items():
            if retrospective.outcome == declared.name:
                shifted = _recalled(stable_part[:, place], true_survey, back)
                shifted += _recalibrated(roster, truth, retrospective)
                points = _points(true, shifted, back)[:, 0]
                columns[f"{instrument.name}.{item}"] = _ticked(instrument, item, points)
    return pd.DataFrame(columns, index=roster.index).astype(int)


def _latent(
    roster: pd.DataFrame, true: TrueSurvey, outcomes: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Latent variables, one column an outcome: team + team at wave + person + rest.

    The second table holds what lasts of them: team + person.
    """
    parts = (
        (true.team_sd, roster["team"]),
        (true.team_wave_sd, roster["team"] + "/" + roster["wave"]),
        (true.person_sd, roster["person"]),
        (true.response_sd, roster.index.to_series()),
    )
    latent, stable_part = np.zeros((2, len(roster), outcomes))
    for number, (standard_deviation, labels) in enumerate(parts):
        groups, _ = pd.factorize(labels)
        common = rng.standard_normal((groups.max() + 1, 1))
        own = rng.standard_normal((groups.max() + 1, outcomes))
        mixed = np.sqrt(true.shared) * common + np.sqrt(1 - true.shared) * own
        latent += standard_deviation * mixed[groups]
        if number in (0, 2):
            stable_part += standard_deviation * mixed[groups]
    return latent, stable_part


def _recalled(stable_part: Array, true: TrueSurvey, rng: np.random.Generator) -> Array:
    """How it seems to have been: what lasts, and chance up to variance 1."""
    rest = 1 - true.team_sd**2 - true.person_sd**2
    recalled: Array = stable_part + np.sqrt(rest) * rng.standard_normal(
        len(stable_part)
    )
    return recalled


def _recalibrated(
    roster: pd.DataFrame, truth: Truth, retrospective: RetrospectiveItem
) -> Array:
    """How much less they think to have had, once they know more."""
    treated = roster["arm"] == truth.study.treated
    shifted = (
        roster["wave"].map(retrospective.recalibration).fillna(0.0).where(treated, 0.0)
    )
    return np.array(shifted, dtype=np.float64)


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
    frames = simulate(truth, truth.study.name)
    tables = (
        true_values(truth),
        true_shares(truth),
        expected_flows(truth, files),
        people_tables(files, frames, truth),
    )
    sys.stdout.write("\n".join(tables))


if __name__ == "__main__":
    main()
