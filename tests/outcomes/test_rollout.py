"""Roll-outs: growing effects are not turned round, and orders are gone through."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from heard.effects.designs.staggered_adoption import (
    StaggeredEffects,
    staggered_effects,
)
from heard.effects.designs.stepped_wedge import (
    SteppedWedge,
    stepped_wedge,
    wedge_mixed_model,
)
from heard.errors import DataError
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

pytestmark = pytest.mark.filterwarnings("error")

WAVES = ["w1", "w2", "w3", "w4", "w5"]
STARTS = ["w2", "w2", "w3", "w3", "w4", "w4", None, None, None]


def rolled(
    *,
    starts: list[str | None] | None = None,
    effect: float = 0.5,
    growth: float = 0.0,
    noise: float = 0.1,
    seed: str = "rolled",
) -> pd.DataFrame:
    """One mean a team and wave; the effect grows with every wave since the start."""
    random = generator("test", seed)
    begun = STARTS if starts is None else starts
    level = random.normal(3, 0.5, len(begun))
    rows = []
    for place, wave in enumerate(WAVES):
        for team, start in enumerate(begun):
            since = place - WAVES.index(start) if start else -1
            gained = effect + growth * since if since >= 0 else 0.0
            score = level[team] + 0.1 * place + gained + random.normal(0, noise)
            rows.append((f"t{team}", wave, start, score))
    return pd.DataFrame(rows, columns=["cluster", "wave", "start", "score"])


def staggered(frame: pd.DataFrame, **options: Any) -> StaggeredEffects:
    return staggered_effects(frame, waves=WAVES, **options)


def wedge(frame: pd.DataFrame, **options: Any) -> SteppedWedge:
    return stepped_wedge(frame, waves=WAVES, **options)


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def test_growing_effects_are_followed_exactly_without_noise() -> None:
    """Effects .5, .7, .9, 1.1 since the start; starts at w2, w3, w4, two teams each."""
    frame = rolled(growth=0.2, noise=0.0)
    found = staggered(frame)
    for event in found.by_event_time:
        since = int(event.waves_since_start)
        expected = 0.5 + 0.2 * since if since >= 0 else 0.0
        effect = estimate(event.event_time_effect)
        assert effect.estimate == pytest.approx(expected, abs=1e-12)
    # by start: (.5+.7+.9+1.1)/4, (.5+.7+.9)/3, (.5+.7)/2; equally many teams
    overall = estimate(found.staggered_effect)
    assert overall.estimate == pytest.approx((0.8 + 0.7 + 0.6) / 3, abs=1e-12)


def test_starts_count_by_their_clusters() -> None:
    """Three teams at w2 (mean .8) and one at w4 (mean .6), without noise."""
    starts: list[str | None] = ["w2", "w2", "w2", "w4", None, None]
    frame = rolled(starts=starts, growth=0.2, noise=0.0)
    overall = estimate(staggered(frame).staggered_effect)
    assert overall.estimate == pytest.approx((3 * 0.8 + 0.6) / 4, abs=1e-12)
    at_once = staggered(frame).by_event_time
    first = next(e for e in at_once if e.waves_since_start == "0")
    assert estimate(first.event_time_effect).estimate == pytest.approx(0.5, abs=1e-12)


def test_hand_worked_cell() -> None:
    """Two teams start at w2 and rise by 3, 5; never treated rise by 1, 1, 4."""
    rows = []
    for team, (start, rise) in enumerate(
        [("w2", 3), ("w2", 5), (None, 1), (None, 1), (None, 4)]
    ):
        rows += [
            (team, "w1", start, 10.0 * team),
            (team, "w2", start, 10 * team + rise),
        ]
    frame = pd.DataFrame(rows, columns=["cluster", "wave", "start", "score"])
    found = staggered_effects(frame, waves=["w1", "w2"])
    assert estimate(found.staggered_effect).estimate == pytest.approx(2.0, abs=1e-12)
    assert [c.started for c in found.by_group_time] == ["w2"]
    assert estimate(found.staggered_effect).n == 5


def test_known_effect_lies_in_the_intervals_as_often_as_promised() -> None:
    held, at_once = [], []
    truth = (0.8 + 0.7 + 0.6) / 3
    starts = [*STARTS, "w2", "w3", "w4", None]
    for place in range(60):
        frame = rolled(starts=starts, growth=0.2, seed=f"coverage {place}")
        found = staggered(frame, seed=str(place))
        effect = estimate(found.staggered_effect)
        assert effect.conf_low is not None
        assert effect.conf_high is not None
        held.append(effect.conf_low <= truth <= effect.conf_high)
        inside = []
        for event in found.by_event_time:
            since = int(event.waves_since_start)
            expected = 0.5 + 0.2 * since if since >= 0 else 0.0
            band = estimate(event.event_time_effect_simultaneous)
            assert band.conf_low is not None
            assert band.conf_high is not None
            inside.append(band.conf_low <= expected <= band.conf_high)
        at_once.append(all(inside))
    # 60 binomial draws: at most 9 misses with probability .999 at 5 %
    assert sum(held) >= 51
    assert sum(at_once) >= 51


def test_bands_hold_all_times_and_are_wider() -> None:
    for event in staggered(rolled()).by_event_time:
        single = estimate(event.event_time_effect)
        band = estimate(event.event_time_effect_simultaneous)
        assert single.estimate == band.estimate
        if single.conf_high is not None:
            assert band.conf_high is not None
            assert band.conf_high > single.conf_high


def test_the_already_treated_serve_nobody() -> None:
    """Everybody is treated at last: no comparison then, and none is made up."""
    starts: list[str | None] = ["w2", "w2", "w3", "w3", "w4", "w4"]
    found = staggered(rolled(starts=starts))
    cells = {(c.started, c.wave) for c in found.by_group_time}
    assert ("w2", "w3") in cells
    assert ("w2", "w4") not in cells
    assert not any(wave == "w4" or wave == "w5" for _, wave in cells)
    never = staggered(rolled(starts=starts), compared_with="never")
    assert isinstance(never.staggered_effect, Unavailable)
    assert "no wave" in never.staggered_effect.reason


def test_one_cluster_alone_gets_an_estimate_without_an_interval() -> None:
    found = staggered(rolled(starts=["w3", None, None, None]))
    effect = estimate(found.staggered_effect)
    assert effect.conf_low is None
    assert "no interval" in effect.method
    assert isinstance(found.staggered_effect_p_value, Unavailable)


def test_a_start_group_of_one_has_no_interval_and_the_last_serve_until_they_start() -> (
    None
):
    """Welch needs two of each start: one alone, even among others, gives no limits."""
    whole: list[str | None] = ["w2", "w2", "w3", "w3", "w4", "w4"]
    assert estimate(staggered(rolled(starts=whole)).staggered_effect).conf_low
    one_alone = [*whole[:3], *whole[4:]]
    assert (
        estimate(staggered(rolled(starts=one_alone)).staggered_effect).conf_low is None
    )


def test_people_are_averaged_and_gaps_leave_a_cluster_out() -> None:
    frame = rolled()
    twice = pd.concat([frame, frame.assign(score=frame["score"] + 1)])
    first, second = staggered(frame), staggered(twice)
    assert estimate(second.staggered_effect).estimate == pytest.approx(
        estimate(first.staggered_effect).estimate, abs=1e-12
    )
    with_gaps = frame.assign(
        score=frame["score"].mask((frame["cluster"] == "t8") & (frame["wave"] == "w5"))
    )
    found = estimate(staggered(with_gaps).staggered_effect)
    assert found.n == 8
    assert "1 without a score at some wave left out" in found.method
    assert found.estimate == pytest.approx(
        estimate(staggered(frame[frame["cluster"] != "t8"]).staggered_effect).estimate
    )


@pytest.mark.parametrize("kind", [staggered, wedge])
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (rolled().assign(score=np.nan), "no one has a score"),
        (rolled().query("wave != 'w3'"), "no cluster has a score at every wave"),
        (rolled(starts=[None] * 5), "nothing to compare|no wave at which"),
        (rolled(starts=["w1"] * 5), "nothing to compare|no wave at which"),
        (rolled(starts=["w3"] * 5), "nothing to compare|no wave at which"),
        (rolled().assign(cluster="t1"), "more than one start"),
    ],
)
def test_absence_has_a_reason(kind: Any, frame: pd.DataFrame, reason: str) -> None:
    results = list(kind(frame).results())
    assert results
    for result in results:
        assert isinstance(result, Unavailable)
        assert any(part in result.reason for part in reason.split("|"))


@pytest.mark.parametrize("kind", [staggered, wedge])
def test_a_start_that_is_no_wave_is_an_error(kind: Any) -> None:
    frame = rolled().assign(start="spring")
    with pytest.raises(DataError, match="9 clusters start at something") as caught:
        kind(frame)
    assert "spring" not in str(caught.value)
    with pytest.raises(DataError, match="unknown column 'start'"):
        kind(frame.drop(columns="start"))


# --- stepped wedge --------------------------------------------------------------------


def by_definition(frame: pd.DataFrame, value: float) -> float:
    """p of an effect: least squares anew for every order of starts within strata."""
    means = frame.pivot_table(index="cluster", columns="wave", values="score")
    first = frame.drop_duplicates("cluster").set_index("cluster").loc[means.index]
    places = first["start"].map({w: i for i, w in enumerate(WAVES)}).fillna(5)
    strata = first["site"].to_numpy()
    n_clusters, n_waves = means.shape
    courses = np.kron(pd.get_dummies(strata).to_numpy(float), np.eye(n_waves))
    levels = np.kron(np.eye(n_clusters), np.ones((n_waves, 1)))

    def exposed(order: Any) -> np.ndarray:
        return (np.arange(n_waves) >= np.array(order)[:, None]).astype(float).ravel()

    real = tuple(places)
    freed = means.to_numpy().ravel() - value * exposed(real)
    sizes = {}
    for order in {real, *itertools.permutations(real)}:
        if any(
            sorted(np.array(order)[strata == s]) != sorted(places[strata == s])
            for s in set(strata)
        ):
            continue
        design = np.column_stack([exposed(order), courses, levels])
        sizes[order] = abs((np.linalg.pinv(design) @ freed)[0])
    return float(np.mean([size >= sizes[real] - 1e-10 for size in sizes.values()]))


@pytest.mark.parametrize(("sites", "orders"), [("nnnnn", 120), ("nnnsss", 36)])
def test_p_and_interval_are_those_of_refitting_every_order(
    sites: str, orders: int
) -> None:
    starts: list[str | None] = ["w2", "w3", "w4", "w5", None, "w3"]
    frame = rolled(starts=starts[: len(sites)], effect=0.15)
    frame = frame.assign(site=[sites[int(name[1:])] for name in frame["cluster"]])
    found = wedge(frame, stratum="site")
    floor = estimate(found.stepped_wedge_smallest_possible_p_value).estimate
    assert floor == 1 / orders
    p_value = estimate(found.stepped_wedge_p_value).estimate
    assert p_value == pytest.approx(by_definition(frame, 0.0), abs=1e-12)
    effect = estimate(found.stepped_wedge_effect)
    assert effect.conf_low is not None
    assert effect.conf_high is not None
    for limit, outwards in ((effect.conf_low, -1e-7), (effect.conf_high, 1e-7)):
        assert by_definition(frame, limit - outwards) > 0.05
        assert by_definition(frame, limit + outwards) <= 0.05


def test_too_few_orders_are_refused_and_the_least_p_says_so() -> None:
    starts: list[str | None] = ["w2", "w3", "w4", "w5", None]
    frame = rolled(starts=starts)
    frame = frame.assign(site=np.where(frame["cluster"] < "t3", "north", "south"))
    found = wedge(frame, stratum="site")
    for result in (found.stepped_wedge_effect, found.stepped_wedge_p_value):
        assert isinstance(result, Unavailable)
        assert "too few orders were possible: 12" in result.reason
    floor = estimate(found.stepped_wedge_smallest_possible_p_value).estimate
    assert floor == 1 / 12


def test_courses_of_sites_leave_the_effect_where_order_was_drawn_within_them() -> None:
    """A site that rises by itself moves nothing, however the starts lie."""
    starts: list[str | None] = ["w2", "w3", "w5", "w3", "w4", "w5"]
    frame = rolled(starts=starts)
    frame = frame.assign(site=np.where(frame["cluster"] < "t3", "north", "south"))
    rising = frame["wave"].map(WAVES.index) * (frame["site"] == "north") * 3.0
    moved = frame.assign(score=frame["score"] + rising)
    first, second = (
        wedge(f, stratum="site").stepped_wedge_effect for f in (frame, moved)
    )
    for name in ("estimate", "conf_low", "conf_high"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-9)
    assert "within 2 strata" in estimate(first).method


def test_a_site_that_started_together_tells_nothing() -> None:
    starts: list[str | None] = ["w2", "w3", "w4", "w5", "w3", "w3"]
    frame = rolled(starts=starts)
    frame = frame.assign(site=np.where(frame["cluster"] < "t4", "north", "south"))
    alone = frame[frame["site"] == "north"]
    whole, part = (wedge(f, stratum="site") for f in (frame, alone))
    for name in ("estimate", "conf_low", "conf_high"):
        assert getattr(whole.stepped_wedge_effect, name) == pytest.approx(
            getattr(part.stepped_wedge_effect, name)
        )
    together = frame[frame["site"] == "south"].replace({"cluster": {"t4": "t6"}})
    both = pd.concat([together, together.replace({"cluster": {"t6": "t7"}})])
    found = wedge(both, stratum="site").stepped_wedge_effect
    assert isinstance(found, Unavailable)
    assert "same wave" in found.reason


def test_a_cluster_in_two_strata_is_refused() -> None:
    frame = rolled()
    frame = frame.assign(site=np.where(frame["wave"] < "w3", "north", "south"))
    found = wedge(frame, stratum="site").stepped_wedge_effect
    assert isinstance(found, Unavailable)
    assert "more than one start, or stratum" in found.reason


def test_known_effect_is_found_as_often_as_promised() -> None:
    starts: list[str | None] = ["w2", "w2", "w3", "w4", "w5", None]
    held = []
    for place in range(80):
        found = wedge(rolled(starts=starts, seed=f"wedge {place}"))
        effect = estimate(found.stepped_wedge_effect)
        assert effect.conf_low is not None
        assert effect.conf_high is not None
        held.append(effect.conf_low <= 0.5 <= effect.conf_high)
    # 80 binomial draws: at most 11 misses with probability .999 at 5 %
    assert sum(held) >= 69


def test_many_orders_are_drawn_and_the_same_again() -> None:
    starts = [*WAVES[1:], *WAVES[1:], None, None, None, None]
    first, again = (wedge(rolled(starts=starts)) for _ in range(2))
    assert first == again
    assert "9999 allocations drawn" in first.stepped_wedge_p_value.method


def test_clusters_that_move_alike_and_too_few_are_refused() -> None:
    flat = rolled(noise=0.0, effect=0.0)
    assert isinstance(wedge(flat).stepped_wedge_effect, Unavailable)
    few = rolled(starts=["w2", None])
    absent = wedge(few).stepped_wedge_effect
    assert isinstance(absent, Unavailable)
    assert "2 clusters with every wave" in absent.reason


@pytest.mark.parametrize("kind", [staggered, wedge])
def test_no_rows_at_all_are_nobody(kind: Any) -> None:
    found = kind(rolled().iloc[:0])
    assert all(isinstance(result, Unavailable) for result in found.results())


# ------------------------------------------------- other analyses of the same effect


def parts_of(
    frame: pd.DataFrame, measure: Callable[[pd.DataFrame], float]
) -> pd.Series:
    """What each cluster adds to a number that is a weighted sum of scores."""
    return pd.Series(
        {
            name: measure(
                frame.assign(score=frame["score"] * (frame["cluster"] == name))
            )
            for name in frame["cluster"].unique()
        }
    )


def welch(parts: pd.Series, starts: pd.Series) -> tuple[float, float, float]:
    """The sum with its interval, from how parts vary where clusters start together."""
    grouped = parts.groupby(starts.fillna("never"))
    size, variance = grouped.size(), grouped.var() * grouped.size()
    kept = variance > 1e-12
    degrees = variance.sum() ** 2 / (variance[kept] ** 2 / (size[kept] - 1)).sum()
    reach = stats.t.isf(0.025, degrees) * variance.sum() ** 0.5
    return parts.sum(), parts.sum() - reach, parts.sum() + reach


def over_times(frame: pd.DataFrame) -> float:
    """By hand: the mean of the effects by waves since the start."""
    later = [
        estimate(event.event_time_effect).estimate
        for event in staggered(frame).by_event_time
        if int(event.waves_since_start) >= 0
    ]
    return float(np.mean(later))


def test_every_time_since_the_start_counts_once() -> None:
    frame = rolled(growth=0.2)
    found = estimate(staggered(frame).staggered_effect_over_times)
    starts = frame.groupby("cluster")["start"].first()
    by_hand = welch(parts_of(frame, over_times), starts)
    limits = found.estimate, found.conf_low, found.conf_high
    assert limits == pytest.approx(by_hand, rel=1e-9)
    exact = rolled(growth=0.2, noise=0.0)
    effect = estimate(staggered(exact).staggered_effect_over_times)
    assert effect.estimate == pytest.approx(np.mean([0.5, 0.7, 0.9, 1.1]), abs=1e-12)


def leaving(frame: pd.DataFrame, *, by: float) -> pd.DataFrame:
    """The same where those that start leave the others behind, so much at each wave."""
    rising = frame["wave"].map(WAVES.index) * frame["start"].notna() * by
    return frame.assign(score=frame["score"] + rising)


def test_a_trend_that_goes_on_is_within_what_a_departure_allows() -> None:
    starts: list[str | None] = ["w3"] * 3 + [None] * 3
    frame = leaving(rolled(starts=starts, effect=0.0, noise=1e-6), by=1.0)
    found = staggered(frame)
    value = estimate(found.staggered_effect).estimate
    assert value == pytest.approx(2.0, abs=1e-3), (
        "1, 2 and 3 waves since the last before"
    )
    half, whole = (estimate(part.trend_robust_effect) for part in found.by_departure)
    assert [part.departure for part in found.by_departure] == ["0.5", "1"]
    assert (half.conf_low, half.conf_high) == pytest.approx((1, 3), abs=1e-3)
    assert (whole.conf_low, whole.conf_high) == pytest.approx((0, 4), abs=1e-3)
    assert half.estimate == whole.estimate == value


def change_before(frame: pd.DataFrame) -> float:
    """By hand, of one start: the change between the two waves before it."""
    events = staggered(frame).by_event_time
    (first,) = [one for one in events if one.waves_since_start == "-2"]
    return -estimate(first.event_time_effect).estimate


def test_a_departure_is_the_union_of_intervals_over_its_sign() -> None:
    starts: list[str | None] = ["w3"] * 3 + [None] * 4
    frame = rolled(starts=starts)
    of_cluster = frame.groupby("cluster")["start"].first()
    whole = parts_of(
        frame, lambda rows: estimate(staggered(rows).staggered_effect).estimate
    )
    before = parts_of(frame, change_before)
    (part,) = [one for one in staggered(frame).by_departure if one.departure == "1"]
    # Waves since the last one before the start: 1, 2 and 3, on average 2.
    moved = [welch(whole + sign * 2.0 * before, of_cluster) for sign in (-1, 1)]
    found = estimate(part.trend_robust_effect)
    assert found.conf_low == pytest.approx(min(low for _, low, _ in moved), rel=1e-9)
    assert found.conf_high == pytest.approx(max(high for *_, high in moved), rel=1e-9)


def test_one_wave_before_the_start_cannot_tell_how_far_trends_part() -> None:
    starts: list[str | None] = ["w2"] * 3 + [None] * 3
    for part in staggered(rolled(starts=starts)).by_departure:
        assert isinstance(part.trend_robust_effect, Unavailable)
        assert "one wave before" in part.trend_robust_effect.reason


def uneven() -> pd.DataFrame:
    """Two sites whose teams start at other waves, so that their course matters."""
    frame = rolled(starts=["w2", "w3", "w4", "w3", "w5", None])
    return frame.assign(site=np.where(frame["cluster"] < "t3", "north", "south"))


def coefficient(frame: pd.DataFrame, starts: Mapping[str, str | None]) -> float:
    """By hand: least squares on clusters, waves and having started."""
    begun = frame["cluster"].map(starts)
    exposed = begun.notna() & (frame["wave"] >= begun.fillna(""))
    columns = pd.get_dummies(frame[["cluster", "wave"]], dtype=float)
    design = np.column_stack([exposed.astype(float), columns])
    return float(np.linalg.lstsq(design, frame["score"], rcond=None)[0][0])


def test_one_course_for_all_sites_still_permutes_within_them() -> None:
    frame = uneven()
    found = wedge(frame, stratum="site", own_course=False)
    own = frame.groupby("cluster")["start"].first()
    real = coefficient(frame, dict(own))
    effect = estimate(found.stepped_wedge_p_value)
    orders = [
        dict(zip(own.index, (*north, *south), strict=True))
        for north in itertools.permutations(own.iloc[:3])
        for south in itertools.permutations(own.iloc[3:])
    ]
    extreme = [abs(coefficient(frame, one)) >= abs(real) - 1e-9 for one in orders]
    assert effect.estimate == pytest.approx(np.mean(extreme), abs=1e-12)
    assert estimate(found.stepped_wedge_effect).estimate == pytest.approx(real)
    apart = estimate(wedge(frame, stratum="site").stepped_wedge_effect)
    assert apart.estimate != pytest.approx(real, abs=1e-3)


def test_the_mixed_model_is_that_of_another_program() -> None:
    frame = uneven().assign(
        exposed=lambda f: (f["wave"] >= f["start"].fillna("x")) * 1.0
    )
    found = wedge_mixed_model(frame, waves=WAVES, stratum="site")
    peer = smf.mixedlm(
        "score ~ exposed + C(site) * C(wave)", frame, groups=frame["cluster"]
    ).fit(reml=True)
    effect = estimate(found)
    assert effect.estimate == pytest.approx(peer.params["exposed"], rel=1e-3)
    assert effect.conf_high is not None
    # Kenward and Roger's errors allow for variances that are estimated, so are wider.
    reach = effect.conf_high - effect.estimate
    assert reach > 1.96 * peer.bse["exposed"]
    assert (effect.n, effect.n_unit) == (6, "clusters")
    absent = wedge_mixed_model(frame[frame["cluster"] < "t2"], waves=WAVES)
    assert isinstance(absent, Unavailable)
    assert "2 clusters with every wave" in absent.reason
