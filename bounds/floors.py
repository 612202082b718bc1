"""Theorem 9: how low a limit can be at all with so many queries.

A sample of m queries says little about what fewer than one query in m does. So every
limit has a floor above the sample mean, which only more queries or a smaller range
lower. Printed beside a limit, it says whether a better method could have helped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta, log_union
from rankbound.bounds.wording import counted, plural

LN2: Final = math.log(2)
MOST_QUERIES: Final = 10**12


def least_limit(
    mean: float, n: int, *, high: float, delta: float, n_students: int = 1
) -> float:
    """Floor of every limit offered here, given the sample mean.

    Parameters
    ----------
    mean : float
        Sample mean, at most `high`.
    n : int
        Independent queries.
    high : float
        Largest value of one query, z_+ of Lemma 2c for a risk.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: the limits of K students hold together.

    Returns
    -------
    float
        In [mean, high]. The betting limit with any stakes, the kl limit, Hoeffding's,
        the empirical Bernstein and the split limit of this sample are not below it.

    Raises
    ------
    DomainError
        If the mean exceeds `high` or another argument is outside its set.

    Notes
    -----
    ``mean + e (high - mean)`` with ``e = 1 - (delta / K)**(1 / n)``. Other rules may
    be lower on some samples; `median_floor` says how often. Source: Theorem 9 (a).

    Examples
    --------
    >>> round(least_limit(0.0, 10, high=1.0, delta=0.05), 6)  # the kl limit
    0.258866
    >>> round(least_limit(0.45, 43, high=1.56, delta=0.05), 3)
    0.525
    """
    _check(mean, n, high)
    share = -math.expm1(-log_union(delta, n_students) / n)
    return min(high, mean + share * (high - mean))


def median_floor(risk: float, n: int, *, high: float, delta: float) -> float:
    """Floor of the median of any rule that is valid for all laws, by the true mean.

    Parameters
    ----------
    risk : float
        True mean of the law from which the n queries come, at most `high`.
    n, high, delta
        As in `least_limit`, with delta below 1/2, for one student.

    Returns
    -------
    float
        In [risk, high]. A rule whose limit misses with probability at most delta
        whatever the law in [low, high] gives less than this with probability at most
        one half.

    Raises
    ------
    DomainError
        If delta is not below 1/2, or as `least_limit`.

    Notes
    -----
    ``risk + e (high - risk)`` with ``e = 1 - (2 delta)**(1 / n)``. Source: Theorem 9
    (b).

    Examples
    --------
    >>> round(median_floor(0.45, 43, high=1.56, delta=0.05), 3)
    0.508
    """
    _check(risk, n, high)
    if checked_delta(delta) >= 0.5:
        raise DomainError(
            f"`delta` must be below 1/2, got {delta}: a rule that may miss half of the "
            "time has no floor of its median; try 0.05"
        )
    return min(high, risk - math.expm1(math.log(2 * delta) / n) * (high - risk))


def queries_for_floor(
    mean: float,
    *,
    high: float,
    delta: float,
    n_students: int = 1,
    threshold: float = LN2,
) -> int | None:
    """Least number of queries from which the floor is below a threshold.

    Parameters
    ----------
    mean, high, delta, n_students
        As in `least_limit`; the mean is taken to stay what it is.
    threshold : float
        The value to get below; ln 2, the risk of guessing, in nats.

    Returns
    -------
    int or None
        None if the mean is not below the threshold, where no number is enough. With
        fewer queries no limit offered here can be below the threshold; with as many,
        one may be.

    Raises
    ------
    DomainError
        As `least_limit`.

    Notes
    -----
    The floor is below x exactly if n exceeds
    ``ln(K / delta) / ln((high - mean) / (high - x))``. Source: Theorem 9 (a).

    Examples
    --------
    >>> queries_for_floor(0.45, high=5.66, delta=0.05)
    63
    >>> queries_for_floor(0.7, high=5.66, delta=0.05) is None
    True
    """
    _check(mean, 1, high)
    log_term = log_union(delta, n_students)
    if mean >= threshold:
        return None
    if threshold >= high:
        return 1
    n = max(1, math.floor(log_term / math.log((high - mean) / (high - threshold))))
    options = {"high": high, "delta": delta}
    while least_limit(mean, n, n_students=n_students, **options) >= threshold:
        n += 1
    return n


@dataclass(frozen=True, slots=True)
class Floor:
    """How low a limit can be on a sample, and with how many queries it says more.

    Attributes
    ----------
    value : float
        No limit offered here is below this on the sample, in the unit of the values.
    n_needed : int or None
        Least number of queries from which `value` is below the trivial one; None if no
        number is enough.
    median : float or None
        Any rule that is valid for all laws is below this at most half of the time, were
        the true mean that of the sample; None where no such number is known.
    median_n_needed : int or None
        The same as `n_needed`, of `median`.
    trivial : float
        What a limit has to be below to say something; ln 2 for a risk in nats.
    """

    value: float
    n_needed: int | None
    median: float | None
    median_n_needed: int | None
    trivial: float = LN2

    @property
    def vacuous(self) -> bool:
        """Whether no limit offered here can be below the trivial value."""
        return self.value >= self.trivial

    def sentence(self, noun: str = "query") -> str:
        """The floor of a risk in words; `noun` is what the sample is one of.

        Examples
        --------
        >>> print(floor_of(0.45, 43, high=5.66, delta=0.05).sentence())
        none of the limits offered here can be below 0.8006 nats on this sample; from
        63 queries on one may be below ln 2 = 0.6931
        """
        return floor_sentence(self.value, self.n_needed, noun=noun)


def floor_sentence(
    value: float,
    n_needed: int | None,
    *,
    where: str = "on this sample",
    noun: str = "query",
) -> str:
    """The sentence of a `Floor` of a risk, from its numbers.

    Examples
    --------
    >>> floor_sentence(0.75, None, where="at these means")
    'none of the limits offered here can be below 0.7500 nats at these means; no number
    of queries helps while the risk is not below ln 2'
    """
    least = rounded_down(value)
    start = f"none of the limits offered here can be below {least} nats {where}; "
    if n_needed is None:
        return (
            f"{start}no number of {plural(noun)} helps while the risk is not below ln 2"
        )
    needed = counted(n_needed, noun)
    return f"{start}from {needed} on one may be below ln 2 = {LN2:.4f}"


def rounded_down(value: float) -> str:
    """A floor with four digits, rounded down, since a limit may equal it.

    Examples
    --------
    >>> rounded_down(0.12349)
    '0.1234'
    """
    return f"{math.floor(1e4 * value) / 1e4:.4f}"


def floor_of(
    mean: float,
    n: int,
    *,
    high: float,
    delta: float,
    n_students: int = 1,
    trivial: float = LN2,
) -> Floor:
    """Floor of the limits of a mean, and of the median of any rule, with their queries.

    Parameters and errors are those of `least_limit`; a mean above `high` by rounding is
    taken for `high`. `trivial` is what a limit has to be below to say something.

    Examples
    --------
    >>> made = floor_of(0.45, 100, high=5.66, delta=0.05)
    >>> round(made.value, 3), made.vacuous, made.n_needed, made.median_n_needed
    (0.604, False, 63, 49)
    """
    mean = min(mean, high) if mean <= high * (1 + 1e-9) else mean
    each = checked_delta(delta) / n_students
    median = half = None
    if each < 0.5:
        median = median_floor(mean, n, high=high, delta=each)
        half = queries_for_floor(mean, high=high, delta=2 * each, threshold=trivial)
    options = {"high": high, "delta": delta}
    return Floor(
        least_limit(mean, n, n_students=n_students, **options),
        queries_for_floor(mean, n_students=n_students, threshold=trivial, **options),
        median,
        half,
        trivial,
    )


def combined_floor(
    parts: Sequence[tuple[float, float]],
    n: int,
    combine: Callable[..., float],
    *,
    delta: float,
    n_students: int = 1,
    trivial: float = LN2,
) -> Floor:
    """Floor of a limit that is computed from several limits of means.

    Parameters
    ----------
    parts : sequence of (float, float)
        Mean and largest value of each part.
    n : int
        Independent queries.
    combine : callable
        Of a limit of each part; it rises in each of them.
    delta : float
        Failure probability of the limit of one part.
    n_students, trivial
        As in `floor_of`.

    Returns
    -------
    Floor
        Without a median, as nothing is known of other rules.

    Raises
    ------
    DomainError
        As `least_limit`.

    Notes
    -----
    Source: Theorem 9 (a), of each part.

    Examples
    --------
    >>> made = combined_floor(
    ...     [(0.3, 0.69), (0.1, 1.5)], 43, lambda h, d: h + d, delta=0.025)
    >>> round(made.value, 3), made.n_needed
    (0.547, 21)
    """

    def least(size: int) -> float:
        return combine(
            *(
                least_limit(
                    min(mean, high), size, high=high, delta=delta, n_students=n_students
                )
                for mean, high in parts
            )
        )

    needed = None
    if combine(*(min(mean, high) for mean, high in parts)) < trivial:
        needed = _first(lambda size: least(size) < trivial)
    return Floor(least(n), needed, None, None, trivial)


def _first(reached: Callable[[int], bool]) -> int | None:
    """Least number that reaches it, as all larger ones do; None beyond 10^12."""
    high = 1
    while not reached(high):
        high *= 2
        if high > MOST_QUERIES:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _check(mean: float, n: int, high: float) -> None:
    if n < 1 or not (math.isfinite(high) and math.isfinite(mean) and mean <= high):
        raise DomainError(
            "a floor needs at least one query and a finite mean of at most `high`, got "
            f"n = {n}, mean {mean} and high {high}"
        )
