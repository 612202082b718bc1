"""Reading a table batch by batch gives what reading the whole gives, or reads it.

And what reading of large files takes for each score, which is less by far where none is
held as an object.
"""

import gc
import json
import pickle
import tracemalloc
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.json import jsonl, nested
from rankbound.read.json import tables as json_tables
from rankbound.read.json.blocks import Unsure
from rankbound.read.objects import pickled, pickles
from rankbound.read.registry import detect
from rankbound.read.tables import reading
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import RowColumns, TripleColumns
from rankbound.read.text import blocks, tables
from tests.rankbound.files import written
from tests.rankbound.read.json.test_portions import told

ROWS = RowColumns(query="qid", document="docno", score="score", rank="rank")
IDS = st.sampled_from(["1", "2", "10", "a", "e\u0301", "\u00e9"])
# Some agree within the tolerance, and some do not
VALUES = st.sampled_from([1.0, 1.0004, 2.5, -1000.0, -1000.9])


def held(parts):
    """All that parts hold, as plain objects."""
    scores, groups = parts.scores, parts.groups
    columns = ("offsets", "codes", "values", "origins")
    return (
        scores and [as_list(getattr(scores, name)) for name in columns],
        scores and (scores.qids.tolist(), scores.docnos.tolist(), scores.kind),
        groups and groups.to_frame().to_dict("list"),
        groups and (groups.queries.tolist(), groups.lines.tolist()),
        as_list(parts.ranks),
        parts.repairs,
        parts.notes,
    )


def as_list(column):
    return None if column is None else column.tolist()


def both(table, layout, in_batches, whole):
    """What both ways give; None for the first that leaves it to the other."""

    def frame():
        return Frame(table, "toy")

    try:
        wanted = held(whole(frame(), layout))
    except FormatError:
        wanted = None
    try:
        batches = (batch for batch in table.to_batches(3))
        found = held(in_batches(batches, lambda one: one, layout, frame(), short=True))
    except Unsure:
        found = None
    return found, wanted


@given(rows=st.lists(st.tuples(IDS, IDS, VALUES, st.integers(0, 9)), min_size=1))
def test_pairs_that_are_given_again_are_merged_alike(rows):
    table = pa.table(
        dict(
            zip(("qid", "docno", "score", "rank"), zip(*rows, strict=True), strict=True)
        )
    )
    found, wanted = both(table, ROWS, reading.rows_in_batches, reading.rows_of)
    if found is None:
        assert wanted is None  # scores of a pair differ
    else:
        parts = {**wanted[5]}
        # The whole counts an id once for each column that is read
        assert found[5].get(reading.AGAIN) == parts.get(reading.AGAIN)
        assert found[:5] + found[6:] == wanted[:5] + wanted[6:]


@given(
    rows=st.lists(st.tuples(IDS, IDS, IDS, st.integers(0, 3)), min_size=1),
    numbers=st.sampled_from(["none", "margins", "scores"]),
    ordered=st.booleans(),
)
def test_triples_are_read_alike_in_batches(rows, numbers, ordered):
    rows = sorted(rows) if ordered else rows
    qids, upper, lower, given = zip(*rows, strict=True)
    place = {name: float(n) for n, name in enumerate(["1", "2", "10", "a", "\u00e9"])}
    place["e\u0301"] = place["\u00e9"]
    ours, theirs = ([place[name] for name in names] for names in (upper, lower))
    # Of one teacher, but for some
    margins = [
        a - b + (3 * n == 9) for a, b, n in zip(ours, theirs, given, strict=True)
    ]
    table = pa.table(
        {
            **{"qid": qids, "positive": upper, "negative": lower},
            **{"margin": margins, "mine": ours, "theirs": theirs},
        }
    )
    layout = TripleColumns(
        query="qid",
        positive="positive",
        negative="negative",
        score="margin" if numbers == "margins" else None,
        positive_score="mine" if numbers == "scores" else None,
        negative_score="theirs" if numbers == "scores" else None,
    )
    found, wanted = both(table, layout, reading.triples_in_batches, reading.margins_of)
    if found is None:
        assert wanted is None
    else:
        assert found[:5] == wanted[:5]


