"""Simulated pilots with a known effect, each as a study and its scores.

Scores are whole points from 10 to 50 with a standard deviation of 6 and one in five at
the ceiling; a person's scores correlate .6 over waves, a team's level .8. Who is
unhappy afterwards answers less often. Units that start one after another stand in
`starting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.declarations.study_file import parse_study
from analysis.storage.declared import read_instrument

if TYPE_CHECKING:
    from analysis.declarations.study import Study

SPREAD, LOWEST, CEILING = 6.0, 10.0, 50.0
LEVEL = CEILING - 0.8416 * SPREAD
"""One in five would score at the ceiling or beyond."""
OVER_WAVES, OF_TEAMS = 0.6, 0.8
"""Correlations over waves: of people, of teams' levels."""
INFORMATIVE = 0.8
"""Log odds of answering for each standard deviation of the score then."""
SURVEY = "ratings"
SCALE, YES_OR_NO = ("care", "total"), ("seed_three_behaviours", "all_three_always")
UNEQUAL = (6, 10, 14, 18, 22, 26, 30, 38, 46)


@dataclass(frozen=True, kw_only=True)
class Pilot:
    """What is simulated, and how it is declared.

    Attributes
    ----------
    name : str
        What it is, for the table.
    teams : tuple of int
        Teams with the pilot, and without; (0, 0): people of no team.
    sites : int
        Over which the teams are spread; each whole in one arm if `unit` is ``site``.
    people : int
        Of a team, 0: unequal ones; of an arm where there are no teams.
    arms : int
        1: nobody to compare with.
    effect : float
        Of the pilot on the score, before the ceiling.
    icc, shock : float
        Of teams; standard deviation of what happens to a site between the waves, in
        standard deviations of the score.
    lost, at_random : float, bool
        Share who do not answer afterwards; by their score before alone, or then.
    one_sided : bool
        Of the comparison as many do not answer, whatever their score.
    cut : float or None
        Score from which on the answer is yes; None: the score itself is given.
    smallest : float
        The difference that would matter.
    waves : int
        1: asked afterwards alone.
    """

    name: str
    teams: tuple[int, int] = (6, 6)
    sites: int = 0
    people: int = 20
    arms: int = 2
    unit: str = "team"
    randomised: bool = True
    strata: bool = False
    linked: bool = True
    effect: float = 0.0
    icc: float = 0.05
    shock: float = 0.0
    lost: float = 0.0
    at_random: bool = False
    one_sided: bool = False
    waves: int = 2
    cut: float | None = None
    smallest: float = 2.0

    @property
    def scale(self) -> tuple[str, str]:
        """Instrument and subscale."""
        return SCALE if self.cut is None else YES_OR_NO

    @cached_property
    def places(self) -> pd.DataFrame:
        """One row a person at most: team, site and arm; sizes are drawn with scores."""
        treated, control = self.teams
        arms = ["pilot"] * treated + ["usual"] * control
        if self.unit == "site":
            of_site = len(arms) // self.sites
            site = [f"s{place // of_site}" for place in range(len(arms))]
        elif self.sites:
            site = [f"s{place % self.sites}" for place in range(len(arms))]
        else:
            site = [""] * len(arms)
        return pd.DataFrame(
            {"team": [f"t{n}" for n in range(len(arms))], "site": site, "arm": arms}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The waves."""
        return ("before", "after")[-self.waves :]

    @property
    def planned(self) -> str:
        """What the declaration ends with."""
        return ""

    @cached_property
    def study(self) -> Study:
        """The declaration."""
        instrument, subscale = self.scale
        sites = [f"[sites.s{n}]\ntitle = 'S{n}'" for n in range(self.sites)]
        places = self.places[["team", "site", "arm"]]
        teams = [_team(self, *row) for row in places.itertuples(index=False)]
        text = "\n".join(
            (
                "title = 'Pilot'\nsummary = 'Simulated.'\nsimulated = true",
                f"[allocation]\nunit = '{self.unit}'" if self.arms > 1 else "",
                "randomised = true" if self.randomised and self.arms > 1 else "",
                "strata = ['site']" if self.strata else "",
                "treated = 'pilot'\ncontrol = 'usual'" if self.arms > 1 else "",
                *(f"[arms.{arm}]\ntitle = '{arm}'" for arm in ("pilot", "usual")),
                *sites,
                *(["[teams]", *teams] if teams else []),
                f"[surveys.{SURVEY}]\ntitle = 'Ratings'",
                f"instruments = ['{instrument}']",
                f"items.{instrument} = '{instrument}_{{item}}'",
                "linkage = 'identifier'\ncolumns.participant = ['code']\n"
                "cleaning.repeats = 'last'"
                if self.linked
                else "",
                *(
                    f"[waves.{name}]\ntitle = '{name}'\n{SURVEY}.file = '{name}.csv'"
                    for name in self.names
                ),
                f"[outcomes.care]\ntitle = 'Care'\nsurvey = '{SURVEY}'",
                f"instrument = '{instrument}'\nsubscale = '{subscale}'",
                f"family = 'primary'\nsmallest_effect = {self.smallest}",
                self.planned,
            )
        )
        return parse_study(text, name="pilot", read_instrument=read_instrument)

    def drawn(self, draws: np.random.Generator) -> dict[str, dict[str, pd.DataFrame]]:
        """The scores of one pilot, by wave."""
        people = self._people(draws)
        before, after = self._latent(people, draws)
        treated = (people["arm"] == "pilot").to_numpy()
        after = after + self.effect * treated
        waves = {"before": before, "after": after}
        stays = self._stays(before, after, draws)
        if self.one_sided:
            stays = np.where(treated, stays, draws.random(len(stays)) >= self.lost)
        frames = {}
        for name in self.names:
            frame = self.answered(people, waves[name])
            frames[name] = {SURVEY: frame.loc[stays] if name == "after" else frame}
        return frames

    def answered(self, people: pd.DataFrame, latent: np.ndarray) -> pd.DataFrame:
        """Everybody's answers at a wave, with names only where people are linked."""
        frame = people.assign(**{".".join(self.scale): self.given(latent)})
        return frame if self.linked else frame.assign(participant="")

    def given(self, latent: np.ndarray) -> np.ndarray:
        """The answers: whole points of the scale, or 1 for yes and 0 for no."""
        points = observed(latent)
        return points if self.cut is None else (points >= self.cut).astype(float)

    def truth(self, draws: np.random.Generator, *, times: int = 100) -> float:
        """The effect in points of the form, ceiling and all, of everybody."""
        if not self.effect:
            return 0.0
        gaps = []
        for _ in range(times):
            people = self._people(draws)
            _, after = self._latent(people, draws)
            gaps.append((self.given(after + self.effect) - self.given(after)).mean())
        return float(np.mean(gaps))

    def _people(self, draws: np.random.Generator) -> pd.DataFrame:
        if not len(self.places):
            arms = ["pilot"] if self.arms == 1 else ["pilot", "usual"]
            people = pd.DataFrame(
                {"team": "", "site": "", "arm": np.repeat(arms, self.people)}
            )
        else:
            sizes = self.people or draws.choice(UNEQUAL, len(self.places))
            people = self.places.loc[np.repeat(self.places.index, sizes)]
        return people.reset_index(drop=True).assign(
            participant=lambda rows: [f"p{n}" for n in range(len(rows))]
        )

    def _latent(
        self, people: pd.DataFrame, draws: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores at both waves without any effect, before rounding."""
        icc = self.icc if len(self.places) else 0.0
        own = (OVER_WAVES - OF_TEAMS * icc) / (1 - icc)
        team, _ = people["team"].factorize()
        site, _ = people["site"].factorize()
        of_team = _correlated(draws, team.max() + 1, OF_TEAMS) * icc**0.5
        of_person = _correlated(draws, len(people), own) * (1 - icc) ** 0.5
        scores = LEVEL + SPREAD * (of_team[:, team] + of_person)
        shocks = draws.normal(0, self.shock * SPREAD, site.max() + 1)
        return scores[0], scores[1] + shocks[site]

    def _stays(
        self, before: np.ndarray, after: np.ndarray, draws: np.random.Generator
    ) -> np.ndarray:
        """Who answers afterwards: less often who is, or was, unhappy."""
        if not self.lost:
            return np.ones(len(after), dtype=bool)
        about = before if self.at_random else after
        standard = (observed(about) - LEVEL) / SPREAD
        odds = np.log((1 - self.lost) / self.lost) + INFORMATIVE * standard
        return np.asarray(draws.random(len(after)) < 1 / (1 + np.exp(-odds)))


def observed(scores: np.ndarray) -> np.ndarray:
    """Whole points within the scale."""
    return np.clip(np.round(scores), LOWEST, CEILING)


def _team(pilot: Pilot, team: str, site: str, arm: str) -> str:
    """A line of the declaration."""
    given = {"title": team, "arm": arm if pilot.arms > 1 else "", "site": site}
    keys = ", ".join(f"{key} = '{name}'" for key, name in given.items() if name)
    return f"{team} = {{ {keys} }}"


def _correlated(
    draws: np.random.Generator, size: int, correlation: float
) -> np.ndarray:
    """Standard normal numbers at two waves, a row each."""
    first, second = draws.normal(size=(2, size))
    return np.stack([first, correlation * first + (1 - correlation**2) ** 0.5 * second])
