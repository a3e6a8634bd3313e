"""Numbers as text: the only place that rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.declarations.instrument import Subscale
    from analysis.foundation.findings import Finding

MINUS = "\N{MINUS SIGN}"
SHARES = frozenset(
    {
        "false_match_rate",
        "net_share_better",
        "power",
        "power_by_formula",
        "response_share",
    }
)
"""Shares whose name does not begin so."""
COUNTS = frozenset(
    {
        "cells_emptied",
        "clusters",
        "codes_repeated",
        "dimensions_by_percentile",
        "participants_ambiguous",
        "participants_conflicting",
        "participants_kept",
        "participants_linked",
        "participants_without_site",
        "little_mcar_df",
        "responses_by_pattern",
        "responses_flagged",
        "responses_in_cell",
        "participants_not_linked",
        "raters_needed",
        "rated_not_on_roster",
        "responses_kept",
        "responses_left_out",
        "responses_outside_cells",
        "responses_received",
    }
)
DECIMALS = 2
THREE_DECIMALS = (
    "comparative_fit_change",
    "comparative_fit_index",
    "tucker_lewis_index",
    "rmsea",
    "square_residual",
    "mcfadden_change",
)
"""Ends of terms whose thresholds, such as .06 and .02, need more than two decimals."""


def number_text(value: float, term: str = "", *, decimals: int = DECIMALS) -> str:
    """A number as every table and sentence writes it.

    Counts have no decimals, shares are whole per cents, a p has three decimals and is
    never nought, all else has two decimals; the minus is U+2212 and zero never carries
    one.
    """
    if term.startswith(("share_", "top_share_", "probability_")) or term in SHARES:
        return _share_text(value)
    if term.endswith(("_p", "p_value")):
        return f"{value:.3f}" if value >= 0.001 else "under 0.001"
    decimals = 3 if term.endswith(THREE_DECIMALS) else decimals
    text = f"{value:,.{0 if term in COUNTS else decimals}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def _share_text(value: float) -> str:
    if 0 < value <= 0.005:
        return "under 1%"
    if 0.995 <= value < 1:
        return "over 99%"
    text = f"{100 * value:.0f}%"
    return (text.lstrip("-") if text == "-0%" else text).replace("-", MINUS)


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


def in_hundred_text(share: float) -> str:
    """A share as so many in a hundred."""
    if 0 < share < 0.005:
        return "under 1 of 100"
    if 0.995 <= share < 1:
        return "over 99 of 100"
    return f"{int(100 * share + 0.5)} of 100"


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
