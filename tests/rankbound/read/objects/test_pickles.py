"""Pickles of scores, and of vectors with ids."""

import gzip
import pickle
import pickletools

import numpy as np
import pytest

from rankbound.data.scores import Scores
from rankbound.read.contents import Contents
from rankbound.read.objects.pickles import FORMATS, read_pickle, write_pickle
from rankbound.read.source import Source
from tests.rankbound.files import refusal, table, written

SCORES = {1185869: {0: 10.5, 7: -3.25}, 2: {7: 0.0}}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_score_pickle_is_read(tmp_path, protocol, pack):
    path = written(tmp_path, pack(pickle.dumps(SCORES, protocol)), "scores.pkl.gz")
    source = Source(path)
    assert f"protocol {protocol}" in FORMATS[0].sniff(source)
    found = read_pickle(source)
    assert found.parts() == ("scores",)
    assert table(found.scores) == {
        "1185869": {"0": 10.5, "7": -3.25},
        "2": {"7": 0.0},
    }


def test_scores_as_numpy_numbers_are_read(tmp_path):
    scores = {np.int64(1): {np.int64(2): np.float32(0.1)}}
    path = written(tmp_path, pickle.dumps(scores))
    assert table(read_pickle(Source(path)).scores) == {
        "1": {"2": float(np.float32(0.1))}
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("ids", [["D1", "D2"], [1, 2], np.array(["a", "b"])])
def test_vectors_with_ids_are_read(tmp_path, protocol, ids):
    vectors = np.arange(6, dtype="f4").reshape(2, 3)
    path = written(tmp_path, pickle.dumps((vectors, ids), protocol))
    found = read_pickle(Source(path)).embeddings
    assert found.ids.tolist() == [str(name) for name in ids]
    assert found.vectors.tolist() == vectors.tolist()
    assert found.vectors.dtype == np.float32


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((np.ones((2, 3)), ["a"]), "1 ids for an array with 2"),
        ((np.ones((2, 3)), 5), "expected an array of vectors and a list of ids"),
        ((np.ones((2, 3)), ["a", "a"]), "id 'a' occurs twice"),
        ((np.ones((2, 3)), [1.0, 2.0]), "a float is not an id"),
        ((np.ones(2), ["a", "b"]), "(2,) of float64"),
        ((np.ones((2, 3), dtype=int), ["a", "b"]), "of int64"),
        ([1, 2, 3], "expected a pickle of scores[qid][docno] or a tuple"),
        ("text", "found str"),
        ({1: 0.5}, "expected {qid: {docno: number}}, found float"),
        ({}, "holds no scores"),
    ],
)
def test_other_contents_are_refused(tmp_path, value, message):
    path = written(tmp_path, pickle.dumps(value))
    assert message in refusal(read_pickle, Source(path))


def test_other_files_are_not_claimed(tmp_path):
    for content in (b"q Q0 d 1 2.0 t\n", b"{}", b"PAR1", b"\x80"):
        assert FORMATS[0].sniff(Source(written(tmp_path, content))) is None


def test_a_cut_gzip_gives_one_line(tmp_path):
    whole = gzip.compress(pickle.dumps(SCORES))
    for end in range(2, len(whole)):
        path = written(tmp_path, whole[:end])
        assert "truncated or damaged" in refusal(lambda p: read_pickle(Source(p)), path)


@pytest.mark.parametrize(
    ("nested", "wanted", "said"),
    [
        (
            {"867436": {"5238393": 9.5, "7": -0.0}, "5": {"0": 1e-300}},
            {867436: {5238393: 9.5, 7: -0.0}, 5: {0: 1e-300}},
            "whole numbers",
        ),
        ({"5": {"007": 1.5}}, {"5": {"007": 1.5}}, "not all are whole numbers"),
        ({"q": {"7": 1.5}}, {"q": {"7": 1.5}}, "not all are whole numbers"),
        ({"5": {"-0": 1.5}}, {"5": {"-0": 1.5}}, "not all are whole numbers"),
        ({"5": {"٣": 1.5}}, {"5": {"٣": 1.5}}, "not all are whole numbers"),
        ({"9" * 19: {"1": 1.5}}, {"9" * 19: {"1": 1.5}}, "not all are"),
        ({"-5": {"1": 1.5}}, {-5: {1: 1.5}}, "whole numbers"),
    ],
)
def test_scores_are_written_as_plain_dicts(tmp_path, nested, wanted, said):
    path = tmp_path / "scores.pkl"
    held = Contents("toy", tmp_path, scores=Scores.from_dict(nested))
    assert said in write_pickle(held, path)
    # Nothing but built-in types: the file names no module at all
    assert not {"GLOBAL", "STACK_GLOBAL", "REDUCE"} & {
        opcode.name for opcode, _, _ in pickletools.genops(path.read_bytes())
    }
    found = pickle.loads(path.read_bytes())
    assert found == wanted
    ids = [*found, *(docno for row in found.values() for docno in row)]
    assert {type(one) for one in ids} == {type(next(iter(wanted)))}
    assert {type(v) for row in found.values() for v in row.values()} == {float}
    assert table(read_pickle(Source(path)).scores) == nested


def test_what_is_no_score_is_not_written_as_a_pickle(tmp_path):
    held = Contents("toy", tmp_path)
    message = refusal(lambda: write_pickle(held, tmp_path / "x"))
    assert "holds nothing, but a file of a pickle needs scores" in message
