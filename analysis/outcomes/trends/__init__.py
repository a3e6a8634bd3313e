"""Whether a score over many waves moves, or only wavers."""

from analysis.outcomes.trends.control_chart import (
    ChartPoint,
    ControlChart,
    control_chart,
)
from analysis.outcomes.trends.run_chart import RunChart, RunChartPoint, run_chart

__all__ = [
    "ChartPoint",
    "ControlChart",
    "RunChart",
    "RunChartPoint",
    "control_chart",
    "run_chart",
]
