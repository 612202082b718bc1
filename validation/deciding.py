"""How often the rule that decides a comparison succeeds, under a law of values.

`validation.paired` decides by a betting interval where the range of a difference is
known, and by the direction of the queries that change where it is not. The probability
that the interval lies within a margin or leaves a value out, or that the direction is
certain, is found by drawing samples of n queries from a law: that of measured
differences, each as likely as the others, or a stated one. Both rules decide by sums
over queries, so a sample is only how often each point of the law occurs in it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv, ndtri

from rankbound.bounds.betting import stake_grid
from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.shares import TOLERANCE
from rankbound.catalogue import Range
from rankbound.data.columns import Booleans, Floats
from rankbound.validation.paired import NO_RANGE, Decides
from rankbound.validation.power import check_margin, smallest_up_to

# Points of a law; more measured values are averaged in groups of neighbours
POINTS: Final = 256
# Samples a probability is counted over: its standard error is 0.006 at 0.8
SAMPLES: Final = 4000
BOOTSTRAP: Final = 199
LEVEL: Final = 0.95
MOST_QUERIES: Final = 10**9
STEPS: Final = 18  # halvings of a margin or a difference
# Curves that are drawn: samples, ratio of neighbouring sizes, and fewest queries
CURVE, STEP, MOST_STEPS, FEWEST = 400, 1.35, 80, 5
NORMAL, UNIFORM, TWO_POINT = "normal", "uniform", "two-point"
LAWS: Final = (NORMAL, UNIFORM, TWO_POINT)
RESAMPLED: Final = "resampled"


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """A law of one value per query, on finitely many points.

    Attributes
    ----------
    points, weights : float64 arrays, shape (k,)
        The weights sum to 1.
    """

    points: Floats
    weights: Floats

    @property
    def mean(self) -> float:
        """The mean of the law."""
        return float(self.weights @ self.points)

    def moved(self, mean: float) -> Law:
        """The same law with another mean."""
        return Law(self.points + (mean - self.mean), self.weights)

    @property
    def changes(self) -> Booleans:
        """Which points are a change, of more than the tolerance of directions."""
        return np.abs(self.points) > TOLERANCE

    def changed(self, mean: float) -> Law:
        """The same law with another mean, where queries without a change keep it.

        Examples
        --------
        >>> law = Law(np.array([-1.0, 0.0, 1.0]), np.array([0.25, 0.5, 0.25]))
        >>> law.changed(0.1).points.tolist()
        [-0.8, 0.0, 1.2]
        """
        some = self.changes
        share = float(self.weights[some].sum()) / float(self.weights.sum())
        if not share:
            raise DomainError("a law in which nothing changes has no direction")
        step = (mean - self.mean) / share
        return Law(np.where(some, self.points + step, 0.0), self.weights)

    def fits(self, bounds: Range | None) -> bool:
        """Whether all points lie in the range, up to rounding."""
        if bounds is None:
            return True
        slack = 1e-12 * (bounds[1] - bounds[0])
        return bool(
            self.points.min() >= bounds[0] - slack
            and self.points.max() <= bounds[1] + slack
        )


def resampled(values: Floats) -> Law:
    """The law that draws one of the measured values, each with the same probability.

    Parameters
    ----------
    values : float64 array, shape (n,)

    Returns
    -------
    Law
        Of more than 256 values, neighbours are averaged, and the deviations from the
        mean stretched so that the variance stays; points stay within the values.

    Examples
    --------
    >>> law = resampled(np.array([0.3, 0.1]))
    >>> law.points.tolist(), law.weights.tolist()
    ([0.1, 0.3], [0.5, 0.5])
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if not ordered.size or not np.isfinite(ordered).all():
        raise DomainError("a law needs at least one finite value")
    if ordered.size <= POINTS:
        return Law(ordered, np.full(ordered.size, 1 / ordered.size))
    parts = np.array_split(ordered, POINTS)
    points = np.array([part.mean() for part in parts])
    weights = np.array([part.size / ordered.size for part in parts])
    mean = float(ordered.mean())
    spread = math.sqrt(float(weights @ (points - mean) ** 2))
    if spread > 0:
        points = mean + (points - mean) * (float(ordered.std()) / spread)
    return Law(np.clip(points, ordered[0], ordered[-1]), weights)


