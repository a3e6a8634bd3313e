"""Studies: what is refused, and what a wave more changes."""

from __future__ import annotations

import pytest

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import read_instrument

GOOD = """
title = "A study"
summary = "What was done."
[allocation]
treated = "pilot"
control = "other"

[arms.pilot]
title = "Pilot"
[arms.other]
title = "Comparison"
[teams.red]
title = "Red team"
arm = "pilot"

[surveys.staff]
title = "Staff survey"
instruments = ["seed_confidence"]
linkage = "identifier"
columns = { participant = "id", team = "team" }
cleaning = { repeats = "last" }
items.seed_confidence = "conf_{item}"

[waves.before]
title = "Before"
staff.file = "one.csv"

[waves.after]
title = "After"
staff.file = "two.csv"

[outcomes.confidence]
title = "Confidence"
survey = "staff"
instrument = "seed_confidence"
subscale = "now"
"""


def parsed(text: str) -> Study:
    return parse_study(text, name="study", read_instrument=read_instrument)


def test_a_sound_study_is_read() -> None:
    study = parsed(GOOD)
    assert study.wave_names() == ("before", "after")
    export = study.wave("after").export("staff")
    assert export is not None
    assert export.file == "two.csv"
    assert export.columns.items == {"seed_confidence.now": "conf_now"}
    assert study.outcomes[0].baseline == "before"
    assert study.outcomes[0].follow_ups == ("after",)


def invited(people: str) -> Study:
    return parsed(
        GOOD.replace('"two.csv"', f'"two.csv"\nstaff.invited = {people}').replace(
            "[surveys.staff]", '[teams.blue]\ntitle = "Blue team"\n[surveys.staff]'
        )
    )


@pytest.mark.parametrize(
    ("people", "by_arm"),
    [
        ("90", {"": 90}),
        ("{ pilot = 40, other = 50 }", {"": 90, "pilot": 40, "other": 50}),
        ("{ red = 40, blue = 0 }", {"": 40, "pilot": 40}),
    ],
)
def test_invited_people_are_known_in_all_and_where_it_is_said_by_arm(
    people: str, by_arm: dict[str, int]
) -> None:
    study = invited(people)
    assert study.invited("staff", "after") == by_arm
    assert study.invited("staff", "before") == {}


@pytest.mark.parametrize(
    ("people", "fault"),
    [
        ("-1", "[waves.after.staff.invited] must be a number of people"),
        ("{ pilot = -2, other = 3 }", "[waves.after.staff.invited.pilot] must be a"),
        ("{ pilto = 2, other = 3 }", "[waves.after.staff.invited] unknown arm or team"),
        ("{ pilot = 2 }", "must name every arm once, and nothing else; missing: other"),
        ("{ red = 2 }", "must name every team once, and nothing else; missing: blue"),
        ("{ red = 2, pilot = 3 }", "missing: blue; not a team: pilot"),
        ('"many"', "must be a whole number"),
        ("{ pilot = 2.5, other = 3 }", "invited.pilot] must be a whole number"),
    ],
)
def test_invited_people_of_nobody_known_are_refused(people: str, fault: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        invited(people)
    assert fault in str(refused.value)


def test_invited_people_of_an_unknown_wave_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"waves.later.staff.file\] is missing"):
        parsed(GOOD + "[waves.later]\nstaff.invited = 40\n")


def test_a_wave_lays_its_own_over_the_survey() -> None:
    study = parsed(
        GOOD.replace(
            'staff.file = "two.csv"',
            'staff = { file = "two.csv", items.seed_confidence.now = "Q7" }',
        ).replace('"conf_{item}"', '{ now = "Q1" }')
    )
    headers = [wave.exports[0].columns.items for wave in study.waves]
    assert headers == [{"seed_confidence.now": "Q1"}, {"seed_confidence.now": "Q7"}]


def test_a_wave_more_is_one_table_and_leaves_the_others_as_they_were() -> None:
    before = parsed(GOOD)
    later = parsed(GOOD + '\n[waves.later]\ntitle = "Later"\nstaff.file = "3.csv"\n')
    assert later.outcomes[0].follow_ups == ("after", "later")
    for wave in before.wave_names():
        assert later.narrowed(wave).digest() == before.narrowed(wave).digest()
    assert later.digest() != before.digest()


