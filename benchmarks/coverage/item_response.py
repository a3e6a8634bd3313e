"""How often the 95 % intervals of the item response room hold what they should.

    python benchmarks/coverage/item_response.py [SAMPLES [CASE ...]]

Slopes and thresholds are those the answers are simulated with; the truth of every other
statistic is its value among very many simulated people. Printed is a markdown table;
between 93 and 97 % is as it should be.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from heard.psychometrics.item_response.graded_response import graded_response_model
from heard.psychometrics.item_response.item_bias import item_bias
from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.psychometrics.item_response.two_level import two_level_scalability
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

SAMPLES = 500
TRUTH = 100_000
SLOPES = np.array([1.0, 1.5, 2.0, 2.5, 1.5, 2.0])
CUTS = {"even": (-1.8, -0.6, 0.6, 1.8), "skewed": (-2.4, -1.7, -0.9, 0.3)}
RATERS = 8


class Case(NamedTuple):
    """One statistic, and how samples for it are made."""

    name: str
    results: Callable[[pd.DataFrame], list[Result]]
    sizes: tuple[int, ...]
    shapes: tuple[str, ...]


def answers(random: np.random.Generator, n: int, shape: str, kind: str) -> pd.DataFrame:
    """A graded model with six items of five answers, and whom each row belongs to."""
    trait = random.normal(size=n)
    whom = np.arange(n) % 2
    if kind == "two-level":
        whom = np.arange(n) // RATERS
        trait = np.sqrt(0.3) * random.normal(size=n // RATERS + 1)[whom]
        trait += np.sqrt(0.7) * random.normal(size=n)
    # The second group answers the first item half a step higher.
    shift = (kind == "bias") * 0.75 * whom
    columns = {}
    for place, slope in enumerate(SLOPES):
        logit = slope * trait + random.logistic(size=n) + shift * (place == 0)
        columns[f"q{place}"] = np.searchsorted(slope * np.array(CUTS[shape]), logit)
    return pd.DataFrame(columns).astype(float).assign(whom=whom)


def graded(rows: pd.DataFrame) -> list[Result]:
    found = graded_response_model(rows.drop(columns="whom"), categories=range(5))
    results: list[Result] = [found.marginal_reliability]
    for place in (0, 3):
        item = found.items[place]
        cuts = {one.answer: one.threshold for one in item.thresholds}
        absent = found.items[place].slope
        results += [item.slope, cuts.get(1, absent), cuts.get(3, absent)]
    return results


def scalability(rows: pd.DataFrame) -> list[Result]:
    found = mokken_scalability(rows.drop(columns="whom"))
    return [
        found.scalability,
        found.items[0].scalability,
        found.pairs[0].scalability,
    ]


def levels(rows: pd.DataFrame) -> list[Result]:
    found = two_level_scalability(rows.drop(columns="whom"), groups=rows["whom"]).scale
    return [found.within, found.between, found.ratio]


def bias(rows: pd.DataFrame) -> list[Result]:
    found = item_bias(
        rows.drop(columns="whom"), groups=rows["whom"], categories=range(5)
    )
    return [found[0].group_log_odds, found[1].group_log_odds]


CASES = (
    Case("graded", graded, (200, 500), ("even", "skewed")),
    Case("scalability", scalability, (50, 100, 300), ("even", "skewed")),
    Case("two-level", levels, (15 * RATERS, 40 * RATERS), ("even",)),
    Case("bias", bias, (200, 500), ("even", "skewed")),
)
CUT_LABELS = ("lowest cut", "third cut")
LABELS = {
    "graded": ["", "slope 1.0", *CUT_LABELS, "slope 2.5", *CUT_LABELS],
    "scalability": ["scale", "item", "pair"],
    "two-level": ["scale", "scale", "scale"],
    "bias": ["biased item", "other item"],
}


def truths(case: Case, shape: str) -> list[float]:
    random = np.random.default_rng(1)
    values = []
    for one in case.results(answers(random, TRUTH, shape, case.name)):
        assert isinstance(one, Estimate)
        values.append(one.estimate)
    if case.name == "graded":
        cuts = [CUTS[shape][0], CUTS[shape][2]]
        values[1:] = [SLOPES[0], *cuts, SLOPES[3], *cuts]
    return values


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    chosen = sys.argv[2:] or [case.name for case in CASES]
    print("| statistic | data | n | samples | coverage | too low, too high | none |")
    print("|---|---|---|---|---|---|---|")
    for case in (case for case in CASES if case.name in chosen):
        for shape in case.shapes:
            truth = truths(case, shape)
            for n in case.sizes:
                random = np.random.default_rng(2)
                found = [
                    case.results(answers(random, n, shape, case.name))
                    for _ in range(samples)
                ]
                for place, true in enumerate(truth):
                    own = [one[place] for one in found]
                    print(row(true, own, LABELS[case.name][place], shape, n))


def row(true: float, found: list[Result], label: str, shape: str, n: int) -> str:
    limits_found = [
        (one.term, one.conf_low, one.conf_high)
        for one in found
        if isinstance(one, Estimate) and one.conf_low is not None
    ]
    limits = np.array([ends for _, *ends in limits_found], dtype=float)
    low, high = np.mean(limits[:, 1] < true), np.mean(limits[:, 0] > true)
    title = f"{limits_found[0][0]}, {label}".removesuffix(", ")
    return (
        f"| {title} | {shape} | {n} | {len(found)} | {1 - low - high:.1%} | "
        f"{low:.1%}, {high:.1%} | {len(found) - len(limits_found)} |"
    )


if __name__ == "__main__":
    main()
