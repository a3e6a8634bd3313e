"""A small study with a plan, for every test about plans and locks."""

from __future__ import annotations

import dataclasses

from analysis.declarations.plan import Lock
from analysis.declarations.plan_lock import lockable
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.storage.declared import read_instrument

PLAN = """
[plan]
population = "Everyone asked."
contrast = "Pilot against comparison."
primary = "care"
summary_measure = "difference_in_change"
model = "Mean changes compared."
missing = "Complete pairs."
multiplicity = "One primary outcome."
inference = "t over teams."
covariates = ["score_before", "age"]
subgroups = ["site", "age"]
negative_controls = ["food"]
intercurrent_events.leavers = "Left out."
families.culture = ["culture"]
gates.minimum_reliability = 0.7
"""

STUDY = """
title = "A planned study"
summary = "What was done."
[allocation]
unit = "team"
treated = "pilot"
control = "other"

[arms.pilot]
title = "Pilot"
[arms.other]
title = "Comparison"
[teams]
red = { title = "Red team", arm = "pilot" }
blue = { title = "Blue team", arm = "other" }

[surveys.staff]
title = "Staff survey"
instruments = ["seed_culture", "seed_confidence"]
linkage = "self_generated_code"
linkage_rule = { rule = "one_element_off" }
columns = { participant = ["a", "b", "c"], team = "team" }
cleaning = { repeats = "last", minimum_answered = 0.5 }
items.seed_culture = "culture_{item}"
items.seed_confidence = "conf_{item}"
attributes.age = { column = "Age", lowest = 18, highest = 99 }

[surveys.ratings]
title = "Ratings"
instruments = ["care"]
columns.team = "team"
items.care = "care_{item}"

[waves.before]
title = "Before"
staff.file = "staff_1.csv"
ratings.file = "ratings_1.csv"

[waves.after]
title = "After"
staff.file = "staff_2.csv"
ratings.file = "ratings_2.csv"

[outcomes.care]
title = "Empathy"
survey = "ratings"
instrument = "care"
subscale = "total"
family = "primary"
smallest_effect = 2

[outcomes.culture]
title = "Culture"
survey = "staff"
instrument = "seed_culture"
subscale = "total"
smallest_effect = 0.2

[outcomes.food]
title = "Confidence"
survey = "staff"
instrument = "seed_confidence"
subscale = "now"
"""
GOOD = STUDY + PLAN
TWO_VALUES = (
    GOOD.replace('instruments = ["care"]', 'instruments = ["seed_three_behaviours"]')
    .replace('items.care = "care_', 'items.seed_three_behaviours = "seen_')
    .replace('instrument = "care"', 'instrument = "seed_three_behaviours"')
    .replace('subscale = "total"', 'subscale = "all_three_always"', 1)
    .replace("smallest_effect = 2\n", "smallest_effect = 0.1\n")
)
ORDERED = (
    GOOD.replace('instruments = ["care"]', 'instruments = ["cqc_cmh"]')
    .replace('items.care = "care_', 'items.cqc_cmh = "said_')
    .replace('instrument = "care"', 'instrument = "cqc_cmh"')
    .replace('subscale = "total"', 'subscale = "listened"', 1)
    .replace("smallest_effect = 2\n", "smallest_effect = 0.1\n")
    .replace('title = "A planned study"', 'title = "A"\nallow_unverified = true')
)


def parsed(text: str = GOOD) -> Study:
    return parse_study(text, name="planned", read_instrument=read_instrument)


def lock_of(study: Study, *, arrived: tuple[str, ...] = ()) -> Lock:
    return Lock(
        date="2026-01-31", version="0.1.0", arrived=arrived, locked=lockable(study)
    )


def locked(now: str = GOOD, was: str = GOOD, *, arrived: tuple[str, ...] = ()) -> Study:
    """The study declared now, with the lock of what was declared then."""
    return dataclasses.replace(parsed(now), lock=lock_of(parsed(was), arrived=arrived))


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"stands {GOOD.count(old)} times: {old}"
    return GOOD.replace(old, new)


def in_metric(text: str, metric: str) -> str:
    """The same study with a metric in its plan."""
    return text.replace("[plan]\n", f'[plan]\nmetric = "{metric}"\n')
