"""Random numbers that come from names: the same on every machine and in every run."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*names: str) -> np.random.Generator:
    """A generator of random numbers seeded by names, such as a study's and a term's.

    `*names`: what the draws are for. Other names give other draws; the same names the
      same.
    """
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))
