"""What a file of no known format probably is, in one line with the remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson

from rankbound.read.json.jsonl import first_record
from rankbound.read.source import Source
from rankbound.read.tables.layouts import NAMES, plain
from rankbound.read.text.claims import head_rows

FORMATS: Final = "`rankbound convert --formats` lists what is read"
NAMED: Final = "name them as in: qid, docno, score; or query_id, doc_ids, scores"
LARGEST: Final = 1 << 24  # bytes of JSON that are looked at
SHOWN: Final = 6  # names of columns
NO_BREAK: Final = b"\xc2\xa0"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
LETOR: Final = re.compile(rb"^\S+\s+qid:\S+\s+\d+:\S+", re.MULTILINE)
METRIC: Final = re.compile(r"[A-Za-z_]+(@|_at_)\d+|map|mrr|ndcg|recall", re.IGNORECASE)
HDF5: Final = b"\x89HDF\r\n\x1a\n"
# What vectors of benchmarks for nearest neighbours are made of, by suffix
NUMBERS: Final = {
    ".fbin": "float32",
    ".u8bin": "uint8",
    ".i8bin": "int8",
    ".fvecs": "float32",
    ".bvecs": "uint8",
}
PARTED: Final = "part the columns by tabs, commas or semicolons"
DELIMITERS: Final = {b"\t": "tabs", b",": "commas", b";": "semicolons", b"|": "bars"}


def likely(source: Source) -> str | None:
    r"""What a file looks like, and what to do; None where nothing can be said.

    Examples
    --------
    >>> from pathlib import Path
    >>> likely(Source(Path("x"), content=b"2 qid:1 1:0.5 2:0.25\n"))[:36]
    'looks like LETOR or SVMlight: grades'
    """
    if source.is_folder or not source.head.strip():
        return None
    head, found = source.head, _of_vectors(source)
    if found is not None:
        return found
    if head.lstrip()[:1] in (b"{", b"["):
        return _of_text(head) or _of_json(source)
    # Random bytes hold tabs and commas, too
    return _of_text(head) or (None if b"\0" in head else _of_table(source))


def misleading(source: Source) -> str | None:
    """What a file is that formats would take for theirs, and read wrongly."""
    if source.is_folder:
        return None
    head = source.head
    if is_utf_16(head) or LETOR.match(head.lstrip()):
        return _of_text(head)
    return _of_vectors(source)


def _of_vectors(source: Source) -> str | None:
    """Which known file of vectors it is that no reader takes, and what makes a .npy."""
    head, size, suffix = source.head, source.size, source.path.suffix
    if head.startswith(HDF5):
        return (
            "is an HDF5 file; save its matrix of vectors as .npy, as by: "
            "numpy.save('NEW.npy', h5py.File('FILE')['NAME'][:])"
        )
    if suffix not in NUMBERS or len(head) < 8 or size is None:
        return None
    one = np.dtype(NUMBERS[suffix])
    n, width = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4))
    if suffix.endswith("bin") and size == 8 + n * width * one.itemsize:
        return (
            f"is a matrix of {n} x {width} {one} behind its two sizes, as of "
            "big-ann-benchmarks; save it as .npy, as by: numpy.save('NEW.npy', "
            f"numpy.fromfile('FILE', '{one}', offset=8).reshape({n}, {width}))"
        )
    row = 4 + n * one.itemsize  # each begins with its width, here the first number
    if suffix.endswith("vecs") and n and size % row == 0:
        return (
            f"holds {size // row} vectors of {n} {one}, each behind its width, as of "
            "TEXMEX; save them as .npy, as by: numpy.save('NEW.npy', numpy.fromfile("
            f"'FILE', 'u1').reshape(-1, {row})[:, 4:].copy().view('{one}'))"
        )
    return None


def is_utf_16(head: bytes) -> bool:
    """Whether bytes are UTF-16 text, by its mark and what it holds."""
    if not head.startswith(UTF_16):
        return False
    text = head[: 1000 - len(head[:1000]) % 2].decode("utf-16", "replace")
    plain = sum(one.isprintable() or one in "\t\r\n" for one in text)
    return "\ufffd" not in text[:-1] and plain >= len(text) - 1


def _of_text(head: bytes) -> str | None:
    if is_utf_16(head):
        return (
            "is UTF-16 text; save it as UTF-8, as by: iconv -f UTF-16 -t UTF-8 FILE > "
            "NEW"
        )
    line = head.lstrip().split(b"\n", 1)[0]
    if len(line.split()) < 3 <= len(line.split(NO_BREAK)):
        return "its columns are parted by no-break spaces; put blanks or tabs there"
    if LETOR.match(head.lstrip()):
        return (
            "looks like LETOR or SVMlight: grades and features, and no scores of a "
            "model; write its scores as: qid docno score, and the grades as: qid 0 "
            "docno grade"
        )
    return None


def _of_json(source: Source) -> str | None:
    record = first_record(source)
    if record is None:
        record = _whole(source)
    if isinstance(record, list) and _is_row(record):
        return (
            "looks like rows without names, a list for each; write objects, as "
            '{"qid": "q1", "docno": "d1", "score": 2.5} (pandas: orient="records")'
        )
    return _of_object(record) if isinstance(record, dict) else None


def _is_row(record: list[Any]) -> bool:
    """Whether a list holds the values of a row, or lists of them."""
    row = record[0] if record and isinstance(record[0], list) else record
    return len(row) > 2 and not any(isinstance(one, list | dict) for one in row)


def _of_object(record: Mapping[str, object]) -> str | None:
    keys, values = [*record], [*record.values()]
    if len(keys) < 2:
        return None
    if all(isinstance(one, int | float) for one in values):
        if all(METRIC.match(key) for key in keys):
            return "looks like measures of effectiveness, not scores of documents"
        joined = f", joined in {keys[0]!r}," if re.search(r"[_:|,/ -]", keys[0]) else ""
        return (
            f"looks like one object of numbers; a query and a document{joined} are two "
            "keys: {qid: {docno: score}}"
        )
    inner = next((one for one in values if isinstance(one, dict) and one), None)
    if inner is not None and all(METRIC.match(str(key)) for key in inner):
        return "looks like measures of effectiveness, not scores of documents"
    if inner is not None and not NAMES.issuperset(map(plain, keys)):
        return None
    return (
        f"holds objects with the keys {_names(keys)}, which no format has; {NAMED}; "
        "or, for training groups, query_id, doc_id_a, doc_id_b"
    )


def _whole(source: Source) -> Any:
    with source.stream() as stream:
        text = stream.read(LARGEST + 1)
    if len(text) > LARGEST:  # too much for a hint
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _of_table(source: Source) -> str | None:
    first = source.head.lstrip().split(b"\n", 1)[0].rstrip(b"\r")
    for delimiter, word in DELIMITERS.items():
        fields = [field.decode("utf-8", "replace") for field in first.split(delimiter)]
        if len(fields) < 3:
            continue
        if _is_pivot(fields):
            return (
                "looks like a pivoted table, with a column for each document; write a "
                f"row for each score (pandas: frame.melt(id_vars={fields[0]!r}))"
            )
        if delimiter == b"|" and NAMES.issuperset(map(plain, fields)):
            return f"its columns are parted by {word}; {PARTED}"
        if delimiter != b"\t" and any(map(_is_number, fields)):
            return (
                f"looks like rows parted by {word} without a header; name the columns "
                "in the first line, as qid,docno,score, or part them by tabs"
            )
        if not any(_is_number(field) for field in fields):
            return (
                f"looks like a table parted by {word} with the columns "
                f"{_names(fields)}; {NAMED}"
            )
    return _of_words(source)


def _is_pivot(fields: Sequence[str]) -> bool:
    first, *others = fields
    return not _is_number(first) and len(others) > 2 and all(map(_is_number, others))


def _is_number(field: str) -> bool:
    return re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", field.strip()) is not None


WIDTHS: Final = {
    2: "qid docno (documents without scores)",
    3: "qid docno score, or qid positive negative (triples)",
    4: "qid 0 docno grade (qrels), qid docno rank score (ranking), or qid positive "
    "negative margin (triples)",
    5: "qid Q0 docno rank score (trec-run), or qid positive negative with both scores "
    "(triples)",
    6: "qid Q0 docno rank score tag (trec-run)",
}


def _of_words(source: Source) -> str | None:
    rows = head_rows(source)
    width = len(rows[0]) if rows else 0
    if len(rows) < 2 or width not in WIDTHS or any(len(row) != width for row in rows):
        return None
    if NAMES.issuperset(plain(name.decode("utf-8", "replace")) for name in rows[0]):
        return f"its header is parted by blanks; {PARTED}"
    return (
        f"has {width} columns, but its rows fit none of: {WIDTHS[width]}; bring the "
        "columns into that order, or name the `format`"
    )


def _names(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > SHOWN else ""
    return ", ".join(repr(name)[:30] for name in names[:SHOWN]) + more
