"""Layouts that the columns of the field's tables have."""

import pyarrow as pa
import pytest

from rankbound.read.tables.layouts import recognise

TEXT, INT, NUMBER = pa.string(), pa.int64(), pa.float32()
TEXTS, INTS, NUMBERS = pa.list_(TEXT), pa.list_(INT), pa.list_(NUMBER)
VECTOR = pa.list_(NUMBER, 8)

CASES = {
    "HF bert-ensemble-margin-mse": (
        {"query_id": INT, "positive_id": INT, "negative_id": INT, "score": NUMBER},
        "margins",
    ),
    "HF bert-ensemble-mse": (
        {"query_id": INT, "passage_id": INT, "score": NUMBER},
        "scores",
    ),
    "HF labeled-list": (
        {"query_id": INT, "doc_ids": INTS, "labels": pa.list_(pa.bool_())},
        "lists",
    ),
    "HF rankgpt4-colbert": ({"query_id": TEXT, "doc_ids": TEXTS}, "lists"),
    "PyLate": ({"query_id": TEXT, "document_ids": TEXTS, "scores": NUMBERS}, "lists"),
    "PyLate as text": (
        {"query_id": TEXT, "document_ids": TEXT, "scores": NUMBERS},
        "lists",
    ),
    "ranx": ({"q_id": TEXT, "doc_id": TEXT, "score": NUMBER}, "scores"),
    "Rank-DistiLLM": (
        {"qid": TEXT, "docno": TEXT, "score": NUMBER, "rank": INT},
        "scores",
    ),
    "PyTerrier": (
        {"qid": TEXT, "docid": INT, "docno": TEXT, "rank": INT, "score": NUMBER},
        "scores",
    ),
    "PyTerrier judgements": ({"qid": TEXT, "docno": TEXT, "label": INT}, "qrels"),
    "ir_datasets scoreddocs": (
        {"query_id": TEXT, "doc_id": TEXT, "score": NUMBER},
        "scores",
    ),
    "ir_datasets docpairs": (
        {"query_id": TEXT, "doc_id_a": TEXT, "doc_id_b": TEXT},
        "margins",
    ),
    "ir_datasets qrels": (
        {"query_id": TEXT, "doc_id": TEXT, "relevance": INT, "iteration": TEXT},
        "qrels",
    ),
    "BEIR": ({"query-id": TEXT, "corpus-id": TEXT, "score": INT}, "qrels"),
    "groups of the reference": (
        {"query_id": TEXT, "doc_id_a": TEXT, "doc_id_b": TEXTS},
        "lists",
    ),
    "rankers": ({"query_id": TEXT, "doc_id_b": TEXTS}, "lists"),
    "vectors": ({"docno": TEXT, "embedding": VECTOR}, "embeddings"),
    "vectors of PyTerrier": ({"docno": TEXT, "doc_vec": NUMBERS}, "embeddings"),
    "vectors of queries": ({"qid": TEXT, "query_vec": NUMBERS}, "embeddings"),
    "texts": ({"query": TEXT, "positive": TEXT, "negative": TEXT}, None),
    "docid of PyTerrier alone": ({"qid": TEXT, "docid": INT, "score": NUMBER}, None),
    "docid as text": ({"qid": TEXT, "docid": TEXT, "score": NUMBER}, "scores"),
    "no score": ({"qid": TEXT, "docno": TEXT}, None),
    "no ids": ({"embedding": VECTOR}, None),
    "ids with a point": ({"id": NUMBER, "embedding": VECTOR}, None),
    "vectors of queries by document": ({"docno": TEXT, "query_vec": NUMBERS}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_recognise_knows_the_layouts_of_the_field(case):
    fields, kind = CASES[case]
    layout = recognise(pa.schema(list(fields.items())))
    assert (None if layout is None else layout.kind) == kind
    if layout is not None:
        assert set(layout.columns) <= set(fields)


def test_recognise_never_takes_the_number_inside_an_index():
    fields, _ = CASES["PyTerrier"]
    layout = recognise(pa.schema(list(fields.items())))
    assert layout.roles == {
        "query": "qid",
        "document": "docno",
        "rank": "rank",
        "score": "score",
    }
    assert "docid" not in layout.evidence()


def test_recognise_is_independent_of_the_order_of_columns():
    for fields, _ in CASES.values():
        items = list(fields.items())
        assert recognise(pa.schema(items)) == recognise(pa.schema(items[::-1]))
