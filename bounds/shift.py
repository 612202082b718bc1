"""Two laws of the documents of a query: their distances, and the risk under the target.

Laws are probability vectors over one list of documents: the target law, under which the
risk is asked for, and the sampling law, from which documents were drawn. Scores are not
probabilities. Nothing here converts one into the other, and a vector that is not a
probability vector is refused.

The risk under the target law follows from the risk under the sampling law by the total
variation distance, by transport in the space of scores, by the largest density ratio,
or exactly by importance weights. These are the procedures of Theorem 2.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta, checked_sample
from rankbound.bounds.wording import counted

Floats = NDArray[np.float64]

# Sums of float32 probabilities differ from 1 by about this much.
ROUNDING: Final = 1e-6

COMPARED_AT_ONCE: Final = 2**16  # probabilities
FEW_DOCUMENTS: Final = 64  # up to which all are compared with all


class DensityRatio(NamedTuple):
    """The largest density ratio of one query.

    Attributes
    ----------
    kappa : float
        At least 1; infinite if and only if `missing` is not zero.
    missing : int
        Documents of the target law that the sampler never draws.
    """

    kappa: float
    missing: int


def checked_law(values: ArrayLike, *, name: str, size: int | None = None) -> Floats:
    """Return values as a probability vector that sums to exactly 1.

    Raises
    ------
    DomainError
        On an empty or nested array, a value that is negative or not finite, a sum
        other than one, or another length than `size`.

    Examples
    --------
    >>> checked_law([0.25, 0.75], name="target").tolist()
    [0.25, 0.75]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise DomainError(
            f"`{name}` must be one vector of probabilities, got shape {array.shape}"
        )
    if size is not None and array.size != size:
        raise DomainError(
            f"`{name}` must have one probability for each of {size} entries, got "
            f"{array.size}; give an entry that never occurs the probability 0"
        )
    bad = ~((array >= 0) & np.isfinite(array))
    if bad.any():
        first = int(np.argmax(bad))
        raise DomainError(
            f"`{name}` must hold probabilities, got {array[first]} at position "
            f"{first}; scores such as logits are not probabilities: pass the law from "
            "which documents are drawn"
        )
    total = math.fsum(array)
    if abs(total - 1) > ROUNDING:
        raise DomainError(
            f"`{name}` must sum to 1, got {total}; scores divided by their sum are the "
            "sampling law only if documents are drawn with these probabilities: if so, "
            "divide before the call"
        )
    return np.asarray(array / total)


def density_ratio(target: ArrayLike, sampler: ArrayLike) -> DensityRatio:
    """Largest ratio kappa of target and sampling probability of a document.

    Parameters
    ----------
    target, sampler : array_like, shape (N,)
        Probabilities of the same N documents under the two laws.

    Returns
    -------
    DensityRatio
        With the number of documents of the target that are never drawn.

    Raises
    ------
    DomainError
        If an argument is not a probability vector, or the lengths differ.

    Notes
    -----
    Source: assumption A3, for Theorem 2.

    Examples
    --------
    >>> density_ratio([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    DensityRatio(kappa=2.0, missing=0)
    >>> density_ratio([0.5, 0.5], [1.0, 0.0])
    DensityRatio(kappa=inf, missing=1)
    """
    mu, nu = checked_laws(target, sampler)
    missing = int(((mu > 0) & (nu == 0)).sum())
    return DensityRatio(float(_ratios(mu[None], nu[None])[0]), missing)


def total_variation(target: ArrayLike, sampler: ArrayLike) -> float:
    """Total variation distance theta of two laws of one document, in [0, 1].

    Parameters and errors are those of `density_ratio`. The density ratio may be
    infinite.

    Notes
    -----
    Half the sum of absolute differences. Source: Theorem 2 (a).

    Examples
    --------
    >>> total_variation([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    0.5
    """
    mu, nu = checked_laws(target, sampler)
    return float(_variations(mu[None], nu[None])[0])


