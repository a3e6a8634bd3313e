"""Estimate the reliability of level and of change over waves.

Variance components of people x items x waves come from mean squares, so only people
with every answer count. Oracle: R psych,
tests/oracles/values/waves_reliability_sai_VALE.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import percent
from heard.models.complete_responses import (
    PERFECT,
    Array,
    Responses,
    complete_responses,
    read_responses,
)
from heard.results import Composite, Estimate, Result, Unavailable

WORDS = {
    "reliability_of_average_over_waves": "RkF: mean of a person over these waves",
    "reliability_of_one_wave": "R1R: one person's score at any one wave",
    "reliability_of_average_over_random_waves": "RkR: mean over waves, any waves",
    "reliability_of_change": "Rc: change of one person between waves",
    "reliability_of_average_nested": "RkRn: mean over waves, waves nested in people",
    "reliability_of_change_nested": "Rcn: change, waves nested in people",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesReliability(Composite):
    """How reliably people's level, and their change, are measured over the waves."""

    reliability_of_average_over_waves: Result
    reliability_of_one_wave: Result
    reliability_of_average_over_random_waves: Result
    reliability_of_change: Result
    reliability_of_average_nested: Result
    reliability_of_change_nested: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What mean squares need, summed over people; one set a row.

    `n`, shape (rows,): people in each set.
    `pooled`, shape (rows, waves, items): sums of answers.
    `own`, shape (rows, 4): sums of squares: of answers, and of each person's mean, wave
      means, item means.
    """

    n: Array
    pooled: Array
    own: Array

    @classmethod
    def of_everyone(cls, cells: Array) -> Sums:
        """One set: all people, cells of shape (people, waves, items)."""
        own = cls.of_each(cells)
        return cls(
            n=np.array([float(len(cells))]),
            pooled=cells.sum(axis=0)[None],
            own=own.sum(axis=0)[None],
        )

    @classmethod
    def without_each(cls, cells: Array) -> Sums:
        """A set for each person left out."""
        every, own = cls.of_everyone(cells), cls.of_each(cells)
        return cls(
            n=np.full(len(cells), len(cells) - 1.0),
            pooled=every.pooled - cells,
            own=every.own - own,
        )

    @staticmethod
    def of_each(cells: Array) -> Array:
        """The squares of every person, shape (people, 4)."""
        return np.stack(
            [
                (cells**2).sum(axis=(1, 2)),
                cells.mean(axis=(1, 2)) ** 2,
                (cells.mean(axis=2) ** 2).sum(axis=1),
                (cells.mean(axis=1) ** 2).sum(axis=1),
            ],
            axis=1,
        )


def reliability_over_waves(
    responses: Responses,
    *,
    participants: pd.Series,
    waves: pd.Series,
    confidence: float = 0.95,
) -> WavesReliability:
    """Estimate how reliably level and change are measured over several waves.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_rows, n_items)
        Keyed responses, one row a person at a wave.
    participants, waves : Series, shape (n_rows,)
        Who and when, by position. Only people who answered every item at every wave are
        kept.
    confidence : float
        Coverage of the intervals: jackknife over people, on the scale log(1 - R), t.

    Returns
    -------
    WavesReliability
        Unitless, at most 1. A component below zero counts as zero. `Unavailable` with
        fewer than 2 items, 2 waves or 3 complete people, a person twice at a wave, or
        no variance.

    References
    ----------
    Cranford and others (2006), Personality and Social Psychology Bulletin 32(7),
    917-929.
    Shrout & Lane (2012), Handbook of Research Methods for Studying Daily Life, 302-320.
    """
    responses = read_responses(responses)
    cells, reason = _cube(responses, participants, waves)
    n, times, items = cells.shape
    how = (
        f"{n} people, {times} waves, {items} items crossed, mean squares, components "
        f"below zero taken as zero; {percent(confidence)} jackknife interval over "
        "people, log(1 - R), t; people with any gap left out"
    )
    if reason:
        return WavesReliability.unavailable(reason, n=n, method=how)
    found = _coefficients(Sums.of_everyone(cells))
    without = _coefficients(Sums.without_each(cells))
    return WavesReliability(
        **{
            term: _with_interval(
                float(found[term][0]),
                without[term],
                term=term,
                method=f"{words}; {how}",
                confidence=confidence,
            )
            for term, words in WORDS.items()
        }
    )


def _cube(
    responses: pd.DataFrame, participants: pd.Series, waves: pd.Series
) -> tuple[Array, str]:
    """Answers of complete people, shape (n, waves, items); and what is lacking."""
    complete = complete_responses(responses)
    items = len(complete.names)
    nothing = np.empty((0, 0, items))
    if complete.fault:
        return nothing, complete.fault
    keys = pd.DataFrame({"who": participants.to_numpy(), "when": waves.to_numpy()})
    answered = (responses.notna().all(axis=1).to_numpy()) & keys.notna().all(
        axis=1
    ).to_numpy()
    keys = keys[answered]
    if repeated := int(keys.duplicated().sum()):
        return nothing, f"{repeated} rows repeat a person at a wave"
    times = keys["when"].nunique()
    counts = keys.groupby("who")["when"].transform("size")
    whole = (counts == times).to_numpy()
    order = keys[whole].sort_values(["who", "when"]).index
    people = len(order) // max(times, 1)
    if items < 2 or times < 2 or people < 3:
        return nothing, (
            f"{items} items, {times} waves, {people} people without a gap; at least "
            "2, 2 and 3 needed"
        )
    values = responses.to_numpy(dtype=float, na_value=np.nan)[order]
    cells = values.reshape(people, times, items)
    if np.ptp(cells) == 0:
        return nothing, "all answers are equal"
    return cells - cells.mean(), ""


def _coefficients(sums: Sums) -> dict[str, Array]:
    """Every coefficient of each set of people, shape (rows,)."""
    squares = _mean_squares(sums)
    _, k, m = sums.pooled.shape
    residual = squares["residual"]
    person_item = np.maximum(squares["person_item"] - residual, 0) / k
    person_wave = np.maximum(squares["person_wave"] - residual, 0) / m
    wave = np.maximum(
        squares["wave"] - squares["person_wave"] - squares["wave_item"] + residual, 0
    ) / (squares["n"] * m)
    person = np.maximum(
        squares["person"] - squares["person_item"] - squares["person_wave"] + residual,
        0,
    ) / (k * m)
    stable = person + person_item / m
    noise = residual / m
    nested_error = squares["within_cells"]
    nested_wave = np.maximum(squares["waves_in_person"] - nested_error, 0) / m
    nested_person = np.maximum(squares["person"] - squares["waves_in_person"], 0) / (
        k * m
    )
    moving = wave + person_wave
    parts = {
        "reliability_of_average_over_waves": (stable, noise / k),
        "reliability_of_one_wave": (stable, moving + noise),
        "reliability_of_average_over_random_waves": (stable, (moving + noise) / k),
        "reliability_of_change": (person_wave, noise),
        "reliability_of_average_nested": (
            nested_person,
            (nested_wave + nested_error / m) / k,
        ),
        "reliability_of_change_nested": (nested_wave, nested_error / m),
    }
    return {
        term: np.divide(
            true, true + error, out=np.full_like(true, np.nan), where=true + error > 0
        )
        for term, (true, error) in parts.items()
    }


def _mean_squares(sums: Sums) -> dict[str, Array]:
    """Mean squares of people, waves and items crossed, of each set of people."""
    n, (_, k, m) = sums.n, sums.pooled.shape
    total, person, by_wave, by_item = sums.own.T
    pooled = sums.pooled / n[:, None, None]
    grand = n * k * m * pooled.mean(axis=(1, 2)) ** 2
    of_waves = n * m * (pooled.mean(axis=2) ** 2).sum(axis=1) - grand
    of_items = n * k * (pooled.mean(axis=1) ** 2).sum(axis=1) - grand
    of_people = k * m * person - grand
    wave_item = n * (pooled**2).sum(axis=(1, 2)) - grand - of_waves - of_items
    person_wave = m * by_wave - grand - of_people - of_waves
    person_item = k * by_item - grand - of_people - of_items
    main = of_people + of_waves + of_items + wave_item + person_wave + person_item
    residual = total - grand - main
    return {
        "n": n,
        "person": of_people / (n - 1),
        "wave": of_waves / (k - 1),
        "wave_item": wave_item / ((k - 1) * (m - 1)),
        "person_wave": person_wave / ((n - 1) * (k - 1)),
        "person_item": person_item / ((n - 1) * (m - 1)),
        "residual": residual / ((n - 1) * (k - 1) * (m - 1)),
        "waves_in_person": (m * by_wave - k * m * person) / (n * (k - 1)),
        "within_cells": (total - m * by_wave) / (n * k * (m - 1)),
    }


def _with_interval(
    estimate: float, without: Array, *, term: str, method: str, confidence: float
) -> Result:
    """The estimate with its jackknife interval, or why there is none."""
    n = len(without)
    if not np.isfinite(estimate):
        reason = "neither stable differences nor error were seen"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    why = ""
    if 1 - estimate < PERFECT:
        why = "no error was seen"
    elif estimate <= 0:
        why = "the component is at its floor of zero"
    elif not np.isfinite(without).all() or (without >= 1).any() or (without <= 0).any():
        why = "without single people there is no coefficient"
    if why:
        method += f"; no interval: {why}"
        return Estimate(term=term, estimate=min(estimate, 1.0), n=n, method=method)
    scale = np.log(1 - without)
    error = float(np.sqrt((n - 1) / n * np.sum((scale - scale.mean()) ** 2)))
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    return Estimate.of(
        term,
        estimate,
        (1 - (1 - estimate) * np.exp(reach), 1 - (1 - estimate) * np.exp(-reach)),
        n=n,
        method=method,
    )
