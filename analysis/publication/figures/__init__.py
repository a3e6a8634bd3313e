"""Figures: values made from disclosed findings, which draw themselves."""

from analysis.publication.figures.beside import answers_figure, supplementary_figure
from analysis.publication.figures.charts import chart_figure
from analysis.publication.figures.compared import dose_figure, event_figure
from analysis.publication.figures.contrasts import change_figure, comparison_figure
from analysis.publication.figures.designs import design_figure
from analysis.publication.figures.flow import flow_figure, flow_figures
from analysis.publication.figures.followed import followed_figures
from analysis.publication.figures.frame import Figure, Note, Point, make_figure
from analysis.publication.figures.groups import gap_figure
from analysis.publication.figures.items import item_figure
from analysis.publication.figures.missing import missing_methods_figure
from analysis.publication.figures.over_time import reliability_figure, score_figure
from analysis.publication.figures.reliability import (
    decision_figure,
    figure_of,
    information_figure,
    item_map_figure,
    limits_figure,
    loading_figure,
    response_figure,
    scree_figure,
    staff_figure,
)
from analysis.publication.figures.sites import site_figure
from analysis.publication.figures.specifications import specification_figure
from analysis.publication.figures.tipping import tipping_figures
from analysis.publication.figures.ways import methods_figure

__all__ = [
    "Figure",
    "Note",
    "Point",
    "answers_figure",
    "change_figure",
    "chart_figure",
    "comparison_figure",
    "decision_figure",
    "design_figure",
    "dose_figure",
    "event_figure",
    "figure_of",
    "flow_figure",
    "flow_figures",
    "followed_figures",
    "gap_figure",
    "information_figure",
    "item_figure",
    "item_map_figure",
    "limits_figure",
    "loading_figure",
    "make_figure",
    "methods_figure",
    "missing_methods_figure",
    "reliability_figure",
    "response_figure",
    "score_figure",
    "scree_figure",
    "site_figure",
    "specification_figure",
    "staff_figure",
    "supplementary_figure",
    "tipping_figures",
]
