"""Outcomes by site: what the pilot did at each, and what sites say together.

Teams, or people, are compared within their site, so what parts the sites anyway is no
part of any effect. The n of everything here is that of its smallest side.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import of_arm, questions_of
from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.judgement.pooling import MINIMUM_SITES, pool_sites
from heard.results import Estimate, Unavailable, with_n

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    import pandas as pd

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.outcomes.outcome_scores import ScoresByWave
    from analysis.outcomes.question import Question
    from heard.results import Result

    Effects: TypeAlias = Mapping[str, UncertainEffect | Unavailable]

MINIMUM_SHOWN = 2
TOGETHER = (
    "pooled_effect_cautious",
    "prediction_interval",
    "between_site_standard_deviation",
    "homogeneity_p_value",
)
ONE_ARM = "this site has people of one arm only: nothing to compare here"
SMALLEST = "people of its smallest side: an arm of a site at a wave"


def site_findings(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    follow_up: str,
    *,
    links: pd.DataFrame | None,
    linkage_rule: str,
) -> Iterator[Finding]:
    """An outcome's measure at each site, and over all of them from three on.

    Nothing where fewer than two sites hold what is compared. Placed in ``group`` as
    ``site: name``; what is about all sites as ``site``.

    Parameters
    ----------
    scores_by_wave, study, links, linkage_rule
        As of `evaluate_outcomes`.
    """
    question = questions_of(
        scores_by_wave, study, outcome, follow_up, links=links, rule=linkage_rule
    )[0]
    estimand = question.estimand
    if estimand.unit == "site" or estimand.summary == "start_effect":
        return
    at_sites = {site.name: question.at(site.name) for site in study.sites}
    sizes = {name: _sizes(at_site) for name, at_site in at_sites.items()}
    present = {name: size for name, size in sizes.items() if max(size)}
    if sum(min(size) > 0 for size in present.values()) < MINIMUM_SHOWN:
        return
    effects = {name: _effect(at_sites[name], present[name]) for name in present}
    nowhere = int((question.before["site"] == "").sum())
    for group, result in _effects_by_site(effects, present, nowhere):
        yield from question.place(
            result, wave=estimand.waves, arm=estimand.place, group=group
        )


def _sizes(question: Question) -> tuple[int, ...]:
    """People of each arm compared, at each wave; of everybody where none are."""
    return tuple(
        len(of_arm(wave, arm)) for wave in question.waves for arm in question.arm_names
    )


def _effect(
    question: Question, sizes: tuple[int, ...]
) -> UncertainEffect | Unavailable:
    if not min(sizes):
        return Unavailable(term="effect", reason=ONE_ARM)
    return planned_estimate(question).effect


def _effects_by_site(
    effects: Effects, sizes: Mapping[str, tuple[int, ...]], nowhere: int
) -> Iterator[tuple[str | Group, Result]]:
    """Every site, then all together; each with the n of its smallest side."""
    found = pool_sites(effects)
    least = {name: min(sizes[name]) for name in effects}
    if nowhere:
        count = Estimate(
            term="participants_without_site",
            estimate=float(nowhere),
            n=nowhere,
            method="participants with a score at the baseline whose site is not known",
        )
        yield "site", count
    for name, effect in effects.items():
        # That a site has one arm alone is no small number to be suppressed.
        own = with_n(_own(effect), least[name] or None, SMALLEST)
        yield Group("site", name), own
    used = [least[n] for n, e in effects.items() if isinstance(e, UncertainEffect)]
    minimum = min(used, default=0)
    for term in TOGETHER:
        together = getattr(found, term)
        if isinstance(together, Estimate) or term == TOGETHER[0]:
            # Without an effect anywhere nobody is counted, and nothing is suppressed.
            yield "site", with_n(together, minimum or None, SMALLEST)
    if len(used) > MINIMUM_SITES:
        for part in found.sites:
            yield (
                Group("site", part.site),
                with_n(part.pooled_without_site, minimum, SMALLEST),
            )


def _own(effect: UncertainEffect | Unavailable) -> Result:
    term = "effect_at_site"
    if isinstance(effect, Unavailable):
        return dataclasses.replace(effect, term=term)
    low, high = effect.limits()
    return Estimate(
        term=term,
        estimate=effect.effect,
        conf_low=low,
        conf_high=high,
        n=effect.n,
        method=f"{effect.term} of this site alone; t interval on "
        f"{effect.degrees_of_freedom:.4g} degrees of freedom",
    )
