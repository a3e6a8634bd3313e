"""What a mean hides: in words, one figure and one table an outcome."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.estimand import smallest_in_points
from analysis.foundation.findings import Contrast, names_in
from analysis.foundation.terms import in_table
from analysis.foundation.terms import term as register_term
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.drawings import NOT_SHOWN, draw_shares, draw_stacks
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import height_of
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.panels import Panel, forest, lines_height
from analysis.publication.places import (
    arm_text,
    arms_of,
    findings_of_outcome,
    found,
    places_of,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, show
from analysis.publication.table import Footnotes
from analysis.publication.words import figure_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding, Place
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part
    from analysis.publication.table import Table

TOO_MANY = 0.15
"""Share at an end above which it is commonly called a floor or a ceiling."""
ENDS = {
    "share_at_best": ("best", "a ceiling", "get better"),
    "share_at_worst": ("worst", "a floor", "get worse"),
}
SMALLEST_CHANGES = (
    "mic_predictive_reliability_adjusted",
    "mic_predictive_adjusted",
)
"""Terms of the change people call an improvement, the one to report first."""
RETROSPECTIVE = "then-test"
RETROSPECTIVE_WORDS = {
    "response_shift": (
        "Judged afterwards, the state before lies this many points from what people "
        "said at the time"
    ),
    "then_test_change": "Against the state before as judged afterwards, points",
}
CHANGES = Panel(
    terms={
        "mean_change_linked": "Followed",
        "mean_change_unlinked": "Answered once",
        "mean_change_everybody": "All who answered",
        "then_test_change": "Against before as judged afterwards",
    },
    line=("arm", "wave"),
    order=("term", "arm", "wave"),
)
"""Each term by whose change it is, or against what."""
AT_BEST = Panel(
    terms={"share_at_best": ""}, mark=("arm",), order=("arm", "wave"), contrasts=False
)
ANSWERS = Panel(
    terms={"share_in_category": ""},
    line=("arm", "wave"),
    mark=("group",),
    order=("arm", "wave"),
    contrasts=False,
)
TOPS = ("top_share_before", "top_share_after")
CALLED = (
    "Over 15% at an end is commonly called a floor or a ceiling (Terwee and others, "
    "2007)."
)
CHANCE = (
    "A chance of a better answer is that one person, drawn at random, answers better "
    "than one of the others, or later than earlier; the same answer counts half, and "
    "50% is no difference."
)
NOTHING = "There are no supplementary measures in this study."
SUPPLEMENTARY_NOTE = (
    "The measures here supplement the declared outcomes and decide none of them; no "
    "plan was locked for them."
)


def show_supplementary(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome: what its mean hides."""

    def parts() -> Iterator[Part]:
        for outcome in study.outcomes:
            here = findings_of_outcome(disclosed, outcome)
            if here.findings:
                sentences = outcome_sentences(here, study, outcome)
                yield from (Note(text=text) for text in sentences)
                yield _figure(here, study, outcome, " ".join(sentences))
                yield _table(here, study, outcome)

    return show(parts(), NOTHING, cautions=(SUPPLEMENTARY_NOTE,))


def outcome_sentences(
    here: Disclosed, study: Study, outcome: Outcome
) -> tuple[str, ...]:
    """What supplements the mean of one outcome, a sentence or two a matter."""
    sentences = [
        *_end_words(here, study),
        _answer_words(here, study, outcome),
        _followed_words(here, study),
        _everyone_words(here, study),
        *_retrospective_words(here, study),
        _anchor_words(here, study, outcome),
    ]
    first, *others = [*filter(None, sentences)] or ["Nothing could be estimated."]
    return (f"{outcome.title}. {first}", *others)


def _by_arm(
    here: Disclosed, study: Study, term: str, wave: Place, group: str = ""
) -> list[Finding]:
    """The estimates of a term at a wave, the arms in the order declared."""
    order: list[Place] = ["", *(arm.name for arm in study.arms)]
    known = [
        part
        for part in here.where(term=term, wave=wave, group=group).findings
        if part.estimate is not None and part.arm in order
    ]
    return sorted(known, key=lambda part: order.index(part.arm))


def _last_waves(here: Disclosed, study: Study, term: str) -> Place:
    """The last pair of waves, or wave, at which a term was found; empty if at none."""
    waves = places_of(here.where(term=term), study, contrasts=None)
    return waves[-1] if waves else ""


def _pairs_words(
    here: Disclosed,
    study: Study,
    terms: tuple[str, str],
    words: Callable[[Finding, Finding], str],
) -> str:
    """Two numbers of each arm at the last pair of waves, where both are known."""
    wave = _last_waves(here, study, terms[0])
    sentences = [
        f"{words(first, second)}{_of_arm(first, study)}"
        for first in (_by_arm(here, study, terms[0], wave) if wave else ())
        if (second := found(here, term=terms[1], wave=wave, arm=first.arm))
        and second.estimate is not None
    ]
    return "; ".join(sentences)


