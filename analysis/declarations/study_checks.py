"""Every way that a study contradicts itself or its instruments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from analysis.declarations.estimand import STRATA, check_unit, metric_of
from analysis.declarations.instrument import Instrument
from analysis.declarations.linkage import (
    check_linkage_rule,
    check_roster,
    check_row_linkage,
    check_waves_agree,
)
from analysis.declarations.multiverse import check_multiverse
from analysis.declarations.plan_checks import check_design, check_plan
from analysis.declarations.study import NO, YES, Grouping, Outcome, Study
from analysis.declarations.supplementary_measures import check_supplementary
from analysis.declarations.survey import Attribute, Export
from heard.errors import unknown

MINIMUM_SMALLEST_GROUP = 5
"""Below this no published disclosure rule goes; a study may not either."""

MINIMUM_RANKS = 3
"""A line along fewer ranks is the gap between two groups."""

PERSONAL = frozenset(
    (
        *("recipientemail", "recipientfirstname", "recipientlastname", "ipaddress"),
        *("locationlatitude", "locationlongitude", "latitude", "longitude"),
        *("email", "emailaddress", "name", "firstname", "lastname", "surname"),
        *("fullname", "forename", "username", "phone", "phonenumber", "telephone"),
        *("mobile", "mobilenumber", "postcode", "zipcode", "address", "ip"),
        *("dateofbirth", "dob", "nhsnumber", "nhsno", "externalreference"),
    )
)
"""Headers, without capitals, spaces and the like, of what never reaches data kept."""


def check_study(study: Study) -> list[str]:
    """Every fault, as a sentence that names its key."""
    return [
        *_check_limits(study),
        *_check_design(study),
        *_check_names(study),
        *(
            fault
            for wave in study.waves
            for export in wave.exports
            for fault in _check_export(export, study)
        ),
        *(
            fault
            for survey in study.surveys
            for fault in check_waves_agree(survey.name, study)
        ),
        *_check_same_rows(study),
        *_check_scored_once(study),
        *(fault for outcome in study.outcomes for fault in _check(outcome, study)),
        *check_supplementary(study),
        *_check_groupings(study),
        *_check_rollout(study),
        *_check_dose(study),
        *check_multiverse(study),
        *check_plan(study),
        *check_design(study),
        *check_roster(study),
        *_check_roster_file(study),
        *_check_status(study),
    ]


def _check_limits(study: Study) -> Iterator[str]:
    if not _stays_inside(study.folder):
        yield "[folder] must lie in the raw folder, without '..'"
    if study.smallest_group_shown < MINIMUM_SMALLEST_GROUP:
        yield f"[smallest_group_shown] must be at least {MINIMUM_SMALLEST_GROUP}"
    if not study.waves:
        yield "[waves] a study needs at least one wave"
    for wave in study.waves:
        if not wave.exports:
            surveys = ", ".join(survey.name for survey in study.surveys)
            yield f"[waves.{wave.name}] names no survey; declared are: {surveys}"


def _check_design(study: Study) -> Iterator[str]:
    """Faults of who was allocated to what."""
    arms = {arm.name for arm in study.arms}
    sites = {site.name for site in study.sites}
    yield from _check_allocation(study)
    for team in study.teams:
        if team.arm and team.arm not in arms:
            yield f"[teams.{team.name}.arm] {unknown('arm', team.arm, arms)}"
        if team.site and team.site not in sites:
            yield f"[teams.{team.name}.site] {unknown('site', team.site, sites)}"


def _check_allocation(study: Study) -> Iterator[str]:
    """Faults of the table [allocation]."""
    arms = {arm.name for arm in study.arms}
    allocation = study.allocation
    for key, name in (("treated", allocation.treated), ("control", allocation.control)):
        if name and name not in arms:
            yield f"[allocation.{key}] {unknown('arm', name, arms)}"
    if bool(allocation.treated) != bool(allocation.control):
        yield "[allocation] treated and control go together"
    if allocation.contrasts and allocation.treated:
        yield "[allocation] give treated and control, or contrasts, not both"
    for contrast in allocation.contrasts:
        if len(contrast) != 2 or len(set(contrast)) != 2:
            yield "[allocation.contrasts] each names two arms: treated, comparison"
        for name in [name for name in contrast if name not in arms]:
            yield f"[allocation.contrasts] {unknown('arm', name, arms)}"
    for name in allocation.strata:
        if name not in STRATA:
            yield f"[allocation.strata] {unknown('stratum', name, STRATA)}"
    yield from check_unit(study)


def _check_names(study: Study) -> Iterator[str]:
    """Arms, sites or teams that an export could not distinguish."""
    for kind, groups in (
        ("arms", study.arms),
        ("sites", study.sites),
        ("teams", study.teams),
    ):
        seen: set[str] = set()
        for group in groups:
            shared = seen & {answer.casefold() for answer in group.answers}
            if shared:
                yield f"[{kind}.{group.name}] has a name that another one has too"
            seen |= {answer.casefold() for answer in group.answers}


def _check_export(export: Export, study: Study) -> Iterator[str]:
    at = f"surveys.{export.survey}"
    if not _stays_inside(export.file):
        yield f"[{at}.file] must lie in the study's raw folder, without '..'"
    yield from _check_people(export, at)
    yield from _check_personal(export, at)
    yield from _check_rules(export, study)
    yield from _check_groups(export, study, at)
    if export.dictionary and not _stays_inside(export.dictionary):
        yield f"[{at}.dictionary] must lie in the study's raw folder, without '..'"
    if export.event is not None and not export.event:
        yield f"[{at}.event] must name an event"
    if export.names and not _stays_inside(export.names):
        yield f"[{at}.names] must lie in the study's raw folder, without '..'"
    if export.names and not export.texts:
        yield f"[{at}.names] is for free texts; declare them as texts.NAME = header"
    yield from check_linkage_rule(export)
    yield from _check_answers(export, study)
    yield from _check_invited(export, study)


def _check_invited(export: Export, study: Study) -> Iterator[str]:
    """Numbers of people invited, in all or of every arm or team."""
    at = f"waves.{export.wave}.{export.survey}"
    for name, count in export.invited.items():
        if count < 0:
            key = f"{at}.invited.{name}".rstrip(".")
            yield f"[{key}] must be a number of people, so not below 0"
    named = {name for name in export.invited if name}
    if not named:
        return
    arms, teams = ({part.name for part in of} for of in (study.arms, study.teams))
    unknown_names = sorted(named - arms - teams)
    for name in unknown_names:
        yield f"[{at}.invited] {unknown('arm or team', name, [*arms, *teams])}"
    kind, known = ("arm", arms) if named <= arms else ("team", teams)
    if not unknown_names and named != known:
        yield (
            f"[{at}.invited] must name every {kind} once, and nothing else; missing: "
            f"{', '.join(sorted(known - named)) or 'none'}; not a {kind}: "
            f"{', '.join(sorted(named - known)) or 'none'}. Where nobody was invited, "
            "give 0"
        )


def _check_same_rows(study: Study) -> Iterator[str]:
    """Two waves that are one: what changed between them would be nothing at all."""
    seen: dict[tuple[object, ...], str] = {}
    for wave in study.waves:
        for export in wave.exports:
            items = tuple(sorted(export.columns.items.items()))
            rows = (export.file, export.sheet, export.event, export.repeat_instrument)
            first = seen.setdefault((export.survey, *rows, items), wave.name)
            if first != wave.name and items:
                yield (
                    f"[waves.{wave.name}.{export.survey}] reads the same answers as "
                    f"wave '{first}': the same rows and columns of {export.file}. Name "
                    "its own file, or its sheet, event or columns"
                )


def _check_scored_once(study: Study) -> Iterator[str]:
    """An instrument of two surveys of a wave has one set of scores at that wave."""
    for wave in study.waves:
        seen: dict[str, Instrument] = {}
        for export in wave.exports:
            for name, asked in study.asked(export).items():
                if seen.setdefault(name, asked) != asked:
                    yield (
                        f"[waves.{wave.name}] two surveys ask different items of "
                        f"'{name}'; ask the same ones, or give each its own codebook"
                    )


def _check_people(export: Export, at: str) -> Iterator[str]:
    columns, cleaning = export.columns, export.cleaning
    yield from check_row_linkage(export, at)
    by_columns = export.linkage not in ("none", "row")
    if by_columns and not columns.participant:
        yield f"[{at}.linkage] needs columns.participant"
    if cleaning.repeats != "keep" and not columns.participant:
        yield f"[{at}.cleaning.repeats] needs columns.participant"
    if by_columns and cleaning.repeats == "keep":
        yield (
            f"[{at}.cleaning.repeats] linked responses need 'first', 'last' or 'none': "
            "a participant cannot be linked twice"
        )
    if bool(columns.consent) != bool(cleaning.consent):
        yield f"[{at}.cleaning.consent] and columns.consent go together"
    if bool(columns.finished) != bool(cleaning.finished):
        yield f"[{at}.cleaning.finished] and columns.finished go together"
    if not 0 <= cleaning.least_answered <= 1:
        yield f"[{at}.cleaning.minimum_answered] must be a share from 0 to 1"


def _check_personal(export: Export, at: str) -> Iterator[str]:
    """Columns in which survey tools put who answers, and from where."""
    kept = {f"texts.{name}": [header] for name, header in export.texts.items()}
    kept |= {f"attributes.{each.name}": [*each.headers] for each in export.attributes}
    for key, headers in kept.items():
        for header in headers:
            if re.sub(r"[\W_]", "", header).casefold() in PERSONAL:
                yield (
                    f"[{at}.{key}] '{header}' names or reaches a person and may not "
                    "be kept. It may stand in columns.participant, which becomes a "
                    "pseudonym"
                )


def _check_groups(export: Export, study: Study, at: str) -> Iterator[str]:
    for key, groups in (
        ("arm", study.arms),
        ("site", study.sites),
        ("team", study.teams),
    ):
        if getattr(export.columns, key) and not groups:
            yield f"[{at}.columns.{key}] needs [{key}s] to be declared"


def _check_roster_file(study: Study) -> Iterator[str]:
    if study.roster and not _stays_inside(study.roster.file):
        yield "[roster.file] must lie in the study's raw folder, without '..'"


def _stays_inside(path: str) -> bool:
    """Whether a path of the declaration leads nowhere but below its folder."""
    return bool(path) and not (
        PurePosixPath(path).is_absolute()
        or PureWindowsPath(path).is_absolute()
        or ".." in PureWindowsPath(path).parts
    )


def _check_rules(export: Export, study: Study) -> Iterator[str]:
    """Rules that need a column, or a score, which is not declared."""
    at = f"surveys.{export.survey}"
    columns, cleaning = export.columns, export.cleaning
    if cleaning.shared_submission != "keep" and not (
        columns.submission and columns.participant
    ):
        yield (
            f"[{at}.cleaning.shared_submission] needs columns.submission and "
            "columns.participant"
        )
    both = bool(columns.started) and bool(columns.submitted)
    if cleaning.dates_in_order and not both:
        yield (
            f"[{at}.cleaning.dates_in_order] needs columns.started and "
            "columns.submitted"
        )
    timed = cleaning.careless and "seconds_per_item" in cleaning.careless.cutoffs
    if timed and not columns.seconds and not both:
        yield (
            f"[{at}.cleaning.careless.seconds_per_item] needs columns.seconds, or "
            "columns.started and columns.submitted"
        )
    scores = [
        f"{name}.{subscale.name}"
        for name in export.instruments
        for subscale in study.instruments[name].subscales
    ]
    for total in cleaning.printed_totals:
        if total.score not in scores:
            yield f"[{at}.cleaning.printed_total.score] " + unknown(
                "score", total.score, scores
            )


def _check_answers(export: Export, study: Study) -> Iterator[str]:
    for name, answers in export.answers.items():
        instrument = study.instruments[name]
        outside = sum(not instrument.takes(code) for code in answers.values())
        if outside:
            yield (
                f"[surveys.{export.survey}.answers.{name}] {outside} codes lie outside "
                f"{instrument.lowest:g} to {instrument.highest:g}"
            )


def _check(outcome: Outcome, study: Study) -> Iterator[str]:
    at = f"outcomes.{outcome.name}"
    surveys = {survey.name: survey for survey in study.surveys}
    if outcome.survey not in surveys:
        yield f"[{at}.survey] {unknown('survey', outcome.survey, surveys)}"
        return
    waves_of_survey = [wave.name for wave in study.waves if wave.export(outcome.survey)]
    for wave in outcome.waves:
        if wave not in waves_of_survey:
            kind = f"wave of {outcome.survey}"
            yield f"[{at}] {unknown(kind, wave, waves_of_survey)}"
    yield from _check_post_only(outcome, study, at)
    instruments = surveys[outcome.survey].instruments
    if outcome.instrument not in instruments:
        yield f"[{at}.instrument] {unknown('name', outcome.instrument, instruments)}"
        return
    instrument = study.instruments[outcome.instrument]
    subscales = {part.name: part for part in instrument.subscales}
    if outcome.subscale not in subscales:
        yield f"[{at}.subscale] {instrument.refusal(outcome.subscale)}"
        return
    for wave in outcome.waves:
        export = (
            study.wave(wave).export(outcome.survey) if wave in waves_of_survey else None
        )
        made = study.asked(export)[instrument.name].subscales if export else ()
        if export and outcome.subscale not in {part.name for part in made}:
            yield (
                f"[{at}.subscale] the wave '{wave}' did not ask what "
                f"'{outcome.subscale}' is made of"
            )
    if outcome.family == "primary" and subscales[outcome.subscale].direction not in (
        "higher_is_better",
        "higher_is_worse",
    ):
        yield (
            f"[{at}] a primary outcome needs a better and a worse end; the codebook of "
            f"'{instrument.name}' gives '{outcome.subscale}' none"
        )
    yield from _check_smallest_effect(outcome, study, at)


def _check_smallest_effect(outcome: Outcome, study: Study, at: str) -> Iterator[str]:
    """An effect that no share, or probability, can have."""
    smallest, metric = outcome.smallest_effect, metric_of(study, outcome)
    if smallest is None or metric == "points" or 0 < smallest < 1:
        return
    words = metric.replace("_", " ")
    yield (
        f"[{at}.smallest_effect] must be over 0 and under 1: the outcome is compared "
        f"by a {words}, so that 0.1 is 10 percentage points"
    )


def _check_post_only(outcome: Outcome, study: Study, at: str) -> Iterator[str]:
    """Without a wave before, arms alone can be compared."""
    if outcome.baseline:
        return
    if not study.treated:
        yield (
            f"[{at}.baseline] is empty, so groups are compared afterwards alone, and "
            "the study compares none"
        )
    elif not outcome.follow_ups:
        yield f"[{at}.follow_ups] names no wave at which to compare"


def _check_status(study: Study) -> Iterator[str]:
    for instrument in study.instruments.values():
        if not instrument.subscales:
            lacking = dict.fromkeys(part.reason for part in instrument.unscorable)
            yield (
                f"[surveys] instrument '{instrument.name}' cannot be scored, whatever "
                f"allow_unverified says: {'; '.join(lacking)}"
            )
    if study.allow_unverified:
        return
    for instrument, fact in study.unverified():
        yield (
            f"[surveys] instrument '{instrument.name}': not verified: {fact.about}. "
            "Set allow_unverified = true to use it all the same, and every report "
            "will say so"
        )


def _check_groupings(study: Study) -> Iterator[str]:
    """Every way that the groups contradict the surveys."""
    surveys = {survey.name for survey in study.surveys}
    seen: dict[tuple[str, str], str] = {}
    for grouping in study.groups:
        at = f"groups.{grouping.name}"
        if grouping.survey not in surveys:
            yield f"[{at}.survey] {unknown('survey', grouping.survey, surveys)}"
            continue
        first = seen.setdefault((grouping.survey, grouping.column), grouping.name)
        if first != grouping.name:
            yield f"[{at}.column] tells apart the same people as [groups.{first}]"
        yield from dict.fromkeys(_check_column(grouping, study, at))


def _check_column(grouping: Grouping, study: Study, at: str) -> Iterator[str]:
    """Faults of the attribute, at every wave that holds the survey."""
    for wave in study.waves:
        export = wave.export(grouping.survey)
        if export is None:
            continue
        attributes = {each.name: each for each in export.attributes}
        attribute = attributes.get(grouping.column)
        if attribute is None:
            yield f"[{at}.column] {unknown('attribute', grouping.column, attributes)}"
        elif not attribute.values or attribute.separator:
            yield (
                f"[{at}.column] '{grouping.column}' puts nobody into one group: it "
                "needs an attribute with values, of which a person gives one"
            )
        else:
            names = dict.fromkeys(attribute.values.values())
            yield from _check_ranks(grouping, list(names), at)


def _check_ranks(grouping: Grouping, names: list[str], at: str) -> Iterator[str]:
    if grouping.reference not in names:
        yield f"[{at}.reference] {unknown('group', grouping.reference, names)}"
    if not grouping.order:
        return
    # A person of a group that has no rank would be left out silently.
    if Counter(grouping.order) != Counter(names):
        yield f"[{at}.order] must name every group once: {', '.join(sorted(names))}"
    elif len(names) < MINIMUM_RANKS:
        yield f"[{at}.order] needs at least {MINIMUM_RANKS} groups"


def _check_rollout(study: Study) -> Iterator[str]:
    """Every way that the roll-out contradicts the rest of the study."""
    rollout = study.rollout
    if rollout is None:
        return
    units = study.teams if rollout.unit == "team" else study.sites
    known = [unit.name for unit in units]
    if not rollout.starts:
        yield (
            "[rollout.starts] names no start; say the first wave with the pilot of "
            f"each {rollout.unit} that has one"
        )
    for name, wave in rollout.starts.items():
        at = f"rollout.starts.{name}"
        if name not in known:
            yield f"[{at}] {unknown(rollout.unit, name, known)}"
        if wave not in study.wave_names():
            yield f"[{at}] {unknown('wave', wave, study.wave_names())}"
    first = set(study.wave_names()[:1])
    if set(rollout.starts.values()) == first and set(rollout.starts) == set(known):
        yield (
            "[rollout.starts] all start at the first wave: there is neither a time "
            f"before nor a {rollout.unit} without the pilot"
        )


def _check_dose(study: Study) -> Iterator[str]:
    """Every way that the dose contradicts the surveys."""
    dose = study.dose
    if dose is None:
        return
    surveys = [survey.name for survey in study.surveys]
    if dose.survey not in surveys:
        yield f"[dose.survey] {unknown('survey', dose.survey, surveys)}"
        return
    if dose.survey not in {outcome.survey for outcome in study.outcomes}:
        yield f"[dose.survey] no outcome is judged by the survey '{dose.survey}'"
    named = {"column": dose.column, "future": dose.future} | {
        f"ingredients.{name}": attribute for name, attribute in dose.ingredients.items()
    }
    for key, name in named.items():
        if name:
            yield from _check_attribute(study, dose.survey, f"dose.{key}", name)


def _check_attribute(study: Study, survey: str, at: str, name: str) -> Iterator[str]:
    """It is declared at some wave, and counts, or says yes and no, wherever it is."""
    exports = [export for wave in study.waves if (export := wave.export(survey))]
    declared = [each for export in exports for each in export.attributes]
    named = [each for each in declared if each.name == name]
    if not named:
        known = dict.fromkeys(each.name for each in declared)
        yield f"[{at}] {unknown('attribute', name, known)}"
    elif "ingredients" in at and not all(_counts(e) or _yes_or_no(e) for e in named):
        yield (
            f"[{at}] '{name}' neither counts nor says yes or no: it needs an attribute "
            f"with lowest and highest, or with the values {YES} and {NO}"
        )
    elif "ingredients" not in at and not all(_counts(each) for each in named):
        yield (
            f"[{at}] '{name}' does not count: it needs an attribute with lowest and "
            "highest"
        )


def _counts(attribute: Attribute) -> bool:
    return attribute.lowest is not None and attribute.lowest >= 0


def _yes_or_no(attribute: Attribute) -> bool:
    one = not attribute.separator and not attribute.multi
    return one and set(attribute.values.values()) == {YES, NO}
