"""Training groups, one JSON object a line: query_id, doc_id_a, doc_id_b."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from estimators.groups import Groups
from rankbound.formats.columns import encode
from rankbound.formats.errors import FormatError
from rankbound.formats.opening import read_bytes

KEYS = "query_id, doc_id_a (the positive), doc_id_b (the list of negatives)"


def read_groups(path: Path | str) -> Groups:
    """Read training groups, plain or gzip; the first document of each is the positive.

    Every line is ``{"query_id": q, "doc_id_a": d, "doc_id_b": [d, ...]}``. Whole-number
    ids are read as text. A query may have several groups.

    Raises
    ------
    FormatError
        With path:line, on a line that is no such object, an id of another type, or a
        document that stands twice in one group.
    """
    path = Path(path)
    qids: list[str] = []
    members: list[list[str]] = []
    lines: list[int] = []
    for number, raw in enumerate(read_bytes(path).split(b"\n"), start=1):
        if raw.strip():
            qid, docs = _group(raw, path, number)
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
    )


def _group(raw: bytes, path: Path, number: int) -> tuple[str, list[str]]:
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
    return _id(row["query_id"], path, number), docs


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
