"""ColBERT's training lines: ``[qid, [pid, score], ...]`` or ``[qid, pid, ...]``.

The first passage is the positive. The 64-way file of ColBERTv2 has scores of a
cross-encoder; plain triples have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rankbound.read.contents import Contents, Format
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, first_record, records, write_records
from rankbound.read.json.records import Record, one_positive
from rankbound.read.source import Source

TITLE: Final = "n-way training lists (ColBERT): [qid, [pid, score], ...]"
SHAPE: Final = (
    "expected [qid, [pid, score], ...] or [qid, pid, ...] with the positive first"
)


def read(source: Source) -> Contents:
    """Groups, and scores where the lines have them.

    Raises
    ------
    FormatError
        With path:line, on a line of another shape, or when some lines have scores and
        others none.
    """
    builder = Builder(source)
    paired: bool | None = None
    for line, record in records(builder):
        row = Row(builder, line, {})
        if not isinstance(record, list) or len(record) < 2:
            raise row.fail(f"{SHAPE}, found {type(record).__name__} {record!r:.60}")
        shapes = {isinstance(entry, list) for entry in record[1:]}
        if shapes != {isinstance(record[1], list) if paired is None else paired}:
            raise row.fail(f"{SHAPE}; some entries have a score and others none")
        (paired,) = shapes
        _add(row, record, paired=paired)
    return builder.contents("colbert")


def _add(row: Row, record: list[Any], *, paired: bool) -> None:
    query = row.builder.query(record[0], row.line)
    documents = row.documents(
        _pid(row, entry) if paired else entry for entry in record[1:]
    )
    group = row.builder.group(query, row.line)
    row.builder.member(group, documents[0], positive=True)
    row.builder.members(group, documents[1:])
    if paired:
        row.builder.scored(query, documents, [pair[1] for pair in record[1:]], row.line)


def _pid(row: Row, pair: list[Any]) -> Any:
    if len(pair) != 2:
        raise row.fail(f"{SHAPE}, found {pair!r:.60} for a [pid, score]")
    return pair[0]


def _sniff(source: Source) -> str | None:
    record = first_record(source)
    if not isinstance(record, list) or len(record) < 2:
        return None
    if isinstance(record[0], list | dict | float | bool):
        return None
    if all(isinstance(entry, list) and len(entry) == 2 for entry in record[1:]):
        return "lines of [qid, [pid, score], ...]"
    ids = all(isinstance(entry, int | str) for entry in record[1:])
    return "lines of [qid, pid, ...]" if ids else None


def write(contents: Contents, path: Path) -> None:
    """Write groups of one positive; whole-number ids as numbers, as ColBERT has them.

    Raises
    ------
    FormatError
        When positives are not marked, or a group has none or several.
    """
    write_records(path, _lines(contents))


def _lines(contents: Contents) -> Iterator[list[Any]]:
    for record, good in one_positive(contents, TITLE):
        _, bad = record.split()
        yield [plain_id(record.qid), *_entries(record, [good, *bad])]


def _entries(record: Record, places: list[int]) -> Iterator[Any]:
    for place in places:
        pid = plain_id(record.docnos[place])
        yield pid if record.scores is None else [pid, record.scores[place]]


def plain_id(name: str) -> int | str:
    """A whole number where the id is one as text, and a reader makes the same text.

    Examples
    --------
    >>> plain_id("12"), plain_id("012"), plain_id("D12"), plain_id("9" * 30)
    (12, '012', 'D12', '999999999999999999999999999999')
    """
    digits = name.isascii() and name.isdigit() and len(name) <= 18
    return int(name) if digits and str(int(name)) == name else name


FORMATS = (
    Format(
        "colbert",
        TITLE,
        ("scores", "groups"),
        _sniff,
        read,
        write,
        ("groups", "positives", "scores"),
    ),
)
