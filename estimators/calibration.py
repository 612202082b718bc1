"""Temperatures by maximum likelihood: the pairs of queries set aside, and the fit.

The mean loss ``softplus(b m) - p b m`` is convex in the inverse temperature b, so its
minimum, if there is one, is the root of an increasing derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.numeric import sigmoid
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.groups import Groups
from rankbound.estimators.group_terms import blocks
from rankbound.estimators.pairs import both_sides, selected_pairs

# Temperatures are searched from a thousandth to a thousand times the typical margin
SEARCH = 1e3
LEVEL = 0.95  # of the interval of a temperature
AT_ONCE = 1 << 18  # margins
N_BINS = 10  # of preferences in [1/2, 1]
ONE_SIGN = 1e-12  # smaller values of the other sign, by the largest, are rounding


class UnidentifiedError(DomainError):
    """The likelihood has no maximum at a positive, finite temperature."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationPairs:
    """Pairs for `fit_temperature`; arrays of shape (n_pairs,).

    `margins` are raw score differences, `targets` the probability that the first
    document of the pair is preferred, `weights` give every query the same weight, and
    `queries` number the query of each pair.
    """

    margins: Floats
    targets: Floats
    weights: Floats
    queries: Integers


def graded_pairs(groups: Groups, scores: Floats, grades: Floats) -> CalibrationPairs:
    """Pairs of documents with different grades, the better document first.

    Parameters
    ----------
    groups : Groups
        The judged and scored documents of each query.
    scores, grades : float64 arrays, shape (n_rows,)
        Of the document rows.

    Returns
    -------
    CalibrationPairs
        With the target 1 for every pair.
    """
    margins, weights, queries = [], [], []
    share = _group_share(groups)
    for block in blocks(groups):
        left, right = both_sides(grades[block.rows])
        first, second = both_sides(scores[block.rows])
        chosen = selected_pairs(block.rows, mask=block.mask) & (left != right)
        margins.append(np.where(left > right, first - second, second - first)[chosen])
        weights.append(_even(chosen, share[block.groups])[chosen])
        queries.append(_queries(groups, block.groups, chosen))
    joined = np.concatenate(margins)
    margins.clear()  # they need not be in memory twice
    even = np.concatenate(weights)
    weights.clear()
    return CalibrationPairs(joined, np.ones_like(joined), even, np.concatenate(queries))


def teacher_pairs(
    groups: Groups, teacher: Floats, student: Floats, *, pairs: str
) -> CalibrationPairs:
    """Pairs of the loss, with the student's margins and the teacher's probabilities.

    Parameters
    ----------
    groups : Groups
    teacher : float64 array, shape (n_rows,)
        Divided by the teacher's temperature.
    student : float64 array, shape (n_rows,)
        Raw scores.
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    CalibrationPairs
    """
    margins, targets, weights, queries = [], [], [], []
    share = _group_share(groups)
    for block in blocks(groups):
        chosen = selected_pairs(
            block.rows, mask=block.mask, positive=block.positive, pairs=pairs
        )
        first, second = both_sides(student[block.rows])
        margins.append((first - second)[chosen])
        first, second = both_sides(teacher[block.rows])
        targets.append(sigmoid(first - second)[chosen])
        weights.append(_even(chosen, share[block.groups])[chosen])
        queries.append(_queries(groups, block.groups, chosen))
    return CalibrationPairs(*map(np.concatenate, (margins, targets, weights, queries)))


def fit_temperature(margins: Floats, targets: Floats, weights: Floats) -> float:
    """Temperature that makes ``sigmoid(margin / temperature)`` most likely.

    Parameters
    ----------
    margins : float64 array, shape (n_pairs,)
        Raw score differences.
    targets : float64 array, shape (n_pairs,)
        Probability that the first document of each pair is preferred, in [0, 1]; 1 for
        a judged pair written better document first.
    weights : float64 array, shape (n_pairs,)
        1 / (number of pairs of the query), so that every query counts equally.

    Returns
    -------
    float
        In the unit of the margins, positive.

    Raises
    ------
    UnidentifiedError
        If the margins order every pair as the targets do, so that the likelihood grows
        as the temperature falls to 0; or no better than chance, so that it grows as the
        temperature rises.
    DomainError
        Without a pair.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margins = rng.normal(size=200_000) * 6
    >>> targets = (rng.random(200_000) < 1 / (1 + np.exp(-margins / 3))).astype(float)
    >>> round(fit_temperature(margins, targets, np.ones(200_000)), 1)
    3.0
    """
    if margins.size == 0:
        raise DomainError("a temperature needs at least one calibration pair")
    scale = float(np.sqrt(np.average(margins**2, weights=weights)))
    if scale == 0:
        raise UnidentifiedError("all calibration margins are 0: every pair is a tie")
    m, share = margins / scale, weights / weights.sum()

    def slope(log_inverse: float) -> float:
        return float(np.sum(share * m * (sigmoid(np.exp(log_inverse) * m) - targets)))

    end = np.log(SEARCH)
    if slope(-end) >= 0:
        raise UnidentifiedError(
            "the scores order the calibration pairs no better than a coin, so the "
            "likelihood grows as the temperature rises without end"
        )
    if slope(end) <= 0:
        raise UnidentifiedError(
            "the scores order the calibration pairs without an error, so the "
            "likelihood grows as the temperature falls to 0"
        )
    # scikit-learn's LogisticRegression finds the same number from each pair written
    # twice, in four times as long, and a large slope where there is no maximum.
    from scipy.optimize import brentq  # takes a third of a second to load

    return float(scale * np.exp(-brentq(slope, -end, end, xtol=1e-13)))


