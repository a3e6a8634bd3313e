"""Invented findings for each of the four studies, made from their declarations.

Every number follows from its place by a fixed rule, so that no test needs a seed.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planned_results import planned_result

from analysis.declarations.estimand import estimands_of
from analysis.declarations.instrument import Instrument
from analysis.declarations.instrument_file import parse_instrument
from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.findings import AnyGroup, Contrast, Finding, Group, Place
from analysis.publication.disclosure.control import Disclosed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.instrument import Subscale
    from analysis.declarations.study import Outcome

ROOT = Path(__file__).parents[2]
STUDIES = ("listening-pilot", "carpentries-impact", "eq-short", "beat-the-blues")
TREATED, OTHERS = 0.09, 0.03
GAP = TREATED - OTHERS
"""What is gained, as shares of a scale's width; the groups differ by the gap."""
TOO_FEW = "fewer than 11 people"


@cache
def study_of(name: str) -> Study:
    text = (ROOT / "studies" / f"{name}.toml").read_text("utf-8")
    return parse_study(text, name=name, read_instrument=instrument_of)


def instrument_of(name: str) -> Instrument:
    path = ROOT / "analysis" / "instruments" / f"{name}.toml"
    return parse_instrument(path.read_text("utf-8"), where=path.name)


@cache
def disclosed_of(name: str) -> Disclosed:
    study = study_of(name)
    return Disclosed(findings=tuple(_everything(study)))


def with_suppressed(disclosed: Disclosed, **context: Place | AnyGroup) -> Disclosed:
    """The same findings, those of that place held back."""
    chosen = set(disclosed.where(**context).findings)
    assert chosen, "nothing to hold back"
    return Disclosed(
        findings=tuple(
            _suppressed(finding) if finding in chosen else finding
            for finding in disclosed.findings
        )
    )


def _suppressed(finding: Finding) -> Finding:
    return dataclasses.replace(
        finding, estimate=None, conf_low=None, conf_high=None, n=None, reason=TOO_FEW
    )


def _everything(study: Study) -> Iterator[Finding]:
    yield from _cleaning(study)
    for survey in study.surveys:
        for name in survey.instruments:
            instrument = study.instruments[name]
            for subscale in instrument.subscales:
                yield from _reliability(study, survey.name, instrument, subscale)
                yield from _scores(study, survey.name, instrument, subscale)
    for outcome in study.outcomes:
        yield from _changes(study, outcome)


def _cleaning(study: Study) -> Iterator[Finding]:
    for survey in study.surveys:
        for number, wave in enumerate(study.waves):
            place = {"study": study.name, "survey": survey.name, "wave": wave.name}
            left = {"no_consent": 14, "not_finished": 21, "too_little_answered": 12}
            received = 260 - 30 * number
            kept = received - sum(left.values())
            yield _count("responses_received", received, **place)
            yield _count("responses_answered", received - 14, **place)
            for rule, count in left.items():
                yield _count("responses_left_out", count, group=rule, **place)
            yield _count("responses_used", kept, **place)
            emptied = Group(
                "rule_in_column", "Years in service", of="outside the range"
            )
            yield _count("cells_emptied", 13, group=emptied, **place)


def _reliability(
    study: Study, survey: str, instrument: Instrument, subscale: Subscale
) -> Iterator[Finding]:
    middle, width = _middle(subscale)
    several = len(subscale.items) > 1
    for number, wave in enumerate(study.waves):
        place = _place(study, survey, instrument, subscale, wave.name)
        n = 213 - 30 * number
        for order, item in enumerate(subscale.items):
            at = {**place, "item": item}
            yield _number("mean", middle + 0.01 * order * width, n, **at)
            yield _number("standard_deviation", 0.2 * width, n, **at)
            yield _number("share_missing", 0.01 * order, n, **at)
            yield _number("share_lowest", 0.03, n, **at)
            yield _number("share_highest", 0.34, n, **at)
            if several:
                rest = 0.2 + 0.06 * (order * 5 % 7) + 0.02 * number
                yield _number("item_rest_correlation", rest, n, 0.1, **at)
                yield _number("cronbach_alpha_if_dropped", 0.8, n, 0.04, **at)
        if several and subscale.reflective:
            yield _number("cronbach_alpha", 0.81 + 0.01 * number, n, 0.04, **place)
            yield _number("omega_total", 0.83 + 0.01 * number, n, 0.04, **place)
            yield _number("mean_inter_item_correlation", 0.35, n, **place)