@pytest.mark.parametrize(
    "header",
    ["RecipientEmail", "IP Address", "LocationLatitude", "Date of birth", "first_name"],
)
@pytest.mark.parametrize(
    "kept",
    [
        'texts.remark = "{}"',
        'attributes.a = {{ column = "{}", lowest = 0, highest = 1 }}',
        'attributes.a = {{ multi = {{ yes = "{}" }} }}',
    ],
)
def test_what_names_or_reaches_a_person_is_not_kept(header: str, kept: str) -> None:
    line = kept.format(header)
    with pytest.raises(DeclarationError, match="names or reaches a person") as caught:
        parsed(GOOD.replace("items.seed", f"{line}\nitems.seed"))
    assert f"'{header}'" in str(caught.value)
    parsed(GOOD.replace('participant = "id"', f'participant = "{header}"'))
    parsed(GOOD.replace("items.seed", 'texts.remark = "What is the name?"\nitems.seed'))


ROWS = (
    GOOD.replace('"identifier"', '"row"')
    .replace('participant = "id", ', "")
    .replace('repeats = "last"', "")
    .replace('"one.csv"', '"all.csv"')
    .replace(
        'staff.file = "two.csv"',
        'staff = { file = "all.csv", items.seed_confidence = "after_{item}" }',
    )
)


def test_rows_of_one_file_that_holds_all_waves_are_people() -> None:
    assert [wave.exports[0].linkage for wave in parsed(ROWS).waves] == ["row", "row"]


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ('file = "all.csv", items', 'file = "b.csv", items', "'file' differs between"),
        ('"all.csv", items', '"all.csv", sheet = "B", items', "'sheet' differs"),
        ('"all.csv", items', '"all.csv", event = "b", items', "'event' differs"),
        ('"all.csv", items', '"all.csv", instrument = "b", items', "'instrument' diff"),
        ('"all.csv", items', '"all.csv", tool = "spss", items', "'tool' differs"),
        ('"all.csv", items', '"all.csv", linkage = "none", items', "at every wave"),
        ("columns = {", 'columns = { participant = "id",', "leave out one of the two"),
        ('"row"', '"row"\nlinkage_rule = { rule = "exact" }', "'row' needs no rule"),
        ("cleaning = {", 'cleaning = { repeats = "last"', "repeats] needs columns"),
    ],
)
def test_rows_that_are_not_the_same_people_are_refused(
    old: str, new: str, reported: str
) -> None:
    assert old in ROWS
    with pytest.raises(DeclarationError) as caught:
        parsed(ROWS.replace(old, new))
    assert reported in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ("seed_confidence = ", "seed_confidense = ", "[surveys.staff.items"),
        ('["seed_confidence"]', '["seed_confidense"]', "Did you mean"),
        ('treated = "pilot"', 'treated = "pilots"', "unknown arm 'pilots'"),
        ('arm = "pilot"', 'arm = "pilote"', "[teams.red.arm] unknown arm"),
        ('subscale = "now"', 'subscale = "than"', "unknown subscale 'than'"),
        ('subscale = "now"', 'subscale = "then"', "'before' did not ask what 'then'"),
        ('survey = "staff"', 'survey = "stuff"', "unknown survey 'stuff'"),
        (
            '"identifier"',
            '"magic"',
            "Known: identifier, none, row, self_generated_code",
        ),
        ('repeats = "last"', 'repeats = "keep"', "cannot be linked twice"),
        ('participant = "id", ', "", "[surveys.staff.linkage] needs columns"),
        ('team = "team"', 'site = "s"', "needs [sites] to be declared"),
        ('team = "team"', 'teem = "team"', "Did you mean 'team'?"),
        ('title = "Pilot"', 'title = "Pilot"\nanswers=["other"]', "another one has"),
        ('summary = "', 'smallest_group_shown = 3\nsummary = "', "at least 5"),
        ("conf_{item}", "conf", "a pattern must hold {item}"),
        ('title = "After"', 'title = "After"\ndate = "soon"', "[waves.after.date]"),
        ('staff.file = "one.csv"', "staff = 3", "must be a table"),
        ('staff.file = "one.csv"', "", "names no survey; declared are: staff"),
        ('summary = "What was done."', "", "[summary] is missing"),
        ('control = "other"', "", "[allocation] treated and control go together"),
        (
            'control = "other"',
            'control = "other"\nstrata = ["ward"]',
            "[allocation.strata] unknown stratum 'ward'",
        ),
        (
            'treated = "pilot"\ncontrol = "other"',
            'contrasts = [["pilot", "pilot"]]',
            "[allocation.contrasts] each names two arms",
        ),
        ('summary = "', 'folder = "../x"\nsummary = "', "[folder] must lie in"),
        ('"one.csv"', '"../one.csv"', "file] must lie in the study's raw folder"),
        ('"one.csv"', '"/one.csv"', "file] must lie in the study's raw folder"),
        ("[waves.after]", '[waves."../after"]', "letters, digits, '-' and '_' alone"),
        ("[waves.after]", '[waves."a - b"]', "letters, digits, '-' and '_' alone"),
        ('linkage = "', 'delimiter = "||"\nlinkage = "', "must be one character"),
        ('survey = "staff"', 'survey = "staff"\nbaseline = "x"', "unknown wave of"),
    ],
)
def test_a_fault_is_told_at_its_key(old: str, new: str, reported: str) -> None:
    assert old in GOOD
    with pytest.raises(DeclarationError) as caught:
        parsed(GOOD.replace(old, new))
    assert reported in str(caught.value)


