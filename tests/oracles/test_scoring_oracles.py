"""Scores by the codebook are those that R gives; see README.md beside this."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cleaning.scoring import score_responses
from analysis.declarations.instrument_file import parse_instrument

HERE = Path(__file__).parent
# Means of five whole numbers: R and numpy differ by rounding only (seen: 9e-16).
CLOSED_FORM = 1e-10

HEAD = """
name = "bfi"
title = "Agreeableness and conscientiousness"
construct = "personality"
respondent = "any"
direction = "higher_is_more"
licence = "public"
citation = "psychTools"
[responses]
lowest = 1
highest = 6
status = "verified"
source = "psychTools"
[keys]
status = "verified"
source = "psych"
"""
SUBSCALE = """
[subscales.{name}]
title = "{name}"
items = {items}
method = "mean"
range = [1, 6]
max_missing = 4
status = "verified"
source = "psych"
"""


def test_scores_of_two_scales_with_reversed_items_are_those_of_psych() -> None:
    stored = json.loads((HERE / "values" / "score_bfi_AC.json").read_text("utf-8"))
    keys = stored["values"]["keys"]
    turned = {key[1:] for items in keys.values() for key in items if key[0] == "-"}
    text = HEAD + "[items]\n"
    for item in stored["items"]:
        reverse = str(item in turned).lower()
        text += f'{item} = {{ label = "{item}", reverse_keyed = {reverse} }}\n'
    for name, items in keys.items():
        bare = [item.lstrip("-") for item in items]
        text += SUBSCALE.format(name=name, items=bare)
    bfi = parse_instrument(text, where="bfi")
    table = pd.read_csv(HERE / "data" / stored["data_file"])
    assert len(table) == stored["n_rows"]
    scores = score_responses(table.add_prefix("bfi."), [bfi])
    expected = np.array(stored["values"]["scores_first30_impute_none"]["data"])
    found = scores[["bfi.agree", "bfi.consc"]].to_numpy()
    assert np.abs(found[:30] - expected).max() < CLOSED_FORM
    # Every row at once, by the mean and the standard deviation of the scores.
    for place, name in enumerate(keys):
        column = found[:, place]
        assert np.isnan(column).sum() == 0
        assert column.mean() == pytest.approx(
            stored["values"]["score_mean"][name], abs=CLOSED_FORM
        )
        assert column.std(ddof=1) == pytest.approx(
            stored["values"]["score_sd"][name], abs=CLOSED_FORM
        )
