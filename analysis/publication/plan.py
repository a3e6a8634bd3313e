"""The analysis plan on a page: what was locked, and every deviation from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan_lock import deviations, run_deviations
from analysis.foundation.terms import term
from analysis.publication.figure import Note
from analysis.publication.numbers import number_text
from analysis.publication.places import day_text, plain_text, smallest_text
from analysis.publication.shown import Shown
from analysis.publication.table import Table
from analysis.storage.declared import read_deviations, write_deviations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.plan import Lock, Plan
    from analysis.declarations.study import Study

NOT_DECLARED = "No plan was declared."
NOT_LOCKED = (
    "A plan was declared and is not locked, so nothing shows that it was written "
    "before the data were seen."
)
IN_WORDS = (
    "The program compares outcomes, families, smallest effects, gates, arms, teams, "
    "waves, cleaning and linkage with the lock. What the plan says in words is for the "
    "reader to compare with the methods below each table."
)


METRICS = {
    "points": "points of the score",
    "share": "shares of people",
    "probability_of_better": "chances of a better answer",
}
"""What scores may be compared in, in words."""


def keep_deviations(study: Study, *, linkage_rule: str = "") -> tuple[str, ...]:
    """Find deviations from what was locked or declared, and keep them for later pages.

    Parameters
    ----------
    linkage_rule : str
        The parameter of the notebook.
    """
    found = (*deviations(study), *run_deviations(study, linkage_rule=linkage_rule))
    write_deviations(study.name, found)
    return found


def recorded_deviations(study: Study) -> tuple[str, ...]:
    """How the outcomes deviated from what was locked or declared."""
    return read_deviations(study.name)


def show_plan(study: Study, found: tuple[str, ...]) -> Shown:
    """The plan in full, its lock, and every deviation.

    Parameters
    ----------
    found : tuple of str
        The deviations, a sentence each.
    """
    parts = show_plan_check(study, found).parts
    if study.plan is None:
        return Shown(parts=parts)
    return Shown(parts=(*parts, _plan_table(study.plan, study)))


def show_plan_check(study: Study, found: tuple[str, ...]) -> Shown:
    """Whether the analysis followed the locked plan, and each deviation in words."""
    kind = "caution" if study.plan is None or study.lock is None or found else "note"
    state, *others = plan_sentences(study, found)
    parts: list[Note | Table] = [Note(text=state, kind=kind)]
    parts += [Note(text=text, kind="caution") for text in others]
    if found:
        parts.append(
            Table(
                caption="Deviations from the plan",
                columns=("Number", "What was different"),
                rows=tuple((f"{n}", text) for n, text in enumerate(found, start=1)),
            )
        )
    return Shown(parts=tuple(parts))


def plan_sentences(
    study: Study, found: tuple[str, ...], *, listed: str = "below"
) -> tuple[str, ...]:
    """The state of the plan in sentences: locked when, and followed or not.

    Parameters
    ----------
    listed : str
        Where the deviations themselves stand.
    """
    counted = _counted(found, listed)
    lock = study.lock
    if lock is None:
        state = NOT_DECLARED if study.plan is None else NOT_LOCKED
        return (f"{state} {counted}".strip(),)
    return (_state(lock, counted), *_late(lock, study), *_replaced(lock))


def _state(lock: Lock, counted: str) -> str:
    locked = f"the plan locked on {day_text(lock.date)} (fingerprint {lock.hash[:12]})"
    if not counted:
        return f"The analysis followed {locked}."
    return f"The analysis deviated from {locked}. {counted}"


def _counted(found: tuple[str, ...], listed: str) -> str:
    if not found:
        return ""
    many = "1 deviation is" if len(found) == 1 else f"{len(found)} deviations are"
    return f"{many} listed {listed}."


def _late(lock: Lock, study: Study) -> Iterator[str]:
    if lock.arrived:
        waves = ", ".join(f"“{study.wave_title(name)}”" for name in lock.arrived)
        yield (
            f"The plan was locked after data had arrived, of {waves}: it is post hoc, "
            "and does not show that the analysis was chosen before they were seen."
        )


def _replaced(lock: Lock) -> Iterator[str]:
    for earlier in lock.replaced:
        changes = len(earlier.changed)
        yield (
            f"A plan locked on {day_text(earlier.date)} was replaced, with "
            f"{changes} {'change' if changes == 1 else 'changes'}. The reason given: "
            f"{earlier.reason.rstrip('.')}."
        )


def _plan_table(plan: Plan, study: Study) -> Table:
    titles = {outcome.name: outcome.title for outcome in study.outcomes}
    primary = next(part for part in study.outcomes if part.name == plan.primary)
    least = plan.gates.least_reliability
    rows = [
        ("Population", plan.population),
        ("Contrast", plan.contrast),
        ("Primary outcome", primary.title),
        *(
            (f"If: {plain_text(n)}", text)
            for n, text in plan.intercurrent_events.items()
        ),
        ("Summary measure", term(plan.summary_measure).title),
        *((("Compared in", METRICS[plan.metric]),) if plan.metric else ()),
        ("Smallest effect of interest", smallest_text(study, primary)),
        ("Model", plan.model),
        ("Covariates", _names(plan.covariates)),
        ("Missing data", plan.missing),
        *(
            (f"Family: {plain_text(name)}", ", ".join(titles[part] for part in listed))
            for name, listed in plan.families.items()
        ),
        ("Multiplicity", plan.multiplicity),
        ("Rule within a family", plain_text(plan.multiplicity_rule)),
        ("Several contrasts", plain_text(plan.contrasts_rule)),
        ("Follow-ups judged", plain_text(plan.looks)),
        *(
            [("Information at each follow-up", _shares(plan.looks_information))]
            if plan.looks_information
            else []
        ),
        ("Inference", plan.inference),
        ("Subgroups", _names(plan.subgroups)),
        (
            "Negative controls",
            ", ".join(titles[name] for name in plan.negative_controls) or "none",
        ),
        (
            "Least reliability of a score that is compared",
            "none" if least is None else number_text(least),
        ),
    ]
    return Table(
        caption="The analysis plan",
        columns=("Part", "Declared"),
        rows=tuple(rows),
        notes=(IN_WORDS,),
    )


def _shares(shares: tuple[float, ...]) -> str:
    return ", ".join(number_text(share) for share in shares)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(plain_text, names)) or "none"
