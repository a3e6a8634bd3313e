"""How often the 95 % intervals of dependability hold the truth: a simulation.

    python benchmarks/coverage/dependability.py [REPLICATES]

Normal ratings with known components; every number below is a share of replicates in
which the interval covered the truth. About three minutes for 300 replicates.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.models.random_streams import generator
from heard.psychometrics.dependability.components import crossed, variance_components
from heard.psychometrics.dependability.decisions import decision_study, raters_needed
from heard.psychometrics.dependability.nested_reliability import nested_reliability
from heard.psychometrics.dependability.sources import sources_together
from heard.psychometrics.dependability.staff import staff_dependability
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heard.results import Result

REPLICATES = 300
# staff, fewest and most ratings of each, variance between staff (within: 1)
NESTED = ((12, 8, 8, 0.25), (24, 2, 15, 0.15), (60, 3, 20, 0.15))


def covered(result: Result, truth: float) -> float | None:
    """1 if the interval holds the truth, 0 if not, None where there is none."""
    if not isinstance(result, Estimate) or result.conf_low is None:
        return None
    high = np.inf if result.conf_high is None else result.conf_high
    return float(result.conf_low <= truth <= high)


def nested_replicate(
    draw: np.random.Generator, staff: int, minimum: int, most: int, between: float
) -> Iterator[tuple[str, Result, float]]:
    counts = draw.integers(minimum, most + 1, staff)
    true = draw.normal(3, np.sqrt(between), staff)
    codes = np.repeat(np.arange(staff), counts)
    ratings = pd.DataFrame(
        {"staff": codes, "y": true[codes] + draw.normal(size=len(codes))}
    )
    share = between / (between + 1)
    found = variance_components(ratings, score="y", facets=["staff"])
    icc = nested_reliability(ratings, score="y", target="staff")
    lines = staff_dependability(ratings, score="y", staff="staff")
    yield "mean rating", found.mean, 3.0
    yield "variance between", found.components[0].variance, between
    yield "variance within", found.components[1].variance, 1.0
    yield "share, ICC(1) by REML", found.components[0].share, share
    yield "ICC(1) by F", icc.icc_1, share
    needed = raters_needed(found, target="staff", required=0.7)
    yield "raters needed for .7", needed, float(np.ceil(0.7 / 0.3 / between))
    if np.ptp(counts) == 0:
        yield "ICC(2) by F", icc.icc_2, between / (between + 1 / counts[0])
    for member, mean in zip(lines.members, true, strict=True):
        yield "own (shrunken) mean", member.shrunken_mean, mean


def crossed_replicate(
    draw: np.random.Generator, staff: int, items: int, raters: int
) -> Iterator[tuple[str, Result, float]]:
    variances = {
        "staff": 0.4,
        "item": 0.1,
        "rater": 0.1,
        "staff:item": 0.1,
        "staff:rater": 0.2,
        "item:rater": 0.05,
    }
    s, i, r = (
        a.ravel()
        for a in np.meshgrid(
            np.arange(staff), np.arange(items), np.arange(raters), indexing="ij"
        )
    )
    codes = {
        "staff": s,
        "item": i,
        "rater": r,
        "staff:item": s * items + i,
        "staff:rater": s * raters + r,
        "item:rater": i * raters + r,
    }
    y = draw.normal(0, 0.7, len(s))
    for name, code in codes.items():
        y = y + draw.normal(0, np.sqrt(variances[name]), code.max() + 1)[code]
    ratings = pd.DataFrame({"staff": s, "item": i, "rater": r, "y": y})
    found = variance_components(
        ratings, score="y", facets=crossed("staff", "item", "rater"), interval="wald"
    )
    # of profiles, only those of the coefficients
    found = dataclasses.replace(found, interval="profile")
    study = decision_study(
        found, target="staff", numbers={"item": items, "rater": raters}
    )
    relative = 0.1 / items + 0.2 / raters + 0.49 / (items * raters)
    absolute = relative + 0.1 / items + 0.1 / raters + 0.05 / (items * raters)
    point = study.points[0]
    yield "generalisability coefficient", point.generalisability, 0.4 / (0.4 + relative)
    yield "dependability coefficient", point.dependability, 0.4 / (0.4 + absolute)


def sources_replicate(
    draw: np.random.Generator, staff: int
) -> Iterator[tuple[str, Result, float]]:
    true = np.array([[0.20, 0.12], [0.12, 0.25]])
    scores = draw.normal(size=(staff, 2)) @ np.linalg.cholesky(true).T
    counts = np.column_stack([draw.integers(4, 13, staff), draw.integers(2, 6, staff)])
    codes = np.repeat(np.arange(2 * staff), counts.ravel())
    sd = np.array([0.9, 0.7])[codes % 2]
    ratings = pd.DataFrame(
        {
            "staff": codes // 2,
            "source": codes % 2,
            "y": scores.ravel()[codes] + draw.normal(0, sd),
        }
    )
    found = sources_together(ratings, score="y", staff="staff", source="source")
    yield "true variance, users", found.sources[0].true_variance, 0.20
    yield "corrected correlation", found.correlations[0].corrected, 0.12 / np.sqrt(0.05)
    size = staff / np.sum(1 / counts[:, 0])
    yield (
        "dependability, users",
        found.sources[0].dependability,
        0.2 / (0.2 + 0.81 / size),
    )
    sizes = staff / np.sum(1 / counts, axis=0)
    error = 0.81 / sizes[0] + 0.49 / sizes[1]
    yield (
        "composite, equal weights",
        found.equal_weights,
        true.sum() / (true.sum() + error),
    )


def main() -> None:
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES
    designs = {
        f"{k} staff, {a}-{b} ratings, ICC {v / (1 + v):.2f}": (
            nested_replicate,
            (k, a, b, v),
        )
        for k, a, b, v in NESTED
    }
    designs["20 staff x 5 items x 4 raters"] = (crossed_replicate, (20, 5, 4))
    designs["30 staff, two sources"] = (sources_replicate, (30,))
    print(
        "| design | interval of | coverage | without an interval |\n|---|---|---|---|"
    )
    for design, (replicate, options) in designs.items():
        tally: dict[str, list[float | None]] = defaultdict(list)
        draw = generator("coverage", design)
        few = replicates // 3 if replicate is crossed_replicate else replicates
        for _ in range(few):
            for what, result, truth in replicate(draw, *options):
                tally[what].append(covered(result, truth))
        for what, seen in tally.items():
            there = [hit for hit in seen if hit is not None]
            share = f"{100 * np.mean(there):.1f} %" if there else "-"
            none = f"{100 * (1 - len(there) / len(seen)):.0f} %"
            print(f"| {design} | {what} | {share} | {none} |", flush=True)


if __name__ == "__main__":
    main()
