"""What the columns of a text without a header hold, as far as its rows tell.

A reading gives each column a name. Each name claims something that rows can deny: ids
are no fractions, a document stands once in a query, ranks count from 0 or 1 within a
query, scores fall with them, Q0 is one word, all triples of a positive share its query.
`worth` adds up how far the rows bear a reading out, and `judge` takes the best one:
`check_claims` refuses a file whose usual order is not that, `roles_of` gives the order
of triples and rankings. Where two readings are worth the same and give other numbers,
the file is refused with the name of the format that decides.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.errors import FormatError
from rankbound.read.source import HEAD, Source
from rankbound.read.text.layout import (
    WHOLE,
    Layout,
    is_comment,
    is_json_like,
    is_number,
)

USUAL_GRADE: Final = 4
LARGEST_GRADE: Final = 127  # trec_eval's
ROWS: Final = 5000
SCORES: Final = "qid docno score"
LEAD: Final = 0.75  # by which a reading is preferred to another
ONCE: Final = 1.5  # by which it is preferred to one document for each query
SURE: Final = 3.0  # by which another one speaks against a format that is named
REPEATED: Final = 1.5  # triples of a positive, or rows of a query, on average
FEW: Final = 20  # rows of a file that may be what it is by chance
SHARE: Final = 0.1  # of the rows may repeat, or contradict others
ALIKE: Final = 10.0  # ids of documents are of one magnitude
Rows = Sequence[Sequence[bytes]]
Names = tuple[str, ...]


# Rows


def numbered_rows(source: Source) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Fields of the whole lines at the start that are neither blank nor comments."""
    head = source.head
    if len(head) >= HEAD and b"\n" in head:
        head = head[: head.rfind(b"\n")]  # the last line may be cut
    lines = enumerate(head.split(b"\n"), start=1)
    rows = ((number, line.split()) for number, line in lines if not is_comment(line))
    return itertools.islice((row for row in rows if row[1]), ROWS)


def head_rows(source: Source) -> Rows:
    """The same without numbers; none where the text looks like JSON."""
    rows = [fields for _, fields in numbered_rows(source)]
    return [] if rows and is_json_like(rows[0]) else rows


def first_fields(source: Source) -> Sequence[bytes]:
    """The fields of the first row; none in a file without one."""
    return next(iter(head_rows(source)), [])


# Columns


class Column:
    """A column of the first rows."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        known: dict[str, int] = {}
        self.codes = np.array([known.setdefault(one, len(known)) for one in texts])
        self.distinct = len(known)
        self.fields = tuple(known)

    @cached_property
    def is_number(self) -> bool:
        """Whether all fields are numbers."""
        return all(is_number(one.encode()) for one in self.fields)

    @cached_property
    def is_whole(self) -> bool:
        """Whether all fields are whole numbers."""
        return all(map(WHOLE.fullmatch, self.fields))

    @cached_property
    def numbers(self) -> Floats:
        """The fields as numbers."""
        return np.array(self.texts, dtype=np.float64)

    @cached_property
    def is_value(self) -> bool:
        """Whether it holds numbers that cannot be ids, with a fraction or a sign.

        An id such as 7.0 was a whole number once.
        """
        if not self.is_number:
            return False
        return bool((self.numbers < 0).any() or (self.numbers % 1 != 0).any())

    @cached_property
    def is_pointed(self) -> bool:
        """Whether all fields are numbers with a point."""
        return self.is_number and all("." in one for one in self.fields)

    @cached_property
    def is_small(self) -> bool:
        """Whether all fields are whole numbers as grades are."""
        return self.is_whole and bool((np.abs(self.numbers) <= LARGEST_GRADE).all())

    @cached_property
    def is_once(self) -> bool:
        """Whether no field stands twice."""
        return self.distinct == len(self.texts)

    @cached_property
    def sizes(self) -> Integers:
        """How often each field stands there."""
        return np.bincount(self.codes)

    @cached_property
    def blocks(self) -> float:
        """How far the rows of each field follow one another, beyond chance; 0 to 3."""
        changes = np.count_nonzero(np.diff(self.codes))
        if self.is_once or changes + 1 > self.distinct:
            return 0.0
        # Of all orders of the rows, so few have these blocks
        orders = _log_orders(len(self.texts)) - sum(map(_log_orders, self.sizes))
        return float(min(3.0, (orders - _log_orders(self.distinct)) / 1.4))

    @cached_property
    def is_even(self) -> bool:
        """Whether each of several fields stands in as many rows, two or more."""
        inner = self.sizes[:-1]  # the last may be cut
        even = self.distinct > 2 and inner.min() == inner.max() > 1
        return bool(even and self.sizes[-1] <= inner[0])

    @cached_property
    def letters(self) -> str:
        """What all fields have but their digits, else the letters they begin with."""
        every = {re.sub(r"\d+", "9", one) for one in self.fields}
        if len(every) == 1:
            return every.pop()
        ends = zip(min(self.fields), max(self.fields), strict=False)
        same = itertools.takewhile(
            lambda two: two[0] == two[1] and two[0].isalpha(), ends
        )
        return "".join(letter for letter, _ in same)

    @cached_property
    def shape(self) -> str:
        """How most fields look: letters, digits and signs."""
        shapes = (re.sub(r"[A-Za-z]+", "a", one) for one in self.texts)
        return Counter(re.sub(r"\d+", "9", one) for one in shapes).most_common(1)[0][0]

    def order(self) -> Integers:
        """The rows by field, those of one in the order of the file."""
        return np.argsort(self.codes, kind="stable")


def _log_orders(rows: float) -> float:
    """The logarithm of a factorial."""
    return math.lgamma(rows + 1)


@dataclass(frozen=True, eq=False)
class Table:
    """The first rows of a file, all of one width."""

    columns: Sequence[Column]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0].texts)

    def of(self, rows: Booleans) -> Table:
        """Some of the rows."""
        held = (itertools.compress(one.texts, rows) for one in self.columns)
        return Table([Column(tuple(texts)) for texts in held])

    @cached_property
    def _keys(self) -> dict[tuple[int, ...], int]:
        return {}

    def distinct(self, *places: int) -> int:
        """Number of different rows of some columns."""
        key = tuple(sorted(places))
        if key not in self._keys:
            codes = np.stack([self.columns[place].codes for place in key])
            self._keys[key] = len(np.unique(codes, axis=1).T)
        return self._keys[key]

    def steps(self, group: int, value: int, by: int | None = None) -> Floats:
        """Changes of a value between neighbours of a group, in the order of `by`."""
        codes = self.columns[group].codes
        order = self.columns[group].order()
        if by is not None:
            order = np.lexsort((self.columns[by].numbers, codes))
        inside = np.diff(codes[order]) == 0
        found: Floats = np.diff(self.columns[value].numbers[order])[inside]
        return found

    def falls(self, group: int, value: int, by: int | None = None) -> int:
        """In how many steps a value falls in its groups; 0 where it ever rises."""
        steps = self.steps(group, value, by)
        return 0 if (steps > 0).any() else int((steps < 0).sum())

    def counted(self, group: int, value: int) -> int:
        """How many rows beyond the first of each group count on from 0 or 1.

        In any order; 0 where some do not. The last group may be cut.
        """
        column, of = self.columns[value], self.columns[group]
        if not column.is_whole or of.is_once or column.numbers.max() >= self.rows + 1:
            return 0
        order = np.lexsort((column.numbers, of.codes))
        ranks, codes = column.numbers[order], of.codes[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        base = ranks[starts].min()
        places = np.arange(self.rows) - np.repeat(starts, of.sizes)
        odd: Booleans = ranks != places + base
        if of.distinct > 1 and odd[codes == codes[-1]].all():
            odd = odd & (codes != codes[-1])
        if base not in (0, 1) or odd.any():
            return 0
        return self.rows - of.distinct

    @cached_property
    def ranks(self) -> int:
        """How many rows some column counts within the groups of another, at most."""
        pairs = itertools.permutations(range(len(self.columns)), 2)
        return max(itertools.starmap(self.counted, pairs))

    def is_constant_within(self, group: int, value: int) -> bool:
        """Whether a group has one field of a column, and not all have the same."""
        return self.distinct(group, value) == self.columns[group].distinct


# Which of the tables

BEIR_HEADER: Final = b"query-id"


def is_beir(rows: Rows) -> bool:
    """Whether the first row is BEIR's header."""
    return bool(rows) and len(rows[0]) == 3 and rows[0][0] == BEIR_HEADER


