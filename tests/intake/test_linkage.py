"""Codes into links: nobody twice, nothing doubtful, and an honest share of errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.declarations.survey import LinkageRule
from analysis.intake.false_links import false_match_rate
from analysis.intake.linkage import Linkage, link_waves
from heard.results import Estimate, Unavailable

EXACT = LinkageRule(rule="exact")
ONE_OFF = LinkageRule(rule="one_element_off")
WEIGHTED = LinkageRule(rule="weighted", weights=(1, 1, 1, 1), threshold=0.75)
RULES = (EXACT, ONE_OFF, WEIGHTED)
ELEMENTS = [f"element.{number}" for number in range(1, 5)]


def wave(*codes: str, team: str = "", sex: str = "") -> pd.DataFrame:
    """People named by their code; ``AB12/red`` gives a team too, ``AB12/red/f`` sex."""
    rows = []
    for place, code in enumerate(codes):
        text, _, rest = code.partition("/")
        at, _, stable = rest.partition("/")
        rows.append((f"{text}#{place}", at or team, stable or sex, *text))
    return pd.DataFrame(rows, columns=["participant", "team", "sex", *ELEMENTS])


def links(found: Linkage) -> set[tuple[str, str]]:
    """The codes linked, without the number that tells equal ones apart."""
    pairs = zip(found.links["before"], found.links["after"], strict=True)
    return {(one.partition("#")[0], two.partition("#")[0]) for one, two in pairs}


def test_equal_codes_are_linked_and_the_others_are_named() -> None:
    found = link_waves(wave("AB12", "CD34"), wave("EF56", "AB12"), rule=EXACT)
    assert links(found) == {("AB12", "AB12")}
    assert found.not_linked == (("CD34#1",), ("EF56#0",))
    assert found.ambiguous == ((), ())


def test_one_element_off_is_linked_and_two_are_not() -> None:
    before, after = wave("AB12", "CD34"), wave("AX12", "CX35")
    assert links(link_waves(before, after, rule=EXACT)) == set()
    assert links(link_waves(before, after, rule=ONE_OFF)) == {("AB12", "AX12")}


def test_an_equal_code_goes_before_a_near_one() -> None:
    found = link_waves(wave("AB12", "AB13"), wave("AB12", "AB14"), rule=ONE_OFF)
    assert links(found) == {("AB12", "AB12"), ("AB13", "AB14")}


@pytest.mark.parametrize("turned", [False, True])
def test_two_possible_partners_are_none(turned: bool) -> None:
    one, two = wave("AB12"), wave("AB13", "AB14")
    before, after = (two, one) if turned else (one, two)
    found = link_waves(before, after, rule=ONE_OFF)
    assert links(found) == set()
    assert [len(side) for side in found.ambiguous] == ([2, 1] if turned else [1, 2])


def test_near_codes_are_linked_within_a_team_only() -> None:
    before, after = wave("AB12/red"), wave("AB13/blue")
    assert links(link_waves(before, after, rule=ONE_OFF)) == set()
    anywhere = LinkageRule(rule="one_element_off", within_team=False)
    assert len(link_waves(before, after, rule=anywhere).links) == 1
    assert len(link_waves(before, wave("AB13"), rule=ONE_OFF).links) == 1


def test_a_team_tells_two_possible_partners_apart() -> None:
    after = wave("AB13/blue", "AB14/red")
    assert links(link_waves(wave("AB12/red"), after, rule=ONE_OFF)) == {
        ("AB12", "AB14")
    }


def test_who_changed_team_is_linked_by_an_equal_code() -> None:
    for rule in RULES:
        found = link_waves(wave("AB12/red"), wave("AB12/blue"), rule=rule)
        assert len(found.links) == 1


def test_people_who_differ_in_what_never_changes_are_not_linked() -> None:
    rule = LinkageRule(rule="one_element_off", stable=("sex",))
    before, after = wave("AB12/red/f", "CD34/red/f"), wave("AB12/red/m", "CD35/red/m")
    found = link_waves(before, after, rule=rule)
    assert links(found) == set()
    assert found.conflicting == 1
    unknown = link_waves(before, wave("AB12/red", "CD35/red"), rule=rule)
    assert len(unknown.links) == 2


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule)
def test_a_code_of_two_people_is_not_linked_and_is_counted(rule: LinkageRule) -> None:
    found = link_waves(wave("AB12", "AB12", "CD34"), wave("AB12", "CD34"), rule=rule)
    assert links(found) == {("CD34", "CD34")}
    assert found.repeated == (1, 0)
    assert len(found.not_linked[0]) == 2


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule)
@pytest.mark.parametrize("turned", [False, True])
def test_a_code_of_two_people_is_still_the_rival_of_a_near_one(
    rule: LinkageRule, turned: bool
) -> None:
    """Whose code two people gave before is one of them, and not their neighbour."""
    shared, one = wave("AB12/red", "AB12/blue", "AB13/green"), wave("AB12/green")
    waves = (one, shared) if turned else (shared, one)
    assert links(link_waves(*waves, rule=rule)) == set()
    near = wave("AB12", "AB12", "AB14"), wave("AB13")
    waves = near[::-1] if turned else near
    assert links(link_waves(*waves, rule=rule)) == set()


def test_a_weight_says_what_an_element_tells() -> None:
    after = wave("AX12", "CD35")
    heavy = LinkageRule(rule="weighted", weights=(1, 5, 1, 1), threshold=0.8)
    assert links(link_waves(wave("AB12", "CD34"), after, rule=heavy)) == {
        ("CD34", "CD35")
    }


def test_letters_that_changed_places_are_similar() -> None:
    before, after = wave("AB12"), wave("AB12")
    before["element.4"], after["element.4"] = "KENTISH", "KENTSIH"
    strict = LinkageRule(rule="weighted", weights=(1, 1, 1, 1), threshold=0.96)
    assert len(link_waves(before, after, rule=strict).links) == 1
    after["element.4"] = "KENTING"
    assert len(link_waves(before, after, rule=strict).links) == 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule)
def test_nobody_is_no_fault(rule: LinkageRule) -> None:
    for before, after in ((wave(), wave()), (wave("AB12"), wave())):
        assert len(link_waves(before, after, rule=rule).links) == 0
        rate = false_match_rate(before, after, rule=rule, seed="study")
        assert isinstance(rate, Unavailable)


def test_what_is_shown_of_a_linkage_names_nobody() -> None:
    found = link_waves(wave("AB12"), wave("AB12"), rule=EXACT)
    assert repr(found) == "Linkage(exact, 1 links)"


# --------------------------------------------------------------------- what always is

codes = st.lists(
    st.tuples(
        st.text("AB", min_size=4, max_size=4),
        st.sampled_from(["", "red", "blue"]),
        st.sampled_from(["", "f", "m"]),
    ).map("/".join),
    max_size=12,
)
rules = st.builds(
    LinkageRule,
    rule=st.sampled_from(["exact", "one_element_off", "weighted"]),
    within_team=st.booleans(),
    stable=st.sampled_from([(), ("sex",)]),
    weights=st.just((1.0, 2.0, 1.0, 1.0)),
    threshold=st.sampled_from([0.5, 0.8, 1.0]),
)


@settings(deadline=None)
@given(codes, codes, rules)
def test_nobody_is_linked_twice(
    before: list[str], after: list[str], rule: LinkageRule
) -> None:
    found = link_waves(wave(*before), wave(*after), rule=rule)
    for side, names in (("before", before), ("after", after)):
        linked = found.links[side]
        assert linked.is_unique
        left = found.not_linked[side == "after"]
        assert len(linked) + len(left) == len(names)
        assert not set(linked) & set(left)
        assert set(found.ambiguous[side == "after"]) <= set(left)


@settings(deadline=None)
@given(codes, codes, rules)
def test_links_are_the_same_from_either_side_and_in_any_order(
    before: list[str], after: list[str], rule: LinkageRule
) -> None:
    first, then = wave(*before), wave(*after)
    found = link_waves(first, then, rule=rule).links
    back = link_waves(then.iloc[::-1], first.iloc[::-1], rule=rule).links
    pairs = set(zip(found["before"], found["after"], strict=True))
    assert pairs == set(zip(back["after"], back["before"], strict=True))


@settings(deadline=None)
@given(codes, codes, rules)
def test_a_link_is_within_what_its_rule_allows(
    before: list[str], after: list[str], rule: LinkageRule
) -> None:
    first, then = wave(*before), wave(*after)
    equal = links(link_waves(first, then, rule=rule.under("exact")))
    found = link_waves(first, then, rule=rule)
    assert equal <= links(found)
    here, there = first.set_index("participant"), then.set_index("participant")
    for one, two in zip(found.links["before"], found.links["after"], strict=True):
        mine, theirs = here.loc[one], there.loc[two]
        off = sum(mine[name] != theirs[name] for name in ELEMENTS)
        assert off <= {"exact": 0, "one_element_off": 1, "weighted": 4}[rule.rule]
        if rule.stable:
            assert "" in (mine["sex"], theirs["sex"]) or mine["sex"] == theirs["sex"]
        if off and rule.within_team:
            teams = (mine["team"], theirs["team"])
            assert "" in teams or teams[0] == teams[1]


# ------------------------------------------------------------------------ false links


def crowd(rng: np.random.Generator, n: int, teams: int) -> pd.DataFrame:
    """People of a simulated service, their true number as their name."""
    elements = {
        "element.1": rng.choice(list("ABCDEFGHJKLMNPRSTVW"), n),
        "element.2": rng.integers(1, 32, n).astype(str),
        "element.3": rng.choice(list("DEHKLMNRSTXY"), n),
        "element.4": rng.integers(0, 5, n).astype(str),
    }
    where = rng.choice([f"team {number}" for number in range(teams)], n)
    names = [str(number) for number in range(n)]
    return pd.DataFrame({"participant": names, "team": where, **elements})


def two_waves(
    seed: int, n: int, teams: int, *, back: float = 0.6, slips: float = 1 / 7
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Six in ten come back; one in seven of them gives one element otherwise."""
    rng = np.random.default_rng(seed)
    everyone = crowd(rng, round(n * (2 - back)), teams)
    others = crowd(rng, n, teams)
    before = everyone.iloc[:n].reset_index(drop=True)
    after = everyone.iloc[-n:].reset_index(drop=True)
    slip = np.where(rng.random(n) < slips, rng.integers(0, 4, n), -1)
    for number, name in enumerate(ELEMENTS):
        after[name] = after[name].where(slip != number, others[name])
    return before, after


