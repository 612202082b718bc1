"""Tables of parquet and Arrow, told apart by the names of their columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rankbound.read.contents import Contents, Format
from rankbound.read.source import Source
from rankbound.read.tables.containers import container, open_table, schema_of
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import Layout, recognise
from rankbound.read.tables.reading import read_layout
from rankbound.read.tables.writing import (
    write_lists,
    write_qrels,
    write_rows,
    write_vectors,
)


def read_table(source: Source, kind: str) -> Contents:
    """Read a table of one kind of layout.

    Raises
    ------
    FormatError
        For columns of another layout, and with the row for a value that breaks a rule.
    """
    schema = schema_of(source)
    layout = recognise(schema)
    if layout is None or layout.kind != kind:
        raise source.fail(
            f"expected a table of {kind}, found the columns {', '.join(schema.names)}"
        )
    frame = open_table(source, layout.columns)
    return contents_of(frame, layout, source.path, list(schema.names))


def contents_of(
    frame: Frame, layout: Layout, path: Path, columns: list[str]
) -> Contents:
    """`Contents` of a table in memory; `columns` are all it has, used or not."""
    parts: dict[str, Any] = read_layout(frame, layout)
    unused = [name for name in columns if name not in layout.columns]
    return Contents(
        f"table-{layout.kind}",
        path,
        metadata={"columns_unused": unused} if unused else {},
        **parts,
    )


def _sniff(source: Source, kind: str) -> str | None:
    what = container(source)
    layout = None if what is None else recognise(schema_of(source))
    if layout is None or layout.kind != kind:
        return None
    return f"{what} with the {layout.evidence()}"


def _format(
    kind: str,
    title: str,
    parts: tuple[str, ...],
    write: Callable[[Contents, Path], None] | None,
    keeps: tuple[str, ...],
) -> Format:
    return Format(
        f"table-{kind}",
        f"{title}, parquet or Arrow",
        parts,
        partial(_sniff, kind=kind),
        partial(read_table, kind=kind),
        write,
        keeps,
    )


FORMATS = (
    _format(
        "scores",
        "table of query, document, score (PyTerrier, ranx, Rank-DistiLLM, HF msmarco)",
        ("scores", "qrels"),
        write_rows,
        ("scores", "ranks"),
    ),
    _format(
        "qrels",
        "table of query, document, grade (MTEB, BEIR, ir_datasets)",
        ("qrels",),
        write_qrels,
        ("grades",),
    ),
    _format(
        "lists",
        "table of query, document list, score or label list (PyLate, HF msmarco)",
        ("scores", "groups"),
        write_lists,
        ("scores", "groups", "positives"),
    ),
    _format(
        "margins",
        "table of query, positive, negative and margin (HF msmarco, ir_datasets)",
        ("scores", "groups"),
        None,
        (),
    ),
    _format(
        "embeddings",
        "table of id and vector",
        ("embeddings",),
        write_vectors,
        ("vectors", "dtype", "precision"),
    ),
)
