"""How long comparisons over waves take: 5,000 people, 3 waves, 50 teams.

python benchmarks/outcomes/compared.py
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.effects.designs.difference_in_differences import (
    Comparison,
    difference_in_differences,
)
from heard.effects.designs.dose_response import dose_response, within_person_dose
from heard.effects.designs.parallel_trends import trend_sensitivity
from heard.effects.designs.randomisation import placebo_comparison
from heard.effects.designs.staggered_adoption import staggered_effects
from heard.effects.designs.stepped_wedge import stepped_wedge
from heard.models.random_streams import generator

if TYPE_CHECKING:
    from collections.abc import Callable

WAVES = ["w1", "w2", "w3"]


def people(n: int = 5000, n_clusters: int = 50) -> pd.DataFrame:
    random = generator("benchmark", "compared")
    who = pd.DataFrame({"participant": np.arange(n)})
    team = who["participant"] % n_clusters
    who["cluster"] = "t" + team.astype(str)
    who["arm"] = np.where(team % 2 == 0, "pack", "usual")
    who["start"] = np.select([team % 3 == 0, team % 3 == 1], ["w2", "w3"], "")
    waves = []
    for place, wave in enumerate(WAVES):
        score = random.normal(3, 1, n)
        sessions = place * random.poisson(2, n)
        waves.append(who.assign(wave=wave, score=score, sessions=sessions))
    return pd.concat(waves, ignore_index=True)


def main() -> None:
    frame = people()
    pilot = Comparison(waves=WAVES, started="w3", treated="pack", control="usual")
    linked = Comparison(
        waves=WAVES, started="w3", treated="pack", control="usual", linked=True
    )
    wide = frame[frame["wave"] == "w3"].assign(
        before=frame.loc[frame["wave"] == "w1", "score"].to_numpy(),
        after=lambda f: f["score"],
    )
    asked: dict[str, Callable[[], object]] = {
        "difference_in_differences": lambda: difference_in_differences(frame, pilot),
        "the same, linked": lambda: difference_in_differences(frame, linked),
        "trend_sensitivity": lambda: trend_sensitivity(frame, pilot),
        "placebo_comparison, 2 of 50": lambda: placebo_comparison(
            frame, treated=["t0", "t1"], before="w1", after="w3", unit="cluster"
        ),
        "dose_response": lambda: dose_response(wide, at=[1, 2, 4]),
        "within_person_dose": lambda: within_person_dose(frame),
        "staggered_effects": lambda: staggered_effects(frame, waves=WAVES),
        "stepped_wedge": lambda: stepped_wedge(frame, waves=WAVES),
    }
    for name, ask in asked.items():
        ask()
        begun = time.perf_counter()
        ask()
        print(f"{name:32} {time.perf_counter() - begun:6.2f} s")


if __name__ == "__main__":
    main()
