"""What people write in their own words, naming people and numbers that nobody has.

Telephone numbers are those kept free for drama, NHS numbers and postcodes those kept
free for tests, e-mail addresses those kept free for examples.
"""  # noqa: INP001

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import numpy as np
    from truth import Truth

PHONES = (
    "07700 900{:03d}",
    "+44 7700 900 {:03d}",
    "020 7946 0{:03d}",
    "01632960{:03d}",
)
POSTCODES = ("ZZ99 3WZ", "zz99 3wz", "ZZ993WZ")
DATES = ("{0:02d}/{1:02d}/2025", "{0}.{1}.25", "{0:02d}-{1:02d}-2025")
NHS_WEIGHTS = range(10, 1, -1)


def written_remarks(
    staff: pd.Series[str], truth: Truth, rng: np.random.Generator
) -> pd.Series[str]:
    """What is written about each member of staff; empty where nothing is.

    Parameters
    ----------
    staff : Series of str
        Code of who is rated; empty where the person did not agree to take part.
    """
    remarks = truth.remarks
    writes = rng.random(len(staff)) < remarks.share
    is_naming = rng.random(len(staff)) < remarks.naming
    which = rng.random(len(staff))
    remarks_by_staff = []
    for code, is_written, is_identifying, share in zip(
        staff, writes, is_naming, which, strict=True
    ):
        texts = remarks.telling if is_identifying else remarks.plain
        text = texts[int(share * len(texts))]
        filled = text.format(**_people(code, truth, rng)) if code else ""
        remarks_by_staff.append(filled if is_written else "")
    return pd.Series(remarks_by_staff, index=staff.index)


def _people(code: str, truth: Truth, rng: np.random.Generator) -> dict[str, str]:
    """Who and what may be named in a remark about a member of staff."""
    names = truth.remarks.names
    name = names[int(code.rpartition("-")[2]) % len(names)]
    ends = rng.integers(0, 1000, 3).tolist()
    day, month = int(rng.integers(1, 29)), int(rng.integers(1, 13))
    phone, postcode, date, titled = (
        choices[int(rng.integers(0, len(choices)))]
        for choices in (PHONES, POSTCODES, DATES, truth.remarks.titled)
    )
    return {
        "name": name,
        "forename": name.split()[0],
        "loud": name.upper(),
        "titled": titled,
        "phone": phone.format(ends[0]),
        "email": f"{_plain(name)}{ends[1]}@example.org",
        "nhs": _nhs_number(ends[2] * 997 % 1_000_000),
        "date": date.format(day, month),
        "postcode": postcode,
    }


def _plain(name: str) -> str:
    """A name as it stands in an address: small letters without accents or signs."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(
        letter for letter in letters if letter.isascii() and letter.isalpha()
    )


def _nhs_number(number: int) -> str:
    """Ten digits that begin with 999, the last a check digit."""
    for candidate in range(number, number + 12):
        digits = f"999{candidate % 1_000_000:06d}"
        weighted = zip(NHS_WEIGHTS, digits, strict=True)
        check = (11 - sum(w * int(digit) for w, digit in weighted) % 11) % 11
        # Numbers whose check digit would be ten are given to nobody.
        if check < len(NHS_WEIGHTS) + 1:
            whole = f"{digits}{check}"
            return f"{whole[:3]} {whole[3:6]} {whole[6:]}"
    raise AssertionError("one number in eleven has no check digit")
