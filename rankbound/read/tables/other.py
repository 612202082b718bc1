"""Tables that no other format knows: their columns are named in one line."""

from __future__ import annotations

from rankbound.read.contents import PARTS, Contents, Format
from rankbound.read.registry import row_formats
from rankbound.read.source import Source
from rankbound.read.tables.containers import container, first_row, schema_of
from rankbound.read.tables.layouts import recognise

KNOWN = (
    "qid, docno, score; query-id, corpus-id, score; query_id, doc_ids, scores; "
    "query_id, positive_id, negative_id, score; docid, embedding"
)


def refuse(source: Source) -> Contents:
    """Raise, naming the columns that there are and some that would be known.

    Raises
    ------
    FormatError
        Always.
    """
    raise source.fail(
        f"a table whose columns are not known: {', '.join(schema_of(source).names)}; "
        f"rename them as in one of: {KNOWN}"
    )


def _sniff(source: Source) -> str | None:
    what = container(source)
    if what is None or recognise(schema_of(source)) is not None:
        return None
    first = first_row(source)
    if first and any(entry.matches(first) for entry in row_formats()):
        return None
    return f"{what} with the columns {', '.join(schema_of(source).names)}"


FORMATS = (
    Format("table", "table of other columns, parquet or Arrow", PARTS, _sniff, refuse),
)
