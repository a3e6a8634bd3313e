"""What other declared choices would have answered, for every outcome they suit.

The rule that holds throughout: each combination is the analysis of the outcomes page
with other options, on the same people but for those whom an option leaves out or links
differently. Where these are fewer than a number may rest on, the two answers, side by
side, could identify them: such a combination is counted, and not shown.

The people left by one way of linking and cleaning, and every answer they give.

The rule that holds throughout: every number is made by the function that makes it on
the pages of outcomes and of who is missing, with the same draws.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from analysis.cleaning.scoring import score_survey
from analysis.declarations.multiverse import (
    AS_DECLARED,
    BY_PEOPLE,
    CLEANING,
    COMPLETE,
    LINKAGE,
    MISSING,
    MODEL,
    cleaning_options,
    combinations_of,
    declared_options,
    multiverse_outcomes,
    options_of,
)
from analysis.foundation.findings import AnyGroup, Finding, Group, Groups
from analysis.outcomes.context import Context
from analysis.outcomes.gates import apply_gates
from analysis.outcomes.methods import (
    cluster_robust,
    mixed_model,
    permuted_effect,
    wild_bootstrap,
)
from analysis.outcomes.missing_data import followed_scores
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import Question, questions_of
from heard.effects.multiverse import evaluate_combinations, specification_curve
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.declarations.estimand import Population
    from analysis.declarations.study import Study
    from analysis.outcomes.missing_data import Followed
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.effects.multiverse import OptionNames, SpecificationCurve
    from heard.results import Result

TERM = "specification_effect"
METHODS: dict[str, Callable[[Question], Result]] = {
    "cluster_robust": cluster_robust,
    "wild_bootstrap": wild_bootstrap,
    "mixed_model": mixed_model,
    "mixed_model_arms_alike_before": partial(
        mixed_model, approach="constrained_baseline"
    ),
    "every_other_set_of_teams": permuted_effect,
}
"""Model of teams → how it answers."""
FEW_DROPOUTS = "fewer than {smallest} people of a group were lost, or followed"


@dataclass(frozen=True, kw_only=True)
class Sample(Context):
    """The people left by one way of linking and cleaning, and all their answers.

    Attributes
    ----------
    scores_by_wave : mapping
        Wave → survey → scores, indexed by the place of the response.
    linkage : str
        The rule they are linked by, if not the declared one.
    population : str
        Of the declared choices, which the others keep; empty: as these people allow.
    """

    scores_by_wave: ScoresByWave
    links: pd.DataFrame | None
    linkage: str
    population: Population = ""

    def is_close_to(self, other: Sample, smallest: int) -> bool:
        """Whether few are in one and not in the other; none is not few."""
        changed = self._rows ^ other._rows
        counts = [sum(len(row) == size for row in changed) for size in (2, 3)]
        return any(0 < count < smallest for count in counts)

    @cached_property
    def _rows(self) -> frozenset[tuple[Any, ...]]:
        """Who has a score at either wave, and which two are one participant."""
        before, after = self._question.before, self._question.after
        one_wave_only = {("before", place) for place in before.index}
        one_wave_only |= {("after", place) for place in after.index}
        if not self._question.linked:
            return frozenset(one_wave_only)
        places = [
            frame.loc[frame["participant"] != ""]
            .reset_index(names="place")
            .set_index("participant")["place"]
            for frame in (before, after)
        ]
        both = places[0].to_frame("first").join(places[1], how="inner")
        pairs = {("both", *pair) for pair in both.itertuples(index=False, name=None)}
        return frozenset(one_wave_only | pairs)

    def answer(self, model: str, missing: str) -> Result:
        """The effect by a model, dropouts allowed for in one way."""
        if model in METHODS:
            return METHODS[model](self._question)
        if model == BY_PEOPLE:
            return self._by_people(missing)
        summary = model if self.study.treated else self._question.estimand.summary
        estimand = self._question.estimand
        if summary != estimand.summary:
            method = "ancova" if model == "adjusted_difference" else ""
            estimand = dataclasses.replace(estimand, summary=summary, method=method)
        asked = dataclasses.replace(self._question, estimand=estimand)
        return planned_estimate(asked).result

    @cached_property
    def _question(self) -> Question:
        """The question of the outcomes page, among these people."""
        asked = questions_of(
            self.scores_by_wave,
            self.study,
            self.outcome,
            self.outcome.follow_ups[0],
            links=self.links,
            rule=self.linkage,
        )[0].in_points
        population = self.population or asked.estimand.population
        estimand = dataclasses.replace(asked.estimand, population=population)
        return dataclasses.replace(asked, estimand=estimand)

    @property
    def asked_of(self) -> Population:
        """The population that these people are compared as."""
        return self._question.estimand.population

    def _by_people(self, missing: str) -> Result:
        followed = self._followed
        if followed is None or not len(followed.people):
            return Unavailable(term=TERM, reason="nobody could be followed")
        follow_up = self.outcome.follow_ups[0]
        if missing != COMPLETE:
            seen = followed.people[followed.columns[follow_up]].notna()
            counts = [
                count
                for arm in (self.study.treated, self.study.control)
                for count in _followed_and_dropped_out(
                    seen[followed.people["arm"] == arm]
                )
            ]
            smallest = self.study.smallest_group_shown
            if any(0 < count < smallest for count in counts):
                reason = FEW_DROPOUTS.format(smallest=smallest)
                return Unavailable(term=TERM, reason=reason)
        return followed.difference_by_method(follow_up, missing)

    @cached_property
    def _followed(self) -> Followed | None:
        return followed_scores(
            self.scores_by_wave, self.study, self.outcome, self.links, self.linkage
        )


def _followed_and_dropped_out(seen: pd.Series[bool]) -> tuple[int, int]:
    return int(seen.sum()), int((~seen).sum())


TOO_CLOSE = (
    "fewer than {smallest} people are in it and not in another, or the other way round:"
    " the two answers would tell of them"
)


def evaluate_multiverse(
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]],
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Answer every outcome at its first follow-up by every combination of choices.

    Parameters
    ----------
    responses_by_wave : mapping
        Wave → survey → clean responses: scored again, as fewer of them may stay.
    links, comparability, reliability
        As of `evaluate_outcomes`; what is refused there is refused here.

    Returns
    -------
    tuple of Finding
        An effect a combination, its options in ``group``; then what they come to:
        lowest, median and highest, shares of them, and how far each choice, in
        ``group``, moves the answer.
    """
    found: list[Finding] = []
    scored: dict[tuple[str, str, str], pd.DataFrame] = {}
    for outcome in multiverse_outcomes(study):
        alternatives = _Alternatives(
            study=study,
            outcome=outcome,
            responses_by_wave=responses_by_wave,
            links=links,
            scored=scored,
        )
        found += alternatives.findings()
    return tuple(apply_gates(found, study, comparability, reliability))


