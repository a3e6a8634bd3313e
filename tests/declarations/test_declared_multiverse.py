"""The multiverse of a study file: read strictly, and combined as makes sense."""

from __future__ import annotations

import dataclasses

import pytest
from conftest import ROOT

from analysis.declarations.multiverse import (
    combinations_of,
    declared_options,
    multiverse_outcomes,
    options_of,
)
from analysis.declarations.plan import hash_of
from analysis.declarations.plan_lock import lockable
from analysis.declarations.study import Outcome, Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import read_instrument
from analysis.workflow.planning import plan_steps

TEXT = (ROOT / "studies" / "listening-pilot.toml").read_text("utf-8")
START = TEXT.index("[multiverse]")
TABLE = TEXT[START : TEXT.index("# ---", START)]


def parsed(text: str) -> Study:
    return parse_study(text, name="listening-pilot", read_instrument=read_instrument)


def with_choices(table: str) -> Study:
    return parsed(TEXT.replace(TABLE, f"{table}\n"))


STUDY = parsed(TEXT)


def outcome(study: Study, name: str) -> Outcome:
    return next(one for one in study.outcomes if one.name == name)


def test_options_of_linked_responses_begin_with_the_one_declared() -> None:
    options = options_of(STUDY, outcome(STUDY, "confidence"))
    assert options["linkage"] == ("one_element_off", "exact", "weighted")
    assert options["cleaning"] == ("as declared", "100% answered")
    assert options["missing"] == ("complete", "weighted", "imputed")
    assert options["model"][:2] == ("difference_in_change", "adjusted_difference")
    assert len(options["model"]) == 8


def test_anonymous_responses_have_no_linkage_and_no_weights() -> None:
    care = outcome(STUDY, "care")
    assert list(options_of(STUDY, care)) == ["cleaning", "model"]
    models = options_of(STUDY, care)["model"]
    assert "adjusted_difference" not in models
    assert "adjusted_by_people" not in models
    assert len(list(combinations_of(STUDY, care))) == 2 * 6


def test_only_what_goes_together_is_combined() -> None:
    confidence = outcome(STUDY, "confidence")
    whole = [*combinations_of(STUDY, confidence)]
    # Linked people: 3 linkages, 2 ways of cleaning; 7 models, and one by 3 on the lost.
    assert len(whole) == 3 * 2 * (7 + 3)
    made = [*combinations_of(STUDY, confidence, population="answered")]
    assert len(made) == len({tuple(options.values()) for options in made}) == 48
    for options in made:
        if options["missing"] != "complete":
            assert options["model"] == "adjusted_by_people"
        if options["linkage"] != "one_element_off":
            assert options["model"] not in ("cluster_robust", "wild_bootstrap")
    declared = declared_options(STUDY, outcome(STUDY, "confidence"))
    assert made[0] == declared


def test_the_plan_says_which_measure_is_the_declared_one() -> None:
    assert STUDY.plan is not None
    plan = dataclasses.replace(STUDY.plan, summary_measure="adjusted_difference")
    study = dataclasses.replace(STUDY, plan=plan)
    for name, model in (
        ("confidence", "adjusted_difference"),
        # Nobody's score before is known where nobody is followed.
        ("care", "difference_in_change"),
    ):
        declared = declared_options(study, outcome(study, name))
        assert declared["model"] == model


def test_without_a_table_there_is_no_step_and_the_lock_is_the_same() -> None:
    without = with_choices("")
    assert without.multiverse is None
    assert multiverse_outcomes(without) == ()
    assert "multiverse" not in {step.kind for step in plan_steps(without)}
    steps = {step.kind: step for step in plan_steps(STUDY)}
    assert "before/staff.responses.parquet" in steps["multiverse"].inputs
    assert "linkage" in steps["multiverse"].needs
    assert hash_of(lockable(without)) == hash_of(lockable(STUDY))
    wave = STUDY.wave_names()[0]
    assert STUDY.narrowed(wave).digest() == without.narrowed(wave).digest()
    assert STUDY.before_data().digest() == without.before_data().digest()


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('linkage = ["near"]', "[multiverse.linkage] unknown option 'near'"),
        ('missing = ["guessed"]', "[multiverse.missing] unknown option 'guessed'"),
        ('model = ["anova"]', "[multiverse.model] unknown option 'anova'"),
        ('models = ["wild_bootstrap"]', "[multiverse.models] unknown key 'models'"),
        ("minimum_answered = [1.5]", "must be shares over 0, at most 1"),
        ("minimum_answered = [0.0]", "must be shares over 0, at most 1"),
        ("minimum_answered = [0.9, 0.4]", "0.4 is no stricter than the cleaning"),
        ('missing = ["imputed"]', "'imputed' goes with the model 'adjusted_by_people'"),
        ("careless_left_out = true", "names nothing that differs"),
        (
            'careless_left_out = true\nlinkage = ["exact"]',
            "needs a survey whose cleaning marks careless responses",
        ),
        ("", "names nothing that differs"),
        ('linkage = ["one_element_off"]', "names nothing that differs"),
    ],
)
def test_a_fault_names_its_key(table: str, fault: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        with_choices(f"[multiverse]\n{table}\n")
    assert fault in str(raised.value)


def test_models_of_teams_need_teams_and_models_need_arms() -> None:
    text = TEXT.replace('unit = "team"', 'unit = "person"')
    with pytest.raises(DeclarationError) as raised:
        parsed(text)
    reported = "'wild_bootstrap' compares teams, and people were allocated"
    assert reported in str(raised.value)
    text = TEXT.replace('treated = "pilot"\n', "").replace(
        'control = "comparison"\n', ""
    )
    with pytest.raises(DeclarationError) as raised:
        parsed(text)
    assert "model and missing compare arms" in str(raised.value)


def test_a_rule_that_makes_no_links_is_refused() -> None:
    text = TEXT.replace("weights = [1.0, 1.5, 1.0, 1.0]\nthreshold = 0.75\n", "")
    with pytest.raises(DeclarationError) as raised:
        parsed(text)
    assert "no link is made under the rule 'weighted'" in str(raised.value)


def test_other_faults_of_an_outcome_are_told_all_the_same() -> None:
    text = TEXT.replace(
        'subscale = "total"\nfamily = "primary"',
        'subscale = "total"\nfollow_ups = ["never"]\nfamily = "primary"',
    )
    assert text != TEXT
    with pytest.raises(DeclarationError) as raised:
        parsed(text)
    assert "'never'" in str(raised.value)
