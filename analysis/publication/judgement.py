"""What the outcomes come to: whether they matter, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan import EXPLORATORY, PRIMARY
from analysis.declarations.plan_lock import family_of
from analysis.foundation.findings import Contrast, Group
from analysis.foundation.terms import term as register_term
from analysis.publication.figure import Note, Point, drawn_points
from analysis.publication.numbers import estimate_text
from analysis.publication.panels import difference_label, forest
from analysis.publication.places import (
    SCORED_OR_LINKED,
    arm_mean,
    arm_text,
    columns_of,
    findings_of_outcome,
    found,
    of_score,
    places_of,
    plain_text,
    smallest_text,
    wave_text,
)
from analysis.publication.shown import Shown, show_tables
from analysis.publication.table import ABSENT, Footnotes
from analysis.publication.verdict.headline import headline, short_verdict
from analysis.publication.verdict.levels import level_sentence
from analysis.publication.verdict.reader import facts_of_verdict, planned_facts
from analysis.publication.verdict.sentences import THREAT_WORDS, second_sentence
from analysis.publication.words import SIGNIFICANT, listed, smallest_effect_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding, Place
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.table import Table
    from analysis.publication.verdict.facts import PlannedFacts

NOTHING_PLANNED = "No outcome was declared, so nothing is judged."
NOBODY_FOLLOWED = "No change of people who were linked can be compared with its error."
ONE_METHOD = "No other analysis of what was planned gives a number."
CHANGED_ANYWAY = "We do not know how many would have changed anyway."
NOT_TESTED = (
    "The plan has no rule by which several outcomes are tested together, so none is "
    "tested here: each stands with its interval, and of many intervals one may exclude "
    "no effect by chance alone."
)
PRIOR = (
    "Chances are of the true effect, given the planned estimate and a prior that takes "
    "no effect for likeliest; the table of findings has them for a prior half and "
    "twice as wide. What threatens the result is not counted in them."
)
IN_FAMILY = (
    "A p in its family is the smallest level at which the outcome still stands once "
    "all that were asked with it are counted; a family that waits for the primary "
    "outcome is never surer than that one."
)
MEASURES = (
    "difference_in_change",
    "adjusted_difference",
    "difference_after",
    "start_effect",
    "change",
)
AS_PLANNED = "as planned"
COLUMNS = ("design", "size", "width", "lost")
STRENGTH = (
    "The strength is the lowest of the four columns, each from 0 to 5, less up to two "
    "of the threats named."
)


def show_answers(disclosed: Disclosed, study: Study) -> Shown:
    """The planned answer of every outcome, in words and as a table."""
    notes = [
        Note(
            text=f"{outcome.title}, {_waves_of(facts)}. {headline(facts)} "
            f"{second_sentence(facts)}".strip(),
            kind="summary",
        )
        for outcome, facts in _answers(disclosed, study)
        # The others stand in the table, with the same verdicts.
        if family_of(outcome, study) == PRIMARY
    ]
    levels = [
        Note(text=sentence)
        for outcome in study.outcomes
        if family_of(outcome, study) == PRIMARY
        and (sentence := level_sentence(disclosed, study, outcome))
    ]
    table = _answer_table(disclosed, study)
    others = _other_people(disclosed, study)
    return show_tables([*notes, *levels, *others, table], NOTHING_PLANNED)


def _other_people(disclosed: Disclosed, study: Study) -> Iterator[Note]:
    """That follow-ups of an outcome are about different people, where they are."""
    for outcome in study.outcomes:
        waves: dict[str, list[str]] = {}
        for one, facts in _answers(disclosed, study):
            if one == outcome and facts.estimate is not None:
                at = waves.setdefault(facts.counted, [])
                at += [facts.follow_up] * (facts.follow_up not in at)
        if len(waves) > 1:
            linked, answered = (
                listed([f"“{wave}”" for wave in waves[counted]])
                for counted in ("people", "answers")
            )
            yield Note(
                text=f"{outcome.title}: the result at {linked} is about people who "
                f"were linked, that at {answered} about all who answered, because too "
                "few were linked there, or fewer of one group than of the other. These "
                "are different people, so the difference between the two results is "
                "not a change over time."
            )


def _waves_of(facts: PlannedFacts) -> str:
    return " to ".join(filter(None, (facts.baseline, facts.follow_up)))


def show_baseline(disclosed: Disclosed, study: Study) -> Shown:
    """Where the groups began: each arm's scores at the baseline, side by side."""
    return show_tables([_baseline_table(disclosed, study)], NO_BASELINE)


