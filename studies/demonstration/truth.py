"""What is true in the demonstration study: ``truth.toml`` into frozen values.

Read as strictly as every other declaration: all faults are told at once.
"""  # noqa: INP001

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from analysis.declarations.instrument_file import parse_instrument
from analysis.declarations.study_file import parse_study
from analysis.declarations.toml_tables import Table, parse_toml
from analysis.foundation.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Outcome, Study

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

STUDIES = Path(__file__).parents[1]
INSTRUMENTS = STUDIES.parent / "analysis" / "instruments"
ENCODINGS = ("utf-8", "utf-8-sig", "windows-1252")
ANSWERS = ("texts", "numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueOutcome:
    """How an outcome's items answer to its latent variable, and how that moves."""

    loadings: tuple[float, ...]
    difficulties: tuple[float, ...]
    thresholds: tuple[float, ...]
    trend: Mapping[str, float]
    effect: Mapping[str, float]

    def shift(self, wave: str, *, treated: bool) -> float:
        """Mean of the latent variable in an arm at a wave."""
        effect = self.effect.get(wave, 0.0) if treated else 0.0
        return self.trend.get(wave, 0.0) + effect

    def cuts(self) -> Array:
        """Latent answer above which an item is one point higher, item by step."""
        steps: Array = np.array(self.thresholds, dtype=float)
        return np.array(self.difficulties, dtype=float)[:, None] + steps


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueSurvey:
    """Standard deviations of the latent variables, by where they come from."""

    team_sd: float
    team_wave_sd: float
    person_sd: float
    shared: float

    @property
    def response_sd(self) -> float:
        """What is left of variance 1 for the single response."""
        known = self.team_sd**2 + self.team_wave_sd**2 + self.person_sd**2
        return float(np.sqrt(1 - known))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrospectiveItem:
    """An item that judges afterwards how an outcome was before."""

    outcome: str
    recalibration: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slips:
    """Of those who make another code than before, what they make otherwise."""

    letter: float
    digits: float
    two: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStaff:
    """Who stands on the list of staff beside those who are rated."""

    never_rated_per_team: tuple[float, float]
    not_in_contact_per_team: tuple[float, float]
    rated_but_not_listed: int
    rated_roles: Mapping[str, float]
    never_rated_roles: Mapping[str, float]
    other_roles: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What people write in their own words, and whom they name."""

    share: float
    naming: float
    plain: tuple[str, ...]
    telling: tuple[str, ...]
    titled: tuple[str, ...]
    names: tuple[str, ...]

    def listed(self) -> tuple[str, ...]:
        """The list of names: whole, then in parts."""
        parts = [part for name in self.names for part in name.split()]
        return tuple(dict.fromkeys([*self.names, *parts]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How one file of the export was saved."""

    encoding: str
    answers: str
    impossible: int
    empty_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFaults:
    """Shares of rows; a row is at most one of these."""

    no_consent: float
    unfinished: float
    hardly_answered: float
    blank_code_element: float
    repeated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFaults:
    """Shares of cells."""

    untidy: float
    blank: float
    refused: float
    unscored: float
    comment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All that the simulation rests on: the study as declared, and what is true."""

    study: Study
    staff_per_team: tuple[float, float]
    rated_staff_per_team: int
    ratings_per_staff: float
    retention: float
    same_code: float
    slips: Slips
    looking_back: Mapping[str, RetrospectiveItem]
    staff_list: ListedStaff
    remarks: Remarks
    surveys: Mapping[str, TrueSurvey]
    outcomes: Mapping[str, TrueOutcome]
    rows: RowFaults
    cells: CellFaults
    comments: tuple[str, ...]
    written: Mapping[str, Mapping[str, Written]]

    def retrospective_items(self) -> tuple[str, ...]:
        """``instrument.item`` of every item that judges afterwards."""
        instrument = {o.name: o.instrument for o in self.study.outcomes}
        return tuple(
            f"{instrument[back.outcome]}.{item}"
            for item, back in self.looking_back.items()
        )


def subscale(study: Study, outcome: Outcome) -> Subscale:
    """The subscale an outcome is the score of."""
    return study.instruments[outcome.instrument].subscale(outcome.subscale)


def read_truth(study: str = "listening-pilot") -> Truth:
    """Read the committed truth of the committed study."""
    text = (Path(__file__).parent / "truth.toml").read_text(encoding="utf-8")
    declared = (STUDIES / f"{study}.toml").read_text(encoding="utf-8")
    return parse_truth(
        text, parse_study(declared, name=study, read_instrument=_instrument)
    )


def _instrument(name: str) -> Instrument:
    path = INSTRUMENTS / f"{name}.toml"
    return parse_instrument(path.read_text(encoding="utf-8"), where=path.name)


def parse_truth(text: str, study: Study) -> Truth:
    """Turn the text of a truth into values.

    Raises
    ------
    DeclarationError
        With every key that is missing, misspelt or of the wrong form.
    """
    faults: list[str] = []
    top = Table(parse_toml(text, where="truth.toml"), faults)
    size, panel, fault_shares = (top.table(key) for key in ("size", "panel", "mess"))
    surveys, outcomes, written = (
        top.table(key) for key in ("surveys", "outcomes", "written")
    )
    truth = Truth(
        study=study,
        staff_per_team=size.pair("staff_per_team"),
        rated_staff_per_team=size.whole("rated_staff_per_team"),
        ratings_per_staff=size.number("ratings_per_staff"),
        retention=panel.number("retention"),
        same_code=panel.number("same_code"),
        slips=Slips(**_shares(panel.table("slips"), Slips)),
        looking_back={
            name: _retrospective_items(table, study)
            for name, table in top.tables("looking_back")
        },
        staff_list=_staff_list(top.table("staff_list")),
        remarks=_remarks(top.table("remarks")),
        surveys={s.name: _survey(surveys.table(s.name)) for s in study.surveys},
        outcomes={
            o.name: _outcome(outcomes.table(o.name), study, o) for o in study.outcomes
        },
        rows=RowFaults(**_shares(fault_shares.table("rows"), RowFaults)),
        cells=CellFaults(**_shares(fault_shares.table("cells"), CellFaults)),
        comments=fault_shares.texts("comments", None),
        written={
            s.name: _written(written.table(s.name), study.wave_names())
            for s in study.surveys
        },
    )
    for table in (size, panel, fault_shares, surveys, outcomes, written, top):
        table.close()
    if faults:
        raise DeclarationError("truth.toml", faults)
    return truth


def _survey(table: Table) -> TrueSurvey:
    survey = TrueSurvey(**_shares(table, TrueSurvey))
    known = survey.team_sd**2 + survey.team_wave_sd**2 + survey.person_sd**2
    if known > 1:
        table.fault("person_sd", "the variances must add up to at most 1")
    return survey


def _shares(table: Table, kind: type) -> dict[str, float]:
    """A number from 0 to 1 for every field of a dataclass."""
    values = {name: table.number(name) for name in kind.__annotations__}
    for name, value in values.items():
        if not 0 <= value <= 1:
            table.fault(name, "must lie between 0 and 1")
    table.close()
    return values


def _outcome(table: Table, study: Study, outcome: Outcome) -> TrueOutcome:
    instrument = study.instruments[outcome.instrument]
    items = len(subscale(study, outcome).items)
    later = study.wave_names()[1:]
    true = TrueOutcome(
        loadings=_numbers(table, "loadings", items),
        difficulties=_numbers(table, "difficulties", items),
        thresholds=_numbers(
            table, "thresholds", int(instrument.highest - instrument.lowest)
        ),
        trend=_by_wave(table, "trend", later),
        effect=_by_wave(table, "effect", later),
    )
    if list(true.thresholds) != sorted(true.thresholds):
        table.fault("thresholds", "must rise")
    table.close()
    return true


def _retrospective_items(table: Table, study: Study) -> RetrospectiveItem:
    back = RetrospectiveItem(
        outcome=table.text("outcome"),
        recalibration=_by_wave(table, "recalibration", study.wave_names()[1:]),
    )
    if back.outcome not in {outcome.name for outcome in study.outcomes}:
        table.fault("outcome", "names no outcome of the study")
    table.close()
    return back


def _staff_list(table: Table) -> ListedStaff:
    roles = {
        f"{kind}_roles": _roles(table, f"{kind}_roles")
        for kind in ("rated", "never_rated", "other")
    }
    listed = ListedStaff(
        never_rated_per_team=table.pair("never_rated_per_team"),
        not_in_contact_per_team=table.pair("not_in_contact_per_team"),
        rated_but_not_listed=table.whole("rated_but_not_listed"),
        **roles,
    )
    table.close()
    return listed


def _roles(table: Table, key: str) -> Mapping[str, float]:
    shares = table.numbers_by_text(key)
    if round(sum(shares.values()), 9) != 1:
        table.fault(key, "shares must add up to 1")
    return shares


def _remarks(table: Table) -> Remarks:
    remarks = Remarks(
        share=table.number("share"),
        naming=table.number("naming"),
        **{
            key: table.texts(key, None)
            for key in ("plain", "telling", "titled", "names")
        },
    )
    table.close()
    return remarks


def _by_wave(table: Table, key: str, waves: tuple[str, ...]) -> dict[str, float]:
    inner = table.table(key)
    numbers = {wave: inner.number(wave) for wave in waves}
    inner.close()
    return numbers


def _numbers(table: Table, key: str, count: int) -> tuple[float, ...]:
    value = table.raw(key)
    if not isinstance(value, list) or len(value) != count:
        table.fault(key, f"must be a list of {count} numbers")
        return (0.0,) * count
    return tuple(float(number) for number in value)


def _written(table: Table, waves: tuple[str, ...]) -> dict[str, Written]:
    files = {}
    for wave in waves:
        inner = table.table(wave)
        files[wave] = Written(
            encoding=inner.choice("encoding", ENCODINGS),
            answers=inner.choice("answers", ANSWERS),
            impossible=inner.whole("impossible", 0),
            empty_rows=inner.whole("empty_rows", 0),
        )
        inner.close()
    table.close()
    return files
