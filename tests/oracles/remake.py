"""Make the oracle values anew with R: ``make oracles``; some: ``args=scoring``.

A value is replaced only where a number moved further than optimisers do by themselves
from one run to the next. Without R, or a package, what is missing is named and the
committed values stay. Only the standard library is used here.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ORACLES = Path(__file__).resolve().parent
ROOT = ORACLES.parents[1]
HEADER = re.compile(r"^# (Values|Rows|Made with): (.+)$", re.MULTILINE)
# What a file says about its numbers; R's own versions are compared on their own.
ABOUT = {"statistic", "set", "note", "r_calls", "versions", "made_by"}
# Optimisers stop at about six digits; the same run on the same machine moves by 6e-7.
MOVED = 1e-6
NOTHING = 1e-12
INSTALLED = (
    'p <- installed.packages()[, "Version"]; '
    'cat("R", as.character(getRversion()), "\\n"); cat(paste(names(p), p), sep = "\\n")'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """An R script and what its first lines say: what it makes, and with which R."""

    path: Path
    values: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    made_with: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def files(self) -> tuple[str, ...]:
        """Every file it writes, from the folder of the oracles."""
        values = tuple(f"values/{name}.json" for name in self.values)
        return (*(f"data/{name}.csv" for name in self.rows), *values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How far a file made anew is from the committed one."""

    largest: float = 0.0
    where: str = ""
    other: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return self.largest <= MOVED and not self.other

    def __str__(self) -> str:
        if self.other:
            return f"other entries, such as {self.other[0]}"
        return f"largest difference {self.largest:.0e}, {self.where}"


def read_script(path: Path) -> Script:
    """Read what a script says of itself; without values and rows it is no script."""
    said: dict[str, list[str]] = {"Values": [], "Rows": [], "Made with": []}
    for key, text in HEADER.findall(path.read_text(encoding="utf-8")):
        said[key] += text.split(", " if key == "Made with" else None)
    return Script(
        path=path,
        values=tuple(said["Values"]),
        rows=tuple(said["Rows"]),
        made_with=dict(text.split(" ") for text in said["Made with"]),
    )


def all_scripts(folder: Path = ORACLES / "scripts") -> list[Script]:
    """Every script, those that only make rows first."""
    found = [read_script(path) for path in sorted(folder.glob("*.R"))]
    return sorted((s for s in found if s.files), key=lambda script: bool(script.values))


def installed_packages(rscript: str) -> dict[str, str]:
    """R and its packages with their versions, such as ``{"lme4": "1.1.31"}``."""
    done = subprocess.run(
        [rscript, "--no-init-file", "-e", INSTALLED],
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.split() for line in done.stdout.splitlines() if line.strip())
    return {name: version.replace("-", ".") for name, version in pairs}


def missing_packages(script: Script, installed: Mapping[str, str]) -> list[str]:
    """Packages that a script needs and R does not have."""
    return [name for name in script.made_with if name not in installed]


def compare(committed: Path, remade: Path) -> Comparison:
    """Compare two files of values, or of rows, number by number."""
    old, new = dict(_entries(committed)), dict(_entries(remade))
    other = sorted(old.keys() ^ new.keys())
    largest, where = 0.0, ""
    for place in old.keys() & new.keys():
        first, second = old[place], new[place]
        if isinstance(first, float) and isinstance(second, float):
            apart = abs(first - second)
            moved = apart / (abs(first) or 1.0)
            if apart > NOTHING and moved > largest:
                largest, where = moved, place
        elif first != second:
            other.append(place)
    return Comparison(largest=largest, where=where, other=tuple(other))


