"""Rows and lists of a table, in any of the field's layouts, as scores and groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from estimators.groups import Booleans, Groups
from estimators.scores import Floats, Integers, Kind, Scores, Strings
from rankbound.formats.columns import encode
from rankbound.formats.frames import Frame
from rankbound.formats.merging import AGAIN, merged_members, merged_scores
from rankbound.formats.table_layouts import Layout
from rankbound.formats.table_vectors import embeddings_of

Parts = dict[str, Any]
ORDER_ONLY = "the order of the documents is all there is: scores are minus the rank"


def read_layout(frame: Frame, layout: Layout) -> Parts:
    """The parts of `Contents` that a table of a known layout holds.

    Raises
    ------
    FormatError
        Naming the row that breaks a rule.
    """
    if not len(frame.table):
        raise frame.fail("holds no rows")
    if layout.kind == "embeddings":
        roles = layout.roles
        return {"embeddings": embeddings_of(frame, roles["id"], roles["vector"])}
    readers = {"scores": _rows, "qrels": _rows, "lists": _lists}
    return readers[layout.kind](frame, layout.roles)


def _rows(frame: Frame, roles: dict[str, str]) -> Parts:
    """One row per query and document."""
    qids, queries = encode(frame.ids(roles["query"]), ordered=False)
    docnos, documents = encode(frame.ids(roles["document"]), ordered=True)
    parts: Parts = {"repairs": {}, "notes": ()}
    places = np.arange(len(queries))
    rank = _ranks(frame, roles.get("rank"))

    def built(values: Floats, chosen: Any = slice(None)) -> tuple[Scores, Integers]:
        rows = (queries[chosen], documents[chosen], values[chosen], places[chosen])
        return scores_of_rows(frame, rows, qids, docnos, parts["repairs"])

    if "score" in roles:
        parts["scores"], kept = built(frame.numbers(roles["score"]))
        if rank is not None:
            parts["ranks"] = rank[kept]
    if "grade" in roles:
        grades, judged = _grades(frame, roles["grade"], partial="score" in roles)
        if judged.any():
            parts["qrels"], _ = built(grades, judged)
    if rank is not None and not roles.keys() & {"score", "grade"}:
        ordered, kept = built(-rank.astype(np.float64))
        parts["scores"] = ordered.with_kind(Kind.RANK_ONLY)
        parts |= {"ranks": rank[kept], "notes": (ORDER_ONLY,)}
    return parts


def _grades(frame: Frame, column: str, *, partial: bool) -> tuple[Floats, Booleans]:
    """Grades, and which there are: beside scores, documents may be unjudged."""
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
            f"{column} must be a whole number, a grade, found {values[row]}", row=row
        )
    return values, judged


def _ranks(frame: Frame, column: str | None) -> Integers | None:
    """Ranks as the table gives them, None where it gives no whole numbers."""
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
    """Scores from coded rows, and the row that each of its rows comes from.

    Parameters
    ----------
    frame : Frame
        For errors.
    rows : queries, documents, values, rows of the table
        Arrays of shape (n,); codes of documents follow the order of `docnos`.
    qids, docnos : object arrays of str
    repairs : dict
        Counts scores that are given again.
    """
    queries, documents, values, places = rows

    def differ(number: int, first: int, second: int) -> Exception:
        low, high = sorted((int(first), int(second)), key=lambda row: places[row])
        return frame.fail(
            f"query {qids[queries[low]]!r}, document {docnos[documents[low]]!r} has "
            f"{values[high]} here and {values[low]} in row {places[low] + 1} "
            f"({number:,} such pairs in the table); a pair must have one score",
            row=int(places[high]),
        )

    kept, values, again = merged_scores(rows, mean=False, fail=differ)
    if again:
        repairs[AGAIN] = repairs.get(AGAIN, 0) + again
    # Lists without documents leave queries without rows
    used, coded = np.unique(queries[kept], return_inverse=True)
    scores = Scores.from_rows(
        coded, qids[used], documents[kept], docnos, values, name=frame.name
    )
    return scores, places[kept]


def _lists(frame: Frame, roles: dict[str, str]) -> Parts:
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
    if labels is not None and np.isin(labels, (0, 1)).all():
        positive = labels > 0
    elif labels is not None and values is None:
        values = labels
    if "positive" in roles:
        names, rows, place, sizes = _with_positive(
            frame, roles["positive"], names, sizes
        )
        positive, values = place == 0, None
    docnos, documents = encode(names, ordered=True)
    parts: Parts = {"repairs": {}, "notes": ()}
    kind = Kind.UNKNOWN
    if values is None and positive is None:
        values, kind = (-1.0 - place).astype(np.float64), Kind.RANK_ONLY
        parts["notes"] = (ORDER_ONLY,)
    if values is not None:
        coded = (queries[rows], documents, values, rows)
        scores, _ = scores_of_rows(frame, coded, qids, docnos, parts["repairs"])
        parts["scores"] = scores.with_kind(kind)
    parts["groups"] = _groups_of_lists(
        frame, (queries, qids), (rows, documents, docnos), positive, parts["repairs"]
    )
    return parts


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