def is_prels(rows: Rows) -> bool:
    """Whether five columns are ``qid docno grade method probability``.

    A run without a tag has one word, mostly Q0, all down its second column.

    Examples
    --------
    >>> is_prels([b"1 d7 1 1 0.5".split(), b"1 d8 0 1 0.25".split()])
    True
    >>> is_prels([b"1 Q0 7 1 0.5".split(), b"1 Q0 8 2 0.25".split()])
    False
    """
    if not rows or any(len(row) != 5 for row in rows):
        return False
    if rows[0][1] == b"Q0" or (len(rows) > 1 and len({row[1] for row in rows}) == 1):
        return False
    return all(
        _is_grade(row[2]) and _is_grade(row[3]) and 0 <= _number(row[4]) <= 1
        for row in rows
    )


def _count_in_any_order(lists: list[list[bytes]]) -> bool:
    """Whether all lists hold the numbers from 0 or 1 on; the last may be cut."""
    whole = lists[:-1] if len(lists) > 1 else lists
    return any(
        all({b"%d" % (n + base) for n in range(len(one))} == {*one} for one in whole)
        for base in (0, 1)
    )


def is_ranks(rows: Rows) -> bool:
    """Whether the third of three columns counts 0.. or 1.. within each query.

    A query at least must have two documents: a lone 1 may well be a grade. Where a
    query has four documents or more, the ranks may stand in any order.

    Examples
    --------
    >>> is_ranks([b"q d 1".split(), b"q e 2".split(), b"r d 1".split()])
    True
    >>> is_ranks([b"q d 1".split(), b"r e 1".split()])
    False
    """
    if not is_scores(rows):
        return False
    lists = [
        [row[2] for row in group]
        for _, group in itertools.groupby(rows, key=lambda row: row[0])
    ]
    longest = max(map(len, lists), default=0)
    if longest >= 4 and _count_in_any_order(lists):
        return True
    bases = set()
    for ranks in lists:
        base = ranks[0] == b"1"
        if ranks != [b"%d" % (place + base) for place in range(len(ranks))]:
            return False
        bases.add(base)
    return longest > 1 and len(bases) == 1


def unordered(rows: Rows) -> int | None:
    """The place of the rank -1 among three columns, as ColBERT writes ``qid pid -1``.

    None where there is none in every row.

    Examples
    --------
    >>> unordered([b"q d -1".split(), b"q e -1".split()])
    2
    """
    if not rows or any(len(row) != 3 for row in rows):
        return None
    places = (place for place in range(3) if {row[place] for row in rows} == {b"-1"})
    return next(places, None)