def temperature_interval(
    pairs: CalibrationPairs, *, level: float = LEVEL
) -> tuple[float, float | None]:
    """Confidence interval of the temperature that `fit_temperature` finds.

    The likelihood is profiled over queries, since the pairs of one query depend on each
    other: a temperature is kept if some reweighting of the queries, with an empirical
    likelihood that is not too small, would have made it the fitted one.

    Parameters
    ----------
    pairs : CalibrationPairs
    level : float
        In (0, 1). It is approximate: the error vanishes as queries are added.

    Returns
    -------
    lower : float
        0 if temperatures down to 0 are kept.
    upper : float or None
        None if no temperature is too high: the scores may order pairs by chance.

    Raises
    ------
    DomainError
        With fewer than 2 queries, and for a level outside (0, 1).

    Notes
    -----
    Owen (1990), "Empirical likelihood ratio confidence regions", with the estimating
    equation of Qin and Lawless (1994). The ratio is compared with a quantile of
    F(1, n - 1), which is wider than chi-squared for few queries (Owen 2001, 2.9).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margins = rng.normal(size=4000) * 6
    >>> targets = (rng.random(4000) < 1 / (1 + np.exp(-margins / 3))).astype(float)
    >>> pairs = CalibrationPairs(margins, targets, np.ones(4000), np.arange(4000) // 20)
    >>> lower, upper = temperature_interval(pairs)
    >>> lower < 3 < upper < 1.3 * lower
    True
    """
    if not 0 < level < 1:
        raise DomainError(f"`level` must lie between 0 and 1, got {level}")
    _, unit = np.unique(pairs.queries, return_inverse=True)
    n = int(unit.max(initial=-1)) + 1
    if n < 2:
        raise DomainError(
            f"an interval of a temperature needs at least 2 queries, got {n}"
        )
    scale = float(np.sqrt(np.average(pairs.margins**2, weights=pairs.weights)))
    if scale == 0:
        return 0.0, None
    from scipy.stats import f

    limit = float(f.ppf(level, 1, n - 1))

    def ratio(inverse: float) -> float:
        """With the sign of the mean slope, so that it rises."""
        m = pairs.margins / scale
        slopes = pairs.weights * m * (sigmoid(inverse * m) - pairs.targets)
        of_query: Floats = np.bincount(unit, slopes, n).astype(np.float64)
        short = min(empirical_likelihood_ratio(of_query), 2 * limit)
        return float(np.copysign(short, of_query.sum()))

    least, most = (_inverse_at(ratio, level) for level in (-limit, limit))
    if most == 0:  # the scores order pairs worse than a coin
        return scale * SEARCH, None
    # A ratio that stays below the limit at the end keeps temperatures down to 0
    return scale / most, scale / min(least, SEARCH) if least else None


def _inverse_at(ratio: Callable[[float], float], level: float) -> float:
    """Where a rising function of the inverse temperature has a value."""
    if ratio(1 / SEARCH) >= level:
        return 0.0
    if ratio(SEARCH) <= level:
        return math.inf
    from scipy.optimize import brentq

    return float(brentq(lambda b: ratio(b) - level, 1 / SEARCH, SEARCH, rtol=1e-10))