def product_total_variation(target: ArrayLike, sampler: ArrayLike) -> float:
    """Total variation distance of the laws of an independent pair, in [0, 1].

    Parameters and errors are those of `density_ratio`. The distance is at most
    theta (2 - theta), by Theorem 2 (a), and often less. Takes N log N steps, not N**2.

    Notes
    -----
    Sums ``mu_i mu_j - nu_i nu_j`` over the pairs where the product of the two density
    ratios exceeds one; for each i these are the j beyond a threshold.

    Examples
    --------
    >>> product_total_variation([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    0.75
    """
    mu, nu = checked_laws(target, sampler)
    return float(_pair_variations(mu[None], nu[None])[0])


class LawDistances(NamedTuple):
    """How far the laws of many queries are apart; arrays of shape (n_queries,).

    Attributes
    ----------
    total_variation, pair_total_variation : float64 arrays
        As `total_variation` and `product_total_variation`.
    kappa : float64 array
        As in `DensityRatio`.
    """

    total_variation: Floats
    pair_total_variation: Floats
    kappa: Floats


def law_distances(target: Floats, sampler: Floats, sizes: ArrayLike) -> LawDistances:
    """Compare the laws of many queries at once.

    Parameters
    ----------
    target, sampler : float64 arrays, shape (n_rows,)
        Probabilities of the documents of one query after the other.
    sizes : array_like of int, shape (n_queries,)
        How many documents each query has, at least one.

    Raises
    ------
    DomainError
        As `density_ratio`, for the first query with such a law.

    Examples
    --------
    >>> found = law_distances(
    ...     np.array([0.5, 0.5, 0.0, 1.0]), np.array([0.25, 0.25, 0.5, 1.0]), [3, 1])
    >>> found.total_variation.tolist(), found.kappa.tolist()
    ([0.5, 0.0], [2.0, 1.0])
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    ends = np.cumsum(sizes)
    found = LawDistances(*(np.empty(len(sizes)) for _ in range(3)))
    measures = _variations, _pair_variations, _ratios
    order = np.argsort(sizes, kind="stable")
    start = 0
    while start < len(order):
        size = int(sizes[order[start]])
        stop = int(np.searchsorted(sizes[order], size, side="right"))
        stop = min(stop, start + max(1, COMPARED_AT_ONCE // size))
        chosen = order[start:stop]
        rows = (ends[chosen] - size)[:, None] + np.arange(size)
        mu, nu = (_normalised(law[rows]) for law in (target, sampler))
        for column, measure in zip(found, measures, strict=True):
            column[chosen] = measure(mu, nu)
        start = stop
    return found


def _normalised(laws: Floats) -> Floats:
    """Laws of rows, each divided by its sum; those that are none are refused."""
    totals, rest = laws[:, 0].copy(), np.zeros(len(laws))
    for column in laws.T[1:]:  # with the error of each sum, as `math.fsum`
        sums = totals + column
        part = sums - totals
        rest += (totals - (sums - part)) + (column - part)
        totals = sums
    totals = totals + rest
    good = (np.abs(totals - 1) <= ROUNDING) & (laws >= 0).all(axis=1)
    if not good.all():
        checked_law(laws[int(np.argmin(good))], name="law")  # raises, and says why
    return np.asarray(laws / totals[:, None])


def _ratios(mu: Floats, nu: Floats) -> Floats:
    """Kappa of laws of rows."""
    drawn = nu > 0
    with np.errstate(over="ignore"):  # an overflow is infinite, and refused below
        ratios = np.divide(mu, nu, out=np.zeros_like(mu), where=drawn).max(axis=1)
    if np.isinf(ratios).any():
        raise DomainError(
            "the largest density ratio overflows; give documents that are never drawn "
            "the sampling probability 0"
        )
    missed = ((mu > 0) & ~drawn).any(axis=1)
    return np.asarray(np.where(missed, math.inf, np.maximum(1.0, ratios)))


def _variations(mu: Floats, nu: Floats) -> Floats:
    """Total variation of laws of rows."""
    return np.asarray(np.minimum(1.0, np.abs(mu - nu).sum(axis=1) / 2))


def _pair_variations(mu: Floats, nu: Floats) -> Floats:
    """Total variation of the laws of pairs, of laws of rows."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ratios, thresholds = mu / nu, nu / mu
    free = (mu == 0) & (nu == 0)  # beyond no threshold, and without weight
    ratios[free] = thresholds[free] = 0.0
    order = np.argsort(ratios, axis=1)
    ratios = np.take_along_axis(ratios, order, axis=1)
    if mu.shape[1] <= FEW_DOCUMENTS:
        # With the laws on the last axis, along which NumPy is fast
        columns, limits = (np.ascontiguousarray(one.T) for one in (ratios, thresholds))
        within = columns[:, None, :] <= limits[None, :, :]
        beyond = within.sum(axis=0, dtype=np.uint8).T.astype(np.int64)
    else:
        both = zip(ratios, thresholds, strict=True)
        beyond = np.array([np.searchsorted(r, t, side="right") for r, t in both])
    excess = 0.0
    for law, sign in ((mu, 1.0), (nu, -1.0)):
        tails = np.zeros((len(law), law.shape[1] + 1))
        turned = np.take_along_axis(law, order[:, ::-1], axis=1)
        tails[:, :-1] = np.cumsum(turned, axis=1)[:, ::-1]
        excess = excess + sign * law * np.take_along_axis(tails, beyond, axis=1)
    return np.asarray(np.clip(np.asarray(excess).sum(axis=1), 0.0, 1.0))


