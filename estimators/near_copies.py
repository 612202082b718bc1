"""Near-copies of queries: by their words, or by their documents and scores.

Limits count queries as independent draws, which copies and paraphrases are not. Two
queries are near-copies if more than 4 of 5 of the words that occur in either occur in
both, or if so many of their documents do and the scores of these differ by little more
than a constant. Near-copies of near-copies belong to one set.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from rankbound.data.columns import (
    Booleans,
    Floats,
    Integers,
    Strings,
    distinct_codes,
    sorted_places,
    strings,
)
from rankbound.data.groups import MIXING, Groups
from rankbound.data.ordering import FITS, WINDOW, row_order, windows

# Jaccard similarity of two sets, which must be above it: 4 / 5
ABOVE: Final = (4, 5)
# Root mean square difference of centred scores, as a share of their deviation
CLOSE: Final = 0.1
ROUNDING: Final = 1e-12
TINY: Final = 1e-30
# Pairs with a common rare member, and members of pairs to compare; with more of
# either, only copies to the last digit are found
MOST_MET: Final = 50_000_000
MOST_MEMBERS: Final = 10_000_000
AT_ONCE: Final = 1_000_000
COMPARED_AT_ONCE: Final = 200_000  # members of pairs
WORDS: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, eq=False)
class NearCopies:
    """Sets of queries that are near-copies of each other.

    Attributes
    ----------
    qids : object array of str, shape (n,)
        Sorted.
    label : int64 array, shape (n,)
        The set of each query, which may be its only member.
    complete : bool
        Whether all were looked for; otherwise only exact copies were.
    """

    qids: Strings
    label: Integers
    complete: bool

    @property
    def copies(self) -> Booleans:
        """Which queries are a near-copy of another one, shape (n,)."""
        return np.asarray(np.bincount(self.label)[self.label] > 1)

    @property
    def n_sets(self) -> int:
        """Sets of two queries or more."""
        return int(np.sum(np.bincount(self.label) > 1))

    @property
    def n_distinct(self) -> int:
        """Sets of any size: the number of queries that are not copies of others."""
        return int(self.label.max()) + 1

    @property
    def largest(self) -> Strings:
        """The members of the largest set."""
        first = int(np.argmax(np.bincount(self.label)))
        return np.asarray(self.qids[self.label == first])

    def only(self, keep: Booleans) -> NearCopies:
        """The same of some of the queries; `keep` has shape (n,)."""
        _, label = np.unique(self.label[keep], return_inverse=True)
        return NearCopies(self.qids[keep], label.astype(np.int64), self.complete)


def near_copies(
    groups: Groups,
    scores: Floats,
    texts: Mapping[str, str] | None = None,
) -> NearCopies:
    """Near-copies among the queries of groups, by documents, scores and words.

    Parameters
    ----------
    groups : Groups
        The documents of a query are those of all its groups.
    scores : float64 array, shape (n_rows,)
        One model's scores of the rows, in any unit.
    texts : mapping of str to str, optional
        Texts of queries by id, as far as they are known.

    Returns
    -------
    NearCopies

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> held = {"a": 2.0, "b": 1.0, "c": 0.0}
    >>> other = {"a": 0.0, "b": 1.5, "c": 2.0}
    >>> scores = Scores.from_dict({"p": held, "q": held, "r": other})
    >>> groups = top_documents(scores, depth=3)
    >>> found = near_copies(groups, groups.scores_of(scores)[0])
    >>> found.largest.tolist(), found.n_distinct
    (['p', 'q'], 2)
    """
    present = distinct_codes(groups.queries)
    order = present[sorted_places(groups.qids[present])]
    place = np.zeros(len(groups.qids), dtype=np.int64)
    place[order] = np.arange(len(order))
    qids = groups.qids[order]
    own = place[groups.queries]
    owner, item, values = own[groups.row_group()], groups.codes, np.asarray(scores)
    if not (own[1:] > own[:-1]).all():  # a query has several groups, which may overlap
        width = max(1, len(groups.docnos))
        distinct, first = np.unique(owner * width + item, return_index=True)
        owner, item, values = distinct // width, distinct % width, values[first]
    pairs, complete = _of_scores(owner, item, values, len(qids))
    more, known = _of_texts(qids, texts or {})
    both = np.concatenate([pairs, more])
    return NearCopies(qids, _labels(both, len(qids)), complete and known)


def similar_texts(texts: Mapping[str, str]) -> NearCopies:
    """Near-copies among texts, by their words alone.

    Words are runs of letters and digits, without regard to case, order or repetition.

    Examples
    --------
    >>> found = similar_texts({"p": "Who is it?", "q": "who is IT", "r": "who was it"})
    >>> found.largest.tolist(), found.n_distinct
    (['p', 'q'], 2)
    """
    qids = strings(sorted(texts))
    pairs, complete = _of_texts(qids, texts)
    return NearCopies(qids, _labels(pairs, len(qids)), complete)


def _labels(pairs: Integers, n: int) -> Integers:
    """The connected part of each of n queries, numbered in their order."""
    ones = np.ones(len(pairs))
    graph = sparse.coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    return np.asarray(label, dtype=np.int64)


def _of_texts(qids: Strings, texts: Mapping[str, str]) -> tuple[Integers, bool]:
    if not texts:
        return _pairs([]), True
    codes: dict[str, int] = {}
    owner, items = [], []
    for place, qid in enumerate(qids):
        text = unicodedata.normalize("NFKC", texts.get(qid, "")).casefold()
        for word in dict.fromkeys(WORDS.findall(text)):
            owner.append(place)
            items.append(codes.setdefault(word, len(codes)))
    return _of_scores(
        np.array(owner, dtype=np.int64),
        np.array(items, dtype=np.int64),
        None,
        len(qids),
    )


def _of_scores(
    owner: Integers, item: Integers, scores: Floats | None, n: int
) -> tuple[Integers, bool]:
    """Pairs of near-copies, shape (n_pairs, 2), and whether all were looked for.

    `owner` and `item` name the members of n sets, without repetition and sorted by
    owner; sets without a member are no copies.
    """
    sizes = np.bincount(owner, minlength=n)
    exact, kept = _exact(item, scores, sizes)
    means = np.zeros(n)
    if scores is not None:
        means = np.bincount(owner, weights=scores, minlength=n) / np.maximum(1, sizes)
    chosen = np.zeros(n, dtype=bool)
    chosen[kept] = True
    if not chosen[owner].all():
        left = chosen[owner]
        owner, item = owner[left], item[left]
        scores = None if scores is None else scores[left]
    candidates = _candidates(owner, item, sizes)
    if candidates is None:
        return exact, False
    close = _close(candidates, (owner, item, scores), means, sizes)
    return np.concatenate([exact, candidates[close]]), True


def _exact(
    item: Integers, scores: Floats | None, sizes: Integers
) -> tuple[Integers, Integers]:
    """Pairs of equal sets with equal scores, and the first of each such set."""
    ends = np.concatenate([[0], np.cumsum(sizes)])
    seen: dict[tuple[bytes, bytes], int] = {}
    pairs = []
    filled = np.flatnonzero(sizes)
    again = _may_repeat(item, scores, ends)[filled]
    kept = filled[~again].tolist()
    for place in filled[again].tolist():
        items, values = _sorted(item, scores, ends[place : place + 2])
        said = b"" if values is None else values.tobytes()
        first = seen.setdefault((items.tobytes(), said), place)
        if first == place:
            kept.append(place)
        else:
            pairs.append((first, place))
    return _pairs(pairs), np.sort(np.array(kept, dtype=np.int64))


def _sorted(
    item: Integers, scores: Floats | None, ends: Integers
) -> tuple[Integers, Floats | None]:
    """Members and scores of some sets, each sorted by member."""
    rows = slice(ends[0], ends[-1])
    owner = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    some = item[rows]
    order = row_order(owner, some, n_docs=int(some.max(initial=0)) + 1)
    # No negative zeros
    return some[order], None if scores is None else scores[rows][order] + 0.0


def _may_repeat(item: Integers, scores: Floats | None, ends: Integers) -> Booleans:
    """Which sets have the same sum of mixed members as another one, as equal sets do.

    `item` and `scores` are those of the sets one after another, whose bounds are
    `ends`; empty sets have none.
    """
    sums = np.zeros(len(ends) - 1, dtype=np.uint64)
    for first, last in windows(ends, WINDOW):
        bounds = ends[first : last + 1]
        items, values = _sorted(item, scores, bounds)
        filled = np.flatnonzero(np.diff(bounds))
        if not len(filled):
            continue
        mixed = items.astype(np.uint64) * MIXING
        mixed ^= mixed >> np.uint64(32)
        if values is not None:
            mixed += values.view(np.uint64)
        mixed *= MIXING
        mixed ^= mixed >> np.uint64(29)
        starts = bounds[filled] - bounds[0]
        sums[first + filled] = np.add.reduceat(mixed * MIXING, starts)
    found = np.zeros(len(sums), dtype=bool)
    filled = np.flatnonzero(np.diff(ends))
    _, place, counts = np.unique(sums[filled], return_inverse=True, return_counts=True)
    found[filled] = counts[place] > 1
    return found


def _candidates(owner: Integers, item: Integers, sizes: Integers) -> Integers | None:
    """Pairs of sets that share one of their rarest members; None if there are too many.

    A set of s members that shares more than 4/5 of them with another one has a common
    member among its s - floor(4 s / 5) rarest ones, and so has the other.
    """
    if not len(owner):
        return _pairs([])
    often = np.bincount(item)
    owner, item = _rarest(owner, item, often, sizes)
    met = np.bincount(item)[item]  # by each row with all others of its item
    if np.sum(met, dtype=np.float64) > MOST_MET:
        return None
    members = _matrix(owner, item, np.ones(len(owner)), (len(sizes), len(often)))
    found, n_found = [], 0
    part, whole = ABOVE
    work = np.cumsum(np.bincount(owner, weights=met, minlength=len(sizes)))
    ends = np.searchsorted(work, np.arange(AT_ONCE, work[-1], AT_ONCE))
    turned = members.T.tocsr()
    for start, end in pairwise(np.unique([0, *ends, len(sizes)])):
        shared = (members[start:end] @ turned).tocoo()
        pairs = np.column_stack([shared.row + start, shared.col]).astype(np.int64)
        small, large = np.sort(sizes[pairs], axis=1).T
        near = (pairs[:, 0] < pairs[:, 1]) & (whole * small > part * large)
        found.append(pairs[near])
        n_found += int(small[near].sum())
        if n_found > MOST_MEMBERS:
            return None
    return np.concatenate(found)


def _rarest(
    owner: Integers, item: Integers, often: Integers, sizes: Integers
) -> tuple[Integers, Integers]:
    """Those members of sets, of which near-copies share one, by set and rarity."""
    both = len(often) * (int(often.max()) + 1)
    part, whole = ABOVE
    n_rare = sizes - part * sizes // whole
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
    bounds = np.append(starts, len(owner))
    owners, items = [], []
    for first, last in windows(bounds, WINDOW):
        rows = slice(bounds[first], bounds[last])
        mine, some = owner[rows], item[rows]
        if both * len(sizes) < FITS:
            order = row_order(mine, often[some] * len(often) + some, n_docs=both)
        else:
            order = np.lexsort((some, often[some], mine))
        begins = bounds[first:last] - rows.start
        count = np.diff(bounds[first : last + 1])
        rare = np.arange(len(mine)) < np.repeat(begins + n_rare[mine[begins]], count)
        owners.append(mine[order][rare])
        items.append(some[order][rare])
    return np.concatenate(owners), np.concatenate(items)


def _close(
    pairs: Integers,
    sets: tuple[Integers, Integers, Floats | None],
    means: Floats,
    sizes: Integers,
) -> Booleans:
    """Which pairs share enough, with scores that differ by little, shape (n_pairs,)."""
    owner, item, scores = sets
    close = np.zeros(len(pairs), dtype=bool)
    if not len(pairs):
        return close
    shape = len(sizes), int(item.max()) + 1
    asked = np.zeros(len(sizes), dtype=bool)
    asked[pairs] = True
    rows = asked[owner]
    owner, item = owner[rows], item[rows]
    scores = None if scores is None else scores[rows] - means[owner]
    has = _matrix(owner, item, np.ones(len(owner)), shape)
    held = None if scores is None else _matrix(owner, item, scores, shape)
    part, whole = ABOVE
    step = max(1, COMPARED_AT_ONCE // int(sizes.max()))
    for start in range(0, len(pairs), step):
        left, right = pairs[start : start + step].T
        ours, theirs = has[left], has[right]
        shared = _sums(ours, theirs)
        alike = whole * shared > part * (sizes[left] + sizes[right] - shared)
        if held is not None and alike.any():  # few pairs are, and the rest is longer
            left, right = left[alike], right[alike]
            ours, theirs, shared = ours[alike], theirs[alike], shared[alike]
            mine, others = held[left], held[right]
            n = np.maximum(shared, 1.0)
            one, two = _sums(mine, theirs) / n, _sums(others, ours) / n
            first = _sums(mine.multiply(mine), theirs) / n - one**2
            second = _sums(others.multiply(others), ours) / n - two**2
            both = _sums(mine, others) / n - one * two
            # With two documents there is one margin, which may be close by chance
            share = np.where(shared > 2, CLOSE**2, 0.0)
            apart = first + second - 2 * both
            slack = ROUNDING * np.maximum(first, second) + TINY
            alike[alike] = apart <= share * np.minimum(first, second) + slack
        close[start : start + step] = alike
    return close


def _sums(left: sparse.csr_array, right: sparse.csr_array) -> Floats:
    """Sums of the products of rows, shape (n,)."""
    return np.asarray(left.multiply(right).sum(axis=1), dtype=np.float64)


def _matrix(
    row: Integers, column: Integers, values: ArrayLike, shape: tuple[int, int]
) -> sparse.csr_array:
    return sparse.csr_array((np.asarray(values), (row, column)), shape=shape)


def _pairs(found: list[tuple[int, int]]) -> Integers:
    return np.array(found, dtype=np.int64).reshape(-1, 2)
