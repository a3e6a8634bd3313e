"""Audited keys into tables: whether each item runs the way its codebook says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.places import surveyed, wave_text, waves_of
from analysis.publication.tables.frame import Table
from analysis.publication.tables.numbers import estimate_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Instrument, Study, Subscale
    from analysis.publication.disclosure import Disclosed

AUDITED = "item_rest_correlation_as_answered"
COLUMNS = ("Item", "Key", "Correlation with the others, as answered", "Verdict")


def key_tables(disclosed: Disclosed, study: Study) -> Iterator[Table]:
    """A table of each subscale's items in each wave."""
    audited = disclosed.where(term=AUDITED)
    for survey, instrument in surveyed(study):
        of_instrument = audited.where(survey=survey, instrument=instrument.name)
        for wave in waves_of(of_instrument, study, contrasts=False):
            for subscale in instrument.subscales:
                selected = of_instrument.where(wave=wave, subscale=subscale.name)
                if selected.findings:
                    yield _table(selected, instrument, subscale, wave_text(study, wave))


def _table(
    selected: Disclosed, instrument: Instrument, subscale: Subscale, wave: str
) -> Table:
    against = sum(finding.group != "agrees" for finding in selected.findings)
    verdict = (
        f"{against} of {len(selected.findings)} items do not plainly run as the key says: "
        "look at them before the score is used."
        if against
        else f"All {len(selected.findings)} items run as the key says."
    )
    return Table(
        caption=f"Key of {subscale.title} against the answers: {wave}",
        columns=COLUMNS,
        rows=tuple(
            (
                instrument.item(finding.item).label,
                "turned round"
                if instrument.item(finding.item).reverse_keyed
                else "as asked",
                estimate_text(finding),
                finding.group,
            )
            for finding in selected.findings
        ),
        notes=(verdict,),
        methods=tuple({finding.method: None for finding in selected.findings}),
    )
