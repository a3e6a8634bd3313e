"""How strong the evidence is, and why it is no stronger: results for their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from heard.effects.judgement.strength import Strength, strength
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.foundation.findings import AnyGroup
    from heard.effects.judgement.strength import StrengthFacts
    from heard.results import Result

METHOD = "lowest of four columns, less what threatens it (at most 2); no interval"
COMPARED = "as the page on measurement invariance found; a verdict, so no interval"


def strength_results(
    facts: StrengthFacts, *, n: int | None, n_unit: str = "", waves: int = 2
) -> Iterator[tuple[AnyGroup, Result]]:
    """The rating with its columns and threats, and whether meaning was checked.

    Parameters
    ----------
    facts : StrengthFacts
        Of the planned estimate.
    n : int or None
        Of the planned estimate, and `n_unit` what it counts.
    waves : int
        With one wave there is nothing that could have changed its meaning.
    """
    rated = strength(facts)
    if not isinstance(rated, Strength):
        yield "", rated
        return
    for term, group, value in _rows(facts, rated, waves):
        how = COMPARED if term == "comparability_checked" else METHOD
        yield (
            group,
            Estimate(
                term=term, estimate=float(value), n=n or 0, n_unit=n_unit, method=how
            ),
        )


def _rows(
    facts: StrengthFacts, rated: Strength, waves: int
) -> Iterator[tuple[str, Group | str, int]]:
    about = {"design": facts.design, "size": facts.unit}
    yield "evidence_strength", "", rated.rating
    for name, score in rated.columns.items():
        of = about.get(name, "")
        yield "strength_column", Group("strength", value=name, of=of), score
    for threat in rated.threats:
        group = Group("strength", value=threat)
        yield "strength_threat", group, int(threat in rated.taken)
    if waves < 2:
        return
    checked = facts.comparability in {"passed", "failed"}
    state = "one_item" if facts.items == 1 and not checked else facts.comparability
    yield "comparability_checked", Group("strength", value=state), int(checked)
