"""Turn disclosed findings into tables of text: the only place that rounds.

What was held back or could not be estimated stands in its cell in words, with the
reason below the table; a number that is not there is never shown as one.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analysis.declarations import Instrument, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

ABSENT = "–"
EVERYONE = "Everyone"
HELD_BACK = "not shown"
COUNTS = frozenset(
    {
        "cells_emptied",
        "participants_linked",
        "responses_kept",
        "responses_left_out",
        "responses_received",
    }
)
DECIMALS = 2

Columns = tuple[tuple[str, str], ...]
FLOW: Columns = (
    ("Received", "responses_received"),
    ("No consent", "no_consent"),
    ("Not finished", "not_finished"),
    ("Too little answered", "too_little_answered"),
    ("Repeated", "repeated"),
    ("Kept", "responses_kept"),
)
ITEMS: Columns = (
    ("Mean", "mean"),
    ("Standard deviation", "sd"),
    ("Not answered", "share_missing"),
    ("At the lowest answer", "share_lowest"),
    ("At the highest answer", "share_highest"),
    ("Correlation with the other items", "item_rest_correlation"),
    ("Alpha without the item", "cronbach_alpha_if_dropped"),
)
RELIABILITY: Columns = (
    ("Cronbach’s alpha", "cronbach_alpha"),
    ("Omega total", "omega_total"),
    ("Mean correlation between items", "mean_inter_item_correlation"),
)
SCORES: Columns = (
    ("Mean", "mean"),
    ("Standard deviation", "sd"),
    ("At the lowest score", "share_lowest"),
    ("At the highest score", "share_highest"),
)
CHANGE: Columns = (
    ("Linked", "participants_linked"),
    ("Mean before", "mean_before"),
    ("Mean after", "mean_after"),
    ("Mean change", "mean_change"),
    ("Hedges’ g, average spread", "hedges_g_av"),
    ("Hedges’ g", "hedges_g"),
    ("Cohen’s d, spread of changes", "cohen_d_z"),
    ("Correlation before and after", "pre_post_correlation"),
)
COMPARISON: Columns = (
    ("Difference in change", "difference_in_change"),
    ("Difference after, adjusted for before", "adjusted_mean_difference"),
    ("Morris’s d", "morris_d_ppc2"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose cells are text already.

    Attributes
    ----------
    row_headings : int
        How many leading columns say what a row is about.
    notes : tuple of str
        Sentences below the table, the reasons for what is not shown among them.
    methods : tuple of str
        How the numbers were made, folded away on a page.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_headings: int = 1
    notes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.columns)
        body = "\n".join(self._row_html(row) for row in self.rows)
        return (
            f'<div class="table" role="region" tabindex="0" '
            f'aria-label="{escape(self.caption)}">\n'
            f"<table>\n<caption>{escape(self.caption)}</caption>\n"
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
            f"</div>\n{_list_html(self.notes)}{self._methods_html()}"
        )

    def _row_html(self, row: tuple[str, ...]) -> str:
        cells = [
            f'<th scope="row">{escape(text)}</th>' for text in row[: self.row_headings]
        ]
        for text in row[self.row_headings :]:
            kind = ' class="number"' if re.match(r"[−\d]", text) else ""
            cells.append(f"<td{kind}>{escape(text)}</td>")
        return f"<tr>{''.join(cells)}</tr>"

    def _methods_html(self) -> str:
        if not self.methods:
            return ""
        return (
            '<details class="methods"><summary>How these numbers were made</summary>\n'
            f"{_list_html(self.methods)}</details>\n"
        )


def number_text(value: float, term: str = "") -> str:
    """A number as every table and sentence writes it.

    Counts have no decimals, shares are whole per cents, all else has two decimals; the
    minus is U+2212 and zero never carries one.
    """
    if term.startswith("share_"):
        return _share_text(value)
    text = f"{value:,.{0 if term in COUNTS else DECIMALS}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", "−")


def _share_text(value: float) -> str:
    if 0 < value < 0.005:
        return "under 1%"
    if 0.995 <= value < 1:
        return "over 99%"
    return f"{100 * value:.0f}%"


def interval_text(low: float, high: float, term: str = "") -> str:
    """An interval in words, which a minus cannot be mistaken in."""
    return f"{number_text(low, term)} to {number_text(high, term)}"


def estimate_text(finding: Finding) -> str:
    """An estimate with its interval; empty if there is no estimate."""
    if finding.estimate is None:
        return ""
    text = number_text(finding.estimate, finding.term)
    if finding.conf_low is None or finding.conf_high is None:
        return text
    return f"{text} ({interval_text(finding.conf_low, finding.conf_high, finding.term)})"


def wave_text(study: Study, wave: str) -> str:
    """The title of a wave; a contrast ``after - before`` reads from before to after."""
    after, minus, before = wave.partition(" - ")
    if not minus:
        return study.wave_title(wave) if wave else "All waves"
    return f"{study.wave_title(before)} to {study.wave_title(after)}"


def arm_text(study: Study, arm: str) -> str:
    """The title of an arm, of a contrast of two, or of everyone together."""
    first, minus, second = arm.partition(" - ")
    if not minus:
        return study.arm_title(arm) if arm else EVERYONE
    return f"{study.arm_title(first)} minus {study.arm_title(second)}"


def found(disclosed: Disclosed, **context: str) -> Finding | None:
    """The first finding of that place and term, if there is one."""
    return next(iter(disclosed.where(**context).findings), None)


def surveyed(study: Study) -> Iterator[tuple[str, Instrument]]:
    """Every survey with each of its instruments, in the order declared."""
    for survey in study.surveys:
        for name in survey.instruments:
            yield survey.name, study.instruments[name]


def waves_of(disclosed: Disclosed, study: Study, *, contrasts: bool) -> list[str]:
    """The waves, or the contrasts of waves, found here, in their order in time."""
    order = {name: str(place) for place, name in enumerate(study.wave_names())}
    names = {part.wave for part in disclosed.findings if part.wave}
    chosen = [name for name in names if (" - " in name) == contrasts]
    return sorted(
        chosen,
        key=lambda name: [
            order.get(part, part).rjust(9) for part in name.split(" - ")[::-1]
        ],
    )


def arms_of(disclosed: Disclosed, study: Study, *, contrasts: bool) -> list[str]:
    """Everyone, then the arms found here as declared; or the contrasts of arms."""
    present = dict.fromkeys(part.arm for part in disclosed.findings)
    if contrasts:
        return [name for name in present if " - " in name]
    return [n for n in ("", *(arm.name for arm in study.arms)) if n in present]


class Footnotes:
    """The reasons met while a table is filled, each with its letter."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._methods: dict[str, str] = {}

    def cell(self, finding: Finding | None, *, title: str = "") -> str:
        """The text of a cell; what has no estimate is marked with its reason's letter."""
        if finding is None:
            return ABSENT
        if finding.estimate is None:
            return self._held_back(finding.reason)
        if title and finding.method:
            self._methods[f"{title}: {finding.method}."] = ""
        return estimate_text(finding)

    def people(self, finding: Finding | None) -> str:
        """The n that an estimate rests on."""
        if finding is None:
            return ABSENT
        if finding.n is None:
            return self._held_back(finding.reason)
        return f"{finding.n:,}"

    def _held_back(self, reason: str) -> str:
        if not reason:
            return HELD_BACK
        place = len(self._reasons)
        letter = chr(ord("a") + place % 26) * (place // 26 + 1)
        return f"{HELD_BACK} ({self._reasons.setdefault(reason, letter)})"

    def notes(self) -> tuple[str, ...]:
        """A sentence a reason."""
        return tuple(f"({key}) {reason}." for reason, key in self._reasons.items())

    def methods(self) -> tuple[str, ...]:
        """A sentence a statistic, saying how it was made."""
        return tuple(self._methods)


def flow_table(disclosed: Disclosed, study: Study) -> Table:
    """Responses received, left out by rule, and kept, a row a survey and wave."""
    notes, rows = Footnotes(), []
    for survey in study.surveys:
        of_survey = disclosed.where(survey=survey.name)
        for wave in waves_of(of_survey, study, contrasts=False):
            here = of_survey.where(wave=wave, arm="")
            cells = [
                notes.cell(found(here, term=term) or found(here, group=term))
                for _, term in FLOW
            ]
            if {*cells} != {ABSENT}:
                rows.append((survey.title, wave_text(study, wave), *cells))
    return _table("Responses received and kept", ("Survey", "Wave"), FLOW, rows, notes)


def emptied_table(disclosed: Disclosed, study: Study) -> Table:
    """Answers set to not answered, a row a rule and column of the export."""
    notes, rows = Footnotes(), []
    for survey in study.surveys:
        for finding in disclosed.where(survey=survey.name, term="cells_emptied").findings:
            rule, _, column = finding.group.partition(": ")
            if finding.estimate == 0:
                continue
            place = (survey.title, wave_text(study, finding.wave), column or ABSENT)
            rows.append((*place, _plain(rule), notes.cell(finding)))
    heads = ("Survey", "Wave", "Column", "Rule")
    columns: Columns = (("Answers emptied", "cells_emptied"),)
    return _table("Answers that could not be used", heads, columns, rows, notes)


def item_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, wave: str
) -> Table:
    """Every item of an instrument at one wave."""
    declared = study.instruments[instrument]
    here = disclosed.where(survey=survey, instrument=instrument, wave=wave, arm="")
    notes, rows = Footnotes(), []
    for subscale in declared.subscales:
        for name in subscale.items:
            item = declared.item(name)
            label = item.label + (" (reverse-keyed)" if item.reverse_keyed else "")
            of_item = here.where(subscale=subscale.name, item=name)
            if cells := _cells(of_item, ITEMS, notes, n_of="mean"):
                rows.append((label, *cells))
    caption = f"Items of {declared.title}, {wave_text(study, wave)}"
    return _table(caption, ("Item",), (("n", ""), *ITEMS), rows, notes)


