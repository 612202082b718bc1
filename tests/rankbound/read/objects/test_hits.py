"""What searches and rerankings find, in memory."""

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import rankbound as rb
from rankbound.errors import UsageError
from rankbound.read.fields import text_id
from tests.rankbound.files import refusal, table

QIDS, DOCNOS = ["q1", "q2"], ["a", "b", "c"]
FOUND = {"q1": {"c": 2.5, "a": -1.0}, "q2": {"b": 0.5, "c": 0.25}}
HITS = [
    [{"corpus_id": 2, "score": 2.5}, {"corpus_id": 0, "score": -1.0}],
    [{"corpus_id": 1, "score": 0.5}, {"corpus_id": 2, "score": 0.25}],
]
NUMBERS = np.array([[2.5, -1.0], [0.5, 0.25]], dtype=np.float32)
PLACES = np.array([[2, 0], [1, 2]])
Results = namedtuple("Results", ["documents", "scores"])
TopK = namedtuple("TopK", ["values", "indices"])


@pytest.mark.parametrize(
    "value",
    [
        HITS,
        tuple(HITS),
        [[{**hit, "text": "x"} for hit in hits] for hits in HITS],
        [[{**hit, "score": np.float32(hit["score"])} for hit in hits] for hits in HITS],
        [[{**hit, "score": torch.tensor(hit["score"])} for hit in h] for h in HITS],
        Results(PLACES, NUMBERS),
        Results(PLACES.astype(np.uint32), NUMBERS),
        TopK(torch.tensor(NUMBERS), torch.tensor(PLACES)),
        (NUMBERS, PLACES),
        torch.topk(torch.tensor([[-1.0, -9, 2.5], [-9, 0.5, 0.25]]), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_search_found_is_read_with_ids(value):
    assert table(rb.read_scores(value, qids=QIDS, docnos=DOCNOS)) == FOUND
    numbered = rb.read_scores(value, docnos=DOCNOS)
    assert table(numbered) == dict(zip("01", FOUND.values(), strict=True))


@given(
    st.lists(
        st.dictionaries(st.integers(0, 5), st.floats(-9, 9), min_size=1, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_hits_are_those_of_a_plain_loop(found):
    docnos = [f"d{n}" for n in range(6)]
    hits = [[{"corpus_id": k, "score": v} for k, v in row.items()] for row in found]
    wanted = {
        str(n): {f"d{k}": v for k, v in row.items()} for n, row in enumerate(found)
    }
    assert table(rb.read_scores(hits, docnos=docnos)) == wanted


def test_a_reranking_is_of_one_query():
    ranked = HITS[0]
    assert table(rb.read_scores(ranked, qids=["q1"], docnos=DOCNOS)) == {
        "q1": FOUND["q1"]
    }
    by_query = {"q1": HITS[0], "q2": HITS[1]}
    assert table(rb.read_scores(by_query, docnos=DOCNOS)) == FOUND
    # Each query has its own documents
    own = [["x", "y", "z"], DOCNOS]
    assert table(rb.read_scores(by_query, docnos=own))["q1"] == {"z": 2.5, "x": -1.0}
    texts = [{"corpus_id": 0, "score": 1.5, "text": "A sea cow."}]
    found = rb.read_scores({"q": texts})
    assert table(found) == {"q": {text_id("A sea cow."): 1.5}}


def test_documents_may_have_ids_of_their_own():
    named = [[{"corpus_id": "a", "score": 1.5}]]
    assert table(rb.read_scores(named, qids=["q"])) == {"q": {"a": 1.5}}
    corpus = np.array([[{"id": 7, "text": "x"}, {"id": "b", "text": "y"}]])
    found = rb.read_scores(Results(corpus, np.array([[2.0, 1.0]])), qids=["q"])
    assert table(found) == {"q": {"7": 2.0, "b": 1.0}}
    words = np.array([["A sea cow.", "b"]])
    found = rb.read_scores(Results(words, np.array([[2.0, 1.0]])), qids=["q"])
    assert table(found) == {"q": {text_id("A sea cow."): 2.0, "b": 1.0}}


def test_places_without_a_document_are_left_out():
    places = np.array([[2, -1]])
    lowest = np.array([[2.0, -3.4e38]])
    assert table(rb.read_scores((lowest, places), docnos=DOCNOS)) == {"0": {"c": 2.0}}


def test_what_faiss_finds_is_what_it_stores():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(9, 4)).astype(np.float32)
    ids = [f"d{n}" for n in range(9)]
    flat = faiss.IndexFlatIP(4)
    flat.add(vectors)
    found = rb.read_scores(flat.search(vectors[:3], 9), docnos=ids)
    for query, row in table(found).items():
        for docno, score in row.items():
            wanted = vectors[int(query)] @ vectors[int(docno[1:])]
            assert score == pytest.approx(wanted, abs=1e-5)
    assert rb.read_embeddings(flat, ids).ids.tolist() == ids
    for kind in (faiss.IndexIDMap, faiss.IndexIDMap2):
        index = kind(faiss.IndexFlatL2(4))
        index.add_with_ids(vectors, np.arange(9) * 10)
        held = rb.read_embeddings(index)
        assert held.ids.tolist() == [str(10 * n) for n in range(9)]
        np.testing.assert_array_equal(held.vectors, vectors)
    coarse = faiss.IndexScalarQuantizer(4, faiss.ScalarQuantizer.QT_8bit)
    coarse.train(vectors)
    coarse.add(vectors)
    assert "does not keep vectors as they are" in refusal(rb.read_embeddings, coarse)
    assert "holds no vectors" in refusal(rb.read_embeddings, faiss.IndexFlatIP(4))


@pytest.mark.parametrize(
    ("value", "given", "message"),
    [
        (HITS, {}, "a place counts the documents that were searched"),
        (Results(PLACES, NUMBERS), {}, "a place counts the documents"),
        (HITS, {"docnos": ["a"]}, "a place of 2, but `docnos` has 1 ids"),
        (HITS, {"docnos": DOCNOS, "qids": ["q"]}, "1 qids for the hits of 2 queries"),
        (HITS, {"docnos": [DOCNOS]}, "1 lists of docnos for the hits of 2 queries"),
        ({"q": HITS[0]}, {"docnos": DOCNOS, "qids": ["q"]}, "leave `qids` out"),
        ((-NUMBERS, PLACES), {"docnos": DOCNOS}, "its numbers rise down every list"),
        ((PLACES, NUMBERS), {"docnos": DOCNOS}, "the scores come first"),
        ((NUMBERS, PLACES[:1]), {"docnos": DOCNOS}, "two arrays of one shape"),
        (
            [[{"corpus_id": 0, "score": float("nan")}]],
            {"docnos": DOCNOS},
            "must be a finite number",
        ),
        (
            [[{"corpus_id": 0, "score": 1.0}, {"corpus_id": 0, "score": 2.0}]],
            {"docnos": DOCNOS},
            "a pair must have one score",
        ),
        ([[{"corpus_id": 0.5, "score": 1.0}]], {"docnos": DOCNOS}, "is no place"),
        (
            Results(np.array([[{"text": "x"}]]), np.array([[1.0]])),
            {},
            "its documents have no id",
        ),
    ],
)
def test_hits_are_refused_in_one_line(value, given, message):
    said = refusal(lambda one: rb.read_scores(one, **given), value)
    assert message in said
    assert "\n" not in said


@dataclass
class Query:
    """As in rank_llm.data."""

    text: str
    qid: str | int


@dataclass
class Candidate:
    docid: str | int
    score: float
    doc: dict[str, Any]


@dataclass
class Result:
    query: Query
    candidates: list[Candidate]


def test_rerankings_of_rankllm_are_scores():
    result = Result(
        Query("what", 1),
        [Candidate("a", 2.0, {"contents": "A."}), Candidate(7, np.float32(0.5), {})],
    )
    other = Result(Query("who", "2"), [Candidate("a", 1.0, {"contents": "A."})])
    wanted = {"1": {"a": 2.0, "7": 0.5}, "2": {"a": 1.0}}
    assert table(rb.read_scores([result, other])) == wanted
    assert table(rb.read_scores(result)) == {"1": wanted["1"]}


@dataclass
class RankSample:
    """As in lightning_ir.data."""

    query_id: str
    query: str
    doc_ids: tuple[str, ...]
    docs: tuple[str, ...]
    targets: torch.Tensor | None = None


def test_samples_of_lightning_ir_are_groups():
    bare = RankSample("1", "what", ("a", "b"), ("A.", "B."))
    assert rb.read_groups([bare]).docnos.tolist() == ["a", "b"]
    marked = RankSample("1", "what", ("a", "b"), ("A.", "B."), torch.tensor([1, 0]))
    assert rb.read_groups([marked]).positive.tolist() == [True, False]
    scored = RankSample("1", "w", ("a", "b"), ("A.", "B."), torch.tensor([[2.5], [1]]))
    assert "say so with `format='labeled-list:scores'`" in refusal(
        rb.read_scores, [scored]
    )
    found = rb.read_scores([scored], format="labeled-list:scores")
    assert table(found) == {"1": {"a": 2.5, "b": 1.0}}


# Formats of objects

TRIPLES = {
    "query": ["q", "q"],
    "positive": ["p", "p"],
    "negative": ["n", "m"],
    "label": [2.5, 0.5],
}


class Dataset:
    """Stands in for datasets.Dataset."""

    __module__ = "datasets.arrow_dataset"
    column_names = tuple(TRIPLES)

    def with_format(self, kind):
        assert kind == "arrow"
        return self

    def __getitem__(self, rows):
        import pyarrow as pa

        assert rows == slice(None)
        return pa.table(TRIPLES)


@pytest.mark.parametrize(
    "value",
    [
        Dataset(),
        {"train": Dataset()},
        TRIPLES,
        [{key: column[row] for key, column in TRIPLES.items()} for row in range(2)],
    ],
    ids=["Dataset", "DatasetDict", "columns", "records"],
)
def test_a_data_set_of_texts_in_memory_is_read(value):
    wanted = {text_id("p"): 0.0, text_id("n"): -2.5, text_id("m"): -0.5}
    for format in (None, "mined", "mined:margins"):
        found = rb.read_scores(value, format=format)
        assert table(found) == {text_id("q"): wanted}
        assert found.kind is rb.Kind.MARGIN_ONLY
    assert rb.read_groups(value).sizes.tolist() == [3]


def test_splits_in_memory_are_not_mixed():
    both = {"train": Dataset(), "test": Dataset()}
    assert "holds the splits train, test; give one" in refusal(rb.read_groups, both)


def test_an_object_may_be_in_a_format_of_a_table():
    rows = [{"qid": 1, "docno": "a", "score": 0.5, "label": 1}]
    assert table(rb.read_scores(rows, format="table-scores")) == {"1": {"a": 0.5}}
    assert "expected the columns of table-margins" in refusal(
        lambda value: rb.read_scores(value, format="table-margins"), rows
    )
    for name, message in (("trec-run", "is for files"), ("x", "no format is called")):
        with pytest.raises(UsageError, match=message):
            rb.read_scores(rows, format=name)


def test_the_teacher_of_a_measurement_may_be_an_object_with_a_format():
    rows = {
        "query": [f"q {n}" for n in range(6)],
        "docs": [["p", "n", "m"]] * 6,
        "labels": [[3, 1, 2]] * 6,
    }
    assert "which may be grades" in refusal(rb.measure, rows)
    found = rb.measure(rows, teacher_kind="logit", formats={"": "mined:scores"})
    assert found is not None
