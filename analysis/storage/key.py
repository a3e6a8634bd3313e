"""The secret that pseudonyms are made with: outside the project, made once.

Without it nobody can find out whether a known identifier is among the participants.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import stat
from pathlib import Path

from analysis.storage.folders import find_folders, make_folder
from heard.errors import AnalysisError

VARIABLE = "HEARD_KEY_FILE"
BYTES = 32
MINIMUM_DISTINCT_BYTES = 12
"""Different bytes of a key: a drawn one never has fewer (1e-25), a typed one mostly."""


def key_file() -> Path:
    """Where the key lies: `HEARD_KEY_FILE`, else in the user's settings.

    Raises
    ------
    AnalysisError
        The place named depends on where a command runs, or lies in the project or
        among its data.
    """
    path = _named_place()
    if not path.is_absolute():
        # A notebook runs elsewhere, and would make itself a key of its own there.
        raise AnalysisError(
            str(path), f"is not a full path. Set {VARIABLE} to one, such as {_usual()}"
        )
    folders = find_folders()
    # Without a folder of studies, home is not a project but where the package is.
    homes = [folders.home] if (folders.home / "studies").is_dir() else []
    for folder in (*homes, folders.raw, folders.processed, folders.reports):
        if path.resolve().is_relative_to(folder.resolve()):
            raise AnalysisError(
                str(path),
                "a pseudonym key in the project or among its data is copied and "
                f"committed with what it protects. Move it out, and set {VARIABLE} to "
                "its new place",
            )
    return path


def _named_place() -> Path:
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else _usual()


def _usual() -> Path:
    settings = os.environ.get("APPDATA") or os.environ.get("XDG_CONFIG_HOME")
    folder = Path(settings) if settings else Path.home() / ".config"
    return folder / "heard" / "pseudonym.key"


def read_key() -> bytes:
    """The key, made at the first call.

    Raises
    ------
    AnalysisError
        The key cannot be read or made, is not one, or others may read it.
    """
    path = key_file()
    try:
        if not path.exists():
            _make_key(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise AnalysisError(
            str(path),
            f"the pseudonym key cannot be read or made: {error.strerror}. "
            f"Set {VARIABLE} to a file you can write",
        ) from None
    except ValueError:
        key = b""
    if len(key) != BYTES or len(set(key)) < MINIMUM_DISTINCT_BYTES:
        raise AnalysisError(
            str(path),
            "is not a pseudonym key. Restore it from your safe copy; with a new key "
            "earlier waves can no longer be linked",
        )
    _refuse_open(path)
    return key


def _refuse_open(path: Path) -> None:
    """Refuse a key that others can read: they could test who is a participant."""
    if os.name == "posix" and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        raise AnalysisError(
            str(path),
            f"others on this machine may read the pseudonym key (mode {mode:o}). Run: "
            f"chmod 600 '{path}'. If somebody may have read it, then run: heard key "
            "rotate. On a drive that keeps no modes, move the key to one that does",
        )


def key_fingerprint() -> str:
    """A text that changes when the key does and reveals nothing about it."""
    return hashlib.sha256(b"heard key fingerprint" + read_key()).hexdigest()[:16]


def rotate_key() -> Path:
    """Put a new key in the place of the old one, which is kept next to it.

    Returns
    -------
    Path
        Where the old key lies now: the key's name with the first free number.

    Raises
    ------
    AnalysisError
        There is no key to replace, or it cannot be read, kept or written.
    """
    path = key_file()
    if not path.exists():
        raise AnalysisError(
            str(path), "there is no pseudonym key yet; the first run makes one"
        )
    read_key()
    try:
        kept = _keep_backup(path)
        temporary = _written_key(path)
        try:
            # The place is never empty, so no other process makes a key of its own.
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise AnalysisError(
            str(path), f"the pseudonym key cannot be rotated: {error.strerror}"
        ) from None
    return kept


def _keep_backup(path: Path) -> Path:
    for number in itertools.count(1):
        kept = path.with_name(f"{path.stem}.{number}{path.suffix}")
        try:
            os.link(path, kept)
        except FileExistsError:
            continue
        return kept
    raise AssertionError("numbers do not end")


def _written_key(path: Path) -> Path:
    """A new key in a file of its own next to the place it is for."""
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(BYTES) + "\n")
            stream.flush()
            # A key lost with the power is lost for good; pseudonyms are made at once.
            os.fsync(stream.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _make_key(path: Path) -> None:
    make_folder(path.parent)
    temporary = _written_key(path)
    try:
        # A link fails where another process was first, so its key stays.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
