"""Codebooks: what is refused, and the invariants every shipped one keeps."""

from __future__ import annotations

import pytest

from analysis.declarations.instrument import STATUSES
from analysis.declarations.instrument_file import parse_instrument
from analysis.foundation.errors import DeclarationError
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
    ("old", "new", "reported"),
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
def test_a_fault_is_told_at_its_key(old: str, new: str, reported: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_instrument(GOOD.replace(old, new), where="form.toml")
    assert reported in str(caught.value)
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


PARTS = """
[subscales.first]
title = "First"
items = ["a", "b"]
method = "sum"
range = [2, 10]
status = "verified"
source = "somewhere"
[subscales.whole]
title = "Whole"
of = ["first", "total"]
method = "mean"
range = [2, 10]
status = "verified"
source = "somewhere"
"""
LOOKUP = """
[subscales.metric]
title = "Metric"
of = "total"
method = "lookup"
range = [0, 8]
status = "verified"
source = "somewhere"
[subscales.metric.table]
2 = 0
3 = 1
4 = 2
5 = 3
6 = 4
7 = 5
8 = 6
9 = 7
10 = 8
"""


def faults(text: str) -> str:
    with pytest.raises(DeclarationError) as caught:
        parse_instrument(text, where="form.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("more", "old", "new", "reported"),
    [
        (PARTS, 'of = ["first", "total"]', 'of = "last"', "no score declared before"),
        (PARTS, 'of = ["first", "total"]', 'of = ["first","first"]', "named twice"),
        (PARTS, 'method = "mean"', 'method = "value"', "sum, mean or lookup"),
        (PARTS, 'method = "mean"', 'method = "sum"', "the method give [4, 20]"),
        (LOOKUP, "10 = 8\n", "", "table must hold every score of 'total'"),
        (LOOKUP, "9 = 7", "9 = 6", "table must rise"),
        (LOOKUP, "range = [0, 8]", "range = [0, 9]", "the method give [0, 8]"),
        (LOOKUP, "4 = 2", "four = 2", "must be a number"),
        (LOOKUP, 'of = "total"', 'items = ["a"]', "needs the score it converts"),
        ('partition = ["no"]', "", "", "names no score: no"),
        (
            'partition = ["total"]',
            'title = "Total"\nmethod = "sum"\nrange = [2, 10]',
            'title = ""\nitems = ["b"]\nmethod = "sum"\nrange = [1, 5]',
            "items held by no score: a",
        ),
        ("[forbidden]\ntotal = 'never'", "", "", "must not be scored: never"),
        (
            "[forbidden]\ntotal = 'never'",
            "subscales.total",
            "subscales.all",
            "[subscales.all] takes every item, and a total must not be made: never",
        ),
        (
            "[codings.other]\nlowest = 0\nhighest = 1\nstatus = 'verified'\n"
            "source = 'x'",
            'label = "first"',
            'label = "", coding = "othr"',
            "coding 'othr' is not declared",
        ),
        ("", "lowest = 1", "lowest = 1\nstep = 3", "step] must lead from lowest"),
        ("", "lowest = 1", "lowest = 1\npoints = { 1 = 0, 5 = 1 }", "2, 3, 4"),
        ("", 'label = "first"', 'label = "", scored_if = "z"', "names no item: z"),
        ("", 'method = "sum"', 'method = "sum"\nrescaled = true', "only a mean"),
        ("", 'method = "sum"', 'method = "mean"\nminimum_answered = 2', "at most 1"),
        (
            "",
            'method = "sum"',
            'method = "sum"\nminimum_answered = 1\nmax_missing = 0',
            "keep one",
        ),
        (
            "[[norms]]\nvalues = { mean = true }\nstatus = 'verified'\nsource = 'x'",
            "",
            "",
            "must be a number, a list of numbers or a text",
        ),
    ],
)
def test_a_fault_of_a_richer_codebook_is_told(
    more: str, old: str, new: str, reported: str
) -> None:
    top = more if more.startswith("partition") else ""
    text = top + (GOOD + ("" if top else more)).replace(old, new)
    assert reported in faults(text)


def test_a_reversed_item_outside_every_score_is_told() -> None:
    text = GOOD.replace("range = [2, 10]", 'items = ["a"]\nrange = [1, 5]')
    assert "reverse-keyed, but in no score: b" in faults(text)


def test_gaps_where_items_differ_in_worth_are_refused() -> None:
    text = GOOD.replace('label = "first"', 'label = "", coding = "wide"').replace(
        'method = "sum"', 'method = "mean"\nmax_missing = 1'
    )
    text += (
        "[codings.wide]\nlowest = 1\nhighest = 9\nstatus = 'verified'\nsource = 'x'\n"
    )
    text = text.replace("range = [2, 10]", "range = [1, 7]")
    assert "its items differ in what they are worth" in faults(text)


def test_items_of_differing_coding_widen_the_range() -> None:
    text = GOOD.replace('label = "first"', 'label = "", coding = "wide"').replace(
        "range = [2, 10]", "range = [1, 105]"
    )
    text += (
        "[codings.wide]\nlowest = 0\nhighest = 100\nstep = 50\nstatus = 'verified'\n"
        "source = 'x'\n"
    )
    form = parse_instrument(text, where="form")
    assert form.coding("a").codes() == (0.0, 50.0, 100.0)
    assert form.coding("b").highest == 5
    assert form.codes_of("a").highest == 100
    assert form.takes(50)
    assert not form.takes(25)


@pytest.mark.parametrize(
    ("share", "items", "gaps"),
    [(0.8, 7, 1), (0.8, 16, 3), (0.8, 14, 2), (0.8, 15, 3), (0.5, 7, 3), (0.5, 6, 3)],
)
def test_the_least_share_answered_becomes_the_most_gaps(
    share: float, items: int, gaps: int
) -> None:
    names = [f"i{place}" for place in range(items)]
    listed = "\n".join(f'{name} = {{ label = "x" }}' for name in names)
    text = GOOD.replace('a = { label = "first" }', listed).replace(
        'b = { label = "second", reverse_keyed = true }', ""
    )
    text = text.replace(
        'method = "sum"', f'method = "mean"\nminimum_answered = {share}'
    )
    form = parse_instrument(text.replace("[2, 10]", "[1, 5]"), where="form")
    assert form.subscale("total").max_missing == gaps


def test_a_forbidden_score_is_refused_with_the_reason() -> None:
    iri = read_instrument("iri")
    with pytest.raises(DeclarationError, match="author advises against a total score"):
        iri.subscale("total")
    with pytest.raises(DeclarationError, match=r"Did you mean 'fantasy'\?"):
        iri.subscale("fantsy")
    with pytest.raises(DeclarationError, match=r"'total' cannot be scored: the keys"):
        read_instrument("star_p").subscale("total")


def test_an_absent_key_leaves_nothing_to_score_and_no_fault() -> None:
    keys = '[keys]\nstatus = "absent"'
    form = parse_instrument(
        GOOD.replace('[keys]\nstatus = "verified"', keys), where="form"
    )
    assert form.subscales == ()
    assert form.status == "absent"
    (total,) = form.unscorable
    assert total.reason == "the keys are absent: somewhere"


def test_the_status_of_an_instrument_is_that_of_its_least_sure_fact() -> None:
    assert read_instrument("care").status == "verified"
    assert read_instrument("carpentries_impact").status == "computed"
    assert read_instrument("seed_culture").status == "project_defined"
    assert read_instrument("iri").status == "unverified"
    assert read_instrument("has").status == "absent"
    # What is known beside the scores does not count against them.
    care = read_instrument("care")
    assert {part.status for part in care.evidence} == {"verified", "unverified"}


def test_what_is_known_beside_the_scores_is_kept_as_written() -> None:
    care = read_instrument("care")
    first = care.evidence[0]
    assert (first.kind, first.values, first.n) == ("reliability", {"alpha": 0.94}, 1015)
    assert care.licence.endswith("wording not shipped")
    assert care.citation.endswith("doi 10.1093/fampra/cmh621")
    assert {fact.about for fact in care.background} == {"licence", "citation"}
