import json

import numpy as np
import pytest

from rankbound.commands.inspect.examined import Asked, read_all
from rankbound.errors import UsageError
from tests.rankbound.files import lookup, npy, packed, run_text, written

ROWS = {"q": {"a": 2.0, "b": 1.0}}


def test_files_are_read_once_and_in_order(tmp_path):
    run = written(tmp_path, packed(run_text(ROWS)), "a.gz")
    other = written(tmp_path, lookup(ROWS), "b")
    first, second = read_all(Asked(files=[run, other, run]))
    assert (first.path, second.path) == (run, other)
    assert (first.format, first.source.packing) == ("trec-run", "gzip")
    assert "6 columns" in first.evidence
    assert second.parts == ("scores",)


def test_a_file_that_cannot_be_read_keeps_its_line(tmp_path):
    broken = written(tmp_path, "q Q0 a 1 x t\n")
    (found,) = read_all(Asked(files=[broken]))
    assert found.contents is None
    assert found.format == "trec-run"
    assert found.refusal.startswith(f"{broken}:1: ")
    (absent,) = read_all(Asked(files=[tmp_path / "absent"]))
    assert "no such file" in absent.refusal
    assert absent.format is None


def test_an_option_says_what_a_file_is(tmp_path):
    judged = written(tmp_path, "q 0 a 1\n")
    (found,) = read_all(Asked(files=[judged], qrels=judged))
    assert (found.role, found.parts) == ("qrels", ("qrels",))
    scores = written(tmp_path, lookup({"q": {"a": 1.5}}), "scores")
    (wrong,) = read_all(Asked(files=[], qrels=scores))
    assert "qrels are expected here" in wrong.refusal


def test_the_format_can_be_named_for_one_file_or_all(tmp_path):
    path = written(tmp_path, run_text(ROWS))
    named = Asked(files=[path], formats={path: "lookup"})
    assert read_all(named)[0].refusal is not None
    assert read_all(Asked(files=[path], format="trec-run"))[0].evidence == "as named"
    with pytest.raises(UsageError, match="no format is called 'x'"):
        read_all(Asked(files=[path], format="x"))


def test_vectors_bring_their_ids_and_these_are_no_file_of_their_own(tmp_path):
    vectors = written(tmp_path, npy(np.eye(2, dtype=np.float32)), "v.npy")
    ids = written(tmp_path, "a\nb\n", "v.ids.txt")
    (found,) = read_all(Asked(files=[vectors, ids]))
    assert found.ids == ids
    others = written(tmp_path, "x\ny\n", "others")
    (named,) = read_all(Asked(files=[], embeddings=vectors, ids=others))
    assert named.contents.embeddings.ids.tolist() == ["x", "y"]
    assert named.ids == others


def test_texts_are_a_part(tmp_path):
    path = written(tmp_path, json.dumps({"_id": "a", "text": "x y"}) + "\n")
    assert read_all(Asked(files=[path]))[0].parts == ("texts",)
