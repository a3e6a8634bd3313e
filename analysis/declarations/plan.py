"""What a study fixes before its data arrive: plan, multiverse, design, lock.

The estimand has five attributes (ICH E9 R1): population, contrast, outcome, handling of
intercurrent events and summary measure. What the program decides by is a name or a
number; what it cannot check is stated in words, for the reader to compare with the
methods.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heard.effects.pilot_design import PilotDesign

BETWEEN_ARMS = (
    "difference_in_change",
    "adjusted_difference",
    "difference_after",
    "start_effect",
)
SUMMARY_MEASURES = (*BETWEEN_ARMS, "change")
"""Terms by which outcomes may be judged."""

OLD_MEASURES = {
    "adjusted_mean_difference": "adjusted_difference",
    "mean_change": "change",
}
"""Summary measures as they were called up to version 0.2; locks keep these names."""

POPULATIONS = ("linked", "answered", "randomised")
METRICS = ("points", "share", "probability_of_better")
METHODS = ("unit_means", "permutation", "ancova", "mmrm")
PURPOSES = ("effect", "feasibility")

UNTESTED = "none"

MULTIPLICITY_RULES = (UNTESTED, "holm", "benjamini_hochberg", "fixed_sequence")
"""How many tests are allowed for within a family; none: they are not tested."""

LOOKS = ("first_follow_up", "alpha_spending")
"""How follow-ups are judged: the first once, or all, the chance of error shared."""

TOGETHER = "simultaneous"
CONTRASTS_RULES = (TOGETHER, "fixed_sequence")
"""How several contrasts are judged: all at once, or in their order."""

PRIMARY = "primary"
"""The family of the primary outcome alone, which the others wait for."""

EXPLORATORY = "exploratory"
SCORE_BEFORE = "score_before"

TEAMS = (6, 12, 25)
"""Numbers of teams tried where a design names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a score must pass before its change is reported.

    Attributes
    ----------
    least_reliability : float or None
        Least Cronbach's alpha at either wave; None: no score is refused for it.
    """

    least_reliability: float | None = field(
        default=None, metadata={"key": "minimum_reliability"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study will ask of its data, declared before they arrive.

    Attributes
    ----------
    population : str
        Of whom the answer speaks.
    contrast : str
        What is compared with what: the treatment of the estimand.
    primary : str
        Name of the one outcome the study is judged by.
    intercurrent_events : mapping
        What may come between, such as ``leavers`` → what is done with it, in words.
    summary_measure : str
        Term by which outcomes are judged.
    population_rule : str
        Who is compared: ``linked``, all who ``answered``, or all ``randomised``; empty:
        as the design and the share linked have it.
    method : str
        How the planned estimate is made; empty: as the design has it.
    metric : str
        What scores are compared in; empty: as the score has it.
    purpose : str
        ``feasibility``: the study makes no claim of an effect.
    mnar_range : float
        By how many standard deviations dropouts may have fared worse.
    families : mapping
        Name of a family of secondary outcomes → the outcomes in it.
    model, missing, multiplicity, inference : str
        In words.
    multiplicity_rule : str
        How many tests are allowed for within a family, once the primary outcome holds;
        ``none``: secondary outcomes are not tested.
    contrasts_rule : str
        How several contrasts are judged: with intervals that hold together, or in the
        order declared, each only if all before it show a difference.
    looks : str
        How follow-ups are judged: the first once, which later ones never change; or all
        of the primary outcome's, each at a level of its own.
    looks_information : tuple of float
        For `alpha_spending`: the share of the last follow-up's information that each
        has.
    negative_controls : tuple of str
        Outcomes that the intervention should not move.
    """

    population: str
    contrast: str
    primary: str
    intercurrent_events: Mapping[str, str]
    summary_measure: str = field(metadata={"known": SUMMARY_MEASURES})
    population_rule: str = field(default="", metadata={"known": POPULATIONS})
    method: str = field(default="", metadata={"known": METHODS})
    metric: str = field(default="", metadata={"known": METRICS})
    purpose: str = field(default="effect", metadata={"known": PURPOSES})
    mnar_range: float = 0.5
    model: str
    missing: str
    multiplicity: str
    inference: str
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    multiplicity_rule: str = field(
        default=UNTESTED, metadata={"known": MULTIPLICITY_RULES}
    )
    contrasts_rule: str = field(default=TOGETHER, metadata={"known": CONTRASTS_RULES})
    looks: str = field(default=LOOKS[0], metadata={"known": LOOKS})
    looks_information: tuple[float, ...] = ()
    covariates: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    negative_controls: tuple[str, ...] = ()
    gates: Gates = field(default_factory=Gates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiverse:
    """What else could have been done; empty means: only what was declared.

    Attributes
    ----------
    least_answered : tuple of float
        Shares of the items that must be answered, each stricter than the cleaning's.
    careless_left_out : bool
        Whether careless responses that the cleaning only marks are left out as well.
    """

    linkage: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    least_answered: tuple[float, ...] = field(
        default=(), metadata={"key": "minimum_answered"}
    )
    careless_left_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredDesign:
    """A design and the numbers of teams that are thought of.

    Attributes
    ----------
    teams : tuple of int
        With the pilot; if the design is compared, as many without. Of sites, where
        these are allocated.
    site_drift : float
        Standard deviation of what moves a whole site from before to after, in standard
        deviations of scores; asked where sites are allocated.
    intracluster_range : tuple of float
        Lowest and highest that the intracluster correlation may be; empty: as assumed.
    """

    assumed: PilotDesign
    teams: tuple[int, ...] = TEAMS
    site_drift: float = 0.15
    intracluster_range: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A lock that another took the place of, and why.

    Attributes
    ----------
    changed : tuple of str
        What differs in the lock that followed, a sentence each.
    """

    hash: str
    date: str
    version: str
    arrived: tuple[str, ...]
    reason: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A plan as it was on the day it was locked.

    Attributes
    ----------
    date : str
        Day of the lock, as ISO text.
    version : str
        Version of heard that made it.
    arrived : tuple of str
        Waves of which data were there already; then the lock is post hoc.
    locked : mapping
        What was locked, in full.
    replaced : tuple of Replaced
        Earlier locks, oldest first.
    """

    date: str
    version: str
    arrived: tuple[str, ...]
    locked: Mapping[str, Any]
    replaced: tuple[Replaced, ...] = field(default_factory=tuple)

    @property
    def hash(self) -> str:
        """SHA-256 of what was locked."""
        return hash_of(self.locked)


def hash_of(locked: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form: JSON with its keys sorted."""
    text = json.dumps(locked, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
