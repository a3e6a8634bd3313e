"""Who was linked between waves, and whose listening was rated, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import Note
from analysis.publication.places import found, wave_text, waves_of
from analysis.publication.shown import Shown
from analysis.publication.tables import Footnotes, Table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed

RULES = {
    "exact": "Equal codes",
    "one_element_off": "One element off",
    "weighted": "Similar enough",
}
NOTHING = "No outcome of this study compares linked participants."
NO_ROSTER = "This study declares no list of staff, so coverage is not known."
HEADS = ("Survey", "Waves", "Rule", "Linked", "False links (share)")
BY_WAVE = (
    ("Not linked, first wave", "participants_not_linked", 1),
    ("Not linked, second wave", "participants_not_linked", 0),
    ("In doubt, first wave", "participants_ambiguous", 1),
    ("In doubt, second wave", "participants_ambiguous", 0),
)


def show_linkage(disclosed: Disclosed, study: Study) -> Shown:
    """The links made under every rule, a row a rule, survey and pair of waves."""
    notes, rows = Footnotes(), []
    for survey in study.surveys:
        of_survey = disclosed.where(survey=survey.name)
        for waves in waves_of(of_survey, study, contrasts=True):
            here, pair = of_survey.where(wave=waves), waves.split(" - ")
            declared = _declared_rule(study, survey.name, pair[0])
            for rule, title in RULES.items():
                linked = found(here, term="participants_linked", group=rule)
                if linked is None:
                    continue
                rate = found(here, term="false_match_rate", group=rule)
                by_wave = (
                    found(here, term=term, group=f"{rule}: {pair[side]}")
                    for _, term, side in BY_WAVE
                )
                rows.append(
                    (
                        survey.title,
                        wave_text(study, waves),
                        title + (" (declared)" if rule == declared else ""),
                        notes.cell(linked),
                        notes.cell(rate, title="False links"),
                        *(notes.cell(finding) for finding in by_wave),
                    )
                )
    if not rows:
        return Shown(parts=(Note(text=NOTHING),))
    table = Table(
        caption="Participants linked between waves",
        columns=(*HEADS, *(title for title, *_ in BY_WAVE)),
        rows=tuple(rows),
        row_headings=3,
        notes=notes.notes(),
        methods=notes.methods(),
    )
    return Shown(parts=(table,))


def show_coverage(disclosed: Disclosed, study: Study) -> Shown:
    """The share of staff rated, a row a wave and group."""
    notes, rows = Footnotes(), []
    for survey in study.surveys:
        of_survey = disclosed.where(survey=survey.name)
        for wave in waves_of(of_survey, study, contrasts=False):
            here = of_survey.where(wave=wave)
            once = here.where(term="share_rated_once").findings
            for finding in once:
                enough = found(here, term="share_rated_enough", group=finding.group)
                rows.append(
                    (
                        wave_text(study, wave),
                        _staff_text(finding.group, study),
                        notes.people(finding),
                        notes.cell(finding, title="Rated once"),
                        notes.cell(enough, title="Rated often enough"),
                    )
                )
    if not rows:
        return Shown(parts=(Note(text=NO_ROSTER),))
    table = Table(
        caption="Staff in regular contact who were rated",
        columns=("Wave", "Staff", "n", "Rated once", "Rated often enough"),
        rows=tuple(rows),
        row_headings=2,
        notes=notes.notes(),
        methods=notes.methods(),
    )
    return Shown(parts=(table,))


def _staff_text(group: str, study: Study) -> str:
    """A group of staff in words: everyone, a role, or a team by its title."""
    kind, _, name = group.partition(": ")
    titles = {team.name: team.title for team in study.teams} if kind == "team" else {}
    return f"{kind.capitalize()}: {titles.get(name, name)}" if name else "All staff"


def _declared_rule(study: Study, survey: str, wave: str) -> str:
    export = study.wave(wave).export(survey)
    rule = export.linkage_rule if export else None
    return rule.rule if rule else "exact"
