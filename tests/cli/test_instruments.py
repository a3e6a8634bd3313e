"""What `heard instruments` says: all of them, one of them, and no such one."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from analysis.cli.application import command_line
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import instrument_names, read_instrument


def message(*arguments: str) -> str:
    result = CliRunner().invoke(command_line(), ["instruments", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_every_instrument_is_listed_with_its_status() -> None:
    lines = message().splitlines()
    for name in instrument_names():
        instrument = read_instrument(name)
        (line,) = [line for line in lines if line.split(" ")[0] == name]
        assert line.split()[1:3] == [str(len(instrument.items)), instrument.status]
        assert line.split()[3] == instrument.title.split()[0]
    assert message("--quiet").split() == list(instrument_names())


def test_the_list_as_json_has_a_row_an_instrument() -> None:
    rows = {row["name"]: row for row in json.loads(message("--json"))}
    assert list(rows) == list(instrument_names())
    assert rows["iri"]["items"] == 28
    assert rows["star_p"] == {
        "name": "star_p",
        "title": "Scale to Assess the Therapeutic Relationship, patient version",
        "items": 12,
        "scores": [],
        "status": "absent",
    }


@pytest.mark.parametrize("name", instrument_names())
def test_everything_a_codebook_says_is_shown(name: str) -> None:
    instrument = read_instrument(name)
    text = message(name)
    flat = " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 88
    for item in instrument.items:
        assert item.name in text
        assert " ".join(item.label.split()) in flat
    for score in instrument.subscales:
        assert f"{score.name}: {score.title}" in flat
        assert f"{score.lowest:g} to {score.highest:g}" in flat
    for fact in (*instrument.facts, *instrument.background):
        assert f"{fact.about}: {fact.status}: {fact.source}" in flat
    for known in instrument.evidence:
        assert f"[{known.status}: {known.source}]" in flat
    for text in (*instrument.cautions, instrument.licence, instrument.citation):
        assert " ".join(text.split()) in flat
    assert json.loads(message(name, "--json"))["status"] == instrument.status


def test_keys_gaps_and_refusals_are_told() -> None:
    iri = message("iri")
    assert "q03  item 3  [reversed]" in iri
    assert "at most 1 of 7 unanswered, filled with the person's own mean" in iri
    assert "total: must not be made: the author advises against a total score" in iri
    assert "total: cannot be made: the keys are absent" in message("star_c")
    assert "points after keying: 1 = 2, 2 = 1, 3 = 0, 4 = 0" in message("eq22")
    assert "in steps of 25" in message("cbi")


def test_an_unknown_name_lists_the_known_ones() -> None:
    result = CliRunner().invoke(command_line(), ["instruments", "irri"])
    assert isinstance(result.exception, DeclarationError)
    assert "Did you mean 'iri'?" in str(result.exception)
