"""Reliability as figures: of a study's findings, or of a result at hand."""

from analysis.publication.figures.reliability.by_hand import figure_of
from analysis.publication.figures.reliability.decisions import decision_figure
from analysis.publication.figures.reliability.dimensions import scree_figure
from analysis.publication.figures.reliability.information import information_figure
from analysis.publication.figures.reliability.item_map import item_map_figure
from analysis.publication.figures.reliability.limits import limits_figure
from analysis.publication.figures.reliability.loadings import loading_figure
from analysis.publication.figures.reliability.responses import response_figure
from analysis.publication.figures.reliability.staff import staff_figure

__all__ = [
    "decision_figure",
    "figure_of",
    "information_figure",
    "item_map_figure",
    "limits_figure",
    "loading_figure",
    "response_figure",
    "scree_figure",
    "staff_figure",
]
