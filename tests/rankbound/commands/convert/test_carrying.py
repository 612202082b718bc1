from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rankbound.commands.convert import carrying
from rankbound.commands.convert.carrying import (
    by_text,
    content,
    has_own_ids,
    losses,
    ranks_follow,
    rounded_rows,
)
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import text_id
from rankbound.read.registry import read_any
from tests.rankbound.commands.inspect.test_groups import groups
from tests.rankbound.files import table
from tests.rankbound.read.golden import FLAG, TEVATRON, lines
from tests.rankbound.read.reading_back import positives_first

SCORES = Scores.from_dict({"q": {"a": 3.0, "b": 2.0, "c": 1.0}, "r": {"a": 5.0}})
PLAIN = Contents("toy", Path("x"), scores=SCORES)


def target(*keeps):
    return Format("t", "T", (), lambda _: None, lambda _: PLAIN, None, keeps)


@pytest.mark.parametrize(
    ("ranks", "follows"),
    [
        ([1, 2, 3, 1], True),
        ([0, 1, 2, 0], True),
        ([2, 1, 3, 1], False),  # another order
        ([1, 2, 4, 1], False),  # a gap
        ([3, 2, 1, 1], False),
        ([0, 0, 0, 0], True),  # no rank at all
    ],
)
def test_ranks_follow_where_they_only_count(ranks, follows):
    held = replace(PLAIN, ranks=np.array(ranks))
    assert ranks_follow(held) == follows
    assert ("ranks" in losses(held, target("scores"))) != follows
    assert losses(held, target("scores", "ranks")) == {}


def test_ranks_of_ties_follow_where_they_are_by_docno_descending():
    tied = replace(PLAIN, scores=Scores.from_dict({"q": {"a": 1.0, "b": 1.0}}))
    assert ranks_follow(replace(tied, ranks=np.array([2, 1])))
    assert not ranks_follow(replace(tied, ranks=np.array([1, 2])))


def test_scores_made_from_ranks_are_carried_by_ranks():
    held = replace(PLAIN, scores=SCORES.with_kind(Kind.RANK_ONLY))
    assert losses(held, target("ranks")) == {}
    assert [*losses(held, target("scores"))] == ["kind"]
    assert [*losses(PLAIN, target("ranks"))] == ["scores"]
    margins = replace(PLAIN, scores=SCORES.with_kind(Kind.MARGIN_ONLY))
    assert losses(margins, target("margins")) == {}
    ranked = replace(PLAIN, scores=SCORES.with_kind(Kind.RANK_ONLY))
    assert [*losses(ranked, target("scores", "ranks"))] == ["kind"]
    assert [*losses(margins, target("ranks"))] == ["scores", "kind"]


def test_everything_held_is_named():
    held = replace(
        PLAIN,
        scores=SCORES.with_kind(Kind.MARGIN_ONLY),
        groups=replace(
            groups([("q", ["a", "b"])]), probabilities=np.array([0.25, 0.75])
        ),
        qrels=SCORES,
        texts={"a": "x"},
        metadata={"tag": "bm25", "columns": "a b", "note": "y" * 90},
    )
    found = content(held)
    assert [*found] == [
        *("scores", "kind", "groups", "positives", "probabilities", "grades"),
        *("ids", "texts"),
        *("metadata: tag", "metadata: note"),
    ]
    assert found["scores"] == "4 scores of 2 queries"
    assert found["positives"] == "1 mark of a positive"
    assert found["metadata: tag"] == "the tag 'bm25'"
    assert found["metadata: note"].endswith("...'")
    kept = target("scores", "groups", "positives", "grades", "texts", "tag")
    assert [*losses(held, kept)] == ["kind", "probabilities", "metadata: note"]
    all_metadata = target("metadata")
    assert not [key for key in losses(held, all_metadata) if "metadata" in key]


def test_nothing_held_is_nothing_lost():
    assert content(Contents("toy", Path("x"))) == {}


def test_which_margins_compare_is_carried_by_margins():
    origins = np.array([0, 0, 1, 1])
    scores = replace(SCORES.with_kind(Kind.MARGIN_ONLY), origins=origins)
    held = replace(PLAIN, scores=scores)
    assert [*losses(held, target("scores"))] == ["kind", "origins"]
    assert losses(held, target("margins")) == {}
    assert losses(held, target("scores", "kind", "origins")) == {}