def test_a_fault_of_the_survey_is_told_once_not_once_a_wave() -> None:
    with pytest.raises(DeclarationError) as caught:
        parsed(GOOD.replace('"identifier"', '"magic"'))
    assert len(caught.value.faults) == 1


def test_an_unverified_codebook_needs_leave() -> None:
    text = GOOD.replace('["seed_confidence"]', '["eq22"]')
    text = text.replace("items.seed_confidence", "items.eq22")
    text = text.replace('"seed_confidence"', '"eq22"').replace('"now"', '"total"')
    with pytest.raises(DeclarationError, match="allow_unverified = true"):
        parsed(text)
    assert parsed("allow_unverified = true\n" + text).allow_unverified


def test_numbers_as_answers_outside_the_range_are_refused() -> None:
    answers = 'answers.seed_confidence = { "15" = 15 }\n'
    text = GOOD.replace("items.seed_confidence", answers + "items.seed_confidence")
    with pytest.raises(DeclarationError, match="1 codes lie outside 0 to 10"):
        parsed(text)


def test_an_outcome_is_compared_over_the_waves_of_its_survey() -> None:
    other = """
[surveys.other]
title = "Another survey"
instruments = ["seed_culture"]
items.seed_culture = "{item}"
[waves.first]
other.file = "0.csv"
"""
    study = parsed(GOOD.replace("[surveys.staff]", other + "[surveys.staff]"))
    assert study.wave_names() == ("first", "before", "after")
    (outcome,) = study.outcomes
    assert (outcome.baseline, outcome.follow_ups) == ("before", ("after",))
    assert [survey.name for survey in study.narrowed("first").surveys] == ["other"]


def with_instrument(name: str, subscale: str) -> str:
    text = GOOD.replace('["seed_confidence"]', f'["{name}"]')
    text = text.replace("items.seed_confidence", f"items.{name}")
    text = text.replace('"seed_confidence"', f'"{name}"')
    return "allow_unverified = true\n" + text.replace('"now"', f'"{subscale}"')


def test_no_leave_scores_an_instrument_whose_key_is_absent() -> None:
    with pytest.raises(DeclarationError) as caught:
        parsed(with_instrument("star_p", "total"))
    reported = str(caught.value)
    assert "instrument 'star_p' cannot be scored, whatever allow_unverified" in reported
    assert "the keys are absent" in reported


def test_an_outcome_that_must_not_be_scored_is_refused_with_the_reason() -> None:
    with pytest.raises(DeclarationError, match="author advises against a total score"):
        parsed(with_instrument("iri", "total"))
    with pytest.raises(DeclarationError, match="'morale' cannot be scored: mean of"):
        parsed(with_instrument("nhs_staff_survey", "morale"))


def test_a_primary_outcome_needs_a_better_end() -> None:
    text = with_instrument("iri", "fantasy")
    assert parsed(text).outcomes[0].subscale == "fantasy"
    primary = text.replace('title = "Confidence"', 'title = ""\nfamily = "primary"')
    with pytest.raises(DeclarationError, match="needs a better and a worse end"):
        parsed(primary)
    burnout = with_instrument("proqol5", "burnout").replace(
        'title = "Confidence"', 'title = ""\nfamily = "primary"'
    )
    assert parsed(burnout).outcomes[0].family == "primary"


def test_answers_of_a_study_may_be_codes_of_any_of_the_codings() -> None:
    more = "[surveys.staff.answers.ribs]\nYes = 1\nNo = 0\n"
    assert parsed(with_instrument("ribs", "intended") + more)
    with pytest.raises(DeclarationError, match="1 codes lie outside"):
        parsed(with_instrument("ribs", "intended") + more + "Maybe = 9\n")
