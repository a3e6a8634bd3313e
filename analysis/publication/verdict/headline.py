"""The verdict on the planned result as a headline.

What may be said follows from the design: a cause only of a randomised comparison, a
difference in change of any other, and without a comparison that scores were higher or
lower. How surely it is said follows from the rating of the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heard.effects.judgement.verdict import limit_extents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.publication.verdict.facts import PlannedFacts
    from heard.effects.judgement.strength import Certainty
    from heard.effects.judgement.verdict import Extent, VerdictCode

BY_ENOUGH = ", by enough to matter"
SIZE_UNKNOWN = "We cannot tell if by enough to matter."
NOBODY_SAID = "Nobody said beforehand how much would matter."
DEPENDS_ON_ANALYSIS = "This depends on how it is analysed."
DEPENDS_ON_DROPOUTS = "It would not hold if those who did not answer fared worse."
NOT_COMPARABLE = {
    "not tested": "We could not check that the questions meant the same both times.",
    "one item": "We could not check that the question meant the same both times. "
    "One question cannot be checked for this.",
}
CHANGED_MEANING = "Some questions may have changed their meaning."
BIAS = "That alone could make {scores} {size} points {higher}."
CANNOT_SHOW_WHY = "This cannot show why."
MOVED_ALIKE = "This holds only if all would have changed alike without {programme}."
SELECTED = {
    True: ", and people picked for low scores tend to score higher next time",
    False: ", and people picked for high scores tend to score lower next time",
}
NUMBERS = ("no", "one", "two", "three", "four", "five")

GAIN_OR_LOSS: dict[Extent, str] = {
    "important_loss": "a loss that matters",
    "small_loss": "a small loss",
    "loss": "a loss",
    "no_difference": "no difference",
    "gain": "a gain",
    "small_gain": "a small gain",
    "important_gain": "a gain that matters",
}
SIZES: dict[Extent, str] = {
    "important_loss": "a {down} that matters",
    "small_loss": "a small {down}",
    "loss": "a {down}",
    "no_difference": "no change",
    "gain": "a {up}",
    "small_gain": "a small {up}",
    "important_gain": "a {up} that matters",
}
LEVELS: dict[Extent, str] = {
    "important_loss": "{down} by enough to matter",
    "small_loss": "a little {down}",
    "loss": "{down}",
    "no_difference": "the same",
    "gain": "{up}",
    "small_gain": "a little {up}",
    "important_gain": "{up} by enough to matter",
}


SHORT: dict[VerdictCode, str] = {
    "no_answer": "no answer",
    "better_by_enough": "{up}, by enough to matter",
    "worse_by_enough": "{down}, by enough to matter",
    "little_or_none": "little or no difference",
    "better": "{up}, perhaps not by enough to matter",
    "worse": "{down}, perhaps not by enough to matter",
    "no_important_gain": "not {up} by enough to matter",
    "cannot_tell": "cannot tell",
}
TOO_WEAK = "too weak to say"


def short_verdict(facts: PlannedFacts) -> str:
    """A verdict in the few words of a cell, claiming no more than the headline."""
    if facts.certainty == "too_weak" and facts.verdict_class != "open":
        return TOO_WEAK
    of_change = facts.compared and not facts.post_only and facts.good != "none"
    up, down = (
        ("better", "worse")
        if of_change
        else (_level(facts, up=True), _level(facts, up=False))
    )
    return SHORT[facts.code].format(up=up, down=down)


def headline(facts: PlannedFacts) -> str:
    """What the study found, in one to four short sentences.

    Parameters
    ----------
    facts : PlannedFacts
        Each sentence is bound to a fact: without the fact it is not there.
    """
    return " ".join(_sentences(facts))


def _sentences(facts: PlannedFacts) -> Iterator[str]:
    if facts.code == "no_answer":
        yield f"This study cannot say whether {_question(facts)}."
        if facts.refusal:
            yield facts.refusal
        return
    if facts.code == "cannot_tell":
        yield f"We cannot tell whether {_claim_in_question(facts)}."
        yield _anything_from(facts)
    elif facts.certainty == "too_weak":
        unsure = _claim_in_question(facts) if facts.compared else _question(facts)
        yield f"The evidence is too weak to say whether {unsure}."
        return
    else:
        yield from _claim(facts)
    yield from _endings(facts)


def _question(facts: PlannedFacts) -> str:
    if not facts.compared:
        return f"{facts.scores} changed"
    worked = "worked" if facts.good != "none" else "made a difference"
    return f"{facts.named_programme} {worked}"


def _claim_in_question(facts: PlannedFacts) -> str:
    """What cannot be decided, as a clause behind "whether"."""
    up = facts.verdict_class != "harm"
    better = "better" if up else "worse"
    if not facts.compared:
        return f"{facts.scores} were {_level(facts, up=up)} {_then_and_now(facts)}"
    if facts.post_only:
        return f"{facts.treated.group} scored {_level(facts, up=up)}"
    if facts.good == "none":
        if facts.randomised:
            return f"{facts.named_programme} changed {facts.outcome}"
        return f"{facts.treated.group} and {_control(facts)} changed differently"
    if facts.randomised:
        return f"{facts.named_programme} made {facts.outcome} {better}"
    return f"{facts.treated.group} did {better}"


def _anything_from(facts: PlannedFacts) -> str:
    assert facts.low is not None, "a verdict has an interval"
    assert facts.high is not None, "a verdict has an interval"
    codes = limit_extents(
        facts.low, facts.high, smallest_effect=facts.smallest_effect, good=facts.good
    )
    up = facts.sign > 0
    if facts.post_only:
        words, ends = LEVELS, ("higher", "lower")
    elif facts.compared and facts.good != "none":
        words, ends = GAIN_OR_LOSS, ("", "")
    else:
        words, ends = SIZES, ("rise", "fall")
    first, last = (words[code].format(up=ends[not up], down=ends[up]) for code in codes)
    return f"The result fits anything from {first} to {last}."


# ---------------------------------------------------------------- what was found


def _claim(facts: PlannedFacts) -> Iterator[str]:
    if not facts.compared:
        yield from _uncontrolled(facts)
    elif facts.post_only:
        yield from _afterwards(facts)
    elif facts.randomised:
        yield from _caused(facts)
    else:
        yield from _alongside(facts)


def _caused(facts: PlannedFacts) -> Iterator[str]:
    """A randomised comparison: what the programme did."""
    programme, outcome = first_capital(facts.named_programme), facts.outcome
    made = _verb(facts, "made", "have made")
    if facts.code == "little_or_none":
        yield f"{programme} {made} {_difference(facts)}."
    elif facts.code == "no_important_gain":
        not_made = _denied(facts, "make", "have made")
        yield f"{programme} {not_made} {outcome} better by enough to matter."
        yield f"It may have made {outcome} worse."
    elif facts.good == "none":
        up = facts.verdict_class == "gain"
        raised = "raised" if up else "lowered"
        yield from _sized(
            f"{programme} {_verb(facts, raised, f'have {raised}')} {outcome}", facts
        )
    else:
        better = "better" if facts.verdict_class == "gain" else "worse"
        yield from _sized(f"{programme} {made} {outcome} {better}", facts)


def _alongside(facts: PlannedFacts) -> Iterator[str]:
    """A comparison nobody randomised: how the groups changed, never why."""
    treated, control = facts.treated.group, _control(facts)
    if facts.code == "little_or_none":
        yield _about_alike(facts)
    elif facts.code == "no_important_gain":
        not_done = _denied(facts, "do", "have done")
        yield f"{first_capital(treated)} {not_done} better by enough to matter."
        yield "They may have done worse."
    elif facts.good == "none":
        rose = _moved(facts)
        yield from _sized(
            f"{first_capital(facts.scores)} of {treated} {rose} than those of "
            f"{control}",
            facts,
        )
    else:
        did = _verb(facts, "did", "have done")
        better = "better" if facts.verdict_class == "gain" else "worse"
        start = f"{first_capital(treated)} {did} {better} than {control}"
        yield from _sized(start, facts)


def _about_alike(facts: PlannedFacts) -> str:
    treated, control = first_capital(facts.treated.group), _control(facts)
    if not _is_small(facts):
        changed = _verb(facts, "changed", "have changed")
        return f"{treated} {changed} about as much as {control}."
    too_little = f"than {control}, too little to matter."
    if facts.good == "none":
        scores = f"{first_capital(facts.scores)} of {facts.treated.group}"
        return f"{scores} {_moved(facts, 'a little ')} {too_little}"
    better = "better" if _is_gain(facts) else "worse"
    return (
        f"{treated} {_verb(facts, 'did', 'have done')} a little {better} {too_little}"
    )


def _afterwards(facts: PlannedFacts) -> Iterator[str]:
    """Groups asked once: who scored higher, nothing about change."""
    treated, control = facts.treated.group, _control(facts)
    after = f"After {facts.named_programme}, {treated}"
    if facts.code == "little_or_none":
        scored = _verb(facts, "scored", "have scored")
        if _is_small(facts):
            level = _level(facts, up=_is_gain(facts))
            yield f"{after} {scored} a little {level} than {control}."
            yield "The difference is too small to matter."
        else:
            yield f"{after} {scored} about the same as {control}."
    elif facts.code == "no_important_gain":
        denied = _denied(facts, "score", "have scored")
        yield f"{after} {denied} {_level(facts, up=True)} by enough to matter."
        yield f"They may have scored {_level(facts, up=False)}."
    else:
        scored = _verb(facts, "scored", "have scored")
        level = _level(facts, up=_is_gain(facts))
        yield from _sized(f"{after} {scored} {level} than {control}", facts)


def _uncontrolled(facts: PlannedFacts) -> Iterator[str]:
    """Nobody to compare with: that scores differed, never that anybody gained."""
    scores, when = first_capital(facts.scores), _then_and_now(facts)
    if facts.code in {"little_or_none", "no_important_gain"}:
        if facts.code == "no_important_gain":
            yield (
                f"{scores} were not {_level(facts, up=True)} {when} by enough to "
                f"matter. They may have been {_level(facts, up=False)}."
            )
        elif _is_small(facts):
            yield f"{scores} changed a little, too little to matter."
        else:
            yield f"{scores} were much the same {when}."
        did = f"This cannot show what {facts.programme} did."
        yield did if facts.programme else CANNOT_SHOW_WHY
        return
    rose = (facts.verdict_class == "gain") == (facts.sign > 0)
    yield f"{scores} were {_level(facts, up=facts.verdict_class == 'gain')} {when}."
    moving = "rising" if rose else "falling"
    picked = SELECTED[rose] if facts.selected_on_score else ""
    anyway = f"scores may have been {moving} anyway{picked}."
    if facts.programme:
        yield f"This cannot show that {facts.programme} did it: {anyway}"
    else:
        yield f"{CANNOT_SHOW_WHY} {first_capital(anyway)}"


# ---------------------------------------------------------------- its parts


def _verb(facts: PlannedFacts, plain: str, perfect: str) -> str:
    """A verb as surely as the evidence allows."""
    verbs: dict[Certainty, str] = {
        "plain": plain,
        "probably": f"probably {plain}",
        "may": f"may {perfect}",
    }
    return verbs[facts.certainty]


def _denied(facts: PlannedFacts, plain: str, perfect: str) -> str:
    """The same verb, denied."""
    verbs: dict[Certainty, str] = {
        "plain": f"did not {plain}",
        "probably": f"probably did not {plain}",
        "may": f"may not {perfect}",
    }
    return verbs[facts.certainty]


def _moved(facts: PlannedFacts, by: str = "") -> str:
    """Which way scores of a neutral scale moved, compared with the other group's."""
    up = _is_gain(facts)
    change = facts.treated.change
    same_way = change is None or (change > 0) == up
    rising = up == same_way
    plain, perfect = ("rose", "have risen") if rising else ("fell", "have fallen")
    return f"{_verb(facts, plain, perfect)} {by}{'more' if same_way else 'less'}"


