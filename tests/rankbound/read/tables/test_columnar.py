"""Our own tables are read back, by us and by other readers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.registry import read_any
from rankbound.read.source import Source
from rankbound.read.tables.columnar import (
    read_groups_table,
    read_scores_table,
    write_groups_table,
    write_scores_table,
)
from tests.rankbound.files import refusal, table

IDS = st.sampled_from(["1", "10", "2", "a", "é", "q 7", "Z", "NA", "null", '"'])
TABLES = st.dictionaries(
    IDS,
    st.dictionaries(IDS, st.floats(-1e300, 1e300), min_size=1, max_size=5),
    min_size=1,
    max_size=5,
)


def contents(**parts):
    return Contents("toy", Path("toy"), **parts)


def rows_of(groups):
    """Everything that groups say, in plain lists."""
    more = [
        None if column is None else column.tolist()
        for column in (groups.positive, groups.probabilities, groups.lines)
    ]
    return [
        groups.group_qids().tolist(),
        groups.sizes.tolist(),
        groups.docnos[groups.codes].tolist(),
        *more,
    ]


@st.composite
def some_groups(draw):
    """Groups with any combination of positives, probabilities and lines."""
    members = draw(
        st.lists(st.lists(IDS, min_size=1, max_size=4, unique=True), min_size=1)
    )
    docnos = sorted({name for docs in members for name in docs} | {"unused"})
    n_rows = sum(map(len, members))
    sizes = [len(docs) for docs in members]
    marks = st.lists(st.booleans(), min_size=n_rows, max_size=n_rows)
    positive = draw(st.none() | marks)
    law = draw(st.none() | st.just([1 / s for s in sizes for _ in range(s)]))
    queries = draw(
        st.lists(st.integers(0, 2), min_size=len(members), max_size=len(members))
    )
    lines = draw(st.none() | st.just(list(range(1, 2 * len(members), 2))))
    return Groups(
        queries=np.array(queries, dtype=np.int64),
        qids=strings(["q2", "q10", "é"]),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=np.array([docnos.index(d) for docs in members for d in docs]),
        docnos=strings(docnos),
        positive=None if positive is None else np.array(positive),
        probabilities=None if law is None else np.array(law),
        lines=None if lines is None else np.array(lines),
    )


@given(nested=TABLES, kind=st.sampled_from(list(Kind)))
def test_scores_round_trip(tmp_path_factory, nested, kind):
    path = tmp_path_factory.mktemp("own") / "x.scores.parquet"
    scores = Scores.from_dict(nested, name="teacher").with_kind(kind)
    ranks = np.arange(len(scores.values))[::-1].copy()
    write_scores_table(contents(scores=scores, ranks=ranks), path)
    found = read_any(path)
    assert found.format == "rankbound-scores"
    assert found.metadata["name"] == "teacher"
    assert found.scores.name == str(path)
    assert found.scores.kind is kind
    assert found.scores.qids.tolist() == list(nested)
    assert found.scores.docnos.tolist() == scores.docnos.tolist()
    for field in ("values", "codes", "offsets"):
        kept, given_ = getattr(found.scores, field), getattr(scores, field)
        assert kept.tobytes() == given_.tobytes()  # -0.0 stays -0.0
    assert found.ranks.tolist() == ranks.tolist()


@given(groups=some_groups())
def test_groups_round_trip(tmp_path_factory, groups):
    path = tmp_path_factory.mktemp("own") / "x.groups.parquet"
    write_groups_table(contents(groups=groups), path)
    found = read_any(path)
    assert found.format == "rankbound-groups"
    assert found.parts() == ("groups",)
    assert rows_of(found.groups) == rows_of(groups)


def test_judgements_come_back_as_judgements(tmp_path):
    path = tmp_path / "x.scores.parquet"
    write_scores_table(contents(qrels=Scores.from_dict({"q": {"d": 1, "e": -1}})), path)
    found = read_scores_table(Source(path))
    assert found.parts() == ("qrels",)
    assert table(found.qrels) == {"q": {"d": 1.0, "e": -1.0}}


def test_a_large_dictionary_stays_one(tmp_path):
    """Beyond a page of one MiB, parquet would write the ids of all later rows whole."""
    n_docs, n_queries = 40_000, 4
    docnos = strings([f"a-rather-long-document-id-{n:09d}" for n in range(n_docs)])
    codes = np.tile(np.arange(n_docs), n_queries)
    queries = np.repeat(np.arange(n_queries), n_docs)
    scores = Scores.from_rows(
        queries, strings(list("qrst")), codes, docnos, codes / 7, name="big"
    )
    path = tmp_path / "x.scores.parquet"
    write_scores_table(contents(scores=scores), path)
    found = read_scores_table(Source(path)).scores
    assert np.array_equal(found.values, scores.values)
    dictionary, rows = n_docs * (35 + 4), n_docs * n_queries * (8 + 3)
    assert path.stat().st_size < dictionary + rows + 10_000


def test_other_libraries_see_a_plain_table(tmp_path):
    path = tmp_path / "x.scores.parquet"
    write_scores_table(contents(scores=Scores.from_dict({"q": {"d": 0.5}})), path)
    assert pd.read_parquet(path).astype(object).values.tolist() == [["q", "d", 0.5]]
    assert pl.read_parquet(path).rows() == [("q", "d", 0.5)]


def test_columns_that_lack_something_are_refused(tmp_path):
    path = tmp_path / "x.scores.parquet"
    said = {"rankbound.schema": "rankbound.scores/1"}

    def write(columns, more=None):
        pq.write_table(pa.table(columns, metadata={**said, **(more or {})}), path)

    write({"qid": ["q"], "docno": ["d"]})
    assert "expected a column 'score'" in refusal(read_any, path)
    write({"qid": ["q", None], "docno": ["d", "e"], "score": [1.0, 2.0]})
    assert "column 'qid' lacks 1 value" in refusal(read_any, path)
    write({"qid": ["q", "q"], "docno": ["d", "d"], "score": [1.0, 2.0]})
    assert "is scored twice" in refusal(read_any, path)
    write({"qid": ["q"], "docno": ["d"], "score": [float("nan")]})
    assert "is nan" in refusal(read_any, path)
    write({"qid": ["q"], "docno": ["d"], "score": ["x"]})
    assert refusal(read_any, path)
    write({"qid": ["q"], "docno": ["d"], "score": [1.0]}, {"rankbound.kind": "odd"})
    assert (
        "kind must be one of logit, probability, log-probability, softmax, "
        in refusal(read_any, path)
    )
    write({"qid": pa.array([], pa.string()), "docno": [], "score": []})
    assert "holds no rows" in refusal(read_any, path)


def test_another_version_says_to_update(tmp_path):
    path = tmp_path / "x.scores.parquet"
    later = {"rankbound.schema": "rankbound.scores/2"}
    pq.write_table(pa.table({"qid": ["q"]}, metadata=later), path)
    assert "update rankbound" in refusal(read_any, path)


def test_groups_whose_rows_contradict_are_refused(tmp_path):
    path = tmp_path / "x.groups.parquet"
    said = {"rankbound.schema": "rankbound.groups/1"}
    docnos = ["d", "e", "f"]

    def write(qids, group):
        columns = {"qid": qids, "group": group, "docno": docnos}
        pq.write_table(pa.table(columns, metadata=said), path)

    write(["q", "r", "r"], [0, 0, 1])
    assert "must have one query" in refusal(read_any, path)
    write(["q", "q", "q"], [0, 1, 0])
    assert "must follow each other" in refusal(read_any, path)
    write(["q", "q", "r"], [4, 4, 2])
    assert read_groups_table(Source(path)).groups.sizes.tolist() == [2, 1]


def test_what_is_not_there_cannot_be_written(tmp_path):
    path = tmp_path / "x"
    scores = contents(scores=Scores.from_dict({"q": {"d": 1.0}}))
    with pytest.raises(FormatError, match="needs groups"):
        write_groups_table(scores, path)
    with pytest.raises(FormatError, match="needs scores or judgements"):
        write_scores_table(replace(scores, scores=None), path)
    assert not path.exists()


def test_every_truncation_gives_one_line(tmp_path):
    path = tmp_path / "x.scores.parquet"
    write_scores_table(contents(scores=Scores.from_dict({"q": {"d": 0.5}})), path)
    whole = path.read_bytes()
    for end in range(4, len(whole), 7):
        path.write_bytes(whole[:end])
        assert "truncated or damaged" in refusal(read_any, path)


def test_metadata_that_are_no_object_are_refused(tmp_path):
    scores = Scores.from_dict({"q": {"d": 1.0}}).to_arrow()
    for text in ("[1]", "{"):
        said = {**scores.schema.metadata, "rankbound.metadata": text}
        path = tmp_path / "x.scores.parquet"
        pq.write_table(scores.replace_schema_metadata(said), path)
        assert "not a JSON object" in refusal(lambda path: read_any(path), path)
