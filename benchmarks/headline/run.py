"""How often the headline is wrong: `python benchmarks/headline/run.py [--pilots 4000]`.

Every row is one design. Each simulated pilot is declared, scored and answered by the
code that makes the headline; a row fails where the coverage of its interval, or its
false claims, lie outside their band by more than the margin of so many pilots. A row is
written as soon as it is done. On one core, in the background:

    OMP_NUM_THREADS=1 nice -n 19 python benchmarks/headline/run.py > headline.txt &
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pilots import LEVEL, Pilot
from starting import Starting

from analysis.outcomes.judgement import Judged, Worth
from analysis.outcomes.question import questions_of
from heard.models.random_streams import generator
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PILOTS, FEWEST = 1_000, 200
SECONDS = 100.0
"""Of the processor, after which a row stops once it has the fewest pilots."""
LEAST, MOST = 0.93, 0.97
MOST_FALSE = 0.06
GAIN, HARM = 2.1, -2.4
LOSSES = {"lost": 0.4, "people": 0}
NOTHING_KNOWN = Worth(alpha=None, retest=None, comparability="not_tested")
NEVER = 5
"""Start after the last of five waves."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One design and what its interval is held to.

    Attributes
    ----------
    pilot : Pilot
        What is simulated.
    most : float
        Highest coverage allowed: 1 where a permutation or few treated units are safe.
    refused : bool
        Whether there must be no answer, ever.
    held : bool
        Whether it must stay in its band; otherwise it is shown as a known weakness.
    """

    pilot: Pilot
    most: float = MOST
    refused: bool = False
    held: bool = True


def rows() -> Iterator[Row]:
    """Every design, in the order of the table."""
    for icc in (0.05, 0.15):
        teams = Pilot(name=f"6 v 6 linked teams, ICC {icc:.2f}", icc=icc, **LOSSES)  # type: ignore[arg-type]
        yield Row(pilot=teams)
        yield Row(pilot=_affected(teams, GAIN))
        yield Row(pilot=_affected(teams, HARM))
        unlinked = replace(
            teams,
            name=f"8 v 8 unlinked teams, ICC {icc:.2f}",
            teams=(8, 8),
            linked=False,
        )
        yield Row(pilot=unlinked)
    three = Pilot(name="3 of 12 teams treated", teams=(3, 9), icc=0.15, **LOSSES)  # type: ignore[arg-type]
    yield Row(pilot=three, most=0.985)
    yield Row(pilot=_affected(three, GAIN), most=0.985)
    two = replace(three, name="2 of 12 teams treated", teams=(2, 10))
    yield Row(pilot=two, most=0.99)
    yield Row(pilot=_affected(two, GAIN), most=0.99)
    sites = Pilot(
        name="3 v 3 sites of 4 teams, shocks",
        teams=(12, 12),
        sites=6,
        unit="site",
        shock=0.25,
    )
    yield Row(pilot=sites)
    yield Row(pilot=_affected(sites, GAIN))
    within = Pilot(
        name="12 teams randomised within 3 sites, shocks",
        sites=3,
        strata=True,
        shock=0.25,
        icc=0.15,
    )
    yield Row(pilot=within)
    yield Row(pilot=_affected(within, HARM))
    yield from _of_people()
    yield from _once_or_alone()
    yield from _yes_or_no()
    yield from _starting()
    yield from _one_sided()
    yield from _refused()


def _of_people() -> Iterator[Row]:
    people = Pilot(
        name="50 v 50 people randomised, 40 % lost at random given the past",
        teams=(0, 0),
        people=50,
        unit="person",
        lost=0.4,
        at_random=True,
    )
    yield Row(pilot=people)
    yield Row(pilot=_affected(people, GAIN))
    few = replace(people, name="50 v 50 people randomised, none lost", lost=0.0)
    yield Row(pilot=few)
    chosen = replace(few, name="50 v 50 people chosen, linked", randomised=False)
    yield Row(pilot=chosen)


def _once_or_alone() -> Iterator[Row]:
    once = Pilot(
        name="30 v 30 people, asked afterwards alone",
        teams=(0, 0),
        people=30,
        unit="person",
        waves=1,
    )
    yield Row(pilot=once)
    yield Row(pilot=_affected(once, HARM))
    yield Row(
        pilot=replace(
            once,
            name="6 v 6 teams, asked afterwards alone",
            teams=(6, 6),
            people=20,
            unit="team",
            icc=0.15,
        )
    )
    alone = Pilot(name="8 teams, no comparison", teams=(8, 0), arms=1, icc=0.15)
    yield Row(pilot=alone)
    people = replace(
        alone, name="60 people, no comparison", teams=(0, 0), people=60, unit="person"
    )
    yield Row(pilot=people)
    # Taken as different people, though they are the same: too wide, never too narrow.
    unlinked = replace(people, name="60 people, unlinked", linked=False)
    yield Row(pilot=unlinked, most=1.0)


def _yes_or_no() -> Iterator[Row]:
    """Shares of teams who say yes: of half, and of one in five."""
    half = Pilot(
        name="6 v 6 teams, yes or no, half say yes",
        icc=0.15,
        cut=round(LEVEL),
        smallest=0.1,
    )
    yield Row(pilot=half)
    yield Row(pilot=_affected(half, GAIN))
    few = replace(half, name="6 v 6 teams, yes or no, one in five says yes", cut=50.0)
    yield Row(pilot=few)


def _starting() -> Iterator[Row]:
    for sites, starts in ((2, (1, 1, 2, 2, 3, 3, 4, 4)), (4, (1, 2, 3, 4))):
        wedge = Starting(
            name=f"stepped wedge, 16 teams within {sites} sites, shocks",
            sites=sites,
            starts=starts,
            strata=True,
            shock=0.25,
            icc=0.15,
        )
        yield Row(pilot=wedge)
        yield Row(pilot=_affected(wedge, GAIN))
    staggered = Starting(
        name="staggered starts, not randomised, 16 teams",
        sites=4,
        starts=(2, 3, 4, NEVER),
        randomised=False,
        icc=0.15,
    )
    yield Row(pilot=staggered)
    yield Row(pilot=_affected(staggered, GAIN))
    rising = replace(
        staggered, name=f"{staggered.name}, starters rising .1 a wave", rising=0.1
    )
    yield Row(pilot=rising, held=False)


def _one_sided() -> Iterator[Row]:
    """The unhappy leave the pilot alone, which no interval can show."""
    left = Pilot(
        name="6 v 6 linked teams, unhappy leave the pilot alone",
        one_sided=True,
        **LOSSES,  # type: ignore[arg-type]
    )
    yield Row(pilot=left, held=False)
    many = replace(left, name=left.name.replace("6 v 6", "20 v 20"), teams=(20, 20))
    yield Row(pilot=many, held=False)
    fewer = replace(left, name=f"{left.name}, 13 % lost", lost=0.13)
    yield Row(pilot=fewer, held=False)
    yield Row(pilot=_affected(fewer, GAIN), held=False)


def _refused() -> Iterator[Row]:
    site = Pilot(
        name="one site each, 6 teams a site",
        teams=(6, 6),
        sites=2,
        unit="site",
        shock=0.25,
    )
    yield Row(pilot=site, refused=True)
    four = replace(site, name="2 v 2 sites of 6 teams", teams=(12, 12), sites=4)
    yield Row(pilot=four, refused=True)
    one = Pilot(name="one team an arm", teams=(1, 1))
    yield Row(pilot=one, refused=True)
    yield Row(pilot=replace(one, name="2 v 2 teams", teams=(2, 2)), refused=True)
    few = Pilot(name="8 v 8 people", teams=(0, 0), people=8, unit="person")
    yield Row(pilot=few, refused=True)


def _affected(pilot: Pilot, effect: float) -> Pilot:
    kind = "gain" if effect > 0 else "harm"
    return replace(pilot, name=f"{pilot.name}: {kind}", effect=effect)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What came of one design."""

    row: Row
    pilots: int
    answered: float
    truth: float
    coverage: float
    claims: dict[str, float]
    width: float
    methods: str
    seconds: float

    @property
    def margin(self) -> float:
        """Of a share near .95 of so many pilots: 1.96 standard errors."""
        return 1.96 * math.sqrt(0.05 * 0.95 / max(self.pilots, 1))

    @property
    def false_claims(self) -> float:
        """Claims of a difference the wrong way, or of any where there is none."""
        better, worse = self.claims["better"], self.claims["worse"]
        if self.row.pilot.effect == 0:
            return better + worse
        return worse if self.row.pilot.effect > 0 else better

    @property
    def fault(self) -> str:
        """Why the row fails; empty where it holds."""
        if self.row.refused:
            return "answered" if self.answered else ""
        if self.answered < 1:
            return "not always answered"
        low, high = LEAST - self.margin, min(self.row.most + self.margin, 1.0)
        if not low <= self.coverage <= high:
            return f"coverage outside {LEAST:.0%} to {self.row.most:.1%}"
        if self.false_claims > MOST_FALSE + self.margin:
            return f"false claims over {MOST_FALSE:.0%}"
        return ""

    def line(self) -> str:
        """A row of the table."""
        name, seconds = self.row.pilot.name, f"{self.seconds:.0f}"
        if self.row.refused:
            return f"| {name} | {self.pilots} | none | | | | | | | | {seconds} |"
        claims = [f"{100 * self.claims[kind]:.1f}" for kind in self.claims]
        width = f"{self.width:.{1 if self.row.pilot.cut is None else 2}f}"
        return (
            f"| {name} | {self.pilots} | {self.methods} | {self.truth:.2f} | "
            f"{100 * self.coverage:.1f} | {' | '.join(claims)} | {width} | "
            f"{seconds} |"
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one pilot was told."""

    low: float
    high: float
    code: str
    method: str
    is_warned: bool
    """Whether it would not hold if those lost had fared worse, and says so."""


def held(row: Row, pilots: int, seconds: float) -> Held:
    """Simulate a design so many times, or as often as the time allows."""
    draws, began = generator("headline", row.pilot.name), time.process_time()
    truth = row.pilot.truth(draws)
    answers: list[Answer | None] = []
    for number in range(pilots):
        if number >= FEWEST and time.process_time() - began > seconds:
            break
        answers.append(_answer(row.pilot, draws))
    given = [one for one in answers if one]
    limits = np.array([(one.low, one.high) for one in given]).reshape(-1, 2)
    inside = (limits[:, 0] <= truth) & (truth <= limits[:, 1])
    return Held(
        row=row,
        pilots=len(answers),
        answered=len(given) / len(answers),
        truth=truth,
        coverage=float(inside.mean()) if given else math.nan,
        claims=_claims(given),
        width=float((limits[:, 1] - limits[:, 0]).mean()) if given else math.nan,
        methods=", ".join(dict.fromkeys(one.method for one in given)),
        seconds=time.process_time() - began,
    )


def _answer(pilot: Pilot, draws: np.random.Generator) -> Answer | None:
    """Of one simulated pilot; None where there is no number."""
    (outcome,) = pilot.study.outcomes
    scores, follow_up = pilot.drawn(draws), outcome.follow_ups[0]
    question = questions_of(scores, pilot.study, outcome, follow_up, links=None)[0]
    judged = Judged(question=question, worth=NOTHING_KNOWN)
    result = judged.planned.result
    if not isinstance(result, Estimate) or result.conf_low is None:
        return None
    assert result.conf_high is not None, "an interval has two ends"
    return Answer(
        low=result.conf_low,
        high=result.conf_high,
        code=judged.code,
        method=judged.planned.method.replace("_", " "),
        is_warned=judged.depends_on_losses,
    )


def _claims(given: Sequence[Answer]) -> dict[str, float]:
    """Shares of verdicts, and of "better" that stands whoever was lost."""
    some = max(len(given), 1)

    def share(kind: str) -> float:
        return sum(one.code.startswith(kind) for one in given) / some

    unwarned = sum(one.code.startswith("better") and not one.is_warned for one in given)
    return {
        "better": share("better"),
        "better, whoever was lost": unwarned / some,
        "worse": share("worse"),
        "little or none": share("little_or_none"),
    }


HEADINGS = (
    "design | pilots | method | true effect | coverage % | better % | "
    "better, whoever was lost % | worse % | little or none % | width | seconds"
)
HEAD = f"| {HEADINGS} |\n{'|---' * 11}|"


def main() -> int:
    """Simulate every design; 1 if one of them leaves its band."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--pilots", type=int, default=PILOTS)
    reader.add_argument("--seconds", type=float, default=SECONDS)
    reader.add_argument("--only", default="", help="designs whose name this matches")
    asked = reader.parse_args()
    print(HEAD)
    faults, began = [], time.perf_counter()
    for row in rows():
        if not re.search(asked.only, row.pilot.name):
            continue
        found = held(row, 20 if row.refused else asked.pilots, asked.seconds)
        print(found.line(), flush=True)
        if found.fault and row.held:
            faults.append(f"{row.pilot.name}: {found.fault}")
    print(f"\n{time.perf_counter() - began:.0f} s", file=sys.stderr)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
