"""Groups of document ids, a line each: hard negatives, labelled lists, PyLate, ColBERT.

Hard negatives of MS MARCO come from sentence-transformers in two generations:
``{"qid", "pos": [pid, ...], "neg": {system: [pid, ...]}}``, and an older file with
objects ``{"pid", "ce-score"}`` in place of ids. A line is one group: all positives and
the union of the negatives of all systems, in the order of the file. A system may be
missing for a query. ``hard-negatives:SYSTEM`` reads the negatives of one system alone.
People also write plain lists, ``{"qid", "pos": [pid, ...], "neg": [pid, ...]}``.
A positive among the negatives stays a positive and is counted; a negative that several
systems found is one document and is not counted.

A labelled list marks its positives by 1 and the others by 0. Labels that are other
numbers may be grades or a teacher's scores, and the file does not say which.

A line of ColBERT is ``[qid, [pid, score], ...]`` or ``[qid, pid, ...]``, with the
positive first. The 64-way file of ColBERTv2 has scores of a cross-encoder; plain
triples have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from rankbound.errors import UsageError
from rankbound.read.contents import Contents, Format
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import (
    Row,
    RowFormat,
    first_record,
    records,
    write_records,
)
from rankbound.read.json.records import (
    Record,
    group_records,
    lacking,
    list_records,
    one_positive,
)
from rankbound.read.source import Source

# Hard negatives

HARD_IDS: Final = "hard negatives (sentence-transformers): qid, pos, neg by system"
HARD_SCORED: Final = (
    "hard negatives with ce-score (older copy): qid, pos, neg by system"
)
NO_POSITIVE: Final = "groups without a positive"
WITHOUT: Final = "queries without negatives of the system"
UNION: Final = re.compile(r"negatives: the union of (\d+) systems \(([\w.+, -]+)\)")
UNNAMED: Final = ""  # the system of a plain list
WRITTEN: Final = "rankbound"  # the name of the only system in a written file


class Scored(msgspec.Struct):
    """A passage of the older file; the builder checks the types."""

    pid: Any
    score: Any = msgspec.field(name="ce-score")


def _read_hard(
    name: str, scored: bool, system: str, builder: Builder, found: Iterable[Row]
) -> Contents:
    """Read lines with the negatives of one system, or of all systems if it is ""."""
    systems: dict[str, int] = {}
    lines = 0
    for row in found:
        lines += 1
        row.need("qid", "pos", "neg")
        lists = _by_system(row)
        for key in lists:
            systems[key] = systems.get(key, 0) + 1
        if system:
            builder.count(WITHOUT, system not in lists)
            lists = {system: lists[system]} if system in lists else {}
        if lists or not system:
            _add_hard(row, lists, scored=scored)
    named = [key or "plain lists" for key in systems]
    if system and system not in systems:
        raise builder.fail(
            f"holds no negatives of a system {system!r}; there are {', '.join(named)}"
        )
    if named != ["plain lists"]:
        used = dict(zip(named, systems.values(), strict=True))
        builder.notes.append(_systems_used(name, system, used, lines))
    return builder.contents(name)


def _by_system(row: Row) -> dict[str, list[Any]]:
    lists = row["neg"]
    if isinstance(lists, list):
        return {UNNAMED: lists}
    if not isinstance(lists, dict):
        raise row.fail(
            "neg must be a list of negatives, or an object {system: list}, found "
            f"{type(lists).__name__}"
        )
    for key, values in lists.items():
        if not isinstance(values, list):
            raise row.fail(
                f"the negatives of system {key!r} must be a list, found "
                f"{type(values).__name__}"
            )
    return lists


def _add_hard(row: Row, lists: Mapping[str, list[Any]], *, scored: bool) -> None:
    query = row.query("qid")
    group = row.builder.group(query, row.line)
    positives = _hard_codes(row, query, row.listed("pos"), scored=scored)
    row.builder.members(group, positives, positive=True)
    row.builder.count(NO_POSITIVE, not positives)
    seen: set[int] = set()
    for values in lists.values():
        documents = _hard_codes(row, query, values, scored=scored)
        new = [document for document in documents if document not in seen]
        row.builder.members(group, new)
        seen.update(new)


def _hard_codes(row: Row, query: int, entries: list[Any], *, scored: bool) -> list[int]:
    """The codes of a list's documents, whose scores are added if there are some."""
    if not scored:
        return row.documents(_plain(row, entry) for entry in entries)
    rule = "expected objects with pid and ce-score"
    passages = [row.nested(entry, Scored, rule) for entry in entries]
    documents = row.documents(passage.pid for passage in passages)
    row.builder.scored(query, documents, [one.score for one in passages], row.line)
    return documents


