"""Turn disclosed findings into tables of text: the only place that rounds.

What was held back or could not be estimated stands in its cell in words, with the
reason below the table; a number that is not there is never shown as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from analysis.publication.places import (
    CHANGE,
    COMPARISON,
    EVERYONE,
    ITEMS,
    RELIABILITY,
    RETEST,
    SCORES,
    arm_text,
    arms_of,
    found,
    wave_text,
    waves_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.declarations import Study, Subscale
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.places import Columns

ABSENT = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
HELD_BACK = "not shown"
COUNTS = frozenset(
    {
        "cells_emptied",
        "codes_repeated",
        "participants_ambiguous",
        "participants_conflicting",
        "participants_kept",
        "participants_linked",
        "little_mcar_df",
        "responses_by_pattern",
        "responses_flagged",
        "participants_not_linked",
        "rated_not_on_roster",
        "responses_kept",
        "responses_left_out",
        "responses_received",
    }
)
DECIMALS = 2
SMALLEST_P = 0.001
NUMBER = re.compile(rf"(under |over )?[{MINUS}\d]")

COUNTED = ("mean_change", "mean", "cronbach_alpha")
"""Whose n a row shows; otherwise that of the first statistic found."""


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
        heads = "".join(
            f'<th scope="col"{self._kind(place)}>{escape(name)}</th>'
            for place, name in enumerate(self.columns)
        )
        body = "\n".join(self._row_html(row) for row in self.rows)
        return (
            f'<div class="table" role="region" tabindex="0" '
            f'aria-label="{escape(self.caption)}">\n'
            f"<table>\n<caption>{escape(self.caption)}</caption>\n"
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
            f"</div>\n{_list_html(self.notes)}{self._methods_html()}"
        )

    def _row_html(self, row: tuple[str, ...]) -> str:
        cells = []
        for place, text in enumerate(row):
            tag = "td" if place >= self.row_headings else 'th scope="row"'
            cells.append(f"<{tag}{self._kind(place)}>{escape(text)}</{tag[:2]}>")
        return f"<tr>{''.join(cells)}</tr>"

    def _kind(self, place: int) -> str:
        """The class of a column: ends of numbers stand below each other."""
        texts = [row[place] for row in self.rows]
        are_numbers = any(NUMBER.match(text) for text in texts)
        return ' class="number"' * (place >= self.row_headings and are_numbers)

    def _methods_html(self) -> str:
        if not self.methods:
            return ""
        return (
            '<details class="methods"><summary>How these numbers were made</summary>\n'
            f"{_list_html(self.methods)}</details>\n"
        )


def number_text(value: float, term: str = "", *, decimals: int = DECIMALS) -> str:
    """A number as every table and sentence writes it.

    Counts have no decimals, shares are whole per cents, a p has three decimals, all
    else two; the minus is U+2212 and zero never carries one.
    """
    if term.endswith("_p"):
        small = value < SMALLEST_P
        return f"under {SMALLEST_P}" if small else f"{value:.3f}"
    if term.startswith("share_") or term == "false_match_rate":
        return _share_text(value)
    text = f"{value:,.{0 if term in COUNTS else decimals}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def _share_text(value: float) -> str:
    if 0 < value < 0.005:
        return "under 1%"
    if 0.995 <= value < 1:
        return "over 99%"
    return f"{100 * value:.0f}%"


def interval_text(low: float, high: float, term: str = "") -> str:
    """An interval in words, which a minus cannot be mistaken in."""
    return f"{number_text(low, term)} to {number_text(high, term)}"


def points_text(value: float, subscale: Subscale) -> str:
    """Points of a score in plain prose: the wider the score, the fewer decimals."""
    wide = subscale.highest - subscale.lowest >= 10
    return number_text(value, decimals=1 if wide else DECIMALS)


def in_ten_text(share: float) -> str:
    """A share as so many in ten."""
    tenths = int(10 * share + 0.5)
    if tenths == 0:
        return "0 in 10" if share == 0 else "under 1 in 10"
    if tenths == 10 and share < 1:
        return "over 9 in 10"
    return f"{tenths} in 10"


def estimate_text(finding: Finding) -> str:
    """An estimate with its interval; empty if there is no estimate."""
    if finding.estimate is None:
        return ""
    text = number_text(finding.estimate, finding.term)
    if finding.conf_low is None or finding.conf_high is None:
        return text
    return (
        f"{text} ({interval_text(finding.conf_low, finding.conf_high, finding.term)})"
    )


class Footnotes:
    """The reasons met while a table is filled, each with its letter."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._methods: dict[str, str] = {}

    def cell(self, finding: Finding | None, *, title: str = "") -> str:
        """The text of a cell; without an estimate, the letter of the reason."""
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


