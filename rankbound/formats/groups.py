"""Training groups, one JSON object a line: query_id, doc_id_a, doc_id_b.

A line may give the law that its documents are drawn from, as `probabilities`.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from bounds.errors import DomainError
from bounds.shift import checked_law
from estimators.groups import Groups
from rankbound.formats.columns import encode
from rankbound.formats.contents import Contents, Format
from rankbound.formats.errors import FormatError
from rankbound.formats.opening import read_bytes
from rankbound.formats.source import Source

KEYS = "query_id, doc_id_a (the positive), doc_id_b (the list of negatives)"

MIXED = (
    "some lines give probabilities and others do not; give them in every line, "
    "1 / k each where documents are drawn evenly"
)


def read_groups(path: Path | str) -> Groups:
    """Read training groups, plain or gzip; the first document of each is the positive.

    Every line is ``{"query_id": q, "doc_id_a": d, "doc_id_b": [d, ...]}``. Whole-number
    ids are read as text. A query may have several groups. The optional key
    `probabilities` lists one for each of doc_id_a and doc_id_b, summing to 1; if a line
    has it, all have.

    Raises
    ------
    FormatError
        With path:line, on a line that is no such object, an id of another type, a
        document that stands twice in one group, or probabilities that are no law.
    """
    path = Path(path)
    qids: list[str] = []
    members: list[list[str]] = []
    lines: list[int] = []
    chances: list[list[float]] = []
    for number, raw in enumerate(read_bytes(path).split(b"\n"), start=1):
        if raw.strip():
            qid, docs, law = _group(raw, path, number)
            if lines and (law is None) == bool(chances):
                raise FormatError(path, MIXED, line=number)
            if law is not None:
                chances.append(law)
            qids.append(qid)
            members.append(docs)
            lines.append(number)
    names = pa.array(itertools.chain.from_iterable(members), pa.string())
    docnos, codes = encode(names, ordered=True)
    distinct, queries = encode(pa.array(qids, pa.string()), ordered=False)
    sizes = np.array([len(docs) for docs in members], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    positive = np.zeros(len(codes), dtype=bool)
    positive[offsets[:-1]] = True
    return Groups(
        queries=queries,
        qids=distinct,
        offsets=offsets,
        codes=codes,
        docnos=docnos,
        positive=positive,
        name=str(path),
        lines=np.array(lines, dtype=np.int64),
        probabilities=np.concatenate(chances) if chances else None,
    )


def _group(
    raw: bytes, path: Path, number: int
) -> tuple[str, list[str], list[float] | None]:
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise FormatError(
            path,
            f"not a JSON object ({error.msg} in column {error.colno})",
            line=number,
        ) from None
    if not isinstance(row, dict) or not {"query_id", "doc_id_a", "doc_id_b"} <= set(
        row
    ):
        found = f"the keys {[*row]}" if isinstance(row, dict) else type(row).__name__
        raise FormatError(
            path, f"expected an object with {KEYS}, found {found}", line=number
        )
    negatives = row["doc_id_b"]
    if not isinstance(negatives, list):
        raise FormatError(
            path,
            f"doc_id_b must be a list of ids, found {type(negatives).__name__}; put "
            "a single id in brackets",
            line=number,
        )
    docs = [_id(value, path, number) for value in (row["doc_id_a"], *negatives)]
    if len(set(docs)) < len(docs):
        twice = next(doc for doc in docs if docs.count(doc) > 1)
        raise FormatError(
            path,
            f"document {twice!r} stands twice in the group of query "
            f"{row['query_id']!r}; it would count as a pair at distance 0, remove it",
            line=number,
        )
    law = None
    if "probabilities" in row:
        law = _law(row["probabilities"], len(docs), path, number)
    return _id(row["query_id"], path, number), docs, law


def _law(values: Any, size: int, path: Path, number: int) -> list[float]:
    """Probabilities of the documents of a line, whose sum may miss 1 by rounding."""
    numbers = isinstance(values, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for value in values
    )
    if not numbers:
        raise FormatError(
            path,
            f"probabilities must be a list of numbers, found {values!r}",
            line=number,
        )
    try:
        return list(checked_law(values, name="probabilities", size=size))
    except DomainError as error:
        raise FormatError(path, str(error), line=number) from None


def _id(value: Any, path: Path, number: int) -> str:
    if isinstance(value, str) and value and not set(value) & set("\t\r\n"):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise FormatError(
        path,
        "an id must be text without tabs or line ends, or a whole number, found "
        f"{value!r}",
        line=number,
    )


def _sniff(source: Source) -> str | None:
    start = source.head.lstrip().split(b"\n", 1)[0]
    found = start.startswith(b"{") and b'"doc_id_b"' in start
    return "lines of objects with query_id and doc_id_b" if found else None


FORMATS = (
    Format(
        "groups",
        "training groups, one JSON object a line: query_id, doc_id_a, doc_id_b",
        ("groups",),
        _sniff,
        lambda source: Contents("groups", source.path, groups=read_groups(source.path)),
    ),
)
