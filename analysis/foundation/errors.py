"""Errors of a study that a user can act on: each kind has its exit code.

A message says what, where, how many and what to do. It never quotes a response, an
identifier or a free text.
"""

from __future__ import annotations

from heard.errors import AnalysisError, DataError

__all__ = [
    "AnalysisError",
    "DataError",
    "DeclarationError",
    "DisclosureError",
    "NotebookError",
    "StaleError",
]


class DeclarationError(AnalysisError):
    """A codebook or a study contradicts itself."""

    exit_code = 10


class DisclosureError(AnalysisError):
    """Something about fewer people than the smallest group shown would leave."""

    exit_code = 12


class StaleError(AnalysisError):
    """An input changed after the step that used it, or the step was never run."""

    exit_code = 13


class NotebookError(AnalysisError):
    """A notebook failed, or was given parameters it does not declare."""

    exit_code = 14