@pytest.mark.parametrize("teams", [1, 8])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule)
def test_the_false_match_rate_is_near_the_true_one(
    rule: LinkageRule, teams: int
) -> None:
    true, estimated = [], []
    for seed in range(8):
        before, after = two_waves(seed, 400, teams)
        found = link_waves(before, after, rule=rule).links
        true.append((found["before"] != found["after"]).mean())
        rate = false_match_rate(
            before, after, rule=rule, seed=f"{seed}", permutations=20
        )
        assert isinstance(rate, Estimate)
        assert rate.n == len(found)
        estimated.append(rate.estimate)
    # Eight waves of about 210 links: a standard error of the mean of at most 0.009.
    assert abs(np.mean(estimated) - np.mean(true)) < 0.03
    assert np.mean(estimated) < 2.5 * np.mean(true) + 0.005


@pytest.mark.parametrize(
    ("n", "back", "slips", "rule"),
    [(400, 0.9, 0.3, ONE_OFF), (60, 0.6, 0.15, ONE_OFF), (400, 0.3, 0.1, WEIGHTED)],
    ids=["nearly all come back", "few people", "few come back"],
)
def test_the_interval_holds_the_true_share(
    n: int, back: float, slips: float, rule: LinkageRule
) -> None:
    """Those who come back are rivals too, and do not make strangers look alike."""
    true, estimated, held = [], [], 0
    for seed in range(16):
        before, after = two_waves(seed, n, 1, back=back, slips=slips)
        found = link_waves(before, after, rule=rule).links
        share = float((found["before"] != found["after"]).mean())
        rate = false_match_rate(
            before, after, rule=rule, seed=f"{seed}", permutations=40
        )
        assert isinstance(rate, Estimate)
        assert rate.conf_low is not None
        assert rate.conf_high is not None
        held += rate.conf_low - 1e-9 <= share <= rate.conf_high + 1e-9
        true.append(share)
        estimated.append(rate.estimate)
    # Of 16 intervals that hold nine times in ten, fewer than 12 do once in 60.
    assert held >= 12
    assert np.mean(estimated) < 1.4 * np.mean(true) + 0.003
    assert np.mean(estimated) > 0.7 * np.mean(true) - 0.003


