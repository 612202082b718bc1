"""Hard negatives of MS MARCO as sentence-transformers shares them, in both generations.

``{"qid", "pos": [pid, ...], "neg": {system: [pid, ...]}}`` has ids only; the older file
has objects ``{"pid", "ce-score"}`` in the place of ids. Every line is one group: all
positives and the union of the negatives of all systems, in the order of the file. A
system may be missing for a query. The negatives of one system alone are read with
``hard-negatives:SYSTEM``. A positive among the negatives stays a positive and is
counted; a negative that several systems found is one document and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from rankbound.errors import UsageError
from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.json.colbert import plain_id
from rankbound.read.json.jsonl import Row, write_records
from rankbound.read.json.records import Record, group_records, lacking
from rankbound.read.json.rowformats import RowFormat

IDS: Final = "hard negatives (sentence-transformers): qid, pos, neg by system"
SCORED: Final = "hard negatives with ce-score (older copy): qid, pos, neg by system"
NO_POSITIVE: Final = "groups without a positive"
WITHOUT: Final = "queries without negatives of the system"
WRITTEN: Final = "rankbound"  # what the one system of a written file is called


def _read(
    name: str, scored: bool, system: str, builder: Builder, found: Iterable[Row]
) -> Contents:
    """Read lines; `system` is the one whose negatives count, "" for all of them."""
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
            _add(row, lists, scored=scored)
    if system and system not in systems:
        raise builder.fail(
            f"holds no negatives of a system {system!r}; there are {', '.join(systems)}"
        )
    builder.notes.append(_note(system, systems, lines))
    return builder.contents(name)


def _by_system(row: Row) -> dict[str, list[Any]]:
    lists = row["neg"]
    if not isinstance(lists, dict):
        raise row.fail(
            "neg must be an object {system: list of negatives}, found "
            f"{type(lists).__name__}"
        )
    for key, values in lists.items():
        if not isinstance(values, list):
            raise row.fail(
                f"the negatives of system {key!r} must be a list, found "
                f"{type(values).__name__}"
            )
    return lists


def _add(row: Row, lists: Mapping[str, list[Any]], *, scored: bool) -> None:
    query = row.query("qid")
    group = row.builder.group(query, row.line)
    positives = _codes(row, query, row.listed("pos"), scored=scored)
    row.builder.members(group, positives, positive=True)
    row.builder.count(NO_POSITIVE, not positives)
    seen: set[int] = set()
    for values in lists.values():
        documents = _codes(row, query, values, scored=scored)
        new = [document for document in documents if document not in seen]
        row.builder.members(group, new)
        seen.update(new)


def _codes(row: Row, query: int, entries: list[Any], *, scored: bool) -> list[int]:
    """Codes of the documents of a list, whose scores are given where there are some."""
    if not scored:
        return row.documents(_plain(row, entry) for entry in entries)
    documents = row.documents(_keyed(row, entry, "pid") for entry in entries)
    values = [_keyed(row, entry, "ce-score") for entry in entries]
    row.builder.scored(query, documents, values, row.line)
    return documents


def _plain(row: Row, entry: Any) -> Any:
    if isinstance(entry, dict):
        raise row.fail(
            "an object where other lines have ids; read a file that has ce-score "
            "throughout with --format hard-negatives-ce"
        )
    return entry


def _keyed(row: Row, entry: Any, key: str) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        raise row.fail(f"expected objects with pid and ce-score, found {entry!r:.60}")
    return entry[key]


def _note(system: str, systems: Mapping[str, int], lines: int) -> str:
    if system:
        return f"negatives of the system {system} alone"
    lacking = [
        f"{key} lacks for {lines - held:,}"
        for key, held in systems.items()
        if held < lines
    ]
    missing = f"; of {lines:,} queries {', '.join(lacking)}" if lacking else ""
    return (
        f"negatives: the union of {len(systems)} systems ({', '.join(systems)})"
        f"{missing}; choose one with --format NAME:SYSTEM"
    )


def _matches(scored: bool, record: Mapping[str, Any]) -> str | None:
    if not record.keys() >= {"qid", "pos", "neg"}:
        return None
    lists = record["neg"]
    if not isinstance(lists, dict) or not isinstance(record["pos"], list):
        return None
    every = (entry for values in (record["pos"], *lists.values()) for entry in values)
    if isinstance(next(every, None), dict) != scored:
        return None
    return "lines of objects with qid, pos and neg by system, of " + (
        "objects with ce-score" if scored else "ids"
    )


def _write(title: str, scored: bool, contents: Contents, path: Path) -> None:
    if scored and contents.scores is None:
        raise lacking(contents, title, "scores")
    write_records(path, _lines(group_records(contents, title), scored=scored))


def _lines(found: Iterable[Record], *, scored: bool) -> Iterator[dict[str, Any]]:
    for record in found:
        entries: list[Any] = [plain_id(docno) for docno in record.docnos]
        if scored:
            entries = [
                {"pid": pid, "ce-score": score}
                for pid, score in zip(entries, record.scores or [], strict=True)
            ]
        good, bad = record.split()
        yield {
            "qid": plain_id(record.qid),
            "pos": [entries[place] for place in good],
            "neg": {WRITTEN: [entries[place] for place in bad]},
        }


def _format(name: str, title: str, *, scored: bool) -> RowFormat:
    def configured(system: str) -> RowFormat:
        if not system:
            raise UsageError(f"--format {name}: needs a system after the colon")
        read = partial(_read, name, scored, system)
        return replace(made, name=f"{name}:{system}", read_rows=read)

    made = RowFormat(
        name,
        title,
        ("scores", "groups") if scored else ("groups",),
        partial(_matches, scored),
        partial(_read, name, scored, ""),
        partial(_write, title, scored),
        ("groups", "positives", *(("scores",) if scored else ())),
        configured,
    )
    return made


ROW_FORMATS = (
    _format("hard-negatives", IDS, scored=False),
    _format("hard-negatives-ce", SCORED, scored=True),
)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
