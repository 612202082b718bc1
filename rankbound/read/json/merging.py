"""Rows that say the same thing twice: scores of one pair, documents of one group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.data.columns import Booleans, Floats, Integers

AGAIN: Final = "scores given again"
TWICE: Final = "documents twice in one group"
POSITIVES: Final = "positives among the negatives of their group"
# Scores of one pair that differ by less than this, relative to their size, or
# absolutely below 1, are one score: printing, half precision and batching differ so
TOLERANCE: Final = 1e-3

Rows = tuple[Integers, Integers, Floats, Integers]


def merged_scores(
    rows: Rows, *, mean: bool, fail: Callable[[int, int, int], Exception]
) -> tuple[Integers, Floats, int]:
    """One score for every query and document.

    Parameters
    ----------
    rows : queries, documents, values, lines
        Arrays of shape (n,).
    mean : bool
        Whether different scores of a pair are averaged. Otherwise they must agree up to
        `TOLERANCE`, and the first is kept.
    fail : callable
        From the number of pairs that disagree and two rows of the first of them to the
        error to raise.

    Returns
    -------
    kept : int64 array, shape (n_pairs,)
        The first row of every pair.
    values : float64 array, shape (n_pairs,)
    again : int
        Rows that gave a score a second time.

    Examples
    --------
    >>> one, two = np.array([0, 0, 0]), np.array([5, 6, 5])
    >>> kept, values, again = merged_scores(
    ...     (one, two, np.array([1.0, 3.0, 2.0]), one), mean=True, fail=ValueError
    ... )
    >>> kept.tolist(), values.tolist(), again
    ([0, 1], [1.5, 3.0], 1)
    """
    queries, documents, values, _ = rows
    order = np.lexsort((documents, queries))  # stable: earlier rows come first
    first = _firsts(queries[order], documents[order])
    kept, starts = order[first], np.flatnonzero(first)
    again = len(order) - len(kept)
    if not again:
        return kept, values[kept], 0
    ordered = values[order]
    if mean:
        counts = np.diff(np.append(starts, len(order)))
        shares = ordered / np.repeat(counts, counts)  # no sum of large scores
        return kept, np.add.reduceat(shares, starts), again
    low, high = (f.reduceat(ordered, starts) for f in (np.minimum, np.maximum))
    apart = high / 2 - low / 2 > TOLERANCE / 2 * np.maximum(1, np.abs(values[kept]))
    if apart.any():
        pair = int(np.flatnonzero(apart)[np.argmin(kept[apart])])
        stop = np.append(starts, len(order))[pair + 1]
        segment = order[starts[pair] : stop]
        extremes = np.argmin(values[segment]), np.argmax(values[segment])
        raise fail(int(apart.sum()), *(int(segment[place]) for place in extremes))
    return kept, values[kept], again


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Documents of groups, each once, the groups in order; columns of shape (n,)."""

    group: Integers
    documents: Integers
    positive: Booleans
    repairs: dict[str, int]


def merged_members(group: Integers, documents: Integers, positive: Booleans) -> Members:
    """Every document of a group once, in the order of first appearance.

    One that is named as positive and as negative is a positive: this is what the data
    say for certain, and a negative that is relevant would teach the opposite.
    """
    order = np.lexsort((documents, group))
    first = _firsts(group[order], documents[order])
    starts = np.flatnonzero(first)
    repairs: dict[str, int] = {}
    if len(starts) < len(order):
        sizes = np.diff(np.append(starts, len(order)))
        good = np.add.reduceat(positive[order].astype(np.int64), starts)
        mixed = (good > 0) & (good < sizes)
        repairs[POSITIVES] = int(mixed.sum())
        repairs[TWICE] = int(np.sum(sizes - 1) - mixed.sum())
        positive = positive.copy()
        positive[order[starts]] = good > 0
    kept = np.sort(order[starts])
    kept = kept[np.argsort(group[kept], kind="stable")]
    return Members(group[kept], documents[kept], positive[kept], repairs)


def _firsts(major: Integers, minor: Integers) -> Booleans:
    """Where a new (major, minor) begins in sorted columns."""
    first = np.ones(len(major), dtype=bool)
    first[1:] = (major[1:] != major[:-1]) | (minor[1:] != minor[:-1])
    return first
