"""Invented studies of every shape in the decision table: a declaration and its scores.

A shape is data; `Shape.study` writes its TOML and reads it back, `Shape.scores` draws
its scores. Nothing here knows how a shape is analysed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

import numpy as np
import pandas as pd

from analysis.declarations.instrument import Instrument
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.findings import Finding
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import Planned, Question, questions_of
from analysis.storage.declared import read_instrument
from heard.models.random_streams import generator

SURVEY = "form"
LEVEL, PERSON, NOISE = 30.0, 4.0, 3.0
ITEM = {"care": 'items.care = "care_{item}"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A team: its arm (empty: people's own), site, people, start and stratum."""

    name: str
    arm: str = ""
    site: str = ""
    people: int = 15
    start: str = ""
    stratum: str = ""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One invented study.

    Attributes
    ----------
    units : tuple of Unit
        Teams; one without a name holds people of no team.
    arms : tuple of str
        The first is the comparison.
    allocation, plan : str
        Lines of those tables.
    lost, linked : float
        Share who give no score after the first wave; share whose name is known.
    moved : float
        Share who are in a team of the other arm at the last wave.
    effect : float
        Of the treated after they start, in points.
    invited : tuple of str
        How many were invited at each wave, as the declaration says it.
    cuts, lowest, step : tuple of float, int, int
        Where the scale has few values: the limits between them, the lowest, and how
        far neighbours lie apart.
    """

    name: str
    units: tuple[Unit, ...]
    arms: tuple[str, ...] = ("usual", "pilot")
    instrument: str = "care"
    subscale: str = "total"
    waves: tuple[str, ...] = ("before", "after")
    allocation: str = ""
    plan: str = ""
    outcome: str = "smallest_effect = 2"
    family: str = "primary"
    same_people: bool = True
    lost: float = 0.0
    linked: float = 1.0
    moved: float = 0.0
    effect: float = 2.0
    invited: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()
    lowest: int = 0
    step: int = 1

    @property
    def column(self) -> str:
        return f"{self.instrument}.{self.subscale}"

    @cached_property
    def text(self) -> str:
        """The declaration."""
        arms = [f'[arms.{arm}]\ntitle = "{arm.title()}"' for arm in self.arms]
        sites = sorted({unit.site for unit in self.units if unit.site})
        named = [unit for unit in self.units if unit.name]
        columns = ["participant = ['code']"] if self.same_people else []
        columns += ["team = 'team'"] if named else []
        columns += ["arm = 'arm'"] if self.arms else []
        starts = [f'{unit.name} = "{unit.start}"' for unit in named if unit.start]
        items = ITEM.get(
            self.instrument, f'items.{self.instrument} = "{self.instrument}_{{item}}"'
        )
        return "\n".join(
            (
                f'title = "{self.name}"\nsummary = "Invented."\nsimulated = true',
                "allow_unverified = true",
                "[allocation]",
                _compared(self),
                self.allocation,
                *arms,
                *(f'[sites.{site}]\ntitle = "{site.title()}"' for site in sites),
                *(["[teams]"] if named else []),
                *(_team(unit) for unit in named),
                f'[surveys.{SURVEY}]\ntitle = "Form"',
                f'instruments = ["{self.instrument}"]',
                'linkage = "identifier"\ncleaning.repeats = "last"'
                if self.same_people
                else "",
                items,
                f"columns = {{ {', '.join(columns)} }}" if columns else "",
                *(
                    f'[waves.{wave}]\ntitle = "{wave.title()}"\n'
                    f'{SURVEY}.file = "{wave}.csv"'
                    + f"\n{SURVEY}.invited = {invited}"
                    * bool(invited)
                    for wave, invited in zip_longest(
                        self.waves, self.invited, fillvalue=""
                    )
                ),
                *(["[rollout]\nunit = 'team'\n[rollout.starts]"] if starts else []),
                *starts,
                f'[outcomes.main]\ntitle = "Main"\nsurvey = "{SURVEY}"',
                f'instrument = "{self.instrument}"\nsubscale = "{self.subscale}"',
                f'family = "{self.family}"',
                self.outcome,
                PLAN + self.plan if self.plan else "",
            )
        )

    @cached_property
    def study(self) -> Study:
        """The study, as its file declares it."""
        return parse_study(self.text, name=self.name, read_instrument=read_instrument)

    @cached_property
    def scores(self) -> dict[str, dict[str, pd.DataFrame]]:
        """Scores by wave."""
        draws = generator("shape", self.name)
        people = _people(self, draws)
        return {
            wave: {SURVEY: _at_wave(self, people, wave, draws)} for wave in self.waves
        }

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every contrast at the first follow-up."""
        (outcome,) = self.study.outcomes
        return questions_of(
            self.scores, self.study, outcome, outcome.follow_ups[0], links=None
        )

    @cached_property
    def planned(self) -> Planned:
        """The planned estimate of the main contrast."""
        return planned_estimate(self.questions[0])

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All that is found of its outcome at the first follow-up's waves."""
        waves = self.questions[0].estimand.waves
        found = evaluate_outcomes(self.scores, self.study)
        return tuple(part for part in found if part.wave == waves)