def _scores(
    study: Study, survey: str, instrument: Instrument, subscale: Subscale
) -> Iterator[Finding]:
    middle, width = _middle(subscale)
    for number, wave in enumerate(study.waves):
        for arm in ("", *(arm.name for arm in study.arms)):
            treated = arm == study.treated and arm
            up = 0.06 * width * number * (1 if treated else 0.4)
            n = (213 - 30 * number) // (2 if arm else 1)
            place = _place(study, survey, instrument, subscale, wave.name)
            at = {**place, "arm": arm}
            yield _number("mean", middle + up, n, 0.03 * width, **at)
            yield _number("standard_deviation", 0.2 * width, n, **at)
            yield _number("share_lowest", 0.02, n, 0.01, **at)
            share = 0.36 + 0.12 * number * (1 if treated else 0.3)
            yield _number("share_highest", share, n, 0.07, **at)


def _changes(study: Study, outcome: Outcome) -> Iterator[Finding]:
    instrument = study.instruments[outcome.instrument]
    subscale = instrument.subscale(outcome.subscale)
    middle, width = _middle(subscale)
    survey = outcome.survey
    export = study.wave(outcome.baseline).export(survey)
    linked = export is not None and export.linkage != "none"
    better = 1 if instrument.direction == "higher_is_better" else -1
    for number, wave in enumerate(outcome.follow_ups):
        contrast = Contrast(wave, outcome.baseline)
        place = _place(study, survey, instrument, subscale, contrast)
        for arm in ("", *(arm.name for arm in study.arms)):
            change = better * width * (TREATED if arm == study.treated else OTHERS)
            n = (150 - 20 * number) // (2 if arm else 1)
            at = {**place, "arm": arm}
            if linked:
                yield _count("participants_linked", n, **at)
            yield _number("mean_before", middle, n, 0.02 * width, **at)
            yield _number("mean_after", middle + change, n, 0.02 * width, **at)
            yield _number("mean_change", change, n, 0.025 * width, **at)
            if linked:
                yield _number("cohen_d_z", 0.31 * better, n, 0.1, **at)
                yield _number("hedges_g_av", 0.28 * better, n, 0.1, **at)
                yield _number("pre_post_correlation", 0.62, n, 0.08, **at)
            else:
                yield _number("hedges_g", 0.28 * better, n, 0.1, **at)
        if study.arms:
            at = {**place, "arm": Contrast(study.treated, study.control)}
            yield _number("morris_d_ppc2", 0.3 * better, 140, 0.12, **at)
        yield from _planned(study, outcome, wave, 140)


def _planned(study: Study, outcome: Outcome, wave: str, n: int) -> Iterator[Finding]:
    """The planned estimate of an outcome, with its verdict and how strong it is."""
    estimand = estimands_of(study, outcome, wave)[0]
    middle, width = _middle(_subscale(study, outcome))
    better = -1 if estimand.good == "lower" else 1
    reach = 0.03 if estimand.summary == "adjusted_difference" else 0.04
    arms = (study.treated, study.control) if estimand.arms else ("",)
    # What the arms gain differs by the estimate, of the people it is about.
    gains = (TREATED, OTHERS) if estimand.arms else (GAP,)
    low, high = sorted(better * width * (GAP + end) for end in (-reach, reach))
    by_team = estimand.unit == "team"
    design = "different_people"
    if estimand.arms:
        design = "randomised" if study.randomised else "chosen_comparison"
    yield from planned_result(
        study,
        outcome,
        (low, high),
        term=estimand.summary,
        good=estimand.good,
        follow_up=wave,
        arms=arms if estimand.arms else (),
        means=tuple(
            mean for gain in gains for mean in (middle, middle + better * width * gain)
        ),
        units=(6, 6) if by_team else (),
        people=n,
        facts={
            "design": design,
            "unit": estimand.unit,
            "units": 6 if by_team else None,
        },
        agreeing=4,
        asked=4,
        lost=0.2,
    )


def _subscale(study: Study, outcome: Outcome) -> Subscale:
    return study.instruments[outcome.instrument].subscale(outcome.subscale)


def _place(
    study: Study, survey: str, instrument: Instrument, subscale: Subscale, wave: Place
) -> dict[str, Any]:
    return {
        "study": study.name,
        "survey": survey,
        "instrument": instrument.name,
        "subscale": subscale.name,
        "wave": wave,
    }


def _middle(subscale: Subscale) -> tuple[float, float]:
    width = subscale.highest - subscale.lowest
    return subscale.lowest + 0.55 * width, width


def _number(
    term: str, estimate: float, n: int, reach: float | None = None, **place: Any
) -> Finding:
    return Finding(
        **place,
        term=term,
        estimate=estimate,
        conf_low=None if reach is None else estimate - reach,
        conf_high=None if reach is None else estimate + reach,
        n=n,
        method=f"an invented {term.replace('_', ' ')}",
    )


def _count(term: str, count: int, **place: Any) -> Finding:
    return Finding(**place, term=term, estimate=float(count), n=count)