def _end_words(here: Disclosed, study: Study) -> Iterator[str]:
    for term, (end, name, moving) in ENDS.items():
        of_term = here.where(term=term)
        known = [part for part in of_term.findings if part.estimate is not None]
        most = max(known, key=lambda part: part.estimate or 0.0, default=None)
        if most is None or (most.estimate or 0.0) <= TOO_MANY:
            continue
        first = waves_of(of_term, study, contrasts=False)[0]
        began = "; ".join(
            _share_of_arm(part, study) for part in _by_arm(here, study, term, first)
        )
        before = ""
        if began and most.wave != first:
            before = f"; at the wave “{wave_text(study, first)}” {began}"
        yield (
            f"At the wave “{wave_text(study, most.wave)}” {_share_of_arm(most, study)} "
            f"had the {end} score there is{before}. Over 15% is called {name}: nobody "
            f"there can be seen to {moving}."
        )


def _answer_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """How probable a better answer is after, and how probable it was before.

    People who were asked afterwards alone have no before.
    """
    chances = here.where(term="probability_of_better_answer")
    waves = waves_of(chances, study, contrasts=False)
    if not waves:
        return ""
    before, after = (found(chances, wave=wave) for wave in (waves[0], waves[-1]))
    if after is None:
        return ""
    one, other = (f"“{study.arm_title(name)}”" for name in names_in(after.arm))
    if after.estimate is None:
        return (
            f"Whether {one} answers better than {other} is not known: {after.reason}."
        )
    known = bool(outcome.baseline and before and before.estimate)
    then = f"; before it was {estimate_text(before)}" if before and known else ""
    return (
        f"At the wave “{wave_text(study, waves[-1])}” the chance that somebody of "
        f"{one} answers better than somebody of {other} is {estimate_text(after)}, "
        f"where 50% is no difference{then}."
    )


def _followed_words(here: Disclosed, study: Study) -> str:
    def words(better: Finding, worse: Finding) -> str:
        up, down = (number_text(p.estimate or 0.0, p.term) for p in (better, worse))
        return f"{up} answered better and {down} worse"

    listed = _pairs_words(here, study, ("share_better", "share_worse"), words)
    waves = wave_text(study, _last_waves(here, study, "share_better"))
    return f"Of those followed, {waves}: {listed}." if listed else ""


def _everyone_words(here: Disclosed, study: Study) -> str:
    def words(everybody: Finding, linked: Finding) -> str:
        return f"{estimate_text(linked)} and {estimate_text(everybody)}"

    terms = ("mean_change_everybody", "mean_change_linked")
    listed = _pairs_words(here, study, terms, words)
    waves = wave_text(study, _last_waves(here, study, terms[0]))
    opening = f"{waves}, the change of those followed, and of all who answered, in"
    return f"{opening} points: {listed}." if listed else ""


def _retrospective_words(here: Disclosed, study: Study) -> list[str]:
    """How far the past is judged differently afterwards; or the change as felt."""
    sentences = []
    for term, words in RETROSPECTIVE_WORDS.items():
        waves = _last_waves(here.where(group=RETROSPECTIVE), study, term)
        parts = _by_arm(here, study, term, waves, RETROSPECTIVE) if waves else []
        if parts:
            listed = "; ".join(f"{estimate_text(p)}{_of_arm(p, study)}" for p in parts)
            sentences.append(
                f"{words}, {wave_text(study, waves)}: {listed}. What people remember "
                "is the weakest evidence: it supplements the change and never "
                "replaces it."
            )
    return sentences[:1]


def _anchor_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    wave = _last_waves(here, study, SMALLEST_CHANGES[-1])
    if not wave:
        return ""
    tried = [found(here, term=term, wave=wave) for term in SMALLEST_CHANGES]
    known = [part for part in tried if part and part.estimate is not None]
    if not known:
        reason = next((p.reason for p in tried[::-1] if p and p.reason), NOT_SHOWN)
        return f"Which change people call an improvement is not known: {reason}."
    effect = smallest_in_points(study, outcome)
    declared = f"; declared to matter are {number_text(effect)}" if effect else ""
    return (
        f"A change of {estimate_text(known[0])} points is as likely among those who "
        f"say that things got better as among the rest{declared}."
    )


def _share_of_arm(part: Finding, study: Study) -> str:
    return f"{number_text(part.estimate or 0.0, part.term)}{_of_arm(part, study)}"


def _of_arm(part: Finding, study: Study) -> str:
    return f" ({arm_text(study, part.arm)})" if part.arm else ""


def _figure(
    here: Disclosed, study: Study, outcome: Outcome, words: str
) -> Figure | Note:
    """The answers where enough of them may be shown; else changes, else shares."""
    answers = ANSWERS.points(here, study)
    bars = list(dict.fromkeys(point.label for point in answers))
    # A bar of which nothing may be shown says nothing.
    if bars and {*bars} == {point.label for point in drawn_points(answers)}:
        return _answers_figure(answers, bars, study, outcome, words)
    if here.where(term="mean_change_everybody").findings:
        return _changes_figure(here, study, outcome, words)
    points = AT_BEST.points(here, study)
    return make_figure(
        f"ends-{outcome.name}",
        f"{outcome.title}: share with the best score there is, with 95% intervals; "
        f"dashed: {number_text(TOO_MANY, 'share_at_best')}, above which it is called a "
        "ceiling.",
        figure_words(words, points),
        points,
        partial(draw_shares, label="With the best score there is", reference=TOO_MANY),
        height=lines_height(points),
    )


