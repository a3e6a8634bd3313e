"""A result with its place: which study, instrument, wave and arm it is about.

A place is a value, never a sentence: `Contrast`, `Group` and `Groups` become text only
where a page or a file is written, and no code reads that text back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from heard.results import Composite, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from heard.results import Labels, Result


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two waves, or two arms, of which one is compared with the other.

    Attributes
    ----------
    after : str
        The later wave, or the treated arm.
    before : str
        What it is compared with: the earlier wave, or the other arm.
    """

    after: str
    before: str

    def __str__(self) -> str:
        return f"{self.after} - {self.before}"


GroupKind: TypeAlias = Literal[
    "subgroup",
    "site",
    "start",
    "waves_since_start",
    "departure",
    "dose",
    "teams",
    "sites_per_arm",
    "teams_per_arm",
    "unequal_arms",
    "wedge",
    "rule_at_wave",
    "rule_in_column",
    "printed_total",
    "option",
    "rating",
    "family",
    "verdict",
    "analysis",
    "not_planned",
    "strength",
    "comparability",
]
TEXTS: dict[GroupKind, str] = {
    "subgroup": "{of}: {value}",
    "site": "site: {value}",
    "start": "started at {value}",
    "waves_since_start": "{value} waves since the start",
    "departure": "M = {value}",
    "dose": "{value} less {reference}",
    "teams": "{value} teams",
    "sites_per_arm": "{value} sites an arm",
    "teams_per_arm": "{value} teams an arm",
    "unequal_arms": "{value}",
    "wedge": "{value}",
    "rule_at_wave": "{of}: {value}",
    "rule_in_column": "{of}: {value}",
    "printed_total": "printed_total {value}",
    "option": "{of}: {value}",
    "rating": "{value}",
    "family": "{value}",
    "verdict": "{value}",
    "analysis": "{value}: {of}",
    "not_planned": "not planned: {value}",
    "strength": "{value}",
    "comparability": "{value}",
}
"""How each kind of group is written."""


@dataclass(frozen=True, slots=True)
class Group:
    """Whom or what a finding is about, within its wave and arm.

    Attributes
    ----------
    kind : str
        Of `TEXTS`.
    value : str
        The group; empty where a grouping is meant as a whole.
    reference : str
        What it is compared with, if it is.
    of : str
        What it is one of: the grouping, the rule, the choice; of a departure the
        start; of a rating or a family, the term it was judged by; of an analysis, whose
        answers; of a column of the strength of evidence, what it is about.
    """

    kind: GroupKind
    value: str = ""
    reference: str = ""
    of: str = ""

    def __str__(self) -> str:
        if self.kind == "subgroup" and not self.value:
            return self.of
        text = TEXTS[self.kind].format(
            value=self.value, reference=self.reference, of=self.of
        )
        if self.kind == "subgroup" and self.reference:
            return f"{text} - {self.reference}"
        if self.kind == "strength" and self.of:
            return f"{text}: {self.of}"
        if self.kind == "departure" and self.of:
            return f"{Group('start', self.of)}, {text}"
        return text


@dataclass(frozen=True, slots=True)
class Groups:
    """Several at once: the options of a specification, the rules that a wave breaks."""

    parts: tuple[str | Group, ...]
    separator: str = "; "

    def __str__(self) -> str:
        return self.separator.join(map(str, self.parts))


AnyGroup: TypeAlias = str | Group | Groups
Place: TypeAlias = str | Contrast


def names_in(place: Place) -> tuple[str, ...]:
    """The waves, or arms, that a place names: one, or the two of a contrast."""
    if isinstance(place, Contrast):
        return place.after, place.before
    return (place,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One tidy row of the findings. An empty text means *does not apply*.

    Attributes
    ----------
    wave, arm : str or Contrast
        Where it was found, or what is compared.
    n_unit : str
        What `n` counts, where it is not the participants themselves.
    metric : str
        What the number is in, where not in points of the score: a ``share`` or a
        ``probability_of_better``.
    """

    study: str
    survey: str = ""
    instrument: str = ""
    subscale: str = ""
    item: str = ""
    wave: Place = ""
    arm: Place = ""
    group: AnyGroup = ""
    term: str
    estimate: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None
    n: int | None = None
    n_unit: str = ""
    method: str = ""
    reason: str = ""
    metric: str = ""

    @staticmethod
    def place(outcome: Result | Composite, **context: Any) -> tuple[Finding, ...]:
        """Give every result inside `outcome` its place.

        What a composite says its results are about fills the columns that `context`
        leaves open: ``item`` is the item, all else (factor, dimension, category) joins
        in ``group``.

        Parameters
        ----------
        outcome : Estimate, Unavailable or Composite
            What was found.
        **context : str, Contrast, Group or Groups
            The tidy columns that say where: study, survey, instrument, wave, …
        """
        if not isinstance(outcome, Composite):
            return (_placed(outcome, context),)
        return tuple(
            _placed(result, {**_columns(labels), **context})
            for labels, result in outcome.labelled()
        )

    def without_numbers(self, reason: str) -> Finding:
        """The same place and n, with a reason instead of an estimate."""
        return dataclasses.replace(
            self, estimate=None, conf_low=None, conf_high=None, reason=reason
        )

    @property
    def method_text(self) -> str:
        """How the number was made, what it is in, and what its n counts."""
        known = self.n is not None and self.n_unit
        counts = f"n counts {self.n_unit}" if known else ""
        scale = METRICS[self.metric] if self.estimate is not None else ""
        return "; ".join(part for part in (self.method, scale, counts) if part)


METRICS = {
    "": "",
    "share": "a difference of shares: 0.01 is one percentage point",
    "probability_of_better": "a difference of probabilities: 0.01 is one percentage "
    "point",
}
"""What the number of a finding is in → how its method says so."""

TIDY_COLUMNS = tuple(
    field.name
    for field in dataclasses.fields(Finding)
    if field.name not in ("n_unit", "metric")
)


def tidy_record(finding: Finding) -> dict[str, Any]:
    """The tidy columns of a finding; its place and its method as text."""
    texts = {name: str(getattr(finding, name)) for name in ("wave", "arm", "group")}
    record = {name: getattr(finding, name) for name in TIDY_COLUMNS}
    return {**record, **texts, "method": finding.method_text}


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a frame with the tidy columns, in their fixed order."""
    import pandas as pd  # noqa: PLC0415 - findings travel where pandas is not needed

    return pd.DataFrame(map(tidy_record, findings), columns=[*TIDY_COLUMNS])


def _columns(labels: Labels) -> dict[str, AnyGroup]:
    others = tuple(text for name, text in labels.items() if name != "item" and text)
    group = Groups(others, separator=", ") if len(others) > 1 else "".join(others)
    return {"item": labels.get("item", ""), "group": group}


def _placed(result: Result, context: dict[str, Any]) -> Finding:
    if isinstance(result, Estimate):
        return Finding(
            **context,
            term=result.term,
            estimate=result.estimate,
            conf_low=result.conf_low,
            conf_high=result.conf_high,
            n=result.n,
            n_unit=result.n_unit,
            method=result.method,
        )
    return Finding(
        **context,
        term=result.term,
        n=result.n,
        n_unit=result.n_unit,
        method=result.method,
        reason=result.reason,
    )
