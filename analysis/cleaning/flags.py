"""Flag responses that look careless, by the indices and cut-offs declared.

Every index takes raw codes, except even-odd, which takes reverse-scored items. An index
without a value for a person raises no flag.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cleaning.scoring import keyed_responses, score_subscales
from analysis.foundation.findings import Group
from heard.psychometrics.careless import indices as careless
from heard.psychometrics.careless.compact_answers import compact_answers, reverse_scored
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.survey import Export, PrintedTotal
    from heard.psychometrics.careless.compact_answers import Answers, Array
    from heard.psychometrics.careless.indices import IndexValues
    from heard.results import Result


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Flagged:
    """Which responses were flagged, by which index.

    Attributes
    ----------
    flags : Series of text, one a response
        Names of the indices that flagged it, with semicolons between.
    careless : Series of bool
        Whether as many flagged it as are needed.
    indices : mapping
        Index → how many it flagged and from which cut-off, or why nobody has a value.
    """

    flags: pd.Series[str]
    careless: pd.Series[bool]
    indices: Mapping[str | Group, Result] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a response."""
        return f"Flagged({len(self.flags)} responses)"


def flag_responses(
    frame: pd.DataFrame,
    export: Export,
    instruments: Mapping[str, Instrument],
    *,
    rows: Array,
) -> Flagged | None:
    """Flag responses by the declared indices and printed totals.

    Parameters
    ----------
    frame : DataFrame, one row a response
        As `analysis.intake.map_responses` makes it.
    rows : ndarray of bool
        Which responses: those that the rules before left in. Distances and pairs of
        items are found among these.

    Returns
    -------
    Flagged or None
        None where neither an index nor a printed total is declared.
    """
    rules = export.cleaning
    if rules.careless is None and not rules.printed_totals:
        return None
    raised: dict[str, Array] = {}
    indices: dict[str | Group, Result] = {}
    for name, values in _declared_indices(frame, export, instruments, rows).items():
        assert rules.careless is not None, "no index is computed without a cut-off"
        raised[name], indices[name] = _flag(name, values, rules.careless.cutoffs[name])
    found = sum(raised.values(), start=np.zeros(int(rows.sum()), dtype=int))
    needed = rules.careless.flags_needed if rules.careless else 1
    careless_ones = (found >= needed) & bool(rules.careless)
    for total in rules.printed_totals:
        printed = Group("printed_total", total.score)
        raised[str(printed)] = disagree = _disagrees(frame, total, instruments)[rows]
        words = f"more than {total.tolerance:g} from the score of the items"
        indices[printed] = _counted(disagree, words)
    index = frame.index[rows]
    return Flagged(
        flags=_joined(raised, index),
        careless=pd.Series(careless_ones, index=index),
        indices=indices,
    )


FLAGGED = "responses_flagged"
CUTOFFS: Mapping[str, tuple[Callable[[Array, float], Array], str]] = {
    "longstring": (np.greater_equal, "{:g} or more equal answers in a row"),
    "average_longstring": (np.greater_equal, "rows of equal answers {:g} long or more"),
    "intra_individual_variability": (np.less_equal, "spread of answers {:g} or less"),
    "even_odd": (np.greater_equal, "inconsistency of even and odd items {:g} or more"),
    "psychometric_synonyms": (np.less_equal, "correlation of like items {:g} or less"),
    "psychometric_antonyms": (
        np.greater_equal,
        "correlation of opposite items {:g} or more",
    ),
    "mahalanobis_p": (np.less, "squared Mahalanobis distance with p below {:g}"),
    "share_missing": (np.greater_equal, "share of items not answered {:g} or more"),
    "straight_lining": (
        np.greater_equal,
        "share of instruments answered with one code throughout {:g} or more",
    ),
    "seconds_per_item": (np.less, "under {:g} seconds an item"),
}
"""Index → on which side of its cut-off a response is flagged, and that in words."""


