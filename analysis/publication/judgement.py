"""What the outcomes come to: whether they matter, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan import EXPLORATORY, PRIMARY
from analysis.foundation.findings import Contrast, Group
from analysis.foundation.terms import term as register_term
from analysis.publication.figure import Note, drawn_points
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.panels import Panel, forest
from analysis.publication.places import (
    arm_text,
    columns_of,
    findings_of_outcome,
    found,
    plain_text,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, show_tables
from analysis.publication.table import ABSENT, Footnotes
from analysis.publication.words import (
    SIGNIFICANT,
    excluding_zero_words,
    smallest_effect_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure, Point
    from analysis.publication.table import Table

NOTHING_TO_JUDGE = (
    "No smallest effect that matters was declared, so nothing can be judged."
)
NOBODY_FOLLOWED = (
    "Nobody was followed from wave to wave, so nobody's own change is known."
)
ONE_METHOD = (
    "Teams were not allocated to two groups, so there is one analysis method only."
)
NOT_TESTED = (
    "The plan has no rule by which several outcomes are tested together, so none is "
    "tested here: each stands with its interval, and of many intervals one may exclude "
    "no effect by chance alone."
)
PRIOR = (
    "Chances are of the true effect, given the data and a prior that takes no effect "
    "for likeliest; the table of findings has them for a prior half and twice as wide."
)
IN_FAMILY = (
    "A p in its family is the smallest level at which the outcome still stands once "
    "all that were asked with it are counted; a family that waits for the primary "
    "outcome is never surer than that one."
)
MEASURES = ("difference_in_change", "adjusted_difference", "mean_change")
METHODS = Panel(
    terms={"difference_in_change_by_way": ""},
    line=("group",),
    mark=("wave",),
    order=("wave",),
)


def show_judgement(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome against the smallest effect that was declared to matter."""
    return show_tables([_judgement_table(disclosed, study)], NOTHING_TO_JUDGE)


def show_methods(disclosed: Disclosed, study: Study) -> Shown:
    """The same question answered by several methods, and how alike teams are."""
    figures = [
        _methods_figure(points, outcome)
        for outcome in study.outcomes
        if (points := METHODS.points(findings_of_outcome(disclosed, outcome), study))
    ]
    if not figures:
        return Shown(parts=(Note(text=ONE_METHOD),))
    table = _intracluster_table(disclosed, study)
    return Shown(parts=(*figures, *([table] if table.rows else [])))


def show_responders(disclosed: Disclosed, study: Study) -> Shown:
    """Who got better, stayed and got worse, never the first alone."""
    return show_tables([_responder_table(disclosed, study)], NOBODY_FOLLOWED)


def show_evidence_level(disclosed: Disclosed, study: Study) -> Shown:
    """How far each answer can be trusted by its design, and what would lift it."""
    titles: dict[str, dict[str, None]] = {}
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        for finding in selected.where(term="evidence_rung").findings:
            text = finding.method if finding.estimate is not None else finding.reason
            titles.setdefault(text, {})[outcome.title] = None
    notes = [
        Note(text=f"{_named(named, study)}. {text}", kind="summary")
        for text, named in titles.items()
    ]
    return Shown(parts=tuple(notes) or (Note(text="No outcome was declared."),))


def _named(titles: Iterable[str], study: Study) -> str:
    named = list(titles)
    return "Every outcome" if len(named) == len(study.outcomes) else ", ".join(named)


def show_families(disclosed: Disclosed, study: Study) -> Shown:
    """Which outcomes still stand once all that was asked is counted."""
    table = _family_table(disclosed, study)
    if not table.rows:
        return Shown(parts=(Note(text=NOT_TESTED),))
    adjusted = [
        part.estimate
        for _, _, selected in _tested(disclosed, study)
        for part in selected.where(term="adjusted_p_value").findings
        if part.estimate is not None
    ]
    standing = sum(p < SIGNIFICANT for p in adjusted)
    words = (
        f"{standing} of {len(adjusted)} outcomes still stand at a level of .05 once "
        "all that was asked with them is counted."
    )
    return Shown(parts=(Note(text=words, kind="summary"), table))


def _outcomes(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Contrast, Disclosed]]:
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        for wave in waves_of(selected, study, contrasts=True):
            yield outcome, wave, selected.where(wave=wave)


