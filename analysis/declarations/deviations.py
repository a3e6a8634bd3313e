"""What was locked beside what is declared or run now: every difference in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.declarations.linkage import waves_linked
from analysis.declarations.plan_lock import lockable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.study import Study

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
    "cleaning.least_answered": "the least share of items answered",
    "gates.least_reliability": "the least reliability",
    "multiplicity_rule": "the rule for several outcomes",
    "primary": "the primary outcome",
    "summary_measure": "the summary measure",
}
"""Key → what it is called; any other is called by its key."""

ABSENT = object()
Leaves = dict[tuple[str, ...], Any]


def deviations(study: Study) -> tuple[str, ...]:
    """Everything that is declared otherwise than it was locked, a sentence each.

    None where nothing was locked.
    """
    if study.lock is None:
        return ()
    if study.plan is None:
        return (NO_PLAN,)
    return tuple(differences(study.lock.locked, lockable(study)))


def run_deviations(study: Study, *, linkage_rule: str = "") -> tuple[str, ...]:
    """Everything run otherwise than declared.

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

    What differs alike at several waves is said once.
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
