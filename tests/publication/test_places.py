"""Where a finding belongs, if a score serves more than one outcome."""

from __future__ import annotations

import dataclasses

from analysis.foundation.findings import Contrast, Finding, Place
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.places import findings_of_outcome, of_score
from analysis.storage.declared import read_study


def at(wave: Place, subscale: str = "total") -> Finding:
    return Finding(
        study="listening-pilot",
        survey="ratings",
        instrument="care",
        subscale=subscale,
        wave=wave,
        term="mean_change",
        estimate=1.0,
        n=40,
        method="by hand",
    )


def test_an_outcome_is_shown_what_was_found_at_its_own_waves() -> None:
    care = read_study("listening-pilot").outcomes[0]
    soon = dataclasses.replace(care, follow_ups=("after",))
    waves: tuple[Place, ...] = (
        "",
        "before",
        "after",
        "later",
        Contrast("after", "before"),
        Contrast("later", "before"),
    )
    found = Disclosed(findings=(*map(at, waves), at("after", "other")))
    shown = [part.wave for part in findings_of_outcome(found, soon).findings]
    assert shown == ["", "before", "after", Contrast("after", "before")]
    assert [part.wave for part in of_score(found, soon).findings] == list(waves)


def test_of_outcomes_of_one_score_the_first_stands_for_it() -> None:
    study = read_study("listening-pilot")
    again = dataclasses.replace(study.outcomes[0], name="care_later")
    both = dataclasses.replace(study, outcomes=(*study.outcomes, again))
    assert both.outcome_of_each_score() == study.outcomes
