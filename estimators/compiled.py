"""The recurrence of `estimators.pair_sums`, compiled by numba (extra ``[numba]``).

It does the operations of the NumPy form on every number in the same order, and none is
fused, so that both give the same bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rankbound.data.columns import Floats, Integers

# Columns side by side, which the compiler turns into vectors of the processor
LANES = 32


def _pass_on(  # noqa: C901, PLR0912, PLR0913, PLR0917  one loop nest for the compiler
    decays: Floats,
    steps: Floats,
    births: Floats,
    state: Floats,
    total: Floats,
    factors: Integers,
    at_once: int,
) -> None:
    """Pass columns of gaps through the recurrence; `state` and `total` are changed.

    Parameters
    ----------
    decays, steps : float64 arrays, shape (length, columns)
        exp(-gap) below each document, and its step.
    births : float64 array, shape (heads,)
        What is added to the sums before each gap.
    state, total : float64 arrays, shape (heads, 2, terms, columns)
    factors : int64 array, shape (terms, 2)
        The two earlier powers whose product is each power from the second on.
    at_once : int
        Steps that are added up before they join the total.
    """
    length, columns = decays.shape
    heads, _, terms, _ = state.shape
    powers, step = np.zeros((terms, LANES)), np.zeros(LANES)
    shape = (heads, terms, LANES)
    plain, moment = np.zeros(shape), np.zeros(shape)
    recent, recent_moment = np.zeros(shape), np.zeros(shape)
    whole, whole_moment = np.zeros(shape), np.zeros(shape)
    for column in range(0, columns, LANES):
        width = min(LANES, columns - column)
        for h in range(heads):
            for m in range(terms):
                for x in range(width):
                    plain[h, m, x] = state[h, 0, m, column + x]
                    moment[h, m, x] = state[h, 1, m, column + x]
                for x in range(LANES):
                    whole[h, m, x] = 0.0
                    whole_moment[h, m, x] = 0.0
        for start in range(0, length, at_once):
            for h in range(heads):
                for m in range(terms):
                    for x in range(LANES):
                        recent[h, m, x] = 0.0
                        recent_moment[h, m, x] = 0.0
            for j in range(start, min(start + at_once, length)):
                for x in range(width):
                    powers[0, x] = decays[j, column + x]
                    step[x] = steps[j, column + x]
                for m in range(1, terms):
                    first, second = factors[m, 0], factors[m, 1]
                    for x in range(LANES):
                        powers[m, x] = powers[first, x] * powers[second, x]
                for h in range(heads):
                    birth = births[h]
                    for m in range(terms):
                        for x in range(LANES):
                            begun = plain[h, m, x] + birth
                            moved = moment[h, m, x] + begun * step[x]
                            begun *= powers[m, x]
                            moved *= powers[m, x]
                            plain[h, m, x] = begun
                            moment[h, m, x] = moved
                            recent[h, m, x] += begun
                            recent_moment[h, m, x] += moved
            for h in range(heads):
                for m in range(terms):
                    for x in range(LANES):
                        whole[h, m, x] += recent[h, m, x]
                        whole_moment[h, m, x] += recent_moment[h, m, x]
        for h in range(heads):
            for m in range(terms):
                for x in range(width):
                    state[h, 0, m, column + x] = plain[h, m, x]
                    state[h, 1, m, column + x] = moment[h, m, x]
                    total[h, 0, m, column + x] = whole[h, m, x]
                    total[h, 1, m, column + x] = whole_moment[h, m, x]


try:
    pass_on = njit(nogil=True, cache=True)(_pass_on)
except RuntimeError:  # there is no folder to keep what is compiled
    pass_on = njit(nogil=True)(_pass_on)