def test_those_in_both_waves_do_not_make_strangers_alike() -> None:
    """Who came once has letters of their own, and meets nobody of the other wave."""
    back = [
        f"{'ABCD'[a]}{'ABCD'[b]}{'ABCD'[a ^ b]}" for a in range(4) for b in range(4)
    ]
    first = [f"{a}{b}{c}" for a in "MN" for b in "MN" for c in "MNO"]
    last = [f"{a}{b}{c}" for a in "XY" for b in "XY" for c in "XYZ"]

    def people(codes: list[str]) -> pd.DataFrame:
        elements = pd.DataFrame([list(code) for code in codes], columns=ELEMENTS[:3])
        return elements.assign(participant=codes, team="")

    rate = false_match_rate(
        people(back + first), people(back + last), rule=EXACT, seed="study"
    )
    assert isinstance(rate, Estimate)
    assert rate.n == len(back)
    assert rate.estimate == 0


def test_a_short_code_is_told_to_link_falsely() -> None:
    before, after = two_waves(3, 400, 1)
    loose = [wave.drop(columns=["element.2"]) for wave in (before, after)]
    good = false_match_rate(before, after, rule=EXACT, seed="study")
    poor = false_match_rate(*loose, rule=EXACT, seed="study")
    assert isinstance(good, Estimate)
    assert isinstance(poor, Estimate)
    assert poor.estimate > 5 * good.estimate
    assert poor.conf_low is not None
    assert good.conf_high is not None
    assert poor.conf_low > good.conf_high