def is_grades(rows: Rows) -> bool:
    """Whether the third of three columns holds whole numbers as grades are."""
    return is_scores(rows) and all(_is_grade(row[2]) for row in rows)


def is_scores(rows: Rows) -> bool:
    """Whether there are three columns, and the third is a number."""
    return bool(rows) and all(
        len(row) == 3 and not math.isnan(_number(row[2])) for row in rows
    )


def _is_grade(text: bytes) -> bool:
    value = _number(text)
    return abs(value) <= LARGEST_GRADE and value == int(value)


def _number(text: bytes) -> float:
    """The number, NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


# What a reading is worth

RANKING_NAMES: Final = ("qid", "docno", "rank", "score")
UNRANKED_RUN: Final = ("qid", "docno", "rank", "score", "tag")  # named, and not read
TRIPLE_NAMES: Final[dict[int, Names]] = {
    3: ("qid", "positive", "negative"),
    4: ("qid", "positive", "negative", "margin"),
    5: ("qid", "positive", "negative", "positive_score", "negative_score"),
}
HOFSTAETTER: Final = (
    *TRIPLE_NAMES[5][3:],
    *TRIPLE_NAMES[3],
)  # its reader can average scores
MARGIN_FIRST: Final = ("margin", *TRIPLE_NAMES[3])
USUAL_TRIPLES: Final = (*TRIPLE_NAMES.values(), HOFSTAETTER, MARGIN_FIRST)
VALUES: Final = frozenset(
    {"score", "grade", "rank", "margin", "positive_score", "negative_score"}
)
WORTH_OF_WORD: Final = {"Q0": 3.0, "q0": 3.0, "0": 1.5}


@dataclass(frozen=True, eq=False)
class Reading:
    """A name for each column, and what rows say of it."""

    table: Table
    names: Names

    @cached_property
    def at(self) -> dict[str, int]:
        """The column of each name."""
        return {name: place for place, name in enumerate(self.names)}

    def place(self, name: str) -> int:
        """The column of a name that is there."""
        return self.at[name]

    def column(self, name: str) -> Column:
        """The column of a name."""
        return self.table.columns[self.at[name]]

    @cached_property
    def worth(self) -> float:
        """How far the rows and their order bear it out."""
        query = self.column("qid")
        return self.claims + query.blocks + 1.0 * query.is_even - self._of_outer()

    def _of_outer(self) -> float:
        """Blocks of a document, of which those of the query are parts.

        In the usual order, queries that follow one another may share a document.
        """
        if self.names in USUAL_TRIPLES:
            return 0.0
        query, place = self.column("qid"), self.place("qid")
        ids = [self.at[one] for one in ("positive", "negative") if one in self.at]
        outer = (
            self.table.columns[one].blocks + 1.0
            for one in ids
            if self.table.columns[one].distinct < query.distinct < self.table.rows
            and self.table.distinct(place, one) == query.distinct
        )
        return max(outer, default=0.0)

    @cached_property
    def claims(self) -> float:
        """How far the rows bear it out; minus infinity where they deny it."""
        return self._of_triples() if "positive" in self.at else self._of_list()

    @property
    def has_pairs(self) -> bool:
        """Whether numbers come of queries with several documents.

        Most of many queries may have one judged document, and a few of them more.
        """
        query, rows = self.column("qid"), self.table.rows
        few = rows < REPEATED * query.distinct
        return not (query.is_once or ("grade" in self.at and few and rows >= FEW))

    def mixes_ids(self, other: Reading) -> bool:
        """Whether whole numbers of a triple are scores here and ids there."""
        return any(
            self.column(name).is_whole
            and not self.column(name).is_value
            and other.names[self.at[name]] not in VALUES
            for name in VALUES.intersection(self.at)
        )

    def gives_same(self, other: Reading) -> bool:
        """Whether another reading gives the same numbers, perhaps by other names."""
        if sorted(self.names) != sorted(other.names):
            return False
        if self.at.get("positive") == other.at.get("negative") is not None:
            return False
        if other.at.get("positive") == self.at.get("negative") is not None:
            return False
        values = VALUES.intersection(self.at)
        values = values - {"rank"} if "score" in values else values
        ids = {"qid", "docno", "positive", "negative"}.intersection(self.at)
        return all(self.at[one] == other.at[one] for one in values) and all(
            np.array_equal(self.column(one).codes, other.column(one).codes)
            for one in ids
        )

    def _of_list(self) -> float:
        """Of documents with scores, ranks or grades."""
        table, at = self.table, self.at
        query, document = self.column("qid"), self.column("docno")
        value = at.get("score", at.get("grade"))
        assert value is not None  # noqa: S101  every list has one
        repeated = table.rows - table.distinct(self.place("qid"), self.place("docno"))
        if (
            query.is_value
            or document.is_value
            or not table.columns[value].is_number
            or repeated > SHARE * table.rows
        ):
            return -math.inf
        found = -1.0 if repeated else 0.0
        found += 1.5 * (1 - query.distinct / table.rows)  # else nothing is measured
        for one, own, other in ((query, "q", "d"), (document, "d", "q")):
            first = one.letters[:1].lower()
            found += 1.0 * (first == own) - 1.0 * (first == other)
        found -= 4.0 * any(one.fields == ("Q0",) for one in (query, document))
        found -= 3.0 * (document.distinct == 1 < table.rows)
        found += sum(
            self._of_word(name) for name in ("Q0", "iteration", "tag") if name in at
        )
        if "grade" in at:
            return found + self._of_grade() + self._of_prels()
        return found + self._of_score() + ("rank" in at and self._of_rank())

    def _of_score(self) -> float:
        column, query = self.column("score"), self.place("qid")
        value, several = self.place("score"), not self.column("qid").is_once
        found = 2.0 * column.is_value + 1.0 * column.is_pointed
        if several and self.table.is_constant_within(query, value):
            found -= 3.0 if column.distinct > 1 else 1.0
        plain = "rank" not in self.at or self.column("rank").distinct == 1
        if plain and "rank" in self.at:
            found += min(2.5, 0.375 * self.table.falls(query, value))
        elif plain:
            counted = self.table.counted(query, value)
            found += min(4.0, 1.0 + counted) if counted else 0.0
            found += min(2.5, 0.375 * self.table.falls(query, value))
        return found

    def _of_rank(self) -> float:
        column, query = self.column("rank"), self.place("qid")
        value, rank = self.place("score"), self.place("rank")
        counted = self.table.counted(query, rank)
        if counted and self.column("score").distinct == 1:
            return 2.0  # or ids that count, in a file without ranks
        if counted:
            found = min(4.0, 1.0 + counted)
            inside = (self.table.steps(query, rank) > 0).all()
            found += min(1.5, 0.5 + 0.25 * counted) * bool(inside)
            steps = self.table.steps(query, value, by=rank)
            fallen = int((steps < 0).sum())
            rises = bool((steps > 0).any())
            return found + (-1.5 if rises and fallen else min(2.0, 0.5 + 0.5 * fallen))
        if column.distinct == 1:
            return 0.0
        if column.is_whole and self.table.distinct(query, rank) == self.table.rows:
            # Lists of which only some documents are among the rows, in any order
            fallen = self.table.falls(query, value, by=rank)
            if fallen:
                return min(4.0, 0.5 * fallen)
        found = -1.0 - 2.0 * column.is_value - 0.5 * (not column.is_whole)
        return found - 3.0 * bool(self.table.counted(query, value))

    def _of_word(self, name: str) -> float:
        """Of a column that is one word."""
        column, query = self.column(name), self.place("qid")
        if column.distinct == 1:
            if name == "tag":
                return 1.0 - 4.0 * (column.fields[0] in ("Q0", "q0"))
            return WORTH_OF_WORD.get(column.fields[0], 0.5)
        if name == "iteration" and column.is_small:
            return -1.5
        if name == "tag":
            return -2.0
        within = self.table.is_constant_within(query, self.at[name])
        return -2.0 if within and not column.is_value else -4.0

    def _of_grade(self) -> float:
        column = self.column("grade")
        if not column.is_whole and column.is_value:
            return -math.inf
        found = 1.0 * bool(column.numbers.max() <= USUAL_GRADE)
        found -= 3.0 * (not column.is_small)
        found -= 1.0 * bool(column.numbers.min() > USUAL_GRADE)
        if column.distinct == 1:
            return found - 1.0 * (column.fields[0] == "0")
        several = not self.column("qid").is_once
        within = self.table.is_constant_within(self.place("qid"), self.place("grade"))
        found -= 2.0 * (several and within)
        found -= 1.0 * (column.is_once and self.table.rows > 3)
        return found + 1.0 * bool((column.numbers == 0).any())

    def _of_prels(self) -> float:
        if "method" not in self.at:
            return 0.0
        method, chance = self.column("method"), self.column("probability")
        if not (method.is_small and chance.is_number):
            return -math.inf
        numbers = chance.numbers
        if numbers.min() < 0 or numbers.max() > 1:
            return -math.inf
        return 2.0 * chance.is_value + 1.0 * (method.distinct <= 3)

    def _of_triples(self) -> float:
        table, at = self.table, self.at
        q, p, n = self.place("qid"), self.place("positive"), self.place("negative")
        query, positive, negative = (table.columns[place] for place in (q, p, n))
        values = [table.columns[at[name]] for name in self.names if name in VALUES]
        if any(one.is_value for one in (query, positive, negative)):
            return -math.inf
        if not all(one.is_number for one in values):
            return -math.inf
        if table.distinct(q, p, n) < (1 - SHARE) * table.rows:
            return -math.inf
        found = sum(2.0 * one.is_value + one.is_pointed for one in values)
        # A positive has more negatives than a negative has positives
        more = table.distinct(q, n) - table.distinct(q, p)
        usual = self.names in USUAL_TRIPLES
        found += min(2.0, max(-2.0, 0.15 * more)) + 0.5 * (usual and more > 0)
        for place, one in ((p, positive), (n, negative)):  # not so of p and n for q
            found += 0.5 * (table.distinct(q, place) == one.distinct > query.distinct)
        found -= 2.0 * (not _alike(positive, negative))
        if all(one.is_value or one.is_pointed for one in values):  # and so no ids
            found += 1.0 * (not _alike(query, negative))
        found += 1.0 * (positive.letters == negative.letters != query.letters)
        shared = [
            not {*one.fields}.isdisjoint(negative.fields) for one in (query, positive)
        ]
        found += float(np.sign(shared[1] - shared[0]))
        found -= 3.0 * any(
            a == b for a, b in zip(positive.texts, negative.texts, strict=True)
        )
        return found + self._of_scores(values)

    def _of_scores(self, values: Sequence[Column]) -> float:
        """Of a margin, or of the scores of positives and negatives."""
        if not values:
            return 0.0
        table, at = self.table, self.at
        if len(values) == 1:
            return _sign(values[0].numbers)
        found = 0.0
        for name in ("positive", "negative"):
            pairs = table.distinct(self.place("qid"), at[name])
            scored = table.distinct(self.place("qid"), at[name], at[f"{name}_score"])
            if scored - pairs > SHARE * table.rows and self.names not in USUAL_TRIPLES:
                return -math.inf
            found += min(3.0, 1.0 * (table.rows - pairs)) if scored == pairs else -1.0
        return found + _sign(
            self.column("positive_score").numbers
            - self.column("negative_score").numbers
        )


def _sign(margins: Floats) -> float:
    """Whether positives lead by more than chance would have it."""
    above = int((margins > 0).sum()) - int((margins < 0).sum())
    return 1.0 * (above >= 3.5 * math.sqrt(len(margins)))


def _alike(positive: Column, negative: Column) -> bool:
    """Whether two columns may hold ids of the same documents."""
    if not (positive.is_whole and negative.is_whole):
        return positive.shape == negative.shape and "9" in positive.shape
    one, two = positive.numbers, negative.numbers
    if one.max() < two.min() / ALIKE or two.max() < one.min() / ALIKE:
        return False
    if max(one.max(), two.max()) <= LARGEST_GRADE:
        return bool(two.max() >= one.min() and one.max() >= two.min())
    return bool(1 / ALIKE <= np.median(two) / max(1.0, np.median(one)) <= ALIKE)


# The judge


@dataclass(frozen=True, eq=False)
class Judgement:
    """The reading that rows bear out best, and one that they do not tell from it."""

    best: Reading
    rival: Reading | None = None

    @property
    def names(self) -> Names:
        """The names of the columns, in the order of the file."""
        return self.best.names

    def undecided(self, source: Source, format: str) -> FormatError:
        """The error for a file that may be read in two ways."""
        assert self.rival is not None  # noqa: S101  callers ask
        one, other = shown(self.best), shown(self.rival)
        first = next(number for number, _ in numbered_rows(source))
        return source.fail(
            f"its rows do not tell whether the columns are {one} or {other}; write "
            f"them in the usual order, and say `format={format!r}`",
            line=first,
        )


def shown(reading: Reading) -> str:
    """The names of a reading, and in place of a word that is always there, the word."""
    return " ".join(
        column.fields[0]
        if name in ("Q0", "iteration", "tag") and column.distinct == 1
        else name
        for name, column in zip(reading.names, reading.table.columns, strict=True)
    )


def judge(readings: Iterable[Reading], usual: Sequence[Names] = ()) -> Judgement | None:
    """The best of some readings: a usual one, unless rows speak more for another.

    None where rows deny all of them.
    """
    known = [one for one in readings if one.worth > -math.inf]
    if not known:
        return None
    best = max(known, key=lambda one: (one.worth, one.names in usual))
    if best.names in usual:
        return Judgement(best)
    for one in known:
        lead = best.worth - one.worth
        if one.names in usual and (
            (lead < LEAD and one.gives_same(best))
            or (
                lead < 1.5 * ONCE
                and _exchanged(one.names, "qid", "positive") == best.names
            )
        ):
            return Judgement(one)
    near = [one for one in known if one.worth > best.worth - LEAD]
    return Judgement(best, next((one for one in near if one is not best), None))


def _exchanged(names: Names, one: str, other: str) -> Names:
    """The names with two of them in the place of one another."""
    places = {one: other, other: one}
    return tuple(places.get(name, name) for name in names)


def readings(table: Table, *kinds: Names) -> Iterator[Reading]:
    """All orders of the columns of some kinds of text."""
    for kind in kinds:
        if len(kind) == len(table.columns):
            for names in itertools.permutations(kind):
                yield Reading(table, names)


def table_of(source: Source) -> Table | None:
    """The rows that have as many fields as most; None without a table of words."""
    rows = head_rows(source)
    if not rows:
        return None
    (width, often), *_ = Counter(map(len, rows)).most_common(1)
    if not 3 <= width <= 6 or 2 * often <= len(rows):
        return None
    # The reader names a line of another width
    return _table([row for row in rows if len(row) == width])


def _table(rows: Rows) -> Table:
    columns = zip(*rows, strict=True)
    found = [tuple(one.decode("utf-8", "replace") for one in c) for c in columns]
    return Table([Column(texts) for texts in found])


# Triples and rankings, whose order is free


def roles_of(source: Source) -> Judgement | None:
    r"""The names of the columns of a text of triples or of a ranking.

    None for any other text.

    Examples
    --------
    >>> text = b"7 10 11 1.5\n7 10 12 2.5\n8 20 21 -0.5\n8 20 22 3.5\n"
    >>> roles_of(Source(Path("x"), content=text)).names
    ('qid', 'positive', 'negative', 'margin')
    """
    return None if source.is_folder else _roles(source.head)


@lru_cache(maxsize=8)
def _roles(head: bytes) -> Judgement | None:
    source = Source(Path(), content=head)
    table = table_of(source)
    if table is None:
        return None
    headed = sum(map(_is_headed, table.columns))
    if headed:  # by names, or one cell of the first row is bad
        return _spoiled_ranking(table) if headed == 1 else None
    if len(first_fields(source)) != len(table.columns):  # an empty cell, perhaps
        return None
    return _ranking(table) or _spoiled_ranking(table) or _triples(table)


def _spoiled_ranking(table: Table) -> Judgement | None:
    """A ranking in the usual order, but for few cells, which its reader names.

    Where one rank of three is no number, the rows are triples as well.
    """
    if len(table.columns) != len(RANKING_NAMES) or table.distinct(0, 1) < table.rows:
        return None
    queries, _, ranks, scores = (one.texts for one in table.columns)
    best = 0
    for base in (0, 1):
        seen: Counter[str] = Counter()
        right = later = 0
        for query, rank, score in zip(queries, ranks, scores, strict=True):
            good = rank == str(base + seen[query]) and is_number(score.encode())
            right += good
            later += good and seen[query] > 0
            seen[query] += 1
        if later:
            best = max(best, right)
    spoiled = table.rows - best
    few = 0 < spoiled <= max(1, SHARE * table.rows) and best >= 2
    return Judgement(Reading(table, RANKING_NAMES)) if few else None


def _is_headed(column: Column) -> bool:
    """Whether a column of numbers begins with a word, its name."""
    first, *rest = (is_number(one.encode()) for one in column.texts[:100])
    return bool(rest) and not first and all(rest)


def _ranking(table: Table) -> Judgement | None:
    if len(table.columns) != len(RANKING_NAMES):
        return None
    unranked = [p for p, one in enumerate(table.columns) if one.fields == ("-1",)]
    first = Reading(table, RANKING_NAMES)
    if (
        first.claims > -math.inf
        and _is_first_alone(first)
        and table.columns[3].is_value
    ):
        return Judgement(first)
    same = [p for p, column in enumerate(table.columns) if column.distinct == 1]
    if not unranked and same and (same != [0] or table.rows < 2):  # a lone query
        return None
    every = (one for one in readings(table, RANKING_NAMES) if one.worth > -math.inf)
    if unranked:
        values = [one.is_value for one in table.columns].count(True)
        found = [
            one for one in every if one.place("rank") == unranked[0] and values == 2
        ]
    else:
        found = [one for one in every if _is_ranked(one)]
    best = judge(found, [RANKING_NAMES])
    if best is None or unranked:
        return best
    if same and best.names != RANKING_NAMES:
        return None
    queries = best.best.column("qid").distinct
    return best if table.rows >= REPEATED * queries else None  # else by chance


def _is_ranked(reading: Reading) -> bool:
    """Whether ranks count within queries, and scores go one way with them."""
    table = reading.table
    if not table.counted(reading.place("qid"), reading.place("rank")):
        return False
    steps = table.steps(
        reading.place("qid"), reading.place("score"), reading.place("rank")
    )
    return bool((steps <= 0).all() or (steps >= 0).all())


def _triples(table: Table) -> Judgement | None:
    kind = TRIPLE_NAMES.get(len(table.columns))
    if kind is None:
        return None
    known = [one for one in readings(table, kind) if one.worth > -math.inf]
    triples = [one for one in known if _is_triple(one)]
    found = judge(triples, USUAL_TRIPLES)
    best = max((one.worth for one in known), default=0.0)
    if found is None or all(one.worth < best - ONCE for one in triples):
        return None
    if found.rival is None and len(kind) > 3:
        return Judgement(found.best, next(filter(found.best.mixes_ids, known), None))
    if len(kind) == 3 and found.rival is not None:
        given = Reading(table, kind)  # no number hangs on it
        near = given.worth > found.best.worth - LEAD
        return Judgement(given) if near and _is_triple(given) else found
    return found


def _is_triple(reading: Reading) -> bool:
    """Whether columns hold triples, and not a run or judgements.

    There the second column is one word, or few for all queries, and no document stands
    twice under a query.
    """
    table, at = reading.table, reading.at
    q, p, n = (reading.column(name) for name in TRIPLE_NAMES[3])
    pairs = table.distinct(reading.place("qid"), reading.place("positive"))
    usual = reading.names in USUAL_TRIPLES
    near = usual or _exchanged(reading.names, *TRIPLE_NAMES[3][1:]) in USUAL_TRIPLES
    words = [p, n] if usual else [q, p, n]
    if len(at) == len(TRIPLE_NAMES[4]):
        words.append(reading.column("margin"))
    triples = table.distinct(*(at[name] for name in TRIPLE_NAMES[3]))
    repeated = table.rows >= REPEATED * pairs and triples == table.rows
    if (
        any(one.distinct == 1 and one.fields[0] in WORTH_OF_WORD for one in words)
        or (n.distinct == 1 and pairs > q.distinct)
        or p.distinct == 1 < q.distinct
        or (q.distinct == 1 < table.rows and not near)
        or (_are_grades(table) and not usual)
        or (pairs > REPEATED * p.distinct and not repeated)
        or not (_alike(p, n) or (usual and repeated and _are_both_words(p, n)))
        or table.ranks > usual  # one step is chance
    ):
        return False
    if table.rows >= REPEATED * pairs:
        return triples >= REPEATED * pairs
    if len(at) > len(TRIPLE_NAMES[3]):
        return triples == table.rows and p.distinct > 1 and not p.is_small
    return usual and _are_ids(reading, n)


def _are_grades(table: Table) -> bool:
    """Whether the last of three columns holds grades rather than ids."""
    last = table.columns[-1]
    if len(table.columns) != len(TRIPLE_NAMES[3]) or not last.is_small:
        return False
    return bool(0 <= last.numbers.min() <= last.numbers.max() <= USUAL_GRADE)


def _are_both_words(positive: Column, negative: Column) -> bool:
    """Whether both columns hold whole numbers, or both something else."""
    return positive.is_whole == negative.is_whole and not negative.is_value


def _are_ids(reading: Reading, numbers: Column) -> bool:
    """Whether whole numbers are ids rather than scores: large, and in no order."""
    if not numbers.is_whole or numbers.numbers.max() <= ALIKE * LARGEST_GRADE:
        return False
    if numbers.distinct < 0.9 * reading.table.rows:
        return False
    steps = reading.table.steps(reading.place("qid"), reading.place("negative"))
    return bool((steps > 0).any() and (steps < 0).any())


def may_begin_with_scores(source: Source) -> bool:
    """Whether five columns may be both scores of a triple and its ids, in that order.

    Where the rows do not say more, they are, unless a column cannot be an id.
    """
    found = roles_of(source)
    if found is not None:
        return found.names == HOFSTAETTER
    table = table_of(source)
    if table is None or len(table.columns) != len(HOFSTAETTER):
        return True
    for one in table.columns[2:]:
        if one.is_value or (one.distinct == 1 < table.rows and not one.is_whole):
            return False
    return not table.ranks


def settled(source: Source, format: str, usual: Names | None) -> Names | None:
    """The names of the columns, which a format that is named settles.

    Raises
    ------
    FormatError
        For rows that leave open what the columns are, where no format is named.
    """
    found = roles_of(source)
    if found is None and usual == HOFSTAETTER:
        table = table_of(source)
        if table is not None:
            found = judge(readings(table, usual), USUAL_TRIPLES)
    if found is None or (source.named and found.rival is not None):
        return usual
    if found.rival is not None:
        raise found.undecided(source, format)
    return found.names


# Tables whose places are given


def check_claims(source: Source, layout: Layout, format: str) -> None:
    r"""Refuse a table whose columns are not what their places claim.

    The rows in the first 64 KiB are looked at. Where the user names the format, rows
    have to speak clearly against it.

    Parameters
    ----------
    source : Source
    layout : Layout
    format : str
        The name that settles what rows leave open.

    Raises
    ------
    FormatError
        With path:line, naming what the columns seem to hold.

    Examples
    --------
    >>> from pathlib import Path
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> text = b"a 1 0.5\nb 1 0.25\nc 2 0.5\nd 2 0.75\n"
    >>> check_claims(Source(Path("x"), content=text), layout, "scoreddocs")
    Traceback (most recent call last):
    ...
    rankbound.errors.FormatError: x:1: column 2 has the query ids, in blocks...
    """
    _refuse_text(source, layout)
    lines = itertools.takewhile(
        lambda one: len(one[1]) == layout.width, numbered_rows(source)
    )
    rows = [fields for _, fields in lines]
    if len(rows) < 2 or _has_bad_score(rows, layout):
        return
    whole = _of_one_tag(_table(rows), layout)
    table = _distinct(whole, layout)
    if table.rows < min(3, whole.rows):
        return
    usual = Reading(table, tuple(layout.names.split()))
    if layout.names == SCORES and not source.named:
        _refuse_ranks(source, usual)
    best = _rival(usual, layout)
    if best is None or (source.named and best.claims - usual.claims < SURE):
        return
    if best.worth - usual.worth < LEAD:
        raise Judgement(usual, best).undecided(source, format)
    sure = best.claims - usual.claims >= SURE
    named = "" if sure else f", or, if they are, say `format={format!r}`"
    line = b" ".join(rows[0]).decode("utf-8", "replace")
    raise source.fail(
        f"{_reason(usual, best)}the columns seem to be {shown(best)}"
        f"{_swapped(usual, best)}; expected "
        f"{layout.names}, found {line!r}: write the columns in that order{named}",
        line=next(number for number, _ in numbered_rows(source)),
    )


def _has_bad_score(rows: Rows, layout: Layout) -> bool:
    """Whether the columns are in order, and a score is no number.

    The reader of the rows names it.
    """
    if b"Q0" not in layout.names.encode().split() or any(
        row[1] != b"Q0" for row in rows
    ):
        return False
    numbers = sum(is_number(row[layout.value]) for row in rows)
    return len(rows) <= 2 * numbers < 2 * len(rows)


def _rival(usual: Reading, layout: Layout) -> Reading | None:
    """A reading that the rows bear out as well as the usual one, or better."""
    kinds = {usual.names, UNRANKED_RUN}
    if layout.numbers == "score":
        kinds.add(TRIPLE_NAMES.get(layout.width, ()))
    every = (one for one in readings(usual.table, *kinds) if _may_be(usual, one))
    found = judge(every, [usual.names])
    if found is None or _is_denied_by_parser(usual, found.best):
        return None
    best = found.rival if found.best.names == usual.names else found.best
    if best is None or best.worth - usual.worth >= LEAD:
        return best
    return best if usual.has_pairs or best.has_pairs else None


def _may_be(usual: Reading, other: Reading) -> bool:
    """Whether another reading is to be thought of, beside a usual one.

    A lead that small files give by chance is none.
    """
    if other.names == usual.names or usual.worth == -math.inf:
        return True
    if "positive" in other.at and other.names not in USUAL_TRIPLES:
        pairs = usual.table.distinct(other.place("qid"), other.place("positive"))
        if usual.table.rows < REPEATED * pairs:
            return False
    if _moves_known_word(usual, other) or _is_first_alone(usual):
        return False
    least = _least_lead(usual, other)
    if _exchanges_judged_ids(usual, other):
        least = max(least, SURE if usual.column("qid").is_once else LEAD)
    return other.worth - usual.worth >= least


def _least_lead(usual: Reading, other: Reading) -> float:
    """By how much another reading must be worth more than the usual one."""
    query, queries = usual.column("qid"), other.column("qid")
    if queries.is_once and not query.is_once:
        return math.inf  # it has nothing to measure, and so no better blocks of rows
    least = -math.inf
    if query.is_once or (query.blocks and not queries.blocks):
        least = ONCE
    elif query.distinct < queries.distinct:
        least = LEAD
    if "grade" in usual.at and usual.at.get("iteration") == other.at.get("iteration"):
        if query.distinct == queries.distinct == 1:
            return SURE
        if query.blocks >= queries.blocks:
            return ONCE
        least = max(least, LEAD if query.blocks else 0.0)
    return least


def _is_first_alone(usual: Reading) -> bool:
    """Whether each query has one document, whose rank is 0 or 1."""
    values = [usual.column(one) for one in ("rank", "score") if one in usual.at]
    first = any(one.distinct == 1 and one.fields[0] in ("0", "1") for one in values)
    return usual.column("qid").is_once and first


def _moves_known_word(usual: Reading, other: Reading) -> bool:
    """Whether Q0 or 0 stands where it should, and another reading has it elsewhere."""
    name = "Q0" if "Q0" in usual.at else "iteration"
    if name not in usual.at or usual.column(name).distinct > 1:
        return False
    known = usual.column(name).fields[0] in WORTH_OF_WORD
    return known and other.at.get(name) != usual.at[name]


def _exchanges_judged_ids(usual: Reading, best: Reading) -> bool:
    """Whether judgements of exchanged queries and documents match no other file."""
    if "grade" not in usual.at or usual.place("grade") != best.at.get("grade"):
        return False
    if (usual.place("qid"), usual.place("docno")) != (
        best.place("docno"),
        best.place("qid"),
    ):
        return False
    queries, documents = usual.column("qid").fields, usual.column("docno").fields
    return {*queries}.isdisjoint(documents)


def _refuse_ranks(source: Source, usual: Reading) -> None:
    """Refuse numbers that may be ranks, in other than their order, or scores."""
    query, value = usual.place("qid"), usual.place("score")
    if usual.table.counted(query, value):
        raise source.fail(
            "column 3 counts within each query, not row by row: these may be ranks or "
            "scores; say `format='msmarco-run'` or `format='scoreddocs'`",
            line=1,
        )


def _is_denied_by_parser(usual: Reading, best: Reading) -> bool:
    """Whether the parser refuses the usual order, and the rows hint at no other."""
    if usual.worth > -math.inf:
        return False
    if usual.column("qid").is_value or usual.column("docno").is_value:
        return False
    value = usual.column("score" if "score" in usual.at else "grade")
    first = is_number(value.fields[0].encode())  # and a later one is none
    return (first and not value.is_number) or best.worth < SURE


def _of_one_tag(table: Table, layout: Layout) -> Table:
    """The rows of the first system, where a file seems to have several."""
    if layout.tag is None:
        return table
    tags = table.columns[layout.tag]
    few = 2 * tags.distinct <= table.rows and not tags.is_number
    return table.of(tags.codes == 0) if few and tags.distinct > 1 else table


def _distinct(table: Table, layout: Layout) -> Table:
    """The rows without those that the parser refuses, as long as they are few."""
    both = [table.columns[layout.qid].codes, table.columns[layout.docno].codes]
    _, first = np.unique(np.stack(both), axis=1, return_index=True)
    if not table.rows > len(first) >= table.rows / 2:
        return table
    return table.of(np.isin(np.arange(table.rows), first))


def _reason(usual: Reading, best: Reading) -> str:
    """What speaks for another order, in words; empty where much of it is small."""
    query = best.place("qid") + 1
    for name in ("qid", "docno"):
        column, place = usual.column(name), usual.at[name] + 1
        if column.is_value:
            return (
                f"column {place}, the {name}, has numbers such as {column.fields[0]}, "
                "as only scores are, so "
            )
    if "rank" in best.at and usual.table.counted(query - 1, best.place("rank")):
        ranks = best.place("rank") + 1
        return f"column {ranks} counts within column {query}, as ranks do, so "
    if best.column("qid").blocks > usual.column("qid").blocks:
        return f"column {query} has the query ids, in blocks of rows, so "
    return ""


def _swapped(usual: Reading, best: Reading) -> str:
    """Which columns stand in each other's place."""
    pairs = itertools.combinations(range(len(usual.names)), 2)
    return "".join(
        f"; {usual.names[a]} and {usual.names[b]} are swapped"
        for a, b in pairs
        if usual.names[a] == best.names[b] and usual.names[b] == best.names[a]
    )


def _refuse_text(source: Source, layout: Layout) -> None:
    """Refuse columns that are parted by tabs and have blanks inside."""
    for number, line in enumerate(source.head.split(b"\n")[:ROWS], start=1):
        cells = line.rstrip(b"\r").split(b"\t")
        if not 3 <= len(cells) < layout.width or is_comment(line):
            continue
        text = next((cell for cell in cells if len(cell.split()) > 1), None)
        if text is not None and len(line.split()) == layout.width:
            words = text.decode("utf-8", "replace")
            raise source.fail(
                f"the columns are parted by tabs, and {words!r} has blanks, so that "
                f"there seem to be {layout.width} ({layout.names}); leave texts out: a "
                "run has ids, a score and no text",
                line=number,
            )
