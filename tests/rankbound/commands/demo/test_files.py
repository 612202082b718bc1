import gzip
import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from rankbound.commands.demo import prepare as files
from rankbound.data.scores import Scores

RUN = {
    "q1": {"ümlaut": 0.1 + 0.2, "a.b": 1 / 3, "c": 1 / 3},
    "q3": {"c": 5e-324},
}


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
    files.write_run(path, Scores.from_dict(RUN, name="r"), tag="bm25")
    rows = [
        line.split(" ")
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ]
    assert [row[:4] for row in rows] == [
        ["q1", "Q0", "c", "1"],
        ["q1", "Q0", "a.b", "2"],
        ["q1", "Q0", "ümlaut", "3"],
        ["q3", "Q0", "c", "1"],
    ]
    assert {row[5] for row in rows} == {"bm25"}
    assert [float(row[4]) for row in rows] == [1 / 3, 1 / 3, 0.1 + 0.2, 5e-324]


def test_write_qrels_has_four_columns(tmp_path):
    files.write_qrels(tmp_path / "q.trec", [("q1", "c"), ("q2", "a.b")])
    assert tmp_path.joinpath("q.trec").read_text() == "q1 0 c 1\nq2 0 a.b 1\n"


@pytest.mark.parametrize(
    "scores",
    [RUN, {"q1": {"c": -0.1, "a.b": 1e300}, "q2": {"é": 0.1 + 0.2}}],
)
def test_write_scores_is_one_json_object(tmp_path, scores):
    path = tmp_path / "s.json.gz"
    files.write_scores(path, Scores.from_dict(scores, name="s"))
    assert json.loads(gzip.decompress(path.read_bytes())) == scores


def test_write_vectors_round_trips_a_view(tmp_path):
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    files.write_vectors(tmp_path / "new" / "v.npy", matrix[:, ::2])
    stored = np.load(tmp_path / "new" / "v.npy", mmap_mode="r")
    assert stored.dtype == np.float32
    assert stored.flags["C_CONTIGUOUS"]
    assert_array_equal(stored, matrix[:, ::2])
