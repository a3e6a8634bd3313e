"""What must hold of every change and comparison, whatever the scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.effects.change import paired_change, unlinked_change
from heard.effects.comparison import compare_arms, compare_arms_unlinked
from heard.effects.description import describe_scores
from heard.results import Composite, Estimate, Unavailable

settings.register_profile("outcomes", derandomize=True, deadline=None, max_examples=40)
PROFILE = settings.get_profile("outcomes")
IN_UNITS = {
    "mean_before": "level",
    "mean_after": "level",
    "mean_change": "difference",
    "adjusted_mean_difference": "difference",
    "difference_in_change": "difference",
}


@st.composite
def studies(draw: st.DrawFn) -> pd.DataFrame:
    """Rows of arm, cluster, before and after, as surveys have them: some missing."""
    people = draw(st.integers(0, 40))
    score = st.one_of(st.integers(0, 20).map(float), st.just(float("nan")))
    scores = draw(st.lists(st.tuples(score, score), min_size=people, max_size=people))
    cluster = np.arange(people) % draw(st.integers(1, 10))
    frame = pd.DataFrame(scores, columns=["before", "after"], dtype=float)
    return frame.assign(
        cluster=cluster, arm=np.where(cluster % 2 == 0, "pilot", "comparison")
    )


def near(value: float) -> object:
    """Noncentral limits are found to about 1e-9; least squares loses a few digits."""
    return pytest.approx(value, rel=1e-7, abs=1e-7)


def wave(study: pd.DataFrame, name: str) -> pd.DataFrame:
    return study[["arm", "cluster", name]].rename(columns={name: "score"})


def changes(study: pd.DataFrame) -> list[Composite]:
    before, after, cluster = study["before"], study["after"], study["cluster"]
    return [
        paired_change(before, after),
        paired_change(before, after, cluster=cluster),
        unlinked_change(before, after),
        unlinked_change(before, after, cluster_before=cluster, cluster_after=cluster),
    ]


def comparisons(study: pd.DataFrame) -> list[Composite]:
    waves = wave(study, "before"), wave(study, "after")
    arms = {"treated": "pilot", "control": "comparison"}
    linked = [compare_arms(study, **arms, cluster=by) for by in (False, True)]
    unlinked = [
        compare_arms_unlinked(
            waves[0], waves[1], treated="pilot", control="comparison", cluster=by
        )
        for by in (False, True)
    ]
    return [*linked, *unlinked]


def analyses(study: pd.DataFrame) -> list[Composite]:
    return [*changes(study), *comparisons(study)]


def assert_near(
    first: Composite, second: Composite, *, times: float = 1, plus: float = 0
) -> None:
    """Every number of the second is that of the first in the new unit."""
    for old, new in zip(first.results(), second.results(), strict=True):
        assert type(old) is type(new), (old, new)
        assert old.n == new.n
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            continue
        kind = IN_UNITS.get(old.term)
        factor = times if kind else 1.0
        shift = plus if kind == "level" else 0.0
        for name in ("estimate", "conf_low", "conf_high"):
            was, now = getattr(old, name), getattr(new, name)
            assert (was is None) == (now is None)
            if was is not None:
                assert now == near(was * factor + shift), (old, new)


@PROFILE
@given(studies())
@pytest.mark.filterwarnings("error")
def test_every_answer_is_ordered_finite_and_explained(study: pd.DataFrame) -> None:
    found = [*analyses(study), describe_scores(study["before"], lowest=0, highest=20)]
    for result in (result for part in found for result in part.results()):
        if isinstance(result, Unavailable):
            assert result.reason
            continue
        assert result.method
        assert type(result.estimate) is float
        assert result.n <= 2 * len(study)
        if result.conf_low is not None and result.conf_high is not None:
            assert result.conf_low <= result.estimate <= result.conf_high


@PROFILE
@given(studies(), st.integers(-50, 50), st.sampled_from([0.1, 3.0, 40.0]))
def test_shift_and_scale_carry_over(
    study: pd.DataFrame, plus: int, times: float
) -> None:
    moved = study.assign(
        before=study["before"] * times + plus, after=study["after"] * times + plus
    )
    for first, second in zip(analyses(study), analyses(moved), strict=True):
        assert_near(first, second, times=times, plus=plus)


@PROFILE
@given(studies(), st.randoms(use_true_random=False))
def test_order_of_rows_is_irrelevant(study: pd.DataFrame, random: object) -> None:
    seed = random.randrange(2**31)  # type: ignore[attr-defined]
    shuffled = study.sample(frac=1, random_state=seed)
    for first, second in zip(analyses(study), analyses(shuffled), strict=True):
        assert_near(first, second)


def assert_mirrored(first: Composite, second: Composite) -> None:
    """Every contrast of the second is that of the first with its sign turned."""
    for old, new in zip(first.results(), second.results(), strict=True):
        if old.term in {"mean_before", "mean_after", "pre_post_correlation"}:
            continue
        assert type(old) is type(new), (old, new)
        if not isinstance(old, Estimate) or not isinstance(new, Estimate):
            continue
        assert old.conf_low is not None
        assert old.conf_high is not None
        assert new.estimate == near(-old.estimate)
        assert new.conf_low == near(-old.conf_high)
        assert new.conf_high == near(-old.conf_low)


@PROFILE
@given(studies())
def test_swapping_before_and_after_flips_the_sign(study: pd.DataFrame) -> None:
    swapped = study.rename(columns={"before": "after", "after": "before"})
    for first, second in zip(changes(study), changes(swapped), strict=True):
        assert_mirrored(first, second)


@PROFILE
@given(studies())
def test_swapping_the_arms_flips_the_sign(study: pd.DataFrame) -> None:
    names = {"pilot": "comparison", "comparison": "pilot"}
    swapped = study.assign(arm=study["arm"].map(names))
    for first, second in zip(comparisons(study), comparisons(swapped), strict=True):
        assert_mirrored(first, second)
