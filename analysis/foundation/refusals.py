"""Why a study gets no answer, in a sentence for those who fund it.

Evaluators give one as the reason of a planned estimate that was refused; the funder's
page prints it. Each function is a refusal; its arguments are the facts behind it.
"""

from __future__ import annotations

PROGRAMME = "the programme"
"""What is evaluated, where the study does not name it."""


def too_few_units(
    kind: str, treated: int, control: int, *, programme: str = PROGRAMME
) -> str:
    """Too few units in an arm for an interval."""
    return (
        f"There were too few {kind}s ({treated} and {control}) to tell {programme} "
        f"from the {kind}s."
    )


def one_site_each(site: str = "site", *, programme: str = PROGRAMME) -> str:
    """One site in each arm."""
    return (
        f"One {site} had {programme} and one did not. Anything else that happened in "
        f"either {site} would look the same."
    )


def few_sites(number: int, site: str = "site", *, programme: str = PROGRAMME) -> str:
    """Three to five sites, or too few in an arm."""
    return (
        f"Only {number} {site}s took part. With so few, a change in one {site} cannot "
        f"be separated from {programme}."
    )


def no_site_with_both(
    site: str = "site", kind: str = "team", *, programme: str = PROGRAMME
) -> str:
    """Units were allocated within sites, or other strata, and none has both arms."""
    return f"No {site} had both: {kind}s with {programme} and {kind}s without."


def too_few_orders() -> str:
    """A stepped wedge that could have been randomised in few orders only."""
    return "Too few orders of starting were possible to rule out chance."


def too_few_starting(kind: str = "team") -> str:
    """A start group of one unit, or none left that had not started."""
    return f"Too few {kind}s started together, or were still waiting, to compare them."


def too_many_movers(share: float) -> str:
    """Over a quarter of the people were in both arms."""
    return f"Too many people changed groups ({share:.0%})."


def units_in_both(kind: str = "team") -> str:
    """A team with people of both groups, where teams were to be compared."""
    return f"Some {kind}s had people of both groups, so {kind}s cannot be compared."


def could_not_match() -> str:
    """Neither linked people nor teams."""
    return "Too few answers could be matched, and teams are not known."


def keys_turned(item: str) -> str:
    """An item whose key is wrong, so that no score was made."""
    return f"“{item}” looks scored the wrong way round."


def comparability() -> str:
    """Questions that may mean something else at the later wave."""
    return (
        "The questions may have meant different things before and after. That could "
        "account for the result."
    )


def not_precise() -> str:
    """A score that is less reliable than the plan asks."""
    return "The score is less precise than the plan asks for, so it was not compared."


def feasibility(*, programme: str = PROGRAMME) -> str:
    """A pilot that was to find out whether a study can be done."""
    return (
        f"It was set up to learn if a larger study can be done, not if {programme} "
        "works."
    )


def few_people(treated: int, control: int) -> str:
    """Too few scored people in an arm."""
    return f"There were too few people with a score ({treated} and {control})."


def few_units_of_one_group(kind: str, number: int) -> str:
    """One group of too few units: a mean change, and no interval."""
    return f"Only {number} {kind}s took part, too few to say how sure a change is."


def same_answer() -> str:
    """A score with two values that nobody, or everybody, of an arm has."""
    return "Everybody in one of the groups gave the same answer."
