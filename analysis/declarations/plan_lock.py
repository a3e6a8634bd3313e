"""What is locked of a study, as a value, as a hash, and as the text of a file.

Locked is what decides the answer: the plan, the outcomes, arms and teams, and of every
wave how its surveys are cleaned and linked. Titles, files, comments and what is shown
beside an outcome's mean are not: they may change without a deviation. What stands at
its default is left out, so that a later version with a further key leaves old locks as
they are.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis.declarations.tables import NAME, Table, parse_toml
from analysis.foundation import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.study import Outcome, Study, Wave

EXPLORATORY = "exploratory"
"""Family of an outcome that the locked plan does not hold."""

SCORE = ("survey", "instrument", "subscale")
HEAD = """\
# Written by `heard lock`. Do not edit: a changed file is refused. To change the plan,
# change the study's declaration and lock it again with a reason.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A lock that another took the place of, and why.

    Attributes
    ----------
    changed : tuple of str
        What differs in the lock that followed, a sentence each.
    """

    hash: str
    date: str
    version: str
    arrived: tuple[str, ...]
    reason: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A plan as it was on the day it was locked.

    Attributes
    ----------
    date : str
        Day of the lock, as ISO text.
    version : str
        Version of heard that made it.
    arrived : tuple of str
        Waves of which data were there already; then the lock is post hoc.
    locked : mapping
        What was locked, in full.
    replaced : tuple of Replaced
        Earlier locks, oldest first.
    """

    date: str
    version: str
    arrived: tuple[str, ...]
    locked: Mapping[str, Any]
    replaced: tuple[Replaced, ...] = field(default_factory=tuple)

    @property
    def hash(self) -> str:
        """SHA-256 of what was locked."""
        return hash_of(self.locked)


def lockable(study: Study) -> dict[str, Any]:
    """What a lock of this study holds, as tables, lists, texts and numbers alone.

    Raises
    ------
    DeclarationError
        The study declares no plan.
    """
    if study.plan is None:
        raise DeclarationError(
            f"{study.name}.toml",
            "declares no plan, so there is nothing to lock. Add a table [plan]",
        )
    return {
        "design": {
            "allocated_by": study.allocated_by,
            "treated": study.treated,
            "control": study.control,
            "arms": sorted(arm.name for arm in study.arms),
            **({"drawn_by_lot": True} if study.randomised else {}),
        },
        "plan": _stated(study.plan),
        "outcomes": {outcome.name: _outcome(outcome) for outcome in study.outcomes},
        "teams": {team.name: team.arm for team in study.teams},
        "waves": {wave.name: _wave(wave) for wave in study.waves},
        **({"rollout": _stated(study.rollout)} if study.rollout else {}),
        **({"dose": _stated(study.dose)} if study.dose else {}),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    stated = _stated(outcome)
    return {
        key: stated[key] for key in stated if key not in ("name", "title", "beside")
    }


def _wave(wave: Wave) -> dict[str, Any]:
    value_now = {}
    for export in wave.exports:
        rule = export.linkage_rule
        tables = {
            "linkage_rule": _stated(rule) if rule else {},
            "cleaning": _stated(export.cleaning),
        }
        value_now[export.survey] = {
            "linkage": export.linkage,
            "identifier_spelling": export.identifier_spelling,
            **{key: table for key, table in tables.items() if table},
        }
    return value_now


def _stated(value: Any) -> dict[str, Any]:
    """Fields of a dataclass that do not stand at their default."""
    stated = {}
    for known in dataclasses.fields(value):
        value_now = getattr(value, known.name)
        made = known.default_factory
        default = made() if made is not dataclasses.MISSING else known.default
        if value_now != default:
            stated[known.name] = _plain(value_now)
    return stated


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _stated(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value


def hash_of(locked: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form: JSON with its keys sorted."""
    text = json.dumps(locked, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def family_of(outcome: Outcome, study: Study) -> str:
    """The family of an outcome: the locked one, where there is a lock.

    An outcome that was not locked, or is another score by now, is exploratory whatever
    the declaration calls it.
    """
    if study.lock is None:
        return outcome.family
    was = study.lock.locked.get("outcomes", {}).get(outcome.name, {})
    if any(was.get(key) != getattr(outcome, key) for key in SCORE):
        return EXPLORATORY
    return str(was["family"])


# ------------------------------------------------------------------- the file of a lock


def parse_lock(text: str, *, where: str) -> Lock:
    """Turn the text of a lock file into a lock.

    Raises
    ------
    DeclarationError
        Not TOML, a key is missing or unknown, or the hash does not fit what is locked.
    """
    faults: list[str] = []
    top = Table(parse_toml(text, where=where), faults)
    stated_hash = top.text("hash")
    locked = top.raw("locked")
    if not isinstance(locked, dict):
        top.fault("locked", "must be a table")
    lock = Lock(
        date=top.date("date"),
        version=top.text("version"),
        arrived=top.texts("arrived"),
        locked=locked if isinstance(locked, dict) else {},
        replaced=tuple(_replaced(table) for table in top.list_of_tables("replaced")),
    )
    top.close()
    if not faults and lock.hash != stated_hash:
        faults.append(
            "[hash] does not fit what is locked: the file was changed by hand. Put it "
            "back as version control has it"
        )
    if faults:
        raise DeclarationError(where, faults)
    return lock


def _replaced(table: Table) -> Replaced:
    replaced = Replaced(
        hash=table.text("hash"),
        date=table.date("date"),
        version=table.text("version"),
        arrived=table.texts("arrived"),
        reason=table.text("reason"),
        changed=table.texts("changed"),
    )
    table.close()
    return replaced


def lock_text(lock: Lock) -> str:
    """A lock as the TOML that `parse_lock` reads."""
    lines = [HEAD, f"hash = {_value(lock.hash)}", *_made(lock)]
    for earlier in lock.replaced:
        lines += ["", "[[replaced]]", f"hash = {_value(earlier.hash)}", *_made(earlier)]
        lines += [f"{key} = {_value(getattr(earlier, key))}" for key in _REASONS]
    return "\n".join([*lines, *_tables(lock.locked, ("locked",))]) + "\n"


_REASONS = ("reason", "changed")


def _made(lock: Lock | Replaced) -> list[str]:
    """When a lock was made, by which version, and what had arrived."""
    return [
        f"date = {lock.date}",
        f"version = {_value(lock.version)}",
        f"arrived = {_value(lock.arrived)}",
    ]


def _tables(table: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[str]:
    """A table and those inside it, each under its heading."""
    inside = {key: value for key, value in table.items() if isinstance(value, dict)}
    plain = {key: value for key, value in table.items() if key not in inside}
    if plain or not inside:
        yield ""
        yield f"[{'.'.join(map(_key, at))}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in inside.items():
        yield from _tables(value, (*at, key))


def _key(name: str) -> str:
    return name if NAME.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A text of JSON is one of TOML but for this sign, which JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        value_now = ", ".join(
            f"{_key(key)} = {_value(part)}" for key, part in value.items()
        )
        return f"{{ {value_now} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
