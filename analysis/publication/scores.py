"""Items, scores, their reliability and their change: tables and figures by subscale.

Each table is a list of terms in the register, each figure a panel; both are declared
here, and asked for by survey, instrument and subscale.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.plan import EXPLORATORY
from analysis.declarations.plan_lock import family_of
from analysis.publication.drawings import draw_across, draw_over_time
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import height_of
from analysis.publication.numbers import number_text
from analysis.publication.panels import Panel, difference_label, forest
from analysis.publication.places import (
    SCORED_OR_LINKED,
    arm_text,
    arms_of,
    columns_of,
    direction_text,
    found,
    places_of,
    range_text,
    smallest_effect,
    surveyed,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, show_tables
from analysis.publication.table import Footnotes, compact_table
from analysis.publication.words import extremes_words, figure_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from analysis.declarations.study import Study
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.places import Columns
    from analysis.publication.shown import Part
    from analysis.publication.table import Table

NO_ARMS = "There is no comparison group in this study, so nothing can be compared."
NO_CHANGE = "No change was estimated in this study: it has no outcome at two waves."
RELIABLE = 0.70
"""Commonly asked of a scale used to compare groups (Nunnally 1978; COSMIN)."""
COUNTED = ("mean_change", "change", "mean", "cronbach_alpha")
"""Whose n a row shows; otherwise that of the first statistic found."""
COEFFICIENTS = Panel(
    terms={"cronbach_alpha": "Cronbach's alpha", "omega_total": "Omega total"},
    contrasts=False,
)
MEANS = Panel(
    terms={"mean": ""},
    mark=("arm",),
    order=("arm", "wave"),
    arms="arms",
    contrasts=False,
)
CHANGES = Panel(
    terms={"mean_change": "", "change": ""},
    mark=("arm",),
    order=("arm", "wave"),
    arms="arms",
)
COMPARISONS = Panel(
    terms={
        "difference_in_change": "",
        "adjusted_difference": "",
        "difference_after": "",
        "start_effect": "",
    },
    arms="first contrast",
)


def show_scores(disclosed: Disclosed, study: Study) -> Shown:
    """Scores at each wave, in each arm."""
    return by_instrument(
        disclosed,
        study,
        table_of=score_table,
        figure_of=score_figure,
        drawn=MEANS.terms,
        nothing="No score was described.",
    )


def show_change(disclosed: Disclosed, study: Study) -> Shown:
    """Change between waves."""
    shown = by_instrument(
        disclosed,
        study,
        table_of=change_table,
        figure_of=change_figure,
        drawn=CHANGES.terms,
        nothing=NO_CHANGE,
    )
    return _with_exploratory(shown, study)


def show_comparison(disclosed: Disclosed, study: Study) -> Shown:
    """The arms compared: by their change, or by their scores where asked once."""
    shown = by_instrument(
        disclosed,
        study,
        table_of=comparison_table,
        figure_of=comparison_figure,
        drawn=COMPARISONS.terms,
        nothing="Nothing was compared between groups." if study.arms else NO_ARMS,
    )
    return _with_exploratory(shown, study)


def _with_exploratory(shown: Shown, study: Study) -> Shown:
    """The same under a caution that names the outcomes no locked plan holds."""
    named = [o.title for o in study.outcomes if family_of(o, study) == EXPLORATORY]
    if not named or not shown.tables:
        return shown
    text = (
        f"Exploratory, not in the locked plan: {', '.join(named)}. What is found here "
        "is for another study to test."
    )
    return Shown(parts=(Note(text=text, kind="caution"), *shown.parts))


def by_instrument(
    disclosed: Disclosed,
    study: Study,
    *,
    table_of: Callable[..., Table],
    figure_of: Callable[..., Figure | Note],
    drawn: Iterable[str],
    nothing: str,
) -> Shown:
    """A figure a subscale that has one of the terms `drawn`, a table an instrument."""

    def parts() -> Iterator[Part]:
        for survey, instrument in surveyed(study):
            place = {"survey": survey, "instrument": instrument.name}
            selected = disclosed.where(**place, item="")
            for subscale in instrument.subscales:
                of_subscale = selected.where(subscale=subscale.name).findings
                if any(finding.term in drawn for finding in of_subscale):
                    yield figure_of(disclosed, study, **place, subscale=subscale.name)
            yield table_of(disclosed, study, **place)

    return show_tables(parts(), nothing)


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


def _by_subscale(
    table: str,
    opening: str,
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    across: bool = False,
    between: bool = False,
) -> Table:
    """Rows by subscale, wave (`across`: pair of waves), arm (`between`: pair)."""
    columns = columns_of(table)
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    notes, rows = Footnotes(), []
    for subscale in study.instruments[instrument].subscales:
        of_subscale = selected.where(subscale=subscale.name)
        for wave in places_of(of_subscale, study, contrasts=across):
            of_wave = of_subscale.where(wave=wave)
            for arm in arms_of(of_wave, study, contrasts=between):
                if cells := _cells(of_wave.where(arm=arm), columns, notes):
                    place = (wave_text(study, wave), arm_text(study, arm))
                    rows.append((subscale.title, *place, *cells))
    headings = ("Subscale", "Waves" if across else "Wave", "Group")
    caption = f"{opening} {study.instruments[instrument].title}"
    counts = COUNTS.get(table, "n")
    return compact_table(caption, headings, columns, rows, notes, counts=counts)


COUNTS = {
    "scores": "Scored",
    "change": SCORED_OR_LINKED,
    "comparison": SCORED_OR_LINKED,
}
"""What the n of a table counts, where it is one of the counts of who took part."""
score_table = partial(_by_subscale, "scores", "Scores of")
reliability_table = partial(_by_subscale, "reliability", "Internal consistency of")
retest_table = partial(_by_subscale, "retest", "People who answered twice,")
retest_between_waves_table = partial(
    _by_subscale, "retest_between_waves", "The same people again,", across=True
)
change_table = partial(_by_subscale, "change", "Change in", across=True)
comparison_table = partial(
    _by_subscale,
    "comparison",
    "Groups compared in",
    across=True,
    between=True,
)


def _cells(
    selected: Disclosed, columns: Columns, notes: Footnotes
) -> tuple[str, ...] | None:
    """The n and the columns' cells; None if nothing of them was found.

    The n is that of what is shown: other statistics of the same score have their own.
    """
    findings = {term: found(selected, term=term) for _, term in columns}
    known = [finding for finding in findings.values() if finding is not None]
    if not known:
        return None
    counted = next((one for t in COUNTED if (one := findings.get(t))), known[0])
    return (notes.people(counted), *notes.cells(selected, columns))


def reliability_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Alpha and omega at each wave, with the line of 0.70."""
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item=""
    )
    points = COEFFICIENTS.points(selected, study)
    lows = [point.value - point.reach[0] for point in drawn_points(points)]
    return _over_time(
        f"reliability-{survey}-{instrument}-{subscale}",
        f"{_title(study, instrument, subscale)}: internal consistency at each wave, "
        f"with 95% intervals. The dashed line is {number_text(RELIABLE)}.",
        points,
        label="Coefficient",
        limits=(min([0.0, *lows]), 1.02),
        reference=RELIABLE,
    )


