#!/usr/bin/env python3
"""The developer's commands, from a bare Python 3.11 to a report: ``python3 start.py``.

Only the standard library is used here. The first command makes ``.venv`` and installs
exactly what its lock pins: ``requirements.lock`` to run studies, and
``requirements-dev.lock``, which holds the same and more, to test, check or document
heard. Later commands do so again only when the lock, ``pyproject.toml``, the Python or
the folder changed, or when a command needs the larger lock. Until the version is
checked the file keeps to the syntax of Python 3.6, so that an older Python can say what
it lacks.
"""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

OLDEST = (3, 11)
if sys.version_info < OLDEST:
    sys.exit(
        "heard needs Python {}.{} or newer; this is Python {}.{}".format(
            *OLDEST, *sys.version_info[:2]
        )
    )
if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
SITE = ROOT / "site"
STAMP = VENV / "heard-setup.json"
LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
PROGRAMS = VENV / ("Scripts" if sys.platform == "win32" else "bin")
PYTHON = str(PROGRAMS / ("python.exe" if sys.platform == "win32" else "python"))
CHANGED = "the lock or pyproject.toml changed"
MORE_NEEDED = "this command needs the development requirements too"
# Pinned, because another uv may read, order or mark the same lock differently: everyone
# installs it alike, and `lock` changes no line that no dependency asked for.
UV = "0.13.9"
LOCK_OPTIONS = (
    "--universal",
    "--python-version",
    "{}.{}".format(*OLDEST),
    "--fork-strategy",
    "fewest",
    "--generate-hashes",
    "--no-annotate",
    "--no-header",
)
# The larger lock is made within the smaller one: what both hold, they hold alike.
LOCKS = {
    LOCK: ("--extra", "install"),
    DEV_LOCK: ("--extra", "install", "--extra", "dev", "--constraint", LOCK),
}


class SetupError(Exception):
    """The set-up cannot go on; the message says why and what to do."""


class Command(NamedTuple):
    """What a command does, in a line, and the function that does it."""

    line: str
    run: Callable[[Sequence[str]], int]


# ---------------------------------------------------------------- is a set-up needed?


def fingerprint(root: Path, lock: str) -> str:
    """Hash what decides which packages are installed."""
    digest = hashlib.sha256()
    for name in (lock, "pyproject.toml"):
        digest.update(hashlib.sha256((root / name).read_bytes()).digest())
    return digest.hexdigest()


def lock_to_install(needed: str, stamp: Mapping[str, str]) -> str:
    """The lock a command needs, or the larger one where it is installed already."""
    return DEV_LOCK if stamp.get("lock") == DEV_LOCK else needed


def wanted_stamp(root: Path, lock: str) -> dict[str, str]:
    """Describe the set-up that this folder and this Python need."""
    python = "{}.{}".format(*sys.version_info[:2])
    inputs = fingerprint(root, lock)
    return {"inputs": inputs, "lock": lock, "python": python, "folder": str(root)}


