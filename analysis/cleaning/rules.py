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
    from analysis.declarations.survey import CleaningRules, Export
    from analysis.intake.responses import Responses

    Stays: TypeAlias = pd.Series[bool] | bool
    """Which responses stay; True: all of them."""
    Rule: TypeAlias = Callable[[pd.DataFrame, CleaningRules], Stays]

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
    answered = _answered(people, export.cleaning, left_out)
    return Cleaned(
        export=export,
        frame=_kept(frame, export, stays, flagged),
        received=len(frame),
        answered=int(answered.sum()),
        left_out={rule: len(arms) for rule, arms in left_out.items()},
        emptied=emptied or {},
        by_arm=_by_arm(people, left_out, answered),
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
        kept = rule(stays, export.cleaning)
        if isinstance(kept, bool) or kept.all():
            continue
        left_out[name] = arm.loc[stays.index[~kept]]
        stays = stays.loc[kept]
    return stays


NOBODYS = ("preview", "submission_shared", "identical_answers")
"""Rules that leave out what is no response of a further person."""


def _answered(
    people: pd.DataFrame, rules: CleaningRules, left_out: Mapping[str, pd.Series[Any]]
) -> pd.Series[bool]:
    """Which responses answer any item, of one person's one, previews aside."""
    answered = people["share_answered"] > 0
    for rule in NOBODYS:
        if rule in left_out:
            answered &= ~people.index.isin(left_out[rule].index)
    if rules.repeats != "keep" and "participant" in people:
        # Who sent a form twice, or began one twice, is one person who answered.
        who = people["participant"].where(answered, "")
        answered &= ~(who.duplicated(keep="last") & (who != ""))
    return answered


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
    people: pd.DataFrame,
    left_out: Mapping[str, pd.Series[Any]],
    answered: pd.Series[bool],
) -> dict[str, Flow]:
    if "arm" not in people.columns:
        return {}
    received = people["arm"].value_counts()
    with_answers = people.loc[answered, "arm"].value_counts()
    removed = {rule: arms.value_counts() for rule, arms in left_out.items()}
    return {
        str(arm): Flow(
            received=int(received[arm]),
            answered=int(with_answers.get(arm, 0)),
            left_out={
                rule: int(counts.get(arm, 0)) for rule, counts in removed.items()
            },
        )
        for arm in sorted(received.index)
        if arm
    }


def _of_one_submission(people: pd.DataFrame, rules: CleaningRules) -> Stays:
    """Which of the responses of several people under one submission id stay.

    Several responses of one person under it are repeats, not this.
    """
    if rules.shared_submission == "keep":
        return True
    who = people.groupby("submission", sort=False)["participant"]
    shared = (people["submission"] != "") & (who.transform("nunique") > 1)
    return _one_of(people["submission"], rules.shared_submission, among=shared)


def _not_the_same_answers(people: pd.DataFrame, rules: CleaningRules) -> Stays:
    """Which of the responses that answer every item alike stays."""
    if rules.identical_answers == "keep":
        return True
    same = people["same_answers"]
    return _one_of(same, rules.identical_answers, among=same >= 0)


def _total_agrees(people: pd.DataFrame, rules: CleaningRules) -> Stays:
    """Whose printed totals are the scores of their items, where that is asked for."""
    flags = people["flags"].cat
    agree = pd.Series(data=True, index=people.index)
    for total in rules.printed_totals:
        if total.action == "leave_out":
            name = str(Group("printed_total", total.score))
            has = [name in text.split("; ") for text in flags.categories]
            agree &= ~np.array([*has, False])[flags.codes]
    return agree


RULES: Mapping[str, Rule] = {
    # what the survey tool itself marks as a preview, a test or spam
    "preview": lambda people, rules: (
        rules.previews == "keep" or "preview" not in people or ~people["preview"]
    ),
    "no_consent": lambda people, _: people["consented"],
    "not_finished": lambda people, _: people["finished"],
    # no answer to an attention check is not the one it asks for
    "attention_failed": lambda people, rules: (
        not rules.attention or people["attentive"]
    ),
    "too_little_answered": lambda people, rules: (
        people["share_answered"] >= rules.least_answered
    ),
    # unknown times leave nobody out
    "dates_out_of_order": lambda people, rules: (
        not rules.dates_in_order or people["dates_in_order"]
    ),
    "submission_shared": _of_one_submission,
    # without an identifier nobody can be recognised as one who repeats
    "repeated": lambda people, rules: _one_of(
        people["participant"], rules.repeats, among=people["participant"] != ""
    ),
    "identical_answers": _not_the_same_answers,
}
"""Why a response is left out → the rule that says who stays, in order."""

FLAG_RULES: Mapping[str, Rule] = {
    "printed_total_disagrees": _total_agrees,
    "careless": lambda people, rules: (
        not (rules.careless and rules.careless.action == "leave_out")
        or ~people["careless"]
    ),
}
"""The same, for rules on flags, which are raised among those who stayed so far."""


def _one_of(key: pd.Series[Any], which: str, *, among: pd.Series[bool]) -> Stays:
    """Which of the responses with the same key stay, among those the rule is about."""
    if which == "keep":
        return True
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
