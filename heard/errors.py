"""Errors a user can act on: what is wrong, where, and what to do.

A message says what, where, how many and what to do. It never quotes a response, an
identifier or a free text.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class AnalysisError(Exception):
    """Something the user can put right. The base of every error raised on purpose.

    Parameters
    ----------
    where : str
        The file, study or step the faults were found in.
    faults : str or sequence of str
        Every fault found, each a sentence.
    """

    exit_code = 1

    def __init__(self, where: str, faults: str | Sequence[str]) -> None:
        self.where = where
        self.faults = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__(where, self.faults)

    def __str__(self) -> str:
        """Say where and what: one line for one fault, a list for more."""
        if len(self.faults) == 1:
            return f"{self.where}: {self.faults[0]}"
        listed = "\n".join(f"  - {fault}" for fault in self.faults)
        return f"{self.where}: {len(self.faults)} faults\n{listed}"


class DataError(AnalysisError):
    """The data do not fit what was declared."""

    exit_code = 11


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is not known, suggest the nearest, and list those that are."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(names) if names else "none"
    return f"unknown {kind} '{name}'.{hint} Known: {listed}"