def read_stamp(path: Path) -> dict[str, str]:
    """Read what the last finished set-up left; empty if none finished."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def python_of(program: str) -> str:
    """Ask a Python for its version, such as ``3.11``; empty if it does not run."""
    code = "import sys; print('{}.{}'.format(*sys.version_info[:2]))"
    try:
        answer = subprocess.run(
            [program, "-I", "-c", code], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()


def set_up_reason(
    stamp: Mapping[str, str], wanted: Mapping[str, str], python: str
) -> str:
    """Say why the set-up must run; empty when it need not.

    Parameters
    ----------
    stamp, wanted : mapping
        What the last finished set-up left, and what it would leave now.
    python : str
        Version of the Python in ``.venv``; empty if it does not run.
    """
    if not python:
        return "there is no working .venv yet"
    if python != wanted["python"]:
        return f".venv has Python {python}, this is Python {wanted['python']}"
    if not stamp:
        return "an earlier set-up did not finish"
    if stamp.get("folder") != wanted["folder"]:
        return "the folder was moved or copied"
    if stamp.get("lock") != wanted["lock"]:
        return MORE_NEEDED
    return "" if stamp == wanted else CHANGED


def missing_modules(names: Sequence[str] = ("venv", "ensurepip")) -> str:
    """Say which parts of the standard library are absent, and the remedy, in a line."""
    absent = [name for name in names if importlib.util.find_spec(name) is None]
    if not absent:
        return ""
    return (
        f"this Python lacks {' and '.join(absent)}. On Debian or Ubuntu: "
        "apt install python3-venv; elsewhere install Python from python.org"
    )


# ------------------------------------------------------------------------- the set-up


def set_up(needed: str = DEV_LOCK) -> None:
    """Make ``.venv`` hold what the lock pins, unless it already does."""
    if not missing_set_up(needed)[0]:
        return
    with single_set_up():
        reason, wanted = missing_set_up(needed)
        if not reason:
            return  # the set-up we waited for has done it
        began = time.monotonic()
        notify(f"setting up .venv, under a minute on most machines ({reason})")
        STAMP.unlink(missing_ok=True)
        if reason not in {CHANGED, MORE_NEEDED}:
            make_venv()
        install_uv()
        install_lock(wanted["lock"])
        STAMP.write_text(json.dumps(wanted, indent=2), encoding="utf-8")
        notify(f"ready in {time.monotonic() - began:.0f} s")


def missing_set_up(needed: str) -> tuple[str, dict[str, str]]:
    """Why ``.venv`` must be set up (empty if it need not), and as what."""
    stamp = read_stamp(STAMP)
    wanted = wanted_stamp(ROOT, lock_to_install(needed, stamp))
    return set_up_reason(stamp, wanted, python_of(PYTHON)), wanted


def make_venv() -> None:
    """Make an empty ``.venv``, whatever was there before."""
    fault = missing_modules()
    if fault:
        raise SetupError(fault)
    base = getattr(sys, "_base_executable", None) or sys.executable
    step("making .venv", [base, "-m", "venv", "--clear", str(VENV)])


def install_uv() -> None:
    """Install the pinned uv into ``.venv``."""
    options = ["--quiet", "--disable-pip-version-check", "--only-binary", "uv"]
    pip = [PYTHON, "-m", "pip", "install", *options, f"uv=={UV}"]
    step(f"installing uv {UV}", pip)


def install_lock(lock: str) -> None:
    """Install what the lock pins, no more and no less, and then heard itself."""
    into = ["--python", PYTHON]
    sync = ["sync", "--require-hashes", "--compile-bytecode", lock]
    editable = ["install", "--no-deps", "--no-build-isolation", "--editable", "."]
    step(f"installing {lock}", [*uv("pip"), *sync, *into])
    step("installing heard itself", [*uv("pip"), *editable, *into])


def uv(*arguments: str) -> list[str]:
    """The uv of ``.venv``, with its arguments."""
    return [PYTHON, "-m", "uv", *arguments]


def step(what: str, command: Sequence[str]) -> None:
    """Run one step of the set-up quietly; show the last lines if it fails."""
    notify(f"  {what}")
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise SetupError(
            f"{what} failed. Is the network reachable and the disk not full? "
            f"Run the same command again to repair it. It said:\n{ends(done.stdout)}"
        )


def ends(output: str, *, first: int = 4, last: int = 10) -> str:
    """The first and last lines of an output: what went wrong, and where it led."""
    lines = [f"    {line}" for line in output.strip().splitlines()]
    if len(lines) > first + last:
        lines = [*lines[:first], "    ...", *lines[-last:]]
    return "\n".join(lines)


@contextlib.contextmanager
def single_set_up() -> Iterator[None]:
    """Let one set-up run at a time; the system lets go when a process dies."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("a") as handle:
        if not is_locked(handle):
            notify("another set-up is running here; waiting for it")
            while not is_locked(handle):
                time.sleep(0.2)
        yield


def is_locked(handle: IO[str]) -> bool:
    """Try to lock an open file for this process alone."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


# ----------------------------------------------------------------- running things in it


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Turn our environment into that of what we run.

    Without compiled bytecode every start pays seconds for its imports, so a container's
    PYTHONDONTWRITEBYTECODE is not passed on.
    """
    kept = {k: v for k, v in ours.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "RUFF_CACHE_DIR": str(CACHE / "ruff")}


def run(*command: str) -> int:
    """Run a program in the project's folder and return its exit code.

    Ctrl-C reaches the program by itself; it is given the time to end as it likes.
    """
    child = subprocess.Popen(command, cwd=ROOT, env=environment(os.environ))
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue
        return code if code >= 0 else 128 - code


def run_all(commands: Mapping[str, Sequence[str]]) -> int:
    """Run every command, even after one failed; end with a list of those that did."""
    failed = []
    for name, command in commands.items():
        notify(name)
        code = run(*command)
        if code == 130:
            return code
        if code:
            failed.append(name)
    notify(f"failed: {', '.join(failed)}" if failed else f"all {len(commands)} passed")
    return 1 if failed else 0


def pytest_arguments(arguments: Sequence[str]) -> list[str]:
    """Turn ``k=alpha`` into ``-k alpha``; everything else is pytest's own.

    Asked for nothing, run every test, on as many cores as help: a file at a time, as
    tests of one file share what they set up.
    """
    if not arguments:
        return ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]
    turned: list[str] = []
    for argument in arguments:
        is_choice = argument.startswith("k=")
        turned += ["-k", argument[2:]] if is_choice else [argument]
    return turned


