"""Whether scores can be trusted and compared: reliability, structure, keys."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.foundation.terms import in_table, term
from analysis.publication.figure import Note
from analysis.publication.numbers import estimate_text
from analysis.publication.places import (
    arm_text,
    found,
    surveyed,
    wave_text,
    waves_of,
)
from analysis.publication.reliability_figures.agreement import limits_figure
from analysis.publication.reliability_figures.factors import (
    loading_figure,
    scree_figure,
)
from analysis.publication.reliability_figures.items import response_figure
from analysis.publication.scores import (
    COEFFICIENTS,
    by_instrument,
    item_figure,
    item_table,
    reliability_figure,
    reliability_table,
    retest_between_waves_table,
    retest_table,
)
from analysis.publication.shown import show, show_tables
from analysis.publication.table import ABSENT, Footnotes, Table
from analysis.publication.words import reached_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.foundation.terms import Term
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Shown

SIGNS = {
    "sufficient": "sufficient (+)",
    "insufficient": "insufficient (\N{MINUS SIGN})",
    "indeterminate": "not known (?)",
}
ANSWERS = {1.0: "yes", 0.0: "no", None: "not tested"}
CONSEQUENCES = {
    "passed": "reported",
    "warned": "reported, with the bias",
    "refused": "not reported",
    "not_tested": "reported, not checked",
    "cannot_be_tested": "reported, not checked",
}
"""What follows for a change → how it is reported."""
LEVELS = {
    "thresholds": "Change of fit: equal thresholds",
    "metric": "Change of fit: equal loadings",
    "scalar": "Change of fit: equal levels too",
}
"""Level of invariance → the change of the comparative fit index it brings."""
CRITERIA = (
    "Rated by the criteria of COSMIN (Prinsen and others 2018). A rating whose "
    "interval crosses the threshold may turn out otherwise in the next sample."
)


def structure_tables(disclosed: Disclosed, study: Study) -> Iterator[Table]:
    """A table of each subscale in each wave, a row a statistic."""
    for title, here in _subscales(disclosed, study):
        notes = Footnotes()
        findings = _in_table("structure", here.where(item=""))
        yield notes.table(
            f"Is it one thing? {title}",
            ("Statistic", "Found", "Asked for", "n"),
            (
                (
                    each.title,
                    notes.cell(finding, title=each.title),
                    each.usual,
                    notes.people(finding),
                )
                for each, finding in findings
            ),
        )


def cosmin_tables(disclosed: Disclosed, study: Study) -> Iterator[Table]:
    """A table of each subscale in each wave, a row a property."""
    for title, here in _subscales(disclosed, study):
        findings = _in_table("cosmin", here)
        yield Table(
            caption=f"Evidence for {title}",
            columns=("Property", "Rating", "Judged by", "n", "Why"),
            rows=tuple((each.title, *_rating(finding)) for each, finding in findings),
            notes=(CRITERIA,),
        )


def _in_table(name: str, here: Disclosed) -> Iterator[tuple[Term, Finding]]:
    """The terms of one of the register's tables that are found here."""
    for each in in_table(name):
        if finding := found(here, term=each.name):
            yield each, finding


def _subscales(disclosed: Disclosed, study: Study) -> Iterator[tuple[str, Disclosed]]:
    """Every subscale in every wave: its name with the wave's, and its findings."""
    for survey, instrument in surveyed(study):
        selected = disclosed.where(survey=survey, instrument=instrument.name)
        for wave in waves_of(selected, study, contrasts=False):
            for part in instrument.subscales:
                of_part = selected.where(wave=wave, subscale=part.name)
                yield f"{part.title}, {wave_text(study, wave)}", of_part


def _rating(finding: Finding) -> tuple[str, str, str, str]:
    rating = SIGNS.get(str(finding.group), str(finding.group))
    if finding.estimate is None or finding.n is None:
        return rating, ABSENT, ABSENT, finding.reason
    judged = finding.group.of if isinstance(finding.group, Group) else ""
    number = estimate_text(dataclasses.replace(finding, term=judged))
    return rating, f"{term(judged).title} {number}", f"{finding.n:,}", finding.method


