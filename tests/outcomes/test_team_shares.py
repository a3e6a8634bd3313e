"""Shares of people who share teams: intervals count teams, shares stay everybody's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from heard.effects.shares import net_share_over_teams, share_over_teams
from heard.effects.supplementary.responders import responders
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

N, TEAMS = 120, 8
TEAM = pd.Series([f"t{n % TEAMS}" for n in range(N)])


def drawn(*, similarity: float) -> np.ndarray:
    """1 or 0, teams as alike as the spread of their own chances says."""
    draws = generator("team shares tests")
    chance = np.clip(0.5 + similarity * draws.normal(size=TEAMS), 0, 1)
    counted: np.ndarray = (draws.uniform(size=N) < chance[np.arange(N) % TEAMS]).astype(
        float
    )
    return counted


def share(counted: np.ndarray, team: pd.Series = TEAM) -> Estimate:
    found = share_over_teams(counted, team, term="share_improved", method="made up")
    assert isinstance(found, Estimate)
    return found


def test_teams_of_one_size_give_the_interval_worked_by_hand() -> None:
    counted = drawn(similarity=0.2)
    value = counted.mean()
    means = pd.Series(counted).groupby(TEAM).mean()
    variance = means.var(ddof=1) / TEAMS  # what CR2 is for teams of one size
    people = value * (1 - value) / variance
    assert people < N
    alone = people * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, TEAMS - 1)) ** 2
    peer = proportion_confint(value * alone, alone, method="wilson")
    found = share(counted)
    assert found.estimate == value
    # closed forms on both sides
    assert (found.conf_low, found.conf_high) == pytest.approx(peer, rel=1e-9)


def test_teams_that_agree_within_widen_the_interval() -> None:
    mixed, similarity = drawn(similarity=0.0), np.repeat([1.0, 0.0], N // 2)
    of_team = pd.Series(np.repeat([f"t{n}" for n in range(TEAMS)], N // TEAMS))
    wide, narrow = share(similarity, of_team), share(mixed)

    def width(one: Estimate) -> float:
        assert one.conf_low is not None
        assert one.conf_high is not None
        return one.conf_high - one.conf_low

    assert width(wide) > 2 * width(narrow)


def test_teams_never_tell_more_than_their_people_would_as_strangers() -> None:
    # Every team the same share: the error over teams is nought.
    counted = np.tile(np.repeat([1.0, 0.0], TEAMS), N // (2 * TEAMS) + 1)[:N]
    counted[-(N % (2 * TEAMS)) :] = counted[: N % (2 * TEAMS)]
    found = share(counted)
    value = float(counted.mean())
    low, high = proportion_confint(value * N, N, method="wilson")
    assert found.conf_low is not None
    assert found.conf_low <= low
    assert found.conf_high is not None
    assert found.conf_high >= high


@pytest.mark.parametrize("everyone", [0.0, 1.0])
def test_of_nobody_or_everybody_a_team_is_worth_a_person(everyone: float) -> None:
    found = share(np.full(N, everyone))
    low, high = proportion_confint(everyone * TEAMS, TEAMS, method="wilson")
    assert (found.conf_low, found.conf_high) == pytest.approx((low, high), abs=1e-12)
    assert "as if every team were one person" in found.method


def test_under_five_teams_give_a_share_without_limits() -> None:
    few = pd.Series([f"t{n % 4}" for n in range(N)])
    found = share(drawn(similarity=0.2), few)
    assert found.conf_low is found.conf_high is None
    assert "fewer than 5 teams" in found.method
    net = net_share_over_teams(drawn(similarity=0.2), few, term="net", method="made up")
    assert isinstance(net, Estimate)
    assert net.conf_low is None


def test_nobody_is_no_share() -> None:
    for make in (share_over_teams, net_share_over_teams):
        found = make(np.array([]), pd.Series([], dtype=str), term="x", method="m")
        assert isinstance(found, Unavailable)


def test_the_net_share_is_a_t_interval_over_teams() -> None:
    signs = drawn(similarity=0.3) - np.roll(drawn(similarity=0.2), 3)
    means = pd.Series(signs).groupby(TEAM).mean()
    peer = stats.t.interval(0.95, TEAMS - 1, means.mean(), stats.sem(means))
    found = net_share_over_teams(signs, TEAM, term="net", method="made up")
    assert isinstance(found, Estimate)
    assert (found.conf_low, found.conf_high) == pytest.approx(peer, rel=1e-9)


def scores() -> tuple[pd.Series, pd.Series, pd.Series]:
    draws = generator("team shares tests", "scores")
    names = [f"p{n}" for n in range(N)]
    of_team = 6 * draws.normal(size=TEAMS)[np.arange(N) % TEAMS]
    before = pd.Series(25 + 6 * draws.normal(size=N), index=names).clip(0, 50)
    after = (before + 3 + of_team + 5 * draws.normal(size=N)).clip(0, 50)
    return before, after, TEAM.set_axis(names)


def test_responders_of_teams_keep_their_shares_and_widen_their_limits() -> None:
    before, after, team = scores()
    given = {
        "reliability": Estimate(
            term="icc_a1", estimate=0.8, conf_low=0.7, conf_high=0.88, n=80, method="m"
        ),
        "lowest": 0,
        "highest": 50,
    }
    people = responders(before, after, **given)  # type: ignore[arg-type]
    teams = responders(before, after, cluster=team, **given)  # type: ignore[arg-type]
    for one, other in zip(people.results(), teams.results(), strict=True):
        assert isinstance(one, Estimate)
        assert isinstance(other, Estimate)
        assert one.term == other.term
        assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
        assert one.n == other.n
    for term in ("share_improved", "net_share_improved"):
        one, other = getattr(people, term), getattr(teams, term)
        assert other.conf_low < one.conf_low
        assert other.conf_high > one.conf_high
    assert teams.reliable_change_needed == people.reliable_change_needed
    assert "CR2" in teams.share_improved.method
    assert "Wilson's interval;" not in teams.share_improved.method


def test_who_has_no_team_is_counted_all_the_same() -> None:
    before, after, team = scores()
    known = Estimate(term="icc_a1", estimate=0.8, n=80, method="m")
    found = responders(
        before,
        after,
        reliability=known,
        lowest=0,
        highest=50,
        cluster=team.where(team != "t1", ""),
    )
    assert isinstance(found.share_improved, Estimate)
    assert found.share_improved.n == N


def test_of_few_teams_no_share_has_limits_however_sure_the_error_is() -> None:
    before, after, team = scores()
    uncertain = Estimate(
        term="icc_a1", estimate=0.8, conf_low=0.7, conf_high=0.88, n=80, method="m"
    )
    found = responders(
        before,
        after,
        reliability=uncertain,
        lowest=0,
        highest=50,
        cluster=team.map(lambda name: f"t{int(name[1:]) % 4}"),
    )
    for result in found.results():
        assert isinstance(result, Estimate)
        if result.term != "reliable_change_needed":
            assert result.conf_low is result.conf_high is None
