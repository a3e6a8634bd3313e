"""Why a study cannot say whether something worked, a sentence each.

They stand where a number would: in the findings, and on every page that reads them.
"""

from __future__ import annotations

ONE_SITE_EACH = (
    "One {site} had the training and one did not. Anything else that happened in either "
    "{site} would look the same."
)
COULD_NOT_MATCH = "Too few answers could be matched, and teams are not known."
IN_SEVERAL_ARMS = "Some teams had people of both groups, so teams were not compared."
FEASIBILITY = "It was a trial run of the study itself, which makes no claim of an effect."
TOO_FEW_ORDERS = "Too few orders of starting were possible."


def few_units(treated: int, control: int) -> str:
    """Too few teams to compare."""
    return (
        f"There were too few teams ({treated} and {control}) to tell the training from "
        "the teams."
    )


def few_sites(treated: int, control: int) -> str:
    """Too few sites to compare."""
    if treated == control == 1:
        return ONE_SITE_EACH.format(site="trust")
    return (
        f"Only {treated + control} trusts took part. With so few, a change in one trust "
        "cannot be separated from the training."
    )


def few_people(treated: int, control: int) -> str:
    """Too few people in an arm."""
    return f"There were too few people ({treated} and {control}) to compare."


def too_many_movers(share: float) -> str:
    """More people changed groups than leaves two groups to compare."""
    return f"Too many people changed groups: {share:.0%}."
