"""Items, scores, their reliability and their change as tables.

What is found at every wave, from wave to wave: reliability and mean scores.

The items of a subscale as figures.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.disclosure.control import Disclosed
from analysis.publication.drawings import draw_across, draw_over_time
from analysis.publication.figure import Point, drawn_points, make_figure, point_words
from analysis.publication.house_style import height_of
from analysis.publication.numbers import number_text
from analysis.publication.places import (
    arm_text,
    arms_of,
    columns_of,
    direction_text,
    found,
    range_text,
    wave_text,
    waves_of,
)
from analysis.publication.table import Footnotes, compact_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Place
    from analysis.publication.figure import Figure, Note
    from analysis.publication.places import Columns
    from analysis.publication.table import Table

COUNTED = ("mean_change", "mean", "cronbach_alpha")
"""Whose n a row shows; otherwise that of the first statistic found."""


def item_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, wave: str
) -> Table:
    """Every item of an instrument at one wave."""
    declared = study.instruments[instrument]
    selected = disclosed.where(survey=survey, instrument=instrument, wave=wave, arm="")
    columns = columns_of(
        "items",
        share_lowest="At the lowest answer",
        share_highest="At the highest answer",
    )
    notes, rows = Footnotes(), []
    for subscale in declared.subscales:
        of_subscale = selected.where(subscale=subscale.name)
        for name in subscale.items:
            item = declared.item(name)
            label = item.label + (" (reverse-keyed)" if item.reverse_keyed else "")
            if cells := _cells(of_subscale.where(item=name), columns, notes):
                rows.append((label, *cells))
    caption = f"Items of {declared.title}, {wave_text(study, wave)}"
    return compact_table(caption, ("Item",), columns, rows, notes)


def reliability_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Internal consistency, a row a subscale and wave."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    columns = columns_of("reliability")
    return _by_subscale(selected, study, instrument, "Internal consistency of", columns)


def retest_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """People's first against their second score, where they have two."""
    # Its own n: most of those whose consistency is told answered once.
    columns = columns_of("retest")
    selected = _of_terms(disclosed.where(survey=survey, instrument=instrument), columns)
    return _by_subscale(
        selected, study, instrument, "People who answered twice,", columns
    )


def score_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Scores, a row a subscale, wave and arm."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    return _by_subscale(selected, study, instrument, "Scores of", columns_of("scores"))


def change_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change between waves, a row a subscale, pair of waves and arm."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    columns = columns_of("change")
    return _by_subscale(selected, study, instrument, "Change in", columns, across=True)


def comparison_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change beside the comparison arm, a row a subscale and pair of waves."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    opening, columns = "Change compared between groups in", columns_of("comparison")
    return _by_subscale(
        selected, study, instrument, opening, columns, across=True, between=True
    )


def _of_terms(selected: Disclosed, columns: Columns) -> Disclosed:
    """Nothing but what the columns show: their n is not that of other statistics."""
    terms = {term for _, term in columns}
    return Disclosed(findings=tuple(f for f in selected.findings if f.term in terms))


def _by_subscale(
    selected: Disclosed,
    study: Study,
    instrument: str,
    opening: str,
    columns: Columns,
    *,
    across: bool = False,
    between: bool = False,
) -> Table:
    """Rows by subscale, wave (`across`: pair of waves), arm (`between`: pair)."""
    notes, rows = Footnotes(), []
    for subscale in study.instruments[instrument].subscales:
        of_subscale = selected.where(subscale=subscale.name)
        for wave in _waves(of_subscale, study, across=across):
            of_wave = of_subscale.where(wave=wave)
            for arm in arms_of(of_wave, study, contrasts=between):
                if cells := _cells(of_wave.where(arm=arm), columns, notes):
                    place = (wave_text(study, wave), arm_text(study, arm))
                    rows.append((subscale.title, *place, *cells))
    headings = ("Subscale", "Waves" if across else "Wave", "Group")
    caption = f"{opening} {study.instruments[instrument].title}"
    return compact_table(caption, headings, columns, rows, notes)


def _waves(selected: Disclosed, study: Study, *, across: bool) -> Sequence[Place]:
    if across:
        return waves_of(selected, study, contrasts=True)
    return waves_of(selected, study, contrasts=False)