def _sized(claim: str, facts: PlannedFacts) -> Iterator[str]:
    """A claim, and whether its size matters."""
    if facts.code in {"better_by_enough", "worse_by_enough"}:
        yield f"{claim}{BY_ENOUGH}."
        return
    yield f"{claim}."
    if facts.smallest_effect is not None:
        yield SIZE_UNKNOWN


def _difference(facts: PlannedFacts) -> str:
    """How little difference was made to the outcome."""
    if _is_small(facts):
        return f"a small difference to {facts.outcome}, too small to matter"
    return f"little or no difference to {facts.outcome}"


def _is_gain(facts: PlannedFacts) -> bool:
    """Whether the estimate lies on the good side, or is higher where none is good."""
    return (facts.gain or 0.0) > 0


def _is_small(facts: PlannedFacts) -> bool:
    """Whether there is a difference, of which none is left out by the interval."""
    low, high = facts.low, facts.high
    return low is not None and high is not None and (low > 0 or high < 0)


def _level(facts: PlannedFacts, *, up: bool) -> str:
    """Higher or lower, from better (up) or worse; says so where lower is better."""
    if facts.sign > 0:
        return "higher" if up else "lower"
    return "lower (better)" if up else "higher (worse)"


def _then_and_now(facts: PlannedFacts) -> str:
    if facts.programme:
        return f"after {facts.programme} than before"
    return f"at “{facts.follow_up}” than at “{facts.baseline}”"


