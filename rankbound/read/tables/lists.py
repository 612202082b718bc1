"""Tables with a query and a list of documents in each row, as scores and groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rankbound.data.arrow import encode
from rankbound.data.columns import Booleans, Floats, Integers, Strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind
from rankbound.read.json.merging import merged_members
from rankbound.read.json.rankedlists import NOTE
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.rows import Parts, scores_of_rows


def lists_of(frame: Frame, roles: dict[str, str]) -> Parts:
    """One row per query, with lists of documents and perhaps of scores or labels."""
    qids, queries = encode(frame.ids(roles["query"]), ordered=False)
    flat, sizes = frame.lists(roles["document"])
    rows = np.repeat(np.arange(len(sizes)), sizes)
    if not len(rows):
        raise frame.fail(f"{roles['document']} holds no documents")
    names = frame.checked_ids(flat, roles["document"], rows)
    values = _values_of_lists(frame, roles, "scores", sizes)
    labels = _values_of_lists(frame, roles, "labels", sizes)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    positive: Booleans | None = None
    if labels is not None:
        positive = _positives(frame, roles["labels"], labels, rows)
    if "positive" in roles:
        names, rows, place, sizes = _with_positive(
            frame, roles["positive"], names, sizes
        )
        positive, values = place == 0, None
    docnos, documents = encode(names, ordered=True)
    parts: Parts = {"repairs": {}, "notes": ()}
    kind = Kind.UNKNOWN
    if values is None and positive is None:
        _check_rankings(frame, rows, documents, docnos)
        values, kind = (-1.0 - place).astype(np.float64), Kind.RANK_ONLY
        parts["notes"] = (NOTE,)
    if values is not None:
        coded = (queries[rows], documents, values, rows)
        scores, _ = scores_of_rows(frame, coded, qids, docnos, parts["repairs"])
        parts["scores"] = scores.with_kind(kind)
        if kind is Kind.RANK_ONLY:
            parts["ranks"] = np.rint(-scores.values).astype(np.int64)
    parts["groups"] = _groups_of_lists(
        frame, (queries, qids), (rows, documents, docnos), positive, parts["repairs"]
    )
    return parts


def _check_rankings(
    frame: Frame, rows: Integers, documents: Integers, docnos: Strings
) -> None:
    """Refuse a document that stands twice in a list without scores."""
    _, first = np.unique(rows * len(docnos) + documents, return_index=True)
    again = np.ones(len(rows), dtype=bool)
    again[first] = False
    if again.any():
        place = int(np.argmax(again))
        raise frame.fail(
            f"document {docnos[documents[place]]!r} stands twice in the list; keep its "
            "better rank",
            row=int(rows[place]),
        )


def _positives(frame: Frame, column: str, labels: Floats, rows: Integers) -> Booleans:
    """Which documents labels of 0 and 1 mark; other numbers could be anything."""
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
    frame: Frame, roles: dict[str, str], role: str, sizes: Integers
) -> Floats | None:
    """The numbers of the lists in one of the columns, None where there is none."""
    if role not in roles:
        return None
    column = roles[role]
    flat, lengths = frame.lists(column)
    if (lengths != sizes).any():
        row = int(np.argmax(lengths != sizes))
        raise frame.fail(
            f"{column} has {lengths[row]} values for the {sizes[row]} documents of "
            f"{roles['document']}",
            row=row,
        )
    if pt.is_boolean(flat.type):
        flat = pc.cast(flat, pa.int64())
    return frame.checked_numbers(flat, column, np.repeat(np.arange(len(sizes)), sizes))


def _with_positive(
    frame: Frame, column: str, names: Any, sizes: Integers
) -> tuple[Any, Integers, Integers, Integers]:
    """The lists with the positive of each row in front."""
    firsts = frame.ids(column)
    both = pa.chunked_array(
        [pc.cast(part, pa.large_string()) for part in (*firsts.chunks, *_chunks(names))]
    )
    starts = np.cumsum(sizes) - sizes
    sizes = sizes + 1
    rows = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rest = len(starts) + starts[rows] + place - 1
    return both.take(pa.array(np.where(place == 0, rows, rest))), rows, place, sizes


def _chunks(names: Any) -> list[Any]:
    return names.chunks if isinstance(names, pa.ChunkedArray) else [names]


def _groups_of_lists(
    frame: Frame,
    queries: tuple[Integers, Strings],
    documents: tuple[Integers, Integers, Strings],
    positive: Any,
    repairs: dict[str, int],
) -> Groups:
    """One group per row of the table that has documents."""
    codes, qids = queries
    rows, docs, docnos = documents
    marked = np.zeros(len(rows), dtype=bool) if positive is None else positive
    merged = merged_members(rows, docs, marked)
    repairs |= {what: number for what, number in merged.repairs.items() if number}
    lines, sizes = np.unique(merged.group, return_counts=True)
    return Groups(
        queries=codes[lines],
        qids=qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=merged.documents,
        docnos=docnos,
        positive=None if positive is None else merged.positive,
        name=frame.name,
        lines=lines + 1,
    )
