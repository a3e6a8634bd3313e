"""The shapes of the decision table, by the names that tests give them."""

from __future__ import annotations

from shaped_studies import Shape, Unit

QUARTERS = ("q1", "q2", "q3", "q4", "q5", "q6")
TEAM, SITE, PERSON = ('unit = "team"', 'unit = "site"', 'unit = "person"')
DRAWN = "\nrandomised = true"
FILM = ("usual", "film", "visit")
THREE = '\ncontrasts = [["film", "usual"], ["visit", "usual"]]'
BEHAVIOURS, MOOD, COMMUNITY = "seed_three_behaviours", "bdi_total", "cqc_cmh"
BY_ORDER = 'summary_measure = "difference_in_change"\nmetric = "probability_of_better"'


def teams(
    treated: int, control: int, *, people: int = 15, site: str = ""
) -> tuple[Unit, ...]:
    """So many teams an arm, all at one site or at none."""
    arms = ["pilot"] * treated + ["usual"] * control
    return tuple(
        Unit(name=f"t{site}{n}", arm=arm, site=site, people=people)
        for n, arm in enumerate(arms)
    )


def sites(treated: int, control: int, *, of: int = 3) -> tuple[Unit, ...]:
    """So many whole sites an arm, each of so many teams."""
    arms = ["pilot"] * treated + ["usual"] * control
    return tuple(
        Unit(name=f"t{place}{n}", arm=arm, site=f"s{place}")
        for place, arm in enumerate(arms)
        for n in range(of)
    )


def within(number: int, treated: int, control: int) -> tuple[Unit, ...]:
    """Both arms at each of so many sites."""
    return tuple(
        unit for n in range(number) for unit in teams(treated, control, site=f"s{n}")
    )


def in_strata(
    treated: int, control: int, *, name: str = "a", of: str = ""
) -> tuple[Unit, ...]:
    """Teams in strata: of one arm each, or all in one of that name."""
    arms = ["pilot"] * treated + ["usual"] * control
    return tuple(
        Unit(name=f"{name}{n}", arm=arm, stratum=of or f"all {arm}")
        for n, arm in enumerate(arms)
    )


def groups(number: int, *, people: int = 15) -> tuple[Unit, ...]:
    """Teams that all had it, or that hold people of several arms."""
    return tuple(Unit(name=f"t{n}", people=people) for n in range(number))


def starting(starts: tuple[str, ...], *, of: int) -> tuple[Unit, ...]:
    """Teams of so many sites, one a start at each; an empty start never comes."""
    return tuple(
        Unit(
            name=f"t{site}{n}",
            site=f"s{site}",
            start=start,
            arm="pilot" if start in starts[:2] else "usual",
        )
        for site in range(of)
        for n, start in enumerate(starts)
    )


def crowd(people: int) -> tuple[Unit, ...]:
    """People of no team."""
    return (Unit(name="", people=people),)