def _plain(row: Row, entry: Any) -> Any:
    if isinstance(entry, dict):
        raise row.fail(
            "an object where other lines have ids; read a file that has ce-score "
            "throughout with `format='hard-negatives-ce'`"
        )
    return entry


def _systems_used(
    name: str, system: str, systems: Mapping[str, int], lines: int
) -> str:
    if system:
        return f"negatives of the system {system} alone"
    lacking = [
        f"{key} is missing for {lines - held:,}"
        for key, held in systems.items()
        if held < lines
    ]
    missing = f"; of {lines:,} queries {', '.join(lacking)}" if lacking else ""
    return (
        f"negatives: the union of {len(systems)} systems ({', '.join(systems)})"
        f"{missing}; choose one with `format='{name}:SYSTEM'`"
    )


def systems_joined(notes: Iterable[str]) -> tuple[str, ...]:
    """The systems whose negatives were read as one, by the notes; else none.

    None, too, where the name of a system could be read in two ways.

    Examples
    --------
    >>> systems_joined(["negatives: the union of 2 systems (bm25, tas-b); choose one"])
    ('bm25', 'tas-b')
    """
    for note in notes:
        if found := UNION.match(note):
            names = tuple(found[2].split(", "))
            return names if len(names) == int(found[1]) else ()
    return ()


def _matches_hard(scored: bool, record: Mapping[str, Any]) -> str | None:
    if not record.keys() >= {"qid", "pos", "neg"}:
        return None
    lists = record["neg"]
    # With the text of the query, plain lists hold texts
    if isinstance(lists, list) and "query" not in record:
        by = ""
        lists = {UNNAMED: lists}
    else:
        by = " by system"
    if not isinstance(lists, dict) or not isinstance(record["pos"], list):
        return None
    every = (entry for values in (record["pos"], *lists.values()) for entry in values)
    if isinstance(next(every, None), dict) != scored:
        return None
    return f"lines of objects with qid, pos and neg{by}, of " + (
        "objects with ce-score" if scored else "ids"
    )


def _write_hard(title: str, scored: bool, contents: Contents, path: Path) -> None:
    if scored and contents.scores is None:
        raise lacking(contents, title, "scores")
    write_records(path, _hard_lines(group_records(contents, title), scored=scored))


class HardLine(msgspec.Struct):
    """A line as it is written."""

    qid: int | str
    pos: list[int | str | Scored]
    neg: dict[str, list[int | str | Scored]]


def _hard_lines(found: Iterable[Record], *, scored: bool) -> Iterator[HardLine]:
    for record in found:
        entries: list[int | str | Scored] = [*map(plain_id, record.docnos)]
        if scored:
            entries = [*map(Scored, entries, record.scores or [])]
        good, bad = record.split()
        yield HardLine(
            plain_id(record.qid),
            [entries[place] for place in good],
            {WRITTEN: [entries[place] for place in bad]},
        )


def _hard_format(name: str, title: str, *, scored: bool) -> RowFormat:
    def configured(system: str) -> RowFormat:
        if not system:
            raise UsageError(f"`format='{name}:'` needs a system after the colon")
        read = partial(_read_hard, name, scored, system)
        return replace(made, name=f"{name}:{system}", read_rows=read)

    made = RowFormat(
        name,
        title,
        ("scores", "groups") if scored else ("groups",),
        partial(_matches_hard, scored),
        partial(_read_hard, name, scored, ""),
        partial(_write_hard, title, scored),
        ("groups", "positives", *(("scores",) if scored else ())),
        configured,
    )
    return made


