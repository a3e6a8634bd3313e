"""Every case of the specification runs through the real code and gives its result.

A case is a table, a fragment of a declaration, and the table it leads to; the pages
docs/reference/{scoring,cleaning,linkage,disclosure}.md are written from the same files.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pytest
from conftest import ROOT, Project, lines

from analysis.cleaning.flow import Cleaned
from analysis.cleaning.rules import FLAG_RULES, RULES, clean_wave
from analysis.cleaning.scoring import score_survey, score_wave
from analysis.declarations.instrument_file import METHODS, parse_instrument
from analysis.declarations.linkage import declares_rule
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.declarations.survey import (
    CARELESS_INDICES,
    LINKAGE_RULES,
    LINKAGES,
    OUT_OF_RANGE,
    REPEATS,
)
from analysis.foundation.findings import Contrast, Finding, Group, GroupKind, Place
from analysis.foundation.terms import Rule, Secondary, register, term
from analysis.intake import false_links
from analysis.intake.linkage import link_study, read_linked_exports
from analysis.intake.responses import map_responses, read_exports
from analysis.outcomes.outcome_scores import (
    linked_pairs,
    scores_of,
    waves_of_outcome,
)
from analysis.publication.disclosure.control import disclose, suppress_attrition_counts
from heard.errors import AnalysisError

FOLDER = Path(__file__).parent
PAGES = ("scoring", "cleaning", "linkage", "disclosure")
Row: TypeAlias = dict[str, str]
Result: TypeAlias = tuple[list[Row], dict[str, int]]

# What every declaration needs and no rule depends on.
EVIDENCE = {"status": "project_defined", "source": "invented"}
INSTRUMENT = {
    "name": "form",
    "title": "A form",
    "construct": "nothing",
    "respondent": "anyone",
    "direction": "higher_is_better",
    "licence": "invented",
    "citation": "none",
    "responses": EVIDENCE,
    "keys": EVIDENCE,
}
FORM = """
responses = { lowest = 1, highest = 5 }
items.a = { label = "a question" }
subscales.a = { method = "value", range = [1, 5], reflective = false }
"""
STUDY = {
    "title": "A study",
    "summary": "What was done.",
    "surveys": {
        "staff": {
            "title": "Staff survey",
            "instruments": ["form"],
            "items": {"form": "{item}"},
        }
    },
    "waves": {"before": {"staff": {"file": "before.csv"}}},
}


# ------------------------------------------------------------------------- the cases


def declared(page: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{page}.toml").read_text(encoding="utf-8"))


def cases(page: str) -> Iterator[dict[str, Any]]:
    """The cases of a page, each with the declarations that the page starts from."""
    whole = declared(page)
    for case in whole["case"]:
        yield {
            **case,
            "page": page,
            **{
                kind: merged(tomllib.loads(whole.get(kind, "")), case.get(kind, ""))
                for kind in ("instrument", "study")
            },
        }


def merged(base: Mapping[str, Any], more: Mapping[str, Any] | str) -> dict[str, Any]:
    """One declaration with what another adds to it or puts in its place."""
    added = tomllib.loads(more) if isinstance(more, str) else more
    made = dict(base)
    for key, value in added.items():
        old = made.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        made[key] = merged(old, value) if both and old is not None else value
    return made


def as_toml(value: object) -> str:
    """A value as TOML, tables in one line."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(key))} = {as_toml(of)}" for key, of in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value)


