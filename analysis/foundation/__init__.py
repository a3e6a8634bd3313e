"""What every room stands on: errors, results and findings."""

from analysis.foundation.errors import (
    AnalysisError,
    DataError,
    DeclarationError,
    DisclosureError,
    NotebookError,
    StaleError,
)
from analysis.foundation.findings import TIDY_COLUMNS, Finding, findings_frame
from analysis.foundation.randomness import generator
from analysis.foundation.results import (
    Composite,
    Estimate,
    Result,
    Unavailable,
)

__all__ = [
    "TIDY_COLUMNS",
    "AnalysisError",
    "Composite",
    "DataError",
    "DeclarationError",
    "DisclosureError",
    "Estimate",
    "Finding",
    "NotebookError",
    "Result",
    "StaleError",
    "Unavailable",
    "findings_frame",
    "generator",
]