def checked_laws(target: ArrayLike, sampler: ArrayLike) -> tuple[Floats, Floats]:
    """Return the target and sampling law over the same documents, both checked.

    Raises
    ------
    DomainError
        As `checked_law` raises, for either law.

    Examples
    --------
    >>> [law.tolist() for law in checked_laws([1, 0], [0.5, 0.5])]
    [[1.0, 0.0], [0.5, 0.5]]
    """
    mu = checked_law(target, name="target")
    return mu, checked_law(sampler, name="sampler", size=mu.size)


def line_transport(points: ArrayLike, target: ArrayLike, sampler: ArrayLike) -> float:
    """Transport distance W1 of two laws on a line, in the unit of the points.

    Parameters
    ----------
    points : array_like, shape (N,)
        Positions of the documents on the line, such as scores; finite.
    target, sampler : array_like, shape (N,)
        Probabilities of the documents under the two laws.

    Returns
    -------
    float
        Mean distance under the best coupling.

    Raises
    ------
    DomainError
        If a point is not finite, a law is not a probability vector, or the lengths
        differ.

    Notes
    -----
    The area between the two distribution functions, by sorting. The distances in two
    scores separately do not add up to a distance in both; see `transport_shift` for
    that. Source: Theorem 2 (d); Vallender (1974).

    Examples
    --------
    >>> line_transport([0.0, 1.0, 3.0], [1, 0, 0], [0, 0.5, 0.5])
    2.0
    """
    mu, nu = checked_laws(target, sampler)
    places = _scores(points, "points", mu.size)
    order = np.argsort(places, kind="stable")
    gaps = np.abs(np.cumsum((mu - nu)[order])[:-1])
    return float(gaps @ np.diff(places[order]))


