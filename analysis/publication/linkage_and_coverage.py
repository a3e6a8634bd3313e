"""How answers were matched between waves, and which staff were rated, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Group, names_in
from analysis.publication.places import found, wave_text, waves_of
from analysis.publication.shown import show
from analysis.publication.table import Footnotes
from analysis.publication.words import counted

if TYPE_CHECKING:
    from analysis.declarations.study import Study
    from analysis.foundation.findings import AnyGroup
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.shown import Shown
    from analysis.publication.table import Table

RULES = {
    "exact": "Equal codes",
    "one_element_off": "One element off",
    "weighted": "Similar enough",
}
MATCHED = (
    "Matched are people whose responses were used at both waves, with a score or not; "
    "only those scored at both are linked, and the page Outcomes counts them."
)
NOTHING = "No outcome of this study compares linked participants."
TOGETHER = "smaller ones together"
"""What groups of too few are called in the findings."""
NO_ROSTER = "This study declares no list of staff, so coverage is not known."
HEADINGS = ("Survey", "Waves", "Rule", "Matched", "False links (share)")
BY_WAVE = (
    ("Not matched, first wave", "participants_not_matched", 1),
    ("Not matched, second wave", "participants_not_matched", 0),
    ("In doubt, first wave", "participants_ambiguous", 1),
    ("In doubt, second wave", "participants_ambiguous", 0),
)


def show_linkage(disclosed: Disclosed, study: Study) -> Shown:
    """The links made under every rule, a row a rule, survey and pair of waves."""
    notes, rows = Footnotes(), []
    for survey in study.surveys:
        of_survey = disclosed.where(survey=survey.name)
        for waves in waves_of(of_survey, study, contrasts=True):
            here, pair = of_survey.where(wave=waves), names_in(waves)
            declared = _declared_rule(study, survey.name, pair[0])
            for rule, title in RULES.items():
                matched = found(here, term="participants_matched", group=rule)
                if matched is None:
                    continue
                rate = found(here, term="false_match_rate", group=rule)
                by_wave = (
                    found(
                        here,
                        term=term,
                        group=Group("rule_at_wave", pair[side], of=rule),
                    )
                    for _, term, side in BY_WAVE
                )
                rows.append(
                    (
                        survey.title,
                        wave_text(study, waves),
                        title + (" (declared)" if rule == declared else ""),
                        notes.cell(matched),
                        notes.cell(rate, title="False links"),
                        *(notes.cell(finding) for finding in by_wave),
                    )
                )
    # One survey needs no column of its own, and leaves room on a narrow screen.
    surveys = {row[0] for row in rows}
    spare = int(len(surveys) == 1)
    table = notes.table(
        ": ".join(["Participants matched between waves", *(surveys if spare else ())]),
        (*HEADINGS, *(title for title, *_ in BY_WAVE))[spare:],
        (row[spare:] for row in rows),
        row_headings=3 - spare,
        also=(MATCHED,),
    )
    return show([table], NOTHING)


def _declared_rule(study: Study, survey: str, wave: str) -> str:
    export = study.wave(wave).export(survey)
    rule = export.linkage_rule if export else None
    return rule.rule if rule else "exact"


def show_coverage(disclosed: Disclosed, study: Study) -> Shown:
    """The share of staff rated at all, and often enough: a row a group of staff."""
    enough = study.roster.least_ratings if study.roster else 1
    shares = {"share_rated_once": 1, "share_rated_enough": enough}
    tables = [
        _coverage_table(disclosed.where(term=term), study, times)
        for term, times in shares.items()
    ]
    return show(tables, NO_ROSTER)


def _coverage_table(here: Disclosed, study: Study, times: int) -> Table:
    """One share of every group of staff, a column a wave."""
    waves = waves_of(here, study, contrasts=False)
    notes, rows = Footnotes(), []
    for group in dict.fromkeys(finding.group for finding in here.findings):
        of_group = here.where(group=group)
        people = notes.people(next(iter(of_group.findings), None))
        shares = (found(of_group, wave=wave) for wave in waves)
        cells = (notes.cell(share, title="Rated") for share in shares)
        rows.append((_staff_text(group, study), people, *cells))
    least = counted(times, "time", "times") if times > 1 else "once"
    return notes.table(
        f"Staff in regular contact who were rated at least {least}",
        ("Staff", "In regular contact", *(wave_text(study, wave) for wave in waves)),
        rows,
    )


def _staff_text(group: AnyGroup, study: Study) -> str:
    """A group of staff in words: everyone, a role, or a team by its title."""
    if not isinstance(group, Group):
        return "All staff"
    kind, name = group.of, group.value
    if name == TOGETHER:
        return f"Smaller {kind}s together"
    titles = {team.name: team.title for team in study.teams} if kind == "team" else {}
    return titles.get(name, name)
