"""A table in any of the field's layouts, as scores, groups, judgements or vectors."""

from __future__ import annotations

from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import Layout
from rankbound.read.tables.lists import lists_of
from rankbound.read.tables.margins import margins_of
from rankbound.read.tables.rows import Parts, rows_of
from rankbound.read.tables.vectors import embeddings_of


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
    readers = {
        "scores": rows_of,
        "qrels": rows_of,
        "lists": lists_of,
        "margins": margins_of,
    }
    return readers[layout.kind](frame, layout.roles)
