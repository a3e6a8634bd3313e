"""Who there is to be rated: the file that lists the staff, and its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Study
    from analysis.declarations.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A list of staff, one row each, against which ratings are counted.

    Attributes
    ----------
    survey : str
        The survey in which staff are rated.
    staff_member, role, team, regular_contact : str
        Headers; the code of a member of staff is the one the ratings have.
    answers : tuple of str
        Answers that mean regular contact with those who use the service.
    no_contact : tuple of str
        Answers that mean none; what is neither is a fault, not a no.
    least_ratings : int
        From how many ratings on a member of staff counts as rated enough.
    """

    file: str
    survey: str
    staff_member: str
    role: str
    team: str
    regular_contact: str
    answers: tuple[str, ...]
    no_contact: tuple[str, ...]
    least_ratings: int

    def headers(self) -> tuple[str, ...]:
        """Every header that must be in the file."""
        return (self.staff_member, self.role, self.team, self.regular_contact)


def parse_roster(table: Table) -> Roster:
    """The table ``[roster]``."""
    columns = table.table("columns")
    roster = Roster(
        file=table.text("file"),
        survey=table.text("survey"),
        staff_member=columns.text("staff_member"),
        role=columns.text("role"),
        team=columns.text("team"),
        regular_contact=columns.text("regular_contact"),
        answers=table.texts("answers", ("yes",)),
        no_contact=table.texts("no_contact", ("no", "")),
        least_ratings=table.whole("least_ratings", 5),
    )
    columns.close()
    table.close()
    return roster


def check_roster(study: Study) -> Iterator[str]:
    """Every way in which the roster contradicts the rest of the study."""
    roster = study.roster
    if roster is None:
        return
    surveys = {survey.name for survey in study.surveys}
    if roster.survey not in surveys:
        yield f"[roster.survey] {unknown('survey', roster.survey, surveys)}"
    exports = [e for wave in study.waves if (e := wave.export(roster.survey))]
    if not all(export.columns.staff_member for export in exports):
        yield f"[roster.survey] needs [surveys.{roster.survey}.columns] staff_member"
    if not study.teams:
        yield "[roster.columns.team] needs [teams] to be declared"
    if roster.least_ratings < 1:
        yield "[roster.least_ratings] must be at least 1"
