"""Responses into clean responses: only a declared rule leaves anyone out.

Each rule says which responses stay; what was left out is counted by the first rule
that left it out, in the order of `RULES`, then of `FLAG_RULES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from analysis.cleaning.flags import flag_responses
from analysis.cleaning.flow import Cleaned, Flow
from analysis.foundation.findings import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from analysis.cleaning.flags import Flagged
    from analysis.declarations.instrument import Instrument
    from analysis.declarations.survey import Export
    from analysis.intake.responses import Responses

if TYPE_CHECKING:
    Rule: TypeAlias = Callable[[pd.DataFrame, Export], pd.Series[bool]]

CONDUCT = (
    "preview",
    "consented",
    "finished",
    "attentive",
    "submission",
    "dates_in_order",
    "seconds",
)
"""Columns that only the rules need."""


def clean_responses(
    frame: pd.DataFrame,
    export: Export,
    *,
    emptied: Mapping[tuple[str, str], int] | None = None,
    instruments: Mapping[str, Instrument] | None = None,
) -> Cleaned:
    """Apply the declared rules in their order.

    Parameters
    ----------
    frame : DataFrame, one row a response
        As `analysis.intake.map_responses` makes it.
    instruments : mapping
        Codebooks, for the indices and totals that need keys.
    """
    people = _people(frame, export)
    left_out: dict[str, pd.Series[Any]] = {}
    stays = _apply(RULES, people, export, left_out)
    rows = frame.index.isin(stays.index)
    flagged = flag_responses(frame, export, instruments or {}, rows=rows)
    if flagged is not None:
        stays = stays.assign(flags=flagged.flags, careless=flagged.careless)
        stays = _apply(FLAG_RULES, stays, export, left_out)
    return Cleaned(
        export=export,
        frame=_kept(frame, export, stays, flagged),
        received=len(frame),
        left_out={rule: len(arms) for rule, arms in left_out.items()},
        emptied=emptied or {},
        by_arm=_by_arm(people, left_out),
        flagged=flagged,
    )


def _people(frame: pd.DataFrame, export: Export) -> pd.DataFrame:
    """What the rules look at: a row a response, without a column an item."""
    items = [name for name in export.columns.items if name in frame.columns]
    answered = np.zeros(len(frame))
    for name in items:
        answered += frame[name].notna().to_numpy()
    people = frame.drop(columns=items).assign(
        share_answered=answered / len(items) if items else 1.0
    )
    if export.cleaning.identical_answers != "keep":
        people["same_answers"] = _same_answers(frame[items], answered > 0)
    return people


def _apply(
    rules: Mapping[str, Rule],
    people: pd.DataFrame,
    export: Export,
    left_out: dict[str, pd.Series[Any]],
) -> pd.DataFrame:
    """Who stays; the arms of those who do not are kept by rule."""
    stays = people
    arm = people.get("arm", pd.Series("", index=people.index))
    for name, rule in rules.items():
        kept = rule(stays, export)
        if kept.all():
            continue
        left_out[name] = arm.loc[stays.index[~kept]]
        stays = stays.loc[kept]
    return stays


def _kept(
    frame: pd.DataFrame, export: Export, stays: pd.DataFrame, flagged: Flagged | None
) -> pd.DataFrame:
    printed = [total.name for total in export.cleaning.printed_totals]
    conduct_columns = [name for name in (*CONDUCT, *printed) if name in frame.columns]
    kept = frame.drop(columns=conduct_columns)
    if len(stays) < len(frame):
        kept = kept.loc[stays.index]
    if flagged is not None:
        kept = kept.assign(flags=stays["flags"])
        if export.cleaning.careless is not None:
            kept = kept.assign(careless=stays["careless"])
    return kept.reset_index(drop=True)


def _by_arm(
    people: pd.DataFrame, left_out: Mapping[str, pd.Series[Any]]
) -> dict[str, Flow]:
    if "arm" not in people.columns:
        return {}
    received = people["arm"].value_counts()
    removed = {rule: arms.value_counts() for rule, arms in left_out.items()}
    return {
        str(arm): Flow(
            received=int(received[arm]),
            left_out={
                rule: int(counts.get(arm, 0)) for rule, counts in removed.items()
            },
        )
        for arm in sorted(received.index)
        if arm
    }


def not_preview(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Which rows the survey tool does not itself mark as a preview, a test or spam."""
    if "preview" not in people or export.cleaning.previews == "keep":
        return _everyone(people)
    return ~people["preview"]


