"""What a notebook cell shows: tables, figures and notes in one value, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from analysis.publication.figure import Figure, Note
from analysis.publication.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

Part: TypeAlias = Table | Figure | Note


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shown:
    """Tables, figures and notes in the order they are read."""

    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        """Short: kept with the page, where nothing but last digits would differ."""
        return (
            f"Shown({len(self.tables)} tables, {len(self.figures)} figures, "
            f"{len(self.parts)} parts)"
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, to be saved as pictures and numbers."""
        return tuple(part for part in self.parts if isinstance(part, Figure))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables."""
        return tuple(part for part in self.parts if isinstance(part, Table))

    def _repr_html_(self) -> str:
        return "\n".join(part._repr_html_() for part in self.parts)


def show(parts: Iterable[Part], nothing: str, *, cautions: Iterable[str] = ()) -> Shown:
    """Show the parts but for tables without a row; without any part, say so.

    Parameters
    ----------
    nothing : str
        The sentence that stands where no part is left.
    cautions : iterable of str
        What the reader must know first, where there is something to read.
    """
    kept = _without_empty_tables(parts)
    if not kept:
        return Shown(parts=(Note(text=nothing),))
    return Shown(parts=(*(Note(text=t, kind="caution") for t in cautions if t), *kept))


def show_tables(parts: Iterable[Part], nothing: str) -> Shown:
    """Show the parts but for tables without a row; without any table, say so."""
    kept = _without_empty_tables(parts)
    if not any(isinstance(part, Table) for part in kept):
        kept = (Note(text=nothing),)
    return Shown(parts=kept)


def _without_empty_tables(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if not isinstance(part, Table) or part.rows)