def document(declaration: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {as_toml(value)}\n" for key, value in declaration.items())


def study_of(case: Mapping[str, Any]) -> Study:
    instrument = merged(INSTRUMENT, case["instrument"] or FORM)
    for name, score in instrument.get("subscales", {}).items():
        instrument["subscales"][name] = {"title": name, **EVIDENCE, **score}
    form = document(instrument)
    return parse_study(
        document(merged(STUDY, case["study"])),
        name="study",
        read_instrument=lambda name: parse_instrument(form, where=f"{name}.toml"),
    )


def table(text: str) -> list[Row]:
    """The rows of a Markdown table."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.strip().splitlines()
    ]
    heading, _, *body = rows
    return [dict(zip(heading, row, strict=True)) for row in body]


def cell(value: object) -> str:
    """A value as the tables write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


# ------------------------------------------------------------------- what is run


def receive(project: Project, name: str, text: str) -> list[Row]:
    """Put a table in its place as an export."""
    rows = table(text)
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    project.receive("study", f"{name}.csv", lines(cells))
    return rows


def clean(study: Study, wave: str) -> tuple[Cleaned, pd.Series[str]]:
    """The clean responses of a wave, and the pseudonym of every row of its export."""
    (mapped,) = map_responses(read_exports(study, wave))
    (cleaned,) = clean_wave([mapped])
    return cleaned, mapped.frame["participant"]


def counts(cleaned: Cleaned) -> dict[str, int]:
    """Responses left out by rule, and cells emptied by reason and column."""
    emptied = {f"{why}: {at}": n for (why, at), n in cleaned.emptied.items()}
    return {**cleaned.left_out, **emptied}


def scoring(case: Mapping[str, Any], project: Project) -> Result:
    study = study_of(case)
    people = receive(project, "before", case["given"])
    cleaned, _ = clean(study, "before")
    scores = score_survey(cleaned.frame, cleaned.export, study)
    named = [name for name in map(str, scores) if name.startswith("form.")]
    rows = [
        {
            "person": person["person"],
            **{name.removeprefix("form."): cell(row[name]) for name in named},
        }
        for person, row in zip(people, scores.to_dict("records"), strict=True)
    ]
    return rows, counts(cleaned)


def cleaning(case: Mapping[str, Any], project: Project) -> Result:
    study = study_of(case)
    received = receive(project, "before", case["given"])
    cleaned, pseudonyms = clean(study, "before")
    # What follows the header of a survey tool's export is not a response.
    ids = [row.get("id", "") for row in received][-len(pseudonyms) :]
    names = dict(zip(pseudonyms, ids, strict=True))
    shown = table(case["expected"])[0] if case.get("expected") else {}
    frame = cleaned.frame.rename(columns=lambda name: name.removeprefix("form."))
    rows = [
        {
            name: names[row["participant"]] if name == "id" else cell(row[name])
            for name in shown
        }
        for row in frame.to_dict("records")
    ]
    return rows, counts(cleaned)


def linkage(case: Mapping[str, Any], project: Project) -> Result:
    study = study_of(case)
    (outcome,) = study.outcomes
    given = {name: receive(project, name, text) for name, text in case["given"].items()}
    kept, names = {}, {}
    for wave in study.wave_names():
        cleaned, pseudonyms = clean(study, wave)
        kept[wave] = [cleaned]
        rows = given.get(wave) or next(iter(given.values()))
        people = (row["person"] for row in rows)
        names[wave] = dict(zip(pseudonyms, people, strict=True))
    scores = {
        wave: {name: frame for name, (_, frame) in score_wave(of, study).items()}
        for wave, of in kept.items()
    }
    links, counted = None, {}
    if declares_rule(study):
        frames = {wave: {"staff": of[0].frame} for wave, of in kept.items()}
        linked = link_study(read_linked_exports(study), frames, study)
        links, counted = linked.links, link_counts(linked.findings, study)
    before, after, same = waves_of_outcome(scores, study, outcome, "after", links=links)
    if not same:
        return [], counted
    pairs = linked_pairs(*(scores_of(wave, outcome, study) for wave in (before, after)))
    own = dict(
        zip(after["participant"], scores["after"]["staff"]["participant"], strict=True)
    )
    return [
        {"before": names["before"][name], "after": names["after"][own[name]]}
        for name in pairs.index
    ], counted


def link_counts(findings: tuple[Finding, ...], study: Study) -> dict[str, int]:
    """Who was not linked, and why, under the declared rule."""
    rule = study.waves[0].exports[0].linkage_rule
    assert rule is not None
    found = {}
    for one in findings:
        of = one.group.of if isinstance(one.group, Group) else one.group
        reason = one.term not in ("participants_linked", "participants_not_matched")
        if of == rule.rule and reason and term(one.term).rule is Rule.PART:
            wave = f" {one.group.value}" if isinstance(one.group, Group) else ""
            if one.estimate:
                found[one.term + wave] = int(one.estimate)
    return found


def disclosure(case: Mapping[str, Any], project: Project) -> Result:
    smallest = study_of(case).smallest_group_shown
    given = table(case["given"])
    found = [finding(row) for row in given]
    safe = suppress_attrition_counts(
        disclose(found, smallest=smallest), smallest=smallest
    )
    rows = []
    for row, one in zip(given, safe.findings, strict=True):
        numbers = {
            name: row[name] if getattr(one, name) is not None else "suppressed"
            for name in ("estimate", "n")
            if name in row
        }
        rows.append(row | numbers | {"reason": one.reason})
    return rows, {}


def finding(row: Row) -> Finding:
    """A row as the finding that it writes down."""
    places: dict[str, Any] = {
        name: place(row[name]) for name in ("wave", "arm") if name in row
    }
    if "group" in row:
        of, _, values = row["group"].rpartition(": ")
        value, _, reference = values.partition(" - ")
        kind: GroupKind = "site" if of == "site" else "subgroup"
        places["group"] = Group(kind, value, reference, of) if of else values
    return Finding(
        study="study",
        survey=row.get("survey", "staff").replace("(none)", ""),
        instrument="form",
        subscale="score",
        term=row["term"],
        estimate=float(row["estimate"]),
        n=int(row.get("n") or float(row["estimate"])),
        **places,
    )


def place(text: str) -> Place:
    after, minus, before = text.partition(" - ")
    return Contrast(after, before) if minus else text


RUN: Mapping[str, Callable[[Mapping[str, Any], Project], Result]] = {
    "scoring": scoring,
    "cleaning": cleaning,
    "linkage": linkage,
    "disclosure": disclosure,
}
ALL = [case for page in PAGES for case in cases(page)]


@pytest.fixture(autouse=True)
def _few_shuffles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The share of false links is no part of a case, and takes seconds."""
    monkeypatch.setattr(false_links, "ROUNDS", 1)
    monkeypatch.setattr(
        false_links.false_match_rate, "__kwdefaults__", {"permutations": 1}
    )


@pytest.mark.parametrize(
    "case", ALL, ids=lambda case: f"{case['page']}-{case['title']}"
)
def test_case(case: dict[str, Any], project: Project) -> None:
    run = RUN[case["page"]]
    if "refused" in case:
        with pytest.raises(AnalysisError) as refused:
            run(case, project)
        assert case["refused"] in str(refused.value)
        return
    rows, counted = run(case, project)
    assert rows == table(case["expected"])
    assert counted == case.get("counted", {})


def words_in(page: str) -> set[str]:
    """Every declared value, term and count that the cases of a page use."""
    text = (FOLDER / f"{page}.toml").read_text(encoding="utf-8")
    return set(re.findall(r"\w+", text))


WITH_ALL_OTHERS = {
    "even_odd",
    "psychometric_synonyms",
    "psychometric_antonyms",
    "mahalanobis_p",
}
"""Indices that need more people, or questions, than an example holds."""


@pytest.mark.parametrize(
    ("page", "rules"),
    [
        ("scoring", METHODS),
        ("scoring", OUT_OF_RANGE[1:]),
        ("cleaning", (*RULES, *FLAG_RULES)),
        ("cleaning", REPEATS[1:]),
        ("cleaning", set(CARELESS_INDICES) - WITH_ALL_OTHERS),
        ("linkage", LINKAGES),
        ("linkage", LINKAGE_RULES),
    ],
)
def test_every_rule_has_a_case(page: str, rules: Collection[str]) -> None:
    assert set(rules) <= words_in(page)


def test_every_disclosure_rule_and_family_has_a_case() -> None:
    used = [term(name) for name in words_in("disclosure") & set(register())]
    assert {one.rule for one in used} == set(Rule)
    assert {one.secondary for one in used} == set(Secondary)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_every_case(page: str) -> None:
    shown = (ROOT / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    headings = re.findall("^## (.*)$", shown, re.MULTILINE)
    assert headings[1:] == [case["title"] for case in cases(page)]
