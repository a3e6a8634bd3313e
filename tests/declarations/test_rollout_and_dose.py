"""Who starts when, and how much people had: what is read, and what is refused."""

from __future__ import annotations

import pytest

from analysis.declarations.plan_lock import lockable
from analysis.declarations.study import Dose, Rollout, Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import read_instrument, study_file

TEXT = study_file("listening-pilot").read_text("utf-8")
ROLLOUT = '[rollout]\nunit = "team"\nstarts = { bugle = "after", cello = "later" }\n'
DOSE = '[dose]\nsurvey = "staff"\ncolumn = "years_in_service"\n'


def parsed(more: str = "") -> Study:
    return parse_study(f"{TEXT}\n{more}", name="pilot", read_instrument=read_instrument)


def test_starts_and_doses_are_read_and_locked() -> None:
    study = parsed(ROLLOUT + DOSE)
    assert study.rollout == Rollout(
        unit="team", starts={"bugle": "after", "cello": "later"}
    )
    assert study.dose == Dose(survey="staff", column="years_in_service")
    locked = lockable(study)
    assert locked["rollout"]["starts"]["cello"] == "later"
    assert locked["dose"]["column"] == "years_in_service"
    assert not {"rollout", "dose"} & set(lockable(parsed()))


def test_cleaning_depends_on_the_dose_of_its_surveys_alone() -> None:
    study = parsed(ROLLOUT + DOSE)
    assert study.narrowed("before").rollout is None
    assert study.narrowed("before").dose == study.dose
    assert study.before_data().dose is None


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('[rollout]\nunit = "ward"\n', "[rollout.unit]"),
        ('[rollout]\nunit = "team"\n', "[rollout.starts] names no start"),
        (
            '[rollout]\nunit = "team"\nstarts = { bugel = "after" }\n',
            "[rollout.starts.bugel]",
        ),
        (
            '[rollout]\nunit = "team"\nstarts = { bugle = "aftr" }\n',
            "[rollout.starts.bugle]",
        ),
        (
            '[rollout]\nunit = "site"\n'
            'starts = { lanternshire = "before", quillmoor = "before" }\n',
            "all start at the first wave",
        ),
        ('[rollout]\nunit = "team"\nstart = {}\n', "[rollout.start]"),
        ('[dose]\nsurvey = "staf"\ncolumn = "x"\n', "[dose.survey]"),
        ('[dose]\nsurvey = "staff"\ncolumn = "sesions"\n', "[dose.column]"),
        ('[dose]\nsurvey = "staff"\ncolumn = "role"\n', "does not count"),
        (DOSE + 'future = "role"\n', "[dose.future] 'role' does not count"),
        (DOSE + 'ingredients = { film = "role" }\n', "[dose.ingredients.film]"),
        (DOSE + "ingredient = {}\n", "[dose.ingredient]"),
    ],
)
def test_a_fault_stands_at_its_key(more: str, fault: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        parsed(more)
    assert fault in str(raised.value)
