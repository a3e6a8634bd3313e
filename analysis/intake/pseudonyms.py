"""Identifiers into pseudonyms: the same person keeps one, and nobody can turn it back.

HMAC-SHA256 under a key kept outside the project; a study's name is part of the message,
so that two studies cannot be joined on their pseudonyms.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from analysis.intake.answers import by_text

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
    # Begun once: what all messages share is not hashed again for each of them.
    begun = hmac.new(key, f"{study}\x1f{kind}\x1f".encode(), hashlib.sha256)

    def pseudonym(identifier: str) -> str:
        if not identifier:
            return ""
        message = begun.copy()
        message.update(identifier.encode())
        return message.hexdigest()[:HEX_DIGITS]

    return by_text(identifiers, pseudonym)
