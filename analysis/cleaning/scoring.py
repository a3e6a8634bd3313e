"""Clean responses into scores, by the codebook: keys, points, missing rule.

Scoring is data; an instrument never needs code of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from analysis.cleaning.flow import FRAME_COLUMNS
from heard.models.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.cleaning.flow import Cleaned
    from analysis.declarations.instrument import Coding, Instrument, Subscale
    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

PEOPLE = 32_768
"""People scored at a time: keyed answers take as much as the answers do."""


def keyed_responses(responses: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Responses to one instrument with every item's high end meaning the same.

    Parameters
    ----------
    responses : DataFrame, one row a participant
        With a column ``instrument.item`` an item: codes as answered, NaN if not.

    Returns
    -------
    DataFrame, shape (n_participants, n_items)
        A column an item, named by the item alone: reverse-keyed items reverse-scored,
        then codes converted to points where the codebook has points.
    """
    keyed = np.empty((len(instrument.items), len(responses)))
    for place, item in enumerate(instrument.items):
        codes = responses[f"{instrument.name}.{item.name}"]
        keyed[place] = _worth(
            codes.to_numpy(float, na_value=np.nan),
            instrument.coding(item.name),
            turned=item.reverse_keyed,
        )
    names = [item.name for item in instrument.items]
    return pd.DataFrame(keyed.T, index=responses.index, columns=names, copy=False)


def _worth(codes: Array, coding: Coding, *, turned: bool) -> Array:
    """What the answers to one item are worth; NaN for a code that has no points."""
    keyed = coding.lowest + coding.highest - codes if turned else codes
    if not coding.points:
        return keyed
    # Codes lie a step apart, so that their place is arithmetic: no search a cell.
    points = {float(code): worth for code, worth in coding.points.items()}
    worth = np.array([points[code] for code in coding.codes()])
    steps = (keyed - coding.lowest) / coding.step
    place = np.clip(np.rint(np.nan_to_num(steps)), 0, len(worth) - 1).astype(np.intp)
    return np.where(np.abs(place - steps) < 1e-9, worth[place], np.nan)


def score_subscale(keyed: pd.DataFrame, subscale: Subscale) -> pd.Series[float]:
    """The score of each participant on a subscale that is made of items.

    Returns
    -------
    Series of float
        NaN where more items are unanswered than the codebook allows.
    """
    items = keyed[list(subscale.items)].to_numpy(float)
    asked = np.ones(items.shape, dtype=bool)
    if subscale.gates:
        gates = keyed[list(subscale.gates)]
        # Who left the deciding question out was asked, and did not answer.
        asked = ((gates == subscale.gate_open) | gates.isna()).to_numpy()
        items = np.where(gates.notna().to_numpy() & asked, items, np.nan)
    answered = (~np.isnan(items) & asked).sum(axis=1)
    due = asked.sum(axis=1)
    total = np.where(asked, np.nan_to_num(items), 0.0).sum(axis=1)
    mean = total / np.where(answered > 0, answered, np.nan)
    score = _combined(total, mean, complete=answered == due, subscale=subscale)
    enough = answered >= due - subscale.max_missing
    return pd.Series(
        np.where(enough, score, np.nan), index=keyed.index, name=subscale.name
    )


def _combined(
    total: Array, mean: Array, *, complete: Array, subscale: Subscale
) -> Array:
    count = len(subscale.items)
    if subscale.method == "sum":
        # With gaps filled by the person's own mean, the sum is mean times items;
        # without gaps the plain sum keeps whole numbers whole.
        return np.where(complete, total, mean * count)
    low, high = subscale.item_ends
    if subscale.method == "all_highest":
        return (total >= high * count - 1e-9).astype(float)
    if subscale.rescaled:
        width = subscale.highest - subscale.lowest
        return subscale.lowest + width * (mean - low) / (high - low)
    return mean


def score_subscales(keyed: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Every score of one instrument, those made of other scores after their parts.

    Returns
    -------
    DataFrame, one row a participant
        A column a subscale, in the order of the codebook. A score of scores is NaN
        where any of its parts is.
    """
    scores: dict[str, pd.Series[float]] = {}
    for subscale in instrument.subscales:
        if not subscale.parts:
            scores[subscale.name] = score_subscale(keyed, subscale)
            continue
        parts = pd.DataFrame({name: scores[name] for name in subscale.parts})
        if subscale.method == "lookup":
            scores[subscale.name] = parts[subscale.parts[0]].map(dict(subscale.lookup))
        elif subscale.method == "sum":
            scores[subscale.name] = parts.sum(axis="columns", skipna=False)
        else:
            scores[subscale.name] = parts.mean(axis="columns", skipna=False)
    return pd.DataFrame(scores, index=keyed.index, dtype=float)


def score_responses(
    responses: pd.DataFrame, instruments: Iterable[Instrument]
) -> pd.DataFrame:
    """Every score of every participant.

    Returns
    -------
    DataFrame, one row a participant
        Who, where and in which arm, and a column ``instrument.subscale`` a score.
    """
    who = [name for name in FRAME_COLUMNS if name in responses.columns]
    asked = tuple(instruments)

    def some(start: int) -> pd.DataFrame:
        people = responses.iloc[start : start + PEOPLE]
        scores = {
            f"{instrument.name}.{name}": column
            for instrument in asked
            for name, column in score_subscales(
                keyed_responses(people, instrument), instrument
            ).items()
        }
        return people[who].assign(**scores)

    return pd.concat(in_threads(some, range(0, len(responses) or 1, PEOPLE)))


def score_wave(
    cleaned: Iterable[Cleaned], study: Study
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Survey → its clean responses, and their scores with attributes of people."""
    return {
        survey.export.survey: (
            survey.frame,
            score_survey(survey.frame, survey.export, study),
        )
        for survey in cleaned
    }


def score_survey(responses: pd.DataFrame, export: Export, study: Study) -> pd.DataFrame:
    """Scores with the attributes that form groups, and each person's dose of the pilot.

    Joined here, as a join of two files later would rest on the order of their rows.
    """
    scores = score_responses(responses, study.asked(export).values())
    dose = study.dose
    doses = dose.attributes if dose and dose.survey == export.survey else ()
    kept = [
        attribute.name
        for attribute in export.attributes
        if (attribute.values and not attribute.separator) or attribute.name in doses
    ]
    return scores.assign(**{name: responses[name] for name in kept})