def transport_shift(
    student: ArrayLike,
    teacher: ArrayLike,
    target: ArrayLike,
    sampler: ArrayLike,
    *,
    loss_slope: float,
    score_range: float,
) -> float:
    """Largest change of one query's risk from the sampling to the target law.

    Parameters
    ----------
    student, teacher : array_like, shape (N,)
        Scores of the N documents, in units of their temperatures.
    target, sampler : array_like, shape (N,)
        Probabilities of the documents under the two laws.
    loss_slope : float
        c_ell in [0, 1] of `lemma-3-lipschitz`; 1 always holds.
    score_range : float
        B >= 0, under both laws.

    Returns
    -------
    float
        In nats, twice the mean of ``loss_slope |f - f'| + B / 4 |g - g'|`` under the
        best of four couplings. Each is monotone in an order of the documents: by
        student, by teacher, by the sum and by the difference of the two parts. This is
        optimal if one score is a monotone function of the other, and always an upper
        bound of the optimum, so that it is valid.

    Raises
    ------
    DomainError
        If a score is not finite, student scores differ by more than B under one of the
        laws, a law is not a probability vector, the lengths differ, or a constant is
        out of range.

    Notes
    -----
    Source: Theorem 2 (d).

    Examples
    --------
    >>> laws = [1.0, 0.0], [0.0, 1.0]
    >>> transport_shift([0, 2], [0, 1], *laws, loss_slope=1.0, score_range=2.0)
    5.0
    """
    mu, nu = checked_laws(target, sampler)
    if not 0 <= loss_slope <= 1 or not 0 <= score_range < math.inf:
        raise DomainError(
            "`loss_slope` must lie in [0, 1] and `score_range` must be finite and not "
            f"negative, got {loss_slope} and {score_range}; a slope of 1 always holds"
        )
    f = _scores(student, "student", mu.size)
    g = _scores(teacher, "teacher", mu.size)
    for law in (mu, nu):
        spread = float(np.ptp(f[law > 0]))
        if spread > score_range * (1 + 1e-9):
            raise DomainError(
                f"the student's scores differ by up to {spread}, more than "
                f"`score_range` {score_range}; the range must hold under both laws"
            )
    f, g = loss_slope * f, score_range / 4 * g
    orders = [np.argsort(keys, kind="stable") for keys in (f, g, f + g, f - g)]
    return 2 * min(_monotone_cost(f, g, mu, nu, order) for order in orders)


def _monotone_cost(
    f: Floats, g: Floats, mu: Floats, nu: Floats, order: NDArray[np.intp]
) -> float:
    """Mean cost of the coupling that is monotone in the given order."""
    ends = [np.minimum(np.cumsum(law[order]), 1.0) for law in (mu, nu)]
    levels = np.union1d(*ends)
    masses = np.diff(levels, prepend=0.0)
    # The document of each law that holds the piece of mass below each level
    last = len(f) - 1
    x, y = (order[np.minimum(np.searchsorted(end, levels), last)] for end in ends)
    return float(masses @ (np.abs(f[x] - f[y]) + np.abs(g[x] - g[y])))


