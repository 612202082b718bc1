from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rankbound.commands.convert.storing import differences
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import Kind, Scores
from rankbound.read.contents import Contents, Format
from tests.rankbound.commands.inspect.test_groups import groups

ROWS = {"q": {"a": 3.0, "b": 0.1 + 0.2}, "r": {"a": 0.0}}
KEEPS = ("scores", "kind", "ranks", "grades", "groups", "positives", "probabilities")
ALL = Format(
    "t",
    "T",
    (),
    lambda _: None,
    lambda _: HELD,
    None,
    (*KEEPS, "vectors", "dtype", "texts"),
)
HELD = Contents(
    "toy",
    Path("x"),
    scores=Scores.from_dict(ROWS),
    qrels=Scores.from_dict({"q": {"a": 1, "b": 0}}),
    groups=replace(
        groups([("q", ["a", "b", "c"]), ("q", ["b", "a"])]),
        probabilities=np.array([0.2, 0.3, 0.5, 0.4, 0.6]),
    ),
    embeddings=Embeddings(strings(["a", "b"]), np.eye(2, dtype=np.float16)),
    ranks=np.array([1, 2, 1]),
    texts={"a": "x"},
)


def wrong(**changed):
    return differences(HELD, replace(HELD, **changed), ALL)


def test_the_same_is_the_same_in_any_order():
    assert wrong() == []
    turned = Scores.from_dict(dict(reversed(ROWS.items())))
    assert wrong(scores=turned, ranks=np.array([1, 1, 2])) == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"q": {"a": 3.0, "b": 0.3}, "r": {"a": 0.0}}, "1 scores differ"),
        ({"q": {"a": 3.0, "b": 0.1 + 0.2}, "r": {"a": -0.0}}, "1 scores differ"),
        ({"q": {"a": 3.0, "x": 0.1 + 0.2}, "r": {"a": 0.0}}, "document 'b'"),
        ({"q": {"a": 3.0, "b": 0.1 + 0.2}, "r": {"x": 0.0}}, "1 scores differ"),
        ({"q": {"a": 3.0, "b": 0.1 + 0.2}}, "2 scores instead of 3"),
    ],
)
def test_scores_are_compared_bit_for_bit(rows, words):
    ranks = np.ones(sum(map(len, rows.values())), dtype=np.int64)
    assert words in wrong(scores=Scores.from_dict(rows), ranks=ranks)[0]


def test_parts_that_vanished_are_named():
    found = wrong(
        scores=None, ranks=None, qrels=None, groups=None, embeddings=None, texts={}
    )
    assert found == [
        "there are no scores",
        "there are no grades",
        "there are no ranks",
        "there are no groups",
        "the ids of vectors differ",
        "texts differ",
    ]


def test_kind_and_ranks_are_compared():
    assert wrong(ranks=np.array([2, 1, 1])) == ["ranks differ"]
    scores = HELD.scores.with_kind(Kind.LOGIT)
    assert wrong(scores=scores) == ["the kind is logit"]


def test_documents_of_groups_may_come_in_another_order():
    turned = replace(
        HELD.groups,
        codes=np.array([2, 0, 1, 1, 0]),
        positive=np.array([False, True, False, True, False]),
        probabilities=np.array([0.5, 0.2, 0.3, 0.4, 0.6]),
    )
    assert wrong(groups=turned) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"codes": np.array([0, 1, 1, 1, 0])}, "documents of groups differ"),
        ({"queries": np.array([0, 1]), "qids": strings(["q", "r"])}, "groups, their"),
        ({"offsets": np.array([0, 2, 5])}, "groups, their"),
        ({"positive": np.array([0, 1, 0, 1, 0], dtype=bool)}, "positives differ"),
        ({"positive": None}, "positives differ"),
        ({"probabilities": np.array([0.3, 0.2, 0.5, 0.4, 0.6])}, "probabilities"),
    ],
)
def test_groups_are_compared_in_all_they_hold(change, words):
    assert words in wrong(groups=replace(HELD.groups, **change))[0]


def test_vectors_are_compared_bit_for_bit():
    other = np.eye(2, dtype=np.float16)
    other[0, 1] = 1e-4
    held = replace(HELD.embeddings, vectors=other)
    assert wrong(embeddings=held) == ["vectors differ"]
    other[0, 1] = -0.0
    assert wrong(embeddings=held) == ["vectors differ"]
    held = replace(HELD.embeddings, ids=strings(["b", "a"]))
    assert wrong(embeddings=held) == ["the ids of vectors differ"]


def test_the_type_of_numbers_counts_where_a_format_keeps_it():
    single = replace(HELD.embeddings, vectors=np.eye(2, dtype=np.float32))
    assert wrong(embeddings=single) == ["the numbers are float32"]
    of_single = replace(ALL, keeps=("vectors",))
    assert differences(HELD, replace(HELD, embeddings=single), of_single) == []
    assert differences(HELD, HELD, of_single) == ["the numbers are float16"]
    fine = replace(HELD.embeddings, vectors=np.full((2, 2), 0.1))
    rounded = replace(fine, vectors=fine.vectors.astype(np.float32))
    held = replace(HELD, embeddings=fine)
    assert differences(held, replace(HELD, embeddings=rounded), of_single) == []
    wide = replace(fine, vectors=np.zeros((2, 3), dtype=np.float32))
    found = differences(held, replace(HELD, embeddings=wide), of_single)
    assert found == ["the shape of the vectors differs"]


def test_a_tag_and_a_metric_are_compared_where_they_are_kept():
    held = replace(HELD, metadata={"metric": "L2", "tag": "t"})
    other = replace(HELD, metadata={"metric": "inner product"})
    kept = replace(ALL, keeps=("metric", "tag"))
    assert differences(held, held, kept) == []
    assert differences(held, other, kept) == [
        "the tag is None",
        "the metric is 'inner product'",
    ]


def test_what_a_format_does_not_keep_is_not_compared():
    few = replace(ALL, keeps=("grades",))
    assert differences(HELD, replace(HELD, scores=None, ranks=None), few) == []


def test_origins_and_metadata_are_compared():
    scores = Scores.from_dict({"q": {"a": 1.0, "b": 2.0}}).with_kind(Kind.MARGIN_ONLY)
    entry = replace(ALL, keeps=("scores", "kind", "origins", "metadata"))

    def held(origins, **said):
        joined = replace(scores, origins=origins)
        return Contents("x", Path("x"), scores=joined, metadata=said)

    wanted = held(np.array([0, 1]), tag="t")
    assert differences(wanted, held(np.array([0, 1]), tag="t", name="y"), entry) == []
    for origins in (np.array([0, 0]), None):
        found = differences(wanted, held(origins, tag="t"), entry)
        assert found == ["which margins compare differs"]
    found = differences(wanted, held(np.array([0, 1]), tag="u"), entry)
    assert found == ["metadata differ"]
