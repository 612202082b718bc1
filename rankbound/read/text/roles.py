"""What the columns of a text without a header hold, as far as the rows tell.

Triples (a query, a positive and a negative, perhaps with a margin or with both scores)
and rankings with a rank and a score have no header, and their columns come in any
order. Columns are told apart by what repeats: all rows of a query share it, all triples
of a positive share both, ranks count up within a query, and numbers with a point or a
sign are no ids. Where rows leave a choice, the order of the columns decides.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from rankbound.data.columns import Floats
from rankbound.read.source import Source
from rankbound.read.text.layout import WHOLE, is_number
from rankbound.read.text.trec_sniffing import LARGEST_GRADE, head_rows

CONSTANT: Final = frozenset({"Q0", "q0", "0"})
REPEATED: Final = 1.5  # triples of a positive, or fewer queries of one, on average
SHARE: Final = 0.1  # of the rows may give a positive another score than others do
ALIKE: Final = 10.0  # ids of documents are of one magnitude


@dataclass(frozen=True, slots=True)
class Triples:
    """The places of the columns of triples; `values` are none, a margin, or scores."""

    query: int
    positive: int
    negative: int
    values: tuple[int, ...] = ()


HOFSTAETTER: Final = Triples(2, 3, 4, (0, 1))  # whose reader can average scores


@dataclass(frozen=True, slots=True)
class Ranking:
    """The places of the columns of a ranking."""

    query: int
    document: int
    rank: int
    score: int


@dataclass(frozen=True)
class _Column:
    """A column of the first rows, as text."""

    texts: tuple[str, ...]

    @cached_property
    def distinct(self) -> int:
        return len(set(self.texts))

    @cached_property
    def is_number(self) -> bool:
        return all(is_number(text.encode()) for text in self.texts)

    @cached_property
    def is_whole(self) -> bool:
        return all(map(WHOLE.fullmatch, self.texts))

    @cached_property
    def numbers(self) -> Floats:
        return np.array(self.texts, dtype=np.float64)

    @property
    def is_value(self) -> bool:
        """Whether it holds numbers that cannot be ids."""
        return self.is_number and not (self.is_whole and (self.numbers >= 0).all())

    @property
    def may_be_value(self) -> bool:
        return self.is_whole and bool((np.abs(self.numbers) <= LARGEST_GRADE).all())

    @cached_property
    def letters(self) -> str:
        """The letters that all of its texts begin with."""
        ends = zip(min(self.texts), max(self.texts), strict=False)
        same = itertools.takewhile(
            lambda two: two[0] == two[1] and two[0].isalpha(), ends
        )
        return "".join(letter for letter, _ in same)

    @property
    def shape(self) -> str:
        """How most of its texts look: letters, digits and signs."""
        shapes = (re.sub(r"[A-Za-z]+", "a", text) for text in self.texts)
        return Counter(re.sub(r"\d+", "9", one) for one in shapes).most_common(1)[0][0]


def roles_of(source: Source) -> Triples | Ranking | None:
    r"""The roles of the columns of a text of triples or of a ranking.

    None for any other text, and where the rows do not decide.

    Examples
    --------
    >>> text = b"7 10 11 1.5\n7 10 12 2.5\n8 20 21 -0.5\n8 20 22 3.5\n"
    >>> roles_of(Source(Path("x"), content=text))
    Triples(query=0, positive=1, negative=2, values=(3,))
    """
    return None if source.is_folder else _roles(source.head)


def usual_triples(source: Source) -> Triples | None:
    """The usual order of columns, for triples whose rows do not say more.

    Examples
    --------
    >>> usual_triples(Source(Path("x"), content=b"q p n 2.5"))
    Triples(query=0, positive=1, negative=2, values=(3,))
    """
    columns = _columns(source.head)
    if columns is None:
        return None
    return Triples(0, 1, 2, tuple(range(3, len(columns))))


def may_begin_with_scores(source: Source) -> bool:
    """Whether five columns may be both scores of a triple and its ids, in that order.

    Where the rows do not say more, they are unless one of the three is one word, as in
    a run, or one of the two counts ranks.
    """
    found = roles_of(source)
    if found is not None:
        return found == HOFSTAETTER
    columns = _columns(source.head)
    if columns is None or len(columns) != 5:
        return True
    scores, ids = columns[:2], columns[2:]
    rows = max(one.distinct for one in ids)
    words = (one.distinct == 1 < rows and not one.is_whole for one in ids)
    if any(one.is_value for one in ids) or any(words):
        return False
    return not _have_ranks(scores, ids)


@lru_cache(maxsize=8)
def _roles(head: bytes) -> Triples | Ranking | None:
    columns = _columns(head)
    if columns is None:
        return None
    return (_ranking(columns) if len(columns) == 4 else None) or _triples(columns)


def _columns(head: bytes) -> list[_Column] | None:
    rows = head_rows(Source(Path(), content=head))
    if not rows:
        return None
    (width, often), *_ = Counter(map(len, rows)).most_common(1)
    if width not in (3, 4, 5) or 2 * often <= len(rows):
        return None
    # The reader names a line of another width
    columns = zip(*(row for row in rows if len(row) == width), strict=True)
    found = [tuple(one.decode("utf-8", "replace") for one in c) for c in columns]
    return None if any(map(_is_headed, found)) else [*map(_Column, found)]


def _is_headed(texts: tuple[str, ...]) -> bool:
    """Whether a column of numbers begins with a word, its name."""
    first, *rest = (is_number(text.encode()) for text in texts)
    return bool(rest) and not first and all(rest)


def _have_ranks(numbers: Iterable[_Column], groups: Iterable[_Column]) -> bool:
    """Whether some of the numbers count up within a group."""
    whole = [one.texts for one in numbers if one.is_whole]
    return any(_counts(of.texts, one) for one in whole for of in groups)


# Rankings


def _ranking(columns: Sequence[_Column]) -> Ranking | None:
    unordered = [place for place in range(4) if set(columns[place].texts) == {"-1"}]
    if unordered:
        return _unordered(columns, unordered[0])
    if any(column.distinct == 1 for column in columns):
        return None
    found = [one for one in _rankings(columns) if _falls(columns, one)]
    if len(found) > 1:  # queries may count, too, in blocks or from 0
        blocks = [one for one in found if _is_in_blocks(columns[one.query].texts)]
        from_1 = [one for one in found if columns[one.rank].numbers.min() == 1]
        found = blocks if len(blocks) == 1 else from_1
    return found[0] if len(found) == 1 else None


def _is_in_blocks(queries: Sequence[str]) -> bool:
    """Whether the rows of each query follow one another."""
    return len([*itertools.groupby(queries)]) == len({*queries})


def _rankings(columns: Sequence[_Column]) -> Iterator[Ranking]:
    """All roles by which ranks count up within each query, once for each document."""
    for places in itertools.permutations(range(4)):
        found = Ranking(*places)
        query, document = columns[found.query], columns[found.document]
        rank, score = columns[found.rank], columns[found.score]
        if not (rank.is_whole and score.is_number) or document.is_value:
            continue
        pairs = set(zip(query.texts, document.texts, strict=True))
        if len(pairs) == len(query.texts) and _counts(query.texts, rank.texts):
            yield found


def _counts(queries: Iterable[str], ranks: Iterable[str]) -> bool:
    """Whether the ranks of each query are 0 or 1 and what follows, in any order."""
    held: dict[str, list[int]] = {}
    for query, rank in zip(queries, ranks, strict=True):
        held.setdefault(query, []).append(int(rank))
    every = [sorted(found) for found in held.values()]
    base = every[0][0]
    if base not in (0, 1) or max(map(len, every)) < 2:
        return False
    return all(found == [*range(base, base + len(found))] for found in every)


def _falls(columns: Sequence[_Column], found: Ranking) -> bool:
    """Whether scores never rise, or never fall, with the ranks of a query."""
    rank, score = columns[found.rank].numbers, columns[found.score].numbers
    _, query = np.unique(columns[found.query].texts, return_inverse=True)
    order = np.lexsort((rank, query))
    inside = np.diff(query[order]) == 0
    steps = np.diff(score[order])[inside]
    return bool((steps <= 0).all() or (steps >= 0).all())


def _unordered(columns: Sequence[_Column], rank: int) -> Ranking | None:
    rest = [place for place in range(4) if place != rank]
    values = [place for place in rest if columns[place].is_value]
    if len(values) != 1:
        return None
    ids = [place for place in rest if place not in values]
    query, document = sorted(ids, key=lambda place: columns[place].distinct)
    pairs = {*zip(columns[query].texts, columns[document].texts, strict=True)}
    once = len(pairs) == len(columns[0].texts)
    return Ranking(query, document, rank, values[0]) if once else None


# Triples


def _triples(columns: Sequence[_Column]) -> Triples | None:
    values = _values(columns)
    if values is None:
        return None
    ids = [place for place in range(len(columns)) if place not in values]
    query, positive, negative = _by_repetition(columns, ids)
    if not _is_triple(columns, query, positive, negative, plain=not values):
        return None
    counted = [columns[place] for place in values or ids]
    if _have_ranks(counted, [columns[place] for place in ids]):
        return None
    if len(values) == 2:
        values = _in_order(columns, (query, positive, negative), values)
        unlike = _given(columns, (query, positive), values[0])
        if unlike > SHARE * len(columns[0].texts):
            return None
    return Triples(query, positive, negative, tuple(values))


def _values(columns: Sequence[_Column]) -> list[int] | None:
    """The places of margins or scores: all columns but three; None if unclear."""
    wanted = len(columns) - 3
    values = [place for place, column in enumerate(columns) if column.is_value]
    if len(values) == wanted:
        return values
    others = [place for place in range(len(columns)) if place not in values]
    small = [place for place in others if columns[place].may_be_value]
    return sorted(values + small) if len(values) + len(small) == wanted else None


def _by_repetition(columns: Sequence[_Column], ids: list[int]) -> tuple[int, int, int]:
    """Which columns hold queries, positives and negatives.

    Triples share their query and positive, so the two columns with the fewest pairs are
    those, and a query has one positive or more.
    """
    pairs = {
        (one, two): len({*zip(columns[one].texts, columns[two].texts, strict=True)})
        for one, two in itertools.combinations(ids, 2)
    }
    first = min(pairs, key=lambda pair: pairs[pair])
    (negative,) = {*ids} - {*first}
    unlike = {
        place: (
            not _alike(columns[place], columns[negative]),
            columns[place].letters != columns[negative].letters,
        )
        for place in reversed(first)
    }
    # Positives look as negatives do; where queries do, too, they are fewer
    positive = min(unlike, key=lambda place: (unlike[place], -columns[place].distinct))
    (query,) = {*first} - {positive}
    return query, positive, negative


def _is_triple(
    columns: Sequence[_Column], query: int, positive: int, negative: int, *, plain: bool
) -> bool:
    """Whether three columns hold triples, and not a run or judgements.

    There the second column is one word, or few for all queries, and no document stands
    twice under a query.
    """
    q, p, n = (columns[place] for place in (query, positive, negative))
    if (
        not {*q.texts, *p.texts}.isdisjoint(CONSTANT)
        and min(q.distinct, p.distinct) < 2
    ):
        return False
    if q.distinct == 1 < p.distinct and (query > positive or not q.is_whole):
        return False
    rows = len(q.texts)
    pairs = len({*zip(q.texts, p.texts, strict=True)})
    if pairs > REPEATED * p.distinct or not _alike(p, n):
        return False
    triples = len({*zip(q.texts, p.texts, n.texts, strict=True)})
    if rows >= REPEATED * pairs:
        return triples >= REPEATED * pairs
    if not plain:
        return triples == rows and _distinguished(p)
    return _are_ids(q, n)


def _alike(positive: _Column, negative: _Column) -> bool:
    """Whether two columns may hold ids of the same documents."""
    if not (positive.is_whole and negative.is_whole):
        return positive.shape == negative.shape and "9" in positive.shape
    one, two = positive.numbers, negative.numbers
    if one.max() < two.min() / ALIKE or two.max() < one.min() / ALIKE:
        return False
    if max(one.max(), two.max()) <= LARGEST_GRADE:
        return bool(two.max() >= one.min() and one.max() >= two.min())
    return bool(1 / ALIKE <= np.median(two) / max(1.0, np.median(one)) <= ALIKE)


def _distinguished(positive: _Column) -> bool:
    """Whether a column varies, and not as ranks do."""
    if positive.distinct < 2:
        return False
    return not positive.is_whole or bool(positive.numbers.max() > LARGEST_GRADE)


def _are_ids(queries: _Column, numbers: _Column) -> bool:
    """Whether whole numbers are ids rather than scores: large, and in no order."""
    if not numbers.is_whole or numbers.numbers.max() <= ALIKE * LARGEST_GRADE:
        return False
    if numbers.distinct < 0.9 * len(numbers.texts):
        return False
    held: dict[str, list[float]] = {}
    for query, value in zip(queries.texts, numbers.numbers, strict=True):
        held.setdefault(query, []).append(value)
    several = [row for row in held.values() if len(row) > 1]
    ordered = [row in (sorted(row), sorted(row, reverse=True)) for row in several]
    return bool(several) and not all(ordered)


def _in_order(
    columns: Sequence[_Column], ids: tuple[int, int, int], values: list[int]
) -> list[int]:
    """The scores of positives first: those that a query and positive always share."""
    query, positive, negative = ids
    first, second = values
    plain = _given(columns, (query, positive), first) + _given(
        columns, (query, negative), second
    )
    swapped = _given(columns, (query, positive), second) + _given(
        columns, (query, negative), first
    )
    return [second, first] if swapped < plain else [first, second]


def _given(columns: Sequence[_Column], pair: tuple[int, int], value: int) -> int:
    """How many values there are beyond one for each pair of ids."""
    keys = [*zip(columns[pair[0]].texts, columns[pair[1]].texts, strict=True)]
    values = {*zip(keys, columns[value].texts, strict=True)}
    return len(values) - len({*keys})
