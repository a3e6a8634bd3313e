"""Link the participants of the waves that an outcome compares.

A person is linked at most once, on both sides. What could be two people is not linked:
a missed link costs precision, a false one shrinks every change. The elements of codes
are read here, matched in memory and discarded; results hold pseudonyms and counts.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.declarations.linkage import rules_tried, waves_linked
from analysis.declarations.survey import LinkageRule
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.intake.false_links import false_match_rate
from analysis.intake.identity import identifiers, shared_identifiers
from analysis.intake.pairing import (
    ELEMENT,
    encoded,
    matched,
    repeated_codes,
    similarities,
)
from analysis.intake.responses import map_responses, read_exports
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export
    from analysis.intake.pairing import Whole
    from analysis.intake.responses import Received
    from heard.results import Result


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Linkage:
    """Who of one wave is who of another, under one rule.

    Attributes
    ----------
    links : DataFrame, one row a person linked
        ``before`` and ``after``: the participant at either wave.
    not_linked : pair of tuples of str
        Participants before and after who were not linked, for whatever reason.
    ambiguous : pair of tuples of str
        Those of them who had a possible partner, but not one that was best for both.
    repeated : pair of int
        Codes that more than one person gives within a wave; none of them is linked.
    conflicting : int
        Equal codes of people who differ in what never changes; not linked as equal.
    """

    rule: str
    links: pd.DataFrame
    not_linked: tuple[tuple[str, ...], tuple[str, ...]]
    ambiguous: tuple[tuple[str, ...], tuple[str, ...]]
    repeated: tuple[int, int]
    conflicting: int

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a person."""
        return f"Linkage({self.rule}, {len(self.links)} links)"


