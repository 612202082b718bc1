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
from rankbound.read.source import Source, count
from rankbound.read.text.layout import is_comment
from rankbound.read.text.trec_sniffing import head_rows, unordered

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
            qid, docno = _fields(line, source, number, places)
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
    try:
        fields = [field.decode("utf-8") for field in line.split()]
    except UnicodeDecodeError as error:
        raise source.fail(f"not UTF-8 text ({error})", line=number) from None
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
    for name in {*qids, *docnos}:
        if len(name.split()) != 1:
            raise FormatError(
                path, f"an id must be one word to stand in a table, got {name!r}"
            )
    with path.open("w", encoding="utf-8", newline="") as stream:
        pairs = zip(qids, docnos, strict=True)
        stream.writelines(f"{qid}\t{docno}\n" for qid, docno in pairs)


CANDIDATES = Format(
    "candidates",
    "documents of each query, without scores: qid docno",
    ("groups",),
    _sniff,
    _read,
    _write,
    ("groups",),
)
