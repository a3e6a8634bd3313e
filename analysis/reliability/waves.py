"""Clean responses of one wave into findings: the reliability of every subscale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.cleaning import (
    key_audit,
    key_audit_findings,
    keyed_responses,
    score_subscales,
)
from analysis.foundation import Finding
from analysis.reliability.evidence import estimate_scale_reliability
from analysis.reliability.retest import retest_correlation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from analysis.declarations import Instrument, Study, Subscale


def evaluate_reliability(
    responses_by_survey: Mapping[str, pd.DataFrame], study: Study, wave: str
) -> tuple[Finding, ...]:
    """Test every reflective subscale that a wave's surveys hold.

    Parameters
    ----------
    responses_by_survey : mapping
        Survey → its clean responses, codes as answered.

    Returns
    -------
    tuple of Finding
        None for a subscale that is a single item or whose items are reported one by
        one: it has no internal consistency to test.
    """
    asked = {e.survey: study.asked(e) for e in study.wave(wave).exports}
    return tuple(
        finding
        for survey, responses in responses_by_survey.items()
        for instrument in asked[survey].values()
        for finding in _instrument(responses, instrument, study.name, survey, wave)
    )


def _instrument(
    responses: pd.DataFrame, instrument: Instrument, study: str, survey: str, wave: str
) -> Iterator[Finding]:
    keyed = keyed_responses(responses, instrument)
    where = {"study": study, "survey": survey, "wave": wave}
    yield from _retest(responses, keyed, instrument, where)
    for subscale in instrument.subscales:
        if subscale.reflective:
            place = {
                "study": study,
                "survey": survey,
                "instrument": instrument.name,
                "subscale": subscale.name,
                "wave": wave,
            }
            audit = key_audit(responses, instrument, subscale)
            yield from key_audit_findings(audit, **where)
            yield from _subscale(keyed, instrument, subscale, place)


def _retest(
    responses: pd.DataFrame,
    keyed: pd.DataFrame,
    instrument: Instrument,
    where: dict[str, str],
) -> Iterator[Finding]:
    """Every score held against itself, where people answered more than once."""
    people = responses.get("participant")
    if people is None or not people[people != ""].duplicated().any():
        return
    for name, scores in score_subscales(keyed, instrument).items():
        yield from Finding.place(
            retest_correlation(scores, people),
            **where,
            instrument=instrument.name,
            subscale=str(name),
        )


def _subscale(
    keyed: pd.DataFrame,
    instrument: Instrument,
    subscale: Subscale,
    place: dict[str, str],
) -> Iterator[Finding]:
    evidence = estimate_scale_reliability(
        keyed[list(subscale.items)],
        lowest=instrument.lowest_points,
        highest=instrument.highest_points,
    )
    for statistics in evidence.items:
        yield from Finding.place(statistics, **place, item=statistics.item)
    for result in (
        evidence.cronbach_alpha,
        evidence.omega_total,
        evidence.mean_inter_item_correlation,
    ):
        yield from Finding.place(result, **place)