def checks() -> dict[str, list[str]]:
    """Every check and its command, in the order they run."""
    module = [PYTHON, "-m"]
    imports = [str(PROGRAMS / "lint-imports")]
    return {
        "ruff format": [*module, "ruff", "format", "--check", "."],
        "ruff check": [*module, "ruff", "check", "."],
        "mypy": [*module, "mypy"],
        "lint-imports": [*imports, "--cache-dir", str(CACHE / "import-linter")],
        "architecture": [*module, "pytest", "tests/architecture"],
        "sizes": [PYTHON, ".ci/sizes.py"],
        "words": [PYTHON, ".ci/words.py"],
        "facts": [PYTHON, ".ci/facts.py"],
        "docs": [PYTHON, ".ci/site_of_docs.py"],
    }


def benchmarks(root: Path) -> list[Path]:
    """Every benchmark that stands on its own: a script, or a folder's run.py."""
    folder = root / "benchmarks"
    scripts = [p for p in folder.glob("*.py") if not p.name.startswith("_")]
    return sorted([*scripts, *folder.glob("*/run.py")])


# ------------------------------------------------------------------------ the commands


def command_demo(arguments: Sequence[str]) -> int:
    """Run the demonstration study; the run says where its report is."""
    set_up(LOCK)
    return run(PYTHON, "-m", "analysis", "run", "listening-pilot", *arguments)


def command_test(arguments: Sequence[str]) -> int:
    """Run the tests, all or those asked for."""
    set_up()
    return run(PYTHON, "-m", "pytest", *pytest_arguments(arguments))


def command_check(_: Sequence[str]) -> int:
    """Run every check that a change must pass."""
    set_up()
    return run_all(checks())


def command_docs(_: Sequence[str]) -> int:
    """Bring generated facts up to date, then build the documentation as a site."""
    set_up()
    return run(PYTHON, ".ci/facts.py", "--write") or run(PYTHON, ".ci/site_of_docs.py")


def command_lab(arguments: Sequence[str]) -> int:
    """Open the notebooks."""
    set_up(LOCK)
    return run(PYTHON, "-m", "jupyterlab", "notebooks", *arguments)


def command_bench(arguments: Sequence[str]) -> int:
    """Run every benchmark, one after the other."""
    found = benchmarks(ROOT)
    if not found:
        notify(
            "there are no benchmarks yet: none in benchmarks/*.py, benchmarks/*/run.py"
        )
        return 0
    set_up()
    names = [path.relative_to(ROOT).as_posix() for path in found]
    return run_all({name: [PYTHON, name, *arguments] for name in names})


def command_oracles(arguments: Sequence[str]) -> int:
    """Regenerate the oracle values with R, which needs nothing of ``.venv``."""
    return run(sys.executable, "tests/oracles/regenerate.py", *arguments)


def command_lock(arguments: Sequence[str]) -> int:
    """Write both locks anew; pins stay as they are unless ``--upgrade`` is given.

    Needs no finished set-up: a lock that cannot be installed must be mendable.
    """
    with single_set_up():
        if python_of(PYTHON) != "{}.{}".format(*sys.version_info[:2]):
            make_venv()
        install_uv()
        compiling = uv("pip", "compile", "--quiet", *LOCK_OPTIONS, *arguments)
        for lock, options in LOCKS.items():
            code = run(*compiling, *options, "pyproject.toml", "--output-file", lock)
            if code:
                return code
    return 0


def command_setup(_: Sequence[str]) -> int:
    """Set up, and say so even when nothing was to do."""
    set_up()
    notify("set up; nothing is left to do")
    return 0


def command_clean(_: Sequence[str]) -> int:
    """Remove what a set-up and the tools left, never data or reports."""
    for folder in (VENV, CACHE, SITE):
        if folder.exists():
            shutil.rmtree(folder)
            notify(f"removed {folder.name}")
    return 0


COMMANDS = {
    "demo": Command("raw data to report, on the demonstration study", command_demo),
    "test": Command("every test; 'test k=alpha' for some", command_test),
    "check": Command("format, lint, types, architecture, docs", command_check),
    "docs": Command("the documentation as a site, in site/", command_docs),
    "lab": Command("JupyterLab on the notebooks", command_lab),
    "bench": Command("the benchmark tables", command_bench),
    "oracles": Command(
        "the oracle values, with R; 'oracles scoring' for some", command_oracles
    ),
    "lock": Command("write both locks anew; 'lock --upgrade' for newer", command_lock),
    "setup": Command(
        "set up for development; the others do it when needed", command_setup
    ),
    "clean": Command("remove .venv, .cache and site, nothing else", command_clean),
}


def listing() -> str:
    """Every command with what it does."""
    lines = [f"  {name:<7} {command.line}" for name, command in COMMANDS.items()]
    return "\n".join(["usage: python3 start.py COMMAND, or make COMMAND", *lines])


def notify(text: str) -> None:
    """Tell the user at once, also when the output is a file."""
    print(f"heard: {text}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    if not arguments or arguments[0] in {"help", "--help", "-h"}:
        print(listing())
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        print(f"unknown command '{name}'\n{listing()}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[name].run(rest)
    except (SetupError, OSError) as error:
        print(f"heard: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may lack a path's letters
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
