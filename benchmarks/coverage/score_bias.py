"""How often the interval of a score's bias holds the bias.

    OPENBLAS_NUM_THREADS=1 python benchmarks/coverage/score_bias.py [REPLICATES]

Six items (loadings .9 to .6, residuals .6), two waves, the factor .5 higher at the
later; the first item is answered .8 higher then, in one arm or in both. In teams,
levels of the factor vary between teams (a tenth of the variance) and so does the
item's shift (standard deviation .2). The search for items is part of it: `found` is how
often the item that shifts, and no other, is set free. About
ten minutes of an idle processor.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from heard.models.random_streams import generator
from heard.psychometrics.invariance.score_bias import ScoreBias, score_bias
from heard.results import Estimate

REPLICATES = 100
LOADINGS = np.array([0.9, 0.8, 0.7, 0.8, 0.9, 0.6])
ITEMS = list("abcdef")
SHIFT = 0.8
# people of an arm and wave, teams of an arm (0: no teams), shift of each arm
DESIGNS: dict[str, tuple[int, int, tuple[float, ...]]] = {
    "150 people, no comparison": (150, 0, (SHIFT,)),
    "8 teams of 25, no comparison": (200, 8, (SHIFT,)),
    "150 v 150 people, shift in one arm": (150, 0, (SHIFT, 0.0)),
    "6 v 6 teams of 25, shift in one arm": (150, 6, (SHIFT, 0.0)),
    "6 v 6 teams of 25, shift in both": (150, 6, (SHIFT, SHIFT)),
}


def arm(random: np.random.Generator, n: int, teams: int, shift: float) -> pd.DataFrame:
    """One arm at both waves, with its teams."""
    team = np.resize(np.arange(max(teams, 1)), n)
    levels = np.sqrt(0.1) * random.normal(size=max(teams, 1)) * bool(teams)
    shifts = shift + 0.2 * random.normal(size=max(teams, 1)) * bool(teams and shift)
    waves = []
    for later in (False, True):
        own = np.sqrt(0.9 if teams else 1.0) * random.normal(size=n)
        level = (levels[team] + own + 0.5 * later)[:, None]
        answered = level * LOADINGS + 0.6 * random.normal(size=(n, len(ITEMS)))
        answered[:, 0] += later * shifts[team]
        names = [str(one) for one in team] if teams else [""] * n
        waves.append(
            pd.DataFrame(answered, columns=ITEMS).assign(
                wave="after" if later else "before", team=names
            )
        )
    return pd.concat(waves, ignore_index=True)


def once(label: str, replicate: int) -> tuple[bool, bool, float] | None:
    """Whether the interval holds the bias, whether the item was found, its width."""
    n, teams, shifts = DESIGNS[label]
    random = generator("coverage of score bias", label, str(replicate))
    parts = [
        arm(random, n, teams, shift).assign(arm=str(place))
        for place, shift in enumerate(shifts)
    ]
    rows = pd.concat(parts, ignore_index=True)
    team = rows["arm"] + " " + rows["team"]
    found = score_bias(
        rows[ITEMS],
        waves=pd.Series(pd.Categorical(rows["wave"], ["before", "after"])),
        weights=dict.fromkeys(ITEMS, 1.0),
        arms=rows["arm"] if len(shifts) > 1 else None,
        cluster=team.where(rows["team"] != "", ""),
    )
    bias = found.score_bias if isinstance(found, ScoreBias) else found
    if not isinstance(bias, Estimate) or bias.conf_low is None:
        return None
    assert bias.conf_high is not None, "both limits or none"
    truth = shifts[0] - sum(shifts[1:])
    holds = bias.conf_low <= truth <= bias.conf_high
    assert isinstance(found, ScoreBias), "it has an estimate"
    return holds, found.freed == ("a",), bias.conf_high - bias.conf_low


def main(replicates: int) -> None:
    """Print a row a design."""
    print("| design | coverage | found | width | without a number |")
    print("|---|---|---|---|---|")
    for label in DESIGNS:
        done = [once(label, replicate) for replicate in range(replicates)]
        known = [one for one in done if one is not None]
        held, found, width = np.array(known, dtype=float).mean(axis=0)
        print(
            f"| {label} | {100 * held:.1f} | {100 * found:.1f} | {width:.2f} | "
            f"{len(done) - len(known)} |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES)
