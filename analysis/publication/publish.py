"""Findings of one step, through disclosure control, into the findings' folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.disclosure.control import (
    Disclosed,
    disclose,
    suppress_attrition_counts,
)
from analysis.storage.findings import (
    read_findings,
    read_parts,
    write_document,
    write_figure,
    write_part,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.shown import Shown


def publish_findings(
    findings: Iterable[Finding], study: Study, *, step: str, wave: str = ""
) -> Disclosed:
    """Suppress what must not leave, keep the rest, and give it for display.

    Parameters
    ----------
    step, wave : str
        Which notebook found them, and about which wave if about one.
    """
    disclosed = disclose(findings, smallest=study.smallest_group_shown)
    write_part(study.name, _page(step, wave), disclosed.findings)
    return disclosed


def keep_figures(shown: Shown, study: Study, *, step: str, wave: str = "") -> Shown:
    """Keep every figure shown as pictures and as the numbers drawn; give all back."""
    for figure in shown.figures:
        drawn = figure.to_frame().to_csv(
            index=False, lineterminator="\n", float_format="%.12g"
        )
        write_figure(
            study.name,
            _page(step, wave),
            figure.name,
            png=figure.png(),
            svg=figure.svg(),
            drawn=drawn,
        )
    return shown


def keep_document(content: bytes, study: Study, *, name: str) -> None:
    """Keep a document that a funder gets, next to the pages."""
    write_document(study.name, name, content)


def published_findings(study: Study) -> Disclosed:
    """All findings of a study, less what they would together reveal of a few people."""
    findings = Disclosed(findings=read_findings(study.name))
    return suppress_attrition_counts(findings, smallest=study.smallest_group_shown)


def published_wave_by_wave(study: Study, step: str) -> Disclosed:
    """What a page that there is once a wave found, of all waves; disclosed there."""
    return Disclosed(findings=read_parts(study, step))


def _page(step: str, wave: str) -> str:
    return f"{step}-{wave}" if wave else step
