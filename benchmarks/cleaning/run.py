"""A survey of many rows, from CSV to clean, scored, flagged Parquet: time and memory.

    python benchmarks/cleaning/run.py [ROWS ...]

Beside it, in the same run: one pass of pyarrow over the same file, and the pipeline of
plain pandas that a researcher would write. Every figure is of a process of its own, the
quickest of a few; processor seconds tell more than the clock where others are at work.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = (100_000, 300_000, 1_000_000)
ITEMS, SCALES = 100, 10
NAMES = [f"q{number:03d}" for number in range(ITEMS)]
GROUPS = [NAMES[start::SCALES] for start in range(SCALES)]
STUDY, WAVE = "benchmark", "before"
PLAIN_AT_MOST = 300_000
"""Rows beyond which the plain pipeline, row by row, is not waited for."""
TIMES = 3
"""How often the other two run, in turn, up to as many rows."""


def instrument_text() -> str:
    items = "\n".join(
        f'{name} = {{ label = "", reverse_keyed = {str(place % 3 == 0).lower()} }}'
        for place, name in enumerate(NAMES)
    )
    scales = "\n".join(
        f'[subscales.s{place}]\ntitle = "S{place}"\nmethod = "mean"\nrange = [1, 5]\n'
        f"items = {json.dumps(group)}\nmax_missing = 3\n"
        'replace_missing = "person_mean"\nstatus = "project_defined"\nsource = "made"\n'
        for place, group in enumerate(GROUPS)
    )
    return (
        'name = "made"\ntitle = "Made"\nconstruct = "none"\nrespondent = "staff"\n'
        'direction = "higher_is_better"\nlicence = "none"\ncitation = "none"\n'
        '[responses]\nlowest = 1\nhighest = 5\nstatus = "project_defined"\n'
        f'source = "made"\n[keys]\n'
        f'status = "project_defined"\nsource = "made"\n[items]\n{items}\n{scales}'
    )


STUDY_TEXT = """
title = "Benchmark"
summary = "Made."
simulated = true
[arms.pilot]
title = "Pilot"
[arms.other]
title = "Other"
[surveys.staff]
title = "Staff"
instruments = ["made"]
items.made = "{item}"
columns.arm = "arm"
columns.consent = "consent"
columns.participant = ["id"]
columns.seconds = "seconds"
[surveys.staff.cleaning]
consent = ["Yes"]
minimum_answered = 0.5
repeats = "last"
[surveys.staff.cleaning.careless]
longstring = 30
average_longstring = 5
intra_individual_variability = 0.2
even_odd = 0.3
psychometric_synonyms = 0.0
synonyms_above = 0.2
psychometric_antonyms = 0.0
antonyms_below = -0.2
mahalanobis_p = 0.001
share_missing = 0.4
straight_lining = 1
seconds_per_item = 2
[waves.before]
staff.file = "export.csv"
"""


def write_export(path: Path, rows: int) -> None:
    """Answers that one factor a scale stands behind, 3 % of them lacking."""
    random = np.random.default_rng(7)
    with path.open("w", encoding="utf-8", newline="") as stream:
        for start in range(0, rows, 50_000):
            n = min(50_000, rows - start)
            factors = random.normal(size=(n, SCALES)) + random.normal(size=(n, 1)) / 3
            latent = factors[:, np.arange(ITEMS) % SCALES]
            latent = latent * np.where(np.arange(ITEMS) % 3 == 0, -1, 1)
            codes = np.clip(
                np.round(3 + 0.8 * latent + 0.8 * random.normal(size=latent.shape)),
                1,
                5,
            ).astype(np.int8)
            cells = np.array(["", "1", "2", "3", "4", "5"])[
                np.where(random.random(codes.shape) < 0.03, 0, codes)
            ]
            frame = pd.DataFrame(cells, columns=NAMES)
            frame.insert(0, "id", [f"P{start + i:08d}" for i in range(n)])
            frame.insert(1, "arm", random.choice(["pilot", "other"], n))
            frame.insert(2, "consent", random.choice(["Yes", "No"], n, p=[0.98, 0.02]))
            frame.insert(3, "seconds", random.integers(150, 1500, n).astype(str))
            frame.to_csv(stream, index=False, header=start == 0, lineterminator="\n")


@contextmanager
def timed(name: str, into: dict[str, float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    into[name] = time.perf_counter() - began


def run_arrow(folder: Path) -> dict[str, float]:
    from pyarrow import csv

    took: dict[str, float] = {}
    with timed("whole", took):
        csv.read_csv(folder / "raw" / STUDY / "export.csv")
    return took


def run_heard(folder: Path) -> dict[str, float]:
    os.environ["HEARD_RAW"] = str(folder / "raw")
    os.environ["HEARD_PROCESSED"] = str(folder / "processed")
    os.environ["HEARD_KEY_FILE"] = str(folder / "key")
    from analysis.cleaning.flow import cleaning_findings, ledger_frame
    from analysis.cleaning.rules import clean_wave
    from analysis.cleaning.scoring import score_wave
    from analysis.declarations.instrument_file import parse_instrument
    from analysis.declarations.study_file import parse_study
    from analysis.intake.responses import map_responses, read_exports
    from analysis.storage.rows import write_ledger, write_processed

    made = parse_instrument(instrument_text(), where="made.toml")
    study = parse_study(STUDY_TEXT, name=STUDY, read_instrument=lambda _: made)
    took: dict[str, float] = {}
    with timed("whole", took):
        with timed("read", took):
            received = read_exports(study, WAVE)
        with timed("check and map", took):
            responses = map_responses(received)
            del received
        with timed("rules and indices", took):
            cleaned = clean_wave(responses)
            del responses
        with timed("flow and gaps", took):
            cleaning_findings(cleaned, study)
            write_ledger(STUDY, WAVE, ledger_frame(cleaned))
        with timed("score", took):
            scored = score_wave(cleaned, study)
        with timed("write", took):
            write_processed(STUDY, WAVE, scored)
    took["in memory"] = float(cleaned[0].frame.memory_usage(deep=True).sum()) / 2**20
    return took


def run_plain(folder: Path) -> dict[str, float]:
    """The script found in many repositories: read_csv, apply along rows, to_parquet."""
    took: dict[str, float] = {}
    with timed("whole", took):
        frame = pd.read_csv(folder / "raw" / STUDY / "export.csv")
        frame = frame[frame["consent"] == "Yes"]
        frame = frame.drop_duplicates("id", keep="last")
        raw = frame[NAMES]
        frame = frame[raw.notna().mean(axis=1) >= 0.5].copy()
        raw = frame[NAMES]
        frame["longstring"] = raw.apply(
            lambda row: max(len(list(g)) for _, g in itertools.groupby(row)), axis=1
        )
        frame["irv"] = raw.std(axis=1)
        filled = (raw - raw.mean()).fillna(0).to_numpy()
        inverse = np.linalg.inv(raw.cov().to_numpy())
        frame["mahalanobis"] = np.einsum("ij,jk,ik->i", filled, inverse, filled)
        keyed = raw.copy()
        keyed[NAMES[::3]] = 6 - keyed[NAMES[::3]]
        odd = pd.concat([keyed[g[0::2]].mean(axis=1) for g in GROUPS], axis=1)
        even = pd.concat([keyed[g[1::2]].mean(axis=1) for g in GROUPS], axis=1)
        frame["even_odd"] = odd.corrwith(even, axis=1)
        correlation = raw.corr().to_numpy()
        for name, sign in (("synonyms", 1), ("antonyms", -1)):
            one, two = np.where(np.tril(sign * correlation > 0.2, -1))
            first = pd.DataFrame(raw.to_numpy()[:, one], index=raw.index)
            second = pd.DataFrame(raw.to_numpy()[:, two], index=raw.index)
            frame[name] = first.corrwith(second, axis=1)
        frame["seconds_per_item"] = frame["seconds"] / raw.notna().sum(axis=1)
        for place, group in enumerate(GROUPS):
            frame[f"s{place}"] = keyed[group].mean(axis=1)
        frame.groupby("arm").size()
        frame.to_parquet(folder / "plain.parquet")
    return took


KINDS = {"arrow": run_arrow, "heard": run_heard, "plain": run_plain}


def measured(kind: str, folder: Path) -> dict[str, float]:
    """Run one kind in a process of its own; its peak memory is known at its end."""
    command = [sys.executable, __file__, "--only", kind, str(folder)]
    # As `heard run` does for its notebooks.
    one_thread = {"OPENBLAS_NUM_THREADS": "1"} if kind == "heard" else {}
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **one_thread},
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--only"]:
        took = KINDS[arguments[1]](Path(arguments[2]))
        took["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        used = os.times()
        took["processor"] = used.user + used.system
        print(json.dumps(took))
        return
    for rows in map(int, arguments or ROWS):
        with tempfile.TemporaryDirectory(prefix="heard-bench-") as name:
            folder = Path(name)
            export = folder / "raw" / STUDY / "export.csv"
            export.parent.mkdir(parents=True)
            write_export(export, rows)
            size = export.stat().st_size / 2**20
            print(
                f"\n{rows:,} rows x {ITEMS} items, {size:,.0f} MiB of CSV", flush=True
            )
            runs = [
                (measured("arrow", folder), measured("heard", folder))
                for _ in range(TIMES if rows <= PLAIN_AT_MOST else 1)
            ]
            arrow, heard = (min(kind, key=whole) for kind in zip(*runs, strict=True))
            show("pyarrow read", arrow, arrow)
            show("heard, whole", heard, arrow)
            for part, seconds in heard.items():
                if part not in ("whole", "peak", "in memory", "processor"):
                    print(f"    {part:<20}{seconds:8.2f} s")
            ratio = heard["peak"] / heard["in memory"]
            print(f"    clean table {heard['in memory']:,.0f} MiB; peak {ratio:.1f}x")
            if rows <= PLAIN_AT_MOST:
                show("plain pandas", measured("plain", folder), arrow)


def whole(took: dict[str, float]) -> float:
    return took["whole"]


def show(name: str, took: dict[str, float], reference: dict[str, float]) -> None:
    ratio = took["whole"] / reference["whole"]
    print(
        f"  {name:<20}{took['whole']:10.2f} s {took['processor']:8.2f} s of processor"
        f"{took['peak']:9,.0f} MiB {ratio:8.1f}x",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
