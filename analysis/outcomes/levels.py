"""The level of an estimate's interval, where it is one of several that are judged.

Contrasts that are judged together share the chance of error; follow-ups that are judged
one after another spend it as the plan's shares of information say. What is judged once,
or in its turn, has 95 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heard.effects.judgement.equivalence import LEVEL
from heard.effects.judgement.successive_looks import plan_looks
from heard.results import Estimate

if TYPE_CHECKING:
    from analysis.declarations.estimand import Estimand


def level_of(estimand: Estimand) -> float:
    """Coverage of the interval that is shown and judged."""
    if estimand.contrasts == 1 and not estimand.information:
        return LEVEL
    return 1 - (1 - _level_at(estimand)) / estimand.contrasts


def _level_at(estimand: Estimand) -> float:
    """Coverage at this follow-up, of all contrasts together."""
    if not estimand.information:
        return LEVEL
    shares = {str(place): share for place, share in enumerate(estimand.information)}
    look = plan_looks(shares, rule="alpha_spending").looks[estimand.look]
    assert isinstance(look.look_level, Estimate), "as the plan's shares were checked"
    return look.look_level.estimate