def _judgement_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome and follow-up: the effect against the smallest that matters."""
    notes, rows = Footnotes(), []
    chances = columns_of("probabilities")
    for outcome, wave, selected in _outcomes(disclosed, study):
        effect = found(selected, term="effect")
        if effect is None:
            continue
        smallest = outcome.smallest_effect
        rows.append(
            (
                outcome.title,
                wave_text(study, wave),
                notes.cell(effect, title="Effect"),
                number_text(smallest) if smallest else ABSENT,
                str(effect.group) or "not judged",
                *notes.cells(selected.where(group="as declared"), chances),
                notes.people(effect),
            )
        )
    opening = ("Outcome", "Waves", "Effect", "Smallest that matters", "Verdict")
    headings = (*opening, *(title for title, _ in chances), "n")
    has_chances = any(found(disclosed, term=term) for _, term in chances)
    return notes.table(
        "Large enough to matter?",
        headings,
        rows,
        also=(PRIOR,) if has_chances else (),
        optional=range(len(headings)),
    )


def _responder_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome, follow-up and arm: who changed by more than error."""
    notes, rows, columns = Footnotes(), [], columns_of("responders")
    for outcome, wave, selected in _outcomes(disclosed, study):
        for arm in dict.fromkeys(part.arm for part in selected.findings):
            of_arm = selected.where(arm=arm)
            if counted := found(of_arm, term="reliable_change_needed"):
                place = (outcome.title, wave_text(study, wave), arm_text(study, arm))
                cells = notes.cells(of_arm, columns)
                rows.append((*place, notes.people(counted), *cells))
    headings = ("Outcome", "Waves", "Group", "n", *(title for title, _ in columns))
    caption = "Who changed by more than error"
    return notes.table(caption, headings, rows, optional=range(len(headings)))


def _intracluster_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: how alike people of one team were before."""
    notes, columns = Footnotes(), columns_of("clustering")
    rows: dict[str, tuple[str, ...]] = {}
    for outcome, _, selected in _outcomes(disclosed, study):
        counted = found(selected, term="intracluster_correlation")
        if counted and outcome.name not in rows:
            cells = notes.cells(selected, columns)
            rows[outcome.name] = (outcome.title, notes.people(counted), *cells)
    headings = ("Outcome", "n", *(title for title, _ in columns))
    return notes.table(
        "How alike people of one team are",
        headings,
        rows.values(),
        optional=range(len(headings)),
    )


def _tested(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Finding, Disclosed]]:
    """Every outcome tested: its p alone, and what else was found at that place."""
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        waves = Contrast("".join(outcome.follow_ups[:1]), outcome.baseline)
        unadjusted = found(selected, term="p_value", wave=waves)
        if unadjusted is not None:
            yield outcome, unadjusted, selected.where(wave=waves, arm=unadjusted.arm)


def _family_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: its effect, its p alone, and its p in its family."""
    families = study.plan.families if study.plan else {}
    order = [PRIMARY, *families, EXPLORATORY]
    tested = sorted(
        _tested(disclosed, study),
        key=lambda one: [*order, str(one[1].group)].index(str(one[1].group)),
    )
    notes, rows = Footnotes(), []
    for outcome, unadjusted, selected in tested:
        group = unadjusted.group
        measure = group.of if isinstance(group, Group) else ""
        term = measure or _first_measure(selected)
        effect = found(selected, term=term) if term else None
        adjusted = found(selected, term="adjusted_p_value")
        rows.append(
            (
                plain_text(str(unadjusted.group)).capitalize(),
                outcome.title,
                notes.cell(effect, title=register_term(term).title if term else ""),
                notes.cell(unadjusted, title="p alone"),
                notes.cell(adjusted, title="p in its family"),
                notes.people(unadjusted),
            )
        )
    return notes.table(
        "All outcomes together, at their first follow-up",
        ("Family", "Outcome", "Effect", "p alone", "p in its family", "n"),
        rows,
        row_headings=2,
        also=(IN_FAMILY,),
    )


def _first_measure(selected: Disclosed) -> str:
    """What the page shows of an outcome whose p could not be had."""
    present = {finding.term for finding in selected.findings}
    return next((term for term in MEASURES if term in present), "")


def _methods_figure(points: Sequence[Point], outcome: Outcome) -> Figure | Note:
    """The arms' difference in change: one line a method, one mark a follow-up."""
    methods = len({point.label for point in points})
    return forest(
        f"ways-{outcome.name}",
        f"{outcome.title}: the same question by {methods} analysis methods, with 95% "
        "intervals. An answer that holds by one method only is not yet an answer.",
        _method_words(drawn_points(points), outcome),
        points,
        label="Difference in points",
        smallest_effect=outcome.smallest_effect,
    )


def _method_words(drawn: Sequence[Point], outcome: Outcome) -> str:
    """How far the methods lie apart at each follow-up, and how many are clear."""
    parts = []
    for name in dict.fromkeys(point.series for point in drawn):
        of_wave = [point for point in drawn if point.series == name]
        of_wave.sort(key=lambda point: point.value)
        low, high = of_wave[0], of_wave[-1]
        clear = excluding_zero_words((point.finding for point in of_wave), "methods")
        parts.append(
            f"{name}: from {estimate_text(low.finding)} by {low.label} to "
            f"{estimate_text(high.finding)} by {high.label}; {clear}"
        )
    return f"{'; '.join(parts)}.{smallest_effect_words(outcome.smallest_effect)}"
