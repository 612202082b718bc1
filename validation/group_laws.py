"""The law of a group of documents, from which everything about it is a finite sum.

A group is drawn in two steps: one of finitely many pools, with a known probability,
and from each stratum of the pool so many documents, at random and without replacement.
A positive is a stratum of one document. So the probability that a group holds two
documents is, for N and m documents in a stratum and drawn from it,

    m (m - 1) / (N (N - 1))   in one stratum,   m m' / (N N')   in two,

and means over the pairs of a group are sums over the pairs of the pools. Clipping a
student looks at the best score of the group; given which document that is, what is
left is a group of the same kind, drawn from the documents below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.special import gammaln

from rankbound.bounds.errors import DomainError
from rankbound.bounds.shift import DensityRatio, density_ratio
from rankbound.data.columns import Floats, Integers
from rankbound.data.groups import Groups
from rankbound.estimators.pairwise import pair_entropy, pair_risk

LEFT_OUT: Final = 1e-12  # probability of groups whose best document is not summed over


@dataclass(frozen=True, slots=True, eq=False)
class GroupLaw:
    """Pools with their probabilities, and how a group is drawn from a pool.

    Attributes
    ----------
    pools : Groups
        Every document that may be drawn; `inclusion` holds its probability.
    strata : int64 array, shape (n_rows,)
        The stratum of each document in its pool, at least 0.
    weights : float64 array, shape (n_pools,)
        Probability of each pool.

    Raises
    ------
    DomainError
        For weights that are no probabilities, and groups of several sizes, whose means
        over pairs are not those of one law.

    Examples
    --------
    A positive and one of two negatives, evenly:

    >>> from rankbound.data.columns import strings
    >>> pools = Groups(
    ...     queries=np.array([0]), qids=strings(["q"]), offsets=np.array([0, 3]),
    ...     codes=np.array([0, 1, 2]), docnos=strings(["a", "b", "c"]),
    ...     inclusion=np.array([1.0, 0.5, 0.5]))
    >>> law = GroupLaw(pools, np.array([0, 1, 1]), np.ones(1))
    >>> law.size, round(law.entropy(np.zeros(3)), 4)
    (2, 0.6931)
    >>> round(law.mean_distance(np.array([[0.0], [1.0], [3.0]])), 4)
    2.0
    """

    pools: Groups
    strata: Integers
    weights: Floats

    def __post_init__(self) -> None:
        if (self.weights < 0).any() or abs(self.weights.sum() - 1) > 1e-9:
            raise DomainError(
                "`weights` must be probabilities that sum to 1, got a sum of "
                f"{self.weights.sum():g}; divide them by it"
            )
        sizes = {int(pool.takes.sum()) for pool in self._all()}
        if len(sizes) != 1 or min(sizes) < 2:
            raise DomainError(
                "groups must have one size, at least 2, got "
                f"{', '.join(map(str, sorted(sizes)))}; leave out smaller pools"
            )

    @property
    def size(self) -> int:
        """Documents of a group."""
        return int(next(self._all()).takes.sum())

    def entropy(self, teacher: Floats) -> float:
        """Expected mean entropy of the teacher's preferences over all pairs, in nats.

        Parameters
        ----------
        teacher : float64 array, shape (n_rows,)
            Log-odds of the documents of the pools.

        Returns
        -------
        float
            In [0, ln 2]. Source: section 1 of the theory, H of Lemma 1.
        """
        return self._over_pairs(lambda rows: pair_entropy(_margins(teacher[rows])))

    def risk(
        self, teacher: Floats, student: Floats, *, clip_at: float | None = None
    ) -> float:
        """Expected mean risk of a student over all pairs, in nats.

        Parameters
        ----------
        teacher, student : float64 arrays, shape (n_rows,)
            Log-odds and scores of the documents of the pools, in temperatures.
        clip_at : float, optional
            B > 0: scores are raised to at least B below the best of their group, as a
            certificate has it. Groups whose best document has less than 1e-12 of
            probability altogether are left out.

        Returns
        -------
        float
            Source: R of Lemma 1; section 17 for the clipped student.
        """
        if clip_at is None:
            return self._over_pairs(
                lambda rows: pair_risk(_margins(teacher[rows]), _margins(student[rows]))
            )
        if not clip_at > 0:
            raise DomainError(f"`clip_at` must be above 0, got {clip_at}")
        return self._mean(
            sum(
                (
                    chance * _summed(below, teacher[rows], student[rows], clip_at)
                    for chance, rows, below in pool.by_best(student)
                ),
                0.0,
            )
            for pool in self._all()
        )

    def diameter(self, vectors: Floats) -> float:
        """Largest distance of two documents that a group may hold: its essential one.

        Parameters
        ----------
        vectors : float64 array, shape (n_rows, dim)
            Of the documents of the pools; distances are Euclidean.
        """
        return max(
            float((_distances(vectors[pool.rows]) * (pool.pairs() > 0)).max())
            for pool, weight in zip(self._all(), self.weights, strict=True)
            if weight > 0
        )

    def mean_distance(self, vectors: Floats) -> float:
        """Expected mean distance over the pairs of a group; see `diameter`."""
        return self._over_pairs(lambda rows: _distances(vectors[rows]))

    def exceeds(self, vectors: Floats, distance: float) -> float:
        """Probability that a pair of a group is farther apart than a distance."""
        return self._over_pairs(
            lambda rows: (_distances(vectors[rows]) > distance).astype(float)
        )

    def density_ratio(self, target: GroupLaw) -> DensityRatio:
        """Largest ratio of the target's probability of a negative to that of this law.

        Parameters
        ----------
        target : GroupLaw
            With the same pools, in which documents may have other probabilities. The
            positive of a pool, stratum 0, is left out of both: all groups hold it.

        Returns
        -------
        DensityRatio
            kappa of assumption A3, over all pools of positive probability; infinite if
            this law never draws a document of the target. Such documents are counted
            over all pools. Pairs of negatives have at most about its square.

        Raises
        ------
        DomainError
            If the pools are not those of the same queries, in one order.
        """
        theirs = dict(target._negatives())
        ratio, missing = 1.0, 0
        found = [*self._negatives()]
        if [key for key, _ in found] != [*theirs]:
            raise DomainError("`target` must have pools of the same queries")
        for (key, mine), weight in zip(found, self.weights, strict=True):
            names = sorted({*mine, *theirs[key]})
            laws = ([of.get(one, 0.0) for one in names] for of in (theirs[key], mine))
            one = density_ratio(*laws)
            missing += one.missing
            if weight > 0:
                ratio = max(ratio, one.kappa)
        return DensityRatio(ratio, missing)

    def _negatives(self) -> Iterator[tuple[tuple[int, str], dict[str, float]]]:
        """Probabilities of a negative by its id, by place and query of a pool."""
        docnos = self.pools.docnos[self.pools.codes]
        qids = enumerate(self.pools.group_qids().tolist())
        for key, pool in zip(qids, self._all(), strict=True):
            rest = pool.strata > 0
            chances = pool.inclusion()[rest]
            names = docnos[pool.rows][rest].tolist()
            of = dict(zip(names, (chances / chances.sum()).tolist(), strict=True))
            yield key, of

    def _over_pairs(self, of: Callable[[Integers], Floats]) -> float:
        """The expected mean over the pairs of a group, of a matrix of rows."""
        return self._mean(
            float((pool.pairs() * of(pool.rows)).sum()) for pool in self._all()
        )

    def _mean(self, sums: Iterator[float]) -> float:
        """The mean over pools of sums over ordered pairs."""
        n_pairs = self.size * (self.size - 1)
        return float(self.weights @ np.fromiter(sums, dtype=np.float64)) / n_pairs

    def _all(self) -> Iterator[_Pool]:
        offsets, chances = self.pools.offsets.tolist(), self.pools.inclusion
        if chances is None:
            raise DomainError("`pools` must have the probabilities of their documents")
        for start, stop in pairwise(offsets):
            strata = self.strata[start:stop]
            takes = np.rint(np.bincount(strata, weights=chances[start:stop]))
            yield _Pool(np.arange(start, stop), strata, takes)


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """Documents by row, their strata, and how many each stratum gives."""

    rows: Integers
    strata: Integers
    takes: Floats

    @property
    def counts(self) -> Integers:
        return np.bincount(self.strata, minlength=len(self.takes))

    def inclusion(self) -> Floats:
        """Probability of each document."""
        each: Floats = self.takes / np.maximum(self.counts, 1)
        return each[self.strata]

    def pairs(self) -> Floats:
        """Probability of each ordered pair of documents; 0 on the diagonal."""
        first, counts = self.inclusion(), self.counts
        second: Floats = np.maximum(self.takes - 1, 0) / np.maximum(counts - 1, 1)
        alike = self.strata[:, None] == self.strata
        found = first[:, None] * np.where(alike, second[self.strata], first)
        np.fill_diagonal(found, 0.0)
        return found

    def by_best(self, scores: Floats) -> Iterator[tuple[float, Integers, _Pool]]:
        """Who may be the best of a group: the chance, and who may then be below.

        Yields the probability, the rows with the best first, and the pool of the
        others, from which the rest of the group is drawn.
        """
        order = np.argsort(-scores[self.rows], kind="stable")
        rows, strata = self.rows[order], self.strata[order]
        counts, left = self.counts, 1.0
        all_groups = _log_ways(counts, self.takes).sum()
        below = counts.copy()
        for place, stratum in enumerate(strata.tolist()):
            below[stratum] -= 1
            takes = self.takes.copy()
            takes[stratum] -= 1
            if takes[stratum] >= 0 and (below >= takes).all():
                chance = float(np.exp(_log_ways(below, takes).sum() - all_groups))
                after = slice(place + 1, None)
                yield chance, rows[place:], _Pool(rows[after], strata[after], takes)
                left -= chance
            # Once a stratum has too few documents below, so it has further down
            if left < LEFT_OUT or (below < self.takes - 1).any():
                return


def _log_ways(counts: Integers, takes: Floats) -> Floats:
    """Logarithm of the number of ways to take so many of each stratum."""
    ways: Floats = (
        gammaln(counts + 1) - gammaln(takes + 1) - gammaln(counts - takes + 1)
    )
    return ways


def _summed(below: _Pool, teacher: Floats, student: Floats, clip_at: float) -> float:
    """Expected sum of the risks of ordered pairs, the best document first."""
    clipped = np.maximum(student, student[0] - clip_at)
    weights = np.zeros((len(clipped), len(clipped)))
    weights[1:, 1:] = below.pairs()
    weights[0, 1:] = weights[1:, 0] = below.inclusion()
    return float((weights * pair_risk(_margins(teacher), _margins(clipped))).sum())


def _margins(scores: Floats) -> Floats:
    return scores[:, None] - scores


def _distances(vectors: Floats) -> Floats:
    apart = vectors[:, None] - vectors
    found: Floats = np.sqrt((apart**2).sum(axis=-1))
    return found