PLAN = """[plan]
population = "Everyone asked."
contrast = "Pilot against usual."
primary = "main"
model = "As the design has it."
missing = "As the design has it."
multiplicity = "One outcome."
inference = "By what was allocated."
intercurrent_events.leavers = "Not asked about."
"""


def _compared(shape: Shape) -> str:
    """The arms compared, where there are two of them."""
    if len(shape.arms) != 2:
        return ""
    return f'treated = "{shape.arms[1]}"\ncontrol = "{shape.arms[0]}"'


def _team(unit: Unit) -> str:
    arm = f', arm = "{unit.arm}"' if unit.arm else ""
    site = f', site = "{unit.site}"' if unit.site else ""
    stratum = f', stratum = "{unit.stratum}"' if unit.stratum else ""
    return f'{unit.name} = {{ title = "{unit.name.title()}"{arm}{site}{stratum} }}'


def _people(shape: Shape, draws: np.random.Generator) -> pd.DataFrame:
    """Everybody: where they belong, and how they would answer."""
    parts = []
    for unit in shape.units:
        arms = [unit.arm] if unit.arm or not shape.arms else list(shape.arms)
        parts.append(
            pd.DataFrame(
                {
                    "team": unit.name,
                    "site": unit.site,
                    "start": unit.start,
                    "arm": [arms[n % len(arms)] for n in range(unit.people)],
                    "level": draws.normal(0, 1),
                }
            )
        )
    people = pd.concat(parts, ignore_index=True)
    return people.assign(
        participant=[f"p{n}" for n in range(len(people))],
        person=draws.normal(LEVEL, PERSON, len(people)),
        known=draws.random(len(people)) < shape.linked,
        stays=~_share(people, shape.lost, draws),
        moves=_share(people, shape.moved, draws),
    )


def _share(
    people: pd.DataFrame, share: float, draws: np.random.Generator
) -> pd.Series[bool]:
    """So many of each arm, as near as can be."""
    order = pd.Series(draws.permutation(len(people)), index=people.index)
    ranks = order.groupby(people["arm"]).rank()
    sizes = people.groupby("arm")["arm"].transform("size")
    return ranks <= (share * sizes).round()


def _at_wave(
    shape: Shape, people: pd.DataFrame, wave: str, draws: np.random.Generator
) -> pd.DataFrame:
    """Who answers at a wave, and their scores: whole points, as forms give."""
    place, order = shape.waves.index(wave), list(shape.waves)
    later = place > 0 or len(order) == 1
    with_it = (
        people["start"].map(lambda start: bool(start) and order.index(start) <= place)
        if any(unit.start for unit in shape.units)
        else (people["arm"] == shape.arms[-1] if shape.arms else True) & later
    )
    drift = people["team"].map(
        {name: draws.normal(0, 0.5) for name in people["team"].unique()}
    )
    score = people["person"] + people["level"] + shape.effect * with_it + drift
    score = score + draws.normal(0, NOISE, len(people))
    whole = np.clip(np.round(score), 10, 50)
    if shape.cuts:
        whole = np.digitize(score, shape.cuts) * shape.step + shape.lowest
    frame = people[["participant", "team", "site", "arm"]].assign(
        **{shape.column: pd.Series(whole, index=people.index, dtype=float)}
    )
    if not shape.same_people:
        frame["participant"] = ""
    frame.loc[~people["known"], "participant"] = ""
    if shape.moved and place == len(order) - 1:
        turned = frame[["team", "arm"]].iloc[::-1].set_axis(frame.index)
        frame = frame.assign(
            **{
                name: frame[name].mask(people["moves"], turned[name])
                for name in ("team", "arm")
            }
        )
    return frame.loc[people["stays"]] if place else frame


def exports(shape: Shape) -> dict[str, str]:
    """The scores as the files of item answers that such a survey would send."""
    instrument = read_instrument(shape.instrument)
    files = {}
    for wave, by_survey in shape.scores.items():
        rows = by_survey[SURVEY]
        whole = rows[shape.column].astype(int)
        answers = _answers(shape, instrument, whole)
        named = rows[["participant", "team", "arm"]].rename(
            columns={"participant": "code"}
        )
        files[f"{wave}.csv"] = named.assign(**answers).to_csv(index=False)
    return files


def _answers(
    shape: Shape, instrument: Instrument, whole: pd.Series
) -> dict[str, pd.Series]:
    """Answers to the items that give these scores."""
    items = [item.name for item in instrument.items if not item.optional]
    columns = {item: f"{shape.instrument}_{item}" for item in items}
    if not shape.cuts:
        count = len(items)
        return {
            columns[item]: whole // count + (whole % count > place)
            for place, item in enumerate(items)
        }
    score = instrument.subscale(shape.subscale)
    coding = instrument.usual_coding
    if score.method == "all_highest":
        whole = whole.map({0: coding.lowest, 1: coding.highest})
    return {
        columns[item]: whole if item in score.items else whole * 0 + coding.lowest
        for item in items
    }