def _flag(name: str, values: IndexValues, cutoff: float) -> tuple[Array, Result]:
    compare, words = CUTOFFS[name]
    known = ~np.isnan(values.values)
    # Values a rounding away from the cut-off count as the cut-off.
    raised = known & compare(np.round(values.values, 12), cutoff)
    method = words.format(cutoff)
    if values.reason and not known.any():
        return raised, Unavailable(term=FLAGGED, reason=values.reason, method=method)
    return raised, _counted(raised, method)


def _counted(raised: Array, method: str) -> Estimate:
    count = int(raised.sum())
    return Estimate(term=FLAGGED, estimate=float(count), n=count, method=method)


def _declared_indices(
    frame: pd.DataFrame,
    export: Export,
    instruments: Mapping[str, Instrument],
    rows: Array,
) -> dict[str, IndexValues]:
    rules = export.cleaning.careless
    if rules is None:
        return {}
    items = list(export.columns.items)
    answers = compact_answers(frame[items], rows=rows)
    known: Mapping[str, Callable[[], IndexValues]] = {
        "even_odd": lambda: _even_odd(answers, instruments),
        "psychometric_synonyms": lambda: careless.psychometric_synonyms(
            answers, above=rules.synonyms_above
        ),
        "psychometric_antonyms": lambda: careless.psychometric_antonyms(
            answers, below=rules.antonyms_below
        ),
        "straight_lining": lambda: careless.straight_lining(
            answers, [[i for i in items if i.startswith(f"{n}.")] for n in instruments]
        ),
        "seconds_per_item": lambda: careless.seconds_per_item(
            frame["seconds"].to_numpy(dtype=float)[rows], answers
        ),
    }
    # The others take the answers alone, and have the name that declares them.
    return {
        name: known[name]() if name in known else getattr(careless, name)(answers)
        for name in rules.cutoffs
    }


def _even_odd(answers: Answers, instruments: Mapping[str, Instrument]) -> IndexValues:
    """Even-odd consistency over the finest subscales, items keyed."""
    ends: dict[str, float] = {}
    subscales = []
    for name, instrument in instruments.items():
        for item in instrument.items:
            if item.reverse_keyed:
                coding = instrument.coding(item.name)
                ends[f"{name}.{item.name}"] = coding.lowest + coding.highest
        subscales += [
            [f"{name}.{item}" for item in items] for items in _finest(instrument)
        ]
    return careless.even_odd(reverse_scored(answers, ends), subscales)


def _finest(instrument: Instrument) -> list[tuple[str, ...]]:
    """Items of each score that holds no other; of scores of the same items, once."""
    made: dict[frozenset[str], tuple[str, ...]] = {}
    for subscale in instrument.subscales:
        made.setdefault(frozenset(subscale.items), subscale.items)
    return [
        items
        for score, items in made.items()
        if not any(other < score for other in made)
    ]


def _disagrees(
    frame: pd.DataFrame, total: PrintedTotal, instruments: Mapping[str, Instrument]
) -> Array:
    """Where a printed total is not the score; if one is lacking, nothing disagrees."""
    name, _, subscale = total.score.partition(".")
    instrument = instruments[name]
    scores = score_subscales(keyed_responses(frame, instrument), instrument)
    difference = (scores[subscale] - frame[total.name]).abs().round(9)
    found: Array = (difference > total.tolerance).to_numpy()
    return found


def _joined(raised: Mapping[str, Array], index: pd.Index) -> pd.Series[str]:
    """The names of the flags each response has, as one text."""
    number = np.zeros(len(index), dtype=np.int64)
    for place, has in enumerate(raised.values()):
        number += has.astype(np.int64) << place
    numbers, places = np.unique(number, return_inverse=True)
    texts = [
        "; ".join(name for place, name in enumerate(raised) if one >> place & 1)
        for one in numbers.tolist()
    ]
    values = pd.Categorical.from_codes(places, categories=pd.Index(texts))
    return pd.Series(values, index=index)
