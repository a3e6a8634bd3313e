"""How often intervals of groups hold the truth, and a still chart raises alarm.

    python benchmarks/coverage/inequality.py [simulations]

Groups have true means that differ by chance, sizes from 5 to 80; for the
interaction ten teams, two groups whose effects are the same. Charts: normal values that
do not move.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from heard.effects.subgroups.effects import effects_by_group
from heard.effects.subgroups.shrinkage import shrunken_groups
from heard.effects.trends.control_chart import control_chart
from heard.effects.trends.run_chart import run_chart
from heard.models.random_streams import generator
from heard.results import Estimate

GROUPS = (4, 6, 10)
SPREADS = (0.0, 0.2, 0.5)


def shrunken(
    groups: int, spread_between: float, simulations: int
) -> tuple[float, float, float]:
    """Coverage of the shrunken mean, of the group's own; ratio of their errors."""
    covered, own_covered, errors, own_errors = [], [], [], []
    sizes = np.geomspace(5, 80, groups).round().astype(int)
    for draw in range(simulations):
        random = generator("shrunken", str(groups), str(spread_between), str(draw))
        true = random.normal(0, spread_between, groups)
        codes = np.repeat(np.arange(groups), sizes)
        scores = true[codes] + random.normal(0, 1, len(codes))
        frame = pd.DataFrame({"group": [f"{c:02d}" for c in codes], "score": scores})
        found = shrunken_groups(frame).groups
        own = frame.groupby("group")["score"].mean().to_numpy()
        for place, group in enumerate(found):
            result = group.shrunken_mean
            assert isinstance(result, Estimate)
            covered.append(result.conf_low <= true[place] <= result.conf_high)
            errors.append((result.estimate - true[place]) ** 2)
            own_errors.append((own[place] - true[place]) ** 2)
            reach = 1.96 / sizes[place] ** 0.5
            own_covered.append(abs(own[place] - true[place]) <= reach)
    ratio = float(np.sqrt(np.mean(errors) / np.mean(own_errors)))
    return float(np.mean(covered)), float(np.mean(own_covered)), ratio


def interaction(groups: int, simulations: int) -> float:
    """How often equal effects are said to differ; ten teams of 20."""
    rejected = []
    for draw in range(simulations):
        random = generator("interaction", str(groups), str(draw))
        team = np.repeat(np.arange(10), 20)
        frame = pd.DataFrame(
            {
                "team": team,
                "arm": np.where(team % 2 == 0, "pilot", "comparison"),
                "group": random.integers(0, groups, 200).astype(str),
                "before": random.normal(size=200),
            }
        )
        level = random.normal(0, 0.3, 10)[team] + 0.5 * frame["before"]
        frame["after"] = level + random.normal(0, 1, 200)
        found = effects_by_group(
            frame, treated="pilot", control="comparison", reference="0", cluster="team"
        ).interaction_p_value
        if isinstance(found, Estimate):
            rejected.append(found.estimate < 0.05)
    return float(np.mean(rejected))


def alarms(waves: int, simulations: int) -> tuple[float, float]:
    """Share of still series with a flagged wave: XmR chart; run chart or runs."""
    charted, run = [], []
    for draw in range(simulations):
        values = generator("alarm", str(waves), str(draw)).normal(size=waves)
        frame = pd.DataFrame({"wave": range(waves), "value": values})
        found = control_chart(frame).special_cause_points
        assert isinstance(found, Estimate)
        charted.append(found.estimate > 0)
        run.append(run_chart(frame).sentence.startswith("More"))
    return float(np.mean(charted)), float(np.mean(run))


def main(simulations: int) -> None:
    started = time.perf_counter()
    print("| groups | true spread | shrunken covers | own mean covers | error |")
    for groups in GROUPS:
        for spread_between in SPREADS:
            covered, own, ratio = shrunken(groups, spread_between, simulations)
            print(
                f"| {groups} | {spread_between} | {covered:.1%} | {own:.1%} "
                f"| {ratio:.2f} |"
            )
    for groups in (2, 4):
        share = interaction(groups, simulations)
        print(f"interaction, {groups} groups: {share:.1%}")
    for waves in (6, 12, 24):
        chart, run = alarms(waves, simulations)
        print(f"{waves} waves: XmR {chart:.1%}, run chart {run:.1%}")
    print(f"{simulations} simulations, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
