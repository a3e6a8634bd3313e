"""One survey as exported at one wave: its file, columns, answers and cleaning rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

LINKAGES = ("none", "identifier", "self_generated_code", "row")
LINKAGE_RULES = ("exact", "one_element_off", "weighted")
SPELLINGS = ("check", "folded", "as_written")
REPEATS = ("keep", "first", "last", "none")
CARELESS_ACTIONS = ("flag", "leave_out")
OUT_OF_RANGE = ("refuse", "empty")
ENCODINGS = ("auto", "utf-8", "utf-16", "windows-1252")
"""The usual ones; any that Python knows may be declared."""
DECIMALS = (".", ",")
TOOLS = (
    "auto",
    "none",
    "qualtrics",
    "redcap",
    "limesurvey",
    "microsoft_forms",
    "google_forms",
    "surveymonkey",
    "spss",
)
PREVIEWS = ("leave_out", "keep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Header of each column that is read; all others are left behind.

    Attributes
    ----------
    participant : tuple of str
        Headers that together name a participant; empty where answers are anonymous.
    staff_member : str or None
        Header of the member of staff a rating is about.
    items : mapping
        ``instrument.item`` → header.
    submission : str or None
        Header of the id the survey tool gives to a form sent in.
    started, submitted, seconds : str or None
        Headers of the moments a form was begun and sent, or of the time it took.
    date_format : str
        How moments are written, such as ``%d/%m/%Y %H:%M``.
    """

    participant: tuple[str, ...] = ()
    staff_member: str | None = None
    arm: str | None = None
    site: str | None = None
    team: str | None = None
    consent: str | None = None
    finished: str | None = None
    submission: str | None = None
    started: str | None = None
    submitted: str | None = None
    seconds: str | None = None
    date_format: str = "ISO8601"
    items: Mapping[str, str] = field(default_factory=dict)

    def wanted(self) -> tuple[str, ...]:
        """Every header that must be in the file."""
        single = (
            self.staff_member,
            self.arm,
            self.site,
            self.team,
            self.consent,
            self.finished,
            self.submission,
            self.started,
            self.submitted,
            self.seconds,
        )
        named = [*self.participant, *(name for name in single if name)]
        return tuple(dict.fromkeys([*named, *self.items.values()]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Something asked of the participant besides the instruments, such as age.

    A number has ends; a category has values (answer in the file → name kept).
    What is neither inside the ends nor among the values is emptied and counted.

    Attributes
    ----------
    separator : str
        What stands between the choices, where one cell holds several of the values.
    multi : mapping
        Choice → header, where each choice has a column of its own.
    """

    name: str
    column: str = ""
    lowest: float | None = None
    highest: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""
    multi: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header it is read from."""
        return tuple(self.multi.values()) if self.multi else (self.column,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """An attention check: an item that instructs the respondent what to answer."""

    column: str
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTotal:
    """A score that the export itself prints, to be checked against the items.

    Attributes
    ----------
    score : str
        ``instrument.subscale``.
    tolerance : float
        Largest difference that rounding in the export explains.
    """

    column: str
    score: str
    tolerance: float = 0.005
    action: str = field(default="flag", metadata={"known": CARELESS_ACTIONS})

    @property
    def name(self) -> str:
        """Column of the responses that holds the printed total."""
        return f"printed total: {self.score}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarelessRules:
    """From which value of an index a response is flagged, and what flags lead to.

    Attributes
    ----------
    cutoffs : mapping
        Index → cut-off, for the indices declared; others are not computed.
    synonyms_above, antonyms_below : float
        Correlation from which two items are a pair.
    flags_needed : int
        Flags that make a response careless.
    action : str
        ``flag`` keeps careless responses and marks them; ``leave_out`` drops them.
    """

    cutoffs: Mapping[str, float] = field(default_factory=dict)
    synonyms_above: float = 0.60
    antonyms_below: float = -0.60
    flags_needed: int = 2
    action: str = field(default="flag", metadata={"known": CARELESS_ACTIONS})


CARELESS_INDICES = (
    "longstring",
    "average_longstring",
    "intra_individual_variability",
    "even_odd",
    "psychometric_synonyms",
    "psychometric_antonyms",
    "mahalanobis_p",
    "share_missing",
    "straight_lining",
    "seconds_per_item",
)
"""Every index that may have a cut-off, by the key that declares it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningRules:
    """Why a response is left out. Nothing is dropped without a rule declared here.

    Attributes
    ----------
    consent, finished : tuple of str
        Answers that count as consent, or as a finished form.
    least_answered : float
        Share of the items that must be answered, 0 to 1.
    repeats : str
        Which of several responses of one participant stays: ``first``, ``last``,
        ``none`` of them, or all (``keep``).
    shared_submission, identical_answers : str
        The same, of responses of different people under one submission id, and of
        responses that answer every item alike.
    attention : tuple of Attention
        Items whose answer shows whether the form was read.
    dates_in_order : bool
        Leave out what was sent before it was begun.
    out_of_range : str
        Whether a number that is no code of its item is a fault or becomes *not
        answered*.
    previews : str
        Whether rows the survey tool itself marks as a preview, a test or spam are left
        out or kept.
    """

    consent: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    least_answered: float = field(default=0.0, metadata={"key": "minimum_answered"})
    repeats: str = field(default="keep", metadata={"known": REPEATS})
    shared_submission: str = field(default="keep", metadata={"known": REPEATS})
    identical_answers: str = field(default="keep", metadata={"known": REPEATS})
    attention: tuple[Attention, ...] = ()
    dates_in_order: bool = False
    printed_totals: tuple[PrintedTotal, ...] = ()
    out_of_range: str = field(default="refuse", metadata={"known": OUT_OF_RANGE})
    careless: CarelessRules | None = None
    previews: str = field(default="leave_out", metadata={"known": PREVIEWS})

    def columns(self) -> tuple[str, ...]:
        """Headers that only the rules need."""
        checks = [check.column for check in self.attention]
        return (*checks, *(total.column for total in self.printed_totals))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageRule:
    """When two codes are one participant's.

    Attributes
    ----------
    rule : str
        ``exact``: every element is equal. ``one_element_off``: so is all but one.
        ``weighted``: the weighted similarity of the elements reaches the threshold.
    within_team : bool
        Codes that are not equal are matched within a team, where both teams are known.
    stable : tuple of str
        Attributes, or ``site``, that never change: who differs in one is not linked.
    weights : tuple of float
        Of the elements, in the order of ``columns.participant``.
    threshold : float
        Least weighted similarity, over 0 to 1.
    """

    rule: str = "exact"
    within_team: bool = True
    stable: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    threshold: float = 0.0

    def under(self, rule: str) -> LinkageRule:
        """The same but for the rule."""
        return dataclasses.replace(self, rule=rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A survey's export at one wave, everything resolved.

    Attributes
    ----------
    answers : mapping
        Instrument → answer text → code, where the export differs from the codebook.
    missing_codes : tuple of str
        Cell texts that mean *not answered*, as well as the empty cell.
    texts : mapping
        Name → header of a free text, kept without what names or reaches a person.
    names : str
        File of names that are removed from free texts, one a line; empty if none.
    linkage : str
        What makes responses of two waves one participant's: ``row``, that they stand in
        one row of the file that holds all waves; ``none``, nothing.
    linkage_rule : LinkageRule or None
        When two codes are one participant's; None: when they are equal.
    identifier_spelling : str
        Whether capitals, spaces and leading zeros distinguish two identifiers
        (``as_written``) or not (``folded``); ``check``: not, and a wave that writes one
        in two ways is refused.
    delimiter, sheet : str
        Empty: found out, and said.
    tool : str
        The survey tool; ``auto`` finds it out, ``none`` takes the table as it stands.
    event : tuple of str or None
        REDCap: the rows of these events, such as one wave's in each arm.
    repeat_instrument : str or None
        REDCap: the rows of one repeating instrument; an empty text means the rows
        that do not repeat.
    carried : tuple of str or None
        REDCap: headers of what is recorded of a person once and holds for all of
        their rows; None: those of arm, site and team.
    dictionary : str
        REDCap: file of the data dictionary, for the words of questions and answers.
    invited : mapping
        Arm or team → how many were invited; an empty name: how many in all.
    """

    survey: str
    wave: str
    file: str
    instruments: tuple[str, ...]
    columns: Columns
    linkage: str = field(default="none", metadata={"known": LINKAGES})
    linkage_rule: LinkageRule | None = None
    identifier_spelling: str = field(default="check", metadata={"known": SPELLINGS})
    encoding: str = "auto"
    delimiter: str = ""
    decimal: str = field(default=".", metadata={"known": DECIMALS})
    sheet: str = ""
    tool: str = field(default="auto", metadata={"known": TOOLS})
    event: tuple[str, ...] | None = None
    repeat_instrument: str | None = None
    carried: tuple[str, ...] | None = None
    dictionary: str = ""
    answers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    missing_codes: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    names: str = ""
    invited: Mapping[str, int] = field(default_factory=dict)
    cleaning: CleaningRules = field(default_factory=CleaningRules)

    def wanted_headers(self) -> tuple[str, ...]:
        """Every header that must be in the file, attributes included."""
        attributes = (h for attribute in self.attributes for h in attribute.headers)
        named = [
            *self.columns.wanted(),
            *attributes,
            *self.texts.values(),
            *self.cleaning.columns(),
        ]
        return tuple(dict.fromkeys(named))
