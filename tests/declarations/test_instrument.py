"""Codebooks: what is refused, and the invariants every shipped one keeps."""

from __future__ import annotations

import pytest

from analysis.declarations import parse_instrument
from analysis.declarations.instrument import STATUSES
from analysis.foundation import DeclarationError
from analysis.storage.declared import instrument_names, read_instrument

GOOD = """
name = "form"
title = "A form"
construct = "something"
respondent = "staff"
direction = "higher_is_better"
licence = "open"
citation = "none"

[responses]
lowest = 1
highest = 5
answers = { low = 1, high = 5 }
status = "verified"
source = "somewhere"

[keys]
status = "verified"
source = "somewhere"

[items]
a = { label = "first" }
b = { label = "second", reverse_keyed = true }

[subscales.total]
title = "Total"
method = "sum"
range = [2, 10]
status = "verified"
source = "somewhere"
"""


def test_a_sound_codebook_is_read() -> None:
    form = parse_instrument(GOOD, where="form")
    assert [item.name for item in form.items] == ["a", "b"]
    assert form.item("b").reverse_keyed
    assert form.subscale("total").items == ("a", "b")
    assert not form.unverified


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("range = [2, 10]", "range = [1, 5]", "the items and the method give [2, 10]"),
        ("lowest = 1", "lowest = 9", "lowest must be below highest"),
        ("high = 5", "high = 6", "1 codes lie outside the range"),
        ('method = "sum"', 'method = "total"', "unknown value 'total'"),
        ('method = "sum"', 'method = "value"', "takes one item, not 2"),
        ('title = "Total"', 'titel = "Total"', "Did you mean 'title'?"),
        ('title = "Total"', "title = 3", "must be a text"),
        ('title = "Total"', 'title = ""\nitems = ["z"]', "items not declared: z"),
        ('title = "Total"', 'title = ""\nitems = ["a","a"]', "named twice"),
        ('title = "Total"', 'title = ""\nmax_missing = 2', "at least 0 and below 2"),
        ('title = "Total"', 'title = ""\nmax_missing = 1', "replace_missing"),
        ('status = "verified"', 'status = "sure"', "unknown value 'sure'"),
        ("reverse_keyed = true", "reverse_keyed = 1", "must be true or false"),
    ],
)
def test_a_fault_is_told_at_its_key(old: str, new: str, told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_instrument(GOOD.replace(old, new), where="form.toml")
    assert told in str(caught.value)
    assert str(caught.value).startswith("form.toml")
    assert caught.value.exit_code == 10


def test_every_fault_is_told_at_once() -> None:
    broken = GOOD.replace("range = [2, 10]", "range = [1, 5]").replace(
        'licence = "open"', 'license = "open"'
    )
    with pytest.raises(DeclarationError) as caught:
        parse_instrument(broken, where="form.toml")
    assert len(caught.value.faults) == 3  # licence missing, license unknown, range


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"not valid TOML.*line"):
        parse_instrument('name = "a"\nname = "b"\n', where="form.toml")


@pytest.mark.parametrize("name", instrument_names())
def test_shipped_codebooks_keep_their_invariants(name: str) -> None:
    instrument = read_instrument(name)
    assert instrument.name == name
    assert instrument.subscales or instrument.unscorable
    scored = {item for subscale in instrument.subscales for item in subscale.items}
    reversed_items = {item.name for item in instrument.items if item.reverse_keyed}
    assert reversed_items <= scored
    assert {fact.about for fact in instrument.facts} >= {"responses", "keys"}
    for fact in (*instrument.facts, *instrument.background):
        assert fact.source
        assert fact.status in STATUSES
    for known in instrument.evidence:
        assert known.source
        assert known.status in STATUSES
        assert known.values or known.note
    for one in instrument.subscales:
        assert set(one.items) <= {item.name for item in instrument.items}
        assert one.name not in instrument.forbidden
        assert one.lowest < one.highest