def _scores(values: ArrayLike, name: str, size: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (size,) or not np.isfinite(array).all():
        raise DomainError(
            f"`{name}` must hold one finite score for each of "
            f"{counted(size, 'document')}, got shape {array.shape}; leave documents "
            "without a score out of both laws"
        )
    return array


def cvar(losses: ArrayLike, law: ArrayLike, *, ratio: float) -> float:
    """Mean of the worst ``1 / ratio`` share of the pairs of a known law, in nats.

    Parameters
    ----------
    losses : array_like, shape (P,)
        Loss of each pair of documents.
    law : array_like, shape (P,)
        Known probability of each pair under the sampling law; not a sample.
    ratio : float
        Largest density ratio of target and sampling law of a pair, finite; kappa**2 for
        independent documents.

    Returns
    -------
    float
        Largest mean loss under any law of pairs with that density ratio.

    Raises
    ------
    DomainError
        If the ratio is below 1 or infinite, a loss is not finite, or the law is not a
        probability vector.

    Notes
    -----
    The conditional value at risk, ``inf_t t + ratio * E (loss - t)^+``: at worst, the
    target law puts as much mass as it may on the pairs with the largest losses. For the
    pairs of a sampled group it is biased downwards; use `cvar_limit` for a sample.
    Source: Theorem 2 (c).

    Examples
    --------
    >>> cvar([0.0, 1.0, 2.0, 3.0], [0.25] * 4, ratio=2.0)
    2.5
    """
    values = np.asarray(losses, dtype=np.float64)
    chances = checked_law(law, name="law")
    if values.shape != chances.shape or not np.isfinite(values).all():
        raise DomainError(
            "`losses` must hold one finite loss for each of "
            f"{counted(chances.size, 'pair')}, "
            f"got shape {values.shape}"
        )
    order = np.argsort(-values)
    filled = np.minimum(np.cumsum(_ratio(ratio) * chances[order]), 1.0)
    return float(np.diff(filled, prepend=0.0) @ values[order])


def cvar_limit(
    losses: ArrayLike,
    kappas: ArrayLike,
    *,
    largest_kappa: float,
    levels: ArrayLike,
    high: float,
    delta: float,
) -> float:
    """Upper limit of the target risk from sampled losses and density ratios, in nats.

    Parameters
    ----------
    losses : array_like, shape (n, P)
        Losses of the pairs of n independent queries, documents drawn independently.
    kappas : array_like, shape (n,)
        Largest density ratio of one document for each query.
    largest_kappa : float
        A finite bound of this ratio for every query, fixed in advance; the largest
        ratio of the sample is not such a bound.
    levels : array_like, shape (T,)
        The grid of t in [0, high], fixed before looking at the losses.
    high : float
        Largest loss of one pair by Lemma 2b, such as softplus(B).
    delta : float
        Failure probability in (0, 1), shared by the levels.

    Returns
    -------
    float
        The smallest of the betting limits of ``t + kappa**2 mean (loss - t)^+``, each
        at failure probability ``delta / T``; never above `high`.

    Raises
    ------
    DomainError
        On a loss or level outside [0, high], a ratio outside [1, largest], or
        unequal sizes.

    Notes
    -----
    Source: Theorem 2 (c).

    Examples
    --------
    >>> sample, ratios = [[0.2, 0.4]] * 500, [1.1] * 500
    >>> limit = cvar_limit(
    ...     sample, ratios, largest_kappa=1.1, levels=[0.0, 0.5], high=1, delta=0.05
    ... )
    >>> 0.3 * 1.21 < limit < 0.45
    True
    """
    array = np.asarray(losses, dtype=np.float64)
    grid = np.asarray(levels, dtype=np.float64)
    if array.ndim != 2 or grid.ndim != 1 or grid.size == 0:
        raise DomainError(
            "`losses` needs one row per query and `levels` at least one number, got "
            f"shapes {array.shape} and {grid.shape}"
        )
    checked_sample(array.ravel(), low=0.0, high=high)
    if not ((grid >= 0) & (grid <= high)).all():
        raise DomainError(f"`levels` must lie in [0, {high}], got {grid}")
    caps = _checked_ratios(kappas, len(array), _ratio(largest_kappa)) ** 2
    share = checked_delta(delta) / grid.size
    largest = largest_kappa**2

    def limit_at(t: float) -> float:
        if t == high:
            return high
        values = t + caps * np.maximum(array - t, 0.0).mean(axis=1)
        return betting(values, low=t, high=t + largest * (high - t), delta=share)

    return min(high, *(limit_at(float(t)) for t in grid))


def _checked_ratios(values: ArrayLike, n: int, largest: float) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n,) or not ((array >= 1) & (array <= largest)).all():
        raise DomainError(
            f"`kappas` must hold one ratio in [1, {largest}] for each of "
            f"{counted(n, 'query')}, got {array}; `largest_kappa` must bound it for "
            "every query"
        )
    return array


def _ratio(value: float) -> float:
    if not 1 <= value < math.inf:
        raise DomainError(
            f"a density ratio must be finite and at least 1, got {value}; if some "
            "target documents are never drawn, measure under the target law"
        )
    return value