def options_group(options: Mapping[str, str]) -> Groups:
    """Choice → option, as they stand in ``group``."""
    return Groups(tuple(Group("option", o, of=choice) for choice, o in options.items()))


@dataclass(frozen=True, kw_only=True)
class _Alternatives(Context):
    """One outcome at its first follow-up, and every way to answer it."""

    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]]
    links: pd.DataFrame | None
    scored: dict[tuple[str, str, str], pd.DataFrame]
    kept: dict[tuple[str, str], Sample | Unavailable] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Every combination, then what they come to."""
        choices = tuple(options_of(self.study, self.outcome))
        # The declared sample first: others are compared with it.
        first = self._sample(self._declared)
        population = first.asked_of if isinstance(first, Sample) else ""
        answers = evaluate_combinations(
            combinations_of(self.study, self.outcome, population=population),
            self._answer,
        )
        curve = specification_curve(
            answers,
            choices=choices,
            smallest_effect=self.smallest_in_points,
            improvement="decrease" if self.higher_is_worse else "increase",
            declared=tuple(self._declared[choice] for choice in choices),
        )
        # In the order of the options: which of two equal answers is the lower one
        # differs from machine to machine.
        for options, result in answers.items():
            named = dict(zip(choices, options, strict=True))
            reported = dataclasses.replace(result, term=TERM)
            yield self._placed(reported, options_group(named))
        yield from self._summaries(curve, answers)

    @cached_property
    def _declared(self) -> dict[str, str]:
        return declared_options(self.study, self.outcome)

    def _summaries(
        self, curve: SpecificationCurve, answers: Mapping[OptionNames, Result]
    ) -> Iterator[Finding]:
        """What all come to; n is the people of the smallest, not the combinations."""
        sizes = [part.n for part in answers.values() if isinstance(part, Estimate)]
        people = min(sizes, default=0)
        for result in (
            curve.specification_lowest,
            curve.specification_median,
            curve.specification_highest,
            curve.share_on_declared_side,
            curve.share_beyond_smallest_effect,
            curve.share_excluding_zero,
            curve.declared_rank,
        ):
            yield self._placed(_of_people(result, people))
        influences = {part.choice: part.choice_influence for part in curve.influences}
        for choice in curve.choices:
            yield self._placed(_of_people(influences[choice], people), choice)

    def _answer(self, options: Mapping[str, str]) -> Result:
        full = {**self._declared, **options}
        sample = self._sample(full)
        if isinstance(sample, Unavailable):
            return sample
        result = sample.answer(full[MODEL], full[MISSING])
        smallest = self.study.smallest_group_shown
        if result.n is not None and result.n < smallest:
            return Unavailable(term=TERM, reason=f"fewer than {smallest} people")
        return result

    def _sample(self, options: Mapping[str, str]) -> Sample | Unavailable:
        """The people of a combination; refused if it differs from another by few."""
        key = options[LINKAGE], options[CLEANING]
        if key not in self.kept:
            sample = self._made(*key)
            smallest = self.study.smallest_group_shown
            close = any(
                sample.is_close_to(other, smallest)
                for other in self.kept.values()
                if isinstance(other, Sample)
            )
            reason = TOO_CLOSE.format(smallest=smallest)
            refused = Unavailable(term=TERM, reason=reason)
            self.kept[key] = refused if close else sample
        return self.kept[key]

    def _made(self, linkage: str, cleaning: str) -> Sample:
        return Sample(
            study=self.study,
            outcome=self.outcome,
            scores_by_wave=self._scored(cleaning),
            links=self.links,
            linkage="" if linkage == self._declared[LINKAGE] else linkage,
            population=self._population(linkage, cleaning),
        )

    def _population(self, linkage: str, cleaning: str) -> Population:
        """That of the declared choices, which are made first."""
        declared = self._declared[LINKAGE], self._declared[CLEANING]
        first = self.kept.get(declared)
        if (linkage, cleaning) == declared or not isinstance(first, Sample):
            return ""
        return first.asked_of

    def _scored(self, cleaning: str) -> dict[str, dict[str, pd.DataFrame]]:
        """Scores of the responses that stay, at the waves of the outcome."""
        survey = self.outcome.survey
        return {
            wave: {survey: self._scored_at(wave, cleaning)}
            for wave in self.outcome.waves
        }

    def _scored_at(self, wave: str, cleaning: str) -> pd.DataFrame:
        """Scores of a wave, made once for all outcomes of the survey."""
        survey = self.outcome.survey
        key = wave, survey, cleaning
        if key not in self.scored:
            export = self.study.wave(wave).export(survey)
            assert export is not None, "checked as the study was read"
            responses = self.responses_by_wave[wave][survey]
            if cleaning != AS_DECLARED:
                least = cleaning_options(self.study, self.outcome)[cleaning]
                items = [*export.columns.items]
                stays = (
                    ~responses["careless"].astype(bool)
                    if least is None
                    else responses[items].notna().mean(axis="columns") >= least
                )
                responses = responses.loc[stays]
            self.scored[key] = score_survey(responses, export, self.study)
        return self.scored[key]

    def _placed(self, result: Result, group: AnyGroup = "") -> Finding:
        wave = self.change(self.outcome.follow_ups[0])
        (finding,) = self.place(result, wave=wave, arm=self.arms or "", group=group)
        return finding


def _of_people(result: Result, people: int) -> Result:
    """The same with people as n, not combinations of choices."""
    if isinstance(result, Unavailable):
        return dataclasses.replace(result, n=None)
    described = f"{result.method}; over {result.n} {result.n_unit}"
    return dataclasses.replace(
        result, n=people, n_unit="people of the smallest of all", method=described
    )
