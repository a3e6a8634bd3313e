"""What a notebook shows of scales: whether they can be trusted, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import (
    item_figure,
    limits_figure,
    loading_figure,
    reliability_figure,
    response_figure,
    scree_figure,
)
from analysis.publication.places import surveyed, waves_of
from analysis.publication.shown import Shown, by_instrument, non_empty_parts
from analysis.publication.tables import (
    comparability_table,
    cosmin_tables,
    item_table,
    key_tables,
    reliability_table,
    retest_table,
    structure_tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures import Figure, Note

NO_SCALE = "No score here is made of several items that are taken to be one thing."


def show_key_audit(disclosed: Disclosed, study: Study) -> Shown:
    """Whether every item runs the way its codebook says."""
    nothing = "No score here has a key that answers could speak against."
    return non_empty_parts([*key_tables(disclosed, study)], nothing)


def show_reliability(disclosed: Disclosed, study: Study) -> Shown:
    """Internal consistency at each wave."""
    return by_instrument(
        disclosed,
        study,
        table_of=reliability_table,
        figure_of=reliability_figure,
        drawn=("cronbach_alpha", "omega_total"),
        nothing=NO_SCALE,
    )


def show_retest(disclosed: Disclosed, study: Study) -> Shown:
    """Agreement with a second answer, where people gave two."""
    figures = _figures(disclosed, study, {"lower_limit_of_agreement": limits_figure})
    tables = (
        retest_table(disclosed, study, survey=survey, instrument=instrument.name)
        for survey, instrument in surveyed(study)
    )
    nothing = "Nobody answered twice in this wave, so this could not be tested."
    return non_empty_parts([*figures, *tables], nothing)


def show_structure(disclosed: Disclosed, study: Study) -> Shown:
    """Whether the items of every score are one thing."""
    drawn = {"eigenvalue": scree_figure, "standardised_loading": loading_figure}
    figures = _figures(disclosed, study, drawn)
    return non_empty_parts([*figures, *structure_tables(disclosed, study)], NO_SCALE)


def show_items(disclosed: Disclosed, study: Study) -> Shown:
    """How every item behaves: its answers, and how it goes with the others."""
    answers = _figures(disclosed, study, {"response_share": response_figure})
    with_others, tables = [], []
    for survey, instrument in surveyed(study):
        place = {"survey": survey, "instrument": instrument.name}
        selected = disclosed.where(**place)
        of_term = selected.where(term="item_rest_correlation")
        with_others += [
            item_figure(disclosed, study, **place, subscale=subscale.name)
            for subscale in instrument.subscales
            if of_term.where(subscale=subscale.name).findings
        ]
        tables += [
            item_table(disclosed, study, **place, wave=wave)
            for wave in waves_of(selected, study, contrasts=False)
        ]
    return non_empty_parts([*answers, *with_others, *tables], "No item was analysed.")


def show_comparability(disclosed: Disclosed, study: Study) -> Shown:
    """Whether every score means the same at the waves that are compared."""
    nothing = "No score of several items was asked at two waves."
    return non_empty_parts([comparability_table(disclosed, study)], nothing)


def show_evidence(disclosed: Disclosed, study: Study) -> Shown:
    """What all of it comes to, property by property, by COSMIN's criteria."""
    return non_empty_parts([*cosmin_tables(disclosed, study)], NO_SCALE)


def _figures(
    disclosed: Disclosed,
    study: Study,
    drawn: Mapping[str, Callable[..., Figure | Note]],
) -> Iterator[Figure | Note]:
    """Every subscale in every wave that has a term of `drawn`, drawn by its figure."""
    for survey, instrument in surveyed(study):
        of_instrument = disclosed.where(survey=survey, instrument=instrument.name)
        for subscale in instrument.subscales:
            selected = of_instrument.where(subscale=subscale.name)
            for wave in waves_of(selected, study, contrasts=False):
                terms = {finding.term for finding in selected.where(wave=wave).findings}
                for term, figure_of in drawn.items():
                    if term in terms:
                        yield figure_of(
                            disclosed,
                            study,
                            survey=survey,
                            instrument=instrument.name,
                            subscale=subscale.name,
                            wave=wave,
                        )
