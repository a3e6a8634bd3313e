"""Findings that passed disclosure control: all that a figure or a report may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.foundation import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """Findings in which whatever rests on too few people is held back, with a reason."""

    findings: tuple[Finding, ...]

    def where(self, **context: str) -> Disclosed:
        """Those findings whose tidy columns equal what is given."""
        wanted = context.items()
        kept = (
            finding
            for finding in self.findings
            if all(getattr(finding, name) == value for name, value in wanted)
        )
        return Disclosed(findings=tuple(kept))
