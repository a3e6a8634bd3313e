"""Responses as they were meant into an export as it arrives: texts, gaps and all.

Headers, answer texts and missing codes are the study's and the instruments' own; how
much goes wrong is declared in ``truth.toml``.
"""  # noqa: INP001

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from remarks import written_remarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from truth import Truth, Written

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.survey import Export

    Streams: TypeAlias = Callable[..., np.random.Generator]

CODE = ("mother", "day", "town", "siblings")
# Nobody can have served so long: a slip of the finger on 21.
IMPOSSIBLE = "212"


def write_export(
    frame: pd.DataFrame, export: Export, truth: Truth, streams: Streams
) -> bytes:
    """Write one survey's responses at one wave as the survey tool would."""
    written = truth.written[export.survey][export.wave]
    table = export_table(frame, export, truth, streams)
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.to_numpy())
    writer.writerows([[""] * len(table.columns)] * written.empty_rows)
    return lines.getvalue().encode(written.encoding)


def export_table(
    frame: pd.DataFrame, export: Export, truth: Truth, streams: Streams
) -> pd.DataFrame:
    """The export as a table of texts, in the order in which forms came in.

    Parameters
    ----------
    streams : callable
        Gives the generator of a name; what came later has a name of its own, so that
        nothing else was drawn anew.
    """
    written = truth.written[export.survey][export.wave]
    rng, also = streams(), streams("looking back")
    shuffled = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    table = _texts(shuffled, export, truth, written)
    always, later = _headers(export, truth)
    for headers, stream in ((always, rng), (later, also)):
        table = _with_cells_missed(table, headers, export, truth, stream)
    table = _with_corrupted_rows(table, export, truth, written, rng)
    for headers, stream in ((_tidied(export) + always, rng), (later, also)):
        table = _untidy(table, headers, truth, stream)
    for header in export.texts.values():
        remarks = written_remarks(_rated(table, export), truth, streams(header))
        table = table.assign(**{header: remarks})
    return _with_columns_left_behind(table, export, truth, rng)


def _rated(table: pd.DataFrame, export: Export) -> pd.Series[str]:
    """Whom a row is about; nobody where the person did not agree to take part."""
    agreed = table[str(export.columns.consent)].str.strip().str.casefold() != "no"
    return table[str(export.columns.staff_member)].where(agreed, "")


def _headers(export: Export, truth: Truth) -> tuple[list[str], list[str]]:
    """Headers of the items that are always asked, and of those asked afterwards."""
    back = truth.retrospective_items()
    items = export.columns.items.items()
    return (
        [header for name, header in items if name not in back],
        [header for name, header in items if name in back],
    )


def _tidied(export: Export) -> list[str]:
    """Headers beside the items in which people's hands slip."""
    columns = export.columns
    single = [str(columns.team), str(columns.consent), str(columns.finished)]
    return [*single, *columns.participant]


def _texts(
    frame: pd.DataFrame, export: Export, truth: Truth, written: Written
) -> pd.DataFrame:
    """Every declared column as text, nothing gone wrong yet."""
    columns, numbers = export.columns, written.answers == "numbers"
    titles = {t.name: t.answers[-1] if numbers else t.title for t in truth.study.teams}
    table = {str(columns.team): frame["team"].map(titles)}
    if columns.staff_member:
        codes = [f"ST-{person:03d}" for person in frame["person"]]
        table[columns.staff_member] = pd.Series(codes, index=frame.index)
    every = pd.Series("", index=frame.index)
    table[str(columns.consent)] = every + export.cleaning.consent[0]
    table[str(columns.finished)] = every + export.cleaning.finished[0]
    for header, element in zip(columns.participant, CODE, strict=False):
        table[header] = frame[element].astype(str)
    for name, header in columns.items.items():
        instrument = truth.study.instruments[name.partition(".")[0]]
        texts = {} if numbers else _answer_texts(instrument, export)
        table[header] = frame[name].map(lambda code, t=texts: t.get(code, str(code)))
    for attribute in export.attributes:
        words = {kept: text for text, kept in attribute.values.items()}
        table[attribute.column] = frame[attribute.name].map(
            lambda value, t=words: t.get(value, str(value))
        )
    return pd.DataFrame(table)


def _answer_texts(instrument: Instrument, export: Export) -> dict[float, str]:
    """Code → text as printed on the form."""
    answers = {**instrument.answers, **export.answers.get(instrument.name, {})}
    return {code: _printed(text) for text, code in answers.items()}


