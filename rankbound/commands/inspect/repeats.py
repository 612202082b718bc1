"""Documents that stand twice under a query, in files that readers refuse for it.

A reader stops at the first; here they are counted, with the few formats in which that
is common read leniently: columns of text, and groups as JSON lines.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.findings import Finding
from rankbound.commands.inspect.given import Given
from rankbound.errors import FormatError

SIGNS = ("second time", "twice")  # how readers say that something is repeated
COLUMNS = {"trec-run": (0, 2), "qrels": (0, 2), "beir-qrels": (0, 1)}

Key = tuple[object, object]


def repeated_rows(given: Given) -> Finding | None:
    """How many rows repeat a document of their query, where the reader refused one."""
    refusal = given.refusal or ""
    if not any(sign in refusal for sign in SIGNS):
        return None
    try:
        if given.format in COLUMNS:
            keys = _column_keys(given)
        elif given.format == "groups":
            keys = _group_keys(given)
        else:
            return None
        count, queries, example = _count(keys)
    except (FormatError, ValueError, TypeError, KeyError):
        return None  # the refusal stands, without a number
    if not count:
        return None
    return Finding(
        "duplicates",
        "error",
        count,
        f"{counted(count, 'row repeats', 'rows repeat')} a document, in "
        f"{counted(queries, 'query')}",
        "keep one row for each document of a query or group",
        example,
    )


def _count(keys: Iterator[tuple[object, Key]]) -> tuple[int, int, str | None]:
    """Repeats, queries touched, and the first repeat, from (query, key) pairs."""
    seen: set[Key] = set()
    count, queries, example = 0, set(), None
    for query, key in keys:
        if key in seen:
            count += 1
            queries.add(query)
            example = example or f"query {query!r}, document {key[1]!r}"
        seen.add(key)
    return count, len(queries), example


def _column_keys(given: Given) -> Iterator[tuple[object, Key]]:
    query, document = COLUMNS[given.format or ""]
    for _, line in given.source.lines():
        fields = line.decode("utf-8", "replace").split()
        if not fields or fields[0] == "#":
            continue
        if fields[0] == "query-id":
            document = 1
        elif len(fields) > document:
            yield fields[query], (fields[query], fields[document])


def _group_keys(given: Given) -> Iterator[tuple[object, Key]]:
    for number, line in given.source.lines():
        if not line:
            continue
        row = orjson.loads(line)
        for docno in (row["doc_id_a"], *row["doc_id_b"]):
            yield row["query_id"], (number, docno)
