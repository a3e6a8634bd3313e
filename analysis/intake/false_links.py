"""Estimate the share of links between two waves that join two different people.

Which links are false is unknown, but how many arise by chance can be simulated:
invented people take the place of those who have no partner.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from analysis.intake.pairing import encoded, matched, similarities
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from analysis.declarations.survey import LinkageRule
    from analysis.intake.pairing import Found, Waves, Whole
    from analysis.intake.pairing import Real as Similar

    Real: TypeAlias = npt.NDArray[np.float64]

PERMUTATIONS = 200
ROUNDS, SIMULATIONS_A_ROUND = 5, 15
"""How often, and by how many deals, the number of people without a partner is put
right; simulated waves settle in three rounds."""


def false_match_rate(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    rule: LinkageRule,
    seed: str,
    permutations: int = PERMUTATIONS,
) -> Estimate | Unavailable:
    """Estimate the share of the links that join two different people.

    Of each wave's codes, each element is dealt anew among all who answered, no two
    elements of one person together: people of the same make who never were. They take
    the place of those without a partner; the others stay, as rivals. Every link the
    rule gives to one who never was is false, and stands for one made by chance.

    Who has no partner is known of those alone for whom nobody was found. Some of the
    others were linked by chance, or were in doubt by chance; how many follows from
    what happens to those who never were.

    Parameters
    ----------
    before, after, rule
        As in `analysis.intake.linkage.link_waves`.
    seed : str
        The study's name: equal names give equal estimates.
    permutations : int
        Deals.

    Returns
    -------
    Estimate
        Mean share over the deals. The interval holds the middle 95 % of them, each
        moved by the error that such a deal would bring into the number of people
        without a partner. n is the links.
    Unavailable
        No link was made, or the code has one element, which cannot be dealt anew.

    References
    ----------
    Elias & Gygi (2007), Nature Methods 4(3), 207-214 (decoys); Schnell et al. (2010),
    Evaluation Review 34(5), 391-418 (codes).
    """
    term = "false_match_rate"
    waves = encoded(before, after, rule)
    tables = similarities(before, after, rule)
    found = matched(waves, rule, tables)
    made = len(found.links.score)
    if not made:
        return Unavailable(term=term, reason="no link was made", n=0)
    if waves[0].codes.shape[1] < 2:
        reason = "a code of one element cannot be told from a chance one"
        return Unavailable(term=term, reason=reason, n=made)
    simulated = _Simulation(
        waves=waves,
        rule=rule,
        tables=tables,
        found=found,
        rng=generator(seed, term, rule.rule),
    ).settled(permutations)
    counts = (
        simulated.linked.mean(),
        *np.quantile(simulated.estimates(), [0.025, 0.975]),
    )
    mean, low, high = (float(min(max(count / made, 0.0), 1.0)) for count in counts)
    return Estimate(
        term=term,
        estimate=mean,
        conf_low=min(low, mean),
        conf_high=max(high, mean),
        n=made,
        method=f"links of people who never were, put in the place of those without a "
        f"partner, over links made; mean of {permutations} deals, and the middle 95 % "
        "of them widened by the doubt about how many have no partner",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SimulationCounts:
    """What became, deal by deal, of the people who never were.

    Attributes
    ----------
    linked : array, shape (n_deals,)
        Links that have one of them on either side.
    match_counts : array, shape (n_deals, 2 waves, 2)
        Of those put in at a wave, how many were linked, and how many were in doubt.
    added : array, shape (2 waves,)
        How many were put in, one at least, so that nothing is divided by zero.
    """

    linked: Real
    match_counts: Real
    added: Real

    def shares(self) -> Real:
        """Of a wave's, the share linked, in doubt, and alone; shape (2, 3)."""
        shares = self.match_counts.mean(axis=0) / self.added[:, None]
        # One of them alone at least, for the same reason.
        left = 1 - shares.sum(axis=1, keepdims=True)
        unmatched = np.maximum(left, 1 / self.added[:, None])
        return np.concatenate([shares, unmatched], axis=1)

    def estimates(self) -> Real:
        """Links of each deal, moved by the error it would bring.

        People linked or in doubt by chance are missing among those for whom nobody was
        found. From the latter the number without a partner is estimated, and so the
        number of false links.
        """
        weights = self.linked.mean() / self.added / self.shares()[:, 2]
        missing = self.match_counts.sum(axis=2)
        error = (missing - missing.mean(axis=0)) @ weights
        return np.asarray(self.linked + error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Simulation:
    """Two waves and what was found, with invented people put in."""

    waves: Waves
    rule: LinkageRule
    tables: list[Similar]
    found: Found
    rng: np.random.Generator

    def settled(self, simulations: int) -> _SimulationCounts:
        """Simulate until the number alone fits those found alone; then in full."""
        doubtful = self.found.uncertain()
        alone = list(map(np.setdiff1d, self.found.left, self.found.considered.places))
        n_alone = np.array([[len(side)] for side in alone])
        uncertain, linked = [0, 0], 0

        def counts(times: int) -> _SimulationCounts:
            made = [self._once(alone, uncertain, linked) for _ in range(times)]
            added = n_alone[:, 0] + uncertain + linked
            return _SimulationCounts(
                linked=np.array([count for count, _ in made], dtype=float),
                match_counts=np.array([fates for _, fates in made], dtype=float),
                added=np.maximum(added, 1.0),
            )

        for _ in range(ROUNDS):
            shares = counts(SIMULATIONS_A_ROUND).shares()
            missing = n_alone * shares[:, :2] / shares[:, 2:]
            most = len(self.found.links.score)
            linked = min(round(float(missing[:, 0].mean())), most)
            uncertain = [
                min(round(float(count)), len(side))
                for count, side in zip(missing[:, 1], doubtful, strict=True)
            ]
        return counts(simulations)

    def _once(
        self, alone: list[Whole], uncertain: list[int], linked: int
    ) -> tuple[int, list[tuple[int, int]]]:
        """Put people who never were in, link, and count those and their fates."""
        links, doubtful = self.found.links.places, self.found.uncertain()
        unlinked = self.rng.choice(links.shape[1], size=linked, replace=False)
        pools, waves = [], []
        for side, wave in enumerate(self.waves):
            some = self.rng.choice(doubtful[side], size=uncertain[side], replace=False)
            pool = np.concatenate([alone[side], some, links[side][unlinked]])
            codes = wave.codes.copy()
            codes[pool] = self._dealt_codes(side, len(pool))
            pools.append(pool)
            waves.append(dataclasses.replace(wave, codes=codes))
        found = matched((waves[0], waves[1]), self.rule, self.tables)
        fates = []
        for pool, of_links, in_doubt in zip(
            pools, found.links.places, found.uncertain(), strict=True
        ):
            counts = [int(np.isin(pool, some).sum()) for some in (of_links, in_doubt)]
            fates.append((counts[0], counts[1]))
        false = np.logical_or(*map(np.isin, found.links.places, pools))
        return int(false.sum()), fates

    def _dealt_codes(self, side: int, times: int) -> Whole:
        """Codes with each element dealt anew, no two of one person together.

        Of the earlier wave only those without a link are dealt: the others are in both
        waves, and by their elements the two would come out more alike than strangers.
        """
        codes = self.waves[side].codes
        left = self.found.left[0]
        if side == 0 and len(left) >= 2 * codes.shape[1]:
            codes = codes[left]
        rounds = [codes[:0]]
        for _ in range(-(-times // len(codes))):
            order = self.rng.permutation(len(codes))
            dealt = (codes[np.roll(order, n), n] for n in range(codes.shape[1]))
            rounds.append(np.stack(list(dealt), axis=1))
        return np.concatenate(rounds)[:times]
