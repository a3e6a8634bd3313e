"""What a notebook shows beside the means: words, a figure and a table an outcome.

Findings beside the mean, taken apart: what each comes to, in a sentence.

What stands beside a mean: answers as stacked bars, or changes and ends as marks.

What stands beside the mean of an outcome, as one table.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.foundation.findings import Contrast, names_in
from analysis.foundation.terms import in_table
from analysis.foundation.terms import term as register_term
from analysis.publication.drawings import (
    NOT_SHOWN,
    draw_forest,
    draw_shares,
    draw_stacks,
)
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import height_of
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.places import (
    arm_text,
    arms_of,
    findings_of_outcome,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown
from analysis.publication.table import Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding, Place
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part

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


def outcome_words(selected: Disclosed, study: Study, outcome: Outcome) -> str:
    """What stands beside the mean of one outcome, as one text."""
    return " ".join(outcome_sentences(selected, study, outcome))


def outcome_sentences(
    selected: Disclosed, study: Study, outcome: Outcome
) -> tuple[str, ...]:
    """What stands beside the mean of one outcome, a sentence or two a matter.

    Parameters
    ----------
    selected : Disclosed
        What was found of it on this page.
    """
    sentences = [
        *_end_words(selected, study),
        _answer_words(selected, study),
        _followed_words(selected, study),
        _everyone_words(selected, study),
        _retrospective_words(selected, study),
        _anchor_words(selected, study, outcome),
    ]
    first, *others = [*filter(None, sentences)] or ["Nothing could be told."]
    return (f"{outcome.title}. {first}", *others)


def of_arms(
    selected: Disclosed, study: Study, term: str, wave: Place, group: str = ""
) -> list[Finding]:
    """The estimates of a term at a wave, the arms in the order declared."""
    order: list[Place] = ["", *(arm.name for arm in study.arms)]
    drawn = [
        part
        for part in selected.where(term=term, wave=wave, group=group).findings
        if part.estimate is not None and part.arm in order
    ]
    return sorted(drawn, key=lambda part: order.index(part.arm))


def _end_words(selected: Disclosed, study: Study) -> Iterator[str]:
    for term, (end, name, moving) in ENDS.items():
        known = [
            part
            for part in selected.where(term=term).findings
            if part.estimate is not None
        ]
        most = max(known, key=_share, default=None)
        if most is None or _share(most) <= TOO_MANY:
            continue
        first = waves_of(selected.where(term=term), study, contrasts=False)[0]
        began = [_named(part, study) for part in of_arms(selected, study, term, first)]
        before = ""
        if began and most.wave != first:
            before = f"; at the wave “{wave_text(study, first)}” {_listed(began)}"
        yield (
            f"At the wave “{wave_text(study, most.wave)}” {_named(most, study)} had "
            f"the {end} score there is{before}. Over 15% is called {name}: nobody "
            f"there can be seen to {moving}."
        )


def _share(part: Finding) -> float:
    return part.estimate or 0.0


def _answer_words(selected: Disclosed, study: Study) -> str:
    """How probable a better answer is after, beside how probable it was before."""
    chances = selected.where(term="probability_of_better_answer")
    waves = waves_of(chances, study, contrasts=False)
    if not waves:
        return ""
    before = found(chances, wave=waves[0])
    after = found(chances, wave=waves[-1])
    if before is None or after is None:
        return ""
    arms = [study.arm_title(name) for name in names_in(after.arm)]
    if after.estimate is None:
        return (
            f"Whether “{arms[0]}” answers better than “{arms[1]}” cannot be told: "
            f"{after.reason}."
        )
    then = f"; before it was {estimate_text(before)}" if before.estimate else ""
    return (
        f"At the wave “{wave_text(study, waves[-1])}” the chance that somebody of "
        f"“{arms[0]}” answers better than somebody of “{arms[1]}” is "
        f"{estimate_text(after)}, where 50% is no difference{then}."
    )


def _followed_words(selected: Disclosed, study: Study) -> str:
    waves = waves_of(selected.where(term="share_better"), study, contrasts=True)
    if not waves:
        return ""
    sentences = []
    for better in of_arms(selected, study, "share_better", waves[-1]):
        worse = found(selected, term="share_worse", wave=waves[-1], arm=better.arm)
        if worse is not None and worse.estimate is not None:
            sentences.append(
                f"{number_text(better.estimate or 0.0, better.term)} answered better "
                f"and {number_text(worse.estimate, worse.term)} worse"
                f"{_of_arm(better, study)}"
            )
    if not sentences:
        return ""
    return f"Of those followed, {wave_text(study, waves[-1])}: {_listed(sentences)}."


def _everyone_words(selected: Disclosed, study: Study) -> str:
    waves = waves_of(
        selected.where(term="mean_change_everybody"), study, contrasts=True
    )
    if not waves:
        return ""
    sentences = []
    for whole in of_arms(selected, study, "mean_change_everybody", waves[-1]):
        linked = found(
            selected, term="mean_change_linked", wave=waves[-1], arm=whole.arm
        )
        if linked is not None and linked.estimate is not None:
            sentences.append(
                f"{estimate_text(linked)} and {estimate_text(whole)}"
                f"{_of_arm(whole, study)}"
            )
    if not sentences:
        return ""
    return (
        f"{wave_text(study, waves[-1])}, the change of those followed, and of all who "
        f"answered, in points: {_listed(sentences)}."
    )


def _retrospective_words(selected: Disclosed, study: Study) -> str:
    """How far the past looks otherwise afterwards; or the change as felt alone."""
    for term, words in (
        (
            "response_shift",
            "Judged afterwards, the state before lies this many points from what "
            "people said at the time",
        ),
        ("then_test_change", "Against the state before as judged afterwards, points"),
    ):
        waves = waves_of(
            selected.where(term=term, group=RETROSPECTIVE), study, contrasts=True
        )
        if not waves:
            continue
        sentences = [
            f"{estimate_text(part)}{_of_arm(part, study)}"
            for part in of_arms(selected, study, term, waves[-1], RETROSPECTIVE)
        ]
        if sentences:
            return (
                f"{words}, {wave_text(study, waves[-1])}: {_listed(sentences)}. What "
                "people "
                "remember is the lowest rung of evidence: it stands beside the change, "
                "never instead of it."
            )
    return ""


def _anchor_words(selected: Disclosed, study: Study, outcome: Outcome) -> str:
    waves = waves_of(selected.where(term=SMALLEST_CHANGES[-1]), study, contrasts=True)
    if not waves:
        return ""
    tried = [found(selected, term=term, wave=waves[-1]) for term in SMALLEST_CHANGES]
    known = [part for part in tried if part and part.estimate is not None]
    if not known:
        reason = next((p.reason for p in tried[::-1] if p and p.reason), "held back")
        return f"Which change people call an improvement cannot be told: {reason}."
    effect = outcome.smallest_effect
    declared = f"; declared to matter are {number_text(effect)}" if effect else ""
    return (
        f"A change of {estimate_text(known[0])} points is as likely among those who "
        f"say that things got better as among the rest{declared}."
    )


def _named(part: Finding, study: Study) -> str:
    value = number_text(part.estimate or 0.0, part.term)
    return f"{value}{_of_arm(part, study)}"


def _of_arm(part: Finding, study: Study) -> str:
    return f" ({arm_text(study, part.arm)})" if part.arm else ""


def _listed(parts: list[str]) -> str:
    return "; ".join(parts)


CHANGES = {
    "mean_change_linked": "Followed",
    "mean_change_unlinked": "Answered once",
    "mean_change_everybody": "All who answered",
    "then_test_change": "Against before as judged afterwards",
}
"""Term → whose change it is, or against what."""
WORST_FIRST = "from the worst answer on the left to the best on the right"


def answers_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note | None:
    """Shares of answers before and after, arm by arm; None where little may be shown.

    Parameters
    ----------
    selected : Disclosed
        What was found beside the mean of this outcome.
    """
    cells = selected.where(term="share_in_category")
    bars = [
        (
            f"{arm_text(study, arm)}, {wave_text(study, wave)}"
            if arm
            else wave_text(study, wave),
            cells.where(wave=wave, arm=arm).findings,
        )
        for arm in arms_of(cells, study, contrasts=False)
        for wave in waves_of(cells, study, contrasts=False)
    ]
    # A bar of which nothing may be shown says nothing.
    if not bars or not all(
        any(part.estimate is not None for part in parts) for _, parts in bars
    ):
        return None
    points = [
        Point(
            label=bar, series=answer_text(study, outcome, str(part.group)), finding=part
        )
        for bar, parts in bars
        for part in parts
    ]
    answers = list(dict.fromkeys(point.series for point in points))
    drawn = drawn_points(points)
    return make_figure(
        f"answers-{outcome.name}",
        f"{outcome.title}: shares of answers at each wave, {WORST_FIRST}; hatched: "
        f"answers {NOT_SHOWN}.",
        f"{outcome_words(selected, study, outcome)} Shares: {point_words(drawn)}",
        points,
        partial(draw_stacks, answers=answers, bars=[name for name, _ in bars]),
        height=height_of(len(bars) + 0.5),
    )


def supplementary_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """Changes of the followed and of all; where nobody is, shares at the best end."""
    if selected.where(term="mean_change_everybody").findings:
        return _changes_figure(selected, study, outcome)
    return _ends_figure(selected, study, outcome)


def _changes_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    points = [
        Point(
            label=f"{arm_text(study, arm)}, {wave_text(study, wave)}",
            series=who,
            finding=finding,
        )
        for term, who in CHANGES.items()
        for arm in arms_of(selected, study, contrasts=False)
        for wave in waves_of(selected, study, contrasts=True)
        for finding in selected.where(term=term, arm=arm, wave=wave).findings
        if finding.group in ("", RETROSPECTIVE)
    ]
    drawn = drawn_points(points)
    words = outcome_words(selected, study, outcome)
    rows = len({point.label for point in points})
    has_retrospective = any(point.finding.group == RETROSPECTIVE for point in points)
    then = ", and against the state before as judged afterwards" * has_retrospective
    return make_figure(
        f"changes-{outcome.name}",
        f"{outcome.title}: change of those followed, of those who answered once, and "
        f"of all who answered{then}, with 95% intervals.",
        f"{words} {point_words(drawn)}" if drawn else words,
        points,
        partial(
            draw_forest,
            label="Change in points",
            smallest_effect=outcome.smallest_effect,
        ),
        height=height_of(max(rows, 1) * 1.5),
    )


def _ends_figure(selected: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    points = [
        Point(
            label=wave_text(study, wave), series=arm_text(study, arm), finding=finding
        )
        for arm in arms_of(selected, study, contrasts=False)
        for wave in waves_of(selected, study, contrasts=False)
        for finding in selected.where(term="share_at_best", arm=arm, wave=wave).findings
    ]
    drawn = drawn_points(points)
    words = outcome_words(selected, study, outcome)
    return make_figure(
        f"ends-{outcome.name}",
        f"{outcome.title}: share with the best score there is, with 95% intervals; "
        f"dashed: {number_text(TOO_MANY, 'share_at_best')}, above which it is called a "
        "ceiling.",
        f"{words} {point_words(drawn)}" if drawn else words,
        points,
        partial(draw_shares, label="With the best score there is", reference=TOO_MANY),
        height=height_of(max(len({p.label for p in points}), 1)),
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
    answers = [*coding.answers.items()]
    # The first of several labels of a code stands on the form.
    labels = {f"{code:g}": label for label, code in reversed(answers)}
    return f"{value} {labels[value]}" if value in labels else value


CALLED = (
    "Over 15% at an end is commonly called a floor or a ceiling (Terwee and others, "
    "2007)."
)
CHANCE = (
    "A chance of a better answer is that one person, drawn at random, answers better "
    "than one of the others, or later than earlier; the same answer counts half, and "
    "50% is no difference."
)
TOPS = ("top_share_before", "top_share_after")


def supplementary_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a number and wave, a column a group; with each number its n.

    Parameters
    ----------
    here : Disclosed
        What was found beside the mean of this outcome. A term of which nothing may be
        shown has no rows, and is told below the table with its reasons.
    """
    terms_found, lacking = _terms(here, outcome)
    of_terms = [part for part in here.findings if part.term in terms_found]
    groups = _groups(of_terms, study)
    notes, rows = Footnotes(), []
    for term in terms_found:
        title = register_term(term).title
        at = here.where(term=term)
        waves: list[Place] = [
            *waves_of(at, study, contrasts=False),
            *waves_of(at, study, contrasts=True),
        ]
        for wave in waves:
            cells = [
                _cell(found(at, wave=wave, arm=arm), notes, title) for arm in groups
            ]
            rows.append((title, wave_text(study, wave), *cells))
    also = [CALLED] if "share_at_best" in terms_found else []
    also += [CHANCE] if "probability_of_better_answer" in terms_found else []
    return Table(
        caption=f"{outcome.title}: beside the mean",
        columns=("What", "Waves", *(_heading(study, arm) for arm in groups)),
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), *lacking, *also) if rows else (),
        methods=notes.methods(),
    )


