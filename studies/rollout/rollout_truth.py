"""What is true in the study ``listening-rollout``: ``truth.toml`` into frozen values.

Event time counts waves from the one at which a team begins, which is 0.
"""  # noqa: INP001

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    Spread: TypeAlias = Mapping[str, Mapping[str, float]]

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

WAVES = 8
OUTCOMES = ("confidence", "culture", "waiting", "appropriate")
INGREDIENTS = ("film_seen", "supervision_used", "met_someone")
TRUTH = Path(__file__).parent / "truth.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team; ``begins`` is a wave counted from 1, or 0 within the study never."""

    name: str
    site: str
    begins: int
    fifth: int
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrospectiveItem:
    """How the start is judged afterwards."""

    first_wave: int
    recalibration: float
    answer: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """When somebody says that they changed."""

    weight: float
    answer: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All that the simulation rests on, by the keys of ``truth.toml``."""

    people_per_team: int
    stays: float
    answers: float
    no_consent: float
    sent_twice: float
    cell_blank: float
    effect: tuple[float, ...]
    effect_of_a_session: float
    ingredients: Mapping[str, float]
    effect_times: Mapping[str, float]
    effect_on_culture: tuple[float, ...]
    effect_on_waiting: float
    effect_on_appropriate: float
    quarters: int
    sessions_a_quarter: int
    attends: float
    attends_if_confident: float
    meets: Mapping[str, float]
    start: Mapping[str, float]
    trend: Mapping[str, tuple[float, ...]]
    sites: Mapping[str, float]
    by_fifth: float
    spread: Spread
    looking_back: RetrospectiveItem
    anchor: Anchor
    teams: tuple[Team, ...]

    def effect_by_event_time(self) -> tuple[float, ...]:
        """Points of confidence in all, of somebody there from the start, by event time.

        At a site where the effect is 1 times as large, and over whoever attends.
        """
        total = []
        for event_time in range(WAVES - 2):
            quarters_held = min(event_time + 1, self.quarters)
            sessions = quarters_held * self.sessions_a_quarter * self.attends
            met = sum(
                points * (1 - (1 - self.meets[name]) ** quarters_held)
                for name, points in self.ingredients.items()
            )
            direct = going_on(self.effect, event_time)
            total.append(direct + self.effect_of_a_session * sessions + met)
        return tuple(total)

    def effect_at(self, wave: int, *, early: bool) -> float:
        """Mean effect on confidence at a wave over the teams that begin early, or not.

        Early is to begin at wave 3 or 4. Teams that have not begun have no effect yet.
        """
        by_event_time = self.effect_by_event_time()
        teams = [team for team in self.teams if (team.begins in (3, 4)) == early]
        effects = [
            by_event_time[wave - team.begins] * self.effect_times[team.site]
            if team.begins and wave >= team.begins
            else 0.0
            for team in teams
        ]
        return float(np.mean(effects))


def going_on(values: tuple[float, ...], event_time: int) -> float:
    """The value at an event time; the last one from there on, none before 0."""
    return values[min(event_time, len(values) - 1)] if event_time >= 0 else 0.0


def read_truth() -> Truth:
    """Read the committed truth; a key too many or too few is an error."""
    raw: dict[str, Any] = tomllib.loads(TRUTH.read_text(encoding="utf-8"))
    raw["teams"] = tuple(Team(name=k, **team) for k, team in raw["teams"].items())
    raw["looking_back"] = RetrospectiveItem(**raw["looking_back"])
    raw["anchor"] = Anchor(**raw["anchor"])
    for key in ("effect", "effect_on_culture"):
        raw[key] = tuple(raw[key])
    raw["trend"] = {name: tuple(points) for name, points in raw["trend"].items()}
    return Truth(**raw)
