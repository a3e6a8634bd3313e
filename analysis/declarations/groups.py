"""Groups of those who answer: by which answer they are told apart, and with whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heard.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Study
    from analysis.declarations.toml_tables import Table

MINIMUM_RANKS = 3
"""A line along fewer ranks is the gap between two groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """One way of telling those who answer a survey apart.

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


def parse_grouping(name: str, table: Table) -> Grouping:
    """A table ``[groups.NAME]``; along an order, the first rank is the reference."""
    order = table.texts("order")
    grouping = Grouping(
        name=name,
        title=table.text("title"),
        survey=table.text("survey"),
        column=table.text("column"),
        reference=table.text("reference", order[0] if order else None),
        order=order,
    )
    table.close()
    return grouping


def check_groupings(study: Study) -> Iterator[str]:
    """Every way in which the groups contradict the surveys."""
    surveys = {survey.name for survey in study.surveys}
    seen: dict[tuple[str, str], str] = {}
    for grouping in study.groups:
        at = f"groups.{grouping.name}"
        if grouping.survey not in surveys:
            yield f"[{at}.survey] {unknown('survey', grouping.survey, surveys)}"
            continue
        first = seen.setdefault((grouping.survey, grouping.column), grouping.name)
        if first != grouping.name:
            yield f"[{at}.column] tells apart the same people as [groups.{first}]"
        yield from dict.fromkeys(_check_column(grouping, study, at))


def _check_column(grouping: Grouping, study: Study, at: str) -> Iterator[str]:
    """Faults of the attribute, at every wave that holds the survey."""
    for wave in study.waves:
        export = wave.export(grouping.survey)
        if export is None:
            continue
        attributes = {each.name: each for each in export.attributes}
        attribute = attributes.get(grouping.column)
        if attribute is None:
            yield f"[{at}.column] {unknown('attribute', grouping.column, attributes)}"
        elif not attribute.values or attribute.separator:
            yield (
                f"[{at}.column] '{grouping.column}' puts nobody into one group: it "
                "needs an attribute with values, of which a person gives one"
            )
        else:
            names = dict.fromkeys(attribute.values.values())
            yield from _check_names(grouping, list(names), at)


def _check_names(grouping: Grouping, names: list[str], at: str) -> Iterator[str]:
    if grouping.reference not in names:
        yield f"[{at}.reference] {unknown('group', grouping.reference, names)}"
    if not grouping.order:
        return
    # A person of a group that has no rank would be left out without a word.
    if Counter(grouping.order) != Counter(names):
        yield f"[{at}.order] must name every group once: {', '.join(sorted(names))}"
    elif len(names) < MINIMUM_RANKS:
        yield f"[{at}.order] needs at least {MINIMUM_RANKS} groups"