def empirical_likelihood_ratio(values: Floats) -> float:
    """Twice the log ratio by which the likelihood of a mean of 0 falls short.

    Parameters
    ----------
    values : float64 array, shape (n,)
        Independent draws.

    Returns
    -------
    float
        At least 0; infinity if all values have one sign, so that no weights do.

    Notes
    -----
    Owen (1988): weights 1 / (n (1 + t x)) whose mean of x is 0; t is the root of a
    decreasing function.

    Examples
    --------
    >>> empirical_likelihood_ratio(np.array([-1.0, 1.0]))
    0.0
    >>> empirical_likelihood_ratio(np.array([1.0, 2.0]))
    inf
    """
    scale = float(np.abs(values).max(initial=0.0))
    if scale == 0:
        return 0.0
    x = values / scale
    if x.min() >= -ONE_SIGN or x.max() <= ONE_SIGN:
        return math.inf
    if x.mean() == 0:
        return 0.0
    from scipy.optimize import brentq

    # 1 + t x >= 1 / n, since no weight is above 1
    slack = 1 - 1 / len(x)
    ends = -slack / x.max(), -slack / x.min()
    tilt = brentq(lambda t: float(np.sum(x / (1 + t * x))), *ends, xtol=1e-15)
    return float(max(0.0, 2 * np.log1p(tilt * x).sum()))


def bins_of(preference: Floats, n_bins: int = N_BINS) -> Integers:
    """Bin of each preference in [1/2, 1]: bins of equal width, the last one closed.

    Examples
    --------
    >>> bins_of(np.array([0.5, 0.549, 0.55, 1.0])).tolist()
    [0, 0, 1, 9]
    """
    # Rounded, since 0.55 is the end of a bin and no double
    place = np.floor(np.round((preference - 0.5) * 2 * n_bins, 9)).astype(np.int64)
    return np.asarray(np.minimum(place, n_bins - 1))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs whose confidence lies between two numbers in [1/2, 1].

    `mean_p` is their mean confidence and `observed` the share of them in which the
    preferred document is the better one; a tie counts one half.
    """

    low: float
    high: float
    n_pairs: int
    mean_p: float
    observed: float


def calibration_error(
    margins: Floats, *, n_bins: int = N_BINS
) -> tuple[float, tuple[ReliabilityBin, ...]]:
    """Expected calibration error of pair preferences, and its bins.

    A pair's preference is the sigmoid of its margin, its confidence the larger of that
    and one minus it. Bins of equal width part [1/2, 1]; the error is the mean over all
    pairs, each with the same weight, of the distance between the mean confidence and
    the observed share of their bin. Both orientations of all pairs in twice as many
    bins of [0, 1] give the same number. Few pairs raise it: it is biased upwards.

    Parameters
    ----------
    margins : float64 array, shape (n_pairs,)
        Differences of the scores of the better and the worse document, in temperatures.
    n_bins : int, default 10

    Returns
    -------
    error : float
        In [0, 1/2] where preferences are right more often than not; at most 1.
    bins : tuple of ReliabilityBin
        Those with a pair.

    Raises
    ------
    DomainError
        Without a pair.

    Notes
    -----
    Source: Naeini, Cooper and Hauskrecht (2015); Guo et al. (2017).

    Examples
    --------
    >>> error, bins = calibration_error(np.log([9.0, 9.0, 9.0, 1 / 9]))
    >>> round(error, 3), [(b.n_pairs, round(b.mean_p, 2), b.observed) for b in bins]
    (0.15, [(4, 0.9, 0.75)])
    """
    if not len(margins):
        raise DomainError("a calibration error needs a pair, got none")
    counts = np.zeros(n_bins, dtype=np.int64)
    sums, hits = np.zeros(n_bins), np.zeros(n_bins)
    for start in range(0, len(margins), AT_ONCE):
        some = margins[start : start + AT_ONCE]
        confidence = np.asarray(sigmoid(np.abs(some)))
        right = np.where(some == 0, 0.5, (some > 0).astype(np.float64))
        place = bins_of(confidence, n_bins)
        counts += np.bincount(place, minlength=n_bins)
        sums += np.bincount(place, weights=confidence, minlength=n_bins)
        hits += np.bincount(place, weights=right, minlength=n_bins)
    error = float(np.abs(hits - sums).sum() / len(margins))
    width = 0.5 / n_bins
    return error, tuple(
        ReliabilityBin(
            low=0.5 + index * width,
            high=0.5 + (index + 1) * width,
            n_pairs=int(counts[index]),
            mean_p=float(sums[index] / counts[index]),
            observed=float(hits[index] / counts[index]),
        )
        for index in np.flatnonzero(counts).tolist()
    )


def _queries(groups: Groups, chosen: Integers, pairs: Booleans) -> Integers:
    """The query of each pair of some groups."""
    query = groups.queries[chosen][:, None]
    return np.broadcast_to(query, pairs.shape)[pairs]


def _group_share(groups: Groups) -> Floats:
    """One over the number of groups of the query of each group."""
    counts = np.bincount(groups.queries, minlength=len(groups.qids))
    return np.asarray(1.0 / counts[groups.queries])


def _even(chosen: Booleans, share: Floats) -> Floats:
    """Equal weights of the pairs of a group that add up to its share."""
    total = np.maximum(1, chosen.sum(axis=-1))
    return np.broadcast_to((share / total)[:, None], chosen.shape)
