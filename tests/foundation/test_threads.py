"""Threads give the same list as a loop would, and the same error."""

from __future__ import annotations

import time

import pytest

from heard.models import threads
from heard.models.threads import in_threads


@pytest.mark.parametrize("count", [1, 3])
def test_answers_stand_in_the_order_asked_whichever_ends_first(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "THREADS", count)

    def slow_first(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0)
        return number * 10

    assert in_threads(slow_first, range(5)) == [0, 10, 20, 30, 40]
    assert in_threads(slow_first, []) == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_error_in_that_order_is_raised(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "THREADS", count)

    def fails(number: int) -> int:
        time.sleep(0.02 if number == 1 else 0)
        if number:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match=r"^1$"):
        in_threads(fails, range(4))
