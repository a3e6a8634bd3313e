"""Steps and the plan: what a lock and a gate make stale, and what pages then say."""

from __future__ import annotations

import dataclasses
import shutil
import sys

import pytest
from conftest import ROOT, Project

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import GOOD, locked, parsed

from analysis.declarations.study import Dose, Rollout
from analysis.storage.declared import lock_file, read_study
from analysis.workflow.planning import plan_steps
from analysis.workflow.receipts import staleness
from analysis.workflow.steps import Step

STUDY = "listening-pilot"
REPORTED = ("outcomes", "funder-summary", "index")


def steps(study: object) -> dict[str, Step]:
    return {step.name: step for step in plan_steps(study)}  # type: ignore[arg-type]


def test_the_lock_is_an_input_of_the_pages_that_tell_of_it(project: Project) -> None:
    assert project.folder.exists()
    with_lock, without = steps(locked()), steps(parsed())
    for name, step in with_lock.items():
        holds = "planned.lock.toml" in step.inputs
        assert holds == (name in (*REPORTED, "comparison-designs")), name
        assert "planned.lock.toml" not in without[name].inputs
        assert step.declared == without[name].declared


def test_outcomes_wait_for_reliability(project: Project) -> None:
    """A gate needs the alphas; so does who changed by more than error."""
    assert project.folder.exists()
    for text in (GOOD, GOOD.replace("gates.minimum_reliability = 0.7\n", "")):
        outcomes = steps(parsed(text))["outcomes"]
        for wave in ("before", "after"):
            assert f"reliability-{wave}" in outcomes.needs
            assert f"findings/parts/reliability-{wave}.json" in outcomes.inputs


@pytest.fixture
def ran(pilot: Project, project: Project) -> Project:
    """The demonstration study, run, to change at will."""
    shutil.rmtree(project.folder)
    shutil.copytree(pilot.folder, project.folder)
    return project


def stale() -> dict[str, str]:
    found = {name: staleness(step) for name, step in steps(read_study(STUDY)).items()}
    return {name: reason for name, reason in found.items() if reason}


def pages(project: Project) -> dict[str, str]:
    folder = project.reports / STUDY
    return {
        name: (folder / f"{name}.html").read_text("utf-8")
        for name in ("outcomes", "funder-summary", "index")
    }


def test_the_demonstration_was_run_as_it_was_locked(pilot: Project) -> None:
    for name, page in pages(pilot).items():
        assert "The analysis followed the plan locked on" in page, name
        assert "it is post hoc" in page, name
        assert "What was run differs" not in page, name


def test_a_lock_taken_away_or_changed_makes_the_pages_stale(ran: Project) -> None:
    assert stale() == {}
    path = lock_file(STUDY)
    text = path.read_text("utf-8")
    path.write_text(text.replace("date = 20", "date = 19"), encoding="utf-8")
    reason = "input changed: listening-pilot.lock.toml"
    assert stale() == dict.fromkeys(
        (*REPORTED, "subgroups", "comparison-designs"), reason
    )
    path.unlink()
    reason = "no longer an input: listening-pilot.lock.toml"
    assert stale() == dict.fromkeys(
        (*REPORTED, "subgroups", "comparison-designs"), reason
    )
    assert ran.folder.exists()


def test_every_page_lists_what_was_done_otherwise(ran: Project) -> None:
    path = ran.studies / f"{STUDY}.toml"
    text = path.read_text("utf-8")
    assert text.count("smallest_effect = 0.5") == 1
    path.write_text(
        text.replace("smallest_effect = 0.5", "smallest_effect = 0.1"), encoding="utf-8"
    )
    finished = ran.heard("run", STUDY, "--parameter", "linkage_rule=exact", "--quiet")
    assert finished.returncode == 0, finished.stderr
    deviations = (
        "Outcome &#x27;confidence&#x27;: the smallest effect of interest was 0.5 when "
        "locked and is 0.1 now.",
        "Survey &#x27;staff&#x27;: responses were linked by the rule &#x27;exact&#x27;",
    )
    for name, html in pages(ran).items():
        page = html.replace("&#39;", "&#x27;")
        assert "2 deviations are listed" in page, name
        for reported in deviations:
            assert reported in page, name


def test_groups_are_compared_only_where_they_answer_for_an_outcome() -> None:
    study = read_study("listening-pilot")
    kinds = [step.kind for step in plan_steps(study)]
    assert kinds.index("subgroups") == kinds.index("missing-data") + 1
    for other in (
        dataclasses.replace(study, groups=()),
        dataclasses.replace(study, outcomes=()),
    ):
        assert "subgroups" not in {step.kind for step in plan_steps(other)}


def test_beyond_the_mean_is_asked_where_something_stands_beside_a_mean() -> None:
    study = read_study("listening-pilot")
    kinds = [step.kind for step in plan_steps(study)]
    assert kinds.index("supplementary") == kinds.index("outcomes") + 1
    care = tuple(one for one in study.outcomes if one.name == "care")
    bare = dataclasses.replace(study, outcomes=care)
    assert "supplementary" not in {step.kind for step in plan_steps(bare)}
    (cares,) = (one for one in study.outcomes if one.name == "cares")
    ordered = dataclasses.replace(study, outcomes=(*care, cares))
    assert "supplementary" in {step.kind for step in plan_steps(ordered)}


def test_a_course_beside_others_needs_waves_and_teams_or_a_declaration() -> None:
    study = read_study("listening-pilot")

    def planned(**more: object) -> bool:
        changed = dataclasses.replace(study, **more)  # type: ignore[arg-type]
        return "comparison-designs" in {step.kind for step in plan_steps(changed)}

    short = tuple(
        dataclasses.replace(one, follow_ups=one.follow_ups[:1])
        for one in study.outcomes
    )
    rollout = Rollout(unit="team", starts={"bugle": "after"})
    assert study.plan is not None
    plan = dataclasses.replace(study.plan, negative_controls=("cares",))
    assert planned()
    assert not planned(outcomes=short)
    of_people = dataclasses.replace(study.allocation, unit="person")
    assert not planned(allocation=of_people)
    assert not planned(outcomes=(), rollout=rollout)
    assert planned(outcomes=short, rollout=rollout)
    assert planned(outcomes=short, plan=plan)
    assert planned(outcomes=short, dose=Dose(survey="staff", column="years"))


def test_scores_are_compared_between_waves_where_anything_can_be_asked() -> None:
    """A page of nothing but "cannot be tested" would help nobody."""
    totals = read_study("beat-the-blues")
    assert "comparability" in steps(read_study(STUDY))
    assert "comparability" in steps(totals)  # the same people answered again
    assert "comparability" not in steps(dataclasses.replace(totals, outcomes=()))
    assert "comparability" not in steps(read_study("eq-short"))
