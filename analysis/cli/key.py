"""Show where the pseudonym key lies, and put a new one in its place."""

from __future__ import annotations

import typer

from analysis.cli.application import app

key = typer.Typer(
    name="key",
    help="Show where the pseudonym key lies, or put a new one in its place.",
    no_args_is_help=True,
)
app.add_typer(key)


@key.command()
def show() -> None:
    """Say where the key lies and its fingerprint; never the key."""
    from analysis.storage.key import key_file, key_fingerprint  # noqa: PLC0415

    if not key_file().exists():
        typer.echo(f"There is no key yet. The first run will make {key_file()}")
        return
    typer.echo(f"key          {key_file()}")
    typer.echo(f"fingerprint  {key_fingerprint()}")


@key.command()
def rotate() -> None:
    """Make a new key and keep the old one beside it, under a number."""
    from analysis.storage.key import (  # noqa: PLC0415
        key_file,
        key_fingerprint,
        rotate_key,
    )

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
