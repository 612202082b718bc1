"""Candidate lists without scores, ``qid docno``: groups whose positives are unknown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from rankbound.data.arrow import encode
from rankbound.data.groups import Groups
from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import all_composed
from rankbound.read.json.building import Builder
from rankbound.read.source import Source, count, decoded
from rankbound.read.text.claims import head_rows, unordered
from rankbound.read.text.layout import check_ids, is_comment, words_of

COLUMNS = "qid docno"
UNRANKED = "-1"  # ColBERT's rank of a document that is not ranked


def _read(source: Source) -> Contents:
    repairs: dict[str, int] = {}
    rows: dict[str, dict[str, int]] = {}
    places = _places(source)
    for number, line in source.lines(repairs):
        if is_comment(line):
            count(repairs, "comment lines")
        elif line:
            qid, docno = all_composed(_fields(line, source, number, places), repairs)
            before = rows.setdefault(qid, {}).setdefault(docno, number)
            if before != number:
                raise source.fail(
                    f"document {docno!r} stands a second time under query {qid!r} "
                    f"(first in line {before}); keep one of the two",
                    line=number,
                )
    if not rows:
        raise source.fail(f"no rows of {COLUMNS!r}", line=1)
    return Contents(
        CANDIDATES.name,
        source.path,
        groups=candidate_groups(
            list(rows), [list(row) for row in rows.values()], name=str(source.path)
        ),
        metadata={"columns": COLUMNS},
        repairs=repairs,
        notes=(f"{source.path}: documents of each query, without scores",),
    )


def candidate_groups(
    qids: Sequence[str], docnos: Sequence[Sequence[str]], *, name: str
) -> Groups:
    """One group a query, no document of which is known to be positive.

    Examples
    --------
    >>> candidate_groups(["q"], [["a", "b"]], name="toy").sizes.tolist()
    [2]
    """
    names, codes = encode(
        pa.array([docno for row in docnos for docno in row], pa.string()), ordered=True
    )
    distinct, queries = encode(pa.array(qids, pa.string()), ordered=False)
    sizes = [len(row) for row in docnos]
    return Groups(
        queries=queries,
        qids=distinct,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=codes,
        docnos=names,
        name=name,
    )


def _places(source: Source) -> tuple[int, ...]:
    """The places of query and document, and of a rank that is always -1."""
    rows = head_rows(source)
    rows = [row for row in rows if len(row) == len(rows[0])]
    mark = unordered(rows)
    if mark is None:
        return (0, 1)
    rest = [place for place in range(3) if place != mark]
    rest.sort(key=lambda place: len({row[place] for row in rows}))
    return (*rest, mark)


def _fields(
    line: bytes, source: Source, number: int, places: tuple[int, ...]
) -> tuple[str, str]:
    fields = words_of(line, source.path, number)
    query, document, *mark = places
    names = COLUMNS if not mark else f"{COLUMNS} {UNRANKED}"
    if len(fields) != len(places) or any(fields[at] != UNRANKED for at in mark):
        raise source.fail(
            f"expected {len(places)} columns ({names}), found {len(fields)}",
            line=number,
        )
    return fields[query], fields[document]


def _sniff(source: Source) -> str | None:
    rows = head_rows(source)
    if unordered(rows) is not None:
        return "3 columns, one of them always -1: documents of each query, in no order"
    if not rows or any(len(row) != 2 for row in rows):
        return None
    # Two words a line are many things; candidates repeat their query
    repeated = len({row[0] for row in rows}) < len(rows)
    return f"2 columns ({COLUMNS}), queries repeated" if repeated else None


def _write(contents: Contents, path: Path) -> None:
    groups = contents.groups
    if groups is None:
        held = " and ".join(contents.parts()) or "nothing"
        raise FormatError(path, f"needs groups, and {contents.path} holds {held}")
    qids = groups.qids[groups.queries[groups.row_group()]].tolist()
    docnos = groups.docnos[groups.codes].tolist()
    check_ids(list(dict.fromkeys(qids)), list(dict.fromkeys(docnos)), path)
    with path.open("w", encoding="utf-8", newline="") as stream:
        pairs = zip(qids, docnos, strict=True)
        stream.writelines(f"{qid}\t{docno}\n" for qid, docno in pairs)


def _sniff_texts(source: Source) -> str | None:
    lines = [line.rstrip(b"\r") for line in source.head.split(b"\n") if line.strip()]
    rows = [line.split(b"\t") for line in (lines[:-1] or lines)]
    if not rows or any(len(row) != 4 for row in rows):
        return None
    ids = all(len(field.split()) == 1 for row in rows for field in row[:2])
    worded = sum(len(field.split()) > 1 for row in rows for field in row[2:])
    if not ids or worded < len(rows) or any(not row[3].strip() for row in rows):
        return None
    return f"4 tabbed columns ({TEXT_COLUMNS})"


def _read_texts(source: Source) -> Contents:
    """Read the documents of each query with the texts of both, as MS MARCO top1000."""
    builder = Builder(source, marks=False)
    for number, line in source.lines(builder.repairs):
        if not line:
            continue
        fields = decoded(line, source.path, number).split("\t")
        if len(fields) != 4:
            raise source.fail(
                f"expected 4 tabbed columns ({TEXT_COLUMNS}), found {len(fields)}",
                line=number,
            )
        qid, docno, question, text = fields
        query = builder.query_text(question, number, qid=qid)
        group = builder.group(query, number, key=query)
        builder.member(group, builder.document_text(text, number, docno=docno))
    return builder.contents(WITH_TEXTS.name)


TEXT_COLUMNS = "qid docno query text"
WITH_TEXTS = Format(
    "candidates-texts",
    "documents of each query with both texts: qid docno query text (MS MARCO top1000)",
    ("groups",),
    _sniff_texts,
    _read_texts,
)
CANDIDATES = Format(
    "candidates",
    "documents of each query, without scores: qid docno",
    ("groups",),
    _sniff,
    _read,
    _write,
    ("groups",),
)
