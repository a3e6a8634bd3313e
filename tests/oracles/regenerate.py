"""Regenerate the oracle values with R: ``make oracles``, ``make oracles args=scoring``.

A file is replaced only if a number in it changed by more than optimisers vary from one
run to the next. Where R or a package is missing, the message names it and the committed
values stay. Only the standard library is used here.
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
HEADER = re.compile(r"^# (Writes values|Writes data|Made with): (.+)$", re.MULTILINE)
# Descriptions of the numbers; versions are compared with what is installed.
ABOUT = {"statistic", "set", "note", "r_calls", "versions", "made_by"}
# Optimisers stop at about six digits: two runs on one machine differ by up to 6e-7.
SAME = 1e-6  # relative
NOISE = 1e-12  # absolute
INSTALLED = (
    'p <- installed.packages()[, "Version"]; '
    'cat("R", as.character(getRversion()), "\\n"); cat(paste(names(p), p), sep = "\\n")'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """An R script and its header: what it writes, and the packages it was run with."""

    path: Path
    values: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    made_with: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def files(self) -> tuple[str, ...]:
        """Every file it writes, relative to the folder of the oracles."""
        values = tuple(f"values/{name}.json" for name in self.values)
        return (*(f"data/{name}.csv" for name in self.data), *values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How far a regenerated file is from the committed one."""

    largest: float = 0.0
    where: str = ""
    other: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return self.largest <= SAME and not self.other

    def __str__(self) -> str:
        if self.other:
            return f"other entries, such as {self.other[0]}"
        return f"largest difference {self.largest:.0e}, {self.where}"


def read_script(path: Path) -> Script:
    """Read a script's header. A file that writes nothing is only sourced by others."""
    said: dict[str, list[str]] = {
        "Writes values": [],
        "Writes data": [],
        "Made with": [],
    }
    for key, text in HEADER.findall(path.read_text(encoding="utf-8")):
        said[key] += text.split(", " if key == "Made with" else None)
    return Script(
        path=path,
        values=tuple(said["Writes values"]),
        data=tuple(said["Writes data"]),
        made_with=dict(text.split(" ") for text in said["Made with"]),
    )


def all_scripts(folder: Path = ORACLES / "scripts") -> list[Script]:
    """Every script; those that only write data come first."""
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


def compare(committed: Path, regenerated: Path) -> Comparison:
    """Compare two files of values, or of data, number by number."""
    old, new = dict(_entries(committed)), dict(_entries(regenerated))
    other = sorted(old.keys() ^ new.keys())
    largest, where = 0.0, ""
    for place in old.keys() & new.keys():
        first, second = old[place], new[place]
        if isinstance(first, float) and isinstance(second, float):
            apart = abs(first - second)
            difference = apart / (abs(first) or 1.0)
            if apart > NOISE and difference > largest:
                largest, where = difference, place
        elif first != second or type(first) is not type(second):
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
    """Run a script, writing into a folder; return what went wrong, if anything."""
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


def replace_changed(script: Script, made: Path, oracles: Path = ORACLES) -> list[str]:
    """Replace the committed files whose numbers changed; say which, and by how much."""
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


def run_all(scripts: Sequence[Script], rscript: str, into: Path | None) -> int:
    """Run scripts and replace what changed; given a folder, write and compare there."""
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
            said = _differences(script, made) if into else replace_changed(script, made)
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
    return "differences" if into else "numbers changed, files replaced"


def _other_versions(script: Script, installed: Mapping[str, str]) -> str:
    pairs = script.made_with.items()
    return ", ".join(f"{n} {v}" for n, v in pairs if installed[n] != v)


def say(text: str) -> None:
    """Write a line at once, even if the output is a file."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and regenerate the values."""
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
            "heard: Rscript is not installed, so no oracle was regenerated; the "
            f"committed values stay. Install R, and in it: {', '.join(needed)}"
        )
        return 1
    return run_all(chosen, rscript, asked.into.resolve() if asked.into else None)


if __name__ == "__main__":
    sys.exit(main())
