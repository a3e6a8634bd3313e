"""The demonstration study: its findings are known, repeatable, and near the truth."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, Project, copy_study

from analysis.foundation.findings import TIDY_COLUMNS
from analysis.intake.identity import identifiers, pseudonyms
from analysis.storage.key import read_key

sys.path.insert(0, str(ROOT / "studies" / "demonstration"))
sys.path.insert(0, str(Path(__file__).parent))
from expected import true_alpha, true_effect
from people import (
    expected_coverage,
    expected_links,
    expected_scrubbed,
    false_links,
    named_in,
    people_behind,
)
from rewrite import GOLDEN, METHODS, STUDY, methods_of
from simulate import simulate, simulate_exports
from truth import read_truth


def findings(project: Project) -> list[dict[str, Any]]:
    path = project.reports / STUDY / "findings" / "findings.json"
    records: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return records


def key(record: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(record[name])
        for name in TIDY_COLUMNS
        if name not in ("estimate", "conf_low", "conf_high", "n", "method", "reason")
    )


RERUN = ("cleaning-before", "linkage", "reliability-after", "outcomes")
"""Executed copies that nbval runs again, cell by cell."""


def test_findings_are_the_golden_ones(pilot: Project) -> None:
    """A change of numbers must show. To accept one, and say so in the CHANGELOG:

    python tests/golden/rewrite.py
    """
    with GOLDEN.open(encoding="utf-8", newline="") as stream:
        golden = {key(row): row for row in csv.DictReader(stream)}
    found = {key(record): record for record in findings(pilot)}
    assert list(found) == list(golden)
    for place, record in found.items():
        was = golden[place]
        assert str(record["n"] if record["n"] is not None else "") == was["n"], place
        assert record["reason"] == was["reason"], place
        for number in ("estimate", "conf_low", "conf_high"):
            now = record[number]
            if was[number] == "":
                assert now is None, place
            else:
                # Processors differ in the last digits of sums and root searches.
                same = math.isclose(now, float(was[number]), rel_tol=1e-6, abs_tol=1e-9)
                assert same, (place, number)


def test_methods_are_described_as_accepted(pilot: Project) -> None:
    """A change of wording must show too; it is accepted by the same command."""
    with METHODS.open(encoding="utf-8", newline="") as stream:
        golden = [(row["term"], row["method"]) for row in csv.DictReader(stream)]
    path = pilot.reports / STUDY / "findings" / "findings.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        assert methods_of(csv.DictReader(stream)) == golden


def test_every_finding_has_its_place_its_method_and_its_provenance(
    pilot: Project,
) -> None:
    records = findings(pilot)
    assert len(records) > 300
    for record in records:
        assert {*record} == {*TIDY_COLUMNS, "n_unit", "provenance", "parts"}
        assert record["study"] == STUDY
        assert record["provenance"]
        if record["estimate"] is None:
            assert record["reason"], record["term"]
        else:
            assert record["n"] >= 11
            assert record["method"]
        if record["conf_low"] is not None:
            assert record["conf_low"] <= record["estimate"]
        if record["conf_high"] is not None:  # ratings needed may have no upper limit
            assert record["estimate"] <= record["conf_high"]


def test_csv_and_json_hold_the_same(pilot: Project) -> None:
    path = pilot.reports / STUDY / "findings" / "findings.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, record in zip(rows, findings(pilot), strict=True):
        counts = f"n counts {record['n_unit']}"
        method = record["method"]
        if record["n_unit"] and record["n"] is not None:
            method = f"{method}; {counts}" if method else counts
        as_text = {name: record[name] for name in (*TIDY_COLUMNS, "provenance")}
        as_text |= {"method": method}
        expected = {k: "" if v is None else str(v) for k, v in as_text.items()}
        assert row == expected


def released(project: Project) -> dict[str, bytes]:
    """Everything under the reports but how long it took and what rows it was from."""
    folder = project.reports / STUDY
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "receipts" not in path.parts
    }


def test_two_runs_elsewhere_are_identical(pilot: Project, tmp_path: Path) -> None:
    """Another key, folder, locale, time zone, hash seed and number of jobs."""
    other = Project(folder=tmp_path / "an other plåce")
    other.folder.mkdir()
    copy_study(other, STUDY)
    surroundings = {
        "LC_ALL": "C",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "7",
        "OPENBLAS_NUM_THREADS": "1",
    }
    finished = other.heard("run", STUDY, "--jobs", "1", variables=surroundings)
    assert finished.returncode == 0, finished.stderr
    here, there = released(pilot), released(other)
    assert list(here) == list(there)
    assert [name for name in here if here[name] != there[name]] == []


def test_every_report_shows_its_own_wave(pilot: Project) -> None:
    """The users' worst story: all reports showed the last site's numbers."""
    declared = tomllib.loads((pilot.studies / f"{STUDY}.toml").read_text("utf-8"))
    pages = {}
    for wave in declared["waves"]:
        for kind in ("cleaning", "reliability"):
            part = pilot.reports / STUDY / "findings" / "parts" / f"{kind}-{wave}.json"
            records = json.loads(part.read_text("utf-8"))
            assert {record["wave"] for record in records} == {wave}
            pages[kind, wave] = (
                pilot.reports / STUDY / f"{kind}-{wave}.html"
            ).read_text("utf-8")
            assert declared["waves"][wave]["title"] in pages[kind, wave]
    assert len(set(pages.values())) == len(pages)


def test_no_identifier_or_free_text_is_kept_anywhere(pilot: Project) -> None:
    secrets = [b"192.0.2.", b"example.org", b"@"]
    for path in (pilot.processed).rglob("*.parquet"):
        cells = pd.read_parquet(path).to_numpy().ravel()
        joined = "\n".join(map(str, cells)).encode()
        assert not any(secret in joined for secret in secrets), path.name
    for path in pilot.reports.rglob("*"):
        if path.suffix in (".json", ".csv", ".html", ".ipynb"):
            content = path.read_bytes()
            assert b"192.0.2." not in content, path.name
            assert b"example.org" not in content, path.name


def test_pages_hold_no_pseudonym(pilot: Project) -> None:
    people: set[str] = set()
    for path in pilot.processed.rglob("*.responses.parquet"):
        frame = pd.read_parquet(path)
        people |= set(frame["participant"]) | set(frame.get("staff_member", []))
    people.discard("")
    assert len(people) > 100
    for path in pilot.reports.rglob("*"):
        if path.suffix in (".json", ".csv", ".html", ".ipynb"):
            text = path.read_text("utf-8")
            assert not any(person in text for person in people), path.name


def test_the_truth_is_recovered_through_the_whole_way(pilot: Project) -> None:
    """What was simulated is found again, from the raw exports to the findings.

    Twice the half width of a 95 % interval is about four standard errors, which a
    right method misses once in 16,000 times.
    """
    truth = read_truth()
    found = {
        (r["instrument"], r["subscale"], r["item"], r["wave"], r["arm"], r["term"]): r
        for r in findings(pilot)
    }
    checked = 0
    for outcome in truth.study.outcomes:
        scale = (outcome.instrument, outcome.subscale, "")
        for wave in outcome.follow_ups:
            place = (*scale, f"{wave} - before", "pilot - comparison")
            record = found[*place, "difference_in_change"]
            assert misses(record, true_effect(truth, outcome.name, wave)) < 2, place
            checked += 1
        alpha = found.get((*scale, "before", "", "cronbach_alpha"))
        if alpha is not None:
            assert misses(alpha, true_alpha(truth.outcomes[outcome.name])) < 2
            checked += 1
    assert checked == 14


def found_by(project: Project, **place: str) -> dict[str, Any]:
    """The one finding of a place."""
    records = [
        record
        for record in findings(project)
        if all(record[name] == value for name, value in place.items())
    ]
    assert len(records) == 1, place
    return records[0]


@pytest.mark.parametrize("wave", ["after", "later"])
@pytest.mark.parametrize("rule", ["exact", "one_element_off", "weighted"])
def test_the_links_are_the_true_ones_and_the_false_are_estimated(
    pilot: Project, rule: str, wave: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here alone it is known who made a code, and so which links join two people."""
    for name, value in pilot.variables().items():
        monkeypatch.setenv(name, value)
    truth = read_truth()
    frames = simulate(truth, STUDY)
    links = pd.read_parquet(pilot.processed / STUDY / "links.parquet")
    here = links.loc[(links["rule"] == rule) & (links["wave_after"] == wave)]
    before, after = (
        here[side].map(people_by_pseudonym(frames, at))
        for side, at in (("before", "before"), ("after", wave))
    )
    false = sum(a.isdisjoint(b) for a, b in zip(before, after, strict=True))
    place = {"term": "false_match_rate", "wave": f"{wave} - before", "group": rule}
    rate = found_by(pilot, **place)
    assert rate["n"] == len(here)
    assert rate["conf_low"] <= false / len(here) <= rate["conf_high"]
    if rule != "weighted":
        files = simulate_exports(truth, STUDY)
        expected = expected_links(files, truth, ("before", wave), rule)
        assert (len(here), false) == (
            len(expected),
            false_links(expected, frames, ("before", wave)),
        )