def gave_consent(people: pd.DataFrame, _: Export) -> pd.Series[bool]:
    """Who agreed that the answers be used."""
    return people["consented"]


def finished(people: pd.DataFrame, _: Export) -> pd.Series[bool]:
    """Who came to the end of the form."""
    return people["finished"]


def attentive(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Who answered every attention check as it asked; no answer is not one."""
    return people["attentive"] if export.cleaning.attention else _everyone(people)


def answered_enough(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Who answered at least the declared share of the items."""
    return people["share_answered"] >= export.cleaning.least_answered


def sent_after_begun(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Whose form was not sent before it was begun; unknown times leave nobody out."""
    declared = export.cleaning.dates_in_order
    return people["dates_in_order"] if declared else _everyone(people)


def of_one_submission(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Which of the responses of several people under one submission id stay.

    Several responses of one person under it are repeats, not this.
    """
    which = export.cleaning.shared_submission
    if which == "keep":
        return _everyone(people)
    who = people.groupby("submission", sort=False)["participant"]
    shared = (people["submission"] != "") & (who.transform("nunique") > 1)
    return _one_of(people["submission"], which, among=shared)


def not_repeated(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Which response of a participant who responded more than once stays.

    Responses without an identifier cannot be recognised as repeats, and stay.
    """
    known = people["participant"] != ""
    return _one_of(people["participant"], export.cleaning.repeats, among=known)


def not_the_same_answers(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Which of the responses that answer every item alike stays."""
    which = export.cleaning.identical_answers
    if which == "keep":
        return _everyone(people)
    same = people["same_answers"]
    return _one_of(same, which, among=same >= 0)


def total_agrees(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Whose printed totals are the scores of their items, where that is asked for."""
    agree = _everyone(people)
    for total in export.cleaning.printed_totals:
        if total.action == "leave_out":
            name = str(Group("printed_total", total.score))
            has = [name in text.split("; ") for text in people["flags"].cat.categories]
            agree &= ~np.array([*has, False])[people["flags"].cat.codes]
    return agree


def not_careless(people: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Whom fewer indices flagged than are needed, where the rule is to leave out."""
    rules = export.cleaning.careless
    leaves_out = rules is not None and rules.action == "leave_out"
    return ~people["careless"] if leaves_out else _everyone(people)


RULES: Mapping[str, Rule] = {
    "preview": not_preview,
    "no_consent": gave_consent,
    "not_finished": finished,
    "attention_failed": attentive,
    "too_little_answered": answered_enough,
    "dates_out_of_order": sent_after_begun,
    "submission_shared": of_one_submission,
    "repeated": not_repeated,
    "identical_answers": not_the_same_answers,
}
"""Why a response is left out → the rule that says who stays, in order."""

FLAG_RULES: Mapping[str, Rule] = {
    "printed_total_disagrees": total_agrees,
    "careless": not_careless,
}
"""The same, for rules on flags, which are raised among those who stayed so far."""


def _everyone(people: pd.DataFrame) -> pd.Series[bool]:
    return pd.Series(data=True, index=people.index)


def _one_of(
    key: pd.Series[Any], which: str, *, among: pd.Series[bool]
) -> pd.Series[bool]:
    """Which of the responses with the same key stay, among those the rule is about."""
    if which == "keep":
        return pd.Series(data=True, index=key.index)
    if which == "none":
        return ~(key.duplicated(keep=False) & among)
    later = key.duplicated(keep="first" if which == "first" else "last")
    return ~(later & among)


def _same_answers(
    answers: pd.DataFrame, answered: np.ndarray[Any, Any]
) -> pd.Series[int]:
    """A number shared by the responses that answer all alike; -1 for one of its kind.

    Hashes find the candidates; the answers themselves decide.
    """
    hashes = pd.util.hash_pandas_object(answers, index=False)
    candidates = hashes.duplicated(keep=False) & answered
    same = pd.Series(-1, index=answers.index)
    answer_rows = answers.loc[candidates].fillna(np.inf)
    if len(answer_rows):
        groups = answer_rows.groupby(list(answer_rows.columns), sort=False).ngroup()
        same.loc[candidates] = groups.where(groups.duplicated(keep=False), -1)
    return same


def clean_wave(responses: Iterable[Responses]) -> tuple[Cleaned, ...]:
    """Clean every survey of a wave."""
    return tuple(
        clean_responses(
            survey.frame,
            survey.export,
            emptied=survey.emptied,
            instruments=survey.instruments,
        )
        for survey in responses
    )
