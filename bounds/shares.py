"""Theorem 8: on how many queries, instead of by how much on average.

A count of queries is binomial, whatever the range of the risks, so the share of all
queries has an exact lower limit by Clopper and Pearson. It needs no bound of the scores
and says something with thirty queries, where the limit of a mean seldom does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, betainc, betaincinv

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.wording import counted, percent_at_least, plural

LN2: Final = math.log(2)
# The mean of 28 copies of log 2 is below log 2; "below" means by more than this.
TOLERANCE: Final = 1e-9


def share_limit(count: int, n: int, *, delta: float, n_students: int = 1) -> float:
    """Lower limit of a share of all queries from how many of n queries have a property.

    Parameters
    ----------
    count : int
        Queries of the sample that have the property, from 0 to n.
    n : int
        Independent queries.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: the limits of K students hold together.

    Returns
    -------
    float
        The Clopper-Pearson limit in [0, 1): the share at which `count` or more
        queries have the property with probability ``delta / K``; 0 for a count of 0.

    Raises
    ------
    DomainError
        If the count is not an integer from 0 to n, or another argument is outside its
        set.

    Notes
    -----
    The ``delta / K`` quantile of the beta law with parameters `count` and
    ``n - count + 1``. Source: Theorem 8 (a); Clopper and Pearson (1934).

    Examples
    --------
    >>> round(share_limit(35, 43, delta=0.05), 4)
    0.6893
    >>> round(share_limit(10, 10, delta=0.05), 6)  # 0.05 ** (1 / 10)
    0.741134
    """
    if n < 1 or not 0 <= count <= n or int(count) != count:
        raise DomainError(
            f"`count` must be a whole number from 0 to `n`, at least one query, got "
            f"{count} of {n}"
        )
    if count == 0:
        return 0.0
    return float(betaincinv(count, n - count + 1, _each(delta, n_students)))


@dataclass(frozen=True, slots=True)
class ShareCertificate:
    """On how many queries a student's risk is below a threshold, with a lower limit.

    Attributes
    ----------
    below, of : int
        Queries of the sample whose risk is below the threshold, and all of them.
    at_least : float
        Lower limit of the share among all queries, in [0, 1).
    threshold : float
        In nats, fixed in advance; ln 2 is the risk of guessing.
    n_students : int
        Students for which the limits hold together.
    delta : float
        Failure probability.
    """

    below: int
    of: int
    at_least: float
    threshold: float
    n_students: int
    delta: float

    @property
    def most(self) -> bool:
        """Whether the risk is certified to be below the threshold on most queries."""
        return self.at_least > 0.5

    def sentence(self, noun: str = "query") -> str:
        """The certificate in plain words; `noun` is what the risks are those of.

        Examples
        --------
        >>> certify_share([0.5] * 35 + [0.9] * 8, delta=0.05).sentence()
        'on at least 68.9 % of queries this student beats guessing (35 of 43)'
        """
        what = (
            "this student beats guessing"
            if self.threshold == LN2
            else f"the risk is at most {self.threshold:.4g} nats"
        )
        share = _percent(self.at_least)
        mean = "" if noun == "query" else ", by its mean over their queries"
        counts = f"{self.below:,} of {self.of:,}"
        return f"on at least {share} of {plural(noun)} {what}{mean} ({counts})"


def certify_share(
    risk: ArrayLike, *, delta: float, n_students: int = 1, threshold: float = LN2
) -> ShareCertificate:
    """Certify the share of queries on which a student's risk is below a threshold.

    Parameters
    ----------
    risk : array_like, shape (n,)
        Risk of each query in nats, independent over queries; any range will do.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: certificates of K students that shall hold together.
    threshold : float
        x in nats, fixed without the sample. A risk counts as below if it is at most
        ``x - 1e-9``, so that rounding cannot make guessing look better than guessing.

    Returns
    -------
    ShareCertificate

    Raises
    ------
    DomainError
        If there is no query, a risk is not finite, or an argument is outside its set.

    Notes
    -----
    The statement is about the student that the risks are of, clipped or not, and about
    fresh draws of a query with its group. Source: Theorem 8 (a).

    Examples
    --------
    >>> made = certify_share([0.5] * 29 + [0.9] * 14, delta=0.05)
    >>> made.below, made.of, round(made.at_least, 3), made.most
    (29, 43, 0.539, True)
    """
    values = _finite(risk, "risk")
    if not math.isfinite(threshold):
        raise DomainError(f"`threshold` must be finite, got {threshold}")
    below = int((values <= threshold - TOLERANCE).sum())
    limit = share_limit(below, values.size, delta=delta, n_students=n_students)
    return ShareCertificate(below, values.size, limit, threshold, n_students, delta)


def tolerance_rank(
    n_queries: int, *, level: float, delta: float, n_students: int = 1
) -> int:
    """Rank, from 1, of the risk that is not exceeded on a share `level` of all queries.

    Parameters
    ----------
    n_queries : int
        Independent queries.
    level : float
        The share in (0, 1) of queries that the value of this rank has to cover.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: the limits of K students hold together.

    Returns
    -------
    int
        The least r with ``P(Bin(n, level) <= r - 1) >= 1 - delta / K``.

    Raises
    ------
    DomainError
        If there is none, since there are fewer than `queries_for_tolerance` queries.

    Notes
    -----
    Holds for every law, with atoms. Source: Theorem 8 (b); Wilks (1941).

    Examples
    --------
    >>> tolerance_rank(29, level=0.9, delta=0.05), tolerance_rank(
    ...     100, level=0.9, delta=0.05)
    (29, 96)
    """
    least = queries_for_tolerance(level=level, delta=delta, n_students=n_students)
    if n_queries < least:
        raise DomainError(
            f"a tolerance limit for {level:.6g} of the queries needs at least "
            f"{counted(least, 'query')} at failure probability {delta} and K = "
            f"{n_students}, got {n_queries}; lower `level` or raise `delta`"
        )
    ranks = np.arange(1, n_queries + 1)
    covered = bdtr(ranks - 1.0, n_queries, level)
    good = covered >= (1 - _each(delta, n_students)) * (1 - 1e-14)
    return int(ranks[good][0]) if good.any() else n_queries


def queries_for_tolerance(*, level: float, delta: float, n_students: int = 1) -> int:
    """Least number of queries from which a tolerance limit exists.

    Parameters and errors are those of `tolerance_rank`.

    Notes
    -----
    The least n with ``level**n <= delta / K``. Source: Theorem 8 (b).

    Examples
    --------
    >>> [queries_for_tolerance(level=0.9, delta=0.05, n_students=k) for k in (1, 3, 12)]
    [29, 39, 53]
    """
    if not 0 < level < 1:
        raise DomainError(f"`level` must lie in (0, 1), got {level}; try 0.9")
    ratio = math.log(1 / _each(delta, n_students)) / math.log(1 / level)
    return max(1, math.ceil(ratio * (1 - 1e-14)))


@dataclass(frozen=True, slots=True)
class ToleranceLimit:
    """A risk that is not exceeded on all but a share of the queries.

    Attributes
    ----------
    value : float or None
        In nats; None with fewer than `n_needed` queries.
    level : float
        The share of queries whose risk is at most `value`.
    n_queries, n_needed : int
        Queries of the sample, and the least number from which there is a limit.
    n_students : int
        Students for which the limits hold together.
    delta : float
        Failure probability.
    """

    value: float | None
    level: float
    n_queries: int
    n_needed: int
    n_students: int
    delta: float

    def sentence(self, noun: str = "query") -> str:
        """The limit in plain words; `noun` is what the risks are those of.

        Examples
        --------
        >>> tolerance_limit([0.4] * 40, level=0.9, delta=0.05).sentence()
        'at least 90 % of queries have a risk of at most 0.4000 nats'
        >>> tolerance_limit([0.4] * 20, level=0.9, delta=0.05).sentence()
        'a limit for 90 % of queries needs 29 queries, and there are 20'
        """
        share = f"{100 * self.level:.6g} %"
        if self.value is None:
            needed = counted(self.n_needed, noun)
            return (
                f"a limit for {share} of {plural(noun)} needs {needed}, and there are "
                f"{self.n_queries:,}"
            )
        mean = "a" if noun == "query" else "a mean"
        return (
            f"at least {share} of {plural(noun)} have {mean} risk of at most "
            f"{self.value:.4f} nats"
        )


def tolerance_limit(
    risk: ArrayLike, *, level: float = 0.9, delta: float, n_students: int = 1
) -> ToleranceLimit:
    """Tolerance limit of the risk of one query, by an order statistic.

    Parameters
    ----------
    risk : array_like, shape (n,)
        Risk of each query in nats, independent over queries; any range will do.
    level, delta, n_students
        As in `tolerance_rank`.

    Returns
    -------
    ToleranceLimit
        Without a value where the sample is too small.

    Raises
    ------
    DomainError
        If there is no query, a risk is not finite, or an argument is outside its set.

    Notes
    -----
    Source: Theorem 8 (b); Wilks (1941).

    Examples
    --------
    >>> tolerance_limit(range(100), level=0.9, delta=0.05).value
    95.0
    """
    values = np.sort(_finite(risk, "risk"))
    needed = queries_for_tolerance(level=level, delta=delta, n_students=n_students)
    value = None
    if values.size >= needed:
        rank = tolerance_rank(
            values.size, level=level, delta=delta, n_students=n_students
        )
        value = float(values[rank - 1])
    return ToleranceLimit(value, level, values.size, needed, n_students, delta)


@dataclass(frozen=True, slots=True)
class Direction:
    """In which share of queries a quantity rises, and in which it falls.

    Attributes
    ----------
    rises, falls, of : int
        Queries in which it rises and falls by more than the tolerance, and all.
    share_rising, share_falling : tuple of float
        Exact intervals of the two shares among all queries; they hold together. No
        change counts against both sides: it raises neither lower limit.
    tolerance : float
        A difference of at most this size is no change.
    n_comparisons : int
        Comparisons whose intervals hold together.
    delta : float
        Failure probability, half of which each side spends.
    """

    rises: int
    falls: int
    of: int
    share_rising: tuple[float, float]
    share_falling: tuple[float, float]
    tolerance: float
    n_comparisons: int
    delta: float

    @property
    def certain(self) -> Literal["rises", "falls", ""]:
        """Which way most queries go: "rises", "falls", or "" if that is open."""
        if self.share_rising[0] > 0.5:
            return "rises"
        return "falls" if self.share_falling[0] > 0.5 else ""

    @property
    def of_changed(self) -> tuple[float, float]:
        """Exact interval of the share that rises, of the queries in which it changes.

        (0, 1) if it changes in none. Both ends hold with probability at least 1 -
        delta, whatever the law of the differences.

        Examples
        --------
        >>> found = direction([0.1] * 30 + [0.0] * 40 + [-0.1] * 10, delta=0.05)
        >>> [round(end, 3) for end in found.of_changed]
        [0.588, 0.873]
        """
        changed = self.rises + self.falls
        if not changed:
            return 0.0, 1.0
        least, rest = (
            share_limit(
                count, changed, delta=self.delta / 2, n_students=self.n_comparisons
            )
            for count in (self.rises, self.falls)
        )
        return least, 1 - rest

    @property
    def mostly(self) -> Literal["higher", "lower", ""]:
        """Which way most queries go of those in which it changes; "" if that is open.

        Examples
        --------
        >>> direction([0.1] * 30 + [0.0] * 40 + [-0.1] * 10, delta=0.05).mostly
        'higher'
        """
        least, most = self.of_changed
        return "higher" if least > 0.5 else "lower" if most < 0.5 else ""

    @property
    def p(self) -> float:
        """Two-sided p-value of the sign test: as many queries rise as fall.

        Examples
        --------
        >>> direction([0.1] * 9 + [0.0] + [-0.1], delta=0.05).p  # 2 * 11 / 2**10
        0.021484375
        """
        return sign_p_value(self.rises, self.falls)

    def mostly_sentence(self, noun: str = "query") -> str:
        """The direction where it changes; `noun` is what the differences are those of.

        Examples
        --------
        >>> direction([0.1] * 35 + [-0.1] * 8, delta=0.05).mostly_sentence()
        'higher on most queries that change: on at least 66.5 % of them (35 of 43)'
        >>> direction([0.1, -0.1], delta=0.05).mostly_sentence()
        'of the queries that change, whether most rise or fall is open (1 and 1)'
        """
        many = plural(noun)
        if not self.mostly:
            return (
                f"of the {many} that change, whether most rise or fall is open "
                f"({self.rises:,} and {self.falls:,})"
            )
        higher = self.mostly == "higher"
        least = self.of_changed[0] if higher else 1 - self.of_changed[1]
        count = self.rises if higher else self.falls
        return (
            f"{self.mostly} on most {many} that change: on at least "
            f"{_percent(least)} of them ({count:,} of "
            f"{self.rises + self.falls:,})"
        )

    def sentence(self, noun: str = "query") -> str:
        """The directions in plain words; `noun` is what the differences are those of.

        Examples
        --------
        >>> direction([-1.0] * 76, delta=0.05).sentence()
        'it falls in at least 95.2 % of queries (76 of 76)'
        >>> direction([-1.0, 1.0], delta=0.05).sentence()
        'whether it rises or falls in most queries is open (1 and 1 of 2)'
        """
        if not self.certain:
            return (
                f"whether it rises or falls in most {plural(noun)} is open "
                f"({self.rises} and {self.falls} of {self.of})"
            )
        rises = self.certain == "rises"
        least, _ = self.share_rising if rises else self.share_falling
        count = self.rises if rises else self.falls
        return (
            f"it {self.certain} in at least {_percent(least)} of "
            f"{plural(noun)} ({count} of {self.of})"
        )


def sign_p_value(rises: int, falls: int) -> float:
    """Two-sided p-value of the sign test.

    Parameters
    ----------
    rises, falls : int
        Queries in which a quantity rises and falls, at least 0; others do not count.

    Returns
    -------
    float
        In (0, 1]: twice the probability that at least as many of ``rises + falls`` fair
        coins fall on one side as on the more frequent one, and at most 1.

    Raises
    ------
    DomainError
        If a count is no whole number of at least 0.

    Notes
    -----
    Exact for independent queries, given how many of them change, if a query that
    changes rises as often as it falls, in particular if the two sides of each
    difference are exchangeable. It is at most delta where the Clopper-Pearson interval
    of the share at level 1 - delta leaves one half out, and nowhere else. Source:
    Theorem 8 (c).

    Examples
    --------
    >>> sign_p_value(9, 1), sign_p_value(3, 3), sign_p_value(0, 0)
    (0.021484375, 1.0, 1.0)
    """
    for count in (rises, falls):
        if count < 0 or int(count) != count:
            raise DomainError(f"counts must be whole numbers of at least 0: {count}")
    most, changed = max(rises, falls), rises + falls
    if 2 * most == changed:
        return 1.0
    return min(1.0, 2 * float(betainc(most, changed - most + 1, 0.5)))


def rising_share(
    differences: ArrayLike,
    *,
    delta: float,
    n_comparisons: int = 1,
    tolerance: float = TOLERANCE,
) -> float:
    """Lower limit of the share of queries in which a quantity rises, at ``delta / 2``.

    Parameters and errors are those of `direction`. That of the share in which it falls
    is the one of the negative differences, and both hold together at `delta`.

    Notes
    -----
    Source: Theorem 8 (c).

    Examples
    --------
    >>> round(rising_share([1.0] * 76, delta=0.05), 3)
    0.953
    """
    values = _finite(differences, "differences")
    if not 0 <= tolerance < math.inf:
        raise DomainError(f"`tolerance` must be at least 0, got {tolerance}")
    count = int((values > tolerance).sum())
    half = checked_delta(delta) / 2
    return share_limit(count, values.size, delta=half, n_students=n_comparisons)


def direction(
    differences: ArrayLike,
    *,
    delta: float,
    n_comparisons: int = 1,
    tolerance: float = TOLERANCE,
) -> Direction:
    """Intervals of the shares of queries in which a quantity rises and falls.

    Parameters
    ----------
    differences : array_like, shape (n,)
        One paired difference per query, independent over queries; any range will do.
    delta : float
        Failure probability in (0, 1), half for each side.
    n_comparisons : int
        Comparisons whose intervals shall hold together (Bonferroni).
    tolerance : float
        Differences of at most this size, fixed in advance, are no change.

    Returns
    -------
    Direction

    Raises
    ------
    DomainError
        If there is no difference, one is not finite, or an argument is outside its set.

    Notes
    -----
    A share is no mean: a quantity may rise in most queries and fall on average.
    Source: Theorem 8 (c).

    Examples
    --------
    >>> found = direction([0.1] * 60 + [0.0] * 10 + [-0.1] * 6, delta=0.05)
    >>> found.rises, found.falls, found.of, found.certain
    (60, 6, 76, 'rises')
    >>> [round(end, 3) for end in found.share_rising]
    [0.681, 0.97]
    """
    values = _finite(differences, "differences")
    up, down = (
        rising_share(
            signed, delta=delta, n_comparisons=n_comparisons, tolerance=tolerance
        )
        for signed in (values, -values)
    )
    return Direction(
        rises=int((values > tolerance).sum()),
        falls=int((values < -tolerance).sum()),
        of=values.size,
        share_rising=(up, 1 - down),
        share_falling=(down, 1 - up),
        tolerance=tolerance,
        n_comparisons=n_comparisons,
        delta=delta,
    )


def _percent(share: float) -> str:
    return percent_at_least(share).replace("%", " %")


def _each(delta: float, n_students: int) -> float:
    if n_students < 1:
        raise DomainError(f"the number of limits must be at least 1, got {n_students}")
    return checked_delta(delta) / n_students


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise DomainError(
            f"`{name}` must hold one finite number per query and at least one query, "
            f"got {array}"
        )
    return array
