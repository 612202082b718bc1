"""Sums over all pairs of lists: pair by pair in short ones, by a series in long ones.

With d >= 0 the difference of two scores,

    softplus(-d) = sum over m >= 1 of (-1)^(m+1) exp(-m d) / m,
    sigmoid(-d)  = sum over m >= 1 of (-1)^(m+1) exp(-m d),

and along sorted scores the sum of exp(-m d) over all pairs is a recurrence: one pass
for each m, in place of k (k - 1) / 2 exponentials. With `TERMS` terms in the weights of
Cohen, Villegas and Zagier the sums over pairs have a relative error of at most
`SERIES_ERROR`, 1.7e-16 (Theorem 12), for ties and for any gaps. Sorting apart, the work
is proportional to `TERMS` times the number of documents.

All terms of a recurrence have one sign and no exponent is positive, so that nothing
overflows and rounding stays small: against 50 digits the relative errors of entropies
and risks are below 2e-15 for ties, gaps of 1e-12, scores of 1e6 with noise, and scores
of 8e307.

Scores are finite NumPy float64 arrays of shape (n, k), `valid` says which are not
padding, `scale` divides margins, and sums have shape (n,).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from rankbound.data.columns import Booleans, Floats

# Lists of more documents are summed by the series. For entropies of many lists both
# ways take the same time at 30 to 40 documents, for those of one list at 250.
LONGEST_BY_PAIRS: Final = 50
# Pairs of short lists in one table.
PAIRS_AT_ONCE: Final = 2**15
TERMS: Final = 21
# exp(-800) is 0 in float64, as is the exact value for any larger difference
FARTHEST: Final = 800.0
# Columns of a recurrence: enough for the overhead of NumPy's calls to be small, and few
# enough that the numbers of a step stay in the cache.
COLUMNS: Final = 256
# A list is cut into pieces of at least this many steps if there are few lists.
LEAST_STEPS: Final = 32
# Steps whose powers are computed at once, and whose sums are added up before they join
# the total, which keeps the rounding of long lists small.
STEPS_AT_ONCE: Final = 8


def series_weights(terms: int) -> tuple[list[float], int]:
    """Weights of the accelerated series, and d_n, whose inverse bounds its error.

    Parameters
    ----------
    terms : int
        n, at least 1.

    Returns
    -------
    weights : list of float
        Of the terms 1 to n, in (0, 1), without their alternating signs.
    divisor : int
        d_n = T_n(3), a Chebyshev polynomial.

    Notes
    -----
    Source: Theorem 12; Cohen, Villegas and Zagier, "Convergence acceleration of
    alternating series", Experimental Mathematics 9 (2000). The weights are quotients of
    integers, each rounded once.

    Examples
    --------
    >>> series_weights(2)
    ([0.9411764705882353, 0.47058823529411764], 17)
    """
    n = terms
    sizes = [n * math.comb(n + j, 2 * j) * 4**j // (n + j) for j in range(n + 1)]
    divisor = sum(sizes)
    return [sum(sizes[j + 1 :]) / divisor for j in range(n)], divisor


WEIGHTS, DIVISOR = series_weights(TERMS)
SERIES_ERROR: Final = 1 / DIVISOR
_ORDER = np.arange(1, TERMS + 1)
_OF_SIGMOID = np.where(_ORDER % 2 == 1, WEIGHTS, np.negative(WEIGHTS))[:, None]
_OF_SOFTPLUS = _OF_SIGMOID / _ORDER[:, None]


def entropy_sums(scores: Floats, valid: Booleans, scale: float) -> Floats:
    """Sum of the pair entropies of each list, in nats.

    Examples
    --------
    >>> scores = np.array([[0.0, 2.0]])
    >>> entropy_sums(scores, scores == scores, 1.0).round(6).tolist()
    [0.365334]
    """
    if scores.shape[-1] <= LONGEST_BY_PAIRS:
        return _entropy_of_pairs(scores, valid, scale)
    gaps = _gaps(_ascending(scores, valid), scale)
    softplus, weighted = _accelerated(gaps, gaps)
    return softplus + weighted


def _entropy_of_pairs(scores: Floats, valid: Booleans, scale: float) -> Floats:
    """Entropies from all pairs, lists side by side in the columns of one table."""
    n, k = scores.shape
    n_pairs = k * (k - 1) // 2
    columns = np.where(valid, scores, np.inf).T
    at_once = max(1, PAIRS_AT_ONCE // n_pairs)
    sums = np.empty(n)
    for start in range(0, n, at_once):
        part = np.ascontiguousarray(columns[:, start : start + at_once])
        size = np.empty((n_pairs, part.shape[1]))
        filled = 0
        with np.errstate(invalid="ignore", over="ignore"):
            for lag in range(1, k):
                rows = size[filled : filled + k - lag]
                np.subtract(part[lag:], part[:-lag], out=rows)
                filled += k - lag
            np.abs(size, out=size)
            if scale != 1.0:
                size /= scale
            if not np.ptp(part) < FARTHEST * scale:
                np.fmin(size, FARTHEST, out=size)  # padding leaves infinity and NaN
        decay = np.negative(size)
        np.exp(decay, out=decay)
        # log1p(decay) + size * (decay / (1 + decay)), in place
        total = np.log1p(decay)
        decay /= decay + 1.0
        size *= decay
        total += size
        # In two steps, which round less
        in_two = total.reshape(-1, k // 2, part.shape[1])
        sums[start : start + at_once] = in_two.sum(axis=1).sum(axis=0)
    return sums


def softplus_sums(scores: Floats, valid: Booleans, scale: float) -> Floats:
    """Sum of ``softplus(-|margin|)`` over the pairs of each list, in nats.

    Examples
    --------
    >>> scores = np.array([[0.0, 0.0, 0.0]])
    >>> softplus_sums(scores, scores == scores, 1.0).round(6).tolist()  # three ln 2
    [2.079442]
    """
    gaps = _gaps(_ascending(scores, valid), scale)
    return _accelerated(gaps, np.zeros_like(gaps))[0]


def risk_sums(
    teacher: Floats, student: Floats, valid: Booleans, scale: float
) -> Floats:
    """Sum of the pair risks of each list, in nats; `scale` divides the teacher's.

    With a >= 0 the margin of the teacher and m that of the student, the risk of a pair
    is ``softplus(-|m|) + max(-m, 0) + sigmoid(-a) m``. Each part has a sum of its own.

    Examples
    --------
    >>> teacher, student = np.array([[40.0, 0.0]]), np.array([[-3.0, 0.0]])
    >>> risk_sums(teacher, student, teacher == teacher, 1.0).round(6).tolist()
    [3.048587]
    """
    padded = np.where(valid, teacher, np.inf)
    # Ties in the student's order, so that their margins have one sign
    order = np.lexsort((np.where(valid, student, np.inf), padded), axis=-1)
    gaps = _gaps(np.take_along_axis(padded, order, axis=-1), scale)
    top = np.where(valid, student, -np.inf).max(axis=-1, keepdims=True)
    filled = np.where(valid, student, top)  # padding has no discordant pair
    ordered = np.take_along_axis(filled, order, axis=-1)
    steps = np.zeros_like(gaps)
    steps[1:] = np.diff(ordered, axis=-1).T
    weighted = _accelerated(gaps, steps)[1]
    return softplus_sums(student, valid, 1.0) + discordance_sums(ordered) + weighted


def discordance_sums(values: Floats) -> Floats:
    """Sum over i < j of max(values_i - values_j, 0) of each row: 0 if it ascends.

    Halves of windows of 2, 4, 8, ... are merged. A gap between neighbours of the merged
    window counts once for each value of the right half below it and value of the left
    half above it.

    Examples
    --------
    >>> discordance_sums(np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])).tolist()
    [0.0, 3.0]
    """
    n, k = values.shape
    width, total = 1, np.zeros(n)
    whole = 1 << (k - 1).bit_length()
    merged = np.repeat(values.max(axis=-1, keepdims=True), whole, axis=-1)
    merged[:, :k] = values
    while width < whole:
        windows = merged.reshape(n, whole // (2 * width), 2 * width)
        order = np.argsort(windows, axis=-1, kind="stable")
        windows = np.take_along_axis(windows, order, axis=-1)
        right_below = np.cumsum(order >= width, axis=-1)[..., :-1]
        left_above = width - (np.arange(1, 2 * width) - right_below)
        parts = np.diff(windows, axis=-1) * (right_below * left_above)
        total += parts.sum(axis=(-2, -1))
        merged, width = windows.reshape(n, whole), 2 * width
    return total


def margin_sums(scores: Floats, valid: Booleans) -> Floats:
    """Sum of the absolute differences over the pairs of each list.

    A gap of the sorted scores is part of the margins of all pairs around it.

    Examples
    --------
    >>> scores = np.array([[3.0, 0.0, 0.0]])
    >>> margin_sums(scores, scores == scores).tolist()
    [6.0]
    """
    ascending = _ascending(scores, valid)
    below = np.arange(1, scores.shape[-1])
    above = valid.sum(axis=-1, keepdims=True) - below
    with np.errstate(invalid="ignore"):
        gaps = np.where(above > 0, np.diff(ascending, axis=-1), 0.0)
    return np.asarray((gaps * (below * above)).sum(axis=-1))


def _ascending(scores: Floats, valid: Booleans) -> Floats:
    return np.sort(np.where(valid, scores, np.inf), axis=-1)


def _gaps(ascending: Floats, scale: float) -> Floats:
    """Gap below each score, shape (k, n); the first score and padding have none."""
    gaps = np.full(ascending.shape[::-1], FARTHEST)
    with np.errstate(invalid="ignore", over="ignore"):
        # Padding, which is infinite, leaves infinity and NaN
        gaps[1:] = np.fmin(np.diff(ascending, axis=-1).T / scale, FARTHEST)
    return gaps


def _accelerated(gaps: Floats, steps: Floats) -> tuple[Floats, Floats]:
    """Sums over all pairs of softplus(-d), and of sigmoid(-d) times the sum of steps.

    A difference d is a sum of gaps, and the steps between the same two documents are
    added up like these. Both have shape (k, n).
    """
    k, n = gaps.shape
    # Of all lists, so that the value of one does not depend on its place among them
    pieces = max(1, min(COLUMNS // max(n, 1), k // LEAST_STEPS))
    at_once = max(1, COLUMNS // pieces)
    softplus, weighted = np.empty(n), np.empty(n)
    for start in range(0, n, at_once):
        part = slice(start, start + at_once)
        plain, moment = _power_sums(gaps[:, part], steps[:, part], pieces)
        # Down the columns, whose order of addition does not depend on their number
        softplus[part] = (_OF_SOFTPLUS * plain).sum(axis=0)
        weighted[part] = (_OF_SIGMOID * moment).sum(axis=0)
    return softplus, weighted


def _power_sums(gaps: Floats, steps: Floats, pieces: int) -> tuple[Floats, Floats]:
    """Sums over pairs of exp(-m d) and of exp(-m d) times the steps; (TERMS, n).

    Lists are cut into pieces that are columns of one recurrence. What enters a piece
    from those before it is a linear function, of which the recurrence keeps account.
    """
    k, n = gaps.shape
    length = -(-k // pieces)
    gaps = _side_by_side(gaps, pieces, length, FARTHEST)
    steps = _side_by_side(steps, pieces, length, 0.0)
    # Axis 0: begun at nothing, and begun at one document at distance 0; axis 1: sums
    # of exp(-m d), and of its products with steps
    state = np.zeros((1 if pieces == 1 else 2, 2, TERMS, pieces * n))
    state[1:, 0] = 1.0
    total, recent = np.zeros_like(state), np.zeros_like(state)
    begun, plain, moment = state[0, 0], state[:, 0], state[:, 1]
    product = np.empty_like(plain)
    for start in range(0, length, STEPS_AT_ONCE):
        some = slice(start, start + STEPS_AT_ONCE)
        recent[...] = 0.0
        for decay, step in zip(_powers(gaps[some]), steps[some], strict=True):
            begun += 1.0
            np.multiply(plain, step, out=product)
            np.add(moment, product, out=moment)
            np.multiply(state, decay, out=state)
            np.add(recent, state, out=recent)
        total += recent
    return _joined(
        total.reshape(*total.shape[:3], pieces, n),
        state.reshape(*total.shape[:3], pieces, n),
    )


def _side_by_side(table: Floats, pieces: int, length: int, filler: float) -> Floats:
    """Cut the rows of (k, n) into pieces: (length, pieces * n)."""
    k, n = table.shape
    whole = np.full((pieces * length, n), filler)
    whole[:k] = table
    cut = whole.reshape(pieces, length, n).swapaxes(0, 1)
    return cut.reshape(length, pieces * n)


def _powers(gaps: Floats) -> Floats:
    """exp(-m gap) for m = 1 to TERMS, shape (length, TERMS, columns)."""
    powers = np.empty((len(gaps), TERMS, gaps.shape[-1]))
    np.exp(-gaps, out=powers[:, 0])
    known = 1
    while known < TERMS:
        new = min(known, TERMS - known)
        last = powers[:, known - 1 : known]
        np.multiply(powers[:, :new], last, out=powers[:, known : known + new])
        known += new
    return powers


def _joined(total: Floats, final: Floats) -> tuple[Floats, Floats]:
    """Add up pieces, each of which begins with the state at the end of the last one."""
    plain, moment = total[0].sum(axis=-2)
    carried, carried_moment = final[0, :, :, 0]
    for piece in range(1, total.shape[-2]):
        decays, moments = total[1, :, :, piece]
        plain = plain + carried * decays
        moment = moment + carried_moment * decays + carried * moments
        decay, moved = final[1, :, :, piece]
        fresh, fresh_moment = final[0, :, :, piece]
        carried_moment = fresh_moment + carried_moment * decay + carried * moved
        carried = fresh + carried * decay
    return plain, moment