def _printed(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_cells_missed(
    table: pd.DataFrame,
    headers: list[str],
    export: Export,
    truth: Truth,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Items skipped, refused, or answered by what cannot be scored."""
    written = truth.written[export.survey][export.wave]
    refusal = export.missing_codes[-1 if written.answers == "numbers" else 0]
    corrupted = table.copy()
    for name, header in export.columns.items.items():
        if header not in headers:
            continue
        instrument = truth.study.instruments[name.partition(".")[0]]
        chance = rng.random(len(table))
        limit = 0.0
        for share, text in (
            (truth.cells.blank, ""),
            (truth.cells.refused, refusal),
            *((truth.cells.unscored, _printed(text)) for text in instrument.unscored),
        ):
            hit = (limit <= chance) & (chance < limit + share)
            corrupted[header] = corrupted[header].mask(hit, text)
            limit += share
    return corrupted


def _with_corrupted_rows(
    table: pd.DataFrame,
    export: Export,
    truth: Truth,
    written: Written,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Rows without consent, unfinished, hardly answered, unlinkable, sent twice."""
    items, later = _headers(export, truth)
    quarter = len(items) // 4
    order = iter(rng.permutation(len(table)).tolist())

    def some(share: float) -> list[int]:
        return [next(order) for _ in range(round(share * len(table)))]

    corrupted = table.copy()
    refused = some(truth.rows.no_consent)
    corrupted.loc[refused, str(export.columns.consent)] = "No"
    corrupted.loc[refused, items + later] = ""
    broken_off = some(truth.rows.unfinished)
    corrupted.loc[broken_off, str(export.columns.finished)] = "Partial"
    corrupted.loc[broken_off, items[-quarter:]] = ""
    corrupted.loc[some(truth.rows.hardly_answered), items[quarter:] + later] = ""
    for attribute in export.attributes:
        if attribute.highest is not None:
            hit = [next(order) for _ in range(written.impossible)]
            corrupted.loc[hit, attribute.column] = IMPOSSIBLE
    if not export.columns.participant:
        return corrupted
    gaps = some(truth.rows.blank_code_element)
    corrupted.loc[gaps, export.columns.participant[-1]] = ""
    return _with_repeats(
        corrupted, some(truth.rows.repeated), items[-quarter - 1 :], rng
    )


def _with_repeats(
    table: pd.DataFrame,
    repeated: list[int],
    last_page: list[str],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Forms sent before the last page was filled in, and sent again a little later."""
    later = table.loc[repeated]
    first = table.copy()
    first.loc[repeated, last_page] = ""
    came_in = np.concatenate(
        [np.arange(len(table)), np.array(repeated) + rng.integers(1, 9, len(repeated))]
    )
    both = pd.concat([first, later], ignore_index=True)
    return both.iloc[np.argsort(came_in, kind="stable")].reset_index(drop=True)


def _untidy(
    table: pd.DataFrame, headers: list[str], truth: Truth, rng: np.random.Generator
) -> pd.DataFrame:
    """Stray capitals and spaces, which change nothing of what was meant."""
    untidied = table.copy()
    for header in headers:
        hit = rng.random(len(table)) < truth.cells.untidy
        variant = rng.integers(0, 4, len(table))
        untidied[header] = [
            (text.lower(), text.upper(), f" {text}", f"{text}  ")[how]
            if is_hit
            else text
            for text, is_hit, how in zip(table[header], hit, variant, strict=True)
        ]
    return untidied


def _with_columns_left_behind(
    table: pd.DataFrame, export: Export, truth: Truth, rng: np.random.Generator
) -> pd.DataFrame:
    """What every survey tool adds, and nobody asked for. All of it is invented."""
    count = len(table)
    start = dt.datetime.fromisoformat(f"{truth.study.wave(export.wave).date}T09:00")
    minutes = np.cumsum(rng.integers(1, 60, count)).tolist()
    sent = [start + dt.timedelta(minutes=minute) for minute in minutes]
    extra = table.assign(
        **{
            "Response ID": [f"R-{number:04d}" for number in range(1, count + 1)],
            "Submitted": [f"{moment:%d/%m/%Y %H:%M}" for moment in sent],
        }
    )
    if export.columns.participant:
        hosts = rng.integers(1, 255, count)
        mailed = [f"person{number}@example.org" for number in rng.permutation(count)]
        extra = extra.assign(
            **{"IP address": [f"192.0.2.{host}" for host in hosts], "E-mail": mailed}
        )
    with_comment = np.flatnonzero(rng.random(count) < truth.cells.comment)
    comments = np.full(count, "", dtype=object)
    comments[with_comment] = np.resize(
        np.array(truth.comments, dtype=object), len(with_comment)
    )
    return extra.assign(**{"Anything else?": comments})
