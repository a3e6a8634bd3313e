"""How many points of a change in a score come from questions that changed meaning.

Items whose loading or intercept differs between two waves are set free, one after the
other; what they add at the same level of the factor is the bias of the score. Arms are
fitted apart with the same items free, so that a shift alike in both cancels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import special

from heard.models.complete_responses import Array, Responses, read_responses
from heard.models.stable_choice import order
from heard.psychometrics.confirmatory.estimation import MaximumLikelihood
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors, percent
from heard.psychometrics.invariance.levels import (
    INTERCEPTS,
    LOADINGS,
    Fitted,
    LevelSetup,
)
from heard.psychometrics.invariance.measurement import FREED_AT, ladder_of
from heard.psychometrics.invariance.results import InvarianceLevel, InvarianceRule
from heard.results import Estimate, Labelled, Result, Unavailable

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.specification import Places

Equality: TypeAlias = Literal[
    "holds", "partial", "misfit", "structure", "many_items", "few_people", "not_fitted"
]

FREEING = InvarianceRule(error_rise=1.0)
"""Items are set free for comparative fit alone: with few degrees of freedom the error
of approximation rises by chance, and every item freed by chance adds to the bias."""
TERM, ITEM_TERM = "score_bias", "item_score_bias"
FACTOR = "score"
LEAST_ITEMS = 3
LEAST_PEOPLE = 100
"""In each arm and wave; of fewer, fit changes by chance alone."""
ONE_IN = 3
"""Share of the items that may be set free: one in so many."""
WORST_ERROR = 0.10
MOST_APART = 0.02
"""RMSEA, and the fall of comparative fit between the waves, that make a configural
model that does not hold one of another structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmBias(Labelled):
    """What the questions' change of meaning adds to the score of one arm."""

    arm: str
    score_bias: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScoreBias(Labelled):
    """What one item that was set free adds; of two arms their difference."""

    item: str
    item_score_bias: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBias(Labelled):
    """Bias of a change of score, or of the difference of two arms' changes.

    Attributes
    ----------
    score_bias : Estimate or Unavailable
        In points of the score, later wave less earlier; of two arms the first's less
        the second's.
    arms : tuple of ArmBias
        Arm by arm, where there are two.
    items : tuple of ItemScoreBias
        Those set free, in the order in which they were.
    verdict : tuple of str
        ``holds`` (loadings and intercepts are equal), ``partial`` (some items were set
        free), ``misfit`` (the model does not fit, and no item stands out),
        ``structure`` (it fits badly, worse at the later wave, or with nothing equal),
        ``many_items`` (more would have to be set free than a third), ``few_people`` or
        ``not_fitted``; then why.
    """

    score_bias: Result
    arms: tuple[ArmBias, ...] = ()
    items: tuple[ItemScoreBias, ...] = ()
    verdict: tuple[str, ...]

    @property
    def freed(self) -> tuple[str, ...]:
        """Names of the items that were set free."""
        return tuple(one.item for one in self.items)


