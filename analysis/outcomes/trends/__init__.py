"""Whether a score over many waves moves, or only wavers."""

from analysis.outcomes.trends.control_chart import (
    ChartPoint,
    ControlChart,
    control_chart,
)
from analysis.outcomes.trends.run_chart import RunChart, run_chart
from analysis.outcomes.trends.series import SeriesPoint

__all__ = [
    "ChartPoint",
    "ControlChart",
    "RunChart",
    "SeriesPoint",
    "control_chart",
    "run_chart",
]