def test_columns_that_are_not_read_are_lost_unless_they_say_nothing():
    said = {"columns_unused": ["docid", "query"]}
    lost = losses(replace(PLAIN, metadata=said), target("scores", "metadata"))
    assert lost == {"columns_unused": "what is not read: 'query'"}
    idle = replace(PLAIN, metadata={"columns_unused": ["docid", "iteration"]})
    assert losses(idle, target("scores")) == {}


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_vectors_that_float32_rounds_are_counted(monkeypatch, block):
    monkeypatch.setattr(carrying, "BLOCK", block)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(7, 3))
    vectors[[1, 4]] = vectors[[1, 4]].astype(np.float32)
    vectors[1, 0] = np.nan
    book = Embeddings(strings([str(n) for n in range(7)]), vectors)
    assert rounded_rows(book) == 5
    assert rounded_rows(replace(book, vectors=vectors.astype("f4"))) == 0
    assert rounded_rows(replace(book, vectors=vectors.astype("f2"))) == 0
    assert rounded_rows(replace(book, vectors=np.full((7, 1), 1e300))) == 7


def test_the_type_of_vectors_is_carried_where_it_is_kept():
    vectors = np.array([[0.1], [0.5]])
    book = Embeddings(strings(["a", "b"]), vectors)
    held = Contents("toy", Path("x"), embeddings=book)
    assert content(held) == {
        "vectors": "2 vectors",
        "precision": "digits of float64 that float32 lacks, in 1 vector",
        "dtype": "that the numbers are float64",
    }
    assert [*losses(held, target("vectors"))] == ["precision", "dtype"]
    assert losses(held, target("vectors", "dtype", "precision")) == {}
    single = replace(held, embeddings=replace(book, vectors=vectors.astype("f4")))
    assert [*content(single)] == ["vectors"]


def test_ids_are_carried_but_by_formats_of_texts():
    held = replace(PLAIN, texts={"a": "x"})
    assert "ids" in content(held)
    assert "ids" not in losses(held, target("scores", "texts"))
    assert [*losses(held, target("scores", "texts", "made_ids"))] == ["ids"]


def test_mappings_among_the_metadata_are_counted():
    texts = {"1": "what is a manatee", "2": "where is ulm"}
    found = content(Contents("toy", Path("x"), metadata={"query_texts": texts}))
    assert found["metadata: query_texts"] == "the query texts (2 entries)"


COW, BOAT, CITY = map(text_id, ("A sea cow.", "A boat.", "A city."))
WHAT, WHERE = map(text_id, ("what is a manatee", "where is ulm"))


def test_ids_that_are_made_from_texts_are_told_from_others(tmp_path):
    assert has_own_ids(read_any(lines(*TEVATRON)(tmp_path)))
    made = read_any(lines(*FLAG)(tmp_path))
    assert not has_own_ids(made)
    assert not has_own_ids(replace(made, texts={}, metadata={}))
    assert table(by_text(made).scores) == table(made.scores)


def test_ids_become_those_of_the_texts_everywhere(tmp_path):
    found = by_text(read_any(lines(*TEVATRON)(tmp_path)))
    assert not has_own_ids(found)
    assert table(found.scores) == {
        WHAT: {COW: 4.5, BOAT: -2.0, CITY: -3.5},
        WHERE: {CITY: 1.0, BOAT: 0.0},
    }
    assert positives_first(found.groups) == [
        (WHAT, [COW, BOAT, CITY], [True, False, False]),
        (WHERE, [CITY, BOAT], [True, False]),
    ]
    assert found.texts == {COW: "A sea cow.", BOAT: "A boat.", CITY: "A city."}
    assert {*found.metadata["query_texts"]} == {WHAT, WHERE}


def test_two_ids_of_one_text_are_refused(tmp_path):
    held = read_any(lines(*TEVATRON)(tmp_path))
    held = replace(held, texts={**held.texts, "8": "A city."})
    with pytest.raises(UsageError, match="documents '8' and '9' have the same text"):
        by_text(held)
    assert isinstance(held.path, Path)