def reliability_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Internal consistency, a row a subscale and wave."""
    heads = ("Subscale", "Wave", "Group")
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    notes = Footnotes()
    rows = _placed_rows(here, study, instrument, RELIABILITY, notes)
    caption = f"Internal consistency of {study.instruments[instrument].title}"
    return _table(caption, heads, (("n", ""), *RELIABILITY), rows, notes)


def score_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Scores, a row a subscale, wave and arm."""
    heads = ("Subscale", "Wave", "Group")
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    notes = Footnotes()
    rows = _placed_rows(here, study, instrument, SCORES, notes)
    caption = f"Scores of {study.instruments[instrument].title}"
    return _table(caption, heads, (("n", ""), *SCORES), rows, notes)


def change_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change between waves, a row a subscale, pair of waves and arm."""
    heads = ("Subscale", "Waves", "Group")
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    notes = Footnotes()
    rows = _placed_rows(here, study, instrument, CHANGE, notes, contrasts=True)
    caption = f"Change in {study.instruments[instrument].title}"
    return _table(caption, heads, (("n", ""), *CHANGE), rows, notes)


def comparison_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change beside the comparison arm, a row a subscale and pair of waves."""
    heads = ("Subscale", "Waves", "Compared")
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    notes, rows = Footnotes(), []
    for arm in arms_of(here, study, contrasts=True):
        of_arm = here.where(arm=arm)
        rows += _placed_rows(of_arm, study, instrument, COMPARISON, notes, arms=(arm,))
    caption = f"Change compared between groups in {study.instruments[instrument].title}"
    return _table(caption, heads, (("n", ""), *COMPARISON), rows, notes)
