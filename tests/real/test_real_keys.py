"""Keys of real data: the audit says what their documentation says.

The data are not part of the project; see `conftest.shared_data`.
"""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from conftest import SHARED, shared_data

from analysis.cleaning.scoring import keyed_responses, score_responses
from analysis.declarations.instrument import Instrument
from analysis.declarations.instrument_file import parse_instrument
from analysis.reliability.keys import key_audit
from analysis.storage.declared import read_instrument
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.items.keys import KeyAudit
from heard.results import Estimate

COPE = """
name = "cope"
title = "Index of carers' coping"
construct = "burden of caring"
respondent = "carer"
direction = "higher_is_worse"
licence = "GPL-3, R package sjlabelled"
citation = "EUROFAMCARE"
[responses]
lowest = 1
highest = 4
status = "verified"
source = "value labels of efc.sav"
[keys]
status = "verified"
source = "items 1, 8 and 9 are worded positively"
[items]
ITEMS
[subscales.total]
title = "Burden"
method = "sum"
range = [9, 36]
status = "computed"
source = "nine items"
"""


def eq_short() -> pd.DataFrame:
    shared_data("debruine_eq_short")
    path = SHARED / "data" / "debruine_eq_short" / "eq_data.csv"
    table = pd.read_csv(path)
    answers = read_instrument("eq22").answers
    columns = {
        f"eq22.{header.rstrip('R').lower()}": table[header].map(dict(answers))
        for header in table.columns
        if header.startswith("Q")
    }
    return pd.DataFrame(columns, dtype=float)


def without_reversal(instrument: Instrument) -> Instrument:
    items = tuple(
        dataclasses.replace(item, reverse_keyed=False) for item in instrument.items
    )
    return dataclasses.replace(instrument, items=items)


def alpha(responses: pd.DataFrame, instrument: Instrument) -> float:
    found = cronbach_alpha(keyed_responses(responses, instrument))
    assert isinstance(found, Estimate)
    return found.estimate


def reported(audit: KeyAudit, verdict: str) -> list[str]:
    return [item.item for item in audit.items if item.verdict == verdict]


def test_the_short_eq_without_its_reversal_looks_well_and_is_caught() -> None:
    eq, responses = read_instrument("eq22"), eq_short()
    wrong, total = without_reversal(eq), eq.subscale("total")
    reversed_items = ["q03", "q04", "q05", "q07", "q11", "q17"]
    assert alpha(responses, eq) == pytest.approx(0.894613, abs=5e-7)
    assert alpha(responses, wrong) == pytest.approx(0.755, abs=5e-4)
    scores = score_responses(responses, [eq])["eq22.total"].dropna()
    assert len(scores) == 6956
    assert scores.mean() == pytest.approx(24.632, abs=5e-4)
    assert scores.std() == pytest.approx(9.115, abs=5e-4)
    assert key_audit(responses, eq, total).agrees
    assert reported(key_audit(responses, wrong, total), "not recoded") == reversed_items
    came_turned = responses.copy()
    for name in reversed_items:
        came_turned[f"eq22.{name}"] = 5 - came_turned[f"eq22.{name}"]
    audit = key_audit(came_turned, eq, total)
    assert reported(audit, "recoded twice") == reversed_items


@pytest.mark.parametrize("with_key", [True, False])
def test_nine_items_of_carers_need_three_of_them_reversed(with_key: bool) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    shared_data("efc_carers_sav")
    table, _ = pyreadstat.read_sav(SHARED / "data" / "efc_carers_sav" / "efc.sav")
    table.columns = [column.lower() for column in table.columns]
    names = [column for column in table.columns if "cop" in column]
    positive = ["c82cop1", "c89cop8", "c90cop9"]
    items = "\n".join(
        f'{name} = {{ label = "x", reverse_keyed = '
        f"{str(with_key and name in positive).lower()} }}"
        for name in names
    )
    cope = parse_instrument(COPE.replace("ITEMS", items), where="cope")
    responses = table[names].astype(float).add_prefix("cope.")
    audit = key_audit(responses, cope, cope.subscales[0])
    found = cronbach_alpha(keyed_responses(responses, cope))
    assert isinstance(found, Estimate)
    assert found.n == 881
    if with_key:
        assert audit.agrees
        assert found.estimate > 0.74
    else:
        assert found.estimate == pytest.approx(0.459, abs=5e-4)
        assert reported(audit, "not recoded") == positive
        assert "3 of 9 items speak against the key" in audit.sentence
