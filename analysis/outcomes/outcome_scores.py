"""The scores an outcome is judged by: who has one at which wave, and who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.linkage import is_linked
from analysis.foundation.findings import Contrast
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    import pandas as pd

    from analysis.declarations.study import Outcome, Study

    ScoresByWave: TypeAlias = Mapping[str, Mapping[str, pd.DataFrame]]


def waves_of_outcome(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    follow_up: str,
    *,
    links: pd.DataFrame | None,
    rule: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Everyone at the baseline, at a follow-up, and whether they are the same people.

    Parameters
    ----------
    scores_by_wave, study, links
        As of `evaluate_outcomes`.
    rule : str
        Link by this rule and not the declared one.

    Returns
    -------
    before, after : DataFrame, one row a participant
        Linked participants have the same name in both. Nobody is in the earlier, where
        people were asked afterwards alone.
    linked : bool
        False where the waves are of different people as far as anybody knows.
    """
    after = scores_by_wave[follow_up][outcome.survey]
    if not outcome.baseline:
        return after.iloc[:0], after, False
    before = scores_by_wave[outcome.baseline][outcome.survey]
    linked = is_linked(study, outcome.survey, outcome.baseline, follow_up)
    if linked and links is not None:
        rule = rule or _declared_rule(study, outcome, follow_up)
        pair = (outcome.baseline, follow_up)
        after = _renamed(after, links, survey=outcome.survey, waves=pair, rule=rule)
    if linked:
        waves = Contrast(follow_up, outcome.baseline)
        _check_sites(before, after, f"{study.name}, {outcome.survey}, {waves}")
    return before, after, linked


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
    linked_waves = links.loc[
        (links["survey"] == survey)
        & (links["wave_before"] == waves[0])
        & (links["wave_after"] == waves[1])
    ]
    # An identifier is only ever linked exactly, whatever rule the codes are under.
    tried = set(linked_waves["rule"])
    linked_waves = linked_waves.loc[
        linked_waves["rule"] == (rule if rule in tried else "exact")
    ]
    for side in ("before", "after"):
        assert linked_waves[side].is_unique, "a participant is linked once"
    earlier = linked_waves.astype(str).set_index("after")["before"]
    names = earlier.reindex(after["participant"].astype(str), fill_value="")
    return after.assign(participant=names.to_numpy())


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


def scores_of(scores: pd.DataFrame, outcome: Outcome, study: Study) -> pd.DataFrame:
    """Participant, arm, team, covariates and the one score, where there is a score."""
    covariates = study.plan.covariates if study.plan else ()
    columns = ["participant", "arm", "team", *(n for n in covariates if n in scores)]
    frame = scores[list(dict.fromkeys(columns))].assign(
        score=scores[f"{outcome.instrument}.{outcome.subscale}"]
    )
    return frame.dropna(subset="score").rename(columns={"team": "cluster"})


def linked_pairs(
    before: pd.DataFrame, after: pd.DataFrame, *, also: Sequence[str] = ()
) -> pd.DataFrame:
    """Participants with a score at both waves: ``before`` and ``after``.

    Parameters
    ----------
    before, after : DataFrame, one row a participant
        As `scores_of` gives them; who is not linked has no name.
    also : sequence of str
        Columns of the later wave to keep as well.
    """
    waves = [
        wave.loc[wave["participant"] != ""].set_index("participant")
        for wave in (before, after)
    ]
    return (
        waves[0]
        .rename(columns={"score": "before"})
        .join(
            waves[1][["score", *also]].rename(columns={"score": "after"}),
            how="inner",
            validate="one_to_one",
        )
    )


def by_arm(scores: pd.DataFrame, study: Study) -> Iterator[tuple[str, pd.DataFrame]]:
    """Everyone together, then each declared arm."""
    yield "", scores
    for arm in study.arms:
        yield arm.name, scores.loc[scores["arm"] == arm.name]
