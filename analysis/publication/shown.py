"""What a notebook cell shows: tables, figures and notes in one value, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from analysis.declarations.plan import EXPLORATORY
from analysis.declarations.plan_lock import family_of
from analysis.publication.cleaning import (
    emptied_table,
    flag_table,
    flow_table,
    missing_table,
    pattern_table,
    scrubbed_table,
)
from analysis.publication.contrasts import change_figure, comparison_figure
from analysis.publication.figure import Figure, Note
from analysis.publication.numbers import number_text
from analysis.publication.participant_flow import flow_figures, followed_figures
from analysis.publication.places import surveyed, wave_text
from analysis.publication.scores import (
    change_table,
    comparison_table,
    score_figure,
    score_table,
)
from analysis.publication.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analysis.declarations.study import Study
    from analysis.publication.disclosure.control import Disclosed

Part: TypeAlias = Table | Figure | Note

SIMULATED = (
    "Simulated data: these numbers were made up to try the method out. They say "
    "nothing about any person, team or service."
)
NO_ARMS = "There is no comparison group in this study, so nothing can be compared."
NO_CHANGE = "No change was estimated in this study: it has no outcome at two waves."

ONE_WAVE = "People were asked at one time only, so nobody could be followed."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shown:
    """Tables, figures and notes in the order they are read."""

    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        """Short: kept beside the page, where nothing but last digits would differ."""
        return (
            f"Shown({len(self.tables)} tables, {len(self.figures)} figures, "
            f"{len(self.parts)} parts)"
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, to be saved as pictures and numbers."""
        return tuple(part for part in self.parts if isinstance(part, Figure))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables."""
        return tuple(part for part in self.parts if isinstance(part, Table))

    def _repr_html_(self) -> str:
        return "\n".join(part._repr_html_() for part in self.parts)


def show_study(study: Study) -> Shown:
    """What the study is: surveys, outcomes declared, and cautions."""
    parts: list[Part] = [Note(text=SIMULATED, kind="banner")] if study.simulated else []
    parts += [Note(text=study.summary, kind="summary"), _survey_table(study)]
    if study.outcomes:
        parts.append(_outcome_table(study))
    parts += [Note(text=text, kind="caution") for text in _cautions(study)]
    return Shown(parts=tuple(parts))


def show_flow(disclosed: Disclosed, study: Study) -> Shown:
    """How many responses came, were left out and why, and stayed."""
    tables = (
        flow_table(disclosed, study),
        flag_table(disclosed, study),
        emptied_table(disclosed, study),
        scrubbed_table(disclosed, study),
    )
    figures = flow_figures(disclosed, study)
    return non_empty_parts([*figures, *tables], "No response was counted.")


def show_followed(disclosed: Disclosed, study: Study) -> Shown:
    """How many took part at each wave, and could be followed from an earlier one."""
    figures = tuple(followed_figures(disclosed, study))
    return Shown(parts=figures or (Note(text=ONE_WAVE),))


def show_missing(disclosed: Disclosed, study: Study) -> Shown:
    """How many answered everything, which items were left, and whether at random."""
    tables = missing_table(disclosed, study), pattern_table(disclosed, study)
    return non_empty_parts([*tables], "No instrument was asked.")


def show_scores(disclosed: Disclosed, study: Study) -> Shown:
    """Scores at each wave, in each arm."""
    return by_instrument(
        disclosed,
        study,
        table_of=score_table,
        figure_of=score_figure,
        drawn=("mean",),
        nothing="No score was described.",
    )


def show_change(disclosed: Disclosed, study: Study) -> Shown:
    """Change between waves."""
    shown = by_instrument(
        disclosed,
        study,
        table_of=change_table,
        figure_of=change_figure,
        drawn=("mean_change",),
        nothing=NO_CHANGE,
    )
    return _with_exploratory(shown, study)


def show_comparison(disclosed: Disclosed, study: Study) -> Shown:
    """Change beside that of the comparison arm."""
    nothing = "Nothing was compared between groups." if study.arms else NO_ARMS
    shown = by_instrument(
        disclosed,
        study,
        table_of=comparison_table,
        figure_of=comparison_figure,
        drawn=("difference_in_change", "adjusted_mean_difference"),
        nothing=nothing,
    )
    return _with_exploratory(shown, study)


def _with_exploratory(shown: Shown, study: Study) -> Shown:
    """The same under a caution that names the outcomes no locked plan holds."""
    named = [o.title for o in study.outcomes if family_of(o, study) == EXPLORATORY]
    if not named or not shown.tables:
        return shown
    text = (
        f"Exploratory, not in the locked plan: {', '.join(named)}. What is found here "
        "is for another study to test."
    )
    return Shown(parts=(Note(text=text, kind="caution"), *shown.parts))


def by_instrument(
    disclosed: Disclosed,
    study: Study,
    *,
    table_of: Callable[..., Table],
    figure_of: Callable[..., Figure | Note],
    drawn: tuple[str, ...],
    nothing: str,
) -> Shown:
    """A figure a subscale that has one of the terms `drawn`, a table an instrument."""
    parts: list[Part] = []
    for survey, instrument in surveyed(study):
        place = {"survey": survey, "instrument": instrument.name}
        selected = disclosed.where(**place, item="")
        for subscale in instrument.subscales:
            of_subscale = selected.where(subscale=subscale.name).findings
            if any(finding.term in drawn for finding in of_subscale):
                parts.append(
                    figure_of(disclosed, study, **place, subscale=subscale.name)
                )
        parts.append(table_of(disclosed, study, **place))
    return non_empty_parts(parts, nothing)


def non_empty_parts(parts: list[Part], nothing: str) -> Shown:
    """Leave out tables without a row; where nothing is left, say so."""
    kept = [part for part in parts if not isinstance(part, Table) or part.rows]
    if not any(isinstance(part, Table) for part in kept):
        kept = [Note(text=nothing)]
    return Shown(parts=tuple(kept))


def _survey_table(study: Study) -> Table:
    rows = []
    for survey in study.surveys:
        wave_titles = [wave.title for wave in study.waves if wave.export(survey.name)]
        for name in survey.instruments:
            instrument = study.instruments[name]
            rows.append(
                (
                    survey.title,
                    survey.respondent.replace("_", " "),
                    instrument.title,
                    f"{len(instrument.items)}",
                    ", ".join(wave_titles),
                )
            )
    return Table(
        caption="What was asked, of whom and when",
        columns=("Survey", "Answered by", "Instrument", "Items", "Waves"),
        rows=tuple(rows),
    )


def _outcome_table(study: Study) -> Table:
    rows = []
    for outcome in study.outcomes:
        effect = outcome.smallest_effect
        later = [wave_text(study, wave) for wave in outcome.follow_ups]
        rows.append(
            (
                outcome.title,
                family_of(outcome, study),
                wave_text(study, outcome.baseline),
                ", ".join(later) or "none",
                number_text(effect) if effect is not None else "not declared",
            )
        )
    return Table(
        caption="Outcomes declared",
        columns=(
            "Outcome",
            "Family",
            "Baseline",
            "Follow-up",
            "Smallest difference that matters",
        ),
        rows=tuple(rows),
    )


def _cautions(study: Study) -> Iterator[str]:
    """A sentence an instrument that has something to beware of."""
    for instrument in study.instruments.values():
        facts = [
            f"not checked against a published source: {fact.about} ({fact.source})"
            for fact in instrument.unverified
        ]
        if instrument.project_defined:
            facts.append("made for this project, not a published questionnaire")
        if sentences := [*facts, *instrument.cautions]:
            yield f"{instrument.title}: {'; '.join(sentences)}."
