"""What became of the responses and of their cells: counts, and the same as findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding, Group
from heard.errors import DataError
from heard.psychometrics.missing_answers import (
    gaps_of,
    missing_data_of,
)
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.cleaning.flags import Flagged
    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export
    from heard.results import Result


FRAME_COLUMNS = ("participant", "staff_member", "arm", "site", "team", "careless")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How many responses came, were left out by each rule, and stayed.

    Attributes
    ----------
    received : int
        Rows of the export.
    answered : int
        Those of them with an answer to any item; of one person's, one.
    left_out : mapping
        Rule → responses it left out, in the order the rules were applied. Each response
        is counted by the first rule that left it out.
    """

    received: int
    answered: int
    left_out: Mapping[str, int]

    @property
    def kept(self) -> int:
        """Responses that stayed."""
        return self.received - sum(self.left_out.values())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cleaned:
    """The responses that stay, and what became of the others.

    Attributes
    ----------
    frame : DataFrame, one row a response
        Without the columns that only the rules needed.
    received, answered : int
        Responses before any rule; those with any answer, as `Flow` counts them.
    left_out : mapping
        Rule → responses it left out, in the order the rules were applied.
    emptied : mapping
        Reason and column → cells emptied on the way in.
    by_arm : mapping
        Arm → its own flow; responses whose arm is not known are in none.
    flagged : Flagged or None
        How many responses each careless index flagged.
    """

    export: Export
    frame: pd.DataFrame
    received: int
    answered: int
    left_out: Mapping[str, int]
    emptied: Mapping[tuple[str, str], int] = field(default_factory=dict)
    by_arm: Mapping[str, Flow] = field(default_factory=dict)
    flagged: Flagged | None = None

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a response."""
        return f"Cleaned({self.export.survey}, {len(self.frame)} rows)"

    @property
    def flow(self) -> Flow:
        """The flow of everyone."""
        return Flow(
            received=self.received, answered=self.answered, left_out=self.left_out
        )


def cleaning_findings(surveys: Iterable[Cleaned], study: Study) -> tuple[Finding, ...]:
    """The flow, the flags, the ledger and what is known of the gaps, as findings."""
    cleaned = tuple(surveys)
    return flow_findings(cleaned, study) + missing_findings(cleaned, study)


def flow_findings(surveys: Iterable[Cleaned], study: Study) -> tuple[Finding, ...]:
    """The participant flow, the flags and the ledger of emptied cells, as findings."""
    return tuple(
        finding
        for cleaned in surveys
        for arm, group, result in _results(cleaned, study)
        for finding in Finding.place(
            result, **_place(cleaned, study), arm=arm, group=group
        )
    )


def missing_findings(surveys: Iterable[Cleaned], study: Study) -> tuple[Finding, ...]:
    """Patterns and Little's test, of every instrument, as findings."""
    return tuple(
        finding
        for cleaned in surveys
        for name in cleaned.export.instruments
        for group, result in _of_instrument(cleaned, name, study)
        for finding in Finding.place(
            result, **_place(cleaned, study), instrument=name, group=group
        )
    )


def _place(cleaned: Cleaned, study: Study) -> dict[str, str]:
    export = cleaned.export
    return {"study": study.name, "survey": export.survey, "wave": export.wave}


def _of_instrument(
    cleaned: Cleaned, name: str, study: Study
) -> Iterator[tuple[str, Result]]:
    items = [item.name for item in study.asked(cleaned.export)[name].items]
    gaps = gaps_of(cleaned.frame[[f"{name}.{item}" for item in items]])
    yield from (("", result) for result in missing_data_of(gaps).results())
    counts = gaps.pattern_counts(items, smallest=study.smallest_group_shown)
    for pattern, count in counts.items():
        yield pattern, _count("responses_by_pattern", count)


