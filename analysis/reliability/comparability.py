"""Responses of all waves into whether each score means the same at every wave.

A mean may change because people did, or because the questions came to mean something
else to them. Every later wave is compared with the first that asked the items, as two
groups of people: links between waves are not used, so that the test is the same for
anonymous surveys.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from analysis.cleaning.scoring import keyed_responses
from analysis.foundation.findings import Contrast, Finding
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.invariance.results import MeasurementInvariance
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Study
    from heard.results import Result

TERM = "means_comparable"
NUMBERS_FROM = 5
"""Categories from which answers are analysed as numbers.

Means of scores are compared, so equal loadings and intercepts are what matters
(Rhemtulla, Brosseau-Liard & Savalei 2012); thresholds of rare answers are not.
"""


def evaluate_comparability(
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]], study: Study
) -> tuple[Finding, ...]:
    """Test every reflective subscale between its first and each later wave.

    Parameters
    ----------
    responses_by_wave : mapping
        Wave → survey → clean responses, codes as answered.

    Returns
    -------
    tuple of Finding
        Of each level its change of fit, `group` being the level; and
        ``means_comparable``, 1 or 0, its `method` being the reason.
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
        wave: keyed_responses(responses[survey], instrument)[list(subscale.items)]
        for wave, responses in responses_by_wave.items()
        if survey in responses
        and (instrument := _asked(study, survey, wave, name, subscale))
    }
    categories = study.instruments[name].categories(subscale.items)
    for first, wave in _pairs(list(by_wave), study, survey, name, subscale.name):
        found = _between({each: by_wave[each] for each in (first, wave)}, categories)
        place = {
            "study": study.name,
            "survey": survey,
            "instrument": name,
            "subscale": subscale.name,
            "wave": Contrast(wave, first),
        }
        if isinstance(found, MeasurementInvariance):
            for level in found.levels[1:]:
                for result in (level.comparative_fit_change, level.rmsea_change):
                    yield from Finding.place(
                        _under_rule(result, found), **place, group=level.level
                    )
        yield from Finding.place(_verdict(found), **place)


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


def _between(
    by_wave: Mapping[str, pd.DataFrame], categories: tuple[float, ...]
) -> MeasurementInvariance | Unavailable:
    waves = [wave for wave, items in by_wave.items() for _ in range(len(items))]
    items = pd.concat(list(by_wave.values()), ignore_index=True)
    groups = pd.Series(pd.Categorical(waves, categories=list(by_wave)))
    factors = {"scale": [str(name) for name in items.columns]}
    few = 2 <= len(categories) < NUMBERS_FROM
    return measurement_invariance(
        items,
        factors=factors,
        groups=groups,
        estimator="wlsmv" if few else "mlr",
        categories=categories if few else None,
    )


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
