"""A careful reader of each simple format: slow, plain, and importing nothing of ours.

`READERS` maps a format to a function of a file's bytes. It gives what the file says:
scores as ``{qid: {docno: value}}``, lists as ``[(qid, documents)]``, rows of numbers.
It may take what the reader under test refuses, but reads in only one way.
"""

import ast
import csv
import io
import json
import math
import re
import struct
import unicodedata

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
BOM = "\ufeff"


class NaiveError(ValueError):
    """What a careful reader would not take."""


class AnotherError(Exception):
    """A variant of a format that the careful reader does not know."""


def name(value):
    """An id, of text or a whole number, in composed characters."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise NaiveError(f"no id: {value!r}")
    return unicodedata.normalize("NFC", str(value))


def number(value):
    """A finite number, of text or JSON."""
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        raise NaiveError(f"no number: {value!r}")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NaiveError(f"no number: {value!r}")
    found = float(value)
    if not math.isfinite(found):
        raise NaiveError(f"not finite: {value!r}")
    return found


def lines(data, *, comments=False):
    """Lines that are not blank, without marks and ends, and comments if there are any.

    A comment may hold any bytes.
    """
    for raw in data.split(b"\n"):
        start = raw.removeprefix(BOM.encode())[:2]
        if comments and start.strip(b" \t\v\f\r") == b"#":
            continue
        line = raw.decode("utf-8").removeprefix(BOM).rstrip("\r")
        if line.strip(" \t\r\f\v"):
            yield line


def table(rows):
    """Rows of query, document and value, each pair once."""
    found = {}
    for qid, docno, value in rows:
        row = found.setdefault(name(qid), {})
        if row.setdefault(name(docno), number(value)) != number(value):
            raise NaiveError(f"{docno!r} twice, with other values")
    return found


def _fields(data, *counts):
    for line in lines(data, comments=True):
        fields = re.split("[ \t\v\f\r]+", line.strip(" \t\v\f\r"))
        if len(fields) not in counts:
            raise NaiveError(f"{len(fields)} fields")
        yield fields


def run(data):
    return table((row[0], row[2], row[4]) for row in _fields(data, 5, 6))


def qrels(data):
    rows = [*_fields(data, 3, 4, 5)]
    if any(len(row) == 5 for row in rows):
        raise AnotherError
    return table(row if len(row) == 3 else (row[0], *row[2:]) for row in rows)


def scoreddocs(data):
    return table(_fields(data, 3))


def _pairs(pairs):
    """A JSON object of queries or documents, whose keys must differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NaiveError("a key twice")
    return found


def lookup(data):
    held = json.loads(data.decode("utf-8").removeprefix(BOM), object_pairs_hook=_pairs)
    return table(
        (qid, docno, value) for qid, row in held.items() for docno, value in row.items()
    )


def records(data):
    """JSON values, one a line; of a key that stands twice, the last counts."""
    return [json.loads(line) for line in lines(data)]


def groups(data):
    return [
        (name(one["query_id"]), [name(d) for d in (one["doc_id_a"], *one["doc_id_b"])])
        for one in records(data)
    ]


def _listed(query, documents):
    def read(data):
        return [
            (name(one[query]), [name(docno) for docno in one[documents]])
            for one in records(data)
            if one[documents]  # a query without documents has no group
        ]

    return read


def pylate(data):
    return table(
        (one["query_id"], docno, score)
        for one in records(data)
        for docno, score in zip(one["document_ids"], one["scores"], strict=True)
    )


def rankllm(data):
    if data.lstrip().startswith(b"["):
        raise AnotherError
    return table(
        (one["query"]["qid"], found["docid"], found["score"])
        for one in records(data)
        for found in one["candidates"]
    )


def csv_scores(data):
    text = data.decode("utf-8").removeprefix(BOM)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if not {"qid", "docno", "score"} <= {*(rows.fieldnames or ())}:
        raise AnotherError
    return table((row["qid"], row["docno"], row["score"].strip()) for row in rows)


def npy(data):
    """Rows of a matrix of numbers, version 1 of the format."""
    size = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10 : 10 + size].decode("latin-1").strip())
    order, width = re.fullmatch(r"([<>])f([248])", header["descr"]).groups()
    rows, dim = header["shape"]
    letter = {"2": "e", "4": "f", "8": "d"}[width]
    start = 10 + size
    end = start + rows * dim * int(width)
    flat = struct.unpack(f"{order}{rows * dim}{letter}", data[start:end])
    if header["fortran_order"]:
        return [list(flat[row::rows]) for row in range(rows)]
    return [list(flat[row * dim : (row + 1) * dim]) for row in range(rows)]


def safetensors(data):
    """Rows of the only tensor."""
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    [one] = [value for key, value in header.items() if key != "__metadata__"]
    rows, dim = one["shape"]
    width, letter = {"F16": (2, "e"), "F32": (4, "f"), "F64": (8, "d")}[one["dtype"]]
    start = 8 + size + one["data_offsets"][0]
    flat = struct.unpack(
        f"<{rows * dim}{letter}", data[start : start + rows * dim * width]
    )
    return [list(flat[row * dim : (row + 1) * dim]) for row in range(rows)]


SCORES = {
    "trec-run": run,
    "scoreddocs": scoreddocs,
    "lookup": lookup,
    "pylate": pylate,
    "rankllm": rankllm,
    "csv-scores": csv_scores,
}
QRELS = {"qrels": qrels}
GROUPS = {
    "groups": groups,
    "ranked-groups": _listed("query_id", "doc_id_b"),
    "ranked-list": _listed("query_id", "doc_ids"),
    "labeled-list": _listed("query_id", "doc_ids"),
}
VECTORS = {"npy": npy, "safetensors": safetensors}
READERS = {**SCORES, **QRELS, **GROUPS, **VECTORS}