NO_BASELINE = "There are no groups whose scores before could stand side by side."


def _baseline_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: mean, standard deviation and n of each arm before."""
    notes, rows = Footnotes(), []
    arms = [arm.name for arm in study.arms]
    for outcome in study.outcomes if arms else ():
        before = of_score(disclosed, outcome).where(wave=outcome.baseline, group="")
        cells = []
        for arm in arms:
            of_arm = before.where(arm=arm)
            mean = found(of_arm, term="mean")
            spread = found(of_arm, term="standard_deviation")
            cells += [notes.cell(mean), notes.cell(spread), notes.people(mean)]
        if any(cell != ABSENT for cell in cells):
            rows.append((outcome.title, study.wave_title(outcome.baseline), *cells))
    parts = ("mean", "SD", "scored")
    headings = [f"{study.arm_title(arm)}: {part}" for arm in arms for part in parts]
    return notes.table(
        "Where the groups began",
        ("Outcome", "Wave", *headings),
        rows,
        row_headings=2,
        optional=range(len(headings) + 2),
    )


def show_strength(disclosed: Disclosed, study: Study) -> Shown:
    """How strong the evidence of every answer is, and what weakens it."""
    return show_tables([_strength_table(disclosed, study)], NOTHING_PLANNED)


def show_chances(disclosed: Disclosed, study: Study) -> Shown:
    """How likely it is that each effect helps, matters or harms."""
    return show_tables([_chance_table(disclosed, study)], NO_CHANCES)


NO_CHANCES = (
    "Chances need an outcome with a good and a bad end, and a smallest effect that was "
    "declared."
)


def show_methods(disclosed: Disclosed, study: Study) -> Shown:
    """The same question by other methods, and how alike people of a team are."""
    figures = [
        _methods_figure(points, outcome)
        for outcome in study.outcomes
        if (points := _method_points(disclosed, study, outcome))
    ]
    if not figures:
        return Shown(parts=(Note(text=ONE_METHOD),))
    notes = [
        Note(text=text)
        for outcome in study.outcomes
        for text in _mean_scores(disclosed, study, outcome)
    ]
    table = _intracluster_table(disclosed, study)
    return Shown(parts=(*figures, *notes, *([table] if table.rows else [])))


def show_responders(disclosed: Disclosed, study: Study) -> Shown:
    """Who got better, stayed and got worse, never the first alone."""
    return show_tables([_responder_table(disclosed, study)], NOBODY_FOLLOWED)


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
) -> Iterator[tuple[Outcome, Place, Disclosed]]:
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        for wave in places_of(selected, study, contrasts=True):
            yield outcome, wave, selected.where(wave=wave)


def _answers(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, PlannedFacts]]:
    for outcome in study.outcomes:
        for follow_up in outcome.follow_ups:
            for facts in planned_facts(disclosed, study, outcome, follow_up):
                yield outcome, facts


def _answer_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome and follow-up: the arms, the planned estimate, the verdict."""
    notes, rows = Footnotes(), []
    for outcome, _, selected in _outcomes(disclosed, study):
        for judged in selected.where(term="verdict").findings:
            here = selected.where(arm=judged.arm)
            planned = _planned(here)
            arms = judged.arm if isinstance(judged.arm, Contrast) else ("",)
            named = (arms.after, arms.before) if isinstance(arms, Contrast) else arms
            facts = facts_of_verdict(judged, disclosed, study, outcome)
            courses = (_course(selected.where(arm=arm), study) for arm in named)
            rows.append(
                (
                    outcome.title,
                    _waves_of(facts),
                    arm_text(study, judged.arm),
                    "; ".join(filter(None, courses)) or ABSENT,
                    notes.cell(planned, title="Planned estimate"),
                    smallest_text(study, outcome) or ABSENT,
                    short_verdict(facts),
                    notes.people(planned),
                )
            )
    headings = (
        "Outcome",
        "Waves",
        "Compared",
        "Before and after",
        "Planned estimate",
        "Smallest that matters",
        "Verdict",
        SCORED_OR_LINKED,
    )
    return notes.table(
        "Every outcome as planned",
        headings,
        rows,
        row_headings=3,
        optional=range(len(headings)),
    )


