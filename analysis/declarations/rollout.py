"""Who has the pilot from which wave on, where it comes to one unit after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.study import Study
    from analysis.declarations.tables import Table

UNITS = ("team", "site")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What starts, and when.

    Attributes
    ----------
    unit : str
        What is given a start: ``team`` or ``site``.
    starts : mapping
        Unit → the first wave with the pilot. A unit not named never starts within the
        study.
    """

    unit: str
    starts: Mapping[str, str]


def parse_rollout(table: Table) -> Rollout:
    """The table ``[rollout]``."""
    rollout = Rollout(
        unit=table.choice("unit", UNITS), starts=table.texts_by_text("starts")
    )
    table.close()
    return rollout


def check_rollout(study: Study) -> Iterator[str]:
    """Every way in which the roll-out contradicts the rest of the study."""
    rollout = study.rollout
    if rollout is None:
        return
    units = study.teams if rollout.unit == "team" else study.sites
    known = [unit.name for unit in units]
    if not rollout.starts:
        yield (
            "[rollout.starts] names no start; say the first wave with the pilot of "
            f"each {rollout.unit} that has one"
        )
    for name, wave in rollout.starts.items():
        at = f"rollout.starts.{name}"
        if name not in known:
            yield f"[{at}] {unknown(rollout.unit, name, known)}"
        if wave not in study.wave_names():
            yield f"[{at}] {unknown('wave', wave, study.wave_names())}"
    first = set(study.wave_names()[:1])
    if set(rollout.starts.values()) == first and set(rollout.starts) == set(known):
        yield (
            "[rollout.starts] all start at the first wave: there is neither a time "
            f"before nor a {rollout.unit} without the pilot"
        )
