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

The recurrence runs in NumPy, or compiled where numba is installed (extra ``[numba]``),
some ten times as fast and with the same bits.

Scores are finite NumPy float64 arrays of shape (n, k), `valid` says which are not
padding, `scale` divides margins, and sums have shape (n,).
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import numpy as np

from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.threads import kept, share_out, threads

# Lists of more documents are summed by the series. For entropies of many lists both
# ways take the same time at 30 to 40 documents, for those of one list at 250.
LONGEST_BY_PAIRS: Final = 50
# Pairs of short lists in one table: enough to make the overhead of NumPy's calls small.
PAIRS_AT_ONCE: Final = 2**17
# Lists of two, whose three tables stay in the cache.
TWOS_AT_ONCE: Final = 2**14
TERMS: Final = 21
# exp(-800) is 0 in float64, as is the exact value for any larger difference
FARTHEST: Final = 800.0
# Columns of a recurrence below which lists are cut into pieces, and the most of one,
# whose numbers stay in the cache: the more, the smaller the overhead of NumPy's calls.
COLUMNS: Final = 256
MOST_COLUMNS: Final = 1024
# A list is cut into pieces of at least this many steps if there are few lists.
LEAST_STEPS: Final = 32
# Of the compiled recurrence: few, so that threads share them out.
COMPILED_COLUMNS: Final = 64
# Documents from which on importing numba is worth while.
COMPILED_FROM: Final = 2**15
# Times that pairs of rows are multiplied before logarithms are taken: some fewer than
# overflow, as the errors of factors add up.
FOLDS: Final = 3
# Values whose discordant pairs are counted one by one.
WINDOW: Final = 128
# Steps whose powers are computed at once, and whose sums are added up before they join
# the total, which keeps the rounding of long lists small.
STEPS_AT_ONCE: Final = 8

# Gaps and steps of a part of the lists
GapsOf = Callable[[slice], tuple[Floats, Floats | None]]
# Scores of a part of the lists, and what computes sums from them
ColumnsOf = Callable[[slice], list[Floats]]
InTables = Callable[[list[Floats], Floats], Floats]
# `_pass_on` as it is compiled
PassOn = Callable[[Floats, Floats, Floats, Floats, Floats, Integers, int], None]


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
    if scores.shape[-1] == 2 and is_full(valid):
        return _entropy_of_twos(scores, scale)
    if scores.shape[-1] <= LONGEST_BY_PAIRS:
        return _entropy_of_pairs(scores, valid, scale)

    def gaps_of(part: slice) -> tuple[Floats, Floats]:
        gaps = _gaps(_ascending(scores[part], valid[part]), scale)
        return gaps, gaps

    softplus, weighted = _accelerated(gaps_of, scores.shape)
    return softplus + weighted


def is_full(valid: Booleans) -> bool:
    """Whether there is no padding; seen at once in one value that is broadcast.

    Examples
    --------
    >>> is_full(np.broadcast_to(True, (3, 2))), is_full(np.array([True, False]))
    (True, False)
    """
    if valid.size and not any(valid.strides):
        return bool(valid.flat[0])
    return bool(valid.all())


