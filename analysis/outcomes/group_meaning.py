"""Answers of groups into whether a score means the same to each of them.

A gap between groups may be one of how they answer. Where the questions do not measure
alike, the gap is not told; where that cannot be tested, it stands, and that is said:
too few answers for a test are no sign that anything is wrong.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.cleaning import keyed_responses
from analysis.foundation import Estimate, Unavailable
from analysis.reliability.invariance import (
    MeasurementInvariance,
    measurement_invariance,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    import pandas as pd

    from analysis.declarations import Instrument, Outcome, Study, Subscale
    from analysis.declarations.groups import Grouping
    from analysis.foundation import Finding, Result

    ByWave: TypeAlias = Mapping[str, Mapping[str, pd.DataFrame]]

TERM = "group_means_comparable"
MINIMUM_IN_GROUP = 50
"""Of groups of fewer, one set in five that answer alike is said not to."""
NUMBERS_FROM = 5
"""Categories from which answers are analysed as numbers, as between waves."""
LEVELS_OF_CHANGE = ("configural", "metric")
GAPS = ("gap_difference", "relative_index_of_inequality", "slope_index_of_inequality")
EFFECTS = ("effect_difference", "interaction_p_value")
FEW_GROUPS = f"fewer than 2 groups of at least {MINIMUM_IN_GROUP} people: not tested"
ONE_ITEM = "a single question: whether it means the same to each group cannot be tested"
NOT_ASKED = "not every question was asked at the baseline: not tested"
NO_SCALE = "the score is no scale of questions that measure one thing: not tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeaning:
    """Whether groups may be compared in a score.

    Attributes
    ----------
    verdict : Estimate or Unavailable
        1 or 0, with the reason in its method; Unavailable: not tested.
    gaps_refused : str
        Why gaps between means are not told; empty where they are.
    effects_refused : str
        Why effects are not set beside each other. A question that is easier for one
        group throughout moves its means, and no change; one that weighs otherwise
        moves both.
    """

    verdict: Result
    gaps_refused: str = ""
    effects_refused: str = ""

    def reported(self, finding: Finding) -> Finding:
        """A finding about groups; without its numbers where it may not be told."""
        reason = ""
        if finding.term in GAPS:
            reason = self.gaps_refused
        elif finding.term in EFFECTS:
            reason = self.effects_refused
        if not reason or finding.estimate is None:
            return finding
        return dataclasses.replace(
            finding, estimate=None, conf_low=None, conf_high=None, reason=reason
        )


def group_meaning(
    responses_by_wave: ByWave, study: Study, outcome: Outcome, grouping: Grouping
) -> GroupMeaning:
    """Test whether a score means the same to the groups, at the outcome's baseline.

    Parameters
    ----------
    responses_by_wave : mapping
        Wave → survey → clean responses, codes as answered, with the attributes.
    """
    found = _tested(responses_by_wave, study, outcome, grouping)
    if isinstance(found, Unavailable):
        return GroupMeaning(verdict=found)
    rejected_levels = [level.level for level in found.levels if not level.holds]
    needed = [name for name in rejected_levels if name != "strict"]
    if not needed and not found.comparable:
        reason = f"not tested: {found.reason}"
        return GroupMeaning(verdict=Unavailable(term=TERM, reason=reason))
    why = f"the items do not measure the same in every group: {found.reason}"
    last = found.levels[-1].comparative_fit_change
    return GroupMeaning(
        verdict=Estimate(
            term=TERM,
            estimate=float(found.comparable),
            n=last.n or 0,
            method=f"{found.reason}; rule: {found.rule.words}; groups of at least "
            f"{MINIMUM_IN_GROUP} people; no interval: a verdict",
        ),
        gaps_refused="" if found.comparable else why,
        effects_refused=why if set(needed) & set(LEVELS_OF_CHANGE) else "",
    )


def _tested(
    responses_by_wave: ByWave, study: Study, outcome: Outcome, grouping: Grouping
) -> MeasurementInvariance | Unavailable:
    instrument = study.instruments[outcome.instrument]
    subscale = instrument.subscale(outcome.subscale)
    if reason := _untestable(study, outcome, subscale):
        return Unavailable(term=TERM, reason=reason)
    responses = responses_by_wave[outcome.baseline][outcome.survey]
    groups = _large_enough(responses[grouping.column])
    if groups.nunique() < 2:
        return Unavailable(term=TERM, reason=FEW_GROUPS)
    asked = _asked(study, outcome)
    assert asked is not None, "else it was untestable"
    items = keyed_responses(responses, asked)[list(subscale.items)]
    return _invariance(items, groups, instrument.categories(subscale.items))


def _untestable(study: Study, outcome: Outcome, subscale: Subscale) -> str:
    if len(subscale.items) < 2:
        return ONE_ITEM
    if not subscale.reflective:
        return NO_SCALE
    asked = _asked(study, outcome)
    known = {item.name for item in asked.items} if asked else set()
    return "" if known.issuperset(subscale.items) else NOT_ASKED


def _asked(study: Study, outcome: Outcome) -> Instrument | None:
    export = study.wave(outcome.baseline).export(outcome.survey)
    return study.asked(export).get(outcome.instrument) if export else None


def _large_enough(groups: pd.Series[str]) -> pd.Series[str]:
    """The group of each; missing where it is too small for a model of its own."""
    counts = groups.value_counts()
    large = counts.index[counts >= MINIMUM_IN_GROUP]
    return groups.where(groups.isin(large))


def _invariance(
    items: pd.DataFrame, groups: pd.Series[str], categories: tuple[float, ...]
) -> MeasurementInvariance | Unavailable:
    factors = {"scale": [str(name) for name in items.columns]}
    if 2 <= len(categories) < NUMBERS_FROM:
        return measurement_invariance(
            items,
            factors=factors,
            groups=groups,
            estimator="wlsmv",
            categories=categories,
        )
    return measurement_invariance(items, factors=factors, groups=groups)
