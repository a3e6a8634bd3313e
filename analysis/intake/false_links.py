"""Estimate the share of links between two waves that join two different people.

Which links are false is unknown, but how many arise by chance can be simulated:
invented people take the place of those who have no partner.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from analysis.intake.pairing import encoded, matched, similarities
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from analysis.declarations.survey import LinkageRule
    from analysis.intake.pairing import People, Whole
    from analysis.intake.pairing import Real as Similar

if TYPE_CHECKING:
    Real: TypeAlias = npt.NDArray[np.float64]

PERMUTATIONS = 200
ROUNDS, SIMULATIONS_A_ROUND = 5, 15
"""Rounds, and shuffles in each, that correct the number of people without a partner;
in simulations it settles in three rounds."""


def false_match_rate(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    rule: LinkageRule,
    seed: str,
    permutations: int = PERMUTATIONS,
) -> Estimate | Unavailable:
    """Estimate the share of the links that join two different people.

    Each element of a wave's codes is shuffled among all who answered, so that no two
    elements of one person stay together. The invented people with these codes replace
    those without a partner; the others remain as competitors. Every link to an invented
    person is false, and stands for one made by chance.

    People are known to have no partner only if no match was found. Some of the others
    were linked, or ambiguous, by chance; how many follows from what happens to the
    invented people.

    Parameters
    ----------
    before, after, rule
        As in `analysis.intake.linkage.link_waves`.
    seed : str
        The study's name: equal names give equal estimates.
    permutations : int
        Shuffles.

    Returns
    -------
    Estimate
        Mean share over the shuffles. The interval contains the middle 95 % of them,
        each shifted by the error that it would cause in the number of people without a
        partner. n is the links.
    Unavailable
        No link was made, or the code has one element, which cannot be shuffled.

    References
    ----------
    Elias & Gygi (2007), Nature Methods 4(3), 207-214 (decoys); Schnell et al. (2010),
    Evaluation Review 34(5), 391-418 (codes).
    """
    term = "false_match_rate"
    people = encoded(before, after, rule)
    similarity = similarities(before, after, rule)
    rng = _generator(f"{seed}/{term}/{rule.rule}")
    waves = _SimulatedWaves.of(people, rule, similarity, rng)
    made = len(waves.links[0])
    if not made:
        return Unavailable(term=term, reason="no link was made", n=0)
    if people[0].codes.shape[1] < 2:
        reason = "a code of one element cannot be told from a chance one"
        return Unavailable(term=term, reason=reason, n=made)
    simulated = waves.simulated(permutations)
    mean, low, high = (
        float(min(max(count / made, 0.0), 1.0))
        for count in (
            simulated.linked.mean(),
            *np.quantile(simulated.estimates(), [0.025, 0.975]),
        )
    )
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
    """What became of the invented people in each shuffle.

    Attributes
    ----------
    linked : array, shape (n_shuffles,)
        Links with an invented person on either side.
    match_counts : array, shape (n_shuffles, 2 waves, 2)
        Of the invented people at a wave, how many were linked or ambiguous.
    added : pair of int
        Invented people at either wave.
    """

    linked: Real
    match_counts: Real
    added: tuple[int, int]

    def shares(self) -> Real:
        """Share of a wave's linked, ambiguous and unmatched; shape (2, 3)."""
        made = np.maximum(np.array(self.added, dtype=float), 1.0)[:, None]
        shares = self.match_counts.mean(axis=0) / made
        # At least one of them is unmatched, so that nothing is divided by zero.
        unmatched = np.maximum(1 - shares.sum(axis=1, keepdims=True), 1 / made)
        return np.concatenate([shares, unmatched], axis=1)

    def estimates(self) -> Real:
        """Links of each shuffle, shifted by the error that it would cause.

        People linked or ambiguous by chance are missing among those without a match,
        from whom the number without a partner is estimated, and so the number of false
        links.
        """
        unmatched = self.shares()[:, 2]
        made = np.maximum(np.array(self.added, dtype=float), 1.0)
        weights = self.linked.mean() / made / unmatched
        missing = self.match_counts.sum(axis=2)
        error = (missing - missing.mean(axis=0)) @ weights
        return np.asarray(self.linked + error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SimulatedWaves:
    """Two waves, the links between them, and the people of either without one."""

    people: tuple[People, People]
    rule: LinkageRule
    similarity: list[Similar]
    links: tuple[Whole, Whole]
    uncertain: tuple[Whole, Whole]
    unmatched: tuple[Whole, Whole]
    rng: np.random.Generator

    @classmethod
    def of(
        cls,
        people: tuple[People, People],
        rule: LinkageRule,
        similarity: list[Similar],
        rng: np.random.Generator,
    ) -> _SimulatedWaves:
        """Link the waves, and record who is linked, ambiguous and unmatched."""
        found = matched(*people, rule, similarity)
        links = found.links.before, found.links.after
        considered = found.considered.before, found.considered.after
        left = [
            np.setdiff1d(np.arange(len(wave)), linked)
            for wave, linked in zip(people, links, strict=True)
        ]
        return cls(
            people=people,
            rule=rule,
            similarity=similarity,
            links=links,
            uncertain=(
                np.intersect1d(left[0], considered[0]),
                np.intersect1d(left[1], considered[1]),
            ),
            unmatched=(
                np.setdiff1d(left[0], considered[0]),
                np.setdiff1d(left[1], considered[1]),
            ),
            rng=rng,
        )

    def simulated(self, simulations: int) -> _SimulationCounts:
        """Simulate until the number unmatched agrees with the data; then in full."""
        uncertain, linked = (0, 0), 0
        for _ in range(ROUNDS):
            shares = self._simulate_many(
                SIMULATIONS_A_ROUND, uncertain, linked
            ).shares()
            unmatched = np.array([len(wave) for wave in self.unmatched])
            missing = unmatched[:, None] * shares[:, :2] / shares[:, 2:]
            linked = min(round(float(missing[:, 0].mean())), len(self.links[0]))
            uncertain = (
                min(round(float(missing[0, 1])), len(self.uncertain[0])),
                min(round(float(missing[1, 1])), len(self.uncertain[1])),
            )
        return self._simulate_many(simulations, uncertain, linked)

    def _simulate_many(
        self, simulations: int, uncertain: tuple[int, int], linked: int
    ) -> _SimulationCounts:
        found = [self._simulate_once(uncertain, linked) for _ in range(simulations)]
        return _SimulationCounts(
            linked=np.array([count for count, _ in found], dtype=float),
            match_counts=np.array(
                [match_counts for _, match_counts in found], dtype=float
            ),
            added=(
                len(self.unmatched[0]) + uncertain[0] + linked,
                len(self.unmatched[1]) + uncertain[1] + linked,
            ),
        )

    def _simulate_once(
        self, uncertain: tuple[int, int], linked: int
    ) -> tuple[int, list[tuple[int, int]]]:
        """Add invented people, link, and count their links and matches."""
        unlinked = self.rng.choice(len(self.links[0]), size=linked, replace=False)
        pools, waves = [], []
        for side, wave in enumerate(self.people):
            some = self.rng.choice(
                self.uncertain[side], size=uncertain[side], replace=False
            )
            pool = np.concatenate(
                [self.unmatched[side], some, self.links[side][unlinked]]
            )
            codes = wave.codes.copy()
            codes[pool] = self._permuted_codes(side, len(pool))
            pools.append(pool)
            waves.append(wave.chosen(np.arange(len(wave)), codes))
        found = matched(waves[0], waves[1], self.rule, self.similarity)
        links = found.links.before, found.links.after
        considered = found.considered.before, found.considered.after
        false = np.logical_or(*map(np.isin, links, pools))
        match_counts = []
        for pool, of_links, of_all in zip(pools, links, considered, strict=True):
            is_linked = np.isin(pool, of_links)
            in_doubt = np.logical_and(np.isin(pool, of_all), ~is_linked)
            match_counts.append((int(is_linked.sum()), int(in_doubt.sum())))
        return int(false.sum()), match_counts

    def _permuted_codes(self, side: int, times: int) -> Whole:
        """Codes with each element shuffled, no two of one person together.

        At the earlier wave only people without a link are shuffled: the others are in
        both waves, and their elements would make strangers look similar.
        """
        codes = self.people[side].codes
        if side == 0:
            left = np.setdiff1d(np.arange(len(codes)), self.links[0])
            codes = codes[left] if len(left) >= 2 * codes.shape[1] else codes
        rounds = [codes[:0]]
        for _ in range(-(-times // len(codes))):
            order = self.rng.permutation(len(codes))
            simulated = (codes[np.roll(order, n), n] for n in range(codes.shape[1]))
            rounds.append(np.stack(list(simulated), axis=1))
        return np.concatenate(rounds)[:times]


def _generator(name: str) -> np.random.Generator:
    """A generator seeded by a name: the same on every machine."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))
