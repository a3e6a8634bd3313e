"""Turn findings into the one page a funder reads, as a page and as a PDF.

Fourteen elements, always in the same order; an element that the study cannot fill says
so. Text reaches the PDF as data, never as markup, and the bytes are the same each time.
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
from analysis.publication.numbers import in_ten_text, interval_text, points_text
from analysis.publication.places import found, waves_of
from analysis.publication.plan import plan_sentences
from analysis.publication.study import SIMULATED
from analysis.publication.summary.sentences import (
    comparison_sentences,
    done_sentences,
    main_result,
    participation_sentences,
    result_sentences,
    strength_sentence,
    wave_and_date,
)
from analysis.publication.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Study
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.summary.sentences import MainResult

THREE_BEHAVIOURS = "seed_three_behaviours"
NO_BEHAVIOURS = (
    "Not measured in this study: showing that they care, showing that what people say "
    "is important, and not assuming that they always know best."
)
OWN_WORDS = 10
NOT_SUMMED_UP = (
    "What people wrote in their own words: it was asked, and is not summed up."
)
NOT_MEASURED = (
    (6, "Who gained less, by age, background or place: too few to say, or not asked."),
    (7, "Harm and strain: workload, waiting times and burnout."),
    (8, "Whether people got the care they needed. Kindness cannot replace that care."),
    (OWN_WORDS, "What people said in their own words."),
    (11, "What to stop, start and keep, and who will see to it."),
    (12, "How people who use services helped to shape this work."),
)
FONT_SIZES = (10.5, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
"""In points; the largest at which all fits on one page is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A heading and its sentences.

    Attributes
    ----------
    elements : tuple of int
        Which of the fourteen elements it holds.
    aside : bool
        Whether it stands in the second column of the printed page.
    """

    heading: str
    sentences: tuple[str, ...]
    elements: tuple[int, ...]
    listed: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderSummary:
    """The page a funder reads, in words that are ready to print.

    Attributes
    ----------
    number : str
        The main result in four words; empty where there is none.
    drawing : str
        The main result with the smallest that matters, as SVG; empty likewise.
    behaviours : Table or None
        How many in ten saw each of the three behaviours.
    """

    title: str
    banner: str
    done: Passage
    result: Passage
    number: str
    drawing: str
    drawing_text: str
    behaviours: Table | None
    passages: tuple[Passage, ...]

    @property
    def elements(self) -> tuple[int, ...]:
        """Which of the fourteen elements the page holds."""
        passages_shown = (self.done, self.result, *self.passages)
        inside = [number for passage in passages_shown for number in passage.elements]
        return tuple(sorted([*inside, 2] if self.behaviours else inside))

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
    result = main_result(disclosed, study)
    passages_shown = tuple(result_sentences(result, disclosed, study))
    behaviours = _behaviours_table(disclosed, study, result)
    shown = result if result and result.finding.estimate is not None else None
    return FunderSummary(
        title=study.title,
        banner=SIMULATED if study.simulated else "",
        done=Passage(
            heading="What was done",
            sentences=tuple(done_sentences(study)),
            elements=(1,),
        ),
        result=Passage(
            heading="The main result", sentences=passages_shown, elements=(3,)
        ),
        number=_number(shown),
        drawing=_drawing(shown, " ".join(passages_shown)),
        drawing_text=" ".join(passages_shown) if shown else "",
        behaviours=behaviours,
        passages=(
            *_passages(disclosed, study, result, has=behaviours is not None),
            Passage(
                heading="About this page",
                sentences=tuple(_about(study, deviations)),
                elements=(14,),
                aside=True,
            ),
        ),
    )


def _passages(
    disclosed: Disclosed, study: Study, result: MainResult | None, *, has: bool
) -> Iterator[Passage]:
    if not has:
        yield Passage(
            heading="Three behaviours", sentences=(NO_BEHAVIOURS,), elements=(2,)
        )
    yield Passage(
        heading="Who took part",
        sentences=tuple(participation_sentences(disclosed, study)),
        elements=(4,),
        listed=True,
    )
    yield Passage(
        heading="Compared with what",
        sentences=tuple(comparison_sentences(study)),
        elements=(5,),
    )
    yield Passage(
        heading="How strong is the evidence",
        sentences=(strength_sentence(result, study),),
        elements=(9,),
    )
    yield Passage(
        heading="What we do not know",
        sentences=study.unknowns or ("Nobody has written down what is not known.",),
        elements=(13,),
        listed=True,
        aside=True,
    )
    yield Passage(
        heading="Not measured or not recorded",
        sentences=tuple(_not_measured(study)),
        elements=tuple(number for number, _ in NOT_MEASURED),
        listed=True,
        aside=True,
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


def _behaviours_table(
    disclosed: Disclosed, study: Study, result: MainResult | None
) -> Table | None:
    """How many in ten gave the highest answer, before and after, a row a behaviour."""
    selected = disclosed.where(
        instrument=THREE_BEHAVIOURS, term="share_highest", item=""
    )
    waves = waves_of(selected, study, contrasts=False)
    if not waves:
        return None
    if result and result.outcome.baseline in waves:
        pair = (result.outcome.baseline, result.outcome.follow_ups[0])
        waves = [wave for wave in waves if wave in pair]
    instrument = study.instruments[THREE_BEHAVIOURS]
    arms = [name for name in (study.treated, study.control) if name] or [""]
    rows = [
        (
            subscale.title,
            *(
                _in_ten(selected.where(subscale=subscale.name, arm=arm, wave=wave))
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
    """What no number here is about; states what was asked and not counted."""
    asked = any(export.texts for wave in study.waves for export in wave.exports)
    for number, text in NOT_MEASURED:
        yield NOT_SUMMED_UP if number == OWN_WORDS and asked else text


def _in_ten(selected: Disclosed) -> str:
    finding = found(selected, term="share_highest")
    if finding is None or finding.estimate is None:
        return "too few to say"
    text = in_ten_text(finding.estimate)
    if finding.conf_low is None or finding.conf_high is None:
        return text
    low, high = finding.conf_low, finding.conf_high
    return f"{text} ({interval_text(low, high, finding.term)})"


def _best_answer(instrument: Instrument) -> str:
    """The answer that gives the highest code."""
    answers = instrument.answers
    return max(answers, key=lambda text: answers[text], default="the highest answer")


def _number(result: MainResult | None) -> str:
    if result is None:
        return ""
    better = "better" if result.gain >= 0 else "worse"
    return f"{points_text(abs(result.gain), result.subscale)} points {better}"


def _drawing(result: MainResult | None, words: str) -> str:
    """The gain and its interval, with no change and the smallest that matters."""
    if result is None:
        return ""
    effect = result.outcome.smallest_effect
    low, high = result.limits or (result.gain, result.gain)
    reach = 1.12 * max(abs(low), abs(high), effect or 0.0, 1e-9)
    width = 420.0

    def across(value: float) -> float:
        return width / 2 * (1 + value / reach)

    return render_template(
        "headline.svg.j2",
        width=width,
        low=across(low),
        high=across(high),
        gain=across(result.gain),
        zone=None if effect is None else (across(-effect), across(effect)),
        smallest=None if effect is None else points_text(effect, result.subscale),
        number=_number(result),
        words=words,
    )
