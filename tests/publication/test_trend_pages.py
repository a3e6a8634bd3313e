"""Many waves on the page: a sentence, a figure and a table an outcome."""

from __future__ import annotations

import dataclasses

import pytest

from analysis.declarations.study import Study
from analysis.foundation.findings import Finding, Groups
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Figure
from analysis.publication.trends import show_over_time
from analysis.storage.declared import read_study
from analysis.workflow.planning import plan_steps

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
MEANS = (30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 36.5)

OUTSIDE = Groups(("outside the limits",))
RISING = Groups(("5 or more rising",))


def of_waves(count: int) -> Study:
    first = WHOLE.waves[0]
    waves = tuple(
        dataclasses.replace(first, name=f"w{place}", title=f"Wave {place}")
        for place in range(1, count + 1)
    )
    outcome = dataclasses.replace(
        WHOLE.outcomes[0], baseline="w1", follow_ups=tuple(w.name for w in waves[1:])
    )
    return dataclasses.replace(
        WHOLE, waves=waves, outcomes=(outcome,), groups=(), roster=None, lock=None
    )


STUDY = of_waves(7)


def number(term: str, value: float | None, **more: object) -> Finding:
    place: dict[str, object] = {
        "study": STUDY.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "arm": "pilot",
        "term": term,
        "estimate": value,
        "n": 40,
        "method": "made up",
    }
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def found(arm: str = "pilot", few: str = "") -> list[Finding]:
    made = [
        number("chart_value", mean, wave=f"w{place}", n=5 if few == f"w{place}" else 40)
        for place, mean in enumerate(MEANS, start=1)
    ]
    made += [
        number("chart_median", 33.0),
        number("runs", 2.0),
        number("fewest_runs", 3.0),
        number("most_runs", 8.0),
        number("chart_centre", 33.1),
        number("chart_lower_limit", 30.5),
        number("chart_upper_limit", 36.0),
        number("special_cause_points", 2.0),
        number(
            "control_chart_signal",
            -1.0,
            wave="w1",
            group=Groups(("outside the limits",)),
        ),
        number(
            "control_chart_signal",
            1.0,
            wave="w7",
            group=Groups(("outside the limits", "7 in a row rising")),
        ),
        number("run_chart_signal", 1.0, wave="w1", group=RISING),
        number("run_chart_signal", 1.0, wave="w6", group=RISING),
    ]
    return [dataclasses.replace(part, arm=arm) for part in made]


def both() -> list[Finding]:
    still = [
        part
        for part in found("comparison")
        if not part.term.endswith("signal") and "run" not in part.term
    ]
    return [*found(), *still]


def page(findings: list[Finding], study: Study = STUDY) -> str:
    return show_over_time(disclose(findings, smallest=11), study)._repr_html_()


def test_an_outcome_has_a_sentence_a_figure_and_a_table() -> None:
    shown = show_over_time(disclose(both(), smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    reported = (
        "Pilot: Wave 6 and Wave 7 show special-cause variation towards the better end; "
        "Wave 1 shows special-cause variation towards the worse end; the waves lie too "
        "few times on another side of the median than the wave before (2 runs; chance "
        "brings 3 to 8). Comparison: no wave shows more than common-cause "
        "variation."
    )
    assert reported in page(both())
    assert reported in figure.alt_text
    assert "36.50 at Wave 7" in figure.alt_text
    assert "rests on 7 waves, fewer than 12, and is on trial" in figure.caption
    assert figure.name == "chart-care"
    assert figure.png()
    assert table.rows[0] == (
        *("Pilot", "Wave 1", "40", "30.00"),
        *("worse end", "range: outside the limits"),
    )
    assert table.rows[6][4:] == ("better end", "range: outside the limits")
    assert table.rows[5][4:] == ("better end", "run chart: 5 or more rising")
    assert {row[4:] for row in table.rows[7:]} == {("\N{EN DASH}", "\N{EN DASH}")}
    assert "Pilot: mean 33.10, usual range 30.50 to 36.00, median 33.00." in table.notes


def test_three_waves_in_a_row_are_told_by_their_ends() -> None:
    rising = [
        number(
            "run_chart_signal",
            1.0,
            wave=f"w{place}",
            group=RISING,
        )
        for place in (2, 3, 4, 5)
    ]
    assert "Wave 2 to Wave 7 show special-cause variation towards the better" in page(
        [*both(), *rising]
    )


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        (
            "higher_is_worse",
            "better end; Wave 6 and Wave 7 show special-cause variation towards the "
            "worse",
        ),
        ("higher_is_more", "Wave 1, Wave 6 and Wave 7 show special-cause variation; "),
    ],
)
def test_which_way_is_better_is_the_codebooks(direction: str, words: str) -> None:
    care = STUDY.instruments["care"]
    parts = tuple(
        dataclasses.replace(part, direction=direction) for part in care.subscales
    )
    instrument = dataclasses.replace(care, subscales=parts)
    study = dataclasses.replace(
        STUDY, instruments={**STUDY.instruments, "care": instrument}
    )
    assert words in page(both(), study)


def test_a_wave_of_few_people_is_not_drawn_and_not_told() -> None:
    shown = show_over_time(disclose(found(few="w3"), smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    assert "Wave 3" not in [point.label for point in figure.points]
    assert "1 value is suppressed (fewer than 11 people)" in figure.caption
    assert table.rows[2][2:4] == ("not shown (a)", "not shown (a)")
    assert "32.00" not in shown._repr_html_()


def test_no_chart_says_why() -> None:
    made = [
        number("chart_value", None, wave=f"w{place}", n=None, reason="too few")
        for place in range(1, 8)
    ]
    made.append(number("chart_median", None, n=None, reason="0 waves with a value"))
    shown = show_over_time(disclose(made, smallest=11), STUDY)
    assert "no chart can be drawn (0 waves with a value)" in shown._repr_html_()
    assert not any(isinstance(part, Figure) for part in shown.parts)
    (part,) = show_over_time(disclose([], smallest=11), STUDY).parts
    assert "No outcome was asked at enough waves" in part._repr_html_()


def test_the_page_never_says_significant() -> None:
    assert "significant" not in page(both()).lower()


def test_outcomes_are_charted_only_where_there_are_five_waves() -> None:
    for count, planned in ((4, False), (5, True)):
        steps = {step.kind: step for step in plan_steps(of_waves(count))}
        assert ("run-charts" in steps) == planned
        if planned:
            step = steps["run-charts"]
            assert {"cleaning-w1", "reliability-w5", "comparability"} <= set(step.needs)
            assert "findings/parts/comparability.json" in step.inputs
            assert "run-charts" in steps["findings"].needs
    assert "run-charts" not in {step.kind for step in plan_steps(WHOLE)}
