"""Patterns of missing answers and Little's test, of every instrument, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.cleaning.little import (
    MissingData,
    Moments,
    estimate_moments,
    missing_data,
    missing_data_of,
)
from analysis.cleaning.patterns import gaps_of
from analysis.foundation import Estimate, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.cleaning.flow import Cleaned
    from analysis.declarations import Study
    from analysis.foundation import Result

__all__ = ["MissingData", "Moments", "estimate_moments", "missing_data"]


def missing_findings(surveys: Iterable[Cleaned], study: Study) -> tuple[Finding, ...]:
    """Patterns and Little's test, of every instrument, as findings."""
    return tuple(
        finding
        for cleaned in surveys
        for name in cleaned.export.instruments
        for group, result in _of_instrument(cleaned, name, study)
        for finding in Finding.place(
            result,
            study=study.name,
            survey=cleaned.export.survey,
            instrument=name,
            wave=cleaned.export.wave,
            group=group,
        )
    )


def _of_instrument(
    cleaned: Cleaned, name: str, study: Study
) -> Iterator[tuple[str, Result]]:
    items = [item.name for item in study.asked(cleaned.export)[name].items]
    gaps = gaps_of(cleaned.frame[[f"{name}.{item}" for item in items]])
    yield from (("", result) for result in missing_data_of(gaps).results())
    counts = gaps.pattern_counts(items, smallest=study.smallest_group_shown)
    for pattern, count in counts.items():
        yield (
            pattern,
            Estimate(
                term="responses_by_pattern",
                estimate=float(count),
                n=count,
                method="count",
            ),
        )
