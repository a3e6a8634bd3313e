"""The one page a funder reads."""

from analysis.publication.summary.page import FunderSummary, funder_summary

__all__ = ["FunderSummary", "funder_summary"]
