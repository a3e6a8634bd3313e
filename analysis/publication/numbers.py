"""Numbers as text: the only place that rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.terms import Format
from analysis.foundation.terms import term as register_term

if TYPE_CHECKING:
    from analysis.declarations.instrument import Subscale
    from analysis.foundation.findings import Finding

MINUS = "\N{MINUS SIGN}"
DECIMALS = 2
POINTS = ("", "points")
PERCENTAGE_POINTS = "percentage points"
MORE_DIGITS = 3
"""Digits tried behind the point of a number that would be written as zero."""


def number_text(value: float, term: str = "", *, decimals: int = DECIMALS) -> str:
    """A number as every table and sentence writes it.

    The register of terms says how: counts have no decimals, shares are whole per cents,
    a p-value has three decimals and is never zero, indices of fit have three, all else
    two. The minus is U+2212 and zero never carries one.

    Parameters
    ----------
    term : str
        What the number is; empty for one that is no finding, such as a threshold.
    decimals : int
        Of a number without a term.
    """
    known = register_term(term) if term else None
    if known and known.number_format is Format.PER_CENT:
        return _share_text(value)
    if known and known.number_format is Format.P_VALUE:
        return f"{value:.3f}" if value >= 0.001 else "under 0.001"
    text = f"{value:,.{known.decimals if known else decimals}f}"
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


def size_text(value: float, metric: str, *, decimals: int = DECIMALS) -> str:
    """A size with its unit, where it is in another metric than points of the score.

    Percentage points are whole; what would be written as zero gets more digits.
    """
    if metric in POINTS:
        return number_text(value, decimals=decimals)
    return f"{percentage_points(value)} {PERCENTAGE_POINTS}"


def percentage_points(value: float) -> str:
    """A difference of shares or chances in percentage points, without the words."""
    size = round(100 * value, 9)
    whole = next((n for n in range(MORE_DIGITS) if round(size, n)), 0)
    return number_text(size, decimals=whole)


def points_text(value: float, subscale: Subscale) -> str:
    """Points of a score in plain prose: the wider the score, the fewer decimals."""
    wide = subscale.highest - subscale.lowest >= 10
    return number_text(value, decimals=1 if wide else DECIMALS)


def about_in_hundred_text(share: float) -> str:
    """A share of people as about so many in a hundred."""
    if 0 < share < 0.005:
        return "under 1 in 100"
    if 0.995 <= share < 1:
        return "over 99 in 100"
    about = "" if share in (0, 1) else "about "
    return f"{about}{_in_hundred(share)} in 100"


def range_in_hundred_text(low: float, high: float) -> str:
    """The likely range of a share, in hundredths."""
    return f"{_in_hundred(low)} to {_in_hundred(high)}"


def _in_hundred(share: float) -> int:
    return int(100 * share + 0.5)


def in_hundred_text(share: float) -> str:
    """A share as so many in a hundred."""
    if 0 < share < 0.005:
        return "under 1 of 100"
    if 0.995 <= share < 1:
        return "over 99 of 100"
    return f"{_in_hundred(share)} of 100"


def estimate_text(finding: Finding) -> str:
    """An estimate with its interval, or its lower limit; empty if there is none."""
    if finding.estimate is None:
        return ""
    if finding.metric:
        return _points_text_of(finding, finding.estimate)
    text = number_text(finding.estimate, finding.term)
    if finding.conf_low is None:
        return text
    if finding.conf_high is None:
        return f"{text} ({number_text(finding.conf_low, finding.term)} or more)"
    return (
        f"{text} ({interval_text(finding.conf_low, finding.conf_high, finding.term)})"
    )


def _points_text_of(finding: Finding, estimate: float) -> str:
    """The same in percentage points."""
    text = f"{percentage_points(estimate)} {PERCENTAGE_POINTS}"
    if finding.conf_low is None or finding.conf_high is None:
        return text
    low, high = map(percentage_points, (finding.conf_low, finding.conf_high))
    return f"{text} ({low} to {high})"
