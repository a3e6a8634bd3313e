"""Identifiers into pseudonyms: the same person keeps one, and nobody can turn it back.

HMAC-SHA256 under a key kept outside the project; a study's name is part of the message,
so that two studies cannot be joined on their pseudonyms.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

HEX_DIGITS = 24
"""96 bits: two of a million people share a pseudonym with probability 6e-18."""


def pseudonyms(
    identifiers: pd.Series[str], *, key: bytes, study: str, kind: str
) -> pd.Series[str]:
    """Turn identifiers into pseudonyms.

    Parameters
    ----------
    identifiers : Series of str
        An empty text means that there is none, and stays empty.
    key : bytes
        The secret.
    study, kind : str
        Whose identifiers: a number used for a participant and for a member of staff
        gives two pseudonyms.
    """
    made = {
        identifier: _pseudonym(identifier, key, study, kind)
        for identifier in identifiers.unique()
    }
    return identifiers.map(made)


def _pseudonym(identifier: str, key: bytes, study: str, kind: str) -> str:
    if not identifier:
        return ""
    message = "\x1f".join((study, kind, identifier)).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:HEX_DIGITS]
