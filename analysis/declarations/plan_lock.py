"""Compare a locked plan with the plan declared or run now, and write it as a file.

Locked is what decides the result: the plan, the outcomes, arms and teams, and of every
wave how its surveys are cleaned and linked. Titles, files, comments and supplementary
measures are not: they may change without a deviation. What equals its default is left
out, so that a later version with a further key leaves old locks as they are.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.declarations.estimand import (
    Estimand,
    estimands_of,
    metric_of,
    metrics_of,
)
from analysis.declarations.linkage import waves_linked
from analysis.declarations.plan import (
    EXPLORATORY,
    OLD_MEASURES,
    Lock,
    Plan,
    Replaced,
)
from analysis.declarations.study import Allocation, Outcome, Study, Wave
from analysis.declarations.toml_tables import NAME, Table, parse_toml
from analysis.foundation.errors import DeclarationError

SCORE = ("survey", "instrument", "subscale")
HEAD = """\
# Written by `heard lock`. Do not edit: a changed file is refused. To change the plan,
# change the study's declaration and lock it again with a reason.
"""


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
            **_allocation(study),
            "arms": sorted(arm.name for arm in study.arms),
        },
        "plan": _plan(study.plan, study),
        "outcomes": {outcome.name: _outcome(outcome) for outcome in study.outcomes},
        "teams": {team.name: team.arm for team in study.teams},
        "waves": {wave.name: _wave(wave) for wave in study.waves},
        **({"rollout": _stated(study.rollout)} if study.rollout else {}),
        **({"dose": _stated(study.dose)} if study.dose else {}),
    }


def _allocation(study: Study) -> dict[str, Any]:
    """Who was allocated, under the names that keys had when they were first locked."""
    stated = _stated(study.allocation)
    for key in ("unit", "treated", "control", "randomised"):
        stated.pop(key, None)
    return {
        "allocated_by": LOCKED_UNITS.get(study.allocation.unit, study.allocation.unit),
        "treated": study.treated,
        "control": study.control,
        **({"drawn_by_lot": True} if study.randomised else {}),
        **stated,
    }


LOCKED_UNITS = {"person": "participant", "": "none"}


def _plan(plan: Plan, study: Study) -> dict[str, Any]:
    locked = {new: old for old, new in OLD_MEASURES.items()}
    measure = locked.get(plan.summary_measure, plan.summary_measure)
    stated = _stated(plan)
    if all(metric_of(study, o) == metrics_of(study, o)[0] for o in study.outcomes):
        stated.pop("metric", None)  # it names what every score has anyway
    return {**stated, "summary_measure": measure}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    stated = _stated(outcome)
    return {
        key: stated[key]
        for key in stated
        if key not in ("name", "title", "short_title", "supplementary")
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


NO_PLAN = "The plan that was locked is no longer declared."
NAMED = {"outcomes": "outcome", "waves": "wave", "teams": "team"}
"""Tables whose entries have a name of their own → what one is called."""

LEAVES = {
    "smallest_effect": "the smallest effect of interest",
    "follow_ups": "the waves compared with the baseline",
    "linkage": "how responses are linked",
    "linkage_rule.rule": "the linkage rule",
    "linkage_rule.threshold": "the threshold of the linkage rule",
    "linkage_rule.weights": "the weights of the linkage rule",
    "cleaning.least_answered": "the minimum share of items answered",
    "drawn_by_lot": "whether allocation was randomised",
    "metric": "what scores are compared in",
    "gates.least_reliability": "the minimum reliability",
    "contrasts_rule": "the rule for several contrasts",
    "looks": "how follow-ups are judged",
    "looks_information": "the information at each follow-up",
    "multiplicity_rule": "the rule for several outcomes",
    "primary": "the primary outcome",
    "summary_measure": "the summary measure",
}
"""Key → what it is called; any other is called by its key."""

ABSENT = object()
Leaves = dict[tuple[str, ...], Any]


def deviations(study: Study) -> tuple[str, ...]:
    """Everything that is declared differently from the lock, a sentence each.

    None where nothing was locked.
    """
    if study.lock is None:
        return ()
    if study.plan is None:
        return (NO_PLAN,)
    locked, now = _alike_where_asked_alike(study)
    return tuple(differences(locked, now))


ASKED = {
    ("design", "allocated_by"): "unit",
    ("design", "restricted"): "restricted",
    ("plan", "summary_measure"): "summary",
}
"""What has a default that follows from the rest → its part of the estimand."""


def _alike_where_asked_alike(study: Study) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was locked and what is declared now, with the lock's words for the same.

    Left out or stated, a key may come to the same estimand: that is no deviation.
    """
    assert study.lock is not None, "asked of a study with a lock"
    locked, now = dict(study.lock.locked), lockable(study)
    was, is_now = _estimands(_as_locked(study)), _estimands(study)
    for (table, key), part in ASKED.items():
        pairs = zip(was, is_now, strict=True)
        alike = was and all(getattr(a, part) == getattr(b, part) for a, b in pairs)
        stated = locked.get(table, {})
        if alike and stated.get(key) != now[table].get(key):
            kept = {name: value for name, value in now[table].items() if name != key}
            now[table] = kept | ({key: stated[key]} if key in stated else {})
    return locked, now