def _results(
    cleaned: Cleaned, study: Study
) -> Iterator[tuple[str, str | Group, Result]]:
    rules = cleaned.export.cleaning
    named = tuple(cleaned.left_out)
    for group, result in _flow_counts(cleaned.flow, named):
        yield "", group, result
    yield from _response_rates(cleaned, study)
    if cleaned.export.columns.participant and rules.repeats == "keep":
        yield "", "", _people(cleaned, study.smallest_group_shown)
    for (reason, column), count in cleaned.emptied.items():
        emptied = Group("rule_in_column", column, of=reason)
        yield "", emptied, _count("cells_emptied", count)
    for arm in study.arms:
        if arm.name in cleaned.by_arm:
            for group, result in _flow_counts(cleaned.by_arm[arm.name], named):
                yield arm.name, group, result
    if cleaned.flagged is None:
        return
    for index, flagged in cleaned.flagged.indices.items():
        yield "", index, flagged
    if rules.careless is not None and rules.careless.action == "flag":
        words = f"responses with {rules.careless.flags_needed} flags or more"
        count = int(cleaned.flagged.careless.sum())
        yield "", "careless", _count("responses_flagged", count, words)


def _response_rates(
    cleaned: Cleaned, study: Study
) -> Iterator[tuple[str, str, Result]]:
    """How many of those invited answered, of everyone and of each arm.

    Raises
    ------
    DataError
        More answered than were invited.
    """
    export, faults = cleaned.export, []
    for arm, invited in study.invited(export.survey, export.wave).items():
        flow = cleaned.by_arm.get(arm) if arm else cleaned.flow
        answered = flow.answered if flow else 0
        if answered > invited:
            of = f"of arm '{arm}' " if arm else ""
            faults.append(
                f"{answered} people {of}answered, but {invited} were invited. Correct "
                f"[waves.{export.wave}.{export.survey}] invited, or how repeated "
                "responses are recognised"
            )
            continue
        yield arm, "", _count("people_invited", invited, "as declared")
        yield arm, "", _response_rate(answered, invited)
    if faults:
        raise DataError(f"{study.name}, {export.survey}, {export.wave}", faults)


def _response_rate(answered: int, invited: int) -> Result:
    method = "answered over invited; everybody invited is counted, so no interval"
    if not invited:
        reason = "nobody was invited"
        return Unavailable(term="response_rate", reason=reason, n=0, method=method)
    return Estimate(
        term="response_rate", estimate=answered / invited, n=invited, method=method
    )


def _people(cleaned: Cleaned, smallest: int) -> Result:
    """How many people gave the responses, where one may have given several."""
    known = cleaned.frame["participant"]
    known = known[known != ""]
    people = int(known.nunique())
    if 0 < len(known) - people < smallest:
        # Their number would follow from the two counts.
        reason = f"fewer than {smallest} responses are somebody's second or later one"
        return Unavailable(term="participants_used", reason=reason)
    return _count("participants_used", people, "people with a response that was kept")


def _flow_counts(flow: Flow, rules: Iterable[str]) -> Iterator[tuple[str, Result]]:
    """Every rule that left out anyone anywhere: an arm's zero is a number too."""
    yield "", _count("responses_received", flow.received)
    yield "", _count("responses_answered", flow.answered)
    for rule in rules:
        yield rule, _count("responses_left_out", flow.left_out.get(rule, 0))
    yield "", _count("responses_used", flow.kept)


def _count(term: str, count: int, method: str = "count") -> Estimate:
    return Estimate(term=term, estimate=float(count), n=count, method=method)


def ledger_frame(surveys: Iterable[Cleaned]) -> pd.DataFrame:
    """Every cell that was changed, by survey, wave, rule and column, with its count."""
    import pandas as pd  # noqa: PLC0415 - counts are made where pandas is not needed

    rows = [
        (cleaned.export.survey, cleaned.export.wave, reason, column, count)
        for cleaned in surveys
        for (reason, column), count in cleaned.emptied.items()
    ]
    return pd.DataFrame(rows, columns=["survey", "wave", "rule", "column", "cells"])
