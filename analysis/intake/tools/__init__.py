"""A survey tool's own shape into one header row and one row a response."""

from analysis.intake.tools.recognition import TITLES, recognise_tool
from analysis.intake.tools.redcap import kinds_of_rows
from analysis.intake.tools.shapes import as_received, preview_rows, shape

__all__ = [
    "TITLES",
    "as_received",
    "kinds_of_rows",
    "preview_rows",
    "recognise_tool",
    "shape",
]