def link_waves(
    before: pd.DataFrame, after: pd.DataFrame, *, rule: LinkageRule
) -> Linkage:
    """Link the people of two waves.

    Equal codes come first. Under a tolerant rule, of the people left those are linked
    who are each other's best match and have no second as good.

    Parameters
    ----------
    before, after : DataFrame, one row a person
        ``participant``, ``team`` (empty if unknown), a column ``element.N`` an element
        of the code, and the stable attributes the rule names (missing if unknown).
    rule : LinkageRule
        When two codes are one person's.

    References
    ----------
    Schnell, Bachteler & Reiher (2010), Evaluation Review 34(5), 391-418.
    """
    waves = encoded(before, after, rule)
    found = matched(waves, rule, similarities(before, after, rule))
    names = [wave["participant"].to_numpy(dtype=object) for wave in (before, after)]

    def named(places: Iterable[Whole]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        first, then = places
        return tuple(names[0][first]), tuple(names[1][then])

    linked = zip(*named(found.links.places), strict=True)
    return Linkage(
        rule=rule.rule,
        links=pd.DataFrame(list(linked), columns=["before", "after"], dtype=str),
        not_linked=named(found.left),
        ambiguous=named(found.uncertain()),
        repeated=(repeated_codes(waves[0]), repeated_codes(waves[1])),
        conflicting=found.conflicting,
    )


LINK_COLUMNS = ("survey", "wave_before", "wave_after", "rule", "before", "after")

METHODS = {
    "participants_matched": "participants matched between the waves, with a score or "
    "not",
    "participants_not_matched": "not matched, of the n with a code at the wave",
    "participants_ambiguous": "not matched, with a possible partner who is not theirs "
    "alone, of the n with a code at the wave",
    "codes_repeated": "codes of several people, of the n with a code at the wave",
    "participants_conflicting": "equal codes of people who differ in what never "
    "changes, not linked; n is the participants of the smaller wave",
}
"""Term → how it is counted."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LinkedStudy:
    """Every link of a study, under every rule it can be evaluated under.

    Attributes
    ----------
    links : DataFrame, one row a link
        Survey, the two waves, the rule, and the participant's pseudonym at either.
    findings : tuple of Finding
        How many were linked and were not, and the share of false links.
    """

    links: pd.DataFrame
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a person."""
        return f"LinkedStudy({len(self.links)} links)"


def read_linked_exports(study: Study) -> dict[str, Received]:
    """Read the exports whose participants are linked: wave → exports.

    Raises
    ------
    DataError
        Files or columns of a wave that are missing.
    """
    linked = {(survey, wave) for survey, *pair in waves_linked(study) for wave in pair}
    exports = {
        wave.name: tuple(e for e in wave.exports if (e.survey, wave.name) in linked)
        for wave in study.waves
    }
    waves = tuple(
        dataclasses.replace(wave, exports=exports[wave.name]) for wave in study.waves
    )
    narrowed = dataclasses.replace(study, waves=waves)
    return {name: read_exports(narrowed, name) for name in exports if exports[name]}


def link_study(
    received: Mapping[str, Received],
    kept: Mapping[str, Mapping[str, pd.DataFrame]],
    study: Study,
) -> LinkedStudy:
    """Link the waves that outcomes compare, under every rule declared enough for.

    Parameters
    ----------
    received : mapping
        Wave → exports, as `read_linked_exports` gives them.
    kept : mapping
        Wave → survey → the clean responses: only who stayed is linked.

    Raises
    ------
    DataError
        Answers that fit nothing declared, or an identifier that is several people's.
    """
    codes = {
        (survey, wave): frame
        for wave, exports in received.items()
        for survey, frame in _codes(exports, kept[wave])
    }
    links = [pd.DataFrame(columns=[*LINK_COLUMNS], dtype=str)]
    findings: list[Finding] = []
    for survey, before, after in waves_linked(study):
        export = study.wave(after).export(survey)
        assert export is not None, "only surveys held at both waves are linked"
        pair = codes[survey, before], codes[survey, after]
        place = {"study": study.name, "survey": survey, "wave": Contrast(after, before)}
        declared = export.linkage_rule or LinkageRule()
        for rule in map(declared.under, rules_tried(export)):
            found = link_waves(*pair, rule=rule)
            names = (survey, before, after, rule.rule)
            labels = dict(zip(LINK_COLUMNS[:4], names, strict=True))
            links.append(found.links.assign(**labels)[list(LINK_COLUMNS)])
            results = [*_counted(found, (before, after), pair)]
            if export.linkage == "self_generated_code":
                seed = "/".join((study.name, *names))
                rate = false_match_rate(*pair, rule=rule, seed=seed)
                results.append((rule.rule, rate))
            for group, result in results:
                findings.extend(Finding.place(result, **place, group=group))
    return LinkedStudy(
        links=pd.concat(links, ignore_index=True), findings=tuple(findings)
    )


def _counted(
    found: Linkage, waves: tuple[str, str], pair: tuple[pd.DataFrame, pd.DataFrame]
) -> Iterator[tuple[str | Group, Result]]:
    """Counts of one linkage, with the group each stands under."""

    def count(term: str, number: int, n: int) -> Estimate:
        return Estimate(term=term, estimate=float(number), n=n, method=METHODS[term])

    linked = len(found.links)
    people = [frame["participant"].nunique() for frame in pair]
    yield found.rule, count("participants_matched", linked, linked)
    for wave, n, ambiguous, repeated in zip(
        waves, people, found.ambiguous, found.repeated, strict=True
    ):
        group = Group("rule_at_wave", wave, of=found.rule)
        yield group, count("participants_not_matched", n - linked, n)
        yield group, count("participants_ambiguous", len(set(ambiguous)), n)
        yield group, count("codes_repeated", repeated, n)
    conflicting = count("participants_conflicting", found.conflicting, min(people))
    yield found.rule, conflicting


def _codes(
    received: Received, kept: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Survey → who stayed, with team, stable attributes and elements of the code.

    A code that stands for people of several teams, or who differ in what never
    changes, has two rows: `link_waves` then sees that it is repeated.
    """
    for responses in map_responses(received):
        export = responses.export
        stayed = kept[export.survey]
        stayed = stayed.loc[stayed["participant"] != ""]
        stable = export.linkage_rule.stable if export.linkage_rule else ()
        columns = ["participant", "team", *stable]
        cells = received.tables[export.survey].cells
        elements = _elements(cells, export)
        rows = responses.frame.loc[responses.frame["consented"]]
        rows = rows.loc[rows["participant"].isin(set(stayed["participant"]))]
        one_each = rows[["participant"]].join(elements).drop_duplicates("participant")
        people = stayed[columns].merge(
            one_each, on="participant", validate="one_to_one"
        )
        several = people["participant"].isin(shared_identifiers(rows, columns[1:]))
        yield (
            export.survey,
            pd.concat([people, people.loc[several]], ignore_index=True),
        )


def _elements(cells: pd.DataFrame, export: Export) -> pd.DataFrame:
    """The elements as the pseudonym takes them, a column each."""
    return pd.DataFrame(
        {
            f"{ELEMENT}{place}": identifiers(
                cells,
                (header,),
                missing_codes=export.missing_codes,
                as_written=export.identifier_spelling == "as_written",
            )
            for place, header in enumerate(export.columns.participant, start=1)
        }
    )
