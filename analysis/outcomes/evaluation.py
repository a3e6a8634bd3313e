"""Scores of all waves into findings: every score described, declared outcomes judged.

What was declared decides the analysis: linked responses are compared within people,
others as different people; where teams were allocated, teams are what is compared.
"""

from __future__ import annotations

import dataclasses
import math
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from analysis.foundation import DataError, DeclarationError, Estimate, Finding
from analysis.foundation.errors import unknown
from analysis.outcomes.change import paired_change, unlinked_change
from analysis.outcomes.comparison import compare_arms, compare_arms_unlinked
from analysis.outcomes.description import describe_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.declarations import Outcome, Study

    ScoresByWave: TypeAlias = Mapping[str, Mapping[str, pd.DataFrame]]


def evaluate_outcomes(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    linkage_rule: str = "",
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Describe every score and judge every declared outcome.

    Parameters
    ----------
    scores_by_wave : mapping
        Wave → survey → scores, one row a participant.
    links : DataFrame, one row a link
        Survey, ``wave_before``, ``wave_after``, ``rule``, and the participant's
        pseudonym ``before`` and ``after``. Without it equal pseudonyms are linked.
    linkage_rule : str
        Evaluate under this rule and not the declared one.
    comparability : iterable of Finding
        What the scores mean at each wave: where ``means_comparable`` is 0, change and
        comparison are refused with the reason.
    reliability : iterable of Finding
        Cronbach's alpha of the scores at each wave. Where the plan declares a least
        one and either wave has less, change and comparison are refused likewise.

    Raises
    ------
    DeclarationError
        No link was made under that rule.
    DataError
        Linked participants who are mostly at another site: not the same people.
    """
    if linkage_rule:
        _check_rule(linkage_rule, links, study)
    outcome_findings = partial(
        _outcome, scores_by_wave, study, links=links, linkage_rule=linkage_rule
    )
    judged = (
        finding
        for outcome in study.outcomes
        for follow_up in outcome.follow_ups
        for finding in outcome_findings(outcome, follow_up)
    )
    return (
        *_descriptions(scores_by_wave, study),
        *_reliable_only(_comparable_only(judged, comparability), reliability, study),
    )


def _comparable_only(
    findings: Iterable[Finding], comparability: Iterable[Finding]
) -> Iterator[Finding]:
    """Findings, without numbers where the score does not mean the same at both waves.

    Where that could not be tested, the numbers stand: too few answers for a test are
    no sign that anything is wrong.
    """
    refused = {
        _score(verdict): verdict.method.partition("; rule: ")[0]
        for verdict in comparability
        if verdict.term == "means_comparable" and verdict.estimate == 0
    }
    for finding in findings:
        why = refused.get(_score(finding))
        if why is None or finding.term == "participants_linked":
            yield finding
        else:
            reason = f"the items do not measure the same at both waves: {why}"
            yield _refused(finding, reason)


def _reliable_only(
    findings: Iterable[Finding], reliability: Iterable[Finding], study: Study
) -> Iterator[Finding]:
    """Findings, without numbers where a wave's score is too unreliable by the plan.

    Where there is no alpha, as of a score of one item, the numbers stand.
    """
    least = study.plan.gates.least_reliability if study.plan else None
    alphas = {
        _score(found): found.estimate
        for found in reliability
        if found.term == "cronbach_alpha"
        and found.estimate is not None
        and not (found.arm or found.item or found.group)
    }
    for finding in findings:
        survey, instrument, subscale, waves = _score(finding)
        by_wave = {
            wave: alphas.get((survey, instrument, subscale, wave))
            for wave in waves.split(" - ")[::-1]
        }
        low = [
            f"{math.floor(alpha * 1000) / 1000:.3f} at {wave}"
            for wave, alpha in by_wave.items()
            if least is not None and alpha is not None and alpha < least
        ]
        # A reason that stands already is the nearer one; who was linked is no score.
        if not low or finding.reason or finding.term == "participants_linked":
            yield finding
        else:
            reason = (
                f"the score is not reliable enough: Cronbach's alpha is "
                f"{' and '.join(low)}, under the {least:g} that the plan asks for"
            )
            yield _refused(finding, reason)


def _refused(finding: Finding, reason: str) -> Finding:
    return dataclasses.replace(
        finding, estimate=None, conf_low=None, conf_high=None, reason=reason
    )


def _score(finding: Finding) -> tuple[str, str, str, str]:
    return finding.survey, finding.instrument, finding.subscale, finding.wave


def _descriptions(scores_by_wave: ScoresByWave, study: Study) -> Iterator[Finding]:
    by_team = study.allocated_by == "team"
    for wave, surveys in scores_by_wave.items():
        for survey, scores in surveys.items():
            for name in study.survey(survey).instruments:
                for subscale in study.instruments[name].subscales:
                    # A score of items that this wave did not ask is not there.
                    if f"{name}.{subscale.name}" not in scores.columns:
                        continue
                    for arm, among in _by_arm(scores, study):
                        yield from Finding.place(
                            describe_scores(
                                among[f"{name}.{subscale.name}"],
                                lowest=subscale.lowest,
                                highest=subscale.highest,
                                cluster=among["team"] if by_team else None,
                                yes_or_no=subscale.method == "all_highest",
                            ),
                            study=study.name,
                            survey=survey,
                            instrument=name,
                            subscale=subscale.name,
                            wave=wave,
                            arm=arm,
                        )


def _by_arm(scores: pd.DataFrame, study: Study) -> Iterator[tuple[str, pd.DataFrame]]:
    """Everyone together, then each declared arm."""
    yield "", scores
    for arm in study.arms:
        yield arm.name, scores.loc[scores["arm"] == arm.name]


def _check_rule(rule: str, links: pd.DataFrame | None, study: Study) -> None:
    known = [] if links is None else sorted(links["rule"].unique())
    if rule not in known:
        raise DeclarationError(
            study.name,
            f"{unknown('linkage rule', rule, known)}. A survey's linkage_rule "
            "declares which are tried",
        )


def _outcome(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    follow_up: str,
    *,
    links: pd.DataFrame | None,
    linkage_rule: str,
) -> Iterator[Finding]:
    """The change of each arm, and the arms compared, from baseline to a follow-up."""
    before, after = (
        scores_by_wave[wave][outcome.survey] for wave in (outcome.baseline, follow_up)
    )
    place = {
        "study": study.name,
        "survey": outcome.survey,
        "instrument": outcome.instrument,
        "subscale": outcome.subscale,
        "wave": f"{follow_up} - {outcome.baseline}",
    }
    linked = _is_linked(study, outcome, follow_up)
    if linked and links is not None:
        rule = linkage_rule or _declared_rule(study, outcome, follow_up)
        pair = (outcome.baseline, follow_up)
        after = _renamed(after, links, survey=outcome.survey, waves=pair, rule=rule)
    if linked:
        _check_sites(before, after, f"{study.name}, {outcome.survey}, {place['wave']}")
    judge = _linked if linked else _unlinked
    yield from judge(_scores(before, outcome), _scores(after, outcome), study, place)


def _is_linked(study: Study, outcome: Outcome, follow_up: str) -> bool:
    exports = [
        study.wave(wave).export(outcome.survey)
        for wave in (outcome.baseline, follow_up)
    ]
    return all(export is not None and export.linkage != "none" for export in exports)


def _declared_rule(study: Study, outcome: Outcome, follow_up: str) -> str:
    export = study.wave(follow_up).export(outcome.survey)
    rule = export.linkage_rule if export else None
    return rule.rule if rule else "exact"


def _renamed(
    after: pd.DataFrame,
    links: pd.DataFrame,
    *,
    survey: str,
    waves: tuple[str, str],
    rule: str,
) -> pd.DataFrame:
    """The later wave with every linked participant under the name of the earlier."""
    here = links.loc[
        (links["survey"] == survey)
        & (links["wave_before"] == waves[0])
        & (links["wave_after"] == waves[1])
    ]
    # An identifier is only ever linked exactly, whatever rule the codes are under.
    tried = set(here["rule"])
    here = here.loc[here["rule"] == (rule if rule in tried else "exact")]
    for side in ("before", "after"):
        assert here[side].is_unique, "a participant is linked once"
    earlier = here.set_index("after")["before"]
    names = after["participant"].map(earlier).fillna("")
    return after.assign(participant=names)


def _check_sites(before: pd.DataFrame, after: pd.DataFrame, where: str) -> None:
    """Refuse an identifier that names one person here and another one there.

    A few people move between sites; where most of those linked have, they are others.
    """
    sites = [
        wave.loc[(wave["participant"] != "") & (wave["site"] != "")]
        .set_index("participant")["site"]
        .rename(name)
        for name, wave in (("before", before), ("after", after))
    ]
    both = sites[0].to_frame().join(sites[1], how="inner", validate="one_to_one")
    elsewhere = int((both["before"] != both["after"]).sum())
    if 2 * elsewhere > len(both):
        raise DataError(
            where,
            f"{elsewhere} of {len(both)} linked participants are at another site than "
            "before, so the identifier is unique within a site alone. Name the site's "
            "column in columns.participant too",
        )


def _scores(scores: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Who, arm, team and the one score, where there is a score."""
    frame = scores[["participant", "arm", "team"]].assign(
        score=scores[f"{outcome.instrument}.{outcome.subscale}"]
    )
    return frame.dropna(subset="score").rename(columns={"team": "cluster"})


def _linked(
    before: pd.DataFrame, after: pd.DataFrame, study: Study, place: dict[str, str]
) -> Iterator[Finding]:
    waves = [
        wave.loc[wave["participant"] != ""].set_index("participant")
        for wave in (before, after)
    ]
    pairs = (
        waves[0]
        .rename(columns={"score": "before"})
        .join(waves[1]["score"].rename("after"), how="inner", validate="one_to_one")
    )
    by_team = study.allocated_by == "team"
    for arm, among in _by_arm(pairs, study):
        cluster = among["cluster"] if by_team else None
        linked = Estimate(
            term="participants_linked",
            estimate=float(len(among)),
            n=len(among),
            method="participants with a score at both waves",
        )
        yield from Finding.place(linked, **place, arm=arm)
        change = paired_change(among["before"], among["after"], cluster=cluster)
        yield from Finding.place(change, **place, arm=arm)
    if study.treated and study.control:
        compared = compare_arms(
            pairs, treated=study.treated, control=study.control, cluster=by_team
        )
        yield from Finding.place(compared, **place, arm=_contrast(study))


def _unlinked(
    before: pd.DataFrame, after: pd.DataFrame, study: Study, place: dict[str, str]
) -> Iterator[Finding]:
    by_team = study.allocated_by == "team"
    arms_before, arms_after = (dict(_by_arm(wave, study)) for wave in (before, after))
    for arm, among in arms_before.items():
        then = arms_after[arm]
        change = unlinked_change(
            among["score"],
            then["score"],
            cluster_before=among["cluster"] if by_team else None,
            cluster_after=then["cluster"] if by_team else None,
        )
        yield from Finding.place(change, **place, arm=arm)
    if study.treated and study.control:
        compared = compare_arms_unlinked(
            before,
            after,
            treated=study.treated,
            control=study.control,
            cluster=by_team,
        )
        yield from Finding.place(compared, **place, arm=_contrast(study))


def _contrast(study: Study) -> str:
    return f"{study.treated} - {study.control}"
