"""The one question an outcome asks: its estimand, from what was declared.

Population, contrast, summary measure and unit of allocation stand here and nowhere
else: the headline, the sensitivity analyses, families, sites and subgroups all take
them from this value (ICH E9 R1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from analysis.declarations.instrument import Subscale
from analysis.declarations.linkage import is_linked
from analysis.declarations.plan import TOGETHER
from analysis.declarations.study import ALLOCATED, Outcome, Study, Team
from analysis.foundation.findings import Contrast, Place

Good: TypeAlias = Literal["higher", "lower", "none"]
Unit: TypeAlias = Literal["person", "team", "site"]
Population: TypeAlias = Literal["linked", "answered", "randomised", ""]
Metric: TypeAlias = Literal["points", "share", "probability_of_better"]
Status: TypeAlias = Literal["locked", "locked_after_data", "changed", "not_planned"]

STRATA = ("site", "stratum")
"""Within what units may have been randomised: their site, or a stratum of teams."""

DIRECTIONS: dict[str, Good] = {"higher_is_better": "higher", "higher_is_worse": "lower"}
MOST_ORDERED = 4
"""Values up to which answers are compared by their order alone, if the plan asks."""
ENOUGH_LINKED = 0.5
"""Share of the smaller wave that must be linked in every arm to compare the linked."""
ALIKE_LINKED = 0.1
"""How far apart the arms' shares linked may lie."""
SAME_SITE = (
    "[allocation.unit] Every team of a site is in one arm, so sites, not {units}, were "
    'compared. Set [allocation] unit = "site"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimand:
    """What is estimated of one outcome at one follow-up.

    Attributes
    ----------
    score : str
        Column of the score.
    baseline, follow_up : str
        The two waves; no baseline: the arms are compared afterwards alone.
    good : str
        Which way of the estimate is good; ``none``: neither. A probability of a better
        answer is turned, so that more of it is good wherever anything is.
    metric : str
        What scores are compared in: points, the share with the higher of two values,
        or the probability of a better answer.
    arms : Contrast or None
        Treated arm and comparison; None without a comparison.
    contrasts : int
        How many contrasts of the outcome are judged together, at one level; 1 where
        each is judged alone, or in its turn.
    information : tuple of float
        Share of the last follow-up's information at each that is judged, up to this
        one and after; empty where follow-ups are not judged together.
    look : int
        Which of these this follow-up is, from 0.
    population : str
        Of whom the answer speaks; empty until it is known how many are linked.
    unit : str
        What was allocated, so what is counted.
    inferred : bool
        Whether the unit was found from the teams, not declared.
    summary : str
        The term of the planned estimate.
    method : str
        How it is made; empty until the data show which is right.
    """

    score: str
    baseline: str
    follow_up: str
    good: Good
    arms: Contrast | None
    contrasts: int = 1
    information: tuple[float, ...] = ()
    look: int = 0
    population: Population
    unit: Unit
    inferred: bool
    strata: tuple[str, ...] = ()
    randomised: bool = False
    restricted: str = "none"
    summary: str
    covariates: tuple[str, ...] = ()
    method: str = ""
    smallest_effect: float | None = None
    purpose: str = "effect"
    mnar_range: float = 0.5
    metric: Metric = "points"
    status: Status

    @property
    def waves(self) -> Place:
        """From the baseline to the follow-up; the follow-up alone without one."""
        if not self.baseline:
            return self.follow_up
        return Contrast(self.follow_up, self.baseline)

    @property
    def place(self) -> Place:
        """The arms compared; everybody without a comparison."""
        return self.arms or ""

    @property
    def by_unit(self) -> bool:
        """Whether teams or sites were allocated, not people."""
        return self.unit != "person"


def estimands_of(
    study: Study, outcome: Outcome, follow_up: str
) -> tuple[Estimand, ...]:
    """The estimand of every contrast of an outcome at a follow-up, the main one first.

    One without arms where the study compares nobody.
    """
    pairs = study.allocation.pairs()
    arms: list[Contrast | None] = [Contrast(*pair) for pair in pairs] or [None]
    return tuple(_estimand(study, outcome, follow_up, one, len(arms)) for one in arms)


def _estimand(
    study: Study,
    outcome: Outcome,
    follow_up: str,
    arms: Contrast | None,
    contrasts: int,
) -> Estimand:
    unit, inferred = unit_of(study)
    plan, allocation = study.plan, study.allocation
    together = plan is None or plan.contrasts_rule == TOGETHER
    looked_at = plan is not None and outcome.name == plan.primary
    summary = summary_of(study, outcome, follow_up, unit=unit)
    strata = allocation.strata
    return Estimand(
        score=f"{outcome.instrument}.{outcome.subscale}",
        baseline=outcome.baseline,
        follow_up=follow_up,
        good=good_of_estimate(study, outcome),
        metric=metric_of(study, outcome),
        arms=arms if summary != "change" else None,
        contrasts=contrasts if together else 1,
        information=plan.looks_information if plan and looked_at else (),
        look=outcome.follow_ups.index(follow_up) if outcome.follow_ups else 0,
        population=_population(study, outcome, follow_up),
        unit=unit,
        inferred=inferred,
        strata=strata,
        randomised=study.randomised,
        restricted=allocation.restricted
        or ("strata" if strata and study.randomised else "none"),
        summary=summary,
        covariates=plan.covariates if plan else (),
        method=plan.method if plan else "",
        smallest_effect=outcome.smallest_effect,
        purpose=plan.purpose if plan else "effect",
        mnar_range=plan.mnar_range if plan else 0.5,
        status=_status(study),
    )


def good_of(study: Study, outcome: Outcome) -> Good:
    """Which way is good; a scale of *more* is neither."""
    return DIRECTIONS.get(_scale_of(study, outcome).direction, "none")


def metric_of(study: Study, outcome: Outcome) -> Metric:
    """What an outcome's scores are compared in: as planned, where the score allows it.

    The plan is about the primary outcome, and of every other whose score allows it.
    Else a score of two values is compared by shares, any other by its points.
    """
    planned = study.plan.metric if study.plan else ""
    fitting = metrics_of(study, outcome)
    return next((known for known in fitting if known == planned), fitting[0])


def metrics_of(study: Study, outcome: Outcome) -> tuple[Metric, ...]:
    """Every metric that fits an outcome's score, the usual one first."""
    instrument = study.instruments[outcome.instrument]
    values = instrument.values_of(outcome.subscale, most=MOST_ORDERED)
    if len(values) == 2:
        return ("share", "points")
    return ("points", "probability_of_better") if values else ("points",)


def good_of_estimate(study: Study, outcome: Outcome) -> Good:
    """Which way of an estimate is good, in the metric it is made in."""
    good = good_of(study, outcome)
    turned = metric_of(study, outcome) == "probability_of_better" and good == "lower"
    return "higher" if turned else good


def smallest_in_points(study: Study, outcome: Outcome) -> float | None:
    """The smallest effect of interest in points of the score.

    None where it was declared in another metric; a share of zeros and ones is points.
    """
    metric, scale = metric_of(study, outcome), _scale_of(study, outcome)
    counted = metric == "share" and (scale.lowest, scale.highest) == (0, 1)
    return outcome.smallest_effect if metric == "points" or counted else None


def _scale_of(study: Study, outcome: Outcome) -> Subscale:
    return study.instruments[outcome.instrument].subscale(outcome.subscale)


def summary_of(study: Study, outcome: Outcome, follow_up: str, *, unit: Unit) -> str:
    """The term of the planned estimate: the plan's where it can be had.

    The score before adjusts a comparison of randomised people alone, who are known at
    both waves; it needs them linked.
    """
    planned = study.plan.summary_measure if study.plan else ""
    if planned == "change" or not study.treated:
        return "change"
    if not outcome.baseline:
        return "difference_after"
    if planned == "start_effect" and study.rollout is not None:
        return planned
    linked = is_linked(study, outcome.survey, outcome.baseline, follow_up)
    usual = "difference_in_change"
    if unit == "person" and study.randomised:
        usual = "adjusted_difference"
    wanted = (
        planned if planned in ("difference_in_change", "adjusted_difference") else ""
    )
    return (wanted or usual) if linked else "difference_in_change"


def _population(study: Study, outcome: Outcome, follow_up: str) -> Population:
    """Who is compared, as far as that follows from the declaration."""
    if not outcome.baseline:
        return "answered"
    if not is_linked(study, outcome.survey, outcome.baseline, follow_up):
        return "answered"
    declared = study.plan.population_rule if study.plan else ""
    for known in ("linked", "answered", "randomised"):
        if declared == known:
            return known
    if unit_of(study)[0] == "person" and study.randomised:
        return "randomised"
    return ""


def _status(study: Study) -> Status:
    if study.plan is None or study.lock is None:
        return "not_planned"
    return "locked_after_data" if study.lock.arrived else "locked"


# ---------------------------------------------------------------- what was allocated


def unit_of(study: Study) -> tuple[Unit, bool]:
    """What was allocated, and whether that was found and not declared.

    Nothing declared: the highest level at which the declared teams' arms never vary;
    teams, where nobody is compared; people, where no teams are declared.
    """
    declared = study.allocation.unit
    for known in ("person", "team", "site"):
        if declared == known:
            return known, False
    if _constant_in_sites(study):
        return "site", True
    teams = _compared_teams(study) if study.treated else study.teams
    return ("team", True) if len(teams) >= 2 else ("person", True)


def counts_units(study: Study) -> bool:
    """Whether teams or sites are what is counted, not people."""
    return unit_of(study)[0] != "person"


def _compared_teams(study: Study) -> list[Team]:
    arms = {arm for pair in study.allocation.pairs() for arm in pair}
    return [team for team in study.teams if team.arm in arms]


def _constant_in_sites(study: Study) -> bool:
    """Whether every site has teams of one arm alone, so that sites were compared."""
    if study.rollout is not None and study.rollout.unit == "team":
        return False
    by_site: dict[str, list[str]] = {}
    for team in _compared_teams(study):
        by_site.setdefault(team.site, []).append(team.arm)
    if "" in by_site or len(by_site) < 2:
        return False
    return all(len(set(arms)) == 1 for arms in by_site.values())


ONE_ARM_A_TEAM = (
    "[allocation.unit] Every team is in one arm, so teams, not people, were compared. "
    'Set [allocation] unit = "team"'
)


def check_unit(study: Study) -> Iterator[str]:
    """A declared unit that lies below the level at which arms never vary."""
    declared = study.allocation.unit
    lower = declared in ALLOCATED and declared != "site"
    teams = _compared_teams(study)
    several = len(teams) > len(study.sites)
    if lower and several and _constant_in_sites(study):
        units = "people" if declared == "person" else "teams"
        yield SAME_SITE.format(units=units)
    elif declared == "person" and not study.randomised and len(teams) > 1:
        # Randomised people may be trained in groups, which are in one arm each.
        yield ONE_ARM_A_TEAM
    if declared == "site" and not study.sites:
        yield "[allocation.unit] site needs sites to be declared"
