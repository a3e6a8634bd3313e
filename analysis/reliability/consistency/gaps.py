"""Responses with gaps into Little's test that the gaps are completely random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.cleaning import MissingData, missing_data
from analysis.foundation.results import Unavailable
from analysis.reliability.complete import column_fault

if TYPE_CHECKING:
    import pandas as pd


def missing_completely_at_random(responses: pd.DataFrame) -> MissingData:
    """Test whether gaps depend on nothing, as deleting participants supposes.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.

    Returns
    -------
    MissingData
        The share of complete participants, and the chi-square, degrees of freedom and p
        of Little's test. A small p speaks against gaps that are completely random; a
        large one does not show that they are, least of all with few participants.
        `Unavailable` where all answered the same items, or columns are not numbers.

    References
    ----------
    Little (1988), Journal of the American Statistical Association 83, 1198-1202.
    """
    faults = [column_fault(responses, place) for place in range(responses.shape[1])]
    fault = "; ".join(dict.fromkeys(filter(None, faults)))
    if not responses.shape[1]:
        fault = "number of items 0; at least 1 needed"
    if not fault:
        return missing_data(responses)
    return MissingData(
        **{
            term: Unavailable(term=term, reason=fault)
            for term in MissingData.__dataclass_fields__
        }
    )
