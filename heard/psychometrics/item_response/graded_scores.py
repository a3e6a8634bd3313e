"""Score each participant on the trait of a graded response model.

One row a participant: nothing here may leave the folders that hold rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from heard.models.complete_responses import (
    Array,
    Responses,
    read_responses,
)
from heard.models.stable_choice import smallest
from heard.psychometrics.categories import categorised_responses
from heard.psychometrics.item_response.graded_fit import (
    GRID,
    WEIGHTS,
    GradedParameters,
    curves,
    item_information,
)

Ranks = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

SCORES = (
    "expected_a_posteriori",
    "expected_a_posteriori_standard_error",
    "maximum_a_posteriori",
    "maximum_a_posteriori_standard_error",
    "person_fit",
)
BLOCK = 20_000
STEPS = 100


def graded_information(
    parameters: GradedParameters, traits: Sequence[float] | Array | None = None
) -> pd.DataFrame:
    """Calculate how exactly each item, and the subscale, measures along the trait.

    Parameters
    ----------
    parameters : GradedParameters
        Of `graded_response_model`.
    traits : sequence of float, optional
        Where; by default from -3 to 3 in steps of a half. 0 is the mean of the people
        the model was fitted to, 1 their standard deviation.

    Returns
    -------
    DataFrame
        Columns item (empty for the whole), trait, information, standard_error (of a
        maximum likelihood score: one over the root of the information; infinite where
        there is no information).
    """
    where = np.asarray(np.linspace(-3, 3, 13) if traits is None else traits, float)
    slopes, intercepts = parameters.arrays()
    each = item_information(slopes, intercepts, where)
    table = np.vstack([each, each.sum(axis=0)])
    informative = table > 0
    error = np.where(
        informative, 1 / np.sqrt(np.where(informative, table, 1.0)), np.inf
    )
    names = np.array([*parameters.items, ""], dtype=object)
    return pd.DataFrame(
        {
            "item": np.repeat(names, len(where)),
            "trait": np.tile(where, len(names)),
            "information": table.ravel(),
            "standard_error": error.ravel(),
        }
    )


def graded_scores(responses: Responses, parameters: GradedParameters) -> pd.DataFrame:
    """Score each participant on the trait, and how odd the answers are together.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_columns)
        Keyed responses, holding the items of the model; NaN if unanswered. An answer
        that no one gave when the model was fitted counts as the nearest one given.
    parameters : GradedParameters
        Of `graded_response_model`.

    Returns
    -------
    DataFrame, shape (n_participants, 7)
        Indexed as `responses`: mean and mode of the trait given the answers, with
        standard errors (the standard normal is the prior); `person_fit`, the
        standardised log likelihood lz (far below 0: answers that do not go together;
        its spread is below 1, most of all with few items); `answered`, how many items;
        `reason` why there are no scores, empty if there are.

    Raises
    ------
    ValueError
        If an item of the model is no column of `responses`.

    References
    ----------
    Drasgow, Levine & Williams (1985), British Journal of Mathematical and Statistical
    Psychology 38(1), 67-86.
    """
    responses = read_responses(responses)
    lacking = [name for name in parameters.items if name not in responses.columns]
    if lacking:
        raise ValueError(f"responses lack the items {', '.join(lacking)}")
    chosen = responses[list(parameters.items)]
    fault = categorised_responses(chosen, parameters.categories).fault
    ranks = np.full(chosen.shape, -1) if fault else nearest_ranks(chosen, parameters)
    answered = (ranks >= 0).sum(axis=1)
    rows, person = np.unique(ranks, axis=0, return_inverse=True)
    blocks = [
        row_scores(rows[start : start + BLOCK], parameters)
        for start in range(0, len(rows), BLOCK)
    ]
    table = np.vstack(blocks) if blocks else np.empty((0, len(SCORES)))
    table = table[person.ravel()]
    table[answered == 0] = np.nan
    frame = pd.DataFrame(table, columns=list(SCORES), index=responses.index)
    reason = fault or "no item of the model answered"
    return frame.assign(answered=answered, reason=np.where(answered > 0, "", reason))


def nearest_ranks(responses: pd.DataFrame, parameters: GradedParameters) -> Ranks:
    """The rank of each answer among those of the model; -1 if unanswered."""
    values = responses.to_numpy(dtype=float, na_value=np.nan)
    ranks = np.full(values.shape, -1, dtype=np.int64)
    for place, codes in enumerate(parameters.codes):
        given = ~np.isnan(values[:, place])
        distance = np.abs(values[given, place][:, None] - np.array(codes))
        ranks[given, place] = smallest(distance)
    return ranks


def row_scores(rows: Ranks, parameters: GradedParameters) -> Array:
    """The scores of different rows of answers, shape (n_rows, 5)."""
    slopes, intercepts = parameters.arrays()
    log_chance = curves(slopes, intercepts, GRID).log_chance
    items, answers, size = log_chance.shape
    indicators = (rows[:, :, None] == np.arange(answers)).reshape(len(rows), -1)
    joint = indicators @ log_chance.reshape(items * answers, size) + np.log(WEIGHTS)
    posterior = np.exp(joint - joint.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    mean = posterior @ GRID
    spread = np.sqrt(np.maximum(posterior @ GRID**2 - mean**2, 0.0))
    mode, curvature = _mode(rows, slopes, intercepts, mean)
    fit = _person_fit(rows, slopes, intercepts, mean)
    return np.column_stack([mean, spread, mode, 1 / np.sqrt(curvature), fit])


def _mode(
    rows: Ranks, slopes: Array, intercepts: Array, start: Array
) -> tuple[Array, Array]:
    """Mode of each posterior, and minus its second derivative; it is concave."""
    trait = start.copy()
    curvature = np.ones(len(rows))
    for _ in range(STEPS):
        found = curves(slopes, intercepts, trait)
        slope = found.rise - found.fall
        divisor = np.where(found.chance > 0, found.chance, 1.0)
        bend = (found.bend[:, :-1] - found.bend[:, 1:]) / divisor - slope**2
        gradient = slopes @ _given(slope, rows) - trait
        curvature = 1 - slopes**2 @ _given(bend, rows)
        # Half a standard deviation at most, so that no step leaps over the mode.
        step = np.clip(gradient / curvature, -0.5, 0.5)
        trait = trait + step
        if not len(step) or np.abs(step).max() < 1e-10:
            break
    return trait, curvature


def _person_fit(rows: Ranks, slopes: Array, intercepts: Array, trait: Array) -> Array:
    found = curves(slopes, intercepts, trait)
    log_chance = found.log_chance
    answered = rows.T >= 0
    mean = (found.chance * log_chance).sum(axis=1)
    spread = (found.chance * log_chance**2).sum(axis=1) - mean**2
    excess = (_given(log_chance, rows) - mean * answered).sum(axis=0)
    total = (spread * answered).sum(axis=0)
    shown: Array = excess / np.sqrt(np.where(total > 0, total, 1.0))
    return shown


def _given(table: Array, rows: Ranks) -> Array:
    """The entry of the answer given, 0 if none, shape (n_items, n_rows)."""
    places = np.maximum(rows.T, 0)[:, None, :]
    shown: Array = np.take_along_axis(table, places, axis=1)[:, 0] * (rows.T >= 0)
    return shown