def _as_locked(study: Study) -> Study:
    """The study with the allocation and the summary measure that were locked."""
    assert study.lock is not None, "asked of a study with a lock"
    assert study.plan is not None, "asked of a study with a plan"
    design = study.lock.locked.get("design", {})
    unit = design.get("allocated_by", "none")
    units = {old: new for new, old in LOCKED_UNITS.items()}
    arms = study.lock.locked.get("teams", {})
    measure = study.lock.locked.get("plan", {}).get("summary_measure", "")
    return dataclasses.replace(
        study,
        allocation=Allocation(
            unit=units.get(unit, unit),
            randomised=design.get("drawn_by_lot", False),
            strata=tuple(design.get("strata", ())),
            restricted=design.get("restricted", ""),
            treated=design.get("treated", ""),
            control=design.get("control", ""),
            contrasts=tuple(map(tuple, design.get("contrasts", ()))),
        ),
        teams=tuple(
            dataclasses.replace(team, arm=arms.get(team.name, team.arm))
            for team in study.teams
        ),
        plan=dataclasses.replace(
            study.plan, summary_measure=OLD_MEASURES.get(measure, measure)
        ),
    )


def _estimands(study: Study) -> list[Estimand]:
    """The main contrast of every outcome at every follow-up."""
    return [
        estimands_of(study, outcome, follow_up)[0]
        for outcome in study.outcomes
        for follow_up in outcome.follow_ups
    ]


def run_deviations(study: Study, *, linkage_rule: str = "") -> tuple[str, ...]:
    """Everything run differently from the declaration.

    Parameters
    ----------
    linkage_rule : str
        The rule that the outcomes were asked to be linked by; empty: the declared one.
    """
    declared: dict[tuple[str, str], None] = {}
    for survey, _, wave in waves_linked(study):
        export = study.wave(wave).export(survey)
        # An identifier is only ever linked exactly, whatever was asked for.
        if export is not None and export.linkage == "self_generated_code":
            rule = export.linkage_rule
            declared[survey, rule.rule if rule else "exact"] = None
    return tuple(
        f"Survey '{survey}': responses were linked by the rule '{linkage_rule}', and "
        f"declared is '{rule}'."
        for survey, rule in declared
        if linkage_rule not in ("", rule)
    )


def differences(locked: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Every difference between two lockable contents, in words.

    What differs alike at several waves is stated once.
    """
    yield from _whole(locked, now)
    waves_of: dict[str, list[str]] = {}
    was_leaves, now_leaves = dict(_leaves(locked)), dict(_leaves(now))
    for path in dict.fromkeys([*was_leaves, *now_leaves]):
        pair = (was_leaves.get(path, ABSENT), now_leaves.get(path, ABSENT))
        if pair[0] == pair[1] or _in_one_alone(path, locked, now):
            continue
        description = f"{_subject(path)} {_change(*pair)}"
        waves_of.setdefault(description, []).extend(
            path[1:2] if path[0] == "waves" else []
        )
    for description, waves in waves_of.items():
        yield f"At {', '.join(waves)}: {description}" if waves else description


def _whole(locked: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What was added or dropped whole: outcomes, waves, teams, surveys of waves."""
    for table, one in NAMED.items():
        was, current = locked.get(table, {}), now.get(table, {})
        for name in dict.fromkeys([*was, *current]):
            if name not in current:
                yield f"The {one} '{name}' was dropped."
            elif name not in was:
                also = ": it is exploratory" if table == "outcomes" else ""
                yield f"The {one} '{name}' was added after the lock{also}."
    was, current = locked.get("waves", {}), now.get("waves", {})
    for wave in [name for name in was if name in current]:
        for survey in dict.fromkeys([*was[wave], *current[wave]]):
            if survey not in current[wave]:
                yield f"At {wave}: survey '{survey}' was dropped."
            elif survey not in was[wave]:
                yield f"At {wave}: survey '{survey}' was added after the lock."


def _leaves(
    table: Mapping[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key), value


def _in_one_alone(
    path: tuple[str, ...], locked: Mapping[str, Any], now: Mapping[str, Any]
) -> bool:
    """Whether what the path is about was said to be added or dropped as a whole."""
    table, name, *rest = path
    if table not in NAMED:
        return False
    was, current = locked.get(table, {}), now.get(table, {})
    if (name in was) != (name in current):
        return True
    return table == "waves" and (rest[0] in was[name]) != (rest[0] in current[name])


def _subject(path: tuple[str, ...]) -> str:
    table, name, *rest = path
    if table == "waves":
        survey, *key = rest
        return f"survey '{survey}': {_called(key)}"
    if table == "outcomes":
        return f"Outcome '{name}': {_called(rest)}"
    if table == "teams":
        return f"Team '{name}': its arm"
    return f"{table.capitalize()}: {_called([name, *rest])}"


def _called(key: list[str]) -> str:
    path = ".".join(key)
    return LEAVES.get(path, path)


def _change(was: Any, now: Any) -> str:
    if was is ABSENT:
        return f"was not stated when locked and is {_value_text(now)} now."
    if now is ABSENT:
        return f"was {_value_text(was)} when locked and is not stated now."
    return f"was {_value_text(was)} when locked and is {_value_text(now)} now."


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if value else "empty"
    if isinstance(value, list):
        return ", ".join(map(_value_text, value)) or "empty"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_value_text(part)}" for key, part in value.items())
    return f"{value:.12g}"
