"""Documents: what a page holds, what it leaves out, and the gate it passes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from invented import STUDIES, disclosed_of, study_of

from analysis.foundation.errors import NotebookError
from analysis.publication.cleaning import show_flow
from analysis.publication.documents import (
    Link,
    check_page,
    render_index,
    render_notebook,
)
from analysis.publication.scores import show_change
from analysis.publication.study import show_study
from analysis.publication.summary.page import funder_summary


def prose(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": text}


def ran(**output: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": ["secret = 1"], "outputs": [output]}


def gave(**data: str) -> dict[str, Any]:
    typed = {name.replace("_", "/"): value for name, value in data.items()}
    return ran(output_type="execute_result", data=typed)


def page(*cells: dict[str, Any], name: str = "listening-pilot", **given: Any) -> str:
    study = study_of(name)
    return render_notebook({"cells": [*cells]}, study=study, title="Change", **given)


def whole_page(name: str) -> str:
    study, disclosed = study_of(name), disclosed_of(name)
    return page(
        prose("# The notebook's own title\n\nWhy this was done."),
        gave(text_html=show_study(study)._repr_html_()),
        prose("## Who answered"),
        gave(text_html=show_flow(disclosed, study)._repr_html_()),
        prose("#### Change"),
        gave(text_html=show_change(disclosed, study)._repr_html_()),
        gave(text_html=funder_summary(disclosed, study)._repr_html_()),
        name=name,
    )


@cache
def good_page() -> str:
    return whole_page("listening-pilot")


def index_page(name: str) -> str:
    study = study_of(name)
    entries = [Link(title="Change", href="change.html", line="Every number.")]
    return render_index(study, entries, funder_summary(disclosed_of(name), study))


@pytest.mark.parametrize("name", STUDIES)
def test_pages_pass_the_gate_and_are_the_same_each_time(name: str) -> None:
    made = whole_page(name)
    assert check_page(made) == []
    assert made == whole_page(name)
    assert check_page(index_page(name)) == []
    assert index_page(name) == index_page(name)


FAULTS = [
    ('lang="en-GB"', "", "language"),
    ("<h1>Change</h1>", "", "0 titles"),
    ("<h1>Change</h1>", "<h1>Change</h1><h1>Again</h1>", "2 titles"),
    ('<h3 id="change">Change</h3>', '<h4 id="c">Change</h4>', "level 4 follows"),
    (' scope="col"', "", "no scope"),
    (' scope="row"', "", "no scope"),
    ("<caption>", "<caption hidden></caption><p>", "no caption"),
    ('<img alt="', '<img title="', "no text"),
    ('aria-label="The pilot', 'data-label="The pilot', "no text"),
    ('href="index.html"', 'href="https://example.org"', "points outside"),
    ('href="index.html"', 'href="//example.org"', "points outside"),
    ('src="data:image/svg+xml', 'src="http://example.org/', "points outside"),
    ("</style>", "@import 'https://example.org';</style>", "style sheet"),
    ("</style>", "a{background:url(https://example.org)}</style>", "style sheet"),
    ("<main ", '<main style="background:url(x)" ', "style of main"),
    ("</body>", "<script>1</script></body>", "a script"),
    ("</body>", '<p id="content"></p></body>', "two elements"),
    ("<main ", "<div ", "no main"),
    ("<title>", "<title></title><p>", "no title"),
]


@pytest.mark.parametrize(("old", "new", "fault"), FAULTS)
def test_the_gate_sees_each_planted_fault(old: str, new: str, fault: str) -> None:
    good = good_page()
    assert old in good
    reported = check_page(good.replace(old, new, 1))
    assert any(fault in sentence for sentence in reported), reported


def test_the_gate_sees_a_text_that_repeats_the_caption() -> None:
    good = good_page()
    caption = "Before: responses received, answered, left out by each rule, and used."
    assert caption in good
    planted = re.sub(r'<img alt="[^"]*"', f'<img alt="{caption}"', good, count=1)
    assert any("repeats its caption" in reported for reported in check_page(planted))


def test_code_and_warnings_stay_out_and_plain_text_is_escaped() -> None:
    made = page(
        ran(output_type="stream", name="stderr", text="a warning"),
        gave(text_plain="<b>raw</b>"),
    )
    assert "secret" not in made
    assert "a warning" not in made
    assert "<pre>&lt;b&gt;raw&lt;/b&gt;</pre>" in made


def test_markup_in_prose_is_not_obeyed() -> None:
    made = page(prose("<script>alert(1)</script>\n\n**Strong** words"))
    assert "<script>" not in made
    assert "<strong>Strong</strong>" in made


def test_a_link_that_leaves_the_report_is_not_made() -> None:
    made = page(prose("[out](https://example.org) and [in](outcomes.html)"))
    assert 'href="https' not in made
    assert '<a href="outcomes.html">in</a>' in made
    assert check_page(made) == []


def test_a_failed_cell_is_not_published() -> None:
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        page(ran(output_type="error", ename="ZeroDivisionError"))


def test_a_picture_without_words_is_not_published() -> None:
    with pytest.raises(NotebookError, match="show a Figure"):
        page(gave(image_png="AAAA", text_plain="<Figure>"))


def test_html_is_preferred_to_a_picture_of_the_same_value() -> None:
    assert "<p>words</p>" in page(gave(text_html="<p>words</p>", image_png="AAAA"))


def test_headings_are_one_title_and_then_in_order() -> None:
    made = page(
        prose("# Own title\n\n### First\n\n##### Second\n\n## Third\n\n## Third")
    )
    found = re.findall(r"<h(\d)[^>]*>(.*?)</h\1>", made)
    assert found == [
        ("1", "Change"),
        ("2", "First"),
        ("3", "Second"),
        ("2", "Third"),
        ("2", "Third"),
    ]
    assert 'href="#third-2">Third</a>' in made
    assert 'id="third-2"' in made


def test_tables_and_figures_are_numbered() -> None:
    made = good_page()
    for word in ("Table", "Figure"):
        labels = re.findall(rf'class="label">{word} (\d+)\.', made)
        assert labels == [str(number + 1) for number in range(len(labels))]
        assert len(labels) > 2


def test_simulated_data_are_named_once_at_the_top() -> None:
    made = good_page()
    assert made.count("Simulated data") == 1
    assert made.index("Simulated data") < made.index("<main")
    assert "Simulated data" not in whole_page("eq-short")
    assert "Simulated data" in index_page("listening-pilot")


def test_a_page_names_the_documents_beside_it_but_not_itself() -> None:
    links = [
        Link(title="Change", href="outcomes.html"),
        Link(title="Items", href="items.html"),
    ]
    made = page(prose("Words"), name="listening-pilot", links=links)
    assert 'href="outcomes.html"' in made
    made = render_notebook(
        {"cells": []},
        study=study_of("eq-short"),
        title="Change",
        name="outcomes",
        links=links,
    )
    assert 'href="outcomes.html"' not in made
    assert 'href="items.html"' in made


def test_the_index_names_documents_and_the_headline() -> None:
    made = index_page("listening-pilot")
    assert '<a href="change.html">Change</a>' in made
    assert "Every number." in made
    assert "2.4 points better" in made
    bare = render_index(study_of("eq-short"), [])
    assert "The main result" not in bare
    assert check_page(bare) == []
