"""Scores that may not mean the same at two waves into what follows for the result.

The bias that questions bring about is compared with the planned estimate: a result that
it would change is refused, one that stands is reported with the bias in points. Every
page takes what follows from here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.cleaning.scoring import keyed_responses, score_subscale
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import questions_of
from heard.effects.judgement.comparability import consequence_of_bias
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.declarations.instrument import Subscale
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Place
    from analysis.outcomes.outcome_scores import ScoresByWave
    from analysis.outcomes.question import Question
    from heard.results import Result

TERM = "comparability_consequence"
ON_INVARIANT = "estimate_on_invariant_items"
WITHOUT_BIAS = {
    "holds": "passed",
    "structure": "refused",
    "many_items": "refused",
    "misfit": "warned",
    "few_people": "cannot_be_tested",
    "few_items": "cannot_be_tested",
    "not_fitted": "not_tested",
}
"""What follows from each answer that needs no bias."""
WORDS = {
    "passed": "the bias of the score is negligible",
    "warned": "the bias of the score does not change the verdict",
    "refused": "the interval moved by the bias of the score gives another verdict",
    "not_tested": "the bias of the score is not known, or not closely enough",
}


def judge_comparability(
    meaning: Iterable[Finding],
    scores_by_wave: ScoresByWave,
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]],
    study: Study,
    *,
    links: pd.DataFrame | None = None,
) -> tuple[Finding, ...]:
    """What follows for each change of a score from what its questions meant.

    Parameters
    ----------
    meaning : iterable of Finding
        As of `evaluate_comparability`.
    scores_by_wave, links
        As of `evaluate_outcomes`.
    responses_by_wave : mapping
        Wave → survey → clean responses, row by row as the scores.

    Returns
    -------
    tuple of Finding
        ``comparability_consequence`` at the waves and arms of ``means_comparable``,
        its `group` being ``passed``, ``warned``, ``refused``, ``not_tested`` or
        ``cannot_be_tested``; and ``estimate_on_invariant_items``, where some items were
        set free and the outcome has an estimate.
    """
    meaning = tuple(meaning)
    judge = _Judge(
        study=study,
        meaning=meaning,
        scores_by_wave=scores_by_wave,
        responses_by_wave=responses_by_wave,
        links=links,
    )
    return tuple(
        finding
        for tested in meaning
        if tested.term == "means_comparable" and isinstance(tested.group, Group)
        for finding in judge.found(tested, tested.group.value)
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Judge:
    study: Study
    meaning: tuple[Finding, ...]
    scores_by_wave: ScoresByWave
    responses_by_wave: Mapping[str, Mapping[str, pd.DataFrame]]
    links: pd.DataFrame | None

    def found(self, tested: Finding, code: str) -> Iterator[Finding]:
        """The consequence of one test, and the sensitivity analysis it asks for."""
        if code != "partial":
            yield _consequence(tested, WITHOUT_BIAS[code], tested.method)
            return
        outcome = self._outcome(tested)
        question = outcome and self._question(tested, outcome, self.scores_by_wave)
        estimate: Result = Unavailable(term="", reason="no outcome")
        smallest, good = None, "none"
        if question:
            estimate = planned_estimate(question).result
            smallest, good = question.estimand.smallest_effect, question.estimand.good
        state = consequence_of_bias(
            self._bias(tested),
            estimate,
            smallest_effect=smallest,
            good=good,  # type: ignore[arg-type]
        )
        yield _consequence(tested, state, f"{WORDS[state]}; {tested.method}")
        if question and outcome and isinstance(estimate, Estimate):
            yield from self._on_invariant_items(tested, outcome)

    def _bias(self, tested: Finding) -> Result:
        return next(
            _result(one)
            for one in self.meaning
            if one.term == "score_bias" and _place(one) == _place(tested)
        )

    def _outcome(self, tested: Finding) -> Outcome | None:
        waves = tested.wave
        assert isinstance(waves, Contrast), "two waves were compared"
        return next(
            (
                one
                for one in self.study.outcomes
                if (one.survey, one.instrument, one.subscale) == _place(tested)[:3]
                and one.baseline == waves.before
                and waves.after in one.follow_ups
            ),
            None,
        )

    def _question(
        self, tested: Finding, outcome: Outcome, scores_by_wave: ScoresByWave
    ) -> Question | None:
        assert isinstance(tested.wave, Contrast), "two waves were compared"
        questions = questions_of(
            scores_by_wave, self.study, outcome, tested.wave.after, links=self.links
        )
        return next((q for q in questions if q.estimand.place == tested.arm), None)

    def _on_invariant_items(
        self, tested: Finding, outcome: Outcome
    ) -> Iterator[Finding]:
        """The planned estimate of a score of the items that kept their meaning."""
        freed = {
            one.item
            for one in self.meaning
            if one.term == "item_score_bias" and _place(one) == _place(tested)
        }
        instrument = self.study.instruments[outcome.instrument]
        subscale = instrument.subscale(outcome.subscale)
        if subscale.parts or not freed or not isinstance(tested.wave, Contrast):
            return
        rescored = {
            wave: self._rescored(wave, outcome, subscale, freed)
            for wave in (tested.wave.before, tested.wave.after)
        }
        scores = {**self.scores_by_wave, **rescored}
        question = self._question(tested, outcome, scores)
        if question is None:
            return
        result = planned_estimate(question).result
        method = f"score of the {len(subscale.items) - len(freed)} items that were not "
        method += f"set free, in points of the whole score; {result.method}"
        yield from question.place(
            dataclasses.replace(result, term=ON_INVARIANT, method=method),
            wave=tested.wave,
            arm=tested.arm,
        )

    def _rescored(
        self, wave: str, outcome: Outcome, subscale: Subscale, freed: set[str]
    ) -> dict[str, pd.DataFrame]:
        """A wave's scores, that of the outcome made of the other items alone."""
        surveys = dict(self.scores_by_wave[wave])
        export = self.study.wave(wave).export(outcome.survey)
        assert export is not None, "its responses were tested"
        instrument = self.study.asked(export)[outcome.instrument]
        keyed = keyed_responses(
            self.responses_by_wave[wave][outcome.survey], instrument
        )
        kept = tuple(item for item in subscale.items if item not in freed)
        score = score_subscale(keyed, dataclasses.replace(subscale, items=kept))
        if subscale.method == "sum":
            score = score * len(subscale.items) / len(kept)
        column = f"{outcome.instrument}.{outcome.subscale}"
        surveys[outcome.survey] = surveys[outcome.survey].assign(
            **{column: score.to_numpy()}
        )
        return surveys


def _place(finding: Finding) -> tuple[str, str, str, Place, Place]:
    return (
        finding.survey,
        finding.instrument,
        finding.subscale,
        finding.wave,
        finding.arm,
    )


def _result(finding: Finding) -> Result:
    if finding.estimate is None or finding.n is None:
        return Unavailable(term=finding.term, reason=finding.reason, n=finding.n)
    return Estimate(
        term=finding.term,
        estimate=finding.estimate,
        conf_low=finding.conf_low,
        conf_high=finding.conf_high,
        n=finding.n,
        method=finding.method,
    )


def _consequence(tested: Finding, state: str, why: str) -> Finding:
    return dataclasses.replace(
        tested,
        term=TERM,
        estimate=float(state != "refused"),
        group=Group("comparability", value=state),
        method=why or tested.reason,
        reason="",
    )
