"""From raw exports of two waves to links of pseudonyms, under every rule declared."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import Project, lines

from analysis.cleaning.rules import clean_wave
from analysis.cleaning.scoring import score_wave
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError, StaleError
from analysis.foundation.findings import AnyGroup, Contrast, Finding, Group
from analysis.intake.identity import identifiers, row_identifiers
from analysis.intake.linkage import LinkedStudy, link_study, read_linked_exports
from analysis.intake.responses import map_responses, read_exports
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.storage.declared import read_instrument
from analysis.storage.rows import (
    read_all_responses,
    read_all_scores,
    read_links,
    write_links,
    write_processed,
)
from analysis.workflow.planning import plan_steps

PEOPLE = 15
STUDY = """
title = "A study"
summary = "What was done."
[teams.red]
title = "Red"
[teams.blue]
title = "Blue"
[surveys.staff]
title = "Staff"
instruments = ["seed_confidence"]
linkage = "self_generated_code"
columns = { participant = ["mother", "day", "town"], team = "team", consent = "ok" }
cleaning = { repeats = "last", consent = "yes" }
items.seed_confidence = "{item}"
[waves.before]
staff.file = "before.csv"
[waves.after]
staff.file = "after.csv"
[waves.later]
staff = { file = "later.csv", columns.participant = ["m", "d", "t"] }
[outcomes.confidence]
title = "Confidence"
survey = "staff"
instrument = "seed_confidence"
subscale = "now"
"""
RULE = '[surveys.staff.linkage_rule]\nrule = "one_element_off"\n'
WEIGHTS = "weights = [1, 1, 1]\nthreshold = 0.9\n"


def study(more: str = RULE) -> Study:
    return parse_study(STUDY + more, name="study", read_instrument=read_instrument)


def row(number: int, **cells: str) -> list[str]:
    known = {"mother": f"m{number}", "day": f"d{number}", "town": f"t{number}"}
    known |= {"team": "red", "ok": "yes", "now": f"{number % 11}"} | cells
    return list(known.values())


def receive(project: Project) -> None:
    """Fifteen people; after, the last two give a code one element off or two."""
    headings = ["mother", "day", "town", "team", "ok", "now"]
    everyone = [row(number) for number in range(PEOPLE)]
    slips = [row(13, day="d99"), row(14, day="d99", town="t99")]
    # Number 0 sent the form twice; number 1 is two people of two teams; 2 refused.
    after = [row(0), *everyone[:2], row(1, team="blue"), row(2, ok="no")]
    after += [*everyone[3:13], *slips]
    files = {
        "before": [headings, *everyone],
        "after": [headings, *after],
        "later": [["m", "d", "t", *headings[3:]], *everyone],
    }
    for wave, rows in files.items():
        project.receive("study", f"{wave}.csv", lines(rows))


def linked(project: Project, declared: Study) -> LinkedStudy:
    receive(project)
    for wave in declared.wave_names():
        cleaned = clean_wave(map_responses(read_exports(declared, wave)))
        write_processed(declared.name, wave, score_wave(cleaned, declared))
    return link_study(
        read_linked_exports(declared), read_all_responses(declared), declared
    )


def counted(found: LinkedStudy, term: str, group: AnyGroup) -> float | None:
    (finding,) = (
        each
        for each in found.findings
        if (each.term, each.group, each.wave)
        == (term, group, Contrast("after", "before"))
    )
    return finding.estimate


def test_every_rule_is_counted(project: Project) -> None:
    found = linked(project, study(RULE + WEIGHTS))
    assert [
        counted(found, "participants_matched", rule)
        for rule in ("exact", "one_element_off", "weighted")
    ] == [11, 12, 11]
    assert (
        counted(
            found,
            "participants_not_matched",
            Group("rule_at_wave", "before", of="exact"),
        )
        == 4
    )
    assert (
        counted(
            found,
            "participants_not_matched",
            Group("rule_at_wave", "after", of="one_element_off"),
        )
        == 2
    )
    assert (
        counted(found, "codes_repeated", Group("rule_at_wave", "after", of="exact"))
        == 1
    )
    assert (
        counted(found, "codes_repeated", Group("rule_at_wave", "before", of="exact"))
        == 0
    )
    assert counted(found, "participants_conflicting", "exact") == 0
    rate = counted(found, "false_match_rate", "one_element_off")
    assert rate is not None
    assert 0 <= rate < 0.1


def test_headers_may_differ_between_waves(project: Project) -> None:
    found = linked(project, study())
    later = found.links.loc[found.links["wave_after"] == "later"]
    assert set(later["rule"]) == {"exact", "one_element_off"}
    assert (later["rule"] == "exact").sum() == PEOPLE


def test_links_hold_pseudonyms_alone(project: Project) -> None:
    found = linked(project, study())
    for side in ("before", "after"):
        assert found.links[side].str.fullmatch("[0-9a-f]{24}").all()
    write_links(study(), found.links)
    for file in project.processed.rglob("*.parquet"):
        cells = pd.read_parquet(file).astype(str).to_numpy().ravel()
        assert not {"M3", "m3", "D3", "d3", "T3", "t3"} & set(cells), file.name
    assert repr(found) == f"LinkedStudy({len(found.links)} links)"


def outcome(findings: tuple[Finding, ...]) -> float | None:
    (linked_with_score,) = (
        finding.estimate
        for finding in findings
        if finding.term == "participants_linked"
        and finding.wave == Contrast("after", "before")
    )
    return linked_with_score


def test_outcomes_can_be_evaluated_under_each_rule(project: Project) -> None:
    declared = study()
    write_links(declared, linked(project, declared).links)
    scores, links = read_all_scores(declared), read_links(declared)
    assert outcome(evaluate_outcomes(scores, declared, links=links)) == 12
    for rule, people in (("exact", 11), ("one_element_off", 12)):
        found = evaluate_outcomes(scores, declared, links=links, linkage_rule=rule)
        assert outcome(found) == people
    with pytest.raises(DeclarationError) as caught:
        evaluate_outcomes(scores, declared, links=links, linkage_rule="weighted")
    assert "Known: exact, one_element_off" in str(caught.value)


def test_without_a_rule_equality_decides_and_there_is_no_step(project: Project) -> None:
    declared = study("")
    found = linked(project, declared)
    assert set(found.links["rule"]) == {"exact"}
    assert read_links(declared) is None
    assert "linkage" not in {step.name for step in plan_steps(declared)}
    # Of the code two people gave, cleaning kept the last response, and links it.
    assert outcome(evaluate_outcomes(read_all_scores(declared), declared)) == 12


def test_a_declared_rule_is_a_step_that_outcomes_need(project: Project) -> None:
    steps = {step.name: step for step in plan_steps(study())}
    assert "linkage" in steps["outcomes"].needs
    assert set(steps["linkage"].inputs) == {
        *(f"{wave}/staff.responses.parquet" for wave in study().wave_names()),
        *("before.csv", "after.csv", "later.csv"),
    }
    assert steps["linkage"].key
    with pytest.raises(StaleError, match="--only linkage"):
        read_links(study())


def test_another_rule_leaves_cleaning_fresh() -> None:
    other = study(RULE.replace("one_element_off", "exact"))
    assert other.digest() != study().digest()
    assert other.narrowed("after").digest() == study().narrowed("after").digest()


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ("one_element_off", "near", "Known: exact, one_element_off, weighted"),
        ("one_element_off", "weighted", "linkage_rule.weights] is missing"),
        ("[1, 1, 1]", "[1, 1]", "must be 3 numbers"),
        ("[1, 1, 1]", "[1, 1, -1]", "must not be negative"),
        ("[1, 1, 1]", '[1, "1", 1]', "must be a list of numbers"),
        ("0.9", "1.9", "threshold] must be over 0 and at most 1"),
        ("self_generated_code", "identifier", "near ones are other people"),
        ("self_generated_code", "none", "needs linkage to be"),
        ('["mother", "day", "town"]', '["mother", "day"]', "needs at least 3"),
        ('["m", "d", "t"]', '["m", "d"]', "differs in length between waves"),
        ('"later.csv",', '"l", linkage_rule.rule = "exact",', "same at every wave"),
        ("threshold", 'stable = ["sex"]\nthreshold', "'sex' is neither an attribute"),
        ("threshold", "treshold", "Did you mean 'threshold'?"),
    ],
)
def test_a_fault_of_the_rule_is_told(old: str, new: str, reported: str) -> None:
    text = STUDY + RULE + ("" if "is missing" in reported else WEIGHTS)
    assert old in text
    with pytest.raises(DeclarationError) as caught:
        parse_study(
            text.replace(old, new), name="study", read_instrument=read_instrument
        )
    assert reported in str(caught.value)


WIDE = """
title = "A study"
summary = "What was done."
[surveys.staff]
title = "Staff"
instruments = ["seed_confidence"]
linkage = "row"
cleaning = { minimum_answered = 1.0 }
[waves.before]
staff = { file = "all.csv", items.seed_confidence.now = "first" }
[waves.after]
staff = { file = "all.csv", items.seed_confidence.now = "second" }
[outcomes.confidence]
title = "Confidence"
survey = "staff"
instrument = "seed_confidence"
subscale = "now"
"""


def test_rows_of_one_file_are_people_at_every_wave(project: Project) -> None:
    """By hand: ten people changed by 1 and ten by 2, of whom two are not seen twice."""
    wide = parse_study(WIDE, name="wide", read_instrument=read_instrument)
    people = [[str(k % 9), str(k % 9 + 1 + k % 2)] for k in range(20)]
    people[3][1] = ""
    people[7][0] = ""
    # A row without anything is no response, and moves nobody at either wave.
    people.insert(5, ["", ""])
    project.receive("wide", "all.csv", lines([["first", "second"], *people]))
    for wave in wide.wave_names():
        cleaned = clean_wave(map_responses(read_exports(wide, wave)))
        names = cleaned[0].frame["participant"]
        assert names.is_unique
        assert not names.str.contains("row").any()
        write_processed("wide", wave, score_wave(cleaned, wide))
    found = evaluate_outcomes(read_all_scores(wide), wide)
    (change,) = [each for each in found if each.term == "change"]
    assert change.n == 18
    assert change.estimate == pytest.approx(26 / 18, abs=1e-12)
    (linked,) = [each for each in found if each.term == "participants_linked"]
    assert linked.n == 18
    assert "linkage" not in {step.kind for step in plan_steps(wide)}


def test_rows_of_two_files_and_numbers_given_out_name_different_people() -> None:
    cells = pd.DataFrame({"id": ["1", "2"]})
    one, two = (set(row_identifiers(cells, file)) for file in ("a.csv", "b.csv"))
    assert not one & two
    assert not one & set(identifiers(cells, ["id"]))
