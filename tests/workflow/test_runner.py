"""The order of steps, what a failure stops, and what is refused."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from analysis.foundation.errors import StaleError
from analysis.workflow import runner
from analysis.workflow.runner import Progress, choose_steps, run_steps
from analysis.workflow.steps import Step
from heard.errors import AnalysisError, DataError


def step(name: str, *needs: str, wave: str = "", kind: str = "cleaning") -> Step:
    return Step(name=name, kind=kind, title=name, study="s", wave=wave, needs=needs)


DIAMOND = (step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))


@dataclass
class Bench:
    """Steps that only note that they ran, and which are stale."""

    stale: set[str]
    failing: set[str] = field(default_factory=set)
    ran: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def staleness(self, one: Step) -> str:
        self.asked.append(one.name)
        return "stale" if one.name in self.stale else ""

    def run(self, one: Step) -> float:
        if one.name in self.failing:
            raise DataError(one.name, "broken")
        self.ran.append(one.name)
        return 0.0

    def go(
        self, *names: str, force: bool = False, reasons: dict[str, str] | None = None
    ) -> Progress:
        chosen = [one for one in DIAMOND if not names or one.name in names]
        with ThreadPoolExecutor(2) as threads:
            return run_steps(
                chosen,
                DIAMOND,
                threads,
                run=self.run,
                report=lambda *_: None,
                force=force,
                reasons=reasons,
            )


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(stale=set())
    monkeypatch.setattr(runner, "staleness", made.staleness)
    return made


def test_steps_run_after_what_they_need(bench: Bench) -> None:
    bench.stale = {"a", "b", "c", "d"}
    bench.go()
    assert bench.ran[0] == "a"
    assert bench.ran[-1] == "d"
    assert sorted(bench.ran) == ["a", "b", "c", "d"]


def test_fresh_steps_do_not_run_unless_forced(bench: Bench) -> None:
    bench.stale = {"c"}
    assert bench.go().fresh == ["a", "b", "d"]
    assert bench.ran == ["c"]
    bench.go(force=True)
    assert len(bench.ran) == 5


def test_what_is_known_is_asked_again_only_where_a_needed_step_ran(
    bench: Bench,
) -> None:
    bench.stale = {"a"}
    progress = bench.go(reasons={"a": "stale", "b": "", "c": "", "d": ""})
    assert bench.ran == ["a"]
    assert progress.fresh == ["b", "c", "d"]
    assert sorted(bench.asked) == ["b", "c"]


def test_a_step_known_to_be_fresh_still_runs_if_what_it_needs_changed_it(
    bench: Bench,
) -> None:
    bench.stale = {"b"}
    bench.go(reasons={"a": "stale", "b": "", "c": "", "d": ""})
    assert bench.ran == ["a", "b"]


def test_a_failure_stops_what_needs_it_and_nothing_else(bench: Bench) -> None:
    bench.stale, bench.failing = {"a", "b", "c", "d"}, {"b"}
    progress = bench.go()
    assert bench.ran == ["a", "c"]
    assert list(progress.failed) == ["b"]
    assert progress.blocked == ["d"]


def test_a_stale_step_that_was_not_chosen_is_not_built_upon(bench: Bench) -> None:
    bench.stale = {"b", "d"}
    with pytest.raises(StaleError, match="b is needed and stale") as caught:
        bench.go("d")
    assert caught.value.exit_code == 13
    assert bench.ran == []


def test_an_error_crosses_the_processes_whole() -> None:
    error = DataError("file.csv", ["one", "two"])
    back = pickle.loads(pickle.dumps(error))
    assert str(back) == str(error)
    assert type(back) is DataError


WAVES = (
    step("cleaning-x", wave="x"),
    step("cleaning-y", wave="y"),
    step("outcomes", "cleaning-x", "cleaning-y", kind="outcomes"),
)


def test_steps_are_chosen_by_wave_and_kind() -> None:
    assert [s.name for s in choose_steps(WAVES, waves=["x"])] == ["cleaning-x"]
    assert [s.name for s in choose_steps(WAVES, only=["outcomes"])] == ["outcomes"]
    assert [s.name for s in choose_steps(WAVES, only=["cleaning"])] == [
        "cleaning-x",
        "cleaning-y",
    ]


def test_an_unknown_wave_or_step_lists_the_known_ones() -> None:
    with pytest.raises(AnalysisError) as caught:
        choose_steps(WAVES, waves=["z"], only=["outcome"])
    assert "unknown wave 'z'. Known: x, y" in str(caught.value)
    assert "Did you mean 'outcomes'?" in str(caught.value)