def _cells(
    selected: Disclosed, columns: Columns, notes: Footnotes
) -> tuple[str, ...] | None:
    """The n and the columns' cells; None if nothing of them was found."""
    findings = [found(selected, term=term) for _, term in columns]
    if not any(findings):
        return None
    counted = next(
        (found(selected, term=term) for term in COUNTED if found(selected, term=term)),
        next(filter(None, findings)),
    )
    titles = [title for title, _ in columns]
    cells = [notes.cell(f, title=t) for f, t in zip(findings, titles, strict=True)]
    return (notes.people(counted), *cells)


RELIABLE = 0.70
"""Commonly asked of a scale used to compare groups (Nunnally 1978; COSMIN)."""


def reliability_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Alpha and omega at each wave, beside the 0.70 line."""
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item=""
    )
    terms = {"Cronbach's alpha": "cronbach_alpha", "Omega total": "omega_total"}
    points = [
        Point(label=wave_text(study, wave), series=title, finding=finding)
        for title, term in terms.items()
        for wave in waves_of(selected, study, contrasts=False)
        for finding in selected.where(wave=wave, term=term).findings
    ]
    title = study.instruments[instrument].subscale(subscale).title
    lowest = min(
        [0.0, *(point.value - point.reach[0] for point in drawn_points(points))]
    )
    return _over_time(
        f"reliability-{survey}-{instrument}-{subscale}",
        f"{title}: internal consistency at each wave, with 95% intervals. "
        f"The dashed line is {number_text(RELIABLE)}.",
        points,
        label="Coefficient",
        limits=(lowest, 1.02),
        reference=RELIABLE,
    )


def score_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Mean score at each wave, one line an arm."""
    declared = study.instruments[instrument]
    scale = declared.subscale(subscale)
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item="", term="mean"
    )
    arms = arms_of(selected, study, contrasts=False)
    points = [
        Point(
            label=wave_text(study, wave), series=arm_text(study, arm), finding=finding
        )
        for arm in ([arm for arm in arms if arm] or arms)
        for wave in waves_of(selected, study, contrasts=False)
        for finding in selected.where(arm=arm, wave=wave).findings
    ]
    return _over_time(
        f"scores-{survey}-{instrument}-{subscale}",
        f"{scale.title}: mean score with 95% interval. {direction_text(declared)}",
        points,
        label=f"Mean score ({range_text(scale)})",
        limits=(scale.lowest, scale.highest),
    )


def _over_time(
    name: str,
    caption: str,
    points: Sequence[Point],
    *,
    label: str,
    limits: tuple[float, float],
    reference: float | None = None,
) -> Figure | Note:
    waves = list(dict.fromkeys(point.label for point in points))
    drawing = partial(
        draw_over_time, waves=waves, label=label, limits=limits, reference=reference
    )
    words = point_words(drawn_points(points))
    return make_figure(name, caption, words, points, drawing, height=height_of(6))


def item_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Correlation of every item with the others, at each wave."""
    declared = study.instruments[instrument]
    scale = declared.subscale(subscale)
    selected = disclosed.where(survey=survey, instrument=instrument, subscale=subscale)
    selected = selected.where(term="item_rest_correlation")
    points = [
        Point(
            label=declared.item(finding.item).label,
            series=wave_text(study, finding.wave),
            finding=finding,
        )
        for wave in waves_of(selected, study, contrasts=False)
        for item in scale.items
        for finding in selected.where(wave=wave, item=item).findings
    ]
    drawn = sorted(drawn_points(points), key=lambda point: -point.value)
    order = [point.label for point in drawn]
    points.sort(key=lambda p: order.index(p.label) if p.label in order else 0)
    waves = [wave_text(study, w) for w in waves_of(selected, study, contrasts=False)]
    points.sort(key=lambda point: waves.index(point.series))
    return make_figure(
        f"items-{survey}-{instrument}-{subscale}",
        f"{scale.title}: correlation of each item with the sum of the others.",
        _item_words(drawn),
        points,
        partial(draw_across, label="Item-rest correlation", zero=True),
        height=height_of(len(set(order)) * (0.5 + 0.25 * len(waves))),
    )


def _item_words(drawn: Sequence[Point]) -> str:
    if not drawn:
        return ""
    best, worst = drawn[0], drawn[-1]
    below = sum(point.value <= 0 for point in drawn)
    ends = (
        f"Item-rest correlations run from {number_text(worst.value)} "
        f"({worst.label}, {worst.series}) to {number_text(best.value)} "
        f"({best.label}, {best.series})"
    )
    return ends + (f"; {below} are zero or negative." if below else "; all above zero.")
