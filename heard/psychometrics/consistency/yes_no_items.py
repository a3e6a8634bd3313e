"""Estimate Kuder and Richardson's formula 20: alpha of items with two answers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from heard.models.complete_responses import Responses, read_responses
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.results import Result, Unavailable

TERM = "kuder_richardson_20"


def kuder_richardson_20(responses: Responses, **options: Any) -> Result:
    """Estimate the internal consistency of items with two answers (KR-20).

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
        The two answers are the same of all items, such as 0 and 1.
    **options
        As for `cronbach_alpha`, which it is: item variances p (1 - p) n / (n - 1).

    Returns
    -------
    Estimate
        Unitless, at most 1.
    Unavailable
        More than two different answers, or as for `cronbach_alpha`.

    References
    ----------
    Kuder & Richardson (1937), Psychometrika 2(3), 151-160.
    """
    responses = read_responses(responses)
    found = cronbach_alpha(responses, **options)
    answers = responses.to_numpy()
    if isinstance(found, Unavailable):
        return dataclasses.replace(found, term=TERM)
    known = answers.astype(float)[responses.notna().to_numpy()]
    if len(different := np.unique(known)) > 2:
        reason = f"{len(different)} different answers; two needed"
        return Unavailable(term=TERM, reason=reason, n=found.n, method=found.method)
    method = f"Kuder-Richardson formula 20; {found.method}"
    return dataclasses.replace(found, term=TERM, method=method)
