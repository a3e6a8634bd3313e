"""What a notebook shows of answers: whether they matter, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import Figure, Note, methods_figure, site_figure
from analysis.publication.places import findings_of_outcome
from analysis.publication.shown import Shown, non_empty_parts
from analysis.publication.tables import (
    family_table,
    intracluster_table,
    judgement_table,
    responder_table,
    site_table,
)
from analysis.publication.tables.families import tested_outcomes
from analysis.publication.tables.sites import by_site

NOT_TESTED = (
    "The plan has no rule by which several outcomes are tested together, so none is "
    "tested here: each stands with its interval, and of many intervals one may exclude "
    "no effect by chance alone."
)
ONE_SITE = "Fewer than two sites hold what is compared, so there is one answer."
USUAL = 0.05
"""A p below this is said to hold."""

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed


def show_judgement(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome against the smallest effect that was declared to matter."""
    nothing = "No smallest effect that matters was declared, so nothing can be judged."
    return non_empty_parts([judgement_table(disclosed, study)], nothing)


def show_evidence_level(disclosed: Disclosed, study: Study) -> Shown:
    """How far each answer can be trusted by its design, and what would lift it."""
    titles: dict[str, dict[str, None]] = {}
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome).where(
            term="evidence_rung",
        )
        for finding in selected.findings:
            text = finding.method if finding.estimate is not None else finding.reason
            titles.setdefault(text, {})[outcome.title] = None
    notes = (
        Note(text=f"{_named(named, study)}. {text}", kind="summary")
        for text, named in titles.items()
    )
    return Shown(parts=tuple(notes) or (Note(text="No outcome was declared."),))


def _named(titles: Iterable[str], study: Study) -> str:
    named = list(titles)
    return "Every outcome" if len(named) == len(study.outcomes) else ", ".join(named)


def show_methods(disclosed: Disclosed, study: Study) -> Shown:
    """The same question reckoned in several ways, and how alike teams are."""
    estimated = {
        (part.survey, part.instrument, part.subscale)
        for part in disclosed.where(term="difference_in_change_by_way").findings
    }
    figures = [
        methods_figure(disclosed, study, outcome)
        for outcome in study.outcomes
        if (outcome.survey, outcome.instrument, outcome.subscale) in estimated
    ]
    if not figures:
        why = "Teams were not allocated to two groups, so there is one way to reckon."
        return Shown(parts=(Note(text=why),))
    similarity_table = intracluster_table(disclosed, study)
    return Shown(
        parts=(*figures, *([similarity_table] if similarity_table.rows else []))
    )


def show_responders(disclosed: Disclosed, study: Study) -> Shown:
    """Who got better, stayed and got worse, never the first alone."""
    nothing = "Nobody was followed from wave to wave, so nobody's own change is known."
    return non_empty_parts([responder_table(disclosed, study)], nothing)


def show_sites(disclosed: Disclosed, study: Study) -> Shown:
    """What was found at each site; from three sites on, over all of them too."""
    by_site_outcomes = [outcome for outcome, _, _ in by_site(disclosed, study)]
    if not by_site_outcomes:
        return Shown(parts=(Note(text=ONE_SITE),))
    drawn = (
        site_figure(disclosed, study, outcome)
        for outcome in study.outcomes
        if outcome in by_site_outcomes
    )
    # Why there is nothing to draw stands below the table.
    figures = [figure for figure in drawn if isinstance(figure, Figure)]
    return Shown(parts=(*figures, site_table(disclosed, study)))


def show_families(disclosed: Disclosed, study: Study) -> Shown:
    """Which outcomes still stand once all that was asked is counted."""
    table = family_table(disclosed, study)
    if not table.rows:
        return Shown(parts=(Note(text=NOT_TESTED),))
    adjusted = [
        part
        for _, _, selected in tested_outcomes(disclosed, study)
        for part in selected.where(term="adjusted_p_value").findings
        if part.estimate is not None
    ]
    significant = sum(
        part.estimate < USUAL for part in adjusted if part.estimate is not None
    )
    words = (
        f"{significant} of {len(adjusted)} outcomes still stand at a level of .05 once all "
        "that was asked with them is counted."
    )
    return Shown(parts=(Note(text=words, kind="summary"), table))
