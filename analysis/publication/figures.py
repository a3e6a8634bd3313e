"""Turn disclosed findings into figures: values that know their numbers and their words.

A figure passes disclosure control before it is drawn, says how many values it could
not draw, and has a text for those who cannot see it that tells the finding.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import partial
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from analysis.foundation import findings_frame
from analysis.publication.drawings import (
    DOTS_PER_INCH,
    WIDTH,
    Point,
    draw_across,
    draw_flow,
    draw_forest,
    draw_over_time,
    drawing_style,
)
from analysis.publication.places import (
    FLOW,
    arm_text,
    arms_of,
    direction_text,
    flow_count,
    found,
    range_text,
    smallest_effect,
    wave_text,
    waves_of,
)
from analysis.publication.tables import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed

RELIABLE = 0.70
"""Commonly asked of a scale used to compare groups (Nunnally 1978; COSMIN)."""
COMPARED = {
    "difference_in_change": "Difference in change",
    "adjusted_mean_difference": "Adjusted for before",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence where a table or a figure would stand, or beside it."""

    text: str
    kind: str = "note"

    def _repr_html_(self) -> str:
        return f'<p class="{escape(self.kind)}">{escape(self.text)}</p>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as a value.

    Attributes
    ----------
    name : str
        Name of its files, without an ending.
    alt_text : str
        The finding in words, for those who cannot see the figure.
    height : float
        In inches; every figure has the same width.
    """

    name: str
    caption: str
    alt_text: str
    points: tuple[Point, ...]
    height: float
    drawing: Callable[[Axes, Sequence[Point]], None] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """The exact numbers drawn, one tidy row a point."""
        return findings_frame(point.finding for point in self.points)

    def draw(self, axes: Axes) -> None:
        """Draw on axes that are given."""
        self.drawing(axes, self.points)

    def png(self) -> bytes:
        """The picture; the same bytes every time."""
        from matplotlib.backends.backend_agg import (  # noqa: PLC0415 - heavy
            FigureCanvasAgg,
        )
        from matplotlib.figure import Figure as Canvas  # noqa: PLC0415 - heavy
        from matplotlib.layout_engine import (  # noqa: PLC0415 - heavy
            ConstrainedLayoutEngine,
        )

        file = BytesIO()
        with drawing_style():
            layout = ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.06)
            canvas = Canvas(figsize=(WIDTH, self.height), layout=layout)
            FigureCanvasAgg(canvas)
            self.draw(canvas.add_subplot())
            canvas.savefig(
                file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None}
            )
        return file.getvalue()

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.png()).decode("ascii")
        return (
            f'<figure>\n<img alt="{escape(self.alt_text)}" '
            f'src="data:image/png;base64,{picture}">\n'
            f"<figcaption>{escape(self.caption)}</figcaption>\n</figure>\n"
        )


def flow_figure(disclosed: Disclosed, study: Study) -> Figure | Note:
    """Bars of responses kept and left out, one a survey and wave, and one an arm."""
    rules = [(title, rule) for title, rule in FLOW if not rule.startswith("responses")]
    series = [("Kept", "responses_kept"), *rules]
    points, words = [], []
    beside: dict[str, str] = {}
    for survey in study.surveys:
        of_survey = disclosed.where(survey=survey.name)
        for wave in waves_of(of_survey, study, contrasts=False):
            of_wave = of_survey.where(wave=wave)
            for arm in arms_of(of_wave, study, contrasts=False):
                here = of_wave.where(arm=arm)
                label = f"{survey.title}, {wave_text(study, wave)}"
                beside[label] = label
                if arm:
                    label += f": {arm_text(study, arm)}"
                    beside[label] = arm_text(study, arm)
                points += [
                    Point(label=label, series=title, finding=finding)
                    for title, name in series
                    if (finding := flow_count(here, name)) is not None
                ]
                words += _flow_words(label, here)
    return _figure(
        "participant-flow",
        "Responses kept, and left out by each rule.",
        "; ".join(words) + ".",
        sorted(points, key=lambda p: [t for t, _ in series].index(p.series)),
        partial(draw_flow, labels=beside),
        rows=len({point.label for point in points}),
    )


def _flow_words(label: str, here: Disclosed) -> list[str]:
    kept = found(here, term="responses_kept")
    received = found(here, term="responses_received")
    if not kept or not received or kept.estimate is None:
        return []
    of_all = f" of {estimate_text(received)}" if received.estimate is not None else ""
    return [f"{label}: {estimate_text(kept)}{of_all} kept"]


def item_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Correlation of every item with the others, at each wave."""
    declared = study.instruments[instrument]
    scale = declared.subscale(subscale)
    here = disclosed.where(survey=survey, instrument=instrument, subscale=subscale)
    here = here.where(term="item_rest_correlation")
    points = [
        Point(
            label=declared.item(finding.item).label,
            series=wave_text(study, finding.wave),
            finding=finding,
        )
        for wave in waves_of(here, study, contrasts=False)
        for item in scale.items
        for finding in here.where(wave=wave, item=item).findings
    ]
    drawn = sorted(_drawn(points), key=lambda point: -point.value)
    order = [point.label for point in drawn]
    points.sort(key=lambda p: order.index(p.label) if p.label in order else 0)
    waves = [wave_text(study, w) for w in waves_of(here, study, contrasts=False)]
    points.sort(key=lambda point: waves.index(point.series))
    return _figure(
        f"items-{survey}-{instrument}-{subscale}",
        f"{scale.title}: correlation of each item with the sum of the others.",
        _item_words(drawn),
        points,
        partial(draw_across, label="Item-rest correlation", zero=True),
        rows=len(set(order)) * (0.5 + 0.25 * len(waves)),
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


def reliability_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Alpha and omega at each wave, beside the 0.70 line."""
    here = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item=""
    )
    terms = {"Cronbach's alpha": "cronbach_alpha", "Omega total": "omega_total"}
    points = [
        Point(label=wave_text(study, wave), series=title, finding=finding)
        for title, term in terms.items()
        for wave in waves_of(here, study, contrasts=False)
        for finding in here.where(wave=wave, term=term).findings
    ]
    title = study.instruments[instrument].subscale(subscale).title
    lowest = min([0.0, *(point.value - point.reach[0] for point in _drawn(points))])
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
    here = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item="", term="mean"
    )
    arms = arms_of(here, study, contrasts=False)
    points = [
        Point(
            label=wave_text(study, wave), series=arm_text(study, arm), finding=finding
        )
        for arm in ([arm for arm in arms if arm] or arms)
        for wave in waves_of(here, study, contrasts=False)
        for finding in here.where(arm=arm, wave=wave).findings
    ]
    return _over_time(
        f"scores-{survey}-{instrument}-{subscale}",
        f"{scale.title}: mean score with 95% interval. {direction_text(declared)}",
        points,
        label=f"Mean score ({range_text(scale)})",
        limits=(scale.lowest, scale.highest),
    )


def change_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Mean change between waves, one line a pair of waves, one mark an arm."""
    here = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, term="mean_change"
    )
    scale = study.instruments[instrument].subscale(subscale)
    return _forest(
        here,
        study,
        "change",
        f"{scale.title}: mean change between waves, with 95% intervals.",
        between=False,
    )


