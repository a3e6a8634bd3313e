"""Simulated pilots whose teams start one after another, in an order drawn or chosen.

Levels of teams drift from wave to wave; what happens at a site at a wave happens to all
its teams. The same people answer at every wave, without their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd
from pilots import LEVEL, OF_TEAMS, OVER_WAVES, SPREAD, SURVEY, Pilot

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

PLAN = """[plan]
population = "Everyone asked."
contrast = "With the pilot against without."
primary = "care"
model = "As the design has it."
missing = "As the design has it."
multiplicity = "One outcome."
inference = "By what was allocated."
intercurrent_events.leavers = "Not asked about."
summary_measure = "start_effect"
"""


@dataclass(frozen=True, kw_only=True)
class Starting(Pilot):
    """Teams that start one after another.

    Attributes
    ----------
    starts : tuple of int
        Of the teams of every site: the wave they start at, the first being 0; as many
        as there are waves: never.
    drift : float
        Correlation of a team's level from a wave to the next.
    rising : float
        What teams that start gain at every wave whether or not they have started, in
        standard deviations of the score.
    """

    starts: tuple[int, ...]
    waves: int = 5
    linked: bool = False
    drift: float = OF_TEAMS
    rising: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The waves."""
        return tuple(f"w{place}" for place in range(self.waves))

    @cached_property
    def places(self) -> pd.DataFrame:
        """Every site has a team of each start."""
        table = pd.DataFrame(
            [(f"s{s}", start) for s in range(self.sites) for start in self.starts],
            columns=["site", "start"],
        )
        early = table["start"] <= min(self.starts) + 1
        return table.assign(
            team=[f"t{n}" for n in range(len(table))],
            arm=early.map({True: "pilot", False: "usual"}),
        )[["team", "site", "arm", "start"]]

    @property
    def planned(self) -> str:
        """What the declaration ends with: the roll-out and its plan."""
        begun = self.places.loc[self.places["start"] < self.waves]
        starts = (
            f"{team} = '{self.names[start]}'"
            for team, start in zip(begun["team"], begun["start"], strict=True)
        )
        return "\n".join(["[rollout]\nunit = 'team'\n[rollout.starts]", *starts, PLAN])

    def drawn(self, draws: np.random.Generator) -> dict[str, dict[str, pd.DataFrame]]:
        """The scores of one pilot, by wave."""
        people = self._people(draws)
        start = people["start"].to_numpy()
        scores = self._at_waves(people, draws)
        frames = {}
        for place, name in enumerate(self.names):
            rising = self.rising * SPREAD * place * (start < self.waves)
            latent = scores[place] + rising + self.effect * (start <= place)
            frame = self.answered(people.drop(columns="start"), latent)
            frames[name] = {SURVEY: frame}
        return frames

    def _latent(
        self, people: pd.DataFrame, draws: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        first, *_, last = self._at_waves(people, draws)
        return first, last

    def _at_waves(
        self, people: pd.DataFrame, draws: np.random.Generator
    ) -> Sequence[np.ndarray]:
        """Scores at every wave without any effect, before rounding."""
        own = (OVER_WAVES - OF_TEAMS * self.icc) / (1 - self.icc)
        team, site = (people[name].factorize()[0] for name in ("team", "site"))
        person = draws.normal(size=len(people))
        level = draws.normal(size=team.max() + 1)
        scores = []
        for place in range(self.waves):
            if place:
                new = draws.normal(size=len(level))
                level = self.drift * level + (1 - self.drift**2) ** 0.5 * new
            now = draws.normal(size=len(people))
            of_person = own**0.5 * person + (1 - own) ** 0.5 * now
            latent = self.icc**0.5 * level[team] + (1 - self.icc) ** 0.5 * of_person
            shock = draws.normal(0, self.shock * SPREAD, site.max() + 1)
            scores.append(LEVEL + SPREAD * latent + shock[site])
        return scores
