"""Free texts: nothing that names or reaches a person stays; all of it is counted."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intake.scrubbing import scrub

NAMES = ("Zoë O'Hara", "Björk", "Lee", "Ann Lee")


def scrubbed(text: str, names: tuple[str, ...] = NAMES) -> str:
    return str(scrub(pd.Series([text]), names=names).texts.iloc[0])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to jo.b@nhs.example, please", "write to [e-mail] please"),
        ("jo (at) example.org", "[e-mail]"),
        ("see https://example.org/me?x=1 now", "see [link] now"),
        ("see www.example.org", "see [link]"),
        ("at example.co.uk/jo yes", "at [link] yes"),
        ("my number 943 476 5919.", "my number [NHS number]."),
        ("9434765919", "[NHS number]"),
        ("943 476 5918", "943 476 5918"),
        ("ring 07700 900123 today", "ring [phone] today"),
        ("(020) 7946 0958", "[phone]"),
        ("+44 (0)20 7946-0958!", "[phone]!"),
        ("0044 7700 900 123", "[phone]"),
        ("01632960123", "[phone]"),
        ("born 03/04/1985", "born [date]"),
        ("born 1985-04-03", "born [date]"),
        ("3rd of April 1985 was", "[date] was"),
        ("Sept 3, 1985", "[date]"),
        ("lives at SW1A 1AA there", "lives at [postcode] there"),
        ("m1 1ae", "[postcode]"),
        ("Dr. Patel was kind", "[name] was kind"),
        ("thank nurse Mary Seacole for", "thank [name] for"),
        ("ZOE  O'HARA helped", "[name] helped"),
        ("Zoe\u0308 O'Hara's form", "[name]'s form"),
        ("bjork_1 and Ann\nLee", "[name]_1 and [name]"),
        ("Lee listened, Leeds did not", "[name] listened, Leeds did not"),
        ("I waited 10 minutes in ward 4, 2 times", None),
        ("The nurse was kind; on 24/7", None),
        ("", None),
    ],
)
def test_what_is_taken_out(text: str, left: str | None) -> None:
    assert scrubbed(text) == (text if left is None else left)


def test_what_was_taken_out_is_counted_by_kind_and_nothing_is_shown() -> None:
    texts = pd.Series(["a@b.org, c@d.org", "Lee, M1 1AE", ""], index=[4, 5, 6])
    found = scrub(texts, names=["Lee"])
    assert found.counts == {"e-mail": 2, "postcode": 1, "name": 1}
    assert list(found.texts.index) == [4, 5, 6]
    assert repr(found) == "Scrubbed(3 texts)"


def test_a_name_that_is_also_a_kind_leaves_what_other_kinds_left() -> None:
    assert scrubbed("phone 07700 900123", ("Phone",)) == "[name] [phone]"


def test_a_name_that_another_one_left_as_a_word_goes_too() -> None:
    assert scrubbed("a'b", ("a'", "b")) == "[name][name]"


def test_a_sign_without_a_letter_is_no_name() -> None:
    assert scrubbed("'a'", ("'", "-")) == "'a'"


words = st.text("abßé '-_1 \n\t,.@[]", max_size=30)
names = st.lists(st.text("abßé' -", min_size=1, max_size=6), max_size=4)
KINDS = ("[e-mail]", "[link]", "[phone]", "[date]", "[postcode]", "[name]")


@given(st.lists(words, max_size=4), names)
def test_no_declared_name_is_left(texts: list[str], declared: list[str]) -> None:
    found = scrub(pd.Series(texts, dtype=str), names=declared).texts
    again = scrub(found, names=declared)
    assert again.counts.get("name", 0) == 0
    assert list(again.texts) == list(found)


@given(st.text(max_size=15), st.text(max_size=15), st.sampled_from(["Bo", "Él Mo"]))
def test_a_name_between_any_words_is_taken_out(
    first: str, last: str, name: str
) -> None:
    left = scrubbed(f"{first} {name} {last}", (name,))
    assert name not in left.replace(first, "").replace(last, "")


@given(st.text(max_size=15), st.emails(), st.text(max_size=15))
def test_no_e_mail_is_left(first: str, address: str, last: str) -> None:
    left = scrubbed(f"{first} {address} {last}")
    assert address not in left
    assert "[e-mail]" in left


@given(st.text())
def test_any_text_is_scrubbed_once_and_for_all(text: str) -> None:
    left = scrubbed(text)
    assert scrubbed(left) == left
