"""Theorem 11: which of several students may be the best, on the same queries.

The risks of two students on one query differ by at most the width of their range in
either direction, so a lower limit of the difference of their means needs no entropy. A
student is excluded as best when it is certainly worse than some other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.betting import betting, checked_stakes, compressed, stake_grid
from rankbound.bounds.errors import DomainError
from rankbound.bounds.pilot import choose_stake
from rankbound.bounds.samples import checked_delta, checked_sample
from rankbound.bounds.wording import counted

Floats = NDArray[np.float64]


def difference_limit(
    worse: ArrayLike,
    better: ArrayLike,
    *,
    width: float,
    delta: float,
    n_students: int = 2,
    stake: float | None = None,
) -> float:
    """Lower limit of the difference of the risks of two students, in nats.

    Parameters
    ----------
    worse, better : array_like, shape (n,)
        Risks of both students on the same n independent queries, in nats.
    width : float
        w > 0, the width of the interval that the risks of one query lie in, the same
        for both students (Lemma 2c with one B).
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K >= 2: the limits of one student against all others hold together.
    stake : float, optional
        In (0, 1), fixed without these queries, as by `pair_stakes`; a grid of stakes
        by default.

    Returns
    -------
    float
        Limit for risk of `worse` less risk of `better`, at failure probability
        ``delta / (K - 1)``, in [-w, the difference of the means].

    Raises
    ------
    DomainError
        If the sizes differ, two risks of a query are more than the width apart, or an
        argument is outside its set.

    Notes
    -----
    Source: Theorem 11 (b).

    Examples
    --------
    >>> round(difference_limit([0.6] * 50, [0.3] * 50, width=1.0, delta=0.05), 3)
    0.201
    """
    first, second = (np.asarray(row, dtype=np.float64) for row in (worse, better))
    _check_pair(first, second, width)
    # the upper limit of better less worse, turned around
    return -betting(
        np.clip(second - first, -width, width),
        low=-width,
        high=width,
        delta=checked_delta(delta) / _others(n_students),
        stakes=None if stake is None else [stake],
    )


@dataclass(frozen=True, slots=True)
class Contenders:
    """Which of K students cannot be excluded as the one with the least risk.

    Attributes
    ----------
    remaining : tuple of int
        Positions of the students that cannot be excluded, in order. Any student with
        the least risk is among them with probability at least ``1 - delta``.
    excluded_by : tuple of (int or None)
        For each student the one that gives the strongest evidence that it is worse;
        None where it remains.
    p_values : tuple of float
        For each student of the hypothesis that it is a best one; excluded if below
        delta.
    n_queries : int
        Queries that all students were measured on.
    delta : float
        Chance that a given best student is excluded, at most.
    """

    remaining: tuple[int, ...]
    excluded_by: tuple[int | None, ...]
    p_values: tuple[float, ...]
    n_queries: int
    delta: float

    def sentence(self) -> str:
        """How many students are left, in plain words.

        Examples
        --------
        >>> found = contenders([[0.3] * 50, [0.6] * 50], width=1.0, delta=0.05)
        >>> found.sentence()
        '1 of 2 students cannot be excluded as best'
        """
        students = counted(len(self.excluded_by), "student")
        return f"{len(self.remaining)} of {students} cannot be excluded as best"


def contenders(
    risks: ArrayLike, *, width: float, delta: float, stakes: ArrayLike | None = None
) -> Contenders:
    """Exclude every student that is certainly worse than some other.

    Parameters
    ----------
    risks : array_like, shape (K, n)
        Risk of each of K >= 2 students on the same n independent queries, in nats.
    width : float
        w > 0, the width of the interval that the risks of one query lie in, the same
        for all students, so with one B.
    delta : float
        Failure probability in (0, 1).
    stakes : array_like, shape (K, K), optional
        The stake of row i and column j bets that student i is worse than student j;
        the diagonal is not used. Fixed without these queries, as by `pair_stakes`; a
        grid of stakes by default.

    Returns
    -------
    Contenders

    Raises
    ------
    DomainError
        If there are fewer than two students, two risks of a query are more than the
        width apart, or an argument is outside its set.

    Notes
    -----
    Student i is excluded when for some j the lower limit of its risk less that of j, at
    ``delta / (K - 1)``, is above 0. Naming the pairs takes all K (K - 1) of them, and
    more than this. Source: Theorem 11 (b).

    Examples
    --------
    >>> risks = [[0.3] * 60, [0.32] * 60, [0.7] * 60]
    >>> found = contenders(risks, width=1.0, delta=0.05)
    >>> found.remaining, found.excluded_by
    ((0, 1), (None, None, 0))
    """
    array = _checked_students(risks)
    count, n = array.shape
    share = checked_delta(delta) / _others(count)
    table = None if stakes is None else np.asarray(stakes, dtype=np.float64)
    if table is not None and table.shape != (count, count):
        raise DomainError(
            f"`stakes` must hold one stake for each of {count} x {count} pairs, got "
            f"shape {table.shape}"
        )
    logs = np.full((count, count), -math.inf)
    for i, j in zip(*np.nonzero(~np.eye(count, dtype=bool)), strict=True):
        grid = stake_grid(n, share)
        if table is not None:
            grid = checked_stakes(table[i, j, None])
        logs[i, j] = _evidence(array[i], array[j], width, grid)
    best = logs.argmax(axis=1)
    evidence = logs.max(axis=1) + math.log(share)  # above 0 where it is enough
    excluded = evidence > 0
    return Contenders(
        remaining=tuple(np.flatnonzero(~excluded).tolist()),
        excluded_by=tuple(
            int(j) if out else None for j, out in zip(best, excluded, strict=True)
        ),
        p_values=tuple(
            float(min(1.0, delta * math.exp(-max(value, -700.0)))) for value in evidence
        ),
        n_queries=n,
        delta=delta,
    )


def pair_stakes(risks: ArrayLike, *, width: float, m: int, delta: float) -> Floats:
    """Stakes for `contenders`, chosen on pilot queries.

    Parameters
    ----------
    risks : array_like, shape (K, n_pilot)
        Risk of each student on the same pilot queries, in nats.
    width, delta
        As in `contenders`.
    m : int
        Queries on which the students will be compared, without the pilot queries.

    Returns
    -------
    numpy.ndarray, shape (K, K)
        For every ordered pair the stake of `choose_stake` on the differences; 0.5 on
        the diagonal, which is not used.

    Raises
    ------
    DomainError
        As `contenders`.

    Notes
    -----
    Source: Theorem 10 (a) for the differences.

    Examples
    --------
    >>> pilot = [[0.1, 0.9] * 10, [0.4, 0.8] * 10]
    >>> pair_stakes(pilot, width=1.0, m=2000, delta=0.05).round(2).tolist()
    [[0.5, 0.25], [0.29, 0.5]]
    """
    array = _checked_students(risks)
    count = len(array)
    found = np.full((count, count), 0.5)
    share = checked_delta(delta) / _others(count)
    for i, j in zip(*np.nonzero(~np.eye(count, dtype=bool)), strict=True):
        _check_pair(array[i], array[j], width)
        choice = choose_stake(
            np.clip(array[j] - array[i], -width, width),
            low=-width,
            high=width,
            m=m,
            delta=share,
        )
        found[i, j] = choice.stake
    return found


def _evidence(worse: Floats, better: Floats, width: float, stakes: Floats) -> float:
    """Log of the capital against "the first is not worse", so a mean of zero."""
    _check_pair(worse, better, width)
    differences = np.clip(better - worse, -width, width)
    sample = checked_sample(differences, low=-width, high=width)
    return compressed(sample.values).log_capital(stakes, 0.5)


def _check_pair(first: Floats, second: Floats, width: float) -> None:
    if first.shape != second.shape or first.ndim != 1 or first.size == 0:
        raise DomainError(
            "two students need one risk each for the same queries, got shapes "
            f"{first.shape} and {second.shape}"
        )
    if not 0 < width < math.inf:
        raise DomainError(f"`width` must be positive and finite, got {width}")
    checked_sample(first - second, low=-width, high=width)


def _checked_students(risks: ArrayLike) -> Floats:
    array = np.asarray(risks, dtype=np.float64)
    if array.ndim != 2 or len(array) < 2 or array.shape[1] == 0:
        raise DomainError(
            "`risks` must hold a row of queries for each of at least two students, got "
            f"shape {array.shape}"
        )
    return array


def _others(n_students: int) -> int:
    if n_students < 2:
        raise DomainError(
            f"a comparison needs at least 2 students, got {n_students}; a student "
            "alone is the best one"
        )
    return n_students - 1
