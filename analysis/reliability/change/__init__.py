"""Change: the same people measured again in, what change exceeds error out."""

from analysis.reliability.change.detectable import (
    ReliableChange,
    RetestReliability,
    SmallestDetectableChange,
    reliable_change,
    retest_reliability,
    smallest_detectable_change,
    standard_error_of_measurement,
)
from analysis.reliability.change.over_waves import (
    WavesReliability,
    reliability_over_waves,
)

__all__ = [
    "ReliableChange",
    "RetestReliability",
    "SmallestDetectableChange",
    "WavesReliability",
    "reliability_over_waves",
    "reliable_change",
    "retest_reliability",
    "smallest_detectable_change",
    "standard_error_of_measurement",
]