def _entries(path: Path) -> Iterator[tuple[str, object]]:
    """Each single entry of a file with its place, such as ``values/ML/est/0``."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as handle:
            rows = [[_cell(text) for text in row] for row in csv.reader(handle)]
        yield from _leaves(rows)
    else:
        stored = json.loads(path.read_text(encoding="utf-8"))
        yield from _leaves({k: v for k, v in stored.items() if k not in ABOUT})


def _leaves(entry: object, place: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(entry, dict | list):
        parts = entry.items() if isinstance(entry, dict) else enumerate(entry)
        for key, part in parts:
            yield from _leaves(part, f"{place}/{key}".lstrip("/"))
    elif isinstance(entry, int) and not isinstance(entry, bool):
        yield place, float(entry)
    else:
        yield place, entry


def _cell(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def run_script(script: Script, rscript: str, into: Path) -> str:
    """Run a script, its files going into a folder; say what went wrong, if anything."""
    path = script.path.relative_to(ROOT).as_posix()
    done = subprocess.run(
        [rscript, "--no-init-file", path, str(into)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr.strip() or f"Rscript ended with {done.returncode}"
    unwritten = [name for name in script.files if not (into / name).is_file()]
    return f"did not write {', '.join(unwritten)}" if unwritten else ""


def take_over(script: Script, made: Path, oracles: Path = ORACLES) -> list[str]:
    """Replace the committed files whose numbers moved; say which, and how far."""
    said = []
    for name in script.files:
        committed = oracles / name
        if committed.is_file():
            found = compare(committed, made / name)
            if found.is_same:
                continue
            said.append(f"{name}: {found}")
        else:
            said.append(f"{name}: new")
        shutil.copyfile(made / name, committed)
    return said


def remake(scripts: Sequence[Script], rscript: str, into: Path | None) -> int:
    """Run scripts and take over what moved; with a folder, only fill and compare it."""
    installed = installed_packages(rscript)
    say(f"heard: oracles with R {installed['R']}")
    missing: set[str] = set()
    failed = []
    for script in scripts:
        absent = missing_packages(script, installed)
        if absent:
            missing.update(absent)
            say(f"  {script.name}: not run, R lacks {', '.join(absent)}")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            made = into or Path(temporary)
            fault = run_script(script, rscript, made)
            if fault:
                failed.append(script.name)
                say(f"  {script.name}: failed\n{fault}")
                continue
            said = _differences(script, made) if into else take_over(script, made)
        others = _other_versions(script, installed)
        note = f" (made with {others})" if others else ""
        say("\n    ".join([f"  {script.name}: {_outcome(said, into)}{note}", *said]))
    if missing:
        names = ", ".join(f'"{name}"' for name in sorted(missing))
        say(f"heard: missing in R; there: install.packages(c({names}))")
    if failed:
        say(f"heard: failed: {', '.join(failed)}")
    return 1 if missing or failed else 0


def _differences(script: Script, made: Path) -> list[str]:
    pairs = ((name, compare(ORACLES / name, made / name)) for name in script.files)
    return [f"{name}: {found}" for name, found in pairs if found.largest or found.other]


def _outcome(said: Sequence[str], into: Path | None) -> str:
    if not said:
        return "the same numbers"
    return "compared" if into else "numbers moved and were taken over"


def _other_versions(script: Script, installed: Mapping[str, str]) -> str:
    pairs = script.made_with.items()
    return ", ".join(f"{n} {v}" for n, v in pairs if installed[n] != v)


def say(text: str) -> None:
    """Write a line at once, also where the output is a file."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and make the values anew."""
    scripts = {script.name: script for script in all_scripts()}
    parser = argparse.ArgumentParser(prog="make oracles", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="SCRIPT", help=f"of {', '.join(scripts)}"
    )
    parser.add_argument(
        "--into", type=Path, help="write into this folder and only compare"
    )
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in scripts]
    if unknown:
        parser.error(f"no such script: {', '.join(unknown)}")
    chosen = [scripts[name] for name in asked.names or scripts]
    rscript = shutil.which("Rscript")
    if rscript is None:
        needed = sorted({name for s in chosen for name in s.made_with} - {"R"})
        say(
            "heard: Rscript is not installed, so no oracle was made anew; the "
            f"committed values stay. Install R, and in it: {', '.join(needed)}"
        )
        return 1
    return remake(chosen, rscript, asked.into.resolve() if asked.into else None)


if __name__ == "__main__":
    sys.exit(main())
