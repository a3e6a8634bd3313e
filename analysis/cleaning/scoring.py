"""Clean responses into scores, by the codebook: keys, points, missing rule.

Scoring is data; an instrument never needs code of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.cleaning.flow import FRAME_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analysis.cleaning.flow import Cleaned
    from analysis.declarations import Instrument, Study, Subscale


def keyed_responses(responses: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Responses to one instrument with every item's high end meaning the same.

    Parameters
    ----------
    responses : DataFrame, one row a participant
        With a column ``instrument.item`` an item: codes as answered, NaN if not.

    Returns
    -------
    DataFrame, shape (n_participants, n_items)
        A column an item, named by the item alone: reverse-keyed items turned round,
        then codes turned to points where the codebook has points.
    """
    names = [item.name for item in instrument.items]
    codes = responses[[f"{instrument.name}.{name}" for name in names]]
    keyed = codes.set_axis(names, axis="columns")
    ends = instrument.lowest + instrument.highest
    turned = [item.name for item in instrument.items if item.reverse_keyed]
    keyed = keyed.assign(**{name: ends - keyed[name] for name in turned})
    if not instrument.points:
        return keyed
    points = {float(code): value for code, value in instrument.points.items()}
    scored: pd.DataFrame = keyed.apply(lambda column: column.map(points))
    return scored


def score_subscale(keyed: pd.DataFrame, subscale: Subscale) -> pd.Series[float]:
    """The score of each participant on a subscale.

    Returns
    -------
    Series of float
        NaN where more items are unanswered than the codebook allows.
    """
    items = keyed[list(subscale.items)]
    answered = items.notna().sum(axis="columns")
    enough = answered >= len(subscale.items) - subscale.max_missing
    mean = items.sum(axis="columns") / answered.where(answered > 0)
    if subscale.method == "sum":
        # With gaps filled by the person's own mean, the sum is mean times items;
        # without gaps the plain sum keeps whole numbers whole.
        complete = answered == len(subscale.items)
        filled = mean * len(subscale.items)
        score = filled.where(~complete, items.sum(axis="columns"))
    else:
        score = mean
    return score.where(enough, np.nan).rename(subscale.name)


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
    scores = {
        f"{instrument.name}.{subscale.name}": score_subscale(keyed, subscale)
        for instrument in instruments
        for keyed in [keyed_responses(responses, instrument)]
        for subscale in instrument.subscales
    }
    return responses[who].assign(**scores)


def score_wave(
    cleaned: Iterable[Cleaned], study: Study
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Survey → its clean responses and their scores."""
    return {
        survey.export.survey: (
            survey.frame,
            score_responses(
                survey.frame,
                [study.instruments[name] for name in survey.export.instruments],
            ),
        )
        for survey in cleaned
    }