def people_by_pseudonym(
    frames: dict[str, pd.DataFrame], wave: str
) -> dict[str, set[int]]:
    """Pseudonym → whoever made the code behind it at a wave."""
    made = people_behind(frames, wave)
    codes = pd.DataFrame(list(made), dtype=str)
    joined = identifiers(codes, list(codes.columns))
    named = pseudonyms(joined, key=read_key(), study=STUDY, kind="participant")
    return dict(zip(named, made.values(), strict=True))


@pytest.mark.parametrize("wave", ["before", "after", "later"])
def test_coverage_is_exactly_what_the_lists_hold(pilot: Project, wave: str) -> None:
    truth = read_truth()
    files = simulate_exports(truth, STUDY)
    expected = expected_coverage(files, truth, wave)
    teams = {team.title: team.name for team in truth.study.teams}
    place = {"survey": "ratings", "wave": wave}
    stray = expected.pop("not listed")[0]
    assert stray == truth.staff_list.rated_but_not_listed
    # They are few, so the finding may not say how many: the count is tested before it.
    assert 0 < stray < truth.study.smallest_group_shown
    listed = found_by(pilot, **place, term="rated_not_on_roster")
    assert (listed["estimate"], listed["n"]) == (None, None)
    assert listed["reason"] == "fewer than 11 people, or nobody"
    for name, (staff, once, enough) in expected.items():
        kind, _, title = name.partition(": ")
        group = f"{kind}: {teams.get(title, title)}" if title else name
        for term, rated in (("share_rated_once", once), ("share_rated_enough", enough)):
            record = found_by(pilot, **place, group=group, term=term)
            assert record["n"] == staff
            # Findings are written with 12 digits.
            assert record["estimate"] == pytest.approx(rated / staff, abs=1e-11)