def comparability_table(disclosed: Disclosed, study: Study) -> Table:
    """A row a score, pair of waves and comparison: whether it means the same."""
    notes, rows = Footnotes(), []
    tested = {finding.group for finding in disclosed.findings}
    levels = {level: title for level, title in LEVELS.items() if level in tested}
    for survey, instrument in surveyed(study):
        selected = disclosed.where(survey=survey, instrument=instrument.name)
        for subscale in instrument.subscales:
            of_part = selected.where(subscale=subscale.name)
            for wave in waves_of(of_part, study, contrasts=True):
                here = of_part.where(wave=wave)
                for verdict in here.where(term="means_comparable").findings:
                    place = (
                        subscale.title,
                        wave_text(study, wave),
                        arm_text(study, verdict.arm),
                    )
                    of_arm = here.where(arm=verdict.arm)
                    cells = _verdict_cells(verdict, of_arm, levels, notes)
                    bias = _bias_cells(of_arm, instrument, subscale, notes)
                    rows.append((*place, *cells, *bias, *_reasons(verdict, notes)))
    first = 4 + len(levels)
    return notes.table(
        "Whether a score means the same at both waves",
        (
            "Score",
            "Waves",
            "Of whom",
            "Same meaning?",
            *levels.values(),
            "Bias, in points",
            "Scale",
            "Items set free, and what each adds",
            "Planned estimate on the other items",
            "What follows",
            "n",
            "Why",
        ),
        rows,
        row_headings=3,
        optional=range(4, first + 5),
    )


def _verdict_cells(
    verdict: Finding, here: Disclosed, levels: Mapping[str, str], notes: Footnotes
) -> tuple[str, ...]:
    changes = here.where(term="comparative_fit_change")
    fit = [
        notes.cell(found(changes, group=level), title=title)
        for level, title in levels.items()
    ]
    return (ANSWERS[verdict.estimate], *fit)


def _bias_cells(
    of_arm: Disclosed, instrument: Instrument, subscale: Subscale, notes: Footnotes
) -> tuple[str, ...]:
    """The bias in points with its scale, what it is made of, and what follows."""
    bias = found(of_arm, term="score_bias")
    if bias is None or bias.estimate is None:
        shown = (ABSENT, ABSENT)
    else:
        scale = f"{subscale.lowest:g} to {subscale.highest:g}"
        shown = (notes.cell(bias, title="Bias"), scale)
    freed = [
        f"{instrument.item(part.item).label}: {notes.cell(part)}"
        for part in of_arm.where(term="item_score_bias").findings
    ]
    other = found(of_arm, term="estimate_on_invariant_items")
    follows = found(of_arm, term="comparability_consequence")
    state = follows.group.value if follows and isinstance(follows.group, Group) else ""
    return (
        *shown,
        "; ".join(freed) or ABSENT,
        notes.cell(other, title="On the other items"),
        CONSEQUENCES.get(state, ABSENT),
    )


def _reasons(verdict: Finding, notes: Footnotes) -> tuple[str, str]:
    why = verdict.method if verdict.estimate is not None else ""
    return notes.people(verdict), why or verdict.reason


AUDITED = "item_rest_correlation_as_answered"
COLUMNS = ("Item", "Key", "Correlation with the others, as answered", "Verdict")


def key_tables(disclosed: Disclosed, study: Study) -> Iterator[Table]:
    """A table of each subscale's items in each wave."""
    audited = disclosed.where(term=AUDITED)
    for survey, instrument in surveyed(study):
        of_instrument = audited.where(survey=survey, instrument=instrument.name)
        for wave in waves_of(of_instrument, study, contrasts=False):
            for subscale in instrument.subscales:
                selected = of_instrument.where(wave=wave, subscale=subscale.name)
                if selected.findings:
                    title = wave_text(study, wave)
                    yield _key_table(selected, instrument, subscale, title)


def _key_table(
    here: Disclosed, instrument: Instrument, subscale: Subscale, wave: str
) -> Table:
    total = len(here.findings)
    against = sum(finding.group != "agrees" for finding in here.findings)
    verdict = (
        f"{against} of {total} items do not plainly run as the key says: look at them "
        "before the score is used."
        if against
        else f"All {total} items run as the key says."
    )
    items = ((instrument.item(part.item), part) for part in here.findings)
    return Table(
        caption=f"Key of {subscale.title} against the answers: {wave}",
        columns=COLUMNS,
        rows=tuple(
            (
                item.label,
                "reverse-scored" if item.reverse_keyed else "as asked",
                estimate_text(finding),
                str(finding.group),
            )
            for item, finding in items
        ),
        notes=(verdict,),
        methods=tuple({finding.method: None for finding in here.findings}),
    )


NOBODY_AGAIN = "Nobody was followed from wave to wave, so this could not be tested."
NO_SCALE = "No score here is made of several items that are taken to be one thing."


def show_key_audit(disclosed: Disclosed, study: Study) -> Shown:
    """Whether every item runs the way its codebook says."""
    nothing = "No score here has a key that answers could speak against."
    return show_tables(key_tables(disclosed, study), nothing)


