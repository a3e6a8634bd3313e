"""Boxes: nothing is cut, nothing lies on anything else."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.publication.boxes import (
    COLUMN,
    INDENT,
    PADDING,
    ROOM,
    Box,
    Line,
    box_of,
    branches,
    length,
    side_by_side,
)

words = st.text("abcMW,.-ßé0", min_size=1, max_size=40)
lines = st.builds(
    Line,
    text=st.lists(words, min_size=1, max_size=8).map(" ".join),
    bold=st.booleans(),
    listed=st.booleans(),
)


def overlap(first: Box, second: Box) -> bool:
    return (
        first.left < second.left + second.width
        and second.left < first.left + first.width
        and first.top < second.bottom
        and second.top < first.bottom
    )


@given(st.lists(lines, min_size=1, max_size=5))
def test_a_text_is_folded_never_cut(given_lines: list[Line]) -> None:
    box = box_of(given_lines, left=0, top=0)
    for line in box.lines:
        room = COLUMN - 2 * PADDING - INDENT * line.listed
        assert length(line.text, bold=line.bold) <= room
    kept = "".join(line.text for line in box.lines).replace(" ", "")
    assert kept == "".join(line.text for line in given_lines).replace(" ", "")


def test_words_stay_whole_where_they_fit() -> None:
    box = box_of([Line(text="wards of the two sites in the north")], left=0, top=0)
    assert len(box.lines) > 1
    folded = " ".join(line.text for line in box.lines)
    assert folded == "wards of the two sites in the north"


@pytest.mark.parametrize("count", range(1, 7))
def test_boxes_side_by_side_lie_apart_and_are_all_reached(count: int) -> None:
    contents = [[Line(text="word " * (7 * place + 1))] for place in range(count)]
    above = box_of([Line(text="Kept: 10")], left=0, top=0)
    below = side_by_side(contents, top=above.bottom + 0.3)
    assert len(below) == count
    for first, second in combinations([above, *below], 2):
        assert not overlap(first, second)
    assert all(box.left + box.width <= ROOM + 1e-9 for box in below)
    ends = {arrow.corners[-1] for arrow in branches(above, below) if arrow.head}
    assert ends == {(box.middle, box.top) for box in below}


@pytest.mark.parametrize("count", range(1, 7))
def test_no_arrow_runs_through_a_box(count: int) -> None:
    contents = [[Line(text="word " * (7 * place + 1))] for place in range(count)]
    above = box_of([Line(text="Kept: 10")], left=0, top=0)
    below = side_by_side(contents, top=above.bottom + 0.3)
    for arrow in branches(above, below):
        for (x0, y0), (x1, y1) in zip(arrow.corners, arrow.corners[1:], strict=False):
            for box in (above, *below):
                inside = (
                    max(x0, x1) > box.left + 1e-9
                    and min(x0, x1) < box.left + box.width - 1e-9
                    and max(y0, y1) > box.top + 1e-9
                    and min(y0, y1) < box.bottom - 1e-9
                )
                assert not inside