def importance_weighted(losses: ArrayLike, ratios: ArrayLike) -> float:
    """Unbiased estimate of one query's risk under the target law, by exact weights.

    Parameters
    ----------
    losses : array_like, shape (k, k)
        Loss of each pair of the k drawn documents, symmetric; the diagonal is not used.
    ratios : array_like, shape (k,)
        Density of the target law with respect to the sampling law at each document, not
        normalised over the sample.

    Returns
    -------
    float
        Mean over the pairs i < j of ``ratio_i ratio_j loss_ij``, in nats. Its range for
        a limit is ``[0, kappa**2 z]``, where z is the largest loss.

    Raises
    ------
    DomainError
        On fewer than two documents, shapes that do not match, an asymmetric matrix, or
        a number that is negative or not finite.

    Notes
    -----
    Source: Theorem 2 (e).

    Examples
    --------
    >>> importance_weighted([[0.0, 0.5], [0.5, 0.0]], [2.0, 0.5])
    0.5
    """
    matrix = np.asarray(losses, dtype=np.float64)
    weights = np.asarray(ratios, dtype=np.float64)
    k = weights.size
    if weights.ndim != 1 or k < 2 or matrix.shape != (k, k):
        raise DomainError(
            "importance weighting needs the ratios of at least two documents and the "
            f"losses of their pairs, got shapes {weights.shape} and {matrix.shape}"
        )
    above = matrix[np.triu_indices(k, 1)]
    if not np.array_equal(above, matrix.T[np.triu_indices(k, 1)]):
        raise DomainError(
            "`losses` must be symmetric: the loss of a pair does not depend on its "
            "orientation"
        )
    for name, values in (("ratios", weights), ("losses", above)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise DomainError(
                f"`{name}` must be finite and not negative; the ratio is infinite only "
                "for documents that the sampler never draws"
            )
    products = np.outer(weights, weights)[np.triu_indices(k, 1)]
    return float((products * above).mean())


def shifted_limit(
    risks: ArrayLike,
    total_variations: ArrayLike,
    *,
    low: float,
    high: float,
    pair_width: float,
    delta: float,
) -> float:
    """Upper limit of the target risk from risks and distances per query, in nats.

    Parameters
    ----------
    risks : array_like, shape (n,)
        Risk of each query under the sampling law, in [low, high].
    total_variations : array_like, shape (n,)
        Total variation distance of the two laws of each query, in [0, 1].
    low, high : float
        Range of the risk of one query: (z_-, z_+) of Lemma 2c.
    pair_width : float
        Width of the range of one pair's loss under both laws, at most B.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    float
        Betting limit of the mean of ``risk + pair_width theta (2 - theta)``.

    Raises
    ------
    DomainError
        On a number outside its range or unequal sizes.

    Notes
    -----
    The mean of the sampled distances is not their expectation, so each distance is part
    of the observation of its query. Source: Theorem 2 (b).

    Examples
    --------
    >>> limit = shifted_limit(
    ...     [0.4] * 500, [0.01] * 500, low=0, high=5, pair_width=8, delta=0.05
    ... )
    >>> 0.4 + 8 * 0.0199 < limit < 0.8
    True
    """
    distances = np.asarray(total_variations, dtype=np.float64)
    values = np.asarray(risks, dtype=np.float64)
    checked_sample(values, low=low, high=high)
    if (
        distances.shape != values.shape
        or not ((distances >= 0) & (distances <= 1)).all()
    ):
        raise DomainError(
            "`total_variations` must hold one number in [0, 1] for each of "
            f"{counted(values.size, 'query')}, got shape {distances.shape}"
        )
    if not 0 <= pair_width < math.inf:
        raise DomainError(f"`pair_width` must be finite and >= 0, got {pair_width}")
    shifted = values + pair_width * distances * (2 - distances)
    return betting(shifted, low=low, high=high + pair_width, delta=delta)