def score_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Mean score at each wave, one line an arm."""
    declared = study.instruments[instrument]
    scale = declared.subscale(subscale)
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item=""
    )
    return _over_time(
        f"scores-{survey}-{instrument}-{subscale}",
        f"{scale.title}: mean score with 95% interval. {direction_text(declared)}",
        MEANS.points(selected, study),
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


def change_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Mean change between waves, one line a pair of waves, one mark an arm."""
    selected = disclosed.where(survey=survey, instrument=instrument, subscale=subscale)
    title = _title(study, instrument, subscale)
    caption = f"{title}: mean change between waves, with 95% intervals."
    return _change_forest(CHANGES.points(selected, study), study, "change", caption)


def comparison_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Difference between arms, one line a pair of waves, one mark a comparison."""
    selected = disclosed.where(survey=survey, instrument=instrument, subscale=subscale)
    points = COMPARISONS.points(selected, study)
    title = _title(study, instrument, subscale)
    caption = f"{title}: groups compared, with 95% intervals."
    if points:
        caption += f" {arm_text(study, points[0].finding.arm)}."
    return _change_forest(points, study, "comparison", caption)


def _change_forest(
    points: Sequence[Point], study: Study, name: str, caption: str
) -> Figure | Note:
    if not points:
        return Note(text=f"No figure for “{caption}”: nothing was found to draw.")
    place = points[0].finding
    effect = smallest_effect(study, place)
    return forest(
        f"{name}-{place.survey}-{place.instrument}-{place.subscale}",
        f"{caption} {direction_text(study.instruments[place.instrument])}",
        figure_words("", points, effect),
        points,
        label=difference_label(points),
        smallest_effect=effect,
    )


def item_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Correlation of every item with the others, at each wave."""
    declared = study.instruments[instrument]
    scale = declared.subscale(subscale)
    selected = disclosed.where(
        survey=survey,
        instrument=instrument,
        subscale=subscale,
        term="item_rest_correlation",
    )
    waves = waves_of(selected, study, contrasts=False)
    points = [
        Point(
            label=declared.item(finding.item).label,
            series=wave_text(study, wave),
            finding=finding,
        )
        for wave in waves
        for item in scale.items
        for finding in selected.where(wave=wave, item=item).findings
    ]
    drawn = sorted(drawn_points(points), key=lambda point: -point.value)
    order = list(dict.fromkeys(point.label for point in drawn))
    titles = [wave_text(study, wave) for wave in waves]
    points.sort(
        key=lambda point: (
            titles.index(point.series),
            order.index(point.label) if point.label in order else 0,
        )
    )
    return make_figure(
        f"items-{survey}-{instrument}-{subscale}",
        f"{scale.title}: correlation of each item with the sum of the others.",
        _item_words(drawn),
        points,
        partial(draw_across, label="Item-rest correlation", zero=True),
        height=height_of(len(order) * (0.5 + 0.25 * len(waves))),
    )


def _item_words(drawn: Sequence[Point]) -> str:
    if not drawn:
        return ""
    below = sum(point.value <= 0 for point in drawn)
    verdict = f"{below} are zero or negative" if below else "all above zero"
    return f"Item-rest correlations run from {extremes_words(drawn)}; {verdict}."


def _title(study: Study, instrument: str, subscale: str) -> str:
    return study.instruments[instrument].subscale(subscale).title
