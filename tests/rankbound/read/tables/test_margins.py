"""Triples in a table, and the same as JSON lines."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.scores import Kind
from rankbound.read.registry import read_any
from tests.rankbound.files import refusal, written


def triples_of(seed, n_rows):
    """Triples whose margins come from scores."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(-640, 640, (3, 12)) / 64
    rows = []
    for _ in range(n_rows):
        query = int(rng.integers(3))
        upper, lower = (int(x) for x in rng.choice(12, 2, replace=False))
        margin = float(scores[query, upper] - scores[query, lower])
        rows.append((query, upper, lower, margin))
    return rows


def parquet(folder, rows, names=("query_id", "positive_id", "negative_id", "score")):
    columns = zip(*rows, strict=True)
    path = folder / "t.parquet"
    pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=False))), path)
    return path


@given(seed=st.integers(0, 10_000), n_rows=st.integers(1, 30))
def test_a_table_holds_what_json_lines_hold(tmp_path_factory, seed, n_rows):
    folder = tmp_path_factory.mktemp("margins")
    rows = triples_of(seed, n_rows)
    found = read_any(parquet(folder, rows))
    keys = ("query_id", "positive_id", "negative_id", "score")
    lines = [json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows]
    expected = read_any(written(folder, "".join(lines), "t.jsonl"))
    assert (found.format, expected.format) == ("table-margins", "margins")
    assert found.scores.kind is Kind.MARGIN_ONLY
    for document in range(12):
        for query in range(3):
            one = value_of(found.scores, str(query), str(document))
            other = value_of(expected.scores, str(query), str(document))
            assert (one is None) == (other is None)
    check_differences(found.scores, rows)
    check_differences(expected.scores, rows)
    for name in ("positive", "lines", "offsets"):
        one, other = getattr(found.groups, name), getattr(expected.groups, name)
        assert one.tolist() == other.tolist()
    assert found.groups.group_qids().tolist() == expected.groups.group_qids().tolist()
    assert documents(found.groups) == documents(expected.groups)
    # repairs of ids as text are counted for lines only
    for what in ("documents twice in one group",):
        assert found.repairs.get(what) == expected.repairs.get(what)


def documents(groups):
    return groups.docnos[groups.codes].tolist()


def value_of(scores, qid, docno):
    for row in range(len(scores.values)):
        if scores.where(row) == (qid, docno):
            return scores.values[row], scores.origins[row]
    return None


def check_differences(scores, rows):
    for query, upper, lower, margin in rows:
        high, low = (value_of(scores, str(query), str(d)) for d in (upper, lower))
        assert high[0] - low[0] == pytest.approx(margin)
        assert high[1] == low[1]


def test_pairs_without_a_margin_are_groups(tmp_path):
    rows = [("q", "a", "b"), ("q", "a", "c"), ("r", "a", "b")]
    found = read_any(parquet(tmp_path, rows, ("query_id", "doc_id_a", "doc_id_b")))
    assert found.parts() == ("groups",)
    assert found.groups.group_qids().tolist() == ["q", "r"]
    assert documents(found.groups) == ["a", "b", "c", "a", "b"]
    assert found.groups.positive.tolist() == [True, False, False, True, False]
    assert found.groups.lines.tolist() == [1, 3]


def test_contradicting_margins_name_the_row(tmp_path):
    path = parquet(
        tmp_path, [("q", "a", "b", 1.0), ("q", "a", "c", 1.0), ("q", "a", "b", 2.0)]
    )
    message = refusal(read_any, path)
    assert message.startswith(f"{path}: row 3: the margin 2.0 of query 'q'")


def test_lists_of_margins_are_refused(tmp_path):
    path = parquet(tmp_path, [("q", "a", "b", [1.0])])
    assert "score holds lists" in refusal(read_any, path)