def resampled_changes(values: Floats) -> Law:
    """As `resampled`, where differences that are no change stay together at 0.

    Examples
    --------
    >>> law = resampled_changes(np.array([0.3, 0.0, -0.1, 0.0]))
    >>> law.points.tolist(), law.weights.tolist()
    ([-0.1, 0.3, 0.0], [0.25, 0.25, 0.5])
    """
    still = np.abs(values) <= TOLERANCE
    if not still.any() or still.all():
        return resampled(values)
    share = float(still.mean())
    law = resampled(values[~still])
    weights = np.append(law.weights * (1 - share), share)
    return Law(np.append(law.points, 0.0), weights)


def stated(name: str, sd: float) -> Law:
    """A law with mean 0 and a standard deviation.

    Parameters
    ----------
    name : {"normal", "uniform", "two-point"}
        Continuous laws are replaced with 256 equally likely points.
    sd : float
        Positive.

    Raises
    ------
    DomainError
        On a law that is not known, or a standard deviation that is not positive.

    Examples
    --------
    >>> stated("two-point", 0.1).points.tolist()
    [-0.1, 0.1]
    >>> stated("normal", 0.1).points.max().round(3).item()
    0.289
    """
    if name not in LAWS:
        raise DomainError(f"`law` must be one of {', '.join(LAWS)}, got {name!r}")
    if not (np.isfinite(sd) and sd > 0):
        raise DomainError(f"`sd` must be a positive number, got {sd!r}")
    middles = (np.arange(POINTS) + 0.5) / POINTS
    if name == TWO_POINT:
        points = np.array([-1.0, 1.0])
    else:
        points = ndtri(middles) if name == NORMAL else 2 * middles - 1
    points = points - points.mean()
    points *= sd / math.sqrt(float(np.mean(points**2)))
    return Law(points, np.full(points.size, 1 / points.size))


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides: its name, its error rate, and the range of a value.

    Attributes
    ----------
    method : {"betting", "direction"}
    delta : float
        One minus the level of the interval, half of it on each side.
    bounds : tuple of float or None
        None for the direction.
    """

    method: Decides
    delta: float
    bounds: Range | None

    @classmethod
    def of(cls, bounds: Range | None, *, delta: float) -> Rule:
        """The rule of `compare_paired` for values of this range.

        Examples
        --------
        >>> Rule.of(None, delta=0.05).method, Rule.of((-1.0, 1.0), delta=0.05).method
        ('direction', 'betting')
        """
        method: Decides = "direction" if bounds is None else "betting"
        return cls(method, checked_delta(delta), bounds)

    @property
    def knows_margins(self) -> bool:
        """Whether anything can be shown to lie within a margin."""
        return self.bounds is not None

    def law(self, values: Floats) -> Law:
        """The law that draws one of the measured values."""
        return resampled(values) if self.knows_margins else resampled_changes(values)

    def moved(self, law: Law, mean: float) -> Law:
        """The law with another mean; of directions, queries without a change stay."""
        return law.moved(mean) if self.knows_margins else law.changed(mean)

    def terms(self, points: Floats, n: int, low: float, high: float) -> Floats:
        """What is summed over queries to decide at the hypotheses `low` and `high`.

        Returns
        -------
        float64 array, shape (k, f)
            A row for each point.
        """
        if self.bounds is None:
            sides = np.stack([points > TOLERANCE, points < -TOLERANCE], axis=1)
            return sides.astype(np.float64)
        start, width = self.bounds[0], self.bounds[1] - self.bounds[0]
        scaled = np.clip((points - start) / width, 0.0, 1.0)
        up, down = (high - start) / width, 1 - (low - start) / width
        stakes = stake_grid(n, self.delta / 2)
        # No value is beyond the range, and a hypothesis there needs no capital
        up, down = (min(max(end, 0.0), 1 - 1e-12) for end in (up, down))
        gains = np.stack([(up - scaled) / (1 - up), (down - 1 + scaled) / (1 - down)])
        sides = np.log1p(stakes[None, :, None] * gains[:, None, :])
        return np.asarray(sides.reshape(-1, points.size).T)

    def ends(self, sums: Floats, low: float, high: float) -> tuple[Booleans, Booleans]:
        """Whether the upper end is at most `high`, and the lower end at least `low`.

        `sums` has shape (samples, f). Of the direction: whether it is certain that most
        queries that change fall, and that most of them rise.
        """
        if self.bounds is None:
            counts = np.maximum(np.rint(sums), 0.0)  # normal sums are no whole numbers
            changed = counts.sum(axis=1)
            rises, falls = (
                betainc(np.maximum(side, 0.5), changed - side + 1, 0.5) < self.delta / 2
                for side in counts.T
            )
            return falls, rises
        capital = sums.reshape(len(sums), 2, -1)
        top = capital.max(axis=2)
        logs = top + np.log(np.exp(capital - top[..., None]).mean(axis=2))
        rich = logs >= math.log(2 / self.delta)
        return (
            rich[:, 0] | (high >= self.bounds[1]),
            rich[:, 1] | (low <= self.bounds[0]),
        )


def counts_of(
    law: Law, n: int, *, rng: np.random.Generator, samples: int = SAMPLES
) -> Floats:
    """How often each point occurs in samples of n queries, shape (samples, k).

    Examples
    --------
    >>> law = stated("two-point", 0.1)
    >>> drawn = counts_of(law, 10, rng=np.random.default_rng(0), samples=3)
    >>> drawn.sum(axis=1).tolist()
    [10.0, 10.0, 10.0]
    """
    weights = law.weights / law.weights.sum()
    return rng.multinomial(n, weights, size=samples).astype(np.float64)


def within(
    rule: Rule, law: Law, counts: Floats, *, centre: float, margin: float
) -> float:
    """Share of samples whose whole interval lies within a margin of a number.

    Parameters
    ----------
    rule : Rule
    law : Law
    counts : float64 array, shape (samples, k)
        By `counts_of`, the same n in each.
    centre, margin : float
        In the unit of the points.
    """
    _check_range(rule)
    n = round(float(counts[0].sum()))
    ends = (centre - margin, centre + margin)
    sums = counts @ rule.terms(law.points, n, *ends)
    below, above = rule.ends(sums, *ends)
    return float(np.mean(below & above))


def _check_range(rule: Rule) -> None:
    if not rule.knows_margins:
        raise DomainError(NO_RANGE)


def apart(rule: Rule, law: Law, counts: Floats, *, value: float) -> float:
    """Share of samples whose interval leaves the value out; as `within`."""
    below, above = _outside(rule, law, counts, value)
    return float(np.mean(below | above))


def _outside(
    rule: Rule, law: Law, counts: Floats, value: float
) -> tuple[Booleans, Booleans]:
    """Which samples find the mean below the value, and which above it."""
    n = round(float(counts[0].sum()))
    return rule.ends(counts @ rule.terms(law.points, n, value, value), value, value)


def found_share(
    rule: Rule, law: Law, counts: Floats, *, rises: bool, value: float = 0.0
) -> float:
    """Share of samples that find what there is: a rise, or else a fall.

    By betting, either end of the interval counts. The direction has to be the right
    one, as a skewed law has a direction of its own.
    """
    below, above = _outside(rule, law, counts, value)
    if rule.knows_margins:
        return float(np.mean(below | above))
    return float(np.mean(above if rises else below))


def smallest_share_for(rule: Rule, *, n: int, power: float) -> float | None:
    """Least share of n queries, which all change, whose direction is found.

    Parameters
    ----------
    rule : Rule
        Its error rate counts.
    n : int
    power : float
        In (0, 1).

    Returns
    -------
    float or None
        Above one half, exact for any law; None if so few queries show no direction.

    Examples
    --------
    >>> rule = Rule.of(None, delta=0.05)
    >>> round(smallest_share_for(rule, n=43, power=0.8), 3)
    0.72
    >>> smallest_share_for(rule, n=5, power=0.8) is None
    True
    """
    counts = np.arange(n // 2 + 1, n + 1, dtype=np.float64)
    certain = betainc(counts, n - counts + 1, 0.5) < rule.delta / 2
    if not certain.any():
        return None
    least = float(counts[certain][0])
    return float(betaincinv(least, n - least + 1, power))


class Aim(NamedTuple):
    """What an interval shall reach: lie within a margin, with a probability.

    Attributes
    ----------
    margin : float
        Positive, in the unit of the values.
    power : float
        In (0, 1).
    own_mean : bool
        Whether the margin lies around the mean of the law, not around 0.
    """

    margin: float
    power: float
    own_mean: bool = False

    def centre(self, law: Law) -> float:
        """The middle of the margin."""
        return law.mean if self.own_mean else 0.0


class Queries(NamedTuple):
    """A number of queries, and the share of samples of that size that succeed."""

    n: int
    reached: float


def queries_for(
    rule: Rule, law: Law, aim: Aim, *, rng: np.random.Generator
) -> Queries | None:
    """Least number of queries whose interval lies within the margin with the power.

    Parameters
    ----------
    rule : Rule
    law : Law
        Of one value; its mean is 0 unless the aim is about its own mean.
    aim : Aim
    rng : numpy.random.Generator

    Returns
    -------
    Queries or None
        Correct to a percent of n, and to the 4,000 samples that are drawn; None if a
        billion queries do not suffice.

    Raises
    ------
    DomainError
        On a margin that is not positive.

    Examples
    --------
    >>> rule = Rule.of((-1.0, 1.0), delta=0.05)
    >>> law = stated("normal", 0.1)
    >>> rng = np.random.default_rng(0)
    >>> needed = queries_for(rule, law, Aim(margin=0.05, power=0.8), rng=rng)
    >>> 135 < needed.n < 147, needed.reached >= 0.8
    (True, True)
    """
    check_margin(aim.margin)
    power, centre = aim.power, aim.centre(law)

    @functools.cache
    def reached(n: int) -> float:
        return within(
            rule, law, counts_of(law, n, rng=rng), centre=centre, margin=aim.margin
        )

    start = approximate_queries(rule, law, aim, rng=rng)
    if start is None:
        return None
    lower, upper = start, start
    while reached(upper) < power:
        if upper > MOST_QUERIES:
            return None
        lower, upper = upper, max(upper + 1, round(1.06 * upper))
    while lower == upper or reached(lower) >= power:
        if lower <= 2:
            return (
                Queries(2, reached(2))
                if reached(2) >= power
                else _halved(2, upper, reached, power)
            )
        upper, lower = min(upper, lower), max(2, min(lower - 1, round(lower / 1.06)))
    return _halved(lower, upper, reached, power)


def _halved(
    lower: int, upper: int, reached: Callable[[int], float], power: float
) -> Queries:
    """Narrow a bracket to one query or half a percent."""
    while upper - lower > max(1, lower // 200):
        middle = (lower + upper) // 2
        lower, upper = (lower, middle) if reached(middle) >= power else (middle, upper)
    return Queries(upper, reached(upper))


def approximate_queries(
    rule: Rule,
    law: Law,
    aim: Aim,
    *,
    rng: np.random.Generator,
    samples: int = 1000,
) -> int | None:
    """`queries_for` with normal sums over queries, which takes milliseconds.

    The sums that decide are replaced with normal ones of the same means and
    covariances; parameters are those of `queries_for`, without the errors.

    Examples
    --------
    >>> rule = Rule.of((-1.0, 1.0), delta=0.05)
    >>> law = stated("normal", 0.1)
    >>> rng = np.random.default_rng(0)
    >>> 135 < approximate_queries(rule, law, Aim(margin=0.05, power=0.8), rng=rng) < 147
    True
    """
    _check_range(rule)
    centre = aim.centre(law)
    ends = (centre - aim.margin, centre + aim.margin)
    noise = rng.standard_normal((samples, 64))

    def enough(n: int) -> bool:
        below, above = _normal_ends(rule, law, n, ends, noise)
        return bool(np.mean(below & above) >= aim.power)

    return smallest_up_to(MOST_QUERIES, enough)


def _normal_ends(
    rule: Rule, law: Law, n: int, ends: Range, noise: Floats
) -> tuple[Booleans, Booleans]:
    """`Rule.ends` of normal sums over queries."""
    terms = rule.terms(law.points, n, *ends)
    mean = law.weights @ terms
    around = terms - mean
    covariance = around.T @ (around * law.weights[:, None])
    values, vectors = np.linalg.eigh(covariance)
    # From the largest on, so that the same noise serves all sizes
    scales = np.sqrt(np.maximum(values[::-1], 0.0) * n)
    shape = (vectors[:, ::-1] * scales).T
    return rule.ends(n * mean + noise[:, : len(scales)] @ shape, *ends)


Curve = tuple[tuple[int, float], ...]


def margin_curve(
    rule: Rule,
    law: Law,
    *,
    power: float,
    top: int,
    own_mean: bool = False,
    rng: np.random.Generator,
) -> Curve:
    """Margins that more and more queries need, to be drawn, up to `top` queries.

    Parameters are those of `queries_for` and `Aim`; sums are normal, as in
    `approximate_queries`.

    Examples
    --------
    >>> rule, law = Rule.of((-1.0, 1.0), delta=0.05), stated("normal", 0.1)
    >>> found = margin_curve(
    ...     rule, law, power=0.8, top=2000, rng=np.random.default_rng(0))
    >>> n, margin = found[-1]
    >>> aim, rng = Aim(margin=margin, power=0.8), np.random.default_rng(0)
    >>> n > 2000, abs(n / queries_for(rule, law, aim, rng=rng).n - 1) < 0.05
    (True, True)
    """
    seed = int(rng.integers(2**63))

    def needed(margin: float) -> int | None:
        noise = np.random.default_rng(seed)
        aim = Aim(margin=margin, power=power, own_mean=own_mean)
        return approximate_queries(rule, law, aim, rng=noise, samples=CURVE)

    return _curve(needed, _start(rule, law), top)


def difference_curve(
    rule: Rule, law: Law, *, power: float, top: int, rng: np.random.Generator
) -> Curve:
    """True mean differences that are found with the power, as `margin_curve`.

    As in `smallest_difference_for`, upwards and downwards where the range allows it.

    Examples
    --------
    >>> rule, law = Rule.of(None, delta=0.05), stated("normal", 0.1)
    >>> found = difference_curve(
    ...     rule, law, power=0.8, top=2000, rng=np.random.default_rng(0))
    >>> n, size = found[-1]
    >>> abs(n / (np.pi / 2 * (2.8 * 0.1 / size) ** 2) - 1) < 0.1  # the sign test
    True
    """
    noise = rng.standard_normal((CURVE, 64))

    def needed(size: float) -> int | None:
        counts = []
        for sign in (1, -1):
            moved = rule.moved(law, sign * size)
            if not moved.fits(rule.bounds):
                continue

            def enough(n: int, moved: Law = moved, sign: int = sign) -> bool:
                below, above = _normal_ends(rule, moved, n, (0.0, 0.0), noise)
                if not rule.knows_margins:
                    return bool(np.mean(above if sign > 0 else below) >= power)
                return bool(np.mean(below | above) >= power)

            counts.append(smallest_up_to(MOST_QUERIES, enough))
        if None in counts and not rule.knows_margins:
            return None  # more queries only show the direction of a skewed law
        return max((n for n in counts if n is not None), default=None)

    return _curve(needed, _start(rule, law), top)


def _curve(needed: Callable[[float], int | None], size: float, top: int) -> Curve:
    """Sizes with the queries that they need, from few queries to `top`."""
    found: list[tuple[int, float]] = []
    for _ in range(MOST_STEPS):
        n = needed(size)
        if n is not None and n >= FEWEST:
            found.append((n, size))
            if n > top:
                break
        size /= STEP
    return tuple(found)


def queries_interval(
    rule: Rule,
    law: Law,
    aim: Aim,
    *,
    n_values: int,
    needed: int,
    rng: np.random.Generator,
) -> tuple[int | None, int | None]:
    """Bootstrap interval of `queries_for`: what other samples of values would say.

    Parameters
    ----------
    rule : Rule
    law : Law
        `resampled` from the measured values.
    aim : Aim
        Each law that is drawn is moved to mean 0, unless it is about its own mean.
    n_values : int
        How many values were measured; so many are drawn for each of 199 laws.
    needed : int
        By `queries_for`, from `law`.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of int or None
        At a level of 0.95. An end is None where no number of queries suffices.

    Notes
    -----
    Quantiles of `approximate_queries`, relative to that of the law itself. Error of the
    4,000 samples is not part of it; that of few measured values is nearly all of it.

    Examples
    --------
    >>> rule = Rule.of((-1.0, 1.0), delta=0.05)
    >>> law = resampled(np.linspace(-0.2, 0.2, 43))
    >>> low, high = queries_interval(
    ...     rule, law, Aim(margin=0.05, power=0.8), n_values=43, needed=156,
    ...     rng=np.random.default_rng(0))
    >>> 130 < low < 156 < high < 190
    True
    """
    seed = int(rng.integers(2**63))

    def size(law: Law) -> float:
        noise = np.random.default_rng(seed)  # the same for all laws
        moved = law if aim.own_mean else law.moved(0.0)
        found = approximate_queries(rule, moved, aim, rng=noise, samples=400)
        return math.inf if found is None else float(found)

    weights = law.weights / law.weights.sum()
    drawn = rng.multinomial(n_values, weights, size=BOOTSTRAP) / n_values
    sizes = np.array([size(Law(law.points, row)) for row in drawn])
    scale = needed / size(law)
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    ends = np.quantile(sizes, tails, method="inverted_cdf") * scale
    return _whole(math.floor, ends[0]), _whole(math.ceil, ends[1])


def _whole(rounded: Callable[[float], int], end: float) -> int | None:
    return max(2, rounded(end)) if math.isfinite(end) else None


def smallest_margin_for(
    rule: Rule,
    law: Law,
    *,
    n: int,
    power: float,
    own_mean: bool = False,
    rng: np.random.Generator,
) -> float:
    """Least margin within which the interval of n queries lies with the power.

    Parameters are those of `queries_for` and `Aim`.

    Examples
    --------
    >>> rule, law = Rule.of((-1.0, 1.0), delta=0.05), stated("normal", 0.1)
    >>> rng = np.random.default_rng(0)
    >>> found = smallest_margin_for(rule, law, n=141, power=0.8, rng=rng)
    >>> 0.049 < found < 0.051
    True
    """
    counts = counts_of(law, n, rng=rng)
    centre = law.mean if own_mean else 0.0

    def enough(margin: float) -> bool:
        return within(rule, law, counts, centre=centre, margin=margin) >= power

    return _least(enough, _start(rule, law))


def smallest_difference_for(
    rule: Rule, law: Law, *, n: int, power: float, rng: np.random.Generator
) -> float | None:
    """Least true mean difference that n queries find with the power, up or down.

    Parameters
    ----------
    rule : Rule
    law : Law
        Of one difference; it is moved to each mean that is tried.
    n : int
    power : float
    rng : numpy.random.Generator

    Returns
    -------
    float or None
        The larger of the sizes upwards and downwards; the only one if the law, moved
        as far as the range allows, is not found the other way; None if it is not found
        either way. Of the direction, queries without a change stay without.

    Examples
    --------
    >>> rule, law = Rule.of((-1.0, 1.0), delta=0.05), stated("normal", 0.1)
    >>> rng = np.random.default_rng(0)
    >>> found = smallest_difference_for(rule, law, n=141, power=0.8, rng=rng)
    >>> 0.047 < found < 0.049
    True
    >>> smallest_difference_for(rule, law, n=3, power=0.8, rng=rng) is None
    True
    """
    counts = counts_of(law, n, rng=rng)
    sizes = []
    still = rule.moved(law, 0.0).points
    for sign in (1, -1):

        def finds(size: float, sign: int = sign) -> bool:
            moved = rule.moved(law, sign * size)
            return found_share(rule, moved, counts, rises=sign > 0) >= power

        if rule.bounds is None:  # so far that all queries that change go one way
            room = 2.1 * float(np.abs(still).max())
        else:
            top, bottom = rule.bounds[1] - still.max(), still.min() - rule.bounds[0]
            room = float(top if sign > 0 else bottom)
        if room <= 0 or not finds(room):
            continue
        size = _least(finds, min(room, _start(rule, law)))
        if rule.moved(law, sign * size).fits(rule.bounds):
            sizes.append(size)
    return max(sizes, default=None)


def _start(rule: Rule, law: Law) -> float:
    width = float(np.ptp(law.points)) or 1.0
    return width if rule.bounds is None else rule.bounds[1] - rule.bounds[0]


def _least(enough: Callable[[float], bool], high: float) -> float:
    """Least positive number that is enough, which stays so; from above, to 1e-7."""
    while not enough(high):
        high *= 2
    low = 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
