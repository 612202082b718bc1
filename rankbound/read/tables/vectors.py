"""Vectors in a list column of a table, as one array, without a copy where possible."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.types as pt

from rankbound.data.arrow import encode
from rankbound.data.columns import Floats
from rankbound.data.embeddings import Embeddings
from rankbound.read.tables.frames import Frame, is_list


def embeddings_of(frame: Frame, ids: str, vectors: str) -> Embeddings:
    """The embeddings that two columns of a table hold.

    One chunk of a fixed-size list is not copied: vectors of a memory-mapped Arrow file
    stay on disk. Several chunks are put together in memory.

    Raises
    ------
    FormatError
        For a missing vector or number, vectors of different lengths, numbers that are
        not floating-point, and an id that is no id or stands twice, naming the row.
    """
    names = frame.ids(ids)
    distinct, codes = encode(names, ordered=False)
    if len(distinct) < len(codes):
        first = np.full(len(distinct), len(codes))
        np.minimum.at(first, codes, np.arange(len(codes)))
        row = int(np.argmax(first[codes] < np.arange(len(codes))))
        raise frame.fail(
            f"id {distinct[codes[row]]!r} stands twice (first in row "
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
        # Unlike `values`, this leaves out what lies before and after a slice
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
    """Length of all vectors."""
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
            f"{column} has {lengths[row]} numbers, and the first row has {dim}; all "
            "vectors must have one length",
            row=row,
        )
    return dim
