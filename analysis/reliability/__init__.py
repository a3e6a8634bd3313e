"""Reliability: keyed responses to one subscale in, coefficients with their n out."""

from analysis.reliability.consistency import (
    cronbach_alpha,
    mean_inter_item_correlation,
    omega_total,
    spearman_brown,
)
from analysis.reliability.evidence import ScaleReliability, estimate_scale_reliability
from analysis.reliability.items import ItemStatistics, item_statistics
from analysis.reliability.waves import evaluate_reliability

__all__ = [
    "ItemStatistics",
    "ScaleReliability",
    "cronbach_alpha",
    "estimate_scale_reliability",
    "evaluate_reliability",
    "item_statistics",
    "mean_inter_item_correlation",
    "omega_total",
    "spearman_brown",
]
