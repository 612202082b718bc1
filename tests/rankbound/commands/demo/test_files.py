import gzip
import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from rankbound.commands.demo import prepare as files
from rankbound.commands.demo.retrieval import Run

QIDS = ["q1", "q2", "q3"]
DOCNOS = ["a.b", "c", "ümlaut"]
RUN = Run(
    "bm25",
    np.array([0, 2, 2, 3]),
    np.array([2, 0, 1]),
    np.array([0.1 + 0.2, 1 / 3, 5e-324]),
)


def test_write_lines_compresses_without_time_and_name(tmp_path):
    lines = [f"line {number}" for number in range(25_000)]
    files.write_lines(tmp_path / "one.gz", lines)
    files.write_lines(tmp_path / "sub" / "two.gz", iter(lines))
    packed = tmp_path.joinpath("one.gz").read_bytes()
    assert packed == tmp_path.joinpath("sub", "two.gz").read_bytes()
    assert packed[:4] == b"\x1f\x8b\x08\x00"  # no name, no comment, no extra field
    assert packed[4:8] == bytes(4)  # no time
    assert gzip.decompress(packed).decode() == "\n".join(lines) + "\n"


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000, 10_001])
def test_write_lines_ends_each_line_once(tmp_path, count):
    files.write_lines(tmp_path / "x.txt", ("é" for _ in range(count)))
    assert tmp_path.joinpath("x.txt").read_bytes() == b"\xc3\xa9\n" * count


def test_write_run_has_six_columns_and_reads_back_exactly(tmp_path):
    path = tmp_path / "r.run.gz"
    files.write_run(path, RUN, queries=np.array([2, 0, 1]), qids=QIDS, docnos=DOCNOS)
    rows = [
        line.split(" ")
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ]
    assert [row[:4] for row in rows] == [
        ["q3", "Q0", "c", "1"],
        ["q1", "Q0", "ümlaut", "1"],
        ["q1", "Q0", "a.b", "2"],
    ]
    assert {row[5] for row in rows} == {"bm25"}
    assert [float(row[4]) for row in rows] == [5e-324, 0.1 + 0.2, 1 / 3]


def test_write_qrels_has_four_columns(tmp_path):
    files.write_qrels(tmp_path / "q.trec", [("q1", "c"), ("q2", "a.b")])
    assert tmp_path.joinpath("q.trec").read_text() == "q1 0 c 1\nq2 0 a.b 1\n"


def test_write_groups_names_the_positive_and_the_negatives(tmp_path):
    path = tmp_path / "g.jsonl.gz"
    docs = np.array([[1, 2, 0], [0, 1, 2]])
    files.write_groups(path, docs, queries=np.array([2, 0]), qids=QIDS, docnos=DOCNOS)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"query_id": "q3", "doc_id_a": "c", "doc_id_b": ["ümlaut", "a.b"]},
        {"query_id": "q1", "doc_id_a": "a.b", "doc_id_b": ["c", "ümlaut"]},
    ]


def test_write_groups_rejects_rows_without_a_query(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        files.write_groups(
            tmp_path / "g.jsonl",
            np.array([[1, 2], [0, 1]]),
            queries=np.array([0]),
            qids=QIDS,
            docnos=DOCNOS,
        )


@pytest.mark.parametrize(
    "scores",
    [{}, {"q1": {}}, {"q1": {"c": -0.1, "a.b": 1e300}, "q2": {"é": 0.1 + 0.2}}],
)
def test_write_scores_is_one_json_object(tmp_path, scores):
    path = tmp_path / "s.json.gz"
    files.write_scores(path, scores)
    assert json.loads(gzip.decompress(path.read_bytes())) == scores


def test_write_vectors_round_trips_a_view(tmp_path):
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    files.write_vectors(tmp_path / "new" / "v.npy", matrix[:, ::2])
    stored = np.load(tmp_path / "new" / "v.npy", mmap_mode="r")
    assert stored.dtype == np.float32
    assert stored.flags["C_CONTIGUOUS"]
    assert_array_equal(stored, matrix[:, ::2])
