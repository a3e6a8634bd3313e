"""Every page of a report, declared once: planning, index and `--only` read this.

The records stand in ``pages.toml`` next to this module, in the order the pages run; a
further page is a notebook and a record there.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Literal

from analysis.declarations.estimand import counts_units
from analysis.declarations.linkage import declares_rule, waves_linked
from analysis.declarations.multiverse import multiverse_outcomes
from analysis.declarations.supplementary_measures import has_supplementary
from analysis.declarations.trends import charted_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analysis.declarations.study import Study

MINIMUM_FOLLOW_UPS = 2
"""At one follow-up the outcomes show all that arms can show."""


def _compares_scores(study: Study) -> bool:
    """People followed, or several waves of a score whose items are signs of one thing.

    A page of nothing but *cannot be tested* would help nobody.
    """
    scores = (part for one in study.instruments.values() for part in one.subscales)
    asked = len(study.waves) > 1 and any(score.reflective for score in scores)
    return asked or bool(waves_linked(study))


def _rates_staff(study: Study) -> bool:
    """Whether a survey says which member of staff is rated; a list of staff or not."""
    exports = (export for wave in study.waves for export in wave.exports)
    return any(export.columns.staff_member for export in exports)


def _has_groups(study: Study) -> bool:
    """Groups are declared that answer for an outcome."""
    judged = {outcome.survey for outcome in study.outcomes}
    return any(grouping.survey in judged for grouping in study.groups)


def _compares_over_waves(study: Study) -> bool:
    """Arms of teams with enough waves; or a staggered start, a dose or a control."""
    teams = counts_units(study) and bool(study.treated and study.control)
    compares_arms = teams and any(
        one.baseline and len(one.follow_ups) >= MINIMUM_FOLLOW_UPS
        for one in study.outcomes
    )
    controls = study.plan is not None and bool(study.plan.negative_controls)
    declared = study.rollout or study.dose or controls
    return bool(study.outcomes and (compares_arms or declared))


WHEN: Mapping[str, Callable[[Study], bool]] = {
    "always": lambda _: True,
    "a design is declared": lambda study: study.design is not None,
    "a linkage rule is declared": declares_rule,
    "scores are compared between waves": _compares_scores,
    "supplementary measures are declared": has_supplementary,
    "an outcome has a later wave": lambda study: any(
        outcome.follow_ups for outcome in study.outcomes
    ),
    "groups answer for an outcome": _has_groups,
    "groups are compared over waves": _compares_over_waves,
    "a run chart is declared": lambda study: bool(charted_outcomes(study)),
    "a multiverse is declared": lambda study: bool(multiverse_outcomes(study)),
    "staff are rated": _rates_staff,
}
"""When a study has a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a report.

    Attributes
    ----------
    name : str
        Of its step, and of the file.
    title : str
        As its heading; of a page a wave, the wave follows.
    line : str
        What the page answers, in a sentence, for the index.
    readers : {"funders", "evaluators"}
        For whom it is written.
    when : str
        Which studies have it: a key of `WHEN`.
    reads : tuple of str
        What it is made from, by the names of `analysis.workflow.planning.READERS`;
        decides what it waits for and when it is stale.
    each_wave : bool
        Whether there is one a wave.
    uses_key : bool
        Whether it makes pseudonyms.
    needs_data : bool
        Whether anything must have been collected.
    """

    name: str
    notebook: str
    title: str
    line: str
    readers: Literal["funders", "evaluators"] = "evaluators"
    when: str = "always"
    reads: tuple[str, ...] = ()
    each_wave: bool = False
    uses_key: bool = False
    needs_data: bool = True

    def applies(self, study: Study) -> bool:
        """Whether a study has it."""
        return WHEN[self.when](study)

    @property
    def reads_rows(self) -> bool:
        """Whether it is given the folders of row-level data."""
        return self.needs_data and "all findings" not in self.reads


def _declared() -> tuple[Page, ...]:
    file = resources.files("analysis.workflow") / "pages.toml"
    return tuple(
        Page(**{**page, "reads": tuple(page.get("reads", ()))})
        for page in tomllib.loads(file.read_text(encoding="utf-8"))["pages"]
    )


PAGES = _declared()
ACTIONS = ("findings", "index")
"""Steps that are no notebook."""


def step_kinds() -> tuple[str, ...]:
    """Every kind of step, in the order they run."""
    *pages, last = (page.name for page in PAGES)
    findings, index = ACTIONS
    return (*pages, findings, last, index)


@functools.cache
def page_of(kind: str) -> Page | None:
    """The page of a kind of step; None for a plain action."""
    return next((page for page in PAGES if page.name == kind), None)
