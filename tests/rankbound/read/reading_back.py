"""What a file holds, as plain lists and dictionaries."""

import json

from rankbound.read.registry import read_any
from tests.rankbound.files import refusal, table, written


def listed(groups):
    """(qid, documents, positives) of every group; None for unknown positives."""
    found = []
    for number in range(groups.n_groups):
        rows = slice(groups.offsets[number], groups.offsets[number + 1])
        marks = None if groups.positive is None else groups.positive[rows].tolist()
        qid = groups.qids[groups.queries[number]]
        found.append((qid, groups.docnos[groups.codes[rows]].tolist(), marks))
    return found


def positives_first(groups):
    """As `listed`, with the positives of every group before its other documents."""
    return [
        (
            qid,
            [doc for _, doc in sorted(zip(marks, docs, strict=True), key=_negative)],
            sorted(marks, reverse=True),
        )
        for qid, docs, marks in listed(groups)
    ]


def _negative(entry):
    return not entry[0]


def by_pair(scores):
    """``{qid: {docno: value}}``, empty for None."""
    return {} if scores is None else table(scores)


def read_lines(folder, *records, format=None):
    """Contents of a file of these JSON lines."""
    text = "".join(json.dumps(record) + "\n" for record in records)
    return read_any(written(folder, text), format=format)


def refused(folder, *records, format):
    """Why a format refuses these lines: the message behind the path."""
    said = refusal(lambda: read_lines(folder, *records, format=format))
    return said.removeprefix(str(folder / "file"))
