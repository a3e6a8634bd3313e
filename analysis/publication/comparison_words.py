"""What comparisons over waves come to, in sentences.

The rule that holds throughout: no sentence says more than the interval does, and what
could not be seen is said to be so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.comparisons import overall
from analysis.publication.places import arm_text, found
from analysis.publication.tables.numbers import estimate_text, number_text

if TYPE_CHECKING:
    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

USUAL = 0.05
"""A p below this is said to be more than chance easily brings."""


def compared_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What it comes to, in two sentences."""
    whole = overall(here)
    assert whole is not None, "asked of outcomes that were compared"
    words = f"{_gain_words(whole, study)} {_before_words(here)}".strip()
    return f"{outcome.title}. {words}"


def _gain_words(whole: Finding, study: Study) -> str:
    if whole.estimate is None:
        return f"What the pilot brought cannot be told: {whole.reason}."
    what = (
        f"{arm_text(study, whole.arm)}, all waves after together"
        if whole.arm
        else "Those with the pilot less those still without it, over all starts"
    )
    sentence = f"{what}: {estimate_text(whole)} points."
    if whole.conf_low is None or whole.conf_high is None:
        return f"{sentence} How sure that is cannot be told."
    if whole.conf_low <= 0 <= whole.conf_high:
        return f"{sentence} The interval includes zero, so no difference can be told."
    return f"{sentence} The interval leaves out zero."


def _before_words(here: Disclosed) -> str:
    """Whether courses were alike before: the most telling of the tests."""
    tests = here.where(term="pre_trend_p_value").findings
    done = [part for part in tests if part.estimate is not None]
    if not tests:
        return ""
    if not done:
        reason = tests[0].reason
        return f"{reason[:1].upper()}{reason[1:]}."
    least = min(done, key=lambda part: part.estimate or 0.0)
    p = p_words(least)
    of_several = f"the smallest of {len(done)} starts, " if len(done) > 1 else ""
    assert least.estimate is not None, "was done"
    if least.estimate * len(done) < USUAL:
        return (
            "Courses differed before the start by more than chance easily brings "
            f"({of_several}{p}), so this is not to be trusted."
        )
    return (
        f"Nothing shows that courses differed before the start ({of_several}{p}), "
        "which is no proof that they were alike."
    )


def p_words(finding: Finding) -> str:
    """A p as a sentence has it."""
    assert finding.estimate is not None, "a p that is known"
    text = number_text(finding.estimate, "p_value")
    return f"p {text}" if text.startswith("under") else f"p = {text}"


def falsified_words(disclosed: Disclosed) -> str:
    """Whether something moved that the pilot cannot move."""
    smallest = found(disclosed, term="smallest_negative_control_p_value")
    if smallest is None:
        return ""
    if smallest.estimate is None:
        return f"What the pilot cannot move could not be checked: {smallest.reason}."
    p = f"{p_words(smallest)}, corrected for their number"
    if smallest.estimate < USUAL:
        return (
            "Something moved that the pilot cannot have moved, by more than chance "
            f"easily brings ({p}): something else differed, and may explain the rest."
        )
    return (
        f"Nothing that the pilot cannot move did so by more than chance easily brings "
        f"({p}). A wide interval clears little."
    )


def dose_words(here: Disclosed, outcome: Outcome) -> str:
    """What a session more came with, and whether those who came differed before."""
    slope = found(here, term="dose_slope")
    if slope is None or slope.estimate is None:
        why = slope.reason if slope else "nothing was found"
        return f"{outcome.title}, by sessions attended. Cannot be told: {why}."
    words = f"One session more came with {estimate_text(slope)} points."
    check = found(here, term="future_dose_p_value")
    if check is None or check.estimate is None:
        why = check.reason if check else "not asked"
        after = f"Whether those who attended more differed before is not known: {why}."
    elif check.estimate < USUAL:
        after = (
            "But sessions still to come foretell the score before "
            f"({p_words(check)}): those who attended more differed to begin with, and "
            "this is not the sessions' doing alone."
        )
    else:
        after = (
            "Sessions still to come do not foretell the score before by more than "
            f"chance easily brings ({p_words(check)})."
        )
    return f"{outcome.title}, by sessions attended. {words} {after}"