def test_the_false_match_rate_follows_from_the_name_of_the_study() -> None:
    before, after = two_waves(3, 200, 2)
    here, again, elsewhere = (
        false_match_rate(before, after, rule=ONE_OFF, seed=seed, permutations=20)
        for seed in ("study", "study", "other")
    )
    assert here == again != elsewhere


@settings(max_examples=25, deadline=None)
@given(codes, codes, rules)
def test_a_false_match_rate_is_a_share(
    before: list[str], after: list[str], rule: LinkageRule
) -> None:
    rate = false_match_rate(
        wave(*before), wave(*after), rule=rule, seed="study", permutations=5
    )
    if isinstance(rate, Estimate):
        assert rate.conf_low is not None
        assert rate.conf_high is not None
        assert 0 <= rate.conf_low <= rate.estimate <= rate.conf_high <= 1


def test_a_lost_partner_is_not_dealt_again_as_a_stranger() -> None:
    """Nobody here is like anybody else but two after, who are both like one before."""

    def people(numbers: list[int], last: list[str]) -> pd.DataFrame:
        texts = {name: [f"{n}" for n in numbers] for name in ELEMENTS[:-1]}
        who = {"participant": [f"{n}{t}" for n, t in zip(numbers, last, strict=True)]}
        return pd.DataFrame({**who, "team": "", **texts, ELEMENTS[-1]: last})

    uncertain = list(range(20))
    linked = list(range(20, 60))
    before = people(uncertain + linked, ["x"] * 60)
    after = people(uncertain * 2 + linked, ["y"] * 20 + ["z"] * 20 + ["x"] * 40)
    found = link_waves(before, after, rule=ONE_OFF)
    assert len(found.links) == 40
    assert [len(side) for side in found.ambiguous] == [20, 40]
    rate = false_match_rate(before, after, rule=ONE_OFF, seed="study")
    assert isinstance(rate, Estimate)
    # Dealt whole, a code would find its owner: more than two links in ten.
    assert rate.estimate < 0.1