def comparison_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Difference between arms, one line a pair of waves, one mark a comparison."""
    here = disclosed.where(survey=survey, instrument=instrument, subscale=subscale)
    scale = study.instruments[instrument].subscale(subscale)
    return _forest(
        here,
        study,
        "comparison",
        f"{scale.title}: change compared between groups, with 95% intervals.",
        between=True,
    )


def _forest(
    here: Disclosed, study: Study, name: str, caption: str, *, between: bool
) -> Figure | Note:
    arms = arms_of(here, study, contrasts=between)
    chosen = arms[:1] if between else [arm for arm in arms if arm] or arms
    terms = COMPARED if between else {"mean_change": ""}
    points = [
        Point(
            label=wave_text(study, wave),
            series=words or arm_text(study, arm),
            finding=finding,
        )
        for arm in chosen
        for term, words in terms.items()
        for wave in waves_of(here, study, contrasts=True)
        for finding in here.where(arm=arm, wave=wave, term=term).findings
    ]
    if not points:
        return Note(text=f"No figure for “{caption}”: nothing was found to draw.")
    place = points[0].finding
    declared = study.instruments[place.instrument]
    effect = smallest_effect(study, place)
    who = f"{arm_text(study, place.arm)}. " if between else ""
    beside = f" The smallest that matters is {number_text(effect)}." if effect else ""
    lines = len({point.label for point in points})
    series = len({point.series for point in points})
    return _figure(
        f"{name}-{place.survey}-{place.instrument}-{place.subscale}",
        f"{caption} {who}{direction_text(declared)}",
        _point_words(_drawn(points)) + beside,
        points,
        partial(draw_forest, label="Difference in points", smallest_effect=effect),
        rows=lines * max(1.0, 0.4 + 0.35 * series),
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
    words = _point_words(_drawn(points))
    return _figure(name, caption, words, points, drawing, rows=6)


def _figure(
    name: str,
    caption: str,
    alt_text: str,
    points: Iterable[Point],
    drawing: Callable[[Axes, Sequence[Point]], None],
    *,
    rows: float,
) -> Figure | Note:
    """The figure of what may be drawn; without any of it, a note that says why not."""
    given = list(points)
    drawn = _drawn(given)
    lacking = [point.finding for point in given if point.finding.estimate is None]
    reasons = "; ".join(dict.fromkeys(part.reason for part in lacking if part.reason))
    if not drawn:
        why = reasons or "nothing was found to draw"
        return Note(text=f"No figure for “{caption}” because: {why}.")
    held = ""
    if lacking:
        values = "value is" if len(lacking) == 1 else "values are"
        held = f" {len(lacking)} {values} held back" + f" ({reasons})." * bool(reasons)
    return Figure(
        name=name,
        caption=caption + held,
        alt_text=alt_text + held,
        points=tuple(drawn),
        height=1.4 + 0.42 * rows,
        drawing=drawing,
    )


def _point_words(points: Sequence[Point]) -> str:
    """The numbers drawn, series by series."""
    parts = []
    for name in dict.fromkeys(point.series for point in points):
        listed = ", ".join(
            f"{estimate_text(point.finding)} at {point.label}"
            for point in points
            if point.series == name
        )
        parts.append(f"{name}: {listed}")
    return "; ".join(parts) + "."


def _drawn(points: Iterable[Point]) -> list[Point]:
    return [point for point in points if point.finding.estimate is not None]
