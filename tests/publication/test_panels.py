"""Panels: which findings a figure shows, in which order, and what each is called."""

from __future__ import annotations

import dataclasses

from invented import disclosed_of, study_of

from analysis.publication.disclosure.control import Disclosed
from analysis.publication.figure import Figure
from analysis.publication.panels import Panel, forest
from analysis.publication.words import (
    counted,
    excludes_zero,
    excluding_zero_words,
    listed,
    p_words,
)

STUDY = study_of("listening-pilot")
PLACE = {"survey": "ratings", "instrument": "care", "subscale": "total"}
HERE = disclosed_of("listening-pilot").where(**PLACE)
CHANGES = Panel(
    terms={"mean_change": ""}, mark=("arm",), order=("arm", "wave"), arms="arms"
)


def test_points_stand_in_the_order_declared_whatever_the_findings_order() -> None:
    reversed_ = Disclosed(findings=HERE.findings[::-1])
    points = CHANGES.points(HERE, STUDY)
    assert [p.finding for p in CHANGES.points(reversed_, STUDY)] == [
        p.finding for p in points
    ]
    assert list(dict.fromkeys(p.series for p in points)) == ["Pilot", "Comparison"]
    assert [p.label for p in points][:2] == ["Before to After", "Before to Later"]


def test_everyone_is_left_out_where_there_are_arms() -> None:
    arms = {point.finding.arm for point in CHANGES.points(HERE, STUDY)}
    assert arms == {"pilot", "comparison"}
    all_arms = dataclasses.replace(CHANGES, arms="all").points(HERE, STUDY)
    assert {point.finding.arm for point in all_arms} > arms


def test_a_line_may_be_named_by_arm_and_wave_and_a_mark_by_its_term() -> None:
    panel = Panel(terms={"mean": "Mean"}, line=("arm", "wave"), contrasts=False)
    points = panel.points(HERE.where(item="", arm="pilot"), STUDY)
    assert {point.label for point in points} >= {"Pilot, Before", "Pilot, After"}
    assert {point.series for point in points} == {"Mean"}


def test_a_forest_has_one_line_a_label() -> None:
    points = CHANGES.points(HERE, STUDY)
    figure = forest("change", "Changes.", "They changed.", points, label="Points")
    assert isinstance(figure, Figure)
    assert len(figure.to_frame()) == len(points)
    fewer = forest("change", "Changes.", "It changed.", points[:1], label="Points")
    assert isinstance(fewer, Figure)
    assert fewer.height < figure.height


def test_an_interval_leaves_out_zero_only_where_there_is_one() -> None:
    one = dataclasses.replace(HERE.findings[0], conf_low=0.1, conf_high=2.0)
    none = dataclasses.replace(one, conf_low=None, conf_high=None)
    across = dataclasses.replace(one, conf_low=-0.1)
    assert [excludes_zero(part) for part in (one, none, across)] == [True, False, False]
    words = excluding_zero_words([one, none, across], "gaps")
    assert words == "the interval of 1 of 3 gaps leaves out zero"


def test_numbers_and_lists_read_as_sentences() -> None:
    p = dataclasses.replace(HERE.findings[0], term="p_value", estimate=0.00001)
    assert p_words(p) == "p under 0.001"
    assert p_words(dataclasses.replace(p, estimate=0.25)) == "p = 0.250"
    assert counted(1, "value is", "values are") == "1 value is"
    assert counted(2, "value is", "values are") == "2 values are"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"], last="or") == "a, b or c"
