"""estimators.exchange: other libraries see the same scores in the same order."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.columns import strings
from rankbound.data.groups import top_documents
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Scores

IDS = st.sampled_from(["1", "10", "2", "a", "é", "Z"])
VALUES = st.sampled_from([0.0, 1.0, -2.5, 1e-9]) | st.floats(-1e6, 1e6)
TABLES = st.dictionaries(
    IDS, st.dictionaries(IDS, VALUES, min_size=1), min_size=1, max_size=4
)


def ranked(row):
    """Documents of a query by score, then by docno, both descending."""
    return [d for _, d in sorted(((v, d) for d, v in row.items()), reverse=True)]


@given(nested=TABLES)
def test_to_frame_ranks_as_trec_eval_does(nested):
    frame = Scores.from_dict(nested).to_frame()
    assert frame.columns.tolist() == ["qid", "docno", "score", "rank"]
    assert frame["qid"].drop_duplicates().tolist() == list(nested)
    for qid, part in frame.groupby("qid"):
        assert part["docno"].tolist() == ranked(nested[qid])
        assert part["rank"].tolist() == list(range(len(part)))
        assert part["score"].tolist() == [nested[qid][d] for d in part["docno"]]


@given(nested=TABLES)
def test_to_ranx_dict_round_trips(nested):
    assert Scores.from_dict(nested).to_ranx_dict() == nested


@given(nested=TABLES)
def test_to_ir_measures_holds_the_scores(nested):
    documents = list(Scores.from_dict(nested).to_ir_measures())
    assert all(isinstance(one, ir_measures.ScoredDoc) for one in documents)
    found = {}
    for one in documents:
        found.setdefault(one.query_id, {})[one.doc_id] = one.score
    assert found == nested


@given(nested=TABLES)
def test_to_ir_measures_as_ranks_keeps_the_order_without_ties(nested):
    documents = list(Scores.from_dict(nested).to_ir_measures(as_ranks=True))
    for qid, row in nested.items():
        mine = [one for one in documents if one.query_id == qid]
        assert [one.doc_id for one in mine] == ranked(row)
        scores = [one.score for one in mine]
        assert scores == list(range(len(row)))[::-1]


def test_ranks_mend_ties_that_32_bits_make():
    """A gap of 5e-8 beside 1 is a tie in 32 bits, and the provider holds 32 bits."""
    close = Scores.from_dict({"q": {"a": 1.0 + 5e-8, "b": 1.0}})
    qrels = [ir_measures.Qrel("q", "a", 1)]
    right = ir_measures.calc_aggregate(
        [ir_measures.RR], qrels, close.to_ir_measures(as_ranks=True)
    )
    assert right[ir_measures.RR] == 1.0


def test_groups_to_frame_has_a_row_for_each_document():
    scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 2.0}, "r": {"a": 0.0}})
    groups = top_documents(scores, depth=2)
    assert groups.to_frame().values.tolist() == [
        ["q", 0, "b"],
        ["q", 0, "c"],
        ["r", 1, "a"],
    ]
    from dataclasses import replace

    more = replace(
        groups, positive=np.array([True, False, True]), probabilities=np.ones(3) / 2
    )
    frame = more.to_frame()
    assert frame.columns.tolist() == [
        "qid",
        "group",
        "docno",
        "positive",
        "probability",
    ]
    assert frame["positive"].tolist() == [True, False, True]
    assert frame["probability"].tolist() == [0.5] * 3


def test_per_query_to_frame_can_be_stacked():
    import pandas as pd

    one = PerQuery("entropy", "nats", strings(["a", "b"]), np.array([0.1, 0.3]))
    both = pd.concat([one.to_frame(), one.to_frame().assign(name="other")])
    assert both.columns.tolist() == ["qid", "name", "unit", "value"]
    assert both.groupby("name")["value"].mean().tolist() == pytest.approx([0.2, 0.2])