def _in_tables(columns_of: ColumnsOf, shape: tuple[int, ...], sums: InTables) -> Floats:
    """Sums over all pairs of short lists, side by side in the columns of tables.

    `columns_of` gives the scores of a part of the lists, each of shape (k, n), and
    `sums` their sums, given three tables for all their pairs.
    """
    n, k = shape
    found = np.zeros(n)
    n_pairs = k * (k - 1) // 2

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            columns = columns_of(part)
            count = columns[0].shape[-1]
            if count == 1:  # NumPy adds up a single column in another order
                columns = [np.repeat(one, 2, axis=1) for one in columns]
            tables = kept("tables", 3, n_pairs, max(2, count))
            found[part] = sums(columns, tables)[:count]

    if n_pairs:
        share_out(work, n, at_once=max(1, PAIRS_AT_ONCE // n_pairs))
    return found


def _lower_less_higher(columns: Floats, out: Floats, scale: float) -> None:
    """Differences of all pairs of ascending lists: none is positive."""
    with np.errstate(invalid="ignore", over="ignore"):
        for lag, place in _places(len(columns)):
            np.subtract(columns[:-lag], columns[lag:], out=out[place])
        if scale != 1.0:
            np.divide(out, scale, out=out)
        if not (columns[-1] - columns[0]).max() < FARTHEST * scale:
            np.fmax(out, -FARTHEST, out=out)  # padding leaves infinity and NaN


def _entropy_of_pairs(scores: Floats, valid: Booleans, scale: float) -> Floats:
    def columns_of(part: slice) -> list[Floats]:
        return [np.ascontiguousarray(_ascending(scores[part], valid[part]).T)]

    def sums(columns: list[Floats], tables: Floats) -> Floats:
        lower, decay, higher = tables
        _lower_less_higher(columns[0], lower, scale)
        np.exp(lower, out=decay)
        np.add(decay, 1.0, out=higher)
        np.multiply(lower, decay, out=lower)
        np.divide(lower, higher, out=lower)
        return _log_sums(decay, higher) - _in_two(lower, len(columns[0]))

    return _in_tables(columns_of, scores.shape, sums)


def _entropy_of_twos(scores: Floats, scale: float) -> Floats:
    """What `_entropy_of_pairs` gives for lists of two, which need no sorting."""
    found = np.empty(len(scores))

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            first, second = scores[part].T
            lower, decay, higher = kept("twos", 3, len(first))
            with np.errstate(over="ignore"):
                np.subtract(first, second, out=lower)
                np.abs(lower, out=lower)
                np.divide(lower, -scale, out=lower)
            np.maximum(lower, -FARTHEST, out=lower)
            np.exp(lower, out=decay)
            np.add(decay, 1.0, out=higher)
            np.multiply(lower, decay, out=lower)
            np.divide(lower, higher, out=lower)
            np.log1p(decay, out=higher)
            np.subtract(higher, lower, out=found[part])

    share_out(work, len(scores), at_once=TWOS_AT_ONCE)
    return found


def _risk_of_pairs(
    teacher: Floats, student: Floats, valid: Booleans, scale: float
) -> Floats:
    def columns_of(part: slice) -> list[Floats]:
        mine = np.where(valid[part], teacher[part], np.inf)
        theirs = np.where(valid[part], student[part], 0.0)
        order = np.argsort(mine, axis=-1)
        return [
            np.ascontiguousarray(np.take_along_axis(one, order, axis=-1).T)
            for one in (mine, theirs)
        ]

    def sums(columns: list[Floats], tables: Floats) -> Floats:
        (mine, theirs), (doubt, other, total) = columns, tables
        places = _places(len(mine))
        _lower_less_higher(mine, doubt, scale)
        for lag, place in places:
            np.subtract(theirs[lag:], theirs[:-lag], out=other[place])
        # The teacher's probability of what the student does not prefer
        np.exp(doubt, out=doubt)
        np.add(doubt, 1.0, out=total)
        np.copyto(doubt, 1.0, where=other < 0)
        np.divide(doubt, total, out=doubt)
        np.abs(other, out=other)
        np.multiply(doubt, other, out=doubt)
        np.negative(other, out=other)
        np.exp(other, out=other)
        padding = np.isinf(mine)
        if padding.any():
            for lag, place in places:
                for table in (doubt, other):
                    np.copyto(table[place], 0.0, where=padding[lag:])
        np.add(other, 1.0, out=total)
        return _log_sums(other, total) + _in_two(doubt, len(mine))

    return _in_tables(columns_of, teacher.shape, sums)


def _places(k: int) -> list[tuple[int, slice]]:
    """Each lag of pairs (i, i + lag), and where a table has them."""
    ends = np.cumsum([0, *range(k - 1, 0, -1)]).tolist()
    return [(lag, slice(*ends[lag - 1 : lag + 1])) for lag in range(1, k)]


def _log_sums(numbers: Floats, higher: Floats) -> Floats:
    """Sums of log1p down the columns, which few logarithms of products take.

    ``higher`` is 1 more than the numbers, which are in [0, 1]; both are overwritten.
    """
    left = len(numbers)
    for _ in range(FOLDS):
        half = left // 2
        second = numbers[left - half : left]
        # (1 + a) (1 + b) - 1, of terms of one sign
        np.multiply(second, higher[:half], out=second)
        np.add(numbers[:half], second, out=numbers[:half])
        np.add(numbers[:half], 1.0, out=higher[:half])
        left -= half
    logs = np.log1p(numbers[:left], out=higher[:left])
    return np.asarray(logs.sum(axis=0))


def _in_two(total: Floats, k: int) -> Floats:
    """Sums down the columns of all pairs, in two steps, which round less."""
    in_two = total.reshape(-1, k // 2, total.shape[-1])
    return np.asarray(in_two.sum(axis=1).sum(axis=0))


def softplus_sums(scores: Floats, valid: Booleans, scale: float) -> Floats:
    """Sum of ``softplus(-|margin|)`` over the pairs of each list, in nats.

    Examples
    --------
    >>> scores = np.array([[0.0, 0.0, 0.0]])
    >>> softplus_sums(scores, scores == scores, 1.0).round(6).tolist()  # three ln 2
    [2.079442]
    """

    def gaps_of(part: slice) -> tuple[Floats, None]:
        return _gaps(_ascending(scores[part], valid[part]), scale), None

    return _accelerated(gaps_of, scores.shape)[0]


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
    if teacher.shape[-1] <= LONGEST_BY_PAIRS:
        return _risk_of_pairs(teacher, student, valid, scale)
    ordered = np.empty(teacher.shape)

    def gaps_of(part: slice) -> tuple[Floats, Floats]:
        padded = np.where(valid[part], teacher[part], np.inf)
        filled = np.where(valid[part], student[part], np.inf)
        order = np.argsort(padded, axis=-1)
        ascending = np.take_along_axis(padded, order, axis=-1)
        # Ties in the student's order, so that their margins have one sign
        tied = (ascending[:, 1:] == ascending[:, :-1]).any(axis=-1)
        order[tied] = np.lexsort((filled[tied], padded[tied]), axis=-1)
        gaps = _gaps(ascending, scale)
        top = np.where(valid[part], student[part], -np.inf).max(axis=-1, keepdims=True)
        np.minimum(filled, top, out=filled)  # padding has no discordant pair
        ordered[part] = np.take_along_axis(filled, order, axis=-1)
        steps = np.zeros_like(gaps)
        steps[1:] = np.diff(ordered[part], axis=-1).T
        return gaps, steps

    weighted = _accelerated(gaps_of, teacher.shape)[1]
    discordance = np.empty(len(teacher))

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            discordance[part] = discordance_sums(ordered[part])

    share_out(work, len(teacher), at_once=COLUMNS)
    return softplus_sums(student, valid, 1.0) + discordance + weighted


def discordance_sums(values: Floats) -> Floats:
    """Sum over i < j of max(values_i - values_j, 0) of each row: 0 if it ascends.

    Windows of `WINDOW` values are summed pair by pair, and halves of windows of twice,
    four times, ... as many are merged. A gap between neighbours of the merged window
    counts once for each value of the right half below it and value of the left half
    above it.

    Examples
    --------
    >>> discordance_sums(np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])).tolist()
    [0.0, 3.0]
    """
    n, k = values.shape
    width = min(k, WINDOW)
    whole = width << (-(-k // max(width, 1)) - 1).bit_length()
    merged = np.repeat(values.max(axis=-1, keepdims=True), whole, axis=-1)
    merged[:, :k] = values
    total = _falls(merged.reshape(-1, width)).reshape(n, -1).sum(axis=-1)
    if width < whole:
        merged = np.sort(merged.reshape(n, -1, width), axis=-1)
    while width < whole:
        windows = merged.reshape(n, whole // (2 * width), 2 * width)
        order = np.argsort(windows, axis=-1, kind="stable")
        windows = np.take_along_axis(windows, order, axis=-1)
        right_below = np.cumsum(order >= width, axis=-1)[..., :-1]
        left_above = width - (np.arange(1, 2 * width) - right_below)
        parts = np.diff(windows, axis=-1) * (right_below * left_above)
        total += parts.sum(axis=(-2, -1))
        merged, width = windows, 2 * width
    return np.asarray(total)


def _falls(windows: Floats) -> Floats:
    """Sum over i < j of max(values_i - values_j, 0) of each row, pair by pair."""
    count, width = windows.shape
    found = np.empty(count)
    for start in range(0, count, COLUMNS):
        some = windows[start : start + COLUMNS]
        # A single column would be added up in another order
        columns = np.empty((width, max(2, len(some))))
        columns[...] = some.T
        fall, total = np.empty_like(columns), np.zeros(columns.shape[-1])
        for lag in range(1, width):
            rows = fall[lag:]
            np.subtract(columns[:-lag], columns[lag:], out=rows)
            np.maximum(rows, 0.0, out=rows)
            total += rows.sum(axis=0)
        found[start : start + COLUMNS] = total[: len(some)]
    return found


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
    """Sorted lists, with infinity for padding at their ends."""
    filled = scores if is_full(valid) else np.where(valid, scores, np.inf)
    return np.sort(filled, axis=-1)


def _gaps(ascending: Floats, scale: float) -> Floats:
    """Gap below each score, shape (k, n); the first score and padding have none."""
    columns, gaps = kept("gaps", 2, *ascending.shape[::-1])
    np.copyto(columns, ascending.T)
    gaps[0], inner = FARTHEST, gaps[1:]
    with np.errstate(invalid="ignore", over="ignore"):
        # Padding, which is infinite, leaves infinity and NaN
        np.subtract(columns[1:], columns[:-1], out=inner)
        np.divide(inner, scale, out=inner)
        np.fmin(inner, FARTHEST, out=inner)
    return np.asarray(gaps)


def _accelerated(gaps_of: GapsOf, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Sums over all pairs of softplus(-d), and of sigmoid(-d) times the sum of steps.

    A difference d is a sum of gaps, and the steps between the same two documents are
    added up like these; without steps, the second sums are 0. `gaps_of` gives both for
    a part of the lists, of shape (k, n), and `shape` is that of all lists.
    """
    n, k = shape
    # Of all lists, so that the value of one does not depend on its place among them
    pieces = max(1, min(COLUMNS // max(n, 1), k // LEAST_STEPS))
    pass_on = _compiled() if _pays(n * k) else None
    softplus, weighted = np.empty(n), np.empty(n)

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            gaps, steps = gaps_of(part)
            plain, moment = _power_sums(gaps, steps, pieces, pass_on)
            softplus[part] = _in_order(_OF_SOFTPLUS * plain)
            weighted[part] = _in_order(_OF_SIGMOID * moment)

    if pass_on is None:
        each = -(-n // threads()) * pieces
        columns = min(max(each, COLUMNS), MOST_COLUMNS)
    else:
        columns = COMPILED_COLUMNS
    share_out(work, n, at_once=max(1, columns // pieces))
    return softplus, weighted


def _pays(documents: int) -> bool:
    """Whether compiled code gains what importing it takes, or is imported already."""
    return documents >= COMPILED_FROM or "rankbound.estimators.compiled" in sys.modules


@cache
def _compiled() -> PassOn | None:
    """The recurrence as compiled by numba, where that is installed."""
    if importlib.util.find_spec("numba") is None:
        return None
    try:
        from rankbound.estimators import compiled
    except ImportError:  # numba is there and does not fit this NumPy
        return None
    found: PassOn = compiled.pass_on
    return found


def _power_sums(
    gaps: Floats, steps: Floats | None, pieces: int, pass_on: PassOn | None
) -> tuple[Floats, Floats]:
    """Sums over pairs of exp(-m d) and of exp(-m d) times the steps; (TERMS, n).

    Lists are cut into pieces that are columns of one recurrence. What enters a piece
    from those before it is a linear function, of which the recurrence keeps account.
    """
    k, n = gaps.shape
    length = -(-k // pieces)
    decays = kept("decays", length, pieces * n)
    np.negative(_side_by_side(gaps, pieces, length, FARTHEST), out=decays)
    np.exp(decays, out=decays)
    moves = None if steps is None else _side_by_side(steps, pieces, length, 0.0)
    # Axis 0: begun at nothing, and begun at one document at distance 0; axis 1: sums
    # of exp(-m d), and of its products with steps
    heads = 1 if pieces == 1 else 2
    state, total = kept("sums", 2, heads, 2, TERMS, pieces * n)
    state[...] = total[...] = 0.0
    state[1:, 0] = 1.0
    if pass_on is None:
        _pass_on(decays, moves, state, total)
    else:
        births = np.array([1.0, 0.0])[: len(state)]
        moves = np.zeros_like(decays) if moves is None else moves
        pass_on(decays, moves, births, state, total, _FACTORS, STEPS_AT_ONCE)
    if pieces == 1:
        return total[0, 0], total[0, 1]
    return _joined(
        total.reshape(*total.shape[:3], pieces, n),
        state.reshape(*total.shape[:3], pieces, n),
    )


def _pass_on(
    decays: Floats, steps: Floats | None, state: Floats, total: Floats
) -> None:
    """Pass columns of gaps through the recurrence; `state` and `total` are changed."""
    sums = 1 if steps is None else 2
    state, total = state[:, :sums], total[:, :sums]
    begun, plain, moment = state[0, 0], state[:, 0], state[:, -1]
    recent, product = kept("recent", *state.shape), kept("product", *plain.shape)
    powers = kept("powers", STEPS_AT_ONCE, TERMS, decays.shape[-1])
    for start in range(0, len(decays), STEPS_AT_ONCE):
        some = decays[start : start + STEPS_AT_ONCE]
        recent[...] = 0.0
        for place, decay in enumerate(_powers(some, powers)):
            np.add(begun, 1.0, out=begun)
            if steps is not None:
                np.multiply(plain, steps[start + place], out=product)
                np.add(moment, product, out=moment)
            np.multiply(state, decay, out=state)
            np.add(recent, state, out=recent)
        np.add(total, recent, out=total)


def _side_by_side(table: Floats, pieces: int, length: int, filler: float) -> Floats:
    """Cut the rows of (k, n) into pieces: (length, pieces * n)."""
    if pieces == 1:
        return table
    k, n = table.shape
    whole = np.full((pieces * length, n), filler)
    whole[:k] = table
    cut = whole.reshape(pieces, length, n).swapaxes(0, 1)
    return cut.reshape(length, pieces * n)


def _factors() -> Integers:
    """Two lower powers, counted from 0, whose product is each power from x^2 on."""
    found = np.zeros((TERMS, 2), dtype=np.int64)
    known = 1
    while known < TERMS:
        new = np.arange(min(known, TERMS - known))
        found[known + new] = np.stack([new, np.full_like(new, known - 1)], axis=-1)
        known += len(new)
    return found


_FACTORS = _factors()


def _powers(decays: Floats, out: Floats) -> Floats:
    """x^m for m = 1 to TERMS of each x, shape (length, TERMS, columns)."""
    powers = out[: len(decays)]
    powers[:, 0] = decays
    known = 1
    while known < TERMS:
        new = min(known, TERMS - known)
        last = powers[:, known - 1 : known]
        np.multiply(powers[:, :new], last, out=powers[:, known : known + new])
        known += new
    return powers


def _in_order(rows: Floats) -> Floats:
    """Sum of rows one after another; NumPy adds up a single column in another order."""
    total = np.zeros_like(rows[0])
    for row in rows:
        np.add(total, row, out=total)
    return np.asarray(total)


def _joined(total: Floats, final: Floats) -> tuple[Floats, Floats]:
    """Add up pieces, each of which begins with the state at the end of the last one."""
    plain, moment = _in_order(np.moveaxis(total[0], -2, 0))
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
