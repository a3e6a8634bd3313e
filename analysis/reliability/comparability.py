"""Responses of all waves into whether each score means the same at every wave.

A mean may change because people did, or because the questions came to mean something
else to them. Every later wave is compared with the first that asked the items, as two
groups of people: links between waves are not used, so that the test is the same for
anonymous surveys. Where an outcome compares arms, each is tested by itself: what counts
is by how much more the questions shifted in one than in the other.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.cleaning.scoring import keyed_responses
from analysis.declarations.estimand import estimands_of, unit_of
from analysis.foundation.findings import Contrast, Finding, Group
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.invariance.results import MeasurementInvariance
from heard.psychometrics.invariance.score_bias import (
    LEAST_ITEMS,
    LEAST_PEOPLE,
    ScoreBias,
    score_bias,
)
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Study
    from analysis.foundation.findings import Place
    from heard.results import Result

TERM = "means_comparable"
NUMBERS_FROM = 5
"""Categories from which answers are analysed as numbers.

Means of scores are compared, so equal loadings and intercepts are what matters
(Rhemtulla, Brosseau-Liard & Savalei 2012); thresholds of rare answers are not.
"""
COLUMN_OF = {"person": "participant", "team": "team", "site": "site"}
PLACES = ("participant", "arm", "team", "site")
OF_STARTING = (
    "of an effect of starting the bias in points is not known: what shifted alike for "
    "those who had started and those who waited cancels"
)


def evaluate_comparability(
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]], study: Study
) -> tuple[Finding, ...]:
    """Test every reflective subscale between its first and each later wave.

    Parameters
    ----------
    responses_by_wave : mapping
        Wave → survey → clean responses, codes as answered, with who, where and in
        which arm.

    Returns
    -------
    tuple of Finding
        Of each level its change of fit, `group` being the level; of everybody, and of
        the arms that an outcome compares, ``means_comparable``, 1 or 0, its `method`
        being the reason and its `group` what was found; ``score_bias`` in points,
        and ``item_score_bias`` of each item that was set free.
    """
    return tuple(
        finding
        for survey in study.surveys
        for name in survey.instruments
        for subscale in study.instruments[name].subscales
        if subscale.reflective
        for finding in _subscale(responses_by_wave, study, survey.name, name, subscale)
    )


def _subscale(
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]],
    study: Study,
    survey: str,
    name: str,
    subscale: Subscale,
) -> Iterator[Finding]:
    by_wave = {
        wave: keyed_responses(responses[survey], instrument)[list(subscale.items)].join(
            responses[survey][list(PLACES)]
        )
        for wave, responses in responses_by_wave.items()
        if survey in responses
        and (instrument := _asked(study, survey, wave, name, subscale))
    }
    score = (survey, name, subscale.name)
    for first, wave in _pairs(list(by_wave), study, *score):
        pair = _Pair(
            study=study,
            score=score,
            waves=Contrast(wave, first),
            rows=pd.concat(
                [by_wave[one].assign(wave=one) for one in (first, wave)],
                ignore_index=True,
            ),
        )
        yield from pair.found()


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """A score at two waves: the keyed items, and who, where and in which arm."""

    study: Study
    score: tuple[str, str, str]
    waves: Contrast
    rows: pd.DataFrame

    def found(self) -> Iterator[Finding]:
        """Everybody's levels of invariance, then what each comparison rests on."""
        everybody = self._everybody()
        if isinstance(everybody, MeasurementInvariance):
            for level in everybody.levels[1:]:
                for result in (level.comparative_fit_change, level.rmsea_change):
                    yield from self._placed(
                        _under_rule(result, everybody), group=level.level
                    )
        contrasts = self._contrasts()
        if not contrasts:
            yield from self._account(self._alone(everybody))
            return
        yield from self._placed(_verdict(everybody))
        for place, starting in contrasts.items():
            found = self._alone(everybody) if starting else self._bias(place)
            if starting and isinstance(found, ScoreBias):
                unknown = Unavailable(term="score_bias", reason=OF_STARTING)
                found = dataclasses.replace(found, score_bias=unknown, items=())
            yield from self._account(found, place)

    @property
    def _subscale(self) -> Subscale:
        return self.study.instruments[self.score[1]].subscale(self.score[2])

    def _everybody(self) -> MeasurementInvariance | Unavailable:
        items = list(self._subscale.items)
        categories = self.study.instruments[self.score[1]].categories(
            self._subscale.items
        )
        few = 2 <= len(categories) < NUMBERS_FROM
        return measurement_invariance(
            self.rows[items],
            factors={"scale": items},
            groups=self._in_order(self.rows["wave"]),
            estimator="wlsmv" if few else "mlr",
            categories=categories if few else None,
        )

    def _in_order(self, waves: pd.Series) -> pd.Series:
        order = [self.waves.before, self.waves.after]
        return pd.Series(pd.Categorical(waves, categories=order))

    def _contrasts(self) -> dict[Contrast, bool]:
        """The arms that an outcome compares; and whether by who had started."""
        outcomes = [
            outcome
            for outcome in self.study.outcomes
            if (outcome.survey, outcome.instrument, outcome.subscale) == self.score
            and outcome.baseline == self.waves.before
            and self.waves.after in outcome.follow_ups
        ]
        return {
            estimand.arms: estimand.summary == "start_effect"
            for outcome in outcomes
            for estimand in estimands_of(self.study, outcome, self.waves.after)
            if estimand.arms is not None
        }

    def _alone(
        self, everybody: MeasurementInvariance | Unavailable
    ) -> ScoreBias | Unavailable:
        """What a change without a comparison rests on; nothing to free if all holds."""
        answered = self.rows.dropna(how="all", subset=list(self._subscale.items))
        least = int(answered.groupby("wave", sort=False).size().min())
        whole = isinstance(everybody, MeasurementInvariance) and everybody.comparable
        if whole and least >= LEAST_PEOPLE:
            assert isinstance(everybody, MeasurementInvariance), "asked before"
            n = everybody.levels[-1].comparative_fit_change.n
            absent = Unavailable(
                term="score_bias", reason="no item had to be set free", n=n
            )
            return ScoreBias(score_bias=absent, verdict=("holds", everybody.reason))
        return self._bias("")

    def _bias(self, place: Place) -> ScoreBias | Unavailable:
        weights = item_weights(self._subscale, self.study.instruments[self.score[1]])
        if len(self._subscale.items) < LEAST_ITEMS:
            few = f"{len(self._subscale.items)} items; at least {LEAST_ITEMS} needed"
            return ScoreBias(
                score_bias=Unavailable(term="score_bias", reason=few),
                verdict=("few_items", few),
            )
        if not weights:
            reason = "the score is no sum or mean of its items"
            return Unavailable(term="score_bias", reason=reason)
        rows, arms = self.rows, None
        if isinstance(place, Contrast):
            names = [place.after, place.before]
            rows = rows.loc[rows["arm"].isin(names)].reset_index(drop=True)
            arms = pd.Series(pd.Categorical(rows["arm"], categories=names))
        return score_bias(
            rows[list(weights)],
            waves=self._in_order(rows["wave"]),
            weights=weights,
            arms=arms,
            cluster=rows[COLUMN_OF[unit_of(self.study)[0]]],
        )

    def _account(
        self, found: ScoreBias | Unavailable, place: Place = ""
    ) -> Iterator[Finding]:
        code, why = ("not_fitted", "")
        bias: Result = found if isinstance(found, Unavailable) else found.score_bias
        if isinstance(found, ScoreBias):
            code, why = found.verdict
        verdict: Result
        if code in {"few_people", "few_items", "not_fitted"}:
            reason = why or (bias.reason if isinstance(bias, Unavailable) else "")
            verdict = Unavailable(term=TERM, reason=reason, n=bias.n)
        else:
            verdict = Estimate(
                term=TERM, estimate=float(code == "holds"), n=bias.n or 0, method=why
            )
        yield from self._placed(
            verdict, arm=place, group=Group("comparability", value=code)
        )
        if not isinstance(found, ScoreBias) or code in {"few_people", "few_items"}:
            return
        yield from self._placed(bias, arm=place)
        for arm in found.arms:
            yield from self._placed(arm.score_bias, arm=arm.arm)
        for item in found.items:
            yield from self._placed(item.item_score_bias, arm=place, item=item.item)

    def _placed(self, result: Result, **place: object) -> tuple[Finding, ...]:
        survey, instrument, subscale = self.score
        return Finding.place(
            result,
            study=self.study.name,
            survey=survey,
            instrument=instrument,
            subscale=subscale,
            wave=self.waves,
            **place,
        )