HARD_NEGATIVES = (
    _hard_format("hard-negatives", HARD_IDS, scored=False),
    _hard_format("hard-negatives-ce", HARD_SCORED, scored=True),
)


# Labelled lists and PyLate

LABELED: Final = "labelled lists: query_id, doc_ids, labels and perhaps scores"
PYLATE: Final = "lists with scores (PyLate): query_id, document_ids, scores"
OF_PYLATE: Final = "an export wrote the list as one text; parse it into a list first"
AMBIGUOUS: Final = (
    "labels must be 1 for a positive and 0 for others, found {value!r}; if they are a "
    "teacher's scores, say so with `format='{name}:scores'`"
)


def add_labels(row: Row, name: str, documents: list[int], group: int) -> None:
    """Add documents to a group, with the positives that the labels of a row mark."""
    labels = row.parallel("labels", len(documents), "documents")
    for document, label in zip(documents, labels, strict=True):
        if isinstance(label, bool) or label not in (0, 1):
            raise row.fail(AMBIGUOUS.format(value=label, name=name))
        row.builder.member(group, document, positive=label == 1)


def add_scores(row: Row, query: int, documents: list[int], key: str) -> None:
    """Add the scores of documents from a list in a row."""
    values = row.parallel(key, len(documents), "documents")
    row.builder.scored(query, documents, values, row.line)


def _read_labeled(as_scores: bool, builder: Builder, found: Iterable[Row]) -> Contents:
    for row in found:
        row.need("query_id", "doc_ids", "labels")
        documents = row.documents(row.listed("doc_ids"))
        query = row.query("query_id")
        group = builder.group(query, row.line)
        if as_scores:
            builder.members(group, documents)
            add_scores(row, query, documents, "labels")
            continue
        add_labels(row, "labeled-list", documents, group)
        if "scores" in row:
            add_scores(row, query, documents, "scores")
    return builder.contents("labeled-list")


def _labels_as(argument: str) -> RowFormat:
    if argument != "scores":
        raise UsageError(
            f"`format='labeled-list:{argument}'`: only 'scores' may follow the colon "
            "(the labels are a teacher's scores)"
        )
    return replace(
        LABELED_LIST,
        name="labeled-list:scores",
        read_rows=partial(_read_labeled, True),
        marks=False,
    )


def _read_pylate(builder: Builder, found: Iterable[Row]) -> Contents:
    for row in found:
        row.need("query_id", "document_ids", "scores")
        listed = row.listed("document_ids", otherwise=OF_PYLATE)
        documents = row.documents(listed)
        query = row.query("query_id")
        builder.members(builder.group(query, row.line), documents)
        add_scores(row, query, documents, "scores")
    return builder.contents("pylate")


def _keys(record: Mapping[str, Any], *keys: str) -> str | None:
    if not record.keys() >= set(keys):
        return None
    return f"lines of objects with {', '.join(keys)}"


def _write_labeled(contents: Contents, path: Path) -> None:
    write_records(path, map(_labeled, group_records(contents, LABELED)))


class LabeledLine(msgspec.Struct, omit_defaults=True):
    """A labelled list as it is written."""

    query_id: str
    doc_ids: list[str]
    labels: list[int]
    scores: list[float] | None = None


def _labeled(record: Record) -> LabeledLine:
    marks = [int(mark) for mark in record.positive or []]
    return LabeledLine(record.qid, record.docnos, marks, record.scores)


def _write_pylate(contents: Contents, path: Path) -> None:
    if contents.scores is None:
        raise lacking(contents, PYLATE, "scores")
    found = list_records(contents, PYLATE)
    write_records(path, (ScoredLine(one.qid, one.docnos, one.scores) for one in found))


class ScoredLine(msgspec.Struct):
    """A line of PyLate as it is written."""

    query_id: str
    document_ids: list[str]
    scores: list[float] | None


