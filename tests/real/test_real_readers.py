"""Real files through the readers to codes: labels, keys and known numbers right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import Project, shared_data

from analysis.cleaning.scoring import keyed_responses
from analysis.declarations.instrument import Instrument
from analysis.declarations.instrument_file import parse_instrument
from analysis.declarations.study_file import parse_study
from analysis.intake.responses import map_responses, read_exports
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.results import Estimate

if TYPE_CHECKING:
    import pandas as pd

COPE = """
name = "cope"
title = "COPE index"
construct = "coping"
respondent = "carer"
direction = "higher_is_worse"
licence = "for this test alone"
citation = "EUROFAMCARE"
[responses]
lowest = 1
highest = 4
answers = { never = 1, sometimes = 2, often = 3, always = 4 }
status = "computed"
source = "labels of the file"
[subscales.total]
title = "Total"
method = "sum"
range = [9, 36]
status = "computed"
source = "labels of the file"
[items]
"""
HEADERS = [f"c{81 + n}cop{n}" for n in range(1, 10)]
STUDY = f"""
title = "Carers"
summary = "Family carers, asked once."
folder = "efc_carers_sav"
[surveys.carers]
title = "Carers"
instruments = ["cope"]
tool = "spss"
items.cope = {{ {", ".join(f'i{n} = "{h}"' for n, h in enumerate(HEADERS, 1))} }}
attributes.sex = {{ column = "c161sex", values = {{ male = "m", female = "f" }} }}
[waves.once]
carers.file = "efc.sav"
"""


def cope(reverse: tuple[int, ...]) -> Instrument:
    items = "".join(
        f'i{n} = {{ label = "{n}", reverse_keyed = {str(n in reverse).lower()} }}\n'
        for n in range(1, 10)
    )
    return parse_instrument(COPE + items, where="cope.toml")


@pytest.fixture
def frame(project: Project) -> pd.DataFrame:
    content = (shared_data("efc_carers_sav") / "efc.sav").read_bytes()
    project.receive("efc_carers_sav", "efc.sav", content)
    study = parse_study(STUDY, name="carers", read_instrument=lambda _: cope(()))
    (responses,) = map_responses(read_exports(study, "once"))
    return responses.frame


@pytest.mark.parametrize(
    ("reverse", "alpha"),
    # The first is written in the data's provenance, to three digits.
    [((), 0.459), ((1, 8, 9), None)],
)
def test_the_carers_coping_is_read_from_spss(
    frame: pd.DataFrame, reverse: tuple[int, ...], alpha: float | None
) -> None:
    items = frame[[f"cope.i{n}" for n in range(1, 10)]]
    found = cronbach_alpha(keyed_responses(items, cope(reverse)))
    assert isinstance(found, Estimate)
    assert found.n == 881
    if alpha is None:
        assert found.estimate > 0.7, "items 1, 8 and 9 are worded the other way"
    else:
        assert found.estimate == pytest.approx(alpha, abs=5e-4)


def test_the_carers_sex_is_read_by_its_label(frame: pd.DataFrame) -> None:
    # Counted in the same data as codes, 1 and 2.
    assert frame["sex"].value_counts().to_dict() == {"f": 686, "m": 215}
