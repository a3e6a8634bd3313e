"""A result at hand into its figure: one call, no study."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest

from analysis.publication.figure import Figure, Note
from analysis.publication.reliability_figures.by_hand import figure_of
from heard.psychometrics.agreement.ratings import agreement_cells
from heard.psychometrics.agreement.two_occasions import limits_of_agreement
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.dependability.components import variance_components
from heard.psychometrics.dependability.decisions import decision_study, raters_needed
from heard.psychometrics.dependability.staff import staff_by_rank, staff_dependability
from heard.psychometrics.item_response.graded_results import information_curve
from heard.psychometrics.items.statistics import item_statistics
from heard.psychometrics.structure.dimensions import parallel_analysis
from heard.psychometrics.structure.exploratory import exploratory_factors
from heard.results import Composite, Estimate, Result, Unavailable

ANSWERS = (1.0, 2.0, 3.0, 4.0, 5.0)
ITEMS = [f"item_{number}" for number in range(5)]


@cache
def responses() -> pd.DataFrame:
    random = np.random.default_rng(5)
    trait = random.normal(size=(150, 1))
    answers = np.clip(np.round(3 + trait + random.normal(size=(150, 5))), 1, 5)
    return pd.DataFrame(answers, columns=ITEMS)


@cache
def ratings() -> pd.DataFrame:
    random = np.random.default_rng(6)
    staff = np.repeat(np.arange(15), 12)
    scores = random.normal(size=15)[staff] * 2 + random.normal(size=len(staff)) * 3
    return pd.DataFrame({"staff": [f"Label-{s}" for s in staff], "score": scores})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares(Composite):
    """How an item was answered, as any composite may say it."""

    item: str
    category: str
    response_share: Result


def of(*outcomes: Result | Composite, title: str = "Care") -> Figure:
    figure = figure_of(*outcomes, title=title)
    assert isinstance(figure, Figure)
    assert figure.png()
    assert any(sign.isdigit() for sign in figure.alt_text)
    return figure


def test_parallel_analysis() -> None:
    figure = of(parallel_analysis(responses(), replicates=50), title="Care")
    assert figure.name == "scree-by-hand"
    assert figure.caption.startswith("Care: eigenvalues")
    assert len(figure.points) == 15


def test_factors_found_and_factors_told() -> None:
    found = of(exploratory_factors(responses(), factors=1, replicates=20))
    assert {point.finding.term for point in found.points} == {"loading"}
    reported = confirmatory_factors(responses(), factors={"Heard": ITEMS})
    assert {p.finding.term for p in of(reported).points} == {"standardised_loading"}


def test_ordinal_factors_are_drawn_as_loadings_too() -> None:
    reported = confirmatory_factors(
        responses(),
        factors={"Heard": ITEMS},
        categories=ANSWERS,
        estimator="wlsmv",
    )
    assert of(reported).name.startswith("loadings-confirmatory")


def test_a_decision_study_with_the_number_needed() -> None:
    components = variance_components(ratings(), score="score", facets=["staff"])
    study = decision_study(components, target="staff", numbers={"ratings": [1, 5, 20]})
    needed = raters_needed(components, target="staff", required=0.7)
    figure = of(study, needed)
    assert "ratings needed for a dependability of 0.70" in figure.alt_text
    assert {point.label for point in figure.points} == {"1", "5", "20"}
    assert {point.series for point in figure.points} == {"Dependability"}


def test_a_crossed_decision_study_names_what_is_counted() -> None:
    random = np.random.default_rng(9)
    places = [(person, item) for person in range(20) for item in range(4)]
    frame = pd.DataFrame(places, columns=["person", "item"]).astype(str)
    frame["score"] = random.normal(size=20).repeat(4) + random.normal(size=80)
    components = variance_components(frame, score="score", facets=["person", "item"])
    study = decision_study(components, target="person", numbers={"item": [1, 4, 8]})
    figure = of(study)
    assert "by the number of item it rests on" in figure.caption
    assert len({point.series for point in figure.points}) == 2


def test_staff_have_no_labels() -> None:
    found = staff_dependability(ratings(), score="score", staff="staff")
    figure = of(found)
    assert len(figure.points) == 15
    assert "Label" not in figure.to_frame().to_csv() + figure._repr_html_()
    assert not isinstance(found, Unavailable)
    ranked = of(staff_by_rank(found))
    assert [p.value for p in ranked.points] == [p.value for p in figure.points]
    assert [p.label for p in ranked.points] == [p.label for p in figure.points]


def test_limits_of_agreement_with_and_without_counts() -> None:
    pairs = pd.DataFrame(
        {
            "first": responses().iloc[:, :3].sum(axis=1),
            "second": responses().sum(axis=1),
        }
    )
    limits = limits_of_agreement(pairs)
    assert len(of(limits).points) == 3
    cells = agreement_cells(pairs, least=11)
    figure = of(limits, cells)
    assert len(figure.points) == 3 + len(cells.cells)
    assert len(cells.cells) > 2


def test_items_by_their_means_with_labels() -> None:
    statistics = item_statistics(responses(), lowest=1, highest=5)
    figure = figure_of(*statistics, labels={"item_0": "Let me finish"})
    assert isinstance(figure, Figure)
    assert "Let me finish" in {point.label for point in figure.points}


def test_information() -> None:
    table = pd.DataFrame({"item": "", "trait": [-1.0, 0, 1], "information": [1, 4, 1]})
    figure = of(information_curve(table, n=100))
    assert "Most information, 4.00, at 0.00" in figure.alt_text


def test_answers() -> None:
    shares = [
        Shares(
            item="item_0",
            category=f"{code:g}",
            response_share=Estimate(
                term="response_share", estimate=0.2, n=150, method=""
            ),
        )
        for code in ANSWERS
    ]
    assert len(of(*shares).points) == 5


def test_what_nothing_draws_says_what_could_be_drawn() -> None:
    note = figure_of(cronbach_alpha(responses()))
    assert isinstance(note, Note)
    assert "eigenvalue" in note.text


@pytest.mark.parametrize("people", [0, 2])
def test_where_nothing_could_be_estimated_the_note_says_why(people: int) -> None:
    few = responses().iloc[:people]
    for outcome in (
        parallel_analysis(few, replicates=5),
        exploratory_factors(few, factors=1, replicates=0),
        limits_of_agreement(few.iloc[:, :2]),
    ):
        note = figure_of(outcome)
        assert isinstance(note, Note)
        assert "No figure for" in note.text
        assert "nothing was found" not in note.text
