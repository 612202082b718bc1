"""A table in any of the field's layouts, as scores, groups, judgements or vectors."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rankbound.data.arrow import encode
from rankbound.data.columns import (
    Booleans,
    Floats,
    Integers,
    Strings,
    as_held,
    strings,
)
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError
from rankbound.estimators.margins import potentials_by_query
from rankbound.read.contents import Contents
from rankbound.read.fields import COMPOSED
from rankbound.read.json.blocks import Unsure
from rankbound.read.json.building import (
    AGAIN,
    TOLERANCE,
    merged_members,
    merged_scores,
    scores_of_pairs,
)
from rankbound.read.json.groups import RANKED
from rankbound.read.json.margins import NOTE
from rankbound.read.source import Source
from rankbound.read.tables.frames import Frame, is_list
from rankbound.read.tables.layouts import (
    LISTED,
    Layout,
    ListColumns,
    RowColumns,
    TripleColumns,
    VectorColumns,
    plain,
)
from rankbound.read.tables.systems import systems_in
from rankbound.read.text.assembling import Assembly
from rankbound.read.text.blocks import Column, in_order
from rankbound.read.text.ids import IdColumn, held


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """The attributes of `Contents` that a table determines."""

    scores: Scores | None = None
    groups: Groups | None = None
    qrels: Scores | None = None
    embeddings: Embeddings | None = None
    ranks: Integers | None = None
    repairs: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


UNSCORED: Final = (
    "{scores} has no value for the positives, so that it is not used: give one for "
    "each document, the positives' first"
)


def contents_of(
    frame: Frame,
    layout: Layout,
    name: str,
    path: Path,
    columns: Iterable[str],
    *,
    source: Source | None = None,
) -> Contents:
    """What a table holds; `columns` names all its columns, used or not.

    `source` is the file, which says which of several systems is wanted.

    Raises
    ------
    FormatError
        Naming the row that breaks a rule, or the systems if there are several.
    """
    system = None if layout.system is None else systems_in(frame, layout.system)
    rows, tag = (None, None) if system is None else system.chosen(frame, source)
    used = {*layout.columns} - ({layout.system} if system is None else set())
    found = parts_of(frame if rows is None else frame.of_rows(rows), layout)
    read = {part.name: getattr(found, part.name) for part in fields(found)}
    if rows is not None and found.groups is not None:
        lines = cast(Integers, found.groups.lines)
        read["groups"] = replace(found.groups, lines=rows[lines - 1] + 1)
    unused = [column for column in columns if column not in used]
    read["repairs"] = {**frame.repairs, **found.repairs}
    contents = Contents(name, path, **read).with_unused(unused)
    return contents if tag is None else contents.with_metadata(tag=tag)


def parts_of(frame: Frame, layout: Layout) -> Parts:
    """The parts of `Contents` that a table holds.

    Raises
    ------
    FormatError
        Naming the row that breaks a rule.
    """
    if not len(frame.table):
        raise frame.fail("holds no rows")
    columns: Any = layout.by_role
    if isinstance(columns, VectorColumns):
        return Parts(embeddings=embeddings_of(frame, columns.id, columns.vector))
    readers: dict[type, tuple[Any, Any, int]] = {
        RowColumns: (rows_in_batches, rows_of, BATCH),
        ListColumns: (lists_in_batches, lists_of, LISTS),
        TripleColumns: (triples_in_batches, margins_of, BATCH),
    }
    in_batches, whole, size = readers[type(columns)]
    batches = (batch for batch in frame.table.to_batches(size))
    short = size == LISTS or len(frame.table) <= size
    found: Parts
    try:
        found = in_batches(batches, _itself, columns, frame, short=short)
    except Unsure:
        found = whole(frame, columns)
    return found


# A query and a document in each row

BATCH: Final = 1 << 16  # rows that are taken together
LISTS: Final = 1 << 8  # rows of lists
Item = TypeVar("Item")


def _itself(batch: Any) -> Any:
    return batch


def rows_in_batches(
    items: Generator[Item],
    parsed: Callable[[Item], Any],
    columns: RowColumns,
    frame: Frame,
    *,
    short: bool,
) -> Parts:
    """Read scores and ranks batch by batch, so that little is held beside them.

    Parameters
    ----------
    items : generator
    parsed : callable
        Makes a table, or a batch of one, of an item.
    columns : RowColumns
    frame : Frame
        Names the scores.
    short : bool
        Whether to work without threads.

    Raises
    ------
    Unsure
        When `rows_of` has to read the whole table: for grades alone, broken rules, and
        different scores of a document in one query, which is a `Repeat`.
    FormatError
        If the file is too large.
    """
    query, document, score = columns.query, columns.document, columns.score
    if score is None:
        raise Unsure

    def work(item: Item) -> tuple[tuple[Any, ...], int]:
        table = parsed(item)
        part = Frame(pa.table(table.columns, table.schema.names), frame.name)
        qids, queries = encode(part.ids(query), ordered=False)
        docnos = part.ids(document).combine_chunks().cast(pa.string())
        ranks = _ranks(part, columns.rank)
        values, grades = part.numbers(score), None
        if columns.grade is not None:
            given, judged = _grades(part, columns.grade, partial=True)
            grades = np.where(judged, given, np.nan)
        mended = part.repairs.get(COMPOSED, 0)
        return (qids.tolist(), queries, held(docnos), values, ranks, grades), mended

    rows, mended = Assembly(frame.name), 0
    try:
        with closing(in_order(work, items, short=short)) as done:
            for _, (taken, composed) in done:
                if len(taken[1]):
                    rows.add(*taken)
                mended += composed
        if not rows.values:
            raise Unsure
        scores, ranks = rows.sorted(tolerance=TOLERANCE)
    except (FormatError, pa.ArrowInvalid) as error:
        raise _otherwise(error) from None
    repairs = _counted(COMPOSED, mended) | _counted(AGAIN, rows.again)
    qrels = None if columns.grade is None else _judged(scores, rows.grades.taken())
    return Parts(scores=scores, ranks=ranks, qrels=qrels, repairs=repairs)


def _otherwise(error: Exception) -> Exception:
    """What to raise for an error: itself, where no other reader gets further."""
    return error if isinstance(error, FormatError) and error.too_large else Unsure()


def _judged(scores: Scores, grades: Floats) -> Scores | None:
    """The grades of scored documents as judgements, NaN for those without; or None."""
    judged = ~np.isnan(grades)
    if not judged.any():
        return None
    counts = np.add.reduceat(judged.astype(np.int64), scores.offsets[:-1])
    held = counts > 0
    return Scores(
        qids=scores.qids[held],
        offsets=np.concatenate([[0], np.cumsum(counts[held])]).astype(np.int64),
        codes=scores.codes[judged],
        docnos=cast(Strings, as_held(scores)),
        values=grades[judged],
        name=scores.name,
    )


def rows_of(frame: Frame, columns: RowColumns) -> Parts:
    """Read scores, ranks and grades from one row for each query and document."""
    qids, queries = encode(frame.ids(columns.query), ordered=False)
    docnos, documents = encode(frame.ids(columns.document), ordered=True)
    repairs: dict[str, int] = {}
    places = np.arange(len(queries))
    rank = _ranks(frame, columns.rank)

    def built(values: Floats, chosen: Any = slice(None)) -> tuple[Scores, Integers]:
        rows = (queries[chosen], documents[chosen], values[chosen], places[chosen])
        return scores_of_rows(frame, rows, qids, docnos, repairs)

    if columns.score is None and columns.grade is None:
        if rank is None:
            raise frame.fail(f"{columns.rank} must hold whole numbers, the ranks")
        ordered, kept = built(-rank.astype(np.float64))
        return Parts(
            scores=ordered.with_kind(Kind.RANK_ONLY),
            ranks=rank[kept],
            repairs=repairs,
            notes=(RANKED,),
        )
    scores = ranks = qrels = None
    if columns.score is not None:
        scores, kept = built(frame.numbers(columns.score))
        ranks = None if rank is None else rank[kept]
    if columns.grade is not None:
        grades, judged = _grades(frame, columns.grade, partial=scores is not None)
        if judged.any():
            qrels, _ = built(grades, judged)
    return Parts(scores=scores, ranks=ranks, qrels=qrels, repairs=repairs)


def _grades(frame: Frame, column: str, *, partial: bool) -> tuple[Floats, Booleans]:
    """Grades, and which rows have one; in a table of scores, some may have none."""
    found = frame.table.column(column)
    judged = np.ones(len(found), dtype=bool)
    if partial:
        judged = pc.is_valid(found).to_numpy()
        if pt.is_floating(found.type):
            judged &= ~np.isnan(found.to_numpy())
        found = pc.if_else(pa.array(judged), found, pa.scalar(0, found.type))
    values = frame.checked_numbers(found, column)
    broken = values != np.trunc(values)
    if broken.any():
        row = int(np.argmax(broken))
        raise frame.fail(
            f"{column} must be a grade, a whole number, found {values[row]}", row=row
        )
    return values, judged


def _ranks(frame: Frame, column: str | None) -> Integers | None:
    """The ranks in a column, or None if it does not hold whole numbers."""
    if column is None or not pt.is_integer(frame.table.column(column).type):
        return None
    return frame.numbers(column).astype(np.int64)


def scores_of_rows(
    frame: Frame,
    rows: tuple[Integers, Integers, Floats, Integers],
    qids: Strings,
    docnos: Strings,
    repairs: dict[str, int],
) -> tuple[Scores, Integers]:
    """Scores from coded rows, and the row of the table that each score comes from.

    Parameters
    ----------
    frame : Frame
        Named in errors.
    rows : queries, documents, values, rows of the table
        Arrays of shape (n,); codes of documents follow the order of `docnos`.
    qids, docnos : object arrays of str
    repairs : dict
        Counts repeated scores.
    """
    queries, documents, values, places = rows

    def differ(number: int, first: int, second: int) -> Exception:
        low, high = sorted((int(first), int(second)), key=lambda row: places[row])
        return frame.fail(
            f"query {qids[queries[low]]!r}, document {docnos[documents[low]]!r} has "
            f"{values[high]} here and {values[low]} in {frame.place(int(places[low]))} "
            f"({number:,} such pairs in the table); a pair must have one score",
            row=int(places[high]),
        )

    kept, values, again = merged_scores(rows, mean=False, fail=differ)
    if again:
        repairs[AGAIN] = repairs.get(AGAIN, 0) + again
    # Lists without documents leave queries without rows
    pairs = queries[kept], documents[kept], values
    return scores_of_pairs(pairs, qids, docnos, name=frame.name), places[kept]


# A query and a list of documents in each row


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """The documents of all rows of a table, those of a row together.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        The row of the table that each document comes from.
    names : pyarrow array of n ids
    sizes : int64 array, shape (n_table_rows,)
        How many come from the column of documents.
    own : boolean array, shape (n,)
        Which come from a column of positives; those of a row are its first.
    """

    rows: Integers
    names: Any
    sizes: Integers
    own: Booleans


@dataclass(frozen=True, slots=True, eq=False)
class ListPart:
    """Some rows of a table of lists: their queries, and columns of their documents.

    Attributes
    ----------
    qids : list of str
    queries : int64 array, shape (n_table_rows,)
        Places in `qids`.
    rows : int64 array, shape (n,)
        The row of each document, counted from 0 in this part.
    names : pyarrow array of n ids
    values : float64 array, shape (n,), or None
    positive : boolean array, shape (n,), or None
    ranked : bool
        Whether values are minus the ranks, for want of scores.
    composed : int
        Ids that were brought to the composed form.
    """

    qids: list[str]
    queries: Integers
    rows: Integers
    names: Any
    values: Floats | None
    positive: Booleans | None
    ranked: bool
    composed: int


def lists_of(frame: Frame, columns: ListColumns) -> Parts:
    """Read lists of documents, with lists of scores or labels if there are some.

    Positives may have a column of their own, with one or several in a row. They come
    first in their group, and their scores first in a list for all documents. A list of
    all documents may name them again.

    Raises
    ------
    FormatError
        Naming the row that breaks a rule.
    """
    only = replace(_list_part(frame, columns), composed=0)  # the frame has counted
    return _joined([only], frame, columns)


def lists_in_batches(
    items: Generator[Item],
    parsed: Callable[[Item], Any],
    columns: ListColumns,
    frame: Frame,
    *,
    short: bool,
) -> Parts:
    """As `lists_of`, batch by batch; the parameters are those of `rows_in_batches`.

    Raises
    ------
    Unsure
        When `lists_of` has to read the whole table, to say what is wrong.
    """

    def work(item: Item) -> ListPart:
        table = parsed(item)
        part = Frame(pa.table(table.columns, table.schema.names), frame.name)
        return _list_part(part, columns)

    try:
        with closing(in_order(work, items, short=short)) as done:
            return _joined((part for _, part in done), frame, columns)
    except (FormatError, pa.ArrowInvalid) as error:
        raise _otherwise(error) from None


def _list_part(frame: Frame, columns: ListColumns) -> ListPart:
    qids, queries = encode(frame.ids(columns.query), ordered=False)
    listed = _listed(frame, columns)
    rows, names = listed.rows, listed.names
    docnos, documents = encode(names, ordered=False)
    values = _scores_of_lists(frame, columns, listed, documents)
    positive = None if columns.positive is None else listed.own
    if positive is None and columns.labels is not None:
        labels = _values_of_lists(frame, columns.labels, columns.document, listed.sizes)
        positive = _positives(frame, columns.labels, labels, rows)
    if columns.positive is not None:
        kept, positive = _named_once(columns, listed, documents)
        rows, positive = rows[kept], positive[kept]
        names = names.filter(pa.array(kept))
        values = None if values is None else values[kept]
    ranked = values is None and positive is None
    if ranked:
        _check_rankings(frame, rows, documents, docnos)
        starts = np.cumsum(listed.sizes) - listed.sizes
        place = np.arange(len(rows)) - np.repeat(starts, listed.sizes)
        values = (-1.0 - place).astype(np.float64)
    composed = frame.repairs.get(COMPOSED, 0)
    coded = (qids.tolist(), queries, rows, names)
    return ListPart(*coded, values, positive, ranked, composed)


@dataclass(slots=True)
class _Lists:
    """The rows of all parts of a table of lists."""

    places: dict[str, int] = field(default_factory=dict)
    queries: Column = field(default_factory=lambda: Column(np.int32))
    rows: Column = field(default_factory=lambda: Column(np.int32))
    ids: IdColumn = field(default_factory=IdColumn)
    values: Column = field(default_factory=lambda: Column(np.float64))
    marks: Column = field(default_factory=lambda: Column(np.bool_))
    last: ListPart | None = None
    composed: int = 0

    def add(self, part: ListPart) -> None:
        """Add a part.

        Raises
        ------
        Unsure
            If some parts have scores and others none.
        """
        last, self.last = self.last or part, part
        if (part.values is None, part.ranked) != (last.values is None, last.ranked):
            raise Unsure
        places = self.places
        codes = [places.setdefault(qid, len(places)) for qid in part.qids]
        self.rows.append(part.rows + len(self.queries))
        self.queries.append(np.array(codes, dtype=np.int32)[part.queries])
        for start in range(0, len(part.names), BATCH):
            some = pa.chunked_array(_chunks(part.names.slice(start, BATCH)))
            self.ids.append(held(some.cast(pa.string()).combine_chunks()))
        self.composed += part.composed
        if part.values is not None:
            self.values.append(part.values)
        if part.positive is not None:
            self.marks.append(part.positive)


def _joined(found: Iterable[ListPart], frame: Frame, columns: ListColumns) -> Parts:
    """The rows of all parts as scores and groups.

    Raises
    ------
    Unsure
        If some parts have scores and others none, or there is no part.
    """
    lists = _Lists()
    for part in found:
        lists.add(part)
    last = lists.last
    if last is None:
        raise Unsure
    qids, ids, row = strings([*lists.places]), lists.ids.encoded(), lists.rows.taken()
    docnos, documents = ids.names.strings, ids.codes
    notes: tuple[str, ...] = ()
    if last.ranked:
        notes = (RANKED,)
    elif last.values is None and columns.scores is not None:
        notes = (UNSCORED.format(scores=columns.scores),)
    repairs = {COMPOSED: lists.composed} if lists.composed else {}
    scores = ranks = None
    queries = lists.queries.taken()
    if last.values is not None:
        coded = (queries[row], documents, lists.values.taken(), row)
        scores, _ = scores_of_rows(frame, coded, qids, docnos, repairs)
    if scores is not None and last.ranked:
        scores = scores.with_kind(Kind.RANK_ONLY)
        ranks = np.rint(-scores.values).astype(np.int64)
    positive = None if last.positive is None else lists.marks.taken()
    groups = _groups_of_lists(
        frame, (queries, qids), (row, documents, docnos), positive, repairs
    )
    return Parts(
        scores=scores, groups=groups, ranks=ranks, repairs=repairs, notes=notes
    )


def _listed(frame: Frame, columns: ListColumns) -> Listed:
    """The documents of each row, the positives of a column of their own in front."""
    flat, sizes = frame.lists(columns.document)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    if not len(rows):
        raise frame.fail(f"{columns.document} holds no documents")
    names = frame.checked_ids(flat, columns.document, rows)
    if columns.positive is None:
        return Listed(rows, names, sizes, np.zeros(len(rows), dtype=bool))
    found, counts = frame.lists_or_singles(columns.positive)
    above = np.repeat(np.arange(len(counts)), counts)
    firsts = frame.checked_ids(found, columns.positive, above)
    parts = (*_chunks(firsts), *_chunks(names))
    both = pa.chunked_array([pc.cast(part, pa.large_string()) for part in parts])
    every = np.concatenate([above, rows])
    order = np.argsort(every, kind="stable")
    own = order < len(above)
    return Listed(every[order], both.take(pa.array(order)), sizes, own)


def _named_once(
    columns: ListColumns, listed: Listed, documents: Integers
) -> tuple[Booleans, Booleans]:
    """Which documents to keep, and which are positives.

    Where a list of all documents names the positives again, they are kept there.
    """
    own = listed.own
    if plain(columns.document) not in LISTED:
        return np.ones(len(own), dtype=bool), own
    keys = listed.rows * (int(documents.max()) + 1) + documents
    return ~(own & np.isin(keys, keys[~own])), np.isin(keys, keys[own])


def _scores_of_lists(
    frame: Frame, columns: ListColumns, listed: Listed, documents: Integers
) -> Floats | None:
    """The scores of all documents; None without them, or where positives lack one."""
    own = listed.own
    if columns.positive is None:
        if columns.scores is None:
            return None
        return _values_of_lists(frame, columns.scores, columns.document, listed.sizes)
    values = np.zeros(len(own))
    firsts, others = columns.positive_scores, columns.negative_scores
    positives = np.bincount(listed.rows[own], minlength=len(listed.sizes))
    if columns.scores is None and firsts is not None and others is not None:
        values[own] = _values_of_lists(frame, firsts, columns.positive, positives)
        values[~own] = _values_of_lists(frame, others, columns.document, listed.sizes)
        return values
    if columns.scores is None:
        return None
    _, lengths = frame.lists(columns.scores)
    if np.array_equal(lengths, listed.sizes) and positives.any():
        kept, _ = _named_once(columns, listed, documents)
        values[~own] = _values_of_lists(
            frame, columns.scores, columns.document, listed.sizes
        )
        return None if (kept & own).any() else values
    of = f"{columns.positive} and {columns.document}"
    return _values_of_lists(frame, columns.scores, of, positives + listed.sizes)


def _check_rankings(
    frame: Frame, rows: Integers, documents: Integers, docnos: Strings
) -> None:
    """Refuse a document that occurs twice in a list without scores."""
    _, first = np.unique(rows * len(docnos) + documents, return_index=True)
    again = np.ones(len(rows), dtype=bool)
    again[first] = False
    if again.any():
        place = int(np.argmax(again))
        raise frame.fail(
            f"document {docnos[documents[place]]!r} occurs twice in the list; keep its "
            "better rank",
            row=int(rows[place]),
        )


def _positives(frame: Frame, column: str, labels: Floats, rows: Integers) -> Booleans:
    """Which documents are labelled 1; labels other than 0 and 1 are refused."""
    other = ~np.isin(labels, (0, 1))
    if other.any():
        place = int(np.argmax(other))
        raise frame.fail(
            f"{column} must be 1 for a positive and 0 for others, found "
            f"{labels[place]:g}; if they are a teacher's scores, rename the column to "
            "scores",
            row=int(rows[place]),
        )
    return np.asarray(labels == 1)


def _values_of_lists(
    frame: Frame, column: str, documents: str, sizes: Integers
) -> Floats:
    """The numbers in the lists of a column, one for each of the documents."""
    flat, lengths = frame.lists_or_singles(column)
    if (lengths != sizes).any():
        row = int(np.argmax(lengths != sizes))
        raise frame.fail(
            f"{column} has {lengths[row]} values for the {sizes[row]} documents of "
            f"{documents}",
            row=row,
        )
    if pt.is_boolean(flat.type):
        flat = pc.cast(flat, pa.int64())
    return frame.checked_numbers(flat, column, np.repeat(np.arange(len(sizes)), sizes))


def _chunks(names: Any) -> list[Any]:
    return names.chunks if isinstance(names, pa.ChunkedArray) else [names]


def _groups_of_lists(
    frame: Frame,
    queries: tuple[Integers, Strings],
    documents: tuple[Integers, Integers, Strings],
    positive: Any,
    repairs: dict[str, int],
) -> Groups:
    """One group for each row of the table that has documents."""
    codes, qids = queries
    rows, docs, docnos = documents
    marked = np.zeros(len(rows), dtype=bool) if positive is None else positive
    merged = merged_members(rows, docs, marked)
    repairs |= {what: number for what, number in merged.repairs.items() if number}
    counts = np.bincount(merged.group)
    lines = np.flatnonzero(counts)
    sizes = counts[lines]
    return Groups(
        queries=codes[lines].astype(np.int64),
        qids=qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=merged.documents,
        docnos=docnos,
        positive=None if positive is None else merged.positive,
        name=frame.name,
        lines=lines + 1,
    )


# Triples of a query, a positive and a negative


def margins_of(frame: Frame, columns: TripleColumns) -> Parts:
    """Read groups of each query and positive, and scores up to constants.

    Without a column of margins, there are no scores.

    Raises
    ------
    FormatError
        If margins contradict each other, and as `Frame` does, naming the row.
    """
    score = columns.score
    if score is not None and is_list(frame.table.column(score).type):
        raise frame.fail(
            f"{score} holds lists, but a triple has one margin; give a row for each "
            "negative"
        )
    qids, queries = encode(frame.ids(columns.query), ordered=False)
    docnos, upper, lower = _coded_documents(frame, columns)
    values = [frame.numbers(name) for name in _numbers_of_triples(columns)]
    return _parts_of_triples(frame, (queries, upper, lower), values, qids, docnos)


Triples = tuple[Integers, Integers, Integers]


def _numbers_of_triples(columns: TripleColumns) -> tuple[str, ...]:
    """The columns of both scores, that of margins, or none."""
    both = columns.positive_score, columns.negative_score
    if both[0] is not None and both[1] is not None:
        return both[0], both[1]
    return () if columns.score is None else (columns.score,)


def _parts_of_triples(
    frame: Frame, triples: Triples, values: list[Floats], qids: Strings, docnos: Strings
) -> Parts:
    repairs: dict[str, int] = {}
    groups = _groups_of_triples(frame, triples, qids, docnos, repairs)
    if len(values) == 2:
        queries, upper, lower = triples
        rows = np.tile(np.arange(len(queries), dtype=queries.dtype), 2)
        documents = np.concatenate([upper, lower])
        coded = (queries[rows], documents, np.concatenate(values), rows)
        scores, _ = scores_of_rows(frame, coded, qids, docnos, repairs)
        return Parts(scores=scores, groups=groups, repairs=repairs)
    if not values:
        return Parts(groups=groups, repairs=repairs)
    scores = _potentials(frame, triples, values[0], qids, docnos)
    return Parts(scores=scores, groups=groups, repairs=repairs, notes=(NOTE,))


def triples_in_batches(
    items: Generator[Item],
    parsed: Callable[[Item], Any],
    columns: TripleColumns,
    frame: Frame,
    *,
    short: bool,
) -> Parts:
    """As `margins_of`, batch by batch; the parameters are those of `rows_in_batches`.

    Raises
    ------
    Unsure
        When `margins_of` has to read the whole table, to say what is wrong.
    """
    numbers = _numbers_of_triples(columns)

    def work(item: Item) -> tuple[list[str], Integers, Any, list[Floats], int]:
        table = parsed(item)
        part = Frame(pa.table(table.columns, table.schema.names), frame.name)
        if columns.score is not None and is_list(part.table[columns.score].type):
            raise Unsure
        qids, queries = encode(part.ids(columns.query), ordered=False)
        both = [
            part.ids(name).combine_chunks().cast(pa.string())
            for name in (columns.positive, columns.negative)
        ]
        turns = np.arange(2 * len(queries)).reshape(2, -1).T.ravel()
        names = held(pa.concat_arrays(both).take(pa.array(turns)))
        values = [part.numbers(name) for name in numbers]
        return qids.tolist(), queries, names, values, part.repairs.get(COMPOSED, 0)

    places, ids, mended = dict[str, int](), IdColumn(), 0
    rows, given = Column(np.int32), [Column(np.float64) for _ in numbers]
    try:
        with closing(in_order(work, items, short=short)) as done:
            for _, (qids, queries, names, values, composed) in done:
                codes = [places.setdefault(qid, len(places)) for qid in qids]
                rows.append(np.array(codes, dtype=np.int32)[queries])
                ids.append(names)
                for column, found in zip(given, values, strict=True):
                    column.append(found)
                mended += composed
        if not len(rows):
            raise Unsure
        late, both_codes = ids.encoded()
        documents = both_codes.astype(np.int32)
        del both_codes
        triples: Any = (rows.taken(), documents[::2], documents[1::2])
        names, numbered = strings([*places]), [column.taken() for column in given]
        parts = _parts_of_triples(frame, triples, numbered, names, late.strings)
    except (FormatError, pa.ArrowInvalid):
        raise Unsure from None
    return replace(parts, repairs={**_counted(COMPOSED, mended), **parts.repairs})


def _counted(what: str, number: int) -> dict[str, int]:
    return {what: number} if number else {}


def _coded_documents(
    frame: Frame, columns: TripleColumns
) -> tuple[Strings, Integers, Integers]:
    """Distinct documents, sorted, and the codes of both columns."""
    names, codes = [], []
    for column in (columns.positive, columns.negative):
        found, code = encode(frame.ids(column), ordered=True)
        names.append(found)
        codes.append(code)
    docnos = np.unique(np.concatenate(names))
    upper, lower = (
        np.searchsorted(docnos, found)[code]
        for found, code in zip(names, codes, strict=True)
    )
    return docnos, upper.astype(np.int64), lower.astype(np.int64)


def _potentials(
    frame: Frame, triples: Triples, margins: Floats, qids: Strings, docnos: Strings
) -> Scores:
    queries, upper, lower = triples
    found = potentials_by_query(queries, upper, lower, margins)
    if found.contradicted.size:
        row = int(found.contradicted[0])
        raise frame.fail(
            f"the margin {margins[row]} of query {qids[queries[row]]!r}, documents "
            f"{docnos[upper[row]]!r} and {docnos[lower[row]]!r} is not the difference "
            f"that other rows give for them ({found.contradicted.size:,} such rows); "
            "the margins of one teacher add up, so these come from several, or are on "
            "another scale",
            row=row,
        )
    # Documents are sorted by query and id, as rows of scores are
    pairs = found.queries, found.documents, found.values
    scores = scores_of_pairs(pairs, qids, docnos, name=frame.name)
    return replace(scores, kind=Kind.MARGIN_ONLY, origins=found.parts)


def _groups_of_triples(
    frame: Frame,
    triples: Triples,
    qids: Strings,
    docnos: Strings,
    repairs: dict[str, int],
) -> Groups:
    """One group for each query and positive, in the order of their first rows."""
    queries, upper, lower = triples
    # Triples of a group mostly follow one another
    begins = np.append(
        0, 1 + np.flatnonzero((np.diff(queries) != 0) | (np.diff(upper) != 0))
    )
    _, first, inverse = np.unique(
        queries[begins].astype(np.int64) * len(docnos) + upper[begins],
        return_index=True,
        return_inverse=True,
    )
    order = np.argsort(first)
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order))
    first = begins[first[order]]
    of_row = np.repeat(number[inverse], np.diff(np.append(begins, len(queries))))
    positive = np.repeat([True, False], [len(first), len(lower)])
    members = (
        np.concatenate([np.arange(len(first), dtype=np.int32), of_row]),
        np.concatenate([upper[first], lower]),
        positive,
    )
    if (of_row[1:] >= of_row[:-1]).all():  # as sorted, with the positives in front
        places = np.concatenate(
            [
                first + np.arange(len(first)),
                np.arange(len(lower), dtype=np.int32) + of_row + 1,
            ]
        )
        for column in members:
            column[places] = column.copy()
    merged = merged_members(*members)
    repairs |= {what: count for what, count in merged.repairs.items() if count}
    sizes = np.bincount(merged.group, minlength=len(first))
    return Groups(
        queries=queries[first].astype(np.int64),
        qids=qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=merged.documents.astype(np.int64, copy=False),
        docnos=docnos,
        positive=merged.positive,
        name=frame.name,
        lines=first + 1,
    )


# An id and a vector in each row


def embeddings_of(frame: Frame, ids: str, vectors: str) -> Embeddings:
    """Read embeddings from a column of ids and one of vectors.

    A single chunk of fixed-size lists is not copied, so vectors of a memory-mapped
    Arrow file stay on disk. Several chunks are concatenated in memory.

    Raises
    ------
    FormatError
        Naming the row, for a missing vector or number, vectors of different lengths,
        numbers that are not floating-point, and an id that is invalid or occurs twice.
    """
    names = frame.ids(ids)
    distinct, codes = encode(names, ordered=False)
    if len(distinct) < len(codes):
        first = np.full(len(distinct), len(codes))
        np.minimum.at(first, codes, np.arange(len(codes)))
        row = int(np.argmax(first[codes] < np.arange(len(codes))))
        raise frame.fail(
            f"id {distinct[codes[row]]!r} occurs twice (first in row "
            f"{first[codes[row]] + 1}); one vector per id",
            row=row,
        )
    return Embeddings(distinct, _matrix(frame, vectors), name=frame.name)


def _matrix(frame: Frame, column: str) -> Floats:
    found = frame.table.column(column)
    kind = found.type
    if not is_list(kind) or not pt.is_floating(kind.value_type):
        raise frame.fail(
            f"{column} must hold lists of floating-point numbers, found the type {kind}"
        )
    dim = _dim(frame, column, found)
    parts, row = [], 0
    for chunk in found.chunks:
        # Unlike `values`, this respects the bounds of a slice
        flat = chunk.flatten()
        if flat.null_count:
            place = pc.index(pc.is_null(flat), True).as_py()
            raise frame.fail(
                f"{column} lacks the number {place % dim + 1} of its vector",
                row=row + place // dim,
            )
        parts.append(flat.to_numpy(zero_copy_only=True).reshape(-1, dim))
        row += len(chunk)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _dim(frame: Frame, column: str, found: Any) -> int:
    """The common length of all vectors."""
    if not len(found):
        raise frame.fail("holds no vectors")
    if found.null_count:
        row = pc.index(pc.is_null(found), True).as_py()
        raise frame.fail(f"{column} is missing; embed the document again", row=row)
    lengths = pc.list_value_length(found).to_numpy()
    dim = int(lengths[0])
    if dim == 0:
        raise frame.fail(f"{column} is an empty vector", row=0)
    if (lengths != dim).any():
        row = int(np.argmax(lengths != dim))
        raise frame.fail(
            f"{column} has {lengths[row]} numbers, but the first row has {dim}; all "
            "vectors must have the same length",
            row=row,
        )
    return dim
