"""A change judged: is it large enough to matter, does it hold, who got better.

What `change` and `comparison` estimated is judged here against the smallest effect
of interest declared, estimated by other methods, and split into who improved.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.outcomes.context import Context
from analysis.outcomes.evidence_level import evidence_level
from analysis.outcomes.methods import (
    EFFECT,
    MethodComparison,
    MethodResult,
    covariate_adjusted_by_person,
    covariate_names,
    estimate_by_method,
    method_title,
    renamed,
)
from analysis.outcomes.outcome_scores import linked_pairs
from heard.effects.clustered.intracluster import (
    IntraclusterCorrelation,
    intracluster_correlation,
)
from heard.effects.judgement.bayes import BayesianCompanion, Prior, bayesian_companion
from heard.effects.judgement.equivalence import (
    EquivalenceVerdict,
    UncertainEffect,
    equivalence_verdict,
    uncertain_effect,
)
from heard.effects.supplementary.partly_linked import unlinked_bounds
from heard.effects.supplementary.responders import Responders, responders
from heard.models.cluster_robust import ClusterRobustFit
from heard.results import Composite, Result, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from analysis.declarations.study import Outcome, Study

WIDTH_OF_PRIOR = 2.0
"""Standard deviation of the prior, in smallest effects that matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Composite):
    """An effect against the smallest one that matters, in two schools of thought."""

    verdict: EquivalenceVerdict
    companion: BayesianCompanion


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmsAnswer(Composite):
    """What else is to be said of two arms compared.

    Attributes
    ----------
    methods : tuple of MethodResult
        Other estimates of the same difference; where people were allocated, only that
        adjusted for the plan's covariates.
    p_values : tuple of Result
        Of no difference: by the wild bootstrap over teams, by every other set of teams,
        and the least the latter can be.
    judgement : Judgement or None
        None where no smallest effect was declared.
    intracluster : IntraclusterCorrelation or None
        How alike people of one team were before; at the first follow-up.
    """

    methods: tuple[MethodResult, ...]
    p_values: tuple[Result, ...]
    judgement: Judgement | None
    intracluster: IntraclusterCorrelation | None


def answer_between_arms(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    study: Study,
    outcome: Outcome,
    estimated: Result,
    seed: str,
    intracluster: bool = True,
) -> ArmsAnswer:
    """Estimate the arms' difference by other methods, and judge it.

    Parameters
    ----------
    before, after : DataFrame, one row a participant
        ``participant`` (empty if not linked), ``arm``, ``cluster``, ``score``.
    estimated : Result
        The difference already estimated: by team means where teams were allocated,
        else by people, adjusted for the score before.
    seed : str
        Names the draws of the wild bootstrap.
    intracluster : bool
        Whether to say how alike people of one team were before; that is the same at
        every follow-up, and said once.
    """
    if study.allocated_by != "team":
        # Two arms and the score before are estimated, so three are lost.
        effect = uncertain_effect(
            estimated, degrees_of_freedom=max((estimated.n or 0) - 3, 1)
        )
        judgement = _judged(effect, study, outcome)
        methods = tuple(_people_covariate_adjusted(before, after, study, estimated))
        return ArmsAnswer(
            methods=methods, p_values=(), judgement=judgement, intracluster=None
        )
    found = estimate_by_method(
        before,
        after,
        treated=study.treated,
        control=study.control,
        seed=seed,
        declared=estimated,
        covariates=study.plan.covariates if study.plan else (),
    )
    return ArmsAnswer(
        methods=found.methods,
        p_values=(
            found.p_value,
            found.placebo_p_value,
            found.placebo_smallest_possible_p_value,
        ),
        judgement=_judged(_effect(found), study, outcome),
        intracluster=intracluster_correlation(before.loc[before["cluster"] != ""])
        if intracluster
        else None,
    )