def show_reliability(disclosed: Disclosed, study: Study) -> Shown:
    """Internal consistency at each wave; of several waves as a figure too."""
    several = len(waves_of(disclosed, study, contrasts=False)) > 1
    return by_instrument(
        disclosed,
        study,
        table_of=reliability_table,
        figure_of=reliability_figure,
        drawn=COEFFICIENTS.terms if several else (),
        nothing=NO_SCALE,
    )


def show_retest(disclosed: Disclosed, study: Study) -> Shown:
    """Agreement with a second answer, where people gave two."""
    figures = _figures(disclosed, study, {"lower_limit_of_agreement": limits_figure})
    tables = (
        retest_table(disclosed, study, survey=survey, instrument=instrument.name)
        for survey, instrument in surveyed(study)
    )
    nothing = "Nobody answered twice in this wave, so this could not be tested."
    return show_tables([*figures, *tables], nothing)


def show_retest_between_waves(disclosed: Disclosed, study: Study) -> Shown:
    """Agreement of the same people's scores at neighbouring waves."""
    of_term = disclosed.where(term="retest_icc").findings
    tables = (
        retest_between_waves_table(
            disclosed, study, survey=survey, instrument=instrument.name
        )
        for survey, instrument in surveyed(study)
    )
    reached = reached_words(of_term, study, "comparisons")
    words = f"The retest reliability is {reached} {_whom_words(study)}"
    notes = [Note(text=words, kind="summary")] if reached else []
    return show([*notes, *tables], NOBODY_AGAIN)


def _whom_words(study: Study) -> str:
    """Whose scores a retest compares, and what of it is error."""
    error = (
        "Real change in them counts as error too, so the true reliability is, if "
        "anything, higher."
    )
    if study.rollout:
        return f"Only people whom the pilot had not reached are compared. {error}"
    if study.control:
        arm = study.arm_title(study.control)
        return f"Only “{arm}” is compared, which did not have the pilot. {error}"
    return f"Everyone followed is compared, with whatever happened to them. {error}"


def show_structure(disclosed: Disclosed, study: Study) -> Shown:
    """Whether the items of every score are one thing."""
    drawn = {"eigenvalue": scree_figure, "standardised_loading": loading_figure}
    figures = _figures(disclosed, study, drawn)
    return show_tables([*figures, *structure_tables(disclosed, study)], NO_SCALE)


def show_items(disclosed: Disclosed, study: Study) -> Shown:
    """How every item behaves: its answers, and how it goes with the others."""
    answers = _figures(disclosed, study, {"response_share": response_figure})
    with_others, tables = [], []
    for survey, instrument in surveyed(study):
        place = {"survey": survey, "instrument": instrument.name}
        selected = disclosed.where(**place)
        of_term = selected.where(term="item_rest_correlation")
        with_others += [
            item_figure(disclosed, study, **place, subscale=subscale.name)
            for subscale in instrument.subscales
            if of_term.where(subscale=subscale.name).findings
        ]
        tables += [
            item_table(disclosed, study, **place, wave=wave)
            for wave in waves_of(selected, study, contrasts=False)
        ]
    return show_tables([*answers, *with_others, *tables], "No item was analysed.")


def show_comparability(disclosed: Disclosed, study: Study) -> Shown:
    """Whether every score means the same at the waves that are compared."""
    nothing = "No score of several items was asked at two waves."
    return show_tables([comparability_table(disclosed, study)], nothing)


def show_evidence(disclosed: Disclosed, study: Study) -> Shown:
    """What all of it comes to, property by property, by COSMIN's criteria."""
    return show_tables(cosmin_tables(disclosed, study), NO_SCALE)


def _figures(
    disclosed: Disclosed,
    study: Study,
    drawn: Mapping[str, Callable[..., Figure | Note]],
) -> Iterator[Figure | Note]:
    """Every subscale in every wave that has a term of `drawn`, drawn by its figure."""
    for survey, instrument in surveyed(study):
        of_instrument = disclosed.where(survey=survey, instrument=instrument.name)
        for subscale in instrument.subscales:
            selected = of_instrument.where(subscale=subscale.name)
            for wave in waves_of(selected, study, contrasts=False):
                terms = {finding.term for finding in selected.where(wave=wave).findings}
                for name, figure_of in drawn.items():
                    if name in terms:
                        yield figure_of(
                            disclosed,
                            study,
                            survey=survey,
                            instrument=instrument.name,
                            subscale=subscale.name,
                            wave=wave,
                        )
