"""What is assumed about a pilot before it starts, as a plain value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotDesign:
    """What is assumed about a pilot before it starts.

    - `team_size`: people of a team who answer before; on average over teams.
    - `team_size_variation`: standard deviation of the teams' sizes over their mean.
    - `follow_ups`: waves after the start; what is judged is a person's mean over them.
    - `intracluster_correlation`: of two people of one team at one wave.
    - `team_stability`: correlation of a team's own level between two waves.
    - `before_after_correlation`: of one person's two answers, within a team.
    - `attrition`: share of those who answered before whose answer is missing, or cannot
      be linked, at a follow-up.
    - `reliability`: of the instrument; 1 if the correlations above are of observed
      scores.
    - `smallest_effect`: smallest effect of interest, in standard deviations.
    - `compared`: whether as many teams without the pilot answer too.
    """

    team_size: float
    team_size_variation: float = 0.0
    follow_ups: int = 1
    intracluster_correlation: float = 0.05
    team_stability: float = 0.8
    before_after_correlation: float = 0.6
    attrition: float = 0.0
    reliability: float = 1.0
    smallest_effect: float = 0.2
    compared: bool = True

    def faults_by_key(self) -> Iterator[tuple[str, str]]:
        """Everything that cannot be: the field's name, and what is wrong."""
        shares = {
            "intracluster_correlation": self.intracluster_correlation,
            "team_stability": self.team_stability,
            "before_after_correlation": self.before_after_correlation,
        }
        for name, value in shares.items():
            if not 0 <= value <= 1:
                yield name, "must be from 0 to 1"
        if not 0 <= self.attrition < 1:
            yield "attrition", "must be from 0 to under 1"
        if not 0 < self.reliability <= 1:
            yield "reliability", "must be over 0 and at most 1"
        if not (math.isfinite(self.team_size) and self.team_size >= 2):
            yield "team_size", "must be at least 2"
        if not 0 <= self.team_size_variation <= 2:
            yield "team_size_variation", "must be from 0 to 2"
        if self.follow_ups < 1:
            yield "follow_ups", "must be at least 1"
        if not (math.isfinite(self.smallest_effect) and self.smallest_effect > 0):
            yield "smallest_effect", "must be over 0"
        if self.reliability == 1 and 1 in (
            self.intracluster_correlation,
            self.before_after_correlation,
        ):
            yield (
                "reliability",
                "of 1, with a correlation of 1, leaves nothing to vary",
            )

    def faults(self) -> Iterator[str]:
        """Everything that cannot be, a sentence each."""
        return (f"{name} {wrong}" for name, wrong in self.faults_by_key())

    @property
    def error_variance(self) -> float:
        """What the instrument adds to a variance of 1."""
        return (1 - self.reliability) / self.reliability
