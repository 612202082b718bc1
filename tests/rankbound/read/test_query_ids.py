"""Ids of queries from any file that has some."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.query_ids import QueryIds, query_ids
from rankbound.read.reading import read_groups

Q12 = ["q1", "q2"]
FILES = {
    "ids": "q1\nq2\nq1\n",
    "ids and blanks": "\nq1\n\n  q2  \n",
    "windows": "\ufeffq1\r\nq2\r\n",
    "comments": "# trained on\nq1\nq2\n",
    "header": "qid\nq1\nq2\n",
    "columns": "fold\tquery_id\n1\tq1\n2\tq2\n",
    "one fold": "fold\tqid\n1\tq1\n1\tq2\n",
    "fold behind": "qid\tfold\nq1\t1\nq1\t2\nq2\t1\n",
    "named clusters": "qid\tcluster\nq1\tc1\nq2\tc1\n",
    "lines in cells": 'text,qid\n"who,\n\nme?",q1\nyou,q2\n',
    "blanks between": "q1 c1\nq2  c1\n",
    "clusters": "q1\tc1\nq2\tc1\n",
    "comma": 'query,qid\n"who, me?",q1\nyou,q2\n',
    "topics": "q1\twhat is it\nq2\twho are you\n",
    "short topics": "q1\tparis\nq2\tlondon\n",
    "triples": "q1\td1\td2\nq1\td1\td3\nq2\td3\td1\n",
    "run": "q1 Q0 d1 1 2.5 x\nq2 Q0 d2 1 1.5 x\n",
    "qrels": "q1 0 d1 1\nq2 0 d2 0\n",
    "beir qrels": "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td1\t1\n",
    "beir queries": '{"_id": "q1", "text": "a b"}\n{"_id": "q2", "text": "c"}\n',
    "groups": '{"query_id": "q1", "doc_id_a": "a", "doc_id_b": ["b"]}\n'
    '{"query_id": "q2", "doc_id_a": "a", "doc_id_b": ["b"]}\n',
    "other groups": '{"qid": "q1", "pos": ["a"]}\n{"qid": "q2", "pos": []}\n',
    "lookup": '{"q1": {"d": 1.0}, "q2": {"d": 2.0}}',
    "texts by id": '{"q1": "who is it", "q2": "where"}',
    "lists by id": '{"q1": ["d1"], "q2": ["d2"]}',
    "list": '["q1", "q2"]',
    "features": "1 qid:q1 1:0.3\n0 qid:q2 1:0.2\n",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_every_file_with_ids_is_read(name, packed, tmp_path):
    path = tmp_path / ("ids.gz" if packed else "ids")
    content = FILES[name].encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert query_ids(path).ids.tolist() == Q12
    assert len(query_ids(path)) == 2


def test_arrays_of_ids_are_read(tmp_path):
    np.save(tmp_path / "ids.npy", np.array([7, 3]))
    assert query_ids(tmp_path / "ids.npy").ids.tolist() == ["3", "7"]


def test_texts_of_queries_are_kept(tmp_path):
    path = tmp_path / "queries.jsonl"
    path.write_text(FILES["beir queries"])
    assert query_ids(path).texts == {"q1": "a b", "q2": "c"}
    path.write_text('{"query_id": 1, "query": "hello there"}\n')
    assert query_ids(path).texts == {"1": "hello there"}


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ('{"qid": "q1"}\n{"docno": "d"}\n', 2, "expected an object with an id"),
        ('{"qid": "q1"}\n["q2"]\n', 2, "found list"),
        ('{"qid": "q1"}\n{"qid": \n', 2, "not a JSON object"),
        ('{"qid": "q1"}\n{"qid": 1.5}\n', 2, "text or a whole number, got 1.5"),
        ("q1\td1\td2\nq2\td1\n", 2, "expected 3 columns"),
        ("fold\tqid\n1\tq1\n2\n", 3, "expected 2 columns"),
        ("fold\tqid\n1\t \n", 2, "a blank where"),
        ('text,qid\n"who,\nme?",q1\nyou\n', 4, "expected 2 columns"),
        (b"q1\n\xff\xfe\n", 2, "not UTF-8"),
        ("\n", 1, "empty"),
        ("q1\nsome words of a text\n", 2, "expected 1 column as"),
        ("q1 d1 d2\nq2 d1\n", 2, "expected 3 columns"),
    ],
)
def test_mistakes_have_their_line(content, line, words, tmp_path):
    path = tmp_path / "ids"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FormatError, match=words) as caught:
        query_ids(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_objects_are_taken_as_well():
    scores = Scores.from_dict({"q2": {"d": 1.0}, "q1": {"d": 2.0}})
    groups = read_groups([{"query_id": q, "doc_id_a": 1, "doc_id_b": [2]} for q in Q12])
    for given in (
        *(scores, groups, Q12, iter(Q12), {"q1": {"d": 1}, "q2": {}}, {*Q12}),
        *(pd.DataFrame({"qid": Q12, "fold": [1, 2]}), pd.Series(Q12)),
    ):
        assert query_ids(given).ids.tolist() == Q12
    assert query_ids(np.array([2, 1])).ids.tolist() == ["1", "2"]
    assert isinstance(groups, Groups)
    held = QueryIds.of(Q12, "known")
    assert query_ids(held) is held
    with pytest.raises(FormatError, match="a column of query ids"):
        query_ids(pd.DataFrame({"docno": ["d"]}))
    with pytest.raises(FormatError, match="no query id"):
        query_ids([])


def test_a_group_that_was_emptied_is_no_query_of_the_file():
    rows = [{"query_id": q, "doc_id_a": 1, "doc_id_b": [2]} for q in Q12]
    groups = read_groups(rows).keep_groups(np.array([True, False]))
    assert query_ids(groups).ids.tolist() == ["q1"]


def test_a_format_may_be_named(tmp_path):
    path = tmp_path / "odd"
    path.write_text(json.dumps({"q1": {"d": 1.0}, "q2": {"d": 1.0}}))
    assert query_ids(path, format="lookup").ids.tolist() == Q12
