"""Keys held against answers: forgotten, applied twice, right, or not to be told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.declarations.instrument import Instrument
from analysis.reliability.keys import key_audit, key_audit_findings
from analysis.storage.declared import instrument_names, read_instrument
from heard.psychometrics.items.keys import KeyAudit
from heard.results import Estimate, Unavailable


def as_answered(
    instrument: Instrument, *, people: int = 400, turned: bool = True, seed: int = 1
) -> pd.DataFrame:
    """Answers of one factor; reverse-keyed items run against it."""
    draw = np.random.default_rng(seed)
    columns = {}
    factor = draw.normal(size=people)
    for item in instrument.items:
        codes = instrument.coding(item.name).codes()
        sign = -1 if turned and item.reverse_keyed else 1
        latent = sign * factor + draw.normal(size=people)
        ranks = np.digitize(latent, np.linspace(-1.5, 1.5, len(codes) - 1))
        columns[f"{instrument.name}.{item.name}"] = np.array(codes)[ranks]
    return pd.DataFrame(columns, dtype=float)


def verdicts(audit: KeyAudit) -> dict[str, str]:
    return {item.item: item.verdict for item in audit.items}


@pytest.mark.parametrize("name", ["iri", "teq", "mica4", "jse_hp", "proqol5", "cbi"])
def test_a_right_key_is_told_to_be_right(name: str) -> None:
    instrument = read_instrument(name)
    responses = as_answered(instrument)
    audit = key_audit(responses, instrument, instrument.subscales[0])
    assert set(verdicts(audit).values()) == {"agrees"}
    assert audit.agrees
    count = len(audit.items)
    assert audit.sentence == f"No item of {count} speaks against the key."


@pytest.mark.parametrize("name", ["iri", "teq", "mica4", "qcae"])
def test_data_that_come_already_reversed_are_told(name: str) -> None:
    instrument = read_instrument(name)
    responses = as_answered(instrument, turned=False)
    for subscale in instrument.subscales:
        turned = {i for i in subscale.items if instrument.item(i).reverse_keyed}
        if subscale.parts or not turned:
            continue
        audit = key_audit(responses, instrument, subscale)
        reported = verdicts(audit)
        assert {
            i for i, message in reported.items() if message == "recoded twice"
        } == turned
        assert set(reported.values()) == {"agrees", "recoded twice"}
        assert not audit.agrees
        if len(turned) > 1:
            assert "as if they came already reversed" in audit.sentence


def test_a_forgotten_reversal_is_told_with_its_item() -> None:
    iri = read_instrument("iri")
    forgot = dataclasses.replace(
        iri,
        items=tuple(
            dataclasses.replace(item, reverse_keyed=item.name != "q04")
            if item.reverse_keyed
            else item
            for item in iri.items
        ),
    )
    audit = key_audit(as_answered(iri), forgot, forgot.subscale("empathic_concern"))
    assert verdicts(audit) == {
        name: "not recoded" if name == "q04" else "agrees"
        for name in iri.subscale("empathic_concern").items
    }
    assert "1 of 7 items speak against the key. Not recoded: q04" in audit.sentence


def test_the_order_of_the_items_changes_nothing() -> None:
    teq = read_instrument("teq")
    responses = as_answered(teq, turned=False)
    total = teq.subscale("total")
    backwards = dataclasses.replace(total, items=total.items[::-1])
    one, other = (key_audit(responses, teq, scale) for scale in (total, backwards))
    assert verdicts(one) == verdicts(other)
    for item, twin in zip(one.items, other.items[::-1], strict=True):
        assert isinstance(item.first_factor_loading, Estimate)
        assert isinstance(twin.first_factor_loading, Estimate)
        assert item.first_factor_loading.estimate == pytest.approx(
            twin.first_factor_loading.estimate, abs=1e-10
        )


def test_an_item_of_noise_is_weak_whatever_its_key() -> None:
    teq = read_instrument("teq")
    responses = as_answered(teq, people=2000)
    noise = np.random.default_rng(5).integers(0, 5, size=2000)
    responses["teq.q01"] = noise.astype(float)
    responses["teq.q02"] = noise[::-1].astype(float)
    audit = key_audit(responses, teq, teq.subscale("total"))
    assert {verdicts(audit)["q01"], verdicts(audit)["q02"]} == {"weak item"}
    assert audit.agrees
    assert audit.sentence.endswith("Inconclusive: q01, q02.")


def test_the_direction_of_the_codes_does_not_matter() -> None:
    teq = read_instrument("teq")
    responses = as_answered(teq)
    other_way = 4 - responses
    audits = [key_audit(part, teq, teq.subscales[0]) for part in (responses, other_way)]
    assert verdicts(audits[0]) == verdicts(audits[1])


@pytest.mark.parametrize(
    ("people", "constant", "reported"),
    [
        (9, False, "participants who answered every item 9; at least 10 needed"),
        (50, True, "1 of 16 items constant: q03"),
    ],
)
def test_what_cannot_be_told_is_said_to_be_so(
    people: int, constant: bool, reported: str
) -> None:
    teq = read_instrument("teq")
    responses = as_answered(teq, people=50)
    responses.iloc[people:, 0] = np.nan
    if constant:
        responses["teq.q03"] = 2.0
    audit = key_audit(responses, teq, teq.subscales[0])
    assert set(verdicts(audit).values()) == {"not known"}
    assert not audit.agrees
    assert reported in audit.sentence
    assert all(isinstance(result, Unavailable) for result in audit.results())
    assert audit.items[1].reverse_keyed


def test_two_items_have_no_direction_to_audit() -> None:
    jse = read_instrument("jse_hp")
    audit = key_audit(as_answered(jse), jse, jse.subscale("patients_shoes"))
    assert "number of items 2; at least 3 needed" in audit.sentence


def test_incomplete_participants_are_left_out_and_the_n_says_so() -> None:
    teq = read_instrument("teq")
    responses = as_answered(teq)
    with_gaps = responses.copy()
    with_gaps.iloc[:100, 3] = np.nan
    audit = key_audit(with_gaps, teq, teq.subscales[0])
    assert audit == key_audit(responses.iloc[100:], teq, teq.subscales[0])
    assert {getattr(result, "n", 0) for result in audit.results()} == {300}


def test_the_audit_becomes_a_frame_and_findings() -> None:
    teq = read_instrument("teq")
    audit = key_audit(as_answered(teq, turned=False), teq, teq.subscales[0])
    frame = audit.to_frame()
    assert len(frame) == 32
    assert list(frame.columns[:3]) == ["item", "reverse_keyed", "term"]
    assert set(frame["verdict"]) == {"agrees", "recoded twice"}
    findings = key_audit_findings(
        audit, study="s", survey="staff", wave="before", instrument="teq"
    )
    assert len(findings) == 32
    assert {finding.instrument for finding in findings} == {"teq"}
    assert {f.item for f in findings if f.group == "recoded twice"} == {
        item.name for item in teq.items if item.reverse_keyed
    }
    for finding in findings:
        if finding.conf_low is not None:
            assert finding.conf_low < finding.estimate < finding.conf_high  # type: ignore[operator]


@pytest.mark.parametrize("name", instrument_names())
def test_every_codebook_agrees_with_answers_made_by_its_key(name: str) -> None:
    instrument = read_instrument(name)
    responses = as_answered(instrument, people=600)
    for subscale in instrument.subscales:
        if len(subscale.items) > 2 and not subscale.parts:
            reported = verdicts(key_audit(responses, instrument, subscale))
            assert set(reported.values()) == {"agrees"}
