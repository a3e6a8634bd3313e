"""Free texts: nothing that names or reaches a person stays; all of it is counted."""

from __future__ import annotations

import re

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
        ("943-476-5919 or 943.476.5919", "[NHS number] or [NHS number]"),
        ("94 3476  5919", "[NHS number]"),
        ("in 2020 943 476 5919", "in 2020 [NHS number]"),
        # A check digit that does not fit, as of a number typed wrongly.
        ("943 476 5918", "[number]"),
        ("hospital no RXH123456", "hospital no RXH[number]"),
        ("NI QQ 12 34 56 C", "NI [number]"),
        ("card 4929 1234 5678 9012", "card [number]"),
        ("ring 07700 900123 today", "ring [phone] today"),
        ("(020) 7946 0958", "[phone]"),
        ("+44 (0)20 7946-0958!", "[phone]!"),
        ("0044 7700 900 123", "[phone]"),
        ("01632960123", "[phone]"),
        ("020 7946 0958 ext. 12 or x3", "[phone] or x3"),
        ("(0117) 946\u20110958", "[phone]"),
        ("447700900123, 44 7700 900123", "[phone], [phone]"),
        ("7700 900123 and 077009001", "[number] and [number]"),
        ("+353 85 123 4567", "[phone]"),
        ("+1 (415) 555-2671", "[phone]"),
        ("born 03/04/1985", "born [date]"),
        ("born 1985-04-03", "born [date]"),
        ("3rd of April 1985 was", "[date] was"),
        ("Sept 3, 1985", "[date]"),
        ("3-Apr-1985, 3/Apr/85, 3 April '85", "[date], [date], [date]"),
        ("born 3 April", "born [date]"),
        ("on April 3rd or 2nd May", "on [date] or [date]"),
        ("date of birth: April 1985!", "[date]!"),
        ("I was born in Leeds in 1985", "I was [date]"),
        ("03041985", "[number]"),
        ("2 may be enough, but I march 3 times", None),
        ("since April 2020, or 2019", None),
        ("lives at SW1A 1AA there", "lives at [postcode] there"),
        ("m1 1ae", "[postcode]"),
        ("SW1A  1AA, ec1a-1bb", "[postcode], [postcode]"),
        ("jo @ example . org", "[e-mail]"),
        ("jo.b at example dot org", "[e-mail]"),
        ("jo [at] example [dot] co [dot] uk", "[e-mail]"),
        ("find me @jo_b or facebook.me/jo", "find me [link] or [link]"),
        ("from 10.2.33.4.", "from [IP address]."),
        ("2001:db8:85a3::8a2e:370:7334", "[IP address]"),
        ("at 51.50735, -0.12776!", "at [coordinates]!"),
        ("N51.50735 W0.12776", "[coordinates]"),
        ("51\u00b030'26\"N", "[coordinates]"),
        ("///filled.count.soap", "[coordinates]"),
        ("Dr. Patel was kind", "[name] was kind"),
        ("thank nurse Mary Seacole for", "thank [name] for"),
        ("Mr. J. Smith, Dr.Patel", "[name], [name]"),
        ("Dr Anne-Marie van der Berg said", "[name] said"),
        ("Professor Sir Michael Marmot spoke", "[name] spoke"),
        ("Ms. A. B. Jones-Smith", "[name]"),
        ("mrs patel and dr khan", "[name] and [name]"),
        ("the dr was kind, my dr listened", None),
        ("THE NURSE WAS KIND. NURSE I HAD", None),
        ("DR PATEL WAS", "[name] WAS"),
        ("Miss I would. Nurse I'm", None),
        ("my therapist Sarah helped", "my therapist [name] helped"),
        ("my name is Ann-Sofie de Vries", "my name is [name]"),
        ("she's called Priya; my GP, Tom", "she's called [name]; my GP, [name]"),
        ("my GP I like, my manager was", None),
        ("ZOE  O'HARA helped", "[name] helped"),
        ("Zoe O\u2019Hara, Zoë OHara", "[name], [name]"),
        ("zoe or Ms O'Hara", "[name] or [name]"),
        ("AnnLee", "[name]"),
        ("Bjo\u0308rk", "[name]"),
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
    assert scrubbed("a'b", ("a'", "b")) == "[name]'[name]"


FULL = ("Smith, Will", "José May-Li van der Berg")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("will smith, Smith and WILL", "[name], [name] and [name]"),
        ("I will, and May will", "I will, and [name] will"),
        ("the best van of the der", None),
        ("JOSE, li and Mayli", "[name], [name] and Mayli"),
        ("Jose\u0301, will", "[name], will"),
        ("jose may\u2011li van der berg", "[name]"),
    ],
)
def test_the_parts_of_a_full_name_go_and_ordinary_words_stay(
    text: str, left: str | None
) -> None:
    assert scrubbed(text, FULL) == (text if left is None else left)


def test_a_name_listed_alone_goes_as_a_word_too() -> None:
    assert scrubbed("I will, Will", ("Will",)) == "I [name], [name]"


def test_a_sign_without_a_letter_is_no_name() -> None:
    assert scrubbed("'a'", ("'", "-")) == "'a'"


words = st.text("abßé '-_1 \n\t,.@[]", max_size=30)
names = st.lists(st.text("abßé' -", min_size=1, max_size=6), max_size=4)


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


@given(st.text("0123456789 ()+-.", max_size=40))
def test_no_ten_digits_in_a_row_are_left(text: str) -> None:
    assert re.search(r"\d{6}", scrubbed(text)) is None


@given(st.text(st.sampled_from("09 aA.@:-/'°\u2019dr MrWillmy"), max_size=40))
def test_any_text_of_awkward_signs_is_scrubbed_once_and_for_all(text: str) -> None:
    left = scrubbed(text, FULL)
    assert scrubbed(left, FULL) == left


@given(st.text())
def test_any_text_is_scrubbed_once_and_for_all(text: str) -> None:
    left = scrubbed(text)
    assert scrubbed(left) == left
