"""estimators.scores: columns against nested dictionaries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import positions, strings
from rankbound.data.scores import Kind, Scores

IDS = st.sampled_from(["1", "10", "2", "a", "é", "q 7", "Z"])
TABLES = st.dictionaries(
    IDS, st.dictionaries(IDS, st.floats(-1e6, 1e6), max_size=5), max_size=5
)


def as_dict(scores):
    """Back to {qid: {docno: score}}."""
    table = {qid: {} for qid in scores.qids}
    for row, value in enumerate(scores.values):
        qid, docno = scores.where(row)
        table[qid][docno] = float(value)
    return table


@given(table=TABLES)
def test_from_dict_round_trips(table):
    scores = Scores.from_dict(table)
    assert as_dict(scores) == {qid: row for qid, row in table.items() if row}
    assert list(scores.qids) == [qid for qid, row in table.items() if row]
    assert scores.docnos.tolist() == sorted(scores.docnos)
    assert scores.sizes.tolist() == [len(row) for row in table.values() if row]
    for query in range(scores.n_queries):
        codes = scores.codes[scores.offsets[query] : scores.offsets[query + 1]]
        assert np.all(np.diff(codes) > 0)


@given(table=TABLES, seed=st.integers(0, 99))
def test_from_rows_ignores_the_order_of_rows(table, seed):
    whole = Scores.from_dict(table, name="run")
    order = np.random.default_rng(seed).permutation(len(whole.values))
    again = Scores.from_rows(
        whole.row_query()[order],
        whole.qids,
        whole.codes[order],
        whole.docnos,
        whole.values[order],
        name="run",
    )
    for name in ("offsets", "codes", "values", "qids", "docnos"):
        assert_array_equal(getattr(again, name), getattr(whole, name))


@given(table=TABLES, asked=st.lists(st.tuples(IDS, IDS), max_size=9))
def test_lookup_matches_nested_dictionaries(table, asked):
    scores = Scores.from_dict(table)
    qids = strings(["unknown", *sorted({qid for qid, _ in asked})])
    docnos = strings(sorted({"unknown", *(docno for _, docno in asked)}))
    asked = [*asked, ("unknown", "unknown")]
    values, found = scores.lookup(
        positions(qids, strings([qid for qid, _ in asked])),
        qids,
        positions(docnos, strings([docno for _, docno in asked])),
        docnos,
    )
    expected = [table.get(qid, {}).get(docno) for qid, docno in asked]
    assert found.tolist() == [value is not None for value in expected]
    assert values.tolist() == [value or 0.0 for value in expected]


def test_arrays_of_scores_are_read_only():
    scores = Scores.from_dict({"q": {"a": 1.0, "b": 2.0}})
    for name in ("qids", "offsets", "codes", "docnos", "values"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(scores, name)[0] = 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_reject_values_that_are_not_finite(bad):
    table = {"q1": {"d1": 1.0}, "q2": {"d0": 0.5, "d1": bad, "d2": 0.1}}
    with pytest.raises(DomainError, match=r"run.*'q2', document 'd1' is -?(nan|inf)"):
        Scores.from_dict(table, name="run")
    scores = Scores.from_dict({"q": {"a": 1.0}})
    with pytest.raises(DomainError, match="'q', document 'a'"):
        scores.with_values(np.array([bad]), kind=Kind.LOGIT)


def test_scores_reject_a_document_scored_twice():
    with pytest.raises(DomainError, match=r"run: document 'y' is scored twice.*'q2'"):
        Scores.from_rows(
            np.array([0, 1, 0, 1]),
            strings(["q1", "q2"]),
            np.array([1, 1, 0, 1]),
            strings(["x", "y"]),
            np.arange(4.0),
            name="run",
        )


def test_same_document_of_two_queries_is_two_scores():
    scores = Scores.from_dict({"1": {"d": 1.0}, "2": {"d": 2.0}})
    assert scores.values.tolist() == [1.0, 2.0]


def test_with_kind_and_with_values_keep_the_rows():
    scores = Scores.from_dict({"q": {"a": 1.0, "b": 2.0}}, name="run")
    assert scores.kind is Kind.UNKNOWN
    other = scores.with_kind(Kind.DOT).with_values(np.array([3.0, 4.0]), kind=Kind.BM25)
    assert as_dict(other) == {"q": {"a": 3.0, "b": 4.0}}
    assert (other.kind, other.name) == (Kind.BM25, "run")
    assert scores.values.tolist() == [1.0, 2.0]


@given(known=st.lists(IDS, unique=True), wanted=st.lists(IDS))
def test_positions_match_a_loop(known, wanted):
    expected = [known.index(value) if value in known else -1 for value in wanted]
    assert positions(strings(known), strings(wanted)).tolist() == expected


def test_strings_keep_long_and_nested_values_as_objects():
    found = strings(["a", "b" * 1000])
    assert found.dtype == object
    assert found[1] == "b" * 1000
    assert strings([]).shape == (0,)