LABELED_LIST: Final = RowFormat(
    "labeled-list",
    LABELED,
    ("scores", "groups"),
    lambda record: _keys(record, "query_id", "doc_ids", "labels"),
    partial(_read_labeled, False),
    _write_labeled,
    ("groups", "positives", "scores"),
    _labels_as,
    keys=frozenset({"query_id", "doc_ids", "labels", "scores"}),
)
LISTS = (
    LABELED_LIST,
    RowFormat(
        "pylate",
        PYLATE,
        ("scores", "groups"),
        lambda record: _keys(record, "query_id", "document_ids", "scores"),
        _read_pylate,
        _write_pylate,
        ("groups", "scores"),
        marks=False,
        keys=frozenset({"query_id", "document_ids", "scores"}),
    ),
)


# ColBERT

COLBERT: Final = "n-way training lists (ColBERT): [qid, [pid, score], ...]"
COLBERT_SHAPE: Final = (
    "expected [qid, [pid, score], ...] or [qid, pid, ...] with the positive first"
)


def read_colbert(source: Source) -> Contents:
    """Read groups, and scores if the lines have them.

    Raises
    ------
    FormatError
        With path:line, for a line of another shape, or if some lines have scores and
        others none.
    """
    builder = Builder(source)
    paired: bool | None = None
    for line, record in records(builder):
        row = Row(builder, line, {})
        if not isinstance(record, list) or len(record) < 2:
            raise row.fail(
                f"{COLBERT_SHAPE}, found {type(record).__name__} {record!r:.60}"
            )
        shapes = {isinstance(entry, list) for entry in record[1:]}
        if shapes != {isinstance(record[1], list) if paired is None else paired}:
            raise row.fail(
                f"{COLBERT_SHAPE}; some entries have a score and others none"
            )
        (paired,) = shapes
        _add_colbert(row, record, paired=paired)
    return builder.contents("colbert")


def _add_colbert(row: Row, record: list[Any], *, paired: bool) -> None:
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
        raise row.fail(f"{COLBERT_SHAPE}, found {pair!r:.60} in place of [pid, score]")
    return pair[0]


def _sniff_colbert(source: Source) -> str | None:
    record = first_record(source)
    if not isinstance(record, list) or len(record) < 2:
        return None
    if isinstance(record[0], list | dict | float | bool):
        return None
    if all(isinstance(entry, list) and len(entry) == 2 for entry in record[1:]):
        return "lines of [qid, [pid, score], ...]"
    if len(record) < 3 or len({*map(type, record[1:])}) > 1:
        return None  # [qid, docno, score], or a pair
    ids = all(isinstance(entry, int | str) for entry in record[1:])
    return "lines of [qid, pid, ...]" if ids else None


def write_colbert(contents: Contents, path: Path) -> None:
    """Write groups of one positive; whole-number ids become numbers, as in ColBERT.

    Raises
    ------
    FormatError
        If positives are not marked, or a group has none or several.
    """
    write_records(path, _colbert_lines(contents))


def _colbert_lines(contents: Contents) -> Iterator[list[Any]]:
    for record, good in one_positive(contents, COLBERT):
        _, bad = record.split()
        yield [plain_id(record.qid), *_colbert_entries(record, [good, *bad])]


def _colbert_entries(record: Record, places: list[int]) -> Iterator[Any]:
    for place in places:
        pid = plain_id(record.docnos[place])
        yield pid if record.scores is None else [pid, record.scores[place]]


def plain_id(name: str) -> int | str:
    """The id as a number if that is read back as the same text, otherwise as text.

    Examples
    --------
    >>> plain_id("12"), plain_id("012"), plain_id("D12"), plain_id("9" * 30)
    (12, '012', 'D12', '999999999999999999999999999999')
    """
    digits = name.isascii() and name.isdigit() and len(name) <= 18
    return int(name) if digits and str(int(name)) == name else name


ROW_FORMATS = (*HARD_NEGATIVES, *LISTS)
FORMATS = (
    *(entry.as_format() for entry in ROW_FORMATS),
    Format(
        "colbert",
        COLBERT,
        ("scores", "groups"),
        _sniff_colbert,
        read_colbert,
        write_colbert,
        ("groups", "positives", "scores"),
    ),
)