def test_what_people_wrote_is_scrubbed_and_every_hit_counted(pilot: Project) -> None:
    truth = read_truth()
    expected = expected_scrubbed(simulate_exports(truth, STUDY), truth)
    for wave in truth.study.waves:
        folder = pilot.processed / STUDY / wave.name
        export = wave.export("ratings")
        assert export is not None
        ledger = json.loads((folder / "ledger.json").read_text("utf-8"))
        counts = {
            row["rule"].removesuffix(" taken out"): row["cells"]
            for row in ledger
            if row["rule"].endswith(" taken out")
        }
        assert counts == dict(expected[export.file])
        remarks = pd.read_parquet(folder / "ratings.responses.parquet")["text.remark"]
        assert (remarks != "").sum() > 100
        for remark in remarks:
            assert sum(named_in(remark, truth).values()) == 0
    everything = "\n".join(
        str(cell)
        for path in pilot.processed.rglob("*.parquet")
        for cell in pd.read_parquet(path).to_numpy().ravel()
    ).casefold()
    for name in (*truth.remarks.titled, *truth.remarks.listed()):
        assert not re.search(rf"\b{re.escape(name.casefold())}\b", everything)


def misses(record: dict[str, Any], truth: float) -> float:
    """How far the truth lies from the estimate, in half widths of its interval."""
    half = (record["conf_high"] - record["conf_low"]) / 2
    return float(abs(record["estimate"] - truth) / half)


def test_a_fourth_wave_is_one_table_and_its_files(
    pilot: Project, project: Project
) -> None:
    shutil.rmtree(project.folder)
    shutil.copytree(pilot.folder, project.folder)
    for survey in ("staff", "ratings"):
        raw = project.raw / STUDY
        shutil.copy(raw / f"{survey}_after.csv", raw / f"{survey}_fourth.csv")
    path = project.studies / f"{STUDY}.toml"
    text = path.read_text("utf-8")
    table = '\n[waves.fourth]\ntitle = "A year on"\nstaff.file = "staff_fourth.csv"\n'
    table += 'ratings.file = "ratings_fourth.csv"\n'
    path.write_text(text + table, encoding="utf-8")
    finished = project.heard("run", STUDY, "--json")
    assert finished.returncode == 0, finished.stderr
    reported = json.loads(finished.stdout)
    assert set(reported["ran"]) == {
        "cleaning-fourth",
        "reliability-fourth",
        "linkage",
        "comparability",
        "outcomes",
        "supplementary",
        "missing-data",
        "subgroups",
        "comparison-designs",
        "multiverse",
        "coverage",
        "findings",
        "funder-summary",
        "index",
    }
    assert len(reported["fresh"]) == 7
    assert "fourth - before" in {record["wave"] for record in findings(project)}


def test_a_rerun_agrees_cell_by_cell_with_the_executed_copies(pilot: Project) -> None:
    """nbval in its strict form runs copies again and compares every output.

    Some of each kind: `test_two_runs_elsewhere_are_identical` compares all.
    """
    folder = pilot.reports / STUDY / "notebooks"
    copies = [str(folder / f"{name}.ipynb") for name in RERUN]
    finished = nbval("--nbval", *copies, project=pilot)
    assert finished.returncode == 0, finished.stdout[-3000:]


def test_the_sources_run_as_they_stand(pilot: Project) -> None:
    """nbval in its lax form: every cell runs, with the defaults of its notebook."""
    finished = nbval("--nbval-lax", str(ROOT / "notebooks"), project=pilot)
    assert finished.returncode == 0, finished.stdout[-3000:]


def nbval(*arguments: str, project: Project) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--override-ini=addopts=", "-q"]
    return subprocess.run(
        [*command, "--nbval-current-env", *arguments],
        cwd=ROOT,
        # As a run has it: more threads would add up in another order.
        env={**project.environment(), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
