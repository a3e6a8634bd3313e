"""Mixed models give published numbers on published data."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import shared_data

from heard.effects.clustered.repeated_waves import MixedEffects, mixed_effects

pytestmark = pytest.mark.filterwarnings("error")


def test_beat_the_blues_by_full_likelihood() -> None:
    """Hothorn & Everitt, A Handbook of Statistical Analyses Using R, BtheB."""
    wide = pd.read_csv(shared_data("hsaur3_beat_the_blues") / "BtheB.csv")
    waves = {"bdi.2m": 2, "bdi.3m": 3, "bdi.5m": 5, "bdi.8m": 8}
    long = wide.melt(
        id_vars=["subject", "drug", "length", "treatment", "bdi.pre"],
        value_vars=list(waves),
        var_name="wave",
        value_name="bdi",
    )
    long = long.assign(
        months=long["wave"].map(waves).astype(float),
        programme=(long["treatment"] == "BtheB").astype(float),
        taking_drug=(long["drug"] == "Yes").astype(float),
        long_ill=(long["length"] == ">6m").astype(float),
    )
    found = mixed_effects(
        long,
        score="bdi",
        columns=["bdi.pre", "months", "programme", "taking_drug", "long_ill"],
        groups=["subject"],
        criterion="ml",
    )
    assert isinstance(found, MixedEffects)
    printed = [5.5924, 0.6397, -0.7048, -2.3291, -2.8250, 0.1971]
    assert found.coefficients == pytest.approx(printed, abs=5e-5)  # four decimals
    assert found.left_out == 120  # of 400: those the drop-outs left unanswered
