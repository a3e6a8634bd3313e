"""A study as declared before its data arrive: waves, arms, teams, outcomes, limits."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analysis.declarations.instrument import Fact, Instrument
from analysis.declarations.plan import DeclaredDesign, Lock, Multiverse, Plan
from analysis.declarations.survey import Export
from analysis.foundation.errors import DeclarationError
from heard.errors import unknown

ALLOCATED = ("person", "team", "site")
"""What may have been allocated, from the lowest level to the highest."""
RESTRICTIONS = ("none", "strata", "pairs")
FAMILIES = ("primary", "secondary")
SMALLEST_GROUP = 11
"""Staff surveys in the NHS suppress results of ten or fewer respondents."""
USUAL_RELIABILITY = 0.70
"""Commonly asked of a score or a mean that is compared (Nunnally 1978; COSMIN)."""
UNITS = ("team", "site")
YES = "yes"
NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What was put in which arm, and how.

    Attributes
    ----------
    unit : str
        ``person``, ``team`` or ``site``; empty: found from the declared teams.
    randomised : bool
        Whether arms, or the order in which units started, were randomised.
    strata : tuple of str
        Within what they were randomised: ``site``, or ``stratum`` of the teams.
    restricted : str
        Which allocations were possible: any, any within strata, or one of each pair.
    treated, control : str
        The two arms compared; empty without a comparison.
    contrasts : tuple of (str, str)
        With three arms or more: each treated arm and what it is compared with.
    """

    unit: str = field(default="", metadata={"known": ALLOCATED})
    randomised: bool = False
    strata: tuple[str, ...] = ()
    restricted: str = field(default="", metadata={"known": RESTRICTIONS})
    treated: str = ""
    control: str = ""
    contrasts: tuple[tuple[str, ...], ...] = ()

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Treated arm and comparison of every contrast, the first the main one."""
        if self.contrasts:
            return tuple((one[0], one[1]) for one in self.contrasts if len(one) == 2)
        return ((self.treated, self.control),) if self.treated else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A group the pilot is compared within; ``answers`` name it in the export."""

    name: str
    title: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An organisation, such as a trust."""

    name: str
    title: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team of staff, with the site and the arm it belongs to.

    Attributes
    ----------
    stratum : str
        Teams of one stratum, or pair, were randomised among themselves.
    """

    name: str
    title: str
    site: str = ""
    arm: str = ""
    stratum: str = ""
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A questionnaire handed out at one or more waves."""

    name: str
    title: str
    respondent: str = ""
    instruments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A round of data collection and the exports it brought."""

    name: str
    title: str
    date: str
    exports: tuple[Export, ...]

    def export(self, survey: str) -> Export | None:
        """The export of a survey, or None if it was not held at this wave."""
        return next((part for part in self.exports if part.survey == survey), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A list of staff, one row each, against which ratings are counted.

    Attributes
    ----------
    survey : str
        The survey in which staff are rated.
    staff_member, role, team, regular_contact : str
        Headers; the code of a member of staff is the one the ratings have.
    answers : tuple of str
        Answers that mean regular contact with those who use the service.
    no_contact : tuple of str
        Answers that mean none; what is neither is a fault, not a no.
    least_ratings : int
        From how many ratings on a member of staff counts as rated enough.
    """

    file: str
    survey: str
    staff_member: str
    role: str
    team: str
    regular_contact: str
    answers: tuple[str, ...] = ("yes",)
    no_contact: tuple[str, ...] = ("no", "")
    least_ratings: int = field(default=5, metadata={"key": "minimum_ratings"})

    def headers(self) -> tuple[str, ...]:
        """Every header that must be in the file."""
        return (self.staff_member, self.role, self.team, self.regular_contact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """One way of dividing those who answer a survey into groups.

    Attributes
    ----------
    survey : str
        The survey they answer.
    column : str
        The attribute of that survey whose values are the groups.
    reference : str
        The group that the others are compared with.
    order : tuple of str
        Every group from the least to the most deprived; empty if there is no order.
    """

    name: str
    title: str
    survey: str
    column: str
    reference: str
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What starts, and when.

    Attributes
    ----------
    unit : str
        What is given a start: ``team`` or ``site``.
    starts : mapping
        Unit → the first wave with the pilot. A unit not named never starts within the
        study.
    """

    unit: str = field(metadata={"known": UNITS})
    starts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """Which attributes say how much a person took part.

    Attributes
    ----------
    survey : str
        The survey that asked.
    column : str
        Attribute: sessions attended up to that wave.
    future : str
        Attribute: sessions attended after that wave, as far as the study goes; empty:
        calculated from `column` where people are linked.
    ingredients : mapping
        Ingredient → attribute: sessions with it up to that wave, or yes and no.
    """

    survey: str
    column: str
    future: str = ""
    ingredients: Mapping[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute that it needs kept alongside the scores."""
        named = (self.column, self.future, *self.ingredients.values())
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementaryMeasures:
    """What is asked of an outcome besides its mean.

    Attributes
    ----------
    top : float or None
        Score from which on, towards the better end, an answer counts as a top one; the
        best score alone if not given.
    then : str
        Subscale of the same instrument, asked at follow-ups: the state before, judged
        afterwards. Empty if there is none.
    anchor : str
        Attribute at the follow-ups by which people say whether things got better.
    anchor_better : tuple of str
        Its values that mean better.
    anchor_little : tuple of str
        Those of them that mean a little better, and no more.
    anchor_reliability : float or None
        Of the anchor, if it is known.
    """

    top: float | None = field(default=None, metadata={"key": "top_score"})
    then: str = field(default="", metadata={"key": "retrospective"})
    anchor: str = ""
    anchor_better: tuple[str, ...] = ()
    anchor_little: tuple[str, ...] = field(
        default=(), metadata={"key": "anchor_slightly_better"}
    )
    anchor_reliability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the pilot is judged by, declared in advance.

    Attributes
    ----------
    short_title : str
        The title within a sentence, such as ``ratings`` or ``confidence``; made of the
        title if not given.
    baseline : str
        The wave before; empty where arms are compared afterwards alone.
    follow_ups : tuple of str
        Waves compared with the baseline; every later wave if none is named.
    smallest_effect : float or None
        Smallest difference that matters, in units of the score.
    supplementary : SupplementaryMeasures
        What is shown alongside its mean, and decides nothing.
    """

    name: str
    title: str
    survey: str
    instrument: str
    subscale: str
    family: str
    baseline: str
    follow_ups: tuple[str, ...]
    short_title: str = ""
    smallest_effect: float | None = None
    supplementary: SupplementaryMeasures = field(default_factory=SupplementaryMeasures)

    @property
    def waves(self) -> tuple[str, ...]:
        """Every wave it is judged at: the baseline, if there is one, and follow-ups."""
        return (*((self.baseline,) if self.baseline else ()), *self.follow_ups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything declared about a study, its instruments included.

    Attributes
    ----------
    plan : Plan or None
        The analysis plan; None if none was declared.
    design : DeclaredDesign or None
        What is assumed before the pilot, for what it can see; never locked.
    programme : str
        What was tried, within a sentence: ``the training``.
    selected_on_score : bool
        Whether people were picked for low scores.
    not_measured : tuple of str
        What was not measured, a sentence each.
    confirmed_keys : mapping
        Item → why its key is right although its answers run against the others.
    rollout, dose : Rollout, Dose or None
        Who started when, and how much of the pilot each person had.
    lock : Lock or None
        What was locked of it, from the file next to the declaration; no part of the
        digest, as it is no part of what is declared.
    """

    name: str
    title: str
    summary: str
    folder: str
    simulated: bool
    smallest_group_shown: int = SMALLEST_GROUP
    allow_unverified: bool
    allocation: Allocation = field(default_factory=Allocation)
    arms: tuple[Arm, ...]
    sites: tuple[Site, ...]
    teams: tuple[Team, ...]
    surveys: tuple[Survey, ...]
    waves: tuple[Wave, ...]
    outcomes: tuple[Outcome, ...]
    programme: str = ""
    selected_on_score: bool = False
    unknowns: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()
    confirmed_keys: Mapping[str, str] = field(default_factory=dict)
    roster: Roster | None = None
    groups: tuple[Grouping, ...] = ()
    rollout: Rollout | None = None
    dose: Dose | None = None
    multiverse: Multiverse | None = None
    plan: Plan | None = None
    design: DeclaredDesign | None = None
    lock: Lock | None = None
    instruments: Mapping[str, Instrument] = field(default_factory=dict)

    @property
    def treated(self) -> str:
        """The treated arm of the main contrast; empty without a comparison."""
        return next((after for after, _ in self.allocation.pairs()), "")

    @property
    def control(self) -> str:
        """What the treated arm is compared with."""
        return next((before for _, before in self.allocation.pairs()), "")

    @property
    def randomised(self) -> bool:
        """Whether arms, or the order in which units started, were randomised."""
        return self.allocation.randomised

    def outcome_of_each_score(self) -> tuple[Outcome, ...]:
        """The outcomes, of those judged by one score the first: what takes all waves.

        Judged at other waves, a score may serve several outcomes.
        """
        first: dict[tuple[str, str, str], Outcome] = {}
        for one in self.outcomes:
            first.setdefault((one.survey, one.instrument, one.subscale), one)
        return tuple(first.values())

    @property
    def asked_of_means(self) -> float:
        """The least reliability that a mean of people or ratings should have."""
        least = self.plan.gates.least_reliability if self.plan else None
        return USUAL_RELIABILITY if least is None else least

    def wave(self, name: str) -> Wave:
        """The wave of that name.

        Raises
        ------
        DeclarationError
            There is none.
        """
        for wave in self.waves:
            if wave.name == name:
                return wave
        raise DeclarationError(self.name, unknown("wave", name, self.wave_names()))

    def survey(self, name: str) -> Survey:
        """The survey of that name."""
        return next(survey for survey in self.surveys if survey.name == name)

    def asked(self, export: Export) -> dict[str, Instrument]:
        """The instruments of a survey with the items it asked at that wave."""
        return {
            name: self.instruments[name].asked(
                [item.removeprefix(f"{name}.") for item in export.columns.items]
            )
            for name in export.instruments
        }

    def invited(self, survey: str, wave: str) -> dict[str, int]:
        """How many were invited to a survey at a wave, by arm; empty: not declared.

        Under an empty name everybody. No arms where a total alone was declared, or
        where teams without an arm were.
        """
        export = self.wave(wave).export(survey)
        declared = export.invited if export else {}
        if not declared:
            return {}
        arms = {arm.name: arm.name for arm in self.arms}
        if not arms.keys() >= declared.keys():
            arms = {team.name: team.arm for team in self.teams}
        counts = {"": sum(declared.values())}
        for name, count in declared.items():
            if arm := arms.get(name):
                counts[arm] = counts.get(arm, 0) + count
        return counts

    def arm_title(self, name: str) -> str:
        """The title of an arm, or the name itself where it is a contrast."""
        return next((arm.title for arm in self.arms if arm.name == name), name)

    def wave_title(self, name: str) -> str:
        """The title of a wave, or the name itself where it is a contrast."""
        return next((wave.title for wave in self.waves if wave.name == name), name)

    def wave_names(self) -> tuple[str, ...]:
        """The waves in the order declared, which is their order in time."""
        return tuple(wave.name for wave in self.waves)

    def narrowed(self, wave: str) -> Study:
        """What is declared for one wave alone: all that its cleaning depends on."""
        at_wave = self.wave(wave)
        # Cleaning makes no links, so another rule leaves it fresh.
        exports = (
            dataclasses.replace(export, linkage_rule=None) for export in at_wave.exports
        )
        only = dataclasses.replace(at_wave, exports=tuple(exports))
        kept_surveys = {export.survey for export in only.exports}
        used = {
            name: asked
            for export in only.exports
            for name, asked in self.asked(export).items()
        }
        return dataclasses.replace(
            self,
            surveys=tuple(part for part in self.surveys if part.name in kept_surveys),
            waves=(only,),
            outcomes=(),
            groups=(),
            rollout=None,
            # Its attributes are kept alongside the scores.
            dose=self.dose if self.dose and self.dose.survey in kept_surveys else None,
            multiverse=None,
            roster=None,
            plan=None,
            design=None,
            lock=None,
            instruments=dict(sorted(used.items())),
        )

    def before_data(self) -> Study:
        """What is declared before any data: all that looking ahead depends on."""
        return dataclasses.replace(
            self,
            surveys=(),
            waves=(),
            outcomes=(),
            multiverse=None,
            arms=(),
            sites=(),
            teams=(),
            unknowns=(),
            rollout=None,
            dose=None,
            roster=None,
            plan=None,
            lock=None,
            instruments={},
        )

    def unverified(self) -> Iterator[tuple[Instrument, Fact]]:
        """Every codebook fact in use that was not checked against a source."""
        for instrument in self.instruments.values():
            for fact in instrument.unverified:
                yield instrument, fact

    def digest(self) -> str:
        """SHA-256 of all that is declared; equal declarations have equal digests."""
        declared = dataclasses.replace(self, lock=None)
        content = json.dumps(dataclasses.asdict(declared), ensure_ascii=True)
        return hashlib.sha256(content.encode()).hexdigest()
