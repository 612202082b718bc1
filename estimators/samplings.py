"""Samplings as laws: which candidates of a group are drawn, and how likely each is.

A sampling divides the candidates of a group into strata, of which some may be closed,
and draws evenly and without replacement from each open one. So one function draws for
all samplings, whether the stratum is the whole pool, the top of a ranking, or a band of
scores, and the probability that a candidate is drawn is exact: the number drawn from
its stratum by the size of the stratum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers

CLOSED: Final = -1  # the stratum of what is never drawn
FUSION_CONSTANT: Final = 60  # of reciprocal ranks, as Cormack, Clarke, Buettcher (2009)
UNRANKED: Final = -1
AND: Final = "+"


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The documents that may be drawn as negatives, one group after another.

    Attributes
    ----------
    sizes : int64 array, shape (n_groups,)
        Candidates of each group.
    scores : float64 array, shape (n_rows,)
        The teacher's.
    positive : float64 array, shape (n_groups,)
        The teacher's score of each group's positive; NaN where it has none.
    numbers : uint64 array, shape (n_rows,)
        Drawn at random; the smallest of a stratum are chosen.
    ranks : mapping of str to int64 array, shape (n_rows,)
        The place of each candidate in each ranking, 0 for the best and -1 for none.
    """

    sizes: Integers
    scores: Floats
    positive: Floats
    numbers: np.ndarray
    ranks: Mapping[str, Integers] = field(default_factory=dict)

    @property
    def group(self) -> Integers:
        """The group of every row, shape (n_rows,)."""
        return np.repeat(np.arange(len(self.sizes), dtype=np.int64), self.sizes)

    def where(self, keep: Booleans) -> Candidates:
        """Only some rows; groups may be left empty."""
        sizes = np.bincount(self.group[keep], minlength=len(self.sizes))
        return replace(
            self,
            sizes=sizes.astype(np.int64),
            scores=self.scores[keep],
            numbers=self.numbers[keep],
            ranks={name: places[keep] for name, places in self.ranks.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A sampling by name, with its settings.

    Parameters
    ----------
    name : str
        A key of `LAWS`, the name of a ranking, or several of these joined by "+".
    depth : int or None
        The top of a ranking has so many candidates; by default as many as are drawn.
    strata : int
        Number of strata of the stratified samplings, at least 1.
    band : tuple of float
        Ends of the entropy band as quantiles of the group's candidates, within [0, 1].
    drop_suspected : float or None
        Candidates above the positive, or less than this below it, are closed.
    """

    name: str
    depth: int | None = None
    strata: int = 5
    band: tuple[float, float] = (0.5, 1.0)
    drop_suspected: float | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The samplings that are mixed; one, if it is no mixture."""
        return tuple(self.name.split(AND))

    @property
    def mixes(self) -> bool:
        """Whether several samplings share the documents of a group."""
        return len(self.parts) > 1


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was drawn.

    Attributes
    ----------
    chosen : boolean array, shape (n_rows,)
    probabilities : float64 array, shape (n_rows,), or None
        The probability that a candidate is drawn into its group; None for mixtures,
        whose later parts depend on what the earlier ones drew.
    """

    chosen: Booleans
    probabilities: Floats | None


def draw(candidates: Candidates, law: Law, wanted: int) -> Drawn:
    """Draw negatives for every group.

    Parameters
    ----------
    candidates : Candidates
    law : Law
    wanted : int
        Documents to draw for each group, at least 1; a group with fewer open
        candidates gets them all.

    Raises
    ------
    DomainError
        For an unknown sampling, and for settings outside their ranges.

    Examples
    --------
    >>> pool = Candidates(
    ...     sizes=np.array([4]), scores=np.array([4.0, 3.0, 2.0, 1.0]),
    ...     positive=np.array([5.0]), numbers=np.array([7, 5, 1, 3], dtype=np.uint64),
    ... )
    >>> draw(pool, Law(name="top"), 2).chosen.tolist()
    [True, True, False, False]
    >>> drawn = draw(pool, Law(name="random"), 2)
    >>> drawn.chosen.tolist(), drawn.probabilities.tolist()
    ([False, False, True, True], [0.5, 0.5, 0.5, 0.5])
    """
    check_law(law, wanted, candidates.ranks)
    if not law.mixes:
        return _drawn(candidates, law, law.name, wanted)
    chosen = np.zeros(len(candidates.scores), dtype=bool)
    for place, name in enumerate(law.parts):
        share, more = divmod(wanted, len(law.parts))
        left = ~chosen
        found = _drawn(candidates.where(left), law, name, share + (place < more))
        chosen[np.flatnonzero(left)[found.chosen]] = True
    return Drawn(chosen, None)


def check_law(law: Law, wanted: int, rankings: Mapping[str, object]) -> None:
    """Raise for an unknown sampling, and for settings outside their ranges."""
    for name in law.parts:
        if name not in LAWS and name not in rankings:
            known = ", ".join([*LAWS, *rankings])
            raise DomainError(
                f"`sampling` must be one of {known}, or several joined by "
                f"{AND!r}, got {name!r}; the top of another ranking needs "
                "`runs={...}`"
            )
    if wanted < len(law.parts):
        raise DomainError(
            f"`size` must leave a negative for each part of {law.name!r}, so it is at "
            f"least {len(law.parts) + 1}, got {wanted + 1}"
        )
    if law.depth is not None and law.depth < wanted:
        raise DomainError(
            f"`depth` must be at least the number of negatives ({wanted}), got "
            f"{law.depth}"
        )
    if law.strata < 1:
        raise DomainError(f"`strata` must be at least 1, got {law.strata}")
    low, high = law.band
    if not 0 <= low < high <= 1:
        raise DomainError(
            "`band` must be two quantiles with 0 <= LOW < HIGH <= 1, got "
            f"{low:g}:{high:g}"
        )


def suspected(candidates: Candidates, margin: float = 0.0) -> Booleans:
    """Candidates scored above the positive, or less than `margin` below it.

    Where the positive has no score, nothing is suspected.

    Examples
    --------
    >>> pool = Candidates(
    ...     sizes=np.array([3]), scores=np.array([3.0, 2.0, 1.5]),
    ...     positive=np.array([2.0]), numbers=np.arange(3, dtype=np.uint64),
    ... )
    >>> suspected(pool).tolist(), suspected(pool, margin=1.0).tolist()
    ([True, False, False], [True, True, True])
    """
    over = candidates.scores - candidates.positive[candidates.group]
    return np.asarray(over > -margin)


def strata_of(candidates: Candidates, law: Law, wanted: int) -> Integers:
    """The stratum of every candidate, -1 for what is never drawn, shape (n_rows,).

    With the probabilities of `draw` it is all that there is to know: a group is a
    random sample without replacement from each stratum, and they are independent.

    Raises
    ------
    DomainError
        As `draw`, and for mixtures, whose later parts depend on what the earlier drew.

    Examples
    --------
    >>> pool = Candidates(
    ...     sizes=np.array([4]), scores=np.array([4.0, 3.0, 2.0, 0.0]),
    ...     positive=np.array([5.0]), numbers=np.arange(4, dtype=np.uint64),
    ... )
    >>> strata_of(pool, Law(name="stratified", strata=2), 2).tolist()
    [0, 0, 1, 1]
    """
    check_law(law, wanted, candidates.ranks)
    if law.mixes:
        raise DomainError(
            f"`sampling` must be no mixture, got {law.name!r}: what a mixture draws "
            "later depends on what it has drawn, so that its pairs have no known law"
        )
    return LAWS.get(law.name, _top)(candidates, law, law.name, wanted)


def _drawn(candidates: Candidates, law: Law, name: str, wanted: int) -> Drawn:
    strata = LAWS.get(name, _top)(candidates, law, name, wanted)
    n_strata = int(strata.max(initial=0)) + 1
    cell = candidates.group * n_strata + strata
    opened = strata != CLOSED
    counts = np.bincount(cell[opened], minlength=len(candidates.sizes) * n_strata)
    counts = counts.reshape(-1, n_strata)
    takes = shared_out(counts, wanted)
    rows = np.flatnonzero(opened)
    order = rows[np.lexsort((candidates.numbers[rows], cell[rows]))]
    starts = np.cumsum(counts) - counts.ravel()
    place = np.arange(len(order)) - starts[cell[order]]
    chosen = np.zeros(len(strata), dtype=bool)
    chosen[order] = place < takes.ravel()[cell[order]]
    chances = np.zeros(len(strata))
    chances[rows] = takes.ravel()[cell[rows]] / counts.ravel()[cell[rows]]
    return Drawn(chosen, chances)


def shared_out(counts: Integers, wanted: int) -> Integers:
    """How many to draw from each stratum, as evenly as the strata allow.

    What a small stratum lacks goes to the others, and what does not divide evenly to
    the first ones.

    Parameters
    ----------
    counts : int64 array, shape (n_groups, n_strata)
        Candidates; a stratum may be empty.
    wanted : int
        For each group.

    Examples
    --------
    >>> shared_out(np.array([[1, 9, 9], [2, 0, 1]]), 8).tolist()
    [[1, 4, 3], [2, 0, 1]]
    """
    takes = np.zeros_like(counts)
    left = np.minimum(counts.sum(axis=1), wanted)
    while (left > 0).any():
        free = counts - takes
        opened = free > 0
        share = left // np.maximum(opened.sum(axis=1), 1)
        # Fewer are left than strata: one each from the first
        ones = (np.cumsum(opened, axis=1) <= left[:, None]) & (share == 0)[:, None]
        more = np.where(opened, np.where(ones, 1, share[:, None]), 0)
        more = np.minimum(more, free)
        takes += more
        left -= more.sum(axis=1)
    return takes


def _random(candidates: Candidates, law: Law, name: str, wanted: int) -> Integers:  # noqa: ARG001
    return np.zeros(len(candidates.scores), dtype=np.int64)


def _top(candidates: Candidates, law: Law, name: str, wanted: int) -> Integers:
    """The best of a ranking: those of a run, or by default those of the teacher."""
    ranks = candidates.ranks
    value = -ranks[name].astype(float) if name in ranks else candidates.scores
    ranked = ranks[name] != UNRANKED if name in ranks else np.ones(len(value), bool)
    return _best(candidates, value, ranked, law.depth or wanted)


def _fusion(candidates: Candidates, law: Law, name: str, wanted: int) -> Integers:  # noqa: ARG001
    """The best by the sum of reciprocal ranks; a lone ranking joins the teacher's."""
    rankings = [*candidates.ranks.values()]
    if len(rankings) < 2:
        rankings.append(_places(candidates, candidates.scores))
    value = np.zeros(len(candidates.scores))
    for places in rankings:
        value += np.where(places == UNRANKED, 0, 1 / (FUSION_CONSTANT + 1.0 + places))
    return _best(candidates, value, value > 0, law.depth or wanted)


def _best(
    candidates: Candidates, value: Floats, ranked: Booleans, depth: int
) -> Integers:
    """One stratum of the `depth` best."""
    places = _places(candidates, np.where(ranked, value, -np.inf))
    return np.where(ranked & (places < depth), 0, CLOSED)


def _places(candidates: Candidates, value: Floats) -> Integers:
    """The place of each candidate in its group, 0 for the largest value.

    Equal ones are ordered as in trec_eval: the later row, whose docno is the larger
    one, comes first.
    """
    sizes = candidates.sizes
    order = np.lexsort((-np.arange(len(value)), -value, candidates.group))
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return places


def _equal_width(candidates: Candidates, law: Law, name: str, wanted: int) -> Integers:  # noqa: ARG001
    """Strata of equal width over the scores of the group, the highest first."""
    scores, sizes, group = candidates.scores, candidates.sizes, candidates.group
    starts = (np.cumsum(sizes) - sizes)[sizes > 0]
    if not len(starts):
        return np.zeros(0, dtype=np.int64)
    low, high = np.zeros(len(sizes)), np.zeros(len(sizes))
    low[sizes > 0] = np.minimum.reduceat(scores, starts)
    high[sizes > 0] = np.maximum.reduceat(scores, starts)
    width = np.where(high > low, high - low, 1.0)[group]
    below = (high[group] - scores) / width
    return np.minimum((below * law.strata).astype(np.int64), law.strata - 1)


def _equal_count(candidates: Candidates, law: Law, name: str, wanted: int) -> Integers:  # noqa: ARG001
    """Strata that hold equally many candidates of the group, the highest first."""
    places = _places(candidates, candidates.scores)
    return places * law.strata // np.repeat(candidates.sizes, candidates.sizes)


def _entropy(candidates: Candidates, law: Law, name: str, wanted: int) -> Integers:  # noqa: ARG001
    """One stratum: candidates whose pair with the positive has an entropy in the band.

    The entropy of a pair falls with the size of its margin, so that no temperature is
    needed to order pairs by it.
    """
    margin = np.abs(candidates.scores - candidates.positive[candidates.group])
    sizes = np.repeat(candidates.sizes, candidates.sizes)
    # Of low entropy first
    quantile = (_places(candidates, margin) + 0.5) / sizes
    low, high = law.band
    inside = (quantile >= low) & (quantile <= high) & ~np.isnan(margin)
    return np.where(inside, 0, CLOSED)


LAWS: Final[dict[str, Callable[[Candidates, Law, str, int], Integers]]] = {
    "random": _random,
    "top": _top,
    "fusion": _fusion,
    "stratified": _equal_width,
    "stratified-count": _equal_count,
    "entropy": _entropy,
}
# These look at the positive's score
NEED_POSITIVE_SCORE: Final = frozenset({"entropy"})
# These look at differences of scores, not at their order alone
NEED_SCALE: Final = frozenset({"stratified"})
