"""The evidence that one subscale is reliable in one wave: responses in, results out."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.foundation.results import Composite, Result
from analysis.reliability.consistency import (
    cronbach_alpha,
    mean_inter_item_correlation,
    omega_total,
)
from analysis.reliability.items import ItemStatistics, item_statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleReliability(Composite):
    """How well the items of one subscale hold together in one wave."""

    cronbach_alpha: Result
    omega_total: Result
    mean_inter_item_correlation: Result
    items: tuple[ItemStatistics, ...]

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; `item` is empty where the whole subscale is meant."""
        of_subscale = pd.concat(
            [
                self.cronbach_alpha.to_frame(),
                self.omega_total.to_frame(),
                self.mean_inter_item_correlation.to_frame(),
            ]
        )
        of_subscale.insert(0, "item", "")
        frames = [of_subscale, *(statistics.to_frame() for statistics in self.items)]
        return pd.concat(frames, ignore_index=True)


def estimate_scale_reliability(
    responses: pd.DataFrame, *, lowest: float, highest: float
) -> ScaleReliability:
    """Estimate the reliability of one subscale in one wave.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    lowest, highest : float
        Ends of the response scale, from the codebook and never from the data.

    Returns
    -------
    ScaleReliability
        Every result is there; what cannot be estimated is `Unavailable`.
    """
    return ScaleReliability(
        cronbach_alpha=cronbach_alpha(responses),
        omega_total=omega_total(responses),
        mean_inter_item_correlation=mean_inter_item_correlation(responses),
        items=item_statistics(responses, lowest=lowest, highest=highest),
    )
