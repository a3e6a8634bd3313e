"""Clean responses of one wave into findings: the reliability of every subscale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.cleaning import key_audit, key_audit_findings, keyed_responses
from analysis.foundation import Finding
from analysis.reliability.evidence import estimate_scale_reliability

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
            where = {"study": study, "survey": survey, "wave": wave}
            yield from key_audit_findings(audit, **where)
            yield from _subscale(keyed, instrument, subscale, place)


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
