"""Turn findings into the one page a funder reads, as a page and as a PDF.

Each sentence is made from a finding or a declaration of the study; what was not
measured is said where the study declares it. Text reaches the PDF as data, never as
markup, and the bytes are the same each time.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.foundation.errors import DeclarationError
from analysis.publication.documents import render_template
from analysis.publication.numbers import (
    about_in_hundred_text,
    range_in_hundred_text,
)
from analysis.publication.places import found, waves_of
from analysis.publication.plan import plan_sentences
from analysis.publication.study import SIMULATED
from analysis.publication.summary.planned import (
    ResultShown,
    planned_result,
    primary_outcome,
)
from analysis.publication.summary.sentences import (
    comparison_sentences,
    done_sentences,
    participation_sentences,
    wave_and_date,
    without_result,
)
from analysis.publication.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Study
    from analysis.publication.disclosure.control import Disclosed

THREE_BEHAVIOURS = "seed_three_behaviours"
NO_GROUPS = "Who gained less: no groups, such as ages, were declared to compare."
NOT_SUMMED_UP = (
    "What people wrote in their own words: it was asked, and is not summed up."
)
FONT_SIZES = (10.5, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
"""In points; the largest at which all fits on one page is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A heading and its sentences.

    Attributes
    ----------
    aside : bool
        Whether it stands in the second column of the printed page.
    """

    heading: str
    sentences: tuple[str, ...]
    listed: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderSummary:
    """The page a funder reads, in words that are ready to print.

    Attributes
    ----------
    about : str
        What the main result is about; empty where its sentences say so.
    harms : tuple of str
        Other outcomes that came out worse: before the main result.
    headlines : tuple of str
        The verdict in words, in large type.
    number : str
        The main result in four words; empty where it must not stand out.
    level : str
        Of the interval drawn.
    drawing : str
        The main result with the smallest that matters, as SVG; empty likewise.
    behaviours : Table or None
        How many in a hundred saw each of the three behaviours.
    """

    title: str
    banner: str
    done: Passage
    about: str
    harms: tuple[str, ...]
    headlines: tuple[str, ...]
    result: Passage
    number: str
    level: str
    drawing: str
    drawing_text: str
    behaviours: Table | None
    passages: tuple[Passage, ...]

    def headline_html(self) -> str:
        """The main result alone, for the page that names all documents."""
        return render_template("headline.html.j2", summary=self)

    def _repr_html_(self) -> str:
        return render_template("summary.html.j2", summary=self)

    def to_pdf(self) -> bytes:
        """One A4 page, tagged for screen readers.

        Raises
        ------
        DeclarationError
            The study's own texts are so long that no page holds them.
        """
        for size in FONT_SIZES:
            pdf = self._pdf(size)
            if len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1:
                return pdf
        raise DeclarationError(
            self.title,
            "the funder's page is more than a page; shorten summary or unknowns",
        )

    def _pdf(self, size: float) -> bytes:
        import matplotlib as mpl  # noqa: PLC0415 - slow, wanted for its fonts
        import typst  # noqa: PLC0415 - slow to import

        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"],
        )
        template = files("analysis.publication") / "templates" / "funder-summary.typ"
        content = json.dumps(dataclasses.asdict(self) | {"size": size})
        return typst.compile(
            template.read_bytes(),
            format="pdf",
            font_paths=fonts,
            pdf_standards="ua-1",
            sys_inputs={"summary": content},
            timestamp=0,
        )


def funder_summary(
    disclosed: Disclosed, study: Study, *, deviations: tuple[str, ...] = ()
) -> FunderSummary:
    """Report a study's findings to those who fund it.

    Parameters
    ----------
    disclosed : Disclosed
        All findings of the study, as they left disclosure control.
    deviations : tuple of str
        Deviations from the plan.
    """
    result = planned_result(disclosed, study) or ResultShown(
        sentences=(without_result(study),),
        comparison=tuple(comparison_sentences(study)),
    )
    about = Passage(
        heading="About this page",
        sentences=tuple(_about(study, deviations)),
        aside=True,
    )
    return FunderSummary(
        title=study.title,
        banner=SIMULATED if study.simulated else "",
        done=Passage(heading="What was done", sentences=tuple(done_sentences(study))),
        about=result.about,
        harms=result.harms,
        headlines=result.headlines,
        result=Passage(heading="The main result", sentences=result.sentences),
        number=result.number,
        level=result.level,
        drawing=result.drawing,
        drawing_text=result.drawing_text,
        behaviours=_behaviours_table(disclosed, study),
        passages=(*_passages(disclosed, study, result), about),
    )


def _passages(
    disclosed: Disclosed, study: Study, result: ResultShown
) -> Iterator[Passage]:
    yield Passage(
        heading="Who took part",
        sentences=tuple(participation_sentences(disclosed, study)),
        listed=True,
    )
    yield Passage(heading="Compared with what", sentences=result.comparison)
    yield Passage(
        heading="What we do not know",
        sentences=study.unknowns or ("Nobody has written down what is not known.",),
        listed=True,
        aside=True,
    )
    if not_measured := tuple(_not_measured(study)):
        yield Passage(
            heading="Not measured", sentences=not_measured, listed=True, aside=True
        )


def _about(study: Study, deviations: tuple[str, ...]) -> Iterator[str]:
    own = [part for part in study.instruments.values() if part.project_defined]
    if own:
        forms = "form was" if len(own) == 1 else "forms were"
        yield (
            f"{len(own)} of the {len(study.instruments)} {forms} made for this project "
            "and not tested elsewhere."
        )
    for instrument, _ in study.unverified():
        yield f"Part of how {instrument.title} is scored has no published source."
    yield f"People were last asked: {wave_and_date(study.waves[-1])}."
    yield f"No number here is about fewer than {study.smallest_group_shown} people."
    yield from plan_sentences(study, deviations, listed="in the page Outcomes")
    yield "No registration of this study is recorded."
    yield (
        f"Made with heard {version('heard')} from studies/{study.name}.toml, "
        f"fingerprint {study.digest()[:12]}."
    )


def _behaviours_table(disclosed: Disclosed, study: Study) -> Table | None:
    """How many in a hundred gave the highest answer, before and after."""
    selected = disclosed.where(
        instrument=THREE_BEHAVIOURS, term="share_highest", item=""
    )
    waves = waves_of(selected, study, contrasts=False)
    if not waves:
        return None
    outcome = primary_outcome(study)
    if outcome and outcome.follow_ups and outcome.baseline in waves:
        pair = (outcome.baseline, outcome.follow_ups[0])
        waves = [wave for wave in waves if wave in pair]
    instrument = study.instruments[THREE_BEHAVIOURS]
    arms = [name for name in (study.treated, study.control) if name] or [""]
    rows = [
        (
            subscale.title,
            *(
                _in_hundred(selected.where(subscale=subscale.name, arm=arm, wave=wave))
                for arm in arms
                for wave in waves
            ),
        )
        for subscale in instrument.subscales
    ]
    titles = [
        ": ".join(filter(None, [study.arm_title(arm), study.wave_title(wave)]))
        for arm in arms
        for wave in waves
    ]
    answer = _best_answer(instrument)
    return Table(
        caption=f"People who said “{answer}” of the staff they met, with likely range",
        columns=("Behaviour", *titles),
        rows=tuple(rows),
    )


def _not_measured(study: Study) -> Iterator[str]:
    """What no number here is about, from what the study declares."""
    yield from study.not_measured
    if not study.groups:
        yield NO_GROUPS
    if any(export.texts for wave in study.waves for export in wave.exports):
        yield NOT_SUMMED_UP


def _in_hundred(selected: Disclosed) -> str:
    finding = found(selected, term="share_highest")
    if finding is None or finding.estimate is None:
        return "too few to say"
    text = about_in_hundred_text(finding.estimate)
    if finding.conf_low is None or finding.conf_high is None:
        return text
    return f"{text} ({range_in_hundred_text(finding.conf_low, finding.conf_high)})"


def _best_answer(instrument: Instrument) -> str:
    """The answer that gives the highest code."""
    answers = instrument.answers
    return max(answers, key=lambda text: answers[text], default="the highest answer")