def _people_covariate_adjusted(
    before: pd.DataFrame, after: pd.DataFrame, study: Study, estimated: Result
) -> Iterator[MethodResult]:
    """Of people followed, the answer as reported, and adjusted for covariates."""
    covariates = study.plan.covariates if study.plan else ()
    if not covariate_names(covariates) or estimated.term != "adjusted_mean_difference":
        return
    pairs = linked_pairs(before, after)
    pairs = pairs.loc[pairs["arm"].isin([study.treated, study.control])]
    found = covariate_adjusted_by_person(
        pairs.assign(treated=(pairs["arm"] == study.treated).astype(float)), covariates
    )
    reported = renamed(estimated, found.term)
    for method, result in (
        ("score before", reported),
        (method_title(covariates), found),
    ):
        yield MethodResult(method=method, difference_in_change_by_way=result)


def answer_within(
    change: Result, study: Study, outcome: Outcome
) -> EquivalenceVerdict | None:
    """Judge a change nobody can be compared with; None where no effect was declared."""
    effect = uncertain_effect(change, degrees_of_freedom=max((change.n or 0) - 1, 1))
    judgement = _judged(effect, study, outcome)
    return judgement.verdict if judgement else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceStrength(Composite):
    """How far an answer can be trusted by its design; the sentence is its method."""

    level: str
    evidence_level: Result


def rate_evidence(
    change: Composite,
    compared: Composite | None,
    study: Study,
    n: int | None,
    *,
    also: Mapping[str, Result | Composite] | None = None,
) -> EvidenceStrength:
    """Rate the strength of evidence of an answer.

    Parameters
    ----------
    change, compared : Composite
        Change within arms, and between them where there are two.
    n : int or None
        People the answer rests on; the level itself counts nobody.
    also : mapping, optional
        What else was done, by the names the levels of evidence use.
    """
    analyses: dict[str, Result | Composite] = {
        "unlinked_change": change,
        "correlation_bounds": change,
        **(also or {}),
    }
    if compared:
        analyses["arm_comparison"] = compared
    rating = evidence_level(analyses, randomised=study.randomised)
    found = rating.evidence_level
    reported = dataclasses.replace(found, n=n or found.n or 0, method=rating.sentence)
    return EvidenceStrength(
        level=rating.level.name if rating.level else "", evidence_level=reported
    )


def count_responders(
    pairs: pd.DataFrame, context: Context, reliability: Result
) -> Responders:
    """Count who changed by more than error.

    Parameters
    ----------
    pairs : DataFrame, one row a participant, indexed by participant
        ``before``, ``after`` and ``cluster``.
    reliability : Result
        Of the score at the first wave.
    """
    return responders(
        pairs["before"],
        pairs["after"],
        reliability=reliability,
        lowest=context.subscale.lowest,
        highest=context.subscale.highest,
        better=context.better,
        cluster=pairs["cluster"] if context.by_team else None,
    )


def bounds_of_change(before: pd.Series, after: pd.Series) -> tuple[Result, Result]:
    """Widest and narrowest interval of a change of people who could not be linked."""
    bounds = unlinked_bounds(before, after)
    return bounds.mean_change_worst_case, bounds.mean_change_best_case


def _effect(found: MethodComparison) -> UncertainEffect | Unavailable:
    """The cluster-robust answer with its own standard error."""
    result = next(
        part.difference_in_change_by_way
        for part in found.methods
        if part.method == "cluster-robust"
    )
    if isinstance(result, Unavailable) or not isinstance(found.fit, ClusterRobustFit):
        assert isinstance(result, Unavailable), "without a fit there is no estimate"
        return result
    return UncertainEffect(
        term=result.term,
        effect=result.estimate,
        standard_error=found.fit.standard_error(EFFECT),
        degrees_of_freedom=found.fit.degrees_of_freedom(EFFECT),
        n=result.n,
    )


def _judged(
    effect: UncertainEffect | Unavailable, study: Study, outcome: Outcome
) -> Judgement | None:
    smallest = outcome.smallest_effect
    if not smallest:
        return None
    better = Context(study=study, outcome=outcome).better
    prior = Prior(
        standard_deviation=WIDTH_OF_PRIOR * smallest,
        reason="weakly informative: no effect is likeliest, and effects beyond four "
        "times the smallest that matters are not expected",
    )
    return Judgement(
        verdict=equivalence_verdict(effect, smallest_effect=smallest, better=better),
        companion=bayesian_companion(
            effect, prior=prior, smallest_effect=smallest, better=better
        ),
    )