def score_bias(
    responses: Responses,
    *,
    waves: pd.Series,
    weights: Mapping[str, float],
    arms: pd.Series | None = None,
    cluster: pd.Series | None = None,
    rule: InvarianceRule | None = None,
    confidence: float = 0.95,
) -> ScoreBias | Unavailable:
    """Estimate the change of a score that is due to a change of its questions' meaning.

    Parameters
    ----------
    responses : DataFrame, shape (n_answers, n_items)
        Keyed responses; NaN if unanswered. A row an answer of a wave.
    waves : Series
        The wave of each row, aligned by position: two, the earlier first (in order of
        the categories, else sorted).
    weights : mapping
        Item → points of the score for a point of the item: 1 for a sum, one over the
        number of items for a mean.
    arms : Series, optional
        The arm of each row: two, the one judged first (in order of the categories).
    cluster : Series, optional
        What people belong to, or who answered twice; rows of one cluster may be
        related. An empty name stands for nobody else.
    rule : InvarianceRule, optional
        When a level counts as holding; as usual, but by comparative fit alone.

    Returns
    -------
    ScoreBias
        With `Unavailable` for the bias where no item was set free or too many were.
    Unavailable
        Fewer than three items, other than two waves, or other than two arms.

    Notes
    -----
    With lambda, nu the loadings and intercepts of the partially invariant model with
    one factor and kappa the factor's mean at the later wave, each item adds its weight
    times (nu_2 - nu_1) + (lambda_2 - lambda_1) kappa: the difference of the expected
    answers, integrated over the levels of those who answered later (the focal group of
    Nye & Drasgow). The observed change less the bias is thus the change that the
    questions in their earlier meaning would have shown. A freed item's loading and
    intercept are both set free, in both arms. Answers are taken as numbers, also where
    there are few categories. A shift that all items share is no bias here: nobody can
    distinguish it from change.

    The interval is by the delta method with errors by cluster (sandwich, G / (G - 1),
    t with G - 1 degrees of freedom; of two arms Satterthwaite's), and not a bootstrap:
    every model would be fitted hundreds of times, at seconds each, and resampling the
    few units of a pilot gives limits that are too narrow. How often it holds the bias:
    benchmarks/coverage/score_bias.py. That items were found by search is not part of
    it.

    References
    ----------
    Nye & Drasgow (2011), Journal of Applied Psychology 96(5), 966-980.
    Yoon & Millsap (2007), Structural Equation Modeling 14(3), 435-463, on freeing
    items one after the other.
    """
    found = _setups(read_responses(responses), waves, weights, arms, rule)
    if isinstance(found, Unavailable):
        return found
    search = _Search(setups=found, most=len(weights) // ONE_IN)
    verdict = _few_people(found) or search.run()
    n = sum(one.sample.n for one in found.values())
    if verdict[0] != "partial":
        absent = Unavailable(
            term=TERM, reason=verdict[1], n=n, method=next(iter(found.values())).method
        )
        return ScoreBias(score_bias=absent, verdict=verdict)
    fitted = _Fits(
        arms={arm: search.scalar[arm] for arm in found},
        weights=dict(weights),
        freed=tuple(search.freed),
        cluster=_clusters(cluster, len(waves), arms, found),
        confidence=confidence,
        n=n,
    )
    return fitted.account(verdict)


def _setups(
    responses: pd.DataFrame,
    waves: pd.Series,
    weights: Mapping[str, float],
    arms: pd.Series | None,
    rule: InvarianceRule | None,
) -> dict[str, LevelSetup] | Unavailable:
    """Arm → its two waves, ready to be fitted."""
    if len(weights) < LEAST_ITEMS:
        reason = f"items {len(weights)}; at least {LEAST_ITEMS} needed"
        return Unavailable(term=TERM, reason=reason)
    found = {}
    for arm, rows in _rows(arms, len(responses)).items():
        setup = ladder_of(
            responses[list(weights)].iloc[rows].reset_index(drop=True),
            factors={FACTOR: list(weights)},
            groups=waves.iloc[rows].reset_index(drop=True),
            rule=rule or FREEING,
        )
        if isinstance(setup, Unavailable):
            where = f"{arm}: " if arm else ""
            return dataclasses.replace(setup, term=TERM, reason=where + setup.reason)
        if len(setup.sections) != 2:
            reason = f"waves {len(setup.sections)}; 2 needed"
            return Unavailable(term=TERM, reason=reason)
        found[arm] = setup
    return found


def _rows(arms: pd.Series | None, count: int) -> dict[str, Places]:
    """Arm → its rows; one without a name where there are no arms."""
    if arms is None:
        return {"": np.arange(count)}
    known = arms.dropna()
    names = known.cat.categories if hasattr(known, "cat") else sorted(known.unique())
    if len(names) != 2:
        raise ValueError(f"arms {len(names)}; 2 needed")
    return {str(name): np.flatnonzero(arms == name) for name in names}


def _few_people(setups: Mapping[str, LevelSetup]) -> tuple[str, ...]:
    """That an arm has too few answers at a wave; empty if all have enough."""
    least = min(block.n for one in setups.values() for block in one.sample.blocks)
    if least >= LEAST_PEOPLE:
        return ()
    place = "an arm and wave" if len(setups) > 1 else "a wave"
    return "few_people", f"{least} answers in {place}; at least {LEAST_PEOPLE} needed"


@dataclass(kw_only=True)
class _Search:
    """Frees the equality most denied in any arm, in all arms, until none is."""

    setups: Mapping[str, LevelSetup]
    most: int
    freed: list[str] = dataclasses.field(default_factory=list)
    scalar: dict[str, Fitted] = dataclasses.field(default_factory=dict)

    def run(self) -> tuple[str, ...]:
        """The verdict, and why; what was fitted last stands in `scalar`."""
        known: dict[str, Fitted] = {}
        while True:
            levels: list[InvarianceLevel] = []
            apart = ""
            free = dict.fromkeys((LOADINGS, INTERCEPTS), frozenset(self.freed))
            for arm, whole in self.setups.items():
                setup = dataclasses.replace(whole, free=free)
                fitted, faults = setup.fit_levels(last="scalar", known=known.get(arm))
                if not fitted or fitted[0].level != "configural":
                    return "not_fitted", "; ".join(faults)
                found = _accounts(setup, fitted)
                why = _other_structure(setup, found[0])
                if fitted[-1].level == "scalar":
                    self.scalar[arm] = fitted[-1]
                elif len(fitted) == 2:
                    # So far apart that equal intercepts cannot be fitted.
                    apart = apart or _furthest(fitted[-1], self.freed)
                else:
                    why = why or "; ".join(faults)
                if why:
                    return "structure", f"{arm}: {why}" if arm else why
                known[arm] = fitted[0]
                levels += found
            item = apart or _most_denied(levels)
            if not item:
                return self._held(levels)
            if len(self.freed) >= self.most:
                items = len(next(iter(self.setups.values())).items)
                return (
                    "many_items",
                    f"more than {self.most} of {items} items would have to be set free",
                )
            self.freed.append(item)

    def _held(self, levels: Iterable[InvarianceLevel]) -> tuple[str, ...]:
        if self.freed:
            return "partial", "set free: " + ", ".join(self.freed)
        failed = [one.verdict[1] for one in levels if not one.holds]
        if failed:
            return "misfit", failed[0]
        return "holds", "scalar invariance holds: no item had to be set free"


def _accounts(setup: LevelSetup, fitted: list[Fitted]) -> list[InvarianceLevel]:
    return [
        setup.account(one, before, setup.sample.n)
        for one, before in zip(fitted, [None, *fitted], strict=False)
    ]


def _most_denied(levels: Iterable[InvarianceLevel]) -> str:
    """The item with the largest score test of a level that does not hold; or none."""
    tests = [
        test
        for level in levels
        if level.level in FREED_AT and not level.holds
        for test in level.equality_tests
        if test.constrained == FREED_AT[level.level]
        and isinstance(test.score_test, Estimate)
    ]
    sizes = [
        -test.score_test.estimate if isinstance(test.score_test, Estimate) else 0.0
        for test in tests
    ]
    return tests[order(sizes)[0]].item if tests else ""


def _furthest(metric: Fitted, freed: Iterable[str]) -> str:
    """The item whose level moved least like the others', as its loading predicts."""
    places, values = metric.estimate.model.places, metric.estimate.parameters
    before, after = (f"@{section.name!r}" for section in metric.plan.sections)
    items = [item for item in metric.plan.items if item not in set(freed)]
    moved = np.array(
        [
            values[places[f"intercept {item!r} {after}"]]
            - values[places[f"intercept {item!r} {before}"]]
            for item in items
        ]
    )
    loadings = np.array([values[places[f"loading {FACTOR!r} {i!r}"]] for i in items])
    away = np.abs(moved - loadings * np.median(moved / loadings))
    first: str = items[order(list(-away))[0]]
    return first


def _other_structure(setup: LevelSetup, configural: InvarianceLevel) -> str:
    """Why the items do not belong together alike at both waves; empty if they do."""
    if configural.holds:
        return ""
    error = configural.fit.robust_rmsea
    if isinstance(error, Estimate) and error.estimate > WORST_ERROR:
        return (
            f"the items do not form one factor at both waves: rmsea "
            f"{error.estimate:.3f}, more than {WORST_ERROR:g}"
        )
    fits = [_comparative_fit(setup, place) for place in range(2)]
    first, later = fits
    if first is not None and later is not None and first - later > MOST_APART:
        return (
            "the items form one factor less well at the later wave: comparative fit "
            f"lower by more than {MOST_APART:g}"
        )
    return ""


def _comparative_fit(setup: LevelSetup, place: int) -> float | None:
    """Fit of the one factor at one wave alone."""
    block = setup.sample.blocks[place]
    answers = np.full((block.n, len(setup.items)), np.nan)
    start = 0
    for pattern in block.patterns:  # type: ignore[union-attr]
        answers[start : start + pattern.n, pattern.answered] = pattern.values
        start += pattern.n
    found = confirmatory_factors(
        pd.DataFrame(answers, columns=list(setup.items)),
        factors=setup.factors,
        estimator="mlr",
    )
    if not isinstance(found, ConfirmatoryFactors):
        return None
    index = found.fit.robust_comparative_fit_index
    return index.estimate if isinstance(index, Estimate) else None


def _clusters(
    cluster: pd.Series | None,
    count: int,
    arms: pd.Series | None,
    setups: Mapping[str, LevelSetup],
) -> dict[str, Places]:
    """Arm → the number of each of its rows' cluster; a row without one is its own."""
    names = pd.Series("", range(count)) if cluster is None else cluster
    names = names.reset_index(drop=True).astype("object")
    alone = names.isna() | (names == "")
    names = names.where(~alone, pd.Series(range(count)))
    rows = _rows(arms, count)
    return {arm: pd.factorize(names.iloc[rows[arm]])[0] for arm in setups}


@dataclass(frozen=True, kw_only=True)
class _Fits:
    """The partially invariant model of every arm, and what its bias comes to."""

    arms: Mapping[str, Fitted]
    weights: Mapping[str, float]
    freed: tuple[str, ...]
    cluster: Mapping[str, Places]
    confidence: float
    n: int

    def account(self, verdict: tuple[str, ...]) -> ScoreBias:
        """The bias of the score, arm by arm and item by item."""
        apart = [
            ArmBias(arm=arm, score_bias=self._result(TERM, self.freed, [arm]))
            for arm in self.arms
            if arm
        ]
        items = [
            ItemScoreBias(
                item=item, item_score_bias=self._result(ITEM_TERM, [item], self.arms)
            )
            for item in self.freed
        ]
        return ScoreBias(
            score_bias=self._result(TERM, self.freed, self.arms),
            arms=tuple(apart),
            items=tuple(items),
            verdict=verdict,
        )

    def _result(self, term: str, items: Iterable[str], arms: Iterable[str]) -> Result:
        """The bias that some items add, of one arm or of the first less the second."""
        items, arms = tuple(items), tuple(arms)
        parts = [self._of_arm(arm, items) for arm in arms]
        value = parts[0][0] - sum(part[0] for part in parts[1:])
        variances = np.array([part[1] for part in parts])
        freedoms = np.array([part[2] for part in parts], dtype=float)
        n = sum(self.arms[arm].estimate.sample.n for arm in arms)
        method = (
            "expected difference in the score, later wave less earlier, at the same "
            "level of the factor and over the levels of the later wave; one linear "
            f"factor, loadings and intercepts of {', '.join(self.freed)} set free, "
            f"{'alike in both arms, ' if len(self.arms) > 1 else ''}mlr, every answer "
            "there is"
        )
        if freedoms.min() < 1 or not np.isfinite(variances).all():
            method += "; no interval: fewer than 2 clusters in an arm"
            return Estimate(term=term, estimate=value, n=n, method=method)
        variance = float(variances.sum())
        freedom = variance**2 / float((variances**2 / freedoms).sum())
        reach = float(special.stdtrit(freedom, (1 + self.confidence) / 2))
        reach *= variance**0.5
        return Estimate.of(
            term,
            value,
            (value - reach, value + reach),
            n=n,
            method=f"{method}; {percent(self.confidence)} interval by the delta "
            f"method, errors by cluster, t with {freedom:.4g} degrees of freedom",
        )

    def _of_arm(self, arm: str, items: tuple[str, ...]) -> tuple[float, float, int]:
        """The bias in one arm, its variance and its degrees of freedom."""
        fitted, estimate = self.arms[arm], self.arms[arm].estimate
        assert isinstance(estimate, MaximumLikelihood), "score tests came before"
        value, gradient = self._bias(fitted, estimate, items)
        reach = np.linalg.solve(estimate.information, gradient)
        cluster = self.cluster[arm]
        moved = np.zeros(int(cluster.max()) + 1)
        for people, own in estimate.scores:
            np.add.at(moved, cluster[people], own @ reach)
        count = len(np.unique(cluster))
        if count < 2:
            return value, np.nan, 0
        return value, float(moved @ moved) * count / (count - 1), count - 1

    def _bias(
        self, fitted: Fitted, estimate: MaximumLikelihood, items: tuple[str, ...]
    ) -> tuple[float, Array]:
        """The bias and its slope in every parameter."""
        places, values = estimate.model.places, estimate.parameters
        before, after = (f"@{section.name!r}" for section in fitted.plan.sections)
        mean = places[f"mean {FACTOR!r} {after}"]
        value, gradient = 0.0, np.zeros(len(values))
        for item in items:
            weight = self.weights[item]
            for sign, wave in ((1.0, after), (-1.0, before)):
                level = places[f"intercept {item!r} {wave}"]
                loading = places[f"loading {FACTOR!r} {item!r} {wave}"]
                signed = sign * weight
                value += signed * (values[level] + values[loading] * values[mean])
                gradient[level] += signed
                gradient[loading] += signed * values[mean]
                gradient[mean] += signed * values[loading]
        return float(value), gradient
