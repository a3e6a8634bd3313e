"""Clean responses of one wave into findings: the reliability of every subscale."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from analysis.cleaning.scoring import keyed_responses, score_subscales
from analysis.foundation.findings import Contrast, Finding
from analysis.reliability.cosmin import cosmin_findings, cosmin_table
from analysis.reliability.keys import key_audit, key_audit_findings
from analysis.reliability.team_means import estimate_team_means, names_teams
from heard.psychometrics.item_response.item_bias import item_bias
from heard.psychometrics.items.response_shares import response_shares
from heard.psychometrics.retest import estimate_retest
from heard.psychometrics.scale import (
    estimate_scale_reliability,
    estimate_scale_structure,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Study
    from heard.psychometrics.item_response.item_bias import ItemBias
    from heard.psychometrics.retest import Retest

    Place: TypeAlias = dict[str, str]


def evaluate_reliability(
    responses_by_survey: Mapping[str, pd.DataFrame], study: Study, wave: str
) -> tuple[Finding, ...]:
    """Test every score that a wave's surveys hold, as far as it can be tested.

    Parameters
    ----------
    responses_by_survey : mapping
        Survey → its clean responses, codes as answered.

    Returns
    -------
    tuple of Finding
        Of a subscale that is a single item, or whose items are reported one by one,
        only its retest and what means of teams are worth: it has no internal
        consistency to test.
    """
    asked = {e.survey: study.asked(e) for e in study.wave(wave).exports}
    return tuple(
        finding
        for survey, responses in responses_by_survey.items()
        for instrument in asked[survey].values()
        for finding in _instrument(
            responses,
            instrument,
            study,
            {"study": study.name, "survey": survey, "wave": wave},
        )
    )


def _instrument(
    responses: pd.DataFrame, instrument: Instrument, study: Study, where: Place
) -> Iterator[Finding]:
    keyed = keyed_responses(responses, instrument)
    scores = score_subscales(keyed, instrument)
    retests = _retests(responses, scores, study.smallest_group_shown)
    arms = _arms(responses, study)
    for name, retest in retests.items():
        location = {"instrument": instrument.name, "subscale": name}
        yield from Finding.place(retest, **where, **location)
    of_teams = names_teams(responses)
    for subscale in instrument.subscales:
        location = {"instrument": instrument.name, "subscale": subscale.name}
        place = {**where, **location}
        if of_teams:
            for result in estimate_team_means(
                scores[subscale.name], keyed, responses["team"], instrument, subscale
            ):
                yield from Finding.place(result, **place)
        if not subscale.reflective:
            continue
        audit = key_audit(responses, instrument, subscale)
        yield from key_audit_findings(audit, **place)
        items = keyed[list(subscale.items)]
        categories = instrument.categories(subscale.items)
        for share in response_shares(
            items, categories=categories, minimum=study.smallest_group_shown
        ):
            yield from Finding.place(share, **place)
        bias = (
            ()
            if arms is None
            else item_bias(
                items, groups=arms, categories=categories, focal=study.treated
            )
        )
        for found in bias:
            contrast = Contrast(study.treated, study.control)
            yield from Finding.place(
                found.mcfadden_change, **place, item=found.item, arm=contrast
            )
        yield from _evidence(items, instrument, bias, retests.get(subscale.name), place)


def _arms(responses: pd.DataFrame, study: Study) -> pd.Series | None:
    """The arm of each response; None where there are not two to compare."""
    known = [arm for arm in (study.treated, study.control) if arm]
    arms = responses["arm"].where(responses["arm"].isin(known))
    return arms if arms.nunique() == 2 else None


def _retests(
    responses: pd.DataFrame, scores: pd.DataFrame, minimum: int
) -> dict[str, Retest]:
    """Every score compared with itself, where people answered more than once."""
    people = responses.get("participant")
    if people is None or not people[people != ""].duplicated().any():
        return {}
    return {
        str(name): estimate_retest(column, people, minimum=minimum)
        for name, column in scores.items()
    }


def _evidence(
    items: pd.DataFrame,
    instrument: Instrument,
    bias: tuple[ItemBias, ...],
    retest: Retest | None,
    place: Place,
) -> Iterator[Finding]:
    """Coefficients of one subscale, and what they come to by COSMIN's criteria."""
    reliability = estimate_scale_reliability(
        items, lowest=instrument.lowest_points, highest=instrument.highest_points
    )
    structure = estimate_scale_structure(
        items, categories=instrument.categories(items.columns)
    )
    for statistics in reliability.items:
        yield from Finding.place(statistics, **place)
    for result in (
        reliability.cronbach_alpha,
        reliability.omega_total,
        reliability.mean_inter_item_correlation,
        structure,
    ):
        yield from Finding.place(result, **place)
    table = cosmin_table(
        fit=structure.fit,
        cronbach_alpha=reliability.cronbach_alpha,
        reliability=retest.icc_a1 if retest else None,
        smallest_detectable_change=retest.smallest_detectable_change_consistency
        if retest
        else None,
        item_bias=[found.mcfadden_change for found in bias],
    )
    yield from cosmin_findings(table, **place)