def _control(facts: PlannedFacts) -> str:
    return facts.control.group if facts.control else "the others"


def _those(number: int, unit: str) -> str:
    if number == 1:
        return f"this {unit}"
    return f"these {NUMBERS[number] if number < len(NUMBERS) else number} {unit}s"


def first_capital(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- what limits it


def _endings(facts: PlannedFacts) -> Iterator[str]:
    """What a reader must know of the claim, each only where its fact holds."""
    if facts.smallest_effect is None:
        yield NOBODY_SAID
    if facts.few_units:
        yield f"This is about {_those(facts.few_units, facts.unit)} only."
    if facts.summary == "start_effect" and not facts.randomised:
        yield MOVED_ALIKE.format(programme=facts.named_programme)
    claimed = facts.verdict_class in {"gain", "harm"}
    if claimed and facts.agreeing < facts.asked:
        yield DEPENDS_ON_ANALYSIS
    gained = facts.verdict_class == "gain" and facts.good != "none"
    if gained and facts.depends_on_dropouts:
        yield DEPENDS_ON_DROPOUTS
    if facts.comparability in NOT_COMPARABLE:
        yield NOT_COMPARABLE[facts.comparability]
    if facts.comparability == "warned":
        yield CHANGED_MEANING
        if facts.bias:
            whose = f" of {facts.treated.group}" if facts.compared else ""
            yield BIAS.format(
                scores=f"{facts.scores}{whose}",
                size=facts.points(abs(facts.bias)),
                higher="higher" if facts.bias > 0 else "lower",
            )