def _answers_figure(
    points: Sequence[Point],
    bars: Sequence[str],
    study: Study,
    outcome: Outcome,
    words: str,
) -> Figure | Note:
    """Shares of answers at each wave, arm by arm."""
    named = [
        Point(
            label=point.label.removeprefix(f"{arm_text(study, '')}, "),
            series=answer_text(study, outcome, point.series),
            finding=point.finding,
        )
        for point in points
    ]
    answers = list(dict.fromkeys(point.series for point in named))
    labels = list(dict.fromkeys(point.label for point in named))
    return make_figure(
        f"answers-{outcome.name}",
        f"{outcome.title}: shares of answers at each wave, from the worst answer on "
        f"the left to the best on the right; hatched: answers {NOT_SHOWN}.",
        f"{words} Shares: {point_words(drawn_points(named))}",
        named,
        partial(draw_stacks, answers=answers, bars=labels),
        height=height_of(len(bars) + 0.5),
    )


def _changes_figure(
    here: Disclosed, study: Study, outcome: Outcome, words: str
) -> Figure | Note:
    points = [
        point
        for point in CHANGES.points(here, study)
        if point.finding.group in ("", RETROSPECTIVE)
    ]
    has_retrospective = any(point.finding.group == RETROSPECTIVE for point in points)
    then = ", and against the state before as judged afterwards" * has_retrospective
    return forest(
        f"changes-{outcome.name}",
        f"{outcome.title}: change of those followed, of those who answered once, and "
        f"of all who answered{then}, with 95% intervals.",
        figure_words(words, points),
        points,
        label="Change in points",
        smallest_effect=smallest_in_points(study, outcome),
    )


def answer_text(study: Study, outcome: Outcome, value: str) -> str:
    """An answer with its label, where the codebook has one for that score."""
    instrument = study.instruments[outcome.instrument]
    subscale = instrument.subscale(outcome.subscale)
    if subscale.method != "value":
        return value
    (item,) = subscale.items
    coding = instrument.coding(item)
    if coding.points or instrument.item(item).reverse_keyed:
        return value
    # The first of several labels of a code stands on the form.
    labels = {f"{code:g}": label for label, code in [*coding.answers.items()][::-1]}
    return f"{value} {labels[value]}" if value in labels else value


def _table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a number and wave, a column a group; with each number its n.

    A term of which nothing may be shown has no rows: its reasons stand below the table.
    """
    terms, lacking = _terms(here, outcome)
    of_terms = Disclosed(findings=tuple(p for p in here.findings if p.term in terms))
    arms = [
        *arms_of(of_terms, study, contrasts=False),
        *arms_of(of_terms, study, contrasts=True),
    ]
    notes, rows = Footnotes(), []
    for term in terms:
        title, at = register_term(term).title, here.where(term=term)
        for wave in places_of(at, study, contrasts=None):
            parts = (found(at, wave=wave, arm=arm) for arm in arms)
            cells = (_cell(part, notes, title) for part in parts)
            rows.append((title, wave_text(study, wave), *cells))
    also = [CALLED] if "share_at_best" in terms else []
    also += [CHANCE] if "probability_of_better_answer" in terms else []
    return notes.table(
        f"{outcome.title}: supplementary measures",
        ("What", "Waves", *(_heading(study, arm) for arm in arms)),
        rows,
        row_headings=2,
        also=(*lacking, *also),
    )


def _terms(here: Disclosed, outcome: Outcome) -> tuple[list[str], list[str]]:
    """Terms to show, and a sentence for each of which nothing may be shown."""
    terms: list[str] = []
    lacking: dict[str, list[str]] = {}
    # Where the best score alone is a top one, its share stands there already.
    again = (
        outcome.supplementary.top is None
        and not here.where(term="share_better").findings
    )
    for each in in_table("supplementary"):
        of_term = here.where(term=each.name).findings
        if not of_term or (again and each.name in TOPS):
            continue
        if any(part.estimate is not None for part in of_term):
            terms.append(each.name)
            continue
        reasons = dict.fromkeys(part.reason for part in of_term if part.reason)
        lacking.setdefault("; ".join(reasons), []).append(each.title)
    return terms, [f"Not shown ({w}): {'; '.join(t)}." for w, t in lacking.items()]


def _heading(study: Study, arm: Place) -> str:
    if not isinstance(arm, Contrast):
        return arm_text(study, arm)
    return " against ".join(map(study.arm_title, names_in(arm)))


def _cell(part: Finding | None, notes: Footnotes, title: str) -> str:
    text = notes.cell(part, title=title)
    if part is None or part.estimate is None or part.n is None:
        return text
    return f"{text}, n {part.n:,}"
