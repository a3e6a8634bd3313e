"""Responses into clean responses: only a declared rule leaves anyone out.

Each rule says which responses stay; what was left out is counted by the first rule
that left it out, in the order of `RULES`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.foundation import Estimate, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.declarations import Export, Study
    from analysis.intake import Responses

FRAME_COLUMNS = ("participant", "staff_member", "arm", "site", "team")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cleaned:
    """The responses that stay, and what became of the others.

    Attributes
    ----------
    frame : DataFrame, one row a response
        Without the columns that only the rules needed.
    received : int
        Responses before any rule.
    left_out : mapping
        Rule → responses it left out, in the order the rules were applied.
    emptied : mapping
        ``reason: column`` → cells emptied on the way in.
    """

    export: Export
    frame: pd.DataFrame
    received: int
    left_out: Mapping[str, int]
    emptied: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a response."""
        return f"Cleaned({self.export.survey}, {len(self.frame)} rows)"


def clean_responses(
    frame: pd.DataFrame, export: Export, *, emptied: Mapping[str, int] | None = None
) -> Cleaned:
    """Apply the declared rules in their order.

    Parameters
    ----------
    frame : DataFrame, one row a response
        As `analysis.intake.map_responses` makes it.
    """
    stays = frame
    left_out = {}
    for name, rule in RULES.items():
        kept = rule(stays, export)
        if not kept.all():
            left_out[name] = int((~kept).sum())
        stays = stays.loc[kept]
    return Cleaned(
        export=export,
        frame=stays.drop(columns=["consented", "finished"])
        .drop(columns="preview", errors="ignore")
        .reset_index(drop=True),
        received=len(frame),
        left_out=left_out,
        emptied=emptied or {},
    )


def not_preview(frame: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Which rows the survey tool does not itself mark as a preview, a test or spam."""
    if "preview" not in frame or export.cleaning.previews == "keep":
        return frame["consented"] | True
    return ~frame["preview"]


def gave_consent(frame: pd.DataFrame, _: Export) -> pd.Series[bool]:
    """Who agreed that the answers be used."""
    return frame["consented"]


def finished(frame: pd.DataFrame, _: Export) -> pd.Series[bool]:
    """Who came to the end of the form."""
    return frame["finished"]


def answered_enough(frame: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Who answered at least the declared share of the items."""
    answered = frame[list(export.columns.items)].notna().mean(axis="columns")
    return answered >= export.cleaning.least_answered


def not_repeated(frame: pd.DataFrame, export: Export) -> pd.Series[bool]:
    """Which response of a participant who responded more than once stays.

    Responses without an identifier cannot be told to be repeats, and stay.
    """
    repeats = export.cleaning.repeats
    known = frame["participant"] != ""
    if repeats == "keep":
        return known | True
    if repeats == "none":
        return ~(frame["participant"].duplicated(keep=False) & known)
    keep_first = repeats == "first"
    later = frame["participant"].duplicated(keep="first" if keep_first else "last")
    return ~(later & known)


RULES: Mapping[str, Callable[[pd.DataFrame, Export], pd.Series[bool]]] = {
    "preview": not_preview,
    "no_consent": gave_consent,
    "not_finished": finished,
    "too_little_answered": answered_enough,
    "repeated": not_repeated,
}
"""Why a response is left out → the rule that says who stays, in order."""


def clean_wave(responses: Iterable[Responses]) -> tuple[Cleaned, ...]:
    """Clean every survey of a wave."""
    return tuple(
        clean_responses(survey.frame, survey.export, emptied=survey.emptied)
        for survey in responses
    )


def flow_findings(surveys: Iterable[Cleaned], study: Study) -> tuple[Finding, ...]:
    """The participant flow and the ledger of emptied cells, as findings."""
    return tuple(
        finding
        for cleaned in surveys
        for term, group, count in _counts(cleaned)
        for finding in Finding.place(
            Estimate(term=term, estimate=float(count), n=count, method="count"),
            study=study.name,
            survey=cleaned.export.survey,
            wave=cleaned.export.wave,
            group=group,
        )
    )


def _counts(cleaned: Cleaned) -> Iterator[tuple[str, str, int]]:
    yield "responses_received", "", cleaned.received
    for rule, count in cleaned.left_out.items():
        yield "responses_left_out", rule, count
    yield "responses_kept", "", len(cleaned.frame)
    for reason, count in cleaned.emptied.items():
        yield "cells_emptied", reason, count
