"""Every page of a report, declared once: planning, index and `--only` read this.

A further page is a notebook, and a record here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.declarations.estimand import counts_units
from analysis.declarations.linkage import declares_rule, waves_linked
from analysis.declarations.multiverse import multiverse_outcomes
from analysis.declarations.supplementary_measures import (
    has_supplementary,
)
from analysis.declarations.trends import charted_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.declarations.study import Study

Reads: TypeAlias = Literal[
    "raw exports",
    "responses",
    "scores",
    "linked exports",
    "rated staff",
    "links",
    "gates",
    "reliability",
    "lock",
    "all findings",
]
"""What a page may read; *gates*: what was found of the worth of scores.

*Reliability* is the part of it that was found wave by wave.
"""

MINIMUM_FOLLOW_UPS = 2
"""At one follow-up the outcomes show all that arms can show."""


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
    applies : callable
        Whether a study has it.
    reads : tuple of str
        What it is made from; decides what it waits for and when it is stale.
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
    applies: Callable[[Study], bool] = lambda _: True
    reads: tuple[Reads, ...] = ()
    each_wave: bool = False
    uses_key: bool = False
    needs_data: bool = True

    @property
    def reads_rows(self) -> bool:
        """Whether it is given the folders of row-level data."""
        return self.needs_data and "all findings" not in self.reads


def _has_design(study: Study) -> bool:
    return study.design is not None


def _has_links(study: Study) -> bool:
    """Whether an outcome is of people followed."""
    return bool(waves_linked(study))


def _compares_scores(study: Study) -> bool:
    """People followed, or several waves of a score whose items are signs of one thing.

    A page of nothing but *cannot be tested* would help nobody.
    """
    scores = (part for one in study.instruments.values() for part in one.subscales)
    asked = len(study.waves) > 1 and any(score.reflective for score in scores)
    return asked or _has_links(study)


def _has_groups(study: Study) -> bool:
    """Groups are declared that answer for an outcome."""
    judged = {outcome.survey for outcome in study.outcomes}
    return any(grouping.survey in judged for grouping in study.groups)


def _compares_over_waves(study: Study) -> bool:
    """Arms of teams with enough waves; or a staggered start, a dose or a control."""
    teams = counts_units(study) and bool(study.treated and study.control)
    compares_arms = teams and any(
        len(one.follow_ups) >= MINIMUM_FOLLOW_UPS for one in study.outcomes
    )
    controls = study.plan is not None and bool(study.plan.negative_controls)
    declared = study.rollout or study.dose or controls
    return bool(study.outcomes and (compares_arms or declared))


def _rates_staff(study: Study) -> bool:
    """Whether a survey says which member of staff is rated; a list of staff or not."""
    exports = (export for wave in study.waves for export in wave.exports)
    return any(export.columns.staff_member for export in exports)


PAGES = (
    Page(
        name="design",
        notebook="05_power.ipynb",
        title="Before data collection: what could it detect?",
        line="What size of effect a pilot of this size could detect.",
        applies=_has_design,
        needs_data=False,
    ),
    Page(
        name="cleaning",
        notebook="10_cleaning.ipynb",
        title="Cleaning",
        line="What was received, what was excluded and why.",
        reads=("raw exports",),
        each_wave=True,
        uses_key=True,
    ),
    Page(
        name="linkage",
        notebook="15_linkage.ipynb",
        title="How answers were matched between waves",
        line="How many people were matched, and how many matches may be wrong.",
        applies=declares_rule,
        reads=("linked exports",),
        uses_key=True,
    ),
    Page(
        name="reliability",
        notebook="20_reliability.ipynb",
        title="Reliability",
        line="Whether the questionnaires can be trusted at this wave.",
        reads=("responses",),
        each_wave=True,
    ),
    Page(
        name="comparability",
        notebook="25_measurement_invariance.ipynb",
        title="Can scores be compared between waves?",
        line="Whether a score means the same, and is as reliable, at every wave.",
        applies=_compares_scores,
        reads=("responses", "scores", "links", "reliability"),
    ),
    Page(
        name="outcomes",
        notebook="30_outcomes.ipynb",
        title="Outcomes",
        line="What changed, whether it matters and how strong the evidence is.",
        reads=("scores", "links", "gates", "lock"),
    ),
    Page(
        name="supplementary",
        notebook="31_supplementary_measures.ipynb",
        title="Behind the average: supplementary measures",
        line="Who improved, and who was already at the top of the scale.",
        applies=has_supplementary,
        reads=("scores", "links", "gates"),
    ),
    Page(
        name="missing-data",
        notebook="33_missing_data.ipynb",
        title="Missing data: who dropped out, and does it matter?",
        line="Who could not be followed up, and whether that changes the result.",
        applies=_has_links,
        reads=("scores", "links", "gates"),
    ),
    Page(
        name="subgroups",
        notebook="35_subgroups.ipynb",
        title="Did the effect differ between groups?",
        line="How subgroups differ, and whether the effect differed between them.",
        applies=_has_groups,
        reads=("scores", "responses", "links", "gates", "lock"),
    ),
    Page(
        name="comparison-designs",
        notebook="36_comparison_designs.ipynb",
        title="Comparison with people who did not have the pilot",
        line="The pilot group compared with others, wave by wave.",
        applies=_compares_over_waves,
        reads=("scores", "links", "gates", "lock"),
    ),
    Page(
        name="run-charts",
        notebook="37_run_charts.ipynb",
        title="Run charts: what changed from wave to wave?",
        line="Which waves differ by more than normal variation.",
        applies=lambda study: bool(charted_outcomes(study)),
        reads=("scores", "gates"),
    ),
    Page(
        name="multiverse",
        notebook="38_multiverse.ipynb",
        title="Does the result depend on how we analysed it?",
        line="The results of every other reasonable way to analyse the data.",
        applies=lambda study: bool(multiverse_outcomes(study)),
        reads=("responses", "links", "gates"),
    ),
    Page(
        name="coverage",
        notebook="40_coverage.ipynb",
        title="Which staff were rated",
        line="What share of staff was rated, and how many ratings a mean needs.",
        applies=_rates_staff,
        reads=("rated staff",),
        uses_key=True,
    ),
    Page(
        name="funder-summary",
        notebook="90_funder_summary.ipynb",
        title="Summary for funders and boards",
        line="The findings on one page, in plain words.",
        readers="funders",
        reads=("all findings",),
    ),
)
"""In the order they run; the index lists them from the last to the first."""

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
