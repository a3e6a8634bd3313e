"""The term register: what is published is declared, and what is not is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from analysis.foundation.findings import Finding
from analysis.foundation.terms import (
    Kind,
    Rule,
    UndeclaredTermError,
    declared,
    parse_register,
    register,
    sections,
    term,
)
from analysis.foundation.terms_reference import PAGE, with_terms
from analysis.publication.disclosure.control import disclose
from heard.errors import AnalysisError

GOLDEN = Path(__file__).parents[1] / "golden" / "listening-pilot.csv"
HEAD = '[s]\nheading = "A section"\n'
ROW = '[s.share_of_it]\nkind = "share"\nline = "a share"\n'


def test_every_golden_term_is_declared() -> None:
    with GOLDEN.open(encoding="utf-8", newline="") as stream:
        names = {row["term"] for row in csv.DictReader(stream)}
    assert len(names) > 150
    declared(names)


def test_an_undeclared_term_is_refused_by_name_with_the_nearest() -> None:
    with pytest.raises(UndeclaredTermError, match=r"unknown term 'mean_chang'\."):
        term("mean_chang")
    with pytest.raises(UndeclaredTermError) as refused:
        declared(["mean", "share_relapsed", "mean_chang", "share_relapsed"])
    message = str(refused.value)
    assert "2 faults" in message
    assert "'share_relapsed'" in message
    assert "Did you mean 'mean_change'?" in message
    assert "disclosure rule" in message
    assert "cronbach_alpha_if_dropped" not in message, "244 names help nobody"


def test_nothing_undeclared_is_published() -> None:
    """Also not where it has no number: nobody chose its rule."""
    known = Finding(study="s", term="mean", estimate=3.0, n=200)
    new = Finding(study="s", term="share_relapsed", reason="none")
    newer = Finding(study="s", term="participants_relapsed", estimate=2.0, n=200)
    with pytest.raises(UndeclaredTermError) as refused:
        disclose([known, new, newer], smallest=11)
    assert "share_relapsed" in str(refused.value)
    assert "participants_relapsed" in str(refused.value)
    assert disclose([known], smallest=11).findings == (known,)


def test_every_share_of_people_is_guarded_at_both_ends_or_says_why_not() -> None:
    """The first version guarded those shares alone that stood in a list."""
    shares = [each for each in register().values() if each.kind is Kind.SHARE]
    assert len(shares) > 20
    for each in shares:
        assert each.rule is Rule.SHARE or each.exception, each.name


COUNTED = [
    each.name
    for each in register().values()
    if each.kind in (Kind.PEOPLE, Kind.PART, Kind.SHARE) and not each.exception
]


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("count", [0, 3, 10])
def test_no_small_share_or_count_of_people_leaves(name: str, count: int) -> None:
    share = term(name).kind is Kind.SHARE
    found = Finding(
        study="s",
        survey="staff",
        group="1",
        term=name,
        estimate=count / 200 if share else float(count),
        n=200,
    )
    (kept,) = disclose([found], smallest=11).findings
    assert kept.estimate is None
    assert kept.n is None
    assert kept.reason


@pytest.mark.parametrize("name", ["participants_ambiguous", "rated_not_on_roster"])
@pytest.mark.parametrize(("count", "kept"), [(10, False), (11, True), (189, True)])
def test_of_a_part_the_others_count_too(name: str, count: int, kept: bool) -> None:
    for estimate in (count, 200 - count):
        found = Finding(study="s", term=name, estimate=float(estimate), n=200)
        (shown,) = disclose([found], smallest=11).findings
        assert (shown.estimate is not None) == kept


def test_an_exception_is_kept_to() -> None:
    """How many left an item unanswered is shown, however few."""
    found = Finding(study="s", term="share_missing", estimate=0.01, n=200)
    assert disclose([found], smallest=11).findings == (found,)
    few = Finding(study="s", term="share_missing", estimate=0.5, n=10)
    assert disclose([few], smallest=11).findings[0].estimate is None


def test_every_exception_has_its_reason() -> None:
    excepted = [each for each in register().values() if each.exception]
    assert excepted
    for each in excepted:
        assert each.exception is not None
        assert len(each.exception.reason.split()) > 5, each.name
        assert each.exception.rule is not each.kind.rule, each.name


def test_a_row_has_what_a_reader_needs() -> None:
    for section in sections():
        assert section.terms, section.name
        for each in section.terms:
            assert each.line.strip() == each.line
            assert not each.line.endswith("."), each.name
            assert each.title[0].isupper() or each.title.startswith("p-value"), (
                each.name
            )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + ROW.replace('"share"', '"shar"'), "shar"),
        (HEAD + ROW + 'unti = "points"\n', "unknown key unti"),
        (HEAD + ROW + 'n = "heads"\n', "heads"),
        (HEAD + ROW + 'secondary = "alone"\n', "alone"),
        (HEAD + ROW + 'made_of = ["share_of_that"]\n', "share_of_that"),
        (HEAD + ROW + 'exception = { rule = "threshold" }\n', "reason"),
        (HEAD + ROW.partition("line")[0], "line"),
        (HEAD + ROW + '[t]\nheading = "T"\n' + ROW.replace("[s.", "[t."), "twice"),
    ],
)
def test_a_faulty_row_is_named_with_its_fault(text: str, fault: str) -> None:
    assert parse_register(HEAD + ROW)[0].terms[0].rule is Rule.SHARE
    with pytest.raises(AnalysisError) as refused:
        parse_register(text)
    assert fault in str(refused.value)
    assert "share_of_it" in str(refused.value)


def test_the_reference_of_the_findings_is_made_from_the_register() -> None:
    """If this fails: python -m analysis.foundation.terms_reference"""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_terms(page)
    for section in sections():
        for each in section.terms:
            assert f"\n| `{each.name}`" in page


def test_terms_with_a_number_are_declared_once_for_all() -> None:
    assert term("threshold_1").kind is term("threshold").kind
    assert term("threshold_20").name == "threshold_20"
    with pytest.raises(UndeclaredTermError):
        term("threshold_21")