def item_weights(subscale: Subscale, instrument: Instrument) -> dict[str, float]:
    """Points of the score for a point of each keyed item; empty if that varies.

    Of a score of scores those of its parts; a rescaled mean is stretched to its range.
    """
    if subscale.gates or subscale.method not in {"sum", "mean", "value"}:
        return {}
    if not subscale.parts:
        share = 1.0 if subscale.method == "sum" else 1 / len(subscale.items)
        if subscale.rescaled:
            low, high = subscale.item_ends
            share *= (subscale.highest - subscale.lowest) / (high - low)
        return dict.fromkeys(subscale.items, share)
    whole: dict[str, float] = {}
    each = 1.0 if subscale.method == "sum" else 1 / len(subscale.parts)
    for name in subscale.parts:
        part = item_weights(instrument.subscale(name), instrument)
        if not part:
            return {}
        for item, weight in part.items():
            whole[item] = whole.get(item, 0.0) + each * weight
    return whole


def _pairs(
    waves: list[str], study: Study, survey: str, instrument: str, subscale: str
) -> list[tuple[str, str]]:
    """The first wave with each later one, and what the study's outcomes compare."""
    score = (survey, instrument, subscale)
    declared = [
        (outcome.baseline, follow_up)
        for outcome in study.outcomes
        if (outcome.survey, outcome.instrument, outcome.subscale) == score
        for follow_up in outcome.follow_ups
    ]
    pairs = dict.fromkeys([*((waves[0], wave) for wave in waves[1:]), *declared])
    return [pair for pair in pairs if set(pair) <= set(waves)]


def _asked(
    study: Study, survey: str, wave: str, name: str, subscale: Subscale
) -> Instrument | None:
    """The instrument as that wave asked it, if it asked all of these items."""
    export = study.wave(wave).export(survey)
    instrument = study.asked(export).get(name) if export else None
    known = {item.name for item in instrument.items} if instrument else set()
    return instrument if known.issuperset(subscale.items) else None


def _under_rule(result: Result, found: MeasurementInvariance) -> Result:
    """A change of fit, with the rule by which it is judged."""
    method = (
        f"{result.method}; rule: {found.rule.words}; waves as groups of people, links "
        "between them not used"
    )
    return dataclasses.replace(result, method=method)


def _verdict(found: MeasurementInvariance | Unavailable) -> Result:
    if isinstance(found, Unavailable):
        return Unavailable(
            term=TERM, reason=found.reason, n=found.n, method=found.method
        )
    last = found.levels[-1].comparative_fit_change
    return Estimate(
        term=TERM,
        estimate=float(found.comparable),
        n=last.n or 0,
        method=found.reason,
    )
