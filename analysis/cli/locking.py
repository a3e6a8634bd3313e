"""Fix (lock) a study's analysis plan, and show or replace the pseudonym key."""

from __future__ import annotations

import dataclasses
import datetime as dt
from importlib.metadata import version
from typing import Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Raw, StudyName, use_folders
from analysis.declarations.plan import Lock, Replaced
from analysis.declarations.plan_lock import deviations, lockable
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import arrived_waves, lock_file, read_study, write_lock
from analysis.storage.key import key_file, key_fingerprint, rotate_key


@app.command()
def lock(
    study: StudyName,
    again: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Replace an earlier lock, and say why."),
    ] = None,
    raw: Raw = None,
) -> None:
    """Lock the analysis plan of a study, before its data arrive."""
    use_folders(raw, None, None)
    declared = read_study(study)
    made = Lock(
        date=dt.datetime.now().astimezone().date().isoformat(),
        version=version("heard"),
        arrived=arrived_waves(declared),
        locked=lockable(declared),
    )
    before, path = declared.lock, lock_file(study)
    if before is None and again is not None:
        raise DeclarationError(
            path.name, "there is no lock yet to replace; leave --again out"
        )
    if before is not None and before.hash == made.hash:
        typer.echo(f"Locked already, on {before.date}: nothing changed since.")
        return
    if before is not None:
        earlier = _replaced(before, again, deviations(declared), where=path.name)
        made = dataclasses.replace(made, replaced=(*before.replaced, earlier))
    write_lock(study, made)
    _print_result(made, str(path))


def _replaced(
    before: Lock, again: str | None, changed: tuple[str, ...], *, where: str
) -> Replaced:
    """The earlier lock with why it was replaced; refused where nobody says why."""
    if again is None or not again.strip():
        asked = "and --again needs a reason" if again is not None else "nothing written"
        raise DeclarationError(
            where,
            [
                f"another plan was locked on {before.date}, {asked}. To lock the plan "
                'as it is now, say why: --again "the reason"; every report prints it',
                *changed,
            ],
        )
    return Replaced(
        hash=before.hash,
        date=before.date,
        version=before.version,
        arrived=before.arrived,
        reason=" ".join(again.split()),
        changed=changed,
    )


def _print_result(made: Lock, path: str) -> None:
    typer.echo(f"Locked {made.date}, fingerprint {made.hash[:12]}: {path}")
    for change in made.replaced[-1].changed if made.replaced else ():
        typer.echo(f"  changed: {change}")
    if made.arrived:
        waves = ", ".join(made.arrived)
        typer.echo(
            f"Data had arrived already, of: {waves}. The lock is post hoc, and every "
            "report will say so."
        )
    typer.echo("Commit this file with the declaration: its history is the evidence.")


key = typer.Typer(
    name="key",
    help="Show where the pseudonym key lies, or put a new one in its place.",
    no_args_is_help=True,
)
app.add_typer(key)


@key.command()
def show() -> None:
    """Say where the key lies and its fingerprint; never the key."""
    if not key_file().exists():
        typer.echo(f"There is no key yet. The first run will make {key_file()}")
        return
    typer.echo(f"key          {key_file()}")
    typer.echo(f"fingerprint  {key_fingerprint()}")


@key.command()
def rotate() -> None:
    """Make a new key and keep the old one next to it, under a number."""
    kept = rotate_key()
    typer.echo(f"new key      {key_file()}")
    typer.echo(f"fingerprint  {key_fingerprint()}")
    typer.echo(f"old key      {kept}")
    typer.echo(
        "At the next run every wave of every study is cleaned again, from its raw "
        "exports: under the new key each person has another pseudonym. Delete the old "
        "key when nothing made with it is left; to go back, put it in the new one's "
        "place."
    )
