"""Theorem 10: choices made on queries that are set aside before risks are looked at.

With fifty queries the range of the scores and the stakes of the gamblers decide whether
a limit says anything. Both may be chosen on pilot queries in any way, since the limit
holds conditionally on these: the certificate is computed from the other queries.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.betting import TOP, betting, crossing
from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import Sample, checked_sample, log_union
from rankbound.bounds.wording import counted

# The score ranges B among which a pilot chooses, in temperatures.
RANGES: Final = (0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
# Below this many pilot queries a stake is moved into SHRUNK: few values say too little
# about the others to bet nearly all or nearly nothing on.
FEW: Final = 10
SHRUNK: Final = (0.05, 0.95)
# Odds rise by a tenth from stake to stake, which costs next to nothing.
STAKES: Final[NDArray[np.float64]] = 1 / (1 + np.exp(-np.linspace(-9.0, 4.6, 137)))


@dataclass(frozen=True, slots=True)
class StakeChoice:
    """The stake that a pilot sample proposes, and the limit that it expects.

    Attributes
    ----------
    stake : float
        In (0, 1), for the betting limit of the other queries.
    predicted : float
        Limit at `m` queries with this stake if they are like the pilot queries.
    n_pilot, m : int
        Queries that the choice was made on, and those that it was made for.
    shrunk : bool
        Whether the stake was moved into [0.05, 0.95], as with few pilot queries.
    """

    stake: float
    predicted: float
    n_pilot: int
    m: int
    shrunk: bool

    def sentence(self) -> str:
        """What was chosen, on which queries and for which, in plain words.

        Examples
        --------
        >>> choice = choose_stake([0.1, 0.4] * 2, low=0, high=1, m=16, delta=0.05)
        >>> print(choice.sentence())
        a stake of 0.95 for 16 queries, chosen on 4 queries set aside and moved into
        [0.05, 0.95] as these are few; if the others are like them, the limit is 0.3955
        """
        moved = " and moved into [0.05, 0.95] as these are few" if self.shrunk else ""
        return (
            f"a stake of {self.stake:.2f} for {counted(self.m, 'query')}, chosen on "
            f"{counted(self.n_pilot, 'query')} set aside{moved}; if the others are "
            f"like them, the limit is {self.predicted:.4f}"
        )


def choose_stake(
    values: ArrayLike,
    *,
    low: float,
    high: float,
    m: int,
    delta: float,
    n_students: int = 1,
) -> StakeChoice:
    """Choose the one stake that minimises the limit predicted for other queries.

    Parameters
    ----------
    values : array_like, shape (n_pilot,)
        One number per pilot query, each in [low, high].
    low, high : float
        The interval of one value.
    m : int
        Queries from which the limit will be computed, without the pilot queries.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: the limits of K students shall hold together.

    Returns
    -------
    StakeChoice
        A stake from a fixed grid of 137 between 0.0001 and 0.99, the smaller of equally
        good ones; moved into [0.05, 0.95] with fewer than 10 pilot queries.

    Raises
    ------
    DomainError
        On an empty sample, a value outside the interval, or an argument outside its
        set.

    Notes
    -----
    The limit predicted for a stake u is the mean y with ``m * mean of log(1 + u (y - x)
    / (1 - y)) = ln(K / delta)`` over the pilot values x, on the scale from 0 to 1. Any
    rule would be valid; this one is good if the other queries are like the pilot.
    Source: Theorem 10 (a).

    Examples
    --------
    >>> pilot = [0.1, 0.2, 0.3] * 4
    >>> choice = choose_stake(pilot, low=0, high=1, m=43, delta=0.05)
    >>> round(choice.stake, 2), round(choice.predicted, 3)
    (0.99, 0.258)
    >>> choose_stake([0.1], low=0, high=1, m=43, delta=0.05).stake
    0.95
    """
    sample = checked_sample(values, low=low, high=high)
    target = log_union(delta, n_students) / _checked_size(m)
    stake, predicted = _best(sample.values, target)
    shrunk = sample.n < FEW and not SHRUNK[0] <= stake <= SHRUNK[1]
    if shrunk:
        stake = float(np.clip(stake, *SHRUNK))
        predicted = _predicted(sample.values, np.array([stake]), target)
    return StakeChoice(stake, sample.restore(predicted), sample.n, m, shrunk)


def pilot_limit(
    pilot: ArrayLike,
    values: ArrayLike,
    *,
    low: float,
    high: float,
    delta: float,
    n_students: int = 1,
) -> float:
    """Upper limit of the mean by betting with the stake that other queries propose.

    Parameters
    ----------
    pilot : array_like, shape (n_pilot,)
        Values of queries that are set aside.
    values : array_like, shape (m,)
        Values of the other queries, independent of each other and of the pilot.
    low, high, delta, n_students
        As in `choose_stake`; the interval may depend on the pilot queries, too.

    Returns
    -------
    float
        A limit in [mean of `values`, high].

    Raises
    ------
    DomainError
        As `choose_stake` and `betting`.

    Notes
    -----
    Source: Theorem 10 (a).

    Examples
    --------
    >>> pilot, others = [0.1, 0.2, 0.3] * 4, [0.1, 0.2, 0.3] * 14
    >>> round(pilot_limit(pilot, others, low=0, high=1, delta=0.05), 3)
    0.259
    """
    m = int(np.asarray(values).size)
    choice = choose_stake(
        pilot, low=low, high=high, m=max(1, m), delta=delta, n_students=n_students
    )
    return betting(
        values,
        low=low,
        high=high,
        delta=delta,
        n_students=n_students,
        stakes=[choice.stake],
    )


def clipped(scores: ArrayLike, score_range: float) -> NDArray[np.float64]:
    """Scores of the clipped student: none is more than B below the best of its group.

    Parameters
    ----------
    scores : array_like, shape (..., k)
        Scores of the documents of a group, after the temperature; one group per row. A
        score of minus infinity stands for a document that the student did not return.
    score_range : float
        B > 0.

    Returns
    -------
    numpy.ndarray, shape (..., k)
        ``max(f, max f - B)``; all zeros, so all tied, where a group has no score.

    Raises
    ------
    DomainError
        If B is not positive and finite, or a score is not a number or plus infinity.

    Notes
    -----
    The student depends on the group through its best document: the limits for K fixed
    students hold for it, those for a bilinear class and those for another law do not.
    Source: Theorem 10 (b).

    Examples
    --------
    >>> clipped([[5.0, 4.5, -3.0], [1.0, -np.inf, -np.inf]], 2.0).tolist()
    [[5.0, 4.5, 3.0], [1.0, -1.0, -1.0]]
    """
    array = np.asarray(scores, dtype=np.float64)
    if not 0 < score_range < math.inf:
        raise DomainError(f"`score_range` must be positive and finite: {score_range}")
    if array.ndim == 0 or array.shape[-1] == 0 or not (array < math.inf).all():
        raise DomainError(
            "`scores` must hold at least one document a group, and numbers below "
            f"infinity, got {array}"
        )
    best = array.max(axis=-1, keepdims=True)
    raised = np.maximum(array, best - score_range)
    return np.where(np.isneginf(best), 0.0, raised)


@dataclass(frozen=True, slots=True)
class RangeChoice:
    """Temperature, score range and stake that a pilot sample proposes together.

    Attributes
    ----------
    temperature : float
        Of the student.
    score_range : float
        B, in temperatures, at which the student is clipped.
    stake : StakeChoice
        For the limit of the other queries, with its prediction in nats.
    """

    temperature: float
    score_range: float
    stake: StakeChoice


def choose_range(  # noqa: PLR0913  what makes a limit, and a grid
    risks: ArrayLike,
    *,
    temperatures: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    m: int,
    delta: float,
    n_students: int = 1,
    ranges: Sequence[float] = RANGES,
) -> RangeChoice:
    """Choose temperature and score range together, by the least predicted limit.

    Parameters
    ----------
    risks : array_like, shape (T, R, n_pilot)
        Risk in nats of each pilot query for the student at each of the T temperatures
        and clipped at each of the R ranges.
    temperatures : sequence of float
        Those of the rows.
    intervals : sequence of (float, float)
        Least and largest risk of a query at each B of `ranges`, in nats, by
        `bounds.ranges.query_range` with the c_E of all pairs of the smallest group, or
        1 for other pairs.
    m, delta, n_students
        As in `choose_stake`.
    ranges : sequence of float
        The B among which to choose, in temperatures; by default the 8 of `RANGES`.

    Returns
    -------
    RangeChoice
        The first one in the order of ranges and then of temperatures, if several
        predict the same limit.

    Raises
    ------
    DomainError
        If the shape does not fit, a risk is outside its interval, or as
        `choose_stake`.

    Notes
    -----
    As B falls to 0 every student becomes the constant one, with risk ln 2: a small B
    buys a small interval and pays with the risk. Source: Theorem 10.

    Examples
    --------
    >>> from rankbound.bounds.lemmas import query_range
    >>> intervals = [query_range(B, cut_ratio=8 / 15) for B in RANGES]
    >>> good = np.linspace(0.65, 0.35, 8)  # the more of the scores, the better
    >>> risks = np.repeat(good[None, :, None], 12, axis=2)
    >>> choice = choose_range(
    ...     risks, temperatures=[1.0], intervals=intervals, m=43, delta=0.05)
    >>> choice.score_range, round(choice.stake.predicted, 3)
    (4.0, 0.574)
    """
    found = choose_each_range(
        risks,
        temperatures=temperatures,
        intervals=intervals,
        m=m,
        delta=delta,
        n_students=n_students,
        ranges=ranges,
    )
    return min(found, key=_predicted_limit)


def choose_each_range(  # noqa: PLR0913  what makes a limit, and a grid
    risks: ArrayLike,
    *,
    temperatures: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    m: int,
    delta: float,
    n_students: int = 1,
    ranges: Sequence[float] = RANGES,
) -> tuple[RangeChoice, ...]:
    """Choose the temperature at each score range, by the least predicted limit.

    Parameters
    ----------
    risks, temperatures, intervals, m, delta, n_students, ranges
        As in `choose_range`, which takes the best of these.

    Returns
    -------
    tuple of RangeChoice
        One for each of the R ranges, in their order.

    Raises
    ------
    DomainError
        As `choose_range`.

    Notes
    -----
    Source: Theorem 10.

    Examples
    --------
    >>> from rankbound.bounds.lemmas import query_range
    >>> ranges = (1.0, 3.0)
    >>> intervals = [query_range(B, cut_ratio=8 / 15) for B in ranges]
    >>> risks = [[[0.65] * 12, [0.5] * 12], [[0.62] * 12, [0.55] * 12]]
    >>> found = choose_each_range(risks, temperatures=[1.0, 2.0], intervals=intervals,
    ...     m=43, delta=0.05, ranges=ranges)
    >>> [(choice.score_range, choice.temperature) for choice in found]
    [(1.0, 2.0), (3.0, 1.0)]
    """
    array = np.asarray(risks, dtype=np.float64)
    expected = (len(temperatures), len(ranges))
    if array.ndim != 3 or array.shape[:2] != expected or not array.size:
        raise DomainError(
            "`risks` must hold a row of pilot queries for each of "
            f"{len(temperatures)} temperatures, at least one, and {len(ranges)} "
            f"ranges, got shape {array.shape}"
        )
    if len(intervals) != len(ranges):
        raise DomainError(
            f"`intervals` must hold one pair for each of {len(ranges)} ranges, got "
            f"{len(intervals)}"
        )
    return tuple(
        min(
            (
                RangeChoice(
                    float(temperature),
                    score_range,
                    choose_stake(
                        values,
                        low=low,
                        high=high,
                        m=m,
                        delta=delta,
                        n_students=n_students,
                    ),
                )
                for temperature, values in zip(temperatures, rows, strict=True)
            ),
            key=_predicted_limit,
        )
        for score_range, (low, high), rows in zip(
            ranges, intervals, array.swapaxes(0, 1), strict=True
        )
    )


def common_range(
    choices: Sequence[Sequence[RangeChoice]],
) -> tuple[RangeChoice, ...]:
    """The choices of several students at one score range that they have in common.

    Parameters
    ----------
    choices : sequence of sequence of RangeChoice
        For each student its choice at each of the same ranges, in the same order, as
        by `choose_each_range`.

    Returns
    -------
    tuple of RangeChoice
        For each student its choice at the range at which the predicted limits are
        least on average; the first such range.

    Raises
    ------
    DomainError
        If there is no choice, or the ranges of the students differ.

    Notes
    -----
    Losses of two students lie in one interval only if both are clipped at the same B
    (Theorem 11 (a)). Any rule that uses pilot queries alone is valid; this one lets no
    student decide alone. Source: Theorem 10.

    Examples
    --------
    >>> stake = choose_stake([0.3] * 12, low=0, high=1, m=43, delta=0.05)
    >>> worse = choose_stake([0.6] * 12, low=0, high=1, m=43, delta=0.05)
    >>> first = [RangeChoice(1.0, 2.0, stake), RangeChoice(1.5, 4.0, worse)]
    >>> second = [RangeChoice(2.0, 2.0, worse), RangeChoice(2.5, 4.0, worse)]
    >>> [(found.score_range, found.temperature) for found in
    ...     common_range([first, second])]
    [(2.0, 1.0), (2.0, 2.0)]
    """
    grids = {tuple(choice.score_range for choice in row) for row in choices}
    if len(grids) != 1 or grids == {()}:
        raise DomainError(
            "`choices` must hold one choice for each of the same score ranges for "
            f"every student, got ranges {sorted(grids)}"
        )
    sums = [
        math.fsum(choice.stake.predicted for choice in column)
        for column in zip(*choices, strict=True)
    ]
    best = sums.index(min(sums))
    return tuple(row[best] for row in choices)


def _predicted_limit(choice: RangeChoice) -> float:
    return choice.stake.predicted


def _best(values: NDArray[np.float64], target: float) -> tuple[float, float]:
    """Stake with the least predicted limit on [0, 1], and that limit."""
    predicted = _predicted(values, STAKES, target)
    place, _ = _fastest(values, STAKES, min(predicted, TOP))
    return float(STAKES[place]), predicted


def _predicted(
    values: NDArray[np.float64], stakes: NDArray[np.float64], target: float
) -> float:
    """Mean at which the best of the stakes grows by the target a query."""

    def surplus(mean: float) -> float:
        return _fastest(values, stakes, mean)[1] - target

    return crossing(surplus, Sample(values, 0.0, 1.0).mean, TOP)


def _fastest(
    values: NDArray[np.float64], stakes: NDArray[np.float64], mean: float
) -> tuple[int, float]:
    """The stake at which the capital grows most, the first of equal ones, and how much.

    The growth, a mean of logarithms, is concave in the stake: halving finds its top.
    """
    gains = (mean - values) / (1 - mean)

    @cache
    def growth(place: int) -> float:
        """Mean logarithm of a factor of the capital."""
        return float(np.log1p(stakes[place] * gains).mean())

    low, high = 0, len(stakes) - 1
    while low < high:
        middle = (low + high) // 2
        if growth(middle + 1) > growth(middle):
            low = middle + 1
        else:
            high = middle
    # Near the top, neighbours differ by no more than rounding
    near = range(max(0, low - 2), min(len(stakes), low + 3))
    best = max(near, key=growth)
    return best, growth(best)


def _checked_size(m: int) -> int:
    if m < 1:
        raise DomainError(f"`m` must be at least one query, got {m}")
    return m