def _terms(here: Disclosed, outcome: Outcome) -> tuple[list[str], list[str]]:
    """Terms to show, and a sentence for each of which nothing may be shown."""
    terms_found: list[str] = []
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
            terms_found.append(each.name)
            continue
        reasons = dict.fromkeys(part.reason for part in of_term if part.reason)
        lacking.setdefault("; ".join(reasons), []).append(each.title)
    return terms_found, [
        f"Not shown ({w}): {'; '.join(t)}." for w, t in lacking.items()
    ]


def _groups(findings: list[Finding], study: Study) -> list[Place]:
    """Everyone, then the arms as declared, then arms compared."""
    present = dict.fromkeys(part.arm for part in findings)
    known = ["", *(arm.name for arm in study.arms)]
    return [
        *(name for name in known if name in present),
        *(name for name in present if name not in known),
    ]


def _heading(study: Study, arm: Place) -> str:
    if not isinstance(arm, Contrast):
        return arm_text(study, arm)
    return f"{study.arm_title(arm.after)} against {study.arm_title(arm.before)}"


def _cell(part: Finding | None, notes: Footnotes, title: str) -> str:
    text = notes.cell(part, title=title)
    if part is None or part.estimate is None or part.n is None:
        return text
    return f"{text}, n {part.n:,}"


NOTHING = "Nothing stands beside the means of this study."
SUPPLEMENTARY_NOTE = (
    "What stands here stands beside the declared outcomes and decides none of them; no "
    "plan was locked for it."
)


def show_supplementary(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome: what its mean hides."""
    parts: list[Part] = []
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        if not selected.findings:
            continue
        parts += [Note(text=t) for t in outcome_sentences(selected, study, outcome)]
        # One figure: the answers where enough may be shown of them.
        figure = answers_figure(selected, study, outcome)
        parts.append(figure or supplementary_figure(selected, study, outcome))
        table = supplementary_table(selected, study, outcome)
        parts += [table] if table.rows else []
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(parts=(Note(text=SUPPLEMENTARY_NOTE, kind="caution"), *parts))