@pytest.mark.parametrize(
    "text",
    [
        'qid,docno,score,rank\nq,"a, ""b""",1.5,1\n\nr,"c",-2,2\n',
        'query_id,doc_ids,scores\n1,"[""a"", ""b""]","[1.5, 2]"\n\n2,"[""c""]","[0]"\n',
        'query_id,positive_id,negative_id,score\n1,"7",8,2.5\n2,9,"8",-1\n',
        'qid,docno,score,label\n"q",a,1,\nq,b,2,1\n',
    ],
)
def test_quoted_text_is_read_alike_line_by_line(text, tmp_path):
    path = written(tmp_path, text)
    source = tables.Source(path)
    header = tables.header_of(source)
    with mock.patch.object(tables, "BATCH", 1):
        found = tables._scores_by_line(
            source, header, (header.layout, "x", header.names)
        )
    with (
        mock.patch.object(tables, "_scores_in_blocks", side_effect=Unsure),
        mock.patch.object(tables, "_scores_by_line", side_effect=Unsure),
    ):
        assert told(found) == told(tables.contents_of_delimited(source, header, "x"))


# What reading takes

DEPTH = 400


def table_of(queries=5, number=float, ids=str):
    rng = np.random.default_rng(0)
    return {
        ids(qid): {
            ids(1000 + docno): number(score)
            for docno, score in zip(
                rng.permutation(1000)[:DEPTH], rng.normal(size=DEPTH), strict=True
            )
        }
        for qid in range(queries)
    }


def rows_of(table):
    return [(qid, docno, s) for qid, row in table.items() for docno, s in row.items()]


def in_orient(orient):
    frame = pd.DataFrame(rows_of(table_of()), columns=["qid", "docno", "score"])
    return frame.to_json(orient=orient).encode()


def of_systems():
    rows = rows_of(table_of())
    lines = [f"{q},{d},{s!r},{'ab'[at % 2]}" for at, (q, d, s) in enumerate(rows)]
    return "\n".join(["qid,docno,score,system", *lines, *lines[::2], ""]).encode()


def triples():
    lines = []
    for qid, row in table_of().items():
        (first, best), *others = row.items()
        lines += [f"{qid}\t{first}\t{d}\t{best - s!r}\n" for d, s in others]
    return "".join(lines).encode()


def of_numpy(queries=5):
    return pickle.dumps(table_of(queries, np.float32), protocol=4)


MANY = {
    "NumPy": of_numpy,
    "NumPy ids": lambda: pickle.dumps(table_of(5, np.float64, np.int64), protocol=5),
    "MTEB": lambda: json.dumps({"default": {"test": table_of()}}).encode(),
    **{
        orient: partial(in_orient, orient)
        for orient in ("index", "columns", "split", "table")
    },
    "systems, given twice": of_systems,
    "triples": triples,
}


@pytest.fixture
def in_pieces(monkeypatch):
    """Have small files read as large ones are, and never as a whole."""
    sizes = {
        (pickled, "SIZE"): 1 << 14,
        (jsonl, "PIECE"): 1 << 14,
        (jsonl, "LONGEST_FIRST"): 1 << 12,
        (json_tables, "CELLS"): 1 << 10,
        (json_tables, "LARGE"): 1 << 12,
        (blocks, "SIZE"): 1 << 14,
    }
    for (module, name), size in sizes.items():
        monkeypatch.setattr(module, name, size)
    for module, name in (
        *((pickles, "load"), (nested, "unique_object"), (json_tables, "_by_record")),
        *((json_tables, "_parsed"), (tables, "open_delimited")),
    ):
        monkeypatch.delattr(module, name)


@pytest.mark.parametrize("name", MANY)
@pytest.mark.usefixtures("in_pieces")
def test_a_large_file_is_not_read_as_a_whole(name):
    source = tables.Source(Path("x"), content=MANY[name](), tag="*")
    scores = detect(source)[0].read(source).scores
    assert len(scores.values) == 5 * DEPTH


@pytest.mark.usefixtures("in_pieces")
def test_numbers_of_numpy_take_less_than_a_hundred_bytes():
    """As objects, they take 366 each."""
    peaks = []
    for queries in (4, 14):
        source = tables.Source(Path("x"), content=of_numpy(queries))
        gc.collect()
        tracemalloc.start()
        try:
            pickles.read_pickle(source)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / (10 * DEPTH) < 100