def item_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, wave: str
) -> Table:
    """Every item of an instrument at one wave."""
    declared = study.instruments[instrument]
    here = disclosed.where(survey=survey, instrument=instrument, wave=wave, arm="")
    notes, rows = Footnotes(), []
    for subscale in declared.subscales:
        of_subscale = here.where(subscale=subscale.name)
        for name in subscale.items:
            item = declared.item(name)
            label = item.label + (" (reverse-keyed)" if item.reverse_keyed else "")
            if cells := _cells(of_subscale.where(item=name), ITEMS, notes):
                rows.append((label, *cells))
    caption = f"Items of {declared.title}, {wave_text(study, wave)}"
    return lean_table(caption, ("Item",), ITEMS, rows, notes)


def reliability_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Internal consistency, a row a subscale and wave."""
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    return _by_subscale(here, study, instrument, "Internal consistency of", RELIABILITY)


def retest_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Correlation of people's first with their second score, where they have two."""
    # Its own n: most of those whose consistency is told answered once.
    here = disclosed.where(
        survey=survey, instrument=instrument, item="", term="retest_correlation"
    )
    return _by_subscale(here, study, instrument, "People who answered twice,", RETEST)


def score_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Scores, a row a subscale, wave and arm."""
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    return _by_subscale(here, study, instrument, "Scores of", SCORES)


def change_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change between waves, a row a subscale, pair of waves and arm."""
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    return _by_subscale(here, study, instrument, "Change in", CHANGE, across=True)


def comparison_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change beside the comparison arm, a row a subscale and pair of waves."""
    here = disclosed.where(survey=survey, instrument=instrument, item="")
    opening = "Change compared between groups in"
    return _by_subscale(
        here, study, instrument, opening, COMPARISON, across=True, between=True
    )


def _by_subscale(
    here: Disclosed,
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
        of_subscale = here.where(subscale=subscale.name)
        for wave in waves_of(of_subscale, study, contrasts=across):
            of_wave = of_subscale.where(wave=wave)
            for arm in arms_of(of_wave, study, contrasts=between):
                if cells := _cells(of_wave.where(arm=arm), columns, notes):
                    place = (wave_text(study, wave), arm_text(study, arm))
                    rows.append((subscale.title, *place, *cells))
    heads = ("Subscale", "Waves" if across else "Wave", "Group")
    caption = f"{opening} {study.instruments[instrument].title}"
    return lean_table(caption, heads, columns, rows, notes)


def _cells(
    here: Disclosed, columns: Columns, notes: Footnotes
) -> tuple[str, ...] | None:
    """The n and the columns' cells; None if nothing of them was found."""
    findings = [found(here, term=term) for _, term in columns]
    if not any(findings):
        return None
    counted = next(
        (found(here, term=term) for term in COUNTED if found(here, term=term)),
        next(filter(None, findings)),
    )
    titles = [title for title, _ in columns]
    cells = [notes.cell(f, title=t) for f, t in zip(findings, titles, strict=True)]
    return (notes.people(counted), *cells)


def lean_table(
    caption: str,
    heads: Sequence[str],
    columns: Columns,
    rows: Sequence[tuple[str, ...]],
    notes: Footnotes,
) -> Table:
    """A table without the columns that say nothing: empty, or the same throughout.

    What a heading column says throughout moves to the caption.
    """
    counted = len(rows[0]) > len(heads) + len(columns) if rows else False
    names = (*heads, *(("n",) if counted else ()), *(title for title, _ in columns))
    said = [{row[place] for row in rows} for place in range(len(names))]
    varied = [place for place in range(len(heads)) if len(said[place]) > 1] or [0]
    constant = [place for place in range(len(heads)) if place not in varied and rows]
    told = [rows[0][place] for place in constant if rows[0][place] != EVERYONE]
    shown = [p for p in range(len(heads), len(names)) if said[p] != {ABSENT}]
    kept = [*varied, *shown]
    return Table(
        caption=": ".join([caption, ", ".join(told)]) if told else caption,
        columns=tuple(names[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in rows),
        row_headings=len(varied),
        notes=notes.notes(),
        methods=notes.methods(),
    )


def _list_html(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="notes">{items}</ul>\n' if items else ""