def _planned(here: Disclosed) -> Finding | None:
    """The planned estimate: the one number of the contrast without a label."""
    unlabelled = here.where(group="")
    estimates = (found(unlabelled, term=term) for term in MEASURES)
    return next((one for one in estimates if one is not None), None)


def _course(of_arm: Disclosed, study: Study) -> str:
    """An arm's means before and after, of the people of the planned estimate."""
    means = [arm_mean(of_arm, wave) for wave in ("before", "after")]
    known = [mean for mean in means if mean is not None and mean.estimate is not None]
    if not known:
        return ""
    return f"{arm_text(study, known[0].arm)} {' to '.join(map(estimate_text, known))}"


def _strength_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome and follow-up: the strength, its columns, and threats."""
    notes, rows = Footnotes(), []
    for outcome, wave, selected in _outcomes(disclosed, study):
        for rated in selected.where(term="evidence_strength").findings:
            here = selected.where(arm=rated.arm)
            columns = {
                part.group.value: part
                for part in here.where(term="strength_column").findings
                if isinstance(part.group, Group)
            }
            threats = [
                THREAT_WORDS[part.group.value]  # type: ignore[index]
                for part in here.where(term="strength_threat").findings
                if isinstance(part.group, Group)
            ]
            rows.append(
                (
                    outcome.title,
                    wave_text(study, wave),
                    notes.cell(rated, title="Strength"),
                    *(notes.cell(columns.get(name)) for name in COLUMNS),
                    "; ".join(threats) or ABSENT,
                    notes.people(rated),
                )
            )
    headings = (
        "Outcome",
        "Waves",
        "Strength, 0 to 5",
        "Design",
        "Number",
        "Width",
        "Losses",
        "What threatens it",
        SCORED_OR_LINKED,
    )
    return notes.table(
        "How strong the evidence is",
        headings,
        rows,
        row_headings=2,
        also=(STRENGTH,),
        optional=range(len(headings)),
    )


def _chance_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome and follow-up: what the true effect probably is."""
    notes, rows, columns = Footnotes(), [], columns_of("probabilities")
    for outcome, wave, selected in _outcomes(disclosed, study):
        declared = selected.where(group="as declared")
        if first := found(declared, term=columns[0][1]):
            place = (outcome.title, wave_text(study, wave))
            cells = notes.cells(declared, columns)
            rows.append((*place, *cells, notes.people(first)))
    headings = ("Outcome", "Waves", *(title for title, _ in columns), SCORED_OR_LINKED)
    return notes.table(
        "How likely it is that it helps",
        headings,
        rows,
        row_headings=2,
        also=(PRIOR,),
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
    headings = ("Outcome", "Waves", "Group", "Linked", *(title for title, _ in columns))
    also = (CHANGED_ANYWAY,) if not study.treated else ()
    return notes.table(
        "Who changed by more than error",
        headings,
        rows,
        also=also,
        optional=range(len(headings)),
    )


def _intracluster_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: how alike people of one team were before."""
    notes, columns = Footnotes(), columns_of("clustering")
    rows: dict[str, tuple[str, ...]] = {}
    for outcome, _, selected in _outcomes(disclosed, study):
        counted = found(selected, term="intracluster_correlation")
        if counted and outcome.name not in rows:
            cells = notes.cells(selected, columns)
            rows[outcome.name] = (outcome.title, notes.people(counted), *cells)
    headings = ("Outcome", "Scored", *(title for title, _ in columns))
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
        first = "".join(outcome.follow_ups[:1])
        waves = Contrast(first, outcome.baseline) if outcome.baseline else first
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
        (
            "Family",
            "Outcome",
            "Effect",
            "p alone",
            "p in its family",
            SCORED_OR_LINKED,
        ),
        rows,
        row_headings=2,
        also=(IN_FAMILY,),
    )


def _first_measure(selected: Disclosed) -> str:
    """What the page shows of an outcome whose p could not be had."""
    present = {finding.term for finding in selected.findings}
    return next((term for term in MEASURES if term in present), "")


def _method_points(disclosed: Disclosed, study: Study, outcome: Outcome) -> list[Point]:
    """The planned estimate of each follow-up, then those by other methods."""
    points = []
    here = findings_of_outcome(disclosed, outcome)
    for wave in places_of(here, study, contrasts=True):
        selected = here.where(wave=wave)
        others = [
            part
            for part in selected.where(term="sensitivity_effect").findings
            if not is_in_points(part)
        ]
        for arm in dict.fromkeys(part.arm for part in others):
            series = wave_text(study, wave)
            planned = _planned(selected.where(arm=arm))
            if planned is not None:
                points.append(Point(label=AS_PLANNED, series=series, finding=planned))
            points += [
                Point(label=_method_name(part), series=series, finding=part)
                for part in others
                if part.arm == arm
            ]
    return points


def is_in_points(finding: Finding) -> bool:
    """Whether another analysis is in points, next to a planned one that is not."""
    return isinstance(finding.group, Group) and finding.group.of == "other scale"


def _mean_scores(disclosed: Disclosed, study: Study, outcome: Outcome) -> Iterator[str]:
    """The same contrast in points, where answers were compared by their order."""
    here = findings_of_outcome(disclosed, outcome)
    for finding in here.where(term="sensitivity_effect").findings:
        if is_in_points(finding) and finding.estimate is not None:
            yield (
                f"{outcome.title}, {wave_text(study, finding.wave)}: the mean score "
                f"instead gives {estimate_text(finding)} points, as if all steps "
                "between answers were equal. It does not count among the analyses "
                "that agree."
            )


def _method_name(finding: Finding) -> str:
    group = finding.group
    assert isinstance(group, Group), "as the evaluation placed it"
    other = group.of == "other people"
    return f"other people: {group.value}" if other else group.value


def _methods_figure(points: Sequence[Point], outcome: Outcome) -> Figure | Note:
    """The same contrast: a line a method, the planned one first; a mark a follow-up."""
    others = len({point.label for point in points}) - 1
    return forest(
        f"ways-{outcome.name}",
        f"{outcome.title}: as planned, and by {others} other analyses, with 95% "
        "intervals. The verdict is that of the planned one.",
        _method_words(drawn_points(points), outcome),
        points,
        label=difference_label(points),
        smallest_effect=outcome.smallest_effect,
    )


def _method_words(drawn: Sequence[Point], outcome: Outcome) -> str:
    """The planned estimate of each follow-up, and how far the others lie from it."""
    parts, metric = [], drawn[0].finding.metric if drawn else ""
    for name in dict.fromkeys(point.series for point in drawn):
        of_wave = [point for point in drawn if point.series == name]
        planned = [point for point in of_wave if point.label == AS_PLANNED]
        others = sorted(
            (point for point in of_wave if point.label != AS_PLANNED),
            key=lambda point: point.value,
        )
        if planned and others:
            low, high = others[0], others[-1]
            parts.append(
                f"{name}: {estimate_text(planned[0].finding)} as planned; the others "
                f"run from {estimate_text(low.finding)} ({low.label}) to "
                f"{estimate_text(high.finding)} ({high.label})"
            )
    return (
        f"{'; '.join(parts)}.{smallest_effect_words(outcome.smallest_effect, metric)}"
    )
