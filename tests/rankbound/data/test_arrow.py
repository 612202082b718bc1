"""estimators.arrow: tables against nested dictionaries and lists."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.errors import DomainError
from rankbound.data.arrow import encode, metadata
from rankbound.data.groups import Groups, top_documents
from rankbound.data.scores import Kind, Scores

IDS = st.sampled_from(["1", "10", "2", "a", "é", "q 7", "Z"])
TABLES = st.dictionaries(
    IDS,
    st.dictionaries(IDS, st.floats(-1e300, 1e300), min_size=1, max_size=5),
    min_size=1,
    max_size=5,
)


def same(one, other):
    """Whether two scores agree in every bit."""
    return (
        one.qids.tolist() == other.qids.tolist()
        and one.docnos[one.codes].tolist() == other.docnos[other.codes].tolist()
        and one.offsets.tolist() == other.offsets.tolist()
        and one.values.tobytes() == other.values.tobytes()
        and (one.kind, one.name) == (other.kind, other.name)
    )


@given(nested=TABLES, kind=st.sampled_from(list(Kind)))
def test_scores_round_trip(nested, kind):
    scores = Scores.from_dict(nested, name="x").with_kind(kind)
    table = scores.to_arrow()
    assert same(Scores.from_arrow(table), scores)
    assert table.num_rows == sum(map(len, nested.values()))
    rows = {(r["qid"], r["docno"]): r["score"] for r in table.to_pylist()}
    assert rows == {(q, d): v for q, row in nested.items() for d, v in row.items()}


@given(nested=TABLES, seed=st.integers(0, 99))
def test_the_order_of_rows_and_the_encoding_play_no_part(nested, seed):
    scores = Scores.from_dict(nested)
    table = scores.to_arrow()
    plain = pa.table({name: table[name].to_pylist() for name in table.column_names})
    order = np.random.default_rng(seed).permutation(len(plain))
    found = Scores.from_arrow(plain.take(pa.array(order)))
    assert found.docnos.tolist() == scores.docnos.tolist()
    assert set(found.qids) == set(scores.qids)
    for qid in scores.qids:
        one, other = (list(s.qids).index(qid) for s in (scores, found))
        rows = (
            s.values[s.offsets[q] : s.offsets[q + 1]].tolist()
            for s, q in ((scores, one), (found, other))
        )
        assert next(rows) == next(rows)


def test_origins_follow_their_rows():
    scores = replace(
        Scores.from_dict({"q": {"a": 1.0, "b": 2.0}, "r": {"a": 3.0}}),
        origins=np.array([4, 5, 6]),
    )
    table = scores.to_arrow()
    assert table["origin"].to_pylist() == [4, 5, 6]
    found = Scores.from_arrow(table.take(pa.array([2, 1, 0])))
    assert found.qids.tolist() == ["r", "q"]
    assert found.origins.tolist() == [6, 4, 5]


def test_a_name_can_be_given():
    table = Scores.from_dict({"q": {"d": 1.0}}, name="old").to_arrow()
    assert Scores.from_arrow(table, name="new").name == "new"
    assert metadata(table)["rankbound.schema"] == "rankbound.scores/1"
    assert metadata(pa.table({})) == {}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"qid": ["q"], "docno": ["d"]}, "expected a column 'score', found qid, docno"),
        ({"qid": [None], "docno": ["d"], "score": [1.0]}, "'qid' lacks 1 value"),
        ({"qid": ["q"], "docno": ["d"], "score": [None]}, "'score' lacks 1 value"),
        ({"qid": ["q"], "docno": ["d"], "score": [float("nan")]}, "is nan"),
        ({"qid": ["q"] * 2, "docno": ["d"] * 2, "score": [1.0, 2.0]}, "scored twice"),
    ],
)
def test_scores_from_arrow_rejects(columns, message):
    with pytest.raises(DomainError, match=message):
        Scores.from_arrow(pa.table(columns))


def test_groups_round_trip():
    scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 2.0}, "r": {"b": 1.0}})
    groups = top_documents(scores, depth=2)
    for more in (
        {},
        {"positive": np.array([True, False, True])},
        {"lines": np.array([3, 9]), "probabilities": np.array([0.25, 0.75, 1.0])},
    ):
        given_ = replace(groups, **more)
        found = Groups.from_arrow(given_.to_arrow())
        assert found.group_qids().tolist() == ["q", "r"]
        assert found.docnos[found.codes].tolist() == ["b", "c", "b"]
        assert found.sizes.tolist() == [2, 1]
        for name in ("positive", "lines", "probabilities"):
            one, other = getattr(found, name), getattr(given_, name)
            assert (one is None) == (other is None)
            assert one is None or one.tolist() == other.tolist()


def test_a_group_without_documents_makes_no_row():
    groups = top_documents(Scores.from_dict({"q": {"a": 1.0, "b": 2.0}}), depth=2)
    empty = replace(
        groups, queries=np.array([0, 0]), offsets=np.array([0, 2, 2], dtype=np.int64)
    )
    with pytest.raises(DomainError, match="makes no row"):
        empty.to_arrow()


@given(values=st.lists(st.sampled_from("abcd"), min_size=1))
def test_encode_matches_a_loop(values):
    plain = pa.array(values)
    foreign = pa.DictionaryArray.from_arrays(
        pa.array(["dcbxa".index(value) for value in values]), pa.array(list("dcbxa"))
    )
    chunked = pa.chunked_array([plain.slice(0, 1), plain.slice(1)])
    for column in (plain, foreign, chunked, chunked.dictionary_encode()):
        for ordered in (True, False):
            distinct, codes = encode(column, ordered=ordered)
            assert [distinct[code] for code in codes] == values
            expected = sorted(set(values)) if ordered else list(dict.fromkeys(values))
            assert distinct.tolist() == expected


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("qid", [1], "column 'qid' must hold text, found int64"),
        ("docno", [1.0], "column 'docno' must hold text, found double"),
        ("score", ["2"], "column 'score' must hold numbers, found string"),
        ("score", [True], "column 'score' must hold numbers, found bool"),
    ],
)
def test_columns_of_other_types_are_refused(column, values, words):
    plain = {"qid": ["q"], "docno": ["d"], "score": [2.0]}
    with pytest.raises(DomainError, match=words):
        Scores.from_arrow(pa.table({**plain, column: values}))


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("group", [b"\0"], "'group' must hold whole numbers, found binary"),
        ("group", [0.5], "'group' must hold whole numbers, found double"),
        ("positive", [1], "'positive' must hold true or false, found int64"),
        ("line", ["1"], "'line' must hold whole numbers, found string"),
        ("probability", [True], "'probability' must hold numbers, found bool"),
    ],
)
def test_columns_of_groups_of_other_types_are_refused(column, values, words):
    plain = {"qid": ["q"], "group": [0], "docno": ["d"]}
    with pytest.raises(DomainError, match=words):
        Groups.from_arrow(pa.table({**plain, column: values}))


def test_a_kind_that_is_none_is_refused():
    table = Scores.from_dict({"q": {"d": 1.0}}).to_arrow()
    table = table.replace_schema_metadata({"rankbound.kind": "truth"})
    with pytest.raises(DomainError, match=r"kind must be one of .*; got 'truth'"):
        Scores.from_arrow(table)


def test_string_views_are_text():
    view = pa.array(["q"]).cast(pa.string_view())
    table = pa.table({"qid": view, "docno": view, "score": [2]})
    assert Scores.from_arrow(table).to_ranx_dict() == {"q": {"q": 2.0}}