SHAPES = {
    shape.name: shape
    for shape in (
        # 1 to 3: teams
        Shape(name="linked_teams", units=teams(6, 6), allocation=TEAM, lost=0.28),
        Shape(name="unequal_teams", units=teams(4, 8), allocation=TEAM),
        Shape(
            name="unlinked_teams",
            units=teams(8, 8),
            allocation=TEAM + DRAWN,
            same_people=False,
        ),
        Shape(name="partly_linked", units=teams(6, 6), allocation=TEAM, linked=0.3),
        Shape(
            name="cannot_be_matched", units=crowd(120), allocation=PERSON, linked=0.3
        ),
        # 4 to 6: sites
        Shape(name="three_sites_an_arm", units=sites(3, 3), allocation=SITE),
        Shape(name="four_sites_an_arm", units=sites(4, 4), allocation=SITE),
        Shape(name="five_sites", units=sites(2, 3), allocation=SITE),
        Shape(name="one_site_each", units=sites(1, 1, of=6), allocation=SITE),
        Shape(name="sites_not_declared", units=sites(1, 1, of=6)),
        # 7 and 8: few teams
        Shape(name="two_of_twelve", units=teams(2, 10), allocation=TEAM, lost=0.15),
        Shape(name="two_of_six", units=teams(2, 4), allocation=TEAM),
        Shape(name="one_team_an_arm", units=teams(1, 1), allocation=TEAM),
        Shape(name="two_teams_an_arm", units=teams(2, 2), allocation=TEAM),
        # 9: strata
        Shape(
            name="within_sites",
            units=within(3, 2, 2),
            allocation=TEAM + DRAWN + '\nstrata = ["site"]',
        ),
        Shape(
            name="strata_of_one_arm",
            units=in_strata(3, 3),
            allocation=TEAM + DRAWN + '\nstrata = ["stratum"]',
        ),
        Shape(
            name="one_stratum_of_both",
            units=(*in_strata(2, 4), *in_strata(4, 2, name="b", of="both")),
            allocation=TEAM + DRAWN + '\nstrata = ["stratum"]',
        ),
        # 10 and 11: people
        Shape(
            name="people_half_lost",
            units=crowd(100),
            allocation=PERSON + DRAWN,
            instrument=MOOD,
            waves=("start", "month_2", "month_4"),
            lost=0.48,
            effect=-1.0,
            outcome="smallest_effect = 3",
        ),
        Shape(
            name="people_few_lost",
            units=crowd(100),
            allocation=PERSON + DRAWN,
            instrument=MOOD,
            effect=-2.0,
        ),
        Shape(name="people_chosen", units=crowd(120), allocation=PERSON, lost=0.2),
        Shape(name="few_people", units=crowd(20), allocation=PERSON + DRAWN),
        # 12 to 14: asked once
        Shape(
            name="post_only_three_arms",
            units=crowd(180),
            arms=FILM,
            waves=("after",),
            allocation=PERSON + DRAWN + THREE,
            outcome="smallest_effect = 3",
        ),
        Shape(
            name="post_only_teams",
            units=teams(5, 5),
            waves=("after",),
            allocation=TEAM + DRAWN,
        ),
        Shape(
            name="post_only_chosen",
            units=crowd(80),
            waves=("after",),
            allocation=PERSON,
        ),
        # 15 and 16: no comparison
        Shape(name="one_group_linked", units=crowd(60), arms=(), lost=0.2),
        Shape(name="one_group_of_teams", units=groups(8), arms=()),
        Shape(name="one_group_few_teams", units=groups(3), arms=()),
        Shape(name="one_group_unlinked", units=crowd(60), arms=(), same_people=False),
        # 17 to 19: many waves
        Shape(
            name="wedge_in_sites",
            units=starting(("q2", "q3", "q4", "q5"), of=4),
            waves=QUARTERS,
            allocation=TEAM + DRAWN + '\nstrata = ["site"]',
            plan='summary_measure = "start_effect"',
            lost=0.12,
        ),
        Shape(
            name="staggered",
            units=starting(("q3", "q4", "q5", ""), of=4),
            waves=QUARTERS,
            allocation=TEAM,
            plan='summary_measure = "start_effect"',
        ),
        Shape(
            name="wedge_of_few_orders",
            units=starting(("q2", "q3"), of=2),
            waves=QUARTERS,
            allocation=TEAM + DRAWN + '\nstrata = ["site"]',
            plan='summary_measure = "start_effect"',
        ),
        Shape(
            name="started_alone",
            units=starting(("q3", "q4", "q5", ""), of=1),
            waves=QUARTERS,
            allocation=TEAM,
            plan='summary_measure = "start_effect"',
        ),
        Shape(
            name="wedge_of_uneven_sites",
            units=starting(("q2", "q3", "q4", "q5"), of=4)[:-3],
            waves=QUARTERS,
            allocation=TEAM + DRAWN + '\nstrata = ["site"]',
            plan='summary_measure = "start_effect"',
        ),
        Shape(
            name="teams_over_waves",
            units=teams(6, 6),
            waves=("earlier", "before", "after", "later"),
            allocation=TEAM,
            outcome='smallest_effect = 2\nbaseline = "before"',
        ),
        Shape(name="one_group_six_waves", units=crowd(60), arms=(), waves=QUARTERS),
        # 20 to 23: scores, movers
        Shape(
            name="neutral_scale",
            units=crowd(612),
            arms=(),
            instrument="sdo_four",
            family="secondary",
            outcome="",
            lost=0.42,
            effect=0.0,
            cuts=(22, 25, 28, 31, 34, 37),
            lowest=1,
        ),
        Shape(
            name="two_values",
            units=teams(6, 6),
            allocation=TEAM,
            instrument=BEHAVIOURS,
            subscale="all_three_always",
            outcome="smallest_effect = 0.1",
            cuts=(33,),
            effect=4.0,
        ),
        Shape(
            name="two_values_asked_once",
            units=crowd(160),
            waves=("after",),
            allocation=PERSON + DRAWN,
            instrument=BEHAVIOURS,
            subscale="all_three_always",
            outcome="smallest_effect = 0.1",
            cuts=(33,),
        ),
        Shape(
            name="three_answers",
            units=teams(6, 6),
            allocation=TEAM,
            instrument=COMMUNITY,
            subscale="listened",
            outcome="smallest_effect = 0.1",
            plan=BY_ORDER,
            cuts=(27, 32),
            step=5,
            effect=3.0,
        ),
        Shape(
            name="everybody_says_no",
            units=teams(6, 6),
            allocation=TEAM,
            instrument=BEHAVIOURS,
            subscale="all_three_always",
            outcome="smallest_effect = 0.1",
            cuts=(90,),
        ),
        Shape(name="few_movers", units=teams(6, 6), allocation=TEAM, moved=0.12),
        Shape(name="many_movers", units=teams(6, 6), allocation=TEAM, moved=0.4),
    )
}
