"""A team that moves as a whole between waves is not taken for chance among people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from heard.effects.clustered.repeated_waves import mixed_wave_effects
from heard.models.random_streams import generator
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")


def pilot(drift: float) -> pd.DataFrame:
    draws = generator("drift tests", str(drift))
    teams, people = 12, 40
    rows = []
    for team in range(teams):
        level = draws.normal()
        for wave in ("before", "after"):
            moved = level + drift * draws.normal()
            rows += [
                {
                    "participant": f"{team} {wave} {person}",
                    "cluster": f"team {team}",
                    "arm": "pilot" if team % 2 else "comparison",
                    "wave": wave,
                    "score": moved + draws.normal(),
                }
                for person in range(people)
            ]
    return pd.DataFrame(rows)


def width(frame: pd.DataFrame, *, clusters_drift: bool) -> float:
    found = mixed_wave_effects(
        frame,
        waves=("before", "after"),
        treated="pilot",
        control="comparison",
        approach="difference_in_change",
        clusters_drift=clusters_drift,
    ).average.mixed_model_difference
    assert isinstance(found, Estimate)
    assert found.conf_low is not None
    assert found.conf_high is not None
    return found.conf_high - found.conf_low


def test_drift_of_whole_teams_widens_the_interval() -> None:
    frame = pilot(drift=1.0)
    wide, narrow = (width(frame, clusters_drift=drift) for drift in (True, False))
    # team means: the variance of a change of 12 means, 2 (1 + 1/40), on 10 degrees
    expected = 2 * 2.228 * np.sqrt(2 * (1 + 1 / 40) * (1 / 6 + 1 / 6))
    assert wide == pytest.approx(expected, rel=0.5)
    assert narrow < 0.5 * wide
