"""What every evaluation of an outcome stands on: its study, its scores, its places.

One value answers the questions that each analysis asks of a declaration: who was
allocated, which way is better, what the two arms are, and where a result belongs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.declarations.estimand import counts_units, smallest_in_points
from analysis.foundation.findings import Contrast, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations.instrument import Subscale
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import AnyGroup, Place
    from heard.results import Composite, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """An outcome of a study."""

    study: Study
    outcome: Outcome

    @property
    def subscale(self) -> Subscale:
        """The score that the outcome is judged by."""
        instrument = self.study.instruments[self.outcome.instrument]
        return instrument.subscale(self.outcome.subscale)

    @property
    def score(self) -> str:
        """The column of the score."""
        return f"{self.outcome.instrument}.{self.outcome.subscale}"

    @property
    def by_team(self) -> bool:
        """Whether teams or sites were allocated, so that they are what is compared."""
        return counts_units(self.study)

    @property
    def higher_is_worse(self) -> bool:
        """Whether a higher score is a worse one."""
        return self.subscale.direction == "higher_is_worse"

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Which way is an improvement."""
        return "lower" if self.higher_is_worse else "higher"

    @property
    def smallest_in_points(self) -> float | None:
        """The smallest effect of interest, where it was declared in points."""
        return smallest_in_points(self.study, self.outcome)

    @property
    def yes_or_no(self) -> bool:
        """Whether the score is yes or no: its mean counts who said so."""
        return self.subscale.method == "all_highest"

    @property
    def arms(self) -> Contrast | None:
        """The two arms compared; None where there are not two."""
        arms = self.study.treated, self.study.control
        return Contrast(*arms) if all(arms) else None

    @property
    def seed(self) -> str:
        """Names the draws of an outcome."""
        return f"{self.study.name} {self.outcome.name}"

    def change(self, follow_up: str) -> Place:
        """From the baseline to a follow-up; the follow-up alone without a baseline."""
        if not self.outcome.baseline:
            return follow_up
        return Contrast(follow_up, self.outcome.baseline)

    def place(
        self,
        result: Result | Composite,
        *,
        wave: Place = "",
        arm: Place = "",
        group: AnyGroup = "",
    ) -> tuple[Finding, ...]:
        """Findings of this outcome; without a group a composite names its own."""
        own = {"group": group} if group else {}
        return Finding.place(
            result,
            study=self.study.name,
            survey=self.outcome.survey,
            instrument=self.outcome.instrument,
            subscale=self.outcome.subscale,
            wave=wave,
            arm=arm,
            **own,
        )

    def placed(
        self, found: Iterable[tuple[Place, Place, AnyGroup, Result | Composite]]
    ) -> Iterator[Finding]:
        """Findings of wave, arm, group and what was found there."""
        for wave, arm, group, result in found:
            yield from self.place(result, wave=wave, arm=arm, group=group)
